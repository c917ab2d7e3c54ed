"""What is drawn and computed for the page *The exponential*."""

import math

import matplotlib.pyplot as plt
import torch
from jaxtyping import Float
from matplotlib.figure import Figure
from torch import Tensor

from book import figure, results
from snippets.lie_groups.exponential import (
    J,
    compounded,
    log_so3,
    partial_sums,
    textbook_log,
)
from snippets.lie_groups.groups import rotation


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
    alt="A circle seen along its axis. From the point v an arrow leads sideways along the tangent, and from its end "
    "another leads inwards, at a right angle, to the point of the circle that is turned by theta."
)
def sideways_and_inwards() -> Figure:
    """Draw the two vectors that Rodrigues' formula adds to v, seen from the tip of the axis."""
    fig, ax = plt.subplots(figsize=(4.6, 3.5))
    ink, faint = plt.rcParams["text.color"], plt.rcParams["grid.color"]
    theta = torch.tensor(1.15)
    arc = torch.linspace(-0.5, 2.1, 200)
    ax.plot(arc.cos(), arc.sin(), color=faint, lw=1.4)
    end = (theta.cos().item(), theta.sin().item())
    for place in ((1.0, 0.0), end):
        ax.plot((0, place[0]), (0, place[1]), color=faint, lw=1.2)
    small = torch.linspace(0, theta.item(), 50)
    ax.plot(0.2 * small.cos(), 0.2 * small.sin(), color=ink, lw=1)
    ax.text(0.25, 0.14, "$\\theta$", ha="left", va="center")
    shaft = {"arrowstyle": "-|>", "lw": 2, "shrinkA": 0, "shrinkB": 0}
    ax.annotate("", (1.0, end[1]), (1.0, 0.0), arrowprops=shaft | {"color": "C0"})
    ax.annotate("", end, (1.0, end[1]), arrowprops=shaft | {"color": "C1"})
    ax.text(1.05, end[1] / 2, "$\\sin\\theta\\; n\\times v$", color="C0", va="center")
    inwards = "$(1-\\cos\\theta)\\; n\\times(n\\times v)$"
    ax.text(0.62, end[1] + 0.06, inwards, color="C1", ha="left", va="bottom")
    ax.plot(0, 0, "o", color=ink, ms=5)
    ax.plot(0, 0, "o", mfc="none", color=ink, ms=11)
    ax.text(-0.09, -0.02, "axis $n$", ha="right", va="center")
    ax.plot(1, 0, "o", color=ink, ms=5)
    ax.text(1.06, -0.03, "$v$", ha="left", va="center")
    ax.plot(*end, "o", color=ink, ms=5)
    ax.text(end[0] - 0.04, end[1] + 0.07, "turned", ha="right", va="bottom")
    ax.set(aspect="equal", xlim=(-0.55, 1.55), ylim=(-0.4, 1.2))
    ax.axis("off")
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
    arrived, G = rotation(2.0), 2.0 * J
    size = torch.linalg.matrix_norm(G, 2).item()
    return {
        "thousand_steps_miss": torch.linalg.matrix_norm(compounded(G, 1000) - arrived, 2).item(),
        "thousand_steps_bound": size**2 / (2 * 1000) * math.exp(size),
        "ten_terms_miss": torch.linalg.matrix_norm(partial_sums(G, 10)[-1] - arrived, 2).item(),
        "ten_terms_bound": size**10 / math.factorial(10) * math.exp(size),
        "smallest_trace": torch.linalg.matrix_exp(X).diagonal(dim1=1, dim2=2).sum(1).min().item(),
    }
