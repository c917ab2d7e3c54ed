"""The picture of which chapter builds on which: every chapter, every arc, and none that leads ahead."""

import re

import pytest

from book.catalogue import Catalogue, needed
from book.project import chapters
from book.reading import chart


@pytest.fixture(scope="module")
def known():
    return Catalogue(needs={page: needed(page) for page in chapters()})


def rows(known):
    """Return for each chapter of the picture its text, the height of its line, and the heights that its arcs lead to."""
    (drawn,) = [line for line in chart.lines(known) if line]
    found, y = {}, 0
    for part, row in re.findall(r"<li( class=\"chart-part\")?>(.*?)</li>", drawn):
        if not part:
            name, text = re.search(r'<a href="([^"]+)/" aria-label="([^"]+)">', row).groups()
            arcs = re.findall(r'd="M96 10C\d+ 10 \d+ (-?\d+) 96 \1"', row)
            assert len(arcs) == row.count("<path")
            found[f"{name}.md"] = (text, y + 10, [y + int(above) for above in arcs])
        y += 26 if part else 20
    return found


def test_every_chapter_stands_in_reading_order_with_an_arc_to_each_that_it_builds_on(known):
    found = rows(known)
    assert list(found) == chapters()
    heights = [y for _, y, _ in found.values()]
    assert heights == sorted(set(heights))
    for name, (told, _, arcs) in found.items():
        assert arcs == [found[other][1] for other in known.needs[name]]
        assert all(chart.short(other) in told for other in (name, *known.needs[name]))
    assert sum(len(arcs) for _, _, arcs in found.values()) > 20


def test_no_chapter_builds_on_a_later_one(known):
    for name, (_, y, arcs) in rows(known).items():
        assert all(above < y for above in arcs), name


def test_a_chapter_that_imports_from_another_has_an_arc(tree):
    """Its part is named above it, and signs of HTML are written out."""
    assert needed("part/toy.md") == []
    tree.write("snippets/part/next.py", '"""More."""\n\nfrom snippets.part.toy import double\n\nfour = double(2.0)\n')
    tree.write("docs/part/next.md", "# Next & on\n")
    tree.edit("mkdocs.yml", "nav: [part/toy.md", "nav: [{A part: [part/toy.md, part/next.md]}")
    assert needed("part/next.md") == ["part/toy.md"]
    drawn = "".join(chart.lines(Catalogue(needs={"part/next.md": ["part/toy.md"]})))
    assert 'class="chart-part">A part<' in drawn
    assert ">Next &amp; on</a>" in drawn
    assert drawn.count("<path") == 1


def test_what_only_a_listing_imports_counts_too(tree):
    tree.write("snippets/part/next.py", '"""More."""\n')
    tree.write("docs/part/next.md", "# Next\n\n```python\nfrom snippets.part.toy import double\n```\n")
    tree.edit("mkdocs.yml", "nav: [part/toy.md", "nav: [{A part: [part/toy.md, part/next.md]}")
    assert needed("part/next.md") == ["part/toy.md"]


def test_a_chapter_builds_on_those_before_and_after_it_in_the_alphabet_but_not_on_itself(tree):
    for name in ("next", "zoo"):
        tree.write(f"snippets/part/{name}.py", "from snippets.part.toy import double\n")
        tree.write(f"docs/part/{name}.md", f"# {name}\n\n```python\nimport snippets.part.{name}\n```\n")
    tree.edit("mkdocs.yml", "nav: [part/toy.md", "nav: [{A part: [part/toy.md, part/next.md, part/zoo.md]}")
    assert needed("part/next.md") == needed("part/zoo.md") == ["part/toy.md"]
