"""The circle: what a manifold is, and a program that tries to refute the claim that something is one."""

# --8<-- [start:setup]
import math
from collections.abc import Callable
from functools import partial

import torch
from jaxtyping import Float
from torch import Tensor, nn

from snippets.manifolds.atlas import Atlas, Chart

# --8<-- [end:setup]


# --8<-- [start:stereographic]
def stereographic(p: Float[Tensor, "k d"], pole: int = 1) -> Float[Tensor, "k d-1"]:
    """Project points of the unit sphere from the pole (0, …, 0, ±1).

    The result is all entries but the last, divided by 1 ∓ the last.
    Raises ValueError at the pole itself and off the sphere.
    """
    off = (p.norm(dim=1) - 1).abs() > 1e-6
    if off.any():
        raise ValueError(
            f"{p[off][0].tolist()} is not on the unit sphere: divide it by its length"
        )
    at_pole = p[:, -1] == pole
    if at_pole.any():
        raise ValueError(
            f"{p[at_pole][0].tolist()} is the pole, not in the domain U: "
            "use the other pole's chart"
        )
    return p[:, :-1] / (1 - pole * p[:, -1:])


def inverse_stereographic(
    u: Float[Tensor, "k n"], pole: int = 1
) -> Float[Tensor, "k n+1"]:
    """Return the points with coordinates u: (2u, ±(|u|² − 1)) / (|u|² + 1)."""
    s = u.square().sum(1, keepdim=True)
    return torch.cat([2 * u, pole * (s - 1)], 1) / (s + 1)
# --8<-- [end:stereographic]


# --8<-- [start:stereographic_atlas]
def stereographic_chart(pole: int) -> Chart:
    """Return the chart of the unit sphere minus one pole, in any dimension."""
    return Chart(
        name="from the north pole" if pole == 1 else "from the south pole",
        domain=lambda p: p[:, -1] != pole,
        image=lambda u: u.isfinite().all(1),
        coordinates=partial(stereographic, pole=pole),
        point=partial(inverse_stereographic, pole=pole),
    )


STEREOGRAPHIC = Atlas(
    "stereographic", (stereographic_chart(1), stereographic_chart(-1))
)
# --8<-- [end:stereographic_atlas]


# --8<-- [start:on_the_circle]
def on_the_circle(theta: Float[Tensor, " k"]) -> Float[Tensor, "k 2"]:
    """Return the points (cos θ, sin θ)."""
    return torch.stack([theta.cos(), theta.sin()], dim=1)


def circle_sample(k: int = 100) -> Float[Tensor, "n 2"]:
    """Return the four points on the axes and k random ones, the same at every call."""
    axes = torch.tensor([[0.0, 1.0], [0.0, -1.0], [1.0, 0.0], [-1.0, 0.0]])
    angles = 2 * math.pi * torch.rand(k, generator=torch.Generator().manual_seed(0))
    return torch.cat([axes, on_the_circle(angles)])
# --8<-- [end:on_the_circle]


# --8<-- [start:half_open]
def angle(p: Float[Tensor, "k 2"], cut: float = 0.0) -> Float[Tensor, "k 1"]:
    """Return the angle of each point, in the half-open interval [cut, cut + 2π)."""
    t = (torch.atan2(p[:, 1:], p[:, :1]) - cut).remainder(2 * math.pi) + cut
    return torch.where(t < cut + 2 * math.pi, t, cut)  # where rounding closed the circle


HALF_OPEN = Atlas(
    "one half-open angle",
    (
        Chart(
            name="angle in [0, 2π)",
            domain=lambda p: p.isfinite().all(1),
            image=lambda t: ((t >= 0) & (t < 2 * math.pi)).all(1),
            coordinates=angle,
            point=lambda t: on_the_circle(t[:, 0]),
        ),
    ),
)
# --8<-- [end:half_open]


# --8<-- [start:two_origins]
def origin_chart(origin: float) -> Chart:
    """Return the chart that sees one of the two origins, and not the other."""

    def point(x: Tensor) -> Tensor:
        return torch.cat([x, torch.where(x == 0, origin, 0.0)], dim=1)

    return Chart(
        name=f"through origin {origin:+g}",
        domain=lambda p: p[:, 1] != -origin,
        image=lambda x: x.isfinite().all(1),
        coordinates=lambda p: p[:, :1],
        point=point,
    )


TWO_ORIGINS = Atlas("line with two origins", (origin_chart(1.0), origin_chart(-1.0)))
DOUBLED_LINE = torch.tensor(
    [[0, 1], [0, -1], [1, 0], [-1, 0], [2.5, 0]], dtype=torch.float64
)
# --8<-- [end:two_origins]


# --8<-- [start:antipodal]
def antipodal_clash(head: Callable[[Tensor], Tensor]) -> Float[Tensor, "1 2"]:
    """Find a point p with head(p) = head(−p), by bisection over half a turn."""

    def gap(theta: float) -> float:
        p = on_the_circle(torch.tensor([theta]))
        return (head(p) - head(-p)).item()

    low, high = 0.0, math.pi
    for _ in range(60):
        middle = (low + high) / 2
        same_sign = gap(low) * gap(middle) > 0
        low, high = (middle, high) if same_sign else (low, middle)
    return on_the_circle(torch.tensor([low]))


def angular_error(
    predicted: Float[Tensor, "k 1"], p: Float[Tensor, "k 2"]
) -> Float[Tensor, " k"]:
    """Return the angle from the predicted direction to p, the short way round."""
    gap = (predicted - angle(p) + math.pi).remainder(2 * math.pi) - math.pi
    return gap.abs()[:, 0]
# --8<-- [end:antipodal]


# --8<-- [start:heads]
def mlp(outputs: int) -> nn.Sequential:
    """Return a small network from the plane."""
    return nn.Sequential(
        nn.Linear(2, 64),
        nn.Tanh(),
        nn.Linear(64, 64),
        nn.Tanh(),
        nn.Linear(64, outputs),
    )


class Direction(nn.Module):
    """Reads the angle off a point of the plane: the chart comes after the network."""

    def forward(self, x: Float[Tensor, "k 2"]) -> Float[Tensor, "k 1"]:
        """Return the angle of x."""
        return angle(x)


def fit(head: nn.Module, steps: int = 400) -> nn.Module:
    """Train a head on the angles of 512 points; the loss is 1 − cos(error)."""
    p = on_the_circle(torch.linspace(0, 2 * math.pi, 513)[:-1])
    optimiser = torch.optim.Adam(head.parameters(), lr=5e-3)
    for _ in range(steps):
        optimiser.zero_grad()
        (1 - (head(p) - angle(p)).cos()).mean().backward()
        optimiser.step()
    return head
# --8<-- [end:heads]


# --8<-- [start:solution_angle_atlas]
def angle_chart(cut: float) -> Chart:
    """Return the chart by the angle strictly between cut and cut + 2π."""
    return Chart(
        name=f"angle from {cut:g}",
        domain=lambda p: (angle(p, cut) > cut).all(1),
        image=lambda t: ((t > cut) & (t < cut + 2 * math.pi)).all(1),
        coordinates=partial(angle, cut=cut),
        point=lambda t: on_the_circle(t[:, 0]),
    )


ANGLES = Atlas("two angles", (angle_chart(0.0), angle_chart(-math.pi)))
# --8<-- [end:solution_angle_atlas]


# --8<-- [start:solution_cross]
CROSS_SAMPLE = torch.tensor(
    [[0, 0], [0.5, 0], [-0.5, 0], [0, 0.5], [0, -0.5]], dtype=torch.float64
)

CROSS = Atlas(
    "the cross xy = 0",
    (
        Chart(
            name="the sum x + y",
            domain=lambda p: p.isfinite().all(1),
            image=lambda u: u.isfinite().all(1),
            coordinates=lambda p: p.sum(1, keepdim=True),
            point=lambda u: torch.cat([u, torch.zeros_like(u)], 1),
        ),
    ),
)
# --8<-- [end:solution_cross]
