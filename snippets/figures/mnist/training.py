"""What is drawn and computed for the page *Training*."""

from collections.abc import Iterable, Sequence

import matplotlib.pyplot as plt
import torch
from jaxtyping import Shaped
from matplotlib.figure import Figure
from torch import Tensor

from book import figure, results
from snippets.mnist.data import load_images
from snippets.mnist.exact import (
    EquivariantLinearAutoencoder,
    experiment,
    frequency_moments,
    spectra,
)
from snippets.mnist.experiments import (
    ADAM,
    COMMUTATOR_STEPS,
    OPTIMIZERS,
    PARTS,
    PLATEAU_FREQUENCY,
    PLATEAU_RANK,
    PLATEAU_STEPS,
    RANDOM_STARTS,
    by_optimizer,
    by_start,
    plateaus,
)
from snippets.mnist.ranks import RANKS, WEIGHTS
from snippets.mnist.recording import RUNS
from snippets.mnist.records import provenance, record
from snippets.mnist.train.settings import Settings
from snippets.mnist.training import (
    block_losses,
    critical_choices,
    curvatures,
    dense_block,
    frequency_blocks,
    optimum,
    random_network,
    solve_in_turn,
    step_cost,
    train_on_batches,
)

BATCH_EPOCHS = 4


@results(seed=0)
def batch_numbers() -> dict[str, float | int]:
    """Where minibatch training ends with a constant rate and with a falling one."""
    images = load_images("train")[:2000]
    least = optimum(frequency_blocks(frequency_moments(images)), RANKS["paper"])
    gaps = {}
    for name, end in (("constant", 1.0), ("falling", 0.0)):
        torch.manual_seed(0)
        model, order = EquivariantLinearAutoencoder(RANKS["paper"]), torch.Generator().manual_seed(0)
        *_, last = train_on_batches(model, images / 255.0, BATCH_EPOCHS, 0.05, order, batch=25, end=end)
        gaps[f"gap_{name}"] = last / least - 1
    return gaps | {"batch_epochs": BATCH_EPOCHS}


@results(seed=0)
def run_numbers() -> dict[str, float | int | str]:
    """What the recorded runs of the training script found, and what made the record."""
    runs = record("training")
    names = ("dense", "paper", "equal", "high-pass", "best", "semi-equivariant", "invariant")
    found: dict[str, float | int | str] = {}
    for name in names:
        report, key = runs[name]["report"], name.replace("-", "_")
        found |= {f"run_{key}": report["test_loss"], f"run_{key}_gap": report["gap"]}
        found |= {f"run_{key}_optimum": report["optimum_test"], f"run_{key}_parameters": report["parameters"]}
    return found | {
        "first_epoch_dense": runs["dense"]["gap"][0],
        "first_epoch_paper": runs["paper"]["gap"][0],
        "epochs_dense": len(runs["dense"]["gap"]),
        "epochs_paper": len(runs["paper"]["gap"]),
        **{f"percent_{name}": 1 + sum(gap > 0.01 for gap in runs[name]["gap"]) for name in ("dense", "paper")},
        "lr_dense": Settings(**RUNS["dense"]).lr,
        "lr_paper": Settings(**RUNS["paper"]).lr,
        "run_commutator_dense": runs["dense"]["commutator"],
        "run_worst_gap": max(runs[name]["report"]["gap"] for name in names),
        **provenance("training"),
    }


@results(seed=0)
def staircase_numbers() -> dict[str, float]:
    """How much later than predicted the stairs come, at most."""
    measured, predicted = plateaus()
    values = spectra(frequency_blocks(experiment().train_moments))[PLATEAU_FREQUENCY]
    late = []
    for kept in range(PLATEAU_RANK):
        level = float(values[kept:].sum() + values[kept + 1 :].sum()) / 2
        late.append((measured > level).sum(0) / (predicted > level).sum(0) - 1)
    return {"staircase_late": float(torch.stack(late).max())}


@results(seed=0)
def step_numbers() -> dict[str, int]:
    """How many rounds of solving in turn the last percent takes."""
    e = experiment()
    dense = dense_block(e.dense_train)
    start = random_network(dense, (99,), torch.Generator().manual_seed(0))
    run = solve_in_turn(dense, start, COMMUTATOR_STEPS)
    gaps = torch.stack([block_losses(dense, *now).sum() for now in run]) / optimum(dense, (99,)) - 1
    return {
        "turns_equivariant": int((by_optimizer()["solved in turn"] > 0.01).sum()),
        "turns_dense": int((gaps > 0.01).sum()),
    }


def fading(blocks: Iterable[Shaped[Tensor, "d d"]], ranks: Sequence[int]) -> float:
    """Return the largest ratio of the first eigenvalue that is left out to the last one that is kept."""
    spectra = (torch.linalg.eigvalsh(A).flip(0) for A in blocks)
    return max(float(s[r] / s[r - 1]) for s, r in zip(spectra, ranks, strict=True) if 0 < r < len(s))


@results(seed=0)
def descent_numbers() -> dict[str, float | int]:
    """What training on second moments costs and where it ends."""
    e = experiment()
    dense, blocks = dense_block(e.dense_train), frequency_blocks(e.train_moments)
    gaps, ends, pure_and_all = by_optimizer(), by_start(), critical_choices(RANKS["paper"])
    costs = {"dense": step_cost(784, (99,), (1,)), "equivariant": step_cost(28, RANKS["paper"], WEIGHTS)}
    kept = curvatures(torch.linalg.eigvalsh(dense[0]), 99)[0]
    return {
        "optimum_dense": optimum(dense, (99,)),
        "optimum_paper": optimum(blocks, RANKS["paper"]),
        "curvature_ratio": float(kept.max() / kept.min()),
        "fading_dense": fading(dense, (99,)),
        "fading_paper": fading(blocks, RANKS["paper"]),
        "gap_descent": float(gaps["gradient descent"][-1]),
        "gap_momentum": float(gaps["with momentum"][-1]),
        "gap_adam": float(gaps["Adam"][-1]),
        "optimizer_steps": OPTIMIZERS,
        "part_descent": PARTS[0],
        "part_momentum": PARTS[1],
        "rate_adam": ADAM,
        "start_worst": float(ends[-1].max()),
        "starts": ends.shape[1],
        "random_starts": RANDOM_STARTS,
        "steps_random": float((ends[:, :RANDOM_STARTS] > 0.01).sum(0).double().mean()),
        "steps_tiny": int((ends[:, -2] > 0.01).sum()),
        "steps_orthonormal": int((ends[:, -1] > 0.01).sum()),
        "critical_pure": pure_and_all[0],
        "critical_all": pure_and_all[1],
        "flop_dense": costs["dense"]["moments"] / 1e6,
        "flop_equivariant": costs["equivariant"]["moments"] / 1e6,
        "flop_ratio": costs["dense"]["moments"] / costs["equivariant"]["moments"],
        "pictures_dense": costs["dense"]["moments"] / costs["dense"]["picture"],
        "pictures_equivariant": costs["equivariant"]["moments"] / costs["equivariant"]["picture"],
    }


@figure(
    alt="Top: training loss against epochs, an equivariant and a dense curve that come down to two horizontal lines, "
    "their optima, the dense one lower. Bottom: the gaps to these lines on a logarithmic axis; the equivariant one "
    "falls below a thousandth in three epochs, the dense one to a few thousandths in four."
)
def curves() -> Figure:
    """Loss and gap by epoch, from the recorded runs."""
    runs = record("training")
    fig, (top, bottom) = plt.subplots(2, 1, figsize=(5.2, 5.2), sharex=True)
    for colour, name, run in (("C0", "equivariant", "paper"), ("C1", "dense", "dense")):
        one, best = runs[run], runs[run]["report"]["optimum"]
        epochs = range(1, len(one["gap"]) + 1)
        top.axhline(best, color=colour, lw=0.9)
        top.plot(epochs, one["loss"], color=colour, marker="o", ms=3)
        top.annotate(f"optimum, {name}", (1, best), xytext=(0, -12), textcoords="offset points", color=colour)
        bottom.semilogy(epochs, one["gap"], color=colour, marker="o", ms=3)
        bottom.annotate(name, (epochs[-1], one["gap"][-1]), xytext=(6, -3), textcoords="offset points", color=colour)
    top.set(ylabel="loss per pixel, training", ylim=(0.005, None))
    bottom.set(xlabel="epochs", ylabel="gap to the optimum", xticks=range(1, 5), xlim=(0.8, 4.7))
    bottom.grid(alpha=0.5)
    return fig


@figure(
    alt="Loss against steps on a logarithmic axis: five curves stay on a horizontal level, fall to the next level, "
    "rest there, and so down to the lowest; dashed predictions lie on them."
)
def staircase() -> Figure:
    """One frequency trained from five small random starts."""
    measured, predicted = plateaus()
    values = spectra(frequency_blocks(experiment().train_moments))[PLATEAU_FREQUENCY]
    steps = range(1, PLATEAU_STEPS + 1)
    fig, ax = plt.subplots(figsize=(5.2, 3.6))
    for kept in range(PLATEAU_RANK + 1):
        ax.axhline(float(values[kept:].sum()), color=plt.rcParams["grid.color"], lw=1)
        label = "nothing" if kept == 0 else "{" + ", ".join(map(str, range(1, kept + 1))) + "}"
        ax.annotate(label, (1.01, float(values[kept:].sum())), xycoords=("axes fraction", "data"), va="center")
    for number, (curve, guess) in enumerate(zip(measured.T, predicted.T, strict=True)):
        ax.semilogx(steps, curve, color="C0", lw=1.5, label="gradient descent" if number == 0 else None)
        ax.semilogx(steps, guess, color="C1", lw=1.2, ls=(0, (4, 3)), label="predicted" if number == 0 else None)
    ax.set(xlabel="step", ylabel=f"loss at frequency {PLATEAU_FREQUENCY}", xlim=(60, PLATEAU_STEPS))
    ax.legend(loc="lower left")
    return fig


@figure(
    alt="Gap to the optimum against steps, both axes logarithmic, four curves: plain gradient descent falls slowest, "
    "with momentum faster, Adam faster still; solved in turn the gap is below a percent after five rounds and at "
    "rounding after eighty."
)
def choices() -> Figure:
    """Four ways down on the same equivariant network."""
    fig, ax = plt.subplots(figsize=(5.2, 3.6))
    for name, gaps in by_optimizer().items():
        ax.loglog(range(1, len(gaps) + 1), gaps.clamp(min=1e-15), label=name)
    ax.axhline(0.01, color=plt.rcParams["text.color"], lw=0.8, ls=(0, (2, 3)))
    ax.annotate("1 %", (1.02, 0.013), ha="left")
    ax.set(xlabel="steps, or rounds", ylabel="gap to the optimum", ylim=(1e-10, 30), xlim=(1, OPTIMIZERS))
    ax.grid(alpha=0.5)
    ax.legend(loc="lower left")
    return fig
