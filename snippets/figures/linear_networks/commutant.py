"""What is drawn and computed for the page *Commuting maps and waves*."""

import math

import matplotlib.pyplot as plt
import numpy as np
import torch
from jaxtyping import Int
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from torch import Tensor

from book import figure, results
from snippets.linear_networks.commutant import class_table, commutant_dimension
from snippets.linear_networks.invariance import permutation_matrix
from snippets.linear_networks.permutations import Permutation, cycle_decomposition

SIGMA = Permutation.from_cycles("(1 3 4)(2 5)")


def table(ax: Axes, classes: Int[Tensor, "n n"], title: str) -> None:
    """Colour the entries of a matrix by their classes, seven colours in three strengths."""
    for (i, j), k in np.ndenumerate(classes.numpy()):
        ax.add_patch(
            plt.Rectangle(
                (j - 0.5, i - 0.5),
                1,
                1,
                facecolor=f"C{k % 7}",
                alpha=(0.9, 0.5, 0.28)[k // 7 % 3],
                edgecolor=plt.rcParams["axes.facecolor"],
                linewidth=1,
            )
        )
    n = len(classes)
    ax.set(xlim=(-0.5, n - 0.5), ylim=(n - 0.5, -0.5), aspect="equal")
    ax.set_title(title, fontsize=9.5)
    ax.axis("off")


@figure(
    alt="Three tables coloured by equal entries. A two by two table with two colours, one on each diagonal. A six by "
    "six table with six colours along cyclic diagonals. A five by five table in four rectangles: a three by three one "
    "with three colours, two of a single colour each, and a two by two one with two colours."
)
def classes() -> Figure:
    """Entries that must be equal, for three permutations."""
    fig, axes = plt.subplots(1, 3, figsize=(5.4, 2.2))
    order = torch.tensor([point for cycle in cycle_decomposition(SIGMA) for point in cycle]) - 1
    swap, six = Permutation.from_cycles("(1 2)"), Permutation.from_cycles("(1 2 3 4 5 6)")
    table(axes[0], class_table(swap), "(1 2): 2")
    table(axes[1], class_table(six), "(1 2 3 4 5 6): 6")
    table(axes[2], class_table(SIGMA)[order][:, order], "(1 3 4)(2 5): 7")
    return fig


@figure(
    alt="Four waves on 28 points, one below the other: a constant; one that goes up and down once; one that does so "
    "three times; and one that jumps between plus one and minus one at every point."
)
def long_waves() -> Figure:
    """Real parts of waves on a cycle of 28 points."""
    fig, axes = plt.subplots(4, 1, figsize=(5.2, 4.2), sharex=True)
    points, fine = np.arange(28), np.linspace(0, 27, 600)
    for ax, j in zip(axes, (0, 1, 3, 14), strict=True):
        ax.axhline(0, color=plt.rcParams["grid.color"], linewidth=0.8)
        if j < 14:
            ax.plot(fine, np.cos(2 * math.pi * j * fine / 28), color="C0", linewidth=1, alpha=0.5)
        ax.vlines(points, 0, np.cos(2 * math.pi * j * points / 28), color="C0", linewidth=1)
        ax.plot(points, np.cos(2 * math.pi * j * points / 28), "o", color="C0", markersize=4)
        ax.set(ylim=(-1.35, 1.35), yticks=[], xticks=[0, 7, 14, 21, 27])
        ax.tick_params(length=0)
        ax.set_ylabel(f"$j={j}$", rotation=0, ha="right", va="center")
        for side in ("top", "right", "left", "bottom"):
            ax.spines[side].set_visible(False)
    axes[-1].set_xlabel("point of the cycle")
    return fig


@figure(
    alt="Two five by five tables of zeros and ones. On the left the ones are scattered; on the right, with rows and "
    "columns reordered, they form a three by three block and a two by two block along the diagonal."
)
def sorted_by_cycles() -> Figure:
    """The matrix of (1 3 4)(2 5) before and after sorting the points by cycles."""
    fig, axes = plt.subplots(1, 2, figsize=(4.8, 2.5))
    P = permutation_matrix(SIGMA)
    for ax, order, blocks in zip(axes, ([1, 2, 3, 4, 5], [1, 4, 3, 2, 5]), ((), ((0, 3), (3, 2))), strict=True):
        index = torch.tensor(order) - 1
        for (i, j), one in np.ndenumerate(P[index][:, index].numpy()):
            colour = f"C{int(order[i] in (2, 5))}" if one else "none"
            style = {"facecolor": colour, "edgecolor": plt.rcParams["grid.color"], "linewidth": 0.6}
            ax.add_patch(plt.Rectangle((j - 0.5, i - 0.5), 1, 1, **style))
        for start, size in blocks:
            frame = {"fill": False, "edgecolor": plt.rcParams["text.color"], "linewidth": 1.5}
            ax.add_patch(plt.Rectangle((start - 0.5, start - 0.5), size, size, **frame))
        ax.set(xlim=(-0.6, 4.6), ylim=(4.6, -0.6), aspect="equal", xticks=range(5), yticks=range(5))
        ax.set_xticklabels(order)
        ax.set_yticklabels(order)
        ax.xaxis.tick_top()
        ax.tick_params(length=0)
        for side in ax.spines.values():
            side.set_visible(False)
    return fig


@results(seed=0)
def numbers() -> dict[str, int]:
    """Numbers that the page quotes."""
    shift = Permutation.shift(28, 28)
    return {"mnist_entries": shift.size**2, "mnist_commutant": commutant_dimension(shift)}
