"""Time the layers of the part on equivariant networks against escnn, e3nn and plain convolutions.

All bases between pictures and fields for C4 and D4 on a torus of 5×5 pixels, all coupling coefficients up to kind 3,
and the forward pass of a group convolution beside a plain one with as many channels. The coefficients and harmonics of
e3nn are compared with those here. For the peers see bench/commutant.py: name an interpreter that has them in
BENCH_PEERS; without one they get no row.
"""

import statistics
from collections.abc import Callable

import torch

from bench._peers import median
from bench.commutant import peer
from bench.so3 import alternate
from snippets.equivariant_networks import tensor_products
from snippets.equivariant_networks.group_convolutions import (
    TURNS,
    TURNS_AND_MIRRORS,
    GroupConvolution,
    generators,
)
from snippets.equivariant_networks.tensor_products import coupling, solid_harmonics
from snippets.linear_networks.groups import equivariant_classes

TOP = 3
TRIPLES = [(a, b, c) for a in range(TOP + 1) for b in range(TOP + 1) for c in range(abs(a - b), min(a + b, TOP) + 1)]
LAYERS = [(2, 8, 64), (8, 8, 32), (16, 16, 32), (32, 32, 16)]  # channels before and after, width of the picture


def bases() -> None:
    """Print the time for the three bases of each group, and that of escnn for the last."""
    for group, name in ((TURNS, "C4"), (TURNS_AND_MIRRORS, "D4")):

        def counts(group=group) -> list[int]:
            pixels, fields = generators(1, 5, group), generators(len(group), 5, group)
            pairs = (pixels, pixels), (pixels, fields), (fields, fields)
            return [int(equivariant_classes(*pair).max()) + 1 for pair in pairs]

        seconds = median(counts, rounds=5)
        print(f"{name} on 5×5: {counts()} weights by orbits of pairs, {1e3 * seconds:.0f} ms for all three (goal 1 s)")
        told = peer("escnn_filters", len(group))
        if told is not None:
            print(f"  escnn, field to field: {told['count']} weights, first {1e3 * told['first']:.0f} ms, ", end="")
            print(f"later {1e3 * told['later']:.0f} ms; here {seconds / told['first']:.2f} of its first time")


def coefficients() -> None:
    """Print the time for all coefficients, and how far those of e3nn are from them."""

    def all_of_them() -> dict[str, torch.Tensor]:
        tensor_products._coupling.cache_clear()
        return {f"{a} {b} {c}": coupling(a, b, c, torch.float64) for a, b, c in TRIPLES}

    seconds = median(all_of_them, rounds=5)
    print(f"{len(TRIPLES)} coupling coefficients up to l = {TOP}: {1e3 * seconds:.0f} ms (goal 1 s)")
    told = peer("e3nn", TOP)
    if told is None:
        return
    C, apart = all_of_them(), 0.0
    for name, theirs in told["C"].items():
        e = torch.tensor(theirs, dtype=torch.float64).permute(2, 0, 1) * len(C[name]) ** 0.5
        apart = max(apart, min((C[name] - sign * e).abs().max().item() for sign in (1, -1)))
    p = torch.tensor(told["points"], dtype=torch.float64)
    harmonics = [torch.tensor(Y, dtype=torch.float64) for Y in told["Y"]]
    pairs = zip(solid_harmonics(TOP, p[:, [2, 0, 1]]), harmonics, strict=True)
    print(f"  e3nn: first {1e3 * told['first']:.0f} ms; here {seconds / told['first']:.2f} of its time; ", end="")
    print(f"coefficients apart by {apart:.0e}, up to a sign and the length, ", end="")
    print(f"harmonics by {max((a - b).abs().max().item() for a, b in pairs):.0e}, with its axes")


def once(work: Callable, *, backward: bool) -> Callable:
    """Return a pass forward, or forward and back."""

    def run() -> None:
        with torch.set_grad_enabled(backward):
            y = work()
        if backward:
            y.sum().backward()

    return run


def forward(few: int, many: int, width: int, *, backward: bool) -> None:
    """Print the ratio of a group convolution of D4 to a plain convolution with as many channels, alternating."""
    order = len(TURNS_AND_MIRRORS)
    layer = GroupConvolution(few, many, 3, TURNS_AND_MIRRORS).float()
    plain = torch.nn.Conv2d(few * order, many * order, 3, padding=1).float()
    x = torch.randn(8, few, order, width, width, dtype=torch.float32)
    times = alternate(
        {
            "group": once(lambda: layer(x), backward=backward),
            "plain": once(lambda: plain(x.flatten(1, 2)), backward=backward),
        },
        rounds=15,
    )
    here, there = (1e3 * statistics.median(busy for _, busy in times[name]) for name in ("group", "plain"))
    what = "forward and back" if backward else "forward"
    size = f"{few * order:4} → {many * order:3} channels, {width}×{width}"
    print(f"{size}, {what:16} {here:7.1f} ms, plain {there:7.1f} ms, ratio {here / there:.2f} (goal 1.3)")


def main() -> None:
    """Print all measurements."""
    print(f"{torch.get_num_threads()} threads for torch; milliseconds of processor time")
    bases()
    coefficients()
    for sizes in LAYERS:
        for backward in (False, True):
            forward(*sizes, backward=backward)


if __name__ == "__main__":
    main()
