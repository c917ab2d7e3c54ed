"""The sphere: both stereographic charts, the angles on trial, fields of directions, and a head without a chart."""

import math

import pytest
import sympy as sp
import torch
from hypothesis import assume, given
from hypothesis import strategies as st
from torch import nn

from book.expect import near, numbers
from snippets.figures.manifolds.sphere import answered_by_opposite, errors
from snippets.manifolds.atlas import Atlas, Chart, jacobian, refute, transition_map
from snippets.manifolds.circle import (
    STEREOGRAPHIC,
    angle,
    angular_error,
    half_turn,
    inverse_stereographic,
    mlp,
    on_the_circle,
    stereographic,
)
from snippets.manifolds.sphere import (
    HEMISPHERES,
    PROJECTIVE_PLANE,
    FromAngles,
    OntoSphere,
    angle_charts,
    dipole,
    east,
    gram_determinant,
    in_chart,
    learn_directions,
    line_sample,
    longitude,
    north,
    sphere_sample,
    spherical,
    uniform_on_sphere,
    winding,
)
from snippets.manifolds.sphere_numbers import normalised_gaussians, random_angles, survives

NORTH, SOUTH = STEREOGRAPHIC.charts
ANGLE_CHARTS = angle_charts(longitude)
EQUATOR = on_the_circle(2 * math.pi * torch.arange(400) / 400)
POLES = torch.tensor([[0.0, 0.0, 1.0], [0.0, 0.0, -1.0]])
T, P, U, V = sp.symbols("theta phi u v", real=True)
SPHERICAL = sp.Matrix([sp.cos(T) * sp.sin(P), sp.sin(T) * sp.sin(P), sp.cos(P)])

test_numbers = numbers(
    "manifolds.sphere",
    {
        "opposite": near(180, 1e-6),  # degrees
        "median": near(2.45877, 1e-4),
        "above_90": near(0.00407, 5e-5),
        "above_10": near(0.06773, 1e-4),
        "plain_worst": near(0.78704, 1e-4),
    },
)


def test_a_head_learns_the_direction_that_it_is_shown():
    torch.manual_seed(0)
    p = uniform_on_sphere(200, torch.Generator().manual_seed(1))
    head = nn.Sequential(mlp(2, 3), FromAngles())
    assert (learn_directions(head, steps=0)(p) * p).sum(1).mean() < 0.1
    assert learn_directions(head, steps=100) is head
    assert (head(p) * p).sum(1).mean() > 0.9


def refuted(atlas: Atlas, points: torch.Tensor) -> list[str]:
    return [clause for clause, failures in refute(atlas, points).items() if len(failures)]


@pytest.mark.claim("MF-02")
def test_spherical_coordinates_lie_on_the_sphere_and_lose_rank_at_the_poles(measured):
    measured.exact(sp.simplify(SPHERICAL.dot(SPHERICAL)), sp.Integer(1))
    j = SPHERICAL.jacobian([T, P])
    measured.exact(sp.simplify((j.T @ j).det()), sp.sin(P) ** 2)
    measured.exact([j.subs({P: 0, T: 1}).rank(), j.subs({P: 1, T: 1}).rank()], [1, 2])
    x = torch.tensor([[0.3, 0.0], [1.0, 0.7], [5.0, 2.9]])
    gram = gram_determinant(jacobian(lambda x: spherical(x[:, 0], x[:, 1]), x))
    measured(gram, x[:, 1].sin() ** 2, atol=1e-15)


@pytest.mark.claim("MF-01")
def test_the_double_cone_has_two_parameters_and_a_tip(measured):
    s = sp.symbols("s", real=True)
    x, y, z = s * sp.cos(T), s * sp.sin(T), s
    measured.exact(sp.simplify(x**2 + y**2 - z**2), sp.Integer(0))
    j = sp.Matrix([x, y, z]).jacobian([s, T])
    measured.exact(sp.simplify((j.T @ j).det()), 2 * s**2)
    # off the tip the height is never zero and has both signs: two parts
    generator = torch.Generator().manual_seed(0)
    size, turn = torch.randn(1000, generator=generator), 6 * torch.rand(1000, generator=generator)
    cone = torch.stack([size * turn.cos(), size * turn.sin(), size], dim=1)
    measured(cone[:, 2].abs(), cone[:, :2].norm(dim=1), atol=1e-15)
    measured.exact([(cone[:, 2] > 0).any().item(), (cone[:, 2] < 0).any().item()], [True, True])


@pytest.mark.claim("MF-12")
def test_stereographic_formulas_are_inverse_and_regular(measured):
    d = 1 + U**2 + V**2
    point = sp.Matrix([2 * U / d, 2 * V / d, (U**2 + V**2 - 1) / d])
    measured.exact(sp.simplify(point.dot(point)), sp.Integer(1))
    measured.exact([sp.simplify(point[i] / (1 - point[2])) for i in range(2)], [U, V])
    j = point.jacobian([U, V])
    measured.exact(sp.simplify((j.T @ j).det() - 16 / d**4), sp.Integer(0))
    x = torch.tensor([[0.0, 0.0], [1.0, -2.0], [0.3, 4.0]])
    expected = 16 / (1 + x.square().sum(1)) ** 4
    measured(gram_determinant(jacobian(inverse_stereographic, x)), expected, atol=1e-14)
    p = sphere_sample()[1:]
    measured(inverse_stereographic(stereographic(p)), p, atol=1e-12)


@pytest.mark.claim("MF-123")
def test_stereographic_projection_keeps_angles(measured):
    d = 1 + U**2 + V**2
    j = sp.Matrix([2 * U / d, 2 * V / d, (U**2 + V**2 - 1) / d]).jacobian([U, V])
    measured.exact(sp.simplify(j.T @ j - 4 / d**2 * sp.eye(2)), sp.zeros(2))
    x = torch.tensor([[0.0, 0.0], [1.0, -2.0], [0.3, 4.0]])
    j = jacobian(inverse_stereographic, x)
    scale = 4 / (1 + x.square().sum(1)) ** 2
    measured(j.mT @ j, scale[:, None, None] * torch.eye(2), atol=1e-15)


@pytest.mark.claim("MF-121")
def test_the_transition_is_inversion_in_the_unit_circle(measured):
    s = U**2 + V**2
    symbolic = sp.Matrix([U / s, V / s])
    measured.exact(sp.simplify(symbolic.jacobian([U, V]).det() + 1 / s**2), sp.Integer(0))
    generator = torch.Generator().manual_seed(3)
    x = 2 * torch.randn(500, 2, generator=generator)
    x = x[x.norm(dim=1) > 0.1]
    there = transition_map(NORTH, SOUTH)
    square = x.square().sum(1, keepdim=True)
    measured(there(x), x / square, atol=1e-12)
    closed = (torch.eye(2) - 2 * x[:, :, None] * x[:, None] / square[..., None]) / square[..., None]
    measured(jacobian(there, x), closed, atol=1e-9)
    measured(torch.linalg.det(jacobian(there, x)) * square[:, 0] ** 2, -1.0, atol=1e-9)


@pytest.mark.claim("MF-121", "MF-15")
def test_stereographic_charts_pass_every_clause(measured):
    measured.exact(refuted(STEREOGRAPHIC, sphere_sample()), [])


@pytest.mark.claim("MF-15")
def test_another_atlas_passes_and_is_compatible_with_the_first(measured):
    measured.exact(refuted(HEMISPHERES, sphere_sample()), [])
    both = Atlas("both", STEREOGRAPHIC.charts + HEMISPHERES.charts)
    measured.exact(refuted(both, sphere_sample(60)), [])


@pytest.mark.claim("MF-06")
def test_the_longitude_jumps_at_the_seam_and_at_the_pole(measured):
    eps = 1e-6
    seam = spherical(torch.tensor([eps, 2 * math.pi - eps]), torch.full((2,), 1.0))
    measured((seam[0] - seam[1]).norm(), 2 * eps * math.sin(1), atol=1e-15)
    measured(longitude(seam).diff(), 2 * math.pi - 2 * eps, atol=1e-12)
    pole = spherical(torch.tensor([0.0, 3.0]), torch.full((2,), eps))
    measured((pole[0] - pole[1]).norm(), 2 * eps * math.sin(1.5), atol=1e-15)
    measured(longitude(pole).diff(), 3.0, atol=1e-9)


@pytest.mark.claim("MF-07")
def test_the_two_angle_charts_differ_by_a_reflection(measured):
    alpha, beta = ANGLE_CHARTS.charts
    x = torch.tensor([[0.5, 0.4], [2.0, 1.0], [4.0, 2.0], [6.0, 3.0]])
    flipped = torch.stack([x[:, 0], math.pi - x[:, 1]], dim=1)
    measured(transition_map(alpha, beta)(x), flipped, atol=1e-12)
    measured(jacobian(transition_map(alpha, beta), x), torch.diag(torch.tensor([1.0, -1.0])), atol=1e-12)
    measured.exact(sp.Matrix([T, sp.pi - P]).jacobian([T, P]).det(), sp.Integer(-1))


@pytest.mark.claim("MF-08")
def test_a_smooth_bijection_with_an_inverse_that_is_not_smooth(measured):
    x = sp.symbols("x", positive=True)
    measured.exact(sp.limit(sp.diff(sp.cbrt(x), x), x, 0, "+"), sp.oo)
    measured(1e-9 ** (1 / 3) / 1e-9, 1e6, atol=1e-6)
    everywhere = lambda x: x.isfinite().all(1)  # noqa: E731
    line = Chart("x", everywhere, everywhere, lambda p: p, lambda x: x)
    cube = Chart("x³", everywhere, everywhere, lambda p: p**3, lambda x: x.sign() * x.abs() ** (1 / 3))
    atlas = Atlas("line", (line, cube))
    measured.exact(refuted(atlas, torch.tensor([[0.0], [1.0], [-2.0]])), ["smooth"])
    measured.exact(refuted(atlas, torch.tensor([[0.5], [1.0], [-2.0]])), [])


@pytest.mark.claim("MF-09")
@given(st.integers(0, 10**6))
def test_balls_of_half_the_distance_are_disjoint(seed):
    generator = torch.Generator().manual_seed(seed)
    p, q = uniform_on_sphere(2, generator)
    d = (p - q).norm()
    near = p + d / 2 * 0.999 * normalised_gaussians(200, 3, generator)
    assert ((near - q).norm(dim=1) > d / 2).all()


@pytest.mark.claim("MF-09")
def test_all_pairs_of_the_sample_are_separated(measured):
    measured.exact(len(refute(STEREOGRAPHIC, sphere_sample())["separated"]), 0)


@pytest.mark.claim("MF-14")
def test_the_two_descriptions_agree_only_on_the_overlap(measured):
    with pytest.raises(ValueError, match="is the pole"):
        stereographic(spherical(torch.tensor([0.0]), torch.tensor([0.0])))
    turns = spherical(torch.linspace(0, 6, 7), torch.zeros(7))
    measured(turns, POLES[0], atol=0.0)


def test_names_of_the_hemispheres():
    assert [c.name for c in HEMISPHERES.charts] == ["x > 0", "x < 0", "y > 0", "y < 0", "z > 0", "z < 0"]


@pytest.mark.claim("MF-05", by="proved")
def test_each_chart_misses_one_pole_and_the_other_has_it(measured):
    p = torch.cat([sphere_sample(), POLES])
    missed = [p[~c.domain(p)].unique(dim=0).tolist() for c in (NORTH, SOUTH)]
    measured.exact(missed, [[[0.0, 0.0, 1.0]], [[0.0, 0.0, -1.0]]])


@pytest.mark.claim("MF-03", by="proved")
def test_without_its_north_pole_the_sphere_is_no_hemisphere(measured):
    low = torch.tensor([[0.0, 0.0, -1.0], [1.0, 0.0, 0.0], [0.0, 0.6, -0.8]])
    measured.exact(NORTH.domain(low).tolist(), [True, True, True])
    upper, lower = HEMISPHERES.charts[4:]
    equator = torch.tensor([[1.0, 0.0, 0.0], [0.6, -0.8, 0.0]])
    measured.exact((upper.domain(equator) | lower.domain(equator)).tolist(), [False, False])


@pytest.mark.claim("MF-06", "MF-06b", by="example")
def test_the_angles_are_no_charts(measured):
    found = refute(ANGLE_CHARTS, sphere_sample())
    failing = ["onto V", "V is open", "covers", "overlap open", "smooth"]
    measured.exact([clause for clause, failures in found.items() if len(failures)], failing)
    measured.exact({tuple(p) for p in found["V is open"].tolist()}, {(0, 0, 1), (1, 0, 0)})
    measured.exact(found["covers"].tolist(), [[0.0, 0.0, -1.0]])
    assert found["onto V"][:, 1].max() < 1e-6  # the pole has one longitude only


@pytest.mark.claim("MF-06")
@given(st.floats(0.01, 1.56), st.floats(0.01, 3.13))
def test_the_quotient_of_y_and_x_is_that_of_the_opposite_longitude(theta, phi):
    pair = spherical(torch.tensor([theta, theta + math.pi]), torch.tensor([phi, phi]))
    first, second = pair[:, 1] / pair[:, 0]
    assert first.item() == pytest.approx(second.item(), rel=1e-9)
    assert longitude(pair).diff().item() == pytest.approx(math.pi)


def test_the_longitude_is_below_a_full_turn_at_the_seam():
    points = torch.tensor([[1.0, -1e-17, 0.0], [1.0, -0.0, 0.0], [1.0, 1e-17, 0.0], [1.0, -1e-9, 0.0]])
    assert ((longitude(points) >= 0) & (longitude(points) < 2 * math.pi)).all()
    assert (longitude(points.float()) < 2 * math.pi).all()
    assert longitude(points.float()).dtype == torch.float32


@pytest.mark.claim("MF-11", by="example")
def test_the_round_trip_passes_although_the_charts_are_refuted(measured):
    p = sphere_sample()[6:]
    for chart in ANGLE_CHARTS.charts:
        measured(chart.point(chart.coordinates(p)), p, atol=1e-15)
    measured.exact(survives(random_angles(0, torch.float32)[None]).tolist(), [[True, True]])
    measured.exact(refuted(ANGLE_CHARTS, sphere_sample()[6:]), ["onto V"])  # asked at coordinates of its own


@pytest.mark.claim("MF-124")
@given(st.integers(0, 10**6))
def test_the_windings_along_the_equator_add_up_to_two(seed):
    generator = torch.Generator().manual_seed(seed)
    a, b = torch.randn(3, generator=generator), torch.randn(3, 3, generator=generator)

    def field(p):
        v = a + p @ b.T
        return v - (v * p).sum(1, keepdim=True) * p

    assume(field(torch.cat([EQUATOR, torch.zeros(400, 1)], 1)).norm(dim=1).min() > 0.1)
    assert sum(winding(in_chart(pole, field, EQUATOR)) for pole in (1, -1)) == 2


@pytest.mark.claim("MF-124")
def test_the_three_fields_are_tangent_with_the_zeros_that_the_page_says(measured):
    p = sphere_sample()
    for field, expected in ((east, [1, 1]), (north, [1, 1]), (dipole, [0, 2])):
        measured((field(p) * p).sum(1), 0.0, atol=1e-15)
        measured.exact([winding(in_chart(pole, field, EQUATOR)) for pole in (1, -1)], expected)
    measured.exact([bool(f(POLES).any()) for f in (east, north)], [False, False])
    measured.exact([dipole(POLES[:1]).any().item(), dipole(POLES[1:]).any().item()], [False, True])
    measured(in_chart(1, dipole, EQUATOR), torch.tensor([1.0, 0.0]), atol=1e-14)


@pytest.mark.parametrize("turns", [-2, 0, 1, 3])
def test_winding_counts_turns(turns):
    t = 2 * math.pi * torch.arange(50) / 50
    assert winding(on_the_circle(turns * t + 0.3 * t.sin())) == turns


@pytest.mark.claim("MF-122")
@pytest.mark.parametrize("phi", [0.2, math.pi / 2, 2.5])
@pytest.mark.parametrize("seed", range(3))
def test_a_longitude_head_is_wrong_by_half_a_turn_on_a_circle_of_latitude(measured, phi, seed):
    torch.manual_seed(seed)
    head = nn.Sequential(nn.Linear(3, 32), nn.Tanh(), nn.Linear(32, 1))

    def at(p):  # the point of this latitude that lies over the point p of the circle
        return torch.cat([math.sin(phi) * p, torch.full((len(p), 1), math.cos(phi))], dim=1)

    with torch.no_grad():
        p = half_turn(lambda p: head(at(p)))
        error = angular_error(head(at(p)), p)
    measured(error, math.pi, atol=1e-9)
    measured(longitude(at(p)), angle(p)[:, 0], atol=1e-12)


class FromPlane(nn.Module):
    def forward(self, x):
        return inverse_stereographic(x)


@pytest.mark.claim("MF-125")
@pytest.mark.parametrize("gain", [1, 5])
@pytest.mark.parametrize("reading", [FromAngles, FromPlane])
@pytest.mark.parametrize("seed", range(3))
def test_a_head_of_two_numbers_answers_some_direction_with_its_opposite(measured, seed, reading, gain):
    torch.manual_seed(seed)
    network = mlp(2, inputs=3)
    network[0].weight.data *= gain
    head = nn.Sequential(network, reading())
    p = answered_by_opposite(head)
    with torch.no_grad():
        measured(head(p), -p, atol=1e-9)
    measured(p.norm(), 1.0, atol=1e-12)


def test_newton_finds_no_opposite_answer_where_there_is_none():
    assert errors(nn.Identity(), answered_by_opposite(nn.Identity(), steps=5)) == 0


@pytest.mark.claim("MF-125")
@given(st.integers(0, 10**6))
def test_a_tangent_vector_projected_to_a_place_nearby_is_not_zero(seed):
    p, q = uniform_on_sphere(2, torch.Generator().manual_seed(seed))
    q = torch.nn.functional.normalize(p + 0.49 * (q - p), dim=0)  # at most 1 from p
    assume((p - q).norm() <= 1)
    v = torch.linalg.cross(p, torch.eye(3)[p.abs().argmin()])
    v = v / v.norm()
    moved = v - (v @ q) * q
    assert moved.norm() >= (p @ q).abs() - 1e-12 >= 0.5 - 1e-9


def test_errors_are_angles_in_degrees():
    p = sphere_sample()
    assert errors(nn.Identity(), p).max() == 0
    torch.testing.assert_close(errors(lambda p: -p, p), torch.full((len(p),), 180.0))
    torch.testing.assert_close(errors(lambda p: p.roll(1, 1), p[:6]), torch.full((6,), 90.0))


def test_reading_two_angles():
    torch.testing.assert_close(FromAngles()(torch.tensor([[0.3, 0.7]])), spherical(*torch.tensor([[0.3], [0.7]])))


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_the_network_ends_on_the_sphere_in_every_batch_shape(dtype):
    torch.manual_seed(0)
    head = OntoSphere()
    for shape in ((7, 3), (3,), (2, 5, 3), (0, 3)):
        x = torch.randn(shape, dtype=dtype)
        assert head(x).dtype == dtype
        torch.testing.assert_close(head(x).norm(dim=-1), torch.ones(shape[:-1], dtype=dtype))
    turn = torch.linalg.qr(torch.randn(3, 3, dtype=dtype)).Q
    x = torch.randn(7, 3, dtype=dtype)
    torch.testing.assert_close(head(x @ turn.T), head(x) @ turn.T)
    with pytest.raises(ValueError, match="has no direction"):
        head(torch.zeros(1, 3))


def test_solution_projective_plane():
    assert refuted(PROJECTIVE_PLANE, line_sample()) == []
    assert refuted(Atlas("two of three", PROJECTIVE_PLANE.charts[:2]), line_sample()) == ["covers"]
    u = torch.tensor([[2.0, 3.0], [-0.5, 1.0]])
    there = transition_map(*PROJECTIVE_PLANE.charts[:2])
    torch.testing.assert_close(there(u), torch.stack([1 / u[:, 0], u[:, 1] / u[:, 0]], 1))
    torch.testing.assert_close(torch.linalg.det(jacobian(there, u)), -1 / u[:, 0] ** 3)
