"""The sphere: charts that work, charts that only look as if they did, and points spread evenly."""

# --8<-- [start:setup]
import math
from collections.abc import Callable

import torch
from jaxtyping import Bool, Float, Float32
from torch import Tensor, nn

from snippets.manifolds.atlas import Atlas, Chart
from snippets.manifolds.circle import inverse_stereographic

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


def uniform_in_angles(k: int, generator: torch.Generator) -> Float[Tensor, "k 3"]:
    """Return k points whose two angles are uniform; they crowd at the poles."""
    theta = 2 * math.pi * torch.rand(k, generator=generator)
    phi = math.pi * torch.rand(k, generator=generator)
    return spherical(theta, phi)
# --8<-- [end:uniform]


# --8<-- [start:sphere_sample]
def sphere_sample(k: int = 200) -> Float[Tensor, "n 3"]:
    """Return the six points on the axes and k random ones, always the same."""
    axes = torch.cat([torch.eye(3).flip(0), 0 - torch.eye(3).flip(0)])
    return torch.cat([axes, uniform_on_sphere(k, torch.Generator().manual_seed(0))])
# --8<-- [end:sphere_sample]


# --8<-- [start:post_charts]
def longitude_arctan(p: Float[Tensor, "k 3"]) -> Float[Tensor, " k"]:
    """Return arctan(y/x), as the source writes."""
    return torch.atan(p[:, 1] / p[:, 0])


def longitude(p: Float[Tensor, "k 3"]) -> Float[Tensor, " k"]:
    """Return the longitude in [0, 2π), from both signs: atan2(y, x)."""
    return torch.atan2(p[:, 1], p[:, 0]).remainder(2 * math.pi)


def angle_atlas(name: str, theta: Callable[[Tensor], Tensor]) -> Atlas:
    """Return the source's charts, α = (θ, φ) and β = (θ, π − φ), with its sets V."""

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
    return Atlas(name, (alpha, beta))


AS_WRITTEN = angle_atlas("angles as written", longitude_arctan)
REPAIRED = angle_atlas("angles with atan2", longitude)
# --8<-- [end:post_charts]


# --8<-- [start:lattice_shell]
def lattice_shell(
    n: int = 50, tolerance: float = 1e-2
) -> Float32[Tensor, "k 3"]:
    """Return the points of a cubic lattice whose squared radius is nearly 1."""
    axis = torch.linspace(-1, 1, n, dtype=torch.float32)
    lattice = torch.cartesian_prod(axis, axis, axis)
    return lattice[(lattice.square().sum(1) - 1).abs() < tolerance]
# --8<-- [end:lattice_shell]


# --8<-- [start:round_trip]
Angles = Float[Tensor, " k"]


def round_trip(theta: Angles, phi: Angles) -> tuple[Angles, Angles]:
    """Go from angles to the sphere, on to the plane, and all the way back."""
    p = spherical(theta, phi)
    uv = p[:, :2] / (1 - p[:, 2:])
    q = inverse_stereographic(uv)
    return longitude(q), q[:, 2].acos()


def random_angles(
    seed: int, dtype: torch.dtype, k: int = 1000
) -> Float[Tensor, "2 k"]:
    """Return θ and φ of k points, uniform by area, from one seed."""
    generator = torch.Generator().manual_seed(seed)
    theta, height = (torch.rand(k, generator=generator, dtype=dtype) for _ in range(2))
    return torch.stack([2 * math.pi * theta, (2 * height - 1).acos()])


def survives(
    angles: Float[Tensor, "s 2 k"], trip: Callable = round_trip
) -> Bool[Tensor, "s 2"]:
    """Do all θ, and all φ, of each seed come back, to 1e-6 + 1e-5 of the angle?"""
    theta, phi = angles.unbind(dim=1)
    back = trip(theta.flatten(), phi.flatten())
    back = torch.stack([x.reshape(theta.shape) for x in back], dim=1)
    return torch.isclose(back, angles, rtol=1e-5, atol=1e-6).all(dim=2)
# --8<-- [end:round_trip]


# --8<-- [start:other_order]
def other_order(theta: Angles, phi: Angles) -> tuple[Angles, Angles]:
    """Make the same trip, adding −1 + u² + v² from left to right."""
    p = spherical(theta, phi)
    u, v = (p[:, :2] / (1 - p[:, 2:])).unbind(dim=1)
    z = (-1 + u**2 + v**2) / (1 + u**2 + v**2)
    return torch.atan2(v, u).remainder(2 * math.pi), z.acos()
# --8<-- [end:other_order]


# --8<-- [start:direction_head]
class OntoSphere(nn.Module):
    """Ends a network on the sphere: divides its output by its length."""

    def forward(self, x: Float[Tensor, "k d"]) -> Float[Tensor, "k d"]:
        """Return x / |x|; raises ValueError at 0, which has no direction."""
        length = x.norm(dim=1, keepdim=True)
        if (length == 0).any():
            raise ValueError(
                "the output is 0, which has no direction: check the last layer's bias"
            )
        return x / length
# --8<-- [end:direction_head]


# --8<-- [start:solution_stable]
def stable_round_trip(theta: Angles, phi: Angles) -> tuple[Angles, Angles]:
    """Make the round trip without subtracting numbers that are nearly equal."""
    p = spherical(theta, phi)
    square, z = p[:, :2].square().sum(1, keepdim=True), p[:, 2:]
    gap = torch.where(z > 0, square / (1 + z), 1 - z)
    q = inverse_stereographic(p[:, :2] / gap)
    return longitude(q), torch.atan2(q[:, :2].norm(dim=1), q[:, 2])
# --8<-- [end:solution_stable]


# --8<-- [start:solution_gauss]
def normalised_gaussians(
    k: int, d: int, generator: torch.Generator
) -> Float[Tensor, "k d"]:
    """Return k points of the unit sphere in R^d, uniform by area."""
    x = torch.randn(k, d, generator=generator)
    return x / x.norm(dim=1, keepdim=True)
# --8<-- [end:solution_gauss]


# --8<-- [start:solution_six]
def hemisphere_chart(axis: int, sign: int) -> Chart:
    """Return the chart of an open hemisphere that forgets one coordinate."""
    rest = [i for i in range(3) if i != axis]

    def point(x: Float[Tensor, "k 2"]) -> Float[Tensor, "k 3"]:
        p = torch.empty(len(x), 3)
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
