"""Tests of the chapter on spans, bases and coordinates."""

import itertools

import pytest
import sympy
import torch
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from book.expect import numbers
from snippets.linear_algebra.span import (
    basis_from,
    bent_bottleneck,
    change_of_basis,
    combine,
    coordinates,
    dependence,
    expand_around,
    flat_bottleneck,
    in_span,
    independent,
    powers_around,
    rank,
)

E = torch.eye(2)
B = torch.tensor([[1.0, 0.0], [1.0, 1.0]])


def integer_matrices(n: int, k: int) -> st.SearchStrategy[torch.Tensor]:
    """Matrices of small integers, so that ranks are decided without doubt."""
    return arrays("int64", (n, k), elements=st.integers(-4, 4)).map(lambda a: torch.tensor(a).double())


def exact(matrix: torch.Tensor) -> sympy.Matrix:
    """The same matrix in integers, for sympy."""
    return sympy.Matrix(matrix.shape[0], matrix.shape[1], [int(x) for x in matrix.flatten()])


UNITS = st.sampled_from([1e-9, 1.0, 1e9])


@pytest.mark.claim("LA-01", by="proved")
def test_the_unit_vectors_are_a_whole_circle(measured):
    t = sympy.Symbol("t", real=True)
    measured.exact(sympy.simplify(sympy.Matrix([sympy.cos(t), sympy.sin(t)]).norm()), 1)
    measured.exact(sympy.Matrix([sympy.Rational(3, 5), sympy.Rational(4, 5)]).norm(), 1)


@pytest.mark.claim("LA-101")
@given(integer_matrices(3, 4), integer_matrices(4, 1))
def test_combination_is_the_sum_of_the_scaled_columns(vectors, column):
    by_hand = [sum(column[j, 0] * vectors[i, j] for j in range(4)) for i in range(3)]
    assert torch.equal(combine(vectors, column[:, 0]), torch.stack(by_hand))
    assert torch.equal(combine(vectors, column[:, 0]), vectors @ column[:, 0])


@pytest.mark.claim("LA-03")
def test_two_steps_right_and_three_up(measured):
    measured.exact(combine(E, torch.tensor([2.0, 3.0])).tolist(), [2.0, 3.0])


@pytest.mark.claim("LA-02")
@given(arrays("float64", 2, elements=st.floats(-1e6, 1e6)))
def test_standard_basis_vectors_reach_every_point(point):
    target = torch.tensor(point)
    assert in_span(E, target)
    assert torch.equal(combine(E, target), target)


@pytest.mark.claim("LA-102", "LA-103")
@given(integer_matrices(3, 2), integer_matrices(3, 1), UNITS)
def test_in_span_agrees_with_solving_exactly(vectors, target, unit):
    unknowns = sympy.symbols("c0 c1")
    solutions = sympy.linsolve((exact(vectors), exact(target)), unknowns)
    assert in_span(unit * vectors, unit * target[:, 0]) == bool(solutions)


def test_a_combination_needs_one_coefficient_a_column():
    with pytest.raises(ValueError, match="argument"):
        combine.__wrapped__(torch.eye(3), torch.ones(1))


def test_no_vectors_combine_to_zero():
    assert combine(torch.eye(3)[:, :0], torch.ones(0)).tolist() == [0.0, 0.0, 0.0]


@pytest.mark.parametrize("unit", [1e-30, 1e-3, 1.0, 1e30])
def test_the_unit_of_a_vector_does_not_matter(unit):
    e1, e2, _ = torch.eye(3)
    ramp = torch.tensor([[1.0, 4.0], [2.0, 5.0], [3.0, 6.0]])
    assert rank(torch.stack([e1, unit * e2], dim=1)) == 2
    assert not in_span(e1[:, None], unit * e2)
    assert in_span(ramp, unit * torch.tensor([7.0, 8.0, 9.0]))
    assert independent(torch.stack([unit * e1, e2], dim=1))
    assert rank(unit * ramp) == 2
    c = dependence(torch.stack([e1, unit * e1], dim=1))
    assert c[0] / unit == pytest.approx(1)
    assert c[1] == -1.0


def test_single_precision_stays_single():
    single = torch.tensor([[1.0, 2.0, 0.0], [1.0, 2.0, 1.0]]).float()
    assert combine(single, torch.ones(3).float()).dtype == torch.float32
    assert dependence(single).dtype == torch.float32
    assert coordinates(single[:, 1:], single[:, 0]).dtype == torch.float32
    assert change_of_basis(single[:, 1:], torch.eye(2).float()).dtype == torch.float32
    assert basis_from(single).dtype == expand_around(1.0, torch.ones(3).float()).dtype == torch.float32


@pytest.mark.claim("LA-102")
@given(integer_matrices(4, 2), integer_matrices(2, 1))
def test_every_combination_is_in_the_span(vectors, coefficients):
    assert in_span(vectors, combine(vectors, coefficients[:, 0]))


@pytest.mark.claim("LA-104")
@given(integer_matrices(4, 3), integer_matrices(3, 1), integer_matrices(3, 1), st.integers(-5, 5))
def test_a_span_is_a_subspace(vectors, c, d, factor):
    u, v = combine(vectors, c[:, 0]), combine(vectors, d[:, 0])
    assert in_span(vectors, torch.zeros(4))
    assert in_span(vectors, u + v)
    assert in_span(vectors, factor * u)


@pytest.mark.claim("LA-105", "LA-106")
@given(integer_matrices(3, 3))
def test_dependent_means_that_a_combination_is_zero(vectors):
    null_space = exact(vectors).nullspace()
    assert independent(vectors) == (not null_space)
    if null_space:
        c = dependence(vectors)
        assert c.any()
        assert torch.allclose(combine(vectors, c), torch.zeros(3), atol=1e-9)
        redundant = int((c == -1).nonzero()[-1])
        others = torch.cat([vectors[:, :redundant], vectors[:, redundant + 1 :]], dim=1)
        assert in_span(others, vectors[:, redundant])
    else:
        with pytest.raises(ValueError, match="independent"):
            dependence(vectors)


def test_independent_vectors_have_no_dependence():
    with pytest.raises(ValueError, match="the 3 columns are independent: pass dependent ones"):
        dependence(torch.eye(3))


@pytest.mark.claim("LA-108")
def test_three_counting_vectors_are_dependent(measured):
    vectors = torch.tensor([[1.0, 4.0, 7.0], [2.0, 5.0, 8.0], [3.0, 6.0, 9.0]])
    measured(dependence(vectors), torch.tensor([-1.0, 2.0, -1.0]), atol=1e-12)
    measured.exact(list(exact(vectors).nullspace()[0]), [1, -2, 1])


@pytest.mark.claim("LA-107")
@given(integer_matrices(4, 3), UNITS)
def test_rank_agrees_with_exact_elimination(vectors, unit):
    assert rank(unit * vectors) == exact(vectors).rank()
    assert rank(basis_from(vectors)) == rank(vectors)


@pytest.mark.claim("LA-109")
@given(integer_matrices(3, 4))
def test_more_vectors_than_entries_are_dependent(vectors):
    assert not independent(vectors)
    assert torch.allclose(vectors @ dependence(vectors), torch.zeros(3), atol=1e-9)


@pytest.mark.claim("LA-04", by="proved")
def test_standard_basis_is_a_basis(measured):
    measured.exact(sympy.eye(2).nullspace(), [])
    measured.exact(independent(E) and rank(E) == 2, True)


@pytest.mark.claim("LA-110", "LA-111")
@given(integer_matrices(3, 3), integer_matrices(3, 1))
def test_coordinates_exist_once_in_a_basis_and_only_there(columns, column):
    v = column[:, 0]
    if exact(columns).det() == 0:
        with pytest.raises(ValueError, match="no basis"):
            coordinates(columns, v)
    else:
        c = coordinates(columns, v)
        assert torch.allclose(combine(columns, c), v, atol=1e-9)
        assert torch.allclose(c, torch.tensor([float(x) for x in exact(columns).solve(exact(column))]), atol=1e-9)


def test_a_wrong_number_of_vectors_is_no_basis():
    with pytest.raises(ValueError, match=r"2 columns of rank 2 are no basis of R\^3"):
        coordinates(torch.eye(3)[:, :2], torch.ones(3))


@pytest.mark.claim("LA-112")
def test_the_same_point_has_another_address(measured):
    measured(coordinates(B, torch.tensor([2.0, 3.0])), torch.tensor([2.0, 1.0]), atol=1e-15)


@pytest.mark.claim("LA-113")
@given(st.floats(1e-6, 1.0))
def test_a_narrow_basis_takes_long_walks(tilt):
    basis = torch.tensor([[1.0, 1.0], [0.0, tilt]])
    assert torch.allclose(coordinates(basis, torch.tensor([0.0, 1.0])), torch.tensor([-1 / tilt, 1 / tilt]))


@pytest.mark.claim("LA-114")
@given(integer_matrices(3, 3), integer_matrices(3, 3), integer_matrices(3, 1))
def test_change_of_basis_translates_addresses_and_back(old, new, column):
    if exact(old).det() != 0 and exact(new).det() != 0:
        v = column[:, 0]
        there, back = change_of_basis(old, new), change_of_basis(new, old)
        assert torch.allclose(there @ coordinates(old, v), coordinates(new, v), atol=1e-8)
        assert torch.allclose(back @ there, torch.eye(3), atol=1e-8)


@pytest.mark.claim("LA-115")
@pytest.mark.parametrize("k", [1, 2, 4])
def test_outputs_stay_in_the_plane_of_the_last_layer(k, measured):
    torch.manual_seed(0)
    network = flat_bottleneck(6, k)
    with torch.no_grad():
        outputs = (network(10 * torch.randn(200, 6)) - network[-1].bias).T
        weight = network[-1].weight.detach()
    measured.exact(rank(outputs), k)
    residue = outputs - weight @ torch.linalg.pinv(weight) @ outputs
    measured(residue, 0.0, atol=1e-12)


@pytest.mark.claim("LA-116")
def test_an_activation_after_the_bottleneck_leaves_the_plane(measured):
    torch.manual_seed(0)
    network = bent_bottleneck(6, 2)
    with torch.no_grad():
        outputs = (network(torch.randn(1000, 6)) - network[-1].bias).T
    measured.exact(rank(outputs), 6)


@given(st.integers(-9, 9), st.integers(-9, 9), st.integers(-9, 9))
def test_solution_plane(x, y, z):
    vectors = torch.tensor([[1.0, 0.0], [0.0, 1.0], [2.0, -1.0]])
    assert in_span(vectors, torch.tensor([x, y, z]).double()) == (z == 2 * x - y)


def test_solution_coordinates():
    basis = torch.tensor([[1.0, 1.0], [1.0, -1.0]])
    x, y = sympy.symbols("x y")
    by_hand = sympy.Matrix([(x + y) / 2, (x - y) / 2])
    assert sympy.expand(exact(basis) * by_hand) == sympy.Matrix([x, y])
    assert torch.allclose(change_of_basis(E, basis), torch.tensor([[0.5, 0.5], [0.5, -0.5]]))


@given(integer_matrices(4, 5))
def test_solution_basis_keeps_the_pivot_columns(vectors):
    _, pivots = exact(vectors).rref()
    assert torch.equal(basis_from(vectors), vectors[:, list(pivots)])


def test_solution_taylor():
    x = sympy.Symbol("x")
    c = expand_around(1.0, torch.tensor([1.0, 1.0, 1.0]))
    again = sum(sympy.nsimplify(c[k].item()) * (x - 1) ** k for k in range(3))
    assert sympy.expand(again - (1 + x + x**2)) == 0
    for k, column in enumerate(powers_around(3.0).T):
        assert [float(a) for a in sympy.Poly((x - 3) ** k, x).all_coeffs()[::-1]] == column[: k + 1].tolist()


@given(st.integers(1, 4), st.integers(0, 100))
def test_solution_width(narrowest, seed):
    torch.manual_seed(seed)
    layers = [torch.nn.Linear(a, b, bias=False) for a, b in itertools.pairwise((8, narrowest, 5, 40))]
    with torch.no_grad():
        outputs = torch.nn.Sequential(*layers)(torch.randn(100, 8)).T
    assert rank(outputs) == narrowest


test_numbers = numbers("linear_algebra.span", {"flat_rank": 2, "bent_rank": 6, "narrow_walk": 10.0})
