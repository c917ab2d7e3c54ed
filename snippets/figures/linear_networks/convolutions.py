"""What is drawn and computed for the page *Convolutions*."""

import matplotlib.pyplot as plt
import numpy as np
import torch
from jaxtyping import Float
from matplotlib.figure import Figure
from torch import Tensor

from book import figure, results
from snippets.figures.linear_networks.function_spaces import diverging
from snippets.linear_networks.convolutions import convolution_matrix, discriminant, real_rooted, stride_two_criticals


@figure(
    alt="Two banded matrices and their product. The first has three coloured weights a row, moving by two "
    "columns a row; the "
    "second two weights a row; the product five weights a row, moving by two."
)
def bands() -> Figure:
    """Two convolutions as matrices, and the convolution that they compose to."""
    first, second = torch.tensor([1.0, 0.55, -0.7]), torch.tensor([0.8, -1.0])
    W1, W2 = convolution_matrix(first, 9, 2), convolution_matrix(second, 4, 1)
    fig, axes = plt.subplots(3, 1, figsize=(4.2, 5.2), height_ratios=[4, 3, 3])
    named = [
        (W1, "$W_1$: filter size 3, stride 2"),
        (W2, "$W_2$: filter size 2, stride 1"),
        (W2 @ W1, "$W_2W_1$: filter size 5, stride 2"),
    ]
    for ax, (W, title) in zip(axes, named, strict=True):
        ax.imshow(W.numpy(), cmap=diverging(), vmin=-1.3, vmax=1.3)
        for (i, j), value in np.ndenumerate(W.numpy()):
            if value:
                ax.text(j, i, f"{value:.2g}".replace("-", "−"), ha="center", va="center", fontsize=7.5)
        ax.set(title=title, xticks=np.arange(-0.5, W.shape[1]), yticks=np.arange(-0.5, W.shape[0]), xlim=(-0.5, 8.5))
        ax.grid(True)
        ax.tick_params(length=0, labelbottom=False, labelleft=False)
        for side in ax.spines.values():
            side.set_visible(False)
    return fig


def descent(target: Tensor, start: Tensor, steps: int = 3000, rate: float = 0.01) -> Float[Tensor, "steps 2"]:
    """Train (x + a)(x + b) towards x² + βx + γ and return the path of (a + b, ab)."""
    path, theta = [], start
    for _ in range(steps):
        path.append(torch.stack([theta.sum(), theta.prod()]))
        theta = theta - 2 * rate * ((theta.sum() - target[0]) + (theta.prod() - target[1]) * theta.flip(0))
    return torch.stack(path)


@figure(
    alt="The plane of the quadratics x squared plus beta x plus gamma. Products of two linear factors fill the "
    "region "
    "below the parabola gamma = beta squared over 4. Training towards a target above it ends on the parabola."
)
def quadratics() -> Figure:
    """What two filters of size two reach, and where training ends when the target lies outside."""
    fig, ax = plt.subplots(figsize=(5.0, 3.9))
    beta = torch.linspace(-4, 4, 200)
    ax.fill_between(beta, beta**2 / 4, -4, color="C0", alpha=0.16, linewidth=0)
    ax.plot(beta, beta**2 / 4, color="C0")
    ab = 1.6 * torch.randn(500, 2, generator=torch.Generator().manual_seed(0))
    ax.plot(ab.sum(1), ab.prod(1), ".", color="C0", markersize=3, alpha=0.6, rasterized=True)
    target = torch.tensor([0.6, 2.6])
    for start in ((-2.2, 1.0), (1.7, -0.4), (-0.3, -1.4), (2.6, 0.9)):
        path = descent(target, torch.tensor(start))
        ax.plot(path[:, 0], path[:, 1], color="C1")
        ax.plot(*path[0], "o", color="C1", markersize=4.5)
        ax.plot(*path[-1], "s", color="C1", markersize=6, zorder=5)
    ax.plot(*target, "*", color="C2", markersize=13)
    ax.annotate("target, no real roots", target, xytext=(0, 10), textcoords="offset points", ha="center", color="C2")
    ax.annotate("real roots", (-3.3, -2.5), color="C0", bbox=plain())
    ax.set(xlim=(-4, 4), ylim=(-3.2, 3.6), xlabel=r"$\beta$", ylabel=r"$\gamma$")
    return fig


def plain() -> dict[str, object]:
    """Return the box of a label that stands among dots."""
    return {"facecolor": plt.rcParams["axes.facecolor"], "edgecolor": "none", "pad": 2}


@figure(
    alt="The plane of the cubics x cubed plus p x plus q. Those with three real roots fill the inside of a "
    "curve with a "
    "cusp at the origin that opens to the left; random products of three filters lie inside."
)
def cubics() -> Figure:
    """What three filters of size two reach: the cubics with three real roots."""
    fig, ax = plt.subplots(figsize=(5.0, 3.4))
    p = -torch.linspace(0, 4, 300)
    edge = torch.sqrt(-4 * p**3 / 27)
    ax.fill_between(p, -edge, edge, color="C0", alpha=0.16, linewidth=0)
    for sign in (1, -1):
        ax.plot(p, sign * edge, color="C0")
    roots = 1.1 * torch.randn(600, 3, generator=torch.Generator().manual_seed(1))
    roots -= roots.mean(1, keepdim=True)
    linear = roots[:, 0] * roots[:, 1] + roots[:, 0] * roots[:, 2] + roots[:, 1] * roots[:, 2]
    ax.plot(linear, -roots.prod(1), ".", color="C0", markersize=3, alpha=0.6, rasterized=True)
    ax.axhline(0, color=plt.rcParams["grid.color"], linewidth=0.8, zorder=0)
    ax.axvline(0, color=plt.rcParams["grid.color"], linewidth=0.8, zorder=0)
    ax.annotate("three real roots", (-3.85, 0.25), color="C0", bbox=plain())
    ax.annotate("one real root", (0.35, 1.6))
    ax.set(xlim=(-4, 2), ylim=(-3, 3), xlabel="$p$", ylabel="$q$")
    return fig


@figure(
    alt="A saddle-shaped surface in space, ruled by two families of straight lines: the filters of size four "
    "that two "
    "filters of size two with stride two reach, drawn for first coefficient one."
)
def stride_two() -> Figure:
    """The function space at stride two: c₀c₃ = c₁c₂, in the slice c₀ = 1."""
    fig = plt.figure(figsize=(4.6, 3.9))
    ax = fig.add_subplot(projection="3d")
    u, v = np.meshgrid(np.linspace(-1.5, 1.5, 25), np.linspace(-1.5, 1.5, 25))
    ax.plot_surface(u, v, u * v, color="C0", alpha=0.35, linewidth=0, rasterized=True)
    for t in np.linspace(-1.5, 1.5, 9):
        line = np.array([-1.5, 1.5])
        ax.plot(line, [t, t], line * t, color="C0", linewidth=1)
        ax.plot([t, t], line, line * t, color="C1", linewidth=1)
    ax.set(xlabel="$c_1$", ylabel="$c_2$", xticks=[-1, 0, 1], yticks=[-1, 0, 1], zticks=[-2, 0, 2])
    ax.set_zlabel("$c_3$", labelpad=0)
    ax.view_init(24, -62)
    ax.set_box_aspect(None, zoom=0.85)
    return fig


@figure(
    alt="A surface in space that narrows towards a vertical line and ends there, like the canopy of an umbrella; "
    "beyond the surface the line goes on as a stick, with a marked point on it."
)
def umbrella() -> Figure:
    """The Whitney umbrella c₁² = −c₀c₃² and its stick."""
    fig = plt.figure(figsize=(4.8, 4.2))
    ax = fig.add_subplot(projection="3d")
    # c₃ = t and c₁ = s t give c₀ = −s²: every point of the canopy once
    t, s = np.meshgrid(np.linspace(-1.2, 1.2, 41), np.linspace(-1.15, 1.15, 41))
    ax.plot_surface(s * t, t, -(s**2), color="C0", alpha=0.45, linewidth=0, rasterized=True)
    for slope in np.linspace(-1.15, 1.15, 9):
        line = np.array([-1.2, 1.2])
        ax.plot(slope * line, line, [-(slope**2)] * 2, color="C0", linewidth=0.8)
    ax.plot([0, 0], [0, 0], [0, 1.25], color="C1", linewidth=2.5)
    ax.plot([0], [0], [1], "*", color="C2", markersize=14)
    ax.text(0.12, 0, 1.0, "$1+x^4$", color="C2")
    ax.text(0.1, 0, 0.45, "stick", color="C1")
    ax.set(xlabel="$c_1$", ylabel="$c_3$", xticks=[-1, 0, 1], yticks=[-1, 0, 1], zticks=[-1, 0, 1], zlim=(-1.35, 1.3))
    ax.set_zlabel("$c_0$", labelpad=0)
    ax.view_init(16, -62)
    ax.set_box_aspect(None, zoom=0.88)
    return fig


@results(seed=0)
def numbers() -> dict[str, float | int]:
    """Numbers that the page quotes."""
    quadratic = torch.randn(400_000, 3)
    p = torch.randn(8_000, 4)
    strided = [stride_two_criticals(seed) for seed in range(4)]
    return {
        "strided_filters": sum(len(filters) for filters, _ in strided),
        "least_regular": min(ratios.min().item() for _, ratios in strided),
        "quadratics": (discriminant(quadratic) >= 0).double().mean().item(),
        "cubics": sum(real_rooted(c) for c in p) / len(p),
    }
