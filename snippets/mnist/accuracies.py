"""The accuracies of the page *Symmetry or size?*: networks trained on up to 60,000 digits, forty minutes of a core."""

import itertools
import json
import time
from collections.abc import Callable, Iterable, Iterator
from functools import cache
from typing import Any

import torch
from jaxtyping import Float
from torch import Tensor, nn
from tqdm import tqdm

from snippets.mnist import records
from snippets.mnist.data import ROOT, load_images, load_labels, write_atomically
from snippets.mnist.nonlinear import NETWORKS, anywhere, classes, nearby, train
from snippets.mnist.shifts import REACH, cyclic_shift, pictures, random_amounts

LABELS = {
    "equivariant": "equivariant",
    "dense": "dense, equal size",
    "large": "dense, large",
    "cnn": "CNN, equal size",
    "wide": "equivariant, large",
}
STEPS = {
    100: 250,
    1_000: 500,
    10_000: 1_000,
    60_000: 2_400,
}  # by the number of pictures
SEEDS = range(3)
RATE, OTHER_RATES = 3e-3, (1e-3, 1e-2)
MOVES = {
    "once": None,
    "nearby": nearby,
    "anywhere": anywhere,
}  # "once": moved nearby, but only before training
SIDE = 1_000  # the number of pictures at which all that is not in the large table is measured
DISTANCES = range(0, 15, 2)


@cache
def test_sets() -> dict[str, Float[Tensor, "10000 28 28"]]:
    """Return the test pictures four times: shifted like the training data, still, around the circle, beyond."""
    generator = torch.Generator().manual_seed(0)
    images = load_images("test")
    count = len(images)
    farther = random_amounts(count, generator)
    return {
        "own": moved(images, random_amounts(count, generator)),
        "still": moved(images, None),
        "around": cyclic_shift(
            images, torch.randint(28, (count,), generator=generator)
        ).float()
        / 255,
        "beyond": moved(images, farther + REACH * farther.sign()),
    }


@cache
def distance_sets() -> dict[str, list[Float[Tensor, "2000 28 28"]]]:
    """Return the first 2,000 test pictures moved by each distance, left or right at random, in two manners."""
    sign = torch.randint(2, (2000,), generator=torch.Generator().manual_seed(0)) * 2 - 1
    images = load_images("test")[:2000]
    return {
        "own_by": [moved(images, d * sign.double()) for d in DISTANCES],
        "around_by": [cyclic_shift(images, d * sign).float() / 255 for d in DISTANCES],
    }


def moved(images: Tensor, amounts: Tensor | None) -> Float[Tensor, "count 28 28"]:
    """Return the pictures as floats, shifted if asked."""
    return torch.cat(list(pictures(images, amounts)))


def measure(
    network: str, count: int, seed: int, move: str = "once", rate: float = RATE
) -> dict:
    """Train one network on `count` digits and return its accuracy on all test sets, and its milliseconds a step.

    The seed decides weights, digits, shifts and batches. `changed` and `turned` are the shares of test digits
    whose class differs from the one they have unmoved, after a shift of the data and a cyclic one.
    """
    torch.manual_seed(seed)
    model, generator = NETWORKS[network]().float(), torch.Generator().manual_seed(seed)
    chosen = torch.randperm(60_000, generator=generator)[:count]
    labels = load_labels("train")[chosen].long()
    amounts = random_amounts(count, generator) if move == "once" else None
    images = moved(load_images("train")[chosen], amounts)
    start = time.process_time()
    train(model, images, labels, STEPS[count], generator, MOVES[move], rate)
    step = (time.process_time() - start) / STEPS[count]
    return judge(model, curves=count == SIDE) | {"step_ms": round(1000 * step, 2)}


def judge(model: nn.Module, curves: bool) -> dict:
    """Return the accuracies of a trained network on the test sets, on request against distance too."""
    truth = load_labels("test").long()
    found = {name: classes(model, images) for name, images in test_sets().items()}
    numbers: dict = {name: share(guess == truth) for name, guess in found.items()}
    numbers["changed"] = share(found["own"] != found["still"])
    numbers["turned"] = share(found["around"] != found["still"])
    if curves:
        for name, sets in distance_sets().items():
            numbers[name] = [
                share(classes(model, images) == truth[:2000]) for images in sets
            ]
    return numbers


def share(which: Tensor) -> float:
    """Return the share of true entries, to six places."""
    return round(float(which.double().mean()), 6)


def runs() -> Iterator[tuple[str, dict]]:
    """List all runs of the experiment: the key under which the record keeps a run, and the run's settings."""
    for network in LABELS:
        for count, move in itertools.product(STEPS, ("once", "nearby")):
            settings = {"network": network, "count": count, "move": move}
            yield from by_seed(f"{network}/{move}/{count}", **settings)
        settings = {"network": network, "count": SIDE}
        yield from by_seed(f"{network}/anywhere", **settings, move="anywhere")
        for rate in OTHER_RATES if network not in ("cnn", "wide") else ():
            yield from by_seed(f"{network}/rate/{rate:g}", **settings, rate=rate)


def by_seed(key: str, **settings: Any) -> Iterator[tuple[str, dict]]:
    """List one run for each seed."""
    return ((key, {**settings, "seed": seed}) for seed in SEEDS)


def make(name: str, runs: Iterable[tuple[str, dict]], measure: Callable) -> None:
    """Make a record of runs; what an interrupted call measured is not lost."""
    code, runs = records.digest(measure), list(runs)
    file = ROOT / ".cache" / "mnist" / f"{name}-{code}.json"
    done = json.loads(file.read_text()) if file.exists() else {}
    for _, settings in tqdm(sorted(runs, key=lambda run: run[1]["seed"])):
        key = json.dumps(settings)
        if key not in done:
            done[key] = measure(**settings)
            write_atomically(file, json.dumps(done))
    values: dict[str, dict[str, list]] = {}
    for key, settings in runs:
        for which, number in done[json.dumps(settings)].items():
            values.setdefault(key, {}).setdefault(which, []).append(number)
    records.write(name, values, measure, SEEDS, code=code)


def experiment() -> None:
    """Make the record `nonlinear`, about forty minutes of one core."""
    make("nonlinear", runs(), measure)


if __name__ == "__main__":
    torch.set_num_threads(1)
    experiment()
