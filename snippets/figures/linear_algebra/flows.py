"""What is drawn and computed for the page *Densities and flows*."""

import math
from functools import cache

import matplotlib.pyplot as plt
import numpy as np
import torch
from matplotlib.figure import Figure

from book import figure, results
from snippets.figures.linear_algebra.drawing import note
from snippets.linear_algebra.determinants import square_grid
from snippets.linear_algebra.flows import Flow, crescent, fit


@cache
def trained() -> Flow:
    """Flow that the page trains."""
    return fit(crescent(400))


@figure(
    alt="Two axes, one above the other, joined by lines from z to y = exp(z). Ticks that are evenly spaced on the "
    "upper axis crowd near zero on the lower one and spread out on the right; the bell above the upper axis "
    "becomes a curve that is high where the ticks crowd and low where they spread."
)
def crowding() -> Figure:
    """Where a map squeezes, the density rises."""
    fig, ax = plt.subplots(figsize=(5.2, 3.2))
    ink = plt.rcParams["text.color"]
    z = np.linspace(-5, 3.2, 600)
    bell = np.exp(-z * z / 2) / math.sqrt(2 * math.pi)
    ax.fill_between(z, 2.6, 2.6 + 2.2 * bell, color="C0", alpha=0.35, linewidth=0)
    ax.plot(z, 2.6 + 2.2 * bell, color="C0", linewidth=2)
    ax.fill_between(np.exp(z), 0, 2.2 * bell / np.exp(z), color="C1", alpha=0.35, linewidth=0)
    ax.plot(np.exp(z), 2.2 * bell / np.exp(z), color="C1", linewidth=2)
    for tick in np.arange(-2, 2.01, 0.5):
        ax.plot([tick, np.exp(tick)], [2.6, 0], color=plt.rcParams["grid.color"], linewidth=1.2, zorder=0)
        ax.plot(tick, 2.6, "o", color="C0", markersize=4)
        ax.plot(np.exp(tick), 0, "o", color="C1", markersize=4)
    ax.axhline(2.6, color=ink, linewidth=0.8)
    ax.axhline(0, color=ink, linewidth=0.8)
    note(ax, "$z$", (3.5, 2.6), (0, 10), color="C0")
    note(ax, "$y=e^z$", (5.6, 0), (0, 12), color="C1")
    ax.set(xlim=(-3.3, 7.6), ylim=(-0.15, 3.7), xticks=[], yticks=[])
    ax.spines[:].set_visible(False)
    return fig


@figure(
    alt="Left: a square grid over the round cloud of Gaussian noise. Right: the trained flow has bent the same "
    "grid and the same points into a crescent; cells are small where the points are dense."
)
def bent() -> Figure:
    """The noise under a grid, and what the trained flow makes of both."""
    fig, (left, right) = plt.subplots(1, 2, figsize=(5.4, 3.2))
    flow, ticks = trained(), torch.linspace(-2.4, 2.4, 13)
    fine = torch.linspace(-2.4, 2.4, 121)
    noise = torch.randn(300, 2, generator=torch.Generator().manual_seed(1))
    with torch.no_grad():
        moved = flow(noise)
        for tick in ticks:
            for line in (torch.stack([tick.expand(121), fine], 1), torch.stack([fine, tick.expand(121)], 1)):
                left.plot(*line.T.numpy(), color="C0", lw=0.9)
                right.plot(*flow(line).T.numpy(), color="C0", lw=0.9)
    left.scatter(*noise.T.numpy(), s=5, color="C1", rasterized=True, zorder=3)
    right.scatter(*moved.T.numpy(), s=5, color="C1", rasterized=True, zorder=3)
    left.set(xlim=(-3, 3), ylim=(-3, 3), title="noise $z$")
    right.set(xlim=(-3, 3), ylim=(-2.8, 5.2), title="flow: $y=f(z)$")
    for ax in (left, right):
        ax.set(xticks=[], yticks=[])
        ax.spines[:].set_visible(False)
    return fig


@results(seed=0)
def numbers() -> dict[str, float | int]:
    """Numbers that the page quotes."""
    points, cell = square_grid(12.0, 400)
    flow = trained()
    with torch.no_grad():
        learned = flow.log_prob(points).exp()
    return {
        "flow_mass": float(learned.sum() * cell),
        "noise_floor": math.log(2 * math.pi),
        "flow_parameters": sum(p.numel() for p in flow.parameters()),
    }
