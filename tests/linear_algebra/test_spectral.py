"""The spectral theorem against sympy, numpy, scipy, autograd and the axioms."""

import cmath
import math

import numpy as np
import pytest
import scipy.linalg
import sympy
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import nn

import snippets.linear_algebra.spectral as page
from book.expect import numbers
from snippets.linear_algebra.eigenvectors import B, clockwise, shear, symmetric
from snippets.linear_algebra.spectral import as_matrix

lam = sympy.symbols("lambda")
exactly = settings(max_examples=40)
complex_numbers = st.builds(complex, st.floats(-9, 9), st.floats(-9, 9))


def square(n, bound=4):
    """Integer n × n matrices as float64 tensors."""
    rows = st.lists(st.lists(st.integers(-bound, bound), min_size=n, max_size=n), min_size=n, max_size=n)
    return rows.map(lambda m: torch.tensor(m, dtype=torch.float64))


def exact(M):
    return sympy.Matrix(M.to(int).tolist())


def random(*shape, seed=0):
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed))


@pytest.mark.claim("BR-08")
@exactly
@given(complex_numbers, complex_numbers)
def test_complex_numbers_are_two_by_two_matrices(z, w):
    assert torch.allclose(as_matrix(z) + as_matrix(w), as_matrix(z + w), atol=1e-12)
    assert torch.allclose(as_matrix(z) @ as_matrix(w), as_matrix(z * w), atol=1e-12)
    assert torch.equal(as_matrix(z.conjugate()), as_matrix(z).T)
    assert torch.isclose(torch.linalg.det(as_matrix(z)), torch.tensor(abs(z) ** 2), atol=1e-12)
    product = as_matrix(z) @ torch.tensor([w.real, w.imag])
    assert torch.allclose(product, torch.tensor([(z * w).real, (z * w).imag]), atol=1e-12)


@pytest.mark.claim("BR-08")
def test_the_exponential_of_theta_j_is_the_rotation(measured):
    angles = (torch.rand(1000, generator=torch.Generator().manual_seed(0)) * 40 - 20).tolist()
    for theta in angles:
        rotation = as_matrix(cmath.exp(1j * theta))
        measured(scipy.linalg.expm(theta * as_matrix(1j).numpy()), rotation, atol=1e-12)
        measured(torch.linalg.matrix_exp(theta * as_matrix(1j)), rotation, atol=1e-10)


@pytest.mark.claim("LA-187")
@exactly
@given(square(2))
def test_every_complex_pair_is_a_rotation_and_a_scaling(M):
    trace, det = M.trace(), torch.linalg.det(M)
    if trace**2 - 4 * det < -0.5:
        z, P = page.rotation_scaling(M)
        assert torch.linalg.det(P) > 0
        assert torch.allclose(torch.linalg.solve(P, M @ P), as_matrix(z), atol=1e-8)
        assert math.isclose(abs(z) ** 2, det, rel_tol=1e-9)
        e1 = torch.tensor([1.0, 0.0])  # it turns e1 to the side that the sign of the angle says
        assert math.copysign(1, z.imag) == float((M @ e1)[1].sign())
    elif trace**2 - 4 * det > 0.5:
        with pytest.raises(ValueError, match="are real"):
            page.rotation_scaling(M)


@pytest.mark.claim("LA-188")
def test_the_sixth_power_of_the_first_matrix(measured):
    measured.exact(torch.linalg.matrix_power(B, 6).tolist(), [[-27.0, 0.0], [0.0, -27.0]])
    z, _ = page.rotation_scaling(B)
    measured(abs(z), math.sqrt(3), atol=1e-15)
    measured(cmath.phase(z), -math.pi / 6, atol=1e-15)


@pytest.mark.claim("LA-189")
@exactly
@given(st.integers(1, 5).flatmap(square))
def test_spectral_theorem(M):
    S = M + M.T
    eigenvalues, Q = torch.linalg.eigh(S)
    assert torch.allclose(Q.T @ Q, torch.eye(len(S)), atol=1e-12)
    assert torch.allclose(Q.T @ S @ Q, torch.diag(eigenvalues), atol=1e-10)
    assert np.allclose(np.linalg.eigvals(S.numpy()).imag, 0)
    # The coefficients agree with the exact characteristic polynomial, so these are the eigenvalues.
    expected = np.array(exact(S).charpoly(lam).all_coeffs(), dtype=float)
    assert np.allclose(np.poly(eigenvalues.numpy()), expected, rtol=1e-8, atol=1e-5 * (1 + np.abs(expected).max()))


@pytest.mark.claim("LA-189")
@exactly
@given(square(3), st.tuples(*[st.integers(-3, 3)] * 3))
def test_orthogonal_eigenvectors_make_a_symmetric_matrix(M, eigenvalues):
    Q, _ = torch.linalg.qr(M + 10 * torch.eye(3))
    S = Q @ torch.diag(torch.tensor(eigenvalues, dtype=torch.float64)) @ Q.T
    assert torch.allclose(S, S.T, atol=1e-12)


@pytest.mark.claim("LA-190")
@exactly
@given(st.integers(2, 5).flatmap(square), st.integers(0, 10**6))
def test_rayleigh_quotient_lies_between_the_extreme_eigenvalues(M, seed):
    S = M + M.T
    eigenvalues, Q = torch.linalg.eigh(S)
    x = random(len(S), seed=seed)
    assert eigenvalues[0] - 1e-9 <= page.rayleigh(S, x) <= eigenvalues[-1] + 1e-9
    assert torch.isclose(page.rayleigh(S, Q[:, -1]), eigenvalues[-1], atol=1e-9)


@pytest.mark.claim("LA-190")
def test_the_gradient_of_the_rayleigh_quotient_vanishes_at_eigenvectors(measured):
    for v in ([1.0, 1.0], [1.0, -1.0]):
        x = torch.tensor(v, requires_grad=True)
        (gradient,) = torch.autograd.grad(page.rayleigh(symmetric, x), x)
        measured(gradient, 0.0, atol=1e-15)


@pytest.mark.claim("LA-199")
@pytest.mark.parametrize("n", [1, 2, 3, 5, 8])
def test_the_eigenvectors_of_a_shift_are_waves(measured, n):
    S, F = page.shift(n), page.fourier_modes(n)
    x = torch.arange(n, dtype=torch.float64)
    measured.exact((S @ x).tolist(), x.roll(1).tolist())
    eigenvalues = torch.exp(-2j * math.pi * torch.arange(n) / n)
    measured((S.to(F.dtype) @ F).numpy(), (F * eigenvalues).numpy(), atol=1e-13)
    measured((F.conj().T @ F).numpy(), n * np.eye(n), atol=1e-12)


def test_every_circular_convolution_is_diagonal_in_the_fourier_basis(measured):
    kernel = random(6)
    C = sum(kernel[j] * torch.linalg.matrix_power(page.shift(6), j) for j in range(6))
    assert np.allclose(C.numpy(), scipy.linalg.circulant(kernel.numpy()))
    D = torch.linalg.solve(page.fourier_modes(6), C.to(torch.complex128) @ page.fourier_modes(6))
    measured((D - torch.diag(D.diagonal())).abs(), 0.0, atol=1e-13)
    zeta = torch.exp(2j * math.pi * torch.arange(6) / 6)
    for found in (torch.fft.fft(kernel), sum(kernel[j] * zeta**-j for j in range(6))):
        measured(D.diagonal().numpy(), found.numpy(), atol=1e-13)


@pytest.mark.claim("LA-197")
@exactly
@given(st.integers(1, 4).flatmap(square), st.integers(0, 10**6))
def test_positive_definite_is_positive_in_every_direction(M, seed):
    S = M.T @ M
    values = torch.linalg.eigvalsh(S)
    kind = page.definiteness(S)
    exact_rank = exact(S).rank()
    assert kind == ("positive definite: a bowl" if exact_rank == len(S) else "positive semidefinite: flat somewhere")
    x = random(200, len(S), seed=seed)
    assert ((x @ S * x).sum(1) >= -1e-9).all()
    if exact_rank == len(S):
        assert ((x @ S * x).sum(1) > 0).all()
        torch.linalg.cholesky(S)  # exists exactly then
        assert page.definiteness(-S) == "negative definite: a hill"
    lowered = S - (values[0] + 1) * torch.eye(len(S))
    direction = torch.linalg.eigh(lowered).eigenvectors[:, 0]
    assert direction @ lowered @ direction < 0


@pytest.mark.parametrize("scale", [1e-12, 1.0, 1e12])
def test_the_kind_of_landscape_does_not_depend_on_the_unit(scale):
    saddle, flat = torch.tensor([[1.0, 2.0], [2.0, 1.0]]), torch.ones(2, 2)
    kinds = [page.definiteness(scale * S).split(":")[0] for S in (symmetric, saddle, flat, -flat)]
    assert kinds == ["positive definite", "indefinite", "positive semidefinite", "negative semidefinite"]
    with pytest.raises(ValueError, match="not symmetric"):
        page.definiteness(scale * shear)


@pytest.mark.claim("LA-198")
@exactly
@given(st.integers(2, 5), st.integers(0, 10**6))
def test_normal_matrices_are_those_with_an_orthonormal_eigenbasis(n, seed):
    shifts = [torch.linalg.matrix_power(page.shift(n), k) for k in range(n)]
    turn = torch.linalg.qr(random(n, n, seed=seed)).Q
    C = turn @ sum(c * S for c, S in zip(random(n, seed=seed + 1), shifts, strict=True)) @ turn.T
    assert torch.allclose(C @ C.T, C.T @ C, atol=1e-10)
    T, Q = scipy.linalg.schur(C.numpy(), output="complex")  # triangular in an orthonormal basis
    assert np.allclose(T, np.diag(np.diag(T)), atol=1e-9)
    assert np.allclose(Q.conj().T @ Q, np.eye(n))
    M = random(n, n, seed=seed + 2)  # not normal, and so not diagonal in an orthonormal basis
    T, _ = scipy.linalg.schur(M.numpy(), output="complex")
    gap = np.linalg.norm(M.numpy() @ M.numpy().T - M.numpy().T @ M.numpy())
    assert gap > 1e-3
    assert np.linalg.norm(T - np.diag(np.diag(T))) > 1e-3


@pytest.mark.claim("LA-198")
def test_which_of_the_examples_are_normal(measured):
    for M in (symmetric, clockwise, page.shift(5), as_matrix(3 - 2j)):
        measured(M @ M.T, M.T @ M, atol=0.0)
    measured((shear @ shear.T - shear.T @ shear).norm(), math.sqrt(2), atol=1e-15)


@pytest.mark.claim("LA-200")
@exactly
@given(st.integers(2, 4), st.integers(0, 10**6), st.floats(0.1, 1.4))
def test_descent_on_a_bowl_converges_below_the_limit_only(n, seed, share):
    Q = torch.linalg.qr(random(n, n, seed=seed)).Q
    values = torch.linspace(0.5, 2.0, n)
    S, x = Q @ values.diag() @ Q.T, random(n, seed=seed + 1)
    rate = share * 2 / 2.0
    after = torch.linalg.matrix_power(torch.eye(n) - rate * S, 900) @ x
    if share < 0.99:
        assert after.norm() < 1e-6
    elif share > 1.01:
        assert after.norm() > 1e3


@pytest.mark.claim("LA-200")
def test_the_limit_is_that_of_the_hessian(measured):
    X, y = random(50, 4), random(50, 1, seed=1)
    w = torch.zeros(1, 4)
    hessian = torch.autograd.functional.hessian(lambda w: nn.functional.mse_loss(X @ w.T, y), w).reshape(4, 4)
    measured(page.largest_rate(X), 2 / np.linalg.eigvalsh(hessian.numpy())[-1], atol=1e-12)
    torch.manual_seed(0)
    below, above = (page.train(nn.Linear(4, 1, bias=False), X, y, s * page.largest_rate(X), 2000) for s in (0.9, 1.1))
    best = np.linalg.lstsq(X.numpy(), y.numpy(), rcond=None)[1][0] / 50
    measured(below, best, atol=1e-9)
    assert above > 1e6


@pytest.mark.claim("LA-200")
def test_descent_does_not_move_along_the_flat_directions_of_dependent_columns(measured):
    X, y = random(50, 3)[:, [0, 1, 2, 2]], random(50, 1, seed=1)
    torch.manual_seed(0)
    layer = nn.Linear(4, 1, bias=False)
    flat = layer.weight.detach()[0, 2] - layer.weight.detach()[0, 3]
    below = page.train(layer, X, y, 0.9 * page.largest_rate(X), 2000)
    measured(layer.weight.detach()[0, 2] - layer.weight.detach()[0, 3], flat, atol=1e-12)
    best = np.linalg.lstsq(X[:, :3].numpy(), y.numpy(), rcond=None)[1][0] / 50
    measured(below, best, atol=1e-9)


@pytest.mark.parametrize(("a", "b", "c"), [(2.0, 1.0, 2.0), (1.0, 2.0, 1.0), (-1.0, 0.0, -1.0), (3.0, 1.0, 0.4)])
def test_solution_two_by_two(a, b, c):
    kind = page.definiteness(torch.tensor([[a, b], [b, c]]))
    assert kind.startswith("positive definite") == (a > 0 and a * c - b * b > 0)


@exactly
@given(st.integers(2, 5), st.integers(0, 10**6))
def test_solution_no_overshooting(n, seed):
    C = sum(c * torch.linalg.matrix_power(page.shift(n), k) for k, c in enumerate(random(n, seed=seed)))
    radius, x = torch.linalg.eigvals(C).abs().max(), random(n, seed=seed + 1)
    for k in range(1, 6):
        assert (torch.linalg.matrix_power(C, k) @ x).norm() <= radius**k * x.norm() * (1 + 1e-9)


def test_rayleigh_takes_batches_and_follows_the_dtype():
    S, x = symmetric.float(), random(2, 3, 2).float()
    assert page.rayleigh(S, x).shape == (2, 3)
    assert page.rayleigh(S, x).dtype == torch.float32
    assert page.rayleigh(symmetric, torch.empty(0, 2)).shape == (0,)


test_numbers = numbers("linear_algebra.spectral", {"degrees": 30.0})


@pytest.mark.parametrize("seed", range(3))
def test_the_largest_curvature_is_the_largest_eigenvalue_of_the_hessian(seed, measured):
    torch.manual_seed(seed)
    X, y = torch.randn(50, 3), torch.randn(50, 1)
    layer = nn.Linear(3, 1, bias=False)
    loss = nn.functional.mse_loss(layer(X), y)
    found = page.largest_curvature(loss, list(layer.parameters()), 400)
    measured(2 / found, page.largest_rate(X), atol=1e-9)

    net = nn.Sequential(nn.Linear(3, 4), nn.Tanh(), nn.Linear(4, 1))
    names, start = zip(*net.named_parameters(), strict=True)

    def f(*parameters):
        out = torch.func.functional_call(net, dict(zip(names, parameters, strict=True)), (X,))
        return nn.functional.mse_loss(out, y)

    blocks = torch.autograd.functional.hessian(f, start)
    sizes = [p.numel() for p in start]
    H = torch.cat([torch.cat([b.reshape(n, m) for b, m in zip(row, sizes, strict=True)], 1)
                   for row, n in zip(blocks, sizes, strict=True)])  # fmt: skip
    eigenvalues = torch.linalg.eigvalsh(H)
    found = page.largest_curvature(f(*start), list(start), 3000)
    measured(found.abs(), eigenvalues.abs().max(), atol=1e-6)
