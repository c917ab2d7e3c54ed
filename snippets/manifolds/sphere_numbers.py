"""The sphere in numbers: even samples, what rounding does at the poles, and the angle between two directions."""

# --8<-- [start:setup]
import math
from collections.abc import Callable

import torch
from jaxtyping import Bool, Float
from torch import Tensor

from snippets.manifolds.circle import inverse_stereographic
from snippets.manifolds.sphere import longitude, spherical
from snippets.shapes import check_batches

# --8<-- [end:setup]


# --8<-- [start:uneven]
def uniform_in_angles(k: int, generator: torch.Generator) -> Float[Tensor, "k 3"]:
    """Return k points whose two angles are uniform; they crowd at the poles."""
    theta = 2 * math.pi * torch.rand(k, generator=generator)
    phi = math.pi * torch.rand(k, generator=generator)
    return spherical(theta, phi)
    # --8<-- [end:uneven]


# --8<-- [start:angle_between]
def angle_between(
    p: Float[Tensor, "*batch d"], q: Float[Tensor, "*batch d"]
) -> Float[Tensor, "*batch"]:
    """Return the angle α of unit vectors: |p ∓ q| is 2 sin α/2 and 2 cos α/2."""
    check_batches("… d, … d", p, q)
    p, q = 1.0 * p, 1.0 * q  # so that whole numbers will do
    return 2 * torch.atan2((p - q).norm(dim=-1), (p + q).norm(dim=-1))
    # --8<-- [end:angle_between]


# --8<-- [start:round_trip]
Angles = Float[Tensor, " k"]


def round_trip(theta: Angles, phi: Angles) -> tuple[Angles, Angles]:
    """Go from angles to the sphere, on to the plane, and all the way back."""
    p = spherical(theta, phi)
    uv = p[:, :2] / (1 - p[:, 2:])
    q = inverse_stereographic(uv)
    return longitude(q), q[:, 2].acos()
    # --8<-- [end:round_trip]


# --8<-- [start:survives]
def random_angles(seed: int, dtype: torch.dtype, k: int = 1000) -> Float[Tensor, "2 k"]:
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
    # --8<-- [end:survives]


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
