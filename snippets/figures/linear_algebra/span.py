"""What is drawn and computed for the page *Span, bases and coordinates*."""

import matplotlib.pyplot as plt
import numpy as np
import torch
from matplotlib.figure import Figure

from book import figure, results
from snippets.figures.linear_algebra.drawing import arrow, grid, note, plane
from snippets.linear_algebra.span import bent_bottleneck, coordinates, flat_bottleneck, rank


@results(seed=0)
def numbers() -> dict[str, float | int]:
    """Numbers that the page quotes."""
    x, nearly = torch.randn(1000, 6), torch.tensor([[1.0, 1.0], [0.0, 0.1]])
    flat, bent = flat_bottleneck(6, 2), bent_bottleneck(6, 2)
    with torch.no_grad():
        return {
            "flat_rank": rank((flat(x) - flat[-1].bias).T),
            "bent_rank": rank((bent(x) - bent[-1].bias).T),
            "narrow_walk": coordinates(nearly, torch.tensor([0.0, 1.0]))[1].item(),
        }


@figure(
    alt="Two copies of the plane with the point (2, 3). On the square grid it is reached by two steps right "
    "and three steps up; on the slanted grid of the vectors (1, 1) and (0, 1) by two steps along the first "
    "and one along the second."
)
def two_addresses() -> Figure:
    """One point in two bases."""
    fig, axes = plt.subplots(1, 2, figsize=(5.2, 3.5))
    faint = (plt.rcParams["grid.color"],) * 2
    cases = [
        (np.eye(2), "e", "$v = 2e_1 + 3e_2$", (0, -11)),
        (np.array([[1.0, 0.0], [1.0, 1.0]]), "b", "$v = 2b_1 + 1b_2$", (9, -7)),
    ]
    for ax, (basis, letter, title, below) in zip(axes, cases, strict=True):
        plane(ax, (-0.9, 3.3), (-0.9, 4.3))
        grid(ax, lambda p, basis=basis: basis @ p, (-4, 5), (-5, 7), colors=faint, width=0.8)
        v = np.array([2.0, 3.0])
        steps = np.linalg.solve(basis, v).round().astype(int)
        corner = np.zeros(2)
        for i, offset in [(0, below), (1, (11, 0))]:
            note(ax, f"${letter}_{i + 1}$", corner + basis[:, i] / 2, offset, color=f"C{i}")
            for step in range(steps[i]):
                arrow(ax, corner + basis[:, i], corner, color=f"C{i}", width=2.4 if step == 0 else 1.3)
                corner = corner + basis[:, i]
        ax.plot(*v, "o", color=plt.rcParams["text.color"], markersize=6, zorder=5)
        note(ax, "$v$", v, (-10, 7))
        ax.set_title(title, fontsize=13)
    return fig


@figure(
    alt="Three copies of the plane with dots for many combinations. One vector reaches a line through the "
    "origin; two vectors on one line reach no more; two in different directions reach the whole plane."
)
def three_spans() -> Figure:
    """Combinations of one vector and of two."""
    fig, axes = plt.subplots(1, 3, figsize=(5.4, 2.2))
    cases = [
        ("one vector", [(2.0, 1.0)], 10),
        ("two, on one line", [(2.0, 1.0), (-1.0, -0.5)], 5),
        ("two directions", [(2.0, 1.0), (-1.0, 1.0)], 4),
    ]
    for ax, (title, vectors, parts) in zip(axes, cases, strict=True):
        plane(ax, (-3.2, 3.2), (-3.2, 3.2))
        columns = np.array(vectors).T
        steps = np.arange(-3 * parts, 3 * parts + 1) / parts
        mesh = np.stack(np.meshgrid(*[steps] * len(vectors))).reshape(len(vectors), -1)
        points = columns @ mesh
        inside = np.abs(points).max(axis=0) < 3.1
        ax.plot(*points[:, inside], "o", color="C2", markersize=2, alpha=0.5, zorder=2, rasterized=True)
        for tip, name, color in zip(vectors, ("$v$", "$w$"), ("C0", "C1"), strict=False):
            arrow(ax, tip, color=color, label=name, offset=(-2, 9) if tip[1] > 0 else (4, -11))
        ax.set_title(title, fontsize=9.5)
    return fig


@figure(
    alt="Four detours from the origin to the point (0, 1). Each goes out along a slanted vector and back "
    "along the horizontal axis; the flatter the slanted vector, the longer, up to ten steps out and ten back."
)
def narrow_bases() -> Figure:
    """Walks to one point in ever narrower bases."""
    fig, ax = plt.subplots(figsize=(5.2, 1.9))
    plane(ax, (-0.9, 10.5), (-0.3, 1.75))
    ax.set_aspect(3)
    for count, color in [(10, "C0"), (5, "C1"), (2, "C2"), (1, "C3")]:
        out = np.arange(count + 1)
        ax.plot(out, out / count, "-o", color=color, linewidth=1.4, markersize=3.5, zorder=3)
        ax.plot([count, 0], [1, 1], color=color, linewidth=1.4, zorder=2)
        note(ax, f"{count}", (count, 1), (0, 11), color=color)
    ax.plot(0, 1, "o", color=plt.rcParams["text.color"], markersize=6, zorder=5)
    note(ax, "$(0, 1)$", (0, 1), (-2, 13))
    note(ax, "steps out, and steps back", (5, 1), (0, 30))
    return fig


@figure(
    alt="Two sheets in space, each the image of a square grid of codes. From a dense decoder the sheet is a "
    "flat plane; with an activation inside, it is folded along creases."
)
def sheets() -> Figure:
    """A flat sheet of outputs, and a folded one."""
    fig, axes = plt.subplots(1, 2, figsize=(5.4, 2.7), subplot_kw={"projection": "3d"})
    flat = np.array([[1.0, 0.0], [0.0, 1.0], [-0.4, 0.3]])
    hidden = np.array([[1.0, 0.4], [-1.0, 0.7], [0.2, -1.0], [-0.4, 1.0]])
    out = np.array([[0.9, -0.9, 0.2, 0.0], [0.0, 0.0, -1.0, 0.9], [0.6, 0.2, -0.3, 0.5]])
    decoders = [lambda z: flat @ z, lambda z: out @ np.maximum(hidden @ z, 0)]
    t, levels, ones = np.linspace(-1, 1, 41), np.linspace(-1, 1, 11), np.ones(41)
    for ax, decode, title in zip(axes, decoders, ["dense decoder", "with a ReLU inside"], strict=True):
        for level in levels:
            ax.plot(*decode(np.stack([t, level * ones])), color="C0", linewidth=1)
            ax.plot(*decode(np.stack([level * ones, t])), color="C1", linewidth=1)
        ax.set(xticks=[], yticks=[], zticks=[])
        ax.set_title(title, y=0.96)
        ax.view_init(26, -62)
        ax.set_box_aspect((1, 1, 0.7), zoom=1.05)
    return fig
