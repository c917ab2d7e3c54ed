"""The experiments of the pages *Training* and *Symmetry or data*: runs that take seconds, made once and kept."""

from collections.abc import Callable
from functools import cache, partial
from typing import NamedTuple

import torch
from jaxtyping import Float, Shaped, UInt8
from torch import Tensor

from snippets.mnist.augmentation import augmented_moments, far_amounts, matrix_of
from snippets.mnist.data import load_images
from snippets.mnist.exact import (
    average_over_shifts,
    best_ranks,
    commutator,
    dense_loss,
    experiment,
    fit,
    frequency_moments,
    loss,
    reconstruct,
    second_moment,
    spectra,
    top_eigenvectors,
)
from snippets.mnist.ranks import RANKS
from snippets.mnist.shifts import cyclic_shift, random_amounts, shift
from snippets.mnist.training import (
    Network,
    block_losses,
    dense_block,
    descend,
    frequency_blocks,
    largest_rate,
    learned,
    optimum,
    orthonormal_network,
    random_network,
    solve_in_turn,
)

SIZES = (30, 100, 300, 1000, 3000, 10_000)


DRAWS = 3
COPIES, COPIED = 20, 3  # shifts of each picture, for the first three sizes


class Sets(NamedTuple):
    """Second moments of the test pictures under three kinds of shift."""

    near: tuple[Tensor, Tensor]
    far: tuple[Tensor, Tensor]
    around: tuple[Tensor, Tensor]


@cache
def test_sets() -> Sets:
    """Return S and H of the test pictures with the data's shifts, with larger ones, and with all cyclic ones."""
    e, images = experiment(), load_images("test")
    beyond = far_amounts(len(images), torch.Generator().manual_seed(0))
    return Sets(
        near=(e.dense_test, e.test_moments),
        far=(second_moment(images, beyond), frequency_moments(images, beyond)),
        around=(average_over_shifts(second_moment(images)), frequency_moments(images)),
    )


def fitted(
    images: UInt8[Tensor, "count 28 28"], amounts: Float[Tensor, " count"]
) -> tuple[Tensor, list[Tensor]]:
    """Return both networks of rank 99 from some pictures; the equivariant one chooses its ranks from them, too.

    Of fewer than 99 pictures the dense network has one direction each: all others are as good, and left to rounding.
    """
    moments = frequency_moments(images, amounts)
    bases = fit(moments, best_ranks(spectra(moments), 99))
    rank = min(99, len(images))
    return top_eigenvectors(second_moment(images, amounts), rank), bases


Losses = dict[tuple[str, str], Float[Tensor, "sizes draws"]]


@cache
def by_size(copies: int = 1) -> Losses:
    """Return the test losses by kind of shift and network, for each number of training pictures and each draw.

    Every picture is shifted as often as `copies` says; more than once only for the smaller numbers.
    """
    images, found, sizes = (
        load_images("train"),
        {},
        SIZES if copies == 1 else SIZES[:COPIED],
    )
    for draw in range(DRAWS):
        generator = torch.Generator().manual_seed(draw)
        order, amounts = (
            torch.randperm(len(images), generator=generator),
            random_amounts(len(images), generator),
        )
        for row, size in enumerate(sizes):
            some = images[order[:size]].repeat(copies, 1, 1)
            basis, bases = fitted(some, amounts[: len(some)])
            for kind, (S, H) in test_sets()._asdict().items():
                for name, value in (
                    ("dense", dense_loss(S, basis)),
                    ("equivariant", loss(H, bases)),
                ):
                    found.setdefault((kind, name), torch.zeros(len(sizes), DRAWS))[
                        row, draw
                    ] = value
    return found


REACHES = range(15)


@cache
def by_amount() -> dict[tuple[str, str], list[float]]:
    """Return both losses by kind of shift, for amounts in each window of one pixel, or each cyclic shift."""
    e, images = experiment(), load_images("test")[::5]
    basis, bases = e.dense[:, -99:], fit(e.train_moments, e.ranks["best"])
    generator, found = torch.Generator().manual_seed(0), {}
    for pixels in REACHES:
        amounts = far_amounts(
            len(images), generator, max(pixels - 0.5, 0.0), pixels + 0.5
        )
        pictures = {
            "continuous": shift(images / 255.0, amounts),
            "cyclic": cyclic_shift(images / 255.0, pixels),
        }
        for kind, x in pictures.items():
            flat = x.flatten(1)
            errors = {
                "dense": flat - flat @ basis @ basis.T,
                "equivariant": x - reconstruct(x, bases),
            }
            for name, error in errors.items():
                found.setdefault((kind, name), []).append(float(error.square().mean()))
    return found


SHIFTS = (1, 2, 4, 7, 14, 21, 28)


@cache
def by_shifts(count: int = 2000) -> dict[str, list[float]]:
    """Return commutators and losses of the dense optimum by the number of cyclic shifts of each picture."""
    images = load_images("train")[:count]
    around, found = test_sets().around[0], {"moment": [], "map": [], "loss": []}
    for moment in augmented_moments(images, SHIFTS, torch.Generator().manual_seed(0)):
        basis = top_eigenvectors(moment, 99)
        found["moment"].append(commutator(moment))
        found["map"].append(commutator(basis @ basis.T))
        found["loss"].append(dense_loss(around, basis))
    return found


def adam(rate: float) -> Callable[[list[Tensor]], torch.optim.Optimizer]:
    """Return Adam with a rate, as `descend` wants it."""
    return partial(torch.optim.Adam, lr=rate)


def descent(
    rate: float, momentum: float = 0.0
) -> Callable[[list[Tensor]], torch.optim.Optimizer]:
    """Return plain gradient descent with a rate, as `descend` wants it."""
    return partial(torch.optim.SGD, lr=rate, momentum=momentum)


PLATEAU_FREQUENCY, PLATEAU_RANK, PLATEAU_STEPS = 3, 3, 2400


@cache
def plateaus(
    starts: int = 5,
) -> tuple[Float[Tensor, "steps starts"], Float[Tensor, "steps starts"]]:
    """Return the losses of one frequency from small random starts, and those that the logistic curves predict."""
    block = frequency_blocks(experiment().train_moments)[[PLATEAU_FREQUENCY]]
    stack, ranks, rate = (
        block.expand(starts, -1, -1),
        (PLATEAU_RANK,) * starts,
        largest_rate(block) / 16,
    )
    network = random_network(stack, ranks, torch.Generator().manual_seed(0), scale=1e-5)
    run = descend(stack, network, PLATEAU_STEPS, descent(rate))
    return torch.stack([block_losses(stack, *now) for now in run]), predicted_losses(
        block[0], network, rate
    )


def predicted_losses(
    block: Shaped[Tensor, "n n"], network: Network, rate: float
) -> Float[Tensor, "steps starts"]:
    """Return the losses if each leading eigenvector is learnt for itself, from its share in the start."""
    values, vectors = torch.linalg.eigh(block)
    kept, leading = values[-PLATEAU_RANK:], vectors[:, -PLATEAU_RANK:]
    encoder, decoder = network
    start = ((encoder @ leading + decoder.mH @ leading) / 2).abs().square().sum(1)
    time = rate * torch.arange(float(PLATEAU_STEPS))[:, None, None]
    left = (1 - learned(kept, start, time)).square()
    return values[:-PLATEAU_RANK].sum() + left @ kept


OPTIMIZERS, IN_TURN = 600, 200
PARTS, ADAM = (0.9, 0.3), 0.03  # of the largest stable rate, plain and with momentum


@cache
def by_optimizer() -> dict[str, Float[Tensor, " steps"]]:
    """Return the gaps to the optimum of one equivariant network, trained on second moments in four ways."""
    blocks, ranks = frequency_blocks(experiment().train_moments), RANKS["paper"]
    least, rate = optimum(blocks, ranks), largest_rate(blocks)
    ways = {
        "gradient descent": descent(PARTS[0] * rate),
        "with momentum": descent(PARTS[1] * rate, momentum=0.9),
        "Adam": adam(ADAM),
    }
    start = random_network(blocks, ranks, torch.Generator().manual_seed(0), scale=0.3)
    runs = {
        name: descend(blocks, start, OPTIMIZERS, optimizer)
        for name, optimizer in ways.items()
    }
    runs["solved in turn"] = solve_in_turn(blocks, start, IN_TURN)
    losses = {
        name: torch.stack([block_losses(blocks, *now).sum() for now in run])
        for name, run in runs.items()
    }
    return {name: values / least - 1 for name, values in losses.items()}


COMMUTATOR_STEPS = 60


@cache
def by_step() -> dict[str, list[float]]:
    """Return the commutators of networks while they are solved in turn, in single precision."""
    e, generator = experiment(), torch.Generator()
    around = average_over_shifts(second_moment(load_images("train")))
    cases = {
        "dense": (dense_block(e.dense_train).float(), (99,)),
        "dense, cyclic data": (dense_block(around).float(), (99,)),
        "equivariant": (
            frequency_blocks(e.train_moments).to(torch.complex64),
            RANKS["paper"],
        ),
    }
    found = {}
    for name, (blocks, ranks) in cases.items():
        start = random_network(blocks, ranks, generator.manual_seed(0))
        run = solve_in_turn(blocks, start, COMMUTATOR_STEPS)
        found[name] = [commutator(matrix_of(now)) for now in run]
    return found


RANDOM_STARTS = 3


@cache
def by_start() -> Float[Tensor, "steps starts"]:
    """Return the gaps of Adam on second moments: from random starts, a tiny one and an orthonormal one."""
    blocks, ranks, generator = (
        frequency_blocks(experiment().train_moments),
        RANKS["paper"],
        torch.Generator(),
    )
    generator.manual_seed(1)
    starts = [
        random_network(blocks, ranks, generator, scale=0.3)
        for _ in range(RANDOM_STARTS)
    ]
    starts.append(random_network(blocks, ranks, generator, scale=1e-2))
    starts.append(orthonormal_network(blocks, ranks, generator))
    network = (torch.cat([e for e, _ in starts]), torch.cat([d for _, d in starts]))
    stack = blocks.repeat(len(starts), 1, 1)
    run = descend(stack, network, OPTIMIZERS, adam(ADAM))
    losses = torch.stack([block_losses(stack, *now) for now in run])
    return losses.view(OPTIMIZERS, len(starts), 15).sum(2) / optimum(blocks, ranks) - 1
