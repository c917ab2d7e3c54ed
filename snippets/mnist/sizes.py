"""More sizes of the networks of the page *Symmetry or size?*: a quarter of an hour of one core."""

from collections.abc import Iterator
from typing import Any

import torch

from snippets.mnist.accuracies import (
    MOVES,
    SIDE,
    STEPS,
    by_seed,
    judge,
    make,
    moved,
)
from snippets.mnist.data import load_images, load_labels
from snippets.mnist.nonlinear import cnn, dense, equivariant, train
from snippets.mnist.shifts import random_amounts

FAMILIES = {"equivariant": equivariant, "dense": dense, "cnn": cnn}
PAGE = {
    "equivariant": ("equivariant", (11, 39)),
    "dense": ("dense", (26, 18)),
    "large": ("dense", (512, 128)),
    "cnn": ("cnn", (18, 32)),
    "wide": ("equivariant", (70, 210)),
}  # the five networks of the page: family, and widths of both hidden layers
# Further sizes, of about 5,000 and 100,000 parameters.
WIDTHS = {
    "equivariant": ((4, 14), (30, 90)),
    "dense": ((6, 12), (120, 44)),
    "cnn": ((7, 9), (60, 96)),
}


def measure(
    family: str,
    widths: tuple[int, int],
    count: int,
    seed: int,
    move: str = "once",
    times: int = 1,
) -> dict:
    """Train one network as `accuracies.measure` does, with `times` as many steps, and judge it."""
    torch.manual_seed(seed)
    generator = torch.Generator().manual_seed(seed)
    model = FAMILIES[family](*widths).float()
    chosen = torch.randperm(60_000, generator=generator)[:count]
    labels = load_labels("train")[chosen].long()
    amounts = random_amounts(count, generator) if move == "once" else None
    images = moved(load_images("train")[chosen], amounts)
    train(model, images, labels, times * STEPS[count], generator, MOVES[move])
    return judge(model, curves=False)


def runs() -> Iterator[tuple[str, dict[str, Any]]]:
    """List all runs: the key under which the record keeps a run, and its settings."""
    for family, sizes in WIDTHS.items():
        for first, second in sizes:
            settings = {"family": family, "widths": (first, second), "count": SIDE}
            yield from by_seed(f"{family}/{first}/{second}", **settings)


if __name__ == "__main__":
    torch.set_num_threads(1)
    make("sizes", runs(), measure)
