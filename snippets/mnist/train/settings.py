"""What a run is asked for: checked at once, and with every default filled in."""

import dataclasses
import math
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from snippets.mnist.ranks import RANKS, total_rank

MODELS = ("dense", "equivariant", "semi-equivariant", "invariant")
METHODS = ("exact", "gradient", "gram")
OPTIMIZERS = ("scaled", "adam", "sgd")
KINDS = ("continuous", "cyclic")
DEVICES = ("auto", "cpu", "cuda", "mps")
PRECISIONS = ("float32", "float64", "bfloat16")
CHOICES = {
    "model": MODELS, "method": METHODS, "optimizer": OPTIMIZERS,
    "shift_kind": KINDS, "device": DEVICES, "precision": PRECISIONS,
}
BY_FREQUENCY = ("equivariant", "semi-equivariant")
LARGEST_RANK = {"dense": 784, "equivariant": 784, "semi-equivariant": 784, "invariant": 28}

# Epochs, rate and batch, chosen by measurement on the digits: `python -m bench training` prints where they end.
# Gradient descent with momentum diverges at twice its rate, as the largest eigenvalue, of the mean picture, is large.
DEFAULTS = {
    ("exact", "scaled"): (0, 1.0, 500),
    ("gradient", "scaled"): (3, 0.3, 1000),
    ("gradient", "adam"): (8, 0.01, 128),
    ("gradient", "sgd"): (30, 0.005, 128),
    ("gram", "scaled"): (60, 1.0, 500),
    ("gram", "adam"): (2000, 0.01, 500),
    ("gram", "sgd"): (2000, 0.005, 500),
}


@dataclass(frozen=True)
class Settings:
    """One run. What is None gets the default of the model and the method; bad values raise ValueError."""

    model: str = "equivariant"
    ranks: str | tuple[int, ...] | None = None  # paper, equal, high-pass, best, or up to 15 numbers
    rank: int | None = None  # 99, for the invariant network 28
    shift: float = 5.6  # pixels to either side
    shift_kind: str = "continuous"
    method: str = "gradient"
    optimizer: str = "scaled"
    epochs: int | None = None  # for the method gram: steps
    batch_size: int | None = None
    lr: float | None = None
    seed: int = 0
    device: str = "auto"
    precision: str = "float32"
    compile: bool = False
    data: Path | None = None
    out: Path | None = None  # no folder is written where it is None
    resume: bool = False

    def __post_init__(self) -> None:
        """Check every value and fill in what was left open."""
        for name, choices in CHOICES.items():
            if getattr(self, name) not in choices:
                raise ValueError(f"{name} {getattr(self, name)!r}: choose from {', '.join(choices)}")
        self._set("rank", self._checked_rank())
        self._set("ranks", self._checked_ranks())
        self._check_numbers()
        optimizer = "scaled" if self.method == "exact" else self.optimizer
        defaults = DEFAULTS[self.method, optimizer]
        for name, default in zip(("epochs", "lr", "batch_size"), defaults, strict=True):
            self._set(name, default if getattr(self, name) is None else getattr(self, name))
        self._check_method()

    def _set(self, name: str, value: object) -> None:
        object.__setattr__(self, name, value)

    def _checked_rank(self) -> int:
        most = LARGEST_RANK[self.model]
        rank = min(99, most) if self.rank is None else self.rank
        if not 1 <= rank <= most:
            raise ValueError(f"rank {rank}: choose from 1 to {most} for the {self.model} network")
        return rank

    def _checked_ranks(self) -> str | tuple[int, ...] | None:
        if self.model not in BY_FREQUENCY:
            if self.ranks is not None:
                raise ValueError(f"ranks: the {self.model} network has none by frequency; give rank alone")
            return None
        ranks = "paper" if self.ranks is None else self.ranks
        if ranks == "best":
            return ranks
        numbers = rank_vector(ranks)
        if total_rank(numbers) != self.rank:
            text, total = ranks_text(ranks), total_rank(numbers)
            found = f"ranks {text}: r_0 + r_14 + 2 (r_1 + … + r_13) is {total}, not {self.rank}"
            raise ValueError(f"{found}; change a rank, or give rank {total}")
        return ranks if isinstance(ranks, str) and ranks in RANKS else numbers

    def _check_numbers(self) -> None:
        if not (math.isfinite(self.shift) and 0 <= self.shift <= 28):
            raise ValueError(f"shift {self.shift}: choose from 0 to 28 pixels")
        if self.batch_size is not None and self.batch_size < 1:
            raise ValueError(f"batch_size {self.batch_size}: choose 1 or more")
        if self.epochs is not None and self.epochs < (self.method != "exact"):
            raise ValueError(f"epochs {self.epochs}: choose 1 or more")
        if self.lr is not None and not (math.isfinite(self.lr) and self.lr > 0):
            raise ValueError(f"lr {self.lr}: choose a positive number")
        if not 0 <= self.seed < 2**63:
            raise ValueError(f"seed {self.seed}: choose from 0 to 2^63 − 1")

    def _check_method(self) -> None:
        if self.precision == "bfloat16" and self.method != "gradient":
            raise ValueError(f"precision bfloat16: only for the method gradient, not {self.method}; take float32")
        if self.resume and self.out is None:
            raise ValueError("resume: name the folder of the run with out")

    def record(self) -> dict[str, Any]:
        """Return the settings as JSON can hold them."""
        values = dataclasses.asdict(self)
        return {name: str(value) if isinstance(value, Path) else value for name, value in values.items()}


def rank_vector(ranks: str | tuple[int, ...]) -> tuple[int, ...]:
    """Return the 15 ranks that a name or a list means; zeros at the end may be left out."""
    if isinstance(ranks, str):
        if ranks in RANKS:
            return RANKS[ranks]
        try:
            ranks = tuple(int(part) for part in ranks.split(","))
        except ValueError:
            names = ", ".join([*RANKS, "best"])
            raise ValueError(f"ranks {ranks!r}: choose {names}, or give whole numbers like 13,10,9") from None
    return (*ranks, *[0] * (15 - len(ranks)))


def ranks_text(ranks: str | tuple[int, ...]) -> str:
    """Write ranks as the command line takes them."""
    return ranks if isinstance(ranks, str) else ",".join(map(str, ranks))
