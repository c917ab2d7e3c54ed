"""What a chapter's Markdown says before it is rendered: its boxes, figures, numbers and code."""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path

import yaml

from book import project
from book.project import module_of, nav, nearest

ERRATUM_PARTS = ("says", "counterexample", "truth")
BOX_KINDS = ("definition", "theorem", "claim", "example", "erratum", "note", "proof", "exercise", "solution")
BLOCKS = (*BOX_KINDS, *ERRATUM_PARTS, "source", "case", "figure", "ledger", "errata")
BLOCKS += ("details", "caption", "figure-caption", "tab")
WRONG = ("false", "imprecise", "damaged")
CLAIM_KINDS = ("definition", "theorem", "claim", "example", "erratum")
VERDICTS = ("true", "imprecise", "false", "damaged")
YAML = getattr(yaml, "CSafeLoader", yaml.SafeLoader)  # the one in C, where libyaml is there

HEAD = re.compile(r"^(/{3,})\s*([\w-]+)\s*(?:\|\s*(.*?)\s*)?$")
END = re.compile(r"^(/{3,})\s*$")
FENCE = re.compile(r"^\s*(`{3,}|~{3,})\s*(.*?)\s*$")
VALUE = re.compile(r"\{\{ +(?:(?P<module>[\w.]+)/)?(?P<name>[\w.-]+)(?: *\| *(?P<format>[^{}|]+?))? +\}\}")
ALMOST_VALUE = re.compile(r"\{\{\s[^{}]*\}\}")
CITATION = re.compile(r"\[@([\w-]+)\]")
FRONT_MATTER = re.compile(r"\A---\n.*?\n---\n+", re.DOTALL)


@dataclass
class Box:
    """A box of a page: where it starts, what it is, and its options."""

    page: str
    line: int
    kind: str
    title: str
    options: dict = field(default_factory=dict)
    aside: "Aside | None" = None

    @property
    def id(self) -> str | None:
        """The claim's id, or None for a box that claims nothing."""
        return self.options.get("id")

    @property
    def verdict(self) -> str:
        """How the source fared; `own` where the book makes the claim itself: a bridge (BR-01), or numbers above 100."""
        number = re.search(r"\d+", self.id or "")
        own = number is None or int(number[0]) > 100 or (self.id or "").startswith("BR")
        if self.aside:
            return self.aside.verdict
        return str(self.options.get("verdict", "own" if own else "true")).lower()


@dataclass
class Aside:
    """What a source says of a claim: the block `source`, from its head (line) to its end (last)."""

    line: int
    last: int
    verdict: str
    open: bool


@dataclass
class Page:
    """A page as it stands in `docs/`, with the number of lines that its front matter takes."""

    name: str
    text: str
    offset: int
    boxes: list[Box]
    figures: list[tuple[int, str]]
    values: list[tuple[int, re.Match]]
    citations: list[tuple[int, str]]

    def where(self, line: int) -> str:
        """Name a line of the body as an editor would: docs/part/chapter.md:12."""
        return f"docs/{self.name}:{line + self.offset}"


def unfenced(lines: list[str]) -> Iterator[tuple[int, str]]:
    """Yield the numbered lines that are not inside a fence of code."""
    closing = None
    for number, line in enumerate(lines, start=1):
        fence = FENCE.match(line)
        if closing is not None:
            if fence and fence[1].startswith(closing) and not fence[2]:
                closing = None
        elif fence:
            closing = fence[1]
        else:
            yield number, line


def fences(text: str) -> Iterator[tuple[str, str]]:
    """Yield info string and body of each fence of code."""
    closing, body, info = None, [], ""
    for line in text.splitlines():
        fence = FENCE.match(line)
        if closing is None:
            if fence:
                closing, info, body = fence[1], fence[2], []
        elif fence and fence[1].startswith(closing) and not fence[2]:
            yield info, "\n".join(body) + "\n"
            closing = None
        else:
            body.append(line)


def _options(lines: list[str], start: int) -> dict:
    """Read the indented YAML under the head of a box."""
    end = start
    while end < len(lines) and lines[end].startswith("    ") and lines[end].strip():
        end += 1
    read = yaml.load("\n".join(lines[start:end]), Loader=YAML) if end > start else {}
    return read if isinstance(read, dict) else {}


@lru_cache(maxsize=256)
def _parse(path: Path, name: str, stamp: int) -> Page:
    whole = path.read_text()
    front = FRONT_MATTER.match(whole)
    text = whole[front.end() :] if front else whole
    lines = text.splitlines()
    page = Page(name, text, front[0].count("\n") if front else 0, [], [], [], [])
    for number, line in unfenced(lines):
        head = HEAD.match(line)
        if head and head[2] == "figure":
            page.figures.append((number, head[3] or ""))
        elif head and head[2] in (*BOX_KINDS, *ERRATUM_PARTS):
            page.boxes.append(Box(name, number, head[2], head[3] or "", _options(lines, number)))
        page.values += [(number, match) for match in VALUE.finditer(line)]
        page.citations += [(number, key) for key in CITATION.findall(line)]
    _note_asides(page, lines)
    return page


def _note_asides(page: Page, lines: list[str]) -> None:
    """Give each box the `source` that stands in it."""
    by_line = {box.line: box for box in page.boxes}
    stack: list[tuple[int, str, str]] = []
    for number, line in unfenced(lines):
        if head := HEAD.match(line):
            stack.append((number, head[2], head[3] or ""))
        elif END.match(line) and stack:
            start, kind, verdict = stack.pop()
            holder = next((by_line[at] for at, *_ in reversed(stack) if at in by_line and by_line[at].id), None)
            if kind == "source" and holder:
                holder.aside = Aside(start, number, verdict, bool(_options(lines, start).get("open")))


def read(name: str) -> Page:
    """Parse a page, once per change of its file."""
    return _parse(project.DOCS / name, name, (project.DOCS / name).stat().st_mtime_ns)


def names() -> list[str]:
    """List the Markdown pages of the book in reading order; a page outside the nav is not part of it."""
    return [name for name in nav() if name.endswith(".md") and (project.DOCS / name).exists()]


def identify(text: str) -> Page | None:
    """Find the page whose body is `text`.

    Neither MkDocs nor Zensical tells an extension which file it renders; the text does.
    """
    body = text.strip()
    return next((page for page in map(read, _all_names()) if page.text.strip() == body), None)


def _all_names() -> Iterator[str]:
    """Yield the pages of the book, then, where these do not do, all others."""
    listed = names()
    yield from listed
    for path in sorted(project.DOCS.rglob("*.md")):
        name = str(path.relative_to(project.DOCS))
        if name not in listed:
            yield name


def lint() -> list[str]:
    """Check that boxes are of known kinds, closed and nested, and that every erratum has its three parts."""
    return [error for name in names() for error in _problems(read(name))]


def _problems(page: Page) -> Iterator[str]:
    yield from _nesting(page)
    yield from _errata(page)
    yield from _values(page)


def _nesting(page: Page) -> Iterator[str]:
    stack: list[tuple[int, str, int]] = []
    for number, line in unfenced(page.text.splitlines()):
        head, end = HEAD.match(line), END.match(line)
        if head:
            if head[2] not in BLOCKS:
                yield f"{page.where(number)}: there is no box '{head[2]}'{nearest(head[2], BLOCKS)}"
            if stack and len(head[1]) >= stack[-1][0]:
                yield f"{page.where(number)}: '{head[2]}' stands in '{stack[-1][1]}' and needs fewer slashes than it"
            stack.append((len(head[1]), head[2], number))
        elif end and (not stack or stack.pop()[0] != len(end[1])):
            yield f"{page.where(number)}: '{line.strip()}' closes no box: count the slashes"
    for _, kind, number in stack:
        yield f"{page.where(number)}: box '{kind}' has no end"


def _values(page: Page) -> Iterator[str]:
    for number, line in unfenced(page.text.splitlines()):
        for found in ALMOST_VALUE.findall(VALUE.sub("", line)):
            yield f"{page.where(number)}: '{found}' asks for no number; write '{{{{ name | .3f }}}}'"


def _errata(page: Page) -> Iterator[str]:
    for index, box in enumerate(page.boxes):
        if box.kind == "erratum":
            parts = []
            for following in page.boxes[index + 1 :]:
                if following.kind not in (*ERRATUM_PARTS, "proof"):
                    break
                parts.append(following.kind)
            for missing in [part for part in ERRATUM_PARTS if part not in parts]:
                yield f"{page.where(box.line)}: the erratum '{box.title}' lacks its part '{missing}'"


def claims() -> list[Box]:
    """List the boxes that carry an id, page by page."""
    return [box for name in names() for box in read(name).boxes if box.id]


def figure_target(page: str, name: str) -> tuple[str, str]:
    """Split a figure's name into module and function; a bare name belongs to the page's own module."""
    module, _, function = name.rpartition(":")
    return module or module_of(page), function


def value_target(page: str, match: re.Match) -> tuple[str, str]:
    """Split a number's name into module and key; a bare name belongs to the page's own module."""
    return match["module"] or module_of(page), match["name"]
