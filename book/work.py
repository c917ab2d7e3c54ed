"""What worker processes do: draw figures, compute numbers, run pages and tests. Each imports the snippets once."""

import base64
import contextlib
import importlib
import io
import json
import multiprocessing
import os
import re
import signal
import sys
import tempfile
import threading
import traceback
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import forkserver
from multiprocessing.context import BaseContext
from pathlib import Path
from typing import Any

from book import project, record
from book.style import MODES, style

SMALLEST = 7  # points, of type in a figure
LIBRARIES = ["torch", "matplotlib.pyplot", "matplotlib.backends.backend_svg"]  # which take longest to import
LONGEST = 70  # bytes, of the folder for temporary files; the system allows 107 for all of an address


def figure_file(module: str, function: str, mode: str) -> Path:
    """Return where a version of a figure lies."""
    return project.GENERATED / "figures" / module.replace(".", "/") / f"{function}.{mode}.svg"


def draw(module: str, function: str) -> dict[str, Any]:
    """Draw both versions of a figure; return its size in CSS pixels, its files and what is wrong with it."""
    import matplotlib.pyplot as plt

    make, drawn, problems = _function(module, function), {}, {}
    for mode in MODES:
        with plt.rc_context(style(mode)):
            fig = make()
            svg = io.StringIO()
            fig.savefig(svg, format="svg", metadata={"Date": None, "Creator": None})
            problems |= dict.fromkeys(look(fig))
            plt.close(fig)
        drawn[figure_file(module, function, mode)] = compact(svg.getvalue())
    if len(set(drawn.values())) < len(drawn):
        problems["it looks the same in the dark: a colour is fixed"] = None
    for path, text in drawn.items():
        project.write_atomically(path, text)
    if problems:
        return {"problems": [f"figure {module}:{function}: {problem}" for problem in problems]}
    return {"size": svg_size(next(iter(drawn.values()))), "files": record.hashes(drawn)}


def look(fig: Any) -> list[str]:
    """Say what a reader could not see in a figure."""
    from matplotlib.text import Text

    framed = [(index, axes) for index, axes in enumerate(fig.axes, start=1) if axes.axison]  # others may be gaps
    empty = [index for index, axes in framed if not (axes.has_data() or axes.texts)]
    texts = [text for text in fig.findobj(Text) if text.get_visible() and text.get_text().strip()]
    small = [text for text in texts if text.get_fontsize() < SMALLEST]
    return [f"nothing is drawn in its axes number {index}" for index in empty] + [
        f"the text '{text.get_text()}' is smaller than {SMALLEST} points" for text in small
    ]


def _function(module: str, function: str) -> Any:
    """Import a function that draws or computes, in double precision."""
    precision("float64")
    return getattr(importlib.import_module(f"snippets.figures.{module}"), function)


def precision(name: str) -> None:
    """Set torch's default precision."""
    import torch

    torch.set_default_dtype(getattr(torch, name))


def compact(svg: str) -> str:
    """Round the coordinates of paths to a hundredth of a point, which nobody sees, and pack pictures without loss."""
    svg = re.sub(r' d="[^"]*"', lambda path: re.sub(r"(\.\d\d)\d+", r"\1", path[0]), svg)
    return re.sub(r'data:image/png;base64,\s*([^"]+)', _packed, svg)


def _packed(picture: re.Match) -> str:
    """Pack a picture again, without loss, as WebP."""
    from PIL import Image

    made = io.BytesIO()
    Image.open(io.BytesIO(base64.b64decode(picture[1]))).save(made, "WEBP", lossless=True)
    return f"data:image/webp;base64,{base64.b64encode(made.getvalue()).decode()}"


def svg_size(svg: str) -> list[int]:
    """Read width and height of an SVG in CSS pixels."""
    found = [re.search(rf'{side}="([\d.]+)pt"', svg) for side in ("width", "height")]
    return [round(float(match[1]) * 4 / 3) for match in found]


def compute(module: str, function: str) -> dict[str, Any]:
    """Call a function of numbers and return them, plain, with its seed and the device."""
    import torch

    make = _function(module, function)
    torch.manual_seed(make.seed)
    values = {name: plain(value) for name, value in make().items()}
    return {"values": values, "seed": make.seed, "device": "cpu"}


def data_file(module: str, function: str) -> Path:
    """Return where the data of a playground lies."""
    return project.GENERATED / "data" / module.replace(".", "/") / f"{function}.json"


def gather(module: str, function: str) -> dict[str, Any]:
    """Write what a playground reads."""
    path, text = data_file(module, function), json.dumps(_function(module, function)(), separators=(",", ":"))
    project.write_atomically(path, text)
    return {"files": record.hashes({path: text})}


def plain(value: Any) -> float | int | str | bool:
    """Turn a number of torch or NumPy into Python's own."""
    value = value.item() if hasattr(value, "item") else value
    if not isinstance(value, bool | int | float | str):
        raise TypeError(f"a result is a number, a string or a boolean, not {type(value).__name__}: {value!r}")
    return value


def check(page: str, text: str) -> dict[str, Any]:
    """Run a page's listings, from the precision of a fresh interpreter, and return what differs from what it shows."""
    from book import listings

    precision("float32")
    return {"problems": listings.check(text, page)}


def test(*nodes: str) -> dict[str, Any]:
    """Run tests by name; what passed and what failed is in the record, what else pytest said is returned."""
    import pytest

    said = io.StringIO()
    with contextlib.redirect_stdout(said), contextlib.redirect_stderr(said):
        pytest.main(["-q", "-p", "no:cacheprovider", *nodes])
    return {"said": said.getvalue()}


JOBS = {"figure": draw, "results": compute, "data": gather, "page": check, "test": test}


def do(kind: str, *arguments: str) -> dict[str, Any]:
    """Do a job and return what it made, or {"error": …}."""
    try:
        return JOBS[kind](*arguments)
    except Exception as error:
        frames = [f for f in traceback.extract_tb(error.__traceback__) if "/book/" not in f.filename]
        where = f" at {Path(frames[-1].filename).name}:{frames[-1].lineno} in {frames[-1].name}" if frames else ""
        return {"error": f"{type(error).__name__}{where}: {error}"}


def pool(workers: int) -> ProcessPoolExecutor:
    """Return processes that work side by side."""
    await_work()
    return ProcessPoolExecutor(workers, _context(), begin)


def await_work() -> None:
    """Let the libraries be imported now, behind what else is done: it takes longer than most of the work."""
    if _context().get_start_method() == "forkserver":
        before = dict(os.environ)
        _be_quiet()
        forkserver.ensure_running()
        os.environ.clear()
        os.environ.update(before)


def _context() -> BaseContext:
    """Return how processes begin: where that is safe, they are forked from one that has the libraries already.

    It is asked for them through a socket in the folder for temporary files, whose address has to be short.
    """
    safe = sys.platform == "linux" and len(os.fsencode(tempfile.gettempdir())) < LONGEST
    context = multiprocessing.get_context("forkserver" if safe else "spawn")
    context.set_forkserver_preload(LIBRARIES)
    return context


def _be_quiet() -> None:
    """Ask for one thread, since what is printed and measured must not depend on the number of cores, and no window."""
    os.environ.setdefault("MPLBACKEND", "Agg")
    os.environ["OMP_NUM_THREADS"] = "1"


def begin() -> None:
    """Set up a worker: no window, one thread, no word on standard output, and no life after its parent's."""
    _be_quiet()
    signal.signal(signal.SIGINT, signal.SIG_DFL)
    stdout, stderr = 1, 2
    os.dup2(stderr, stdout)
    os.chdir(project.ROOT)
    sys.path.insert(0, str(project.ROOT))
    sys.dont_write_bytecode = True  # a server would take it for an edit
    threading.Thread(target=_end_with_parent, daemon=True).start()


def _end_with_parent() -> None:
    multiprocessing.parent_process().join()
    os._exit(1)
