"""What is drawn and computed for the page *Beyond linear*."""

import matplotlib.pyplot as plt
import torch
from matplotlib.figure import Figure
from torch import Tensor, nn

from book import figure, results
from snippets.mnist.accuracies import DISTANCES, LABELS, SIDE, STEPS, moved, runs, share
from snippets.mnist.data import load_images, load_labels
from snippets.mnist.nonlinear import (
    NETWORKS,
    ShiftEquivariant,
    circular_cnn,
    dense,
    equivariant,
    multiplications,
    size,
    symmetry_error,
)
from snippets.mnist.records import provenance, record
from snippets.mnist.shifts import REACH, cyclic_shift, random_amounts

SHARES = ("own", "still", "around", "beyond", "changed", "turned")


def mean_and_spread(numbers: list[float]) -> tuple[float, float]:
    """Return the mean over the seeds and the standard deviation of one run (with n − 1)."""
    tensor = torch.tensor(numbers)
    return float(tensor.mean()), float(tensor.std())


@results()
def accuracies() -> dict[str, float | int | str]:
    """The recorded accuracies in per cent, mean and spread, with what made them."""
    numbers: dict[str, float | int | str] = {}
    for key, measured in record("nonlinear").items():
        name = key.replace("/", "_").replace(".", "")
        for which, values in measured.items():
            if which in SHARES:
                mean, spread = mean_and_spread([100 * value for value in values])
                numbers |= {f"{name}_{which}": mean, f"{name}_{which}_spread": spread}
    return numbers | {"runs": len(list(runs()))} | provenance("nonlinear")


@results()
def costs() -> dict[str, float | int]:
    """Parameters and multiplications of each network, and the recorded time of a step of 128 pictures."""
    made = record("nonlinear")
    numbers: dict[str, float | int] = {}
    for name, network in NETWORKS.items():
        model = network()
        timed = [run["step_ms"] for key, run in made.items() if key.startswith(f"{name}/once")]
        numbers |= {
            f"parameters_{name}": size(model),
            f"multiplications_{name}": multiplications(model),
            f"step_{name}": float(torch.tensor([time for run in timed for time in run]).median()),
        }
    numbers |= {f"steps_{count}": steps for count, steps in STEPS.items()}
    model, x = equivariant(), torch.zeros(1, 28, 28)
    return numbers | {
        "units": model[:2](x).numel() + model[:4](x).numel(),
        "units_dense": sum(layer.out_features for layer in dense() if isinstance(layer, nn.Linear)) - 10,
        "minutes": sum(sum(made[key]["step_ms"]) * STEPS[_count(key)] for key in made) / 60_000,
        "size_ratio": numbers["parameters_large"] / numbers["parameters_equivariant"],
        "channels": circular_cnn()[-1].in_features,
    }


def _count(key: str) -> int:
    """Return the number of training digits of a run of the record."""
    return next(settings["count"] for name, settings in runs() if name == key)


@results(seed=0)
def errors() -> dict[str, float]:
    """How far layers and networks are from the symmetry, on test digits, in double precision."""
    x = load_images("test")[:200] / 255.0
    convolution = {mode: nn.Conv2d(1, 8, 3, padding=1, padding_mode=mode) for mode in ("circular", "zeros")}
    plane, networks = x[:, None], {name: network() for name, network in NETWORKS.items()}
    return {
        "layer": symmetry_error(ShiftEquivariant(28, 11), x),
        **{f"whole_{name}": symmetry_error(network, x, by=5, out_by=0) for name, network in networks.items()},
        "circular": symmetry_error(convolution["circular"], plane, by=10),
        "zeros": symmetry_error(convolution["zeros"], plane, by=10),
        "zeros_by_2": symmetry_error(convolution["zeros"], plane, by=2),
        "pool_by_1": symmetry_error(nn.MaxPool2d(2), plane, by=1, out_by=0),
        "pool_by_2": symmetry_error(nn.MaxPool2d(2), plane, by=2, out_by=1),
    }


@results(seed=0)
def row_sums() -> dict[str, float]:
    """The best logistic regression on the 28 row sums of the shifted digits: its accuracy on the test digits."""
    generator = torch.Generator().manual_seed(0)
    sums = {}
    for split in ("train", "test"):
        images = load_images(split)
        sums[split] = moved(images, random_amounts(len(images), generator)).sum(-1).double()
    model, labels = nn.Linear(28, 10), load_labels("train").long()
    optimizer = torch.optim.LBFGS(model.parameters(), max_iter=60, line_search_fn="strong_wolfe")

    def loss() -> Tensor:
        optimizer.zero_grad()
        value = nn.functional.cross_entropy(model(sums["train"]), labels)
        value.backward()
        return value

    optimizer.step(loss)
    return {"row_sums": share(model(sums["test"]).argmax(1) == load_labels("test"))}


@figure(
    alt="Two rows. Above: a digit, two layers of features drawn as stripes, and a column of means. Below: the "
    "digit moved around by nine columns; both layers are moved by nine columns too, and the means are the same."
)
def layers() -> Figure:
    """A digit and its shift on their way through an untrained network."""
    torch.manual_seed(0)
    network = equivariant()
    image = load_images("test")[490:491] / 255.0
    fig, axes = plt.subplots(2, 4, figsize=(5.4, 3.1), width_ratios=[1, 1, 1, 0.35])
    for line, x in zip(axes, (image, cyclic_shift(image, 9)), strict=True):
        with torch.no_grad():
            first, second = network[:2](x), network[:4](x)
        mean = second.mean(-1, keepdim=True)
        for ax, picture in zip(line, (x, first, second, mean.expand(-1, -1, 4)), strict=True):
            ax.imshow(picture[0].numpy(), vmin=0, vmax=float(picture.max()), aspect="auto")
            ax.set(xticks=[], yticks=[])
    for ax, title in zip(axes[0], ("a digit", "first layer", "second", "mean"), strict=True):
        ax.set_title(title)
    axes[0, 0].set_ylabel("as it is")
    axes[1, 0].set_ylabel("moved by 9")
    return fig


STYLES = {"equivariant": "o-", "dense": "s--", "large": "D-.", "cnn": "^:"}


@figure(
    alt="Share of wrong test digits against the number of training digits, both axes logarithmic, in two panels. All "
    "curves fall. Digits shifted once: the equivariant network is lowest at 100 digits, the CNN from 1,000 on, the "
    "small dense network highest. Shifted anew: the CNN is lowest, the equivariant one above the large dense one."
)
def by_count() -> Figure:
    """Test errors on the shifts of the data against the number of digits to learn from."""
    made = record("nonlinear")
    fig, axes = plt.subplots(2, 1, figsize=(5.2, 6.4), sharex=True, sharey=True)
    titles = {"once": "each digit shifted once", "nearby": "shifted anew in each batch"}
    for ax, (move, title) in zip(axes, titles.items(), strict=True):
        for index, (name, label) in enumerate(LABELS.items()):
            runs_at = [100 * (1 - torch.tensor(made[f"{name}/{move}/{count}"]["own"])) for count in STEPS]
            low, high = [run.min().item() for run in runs_at], [run.max().item() for run in runs_at]
            ax.fill_between(list(STEPS), low, high, color=f"C{index}", alpha=0.25, lw=0)
            ax.plot(list(STEPS), [run.mean().item() for run in runs_at], STYLES[name], color=f"C{index}", label=label)
        ax.set(xscale="log", yscale="log", ylabel="wrong on the test digits, %", title=title)
        ax.set_yticks([1, 2, 5, 10, 20, 50], ["1", "2", "5", "10", "20", "50"], minor=False)
        ax.set_yticks([], minor=True)
        ax.grid(alpha=0.5)
    axes[1].set(xlabel="training digits", xticks=list(STEPS), xticklabels=[f"{count:,}" for count in STEPS])
    axes[0].legend()
    return fig


@figure(
    alt="Right answers against the distance of the shift, in two panels. Moved as the data are: all curves fall beyond "
    "six pixels, the equivariant one last. Moved cyclically: the equivariant one is a horizontal line just below "
    "90 per cent, the others fall steeply beyond four pixels, to about 10."
)
def by_distance() -> Figure:
    """Accuracy of the networks trained on 1,000 digits against the distance by which the test digits are moved."""
    made = record("nonlinear")
    fig, axes = plt.subplots(2, 1, figsize=(5.2, 6.0), sharex=True, sharey=True)
    titles = {"own_by": "moved as the data are", "around_by": "moved cyclically"}
    for ax, (which, title) in zip(axes, titles.items(), strict=True):
        ax.axvspan(0, REACH, color=plt.rcParams["grid.color"], alpha=0.4, lw=0)
        for index, (name, label) in enumerate(LABELS.items()):
            curves = 100 * torch.tensor(made[f"{name}/once/{SIDE}"][which])
            low, high = curves.min(0).values.numpy(), curves.max(0).values.numpy()
            ax.fill_between(DISTANCES, low, high, color=f"C{index}", alpha=0.25, lw=0)
            ax.plot(DISTANCES, curves.mean(0).numpy(), STYLES[name], color=f"C{index}", label=label)
        ax.set(ylabel="right, %", title=title, ylim=(0, 100))
        ax.grid(alpha=0.5)
    axes[1].set(xlabel="distance in pixels")
    axes[1].legend()
    return fig
