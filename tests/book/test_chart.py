"""The picture of which chapter builds on which: every chapter, every arc, and none that leads ahead."""

import re

from book import chart
from book.project import chapters


def rows():
    """Return for each chapter of the picture its name, what is told of it, and the heights that its arcs lead to."""
    (drawn,) = [line for line in chart.lines(None) if line]
    found = re.findall(r'<g>(.*?)<a href="([^"]+)/" aria-label="([^"]+)"><text x="\d+" y="(\d+)">', drawn)
    return {
        f"{name}.md": (told, int(y) - 5, [int(above) for above in re.findall(r" (\d+)\"/>", arcs)])
        for arcs, name, told, y in found
    }


def test_every_chapter_stands_in_reading_order_with_an_arc_to_each_that_it_builds_on():
    found = rows()
    assert list(found) == chapters()
    heights = [y for _, y, _ in found.values()]
    assert heights == sorted(set(heights))
    for name, (told, _, arcs) in found.items():
        assert arcs == [found[other][1] for other in chart.needed(name)]
        assert all(chart.short(other) in told for other in (name, *chart.needed(name)))
    assert sum(len(arcs) for _, _, arcs in found.values()) > 20


def test_no_chapter_builds_on_a_later_one():
    for name, (_, y, arcs) in rows().items():
        assert all(above < y for above in arcs), name


def test_a_chapter_that_imports_from_another_has_an_arc(tree):
    """Its part is named above it, and signs of HTML are written out."""
    assert chart.needed("part/toy.md") == []
    tree.write("snippets/part/next.py", '"""More."""\n\nfrom snippets.part.toy import double\n\nfour = double(2.0)\n')
    tree.write("docs/part/next.md", "# Next & on\n")
    tree.edit("mkdocs.yml", "nav: [part/toy.md", "nav: [{A part: [part/toy.md, part/next.md]}")
    assert chart.needed("part/next.md") == ["part/toy.md"]
    drawn = "".join(chart.lines(None))
    assert 'class="chart-part">A part<' in drawn
    assert "Next &amp; on" in drawn
    assert drawn.count("<path") == 1
