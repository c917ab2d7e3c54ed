"""What a function takes for rounding, and what it refuses: each limit from both sides."""

import importlib

import pytest
import torch

from snippets.linear_networks.permutations import Permutation

EYE = torch.eye(3)
TURN = torch.tensor([[0.0, -1.0, 0.0], [1.0, 0.0, 0.0], [0.0, 0.0, 0.0]])
PAIR = ((1, 2), (3,))


def entry(size, *place, shape=(3, 3)):
    """Return a tensor of zeros with one entry."""
    found = torch.zeros(shape)
    found[place] = size
    return found


# By name: the call with a deviation, and the deviation up to which it is taken for rounding.
LIMITS = {
    "linear_networks.invariance.collapse": (
        lambda f, miss: f(torch.tensor([[2.0, 2.0 + miss, 1.0]]), PAIR), 2e-5,
    ),
    "lie_groups.groups.check_orthogonal": (lambda f, miss: f(EYE + entry(miss, 0, 1)), 1e-5),
    "lie_groups.groups.check_rotation": (lambda f, miss: f(EYE + entry(miss, 0, 1)), 1e-5),
    "lie_groups.exponential.vee": (lambda f, miss: f(4 * TURN + entry(miss, 2, 1)), 4e-5),
    "lie_groups.exponential.exp_sl2": (
        lambda f, miss: f(torch.tensor([[1.0 + miss, 4.0], [0.0, -1.0]])), 4e-5,
    ),
    "lie_groups.algebra.velocity_at_identity": (
        lambda f, miss: f(lambda t: (1 + t) * EYE + entry(miss, 0, 1)), 1e-9,
    ),
    "lie_groups.algebra.coordinates": (lambda f, miss: f(4 * TURN + entry(miss, 2, 2), TURN[None]), 4e-9),
    "lie_groups.clifford.mirror": (
        lambda f, miss: f(torch.tensor([1.0 + miss, 0.0]), torch.tensor([1.0, 2.0])), 1e-5,
    ),
    "lie_groups.clifford.exp_bivector": (
        lambda f, miss: f(entry(4.0, 3, shape=(8,)) + entry(miss, 1, shape=(8,))), 4e-5,
    ),
    "lie_groups.motions.parts": (lambda f, miss: f(EYE + entry(miss, 2, 0)), 1e-5),
    "manifolds.circle.check_projectable": (lambda f, miss: f(torch.tensor([[1.0 + miss, 0.0]]), 1), 1e-6),
}  # fmt: skip


@pytest.mark.parametrize("name", LIMITS)
def test_what_is_larger_than_rounding_is_refused(name):
    module, _, function = name.rpartition(".")
    f = getattr(importlib.import_module(f"snippets.{module}"), function)
    call, limit = LIMITS[name]
    for inside in (0.0, 0.3 * limit, -0.3 * limit, 0.9 * limit):
        call(f, inside)
    for outside in (1.2 * limit, -1.2 * limit, 1e3 * limit, 0.9, -0.9):
        with pytest.raises(ValueError, match=r"\w"):
            call(f, outside)


def test_zero_up_to_rounding_is_zero():
    """Each of these counts or drops what is small: once a little below the limit, and once a little above it."""
    from snippets.linear_algebra.eigenvectors import eigenspace
    from snippets.linear_algebra.solving import null_space, row_reduce
    from snippets.linear_networks.function_spaces import differential_rank, hessian_signs

    for factor, small in ((0.5, True), (2.0, False)):
        eps = factor * 1e-10
        assert eigenspace(torch.diag(torch.tensor([1.0, eps])), 0.0).shape[1] == small
        assert null_space(torch.diag(torch.tensor([1.0, 0.5 * factor])), 0.5).shape[1] == small
        assert row_reduce(torch.tensor([[factor * 0.25]]), 0.25)[1] == ([] if small else [0])
        signs = hessian_signs(lambda x, c=factor * 1e-8: x[0] ** 2 + c * x[1] ** 2 - c * x[2] ** 2, torch.ones(3))
        assert signs == ((0, 2, 1) if small else (1, 0, 2))
        rank = differential_rank(lambda x, c=factor * 1e-9: torch.stack([x[0], c * x[1]]), torch.ones(2))
        assert rank == (1 if small else 2)


def test_a_matrix_that_commutes_up_to_rounding_splits_into_its_kinds():
    from snippets.linear_networks.schur import kinds

    assert [(kind.dimension, kind.copies) for kind in kinds(Permutation.shift(1, 4))] == [(1, 1), (1, 1), (2, 1)]
