"""Lie algebras: tangent space, bracket, structure constants, homomorphisms, BCH."""

import itertools
import math
from fractions import Fraction

import pytest
import scipy.linalg
import sympy as sp
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from book.expect import below, near, numbers
from snippets.figures.lie_groups import algebra as figures
from snippets.lie_groups import algebra as a
from snippets.lie_groups.exponential import J, exp_so3, hat, vee
from snippets.lie_groups.groups import dimension_of_orthogonal_group, rotation

A, B, C = sp.symbols("A B C", commutative=False)
VECTORS = st.tuples(*3 * [st.floats(-5, 5)]).map(torch.tensor)


def bracket(x, y):
    return x * y - y * x


def levi_civita():
    epsilon = torch.zeros(3, 3, 3)
    for p in itertools.permutations(range(3)):
        epsilon[p] = float(sp.LeviCivita(*p))
    return epsilon


@pytest.mark.claim("BR-03")
def test_velocities_at_the_identity(measured):
    measured(a.velocity_at_identity(lambda t: rotation(t)), J, atol=0)
    X = torch.randn(3, 3, generator=torch.Generator().manual_seed(0))
    measured(a.velocity_at_identity(lambda t: torch.linalg.matrix_exp(t * X)), X, atol=1e-14)
    for w, u in torch.randn(5, 2, 3, generator=torch.Generator().manual_seed(1)):
        v = a.velocity_at_identity(lambda t, w=w, u=u: exp_so3(t * w) @ exp_so3(t.sin() * u))  # a curve, no subgroup
        measured(v, hat(w + u), atol=1e-14)
        measured(v + v.T, torch.zeros(3, 3), atol=1e-14)
    with pytest.raises(ValueError, match="starts 1 away from the identity"):
        a.velocity_at_identity(lambda t: rotation(t + torch.pi / 2))
    with pytest.raises(ValueError, match=r"build it with torch\.stack"):
        a.velocity_at_identity(lambda t: torch.tensor([[t.cos().item(), 0.0], [0.0, 1.0]]))
    for u in a.su2_basis():  # a complex curve has a complex velocity
        v = a.velocity_at_identity(lambda t, u=u: torch.linalg.matrix_exp(t * u))
        measured((v - u).abs(), torch.zeros(2, 2), atol=1e-15)


@pytest.mark.claim("BR-03")
def test_exponentials_of_the_algebra_are_in_the_group(measured):
    X = torch.randn(50, 4, 4, generator=torch.Generator().manual_seed(2))
    skew = torch.linalg.matrix_exp(X - X.mT)
    measured(skew @ skew.mT, torch.eye(4), atol=1e-12)
    traceless = X - X.diagonal(dim1=1, dim2=2).mean(1)[:, None, None] * torch.eye(4)
    measured(torch.linalg.det(torch.linalg.matrix_exp(traceless)), torch.ones(50), atol=1e-10)
    for n in (2, 3, 4, 5):
        measured.exact(len(a.skew_basis(n)), dimension_of_orthogonal_group(n))


@pytest.mark.claim("LG-02")
def test_the_plus_of_the_algebra_is_not_the_product_of_the_group(measured):
    L1, L2, L3 = hat(torch.eye(3))
    exp = torch.linalg.matrix_exp
    assert (exp(L1) @ exp(L2) - exp(L1 + L2)).norm() > 0.6
    # two brackets on the same vector space: abelian R³ and the cross product
    measured.exact(torch.equal(a.lie_bracket(L1, L2), L3), True)
    translations = [torch.zeros(3, 3).index_put((torch.tensor(i), torch.tensor(2)), torch.tensor(1.0)) for i in (0, 1)]
    measured.exact(a.lie_bracket(*translations).abs().max().item(), 0.0)


@pytest.mark.claim("LG-03", "BR-06")
@given(VECTORS, VECTORS)
def test_hat_is_a_homomorphism(u, v):
    cross = lambda x, y: torch.linalg.cross(x, y)  # noqa: E731
    assert a.homomorphism_defect(hat, cross, a.lie_bracket, u, v) <= 1e-13
    assert (vee(hat(u)) - u).abs().max() == 0


@pytest.mark.claim("LG-03", "BR-06")
def test_trace_is_a_homomorphism_and_a_projection_is_not(measured):
    X, Y = torch.randn(2, 5, 5, generator=torch.Generator().manual_seed(0))
    zero = lambda x, y: torch.tensor(0.0)  # noqa: E731
    measured(a.homomorphism_defect(torch.trace, a.lie_bracket, zero, X, Y), 0, atol=1e-13)
    symbols = [sp.Matrix(3, 3, sp.symbols(f"{x}0:9")) for x in "xy"]
    measured.exact(sp.expand((symbols[0] * symbols[1] - symbols[1] * symbols[0]).trace()), 0)
    assert a.homomorphism_defect(torch.tril, a.lie_bracket, a.lie_bracket, X, Y) > 0.1


@pytest.mark.claim("LG-36", "BR-06", "LG-143")
def test_ad_is_a_homomorphism(measured):
    for basis in (hat(torch.eye(3)), a.skew_basis(4), a.sl2_basis()):
        X, Y = (
            torch.einsum("d,dij->ij", torch.randn(len(basis), generator=torch.Generator().manual_seed(s)), basis)
            for s in (0, 1)
        )
        measured(a.ad(a.lie_bracket(X, Y), basis), a.lie_bracket(a.ad(X, basis), a.ad(Y, basis)), atol=1e-12)
    w = torch.tensor([0.3, -1.0, 2.0])
    measured(a.ad(hat(w), hat(torch.eye(3))), hat(w), atol=1e-14)  # on so(3), ad is hat


@pytest.mark.claim("LG-24")
def test_rotations_are_not_skew(measured):
    theta = sp.symbols("theta", real=True)
    R = sp.Matrix([[sp.cos(theta), -sp.sin(theta)], [sp.sin(theta), sp.cos(theta)]])
    measured.exact(R + R.T, 2 * sp.cos(theta) * sp.eye(2))
    with pytest.raises(ValueError, match="away from the span"):
        a.coordinates(rotation(0.3), J[None])
    weights = torch.randn(20, 6, generator=torch.Generator().manual_seed(0))
    X = torch.einsum("kd,dij->kij", weights, a.skew_basis(4))
    measured.exact(X, -X.mT)  # combinations are skew, and every skew matrix is one
    for c, Y in zip(weights, X, strict=True):
        measured(a.coordinates(Y, a.skew_basis(4)), c, atol=1e-14)


@pytest.mark.claim("LG-31")
def test_many_bases_one_algebra(measured):
    basis = hat(torch.eye(3))
    other = torch.einsum("ij,jkl->ikl", torch.tensor([[1.0, 1, 0], [0, 1, 1], [1, 0, 1]]), basis)
    X = hat(torch.tensor([0.2, -0.7, 1.0]))
    for b in (basis, other):
        measured(torch.einsum("d,dij->ij", a.coordinates(X, b), b), X, atol=1e-14)
    with pytest.raises(ValueError, match="away from the span"):
        a.coordinates(basis[2], basis[:2])  # two of the three generators do not span
    measured.exact([len(a.skew_basis(n)) for n in (2, 3, 4)], [1, 3, 6])
    measured.exact(a.skew_basis(2), J[None])
    measured.exact(a.skew_basis(3)[:, [1, 2, 2], [0, 0, 1]], torch.eye(3))


@pytest.mark.claim("LG-32", "LG-142")
def test_structure_constants(measured):
    measured(a.structure_constants(hat(torch.eye(3))), levi_civita(), atol=1e-14)
    measured(a.structure_constants(J[None]), torch.zeros(1, 1, 1), atol=0)
    for n in (4, 5):
        c = a.structure_constants(a.skew_basis(n))  # raises where a bracket leaves so(n)
        measured(c, -c.transpose(0, 1), atol=1e-13)
    symmetric = torch.tensor([[[1.0, 0], [0, 0]], [[0, 1.0], [1.0, 0]], [[0, 0], [0, 1.0]]])
    with pytest.raises(ValueError, match="away from the span"):
        a.structure_constants(symmetric)
    with pytest.raises(ValueError, match="4 matrices are dependent"):
        a.structure_constants(torch.cat([hat(torch.eye(3)), hat(torch.eye(3))[:1]]))
    for unit in (1e-9, 1e9):  # a basis in other units scales the table
        measured(a.structure_constants(unit * hat(torch.eye(3))) / unit, levi_civita(), atol=1e-13)


@pytest.mark.claim("LG-33", "LG-35", by="proved")
def test_bracket_identities(measured):
    s, t = sp.symbols("s t")
    measured.exact(sp.expand(bracket(s * A + t * B, C) - s * bracket(A, C) - t * bracket(B, C)), 0)
    measured.exact(sp.expand(bracket(A, B) + bracket(B, A)), 0)
    jacobi = bracket(A, bracket(B, C)) + bracket(B, bracket(C, A)) + bracket(C, bracket(A, B))
    measured.exact(sp.expand(jacobi), 0)


@pytest.mark.claim("LG-33", "LG-35")
def test_bracket_code_satisfies_the_identities(measured):
    X, Y, Z = torch.randn(3, 5, 5, generator=torch.Generator().manual_seed(0))
    br = a.lie_bracket
    measured(br(X, Y), -br(Y, X), atol=0)
    measured(br(X, br(Y, Z)) + br(Y, br(Z, X)) + br(Z, br(X, Y)), torch.zeros(5, 5), atol=1e-13)
    product = lambda x, y: x @ y  # noqa: E731  the plain product has no Jacobi identity
    assert (product(X, product(Y, Z)) + product(Y, product(Z, X)) + product(Z, product(X, Y))).abs().max() > 1


@pytest.mark.claim("LG-34")
def test_su2_is_real(measured):
    basis = a.su2_basis()
    measured(a.structure_constants(basis), levi_civita(), atol=1e-14)  # the same table as so(3)
    for u in basis:
        measured((u + u.mH).abs(), torch.zeros(2, 2), atol=0)
        measured((1j * u - (1j * u).mH).abs(), torch.zeros(2, 2), atol=0)
        assert (1j * u + (1j * u).mH).abs().max() == 1
        with pytest.raises(ValueError, match="away from the span"):
            a.coordinates(1j * u, basis)


@pytest.mark.claim("LG-141")
def test_the_loop_measures_the_bracket():
    X, Y = torch.randn(2, 3, 3, generator=torch.Generator().manual_seed(5))
    errors = [((a.loop(X, Y, t) - torch.eye(3)) / t**2 - a.lie_bracket(X, Y)).abs().max().item() for t in (1e-2, 1e-3)]
    assert errors[1] < 0.02
    assert math.log10(errors[0] / errors[1]) == pytest.approx(1, abs=0.1)


@pytest.mark.claim("BR-05")
@pytest.mark.parametrize("order", [1, 2, 3, 4])
def test_bch_orders(order):
    assert figures.slope(order) == pytest.approx(order + 1, abs=0.1)


def free_product(x, y):
    """Multiply two power series in A and B that do not commute, given as {word: coefficient}, up to order 4."""
    product = {}
    for (u, s), (v, t) in itertools.product(x.items(), y.items()):
        if len(u + v) <= 4:
            product[u + v] = product.get(u + v, 0) + s * t
    return {word: c for word, c in product.items() if c}


def combine(*terms):
    total = {}
    for factor, x in terms:
        for word, c in x.items():
            total[word] = total.get(word, 0) + factor * c
    return {word: c for word, c in total.items() if c}


@pytest.mark.claim("BR-05", by="proved")
def test_bch_to_fourth_order_exactly(measured):
    exp = lambda letter: {letter * k: Fraction(1, math.factorial(k)) for k in range(5)}  # noqa: E731
    Z = combine((1, free_product(exp("A"), exp("B"))), (-1, {"": Fraction(1)}))
    power, log = {"": Fraction(1)}, {}
    for k in range(1, 5):
        power = free_product(power, Z)
        log = combine((1, log), (Fraction((-1) ** (k + 1), k), power))
    br = lambda x, y: combine((1, free_product(x, y)), (-1, free_product(y, x)))  # noqa: E731
    x, y = {"A": Fraction(1)}, {"B": Fraction(1)}
    formula = combine((1, x), (1, y), (Fraction(1, 2), br(x, y)), (Fraction(1, 12), br(x, br(x, y))), (Fraction(1, 12), br(y, br(y, x))),
                      (Fraction(-1, 24), br(y, br(x, br(x, y)))))  # fmt: skip
    measured.exact(log, formula)


@pytest.mark.claim("BR-05")
def test_bch_against_logm(measured):
    X, Y = 0.01 * torch.randn(2, 4, 4, generator=torch.Generator().manual_seed(0))
    product = torch.linalg.matrix_exp(X) @ torch.linalg.matrix_exp(Y)
    measured(a.bch(X, Y, 4), scipy.linalg.logm(product.numpy()).real, atol=1e-8)
    with pytest.raises(ValueError, match="order 5"):
        a.bch(X, Y, 5)


@pytest.mark.claim("LG-144")
@given(st.floats(-2, 2), st.floats(-2, 2))
def test_commuting_exponents_add(s, t):
    X = torch.tensor([[0.2, 1.0], [-0.4, 0.3]])
    Y = X @ X - 2 * X
    product = torch.linalg.matrix_exp(s * X) @ torch.linalg.matrix_exp(t * Y)
    assert (product - torch.linalg.matrix_exp(s * X + t * Y)).abs().max() < 1e-9


test_numbers = numbers("lie_groups.algebra", {
    "slope_1": near(1.99838, 1e-5), "slope_2": near(2.99378, 1e-5), "slope_3": near(3.99888, 1e-5), "slope_4": near(4.9937, 1e-3),  # up to orders beyond
    "group_worst": below(1e-13), "free_worst": near(0.5295, 0.0001), "free_miss": below(1e-10), "group_miss": below(1e-10),
})  # fmt: skip


def test_a_layer_that_stays_in_the_group(measured):
    x = torch.randn(64, 4, generator=torch.Generator().manual_seed(0))
    target = torch.linalg.matrix_exp(a.skew_basis(4).sum(0))
    torch.manual_seed(0)
    layer = a.rotation_layer(4)
    a.fit(layer, x, x @ target.T, 500)
    measured(layer.weight.detach(), target, atol=1e-3)
    assert [name for name, _ in layer.named_parameters()] == ["parametrizations.weight.original"]  # no bias


@settings(max_examples=30)
@given(*2 * [st.tuples(*3 * [st.floats(-3, 3)])])
def test_heisenberg_solution(p, q):
    product = torch.linalg.matrix_exp(a.heisenberg(*p)) @ torch.linalg.matrix_exp(a.heisenberg(*q))
    assert (torch.linalg.matrix_exp(a.heisenberg(*a.heisenberg_product(p, q))) - product).abs().max() < 1e-12


def test_the_layer_follows_the_precision():
    layer = a.rotation_layer(3).float()
    assert layer(torch.randn(2, 3, dtype=torch.float32)).dtype == torch.float32
    assert len(a.fit(layer, torch.randn(4, 3).float(), torch.randn(4, 3).float(), 2)) == 2


def test_solutions(measured):
    L = hat(torch.eye(3))
    measured(a.lie_bracket(L[0] + L[1], L[2]), L[0] - L[1], atol=0)
    measured.exact([(a.skew_basis(n) + a.skew_basis(n).mT).abs().max().item() for n in (2, 3, 5)], [0.0, 0.0, 0.0])
    H, E, F = a.sl2_basis()
    measured(a.lie_bracket(H, E), 2 * E, atol=0)
    measured(a.lie_bracket(H, F), -2 * F, atol=0)
    measured(a.lie_bracket(E, F), H, atol=0)
    measured(a.killing_form(hat(torch.eye(3))), -2 * torch.eye(3), atol=1e-13)
    measured(a.killing_form(a.sl2_basis()), torch.tensor([[8.0, 0, 0], [0, 0, 4], [0, 4, 0]]), atol=1e-13)
