"""How long a test is watched: shapes are checked in functions of the book, at the first examples, and again afterwards."""

import jaxtyping
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from snippets.lie_groups.exponential import hat
from tests.conftest import WATCHED

UNWATCHED = []


@given(st.integers())
def test_the_first_examples_are_watched(number):
    UNWATCHED.append(jaxtyping.config.jaxtyping_disable)


def test_and_no_others():
    assert UNWATCHED[:WATCHED] == [False] * WATCHED
    assert UNWATCHED[WATCHED:] == [True] * (len(UNWATCHED) - WATCHED) != []


def test_afterwards_shapes_are_checked_again():
    with pytest.raises(jaxtyping.TypeCheckError):
        hat(torch.zeros(3, dtype=torch.long))


@pytest.mark.unwatched
def test_what_is_marked_is_not_watched():
    assert jaxtyping.config.jaxtyping_disable
