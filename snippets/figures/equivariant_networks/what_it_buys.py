"""What is drawn and computed for the page *What symmetry buys*."""

import matplotlib.pyplot as plt
from matplotlib.figure import Figure

from book import figure, results
from snippets.equivariant_networks.trials import COUNTS, INPUTS, NETWORKS
from snippets.equivariant_networks.what_it_buys import plain_network, turning_network
from snippets.mnist.records import provenance, record


def mean(values: list[float]) -> float:
    """Return the mean over the seeds."""
    return sum(values) / len(values)


@results(seed=0)
def trials() -> dict[str, float | int | str]:
    """The recorded errors and accuracies (in per cent), and what made them."""
    made = record("symmetry")
    found = {key.replace("/", "_"): mean(values) for key, values in made["energies"].items()}
    for name, runs in made["digits"].items():
        for k in range(4):
            found[f"{name.replace(' ', '_')}_{90 * k}"] = 100 * mean([run[k] for run in runs])
    upright = [100 * run[0] for run in made["digits"]["group"]]
    found |= {"group_least": min(upright), "group_most": max(upright)}
    found["plain_ahead"] = found["plain_0"] - found["group_0"]
    for name, network in (("group", turning_network()), ("plain", plain_network())):
        found[f"weights_{name}"] = sum(p.numel() for p in network.parameters())
    return found | provenance("symmetry")


@figure(
    alt="Three curves of the error against the number of examples from 30 to 3000. Distances fall steadily and lie "
    "lowest; coordinates lie highest; augmented coordinates start low and then stay where they are."
)
def energies() -> Figure:
    """Error against examples, for three inputs of one body."""
    made = record("symmetry")["energies"]
    fig, ax = plt.subplots(figsize=(5.0, 3.2))
    for k, name in enumerate(INPUTS):
        runs = [made[f"{name}/{count}"] for count in COUNTS]
        middle = [mean(run) for run in runs]
        low = [m - min(run) for m, run in zip(middle, runs, strict=True)]
        high = [max(run) - m for m, run in zip(middle, runs, strict=True)]
        ax.errorbar(COUNTS, middle, yerr=(low, high), color=f"C{k}", marker="o", markersize=4)
        end = COUNTS[-1], middle[-1]
        aside = (6, {"coordinates": 6, "augmented": -6}.get(name, 0))  # these two end side by side
        ax.annotate(name, end, xytext=aside, textcoords="offset points", va="center", color=f"C{k}")
    ax.set(xscale="log", yscale="log", xlabel="examples", ylabel="relative error", xlim=(25, 14000))
    ax.set_xticks(COUNTS, [f"{count:,}" for count in COUNTS])
    ax.set_yticks([0.3, 0.5, 1, 1.5], ["0.3", "0.5", "1", "1.5"])
    ax.minorticks_off()
    return fig


@figure(
    alt="Accuracy at 0, 90, 180 and 270 degrees for three networks. The one of group convolutions is level; the plain "
    "one is highest at 0 and low elsewhere; the plain one trained with turns is nearly level."
)
def digits() -> Figure:
    """Accuracy in four positions."""
    made = record("symmetry")["digits"]
    fig, ax = plt.subplots(figsize=(5.0, 2.8))
    labels = {"group": "group convolutions", "plain": "plain, upright", "plain augmented": "plain, with turns"}
    for k, name in enumerate(NETWORKS):
        runs = [[100 * run[turn] for run in made[name]] for turn in range(4)]
        middle = [mean(run) for run in runs]
        low = [m - min(run) for m, run in zip(middle, runs, strict=True)]
        high = [max(run) - m for m, run in zip(middle, runs, strict=True)]
        places = [90 * turn + 2 * k for turn in range(4)]  # beside each other
        ax.errorbar(places, middle, yerr=(low, high), color=f"C{k}", marker="o", markersize=4)
        end = places[-1], middle[-1]
        ax.annotate(labels[name], end, xytext=(8, 0), textcoords="offset points", va="center", color=f"C{k}")
    ax.set(xlabel="digits turned by", ylabel="right, in per cent", xlim=(-12, 405), ylim=(0, 100))
    ax.set_xticks([0, 90, 180, 270], ["0°", "90°", "180°", "270°"])
    return fig
