"""How a worker begins: what it is allowed, and that it does not outlive the build."""

import os
import signal
import sys
import threading

import pytest

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
