"""Varieties: equations, dimension, degree and singular points."""

# ruff: noqa: E731, RUF059

from itertools import product

import numpy as np
import pytest
import sympy
import torch

from snippets.figures.linear_networks.varieties import isosurface
from snippets.linear_networks.determinantal import degree, dimension
from snippets.linear_networks.function_spaces import differential_rank
from snippets.linear_networks.varieties import (
    coin_model,
    cone_equations,
    count_solutions,
    degree_by_slicing,
    elliptope,
    maximum_likelihood,
    minors,
    normal_rank,
    symbolic_minors,
    two_row_slice,
)

x, y, z = sympy.symbols("x y z")


def draw(*shape, seed=0):
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed))


@pytest.mark.claim("NN-12", "BR-18", "NN-121")
def test_solutions_are_counted_with_multiplicity_over_c(measured):
    measured.exact(count_solutions([x**2 + y**2 - 1, x - 2], [x, y]), 2)  # no real one
    measured.exact(count_solutions([x**2 + y**2 - 1, x - 1], [x, y]), 2)  # one double one
    measured.exact(count_solutions([x**2 + y**2 - 1, x], [x, y]), 2)
    measured.exact(count_solutions([x**3 - 2, y**2 - x, z - x * y], [x, y, z]), 6)
    measured.exact(count_solutions([x - 1, x - 2], [x]), 0)
    with pytest.raises(ValueError, match="infinitely many"):
        count_solutions([x * y], [x, y])
    for f, d in ((x**2 + y**2 - 1, 2), (y**2 - x**2 * (x + 1), 3), (y**2 - x**3, 3), (x - 3 * y, 1)):
        for seed in range(3):
            measured.exact(degree_by_slicing([f], [x, y], 1, seed=seed), d)


@pytest.mark.claim("NN-13")
def test_coin_model(measured):
    s, u0, u1, u2 = sympy.symbols("s u0 u1 u2", positive=True)
    p = (s**2, s * (1 - s), 1 - s)
    measured.exact(sympy.expand(p[0] * p[2] - (p[0] + p[1]) * p[1]), 0)
    measured.exact(sympy.expand(sum(p)), 1)
    q0, q1 = sympy.symbols("q0 q1")
    on_curve = sympy.groebner([q0 * (1 - q0 - q1) - (q0 + q1) * q1], q0, q1)
    measured.exact(on_curve.contains(sympy.expand(q0 - (q0 + q1) ** 2)), True)  # so s = q0 + q1 gives the point back
    for seed in range(20):
        u = torch.randint(1, 30, (3,), generator=torch.Generator().manual_seed(seed)).double()
        grid = torch.linspace(0.001, 0.999, 9981)
        likelihood = (u * coin_model(grid).log()).sum(-1)
        measured(maximum_likelihood(u), grid[likelihood.argmax()], atol=1e-4)


@pytest.mark.claim("NN-15")
def test_minors_decide_the_rank(measured):
    for seed, (m, n, r) in enumerate(product((2, 3, 4), (3, 4), (1, 2))):
        M = draw(m, r, seed=seed) @ draw(r, n, seed=seed + 40)
        if r < min(m, n):
            measured(minors(M, r + 1), 0, atol=1e-12)
            assert minors(draw(m, n, seed=seed), r + 1).abs().min() > 1e-6
        assert minors(M, min(r, m, n)).abs().max() > 1e-3
    measured.exact(len(minors(draw(3, 4), 3)), 4)


@pytest.mark.claim("NN-122")
def test_dimension_is_the_rank_of_the_differential(measured):
    """Of a parametrised curve, of a cone, and of rank-one matrices; and n − rank of the equations' differentials."""
    cases = [
        (lambda t: torch.stack([t[0] ** 2, t[0] ** 3]), 1, 1),
        (lambda t: torch.stack([t[0] ** 2, t[0] * t[1], t[1] ** 2]), 2, 2),
        (lambda t: torch.outer(t[:3], t[3:]).flatten(), 7, 6),
    ]
    for F, parameters, dimension_ in cases:
        measured.exact(differential_rank(F, draw(parameters)), dimension_)
    cone = lambda v: (v[0] * v[2] - v[1] ** 2)[None]
    measured.exact(3 - differential_rank(cone, cases[1][0](draw(2))), 2)


@pytest.mark.claim("NN-121", by="proved")
def test_components_of_plane_curves_are_factors(measured):
    factors = [
        len(sympy.factor_list(f, extension=sympy.I)[1])
        for f in (x**2 + y**2 - 1, y**2 - x**2 * (x + 1), y**2 - x**3, x**2 - y**2, x**2 + y**2)
    ]
    measured.exact(factors, [1, 1, 1, 2, 2])


@pytest.mark.claim("NN-17")
def test_singular_points_have_lower_rank(measured):
    for m, n, r in ((3, 4, 2), (3, 3, 1), (4, 4, 2), (2, 5, 1)):
        for rank in range(r + 1):
            M = draw(m, rank, seed=rank) @ draw(rank, n, seed=9)
            measured.exact(normal_rank(M, r), (m - r) * (n - r) if rank == r else 0)


@pytest.mark.claim("NN-107")
@pytest.mark.parametrize(("m", "n", "r"), [(2, 2, 1), (2, 3, 1), (3, 2, 1), (2, 4, 1), (3, 3, 2), (3, 4, 2)])
def test_degree_is_the_number_of_points_on_a_slice(m, n, r, measured):
    equations, unknowns = symbolic_minors(m, n, r)
    measured.exact(degree_by_slicing(equations, unknowns, dimension(r, m, n)), degree(r, m, n))


@pytest.mark.claim("NN-106", "NN-123", by="proved")
def test_corners_of_the_cubic(measured):
    f = elliptope(x, y, z)
    matrix = sympy.Matrix([[1, x, y], [x, 1, z], [y, z, 1]])
    measured.exact(sympy.expand(matrix.det() - f), 0)
    corners = sympy.solve([f, f.diff(x), f.diff(y), f.diff(z)], [x, y, z])
    measured.exact(sorted(corners), [(-1, -1, 1), (-1, 1, -1), (1, -1, -1), (1, 1, 1)])
    for corner in corners:
        measured.exact(matrix.subs(dict(zip((x, y, z), corner, strict=True))).rank(), 1)


def test_isosurface_lies_on_the_surface(measured):
    sphere = isosurface(lambda a, b, c: a * a + b * b + c * c - 1, 1.2, 24)
    measured(np.linalg.norm(sphere, axis=2), 1, atol=5e-3)
    edges = np.cross(sphere[:, 1] - sphere[:, 0], sphere[:, 2] - sphere[:, 0])
    measured(np.linalg.norm(edges, axis=1).sum() / 2, 4 * np.pi, atol=0.1)


def test_exercises(measured):
    equations, unknowns = cone_equations()
    measured.exact(degree_by_slicing(equations, unknowns, 2), 2)
    u = torch.tensor([6.0, 1.0, 4.0])
    measured(maximum_likelihood(u), 13 / 18, atol=1e-15)
    for n in (1, 2, 3, 4, 5):
        found = two_row_slice(n)
        measured.exact((found.degree(), found.is_sqf), (degree(1, 2, n), True))
