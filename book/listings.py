"""The code of a page and what it prints: extraction, execution, comparison, recording."""

import ast
import contextlib
import io
import itertools
import linecache
import math
import re
import traceback
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache

from book import depends, pages, project, regions
from book.project import BookError

NUMBER = re.compile(r"[-+]?(?:\d+\.?\d*|\.\d+)(?:[eE][-+]?\d+)?")
OUTPUT = re.compile(r"^(?:output|\{\s*\.output(?:\s+tolerance=\"?(?P<tolerance>[\w.+-]+)\"?)?\s*\})$")
DEFAULT_TOLERANCE = 1e-6


@dataclass
class Listing:
    """One block of code, and the output shown under it."""

    code: str
    shown: str = ""
    tolerance: float | str = DEFAULT_TOLERANCE


def listings(text: str) -> list[Listing]:
    """Extract a page's Python listings, regions embedded, with the outputs that stand below them."""
    return _extracted(regions.expand(text))


@cache
def _extracted(text: str) -> list[Listing]:
    from pytest_codeblocks import extract_from_buffer

    try:
        blocks = extract_from_buffer(io.StringIO(text))
    except RuntimeError as error:
        raise BookError("a fence of code has no end") from error
    found: list[Listing] = []
    for block in blocks:
        syntax = (block.syntax or "").strip()
        output = OUTPUT.match(syntax)
        if syntax == "python":
            found.append(Listing(block.code))
        elif output and found:
            tolerance = output["tolerance"] or DEFAULT_TOLERANCE
            found[-1].shown = block.code
            found[-1].tolerance = tolerance if tolerance == "magnitude" else float(tolerance)
    return found


def is_tolerance(word: str) -> bool:
    """Tell whether a word is a tolerance of an output."""
    return word == "magnitude" or bool(NUMBER.fullmatch(word))


def modules(page: pages.Page) -> list[depends.Module]:
    """Parse the listings of a page; where one is no Python, name the line of the page."""
    try:
        return [_module(listing.code) for listing in listings(page.text)]
    except SyntaxError as error:
        wrong = (error.text or "").strip()
        lines = (number for number, line in enumerate(page.text.splitlines(), start=1) if line.strip() == wrong)
        raise BookError(f"{page.where(next(lines, 1))}: {error.msg}: {wrong}") from error


@cache
def _module(code: str) -> depends.Module:
    return depends.Module(code, ast.parse(code))


def run(found: list[Listing], name: str) -> list[str]:
    """Run the listings top to bottom in one fresh namespace and return what each prints."""
    return list(_printed(found, name))


def _printed(found: list[Listing], name: str) -> Iterator[str]:
    namespace: dict[str, object] = {"__name__": "__page__"}
    for number, listing in enumerate(found, start=1):
        source = f"{name}, listing {number}"
        linecache.cache[source] = (len(listing.code), None, listing.code.splitlines(keepends=True), source)
        output = io.StringIO()
        with contextlib.redirect_stdout(output):
            exec(compile(listing.code, source, "exec"), namespace)
        yield output.getvalue()


def agree(shown: str, printed: str, tolerance: float | str) -> bool:
    """Compare text exactly and numbers within a tolerance, relative above one and absolute below.

    With tolerance "magnitude" only the size of an error is meant: no number may exceed ten times what is shown.
    """
    shown, printed = shown.rstrip(), printed.rstrip()
    if _words(shown) != _words(printed):
        return False
    pairs = list(zip(NUMBER.findall(shown), NUMBER.findall(printed), strict=True))
    return all(_close(a, b, tolerance) for a, b in pairs)


def _words(text: str) -> list[str]:
    """Return what stands between the numbers of a text; blanks beside a number make room for signs, and say nothing."""
    return [" ".join(part.split()) for part in NUMBER.split(text)]


def _close(shown: str, printed: str, tolerance: float | str) -> bool:
    a, b = float(shown), float(printed)
    if tolerance == "magnitude":
        return abs(b) <= 10 * max(abs(a), 1e-16)
    if not (set(".eE") & set(shown + printed)):
        return a == b
    return math.isclose(a, b, rel_tol=float(tolerance), abs_tol=float(tolerance))


def _differ_by_rounding(shown: str, printed: str, tolerance: float | str) -> bool:
    """Tell whether two outputs agree and yet have other numbers, as another processor's may."""
    numbers = [[repr(float(number)) for number in NUMBER.findall(text)] for text in (shown, printed)]
    return numbers[0] != numbers[1] and agree(shown, printed, tolerance)


def check(text: str, name: str) -> list[str]:
    """Run a page and say where what is shown is not what is printed, or which listing raises what."""
    found = listings(text)
    problems, running, places = [], _printed(found, name), _places(name)
    for number, listing in enumerate(found, start=1):
        where = f"{next(places)}: listing {number}"
        try:
            printed = next(running)
        except Exception as error:
            return [
                *problems,
                f"{where} raises {type(error).__name__}{_line_of(error, listing, name, number)}: {error}",
            ]
        if not agree(listing.shown, printed, listing.tolerance):
            problems.append(
                f"{where} ('{listing.code.strip().splitlines()[-1]}') prints\n"
                f"{printed.rstrip()}\n"
                f"but the page shows\n{listing.shown.rstrip()}\n"
                f"Correct the code, or run 'python -m book record docs/{name}' if the new output is right."
            )
    return problems


def _places(name: str) -> Iterator[str]:
    """Yield where each listing of a page begins, and for a text that is no page its name."""
    if (project.DOCS / name).exists():
        page = pages.read(name)
        yield from (page.where(fence.line) for fence in page.fences if fence.info == "python")
    yield from itertools.repeat(f"docs/{name}")


def _line_of(error: Exception, listing: Listing, name: str, number: int) -> str:
    """Return the line of a listing at which an error was raised."""
    frames = [
        frame for frame in traceback.extract_tb(error.__traceback__) if frame.filename == f"{name}, listing {number}"
    ]
    return f" at '{listing.code.splitlines()[frames[-1].lineno - 1].strip()}'" if frames else ""


def record(text: str, name: str) -> str:
    """Return the page with every output replaced by what its listing prints now; what differs by rounding stays."""
    found = listings(text)
    outputs = zip(found, _printed_twice(found, name), strict=True)
    lines, result, at = text.splitlines(), [], 0
    for fence, below in itertools.pairwise([*pages.fences(lines), None]):
        result += lines[at : fence.last]
        at = max(at, fence.last)
        if fence.info != "python":
            continue
        (listing, printed), head = next(outputs), "output"
        if below and OUTPUT.match(below.info) and not any(map(str.strip, lines[at : below.line - 1])):
            head, at = below.info, below.last
        if _differ_by_rounding(listing.shown, printed, listing.tolerance):
            printed = listing.shown
        if printed:
            indent = re.match(r"\s*", lines[fence.line - 1])[0]
            block = [f"```{head}", *printed.splitlines(), "```"]
            result += ["", *(indent + part if part else part for part in block)]
    return "\n".join([*result, *lines[at:]]) + "\n"


def _printed_twice(found: list[Listing], name: str) -> list[str]:
    """Return what the listings print, and refuse one that prints something else when it is run again."""
    outputs = run(found, name)
    for number, (listing, once, again) in enumerate(zip(found, outputs, run(found, name), strict=True), start=1):
        if not agree(once, again, listing.tolerance):
            where = f"docs/{name}: listing {number} ('{listing.code.strip().splitlines()[-1]}')"
            raise BookError(f"{where} prints\n{once}and, run again,\n{again}Seed what it draws at random.")
    return [printed.rstrip() for printed in outputs]
