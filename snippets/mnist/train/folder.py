"""The folder of a run: settings and surroundings, the table of epochs, checkpoint, model, drawings, report."""

import csv
import dataclasses
import io
import json
import os
import pickle
import platform
import subprocess
import sys
from collections.abc import Iterable
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import Any

import torch
from torch import nn

from snippets.mnist.data import ROOT, write_atomically
from snippets.mnist.train.networks import build
from snippets.mnist.train.parallel import Group, describe
from snippets.mnist.train.report import Epoch, Report
from snippets.mnist.train.settings import Settings

FREE = (
    "out",
    "resume",
    "device",
    "epochs",
    "compile",
)  # settings in which a continuation may differ
NAMES = (
    "settings.json",
    "history.csv",
    "last.pt",
    "model.pt",
    "report.json",
    "curves-light.svg",
    "curves-dark.svg",
    "reconstructions-light.svg",
    "reconstructions-dark.svg",
)


def table(history: Iterable[Epoch]) -> str:
    """Return the epochs as comma-separated values."""
    text = io.StringIO()
    rows = csv.writer(text, lineterminator="\n")
    rows.writerow(field.name for field in dataclasses.fields(Epoch))
    rows.writerows(dataclasses.astuple(row) for row in history)
    return text.getvalue()


# --8<-- [start:load]
def load(folder: str | Path) -> nn.Module:
    """Return the network of a run, on the CPU in single precision, with the weights
    that had the least loss.
    """
    held = read(Path(folder) / "model.pt", torch.device("cpu"))
    network = build(held["model"], held["rank"], held["ranks"], 0).float()
    network.load_state_dict(held["weights"])
    return network.requires_grad_(False)
    # --8<-- [end:load]


def read(file: Path, device: torch.device) -> dict[str, Any]:
    """Read what `torch.save` wrote; raises ValueError where it is damaged."""
    try:
        return torch.load(file, map_location=device, weights_only=True)
    except (RuntimeError, EOFError, pickle.UnpicklingError, ValueError) as error:
        reason = str(error).splitlines()[0] if str(error) else type(error).__name__
        raise ValueError(
            f"{file} is damaged ({reason}); delete the folder and start the run again"
        ) from error


class Folder:
    """Writes for the first process; without a path, nothing."""

    def __init__(self, settings: Settings, group: Group) -> None:
        """Refuse a folder that holds another run, or files that a run would overwrite; nothing is written yet."""
        self.path, self.settings, self.ranks = settings.out, settings, settings.ranks
        self.writes = settings.out is not None and group.rank == 0
        problem = group.tell(self.problem() if self.writes else None)
        if problem:
            raise ValueError(problem)

    def problem(self) -> str | None:
        """Return why this folder cannot be used, or None."""
        held = self.path / "settings.json"
        if not self.settings.resume:
            taken = [name for name in NAMES if (self.path / name).exists()]
            if held.exists():
                return f"{self.path} holds a run already: continue it with --resume, or name another --out"
            return (
                f"{self.path / taken[0]} is there and would be overwritten: name another --out"
                if taken
                else None
            )
        if not held.exists():
            return f"{self.path} holds no run to resume: leave out --resume, or name the folder of a run"
        theirs, ours = (
            json.loads(held.read_text())["settings"],
            json.loads(json.dumps(self.settings.record())),
        )
        for name in ours:
            if name not in FREE and theirs.get(name) != ours[name]:
                return (
                    f"{self.path} holds another run, with {name} {theirs.get(name)}, not {ours[name]}: "
                    "resume with its settings, or name another --out"
                )
        return None

    def begin(
        self, device: torch.device, group: Group, ranks: tuple[int, ...] | None
    ) -> None:
        """Make the folder, now that all that was asked for is there, and write down what is about to run, and where."""
        self.ranks = ranks
        if self.writes and not (
            self.settings.resume and (self.path / "settings.json").exists()
        ):
            record = {"settings": self.settings.record(), **surroundings(device, group)}
            self.write("settings.json", json.dumps(record, indent=2) + "\n")

    def write(self, name: str, content: str | bytes) -> None:
        """Write a file whole or not at all; raises OSError with what to do where the disk is full."""
        try:
            write_atomically(self.path / name, content)
        except OSError as error:
            raise OSError(
                f"{self.path / name} could not be written: {error.strerror or error}; what was there before is whole. "
                "Make room and --resume; or copy the folder to where there is room, name that with --out, and --resume"
            ) from error

    def checkpoint(self, device: torch.device) -> dict[str, Any] | None:
        """Return the last checkpoint, or None where the run was ended before its first one."""
        file = self.path / "last.pt"
        return read(file, device) if file.exists() else None

    def save(self, state: dict[str, Any], history: list[Epoch]) -> None:
        """Write the last checkpoint, and the table of epochs."""
        if self.writes:
            self.write("last.pt", as_bytes(state))
            self.write("history.csv", table(history))

    def save_model(self, network: nn.Module) -> None:
        """Write the weights with what is needed to build the network around them."""
        if self.writes:
            weights = {
                name: value.cpu() for name, value in network.state_dict().items()
            }
            held = {
                "model": self.settings.model,
                "rank": self.settings.rank,
                "ranks": self.ranks,
            }
            self.write(
                "model.pt",
                as_bytes(
                    held | {"weights": weights, "settings": self.settings.record()}
                ),
            )

    def finish(self, report: Report, samples: torch.Tensor) -> None:
        """Write the report and the drawings."""
        if not self.writes:
            return
        from snippets.mnist.train.drawings import (
            drawings,  # here, as matplotlib takes a second to import
        )

        if not report.history:
            self.save_model(report.network)
        self.write("history.csv", table(report.history))
        self.write("report.json", json.dumps(report.record(), indent=2) + "\n")
        for name, svg in drawings(samples, report):
            self.write(name, svg)


def as_bytes(state: dict[str, Any]) -> bytes:
    """Return what `torch.save` would write."""
    stream = io.BytesIO()
    torch.save(state, stream)
    return stream.getvalue()


def surroundings(device: torch.device, group: Group) -> dict[str, Any]:
    """Return what a run's numbers depend on besides its settings."""
    versions = {
        name: version(name) for name in ("torch", "numpy", "matplotlib", "tqdm")
    }
    return {
        "device": describe(device),
        "processes": group.size,
        "threads": torch.get_num_threads(),
        "machine": f"{platform.machine()} {platform.system()}, {os.cpu_count()} cores",
        "versions": {"python": platform.python_version(), **versions},
        "git": revision(),
        "command": sys.argv,
        "started": datetime.now(UTC).isoformat(timespec="seconds"),
    }


def revision() -> str | None:
    """Return the git revision of the book, with + where files differ from it; None without git."""
    command = [
        "git",
        "-C",
        str(ROOT),
        "describe",
        "--always",
        "--abbrev=40",
        "--dirty=+",
        "--exclude=*",
    ]
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=20)
    except (OSError, subprocess.TimeoutExpired):
        return None
    return done.stdout.strip() or None


def default_path(settings: Settings) -> Path:
    """Return a folder in runs/ that is named after the run and the time."""
    stamp = datetime.now(UTC).strftime("%Y%m%d-%H%M%S-%f")[:-3]
    return ROOT / "runs" / f"{settings.model}-{settings.method}-{stamp}"
