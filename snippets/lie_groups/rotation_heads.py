"""Rotations from a network: three numbers fail somewhere, six do not, and the way from one rotation to another."""

# --8<-- [start:setup]
from collections.abc import Callable

import torch
from jaxtyping import Float
from torch import Tensor

from snippets.lie_groups.exponential import exp_so3, log_so3
from snippets.shapes import check_batches, check_numbers, check_shapes

# --8<-- [end:setup]


# --8<-- [start:loop]
def half_angle_cosine(omega: Float[Tensor, "3"], t: float) -> Float[Tensor, ""]:
    """Return cos(e/2), e the angle between exp ω and the turn by t about axis 3."""
    h, t = omega.norm() / 2, torch.tensor(t).to(omega)
    slope = torch.sinc(h / torch.pi) / 2
    return h.cos() * (t / 2).cos() + slope * omega[2] * (t / 2).sin()


def worst_on_the_loop(head: Callable[[Tensor], Tensor]) -> tuple[float, float]:
    """Return the t at which R ↦ exp(head(R)) misses the turn by t, and by how much.

    Both are in degrees; bisection finds the sign change of cos(e/2) on [0, 2π].
    """

    def f(t: float) -> float:
        R = exp_so3(torch.tensor([0.0, 0.0, t]))
        return half_angle_cosine(head(R.flatten()), t).item()

    low, high = 0.0, 2 * torch.pi
    for _ in range(60):
        middle = (low + high) / 2
        low, high = (low, middle) if f(low) * f(middle) <= 0 else (middle, high)
    error = 2 * torch.tensor(abs(f(low))).clamp(max=1).acos().rad2deg()
    return low * 180 / torch.pi, error.item()
    # --8<-- [end:loop]


# --8<-- [start:from_six]
def from_six(a: Float[Tensor, "*batch 6"]) -> Float[Tensor, "*batch 3 3"]:
    """Return the rotation with first column along a₁a₂a₃, second towards a₄a₅a₆."""
    check_shapes("… 6", a)
    a = 1.0 * a  # so that whole numbers will do
    first, second = a.unflatten(-1, (2, 3)).unbind(-2)
    smallest = torch.finfo(a.dtype).tiny  # the length of a does not matter
    x = torch.nn.functional.normalize(first, dim=-1, eps=smallest)
    second = second - (x * second).sum(-1, keepdim=True) * x
    y = torch.nn.functional.normalize(second, dim=-1, eps=smallest)
    return torch.stack([x, y, torch.linalg.cross(x, y)], -1)
    # --8<-- [end:from_six]


# --8<-- [start:head]
class RotationHead(torch.nn.Module):
    """Turn features into rotations by way of six free numbers, or of three."""

    def __init__(self, features: int, numbers: int = 6):
        """Start at the identity rotation."""
        super().__init__()
        ways = {3: exp_so3, 6: from_six}
        if numbers not in ways:
            raise ValueError(f"{numbers} numbers: choose 3 or 6")
        self.to_rotation = ways[numbers]
        self.linear = torch.nn.Linear(features, numbers)
        torch.nn.init.zeros_(self.linear.weight)
        start = torch.zeros(3) if numbers == 3 else torch.eye(3)[:2].flatten()
        self.linear.bias = torch.nn.Parameter(start)

    def forward(
        self, x: Float[Tensor, "*batch features"]
    ) -> Float[Tensor, "*batch 3 3"]:
        """Return one rotation for each input."""
        check_shapes(f"… {self.linear.in_features}", x)
        return self.to_rotation(self.linear(x))
        # --8<-- [end:head]


# --8<-- [start:geodesic]
def geodesic(
    R0: Float[Tensor, "*batch 3 3"],
    R1: Float[Tensor, "*batch 3 3"],
    s: Float[Tensor, " steps"],
) -> Float[Tensor, "*batch steps 3 3"]:
    """Return the path from R0 (s = 0) to R1 (s = 1) in SO(3): R0 exp(s log(R0ᵀ R1))."""
    check_batches("… 3 3, … 3 3, steps", R0, R1, s)
    omega = log_so3(R0.mT @ R1)[..., None, :]
    return (1.0 * R0)[..., None, :, :] @ exp_so3(s[:, None] * omega)
    # --8<-- [end:geodesic]


# --8<-- [start:solution_mean]
def mean_rotation(
    R: Float[Tensor, "count 3 3"], steps: int = 20
) -> Float[Tensor, "3 3"]:
    """Return the rotation M at which the logarithms of MᵀR average to 0."""
    guess = R[0]
    for _ in range(steps):
        guess = guess @ exp_so3(log_so3(guess.T @ R).mean(0))
    return guess
    # --8<-- [end:solution_mean]


# --8<-- [start:solution_nearest]
def nearest_rotation(M: Float[Tensor, "*batch 3 3"]) -> Float[Tensor, "*batch 3 3"]:
    """Return the rotation R with the smallest ‖R − M‖: U diag(1, 1, ±1) Vᵀ."""
    check_numbers("… 3 3", M)
    U, _, Vt = torch.linalg.svd(M)
    sign = torch.linalg.det(U @ Vt).round()
    last = torch.stack([torch.ones_like(sign), torch.ones_like(sign), sign], -1)
    return U * last[..., None, :] @ Vt
    # --8<-- [end:solution_nearest]
