"""What is drawn and computed for the page *Training*."""

from collections.abc import Iterable, Sequence

import matplotlib.pyplot as plt
import torch
from jaxtyping import Float, Shaped
from matplotlib.figure import Figure
from torch import Tensor

from book import figure, results
from snippets.mnist.data import load_images
from snippets.mnist.exact import (
    EquivariantLinearAutoencoder,
    best_ranks,
    commutator,
    dense_loss,
    experiment,
    fit,
    frequency_moments,
    loss,
    spectra,
)
from snippets.mnist.experiments import (
    COMMUTATOR_STEPS,
    COPIED,
    COPIES,
    OPTIMIZERS,
    PLATEAU_FREQUENCY,
    PLATEAU_RANK,
    PLATEAU_STEPS,
    RANDOM_STARTS,
    REACHES,
    SHIFTS,
    SIZES,
    by_amount,
    by_optimizer,
    by_shifts,
    by_size,
    by_start,
    by_step,
    plateaus,
    test_sets,
)
from snippets.mnist.ranks import RANKS, WEIGHTS
from snippets.mnist.records import provenance, record
from snippets.mnist.shifts import REACH
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
def step_numbers() -> dict[str, float]:
    """Commutators before and after training, and how many rounds of solving in turn the last percent takes."""
    e, found = experiment(), by_step()
    dense = dense_block(e.dense_train)
    start = random_network(dense, (99,), torch.Generator().manual_seed(0))
    run = solve_in_turn(dense, start, COMMUTATOR_STEPS)
    gaps = torch.stack([block_losses(dense, *now).sum() for now in run]) / optimum(dense, (99,)) - 1
    return {
        "commutator_start": found["dense"][0],
        "commutator_end": found["dense"][-1],
        "commutator_exact": commutator(e.dense[:, -99:] @ e.dense[:, -99:].T),
        "commutator_cyclic": found["dense, cyclic data"][-1],
        "commutator_equivariant": max(found["equivariant"]),
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


def crossing(dense: Float[Tensor, " sizes"], equivariant: Float[Tensor, " sizes"]) -> float:
    """Return the number of pictures at which the dense loss falls below the other, on lines between the sizes."""
    apart = (dense / equivariant).log()
    last = int((apart > 0).sum()) - 1
    part = float(apart[last] / (apart[last] - apart[last + 1]))
    return SIZES[last] * (SIZES[last + 1] / SIZES[last]) ** part


@results(seed=0)
def picture_numbers() -> dict[str, float]:
    """How many pictures each network needs, and what it does with shifts that it has not seen."""
    found, e = by_size(), experiment()
    dense, equivariant = (found["near", name].mean(1) for name in ("dense", "equivariant"))
    copied = by_size(COPIES)
    bases = fit(e.train_moments, e.ranks["best"])
    return {
        "crossing": crossing(dense, equivariant),
        "crossing_copied": crossing(copied["near", "dense"].mean(1), copied["near", "equivariant"].mean(1)),
        "copies": COPIES,
        "copied_dense_30": float(copied["near", "dense"][0].mean()),
        "copied_equivariant_30": float(copied["near", "equivariant"][0].mean()),
        "copied_far_300": float(copied["far", "dense"][-1].mean()),
        "spread_of_draws": float(max((v.amax(1) / v.amin(1)).max() for k, v in found.items() if k[0] == "near") - 1),
        **{f"{kind}_{name}_{n}": float(found[kind, name][SIZES.index(n)].mean())
           for kind, name in found for n in (30, 300, 1000)},
        "far_dense_all": dense_loss(test_sets().far[0], e.dense[:, -99:]),
        "far_equivariant_all": loss(test_sets().far[1], bases),
        "around_dense_all": dense_loss(test_sets().around[0], e.dense[:, -99:]),
        "around_equivariant_all": loss(test_sets().around[1], bases),
        "dense_lower": 1 - dense_loss(e.dense_test, e.dense[:, -99:]) / loss(e.test_moments, bases),
    }  # fmt: skip


@results(seed=0)
def amount_numbers() -> dict[str, float]:
    """Losses on cyclic shifts by zero and by half of the width, and where the dense network falls behind."""
    found = by_amount()
    dense, equivariant = found["cyclic", "dense"], found["cyclic", "equivariant"]
    behind = [d > e for d, e in zip(found["continuous", "dense"], found["continuous", "equivariant"], strict=True)]
    return {
        "cyclic_dense_0": dense[0],
        "cyclic_dense_14": dense[-1],
        "cyclic_equivariant": equivariant[0],
        "cyclic_equivariant_spread": max(equivariant) - min(equivariant),
        "cyclic_behind": [d > e for d, e in zip(dense, equivariant, strict=True)].index(True),
        "continuous_behind": behind.index(True),
    }


@results(seed=0)
def shift_numbers() -> dict[str, float]:
    """Commutators of the dense optimum with one cyclic shift of each picture and with all."""
    found = by_shifts()
    e = test_sets().around[1]
    moments = frequency_moments(load_images("train")[:2000])
    return {
        **{f"map_{number}": value for number, value in zip(SHIFTS, found["map"], strict=True)},
        "moment_1": found["moment"][0],
        "moment_28": found["moment"][-1],
        "shifts_loss_1": found["loss"][0],
        "shifts_loss_28": found["loss"][-1],
        "shifts_equivariant": loss(e, fit(moments, best_ranks(spectra(moments), 99))),
    }


@figure(
    alt="Top: training loss against epochs, an equivariant and a dense curve that come down to two horizontal lines, "
    "their optima, the dense one lower. Bottom: the gaps to these lines on a logarithmic axis; the equivariant one "
    "falls below a thousandth in five epochs, the dense one takes ten."
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
    bottom.set(xlabel="epochs", ylabel="gap to the optimum", xticks=range(1, 11), xlim=(0.7, 11))
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


@figure(
    alt="Commutator against rounds of training, logarithmic: the dense network on the data's shifts settles at about "
    "a third, on cyclically shifted data it falls towards zero; the equivariant one stays at rounding, "
    "ten to the minus seven."
)
def commutators() -> Figure:
    """Equivariance error while training."""
    fig, ax = plt.subplots(figsize=(5.2, 3.2))
    for colour, (name, values) in zip(("C1", "C2", "C0"), by_step().items(), strict=True):
        ax.semilogy(values, color=colour, label=name)
    ax.set(xlabel="rounds", ylabel="commutator with $P$", ylim=(3e-8, 5))
    ax.grid(alpha=0.5)
    ax.legend(loc="center left", bbox_to_anchor=(0.0, 0.35))
    return fig


@figure(
    alt="Two panels of test loss against the number of training pictures, both axes logarithmic. Shifts as in "
    "training: the dense curve starts three times higher and crosses below the equivariant one between 300 and 1,000 "
    "pictures. Larger shifts: the dense curve stays far above at all numbers. With 20 shifts of each picture the dense "
    "network comes down sooner and crosses between 30 and 100 pictures; on larger shifts it stays above."
)
def pictures_needed() -> Figure:
    """Loss against the number of training pictures."""
    found, e = by_size(), experiment()
    bases = fit(e.train_moments, e.ranks["best"])
    fig, axes = plt.subplots(2, 1, figsize=(5.2, 5.6), sharex=True)
    titles = {"near": "shifts up to 5.6 pixels, as in training", "far": "shifts of 5.6 to 14 pixels, never seen"}
    for ax, (kind, title) in zip(axes, titles.items(), strict=True):
        S, H = getattr(test_sets(), kind)
        ends = {"equivariant": loss(H, bases), "dense": dense_loss(S, e.dense[:, -99:])}
        for colour, (name, end) in zip(("C0", "C1"), ends.items(), strict=True):
            draws = found[kind, name]
            ax.loglog([*SIZES, 60_000], [*draws.mean(1).tolist(), end], color=colour, label=name)
            for draw in draws.T:
                ax.plot(SIZES, draw, "o", ms=3, color=colour)
            copied = by_size(COPIES)[kind, name].mean(1)
            ax.plot(SIZES[:COPIED], copied, "--", color=colour, label=f"{name}, {COPIES} shifts of each")
        ax.set(ylabel="loss per pixel, test", title=title, yticks=[0.005, 0.01, 0.02, 0.05])
        ax.set_yticklabels(["0.005", "0.01", "0.02", "0.05"])
        ax.minorticks_off()
        ax.grid(alpha=0.5)
    axes[0].legend()
    axes[1].set(xlabel="training pictures", xticks=[30, 100, 300, 1000, 3000, 10_000, 60_000])
    axes[1].set_xticklabels(["30", "100", "300", "1,000", "3,000", "10,000", "60,000"])
    return fig


@figure(
    alt="Two panels of test loss against the size of the shift from 0 to 14 pixels. The equivariant curve is flat, for "
    "cyclic shifts exactly; the dense one starts below it and rises, most steeply beyond 6 pixels, to more than twice "
    "and three times its height. A shaded band marks the shifts of the training data."
)
def beyond() -> Figure:
    """Loss against the size of the shift."""
    found = by_amount()
    fig, axes = plt.subplots(2, 1, figsize=(5.2, 5.0), sharex=True)
    titles = {"continuous": "the data's shift: what leaves is lost", "cyclic": "cyclic, by whole pixels"}
    for ax, (kind, title) in zip(axes, titles.items(), strict=True):
        ax.axvspan(0, REACH, color=plt.rcParams["grid.color"], alpha=0.35, lw=0)
        for colour, name in (("C0", "equivariant"), ("C1", "dense")):
            ax.plot(REACHES, found[kind, name], "o-", ms=3.5, color=colour, label=name)
        ax.set(ylabel="loss per pixel, test", ylim=(0, None), title=title)
    axes[0].text(REACH / 2, 0.001, "seen in training", ha="center")
    axes[0].legend()
    axes[1].set(xlabel="shift in pixels", xlim=(0, 14.3))
    return fig


@figure(
    alt="Commutator against the number of cyclic shifts of each picture, logarithmic: that of the second moment falls "
    "along the predicted line, that of the best dense map lies above it and falls with it; with all 28 shifts both are "
    "zero up to rounding."
)
def augmentation() -> Figure:
    """How fast augmentation makes the dense optimum equivariant."""
    found = by_shifts()
    fig, ax = plt.subplots(figsize=(5.2, 3.5))
    fine = torch.linspace(1, 27.5, 200)
    law = ((28 - fine) / (27 * fine)).sqrt()
    ax.semilogy(fine, found["moment"][0] * law, color=plt.rcParams["grid.color"], lw=4, label="the theorem")
    ax.semilogy(SHIFTS[:-1], found["moment"][:-1], "o", color="C0", label="second moment")
    ax.semilogy(SHIFTS[:-1], found["map"][:-1], "s", color="C1", label="best dense map")
    ax.annotate("28 of 28: zero,\nup to rounding", (0.6, 0.03), xycoords="axes fraction", ha="right")
    ax.set(xlabel="cyclic shifts of each picture", ylabel="commutator with $P$", xticks=SHIFTS, xlim=(0, 29))
    ax.grid(alpha=0.5)
    ax.legend()
    return fig
