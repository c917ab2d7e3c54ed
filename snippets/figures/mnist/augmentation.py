"""What is drawn and computed for the page *Symmetry or data*."""

import matplotlib.pyplot as plt
import torch
from jaxtyping import Float
from matplotlib.figure import Figure
from torch import Tensor

from book import figure, results
from snippets.mnist.data import load_images
from snippets.mnist.exact import (
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
    COPIED,
    COPIES,
    REACHES,
    SHIFTS,
    SIZES,
    Losses,
    by_amount,
    by_shifts,
    by_size,
    by_step,
    test_sets,
)
from snippets.mnist.shifts import REACH


def crossing(dense: Float[Tensor, " sizes"], equivariant: Float[Tensor, " sizes"]) -> float:
    """Return the number of pictures at which the dense loss falls below the other, on lines between the sizes."""
    apart = (dense / equivariant).log()
    last = int((apart > 0).sum()) - 1
    part = float(apart[last] / (apart[last] - apart[last + 1]))
    return SIZES[last] * (SIZES[last + 1] / SIZES[last]) ** part


def crossings(found: Losses) -> list[float]:
    """Return for each draw the number of pictures at which the dense loss falls below the other."""
    return [crossing(d, e) for d, e in zip(found["near", "dense"].T, found["near", "equivariant"].T, strict=True)]


@results(seed=0)
def picture_numbers() -> dict[str, float]:
    """How many pictures each network needs, and what it does with shifts that it has not seen."""
    found, e = by_size(), experiment()
    dense, equivariant = (found["near", name].mean(1) for name in ("dense", "equivariant"))
    copied = by_size(COPIES)
    once, often = crossings(found), crossings(copied)
    bases = fit(e.train_moments, e.ranks["best"])
    return {
        "crossing": crossing(dense, equivariant),
        "crossing_least": min(once),
        "crossing_most": max(once),
        "crossing_copied_least": min(often),
        "crossing_copied_most": max(often),
        "copies": COPIES,
        "copied_dense_30": float(copied["near", "dense"][0].mean()),
        "copied_equivariant_30": float(copied["near", "equivariant"][0].mean()),
        "copied_far_30": float(copied["far", "dense"][0].mean()),
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
        **{f"shifts_loss_{number}": value for number, value in zip(SHIFTS, found["loss"], strict=True)},
        "shifts_equivariant": loss(e, fit(moments, best_ranks(spectra(moments), 99))),
    }


@figure(
    alt="Two panels of test loss against the number of training pictures, both axes logarithmic. Shifts as in "
    "training: the dense curve starts nearly four times higher and crosses below the equivariant one between 300 and "
    "1,000 pictures. Larger shifts: the dense curve stays far above at all numbers. With 20 shifts of each picture the "
    "dense network comes down sooner and crosses between 30 and 100 pictures; on larger shifts it stays above."
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


@results(seed=0)
def commutator_numbers() -> dict[str, float]:
    """Commutators before and after training."""
    found, best = by_step(), experiment().dense[:, -99:]
    return {
        "commutator_exact": commutator(best @ best.T),
        "commutator_start": found["dense"][0],
        "commutator_end": found["dense"][-1],
        "commutator_cyclic": found["dense, cyclic data"][-1],
        "commutator_equivariant": max(found["equivariant"]),
    }
