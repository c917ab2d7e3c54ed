"""What a chapter's Markdown says before it is rendered: its boxes, figures, numbers and code."""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from book import depends, project
from book.project import module_of, nav, nearest

STATED = ("definition", "theorem", "claim", "example")  # the boxes that have an id and a test
WRONG = ("false", "imprecise", "damaged")
VERDICTS = ("true", *WRONG)
ID = re.compile(r"[A-Z]{2}-\d+[a-z]?")
ID_WORDS = "two capital letters, a hyphen and a number, as in LA-101"

PLAY = re.compile(r"[\w-]+(\?[\w.=,-]+)?")

# What may stand under the head of each block: the pattern of each option's value, and what it should be, in words.
_STATEMENT = {
    "id": (ID, ID_WORDS),
    "verdict": (re.compile("true"), "'true', or the block 'source', which says what is not"),
    "proof": (re.compile("only"), "'only'"),
}
_SWITCH = (re.compile("true|false"), "true or false")
OPTIONS: dict[str, dict[str, tuple[re.Pattern, str]]] = {
    **dict.fromkeys(STATED, _STATEMENT),
    **{kind: {} for kind in ("note", "proof", "exercise", "solution", "says", "counterexample", "truth")},
    **{kind: {} for kind in ("ledger", "numbers", "errata", "code", "chapters")},
    "source": {"open": _SWITCH},
    "figure": {"play": (PLAY, "a playground, with what it begins from where you like: linear-map?mode=eigen,a=2")},
}
FOREIGN = ("details", "tab", "caption", "figure-caption")  # from pymdownx, which reads their options itself
BLOCKS = (*OPTIONS, *FOREIGN)

HEAD = re.compile(r"^(/{3,})\s*([\w-]+)\s*(?:\|\s*(.*?)\s*)?$")
INDENTED_HEAD = re.compile(r"^ {1,3}/{3,}")
OPTION = re.compile(r"^(?P<indent>[ \t]*)(?P<key>[\w-]+)[ \t]*:(?:[ \t]+(?P<value>.*?))?[ \t]*$")
END = re.compile(r"^(/{3,})\s*$")
FENCE = re.compile(r"^(?P<indent>\s*)(?P<mark>`{3,}|~{3,})\s*(?P<info>.*?)\s*$")
VALUE = re.compile(r"\{\{ +(?:(?P<module>[\w.]+)/)?(?P<name>[\w.-]+)(?: *\| *(?P<format>[^{}|]+?))? +\}\}")
ALMOST_VALUE = re.compile(r"\{\{\s[^{}]*\}\}")
UNKNOWN = "a page"  # the name of one that is not in docs/
CITATION = re.compile(r"\[@([\w-]+)\]")
BIBLIOGRAPHY = "reference/bibliography.md"
ENTRY = re.compile(r"\{[^{}]*#([\w-]+)[^{}]*\}")
LABEL = re.compile(r"\*\*(.+?)\*\*")
FRONT_MATTER = re.compile(r"\A(---\n.*?\n---\n+)?", re.DOTALL)


@dataclass
class Box:
    """A block of a page: from its head (line) to its end (last), what it is, its options, and the block around it."""

    page: str
    line: int
    kind: str
    title: str
    options: dict[str, str] = field(default_factory=dict)
    first: int = 0  # the line behind its options
    last: int = 0
    around: "Box | None" = None
    aside: "Box | None" = None  # what a source says of this claim: the block `source` in it

    @property
    def id(self) -> str | None:
        """The claim's id, or None for a box that claims nothing."""
        return self.options.get("id")

    @property
    def open(self) -> bool:
        """Whether what a source says stands open, as a mistake that a reader might make."""
        return self.options.get("open") == "true"

    @property
    def verdict(self) -> str:
        """How the source fared; `own` where the book makes the claim itself: a bridge (BR-01), or numbers above 100."""
        if self.kind == "source":
            return self.title.lower()
        if self.aside:
            return self.aside.verdict
        number = re.search(r"\d+", self.id or "")
        own = number is None or int(number[0]) > 100 or (self.id or "").startswith("BR")
        return self.options.get("verdict", "own" if own else "true")

    def holder(self) -> "Box | None":
        """Return the box with an id in which this block stands."""
        around = self.around
        while around and not around.id:
            around = around.around
        return around


@dataclass
class Fence:
    """A fence of code: its first line and its last, its info string, and what is in it, without its indentation."""

    line: int
    info: str
    last: int
    body: list[str] = field(default_factory=list)
    closed: bool = False

    @property
    def code(self) -> str:
        """The text in it."""
        return "".join(f"{line}\n" for line in self.body)


@dataclass
class Page:
    """A page as it stands in `docs/`, with the number of lines that its front matter takes."""

    name: str
    text: str
    offset: int
    blocks: list[Box] = field(default_factory=list)
    figures: list[tuple[int, str]] = field(default_factory=list)
    values: list[tuple[int, re.Match]] = field(default_factory=list)
    citations: list[tuple[int, str]] = field(default_factory=list)
    problems: list[tuple[int, str]] = field(default_factory=list)  # with heads, ends and options

    @property
    def fences(self) -> list[Fence]:
        """The fences of code, as they are written."""
        return list(fences(self.text.splitlines()))

    @property
    def taken(self) -> set[int]:
        """The lines that the options of its boxes take."""
        return {number for block in self.blocks for number in range(block.line + 1, block.first)}

    @property
    def bare(self) -> str:
        """The text without the options of its boxes."""
        taken = self.taken
        return "\n".join(line for number, line in enumerate(self.text.splitlines(), 1) if number not in taken)

    def around(self, line: int) -> Iterator[Box]:
        """Yield the blocks in which a line of the body stands."""
        return (block for block in self.blocks if block.line < line < block.last)

    def where(self, line: int) -> str:
        """Name a line of the body as an editor would: docs/part/chapter.md:12."""
        return f"docs/{self.name}:{line + self.offset}"


def fences(lines: list[str]) -> Iterator[Fence]:
    """Yield the fences of code; one without end reaches to the last line."""
    open_, mark, indent = None, "", ""
    for number, line in enumerate(lines, start=1):
        found = FENCE.match(line)
        if open_ is None:
            if found:
                open_, mark, indent = Fence(number, found["info"], len(lines)), found["mark"], found["indent"]
        elif found and found["mark"].startswith(mark) and not found["info"]:
            open_.last, open_.closed = number, True
            yield open_
            open_ = None
        else:
            open_.body.append(line.removeprefix(indent))
    if open_:
        yield open_


def unfenced(lines: list[str]) -> Iterator[tuple[int, str]]:
    """Yield the numbered lines that are not inside a fence of code."""
    inside = {number for fence in fences(lines) for number in range(fence.line, fence.last + 1)}
    return ((number, line) for number, line in enumerate(lines, start=1) if number not in inside)


def _options(kind: str, lines: list[str], start: int) -> tuple[dict[str, str], int, list[tuple[int, str]]]:
    """Read the options under the head of a block; return them, how many lines they take, and what is wrong.

    An option is `key: value`, indented by four spaces; they end before the first line that is none. A line that would
    be one but for its indentation or its key is reported, since it would else be a word of the text.
    """
    known = OPTIONS[kind]
    options, problems, taken = {}, [], 0
    for number, line in enumerate(lines[start:], start=start + 1):
        found = OPTION.match(line)
        indented = line.startswith(("    ", "\t"))
        if not line.strip() or not ((found and found["key"] in known) or (found and found["indent"]) or indented):
            break
        taken += 1
        key, value = (found["key"], found["value"] or "") if found else ("", "")
        if not found:
            problems.append((number, f"'{line.strip()}' is no option 'key: value': leave a line empty before text"))
        elif key not in known:
            offer = nearest(key, known) or (f"; it knows {', '.join(known)}" if known else "; it has none")
            problems.append((number, f"'{kind}' has no option '{key}'{offer}"))
        elif found["indent"] != "    ":
            problems.append((number, f"option '{key}' is to be indented by four spaces, under the head of '{kind}'"))
        elif key in options:
            problems.append((number, f"option '{key}' stands twice: keep one"))
        elif not known[key][0].fullmatch(value):
            wanted = known[key][1]
            problems.append((number, f"{key} '{value}' is none: write {wanted}{nearest(value, wanted.split())}"))
        if key in known and key not in options:
            options[key] = value
    return options, taken, problems


@project.once_written
def _read(path: Path) -> Page:
    whole = depends.read(path)
    front = FRONT_MATTER.match(whole)[0]
    return parse(str(path.relative_to(project.DOCS)), whole[len(front) :], front.count("\n"))


def parse(name: str, text: str, offset: int | None = None) -> Page:
    """Parse the body of a page, which an engine may have read before the last edit."""
    known = (project.DOCS / name).is_file() and offset is None
    page = Page(name, text, read(name).offset if known else offset or 0)
    lines = text.splitlines()
    for number, line in unfenced(lines):
        page.values += [(number, match) for match in VALUE.finditer(line)]
        page.citations += [(number, key) for key in CITATION.findall(line)]
    _note_blocks(page, lines)
    page.figures = [(block.line, block.title) for block in page.blocks if block.kind == "figure"]
    return page


def _note_blocks(page: Page, lines: list[str]) -> None:
    """Find the blocks of a page, what stands in what, and heads and ends that do not fit."""
    stack: list[tuple[int, Box]] = []
    for number, line in unfenced(lines):
        head, end = HEAD.match(line), END.match(line)
        if INDENTED_HEAD.match(line):
            page.problems.append((number, f"'{line.strip()}' begins or ends a block: take the spaces before it away"))
        elif head:
            around = stack[-1][1] if stack else None
            block = Box(page.name, number, head[2], head[3] or "", first=number + 1, around=around)
            if block.kind in OPTIONS:
                block.options, taken, problems = _options(block.kind, lines, number)
                block.first += taken
                page.problems += problems
            elif block.kind not in FOREIGN:
                page.problems.append((number, f"there is no box '{block.kind}'{nearest(block.kind, BLOCKS)}"))
            if stack and len(head[1]) >= stack[-1][0]:
                page.problems.append(
                    (number, f"'{block.kind}' stands in '{around.kind}' and needs fewer slashes than it")
                )
            page.blocks.append(block)
            stack.append((len(head[1]), block))
        elif end:
            _end(page, stack, number, line)
    page.problems += [(block.line, f"box '{block.kind}' has no end") for _, block in stack]


def _end(page: Page, stack: list[tuple[int, Box]], number: int, line: str) -> None:
    """Close the innermost block; one that says what a source says is an aside of the box that it stands in."""
    slashes, block = stack.pop() if stack else (0, None)
    if slashes != len(line.strip()):
        page.problems.append((number, f"'{line.strip()}' closes no box: count the slashes"))
    if block:
        block.last = number
        if block.kind == "source" and (holder := block.holder()):
            holder.aside = block


def read(name: str) -> Page:
    """Parse a page, once per change of its file."""
    return _read(project.DOCS / name)


@project.once_a_build
def names() -> list[str]:
    """List the Markdown pages of the book in reading order; a page outside the nav is not part of it."""
    return [name for name in nav() if name.endswith(".md") and (project.DOCS / name).exists()]


@project.once_a_build
def _written() -> list[str]:
    return [str(path.relative_to(project.DOCS)) for path in sorted(project.DOCS.rglob("*.md"))]


def written() -> list[Page]:
    """List all pages that there are in `docs/`, those outside the nav too."""
    return [read(name) for name in _written()]


def claims() -> list[Box]:
    """List the boxes that carry an id, in reading order."""
    return [box for name in names() for box in read(name).blocks if box.id]


def figure_target(page: str, name: str) -> tuple[str, str]:
    """Split a figure's name into module and function; a bare name belongs to the page's own module."""
    module, _, function = name.rpartition(":")
    return module or module_of(page), function


def value_target(page: str, match: re.Match) -> tuple[str, str]:
    """Split a number's name into module and key; a bare name belongs to the page's own module."""
    return match["module"] or module_of(page), match["name"]


def bibliography() -> dict[str, str]:
    """Map each key of the bibliography to its label, the bold words of the entry."""
    return _bibliography(project.DOCS / BIBLIOGRAPHY)


@project.once_written
def _bibliography(path: Path) -> dict[str, str]:
    found, label = {}, ""
    for line in path.read_text().splitlines():
        bold = LABEL.search(line)
        label = bold[1] if bold else label
        anchor = ENTRY.search(line)
        if anchor and not line.startswith("#"):
            found[anchor[1]] = label or anchor[1]
    return found
