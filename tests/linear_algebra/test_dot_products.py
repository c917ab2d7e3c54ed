"""Tests of the chapter on dot products."""

import math

import numpy as np
import pytest
import scipy.integrate
import scipy.stats
import sympy
import sympy.stats
import torch
from hypothesis import assume, given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from torch import nn

from book import expect
from book.expect import near
from snippets.linear_algebra.dot_products import (
    angle,
    attend,
    by_columns,
    by_rows,
    cosine,
    dot,
    dot_from_lengths,
    largest_weight,
    length,
    orthonormal_coordinates,
    orthonormalise,
    project,
    random_cosines,
    scores,
    signed_distance,
    signed_length,
)
from snippets.linear_algebra.span import coordinates

numbers = st.floats(-100, 100).map(lambda x: round(x, 3))


def tensors(*shape: int) -> st.SearchStrategy[torch.Tensor]:
    """Tensors of moderate numbers."""
    return arrays("float64", shape, elements=numbers).map(torch.tensor)


nonzero = tensors(3).filter(lambda v: bool(v.norm() > 1e-2))
v, w = torch.tensor([1.0, 2.0]), torch.tensor([3.0, -1.0])
e1 = torch.tensor([1.0, 0.0])


@pytest.mark.claim("LA-14", "LA-15")
def test_worked_product(measured):
    measured.exact(dot(v, w).item(), 1.0)
    measured.exact(sympy.Matrix([1, 2]).dot(sympy.Matrix([3, -1])), 1)
    measured.exact((v[None, :] @ w[:, None]).tolist(), [[1.0]])


@pytest.mark.claim("LA-141")
@given(tensors(4), tensors(4), tensors(4), numbers)
def test_dot_is_symmetric_and_linear_in_each_argument(x, y, z, a):
    assert torch.allclose(dot(x, y), torch.dot(x, y), atol=1e-8)
    assert dot(x, y) == dot(y, x)
    assert torch.allclose(dot(a * x + y, z), a * dot(x, z) + dot(y, z), atol=1e-6)
    assert dot(x, x) >= 0


@pytest.mark.claim("LA-142")
@given(nonzero, nonzero)
def test_dot_is_lengths_times_cosine_by_the_law_of_cosines(x, y):
    opposite = length(x - y)
    theta = torch.deg2rad(angle(x, y))
    expected = length(x) ** 2 + length(y) ** 2 - 2 * length(x) * length(y) * theta.cos()
    assert torch.allclose(opposite**2, expected, atol=1e-6)


@pytest.mark.claim("LA-142")
@given(st.floats(0.01, 3.13), st.floats(0, 6.28), st.floats(0.1, 50), st.floats(0.1, 50))
def test_dot_measures_the_angle_that_was_put_in(theta, start, r, s):
    x = r * torch.tensor([math.cos(start), math.sin(start)])
    y = s * torch.tensor([math.cos(start + theta), math.sin(start + theta)])
    assert dot(x, y).item() == pytest.approx(r * s * math.cos(theta), abs=1e-9)
    assert angle(x, y).item() == pytest.approx(math.degrees(theta), abs=1e-6)


@pytest.mark.claim("LA-143")
@given(tensors(5), tensors(5))
def test_cauchy_schwarz(x, y):
    assert dot(x, y).abs() <= length(x) * length(y) * (1 + 1e-12)


@pytest.mark.claim("LA-143")
@given(st.lists(st.integers(-9, 9), min_size=3, max_size=3), st.lists(st.integers(-9, 9), min_size=3, max_size=3))
def test_cauchy_schwarz_is_equal_on_one_line_only(x, y):
    product, lengths = sum(a * b for a, b in zip(x, y, strict=True)) ** 2, sum(a * a for a in x) * sum(b * b for b in y)
    assert (product == lengths) == (sympy.Matrix([x, y]).rank() < 2)  # exact, in integers
    v, w = torch.tensor(x).double(), torch.tensor(y).double()
    assert torch.allclose((dot(v, w) ** 2).round(), torch.tensor(product).double())
    assert torch.allclose((length(v) * length(w)) ** 2, torch.tensor(lengths).double())


@pytest.mark.claim("LA-143", "LA-144", by="proved")
def test_the_difference_in_cauchy_schwarz_is_a_sum_of_squares(measured):
    x, y = sympy.symbols("x:3"), sympy.symbols("y:3")
    gap = sum(a * a for a in x) * sum(b * b for b in y) - sum(a * b for a, b in zip(x, y, strict=True)) ** 2
    squares = sum((x[i] * y[j] - x[j] * y[i]) ** 2 for i in range(3) for j in range(i))
    measured.exact(sympy.expand(gap - squares), 0)


@pytest.mark.parametrize("unit", [1e-200, 1e-30, 1e30, 1e200])
def test_the_unit_does_not_matter(unit, measured):
    measured(angle(unit * v, w), angle(v, w), atol=1e-12)
    measured(angle(v, unit * w), angle(v, w), atol=1e-12)
    measured(project(w, unit * v), project(w, v), atol=1e-15)
    measured(angle(unit * v, unit * v), 0.0, atol=1e-5)


def test_single_precision_and_batches_are_followed():
    x, y = v.float(), w.float()
    for result in (dot(x, y), length(x), project(x, y), angle(x, y), attend(x[None], y[None], x[None]),
                   orthonormal_coordinates(torch.eye(2).float(), x), orthonormalise(torch.eye(2).float())):  # fmt: skip
        assert result.dtype == torch.float32
    assert dot(torch.zeros(4, 0, 3), torch.zeros(4, 0, 3)).shape == (4, 0)
    assert length(torch.ones(2, 5, 4)).tolist() == [[2.0] * 5] * 2
    q, k, values = torch.ones(2, 3, 5, 8), torch.ones(2, 3, 6, 8), torch.ones(2, 3, 6, 4)
    assert attend(q, k, values).shape == (2, 3, 5, 4)
    assert attend(q[:, :0], k[:, :0], values[:, :0]).shape == (2, 0, 5, 4)


@pytest.mark.claim("LA-315")
@given(st.integers(2, 3000), st.floats(0, 0.7))
def test_large_cosines_are_exponentially_rare(n, bound):
    exact = scipy.stats.beta(0.5, (n - 1) / 2).sf(bound**2)  # the law of the squared cosine
    assert exact <= 2 * np.exp(-n * bound**2 / 2) * (1 + 1e-12)


@pytest.mark.parametrize("bound", [0.1, 0.3, 0.6])
def test_the_cosines_of_random_directions_have_that_law(bound):
    sample = float((random_cosines(10, 20_000).abs() > bound).double().mean())
    assert abs(sample - scipy.stats.beta(0.5, 4.5).sf(bound**2)) < 0.02


def test_a_zero_vector_makes_no_angle_and_no_line():
    with pytest.raises(ValueError, match="zero vector"):
        angle(v, torch.zeros(2))
    with pytest.raises(ValueError, match="zero vector"):
        project(w, torch.zeros(2))


@pytest.mark.claim("LA-144")
@given(nonzero, tensors(3), st.floats(-10, 10))
def test_the_shadow_is_the_nearest_point_and_the_rest_is_perpendicular(x, y, t):
    shadow = project(y, x)
    assert abs(dot(y - shadow, x)) < 1e-6
    assert length(y - shadow) <= length(y - t * x) + 1e-9
    assert torch.allclose(project(shadow, x), shadow, atol=1e-9)


@pytest.mark.claim("LA-145")
def test_worked_shadow(measured):
    measured(project(w, v), torch.tensor([0.2, 0.4]), atol=1e-15)
    a, b = sympy.Matrix([1, 2]), sympy.Matrix([3, -1])
    measured.exact(b.project(a), sympy.Matrix([sympy.Rational(1, 5), sympy.Rational(2, 5)]))


@pytest.mark.claim("LA-16")
@given(nonzero, tensors(3))
def test_dot_is_the_length_times_the_signed_length_of_the_shadow(x, y):
    assert torch.allclose(length(x) * signed_length(y, x), dot(x, y), atol=1e-7)
    assert torch.allclose(signed_length(y, x).abs(), length(project(y, x)), atol=1e-9)


@pytest.mark.claim("LA-16")
def test_a_product_of_lengths_misses_the_sign(measured):
    measured(length(v) * length(project(w, v)), 1.0, atol=1e-15)
    measured(length(v) * length(project(-w, v)), 1.0, atol=1e-15)
    measured.exact(dot(v, -w).item(), -1.0)


@pytest.mark.claim("LA-146")
@given(nonzero, nonzero)
def test_either_vector_may_cast_the_shadow(x, y):
    assert torch.allclose(length(x) * signed_length(y, x), length(y) * signed_length(x, y), atol=1e-7)


@pytest.mark.claim("LA-17", "LA-19")
@given(nonzero, nonzero)
def test_the_sign_tells_acute_from_obtuse(x, y):
    assume(abs(cosine(x, y)) > 1e-9)
    assert (dot(x, y) > 0) == (angle(x, y) < 90)
    assert (dot(x, y) < 0) == (angle(x, y) > 90)


@pytest.mark.claim("LA-17", "LA-19")
@pytest.mark.parametrize("sign", [1, -1])
def test_almost_perpendicular_vectors_have_dot_products_of_either_sign(sign, measured):
    other = torch.tensor([float(sign), 100.0])
    measured.exact(dot(e1, other).item(), float(sign))
    measured(angle(e1, other), np.degrees(np.arctan2(100, sign)), atol=1e-9)


@pytest.mark.claim("LA-19")
@given(nonzero, st.floats(0.1, 10))
def test_opposite_means_cosine_minus_one(x, factor):
    assert cosine(x, -factor * x).item() == pytest.approx(-1)
    assert angle(x, -factor * x).item() == pytest.approx(180, abs=1e-5)


@pytest.mark.claim("LA-18")
def test_zero_means_perpendicular(measured):
    turned = torch.tensor([2.0, -1.0])
    measured.exact(dot(v, turned).item(), 0.0)
    measured(angle(v, turned), 90.0, atol=1e-12)
    measured.exact(dot(v, torch.zeros(2)).item(), 0.0)


@pytest.mark.claim("LA-18")
@given(nonzero, nonzero)
def test_subtracting_the_shadow_leaves_a_right_angle(x, y):
    rest = y - project(y, x)
    assume(length(rest) > 1e-3 * length(y))
    assert angle(rest, x).item() == pytest.approx(90, abs=1e-6)


@pytest.mark.claim("LA-147")
@pytest.mark.parametrize("n", [2, 3, 10, 100])
def test_mean_square_of_random_cosines_is_one_over_n(n, measured):
    weight = lambda t: math.sin(t) ** (n - 2)  # noqa: E731
    total, _ = scipy.integrate.quad(weight, 0, math.pi)
    second, _ = scipy.integrate.quad(lambda t: math.cos(t) ** 2 * weight(t), 0, math.pi)
    measured(second / total, 1 / n, atol=1e-9)
    assert float((random_cosines(n, 20_000) ** 2).mean()) == pytest.approx(1 / n, rel=0.05)


@pytest.mark.claim("LA-20")
def test_worked_matrix_vector_product(measured):
    matrix, x = torch.tensor([[1.0, 2.0], [3.0, 4.0], [5.0, 6.0]]), torch.tensor([7.0, 8.0])
    for product in (matrix @ x, by_rows(matrix, x), by_columns(matrix, x)):
        measured.exact(product.tolist(), [23.0, 53.0, 83.0])


@pytest.mark.claim("LA-20")
@given(tensors(3, 4), tensors(4))
def test_rows_and_columns_give_the_same_product(matrix, x):
    assert torch.allclose(by_rows(matrix, x), matrix @ x, atol=1e-8)
    assert torch.allclose(by_columns(matrix, x), matrix @ x, atol=1e-8)


def random_orthogonal(n: int, seed: int) -> torch.Tensor:
    """The Q of a random matrix."""
    return torch.linalg.qr(torch.randn(n, n, generator=torch.Generator().manual_seed(seed))).Q


@pytest.mark.claim("LA-148")
@given(st.integers(0, 1000), tensors(4))
def test_orthonormal_coordinates_are_dot_products(seed, x):
    basis = random_orthogonal(4, seed)
    c = orthonormal_coordinates(basis, x)
    assert torch.allclose(c, coordinates(basis, x), atol=1e-9)
    assert torch.allclose(c.norm(), x.norm())


def test_skew_bases_are_refused():
    with pytest.raises(ValueError, match="not orthonormal"):
        orthonormal_coordinates(torch.tensor([[1.0, 0.0], [1.0, 1.0]]), v)


@pytest.mark.claim("LA-149")
@given(st.integers(0, 1000), tensors(4), tensors(4))
def test_orthogonal_matrices_keep_dot_products(seed, x, y):
    q = random_orthogonal(4, seed)
    assert torch.allclose(dot(q @ x, q @ y), dot(x, y), atol=1e-6)


@pytest.mark.claim("LA-149")
@given(st.integers(0, 1000), st.sampled_from([0.0, 1e-3, 1.0]))
def test_only_orthogonal_matrices_keep_the_dot_products_of_the_basis(seed, error):
    noise = torch.randn(3, 3, generator=torch.Generator().manual_seed(seed + 1))
    matrix, eye = random_orthogonal(3, seed) + error * noise, torch.eye(3)
    kept = all(abs(dot(matrix @ a, matrix @ b) - dot(a, b)) < 1e-9 for a in eye for b in eye)
    lengths_one = torch.allclose(torch.linalg.svdvals(matrix), torch.ones(3), atol=1e-9)
    assert kept == lengths_one == (error == 0)


@pytest.mark.claim("LA-150")
def test_products_of_standard_normal_vectors_have_variance_d(measured):
    x, y = sympy.stats.Normal("x", 0, 1), sympy.stats.Normal("y", 0, 1)
    measured.exact(sympy.stats.variance(x * y), 1)
    generator = torch.Generator().manual_seed(0)
    for d in (4, 64, 1024):
        q, k = torch.randn(2, 2000, d, generator=generator)
        assert float((q * k).sum(1).var()) == pytest.approx(d, rel=0.1)
        assert float(scores(q[:300], k[:300]).var()) == pytest.approx(1, rel=0.1)


@pytest.mark.claim("LA-151")
@given(nonzero, nonzero, st.floats(0.1, 10))
def test_scores_grow_with_the_key_and_cosines_do_not(q, k, factor):
    assert torch.allclose(scores(q[None], factor * k[None]), factor * scores(q[None], k[None]), atol=1e-8)
    assert torch.allclose(cosine(q, factor * k), cosine(q, k), atol=1e-9)
    assert torch.allclose(cosine(q, k), nn.functional.cosine_similarity(q, k, dim=0), atol=1e-9)


@pytest.mark.claim("LA-152")
def test_attention_agrees_with_torch(measured):
    q, k = torch.randn(2, 5, 8, generator=torch.Generator().manual_seed(0))
    values = torch.randn(5, 3, generator=torch.Generator().manual_seed(1))
    measured(attend(q, k, values), nn.functional.scaled_dot_product_attention(q, k, values), atol=1e-12)


@pytest.mark.claim("LA-152")
def test_the_query_and_the_three_keys_of_the_page(measured):
    keys = torch.tensor([[1.0, 2.0], [3.0, -1.0], [-0.5, -1.0]])
    raw = [math.exp(product / math.sqrt(2)) for product in (5.0, 1.0, -2.5)]
    weights = torch.tensor(raw) / sum(raw)
    measured(attend(v[None], keys, torch.eye(3))[0], weights, atol=1e-15)
    assert weights[0] > 0.9  # nearly all the weight, and the third nearly none
    assert weights[2] < 0.01


@pytest.mark.claim("LA-153")
@given(st.integers(0, 1000))
def test_turning_queries_and_keys_together_changes_no_score(seed):
    q, k = torch.randn(2, 5, 8, generator=torch.Generator().manual_seed(seed))
    turn = random_orthogonal(8, seed)
    assert torch.allclose(scores(q @ turn.T, k @ turn.T), scores(q, k), atol=1e-9)


@given(tensors(4, 3))
def test_solution_gram_schmidt(vectors):
    singular = torch.linalg.svdvals(vectors)
    assume(singular[-1] > 1e-3 * singular[0])
    q = orthonormalise(vectors)
    assert torch.allclose(q.T @ q, torch.eye(3), atol=1e-9)
    library = torch.linalg.qr(vectors)
    assert torch.allclose(q, library.Q * library.R.diag().sign(), atol=1e-7)


def test_solution_by_hand(measured):
    a, b = torch.tensor([2.0, 1.0, 2.0]), torch.tensor([1.0, 0.0, 4.0])
    measured(length(a), 3.0, atol=1e-15)
    measured.exact(sympy.Matrix([1, 0, 4]).project(sympy.Matrix([2, 1, 2])), sympy.Matrix([20, 10, 20]) / 9)
    measured(9 * (b - project(b, a)), torch.tensor([-11.0, -10.0, 16.0]), atol=1e-13)


def test_solution_gram_schmidt_refuses_dependent_columns():
    with pytest.raises(ValueError, match="column 1 depends"):
        orthonormalise(torch.tensor([[1.0, 2.0], [2.0, 4.0]]))
    with pytest.raises(ValueError, match="column 0 depends"):
        orthonormalise(torch.tensor([[0.0, 1.0], [0.0, 1.0]]))


@given(nonzero, numbers, tensors(3))
def test_solution_boundary(normal, b, x):
    d = signed_distance(normal, b, x)
    foot = x - d * normal / length(normal)
    assert abs(dot(normal, foot) + b) < 1e-6
    assert length(x - foot).item() == pytest.approx(abs(d.item()), abs=1e-9)


@given(tensors(4), tensors(4))
def test_solution_polarise(x, y):
    assert torch.allclose(dot_from_lengths(x, y), dot(x, y), atol=1e-6)


def test_solution_saturation():
    assert largest_weight(1024, scaled=False) > 0.9
    for d in (16, 1024):
        assert largest_weight(d, scaled=True) < 0.35


test_numbers = expect.numbers(
    "linear_algebra.dot_products",
    {
        "shadow": 1 / 5**0.5,
        "length_v": 5**0.5,
        "just_below": math.degrees(math.atan(100)),
        "just_above": 180 - math.degrees(math.atan(100)),
        "within_five": near(math.erf(0.05 * 500**0.5), 1e-4),  # nearly normal, of variance 1/n
        "within_five_flat": 2 / math.pi * math.asin(0.05),
        "largest_of_2000": 0.164293531,
        "scaled": 0.252024593,
        "unscaled": 0.968460946,
    },
)


@pytest.mark.parametrize("scaled", [True, False])
def test_the_largest_weight_is_that_of_sixteen_keys(scaled):
    draw = torch.Generator().manual_seed(3)
    queries, keys = torch.randn(200, 5, generator=draw), torch.randn(16, 5, generator=draw)
    weights = torch.exp(queries @ keys.T / (5**0.5 if scaled else 1.0))
    expected = (weights.amax(dim=1) / weights.sum(dim=1)).mean()
    assert abs(largest_weight(5, scaled, seed=3) - float(expected)) < 1e-12
