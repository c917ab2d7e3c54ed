"""What is drawn and computed for the page *Equivariant networks*."""

import matplotlib.pyplot as plt
import torch
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from book import figure, results
from snippets.linear_networks.components import (
    component,
    components,
    count_components,
    eigenvalues,
)
from snippets.linear_networks.permutations import Permutation
from snippets.linear_networks.real_blocks import projected_blocks

TURN = Permutation.rotation(3)
RANKS = (13, 10, 9, 8, 7, 5, 3, 1)


@figure(
    alt="The plane of matrices with rows (a, b) and (b, a): the matrices of rank at most one are two crossing lines, "
    "a = b and a = −b. A path of gradient descent starts on the first line and ends on it, at the foot of the "
    "perpendicular from a star at distance 1.4; the second line is at distance 0.5."
)
def two_lines() -> Figure:
    """The equivariant maps of rank at most one for (1 2), and training on one of the two lines."""
    fig, ax = plt.subplots(figsize=(4.4, 3.7))
    t = torch.linspace(-1.5, 1.5, 2)
    ax.plot(t, t, color="C0", linewidth=2.5)
    ax.plot(t, -t, color="C1", linewidth=2.5)
    target, weight, path = torch.tensor([0.95, -0.45]), torch.tensor([1.15, 1.15]), []
    for _ in range(400):  # decoder u and encoder v: the matrix u v times ones
        u, v = weight
        path.append((u * v).item())
        slope = 2 * (2 * u * v - target.sum())
        weight = weight - 0.02 * slope * torch.stack([v, u])
    ax.plot(path, path, "o", color="C3", markersize=3)
    ax.plot(path[-1], path[-1], "s", color="C3", markersize=8, zorder=4)
    foot = (target[0] - target[1]) / 2
    ink = plt.rcParams["text.color"]
    ax.plot([target[0], path[-1]], [target[1], path[-1]], color=ink, linewidth=0.9, linestyle=(0, (4, 3)))
    ax.plot([target[0], foot], [target[1], -foot], color=ink, linewidth=0.9, linestyle=(0, (4, 3)))
    ax.plot(*target, "*", color="C2", markersize=14, zorder=5)
    ax.text((target[0] + path[-1]) / 2 + 0.08, (target[1] + path[-1]) / 2 + 0.08, "1.4", color=ink)
    ax.text((target[0] + foot) / 2 - 0.05, (target[1] - foot) / 2 + 0.03, "0.5", color=ink, ha="right")
    ax.text(1.05, 1.25, "means: $b=a$", color="C0", ha="right")
    ax.text(-1.42, 1.0, "differences: $b=-a$", color="C1", bbox={"facecolor": plt.rcParams["axes.facecolor"], "lw": 0})
    ax.annotate("start", (path[0], path[0]), xytext=(8, -8), textcoords="offset points", color="C3")
    ax.annotate("end", (path[-1], path[-1]), xytext=(-10, 6), textcoords="offset points", color="C3", ha="right")
    ax.annotate("target", target.tolist(), xytext=(9, 2), textcoords="offset points", color="C2")
    ax.set(aspect="equal", xticks=[], yticks=[], xlim=(-1.6, 1.7), ylim=(-1.5, 1.6))
    ax.axis("off")
    return fig


@figure(
    alt="Five rows, one for each component. Each shows three narrow cells for the eigenvalue one, two for minus one "
    "and two wide ones for the pair plus and minus i; the filled cells of a row have total width three."
)
def counting() -> Figure:
    """The five ways to distribute rank three over blocks of size 3, 2 and 2."""
    fig, ax = plt.subplots(figsize=(5.2, 2.9))
    blocks = [(1, 3, "C0", "1"), (1, 2, "C1", "−1"), (2, 2, "C2", "±i")]
    for row, one in enumerate(components(TURN, 3)):
        x = 0.0
        for (weight, d, colour, name), r in zip(blocks, one.ranks.values(), strict=True):
            if row == 0:
                ax.text(x + weight * d / 2, 0.95, f"eigenvalue {name}" if x == 0 else name, ha="center", fontsize=9.5)
            for k in range(d):
                box = (x + weight * k, -row)
                ax.add_patch(
                    plt.Rectangle(
                        box,
                        weight,
                        0.72,
                        facecolor=colour if k < r else "none",
                        edgecolor=plt.rcParams["text.color"],
                        linewidth=1,
                    )
                )
            x += weight * d + 0.6
        r = tuple(one.ranks.values())
        ax.text(x, 0.36 - row, f"({r[0]}, {r[1]}, {r[2]})", va="center", fontsize=10)
    ax.set(xlim=(-0.2, 12.9), ylim=(-4.3, 1.5))
    ax.axis("off")
    return fig


@figure(
    alt="Two rows of the same seven bars, sorted by height, three of width one for the eigenvalue 1, two for minus 1, "
    "and two of width two for plus and minus i. Above the tallest bars are filled, one wide and two narrow; below "
    "the two wide ones, and more is saved."
)
def knapsack_choice() -> Figure:
    """Singular values of a random matrix's blocks: the tallest first, and the best choice at rank four."""
    from snippets.linear_networks.equivariance import best_ranks

    fig, axes = plt.subplots(2, 1, figsize=(5.2, 4.6))
    U, colours = torch.randn(9, 9, generator=torch.Generator().manual_seed(30)), {1: "C0", 2: "C1", 4: "C2"}
    best, names = best_ranks(U, TURN, 4), {1: "1", 2: "−1", 4: "±i"}
    bars = []
    for key, block in projected_blocks(U, TURN).items():
        bars += [(s, key, k < best[key]) for k, s in enumerate(torch.linalg.svdvals(block).tolist())]
    bars.sort(key=lambda bar: -bar[0])
    left, greedy = 4, []
    for _, key, _ in bars:
        greedy.append(key.weight <= left)
        left -= key.weight * greedy[-1]
    for ax, choice, title in zip(axes, (greedy, [bar[2] for bar in bars]), ("tallest first", "best"), strict=True):
        x = 0.0
        for (s, key, _), kept in zip(bars, choice, strict=True):
            colour, fill = colours[key.l], colours[key.l] if kept else "none"
            ax.add_patch(plt.Rectangle((x, 0), key.weight, s, facecolor=fill, edgecolor=colour, linewidth=1.6))
            ax.text(x + key.weight / 2, s + 0.1, names[key.l], ha="center", color=colour)
            x += key.weight + 0.25
        saved = sum(key.weight * s * s for (s, key, _), kept in zip(bars, choice, strict=True) if kept)
        ax.set(xlim=(-0.2, x), ylim=(0, bars[0][0] + 0.8), xticks=[], ylabel="singular value")
        ax.set_title(f"{title}: saves {saved:.1f}", loc="right")
        for side in ("top", "right"):
            ax.spines[side].set_visible(False)
    return fig


def edges(ranks: list[tuple[int, int, int]]) -> list[tuple[int, int, int | None, bool]]:
    """List the edges (coordinate, hidden, shared weight, flipped) of an encoder with blocks (weight, d, r)."""
    found, coordinate, hidden, colour = [], 0, 0, 0
    for weight, d, r in ranks:
        for k in range(d):
            for h in range(r):
                if weight == 1:
                    found.append((coordinate + k, hidden + h, None, False))
                else:
                    i, j = coordinate + k, hidden + h
                    found += [
                        (i, j, colour, False),
                        (i + d, j + r, colour, False),
                        (i, j + r, colour + 1, False),
                        (i + d, j, colour + 1, True),
                    ]
                    colour += 2
        coordinate, hidden = coordinate + weight * d, hidden + weight * r
    return found


SIDES = ((0, 1, 2, 3), (4, 5, 1, 2))  # colours of the encoder's and of the decoder's shared weights


def draw_network(ax: Axes, r: tuple[int, ...], sigma: Permutation) -> None:
    """Draw an autoencoder in the coordinates of Q; edges of one colour share a weight, dashed ones up to sign.

    Edges that share with no other are grey.
    """
    spectrum = eigenvalues(sigma)
    blocks = [(key.weight, d, e) for (key, d), e in zip(spectrum.items(), r, strict=True)]
    count = sum(weight * e for weight, _, e in blocks)

    def place(x, k, n):
        return (x, (n - 1) / 2 - k)

    free = edges(blocks)
    for i, h, colour, flipped in free:
        alone = {"color": plt.rcParams["text.color"], "linewidth": 1.0, "alpha": 0.45, "zorder": 1}
        shared = {"linewidth": 1.7, "linestyle": (0, (3, 2)) if flipped else "-", "zorder": 2}
        neuron = place(2.6, 2.2 * h, 2.2 * count - 1.2)
        for colours, x in zip(SIDES, (0, 5.2), strict=True):
            style = alone if colour is None else shared | {"color": f"C{colours[colour]}"}
            ax.plot(*zip(place(x, i, sigma.size), neuron, strict=True), **style)
    for x, n, step in ((0, sigma.size, 1), (2.6, count, 2.2), (5.2, sigma.size, 1)):
        height = (n - 1) * step + 1
        ax.scatter(
            *zip(*(place(x, step * k, height) for k in range(n)), strict=True),
            s=45,
            color=plt.rcParams["text.color"],
            zorder=3,
        )
    ax.axis("off")


@figure(
    alt="A network with nine inputs, three hidden and nine output neurons. The first hidden neuron is joined to "
    "coordinates one to three. "
    "The other two are joined to coordinates six to nine in pairs of equal colour, one edge of each second pair "
    "dashed. Coordinates four and five are joined to nothing."
)
def shared_network() -> Figure:
    """The weight sharing of the component r = (1, 0, 1)."""
    fig, ax = plt.subplots(figsize=(5.0, 4.3))
    draw_network(ax, (1, 0, 1), TURN)
    for y, text in ((3, "eigenvalue 1"), (0.5, "−1"), (-2.5, "i, −i")):
        ax.text(
            -0.35,
            y,
            text,
            ha="right",
            va="center",
            fontsize=9,
        )
    ax.set_xlim(-2.2, 5.5)
    return fig


@results(seed=0)
def numbers() -> dict[str, int]:
    """Numbers that the page quotes."""
    sigma = Permutation.shift(28, 28)
    slowest_first = sorted(eigenvalues(sigma), key=lambda key: key.frequency(28))
    one = component(sigma, dict(zip(slowest_first, RANKS, strict=False)))
    return {
        "mnist_real": count_components(sigma, 99).real,
        "mnist_dimension": one.dimension,
        "mnist_ed_digits": len(str(one.ed_degree)),
    }
