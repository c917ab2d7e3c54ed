"""The folder of a run: its settings and surroundings, the table of epochs, checkpoints, drawings, the report."""

import csv
import dataclasses
import io
import json
import os
import platform
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import matplotlib
import numpy
import torch
import tqdm

from snippets.mnist.data import ROOT
from snippets.mnist.train import checkpoints, devices
from snippets.mnist.train.drawings import curves, drawn, reconstructions
from snippets.mnist.train.networks import Network
from snippets.mnist.train.processes import Group
from snippets.mnist.train.report import Epoch, Report
from snippets.mnist.train.settings import Settings

FREE = ("out", "resume", "device")  # settings in which a continuation may differ


class Folder:
    """Writes for the first process; without a path, nothing."""

    def __init__(self, settings: Settings, device: torch.device, group: Group) -> None:
        """Refuse a folder that holds another run, and one that holds a run at all unless it is to be continued."""
        self.path, self.device = settings.out, device
        self.writes = settings.out is not None and group.rank == 0
        if self.path is not None:
            self.check(settings)
        group.tell(None)  # so that no process looks for a run in what the first one is about to write
        if self.writes and not settings.resume:
            self.begin(settings, device, group)

    def file(self, name: str) -> Path:
        """Return the path of a file in the folder."""
        return self.path / name

    def check(self, settings: Settings) -> None:
        """Compare with the settings that the folder holds; raises ValueError."""
        held = self.file("settings.json")
        if not settings.resume:
            if held.exists():
                raise ValueError(f"{self.path} holds a run already: continue it with --resume, or name another --out")
            return
        if not held.exists():
            raise ValueError(f"{self.path} holds no run to resume: leave out --resume, or name the folder of a run")
        theirs, ours = json.loads(held.read_text())["settings"], json.loads(json.dumps(settings.record()))
        for name in ours:
            if name not in FREE and theirs.get(name) != ours[name]:
                raise ValueError(
                    f"{self.path} holds another run, with {name} {theirs.get(name)}, not {ours[name]}: "
                    "resume with its settings, or name another --out"
                )

    def begin(self, settings: Settings, device: torch.device, group: Group) -> None:
        """Make the folder and write down what is about to run, and where."""
        try:
            self.path.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise OSError(f"{self.path} could not be made: {error.strerror}; name another folder with --out") from error
        record = {"settings": settings.record(), **surroundings(device, group)}
        checkpoints.write(self.file("settings.json"), json.dumps(record, indent=2) + "\n")

    def checkpoint(self, device: torch.device) -> dict[str, Any] | None:
        """Return the last checkpoint, or None where the run was ended before its first one."""
        file = self.file("last.pt")
        return checkpoints.load(file, device) if file.exists() else None

    def save(self, state: dict[str, Any], history: list[Epoch]) -> None:
        """Write the last checkpoint, and the table of epochs."""
        if not self.writes:
            return
        checkpoints.save(self.file("last.pt"), state)
        self.table(history)

    def save_best(self, network: Network) -> None:
        """Write the weights with the smallest training loss so far."""
        if self.writes:
            checkpoints.save(self.file("best.pt"), network.state_dict())

    def table(self, history: list[Epoch]) -> None:
        """Write the epochs as comma-separated values."""
        text = io.StringIO()
        rows = csv.writer(text, lineterminator="\n")
        rows.writerow(field.name for field in dataclasses.fields(Epoch))
        rows.writerows(dataclasses.astuple(row) for row in history)
        checkpoints.write(self.file("history.csv"), text.getvalue())

    def finish(self, report: Report, samples: torch.Tensor) -> None:
        """Write the report and the drawings; the exact method trains nothing, so its weights are all it saves."""
        if not self.writes:
            return
        if not report.history:
            self.save_best(report.network)
            self.table([])
        checkpoints.write(self.file("report.json"), json.dumps(report.record(), indent=2) + "\n")
        figures = {"reconstructions": lambda: reconstructions(samples, report)}
        if report.history:
            figures["curves"] = lambda: curves(report)
        for name, figure in figures.items():
            for mode, svg in drawn(figure):
                checkpoints.write(self.file(f"{name}-{mode}.svg"), svg)


def surroundings(device: torch.device, group: Group) -> dict[str, Any]:
    """Return what a run's numbers depend on besides its settings."""
    versions = {
        "python": platform.python_version(), "torch": torch.__version__, "numpy": numpy.__version__,
        "matplotlib": matplotlib.__version__, "tqdm": tqdm.__version__,
    }
    return {
        "device": devices.describe(device), "processes": group.size, "threads": torch.get_num_threads(),
        "machine": f"{platform.machine()} {platform.system()}, {os.cpu_count()} cores", "versions": versions,
        "git": revision(), "command": sys.argv, "started": datetime.now(UTC).isoformat(timespec="seconds"),
    }


def revision() -> str | None:
    """Return the git revision of the book, with + where files differ from it; None without git."""
    command = ["git", "-C", str(ROOT), "describe", "--always", "--abbrev=40", "--dirty=+", "--exclude=*"]
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=20)
    except (OSError, subprocess.TimeoutExpired):
        return None
    return done.stdout.strip() or None


def default_path(settings: Settings) -> Path:
    """Return a folder in runs/ that is named after the run and the time."""
    stamp = datetime.now(UTC).strftime("%Y%m%d-%H%M%S-%f")[:-3]
    return ROOT / "runs" / f"{settings.model}-{settings.method}-{stamp}"
