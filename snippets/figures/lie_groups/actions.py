"""What is drawn and computed for the page *Actions and representations*."""

import matplotlib.pyplot as plt
import torch
from matplotlib.figure import Figure

from book import figure, results
from snippets.lie_groups.actions import Averaged, equivariance_defect, permutation_matrix
from snippets.lie_groups.groups import rotation, symmetric_group


@figure(
    alt="Four bar charts of eight pixels in a square. Smoothing leads from left to right, moving three places on from "
    "top to bottom. Both ways from the upper left to the lower right end at the same picture."
)
def square() -> Figure:
    """Draw that smoothing and shifting a row of pixels may be done in either order."""
    fig, axes = plt.subplots(2, 2, figsize=(5.4, 3.6), sharey=True, gridspec_kw={"wspace": 0.3, "hspace": 0.4})
    x = torch.tensor([0.0, 0.2, 1.0, 0.5, 0.0, 0.0, 0.7, 0.1])
    smooth = (x.roll(1) + 2 * x + x.roll(-1)) / 4
    pictures = ((x, "$x$"), (smooth, "$f(x)$"), (x.roll(3), "$g\\,x$"), (smooth.roll(3), "$f(g\\,x)=g\\,f(x)$"))
    for ax, (values, name), side in zip(axes.flat, pictures, (0, 1, 0, 1), strict=True):
        colours = ["C1" if values[i] == values.max() else "C0" for i in range(8)]
        ax.bar(range(8), values.tolist(), color=colours, width=0.8, alpha=1.0 if side == 0 else 0.75)
        ax.set(title=name, xticks=[], yticks=[], ylim=(0, 1.1))
    arrow = {"arrowstyle": "-|>", "color": plt.rcParams["text.color"], "lw": 1.3}
    for row in axes:
        row[1].annotate("", (-0.04, 0.5), (-0.24, 0.5), xycoords="axes fraction", arrowprops=arrow)
        row[1].annotate("smooth", (-0.14, 0.62), xycoords="axes fraction", ha="center")
    for ax in axes[0]:
        ax.annotate("", (0.12, -0.42), (0.12, -0.08), xycoords="axes fraction", arrowprops=arrow)
        ax.annotate("shift", (0.15, -0.3), xycoords="axes fraction", ha="left")
    return fig


@figure(
    alt="The plane with four orbits of the rotations: the origin as a dot and three circles around it. Beside it, the "
    "eight colourings of three corners fall into four orbits, of sizes one, three, three and one."
)
def orbits() -> Figure:
    """Draw the orbits of the rotations of the plane and of the rearrangements of three corners."""
    fig, axes = plt.subplots(1, 2, figsize=(5.4, 2.9), width_ratios=[1, 1.25])
    arc = torch.linspace(0, 2 * torch.pi, 200)
    for k, radius in enumerate((0.45, 0.9, 1.35)):
        axes[0].plot(radius * arc.cos(), radius * arc.sin(), f"C{k}")
    axes[0].plot(0, 0, "o", color="C3", ms=6)
    axes[0].set(aspect="equal", title="turns of the plane")
    corners = torch.stack([rotation(torch.pi / 2 + k * 2 * torch.pi / 3)[:, 0] for k in range(3)])
    families = [[(0, 0, 0)], [(1, 0, 0), (0, 1, 0), (0, 0, 1)], [(1, 1, 0), (1, 0, 1), (0, 1, 1)], [(1, 1, 1)]]
    for row, family in enumerate(families):
        for column, colouring in enumerate(family):
            place = corners * 0.38 + torch.tensor([1.25 * column, -1.15 * row])
            axes[1].fill(*place.T.numpy(), fill=False, ec=plt.rcParams["grid.color"])
            for dark, dot in zip(colouring, place.tolist(), strict=True):
                axes[1].plot(*dot, "o", color=f"C{row}", mfc=f"C{row}" if dark else "none", ms=7)
    axes[1].set(aspect="equal", title="rearranged corners", xlim=(-0.6, 3.1), ylim=(-4.0, 0.6))
    for ax in axes:
        ax.axis("off")
    return fig


@results(seed=0)
def numbers() -> dict[str, float]:
    """Numbers that the page quotes."""
    moves = torch.stack([permutation_matrix(s).T for s in symmetric_group(3)])
    torch.manual_seed(0)
    network = torch.nn.Sequential(torch.nn.Linear(3, 16), torch.nn.Tanh(), torch.nn.Linear(16, 3))
    x = torch.randn(20, 3)
    with torch.no_grad():
        before = equivariance_defect(network, list(moves), list(moves), x)
        after = equivariance_defect(Averaged(network, moves, moves), list(moves), list(moves), x)
    return {"before": before, "after": after}
