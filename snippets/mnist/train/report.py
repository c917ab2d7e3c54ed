"""What a run found."""

import json
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from torch import nn


@dataclass(frozen=True)
class Epoch:
    """Where the weights stood after an epoch."""

    epoch: int
    step: int
    images: int  # pictures that the gradients so far are of
    seconds: float  # of training alone
    train_loss: float
    test_loss: float
    gap: float | None  # train_loss / optimum − 1; None where the optimum is zero


@dataclass(frozen=True)
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
    history: tuple[Epoch, ...] = field(repr=False)
    network: nn.Module = field(repr=False)  # on the CPU, in float64
    best: nn.Module = field(repr=False)  # the optimum
    out: Path | None = None

    def record(self) -> dict[str, Any]:
        """Return what JSON can hold: no history, no weights."""
        left_out = ("history", "network", "best", "out")
        values = {
            name: value for name, value in vars(self).items() if name not in left_out
        }
        return values | {"out": None if self.out is None else str(self.out)}

    def json(self) -> str:
        """Return the record as one line of JSON."""
        return json.dumps(self.record())

    def summary(self) -> str:
        """Return two lines for a person."""
        losses = {
            "train": self.train_loss,
            "test": self.test_loss,
            "optimum": self.optimum,
        }
        text = "  ".join(f"{name} {value:.6f}" for name, value in losses.items())
        where = "" if self.out is None else f"; {self.out}"
        first = f"{text}  {gap_text(self.train_loss, self.gap)}\n"
        return f"{first}{self.parameters:,} parameters, {self.seconds:.1f} s on {self.device}{where}"


def gap_of(loss: float, optimum: float, scale: float) -> float | None:
    """Return loss / optimum − 1, or None where the optimum is zero up to rounding, measured by the loss of nothing."""
    return loss / optimum - 1 if optimum > 1e-9 * scale else None


def gap_text(loss: float, gap: float | None) -> str:
    """Write the gap, or how far above zero the loss is where the optimum is zero."""
    return (
        f"{loss:.1e} above 0, the optimum of full rank"
        if gap is None
        else f"gap {gap:.3%}"
    )
