"""What is made before pages are rendered: once, anew where something changed, and not at all where it is wrong."""

import io
import json
import os
import re
import subprocess
import sys

import pytest

from book import catalogue, depends, prepare, project, proven, sources, work
from book.project import BookError


def made(capsys) -> str:
    """Return what the build said it made."""
    return capsys.readouterr().out


def test_first_build_makes_everything_and_the_second_nothing(tree, capsys):
    """Figures, numbers, outputs and claims are made once; the second time nothing runs."""
    known = prepare.ensure()
    said = made(capsys)
    assert "figure part.toy:line" in said
    assert "results part.toy:numbers" in said
    assert "page part/toy.md" in said
    assert "1 tests of claims" in said
    assert known.values["part.toy"] == {"two": 2.0, "count": 12345, "word": "yes"}
    assert known.figures["part.toy:line"]["alt"] == "A rising line"
    assert known.tests["LA-101"][0]["error"] == pytest.approx(1e-13, rel=0.1)
    assert known.values["book"]["claims"] == 2
    assert prepare.ensure() is known
    prepare._seen = None
    prepare.ensure()
    assert made(capsys) == ""


def test_results_say_what_made_them(tree):
    """A results file names snippet, hash, seed, device and versions."""
    prepare.ensure()
    made_by = json.loads((tree.root / "docs/assets/generated/results/part/toy.json").read_text())["numbers"]["made_by"]
    assert made_by["snippet"] == "snippets/figures/part/toy.py"
    assert made_by["seed"] == 3
    assert set(made_by) == {"snippet", "hash", "seed", "device", "torch", "numpy"}


def test_only_what_depends_on_an_edit_is_made_again(tree, capsys):
    """Figures, numbers, page and claims depend on FACTOR through double; a new function changes none of them."""
    prepare.ensure()
    made(capsys)
    tree.edit("snippets/part/toy.py", "FACTOR = 2", "FACTOR = 2\nUNUSED = 3  # and a comment")
    prepare.ensure()
    assert made(capsys) == ""
    tree.edit("snippets/figures/part/toy.py", "double(0.5)", "double(0.7)")
    prepare.ensure()
    assert "book: figure part.toy:line; 0 tests" in made(capsys)
    tree.edit("snippets/part/toy.py", "FACTOR = 2", "FACTOR = 4 / 2")
    prepare.ensure()
    said = made(capsys)
    assert "results part.toy:numbers" in said
    assert "1 tests of claims" in said


def test_an_edit_while_the_book_is_prepared_is_not_lost(tree, monkeypatch):
    make, made = prepare._make, []

    def make_and_edit(*given):
        make(*given)
        made.append(given)
        if len(made) == 1:
            tree.edit("tests/part/test_toy.py", "def test_doubling", "def test_twice")
            tree.edit("snippets/figures/part/toy.py", "return {", 'return {"three": 3, ')
            tree.edit("snippets/figures/part/toy.py", "def line()", "def line_of_two()")
            tree.edit("docs/part/toy.md", "/// figure | line", "/// figure | line_of_two")

    monkeypatch.setattr(prepare, "_make", make_and_edit)
    known = prepare.ensure()
    assert len(made) == 2
    assert known.tests["LA-01"][0]["node"].endswith("::test_twice")
    assert known.values["part.toy"]["three"] == 3
    assert list(known.figures) == ["part.toy:line_of_two"]


def run_pytest(*arguments: str) -> None:
    """Run the tests of the small book as its author does."""
    subprocess.run([sys.executable, "-m", "pytest", "-q", *arguments], env={**os.environ, "PYTEST_ADDOPTS": ""}, check=False)


def test_what_pytest_has_just_shown_is_not_run_again(tree, capsys):
    """A build after the tests takes their outcome, with the error measured; after an edit it does not."""
    run_pytest()
    known = prepare.ensure()
    assert "0 tests of claims" in made(capsys)
    assert known.tests["LA-101"][0]["error"] == pytest.approx(1e-13, rel=0.1)
    tree.edit("snippets/part/toy.py", "return FACTOR * x", "return -FACTOR * x")
    with pytest.raises(BookError, match="claim LA-101, LA-01 fails"):
        prepare.ensure()
    run_pytest()
    assert proven.outcomes() == {}
    assert not proven.proofs_file().exists()


CASES = "@pytest.mark.parametrize('factor', [1, 2])\n@pytest.mark.claim"


@pytest.mark.parametrize(
    ("arguments", "shown"), [((), True), (("-k", "2"), False), (("tests/part/test_toy.py::test_doubling[2]",), False)]
)
def test_only_a_test_that_passed_in_all_cases_counts(tree, arguments, shown):
    """One case of two, chosen by word or by name, shows nothing."""
    tree.edit("tests/part/test_toy.py", "@pytest.mark.claim", CASES)
    tree.edit("tests/part/test_toy.py", "(measured)", "(measured, factor)")
    run_pytest(*arguments)
    assert bool(proven.outcomes()) == shown


def test_what_passed_on_another_tree_is_forgotten(tree):
    """The file does not grow from edit to edit, and what passed since the last edit stays."""
    proven.note(proven.proofs_file(), tree=sources.state(), node="a", case="a", cases=1, error=0.5)
    proven.forget_other_trees(sources.state())
    assert proven.outcomes() == {"a": {"passed": True, "error": 0.5}}
    proven.forget_other_trees("another")
    assert not proven.proofs_file().exists()


def test_a_damaged_note_of_what_passed_counts_as_absent(tree):
    """A line that was cut off proves nothing."""
    note = {"tree": sources.state(), "node": "a", "case": "a", "cases": 1, "error": None}
    proven.note(proven.proofs_file(), **note)
    assert proven.outcomes() == {"a": {"passed": True, "error": None}}
    with proven.proofs_file().open("a") as file:
        file.write('{"tree')
    assert proven.outcomes() == {}
    proven.forget_other_trees(sources.state())
    assert not proven.proofs_file().exists()


def test_a_deleted_figure_is_drawn_again(tree, capsys):
    """The cache alone is not enough: the file has to be there."""
    prepare.ensure()
    made(capsys)
    (tree.root / "docs/assets/generated/figures/part/toy/line.dark.svg").unlink()
    prepare.ensure()
    assert "figure part.toy:line" in made(capsys)


def test_figures_are_byte_identical_from_build_to_build(tree):
    """The same code draws the same bytes."""
    prepare.ensure()
    paths = sorted((tree.root / "docs/assets/generated/figures").rglob("*.svg"))
    before = [path.read_bytes() for path in paths]
    assert len(paths) == 2
    assert before[0] != before[1]
    for path in paths:
        path.unlink()
    prepare.ensure()
    assert [path.read_bytes() for path in paths] == before


BREAKAGES = {
    "a sign in a snippet": (
        "snippets/part/toy.py",
        "return FACTOR * x",
        "return -FACTOR * x",
        [r"claim LA-101, LA-01 fails: tests/part/test_toy.py:\d+ test_doubling", r"docs/part/toy.md: listing 3"],
    ),
    "an output on a page": ("docs/part/toy.md", "[2.0, 5.0]", "[2.0, 6.0]", [r"prints\n\[2.0, 5.0\]"]),
    "a loose end": ("docs/part/toy.md", "id: LA-101", "id: LA-111", ["claim 'LA-111' has no test"]),
    "a snippet that fails": (
        "snippets/figures/part/toy.py",
        "fig = Figure()",
        'fig = Figure(); raise RuntimeError("no ink")',
        [r"figure part.toy:line: RuntimeError at toy.py:\d+ in line: no ink"],
    ),
}


@pytest.mark.parametrize(("file", "old", "new", "messages"), BREAKAGES.values(), ids=BREAKAGES)
def test_breakages_are_caught_by_name(tree, file, old, new, messages):
    """Each loose end stops the build with file, line, name and the nearest name that exists."""
    tree.edit(file, old, new)
    with pytest.raises(BookError) as caught:
        prepare.ensure()
    for message in messages:
        assert re.search(message, str(caught.value), re.DOTALL), str(caught.value)


def test_a_mended_breakage_builds(tree, capsys):
    """What failed is tried again once it is mended."""
    tree.edit("docs/part/toy.md", "[2.0, 5.0]", "[2.0, 6.0]")
    with pytest.raises(BookError):
        prepare.ensure()
    made(capsys)
    tree.edit("docs/part/toy.md", "[2.0, 6.0]", "[2.0, 5.0]")
    prepare.ensure()
    assert "book: page part/toy.md; 0 tests" in made(capsys)


def test_a_claim_marked_proof_only_needs_no_test(tree):
    """`proof: only` stands for a claim that no program can test."""
    tree.edit("tests/part/test_toy.py", '"LA-101", ', "")
    tree.edit("docs/part/toy.md", "id: LA-101", "id: LA-101\n    proof: only")
    assert prepare.ensure().tests.keys() == {"LA-01"}


def test_a_chapter_outside_the_nav_is_not_part_of_the_book(tree, capsys):
    """A chapter in the making does not stop the build of the others."""
    tree.write("snippets/part/later.py", "# --8<-- [start:open]\nx = 1\n# --8<-- [end:open]\n")
    tree.write("docs/part/later.md", "# Later\n")
    tree.write(
        "tests/part/test_later.py", 'import pytest\n\n@pytest.mark.claim("LA-999")\ndef test_later():\n    pass\n'
    )
    prepare.ensure()
    assert "later" not in made(capsys)


def test_a_worker_that_dies_is_reported(tree):
    """A figure that ends its process is named, and the build does not hang."""
    tree.edit("snippets/figures/part/toy.py", "fig = Figure()", "import os; os._exit(3)\n    fig = Figure()")
    with pytest.raises(BookError, match=r"figure part\.toy:line: the worker process died"):
        prepare.ensure()


def test_tests_that_cannot_be_collected_are_reported(tree):
    """A claim whose test file does not import fails by name."""
    tree.edit("tests/part/test_toy.py", "import math", "import math, nothing_of_this_name")
    with pytest.raises(BookError, match=r"LA-101, LA-01 fails(.|\n)*nothing_of_this_name"):
        prepare.ensure()


def test_worker_draws_computes_checks_and_reports_errors(tree):
    """The worker answers each job on one line, errors included."""
    jobs = [
        ["draw", "part.toy", "line"],
        ["compute", "part.toy", "numbers"],
        ["check", "part/toy.md"],
        ["draw", "part.toy", "nothing"],
    ]
    answers = io.StringIO()
    work.serve(io.StringIO("".join(json.dumps(job) + "\n" for job in jobs)), answers)
    drawn, computed, checked, failed = map(json.loads, answers.getvalue().splitlines())
    assert drawn["ok"]["size"][0] > drawn["ok"]["size"][1] > 100
    assert computed["ok"] == {"values": {"two": 2.0, "count": 12345, "word": "yes"}, "seed": 3, "device": "cpu"}
    assert checked["ok"] == {"problems": []}
    assert failed["error"].startswith("AttributeError")


def test_worker_main_serves_standard_input(tree, monkeypatch, capfd):
    """What a job prints does not mix with the answers."""
    source = tree.root / "jobs"
    source.write_text('["check", "part/toy.md"]\n')
    with source.open() as jobs:
        monkeypatch.setattr("sys.stdin", jobs)
        stdout = os.dup(1)
        try:
            work.main()
        finally:
            os.dup2(stdout, 1)
            os.close(stdout)
    assert capfd.readouterr().out == '{"ok": {"problems": []}}\n'


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


def test_damaged_cache_counts_as_absent(tmp_path):
    """A cache file that is cut off is made anew."""
    path = tmp_path / "state.json"
    path.write_text('{"half": ')
    assert project.read_json(path, {}) == {}


RECORDS = '''"""Records."""
import json
from pathlib import Path
def record(name: str) -> dict:
    """Read."""
    return json.loads((Path(__file__).parent / "recorded" / f"{name}.json").read_text())["values"]
'''


def remember(tree, value: float, hash: str) -> None:
    """Write a record of what `double` made."""
    made_by = {"command": "make toy", "snippet": "snippets/part/toy.py", "function": "double", "hash": hash}
    tree.write("snippets/part/recorded/toy.json", json.dumps({"values": {"x": value}, "made_by": made_by}))


def digest_of_double(tree) -> str:
    """Return the hash that a record of today would have."""
    return depends.digest_of_function(tree.root / "snippets/part/toy.py", "double")


@pytest.fixture
def recorded(tree):
    """Let one result of the toy come from a record."""
    tree.write("snippets/part/records.py", RECORDS)
    tree.edit("snippets/figures/part/toy.py", "import figure, results", "import figure, results\nfrom snippets.part.records import record")
    tree.edit("snippets/figures/part/toy.py", "12345", '12345 + record("toy")["x"]')
    remember(tree, 1, digest_of_double(tree))
    return tree


def test_only_what_reads_a_record_is_made_again_when_it_changes(recorded, capsys):
    """A record is a source: results that read it follow it, the figure does not."""
    assert prepare.ensure().values["part.toy"]["count"] == 12346
    made(capsys)
    remember(recorded, 5, digest_of_double(recorded))
    assert prepare.ensure().values["part.toy"]["count"] == 12350
    assert "book: results part.toy:numbers; 0 tests" in made(capsys)


def test_a_missing_record_stops_the_build_by_name(recorded):
    """Results that need a record fail where it is not, and build again once it is there."""
    (recorded.root / "snippets/part/recorded/toy.json").unlink()
    with pytest.raises(BookError, match=r"results part\.toy:numbers: FileNotFoundError(.|\n)*recorded/toy\.json"):
        prepare.ensure()
    remember(recorded, 2, "")
    assert prepare.ensure().values["part.toy"]["count"] == 12347


def test_a_stale_record_is_named_at_each_build_and_stops_none(recorded, capsys):
    """The code that made a record changed, or is gone: the build says what to run. What runs only as a command does not count."""
    stale = "book: recorded results of snippets/part/recorded/toy.json are older than snippets/part/toy.py; run make toy"
    prepare.ensure()
    assert "older" not in made(capsys)
    recorded.write("snippets/part/toy.py", (recorded.root / "snippets/part/toy.py").read_text() + '\nif __name__ == "__main__":\n    print(double(2))\n')
    prepare.ensure()
    assert made(capsys) == ""
    recorded.edit("snippets/part/toy.py", "FACTOR = 2", "FACTOR = 4 / 2")
    prepare.ensure()
    assert stale in made(capsys)
    prepare._seen = None
    prepare.ensure()
    assert made(capsys) == stale + "\n"
    remember(recorded, 1, digest_of_double(recorded))
    prepare.ensure()
    assert "older" not in made(capsys)
    recorded.edit("snippets/part/recorded/toy.json", "part/toy.py", "part/gone.py")
    prepare.ensure()
    assert "toy.json are older than snippets/part/gone.py; run make toy" in made(capsys)
