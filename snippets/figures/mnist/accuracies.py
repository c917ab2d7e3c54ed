"""What is drawn and computed for the page *Symmetry or size?*."""

import matplotlib.pyplot as plt
import torch
from matplotlib.figure import Figure
from torch import nn

from book import figure, results
from snippets.mnist.accuracies import DISTANCES, LABELS, RATE, SIDE, STEPS, runs
from snippets.mnist.nonlinear import (
    NETWORKS,
    dense,
    equivariant,
    multiplications,
    size,
)
from snippets.mnist.records import provenance, record
from snippets.mnist.shifts import REACH
from snippets.mnist.sizes import FAMILIES, PAGE, WIDTHS

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
                found = [100 * value for value in values]
                numbers[f"{name}_{which}"] = sum(found) / len(found)
                if len(found) > 1:
                    numbers[f"{name}_{which}_spread"] = mean_and_spread(found)[1]
    return numbers | {"runs": len(list(runs()))} | provenance("nonlinear")


@results()
def costs() -> dict[str, float | int]:
    """Parameters and multiplications of each network, and the recorded time of a step of 128 pictures."""
    made = record("nonlinear")
    numbers: dict[str, float | int] = {}
    for name, network in NETWORKS.items():
        model = network()
        timed = made[f"{name}/once/{SIDE}"]["step_ms"]
        numbers |= {
            f"parameters_{name}": size(model),
            f"multiplications_{name}": multiplications(model),
            f"step_{name}": float(torch.tensor(timed).median()),
        }
    numbers |= {f"steps_{count}": steps for count, steps in STEPS.items()}
    model, x = equivariant(), torch.zeros(1, 28, 28)
    return numbers | {
        "units": model[:2](x).numel() + model[:4](x).numel(),
        "units_dense": sum(layer.out_features for layer in dense() if isinstance(layer, nn.Linear)) - 10,
        "minutes": sum(sum(made[key]["step_ms"]) * STEPS[_count(key)] for key in made) / 60_000,
        "size_ratio": numbers["parameters_large"] / numbers["parameters_equivariant"],
    }


@results()
def other_sizes() -> dict[str, float | int | str]:
    """The rate of all runs; parameters, multiplications and accuracies in per cent of the other sizes."""
    made, numbers = record("sizes"), {"rate": RATE, "sizes_command": provenance("sizes")["made_command"]}
    numbers["sizes_runs"] = sum(len(run["own"]) for run in made.values())
    for family, widths in WIDTHS.items():
        for first, second in widths:
            network = FAMILIES[family](first, second)
            numbers[f"{family}_{first}_parameters"] = size(network)
            numbers[f"{family}_{first}_multiplications"] = multiplications(network)
            right = made[f"{family}/{first}/{second}"]["own"]
            numbers[f"{family}_{first}_own"] = 100 * sum(right) / len(right)
    return numbers


def by_parameters() -> dict[str, list[tuple[int, int, list[float]]]]:
    """Return for each family, by size: parameters, multiplications for a picture, and the errors of all seeds, in %."""
    others, page = record("sizes"), record("nonlinear")
    found: dict[str, list[tuple[int, int, list[float]]]] = {}
    for name, (family, (first, second)) in PAGE.items():
        found.setdefault(family, []).append((first, second, page[f"{name}/once/{SIDE}"]["own"]))
    for family, widths in WIDTHS.items():
        found[family] += [(*pair, others[f"{family}/{pair[0]}/{pair[1]}"]["own"]) for pair in widths]
    rows = {}
    for family, sizes in found.items():
        models = [(FAMILIES[family](first, second), right) for first, second, right in sorted(sizes)]
        rows[family] = [(size(m), multiplications(m), [100 * (1 - share) for share in right]) for m, right in models]
    return rows


@figure(
    alt="Share of wrong test digits after 1,000 training digits, both axes logarithmic, in two panels. Against "
    "parameters: the dense curve lies far above the equivariant one throughout; the CNN begins lowest and meets the "
    "equivariant one at 100,000. Against multiplications: the equivariant curve begins above the dense one, crosses it "
    "between 100,000 and 600,000, and ends lowest."
)
def by_size() -> Figure:
    """Test errors of three families of networks against their parameters and their work."""
    fig, axes = plt.subplots(2, 1, figsize=(5.2, 5.8), sharey=True)
    labels = {"equivariant": "equivariant", "dense": "dense", "cnn": "CNN"}
    for ax, which in zip(axes, (0, 1), strict=True):
        for family, rows in by_parameters().items():
            colour = f"C{list(LABELS).index(family)}"
            places, runs_at = [row[which] for row in rows], [row[2] for row in rows]
            low, high = [min(errors) for errors in runs_at], [max(errors) for errors in runs_at]
            ax.fill_between(places, low, high, color=colour, alpha=0.25, lw=0)
            means = [mean_and_spread(errors)[0] for errors in runs_at]
            ax.plot(places, means, STYLES[family], color=colour)
            ax.annotate(labels[family], (places[0], means[0]), xytext=(0, 7), textcoords="offset points", color=colour)
        ax.set(xscale="log", yscale="log", ylabel="wrong on the test digits, %")
        ax.set_yticks([5, 10, 20, 30], ["5", "10", "20", "30"], minor=False)
        ax.set_yticks([], minor=True)
        ax.grid(alpha=0.5)
    axes[0].set(xlabel="parameters")
    axes[1].set(xlabel="multiplications for one picture")
    return fig


def _count(key: str) -> int:
    """Return the number of training digits of a run of the record."""
    return next(settings["count"] for name, settings in runs() if name == key)


STYLES = {"equivariant": "o-", "dense": "s--", "large": "D-.", "cnn": "^:", "wide": "v-"}


@figure(
    alt="Share of wrong test digits against the number of training digits, both axes logarithmic, in two panels. All "
    "curves fall. Digits shifted once: the large equivariant network is lowest, from 10,000 digits on with the CNN, "
    "the small dense one highest. Shifted anew: the CNN is lowest, from 10,000 on with the large equivariant one."
)
def by_count() -> Figure:
    """Test errors on the shifts of the data against the number of digits to learn from."""
    made = record("nonlinear")
    fig, axes = plt.subplots(2, 1, figsize=(5.2, 6.4), sharex=True, sharey=True)
    titles = {"once": "each digit shifted once", "nearby": "shifted anew in each batch"}
    for ax, (move, title) in zip(axes, titles.items(), strict=True):
        for index, (name, label) in enumerate(LABELS.items()):
            counts = [count for count in STEPS if f"{name}/{move}/{count}" in made]
            runs_at = [100 * (1 - torch.tensor(made[f"{name}/{move}/{count}"]["own"])) for count in counts]
            low, high = [run.min().item() for run in runs_at], [run.max().item() for run in runs_at]
            ax.fill_between(counts, low, high, color=f"C{index}", alpha=0.25, lw=0)
            ax.plot(counts, [run.mean().item() for run in runs_at], STYLES[name], color=f"C{index}", label=label)
        ax.set(xscale="log", yscale="log", ylabel="wrong on the test digits, %", title=title)
        ax.set_yticks([1, 2, 5, 10, 20, 50], ["1", "2", "5", "10", "20", "50"], minor=False)
        ax.set_yticks([], minor=True)
        ax.grid(alpha=0.5)
    axes[1].set(xlabel="training digits", xticks=list(STEPS), xticklabels=[f"{count:,}" for count in STEPS])
    axes[0].legend()
    return fig


@figure(
    alt="Right answers against the distance of the shift, in two panels. Moved as the data are: all curves fall beyond "
    "six pixels, the equivariant ones last. Moved cyclically: the equivariant ones are horizontal lines about "
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
