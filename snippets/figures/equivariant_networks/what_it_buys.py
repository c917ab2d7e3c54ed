"""What is drawn and computed for the page *What symmetry buys*."""

import matplotlib.pyplot as plt
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from book import figure, results
from snippets.equivariant_networks.trials import ANGLES, COUNTS, INPUTS, LONGER, NETWORKS
from snippets.equivariant_networks.what_it_buys import plain_network, turning_network
from snippets.mnist.records import provenance, record


def mean(values: list[float]) -> float:
    """Return the mean over the seeds, or over the angles."""
    return sum(values) / len(values)


@results(seed=0)
def trials() -> dict[str, float | int | str]:
    """The recorded errors and accuracies (in per cent), and what made them."""
    made = record("symmetry")
    found = {key.replace("/", "_"): mean(runs) for key, runs in made["energies"]["errors"].items()}
    found |= {f"longer_{name}": mean(runs) for name, runs in made["energies"]["longer"].items()}
    found |= {f"longer_{what}": value for what, value in LONGER.items()}
    rates = [made["energies"]["rates"][f"coordinates/{count}"] for count in COUNTS]
    found |= {"rate_coordinates_least": min(rates), "rate_coordinates_most": max(rates)}
    for name, runs in made["digits"]["accuracies"].items():
        key = name.replace(" ", "_")
        for k, angle in enumerate(ANGLES):
            found[f"{key}_{angle}"] = 100 * mean([run[k] for run in runs])
        found[f"{key}_all"] = 100 * mean([mean(run) for run in runs])
        found[f"{key}_least"], found[f"{key}_most"] = (100 * end(run[0] for run in runs) for end in (min, max))
    for name in ("group", "plain"):
        found[f"others_{name}"] = 100 * mean(made["digits"]["others"][name])
    found["plain_ahead"] = found["plain_0"] - found["group_0"]
    found["turned_ahead"] = found["group_turned_all"] - found["plain_turned_all"]
    for name, network in (("group", turning_network()), ("plain", plain_network())):
        found[f"weights_{name}"] = sum(p.numel() for p in network.parameters())
    found["plain_channels"] = plain_network()[-1].in_features
    return found | provenance("symmetry")


def bars(ax: Axes, x: list[float], runs: list[list[float]], label: str, aside: tuple[int, int], style: str) -> None:
    """Draw the mean of the runs at each place, with bars from the least to the most, and a label behind the last."""
    middle = [mean(run) for run in runs]
    low = [m - min(run) for m, run in zip(middle, runs, strict=True)]
    high = [max(run) - m for m, run in zip(middle, runs, strict=True)]
    colour, line = style[:2], style[2:]
    ax.errorbar(x, middle, yerr=(low, high), color=colour, linestyle=line, marker="o", markersize=4)
    ax.annotate(label, (x[-1], middle[-1]), xytext=aside, textcoords="offset points", va="center", color=colour)


@figure(
    alt="Three falling curves of the error against the number of examples from 30 to 3000. Distances lie lowest "
    "throughout; augmented coordinates are close above them up to 100 and well above at the end; plain coordinates "
    "begin far above both and end highest."
)
def energies() -> Figure:
    """Error against examples, for three inputs of one body."""
    made = record("symmetry")["energies"]["errors"]
    fig, ax = plt.subplots(figsize=(5.0, 3.2))
    places = [float(count) for count in COUNTS]
    for k, name in enumerate(INPUTS):
        bars(ax, places, [made[f"{name}/{count}"] for count in COUNTS], name, (6, 0), f"C{k}-")
    ax.set(xscale="log", yscale="log", xlabel="examples", ylabel="relative error", xlim=(25, 14000))
    ax.set_xticks(COUNTS, [f"{count:,}" for count in COUNTS])
    ax.set_yticks([0.1, 0.2, 0.5, 1, 2], ["0.1", "0.2", "0.5", "1", "2"])
    ax.minorticks_off()
    return fig


@figure(
    alt="Accuracy at eight angles for four networks. Trained upright, both fall below one half between quarter turns; "
    "the one of group convolutions comes back at each quarter turn, the plain one only at 0. Trained with turns by any "
    "angle both are level, the one of group convolutions above."
)
def digits() -> Figure:
    """Accuracy at eight angles."""
    made = record("symmetry")["digits"]["accuracies"]
    fig, ax = plt.subplots(figsize=(5.6, 3.2))
    labels = {"group": "group, upright", "plain": "plain, upright"}
    labels |= {"group turned": "group, turned", "plain turned": "plain, turned"}
    for k, name in enumerate(NETWORKS):
        runs = [[100 * run[k] for run in made[name]] for k in range(len(ANGLES))]
        style = f"C{k % 2}-" if k < 2 else f"C{k % 2}--"
        places = [angle + 1.5 * k for angle in ANGLES]  # beside each other
        bars(ax, places, runs, labels[name], (8, {"group turned": 5, "plain turned": -5}.get(name, 0)), style)
    ax.set(xlabel="digits turned by", ylabel="right, in per cent", xlim=(-12, 445), ylim=(0, 100))
    ax.set_xticks(list(ANGLES), [f"{angle}°" for angle in ANGLES])
    return fig
