"""The training script: `python -m snippets.mnist.train --help`; `load` gives a trained network back."""

from importlib import import_module
from typing import Any

from snippets.mnist.train.settings import Settings

__all__ = ["Settings", "load", "run"]
HOMES = {"run": "running", "load": "folder"}


def __getattr__(name: str) -> Any:
    """Import `run` and `load` when they are asked for: torch takes seconds, and `--help` does without it."""
    if name not in HOMES:
        raise AttributeError(f"module {__name__} has no attribute {name}")
    return getattr(import_module(f"{__name__}.{HOMES[name]}"), name)
