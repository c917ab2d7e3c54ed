"""Each part of the book is a book: a teacher may take the others out of the nav."""

import pytest

from book import catalogue, ledger, lint, pages, prepare, project, record
from book.reading import chart, code, glossary

BESIDE = ("", "Reference")  # the home page, and what any book has
PARTS = dict(project._parts(project.ROOT / "mkdocs.yml"))


@pytest.fixture(params=[part for part in dict.fromkeys(PARTS.values()) if part not in BESIDE])
def part(request, monkeypatch):
    """Leave one part in the nav."""
    prepare.ensure()
    left = {page: part for page, part in PARTS.items() if part in (request.param, *BESIDE)}
    monkeypatch.setattr(project, "_parts", lambda path: left)
    project.look_again()
    yield request.param
    project.look_again()


def test_a_part_by_itself_has_no_loose_ends_and_speaks_of_no_other(part):
    """Nothing of it is superfluous, and the pages that are made of all others can be made."""
    assert lint.loose_ends() == []
    assert set(map(project.part_of, project.chapters())) == {part}
    known = catalogue.gather(record.entries())
    assert lint.numbers(known) == []
    assert {row["page"].partition("/")[0] for row in ledger.rows(known)} == {project.chapters()[0].partition("/")[0]}
    made = {
        name: "\n".join(body(known))
        for name, body in (("code", code.listing), ("errata", ledger.cases), ("chart", chart.lines))
    }
    heads = {name: [line for line in text.splitlines() if line.startswith("## ")] for name, text in made.items()}
    assert heads == {
        "code": [f"## {part}"],
        "errata": [f"## {part}"] if "case |" in made["errata"] else [],
        "chart": [],
    }
    assert made["chart"].count("<a href=") == len(project.chapters())
    targets = [target for page in pages.names() for _, target in glossary.of_before(page).values()]
    assert {target.partition("#")[0] for target in targets} <= set(project.chapters())
    assert targets
