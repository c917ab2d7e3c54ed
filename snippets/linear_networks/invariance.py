"""Invariance: equal columns, one shared weight a cycle."""

# --8<-- [start:setup]
import torch
from jaxtyping import Float, Int
from torch import Tensor, nn

from snippets.linear_networks.permutations import (
    Partition,
    Permutation,
    common_coarsening,
    partition,
)

torch.set_default_dtype(torch.float64)
# --8<-- [end:setup]

import matplotlib.pyplot as plt
from matplotlib.figure import Figure

from book import figure, results

SIGMA = Permutation.from_cycles("(1 3 4)(2 5)")


# --8<-- [start:permutation_matrix]
def permutation_matrix(sigma: Permutation) -> Float[Tensor, "n n"]:
    """Return P with (P x)_i = x_σ(i): row i has its 1 in column σ(i)."""
    return torch.eye(sigma.size)[torch.tensor(sigma.images) - 1]
# --8<-- [end:permutation_matrix]


# --8<-- [start:parts]
def part_of(parts: Partition) -> Int[Tensor, " n"]:
    """Return the number of each point's part, counted from zero."""
    label = {point: k for k, part in enumerate(parts) for point in part}
    return torch.tensor([label[point] for point in sorted(label)])


def collapse(M: Float[Tensor, "m n"], parts: Partition) -> Float[Tensor, "m k"]:
    """Keep one column of each part: the map ψ.

    Raises ValueError for a matrix that is not invariant.
    """
    first = torch.tensor([part[0] - 1 for part in parts])
    if not torch.allclose(M[:, first][:, part_of(parts)], M):
        raise ValueError(
            "the matrix is not invariant: average it over the parts first"
        )
    return M[:, first]


def sharing(parts: Partition) -> Float[Tensor, "k n"]:
    """Return E, whose column j is e_i for the part A_i of j; ψ(M) E is M."""
    return torch.eye(len(parts))[:, part_of(parts)]
# --8<-- [end:parts]


# --8<-- [start:autoencoder]
class InvariantAutoencoder(nn.Module):
    """A linear autoencoder blind to a partition: sum each part, encode, decode."""

    def __init__(self, parts: Partition, rank: int, outputs: int) -> None:
        """Draw the rank·k shared encoder weights and outputs·rank decoder weights."""
        super().__init__()
        k = len(parts)
        if not 0 <= rank <= min(outputs, k):
            raise ValueError(
                f"rank {rank} is out of range: choose 0 to {min(outputs, k)}"
            )
        self.register_buffer("part", part_of(parts))
        self.encoder = nn.Parameter(torch.randn(rank, k) / k**0.5)
        scale = max(rank, 1) ** 0.5
        self.decoder = nn.Parameter(torch.randn(outputs, rank) / scale)

    def forward(self, x: Float[Tensor, "*batch n"]) -> Float[Tensor, "*batch m"]:
        """Map x to A B x, where the columns of B within a part are equal."""
        sums = x.new_zeros(*x.shape[:-1], self.encoder.shape[1])
        sums = sums.index_add(-1, self.part, x)
        return sums @ self.encoder.T @ self.decoder.T
# --8<-- [end:autoencoder]


# --8<-- [start:zero_based]
def indices(sigma: Permutation) -> Int[Tensor, " n"]:
    """Return the images counted from zero, so that `x[indices(sigma)]` is P x."""
    return torch.tensor(sigma.images) - 1
# --8<-- [end:zero_based]


# --8<-- [start:pixel_order]
def orbit_order(side: int, *, printed: bool = False) -> list[tuple[int, int]]:
    """List the pixels (row, column) of a picture of even side, orbit by orbit.

    Each orbit is listed clockwise; with `printed`, the last one as the slides do it.
    """
    order = []
    for ring in range(side // 2):
        for step in range(side - 1 - 2 * ring):
            pixel = (1 + ring, 1 + ring + step)
            for _ in range(4):
                order.append(pixel)
                pixel = (pixel[1], side + 1 - pixel[0])
    return order[:-2] + order[:-3:-1] if printed else order


def rotation_in_order(
    order: list[tuple[int, int]], side: int
) -> Float[Tensor, "n n"]:
    """Return the matrix of the clockwise rotation for pixels listed in this order."""
    listed = [(row - 1) * side + column - 1 for row, column in order]
    return permutation_matrix(Permutation.rotation(side))[listed][:, listed]
# --8<-- [end:pixel_order]


# --8<-- [start:factors]
def shared_factors(
    M: Float[Tensor, "m n"], parts: Partition, rank: int
) -> tuple[Tensor, Tensor]:
    """Factor an invariant matrix into a dense decoder and a shared encoder."""
    U, s, Vh = torch.linalg.svd(collapse(M, parts), full_matrices=False)
    return U[:, :rank] * s[:rank], Vh[:rank] @ sharing(parts)
# --8<-- [end:factors]


# --8<-- [start:solution_odd]
def rotation_orbits(side: int) -> int:
    """Number of orbits of the rotation on a picture of any side."""
    return (side * side + 3) // 4
# --8<-- [end:solution_odd]


def cells(ax, colours: Int[Tensor, "p p"], arrows: Permutation | None = None) -> None:
    """Draw the pixels of a picture in the colours of their parts, and arrows from each pixel to where it moves."""
    side = len(colours)
    for (row, column), k in zip(
        ((i, j) for i in range(side) for j in range(side)), colours.flatten().tolist(), strict=True
    ):
        ax.add_patch(
            plt.Rectangle(
                (column - 0.5, row - 0.5),
                1,
                1,
                facecolor=f"C{k % 7}",
                alpha=0.75 if k < 5 else 0.35,  # the sixth colour resembles the first
                edgecolor=plt.rcParams["axes.facecolor"],
                linewidth=2,
            )
        )
    for target, source in enumerate(arrows.images if arrows else (), start=1):
        tail, head = divmod(source - 1, side), divmod(target - 1, side)
        if tail != head and colours[head] < 2:
            ax.annotate(
                "",
                xy=head[::-1],
                xytext=tail[::-1],
                arrowprops={
                    "arrowstyle": "-|>",
                    "color": plt.rcParams["text.color"],
                    "linewidth": 0.9,
                    "connectionstyle": "arc3,rad=-0.18",
                    "shrinkA": 4,
                    "shrinkB": 4,
                },
            )
    ax.set(xlim=(-0.6, side - 0.4), ylim=(side - 0.4, -0.6), aspect="equal")
    ax.axis("off")


@figure(
    alt="A four by four and a five by five picture. Pixels of one colour are carried onto each other by the "
    "rotation; "
    "arrows show four pixels moving in a circle. The middle pixel of the larger picture stays."
)
def rotations() -> Figure:
    """The orbits of the rotation by 90 degrees on pictures of side four and five."""
    fig, axes = plt.subplots(1, 2, figsize=(5.4, 2.8))
    for ax, side in zip(axes, (4, 5), strict=True):
        parts = partition(Permutation.rotation(side))
        cells(ax, part_of(parts).reshape(side, side), Permutation.rotation(side))
        ax.set_title(f"{len(parts)} orbits" + (", one of them a fixed pixel" if side % 2 else ""))
    return fig


@figure(
    alt="Three by three picture coloured three times: the rows as parts for the horizontal shift, the columns "
    "for the "
    "vertical shift, and one single part for both together."
)
def coarsening() -> Figure:
    """Two shifts and their finest common coarsening."""
    right, down = Permutation.shift(3, 3), Permutation.shift(3, 3, right=0, down=1)
    fig, axes = plt.subplots(1, 3, figsize=(5.4, 2.2))
    named = [
        (partition(right), "shift right"),
        (partition(down), "shift down"),
        (common_coarsening(right, down), "both"),
    ]
    for ax, (parts, title) in zip(axes, named, strict=True):
        cells(ax, part_of(parts).reshape(3, 3))
        ax.set_title(title)
    return fig


@figure(
    alt="A network with five inputs, two hidden and five output neurons. The edges from inputs 1, 3 and 4 to a "
    "hidden neuron have one colour, "
    "those from inputs 2 and 5 another; four colours in all. The edges to the outputs are thin and grey: they "
    "are free."
)
def shared_encoder() -> Figure:
    """Which encoder weights are one and the same for σ = (1 3 4)(2 5)."""
    fig, ax = plt.subplots(figsize=(5.0, 4.0))
    label = part_of(partition(SIGMA)).tolist()
    inputs, hidden, outputs = ([(x, (n - 1) / 2 - k) for k in range(n)] for x, n in ((0, 5), (2.2, 2), (4.4, 5)))
    for h, end in enumerate(hidden):
        for j, start in enumerate(inputs):
            ax.plot(*zip(start, end, strict=True), color=f"C{2 * h + label[j]}", linewidth=2.2, zorder=1)
        for end2 in outputs:
            ax.plot(*zip(end, end2, strict=True), color=plt.rcParams["grid.color"], linewidth=1, zorder=1)
    for places in (inputs, hidden, outputs):
        ax.scatter(*zip(*places, strict=True), s=170, color=plt.rcParams["text.color"], zorder=3)
    for k, (x, y) in enumerate(inputs, start=1):
        ax.annotate(f"{k}", (x, y), xytext=(-13, 0), textcoords="offset points", ha="right", va="center")
    for x, text in ((1.1, "encoder: 4 free weights"), (3.3, "decoder: 10 free weights")):
        ax.text(x, -2.75, text, ha="center")
    ax.set(xlim=(-0.6, 4.8), ylim=(-3.0, 2.4))
    ax.axis("off")
    return fig


@results(seed=0)
def numbers() -> dict[str, float | int]:
    """Numbers that the page quotes."""
    M = torch.randn(2, 5)
    parts = partition(SIGMA)
    M = M[:, [0, 1, 0, 0, 1]]
    return {
        "norm": M.norm().item() ** 2,
        "weighted": (collapse(M, parts).square() * torch.tensor([3.0, 2.0])).sum().item(),
        "unweighted": collapse(M, parts).norm().item() ** 2,
    }
