"""A folder of few digits, and runs on it that take a moment."""

import dataclasses
import struct
from pathlib import Path

import pytest
import torch

from snippets.mnist.data import load_images
from snippets.mnist.train import drawings
from snippets.mnist.train.report import Progress, Report
from snippets.mnist.train.running import run
from snippets.mnist.train.settings import Settings

TRAIN, TEST = 900, 200


def write_idx(file: Path, images: torch.Tensor) -> None:
    header = bytes([0, 0, 8, 3]) + struct.pack(">3I", *images.shape)
    file.write_bytes(header + images.numpy().tobytes())


@pytest.fixture(autouse=True)
def single_precision():
    """Compute as the command does, which leaves torch's default as it is."""
    before = torch.get_default_dtype()
    torch.set_default_dtype(torch.float32)
    yield
    torch.set_default_dtype(before)


@pytest.fixture(scope="session")
def digits(tmp_path_factory) -> Path:
    folder = tmp_path_factory.mktemp("digits")
    write_idx(folder / "train-images-idx3-ubyte", load_images("train")[:TRAIN].clone())
    write_idx(folder / "t10k-images-idx3-ubyte", load_images("test")[:TEST].clone())
    return folder


@pytest.fixture
def settings(digits):
    """Return settings on the few digits."""

    def make(**values) -> Settings:
        steps = {} if values.get("method") == "exact" else {"batch_size": 100}
        return Settings(**{"data": digits, "device": "cpu", **steps, **values})

    return make


@pytest.fixture(autouse=True)
def no_drawings(request, monkeypatch):
    """Draw nothing, as it takes most of the time, but where a test is about drawings."""
    if "drawn" not in request.fixturenames:
        monkeypatch.setattr(drawings, "drawings", lambda samples, report: {})


@pytest.fixture
def drawn() -> None:
    """Ask for drawings."""


class Recorder(Progress):
    """Remembers what it is told."""

    def __init__(self) -> None:
        super().__init__()
        self.lines: list[str] = []
        self.seen: list = []

    def say(self, line: str) -> None:
        self.lines.append(line)

    def moved(self, now, *, ended: bool) -> None:
        self.seen.append((now, ended))


def weights(report: Report) -> torch.Tensor:
    return torch.cat([w.flatten() for w in report.network.parameters()]).detach()


def finished(settings: Settings, **values) -> Report:
    return run(dataclasses.replace(settings, **values))
