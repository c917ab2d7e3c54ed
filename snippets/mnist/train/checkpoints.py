"""Files that are either whole or not there: weights, and whatever else a run writes."""

import contextlib
import os
import pickle
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any, BinaryIO

import torch


@contextlib.contextmanager
def replacing(file: Path) -> Iterator[BinaryIO]:
    """Open a temporary file beside the target that takes its place once all of it is on the disk.

    Raises OSError, with what to do, where the disk is full or cannot be written to; the old file stays.
    """
    temporary: str | None = None
    try:
        handle, temporary = tempfile.mkstemp(dir=file.parent, prefix=f".{file.name}.")
        with os.fdopen(handle, "wb") as stream:
            yield stream
            stream.flush()
            os.fsync(stream.fileno())
        os.replace(temporary, file)
        temporary = None
    except OSError as error:
        raise OSError(f"{file} could not be written: {error.strerror or error}; what was there before is whole. "
                      "Make room, or name another folder with --out, then --resume") from error
    finally:
        if temporary:
            Path(temporary).unlink(missing_ok=True)


def write(file: Path, content: str) -> None:
    """Write a text."""
    with replacing(file) as stream:
        stream.write(content.encode())


def save(file: Path, state: dict[str, Any]) -> None:
    """Write tensors and plain values, to be read by `torch.load(file, weights_only=True)`."""
    with replacing(file) as stream, full_disk_is_an_os_error():
        torch.save(state, stream)


@contextlib.contextmanager
def full_disk_is_an_os_error() -> Iterator[None]:
    """Turn the RuntimeError that torch makes of a failed write back into the OSError it was."""
    try:
        yield
    except RuntimeError as error:
        cause = error.__context__
        raise (cause if isinstance(cause, OSError) else OSError(str(error))) from error


def load(file: Path, device: torch.device) -> dict[str, Any]:
    """Read a checkpoint; raises ValueError where it is damaged."""
    try:
        return torch.load(file, map_location=device, weights_only=True)
    except (RuntimeError, EOFError, pickle.UnpicklingError, ValueError) as error:
        reason = str(error).splitlines()[0] if str(error) else type(error).__name__
        raise ValueError(f"{file} is damaged ({reason}); delete it and start the run again without --resume") from error
