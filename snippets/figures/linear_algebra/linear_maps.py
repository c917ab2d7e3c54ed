"""What is drawn and computed for the page *Linear maps*."""

import matplotlib.pyplot as plt
import numpy as np
import torch
from matplotlib.figure import Figure
from matplotlib.patches import ConnectionPatch
from torch import nn

from book import figure, results
from snippets.figures.linear_algebra.drawing import arrow, grid, note, plane
from snippets.linear_algebra.linear_maps import A, convolution_matrix, matrix_of
from snippets.linear_algebra.span import rank


@results(seed=0)
def numbers() -> dict[str, float | int]:
    """Numbers that the page quotes."""
    deep = nn.Sequential(*[nn.Linear(a, b, bias=False) for a, b in [(8, 6), (6, 3), (3, 8)]])
    with torch.no_grad():
        return {
            "deep_rank": rank(matrix_of(deep, 8)),
            "dense_parameters": 100 * 100,
            "convolution_parameters": nn.Conv1d(1, 1, 3, bias=False).weight.numel(),
        }


@figure(
    alt="Left, the square grid with e1 and e2. Right, its image under the matrix with rows 1, 1 and -1, 2: "
    "a grid of parallelograms, with the images of e1 at (1, -1) and of e2 at (1, 2)."
)
def grid_moves() -> Figure:
    """The grid before and after A."""
    fig, axes = plt.subplots(1, 2, figsize=(5.4, 2.9))
    matrices, names = [np.eye(2), A.numpy()], [("$e_1$", "$e_2$"), ("$Ae_1$", "$Ae_2$")]
    for ax, matrix, (first, second) in zip(axes, matrices, names, strict=True):
        plane(ax, (-2.6, 2.6), (-2.6, 2.6))
        grid(ax, lambda p, matrix=matrix: matrix @ p, (-5, 5), (-5, 5), colors=("C0", "C1"), width=0.6)
        square = matrix @ np.array([[0, 1, 1, 0], [0, 0, 1, 1]])
        ax.fill(*square, color="C4", alpha=0.35, linewidth=0, zorder=1)
        arrow(ax, matrix[:, 0], color="C0", label=first, offset=(4, -12), width=2.6)
        arrow(ax, matrix[:, 1], color="C1", label=second, offset=(-13, 3), width=2.6)
    axes[0].set_title("before")
    axes[1].set_title("after $A$")
    return fig


@figure(
    alt="Three images of a grid of four squares. Under a matrix, horizontal and vertical lines stay parallel and the "
    "diagonal stays straight. Under the twist, grid lines fan out but stay straight, and the diagonal becomes a "
    "parabola. Under the wobble the grid is unchanged but the diagonal waves."
)
def impostors() -> Figure:
    """A grid and its diagonal under a linear map and under two impostors."""
    fig, axes = plt.subplots(1, 3, figsize=(5.4, 3.2))
    maps = [
        ("linear", lambda p: np.array([[1.0, 0.3], [0.5, 1.0]]) @ p),
        ("twist", lambda p: np.stack([p[0], p[1] + p[0] * p[1]])),
        ("wobble", lambda p: np.stack([p[0] + np.sin(2 * np.pi * p[0]) / 8, p[1]])),
    ]
    t = np.linspace(-1, 1, 201)
    for ax, (title, f) in zip(axes, maps, strict=True):
        plane(ax, (-1.45, 1.45), (-2.15, 2.15))
        grid(ax, f, (-1, 1), (-1, 1), width=1.4)
        ax.plot(*f(np.stack([t, t])), color="C2", linewidth=2.6, zorder=3)
        ax.plot(0, 0, "o", color=plt.rcParams["text.color"], markersize=5, zorder=4)
        ax.set_title(title)
    return fig


@figure(
    alt="Four panels in a square. Top left, a tilted line, a grid along it and across it, and the point (1, 3). Top "
    "right, the same point on a square grid, where it is (1, 1). Bottom right, its mirror image (1, -1) there. "
    "Bottom left, the mirror image (3, -1) in the tilted line. Arrows lead from the first to the last."
)
def translate() -> Figure:
    """Translate, apply, translate back."""
    fig, axes = plt.subplots(2, 2, figsize=(5.2, 5.0), layout="constrained")
    fig.get_layout_engine().set(wspace=0.22, hspace=0.18)
    ink, faint = plt.rcParams["text.color"], (plt.rcParams["grid.color"],) * 2
    P = np.array([[2.0, -1.0], [1.0, 2.0]])
    for row, c, name in [(0, np.array([1.0, 1.0]), ("x = (1, 3)", "c = (1, 1)")),
                         (1, np.array([1.0, -1.0]), ("Mx = (3, -1)", "Dc = (1, -1)"))]:  # fmt: skip
        for ax, B, reach, label in zip(axes[row], (P, np.eye(2)), (4.3, 1.9), name, strict=True):
            plane(ax, (-reach, reach), (-reach, reach))
            grid(ax, lambda p, B=B: B @ p, (-6, 6), (-6, 6), colors=faint, width=0.8)
            mirror = np.outer([-9, 9], B[:, 0])
            ax.plot(*mirror.T, color=ink, linewidth=1.6, zorder=3)
            letter = "p" if ax is axes[row, 0] else "e"
            arrow(ax, B[:, 0], color="C0", width=2.2, label=f"${letter}_1$", offset=(5, -11))
            arrow(ax, B[:, 1], color="C1", width=2.2, label=f"${letter}_2$", offset=(-11, 3))
            tip = B @ c
            ax.plot(*tip, "o", color="C2", markersize=8, zorder=6)
            note(ax, f"${label}$", tip, (0, 13) if tip[1] > 0 else (-4, -14), color="C2")
    axes[0, 0].set_title("in the plane")
    axes[0, 1].set_title("in coordinates")
    for start, end, at, to, text, offset in [
        (axes[0, 0], axes[0, 1], (1.0, 0.5), (0.0, 0.5), "$P^{-1}$", (22, 11)),
        (axes[0, 1], axes[1, 1], (0.5, 0.0), (0.5, 1.0), "$D$", (13, -18)),
        (axes[1, 1], axes[1, 0], (0.0, 0.5), (1.0, 0.5), "$P$", (-22, 11)),
        (axes[0, 0], axes[1, 0], (0.5, 0.0), (0.5, 1.0), "$M$", (13, -18)),
    ]:
        head = {"arrowstyle": "-|>", "mutation_scale": 14, "color": ink, "lw": 1.6, "shrinkA": 4, "shrinkB": 4}
        patch = ConnectionPatch(at, to, start.transAxes, end.transAxes, **head)
        patch.set_in_layout(False)
        fig.add_artist(patch)
        place = {"xytext": offset, "textcoords": "offset points", "ha": "center", "va": "center", "fontsize": 13}
        label = start.annotate(text, at, xycoords="axes fraction", annotation_clip=False, **place)
        label.set_in_layout(False)
    return fig


@figure(
    alt="A slanted grid: a shear that leaves the horizontal axis alone moves the line at height one to the "
    "right by 1.5, so the points on that line, which stand for the numbers x, are all translated."
)
def shear_translates() -> Figure:
    """A shear of the plane that translates the line at height one."""
    fig, ax = plt.subplots(figsize=(5.2, 2.4))
    plane(ax, (-2.6, 5.3), (-0.5, 2.2))
    shear = np.array([[1.0, 1.5], [0.0, 1.0]])
    faint = (plt.rcParams["grid.color"],) * 2
    grid(ax, lambda p: shear @ p, (-8, 7), (-1, 3), colors=faint, width=0.8)
    ax.axhline(1, color=plt.rcParams["text.color"], linewidth=1, zorder=2)
    for x in (-2, -1, 0, 1, 2, 3):
        ax.plot(x, 1, "o", color="C0", markersize=5, zorder=3)
        note(ax, f"${x}$", (x, 1), (9 if x == 0 else 0, -11), color="C0")
    for x in (0, 2):
        bend = {"arrowstyle": "-|>", "connectionstyle": "arc3,rad=-0.4", "color": "C1", "linewidth": 1.6}
        ax.annotate("", xy=(x + 1.5, 1.05), xytext=(x, 1.05), arrowprops=bend, zorder=4)
    arrow(ax, (0, 1), color="C0", width=2.4)
    arrow(ax, (1.5, 1), color="C1", width=2.4)
    arrow(ax, (1, 0), color="C0", width=2.4, label="$e_1$", offset=(6, -9))
    note(ax, r"$x\mapsto x + 1.5$", (1.75, 1.62), (0, 8), color="C1")
    note(ax, "height 1", (4.6, 1), (0, -11))
    return fig


@figure(
    alt="Three matrices as pictures. Dense: every entry different. Convolution with zero padding: the same "
    "three values along the diagonal band. Circular convolution: the band also wraps into the two corners."
)
def three_layers() -> Figure:
    """The matrices of three layers."""
    fig, axes = plt.subplots(1, 3, figsize=(5.4, 2.1))
    kernel = torch.tensor([0.25, 1.0, 0.55])
    dense = torch.rand(9, 9, generator=torch.Generator().manual_seed(3))
    matrices = [dense, convolution_matrix(kernel, 9), convolution_matrix(kernel, 9, circular=True)]
    for ax, matrix, title in zip(axes, matrices, ["dense", "zero padding", "circular"], strict=True):
        ax.imshow(matrix.numpy(), vmin=0, vmax=1)
        ax.set(xticks=[], yticks=[])
        for side in ax.spines.values():
            side.set_visible(True)
        ax.set_title(title)
    return fig
