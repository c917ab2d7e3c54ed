"""The page of all errata, written from the chapters: what a source says, what happens, and the true statement."""

import posixpath
import re
from collections.abc import Iterator

from book import notebooks, pages, regions
from book.catalogue import Catalogue
from book.project import nav

PAGE = "reference/errata.md"
LINK = re.compile(r"\]\((?!\w+:|/)([^)#\s]*)(#[^)\s]*)?\)")
OUTER = "/" * 9  # more slashes than any box of a chapter has


def cases(known: Catalogue) -> Iterator[str]:
    """Yield the lines of the page's body, one case after the other in reading order."""
    order = {name: place for place, name in enumerate(nav())}
    wrong = [box for box in pages.claims() if box.verdict in pages.WRONG and box.page in order]
    for box in sorted(wrong, key=lambda box: (order[box.page], box.line)):
        yield from (f"{OUTER} case | {box.title}", f"    of: {box.id}", "")
        for line in regions.expand("\n".join(_body(box))).splitlines():
            yield _moved(notebooks.substitute(line, box.page, known), box.page)
        yield from (OUTER, "")


def _body(box: pages.Box) -> list[str]:
    """Return the lines of what the source says, without the head and the end of their block."""
    block = box.aside or box
    return pages.read(box.page).text.splitlines()[block.first - 1 : block.last - 1]


def _moved(line: str, page: str) -> str:
    """Let the links and figures of a line of `page` lead where they led."""
    head = pages.HEAD.match(line)
    if head and head[2] == "figure":
        return f"{head[1]} figure | {':'.join(pages.figure_target(page, head[3] or ''))}"

    def moved(link: re.Match) -> str:
        target = posixpath.normpath(posixpath.join(posixpath.dirname(page), link[1])) if link[1] else page
        return f"]({posixpath.relpath(target, posixpath.dirname(PAGE))}{link[2] or ''})"

    return LINK.sub(moved, line)
