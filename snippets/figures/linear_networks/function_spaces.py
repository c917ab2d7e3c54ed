"""What is drawn and computed for the page *Function spaces*."""

from collections.abc import Callable

import matplotlib.pyplot as plt
import torch
from jaxtyping import Float
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from torch import Tensor
from torch.func import grad, vmap

from book import figure, results
from snippets.linear_networks.function_spaces import (
    X,
    Y,
    critical_points,
    descend,
    example_loss,
    layers,
    loss,
    realised,
    starts,
)

WIDTHS = (4, 2, 3)


def column(ax: Axes, x: float, count: int, label: str) -> list[tuple[float, float]]:
    """Draw one layer of neurons and return their places."""
    places = [(x, (count - 1) / 2 - k) for k in range(count)]
    ax.scatter(*zip(*places, strict=True), s=150, color=plt.rcParams["text.color"], zorder=3)
    ax.text(x, -2.35, label, ha="center", va="top")
    return places


@figure(
    alt="A network with four inputs, two hidden and three output neurons, and below it the same map as a product: "
    "a three by two matrix times a two by four matrix gives a three by four matrix of rank two."
)
def two_layers() -> Figure:
    """The network of the example and the matrix that it realises."""
    fig, (top, bottom) = plt.subplots(2, 1, figsize=(5.0, 4.9), height_ratios=[1.25, 1])
    theta = torch.randn(14, generator=torch.Generator().manual_seed(5))
    first, second = layers(theta, WIDTHS)
    nodes = [column(top, 2.4 * k, w, rf"$\mathbb{{R}}^{w}$") for k, w in enumerate(WIDTHS)]
    for matrix, left, right in ((first, nodes[0], nodes[1]), (second, nodes[1], nodes[2])):
        for i, end in enumerate(right):
            for j, start in enumerate(left):
                weight = matrix[i, j].item()
                top.plot(
                    *zip(start, end, strict=True),
                    color="C0" if weight > 0 else "C1",
                    linewidth=0.6 + 1.7 * abs(weight),
                    zorder=1,
                )
    top.text(1.2, 1.75, "$M_1$", ha="center")
    top.text(3.6, 1.75, "$M_2$", ha="center")
    top.set(xlim=(-0.6, 5.4), ylim=(-2.9, 2.2))
    top.axis("off")
    placed = [(second, 0.0, "$M_2$"), (first, 3.4, "$M_1$"), (second @ first, 9.0, "$M$")]
    for matrix, x, name in placed:
        m, n = matrix.shape
        bottom.imshow(matrix.numpy(), extent=(x, x + n, -m / 2, m / 2), cmap=diverging(), vmin=-3, vmax=3)
        bottom.text(x + n / 2, -1.75, f"{name}: {m}×{n}", ha="center", va="top")
    bottom.text(2.7, 0, "·", ha="center", va="center", fontsize=18)
    bottom.text(8.2, 0, "=", ha="center", va="center", fontsize=16)
    bottom.set(xlim=(-0.3, 13.3), ylim=(-2.6, 1.8))
    bottom.axis("off")
    return fig


def diverging():
    """Colours from C1 (negative) through the paper to C0 (positive)."""
    from matplotlib.colors import LinearSegmentedColormap, to_rgb

    cycle = plt.rcParams["axes.prop_cycle"].by_key()["color"]
    return LinearSegmentedColormap.from_list(
        "signs", [to_rgb(cycle[1]), to_rgb(plt.rcParams["axes.facecolor"]), to_rgb(cycle[0])]
    )


@figure(
    alt="Level lines of the loss (ab minus 1) squared over the plane of the two weights: two valleys along the "
    "hyperbola ab = 1, a saddle at the origin, and paths of gradient descent that bend away from the saddle "
    "into a valley."
)
def fibres() -> Figure:
    """The loss of the smallest network, one weight after another."""
    fig, ax = plt.subplots(figsize=(4.9, 4.5))
    a, b = torch.meshgrid(*[torch.linspace(-2.6, 2.6, 300)] * 2, indexing="xy")
    ax.contour(
        a,
        b,
        ((a * b - 1) ** 2).sqrt(),
        levels=[0.25, 0.5, 0.75, 1, 1.5, 2, 3, 4, 5],
        linewidths=0.8,
        colors=[plt.rcParams["grid.color"]],
    )
    half = torch.linspace(0.38, 2.6, 200)
    for sign in (1, -1):
        ax.plot(sign * half, sign / half, color="C2", linewidth=3, label="$ab=1$: zero loss" if sign == 1 else None)
    for start in ((-2.3, 2.0), (-1.1, 1.4), (0.3, -0.2), (1.9, -2.2), (2.4, 2.2), (-0.5, -2.3), (-1.6, 1.35)):
        path = torch.stack(follow(lambda t: (t.prod() - 1) ** 2, torch.tensor(start)))
        ax.plot(path[:, 0], path[:, 1], color="C0", linewidth=1.5)
        ax.plot(*start, "o", color="C0", markersize=5)
    ax.plot(0, 0, "X", color="C1", markersize=10, label="saddle", zorder=5)
    ax.set(xlim=(-2.6, 2.6), ylim=(-2.6, 2.6), xlabel="first weight $a$", ylabel="second weight $b$", aspect="equal")
    ax.legend(loc="lower center", bbox_to_anchor=(0.5, 1.0), ncols=2)
    return fig


def follow(f: Callable[[Tensor], Tensor], theta: Tensor, rate: float = 0.02, steps: int = 500) -> list[Tensor]:
    """Return the path of gradient descent."""
    path = [theta]
    for _ in range(steps):
        path.append(path[-1] - rate * grad(f)(path[-1]))
    return path


def trajectories(count: int, steps: int) -> Float[Tensor, "steps count"]:
    """Losses along gradient descent from small random starts."""
    theta, seen = 0.01 * starts(count), []
    value = vmap(example_loss)
    for _ in range(steps):
        seen.append(value(theta))
        theta = theta - 0.004 * vmap(grad(example_loss))(theta)
    return torch.stack(seen)


@figure(
    alt="Loss against steps of gradient descent from several small random starts: every curve rests for a while "
    "near a "
    "horizontal line, the loss of a spurious critical point, and then falls; all end on the lowest line, the "
    "global minimum."
)
def ladder() -> Figure:
    """The seven critical values, and descents that rest on some of them."""
    fig, ax = plt.subplots(figsize=(5.2, 3.9))
    for kept, theta in critical_points(X, Y, 2).items():
        pure = len(kept) == 2
        value = example_loss(theta).item()
        ax.axhline(value, color="C2" if pure else "C1", linewidth=1.1, linestyle="-" if pure else (0, (4, 3)), zorder=1)
        name = "{" + ",".join(map(str, kept)) + "}" if kept else "$M=0$"
        ax.annotate(
            name,
            (1.01, value),
            xycoords=("axes fraction", "data"),
            va="center",
            fontsize=8.5,
            color="C2" if pure else "C1",
            annotation_clip=False,
        )
    curves = trajectories(6, 420)
    ax.plot(curves.numpy(), color="C0", linewidth=1.3, alpha=0.85)
    ax.plot([], [], color="C2", label="pure")
    ax.plot([], [], color="C1", linestyle=(0, (4, 3)), label="spurious")
    ax.set(xlabel="step of gradient descent", ylabel="loss", xlim=(0, 420))
    ax.legend(loc="lower right", bbox_to_anchor=(1.0, 1.0), ncols=2, borderaxespad=0.3)
    return fig


@results(seed=0)
def numbers() -> dict[str, float | int]:
    """Numbers that the page quotes."""
    points = critical_points(X, Y, 2)
    pure = [theta for kept, theta in points.items() if len(kept) == 2]
    slopes = [grad(lambda M: loss(M, X, Y))(realised(theta, WIDTHS)).norm().item() for theta in pure]
    ends = vmap(example_loss)(descend(example_loss, starts(20), 0.004, 1500))
    least = min(example_loss(theta).item() for theta in points.values())
    return {
        "least": least,
        "reached": int(((ends - least).abs() < 1e-6).sum()),
        "smallest_slope": min(slopes),
        "largest_slope": max(slopes),
    }
