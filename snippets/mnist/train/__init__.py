"""The training script: `python -m snippets.mnist.train --help`; `load` gives a trained network back."""

from typing import Any

from snippets.mnist.train.settings import Settings

__all__ = ["Settings", "load", "run"]


def __getattr__(name: str) -> Any:
    """Import `run` and `load` when they are asked for: torch takes seconds, and `--help` does without it."""
    if name == "run":
        from snippets.mnist.train.running import run

        return run
    if name == "load":
        from snippets.mnist.train.folder import load

        return load
    raise AttributeError(f"module {__name__} has no attribute {name}")
