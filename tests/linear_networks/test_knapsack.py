"""The knapsack: as good as trying every choice."""

from itertools import product

import pytest
from hypothesis import given
from hypothesis import strategies as st

from snippets.linear_networks.knapsack import knapsack

rows = st.lists(
    st.lists(st.integers(0, 9), max_size=3).map(lambda v: sorted(map(float, v), reverse=True)), min_size=1, max_size=4
)


@given(rows, st.lists(st.integers(1, 4), min_size=4, max_size=4), st.integers(0, 14))
def test_no_choice_keeps_more(values, weights, total):
    def cost(ranks):
        return sum(w * r for w, r in zip(weights, ranks, strict=False))

    def kept(ranks):
        return sum(w * sum(v * v for v in row[:r]) for w, row, r in zip(weights, values, ranks, strict=False))

    found = knapsack(values, weights[: len(values)], total)
    every = [r for r in product(*(range(len(row) + 1) for row in values)) if cost(r) <= total]
    assert tuple(found) in every
    assert kept(found) == max(map(kept, every))


def test_each_row_has_a_weight():
    """A weight too few or too many is refused, where the shorter list would leave rows out."""
    for weights in ([1], [1, 2, 1]):
        with pytest.raises(ValueError, match=r"argument 2 is (shorter|longer)"):
            knapsack([[1.0], [2.0]], weights, 2)
