"""Convolutions: polynomials, function spaces by architecture, and the theorem on strides."""

# ruff: noqa: E731

from itertools import product

import mpmath
import pytest
import sympy
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch.nn.functional import conv1d

from book.expect import near, numbers
from snippets.linear_networks.convolutions import (
    compose,
    composed,
    convolution_matrix,
    convolve,
    discriminant,
    factor,
    multiply,
    nearest_product,
    real_rooted,
    stretch,
    stride_one_optimum,
    stride_two_criticals,
)
from snippets.linear_networks.function_spaces import differential_rank

coefficients = st.floats(-3, 3).map(lambda x: round(x, 3))


def draw(*shape, seed=0):
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed))


@pytest.mark.claim("NN-08")
def test_convolution_is_that_of_torch(measured):
    for k, s, d in product((1, 2, 3, 5), (1, 2, 3), (5, 8, 9)):
        w, x = draw(k, seed=k), draw(d, seed=d)
        by_formula = torch.stack([sum(w[j] * x[i * s + j] for j in range(k)) for i in range((d - k) // s + 1)])
        measured(convolve(w, x, s), by_formula, atol=1e-13)
        measured(convolve(w, x, s), conv1d(x[None, None], w[None, None], stride=s)[0, 0], atol=1e-13)
        measured(convolution_matrix(w, d, s) @ x, by_formula, atol=1e-13)


@pytest.mark.claim("NN-08", "NN-105")
def test_composition_is_multiplication_of_polynomials(measured):
    choose = torch.Generator().manual_seed(0)
    for _ in range(200):
        k1, k2, k3, s1, s2, s3 = torch.randint(1, 4, (6,), generator=choose).tolist()
        filters = [torch.randn(k, generator=choose) for k in (k1, k2, k3)]
        x = torch.randn(60, generator=choose)
        y = convolve(filters[2], convolve(filters[1], convolve(filters[0], x, s1), s2), s3)
        whole = convolve(compose(filters, [s1, s2, s3]), x, s1 * s2 * s3)
        measured(y, whole[: len(y)], atol=1e-11)
        assert len(whole) == len(y)


@settings(deadline=None)
@given(
    st.lists(coefficients, min_size=1, max_size=5), st.lists(coefficients, min_size=1, max_size=5), st.integers(1, 4)
)
def test_polynomials_agree_with_sympy(p, q, stride):
    x = sympy.Symbol("x")
    exact = [[sympy.Rational(str(c)) for c in r] for r in (p, q)]
    polynomial = lambda cs: sum(c * x**i for i, c in enumerate(cs))
    expected = sympy.expand(polynomial(exact[0]) * polynomial(exact[1]).subs(x, x**stride))
    found = multiply(torch.tensor(p), stretch(torch.tensor(q), stride))
    for i, c in enumerate(found.tolist()):
        assert abs(c - float(expected.coeff(x, i))) < 1e-9


@pytest.mark.claim("NN-09")
def test_quadratics_that_two_filters_reach(measured):
    a, b = draw(100_000, 2), draw(100_000, 2, seed=1)
    c = torch.stack([a[:, 0] * b[:, 0], a[:, 0] * b[:, 1] + a[:, 1] * b[:, 0], a[:, 1] * b[:, 1]], dim=1)
    assert discriminant(c).min() > -1e-10
    reached = [c for c in draw(300, 3, seed=2) if discriminant(c) >= 0]
    for c in [
        *reached,
        torch.tensor([0.0, 0, 1]),
        torch.tensor([2.0, 0, 0]),
        torch.zeros(3),
        torch.tensor([0.0, 3, 0]),
    ]:
        measured(multiply(*factor(c)), c, atol=1e-12)
    for middle in (0.5, -0.5, 2.0, -2.0):  # one root is close to zero: no digit of it may be lost
        c = torch.tensor([1e-18, middle, 1.0])
        measured(multiply(*factor(c)) / c, 1, atol=1e-12)


@pytest.mark.claim("NN-09")
def test_cubics_that_stacks_reach(measured):
    for seed in range(200):
        three = composed(draw(6, seed=seed), [2, 2, 2], [1, 1, 1])
        assert real_rooted(three)
        c = draw(4, seed=seed)
        roots = mpmath.polyroots(c.flip(0).tolist(), maxsteps=200, extraprec=100)
        assert real_rooted(c) == all(abs(mpmath.im(root)) < 1e-12 for root in roots)
        real = float(mpmath.re(min(roots, key=lambda root: abs(mpmath.im(root)))))
        quotient = torch.zeros(3)
        for i in (2, 1, 0):
            quotient[i] = c[i + 1] + (real * quotient[i + 1] if i < 2 else 0)
        measured(multiply(torch.tensor([-real, 1.0]), quotient), c, atol=1e-8)


@pytest.mark.parametrize("scale", [1e-5, 1.0, 1e5])
def test_roots_are_real_whatever_their_unit(scale):
    """Roots ±1 are real and roots ±i are not, also when x is measured in other units."""
    assert real_rooted(torch.tensor([-(scale**2), 0, 1]))
    assert not real_rooted(torch.tensor([scale**2, 0, 1]))


@pytest.mark.claim("NN-09")
def test_stride_two_reaches_the_matrices_of_rank_one(measured):
    for seed in range(50):
        c = composed(draw(4, seed=seed), [2, 2], [2, 1])
        measured(c[0] * c[3], c[1] * c[2], atol=1e-12)
    a, b = torch.tensor([2.0, -1.0]), torch.tensor([0.5, 3.0])
    measured(compose([a, b], [2, 1]).reshape(2, 2), torch.outer(b, a), atol=0)


@pytest.mark.claim("NN-09")
@pytest.mark.parametrize(
    ("sizes", "strides"),
    [([2, 2], [1, 1]), ([2, 2, 2], [1] * 3), ([3, 3], [1, 1]), ([2, 2], [2, 1]), ([3, 2, 2], [2, 2, 1])],
)
def test_dimension(sizes, strides, measured):
    F = lambda t: composed(t, sizes, strides)
    measured.exact(differential_rank(F, draw(sum(sizes))), sum(sizes) - len(sizes) + 1)


@pytest.mark.claim("NN-10")
@pytest.mark.parametrize("seed", range(4))
def test_strides_larger_than_one_meet_only_regular_points(seed):
    filters, regularity = stride_two_criticals(seed)
    assert len(filters) >= 2
    assert regularity.min() > 1e-3


@pytest.mark.claim("NN-120", by="proved")
@pytest.mark.unwatched
def test_the_umbrella(measured):
    """The equation by expansion; 1 + x⁴ is no real product, as each one has a real factor b₀ + b₁x² or a zero of it."""
    a0, a1, a2, b0, b1, x = sympy.symbols("a0 a1 a2 b0 b1 x", real=True)
    c = sympy.Poly(sympy.expand((a0 + a1 * x + a2 * x**2) * (b0 + b1 * x**2)), x).all_coeffs()[::-1]
    measured.exact(sympy.expand(c[0] * c[3] ** 2 - c[1] * c[2] * c[3] + c[4] * c[1] ** 2), 0)
    reached = sympy.solve([c[0] - 1, c[1], c[2], c[3], c[4] - 1], [a0, a1, a2, b0, b1], dict=True)
    measured.exact([s for s in reached if all(v.is_real is not False for v in s.values())], [])
    measured(torch.tensor(nearest_product(torch.tensor([1.0, 0, 0, 0, 1]), [3, 2], [2, 1])), 1.0, atol=1e-6)
    for seed in range(8):  # any solution of the equation is reached exactly where c₂² ≥ 4c₀c₄
        c = draw(5, seed=seed)
        if seed % 2:
            c[1] = c[3] = 0
        else:
            c[4] = -(c[0] * c[3] ** 2 - c[1] * c[2] * c[3]) / c[1] ** 2
        reached = nearest_product(c, [3, 2], [2, 1]) < 1e-9
        measured.exact(reached, bool(c[2] ** 2 >= 4 * c[0] * c[4]))
    constant = torch.tensor([1.0, 0, 0, 1, 0])  # no root in y, and yet a product: of two constants
    measured(composed(constant, [3, 2], [2, 1]), torch.eye(5)[0], atol=0)
    on_canopy = composed(draw(5), [3, 2], [2, 1])
    measured(torch.tensor(nearest_product(on_canopy, [3, 2], [2, 1])), 0.0, atol=1e-9)


@pytest.mark.claim("NN-124", by="proved")
@pytest.mark.parametrize(("first", "stride", "expected"), [([0, 1], 1, 3), ([0, None, 1], 2, 4)])
def test_targets_that_are_critical_at_an_edge(first, stride, expected, measured):
    """All pairs of an edge point and a target that is critical there, parameterised: the rank of the derivative."""
    a, b, s, x = sympy.symbols("a b s x")
    both = (a, b)
    p = sum(both[k] * x**i for i, k in enumerate(first) if k is not None)
    q = a + b * x**stride
    size = len(first) + stride
    coefficients = lambda f: [sympy.expand(f).coeff(x, i) for i in range(size)]
    image = [x**i * q for i in range(len(first))] + [x ** (stride * i) * p for i in range(2)]
    normals = sympy.Matrix([coefficients(f) for f in image]).nullspace()
    u = sympy.symbols(f"u0:{len(normals)}")
    target = sympy.Matrix(coefficients(s * p * q))
    for scale, normal in zip(u, normals, strict=True):
        target += scale * normal
    unknowns = [a, b, s, *u]
    at = dict(zip(unknowns, (2, 3, 5, 7, 11), strict=False))
    measured.exact(target.jacobian(unknowns).subs(at).rank(), expected)  # of 3 dimensions, of 5


@pytest.mark.claim("NN-11")
def test_stride_one_ends_on_the_boundary(measured):
    outside = 0
    for seed in range(8):
        target, c, rank = stride_one_optimum(seed)
        outside += bool(target < 0)
        measured(discriminant(c).clamp(min=0), target.clamp(min=0), atol=1e-6)
        measured.exact(rank, 2 if target < 0 else 3)
    assert 2 <= outside <= 6


def test_bad_input_is_named():
    with pytest.raises(ValueError, match="a filter of size 4 does not fit into 3 inputs"):
        convolution_matrix(draw(4), 3, 1)
    with pytest.raises(ValueError, match=r"\(4,\) coefficients: a quadratic has three"):
        factor(draw(4))
    assert factor(torch.tensor([-6.0, 1.0, 1.0], dtype=torch.float32))[1].dtype == torch.float32
    with pytest.raises(ValueError, match="at least 0"):
        factor(torch.tensor([1.0, 0.0, 1.0]))
    with pytest.raises(ValueError, match="shorter"):
        compose([draw(2), draw(2)], [1])


def test_exercises(measured):
    for sizes, strides, goal in (([2, 2], [1, 1], [1.0, 0, 1]), ([3, 2], [2, 1], [1.0, 0, 0, 0, 1])):
        target = torch.tensor(goal)
        measured(torch.tensor(nearest_product(target, sizes, strides)), 1.0, atol=1e-6)
        for seed in range(200):
            assert (composed(draw(sum(sizes), seed=seed), sizes, strides) - target).norm() >= 1
    a, b = draw(3), draw(2, seed=1)
    measured(compose([a, b], [3, 1]).reshape(2, 3), torch.outer(b, a), atol=1e-14)


# a real cubic has three real roots about once in four draws; the seeds decide the rest, up to Newton's rounding
test_numbers = numbers(
    "linear_networks.convolutions",
    {
        "quadratics": near(0.649455, 1e-5),
        "cubics": near(0.247625, 1e-4),
        "strided_filters": 14,
        "least_regular": near(0.0192577, 1e-6),
    },
)


@pytest.mark.parametrize("strides", [[1], [1, 1, 1]])
def test_each_filter_has_a_stride(strides):
    with pytest.raises(ValueError, match=r"argument 2 is (shorter|longer)"):
        compose([torch.ones(2), torch.ones(3)], strides)
