"""The training loop."""

import contextlib
import signal
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

import torch
from torch import Tensor, nn
from torch.nn.parallel import DistributedDataParallel

from snippets.mnist.train.folder import Folder, read
from snippets.mnist.train.optimum import exact_loss
from snippets.mnist.train.pictures import Pictures
from snippets.mnist.train.report import Epoch, Progress, gap_of, table
from snippets.mnist.train.settings import Settings

SAVE_SECONDS = 20.0  # at most so much work is lost when the process is killed
SHOW_SECONDS = 0.5  # between two looks at the loss …
PATIENCE = 20  # … and how many times what a look takes
WARM_UP = 0.05  # the part of the steps in which the rate rises


# --8<-- [start:ingredients]
def squared_error(output: Tensor, x: Tensor) -> Tensor:
    """Return the sum over pictures and pixels."""
    return (output - x).square().sum()


def optimizer_of(settings: Settings, network: nn.Module) -> torch.optim.Optimizer:
    """Return the optimizer of that name."""
    weights, lr = network.parameters(), settings.lr
    if settings.optimizer == "adam":
        return torch.optim.Adam(weights, lr=lr)
    return torch.optim.SGD(weights, lr=lr, momentum=0.9, nesterov=True)


def schedule(done: float) -> float:
    """Return the part of the rate when this part of the steps is done."""
    return min(1.0, done / WARM_UP) * (1 - done) / (1 - min(done, WARM_UP))
    # --8<-- [end:ingredients]


@contextlib.contextmanager
def wish_to_stop() -> Iterator[list[int]]:
    """Let Ctrl-C and SIGTERM only note a wish; a second one interrupts at once."""
    asked: list[int] = []

    def ask(number: int, frame: object) -> None:
        if asked:
            raise KeyboardInterrupt
        asked.append(number)

    numbers = signal.SIGINT, signal.SIGTERM
    before = [signal.signal(number, ask) for number in numbers]
    try:
        yield asked
    finally:
        for number, handler in zip(numbers, before, strict=True):
            signal.signal(number, handler)


@dataclass
class Training:
    """A network on its way, and everything that a checkpoint holds."""

    settings: Settings
    network: nn.Module
    train: Pictures
    moments: list[Tensor]
    optimum: float
    folder: Folder
    progress: Progress
    error: Callable[[Tensor, Tensor], Tensor] = squared_error
    step: int = 0
    history: list[Epoch] = field(default_factory=list)

    def __post_init__(self) -> None:
        """Start, or go on from the folder's last checkpoint."""
        self.optimizer = optimizer_of(self.settings, self.network)
        self.steps = self.train.steps * self.settings.epochs
        self.started = clock = time.perf_counter()
        self.next_look, self.next_save = clock + SHOW_SECONDS, clock + SAVE_SECONDS
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

    def run(self) -> None:
        """Train to the end, or until Ctrl-C."""
        self.progress.start(self.steps, self.step)
        with wish_to_stop() as asked, contextlib.closing(self.progress):
            while self.step < self.steps:
                epoch, done = divmod(self.step, self.train.steps)
                for x, count in self.train.batches(epoch, skip=done):
                    self.advance(x, count)
                    self.look()
                    if self.train.group.add(torch.tensor(len(asked))):
                        self.save()
                        return

    # --8<-- [end:advance]

    def seconds(self) -> float:
        """Return the seconds of training so far, those before a resume included."""
        return time.perf_counter() - self.started

    def look(self) -> None:
        """At the end of an epoch, and now and then for the progress, compare with the optimum; save at times."""
        clock, ended = time.perf_counter(), self.step % self.train.steps == 0
        if ended or clock > self.next_look:
            now = self.standing()
            if ended:
                self.history.append(now)
                if now.train_loss == min(row.train_loss for row in self.history):
                    self.folder.save_model(self.network)
            self.progress.moved(now, ended=ended)
            shown = time.perf_counter()
            self.next_look = shown + max(SHOW_SECONDS, PATIENCE * (shown - clock))
        if ended or time.perf_counter() > self.next_save:
            self.save()

    # --8<-- [start:standing]
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

    # --8<-- [end:standing]

    # --8<-- [start:checkpoint]
    def save(self) -> None:
        """Write a checkpoint. Random numbers have no state: they follow from seed,
        epoch and shard.
        """
        self.next_save = time.perf_counter() + SAVE_SECONDS
        kept = {
            "step": self.step,
            "seconds": self.seconds(),
            "network": self.network.state_dict(),
            "optimizer": self.optimizer.state_dict(),
            "history": [tuple(row) for row in self.history],
        }
        self.folder.write("last.pt", kept)
        self.folder.write("history.csv", table(self.history))

    # --8<-- [end:checkpoint]

    # --8<-- [start:restore]
    def restore(self, kept: dict) -> None:
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
