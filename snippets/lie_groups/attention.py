"""Attention and rotations: what is invariant, what is equivariant, and a layer that is."""

# --8<-- [start:setup]
import torch
from jaxtyping import Float
from torch import Tensor

from snippets.lie_groups.exponential import J, exp_so3
from snippets.lie_groups.groups import random_orthogonal, rotation

torch.set_default_dtype(torch.float64)  # the book computes in double precision
# --8<-- [end:setup]

import matplotlib.pyplot as plt
from matplotlib.figure import Figure

from book import figure, results


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


def sample(channels: int, d: int, tokens: int = 5, seed: int = 0) -> Float[Tensor, "n c d"]:
    """Draw tokens for the figures and numbers."""
    return torch.randn(tokens, channels, d, generator=torch.Generator().manual_seed(seed))


def pair(d: int) -> tuple[VectorAttention, VectorAttention]:
    """Make the layer and its twin with the same weights and d channels."""
    torch.manual_seed(0)
    layer, twin = VectorAttention(d), WrongTwin(d)
    twin.load_state_dict(layer.state_dict())
    return layer, twin


@figure(
    alt="Two rows of two pictures of arrows. In each row the right picture has all inputs turned. Above, the "
    "outputs turn along and fill their hollow targets; below, those of the wrong twin miss them."
)
def rotating_tokens() -> Figure:
    """Draw inputs and outputs of the layer and of its twin, before and after a turn."""
    fig, axes = plt.subplots(2, 2, figsize=(5.4, 5.4))
    x, R = sample(2, 2, 4, seed=4), rotation(1.2)
    for row, layer, name in zip(axes, pair(2), ("equivariant", "wrong twin"), strict=True):
        with torch.no_grad():
            y, turned = layer(x), layer(x @ R.T)
            zoom = 2 / torch.stack([y, turned]).norm(dim=-1).max()
            for ax, inputs, outputs, target in ((row[0], x, y, y), (row[1], x @ R.T, turned, y @ R.T)):
                outputs, target = zoom * outputs, zoom * target
                for arrows, style in (
                    (inputs, {"color": plt.rcParams["grid.color"], "width": 0.008}),
                    (outputs, {"color": "C0" if name == "equivariant" else "C1", "width": 0.012}),
                ):
                    flat = arrows.flatten(0, 1).numpy()
                    ax.quiver(*0 * flat.T, *flat.T, angles="xy", scale_units="xy", scale=1, **style)
                ax.plot(*target.flatten(0, 1).T.numpy(), "o", mfc="none", color=plt.rcParams["text.color"], ms=9)
                ax.set(xlim=(-2.3, 2.3), ylim=(-2.3, 2.3), aspect="equal", xticks=[], yticks=[])
                ax.spines[:].set_visible(True)
        row[0].set_ylabel(name)
    axes[0, 0].set_title("inputs (grey), outputs")
    axes[0, 1].set_title("inputs turned by 69°")
    return fig


@figure(
    alt="Two 24 by 24 tables of scores between positions, for one query and one key vector. Without rotary "
    "embedding the table is constant; with it, it has a pattern that is constant along each diagonal."
)
def relative_positions() -> Figure:
    """Draw the scores of one query and one key at all pairs of positions, turned and unturned."""
    generator = torch.Generator().manual_seed(3)
    q, k = torch.randn(2, 1, 8, generator=generator).expand(2, 24, 8)
    positions, frequencies = torch.arange(24.0), 10.0 ** -torch.linspace(0, 1.5, 4)
    turned = rope(q, positions, frequencies) @ rope(k, positions, frequencies).T
    fig, axes = plt.subplots(1, 2, figsize=(5.4, 2.9), sharey=True)
    limit = turned.abs().max().item()
    for ax, table, name in ((axes[0], q @ k.T, "as they are"), (axes[1], turned, "turned by $\\exp(pG)$")):
        image = ax.imshow(table.numpy(), vmin=-limit, vmax=limit)
        ax.set(title=name, xlabel="position of the key", xticks=[0, 10, 20], yticks=[0, 10, 20])
    axes[0].set_ylabel("position of the query")
    fig.colorbar(image, ax=axes, shrink=0.8, label="score")
    return fig


@figure(
    alt="Equivariance error against the angle of rotation on a logarithmic scale. The layer stays near 1e-16 at "
    "every angle in two and three dimensions; the twin's error is of order one, except at a full turn and, in the "
    "plane, at a half turn."
)
def error_against_angle() -> Figure:
    """Draw the equivariance error of the layer and of its twin for all angles about one axis."""
    fig, ax = plt.subplots(figsize=(5.2, 3.2))
    angles = torch.linspace(0, 360, 73)
    axis = torch.tensor([2.0, -1.0, 2.0]) / 3
    for d, marker in ((2, "-"), (3, "--")):
        for layer, colour, name in zip(pair(d), ("C0", "C1"), ("layer", "wrong twin"), strict=True):
            turns = [rotation(t) if d == 2 else exp_so3(t * axis) for t in angles.deg2rad()]
            errors = [max(equivariance_error(layer, sample(d, d), R), 1e-17) for R in turns]
            ax.semilogy(angles, errors, colour + marker, label=f"{name}, {d}-D")
    ax.set(xlabel="angle in degrees", ylabel="relative error", xticks=[0, 90, 180, 270, 360], ylim=(3e-18, 1e2))
    ax.legend(loc="center", ncols=2, bbox_to_anchor=(0.5, 0.55))
    return fig


@results(seed=0)
def numbers() -> dict[str, float]:
    """Numbers that the page quotes."""
    generator = torch.Generator().manual_seed(0)
    X = 2 * torch.randn(5, 3, generator=generator)
    W = torch.randn(3, 3, 3, generator=generator)
    R, eye = exp_so3(torch.tensor([0.9, -0.7, 1.4])), torch.eye(3)
    out, turned = attention(X, eye, eye, eye), attention(X @ R.T, eye, eye, eye)
    worst = {
        f"{name}_{d}d": combine(equivariance_error(layer, sample(d, d), R) for R in random_rotations(d, 50))
        for d in (2, 3)
        for layer, name, combine in zip(pair(d), ("layer", "twin"), (max, min), strict=True)
    }
    return {
        "invariance": (scores(X @ R.T, eye, eye) - scores(X, eye, eye)).abs().max().item(),
        "one_side": ((X @ R.T) @ X.T - X @ X.T).abs().max().item(),
        "learned": (scores(X @ R.T, W[0], W[1]) - scores(X, W[0], W[1])).abs().max().item(),
        "equivariance": (turned - out @ R.T).abs().max().item(),
        "not_invariance": (turned - out).abs().max().item(),
        **worst,
    }
