"""What is drawn and computed for the page *Solving*."""

import matplotlib.pyplot as plt
import numpy as np
import torch
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import MultipleLocator
from torch import nn

from book import figure, results
from snippets.figures.linear_algebra.drawing import Number, Point, note, plane
from snippets.linear_algebra.solving import fit_head, least_squares

SQUASH = torch.tensor([[1.0, 2.0], [2.0, 4.0]]).double()
HEIGHTS = torch.tensor([0.0, 3.0, 3.0]).double()


def line(ax: Axes, row: Point, value: Number, color: str, width: Number = 2.0) -> None:
    """Draw the line of all (x, y) with row · (x, y) = value."""
    a, b = row
    foot = value * np.array(row) / (a * a + b * b)
    ends = foot + np.outer([-9, 9], [-b, a])
    ax.plot(*ends.T, color=color, linewidth=width, zorder=3)


@figure(
    alt="Three panels with two lines that cross at (2, 1). In the first both are slanted, in the second one of "
    "them has become horizontal, in the third the other one has become vertical. The crossing stays in its place."
)
def swinging_lines() -> Figure:
    """Two equations before elimination, after one step, and after two."""
    fig, axes = plt.subplots(1, 3, figsize=(5.5, 2.3))
    stages = [
        ("start", ((1, 1), 3, "$x+y=3$", (0.5, 2.5), (32, 5)), ((-1, 2), 0, "$-x+2y=0$", (0.4, 0.2), (16, -17))),
        ("add the first", ((1, 1), 3, "$x+y=3$", (0.5, 2.5), (32, 5)), ((0, 3), 3, "$3y=3$", (0.7, 1.0), (0, -11))),
        ("subtract a third", ((1, 0), 2, "$x=2$", (2.0, 2.3), (19, 0)), ((0, 3), 3, "$3y=3$", (0.7, 1.0), (0, -11))),
    ]
    for ax, (title, first, second) in zip(axes, stages, strict=True):
        plane(ax, (-0.6, 3.6), (-0.9, 3.1))
        for (row, value, text, at, offset), color in zip((first, second), ("C0", "C1"), strict=True):
            line(ax, row, value, color)
            note(ax, text, at, offset, color=color)
        ax.plot(2, 1, "o", color=plt.rcParams["text.color"], markersize=6, zorder=6)
        ax.set_title(title)
    return fig


@figure(
    alt="Three panels with two lines each. They cross in one point; they are parallel and never meet; they are "
    "one and the same line, drawn thick."
)
def three_cases() -> Figure:
    """One solution, none, and a line of them."""
    fig, axes = plt.subplots(1, 3, figsize=(5.5, 2.1))
    ink = plt.rcParams["text.color"]
    for ax, title in zip(axes, ("one solution", "none", "a line of them"), strict=True):
        plane(ax, (-2.1, 2.1), (-1.7, 1.7))
        line(ax, (1, 2), 1, "C0", 6 if title.startswith("a") else 2)
        ax.set_title(title)
    line(axes[0], (-1, 1), 1, "C1")
    axes[0].plot(-1 / 3, 2 / 3, "o", color=ink, markersize=6, zorder=6)
    line(axes[1], (1, 2), -2, "C1")
    line(axes[2], (1, 2), 1, "C1", 2)
    return fig


@figure(
    alt="Left: five parallel lines in the plane, all along the direction (-2, 1). Right: each of them has "
    "become one single point, and the five points lie on the line through (1, 2). The line through the "
    "origin has become the origin."
)
def fibres() -> Figure:
    """Five lines that a singular matrix sends to five points."""
    fig, (left, right) = plt.subplots(1, 2, figsize=(5.4, 3.1))
    t = torch.linspace(-4, 4, 2)
    for i, c in enumerate([-4.0, -2.0, 0.0, 2.0, 4.0]):
        points = torch.stack([c / 2 - 2 * t, c / 4 + t], dim=1).double()
        left.plot(*points.T.numpy(), color=f"C{i}", lw=4.2 if c == 0 else 1.8)
        right.plot(*(SQUASH @ points[0]).numpy(), "o", color=f"C{i}", ms=11 if c == 0 else 8, zorder=3)
    right.axline((0, 0), (1, 2), color=plt.rcParams["grid.color"], lw=1.5)
    label = {"textcoords": "offset points", "bbox": {"fc": plt.rcParams["axes.facecolor"], "ec": "none", "pad": 1}}
    pointer = {"arrowstyle": "-", "color": plt.rcParams["text.color"]}
    left.annotate("null space", (1.6, -0.8), (-10, -30), ha="right", arrowprops=pointer, **label)
    right.annotate("image", (2.8, 5.6), (-12, 0), ha="right", **label)
    left.set(xlim=(-3.2, 3.2), ylim=(-3.2, 3.2), title="five lines …")
    right.set(xlim=(-10, 10), ylim=(-10, 10), title="… become five points")
    for ax in (left, right):
        ax.set_aspect("equal")
        ax.grid(visible=True, alpha=0.6)
        ax.set_axisbelow(True)
        ax.spines[:].set_visible(False)
        ax.tick_params(length=0)
    for axis in (right.xaxis, right.yaxis):
        axis.set_major_locator(MultipleLocator(5))
    return fig


@figure(
    alt="Left: three points at x = 0, 1, 2 and the line that misses them by the least squares, with the three "
    "misses as short vertical strokes. Right: a vector b above a plane, its shadow Ax in the plane, and the "
    "difference b - Ax at a right angle to the plane."
)
def best_fit() -> Figure:
    """Least squares as a line through points, and as a shadow on the plane of the columns."""
    fig = plt.figure(figsize=(5.5, 2.7))
    left, right = fig.add_subplot(1, 2, 1), fig.add_subplot(1, 2, 2)
    ink, faint = plt.rcParams["text.color"], plt.rcParams["grid.color"]
    ticks = torch.arange(3).double()
    start, slope = least_squares(torch.stack([torch.ones_like(ticks), ticks], dim=1), HEIGHTS).tolist()
    ends = np.array([-0.35, 2.35])
    left.plot(ends, start + slope * ends, color="C0", linewidth=2)
    for x, y in zip(ticks.tolist(), HEIGHTS.tolist(), strict=True):
        left.plot([x, x], [y, start + slope * x], color="C3", linewidth=2, zorder=2)
        left.plot(x, y, "o", color="C1", markersize=7, zorder=3)
    left.set(xlim=(-0.5, 2.5), ylim=(-0.6, 4.4), xticks=[0, 1, 2], yticks=[0, 1, 2, 3], title="a line through points")
    sheet = np.array([[0, 0], [3.2, 0.5], [4.4, 1.9], [1.2, 1.4]])
    right.fill(*sheet.T, color="C0", alpha=0.18, linewidth=0)
    origin, shadow, tip = np.array([1.0, 0.55]), np.array([3.05, 1.25]), np.array([3.05, 3.05])
    for end, start_at, color in [(shadow, origin, "C0"), (tip, origin, "C1"), (tip, shadow, "C3")]:
        head = {"arrowstyle": "-|>", "color": color, "lw": 2, "shrinkA": 0, "shrinkB": 0}
        right.annotate("", end, start_at, arrowprops=head)
    corner = shadow + np.array([[-0.2, -0.07], [-0.2, 0.15], [0, 0.22]])
    right.plot(*corner.T, color=ink, linewidth=0.9)
    note(right, "$b$", tip, (-12, 2), color="C1")
    note(right, "$A\\hat x$", shadow, (4, -13), color="C0")
    note(right, "$b-A\\hat x$", (shadow + tip) / 2, (26, 0), color="C3")
    note(right, "all $Ax$", (1.6, 0.25), (12, -14), color="C0")
    right.set(xlim=(-0.2, 4.7), ylim=(-0.7, 3.5), xticks=[], yticks=[], aspect="equal", title="a shadow on a plane")
    right.spines[:].set_visible(False)
    left.grid(visible=True, color=faint, alpha=0.6)
    return fig


@results(seed=0)
def numbers() -> dict[str, float]:
    """Numbers that the page quotes."""
    torch.manual_seed(0)
    body = nn.Sequential(nn.Linear(1, 50), nn.ReLU()).double()
    x = torch.linspace(-2, 2, 200).double()[:, None]
    with torch.no_grad():
        features = body(x)
        fitted = fit_head(features, torch.sin(3 * x))(features)
    return {"miss": float((fitted - torch.sin(3 * x)).square().mean().sqrt())}
