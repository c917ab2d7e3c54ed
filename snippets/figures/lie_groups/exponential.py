"""What is drawn and computed for the page *The exponential*."""

import matplotlib.pyplot as plt
import torch
from book import figure, results
from jaxtyping import Float
from matplotlib import patheffects
from matplotlib.figure import Figure
from torch import Tensor

from snippets.figures.lie_groups.groups import draw_letter
from snippets.lie_groups.exponential import (
    J,
    exp_so3,
    geodesic,
    hat,
    log_so3,
    partial_sums,
    textbook_log,
)
from snippets.lie_groups.groups import random_orthogonal, rotation


@figure(
    alt="Two panels of arrows laid end to end. Left, the terms of the series for a turn by two radians spiral "
    "into the point on the unit circle. Right, with the printed powers the chain ends far from the circle."
)
def spiral() -> Figure:
    """Draw the terms Gᵏ/k! acting on (1, 0), end to end, with the right and the printed powers."""
    fig, axes = plt.subplots(1, 2, figsize=(5.4, 3.1), sharey=True)
    theta, arc = 2.0, torch.linspace(0, 2 * torch.pi, 200)
    eye = torch.eye(2)
    right = partial_sums(theta * J, 12)[:, :, 0]
    wrong = torch.cumsum(torch.stack(
        [eye, theta * J, -(theta**2) / 2 * eye, -theta / 6 * theta * J, theta**2 / 24 * eye]), 0)[:, :, 0]  # fmt: skip
    panels = ((axes[0], right, "right powers", "C0"), (axes[1], wrong, "powers as printed", "C1"))
    for ax, chain, name, colour in panels:
        ax.plot(arc.cos(), arc.sin(), color=plt.rcParams["grid.color"], lw=1.2)
        chain = torch.cat([torch.zeros(1, 2), chain])
        ax.quiver(*chain[:-1].T.numpy(), *chain.diff(dim=0).T.numpy(), angles="xy", scale_units="xy", scale=1,
                  color=colour, width=0.014, headwidth=4, headlength=5)  # fmt: skip
        ax.plot(*rotation(theta)[:, 0], "o", mfc="none", color=plt.rcParams["text.color"], ms=9)
        ax.set(title=name, aspect="equal", xlim=(-1.5, 1.25), ylim=(-1.15, 2.25))
        ax.set(xticks=[-1, 0, 1], yticks=[-1, 0, 1, 2])
    return fig


def log_errors(angles: Float[Tensor, " n"], log) -> list[float]:
    """Measure |log(R) − ω| for turns about one fixed axis, with R rounded from 40 digits."""
    import mpmath

    mpmath.mp.dps = 40
    axis, errors = torch.tensor([2.0, -1.0, 2.0]) / 3, []
    for angle in angles.tolist():
        n = mpmath.matrix([mpmath.mpf(2) / 3, mpmath.mpf(-1) / 3, mpmath.mpf(2) / 3])
        K = mpmath.matrix([[0, -n[2], n[1]], [n[2], 0, -n[0]], [-n[1], n[0], 0]])
        exact = mpmath.eye(3) + mpmath.sin(angle) * K + (1 - mpmath.cos(angle)) * K * K
        R = torch.tensor([[float(exact[i, j]) for j in range(3)] for i in range(3)])
        errors.append(((log(R) - angle * axis).norm() / angle).item())
    return errors


@figure(
    alt="Two panels of relative error against angle on logarithmic axes. The textbook formula rises to order one "
    "for tiny angles and close to a half turn; the quaternion route stays at rounding level everywhere."
)
def log_accuracy() -> Figure:
    """Draw the error of two logarithms near 0 and near π."""
    fig, axes = plt.subplots(1, 2, figsize=(5.4, 3.0), sharey=True)
    gaps = torch.logspace(-10, 0, 41)
    for ax, angles, label in (
        (axes[0], gaps, "angle $\\theta$"),
        (axes[1], torch.pi - gaps, "distance to the cut, $\\pi-\\theta$"),
    ):
        for log, name, style in ((textbook_log, "textbook", "C1o-"), (log_so3, "here", "C0o-")):
            errors = torch.tensor(log_errors(angles, log)).nan_to_num(1.0, 1.0, 1.0).clamp(1e-17, 10)
            ax.loglog(gaps, errors, style, ms=3, lw=1.2, label=name)
        ax.set(xlabel=label, xticks=[1e-9, 1e-6, 1e-3], ylim=(3e-18, 20))
        ax.grid(True)
    axes[0].set_ylabel("relative error of $\\log R$")
    axes[0].legend(loc="upper right")
    return fig


@figure(
    alt="The letter F on its way to a turn by 150 degrees, in seven steps. Above it turns rigidly. Below, on "
    "the straight line between the matrices, it shrinks to a quarter of its size half way and grows again."
)
def interpolation() -> Figure:
    """Draw the geodesic and the straight line between two rotations as what they do to the letter F."""
    fig, axes = plt.subplots(2, 1, figsize=(5.4, 2.9))
    theta = torch.tensor(150.0).deg2rad()
    steps = torch.linspace(0, 1, 7)
    for ax, name, colour in ((axes[0], "inside the group", "C0"), (axes[1], "straight line", "C1")):
        for k, s in enumerate(steps):
            A = rotation(s * theta) if colour == "C0" else (1 - s) * torch.eye(2) + s * rotation(theta)
            draw_letter(ax, A, torch.tensor([2.3 * k, 0.0]), 1.0, colour)
            ax.text(2.3 * k, -1.75, f"{torch.linalg.det(A):.2f}", ha="center", va="center")
        ax.set(xlim=(-1.2, 15), ylim=(-2.1, 1.2), aspect="equal")
        ax.set_title(name + "; below each letter, $\\det$", loc="left", color=colour)
        ax.axis("off")
    return fig


@figure(
    alt="The plane of trace and determinant. Exponentials of random real matrices fill only the part above the "
    "axis and to the right of the left branch of the parabola. A reflection and diag(-2, -1/2) lie outside."
)
def missed() -> Figure:
    """Draw where exponentials of 2×2 matrices fall in the plane of trace and determinant."""
    fig, ax = plt.subplots(figsize=(5.2, 3.5))
    X = 1.6 * torch.randn(6000, 2, 2, generator=torch.Generator().manual_seed(0))
    E = torch.linalg.matrix_exp(X)
    ax.plot(E.diagonal(dim1=1, dim2=2).sum(1), torch.linalg.det(E), ".", ms=2, color="C0", alpha=0.5, rasterized=True)
    root = torch.linspace(0, 2.5, 100)
    corner = torch.tensor([[-5.0], [0.0]])
    ax.fill(*torch.cat([torch.stack([-2 * root, root**2]), corner], 1).numpy(), color="C1", alpha=0.15)
    ax.fill([-5, 4, 4, -5], [0, 0, -1.6, -1.6], color="C1", alpha=0.15, lw=0)
    ax.plot(-2 * root, root**2, color="C1")
    ax.axhline(0, color="C1")
    ax.text(-4.9, 0.32, "two different negative\neigenvalues", color="C1", va="center", fontsize=9)
    ax.text(3.9, -1.25, "negative determinant", color="C1", ha="right", va="center", fontsize=9)
    for place, name, offset, side in (
        ((2, 1), "$I$", (7, -4), "left"),
        ((-2, 1), "$-I$", (-5, -14), "right"),
        ((-2.5, 1), "$\\mathrm{diag}(-2,-1/2)$", (-6, 7), "right"),
        ((0, -1), "a reflection", (7, -4), "left"),
    ):
        ax.plot(*place, "o", color=plt.rcParams["text.color"], ms=5)
        rim = [patheffects.withStroke(linewidth=3, foreground=plt.rcParams["axes.facecolor"])]
        rim = rim if name == "$I$" else []  # a rim of paper, for the one that lies among the dots
        ax.annotate(name, place, xytext=offset, textcoords="offset points", ha=side, path_effects=rim)
    ax.set(xlim=(-5, 4), ylim=(-1.6, 2.6), xlabel="trace", ylabel="determinant")
    return fig


@results(seed=0)
def numbers() -> dict[str, float]:
    """Numbers that the page quotes."""
    generator = torch.Generator().manual_seed(0)
    X = torch.randn(20000, 2, 2, generator=generator) * 3
    X = X - X.diagonal(dim1=1, dim2=2).mean(1)[:, None, None] * torch.eye(2)
    R = random_orthogonal(3, 2)
    R = R * torch.linalg.det(R).sign()[:, None, None]
    line = torch.stack([(1 - s) * R[0] + s * R[1] for s in (0.25, 0.5, 0.75)])
    path = geodesic(R[0], R[1], torch.linspace(0, 1, 21))
    angles = torch.logspace(-3, 0, 61)
    omega = angles[:, None] * torch.tensor([2.0, -1.0, 2.0]) / 3
    misses = torch.stack([(torch.linalg.matrix_exp(hat(w)) - exp_so3(w)).abs().max() for w in omega])
    return {
        "smallest_trace": torch.linalg.matrix_exp(X).diagonal(dim1=1, dim2=2).sum(1).min().item(),
        "line_det_quarter": torch.linalg.det(line)[0].item(),
        "line_det_half": torch.linalg.det(line)[1].item(),
        "angle_apart": log_so3(R[0].T @ R[1]).norm().item(),
        "torch_matrix_exp": misses.max().item(),
        "torch_matrix_exp_angle": angles[misses.argmax()].item(),
        "geodesic_error": (path @ path.mT - torch.eye(3)).abs().max().item(),
    }
