"""All components: brute force on small cases, and the components of the digits."""

import itertools
from functools import cache

import pytest
import torch

from book.expect import near, numbers
from snippets.figures.mnist import components as components_figures
from snippets.mnist import components
from snippets.mnist.components import almost_as_good, better, distribution, loss_of, sample_ranks, shares
from snippets.mnist.exact import (
    best_ranks,
    count_choices,
    dimension,
    experiment,
    fit,
    frequency_moments,
    loss,
    spectra,
)
from snippets.mnist.ranks import WEIGHTS, total_rank
from snippets.mnist.training import frequency_blocks

test_numbers = numbers("mnist.components", {
    "better_1": 353,
    "better_2": 351,
    "median_component": near(0.03349, 3e-05),
    "sampled": 1500,
    "share_above_equal": near(0.95971, 0.001),
    "within_one_percent": 95,
})  # fmt: skip

SMALL = (3, 2, 1, 0, 2, 0, 0, 1, 0, 0, 0, 0, 0, 1, 2)


VALUES = torch.tensor([3.0, 2.0, 1.2, 0.7, 0.2])


def seeded(seed: int = 0) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


def smooth_images(count: int = 120, seed: int = 0) -> torch.Tensor:
    noise = torch.rand(count, 28, 28, generator=seeded(seed))
    smooth = sum(noise.roll(k, dims) for k in range(4) for dims in (1, 2)) + noise.cumsum(2) / 5
    return (smooth / smooth.amax() * 255).to(torch.uint8)


@cache
def problem() -> tuple[torch.Tensor, torch.Tensor]:
    images = smooth_images()
    return images, frequency_blocks(frequency_moments(images))


@cache
def found_numbers(name: str) -> dict:
    return getattr(components_figures, name)()


@pytest.mark.claim("MN-307")
@pytest.mark.parametrize(("total", "seed"), [(0, 0), (5, 1), (8, 2), (11, 3)])
def test_distribution_and_search_agree_with_brute_force(total, seed, measured):
    weights, cost = (1, 2, 2, 1), torch.rand(4, 4, generator=seeded(seed)).sort(descending=True).values
    every = [
        r for r in itertools.product(range(4), repeat=4) if sum(w * k for w, k in zip(weights, r, strict=True)) == total
    ]
    losses = sorted(loss_of(cost, r) for r in every)
    counts = distribution(cost, total, 0.01, weights)
    measured.exact(int(counts.sum()), len(every))
    middle = torch.repeat_interleave(torch.arange(len(counts)) * 0.01, counts.long())
    assert (middle - torch.tensor(losses)).abs().max() <= 4 * 0.005 + 1e-12
    limit = losses[len(losses) // 2]
    expected = {r for r in every if loss_of(cost, r) < limit * (1 - 1e-12)}
    found = list(better(cost, total, limit * (1 - 1e-12), weights))
    measured.exact(len(found), len(set(found)))
    measured.exact(set(found), expected)


def test_every_block_needs_a_rank_and_a_weight():
    cost, two = torch.rand(3, 2, generator=seeded()), (1, 1)
    for call in (
        lambda: loss_of(cost, two),
        lambda: distribution(cost, 1, 0.1, two),
        lambda: list(better(cost, 1, 9.0, two)),
    ):
        with pytest.raises(ValueError, match="zip"):
            call()


@pytest.mark.claim("MN-307")
def test_all_components_of_the_digits(measured):
    found = found_numbers("component_numbers")
    measured.exact(found["all_counted"], 72_425_986_088_826)
    measured.exact(found["better_than_paper"], 352)
    measured.exact(found["better_than_best"], 0)
    assert all(abs(found[name] - 352) <= 5 for name in ("better_1", "better_2"))
    assert 0.95 < found["share_above_equal"] < 0.97
    assert 0.03 < found["median_component"] < 0.036
    assert abs(found["dimension_correlation"]) < 0.35


@pytest.mark.claim("MN-307")
def test_shares_add_up_to_losses_of_the_table(measured):
    e = experiment()
    for ranks in e.ranks.values():
        measured(loss_of(shares(), ranks), loss(e.test_moments, fit(e.train_moments, ranks)), atol=1e-12)


def test_sampled_components_are_uniform_and_of_the_right_rank():
    drawn = sample_ranks(99, 200, seeded())
    assert all(total_rank(ranks) == 99 for ranks in drawn)
    few = sample_ranks(2, 600, seeded())  # (2, 0), (1, 1), (0, 2) at the ends, or one pair: 3 + 13 vectors
    counts = {ranks: few.count(ranks) for ranks in set(few)}
    assert len(counts) == 16
    assert max(abs(count - 600 / 16) for count in counts.values()) < 4 * (600 / 16) ** 0.5
    assert sample_ranks(784, 2, seeded()) == [(28,) * 15] * 2  # there is no more
    losses, dimensions = components.sampled()
    assert len(losses) == len(dimensions)
    assert min(dimensions) >= dimension((28, 28, *[0] * 12, 1)) - 2000


def test_solution_almost():
    first, count = almost_as_good(1.01)
    assert count == found_numbers("component_numbers")["within_one_percent"]
    best = loss_of(shares(), best_ranks(spectra(experiment().train_moments), 99))
    assert best < loss_of(shares(), first) < 1.01 * best


def test_each_frequency_has_a_rank_and_a_weight():
    """A rank or weight too few is refused, where the shorter list would leave the last frequencies out."""
    losses = torch.rand(3, 29)
    for wrong in ((1, 2), (1, 2, 2, 1)):
        for ask in (
            lambda wrong=wrong: loss_of(losses, wrong),
            lambda wrong=wrong: distribution(losses, 3, 0.1, wrong),
            lambda wrong=wrong: next(better(losses, 3, 1.0, wrong)),
        ):
            with pytest.raises(ValueError, match=r"argument 2 is (shorter|longer)"):
                ask()


def test_the_second_and_the_third_hill_lack_a_unit_at_one_or_both_of_the_slowest_waves():
    rows, width = shares(), components.COMPONENT_BIN

    def above(limit: float, *left_out: int) -> float:
        kept = [j for j in range(15) if j not in left_out]
        lost = float(rows[list(left_out), 0].sum())
        ways = distribution(rows[kept], 99, width, [WEIGHTS[j] for j in kept])
        return float(ways[max(0, round((limit - lost) / width)) :].sum())

    def lacking(limit: float) -> float:
        return above(limit, 0) + above(limit, 1) - above(limit, 0, 1)

    assert lacking(0.0) == pytest.approx(0.3087 * count_choices([(w, 28) for w in WEIGHTS], 99), rel=1e-3)
    valley, next_valley = 0.043, 0.076
    assert lacking(valley) > 0.99 * lacking(0.0)  # nearly all of them are right of the valley,
    assert lacking(valley) > 0.9 * above(valley)  # and most that are there are of them
    assert above(next_valley, 0, 1) > 0.9 * above(next_valley)
    assert above(next_valley, 0, 1) > 0.9 * above(0.0, 0, 1)
