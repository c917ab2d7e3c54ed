"""Training: how gradient descent comes down to an optimum that is known, how fast, and what it is worth elsewhere."""

# --8<-- [start:setup]
from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import partial

import torch
from jaxtyping import Float, Shaped, UInt8
from torch import Tensor, nn

torch.set_default_dtype(torch.float64)  # the book computes in double precision
# --8<-- [end:setup]

import cProfile
import math
import os
import pstats
import time
from functools import cache
from itertools import product
from math import comb, prod
from typing import Any, NamedTuple

import matplotlib.pyplot as plt
from matplotlib.figure import Figure

from book import figure, results
from snippets.mnist.data import load_images
from snippets.mnist.exact import (
    RANKS,
    WEIGHTS,
    EquivariantLinearAutoencoder,
    average_over_shifts,
    best_ranks,
    commutator,
    dense_loss,
    dimension,
    experiment,
    fit,
    frequency_moments,
    loss,
    reconstruct,
    second_moment,
    spectra,
    top_eigenvectors,
)
from snippets.mnist.records import provenance, record, write
from snippets.mnist.shifts import REACH, cyclic_shift, random_amounts, shift
from snippets.mnist.train.report import Report
from snippets.mnist.train.running import run
from snippets.mnist.train.settings import Settings


# --8<-- [start:blocks]
def dense_block(moment: Float[Tensor, "n n"]) -> Float[Tensor, "1 n n"]:
    """Return A = S / 784 as a stack of one block."""
    return moment[None] / 784


def frequency_blocks(moments: Shaped[Tensor, "15 28 28"]) -> Shaped[Tensor, "15 28 28"]:
    """Return A_j = w_j H_j / 784, where the first and the last block are real."""
    blocks = moments * torch.tensor(WEIGHTS)[:, None, None] / 784
    blocks[[0, 14]] = blocks[[0, 14]].real.to(blocks.dtype)
    return blocks
# --8<-- [end:blocks]


# --8<-- [start:gradients]
def block_losses(
    blocks: Shaped[Tensor, "b n n"],
    encoder: Shaped[Tensor, "b r n"],
    decoder: Shaped[Tensor, "b n r"],
) -> Float[Tensor, " b"]:
    """Return tr (I − DE) A (I − DE)* of each block; the loss is their sum."""
    coded = encoder @ blocks
    trace = blocks.diagonal(dim1=1, dim2=2).sum(1)
    passed = (coded * decoder.mT).sum((1, 2))
    square = (decoder.mH @ decoder * (coded @ encoder.mH).mT).sum((1, 2))
    return (trace - 2 * passed + square).real


def gradients(
    blocks: Shaped[Tensor, "b n n"],
    encoder: Shaped[Tensor, "b r n"],
    decoder: Shaped[Tensor, "b n r"],
) -> tuple[Shaped[Tensor, "b r n"], Shaped[Tensor, "b n r"]]:
    """Return −2 D* (I − DE) A and −2 (I − DE) A E*, multiplied out."""
    coded = encoder @ blocks
    by_encoder = decoder.mH @ decoder @ coded - decoder.mH @ blocks
    by_decoder = decoder @ (coded @ encoder.mH) - coded.mH
    return 2 * by_encoder, 2 * by_decoder
# --8<-- [end:gradients]


# --8<-- [start:random_network]
Network = tuple[Tensor, Tensor]


def random_network(
    blocks: Shaped[Tensor, "b n n"],
    ranks: Sequence[int],
    generator: torch.Generator,
    scale: float = 1.0,
) -> Network:
    """Draw encoder and decoder with entries of variance scale² / n.

    A block with fewer units than another has zeros in their place. Weights are real
    where the block is.
    """
    if len(ranks) != len(blocks):
        raise ValueError(f"{len(ranks)} ranks for {len(blocks)} blocks: give one each")
    b, n, _ = blocks.shape
    draw = partial(torch.randn, b, max(ranks), n, dtype=blocks.dtype)
    unit = torch.arange(max(ranks)) < torch.tensor(ranks)[:, None]
    both = [draw(generator=generator) * unit[..., None] * scale / n**0.5 for _ in "ED"]
    if blocks.is_complex():
        for weights in both:
            weights.imag[blocks.imag.abs().amax((1, 2)) == 0] = 0.0
    return both[0], both[1].mT.contiguous()
# --8<-- [end:random_network]


# --8<-- [start:descend]
def descend(
    blocks: Shaped[Tensor, "b n n"],
    network: Network,
    steps: int,
    optimizer: Callable[[list[Tensor]], torch.optim.Optimizer],
) -> Iterator[Network]:
    """Train on the blocks and yield the network before each step."""
    weights = [part.clone() for part in network]
    train = optimizer(weights)
    for _ in range(steps):
        yield weights[0].clone(), weights[1].clone()
        weights[0].grad, weights[1].grad = gradients(blocks, *weights)
        train.step()
# --8<-- [end:descend]


# --8<-- [start:optimum]
def optimum(blocks: Shaped[Tensor, "b n n"], ranks: Sequence[int]) -> float:
    """Return the least loss with these ranks: the sum of the eigenvalues left out."""
    values = torch.linalg.eigvalsh(blocks).flip(-1)
    return sum(float(row[rank:].sum()) for row, rank in zip(values, ranks, strict=True))
# --8<-- [end:optimum]


# --8<-- [start:largest_rate]
def largest_rate(blocks: Shaped[Tensor, "b n n"]) -> float:
    """Return 1 / (2 λ), λ the largest eigenvalue: longer steps are not stable."""
    return 1 / (2 * float(torch.linalg.eigvalsh(blocks).max()))
# --8<-- [end:largest_rate]


# --8<-- [start:in_turn]
def solve_in_turn(
    blocks: Shaped[Tensor, "b n n"], network: Network, steps: int
) -> Iterator[Network]:
    """Yield the network, then replace the decoder by the best one for this encoder,
    D = A E* (E A E*)⁻¹, and the encoder by the best one for that, E = D⁺."""
    encoder, decoder = network
    for _ in range(steps):
        yield encoder, decoder
        coded = encoder @ blocks
        decoder = coded.mH @ torch.linalg.pinv(coded @ encoder.mH, hermitian=True)
        encoder = torch.linalg.pinv(decoder)
# --8<-- [end:in_turn]


# --8<-- [start:learned]
def learned(
    eigenvalue: Float[Tensor, "..."],
    start: Float[Tensor, "..."],
    time: Float[Tensor, "..."],
) -> Float[Tensor, "..."]:
    """Return the share m of an eigenvector that the network passes.

    It solves m' = 4λ m (1 − m), and is `start` at time 0.
    """
    return 1 / (1 + (1 / start - 1) * torch.exp(-4 * eigenvalue * time))
# --8<-- [end:learned]


# --8<-- [start:curvatures]
def curvatures(
    eigenvalues: Float[Tensor, " n"], rank: int
) -> tuple[Float[Tensor, " rank"], Float[Tensor, "2 rank rest"]]:
    """Return the second derivatives at the balanced optimum, without the zeros.

    First 4 λ_j for the kept ones, each of which occurs `rank` times. Then, for
    each kept λ and each κ left out, λ + κ ± √((λ − κ)² + 4κ²).
    """
    ordered = eigenvalues.sort(descending=True).values
    kept, out = ordered[:rank], ordered[rank:]
    total, root = kept[:, None] + out, ((kept[:, None] - out) ** 2 + 4 * out**2).sqrt()
    return 4 * kept, torch.stack([total + root, total - root])
# --8<-- [end:curvatures]


# --8<-- [start:critical]
def critical_choices(ranks: Sequence[int], n: int = 28) -> tuple[int, int]:
    """Count the critical maps of a component: of its full ranks, and all of them."""
    pure = prod(comb(n, rank) for rank in ranks)
    every = prod(sum(comb(n, k) for k in range(rank + 1)) for rank in ranks)
    return pure, every
# --8<-- [end:critical]


# --8<-- [start:on_batches]
def train_on_batches(
    model: nn.Module,
    pictures: Float[Tensor, "count 28 28"],
    epochs: int,
    rate: float,
    generator: torch.Generator,
    batch: int = 256,
    end: float = 0.0,
) -> Iterator[float]:
    """Train with Adam and yield the loss of each epoch.

    The rate falls along a line, at the end to this part of itself.
    """
    optimizer = torch.optim.Adam(model.parameters(), lr=rate)
    steps = epochs * -(-len(pictures) // batch)
    decay = torch.optim.lr_scheduler.LinearLR(optimizer, 1.0, end, total_iters=steps)
    for _ in range(epochs):
        order = torch.randperm(len(pictures), generator=generator)
        for x in pictures[order].split(batch):
            optimizer.zero_grad()
            (model(x) - x).square().mean().backward()
            optimizer.step()
            decay.step()
        with torch.no_grad():
            yield float((model(pictures) - pictures).square().mean())
# --8<-- [end:on_batches]


# --8<-- [start:step_cost]
def step_cost(n: int, ranks: Sequence[int], weights: Sequence[int]) -> dict[str, int]:
    """Return the floating-point operations of a step, on the moments or per picture.

    On moments there are two products with an n × n matrix and four with r × r ones,
    on a picture five with weights. A complex product takes four real ones.
    """
    cost = {"moments": 0, "picture": 0}
    for rank, weight in zip(ranks, weights, strict=True):
        cost["moments"] += weight**2 * (4 * n**2 * rank + 8 * n * rank**2)
        cost["picture"] += weight**2 * 10 * n * rank
    return cost
# --8<-- [end:step_cost]


# --- all components


# --8<-- [start:all_components]
def shares() -> Float[Tensor, "15 29"]:
    """Return what each frequency adds to the test loss with rank 0 … 28."""
    e = experiment()
    kept = torch.zeros(15, 29)
    for j, u in enumerate(fit(e.train_moments, (28,) * 15)):
        passed = (u.conj() * (e.test_moments[j] @ u)).sum(0).real
        kept[j, 1:] = passed.flip(0).cumsum(0)
    energy = e.test_moments.diagonal(dim1=1, dim2=2).real.sum(1)
    return (energy[:, None] - kept) * torch.tensor(WEIGHTS)[:, None] / 784


def loss_of(shares: Float[Tensor, "blocks d"], ranks: Sequence[int]) -> float:
    """Return the sum over the blocks of what each loses with its rank."""
    return sum(float(row[rank]) for row, rank in zip(shares, ranks, strict=True))


def distribution(
    shares: Float[Tensor, "blocks d"],
    total: int,
    width: float,
    weights: Sequence[int] = WEIGHTS,
) -> Float[Tensor, " bins"]:
    """Count all rank vectors of a total by their loss, in bins of `width`.

    The polynomial of `count_choices` has a second variable: the loss of each
    frequency, rounded to a whole number of bins.
    """
    bins = (shares / width).round().long()
    size = int(bins.amax(1).sum()) + 1
    ways = torch.zeros(total + 1, size)
    ways[0, 0] = 1
    for weight, row in zip(weights, bins.tolist(), strict=True):
        longer = torch.zeros_like(ways)
        for rank, cost in enumerate(row[: total // weight + 1]):
            used = weight * rank
            longer[used:, cost:] += ways[: total + 1 - used, : size - cost]
        ways = longer
    return ways[total]
# --8<-- [end:all_components]


# --8<-- [start:better]
def better(
    shares: Float[Tensor, "blocks d"],
    total: int,
    limit: float,
    weights: Sequence[int] = WEIGHTS,
) -> Iterator[tuple[int, ...]]:
    """Yield every rank vector of a total whose loss is below a limit.

    Whole families are left out: all that begin with ranks which even the best
    continuation cannot save.
    """
    rows = [list(enumerate(row)) for row in shares.tolist()]
    least = least_losses(rows, weights)
    begun = [((), 0, 0.0)]
    while begun:
        ranks, used, spent = begun.pop()
        block = len(ranks)
        if spent + least[block].get(total - used, float("inf")) >= limit:
            continue
        if block == len(weights):
            yield ranks
            continue
        for rank, cost in rows[block]:
            begun.append(((*ranks, rank), used + weights[block] * rank, spent + cost))


def least_losses(
    rows: Sequence[Sequence[tuple[int, float]]], weights: Sequence[int]
) -> list[dict[int, float]]:
    """Return, for the blocks from each one on, the least loss by the units used."""
    found = [{0: 0.0}]
    for weight, row in zip(reversed(weights), reversed(rows), strict=True):
        best: dict[int, float] = {}
        for (rank, cost), (used, after) in product(row, found[0].items()):
            units = used + weight * rank
            best[units] = min(cost + after, best.get(units, cost + after))
        found.insert(0, best)
    return found
# --8<-- [end:better]


def sample_ranks(total: int, count: int, generator: torch.Generator) -> list[tuple[int, ...]]:
    """Draw rank vectors with Σ w_j r_j = total, each as likely as any other."""
    ways = [torch.zeros(total + 1) for _ in range(16)]
    ways[15][0] = 1
    for j in range(14, -1, -1):
        for rank in range(min(28, total // WEIGHTS[j]) + 1):
            used = WEIGHTS[j] * rank
            ways[j][used:] += ways[j + 1][: total + 1 - used]
    return [tuple(_one_by_one(ways, total, generator)) for _ in range(count)]


def _one_by_one(ways: list[Tensor], units: int, generator: torch.Generator) -> Iterator[int]:
    """Draw the ranks in order, each in proportion to the number of ways in which the rest can follow."""
    for weight, rest in zip(WEIGHTS, ways[1:], strict=True):
        left = units - weight * torch.arange(min(28, units // weight) + 1)
        rank = int(torch.multinomial(rest[left], 1, generator=generator))
        yield rank
        units -= weight * rank


# --- how many pictures


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


# --8<-- [start:far_amounts]
def far_amounts(
    count: int, generator: torch.Generator, near: float = REACH, far: float = 14.0
) -> Float[Tensor, " count"]:
    """Draw shifts to either side that the training pictures never made."""
    uniform = 2 * torch.rand(count, generator=generator) - 1
    return uniform.sign() * near + uniform * (far - near)
# --8<-- [end:far_amounts]


def fitted(images: UInt8[Tensor, "count 28 28"], amounts: Float[Tensor, " count"]) -> tuple[Tensor, list[Tensor]]:
    """Return both networks of rank 99 from some pictures; the equivariant one chooses its ranks from them, too."""
    moments = frequency_moments(images, amounts)
    bases = fit(moments, best_ranks(spectra(moments), 99))
    return top_eigenvectors(second_moment(images, amounts), 99), bases


Losses = dict[tuple[str, str], Float[Tensor, "sizes draws"]]


@cache
def by_size(copies: int = 1) -> Losses:
    """Return the test losses by kind of shift and network, for each number of training pictures and each draw.

    Every picture is shifted as often as `copies` says; more than once only for the smaller numbers.
    """
    images, found, sizes = load_images("train"), {}, SIZES if copies == 1 else SIZES[:COPIED]
    for draw in range(DRAWS):
        generator = torch.Generator().manual_seed(draw)
        order, amounts = torch.randperm(len(images), generator=generator), random_amounts(len(images), generator)
        for row, size in enumerate(sizes):
            some = images[order[:size]].repeat(copies, 1, 1)
            basis, bases = fitted(some, amounts[: len(some)])
            for kind, (S, H) in test_sets()._asdict().items():
                for name, value in (("dense", dense_loss(S, basis)), ("equivariant", loss(H, bases))):
                    found.setdefault((kind, name), torch.zeros(len(sizes), DRAWS))[row, draw] = value
    return found


# --- shifts beyond the training data


REACHES = range(15)


@cache
def by_amount() -> dict[tuple[str, str], list[float]]:
    """Return both losses by kind of shift, for amounts in each window of one pixel, or each cyclic shift."""
    e, images = experiment(), load_images("test")[::5]
    basis, bases = e.dense[:, -99:], fit(e.train_moments, e.ranks["best"])
    generator, found = torch.Generator().manual_seed(0), {}
    for pixels in REACHES:
        amounts = far_amounts(len(images), generator, max(pixels - 0.5, 0.0), pixels + 0.5)
        pictures = {"continuous": shift(images / 255.0, amounts), "cyclic": cyclic_shift(images / 255.0, pixels)}
        for kind, x in pictures.items():
            flat = x.flatten(1)
            errors = {"dense": flat - flat @ basis @ basis.T, "equivariant": x - reconstruct(x, bases)}
            for name, error in errors.items():
                found.setdefault((kind, name), []).append(float(error.square().mean()))
    return found


# --- augmentation


# --8<-- [start:augmented_moments]
def augmented_moments(
    images: UInt8[Tensor, "count 28 28"],
    shifts: Sequence[int],
    generator: torch.Generator,
) -> Iterator[Float[Tensor, "784 784"]]:
    """Yield the second moment with that many cyclic shifts of each picture.

    The shifts of a picture are drawn without repetition; the numbers must rise.
    """
    order = torch.rand(len(images), 28, generator=generator).argsort(1)
    total, done = torch.zeros(784, 784), 0
    for number in shifts:
        for column in range(done, number):
            total += second_moment(cyclic_shift(images, order[:, column]))
        done = number
        yield total / done
# --8<-- [end:augmented_moments]


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


# --- how training goes


def adam(rate: float) -> Callable[[list[Tensor]], torch.optim.Optimizer]:
    """Return Adam with a rate, as `descend` wants it."""
    return partial(torch.optim.Adam, lr=rate)


def descent(rate: float, momentum: float = 0.0) -> Callable[[list[Tensor]], torch.optim.Optimizer]:
    """Return plain gradient descent with a rate, as `descend` wants it."""
    return partial(torch.optim.SGD, lr=rate, momentum=momentum)


PLATEAU_FREQUENCY, PLATEAU_RANK, PLATEAU_STEPS = 3, 3, 2400


@cache
def plateaus(starts: int = 5) -> tuple[Float[Tensor, "steps starts"], Float[Tensor, "steps starts"]]:
    """Return the losses of one frequency from small random starts, and those that the logistic curves predict."""
    block = frequency_blocks(experiment().train_moments)[[PLATEAU_FREQUENCY]]
    stack, ranks, rate = block.expand(starts, -1, -1), (PLATEAU_RANK,) * starts, largest_rate(block) / 16
    network = random_network(stack, ranks, torch.Generator().manual_seed(0), scale=1e-5)
    run = descend(stack, network, PLATEAU_STEPS, descent(rate))
    return torch.stack([block_losses(stack, *now) for now in run]), _predicted(block[0], network, rate)


def _predicted(block: Shaped[Tensor, "n n"], network: Network, rate: float) -> Float[Tensor, "steps starts"]:
    """Return the losses if each leading eigenvector is learnt for itself, from its share in the start."""
    values, vectors = torch.linalg.eigh(block)
    kept, leading = values[-PLATEAU_RANK:], vectors[:, -PLATEAU_RANK:]
    encoder, decoder = network
    start = ((encoder @ leading + decoder.mH @ leading) / 2).abs().square().sum(1)
    time = rate * torch.arange(float(PLATEAU_STEPS))[:, None, None]
    left = (1 - learned(kept, start, time)).square()
    return values[:-PLATEAU_RANK].sum() + left @ kept


OPTIMIZERS, IN_TURN = 600, 200


@cache
def by_optimizer() -> dict[str, Float[Tensor, " steps"]]:
    """Return the gaps to the optimum of one equivariant network, trained on second moments in four ways."""
    blocks, ranks = frequency_blocks(experiment().train_moments), RANKS["paper"]
    least, rate = optimum(blocks, ranks), largest_rate(blocks)
    ways = {
        "gradient descent": descent(0.9 * rate),
        "with momentum": descent(0.3 * rate, momentum=0.9),
        "Adam": adam(0.03),
    }
    start = random_network(blocks, ranks, torch.Generator().manual_seed(0), scale=0.3)
    runs = {name: descend(blocks, start, OPTIMIZERS, optimizer) for name, optimizer in ways.items()}
    runs["solved in turn"] = solve_in_turn(blocks, start, IN_TURN)
    losses = {name: torch.stack([block_losses(blocks, *now).sum() for now in run]) for name, run in runs.items()}
    return {name: values / least - 1 for name, values in losses.items()}


# --8<-- [start:matrix_of]
def matrix_of(network: Network) -> Float[Tensor, "784 784"]:
    """Return the matrix that a network multiplies pictures with."""
    encoder, decoder = network
    maps = decoder @ encoder
    if len(maps) == 1:
        return maps[0]
    pictures = torch.eye(784, dtype=maps.real.dtype).view(784, 28, 28)
    waves = torch.fft.rfft(pictures, norm="ortho")
    turned = torch.einsum("jab,nbj->naj", maps, waves)
    return torch.fft.irfft(turned, n=28, norm="ortho").reshape(784, 784).T
# --8<-- [end:matrix_of]


COMMUTATOR_STEPS = 60


@cache
def by_step() -> dict[str, list[float]]:
    """Return the commutators of networks while they are solved in turn, in single precision."""
    e, generator = experiment(), torch.Generator()
    around = average_over_shifts(second_moment(load_images("train")))
    cases = {
        "dense": (dense_block(e.dense_train).float(), (99,)),
        "dense, cyclic data": (dense_block(around).float(), (99,)),
        "equivariant": (frequency_blocks(e.train_moments).to(torch.complex64), RANKS["paper"]),
    }
    found = {}
    for name, (blocks, ranks) in cases.items():
        start = random_network(blocks, ranks, generator.manual_seed(0))
        run = solve_in_turn(blocks, start, COMMUTATOR_STEPS)
        found[name] = [commutator(matrix_of(now)) for now in run]
    return found


# --8<-- [start:orthonormal]
def orthonormal_network(
    blocks: Shaped[Tensor, "b n n"], ranks: Sequence[int], generator: torch.Generator
) -> Network:
    """Return projections onto random subspaces: orthonormal columns, and D = E*."""
    decoder = random_network(blocks, ranks, generator)[1]
    used = decoder.abs().sum(1, keepdim=True) > 0
    decoder = torch.linalg.qr(decoder).Q * used
    return decoder.mH.clone(), decoder
# --8<-- [end:orthonormal]


RANDOM_STARTS = 3


@cache
def by_start() -> Float[Tensor, "steps starts"]:
    """Return the gaps of Adam on second moments: from random starts, a tiny one and an orthonormal one."""
    blocks, ranks, generator = frequency_blocks(experiment().train_moments), RANKS["paper"], torch.Generator()
    generator.manual_seed(1)
    starts = [random_network(blocks, ranks, generator, scale=0.3) for _ in range(RANDOM_STARTS)]
    starts.append(random_network(blocks, ranks, generator, scale=1e-2))
    starts.append(orthonormal_network(blocks, ranks, generator))
    network = (torch.cat([e for e, _ in starts]), torch.cat([d for _, d in starts]))
    stack = blocks.repeat(len(starts), 1, 1)
    run = descend(stack, network, OPTIMIZERS, adam(0.03))
    losses = torch.stack([block_losses(stack, *now) for now in run])
    return losses.view(OPTIMIZERS, len(starts), 15).sum(2) / optimum(blocks, ranks) - 1


# --8<-- [start:solution_half_time]
def half_time(
    eigenvalue: Float[Tensor, ""], start: Float[Tensor, ""]
) -> Float[Tensor, ""]:
    """Return when half of an eigenvector is learnt: ln(1/m_0 − 1) / 4λ."""
    return (1 / start - 1).log() / (4 * eigenvalue)
# --8<-- [end:solution_half_time]


# --8<-- [start:solution_rates]
def gap_after(
    blocks: Shaped[Tensor, "b n n"], ranks: Sequence[int], part: float, steps: int
) -> float:
    """Return the gap after plain steps at a part of the largest rate, from a start
    that is the optimum up to 10⁻⁶."""
    network = random_network(blocks, ranks, torch.Generator().manual_seed(0), 1e-6)
    for weights, best in zip(network, best_network(blocks, ranks), strict=True):
        weights += best
    plain = partial(torch.optim.SGD, lr=part * largest_rate(blocks))
    *_, last = descend(blocks, network, steps, plain)
    return float(block_losses(blocks, *last).sum()) / optimum(blocks, ranks) - 1


def best_network(blocks: Shaped[Tensor, "b n n"], ranks: Sequence[int]) -> Network:
    """Return the leading eigenvectors of each block as decoder and as encoder."""
    vectors = torch.linalg.eigh(blocks).eigenvectors.flip(2)[:, :, : max(ranks)]
    unit = torch.arange(max(ranks)) < torch.tensor(ranks)[:, None]
    decoder = vectors * unit[:, None]
    return decoder.mH.clone(), decoder
# --8<-- [end:solution_rates]


# --8<-- [start:solution_enough]
def shifts_needed(part: float) -> int:
    """Return the least k with (28 − k) / 27k ≤ part²."""
    return math.ceil(28 / (1 + 27 * part**2))
# --8<-- [end:solution_enough]


# --8<-- [start:solution_almost]
def almost_as_good(factor: float) -> tuple[tuple[int, ...], int]:
    """Return the component with the lowest r_0 within a factor of the best test loss,
    and how many there are."""
    rows = shares()
    limit = factor * loss_of(rows, experiment().ranks["best"])
    found = list(better(rows, 99, limit))
    return min(found), len(found)
# --8<-- [end:solution_almost]


# --- recorded runs of the trainer


RUNS: dict[str, dict[str, Any]] = {
    "dense": {"model": "dense"},
    "paper": {"ranks": "paper"},
    "equal": {"ranks": "equal"},
    "high-pass": {"ranks": "high-pass"},
    "best": {"ranks": "best"},
    "semi-equivariant": {"model": "semi-equivariant"},
    "invariant": {"model": "invariant"},
    "gram": {"ranks": "paper", "method": "gram"},
    "dense, scaled": {"model": "dense", "epochs": 10},
    "equivariant, scaled": {"ranks": "paper", "epochs": 10},
    "dense, Adam": {"model": "dense", "optimizer": "adam", "epochs": 10},
    "equivariant, Adam": {"ranks": "paper", "optimizer": "adam", "epochs": 10},
}
PROFILED = ("dense", "paper")
PARTS = ("prepare", "load", "batch", "of_batch", "step", "look")  # functions of the trainer


def recorded_runs(runs: dict[str, dict[str, Any]] = RUNS, **common: Any) -> dict[str, Any]:
    """Train, and return for each run its report, its losses by epoch, and for some where the time went."""
    found: dict[str, Any] = {"rate": matrix_rate()}
    for name, options in runs.items():
        report, seconds = profiled(Settings(**options, **common))
        left_out = ("out", "ranks")
        found[name] = {
            "report": {key: value for key, value in report.record().items() if key not in left_out},
            "loss": [row.train_loss for row in report.history],
            "gap": [row.gap for row in report.history],
            "commutator": commutator(report.network.matrix()),
        }
        if name in PROFILED:
            found[name] |= {"spent": seconds, "floor": operations(report) / found["rate"]}
    return found


def profiled(settings: Settings) -> tuple[Report, dict[str, float]]:
    """Run the trainer and return the report, and the processor's seconds in each of its parts and in all."""
    profile, begin = cProfile.Profile(time.process_time), time.process_time()
    report = profile.runcall(run, settings)
    seconds = dict.fromkeys(PARTS, 0.0) | {"all": time.process_time() - begin}
    for (file, _, name), (_, _, _, cumulative, _) in pstats.Stats(profile).stats.items():
        if name in PARTS and f"{os.sep}train{os.sep}" in file:
            seconds[name] += cumulative
    return report, seconds


def operations(report: Report) -> float:
    """Count those of the matrix products of a scaled descent: codes, outputs, two products of codes."""
    (blocks, inputs, units), (_, _, outputs) = report.network.form.shapes
    return report.history[-1].images * blocks * 2.0 * units * (inputs + 2 * outputs + units)


def matrix_rate(size: int = 1024, times: int = 20) -> float:
    """Measure how many operations products of single-precision matrices do in a second of the processor."""
    a = torch.rand(size, size, dtype=torch.float32)
    begin = time.process_time()
    for _ in range(times):
        a = (a @ a).clamp_(max=1.0)
    return 2.0 * size**3 * times / (time.process_time() - begin)


# --- numbers


BATCH_EPOCHS = 4


@results(seed=0)
def batch_numbers() -> dict[str, float | int]:
    """Where minibatch training ends with a constant rate and with a falling one."""
    images = load_images("train")[:2000]
    least = optimum(frequency_blocks(frequency_moments(images)), RANKS["paper"])
    gaps = {}
    for name, end in (("constant", 1.0), ("falling", 0.0)):
        torch.manual_seed(0)
        model, order = EquivariantLinearAutoencoder(RANKS["paper"]), torch.Generator().manual_seed(0)
        *_, last = train_on_batches(model, images / 255.0, BATCH_EPOCHS, 0.05, order, batch=25, end=end)
        gaps[f"gap_{name}"] = last / least - 1
    return gaps | {"batch_epochs": BATCH_EPOCHS}


def trained(spent: dict[str, float]) -> float:
    """Return the seconds of a run but for those of the moments and the optimum."""
    return spent["all"] - spent["prepare"]


@results(seed=0)
def run_numbers() -> dict[str, float | int | str]:
    """What the recorded runs of the trainer found, and what made the record."""
    runs = record("training")
    names = ("dense", "paper", "equal", "high-pass", "best", "semi-equivariant", "invariant", "gram")
    found: dict[str, float | int | str] = {}
    for name in names:
        report, key = runs[name]["report"], name.replace("-", "_")
        found |= {f"run_{key}": report["test_loss"], f"run_{key}_gap": report["gap"]}
        found |= {f"run_{key}_optimum": report["optimum_test"], f"run_{key}_parameters": report["parameters"]}
        found |= {f"run_{key}_seconds": report["seconds_training"]}
    for name in ("dense", "equivariant"):
        for way in ("scaled", "Adam"):
            found[f"{name}_{way.lower()}_gap"] = runs[f"{name}, {way}"]["gap"][-1]
    return found | {
        "first_epoch_dense": runs["dense"]["gap"][0],
        "first_epoch_paper": runs["paper"]["gap"][0],
        "run_commutator_dense": runs["dense"]["commutator"],
        "run_commutator_paper": runs["paper"]["commutator"],
        "run_worst_gap": max(runs[name]["report"]["gap"] for name in names),
        "matrix_rate": runs["rate"] / 1e9,
        "adam_commutator": runs["dense, Adam"]["commutator"],
        **{f"floor_{name}": runs[name]["floor"] / trained(runs[name]["spent"]) for name in PROFILED},
        "prepare_paper": runs["paper"]["spent"]["prepare"] / runs["paper"]["spent"]["all"],
        **provenance("training"),
    }


@results(seed=0)
def staircase_numbers() -> dict[str, float]:
    """How much later than predicted the stairs come, at most."""
    measured, predicted = plateaus()
    values = spectra(frequency_blocks(experiment().train_moments))[PLATEAU_FREQUENCY]
    late = []
    for kept in range(PLATEAU_RANK):
        level = float(values[kept:].sum() + values[kept + 1 :].sum()) / 2
        late.append((measured > level).sum(0) / (predicted > level).sum(0) - 1)
    return {"staircase_late": float(torch.stack(late).max())}


@results(seed=0)
def step_numbers() -> dict[str, float]:
    """Commutators before and after training, and how many rounds of solving in turn the last percent takes."""
    e, found = experiment(), by_step()
    dense = dense_block(e.dense_train)
    start = random_network(dense, (99,), torch.Generator().manual_seed(0))
    run = solve_in_turn(dense, start, COMMUTATOR_STEPS)
    gaps = torch.stack([block_losses(dense, *now).sum() for now in run]) / optimum(dense, (99,)) - 1
    return {
        "commutator_start": found["dense"][0],
        "commutator_end": found["dense"][-1],
        "commutator_exact": commutator(e.dense[:, -99:] @ e.dense[:, -99:].T),
        "commutator_cyclic": found["dense, cyclic data"][-1],
        "commutator_equivariant": max(found["equivariant"]),
        "turns_equivariant": int((by_optimizer()["solved in turn"] > 0.01).sum()),
        "turns_dense": int((gaps > 0.01).sum()),
    }


def fading(blocks: Iterable[Shaped[Tensor, "d d"]], ranks: Sequence[int]) -> float:
    """Return the largest ratio of the first eigenvalue that is left out to the last one that is kept."""
    spectra = (torch.linalg.eigvalsh(A).flip(0) for A in blocks)
    return max(float(s[r] / s[r - 1]) for s, r in zip(spectra, ranks, strict=True) if 0 < r < len(s))


@results(seed=0)
def descent_numbers() -> dict[str, float | int]:
    """What training on second moments costs and where it ends."""
    e = experiment()
    dense, blocks = dense_block(e.dense_train), frequency_blocks(e.train_moments)
    gaps, ends, pure_and_all = by_optimizer(), by_start(), critical_choices(RANKS["paper"])
    costs = {"dense": step_cost(784, (99,), (1,)), "equivariant": step_cost(28, RANKS["paper"], WEIGHTS)}
    kept = curvatures(torch.linalg.eigvalsh(dense[0]), 99)[0]
    return {
        "optimum_dense": optimum(dense, (99,)),
        "optimum_paper": optimum(blocks, RANKS["paper"]),
        "curvature_ratio": float(kept.max() / kept.min()),
        "fading_dense": fading(dense, (99,)),
        "fading_paper": fading(blocks, RANKS["paper"]),
        "gap_descent": float(gaps["gradient descent"][-1]),
        "gap_momentum": float(gaps["with momentum"][-1]),
        "gap_adam": float(gaps["Adam"][-1]),
        "optimizer_steps": OPTIMIZERS,
        "start_worst": float(ends[-1].max()),
        "starts": ends.shape[1],
        "random_starts": RANDOM_STARTS,
        "steps_random": float((ends[:, :RANDOM_STARTS] > 0.01).sum(0).double().mean()),
        "steps_tiny": int((ends[:, -2] > 0.01).sum()),
        "steps_orthonormal": int((ends[:, -1] > 0.01).sum()),
        "critical_pure": pure_and_all[0],
        "critical_all": pure_and_all[1],
        "flop_dense": costs["dense"]["moments"] / 1e6,
        "flop_equivariant": costs["equivariant"]["moments"] / 1e6,
        "flop_ratio": costs["dense"]["moments"] / costs["equivariant"]["moments"],
        "pictures_dense": costs["dense"]["moments"] / costs["dense"]["picture"],
        "pictures_equivariant": costs["equivariant"]["moments"] / costs["equivariant"]["picture"],
    }


COMPONENT_BIN = 1e-5


@cache
def sampled(count: int = 1500) -> tuple[list[float], list[int]]:
    """Return test loss and dimension of components drawn at random."""
    rows = shares()
    drawn = sample_ranks(99, count, torch.Generator().manual_seed(0))
    return [loss_of(rows, ranks) for ranks in drawn], [dimension(ranks) for ranks in drawn]


def count_below(rows: Float[Tensor, "15 29"], limit: float) -> int:
    """Count the components of rank 99 with a loss below a limit."""
    return sum(1 for _ in better(rows, 99, limit))


@results(seed=0)
def component_numbers() -> dict[str, float | int]:
    """Where the components of the table stand among all components."""
    rows, named = shares(), experiment().ranks
    counts = distribution(rows, 99, COMPONENT_BIN)
    below = counts.cumsum(0) / counts.sum()
    named_losses = {name: loss_of(rows, ranks) for name, ranks in named.items()}
    share_of = {name: float(below[int(value / COMPONENT_BIN)]) for name, value in named_losses.items()}
    losses, dimensions = sampled()
    return {
        "all_counted": int(counts.sum()),
        "better_than_paper": count_below(rows, named_losses["paper"] * (1 - 1e-12)),
        "better_than_best": count_below(rows, named_losses["best"] * (1 - 1e-12)),
        "within_one_percent": count_below(rows, 1.01 * named_losses["best"]),
        "sampled": len(losses),
        "share_above_equal": 1 - share_of["equal"],
        "share_above_high_pass": 1 - share_of["high-pass"],
        "median_component": COMPONENT_BIN * int((below < 0.5).sum()),
        "dimension_correlation": float(torch.corrcoef(torch.tensor([losses, list(map(float, dimensions))]))[0, 1]),
        "dimension_least": min(dimensions),
        "dimension_most": max(dimensions),
    }


def crossing(dense: Float[Tensor, " sizes"], equivariant: Float[Tensor, " sizes"]) -> float:
    """Return the number of pictures at which the dense loss falls below the other, on lines between the sizes."""
    apart = (dense / equivariant).log()
    last = int((apart > 0).sum()) - 1
    part = float(apart[last] / (apart[last] - apart[last + 1]))
    return SIZES[last] * (SIZES[last + 1] / SIZES[last]) ** part


@results(seed=0)
def picture_numbers() -> dict[str, float]:
    """How many pictures each network needs, and what it does with shifts that it has not seen."""
    found, e = by_size(), experiment()
    dense, equivariant = (found["near", name].mean(1) for name in ("dense", "equivariant"))
    copied = by_size(COPIES)
    bases = fit(e.train_moments, e.ranks["best"])
    return {
        "crossing": crossing(dense, equivariant),
        "crossing_copied": crossing(copied["near", "dense"].mean(1), copied["near", "equivariant"].mean(1)),
        "copies": COPIES,
        "copied_dense_30": float(copied["near", "dense"][0].mean()),
        "copied_equivariant_30": float(copied["near", "equivariant"][0].mean()),
        "copied_far_300": float(copied["far", "dense"][-1].mean()),
        "spread_of_draws": float(max((v.amax(1) / v.amin(1)).max() for k, v in found.items() if k[0] == "near") - 1),
        **{f"{kind}_{name}_{n}": float(found[kind, name][SIZES.index(n)].mean())
           for kind, name in found for n in (30, 300, 1000)},
        "far_dense_all": dense_loss(test_sets().far[0], e.dense[:, -99:]),
        "far_equivariant_all": loss(test_sets().far[1], bases),
        "around_dense_all": dense_loss(test_sets().around[0], e.dense[:, -99:]),
        "around_equivariant_all": loss(test_sets().around[1], bases),
        "dense_lower": 1 - dense_loss(e.dense_test, e.dense[:, -99:]) / loss(e.test_moments, bases),
    }  # fmt: skip


@results(seed=0)
def amount_numbers() -> dict[str, float]:
    """Losses on cyclic shifts by zero and by half of the width, and where the dense network falls behind."""
    found = by_amount()
    dense, equivariant = found["cyclic", "dense"], found["cyclic", "equivariant"]
    behind = [d > e for d, e in zip(found["continuous", "dense"], found["continuous", "equivariant"], strict=True)]
    return {
        "cyclic_dense_0": dense[0],
        "cyclic_dense_14": dense[-1],
        "cyclic_equivariant": equivariant[0],
        "cyclic_equivariant_spread": max(equivariant) - min(equivariant),
        "cyclic_behind": [d > e for d, e in zip(dense, equivariant, strict=True)].index(True),
        "continuous_behind": behind.index(True),
    }


@results(seed=0)
def shift_numbers() -> dict[str, float]:
    """Commutators of the dense optimum with one cyclic shift of each picture and with all."""
    found = by_shifts()
    e = test_sets().around[1]
    moments = frequency_moments(load_images("train")[:2000])
    return {
        **{f"map_{number}": value for number, value in zip(SHIFTS, found["map"], strict=True)},
        "moment_1": found["moment"][0],
        "moment_28": found["moment"][-1],
        "shifts_loss_1": found["loss"][0],
        "shifts_loss_28": found["loss"][-1],
        "shifts_equivariant": loss(e, fit(moments, best_ranks(spectra(moments), 99))),
    }


# --- pictures


@figure(
    alt="Top: training loss against epochs, four curves that come down to two horizontal lines, the optimum of the "
    "equivariant and, lower, of the dense network. Bottom: the gaps to these lines on a logarithmic axis; the scaled "
    "descents fall well below a thousandth, Adam stays above, the equivariant curves lie below the dense ones."
)
def curves() -> Figure:
    """Loss and gap by epoch, from the recorded runs."""
    runs = record("training")
    fig, (top, bottom) = plt.subplots(2, 1, figsize=(5.2, 5.6), sharex=True)
    for colour, name, optimal in (("C0", "equivariant", "paper"), ("C1", "dense", "dense")):
        best = runs[optimal]["report"]["optimum"]
        top.axhline(best, color=colour, lw=0.9)
        for way, line in (("Adam", "--"), ("scaled", "-")):
            one = runs[f"{name}, {way}"]
            epochs = range(1, len(one["gap"]) + 1)
            top.plot(epochs, one["loss"], line, color=colour, marker="o", ms=3)
            bottom.semilogy(epochs, one["gap"], line, color=colour, marker="o", ms=3, label=f"{name}, {way}")
        top.annotate(f"optimum, {name}", (1, best), xytext=(0, -12), textcoords="offset points", color=colour)
    top.set(ylabel="loss per pixel, training", ylim=(0.005, None))
    bottom.set(xlabel="epochs", ylabel="gap to the optimum", xticks=range(1, 11))
    bottom.grid(alpha=0.5)
    bottom.legend()
    return fig


@figure(
    alt="Two stacked bars of seconds by part of a run. The dense bar is about twice as long, and gradients and steps "
    "make up half of it; in the equivariant one moments and handling of the pictures take more than half."
)
def spent() -> Figure:
    """Where the time of two recorded runs goes."""
    runs = record("training")
    fig, ax = plt.subplots(figsize=(5.2, 2.4))
    for row, name in enumerate(PROFILED):
        left = 0.0
        for index, (part, value) in enumerate(by_part(runs[name]["spent"]).items()):
            ax.barh(row, value, left=left, color=f"C{index}", label=part if row == 0 else None, height=0.6)
            left += value
    ax.set(yticks=[0, 1], xlabel="seconds of one processor")
    ax.set_yticklabels(["dense", "equivariant"])
    ax.invert_yaxis()
    ax.legend(ncols=2, loc="upper center", bbox_to_anchor=(0.45, -0.35))
    return fig


def by_part(spent: dict[str, float]) -> dict[str, float]:
    """Name the parts of a run for a reader, so that they add up to the whole."""
    named = {
        "moments and optimum": spent["prepare"],
        "shifting the pictures": spent["load"],
        "taking batches": spent["batch"] - spent["load"],
        "gradients": spent["of_batch"],
        "steps": spent["step"],
        "exact losses": spent["look"],
    }
    return named | {"the rest": spent["all"] - sum(named.values())}


@figure(
    alt="Loss against steps on a logarithmic axis: five curves stay on a horizontal level, fall to the next level, "
    "rest there, and so down to the lowest; dashed predictions lie on them."
)
def staircase() -> Figure:
    """One frequency trained from five small random starts."""
    measured, predicted = plateaus()
    values = spectra(frequency_blocks(experiment().train_moments))[PLATEAU_FREQUENCY]
    steps = range(1, PLATEAU_STEPS + 1)
    fig, ax = plt.subplots(figsize=(5.2, 3.6))
    for kept in range(PLATEAU_RANK + 1):
        ax.axhline(float(values[kept:].sum()), color=plt.rcParams["grid.color"], lw=1)
        label = "nothing" if kept == 0 else "{" + ", ".join(map(str, range(1, kept + 1))) + "}"
        ax.annotate(label, (1.01, float(values[kept:].sum())), xycoords=("axes fraction", "data"), va="center")
    for number, (curve, guess) in enumerate(zip(measured.T, predicted.T, strict=True)):
        ax.semilogx(steps, curve, color="C0", lw=1.5, label="gradient descent" if number == 0 else None)
        ax.semilogx(steps, guess, color="C1", lw=1.2, ls=(0, (4, 3)), label="predicted" if number == 0 else None)
    ax.set(xlabel="step", ylabel=f"loss at frequency {PLATEAU_FREQUENCY}", xlim=(60, PLATEAU_STEPS))
    ax.legend(loc="lower left")
    return fig


@figure(
    alt="Gap to the optimum against steps, both axes logarithmic, four curves: plain gradient descent falls slowest, "
    "with momentum faster, Adam faster still; solved in turn the gap is below a percent after five rounds and at "
    "rounding after eighty."
)
def choices() -> Figure:
    """Four ways down on the same equivariant network."""
    fig, ax = plt.subplots(figsize=(5.2, 3.6))
    for name, gaps in by_optimizer().items():
        ax.loglog(range(1, len(gaps) + 1), gaps.clamp(min=1e-15), label=name)
    ax.axhline(0.01, color=plt.rcParams["text.color"], lw=0.8, ls=(0, (2, 3)))
    ax.annotate("1 %", (1.02, 0.013), ha="left")
    ax.set(xlabel="steps, or rounds", ylabel="gap to the optimum", ylim=(1e-10, 30), xlim=(1, OPTIMIZERS))
    ax.grid(alpha=0.5)
    ax.legend(loc="lower left")
    return fig


@figure(
    alt="Commutator against rounds of training, logarithmic: the dense network on the data's shifts settles at about "
    "a third, on cyclically shifted data it falls towards zero; the equivariant one stays at rounding, "
    "ten to the minus seven."
)
def commutators() -> Figure:
    """Equivariance error while training."""
    fig, ax = plt.subplots(figsize=(5.2, 3.2))
    for colour, (name, values) in zip(("C1", "C2", "C0"), by_step().items(), strict=True):
        ax.semilogy(values, color=colour, label=name)
    ax.set(xlabel="rounds", ylabel="commutator with $P$", ylim=(3e-8, 5))
    ax.grid(alpha=0.5)
    ax.legend(loc="center left", bbox_to_anchor=(0.0, 0.35))
    return fig


@figure(
    alt="Top: a histogram of the test losses of all components, a broad hill around 0.03 with a long tail to 0.1; "
    "marks for the best ranks and the slides' at the extreme left, equal ranks left of the hill, high-pass at the "
    "far right. Bottom: dimension against loss for 1,500 random components, a cloud without a clear direction."
)
def every_component() -> Figure:
    """All losses that the 72,425,986,088,826 components reach."""
    rows, named = shares(), experiment().ranks
    counts = distribution(rows, 99, COMPONENT_BIN)
    coarse = 100
    counts = torch.cat([counts, torch.zeros(-len(counts) % coarse)]).view(-1, coarse).sum(1)
    edges = COMPONENT_BIN * coarse * torch.arange(len(counts) + 1)
    fig, (top, bottom) = plt.subplots(2, 1, figsize=(5.2, 5.0), sharex=True)
    top.stairs(counts / counts.sum(), edges, fill=True, color="C0", alpha=0.6)
    heights = {"best": 0.98, "paper": 0.82, "equal": 0.98, "high-pass": 0.5}
    for name, height in heights.items():
        label = "slides'" if name == "paper" else name
        value = loss_of(rows, named[name])
        top.axvline(value, ymax=height, color="C1", lw=1.4)
        side = "right" if name == "high-pass" else "left"
        place = {"transform": top.get_xaxis_transform(), "ha": side, "va": "top"}
        top.text(value, height, f" {label} ", color="C1", fontsize=8, **place)
    top.set(ylabel="share of all components", yticks=[], ylim=(0, 1.3 * float(counts.max() / counts.sum())))
    losses, dimensions = sampled()
    bottom.plot(losses, dimensions, ".", ms=2.5, color="C0", alpha=0.6, rasterized=True)
    for ranks in named.values():
        bottom.plot(loss_of(rows, ranks), dimension(ranks), "o", color="C1", ms=6)
    bottom.set(xlabel="test loss of the component's optimum", ylabel="dimension", xlim=(0, 0.11))
    return fig


@figure(
    alt="Two panels of test loss against the number of training pictures, both axes logarithmic. Shifts as in "
    "training: the dense curve starts three times higher and crosses below the equivariant one between 300 and 1,000 "
    "pictures. Larger shifts: the dense curve stays far above at all numbers. With 20 shifts of each picture the dense "
    "network comes down sooner and crosses between 30 and 100 pictures; on larger shifts it stays above."
)
def pictures_needed() -> Figure:
    """Loss against the number of training pictures."""
    found, e = by_size(), experiment()
    bases = fit(e.train_moments, e.ranks["best"])
    fig, axes = plt.subplots(2, 1, figsize=(5.2, 5.6), sharex=True)
    titles = {"near": "shifts up to 5.6 pixels, as in training", "far": "shifts of 5.6 to 14 pixels, never seen"}
    for ax, (kind, title) in zip(axes, titles.items(), strict=True):
        S, H = getattr(test_sets(), kind)
        ends = {"equivariant": loss(H, bases), "dense": dense_loss(S, e.dense[:, -99:])}
        for colour, (name, end) in zip(("C0", "C1"), ends.items(), strict=True):
            draws = found[kind, name]
            ax.loglog([*SIZES, 60_000], [*draws.mean(1).tolist(), end], color=colour, label=name)
            for draw in draws.T:
                ax.plot(SIZES, draw, "o", ms=3, color=colour)
            copied = by_size(COPIES)[kind, name].mean(1)
            ax.plot(SIZES[:COPIED], copied, "--", color=colour, label=f"{name}, {COPIES} shifts of each")
        ax.set(ylabel="loss per pixel, test", title=title, yticks=[0.005, 0.01, 0.02, 0.05])
        ax.set_yticklabels(["0.005", "0.01", "0.02", "0.05"])
        ax.minorticks_off()
        ax.grid(alpha=0.5)
    axes[0].legend()
    axes[1].set(xlabel="training pictures", xticks=[30, 100, 300, 1000, 3000, 10_000, 60_000])
    axes[1].set_xticklabels(["30", "100", "300", "1,000", "3,000", "10,000", "60,000"])
    return fig


@figure(
    alt="Two panels of test loss against the size of the shift from 0 to 14 pixels. The equivariant curve is flat, for "
    "cyclic shifts exactly; the dense one starts below it and rises, most steeply beyond 6 pixels, to more than twice "
    "and three times its height. A shaded band marks the shifts of the training data."
)
def beyond() -> Figure:
    """Loss against the size of the shift."""
    found = by_amount()
    fig, axes = plt.subplots(2, 1, figsize=(5.2, 5.0), sharex=True)
    titles = {"continuous": "the data's shift: what leaves is lost", "cyclic": "cyclic, by whole pixels"}
    for ax, (kind, title) in zip(axes, titles.items(), strict=True):
        ax.axvspan(0, REACH, color=plt.rcParams["grid.color"], alpha=0.35, lw=0)
        for colour, name in (("C0", "equivariant"), ("C1", "dense")):
            ax.plot(REACHES, found[kind, name], "o-", ms=3.5, color=colour, label=name)
        ax.set(ylabel="loss per pixel, test", ylim=(0, None), title=title)
    axes[0].text(REACH / 2, 0.001, "seen in training", ha="center")
    axes[0].legend()
    axes[1].set(xlabel="shift in pixels", xlim=(0, 14.3))
    return fig


@figure(
    alt="Commutator against the number of cyclic shifts of each picture, logarithmic: that of the second moment falls "
    "along the predicted line, that of the best dense map lies above it and falls with it; with all 28 shifts both are "
    "zero up to rounding."
)
def augmentation() -> Figure:
    """How fast augmentation makes the dense optimum equivariant."""
    found = by_shifts()
    fig, ax = plt.subplots(figsize=(5.2, 3.5))
    fine = torch.linspace(1, 27.5, 200)
    law = ((28 - fine) / (27 * fine)).sqrt()
    ax.semilogy(fine, found["moment"][0] * law, color=plt.rcParams["grid.color"], lw=4, label="the theorem")
    ax.semilogy(SHIFTS[:-1], found["moment"][:-1], "o", color="C0", label="second moment")
    ax.semilogy(SHIFTS[:-1], found["map"][:-1], "s", color="C1", label="best dense map")
    ax.annotate("28 of 28: zero,\nup to rounding", (0.6, 0.03), xycoords="axes fraction", ha="right")
    ax.set(xlabel="cyclic shifts of each picture", ylabel="commutator with $P$", xticks=SHIFTS, xlim=(0, 29))
    ax.grid(alpha=0.5)
    ax.legend()
    return fig


if __name__ == "__main__":
    torch.set_num_threads(1)
    print(write("training", recorded_runs(), recorded_runs, (0,)))
