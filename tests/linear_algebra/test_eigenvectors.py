"""Eigenvectors against sympy, numpy, scipy, autograd and the axioms."""

import math

import numpy as np
import pytest
import sympy
import torch
from hypothesis import assume, given, settings
from hypothesis import strategies as st

import snippets.linear_algebra.eigenvectors as page
from book.expect import numbers
from snippets.linear_algebra.eigenvectors import A, B, clockwise, eigenspace, shear

lam = sympy.symbols("lambda")
exactly = settings(max_examples=40)


def square(n, bound=4):
    """Integer n × n matrices as float64 tensors."""
    rows = st.lists(st.lists(st.integers(-bound, bound), min_size=n, max_size=n), min_size=n, max_size=n)
    return rows.map(lambda m: torch.tensor(m, dtype=torch.float64))


def exact(M):
    return sympy.Matrix(M.to(int).tolist())


def random(*shape, seed=0):
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed))


@pytest.mark.claim("LA-30", "LA-28")
def test_the_two_eigenvectors_are_scaled(measured):
    for v, eigenvalue in (([1.0, 1.0], 1.0), ([0.0, 1.0], 2.0)):
        v = torch.tensor(v)
        measured(A @ v, eigenvalue * v, atol=0.0)
        measured((A @ v).norm() / v.norm(), abs(eigenvalue), atol=1e-15)


@pytest.mark.claim("LA-25")
def test_zero_would_be_an_eigenvector_for_every_number(measured):
    M = sympy.Matrix(2, 2, sympy.symbols("a:d"))
    measured.exact(M * sympy.zeros(2, 1) - lam * sympy.zeros(2, 1), sympy.zeros(2, 1))
    measured.exact(tuple(eigenspace(A, 7.0).shape), (2, 0))


@pytest.mark.claim("LA-26")
def test_the_quarter_turn_has_complex_eigenvectors_only(measured):
    assert exact(clockwise).eigenvals() == {sympy.I: 1, -sympy.I: 1}
    for i in (1j, -1j):
        v = torch.tensor([1, i])
        measured((clockwise.to(v.dtype) @ v).numpy(), (i * v).numpy(), atol=0.0)
    # Over the reals every direction moves: the angle is a right angle for all of them.
    angles = torch.linspace(0, 2 * math.pi, 100)
    x = torch.stack([angles.cos(), angles.sin()])
    measured((x * (clockwise @ x)).sum(0), 0.0, atol=1e-15)


@pytest.mark.claim("LA-27")
@exactly
@given(st.tuples(*[st.floats(-1e6, 1e6)] * 3).filter(any))
def test_doubling_keeps_every_direction(x):
    x = torch.tensor(x)
    assert torch.equal(2 * torch.eye(3) @ x, 2 * x)
    assert eigenspace(2 * torch.eye(3), 2.0).shape[1] == 3


@pytest.mark.claim("LA-29")
def test_the_cases_that_are_missing(measured):
    measured.exact(exact(torch.tensor([[1.0, 2.0], [2.0, 4.0]])).eigenvals(), {0: 1, 5: 1})
    collapsed = eigenspace(torch.tensor([[1.0, 2.0], [2.0, 4.0]]), 0.0)
    measured(collapsed, [[-2.0], [1.0]], atol=1e-15)
    P = torch.tensor([[1.0, 0.0], [1.0, 1.0]])
    for eigenvalue, growth in ((-3.0, 3.0), (-0.5, 0.5), (-1.0, 1.0), (0.0, 0.0)):
        M = P @ torch.diag(torch.tensor([eigenvalue, 2.0])) @ torch.linalg.inv(P)
        v = eigenspace(M, eigenvalue)[:, 0]
        measured((M @ v).norm() / v.norm(), growth, atol=1e-14)
        measured.exact(float((v @ M @ v).sign()), math.copysign(1.0, eigenvalue) if eigenvalue else 0.0)


@pytest.mark.claim("LA-31")
@exactly
@given(square(3))
def test_eigenvectors_are_the_non_zero_vectors_of_a_null_space(M):
    eigenvalues, vectors = np.linalg.eig(M.numpy())
    for eigenvalue, v in zip(eigenvalues, vectors.T, strict=True):
        assert np.allclose((M.numpy() - eigenvalue * np.eye(3)) @ v, 0, atol=1e-9)
    for candidate in range(-3, 4):
        for v in eigenspace(M, float(candidate)).T:
            assert v.any()
            assert torch.allclose(M @ v, candidate * v, atol=1e-9)


@pytest.mark.claim("LA-32")
def test_moving_everything_to_one_side(measured):
    M, v = sympy.Matrix(2, 2, sympy.symbols("a:d")), sympy.Matrix(sympy.symbols("x y"))
    difference = (M * v - lam * v) - (M - lam * sympy.eye(2)) * v
    measured.exact(difference.expand(), sympy.zeros(2, 1))


@pytest.mark.claim("LA-33")
@settings(max_examples=25)
@given(st.integers(1, 4).flatmap(lambda n: square(n, bound=3)))
def test_a_number_is_an_eigenvalue_exactly_where_the_determinant_vanishes(M):
    E = exact(M)
    p = E.charpoly(lam)
    for candidate in range(-4, 5):
        independent = (E - candidate * sympy.eye(len(M))).nullspace()
        assert (p.eval(candidate) == 0) == bool(independent)
        assert eigenspace(M, float(candidate)).shape[1] == len(independent)
    assert page.characteristic_polynomial(M).tolist() == [float(c) for c in p.all_coeffs()]


@pytest.mark.claim("LA-34")
def test_the_wrong_sign(measured):
    a, b, c, d = sympy.symbols("a:d")
    right = (a - lam) * (d - lam) - b * c
    wrong = (a - lam) * (d - lam) + b * c
    measured.exact(sympy.expand(wrong - right), 2 * b * c)
    ours = dict(zip((a, b, c, d), exact(B), strict=True))
    measured.exact(sympy.expand(right.subs(ours)), lam**2 - 3 * lam + 3)
    measured.exact(sympy.expand(wrong.subs(ours)), lam**2 - 3 * lam + 1)
    measured.exact(sympy.real_roots(right.subs(ours)), [])
    assert len(sympy.real_roots(wrong.subs(ours))) == 2
    measured(page.characteristic_polynomial(B), [1.0, -3.0, 3.0], atol=0.0)


@pytest.mark.claim("LA-35")
def test_eigenvalues_of_the_example(measured):
    measured.exact(exact(A).eigenvals(), {1: 1, 2: 1})
    measured(torch.linalg.eigvals(A).real.sort().values, [1.0, 2.0], atol=1e-15)


@pytest.mark.claim("LA-36", "LA-37")
def test_eigenvectors_of_the_example(measured):
    measured(eigenspace(A, 1.0), [[1.0], [1.0]], atol=0.0)
    measured(eigenspace(A, 2.0), [[0.0], [1.0]], atol=0.0)
    measured.exact((exact(A) - sympy.eye(2)).nullspace(), [sympy.Matrix([1, 1])])
    measured.exact((exact(A) - 2 * sympy.eye(2)).nullspace(), [sympy.Matrix([0, 1])])


@pytest.mark.claim("LA-181")
def test_the_first_matrix_has_no_real_eigenvector(measured):
    root = sympy.sqrt(3) * sympy.I
    measured.exact(exact(B).eigenvals(), {(3 + root) / 2: 1, (3 - root) / 2: 1})
    angles = torch.linspace(0, 2 * math.pi, 1000)
    x = torch.stack([angles.cos(), angles.sin()])
    y = B @ x
    assert (x[0] * y[1] - x[1] * y[0]).max() < -0.4  # x and its image never lie on one line


@pytest.mark.claim("LA-184")
@exactly
@given(st.integers(1, 5).flatmap(square))
def test_trace_and_determinant(M):
    coefficients, eigenvalues = page.characteristic_polynomial(M), np.linalg.eigvals(M.numpy())
    assert coefficients[1] == -M.trace()
    assert np.isclose(coefficients[-1], (-1) ** len(M) * float(exact(M).det()))
    assert np.isclose(eigenvalues.sum(), float(M.trace()), atol=1e-6)
    assert np.isclose(eigenvalues.prod(), float(exact(M).det()), atol=1e-4, rtol=1e-6)


@pytest.mark.claim("LA-38")
def test_the_change_of_basis_of_the_example(measured):
    P = torch.cat([eigenspace(A, 1.0), eigenspace(A, 2.0)], dim=1)
    measured(P, [[1.0, 0.0], [1.0, 1.0]], atol=0.0)
    measured(torch.linalg.inv(P) @ A @ P, [[1.0, 0.0], [0.0, 2.0]], atol=1e-15)
    measured.exact(exact(P).inv() * exact(A) * exact(P), sympy.diag(1, 2))


@pytest.mark.claim("LA-39")
def test_not_every_map_has_an_eigenbasis(measured):
    measured.exact(exact(shear).is_diagonalizable(), False)
    measured.exact(exact(clockwise).is_diagonalizable(reals_only=True), False)
    measured.exact(exact(clockwise).is_diagonalizable(), True)
    measured.exact(eigenspace(shear, 1.0).tolist(), [[1.0], [0.0]])
    with pytest.raises(ValueError, match=r"1 independent eigenvector\(s\), not 2"):
        page.eigenbasis(shear)


@pytest.mark.claim("LA-39")
@pytest.mark.parametrize("seed", range(10))
def test_a_random_nudge_makes_the_shear_diagonalisable_but_ill_conditioned(seed):
    eigenvalues, P = torch.linalg.eig(shear + 1e-10 * random(2, 2, seed=seed))
    assert (eigenvalues[0] - eigenvalues[1]).abs() > 1e-7
    assert 1e3 < np.linalg.cond(P.numpy()) < 1e8


@pytest.mark.claim("LA-182", "LA-183")
@settings(max_examples=25)
@given(square(3, bound=3))
def test_different_eigenvalues_give_a_basis(M):
    if sympy.discriminant(exact(M).charpoly(lam).as_expr(), lam) != 0:
        eigenvalues, P = page.eigenbasis(M)
        D = torch.linalg.solve(P, M.to(P.dtype) @ P)
        assert torch.allclose(D, torch.diag(eigenvalues), atol=1e-6)


@pytest.mark.claim("LA-182")
def test_a_double_eigenvalue_may_still_leave_a_basis(measured):
    eigenvalues, P = page.eigenbasis(torch.diag(torch.tensor([2.0, 2.0, 5.0])))
    measured(eigenvalues.real.sort().values, [2.0, 2.0, 5.0], atol=0.0)
    measured.exact(int(torch.linalg.matrix_rank(P)), 3)


@pytest.mark.claim("LA-40")
def test_powers_of_the_example(measured):
    k = sympy.symbols("k", integer=True, positive=True)
    closed = sympy.Matrix([[1, 0], [1 - 2**k, 2**k]])
    P = sympy.Matrix([[1, 0], [1, 1]])
    measured.exact(sympy.simplify(P * sympy.diag(1, 2**k) * P.inv() - closed), sympy.zeros(2))
    measured.exact(exact(A) ** 10, sympy.Matrix([[1, 0], [-1023, 1024]]))
    measured(page.power(A, 10), [[1.0, 0.0], [-1023.0, 1024.0]], atol=1e-9)


@pytest.mark.claim("LA-40")
@settings(max_examples=30)
@given(square(3, bound=3), st.integers(0, 6))
def test_powers_agree_with_repeated_multiplication(M, k):
    try:
        result = page.power(M, k)
    except ValueError:
        assume(False)
    assert torch.allclose(result, torch.linalg.matrix_power(M, k), atol=1e-4 * float(1 + M.norm() ** k))


@pytest.mark.claim("LA-185", by="drawn", draws=40)
@pytest.mark.parametrize("seed", range(40))
def test_almost_every_start_turns_to_the_leading_eigenvector(seed):
    draw = torch.Generator().manual_seed(seed)
    n = 2 + seed % 4
    ratio = 0.1 + 0.8 * float(torch.rand((), generator=draw))
    rest = ratio * (2 * torch.rand(n - 2, generator=draw) - 1)
    values = torch.cat([torch.tensor([(-1.0) ** seed, ratio]), rest])
    P = torch.randn(n, n, generator=draw) + 2 * torch.eye(n)
    M = P @ torch.diag(values) @ torch.linalg.inv(P)
    leader = P[:, 0] / P[:, 0].norm()
    c = torch.randn(n, generator=draw)
    constant = 4 * float((P[:, 1:] @ c[1:].diag()).norm(dim=0).sum() / (abs(c[0]) * P[:, 0].norm()))
    for k, d in enumerate(page.power_iteration(M, P @ c, 60)):
        sine = float((d - (d @ leader) * leader).norm())
        assert sine <= constant * ratio**k + 1e-9 * torch.linalg.cond(P)


@pytest.mark.claim("LA-185")
def test_power_iteration_halves_the_angle(measured):
    directions = page.power_iteration(A, torch.tensor([1.0, 0.4]), 30)
    slopes = torch.tensor([abs(float(d[0] / d[1])) for d in directions])
    measured(slopes[20:] / slopes[19:-1], 0.5, atol=1e-5)
    measured(directions[-1].abs(), [0.0, 1.0], atol=1e-8)
    measured.exact(len(directions), 31)  # that of the start, and one a step


@pytest.mark.claim("LA-186")
@pytest.mark.parametrize("k", [0, 1, 7, 100])
def test_powers_of_the_shear_grow_like_k(measured, k):
    measured.exact(torch.linalg.matrix_power(shear, k).tolist(), [[1.0, float(k)], [0.0, 1.0]])


@pytest.mark.claim("LA-191")
def test_powers_vanish_exactly_below_radius_one(measured):
    for seed in range(10):
        M = random(4, 4, seed=seed)
        M = M / page.spectral_radius(M)
        measured(torch.linalg.matrix_power(0.95 * M, 1500), 0.0, atol=1e-9)
        assert torch.linalg.matrix_power(1.05 * M, 1500).norm() > 1e20
        rate = torch.linalg.matrix_norm(torch.linalg.matrix_power(0.95 * M, 2000), ord=2) ** (1 / 2000)
        measured(rate, 0.95, atol=5e-3)  # Gelfand's formula


@pytest.mark.claim("LA-191")
def test_powers_may_grow_before_they_vanish(measured):
    M = torch.tensor([[0.9, 10.0], [0.0, 0.9]])
    measured(page.spectral_radius(M), 0.9, atol=1e-15)
    assert torch.linalg.matrix_power(M, 9).norm() > 38
    measured(torch.linalg.matrix_power(M, 400), 0.0, atol=1e-9)


@pytest.mark.claim("LA-192")
def test_the_gradient_through_time_is_a_power_of_the_transpose(measured):
    torch.manual_seed(0)
    net = page.LinearRecurrence(5)
    W = net.step.weight.detach()
    for steps, norm in zip([0, 1, 7, 30], page.gradient_norms(net, [0, 1, 7, 30]), strict=True):
        measured(norm, (torch.linalg.matrix_power(W.T, steps) @ torch.ones(5)).norm(), atol=1e-13)
    h = random(3, 5)
    measured(net(h, 4).detach(), h @ torch.linalg.matrix_power(W, 4).T, atol=1e-13)


@pytest.mark.claim("LA-193", by="drawn", draws=30)
@pytest.mark.parametrize("seed", range(30))
def test_an_orthogonal_weight_keeps_every_length(seed, measured):
    torch.manual_seed(seed)
    n, steps = 1 + seed % 7, int(torch.randint(1, 60, ()))
    net = page.orthogonal(page.LinearRecurrence(n).step)
    h, direction = torch.randn(4, n, requires_grad=True), torch.randn(4, n)
    last = h
    for _ in range(steps):
        last = net(last)
        measured(last.detach().norm(dim=1), h.detach().norm(dim=1), atol=1e-12)
    (last * direction).sum().backward()
    measured(h.grad.norm(dim=1), direction.norm(dim=1), atol=1e-12)
    measured(torch.linalg.eigvals(net.weight.detach()).abs(), torch.ones(n), atol=1e-12)


@pytest.mark.claim("LA-193")
def test_an_orthogonal_weight_keeps_every_gradient(measured):
    nets = page.recurrences(features=6)
    measured(page.spectral_radius(nets["orthogonal"].step.weight.detach()), 1.0, atol=1e-12)
    measured(page.gradient_norms(nets["orthogonal"], [0, 1, 50, 500]), math.sqrt(6), atol=1e-10)
    measured(page.spectral_radius(nets["ρ = 0.9"].step.weight.detach()), 0.9, atol=1e-12)


@exactly
@given(st.tuples(*[st.integers(-5, 5)] * 3).filter(any))
def test_solution_projection(v):
    P = page.onto_line(torch.tensor(v, dtype=torch.float64))
    assert torch.allclose(P @ P, P, atol=1e-12)
    assert torch.allclose(torch.linalg.eigvalsh(P), torch.tensor([0.0, 0.0, 1.0]), atol=1e-12)
    reflection = 2 * P - torch.eye(3)
    assert torch.allclose(torch.linalg.eigvalsh(reflection), torch.tensor([-1.0, -1.0, 1.0]), atol=1e-12)


@pytest.mark.parametrize("k", [0, 1, 2, 10, 30, 70])
def test_solution_fibonacci(k):
    assert round(page.fibonacci(k)) == sympy.fibonacci(k)


def test_solution_norm(measured):
    torch.manual_seed(0)
    layer = torch.nn.Linear(20, 30)
    measured(page.largest_stretch(layer), torch.linalg.matrix_norm(layer.weight.detach(), ord=2), atol=1e-4)


@exactly
@given(square(2), square(3))
def test_solution_two_products(M, N):
    A, B = exact(M).row_join(sympy.Matrix([1, 2])), exact(N)[:, :2]  # 2 × 3 and 3 × 2
    longer = (B * A).charpoly(lam).as_expr()
    assert sympy.expand(longer - lam * (A * B).charpoly(lam).as_expr()) == 0


@pytest.mark.parametrize("scale", [1e-9, 1.0, 1e6, 1e12])
def test_the_unit_of_measurement_does_not_matter(scale):
    S = torch.tensor([[2.0, 1.0], [1.0, 3.0]])
    for eigenvalue in torch.linalg.eigvalsh(S):
        assert eigenspace(scale * S, scale * float(eigenvalue)).shape == (2, 1)
    assert eigenspace(scale * S, scale * 2.0).shape == (2, 0)
    assert eigenspace(torch.zeros(2, 2), 0.0).shape == (2, 2)


def test_single_precision_stays_single():
    M = A.float()
    assert (
        eigenspace(M, 2.0).dtype == page.characteristic_polynomial(M).dtype == page.power(M, 3).dtype == torch.float32
    )
    assert page.power_iteration(M, torch.ones(2, dtype=torch.float32), 3)[-1].dtype == torch.float32
    with pytest.raises(ValueError, match="no eigenbasis"):
        page.eigenbasis(shear.float())
    net = page.LinearRecurrence(4).float()
    assert net(torch.zeros(2, 3, 4, dtype=torch.float32), 2).dtype == torch.float32
    assert page.gradient_norms(net, [3])[0] > 0
    assert page.largest_stretch(torch.nn.Linear(5, 4).float()) > 0


def test_a_vector_that_is_sent_to_zero_is_refused():
    with pytest.raises(ValueError, match="after 1 steps the vector is 0"):
        page.power_iteration(torch.tensor([[0.0, 1.0], [0.0, 0.0]]), torch.tensor([1.0, 0.0]), 3)


test_numbers = numbers(
    "linear_algebra.eigenvectors",
    {
        "exploded": 56498.6564,
        "kept": math.sqrt(32),
        "vanished": 0.000108898162,
        "shear_angle_100": math.degrees(math.atan(1 / 100)),
    },
)
