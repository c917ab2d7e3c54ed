"""The trainings of the page *What symmetry buys*: a few minutes of one core."""

import torch
from torch.nn.functional import avg_pool2d

from snippets.equivariant_networks.what_it_buys import (
    coordinates,
    distances,
    fit,
    fit_digits,
    plain_network,
    three_body,
    turned,
    turning_network,
)
from snippets.mnist import records
from snippets.mnist.data import load_images, load_labels

COUNTS = (30, 100, 300, 1000, 3000)
SEEDS = range(3)
INPUTS = {
    "distances": (distances, False),
    "coordinates": (coordinates, False),
    "augmented": (coordinates, True),
}
NETWORKS = {
    "group": (turning_network, False),
    "plain": (plain_network, False),
    "plain augmented": (plain_network, True),
}
DIGITS, TESTED = 1000, 2000


def energies(
    counts: tuple[int, ...] = COUNTS, seeds: range = SEEDS, steps: int = 1500
) -> dict[str, list[float]]:
    """Return relative errors on 4,000 new examples, by input and number of examples, one for each seed."""
    found: dict[str, list[float]] = {}
    for seed in seeds:
        torch.manual_seed(seed)
        x = torch.randn(max(counts) + 4000, 4, 3, dtype=torch.float32)
        y = three_body(x)
        y = (y - y.mean()) / y.std()
        test_x, test_y = turned(x[-4000:]), y[-4000:]
        for name, (see, augment) in INPUTS.items():
            for count in counts:
                torch.manual_seed(seed)
                network = fit(x[:count], y[:count], see, augment, steps)
                with torch.no_grad():
                    error = (
                        (network(test_x) - test_y).square().mean().sqrt() / test_y.std()
                    ).item()
                found.setdefault(f"{name}/{count}", []).append(error)
    return found


def digits(seeds: range = SEEDS, steps: int = 2000) -> dict[str, list[list[float]]]:
    """Return accuracies at 0, 90, 180, 270°, trained on upright digits, by network and seed."""
    pictures = {
        split: avg_pool2d(
            load_images(split)[:count].to(torch.float32)[:, None] / 255, 2
        )[:, 0]
        for split, count in (("train", DIGITS), ("test", TESTED))
    }
    labels = load_labels("train")[:DIGITS].long(), load_labels("test")[:TESTED].long()
    found: dict[str, list[list[float]]] = {}
    for seed in seeds:
        for name, (build, augment) in NETWORKS.items():
            torch.manual_seed(seed)
            network = fit_digits(
                build().float(), pictures["train"], labels[0], augment, steps
            )
            with torch.no_grad():
                right = [
                    (
                        network(
                            torch.rot90(pictures["test"], k, (1, 2))[:, None]
                        ).argmax(1)
                        == labels[1]
                    )
                    .float()
                    .mean()
                    for k in range(4)
                ]
            found.setdefault(name, []).append([r.item() for r in right])
    return found


def trials() -> dict[str, dict]:
    """Return everything that the page shows."""
    with torch.random.fork_rng(devices=[]):
        return {"energies": energies(), "digits": digits()}


if __name__ == "__main__":
    torch.set_num_threads(1)
    code = records.digest(trials)
    print(records.write("symmetry", trials(), trials, SEEDS, code=code))
