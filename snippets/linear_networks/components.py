"""The irreducible components of the equivariant maps of bounded rank, in exact integers."""

# ruff: noqa: E741 (l is the letter of the slides)

from collections.abc import Iterator
from math import gcd, prod
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
    degree: int
    ed_degree: int
    parameters: int


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
    for weight, d in blocks:
        for i in range(weight, total + 1):
            coefficients[i] += coefficients[i - weight]
        for i in range(total, weight * (d + 1) - 1, -1):
            coefficients[i] -= coefficients[i - weight * (d + 1)]
    return coefficients


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


def describe(spectrum: dict[Eigenvalue, int], ranks: Ranks) -> Component:
    """Compute dimension, degrees and parameters from the blocks (w, r, d)."""
    blocks = [(key.weight, ranks.get(key, 0), d) for key, d in spectrum.items()]
    return Component(
        ranks={key: ranks.get(key, 0) for key in spectrum},
        dimension=sum(w * determinantal.dimension(r, d, d) for w, r, d in blocks),
        degree=prod(determinantal.degree(r, d, d) ** w for w, r, d in blocks),
        ed_degree=prod(determinantal.ed_degree(r, d, d) for w, r, d in blocks),
        parameters=sum(2 * w * d * r for w, r, d in blocks),
    )
# --8<-- [end:component]


def check_ranks(spectrum: dict[Eigenvalue, int], ranks: Ranks) -> None:
    """Raise ValueError unless every key is an eigenvalue of the list and 0 ≤ r ≤ its multiplicity."""
    for key, r in ranks.items():
        if key not in spectrum:
            raise ValueError(f"{tuple(key)} is not among the eigenvalues {[tuple(k) for k in spectrum]}")
        if not 0 <= r <= spectrum[key]:
            raise ValueError(f"rank {r} at the eigenvalue {tuple(key)} is out of range: 0 to {spectrum[key]}")


def rank_vectors(blocks: list[tuple[int, int]], total: int) -> Iterator[tuple[int, ...]]:
    """Yield every (r_1, r_2, …) with Σ weight·r = total, the largest first; weights one come before weights two."""
    if not blocks:
        yield ()
        return
    (weight, d), *rest = blocks
    room, odd = sum(w * e for w, e in rest), any(w == 1 and e for w, e in rest)
    for r in range(min(d, total // weight), -1, -1):
        left = total - weight * r
        if left > room:
            return
        if left % 2 == 0 or odd:
            yield from ((r, *tail) for tail in rank_vectors(rest, left))


def components(sigma: Permutation, rank: int) -> Iterator[Component]:
    """Yield, one at a time, the real components that contain a matrix of the rank given."""
    check_rank(rank, sigma.size)
    spectrum = eigenvalues(sigma)
    for r in rank_vectors([(key.weight, d) for key, d in spectrum.items()], rank):
        yield describe(spectrum, dict(zip(spectrum, r, strict=True)))
