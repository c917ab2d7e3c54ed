"""The sphere: charts that work, and charts that only look as if they did."""

# --8<-- [start:setup]
import math
from collections.abc import Callable
from functools import partial

import torch
from jaxtyping import Bool, Float
from torch import Tensor, nn

from snippets.manifolds.atlas import Atlas, Chart, jacobian
from snippets.manifolds.circle import angle, inverse_stereographic
from snippets.shapes import check_shapes

# --8<-- [end:setup]


# --8<-- [start:spherical]
def spherical(
    theta: Float[Tensor, " k"], phi: Float[Tensor, " k"]
) -> Float[Tensor, "k 3"]:
    """Return (cos θ sin φ, sin θ sin φ, cos φ): longitude θ, angle φ from the pole."""
    return torch.stack(
        [theta.cos() * phi.sin(), theta.sin() * phi.sin(), phi.cos()], dim=1
    )


def gram_determinant(jacobians: Float[Tensor, "k m n"]) -> Float[Tensor, " k"]:
    """Return det(JᵀJ), the square of the stretch of area; zero where J loses rank."""
    return torch.linalg.det(jacobians.mT @ jacobians)
    # --8<-- [end:spherical]


# --8<-- [start:uniform]
def uniform_on_sphere(k: int, generator: torch.Generator) -> Float[Tensor, "k 3"]:
    """Return k points, uniform by area: the longitude and the height are uniform."""
    theta = 2 * math.pi * torch.rand(k, generator=generator)
    z = 2 * torch.rand(k, generator=generator) - 1
    return spherical(theta, z.acos())
    # --8<-- [end:uniform]


# --8<-- [start:spiral]
def spiral_on_sphere(k: int) -> Float[Tensor, "k 3"]:
    """Return k points on a spiral: equal steps in height, golden ones in longitude."""
    i = torch.arange(k) + 0.5
    return spherical(math.pi * (1 + math.sqrt(5)) * i, (1 - 2 * i / k).acos())
    # --8<-- [end:spiral]


# --8<-- [start:sphere_sample]
def sphere_sample(k: int = 200) -> Float[Tensor, "n 3"]:
    """Return the six points on the axes and k random ones, always the same."""
    axes = torch.eye(3, dtype=torch.float64).flip(0)
    random = uniform_on_sphere(k, torch.Generator().manual_seed(0)).double()
    return torch.cat([axes, 0 - axes, random])
    # --8<-- [end:sphere_sample]


# --8<-- [start:longitude]
def longitude(p: Float[Tensor, "k 3"]) -> Float[Tensor, " k"]:
    """Return the longitude in [0, 2π), from the signs of both x and y."""
    check_shapes("k 3", p)
    return angle(p[:, :2])[:, 0]
    # --8<-- [end:longitude]


# --8<-- [start:angle_charts]
def angle_charts(theta: Callable[[Tensor], Tensor]) -> Atlas:
    """Return the charts α = (θ, φ) and β = (θ, π − φ), with half-open sets V."""

    def turn(x: Float[Tensor, "k 2"]) -> Bool[Tensor, " k"]:
        return (x[:, 0] >= 0) & (x[:, 0] < 2 * math.pi)

    alpha = Chart(
        name="α",
        domain=lambda p: p[:, 2].acos() < math.pi,
        image=lambda x: turn(x) & (x[:, 1] >= 0) & (x[:, 1] < math.pi),
        coordinates=lambda p: torch.stack([theta(p), p[:, 2].acos()], dim=1),
        point=lambda x: spherical(x[:, 0], x[:, 1]),
    )
    beta = Chart(
        name="β",
        domain=lambda p: math.pi - p[:, 2].acos() > 0,
        image=lambda x: turn(x) & (x[:, 1] > 0) & (x[:, 1] <= math.pi),
        coordinates=lambda p: torch.stack([theta(p), math.pi - p[:, 2].acos()], dim=1),
        point=lambda x: spherical(x[:, 0], math.pi - x[:, 1]),
    )
    return Atlas("two angles", (alpha, beta))
    # --8<-- [end:angle_charts]


# --8<-- [start:direction_head]
class OntoSphere(nn.Module):
    """Ends a network on the sphere: divides its output by its length."""

    def forward(self, x: Float[Tensor, "*batch d"]) -> Float[Tensor, "*batch d"]:
        """Return x / |x|; raises ValueError at 0, which has no direction."""
        check_shapes("… d", x)
        x = 1.0 * x  # so that whole numbers will do
        length = x.norm(dim=-1, keepdim=True)
        if (length == 0).any():
            raise ValueError(
                "the output is 0, which has no direction: check the last layer's bias"
            )
        return x / length
        # --8<-- [end:direction_head]


# --8<-- [start:two_heads]
class FromAngles(nn.Module):
    """Ends a network on the sphere: reads its two outputs as angles."""

    def forward(self, x: Float[Tensor, "k 2"]) -> Float[Tensor, "k 3"]:
        """Return the point with longitude x₁ and angle x₂ from the pole."""
        return spherical(x[:, 0], x[:, 1])


def learn_directions(head: nn.Module, steps: int = 400) -> nn.Module:
    """Train a head to return the direction that it is shown, by 1 − cos(error)."""
    p = uniform_on_sphere(1000, torch.Generator().manual_seed(0))
    optimiser = torch.optim.Adam(head.parameters(), lr=5e-3)
    for _ in range(steps):
        optimiser.zero_grad()
        (1 - (head(p) * p).sum(1)).mean().backward()
        optimiser.step()
    return head
    # --8<-- [end:two_heads]


# --8<-- [start:winding]
def in_chart(
    pole: int, field: Callable[[Tensor], Tensor], u: Float[Tensor, "k 2"]
) -> Float[Tensor, "k 2"]:
    """Return the tangent field at the points with coordinates u, seen in the chart."""
    point = partial(inverse_stereographic, pole=pole)
    J = jacobian(point, u)
    return torch.linalg.lstsq(J, field(point(u))[:, :, None]).solution[:, :, 0]


def winding(vectors: Float[Tensor, "k 2"]) -> int:
    """Return how many full turns the vectors make on a closed way, from row to row."""
    angle = torch.atan2(vectors[:, 1], vectors[:, 0])
    steps = (angle.roll(-1) - angle + math.pi).remainder(2 * math.pi) - math.pi
    return round(steps.sum().item() / (2 * math.pi))
    # --8<-- [end:winding]


# --8<-- [start:fields]
def east(p: Float[Tensor, "k 3"]) -> Float[Tensor, "k 3"]:
    """Return the velocity of the turning globe."""
    return torch.stack([-p[:, 1], p[:, 0], 0 * p[:, 2]], dim=1)


def north(p: Float[Tensor, "k 3"]) -> Float[Tensor, "k 3"]:
    """Return the part of (0, 0, 1) that is tangent to the sphere."""
    up = torch.tensor([0, 0, 1]).to(p)
    return up - p[:, 2:] * p


def dipole(p: Float[Tensor, "k 3"]) -> Float[Tensor, "k 3"]:
    """Return the field that the chart from the north pole sees as constant."""
    x, y, z = p.unbind(dim=1)
    return torch.stack([1 - z - x * x, -x * y, x * (1 - z)], dim=1)
    # --8<-- [end:fields]


# --8<-- [start:solution_projective]
def line_chart(i: int) -> Chart:
    """Return the chart of the lines with x_i ≠ 0: the other entries, over x_i."""
    rest = [j for j in range(3) if j != i]

    def point(u: Float[Tensor, "k 2"]) -> Float[Tensor, "k 9"]:
        x = u.new_ones(len(u), 3)
        x[:, rest] = u
        x = x / x.norm(dim=1, keepdim=True)
        return (x[:, :, None] * x[:, None]).flatten(1)

    return Chart(
        name=f"{'xyz'[i]} = 1",
        domain=lambda P: P[:, 4 * i] > 0,
        image=lambda u: u.isfinite().all(1),
        coordinates=lambda P: P[:, [3 * i + j for j in rest]] / P[:, 4 * i, None],
        point=point,
    )


PROJECTIVE_PLANE = Atlas("lines through 0", tuple(map(line_chart, range(3))))


def line_sample() -> Float[Tensor, "n 9"]:
    """Return the projections ppᵀ, nine entries each, of the points of the sample."""
    p = sphere_sample()
    return (p[:, :, None] * p[:, None]).flatten(1)
    # --8<-- [end:solution_projective]


# --8<-- [start:solution_six]
def hemisphere_chart(axis: int, sign: int) -> Chart:
    """Return the chart of an open hemisphere that forgets one coordinate."""
    rest = [i for i in range(3) if i != axis]

    def point(x: Float[Tensor, "k 2"]) -> Float[Tensor, "k 3"]:
        p = x.new_empty(len(x), 3)
        p[:, rest], p[:, axis] = x, sign * (1 - x.square().sum(1)).sqrt()
        return p

    return Chart(
        name=f"{'xyz'[axis]} {'>' if sign > 0 else '<'} 0",
        domain=lambda p: sign * p[:, axis] > 0,
        image=lambda x: x.norm(dim=1) < 1,
        coordinates=lambda p: p[:, rest],
        point=point,
    )


HEMISPHERES = Atlas(
    "six hemispheres", tuple(hemisphere_chart(i, s) for i in range(3) for s in (1, -1))
)
# --8<-- [end:solution_six]
