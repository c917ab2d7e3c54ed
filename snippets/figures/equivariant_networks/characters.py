"""What is drawn for the page *Characters*."""

import matplotlib.pyplot as plt
from matplotlib.figure import Figure

from book import figure
from snippets.equivariant_networks.characters import on_pictures, projection, square_table
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
