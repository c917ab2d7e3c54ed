"""The irreducible components of the equivariant maps of bounded rank, in exact integers."""

# ruff: noqa: E741 (l is the letter of the slides)

import heapq
from collections import Counter
from collections.abc import Callable, Iterator
from math import fsum, gcd, inf, prod
from operator import itemgetter
from typing import NamedTuple

from snippets.linear_networks import determinantal
from snippets.linear_networks.permutations import Permutation, cycle_decomposition


class Eigenvalue(NamedTuple):
    """The root of unity exp(2πi m/l), with m coprime to l."""

    l: int
    m: int

    def __str__(self) -> str:
        """Write the label as the slides do, for instance 28,27."""
        return f"{self.l},{self.m}"

    @property
    def weight(self) -> int:
        """Real dimensions that one unit of rank takes: two for a pair of conjugate eigenvalues."""
        return 1 if self.l <= 2 else 2

    def frequency(self, n: int) -> int:
        """Return how often its wave turns along a cycle of n points, from 0 to n/2; l has to divide n."""
        return n // self.l * (self.l - self.m)


Ranks = dict[Eigenvalue, int]


class Component(NamedTuple):
    """A real irreducible component, named by the rank that it allows at each eigenvalue."""

    ranks: Ranks
    dimension: int
    degree: int | None
    ed_degree: int | None
    parameters: int
    log10_degree: float = 0.0
    log10_ed_degree: float = 0.0


class Counts(NamedTuple):
    """How many irreducible components the equivariant maps of bounded rank have."""

    real: int
    all_real: int
    complex: int


def check_rank(rank: int, size: int) -> None:
    """Raise ValueError unless 0 ≤ rank ≤ size."""
    if not 0 <= rank <= size:
        raise ValueError(f"rank {rank} is out of range: choose 0 to {size}")


# --8<-- [start:multiplicities]
def multiplicities(sigma: Permutation) -> dict[int, int]:
    """Return d_l for every l: the number of cycles whose length l divides."""
    lengths = [len(cycle) for cycle in cycle_decomposition(sigma)]
    divisors = {l for n in set(lengths) for l in range(1, n + 1) if n % l == 0}
    return {l: sum(n % l == 0 for n in lengths) for l in sorted(divisors)}


def eigenvalues(sigma: Permutation) -> dict[Eigenvalue, int]:
    """Return d_l for 1, −1 and one of each conjugate pair: 1/2 < m/l < 1."""
    return {
        Eigenvalue(l, m): d
        for l, d in multiplicities(sigma).items()
        for m in range(l, 0, -1)
        if gcd(l, m) == 1 and (l <= 2 or 2 * m > l)
    }
    # --8<-- [end:multiplicities]


# --8<-- [start:count_components]
def ways(blocks: list[tuple[int, int]], total: int) -> list[int]:
    """Count the choices 0 ≤ r ≤ d, one for each block (w, d), by their sum Σ w·r.

    These are the coefficients of the product of 1 + xʷ + x²ʷ + … + xʷᵈ.
    """
    coefficients = [1] + [0] * total
    for (weight, d), count in Counter(blocks).items():
        factor = power(weight, d, count, total)
        known = [(i, c) for i, c in enumerate(coefficients) if c]
        coefficients = [
            sum(c * factor[t - i] for i, c in known if i <= t) for t in range(total + 1)
        ]
    return coefficients


def power(weight: int, d: int, count: int, total: int) -> list[int]:
    """Return the coefficients of (1 + xʷ + … + xʷᵈ)ᶜ up to the power `total` of x.

    With y = xʷ it is P = (1 − yᵈ⁺¹)ᶜ / (1 − y)ᶜ, and its derivative gives a recurrence:
    (1 − y)(1 − yᵈ⁺¹) P′ = c (1 − (d + 1) yᵈ + d yᵈ⁺¹) P.
    """
    p = [0] * (d + 2) + [1]  # zeros in front of the first coefficient
    for k in range(1, total // weight + 1):
        new = (k - 1 + count) * p[-1]
        new += (k - d - 1 - count * (d + 1)) * p[-1 - d]
        new += (count * d - (k - d - 2)) * p[-2 - d]
        p.append(new // k)
    found = [0] * (total + 1)
    found[::weight] = p[d + 2 :]
    return found


def count_components(sigma: Permutation, rank: int) -> Counts:
    """Count the components: real with a matrix of that rank, all real, complex."""
    check_rank(rank, sigma.size)
    spectrum = eigenvalues(sigma)
    real = ways([(key.weight, d) for key, d in spectrum.items()], rank)[rank]
    pairs = [(key.weight, d) for key, d in spectrum.items() if key.weight == 2]
    left = rank - 1 - sum(d for key, d in spectrum.items() if key.weight == 1)
    lower = ways(pairs, left)[left] if left >= 0 else 0
    every = [(1, d) for key, d in spectrum.items() for _ in range(key.weight)]
    return Counts(real, real + lower, ways(every, rank)[rank])
    # --8<-- [end:count_components]


# --8<-- [start:component]
def component(sigma: Permutation, ranks: Ranks) -> Component:
    """Describe the component of a rank vector; what is left out has rank zero."""
    spectrum = eigenvalues(sigma)
    check_ranks(spectrum, ranks)
    return describe(spectrum, ranks)


def describe(
    spectrum: dict[Eigenvalue, int], ranks: Ranks, digits: float = inf
) -> Component:
    """Compute dimension, degrees and parameters from the blocks (w, r, d).

    Degrees of more digits than allowed are None; their logarithms are always there.
    """
    blocks = [(key.weight, r, spectrum[key]) for key, r in ranks.items() if r]
    log_degree = fsum(w * determinantal.log10_degree(r, d, d) for w, r, d in blocks)
    log_ed = fsum(determinantal.log10_comb(d, r) for _, r, d in blocks)
    degree = ed_degree = None
    if max(log_degree, log_ed) <= digits:
        degree = prod(determinantal.degree(r, d, d) ** w for w, r, d in blocks)
        ed_degree = prod(determinantal.ed_degree(r, d, d) for _, r, d in blocks)
    return Component(
        ranks=dict.fromkeys(spectrum, 0) | ranks,
        dimension=sum(w * determinantal.dimension(r, d, d) for w, r, d in blocks),
        degree=degree,
        ed_degree=ed_degree,
        parameters=sum(2 * w * d * r for w, r, d in blocks),
        log10_degree=log_degree,
        log10_ed_degree=log_ed,
    )
    # --8<-- [end:component]


def check_ranks(spectrum: dict[Eigenvalue, int], ranks: Ranks) -> None:
    """Raise ValueError unless every key is an eigenvalue of the list and 0 ≤ r ≤ its multiplicity."""
    for key, r in ranks.items():
        if key not in spectrum:
            raise ValueError(
                f"{tuple(key)} is not among the eigenvalues {[tuple(k) for k in spectrum]}"
            )
        if not 0 <= r <= spectrum[key]:
            raise ValueError(
                f"rank {r} at the eigenvalue {tuple(key)} is out of range: 0 to {spectrum[key]}"
            )


def rank_vectors(
    blocks: list[tuple[int, int]], total: int
) -> Iterator[tuple[int, ...]]:
    """Yield every (r_1, r_2, …) with Σ weight·r = total, the largest first; weights one come before weights two."""
    room = [0]  # what the later blocks can take
    for weight, d in reversed(blocks):
        room.append(room[-1] + weight * d)
    room = room[::-1]
    # whether the later blocks can take an odd number
    odd = [*(weight == 1 for weight, _ in blocks[1:]), False]

    def choices(i: int, left: int) -> Iterator[int]:
        weight, d = blocks[i]
        least = max(0, -(-(left - room[i + 1]) // weight))
        for r in range(min(d, left // weight), least - 1, -1):
            if (left - weight * r) % 2 == 0 or odd[i]:
                yield r

    if total == 0:
        yield (0,) * len(blocks)
    elif total > room[0]:
        return
    else:
        yield from _walk(blocks, total, choices)


def _walk(
    blocks: list[tuple[int, int]], total: int, choices: Callable
) -> Iterator[tuple[int, ...]]:
    """Walk the tree of choices without recursion, as it is as deep as there are blocks."""
    chosen, left, open_ = [], [total], [choices(0, total)]
    while open_:
        r = next(open_[-1], None)
        if r is None:
            open_.pop()
            left.pop()
            if chosen:
                chosen.pop()
            continue
        rest = left[-1] - blocks[len(chosen)][0] * r
        if rest == 0:
            yield (*chosen, r, *(0,) * (len(blocks) - len(chosen) - 1))
        elif len(chosen) + 1 < len(blocks):
            chosen.append(r)
            left.append(rest)
            open_.append(choices(len(chosen), rest))


def components(
    sigma: Permutation, rank: int, digits: float = inf
) -> Iterator[Component]:
    """Yield, one at a time, the real components that contain a matrix of the rank given."""
    check_rank(rank, sigma.size)
    spectrum = eigenvalues(sigma)
    for r in rank_vectors([(key.weight, d) for key, d in spectrum.items()], rank):
        yield describe(spectrum, dict(zip(spectrum, r, strict=True)), digits)


def extreme_components(
    sigma: Permutation,
    rank: int,
    count: int,
    *,
    smallest: bool = False,
    digits: float = inf,
) -> Iterator[Component]:
    """Yield the components of largest (or smallest) dimension, the first `count` of them, best first.

    Block by block, and for every sum of ranks, it keeps the best beginnings only.
    """
    check_rank(rank, sigma.size)
    spectrum, sign = eigenvalues(sigma), -1 if smallest else 1
    best: dict[int, list[tuple[int, tuple]]] = {0: [(0, ())]}
    for key, d in spectrum.items():
        grown: dict[int, list[tuple[int, tuple]]] = {}
        for r in range(min(d, rank // key.weight) + 1):
            gain = sign * key.weight * determinantal.dimension(r, d, d)
            for used, found in best.items():
                if used + key.weight * r <= rank:
                    link = [
                        (size + gain, (before, key, r) if r else before)
                        for size, before in found
                    ]
                    grown.setdefault(used + key.weight * r, []).extend(link)
        best = {
            used: heapq.nlargest(count, found, key=itemgetter(0))
            for used, found in grown.items()
        }
    for _, link in best.get(rank, []):
        ranks = {}
        while link:
            link, key, r = link
            ranks[key] = r
        yield describe(spectrum, ranks, digits)
