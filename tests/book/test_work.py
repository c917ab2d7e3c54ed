"""How a worker begins: what it has and is allowed, and that it does not outlive the build; how a figure is packed."""

import base64
import io
import os
import signal
import subprocess
import sys
import tempfile
import threading
from multiprocessing import forkserver

import numpy as np
import pytest
import torch
from PIL import Image

from book import project, work


@pytest.fixture
def begun(monkeypatch, tmp_path):
    """Let a worker begin in this process, with stand-ins for what would change it, and return what it asked for."""
    asked = {}
    monkeypatch.setattr(project, "ROOT", tmp_path)
    monkeypatch.setattr(sys, "path", list(sys.path))
    monkeypatch.setattr(sys, "dont_write_bytecode", None)
    monkeypatch.setenv("OMP_NUM_THREADS", "7")
    monkeypatch.delenv("MPLBACKEND")
    with monkeypatch.context() as inside:  # of these pytest has need, too
        inside.setattr(os, "dup2", lambda *ends: asked.update(dup2=ends))
        inside.setattr(os, "chdir", lambda place: asked.update(place=place))
        inside.setattr(signal, "signal", lambda *given: asked.update(signal=given))
        inside.setattr(threading.Thread, "start", lambda self: asked.update(thread=self))
        work.begin()
    return asked


def test_a_worker_writes_nowhere_but_where_it_should(begun, tmp_path):
    """Its words go to standard error, and it leaves no bytecode behind, which a server would take for an edit."""
    assert begun["dup2"] == (2, 1)
    assert begun["place"] == tmp_path
    assert sys.path[0] == str(tmp_path)
    assert sys.dont_write_bytecode is True
    assert (os.environ["MPLBACKEND"], os.environ["OMP_NUM_THREADS"]) == ("Agg", "1")


def test_a_worker_ends_with_its_parent_and_at_an_interrupt(begun):
    assert begun["signal"] == (signal.SIGINT, signal.SIG_DFL)
    assert begun["thread"].daemon is True
    assert begun["thread"]._target is work._end_with_parent


@pytest.mark.parametrize(
    ("platform", "folder", "way"),
    [
        ("linux", "/tmp", "forkserver"),
        ("linux", "/" + "t" * 68, "forkserver"),
        ("linux", "/" + "t" * 69, "spawn"),
        ("linux", "/" + "ä" * 35, "spawn"),
        ("darwin", "/tmp", "spawn"),
        ("win32", "/tmp", "spawn"),
    ],
)
def test_workers_are_forked_where_that_is_safe(monkeypatch, platform, folder, way):
    started = []
    monkeypatch.setattr(sys, "platform", platform)
    monkeypatch.setattr(tempfile, "gettempdir", lambda: folder)
    monkeypatch.setattr(forkserver, "ensure_running", lambda: started.append(dict(os.environ)))
    monkeypatch.setenv("OMP_NUM_THREADS", "7")
    monkeypatch.delenv("MPLBACKEND", raising=False)
    before = dict(os.environ)
    assert work.pool(1)._mp_context.get_start_method() == way
    assert dict(os.environ) == before
    assert started == ([before | {"OMP_NUM_THREADS": "1", "MPLBACKEND": "Agg"}] if way == "forkserver" else [])


def of_a_worker():
    """Return, in a worker, how many threads it has, and what it had before its first work."""
    return torch.get_num_threads(), os.environ["MPLBACKEND"], set(sys.modules)


def test_a_worker_has_the_libraries_when_it_begins_and_nothing_that_somebody_may_edit():
    """One that begins after an edit is not to work with what was before it."""
    forkserver._forkserver._stop()
    with work.pool(1) as pool:
        threads, backend, modules = pool.submit(of_a_worker).result()
    assert (threads, backend) == (1, "Agg")
    assert set(work.LIBRARIES) <= modules
    program = f"import sys; {'; '.join(f'import {name}' for name in work.LIBRARIES)}; print(*sys.modules)"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert not [name for name in done.stdout.split() if name.split(".")[0] in ("book", "snippets", "tests")]
    forkserver._forkserver._stop()


def test_a_picture_in_a_figure_is_packed_without_loss():
    """Every sign around it stays, and each of its dots that shows; it is shorter."""
    dots = np.random.default_rng(3).integers(0, 256, (40, 30, 4), dtype=np.uint8)
    dots[:20] = dots[0, 0]
    dots[::3, :, 3] = 0
    Image.fromarray(dots).save(png := io.BytesIO(), "PNG")
    before = (
        f'<svg><image x="1" xlink:href="data:image/png;base64,\n{base64.b64encode(png.getvalue()).decode()}"/></svg>'
    )
    after = work.compact(before)
    head, tail = '<svg><image x="1" xlink:href="data:image/webp;base64,', '"/></svg>'
    assert after.startswith(head)
    assert after.endswith(tail)
    packed = base64.b64decode(after.removeprefix(head).removesuffix(tail))
    assert len(packed) < len(png.getvalue())
    shown = np.asarray(Image.open(io.BytesIO(packed)).convert("RGBA"))
    seen = dots[..., 3] > 0
    assert np.array_equal(shown[seen], dots[seen])
    assert np.array_equal(shown[..., 3], dots[..., 3])
