"""What an author asks for: free numbers, a new chapter that passes, all that is wrong with one, one layout."""

import contextlib
import multiprocessing
import re
import subprocess
import sys
from concurrent.futures import ProcessPoolExecutor

import pytest

from book import depends, lint, listings, pages, project, work
from book.__main__ import main
from book.catalogue import Catalogue
from book.project import BookError
from book.writing import author


@pytest.fixture
def parts(tree):
    """Let the small book have parts, one chapter a line, as the book has."""
    old = "nav: [part/toy.md, {Reference: [reference/bibliography.md, reference/claims.md, reference/errata.md]}]"
    lines = ["nav:", "  - Part:", "      - Toy: part/toy.md", "      - Lab: labs/part.py", "  - Reference:"]
    lines += [f"      - reference/{name}.md" for name in ("bibliography", "claims", "errata")]
    tree.edit("mkdocs.yml", old, "\n".join(lines))
    return tree


def test_free_numbers_are_listed(parts, capsys):
    """Those of pages outside the nav, too; numbers that follow each other are one range."""
    claim = "/// claim | So\n    id: {}\n\nIt is.\n///\n"
    parts.write("docs/extra.md", "# Extra\n\n" + "".join(map(claim.format, ("LA-103", "LA-102", "LA-07b", "BR-99"))))
    assert main(["ids", "LA"]) == 0
    assert capsys.readouterr().out == "LA: taken are 01, 07, 101-103\nThe next of the book's own is LA-104\n"
    assert main(["ids", "BR"]) == 0
    assert capsys.readouterr().out == "BR: taken are 99\nThe next of the book's own is BR-101\n"
    assert main(["ids", "LB"]) == 1
    assert capsys.readouterr().err == "no claim begins with 'LB'; did you mean 'LA'?; there are BR, LA\n"


def test_a_new_chapter_passes_as_it_is(parts, capsys):
    assert main(["new", "part/next-one"]) == 0
    page = "part/next-one.md"
    assert [line.split()[-1] for line in capsys.readouterr().out.splitlines()] == [
        "docs/part/next-one.md",
        "snippets/part/next_one.py",
        "snippets/figures/part/next_one.py",
        "tests/part/test_next_one.py",
    ]
    nav = (parts.root / "mkdocs.yml").read_text()
    assert "- Toy: part/toy.md\n      - Next one: part/next-one.md\n      - Lab" in nav
    assert lint.loose_ends() + lint.unfinished() == []
    assert {box.id for box in pages.read(page).blocks if box.id} == {"LA-102", "LA-103"}
    python = [path for path in author.files_of(page) if path.suffix == ".py"]
    layout = ["format", "--check", "--config", depends.TOOL.parent / "pyproject.toml"]
    subprocess.run([sys.executable, "-m", "ruff", *layout, *python], check=True)
    assert work.draw("part.next_one", "arrows")["size"][0] > 100
    values = {"part.next_one": work.compute("part.next_one", "numbers")["values"], "part.toy": {"two": 2.0, "count": 3}}
    assert lint.numbers(Catalogue(values=values)) == []
    assert listings.check(pages.read(page).text, page) == []
    with ProcessPoolExecutor(1, multiprocessing.get_context("fork")) as pool:  # which has imported torch already
        said = pool.submit(work.test, "tests/part/test_next_one.py").result()["said"]
    assert "3 passed" in said, said


@pytest.mark.parametrize(
    ("chapter", "message"),
    [
        ("part/toy", "there is docs/part/toy.md already: take another name"),
        ("part/code", "there is snippets/part/code.py already: take another name"),
        ("part/named", "there is docs/part/named.md already: take another name"),
        ("prat/one", "there is no part 'prat'; did you mean 'part'?; the parts are part"),
        ("reference/one", "there is no part 'reference'; the parts are part"),
        ("one", "there is no part 'one'; the parts are part"),
        ("part/One", "'One' is no name of a chapter: use small letters, digits and hyphens, as in dot-products"),
    ],
)
def test_a_new_chapter_needs_a_free_name(parts, capsys, chapter, message):
    """A file may be there that the nav does not have, and a line of the nav without a file."""
    parts.write("snippets/part/code.py", "")
    parts.edit("mkdocs.yml", "      - Lab", "      - Named: part/named.md\n      - Lab")
    parts.edit("mkdocs.yml", "nav:", "nav:\n  - index.md")
    assert main(["new", chapter]) == 1
    assert capsys.readouterr().err == f"{message}\n"


def test_the_first_chapter_of_a_part_gets_folders_and_numbers_of_its_own(parts):
    parts.edit("mkdocs.yml", "  - Reference:", "  - Other:\n      - Words: other/words.md\n  - Reference:")
    parts.write("docs/other/words.md", "# Words\n")
    assert main(["new", "other/one"]) == 0
    assert all(path.exists() for path in author.files_of("other/one.md"))
    assert {box.id for box in pages.read("other/one.md").blocks if box.id} == {"OT-101", "OT-102"}


def test_a_nav_that_is_not_one_chapter_a_line_is_left_to_its_author(tree):
    with pytest.raises(BookError, match=r"mkdocs.yml:\d+: the nav is not one chapter a line: enter 'One: part/one.md'"):
        author.new("part/one")


@pytest.mark.parametrize(
    "name", ["part/toy", "part/toy.md", "docs/part/toy.md", "snippets/figures/part/toy.py", "tests/part/test_toy.py"]
)
def test_a_chapter_is_known_by_each_of_its_files(name):
    assert author.page_of(name) == "part/toy.md"


def test_check_says_all_that_is_wrong_with_a_chapter(parts, capsys):
    """Style, loose ends, figures, numbers, listings and tests, each by itself."""
    assert main(["check", "part/tou"]) == 1
    assert "no chapter 'part/tou' is in the nav of mkdocs.yml; did you mean 'part/toy.md'?" in capsys.readouterr().err
    assert main(["check", "reference/claims"]) == 1
    assert "'reference/claims' is in the nav, but no chapter" in capsys.readouterr().err
    parts.drop_numbers()
    author.check("part/toy")
    good = capsys.readouterr().out
    for name in ("loose ends", "figures, numbers, outputs", "quoted numbers", "tests"):
        assert f"✓ {name}" in good, good
    parts.edit("docs/part/toy.md", "{{ count }}", "{{ cuont }}")
    parts.edit("docs/part/toy.md", "[2.0, 5.0]", "[2.0, 6.0]")
    parts.edit("docs/part/toy.md", "    open:", "  open:")
    parts.edit("snippets/figures/part/toy.py", "fig = Figure()", "fig = Figur()")
    parts.edit("snippets/part/toy.py", "return FACTOR * x", "return  FACTOR * x")
    parts.edit("tests/part/test_toy.py", "math.pi], atol", "math.e], atol")
    for name in [name for name in sys.modules if name.startswith(("snippets.part", "snippets.figures.part"))]:
        del sys.modules[name]  # as in a new process
    project.write_atomically(parts.root / "docs/reference/errata.md", "# Errata\n\n/// nothing\n///\n")
    assert main(["check", "part/toy"]) == 1
    said = capsys.readouterr().out
    assert re.search(r"✗ code style(.|\n)*\n  .*snippets/part/toy.py:", said), said
    assert "mend it with: make format" in said
    assert "docs/part/toy.md:48: option 'open' is to be indented" in said
    assert "nothing" not in said
    assert re.search(r"figure part.toy:line: NameError at toy.py:\d+ in line", said), said
    assert "docs/part/toy.md:6: no number 'cuont'" in said
    assert "but the page shows\n[2.0, 6.0]" in said
    assert "✗ tests: 1 failed" in said


@pytest.mark.parametrize(
    ("problems", "tests", "said"),
    [
        ([[], []], (0, "1 passed\n"), "✓ stage 0\n✓ stage 1\n✓ tests: 1 passed\n"),
        ([["a", "b"], []], (0, "1 passed\n"), "✗ stage 0\n  a\n  b\n✓ stage 1\n✓ tests: 1 passed\n"),
        ([[]], (1, "\nwhy\n1 failed\n"), "✓ stage 0\n✗ tests: 1 failed\nwhy\n1 failed\n"),
        ([], (0, ""), "✓ tests: none\n"),
    ],
)
def test_a_chapter_is_good_if_nothing_at_all_is_wrong_with_it(parts, monkeypatch, capsys, problems, tests, said):
    """Of its files in Python those are looked at that are there."""

    class Pytest(contextlib.nullcontext):
        returncode = tests[0]

        def __init__(self, command, **given):
            assert command[-1] == str(parts.root / "tests/part/test_toy.py")

        def communicate(self):
            return tests[1], None

        def __enter__(self):
            return self

    def stages(page, python):
        assert python == [str(parts.root / name) for name in ("snippets/part/toy.py", "tests/part/test_toy.py")]
        return [(f"stage {number}", iter(found)) for number, found in enumerate(problems)]

    (parts.root / "snippets/figures/part/toy.py").unlink()
    monkeypatch.setattr(subprocess, "Popen", Pytest)
    monkeypatch.setattr(author, "_stages", stages)
    assert author.check("part/toy") == ("✗" not in said)
    assert re.sub(r" \(\d+\.\d s\)", "", capsys.readouterr().out) == said


def test_the_layout_is_the_formatters(tree, capfd):
    tree.write("snippets/part/toy.py", "# --8<-- [start:a]\ndef f( x ):\n  return x\n  # --8<-- [end:a]\n")
    assert main(["format"]) == 0
    text = (tree.root / "snippets/part/toy.py").read_text()
    assert text == "# --8<-- [start:a]\ndef f(x):\n    return x\n    # --8<-- [end:a]\n"
    tree.write("snippets/part/bad.py", "x = undefined\n")
    assert main(["format"]) == 1
    assert "ruff has more to say" in capfd.readouterr().err
