"""What a run tells: how far it is while it works, and what it found."""

import csv
import io
from collections.abc import Iterable
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Any, NamedTuple

from torch import nn
from tqdm import tqdm


class Epoch(NamedTuple):
    """Where the weights stand, after an epoch as a rule."""

    epoch: int
    step: int
    images: int  # pictures that the gradients so far are of
    seconds: float  # of training alone
    train_loss: float
    test_loss: float
    gap: float | None  # train_loss / optimum − 1; None where the optimum is zero


@dataclass
class Report:
    """Losses are squared errors per pixel on the shifted pictures, computed from exact second moments."""

    train_loss: float
    test_loss: float
    optimum: float  # the smallest possible train_loss
    optimum_test: float  # the test loss of the network that has it
    gap: float | None
    parameters: int
    ranks: tuple[int, ...] | None
    seconds: float  # of everything: reading, moment, optimum, training
    seconds_moments: float
    seconds_optimum: float
    seconds_training: float
    images_per_second: float
    device: str
    processes: int
    finished: bool  # False after Ctrl-C
    out: Path | None
    history: tuple[Epoch, ...] = field(repr=False)
    network: nn.Module = field(repr=False)  # on the CPU, in float64
    best: nn.Module = field(repr=False)  # the optimum

    def record(self) -> dict[str, Any]:
        """Return what JSON can hold: no history, no weights."""
        kept = {
            each.name: getattr(self, each.name) for each in fields(self) if each.repr
        }
        return kept | {"out": self.out and str(self.out)}

    def summary(self) -> str:
        """Return two lines for a person."""
        losses = f"train {self.train_loss:.6f}  test {self.test_loss:.6f}  optimum {self.optimum:.6f}"
        where = f"; {self.out}" if self.out else ""
        spent = f"{self.parameters:,} parameters, {self.seconds:.1f} s on {self.device}"
        return f"{losses}  {gap_text(self.train_loss, self.gap)}\n{spent}{where}"


def table(history: Iterable[Epoch]) -> str:
    """Return the epochs as comma-separated values."""
    text = io.StringIO()
    csv.writer(text, lineterminator="\n").writerows([Epoch._fields, *history])
    return text.getvalue()


def gap_of(loss: float, optimum: float, scale: float) -> float | None:
    """Return loss / optimum − 1, or None where the optimum is zero up to rounding, measured by the loss of nothing."""
    return loss / optimum - 1 if optimum > 1e-9 * scale else None


def gap_text(loss: float, gap: float | None) -> str:
    """Write the gap, or how far above zero the loss is where the optimum is zero."""
    if gap is None:
        return f"{loss:.1e} above 0, the optimum of full rank"
    return f"gap {gap:.3%}"


class Progress:
    """Writes a bar on a terminal, a line an epoch anywhere else, and without a stream nothing."""

    def __init__(self, stream: Any = None) -> None:
        """Remember where to write."""
        self.stream = stream

    def say(self, line: str) -> None:
        """Write the line."""
        if self.stream is not None:
            print(line, file=self.stream, flush=True)

    def start(self, steps: int, done: int) -> None:
        """Draw the empty bar, of so many steps in all, some of which an earlier run did."""
        hidden = self.stream is None or not self.stream.isatty()
        look = {"unit": "step", "dynamic_ncols": True, "file": self.stream}
        self.bar = tqdm(total=steps, initial=done, disable=hidden, **look)

    def moved(self, now: Epoch, *, ended: bool) -> None:
        """Draw the bar anew, or write a line where it is the end of an epoch."""
        loss = f"loss {now.train_loss:.6f}  {gap_text(now.train_loss, now.gap)}"
        speed = f"{now.images / max(now.seconds, 1e-9):,.0f} images/s"
        self.bar.n = now.step
        self.bar.set_postfix_str(f"{loss}  {speed}")
        if ended and self.bar.disable:
            step = f"epoch {now.epoch:>3}  step {now.step:>6}/{self.bar.total}"
            self.say(f"{step}  {loss}  test {now.test_loss:.6f}  {speed}")

    def close(self) -> None:
        """Leave the bar as it is, and begin a new line."""
        self.bar.close()
