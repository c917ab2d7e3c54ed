"""What a function takes for rounding, and what it refuses: each limit from both sides."""

import importlib

import pytest
import torch

from snippets.linear_networks.permutations import Permutation
from snippets.linear_networks.schur import kinds
from snippets.manifolds.atlas import Chart

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


def line(coordinates, point):
    """Return a chart of the whole line that goes there and back as it is told."""
    return Chart("line", lambda p: p[:, 0] == p[:, 0], lambda x: x[:, 0] == x[:, 0], coordinates, point)


def off(miss):
    """Return a chart of the line whose points come back beside themselves."""
    return line(lambda p: p, lambda x: x + miss)


def bent(miss):
    """Return a chart of the line that is not quite straight at zero."""
    return line(lambda p: p + miss * p.abs(), lambda x: torch.where(x > 0, x / (1 + miss), x / (1 - miss)))


ORIGIN = torch.zeros(1, 1, dtype=torch.float64)
STRAIGHT = line(lambda p: p, lambda x: x)
ANGLES = torch.full((1, 2, 1), 0.5)

# By name: what is counted, with a deviation of so many times the limit; what it is with a half and with twice the limit.
COUNTS = {
    "linear_algebra.eigenvectors.eigenspace": (
        lambda f, x: f(torch.diag(torch.tensor([1.0, x * 1e-10])), 0.0).shape[1], 1, 0,
    ),
    "linear_algebra.solving.null_space": (lambda f, x: f(torch.diag(torch.tensor([1.0, 0.5 * x])), 0.5).shape[1], 1, 0),
    "linear_algebra.solving.row_reduce": (lambda f, x: f(torch.tensor([[0.25 * x]]), 0.25)[1], [], [0]),
    "linear_networks.function_spaces.hessian_signs": (
        lambda f, x: f(lambda y: y[0] ** 2 + x * 1e-8 * (y[1] ** 2 - y[2] ** 2), torch.ones(3)), (0, 2, 1), (1, 0, 2),
    ),
    "linear_networks.function_spaces.differential_rank": (
        lambda f, x: f(lambda y: torch.stack([y[0], x * 1e-9 * y[1]]), torch.ones(2)), 1, 2,
    ),
    "manifolds.atlas.not_injective": (lambda f, x: len(f(off(x * 1e-9), ORIGIN)), 0, 1),
    "manifolds.atlas.not_onto": (lambda f, x: len(f(off(x * 1e-6), ORIGIN)) > 0, False, True),
    "manifolds.atlas.has_derivative": (lambda f, x: bool(f(STRAIGHT, bent(x * 1e-3), ORIGIN)), True, False),
    "manifolds.atlas.not_smooth": (
        lambda f, x: len(f(STRAIGHT, line(lambda p: p, lambda y: (1 + x * 1e-6) * y), ORIGIN)), 0, 1,
    ),
    "manifolds.atlas.has_room": (
        lambda f, x: bool(f(off(x * 1e-4), ORIGIN, lambda q: q[:, 0].abs() <= 0.5)), True, False,
    ),
    "manifolds.sphere_numbers.survives": (
        lambda f, x: f(ANGLES, lambda t, p: (t + x * 6e-6, p)).tolist(), [[True, True]], [[False, True]],
    ),
    "manifolds.torus.square_chart": (
        lambda f, x: bool(f(0.0).image(torch.tensor([[x * 1e-9, 1.0]], dtype=torch.float64))), False, True,
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", COUNTS)
def test_what_is_smaller_than_the_limit_counts_as_nothing(name):
    module, _, function = name.rpartition(".")
    f = getattr(importlib.import_module(f"snippets.{module}"), function)
    count, small, large = COUNTS[name]
    assert count(f, 0.5) == small
    assert count(f, 2.0) == large
    assert count(f, 200.0) == large


def test_a_matrix_that_commutes_up_to_rounding_splits_into_its_kinds():
    assert [(kind.dimension, kind.copies) for kind in kinds(Permutation.shift(1, 4))] == [(1, 1), (1, 1), (2, 1)]
