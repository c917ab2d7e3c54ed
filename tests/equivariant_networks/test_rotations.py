"""Irreducible representations of the rotations, against scipy and sympy."""

import inspect
import math

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from scipy.special import sph_harm_y

from snippets.equivariant_networks.rotations import (
    KindGate,
    KindLinear,
    five_numbers,
    harmonics,
    ladder,
    real_basis,
    rotation_character,
    rotation_inner,
    shell_filters,
    traceless,
    velocities,
    wigner,
)
from snippets.lie_groups.exponential import exp_so3, log_so3

KINDS = range(6)
components = st.floats(-3, 3)
vectors = st.tuples(components, components, components).map(torch.tensor)


def unit(count=7):
    return torch.nn.functional.normalize(torch.randn(count, 3), dim=-1)


@pytest.mark.claim("EL-131")
@pytest.mark.parametrize("l", KINDS)
def test_ladders_have_the_brackets_of_rotations(l, measured):
    J = ladder(l)
    for a in range(3):
        b, c = (a + 1) % 3, (a + 2) % 3
        measured(J[a] @ J[b] - J[b] @ J[a], 1j * J[c], atol=1e-13 * (l + 1) ** 2)
        measured.exact(J[a], J[a].mH.resolve_conj())
    measured((J @ J).sum(0), l * (l + 1) * torch.eye(2 * l + 1, dtype=torch.complex128), atol=1e-13 * (l + 1) ** 2)
    U = real_basis(l)
    measured(U @ U.mH, torch.eye(2 * l + 1, dtype=torch.complex128), atol=1e-15)
    measured((U.conj() @ (1j * J) @ U.T).imag, torch.zeros(3, 2 * l + 1, 2 * l + 1), atol=1e-15)


@pytest.mark.parametrize("l", [1, 2, 3])
@pytest.mark.unwatched
def test_ladders_are_those_of_sympy(l):
    """Its small d-matrix is exp(−iβJ_y)."""
    from sympy.physics.quantum.spin import Rotation

    beta, m = 0.7, range(-l, l + 1)
    expected = torch.tensor([[complex(Rotation.d(l, a, b, beta).doit()) for b in m] for a in m])
    torch.testing.assert_close(torch.linalg.matrix_exp(-1j * beta * ladder(l)[1]), expected)


@pytest.mark.claim("EL-132")
@given(vectors, vectors)
def test_wigner_matrices_multiply_like_rotations(v, w):
    product = log_so3(exp_so3(v) @ exp_so3(w))
    for l in (0, 1, 2, 3):
        D = wigner(l, v)
        torch.testing.assert_close(D @ wigner(l, w), wigner(l, product), atol=1e-6, rtol=0)
        torch.testing.assert_close(D @ D.T, torch.eye(2 * l + 1), atol=1e-12, rtol=0)
    yzx = [1, 2, 0]
    torch.testing.assert_close(wigner(1, v), exp_so3(v)[yzx][:, yzx], atol=1e-7, rtol=0)


@pytest.mark.claim("EL-132", by="proved")
@pytest.mark.parametrize("l", KINDS)
def test_only_multiples_of_the_identity_commute(l):
    d, X = 2 * l + 1, velocities(l)
    equations = torch.cat([torch.kron(A, torch.eye(d)) - torch.kron(torch.eye(d), A.T.contiguous()) for A in X])
    sigma = torch.linalg.svdvals(equations)
    assert (sigma < 1e-9).sum() == 1
    assert sigma[sigma > 1e-9].numel() == 0 or sigma[sigma > 1e-9].min() > 0.5


@pytest.mark.parametrize(("dtype", "theta", "atol"), [(torch.float64, 0.04, 1e-14), (torch.float32, 0.5, 1e-6)])
def test_a_single_turn_is_as_exact_as_many(dtype, theta, atol):
    """PyTorch's own exponential of a single matrix is not: its issue 196592."""
    for l in range(4):
        omega = theta / max(l, 1) * torch.tensor([0.0, 0.0, 1.0], dtype=dtype)
        k = torch.arange(1, l + 1) * omega[2].double()
        expected = torch.diag(torch.cat([k.flip(0).cos(), torch.ones(1), k.cos()]))
        expected = expected + torch.diag(torch.cat([-k.flip(0).sin(), torch.zeros(1), k.sin()])).fliplr().mT
        D = wigner(l, omega)
        assert (D.double() - expected).abs().max() < atol


@pytest.mark.parametrize("l", range(5))
def test_a_full_turn_is_the_identity(l):
    for axis in unit(3):
        torch.testing.assert_close(wigner(l, 2 * math.pi * axis), torch.eye(2 * l + 1), atol=1e-11, rtol=0)


@pytest.mark.claim("EL-133")
@given(vectors, st.integers(0, 5))
def test_harmonics_turn_with_the_sphere(w, l):
    p = unit()
    torch.testing.assert_close(harmonics(l, p @ exp_so3(w).T), harmonics(l, p) @ wigner(l, w).T, atol=1e-8, rtol=0)
    torch.testing.assert_close(harmonics(l, -p), (-1) ** l * harmonics(l, p), atol=1e-11, rtol=0)
    torch.testing.assert_close(harmonics(l, p).norm(dim=-1), torch.ones(7))


@pytest.mark.claim("EL-133", by="proved")
@pytest.mark.parametrize("l", KINDS)
def test_one_value_at_the_pole_is_kept(l):
    sigma = torch.linalg.svdvals(velocities(l)[2])
    assert (sigma < 1e-12).sum() == 1
    pole = torch.tensor([0.0, 0.0, 1.0])
    torch.testing.assert_close(harmonics(l, pole), torch.eye(2 * l + 1)[l])


@pytest.mark.parametrize("l", KINDS)
def test_gradients_of_harmonics_are_right_at_the_poles_too(l):
    """A turn with the velocity w moves p by w × p and its value by X_w Y; along p nothing changes."""
    poles = torch.tensor([[0.0, 0, 1], [0, 0, -1], [0, 0, 3], [-0.0, -0.0, -0.5]])
    near = torch.tensor([[1e-9, 0, 1], [0, 1e-12, -1], [1, 0, 0], [0, -2, -1e-15]])
    for p in torch.cat([poles, near, torch.randn(4, 3)]):
        slopes = torch.autograd.functional.jacobian(lambda p: harmonics(l, p), p)
        turned = torch.linalg.cross(torch.eye(3), p.expand(3, 3))
        expected = torch.einsum("aij,j->ia", velocities(l), harmonics(l, p))
        torch.testing.assert_close(slopes @ turned.T, expected, atol=1e-12, rtol=0)
        torch.testing.assert_close(slopes @ p, torch.zeros(2 * l + 1), atol=1e-12, rtol=0)


def test_the_origin_has_the_value_of_the_pole():
    torch.testing.assert_close(harmonics(2, torch.zeros(2, 3)), torch.eye(5)[[2, 2]])


@pytest.mark.claim("EL-133")
@pytest.mark.parametrize("l", KINDS)
def test_harmonics_are_polynomials_of_their_degree(l):
    """On a sphere of any radius they are: |p|ˡ Y(p) is a combination of the monomials of degree l."""
    p = torch.randn(60, 3)
    powers = [(a, b, l - a - b) for a in range(l + 1) for b in range(l + 1 - a)]
    monomials = torch.stack([(p ** torch.tensor(n)).prod(-1) for n in powers], -1)
    Y = p.norm(dim=-1, keepdim=True) ** l * harmonics(l, p)
    fitted = monomials @ torch.linalg.lstsq(monomials, Y).solution
    torch.testing.assert_close(fitted, Y, atol=1e-9, rtol=1e-9)


@pytest.mark.claim("EL-134")
def test_harmonics_agree_with_the_formulas_of_e3nn():
    """Its polynomials for l = 1 and 2, with "norm": the axis is y, and the order that of m."""
    x, y, z = (p := unit()).unbind(-1)
    s = math.sqrt(3)
    formulas = {1: [x, y, z], 2: [s * x * z, s * x * y, y**2 - (x**2 + z**2) / 2, s * y * z, s / 2 * (z**2 - x**2)]}
    for l, columns in formulas.items():
        torch.testing.assert_close(torch.stack(columns, -1), harmonics(l, p[:, [2, 0, 1]]))


@pytest.mark.claim("EL-134")
@pytest.mark.parametrize("l", KINDS)
def test_harmonics_agree_with_scipy(l, measured):
    p = unit()
    theta, phi = np.arccos(p[:, 2].numpy()), np.arctan2(p[:, 1].numpy(), p[:, 0].numpy())
    Y = np.stack([sph_harm_y(l, m, theta, phi) for m in range(-l, l + 1)], -1)
    columns = [
        Y[:, l].real if m == 0 else math.sqrt(2) * (-1) ** m * (Y[:, l + abs(m)].real if m > 0 else Y[:, l - m].imag)
        for m in range(-l, l + 1)
    ]
    factor = math.sqrt((2 * l + 1) / (4 * math.pi))
    measured(factor * harmonics(l, p), torch.tensor(np.stack(columns, -1)), atol=1e-13)
    measured(harmonics(1, p), p[:, [1, 2, 0]], atol=1e-14)


def test_five_numbers_are_the_kind_two(measured):
    """The map from symmetric matrices of trace zero commutes with rotations, for all of a basis."""
    p = unit(9)
    measured(five_numbers(traceless(p)), harmonics(2, p), atol=1e-14)
    T = torch.randn(4, 3, 3)
    T = T + T.mT
    T = T - T.diagonal(dim1=-2, dim2=-1).mean(-1)[:, None, None] * torch.eye(3)
    for w in torch.randn(3, 3):
        R = exp_so3(w)
        measured(five_numbers(R @ T @ R.T), five_numbers(T) @ wigner(2, w).T, atol=1e-12)
    measured(five_numbers(T).norm(dim=-1), math.sqrt(1.5) * torch.linalg.matrix_norm(T), atol=1e-12)
    assert torch.linalg.matrix_rank(harmonics(2, p)) == 5
    A, w = torch.randn(3, 3), torch.randn(3)
    measured(five_numbers(exp_so3(w) @ A @ exp_so3(w).T), wigner(2, w) @ five_numbers(A), atol=1e-12)
    measured(five_numbers(A - A.T + 2 * torch.eye(3)), torch.zeros(5), atol=1e-12)
    with pytest.raises(ValueError, match=r"shape \(4, 2, 2\): pass \(…, 3, 3\)"):
        inspect.unwrap(five_numbers)(torch.zeros(4, 2, 2))


def test_characters_are_traces_and_orthonormal(measured):
    theta = (torch.arange(40) + 0.5) * math.pi / 40
    table = torch.stack([rotation_character(l, theta) for l in range(5)])
    for l in range(5):
        D = wigner(l, theta[:, None] * unit(1))
        measured(D.diagonal(dim1=-2, dim2=-1).sum(-1), table[l], atol=1e-12)
        for k in range(5):
            measured(rotation_inner(table[l], table[k]), float(k == l), atol=1e-12)


def test_kinds_are_not_mixed_by_linear_layers(measured):
    torch.manual_seed(0)
    layer, w = KindLinear([3, 2, 0], [4, 1, 2]), torch.tensor([0.5, -1.0, 0.2])
    torch.nn.init.normal_(layer.bias)
    f = [torch.randn(2, n, 2 * l + 1) for l, n in enumerate((3, 2, 0))]
    torch.testing.assert_close(layer(f)[1], layer.weights[1] @ f[1])
    turned = [x @ wigner(l, w).T for l, x in enumerate(f)]
    for l, (a, b) in enumerate(zip(layer(turned), layer(f), strict=True)):
        measured(a.detach(), (b @ wigner(l, w).T).detach(), atol=1e-13)
    with pytest.raises(ValueError, match="2 kinds before and 1 after"):
        KindLinear([1, 1], [1])


def test_gates_scale_whole_channels_by_numbers(measured):
    """They commute with rotations, switch each channel by a number of its own, and use all numbers that come in."""
    torch.manual_seed(0)
    gate, w = KindGate([3, 2, 1]), torch.tensor([0.5, -1.0, 0.2])
    assert gate.taken == [6, 2, 1]
    f = [torch.randn(4, n, 2 * l + 1) for l, n in enumerate(gate.taken)]
    out = gate(f)
    for l, (a, b) in enumerate(zip(gate([x @ wigner(l, w).T for l, x in enumerate(f)]), out, strict=True)):
        measured(a, b @ wigner(l, w).T, atol=1e-13)
    torch.testing.assert_close(out[0], f[0][:, :3] * torch.sigmoid(f[0][:, :3]))
    torch.testing.assert_close(out[1], f[1] * torch.sigmoid(f[0][:, 3:5]))
    torch.testing.assert_close(out[2], f[2] * torch.sigmoid(f[0][:, 5:]))


def test_a_missing_kind_is_named():
    for step in (KindLinear([2, 1], [1, 1]), KindGate([1, 1])):
        with pytest.raises(ValueError, match=r"1 kinds of features: pass 2, with \[2, 1\] channels"):
            step([torch.zeros(4, 2, 1)])


def test_shells_have_as_many_filters_as_common_frequencies():
    assert all(shell_filters(a, b) == 2 * min(a, b) + 1 for a in range(4) for b in range(4))


def test_negative_kinds_are_refused():
    for refuse in (
        ladder,
        velocities,
        lambda l: wigner(l, torch.ones(3)),
        lambda l: harmonics(l, torch.ones(3)),
        lambda l: rotation_character(l, torch.ones(4)),
    ):
        with pytest.raises(ValueError, match=r"l = -1: take 0, 1"):
            refuse(-1)
