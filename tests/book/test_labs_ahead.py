"""Labs run beside the pages, each once, and one that fails still stops the build."""

import threading
from pathlib import Path

import pytest
from mkdocs.commands.build import build
from mkdocs.config import load_config
from mkdocs_jupyter import convert

from book import labs

HOOKS = Path(__file__).parents[2] / "book" / "hooks.py"
PLUGINS = "plugins: [{mkdocs-jupyter: {include: ['labs/*.py'], execute: true, allow_errors: false}}]"


@pytest.fixture
def book(tree, monkeypatch):
    """Give the small book two labs."""
    monkeypatch.setattr(labs, "_running", {})
    tree.edit("mkdocs.yml", "plugins: []", f"{PLUGINS}\nhooks: [{HOOKS}]")
    for name in ("one", "two"):
        tree.write(f"docs/labs/{name}.py", f"# %% [markdown]\n# # Lab {name}\n\n# %%\nprint(1 + 1)\n")
    return tree


@pytest.fixture
def runs(monkeypatch):
    """Note which lab runs in which thread instead of running it; labs named in `broken` fail."""
    noted, broken = [], set()

    def run(path, **options):
        noted.append((Path(path).stem, threading.current_thread().name.split("_")[0]))
        if noted[-1][0] in broken:
            raise ValueError(f"the lab {noted[-1][0]} fails")
        return "<p>what the lab shows</p>"

    monkeypatch.setattr(convert, "nb2html", run)
    return noted, broken


def built(book):
    config = load_config(str(book.root / "mkdocs.yml"))
    config.plugins.on_startup(command="build", dirty=False)
    build(config)


def test_every_lab_runs_once_and_not_in_the_thread_of_the_pages(book, runs):
    noted, _ = runs
    built(book)
    assert sorted(noted) == [("one", "labs"), ("two", "labs")]
    assert "what the lab shows" in (book.root / "site/labs/two/index.html").read_text()
    built(book)
    assert len(noted) == 2


def test_a_lab_that_fails_stops_the_build_and_runs_again_in_the_next(book, runs):
    noted, broken = runs
    broken.add("two")
    with pytest.raises(ValueError, match="the lab two fails"):
        built(book)
    assert noted.count(("two", "labs")) == 1
    assert labs.failed("labs/two.py")
    assert not labs.failed("labs/one.py")
    broken.clear()
    built(book)
    assert noted.count(("two", "labs")) == 2
    assert "what the lab shows" in (book.root / "site/labs/two/index.html").read_text()
