"""Determinants against polygons, sympy, scipy, autograd and the axioms."""

import itertools
import math

import numpy as np
import pytest
import sympy
import torch
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from sympy.combinatorics import Permutation

import snippets.figures.linear_algebra.determinants as drawn
import snippets.linear_algebra.determinants as page
from book.expect import near, numbers
from snippets.linear_algebra.determinants import A, det2, leibniz, null_space, row_reduce, shoelace, squash, swap


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


@pytest.mark.claim("LA-162")
def test_the_three_rules_leave_only_leibniz(measured):
    # A multilinear function is fixed by its values on tuples of standard basis vectors. The rules make 24 of the
    # 256 values ±1 (the sign of the permutation) and the others 0, which is the sum that leibniz computes.
    for p in itertools.product(range(4), repeat=4):
        value = float(leibniz(torch.eye(4)[:, list(p)]))
        expected = sympy.LeviCivita(*p)
        measured.exact(value, float(expected))


@pytest.mark.claim("LA-163")
@settings(deadline=None, max_examples=50)
@given(square(2), st.lists(st.floats(0.2, 3.0), min_size=3, max_size=12))
def test_every_polygon_scales_by_the_determinant(M, radii):
    angles = torch.arange(len(radii)) * 2 * math.pi / len(radii)
    star = torch.tensor(radii)[:, None] * torch.stack([angles.cos(), angles.sin()], 1)
    assert torch.isclose(shoelace(star @ M.T), det2(M) * shoelace(star), atol=1e-9)


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
    swapped, added, scaled = M.clone(), M.clone(), M.clone()
    swapped[[i, j]] = swapped[[j, i]]
    added[i] += c * M[j]
    scaled[i] *= c
    assert leibniz(swapped) == -leibniz(M)
    assert leibniz(added) == leibniz(M)
    assert leibniz(scaled) == c * leibniz(M)


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


@pytest.mark.claim("LA-23")
def test_null_spaces_of_the_page(measured):
    measured(null_space(squash), [[-2.0], [1.0]], atol=1e-15)
    measured.exact(tuple(null_space(A).shape), (2, 0))
    measured.exact(exact(squash).nullspace(), [sympy.Matrix([-2, 1])])
    measured.exact(exact(A).nullspace(), [])


@pytest.mark.claim("LA-167", "LA-168")
@settings(deadline=None, max_examples=60)
@given(integer_matrices(st.integers(1, 5), st.integers(1, 5)))
def test_null_space_and_rank_against_sympy(M):
    N, E = null_space(M), exact(M)
    R, pivots = row_reduce(M)
    assert torch.allclose(M @ N, torch.zeros(()), atol=1e-9)
    assert N.shape[1] == len(E.nullspace())
    assert N.shape[1] == 0 or torch.linalg.matrix_rank(N) == N.shape[1]
    assert N.shape[1] + len(pivots) == M.shape[1]
    assert len(pivots) == E.rank()
    assert np.allclose(R.numpy(), np.array(E.rref()[0], dtype=float), atol=1e-9)


@pytest.mark.claim("LA-169")
@settings(deadline=None, max_examples=60)
@given(st.integers(1, 4).flatmap(square))
def test_the_ways_to_be_invertible(M):
    n, regular = len(M), exact(M).det() != 0
    assert (null_space(M).shape[1] == 0) == regular
    assert (len(row_reduce(M)[1]) == n) == regular
    if regular:
        assert torch.allclose(torch.linalg.inv(M) @ M, torch.eye(n), atol=1e-9)


@pytest.mark.claim("LA-170")
def test_a_determinant_says_nothing_about_closeness_to_singular(measured):
    tiny = 0.1 * torch.eye(400)
    measured.exact(float(torch.linalg.det(tiny)), 0.0)
    measured(torch.linalg.slogdet(tiny).logabsdet, 400 * math.log(0.1), atol=1e-9)
    measured(torch.linalg.cond(tiny), 1.0, atol=1e-12)
    thin = torch.tensor([[1e6, 0.0], [0.0, 1e-6]])
    measured(torch.linalg.det(thin), 1.0, atol=1e-9)
    assert torch.linalg.cond(thin) > 9e11


@pytest.mark.claim("LA-24")
def test_without_the_determinant_the_mass_is_three(measured):
    points, cell = page.square_grid(12.0, 400)
    density = page.pushed_density(A, points)
    measured(density.sum() * cell, 1.0, atol=1e-6)
    measured((density * 3).sum() * cell, 3.0, atol=1e-6)


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


@pytest.mark.claim("LA-172")
@pytest.mark.parametrize("kept", [0, 1])
def test_log_scale_is_the_log_determinant_of_the_jacobian(measured, kept):
    torch.manual_seed(kept)
    layer, z = page.Coupling(kept), random(5, 2)
    y, log_scale = layer(z)
    for i in range(5):
        jacobian = torch.autograd.functional.jacobian(lambda x: layer(x[None])[0][0], z[i])
        measured(log_scale[i].detach(), torch.linalg.slogdet(jacobian).logabsdet, atol=1e-12)
    back, again = layer.inverse(y)
    measured(back.detach(), z, atol=1e-12)
    measured(again.detach(), log_scale.detach(), atol=1e-12)
    measured.exact(y[:, kept].tolist(), z[:, kept].tolist())


@pytest.mark.claim("LA-172")
def test_the_flow_is_a_density_before_and_after_training(measured):
    torch.manual_seed(0)
    points, cell = page.square_grid(24.0, 320)
    for flow, atol in ((page.Flow(depth=3), 1e-4), (drawn.trained(), 1e-3)):
        with torch.no_grad():
            measured(flow.log_prob(points).exp().sum() * cell, 1.0, atol=atol)


@pytest.mark.claim("LA-172")
def test_log_prob_follows_the_whole_jacobian(measured):
    torch.manual_seed(0)
    flow, z = page.Flow(depth=3), random(4, 2)
    y = flow(z).detach()
    for i in range(4):
        jacobian = torch.autograd.functional.jacobian(lambda x: flow(x[None])[0], z[i])
        expected = page.gaussian(z[i]).log() - torch.linalg.slogdet(jacobian).logabsdet
        measured(flow.log_prob(y)[i].detach(), expected, atol=1e-10)


def test_training_comes_close_to_the_entropy():
    flow = drawn.trained()
    with torch.no_grad():
        loss = -flow.log_prob(page.crescent(4000, seed=9)).mean()
    entropy = math.log(2 * math.pi * math.e) + math.log(0.4)
    assert entropy - 0.05 < loss < entropy + 0.2


@pytest.mark.claim("LA-24")
def test_without_the_log_determinant_training_cheats():
    torch.manual_seed(0)
    flow, data = page.Flow(depth=4), page.crescent(400)
    optimiser = torch.optim.Adam(flow.parameters(), lr=0.02)
    for _ in range(80):
        optimiser.zero_grad()
        z = data
        for layer in reversed(flow.layers):
            z, _ = layer.inverse(z)
        loss = -page.gaussian(z).log().mean()
        loss.backward()
        optimiser.step()
    assert math.log(2 * math.pi) < loss < math.log(2 * math.pi) + 0.01
    assert loss < math.log(2 * math.pi * math.e) + math.log(0.4)  # below the entropy of the data
    assert z.norm(dim=1).mean() < 0.1
    assert -flow.log_prob(data).mean() > 5


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


def test_solution_gaussian(measured):
    M = random(5, 5, seed=4)
    covariance, mean, x = M @ M.T + torch.eye(5), random(5, seed=5), random(9, 5, seed=6)
    reference = torch.distributions.MultivariateNormal(mean, covariance_matrix=covariance).log_prob(x)
    measured(page.gaussian_log_density(x, mean, covariance), reference, atol=1e-10)
    big = 0.01 * torch.eye(300)
    expected = -150 * math.log(2 * math.pi * 0.01)
    measured(page.gaussian_log_density(torch.zeros(1, 300), torch.zeros(300), big), expected, atol=1e-9)
    # In 1000 dimensions even the density of the standard normal distribution underflows, at its very peak.
    wide = page.gaussian_log_density(torch.zeros(1, 1000), torch.zeros(1000), torch.eye(1000))
    measured(wide, -500 * math.log(2 * math.pi), atol=1e-9)
    measured.exact(float(page.gaussian(torch.zeros(1000))), 0.0)


def test_solution_planar(measured):
    z, u, w = random(6, 4), random(4, seed=1), random(4, seed=2)
    y, log_det = page.planar(z, u, w)
    for i in range(6):
        jacobian = torch.autograd.functional.jacobian(lambda x: page.planar(x[None], u, w)[0][0], z[i])
        measured(log_det[i], torch.linalg.slogdet(jacobian).logabsdet, atol=1e-12)
    measured(y[0], z[0] + u * torch.tanh(w @ z[0]), atol=1e-15)


@settings(deadline=None, max_examples=30)
@given(st.tuples(*[st.integers(-4, 4)] * 3), st.tuples(*[st.integers(-4, 4)] * 3))
def test_the_determinant_lemma(u, w):
    u, w = torch.tensor(u, dtype=torch.float64), torch.tensor(w, dtype=torch.float64)
    assert leibniz(torch.eye(3) + torch.outer(u, w)) == 1 + u @ w


def test_solution_blind(measured):
    torch.manual_seed(0)
    layer, x = torch.nn.Linear(20, 8), random(3, 20)
    change = page.invisible_change(layer)
    measured((layer(x + 5 * change) - layer(x)).detach(), 0.0, atol=1e-12)
    measured(change.norm(), 1.0, atol=1e-12)
    with pytest.raises(ValueError, match=r"\(8, 3\)"):
        page.invisible_change(torch.nn.Linear(3, 8))


test_numbers = numbers(
    "linear_algebra.determinants",
    {
        "mass": near(1, 1e-6),
        "mass_without": near(3, 1e-6),
        "peak": 1 / (2 * math.pi),
        "leibniz_terms_20": 2_432_902_008_176_640_000,
        "elimination_20": 2_666,
        "flow_mass": near(0.998, 0.002),
        "flow_parameters": 4 * (16 + 16 + 32 + 2),
        "noise_floor": math.log(2 * math.pi),
    },
)
