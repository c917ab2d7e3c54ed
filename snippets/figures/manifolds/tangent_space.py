"""What is drawn and computed for the page *Tangent spaces*."""

import math

import matplotlib.pyplot as plt
import torch
from matplotlib import patheffects
from matplotlib.figure import Figure

from book import figure, results
from snippets.figures.manifolds.sphere import camera, draw_globe
from snippets.manifolds.tangent_space import (
    orthogonal_step,
    plain_step,
    recover,
    sphere_equation,
    tangent_space,
)


@figure(
    alt="A sphere with a square piece of the tangent plane at one point. Three curves on the sphere pass through "
    "the point; the arrows of their velocities lie in the plane."
)
def tangent_plane() -> Figure:
    """Draw curves through a point of the sphere, their velocities and the plane that contains them."""
    fig, ax = plt.subplots(figsize=(4.6, 4.0))
    azimuth, elevation = 20.0, 15.0
    draw_globe(ax, azimuth, elevation)
    p = torch.tensor([0.6, 0.48, 0.64])
    u, v = tangent_space(sphere_equation, p).T
    corners = torch.stack([p + 0.75 * (a * u + b * v) for a, b in ((1, 1), (1, -1), (-1, -1), (-1, 1))])
    x, y, _ = camera(corners, azimuth, elevation).T
    ax.fill(x, y, color="C6", alpha=0.25, lw=0)
    ax.plot([*x, x[0]], [*y, y[0]], color="C6", lw=1)
    for k in torch.linspace(-0.75, 0.75, 7)[1:-1]:
        for a, b in ((u, v), (v, u)):
            line = camera(torch.stack([p + k * a - 0.75 * b, p + k * a + 0.75 * b]), azimuth, elevation)
            ax.plot(line[:, 0], line[:, 1], color="C6", lw=0.5, alpha=0.6)
    t = torch.linspace(-0.9, 0.9, 91)[:, None]
    for i, turn in enumerate((0.3, 1.4, 2.5)):
        direction = math.cos(turn) * u + math.sin(turn) * v
        curve = camera(t.cos() * p + t.sin() * direction, azimuth, elevation)
        ax.plot(curve[:, 0], curve[:, 1], color=f"C{i}", lw=2)
        start, end = camera(torch.stack([p, p + 0.6 * direction]), azimuth, elevation)[:, :2].tolist()
        arrow = {"arrowstyle": "-|>", "color": f"C{i}", "lw": 2, "shrinkA": 0, "shrinkB": 0, "mutation_scale": 16}
        ax.annotate("", end, start, arrowprops=arrow)
    spot = camera(p, azimuth, elevation).tolist()
    ax.plot(*spot[:2], "o", color=plt.rcParams["text.color"], ms=6, zorder=5)
    rim = [patheffects.withStroke(linewidth=3, foreground=plt.rcParams["axes.facecolor"])]
    ax.annotate("$p$", spot[:2], (-13, -13), textcoords="offset points", fontsize=13, path_effects=rim, zorder=6)
    ax.set(xlim=(-1.05, 1.25), ylim=(-1.05, 1.3))
    return fig


@figure(
    alt="Level sets of two functions of the plane. Left: y squared minus x squared minus x cubed; all are smooth "
    "curves but the one at zero, which crosses itself. Right: hyperbolas ab = c, and the cross of the axes at c = 0."
)
def level_sets() -> Figure:
    """Draw regular and critical level sets of the node and of the product."""
    fig, axes = plt.subplots(1, 2, figsize=(4.8, 2.7))
    s = torch.linspace(-1.6, 1.6, 321)
    x, y = torch.meshgrid(s, s, indexing="xy")
    values = {"$y^2-x^2-x^3$": y**2 - x**2 - x**3, "$ab$": x * y}
    for ax, (title, z) in zip(axes, values.items(), strict=True):
        faint = plt.rcParams["grid.color"]
        regular = [-1.2, -0.6, -0.3, -0.1, 0.1, 0.3, 0.6, 1.2]
        ax.contour(x, y, z, levels=[c for c in regular if c != 0.3], colors=[faint], linewidths=1.1, linestyles="solid")
        ax.contour(x, y, z, levels=[0.3], colors=["C0"], linewidths=2.2)
        ax.contour(x, y, z, levels=[0.0], colors=["C1"], linewidths=2.2)
        ax.plot(0, 0, "o", color=plt.rcParams["text.color"], ms=6)
        ax.set(title=title, aspect="equal", xticks=[-1, 0, 1], yticks=[-1, 0, 1])
    return fig


@figure(
    alt="Left: the loss falls for both methods. Right: the distance of the weight from the orthogonal matrices grows "
    "to about one for plain gradient descent and stays at rounding level for the steps along the manifold."
)
def descent() -> Figure:
    """Draw loss and distance from O(n) for plain gradient descent and for steps along the manifold."""
    fig, (left, right) = plt.subplots(1, 2, figsize=(4.9, 2.6))
    names = {orthogonal_step: "along $\\mathrm{O}(n)$", plain_step: "plain"}
    for i, (step, name) in enumerate(names.items()):
        losses, departures, _ = recover(6, 60, step)
        left.plot(losses, color=f"C{i}", label=name)
        right.plot(departures, color=f"C{i}")
    left.set(xlabel="step", ylabel="loss", yscale="log")
    right.set(xlabel="step", ylabel="$\\|W^TW-I\\|$", yscale="log", ylim=(1e-17, 100))
    left.legend()
    return fig


@results(seed=0)
def numbers() -> dict[str, int | float]:
    """Return where two trainings end: their losses and their norms of WᵀW − I."""
    on, off = recover(6, 60, orthogonal_step), recover(6, 60, plain_step)
    return {
        "loss_on": on[0][-1],
        "loss_off": off[0][-1],
        "error_on": on[2],
        "error_off": off[2],
        "distance_bound": 10.0 ** math.ceil(math.log10(max(on[1]))),
        "distance_off": off[1][-1],
    }
