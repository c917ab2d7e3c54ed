"""What is marked in the source: kinds of evidence, alt texts, the tests of a claim and the files that they run."""

import dataclasses
import os

import pytest

from book import depends, marked

SHOW = '''"""More figures."""

import book
from book import figure, results


@figure(a=0, size=(1, 2), alt="A line")
def first(): ...


@figure()
def second(): ...


@book.figure(alt="Not by this name")
def third(): ...


@results
def numbers(): ...


@results(seed=1)
def more(): ...


@data
def plain(): ...


def unmarked(): ...
'''


def test_a_check_is_what_it_is(tree):
    (check,) = marked.checks()
    with pytest.raises(dataclasses.FrozenInstanceError):
        check.ids = ()
    assert len({check, *marked.checks()}) == 1
    assert (check.node, check.ids, check.by, check.draws) == (
        "tests/part/test_toy.py::test_doubling", ("LA-101", "LA-01"), "measured", None,
    )  # fmt: skip
    assert check.source().splitlines()[0] == '@pytest.mark.claim("LA-101", "LA-01")'
    assert check.source().splitlines()[-1].startswith("    measured(")
    assert check.files() == [tree.root / "tests/part/test_toy.py", *marked.TOOLS]
    tree.write("tests/conftest.py", "")
    assert check.files()[1] == tree.root / "tests/conftest.py"


def test_the_digest_of_a_check_follows_its_code_and_the_settings_of_pytest(tree):
    digests = [marked.checks()[0].digest()]
    for file, old, new in (
        ("tests/part/test_toy.py", "Double.", "Doubles."),
        ("snippets/part/toy.py", "FACTOR = 2", "FACTOR = 2.0"),
        ("pyproject.toml", "claim(*ids): ids", "claim(*ids): the ids"),
    ):
        tree.edit(file, old, new)
        digests.append(marked.checks()[0].digest())
    assert len(set(digests)) == 4
    tree.write("snippets/part/other.py", "")
    assert marked.checks()[0].digest() == digests[-1]


def test_figures_and_results_are_those_of_chapters_or_shown_on_pages(tree):
    assert marked.figures() == {("part.toy", "line"): "A rising line"}
    assert marked.results() == [("part.toy", "numbers")]
    tree.write("snippets/figures/part/more.py", SHOW)
    assert marked.figures() == {("part.toy", "line"): "A rising line"}
    tree.edit("docs/part/toy.md", "/// figure | line", "/// figure | part.more:second\n///\n\n/// figure | line")
    assert marked.figures() == {
        ("part.toy", "line"): "A rising line", ("part.more", "first"): "A line", ("part.more", "second"): "",
    }  # fmt: skip
    tree.edit("docs/part/toy.md", "{{ count }}", "{{ count }} {{ part.more/x }}")
    assert marked.results() == [("part.more", "numbers"), ("part.more", "more"), ("part.toy", "numbers")]
    tree.write("snippets/part/more.py", "")
    tree.write("docs/part/more.md", "# More\n")
    tree.edit("mkdocs.yml", "nav: [part/toy.md", "nav: [part/toy.md, part/more.md")
    assert list(marked.figures().items())[:2] == [(("part.more", "first"), "A line"), (("part.more", "second"), "")]
    assert marked.data() == [("part.more", "plain")]


def test_tests_belong_to_chapters_of_the_nav_or_to_no_chapter(tree):
    text = (tree.root / "tests/part/test_toy.py").read_text()
    for name in (
        "tests/part/test_extra.py",
        "tests/other/test_free.py",
        "tests/test_top.py",
        "tests/hidden/test_page.py",
    ):
        tree.write(name, text)
    tree.write("docs/hidden/page.md", "# Hidden\n")
    tree.write("tests/hidden/test_else.py", text)
    files = ["tests/other/test_free.py", "tests/part/test_extra.py", "tests/part/test_toy.py", "tests/test_top.py"]
    assert [check.file for check in marked.checks()] == files
    tree.write("docs/part/extra.md", "# A page outside of the nav\n")
    assert [check.file for check in marked.checks()] == [file for file in files if "extra" not in file]


def test_what_was_written_at_a_moment_is_not_older(tree):
    """Nor is a file that imports it."""
    tree.write("snippets/part/user.py", "from snippets.part.toy import double\n")
    for file in depends.closure([tree.root / "snippets/part/user.py"]):
        os.utime(file, ns=(1000, 2000 if file.name == "toy.py" else 1000))
    assert [depends.older([tree.root / "snippets/part/user.py"], moment) for moment in (1001, 2000, 2001)] == [
        False,
        False,
        True,
    ]


def test_modules_are_told_apart_by_what_they_are(tree):
    one, two = (depends.parse_text("x = 1", "x") for _ in range(2))
    assert len({one, two}) == 2
    assert one != two
    assert one.digest == two.digest
    assert depends.parse(tree.root / "snippets/part/toy.py") is depends.parse(tree.root / "snippets/part/toy.py")
