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


EPS = torch.finfo(torch.float64).eps


def cross(small):
    """Return four points, two on each axis, with the variances 1 and `small`: their matrices are diagonal."""
    a = (2 * small) ** 0.5
    return torch.tensor([[2**0.5, 0.0], [-(2**0.5), 0.0], [0.0, a], [0.0, -a]])


def refused(call):
    """Say whether a call is refused."""
    try:
        call()
    except ValueError:
        return True
    return False


# By name: whether a deviation is taken for more than rounding, and from which deviation on it is.
ROUNDING = {
    "linear_algebra.solving.row_reduce": (
        lambda f, d: f(entry(4.0, 0, 0, shape=(2, 3)) + entry(d, 1, 1, shape=(2, 3)))[1] == [0, 1], 10 * 3 * 4 * EPS,
    ),
    "linear_algebra.spectral.definiteness": (
        lambda f, d: f(torch.diag(torch.tensor([4.0, d]))) == "positive definite: a bowl", 10 * 2 * 4 * EPS,
    ),
    "linear_algebra.spectral.definiteness.below": (
        lambda f, d: f(torch.diag(torch.tensor([4.0, -d]))) == "indefinite: a saddle", 10 * 2 * 4 * EPS,
    ),
    "linear_algebra.spectral.definiteness.hill": (
        lambda f, d: f(torch.diag(torch.tensor([-4.0, -d]))) == "negative definite: a hill", 10 * 2 * 4 * EPS,
    ),
    "linear_algebra.spectral.definiteness.asymmetric": (
        lambda f, d: refused(lambda: f(4 * torch.eye(2) + entry(d, 0, 1, shape=(2, 2)))), 10 * 2 * 4 * EPS,
    ),
    "linear_algebra.pca.whiten": (lambda f, d: not refused(lambda: f(cross(d))), 10 * 2 * EPS),
    "linear_algebra.pca.directions_from_gram": (lambda f, d: not refused(lambda: f(cross(d), 2)), 10 * 4 * EPS),
    "linear_algebra.svd.svd": (lambda f, d: len(f(torch.diag(torch.tensor([4.0, d])))[1]) == 2, 10 * 4 * EPS**0.5),
    "linear_algebra.svd.pseudo_inverse": (
        lambda f, d: bool(f(entry(4.0, 0, 0, shape=(3, 2)) + entry(d, 1, 1, shape=(3, 2)))[1, 1] > 0), 3 * 4 * EPS,
    ),
    "linear_algebra.dot_products.orthonormal_coordinates": (
        lambda f, d: refused(lambda: f(EYE + entry(d, 0, 1), EYE[0])), 1000 * EPS,
    ),
    "linear_algebra.dot_products.orthonormalise": (
        lambda f, d: not refused(lambda: f(torch.tensor([[2.0, 4.0], [0.0, d]]))), 1000 * 4 * EPS,
    ),
    "lie_groups.groups.inverse_2x2": (
        lambda f, d: not refused(lambda: f(torch.tensor([[2.0, 1.0], [2.0, 1.0 + d / 2]]))), 8 * 4 * EPS,
    ),
    "lie_groups.actions.commutant_basis": (lambda f, d: len(f(torch.diag(torch.tensor([4.0, 4.0 + d]))[None])) == 2, 100 * 2 * 4 * EPS),
    "linear_networks.real_blocks.fourier_blocks": (
        lambda f, d: refused(lambda: f(4 * torch.eye(2) + entry(d, 0, 0, shape=(2, 2)), Permutation.from_cycles("(1 2)"))),
        64 * 2 * 4 * EPS,
    ),
    "manifolds.tangent_space.kernel": (
        lambda f, d: f(entry(4.0, 0, 0, shape=(2, 3)) + entry(d, 1, 1, shape=(2, 3))).shape[1] == 1, 10 * 3 * 4 * EPS,
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", ROUNDING)
def test_rounding_ends_where_it_is_said_to(name):
    module, _, function = name.removesuffix(".below").removesuffix(".hill").removesuffix(".asymmetric").rpartition(".")
    f = getattr(importlib.import_module(f"snippets.{module}"), function)
    more, limit = ROUNDING[name]
    assert [more(f, share * limit) for share in (0.93, 1.07)] == [False, True]


def test_a_matrix_that_commutes_up_to_rounding_splits_into_its_kinds():
    assert [(kind.dimension, kind.copies) for kind in kinds(Permutation.shift(1, 4))] == [(1, 1), (1, 1), (2, 1)]
