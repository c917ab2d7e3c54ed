"""How long a test is watched: shapes are checked in functions of the book, at the first examples, and again afterwards."""

import importlib.util
import py_compile
import sys
from pathlib import Path

import jaxtyping
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from snippets.lie_groups.exponential import hat
from tests.conftest import WATCHED

UNWATCHED = []


@given(st.integers())
def test_the_first_examples_are_watched(number):
    UNWATCHED.append(jaxtyping.config.jaxtyping_disable)


def test_and_no_others():
    assert UNWATCHED[:WATCHED] == [False] * WATCHED
    assert UNWATCHED[WATCHED:] == [True] * (len(UNWATCHED) - WATCHED) != []


def test_afterwards_shapes_are_checked_again():
    with pytest.raises(jaxtyping.TypeCheckError):
        hat(torch.zeros(3, dtype=torch.long))


@pytest.mark.unwatched
def test_what_is_marked_is_not_watched():
    assert jaxtyping.config.jaxtyping_disable


def test_a_watched_module_neither_reads_nor_leaves_bytecode(tmp_path, monkeypatch):
    """That of the same module unwatched has no checks, and whoever imports it unwatched could not run the other."""
    monkeypatch.setattr(sys, "dont_write_bytecode", False)
    file = tmp_path / "module.py"
    file.write_text("def double(x: int) -> int:\n    return 2 * x\n")
    loader = importlib.util.find_spec("snippets.linear_algebra.span").loader
    watching = getattr(loader, "orig_loader", loader)
    own = type(watching)("module", str(file), typechecker=watching._typechecker)
    assert "Typechecker" in own.get_code("module").co_names
    assert list(tmp_path.iterdir()) == [file]
    plain = Path(py_compile.compile(str(file)))
    before = plain.read_bytes()
    assert "Typechecker" in own.get_code("module").co_names
    assert list(plain.parent.iterdir()) == [plain]
    assert plain.read_bytes() == before
