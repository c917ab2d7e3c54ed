"""Equivariance: the maps that commute with a permutation, block by block."""

# ruff: noqa: E741 (l is the letter of the slides)

# --8<-- [start:setup]
import math

import torch
from jaxtyping import Complex, Float, Int
from torch import Tensor, nn

from snippets.linear_networks.components import (
    Eigenvalue,
    Ranks,
    check_rank,
    check_ranks,
    component,
    components,
    count_components,
    eigenvalues,
)
from snippets.linear_networks.distance import truncate
from snippets.linear_networks.invariance import permutation_matrix
from snippets.linear_networks.permutations import Permutation, cycle_decomposition

torch.set_default_dtype(torch.float64)
# --8<-- [end:setup]

from itertools import groupby

import matplotlib.pyplot as plt
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from book import figure, results
from snippets.linear_networks.function_spaces import diverging


# --8<-- [start:commutant]
def commutant_dimension(sigma: Permutation) -> int:
    """Sum gcd(a, b) over the pairs of cycle lengths a, b."""
    lengths = torch.tensor([len(cycle) for cycle in cycle_decomposition(sigma)])
    return int(torch.gcd(lengths[:, None], lengths[None, :]).sum())


class CommutantLabels:
    """The classes of equal entries in a map that commutes with σ, without a table."""

    def __init__(self, sigma: Permutation) -> None:
        """Note each point's cycle and place there; number the pairs' classes."""
        cycles = cycle_decomposition(sigma)
        lengths = torch.tensor([len(cycle) for cycle in cycles])
        points = torch.tensor([point for cycle in cycles for point in cycle]) - 1
        self.cycle, self.place = torch.empty_like(points), torch.empty_like(points)
        self.cycle[points] = torch.repeat_interleave(lengths)
        self.place[points] = torch.cat([torch.arange(length) for length in lengths])
        self.gcd = torch.gcd(lengths[:, None], lengths[None, :])
        self.first = self.gcd.flatten().cumsum(0).view_as(self.gcd) - self.gcd
        self.dimension = int(self.gcd.sum())

    def __call__(
        self, i: Int[Tensor, "*#shape"], j: Int[Tensor, "*#shape"]
    ) -> Int[Tensor, "*shape"]:
        """Return the class of the entry (i, j); all three count from zero."""
        a, b = self.cycle[i], self.cycle[j]
        return self.first[a, b] + (self.place[i] - self.place[j]) % self.gcd[a, b]
# --8<-- [end:commutant]


def class_table(sigma: Permutation) -> Int[Tensor, "n n"]:
    """Return the classes of all entries at once, in 32 bits where they fit: to fill the table is most of the work.

    A row is that of its cycle (the first class for each column) plus that of its place in the cycle (the steps), so
    cycles of one length are served by one sum.
    """
    labels = CommutantLabels(sigma)
    fits = labels.dimension < 2**31
    first = labels.first.index_select(1, labels.cycle).to(torch.int32 if fits else torch.int64)
    lengths, by_length = labels.gcd.diagonal(), []
    for n in lengths.unique().tolist():
        cycles = (lengths == n).nonzero().flatten()
        steps = (torch.arange(n)[:, None] - labels.place) % labels.gcd[cycles[0]][labels.cycle]
        by_length.append((first.index_select(0, cycles)[:, None, :] + steps.to(first.dtype)).flatten(0, 1))
    table = torch.cat(by_length) if len(by_length) > 1 else by_length[0]
    order = lengths.argsort(stable=True)
    start = torch.empty_like(lengths).index_copy_(0, order, lengths[order].cumsum(0) - lengths[order])
    row = start[labels.cycle] + labels.place
    return table if row.equal(torch.arange(sigma.size)) else table.index_select(0, row)


# --8<-- [start:cycle_basis]
def cycle_vectors(n: int, j: int) -> Float[Tensor, "n columns"]:
    """Return (sin, cos) of frequency j on a cycle of n points, of length one.

    Where the sine is zero, at j = 0 and j = n/2, it is left out.
    """
    angle = 2 * math.pi * j * torch.arange(n) / n
    if 2 * j % n == 0:
        return torch.cos(angle)[:, None] / math.sqrt(n)
    pair = torch.stack([torch.sin(angle), torch.cos(angle)], dim=1)
    return pair * math.sqrt(2 / n)
# --8<-- [end:cycle_basis]


# --8<-- [start:real_fourier_basis]
def real_fourier_basis(sigma: Permutation, *, sparse: bool = False) -> Tensor:
    """Return the orthogonal Q_σ whose columns are waves on single cycles.

    They are grouped by eigenvalue: every cycle that has it gives one column where it
    is real, and a pair (sin, cos) where it is not.
    """
    longest_first = sorted(cycle_decomposition(sigma), key=len, reverse=True)
    cycles = [torch.tensor(cycle) - 1 for cycle in longest_first]
    rows, columns, entries, count = [], [], [], 0
    for l, m in eigenvalues(sigma):
        for cycle in (c for c in cycles if len(c) % l == 0):
            waves = cycle_vectors(len(cycle), len(cycle) * (l - m) // l)
            for wave in waves.T:
                rows.append(cycle)
                columns.append(torch.full_like(cycle, count))
                entries.append(wave)
                count += 1
    places = torch.stack([torch.cat(rows), torch.cat(columns)])
    shape = (sigma.size, sigma.size)
    Q = torch.sparse_coo_tensor(
        places, torch.cat(entries), shape, check_invariants=True
    )
    return Q.coalesce() if sparse else Q.to_dense()
# --8<-- [end:real_fourier_basis]


# --8<-- [start:realify]
def realify(Z: Complex[Tensor, "a b"]) -> Float[Tensor, "2*a 2*b"]:
    """Replace every entry x + iy by the block ((x, −y), (y, x))."""
    x, y = Z.real, Z.imag
    above, below = torch.stack([x, -y], dim=2), torch.stack([y, x], dim=2)
    blocks = torch.stack([above, below], dim=1)
    return blocks.reshape(2 * Z.shape[0], 2 * Z.shape[1])


def complexify(R: Float[Tensor, "rows columns"]) -> Complex[Tensor, "a b"]:
    """Return Z with realify(Z) nearest to R: average each 2×2 block."""
    x = (R[0::2, 0::2] + R[1::2, 1::2]) / 2
    y = (R[1::2, 0::2] - R[0::2, 1::2]) / 2
    return torch.complex(x, y)
# --8<-- [end:realify]


# --8<-- [start:blocks]
Blocks = dict[Eigenvalue, Tensor]


def projected_blocks(M: Float[Tensor, "n n"], sigma: Permutation) -> Blocks:
    """Return the blocks, real or complex, of the nearest equivariant map to M."""
    Q, blocks, start = real_fourier_basis(sigma), {}, 0
    B = Q.T @ M @ Q
    for key, d in eigenvalues(sigma).items():
        stop = start + key.weight * d
        block = B[start:stop, start:stop]
        blocks[key] = block if key.weight == 1 else complexify(block)
        start = stop
    return blocks


def assemble(blocks: Blocks, sigma: Permutation) -> Float[Tensor, "n n"]:
    """Return the equivariant matrix that has these blocks."""
    Q = real_fourier_basis(sigma)
    real = [realify(Z) if Z.is_complex() else Z for Z in blocks.values()]
    return Q @ torch.block_diag(*real) @ Q.T
# --8<-- [end:blocks]


# --8<-- [start:fourier_blocks]
def commutator(
    M: Float[Tensor, "n n"], sigma: Permutation
) -> Float[Tensor, "n n"]:
    """Return M P − P M, which is zero exactly for equivariant maps."""
    index = torch.tensor(sigma.images) - 1
    if M.shape[0] != sigma.size:
        raise ValueError(
            f"a {M.shape[0]}×{M.shape[1]} matrix cannot commute with "
            f"a permutation of {sigma.size} points"
        )
    return M[:, torch.argsort(index)] - M[index]


def fourier_blocks(M: Float[Tensor, "n n"], sigma: Permutation) -> Blocks:
    """Return the blocks of an equivariant map; raise ValueError for any other."""
    gap = commutator(M, sigma).abs().max().item()
    if gap > 1e-8 * max(1.0, M.abs().max().item()):
        raise ValueError(
            "the matrix is not equivariant: "
            f"M P − P M has an entry of size {gap:.3g}, not 0"
        )
    return projected_blocks(M, sigma)
# --8<-- [end:fourier_blocks]


# --8<-- [start:nearest_equivariant]
def best_ranks(M: Float[Tensor, "n n"], sigma: Permutation, rank: int) -> Ranks:
    """Return the ranks, of sum at most the one given, whose component is nearest to M.

    A real singular value s costs one unit and saves s², a complex one two and 2 s².
    """
    check_rank(rank, sigma.size)
    values = {1: [], 2: []}
    for key, Z in projected_blocks(M, sigma).items():
        values[key.weight] += [(s.item(), key) for s in torch.linalg.svdvals(Z)]
    single, double = (sorted(values[w], reverse=True) for w in (1, 2))
    most = min(len(double), rank // 2)
    choices = [single[: rank - 2 * b] + double[:b] for b in range(most + 1)]
    kept = max(choices, key=lambda chosen: sum(k.weight * s**2 for s, k in chosen))
    return {key: sum(key == k for _, k in kept) for key in eigenvalues(sigma)}


def nearest_equivariant(
    M: Float[Tensor, "n n"], sigma: Permutation, ranks: Ranks
) -> Float[Tensor, "n n"]:
    """Return the nearest point on the component with these ranks: truncate blocks."""
    check_ranks(eigenvalues(sigma), ranks)
    blocks = projected_blocks(M, sigma)
    cut = {key: truncate(Z, ranks.get(key, 0)) for key, Z in blocks.items()}
    return assemble(cut, sigma)
# --8<-- [end:nearest_equivariant]


# --8<-- [start:autoencoder]
class EquivariantAutoencoder(nn.Module):
    """A linear autoencoder that commutes with σ: a small one for each eigenvalue."""

    def __init__(self, sigma: Permutation, ranks: Ranks) -> None:
        """Draw d·r weights, real or complex, for the encoder and the decoder."""
        super().__init__()
        spectrum = eigenvalues(sigma)
        check_ranks(spectrum, ranks)
        self.ranks = {key: ranks[key] for key in spectrum if ranks.get(key, 0)}
        self.waves = CycleWaves(sigma, list(self.ranks))
        self.encoder, self.decoder = nn.ParameterDict(), nn.ParameterDict()
        for key, r in self.ranks.items():
            d, parts = spectrum[key], (2,) * (key.weight - 1)
            encoder, decoder = torch.randn(r, d, *parts), torch.randn(d, r, *parts)
            self.encoder[str(key)] = nn.Parameter(encoder / d**0.5)
            self.decoder[str(key)] = nn.Parameter(decoder / r**0.5)

    def forward(self, x: Float[Tensor, "*batch n"]) -> Float[Tensor, "*batch n"]:
        """Split x into waves, multiply those of each eigenvalue, add the waves up."""
        flat = x.reshape(-1, x.shape[-1])
        alike = zip(self.waves.alike, self.waves.analyse(flat), strict=True)
        coded = [u @ self.matrices(keys).mT for keys, u in alike]
        return self.waves.synthesise(coded, len(flat)).reshape(x.shape)

    def matrices(self, keys: list[Eigenvalue]) -> Float[Tensor, "keys d d"]:
        """Multiply decoders by encoders; complex products become real blocks."""
        decoders = [as_matrix(self.decoder[str(key)]) for key in keys]
        encoders = [as_matrix(self.encoder[str(key)]) for key in keys]
        M = torch.stack([D @ E for D, E in zip(decoders, encoders, strict=True)])
        if not M.is_complex():
            return M
        rows = [M.real, -M.imag], [M.imag, M.real]
        return torch.cat([torch.cat(row, dim=2) for row in rows], dim=1)


def as_matrix(weights: Tensor) -> Tensor:
    """Return a real matrix as it is, and pairs of numbers as complex entries."""
    return weights if weights.ndim == 2 else torch.view_as_complex(weights)
# --8<-- [end:autoencoder]


class CycleWaves(nn.Module):
    """The columns of Q_σ that belong to some eigenvalues, as one small table for each length of cycle.

    Eigenvalues that the same cycles have, with waves of as many parts, are served together (`alike`). Their coordinates
    are one tensor, of shape (eigenvalues, batch, parts × cycles).
    """

    def __init__(self, sigma: Permutation, keys: list[Eigenvalue]) -> None:
        """Tabulate the waves; a table has as many rows as the cycle has points and a column a part of a wave."""
        super().__init__()
        cycles = sorted(cycle_decomposition(sigma), key=len, reverse=True)
        self.lengths = sorted({len(cycle) for cycle in cycles}, reverse=True)
        self.counts = [sum(len(cycle) == n for cycle in cycles) for n in self.lengths]
        self.alike = [list(same) for _, same in groupby(sorted(keys, key=self.kind), self.kind)]
        order = torch.tensor([point for cycle in cycles for point in cycle]) - 1
        self.in_order = order.equal(torch.arange(sigma.size))
        self.register_buffer("order", order)
        self.register_buffer("back", order.argsort())
        for n in self.lengths:
            waves = [cycle_vectors(n, n * (l - m) // l) for keys in self.alike for l, m in keys if n % l == 0]
            self.register_buffer(f"table_{n}", torch.cat([torch.empty(n, 0), *waves], dim=1))

    def kind(self, key: Eigenvalue) -> tuple[int, list[bool]]:
        """Return how many parts a wave of an eigenvalue has, and which lengths of cycles have it."""
        return key.weight, [n % key.l == 0 for n in self.lengths]

    def present(self, n: int) -> list[tuple[int, list[Eigenvalue]]]:
        """Return the sets of alike eigenvalues that a cycle of n points has, with their numbers."""
        return [(i, keys) for i, keys in enumerate(self.alike) if n % keys[0].l == 0]

    def analyse(self, x: Float[Tensor, "batch n"]) -> list[Float[Tensor, "_ batch _"]]:
        """Return the coordinates of x."""
        found: list[list[Tensor]] = [[] for _ in self.alike]
        sizes = [n * count for n, count in zip(self.lengths, self.counts, strict=True)]
        sorted_by_cycle = x if self.in_order else x.index_select(1, self.order)
        for n, here in zip(self.lengths, sorted_by_cycle.split(sizes, dim=1), strict=True):
            waves, present = self.get_buffer(f"table_{n}").T @ here.unflatten(1, (-1, n)).mT, self.present(n)
            parts = waves.split([keys[0].weight * len(keys) for _, keys in present], dim=1)
            for (i, keys), part in zip(present, parts, strict=True):
                found[i].append(part.unflatten(1, (len(keys), -1)))
        return [torch.cat(parts, dim=3).flatten(2).transpose(0, 1) for parts in found]

    def synthesise(self, coordinates: list[Float[Tensor, "_ batch _"]], batch: int) -> Float[Tensor, "batch n"]:
        """Return the vectors that have these coordinates and no others."""
        both = zip(coordinates, self.alike, strict=True)
        rest = [u.transpose(0, 1).unflatten(2, (keys[0].weight, -1)) for u, keys in both]
        found = []
        for n, count in zip(self.lengths, self.counts, strict=True):
            table = self.get_buffer(f"table_{n}")
            waves = [table.new_empty(batch, 0, count)]
            for i, _ in self.present(n):
                here, rest[i] = rest[i].tensor_split([count], dim=3)
                waves.append(here.flatten(1, 2))
            found.append((torch.cat(waves, dim=1).mT @ table.T).flatten(1))
        sorted_by_cycle = torch.cat(found, dim=1)
        return sorted_by_cycle if self.in_order else sorted_by_cycle.index_select(1, self.back)


# --8<-- [start:circulant]
def circulant(c: Float[Tensor, " n"]) -> Float[Tensor, "n n"]:
    """Return the matrix whose entry (i, j) is c at i − j, counted cyclically."""
    i = torch.arange(len(c))
    return c[(i[:, None] - i[None, :]) % len(c)]


def wave(n: int, j: int) -> Complex[Tensor, " n"]:
    """Return v_j = (1, ζʲ, ζ²ʲ, …) for ζ = exp(2πi/n)."""
    return torch.polar(torch.ones(n), 2 * math.pi * j * torch.arange(n) / n)
# --8<-- [end:circulant]


# --8<-- [start:singular]
def is_singular(
    point: Ranks, ranks: Ranks, multiplicity: dict[Eigenvalue, int]
) -> bool:
    """Say whether a point is singular: a block that is not full has dropped."""
    return any(point[key] < r < multiplicity[key] for key, r in ranks.items())
# --8<-- [end:singular]


# --8<-- [start:solution_reynolds]
def reynolds(M: Float[Tensor, "n n"], sigma: Permutation) -> Float[Tensor, "n n"]:
    """Average P⁻ᵏ M Pᵏ over the powers of σ."""
    P = permutation_matrix(sigma)
    powers = [torch.linalg.matrix_power(P, k) for k in range(sigma.order)]
    return sum(power.T @ M @ power for power in powers) / len(powers)
# --8<-- [end:solution_reynolds]


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
                    i, j = coordinate + 2 * k, hidden + 2 * h
                    found += [
                        (i, j, colour, False),
                        (i + 1, j + 1, colour, False),
                        (i, j + 1, colour + 1, False),
                        (i + 1, j, colour + 1, True),
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
