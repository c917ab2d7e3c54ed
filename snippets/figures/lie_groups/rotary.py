"""What is drawn for the page *Rotary positions*."""

import math

import matplotlib.pyplot as plt
import torch
from matplotlib.colors import LinearSegmentedColormap
from matplotlib.figure import Figure
from matplotlib.patches import Arc

from book import figure
from snippets.lie_groups.rotary import rope, standard_frequencies


@figure(
    alt="Two circles, each with the arrows of a query and of a key. For the positions 2 and 4 the query stands at 60 "
    "and the key at 120 degrees, for 7 and 9 at 210 and 270. The angle between them is 60 degrees in both."
)
def turned_pair() -> Figure:
    """Draw one query and one key at two pairs of positions with the same difference."""
    fig, axes = plt.subplots(1, 2, figsize=(5.4, 2.9))
    ink, grey = plt.rcParams["text.color"], plt.rcParams["grid.color"]
    for ax, (m, n) in zip(axes, ((2, 4), (7, 9)), strict=True):
        ax.add_patch(plt.Circle((0, 0), 1, fill=False, color=grey, lw=1))
        for place in range(12):
            angle = place * math.pi / 6
            ax.plot([0.95 * math.cos(angle), math.cos(angle)], [0.95 * math.sin(angle), math.sin(angle)], color=grey)
            ax.text(1.16 * math.cos(angle), 1.16 * math.sin(angle), place, ha="center", va="center", fontsize=9)
        for place, name, colour in ((m, "query", "C0"), (n, "key", "C1")):
            x, y = math.cos(place * math.pi / 6), math.sin(place * math.pi / 6)
            ax.quiver(0, 0, x, y, angles="xy", scale_units="xy", scale=1, color=colour, width=0.02)
            side = 0.26 if name == "query" else -0.26
            ax.text(0.62 * x + side * y, 0.62 * y - side * x, name, color=colour, ha="center", va="center")
        ax.add_patch(Arc((0, 0), 0.56, 0.56, theta1=30 * m, theta2=30 * n, color=ink))
        middle = math.radians(15 * (m + n))
        ax.text(0.46 * math.cos(middle), 0.46 * math.sin(middle), "60°", ha="center", va="center", fontsize=9)
        ax.set(xlim=(-1.35, 1.35), ylim=(-1.35, 1.35), aspect="equal", xticks=[], yticks=[])
        ax.set_title(f"positions {m} and {n}")
        ax.spines[:].set_visible(False)
    return fig


@figure(
    alt="Scores against how many places back the key stands. One pair of numbers gives a wave that returns every 12 "
    "places; 64 pairs have their only top at 0, and with a key that is turned by five places, at 5."
)
def how_far_back() -> Figure:
    """Draw the score of a query and a key against their distance, for one pair and for many."""
    fig, ax = plt.subplots(figsize=(5.4, 2.9))
    back, many = torch.linspace(0, 40, 401), standard_frequencies(128)
    one, ahead = torch.tensor([math.pi / 6]), torch.tensor([5.0])
    ink = plt.rcParams["text.color"]
    for speeds, turned, colour, width in (
        (one, 0 * ahead, "0.55", 1.2),
        (many, 0 * ahead, "C0", 2),
        (many, ahead, "C1", 2),
    ):
        q = torch.ones(1, 2 * len(speeds))
        keys = rope(rope(q, turned, speeds).expand(len(back), -1), -back, speeds)
        ax.plot(back.numpy(), (keys @ q[0] / q.square().sum()).numpy(), color=colour, lw=width)
    ax.text(20.2, -1.0, "one pair", color=ink, va="center")
    ax.text(30, 0.68, "64 pairs", color="C0", va="bottom", ha="center")
    ax.text(6.2, 1.03, "64 pairs, key turned by 5 places", color="C1", va="bottom")
    ax.set(
        xlabel="how many places back the key stands", ylabel="score", xlim=(0, 40), ylim=(-1.1, 1.25), yticks=[-1, 0, 1]
    )
    ax.set_xticks(range(0, 41, 5))
    return fig


@figure(
    alt="Two 24 by 24 tables of scores between positions, for one query and one key vector. Without rotary "
    "embedding the table is constant; with it, it has a pattern that is constant along each diagonal."
)
def relative_positions() -> Figure:
    """Draw the scores of one query and one key at all pairs of positions, turned and unturned."""
    generator = torch.Generator().manual_seed(3)
    q, k = torch.randn(2, 1, 8, generator=generator).expand(2, 24, 8)
    positions, frequencies = torch.arange(24.0), 10.0 ** -torch.linspace(0, 1.5, 4)
    turned = rope(q, positions, frequencies) @ rope(k, positions, frequencies).T
    fig, axes = plt.subplots(1, 2, figsize=(5.4, 2.9), sharey=True)
    limit = turned.abs().max().item()
    signed = LinearSegmentedColormap.from_list("signed", ["C1", plt.rcParams["axes.facecolor"], "C0"])
    for ax, table, name in ((axes[0], q @ k.T, "as they are"), (axes[1], turned, "turned by $\\exp(pG)$")):
        image = ax.imshow(table.numpy(), vmin=-limit, vmax=limit, cmap=signed)
        ax.set(title=name, xlabel="position of the key", xticks=[0, 10, 20], yticks=[0, 10, 20])
    axes[0].set_ylabel("position of the query")
    fig.colorbar(image, ax=axes, shrink=0.8, label="score")
    return fig
