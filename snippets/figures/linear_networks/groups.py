"""What is drawn and computed for the page *Beyond one permutation*."""

import matplotlib.pyplot as plt
from jaxtyping import Int
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from torch import Tensor

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
    alt="A cube with its corners numbered: 1 to 4 around the top, 5 to 8 below them. The front face, with the "
    "corners 1, 2, 5 and 6, is shaded, and these corners are blue; the corners 3, 4, 7 and 8 are orange. "
    "The top is face 1, the front face 2, the right side face 3."
)
def cube() -> Figure:
    """The corners and faces of a cube, and the two weights with which the front reads the corners."""
    fig, ax = plt.subplots(figsize=(4.2, 3.3))
    ink, pale, paper = (plt.rcParams[name] for name in ("text.color", "grid.color", "axes.facecolor"))
    top = [(0, 1), (1, 1), (1.45, 1.32), (0.45, 1.32)]
    place = [*top, *((x, y - 1) for x, y in top)]
    ax.add_patch(plt.Polygon([place[k] for k in (0, 1, 5, 4)], facecolor="C0", alpha=0.18, linewidth=0))
    for a, b in [(0, 1), (1, 2), (2, 3), (3, 0), (4, 5), (5, 6), (6, 7), (7, 4), (0, 4), (1, 5), (2, 6), (3, 7)]:
        hidden = 7 in (a, b)
        style = {"color": pale if hidden else ink, "linestyle": (0, (4, 3)) if hidden else "-"}
        ax.plot(*zip(place[a], place[b], strict=True), linewidth=1.3, zorder=1, **style)
    for k, (x, y) in enumerate(place):
        colour = "C0" if k in (0, 1, 4, 5) else "C1"
        ax.plot(x, y, "o", color=colour, markersize=19, zorder=2)
        ax.text(x, y, f"{k + 1}", ha="center", va="center", color=paper, fontsize=12, zorder=3)
    for x, y, name in ((0.72, 0.62, "face 2"), (0.73, 1.16, "face 1"), (1.225, 0.66, "face 3")):
        ax.text(x, y, name, ha="center", va="center", fontsize=11)
    ax.set(xlim=(-0.15, 1.6), ylim=(-0.15, 1.47), aspect="equal")
    ax.axis("off")
    return fig


@figure(
    alt="Two rows of three pictures of three by three pixels, with letters in the pixels and one pixel framed: "
    "a corner, an edge, the middle. In the upper row the letters of the first two are all different, some with a dash; "
    "in the lower row the dashes are gone and pixels that are mirror images have one letter."
)
def turns_and_mirrors() -> Figure:
    """The weights with which a corner, an edge and the middle read a picture."""
    fig, axes = plt.subplots(2, 3, figsize=(5.2, 3.7))
    turn = Permutation.rotation(3)
    fine, coarse = commutant_basis(turn), commutant_basis(turn, mirror(3))
    titles = ("a corner", "an edge", "the middle")
    for line, classes, name in zip(axes, (fine, coarse), ("turns", "turns, mirrors"), strict=True):
        line[0].set_ylabel(name)
        for ax, pixel, title in zip(line, (0, 1, 4), titles, strict=True):
            weights(ax, classes[pixel], coarse[pixel])
            ax.add_patch(
                plt.Rectangle(
                    (pixel % 3 - 0.47, pixel // 3 - 0.47),
                    0.94,
                    0.94,
                    fill=False,
                    edgecolor=plt.rcParams["text.color"],
                    linewidth=2.2,
                )
            )
            if line is axes[0]:
                ax.set_title(title)
    return fig


def weights(ax: Axes, fine: Int[Tensor, "9"], coarse: Int[Tensor, "9"]) -> None:
    """Draw nine weights: a colour and a letter for each coarse class, a dash for the second fine one in it."""
    order = coarse.unique().tolist()
    for k, (one, whole) in enumerate(zip(fine.tolist(), coarse.tolist(), strict=True)):
        letter = "abcdef"[order.index(whole)]
        dash = "'" if one != min(fine[coarse == whole].tolist()) else ""
        corner = (k % 3 - 0.5, k // 3 - 0.5)
        ax.add_patch(plt.Rectangle(corner, 1, 1, facecolor=f"C{order.index(whole)}", alpha=0.35, linewidth=0))
        ax.text(k % 3, k // 3, f"${letter}{dash}$", ha="center", va="center", fontsize=12)
    ax.set(xlim=(-0.55, 2.55), ylim=(2.55, -0.55), aspect="equal", xticks=[], yticks=[])
    ax.spines[:].set_visible(False)
