"""The sphere: charts that work, charts that only look as if they did, and points spread evenly."""

# --8<-- [start:setup]
import math
from collections.abc import Callable

import torch
from jaxtyping import Bool, Float, Float32
from torch import Tensor, nn

from snippets.manifolds.circle import (
    Atlas,
    Chart,
    inverse_stereographic,
    stereographic,
)

torch.set_default_dtype(torch.float64)  # the book computes in double precision
# --8<-- [end:setup]

import matplotlib.pyplot as plt
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from book import figure, results


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


def camera(p: Float[Tensor, "... 3"], azimuth: float, elevation: float) -> Float[Tensor, "... 3"]:
    """Return screen coordinates and depth towards the viewer of points seen from a direction, in degrees."""
    a, e = math.radians(azimuth), math.radians(elevation)
    towards = torch.tensor([math.cos(e) * math.cos(a), math.cos(e) * math.sin(a), math.sin(e)])
    right = torch.tensor([-math.sin(a), math.cos(a), 0.0])
    return p @ torch.stack([right, torch.linalg.cross(towards, right), towards], dim=1)


def draw_globe(ax: Axes, azimuth: float, elevation: float) -> None:
    """Draw the outline, parallels and meridians of the unit sphere; what lies behind recedes."""
    ink, faint = plt.rcParams["text.color"], plt.rcParams["grid.color"]
    t = torch.linspace(0, 2 * math.pi, 181)
    rings = [spherical(t, torch.full_like(t, math.pi * i / 6)) for i in range(1, 6)]
    rings += [spherical(torch.full_like(t, math.pi * i / 6), t) for i in range(6)]
    for ring in rings:
        x, y, depth = camera(ring, azimuth, elevation).T
        ax.plot(x, torch.where(depth >= 0, y, torch.nan), color=faint, lw=0.9)
        ax.plot(x, torch.where(depth < 0, y, torch.nan), color=faint, lw=0.4, alpha=0.6)
    ax.plot(t.cos(), t.sin(), color=ink, lw=1.2)
    ax.set(aspect="equal")
    ax.set_axis_off()


@figure(
    alt="Above: the sphere twice, dotted evenly and coloured from south to north, once without the north "
    "pole and once without the south pole. Below: the same dots in each chart; the omitted pole is at infinity."
)
def stereographic_charts() -> Figure:
    """Draw the domains and the images of both stereographic charts."""
    fig, axes = plt.subplots(2, 2, figsize=(4.7, 4.9), height_ratios=[1, 1.05])
    p = uniform_on_sphere(1500, torch.Generator().manual_seed(1))
    hue = {"c": p[:, 2], "cmap": "viridis", "s": 5, "rasterized": True}
    paper, ink = plt.rcParams["axes.facecolor"], plt.rcParams["text.color"]
    for pole, (above, below) in zip((1, -1), axes.T, strict=True):
        draw_globe(above, 30.0, 20.0 * pole)
        x, y, depth = camera(p, 30.0, 20.0 * pole).T
        above.scatter(x, y, alpha=torch.where(depth > 0, 1.0, 0.15), linewidths=0, **hue)
        spot = camera(torch.tensor([0.0, 0.0, float(pole)]), 30.0, 20.0 * pole).tolist()
        above.plot(*spot[:2], "o", mfc=paper, mec=ink, ms=9, zorder=5)
        above.set_title(f"without the {'north' if pole > 0 else 'south'} pole")
        u = stereographic(p, pole)
        below.scatter(u[:, 0], u[:, 1], linewidths=0, **hue)
        t = torch.linspace(0, 2 * math.pi, 181)
        below.plot(t.cos(), t.sin(), color=ink, lw=1)
        below.set(xlim=(-3, 3), ylim=(-3, 3), aspect="equal", xlabel="$u$", xticks=[-2, 0, 2], yticks=[-2, 0, 2])
    axes[1, 0].set_ylabel("$v$")
    return fig


@figure(
    alt="Left: a short path on the sphere crosses the meridian at longitude zero; another passes near the "
    "pole. Right: in the rectangle of the two angles both are torn at the left and right edge."
)
def seam() -> Figure:
    """Draw two short paths on the sphere and what the angle chart makes of them."""
    fig, (left, right) = plt.subplots(1, 2, figsize=(4.7, 2.4), width_ratios=[1, 1.2])
    azimuth, elevation = 10.0, 35.0
    draw_globe(left, azimuth, elevation)
    t = torch.linspace(-1, 1, 400)
    across = spherical(0.35 * t, 1.25 + 0.1 * t)
    over = torch.stack([0.12 + 0 * t, 0.35 * t, (1 - 0.12**2 - (0.35 * t) ** 2).sqrt()], dim=1)
    for i, path in enumerate((across, over)):
        x, y, _ = camera(path, azimuth, elevation).T
        left.plot(x, y, color=f"C{i}", lw=3)
        theta, phi = longitude(path), path[:, 2].acos()
        jumps = torch.cat([theta.diff().abs() > 3, torch.tensor([False])])
        right.plot(torch.where(jumps, torch.nan, theta), phi, color=f"C{i}", lw=3)
    meridian = camera(spherical(torch.zeros(91), torch.linspace(0, math.pi, 91)), azimuth, elevation)
    x, y, depth = meridian.T
    left.plot(x, torch.where(depth > 0, y, torch.nan), color="C3", lw=1.2, ls="--")
    right.axvline(0, color="C3", ls="--", lw=1.2)
    right.axvline(2 * math.pi, color="C3", ls="--", lw=1.2)
    right.set(xlim=(-0.2, 2 * math.pi + 0.2), ylim=(math.pi, -0.1), xlabel="$\\theta$", ylabel="$\\varphi$")
    right.set(xticks=[0, math.pi, 2 * math.pi], yticks=[0, math.pi / 2, math.pi])
    right.set_xticklabels(["0", "$\\pi$", "$2\\pi$"])
    right.set_yticklabels(["0", "$\\pi/2$", "$\\pi$"])
    right.yaxis.labelpad = 10
    return fig


@figure(
    alt="The relative error of the angle from the pole after the round trip in single precision, against "
    "the angle, on logarithmic axes. It grows as the inverse square; the repaired trip stays at rounding."
)
def cancellation() -> Figure:
    """Draw the relative error of φ after the float32 round trip, as written and repaired."""
    fig, ax = plt.subplots(figsize=(4.6, 3.0))
    theta, phi = random_angles(2, torch.float32, 1500)
    phi = 10 ** (-4.5 * phi / math.pi).to(torch.float32)
    for i, (trip, name) in enumerate({round_trip: "through $1-z$ and arccos", stable_round_trip: "repaired"}.items()):
        error = ((trip(theta, phi)[1] - phi) / phi).abs().nan_to_num(1.0).clamp(1e-9)
        ax.scatter(phi, error, s=5, color=f"C{1 - i}", label=name, linewidths=0, rasterized=True)
    ax.plot([1e-4, 1], [1e-7 / 1e-8, 1e-7], color=plt.rcParams["text.color"], lw=1, label="$10^{-7}/\\varphi^2$")
    ax.set(xscale="log", yscale="log", xlabel="$\\varphi$, the angle from the pole", ylabel="relative error")
    ax.set(ylim=(5e-10, 300))
    ax.legend(loc="upper right", markerscale=3)
    return fig


@figure(
    alt="The sphere seen from above. Left, points uniform by area cover it evenly. Right, points with two "
    "uniform angles crowd around the pole."
)
def samples() -> Figure:
    """Draw even and uneven samples, seen from a direction near the north pole."""
    fig, axes = plt.subplots(1, 2, figsize=(4.7, 2.6))
    titles = {uniform_on_sphere: "uniform by area", uniform_in_angles: "uniform in both angles"}
    for i, (ax, (sample, title)) in enumerate(zip(axes, titles.items(), strict=True)):
        draw_globe(ax, 20.0, 60.0)
        x, y, depth = camera(sample(3000, torch.Generator().manual_seed(0)), 20.0, 60.0).T
        near = depth > 0
        ax.scatter(x[near], y[near], s=5, color=f"C{i}", linewidths=0, rasterized=True)
        ax.set_title(title)
    return fig


@results(seed=0)
def numbers() -> dict[str, int | float]:
    """Return what the page says about the source's code, and about samples."""
    shell = lattice_shell()
    upper = shell[(shell[:, 2] - 1).abs() > 1e-2]
    generator = torch.Generator().manual_seed(0)
    even, uneven = uniform_on_sphere(10**6, generator), uniform_in_angles(10**6, generator)
    cap = math.cos(math.radians(30))
    seeds = torch.stack([random_angles(seed, torch.float32) for seed in range(20_000)])
    single, other = (torch.cat([survives(s, trip) for s in seeds.split(1000)]) for trip in (round_trip, other_order))
    double = torch.stack([random_angles(seed, torch.float64) for seed in range(1000)])
    generic = double.to(torch.float32)
    theta, phi = double.transpose(0, 1).flatten(1)
    p = spherical(theta, phi)
    q = spherical(longitude_arctan(p), phi)
    back = torch.stack(round_trip(theta, phi))
    return {
        "shell_points": len(shell),
        "shell_nearest": shell.double().norm(dim=1).min().item(),
        "shell_farthest": shell.double().norm(dim=1).max().item(),
        "shell_exact": int((shell.double().square().sum(1) == 1).sum()),
        "upper_points": len(upper),
        "upper_lowest": upper[:, 2].min().item(),
        "upper_below_equator": (upper[:, 2] < 0).double().mean().item(),
        "arctan_recovers": ((p - q).norm(dim=1) < 1e-9).double().mean().item(),
        "arctan_in_place": ((longitude_arctan(p) - theta).abs() < 1e-9).double().mean().item(),
        "seeds": len(single),
        "phi_fails_south": int((seeds[~single[:, 1], 1].amax(1) > math.pi - 0.002).sum()),
        "generic_seeds": len(generic),
        "generic_fails": int((~survives(generic)[:, 1]).sum()),
        "stable_fails": int((~survives(torch.cat([seeds[:1000], generic]), stable_round_trip)).sum()),
        "theta_survives": int(single[:, 0].sum()),
        "phi_survives": int(single[:, 1].sum()),
        "phi_fails": int((~single[:, 1]).sum()),
        "phi_fails_other_order": int((~other[:, 1]).sum()),
        "double_worst": (back - torch.stack([theta, phi])).abs().max().item(),
        "mean_z": even[:, 2].mean().item(),
        "mean_z2": even[:, 2].square().mean().item(),
        "cap_area": 1 - cap,
        "cap_even": (even[:, 2].abs() > cap).double().mean().item(),
        "cap_uneven": (uneven[:, 2].abs() > cap).double().mean().item(),
    }
