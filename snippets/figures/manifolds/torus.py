"""What is drawn and computed for the page *The torus*."""

import math
from itertools import combinations

import matplotlib.pyplot as plt
import torch
from jaxtyping import Bool, Float
from matplotlib.axes import Axes
from matplotlib.colors import LinearSegmentedColormap
from matplotlib.figure import Figure
from torch import Tensor

from book import figure, results
from snippets.figures.manifolds.sphere import camera
from snippets.manifolds.torus import (
    torus,
    tube,
    uniform_in_angles,
    uniform_on_torus,
)

PHI, THETA = "C1", "C0"


def draw_torus(ax: Axes, azimuth: float, elevation: float, R: float = 2.0, r: float = 1.0) -> None:
    """Draw meridians and parallels of the torus; what faces away recedes."""
    t = torch.linspace(0, 2 * math.pi, 241)
    starts = 2 * math.pi * torch.arange(24) / 24
    curves = [torch.stack([t, torch.full_like(t, s)], 1) for s in starts]
    curves += [torch.stack([torch.full_like(t, s), t], 1) for s in starts[::2]]
    for curve in curves:
        facing, x, y = facing_and_screen(curve, azimuth, elevation, R, r)
        faint = plt.rcParams["grid.color"]
        ax.plot(x, torch.where(facing, y, torch.nan), color=faint, lw=0.9, zorder=1)
        ax.plot(x, torch.where(facing, torch.nan, y), color=faint, lw=0.35, alpha=0.5, zorder=0)
    ax.set(aspect="equal")
    ax.set_axis_off()


def facing_and_screen(
    curve: Float[Tensor, "k 2"], azimuth: float, elevation: float, R: float, r: float
) -> tuple[Bool[Tensor, " k"], Float[Tensor, " k"], Float[Tensor, " k"]]:
    """Return whether the outward normal points to the viewer, and the place on the screen."""
    theta, phi = curve.unbind(1)
    normal = torch.stack([theta.cos() * phi.cos(), theta.cos() * phi.sin(), theta.sin()], 1)
    x, y, _ = camera(tube(curve, R, r), azimuth, elevation).T
    return camera(normal, azimuth, elevation)[:, 2] > 0, x, y


@figure(
    alt="Left: a square whose left and right edges carry one arrow and whose lower and upper edges carry another. "
    "Right: the torus that results from gluing them; the glued edges are two circles that meet in one point."
)
def gluing() -> Figure:
    """Draw the square with identified edges and the torus with the two circles that the edges become."""
    fig, (left, right) = plt.subplots(1, 2, figsize=(4.9, 2.4), width_ratios=[1, 1.6])
    full, ink = 2 * math.pi, plt.rcParams["text.color"]
    for k in (0, full):
        left.plot([0, full], [k, k], color=PHI, lw=3)
        left.plot([k, k], [0, full], color=THETA, lw=3)
        left.plot(full / 2, k, ">", color=PHI, ms=9)
        left.plot(k, full / 2, "^", color=THETA, ms=9)
    path = torch.stack([torch.linspace(0.2, 1.8, 200), torch.linspace(0.35, 1.35, 200)], 1) * full
    wrapped = path.remainder(full)
    jump = torch.cat([wrapped.diff(dim=0).abs().amax(1) > 3, torch.tensor([False])])
    left.plot(wrapped[:, 1], torch.where(jump, torch.nan, wrapped[:, 0]), color=ink, lw=1.4)
    left.set(aspect="equal", xlim=(-0.5, full + 0.5), ylim=(-0.5, full + 0.5), xticks=[0, full], yticks=[0, full])
    left.set(xlabel="$\\varphi$", ylabel="$\\theta$", xticklabels=["0", "$2\\pi$"], yticklabels=["0", "$2\\pi$"])
    left.spines[:].set_visible(False)
    draw_torus(right, -60.0, 32.0)
    t = torch.linspace(0, full, 241)
    circles = {PHI: torch.stack([0 * t, t], 1), THETA: torch.stack([t, 0 * t], 1), ink: path}
    for color, curve in circles.items():
        facing, x, y = facing_and_screen(curve, -60.0, 32.0, 2.0, 1.0)
        width = 1.4 if color == ink else 3
        right.plot(x, torch.where(facing, y, torch.nan), color=color, lw=width, zorder=3)
        right.plot(x, torch.where(facing, torch.nan, y), color=color, lw=width, alpha=0.25, zorder=0)
    return fig


@figure(
    alt="Three squares of angles with the lines that the charts miss. One open square misses a horizontal and a "
    "vertical circle. Two miss the two crossings of their lines. Three lines never meet in a point: nothing is missed."
)
def missed() -> Figure:
    """Draw, in the square of angles, what one, two and three open squares miss."""
    fig, axes = plt.subplots(1, 3, figsize=(4.8, 2.2), sharey=True)
    full, ink = 2 * math.pi, plt.rcParams["text.color"]
    notes = ("two circles", "two points", "nothing")
    for k, (ax, note) in enumerate(zip(axes, notes, strict=True), start=1):
        cuts = [full * (i + 0.5) / k for i in range(k)]
        for i, cut in enumerate(cuts):
            ax.axhline(cut, color=f"C{i}", lw=2)
            ax.axvline(cut, color=f"C{i}", lw=2)
        for a, b in combinations(cuts, 2) if k == 2 else ():
            ax.plot([a, b], [b, a], "o", color=ink, ms=8, zorder=5)
        ax.set_title(f"{k} chart{'s' * (k > 1)} miss{'es' * (k == 1)}\n{note}")
        ax.set(aspect="equal", xlim=(0, full), ylim=(0, full))
        ax.set(xticks=[0, full], yticks=[0, full], xticklabels=["0", "$2\\pi$"], yticklabels=["0", "$2\\pi$"])
        ax.set_xlabel("$\\varphi$", labelpad=-8)
        ax.spines[["top", "right"]].set_visible(True)
    axes[0].set_ylabel("$\\theta$", labelpad=-8)
    return fig


@figure(
    alt="The same points of a torus twice, equally wide. Left, with the z axis stretched as in a cubic box, it is a "
    "high barrel; right, with one scale for all axes, a flat ring."
)
def aspect() -> Figure:
    """Draw the torus R = 30, r = 13 as a cubic box shows it and with one scale for all axes."""
    fig, axes = plt.subplots(1, 2, figsize=(5.2, 3.1), sharex=True, sharey=True)
    angles = uniform_on_torus(3000, 30.0, 13.0, torch.Generator().manual_seed(0))
    theta, phi = angles.unbind(1)
    p = torus(angles, 30.0, 13.0)
    colours = LinearSegmentedColormap.from_list("height", ["C0", "C1"], N=9)
    titles = ("in a cubic box", "one scale for all axes")
    for ax, stretch, title in zip(axes, (86 / 26, 1.0), titles, strict=True):
        scale = torch.tensor([1.0, 1.0, stretch])
        normal = torch.stack([theta.cos() * phi.cos(), theta.cos() * phi.sin(), theta.sin()], 1) / scale
        near = camera(normal, -60.0, 25.0)[:, 2] > 0
        x, y, _ = camera(p * scale, -60.0, 25.0)[near].T
        ax.scatter(x, y, c=p[near, 2], s=3, cmap=colours, linewidths=0, rasterized=True)
        ax.set(title=title, aspect="equal")
        ax.set_axis_off()
    return fig


@figure(
    alt="Above: the torus from above with points uniform by area, and with uniform angles, which crowd at the hole. "
    "Below: histograms of the angle around the tube; one follows the area, the other is flat."
)
def samples() -> Figure:
    """Draw even and uneven samples from above, with the distribution of θ."""
    fig, axes = plt.subplots(2, 2, figsize=(4.7, 4.0), height_ratios=[1.7, 1], sharey="row")
    generator = torch.Generator().manual_seed(0)
    sampled = (uniform_on_torus(40_000, 30.0, 13.0, generator), uniform_in_angles(40_000, generator))
    t = torch.linspace(0, 2 * math.pi, 200)
    for i, (angles, (above, below)) in enumerate(zip(sampled, axes.T, strict=True)):
        p = torus(angles[:6000], 30.0, 13.0)
        p = p[p[:, 2] > 0]
        above.scatter(p[:, 0], p[:, 1], s=2.5, color=f"C{i}", linewidths=0, rasterized=True)
        above.set(title=("uniform by area", "uniform in both angles")[i], aspect="equal")
        above.set_axis_off()
        below.hist(angles[:, 0].numpy(), bins=36, range=(0, 2 * math.pi), density=True, color=f"C{i}", alpha=0.6)
        below.plot(t, (1 + 13 / 30 * t.cos()) / (2 * math.pi), color=plt.rcParams["text.color"], lw=1.2)
        below.set(xlabel="$\\theta$, round the tube", xticks=[0, math.pi, 2 * math.pi])
        below.set_xticklabels(["0", "$\\pi$ (hole)", "$2\\pi$"])
    axes[1, 0].set_ylabel("density")
    return fig


@figure(
    alt="Cross-sections of the surface through its axis: two separate circles for R greater than r, two circles that "
    "touch for R equal to r, and two that cross in two points of the axis for R less than r."
)
def crossing() -> Figure:
    """Draw the cross-sections of the ring, horn and spindle."""
    fig, axes = plt.subplots(1, 3, figsize=(4.6, 1.8), sharey=True)
    t = torch.linspace(0, 2 * math.pi, 200)
    titles = ("ring\n$R>r$", "horn\n$R=r$", "spindle\n$R<r$")
    for ax, title, (R, r) in zip(axes, titles, ((2.0, 1.0), (1.5, 1.5), (1.0, 2.0)), strict=True):
        ax.axvline(0, color=plt.rcParams["grid.color"], lw=1.2, ls="--")
        for i, side in enumerate((1, -1)):
            ax.plot(side * (R + r * t.cos()), r * t.sin(), color=f"C{i}")
        if r >= R:
            height = math.sqrt(r * r - R * R)
            ax.plot([0, 0], [height, -height], "o", color=plt.rcParams["text.color"], ms=6, zorder=4)
        ax.set(title=title, aspect="equal", xlim=(-3.2, 3.2))
        ax.set_axis_off()
    return fig


@results(seed=0)
def numbers() -> dict[str, int | float]:
    """Return what the page says about stretching and samples."""
    generator = torch.Generator().manual_seed(0)
    even, uneven = uniform_on_torus(10**6, 30.0, 13.0, generator), uniform_in_angles(10**6, generator)
    return {
        "inner_area": 0.5 - 13 / (30 * math.pi),
        "inner_even": (even[:, 0].cos() < 0).double().mean().item(),
        "inner_uneven": (uneven[:, 0].cos() < 0).double().mean().item(),
        "stretch": (30 + 13) / 13,
    }
