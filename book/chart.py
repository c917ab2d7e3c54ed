"""A picture of which chapter builds on which, read from what the code of each imports."""

import html
from itertools import groupby

from book import depends, ledger
from book.project import chapters, module_of, module_path, part_of

PAGE = "index.md"
LEFT, ROW, GAP, WIDTH = 128, 20, 26, 370  # of the names, of a line, before a part, of all: in units of the picture


def needed(page: str) -> list[str]:
    """List the chapters from which a chapter's code imports, in reading order."""
    used = depends.parse(module_path(module_of(page))).imports
    return [name for name in chapters() if name != page and module_path(module_of(name)) in used]


def short(page: str) -> str:
    """Return the title of a page without the signs of formulas."""
    return ledger.title(page).replace("$", "")


def lines(_: object) -> list[str]:
    """Return the picture: a line a chapter, in reading order, and an arc to each of those that it builds on."""
    places, heads, y = {}, [], 0
    for part, names in groupby(chapters(), key=part_of):
        y += GAP
        heads.append(f'<text x="{LEFT}" y="{y + 5}" class="chart-part">{html.escape(part)}</text>')
        for name in names:
            y += ROW
            places[name] = y
    rows = [_row(name, places) for name in places]
    shape = f'viewBox="0 0 {WIDTH} {y + ROW}" role="group" aria-label="Which chapter builds on which"'
    return ["", f'<svg class="chart" {shape}>{"".join(heads)}{"".join(rows)}</svg>', ""]


def _row(name: str, places: dict[str, int]) -> str:
    y, needs = places[name], needed(name)
    told = short(name) + (f", builds on {', '.join(map(short, needs))}" if needs else "")
    arcs = "".join(_arc(y, places[other]) for other in needs)
    text = f'<text x="{LEFT}" y="{y + 5}">{html.escape(short(name))}</text>'
    return f'<g>{arcs}<a href="{name.removesuffix(".md")}/" aria-label="{html.escape(told)}">{text}</a></g>'


def _arc(y: int, above: int) -> str:
    out = LEFT - 8 - min(LEFT - 12, 10 + 0.16 * (y - above))
    return f'<path d="M{LEFT - 8} {y}C{out:.0f} {y} {out:.0f} {above} {LEFT - 8} {above}"/>'
