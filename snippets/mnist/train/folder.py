"""The folder of a run: settings and surroundings, the table of epochs, checkpoint, model, drawings, report."""

import errno
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
from snippets.mnist.train.settings import Settings

# In which a continuation may differ.
FREE = {"out", "resume", "device", "epochs", "compile", "json", "csv"}
NAMES = ["settings.json", "history.csv", "last.pt", "model.pt", "report.json"]
NAMES += ["curves.svg", "reconstructions.svg"]


# --8<-- [start:load]
def load(folder: str | Path) -> nn.Module:
    """Return the network of a run, on the CPU in single precision, with the weights
    that had the least loss.
    """
    held = read(Path(folder) / "model.pt", torch.device("cpu"))
    network = build(Settings(**held["model"])).float()
    if held["class"] != type(network).__name__:
        yours = f"{folder} holds a network of your own, {held['class']}"
        raise ValueError(
            f"{yours}: make one, and load torch.load(…)['weights'] into it"
        )
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
        self.path, self.record = settings.out, settings.record()
        self.writes = self.path is not None and group.rank == 0
        if settings.resume:
            self._check_that_it_is_this_run()
        elif self.path is not None:
            for file in (self.path, *(self.path / name for name in NAMES)):
                if file.is_file():
                    remedy = "continue that run with --resume, or name another --out"
                    raise ValueError(f"{file} is there already: {remedy}")

    def _check_that_it_is_this_run(self) -> None:
        file, remedy = self.path / "settings.json", "or name another --out"
        if not file.exists():
            raise ValueError(f"{self.path} holds no run: leave out --resume, {remedy}")
        try:
            theirs = json.loads(file.read_text())["settings"]
        except (OSError, ValueError, TypeError, KeyError) as error:
            start = "delete the folder and start the run again"
            raise ValueError(f"{file} is damaged ({error}): {start}") from error
        for name, ours in self.record.items():
            if name not in FREE and theirs.get(name) != ours:
                other = f"holds another run, with {name} {theirs.get(name)}, not {ours}"
                raise ValueError(f"{self.path} {other}: use its settings, {remedy}")

    def begin(self, device: torch.device, group: Group) -> None:
        """Write down what is about to run, and where, now that all that was asked for is there."""
        if not self.record["resume"]:
            surroundings = {
                "device": describe(device),
                "processes": group.size,
                "threads": torch.get_num_threads(),
                "machine": f"{platform.platform()}, {os.cpu_count()} cores",
                "python": platform.python_version(),
                "versions": {name: version(name) for name in ("torch", "numpy")},
                "git": revision(),
                "command": sys.argv,
                "started": datetime.now(UTC).isoformat(timespec="seconds"),
            }
            self.write("settings.json", {"settings": self.record, **surroundings})

    def write(self, name: str, content: object) -> None:
        """Write a file whole or not at all: .json as such, .pt by `torch.save`, other texts as they are."""
        if not self.writes:
            return
        if name.endswith(".json"):
            content = json.dumps(content, indent=2) + "\n"
        if name.endswith(".pt"):
            torch.save(content, stream := io.BytesIO())
            content = stream.getvalue()
        try:
            write_atomically(self.path / name, content)
        except OSError as error:
            problem = f"{self.path / name} could not be written: {error.strerror}"
            remedy = "Make room and --resume; or copy the folder to where there is room, and --resume with that --out"
            if error.errno in (errno.ENOTDIR, errno.EEXIST, errno.EACCES, errno.EROFS):
                remedy = "Name a folder with --out that can be made and written to"
            whole = "what was there before is whole"
            raise OSError(f"{problem}; {whole}. {remedy}") from error

    def save_model(self, network: nn.Module, settings: Settings) -> None:
        """Write the weights, with what is needed to build the network around them."""
        held = {"model": settings.model, "rank": settings.rank, "ranks": settings.ranks}
        weights = {name: value.cpu() for name, value in network.state_dict().items()}
        whole = {"model": held, "class": type(network).__name__, "weights": weights}
        self.write("model.pt", {**whole, "settings": self.record})


def revision() -> str | None:
    """Return the git revision of the book, with + where files differ from it; None without git."""
    command = ["git", "describe", "--always", "--abbrev=40", "--dirty=+", "--exclude=*"]
    try:
        done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
    except FileNotFoundError:
        return None
    return done.stdout.strip() or None
