"""Attention and motions: what is invariant, what is equivariant, and layers that are."""

# --8<-- [start:setup]
import torch
from jaxtyping import Bool, Float
from torch import Tensor

from snippets.lie_groups.exponential import J
from snippets.lie_groups.groups import random_orthogonal
from snippets.shapes import check_batches, check_shapes

# --8<-- [end:setup]


# --8<-- [start:attention]
def scores(
    X: Float[Tensor, "n d"], W_Q: Float[Tensor, "k d"], W_K: Float[Tensor, "k d"]
) -> Float[Tensor, "n n"]:
    """Return the dot products of queries W_Q xᵢ and keys W_K xⱼ over √k."""
    return (X @ W_Q.T) @ (X @ W_K.T).T / len(W_Q) ** 0.5


def attention(
    X: Float[Tensor, "n d"],
    W_Q: Float[Tensor, "k d"],
    W_K: Float[Tensor, "k d"],
    W_V: Float[Tensor, "m d"],
) -> Float[Tensor, "n m"]:
    """Return averages of the values W_V xⱼ with the weights softmaxⱼ(scoresᵢⱼ)."""
    return torch.softmax(scores(X, W_Q, W_K), -1) @ (X @ W_V.T)
    # --8<-- [end:attention]


# --8<-- [start:random_rotations]
def random_rotations(d: int, count: int, seed: int = 0) -> Float[Tensor, "count d d"]:
    """Return draws from SO(d), all equally likely: swap two rows where det is −1."""
    Q = random_orthogonal(d, count, seed)
    return torch.where(
        torch.linalg.det(Q)[:, None, None] > 0, Q, Q[:, [1, 0, *range(2, d)]]
    )
    # --8<-- [end:random_rotations]


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
        self, W: Float[Tensor, "c c"], x: Float[Tensor, "*batch n c d"]
    ) -> Float[Tensor, "*batch n c d"]:
        """Return combinations of a token's vectors."""
        return torch.einsum("ce,...ed->...cd", W, x)

    def scores(self, x: Float[Tensor, "*batch n c d"]) -> Float[Tensor, "*batch n n"]:
        """Return the sums of the dot products of matching query and key vectors."""
        q, k = self.mix(self.query, x), self.mix(self.key, x)
        size = (x.shape[-2] * x.shape[-1]) ** 0.5
        return torch.einsum("...icd,...jcd->...ij", q, k) / size

    def forward(
        self,
        x: Float[Tensor, "*batch n c d"],
        mask: Bool[Tensor, "*batch n"] | None = None,
    ) -> Float[Tensor, "*batch n c d"]:
        """Return averages of the value vectors; `mask` is False where no token is."""
        check_shapes(f"… n {len(self.query)} d", x)
        scores = self.scores(x)
        if mask is not None:
            scores = scores.masked_fill(~mask[..., None, :], -torch.inf)
        weights = torch.softmax(scores, -1)
        return torch.einsum("...ij,...jcd->...icd", weights, self.mix(self.value, x))
        # --8<-- [end:layer]


# --8<-- [start:twin]
class WrongTwin(VectorAttention):
    """Mix coordinates where channels were meant; where c = d no shape tells."""

    def mix(
        self, W: Float[Tensor, "d d"], x: Float[Tensor, "*batch n c d"]
    ) -> Float[Tensor, "*batch n c d"]:
        """Return W applied to the last axis."""
        return torch.einsum("de,...ce->...cd", W, x)
        # --8<-- [end:twin]


# --8<-- [start:error]
def equivariance_error(
    layer: torch.nn.Module, x: Float[Tensor, "*batch n c d"], R: Float[Tensor, "d d"]
) -> float:
    """Return max |layer(Rx) − R layer(x)| over the size of the output."""
    with torch.no_grad():
        y = layer(x)
        return ((layer(x @ R.T) - y @ R.T).abs().max() / y.abs().max()).item()
    # --8<-- [end:error]


# --8<-- [start:euclidean]
class EuclideanAttention(torch.nn.Module):
    """Attend between tokens with a position, numbers that stay and vectors that turn.

    Positions enter as differences only, so moving all of them changes nothing.
    """

    def __init__(self, features: int, channels: int):
        """Draw the mixes of the f numbers and the c vectors."""
        super().__init__()
        f, c = features, channels
        self.value, self.mine, self.yours = (torch.nn.Linear(f, f) for _ in range(3))
        self.score = torch.nn.Linear(f, 1, bias=False)
        self.distance, self.gate = torch.nn.Linear(1, f), torch.nn.Linear(f, c)
        self.mix = torch.nn.Linear(c, c, bias=False)
        self.update = torch.nn.Linear(f + c, f)

    def forward(
        self,
        h: Float[Tensor, "*batch n f"],
        v: Float[Tensor, "*batch n c d"],
        x: Float[Tensor, "*batch n d"],
        mask: Bool[Tensor, "*batch n"] | None = None,
    ) -> tuple[Float[Tensor, "*batch n f"], Float[Tensor, "*batch n c d"]]:
        """Return new numbers and vectors; `mask` is False where no token is."""
        f, c = self.value.in_features, self.mix.in_features
        check_batches(f"… n {f}, … n {c} d, … n d", h, v, x)
        apart = x[..., None, :, :] - x[..., :, None, :]  # from token i to token j
        far = torch.log1p(apart.square().sum(-1, keepdim=True))
        pairs = self.mine(h)[..., :, None, :] + self.yours(h)[..., None, :, :]
        pairs = torch.tanh(pairs + self.distance(far))
        scores = self.score(pairs).squeeze(-1)
        if mask is not None:
            scores = scores.masked_fill(~mask[..., None, :], -torch.inf)
        weights = torch.softmax(scores, -1)
        push = weights[..., None] * self.gate(pairs)
        v = self.mix(v.mT).mT + torch.einsum("...ijc,...ijd->...icd", push, apart)
        known = torch.cat([weights @ self.value(h), v.square().sum(-1)], -1)
        return h + torch.tanh(self.update(known)), v
        # --8<-- [end:euclidean]


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
        self, W: Float[Tensor, "c c"], x: Float[Tensor, "*batch n c 2"]
    ) -> Float[Tensor, "*batch n c 2"]:
        """Return combinations of a token's vectors and of their quarter turns."""
        check_shapes("… c 2", x)
        return super().mix(W, x) + super().mix(self.turned, x @ J.T.to(x))
        # --8<-- [end:solution_plane]


# --8<-- [start:solution_invariant]
def invariant_features(
    x: Float[Tensor, "*batch n c d"],
) -> Float[Tensor, "*batch n cc"]:
    """Return all dot products among a token's vectors: lengths and angles."""
    return torch.einsum("...cd,...ed->...ce", x, x).flatten(-2)
    # --8<-- [end:solution_invariant]


# --8<-- [start:solution_gate]
def gate(x: Float[Tensor, "*batch n c d"]) -> Float[Tensor, "*batch n c d"]:
    """Return each vector scaled by a function of its length."""
    return x * torch.tanh(x.norm(dim=-1, keepdim=True))
    # --8<-- [end:solution_gate]
