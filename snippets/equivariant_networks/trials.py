"""The trainings of the page *What symmetry buys*: half an hour of one core."""

import itertools
from collections.abc import Callable, Sequence

import torch
from torch import Tensor, nn
from torch.nn.functional import avg_pool2d

from snippets.equivariant_networks.what_it_buys import (
    coordinates,
    distances,
    fit,
    fit_digits,
    plain_network,
    rotated,
    three_body,
    turned,
    turning_network,
)
from snippets.mnist import records
from snippets.mnist.data import load_images, load_labels

SEEDS = range(5)
TRIED = 100  # the seed with which learning rates are chosen, on examples that are used for nothing else
COUNTS = (30, 100, 300, 1000, 3000)
INPUTS = {
    "distances": (distances, False),
    "coordinates": (coordinates, False),
    "augmented": (coordinates, True),
}
RATES = (0.0001, 0.0003, 0.001, 0.003, 0.01, 0.03)
VALIDATED, TESTED = 2000, 4000
LONGER = {"steps": 6000, "width": 192}  # four times the steps, twice the width

ANGLES = range(0, 360, 45)
NETWORKS = {
    "group": (turning_network, False),
    "plain": (plain_network, False),
    "group turned": (turning_network, True),
    "plain turned": (plain_network, True),
}
DIGIT_RATES = (0.01, 0.02, 0.04, 0.08, 0.16)
DIGITS, DIGITS_VALIDATED, DIGITS_TESTED = 1000, 2000, 2000


def best(errors: dict[float, float]) -> float:
    """Return the learning rate after which the error is least."""
    return min(errors, key=errors.__getitem__)


def four_points(seed: int) -> tuple[Tensor, Tensor]:
    """Return positions, and their energies from the mean in units of their spread: to learn, to validate, to test."""
    torch.manual_seed(seed)
    x = torch.randn(max(COUNTS) + VALIDATED + TESTED, 4, 3, dtype=torch.float32)
    y = three_body(x)
    return x, (y - y.mean()) / y.std()


def error_of(network: Callable, x: Tensor, y: Tensor) -> float:
    """Return the error of a network relative to that of the mean."""
    with torch.no_grad():
        return ((network(x) - y).square().mean().sqrt() / y.std()).item()


def energy_error(
    name: str, count: int, seed: int, rate: float, steps: int, width: int = 96
) -> float:
    """Return the error of a network that has learned from some examples, on those to test or, of TRIED, to validate."""
    x, y = four_points(seed)
    see, augment = INPUTS[name]
    torch.manual_seed(seed)
    network = fit(x[:count], y[:count], see, augment, rate, steps, width)
    parts, part = [max(COUNTS), VALIDATED, TESTED], 1 if seed == TRIED else 2
    return error_of(network, turned(x.split(parts)[part]), y.split(parts)[part])


def energies(
    counts: tuple[int, ...] = COUNTS,
    seeds: range = SEEDS,
    steps: int = 1500,
    rates: tuple[float, ...] = RATES,
) -> dict[str, dict]:
    """Return relative errors on new examples by input and number of examples, one for each seed, and the rates."""
    found: dict[str, dict] = {"errors": {}, "longer": {}, "rates": {}}
    for name, count in itertools.product(INPUTS, counts):
        rate = best(
            {rate: energy_error(name, count, TRIED, rate, steps) for rate in rates}
        )
        found["rates"][f"{name}/{count}"] = rate
        found["errors"][f"{name}/{count}"] = [
            energy_error(name, count, seed, rate, steps) for seed in seeds
        ]
    for name in INPUTS:
        rate = found["rates"][f"{name}/{max(counts)}"] / 3  # wider networks bear less
        found["longer"][name] = [
            energy_error(name, max(counts), seed, rate, **LONGER) for seed in seeds
        ]
    return found


def small_digits(split: str, first: int, last: int) -> tuple[Tensor, Tensor]:
    """Return digits of 14×14 pixels between 0 and 1, and their labels."""
    pictures = load_images(split)[first:last].to(torch.float32)[:, None] / 255
    return avg_pool2d(pictures, 2)[:, 0], load_labels(split)[first:last].long()


def accuracies(
    network: nn.Module, x: Tensor, labels: Tensor, angles: Sequence[int]
) -> list[float]:
    """Return the share of digits that are read correctly, when all are turned by each angle, in degrees."""
    found = []
    with torch.no_grad():
        for angle in angles:
            moved = rotated(x, torch.full((len(x),), torch.pi * angle / 180).to(x))
            right = network(moved[:, None]).argmax(1) == labels
            found.append(right.float().mean().item())
    return found


def trained(name: str, seed: int, rate: float, steps: int) -> nn.Module:
    """Return a network that has learned from the first digits."""
    build, augment = NETWORKS[name]
    x, labels = small_digits("train", 0, DIGITS)
    torch.manual_seed(seed)
    return fit_digits(build().float(), x, labels, augment, rate, steps)


def digits_error(name: str, rate: float, steps: int) -> float:
    """Return the share of wrong answers on other digits, at the angles that the network was trained for."""
    held = small_digits("train", DIGITS, DIGITS + DIGITS_VALIDATED)
    angles = ANGLES if NETWORKS[name][1] else (0,)
    read = accuracies(trained(name, TRIED, rate, steps), *held, angles)
    return 1 - sum(read) / len(read)


def digits(
    seeds: range = SEEDS, steps: int = 1500, rates: tuple[float, ...] = DIGIT_RATES
) -> dict[str, dict]:
    """Return accuracies by network and seed: at all angles, and upright without sixes and nines; and the rates."""
    x, labels = small_digits("test", 0, DIGITS_TESTED)
    others = (labels != 6) & (labels != 9)
    found: dict[str, dict] = {"accuracies": {}, "others": {}, "rates": {}}
    for name in NETWORKS:
        rate = best({rate: digits_error(name, rate, steps) for rate in rates})
        networks = [trained(name, seed, rate, steps) for seed in seeds]
        found["rates"][name] = rate
        found["accuracies"][name] = [
            accuracies(network, x, labels, ANGLES) for network in networks
        ]
        found["others"][name] = [
            accuracies(network, x[others], labels[others], (0,))[0]
            for network in networks
        ]
    return found


def trials() -> dict[str, dict]:
    """Return everything that the page shows."""
    with torch.random.fork_rng(devices=[]):
        return {"energies": energies(), "digits": digits()}


if __name__ == "__main__":
    torch.set_num_threads(1)
    code = records.digest(trials)
    print(records.write("symmetry", trials(), trials, SEEDS, code=code))
