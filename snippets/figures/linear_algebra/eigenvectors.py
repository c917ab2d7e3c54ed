"""What is drawn and computed for the page *Eigenvectors*."""

import math

import matplotlib.pyplot as plt
import torch
from jaxtyping import Float
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from torch import Tensor

from book import figure, results
from snippets.figures.linear_algebra.drawing import arrow, grid, note
from snippets.linear_algebra.eigenvectors import (
    A,
    B,
    gradient_norms,
    power_iteration,
    recurrences,
    shear,
    symmetric,
)


def portrait(ax: Axes, M: Float[Tensor, "2 2"], lines: dict[tuple[int, int], str], title: str) -> None:
    """Draw arrows from points x of a circle to Mx, and the lines of the given eigenvectors with their names."""
    ink, faint = plt.rcParams["text.color"], plt.rcParams["grid.color"]
    t = 2 * math.pi * torch.arange(24, dtype=torch.float64) / 24
    x = torch.stack([t.cos(), t.sin()])
    ring = torch.linspace(0, 2 * math.pi, 200)
    ax.plot(ring.cos(), ring.sin(), color=faint, lw=1.2, zorder=1)
    for direction, name in lines.items():
        ax.axline((0, 0), direction, color="C1", lw=2, zorder=2)
        end = 2.35 * torch.tensor(direction, dtype=torch.float64) / math.hypot(*direction)
        across = torch.tensor([-direction[1], direction[0]]) / math.hypot(*direction)
        sideways = across if across[0] > 0 else -across
        right, up = (24 * sideways if abs(across[0]) > 0.5 else 11 * across).tolist()
        note(ax, name, end.tolist(), (right, up), color="C1")
    for start, end in zip(x.T, (M @ x).T, strict=True):
        stays = abs(float(start[0] * end[1] - start[1] * end[0])) < 1e-9
        ax.plot(*start, "o", color="C1" if stays else ink, ms=2.5, zorder=3)
        if (start - end).norm() > 1e-9:
            look = {"arrowstyle": "-|>,head_width=.2,head_length=.4", "shrinkA": 0, "shrinkB": 0, "lw": 1.2}
            look["color"] = "C1" if stays else "C0"
            ax.annotate("", end.tolist(), start.tolist(), arrowprops=look, zorder=3)
    ax.set(xlim=(-2.7, 2.7), ylim=(-2.7, 2.7), xticks=[], yticks=[], title=title, aspect="equal")
    ax.spines[:].set_visible(False)


@figure(
    alt="Four maps, each drawn as arrows from points of a circle to their images. A keeps two lines, 45 degrees "
    "apart, the symmetric map two perpendicular ones, the shear only the horizontal line, and B none: all its "
    "arrows turn."
)
def pairs() -> Figure:
    """Draw four maps by what they do to a circle of vectors, with their eigenlines."""
    fig, axes = plt.subplots(2, 2, figsize=(5.2, 5.5))
    portrait(axes[0, 0], A, {(1, 1): "$\\lambda=1$", (0, 1): "$\\lambda=2$"}, "$A$: two lines")
    portrait(axes[0, 1], symmetric, {(1, 1): "$\\lambda=3$", (1, -1): "$\\lambda=1$"}, "symmetric: perpendicular")
    portrait(axes[1, 0], shear, {(1, 0): "$\\lambda=1$"}, "shear: one line")
    portrait(axes[1, 1], B, {}, "$B$: no line")
    return fig


@figure(
    alt="Left, a grid of parallelograms with sides v1 and v2. Right, its image under A: v1 is unchanged, v2 is twice "
    "as long, and the grid lines keep their directions."
)
def own_basis() -> Figure:
    """Draw the grid of the eigenvectors of A before and after A."""
    fig, axes = plt.subplots(1, 2, figsize=(4.8, 3.4), sharex=True, sharey=True)
    P = torch.tensor([[1.0, 0.0], [1.0, 1.0]]).double().numpy()
    for ax, M, title, names in zip(
        axes, (P, A.numpy() @ P), ("before", "after $A$"), (("$v_1$", "$v_2$"), ("$v_1$", "$2v_2$")), strict=True
    ):
        grid(ax, lambda p, M=M: M @ p, (-1, 1), (-1, 1), colors=("C6", "C6"), width=0.8)
        arrow(ax, M[:, 0], color="C0", label=names[0], offset=(9, 2))
        arrow(ax, M[:, 1], color="C1", label=names[1], offset=(-12, 2))
        ax.set(xlim=(-1.6, 1.6), ylim=(-3.2, 3.2), xticks=[], yticks=[], title=title, aspect="equal")
        ax.spines[:].set_visible(False)
    return fig


@figure(
    alt="Left: five unit arrows; from step to step they swing towards the vertical eigenvector. Right: the angle "
    "that is left, on a logarithmic scale, falls along a straight line that halves at every step."
)
def powers() -> Figure:
    """Power iteration: the directions, and the angle that is left."""
    fig, (left, right) = plt.subplots(1, 2, figsize=(5.4, 3.1), width_ratios=(1, 1.25))
    directions = power_iteration(A, torch.tensor([1.0, 0.4]), 14)
    for k, d in enumerate(directions[:6]):
        left.annotate("", d.numpy(), (0, 0), arrowprops={"arrowstyle": "-|>", "color": "C0", "lw": 1.8,
                      "alpha": 0.35 + 0.13 * k, "shrinkA": 0, "shrinkB": 0})  # fmt: skip
        if k < 4:
            left.annotate(str(k), 1.13 * d.numpy(), ha="center", va="center")
    left.axline((0, 0), (0, 1), color="C1", lw=2.4, zorder=0)
    left.axline((0, 0), (1, 1), color=plt.rcParams["grid.color"], lw=2.4, zorder=0)
    left.set(xlim=(-0.5, 1.35), ylim=(-1.3, 1.3), aspect="equal", xticks=[], yticks=[], title="direction of $A^kx$")
    left.spines[:].set_visible(False)
    angles = [math.degrees(math.atan2(abs(float(d[0])), abs(float(d[1])))) for d in directions]
    right.semilogy(range(15), angles, "o-", color="C0", ms=4)
    right.plot([3, 14], [angles[14] * 2.0**11 * 2.5, angles[14] * 2.5], "--", color="C1")
    right.annotate("$|\\lambda_2/\\lambda_1|^k=2^{-k}$", (7.2, 6.0), color="C1", size=13)
    right.set(xlabel="step $k$", title="angle left (degrees)")
    right.grid(visible=True, alpha=0.6)
    return fig


@figure(
    alt="Length of the gradient through up to 100 steps, on a logarithmic scale. With spectral radius 1.1 it grows "
    "ten-thousandfold, with 0.9 it shrinks as fast, with an orthogonal weight it stays where it is."
)
def vanishing() -> Figure:
    """Gradients through time for three spectral radii."""
    fig, ax = plt.subplots(figsize=(5.2, 3.2))
    horizons = list(range(0, 101, 2))
    for i, (name, net) in enumerate(recurrences().items()):
        ax.semilogy(horizons, gradient_norms(net, horizons), color=f"C{i}")
        ax.annotate(name, (101, gradient_norms(net, [100])[0]), color=f"C{i}", va="center", annotation_clip=False)
    ax.set(xlabel="steps $k$", title="length of the gradient with respect to the first state", xlim=(0, 100))
    ax.grid(visible=True, alpha=0.6)
    return fig


@results(seed=0)
def numbers() -> dict[str, float]:
    """Return where the gradients of three recurrences end, and how slowly the shear turns a vector."""
    spread = [gradient_norms(net, [100])[0] for net in recurrences().values()]
    return {
        "exploded": spread[0],
        "kept": spread[1],
        "vanished": spread[2],
        "shear_angle_100": math.degrees(math.atan2(1, 100)),
    }
