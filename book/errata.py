"""The page of all errata, written from the chapters: what a source says, what happens, and the true statement."""

import posixpath
import re
from collections.abc import Iterator

from book import ledger, notebooks, pages, regions
from book.catalogue import Catalogue
from book.project import part_of

PAGE = "reference/errata.md"
LINK = re.compile(r"\]\((?!\w+:|/)([^)#\s]*)(#[^)\s]*)?\)")
OUTER, INNER = "/" * 9, "/" * 8  # more slashes than any box of a chapter has


def cases(known: Catalogue) -> Iterator[str]:
    """Yield the lines of the page's body, one case after the other in reading order."""
    part = ""
    for box in [box for box in ledger.in_order() if box.verdict in pages.WRONG]:
        if part_of(box.page) != part:
            part = part_of(box.page)
            yield from (f"## {part}", "")
        yield from (f"{OUTER} case | {box.title}", f"    of: {box.id}", f"    page: {box.page}", "")
        for line in regions.expand("\n".join(_body(box))).splitlines():
            yield _moved(notebooks.substitute(line, box.page, known), box.page)
        yield from (OUTER, "")


def _body(box: pages.Box) -> list[str]:
    """Return what the source says and what happens, then the box itself as what is true."""
    stated = _lines(box.page, box.first, box.aside.line) + _lines(box.page, box.aside.last + 1, box.last)
    return [*_lines(box.page, box.aside.first, box.aside.last), "", f"{INNER} truth", "", *stated, INNER]


def _lines(page: str, first: int, end: int) -> list[str]:
    """Return the lines of a page from `first` up to `end`, which is left out, without the options of their blocks."""
    written = pages.read(page)
    taken = {number for block in written.blocks for number in range(block.line + 1, block.first)}
    lines = enumerate(written.text.splitlines(), start=1)
    return [line for number, line in lines if first <= number < end and number not in taken]


def _moved(line: str, page: str) -> str:
    """Let the links and figures of a line of `page` lead where they led."""
    head = pages.HEAD.match(line)
    if head and head[2] == "figure":
        return f"{head[1]} figure | {':'.join(pages.figure_target(page, head[3] or ''))}"

    def moved(link: re.Match) -> str:
        target = posixpath.normpath(posixpath.join(posixpath.dirname(page), link[1])) if link[1] else page
        return f"]({posixpath.relpath(target, posixpath.dirname(PAGE))}{link[2] or ''})"

    return LINK.sub(moved, line)
