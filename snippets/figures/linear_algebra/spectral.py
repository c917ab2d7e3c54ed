"""What is drawn and computed for the page *The spectral theorem*."""

import cmath
import math

import matplotlib.pyplot as plt
import torch
from matplotlib.figure import Figure

from book import figure, results
from snippets.figures.linear_algebra.drawing import note
from snippets.linear_algebra.eigenvectors import B, symmetric
from snippets.linear_algebra.spectral import rotation_scaling


@figure(
    alt="Left: the orbit x, Bx, B²x, … spirals outwards along tilted ellipses, clockwise. Right: "
    "the same orbit in the basis of real and imaginary part of an eigenvector is a round spiral that turns "
    "clockwise by thirty degrees a step."
)
def spiral() -> Figure:
    """One orbit in the standard basis, and in the basis of an eigenvector's two parts."""
    fig, (left, right) = plt.subplots(1, 2, figsize=(5.4, 3.1))
    z, P = rotation_scaling(B)
    start = P[:, 1]
    turn = z / 1.6  # dividing by 1.6 at every step lets two turns fit
    curve = torch.tensor([[w.real, w.imag] for w in (1j * turn ** (k / 16) for k in range(385))]).T.to(P)
    points = torch.stack([torch.linalg.matrix_power(B / 1.6, k) @ start for k in range(25)], 1)
    turned = torch.linalg.solve(P, points)
    for ax, dots, line, title in (
        (left, points, P @ curve, "$B^kx\\,/\\,1.6^k$"),
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
    alt="Elliptic level lines of a bowl, twice, with the steps of gradient descent. With the smaller learning rate the "
    "steps zigzag into the centre, with the larger one they zigzag outwards along the steep axis."
)
def steps() -> Figure:
    """Draw gradient descent below and above the largest learning rate."""
    fig, axes = plt.subplots(1, 2, figsize=(5.2, 2.8), sharey=True)
    s = torch.linspace(-2, 2, 161)
    x, y = torch.meshgrid(s, s, indexing="xy")
    height = x**2 + x * y + y**2
    for i, (ax, rate) in enumerate(zip(axes, (0.5, 0.7), strict=True)):
        levels, faint = [0.1, 0.4, 0.9, 1.6, 2.5, 3.6], plt.rcParams["grid.color"]
        ax.contour(x, y, height, levels=levels, colors=[faint], linewidths=1)
        way = [torch.tensor([1.5, -0.7] if i == 0 else [1.2, -0.3])]
        for _ in range(9):
            way.append(way[-1] - rate * symmetric @ way[-1])
        way = torch.stack(way)
        ax.plot(*way.T, "o-", color=f"C{i}", ms=4, lw=1.4)
        ax.annotate("start", way[0].tolist(), (5, -11), textcoords="offset points", color=f"C{i}")
        ax.set(title=f"$\\eta={rate}$", xlim=(-2, 2), ylim=(-2, 2), aspect="equal", xticks=[], yticks=[])
        ax.spines[:].set_visible(False)
    return fig


@figure(
    alt="Level lines of three landscapes with the lines of their eigenvectors. Eigenvalues 1 and 3: ellipses, a bowl. "
    "Eigenvalues 0 and 2: parallel lines, a valley that is flat along its floor. Eigenvalues -1 and 3: hyperbolas, "
    "positive along one eigenvector and negative along the other, a saddle."
)
def landscapes() -> Figure:
    """Draw a bowl, a flat valley and a saddle by their level lines and eigenvectors."""
    fig, axes = plt.subplots(1, 3, figsize=(5.6, 2.3))
    s = torch.linspace(-2, 2, 161)
    x, y = torch.meshgrid(s, s, indexing="xy")
    cases = (((2, 1, 2), "bowl", (1, 3)), ((1, 1, 1), "flat somewhere", (0, 2)), ((1, 2, 1), "saddle", (-1, 3)))
    for ax, ((a, b, c), title, values) in zip(axes, cases, strict=True):
        height = a * x**2 + 2 * b * x * y + c * y**2
        ax.contour(x, y, height, levels=[0.5, 2, 4.5, 8], colors=["C0"], linewidths=1.1)
        ax.contour(x, y, height, levels=[-4.5, -2, -0.5], colors=["C1"], linewidths=1.1, linestyles="solid")
        for value, direction in zip(values, ((-1, 1), (1, 1)), strict=True):
            ax.axline((0, 0), direction, color=plt.rcParams["grid.color"], lw=1.6, zorder=0)
            note(ax, f"${value}$".replace("-", "{-}"), [1.25 * d for d in direction])
        ax.set(title=title, xlim=(-1.9, 1.9), ylim=(-1.9, 1.9), aspect="equal", xticks=[], yticks=[])
        ax.spines[:].set_visible(False)
    return fig


@results(seed=0)
def numbers() -> dict[str, float]:
    """Return the angle by which B turns, clockwise."""
    return {"degrees": math.degrees(-cmath.phase(rotation_scaling(B)[0]))}
