"""Tangent spaces, regular values, O(n) as a manifold, fibres of a product, and steps along a manifold."""

import math

import pytest
import scipy.linalg
import sympy as sp
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import nn

from book.expect import near, numbers
from snippets.manifolds.atlas import jacobian
from snippets.manifolds.circle import STEREOGRAPHIC, THREE_LINES
from snippets.manifolds.sphere import sphere_sample
from snippets.manifolds.sphere_numbers import normalised_gaussians
from snippets.manifolds.tangent_space import (
    climb,
    cone_equation,
    departure_from_orthogonal,
    determinant,
    differential,
    factors,
    frame_entries,
    gram_entries,
    kernel,
    node_equation,
    orthogonal_step,
    plain_step,
    product_map,
    random_orthogonal,
    recover,
    retract,
    rotation,
    sphere_equation,
    tangent_part,
    tangent_space,
    velocity,
)


def generator(seed: int) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


def same_plane(a: torch.Tensor, b: torch.Tensor) -> float:
    """Return the largest distance between the projections onto the column spaces of a and b."""
    qa, qb = torch.linalg.qr(a).Q, torch.linalg.qr(b).Q
    return (qa @ qa.T - qb @ qb.T).abs().max().item()


@pytest.mark.claim("MF-171")
def test_velocity_of_a_curve_on_the_sphere(measured):
    curve = lambda t: torch.stack([t.cos() * (2 * t).cos(), t.cos() * (2 * t).sin(), t.sin()])  # noqa: E731
    t = sp.symbols("t")
    exact = sp.Matrix([sp.cos(t) * sp.cos(2 * t), sp.cos(t) * sp.sin(2 * t), sp.sin(t)]).diff(t)
    measured(velocity(curve, 0.7), [float(c.subs(t, 0.7)) for c in exact], atol=1e-14)
    measured(velocity(curve, 0.7) @ curve(torch.tensor(0.7)), 0.0, atol=1e-15)


@pytest.mark.claim("MF-171")
def test_a_chart_that_overlooks_neighbours_misses_velocities(measured):
    axis, centre = THREE_LINES.charts[0], torch.zeros(1, 2)
    neighbours = torch.tensor([[0.0, 10.0**-k] for k in range(1, 12)])
    assert axis.domain(centre).all()
    assert not axis.domain(neighbours).any()
    span = jacobian(axis.point, torch.zeros(1, 1))[0, :, 0]
    up = velocity(lambda t: torch.stack([0 * t, t]), 0.0)
    measured(span @ up, 0.0, atol=1e-15)
    measured(up.norm(), 1.0, atol=1e-15)
    for chart in STEREOGRAPHIC.charts:
        near = sphere_sample(20)[6:] + 1e-6 * torch.eye(3)[:, None]
        assert chart.domain(near.flatten(0, 1) / near.flatten(0, 1).norm(dim=1, keepdim=True)).all()


@pytest.mark.claim("MF-172")
@given(st.integers(0, 10**6), st.integers(2, 6))
def test_the_tangent_space_of_a_sphere_is_what_is_perpendicular(seed, n):
    p = normalised_gaussians(1, n, generator(seed))[0]
    basis = tangent_space(sphere_equation, p)
    assert basis.shape == (n, n - 1)
    assert (p @ basis).abs().max().item() < 1e-14


@pytest.mark.claim("MF-172")
def test_both_charts_span_the_same_tangent_space(measured):
    for p in sphere_sample(20)[2:5].tolist() + sphere_sample(20)[6:].tolist():
        point = torch.tensor(p)
        if abs(p[2]) == 1:
            continue
        expected = tangent_space(sphere_equation, point)
        for chart in STEREOGRAPHIC.charts:
            columns = jacobian(chart.point, chart.coordinates(point[None]))[0]
            measured(same_plane(columns, expected), 0.0, atol=1e-9)


@pytest.mark.claim("MF-173")
@given(st.integers(0, 10**6))
def test_the_differential_sends_velocities_to_velocities(seed):
    g = generator(seed)
    x, v = torch.randn(9, generator=g), torch.randn(9, generator=g)
    curve = lambda t: x + t * v + t**2 * v.flip(0)  # noqa: E731
    image = lambda t: gram_entries(curve(t))  # noqa: E731
    torch.testing.assert_close(differential(gram_entries, x) @ velocity(curve, 0.0), velocity(image, 0.0))


@pytest.mark.claim("MF-174")
def test_near_a_regular_point_a_level_set_is_a_graph_over_its_tangent_space(measured):
    p = normalised_gaussians(1, 3, generator(1))[0]
    basis = tangent_space(sphere_equation, p)
    for size in (1e-2, 1e-3):
        coordinates = size * normalised_gaussians(20, 2, generator(2))
        steps = coordinates @ basis.T
        lifted = steps + (1 - steps.square().sum(1, keepdim=True)).sqrt() * p
        measured(lifted.square().sum(1), 1.0, atol=1e-14)
        measured((lifted - p - steps).norm(dim=1), size**2 / 2, atol=size**3)


@pytest.mark.claim("MF-174")
def test_a_critical_point_is_refused():
    with pytest.raises(ValueError, match=r"dF has rank 0 at \[0.0, 0.0, 0.0\], not 1: choose a regular point"):
        tangent_space(cone_equation, torch.zeros(3))


@pytest.mark.claim("MF-175")
def test_what_happens_at_critical_values(measured):
    x, y, z = sp.symbols("x y z")
    for equation, names in ((y**2 - x**2 - x**3, (x, y)), (x**2 + y**2 - z**2, (x, y, z))):
        origin = dict.fromkeys(names, 0)
        measured.exact([equation.subs(origin), *[equation.diff(n).subs(origin) for n in names]], [0] * (len(names) + 1))
    measured(differential(node_equation, torch.zeros(2)), 0.0, atol=0.0)
    measured(differential(cone_equation, torch.tensor([3.0, 4.0, 5.0])), [[6.0, 8.0, -10.0]], atol=0.0)
    # two branches with different slopes meet in the node
    t = torch.tensor(1e-6)
    branch = lambda sign: torch.stack([t, sign * t * (1 + t).sqrt()])  # noqa: E731
    measured(torch.stack([node_equation(branch(s)) for s in (1, -1)]), 0.0, atol=1e-25)
    # a critical value whose level set is a manifold all the same
    squared = lambda p: (sphere_equation(p) - 1) ** 2  # noqa: E731
    measured(differential(squared, torch.tensor([0.6, 0.8])), 0.0, atol=1e-15)


@pytest.mark.claim("BR-02")
@pytest.mark.parametrize(("n", "dimension"), [(1, 0), (2, 1), (3, 3), (4, 6), (5, 10)])
def test_dimension_of_the_orthogonal_matrices(measured, n, dimension):
    for seed in range(3):
        A = random_orthogonal(n, generator(seed))
        basis = tangent_space(gram_entries, A.flatten())
        measured.exact([basis.shape[1], n * (n - 1) // 2], [dimension, dimension])
        skew = (A.T @ basis.T.reshape(-1, n, n)) if dimension else torch.zeros(1, n, n)
        measured(skew + skew.mT, 0.0, atol=1e-13)


@pytest.mark.claim("BR-02")
@given(st.integers(0, 10**6), st.integers(1, 5))
def test_every_symmetric_matrix_is_a_derivative(seed, n):
    g = generator(seed)
    A, S = random_orthogonal(n, g), torch.randn(n, n, generator=g)
    S = S + S.T
    X = S @ A / 2
    torch.testing.assert_close(A @ X.T + X @ A.T, S)


@pytest.mark.claim("BR-02")
def test_the_zero_matrix_is_critical(measured):
    with pytest.raises(ValueError, match="dF has rank 0"):
        tangent_space(gram_entries, torch.zeros(9))
    X = sp.Matrix(3, 3, sp.symbols("x:9"))
    solution = sp.solve(list(X + X.T), list(X), dict=True)[0]
    measured.exact(len(X.subs(solution).free_symbols), 3)


@pytest.mark.claim("BR-17")
@pytest.mark.parametrize(("rank", "image", "fibre"), [(2, 14, 4), (1, 8, 10), (0, 0, 18)])
def test_rank_and_kernel_of_the_product(measured, rank, image, fibre):
    J = differential(product_map(4, 2, 5), factors(4, 2, 5, rank, generator(rank)))
    measured.exact([int(torch.linalg.matrix_rank(J, atol=1e-9)), kernel(J).shape[1]], [image, fibre])


@pytest.mark.claim("BR-17")
@given(st.integers(0, 10**6))
def test_the_kernel_at_full_rank_is_the_direction_of_the_gauge(seed):
    g = generator(seed)
    x = factors(4, 2, 5, 2, g)
    A, B, Z = x[:8].reshape(4, 2), x[8:].reshape(2, 5), torch.randn(2, 2, generator=g)
    direction = torch.cat([(-A @ Z).flatten(), (Z @ B).flatten()])
    assert (differential(product_map(4, 2, 5), x) @ direction).abs().max().item() < 1e-11
    T = torch.linalg.matrix_exp(0.3 * Z)
    torch.testing.assert_close((A @ torch.linalg.inv(T)) @ (T @ B), A @ B)


@pytest.mark.claim("BR-17")
def test_matrices_of_fixed_rank_solve_a_regular_equation(measured):
    def corner(x):  # zero exactly where the 4 × 5 matrix has the rank 2 of its top left block
        M = x.reshape(4, 5)
        return (M[2:, 2:] - M[2:, :2] @ torch.linalg.inv(M[:2, :2]) @ M[:2, 2:]).flatten()

    x = factors(4, 2, 5, 2, generator(3))
    M = x[:8].reshape(4, 2) @ x[8:].reshape(2, 5)
    measured(corner(M.flatten()), 0.0, atol=1e-12)
    basis = tangent_space(corner, M.flatten())
    measured.exact(basis.shape[1], 14)
    measured(same_plane(basis, torch.linalg.svd(differential(product_map(4, 2, 5), x)).U[:, :14]), 0.0, atol=1e-10)


@pytest.mark.claim("BR-17")
def test_the_kernel_depends_on_the_ranks_of_both_factors(measured):
    g = generator(0)
    mixed = torch.cat([factors(4, 2, 5, 2, g)[:8], factors(4, 2, 5, 1, g)[8:]])
    measured.exact(kernel(differential(product_map(4, 2, 5), mixed)).shape[1], 6)


@pytest.mark.claim("MF-176")
@given(st.integers(0, 10**6), st.integers(2, 5))
def test_the_tangent_part_is_the_orthogonal_projection(seed, n):
    g = generator(seed)
    A, G = random_orthogonal(n, g), torch.randn(n, n, generator=g)
    basis = tangent_space(gram_entries, A.flatten())
    expected = (basis @ (basis.T @ G.flatten())).reshape(n, n)
    torch.testing.assert_close(tangent_part(A, G), expected, rtol=0, atol=1e-12)


@pytest.mark.claim("MF-177")
def test_retraction_is_the_nearest_orthogonal_matrix_and_agrees_to_second_order(measured):
    g = generator(0)
    A = random_orthogonal(4, g)
    X = tangent_part(A, torch.randn(4, 4, generator=g))
    for t in (1e-2, 1e-3):
        measured(retract(A + t * X), scipy.linalg.polar((A + t * X).numpy())[0], atol=1e-14)
        geodesic = A @ torch.linalg.matrix_exp(t * A.T @ X)
        assert (retract(A + t * X) - geodesic).norm() < t**3 * X.norm() ** 3
        assert (retract(A + t * X) - A - t * X).norm() < t**2 * X.norm() ** 2
    M = torch.randn(4, 4, generator=g)
    nearest = (M - retract(M)).norm()
    others = [random_orthogonal(4, g) for _ in range(200)]
    assert all((M - Q).norm() >= nearest for Q in others)


@pytest.mark.claim("MF-178")
def test_training_along_the_manifold_reaches_the_best_orthogonal_matrix(measured):
    g = generator(0)
    hidden, x = rotation(6, g), torch.randn(24, 6, generator=g)
    y = x @ hidden.T + 0.3 * torch.randn(24, 6, generator=g)
    best, _ = scipy.linalg.orthogonal_procrustes(x.numpy(), y.numpy())
    losses, departures, error = recover(6, 60, orthogonal_step)
    measured(losses[-1], ((x.numpy() @ best - y.numpy()) ** 2).mean(), atol=1e-9)
    measured(departures, 0.0, atol=1e-14)
    plain_losses, plain_departures, plain_error = recover(6, 60, plain_step)
    assert plain_departures[-1] > 0.3
    assert plain_losses[-1] < losses[-1]
    assert error < plain_error


@pytest.mark.parametrize("rate", [0.1, 10.0, 1e4])
@pytest.mark.parametrize("sign", [1.0, -1.0])
def test_no_step_changes_the_determinant(rate, sign):
    torch.manual_seed(0)
    layer = nn.Linear(3, 3, bias=False)
    layer.weight.data = sign * torch.eye(3).roll(1, dims=0)
    for _ in range(20):
        layer.zero_grad()
        (layer(torch.eye(3)) - torch.randn(3, 3)).square().sum().backward()
        orthogonal_step(layer, rate)
        assert torch.linalg.det(layer.weight).item() == pytest.approx(sign)
        assert departure_from_orthogonal(layer.weight.detach()) < 1e-13


@pytest.mark.parametrize("scale", [1e-12, 1.0, 1e12])
def test_the_unit_of_measurement_does_not_matter(scale):
    p = torch.tensor([0.6, 0.0, 0.8])
    for F in (lambda x: scale * sphere_equation(x), lambda x: sphere_equation(scale * x)):
        assert tangent_space(F, p).shape == (3, 2)
    J = differential(product_map(4, 2, 5), factors(4, 2, 5, 1, generator(0)))
    assert kernel(scale * J).shape[1] == 10


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_dtype_and_batches_are_followed(dtype):
    W = retract(torch.randn(2, 3, 4, 4, generator=generator(0), dtype=dtype))
    G = torch.randn(2, 3, 4, 4, generator=generator(1), dtype=dtype)
    X = tangent_part(W, G)
    assert (X.dtype, X.shape) == (dtype, (2, 3, 4, 4))
    torch.testing.assert_close(X[1, 2], tangent_part(W[1, 2], G[1, 2]))
    torch.testing.assert_close(W.mT @ X, -(W.mT @ X).mT)
    p = torch.tensor([0.6, 0.0, 0.8], dtype=dtype)
    assert tangent_space(sphere_equation, p).dtype == dtype
    assert retract(torch.empty(0, 3, 3)).shape == (0, 3, 3)


def test_rotations_have_determinant_one():
    for seed in range(5):
        Q = rotation(4, generator(seed))
        assert torch.linalg.det(Q).item() == pytest.approx(1)
        assert departure_from_orthogonal(Q) < 1e-14


def test_torch_parametrization_is_orthogonal_too():
    torch.manual_seed(0)
    layer = nn.utils.parametrizations.orthogonal(nn.Linear(4, 4, bias=False))
    assert departure_from_orthogonal(layer.weight.detach()) < 1e-14


def test_recover_keeps_its_record():
    losses, distances, _ = recover(3, 5, orthogonal_step)
    assert len(losses) == len(distances) == 5
    assert losses[-1] < losses[0]


def test_solution_special_linear_group():
    A = torch.randn(3, 3, generator=generator(0))
    A = A / torch.linalg.det(A).abs() ** (1 / 3) * torch.linalg.det(A).sign()
    assert determinant(A.flatten()).item() == pytest.approx(1)
    assert tangent_space(determinant, A.flatten()).shape == (9, 8)
    assert differential(determinant, torch.eye(3).flatten()).reshape(3, 3).equal(torch.eye(3))


@pytest.mark.parametrize(("n", "k"), [(3, 1), (4, 2), (5, 3), (3, 3)])
def test_solution_frames(n, k):
    A = random_orthogonal(n, generator(0))[:, :k]
    dimension = tangent_space(frame_entries(k), A.flatten()).shape[1]
    assert dimension == n * k - k * (k + 1) // 2


def test_solution_eigenvector():
    S = torch.randn(5, 5, generator=generator(0))
    S = S + S.T
    x = climb(S, normalised_gaussians(1, 5, generator(1))[0])
    values, vectors = torch.linalg.eigh(S)
    assert (x @ S @ x).item() == pytest.approx(values[-1].item(), abs=1e-10)
    assert abs((x @ vectors[:, -1]).item()) == pytest.approx(1, abs=1e-10)
    assert math.isclose(x.norm().item(), 1)


test_numbers = numbers(
    "manifolds.tangent_space",
    {
        "loss_on": near(0.1077609, 1e-6),  # scipy's Procrustes, in the test of MF-178
        "distance_bound": 1e-14,
        "loss_off": 0.0948599356,
        "distance_off": 0.647421835,
        "error_on": 0.267894370,
        "error_off": 0.437922039,
    },
)
