"""What is drawn and computed for the page *Groups*."""

from itertools import product

import matplotlib.pyplot as plt
import torch
from jaxtyping import Float
from matplotlib.axes import Axes
from matplotlib.colors import ListedColormap
from matplotlib.figure import Figure
from torch import Tensor

from book import figure, results
from snippets.lie_groups.groups import (
    angle_in_o2,
    compose,
    nearest_singular,
    random_orthogonal,
    reflection,
    rotation,
    symmetric_group,
)

GLYPH = torch.tensor(
    [[-0.5, -0.8], [-0.5, 0.8], [0.6, 0.8], [0.6, 0.45], [-0.1, 0.45], [-0.1, 0.15], [0.4, 0.15],
     [0.4, -0.18], [-0.1, -0.18], [-0.1, -0.8]]
)  # fmt: skip


def draw_letter(ax: Axes, M: Float[Tensor, "2 2"], centre: Float[Tensor, "2"], size: float, colour: str) -> None:
    """Draw the letter F as the matrix M leaves it."""
    ax.fill(*(size * GLYPH @ M.T + centre).T.numpy(), color=colour, lw=0)


@figure(
    alt="Two rings of the letter F. On the left ring the letter turns with its place, on the right ring it is "
    "mirrored as well. No position on one ring looks like any position on the other."
)
def two_circles() -> Figure:
    """Draw O(2) as what it does to the letter F: a circle of rotations and a circle of reflections."""
    fig, axes = plt.subplots(1, 2, figsize=(5.4, 3.0))
    for ax, family, name, colour in (
        (axes[0], rotation, "rotations\n$\\det=+1$", "C0"),
        (axes[1], reflection, "reflections\n$\\det=-1$", "C1"),
    ):
        ax.add_patch(plt.Circle((0, 0), 1, fill=False, color=plt.rcParams["grid.color"]))
        for theta in torch.arange(12) * torch.pi / 6:
            place = rotation(theta)[:, 0]
            draw_letter(ax, family(theta), place, 0.17, plt.rcParams["text.color"] if theta == 0 else colour)
            if family is reflection:  # the mirror, at half the angle of the place
                mirror = 0.22 * rotation(theta / 2)[:, 0]
                ax.plot(*torch.stack([place - mirror, place + mirror]).T.numpy(), color="C6", lw=0.9)
        ax.text(0, 0, name, ha="center", va="center", color=colour)
        ax.set(xlim=(-1.25, 1.25), ylim=(-1.25, 1.25), aspect="equal")
        ax.axis("off")
    return fig


@figure(
    alt="The plane of the matrices with p on and q off the diagonal. Two crossing lines of singular matrices "
    "cut it into four wedges. Discs around sample matrices touch the lines and never cross them."
)
def gl2_slice() -> Figure:
    """Draw a plane slice of GL(2), with the largest disc around a matrix that avoids the singular ones."""
    fig, ax = plt.subplots(figsize=(4.6, 4.2))
    for sign, where, place, colour in ((">", [(2, 2), (2, -2)], (1.6, 1.0), "C0"),
                                       (">", [(-2, 2), (-2, -2)], (-1.6, 0.8), "C0"),
                                       ("<", [(2, 2), (-2, 2)], (0.8, 1.7), "C1"),
                                       ("<", [(2, -2), (-2, -2)], (1.2, -1.8), "C1")):  # fmt: skip
        ax.fill(*zip((0, 0), *where, strict=True), color=colour, alpha=0.13, lw=0)
        ax.text(*place, f"$\\det{sign}0$", color=colour, ha="center", va="center")
    for slope in (1, -1):
        ax.plot([-2, 2], [-2 * slope, 2 * slope], color=plt.rcParams["text.color"], lw=1.4)
    for p, q in ((1.0, 0.0), (0.9, 0.55), (-0.8, 0.2), (0.0, -1.0), (-0.35, 1.0), (0.22, 0.02)):
        A = torch.tensor([[p, q], [q, p]])
        radius = (nearest_singular(A)[1] / 2**0.5).item()
        colour = "C0" if torch.linalg.det(A) > 0 else "C1"
        ax.add_patch(plt.Circle((p, q), radius, color=colour, alpha=0.3, lw=0))
        ax.plot(p, q, "o", color=colour, ms=4)
    ax.annotate("$I$", (1, 0), xytext=(5, -12), textcoords="offset points")
    ax.text(-1.3, -1.2, "singular: $\\det=0$", rotation=45, ha="center", va="center")
    ax.set(xlim=(-2, 2), ylim=(-2, 2), xlabel="$p$", ylabel="$q$", aspect="equal", xticks=[-2, -1, 0, 1, 2],
           yticks=[-2, -1, 0, 1, 2])  # fmt: skip
    return fig


@figure(
    alt="A triangle in its six positions. Above, turned by 0, 120 and 240 degrees, its corners still read "
    "A, B, C anticlockwise. Below, mirrored in its three axes, they read clockwise."
)
def triangle() -> Figure:
    """Draw the six symmetries of a triangle; half of them are reflections."""
    corners = torch.stack([rotation(torch.pi / 2 + k * 2 * torch.pi / 3)[:, 0] for k in range(3)])
    fig, axes = plt.subplots(2, 3, figsize=(5.0, 3.5))
    for column in range(3):
        for row, (family, offset) in enumerate(((rotation, 0.0), (reflection, torch.pi))):
            ax, M = axes[row, column], family(offset + column * 2 * torch.pi / 3)
            moved, colour = corners @ M.T, f"C{row}"
            ax.fill(*moved.T.numpy(), color=colour, alpha=0.15, lw=0)
            ax.plot(*torch.cat([moved, moved[:1]]).T.numpy(), color=colour)
            for letter, place in zip("ABC", (1.32 * moved).tolist(), strict=True):
                ax.text(*place, letter, ha="center", va="center")
            if row:
                axis = 1.12 * rotation((offset + column * 2 * torch.pi / 3) / 2)[:, 0]
                ax.plot(*torch.stack([-axis, axis]).T.numpy(), "--", color=plt.rcParams["text.color"], lw=1)
            ax.set(xlim=(-1.5, 1.5), ylim=(-1.25, 1.65), aspect="equal")
            ax.axis("off")
    return fig


@figure(
    alt="A six by six multiplication table in two colours. The three cyclic rearrangements fill the upper left and "
    "lower right blocks, the three exchanges the other two. Every element occurs once in each row and column."
)
def cayley_table() -> Figure:
    """Draw the multiplication table of the six permutations of three things, the even ones first."""
    group = sorted(symmetric_group(3), key=lambda s: (s not in [(0, 1, 2), (1, 2, 0), (2, 0, 1)], s))
    table = torch.tensor([[group.index(compose(s, t)) for t in group] for s in group])
    fig, ax = plt.subplots(figsize=(3.6, 3.5))
    ax.imshow(table.numpy(), cmap=ListedColormap(["C0", "C0", "C0", "C1", "C1", "C1"]), alpha=0.5)
    names = ["".join(map(str, s)) for s in group]
    for i, j in product(range(6), repeat=2):
        ax.text(j, i, names[table[i, j]], ha="center", va="center")
    ax.axhline(2.5, color=plt.rcParams["text.color"])
    ax.axvline(2.5, color=plt.rcParams["text.color"])
    ax.set(xticks=range(6), yticks=range(6), xticklabels=names, yticklabels=names, xlabel="$t$", ylabel="$s$")
    ax.xaxis.set_ticks_position("top")
    ax.xaxis.set_label_position("top")
    return fig


@results(seed=0)
def numbers() -> dict[str, float]:
    """Numbers that the page quotes."""
    family = {"rotation": rotation, "reflection": reflection}
    return {
        "o2_fit": max(
            (family[kind](theta) - Q).abs().max().item()
            for Q in random_orthogonal(2, 500)
            for kind, theta in [angle_in_o2(Q)]
        )
    }
