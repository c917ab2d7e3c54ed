"""Groups: the axioms, GL(n), O(2), the circle, the determinant."""

import inspect
import itertools
import math

import pytest
import sympy as sp
import torch
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import ortho_group

from book.expect import below, numbers
from snippets.lie_groups import groups as g

ANGLES = st.floats(-20, 20)
A_SYMBOLS, B_SYMBOLS, C_SYMBOLS = (sp.Matrix(2, 2, sp.symbols(f"{x}0:4")) for x in "abc")


@pytest.fixture
def random_matrices():
    return torch.randn(200, 3, 3, generator=torch.Generator().manual_seed(3))


@pytest.mark.claim("LG-05")
def test_the_axioms_hold_for_permutations_and_fail_where_they_should(measured):
    for n in (1, 2, 3, 4):
        measured.exact(g.broken_axioms(g.symmetric_group(n), g.compose), [])
    clock = list(range(6))
    measured.exact(g.broken_axioms(clock, lambda a, b: (a + b) % 6), [])
    measured.exact(g.broken_axioms(clock, lambda a, b: a * b % 6), ["inverses"])
    measured.exact(g.broken_axioms(clock, lambda a, b: (a - b) % 6), ["associativity", "identity", "inverses"])
    only_greater = g.broken_axioms([0, 1], lambda a, b: max(1 - b, a))  # (ab)c is never less than a(bc)
    assert "associativity" in only_greater
    measured.exact(g.broken_axioms(clock, lambda a, b: a + b), ["closure", "inverses"])
    one_sided = {(1, 2): 0, (2, 1): 2, (1, 1): 1, (2, 2): 0}  # 1·2 = 0 is the identity, 2·1 is not
    product = lambda a, b: one_sided.get((a, b), a + b)  # noqa: E731
    assert "inverses" in g.broken_axioms([0, 1, 2], product)


def test_composition_is_the_product_of_permutation_matrices():
    eye = torch.eye(3)
    for s in g.symmetric_group(3):
        for t in g.symmetric_group(3):
            # column j of the matrix of s is e_{s(j)}
            product = eye[:, list(s)] @ eye[:, list(t)]
            assert torch.equal(product, eye[:, list(g.compose(s, t))])


@pytest.mark.claim("LG-01", "LG-04")
def test_a_group_on_a_manifold_can_have_a_jumping_operation(measured):
    points = [0.0, 1.0, 2.0, -3.5, 0.25]
    for x in points:
        measured.exact(g.jumping_sum(1.0, x), x)  # 1 is the neutral element
        for y in points:
            for z in points:
                measured(g.jumping_sum(g.jumping_sum(x, y), z), g.jumping_sum(x, g.jumping_sum(y, z)), atol=1e-12)
    assert g.jumping_sum(1e-12, 5.0) == pytest.approx(5.0)
    assert g.jumping_sum(0.0, 5.0) == 6.0


@pytest.mark.claim("LG-06")
def test_x_and_its_cube_are_charts_that_do_not_fit_together(measured):
    y = torch.tensor(0.0, requires_grad=True)
    (slope,) = torch.autograd.grad(torch.sign(y) * y.abs() ** (1 / 3), y)
    assert not torch.isfinite(slope)  # the transition u ↦ u^(1/3) has no derivative at 0
    # the line with two origins: every pair of neighbourhoods of the origins shares points
    for radius_a, radius_b in [(1.0, 1.0), (1e-3, 0.5), (1e-12, 1e-9)]:
        shared = min(radius_a, radius_b) / 2
        measured.exact(0 < shared < radius_a and 0 < shared < radius_b, True)


@pytest.mark.claim("LG-07")
def test_product_is_polynomial_and_inverse_rational(measured):
    for entry in A_SYMBOLS * B_SYMBOLS:
        measured.exact(sp.Poly(entry, *A_SYMBOLS, *B_SYMBOLS).total_degree(), 2)
    for entry in A_SYMBOLS.inv():
        denominator = sp.denom(sp.together(entry))
        measured.exact(
            sp.expand(denominator - A_SYMBOLS.det()) == 0 or sp.expand(denominator + A_SYMBOLS.det()) == 0, True
        )
    generator = torch.Generator().manual_seed(0)
    A, B = torch.randn(2, 3, 3, generator=generator).requires_grad_()
    assert torch.autograd.gradcheck(lambda A, B: (A @ B, torch.linalg.inv(A)), (A, B))


@pytest.mark.claim("LG-08")
def test_gl_is_open(random_matrices, measured):
    for A in random_matrices:
        nearest, distance = g.nearest_singular(A)
        measured(torch.linalg.svdvals(nearest)[-1], 0.0, atol=1e-13)
        measured((A - nearest).norm(), distance, atol=1e-13)
        E = torch.randn(3, 3, generator=torch.Generator().manual_seed(1))
        assert torch.linalg.matrix_rank(A + 0.999 * distance * E / torch.linalg.matrix_norm(E, 2)) == 3
    A, E = torch.randn(2, 2000, 3, 3, generator=torch.Generator().manual_seed(0))
    E *= (0.999 * torch.linalg.svdvals(A)[:, -1] / torch.linalg.matrix_norm(E, 2))[:, None, None]
    assert torch.linalg.det(A + E).abs().min() > 1e-9  # small, and not zero


@pytest.mark.claim("LG-08")
def test_gl_is_not_compact():
    shrinking = [torch.eye(2) / k for k in (1, 10, 100)]
    assert all(torch.linalg.det(A) > 0 for A in shrinking)  # all in GL(2), the limit is not
    assert torch.linalg.det(torch.zeros(2, 2)) == 0


@pytest.mark.claim("LG-09")
@given(ANGLES, ANGLES)
def test_the_circle_is_a_group(alpha, beta):
    z, w = torch.polar(torch.ones(2), torch.tensor([alpha, beta]))
    assert abs(abs(z * w) - 1) < 1e-14
    assert abs(z * z.conj() - 1) < 1e-14
    assert (g.rotation(alpha) @ g.rotation(beta) - g.rotation(alpha + beta)).abs().max() < 1e-12
    assert abs(g.rotation(alpha)[0, 0] - z.real) < 1e-15
    assert abs(g.rotation(alpha)[1, 0] - z.imag) < 1e-15


@pytest.mark.claim("LG-09")
def test_products_of_unit_numbers_are_unit_numbers(measured):
    z, w = torch.polar(torch.ones(2, 500), 20 * torch.rand(2, 500, generator=torch.Generator().manual_seed(0)))
    measured((z * w).abs(), torch.ones(500), atol=1e-14)
    measured((1 / z - z.conj()).abs(), torch.zeros(500), atol=1e-14)


@pytest.mark.claim("LG-10", "LG-11", by="proved")
def test_inverse_formula_is_exact(measured):
    a, b, c, d = A_SYMBOLS
    formula = sp.Matrix([[d, -b], [-c, a]]) / (a * d - b * c)
    measured.exact((A_SYMBOLS * formula).applyfunc(sp.simplify), sp.eye(2))
    measured.exact((formula * A_SYMBOLS).applyfunc(sp.simplify), sp.eye(2))
    measured.exact(sp.expand(A_SYMBOLS.det() - (a * d - b * c)), 0)


@pytest.mark.claim("LG-11")
def test_inverse_code_agrees_with_torch(measured):
    for A in torch.randn(200, 2, 2, generator=torch.Generator().manual_seed(5)):
        expected = torch.linalg.inv(A)
        measured(g.inverse_2x2(A) / expected.norm(), expected / expected.norm(), atol=1e-12)


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_the_precision_of_the_input_is_kept(dtype, measured):
    theta = torch.tensor([0.3, 2.0], dtype=dtype)
    R, A = g.rotation(theta), torch.tensor([[1.0, 2.0], [3.0, 4.0]], dtype=dtype)
    assert {
        x.dtype
        for x in (R, g.reflection(theta), g.inverse_2x2(A), *g.nearest_singular(A), g.path_to_identity(R[0], 0.5))
    } == {dtype}
    assert g.rotation(torch.zeros(0)).shape == (0, 2, 2)
    g.check_rotation(R)
    g.check_rotation(torch.zeros(0, 3, 3, dtype=dtype))
    with pytest.raises(ValueError, match="reflection"):
        g.check_rotation(g.reflection(theta))
    for shape in ((2, 3), (3, 2), (3,), ()):
        with pytest.raises(ValueError, match="shape"):
            inspect.unwrap(g.check_orthogonal)(torch.zeros(shape))
    for unit in (1e-9, 1e-3, 1e9):  # the unit of measurement does not matter, nor that of one axis
        D = torch.tensor([[1.0, 0.0], [0.0, unit]], dtype=dtype)
        measured(g.inverse_2x2(D) @ D, torch.eye(2), atol=1e-6)
        with pytest.raises(ValueError, match="not in GL"):
            g.inverse_2x2(unit * torch.tensor([[1.0, 2.0], [2.0, 4.0]], dtype=dtype))


def test_a_signed_zero_chooses_no_side():
    assert (
        g.angle_in_o2(-torch.eye(2)) == g.angle_in_o2(torch.tensor([[-1.0, 0.0], [0.0, -1.0]])) == ("rotation", math.pi)
    )


@pytest.mark.claim("LG-10")
@pytest.mark.parametrize("rows", [[[1.0, 2.0], [2.0, 4.0]], [[0.0, 0.0], [0.0, 0.0]], [[3.0, 0.1], [0.9, 0.03]]])
def test_singular_matrix_is_refused(rows):
    with pytest.raises(ValueError, match=r"ad - bc .* not in GL\(2\)"):
        g.inverse_2x2(torch.tensor(rows))


@pytest.mark.claim("LG-12")
def test_orthogonal_matrices_keep_lengths_and_only_they_do(measured):
    x = torch.randn(2, generator=torch.Generator().manual_seed(0))
    for Q in g.random_orthogonal(2, 300):
        measured((Q @ x).norm(), x.norm(), atol=1e-14)
        measured(Q.T @ Q, torch.eye(2), atol=1e-14)
    # polarisation: from the lengths of e1, e2 and e1 + e2 one reads off every entry of QᵀQ
    M = sp.Matrix(2, 2, sp.symbols("m0:4"))
    square = lambda v: ((M * v).T * (M * v))[0]  # noqa: E731
    e1, e2 = sp.Matrix([1, 0]), sp.Matrix([0, 1])
    measured.exact(sp.expand((square(e1 + e2) - square(e1) - square(e2)) / 2 - (M.T * M)[0, 1]), 0)


@pytest.mark.claim("LG-13", "LG-14", "LG-15")
def test_every_element_of_o2_is_a_rotation_or_a_reflection(measured):
    family = {"rotation": (g.rotation, 1.0), "reflection": (g.reflection, -1.0)}
    kinds = set()
    for M in ortho_group.rvs(2, size=500, random_state=0):
        Q = torch.tensor(M)
        kind, theta = g.angle_in_o2(Q)
        make, determinant = family[kind]
        measured(make(theta), Q, atol=1e-14)
        measured(torch.linalg.det(Q), determinant, atol=1e-14)
        kinds.add(kind)
    assert kinds == {"rotation", "reflection"}


@pytest.mark.claim("LG-13")
def test_squared_determinant_of_an_orthogonal_matrix_is_one(measured):
    for n in (2, 3, 5):
        measured(torch.linalg.det(g.random_orthogonal(n, 50)).abs(), torch.ones(50), atol=1e-13)


@pytest.mark.claim("LG-15")
@given(ANGLES)
def test_rotations_are_so2(theta):
    R = g.rotation(theta)
    assert abs(torch.linalg.det(R) - 1) < 1e-14
    kind, angle = g.angle_in_o2(R)
    assert kind == "rotation"
    assert abs(math.remainder(angle - theta, math.tau)) < 1e-12


@pytest.mark.claim("LG-16")
def test_o_and_so_are_compact_manifolds(measured):
    for n in (2, 3, 4):
        measured(g.random_orthogonal(n, 100).norm(dim=(1, 2)), torch.full((100,), n**0.5), atol=1e-13)
        measured.exact(g.dimension_of_orthogonal_group(n), n * (n - 1) // 2)


@pytest.mark.claim("LG-17", "LG-18", "LG-101", by="proved")
def test_two_by_two_identities(measured):
    a, b, c, d = A_SYMBOLS
    e, f, h, i = B_SYMBOLS
    measured.exact(A_SYMBOLS * B_SYMBOLS, sp.Matrix([[a * e + b * h, a * f + b * i], [c * e + d * h, c * f + d * i]]))
    associator = (A_SYMBOLS * B_SYMBOLS) * C_SYMBOLS - A_SYMBOLS * (B_SYMBOLS * C_SYMBOLS)
    measured.exact(associator.applyfunc(sp.expand), sp.zeros(2))
    measured.exact(sp.expand((A_SYMBOLS * B_SYMBOLS).det() - A_SYMBOLS.det() * B_SYMBOLS.det()), 0)


@pytest.mark.claim("LG-101")
def test_determinant_is_multiplicative_in_any_dimension(measured):
    for n in (3, 5, 8):
        A, B = torch.randn(2, 50, n, n, generator=torch.Generator().manual_seed(n)) / n**0.5
        measured(torch.linalg.det(A @ B), torch.linalg.det(A) * torch.linalg.det(B), atol=1e-13)


@pytest.mark.claim("LG-19", "LG-20")
def test_the_worked_product(measured):
    A, B = torch.tensor([[1.0, 2.0], [3.0, 4.0]]), torch.tensor([[5.0, 6.0], [7.0, 8.0]])
    measured.exact((A @ B).tolist(), [[19.0, 22.0], [43.0, 50.0]])
    exact_a, exact_b = sp.Matrix([[1, 2], [3, 4]]), sp.Matrix([[5, 6], [7, 8]])
    measured.exact(((exact_a * exact_b).det(), exact_a.det(), exact_b.det()), (4, -2, -2))
    # one closed product proves nothing: matrices with positive entries have closed products and are no group
    assert (A @ B > 0).all()
    assert (torch.linalg.inv(A) < 0).any()


@pytest.mark.claim("LG-23")
def test_triangle_has_symmetries_that_are_no_rotations(measured):
    corners = torch.stack([g.rotation(math.pi / 2 + k * math.tau / 3)[:, 0] for k in range(3)])
    symmetries = [
        f(math.pi * (f is g.reflection) + k * math.tau / 3) for f in (g.rotation, g.reflection) for k in range(3)
    ]
    permutations = set()
    for M in symmetries:
        nearest = torch.cdist(corners @ M.T, corners)
        measured(nearest.min(dim=1).values, torch.zeros(3), atol=1e-14)
        permutations.add(tuple(nearest.argmin(dim=1).tolist()))
    measured.exact(permutations, set(g.symmetric_group(3)))
    measured(torch.linalg.det(torch.stack(symmetries)), torch.tensor([1.0, 1, 1, -1, -1, -1]), atol=1e-14)
    assert (symmetries[1] @ symmetries[3] - symmetries[3] @ symmetries[1]).abs().max() > 1
    assert g.compose((1, 2, 0), (0, 2, 1)) != g.compose((0, 2, 1), (1, 2, 0))


@pytest.mark.claim("LG-102")
def test_positive_determinant_is_connected_to_the_identity(measured):
    for A in torch.randn(100, 2, 2, generator=torch.Generator().manual_seed(7)):
        A = A if torch.linalg.det(A) > 0 else A[[1, 0]]
        path = torch.stack([g.path_to_identity(A, t / 20) for t in range(21)])
        measured(path[0], A, atol=1e-13)
        measured(path[-1], torch.eye(2), atol=1e-13)
        assert (torch.linalg.det(path) > 0).all()


@pytest.mark.claim("LG-102")
def test_no_path_from_a_reflection():
    with pytest.raises(ValueError, match="det A = -1: a path to I needs det A > 0"):
        g.path_to_identity(g.reflection(0.3), 0.5)
    with pytest.raises(ValueError, match="det A = 0: a path to I needs det A > 0"):
        g.path_to_identity(torch.diag(torch.tensor([1.0, 0.0])), 0.5)


def test_matrix_outside_o2_is_refused():
    with pytest.raises(ValueError, match=r"differs from I by 0.21, more than 1e-05: Q is not in O\(n\)"):
        g.angle_in_o2(1.1 * torch.eye(2))
    with pytest.raises(ValueError, match="differs from I by nan"):
        g.check_orthogonal(torch.full((2, 2), torch.nan))


@pytest.mark.claim("LG-103", by="drawn", draws=20)
@pytest.mark.parametrize("seed", range(20))
def test_orthogonal_layers_keep_any_signal_at_any_depth(seed, measured):
    torch.manual_seed(seed)
    n, depth = int(torch.randint(1, 12, ())), int(torch.randint(1, 80, ()))
    layers = [torch.nn.utils.parametrizations.orthogonal(torch.nn.Linear(n, n, bias=False)) for _ in range(depth)]
    with torch.no_grad():
        measured(g.norms_through_depth(layers, torch.randn(n)), torch.ones(depth), atol=1e-12)


@pytest.mark.claim("LG-103")
def test_orthogonal_layers_keep_the_signal(measured):
    torch.manual_seed(0)
    make = torch.nn.utils.parametrizations.orthogonal
    orthogonal = [make(torch.nn.Linear(16, 16, bias=False)) for _ in range(20)]
    gaussian = [torch.nn.Linear(16, 16, bias=False) for _ in range(20)]
    with torch.no_grad():
        measured(g.norms_through_depth(orthogonal, torch.randn(16)), torch.ones(20), atol=1e-12)
        assert g.norms_through_depth(gaussian, torch.randn(16))[-1] < 1e-3
    x, direction = torch.randn(16, requires_grad=True), torch.randn(16)
    (torch.nn.Sequential(*orthogonal)(x) @ direction).backward()
    measured(x.grad.norm() / direction.norm(), 1.0, atol=1e-12)  # gradients keep their length, too


def test_solutions():
    A, B = g.symmetric_but_not_closed()
    for M in (A, B):
        assert torch.equal(M, M.T)
        assert torch.linalg.det(M) != 0
    assert not torch.equal(A @ B, (A @ B).T)
    own = [s for s in g.symmetric_group(3) if g.compose(s, s) == (0, 1, 2)]
    assert own == [(0, 1, 2), (0, 2, 1), (1, 0, 2), (2, 1, 0)]
    subgroups = [
        set(c)
        for k in range(1, 7)
        for c in itertools.combinations(g.symmetric_group(3), k)
        if not g.broken_axioms(list(c), g.compose)
    ]
    assert sorted(map(len, subgroups)) == [1, 2, 2, 2, 3, 6]
    turns = g.rotation(torch.linspace(-3, 3, 50))
    for mirror in g.reflection(torch.linspace(-3, 3, 7)):  # all turns are equally far from each mirror image
        assert ((turns - mirror).square().sum((1, 2)) - 4).abs().max() < 1e-14
    for alpha, beta in [(0.3, 1.1), (-2.0, 0.4)]:
        mirrors = g.reflection(2 * alpha) @ g.reflection(2 * beta)
        assert (mirrors - g.two_mirrors(alpha, beta)).abs().max() < 1e-14


test_numbers = numbers("lie_groups.groups", {"o2_fit": below(1e-14)})
