"""What is drawn and computed for the page *Eigenvectors*."""

import cmath
import math

import matplotlib.pyplot as plt
import torch
from book import figure, results
from jaxtyping import Float
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from torch import Tensor

from snippets.linear_algebra.eigenvectors import (
    A,
    first,
    gradient_norms,
    power_iteration,
    recurrences,
    rotation_scaling,
    shear,
    symmetric,
)


def portrait(ax: Axes, M: Float[Tensor, "2 2"], eigenvectors: list[tuple[int, int]], title: str) -> None:
    """Draw the field x ↦ Mx as a flow, with the lines through the given eigenvectors."""
    ticks = torch.linspace(-2, 2, 25)
    x, y = torch.meshgrid(ticks, ticks, indexing="xy")
    u, v = torch.einsum("ij,jkl->ikl", M, torch.stack([x, y]))
    ax.streamplot(ticks.numpy(), ticks.numpy(), u.numpy(), v.numpy(), color=plt.rcParams["grid.color"],
                  linewidth=1.1, density=0.75, arrowsize=0.9)  # fmt: skip
    for i, direction in enumerate(eigenvectors):
        ax.axline((0, 0), direction, color=f"C{i}", lw=2.6, zorder=3)
    ax.plot(0, 0, "o", color=plt.rcParams["text.color"], ms=4, zorder=4)
    ax.set(xlim=(-2, 2), ylim=(-2, 2), xticks=[], yticks=[], title=title, aspect="equal")
    ax.spines[:].set_visible(False)


@figure(
    alt="Four flow portraits of the plane. The source's second map has two straight streamlines, along (1, 1) and "
    "(0, 1). The symmetric map has two at right angles. The shear has one, the horizontal axis. The source's "
    "first map has none: every streamline is a spiral."
)
def flows() -> Figure:
    """Four maps as flows, with their eigenlines."""
    fig, axes = plt.subplots(2, 2, figsize=(5.2, 5.5))
    portrait(axes[0, 0], A, [(1, 1), (0, 1)], "$A$: two lines")
    portrait(axes[0, 1], symmetric, [(1, 1), (1, -1)], "symmetric: at right angles")
    portrait(axes[1, 0], shear, [(1, 0)], "shear: one line")
    portrait(axes[1, 1], first, [], "the first matrix: no line")
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
    alt="Left: the orbit x, Ax, A²x, … of the source's first matrix spirals outwards along tilted ellipses. Right: "
    "the same orbit in the basis of real and imaginary part of an eigenvector is a round spiral that turns by "
    "thirty degrees a step."
)
def spiral() -> Figure:
    """One orbit in the standard basis, and in the basis of an eigenvector's two parts."""
    fig, (left, right) = plt.subplots(1, 2, figsize=(5.4, 3.1))
    eigenvalue, P = rotation_scaling(first)
    turn = eigenvalue.conjugate() / 1.6  # dividing by 1.6 at every step lets two turns fit
    t = torch.linspace(0, 24, 400)
    curve = torch.stack([torch.tensor([w.real, w.imag]) for w in (1j * turn ** float(s) for s in t)], 1)
    points = torch.stack([torch.linalg.matrix_power(first / 1.6, k) @ P[:, 1] for k in range(25)], 1)
    turned = torch.linalg.solve(P, points)
    for ax, dots, line, title in (
        (left, points, P @ curve, "$A^kx\\,/\\,1.6^k$"),
        (right, turned, curve, "the same in the basis $P$"),
    ):
        ax.plot(*line.numpy(), color="C0", lw=1.4)
        ax.plot(*dots.numpy(), "o", color="C1", ms=5.5, zorder=3)
        for x, y in dots.T.tolist():
            ax.plot([0, x], [0, y], color=plt.rcParams["grid.color"], lw=1, zorder=0)
        reach = 1.12 * float(dots.abs().max())
        ax.set(xlim=(-reach, reach), ylim=(-reach, reach), xticks=[], yticks=[], aspect="equal")
        ax.set_title(title, size=13)
        ax.spines[:].set_visible(False)
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
    """Numbers that the page quotes."""
    eigenvalue, _ = rotation_scaling(first)
    spread = [gradient_norms(net, [100])[0] for net in recurrences().values()]
    return {
        "modulus": abs(eigenvalue),
        "degrees": math.degrees(-cmath.phase(eigenvalue)),
        "exploded": spread[0],
        "kept": spread[1],
        "vanished": spread[2],
        "shear_angle_100": math.degrees(math.atan2(1, 100)),
        "transient_peak": float(torch.linalg.matrix_power(torch.tensor([[0.9, 10.0], [0.0, 0.9]]), 9).norm()),
    }
