"""Distance: nearest maps, and critical points counted by Gröbner bases."""

# ruff: noqa: E731

import numpy as np
import pytest
import sympy
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import minimize

from book.expect import numbers
from snippets.linear_algebra.svd import truncate
from snippets.linear_networks.convolutions import compose
from snippets.linear_networks.determinantal import degree, dimension, ed_degree
from snippets.linear_networks.distance import (
    average,
    critical_matrices,
    critical_on_curve,
    critical_rank_one,
    nearest_invariant,
    parabola_degree,
    real_critical,
)
from snippets.linear_networks.function_spaces import differential_rank, hessian_signs
from snippets.linear_networks.invariance import InvariantAutoencoder, collapse, permutation_matrix, sharing
from snippets.linear_networks.permutations import Permutation, partition
from snippets.linear_networks.varieties import count_solutions, degree_by_slicing, minors

x, y = sympy.symbols("x y")
Y = [[3, -7, 11], [5, 13, -2], [17, 4, 9]]
SIGMA = Permutation.from_cycles("(1 2 3 4 5 6 7)(8 9)(10)")
PARTS = partition(SIGMA)


def draw(*shape, seed=0):
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed))


@pytest.mark.claim("NN-35", "NN-36")
@pytest.mark.parametrize("u", [(5, 11), (-7, 2), (101, 17)])
def test_plane_curves(u, measured):
    curves = (x**2 + y**2 - 1, x**2 + 4 * y**2 - 4, y - x**2, x - 3 * y)
    measured.exact([critical_on_curve(f, x, y, u) for f in curves], [2, 4, 3, 1])
    measured.exact(parabola_degree(), 3)
    cusp = y**2 - x**3
    measured.exact(critical_on_curve(cusp, x, y, u), 4)
    parallel = (x - u[0]) * cusp.diff(y) - (y - u[1]) * cusp.diff(x)
    measured.exact(count_solutions([cusp, parallel], [x, y]), 7)  # with the tip, which is singular, three times


@pytest.mark.claim("NN-36")
def test_real_points_on_the_ellipse(measured):
    half = torch.tensor([2.0, 1.2])
    for u in 2 * torch.rand(60, 2, generator=torch.Generator().manual_seed(0)) - 1:
        evolute = (half * u).abs().pow(2 / 3).sum() - (half[0] ** 2 - half[1] ** 2) ** (2 / 3)
        if abs(evolute) > 1e-2:
            measured.exact(real_critical(u, half), 4 if evolute < 0 else 2)


@pytest.mark.claim("NN-35", "NN-37")
@pytest.mark.parametrize(("m", "n"), [(2, 2), (2, 3), (3, 2), (3, 3), (2, 4)])
def test_ed_degree_of_rank_one(m, n, measured):
    target = [[*row, 7 * i - 5][:n] for i, row in enumerate(Y[:m])]
    measured.exact(critical_rank_one(target), ed_degree(1, m, n))


@pytest.mark.claim("NN-37")
def test_all_critical_matrices_keep_singular_values(measured):
    U = draw(3, 5)
    for rank in range(4):
        found = critical_matrices(U, rank)
        measured.exact(len(found), ed_degree(rank, 3, 5))
        for M in found:
            measured(M.T @ (U - M), 0, atol=1e-13)
            measured((U - M) @ M.T, 0, atol=1e-13)
    nearest = min(critical_matrices(U, 2), key=lambda M: (U - M).norm())
    measured(truncate(U, 2), nearest, atol=1e-13)


@pytest.mark.unwatched
@pytest.mark.claim("NN-37")
@pytest.mark.parametrize(("m", "n"), [(3, 3), (3, 4)])
def test_newton_finds_no_other_complex_critical_point_of_rank_two(m, n, measured):
    """From complex starts, on M = (A | A B), which reaches a general matrix of rank two once."""
    U, count = draw(m, n, seed=5), 2 * m + 2 * n - 4
    parts = lambda t: (t[: 2 * m].reshape(m, 2), t[2 * m :].reshape(2, n - 2))
    matrix = lambda t: torch.cat([parts(t)[0], torch.matmul(*parts(t))], dim=1)

    def slope(t):  # the gradient of a polynomial: no conjugate may enter
        G, (A, B) = 2 * (matrix(t) - U), parts(t)
        return torch.cat([(G[:, :2] + G[:, 2:] @ B.T).flatten(), (A.T @ G[:, 2:]).flatten()])

    theta = draw(count)
    measured(slope(theta), torch.func.grad(lambda t: (matrix(t) - U).square().sum())(theta), atol=1e-12)
    as_real = lambda z: torch.view_as_real(slope(torch.view_as_complex(z.reshape(count, 2)))).flatten()
    z = draw(1000, 2 * count, seed=1)
    f, J = torch.func.vmap(as_real), torch.func.vmap(torch.func.jacrev(as_real))
    for _ in range(60):
        z = z - torch.linalg.solve(J(z), f(z)[:, :, None])[:, :, 0]
    done = torch.view_as_complex(z[f(z).norm(dim=1) < 1e-9].reshape(-1, count, 2))
    M = torch.stack([matrix(t) for t in done])
    M = M[torch.linalg.svdvals(M)[:, 1] > 1e-6]
    known = torch.stack(critical_matrices(U, 2))
    gaps = (M[:, None] - known).abs().amax(dim=(2, 3))
    measured(gaps.min(dim=1).values, 0, atol=1e-9)
    measured.exact(len(gaps.argmin(dim=1).unique()), ed_degree(2, m, n))


@pytest.mark.claim("NN-63")
def test_right_multiplication_keeps_degree_and_singular_points(measured):
    unknown = sympy.Matrix(2, 3, sympy.symbols("a0:6"))
    T = sympy.Matrix([[2, 1, -3], [0, 5, 7], [1, -1, 4]])
    moved = unknown * T
    equations = [moved.extract([0, 1], list(c)).det() for c in ((0, 1), (0, 2), (1, 2))]
    measured.exact(degree_by_slicing(equations, list(unknown), 4), degree(1, 2, 3))
    for rank, codimension in ((1, 2), (0, 0)):
        M = (draw(2, rank) @ draw(rank, 3, seed=1)).flatten()
        image = lambda t: minors(t.reshape(2, 3) @ torch.tensor(T.tolist(), dtype=torch.float64), 2)
        measured.exact(differential_rank(image, M), codimension)
    circle = x**2 + y**2 - 1
    stretched = sympy.expand(4 * circle.subs(x, x / 2))
    measured.exact((critical_on_curve(circle, x, y, (5, 11)), critical_on_curve(stretched, x, y, (5, 11))), (2, 4))
    turned = sympy.expand(stretched.subs({x: (3 * x - 4 * y) / 5, y: (4 * x + 3 * y) / 5}, simultaneous=True))
    measured.exact(critical_on_curve(25 * turned, x, y, (5, 11)), 4)


@pytest.mark.claim("NN-63", "NN-42")
def test_the_metric_changes_the_count(measured):
    measured.exact(critical_rank_one([[3, -7], [5, 13]], weights=[[2, 5], [11, 3]]), 6)
    measured.exact(critical_rank_one(Y[:2], weights=[[2, 5, 7], [11, 3, 19]]), 10)
    for seed in range(20):
        M, T = draw(3, 2, seed=seed) @ draw(2, 4, seed=seed + 50), draw(4, 4, seed=seed + 99)
        measured.exact(int(torch.linalg.matrix_rank(M @ T)), int(torch.linalg.matrix_rank(M)))


@pytest.mark.claim("BR-19")
def test_squared_error_degree(measured):
    X = [[2, 1, -3, 4], [1, 5, 2, -1], [3, -2, 1, 7]]
    measured.exact(critical_rank_one([[3, -7, 11, 2], [5, 13, -2, -4]], inputs=X), 2)
    X = [[2, 1, 5], [1, 7, -3]]
    measured.exact(critical_rank_one(Y[:2], inputs=X), 2)
    measured.exact(critical_rank_one(X, inputs=X), 2)  # Y = X, an autoencoder


@pytest.mark.claim("NN-38", "NN-53")
@pytest.mark.parametrize(("m", "sizes"), [(2, (3, 2)), (3, (2, 3, 1)), (2, (4, 1, 1))])
def test_ed_degree_of_the_invariant_maps(m, sizes, measured):
    target = [row[: len(sizes)] for row in Y[:m]]
    measured.exact(critical_rank_one(target, weights=[list(sizes)] * m), ed_degree(1, m, len(sizes)))


@pytest.mark.claim("NN-35b")
def test_nearest_invariant(measured):
    P = permutation_matrix(SIGMA)
    for seed in range(20):
        U = draw(4, 10, seed=seed)
        reynolds = sum(U @ torch.linalg.matrix_power(P, k) for k in range(SIGMA.order)) / SIGMA.order
        measured(average(U, PARTS) @ sharing(PARTS), reynolds, atol=1e-13)
        near = nearest_invariant(U, PARTS, 1)
        measured(near @ P, near, atol=0)
        plain = truncate(average(U, PARTS), 1) @ sharing(PARTS)
        assert (U - near).norm() <= (U - plain).norm()
        for k in range(20):
            torch.manual_seed(k)
            other = InvariantAutoencoder(PARTS, 1, 4)(torch.eye(10)).T.detach()
            other *= (other * U).sum() / other.square().sum()
            assert (U - near).norm() < (U - other).norm()
        measured(nearest_invariant(near, PARTS, 1), near, atol=1e-13)
        measured(collapse(nearest_invariant(U, PARTS, 3), PARTS), average(U, PARTS), atol=1e-13)


@pytest.mark.claim("NN-35b")
def test_averaging_in_place_and_truncating_is_the_nearest(measured):
    for seed in range(30):
        U = draw(4, 10, seed=seed)
        for rank in range(4):
            in_place = truncate(average(U, PARTS) @ sharing(PARTS), rank)
            measured(in_place, nearest_invariant(U, PARTS, rank), atol=1e-12)


@pytest.mark.claim("NN-119")
@pytest.mark.parametrize(("columns", "expected"), [(2, 6), (3, 10)])
@pytest.mark.unwatched
def test_general_data_of_a_convolution_count_as_general_weights(columns, expected, measured):
    for seed in (1, 2):
        signal = torch.randint(-9, 10, (30,), generator=torch.Generator().manual_seed(seed))
        windows = signal.unfold(0, 2 * columns, columns)
        target = [row[:columns] for row in Y[:2]]
        measured.exact(critical_rank_one(target, form=(windows.T @ windows).tolist()), expected)
    a, b = draw(columns), draw(2, seed=1)
    measured(compose([a, b], [columns, 1]).reshape(2, columns), torch.outer(b, a), atol=1e-15)


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_batches_precision_and_wrong_shapes(dtype, measured):
    U = draw(2, 3, 4, 10).to(dtype)
    near = nearest_invariant(U, PARTS, 1)
    assert (near.dtype, near.shape) == (dtype, U.shape)
    measured(near[1, 2].double(), nearest_invariant(U[1, 2].double(), PARTS, 1), atol=1e-5)
    assert nearest_invariant(U[:0], PARTS, 1).shape == (0, 3, 4, 10)
    for size in (1e-12, 1e12):
        measured(
            nearest_invariant(size * U[0, 0].double(), PARTS, 1) / size,
            nearest_invariant(U[0, 0].double(), PARTS, 1),
            atol=1e-12,
        )
    with pytest.raises(ValueError, match=r"shape \(4, 9\) does not fit 10 points: it needs 10 columns"):
        nearest_invariant(draw(4, 9), PARTS, 1)
    with pytest.raises(ValueError, match="2 occurs twice"):
        nearest_invariant(draw(4, 5), ((1, 2), (2, 3, 4, 5)), 1)
    with pytest.raises(ValueError, match="3 is missing"):
        nearest_invariant(draw(4, 3), ((1, 2), (4,)), 1)


@settings(deadline=None)
@given(st.integers(0, 4), st.integers(1, 4), st.integers(1, 4))
def test_linear_spaces_have_all_degrees_one(r, m, n):
    if r >= min(m, n):
        assert degree(r, m, n) == ed_degree(r, m, n) == 1
        assert dimension(r, m, n) == m * n


def test_exercises():
    U = draw(4, 10, seed=3)
    late = average(truncate(U, 1), PARTS) @ sharing(PARTS)
    assert (U - late).norm() > (U - nearest_invariant(U, PARTS, 1)).norm()
    assert max(range(29), key=lambda r: ed_degree(r, 28, 28)) == 14
    swapped = critical_matrices(torch.tensor([[0.0, 2.0], [5.0, 0.0]]), 1)
    for M, kept in zip(swapped, ([[0.0, 0.0], [5.0, 0.0]], [[0.0, 2.0], [0.0, 0.0]]), strict=True):
        assert torch.allclose(M, torch.tensor(kept), atol=1e-12)
    eye = torch.eye(2)
    for angle in torch.linspace(0, 3, 7):  # from the identity matrix every a aᵀ is critical, at distance one
        a = torch.stack([angle.cos(), angle.sin()])
        M = torch.outer(a, a)
        assert max((M.T @ (eye - M)).abs().max(), ((eye - M) @ M.T).abs().max()) < 1e-12
        assert abs((eye - M).norm() - 1) < 1e-12


@pytest.mark.claim("NN-125")
@pytest.mark.parametrize(("weight", "losses"), [(1.0, {4.0}), (4.0, {4.0, 9.0})])
def test_weights_make_a_second_minimum(weight, losses, measured):
    """By scipy's minimiser, which knows nothing of singular values."""
    W, goal, choose = np.array([[1.0, weight], [weight, 1.0]]), np.diag([3.0, 2.0]), np.random.default_rng(0)

    def error(t):
        return (W * (np.outer(t[:2], t[2:]) - goal) ** 2).sum()

    ends = [minimize(error, choose.normal(size=4), tol=1e-12) for _ in range(40)]
    measured.exact({round(end.fun, 4) for end in ends}, losses)


@pytest.mark.parametrize("weight", [1.49, 1.51])
def test_the_wrong_answer_becomes_a_minimum_at_three_halves(weight):
    W, goal = torch.tensor([[1.0, weight], [weight, 1.0]]), torch.diag(torch.tensor([3.0, 2.0]))
    at = torch.tensor([0.0, 2**0.5, 0.0, 2**0.5])
    negative, zero, positive = hessian_signs(lambda t: (W * (torch.outer(t[:2], t[2:]) - goal) ** 2).sum(), at)
    assert (negative, zero, positive) == ((1, 1, 2) if weight < 1.5 else (0, 1, 3))


test_numbers = numbers("linear_networks.distance", {"gain": 0.0896543036})
