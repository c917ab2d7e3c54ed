"""Steerable filters: the condition, ring by ring, by a null space, and on pixels."""

import inspect
import math

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from book.expect import numbers
from snippets.equivariant_networks.steerable_filters import (
    Gate,
    SteerableConvolution,
    SteerableLayer,
    TurnNetwork,
    angle_error,
    harmonic_filters,
    mirror_filters,
    on_ring,
    turn_field,
    turning,
)

# sampled at spacing 1 a ring of radius 1.2 has about eight pixels: tens of per cent; at 1/2 under one
test_numbers = numbers("equivariant_networks.steerable_filters", {"coarse": 0.363534710, "fine": 0.00448535224})
FREQUENCIES = [(m, other) for m in range(4) for other in range(4)]
angles = st.floats(-math.pi, math.pi)


def size(m):
    return 1 + (m > 0)


@pytest.mark.claim("EL-121")
@given(st.integers(0, 4), angles, angles)
def test_turning_is_a_representation(m, a, b):
    a, b = torch.tensor(a), torch.tensor(b)
    torch.testing.assert_close(turning(m, a) @ turning(m, b), turning(m, a + b), atol=1e-12, rtol=0)
    assert turning(m, a).shape == (size(m), size(m))


@pytest.mark.claim("EL-122")
@pytest.mark.parametrize(("m", "other"), [(0, 1), (1, 0), (1, 1), (1, 2), (2, 2)])
def test_exactly_the_filters_of_the_condition_respect_turns(m, other, measured):
    """On rings of 16 angles, where turns by 22.5° are exact: answers at the middle, for fields on the rings."""
    phi = 2 * math.pi * torch.arange(16) / 16
    K = on_ring(torch.randn(size(other), size(m)), m, other, phi)
    f = torch.randn(16, size(m))
    for step in (1, 3, 7):
        theta = 2 * math.pi * torch.tensor(float(step)) / 16
        moved = f.roll(step, 0) @ turning(m, theta).T
        rho = turning(other, theta)
        measured(at_the_middle(K, moved), rho @ at_the_middle(K, f), atol=1e-12)
        broken = K + torch.randn_like(K)
        assert (at_the_middle(broken, moved) - rho @ at_the_middle(broken, f)).abs().max() > 1e-3


def at_the_middle(K, f):
    return torch.einsum("poi,pi->o", K, f)


@pytest.mark.claim("EL-123")
@given(st.sampled_from(FREQUENCIES), angles, angles)
def test_a_ring_filter_satisfies_the_condition(frequencies, phi, theta):
    m, other = frequencies
    W = torch.randn(size(other), size(m))
    phi, theta = torch.tensor(phi), torch.tensor(theta)
    moved = turning(other, theta) @ on_ring(W, m, other, phi) @ turning(m, -theta)
    torch.testing.assert_close(on_ring(W, m, other, phi + theta), moved, atol=1e-11, rtol=0)
    torch.testing.assert_close(on_ring(W, m, other, torch.zeros(())), W)


@pytest.mark.claim("EL-123", by="proved")
@pytest.mark.parametrize(("m", "other"), FREQUENCIES)
def test_ring_and_middle_have_as_many_filters_as_said(m, other):
    assert len(harmonic_filters(m, other, m + other + 2)) == size(m) * size(other)
    theta = torch.tensor(0.7)
    A, B = turning(m, theta), turning(other, theta)
    equations = torch.kron(torch.eye(size(other)), A.T.contiguous()) - torch.kron(B, torch.eye(size(m)))
    middle = equations.shape[1] - int(torch.linalg.matrix_rank(equations, rtol=1e-9))
    assert middle == (0 if m != other else 1 if m == 0 else 2)


@pytest.mark.claim("EL-124", by="proved")
@pytest.mark.parametrize(("m", "other"), FREQUENCIES)
def test_the_null_space_is_the_ring_filters_in_two_waves(m, other, measured):
    top = m + other + 2
    basis = harmonic_filters(m, other, top)
    frequency = torch.tensor([0] + [k for k in range(1, top + 1) for _ in (0, 1)])
    used = set(frequency[basis.square().sum((0, 2, 3)) > 1e-12].tolist())
    assert used == {abs(m - other), m + other}
    phi = torch.linspace(0, 6, 9)
    waves = torch.stack([torch.ones(9)] + [f(k * phi) for k in range(1, top + 1) for f in (torch.cos, torch.sin)])
    for coefficients in basis:
        K = torch.einsum("wp,woi->poi", waves, coefficients)
        measured(K, on_ring(K[0], m, other, phi), atol=1e-10)


@pytest.mark.claim("EL-125")
def test_errors_vanish_at_quarter_turns_and_fall_with_the_spacing():
    for m in range(3):
        assert angle_error(m, math.pi / 2, 1.0) < 1e-12
        coarse, fine, finest = (angle_error(m, math.pi / 4, h) for h in (1.0, 0.5, 0.25))
        assert coarse > 0.01
        assert fine < coarse / 10
        assert finest < fine / 2


@pytest.mark.parametrize(("m", "other"), [(0, 0), (0, 2), (1, 0), (1, 1), (1, 2), (2, 2)])
def test_layers_are_exact_for_quarter_turns(m, other):
    layer = SteerableConvolution(m, other, 2, 3, size=5)
    f = torch.randn(2, 2 * size(m), 8, 8)
    for quarters in (1, 2, 3):
        torch.testing.assert_close(
            layer(turn_field(f, m, quarters)), turn_field(layer(f), other, quarters), atol=1e-12, rtol=0
        )


def test_quarter_turns_of_fields_move_pixels_and_turn_values():
    f = torch.randn(2, 4, 6, 6)
    for quarters in (0, 1, 2, 3, 5):
        places = f.rot90(quarters, (-2, -1)).unflatten(1, (2, 2))
        expected = torch.einsum("oi,bcixy->bcoxy", turning(3, torch.tensor(quarters * math.pi / 2)), places)
        torch.testing.assert_close(turn_field(f, 3, quarters), expected.flatten(1, 2), atol=1e-13, rtol=0)


def test_fields_turn_by_any_angle():
    """The slope of a smooth bump, turned, is the slope of the turned bump, up to interpolation."""
    ticks = torch.linspace(-5, 5, 201)
    y, x = torch.meshgrid(-ticks, ticks, indexing="ij")

    def slope(u, v):
        bump = torch.exp(-((u - 0.8) ** 2) - (v + 0.4) ** 2)
        return torch.stack([-2 * (u - 0.8) * bump, -2 * (v + 0.4) * bump])

    for theta in (0.3, math.pi / 4, 2.0):
        c, s = math.cos(theta), math.sin(theta)
        u, v = slope(c * x + s * y, c * y - s * x)
        expected = torch.stack([c * u - s * v, s * u + c * v])
        found = turn_field(slope(x, y)[None], 1, theta / (math.pi / 2))[0]
        assert (found - expected).abs().max() < 0.005


def test_layers_of_several_frequencies_add_up_a_filter_for_each_pair():
    torch.manual_seed(0)
    layer, sizes = SteerableLayer([2, 1, 3], [3, 2], size=5), (2, 1, 3)
    torch.nn.init.normal_(layer.bias)
    fields = [torch.randn(2, c * size(m), 8, 8) for m, c in enumerate(sizes)]
    out = layer(fields)
    for quarters in (1, 2, 3):
        turned = layer([turn_field(f, m, quarters) for m, f in enumerate(fields)])
        for m, (a, b) in enumerate(zip(turned, out, strict=True)):
            torch.testing.assert_close(a, turn_field(b, m, quarters), atol=1e-12, rtol=0)
    for m, row in enumerate(layer.filters):
        assert [(f.m_in, f.m_out) for f in row] == [(0, m), (1, m), (2, m)]
        total = sum(f(x) for f, x in zip(row, fields, strict=True))
        torch.testing.assert_close(out[m], total + layer.bias if m == 0 else total)


def test_the_middle_of_a_filter_commutes_with_all_turns():
    """For equal frequencies, with weights that do not; and it is the nearest that does."""
    layer, J = SteerableConvolution(2, 2, 1, 1, size=5), torch.tensor([[0.0, -1.0], [1.0, 0.0]])
    middle, W = layer.kernel()[:, :, 2, 2].detach(), layer.weight[0, 0, 0].detach()
    assert (W @ J - J @ W).abs().max() > 1e-3
    assert torch.equal(middle @ J, J @ middle)
    for direction in (torch.eye(2), J):
        assert abs(((W - middle) * direction).sum()) < 1e-12


def test_gates_turn_with_their_arrows_and_have_gradients_at_zero():
    gate, f = Gate(3), torch.randn(2, 6, 4, 4)
    torch.testing.assert_close(gate(turn_field(f, 2, 1)), turn_field(gate(f), 2, 1))
    one, v = Gate(1), torch.tensor([1.2, 1.6]).reshape(1, 2, 1, 1)
    torch.nn.init.ones_(one.threshold)
    torch.testing.assert_close(one(v), v * torch.sigmoid(torch.tensor(4.0 - 1.0)))
    zero = torch.zeros(1, 6, 2, 2, requires_grad=True)
    gate(zero).sum().backward()
    assert torch.equal(zero.grad, torch.full_like(zero, 0.5))


def test_the_network_ignores_quarter_turns():
    torch.manual_seed(0)
    network, x = TurnNetwork(4, 3), torch.randn(2, 1, 15, 15)
    torch.testing.assert_close(network(x.rot90(1, (-2, -1))), network(x))
    assert (network(x.flip(-1)) - network(x)).abs().max() > 1e-4


def test_mirror_images_halve_the_filters():
    assert [[mirror_filters(m, other) for other in range(3)] for m in range(3)] == [[1, 1, 1], [1, 2, 2], [1, 2, 2]]


def test_filters_without_a_middle_are_refused():
    with pytest.raises(ValueError, match="6×6 pixels have no middle pixel: take 7"):
        SteerableConvolution(0, 1, 1, 1, 6)


def test_negative_frequencies_are_refused():
    for refuse in (lambda: turning(-2, torch.zeros(())), lambda: SteerableConvolution(0, -2, 1, 1, 5)):
        with pytest.raises(ValueError, match=r"frequency -2.*take 2"):
            refuse()


def test_a_layer_says_how_many_fields_it_takes():
    with pytest.raises(ValueError, match=r"1 fields: pass 2, one for each frequency"):
        SteerableLayer([2, 1], [1], size=3)([torch.zeros(1, 2, 5, 5)])


@pytest.mark.parametrize(("m", "other"), [(0, 0), (0, 1), (1, 1), (2, 1)])
def test_a_filter_on_pixels_is_a_sum_of_rings_that_fade_within_a_pixel(m, other, measured):
    layer = SteerableConvolution(m, other, 1, 1, size=5)
    K = layer.kernel().detach()
    assert torch.equal(layer.profile[0, 2, 2] != 0, torch.tensor(m == other))
    for row, column in ((0, 0), (1, 2), (2, 4), (3, 1), (4, 2)):
        up, right = 2 - row, column - 2
        expected = torch.zeros(size(other), size(m))
        for ring, W in enumerate(layer.weight[:, 0, 0].detach()):
            W = (W + W.inverse().T * torch.linalg.det(W)) / 2 if ring == 0 and m == other > 0 else W
            here = on_ring(W, m, other, torch.atan2(torch.tensor(float(up)), torch.tensor(float(right))))
            expected += math.exp(-((math.hypot(up, right) - ring) ** 2) / 0.72) * here
        measured(K[:, :, row, column], expected, atol=1e-14)


@pytest.mark.parametrize("shape", [(1, 3, 6, 6), (1, 5, 6, 6), (1, 6, 6, 6), (1, 2, 6), (2, 6, 6), (1, 1, 2, 6, 6)])
def test_fields_of_another_shape_are_refused(shape):
    """Two channels are two or four numbers a pixel; a field of arrows has an even number of them."""
    f = torch.zeros(shape)
    with pytest.raises(ValueError, match=r"pass \(batch, 2 or 4, n, n\)"):
        inspect.unwrap(Gate.forward)(Gate(2), f)
    if shape[1] % 2 or f.ndim != 4:
        with pytest.raises(ValueError, match=r"pass \(batch, 2 × channels, n, n\)"):
            inspect.unwrap(turn_field)(f, 1, 1)


def test_a_layer_counts_its_fields_and_its_bias_is_for_numbers():
    layer = SteerableLayer([1, 2], [2, 1], size=3)
    for count in (1, 3):
        with pytest.raises(ValueError, match=f"{count} fields: pass 2"):
            layer([torch.zeros(1, 1 + m, 5, 5) for m in range(count)])
    assert layer.bias.shape == (2, 1, 1)
