"""The circle: what a manifold is, and a program that tries to refute the claim that something is one."""

# --8<-- [start:setup]
import math
from collections.abc import Callable
from functools import partial

import torch
from jaxtyping import Bool, Float
from torch import Tensor, nn

from snippets.manifolds.atlas import Atlas, Chart
from snippets.shapes import check_shapes

# --8<-- [end:setup]


# --8<-- [start:check_projectable]
def check_projectable(p: Float[Tensor, "k d"], pole: int) -> None:
    """Raise ValueError where a point is the pole (0, …, 0, ±1), or off the sphere."""
    check_shapes("k d", p)
    off, at_pole = ((1.0 * p).norm(dim=1) - 1).abs() > 1e-6, p[:, -1] == pole
    if off.any():
        raise ValueError(
            f"{p[off][0].tolist()} is not on the unit sphere: divide it by its length"
        )
    if at_pole.any():
        raise ValueError(
            f"{p[at_pole][0].tolist()} is the pole, not in the domain U: "
            "use the other pole's chart"
        )
        # --8<-- [end:check_projectable]


# --8<-- [start:stereographic]
def stereographic(p: Float[Tensor, "k d"], pole: int = 1) -> Float[Tensor, "k d-1"]:
    """Return the coordinates from a pole: all entries but the last, / (1 ∓ last)."""
    check_projectable(p, pole)
    return p[:, :-1] / (1 - pole * p[:, -1:])


def inverse_stereographic(
    u: Float[Tensor, "k n"], pole: int = 1
) -> Float[Tensor, "k n+1"]:
    """Return the points with coordinates u: (2u, ±(|u|² − 1)) / (|u|² + 1)."""
    check_shapes("k n", u)
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
    return torch.stack([theta.cos(), theta.sin()], dim=-1)


def circle_sample(k: int = 100) -> Float[Tensor, "n 2"]:
    """Return the four points on the axes and k random ones, the same at every call."""
    axes = torch.tensor([[0, 1], [0, -1], [1, 0], [-1, 0]], dtype=torch.float64)
    turns = torch.rand(k, generator=torch.Generator().manual_seed(0)).double()
    return torch.cat([axes, on_the_circle(2 * math.pi * turns)])
    # --8<-- [end:on_the_circle]


# --8<-- [start:half_open]
def angle(p: Float[Tensor, "k 2"], cut: float = 0.0) -> Float[Tensor, "k 1"]:
    """Return the angle of each point, in the half-open interval [cut, cut + 2π)."""
    check_shapes("k 2", p)
    t = (torch.atan2(p[:, 1:], p[:, :1]) - cut).remainder(2 * math.pi) + cut
    closed = t >= cut + 2 * math.pi  # by rounding
    return torch.where(closed, t - 2 * math.pi, t)


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


# --8<-- [start:half_turn]
def half_turn(head: Callable[[Tensor], Tensor]) -> Float[Tensor, "1 2"]:
    """Return a point of the circle where the head is wrong by half a turn."""

    def gap(t: float) -> float:
        return head(on_the_circle(torch.tensor([t]))).item() - t

    low, high = 0.0, 2 * math.pi  # gap(high) = gap(low) − 2π
    target = math.pi + 2 * math.pi * math.floor((gap(low) - math.pi) / (2 * math.pi))
    for _ in range(60):
        middle = (low + high) / 2
        low, high = (middle, high) if gap(middle) >= target else (low, middle)
    return on_the_circle(torch.tensor([low]))


def angular_error(
    predicted: Float[Tensor, "k 1"], p: Float[Tensor, "k 2"]
) -> Float[Tensor, " k"]:
    """Return the angle from the predicted direction to p, the short way round."""
    gap = (predicted - angle(p) + math.pi).remainder(2 * math.pi) - math.pi
    return gap.abs()[:, 0]
    # --8<-- [end:half_turn]


# --8<-- [start:heads]
class Direction(nn.Module):
    """Reads the angle off a point of the plane: the chart comes after the network."""

    def forward(self, x: Float[Tensor, "k 2"]) -> Float[Tensor, "k 1"]:
        """Return the angle of x."""
        return angle(x)
        # --8<-- [end:heads]


# --8<-- [start:fit]
def mlp(outputs: int, inputs: int = 2) -> nn.Sequential:
    """Return a small network, from the plane unless something else is said."""
    return nn.Sequential(
        nn.Linear(inputs, 64),
        nn.Tanh(),
        nn.Linear(64, 64),
        nn.Tanh(),
        nn.Linear(64, outputs),
    )


def fit(head: nn.Module, steps: int = 400) -> nn.Module:
    """Train a head on the angles of 512 points; the loss is 1 − cos(error)."""
    p = on_the_circle(torch.linspace(0, 2 * math.pi, 513)[:-1])
    optimiser = torch.optim.Adam(head.parameters(), lr=5e-3)
    for _ in range(steps):
        optimiser.zero_grad()
        (1 - (head(p) - angle(p)).cos()).mean().backward()
        optimiser.step()
    return head
    # --8<-- [end:fit]


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


def ray(name: str, axis: int, inside: Callable[[Tensor], Tensor]) -> Chart:
    """Return the chart by x (axis 0) or by y (axis 1) of the points of an axis."""

    def domain(p: Float[Tensor, "k 2"]) -> Bool[Tensor, " k"]:
        return (p[:, 1 - axis] == 0) & inside(p[:, axis])

    def point(u: Float[Tensor, "k 1"]) -> Float[Tensor, "k 2"]:
        return torch.cat([u, 0 * u] if axis == 0 else [0 * u, u], dim=1)

    return Chart(
        name, domain, lambda u: inside(u[:, 0]), lambda p: p[:, axis : axis + 1], point
    )


THREE_LINES = Atlas(
    "three lines",
    (
        ray("all of the x axis", 0, lambda x: x.isfinite()),
        ray("above", 1, lambda y: y > 0),
        ray("below", 1, lambda y: y < 0),
    ),
)
# --8<-- [end:solution_cross]


# --8<-- [start:solution_band]
def band_chart(cut: float) -> Chart:
    """Return the chart of the Möbius band that is cut across at s = cut, in [0, 1)."""

    def coordinates(p: Float[Tensor, "k 2"]) -> Float[Tensor, "k 2"]:
        before = p[:, :1] < cut
        return torch.where(before, torch.cat([p[:, :1] + 1, -p[:, 1:]], 1), p)

    def point(x: Float[Tensor, "k 2"]) -> Float[Tensor, "k 2"]:
        return torch.where(x[:, :1] >= 1, torch.cat([x[:, :1] - 1, -x[:, 1:]], 1), x)

    return Chart(
        name=f"cut at {cut:g}",
        domain=lambda p: (p[:, 0] != cut) & (p[:, 0] >= 0) & (p[:, 1].abs() < 1),
        image=lambda x: (x[:, 0] > cut) & (x[:, 0] < cut + 1) & (x[:, 1].abs() < 1),
        coordinates=coordinates,
        point=point,
    )


BAND = Atlas("Möbius band", (band_chart(0.0), band_chart(0.5)))


def band_sample(k: int = 60) -> Float[Tensor, "n 2"]:
    """Return points with 0 ≤ s < 1, those on the two cuts and k random ones."""
    s, t = torch.rand(2, k, generator=torch.Generator().manual_seed(0)).double()
    cuts = torch.tensor([[0, 0], [0, 0.5], [0.5, 0], [0.5, -0.5]], dtype=torch.float64)
    return torch.cat([cuts, torch.stack([s, 2 * t - 1], dim=1)])
    # --8<-- [end:solution_band]
