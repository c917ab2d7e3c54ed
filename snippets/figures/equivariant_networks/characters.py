"""What is drawn for the page *Characters*."""

import matplotlib.pyplot as plt
import torch
from matplotlib.figure import Figure

from book import figure
from snippets.equivariant_networks.characters import convolve, on_arrows, on_pictures, projection, square_table
from snippets.equivariant_networks.group_convolutions import TURNS_AND_MIRRORS, letter_f
from snippets.figures.equivariant_networks.group_convolutions import show


@figure(
    alt="The letter F and five pictures that add up to it: one symmetric in all eight moves, three that change their "
    "sign under some of the moves, and one that is odd under half a turn."
)
def parts() -> Figure:
    """A letter, split into the five kinds of the square."""
    letter, rho = letter_f(), on_pictures(TURNS_AND_MIRRORS, 9)
    fig, axes = plt.subplots(2, 3, figsize=(5.0, 3.9))
    show(axes[0, 0], letter, "F", top=1.0)
    for ax, (name, psi) in zip(axes.flat[1:], square_table(TURNS_AND_MIRRORS).items(), strict=True):
        part = projection(psi, rho, 2 if name == "arrows" else 1) @ letter.flatten()
        show(ax, part.reshape(9, 9), name, top=0.6)
    return fig


@figure(
    alt="Two square tables of eight by eight entries. In the left one all entries are coloured. The right one is empty "
    "but for four entries on the diagonal and two equal blocks of two by two entries."
)
def blocks() -> Figure:
    """The matrix of a convolution on the group, as it comes and in the basis of the Fourier coefficients."""
    group = TURNS_AND_MIRRORS
    w = torch.randn(8, generator=torch.Generator().manual_seed(3))
    layer = torch.stack([convolve(f, w, group) for f in torch.eye(8)], dim=1)
    numbers = torch.stack(list(square_table(group).values())[:4])
    basis = torch.cat([numbers, 2**0.5 * on_arrows(group).flatten(1).T]) / 8**0.5
    fig, axes = plt.subplots(1, 2, figsize=(5.0, 2.7))
    for ax, matrix, name in zip(axes, (layer, basis @ layer @ basis.T), ("as it comes", "by kinds"), strict=True):
        show(ax, matrix, name, top=float(matrix.abs().max()))
        for k in (1, 2, 3, 4, 6):
            ax.axhline(k - 0.5, color=plt.rcParams["text.color"], linewidth=0.3 * (name == "by kinds"))
            ax.axvline(k - 0.5, color=plt.rcParams["text.color"], linewidth=0.3 * (name == "by kinds"))
    return fig
