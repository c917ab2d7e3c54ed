"""What a run found."""

import json
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from snippets.mnist.train.networks import Network


@dataclass(frozen=True)
class Epoch:
    """Where the weights stood after an epoch (for the method gram: after some steps)."""

    epoch: int
    step: int
    images: int  # pictures that the gradients so far are of; for the method gram, all of them at each step
    seconds: float  # of training alone, without the moments and the optimum
    train_loss: float
    test_loss: float
    gap: float  # train_loss / optimum − 1


@dataclass(frozen=True)
class Report:
    """Losses are squared errors per pixel on the shifted pictures, computed from exact second moments."""

    train_loss: float
    test_loss: float
    optimum: float  # the smallest possible train_loss
    optimum_test: float  # the test loss of the network that has it
    gap: float  # train_loss / optimum − 1
    parameters: int
    ranks: tuple[int, ...] | None
    seconds: float  # of everything: reading, moments, optimum, training
    seconds_moments: float  # of reading, shifting and the second moments
    seconds_optimum: float
    seconds_training: float
    images_per_second: float
    device: str
    processes: int
    finished: bool  # False after Ctrl-C
    history: tuple[Epoch, ...] = field(repr=False)
    network: Network = field(repr=False)  # on the CPU, in float64
    best: Network = field(repr=False)  # the optimum
    out: Path | None = None

    def record(self) -> dict[str, Any]:
        """Return what JSON can hold: no history, no weights."""
        left_out = ("history", "network", "best", "out")
        values = {name: value for name, value in vars(self).items() if name not in left_out}
        return values | {"out": None if self.out is None else str(self.out)}

    def json(self) -> str:
        """Return the record as one line of JSON."""
        return json.dumps(self.record())
