"""A picture of which chapter builds on which, read from what the code of each imports."""

import html
from itertools import groupby

from book import depends, ledger
from book.project import chapters, module_of, module_path, part_of

PAGE = "index.md"
LEFT, ROW, HEAD = 96, 20, 26  # of the arcs, of a line, of one with the name of a part: in units of the picture


def needed(page: str) -> list[str]:
    """List the chapters from which a chapter's code imports, in reading order."""
    used = depends.parse(module_path(module_of(page))).imports
    return [name for name in chapters() if name != page and module_path(module_of(name)) in used]


def short(page: str) -> str:
    """Return the title of a page without the signs of formulas."""
    return ledger.title(page).replace("$", "")


def lines(_: object) -> list[str]:
    """Return the picture: a line a chapter, in reading order, with arcs up to those that it builds on."""
    places, rows, y = {}, [], 0
    for part, names in groupby(chapters(), key=part_of):
        rows.append(f'<li class="chart-part">{html.escape(part)}</li>')
        y += HEAD
        for name in names:
            places[name] = y + ROW // 2
            arcs = "".join(_arc(ROW // 2, places[other] - y) for other in needed(name))
            link = f'<a href="{name.removesuffix(".md")}/">{html.escape(short(name))}</a>'
            rows.append(f'<li><svg viewBox="0 0 {LEFT} {ROW}" aria-hidden="true">{arcs}</svg>{link}{_told(name)}</li>')
            y += ROW
    return ["", f'<ul class="chart">{"".join(rows)}</ul>', ""]


def _told(name: str) -> str:
    """Say what the arcs show to a reader who does not see them."""
    others = ", ".join(map(short, needed(name)))
    return f'<span class="chart-told"> builds on {html.escape(others)}</span>' if others else ""


def _arc(y: int, above: int) -> str:
    out = LEFT - min(LEFT, 10 + 0.16 * abs(y - above))
    return f'<path d="M{LEFT} {y}C{out:.0f} {y} {out:.0f} {above} {LEFT} {above}"/>'
