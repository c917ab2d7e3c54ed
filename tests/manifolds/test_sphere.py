"""The sphere: both stereographic charts, the source's charts on trial, rounding, and even samples."""

import math

import numpy as np
import pytest
import scipy.stats
import sympy as sp
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import nn

from book.expect import below, between, computed, near, numbers
from snippets.manifolds.atlas import Atlas, Chart, jacobian, refute, transition_map
from snippets.manifolds.circle import (
    STEREOGRAPHIC,
    angle,
    angular_error,
    antipodal_clash,
    inverse_stereographic,
    stereographic,
)
from snippets.manifolds.sphere import (
    AS_WRITTEN,
    HEMISPHERES,
    REPAIRED,
    OntoSphere,
    gram_determinant,
    lattice_shell,
    longitude,
    longitude_arctan,
    normalised_gaussians,
    random_angles,
    round_trip,
    sphere_sample,
    spherical,
    stable_round_trip,
    survives,
    uniform_in_angles,
    uniform_on_sphere,
)

NORTH, SOUTH = STEREOGRAPHIC.charts
POLES = torch.tensor([[0.0, 0.0, 1.0], [0.0, 0.0, -1.0]])
T, P, U, V = sp.symbols("theta phi u v", real=True)
SPHERICAL = sp.Matrix([sp.cos(T) * sp.sin(P), sp.sin(T) * sp.sin(P), sp.cos(P)])


def refuted(atlas: Atlas, points: torch.Tensor) -> list[str]:
    return [clause for clause, failures in refute(atlas, points).items() if len(failures)]


@pytest.fixture(scope="module")
def quoted():
    return computed("manifolds.sphere")


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


@pytest.mark.claim("MF-05")
def test_the_sphere_without_one_and_without_the_other_pole_cover_it(measured):
    in_north, in_south = (c.domain(sphere_sample()) for c in (NORTH, SOUTH))
    measured.exact((in_north | in_south).all().item(), True)
    measured.exact((~in_north).sum().item() + (~in_south).sum().item(), 2)
    shell = lattice_shell()
    kept = [(shell[:, 2] - pole).abs() > 1e-2 for pole in (1, -1)]
    measured.exact([(kept[0] | kept[1]).all().item(), (kept[0] & kept[1]).sum().item()], [True, 1768])
    measured.exact((shell[:, 2] == 0).any().item(), False)


@pytest.mark.claim("MF-03")
def test_the_set_without_the_north_pole_is_no_hemisphere(measured, quoted):
    measured.exact(NORTH.domain(torch.tensor([[0.0, 0.0, -1.0], [1.0, 0.0, 0.0]])).all().item(), True)
    equator = spherical(torch.linspace(0, 6, 50), torch.full((50,), math.pi / 2))
    equator[:, 2] = 0
    measured.exact((equator[:, 2] > 0).any().item() or (equator[:, 2] < 0).any().item(), False)
    assert quoted["upper_lowest"] == -1
    assert 0.5 < quoted["upper_below_equator"] < 0.51


@pytest.mark.claim("MF-04")
def test_the_lattice_shell_is_beside_the_sphere(measured, quoted):
    measured.exact([quoted["shell_points"], quoted["shell_exact"]], [1800, 0])
    assert quoted["shell_nearest"] < 0.996 < 1.003 < quoted["shell_farthest"]
    measured(uniform_on_sphere(10**4, torch.Generator().manual_seed(0)).norm(dim=1), 1.0, atol=1e-14)


@pytest.mark.claim("MF-04b")
def test_cutting_a_layer_removes_sixteen_points_around_the_pole(measured, quoted):
    shell = lattice_shell()
    cut = shell[(shell[:, 2] - 1).abs() <= 1e-2].double()
    measured.exact([len(cut), quoted["upper_points"], len(cut.unique(dim=0))], [16, 1784, 16])
    off = torch.atan2(cut[:, :2].norm(dim=1), cut[:, 2]).rad2deg()
    assert 1 < off.min() < 2 < 4.5 < off.max() < 5.5
    measured.exact((cut[:, :2].norm(dim=1) == 0).any().item(), False)


@pytest.mark.claim("MF-06")
def test_the_angles_are_no_charts(measured, quoted):
    written = refute(AS_WRITTEN, sphere_sample())
    measured.exact([c for c, p in written.items() if not len(p)], [])
    repaired = refute(REPAIRED, sphere_sample())
    measured.exact([c for c, p in repaired.items() if len(p)], ["onto V", "V is open", "covers", "overlap open", "smooth"])
    measured.exact(repaired["onto V"][:, 1].unique().tolist(), [0.0])  # the pole has one longitude only
    measured.exact({tuple(p) for p in repaired["V is open"].tolist()}, {(0, 0, 1), (1, 0, 0)})
    assert quoted["arctan_in_place"] == pytest.approx(0.25, abs=0.002)
    assert quoted["arctan_recovers"] == pytest.approx(0.5, abs=0.002)


@pytest.mark.claim("MF-06")
@settings(deadline=None)
@given(st.floats(0.01, 1.56), st.floats(0.01, 3.13))
def test_arctan_gives_antipodal_longitudes_one_coordinate(theta, phi):
    pair = spherical(torch.tensor([theta, theta + math.pi]), torch.tensor([phi, phi]))
    first, second = longitude_arctan(pair)
    assert first.item() == pytest.approx(second.item(), abs=1e-9)
    assert (pair[0] - pair[1]).norm().item() == pytest.approx(2 * math.sin(phi), abs=1e-9)


@pytest.mark.claim("MF-06")
def test_the_longitude_jumps_at_the_seam_and_at_the_pole(measured):
    eps = 1e-6
    seam = spherical(torch.tensor([eps, 2 * math.pi - eps]), torch.full((2,), 1.0))
    measured((seam[0] - seam[1]).norm(), 2 * eps * math.sin(1), atol=1e-15)
    measured(longitude(seam).diff(), 2 * math.pi - 2 * eps, atol=1e-12)
    pole = spherical(torch.tensor([0.0, 3.0]), torch.full((2,), eps))
    measured((pole[0] - pole[1]).norm(), 2 * eps * math.sin(1.5), atol=1e-15)
    measured(longitude(pole).diff(), 3.0, atol=1e-9)


@pytest.mark.claim("MF-06b")
def test_neither_chart_contains_the_south_pole(measured):
    for chart in REPAIRED.charts:
        measured.exact(chart.domain(POLES).tolist(), [True, False])
    measured.exact(refute(REPAIRED, sphere_sample())["covers"].tolist(), [[0.0, 0.0, -1.0]])


@pytest.mark.claim("MF-07")
def test_the_two_angle_charts_differ_by_a_reflection(measured):
    alpha, beta = REPAIRED.charts
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
@settings(deadline=None)
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


@pytest.mark.claim("MF-10", "BR-20")
def test_the_single_precision_round_trip_fails_for_some_seeds(measured, quoted):
    measured.exact(quoted["seeds"], 20_000)
    assert 0 <= quoted["seeds"] - quoted["theta_survives"] <= 5
    assert 5 <= quoted["phi_fails"] <= 25
    assert 5 <= quoted["phi_fails_other_order"] <= 25
    measured.exact(quoted["phi_survives"] + quoted["phi_fails"], 20_000)
    measured(quoted["double_worst"], 0.0, atol=1e-11)
    angles = torch.stack([random_angles(seed, torch.float64) for seed in range(200)])
    measured.exact(survives(angles).all().item(), True)


@pytest.mark.claim("BR-20")
def test_failures_lie_near_the_poles_and_depend_on_how_the_angles_were_made(measured, quoted):
    measured.exact(quoted["stable_fails"], 0)
    assert quoted["generic_fails"] / quoted["generic_seeds"] > 50 * quoted["phi_fails"] / quoted["seeds"]
    assert quoted["phi_fails_south"] > quoted["phi_fails"] / 2
    away = random_angles(3, torch.float64).to(torch.float32)
    away[1].clamp_(0.1, math.pi - 0.1)
    measured.exact(survives(away[None]).all().item(), True)
    below_one = np.nextafter(np.float32(1), np.float32(0))
    measured(1 - below_one, 2**-24, atol=0.0)
    measured(math.acos(below_one), math.sqrt(2**-23), atol=1e-10)


@pytest.mark.claim("MF-11")
def test_the_round_trip_passes_although_the_charts_are_refuted(measured):
    measured.exact(survives(random_angles(0, torch.float32)[None]).tolist(), [[True, True]])
    measured.exact(len(refuted(REPAIRED, sphere_sample())) > 0, True)
    random_only = sphere_sample()[6:]
    measured.exact(refuted(REPAIRED, random_only), ["onto V"])  # asked at coordinates of its own


@pytest.mark.claim("MF-14")
def test_the_two_descriptions_agree_only_on_the_overlap(measured):
    with pytest.raises(ValueError, match="is the pole"):
        stereographic(spherical(torch.tensor([0.0]), torch.tensor([0.0])))
    turns = spherical(torch.linspace(0, 6, 7), torch.zeros(7))
    measured(turns, POLES[0], atol=0.0)


@pytest.mark.claim("MF-13")
def test_the_height_of_a_uniform_point_is_uniform(measured, quoted):
    p = uniform_on_sphere(20_000, torch.Generator().manual_seed(1))
    assert scipy.stats.kstest(p[:, 2].numpy(), scipy.stats.uniform(-1, 2).cdf).pvalue > 0.001
    q = uniform_in_angles(20_000, torch.Generator().manual_seed(1))
    assert scipy.stats.kstest(q[:, 2].numpy(), scipy.stats.uniform(-1, 2).cdf).pvalue < 1e-9
    measured(quoted["mean_z"], 0.0, atol=4 / math.sqrt(3e6))
    measured(quoted["mean_z2"], 1 / 3, atol=0.0015)
    area = sp.integrate(sp.sin(P), (P, 0, sp.pi / 6)) / 2 * 2
    measured(quoted["cap_area"], float(area), atol=1e-15)
    measured(quoted["cap_even"], quoted["cap_area"], atol=0.002)
    measured(quoted["cap_uneven"], 1 / 3, atol=0.002)


@pytest.mark.claim("MF-122")
@pytest.mark.parametrize("phi", [0.2, math.pi / 2, 2.5])
def test_no_longitude_head_is_right_on_a_circle_of_latitude(measured, phi):
    torch.manual_seed(0)
    head = nn.Sequential(nn.Linear(3, 32), nn.Tanh(), nn.Linear(32, 1))

    def at(p):  # the point of this latitude that lies over the point p of the circle
        return torch.cat([math.sin(phi) * p, torch.full((len(p), 1), math.cos(phi))], dim=1)

    with torch.no_grad():
        p = antipodal_clash(lambda p: head(at(p)))
        pair = torch.cat([p, -p])
        errors = angular_error(head(at(pair)), pair)
    measured(errors.sum(), math.pi, atol=1e-9)
    assert errors.max() >= math.pi / 2 - 1e-9
    measured(longitude(at(pair)), angle(pair)[:, 0], atol=1e-12)


def test_the_network_ends_on_the_sphere():
    torch.manual_seed(0)
    x = torch.randn(7, 3)
    turn = torch.linalg.qr(torch.randn(3, 3)).Q
    head = OntoSphere()
    torch.testing.assert_close(head(x).norm(dim=1), torch.ones(7))
    torch.testing.assert_close(head(x @ turn.T), head(x) @ turn.T)
    with pytest.raises(ValueError, match="has no direction"):
        head(torch.zeros(1, 3))


@settings(deadline=None)
@given(st.floats(0, 6.28), st.floats(1e-5, 3.1415))
def test_solution_stable_round_trip(theta, phi):
    angles = torch.tensor([theta], dtype=torch.float32), torch.tensor([phi], dtype=torch.float32)
    back = stable_round_trip(*angles)
    torch.testing.assert_close(back[1], angles[1], rtol=1e-5, atol=1e-6)
    turn = (back[0] - angles[0]).double().cos()
    torch.testing.assert_close(turn, torch.ones(1), rtol=0, atol=1e-9)


def test_solution_stable_round_trip_survives_where_the_plain_one_fails():
    angles = torch.tensor([1.0], dtype=torch.float32), torch.tensor([1e-4], dtype=torch.float32)
    assert not torch.isclose(round_trip(*angles)[1], angles[1], rtol=1e-2)
    assert torch.isclose(stable_round_trip(*angles)[1], angles[1], rtol=1e-5)


def test_solution_normalised_gaussians_are_uniform():
    z = normalised_gaussians(20_000, 3, torch.Generator().manual_seed(0))[:, 2]
    assert scipy.stats.kstest(z.numpy(), scipy.stats.uniform(-1, 2).cdf).pvalue > 0.001


def test_names_of_the_hemispheres():
    assert [c.name for c in HEMISPHERES.charts] == ["x > 0", "x < 0", "y > 0", "y < 0", "z > 0", "z < 0"]


test_numbers = numbers(
    "manifolds.sphere",
    {
        "arctan_in_place": near(0.25, 0.002),
        "arctan_recovers": near(0.5, 0.002),
        "cap_area": 1 - math.sqrt(3) / 2,
        "cap_even": near(1 - math.sqrt(3) / 2, 0.0015),
        "cap_uneven": near(1 / 3, 0.0015),
        "double_worst": below(1e-11),
        "generic_fails": between(70, 140),
        "generic_seeds": 1000,
        "mean_z": near(0, 0.0024),
        "mean_z2": near(1 / 3, 0.0015),
        "phi_fails": between(5, 25),
        "phi_fails_other_order": between(5, 25),
        "phi_fails_south": between(4, 25),
        "phi_survives": between(19_975, 19_995),
        "seeds": 20_000,
        "shell_farthest": between(1.003, math.sqrt(1.01)),
        "shell_nearest": between(math.sqrt(0.99), 0.996),
        "shell_points": 1800,
        "stable_fails": 0,
        "theta_survives": between(19_996, 20_000),
        "upper_below_equator": near(900 / 1784, 1e-6),
        "upper_lowest": -1.0,
    },
)
