"""What is made before pages are rendered: once, anew where something changed, and not at all where it is wrong."""

import contextlib
import json
import os
import re
import subprocess
import sys
import threading
import time
from concurrent.futures import Future
from concurrent.futures.process import BrokenProcessPool
from multiprocessing import forkserver

import pytest
from matplotlib.figure import Figure

from book import catalogue, depends, ledger, marked, pages, prepare, project, record, recorded, work
from book.measure import Witness
from book.project import BookError

REAL_POOL = work.pool  # of which the small book does without
CHAPTER, SNIPPET, FIGURES, TEST = (
    "docs/part/toy.md",
    "snippets/part/toy.py",
    "snippets/figures/part/toy.py",
    "tests/part/test_toy.py",
)
GENERATED = "docs/assets/generated"
ALL = {"figure part.toy:line", "results part.toy:numbers", "page part/toy.md", "tests/part/test_toy.py::test_doubling"}


@pytest.fixture
def remade(tree, monkeypatch):
    """Prepare the book as a new process would, and return what was made."""
    keys, note = [], record.note
    monkeypatch.setattr(record, "note", lambda key, *rest, **made: keys.append(key) or note(key, *rest, **made))

    def again():
        keys.clear()
        prepare._last = None
        prepare.ensure()
        return {key for key in keys if not key.startswith(("notebook", "numbers"))}

    return again


def test_first_build_makes_everything_and_the_second_nothing(tree, remade, capsys):
    assert remade() == ALL
    known = prepare.ensure()
    assert known.values["part.toy"] == {"two": 2.0, "count": 12345, "word": "yes"}
    assert known.figures["part.toy:line"]["alt"] == "A rising line"
    assert known.tests["LA-101"][0]["error"] == pytest.approx(1e-13, rel=0.1)
    assert known.values["book"]["claims"] == 2
    assert prepare.ensure() is known
    first = r"book: figure part.toy:line, results part.toy:numbers, page part/toy.md; 1 tests of claims\n"
    assert re.fullmatch(first + r"book: made in \d+\.\d s\n", capsys.readouterr().out)
    assert remade() == set()
    assert capsys.readouterr().out == ""


def test_numbers_are_begun_before_figures_and_pages(tree, remade, monkeypatch):
    run, begun = prepare._run, []
    monkeypatch.setattr(
        prepare, "_run", lambda jobs, *rest: begun.append([job.request[0] for job in jobs]) or run(jobs, *rest)
    )
    remade()
    assert ["results", "figure", "page"] in begun


def test_a_module_that_is_written_after_what_names_it_is_followed(tree, remade):
    """A server looks at the same files again and again, and keeps what it has parsed."""
    tree.edit(TEST, '"""Double."""', '"""Double."""\n    assert "snippets.part.second"')
    remade()
    tree.write("snippets/part/second.py", "x = 1\n")
    assert remade() == {"tests/part/test_toy.py::test_doubling"}


@pytest.fixture
def behind(tree, remade, monkeypatch):
    """Let tests run behind the build, as while serving; they fail where the list that is returned says so."""
    run, answers, asked = prepare._run, [], []

    def answer(jobs, *rest):
        if [job.request[0] for job in jobs] != ["test"]:
            yield from run(jobs, *rest)
        elif asked.append(1) or not answers.pop(0):
            yield jobs[0], {"said": "a trace\n" * 50 + "E  wrong\n"}
        else:
            yield from run(jobs, *rest)

    remade()
    monkeypatch.setattr(prepare, "_run", answer)
    monkeypatch.setattr(prepare, "then", lambda: asked.append("then"))
    return answers, asked


def edited(tree, new):
    """Edit the snippet and build; return when the tests behind the build are done."""
    tree.write(SNIPPET, (tree.root / SNIPPET).read_text() + f"\n# {new}\n")
    known = prepare.begin()
    prepare._behind.join()
    return known


def test_while_serving_a_test_that_fails_stops_the_build_after_it_until_an_edit(tree, behind, caplog):
    """The page is there before the test is done, and says so; what failed is not run again for nothing."""
    answers, asked = behind
    answers += [False, True]
    known = edited(tree, "wrong")
    assert known.tests["LA-101"][0]["error"] == pytest.approx(1e-13, rel=0.1)
    assert "tests of claims still run, 1 of them; until they are done, marks say nothing of this edit" in caplog.text
    assert asked == [1, "then"]
    for _ in range(2):
        with pytest.raises(BookError, match=r"claim LA-101, LA-01 fails: (.|\n)*E  wrong$") as error:
            prepare.begin()
        assert str(error.value).count("a trace") == prepare.LINES - 1
    assert asked == [1, "then"]
    edited(tree, "right")
    assert asked == [1, "then"] * 2
    caplog.clear()
    prepare.begin()
    assert caplog.text == ""
    assert asked == [1, "then"] * 2
    assert catalogue.load(prepare._tree()) is not None


def test_tests_behind_the_build_run_one_lot_at_a_time(tree, behind, monkeypatch):
    """Of what is edited meanwhile nothing is noted; the build that follows tests it."""
    answers, asked = behind
    answers += [False, True]
    go, test = threading.Event(), prepare._test
    monkeypatch.setattr(prepare, "_test", lambda tests: test(tests) if tests and go.wait(60) else {})
    for text in ("once", "twice"):
        tree.write(SNIPPET, (tree.root / SNIPPET).read_text() + f"\n# {text}\n")
        prepare.begin()
        assert catalogue.load(prepare._tree()) is None
    go.set()
    prepare._behind.join()
    assert asked == [1, "then"]
    prepare.begin()
    prepare._behind.join()
    prepare.begin()
    assert asked == [1, "then"] * 2
    assert catalogue.load(prepare._tree()) is not None


def test_results_say_what_made_them(tree, remade):
    remade()
    made_by = json.loads((tree.root / GENERATED / "results/part/toy.json").read_text())["numbers"]["made_by"]
    text = (tree.root / GENERATED / "results/part/toy.json").read_text()
    assert text.startswith('{\n  "numbers": {\n    "values": {\n      "two": 2.0,\n')
    assert made_by["snippet"] == FIGURES
    assert made_by["seed"] == 3
    assert set(made_by) == {"snippet", "hash", "seed", "device", "torch", "numpy"}


def test_an_engine_that_says_when_a_build_begins_is_believed(tree, remade):
    """Between two beginnings nobody looks at the files; without such an engine each page does."""
    remade()
    known = prepare.begin()
    tree.edit(FIGURES, "12345", "54321")
    assert prepare.ensure() is known
    assert prepare.begin().values["part.toy"]["count"] == 54321
    prepare._announced = False
    tree.edit(FIGURES, "54321", "999")
    assert prepare.ensure().values["part.toy"]["count"] == 999


PAGE_ALONE, DRAWN = {"page part/toy.md"}, {"figure part.toy:line", "results part.toy:numbers"}
EDITS = {
    "the words of a page": (CHAPTER, "That is all.", "That is nearly all.", set()),
    "the code of a page": (CHAPTER, "double(2.5)", "double(5 / 2)", PAGE_ALONE),
    "an output": (CHAPTER, "[2.0, 5.0]", "[2.0, 5.00]", PAGE_ALONE),
    "what draws": (FIGURES, "double(0.5)", "double(0.7)", {*DRAWN, "tests/part/test_toy.py::test_doubling"}),
    "a snippet": (SNIPPET, "FACTOR = 2", "FACTOR = 4 / 2", ALL),
    "a test": (TEST, "2 + 1e-13", "2 + 2e-13", {"tests/part/test_toy.py::test_doubling"}),
}


@pytest.mark.parametrize(("file", "old", "new", "stale"), EDITS.values(), ids=EDITS)
def test_an_edit_makes_anew_what_uses_it(tree, remade, capsys, file, old, new, stale):
    remade()
    tree.edit(file, old, new)
    capsys.readouterr()
    assert remade() == stale
    assert ("book: no figure, number or page; 1 tests" in capsys.readouterr().out) == (file == TEST)


def test_what_is_stale_of_one_page_is_made_and_nothing_else(tree, monkeypatch):
    for name in ("tox", "toz"):
        for folder in ("snippets", "snippets/figures"):
            tree.write(f"{folder}/part/{name}.py", (tree.root / folder / "part/toy.py").read_text())
        tree.write(f"docs/part/{name}.md", f"# T\n\n/// figure | line\n///\n\n```python\nx = '{name}'\n```\n")
    tree.edit("mkdocs.yml", "nav: [part/toy.md", "nav: [part/tox.md, part/toy.md, part/toz.md")
    made, note = [], record.note
    monkeypatch.setattr(record, "note", lambda key, *rest, **more: made.append(key) or note(key, *rest, **more))
    assert list(prepare.make_page("part/toy.md")) == []
    assert made == ["figure part.toy:line", "results part.toy:numbers", "page part/toy.md"]
    tree.edit(CHAPTER, "[2.0, 5.0]", "[2.0, 5.00]")
    assert list(prepare.make_page("part/toy.md")) == []
    assert made[3:] == ["page part/toy.md"]


@pytest.mark.parametrize(
    ("jobs", "said"),
    [(4, "0, 1, 2, 3"), (5, "0, 1, 2, 3 and 1 more"), (6, "0, 1, 2, 3 and 2 more"), (0, "no figure, number or page")],
)
def test_a_build_says_what_it_makes_and_how_tests_end_that_leave_no_word(tree, monkeypatch, capsys, jobs, said):
    """Four things by name; as many processes as there are cores, and one for the tests, of whose words the last count."""
    asked = []

    def run(given, workers):
        asked.append((sorted(job.key for job in given), workers))
        return [
            (job, {"said": "\n".join(map(str, range(prepare.LINES + 2)))}) for job in given if job.request[0] == "test"
        ]

    monkeypatch.setattr(prepare, "_run", run)
    monkeypatch.setattr(os, "cpu_count", lambda: jobs or None)
    (check,) = marked.checks()
    with pytest.raises(BookError) as caught:
        prepare._make([prepare.Job(str(number), "", ("page",)) for number in range(jobs)], {check: "digest"})
    assert capsys.readouterr().out == f"book: {said}; 1 tests of claims\n"
    assert sorted(asked) == sorted([([str(n) for n in range(jobs)], jobs or 1), (["the tests of claims"], 1)])
    assert str(caught.value).splitlines()[1:] == [
        "claim LA-101, LA-01 fails: tests/part/test_toy.py:13 test_doubling",
        *map(str, range(2, prepare.LINES + 2)),
    ]


def test_jobs_of_a_process_that_died_are_done_again_each_by_itself(monkeypatch):
    sizes = []

    class Mortal(contextlib.nullcontext):
        def __enter__(self):
            return self

        def submit(self, function, kind):
            done = Future()
            dies = kind == "b" or (kind == "c" and sizes == [3])  # beside b
            done.set_exception(BrokenProcessPool()) if dies else done.set_result({"made": kind})
            return done

    monkeypatch.setattr(work, "pool", lambda workers: sizes.append(workers) or Mortal())
    answers = {job.key: answer for job, answer in prepare._run([prepare.Job(key, "", (key,)) for key in "abcd"], 3)}
    died = {"error": "the process that worked on it died"}
    assert answers == {"a": {"made": "a"}, "b": died, "c": {"made": "c"}, "d": {"made": "d"}}
    assert (sizes[0], set(sizes[1:-1]), sizes[-1]) == (3, {1}, 3)


NESTED = {
    "snippets/part/a.py": "from . import b\n",
    "snippets/part/b.py": "from .c.inner import D\n",
    "snippets/part/c/__init__.py": "",
    "snippets/part/c/inner.py": "D = 1\n",
}


def test_what_a_failed_build_saw_is_forgotten_when_all_is_as_before(tree):
    settings, more = tree.root / "mkdocs.yml", tree.root / "docs/part/more.md"
    before = settings.read_text()
    prepare.begin()
    settings.write_text(before.replace("part/toy.md,", "part/toy.md, part/more.md,"))
    more.write_text("# More\n\n/// unknown\n///\n")
    with pytest.raises(BookError, match="unknown"):
        prepare.begin()
    assert "part/more.md" in pages.names()
    settings.write_text(before)
    more.unlink()
    prepare.begin()
    assert "part/more.md" not in pages.names()


def test_a_page_that_comes_while_the_book_is_prepared_is_seen(tree, monkeypatch):
    settings, more, write = tree.root / "mkdocs.yml", tree.root / "docs/reference/more.md", ledger.write_files

    def written_meanwhile(known):
        if not more.exists():
            more.write_text("# More\n")
            settings.write_text(settings.read_text().replace("errata.md]", "errata.md, reference/more.md]"))
        write(known)

    monkeypatch.setattr(ledger, "write_files", written_meanwhile)
    prepare.begin()
    assert "reference/more.md" in pages.names()


@pytest.mark.parametrize("file", NESTED)
def test_imports_are_followed_however_deep(tree, remade, file):
    """A module of a module, by relative imports, in a function; and the package on the way."""
    for name, text in NESTED.items():
        tree.write(name, text)
    tree.edit(SNIPPET, "    return FACTOR * x", "    import snippets.part.a\n    return FACTOR * x")
    remade()
    tree.write(file, NESTED[file] + "E = 2\n")
    assert remade() == ALL


def test_a_module_that_is_named_in_a_string_is_followed(tree, remade):
    tree.write("snippets/part/named.py", "X = 1\n")
    tree.edit(TEST, "import math", "import importlib\nimport math\n\nimportlib.import_module('snippets.part.named')")
    remade()
    tree.write("snippets/part/named.py", "X = 2\n")
    assert remade() == {"tests/part/test_toy.py::test_doubling"}


def test_a_fixture_in_a_conftest_is_followed(tree, remade):
    """Also what that imports; and the settings of pytest."""
    tree.write("tests/conftest.py", "from snippets.part.other import X\n")
    tree.write("snippets/part/other.py", "X = 1\n")
    remade()
    for file, old, new in (
        ("tests/conftest.py", "X", "X as Y"),
        ("snippets/part/other.py", "1", "2"),
        ("pyproject.toml", "ids", "the ids"),
    ):
        tree.edit(file, old, new)
        assert remade() == {"tests/part/test_toy.py::test_doubling"}


def test_another_version_of_a_library_makes_everything_anew(tree, remade, monkeypatch):
    tree.write("requirements.txt", "numpy==1\nnothing-of-this-name==2\n")
    remade()
    monkeypatch.setattr(depends, "version", lambda name: "2.0.0")
    depends._version.cache_clear()
    assert remade() == ALL
    depends._version.cache_clear()


def test_recorded_results_beside_a_file_are_part_of_it(tree, remade):
    tree.write("snippets/part/recorded/toy.json", "{}")
    remade()
    tree.write("snippets/part/recorded/toy.json", '{"values": 1}')
    assert remade() == ALL - PAGE_ALONE  # the page imports nothing


def test_a_stale_record_is_named_at_each_build_and_stops_none(tree, remade, capsys):
    """The code that made a record changed, or is gone: the build says what to run. What runs only as a command does not count."""
    made_by = {"command": "make toy", "snippet": SNIPPET, "function": "double"}
    made_by["hash"] = recorded.digest_of_function(tree.root / SNIPPET, "double")
    tree.write("snippets/part/recorded/toy.json", json.dumps({"values": {}, "made_by": made_by}))
    tree.write(SNIPPET, (tree.root / SNIPPET).read_text() + '\nif __name__ == "__main__":\n    print(double(2))\n')
    remade()
    assert "older" not in capsys.readouterr().out
    tree.edit(SNIPPET, "FACTOR = 2", "FACTOR = 4 / 2")
    for _ in range(2):
        remade()
        said = f"book: recorded results of snippets/part/recorded/toy.json are older than {SNIPPET}; run make toy\n"
        assert capsys.readouterr().out.endswith(said)
    tree.edit("snippets/part/recorded/toy.json", "part/toy.py", "part/gone.py")
    remade()
    assert "are older than snippets/part/gone.py; run make toy" in capsys.readouterr().out


DAMAGES = {
    "a number by hand": ("results/part/toy.json", lambda data: data.replace(b"12345", b"54321")),
    "a drawing by hand": ("figures/part/toy/line.light.svg", lambda data: data + b"<!-- mine -->"),
    "a drawing cut off": ("figures/part/toy/line.dark.svg", lambda data: data[:100]),
    "a drawing deleted": ("figures/part/toy/line.dark.svg", None),
    "a notebook cut off": ("notebooks/part/toy.ipynb", lambda data: data[:100]),
    "a style sheet cut off": ("site.css", lambda data: data[:100]),
    "a font deleted": ("katex/fonts/KaTeX_Main-Regular.woff2", None),
}


@pytest.mark.parametrize(("file", "damage"), DAMAGES.values(), ids=DAMAGES)
def test_what_was_made_and_changed_by_hand_is_made_again(tree, remade, file, damage):
    remade()
    path = tree.root / GENERATED / file
    data = path.read_bytes()
    path.write_bytes(damage(data)) if damage else path.unlink()
    assert remade() <= {"figure part.toy:line"}
    assert path.read_bytes() == data


@pytest.mark.parametrize("damage", [b"", b"\xff\xfe", b"{", b"[1]", b"null", b'{"tree": 1}'])
def test_a_damaged_catalogue_counts_as_absent(tree, remade, damage):
    remade()
    catalogue.catalogue_file().write_bytes(damage)
    assert remade() == set()
    assert prepare.ensure().values["part.toy"]["count"] == 12345


def test_a_damaged_record_costs_what_it_lost_and_no_more(tree, remade):
    """Lines that are cut off or no text are passed over; what is appended after them counts."""
    remade()
    lines = record.file().read_bytes().strip().split(b"\n\n")
    broken = [b"\xff" + line if b"figure" in line else line for line in lines]
    record.file().write_bytes(b'[]\n{"key": 1}\n' + b"\n".join(broken) + b'\n{"key": "cut')
    catalogue.catalogue_file().unlink()
    assert remade() == {"figure part.toy:line"}
    assert remade() == set()


def test_the_record_does_not_grow_for_good(tree, remade):
    remade()
    for number in range(1100):
        record.note("gone", str(number))
    tree.edit(CHAPTER, "That is all.", "All.")
    assert remade() == set()
    assert record.entries()["gone"]["digest"] == "1099"
    assert len(record.file().read_text().splitlines()) < 20


def test_a_build_that_is_cut_short_keeps_what_it_made(tree, remade, monkeypatch):
    run = prepare._run

    def cut(jobs, workers):
        for number, answer in enumerate(run(jobs, workers)):
            if number == 1 and len(jobs) > 1:
                raise KeyboardInterrupt
            yield answer

    monkeypatch.setattr(prepare, "_run", cut)
    with pytest.raises(KeyboardInterrupt):
        remade()
    monkeypatch.setattr(prepare, "_run", run)
    everything = {"figure part.toy:line", "results part.toy:numbers", "page part/toy.md"}
    assert len(everything - remade()) == 1  # the one that was done first


def test_an_edit_while_the_book_is_prepared_is_not_lost(tree, monkeypatch):
    make, made = prepare._make, []

    def make_and_edit(*given):
        make(*given)
        made.append(given)
        if len(made) == 1:
            tree.edit(TEST, "def test_doubling", "def test_twice")
            tree.edit(FIGURES, "return {", 'return {"three": 3, ')
            tree.edit(FIGURES, "def line()", "def line_of_two()")
            tree.edit(CHAPTER, "/// figure | line", "/// figure | line_of_two")

    monkeypatch.setattr(prepare, "_make", make_and_edit)
    known = prepare.ensure()
    assert len(made) == 2
    assert known.tests["LA-01"][0]["node"].endswith("::test_twice")
    assert known.values["part.toy"]["three"] == 3
    assert list(known.figures) == ["part.toy:line_of_two"]


FAILURES = {
    "a listing": (
        CHAPTER,
        "print([double",
        "print([1 / 0, double",
        r"docs/part/toy\.md:\d+: listing \d raises ZeroDivisionError at .print\(\[1 / 0",
    ),
    "a syntax error on a page": (
        CHAPTER,
        "print([double(1.0)",
        "print([double(1.0",
        r"^docs/part/toy\.md:\d+: .*print\(\[double\(1\.0, ",
    ),
    "a syntax error in a snippet": (
        SNIPPET,
        "return FACTOR",
        "return return FACTOR",
        r"^snippets/part/toy\.py:11: invalid syntax: return return",
    ),
    "a file that is no text": (SNIPPET, "Double x.", "Double x\udcff.", r"^snippets/part/toy\.py: not a text in UTF-8"),
    "a figure that fails": (
        FIGURES,
        "fig = Figure()",
        'raise RuntimeError("no ink")',
        r"figure part\.toy:line: RuntimeError at toy\.py:\d+ in line: no ink",
    ),
    "empty axes": (
        FIGURES,
        "fig.subplots()",
        "fig.subplots(1, 2)[0]",
        r"figure part\.toy:line: nothing is drawn in its axes number 2",
    ),
    "small type": (
        FIGURES,
        "fig.subplots()",
        'fig.subplots()\n    fig.text(0, 0, "tiny", size=5)',
        r"figure part\.toy:line: the text 'tiny' is smaller than 7 points",
    ),
    "a number that is none": (FIGURES, "12345", "[1]", r"results part\.toy:numbers: TypeError: a result is a number"),
    "a number that nobody computes": (
        FIGURES,
        '"count"',
        '"cuont"',
        r"docs/part/toy\.md:6: no number 'count'.*'cuont'",
    ),
    "a loose end": (CHAPTER, "id: LA-101", "id: LA-111", "claim 'LA-111' has no test"),
}


@pytest.mark.parametrize(("file", "old", "new", "message"), FAILURES.values(), ids=FAILURES)
def test_what_is_wrong_stops_the_build_by_name_until_it_is_mended(tree, remade, file, old, new, message):
    good = (tree.root / file).read_bytes()
    (tree.root / file).write_bytes(good.decode().replace(old, new).encode(errors="surrogateescape"))
    assert (tree.root / file).read_bytes() != good
    for _ in range(2):
        with pytest.raises(BookError) as caught:
            prepare.ensure()
        assert re.search(message, str(caught.value)), str(caught.value)
    (tree.root / file).write_bytes(good)
    assert prepare.ensure().values["part.toy"]["count"] == 12345


def test_what_fails_is_named_by_the_innermost_line_of_the_book(tree):
    tree.edit(SNIPPET, "return FACTOR * x", 'raise ValueError("no")')
    assert work.do("results", "part.toy", "numbers") == {"error": "ValueError at toy.py:11 in double: no"}
    assert work.do("results", "part.toy", "nothing")["error"].startswith("AttributeError: ")


def test_a_figure_of_one_colour_is_refused(tree, remade):
    tree.edit(
        FIGURES,
        "    axes.plot([double(0.5), double(1.0)])\n    axes.set(xticks=[], yticks=[])",
        "    axes.remove()\n    fig.text(0, 0, 'x', color='red')",
    )
    with pytest.raises(BookError, match=r"figure part\.toy:line: it looks the same in the dark"):
        remade()


def test_a_lab_with_a_syntax_error_is_named(tree):
    tree.edit("mkdocs.yml", "nav: [", "nav: [labs/one.py, ")
    tree.write("docs/labs/one.py", "# %%\nx = = 1\n")
    with pytest.raises(BookError, match=r"^docs/labs/one\.py:2: invalid syntax"):
        prepare.ensure()


def test_a_full_disk_is_one_line(tree, monkeypatch):
    def full(*given, **named):
        raise OSError(28, "No space left on device", "docs/x.svg")

    monkeypatch.setattr(record, "note", full)
    with pytest.raises(BookError, match=r"^the book cannot be prepared: .*No space left on device: 'docs/x.svg'$"):
        prepare.ensure()


def test_two_builds_at_once_wait_for_each_other(tree, remade, capsys):
    with prepare.locked("standing in the way"):
        waiting = threading.Thread(target=prepare.ensure)
        waiting.start()
        time.sleep(1.5)
        assert not record.file().exists()
    waiting.join()
    assert "another build is preparing the book; waiting for it" in capsys.readouterr().out
    assert remade() == set()


def test_a_chapter_outside_the_nav_is_not_part_of_the_book(tree, remade):
    """A chapter in the making does not stop the build of the others."""
    tree.write("snippets/part/later.py", "# --8<-- [start:open]\nx = 1\n# --8<-- [end:open]\n")
    tree.write("docs/part/later.md", "# Later\n")
    tree.write(
        "tests/part/test_later.py", 'import pytest\n\n@pytest.mark.claim("LA-999")\ndef test_later():\n    pass\n'
    )
    assert remade() == ALL


def test_a_claim_marked_proof_only_needs_no_test(tree):
    """`proof: only` stands for a claim that no program can test."""
    tree.edit(TEST, '"LA-101", ', "")
    tree.edit(CHAPTER, "id: LA-101", "id: LA-101\n    proof: only")
    assert prepare.ensure().tests.keys() == {"LA-01"}


def test_what_a_playground_reads_is_written(tree, remade):
    tree.edit(FIGURES, "from book import figure", "from book import data, figure")
    tree.edit(
        FIGURES,
        "@results",
        '@data\ndef lines() -> dict:\n    """Say."""\n    return {"at": [0.5, double(1.0)]}\n\n\n@results',
    )
    assert remade() == {*ALL, "data part.toy:lines"}
    assert json.loads((tree.root / GENERATED / "data/part/toy/lines.json").read_text()) == {"at": [0.5, 2.0]}


def test_what_nobody_could_see_in_a_figure_is_named_and_nothing_else():
    """Axes are empty without data and words; what is not shown may be small."""
    figure = Figure()
    first, second, third, fourth = figure.subplots(1, 4)
    first.plot([1, 2])
    second.text(0, 0, "seven", size=7)
    third.text(0, 0, "hidden", size=6, visible=False)
    fourth.set_axis_off()
    figure.text(0, 0, " ", size=6)
    assert work.look(figure) == []
    third.texts[0].remove()
    figure.text(0, 0, "small", size=6.9)
    assert work.look(figure) == ["nothing is drawn in its axes number 3", "the text 'small' is smaller than 7 points"]


def test_figures_are_byte_identical_from_build_to_build(tree):
    tree.edit(FIGURES, "    axes.set(xticks=[], yticks=[])\n", "")  # else there are no letters
    drawn = []
    for _ in range(2):
        assert "files" in work.draw("part.toy", "line")
        drawn.append([work.figure_file("part.toy", "line", mode).read_bytes() for mode in ("light", "dark")])
    assert drawn[0] == drawn[1]
    assert drawn[0][0] != drawn[0][1]


# ——— processes of their own

NOT = """
@pytest.mark.claim("LA-101")
def test_not(measured):
    measured(double(1.0), 2 + 1e-13, atol=1e-15)
"""


@pytest.fixture
def processes(monkeypatch):
    """Let real processes work, forked from one that knows this book and no other."""
    monkeypatch.setattr(work, "pool", REAL_POOL)
    forkserver._forkserver._stop()
    yield
    forkserver._forkserver._stop()


def test_processes_make_the_book_and_say_which_claim_fails(tree, processes, monkeypatch, capfd):
    """One that dies is named; what others did meanwhile counts, and so do the claims that passed; nobody's words mix."""
    tree.edit(CHAPTER, "print([double", "import os; os._exit(3); print([double")
    tree.edit(FIGURES, "fig = Figure()", "print('noise', flush=True)\n    fig = Figure()")
    tree.drop_numbers()
    tree.edit(TEST, '"LA-101", ', "")
    tree.edit(TEST, "\n\n@pytest", NOT + "\n\n@pytest")
    monkeypatch.setattr(os, "cpu_count", lambda: 1)  # each process imports torch
    with pytest.raises(BookError) as caught:
        prepare.ensure()
    died, fails, *why = str(caught.value).splitlines()[1:]
    assert died == "page part/toy.md: the process that worked on it died"
    assert fails == "claim LA-101 fails: tests/part/test_toy.py:12 test_not"
    assert "exceeds 1e-15" in "\n".join(why)
    made = record.entries()
    assert set(made) == {*ALL, f"{TEST}::test_not"} - PAGE_ALONE
    assert made[f"{TEST}::test_not"]["digest"] == ""
    assert made[f"{TEST}::test_doubling"]["error"] == pytest.approx(1e-13, rel=0.1)
    said = capfd.readouterr()
    assert "noise" not in said.out
    assert "noise" in said.err


def test_tests_that_cannot_be_collected_are_reported(tree, processes):
    tree.edit(TEST, "import math", "import math, nothing_of_this_name")
    (check,) = marked.checks()
    (why,) = prepare._test({check: check.digest()}).values()
    assert re.match(r"claim LA-101, LA-01 fails(.|\n)*nothing_of_this_name", why)


ORPHANED = """
from book import work
if __name__ == "__main__":
    pool = work.pool(1)
    print(pool.submit(work.os.getpid).result(), flush=True)
    pool.submit(work.threading.Event().wait) if False else pool.submit(__import__("time").sleep, 60)
    work.os.kill(work.os.getpid(), 9)
"""


def test_a_worker_ends_quietly_when_its_build_is_killed(tmp_path):
    (tmp_path / "build.py").write_text(ORPHANED)
    environment = {**os.environ, "PYTHONPATH": str(depends.TOOL.parent)}
    killed = subprocess.run(
        [sys.executable, tmp_path / "build.py"], capture_output=True, text=True, env=environment, timeout=60
    )
    worker, limit = int(killed.stdout), time.time() + 20
    while _lives(worker) and time.time() < limit:
        time.sleep(0.05)
    assert not _lives(worker)
    assert "Traceback" not in killed.stderr


def _lives(process: int) -> bool:
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    return True


# ——— what pytest shows


def run_pytest(*arguments: str) -> int:
    """Run the tests of the small book as its author does."""
    command = [sys.executable, "-m", "pytest", "-q", *arguments]
    return subprocess.run(command, env={**os.environ, "PYTEST_ADDOPTS": ""}, check=False).returncode


def test_what_pytest_has_just_shown_is_not_run_again(tree, remade):
    """It stands in the record with its error, and so do the numbers; a failure is forgotten once the test passes."""
    assert run_pytest() == 0
    entry = record.entries()["tests/part/test_toy.py::test_doubling"]
    assert entry["ids"] == ["LA-101", "LA-01"]
    assert entry["error"] == pytest.approx(1e-13, rel=0.1)
    assert remade() == ALL - {"tests/part/test_toy.py::test_doubling", "results part.toy:numbers"}
    tree.edit(SNIPPET, "return FACTOR * x", "return -FACTOR * x")
    tree.drop_numbers()
    assert run_pytest() == 1
    assert record.entries()["tests/part/test_toy.py::test_doubling"]["digest"] == ""


CASES = "@pytest.mark.parametrize('factor', [1, 2])\n@pytest.mark.claim"


@pytest.mark.parametrize(
    ("arguments", "shown"),
    [(("-n", "2"), True), ((), False), (("tests/part/test_toy.py::test_doubling[2]",), False)],
)
def test_only_a_test_that_passed_in_all_cases_counts(tree, arguments, shown):
    """Both cases, in two processes; one of two, chosen by somebody or by name, shows nothing."""
    if not arguments:
        tree.write("tests/conftest.py", "def pytest_collection_modifyitems(items):\n    items[:] = items[-1:]\n")
    tree.edit(TEST, "@pytest.mark.claim", CASES)
    tree.edit(TEST, "(measured)", "(measured, factor)")
    tree.drop_numbers()
    assert run_pytest(*arguments) == 0
    assert bool(record.entries()) == shown


def test_a_failure_is_noted_once_and_outlasts_what_passes_later(tree):
    """A test that fails in one case does not count as passed in the others; one of no claim is nobody's concern."""
    node = "tests/part/test_toy.py::test_doubling"
    witness = Witness()
    for outcome, claim in (
        ("failed", {"cases": 2, "error": None}),
        ("passed", {"cases": 2, "error": None}),
        ("failed", None),
    ):
        report = pytest.TestReport(f"{node}[{outcome}]", (TEST, 1, ""), {}, outcome, "why it failed", "teardown")
        report.claim = claim
        witness.pytest_runtest_logreport(report)
    assert record.entries()[node] == {"key": node, "digest": "", "message": "why it failed"}


def test_a_test_whose_code_was_edited_while_it_ran_shows_nothing(tree):
    tree.edit(TEST, "    measured(", "    import pathlib; pathlib.Path('snippets/part/toy.py').touch()\n    measured(")
    tree.drop_numbers()
    assert run_pytest() == 0
    assert record.entries() == {}


# ——— small parts


def test_results_have_to_be_plain():
    """A tensor of one number becomes a number; anything else is refused by type."""
    import torch

    assert work.plain(torch.tensor(2)) == 2
    with pytest.raises(TypeError, match="not list"):
        work.plain([1, 2])


@pytest.mark.parametrize(
    ("value", "spec", "shown"),
    [
        (12345, None, "12,345"),
        (0.123456, None, "0.1235"),
        (0.123456, ".2f", "0.12"),
        (2.2e-16, "sci", "2.2 × 10⁻¹⁶"),
        (2.2e-16, "tex", r"2.2 \times 10^{-16}"),
        (True, None, "True"),
        ("word", None, "word"),
        (1234, "d", "1234"),
    ],
)
def test_numbers_are_formatted(value, spec, shown):
    """Integers get separators, floats four digits, errors a power of ten."""
    assert catalogue.show(value, spec) == shown


def test_atomic_write_leaves_nothing_behind(tmp_path, monkeypatch):
    """When the replacement fails the old file stands and no partial file is left."""
    path = tmp_path / "file"
    path.write_text("old")

    def fail(source, target):
        raise OSError("disk full")

    monkeypatch.setattr(os, "replace", fail)
    with pytest.raises(OSError, match="disk full"):
        project.write_atomically(path, "new")
    assert [item.name for item in tmp_path.iterdir()] == ["file"]
    assert path.read_text() == "old"


LOOKS = """
from book import prepare
looks = []
prepare._current = lambda: looks.append(1)
prepare._stamp = lambda: str(len(looks))  # the tree is another each time
for ask in ({}):
    getattr(prepare, ask)()
print(len(looks))
"""


@pytest.mark.parametrize(
    ("asked", "looked"),
    [
        (("ensure", "ensure", "ensure"), 3),
        (("begin", "ensure", "ensure"), 1),
        (("ensure", "begin", "ensure", "begin"), 3),
    ],
)
def test_without_an_engine_that_announces_builds_the_tree_is_looked_at_each_time(asked, looked):
    """An edit between two pages is seen, unless a build was announced, which has one tree from begin to end."""
    ran = subprocess.run([sys.executable, "-c", LOOKS.format(asked)], capture_output=True, text=True)
    assert (ran.stdout, ran.stderr) == (f"{looked}\n", "")
