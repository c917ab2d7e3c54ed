"""The training loop."""

import contextlib
import dataclasses
import math
import signal
import time
from collections.abc import Callable, Iterator

import torch
from torch import Tensor, nn
from torch.nn.parallel import DistributedDataParallel

from snippets.mnist.train.folder import Folder
from snippets.mnist.train.optimum import exact_loss
from snippets.mnist.train.parallel import Group, wait
from snippets.mnist.train.pictures import Pictures
from snippets.mnist.train.progress import Watch
from snippets.mnist.train.report import Epoch, gap_of
from snippets.mnist.train.settings import Settings

SAVE_SECONDS = 20.0  # at most so much work is lost when the process is killed
SHOW_SECONDS, PATIENCE = (
    0.5,
    20,
)  # between two looks at the loss, and how many times what a look takes
WARM_UP = 0.05  # the part of the steps in which the rate rises


# --8<-- [start:ingredients]
def squared_error(output: Tensor, x: Tensor) -> Tensor:
    """Return the sum over pictures and pixels."""
    return (output - x).square().sum()


def optimizer_of(settings: Settings, network: nn.Module) -> torch.optim.Optimizer:
    """Return the optimizer of that name."""
    if settings.optimizer == "adam":
        return torch.optim.Adam(network.parameters(), lr=settings.lr)
    return torch.optim.SGD(
        network.parameters(), lr=settings.lr, momentum=0.9, nesterov=True
    )


def schedule(done: float) -> float:
    """Return the part of the rate when this part of the steps is done: up for a moment,
    then down to 0.
    """
    return min(1.0, done / WARM_UP) * (1 - done) / (1 - min(done, WARM_UP))
    # --8<-- [end:ingredients]


@contextlib.contextmanager
def wish_to_stop() -> Iterator[list[bool]]:
    """Let Ctrl-C and SIGTERM only note a wish; a second one interrupts at once."""
    asked: list[bool] = []

    def ask(number: int, frame: object) -> None:
        if asked:
            raise KeyboardInterrupt
        asked.append(True)

    before = {
        number: signal.signal(number, ask) for number in (signal.SIGINT, signal.SIGTERM)
    }
    try:
        yield asked
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


class Training:
    """A network on its way, and everything that a checkpoint holds."""

    def __init__(
        self,
        settings: Settings,
        network: nn.Module,
        train: Pictures,
        moments: tuple[Tensor, Tensor],
        optimum: float,
        folder: Folder,
        group: Group,
        watch: Watch,
        error: Callable[[Tensor, Tensor], Tensor] = squared_error,
    ) -> None:
        """Start, or go on from the folder's last checkpoint."""
        self.settings, self.network, self.train, self.moments, self.optimum = (
            settings,
            network,
            train,
            moments,
            optimum,
        )
        self.folder, self.group, self.watch, self.error = folder, group, watch, error
        self.optimizer = optimizer_of(settings, network)
        self.step, self.seconds, self.best, self.history = 0, 0.0, math.inf, []
        self.steps = train.steps * settings.epochs
        if settings.resume:
            self.restore(folder.checkpoint(train.device))
        self.forward = self.wrapped()
        self.started = self.shown = self.saved = time.perf_counter()
        self.cost = 0.0

    # --8<-- [start:wrapped]
    def wrapped(self) -> nn.Module:
        """Return the network as the steps call it: compiled if asked for, its gradients
        averaged over processes.
        """
        forward = torch.compile(self.network) if self.settings.compile else self.network
        return DistributedDataParallel(forward) if self.group.size > 1 else forward

    # --8<-- [end:wrapped]

    # --8<-- [start:advance]
    def advance(self, x: Tensor, count: int) -> None:
        """Take a step on this process's part x of a batch of `count` pictures."""
        for part in self.optimizer.param_groups:
            part["lr"] = self.settings.lr * schedule((self.step + 0.5) / self.steps)
        self.optimizer.zero_grad(set_to_none=True)
        half = self.settings.precision == "bfloat16"
        with torch.autocast(x.device.type, torch.bfloat16, enabled=half):
            error = self.error(self.forward(x), x)
        (
            error * self.group.size / (784 * count)
        ).backward()  # DDP takes the mean over processes
        self.optimizer.step()
        self.step += 1

    def run(self) -> None:
        """Train to the end, or until Ctrl-C."""
        self.watch.start(self.steps, self.step)
        with wish_to_stop() as asked:
            for epoch in range(self.step // self.train.steps, self.settings.epochs):
                for x, count in self.train.batches(
                    epoch, self.step - epoch * self.train.steps
                ):
                    self.advance(x, count)
                    self.look()
                    if self.group.agree(bool(asked)) and self.step < self.steps:
                        return self.save()
        return self.save()

    # --8<-- [end:advance]

    def elapsed(self) -> float:
        """Return the seconds of training so far, those before a resume included."""
        wait(self.train.device)
        return self.seconds + time.perf_counter() - self.started

    def look(self) -> None:
        """At the end of an epoch, and now and then for the progress, compare with the optimum; save at times."""
        clock, ended = time.perf_counter(), self.step % self.train.steps == 0
        if ended or clock - self.shown > max(SHOW_SECONDS, PATIENCE * self.cost):
            now = self.standing()
            if ended:
                self.note(now)
            self.watch.moved(now, ended=ended)
            self.shown = time.perf_counter()
            self.cost = self.shown - clock
        if ended or time.perf_counter() - self.saved > SAVE_SECONDS:
            self.save()

    # --8<-- [start:standing]
    def standing(self) -> Epoch:
        """Return where the weights stand. Raises ValueError where they have run
        away.
        """
        seconds, (train, test) = (
            self.elapsed(),
            (exact_loss(self.network, moment) for moment in self.moments),
        )
        nothing = (
            float(self.moments[0].trace()) / 784
        )  # the loss of the map that sends everything to zero
        if not train < 100 * nothing:
            usual = self.settings.defaults()[2]
            lower = (
                f"the default is {usual:g}"
                if self.settings.lr > usual
                else "take a tenth of it"
            )
            raise ValueError(
                f"the training diverged at step {self.step} "
                f"with --lr {self.settings.lr:g}: {lower}"
            )
        epoch, rest = divmod(self.step, self.train.steps)
        images = epoch * self.train.count + rest * self.settings.batch_size
        gap = gap_of(train, self.optimum, nothing)
        return Epoch(epoch, self.step, images, seconds, train, test, gap)

    # --8<-- [end:standing]

    def note(self, now: Epoch) -> None:
        """Add a row to the history, and keep the weights if there were none better."""
        self.history.append(now)
        if now.train_loss < self.best:
            self.best = now.train_loss
            self.folder.save_model(self.network)

    # --8<-- [start:checkpoint]
    def save(self) -> None:
        """Write a checkpoint. Random numbers have no state: they follow from seed,
        epoch and shard.
        """
        self.saved = time.perf_counter()
        self.folder.save(
            {
                "network": self.network.state_dict(),
                "optimizer": self.optimizer.state_dict(),
                "step": self.step,
                "seconds": self.elapsed(),
                "best": self.best,
                "history": [dataclasses.astuple(row) for row in self.history],
            },
            self.history,
        )

    def restore(self, state: dict | None) -> None:
        """Take over everything from a checkpoint, if there is one."""
        if state is None:
            return
        if state["step"] > self.steps:
            done = -(-state["step"] // self.train.steps)
            raise ValueError(
                f"--epochs {self.settings.epochs}: {done} are done; "
                "choose as many or more"
            )
        self.network.load_state_dict(state["network"])
        self.optimizer.load_state_dict(state["optimizer"])
        self.step, self.seconds, self.best = (
            state["step"],
            state["seconds"],
            state["best"],
        )
        self.history = [Epoch(*row) for row in state["history"]]

    # --8<-- [end:checkpoint]
