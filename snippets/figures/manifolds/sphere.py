"""What is drawn and computed for the page *The sphere*."""

import math

import matplotlib.pyplot as plt
import torch
from jaxtyping import Float
from matplotlib.axes import Axes
from matplotlib.colors import LinearSegmentedColormap
from matplotlib.figure import Figure
from torch import Tensor

from book import figure
from snippets.manifolds.circle import stereographic
from snippets.manifolds.sphere import (
    dipole,
    east,
    longitude,
    spherical,
    uniform_on_sphere,
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
    p = uniform_on_sphere(1500, torch.Generator().manual_seed(1))
    poles = LinearSegmentedColormap.from_list("poles", ["C0", "C1"])
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


def spread(k: int) -> Float[Tensor, "k 3"]:
    """Return k points of the sphere, evenly spread along a spiral."""
    i = torch.arange(k) + 0.5
    return spherical(math.pi * (1 + math.sqrt(5)) * i, (1 - 2 * i / k).acos())


@figure(
    alt="Two globes with tangent arrows. Left, all arrows point east and shrink towards the pole. Right, seen from "
    "above the pole, arrows run along two families of loops through the pole, where they vanish."
)
def fields() -> Figure:
    """Draw the field that points east and the dipole, with their zeros on the near side."""
    fig, axes = plt.subplots(1, 2, figsize=(5.2, 2.9))
    p = spread(360)
    for i, (ax, field, elevation) in enumerate(zip(axes, (east, dipole), (35.0, 78.0), strict=True)):
        draw_globe(ax, 20.0, elevation)
        x, y, depth = camera(p, 20.0, elevation).T
        arrows = field(p)
        if field is dipole:
            arrows = arrows / (arrows.norm(dim=1, keepdim=True) + 0.03)
        dx, dy, _ = camera(arrows, 20.0, elevation).T
        near = depth > 0.05
        head = {"headwidth": 3.6, "headlength": 4, "headaxislength": 3.6}
        ax.quiver(x[near], y[near], dx[near], dy[near], color=f"C{i}", scale=12, width=0.011, pivot="mid", **head)
        spot = camera(torch.tensor([0.0, 0.0, 1.0]), 20.0, elevation).tolist()
        ax.plot(*spot[:2], "o", color=plt.rcParams["text.color"], ms=6, zorder=5)
        ax.set_title(("east: two zeros", "dipole: one zero")[i])
    return fig
