"""Beyond linear: the same weight sharing under ReLU, against dense networks and a CNN, on shifted digits."""

# --8<-- [start:setup]
import itertools
import json
import time
from collections.abc import Callable, Iterator
from functools import cache

import torch
from book import project
from jaxtyping import Float, Int
from torch import Tensor, nn
from tqdm import tqdm

from snippets.mnist import records
from snippets.mnist.data import load_images, load_labels
from snippets.mnist.shifts import REACH, cyclic_shift, pictures, random_amounts, shift

# --8<-- [end:setup]


# --8<-- [start:layer]
class ShiftEquivariant(nn.Module):
    """The general affine layer that commutes with the cyclic shift of the columns.

    y[o, t] = bias[o] + Σ weight[o, i, s] x[i, t − s], computed frequency by frequency.
    """

    def __init__(self, channels: int, out: int, width: int = 28) -> None:
        """Draw the weights so that ReLU keeps the size of what passes through."""
        super().__init__()
        scale = (2 / (channels * width)) ** 0.5
        self.weight = nn.Parameter(scale * torch.randn(out, channels, width))
        self.bias = nn.Parameter(torch.zeros(out))

    def forward(
        self, x: Float[Tensor, "count channels width"]
    ) -> Float[Tensor, "count out width"]:
        """Multiply each frequency of the input by a matrix of its own."""
        x_hat = torch.fft.rfft(x).permute(2, 0, 1)
        matrices = torch.fft.rfft(self.weight).permute(2, 1, 0)
        y_hat = (x_hat @ matrices).permute(1, 2, 0)
        return torch.fft.irfft(y_hat, n=x.shape[-1]) + self.bias[:, None]
# --8<-- [end:layer]


# --8<-- [start:equivariant]
def equivariant(first: int = 11, second: int = 39) -> nn.Sequential:
    """Return a classifier that does not notice cyclic shifts: rows are its channels."""
    return nn.Sequential(
        ShiftEquivariant(28, first),
        nn.ReLU(),
        ShiftEquivariant(first, second),
        nn.ReLU(),
        nn.AdaptiveAvgPool1d(1),  # the mean over all columns
        nn.Flatten(),
        nn.Linear(second, 10),
    )
# --8<-- [end:equivariant]


# --8<-- [start:others]
def dense(first: int = 26, second: int = 18) -> nn.Sequential:
    """Return an ordinary classifier: every unit sees every pixel by its own weight."""
    return nn.Sequential(
        nn.Flatten(),
        nn.Linear(784, first),
        nn.ReLU(),
        nn.Linear(first, second),
        nn.ReLU(),
        nn.Linear(second, 10),
    )


def cnn(first: int = 18, second: int = 32) -> nn.Sequential:
    """Return an ordinary small CNN: 3×3 kernels, zeros at the edge, pooling by two."""
    return nn.Sequential(
        nn.Unflatten(1, (1, 28)),
        nn.Conv2d(1, first, 3, padding=1),
        nn.ReLU(),
        nn.MaxPool2d(2),
        nn.Conv2d(first, second, 3, padding=1),
        nn.ReLU(),
        nn.MaxPool2d(2),
        nn.Flatten(),
        nn.Linear(second * 49, 10),
    )


NETWORKS = {
    "equivariant": equivariant,
    "dense": dense,
    "large": lambda: dense(512, 128),
    "cnn": cnn,
    "wide": lambda: equivariant(70, 210),
}


def size(network: nn.Module) -> int:
    """Return the number of parameters."""
    return sum(weights.numel() for weights in network.parameters())
# --8<-- [end:others]


# --8<-- [start:symmetry_error]
@torch.no_grad()
def symmetry_error(
    f: Callable[[Tensor], Tensor],
    x: Float[Tensor, "count ..."],
    by: int = 1,
    out_by: int | None = None,
) -> float:
    """Return ‖f(Px) − Qf(x)‖ / ‖f(x)‖, where P shifts cyclically by `by` columns.

    Q shifts the output, by as many columns or by `out_by`; 0 tests invariance.
    """
    y = f(x)
    expected = y.roll(by if out_by is None else out_by, dims=-1)
    return float((f(x.roll(by, dims=-1)) - expected).norm() / y.norm())
# --8<-- [end:symmetry_error]


# --8<-- [start:train]
def train(
    network: nn.Module,
    images: Float[Tensor, "count 28 28"],
    labels: Int[Tensor, " labels"],
    steps: int,
    generator: torch.Generator,
    move: Callable[[Tensor, torch.Generator], Tensor] | None = None,
    rate: float = 3e-3,
) -> None:
    """Lower the cross-entropy by Adam on batches of 128, at a rate that falls to 0.

    With `move` the pictures of each batch are moved anew.
    """
    if len(images) != len(labels) or len(images) == 0:
        given = f"{len(images)} pictures and {len(labels)} labels"
        raise ValueError(f"{given}: give one label for each, and at least one")
    optimizer = torch.optim.Adam(network.parameters(), lr=rate)
    schedule = torch.optim.lr_scheduler.LinearLR(optimizer, 1, 0, steps)
    for _ in range(steps):
        some = torch.randint(len(images), (128,), generator=generator)
        x = move(images[some], generator) if move else images[some]
        optimizer.zero_grad()
        nn.functional.cross_entropy(network(x), labels[some]).backward()
        optimizer.step()
        schedule.step()


@torch.no_grad()
def classes(
    network: nn.Module, images: Float[Tensor, "count 28 28"]
) -> Int[Tensor, " count"]:
    """Return the class of the largest output for each picture."""
    return torch.cat([network(some).argmax(1) for some in images.split(100)])
# --8<-- [end:train]


# --8<-- [start:moves]
def nearby(
    x: Float[Tensor, "count 28 28"], generator: torch.Generator
) -> Float[Tensor, "count 28 28"]:
    """Shift each picture as the data are shifted, by up to 5.6 pixels."""
    return shift(x, random_amounts(len(x), generator).to(x.dtype))


def anywhere(
    x: Float[Tensor, "count 28 28"], generator: torch.Generator
) -> Float[Tensor, "count 28 28"]:
    """Shift each picture cyclically by any number of columns."""
    return cyclic_shift(x, torch.randint(28, (len(x),), generator=generator))
# --8<-- [end:moves]


# --8<-- [start:solution_symmetrised]
class Symmetrised(nn.Module):
    """The mean of a network's outputs over all 28 cyclic shifts of its input."""

    def __init__(self, network: nn.Module) -> None:
        """Take any network on pictures."""
        super().__init__()
        self.network = network

    def forward(
        self, x: Float[Tensor, "count 28 28"]
    ) -> Float[Tensor, "count classes"]:
        """Run the network 28 times."""
        return torch.stack([self.network(x.roll(k, -1)) for k in range(28)]).mean(0)
# --8<-- [end:solution_symmetrised]


# --8<-- [start:solution_circular_cnn]
def circular_cnn(first: int = 18, second: int = 32) -> nn.Sequential:
    """Return a CNN that does not notice cyclic shifts, horizontal or vertical."""
    return nn.Sequential(
        nn.Unflatten(1, (1, 28)),
        nn.Conv2d(1, first, 3, padding=1, padding_mode="circular"),
        nn.ReLU(),
        nn.Conv2d(first, second, 3, padding=1, padding_mode="circular"),
        nn.ReLU(),
        nn.AdaptiveAvgPool2d(1),
        nn.Flatten(),
        nn.Linear(second, 10),
    )
# --8<-- [end:solution_circular_cnn]


# --8<-- [start:solution_odd]
def signed_power(x: Float[Tensor, "..."]) -> Float[Tensor, "..."]:
    """Return sign(x) √|x|, an odd function of each entry."""
    return x.sign() * x.abs().sqrt()
# --8<-- [end:solution_odd]


LABELS = {"equivariant": "equivariant", "dense": "dense, equal size", "large": "dense, large", "cnn": "CNN, equal size"}
STEPS = {100: 250, 1_000: 500, 10_000: 1_000, 60_000: 2_400}  # by the number of pictures
SEEDS = range(3)
RATE, OTHER_RATES = 3e-3, (1e-3, 1e-2)
MOVES = {"once": None, "nearby": nearby, "anywhere": anywhere}  # "once": moved nearby, but only before training
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
        "own": _moved(images, random_amounts(count, generator)),
        "still": _moved(images, None),
        "around": cyclic_shift(images, torch.randint(28, (count,), generator=generator)).float() / 255,
        "beyond": _moved(images, farther + REACH * farther.sign()),
    }


@cache
def distance_sets() -> dict[str, list[Float[Tensor, "2000 28 28"]]]:
    """Return the first 2,000 test pictures moved by each distance, left or right at random, in two manners."""
    sign = torch.randint(2, (2000,), generator=torch.Generator().manual_seed(0)) * 2 - 1
    images = load_images("test")[:2000]
    return {
        "own_by": [_moved(images, d * sign.double()) for d in DISTANCES],
        "around_by": [cyclic_shift(images, d * sign).float() / 255 for d in DISTANCES],
    }


def _moved(images: Tensor, amounts: Tensor | None) -> Float[Tensor, "count 28 28"]:
    return torch.cat(list(pictures(images, amounts)))


def measure(network: str, count: int, seed: int, move: str = "once", rate: float = RATE) -> dict:
    """Train one network on `count` digits and return its accuracy on all test sets, and its milliseconds a step.

    The seed decides weights, digits, shifts and batches. `changed` and `turned` are the shares of test digits
    whose class differs from the one they have unmoved, after a shift of the data and a cyclic one.
    """
    torch.manual_seed(seed)
    model, generator = NETWORKS[network]().float(), torch.Generator().manual_seed(seed)
    chosen = torch.randperm(60_000, generator=generator)[:count]
    labels = load_labels("train")[chosen].long()
    amounts = random_amounts(count, generator) if move == "once" else None
    images = _moved(load_images("train")[chosen], amounts)
    start = time.process_time()
    train(model, images, labels, STEPS[count], generator, MOVES[move], rate)
    step = (time.process_time() - start) / STEPS[count]
    return judge(model, curves=count == SIDE) | {"step_ms": round(1000 * step, 2)}


def judge(model: nn.Module, curves: bool) -> dict:
    """Return the accuracies of a trained network on the test sets, on request against distance too."""
    truth = load_labels("test").long()
    found = {name: classes(model, images) for name, images in test_sets().items()}
    numbers: dict = {name: _share(guess == truth) for name, guess in found.items()}
    numbers["changed"] = _share(found["own"] != found["still"])
    numbers["turned"] = _share(found["around"] != found["still"])
    if curves:
        for name, sets in distance_sets().items():
            numbers[name] = [_share(classes(model, images) == truth[:2000]) for images in sets]
    return numbers


def _share(which: Tensor) -> float:
    return round(float(which.double().mean()), 6)


def runs() -> Iterator[tuple[str, dict]]:
    """List all runs of the experiment: the key under which the record keeps a run, and the run's settings."""
    for network in LABELS:
        for count, move in itertools.product(STEPS, ("once", "nearby")):
            yield from _runs(f"{network}/{move}/{count}", network=network, count=count, move=move)
        yield from _runs(f"{network}/anywhere", network=network, count=SIDE, move="anywhere")
        for rate in OTHER_RATES if network != "cnn" else ():
            yield from _runs(f"{network}/rate/{rate:g}", network=network, count=SIDE, rate=rate)
    for move in MOVES:
        yield from _runs(f"wide/{move}", network="wide", count=SIDE, move=move)


def _runs(key: str, **settings: str | int | float) -> Iterator[tuple[str, dict]]:
    return ((key, {**settings, "seed": seed}) for seed in SEEDS)


def experiment() -> None:
    """Make the record `nonlinear`, about 25 minutes of one core; what an interrupted run measured is not lost."""
    code = records.digest(measure)
    file = project.ROOT / ".cache" / "mnist" / f"nonlinear-{code}.json"
    done = json.loads(file.read_text()) if file.exists() else {}
    for _, settings in tqdm(sorted(runs(), key=lambda run: run[1]["seed"])):
        key = json.dumps(settings)
        if key not in done:
            done[key] = measure(**settings)
            project.write_atomically(file, json.dumps(done))
    values: dict[str, dict[str, list]] = {}
    for key, settings in runs():
        for name, number in done[json.dumps(settings)].items():
            values.setdefault(key, {}).setdefault(name, []).append(number)
    records.write("nonlinear", values, measure, SEEDS, code=code)


# --8<-- [start:multiplications]
def multiplications(network: nn.Sequential) -> int:
    """Count the multiplications for one picture, with every convolution done plainly."""
    total, x = 0, torch.zeros(1, 28, 28)
    for layer in network:
        x = layer(x)
        if hasattr(layer, "weight"):
            places = 1 if isinstance(layer, nn.Linear) else x[0, 0].numel()
            total += layer.weight.numel() * places
    return total
# --8<-- [end:multiplications]


if __name__ == "__main__":
    torch.set_num_threads(1)
    experiment()
