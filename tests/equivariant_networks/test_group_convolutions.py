"""Group convolutions: what commutes with shifts and turns, all of it, and the ways to break it."""

import re

import pytest
import torch
from torch import nn

from book.expect import numbers
from snippets.equivariant_networks.group_convolutions import (
    TURNS,
    TURNS_AND_MIRRORS,
    GroupConvolution,
    TurnInvariant,
    act,
    act_on_field,
    defect,
    generators,
    left_over,
    letter_f,
    quotients,
    strided_widths,
)
from snippets.linear_networks.groups import equivariant_classes

GROUPS = [TURNS, TURNS_AND_MIRRORS]

# filters w with w(gq) = w(q): orbits of the pixels around the middle one, 1 + 24/4 and 1 + 2·(4/4 + 4/4) + 8/8
test_numbers = numbers("equivariant_networks.group_convolutions", {"pixels_turns": 7, "pixels_mirrors": 6})


def count(table):
    return int(table.max()) + 1


def matrix(layer, maps, side):
    """The layer without its bias, as a matrix on the numbers of a picture or field."""
    basis = torch.eye(maps * side * side).reshape(-1, 1, *([maps] if maps > 1 else []), side, side)
    return layer(basis).detach().flatten(1).T


@pytest.mark.parametrize("group", GROUPS)
def test_quotients_are_those_of_matrices(group):
    mirror, turn = torch.tensor([[-1.0, 0.0], [0.0, 1.0]]), torch.tensor([[0.0, -1.0], [1.0, 0.0]])
    matrices = [torch.linalg.matrix_power(turn, k) @ (mirror if m else torch.eye(2)) for m, k in group]
    for g, row in enumerate(quotients(group).tolist()):
        for h, k in enumerate(row):
            assert torch.equal(matrices[g] @ matrices[k], matrices[h])


@pytest.mark.parametrize("group", GROUPS)
def test_moves_act_on_fields(group):
    """Moving by h and then by g is moving by gh."""
    f = torch.randn(2, len(group), 3, 3)
    table = quotients(group)
    for g in range(len(group)):
        for gh in range(len(group)):
            h = int(table[g, gh])
            torch.testing.assert_close(
                act_on_field(g, act_on_field(h, f, group), group), act_on_field(gh, f, group), rtol=0, atol=0
            )


@pytest.mark.claim("EL-101", by="proved")
@pytest.mark.parametrize("group", GROUPS)
def test_pixels_to_pixels_are_the_filters_that_no_move_changes(group):
    pixels = generators(1, 5, group)
    table = equivariant_classes(pixels, pixels)
    around = table[12].reshape(5, 5)
    for g in group:
        assert torch.equal(act(g, around), around)
    orbits = {frozenset(int(act(g, torch.arange(25).reshape(5, 5)).flatten()[p]) for g in group) for p in range(25)}
    assert count(table) == len(orbits)


@pytest.mark.claim("EL-102")
@pytest.mark.parametrize("group", GROUPS)
def test_layers_answer_a_moved_picture_with_the_moved_field(group, measured):
    lift = GroupConvolution(2, 3, 3, group, lift=True, circular=True)
    second = GroupConvolution(3, 2, 5, group, circular=True)
    for layer in (lift, second):
        nn.init.normal_(layer.bias)
    answer = lift(torch.zeros(1, 2, 8, 8))
    torch.testing.assert_close(answer, lift.bias[:, None, None, None].expand_as(answer[0])[None])
    network, x = nn.Sequential(lift, nn.ReLU(), second), torch.randn(3, 2, 8, 8)
    for number, g in enumerate(group):
        measured(network(act(g, x)).detach(), act_on_field(number, network(x), group).detach(), atol=1e-13)
    measured(network(x.roll((3, 2), (-2, -1))).detach(), network(x).roll((3, 2), (-2, -1)).detach(), atol=1e-13)


@pytest.mark.claim("EL-103", by="proved")
@pytest.mark.parametrize("group", GROUPS)
def test_lifting_uses_one_free_filter_in_every_position(group):
    """The layer's matrices are the span of the orbits' indicators: as many, and constant on orbits."""
    pixels, fields = generators(1, 5, group), generators(len(group), 5, group)
    table = equivariant_classes(pixels, fields)
    assert count(table) == 25
    assert_layer_fills(GroupConvolution(1, 1, 5, group, lift=True, circular=True), table, 1)


@pytest.mark.claim("EL-104", by="proved")
@pytest.mark.parametrize("group", GROUPS)
def test_group_convolutions_are_all_equivariant_maps(group):
    fields = generators(len(group), 3, group)
    table = equivariant_classes(fields, fields)
    assert count(table) == 9 * len(group)
    assert_layer_fills(GroupConvolution(1, 1, 3, group, circular=True), table, len(group))


def assert_layer_fills(layer, table, maps):
    """Different weights stand in different orbits, and each orbit has one weight: the two spaces are one."""
    with torch.no_grad():
        layer.weight.copy_(torch.arange(1.0, layer.weight.numel() + 1).reshape(layer.weight.shape))
    M = matrix(layer, maps, layer.weight.shape[-1]).round().long()
    pairs = set(zip(table.flatten().tolist(), M.flatten().tolist(), strict=True))
    assert len(pairs) == count(table) == layer.weight.numel()


@pytest.mark.claim("EL-105", by="proved")
@pytest.mark.parametrize("size", [1, 3, 5])
@pytest.mark.parametrize("stride", [2, 3])
def test_a_stride_must_read_both_edges_alike(size, stride):
    """A stride of s gives every s-th pixel of the answer without one; the layer refuses the widths on which that fails."""
    torch.manual_seed(0)
    layer, strided = (GroupConvolution(1, 1, size, TURNS, lift=True, stride=s) for s in (1, stride))
    strided.load_state_dict(layer.state_dict())
    every = lambda x: layer(x)[..., ::stride, ::stride]  # noqa: E731
    widths = range(2 * stride + 2, 2 * stride + 12)
    exact = []
    for width in widths:
        x = torch.randn(1, 1, width, width)
        error = defect(every, x, lambda x: act(TURNS[1], x), lambda y: act_on_field(1, y, TURNS))
        assert error < 1e-12 or error > 0.1
        exact += [width] * (error < 1e-12)
    assert exact == strided_widths(size, stride, widths)
    for width in widths:
        x = torch.randn(1, 1, width, width)
        if width in exact:
            torch.testing.assert_close(strided(x), every(x))
        else:
            with pytest.raises(ValueError, match=f"width {width}: steps of {stride} ") as refusal:
                strided(x)
            offered = [int(n) for n in re.findall(r"use (\d+) or (\d+)", str(refusal.value))[0]]
            assert offered == strided_widths(size, stride, range(width - stride + 1, width + stride))


def test_a_layer_for_no_moves_takes_every_width():
    assert GroupConvolution(1, 1, 3, TURNS[:1], lift=True, stride=2)(torch.randn(1, 1, 4, 4)).shape[-1] == 2


@pytest.mark.parametrize("group", GROUPS)
def test_the_classifier_does_not_see_moves(group, measured):
    torch.manual_seed(1)
    network = TurnInvariant(4, 3, group).eval()
    x = torch.rand(5, 1, 12, 12)
    for g in group:
        measured(network(act(g, x)).detach(), network(x).detach(), atol=1e-13)
    mirrored = (network(x.flip(-1)) - network(x)).abs().max().item()
    assert (mirrored > 1e-3) == (group is TURNS)


def test_no_move_leaves_the_letter():
    letter = letter_f()
    assert ["".join(" #"[int(x)] for x in row) for row in letter] == [
        "         ",
        "  #####  ",
        "  #      ",
        "  #      ",
        "  ###    ",
        "  #      ",
        "  #      ",
        "  #      ",
        "         ",
    ]
    assert all(not torch.equal(act(g, letter), letter) for g in TURNS_AND_MIRRORS[1:])


def test_layers_keep_the_precision_of_their_input_and_take_empty_batches():
    layer = GroupConvolution(2, 3, 3, TURNS, lift=True).float()
    assert layer(torch.rand(0, 2, 7, 7, dtype=torch.float32)).shape == (0, 3, 4, 7, 7)
    assert layer(torch.rand(1, 2, 7, 7, dtype=torch.float32)).dtype == torch.float32


def test_odd_widths_are_refused_where_pooling_halves_them():
    with pytest.raises(ValueError, match=r"^width 11: steps of 2 end 1 short of .*; use 10 or 12$"):
        TurnInvariant(2, 3, TURNS).eval()(torch.zeros(1, 1, 11, 11))


def test_filters_without_a_middle_are_refused():
    with pytest.raises(ValueError, match="4×4 pixels have no middle pixel: take 5"):
        GroupConvolution(1, 1, 4, TURNS)


@pytest.mark.parametrize("group", GROUPS)
@pytest.mark.parametrize("lift", [False, True])
@pytest.mark.parametrize("circular", [False, True])
def test_a_layer_is_one_convolution_with_a_bias_for_each_channel(group, lift, circular, measured):
    """Beyond the edges it reads zeros, or what stands at the other side."""
    layer = GroupConvolution(2, 3, 5, group, lift=lift, circular=circular)
    nn.init.normal_(layer.bias)
    x = torch.randn(2, 2, *([] if lift else [len(group)]), 9, 9)
    plain = nn.Conv2d(1, 1, 5, padding=2, padding_mode="circular" if circular else "zeros")
    plain.weight, plain.bias = nn.Parameter(layer.filters()), nn.Parameter(layer.bias.repeat_interleave(len(group)))
    measured(layer(x).flatten(1, 2).detach(), plain(x if lift else x.flatten(1, 2)).detach(), atol=1e-13)


@pytest.mark.parametrize(("size", "stride", "padding"), [(3, 1, 1), (3, 2, 1), (2, 2, 0), (5, 3, 2), (5, 4, 0)])
def test_pixels_left_over_are_those_that_no_step_reads(size, stride, padding):
    """A filter of ones on numbered columns: its last answer says how far it came."""
    for n in range(6, 16):
        read = torch.arange(float(n + 2 * padding)).unfold(0, size, stride)
        assert left_over(n, size, stride, padding) == n + 2 * padding - 1 - int(read.max())


@pytest.mark.parametrize(
    "moves", [[(False, 0), (False, 1)], [(False, 0), (False, 4)], [(False, 0), (True, 0), (False, 2)]]
)
def test_moves_that_are_no_group_are_refused(moves):
    with pytest.raises(ValueError, match=r"pass each move once, and with two of them also the one after the other"):
        GroupConvolution(1, 1, 3, moves)
