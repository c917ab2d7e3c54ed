"""The folder of a run: settings and surroundings, the table of epochs, checkpoint, model, drawings, report."""

import io
import json
import os
import pickle
import platform
import subprocess
import sys
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import Any

import torch
from torch import nn

from snippets.mnist.data import ROOT, write_atomically
from snippets.mnist.train.networks import build
from snippets.mnist.train.parallel import Group, describe
from snippets.mnist.train.report import Report
from snippets.mnist.train.settings import Settings

# In which a continuation may differ.
FREE = {"out", "resume", "device", "epochs", "compile"}
NAMES = ["settings.json", "history.csv", "last.pt", "model.pt", "report.json"]
NAMES += ["curves.svg", "reconstructions.svg"]


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
    """Return what `torch.save` wrote. Raises ValueError where it is damaged."""
    try:
        return torch.load(file, map_location=device, weights_only=True)
    except (RuntimeError, EOFError, pickle.UnpicklingError, ValueError) as error:
        reason = (str(error) or repr(error)).splitlines()[0]
        remedy = "delete the folder and start the run again"
        raise ValueError(f"{file} is damaged ({reason}); {remedy}") from error


class Folder:
    """Writes for the first process; without a path, nothing."""

    def __init__(self, settings: Settings, group: Group) -> None:
        """Refuse a folder that holds another run, or files that a run would overwrite; nothing is written yet."""
        self.path, self.settings, self.ranks = settings.out, settings, settings.ranks
        self.writes = self.path is not None and group.rank == 0
        if self.path is not None and settings.resume:
            self.check_that_it_is_this_run()
        elif self.path is not None:
            self.check_that_it_is_free()

    def check_that_it_is_free(self) -> None:
        """Raise ValueError where this is no folder, or the files of this run would overwrite others."""
        if self.path.is_file():
            raise ValueError(f"{self.path} is a file: name a folder with --out")
        if (self.path / "settings.json").exists():
            remedy = "continue it with --resume, or name another --out"
            raise ValueError(f"{self.path} holds a run already: {remedy}")
        for file in (self.path / name for name in NAMES):
            if file.exists():
                remedy = "name another --out"
                raise ValueError(f"{file} is there and would be overwritten: {remedy}")

    def check_that_it_is_this_run(self) -> None:
        """Raise ValueError where the folder holds no run, or one with other settings."""
        file = self.path / "settings.json"
        if not file.exists():
            remedy = "leave out --resume, or name the folder of a run"
            raise ValueError(f"{self.path} holds no run to resume: {remedy}")
        theirs = json.loads(file.read_text())["settings"]
        for name, ours in self.settings.record().items():
            if name not in FREE and theirs.get(name) != ours:
                other = f"holds another run, with {name} {theirs.get(name)}, not {ours}"
                remedy = "resume with its settings, or name another --out"
                raise ValueError(f"{self.path} {other}: {remedy}")

    def begin(
        self, device: torch.device, group: Group, ranks: tuple[int, ...] | None
    ) -> None:
        """Make the folder, now that all that was asked for is there, and write down what is about to run, and where."""
        self.ranks = ranks
        if not self.settings.resume:
            record = {"settings": self.settings.record(), **surroundings(device, group)}
            self.write("settings.json", json.dumps(record, indent=2) + "\n")

    def write(self, name: str, content: object) -> None:
        """Write a text, or what `torch.save` makes of anything else, whole or not at all."""
        if not self.writes:
            return
        if not isinstance(content, str):
            stream = io.BytesIO()
            torch.save(content, stream)
            content = stream.getvalue()
        try:
            write_atomically(self.path / name, content)
        except OSError as error:
            problem = f"{self.path / name} could not be written: {error.strerror}"
            remedy = "Make room and --resume; or copy the folder to where there is room, and --resume with that --out"
            whole = "what was there before is whole"
            raise OSError(f"{problem}; {whole}. {remedy}") from error

    def save_model(self, network: nn.Module) -> None:
        """Write the weights with what is needed to build the network around them."""
        settings = self.settings.record()
        weights = {name: value.cpu() for name, value in network.state_dict().items()}
        held = {
            "model": settings["model"],
            "rank": settings["rank"],
            "ranks": self.ranks,
        }
        self.write("model.pt", held | {"weights": weights, "settings": settings})

    def finish(self, report: Report, samples: torch.Tensor) -> None:
        """Write the report and the drawings."""
        if not self.writes:
            return
        # here, as matplotlib takes a second to import
        from snippets.mnist.train import drawings

        if not report.history:
            self.save_model(report.network)
        self.write("report.json", json.dumps(report.record(), indent=2) + "\n")
        for name, svg in drawings.drawings(samples, report).items():
            self.write(name, svg)


def surroundings(device: torch.device, group: Group) -> dict[str, Any]:
    """Return what a run's numbers depend on besides its settings."""
    packages = ("torch", "numpy", "matplotlib", "tqdm")
    return {
        "device": describe(device),
        "processes": group.size,
        "threads": torch.get_num_threads(),
        "machine": f"{platform.machine()} {platform.system()}, {os.cpu_count()} cores",
        "versions": {
            "python": platform.python_version(),
            **{name: version(name) for name in packages},
        },
        "git": revision(),
        "command": sys.argv,
        "started": datetime.now(UTC).isoformat(timespec="seconds"),
    }


def revision() -> str | None:
    """Return the git revision of the book, with + where files differ from it; None without git."""
    command = "git describe --always --abbrev=40 --dirty=+ --exclude=*"
    done = subprocess.run(command, shell=True, cwd=ROOT, capture_output=True, text=True)
    return done.stdout.strip() or None


def new_folder(settings: Settings) -> Path:
    """Return a path in runs/, named after the run and the time."""
    stamp = datetime.now(UTC).strftime("%Y%m%d-%H%M%S-%f")[:-3]
    return ROOT / "runs" / f"{settings.model}-{settings.method}-{stamp}"
