"""Products of features: one null space each, against cross products, scipy's harmonics and sympy."""

import math

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

import snippets.equivariant_networks.tensor_products as tensor_products
from snippets.equivariant_networks.rotations import five_numbers, harmonics, real_basis, wigner
from snippets.equivariant_networks.tensor_products import (
    TensorProduct,
    coupling,
    equations,
    multiply,
    quadrupole,
    solid_harmonics,
)
from snippets.lie_groups.exponential import exp_so3

components = st.floats(-3, 3)
vectors = st.tuples(components, components, components).map(torch.tensor)
TRIPLES = [(a, b, c) for a in range(4) for b in range(4) for c in range(abs(a - b), a + b + 1)]


@pytest.mark.claim("EL-141")
@given(vectors, st.sampled_from(TRIPLES))
def test_products_turn_like_features(w, triple):
    a, b, c = triple
    f, g = torch.randn(2 * a + 1), torch.randn(2 * b + 1)
    torch.testing.assert_close(
        multiply(wigner(a, w) @ f, wigner(b, w) @ g, c), wigner(c, w) @ multiply(f, g, c), atol=1e-10, rtol=0
    )


@pytest.mark.claim("EL-142", by="measured")
def test_each_kind_occurs_once_and_together_they_are_a_change_of_basis():
    for a in range(4):
        for b in range(4):
            kinds = range(abs(a - b), a + b + 1)
            for c in range(7):
                M = equations(a, b, c)
                small = torch.linalg.eigvalsh(M.T @ M)
                assert int((small < 1e-9).sum()) == (c in kinds)
                assert not small[small > 1e-9].numel() or small[small > 1e-9].min() > 1
            Q = torch.cat([coupling(a, b, c).flatten(1) for c in kinds])
            torch.testing.assert_close(Q @ Q.T, torch.eye((2 * a + 1) * (2 * b + 1)), atol=1e-12, rtol=0)


@pytest.mark.claim("EL-143", by="proved")
def test_dot_and_cross_products(measured):
    yzx = [1, 2, 0]
    for f in torch.eye(3):
        for g in torch.eye(3):
            measured(multiply(f[yzx], g[yzx], 0), (f @ g / math.sqrt(3))[None], atol=1e-14)
            measured(multiply(f[yzx], g[yzx], 1), torch.linalg.cross(f, g)[yzx] / math.sqrt(2), atol=1e-14)


def test_the_product_of_a_matrix_and_an_arrow(measured):
    """To kind 1 it is the matrix times the arrow, with one factor for all."""
    T, v = torch.randn(6, 3, 3), torch.randn(6, 3)
    T = T + T.mT
    T = T - T.diagonal(dim1=-2, dim2=-1).mean(-1)[:, None, None] * torch.eye(3)
    product = multiply(v[:, [1, 2, 0]], five_numbers(T), 1)[:, [2, 0, 1]]
    turned = torch.einsum("bij,bj->bi", T, v)
    factor = (product * turned).sum() / turned.square().sum()
    measured(product, factor * turned, atol=1e-13)
    assert factor.abs() > 0.1


@pytest.mark.claim("EL-144")
@given(vectors)
def test_harmonics_grow_by_multiplication(p):
    r = p.norm()
    for l, Y in enumerate(solid_harmonics(6, p)):
        expected = harmonics(l, p) * r**l if r > 0 else torch.eye(1, 2 * l + 1)[0] * (l == 0)
        torch.testing.assert_close(Y, expected, atol=1e-9, rtol=1e-9)


@pytest.mark.claim("EL-144", by="measured")
def test_the_factor_at_the_pole(measured):
    pole = torch.tensor([0.0, 1.0, 0.0])
    for l in range(7):
        product = multiply(torch.eye(2 * l + 1)[l], pole, l + 1).abs()
        measured(product, math.sqrt((l + 1) / (2 * l + 1)) * torch.eye(2 * l + 3)[l + 1], atol=1e-12)


def test_harmonics_are_smooth_at_the_origin_and_the_pole():
    for p in (torch.zeros(3), torch.tensor([0.0, 0.0, 1.0])):
        p.requires_grad_()
        assert torch.autograd.gradcheck(lambda p: torch.cat(solid_harmonics(3, p)), p)
        assert torch.autograd.gradgradcheck(lambda p: torch.cat(solid_harmonics(3, p)), p)


@pytest.mark.claim("EL-145")
def test_parities_multiply(measured):
    p, q = torch.randn(2, 5, 3)
    for a, Y in enumerate(solid_harmonics(3, p)):
        measured(solid_harmonics(3, -p)[a], (-1) ** a * Y, atol=1e-13)
    yzx = [1, 2, 0]
    measured(multiply(-p[:, yzx], -q[:, yzx], 1), multiply(p[:, yzx], q[:, yzx], 1), atol=0)


@pytest.mark.parametrize(("a", "b", "c"), [(1, 1, 1), (1, 1, 2), (1, 2, 2), (2, 2, 1), (2, 3, 2), (2, 1, 3), (3, 3, 4)])
def test_coefficients_agree_with_sympy_up_to_a_phase(a, b, c):
    from sympy.physics.wigner import clebsch_gordan

    G = torch.zeros(2 * c + 1, 2 * a + 1, 2 * b + 1, dtype=torch.complex128)
    for i in range(-a, a + 1):
        for j in range(-b, b + 1):
            if abs(i + j) <= c:
                G[c + i + j, a + i, b + j] = float(clebsch_gordan(a, b, c, i, j, i + j))
    U, V, W = (real_basis(l) for l in (a, b, c))
    real = torch.einsum("kK,KIJ,iI,jJ->kij", W.conj(), G, U, V)
    phase = (real.conj() * coupling(a, b, c)).sum() / (2 * c + 1)
    assert min(abs(phase - unit) for unit in (1, -1, 1j, -1j)) < 1e-12


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_layers_respect_rotations_and_inversions(dtype):
    torch.manual_seed(0)
    layer = TensorProduct([4, 3, 2], [2, 3, 1], top=3).to(dtype)
    f = [torch.randn(5, n, 2 * l + 1, dtype=dtype) for l, n in enumerate((4, 3, 2))]
    p, w = torch.randn(5, 3, dtype=dtype), torch.tensor([0.4, -0.7, 1.1], dtype=dtype)
    out = layer(f, p)
    assert [y.dtype for y in out] == [dtype] * 3
    tolerance = 1e-4 if dtype == torch.float32 else 1e-12
    turned = layer([x @ wigner(l, w).T for l, x in enumerate(f)], p @ exp_so3(w).T)
    inverted = layer([(-1) ** l * x for l, x in enumerate(f)], -p)
    for l, y in enumerate(out):
        torch.testing.assert_close(turned[l], y @ wigner(l, w).T, atol=tolerance, rtol=0)
        torch.testing.assert_close(inverted[l], (-1) ** l * y, atol=tolerance, rtol=0)


def test_the_shape_of_a_cloud():
    cube = torch.cartesian_prod(*[torch.tensor([-1.0, 1.0])] * 3)
    assert quadrupole(cube + 3).abs().max() < 1e-12
    line = torch.arange(4.0)[:, None] * torch.tensor([0.0, 0.0, 1.0])
    torch.testing.assert_close(quadrupole(line), torch.tensor([0.0, 0, 5, 0, 0]))  # 2 (1.5² + 0.5²)


def test_coefficients_are_exact_whatever_precision_asked_first():
    exact = coupling(2, 2, 3)
    tensor_products.KNOWN.clear()
    torch.set_default_dtype(torch.float32)
    try:
        assert coupling(2, 2, 3).dtype == torch.float32
    finally:
        torch.set_default_dtype(torch.float64)
    assert torch.equal(coupling(2, 2, 3), exact)


def test_who_changes_coefficients_changes_no_others():
    exact = coupling(1, 1, 1).clone()
    coupling(1, 1, 1).mul_(2)
    assert torch.equal(coupling(1, 1, 1), exact)


def test_impossible_products_are_refused_with_what_is_possible():
    with pytest.raises(ValueError, match="kinds 1 and 3 is of kind 1: take one from 2 to 4"):
        coupling(1, 3, 1)
    for a, b in ((-1, 2), (2, -1), (-1, -1)):
        with pytest.raises(ValueError, match=f"kinds {a} and {b}: take kinds 0, 1, 2"):
            coupling(a, b, 1)


def test_kinds_without_a_path_are_refused_with_what_helps():
    with pytest.raises(ValueError, match="no path leads to kind 2 with harmonics up to 1: take them up to 2"):
        TensorProduct([3], [2, 2, 2], top=1)
    assert {c for _, _, c in TensorProduct([3], [2, 2, 2], top=2).paths} == {0, 1, 2}
    with pytest.raises(ValueError, match="no path leads to kind 0 with harmonics up to 1: take them up to 2"):
        TensorProduct([0, 0, 4], [3], top=1)  # from kind 2, and not from kinds without channels
    assert TensorProduct([0, 0, 4], [3], top=2).paths == [(2, 2, 0)]
    none = TensorProduct([3], [2, 2, 0], top=1)([torch.randn(5, 3, 1)], torch.randn(5, 3))[2]
    assert none.shape == (5, 0, 5)


def test_missing_features_are_named():
    with pytest.raises(ValueError, match=r"1 kinds of features: pass 2, with \[2, 3\] channels"):
        TensorProduct([2, 3], [1], top=1)([torch.zeros(4, 2, 1)], torch.zeros(4, 3))


def test_paths_of_one_kind_are_added_up():
    torch.manual_seed(0)
    layer, p = TensorProduct([2, 3], [4, 2], 2), torch.randn(5, 3)
    f, Y = [torch.randn(5, n, 2 * l + 1) for l, n in enumerate((2, 3))], solid_harmonics(2, p)
    expected = [0.0, 0.0]
    for W, (a, b, c) in zip(layer.weights, layer.paths, strict=True):
        products = [multiply(f[a][:, k], Y[b], c) for k in range(f[a].shape[1])]
        expected[c] = expected[c] + W @ torch.stack(products, 1)
    for found, one in zip(layer(f, p), expected, strict=True):
        torch.testing.assert_close(found, one)
