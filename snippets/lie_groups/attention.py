"""Attention and rotations: what is invariant, what is equivariant, and a layer that is."""

# --8<-- [start:setup]
import torch
from jaxtyping import Float
from torch import Tensor

from snippets.lie_groups.exponential import J
from snippets.lie_groups.groups import random_orthogonal, rotation

# --8<-- [end:setup]


# --8<-- [start:attention]
def scores(
    X: Float[Tensor, "n d"], W_Q: Float[Tensor, "k d"], W_K: Float[Tensor, "k d"]
) -> Float[Tensor, "n n"]:
    """Compare each query W_Q xᵢ with each key W_K xⱼ: a number for each pair."""
    return (X @ W_Q.T) @ (X @ W_K.T).T / len(W_Q) ** 0.5


def attention(
    X: Float[Tensor, "n d"],
    W_Q: Float[Tensor, "k d"],
    W_K: Float[Tensor, "k d"],
    W_V: Float[Tensor, "m d"],
) -> Float[Tensor, "n m"]:
    """Average the values W_V xⱼ with the weights softmaxⱼ(scoresᵢⱼ)."""
    return torch.softmax(scores(X, W_Q, W_K), -1) @ (X @ W_V.T)
# --8<-- [end:attention]


# --8<-- [start:random_rotations]
def random_rotations(
    d: int, count: int, seed: int = 0
) -> Float[Tensor, "count d d"]:
    """Draw from SO(d), all equally likely: swap two rows where det is −1."""
    Q = random_orthogonal(d, count, seed)
    return torch.where(
        torch.linalg.det(Q)[:, None, None] > 0, Q, Q[:, [1, 0, *range(2, d)]]
    )
# --8<-- [end:random_rotations]


# --8<-- [start:commutant]
def commutant_basis(
    generators: Float[Tensor, "count d d"],
) -> Float[Tensor, "dim d d"]:
    """Find all M with MX = XM for each given X: the null space of one tall matrix.

    Row by row, XM − MX is (X ⊗ I − I ⊗ Xᵀ) times the entries of M.
    """
    d, eye = generators.shape[-1], torch.eye(generators.shape[-1])
    equations = torch.cat(
        [torch.kron(X, eye) - torch.kron(eye, X.T.contiguous()) for X in generators]
    )
    _, sigma, Vh = torch.linalg.svd(equations)
    return Vh[int((sigma > 1e-10).sum()) :].reshape(-1, d, d)
# --8<-- [end:commutant]


# --8<-- [start:brackets]
def bracket_degrees(count: int) -> list[int]:
    """Bracket x² d/dx with x³ d/dx, and on: [xᵃ, xᵇ] = (b − a) xᵃ⁺ᵇ⁻¹."""
    degrees = [3]
    while len(degrees) < count:
        degrees.append(2 + degrees[-1] - 1)
    return degrees
# --8<-- [end:brackets]


# --8<-- [start:rope]
def rope_generator(frequencies: Float[Tensor, " pairs"]) -> Float[Tensor, "d d"]:
    """Build the skew matrix with the blocks ω₁J, ω₂J, … on its diagonal."""
    return torch.block_diag(*[omega * J for omega in frequencies])


def rope(
    x: Float[Tensor, "n d"],
    positions: Float[Tensor, " n"],
    frequencies: Float[Tensor, " pairs"],
) -> Float[Tensor, "n d"]:
    """Turn the vector at position p by exp(pG), pair of entries by pair of entries.

    Raises ValueError where d is not twice the number of frequencies.
    """
    if x.shape[-1] != 2 * len(frequencies):
        raise ValueError(
            f"d = {x.shape[-1]} but {len(frequencies)} frequencies: "
            "d must be twice their number"
        )
    blocks = rotation(positions[:, None] * frequencies)
    return torch.einsum("npij,npj->npi", blocks, x.unflatten(-1, (-1, 2))).flatten(-2)
# --8<-- [end:rope]


# --8<-- [start:layer]
class VectorAttention(torch.nn.Module):
    """Attend between tokens of c vectors of R^d each; turning all turns the output.

    The learned matrices mix the c channels and never touch the d coordinates.
    """

    def __init__(self, channels: int):
        """Draw the three channel mixes."""
        super().__init__()
        self.query, self.key, self.value = (
            torch.nn.Parameter(torch.randn(channels, channels) / channels**0.5)
            for _ in range(3)
        )

    def mix(
        self, W: Float[Tensor, "c c"], x: Float[Tensor, "n c d"]
    ) -> Float[Tensor, "n c d"]:
        """Form new vectors as combinations of a token's vectors."""
        return torch.einsum("ce,ned->ncd", W, x)

    def scores(self, x: Float[Tensor, "n c d"]) -> Float[Tensor, "n n"]:
        """Add up the dot products of matching query and key vectors."""
        q, k = self.mix(self.query, x), self.mix(self.key, x)
        return torch.einsum("icd,jcd->ij", q, k) / (x.shape[1] * x.shape[2]) ** 0.5

    def forward(self, x: Float[Tensor, "n c d"]) -> Float[Tensor, "n c d"]:
        """Average the value vectors with invariant weights."""
        weights = torch.softmax(self.scores(x), -1)
        return torch.einsum("ij,jcd->icd", weights, self.mix(self.value, x))
# --8<-- [end:layer]


# --8<-- [start:twin]
class WrongTwin(VectorAttention):
    """Mix coordinates where channels were meant; where c = d no shape tells."""

    def mix(
        self, W: Float[Tensor, "d d"], x: Float[Tensor, "n c d"]
    ) -> Float[Tensor, "n c d"]:
        """Apply W to the last axis."""
        return torch.einsum("de,nce->ncd", W, x)
# --8<-- [end:twin]


# --8<-- [start:error]
def equivariance_error(
    layer: torch.nn.Module, x: Float[Tensor, "n c d"], R: Float[Tensor, "d d"]
) -> float:
    """Measure max |layer(Rx) − R layer(x)| against the size of the output."""
    with torch.no_grad():
        y = layer(x)
        return ((layer(x @ R.T) - y @ R.T).abs().max() / y.abs().max()).item()
# --8<-- [end:error]


# --8<-- [start:solution_plane]
class PlaneAttention(VectorAttention):
    """Add a mix of the vectors turned by J, which commutes with all rotations."""

    def __init__(self, channels: int):
        """Draw a second mix for the part that turns by a quarter."""
        super().__init__(channels)
        self.turned = torch.nn.Parameter(
            torch.randn(channels, channels) / channels**0.5
        )

    def mix(
        self, W: Float[Tensor, "c c"], x: Float[Tensor, "n c 2"]
    ) -> Float[Tensor, "n c 2"]:
        """Combine a token's vectors and their quarter turns."""
        quarter = torch.einsum("ce,ned->ncd", self.turned, x @ J.T)
        return torch.einsum("ce,ned->ncd", W, x) + quarter
# --8<-- [end:solution_plane]


# --8<-- [start:solution_invariant]
def invariant_features(x: Float[Tensor, "n c d"]) -> Float[Tensor, "n cc"]:
    """Return all dot products among a token's vectors: lengths and angles."""
    return torch.einsum("ncd,ned->nce", x, x).flatten(1)
# --8<-- [end:solution_invariant]


# --8<-- [start:solution_gate]
def gate(x: Float[Tensor, "n c d"]) -> Float[Tensor, "n c d"]:
    """Scale each vector by a function of its length."""
    return x * torch.tanh(x.norm(dim=-1, keepdim=True))
# --8<-- [end:solution_gate]
