"""What is drawn and computed for the page *Beyond one permutation*."""

import matplotlib.pyplot as plt
import numpy as np
import torch
from jaxtyping import Int
from matplotlib.figure import Figure
from torch import Tensor

from book import figure
from snippets.figures.linear_networks.equivariance import picture
from snippets.linear_networks.groups import commutant_basis, mirror
from snippets.linear_networks.permutations import Permutation
from snippets.linear_networks.schur import isotypic


def table(ax, classes: Int[Tensor, "n n"], title: str) -> None:
    """Colour the entries of a matrix by their classes."""
    for (i, j), k in np.ndenumerate(classes.numpy()):
        ax.add_patch(
            plt.Rectangle(
                (j - 0.5, i - 0.5),
                1,
                1,
                facecolor=f"C{k % 7}",
                alpha=(0.95, 0.65, 0.38)[k // 7 % 3],
                edgecolor=plt.rcParams["axes.facecolor"],
                linewidth=1,
            )
        )
    n = len(classes)
    ax.set(xlim=(-0.5, n - 0.5), ylim=(n - 0.5, -0.5), aspect="equal", title=title)
    ax.axis("off")


@figure(
    alt="Three four by four tables coloured by equal entries: for the cycle 1 2 3 4 four diagonals, for the "
    "cycle 1 3 2 4 another pattern of four colours, "
    "and for both together only two colours, the diagonal and the rest."
)
def two_cycles() -> Figure:
    """Equal partitions, different commutants."""
    one, other = Permutation.from_cycles("(1 2 3 4)"), Permutation.from_cycles("(1 3 2 4)")
    fig, axes = plt.subplots(1, 3, figsize=(5.4, 2.1))
    for ax, generators, title in zip(
        axes, ((one,), (other,), (one, other)), ("(1 2 3 4)", "(1 3 2 4)", "both"), strict=True
    ):
        table(ax, commutant_basis(*generators), title)
    return fig


@figure(
    alt="Two nine by nine tables coloured by equal entries. With turns only there are 21 classes, with turns "
    "and mirror images 15."
)
def turns_and_mirrors() -> Figure:
    """The commutants of the rotations and of all symmetries of the square on 3×3 pictures."""
    fig, axes = plt.subplots(1, 2, figsize=(5.4, 3.0))
    turn = Permutation.rotation(3)
    fine = commutant_basis(turn)
    for ax, generators, name in zip(axes, ((turn,), (turn, mirror(3))), ("turns", "turns and mirrors"), strict=True):
        classes = commutant_basis(*generators)
        smallest = torch.stack([fine[classes == k].min() for k in range(int(classes.max()) + 1)])
        table(ax, smallest[classes], f"{name}: {len(smallest)} classes")
    return fig


@figure(
    alt="Rows of three by three pictures, one row for each kind of irreducible space of the symmetries of the "
    "square: three constant on orbits, then kinds "
    "that change sign under some symmetries, and planes with two pictures each."
)
def kinds() -> Figure:
    """The isotypic decomposition of 3×3 pictures under turns and mirrors."""
    found = sorted(isotypic(Permutation.rotation(3), mirror(3)), key=lambda kind: (kind[0].shape[1], -len(kind)))
    fig, axes = plt.subplots(len(found), 4, figsize=(4.4, 1.25 * len(found)))
    for line, kind in zip(axes, found, strict=True):
        vectors = torch.cat(kind, dim=1).T
        line[0].set_title(f"{len(kind)} × dimension {kind[0].shape[1]}", loc="left", fontsize=9.5)
        for k, ax in enumerate(line):
            ax.axis("off")
            if k < len(vectors):
                picture(ax, vectors[k])
    return fig
