"""What is drawn and computed for the page *Determinants*."""

import math

import matplotlib.pyplot as plt
import numpy as np
import torch
from matplotlib.colors import LinearSegmentedColormap
from matplotlib.figure import Figure

from book import figure, results
from snippets.figures.linear_algebra.drawing import arrow, note, plane
from snippets.linear_algebra.determinants import A, pushed_density, square_grid, squash, swap

LETTER = torch.tensor(
    [[0.22, 0.1], [0.42, 0.1], [0.42, 0.42], [0.66, 0.42], [0.66, 0.58], [0.42, 0.58], [0.42, 0.74],
     [0.8, 0.74], [0.8, 0.9], [0.22, 0.9]]
).double()  # fmt: skip
SQUARE = torch.tensor([[0.0, 0.0], [1.0, 0.0], [1.0, 1.0], [0.0, 1.0]]).double()


@figure(
    alt="A unit square with a letter F in it, and its images under three matrices. The first stretches it to "
    "a parallelogram of three times the area, the swap of the axes mirrors the letter, and the singular "
    "matrix flattens everything onto a segment of a line."
)
def areas() -> Figure:
    """A square with a letter in it, and its images under three maps."""
    fig, axes = plt.subplots(2, 2, figsize=(5.2, 5.2))
    panels = [
        ("before: area $1$", torch.eye(2).double(), "C0"),
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
    alt="Left: two parallelograms on one base u, a leaning one and an upright one, of the same height: sliding the "
    "upper side along keeps the area. Right: a parallelogram with the sides v and u stacked on one with w and u, "
    "and the one with v + w and u dashed around both: the triangle that it cuts off below it adds above."
)
def rules() -> Figure:
    """Two rules for areas: a slide keeps them, and on a common side they add."""
    fig, (slide, add) = plt.subplots(1, 2, figsize=(5.4, 2.9))
    ink = plt.rcParams["text.color"]
    u = np.array([2.0, 0.0])
    plane(slide, (-0.4, 4.5), (-0.6, 3.4))
    for v, color in [(np.array([0.4, 1.6]), "C0"), (np.array([2.2, 1.6]), "C1")]:
        slide.fill(*np.array([[0, 0], u, u + v, v]).T, color=color, alpha=0.3, linewidth=0)
        arrow(slide, v, color=color)
    slide.axhline(1.6, color=ink, linewidth=0.9, linestyle=(0, (3, 3)))
    arrow(slide, u, color=ink)
    note(slide, "$u$", u / 2, (0, -11))
    note(slide, "$v$", (0.4, 1.6), (-2, 11), color="C0")
    note(slide, "$v+tu$", (2.2, 1.6), (2, 11), color="C1")
    slide.set_title("slide: same area")
    plane(add, (-0.4, 4.5), (-0.6, 3.4))
    w, v = np.array([1.0, 1.3]), np.array([0.3, 1.3])
    add.fill(*np.array([[0, 0], u, u + w, w]).T, color="C0", alpha=0.3, linewidth=0)
    add.fill(*np.array([w, u + w, u + w + v, w + v]).T, color="C1", alpha=0.3, linewidth=0)
    outline = np.array([[0, 0], u, u + w + v, w + v, [0, 0]])
    add.plot(*outline.T, color=ink, linewidth=1.2, linestyle=(0, (4, 2)), zorder=3)
    arrow(add, w, color="C0")
    arrow(add, w + v, w, color="C1")
    arrow(add, u, color=ink)
    note(add, "$u$", u / 2, (0, -11))
    note(add, "$v$", w / 2, (-10, 4), color="C0")
    note(add, "$w$", w + v / 2, (-11, 4), color="C1")
    note(add, "$v+w$", w + v, (-4, 11))
    add.set_title("stack: areas add")
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
    circle = torch.linspace(0, 2 * math.pi, 200).double()
    for ax, M, title in zip(axes, (torch.eye(2).double(), A), ("$z$: peak", "$Az$: peak"), strict=True):
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


@results(seed=0)
def numbers() -> dict[str, float | int]:
    """Numbers that the page quotes."""
    return {
        "leibniz_terms_20": math.factorial(20),
        "elimination_20": sum(k * (k + 1) for k in range(20)) + 19,  # the last 19 multiply the pivots
        "peak": float(pushed_density(torch.eye(2).double(), torch.zeros(2).double())),
    }
