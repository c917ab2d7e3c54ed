"""All components of rank 99, one vector of ranks each: their losses, and how many of them are good."""

# --8<-- [start:setup]
from collections.abc import Iterator, Sequence
from functools import cache
from itertools import product

import torch
from jaxtyping import Float
from torch import Tensor

from snippets.mnist.exact import dimension, experiment, fit
from snippets.mnist.ranks import WEIGHTS

# --8<-- [end:setup]


# --8<-- [start:all_components]
def shares(seed: int = 0) -> Float[Tensor, "15 29"]:
    """Return what each frequency adds to the test loss with rank 0 … 28."""
    e = experiment(seed)
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


def sample_ranks(
    total: int, count: int, generator: torch.Generator
) -> list[tuple[int, ...]]:
    """Draw rank vectors with Σ w_j r_j = total, each as likely as any other."""
    ways = [torch.zeros(total + 1) for _ in range(16)]
    ways[15][0] = 1
    for j in range(14, -1, -1):
        for rank in range(min(28, total // WEIGHTS[j]) + 1):
            used = WEIGHTS[j] * rank
            ways[j][used:] += ways[j + 1][: total + 1 - used]
    return [tuple(one_by_one(ways, total, generator)) for _ in range(count)]


def one_by_one(
    ways: list[Tensor], units: int, generator: torch.Generator
) -> Iterator[int]:
    """Draw the ranks in order, each in proportion to the number of ways in which the rest can follow."""
    for weight, rest in zip(WEIGHTS, ways[1:], strict=True):
        left = units - weight * torch.arange(min(28, units // weight) + 1)
        rank = int(torch.multinomial(rest[left], 1, generator=generator))
        yield rank
        units -= weight * rank


COMPONENT_BIN = 1e-5


@cache
def sampled(count: int = 1500) -> tuple[list[float], list[int]]:
    """Return test loss and dimension of components drawn at random."""
    rows = shares()
    drawn = sample_ranks(99, count, torch.Generator().manual_seed(0))
    return [loss_of(rows, ranks) for ranks in drawn], [
        dimension(ranks) for ranks in drawn
    ]


def count_below(rows: Float[Tensor, "15 29"], limit: float) -> int:
    """Count the components of rank 99 with a loss below a limit."""
    return sum(1 for _ in better(rows, 99, limit))


# --8<-- [start:solution_almost]
def almost_as_good(factor: float) -> tuple[tuple[int, ...], int]:
    """Return the component with the lowest r_0 within a factor of the best test loss,
    and how many there are."""
    rows = shares()
    limit = factor * loss_of(rows, experiment().ranks["best"])
    found = list(better(rows, 99, limit))
    return min(found), len(found)
    # --8<-- [end:solution_almost]
