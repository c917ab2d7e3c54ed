"""What is drawn and computed for the page *The exact solution*."""

import matplotlib.pyplot as plt
import torch
from jaxtyping import Float
from matplotlib.figure import Figure
from torch import Tensor

from book import data, figure, results
from snippets.figures.home import packed
from snippets.mnist.data import load_images
from snippets.mnist.exact import (
    Experiment,
    assemble,
    average_over_shifts,
    best_ranks,
    block_loss,
    commutator,
    count_choices,
    dense_loss,
    dimension,
    experiment,
    fit,
    frequency_moments,
    loss,
    parameters,
    reconstruct,
    second_moment,
    spectra,
    top_eigenvectors,
    waves,
)
from snippets.mnist.ranks import RANKS, WEIGHTS
from snippets.mnist.recipe import complex_truncation, notebook_blocks
from snippets.mnist.shifts import cyclic_shift, random_amounts, shift


def row_of_losses(seed: int) -> dict[str, float]:
    """Return the row of the table: losses on the shifted test pictures."""
    e = experiment(seed)
    row = {name.replace("-", "_"): loss(e.test_moments, fit(e.train_moments, r)) for name, r in e.ranks.items()}
    return row | {"dense": dense_loss(e.dense_test, e.dense[:, -99:])}


@results(seed=0)
def table() -> dict[str, float | str | bool]:
    """The paper's table, recomputed, and what surrounds it."""
    e = experiment()
    rows = [row_of_losses(seed) for seed in range(3)]
    recipe = {
        f"recipe_{name.replace('-', '_')}": block_loss(e.test_moments, notebook_blocks(e.dense_train, e.ranks[name]))
        for name in RANKS
    }
    return (
        rows[0]
        | recipe
        | {
            "recipe_complex": block_loss(
                e.test_moments, notebook_blocks(e.dense_train, RANKS["paper"], complex_truncation)
            ),
            "recipe_excess": recipe["recipe_paper"] / rows[0]["paper"] - 1,
            "price": rows[0]["best"] / rows[0]["dense"] - 1,
            "zero": float(e.dense_test.trace() / 784),
            "best_ranks": ", ".join(map(str, e.ranks["best"])),
            "spread": max(abs(row[name] - rows[0][name]) / rows[0][name] for row in rows for name in rows[0]),
            "same_best": all(experiment(seed).ranks["best"] == e.ranks["best"] for seed in range(3)),
            "commutator": commutator(e.dense[:, -99:] @ e.dense[:, -99:].T),
        }
    )


@data
def network() -> dict[str, object]:
    """Return what the playground of ranks needs: gains on the test pictures, bases of all frequencies, three digits."""
    e = experiment()
    bases = [basis.flip(1) for basis in fit(e.train_moments, (28,) * 15)]  # the strongest column first
    gains = [
        (weight * (basis.conj() * (moment @ basis)).sum(0).real / 784).tolist()
        for weight, basis, moment in zip(WEIGHTS, bases, e.test_moments, strict=True)
    ]
    return {
        "nothing": float(e.dense_test.trace() / 784),
        "dense": dense_loss(e.dense_test, e.dense[:, -99:]),
        "gains": gains,
        "ranks": {name: list(ranks) for name, ranks in e.ranks.items()},
        "waves": packed(torch.view_as_real(torch.stack(bases)).movedim(-1, 0)),
        "digits": [packed(e.test[index]) for index in (0, 1, 3)],
    }


def single_errors(e: Experiment) -> dict[str, Float[Tensor, " count"]]:
    """Return the squared error per pixel of every test picture, by row of the table."""
    flat = e.test.flatten(1)
    found = {"dense": (flat - flat @ e.dense[:, -99:] @ e.dense[:, -99:].T).square().mean(1)}
    for name, ranks in RANKS.items():
        rest = e.test - reconstruct(e.test, fit(e.train_moments, ranks))
        found[name.replace("-", "_")] = rest.square().mean((1, 2))
    return found


@results(seed=0)
def samples() -> dict[str, float]:
    """How far the mean over 300 test pictures strays, and how far the cyclic shift is from the paper's."""
    errors = single_errors(experiment())
    strays = {name: float(each.std() / 300**0.5) for name, each in errors.items()}
    images = load_images("test")
    amounts = random_amounts(len(images), torch.Generator().manual_seed(0)).round()
    around = cyclic_shift(images, amounts.long())
    source = torch.arange(28) - amounts[:, None]
    wrapped = (around * ((source < 0) | (source > 27))[:, None, :]).sum((1, 2)) / images.sum((1, 2))
    return {
        "equivariant_direct": float(errors["paper"].mean()),
        "error_of_300": strays["paper"],
        "error_of_300_equal": strays["equal"],
        "error_of_300_high_pass": strays["high_pass"],
        "dense_error_of_300": strays["dense"],
        "better_dense": float((errors["dense"] < errors["paper"]).double().mean()),
        "agree": float((shift(images, amounts) == around).flatten(1).all(1).double().mean()),
        "lost": float((wrapped > 0.01).double().mean()),
    }


@results(seed=0)
def sizes() -> dict[str, int | float]:
    """Parameters, dimensions and numbers of components."""
    e, paper = experiment(), RANKS["paper"]
    best = row_of_losses(0)["best"]
    blocks = [(weight, 28) for weight in WEIGHTS]
    exact = count_choices(blocks, 99)
    smaller = count_choices(blocks[1:-1], 98 - 56)
    rank = next(r for r in range(1, 99) if dense_loss(e.dense_test, e.dense[:, -r:]) < best)
    return {
        "parameters_dense": 2 * 784 * 99,
        "parameters": parameters(paper),
        "ratio": 2 * 784 * 99 / parameters(paper),
        "dimension_dense": 99 * (2 * 784 - 99),
        "dimension": dimension(paper),
        "dimension_best": dimension(e.ranks["best"]),
        "gauge": parameters(paper) - dimension(paper),
        "components": exact,
        "components_smaller": smaller,
        "components_all": exact + smaller,
        "components_complex": count_choices([(1, 28)] * 28, 99),
        "dense_rank_3": dense_loss(e.dense_test, e.dense[:, -3:]),
        "dense_rank_for_best": rank,
        "dense_parameters_for_best": 2 * 784 * rank,
    }


@results(seed=0)
def augmented() -> dict[str, float | str]:
    """The dense optimum on all 28 cyclic shifts of the unshifted digits."""
    images = load_images("train")
    moment = average_over_shifts(second_moment(images))
    moments = frequency_moments(images)
    values = spectra(moments)
    ranks = best_ranks(values, 99)
    basis = top_eigenvectors(moment, 99)
    gap = torch.linalg.eigvalsh(moment).flip(0)[97:101]
    return {
        "cyclic_dense": dense_loss(moment, basis),
        "cyclic_best": loss(moments, fit(moments, ranks)),
        "cyclic_paper": loss(moments, fit(moments, RANKS["paper"])),
        "cyclic_ranks": ", ".join(map(str, ranks)),
        "cyclic_commutator": commutator(basis @ basis.T),
        "cyclic_gap": float((gap[1] - gap[2]) / gap[1]),
    }


def draw(ax: plt.Axes, picture: Float[Tensor, "28 28"]) -> None:
    """Show one picture without ticks."""
    ax.imshow(picture.numpy(), vmin=0, vmax=1)
    ax.set(xticks=[], yticks=[])
    for spine in ax.spines.values():
        spine.set(visible=True, color=plt.rcParams["grid.color"])


@figure(
    alt="Two large square matrices. On the left, that of an equivariant map of pictures on pixels: entries everywhere. "
    "On the right the same map on waves: fifteen squares along the diagonal, the first and the last half as wide as "
    "the others, and nothing elsewhere."
)
def fifteen_blocks() -> Figure:
    """One equivariant map twice: on the pixels, and on the waves of the frequencies 0 to 14."""
    M = assemble(fit(experiment().train_moments, RANKS["equal"]))
    lengths = torch.tensor(WEIGHTS).repeat_interleave(2).sqrt()
    on_waves = torch.kron((waves() * lengths[:, None]).contiguous(), torch.eye(28))
    kept = on_waves.abs().sum(1) > 1e-9  # the frequencies 0 and 14 have no sine
    on_waves = on_waves[kept].view(784, 28, 28).transpose(1, 2).reshape(784, 784)  # columns of the picture, then rows
    fig, axes = plt.subplots(1, 2, figsize=(5.4, 2.9))
    panels = {"on 784 pixels": M, "on 15 frequencies": on_waves @ M @ on_waves.T}
    for ax, (title, matrix) in zip(axes, panels.items(), strict=True):
        # two cells a block of 28 are as fine as the blocks need
        size = torch.nn.functional.max_pool2d(matrix.abs()[None], 14)[0]
        shown = size.where(size > 1e-9, torch.nan).sqrt().numpy()
        ax.imshow(shown, interpolation="none", extent=(-0.5, 783.5, 783.5, -0.5))
        ax.set(title=title, xticks=[], yticks=[])
    start = 0
    for j, weight in enumerate(WEIGHTS):
        width = 28 * weight
        box = plt.Rectangle((start - 0.5, start - 0.5), width, width, fill=False, ec="C1", lw=0.9)
        axes[1].add_patch(box)
        if j in (2, 7, 12):
            right = j < 12
            axes[1].annotate(
                f"$j = {j}$",
                (start + width if right else start, start + width / 2),
                va="center",
                fontsize=8,
                xytext=(3 if right else -3, 0),
                textcoords="offset points",
                ha="left" if right else "right",
            )
        start += width
    return fig


@figure(
    alt="A wide digit 0 three times: unshifted; moved right by 5.6 pixels, cut at the edge and smeared; "
    "moved right cyclically by 6 pixels, where what left on the right stands on the left."
)
def two_shifts() -> Figure:
    """One digit under both shifts."""
    image = load_images("test")[490:491] / 255.0
    fig, axes = plt.subplots(1, 3, figsize=(5.2, 2.0))
    moved = shift(image, torch.tensor([5.6]))
    panels = {"a test digit": image, "the data's, by 5.6": moved, "cyclic, by 6": cyclic_shift(image, 6)}
    for ax, (title, picture) in zip(axes, panels.items(), strict=True):
        draw(ax, picture[0])
        ax.set_title(title)
    return fig


@figure(
    alt="Three rows of six digits: the shifted pictures; what the equivariant autoencoder makes of them, blurred "
    "with faint ripples; what the dense autoencoder makes of them, a little sharper."
)
def reconstructions() -> Figure:
    """Shifted test pictures and both outputs."""
    e = experiment()
    x = e.test[:6]
    dense = (x.flatten(1) @ e.dense[:, -99:] @ e.dense[:, -99:].T).view(-1, 28, 28)
    rows = {"input": x, "equivariant": reconstruct(x, fit(e.train_moments, RANKS["paper"])), "dense": dense}
    fig, axes = plt.subplots(3, 6, figsize=(5.4, 2.9))
    for line, (name, row) in zip(axes, rows.items(), strict=True):
        for ax, picture in zip(line, row, strict=True):
            draw(ax, picture)
        line[0].set_ylabel(name)
    return fig


@figure(
    alt="Eigenvalues by frequency, largest at frequency 0 and falling steeply with frequency and with index; "
    "two staircases mark how many the slides' ranks and the best ranks keep, the slides' higher at frequency 0 only."
)
def spectrum() -> Figure:
    """The spectra of the H_j, with the ranks chosen."""
    e = experiment()
    fig, ax = plt.subplots(figsize=(5.2, 3.4))
    values = spectra(e.train_moments).clamp(min=1e-6).log10()
    shown = values.T[:16].numpy()
    image = ax.imshow(shown, origin="lower", aspect="auto", extent=(-0.5, 14.5, 0, 16), vmin=-3.5, vmax=1.5)
    fig.colorbar(image, label="log$_{10}$ eigenvalue")
    edges = [j - 0.5 for j in range(16)]
    stairs = (("best", "C0", "-", "the best ranks"), ("paper", "C1", "--", "the slides' ranks"))
    for name, colour, line, label in stairs:
        ax.stairs(e.ranks[name], edges, baseline=None, color=colour, ls=line, lw=2.2, label=label)
    ax.set(xlabel="frequency $j$", ylabel="eigenvalues kept, $r_j$", xticks=range(0, 15, 2))
    ax.legend()
    return fig


@figure(
    alt="Test loss against the number of parameters, both axes logarithmic: two falling curves, the equivariant "
    "one far to the left of the dense one; points mark rank 99 on both."
)
def budget() -> Figure:
    """Loss against parameters, dense and equivariant, for total ranks from 1 to 200."""
    e = experiment()
    values = spectra(e.train_moments)
    totals = [1, 2, 3, 5, 8, 13, 21, 34, 50, 70, 99, 140, 200]
    dense = [dense_loss(e.dense_test, e.dense[:, -r:]) for r in totals]
    equivariant = [loss(e.test_moments, fit(e.train_moments, best_ranks(values, r))) for r in totals]
    fig, ax = plt.subplots()
    for name, step, losses, colour in (("equivariant", 56, equivariant, "C0"), ("dense", 1568, dense, "C1")):
        ax.loglog([step * r for r in totals], losses, color=colour, label=name)
        ax.plot(step * 99, losses[totals.index(99)], "o", color=colour)
        ax.annotate("$r=99$", (step * 99, losses[totals.index(99)]), xytext=(6, 4), textcoords="offset points", size=12)
    ax.set(xlabel="parameters", ylabel="loss per pixel, test")
    ax.grid(alpha=0.5)
    ax.legend()
    return fig
