"""Solving against sympy, scipy and the normal equations."""

import numpy as np
import pytest
import scipy.linalg
import sympy
import torch
from hypothesis import assume, given, settings
from hypothesis import strategies as st

import snippets.linear_algebra.solving as page
from book.expect import numbers
from snippets.linear_algebra.solving import inverse, least_squares, null_space, row_reduce, solve
from snippets.linear_algebra.span import rank

A = torch.tensor([[1.0, 2.0, 1.0], [2.0, 5.0, 3.0], [1.0, 4.0, 6.0]])
b = torch.tensor([8.0, 21.0, 27.0])
squash = torch.tensor([[1.0, 2.0], [2.0, 4.0]])
UNITS = [1e-15, 1e-6, 1.0, 1e9, 1e15]


def integer_matrices(rows, columns, bound=4):
    """Integer matrices of the given shape (numbers or strategies), as float64 tensors."""
    shape = st.tuples(rows, columns)
    entries = st.integers(-bound, bound)
    return shape.flatmap(
        lambda s: st.lists(st.lists(entries, min_size=s[1], max_size=s[1]), min_size=s[0], max_size=s[0])
    ).map(lambda rows: torch.tensor(rows, dtype=torch.float64))


def square(n):
    return integer_matrices(st.just(n), st.just(n))


def exact(M):
    return sympy.Matrix(M.to(int).tolist())


def random(*shape, seed=0):
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed))


@pytest.mark.claim("LA-301")
@given(integer_matrices(st.integers(1, 4), st.integers(1, 4)), st.permutations(range(4)), st.integers(-3, 3))
def test_row_operations_keep_the_solutions(M, order, c):
    rows = [i for i in order if i < len(M)]
    assume(len(rows) > 1 and c)
    i, j = rows[:2]
    swapped, added, scaled = M.clone(), M.clone(), M.clone()
    swapped[[i, j]] = swapped[[j, i]]
    added[i] += c * M[j]
    scaled[i] *= c
    before = exact(M).rref()
    for after in (swapped, added, scaled):
        assert exact(after).rref() == before  # equal for two matrices exactly when they have the same row space


@pytest.mark.claim("LA-302")
def test_the_worked_example(measured):
    M = exact(torch.column_stack([A, b]))
    for row, factor, used in [(1, -2, 0), (2, -1, 0), (2, -2, 1)]:
        M[row, :] = M[row, :] + factor * M[used, :]
    measured.exact(M, sympy.Matrix([[1, 2, 1, 8], [0, 1, 1, 5], [0, 0, 3, 9]]))
    measured(solve(A, b), torch.tensor([1.0, 2.0, 3.0]), atol=1e-14)


@pytest.mark.claim("LA-303", "LA-304")
@settings(max_examples=60)
@given(integer_matrices(st.integers(1, 4), st.integers(1, 4)), st.lists(st.integers(-4, 4), min_size=4, max_size=4))
def test_solutions_exist_where_they_should_and_are_all_found(M, right):
    target = torch.tensor(right[: len(M)], dtype=torch.float64)
    unknowns = sympy.symbols(f"x:{M.shape[1]}")
    expected = sympy.linsolve((exact(M), exact(target[:, None])), unknowns)
    if not expected:
        assert rank(torch.column_stack([M, target])) > rank(M)
        with pytest.raises(ValueError, match="no combination of the columns"):
            solve(M, target)
        return
    x, N = solve(M, target), null_space(M)
    assert torch.allclose(M @ x, target, atol=1e-9)
    other = x + N @ torch.arange(1.0, N.shape[1] + 1)
    assert torch.allclose(M @ other, target, atol=1e-9)
    free = set().union(*(entry.free_symbols for entry in next(iter(expected))))
    assert len(free) == N.shape[1]
    assert (not free) == (len(row_reduce(M)[1]) == M.shape[1])


@pytest.mark.parametrize("unit", UNITS)
def test_units_do_not_matter(unit, measured):
    measured(solve(unit * A, b) * unit, torch.tensor([1.0, 2.0, 3.0]), atol=1e-12)
    measured(solve(A, unit * b) / unit, torch.tensor([1.0, 2.0, 3.0]), atol=1e-12)
    measured(inverse(unit * A) * unit, inverse(A), atol=1e-12)
    measured(null_space(unit * squash), torch.tensor([[-2.0], [1.0]]), atol=1e-12)
    assert row_reduce(unit * squash)[1] == [0]
    with pytest.raises(ValueError, match="no combination"):
        solve(squash, unit * torch.tensor([1.0, 3.0]))


@pytest.mark.parametrize("unit", UNITS)
def test_rounding_is_taken_for_zero(unit):
    third = unit * torch.tensor([[1.0, 2.0], [2.0, 4.0], [3.0, 6.0]]) / 3
    turned = torch.linalg.qr(torch.randn(3, 3, generator=torch.Generator().manual_seed(1))).Q @ third
    assert len(row_reduce(turned)[1]) == 1
    assert null_space(turned).shape == (2, 1)


def test_the_largest_entry_is_one_where_there_is_none():
    assert page.largest(torch.tensor([[-3.0, 2.0]])) == 3.0
    assert page.largest(torch.zeros(2, 2)) == page.largest(torch.zeros(0, 3)) == 1.0


def test_an_own_limit_decides():
    nearly = torch.tensor([[1.0, 1.0], [1.0, 1.0 + 1e-6]])
    assert row_reduce(nearly)[1] == [0, 1]
    assert row_reduce(nearly, 1e-5)[1] == [0]
    assert null_space(nearly, 1e-5).shape == (2, 1)


def test_empty_and_zero_matrices_have_null_spaces():
    assert torch.equal(null_space(torch.zeros(0, 3)), torch.eye(3))
    assert torch.equal(null_space(torch.zeros(2, 3)), torch.eye(3))
    assert null_space(torch.zeros(3, 0)).shape == (0, 0)
    assert solve(torch.zeros(2, 3), torch.zeros(2)).tolist() == [0.0, 0.0, 0.0]


def test_single_precision_stays_single():
    single = A.float()
    for result in (
        row_reduce(single)[0], solve(single, b.float()), null_space(squash.float()), inverse(single),
        least_squares(single, b.float()), page.ridge(single, b.float(), 1.0),
        page.fit_head(single, single).weight, page.invisible_change(torch.nn.Linear(4, 2).float()),
    ):  # fmt: skip
        assert result.dtype == torch.float32
    assert row_reduce((squash / 3).float())[1] == [0]


@pytest.mark.claim("LA-167", "LA-168", "LA-306")
@settings(deadline=None, max_examples=60)
@given(integer_matrices(st.integers(1, 5), st.integers(1, 5)))
def test_null_space_and_rank_against_sympy(M):
    N, E = null_space(M), exact(M)
    R, pivots = row_reduce(M)
    assert torch.allclose(M @ N, torch.zeros(()), atol=1e-9)
    assert N.shape[1] == len(E.nullspace())
    assert N.shape[1] == 0 or torch.linalg.matrix_rank(N) == N.shape[1]
    assert N.shape[1] + len(pivots) == M.shape[1]
    assert len(pivots) == E.rank() == rank(M[:, pivots])
    assert tuple(pivots) == E.rref()[1]
    assert np.allclose(R.numpy(), np.array(E.rref()[0], dtype=float), atol=1e-9)


@pytest.mark.claim("LA-23")
def test_null_spaces_of_the_page(measured):
    first = torch.tensor([[1.0, 1.0], [-1.0, 2.0]])
    measured(null_space(squash), [[-2.0], [1.0]], atol=1e-15)
    measured.exact(tuple(null_space(first).shape), (2, 0))
    measured.exact(exact(squash).nullspace(), [sympy.Matrix([-2, 1])])
    measured.exact(exact(first).nullspace(), [])


@pytest.mark.claim("LA-23")
@given(st.integers(1, 4).flatmap(lambda m: integer_matrices(st.just(m), st.integers(m + 1, 5))))
def test_a_wide_matrix_forgets_something(M):
    assert null_space(M).shape[1] >= M.shape[1] - len(M) > 0
    assert torch.allclose(M @ null_space(M), torch.zeros(()), atol=1e-9)


@pytest.mark.claim("LA-305")
@settings(max_examples=60)
@given(st.integers(1, 4).flatmap(square))
def test_five_ways_to_be_invertible(M):
    n, regular = len(M), exact(M).rank() == len(M)
    assert (row_reduce(M)[1] == list(range(n))) == regular
    assert (null_space(M).shape[1] == 0) == regular
    assert (rank(M) == n) == regular
    if regular:
        expected = np.array(exact(M).inv(), dtype=float)
        assert np.allclose(inverse(M).numpy(), expected, atol=1e-9)
        assert np.allclose((M @ inverse(M)).numpy(), np.eye(n), atol=1e-9)
        assert np.allclose((inverse(M) @ M).numpy(), np.eye(n), atol=1e-9)  # one side is enough
    else:
        with pytest.raises(ValueError, match=f"of {n} columns have pivots"):
            inverse(M)


@pytest.mark.claim("LA-307")
@settings(max_examples=60)
@given(integer_matrices(st.integers(1, 5), st.integers(1, 4)), st.lists(st.integers(-4, 4), min_size=5, max_size=5))
def test_least_squares_leaves_a_perpendicular_miss(M, right):
    target = torch.tensor(right[: len(M)], dtype=torch.float64)
    x = least_squares(M, target)
    miss = target - M @ x
    assert torch.allclose(M.T @ miss, torch.zeros(()), atol=1e-8)
    best = np.linalg.norm(M.numpy() @ scipy.linalg.lstsq(M.numpy(), target.numpy())[0] - target.numpy())
    assert abs(miss.norm() - best) < 1e-8
    if rank(M) == M.shape[1]:
        assert torch.allclose(x, torch.linalg.pinv(M) @ target, atol=1e-8)


@pytest.mark.claim("LA-308", by="proved")
def test_the_best_line_of_the_page(measured):
    M, right = sympy.Matrix([[1, 0], [1, 1], [1, 2]]), sympy.Matrix([0, 3, 3])
    measured.exact((M.T * M).LUsolve(M.T * right), sympy.Matrix([sympy.Rational(1, 2), sympy.Rational(3, 2)]))
    lines = torch.tensor([[1.0, 0.0], [1.0, 1.0], [1.0, 2.0]])
    measured(least_squares(lines, torch.tensor([0.0, 3.0, 3.0])), torch.tensor([0.5, 1.5]), atol=1e-14)


@pytest.mark.claim("LA-309")
@pytest.mark.parametrize("seed", range(5))
def test_the_fitted_head_cannot_be_improved(seed, measured):
    torch.manual_seed(seed)
    features, targets = torch.randn(40, 6), torch.randn(40, 3)
    if seed > 2:  # dependent features: the fitted head is one of many that are as good
        features[:, 5] = features[:, 0] - 2 * features[:, 1]
    head = page.fit_head(features, targets)
    loss = torch.nn.functional.mse_loss(head(features), targets)
    loss.backward()
    measured(head.weight.grad, 0.0, atol=1e-14)
    measured(head.bias.grad, 0.0, atol=1e-14)
    for _ in range(20):  # the loss is convex: no other head is better
        other = torch.nn.Linear(6, 3)
        with torch.no_grad():
            other.weight.copy_(head.weight + 0.1 * torch.randn(3, 6))
            other.bias.copy_(head.bias + 0.1 * torch.randn(3))
            assert torch.nn.functional.mse_loss(other(features), targets) > loss


def test_solution_trouble():
    a, c = sympy.symbols("a c")
    M = sympy.Matrix([[1, 2, 3], [2, a, c]])
    M[1, :] = M[1, :] - 2 * M[0, :]
    assert M[1, :] == sympy.Matrix([[0, a - 4, c - 6]])


def test_solution_plane():
    N = null_space(torch.tensor([[1.0, -2.0, 3.0]]))
    assert N.T.tolist() == [[2.0, 1.0, 0.0], [-3.0, 0.0, 1.0]]
    normal = null_space(torch.tensor([[1.0, 0.0, 2.0], [0.0, 1.0, -1.0]]))[:, 0]
    assert normal.tolist() == [-2.0, 1.0, 1.0]


def test_solution_blind(measured):
    torch.manual_seed(0)
    layer, x = torch.nn.Linear(20, 8), random(3, 20)
    change = page.invisible_change(layer)
    measured((layer(x + 5 * change) - layer(x)).detach(), 0.0, atol=1e-12)
    measured(change.norm(), 1.0, atol=1e-12)
    assert [torch.equal(change, page.invisible_change(layer, seed)) for seed in (0, 1)] == [True, False]
    with pytest.raises(ValueError, match="notices all"):
        page.invisible_change(torch.nn.Linear(3, 8))


@given(integer_matrices(st.integers(1, 4), st.integers(1, 4)), st.sampled_from([1e-3, 1.0, 10.0]))
def test_solution_ridge(M, weight_decay):
    target = torch.arange(1.0, len(M) + 1)
    n = M.shape[1]
    below_it = torch.cat([M, weight_decay**0.5 * torch.eye(n)])
    expected = torch.linalg.lstsq(below_it, torch.cat([target, torch.zeros(n)])[:, None]).solution[:, 0]
    assert torch.allclose(page.ridge(M, target, weight_decay), expected, atol=1e-8)


@given(integer_matrices(st.integers(1, 5), st.integers(1, 5)))
def test_solution_row_rank(M):
    assert len(row_reduce(M)[1]) == len(row_reduce(M.T)[1])


test_numbers = numbers("linear_algebra.solving", {"miss": 0.0100944870})
