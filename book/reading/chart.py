"""A picture of which chapter builds on which, from what the code of each imports."""

import html
from itertools import groupby

from book import ledger
from book.catalogue import Catalogue
from book.project import chapters, part_of

PAGE = "index.md"
LEFT, ROW, HEAD = 96, 20, 26  # of the arcs, of a line, of one with the name of a part: in units of the picture


def short(page: str) -> str:
    """Return the title of a page without the signs of formulas."""
    return ledger.title(page).replace("$", "")


def lines(known: Catalogue) -> list[str]:
    """Return the picture: a line a chapter, in reading order, with arcs up to those that it builds on."""
    places, rows, y = {}, [], 0
    for part, names in groupby(chapters(), key=part_of):
        rows.append(f'<li class="chart-part">{html.escape(part)}</li>')
        y += HEAD
        for name in names:
            places[name] = y + ROW // 2
            rows.append(_row(name, known.needs.get(name, []), places, y))
            y += ROW
    return ["", f'<ul class="chart" data-search-exclude>{"".join(rows)}</ul>', ""]


def _row(name: str, needs: list[str], places: dict[str, int], y: int) -> str:
    arcs = "".join(_arc(ROW // 2, places[other] - y) for other in needs)
    told = short(name) + (f", builds on {', '.join(map(short, needs))}" if needs else "")
    link = f'<a href="{name.removesuffix(".md")}/" aria-label="{html.escape(told)}">{html.escape(short(name))}</a>'
    return f'<li><svg viewBox="0 0 {LEFT} {ROW}" aria-hidden="true">{arcs}</svg>{link}</li>'


def _arc(y: int, above: int) -> str:
    out = LEFT - min(LEFT, 10 + 0.16 * abs(y - above))
    return f'<path d="M{LEFT} {y}C{out:.0f} {y} {out:.0f} {above} {LEFT} {above}"/>'
