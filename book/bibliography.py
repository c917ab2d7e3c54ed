"""Citations: `[@key]` on a page is a link to the entry with that anchor in the bibliography."""

import re
from functools import lru_cache

from book import project

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
