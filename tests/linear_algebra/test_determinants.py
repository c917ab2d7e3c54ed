"""Determinants against polygons, sympy, scipy, autograd and the axioms."""

import itertools
import math

import numpy as np
import pytest
import scipy.spatial
import sympy
import torch
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from sympy.combinatorics import Permutation

import snippets.figures.linear_algebra.determinants as drawn
import snippets.linear_algebra.determinants as page
from book.expect import numbers
from snippets.linear_algebra.determinants import A, det2, leibniz, shoelace, squash, swap
from snippets.linear_algebra.solving import inverse, null_space, row_reduce


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


@pytest.mark.claim("LA-161")
@settings(deadline=None, max_examples=50)
@given(square(2))
def test_ad_minus_bc_is_the_signed_area_of_the_image_of_the_unit_square(M):
    assert torch.isclose(det2(M), shoelace(drawn.SQUARE @ M.T), atol=1e-12)


@pytest.mark.claim("LA-161")
def test_determinant_of_a_box_in_space(measured):
    measured(leibniz(torch.diag(torch.tensor([2.0, 3.0, 5.0]))), 30.0, atol=0.0)
    measured(page.det_by_elimination(A), 3.0, atol=1e-15)


def test_shoelace_knows_direction_and_shape():
    assert shoelace(drawn.SQUARE) == 1.0
    assert shoelace(drawn.SQUARE.flip(0)) == -1.0
    assert shoelace(torch.tensor([[0.0, 0.0], [4.0, 0.0], [0.0, 3.0]])) == 6.0
    assert shoelace(torch.tensor([[0.0, 0.0], [1.0, -1.0], [2.0, 1.0], [1.0, 2.0]])) == 3.0  # by hand on the page


@pytest.mark.claim("LA-21")
def test_the_swap_keeps_area_and_flips_the_sign(measured):
    letter = drawn.LETTER @ swap.T
    measured(shoelace(letter), -shoelace(drawn.LETTER), atol=1e-15)
    measured.exact(float(det2(swap)), -1.0)
    measured.exact(float(det2(A)), 3.0)


@pytest.mark.claim("LA-162")
@settings(deadline=None, max_examples=30)
@given(square(3), st.integers(0, 2), st.tuples(*[st.integers(-4, 4)] * 3), st.integers(-3, 3))
def test_the_determinant_obeys_the_three_rules(M, column, w, c):
    w = torch.tensor(w, dtype=torch.float64)
    with_w, combined, twin = M.clone(), M.clone(), M.clone()
    with_w[:, column] = w
    combined[:, column] = M[:, column] + c * w
    twin[:, column] = M[:, (column + 1) % 3]
    assert leibniz(combined) == leibniz(M) + c * leibniz(with_w)
    assert leibniz(twin) == 0
    assert leibniz(torch.eye(3)) == 1


@pytest.mark.claim("LA-162", by="proved")
def test_the_three_rules_leave_only_leibniz(measured):
    # A multilinear function is fixed by its values on tuples of standard basis vectors. The rules make 24 of the
    # 256 values ±1 (the sign of the permutation) and the others 0, which is the sum that leibniz computes.
    for p in itertools.product(range(4), repeat=4):
        value = float(leibniz(torch.eye(4)[:, list(p)]))
        expected = sympy.LeviCivita(*p)
        measured.exact(value, float(expected))


@pytest.mark.claim("LA-311")
@pytest.mark.parametrize("n", [2, 3, 4])
@pytest.mark.parametrize("seed", range(5))
def test_the_volume_of_the_box_is_the_size_of_the_determinant(n, seed, measured):
    columns = random(n, n, seed=seed)
    corners = np.array(list(itertools.product([0.0, 1.0], repeat=n))) @ columns.T.numpy()
    measured(leibniz(columns).abs(), scipy.spatial.ConvexHull(corners).volume, atol=1e-10)


@pytest.mark.claim("LA-311")
def test_a_flat_box_has_no_volume(measured):
    measured.exact(float(leibniz(torch.tensor([[1.0, 2.0, 3.0], [0.0, 1.0, 1.0], [2.0, 4.0, 6.0]]))), 0.0)


@pytest.mark.claim("LA-163")
@settings(deadline=None, max_examples=50)
@given(square(2), st.lists(st.floats(0.2, 3.0), min_size=3, max_size=12))
def test_every_polygon_scales_by_the_determinant(M, radii):
    angles = torch.arange(len(radii)) * 2 * math.pi / len(radii)
    star = torch.tensor(radii)[:, None] * torch.stack([angles.cos(), angles.sin()], 1)
    assert torch.isclose(shoelace(star @ M.T), det2(M) * shoelace(star), atol=1e-9)
    assert torch.isclose(shoelace(star.roll(1, 0)), shoelace(star))  # no corner is the first


@pytest.mark.claim("LA-163")
def test_the_disc_scales_too(measured):
    points, cell = page.square_grid(3.0, 1500)
    inside = torch.linalg.solve(A, points.T).norm(dim=0) <= 1
    measured(inside.sum() * cell, 3 * math.pi, atol=5e-3)


@pytest.mark.claim("LA-163")
def test_volume_in_space_by_counting_points(measured):
    # Share of a bounding box that the image of the unit cube fills, for a 3 × 3 matrix of determinant 3.
    M = torch.tensor([[1.0, 1.0, 0.0], [-1.0, 2.0, 0.5], [0.0, 0.0, 1.0]])
    ticks = (torch.arange(90) + 0.5) / 90
    points = torch.cartesian_prod(ticks * 3 - 0.5, ticks * 4.5 - 1.5, ticks * 1.5 - 0.25)
    x = torch.linalg.solve(M, points.T)
    share = ((x >= 0) & (x <= 1)).all(0).double().mean()
    measured(share * 3 * 4.5 * 1.5, 3.0, atol=0.03)


@pytest.mark.claim("LA-164", "LA-165", by="proved")
@pytest.mark.parametrize("n", [2, 3])
def test_product_and_transpose_as_polynomials(n, measured):
    M, N = (sympy.Matrix(n, n, sympy.symbols(f"{letter}:{n * n}")) for letter in "mn")
    orders = [Permutation(list(p)) for p in itertools.permutations(range(n))]
    det = lambda X: sum(p.signature() * sympy.prod(X[p(j), j] for j in range(n)) for p in orders)  # noqa: E731
    measured.exact(sympy.expand(det(M * N) - det(M) * det(N)), 0)
    measured.exact(sympy.expand(det(M.T) - det(M)), 0)


@pytest.mark.claim("LA-164", "LA-165")
@settings(deadline=None, max_examples=30)
@given(square(4), square(4))
def test_product_and_transpose(M, N):
    assert leibniz(M @ N) == leibniz(M) * leibniz(N)
    assert leibniz(M.T) == leibniz(M)
    assert leibniz(M) == int(exact(M).det())


@pytest.mark.claim("LA-166")
@settings(deadline=None, max_examples=30)
@given(square(4), st.permutations(range(4)), st.integers(-3, 3))
def test_row_operations(M, order, c):
    i, j = order[:2]
    for turned in (lambda X: X, lambda X: X.T):  # rows, then columns
        swapped, added, scaled = M.clone(), M.clone(), M.clone()
        swapped[[i, j]] = swapped[[j, i]]
        added[i] += c * M[j]
        scaled[i] *= c
        assert leibniz(turned(swapped)) == -leibniz(turned(M))
        assert leibniz(turned(added)) == leibniz(turned(M))
        assert leibniz(turned(scaled)) == c * leibniz(turned(M))


@pytest.mark.claim("LA-166")
@settings(deadline=None, max_examples=40)
@given(st.integers(1, 5).flatmap(square))
def test_elimination_agrees_with_sympy_and_torch(M):
    expected = float(exact(M).det())
    assert math.isclose(page.det_by_elimination(M), expected, rel_tol=1e-10, abs_tol=1e-9)
    assert math.isclose(torch.linalg.det(M), expected, rel_tol=1e-10, abs_tol=1e-9)


@pytest.mark.claim("LA-166")
def test_elimination_stops_at_a_column_without_pivot(measured):
    measured.exact(float(page.det_by_elimination(torch.tensor([[0.0, 1.0], [0.0, 2.0]]))), 0.0)
    measured.exact(float(page.det_by_elimination(swap)), -1.0)


@settings(deadline=None, max_examples=30)
@given(st.integers(1, 5).flatmap(square))
def test_elimination_makes_a_triangle(M):
    U, flips = page.triangle(M)
    assert torch.allclose(U.tril(-1), torch.zeros_like(U), atol=1e-12)
    assert flips in (-1, 1)
    rank = int(torch.linalg.matrix_rank(M))
    assert int(torch.linalg.matrix_rank(torch.cat([U, M]))) == int(torch.linalg.matrix_rank(U)) == rank  # the same rows


def test_solution_log():
    M = random(400, 400)
    assert torch.linalg.det(M).isinf()
    for matrix in (M, 0.1 * torch.eye(400), A, swap, squash):
        sign, log = page.log_det(matrix)
        expected = torch.linalg.slogdet(matrix)
        assert sign == expected.sign
        assert torch.isclose(log, expected.logabsdet, rtol=1e-12)


def test_elimination_and_density_keep_single_precision(measured):
    single = A.float()
    assert page.det_by_elimination(single).dtype == leibniz(single).dtype == torch.float32
    assert page.pushed_density(single, torch.zeros(3, 2).float()).dtype == torch.float32
    measured(page.det_by_elimination(single), 3.0, atol=1e-6)
    assert page.pushed_density(A, random(4, 5, 2)).shape == (4, 5)
    assert page.pushed_density(A, random(0, 2)).shape == (0,)


def test_the_density_of_many_dimensions_does_not_lose_its_determinant(measured):
    wide = 10 * torch.eye(400)  # det = 10⁴⁰⁰ overflows, and the density at 0 is 10⁻⁵⁶⁷ or so: a zero, not NaN
    measured.exact(float(page.pushed_density(wide, torch.zeros(400))), 0.0)
    narrow = torch.eye(1000) / math.sqrt(2 * math.pi)  # det = 10⁻³⁹⁹ underflows, and the density at 0 is 1
    measured(page.pushed_density(narrow, torch.zeros(1000)), 1.0, atol=1e-10)


@pytest.mark.claim("LA-173")
@settings(deadline=None, max_examples=30)
@given(square(4))
def test_triangular_matrices_multiply_their_diagonal(M):
    assert leibniz(M.tril()) == M.diagonal().prod() == leibniz(M.triu())


@pytest.mark.parametrize("p", list(itertools.permutations(range(4))))
def test_sign_is_the_one_sympy_knows(p):
    assert page.sign(p) == Permutation(list(p)).signature()


@pytest.mark.claim("LA-22")
@settings(deadline=None, max_examples=60)
@given(st.integers(1, 4).flatmap(square))
def test_determinant_zero_means_fewer_dimensions(M):
    assert (exact(M).det() == 0) == (len(row_reduce(M)[1]) < len(M))


@pytest.mark.claim("LA-22")
def test_a_line_and_a_point(measured):
    measured.exact(len(row_reduce(squash)[1]), 1)
    measured.exact(len(row_reduce(torch.zeros(2, 2))[1]), 0)
    measured.exact(float(det2(squash)), 0.0)


@pytest.mark.claim("LA-169")
@settings(deadline=None, max_examples=60)
@given(st.integers(1, 4).flatmap(square))
def test_the_ways_to_be_invertible(M):
    n, regular = len(M), exact(M).det() != 0
    assert (null_space(M).shape[1] == 0) == regular
    assert (len(row_reduce(M)[1]) == n) == regular
    if regular:
        assert torch.allclose(inverse(M) @ M, torch.eye(n), atol=1e-9)
    else:
        with pytest.raises(ValueError, match="no inverse"):
            inverse(M)


@pytest.mark.claim("LA-170")
def test_a_determinant_says_nothing_about_closeness_to_singular(measured):
    tiny = 0.1 * torch.eye(400)
    measured.exact(float(torch.linalg.det(tiny)), 0.0)
    measured(torch.linalg.svdvals(tiny), 0.1, atol=1e-15)
    measured(torch.linalg.slogdet(tiny).logabsdet, 400 * math.log(0.1), atol=1e-9)
    thin = torch.tensor([[1e6, 0.0], [0.0, 1e-6]])
    measured(torch.linalg.det(thin), 1.0, atol=1e-9)
    assert torch.linalg.svdvals(thin)[-1] < 1e-11 * torch.linalg.svdvals(thin)[0]


@pytest.mark.claim("LA-24")
def test_without_the_determinant_the_mass_is_three(measured):
    points, cell = page.square_grid(12.0, 400)
    measured(page.pushed_density(A, points).sum() * cell, 1.0, atol=1e-6)
    preimages = torch.linalg.solve(A, points.T).T
    measured(page.log_gaussian(preimages).exp().sum() * cell, 3.0, atol=1e-6)


@pytest.mark.claim("LA-171")
@settings(deadline=None, max_examples=30)
@given(square(3))
def test_change_of_variables_gives_the_gaussian_with_covariance_aat(M):
    assume(torch.linalg.det(M).abs() > 0.5)
    y = random(7, 3)
    reference = torch.distributions.MultivariateNormal(torch.zeros(3), scale_tril=torch.linalg.cholesky(M @ M.T))
    assert torch.allclose(page.pushed_density(M, y), reference.log_prob(y).exp(), rtol=1e-8)


@pytest.mark.claim("LA-171")
def test_the_density_counts_samples(measured):
    samples = random(200_000, 2, seed=3) @ A.T
    points, cell = page.square_grid(1.0, 40)
    expected = page.pushed_density(A, points).sum() * cell
    measured((samples.abs() <= 1).all(1).double().mean(), expected, atol=3e-3)


def test_solution_mirror():
    dets = [det2(page.straight_path(torch.eye(2), swap, t)) for t in (0.0, 0.25, 0.5, 0.75, 1.0)]
    assert torch.allclose(torch.stack(dets), torch.tensor([1.0, 0.5, 0.0, -0.5, -1.0]))
    # A path with corners, at random matrices, meets a singular one, too: a root of the quadratic det on some side.
    t = sympy.Symbol("t", real=True)
    for seed in range(5):
        path = [torch.eye(2), random(2, 2, seed=seed), random(2, 2, seed=seed + 100), swap]
        singular = []
        for a, b in itertools.pairwise(path):
            on_the_side = (1 - t) * sympy.Matrix(a.tolist()) + t * sympy.Matrix(b.tolist())
            roots = sympy.Poly(on_the_side.det(), t).nroots()
            singular += [page.straight_path(a, b, float(r)) for r in roots if r.is_real and 0 <= r <= 1]
        assert singular
        assert all(abs(det2(M)) < 1e-12 and torch.linalg.svdvals(M)[1] < 1e-10 for M in singular)


@settings(deadline=None, max_examples=30)
@given(st.tuples(*[st.integers(-4, 4)] * 3), st.tuples(*[st.integers(-4, 4)] * 3))
def test_the_determinant_lemma(u, w):
    u, w = torch.tensor(u, dtype=torch.float64), torch.tensor(w, dtype=torch.float64)
    assert leibniz(torch.eye(3) + torch.outer(u, w)) == 1 + u @ w


def test_a_layer_is_the_gaussian_that_it_makes(measured):
    layer, y = page.Invertible(3), random(2, 5, 3)
    with torch.no_grad():
        layer.weight.copy_(random(3, 3, seed=1))
        layer.bias.copy_(random(3, seed=2))
        covariance = layer.weight @ layer.weight.T
    reference = torch.distributions.MultivariateNormal(layer.bias.detach(), covariance).log_prob(y)
    measured(layer.log_prob(y).detach(), reference, atol=1e-10)
    assert layer.float().log_prob(y.float()).dtype == torch.float32


def test_solution_orthogonal(measured):
    turn = torch.tensor([[0.6, -0.8], [0.8, 0.6]])
    measured(det2(turn), 1.0, atol=1e-15)
    measured(det2(turn @ swap), -1.0, atol=1e-15)


test_numbers = numbers(
    "linear_algebra.determinants",
    {
        "leibniz_terms_20": 2_432_902_008_176_640_000,
        "elimination_20": 19 * 20 * 39 // 6 + 19 * 20 // 2 + 19,
        "peak": 1 / (2 * math.pi),
    },
)


@pytest.mark.parametrize("zero", [[0], [1], [0, 2], [3], [0, 1, 2, 3]])
def test_elimination_goes_on_behind_a_column_of_zeros(zero):
    """The matrix becomes triangular by row operations alone, which keep its null space, also where a column is zero."""
    A = torch.randint(-4, 5, (4, 4), generator=torch.Generator().manual_seed(len(zero))).double()
    A[:, zero] = 0
    U, flips = page.triangle(A)
    assert (U.tril(-1).abs() < 1e-12).all()
    assert abs(flips) == 1
    assert torch.linalg.matrix_rank(torch.cat([A, U])) == torch.linalg.matrix_rank(A)
