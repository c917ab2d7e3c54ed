"""What is drawn and computed for the page *Determinants*."""

import math
from functools import cache

import matplotlib.pyplot as plt
import torch
from matplotlib.colors import LinearSegmentedColormap
from matplotlib.figure import Figure
from matplotlib.ticker import MultipleLocator

from book import figure, results
from snippets.linear_algebra.determinants import (
    A,
    Flow,
    crescent,
    fit,
    gaussian,
    pushed_density,
    square_grid,
    squash,
    swap,
)

LETTER = torch.tensor(
    [[0.22, 0.1], [0.42, 0.1], [0.42, 0.42], [0.66, 0.42], [0.66, 0.58], [0.42, 0.58], [0.42, 0.74],
     [0.8, 0.74], [0.8, 0.9], [0.22, 0.9]]
).double()  # fmt: skip
SQUARE = torch.tensor([[0.0, 0.0], [1.0, 0.0], [1.0, 1.0], [0.0, 1.0]]).double()


@cache
def trained() -> Flow:
    """Flow that the page trains."""
    return fit(crescent(400))


@figure(
    alt="A unit square with a letter F in it, and its images under three matrices. The first stretches it to "
    "a parallelogram of three times the area, the swap of the axes mirrors the letter, and the singular "
    "matrix flattens everything onto a segment of a line."
)
def areas() -> Figure:
    """A square with a letter in it, and its images under three maps."""
    fig, axes = plt.subplots(2, 2, figsize=(5.2, 5.2))
    panels = [
        ("before: area $1$", torch.eye(2), "C0"),
        ("$A$: area $3$, $\\det=3$", A, "C0"),
        ("swap: area $1$, $\\det=-1$", swap, "C1"),
        ("squash: area $0$, $\\det=0$", squash, "C3"),
    ]
    for ax, (title, M, colour) in zip(axes.flat, panels, strict=True):
        square, letter = (SQUARE @ M.T).numpy(), (LETTER @ M.T).numpy()
        ax.fill(*square.T, facecolor=colour, alpha=0.18, edgecolor="none")
        ax.fill(*square.T, facecolor="none", edgecolor=colour, lw=1.8, joinstyle="round")
        ax.fill(*letter.T, facecolor=colour, edgecolor="none")
        for column, name, style in zip(M.T.numpy(), ("$Me_1$", "$Me_2$"), ("-", (0, (4, 2))), strict=True):
            ax.annotate("", column, (0, 0), arrowprops={
                "arrowstyle": "-|>", "color": plt.rcParams["text.color"], "lw": 1.4, "ls": style,
                "shrinkA": 0, "shrinkB": 0,
            })  # fmt: skip
            aside = (-15, 4) if M is squash else (-10, 7) if column[1] > column[0] else (8, -9)
            ax.annotate(name, column, aside, textcoords="offset points", ha="center", va="center", fontsize=12)
        middle = square.mean(0)
        reach = 3.2 if M is squash else 1.9
        ax.set(xlim=middle[0] + [-reach, reach], ylim=middle[1] + [-reach, reach], title=title)
        ax.set_aspect("equal")
        ax.axis("off")
    return fig


@figure(
    alt="Left: five parallel lines in the plane, all along the direction (-2, 1). Right: each of them has "
    "become one single point, and the five points lie on the line through (1, 2). The line through the "
    "origin has become the origin."
)
def fibres() -> Figure:
    """Five lines that squash sends to five points."""
    fig, (left, right) = plt.subplots(1, 2, figsize=(5.4, 3.1))
    t = torch.linspace(-4, 4, 2)
    for i, c in enumerate([-4.0, -2.0, 0.0, 2.0, 4.0]):
        line = torch.stack([c / 2 - 2 * t, c / 4 + t], dim=1)
        emphasis = {"lw": 4.2} if c == 0 else {"lw": 1.8}
        left.plot(*line.T.numpy(), color=f"C{i}", **emphasis)
        end = squash @ line[0]
        right.plot(*end.numpy(), "o", color=f"C{i}", ms=11 if c == 0 else 8, zorder=3)
    right.axline((0, 0), (1, 2), color=plt.rcParams["grid.color"], lw=1.5)
    label = {"textcoords": "offset points", "bbox": {"fc": plt.rcParams["axes.facecolor"], "ec": "none", "pad": 1}}
    left.annotate("null space", (1.6, -0.8), (-10, -30), ha="right", **label,
                  arrowprops={"arrowstyle": "-", "color": plt.rcParams["text.color"]})  # fmt: skip
    right.annotate("image", (2.8, 5.6), (-12, 0), ha="right", **label)
    left.set(xlim=(-3.2, 3.2), ylim=(-3.2, 3.2), title="five lines …")
    right.set(xlim=(-10, 10), ylim=(-10, 10), title="… become five points")
    for ax in (left, right):
        ax.set_aspect("equal")
        ax.grid(visible=True, alpha=0.6)
        ax.set_axisbelow(True)
        ax.spines[:].set_visible(False)
        ax.tick_params(length=0)
    right.xaxis.set_major_locator(MultipleLocator(5))
    right.yaxis.set_major_locator(MultipleLocator(5))
    return fig


@figure(
    alt="Two heat maps in one colour scale. Left, the round bell of the standard normal distribution. Right, "
    "its image under A: an ellipse tilted by the shear, three times as large and everywhere three times as pale."
)
def spread() -> Figure:
    """A Gaussian cloud before and after A."""
    fig, axes = plt.subplots(1, 2, figsize=(5.4, 2.9))
    points, _ = square_grid(6.0, 160)
    cmap = LinearSegmentedColormap.from_list("ink", [plt.rcParams["axes.facecolor"], "C0"])
    circle = torch.linspace(0, 2 * math.pi, 200)
    for ax, M, title in zip(axes, (torch.eye(2), A), ("$z$: peak", "$Az$: peak"), strict=True):
        density = pushed_density(M, points).reshape(160, 160).T
        ax.imshow(density.numpy(), origin="lower", extent=(-6, 6, -6, 6), vmin=0, vmax=0.16, cmap=cmap,
                  interpolation="bilinear")  # fmt: skip
        for radius in (1.0, 2.0):
            ring = radius * torch.stack([circle.cos(), circle.sin()]).T @ M.T
            ax.plot(*ring.T.numpy(), color="C1", lw=1.4)
        ax.set(title=f"{title} {float(density.max()):.3f}", xlim=(-5.2, 5.2), ylim=(-5.2, 5.2), xticks=[], yticks=[])
        ax.set_aspect("equal")
        ax.spines[:].set_visible(False)
    return fig


@figure(
    alt="Left: a square grid over the round cloud of Gaussian noise. Right: the trained flow has bent the same "
    "grid into a crescent that follows the data points; cells are small where the data are dense."
)
def bent() -> Figure:
    """The noise under a grid, and what the trained flow makes of both."""
    fig, (left, right) = plt.subplots(1, 2, figsize=(5.4, 3.2))
    flow, ticks = trained(), torch.linspace(-2.4, 2.4, 13)
    fine = torch.linspace(-2.4, 2.4, 121)
    noise = torch.randn(300, 2, generator=torch.Generator().manual_seed(1))
    with torch.no_grad():
        for tick in ticks:
            for line in (torch.stack([tick.expand(121), fine], 1), torch.stack([fine, tick.expand(121)], 1)):
                left.plot(*line.T.numpy(), color="C0", lw=0.9)
                right.plot(*flow(line).T.numpy(), color="C0", lw=0.9)
    left.scatter(*noise.T.numpy(), s=5, color="C1", rasterized=True, zorder=3)
    right.scatter(*crescent(300, seed=2).T.numpy(), s=5, color="C1", rasterized=True, zorder=3)
    left.set(xlim=(-3, 3), ylim=(-3, 3), title="noise $z$")
    right.set(xlim=(-3, 3), ylim=(-2.8, 5.2), title="flow: $y=f(z)$")
    for ax in (left, right):
        ax.set(xticks=[], yticks=[])
        ax.spines[:].set_visible(False)
    return fig


@results(seed=0)
def numbers() -> dict[str, float]:
    """Numbers that the page quotes."""
    points, cell = square_grid(12.0, 400)
    density = pushed_density(A, points)
    flow = trained()
    with torch.no_grad():
        learned = flow.log_prob(points).exp()
    return {
        "mass": float(density.sum() * cell),
        "mass_without": float(density.sum() * cell * torch.linalg.det(A).abs()),
        "peak": float(gaussian(torch.zeros(2))),
        "leibniz_terms_20": math.factorial(20),
        "elimination_20": 20**3 // 3,
        "flow_mass": float(learned.sum() * cell),
        "noise_floor": math.log(2 * math.pi),
        "flow_parameters": sum(p.numel() for p in flow.parameters()),
    }
