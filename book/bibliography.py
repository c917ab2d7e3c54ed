"""Citations: `[@key]` on a page is a link to the entry with that anchor in the bibliography."""

import re
from functools import lru_cache

from book import pages, project
from book.project import nearest

PAGE = "reference/bibliography.md"
ENTRY = re.compile(r"\{[^{}]*#([\w-]+)[^{}]*\}")
LABEL = re.compile(r"\*\*(.+?)\*\*")


@lru_cache(maxsize=2)
def _entries(stamp: int) -> dict[str, str]:
    found, label = {}, ""
    for line in (project.DOCS / PAGE).read_text().splitlines():
        bold = LABEL.search(line)
        label = bold[1] if bold else label
        anchor = ENTRY.search(line)
        if anchor and not line.startswith("#"):
            found[anchor[1]] = label or anchor[1]
    return found


def entries() -> dict[str, str]:
    """Map each key of the bibliography to its label, the bold words of the entry."""
    return _entries((project.DOCS / PAGE).stat().st_mtime_ns)


def lint() -> list[str]:
    """Check that every citation has an entry."""
    known = entries()
    return [
        f"{page.where(line)}: no entry '{key}' in docs/{PAGE}{nearest(key, known)}"
        for page in map(pages.read, pages.names())
        for line, key in page.citations
        if key not in known
    ]
