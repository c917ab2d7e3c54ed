"""What is drawn and computed for the page *Group convolutions*."""

import matplotlib.pyplot as plt
import torch
from jaxtyping import Float
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from torch import Tensor

from book import figure, results
from snippets.equivariant_networks.group_convolutions import (
    TURNS,
    TURNS_AND_MIRRORS,
    GroupConvolution,
    act,
    generators,
    letter_f,
)
from snippets.figures.linear_networks.function_spaces import diverging
from snippets.linear_networks.groups import equivariant_classes


def show(ax: Axes, picture: Float[Tensor, "n n"], title: str = "", top: float = 3.0) -> None:
    """Draw a picture, orange below zero and blue above."""
    ax.imshow(picture.numpy(), cmap=diverging(), vmin=-top, vmax=top)
    ax.axis("off")
    ax.set_title(title, fontsize=9.5)


@figure(
    alt="Two rows of five pictures: the letter F and the answers of an edge filter in four positions. In the second "
    "row the letter lies on its side, and each answer is the turned answer to its left in the first row, the first "
    "one that of the last."
)
def four_maps() -> Figure:
    """The field of a letter, and of the letter turned by a quarter."""
    lift = GroupConvolution(1, 1, 3, TURNS, lift=True)
    with torch.no_grad():
        lift.weight.zero_().add_(torch.tensor([-1.0, 0.0, 1.0]))
    fig, axes = plt.subplots(2, 5, figsize=(5.6, 2.7))
    for row, quarters in zip(axes, (0, 1), strict=True):
        picture = act((False, quarters), letter_f())
        show(row[0], picture, ("upright", "turned")[quarters], top=1.2)
        answers = lift(picture[None, None]).detach()[0, 0]
        for number, (ax, answer) in enumerate(zip(row[1:], answers, strict=True)):
            show(ax, answer, f"filter at {90 * number}°" if quarters == 0 else "")
    return fig


@results(seed=0)
def group_convolution_numbers() -> dict[str, int]:
    """Count the filters that commute with turns, and with turns and mirror images."""
    found = {}
    for name, group in (("pixels_turns", TURNS), ("pixels_mirrors", TURNS_AND_MIRRORS)):
        pixels = generators(1, 5, group)
        found[name] = int(equivariant_classes(pixels, pixels).max()) + 1
    return found
