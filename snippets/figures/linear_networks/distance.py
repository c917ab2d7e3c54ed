"""What is drawn and computed for the page *Distance*."""

import matplotlib.pyplot as plt
import numpy as np
import torch
from jaxtyping import Float
from matplotlib.figure import Figure
from torch import Tensor

from book import figure, results
from snippets.linear_algebra.svd import truncate
from snippets.linear_networks.distance import average, nearest_invariant
from snippets.linear_networks.invariance import part_of
from snippets.linear_networks.permutations import (
    Partition,
    Permutation,
    partition,
)


def feet(u: np.ndarray, half_axes: np.ndarray) -> np.ndarray:
    """Return the points of an ellipse where the line to u is normal to it."""
    theta = np.linspace(0, 2 * np.pi, 20_001) + 1e-4
    point = half_axes * np.stack([np.cos(theta), np.sin(theta)], axis=1)
    tangent = half_axes * np.stack([-np.sin(theta), np.cos(theta)], axis=1)
    slope = ((point - u) * tangent).sum(axis=1)
    return point[:-1][slope[1:] * slope[:-1] < 0]


@figure(
    alt="An ellipse with a four-cornered curve inside it, its evolute. From a point inside the evolute four "
    "normals lead to the "
    "ellipse, from a point outside only two."
)
def ellipse() -> Figure:
    """Real critical points of the distance to an ellipse."""
    fig, axes = plt.subplots(1, 2, figsize=(5.6, 2.5))
    axes_of, theta = np.array([2.0, 1.2]), np.linspace(0, 2 * np.pi, 400)
    a, b = axes_of
    for ax, u, title in zip(axes, ((0.35, 0.25), (1.0, 0.55)), ("inside: four normals", "outside: two"), strict=True):
        ax.plot(a * np.cos(theta), b * np.sin(theta), color="C0", linewidth=2.2)
        ax.plot(
            (a * a - b * b) / a * np.cos(theta) ** 3,
            (b * b - a * a) / b * np.sin(theta) ** 3,
            color=plt.rcParams["grid.color"],
            linewidth=1.4,
        )
        found = feet(np.array(u), axes_of)
        for point in found:
            ax.plot(*zip(u, point, strict=True), color="C1", linewidth=1.2)
        ax.plot(*found.T, "o", color="C1", markersize=6)
        ax.plot(*u, "*", color="C2", markersize=12)
        ax.annotate("$u$", u, xytext=(-9, 1), textcoords="offset points", ha="center", color="C2")
        ax.set(aspect="equal", title=title)
        ax.axis("off")
    return fig


@figure(
    alt="A double cone in space, a star beside it, and two lines from the star that meet the cone at right angles, one "
    "on the upper half and one on the lower."
)
def cone() -> Figure:
    """The symmetric 2×2 matrices of rank one, and the two normals through a point."""
    fig = plt.figure(figsize=(4.4, 4.2))
    ax = fig.add_subplot(projection="3d")
    angle, height = np.meshgrid(np.linspace(0, 2 * np.pi, 60), np.linspace(-1.6, 1.6, 17))
    ax.plot_surface(
        height * np.cos(angle), height * np.sin(angle), height, color="C0", alpha=0.22, linewidth=0, rasterized=True
    )
    for turn in np.linspace(0, 2 * np.pi, 16, endpoint=False):
        ax.plot(
            [-1.6 * np.cos(turn), 1.6 * np.cos(turn)],
            [-1.6 * np.sin(turn), 1.6 * np.sin(turn)],
            [-1.6, 1.6],
            color="C0",
            linewidth=0.5,
            alpha=0.6,
        )
    radius, level, turn = 1.5, 0.55, -0.9  # the target; in the half-plane through the axis the cone is two lines
    across = np.array([np.cos(turn), np.sin(turn), 0.0])
    star = radius * across + np.array([0, 0, level])
    for sign, name, left in ((1, r"keeps $\lambda_1$", 0.5), (-1, r"keeps $\lambda_2$", 0.42)):
        along = (across + np.array([0, 0, sign])) / np.sqrt(2)
        foot = (star @ along) * along
        ax.plot(*np.stack([star, foot]).T, color="C1", linewidth=1.8)
        ax.plot(*foot, "o", color="C1", markersize=6)
        ax.text(*(foot - np.array([0, left, 0])), name, color="C1", ha="right", va="center")
    ax.plot(*star, "*", color="C2", markersize=14)
    ax.text(*(star - np.array([0, 0.16, 0])), "target", color="C2", ha="right", va="center")
    ax.view_init(14, -20)
    ax.set_box_aspect((1, 1, 1), zoom=1.25)
    ax.set_axis_off()
    return fig


@figure(
    alt="A shaded plane in space, the invariant matrices, with two crossing lines in it, those of rank at most one. "
    "From a point U above the plane a line meets the plane at a right angle in the average of U, and from there a "
    "line in the plane leads to the point M on one of the crossing lines."
)
def two_steps() -> Figure:
    """Average, then truncate: two right angles."""
    azimuth, elevation = np.radians(-50), np.radians(24)  # seen from afar, in this direction
    across = np.array([-np.sin(azimuth), np.cos(azimuth), 0])
    up = np.array([-np.cos(azimuth) * np.sin(elevation), -np.sin(azimuth) * np.sin(elevation), np.cos(elevation)])

    def seen(*points: tuple[float, ...] | np.ndarray) -> np.ndarray:
        return (np.array(points, dtype=float) @ np.stack([across, up], axis=1)).T

    fig, ax = plt.subplots(figsize=(4.8, 2.9))
    left, right, front, back = -1.3, 2.3, -1.8, 3.2
    ax.fill(*seen((left, front, 0), (right, front, 0), (right, back, 0), (left, back, 0)), color="C0", alpha=0.2, lw=0)
    ax.plot(*seen((0, front, 0), (0, back, 0)), color="C1", linewidth=2.2)
    ax.plot(*seen((left, 0, 0), (right, 0, 0)), color="C1", linewidth=2.2)
    matrix = torch.tensor([[1.5, 0.0, 0.0], [0.0, 0.4, 2.4]])
    mean = average(matrix, ((1,), (2, 3)))[:, [0, 1, 1]]
    x, y, z = torch.stack([matrix, mean, truncate(mean, 1)])[:, [0, 1, 1], [0, 1, 2]].T.numpy()
    U, U_bar, M = np.stack([x, (y + z) / 2**0.5, (z - y) / 2**0.5], axis=1)  # turned, so that the plane y = z lies flat
    for corner, one, two in ((U_bar, U - U_bar, M - U_bar), (M, U_bar - M, np.array([0, 1, 0]))):
        one, two = (0.28 * arm / np.linalg.norm(arm) for arm in (one, two))
        ax.plot(*seen(corner + one, corner + one + two, corner + two), color="C2", linewidth=1.2)
    ax.plot(*seen(U, U_bar, M), "o-", color="C2", linewidth=2, markersize=6)
    for point, name, off, color in (
        (U, "$U$", (0, 11), "C2"),
        (U_bar, r"$\bar{U}$", (11, -6), "C2"),
        (M, "$M$", (-8, 12), "C2"),
        ((U + U_bar) / 2, "average", (29, 0), "C2"),
        ((U_bar + M) / 2, "truncate", (-20, -11), "C2"),
        ((left, 0, 0), "rank one", (-6, 12), "C1"),
        ((1.6, -1, 0), "invariant", (0, 0), "C0"),
    ):
        ax.annotate(
            name, seen(point)[:, 0], xytext=off, textcoords="offset points", color=color, ha="center", va="center"
        )
    ax.set_aspect("equal")
    ax.axis("off")
    return fig


def two_distances(M: Float[Tensor, "m n"], parts: Partition) -> tuple[float, float]:
    """Return the distances of M to its unweighted and to its weighted invariant truncation of rank one."""
    plain = truncate(average(M, parts), 1)[:, part_of(parts)]
    return (M - plain).norm().item(), (M - nearest_invariant(M, parts, 1)).norm().item()


@results(seed=0)
def numbers() -> dict[str, float | int]:
    """Numbers that the page quotes."""
    parts = partition(Permutation.from_cycles("(1 2 3 4 5 6 7)(8 9)(10)"))
    pairs = [two_distances(torch.randn(4, 10, generator=torch.Generator().manual_seed(k)), parts) for k in range(30)]
    return {"gain": max(plain / weighted - 1 for plain, weighted in pairs), "wins": sum(w < p for p, w in pairs)}
