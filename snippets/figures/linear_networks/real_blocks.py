"""What is drawn for the page *Real blocks*."""

import math

import matplotlib.pyplot as plt
import torch
from jaxtyping import Float
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from torch import Tensor

from book import figure
from snippets.figures.linear_networks.function_spaces import diverging
from snippets.linear_networks.commutant import circulant, class_table, commutant_dimension
from snippets.linear_networks.invariance import permutation_matrix
from snippets.linear_networks.permutations import Permutation
from snippets.linear_networks.real_blocks import cycle_vectors, real_fourier_basis

TURN = Permutation.rotation(3)


@figure(
    alt="Three nine by nine tables: the permutation matrix of the rotation with scattered ones; the same map in the "
    "new basis, with three ones, two minus ones and a four by four block; and a commuting matrix: a three by three "
    "block, a two by two block, and a four by four block whose quarters repeat."
)
def blocks_of_rotation() -> Figure:
    """The rotation of 3×3 pictures before and after the change of basis, and what commutes with it."""
    Q, P = real_fourier_basis(TURN), permutation_matrix(TURN)
    draw = torch.Generator().manual_seed(7)
    M = Q.T @ torch.rand(commutant_dimension(TURN), generator=draw).mul(2).sub(1)[class_table(TURN)] @ Q
    fig, axes = plt.subplots(1, 3, figsize=(5.5, 2.2))
    shown = [(P, "$P$"), (Q.T @ P @ Q, r"$Q^\mathsf{T}PQ$"), (M, r"$Q^\mathsf{T}MQ$")]
    for ax, (matrix, title) in zip(axes, shown, strict=True):
        top = matrix.abs().max().item()
        ax.imshow(matrix.numpy(), cmap=diverging(), vmin=-top, vmax=top)
        for edge in () if title == "$P$" else (3, 5):
            ax.axhline(edge - 0.5, color=plt.rcParams["grid.color"], linewidth=1)
            ax.axvline(edge - 0.5, color=plt.rcParams["grid.color"], linewidth=1)
        ax.set(xticks=[], yticks=[], title=title)
    return fig


@figure(
    alt="A plane with the axes sine and cosine, a small house in it, and its image, a larger house: it is turned about "
    "the origin by 39 degrees and 1.7 times as large. An arc joins the corners of the two roofs."
)
def turn_and_stretch() -> Figure:
    """What a circulant does in the plane of a sine and a cosine."""
    fig, ax = plt.subplots(figsize=(4.6, 3.7))
    pair = cycle_vectors(6, 1)
    block = pair.T @ circulant(torch.tensor([1.0, 0.0, 0.0, 0.0, 0.3, 0.9])) @ pair
    turn, stretch = math.atan2(block[1, 0].item(), block[0, 0].item()), block[:, 0].norm().item()
    pale, ink = plt.rcParams["grid.color"], plt.rcParams["text.color"]
    ax.axhline(0, color=pale, linewidth=0.8, zorder=0)
    ax.axvline(0, color=pale, linewidth=0.8, zorder=0)
    house = torch.tensor([[0.75, -0.3], [1.25, -0.3], [1.25, 0.05], [1.0, 0.32], [0.75, 0.05]])
    for corners, colour in ((house, "C0"), (house @ block.T, "C1")):
        ax.add_patch(plt.Polygon(corners.tolist(), facecolor=colour, alpha=0.3, linewidth=0))
        ax.add_patch(plt.Polygon(corners.tolist(), fill=False, edgecolor=colour, linewidth=1.8))
        ax.plot(*zip((0, 0), corners[3].tolist(), strict=True), color=colour, linewidth=1.3)
    start = math.atan2(0.32, 1.0)
    angles = [start + turn * k / 30 for k in range(31)]
    ax.plot([0.5 * math.cos(a) for a in angles], [0.5 * math.sin(a) for a in angles], color=ink, linewidth=1)
    ax.text(0.3, 0.5, f"{math.degrees(turn):.0f}°", ha="right")
    ax.text(1.32, -0.15, "before", color="C0")
    far = (house[2] @ block.T).tolist()
    ax.text(far[0] + 0.45, far[1] - 0.1, f"after: {stretch:.1f} times\nas long", color="C1", va="center")
    ax.set(xlim=(-0.45, 3.0), ylim=(-0.6, 2.2), aspect="equal", xticks=[], yticks=[])
    ax.text(2.98, 0.05, "sine", ha="right")
    ax.text(0.05, 2.05, "cosine")
    for side in ax.spines.values():
        side.set_visible(False)
    return fig


@figure(
    alt="Nine small pictures of three by three pixels, the basis vectors: three that do not change when turned, two "
    "that change sign, and four that form two planes: two sines above two cosines."
)
def basis_pictures() -> Figure:
    """The columns of Q for the rotation, as pictures."""
    fig, axes = plt.subplots(2, 5, figsize=(5.4, 2.7))
    Q = real_fourier_basis(TURN)
    places = [(0, 0), (0, 1), (0, 2), (1, 0), (1, 1), (0, 3), (0, 4), (1, 3), (1, 4)]
    for ax in axes.flat:
        ax.axis("off")
    for k, place in enumerate(places):
        picture(axes[place], Q[:, k])
    for place, title in (((0, 1), "unchanged"), ((1, 0), "change of sign"), ((0, 3), "sines"), ((1, 3), "cosines")):
        axes[place].set_title(title, fontsize=9.5, loc="left" if place != (0, 1) else "center")
    return fig


def picture(ax: Axes, pixels: Float[Tensor, "9"]) -> None:
    """Draw a picture of 3×3 pixels in the colours of their signs, with a frame around it."""
    ax.imshow(pixels.reshape(3, 3).numpy(), cmap=diverging(), vmin=-1, vmax=1)
    ax.axis("on")
    ax.set(xticks=[], yticks=[])
    ax.spines[:].set(visible=True, color=plt.rcParams["grid.color"])
