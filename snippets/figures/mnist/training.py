"""What is drawn and computed for the page *Training*."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import cache, partial
from typing import NamedTuple

import matplotlib.pyplot as plt
import torch
from book import figure, results
from jaxtyping import Float, Shaped, UInt8
from matplotlib.figure import Figure
from torch import Tensor

from snippets.mnist.data import load_images
from snippets.mnist.exact import (
    RANKS,
    WEIGHTS,
    EquivariantLinearAutoencoder,
    average_over_shifts,
    best_ranks,
    commutator,
    dense_loss,
    dimension,
    experiment,
    fit,
    frequency_moments,
    loss,
    reconstruct,
    second_moment,
    spectra,
    top_eigenvectors,
)
from snippets.mnist.records import provenance, record
from snippets.mnist.shifts import REACH, cyclic_shift, random_amounts, shift
from snippets.mnist.training import (
    PROFILED,
    Network,
    augmented_moments,
    better,
    block_losses,
    critical_choices,
    curvatures,
    dense_block,
    descend,
    distribution,
    far_amounts,
    frequency_blocks,
    largest_rate,
    learned,
    loss_of,
    matrix_of,
    optimum,
    orthonormal_network,
    random_network,
    shares,
    solve_in_turn,
    step_cost,
    train_on_batches,
)


def sample_ranks(total: int, count: int, generator: torch.Generator) -> list[tuple[int, ...]]:
    """Draw rank vectors with Σ w_j r_j = total, each as likely as any other."""
    ways = [torch.zeros(total + 1) for _ in range(16)]
    ways[15][0] = 1
    for j in range(14, -1, -1):
        for rank in range(min(28, total // WEIGHTS[j]) + 1):
            used = WEIGHTS[j] * rank
            ways[j][used:] += ways[j + 1][: total + 1 - used]
    return [tuple(_one_by_one(ways, total, generator)) for _ in range(count)]


def _one_by_one(ways: list[Tensor], units: int, generator: torch.Generator) -> Iterator[int]:
    """Draw the ranks in order, each in proportion to the number of ways in which the rest can follow."""
    for weight, rest in zip(WEIGHTS, ways[1:], strict=True):
        left = units - weight * torch.arange(min(28, units // weight) + 1)
        rank = int(torch.multinomial(rest[left], 1, generator=generator))
        yield rank
        units -= weight * rank


SIZES = (30, 100, 300, 1000, 3000, 10_000)


DRAWS = 3


COPIES, COPIED = 20, 3  # shifts of each picture, for the first three sizes


class Sets(NamedTuple):
    """Second moments of the test pictures under three kinds of shift."""

    near: tuple[Tensor, Tensor]
    far: tuple[Tensor, Tensor]
    around: tuple[Tensor, Tensor]


@cache
def test_sets() -> Sets:
    """Return S and H of the test pictures with the data's shifts, with larger ones, and with all cyclic ones."""
    e, images = experiment(), load_images("test")
    beyond = far_amounts(len(images), torch.Generator().manual_seed(0))
    return Sets(
        near=(e.dense_test, e.test_moments),
        far=(second_moment(images, beyond), frequency_moments(images, beyond)),
        around=(average_over_shifts(second_moment(images)), frequency_moments(images)),
    )


def fitted(images: UInt8[Tensor, "count 28 28"], amounts: Float[Tensor, " count"]) -> tuple[Tensor, list[Tensor]]:
    """Return both networks of rank 99 from some pictures; the equivariant one chooses its ranks from them, too."""
    moments = frequency_moments(images, amounts)
    bases = fit(moments, best_ranks(spectra(moments), 99))
    return top_eigenvectors(second_moment(images, amounts), 99), bases


Losses = dict[tuple[str, str], Float[Tensor, "sizes draws"]]


@cache
def by_size(copies: int = 1) -> Losses:
    """Return the test losses by kind of shift and network, for each number of training pictures and each draw.

    Every picture is shifted as often as `copies` says; more than once only for the smaller numbers.
    """
    images, found, sizes = load_images("train"), {}, SIZES if copies == 1 else SIZES[:COPIED]
    for draw in range(DRAWS):
        generator = torch.Generator().manual_seed(draw)
        order, amounts = torch.randperm(len(images), generator=generator), random_amounts(len(images), generator)
        for row, size in enumerate(sizes):
            some = images[order[:size]].repeat(copies, 1, 1)
            basis, bases = fitted(some, amounts[: len(some)])
            for kind, (S, H) in test_sets()._asdict().items():
                for name, value in (("dense", dense_loss(S, basis)), ("equivariant", loss(H, bases))):
                    found.setdefault((kind, name), torch.zeros(len(sizes), DRAWS))[row, draw] = value
    return found


REACHES = range(15)


@cache
def by_amount() -> dict[tuple[str, str], list[float]]:
    """Return both losses by kind of shift, for amounts in each window of one pixel, or each cyclic shift."""
    e, images = experiment(), load_images("test")[::5]
    basis, bases = e.dense[:, -99:], fit(e.train_moments, e.ranks["best"])
    generator, found = torch.Generator().manual_seed(0), {}
    for pixels in REACHES:
        amounts = far_amounts(len(images), generator, max(pixels - 0.5, 0.0), pixels + 0.5)
        pictures = {"continuous": shift(images / 255.0, amounts), "cyclic": cyclic_shift(images / 255.0, pixels)}
        for kind, x in pictures.items():
            flat = x.flatten(1)
            errors = {"dense": flat - flat @ basis @ basis.T, "equivariant": x - reconstruct(x, bases)}
            for name, error in errors.items():
                found.setdefault((kind, name), []).append(float(error.square().mean()))
    return found


SHIFTS = (1, 2, 4, 7, 14, 21, 28)


@cache
def by_shifts(count: int = 2000) -> dict[str, list[float]]:
    """Return commutators and losses of the dense optimum by the number of cyclic shifts of each picture."""
    images = load_images("train")[:count]
    around, found = test_sets().around[0], {"moment": [], "map": [], "loss": []}
    for moment in augmented_moments(images, SHIFTS, torch.Generator().manual_seed(0)):
        basis = top_eigenvectors(moment, 99)
        found["moment"].append(commutator(moment))
        found["map"].append(commutator(basis @ basis.T))
        found["loss"].append(dense_loss(around, basis))
    return found


def adam(rate: float) -> Callable[[list[Tensor]], torch.optim.Optimizer]:
    """Return Adam with a rate, as `descend` wants it."""
    return partial(torch.optim.Adam, lr=rate)


def descent(rate: float, momentum: float = 0.0) -> Callable[[list[Tensor]], torch.optim.Optimizer]:
    """Return plain gradient descent with a rate, as `descend` wants it."""
    return partial(torch.optim.SGD, lr=rate, momentum=momentum)


PLATEAU_FREQUENCY, PLATEAU_RANK, PLATEAU_STEPS = 3, 3, 2400


@cache
def plateaus(starts: int = 5) -> tuple[Float[Tensor, "steps starts"], Float[Tensor, "steps starts"]]:
    """Return the losses of one frequency from small random starts, and those that the logistic curves predict."""
    block = frequency_blocks(experiment().train_moments)[[PLATEAU_FREQUENCY]]
    stack, ranks, rate = block.expand(starts, -1, -1), (PLATEAU_RANK,) * starts, largest_rate(block) / 16
    network = random_network(stack, ranks, torch.Generator().manual_seed(0), scale=1e-5)
    run = descend(stack, network, PLATEAU_STEPS, descent(rate))
    return torch.stack([block_losses(stack, *now) for now in run]), _predicted(block[0], network, rate)


def _predicted(block: Shaped[Tensor, "n n"], network: Network, rate: float) -> Float[Tensor, "steps starts"]:
    """Return the losses if each leading eigenvector is learnt for itself, from its share in the start."""
    values, vectors = torch.linalg.eigh(block)
    kept, leading = values[-PLATEAU_RANK:], vectors[:, -PLATEAU_RANK:]
    encoder, decoder = network
    start = ((encoder @ leading + decoder.mH @ leading) / 2).abs().square().sum(1)
    time = rate * torch.arange(float(PLATEAU_STEPS))[:, None, None]
    left = (1 - learned(kept, start, time)).square()
    return values[:-PLATEAU_RANK].sum() + left @ kept


OPTIMIZERS, IN_TURN = 600, 200


@cache
def by_optimizer() -> dict[str, Float[Tensor, " steps"]]:
    """Return the gaps to the optimum of one equivariant network, trained on second moments in four ways."""
    blocks, ranks = frequency_blocks(experiment().train_moments), RANKS["paper"]
    least, rate = optimum(blocks, ranks), largest_rate(blocks)
    ways = {
        "gradient descent": descent(0.9 * rate),
        "with momentum": descent(0.3 * rate, momentum=0.9),
        "Adam": adam(0.03),
    }
    start = random_network(blocks, ranks, torch.Generator().manual_seed(0), scale=0.3)
    runs = {name: descend(blocks, start, OPTIMIZERS, optimizer) for name, optimizer in ways.items()}
    runs["solved in turn"] = solve_in_turn(blocks, start, IN_TURN)
    losses = {name: torch.stack([block_losses(blocks, *now).sum() for now in run]) for name, run in runs.items()}
    return {name: values / least - 1 for name, values in losses.items()}


COMMUTATOR_STEPS = 60


@cache
def by_step() -> dict[str, list[float]]:
    """Return the commutators of networks while they are solved in turn, in single precision."""
    e, generator = experiment(), torch.Generator()
    around = average_over_shifts(second_moment(load_images("train")))
    cases = {
        "dense": (dense_block(e.dense_train).float(), (99,)),
        "dense, cyclic data": (dense_block(around).float(), (99,)),
        "equivariant": (frequency_blocks(e.train_moments).to(torch.complex64), RANKS["paper"]),
    }
    found = {}
    for name, (blocks, ranks) in cases.items():
        start = random_network(blocks, ranks, generator.manual_seed(0))
        run = solve_in_turn(blocks, start, COMMUTATOR_STEPS)
        found[name] = [commutator(matrix_of(now)) for now in run]
    return found


RANDOM_STARTS = 3


@cache
def by_start() -> Float[Tensor, "steps starts"]:
    """Return the gaps of Adam on second moments: from random starts, a tiny one and an orthonormal one."""
    blocks, ranks, generator = frequency_blocks(experiment().train_moments), RANKS["paper"], torch.Generator()
    generator.manual_seed(1)
    starts = [random_network(blocks, ranks, generator, scale=0.3) for _ in range(RANDOM_STARTS)]
    starts.append(random_network(blocks, ranks, generator, scale=1e-2))
    starts.append(orthonormal_network(blocks, ranks, generator))
    network = (torch.cat([e for e, _ in starts]), torch.cat([d for _, d in starts]))
    stack = blocks.repeat(len(starts), 1, 1)
    run = descend(stack, network, OPTIMIZERS, adam(0.03))
    losses = torch.stack([block_losses(stack, *now) for now in run])
    return losses.view(OPTIMIZERS, len(starts), 15).sum(2) / optimum(blocks, ranks) - 1


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


def trained(spent: dict[str, float]) -> float:
    """Return the seconds of a run but for those of the moments and the optimum."""
    return spent["all"] - spent["prepare"]


@results(seed=0)
def run_numbers() -> dict[str, float | int | str]:
    """What the recorded runs of the trainer found, and what made the record."""
    runs = record("training")
    names = ("dense", "paper", "equal", "high-pass", "best", "semi-equivariant", "invariant", "gram")
    found: dict[str, float | int | str] = {}
    for name in names:
        report, key = runs[name]["report"], name.replace("-", "_")
        found |= {f"run_{key}": report["test_loss"], f"run_{key}_gap": report["gap"]}
        found |= {f"run_{key}_optimum": report["optimum_test"], f"run_{key}_parameters": report["parameters"]}
        found |= {f"run_{key}_seconds": report["seconds_training"]}
    for name in ("dense", "equivariant"):
        for way in ("scaled", "Adam"):
            found[f"{name}_{way.lower()}_gap"] = runs[f"{name}, {way}"]["gap"][-1]
    return found | {
        "first_epoch_dense": runs["dense"]["gap"][0],
        "first_epoch_paper": runs["paper"]["gap"][0],
        "run_commutator_dense": runs["dense"]["commutator"],
        "run_commutator_paper": runs["paper"]["commutator"],
        "run_worst_gap": max(runs[name]["report"]["gap"] for name in names),
        "matrix_rate": runs["rate"] / 1e9,
        "adam_commutator": runs["dense, Adam"]["commutator"],
        **{f"floor_{name}": runs[name]["floor"] / trained(runs[name]["spent"]) for name in PROFILED},
        "prepare_paper": runs["paper"]["spent"]["prepare"] / runs["paper"]["spent"]["all"],
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


COMPONENT_BIN = 1e-5


@cache
def sampled(count: int = 1500) -> tuple[list[float], list[int]]:
    """Return test loss and dimension of components drawn at random."""
    rows = shares()
    drawn = sample_ranks(99, count, torch.Generator().manual_seed(0))
    return [loss_of(rows, ranks) for ranks in drawn], [dimension(ranks) for ranks in drawn]


def count_below(rows: Float[Tensor, "15 29"], limit: float) -> int:
    """Count the components of rank 99 with a loss below a limit."""
    return sum(1 for _ in better(rows, 99, limit))


@results(seed=0)
def component_numbers() -> dict[str, float | int]:
    """Where the components of the table stand among all components."""
    rows, named = shares(), experiment().ranks
    counts = distribution(rows, 99, COMPONENT_BIN)
    below = counts.cumsum(0) / counts.sum()
    named_losses = {name: loss_of(rows, ranks) for name, ranks in named.items()}
    share_of = {name: float(below[int(value / COMPONENT_BIN)]) for name, value in named_losses.items()}
    losses, dimensions = sampled()
    return {
        "all_counted": int(counts.sum()),
        "better_than_paper": count_below(rows, named_losses["paper"] * (1 - 1e-12)),
        "better_than_best": count_below(rows, named_losses["best"] * (1 - 1e-12)),
        "within_one_percent": count_below(rows, 1.01 * named_losses["best"]),
        "sampled": len(losses),
        "share_above_equal": 1 - share_of["equal"],
        "share_above_high_pass": 1 - share_of["high-pass"],
        "median_component": COMPONENT_BIN * int((below < 0.5).sum()),
        "dimension_correlation": float(torch.corrcoef(torch.tensor([losses, list(map(float, dimensions))]))[0, 1]),
        "dimension_least": min(dimensions),
        "dimension_most": max(dimensions),
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
    alt="Top: training loss against epochs, four curves that come down to two horizontal lines, the optimum of the "
    "equivariant and, lower, of the dense network. Bottom: the gaps to these lines on a logarithmic axis; the scaled "
    "descents fall well below a thousandth, Adam stays above, the equivariant curves lie below the dense ones."
)
def curves() -> Figure:
    """Loss and gap by epoch, from the recorded runs."""
    runs = record("training")
    fig, (top, bottom) = plt.subplots(2, 1, figsize=(5.2, 5.6), sharex=True)
    for colour, name, optimal in (("C0", "equivariant", "paper"), ("C1", "dense", "dense")):
        best = runs[optimal]["report"]["optimum"]
        top.axhline(best, color=colour, lw=0.9)
        for way, line in (("Adam", "--"), ("scaled", "-")):
            one = runs[f"{name}, {way}"]
            epochs = range(1, len(one["gap"]) + 1)
            top.plot(epochs, one["loss"], line, color=colour, marker="o", ms=3)
            bottom.semilogy(epochs, one["gap"], line, color=colour, marker="o", ms=3, label=f"{name}, {way}")
        top.annotate(f"optimum, {name}", (1, best), xytext=(0, -12), textcoords="offset points", color=colour)
    top.set(ylabel="loss per pixel, training", ylim=(0.005, None))
    bottom.set(xlabel="epochs", ylabel="gap to the optimum", xticks=range(1, 11))
    bottom.grid(alpha=0.5)
    bottom.legend()
    return fig


@figure(
    alt="Two stacked bars of seconds by part of a run. The dense bar is about twice as long, and gradients and steps "
    "make up half of it; in the equivariant one moments and handling of the pictures take more than half."
)
def spent() -> Figure:
    """Where the time of two recorded runs goes."""
    runs = record("training")
    fig, ax = plt.subplots(figsize=(5.2, 2.4))
    for row, name in enumerate(PROFILED):
        left = 0.0
        for index, (part, value) in enumerate(by_part(runs[name]["spent"]).items()):
            ax.barh(row, value, left=left, color=f"C{index}", label=part if row == 0 else None, height=0.6)
            left += value
    ax.set(yticks=[0, 1], xlabel="seconds of one processor")
    ax.set_yticklabels(["dense", "equivariant"])
    ax.invert_yaxis()
    ax.legend(ncols=2, loc="upper center", bbox_to_anchor=(0.45, -0.35))
    return fig


def by_part(spent: dict[str, float]) -> dict[str, float]:
    """Name the parts of a run for a reader, so that they add up to the whole."""
    named = {
        "moments and optimum": spent["prepare"],
        "shifting the pictures": spent["load"],
        "taking batches": spent["batch"] - spent["load"],
        "gradients": spent["of_batch"],
        "steps": spent["step"],
        "exact losses": spent["look"],
    }
    return named | {"the rest": spent["all"] - sum(named.values())}


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
    alt="Top: a histogram of the test losses of all components, a broad hill around 0.03 with a long tail to 0.1; "
    "marks for the best ranks and the slides' at the extreme left, equal ranks left of the hill, high-pass at the "
    "far right. Bottom: dimension against loss for 1,500 random components, a cloud without a clear direction."
)
def every_component() -> Figure:
    """All losses that the 72,425,986,088,826 components reach."""
    rows, named = shares(), experiment().ranks
    counts = distribution(rows, 99, COMPONENT_BIN)
    coarse = 100
    counts = torch.cat([counts, torch.zeros(-len(counts) % coarse)]).view(-1, coarse).sum(1)
    edges = COMPONENT_BIN * coarse * torch.arange(len(counts) + 1)
    fig, (top, bottom) = plt.subplots(2, 1, figsize=(5.2, 5.0), sharex=True)
    top.stairs(counts / counts.sum(), edges, fill=True, color="C0", alpha=0.6)
    heights = {"best": 0.98, "paper": 0.82, "equal": 0.98, "high-pass": 0.5}
    for name, height in heights.items():
        label = "slides'" if name == "paper" else name
        value = loss_of(rows, named[name])
        top.axvline(value, ymax=height, color="C1", lw=1.4)
        side = "right" if name == "high-pass" else "left"
        place = {"transform": top.get_xaxis_transform(), "ha": side, "va": "top"}
        top.text(value, height, f" {label} ", color="C1", fontsize=8, **place)
    top.set(ylabel="share of all components", yticks=[], ylim=(0, 1.3 * float(counts.max() / counts.sum())))
    losses, dimensions = sampled()
    bottom.plot(losses, dimensions, ".", ms=2.5, color="C0", alpha=0.6, rasterized=True)
    for ranks in named.values():
        bottom.plot(loss_of(rows, ranks), dimension(ranks), "o", color="C1", ms=6)
    bottom.set(xlabel="test loss of the component's optimum", ylabel="dimension", xlim=(0, 0.11))
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
