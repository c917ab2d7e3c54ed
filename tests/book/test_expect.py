"""What tests of quoted numbers accept, and what a measured claim remembers."""

import time

import pytest
import torch

from book import expect, record, work
from book.expect import below, between, near, numbers
from book.measure import Measured
from tests.book.conftest import forget_snippets


@pytest.mark.parametrize(
    ("wanted", "inside", "outside"),
    [
        (between(1, 2.5), [1, 2.5, 1.5, 2], [0.999, 2.501, "2", None, [2]]),
        (below(3), [0, 3, 0.0, 1e-9], [-1e-9, 3.001]),
        (near(10, 0.5), [9.5, 10, 10.5], [9.49, 10.51]),
    ],
)
def test_numbers_are_accepted_up_to_the_bounds(wanted, inside, outside):
    assert all(wanted == value for value in inside)
    assert not any(wanted == value for value in outside)


@pytest.mark.parametrize(
    ("wanted", "value", "right"),
    [
        (1.0, 1.0 + 9e-7, True),
        (1.0, 1.0 + 1.1e-6, False),
        (2, 2, True),
        (2, 2.0 + 1e-9, False),
        ("yes", "yes", True),
        ("yes", "no", False),
        (True, False, False),
        (near(2, 0.1), 2.05, True),
    ],
)
def test_floats_are_compared_relatively_and_all_else_exactly(monkeypatch, wanted, value, right):
    monkeypatch.setattr("book.expect.computed", lambda module: {"name": value})
    check = numbers("part.toy", {"name": wanted, "other": 1})
    if right:
        check("name")
    else:
        with pytest.raises(AssertionError):
            check("name")
    with pytest.raises(AssertionError, match=r"snippets\.figures\.part\.toy computes no number 'other'"):
        check("other")


def test_numbers_are_computed_once_and_again_after_an_edit(tree, monkeypatch):
    """What a run or a build has computed is in the record; what was edited while the tests run is not noted as theirs."""
    ran, compute = [], work.compute

    def now():
        forget_snippets()
        return expect.computed.__wrapped__("part.toy")

    monkeypatch.setattr(work, "compute", lambda *names: ran.append(names) or compute(*names))
    monkeypatch.setattr(expect, "START", time.time_ns())
    torch.set_default_dtype(torch.float32)
    seed = torch.get_rng_state()
    assert now() == now() == {"two": 2.0, "count": 12345, "word": "yes"}
    assert ran == [("part.toy", "numbers")]
    assert record.entries()["results part.toy:numbers"]["seed"] == 3
    for moment, runs in ((expect.START, 3), (time.time_ns() + 10**12, 4)):
        monkeypatch.setattr(expect, "START", moment)
        tree.edit("snippets/part/toy.py", "FACTOR = ", "FACTOR = 1 + ")
        assert now()["two"] == now()["two"] == runs
        assert len(ran) == runs
    assert torch.get_default_dtype() == torch.float32
    assert bool((torch.get_rng_state() == seed).all())


def test_a_measurement_keeps_the_largest_error_of_all():
    measured = Measured()
    assert measured.error is None
    measured.exact([1, 2], [1, 2])
    assert measured.error == 0.0
    measured([1.0, 2.0, 3.0], [1.25, 2.0, 3.125], atol=0.25)
    assert measured.error == 0.25
    measured(1.0, 1.125, atol=1)
    measured.exact(True, True)
    assert measured.error == 0.25
    measured([], [], atol=0)
    measured(-1.0, -1.5, atol=0.5)
    assert measured.error == 0.5


@pytest.mark.parametrize("wrong", [float("nan"), float("inf"), 1.5])
def test_a_measurement_that_is_off_fails_and_is_not_kept(wrong):
    measured = Measured()
    with pytest.raises(AssertionError, match=r"error \S+ exceeds 0.25\nactual   .*\nexpected 1"):
        measured(wrong, 1.0, atol=0.25)
    with pytest.raises(AssertionError, match="error inf exceeds inf" if wrong == float("inf") else "error"):
        measured(wrong, 1.0, atol=float("inf") if wrong == float("inf") else 0.0)
    assert measured.error is None


@pytest.mark.parametrize(
    ("actual", "expected"), [(1, 2), ([1, 2], [1, 3]), ("a", "b"), (__import__("numpy").array([1, 2]), [1, 3])]
)
def test_what_is_to_be_exact_is_equal_in_all_its_parts(actual, expected):
    measured = Measured()
    with pytest.raises(AssertionError, match="not equal"):
        measured.exact(actual, expected)
    assert measured.error is None
