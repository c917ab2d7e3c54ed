"""Determinants: signed volume, what a matrix forgets, and the density of a transformed cloud."""

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
    """Signed area inside a polygon: ½ Σ (xᵢyᵢ₊₁ − xᵢ₊₁yᵢ), anticlockwise positive."""
    x, y = polygon.T
    return (x @ y.roll(-1) - y @ x.roll(-1)) / 2
# --8<-- [end:shoelace]


# --8<-- [start:det2]
def det2(A: Float[Tensor, "2 2"]) -> Float[Tensor, ""]:
    """Signed area of the parallelogram that the two columns span: ad − bc."""
    (a, b), (c, d) = A
    return a * d - b * c
# --8<-- [end:det2]


# --8<-- [start:leibniz]
def sign(p: Sequence[int]) -> int:
    """Sign of a permutation: +1 if an even number of swaps sorts it, else −1."""
    n = len(p)
    return (-1) ** sum(p[i] > p[j] for i in range(n) for j in range(i + 1, n))


def leibniz(A: Float[Tensor, "n n"]) -> Float[Tensor, ""]:
    """Determinant as a sum of n! terms: Σ sign(p) Πⱼ A[p(j), j]."""
    n = len(A)
    terms = [sign(p) * A[list(p), range(n)].prod() for p in permutations(range(n))]
    return torch.stack(terms).sum()
# --8<-- [end:leibniz]


# --8<-- [start:elimination]
def det_by_elimination(A: Float[Tensor, "n n"]) -> Float[Tensor, ""]:
    """Determinant by row reduction: about n³/3 multiplications."""
    U, det = A.clone(), torch.ones(())
    for k in range(len(U)):
        pivot = k + int(U[k:, k].abs().argmax())
        if U[pivot, k] == 0:
            return torch.zeros(())
        if pivot != k:
            U[[k, pivot]] = U[[pivot, k]]
            det = -det
        det = det * U[k, k]
        U[k + 1 :] -= torch.outer(U[k + 1 :, k] / U[k, k], U[k])
    return det
# --8<-- [end:elimination]


# --8<-- [start:row_reduce]
def row_reduce(
    A: Float[Tensor, "m n"],
    atol: float = 1e-10,
) -> tuple[Float[Tensor, "m n"], list[int]]:
    """Reduced row echelon form and pivot columns; entries up to atol count as zero."""
    R, pivots = A.clone(), []
    for column in range(A.shape[1]):
        row = len(pivots)
        if row == len(A):
            break
        best = row + int(R[row:, column].abs().argmax())
        if R[best, column].abs() <= atol:
            continue
        R[[row, best]] = R[[best, row]]
        R[row] /= R[row, column].clone()
        others = torch.arange(len(A)) != row
        R[others] -= torch.outer(R[others, column], R[row])
        pivots.append(column)
    return R, pivots
# --8<-- [end:row_reduce]


# --8<-- [start:null_space]
def null_space(A: Float[Tensor, "m n"], atol: float = 1e-10) -> Float[Tensor, "n d"]:
    """Columns form a basis of {x : Ax = 0}: one for each column without a pivot."""
    R, pivots = row_reduce(A, atol)
    free = [column for column in range(A.shape[1]) if column not in pivots]
    N = torch.zeros(A.shape[1], len(free))
    N[free, range(len(free))] = 1.0
    N[pivots] -= R[: len(pivots), free]
    return N
# --8<-- [end:null_space]


# --8<-- [start:density]
def log_gaussian(z: Float[Tensor, "*batch n"]) -> Float[Tensor, "*batch"]:
    """Log-density of the standard normal distribution on Rⁿ."""
    return -(z.square().sum(-1) + z.shape[-1] * math.log(2 * math.pi)) / 2


def gaussian(z: Float[Tensor, "*batch n"]) -> Float[Tensor, "*batch"]:
    """Density of the standard normal distribution on Rⁿ."""
    return log_gaussian(z).exp()


def pushed_density(
    A: Float[Tensor, "n n"], y: Float[Tensor, "k n"]
) -> Float[Tensor, " k"]:
    """Density at y of Az, for z standard normal: gaussian(A⁻¹y) / |det A|."""
    z = torch.linalg.solve(A, y.T).T
    return gaussian(z) / torch.linalg.det(A).abs()
# --8<-- [end:density]


# --8<-- [start:grid]
def square_grid(half_width: float, steps: int) -> tuple[Float[Tensor, "k 2"], float]:
    """Midpoints of the cells of a grid on |x|, |y| ≤ half_width, and a cell's area."""
    side = 2 * half_width / steps
    ticks = (torch.arange(steps) + 0.5) * side - half_width
    return torch.cartesian_prod(ticks, ticks), side**2
# --8<-- [end:grid]


# --8<-- [start:coupling]
class Coupling(nn.Module):
    """Keep one coordinate; let it decide how to scale and shift the other."""

    def __init__(self, kept: int, hidden: int = 16) -> None:
        """Keep coordinate 0 or 1."""
        super().__init__()
        self.kept = kept
        self.net = nn.Sequential(
            nn.Linear(1, hidden),
            nn.Tanh(),
            nn.Linear(hidden, 2),
        )

    def forward(
        self,
        z: Float[Tensor, "k 2"],
    ) -> tuple[Float[Tensor, "k 2"], Float[Tensor, " k"]]:
        """Return the image of z, and log |det| of the Jacobian there."""
        kept, other = z[:, self.kept], z[:, 1 - self.kept]
        log_scale, shift = self.net(kept[:, None]).T
        moved = other * log_scale.exp() + shift
        return torch.stack([kept, moved][:: 1 - 2 * self.kept], dim=1), log_scale

    def inverse(
        self,
        y: Float[Tensor, "k 2"],
    ) -> tuple[Float[Tensor, "k 2"], Float[Tensor, " k"]]:
        """Return the z with forward(z) = y, and forward's log |det| there."""
        kept, other = y[:, self.kept], y[:, 1 - self.kept]
        log_scale, shift = self.net(kept[:, None]).T
        moved = (other - shift) * (-log_scale).exp()
        return torch.stack([kept, moved][:: 1 - 2 * self.kept], dim=1), log_scale
# --8<-- [end:coupling]


# --8<-- [start:flow]
class Flow(nn.Module):
    """Coupling layers one after the other, alternating the kept coordinate."""

    def __init__(self, depth: int) -> None:
        """Stack depth layers."""
        super().__init__()
        self.layers = nn.ModuleList(Coupling(kept=i % 2) for i in range(depth))

    def forward(self, z: Float[Tensor, "k 2"]) -> Float[Tensor, "k 2"]:
        """Turn noise into data."""
        for layer in self.layers:
            z, _ = layer(z)
        return z

    def log_prob(self, y: Float[Tensor, "k 2"]) -> Float[Tensor, " k"]:
        """Log-density: that of the noise minus the log-determinants on the way."""
        log_det = torch.zeros(len(y))
        for layer in reversed(self.layers):
            y, log_scale = layer.inverse(y)
            log_det = log_det + log_scale
        return log_gaussian(y) - log_det
# --8<-- [end:flow]


# --8<-- [start:crescent]
def crescent(count: int, seed: int = 0) -> Float[Tensor, "k 2"]:
    """Points scattered around the parabola y = x² − 1."""
    x, noise = torch.randn(2, count, generator=torch.Generator().manual_seed(seed))
    return torch.stack([x, x**2 - 1 + 0.4 * noise], dim=1)


def fit(data: Float[Tensor, "k 2"], steps: int = 250, seed: int = 0) -> Flow:
    """Flow of four layers that makes the data likely: Adam on the mean of −log p."""
    torch.manual_seed(seed)
    flow = Flow(depth=4)
    optimiser = torch.optim.Adam(flow.parameters(), lr=0.02)
    for _ in range(steps):
        optimiser.zero_grad()
        loss = -flow.log_prob(data).mean()
        loss.backward()
        optimiser.step()
    return flow
# --8<-- [end:crescent]


# --8<-- [start:solution_mirror]
def straight_path(
    A: Float[Tensor, "n n"],
    B: Float[Tensor, "n n"],
    t: float,
) -> Float[Tensor, "n n"]:
    """Matrix that lies the share t of the way from A to B."""
    return (1 - t) * A + t * B
# --8<-- [end:solution_mirror]


# --8<-- [start:solution_gaussian]
def gaussian_log_density(
    x: Float[Tensor, "k n"],
    mean: Float[Tensor, " n"],
    covariance: Float[Tensor, "n n"],
) -> Float[Tensor, " k"]:
    """Log-density of N(mean, covariance): x = mean + Lz, LLᵀ = covariance."""
    L = torch.linalg.cholesky(covariance)
    z = torch.linalg.solve_triangular(L, (x - mean).T, upper=False).T
    return log_gaussian(z) - L.diagonal().log().sum()
# --8<-- [end:solution_gaussian]


# --8<-- [start:solution_planar]
def planar(
    z: Float[Tensor, "k n"],
    u: Float[Tensor, " n"],
    w: Float[Tensor, " n"],
) -> tuple[Float[Tensor, "k n"], Float[Tensor, " k"]]:
    """Return z + u tanh(w·z), and log |det(I + tanh′(w·z) u wᵀ)|."""
    step = torch.tanh(z @ w)
    det = 1 + (1 - step**2) * (w @ u)
    return z + torch.outer(step, u), det.abs().log()
# --8<-- [end:solution_planar]


# --8<-- [start:solution_blind]
def invisible_change(layer: nn.Linear, seed: int = 0) -> Float[Tensor, " n"]:
    """Unit vector that can be added to every input without changing the output.

    Raises ValueError where the layer has no null space but {0}.
    """
    N = null_space(layer.weight.detach())
    if N.shape[1] == 0:
        shape = tuple(layer.weight.shape)
        raise ValueError(f"this {shape} weight forgets nothing: pass a wider one")
    generator = torch.Generator().manual_seed(seed)
    direction = N @ torch.randn(N.shape[1], generator=generator)
    return direction / direction.norm()
# --8<-- [end:solution_blind]
