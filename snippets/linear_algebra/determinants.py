"""Determinants: signed area and volume, the rules that fix them, and the density of a transformed cloud."""

# --8<-- [start:setup]
import math
from collections.abc import Sequence
from itertools import permutations

import torch
from jaxtyping import Float
from torch import Tensor, nn

# --8<-- [end:setup]


# --8<-- [start:maps]
A = torch.tensor([[1.0, 1.0], [-1.0, 2.0]]).double()
swap = torch.tensor([[0.0, 1.0], [1.0, 0.0]]).double()
squash = torch.tensor([[1.0, 2.0], [2.0, 4.0]]).double()
# --8<-- [end:maps]


# --8<-- [start:shoelace]
def shoelace(polygon: Float[Tensor, "k 2"]) -> Float[Tensor, ""]:
    """Return the area inside an outline, positive if it runs anticlockwise.

    ½ Σ (xᵢyᵢ₊₁ − xᵢ₊₁yᵢ), where the corner after the last is the first.
    """
    x, y = polygon.T
    return (x @ y.roll(-1) - y @ x.roll(-1)) / 2
    # --8<-- [end:shoelace]


# --8<-- [start:det2]
def det2(A: Float[Tensor, "2 2"]) -> Float[Tensor, ""]:
    """Return the signed area of the parallelogram of the two columns: ad − bc."""
    (a, b), (c, d) = A
    return a * d - b * c
    # --8<-- [end:det2]


# --8<-- [start:leibniz]
def sign(p: Sequence[int]) -> int:
    """Return +1 where an even number of swaps sorts the permutation, else −1."""
    n = len(p)
    return (-1) ** sum(p[i] > p[j] for i in range(n) for j in range(i + 1, n))


def leibniz(A: Float[Tensor, "n n"]) -> Float[Tensor, ""]:
    """Return the determinant as a sum of n! terms: Σ sign(p) Πⱼ A[p(j), j]."""
    n = len(A)
    terms = [sign(p) * A[list(p), range(n)].prod() for p in permutations(range(n))]
    return torch.stack(terms).sum()
    # --8<-- [end:leibniz]


# --8<-- [start:elimination]
def triangle(A: Float[Tensor, "n n"]) -> tuple[Float[Tensor, "n n"], int]:
    """Return A made upper triangular by row operations, and the sign of the swaps."""
    U, flips = A.clone(), 1
    for k in range(len(U)):
        best = k + int(U[k:, k].abs().argmax())
        if U[best, k] == 0:
            continue  # the column has its zeros
        if best != k:
            U[[k, best]] = U[[best, k]]
            flips = -flips
        U[k + 1 :] -= torch.outer(U[k + 1 :, k] / U[k, k], U[k])
    return U, flips


def det_by_elimination(A: Float[Tensor, "n n"]) -> Float[Tensor, ""]:
    """Return the determinant: the product of the diagonal, and of the sign."""
    U, flips = triangle(A)
    return flips * U.diagonal().prod()
    # --8<-- [end:elimination]


# --8<-- [start:grid]
def square_grid(half_width: float, steps: int) -> tuple[Float[Tensor, "k 2"], float]:
    """Return the midpoints of the cells of a square grid, and a cell's area."""
    side = 2 * half_width / steps
    ticks = (torch.arange(steps) + 0.5) * side - half_width
    return torch.cartesian_prod(ticks, ticks), side**2
    # --8<-- [end:grid]


# --8<-- [start:density]
def log_gaussian(z: Float[Tensor, "*batch n"]) -> Float[Tensor, "*batch"]:
    """Return the log-density of the standard normal distribution on Rⁿ."""
    return -(z.square().sum(-1) + z.shape[-1] * math.log(2 * math.pi)) / 2


def pushed_density(
    A: Float[Tensor, "n n"], y: Float[Tensor, "*batch n"]
) -> Float[Tensor, "*batch"]:
    """Return the density at y of Az for standard normal z: p(A⁻¹y) / |det A|."""
    z = torch.linalg.solve(A, y[..., None])[..., 0]
    return (log_gaussian(z) - torch.linalg.slogdet(A).logabsdet).exp()
    # --8<-- [end:density]


# --8<-- [start:layer]
class Invertible(nn.Module):
    """A dense layer that knows how much it stretches volume."""

    def __init__(self, n: int) -> None:
        """Start at the identity, which stretches nothing."""
        super().__init__()
        self.weight = nn.Parameter(torch.eye(n))
        self.bias = nn.Parameter(torch.zeros(n))

    def log_prob(self, y: Float[Tensor, "*batch n"]) -> Float[Tensor, "*batch"]:
        """Return the log-density at y of Wz + b for standard normal z."""
        z = torch.linalg.solve(self.weight, (y - self.bias)[..., None])[..., 0]
        return log_gaussian(z) - torch.linalg.slogdet(self.weight).logabsdet
        # --8<-- [end:layer]


# --8<-- [start:solution_log]
def log_det(A: Float[Tensor, "n n"]) -> tuple[Float[Tensor, ""], Float[Tensor, ""]]:
    """Return the sign of det A, and log |det A|."""
    U, flips = triangle(A)
    pivots = U.diagonal()
    return flips * pivots.sign().prod(), pivots.abs().log().sum()
    # --8<-- [end:solution_log]


# --8<-- [start:solution_mirror]
def straight_path(
    A: Float[Tensor, "n n"], B: Float[Tensor, "n n"], t: float
) -> Float[Tensor, "n n"]:
    """Return the matrix that lies the share t of the way from A to B."""
    return (1 - t) * A + t * B
    # --8<-- [end:solution_mirror]
