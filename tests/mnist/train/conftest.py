"""A folder of few digits, and runs on it that take a moment."""

import dataclasses
import struct
from pathlib import Path

import pytest
import torch

from snippets.mnist.data import load_images
from snippets.mnist.train import Report, Settings, folders, run
from snippets.mnist.train.progress import Watch

TRAIN, TEST = 900, 200


def write_idx(file: Path, images: torch.Tensor) -> None:
    header = bytes([0, 0, 8, 3]) + struct.pack(">3I", *images.shape)
    file.write_bytes(header + images.numpy().tobytes())


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
        return Settings(**{"data": digits, "device": "cpu", "batch_size": 100, **values})

    return make


@pytest.fixture(autouse=True)
def no_drawings(request, monkeypatch):
    """Draw nothing, as it takes most of the time, but where a test is about drawings."""
    if "drawings" not in request.fixturenames:
        monkeypatch.setattr(folders, "drawn", lambda figure: iter(()))


@pytest.fixture
def drawings() -> None:
    """Ask for drawings."""


class Recorder(Watch):
    """Remembers what it is told."""

    def __init__(self) -> None:
        self.lines: list[str] = []
        self.seen: list = []

    def say(self, line: str) -> None:
        self.lines.append(line)

    def moved(self, now, *, ended: bool) -> None:
        self.seen.append((now, ended))


def weights(report: Report) -> torch.Tensor:
    return torch.cat([report.network.encoder.flatten(), report.network.decoder.flatten()]).detach()


def finished(settings: Settings, **values) -> Report:
    return run(dataclasses.replace(settings, **values))
