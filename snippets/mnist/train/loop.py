"""The training itself: steps on batches or on moments, where the weights stand after them, and checkpoints."""

import dataclasses
import math
import time
from collections.abc import Iterator
from typing import Any, NamedTuple

import torch

from snippets.mnist.train import devices
from snippets.mnist.train.batches import Batch, Batches
from snippets.mnist.train.folders import Folder
from snippets.mnist.train.gradients import (
    Gradients,
    compiled,
    each,
    of_batch,
    of_moments,
)
from snippets.mnist.train.moments import Moments, loss
from snippets.mnist.train.networks import Network
from snippets.mnist.train.optimizers import optimizer, rate
from snippets.mnist.train.processes import Group
from snippets.mnist.train.progress import Watch
from snippets.mnist.train.report import Epoch
from snippets.mnist.train.settings import Settings
from snippets.mnist.train.stopping import Stopping

SAVE_SECONDS = 20.0  # at most so much work is lost when the process is killed
SHOW_SECONDS = 0.5


class Task(NamedTuple):
    """What is to be trained, on what."""

    settings: Settings
    network: Network
    train: Moments
    test: Moments
    optimum: float
    batches: Batches
    group: Group
    device: torch.device
    folder: Folder
    watch: Watch


class Training:
    """The state of a training, which checkpoints hold."""

    def __init__(self, task: Task) -> None:
        """Start, or continue from the folder's last checkpoint."""
        self.task, settings = task, task.settings
        self.step, self.seconds, self.history, self.best = 0, 0.0, [], math.inf
        self.optimizer = optimizer(settings.optimizer, task.network, settings.method)
        self.per_epoch = task.batches.steps if settings.method == "gradient" else 1
        self.steps = self.per_epoch * settings.epochs
        self.of_batch = compiled if settings.compile else of_batch
        self.on_device = Moments(*(part.to(task.network.encoder) for part in task.train[:2]), task.train.energy)
        self.restore(task.folder.checkpoint(task.device) if settings.resume else None)
        self.started = self.shown = self.saved = time.perf_counter()

    def restore(self, state: dict[str, Any] | None) -> None:
        """Take over everything from a checkpoint."""
        if state is None:
            return
        self.task.network.load_state_dict(state["network"])
        self.optimizer.restore(state["optimizer"])
        self.step, self.seconds, self.best = state["step"], state["seconds"], state["best"]
        self.history = [Epoch(*row) for row in state["history"]]

    def state(self) -> dict[str, Any]:
        """Return what a checkpoint holds. Random numbers have no state: they follow from seed, epoch and shard."""
        return {
            "network": self.task.network.state_dict(), "optimizer": self.optimizer.state(), "step": self.step,
            "seconds": self.elapsed(), "best": self.best, "history": [dataclasses.astuple(row) for row in self.history],
        }

    def elapsed(self) -> float:
        """Return the seconds of training so far, those of the runs before included."""
        devices.wait(self.task.device)
        return self.seconds + time.perf_counter() - self.started

    def work(self) -> Iterator[Batch | None]:
        """Yield the batches of what remains; without batches, as often nothing."""
        for epoch in range(self.step // self.per_epoch, self.task.settings.epochs):
            if self.task.settings.method == "gram":
                yield None
            else:
                yield from self.task.batches.epoch(epoch, self.step - epoch * self.per_epoch)

    def run(self) -> bool:
        """Train to the end, or until Ctrl-C; tell whether the end was reached."""
        task = self.task
        self.started = self.shown = self.saved = time.perf_counter()
        task.watch.start(self.steps, self.step)
        try:
            with Stopping() as stopping:
                for batch in self.work():
                    asked = self.advance(batch, stopping.asked)
                    self.look()
                    if asked and self.step < self.steps:
                        break
            self.save()
        finally:
            task.watch.stop()
        return self.step == self.steps

    def advance(self, batch: Batch | None, stop: bool) -> bool:
        """Take one step; tell whether any process was asked to stop."""
        settings, network = self.task.settings, self.task.network
        now = rate(settings.optimizer, settings.method, settings.lr, self.step, self.steps)
        with torch.no_grad():
            if batch is None:
                gradients = of_moments(self.on_device, network)
            else:
                gradients, stop = self.averaged(batch, stop)
            self.optimizer.step(gradients, now)
        self.step += 1
        return stop

    def averaged(self, batch: Batch, stop: bool) -> tuple[Gradients, bool]:
        """Average gradients over the batch of all processes; they tell each other the wish to stop along with them."""
        network, group = self.task.network, self.task.group
        first_order = self.task.settings.optimizer != "scaled"
        sums = self.of_batch(network.form, batch.features, network.encoder, network.decoder, first_order)
        means = each(sums, lambda part: part.to(network.encoder.dtype) / batch.count)
        if group.size == 1:
            return means, stop
        message = torch.cat([part.flatten() for part in means if part is not None] + [means[0].new_ones(1) * stop])
        group.add(message)
        parts = iter(message.split([part.numel() for part in means if part is not None] + [1]))
        return each(means, lambda part: next(parts).view_as(part)), bool(message[-1] > 0)

    def look(self) -> None:
        """At the end of an epoch, or now and then, compare with the optimum; save at times."""
        clock, ended = time.perf_counter(), self.step % self.per_epoch == 0
        listed = ended and (self.task.settings.method == "gradient" or self.is_milestone())
        if listed or clock - self.shown > SHOW_SECONDS:
            now = self.standing()
            self.shown = time.perf_counter()
            if listed:
                self.note(now)
            self.task.watch.moved(now, ended=listed)
        if time.perf_counter() - self.saved > SAVE_SECONDS or (ended and self.task.settings.method == "gradient"):
            self.save()

    def is_milestone(self) -> bool:
        """Tell whether a step on moments belongs into the history: about two hundred do, the first ones all."""
        return self.step <= 20 or self.step == self.steps or self.step % -(-self.steps // 200) == 0

    def standing(self) -> Epoch:
        """Return where the weights stand, from exact moments. Raises ValueError where they are no longer finite."""
        task = self.task
        seconds, trained = self.elapsed(), loss(task.network, task.train)
        if not math.isfinite(trained):
            raise ValueError(f"the training diverged at step {self.step}: choose an lr below {task.settings.lr}")
        epoch, rest = divmod(self.step, self.per_epoch)
        images = epoch * task.batches.count + rest * task.settings.batch_size
        tested = loss(task.network, task.test)
        return Epoch(epoch, self.step, images, seconds, trained, tested, trained / task.optimum - 1)

    def note(self, now: Epoch) -> None:
        """Add a row to the history, and keep the weights if there were none better."""
        self.history.append(now)
        if now.train_loss < self.best:
            self.best = now.train_loss
            self.task.folder.save_best(self.task.network)

    def save(self) -> None:
        """Write a checkpoint and the table of epochs."""
        self.task.folder.save(self.state(), self.history)
        self.saved = time.perf_counter()
