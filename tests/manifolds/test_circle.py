"""The circle: its charts, the clauses of the definition, and atlases that break each of them."""

import math

import pytest
import sympy as sp
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import nn

from book.expect import near, numbers
from snippets.manifolds.atlas import Atlas, jacobian, refute, transition_map
from snippets.manifolds.circle import (
    ANGLES,
    BAND,
    CROSS,
    CROSS_SAMPLE,
    HALF_OPEN,
    STEREOGRAPHIC,
    THREE_LINES,
    Direction,
    angle,
    angular_error,
    band_sample,
    circle_sample,
    fit,
    half_turn,
    inverse_stereographic,
    mlp,
    on_the_circle,
    origin_chart,
    stereographic,
    stereographic_chart,
)

NORTH, SOUTH = STEREOGRAPHIC.charts


def refuted(atlas: Atlas, points: torch.Tensor) -> list[str]:
    return [clause for clause, failures in refute(atlas, points).items() if len(failures)]


@pytest.mark.claim("MF-103")
def test_projection_and_inverse_are_inverse_symbolically(measured):
    u, x, y = sp.symbols("u x y", real=True)
    point = (2 * u / (u**2 + 1), (u**2 - 1) / (u**2 + 1))
    measured.exact(sp.simplify(point[0] ** 2 + point[1] ** 2), sp.Integer(1))
    measured.exact(sp.simplify(point[0] / (1 - point[1])), u)
    back = point[0].subs(u, x / (1 - y))
    measured.exact(sp.simplify((back - x).subs(x, sp.sqrt(1 - y**2))), sp.Integer(0))
    values = torch.linspace(-5, 5, 11)[:, None]
    expected = [[float(c.subs(u, v)) for c in point] for v in values[:, 0].tolist()]
    measured(inverse_stereographic(values), expected, atol=1e-14)


@pytest.mark.claim("MF-103")
@given(st.floats(-1e3, 1e3), st.sampled_from([1, -1]))
def test_coordinates_come_back(u, pole):
    x = torch.tensor([[u]])
    torch.testing.assert_close(stereographic(inverse_stereographic(x, pole), pole), x, rtol=1e-9, atol=1e-12)


@pytest.mark.claim("MF-103")
def test_projection_is_the_ray_through_the_pole(measured):
    p = circle_sample()[2:]
    u = stereographic(p)
    pole, target = torch.tensor([0.0, 1.0]), torch.cat([u, torch.zeros_like(u)], 1)
    a, b = p - pole, target - pole
    measured((a[:, 0] * b[:, 1] - a[:, 1] * b[:, 0]) / b.norm(dim=1), 0.0, atol=1e-12)


@pytest.mark.claim("BR-01")
def test_the_transition_is_one_over_u(measured):
    u = sp.symbols("u", nonzero=True)
    measured.exact(sp.simplify((2 * u / (u**2 + 1)) / (1 + (u**2 - 1) / (u**2 + 1)) - 1 / u), sp.Integer(0))
    x = torch.cat([torch.linspace(-4, -0.1, 40), torch.linspace(0.1, 4, 40)])[:, None]
    measured(transition_map(NORTH, SOUTH)(x), 1 / x, atol=1e-12)
    measured(transition_map(SOUTH, NORTH)(x), 1 / x, atol=1e-12)
    measured(jacobian(transition_map(NORTH, SOUTH), x)[:, 0], -1 / x**2, atol=1e-10)


@pytest.mark.claim("MF-104")
def test_one_half_open_angle_fails_where_its_interval_is_closed(measured):
    failures = refute(HALF_OPEN, circle_sample())
    measured.exact([c for c, p in failures.items() if len(p)], ["V is open"])
    measured.exact(failures["V is open"].tolist(), [[1.0, 0.0]])


@pytest.mark.claim("MF-101")
def test_a_ball_that_comes_back_elsewhere_has_not_come_back(measured):
    claims_all_numbers = HALF_OPEN.charts[0]._replace(image=lambda t: t.isfinite().all(1))
    failures = refute(Atlas("V = R", (claims_all_numbers,)), circle_sample())
    measured.exact([clause for clause, p in failures.items() if len(p)], ["onto V", "V is open"])
    measured.exact(failures["V is open"].tolist(), [[1.0, 0.0]])


@pytest.mark.claim("MF-106")
def test_a_random_sample_does_not_see_the_missing_point(measured):
    one = Atlas("one chart", (NORTH,))
    measured.exact(refuted(one, circle_sample()[4:]), [])
    measured.exact(refuted(one, circle_sample()), ["covers"])


@pytest.mark.claim("MF-107")
@settings(max_examples=25)
@given(st.integers(0, 10**6), st.floats(-20, 20))
def test_a_continuous_head_is_wrong_by_half_a_turn_somewhere(seed, offset):
    torch.manual_seed(seed)
    network = mlp(1)
    head = lambda p: network(p) + offset  # noqa: E731
    with torch.no_grad():
        p = half_turn(head)
        error = angular_error(head(p), p)
    assert p.norm().item() == pytest.approx(1)
    assert error.item() == pytest.approx(math.pi, abs=1e-9)


@pytest.mark.claim("MF-107")
def test_half_turn_finds_the_one_point_of_a_head_that_knows_the_rest():
    for cut in (0.0, 1.0, 4.0):
        steep = lambda p, cut=cut: 2 * torch.atan2(p @ on_the_circle(torch.tensor([cut + 1.5])).T, torch.tensor(1.0))  # noqa: E731
        p = half_turn(steep)
        assert angular_error(steep(p), p).item() == pytest.approx(math.pi, abs=1e-9)
    constant = half_turn(lambda p: torch.full((len(p), 1), 0.5))
    torch.testing.assert_close(constant, on_the_circle(torch.tensor([0.5 + math.pi])))


def test_angle_and_its_error_go_round_the_seam():
    p = on_the_circle(torch.tensor([0.0, 3.0, 6.2]))
    torch.testing.assert_close(angle(p)[:, 0], torch.tensor([0.0, 3.0, 6.2]))
    torch.testing.assert_close(angle(p, -math.pi)[:, 0], torch.tensor([0.0, 3.0, 6.2 - 2 * math.pi]))
    error = angular_error(torch.tensor([[6.2]]), on_the_circle(torch.tensor([0.1])))
    assert error.item() == pytest.approx(0.1 + 2 * math.pi - 6.2)


def test_a_pole_and_a_point_off_the_circle_are_refused():
    with pytest.raises(ValueError, match=r"\[0.0, 1.0\] is the pole"):
        stereographic(torch.tensor([[1.0, 0.0], [0.0, 1.0]]))
    with pytest.raises(ValueError, match=r"\[0.0, -1.0\] is the pole"):
        stereographic(torch.tensor([[0.0, -1.0]]), -1)
    with pytest.raises(ValueError, match=r"\[3.0, 4.0\] is not on the unit sphere"):
        stereographic(torch.tensor([[3.0, 4.0]]))


def test_charts_are_named():
    assert [stereographic_chart(pole).name for pole in (1, -1)] == [
        "from the north pole",
        "from the south pole",
    ]


def test_solution_two_angles_are_an_atlas():
    assert refuted(ANGLES, circle_sample()) == []
    first, second = ANGLES.charts
    x = torch.tensor([[0.5], [3.0], [4.0], [6.0]])
    shift = transition_map(first, second)(x) - x
    torch.testing.assert_close(shift[:, 0], torch.tensor([0.0, 0.0, -2 * math.pi, -2 * math.pi]))


def test_solution_cross():
    assert "injective" in refuted(CROSS, CROSS_SAMPLE)


def test_the_angle_is_below_a_full_turn_at_the_seam():
    p = torch.tensor([[1.0, -1e-17], [1.0, -0.0], [1.0, 0.0], [1.0, 1e-17], [1.0, -1e-9]])
    for cut in (0.0, -math.pi, 1.0):
        t = angle(p, cut)
        assert ((t >= cut) & (t < cut + 2 * math.pi)).all()
        assert angle(p.float(), cut).dtype == torch.float32
    assert len(refute(HALF_OPEN, p)["lands in V"]) == 0


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
@pytest.mark.parametrize("shape", [(0, 2), (5, 2), (4, 3), (3, 6)])
def test_projection_follows_dtype_and_dimension(dtype, shape):
    p = torch.nn.functional.normalize(
        torch.randn(shape, generator=torch.Generator().manual_seed(0), dtype=dtype), dim=1
    )
    for pole in (1, -1):
        u = stereographic(p, pole)
        assert (u.dtype, tuple(u.shape)) == (dtype, (shape[0], shape[1] - 1))
        tolerance = {torch.float32: 1e-5, torch.float64: 1e-13}[dtype]
        torch.testing.assert_close(inverse_stereographic(u, pole), p, rtol=0, atol=tolerance)


def test_solution_three_lines_are_an_atlas_of_the_bare_cross():
    assert refuted(THREE_LINES, CROSS_SAMPLE) == []
    two = Atlas("two", THREE_LINES.charts[:2])
    assert refute(two, CROSS_SAMPLE)["covers"].tolist() == [[0.0, -0.5]]


def test_solution_the_band_is_an_atlas_and_turns_over():
    assert refuted(BAND, band_sample()) == []
    x = torch.tensor([[0.25, 0.5], [0.75, 0.5]])
    there = transition_map(*BAND.charts)
    torch.testing.assert_close(there(x), torch.tensor([[1.25, -0.5], [0.75, 0.5]]))
    torch.testing.assert_close(torch.linalg.det(jacobian(there, x)), torch.tensor([-1.0, 1.0]))
    assert refuted(Atlas("one", BAND.charts[:1]), band_sample()) == ["covers"]


test_numbers = numbers(
    "manifolds.circle",
    {
        "angle_head_typical": near(0.49815, 1e-4),  # degrees
        "angle_head_over_90": near(0.007, 0.0005),
    },
)


def test_a_head_that_is_fitted_comes_to_the_angles_within_a_few_degrees():
    torch.manual_seed(0)
    p = on_the_circle(torch.linspace(0, 6, 50))
    head = nn.Sequential(mlp(2), Direction())
    assert angular_error(fit(head, steps=0)(p), p).mean() > 1
    assert fit(head, steps=100) is head
    assert angular_error(head(p), p).mean() < math.radians(2)


@pytest.mark.parametrize("origin", [-1.0, 1.0])
def test_a_chart_through_one_origin_misses_the_other_and_nothing_else(origin):
    chart = origin_chart(origin)
    line = torch.tensor([[-2.0, 0.0], [-1.0, 0.0], [0.5, 0.0], [0.0, origin], [0.0, -origin]])
    assert chart.domain(line).tolist() == [True, True, True, True, False]
    torch.testing.assert_close(chart.point(chart.coordinates(line[:4])), line[:4])
    assert chart.image(torch.tensor([[0.0], [torch.inf], [torch.nan]])).tolist() == [True, False, False]
