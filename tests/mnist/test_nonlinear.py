"""Weight sharing under ReLU: laws in double precision, oracles, and what the recorded runs say."""

import itertools

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import nn

from book.expect import numbers
from snippets.figures.mnist import nonlinear as nonlinear_figures
from snippets.mnist.data import load_images, load_labels
from snippets.mnist.exact import waves
from snippets.mnist.nonlinear import (
    ShiftEquivariant,
    Symmetrised,
    anywhere,
    circular_cnn,
    classes,
    cnn,
    dense,
    equivariant,
    nearby,
    signed_power,
    size,
    symmetry_error,
    train,
)
from snippets.mnist.shifts import cyclic_shift

test_numbers = numbers("mnist.nonlinear", {
    "channels": 32,
    "pool_by_1": 0.480339365,
    "row_sums": 0.738,
    "zeros_least": 0.11864395,
    "zeros_most": 0.225413630,
    "zeros_most_by_2": 0.0152156612,
})  # fmt: skip


def noise(*shape: int, seed: int = 0) -> torch.Tensor:
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed))


def digits(count: int) -> torch.Tensor:
    return load_images("test")[:count] / 255.0


def cycle(width: int) -> torch.Tensor:
    """The matrix of the cyclic shift by one."""
    return torch.eye(width).roll(1, dims=0)


# --- layers


def matrix(layer: nn.Module, channels: int, width: int) -> torch.Tensor:
    """The matrix of a layer, bias left out, on channels × width numbers."""
    inputs = torch.eye(channels * width).view(-1, channels, width)
    with torch.no_grad():
        return (layer(inputs) - layer(0 * inputs)).flatten(1).T


@pytest.mark.claim("MN-201")
@pytest.mark.parametrize(("channels", "out", "width"), [(1, 1, 5), (2, 3, 4), (3, 2, 3), (2, 1, 6)])
def test_the_layer_is_every_linear_map_that_commutes_with_the_shift(channels, out, width, measured):
    shift_in = torch.kron(torch.eye(channels), cycle(width))
    shift_out = torch.kron(torch.eye(out), cycle(width))
    equations = torch.kron(torch.eye(out * width), shift_in.T.contiguous()) - torch.kron(
        shift_out, torch.eye(channels * width)
    )
    commuting = out * width * channels * width - int(torch.linalg.matrix_rank(equations))
    measured.exact(commuting, channels * out * width)
    layer, basis = ShiftEquivariant(channels, out, width), []
    for index in range(layer.weight.numel()):
        with torch.no_grad():
            layer.weight.zero_().view(-1)[index] = 1
        basis.append(matrix(layer, channels, width))
        measured(basis[-1] @ shift_in, shift_out @ basis[-1], atol=1e-14)
    measured.exact(int(torch.linalg.matrix_rank(torch.stack(basis).flatten(1))), commuting)


@pytest.mark.claim("MN-201")
def test_the_layer_is_a_sum_over_the_circle_and_torch_s_circular_convolution(measured):
    torch.manual_seed(0)
    layer, x = ShiftEquivariant(3, 4, 7), noise(5, 3, 7)
    with torch.no_grad():
        layer.bias.copy_(noise(4))
        by_hand = layer.bias[:, None].expand(5, 4, 7).clone()
        for t, s in itertools.product(range(7), range(7)):
            by_hand[:, :, t] += x[:, :, (t - s) % 7] @ layer.weight[:, :, s].T
        oracle = nn.functional.conv1d(torch.cat([x[..., 1:], x], -1), layer.weight.flip(-1), layer.bias)
        measured(layer(x), by_hand, atol=1e-13)
        measured(layer(x), oracle, atol=1e-13)


@pytest.mark.claim("MN-202")
def test_a_bias_commutes_exactly_if_it_is_the_same_in_every_column(measured):
    x, shared, own = noise(4, 3, 28), noise(3, 1, seed=1), noise(3, 28, seed=2)
    measured.exact((x + shared).roll(1, -1) - (x.roll(1, -1) + shared), torch.zeros(4, 3, 28))
    difference = (x + own).roll(1, -1) - (x.roll(1, -1) + own)
    measured(difference, (own.roll(1, -1) - own).expand(4, 3, 28), atol=1e-14)
    fixed = 28 - int(torch.linalg.matrix_rank(cycle(28) - torch.eye(28)))
    measured.exact(fixed, 1)
    measured.exact(ShiftEquivariant(28, 11).bias.numel(), 11)


# --- pointwise functions


@pytest.mark.claim("MN-203")
@given(st.permutations(range(6)), st.lists(st.floats(-5, 5), min_size=6, max_size=6))
def test_pointwise_functions_commute_with_permutations(order, entries):
    x = torch.tensor(entries, dtype=torch.float64)
    for function in (torch.relu, torch.tanh, torch.sin, lambda t: t**2 - 1):
        assert torch.equal(function(x[list(order)]), function(x)[list(order)])


def violation(q: torch.Tensor) -> float:
    """How far Q relu(e) is from relu(Q e), at worst over the basis vectors e."""
    return float((q.relu() - q).abs().max())


@pytest.mark.claim("MN-203")
def test_no_orthogonal_matrix_but_a_permutation_commutes_with_relu(measured):
    eye = torch.eye(4)
    for seed in range(20):
        q = torch.linalg.qr(noise(4, 4, seed=seed)).Q
        measured(q.T @ q, eye, atol=1e-14)
        assert violation(q) > 0.01
    signed = [
        eye[list(p)] * torch.tensor(s)
        for p in itertools.permutations(range(4))
        for s in itertools.product((1.0, -1.0), repeat=4)
    ]
    commuting = [q for q in signed if violation(q) == 0]
    measured.exact(len(commuting), 24)
    x = noise(50, 4)
    for q in commuting:
        measured.exact((x @ q.T).relu(), x.relu() @ q.T)
    for angle in (1e-3, 0.5, 2.0):
        a = torch.tensor(angle)
        turn = torch.stack([torch.stack([a.cos(), -a.sin()]), torch.stack([a.sin(), a.cos()])])
        assert violation(turn) >= min(angle, 0.1) / 2


@pytest.mark.claim("MN-203")
def test_relu_on_the_waves_of_a_row_does_not_commute_with_the_shift(measured):
    rows = waves()[[0, *range(2, 29)]]
    basis = (rows / rows.norm(dim=1, keepdim=True)).T
    measured(basis @ basis.T, torch.eye(28), atol=1e-13)
    assert symmetry_error(Waves(basis), digits(20)) > 0.1
    assert symmetry_error(nn.ReLU(), noise(20, 28, 28)) == 0


class Waves(nn.Module):
    """ReLU in another orthonormal basis of the rows."""

    def __init__(self, basis: torch.Tensor) -> None:
        super().__init__()
        self.basis = basis

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return (x @ self.basis).relu() @ self.basis.T


# --- networks


@pytest.mark.claim("MN-204")
@pytest.mark.parametrize("seed", range(3))
def test_outputs_do_not_notice_cyclic_shifts_and_hidden_layers_move_along(seed, measured):
    torch.manual_seed(seed)
    network, x = equivariant(), digits(30)
    with torch.no_grad():
        for k in (1, 5, 14, -3):
            measured(network(cyclic_shift(x, k)), network(x), atol=1e-13)
            measured(network[:4](x.roll(k, -1)), network[:4](x).roll(k, -1), atol=1e-13)


@pytest.mark.claim("MN-204")
def test_invariance_lasts_through_training(measured):
    torch.manual_seed(0)
    network, x = equivariant(), digits(300)
    before = network[0].weight.clone()
    train(network, x, load_labels("test")[:300].long(), 5, torch.Generator().manual_seed(0))
    assert (network[0].weight - before).abs().max() > 1e-3
    measured(symmetry_error(network, x, by=9, out_by=0), 0, atol=1e-13)


@pytest.mark.claim("MN-205")
@pytest.mark.parametrize("seed", range(3))
def test_left_and_right_cannot_be_told_apart_but_rows_against_rows_can(seed, measured):
    torch.manual_seed(seed)
    network, x = equivariant(), digits(100)
    both = torch.cat([x.roll(-7, -1), x.roll(7, -1)])
    side = torch.arange(2).repeat_interleave(100)
    guess = classes(network, both) % 2
    measured.exact(guess[:100], guess[100:])
    measured.exact(float((guess == side).double().mean()), 0.5)
    half = x.clone()
    half[:, 14:] = half[:, 14:].roll(7, -1)
    with torch.no_grad():
        assert (network(half) - network(x)).norm(dim=1).min() > 1e-3


def linear_part(network: nn.Sequential) -> nn.Sequential:
    return nn.Sequential(*[layer for layer in network if not isinstance(layer, nn.ReLU)])


@pytest.mark.claim("MN-206")
def test_without_relu_the_invariant_head_sees_row_sums_only(measured):
    torch.manual_seed(0)
    network, x = equivariant(), digits(20)
    mixed = torch.stack([row[torch.randperm(28)] for row in x.view(-1, 28)]).view(x.shape)
    with torch.no_grad():
        linear = linear_part(network)
        measured(linear(mixed), linear(x), atol=1e-13)
        assert (network(mixed) - network(x)).norm() > 1e-2
        columns = [linear(one) - linear(0 * one) for one in torch.eye(784).view(784, 1, 28, 28)]
        m = torch.cat(columns).view(28, 28, 10)
    measured(m, m[:, :1].expand(28, 28, 10), atol=1e-14)


@pytest.mark.claim("MN-206")
def test_row_sums_alone_classify_three_quarters(measured):
    measured(nonlinear_figures.row_sums()["row_sums"], 0.74, atol=0.01)


@pytest.mark.claim("MN-208")
def test_zeros_at_the_edge_break_the_cyclic_shift_there_and_only_there(measured):
    torch.manual_seed(0)
    circular = nn.Conv2d(1, 4, 3, padding=1, padding_mode="circular")
    zeros = nn.Conv2d(1, 4, 3, padding=1)
    x = noise(6, 1, 28, 28)
    measured(symmetry_error(circular, x, by=10), 0, atol=1e-15)
    with torch.no_grad():
        difference = zeros(x.roll(10, -1)) - zeros(x).roll(10, -1)
    columns = (difference.abs().amax((0, 1, 2)) > 1e-12).nonzero().flatten().tolist()
    measured.exact(columns, [0, 9, 10, 27])
    inside = nn.functional.pad(noise(6, 1, 28, 18), (3, 7))
    measured(symmetry_error(zeros, inside, by=4), 0, atol=1e-15)


@pytest.mark.claim("MN-209")
def test_pooling_by_two_keeps_shifts_by_two_only(measured):
    x = noise(6, 1, 28, 28)
    for pool in (nn.MaxPool2d(2), nn.AvgPool2d(2), nn.Conv2d(1, 3, 2, stride=2)):
        measured(symmetry_error(pool, x, by=2, out_by=1), 0, atol=1e-15)
        measured(symmetry_error(pool, x, by=-6, out_by=-3), 0, atol=1e-15)
        assert min(symmetry_error(pool, x, by=1, out_by=out) for out in range(14)) > 0.1
    twice = nn.Sequential(nn.MaxPool2d(2), nn.MaxPool2d(2))
    measured(symmetry_error(twice, x, by=4, out_by=1), 0, atol=1e-15)
    assert min(symmetry_error(twice, x, by=2, out_by=out) for out in range(7)) > 0.1


def test_errors_on_the_page(measured):
    torch.manual_seed(0)
    errors = nonlinear_figures.errors()
    measured([errors[name] for name in ("layer", "whole_equivariant", "circular", "pool_by_2")], [0] * 4, atol=1e-14)
    assert all(errors[name] > 0.1 for name in ("whole_dense", "whole_large", "whole_cnn", "zeros", "pool_by_1"))
    assert errors["zeros_least"] < errors["zeros"] < errors["zeros_most"]
    assert 0 < errors["zeros_by_2"] < errors["zeros_most_by_2"] < 0.02


# --- training


@pytest.mark.parametrize(("count", "labels"), [(0, 4), (3, 4), (0, 0)])
def test_training_needs_one_label_for_each_picture(count, labels):
    with pytest.raises(ValueError, match=f"{count} pictures and {labels} labels: give one label for each"):
        train(dense(), digits(count), torch.zeros(labels, dtype=torch.int64), 1, torch.Generator())


def test_one_picture_is_enough():
    train(network := dense(), digits(1), torch.zeros(1, dtype=torch.int64), 60, torch.Generator().manual_seed(0))
    assert classes(network, digits(1)).tolist() == [0]


def test_relu_and_a_fresh_layer_keep_the_size_of_what_passes_through(measured):
    torch.manual_seed(0)
    x = noise(200, 20, 28)
    with torch.no_grad():
        y = ShiftEquivariant(20, 100, 28)(x).relu()
    measured(y.square().mean(), 1, atol=0.05)


def test_training_lowers_the_loss_and_a_seed_repeats_it(measured):
    x, labels = digits(200).float(), load_labels("test")[:200].long()

    def outputs(move=None) -> torch.Tensor:
        torch.manual_seed(0)
        network = dense().float()
        train(network, x, labels, 60, torch.Generator().manual_seed(0), move)
        return network(x).detach()

    assert nn.functional.cross_entropy(outputs(), labels) < 1.0
    measured.exact(outputs(), outputs())
    assert not torch.equal(outputs(nearby), outputs())


def test_moves_are_shifts(measured):
    x = digits(50)
    around = anywhere(x, torch.Generator().manual_seed(0))
    amounts = torch.randint(28, (50,), generator=torch.Generator().manual_seed(0))
    measured.exact(around, torch.stack([image.roll(int(k), -1) for image, k in zip(x, amounts, strict=True)]))
    near = nearby(x.float(), torch.Generator().manual_seed(0))
    assert near.dtype == torch.float32
    centre = (near.double().sum(1) * torch.arange(28)).sum(1) / near.double().sum((1, 2))
    old = (x.sum(1) * torch.arange(28)).sum(1) / x.sum((1, 2))
    assert 2 < (centre - old).abs().max() < 6


# --- exercises


def test_symmetrised_networks_are_invariant_and_leave_invariant_ones_alone(measured):
    torch.manual_seed(0)
    x = digits(10)
    for network in (dense(), cnn()):
        assert symmetry_error(network, x, by=3, out_by=0) > 0.1
        measured(symmetry_error(Symmetrised(network), x, by=3, out_by=0), 0, atol=1e-14)
    network = equivariant()
    with torch.no_grad():
        measured(Symmetrised(network)(x), network(x), atol=1e-14)


def test_circular_cnn_notices_no_cyclic_shift_in_either_direction(measured):
    torch.manual_seed(0)
    network, x = circular_cnn(), digits(10)
    with torch.no_grad():
        measured(network(x.roll((3, 5), (-1, -2))), network(x), atol=1e-14)
        measured.exact(tuple(network[:4](x).shape), (10, 32, 28, 28))
    measured.exact(size(network), 18 * 9 + 18 + 32 * 18 * 9 + 32 + 330)


def test_odd_functions_commute_with_signs(measured):
    x, signs = noise(100), noise(100, seed=1).sign()
    measured.exact(signed_power(signs * x), signs * signed_power(x))
    assert not torch.equal((signs * x).relu(), signs * x.relu())
    measured(signed_power(torch.tensor([4.0, -9.0, 0.0])), [2, -3, 0], atol=1e-15)


def test_no_pictures_give_no_pictures():
    layer = ShiftEquivariant(2, 3, 5)
    assert layer(torch.zeros(0, 2, 5)).shape == (0, 3, 5)
