"""What is drawn and computed for the page *Linear maps*."""

import matplotlib.pyplot as plt
import numpy as np
import torch
from matplotlib.figure import Figure
from torch import nn

from book import figure, results
from snippets.figures.linear_algebra.drawing import arrow, grid, note, plane
from snippets.linear_algebra.linear_maps import A, convolution_matrix, matrix_of
from snippets.linear_algebra.span import rank


@results(seed=0)
def numbers() -> dict[str, float | int]:
    """Numbers that the page quotes."""
    layer = nn.Linear(4, 3)
    deep = nn.Sequential(*[nn.Linear(a, b, bias=False) for a, b in [(8, 6), (6, 3), (3, 8)]])
    with torch.no_grad():
        return {
            "bias": layer.bias.norm().item(),
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
    alt="Three images of a grid. Under a matrix, horizontal and vertical lines stay parallel and the "
    "diagonal stays straight. Under the twist, grid lines fan out but stay straight, and the diagonal becomes a "
    "parabola. Under the wobble the integer grid is unchanged but the diagonal waves."
)
def impostors() -> Figure:
    """A grid and its diagonal under a linear map and under two impostors."""
    fig, axes = plt.subplots(1, 3, figsize=(5.4, 2.5))
    maps = [
        ("linear", lambda p: np.array([[1.0, 0.3], [0.5, 1.0]]) @ p, (-0.4, 3.2), (-0.4, 4)),
        ("twist", lambda p: np.stack([p[0], p[1] + p[0] * p[1]]), (-0.3, 2.3), (-0.5, 6.6)),
        ("wobble", lambda p: np.stack([p[0] + np.sin(2 * np.pi * p[0]) / 8, p[1]]), (-0.3, 2.4), (-0.3, 2.4)),
    ]
    t = np.linspace(0, 2, 201)
    for ax, (title, f, x, y) in zip(axes, maps, strict=True):
        plane(ax, x, y)
        ax.set_aspect("auto")
        grid(ax, f, (0, 2), (0, 2))
        ax.plot(*f(np.stack([t, t])), color="C2", linewidth=2.6, zorder=3)
        ax.plot(0, 0, "o", color=plt.rcParams["text.color"], markersize=5, zorder=4)
        ax.set_title(title)
    return fig


@figure(
    alt="A slanted grid: a shear that leaves the horizontal axis alone moves the line at height one to the "
    "right by 1.5, so the points on that line, which stand for the numbers x, are all translated."
)
def shear_translates() -> Figure:
    """A shear of the plane that translates the line at height one."""
    fig, ax = plt.subplots(figsize=(5.2, 2.7))
    plane(ax, (-2.8, 5.2), (-0.35, 1.95))
    ax.set_aspect("auto")
    shear = np.array([[1.0, 1.5], [0.0, 1.0]])
    faint = (plt.rcParams["grid.color"],) * 2
    grid(ax, lambda p: shear @ p, (-7, 7), (-1, 2), colors=faint, width=0.8)
    ax.axhline(1, color=plt.rcParams["text.color"], linewidth=1, zorder=2)
    for x in (-2, -1, 0, 1, 2, 3):
        ax.plot(x, 1, "o", color="C0", markersize=5, zorder=3)
        note(ax, f"{x}", (x, 1), (9 if x == 0 else 0, -11), color="C0")
        bend = {"arrowstyle": "-|>", "connectionstyle": "arc3,rad=-0.32", "color": "C1", "linewidth": 1.1}
        ax.annotate("", xy=(x + 1.5, 1.02), xytext=(x, 1.02), arrowprops=bend, zorder=4)
    arrow(ax, (1.5, 1), color="C1", width=2.6)
    arrow(ax, (0, 1), color="C0", width=2.6)
    arrow(ax, (1, 0), color="C0", width=2.6, label="$e_1$", offset=(6, -9))
    note(ax, r"$x\mapsto x + 1.5$", (1.25, 1), (0, 34), color="C1")
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
