"""Equivariance: the maps that commute with a permutation, block by block."""

# ruff: noqa: E741 (l is the letter of the slides)

# --8<-- [start:setup]
import math
from itertools import groupby

import torch
from jaxtyping import Complex, Float, Int
from torch import Tensor, nn

from snippets.linear_networks.components import (
    Eigenvalue,
    Ranks,
    check_rank,
    check_ranks,
    eigenvalues,
)
from snippets.linear_networks.distance import truncate
from snippets.linear_networks.invariance import permutation_matrix
from snippets.linear_networks.permutations import Permutation, cycle_decomposition

# --8<-- [end:setup]


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


