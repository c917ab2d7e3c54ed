"""What is drawn for the page *Irreducible parts*."""

import math

import matplotlib.pyplot as plt
import torch
from jaxtyping import Float
from matplotlib.figure import Figure
from torch import Tensor

from book import figure
from snippets.figures.linear_networks.real_blocks import picture
from snippets.linear_networks.groups import mirror
from snippets.linear_networks.invariance import permutation_matrix
from snippets.linear_networks.permutations import Permutation, common_coarsening
from snippets.linear_networks.schur import kinds


@figure(
    alt="A plane with a triangle whose corners are numbered one to three, its three mirror axes, and a vector with its "
    "five images under turns by 120 degrees and mirror images: they point in six different directions."
)
def triangle_plane() -> Figure:
    """The plane that the permutations of three points do not split."""
    fig, ax = plt.subplots(figsize=(4.2, 3.9))
    corners = [(math.cos(a), math.sin(a)) for a in (math.pi / 2 + 2 * math.pi * k / 3 for k in range(3))]
    ink, pale = plt.rcParams["text.color"], plt.rcParams["grid.color"]
    ax.add_patch(plt.Polygon(corners, fill=False, edgecolor=ink, linewidth=1.2))
    for k, (x, y) in enumerate(corners, start=1):
        ax.plot([-1.25 * x, 1.25 * x], [-1.25 * y, 1.25 * y], color=pale, linewidth=1, linestyle=(0, (4, 3)), zorder=0)
        ax.text(1.36 * x, 1.36 * y, f"{k}", ha="center", va="center")
    for k in range(3):
        for sign, colour in ((1, "C0"), (-1, "C1")):
            angle = math.pi / 2 + sign * 0.42 + 2 * math.pi * k / 3
            tip = (0.78 * math.cos(angle), 0.78 * math.sin(angle))
            style = {"arrowstyle": "-|>", "color": colour, "linewidth": 1.8, "shrinkA": 0, "shrinkB": 0}
            ax.annotate("", xy=tip, xytext=(0, 0), arrowprops=style)
    ax.text(-1.45, -1.15, "a vector and its turns", color="C0")
    ax.text(-1.45, -1.38, "its mirror images", color="C1")
    ax.set(xlim=(-1.5, 1.5), ylim=(-1.5, 1.5), aspect="equal")
    ax.axis("off")
    return fig


def on_orbits(basis: Float[Tensor, "n columns"], parts: tuple[tuple[int, ...], ...]) -> list[Tensor]:
    """Return a basis of the same space whose vectors each live on one orbit and are kept or reversed by a mirror."""
    found = []
    for part in parts:
        outside = torch.ones(len(basis), dtype=torch.bool)
        outside[torch.tensor(part) - 1] = False
        _, s, Vh = torch.linalg.svd(torch.cat([basis[outside], torch.zeros(basis.shape[1], basis.shape[1])]))
        inside = basis @ Vh[s < 1e-9].T
        inside = inside @ torch.linalg.eigh(inside.T @ permutation_matrix(mirror(3)) @ inside).eigenvectors
        for vector in inside.T:
            found.append(vector * vector[vector.abs().argmax()].sign())
    return found


@figure(
    alt="Four rows of three by three pictures, one for each kind of irreducible space of the symmetries of the square: "
    "constant on the corners, on the edges, on the middle; edges with alternating signs; corners with alternating "
    "signs; and two planes, one on the corners and one on the edges."
)
def kinds_of_pictures() -> Figure:
    """The kinds of 3×3 pictures under turns and mirrors, each vector on one orbit."""
    turn, across = Permutation.rotation(3), mirror(3)
    found, parts = kinds(turn, across), common_coarsening(turn, across)
    fig, axes = plt.subplots(len(found), 4, figsize=(4.4, 1.25 * len(found)))
    titles = {(1, 3): "three lines, unchanged", (1, 1): "a line, reversed by a turn", (2, 2): "two planes"}
    for line, kind in zip(axes, found, strict=True):
        line[0].set_title(titles[kind.dimension, kind.copies], loc="left", fontsize=9.5)
        vectors = on_orbits(kind.basis, parts)
        for k, ax in enumerate(line):
            ax.axis("off")
            if k < len(vectors):
                picture(ax, vectors[k])
    return fig
