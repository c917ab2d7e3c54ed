"""One run from beginning to end."""

import time
from collections.abc import Iterator
from itertools import islice
from typing import NamedTuple

import torch
from torch import Tensor

from snippets.mnist.train import devices
from snippets.mnist.train.batches import Batches
from snippets.mnist.train.folders import Folder
from snippets.mnist.train.loop import Task, Training
from snippets.mnist.train.moments import Moments, loss, moments
from snippets.mnist.train.networks import Layout, Network, parameters, random_network
from snippets.mnist.train.optimum import chosen_layout, optimum
from snippets.mnist.train.pictures import Shard, chunks, size, splits
from snippets.mnist.train.processes import Group, group
from snippets.mnist.train.progress import Watch
from snippets.mnist.train.report import Report
from snippets.mnist.train.settings import Settings

TOGETHER = 7500  # pictures whose second moment is one product


class Problem(NamedTuple):
    """What is known before training."""

    form: Layout
    ranks: tuple[int, ...] | None
    train: Moments
    test: Moments
    best: Network
    shards: list[Shard]
    test_shards: list[Shard]
    seconds_moments: float
    seconds_optimum: float


def run(settings: Settings, watch: Watch | None = None) -> Report:
    """Do what the settings ask for and return what came out.

    Under torchrun every process calls this, and all return the same losses. Raises ValueError, OSError or
    ConnectionError, each with what to do.
    """
    device = devices.choose(settings.device)
    devices.number_type(settings.precision, device)  # refused at once, not after the pictures have been read
    start = time.perf_counter()
    with group(device) as mine:
        watch = watch if watch is not None and mine.rank == 0 else Watch()
        folder = Folder(settings, device, mine)
        watch.say(f"device {devices.describe(device)}, {settings.precision}, processes {mine.size}")
        problem = prepare(settings, mine, device)
        best = loss(problem.best, problem.train)
        watch.say(
            f"pictures {size(problem.shards):,}, optimum {best:.6f} after {time.perf_counter() - start:.1f} s, "
            f"parameters {parameters(problem.form):,}"
        )
        training = None
        if settings.method != "exact":
            training = begin(problem, settings, mine, device, folder, watch)
            training.run()
        report = summary(problem, training, settings, device, mine, time.perf_counter() - start)
        folder.finish(report, samples(problem, settings, device))
    return report


def prepare(settings: Settings, mine: Group, device: torch.device) -> Problem:
    """Read the pictures once, and solve for the optimum."""
    start = time.perf_counter()
    shards, test_shards = splits(settings)
    both = [
        moments(settings.model, shifted(part, settings, mine, device), size(part), mine)
        for part in (shards, test_shards)
    ]
    middle = time.perf_counter()
    form, ranks = chosen_layout(settings, both[0])
    train, test = both[0].of(form), both[1].of(form)
    best = optimum(form, train)
    return Problem(
        form, ranks, train, test, best, shards, test_shards, middle - start, time.perf_counter() - middle
    )


def begin(
    problem: Problem, settings: Settings, mine: Group, device: torch.device, folder: Folder, watch: Watch
) -> Training:
    """Return a training that stands before its first step, or where the folder's checkpoint left it."""
    kind, best = devices.number_type(settings.precision, device), loss(problem.best, problem.train)
    network = random_network(problem.form, settings.seed).to(device, kind)
    batches = Batches(problem.shards, problem.form, settings, mine, device)
    return Training(Task(settings, network, problem.train, problem.test, best, batches, mine, device, folder, watch))


def shifted(shards: list[Shard], settings: Settings, mine: Group, device: torch.device) -> Iterator[Tensor]:
    """Yield this process's shifted pictures of all shards."""
    for shard in shards:
        yield from chunks(shard, settings, mine, device, TOGETHER)


def samples(problem: Problem, settings: Settings, device: torch.device, count: int = 6) -> Tensor:
    """Return the first shifted test pictures."""
    return next(islice(chunks(problem.test_shards[0], settings, Group(), device), 1))[:count]


def summary(
    problem: Problem, training: Training | None, settings: Settings, device: torch.device, mine: Group, seconds: float
) -> Report:
    """Collect the report."""
    network = training.task.network if training else problem.best
    best, trained = loss(problem.best, problem.train), loss(network, problem.train)
    spent = training.elapsed() if training else 0.0
    seen = training.step * size(problem.shards) / training.per_epoch if training else size(problem.shards)
    return Report(
        train_loss=trained, test_loss=loss(network, problem.test),
        optimum=best, optimum_test=loss(problem.best, problem.test), gap=trained / best - 1,
        parameters=parameters(problem.form), ranks=problem.ranks, seconds=seconds,
        seconds_moments=problem.seconds_moments, seconds_optimum=problem.seconds_optimum, seconds_training=spent,
        images_per_second=seen / (spent or seconds), device=devices.describe(device), processes=mine.size,
        finished=training is None or training.step == training.steps,
        history=tuple(training.history) if training else (), network=network.cpu().double(), best=problem.best,
        out=settings.out,
    )
