"""Motions: SE(2) and SE(3), their exponential and logarithm, and how to add a small motion."""

# --8<-- [start:setup]
import torch
from jaxtyping import Float
from torch import Tensor

from snippets.lie_groups.exponential import J, exp_so2, exp_so3, hat, log_so2, log_so3
from snippets.shapes import check_batches, check_shapes, digits

# --8<-- [end:setup]


# --8<-- [start:motion]
def motion(
    R: Float[Tensor, "*#batch n n"], p: Float[Tensor, "*#batch n"]
) -> Float[Tensor, "*batch m m"]:
    """Return [[R, p], [0, 1]]: turn by R, then move by p, for points (x, 1)."""
    check_batches("… n n, … n", R, p)
    n = p.shape[-1]
    shape = torch.broadcast_shapes(R.shape[:-2], p.shape[:-1])
    top = torch.cat([R.expand(*shape, n, n), p.expand(*shape, n)[..., None]], -1)
    bottom = torch.eye(n + 1)[-1:].to(top).expand(*shape, 1, n + 1)
    return torch.cat([top, bottom], -2)


def parts(M: Float[Tensor, "*batch m m"]) -> tuple[Tensor, Tensor]:
    """Return R and p. Raises ValueError where the last row is not 0, …, 0, 1."""
    check_shapes("… m m", M)
    n = M.shape[-1] - 1
    miss = (M[..., n, :] - torch.eye(n + 1)[n].to(M)).abs()
    if miss.numel() and not miss.max() <= 1e-5:
        raise ValueError(
            f"the last row is {digits(miss.max().item(), 1e-5)} away from "
            "0, …, 0, 1, more than 1e-05: pass [[R, p], [0, 1]]"
        )
    return M[..., :n, :n], M[..., :n, n]


def inverse(M: Float[Tensor, "*batch m m"]) -> Float[Tensor, "*batch m m"]:
    """Return the motion that undoes M: x ↦ Rᵀ(x − p)."""
    R, p = parts(M)
    return motion(R.mT, -(R.mT @ p[..., None])[..., 0])
    # --8<-- [end:motion]


# --8<-- [start:twist]
def twist_matrix(
    omega: Float[Tensor, "*batch r"], v: Float[Tensor, "*batch n"]
) -> Float[Tensor, "*batch m m"]:
    """Return [[hat ω, v], [0, 0]], the velocity at I of a motion of plane or space."""
    plane = omega.shape[-1] == 1  # where ω is one number
    top = omega[..., None] * J.to(omega) if plane else hat(omega)
    rows = torch.cat([top, v[..., None]], -1)
    return torch.cat([rows, torch.zeros_like(rows[..., :1, :])], -2)
    # --8<-- [end:twist]


# --8<-- [start:average]
def average_turn(omega: Float[Tensor, "*batch 3"]) -> Float[Tensor, "*batch 3 3"]:
    """Return ∫₀¹ exp(s hat ω) ds = I + b K + c K², the average of the turns on the way.

    b = (1 − cos θ)/θ², c = (θ − sin θ)/θ³; near 0 by their series, K = hat ω.
    """
    K = hat(omega)
    q = omega.square().sum(-1)[..., None, None]
    small = q < 5e-2
    theta = torch.where(small, 1.0, q).sqrt()
    half = (theta / 2).sin() / theta
    b = torch.where(
        small,
        (1 - q / 12 * (1 - q / 30 * (1 - q / 56 * (1 - q / 90)))) / 2,
        2 * half**2,
    )
    c = torch.where(
        small,
        (1 - q / 20 * (1 - q / 42 * (1 - q / 72 * (1 - q / 110)))) / 6,
        (theta - theta.sin()) / theta**3,
    )
    return torch.eye(3).to(K) + b * K + c * (K @ K)
    # --8<-- [end:average]


# --8<-- [start:se3]
def exp_se3(xi: Float[Tensor, "*batch 6"]) -> Float[Tensor, "*batch 4 4"]:
    """Return the motion of the twist (ω, v): turn by exp hat ω, move by the average."""
    check_shapes("… 6", xi)
    xi = 1.0 * xi  # so that whole numbers will do
    omega, v = xi.split(3, -1)
    return motion(exp_so3(omega), (average_turn(omega) @ v[..., None])[..., 0])


def log_se3(M: Float[Tensor, "*batch 4 4"]) -> Float[Tensor, "*batch 6"]:
    """Return the twist (ω, v) with |ω| ≤ π whose motion is M."""
    check_shapes("… 4 4", M)
    R, p = parts(1.0 * M)
    omega = log_so3(R)
    v = torch.linalg.solve(average_turn(omega), p[..., None])[..., 0]
    return torch.cat([omega, v], -1)
    # --8<-- [end:se3]


# --8<-- [start:se2]
def exp_se2(xi: Float[Tensor, "*batch 3"]) -> Float[Tensor, "*batch 3 3"]:
    """Return the motion of the plane with the twist (θ, v₁, v₂)."""
    check_shapes("… 3", xi)
    xi = 1.0 * xi  # so that whole numbers will do
    theta, v = xi.split([1, 2], -1)
    nothing = torch.zeros_like(theta)
    A = average_turn(torch.cat([nothing, nothing, theta], -1))[..., :2, :2]
    return motion(exp_so2(theta[..., 0]), (A @ v[..., None])[..., 0])


def log_se2(M: Float[Tensor, "*batch 3 3"]) -> Float[Tensor, "*batch 3"]:
    """Return the twist (θ, v₁, v₂) with −π < θ ≤ π whose motion is M."""
    check_shapes("… 3 3", M)
    R, p = parts(1.0 * M)
    theta = log_so2(R)[..., None]
    nothing = torch.zeros_like(theta)
    A = average_turn(torch.cat([nothing, nothing, theta], -1))[..., :2, :2]
    return torch.cat([theta, torch.linalg.solve(A, p[..., None])[..., 0]], -1)
    # --8<-- [end:se2]


# --8<-- [start:plus]
def plus(
    M: Float[Tensor, "*#batch 4 4"], xi: Float[Tensor, "*#batch 6"]
) -> Float[Tensor, "*batch 4 4"]:
    """Return M ⊕ ξ = M exp ξ: the motion M, corrected by ξ in its own frame."""
    return M @ exp_se3(xi)


def minus(
    N: Float[Tensor, "*#batch 4 4"], M: Float[Tensor, "*#batch 4 4"]
) -> Float[Tensor, "*batch 6"]:
    """Return N ⊖ M = log(M⁻¹N), the ξ with M ⊕ ξ = N."""
    return log_se3(inverse(M) @ N)
    # --8<-- [end:plus]


# --8<-- [start:adjoint]
def adjoint(M: Float[Tensor, "*batch 4 4"]) -> Float[Tensor, "*batch 6 6"]:
    """Return Ad M with M exp(ξ) M⁻¹ = exp(Ad M ξ): [[R, 0], [hat(p) R, R]]."""
    check_shapes("… 4 4", M)
    R, p = parts(M)
    upper = torch.cat([R, torch.zeros_like(R)], -1)
    return torch.cat([upper, torch.cat([hat(p) @ R, R], -1)], -2)
    # --8<-- [end:adjoint]


# --8<-- [start:loss]
def point_loss(
    M: Float[Tensor, "*#batch m m"],
    N: Float[Tensor, "*#batch m m"],
    points: Float[Tensor, "count n"],
) -> Float[Tensor, "*batch"]:
    """Return the mean of |Mx − Nx|² over the points of an object, in its own frame."""
    moved = [R @ points.T + p[..., None] for R, p in (parts(M), parts(N))]
    return (moved[0] - moved[1]).square().sum(-2).mean(-1)
    # --8<-- [end:loss]


# --8<-- [start:layer]
class PoseRefinement(torch.nn.Module):
    """Correct a pose step by step: a network proposes a twist, ⊕ applies it."""

    def __init__(self, network: torch.nn.Module, steps: int = 3):
        """Keep a network from the 16 entries of a pose to six numbers."""
        super().__init__()
        self.network, self.steps = network, steps

    def forward(self, M: Float[Tensor, "*batch 4 4"]) -> Float[Tensor, "*batch 4 4"]:
        """Return the corrected pose; it is a motion after every step."""
        check_shapes("… 4 4", M)
        for _ in range(self.steps):
            M = plus(M, self.network(M.flatten(-2)))
        return M
        # --8<-- [end:layer]


# --8<-- [start:register]
def register(
    P: Float[Tensor, "points 3"], target: Float[Tensor, "points 3"], steps: int = 10
) -> Float[Tensor, "4 4"]:
    """Return the motion that carries P to the target, by Gauss–Newton steps with ⊕."""
    M = torch.eye(4).to(P)
    for _ in range(steps):
        R, p = parts(M)
        miss = (P @ R.mT + p - target).flatten()
        # to first order ξ = (ω, v) moves the image of x by R(ω × x + v)
        change = torch.cat([-R @ hat(P), R.expand(len(P), 3, 3)], -1).flatten(0, 1)
        M = plus(M, -torch.linalg.lstsq(change, miss).solution)
    return M
    # --8<-- [end:register]
