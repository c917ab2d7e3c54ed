"""The program that looks for counterexamples: right atlases pass, and each clause catches its own defect."""

import math

import pytest
import torch

from snippets.manifolds.atlas import Atlas, Chart, jacobian, refute, unit_ball, verdict
from snippets.manifolds.circle import (
    ANGLES,
    DOUBLED_LINE,
    HALF_OPEN,
    STEREOGRAPHIC,
    TWO_ORIGINS,
    circle_sample,
    on_the_circle,
    stereographic,
)
from snippets.manifolds.sphere import sphere_sample, spherical

NORTH, SOUTH = STEREOGRAPHIC.charts
CLAUSES = ["lands in V", "injective", "onto V", "V is open", "covers", "overlap open", "smooth", "separated"]
LINE_SAMPLE = torch.tensor([[0.0], [1.0], [-2.0]])


def everywhere(x):
    return x.isfinite().all(1)


LINE = Chart("x", everywhere, everywhere, lambda p: p, lambda x: x)


def refuted(atlas: Atlas, points: torch.Tensor) -> list[str]:
    return [clause for clause, failures in refute(atlas, points).items() if len(failures)]


@pytest.mark.claim("MF-101", "MF-102", "BR-01", by="example")
def test_stereographic_charts_pass_every_clause(measured):
    measured.exact(list(refute(STEREOGRAPHIC, circle_sample())), CLAUSES)
    measured.exact(refuted(STEREOGRAPHIC, circle_sample()), [])


@pytest.mark.claim("MF-101", "MF-102", by="example")
@pytest.mark.parametrize(
    ("clauses", "broken"),
    [
        (["lands in V", "V is open", "overlap open"], {"image": lambda u: (u > -1).all(1)}),
        (["covers"], {"domain": lambda p: p[:, 1].abs() < 0.6, "image": lambda u: ((u.abs() > 0.5) & (u.abs() < 2)).all(1)}),
        (["V is open", "overlap open"], {"domain": lambda p: p[:, 1] >= 0, "image": lambda u: (u.abs() <= 1).all(1)}),
        (["onto V", "covers"], {"domain": lambda p: (p[:, 1] != -1) & (p[:, 1] != 1)}),
    ],
)  # fmt: skip
def test_a_broken_chart_is_refuted_in_its_own_clauses(clauses, broken):
    assert refuted(Atlas("broken", (NORTH, SOUTH._replace(**broken))), circle_sample()) == clauses


@pytest.mark.claim("MF-101", by="example")
def test_a_map_that_is_not_one_to_one_is_refuted():
    folded = SOUTH._replace(coordinates=lambda p: stereographic(p, -1).abs())
    assert "injective" in refuted(Atlas("folded", (NORTH, folded)), circle_sample())


@pytest.mark.claim("MF-101", by="example")
@pytest.mark.parametrize("end", [torch.inf, 2 * math.pi + 1e-3, 7.0])
def test_coordinates_that_no_point_has_are_found(end):
    first, second = ANGLES.charts
    long = first._replace(image=lambda t: ((t > 0) & (t < end)).all(1))
    failures = refute(Atlas("an angle that goes on", (long, second)), circle_sample())
    assert [clause for clause, found in failures.items() if len(found)] == ["onto V"]
    assert (failures["onto V"] >= 2 * math.pi).all()


@pytest.mark.claim("MF-101", by="example")
def test_a_hemisphere_that_claims_the_plane_is_refuted():
    lower = Chart(
        "z < 0",
        lambda p: p[:, 2] < 0,
        everywhere,
        lambda p: p[:, :2],
        lambda x: torch.cat([x, -(1 - x.square().sum(1, keepdim=True)).sqrt()], 1),
    )
    assert refuted(Atlas("too much", (NORTH, SOUTH, lower)), sphere_sample(50)) == ["onto V"]
    right = lower._replace(image=lambda x: x.norm(dim=1) < 1)
    assert refuted(Atlas("the disc", (NORTH, SOUTH, right)), sphere_sample(50)) == []


def test_a_hole_in_the_domain_that_the_image_does_not_have_is_found():
    punctured = LINE._replace(domain=lambda p: (p != 0).all(1))
    assert refute(Atlas("hole", (LINE, punctured)), LINE_SAMPLE)["onto V"].unique().tolist() == [0.0]


def test_balls_are_looked_for_down_to_a_billionth():
    positive = lambda x: (x > 0).all(1)  # noqa: E731
    half = LINE._replace(domain=positive, image=positive)
    failures = refute(Atlas("half", (LINE, half)), torch.tensor([[1.01e-9], [0.9e-9]]))
    assert failures["V is open"].tolist() == [[0.9e-9]]


def test_the_far_edge_of_a_small_piece_of_the_image_is_reached():
    points = torch.cat([torch.linspace(0.1, 0.9, 9), torch.tensor([2.005])])[:, None]
    pieces = lambda end: lambda x: (((x > 0) & (x < 1)) | ((x > 2) & (x < end))).all(1)  # noqa: E731
    pair = LINE._replace(domain=pieces(2.009), image=pieces(2.01))
    assert refuted(Atlas("pieces", (LINE, pair)), points) == ["onto V"]


def test_an_edge_that_few_coordinates_lie_beyond_is_reached():
    between = lambda end: lambda x: ((x > -3) & (x < end)).all(1)  # noqa: E731
    long = LINE._replace(domain=between(19.9), image=between(20))
    assert refuted(Atlas("long", (LINE, long)), LINE_SAMPLE) == ["onto V"]


@pytest.mark.claim("MF-102", by="example")
@pytest.mark.parametrize(
    ("there", "back"),
    [
        (lambda p: torch.where(p > 0, 2 * p, p), lambda x: torch.where(x > 0, x / 2, x)),
        (lambda p: p + p.relu(), lambda x: x - x.relu() / 2),
        (lambda p: p**3, lambda x: x.sign() * x.abs() ** (1 / 3)),
    ],
)
def test_a_kink_or_a_cube_root_at_a_sample_is_found(there, back):
    other = LINE._replace(coordinates=there, point=back)
    failures = refute(Atlas("kinked", (LINE, other)), LINE_SAMPLE)
    assert [clause for clause, found in failures.items() if len(found)] == ["smooth"]
    assert failures["smooth"].unique().tolist() == [0.0]


@pytest.mark.claim("MF-102", by="example")
def test_curved_changes_of_coordinates_are_smooth():
    curved = LINE._replace(
        image=lambda x: (x > 0).all(1), coordinates=lambda p: (3 * p).exp(), point=lambda x: x.log() / 3
    )
    assert refuted(Atlas("exponential", (LINE, curved)), LINE_SAMPLE) == []


@pytest.mark.claim("MF-105")
def test_the_line_with_two_origins_fails_only_to_separate_them(measured):
    failures = refute(TWO_ORIGINS, DOUBLED_LINE)
    measured.exact([c for c, p in failures.items() if len(p)], ["separated"])
    measured.exact(failures["separated"].tolist(), [[0.0, 1.0]])
    late = torch.cat([torch.cat([torch.linspace(1, 9, 60)[:, None], torch.zeros(60, 1)], 1), DOUBLED_LINE])
    measured.exact(refute(TWO_ORIGINS, late)["separated"].tolist(), [[0.0, 1.0]])


def test_equal_points_and_neighbours_are_no_failure_of_separation():
    p = on_the_circle(torch.tensor([0.0, 0.0, 1e-10, 1e-5]))
    assert refuted(STEREOGRAPHIC, p) == []


def test_no_points_refute_nothing():
    assert refuted(STEREOGRAPHIC, torch.empty(0, 2)) == []


def test_single_precision_and_mixed_dimensions_are_refused():
    with pytest.raises(ValueError, match=r"float32.*points.double\(\)"):
        refute(STEREOGRAPHIC, circle_sample().float())
    flat = Chart("disc", lambda p: p[:, 0] > 9, everywhere, lambda p: p, lambda x: x)
    with pytest.raises(ValueError, match=r"dimensions \[1, 2\]"):
        refute(Atlas("mixed", (NORTH, flat)), circle_sample())


def test_jacobian_of_a_known_map():
    f = lambda x: torch.stack([x[:, 0] * x[:, 1], x[:, 0] ** 3, x[:, 1].exp()], dim=1)  # noqa: E731
    expected = torch.tensor([[[3.0, 2.0], [12.0, 0.0], [0.0, math.exp(3)]]])
    torch.testing.assert_close(jacobian(f, torch.tensor([[2.0, 3.0]])), expected)
    turned = jacobian(lambda x: spherical(x[:, 0], x[:, 1]), torch.zeros(1, 2))
    torch.testing.assert_close(turned, torch.tensor([[[0.0, 1.0], [0.0, 0.0], [0.0, 0.0]]]))


def test_the_verdict_names_the_first_counterexample():
    assert verdict(refute(HALF_OPEN, circle_sample())) == "V is open    refuted once, at (1, 0)"
    assert verdict(refute(STEREOGRAPHIC, circle_sample())) == "no counterexample to any of the 8 clauses"
    assert verdict({"covers": torch.tensor([[-0.0, 0.5], [1.0, 2.0]])}) == (
        "covers       refuted 2 times, first at (0, 0.5)"
    )


def test_the_points_of_the_grid_are_those_of_the_closed_ball():
    """In the plane: the middle, eight points around it at most 1/√2 away, and four on the circle."""
    assert sorted(unit_ball(2).square().sum(dim=1).tolist()) == [0, *[0.25] * 4, *[0.5] * 4, *[1] * 4]
