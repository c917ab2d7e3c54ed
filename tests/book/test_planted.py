"""Twelve faults that an author makes sooner or later, each planted alone in the small book: which one is caught, and by what words."""

import importlib.util
import logging
import re
from pathlib import Path

import pytest
from mkdocs.commands.build import build
from mkdocs.config import load_config
from mkdocs.exceptions import Abort

from book import expect, formulas, npm, prepare
from book.measure import Measured
from book.project import BookError

CHAPTER, SNIPPET, FIGURES, TEST = (
    "docs/part/toy.md",
    "snippets/part/toy.py",
    "snippets/figures/part/toy.py",
    "tests/part/test_toy.py",
)
RESULTS = "docs/assets/generated/results/part/toy.json"
NODE = "node that is dead"


def run_tests(tree):
    """Run the tests of the small book in this process and return what they say, by name."""
    expect.computed.cache_clear()
    spec = importlib.util.spec_from_file_location("toy_tests", tree.root / TEST)
    module = importlib.util.module_from_spec(spec)
    said = []
    spec.loader.exec_module(module)
    (numbers,) = module.test_numbers.pytestmark
    cases = [(f"test_numbers[{name}]", lambda name=name: module.test_numbers(name)) for name in numbers.args[1]]
    for name, test in [*cases, ("test_doubling", lambda: module.test_doubling(Measured()))]:
        try:
            test()
        except AssertionError as error:
            said.append(f"FAILED {name}: {error}")
    expect.computed.cache_clear()
    return said


def all_that_is_said(tree, capsys, caplog):
    """Prepare and build the book, run its tests, and return every word of complaint."""
    with caplog.at_level(logging.WARNING, logger="mkdocs"):
        try:
            prepare.ensure()
            tests = run_tests(tree)
            config = load_config(str(tree.root / "mkdocs.yml"), strict=True, site_dir=str(tree.root / "site"))
            config.plugins.on_startup(command="build", dirty=False)
            build(config)
        except BookError as error:
            return f"{error}\n{capsys.readouterr().out}"
        except Abort as abort:
            return f"{abort}\n{caplog.text}"
    return "\n".join([*tests, *(line for line in capsys.readouterr().out.splitlines() if "not as it was made" in line)])


PLANTED = {
    "a sign": (
        SNIPPET,
        "return FACTOR * x",
        "return -FACTOR * x",
        r"docs/part/toy\.md:22: listing 3 .*prints\n\[-2\.0",
    ),
    "an output": (
        CHAPTER,
        "[2.0, 5.0]",
        "[2.0, 6.0]",
        r"toy\.md:22: .*prints\n\[2.0, 5.0\]\nbut .* shows\n\[2.0, 6.0\]",
    ),
    "an end marker": (SNIPPET, "# --8<-- [end:double]", "", r"snippets/part/toy\.py:8: region 'double' has no end"),
    "a formula": (CHAPTER, "$y=2x$", r"$y=\frac{2x$", r"docs/part/toy\.md:9: KaTeX parse error(.|\n)*\\frac\{2x"),
    "an id of a claim": (CHAPTER, "LA-101", "LA-111", r"toy\.md:30: claim 'LA-111' has no test.*did you mean 'LA-101'"),
    "two numbers swapped": (
        FIGURES,
        '"two": double(1.0), "count": 12345',
        '"two": 12345, "count": double(1.0)',
        r"FAILED test_numbers\[two\]: 12345(.|\n)*FAILED test_numbers\[count\]: 2\.0",
    ),
    "a number that is zero": (FIGURES, '"two": double(1.0)', '"two": 0.0', r"FAILED test_numbers\[two\]: 0\.0"),
    "a result edited by hand": (RESULTS, "12345", "54321", rf"^book: {RESULTS} is not as it was made"),
    "a figure in the wrong room": (
        SNIPPET,
        "# --8<-- [start:double]",
        "@figure(alt='x')\ndef odd(): pass\n# --8<-- [start:double]",
        r"toy\.py:8: 'odd' is marked '@figure' in the wrong room: move to snippets/figures/part/toy\.py",
    ),
    "a dead anchor": (CHAPTER, "That is all.", "[All](#nowhere).", r"'part/toy\.md' contains a link '#nowhere', but"),
    "no alternative text": (FIGURES, 'alt="A rising line"', 'alt=" "', rf"{FIGURES}:10: figure 'line' has no alt text"),
    "a Node that is dead": (NODE, "", "", r"Node \(/bin/false\) gave no answer that can be read"),
}


@pytest.fixture
def toy(tree):
    """Let MkDocs call the hooks, and look at anchors."""
    hooks = f"hooks: [{Path(npm.__file__).with_name('hooks.py')}]\nvalidation: {{anchors: warn}}\n"
    tree.write("mkdocs.yml", (tree.root / "mkdocs.yml").read_text() + hooks)
    return tree


def test_without_a_fault_nobody_complains(toy, capsys, caplog):
    assert all_that_is_said(toy, capsys, caplog) == ""


@pytest.mark.parametrize(("file", "old", "new", "said"), PLANTED.values(), ids=PLANTED)
def test_a_planted_fault_is_caught_by_name(toy, monkeypatch, capsys, caplog, file, old, new, said):
    if file == RESULTS:
        prepare.ensure()
        prepare._last = None
        capsys.readouterr()
    if file == NODE:
        monkeypatch.setattr(npm, "node", lambda: ["/bin/false"])
        monkeypatch.setattr(formulas, "CACHE", toy.root / "empty.sqlite")
    else:
        toy.edit(file, old, new)
    words = all_that_is_said(toy, capsys, caplog)
    assert re.search(said, words), words
