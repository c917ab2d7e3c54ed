"""What is drawn and computed for the page *The sphere*."""

import math
from collections.abc import Callable

import matplotlib.pyplot as plt
import torch
from jaxtyping import Float
from matplotlib.axes import Axes
from matplotlib.colors import LinearSegmentedColormap
from matplotlib.figure import Figure
from torch import Tensor, nn

from book import figure, results
from snippets.manifolds.atlas import jacobian
from snippets.manifolds.circle import mlp, on_the_circle, stereographic
from snippets.manifolds.sphere import (
    FromAngles,
    OntoSphere,
    dipole,
    east,
    in_chart,
    learn_directions,
    longitude,
    spherical,
    spiral_on_sphere,
    uniform_on_sphere,
    winding,
)


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
    p = uniform_on_sphere(700, torch.Generator().manual_seed(1))
    poles = LinearSegmentedColormap.from_list("poles", ["C0", "C1"], N=9)
    hue = {"c": p[:, 2], "cmap": poles, "s": 5, "rasterized": True}
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
    alt="Each row: a globe with tangent arrows, and the arrows along the equator in the charts from the north and from "
    "the south pole. The field east makes one turn in each chart, the dipole none in the first and two in the second."
)
def fields() -> Figure:
    """Draw the field that points east and the dipole, on the globe and along the equator in both charts."""
    fig, axes = plt.subplots(2, 3, figsize=(5.2, 3.9))
    p, ink, grid = spiral_on_sphere(200), plt.rcParams["text.color"], plt.rcParams["grid.color"]
    head = {"headwidth": 3.6, "headlength": 4, "headaxislength": 3.6, "pivot": "mid"}
    equator = on_the_circle(2 * math.pi * torch.arange(12) / 12)
    for i, (row, field, elevation) in enumerate(zip(axes, (east, dipole), (35.0, 78.0), strict=True)):
        draw_globe(row[0], 20.0, elevation)
        x, y, depth = camera(p, 20.0, elevation).T
        arrows = field(p)
        if field is dipole:
            arrows = arrows / (arrows.norm(dim=1, keepdim=True) + 0.03)
        dx, dy, _ = camera(arrows, 20.0, elevation).T
        near = depth > 0.05
        row[0].quiver(x[near], y[near], dx[near], dy[near], color=f"C{i}", scale=9, width=0.014, **head)
        spot = camera(torch.tensor([0.0, 0.0, 1.0]), 20.0, elevation).tolist()
        row[0].plot(*spot[:2], "o", color=ink, ms=5, zorder=5)
        row[0].set_title(field.__name__)
        for ax, pole in zip(row[1:], (1, -1), strict=True):
            seen = in_chart(pole, field, equator)
            u, v = equator.T
            ax.plot(*on_the_circle(torch.linspace(0, 2 * math.pi, 181)).T, color=grid, lw=1)
            ax.quiver(u, v, *(seen / seen.norm(dim=1, keepdim=True)).T, color=f"C{i}", scale=5.4, width=0.017, **head)
            turns = winding(in_chart(pole, field, on_the_circle(2 * math.pi * torch.arange(200) / 200)))
            ax.text(0, 0, f"{turns} turn{'s' * (turns != 1)}", ha="center", va="center")
            ax.set(aspect="equal", xlim=(-1.45, 1.45), ylim=(-1.45, 1.45))
            ax.set_axis_off()
            if i == 0:
                ax.set_title("chart from N" if pole == 1 else "chart from S")
    return fig


def trained_heads() -> dict[str, nn.Module]:
    """Return the two heads of the page, trained as there."""
    with torch.random.fork_rng():
        torch.manual_seed(0)
        return {
            "two angles": learn_directions(nn.Sequential(mlp(2, inputs=3), FromAngles())),
            "three numbers": learn_directions(nn.Sequential(mlp(3, inputs=3), OntoSphere())),
        }


def errors(head: Callable[[Tensor], Tensor], p: Float[Tensor, "k 3"]) -> Float[Tensor, " k"]:
    """Return the angle between each direction and the head's answer, in degrees."""
    with torch.no_grad():
        q = head(p)
    return 2 * torch.atan2((p - q).norm(dim=1), (p + q).norm(dim=1)).rad2deg()


def answered_by_opposite(head: Callable[[Tensor], Tensor], steps: int = 50) -> Float[Tensor, "1 3"]:
    """Return a direction p with head(p) = −p: Newton's method, damped, from the worst of many directions."""
    many = uniform_on_sphere(5000, torch.Generator().manual_seed(1))
    p = many[errors(head, many).argmax()][None]

    def gap(x: Float[Tensor, "1 3"]) -> Float[Tensor, "1 3"]:
        p = x / x.norm(dim=1, keepdim=True)
        return head(p) + p

    for _ in range(steps):
        J = jacobian(gap, p)[0]
        with torch.no_grad():
            now = gap(p)
            if now.norm() < 1e-12:
                break
            step = torch.linalg.pinv(J, rtol=1e-10) @ now[0]
            for damping in 0.5 ** torch.arange(30):
                if gap(p - damping * step).norm() < now.norm():
                    p = torch.nn.functional.normalize(p - damping * step)
                    break
    return p


@figure(
    alt="The sphere twice, coloured by the error of a trained head. With two angles a band of large errors runs over "
    "the sphere from pole to pole; with three numbers there is none."
)
def two_heads() -> Figure:
    """Draw the errors of both trained heads over the directions, from the side where the first is worst."""
    fig, axes = plt.subplots(1, 2, figsize=(5.2, 2.9))
    p, heads = spiral_on_sphere(6000), trained_heads()
    azimuth = longitude(answered_by_opposite(heads["two angles"])).rad2deg().item()
    ramp = LinearSegmentedColormap.from_list("error", [plt.rcParams["grid.color"], "C1", "C3"])
    for ax, (name, head) in zip(axes, heads.items(), strict=True):
        draw_globe(ax, azimuth, 15.0)
        x, y, depth = camera(p, azimuth, 15.0).T
        near = depth > 0
        hue = {"c": errors(head, p)[near], "cmap": ramp, "vmin": 0, "vmax": 180}
        drawn = ax.scatter(x[near], y[near], s=4, linewidths=0, rasterized=True, **hue)
        ax.set_title(name)
    fig.colorbar(drawn, ax=axes, ticks=[0, 90, 180], label="error in degrees", shrink=0.8)
    return fig


@results(seed=0)
def numbers() -> dict[str, float]:
    """Return what both trained heads get wrong, in degrees: the worst, the median, and the share above 90°."""
    p = uniform_on_sphere(10**5, torch.Generator().manual_seed(5))
    angles, plain = trained_heads().values()
    wrong = errors(angles, p)
    return {
        "opposite": errors(angles, answered_by_opposite(angles)).item(),
        "median": wrong.median().item(),
        "above_90": (wrong > 90).double().mean().item(),
        "above_10": (wrong > 10).double().mean().item(),
        "plain_worst": errors(plain, p).max().item(),
    }
