"""What is drawn and computed of the cost of a training step."""

from typing import Any

import matplotlib.pyplot as plt
from matplotlib.figure import Figure

from book import figure, results
from snippets.mnist.records import provenance, record
from snippets.mnist.steps import MODELS, SIZES, Limits
from snippets.mnist.train.settings import DEFAULTS

USUAL = DEFAULTS["gradient", "scaled"][2]


def fastest(rows: list[dict[str, Any]], model: str, gap: float = 0.005) -> dict[str, Any]:
    """Return the row whose three epochs end within a gap of the optimum first."""
    good = [row for row in rows if row["model"] == model and row["gap"] < gap]
    return min(good, key=lambda row: row["training"])


@results(seed=0)
def step_numbers() -> dict[str, float | int | str]:
    """What the page says of the recorded steps."""
    found: dict[str, float | int | str] = {}
    for model in MODELS:
        rows = [row for row in record("steps")["rows"] if row["model"] == model]
        best, usual = fastest(rows, model), next(row for row in rows if row["batch"] == USUAL)
        found |= {
            f"step_{model}_best": best["batch"],
            f"step_{model}_best_seconds": best["training"],
            f"step_{model}_seconds": usual["training"],
            f"step_{model}_gap": usual["gap"],
            f"step_{model}_over_floor": usual["step"] / max(usual["floors"].values()),
            f"step_{model}_compiled": usual["compiled"] / usual["step"],
            f"step_{model}_largest_gap": rows[-1]["gap"],
        }
    named = {key.replace("made", "steps_made"): value for key, value in provenance("steps").items()}
    best = Limits(**record("steps")["limits"])
    return found | named | {"step_usual": USUAL, "step_call": best.call * 1e6}


@figure(
    alt="Two panels against the number of pictures in a batch, logarithmic. Top: microseconds a picture; the measured "
    "curves fall with the batch and flatten out above a thin line, the floor; the equivariant ones lie well below the "
    "dense ones. Bottom: the gap to the optimum after three epochs is smallest at 500 and rises steeply beyond 1,000."
)
def batch_sizes() -> Figure:
    """Cost of a picture, and what three epochs reach, against the size of the batch."""
    rows = record("steps")["rows"]
    fig, (top, bottom) = plt.subplots(2, 1, figsize=(5.2, 5.4), sharex=True)
    for colour, model in zip(("C1", "C0"), MODELS, strict=True):
        mine = [row for row in rows if row["model"] == model]
        sizes = [row["batch"] for row in mine]
        measured = [1e6 * row["step"] / row["batch"] for row in mine]
        needed = [1e6 * sum(row["floors"].values()) / row["batch"] for row in mine]
        top.loglog(sizes, measured, "o-", ms=3.5, color=colour, label=f"{model}, measured")
        top.loglog(sizes, needed, ":", lw=1.4, color=colour, label=f"{model}, floor")
        bottom.loglog(sizes, [row["gap"] for row in mine], "o-", ms=3.5, color=colour, label=model)
    top.set(ylabel="microseconds a picture")
    bottom.set(xlabel="pictures in a batch", ylabel="gap after three epochs", xticks=SIZES)
    bottom.set_xticklabels([f"{size:,}" for size in SIZES])
    bottom.minorticks_off()
    for ax in (top, bottom):
        ax.grid(alpha=0.5)
        ax.legend()
    return fig
