"""What is drawn and computed for the page *Invariance*."""

import matplotlib.pyplot as plt
import torch
from jaxtyping import Int
from matplotlib.figure import Figure
from torch import Tensor

from book import figure, results
from snippets.linear_networks.invariance import (
    collapse,
    part_of,
)
from snippets.linear_networks.permutations import (
    Permutation,
    common_coarsening,
    partition,
)

SIGMA = Permutation.from_cycles("(1 3 4)(2 5)")


def cells(ax, colours: Int[Tensor, "p p"], arrows: Permutation | None = None) -> None:
    """Draw the pixels of a picture in the colours of their parts, and arrows from each pixel to where it moves."""
    side = len(colours)
    for (row, column), k in zip(
        ((i, j) for i in range(side) for j in range(side)), colours.flatten().tolist(), strict=True
    ):
        ax.add_patch(
            plt.Rectangle(
                (column - 0.5, row - 0.5),
                1,
                1,
                facecolor=f"C{k % 7}",
                alpha=0.75 if k < 5 else 0.35,  # the sixth colour resembles the first
                edgecolor=plt.rcParams["axes.facecolor"],
                linewidth=2,
            )
        )
    for target, source in enumerate(arrows.images if arrows else (), start=1):
        tail, head = divmod(source - 1, side), divmod(target - 1, side)
        if tail != head and colours[head] < 2:
            ax.annotate(
                "",
                xy=head[::-1],
                xytext=tail[::-1],
                arrowprops={
                    "arrowstyle": "-|>",
                    "color": plt.rcParams["text.color"],
                    "linewidth": 0.9,
                    "connectionstyle": "arc3,rad=-0.18",
                    "shrinkA": 4,
                    "shrinkB": 4,
                },
            )
    ax.set(xlim=(-0.6, side - 0.4), ylim=(side - 0.4, -0.6), aspect="equal")
    ax.axis("off")


@figure(
    alt="A three by five matrix whose columns one, three and four have one colour and two and five another; an arrow "
    "leads to a three by two matrix with one column of each colour, which times a matrix of zeros and ones gives the "
    "first one back."
)
def collapsing() -> Figure:
    """An invariant matrix, its collapse, and the matrix that puts the columns back."""
    fig, ax = plt.subplots(figsize=(5.4, 2.3))
    ink, paper = plt.rcParams["text.color"], plt.rcParams["axes.facecolor"]
    label, letters = part_of(partition(SIGMA)).tolist(), [["a", "d"], ["b", "e"], ["c", "f"]]

    def cell(x: float | int, y: float | int, text: str, colour: str) -> None:
        box = {"facecolor": colour, "edgecolor": paper, "linewidth": 1.5, "alpha": 0.55 if colour != "none" else 1}
        ax.add_patch(plt.Rectangle((x, y), 1, 1, **box))
        ax.text(x + 0.5, y + 0.47, text, ha="center", va="center")

    for i in range(3):
        for j in range(5):
            cell(j, -i, f"${letters[i][label[j]]}$", f"C{label[j]}")
        for k in range(2):
            cell(7 + k, -i, f"${letters[i][k]}$", f"C{k}")
    for k in range(2):
        for j in range(5):
            cell(10 + j, -k - 0.5, str(int(label[j] == k)), f"C{k}" if label[j] == k else "none")
    ax.text(6, -0.5, "=", ha="center", va="center", fontsize=14, color=ink)
    ax.text(9.5, -0.5, "·", ha="center", va="center", fontsize=18, color=ink)
    for x, name in ((2.5, "$M$"), (8, r"$\psi(M)$"), (12.5, "$E$")):
        ax.text(x, 1.35, name, ha="center", va="bottom", fontsize=12)
    ax.set(xlim=(-0.1, 15.1), ylim=(-2.1, 2.2), aspect="equal")
    ax.axis("off")
    return fig


@figure(
    alt="A four by four and a five by five picture. Pixels of one colour are carried onto each other by the "
    "rotation; "
    "arrows show four pixels moving in a circle. The middle pixel of the larger picture stays."
)
def rotations() -> Figure:
    """The orbits of the rotation by 90 degrees on pictures of side four and five."""
    fig, axes = plt.subplots(1, 2, figsize=(5.4, 2.8))
    for ax, side in zip(axes, (4, 5), strict=True):
        parts = partition(Permutation.rotation(side))
        cells(ax, part_of(parts).reshape(side, side), Permutation.rotation(side))
        ax.set_title(f"{len(parts)} orbits" + (", one of them a fixed pixel" if side % 2 else ""))
    return fig


@figure(
    alt="Three by three picture coloured three times: the rows as parts for the horizontal shift, the columns "
    "for the "
    "vertical shift, and one single part for both together."
)
def coarsening() -> Figure:
    """Two shifts and their finest common coarsening."""
    right, down = Permutation.shift(3, 3), Permutation.shift(3, 3, right=0, down=1)
    fig, axes = plt.subplots(1, 3, figsize=(5.4, 2.2))
    named = [
        (partition(right), "shift right"),
        (partition(down), "shift down"),
        (common_coarsening(right, down), "both"),
    ]
    for ax, (parts, title) in zip(axes, named, strict=True):
        cells(ax, part_of(parts).reshape(3, 3))
        ax.set_title(title)
    return fig


@figure(
    alt="A network with five inputs, two hidden and five output neurons. The edges from inputs 1, 3 and 4 to a "
    "hidden neuron have one colour, "
    "those from inputs 2 and 5 another; four colours in all. The edges to the outputs are thin and grey: they "
    "are free."
)
def shared_encoder() -> Figure:
    """Which encoder weights are one and the same for σ = (1 3 4)(2 5)."""
    fig, ax = plt.subplots(figsize=(5.0, 4.0))
    label = part_of(partition(SIGMA)).tolist()
    inputs, hidden, outputs = ([(x, (n - 1) / 2 - k) for k in range(n)] for x, n in ((0, 5), (2.2, 2), (4.4, 5)))
    for h, end in enumerate(hidden):
        for j, start in enumerate(inputs):
            ax.plot(*zip(start, end, strict=True), color=f"C{2 * h + label[j]}", linewidth=2.2, zorder=1)
        for end2 in outputs:
            ink = plt.rcParams["text.color"]
            ax.plot(*zip(end, end2, strict=True), color=ink, alpha=0.45, linewidth=1, zorder=1)
    for places in (inputs, hidden, outputs):
        ax.scatter(*zip(*places, strict=True), s=170, color=plt.rcParams["text.color"], zorder=3)
    for k, (x, y) in enumerate(inputs, start=1):
        ax.annotate(f"{k}", (x, y), xytext=(-13, 0), textcoords="offset points", ha="right", va="center")
    for x, text in ((1.1, "encoder: 4 free weights"), (3.3, "decoder: 10 free weights")):
        ax.text(x, -2.75, text, ha="center")
    ax.set(xlim=(-0.6, 4.8), ylim=(-3.0, 2.4))
    ax.axis("off")
    return fig


@results(seed=0)
def numbers() -> dict[str, float | int]:
    """Numbers that the page quotes."""
    M = torch.tensor([[1.0, 3.0], [2.0, 4.0]])[:, part_of(parts := partition(SIGMA))]
    return {
        "norm": M.square().sum().item(),
        "unweighted": collapse(M, parts).square().sum().item(),
    }
