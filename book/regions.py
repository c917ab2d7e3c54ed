"""Named regions of the snippets: how pages embed them, and the linter that keeps them honest."""

import re
import textwrap
from collections.abc import Iterable, Iterator
from pathlib import Path

from book import depends, pages, project
from book.project import nearest

EMBED = re.compile(r"^(?P<indent>[ \t]*)--8<-- \"(?P<file>[^\":]+)(?::(?P<name>[\w-]+))?\"\s*$")
MARKER = re.compile(r"^\s*# --8<-- \[(?P<kind>start|end):(?P<name>[\w-]+)\]\s*$")
ALMOST = re.compile(r"--8<-- *\[|8<.*\[(start|end)")


@project.once_written
def regions(path: Path) -> tuple[dict[str, tuple[int, int]], list[str]]:
    """Return the regions of a file as {name: (first line, last line)} and what is wrong with its markers."""
    found: dict[str, tuple[int, int]] = {}
    starts: dict[str, int] = {}
    errors = []
    where = path.relative_to(project.ROOT)
    for number, line in enumerate(depends.read(path).splitlines(), start=1):
        marker = MARKER.match(line)
        if marker is None:
            if ALMOST.search(line):
                errors.append(f"{where}:{number}: a region marker reads '# --8<-- [start:name]', not '{line.strip()}'")
            continue
        name = marker["name"]
        if marker["kind"] == "end":
            if name not in starts:
                errors.append(f"{where}:{number}: region '{name}' ends but never starts{nearest(name, starts)}")
            else:
                found[name] = (starts.pop(name) + 1, number - 1)
        elif name in starts or name in found:
            errors.append(f"{where}:{number}: region '{name}' stands twice in this file: rename one")
        else:
            starts[name] = number
    errors += [
        f"{where}:{line}: region '{name}' has no end: add '# --8<-- [end:{name}]'" for name, line in starts.items()
    ]
    return found, errors


def region_text(file: str, name: str | None) -> str:
    """Return the text of a region without the indentation that its lines share, and without inner markers."""
    kept = [line for _, line in lines(file, name) if not MARKER.match(line)]
    return textwrap.dedent("\n".join(kept)).strip("\n")


def lines(file: str, name: str | None) -> list[tuple[int, str]]:
    """List the numbered lines of a region, or of a file."""
    path = project.ROOT / file
    found = list(enumerate(depends.read(path).splitlines(), start=1))
    first, last = regions(path)[0][name] if name else (1, len(found))
    return found[first - 1 : last]


def problem_with(file: str, name: str | None) -> str | None:
    """Say why `file:name` cannot be embedded, or nothing."""
    path = project.ROOT / file
    if not path.is_file():
        files = [str(known.relative_to(project.ROOT)) for known in project.SNIPPETS.rglob("*.py")]
        return f"there is no file '{file}'{nearest(file, files)}"
    known, errors = regions(path)
    if name and name not in known:
        broken = [error for error in errors if f"'{name}'" in error]
        return broken[0] if broken else f"'{file}' has no region '{name}'{nearest(name, known)}"
    return None


@project.once_a_build
def expand(text: str) -> str:
    """Replace each embedding line of a page by the region that it names."""
    found = []
    for line in text.splitlines():
        embed = EMBED.match(line)
        if embed and problem_with(embed["file"], embed["name"]) is None:
            body = region_text(embed["file"], embed["name"])
            found += [embed["indent"] + part if part else part for part in body.splitlines()]
        else:
            found.append(line)
    return "\n".join(found) + "\n"


def embeddings(found: Iterable[pages.Page]) -> Iterator[tuple[str, re.Match]]:
    """Yield place and match of each line of pages that embeds code."""
    for page in found:
        for number, line in enumerate(page.text.splitlines(), start=1):
            if embed := EMBED.match(line):
                yield page.where(number), embed
