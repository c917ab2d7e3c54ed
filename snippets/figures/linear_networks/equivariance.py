"""What is drawn and computed for the page *Equivariance*."""

import matplotlib.pyplot as plt
import torch
from jaxtyping import Float
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from torch import Tensor

from book import figure, results
from snippets.figures.linear_networks.function_spaces import diverging
from snippets.linear_networks.commutant import class_table, commutant_dimension
from snippets.linear_networks.components import (
    component,
    components,
    count_components,
    eigenvalues,
)
from snippets.linear_networks.invariance import permutation_matrix
from snippets.linear_networks.permutations import Permutation
from snippets.linear_networks.real_blocks import real_fourier_basis

TURN = Permutation.rotation(3)


@figure(
    alt="Three nine by nine tables: the permutation matrix of the rotation with scattered ones, the same in the "
    "new basis with blocks "
    "along the diagonal, and the pattern of all commuting matrices: a three by three block, a two by two block, "
    "and four coupled two by two blocks."
)
def blocks_of_rotation() -> Figure:
    """The rotation of 3×3 pictures before and after the change of basis, and what commutes with it."""
    Q, P = real_fourier_basis(TURN), permutation_matrix(TURN)
    draw = torch.Generator().manual_seed(7)
    M = Q.T @ torch.rand(commutant_dimension(TURN), generator=draw).mul(2).sub(1)[class_table(TURN)] @ Q
    fig, axes = plt.subplots(1, 3, figsize=(5.5, 2.2))
    shown = [(P, "$P$"), (Q.T @ P @ Q, r"$Q^\mathsf{T}PQ$"), (M, r"$Q^\mathsf{T}MQ$")]
    for ax, (matrix, title) in zip(axes, shown, strict=True):
        top = matrix.abs().max().item()
        ax.imshow(matrix.numpy(), cmap=diverging(), vmin=-top, vmax=top)
        for edge in (3, 5):
            ax.axhline(edge - 0.5, color=plt.rcParams["grid.color"], linewidth=0.8)
            ax.axvline(edge - 0.5, color=plt.rcParams["grid.color"], linewidth=0.8)
        ax.set(xticks=[], yticks=[], title=title)
    return fig


@figure(
    alt="Nine small pictures of three by three pixels, the basis vectors: three that do not change when turned, "
    "two that change sign, "
    "and two pairs that are turned into each other."
)
def basis_pictures() -> Figure:
    """The columns of Q for the rotation, as pictures."""
    fig, axes = plt.subplots(3, 4, figsize=(4.4, 3.5))
    Q = real_fourier_basis(TURN)
    rows = [
        ("turning changes nothing", (0, 1, 2)),
        ("turning changes the sign", (3, 4)),
        ("turned into each other", (5, 6, 7, 8)),
    ]
    for line, (title, columns) in zip(axes, rows, strict=True):
        line[0].set_title(title, loc="left")
        for k, ax in enumerate(line):
            ax.axis("off")
            if k < len(columns):
                picture(ax, Q[:, columns[k]])
    return fig


def picture(ax: Axes, pixels: Float[Tensor, "9"]) -> None:
    """Draw a picture of 3×3 pixels in the colours of their signs, with a frame around it."""
    ax.imshow(pixels.reshape(3, 3).numpy(), cmap=diverging(), vmin=-1, vmax=1)
    ax.axis("on")
    ax.set(xticks=[], yticks=[])
    ax.spines[:].set(visible=True, color=plt.rcParams["grid.color"])


@figure(
    alt="The plane of matrices with rows (a, b) and (b, a): the matrices of rank at most one are two crossing "
    "lines, a = b and a = −b; "
    "their only common point is zero. Each line is reached by a network of its own."
)
def two_lines() -> Figure:
    """The equivariant maps of rank at most one for (1 2)."""
    fig, ax = plt.subplots(figsize=(4.2, 3.6))
    t = torch.linspace(-1.5, 1.5, 2)
    ax.plot(t, t, color="C0", linewidth=2.5)
    ax.plot(t, -t, color="C1", linewidth=2.5)
    ax.plot(0, 0, "o", color=plt.rcParams["text.color"], markersize=7)
    ax.annotate("$r=(1,0)$: mean", (1.0, 1.0), xytext=(8, -8), textcoords="offset points", color="C0")
    ax.annotate("$r=(0,1)$: difference", (0.85, -0.85), xytext=(8, 4), textcoords="offset points", color="C1")
    ax.axhline(0, color=plt.rcParams["grid.color"], linewidth=0.8, zorder=0)
    ax.axvline(0, color=plt.rcParams["grid.color"], linewidth=0.8, zorder=0)
    ax.set(xlabel="$a$", aspect="equal", xticks=[0], yticks=[0], xlim=(-1.6, 2.9))
    ax.set_ylabel("$b$", rotation=0)
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
        alone = {"color": plt.rcParams["grid.color"], "linewidth": 1.3, "zorder": 1}
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


@figure(
    alt="Five small networks, one for each component of rank three: in each the three hidden neurons are joined "
    "to different groups of the nine coordinates."
)
def all_networks() -> Figure:
    """The weight sharing of all components of rank three."""
    fig, axes = plt.subplots(3, 2, figsize=(5.0, 6.4))
    axes[2, 1].axis("off")
    for ax, one in zip(axes.flat, components(TURN, 3), strict=False):
        r = tuple(one.ranks.values())
        draw_network(ax, r, TURN)
        ax.set_title(f"$r=({r[0]},{r[1]},{r[2]})$, {one.parameters} weights")
    return fig


@results(seed=0)
def numbers() -> dict[str, int | str]:
    """Numbers that the page quotes."""
    sigma = Permutation.shift(28, 28)
    by_frequency = sorted(eigenvalues(sigma), key=lambda key: (key.l - key.m) / key.l)
    one = component(sigma, dict(zip(by_frequency, (13, 10, 9, 8, 7, 5, 3, 1), strict=False)))
    counts = count_components(sigma, 99)
    return {
        "mnist_real": counts.real,
        "mnist_all": counts.all_real,
        "mnist_complex": str(counts.complex),
        "mnist_parameters": one.parameters,
        "mnist_dimension": one.dimension,
        "mnist_ed_digits": len(str(one.ed_degree)),
        "mnist_commutant": commutant_dimension(sigma),
    }
