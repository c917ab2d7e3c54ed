"""How a wrong shape is refused: by name, with what would fit."""

import re

import pytest
import torch

from snippets.shapes import check_shapes


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
