"""Recorded results: numbers that take minutes or a GPU, committed as JSON with what made them.

`snippets/mnist/recorded/NAME.json` holds {"values": …, "made_by": …}. The build makes anew what reads a record
when the record changes, and says so when the code that made a record has changed since.
"""

import inspect
import json
import platform
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy
import torch

from book.recorded import digest_of_function
from snippets.mnist.data import ROOT, write_atomically

RECORDED = Path(__file__).parent / "recorded"
ELSEWHERE = {"symmetry": ROOT / "snippets/equivariant_networks/recorded"}
MAKERS = {
    "training": "mnist.recording",
    "nonlinear": "mnist.accuracies",
    "symmetry": "equivariant_networks.trials",
}  # the modules that make them
MADE_BY = (
    "command",
    "snippet",
    "function",
    "hash",
    "device",
    "torch",
    "numpy",
    "python",
    "seeds",
    "threads",
)


def record(name: str) -> dict[str, Any]:
    """Return the numbers of a record; `name` is a literal, so that the build can see who reads what.

    Raises FileNotFoundError or ValueError with the file and the command that makes it.
    """
    return _read(name)["values"]


def provenance(name: str) -> dict[str, str | int]:
    """Return what made a record as results for its page: made_device, made_torch, made_command and so on."""
    made_by = _read(name)["made_by"]
    plain = {
        key: value if isinstance(value, int) else str(value)
        for key, value in made_by.items()
        if key != "seeds"
    }
    return {f"made_{key}": value for key, value in plain.items()} | {
        "made_seeds": len(made_by["seeds"])
    }


def command_of(name: str) -> str:
    """Return the command that makes a record."""
    module = MAKERS.get(name, f"mnist.{name}")
    return f"python -m snippets.{module}"


def _read(name: str) -> dict[str, Any]:
    file = ELSEWHERE.get(name, RECORDED) / f"{name}.json"
    remedy = f"make it anew with `{command_of(name)}`"
    if not file.exists():
        raise FileNotFoundError(f"{file} does not exist; {remedy}")
    try:
        content = json.loads(file.read_text())
        missing = [
            key
            for key in ("values", *MADE_BY)
            if key not in content and key not in content["made_by"]
        ]
    except (json.JSONDecodeError, UnicodeDecodeError, KeyError, TypeError) as error:
        raise ValueError(f"{file} is no record ({error!r}); {remedy}") from error
    if missing:
        raise ValueError(f"{file} lacks {', '.join(missing)}; {remedy}")
    return content


def digest(function: Callable) -> str:
    """Hash a function with everything of the project that it uses: a record is stale when this has changed."""
    return digest_of_function(_source(function), inspect.unwrap(function).__name__)


def _source(function: Callable) -> Path:
    return Path(inspect.getsourcefile(inspect.unwrap(function))).resolve()


def device_name(device: str | torch.device = "cpu") -> str:
    """Name a device for a reader: the GPU by its model, a CPU by its architecture."""
    kind = torch.device(device).type
    return (
        torch.cuda.get_device_name(device)
        if kind == "cuda"
        else f"{kind.upper()} ({platform.machine()})"
    )


def write(
    name: str,
    values: dict[str, Any],
    function: Callable,
    seeds: Sequence[int],
    *,
    command: str = "",
    device: str = "",
    code: str = "",
) -> Path:
    """Write the numbers that `function` computed as the record `name`, whole or not at all; return its file.

    `command` is by default that of `command_of`, `device` (a name for the reader) this machine's CPU, and
    `code` the digest of `function` now: pass the one from before a long run, lest an edit during it goes unnoticed.
    """
    made_by = {
        "command": command or command_of(name),
        "snippet": str(_source(function).relative_to(ROOT)),
        "function": inspect.unwrap(function).__name__,
        "hash": code or digest(function),
        "device": device or device_name(),
        "torch": torch.__version__,
        "numpy": numpy.__version__,
        "python": platform.python_version(),
        "seeds": list(seeds),
        "threads": torch.get_num_threads(),
    }
    file = ELSEWHERE.get(name, RECORDED) / f"{name}.json"
    content = json.dumps(
        {"values": values, "made_by": made_by},
        indent=1,
        sort_keys=True,
        allow_nan=False,
    )
    write_atomically(file, content + "\n")
    return file
