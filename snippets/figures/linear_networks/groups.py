"""What is drawn and computed for the page *Beyond one permutation*."""

import matplotlib.pyplot as plt
import torch
from matplotlib.figure import Figure

from book import figure
from snippets.figures.linear_networks.commutant import table
from snippets.linear_networks.groups import commutant_basis, mirror
from snippets.linear_networks.permutations import Permutation


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
