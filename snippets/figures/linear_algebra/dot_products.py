"""What is drawn and computed for the page *Dot products*."""

import matplotlib.pyplot as plt
import numpy as np
import scipy.stats
import torch
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from torch import nn

from book import figure, results
from snippets.figures.linear_algebra.drawing import arrow, note, plane
from snippets.linear_algebra.dot_products import (
    angle,
    largest_weight,
    length,
    project,
    random_cosines,
)
from snippets.linear_algebra.linear_maps import A


@results(seed=0)
def numbers() -> dict[str, float]:
    """Numbers that the page quotes."""
    v, w, e = torch.tensor([1.0, 2.0]), torch.tensor([3.0, -1.0]), torch.tensor([1.0, 0.0])
    generator = torch.Generator().manual_seed(0)
    directions = nn.functional.normalize(torch.randn(2000, 1000, generator=generator), dim=1)
    products = (directions @ directions.T).fill_diagonal_(0)
    return {
        "shadow": project(w, v).norm().item(),
        "length_v": length(v).item(),
        "just_below": angle(e, torch.tensor([1.0, 100.0])).item(),
        "just_above": angle(e, torch.tensor([-1.0, 100.0])).item(),
        "within_five": within(0.05, 1000),
        "within_five_flat": within(0.05, 2),
        "largest_of_2000": products.abs().max().item(),
        "scaled": largest_weight(1024, scaled=True),
        "unscaled": largest_weight(1024, scaled=False),
    }


def within(bound: float, n: int) -> float:
    """Return the share of random pairs in Rⁿ with a cosine from −bound to bound: its square has a Beta law."""
    return float(scipy.stats.beta(0.5, (n - 1) / 2).cdf(bound**2))


def _shadow(ax: Axes, v: np.ndarray, w: np.ndarray, w_offset: tuple[int, int]) -> None:
    """Draw v, w with its numbers and the shadow of w on the line through v."""
    ink = plt.rcParams["text.color"]
    shadow = v @ w / (v @ v) * v
    line = np.outer([-4, 4], v)
    ax.plot(*line.T, color=plt.rcParams["grid.color"], linewidth=1, zorder=1)
    ax.plot(*np.stack([w, shadow]).T, color=ink, linewidth=1, linestyle=(0, (3, 3)), zorder=2)
    arrow(ax, v, color="C0", label="$v=(1,2)$", offset=(-27, 4), width=2)
    arrow(ax, w, color="C1", label=f"$w=({w[0]:g},{w[1]:g})$".replace(",-", ",{-}"), offset=w_offset, width=2)
    ax.plot(*np.stack([np.zeros(2), shadow]).T, color="C2", linewidth=5, solid_capstyle="butt", zorder=5)
    along, across = -shadow / np.linalg.norm(shadow), (w - shadow) / np.linalg.norm(w - shadow)
    corner = shadow + 0.16 * np.stack([along, along + across, across])
    ax.plot(*corner.T, color=ink, linewidth=0.9, zorder=2)


@figure(
    alt="Two panels with v = (1, 2). For w = (2.5, 0.5) the shadow of w on the line through v "
    "points along v; for w = (-2.5, -0.5) it points the other way."
)
def shadows() -> Figure:
    """The shadow of w on either side of the origin."""
    fig, axes = plt.subplots(1, 2, figsize=(5.4, 2.9))
    v, w = np.array([1.0, 2.0]), np.array([2.5, 0.5])
    for ax, sign, offset in zip(axes, (1, -1), ((-18, -20), (18, 20)), strict=True):
        plane(ax, (-3.1, 3.1), (-1.9, 2.8))
        _shadow(ax, v, sign * w, offset)
        ax.set_title(rf"$v\cdot w = {v @ (sign * w):+.1f}$", fontsize=13)
        note(ax, "shadow", sign * np.array([0.33, 0.66]), (-26, 12) if sign > 0 else (26, -12), color="C2")
    return fig


@figure(
    alt="The plane with the vector v = (1, 2) and the parallel lines on which the dot product with v is -4, "
    "-2, 0, 2 and 4. The line of value zero passes through the origin, perpendicular to v; a short and a long "
    "vector end on the same line of value two."
)
def level_lines() -> Figure:
    """Lines of constant dot product with v."""
    fig, ax = plt.subplots(figsize=(4.6, 3.5))
    plane(ax, (-4.4, 4.4), (-3.1, 3.6))
    for value in (-4, -2, 0, 2, 4):
        color = "C0" if value > 0 else "C3" if value < 0 else plt.rcParams["text.color"]
        x = np.array([-7.0, 7.0])
        ax.plot(x, (value - x) / 2, color=color, linewidth=2 if value == 0 else 1.2, zorder=2)
        note(ax, f"${value:+d}$" if value else "$0$", (-2.4, (value + 2.4) / 2), (6, 7), color=color)
    arrow(ax, (1, 2), color="C0", label="$v$", offset=(8, 6), width=2.4)
    arrow(ax, (0.4, 0.8), color="C1", label="$w$", offset=(5, -17))
    arrow(ax, (4, -1), color="C1", label="$w'$", offset=(-30, -12))
    return fig


@figure(
    alt="Histograms of the cosine between two random directions in 2, 10, 100 and 1000 dimensions: from "
    "piled up at minus one and one, to an ever narrower peak at zero."
)
def crowding() -> Figure:
    """Cosines of random pairs in 2, 10, 100 and 1000 dimensions."""
    fig, axes = plt.subplots(4, 1, figsize=(5.0, 3.6), sharex=True)
    for ax, n, color in zip(axes, (2, 10, 100, 1000), ("C0", "C1", "C2", "C3"), strict=True):
        ax.hist(random_cosines(n, 5_000).numpy(), bins=np.linspace(-1, 1, 81), color=color)
        ax.set(yticks=[], xlim=(-1, 1), ylabel=f"{n}")
        ax.yaxis.label.set(rotation=0, ha="right", va="center")
        ax.spines["left"].set_visible(False)
    axes[0].set_title("dimensions", loc="left", x=-0.12, fontsize=9.5)
    axes[-1].set_xlabel("cosine of the angle")
    return fig


@figure(
    alt="Two pictures of the product of A with x = (2, 1). By rows: two lines, perpendicular to the rows "
    "of A, cross at x. By columns: twice the column (1, -1) and once (1, 2), head to tail, end at (3, 0)."
)
def rows_and_columns() -> Figure:
    """One product, read by rows and by columns."""
    fig, axes = plt.subplots(1, 2, figsize=(5.3, 2.9))
    ink = plt.rcParams["text.color"]
    for ax in axes:
        plane(ax, (-1.6, 3.6), (-2.4, 2.6))
    t, x = np.array([-5.0, 5.0]), np.array([2.0, 1.0])
    (a, b), image = A.numpy(), A.numpy() @ x
    for row, value, color in [(a, image[0], "C0"), (b, image[1], "C1")]:
        axes[0].plot(t, (value - row[0] * t) / row[1], color=color, linewidth=1.6, zorder=2)
    arrow(axes[0], a, color="C0", width=1.4, label="$r_1$", offset=(-9, 3))
    arrow(axes[0], b, color="C1", width=1.4, label="$r_2$", offset=(-9, -6))
    note(axes[0], f"$r_1\\cdot x = {image[0]:.0f}$", (1.75, -0.5), color="C0")
    note(axes[0], f"$r_2\\cdot x = {image[1]:.0f}$", (-0.8, -0.9), color="C1")
    first, second = A.numpy().T
    arrow(axes[1], first, color="C2", width=2.4)
    arrow(axes[1], 2 * first, first, color="C2", width=1.4)
    arrow(axes[1], 2 * first + second, 2 * first, color="C3", width=2.4)
    note(axes[1], "$2c_1$", first, (-12, -9), color="C2")
    note(axes[1], "$1c_2$", 2 * first + second / 2, (14, -2), color="C3")
    for ax, place, name, offset in [(axes[0], x, "$x$", (3, 12)), (axes[1], image, "$Ax$", (2, 12))]:
        ax.plot(*place, "o", color=ink, markersize=6, zorder=6)
        note(ax, name, place, offset)
    axes[0].set_title("by rows")
    axes[1].set_title("by columns")
    return fig
