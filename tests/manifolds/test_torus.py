"""The torus: its charts and how many it takes, even samples, and the shifts of an image."""

import math

import matplotlib.pyplot as plt
import pytest
import scipy.stats
import sympy as sp
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import nn

from book.expect import near, numbers
from snippets.manifolds.atlas import Atlas, jacobian, refute
from snippets.manifolds.sphere import gram_determinant
from snippets.manifolds.torus import (
    ANNULI,
    OntoTorus,
    TorusConv,
    commutant_dimension,
    commuting_gap,
    diagonal_shift,
    flat_torus,
    kepler,
    missed_by_two,
    shift,
    shift_matrix,
    square_chart,
    squares,
    torus,
    torus_angles,
    torus_grid,
    tube,
    uniform_in_angles,
    uniform_on_torus,
)

FULL = 2 * math.pi
T, P = sp.symbols("theta phi", real=True)
R, S = sp.symbols("R r", positive=True)
SURFACE = sp.Matrix([(R + S * sp.cos(T)) * sp.cos(P), (R + S * sp.cos(T)) * sp.sin(P), S * sp.sin(T)])


def refuted(atlas: Atlas, points: torch.Tensor) -> list[str]:
    return [clause for clause, failures in refute(atlas, points).items() if len(failures)]


@pytest.mark.claim("MF-17")
@pytest.mark.unwatched
def test_the_formula_parameterises_the_torus(measured):
    x, y, z = SURFACE
    implicit = sp.expand((x**2 + y**2 + z**2 + R**2 - S**2) ** 2 - 4 * R**2 * (x**2 + y**2))
    measured.exact(sp.simplify(implicit), sp.Integer(0))
    j = SURFACE.jacobian([T, P])
    measured.exact(sp.simplify((j.T @ j).det() - S**2 * (R + S * sp.cos(T)) ** 2), sp.Integer(0))
    angles = FULL * torch.rand(300, 2, generator=torch.Generator().manual_seed(0))
    gram = gram_determinant(jacobian(torus, angles))
    measured(gram, (2 + angles[:, 0].cos()) ** 2, atol=1e-12)


@pytest.mark.claim("MF-17")
@given(st.floats(0.01, 6.28), st.floats(0.01, 6.28), st.floats(0.05, 1.95))
def test_angles_come_back(theta, phi, r):
    angles = torch.tensor([[theta, phi]])
    torch.testing.assert_close(torus_angles(torus(angles, 2.0, r)), angles, rtol=0, atol=1e-12)


@pytest.mark.claim("MF-17")
def test_the_spindle_crosses_itself(measured):
    third = 2 * math.pi / 3
    pair = tube(torch.tensor([[third, 0.0], [third, 1.0]]), 1.0, 2.0)
    measured(pair, torch.tensor([0.0, 0.0, math.sqrt(3)]), atol=1e-15)
    for wide, thick in ((1.0, 2.0), (1.0, 1.0), (2.0, 0.0), (2.0, -1.0)):
        with pytest.raises(ValueError, match=f"R = {wide}, r = {thick}: .* only for R > r > 0"):
            torus(torch.zeros(1, 2), wide, thick)


@pytest.mark.claim("MF-16", "MF-151")
def test_three_squares_are_an_atlas(measured):
    measured.exact(refuted(squares(3), torus_grid(12)), [])


@pytest.mark.claim("MF-16")
def test_the_torus_is_a_product_of_two_circles(measured):
    angles = FULL * torch.rand(50, 2, generator=torch.Generator().manual_seed(1))
    other = FULL * torch.rand(50, 2, generator=torch.Generator().manual_seed(2))
    both = flat_torus(angles)
    measured(both.reshape(-1, 2, 2).norm(dim=2), 1.0, atol=1e-15)
    # the same θ moves the first circle only
    mixed = flat_torus(torch.stack([angles[:, 0], other[:, 1]], 1))
    measured(mixed[:, :2], both[:, :2], atol=0.0)


@pytest.mark.claim("MF-18")
@pytest.mark.parametrize(("k", "misses"), [(1, 719), (2, 2), (3, 0)])
def test_what_open_squares_miss_on_the_grid_of_degrees(measured, k, misses):
    grid = torus_grid(360)
    inside = torch.stack([chart.domain(grid) for chart in squares(k).charts]).any(0)
    measured.exact((~inside).sum().item(), misses)


@pytest.mark.parametrize(("distance", "expected"), [(-2e-9, False), (0.5e-9, False), (2e-9, True)])
def test_a_point_close_to_the_cut_counts_as_on_it_from_both_sides(distance, expected):
    """For an angle that is cut, at 0 or at 1, the other one in the middle; in a ring the angle is a logarithm."""
    for cut in (0.0, 1.0):
        for angle in (cut + distance, cut + FULL - distance):
            both = torch.tensor([[angle, cut + 3], [cut + 3, angle]])
            assert square_chart(cut).image(both).tolist() == [expected, expected]
    for t in (distance, FULL - distance):
        assert ANNULI.charts[0].image(torch.tensor([[0.6, 0.8], [-1.0, 0.0]]) * math.exp(t)).tolist() == 2 * [expected]


@pytest.mark.claim("MF-18")
def test_the_half_open_square_misses_nothing(measured):
    turns = FULL * torch.arange(36) / 36
    angles = torch.cartesian_prod(turns, turns)
    back = torus_angles(torus(angles))
    measured((back - angles + 1e-9).remainder(FULL) - 1e-9, 0.0, atol=1e-14)


@pytest.mark.claim("MF-152")
@given(st.floats(0, 6.28), st.floats(0, 6.28))
def test_two_squares_always_miss_a_point(a, b):
    points = torus(missed_by_two(a, b))
    for cut in (a, b):
        assert not square_chart(cut).domain(points).any()


@pytest.mark.claim("MF-151")
@given(st.floats(0, 6.28), st.floats(0, 6.28))
def test_three_squares_miss_no_point(theta, phi):
    p = torus(torch.tensor([[theta, phi]]))
    assert any(chart.domain(p).item() for chart in squares(3).charts)


@pytest.mark.claim("MF-151")
@pytest.mark.parametrize("d", [1, 2, 3, 4])
def test_one_cube_more_than_the_dimension_covers(measured, d):
    points = torch.cartesian_prod(*[torch.arange(d + 2)] * d).reshape(-1, d)  # each angle: a cut, or between cuts
    missed = torch.stack([(points == cut).any(dim=1) for cut in range(d + 1)])  # by the open cube with this cut
    measured.exact(int(missed.all(dim=0).sum()), 0)
    measured.exact(int(missed[:d].all(dim=0).sum()), math.factorial(d))  # d cubes miss the orders of their d cuts


@pytest.mark.claim("MF-153")
def test_two_rings_are_an_atlas_and_one_is_not(measured):
    measured.exact(refuted(ANNULI, torus_grid(12)), [])
    measured.exact(refuted(Atlas("one", ANNULI.charts[:1]), torus_grid(12)), ["covers"])


@pytest.mark.claim("MF-19")
def test_a_cubic_box_stretches_the_torus(measured):
    fig = plt.figure()
    ax = fig.add_subplot(projection="3d")
    ax.scatter([-43, 43], [-43, 43], [-13, 13])
    ax.set_box_aspect((1, 1, 1))
    (x0, x1), (z0, z1) = ax.get_xlim(), ax.get_zlim()
    measured((x1 - x0) / (z1 - z0), 86 / 26, atol=1e-9)
    ax.set_aspect("equal")
    sides = [high - low for low, high in (ax.get_xlim(), ax.get_ylim(), ax.get_zlim())]
    units = [side / box for side, box in zip(sides, ax._box_aspect, strict=True)]
    plt.close(fig)
    measured(units, units[0], atol=1e-9)


@pytest.mark.claim("MF-20", "MF-154")
def test_half_of_the_uniform_angles_fall_on_a_third_of_the_area(measured):
    density = S * (R + S * sp.cos(T))
    inner = sp.integrate(density, (T, sp.pi / 2, 3 * sp.pi / 2)) / sp.integrate(density, (T, 0, 2 * sp.pi))
    measured.exact(sp.simplify(inner - (sp.Rational(1, 2) - S / (sp.pi * R))), sp.Integer(0))
    angles = uniform_in_angles(10**5, torch.Generator().manual_seed(0))
    measured((angles.cos() < 0).double().mean(0), 0.5, atol=0.01)


@pytest.mark.claim("MF-154")
def test_even_samples_follow_the_area(measured):
    theta = uniform_on_torus(20_000, 30.0, 13.0, torch.Generator().manual_seed(3))[:, 0]
    cdf = lambda t: (t + 13 / 30 * torch.sin(torch.as_tensor(t)).numpy()) / FULL  # noqa: E731
    assert scipy.stats.kstest(theta.numpy(), cdf).pvalue > 0.001
    uneven = uniform_in_angles(20_000, torch.Generator().manual_seed(3))[:, 0]
    assert scipy.stats.kstest(uneven.numpy(), cdf).pvalue < 1e-9


@pytest.mark.claim("MF-154")
@given(st.floats(0, 6.28), st.floats(0, 0.999))
def test_kepler_solves_its_equation(mean, e):
    theta = kepler(torch.tensor([mean]), e)
    torch.testing.assert_close(theta + e * theta.sin(), torch.tensor([mean]), rtol=0, atol=1e-12)


@pytest.mark.claim("BR-12")
def test_only_convolutions_commute_with_all_shifts(measured):
    right, down = shift_matrix(4, 4, 0, 1), shift_matrix(4, 4, 1, 0)
    measured.exact([commutant_dimension([right]), commutant_dimension([right, down])], [64, 16])
    measured.exact(commutant_dimension([shift_matrix(2, 3, 1, 0), shift_matrix(2, 3, 0, 1)]), 6)
    # the shifts themselves commute with all shifts, and there are as many of them
    shifts = torch.stack([shift_matrix(4, 4, a, b) for a in range(4) for b in range(4)])
    measured.exact(int(torch.linalg.matrix_rank(shifts.flatten(1))), 16)
    measured(shifts @ right - right @ shifts, 0.0, atol=0.0)
    image = torch.arange(6.0).reshape(2, 3)
    moved = shift_matrix(2, 3, 1, 2) @ image.flatten()
    measured(moved, torch.tensor([4.0, 5.0, 3.0, 1.0, 2.0, 0.0]), atol=0.0)


@pytest.mark.claim("BR-12")
def test_a_circular_convolution_is_a_combination_of_shifts(measured):
    torch.manual_seed(0)
    layer = TorusConv(1, 1, 3)
    layer.filter.bias.data.zero_()
    matrix = layer(torch.eye(25).reshape(25, 1, 5, 5)).reshape(25, 25).T
    weight = layer.filter.weight[0, 0]
    taps = [(1 - i, 1 - j) for i in range(3) for j in range(3)]
    combination = sum(w * shift_matrix(5, 5, *tap) for w, tap in zip(weight.flatten(), taps, strict=True))
    measured((matrix - combination).detach(), 0.0, atol=1e-15)
    x = torch.randn(2, 1, 5, 5)
    measured((layer(shift(x, 2, 3)) - shift(layer(x), 2, 3)).detach(), 0.0, atol=1e-14)


def test_solution_flat_torus_stretches_nothing():
    angles = FULL * torch.rand(50, 2, generator=torch.Generator().manual_seed(0))
    j = jacobian(flat_torus, angles)
    torch.testing.assert_close(j.mT @ j, torch.eye(2).expand(50, 2, 2))


def test_solution_zero_padding_breaks_the_rim_only():
    torch.manual_seed(0)
    layer = nn.Conv2d(1, 1, 3, padding=1)
    with torch.no_grad():
        gap = commuting_gap(layer, torch.randn(1, 1, 9, 9))[0, 0].abs()
    rim = torch.ones(9, 9, dtype=torch.bool)
    rim[2:-1, 2:-1] = False
    assert gap[rim].min() > 1e-4
    assert gap[~rim].max() < 1e-14


@pytest.mark.claim("BR-12", by="proved")
@pytest.mark.parametrize("n", [2, 3, 4])
def test_a_matrix_that_commutes_with_the_shift_of_a_row_has_shifted_columns(measured, n):
    X = sp.Matrix(n, n, sp.symbols(f"x:{n * n}"))
    S = sp.Matrix(shift_matrix(1, n, 0, 1).int().tolist())
    solution = X.subs(sp.solve(list(X * S - S * X), list(X), dict=True)[0])
    measured.exact(len(solution.free_symbols), n)
    measured.exact(solution, sp.Matrix(n, n, lambda i, j: solution[(i - j) % n, 0]))


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
@pytest.mark.parametrize("shape", [(6,), (4, 6), (2, 3, 2), (0, 4)])
def test_the_network_ends_on_a_torus(dtype, shape):
    x = torch.randn(shape, generator=torch.Generator().manual_seed(0), dtype=dtype)
    pairs = OntoTorus()(x)
    assert (pairs.dtype, tuple(pairs.shape)) == (dtype, (*shape[:-1], shape[-1] // 2, 2))
    torch.testing.assert_close(pairs.norm(dim=-1), torch.ones(pairs.shape[:-1], dtype=dtype))
    torch.testing.assert_close(torch.atan2(*pairs.unbind(-1)), torch.atan2(x[..., ::2], x[..., 1::2]))


def test_pairs_without_an_angle_are_refused():
    with pytest.raises(ValueError, match="5 outputs: give two for each angle"):
        OntoTorus()(torch.ones(2, 5))
    with pytest.raises(ValueError, match="has no angle"):
        OntoTorus()(torch.tensor([1.0, 0.0, 0.0, 0.0]))


@pytest.mark.parametrize("e", [-0.1, 1.0, 2.0])
def test_an_eccentricity_with_several_solutions_is_refused(e):
    with pytest.raises(ValueError, match=f"e = {e}: choose"):
        kepler(torch.zeros(1), e)


def test_angles_read_back_are_below_a_full_turn():
    p = torch.tensor([[3.0, -1e-17, -1e-17], [3.0, -0.0, 0.0], [-1.0, -1e-300, 0.0]])
    angles = torus_angles(p)
    assert ((angles >= 0) & (angles < FULL)).all()
    assert (torus_angles(p.float()) < FULL).all()


test_numbers = numbers(
    "manifolds.torus",
    {
        "inner_area": 0.5 - 13 / (30 * math.pi),
        "inner_even": near(0.5 - 13 / (30 * math.pi), 0.002),
        "inner_uneven": near(0.5, 0.002),
        "stretch": 86 / 26,
    },
)


@pytest.mark.parametrize("h", [1, 2, 3, 4, 6])
@pytest.mark.parametrize("w", [1, 2, 4, 5])
def test_solution_one_diagonal_shift(h, w):
    assert diagonal_shift(h, w) == (math.lcm(h, w), h * w * math.gcd(h, w))
