"""How a wrong shape is refused: by name, with what would fit."""

import re

import pytest
import torch

from snippets.shapes import check_batches, check_numbers, check_shapes, digits


@pytest.mark.parametrize(
    ("wanted", "shapes"),
    [
        ("3", [(3,)]),
        ("n", [(0,)]),
        ("n n", [(4, 4)]),
        ("… 3", [(3,)]),
        ("… 3", [(2, 0, 3)]),
        ("m n, n", [(2, 5), (5,)]),
        ("… n n, … n", [(7, 2, 2), (2,)]),
        ("count 28 28", [(0, 28, 28)]),
        ("… q d, … k d, … k m", [(2, 4), (5, 4), (5, 3)]),
    ],
)
def test_fitting_shapes_pass(wanted, shapes):
    check_shapes(wanted, *map(torch.zeros, shapes))


@pytest.mark.parametrize(
    ("wanted", "shapes", "said"),
    [
        ("3", [(4,)], "shape (4,): pass (3)"),
        ("3", [(2, 3)], "shape (2, 3): pass (3)"),
        ("n n", [(4, 5)], "shape (4, 5): pass (n, n)"),
        ("n n", [(4,)], "shape (4,): pass (n, n)"),
        ("… 3", [()], "shape (): pass (…, 3)"),
        ("… n n", [(2, 3, 4)], "shape (2, 3, 4): pass (…, n, n)"),
        ("m n, n", [(2, 5), (2,)], "shape (2, 5), (2,): pass (m, n), (n)"),
        ("m n, n", [(2, 5), (1, 5)], "shape (2, 5), (1, 5): pass (m, n), (n)"),
    ],
)
def test_a_wrong_shape_is_named_with_what_would_fit(wanted, shapes, said):
    with pytest.raises(ValueError, match=f"^{re.escape(said)}$"):
        check_shapes(wanted, *map(torch.zeros, shapes))


def test_a_form_for_each_tensor():
    with pytest.raises(ValueError, match=r"^number of tensors 2: pass 1, one for each of n n$"):
        check_shapes("n n", torch.eye(2), torch.eye(2))
    with pytest.raises(ValueError, match=r"^number of tensors 1: pass 2, one for each of … n, n$"):
        check_shapes("… n, n", torch.eye(2))


@pytest.mark.parametrize(
    ("value", "bound", "shown"),
    [
        (0.012345, 1e-5, "0.0123"),
        (1.0000001e-5, 1e-5, "1.0000001e-05"),  # to three digits it would be the bound
        (1.2344, 1.2342, "1.2344"),  # or below it
        (0.9999, 1.0, "0.9999"),
        (1e-5, 1e-5, "1e-05"),
        (float("inf"), 1.0, "inf"),
        (float("nan"), 1.0, "nan"),
    ],
)
def test_a_value_is_told_from_its_bound(value, bound, shown):
    assert digits(value, bound) == shown


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64, torch.complex64])
def test_finite_numbers_of_floating_point_pass(dtype):
    check_numbers("n n, n", torch.ones(2, 2, dtype=dtype), torch.ones(2, dtype=dtype))


@pytest.mark.parametrize(
    ("second", "said"),
    [
        (torch.tensor([1, 2]), "whole numbers of type torch.int64: pass m n, n in floating point, such as A.double()"),
        (torch.tensor([True, False]), "whole numbers of type torch.bool: pass m n, n in floating point"),
        (torch.tensor([1.0, torch.nan]), "NaN or infinity among the entries: pass numbers that are finite"),
        (torch.tensor([-torch.inf, 1.0]), "NaN or infinity among the entries"),
        (torch.tensor([1.0, complex(0, torch.inf)]), "NaN or infinity among the entries"),
        (torch.ones(2).half(), "numbers of type torch.float16: pass single or double precision, such as x.float()"),
        (torch.ones(2).bfloat16(), "numbers of type torch.bfloat16: pass single or double precision"),
        (torch.ones(3), "shape (3, 2), (3,): pass (m, n), (n)"),
    ],
)
def test_other_numbers_are_named_with_what_would_fit(second, said):
    with pytest.raises(ValueError, match=f"^{re.escape(said)}"):
        check_numbers("m n, n", torch.ones(3, 2), second)


@pytest.mark.parametrize(
    ("wanted", "shapes"),
    [
        ("… n, … n", [(4, 1, 3), (5, 3)]),
        ("… n, … n, … n", [(4, 0, 3), (3,), (1, 0, 3)]),
        ("… n n, … n, steps", [(7, 2, 2), (7, 2), (5,)]),
    ],
)
def test_leading_axes_that_fit_each_other_pass(wanted, shapes):
    check_batches(wanted, *map(torch.zeros, shapes))


@pytest.mark.parametrize(
    ("wanted", "shapes", "said"),
    [
        ("… n, … n", [(2, 3), (4, 3)], "shape (2, 3), (4, 3): pass (…, n), (…, n), with one … for all"),
        ("… n, … n", [(0, 3), (2, 3)], "shape (0, 3), (2, 3): pass (…, n), (…, n), with one … for all"),
        ("… n, … n", [(5, 2, 3), (2, 5, 3)], "shape (5, 2, 3), (2, 5, 3): pass (…, n), (…, n), with one … for all"),
        ("… n n, … n", [(2, 3, 3), (3, 3)], "shape (2, 3, 3), (3, 3): pass (…, n, n), (…, n), with one … for all"),
        ("… n, … n", [(2, 3), (2, 4)], "shape (2, 3), (2, 4): pass (…, n), (…, n)"),
    ],
)
def test_leading_axes_that_do_not_fit_are_named(wanted, shapes, said):
    with pytest.raises(ValueError, match=f"^{re.escape(said)}$"):
        check_batches(wanted, *map(torch.zeros, shapes))
