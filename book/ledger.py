"""What stands behind each claim, in words and as files; and the page of all errata, written from the chapters."""

import csv
import io
import json
import posixpath
import re
from collections.abc import Iterator

from book import marked, pages, project, regions
from book.catalogue import Catalogue, show, substitute
from book.project import BookError, nav, part_of, write_changed

FILES = ("claims.json", "claims.csv")
ERRATA = "reference/errata.md"
LINK = re.compile(r"\]\((?!\w+:|/)([^)#\s]*)(#[^)\s]*)?\)")
OUTER, INNER = "/" * 9, "/" * 8  # more slashes than any box of a chapter has
VERDICT_WORDS = {verdict: verdict for verdict in pages.VERDICTS} | {"own": "the book’s own"}
PROOF = "proof"
EVIDENCE_WORDS = {
    "proved": "proved",
    "drawn": "drawn inputs",
    "measured": "measured",
    "example": "example",
    PROOF: "proof in the text",
}


def by_part(boxes: list[pages.Box]) -> dict[str, dict[str, list[pages.Box]]]:
    """Sort boxes by part and page."""
    found: dict[str, dict[str, list[pages.Box]]] = {}
    for box in boxes:
        found.setdefault(part_of(box.page), {}).setdefault(box.page, []).append(box)
    return found


def evidence(tests: list[dict]) -> str:
    """Return the strongest kind of evidence among the tests of a claim; without any it is the proof in the text."""
    kinds = {test["by"] for test in tests}
    return next((kind for kind in marked.BY if kind in kinds), PROOF)


def error(tests: list[dict]) -> float | None:
    """Return the largest error that the tests of a claim measured."""
    return max((test["error"] for test in tests if test["error"] is not None), default=None)


def words(tests: list[dict]) -> str:
    """Say in words what stands behind a claim."""
    kind = evidence(tests)
    if kind == "drawn":
        draws = [test["draws"] for test in tests if test["draws"]]
        return f"{max(draws):,} inputs drawn" if draws else "inputs drawn"
    if kind == "measured" and error(tests) is not None:
        return f"measured {show(error(tests), 'up')}" if error(tests) else "measured, exact"
    return EVIDENCE_WORDS[kind]


def page_of(page: str) -> str:
    """Return the page whose ledger has the claims of a page: that of its part, or of all."""
    part = part_of(page)
    for name in (name for name in reversed(nav()) if name.endswith(".md")):
        if any(block.kind == "ledger" and block.title in ("", part) for block in pages.read(name).blocks):
            return name
    raise BookError(f"no page lists the claims of '{part}': write the block '/// ledger | {part}' on one")


def title(page: str) -> str:
    """Return the title of a page."""
    heading = next((line for line in pages.read(page).text.splitlines() if line.startswith("# ")), page)
    return heading.removeprefix("# ").strip()


def rows(known: Catalogue) -> list[dict]:
    """List what is known of each claim, for those who want to read it by program."""
    found = []
    for box in pages.claims():
        tests = known.tests.get(box.id, [])
        row = {"id": box.id, "title": box.title, "page": f"{box.page.removesuffix('.md')}/#{box.id}"}
        row |= {"verdict": box.verdict, "evidence": evidence(tests), "error": error(tests)}
        found.append({**row, "tests": [test["node"] for test in tests]})
    return found


def write_files(known: Catalogue) -> None:
    """Write the claims as JSON and as a table of comma-separated values, where they changed."""
    found, table = rows(known), io.StringIO()
    writer = csv.DictWriter(table, found[0] if found else ["id"], lineterminator="\n")
    writer.writeheader()
    writer.writerows({**row, "tests": " ".join(row["tests"])} for row in found)
    for name, text in zip(
        FILES, (json.dumps(found, indent=1, ensure_ascii=False) + "\n", table.getvalue()), strict=True
    ):
        write_changed(project.GENERATED / name, text)


def moved(target: str, here: str) -> str:
    """Return the path to a file of `docs/` as seen from a page."""
    return posixpath.relpath(target, posixpath.dirname(here))


def cases(known: Catalogue) -> Iterator[str]:
    """Yield the lines of the page's body: room for the filters, then one case after the other in reading order."""
    yield from ('<div class="ledger-filters"></div>', "")
    for part, chapters in by_part([box for box in pages.claims() if box.verdict in pages.WRONG]).items():
        yield from (f"## {part}", "") if part else ()
        for box in (box for boxes in chapters.values() for box in boxes):
            yield from (f"{OUTER} case | {box.title}", f"    of: {box.id}", f"    page: {box.page}", "")
            for line in regions.expand("\n".join(_body(box))).splitlines():
                yield _led(substitute(line, box.page, known), box.page)
            yield from (OUTER, "")


def _body(box: pages.Box) -> list[str]:
    """Return what the source says and what happens, then the box itself as what is true."""
    stated = _lines(box.page, box.first, box.aside.line) + _lines(box.page, box.aside.last + 1, box.last)
    return [*_lines(box.page, box.aside.first, box.aside.last), "", f"{INNER} truth", "", *stated, INNER]


def _lines(page: str, first: int, end: int) -> list[str]:
    """Return the lines of a page from `first` up to `end`, which is left out, without the options of their blocks."""
    written = pages.read(page)
    lines = enumerate(written.text.splitlines(), start=1)
    return [line for number, line in lines if first <= number < end and number not in written.taken]


def _led(line: str, page: str) -> str:
    """Let the links and figures of a line of `page` lead where they led."""
    head = pages.HEAD.match(line)
    if head and head[2] == "figure":
        return f"{head[1]} figure | {':'.join(pages.figure_target(page, head[3]))}"

    def led(link: re.Match) -> str:
        target = posixpath.normpath(posixpath.join(posixpath.dirname(page), link[1])) if link[1] else page
        return f"]({moved(target, ERRATA)}{link[2] or ''})"

    return LINK.sub(led, line)
