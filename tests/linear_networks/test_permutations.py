"""Permutations: notation, axioms, cycles, pictures, and one-line complaints about bad input."""

import re
from itertools import permutations as arrangements
from itertools import product

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from sympy.combinatorics import Permutation as SympyPermutation

from snippets.linear_networks import permutations as module
from snippets.linear_networks.permutations import (
    Permutation,
    common_coarsening,
    cycle_decomposition,
    partition,
    same_size,
    witness,
)

some = st.integers(1, 9).flatmap(lambda n: st.permutations(range(1, n + 1))).map(tuple)
pairs = st.integers(1, 7).flatmap(lambda n: st.tuples(*[st.permutations(range(1, n + 1))] * 3))


@settings(deadline=None)
@given(some)
def test_notations_round_trip(images):
    sigma = Permutation(images)
    assert Permutation.from_cycles(str(sigma)) == sigma
    assert Permutation.from_one_line(" ".join(map(str, sigma.images))) == sigma
    assert Permutation.parse(str(sigma), sigma.size) == sigma


@settings(deadline=None)
@given(pairs)
def test_composition_is_that_of_functions(images):
    rho, sigma, tau = (Permutation(tuple(one)) for one in images)
    assert (sigma @ tau).images == tuple(sigma(tau(i)) for i in range(1, sigma.size + 1))
    assert (rho @ sigma) @ tau == rho @ (sigma @ tau)
    assert sigma @ sigma**-1 == sigma**0 == Permutation(tuple(range(1, sigma.size + 1)))


@settings(deadline=None)
@given(some)
def test_order_and_cycles_agree_with_sympy(images):
    sigma = Permutation(images)
    oracle = SympyPermutation([i - 1 for i in sigma.images])
    assert sigma.order == oracle.order()
    assert sigma**sigma.order == sigma**0
    found = sorted(sorted(p - 1 for p in cycle) for cycle in cycle_decomposition(sigma))
    assert found == sorted(sorted(cycle) for cycle in oracle.full_cyclic_form)


@pytest.mark.parametrize(("rows", "columns"), [(1, 4), (3, 5), (4, 4), (28, 28)])
def test_shift_moves_the_picture_to_the_right(rows, columns):
    picture = torch.arange(rows * columns).reshape(rows, columns)
    sigma = Permutation.shift(rows, columns)
    assert torch.equal(picture.flatten()[torch.tensor(sigma.images) - 1], picture.roll(1, 1).flatten())
    down = Permutation.shift(rows, columns, down=1, right=0)
    assert torch.equal(picture.flatten()[torch.tensor(down.images) - 1], picture.roll(1, 0).flatten())
    assert Permutation.parse(f"shift:{rows}x{columns}") == sigma
    mirrored = torch.tensor(Permutation.parse(f"mirror:{rows}x{columns}").images) - 1
    assert torch.equal(picture.flatten()[mirrored], picture.flip(1).flatten())


@pytest.mark.parametrize("side", [1, 2, 3, 4, 7])
def test_rotation_turns_the_picture_clockwise(side):
    picture = torch.arange(side * side).reshape(side, side)
    sigma = Permutation.parse(f"rotate:{side}x{side}")
    assert torch.equal(picture.flatten()[torch.tensor(sigma.images) - 1], picture.rot90(-1).flatten())


def transitive_closure(permutations):
    """Merge parts by brute force: i ~ j where a word of at most n letters leads from i to j."""
    n = permutations[0].size
    parts = [{i} for i in range(1, n + 1)]
    for _ in range(n):
        for p, sigma in product(parts, permutations):
            p |= {sigma(i) for i in p}
    merged = {frozenset(p | {j for q in parts if q & p for j in q}) for p in parts}
    return tuple(sorted(tuple(sorted(p)) for p in merged))


@pytest.mark.claim("NN-26")
@pytest.mark.unwatched
def test_common_coarsening_of_all_pairs_of_s4(measured):
    everything = [Permutation(images) for images in arrangements(range(1, 5))]
    for sigma, tau in product(everything, repeat=2):
        coarse = common_coarsening(sigma, tau)
        measured.exact(coarse, transitive_closure([sigma, tau]))
        measured.exact(partition(witness(coarse)), coarse)


@pytest.mark.parametrize(
    ("text", "size", "complaint"),
    [
        ("(1 3", None, "'(1 3' is not a product of cycles"),
        ("(1 2) 3", None, "'(1 2) 3' is not"),
        ("", None, "'' is not"),
        ("()", None, "() is an empty cycle"),
        ("(1 2)()", None, "() is an empty cycle"),
        ("(1 1)", None, "point 1 occurs 2 times"),
        ("(1 2)(2 3)", None, "point 2 occurs 2 times"),
        ("(0)", None, "0 is not allowed"),
        ("(0 1)", None, "0 is not one of the points 1 to 1"),
        ("(1 3)", None, "point 2 is missing: write (2)"),
        ("(134)(25)", None, "write (1 3 4)(2 5), with blanks"),
        ("(12)(3)", None, "write (1 2)(3), with blanks"),
        ("(11 12)", None, "point 1 is missing: write (1) if it is fixed, or give the size 12"),
        ("(1 5)", 4, "5 is not one of the points 1 to 4"),
        ("(1 -2)", None, "'-2' is not a point"),
        ("(1 a)", None, "'a' is not a point"),
        ("1 1 3", None, "1 occurs 2 times"),
        ("1 4 3", None, "4 is not one of the points 1 to 3"),
        ("shift:3x", None, "'shift:3x' is not a picture symmetry"),
        ("shift:0x3", None, "cannot have the side 0"),
        ("rotate:2x3", None, "'rotate:2x3' does not map"),
        ("rotate:2x2", 5, "size 5 does not fit 'rotate:2x2'"),
    ],
)
def test_bad_notation_is_named(text, size, complaint):
    with pytest.raises(ValueError, match=re.escape(complaint)):
        Permutation.parse(text, size)


def test_other_bad_input_is_named():
    with pytest.raises(ValueError, match="empty"):
        Permutation(())
    with pytest.raises(ValueError, match="4 is not one of the points 1 to 3"):
        Permutation.from_cycles("(1 2 3)")(4)
    with pytest.raises(ValueError, match=re.escape("sizes [2, 3]")):
        same_size([Permutation((2, 1)), Permutation((1, 2, 3))])
    with pytest.raises(ValueError, match="no permutation is given"):
        same_size([])
    with pytest.raises(ValueError, match="sizes"):
        common_coarsening(Permutation((2, 1)), Permutation((1, 2, 3)))


def test_a_size_leaves_the_other_points_fixed():
    assert Permutation.from_cycles("(1 3)", 4).images == (3, 2, 1, 4)
    assert Permutation.from_cycles("(1)", 3).images == (1, 2, 3)
    assert Permutation.from_cycles("(1,3)(2)").images == (3, 2, 1)


@pytest.mark.parametrize("make", [lambda n: Permutation.from_cycles("(1)", n), lambda n: Permutation.shift(1, n)])
def test_so_many_points_and_no_more(make, monkeypatch):
    with pytest.raises(ValueError, match="1,048,577 points are too many: at most 1,048,576"):
        make(1024**2 + 1)
    monkeypatch.setattr(module, "MOST_POINTS", 6)
    assert make(6).size == 6
    with pytest.raises(ValueError, match="7 points are too many: at most 6"):
        make(7)


def test_a_point_of_two_digits_is_not_taken_for_two_points():
    with pytest.raises(ValueError, match=re.escape("point 3 is missing: write (3)")):
        Permutation.from_cycles("(1 2 10)")
