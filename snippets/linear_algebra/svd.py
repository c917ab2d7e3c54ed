"""The singular value decomposition: what a matrix does to a ball, and what is left at a lower rank."""

# --8<-- [start:setup]
import torch
from jaxtyping import Float, Inexact
from torch import Tensor, nn

from snippets.shapes import check_numbers, check_shapes

# --8<-- [end:setup]


# --8<-- [start:svd]
def svd(
    A: Float[Tensor, "m n"],
) -> tuple[Float[Tensor, "m k"], Float[Tensor, " k"], Float[Tensor, "k n"]]:
    """Return U, σ, Vᵀ with A = U diag(σ) Vᵀ and σ > 0, from the eigenvectors of AᵀA.

    Singular values below about 10⁻⁷ of the largest (in double precision) count as
    zero: AᵀA holds no digits of them.
    """
    check_numbers("m n", A)
    squares, V = torch.linalg.eigh(A.T @ A)
    s, V = squares.clamp(min=0).sqrt().flip(0), V.flip(1)
    kept = s > 10 * torch.finfo(A.dtype).eps ** 0.5 * s[:1]
    s, V = s[kept], V[:, kept]
    return A @ V / s, s, V.T
    # --8<-- [end:svd]


# --8<-- [start:truncate]
def truncate(A: Inexact[Tensor, "*batch m n"], r: int) -> Inexact[Tensor, "*batch m n"]:
    """Keep the r largest terms of A = Σ σᵢ uᵢ vᵢᵀ.

    Raises ValueError where r is not between 0 and the smaller side of A.
    """
    check_numbers("… m n", A)
    m, n = A.shape[-2:]
    if not 0 <= r <= min(m, n):
        raise ValueError(f"rank {r} of a {m}×{n} matrix: choose 0 to {min(m, n)}")
    U, s, Vt = torch.linalg.svd(A, full_matrices=False)
    return U[..., :r] * s[..., None, :r] @ Vt[..., :r, :]
    # --8<-- [end:truncate]


# --8<-- [start:pseudo_inverse]
def pseudo_inverse(
    A: Float[Tensor, "m n"], tolerance: float | None = None
) -> Float[Tensor, "n m"]:
    """Return V diag(1/σ) Uᵀ over the singular values above tolerance · σ₁.

    The tolerance is rounding error, max(m, n) · ε, unless you say otherwise.
    """
    check_numbers("m n", A)
    U, s, Vt = torch.linalg.svd(A, full_matrices=False)
    if tolerance is None:
        tolerance = max(A.shape) * torch.finfo(A.dtype).eps
    kept = s > tolerance * s[:1]
    return Vt[kept].T / s[kept] @ U[:, kept].T
    # --8<-- [end:pseudo_inverse]


# --8<-- [start:compress]
def compress(layer: nn.Linear, r: int) -> nn.Sequential:
    """Replace a layer by the nearest one with a bottleneck of r units; same bias.

    Raises ValueError where r is not between 1 and the smaller side of the weight.
    """
    m, n = layer.weight.shape
    if not 1 <= r <= min(m, n):
        allowed = f"choose 1 to {min(m, n)}"
        raise ValueError(f"a bottleneck of {r} units in a {m}×{n} layer: {allowed}")
    U, s, Vt = torch.linalg.svd(layer.weight.detach(), full_matrices=False)
    down, up = nn.Linear(n, r, bias=False), nn.Linear(r, m)
    down.weight.data, up.weight.data = Vt[:r], U[:, :r] * s[:r]
    up.bias = layer.bias
    return nn.Sequential(down, up)
    # --8<-- [end:compress]


# --8<-- [start:adapter]
class Adapter(nn.Module):
    """A frozen layer plus a change of rank at most r: layer(x) + up(down(x))."""

    def __init__(self, layer: nn.Linear, r: int) -> None:
        """Start with no change at all: up is zero."""
        super().__init__()
        m, n = layer.weight.shape
        if not 1 <= r <= min(m, n):
            raise ValueError(f"a change of rank {r}: choose 1 to {min(m, n)}")
        like = {"device": layer.weight.device, "dtype": layer.weight.dtype}
        self.layer = layer.requires_grad_(False)
        self.down = nn.Linear(n, r, bias=False, **like)
        self.up = nn.Linear(r, m, bias=False, **like)
        nn.init.zeros_(self.up.weight)

    def forward(self, x: Float[Tensor, "*batch n"]) -> Float[Tensor, "*batch m"]:
        """Add the change to what the frozen layer says."""
        check_shapes(f"… {self.layer.in_features}", x)
        return self.layer(x) + self.up(self.down(x))
        # --8<-- [end:adapter]


# --8<-- [start:solution_polar]
def polar(
    A: Float[Tensor, "*batch n n"],
) -> tuple[Float[Tensor, "*batch n n"], Float[Tensor, "*batch n n"]]:
    """Return Q and S with A = QS: orthogonal, and a stretch along perpendicular
    axes.
    """
    check_numbers("… n n", A)
    U, s, Vt = torch.linalg.svd(A)
    return U @ Vt, Vt.mT * s[..., None, :] @ Vt
    # --8<-- [end:solution_polar]


# --8<-- [start:solution_rank]
def rank_for(A: Float[Tensor, "m n"], share: float) -> int:
    """Return the smallest r for which truncate(A, r) keeps that share of ‖A‖²."""
    if not 0 < share <= 1:
        raise ValueError(f"share {share}: choose a number above 0 and at most 1")
    s = torch.linalg.svdvals(A)
    lost = torch.cat([(s**2).flip(0).cumsum(0).flip(0), s.new_zeros(1)])
    return int((lost <= (1 - share) * lost[0]).nonzero()[0])
    # --8<-- [end:solution_rank]


# --8<-- [start:solution_tie]
def best_of_tied(theta: float) -> Float[Tensor, "2 2"]:
    """Return the projection onto a line at angle theta, a rank-1 matrix nearest
    to I.
    """
    angle = torch.tensor(theta)
    direction = torch.stack([angle.cos(), angle.sin()])
    return torch.outer(direction, direction)
    # --8<-- [end:solution_tie]
