"""The notation page: each symbol stands on the page that it names, and on none before."""

import re
from functools import cache
from pathlib import PurePosixPath

import pytest

from book import pages
from book.project import chapters, nav
from tests.pages.words import plain

NOTATION = "reference/notation.md"
ROW = re.compile(r"^\| (?P<symbols>\$.*?) \| .* · \[[^\]]+\]\((?P<page>[^)#]+)[^)]*\) \| .* \|$", re.MULTILINE)
COMPOSITE = re.compile(r"\\(?:mathcal|mathbb|mathsf|operatorname) ?\{?\w+\}?")  # one letter in one alphabet
COMMAND = re.compile(r"\\[A-Za-z]+")
SHARED = {
    "\\dots",
    "\\cdot",
    "\\times",
    "\\in",
    "\\pi",
    "\\sigma",
    "\\theta",
    "\\rho",
    "\\xi",
    "\\alpha",
    "\\psi",
    "\\hat",
    "\\bar",
}


def target(link):
    """Return the page behind a link on the notation page."""
    return str(PurePosixPath(link.removeprefix("../")))


@cache
def formulas(text):
    """Return all formulas of a page in one string."""
    return " ".join(re.findall(r"\$\$.+?\$\$|\$[^$]+\$", text, re.DOTALL))


def all_keys(symbols):
    """Return what of a row's symbols TeX can tell from everything else, such as `\\det` or `\\mathcal P`."""
    found = {key.replace("{", "").replace("}", "").replace(" ", "") for key in COMPOSITE.findall(symbols)}
    return found | (set(COMMAND.findall(COMPOSITE.sub("", symbols))) - SHARED)


def has(text, key):
    """Say whether formulas contain a key, spelt with or without braces and blanks."""
    tight = re.sub(r"(\\(?:mathcal|mathbb|mathsf|operatorname)) ?\{?(\w+)\}?", r"\1\2 ", text)
    return re.search(re.escape(key) + r"(?![A-Za-z])", tight) is not None


def new_keys(index):
    """Return the keys of a row that no row before it has."""
    before = (all_keys(symbols) for symbols, _ in ROWS[:index])
    return all_keys(ROWS[index][0]).difference(*before)


ROWS = [(match["symbols"], target(match["page"])) for match in ROW.finditer(pages.read(NOTATION).text)]


def test_every_row_names_a_page_in_reading_order():
    """No row is missed by the pattern above, and the table follows the book."""
    table = pages.read(NOTATION).text.split("## Symbols")[1].split("\n## ")[0]
    assert len(ROWS) == sum(line.startswith("| $") for line in table.splitlines()) > 40
    order = [nav().index(page) for _, page in ROWS]
    assert order == sorted(order), "a row stands before one of an earlier chapter"


@pytest.mark.parametrize("index", range(len(ROWS)), ids=[symbols for symbols, _ in ROWS])
def test_a_symbol_is_used_where_the_table_says_and_not_before(index):
    """What TeX can tell apart does not occur before; a bare letter at least occurs on the page."""
    symbols, page = ROWS[index]
    here = formulas(plain(page))
    for letter in re.findall(r"\$([A-Za-z])\b", symbols):
        assert re.search(rf"(?<![A-Za-z\\]){letter}(?![a-z])", here), f"{page} has no {letter}"
    for key in new_keys(index):
        assert has(here, key), f"{page} has no {key}"
        for earlier in chapters()[: chapters().index(page)]:
            assert not has(formulas(plain(earlier)), key), f"{earlier} uses {key}, which {page} defines"
