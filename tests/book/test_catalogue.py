"""What was made, in one file: it is read back as it was, and its numbers are written for prose."""

import json
import math

import pytest

from book import catalogue, project, record
from book.catalogue import Catalogue, show

MADE = {
    "figure part.toy:line": {"size": [3, 2]},
    "results part.toy:numbers": {"values": {"two": 2.0, "count": 3}},
    "tests/part/test_toy.py::test_doubling": {"error": 1e-13},
}


def test_a_catalogue_is_read_back_if_it_is_of_the_same_tree(tree):
    known = Catalogue({"part.toy:line": {"alt": "A line", "size": [1, 2]}}, {"part.toy": {"π": 3.25}}, stale=["a.json"])
    catalogue.save("a tree", known)
    assert catalogue.load(" ".join(["a", "tree"])) == known
    assert catalogue.load("a tre") is None
    assert catalogue.load("b tree") is None
    assert catalogue.catalogue_file() == tree.root / ".book" / "catalogue.json"
    assert json.loads(catalogue.catalogue_file().read_text())["made"]["stale"] == ["a.json"]


def test_the_catalogue_gathers_figures_numbers_and_the_tests_of_each_claim(tree):
    known = catalogue.gather(MADE)
    assert known.figures == {"part.toy:line": {"alt": "A rising line", "size": [3, 2]}}
    assert known.values["part.toy"] == {"two": 2.0, "count": 3}
    assert known.stale == []
    (test,) = known.tests["LA-01"]
    assert known.tests["LA-101"] == [test]
    assert (test["error"], test["by"], test["draws"]) == (1e-13, "measured", None)
    assert test["source"].startswith('@pytest.mark.claim("LA-101", "LA-01")\ndef test_doubling(measured):')
    assert known.values["book"] == {
        "claims": 2, "claims_tested": 2, "claims_own": 1, "claims_sources": 1, "tests": 1, "figures": 1,
        "claims_true": 0, "claims_imprecise": 0, "claims_false": 1, "claims_damaged": 0,
    }  # fmt: skip


def test_what_is_not_made_yet_is_left_out(tree):
    known = catalogue.gather({})
    assert (known.figures, known.tests, known.values["part.toy"]) == ({}, {}, {})
    assert (known.values["book"]["claims"], known.values["book"]["claims_tested"]) == (2, 0)
    assert (known.values["book"]["tests"], known.values["book"]["figures"]) == (0, 0)


def test_the_numbers_of_a_module_have_a_file(tree):
    assert catalogue.results_file("a.b") == project.GENERATED / "results" / "a" / "b.json"


@pytest.mark.parametrize(
    ("value", "spec", "shown"),
    [
        (1234.5, "sci", "1.2 × 10³"),
        (1234.5, "tex", r"1.2 \times 10^{3}"),
        (0.00012, "sci", "1.2 × 10⁻⁴"),
        (1234.5, "up", "2 × 10³"),
        (9.1, "up", "1 × 10¹"),
        (3.0, "up", "3 × 10⁰"),
        (0.25, "up tex", r"3 \times 10^{-1}"),
        (-0.5, ".2f", "−0.50"),
        (1234567, None, "1,234,567"),
        (math.pi, None, "3.142"),
        (-math.pi, None, "−3.142"),
        (True, None, "True"),
        ("word", None, "word"),
    ],
)
def test_numbers_are_written_for_prose(value, spec, shown):
    assert show(value, spec) == shown


def test_an_entry_of_another_shape_counts_as_absent(tree):
    """A file that another version has written is no error."""
    for content in ({"tree": "t"}, {"tree": "t", "made": {"other": 1}}, {"made": {}}, []):
        project.write_atomically(catalogue.catalogue_file(), json.dumps(content))
        assert catalogue.load("t") is None
    assert record.hash_of("t") != record.hash_of("u")
