"""Counting: dimension, degree and components against brute force, for every permutation of S_2 to S_6."""

# ruff: noqa: B023, B905, E731, E741

from fractions import Fraction
from itertools import combinations, islice, permutations, product
from math import comb, gcd

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from snippets.linear_networks.components import (
    Eigenvalue,
    component,
    components,
    count_components,
    eigenvalues,
    extreme_components,
    multiplicities,
    rank_vectors,
    ways,
)
from snippets.linear_networks.determinantal import degree, dimension, ed_degree
from snippets.linear_networks.permutations import Permutation

EVERY = [Permutation(images) for n in range(2, 7) for images in permutations(range(1, n + 1))]
MNIST = Permutation.shift(28, 28)


def spectrum(sigma):
    """The eigenvalues of the matrix, as fractions of a turn with multiplicities: no cycles involved."""
    P = np.eye(sigma.size)[np.array(sigma.images) - 1]
    turns = np.angle(np.linalg.eigvals(P)) / (2 * np.pi)
    found = [Fraction(turn % 1).limit_denominator(60) % 1 for turn in turns]
    return {turn: found.count(turn) for turn in set(found)}


def maximal(blocks, rank):
    """All rank vectors of weight at most the rank that no other one dominates."""
    vectors = [
        r for r in product(*(range(d + 1) for _, d in blocks)) if sum(w * e for (w, _), e in zip(blocks, r)) <= rank
    ]
    allowed = set(vectors)
    grown = lambda r, i: (*r[:i], r[i] + 1, *r[i + 1 :])
    return [r for r in vectors if not any(grown(r, i) in allowed for i in range(len(r)))]


@pytest.mark.claim("NN-45", "NN-45b", "NN-54")
@pytest.mark.unwatched
def test_every_permutation_of_s2_to_s6_and_every_rank(measured):
    known = {}
    for sigma in EVERY:
        turns = spectrum(sigma)
        measured.exact(
            {k.m / k.l % 1: d for k, d in eigenvalues(sigma).items()},
            {float(t): d for t, d in turns.items() if t == 0 or t >= Fraction(1, 2)},
        )
        shape = tuple(sorted(turns.items()))
        if shape not in known:
            real = [
                (1 if t in (0, Fraction(1, 2)) else 2, d) for t, d in turns.items() if t == 0 or t >= Fraction(1, 2)
            ]
            whole = [(1, d) for d in turns.values()]
            known[shape] = [(maximal(real, r), maximal(whole, r), real) for r in range(sigma.size + 1)]
        for rank, (vectors, over_c, blocks) in enumerate(known[shape]):
            full = [r for r in vectors if sum(w * e for (w, _), e in zip(blocks, r)) == rank]
            assert tuple(count_components(sigma, rank)) == (len(full), len(vectors), len(over_c))
            assert sum(1 for _ in components(sigma, rank)) == len(full)
    measured.exact(len(EVERY), 872)


def test_listed_components_are_the_vectors_of_that_weight():
    sigma = Permutation.from_cycles("(1 2 3 4)(5 6)(7 8 9)(10)")
    for rank in range(11):
        listed = [tuple(one.ranks.values()) for one in components(sigma, rank)]
        assert len(set(listed)) == len(listed)
        assert all(sum(k.weight * r for k, r in one.ranks.items()) == rank for one in components(sigma, rank))


def test_components_are_lazy():
    assert len(list(islice(components(MNIST, 99), 5))) == 5
    assert [tuple(r) for r in rank_vectors([], 0)] == [()]
    assert list(rank_vectors([(1, 2), (2, 1)], 5)) == []
    assert list(rank_vectors([(2, 1)] * 60, 61)) == []  # seen at once: sixty pairs have no odd sum


def test_an_eigenvalue_is_written_by_its_numbers_and_turns_that_often():
    assert [str(key) for key in eigenvalues(Permutation.from_cycles("(1 2 3 4 5 6)"))] == ["1,1", "2,1", "3,2", "6,5"]
    assert [key.frequency(6) for key in eigenvalues(Permutation.from_cycles("(1 2 3 4 5 6)"))] == [0, 3, 2, 1]
    assert Eigenvalue(3, 2).frequency(12) == 4


@pytest.mark.parametrize("text", ["(1 2 3 4)(5 6)(7 8 9)(10)", "(1 2 3 4 5)(6 7 8 9 10)", "(1)(2)(3 4)(5 6)"])
@pytest.mark.parametrize("smallest", [False, True])
def test_extreme_components_are_the_ends_of_the_sorted_list(text, smallest):
    sigma = Permutation.from_cycles(text)
    for rank in range(sigma.size + 1):
        listed = list(components(sigma, rank))
        dimensions = sorted((one.dimension for one in listed), reverse=not smallest)
        for count in (1, 3, len(listed) + 1):
            found = list(extreme_components(sigma, rank, count, smallest=smallest))
            assert [one.dimension for one in found] == dimensions[:count]
            assert all(one in listed for one in found)
            assert len({tuple(one.ranks.items()) for one in found}) == len(found)
    with pytest.raises(ValueError, match="rank -1 is out of range"):
        next(extreme_components(sigma, -1, 1))


def test_the_largest_come_first_and_long_degrees_are_left_out():
    sigma = Permutation.from_cycles("(1 2)(3)")  # rank one: of a 2×2 block, of dimension 3, or of a 1×1 block
    assert [one.dimension for one in extreme_components(sigma, 1, 9)] == [3, 1]
    assert [one.degree for one in extreme_components(sigma, 1, 9, digits=0.0)] == [None, 1]


def test_a_component_that_fits_is_described():
    sigma = Permutation.from_cycles("(1 2 3)(4 5 6)")
    assert component(sigma, {Eigenvalue(3, 2): 1}) in list(components(sigma, 2))
    assert component(sigma, {Eigenvalue(1, 1): 2, Eigenvalue(3, 2): 2}).dimension == 4 + 2 * 4


@settings(deadline=None, max_examples=50)
@given(st.lists(st.tuples(st.integers(1, 2), st.integers(0, 2)), max_size=5), st.integers(0, 9))
def test_rank_vectors_are_all_choices_of_that_weight_the_largest_first(blocks, total):
    """Blocks of weight one come first, and some of them may be empty."""
    blocks = sorted(blocks, key=lambda block: block[0])
    choices = product(*(range(d, -1, -1) for _, d in blocks))
    assert list(rank_vectors(blocks, total)) == [
        r for r in choices if sum(w * e for (w, _), e in zip(blocks, r)) == total
    ]


@settings(deadline=None)
@given(st.lists(st.tuples(st.integers(1, 2), st.integers(0, 3)), max_size=4), st.integers(0, 12))
def test_ways_counts_the_choices(blocks, total):
    choices = product(*(range(d + 1) for _, d in blocks))
    sums = [sum(w * r for (w, _), r in zip(blocks, choice)) for choice in choices]
    assert ways(blocks, total) == [sums.count(t) for t in range(total + 1)]


def test_the_counts_of_the_mnist_shift_in_two_ways(measured):
    counts = count_components(MNIST, 99)
    by_hand = sum(
        (-1) ** i * comb(13, i) * comb(12 + (99 - a - b) // 2 - 29 * i, 12)
        for a, b in product(range(29), repeat=2)
        for i in range(14)
        if (99 - a - b) % 2 == 0 and (99 - a - b) // 2 >= 29 * i
    )
    measured.exact(counts.real, by_hand)
    measured.exact(counts.all_real - counts.real, comb(33, 12))
    over_c = sum((-1) ** i * comb(28, i) * comb(27 + 99 - 29 * i, 27) for i in range(4))
    measured.exact(counts.complex, over_c)
    measured.exact(tuple(counts), (72425986088826, 72426340906146, 2313670597255751898787300468))


def jacobian_rank(build, count):
    theta = torch.randn(count, generator=torch.Generator().manual_seed(1))
    return int(torch.linalg.matrix_rank(torch.autograd.functional.jacobian(build, theta)))


@pytest.mark.claim("NN-16")
def test_dimension_is_the_rank_of_the_jacobian_up_to_5x5(measured):
    for m, n in product(range(1, 6), repeat=2):
        for r in range(1, min(m, n) + 1):
            build = lambda t: (t[: m * r].reshape(m, r) @ t[m * r :].reshape(r, n)).flatten()
            measured.exact(jacobian_rank(build, r * (m + n)), dimension(r, m, n))
    measured.exact(dimension(0, 3, 4), 0)


def chain_free(m, n, r):
    """Degree by brute force: the largest sets of cells without r + 1 of them going strictly down and right."""
    cells = list(product(range(m), range(n)))

    def longest(chosen):
        best = {}
        for i, j in sorted(chosen):
            best[i, j] = 1 + max((v for (a, b), v in best.items() if a < i and b < j), default=0)
        return max(best.values(), default=0)

    return sum(longest(chosen) <= r for chosen in combinations(cells, dimension(r, m, n)))


@pytest.mark.parametrize(
    ("m", "n", "r"), [(2, 2, 1), (2, 3, 1), (3, 2, 1), (3, 3, 1), (3, 3, 2), (2, 4, 1), (3, 4, 2), (4, 2, 1), (4, 4, 3)]
)
@pytest.mark.claim("NN-52b")
def test_degree_counts_the_cells_of_the_initial_ideal(m, n, r, measured):
    measured.exact(degree(r, m, n), chain_free(m, n, r))


def test_degrees_are_symmetric_and_one_for_linear_spaces():
    for m, n in product(range(1, 7), repeat=2):
        assert degree(min(m, n), m, n) == ed_degree(min(m, n), m, n) == degree(0, m, n) == 1
        for r in range(min(m, n) + 1):
            assert degree(r, m, n) == degree(r, n, m)
            assert ed_degree(r, m, n) == comb(min(m, n), r)


def test_degrees_of_more_digits_than_allowed_are_left_out():
    sigma = Permutation.from_cycles("(1 2)(3)")  # rank one: of a 2×2 block, of degree 2, or of a 1×1 block
    found = lambda **digits: [(one.degree, one.ed_degree) for one in components(sigma, 1, **digits)]
    assert found() == [(2, 2), (1, 1)]
    assert found(digits=0.0) == [(None, None), (1, 1)]


@pytest.mark.parametrize("text", ["(1 2)(3)", "(1 2 3)(4 5 6)", "(1 2 3 4)(5 6)(7)"])
def test_component_dimension_is_a_jacobian_rank(text):
    """The parametrisation is written here once more, from the eigenvectors of the matrix itself."""
    sigma = Permutation.from_cycles(text)
    for rank in range(sigma.size + 1):
        for one in components(sigma, rank):
            assert one.dimension == sum(
                k.weight
                * jacobian_rank(lambda t: (t[: d * r].reshape(d, r) @ t[d * r :].reshape(r, d)).flatten(), 2 * d * r)
                for k, r in one.ranks.items()
                if (d := multiplicities(sigma)[k.l]) and r
            )
            assert one.parameters == sum(2 * k.weight * r * multiplicities(sigma)[k.l] for k, r in one.ranks.items())


@pytest.mark.unwatched
def test_complex_dimension_of_the_commutant_is_the_sum_of_squares():
    for sigma in EVERY:
        top = next(iter(components(sigma, sigma.size)))
        assert top.dimension == sum(
            d * d * sum(gcd(l, m) == 1 for m in range(1, l + 1)) for l, d in multiplicities(sigma).items()
        )


def test_bad_ranks_are_named():
    sigma = Permutation.from_cycles("(1 2 3)")
    for call in (count_components, lambda s, r: next(components(s, r))):
        for rank in (-1, 4):
            with pytest.raises(ValueError, match=f"rank {rank} is out of range: choose 0 to 3"):
                call(sigma, rank)
    with pytest.raises(ValueError, match=r"rank 2 at the eigenvalue \(3, 2\) is out of range: 0 to 1"):
        component(sigma, {Eigenvalue(3, 2): 2})
    with pytest.raises(ValueError, match=r"\(2, 1\) is not among"):
        component(sigma, {Eigenvalue(2, 1): 0})
    with pytest.raises(ValueError, match="rank -1 is negative"):
        dimension(-1, 2, 2)
    with pytest.raises(ValueError, match="0x2"):
        degree(1, 0, 2)
