"""What is drawn and computed for the page *The exponential*."""

from functools import cache

import matplotlib.pyplot as plt
import torch
from jaxtyping import Float
from matplotlib.figure import Figure
from torch import Tensor

from book import figure, results
from snippets.figures.lie_groups.groups import draw_letter
from snippets.lie_groups.exponential import (
    J,
    RotationHead,
    exp_so3,
    log_so3,
    partial_sums,
    textbook_log,
)
from snippets.lie_groups.groups import random_orthogonal, rotation


@figure(
    alt="A field of arrows that circle around the origin, each perpendicular to its place. Chains of two, four and "
    "sixteen straight steps start at (1, 0); the more steps, the closer they follow the arc of two radians."
)
def flow() -> Figure:
    """Draw the velocities Jx and how straight steps along them approach the turn by 2."""
    fig, ax = plt.subplots(figsize=(4.8, 4.4))
    x, y = torch.meshgrid(torch.linspace(-1.6, 2.0, 10), torch.linspace(-0.6, 2.6, 9), indexing="ij")
    ax.quiver(x, y, -y, x, color=plt.rcParams["grid.color"], width=0.005, angles="xy", scale=26)
    arc = torch.linspace(0, 2, 100)
    ax.plot(arc.cos(), arc.sin(), color=plt.rcParams["text.color"], lw=2.5)
    for steps, colour, offset in ((2, "C1", (8, 2)), (4, "C2", (2, 9)), (16, "C0", (-8, 9))):
        step = torch.eye(2) + 2 / steps * J
        chain = torch.stack([torch.linalg.matrix_power(step, k)[:, 0] for k in range(steps + 1)])
        ax.plot(*chain.T.numpy(), "o-", color=colour, ms=3.5, lw=1.6)
        ax.annotate(f"{steps} steps", chain[-1].tolist(), offset, textcoords="offset points", color=colour, ha="center")
    ax.annotate("turn by 2", (arc[60].cos(), arc[60].sin()), (-8, -16), textcoords="offset points", ha="right")
    ax.plot(0, 0, "o", color=plt.rcParams["text.color"], ms=3)
    ax.set(aspect="equal", xlim=(-1.7, 2.1), ylim=(-0.7, 2.7), xticks=[-1, 0, 1, 2], yticks=[0, 1, 2])
    return fig


@figure(
    alt="Arrows laid end to end, each perpendicular to the one before and soon much shorter. The chain starts at "
    "the origin and spirals into a point of the unit circle."
)
def spiral() -> Figure:
    """Draw the terms Gᵏ/k! acting on (1, 0), end to end."""
    fig, ax = plt.subplots(figsize=(4.0, 3.9))
    arc = torch.linspace(0, 2 * torch.pi, 200)
    ax.plot(arc.cos(), arc.sin(), color=plt.rcParams["grid.color"], lw=1.2)
    chain = torch.cat([torch.zeros(1, 2), partial_sums(2.0 * J, 12)[:, :, 0]])
    ax.quiver(*chain[:-1].T.numpy(), *chain.diff(dim=0).T.numpy(), angles="xy", scale_units="xy", scale=1,
              color="C0", width=0.012, headwidth=4, headlength=5)  # fmt: skip
    for k, name, side in ((0, "$I$", (0, -12)), (1, "$G$", (12, 0)), (2, "$G^2/2$", (0, 9)), (3, "$G^3/6$", (-20, 0))):
        middle = (chain[k] + chain[k + 1]) / 2
        ax.annotate(name, middle.tolist(), side, textcoords="offset points", ha="center", va="center", color="C0")
    ax.plot(*rotation(2.0)[:, 0], "o", mfc="none", color=plt.rcParams["text.color"], ms=9)
    ax.set(aspect="equal", xlim=(-1.6, 1.5), ylim=(-1.15, 2.3), xticks=[-1, 0, 1], yticks=[-1, 0, 1, 2])
    return fig


@figure(
    alt="A disc of radius 180 degrees with its centre marked identity. A path leads from the centre along n to the "
    "rim, continues at the opposite point of the rim and comes inwards. Dashed circles mark 60 and 120 degrees."
)
def ball() -> Figure:
    """Draw SO(3) as a ball of radius π whose opposite surface points are one rotation."""
    fig, ax = plt.subplots(figsize=(4.4, 4.2))
    ink, faint = plt.rcParams["text.color"], plt.rcParams["grid.color"]
    arc = torch.linspace(0, 2 * torch.pi, 200)
    for degrees, style in ((60, "--"), (120, "--"), (180, "-")):
        ax.plot(degrees * arc.cos(), degrees * arc.sin(), style, color=ink if degrees == 180 else faint, lw=1.2)
        if degrees < 180:
            ax.text(0, -degrees - 4, f"{degrees}°", ha="center", va="top")
    n = rotation(torch.pi / 6)[:, 0]
    shaft = {"arrowstyle": "-|>", "color": "C0", "lw": 2, "shrinkA": 0, "shrinkB": 0}
    ax.annotate("", (180 * n).tolist(), (0, 0), arrowprops=shaft)
    ax.annotate("", (-95 * n).tolist(), (-180 * n).tolist(), arrowprops=shaft | {"color": "C1"})
    there, here = "180° about $n$", "180° about $-n$:\nthe same"
    for sign, colour, name, side in ((1, "C0", there, "left"), (-1, "C1", here, "right")):
        ax.plot(*(sign * 180 * n).tolist(), "o", color=colour, ms=7)
        ax.text(*(sign * 192 * n).tolist(), name, color=colour, ha=side, va="center")
    ax.plot(0, 0, "o", color=ink, ms=5)
    ax.text(-8, 6, "identity", ha="right", va="bottom")
    ax.set(aspect="equal", xlim=(-330, 330), ylim=(-190, 190))
    ax.axis("off")
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
        ((2, 1), "$I$", (9, -4), "left"),
        ((-2, 1), "$-I$", (-5, -14), "right"),
        ((-2.5, 1), "$\\mathrm{diag}(-2,-1/2)$", (-6, 7), "right"),
        ((0, -1), "a reflection", (7, -4), "left"),
    ):
        ax.plot(*place, "o", color=plt.rcParams["text.color"], ms=5)
        paper = {"fc": plt.rcParams["axes.facecolor"], "ec": "none", "pad": 1.5}  # $I$ lies among the dots
        paper = paper if name == "$I$" else None
        ax.annotate(name, place, offset, textcoords="offset points", ha=side, zorder=5, bbox=paper)
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
    return {
        "smallest_trace": torch.linalg.matrix_exp(X).diagonal(dim1=1, dim2=2).sum(1).min().item(),
        "line_det_half": torch.linalg.det(R.mean(0)).item(),
        "angle_apart": log_so3(R[0].T @ R[1]).norm().item(),
    }


@cache
def copied(numbers: int) -> tuple[Float[Tensor, "count"], Float[Tensor, "count"]]:
    """Train a network to copy rotations; return the angles of 5000 new ones and its errors, in degrees."""
    torch.manual_seed(0)
    generator = torch.Generator().manual_seed(0)
    layers = [torch.nn.Linear(9, 64), torch.nn.ReLU(), torch.nn.Linear(64, 64), torch.nn.ReLU()]
    net = torch.nn.Sequential(*layers, RotationHead(64, numbers)).float()
    optimiser = torch.optim.Adam(net.parameters(), lr=2e-3)
    for _ in range(1000):
        optimiser.zero_grad()
        R = any_rotations(64, generator)
        (net(R.flatten(1)) - R).square().sum((1, 2)).mean().backward()
        optimiser.step()
    R = any_rotations(5000, generator)
    apart = log_so3(net(R.flatten(1)).detach().mT @ R).norm(dim=1).rad2deg()
    return log_so3(R).norm(dim=1).rad2deg(), apart


@results(seed=0)
def heads() -> dict[str, float]:
    """Errors in degrees of two networks that copy a rotation, with three and with six numbers."""
    found = {}
    for numbers in (3, 6):
        _, apart = copied(numbers)
        found |= {f"median_{numbers}": apart.median().item(), f"worst_{numbers}": apart.max().item()}
    return found


@figure(
    alt="Errors of two heads on 5000 rotations against the angle of the rotation. With three numbers they shoot up to "
    "180 degrees near the half turn; with six numbers they stay at a few degrees."
)
def heads_by_angle() -> Figure:
    """Draw the error of the heads with three and with six numbers against the angle of the rotation."""
    fig, ax = plt.subplots(figsize=(5.2, 3.2))
    for numbers, colour in ((3, "C1"), (6, "C0")):
        ax.plot(*copied(numbers), ".", ms=2, color=colour, alpha=0.6, rasterized=True)
    ax.text(146, 110, "three numbers", color="C1", ha="right")
    ax.text(146, 92, "six numbers", color="C0", ha="right")
    ax.set(xlabel="angle of the rotation, degrees", ylabel="error, degrees", xlim=(0, 182), ylim=(-3, 185))
    ax.set(xticks=[0, 60, 120, 180], yticks=[0, 60, 120, 180])
    return fig


def any_rotations(count: int, generator: torch.Generator) -> Float[Tensor, "count 3 3"]:
    """Draw rotations of space in single precision, all equally likely: Gaussian quaternions, normalised."""
    q = torch.nn.functional.normalize(torch.randn(count, 4, generator=generator, dtype=torch.float32), dim=1)
    v = q[:, 1:]
    return exp_so3(2 * torch.atan2(v.norm(dim=1), q[:, 0])[:, None] * torch.nn.functional.normalize(v, dim=1))
