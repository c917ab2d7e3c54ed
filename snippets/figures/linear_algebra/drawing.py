"""Arrows and grids for the figures of this part; no page of its own."""

from collections.abc import Callable, Sequence

import matplotlib.pyplot as plt
import numpy as np
from matplotlib import patheffects
from matplotlib.axes import Axes

Number = float | int
Point = Sequence[Number] | np.ndarray


def plane(ax: Axes, x: tuple[Number, Number], y: tuple[Number, Number]) -> None:
    """Turn `ax` into a piece of the plane: equal units, faint coordinate axes, no frame."""
    ax.set(xlim=x, ylim=y, xticks=[], yticks=[], aspect="equal")
    for side in ax.spines.values():
        side.set_visible(False)
    ax.axhline(0, color=plt.rcParams["grid.color"], linewidth=1.2, zorder=1)
    ax.axvline(0, color=plt.rcParams["grid.color"], linewidth=1.2, zorder=1)


def arrow(
    ax: Axes,
    tip: Point,
    tail: Point = (0.0, 0.0),
    *,
    color: str = "C0",
    label: str = "",
    offset: tuple[Number, Number] = (6, 6),
    width: Number = 2.0,
) -> None:
    """Draw an arrow from tail to tip; `label` stands beside the tip, `offset` points away from it."""
    head = "-|>,head_width=.28,head_length=.55"
    shape = {"arrowstyle": head, "shrinkA": 0, "shrinkB": 0, "linewidth": width, "color": color}
    ax.annotate("", xy=tip, xytext=tail, arrowprops=shape, zorder=4)
    note(ax, label, tip, offset, color=color)


def note(
    ax: Axes,
    text: str,
    at: Point,
    offset: tuple[Number, Number] = (0, 0),
    *,
    color: str | None = None,
) -> None:
    """Write `text`, in ink unless a colour is given, centred `offset` points away from a place.

    A rim of paper keeps it readable where it crosses a line.
    """
    rim = [patheffects.withStroke(linewidth=3, foreground=plt.rcParams["axes.facecolor"])]
    place = {"xytext": offset, "textcoords": "offset points", "ha": "center", "va": "center", "fontsize": 12}
    ax.annotate(text, at, color=color or plt.rcParams["text.color"], zorder=5, path_effects=rim, **place)


def grid(
    ax: Axes,
    f: Callable[[np.ndarray], np.ndarray],
    x: tuple[int, int],
    y: tuple[int, int],
    *,
    colors: tuple[str, str] = ("C0", "C1"),
    width: Number = 1.0,
) -> None:
    """Draw what f makes of the integer grid: horizontal lines in the first colour, the others in the second.

    f maps an array of shape (2, points) to one of the same shape.
    """
    along_x, along_y, ones = np.linspace(*x, 121), np.linspace(*y, 121), np.ones(121)
    for level in range(y[0], y[1] + 1):
        ax.plot(*f(np.stack([along_x, level * ones])), color=colors[0], linewidth=width, zorder=2)
    for level in range(x[0], x[1] + 1):
        ax.plot(*f(np.stack([level * ones, along_y])), color=colors[1], linewidth=width, zorder=2)
