"""Charts, atlases, and a program that looks for points where an atlas breaks the definition of a manifold."""

from collections.abc import Callable
from itertools import permutations, product
from typing import NamedTuple

import torch
from jaxtyping import Bool, Float
from torch import Tensor


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


# --8<-- [start:one_chart]
RADII = [10.0**-k for k in range(1, 10)]


def unit_ball(n: int) -> Float[Tensor, "m n"]:
    """Return the points of a grid that lie in the closed unit ball of Rⁿ."""
    axis = torch.linspace(-1, 1, 5, dtype=torch.float64)
    grid = torch.cartesian_prod(*[axis] * n).reshape(-1, n)
    return grid[grid.norm(dim=1) <= 1]


def outside_image(chart: Chart, points: Float[Tensor, "k d"]) -> Float[Tensor, "f d"]:
    """Return the points of U whose coordinates are not in V."""
    p = points[chart.domain(points)]
    return p[~chart.image(chart.coordinates(p))]


def not_injective(chart: Chart, points: Float[Tensor, "k d"]) -> Float[Tensor, "f d"]:
    """Return the points of U that do not come back from their coordinates."""
    p = points[chart.domain(points)]
    error = (chart.point(chart.coordinates(p)) - p).norm(dim=1)
    return p[~(error <= 1e-9)]


def round_trip_error(
    chart: Chart, y: Float[Tensor, "k n"], inside: Callable[[Tensor], Tensor]
) -> Float[Tensor, " k"]:
    """Return how far y is from the coordinates of its point; ∞ if that is outside."""
    q = chart.point(y)
    back = chart.image(y) & chart.domain(q) & inside(q)
    error = torch.full_like(y[:, 0], torch.inf)
    error[back] = (chart.coordinates(q[back]) - y[back]).norm(dim=1)
    return error


def sample_of_image(chart: Chart, points: Float[Tensor, "k d"]) -> Float[Tensor, "m n"]:
    """Return coordinates in V: of the points, of grids at seven scales, at its edge."""
    x = chart.coordinates(points[chart.domain(points)])
    scales = 10.0 ** torch.arange(-3, 4).to(x)
    grids = (scales[:, None, None] * unit_ball(x.shape[1]).to(x)).flatten(0, 1)
    y = torch.cat([x, grids])
    within, beyond = y[chart.image(y)], y[~chart.image(y)]
    if not len(within) or not len(beyond):
        return within
    start = within[torch.arange(len(y)) % len(within)]
    low, high = start, beyond[torch.arange(len(y)) % len(beyond)]
    for _ in range(50):  # bisection: low stays in V, high outside
        middle = (low + high) / 2
        hit = chart.image(middle)[:, None]
        low, high = torch.where(hit, middle, low), torch.where(hit, high, middle)
    edge = low + 1e-6 * (start - low)
    return torch.cat([within, edge[chart.image(edge)]])


def not_onto(chart: Chart, points: Float[Tensor, "k d"]) -> Float[Tensor, "f n"]:
    """Return coordinates in V that no point of U has."""
    y = sample_of_image(chart, points)
    error = round_trip_error(chart, y, chart.domain)
    return y[~(error <= 1e-6 * (1 + y.norm(dim=1)))]


def has_room(
    chart: Chart, p: Float[Tensor, "k d"], inside: Callable[[Tensor], Tensor]
) -> Bool[Tensor, " k"]:
    """Is there a radius at which all of the ball about χ(p) comes back inside?"""
    x = chart.coordinates(p)
    room = torch.zeros(len(p), dtype=torch.bool, device=p.device)
    offsets = unit_ball(x.shape[1]).to(x)
    for radius in RADII:
        y = (x[:, None] + radius * offsets).flatten(0, 1)
        back = round_trip_error(chart, y, inside) <= 1e-3 * radius
        room |= back.reshape(len(p), len(offsets)).all(1)
    return room


def not_open(chart: Chart, points: Float[Tensor, "k d"]) -> Float[Tensor, "f d"]:
    """Return the points of U about whose coordinates no full ball comes back."""
    p = points[chart.domain(points)]
    return p[~has_room(chart, p, chart.domain)]
    # --8<-- [end:one_chart]


# --8<-- [start:several_charts]
def not_covered(atlas: Atlas, points: Float[Tensor, "k d"]) -> Float[Tensor, "f d"]:
    """Return the points that no chart contains."""
    return points[~torch.stack([c.domain(points) for c in atlas.charts]).any(0)]


def overlap_not_open(
    a: Chart, b: Chart, points: Float[Tensor, "k d"]
) -> Float[Tensor, "f d"]:
    """Return the shared points about which no full ball of a lies in b, too."""
    p = points[a.domain(points) & b.domain(points)]
    return p[~has_room(a, p, b.domain)]


def has_derivative(a: Chart, b: Chart, p: Float[Tensor, "k d"]) -> Bool[Tensor, " k"]:
    """Is there a radius at which the transition moves as its Jacobian says?"""
    x, start = a.coordinates(p), b.coordinates(p)
    J = jacobian(transition_map(a, b), x)
    good = torch.zeros(len(p), dtype=torch.bool, device=p.device)
    offsets = unit_ball(x.shape[1]).to(x)
    for radius in RADII:
        y = (x[:, None] + radius * offsets).flatten(0, 1)
        q = a.point(y)
        shared = a.image(y) & a.domain(q) & b.domain(q)
        moved = torch.full((len(y), J.shape[1]), torch.inf).to(x)
        moved[shared] = b.coordinates(q[shared])
        step = moved.reshape(len(p), len(offsets), J.shape[1]) - start[:, None]
        error = (step - radius * offsets @ J.mT).norm(dim=2).amax(1)
        good |= error <= 1e-3 * radius * J.norm(dim=(1, 2))
    return good


def not_smooth(
    a: Chart, b: Chart, points: Float[Tensor, "k d"]
) -> Float[Tensor, "f d"]:
    """Return the shared points with a kink, or with Jacobians that are not inverse."""
    p = points[a.domain(points) & b.domain(points)]
    there = jacobian(transition_map(a, b), a.coordinates(p))
    back = jacobian(transition_map(b, a), b.coordinates(p))
    error = (back @ there - torch.eye(there.shape[2]).to(p)).abs().amax((1, 2))
    kink = has_room(a, p, b.domain) & ~has_derivative(a, b, p)
    return p[kink | ~(error <= 1e-6)]


def meet(
    a: Chart,
    p: Float[Tensor, "k d"],
    b: Chart,
    q: Float[Tensor, "k d"],
    radius: float,
) -> Bool[Tensor, " k"]:
    """Does a sampled point of the ball about p lie in the ball about q?"""
    x, target = a.coordinates(p), b.coordinates(q)
    offsets = unit_ball(x.shape[1]).to(x)
    y = (x[:, None] + radius * offsets).flatten(0, 1)
    r, target = a.point(y), target.repeat_interleave(len(offsets), dim=0)
    shared = a.image(y) & b.domain(r)
    distance = torch.full_like(y[:, 0], torch.inf)
    distance[shared] = (b.coordinates(r[shared]) - target[shared]).norm(dim=1)
    return (distance <= radius).reshape(len(p), len(offsets)).any(1)


def not_separated(atlas: Atlas, points: Float[Tensor, "k d"]) -> Float[Tensor, "f d"]:
    """Return the points that at no radius are separated from another.

    Two points of one chart are separated by balls of that chart, so only the pairs
    that share no chart are tried.
    """
    i, j = torch.combinations(torch.arange(len(points))).T
    apart = torch.ones(len(i), dtype=torch.bool, device=points.device)
    for chart in atlas.charts:
        apart &= ~(chart.domain(points[i]) & chart.domain(points[j]))
    failures = [points[:0]]
    for a, b in product(atlas.charts, repeat=2):
        both = apart & a.domain(points[i]) & b.domain(points[j])
        p, q = points[i][both], points[j][both]
        for radius in RADII:
            touching = meet(a, p, b, q, radius)
            p, q = p[touching], q[touching]
        failures.append(p)
    return torch.cat(failures)
    # --8<-- [end:several_charts]


# --8<-- [start:refute]
def refute(atlas: Atlas, points: Float[Tensor, "k d"]) -> dict[str, Tensor]:
    """Return, for each clause, what contradicts it: points, or coordinates (onto V).

    Raises ValueError for single precision, and for charts of different dimensions.
    """
    if points.dtype != torch.float64:
        raise ValueError(
            f"the points are {points.dtype}: the checks go down to radii of 1e-9, "
            "so pass points.double()"
        )
    charts, pairs = atlas.charts, list(permutations(atlas.charts, 2))
    sizes = {c.coordinates(points[c.domain(points)]).shape[1] for c in charts}
    if len(sizes) > 1:
        raise ValueError(
            f"charts of dimensions {sorted(sizes)}: the charts of a manifold have one"
        )
    none = points[:0]
    return {
        "lands in V": torch.cat([outside_image(c, points) for c in charts]),
        "injective": torch.cat([not_injective(c, points) for c in charts]),
        "onto V": torch.cat([not_onto(c, points) for c in charts]),
        "V is open": torch.cat([not_open(c, points) for c in charts]),
        "covers": not_covered(atlas, points),
        "overlap open": torch.cat(
            [none, *(overlap_not_open(a, b, points) for a, b in pairs)]
        ),
        "smooth": torch.cat([none, *(not_smooth(a, b, points) for a, b in pairs)]),
        "separated": not_separated(atlas, points),
    }


def verdict(refutation: dict[str, Tensor]) -> str:
    """Say which clauses were refuted, how often, and by what first."""

    def found(p: Tensor) -> str:
        first = ", ".join(f"{round(x, 6) + 0.0:g}" for x in p[0].tolist())
        times = "once, at" if len(p) == 1 else f"{len(p)} times, first at"
        return f"refuted {times} ({first})"

    refuted = {clause: p for clause, p in refutation.items() if len(p)}
    if not refuted:
        return f"no counterexample to any of the {len(refutation)} clauses"
    return "\n".join(f"{clause:<13}{found(p)}" for clause, p in refuted.items())
    # --8<-- [end:refute]
