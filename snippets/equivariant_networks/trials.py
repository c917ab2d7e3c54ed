"""The trainings of the page *What symmetry buys*: half an hour of one core."""

from collections.abc import Callable

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
RATES = (0.0005, 0.001, 0.002, 0.004, 0.008)
VALIDATED, TESTED = 2000, 4000
LONGER = {"steps": 6000, "width": 192}  # four times the steps, twice the width

ANGLES = range(0, 360, 45)
NETWORKS = {
    "group": (turning_network, False),
    "plain": (plain_network, False),
    "group turned": (turning_network, True),
    "plain turned": (plain_network, True),
}
DIGIT_RATES = (0.0025, 0.005, 0.01, 0.02)
DIGITS, DIGITS_VALIDATED, DIGITS_TESTED = 1000, 2000, 2000


def best(rates: tuple[float, ...], error: Callable[[float], float]) -> float:
    """Return the learning rate after which the error is least."""
    return min(rates, key=error)


def four_points(count: int, seed: int) -> tuple[Tensor, Tensor]:
    """Return examples in random positions and their energies, in units of their spread, from the mean."""
    torch.manual_seed(seed)
    x = torch.randn(count, 4, 3, dtype=torch.float32)
    y = three_body(x)
    return x, (y - y.mean()) / y.std()


def error_of(network: Callable, x: Tensor, y: Tensor) -> float:
    """Return the error of a network relative to that of the mean."""
    with torch.no_grad():
        return ((network(x) - y).square().mean().sqrt() / y.std()).item()


def energies(
    counts: tuple[int, ...] = COUNTS,
    seeds: range = SEEDS,
    steps: int = 1500,
    rates: tuple[float, ...] = RATES,
) -> dict[str, dict]:
    """Return relative errors on new examples by input and number of examples, one for each seed, and the rates."""
    chosen: dict[str, float] = {}
    found: dict[str, list[float]] = {}

    def error(
        name: str, count: int, seed: int, rate: float, held: slice, **more: int
    ) -> float:
        x, y = four_points(max(counts) + VALIDATED + TESTED, seed)
        see, augment = INPUTS[name]
        torch.manual_seed(seed)
        network = fit(
            x[:count], y[:count], see, augment, rate, **({"steps": steps} | more)
        )
        return error_of(network, turned(x[held]), y[held])

    validated, tested = slice(-TESTED - VALIDATED, -TESTED), slice(-TESTED, None)
    for name in INPUTS:
        for count in counts:
            key = f"{name}/{count}"
            chosen[key] = best(
                rates,
                lambda rate, name=name, count=count: error(
                    name, count, TRIED, rate, validated
                ),
            )
            found[key] = [
                error(name, count, seed, chosen[key], tested) for seed in seeds
            ]
    most = max(counts)
    longer = {
        name: [
            error(name, most, seed, chosen[f"{name}/{most}"], tested, **LONGER)
            for seed in seeds
        ]
        for name in INPUTS
    }
    return {"errors": found, "longer": longer, "rates": chosen}


def small_digits(split: str, first: int, last: int) -> tuple[Tensor, Tensor]:
    """Return digits of 14×14 pixels between 0 and 1, and their labels."""
    pictures = load_images(split)[first:last].to(torch.float32)[:, None] / 255
    return avg_pool2d(pictures, 2)[:, 0], load_labels(split)[first:last].long()


def right(network: nn.Module, x: Tensor, labels: Tensor, angle: float) -> Tensor:
    """Return for each digit, turned by degrees, whether it is read correctly."""
    with torch.no_grad():
        moved = rotated(x, torch.full((len(x),), torch.pi * angle / 180).to(x))
        return network(moved[:, None]).argmax(1) == labels


def digits(
    seeds: range = SEEDS, steps: int = 1500, rates: tuple[float, ...] = DIGIT_RATES
) -> dict[str, dict]:
    """Return accuracies by network and seed: at all angles, and upright without sixes and nines; and the rates."""
    x, labels = small_digits("train", 0, DIGITS)
    held = small_digits("train", DIGITS, DIGITS + DIGITS_VALIDATED)
    test = small_digits("test", 0, DIGITS_TESTED)
    others = (test[1] != 6) & (test[1] != 9)

    def trained(name: str, seed: int, rate: float) -> nn.Module:
        build, augment = NETWORKS[name]
        torch.manual_seed(seed)
        return fit_digits(build().float(), x, labels, augment, rate, steps)

    def error(name: str, rate: float) -> float:
        """Return the share of wrong answers at the angles that the network was trained for."""
        network = trained(name, TRIED, rate)
        angles = ANGLES if NETWORKS[name][1] else (0,)
        read = [right(network, *held, angle).float().mean().item() for angle in angles]
        return 1 - sum(read) / len(read)

    found: dict[str, dict] = {"accuracies": {}, "others": {}, "rates": {}}
    for name in NETWORKS:
        rate = best(rates, lambda rate, name=name: error(name, rate))
        found["rates"][name] = rate
        for seed in seeds:
            network = trained(name, seed, rate)
            answers = [right(network, *test, angle).float() for angle in ANGLES]
            found["accuracies"].setdefault(name, []).append(
                [answer.mean().item() for answer in answers]
            )
            found["others"].setdefault(name, []).append(
                answers[0][others].mean().item()
            )
    return found


def trials() -> dict[str, dict]:
    """Return everything that the page shows."""
    with torch.random.fork_rng(devices=[]):
        return {"energies": energies(), "digits": digits()}


if __name__ == "__main__":
    torch.set_num_threads(1)
    code = records.digest(trials)
    print(records.write("symmetry", trials(), trials, SEEDS, code=code))
