"""What is drawn for the page *Tensor products*."""

import matplotlib.pyplot as plt
import torch
from matplotlib.figure import Figure

from book import figure
from snippets.equivariant_networks.tensor_products import coupling
from snippets.figures.linear_networks.function_spaces import diverging


@figure(
    alt="Two square tables with few coloured entries. In the nine by nine table the first row has three equal entries "
    "and the next three rows two each, of opposite sign. Lines separate rows of one, three and five, and in the "
    "fifteen by fifteen table rows of three, five and seven."
)
def products() -> Figure:
    """The coefficients of all products of two arrows, and of an arrow and a kind 2."""
    fig, axes = plt.subplots(1, 2, figsize=(5.6, 2.9))
    for ax, (l1, l2) in zip(axes, ((1, 1), (1, 2)), strict=True):
        kinds = range(abs(l1 - l2), l1 + l2 + 1)
        ax.imshow(torch.cat([coupling(l1, l2, l) for l in kinds]).flatten(1).numpy(), cmap=diverging(), vmin=-1, vmax=1)
        start = 0
        for l in kinds:
            ax.text(-0.9, start + l, f"{l}", ha="right", va="center")
            start += 2 * l + 1
            ax.axhline(start - 0.5, color=plt.rcParams["text.color"], linewidth=0.7)
        ax.set(xticks=[], yticks=[])
        ax.set_title(f"{l1} ⊗ {l2}, results by kind", fontsize=9.5)
    return fig
