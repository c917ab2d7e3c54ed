"""The circle: what a manifold is, and a program that tries to refute the claim that something is one."""

# --8<-- [start:setup]
import math
from collections.abc import Callable
from functools import partial
from itertools import permutations, product
from typing import NamedTuple

import torch
from jaxtyping import Bool, Float
from torch import Tensor, nn

# --8<-- [end:setup]


# --8<-- [start:chart]
class Chart(NamedTuple):
    """A set U of points, a set V of coordinates, and χ: U → V with its inverse."""

    name: str
    domain: Callable[[Tensor], Tensor]  # which points lie in U?
    image: Callable[[Tensor], Tensor]  # which coordinates lie in V?
    coordinates: Callable[[Tensor], Tensor]  # χ
    point: Callable[[Tensor], Tensor]  # χ⁻¹


class Atlas(NamedTuple):
    """Charts that together are meant to cover a manifold."""

    name: str
    charts: tuple[Chart, ...]


# --8<-- [end:chart]


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


# --8<-- [start:transition]
def transition_map(a: Chart, b: Chart) -> Callable[[Tensor], Tensor]:
    """Return χ_b ∘ χ_a⁻¹, which turns coordinates of a into coordinates of b."""
    return lambda x: b.coordinates(a.point(x))


def jacobian(
    f: Callable[[Tensor], Tensor], x: Float[Tensor, "k n"]
) -> Float[Tensor, "k m n"]:
    """Return the matrix of partial derivatives of f at each row of x, by autograd."""
    x = x.detach().requires_grad_()
    columns = f(x).unbind(dim=1)
    return torch.stack(
        [torch.autograd.grad(c.sum(), x, retain_graph=True)[0] for c in columns], dim=1
    )


# --8<-- [end:transition]


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


# --8<-- [start:one_chart]
def outside_image(
    chart: Chart, points: Float[Tensor, "k d"]
) -> Float[Tensor, "f d"]:
    """Return the points of U whose coordinates are not in V."""
    p = points[chart.domain(points)]
    return p[~chart.image(chart.coordinates(p))]


def not_injective(chart: Chart, points: Float[Tensor, "k d"]) -> Float[Tensor, "f d"]:
    """Return the points of U that do not come back from their coordinates."""
    p = points[chart.domain(points)]
    error = (chart.point(chart.coordinates(p)) - p).norm(dim=1)
    return p[~(error <= 1e-9)]


# --8<-- [end:one_chart]


# --8<-- [start:open]
RADII = [10.0**-k for k in range(1, 10)]


def unit_ball(n: int) -> Float[Tensor, "m n"]:
    """Return the points of a grid that lie in the closed unit ball of Rⁿ."""
    grid = torch.cartesian_prod(*[torch.linspace(-1, 1, 5)] * n).reshape(-1, n)
    return grid[grid.norm(dim=1) <= 1]


def has_room(
    chart: Chart, p: Float[Tensor, "k d"], inside: Callable[[Tensor], Tensor]
) -> Bool[Tensor, " k"]:
    """Is there a radius at which all of the ball about χ(p) comes back inside?"""
    x, room = chart.coordinates(p), torch.zeros(len(p), dtype=torch.bool)
    offsets = unit_ball(x.shape[1])
    for radius in RADII:
        y = (x[:, None] + radius * offsets).flatten(0, 1)
        q = chart.point(y)
        back = chart.image(y) & chart.domain(q) & inside(q)
        error = torch.full((len(y),), torch.inf)
        error[back] = (chart.coordinates(q[back]) - y[back]).norm(dim=1)
        room |= (error <= 1e-3 * radius).reshape(len(p), len(offsets)).all(1)
    return room


def not_open(chart: Chart, points: Float[Tensor, "k d"]) -> Float[Tensor, "f d"]:
    """Return the points of U about whose coordinates no full ball comes back."""
    p = points[chart.domain(points)]
    return p[~has_room(chart, p, chart.domain)]


# --8<-- [end:open]


# --8<-- [start:whole_atlas]
def not_covered(atlas: Atlas, points: Float[Tensor, "k d"]) -> Float[Tensor, "f d"]:
    """Return the points that no chart contains."""
    return points[~torch.stack([c.domain(points) for c in atlas.charts]).any(0)]


def overlap_not_open(
    a: Chart, b: Chart, points: Float[Tensor, "k d"]
) -> Float[Tensor, "f d"]:
    """Return the shared points about which no full ball of a lies in b, too."""
    p = points[a.domain(points) & b.domain(points)]
    return p[~has_room(a, p, b.domain)]


def not_smooth(
    a: Chart, b: Chart, points: Float[Tensor, "k d"]
) -> Float[Tensor, "f d"]:
    """Return the shared points where the two Jacobians are not inverse matrices."""
    p = points[a.domain(points) & b.domain(points)]
    there = jacobian(transition_map(a, b), a.coordinates(p))
    back = jacobian(transition_map(b, a), b.coordinates(p))
    error = (back @ there - torch.eye(there.shape[1])).abs().amax((1, 2))
    return p[~(error <= 1e-6)]


# --8<-- [end:whole_atlas]


# --8<-- [start:separated]
Points = Float[Tensor, "k d"]


def meet(
    a: Chart, p: Points, b: Chart, q: Points, radius: float
) -> Bool[Tensor, " k"]:
    """Does a sampled point of the ball about p lie in the ball about q?"""
    x, target = a.coordinates(p), b.coordinates(q)
    offsets = unit_ball(x.shape[1])
    y = (x[:, None] + radius * offsets).flatten(0, 1)
    r, target = a.point(y), target.repeat_interleave(len(offsets), dim=0)
    shared = a.image(y) & b.domain(r)
    distance = torch.full((len(y),), torch.inf)
    distance[shared] = (b.coordinates(r[shared]) - target[shared]).norm(dim=1)
    return (distance <= radius).reshape(len(p), len(offsets)).any(1)


def not_separated(atlas: Atlas, points: Float[Tensor, "k d"]) -> Float[Tensor, "f d"]:
    """Return those of the first forty points that are not separated from another."""
    i, j = torch.combinations(torch.arange(min(len(points), 40))).T
    failures = []
    for a, b in product(atlas.charts, repeat=2):
        both = a.domain(points[i]) & b.domain(points[j])
        p, q = points[i][both], points[j][both]
        touching = torch.stack([meet(a, p, b, q, radius) for radius in RADII]).all(0)
        failures.append(p[touching])
    return torch.cat(failures)


# --8<-- [end:separated]


# --8<-- [start:refute]
def refute(atlas: Atlas, points: Float[Tensor, "k d"]) -> dict[str, Tensor]:
    """Return, for each clause, the points of the sample that contradict it."""
    charts, pairs = atlas.charts, list(permutations(atlas.charts, 2))
    none = points[:0]
    return {
        "lands in V": torch.cat([outside_image(c, points) for c in charts]),
        "injective": torch.cat([not_injective(c, points) for c in charts]),
        "V is open": torch.cat([not_open(c, points) for c in charts]),
        "covers": not_covered(atlas, points),
        "overlap open": torch.cat(
            [none, *(overlap_not_open(a, b, points) for a, b in pairs)]
        ),
        "smooth": torch.cat([none, *(not_smooth(a, b, points) for a, b in pairs)]),
        "separated": not_separated(atlas, points),
    }


def verdict(refutation: dict[str, Tensor]) -> str:
    """Say for each clause how many counterexamples were found, and the first one."""

    def found(p: Tensor) -> str:
        if not len(p):
            return "no counterexample"
        first = ", ".join(f"{round(x, 6) + 0.0:g}" for x in p[0].tolist())
        times = "once, at" if len(p) == 1 else f"{len(p)} times, first at"
        return f"refuted {times} ({first})"

    return "\n".join(f"{clause:<13}{found(p)}" for clause, p in refutation.items())


# --8<-- [end:refute]


# --8<-- [start:half_open]
def angle(p: Float[Tensor, "k 2"], cut: float = 0.0) -> Float[Tensor, "k 1"]:
    """Return the angle of each point, in the half-open interval [cut, cut + 2π)."""
    return (torch.atan2(p[:, 1:], p[:, :1]) - cut).remainder(2 * math.pi) + cut


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
    [[0.0, 1.0], [0.0, -1.0], [1.0, 0.0], [-1.0, 0.0], [2.5, 0.0]]
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
    [[0.0, 0.0], [0.5, 0.0], [-0.5, 0.0], [0.0, 0.5], [0.0, -0.5]]
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


