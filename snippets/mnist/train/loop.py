"""The training loop."""

import csv
import io
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, NamedTuple

import torch
from torch import Tensor, nn
from torch.nn.parallel import DistributedDataParallel

from snippets.mnist.train.folder import Folder, read
from snippets.mnist.train.networks import exact_loss
from snippets.mnist.train.pictures import Pictures
from snippets.mnist.train.settings import Settings

LOOK_SECONDS = 10.0  # at most so much work is lost when the process is stopped
# --8<-- [start:ingredients]
WARM_UP = 0.05  # the part of the steps in which the rate rises


def squared_error(output: Tensor, x: Tensor) -> Tensor:
    """Return the sum over pictures and pixels."""
    return (output - x).square().sum()


def optimizer_of(network: nn.Module, settings: Settings) -> torch.optim.Optimizer:
    """Return what makes steps of the gradients."""
    weights, betas = network.parameters(), (0.9, 0.95)  # a short memory for few steps
    return torch.optim.Adam(weights, lr=settings.lr, betas=betas, fused=True)


def schedule(done: float) -> float:
    """Return the part of the rate when this part of the steps is done."""
    return min(1.0, done / WARM_UP) * ((1 - done) / (1 - min(done, WARM_UP))) ** 3
    # --8<-- [end:ingredients]


class Epoch(NamedTuple):
    """Where the weights stand, after an epoch as a rule."""

    epoch: int
    step: int
    images: int  # pictures that the gradients so far are of
    seconds: float  # of training alone
    train_loss: float
    test_loss: float
    gap: float | None  # train_loss / optimum − 1; None where the optimum is zero

    def __str__(self) -> str:
        """Return a line for a person."""
        where = f"epoch {self.epoch:>3}  step {self.step:>6}"
        losses = f"loss {self.train_loss:.6f}  {gap_text(self.gap)}"
        speed = f"{self.images / self.seconds:,.0f} images/s"
        return f"{where}  {losses}  test {self.test_loss:.6f}  {speed}"


def gap_of(loss: float, optimum: float, scale: float) -> float | None:
    """Return loss / optimum − 1, or None where the optimum is zero up to rounding, measured by the loss of nothing."""
    return loss / optimum - 1 if optimum > 1e-9 * scale else None


def gap_text(gap: float | None) -> str:
    """Write the gap for a person."""
    return "gap none, the optimum is 0" if gap is None else f"gap {gap:.3%}"


def table(history: list[Epoch]) -> str:
    """Return the epochs as comma-separated values."""
    csv.writer(text := io.StringIO()).writerows([Epoch._fields, *history])
    return text.getvalue().replace("\r", "")


@dataclass
class Training:
    """A network on its way, and everything that a checkpoint holds."""

    settings: Settings
    network: nn.Module
    train: Pictures
    moments: list[Tensor]
    optimum: float
    folder: Folder
    tell: Callable[[object], None]
    error: Callable[[Tensor, Tensor], Tensor] = squared_error
    step: int = 0
    history: list[Epoch] = field(default_factory=list)

    def __post_init__(self) -> None:
        """Start, or go on from the folder's last checkpoint."""
        self.optimizer = optimizer_of(self.network, self.settings)
        self.steps = self.train.steps * self.settings.epochs
        self.started = time.perf_counter()
        if self.settings.resume and (self.folder.path / "last.pt").exists():
            self.restore(read(self.folder.path / "last.pt", self.train.device))
        self.forward = self.wrapped()

    # --8<-- [start:wrapped]
    def wrapped(self) -> nn.Module:
        """Return the network as the steps call it, gradients averaged by processes."""
        forward = torch.compile(self.network) if self.settings.compile else self.network
        several = self.train.group.size > 1
        return DistributedDataParallel(forward) if several else forward

    # --8<-- [end:wrapped]

    # --8<-- [start:advance]
    def advance(self, x: Tensor, count: int) -> None:
        """Take a step on this process's part x of a batch of `count` pictures."""
        for part in self.optimizer.param_groups:
            part["lr"] = self.settings.lr * schedule((self.step + 0.5) / self.steps)
        self.optimizer.zero_grad()
        half = self.settings.precision == "bfloat16"
        with torch.autocast(x.device.type, torch.bfloat16, enabled=half):
            error = self.error(self.forward(x), x)
        error = error * self.train.group.size / (784 * count)
        error.backward()  # DDP takes the mean over processes
        self.optimizer.step()
        self.step += 1

    def run(self) -> list[Epoch]:
        """Train to the end, and return where each epoch ended."""
        due = time.perf_counter() + LOOK_SECONDS
        while self.step < self.steps:
            epoch, done = divmod(self.step, self.train.steps)
            for x, count in self.train.batches(epoch, skip=done):
                self.advance(x, count)
                ended = self.step % self.train.steps == 0
                if ended or time.perf_counter() > due:
                    self.look(ended)
                    due = time.perf_counter() + LOOK_SECONDS
        return self.history

    # --8<-- [end:advance]

    def seconds(self) -> float:
        """Return the seconds of training so far, those before a resume included."""
        return time.perf_counter() - self.started

    # --8<-- [start:look]
    def look(self, ended: bool) -> None:
        """Tell where the weights stand, keep them if no epoch ended better, and write
        a checkpoint.
        """
        self.tell(now := self.standing())
        if ended:
            self.history.append(now)
            if now.train_loss == min(row.train_loss for row in self.history):
                self.folder.save_model(self.network, self.settings)
        self.folder.write("last.pt", self.checkpoint())
        self.folder.write("history.csv", table(self.history))

    def standing(self) -> Epoch:
        """Return where the weights stand. Raises ValueError if they have run away."""
        train, test = (exact_loss(self.network, moment) for moment in self.moments)
        nothing = float(self.moments[0].trace()) / 784  # the loss of sending all to 0
        if not train < 100 * nothing:
            rate, usual = self.settings.lr, self.settings.defaults()[2]
            hint = f"the default is {usual:g}" if rate > usual else "take a tenth of it"
            where = f"at step {self.step} with --lr {rate:g}"
            raise ValueError(f"the training diverged {where}: {hint}")
        epoch, rest = divmod(self.step, self.train.steps)
        images = epoch * self.train.count + rest * self.settings.batch_size
        gap = gap_of(train, self.optimum, nothing)
        return Epoch(epoch, self.step, images, self.seconds(), train, test, gap)

    # --8<-- [end:look]

    # --8<-- [start:checkpoint]
    def checkpoint(self) -> dict[str, Any]:
        """Return all that a run needs to go on. Random numbers have no state: they
        follow from seed, epoch and shard.
        """
        return {
            "step": self.step,
            "seconds": self.seconds(),
            "network": self.network.state_dict(),
            "optimizer": self.optimizer.state_dict(),
            "history": [tuple(row) for row in self.history],
        }

    # --8<-- [end:checkpoint]

    # --8<-- [start:restore]
    def restore(self, kept: dict[str, Any]) -> None:
        """Take over everything from a checkpoint."""
        if kept["step"] > self.steps:
            done = -(-kept["step"] // self.train.steps)
            asked = f"--epochs {self.settings.epochs}: {done} are done"
            raise ValueError(f"{asked}; choose as many or more")
        self.network.load_state_dict(kept["network"])
        self.optimizer.load_state_dict(kept["optimizer"])
        self.history = [Epoch(*row) for row in kept["history"]]
        self.step, self.started = kept["step"], self.started - kept["seconds"]

    # --8<-- [end:restore]
