"""A folder of few digits, and runs on it that take a moment."""

import dataclasses
import signal
import struct
from pathlib import Path

import pytest
import torch

from snippets.mnist.data import load_images
from snippets.mnist.train import drawings
from snippets.mnist.train.loop import Epoch
from snippets.mnist.train.running import Report, run
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
        monkeypatch.setattr(drawings, "drawings", lambda folder, report, x: None)


@pytest.fixture
def drawn() -> None:
    """Ask for drawings."""


class Recorder:
    """Remembers what it is told."""

    def __init__(self) -> None:
        self.lines: list[str] = []
        self.seen: list[Epoch] = []

    def __call__(self, news: object) -> None:
        (self.seen if isinstance(news, Epoch) else self.lines).append(news)


def weights(report: Report) -> torch.Tensor:
    return torch.cat([w.flatten() for w in report.network.parameters()]).detach()


def finished(settings: Settings, **values) -> Report:
    return run(dataclasses.replace(settings, **values))


@pytest.fixture
def heard():
    """Let Ctrl-C be heard, which a shell's `&` has switched off."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)
