"""A worker process: imports the snippets once, then draws, computes and runs pages as it is told.

It reads one JSON job a line and answers one JSON line a job: {"ok": …} or {"error": "…"}.
"""

import importlib
import importlib.util
import json
import os
import re
import sys
import traceback
from pathlib import Path
from typing import Any, TextIO

from book import listings, pages, project
from book.style import MODES, style


def figure_file(module: str, function: str, mode: str) -> Path:
    """Return where a version of a figure lies."""
    return project.GENERATED / "figures" / module.replace(".", "/") / f"{function}.{mode}.svg"


def draw(module: str, function: str) -> dict[str, Any]:
    """Draw both versions of a figure and return its width and height in CSS pixels."""
    import matplotlib.pyplot as plt

    make = _function(module, function)
    size = None
    for mode in MODES:
        path = figure_file(module, function, mode)
        path.parent.mkdir(parents=True, exist_ok=True)
        partial = path.with_suffix(".partial.svg")
        with plt.rc_context(style(mode)):
            fig = make()
            fig.savefig(partial, format="svg", metadata={"Date": None, "Creator": None})
            plt.close(fig)
        partial.write_text(compact(partial.read_text()))
        size = size or svg_size(partial)
        os.replace(partial, path)
    return {"size": size}


def _function(module: str, function: str) -> Any:
    """Import a function that draws or computes, in double precision."""
    _precision("float64")
    return getattr(importlib.import_module(f"snippets.figures.{module}"), function)


def _precision(name: str) -> None:
    """Set torch's default precision, where the book uses torch."""
    if importlib.util.find_spec("torch"):
        import torch

        torch.set_default_dtype(getattr(torch, name))


def compact(svg: str) -> str:
    """Round the coordinates of paths to a hundredth of a point, which nobody sees and everybody would load."""
    return re.sub(r' d="[^"]*"', lambda path: re.sub(r"(\.\d\d)\d+", r"\1", path[0]), svg)


def svg_size(path: Path) -> list[int]:
    """Read width and height of an SVG in CSS pixels."""
    head = path.read_text()[:2000]
    found = [re.search(rf'{side}="([\d.]+)pt"', head) for side in ("width", "height")]
    return [round(float(match[1]) * 4 / 3) for match in found]


def compute(module: str, function: str) -> dict[str, Any]:
    """Call a function of numbers and return them, plain, with its seed and the device."""
    make = _function(module, function)
    for torch in filter(None, [sys.modules.get("torch")]):
        torch.manual_seed(make.seed)
    values = {name: plain(value) for name, value in make().items()}
    return {"values": values, "seed": make.seed, "device": "cpu"}


def plain(value: Any) -> float | int | str | bool:
    """Turn a number of torch or NumPy into Python's own."""
    value = value.item() if hasattr(value, "item") else value
    if not isinstance(value, bool | int | float | str):
        raise TypeError(f"a result is a number, a string or a boolean, not {type(value).__name__}: {value!r}")
    return value


def check(page: str) -> dict[str, Any]:
    """Run a page's listings, from the precision of a fresh interpreter, and return what differs from what it shows."""
    _precision("float32")
    return {"problems": listings.check(pages.read(page).text, page)}


JOBS = {"draw": draw, "compute": compute, "check": check}


def serve(requests: TextIO, answers: TextIO) -> None:
    """Answer jobs until the input ends."""
    for line in requests:
        kind, *arguments = json.loads(line)
        try:
            answer = {"ok": JOBS[kind](*arguments)}
        except Exception as error:
            frames = [f for f in traceback.extract_tb(error.__traceback__) if "/book/" not in f.filename]
            where = f" at {Path(frames[-1].filename).name}:{frames[-1].lineno} in {frames[-1].name}" if frames else ""
            answer = {"error": f"{type(error).__name__}{where}: {error}"}
        answers.write(json.dumps(answer) + "\n")
        answers.flush()


def main() -> None:
    """Serve on standard input and output; whatever else prints goes to standard error."""
    os.environ.setdefault("MPLBACKEND", "Agg")
    stdout, stderr = 1, 2
    with os.fdopen(os.dup(stdout), "w") as answers:
        os.dup2(stderr, stdout)
        serve(sys.stdin, answers)


if __name__ == "__main__":
    main()
