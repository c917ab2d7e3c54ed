"""Group convolutions: layers for pictures that respect shifts, quarter turns and mirror images."""

# --8<-- [start:setup]
from collections.abc import Callable

import torch
from jaxtyping import Float, Int, Shaped
from torch import Tensor, nn
from torch.nn.functional import conv2d, pad

from snippets.linear_networks.permutations import Permutation
from snippets.shapes import check_shapes

# --8<-- [end:setup]


# --8<-- [start:act]
Move = tuple[bool, int]  # mirror it first? how many quarter turns then?

TURNS: list[Move] = [(False, k) for k in range(4)]
TURNS_AND_MIRRORS: list[Move] = [*TURNS, *((True, k) for k in range(4))]


def act(g: Move, x: Shaped[Tensor, "*batch n n"]) -> Shaped[Tensor, "*batch n n"]:
    """Return the picture, mirrored left to right if g says so, then turned left."""
    mirrored, quarters = g
    return torch.rot90(x.flip(-1) if mirrored else x, quarters, (-2, -1))
    # --8<-- [end:act]


# --8<-- [start:quotients]
def quotients(group: list[Move]) -> Int[Tensor, "order order"]:
    """Return in row g and column h the number of g⁻¹h, found by moving a pattern."""
    pattern = torch.arange(9).reshape(3, 3)
    moved = [act(g, pattern).flatten().tolist() for g in group]
    numbers = {tuple(places): number for number, places in enumerate(moved)}
    after = [
        [
            numbers.get(tuple(act(g, act(k, pattern)).flatten().tolist()), -1)
            for k in group
        ]
        for g in group
    ]
    if any(sorted(row) != list(range(len(group))) for row in after):
        raise ValueError(
            f"moves {group}: pass each move once, and with two of them also the one "
            "after the other, as in TURNS"
        )
    return torch.tensor(after).argsort(dim=1)
    # --8<-- [end:quotients]


# --8<-- [start:act_on_field]
def act_on_field(
    number: int, f: Shaped[Tensor, "*batch order n n"], group: list[Move]
) -> Shaped[Tensor, "*batch order n n"]:
    """Return g·f, whose map number h is the map g⁻¹h of f, moved by g."""
    check_shapes(f"… {len(group)} n n", f)
    return act(group[number], f[..., quotients(group)[number], :, :])
    # --8<-- [end:act_on_field]


# --8<-- [start:edges]
def left_over(n: int, size: int, stride: int, padding: int) -> int:
    """Return how many pixels at the far edge a strided filter does not read."""
    return (n + 2 * padding - size) % stride


def check_edges(n: int, size: int, stride: int, padding: int) -> None:
    """Refuse a width whose two edges are read differently."""
    if short := left_over(n, size, stride, padding):
        good = n - short
        raise ValueError(
            f"width {n}: steps of {stride} end {short} short of the far edge, so "
            f"turns do not commute; use {good} or {good + stride}"
        )


def check_middle(size: int) -> None:
    """Refuse a filter that cannot be turned about its middle pixel."""
    if size % 2 == 0:
        raise ValueError(
            f"filters of {size}×{size} pixels have no middle pixel: take {size + 1}"
        )
    # --8<-- [end:edges]


# --8<-- [start:layer]
class GroupConvolution(nn.Module):
    """The general linear map from pictures, or from fields, to fields that commutes
    with shifts and with a group of turns and mirror images.
    """

    def __init__(
        self,
        few: int,
        many: int,
        size: int,
        group: list[Move],
        lift: bool = False,
        circular: bool = False,
        stride: int = 1,
    ) -> None:
        """Draw the filters. They read zeros beyond the edges, or around them."""
        super().__init__()
        check_middle(size)
        self.group, self.lift = group, lift
        self.circular, self.stride = circular, stride
        self.register_buffer("quotients", quotients(group))
        maps = 1 if lift else len(group)
        scale = (few * maps * size * size) ** -0.5
        self.weight = nn.Parameter(scale * torch.randn(many, few, maps, size, size))
        self.bias = nn.Parameter(torch.zeros(many))

    def filters(self) -> Float[Tensor, "outputs inputs size size"]:
        """Return every filter in every position: map g reads map h with g·w[g⁻¹h]."""
        w = self.weight
        moved = [
            act(g, w if self.lift else w[:, :, self.quotients[number]])
            for number, g in enumerate(self.group)
        ]
        return torch.stack(moved, dim=1).flatten(2, 3).flatten(0, 1)

    def forward(
        self, x: Float[Tensor, "batch few *maps n n"]
    ) -> Float[Tensor, "batch many order m m"]:
        """Convolve with all positions of the filters; one bias for each channel."""
        few, order, size = self.weight.shape[1], len(self.group), self.weight.shape[-1]
        check_shapes(f"batch {few} n n" if self.lift else f"batch {few} {order} n n", x)
        around = size // 2
        if order > 1:
            check_edges(x.shape[-1], size, self.stride, around)
        if not self.lift:
            x = x.flatten(1, 2)
        if self.circular:
            x, around = pad(x, [around] * 4, mode="circular"), 0
        bias = self.bias.repeat_interleave(order)
        y = conv2d(x, self.filters(), bias, self.stride, around)
        return y.unflatten(1, (-1, order))
        # --8<-- [end:layer]


# --8<-- [start:permutations]
def generators(maps: int, side: int, group: list[Move]) -> list[Permutation]:
    """Return two shifts and all moves, as they act on a picture (1 map) or a field."""
    places = torch.arange(maps * side * side).reshape(maps, side, side)
    moved = [places.roll(1, -1), places.roll(1, -2)]
    moved += [
        act(g, places) if maps == 1 else act_on_field(number, places, group)
        for number, g in enumerate(group)
    ]
    return [Permutation(tuple((images + 1).flatten().tolist())) for images in moved]
    # --8<-- [end:permutations]


# --8<-- [start:defect]
def defect(layer: Callable, x: Tensor, move: Callable, move_answer: Callable) -> float:
    """Return |layer(move x) − move layer(x)| relative to |layer(x)|."""
    with torch.no_grad():
        answer = layer(x)
        return ((layer(move(x)) - move_answer(answer)).norm() / answer.norm()).item()
    # --8<-- [end:defect]


# --8<-- [start:letter]
def letter_f(side: int = 9) -> Float[Tensor, "side side"]:
    """Return a picture of an F, which no turn and no mirror image leaves as it is."""
    picture = torch.zeros(side, side)
    picture[1:-1, 2] = 1
    picture[1, 2:-2] = 1
    picture[side // 2, 2:-4] = 1
    return picture
    # --8<-- [end:letter]


# --8<-- [start:network]
class TurnInvariant(nn.Module):
    """A classifier of pictures whose answer no move of the group changes."""

    def __init__(self, width: int, classes: int, group: list[Move]) -> None:
        """Lift, convolve twice with halving in between, and forget place and
        position.
        """
        super().__init__()
        self.layers = nn.Sequential(
            GroupConvolution(1, width, 5, group, lift=True),
            nn.BatchNorm3d(width),
            nn.ReLU(),
            nn.AvgPool3d((1, 2, 2)),
            GroupConvolution(width, 2 * width, 3, group),
            nn.BatchNorm3d(2 * width),
            nn.ReLU(),
        )
        self.answer = nn.Linear(2 * width, classes)

    def forward(
        self, x: Float[Tensor, "batch 1 n n"]
    ) -> Float[Tensor, "batch classes"]:
        """Return one score a class, from the mean over all pixels and all maps."""
        check_shapes("batch 1 n n", x)
        check_edges(x.shape[-1], size=2, stride=2, padding=0)  # of the pooling
        return self.answer(self.layers(x).mean(dim=(2, 3, 4)))
        # --8<-- [end:network]


# --8<-- [start:solution_widths]
def strided_widths(size: int, stride: int, widths: range) -> list[int]:
    """Return the widths on which a strided filter, padded by size // 2, reads
    both edges alike.
    """
    return [n for n in widths if left_over(n, size, stride, size // 2) == 0]
    # --8<-- [end:solution_widths]
