"""The terms of the book: where one of an earlier chapter comes up first, it leads to its definition and says it."""

import re
import xml.etree.ElementTree as etree
from typing import NamedTuple

from markdown.extensions.toc import slugify
from markdown.treeprocessors import Treeprocessor

from book import pages
from book.project import chapters

PAGE = "reference/glossary.md"
ENTRY = re.compile(r"^(?P<name>[^\n:#].*)\n:   (?P<says>.+?) (?P<links>\[[^\]]+\]\(\S+\).*)$", re.MULTILINE)
LINK = re.compile(r"\[([^\]]+)\]\(\.\./([^)#]+)#([^)]+)\)")
INSIDE = {"a", "code", "em", "pre", "script", "details", "figure", "table", "h1", "h2", "h3", "h4"}
NO_PROSE = {"arithmatex", "box-title", "chapter-tools"}


class Place(NamedTuple):
    """Where a term is defined: the title of the page as it is written, its name, and the anchor of the section."""

    title: str
    page: str
    anchor: str


class Term(NamedTuple):
    """A term, one sentence about it, and the places where it is defined."""

    name: str
    says: str
    places: list[Place]


def terms() -> list[Term]:
    """Read the glossary; without one there are no terms."""
    entries = ENTRY.finditer(pages.read(PAGE).text if PAGE in pages.names() else "")
    return [
        Term(entry["name"], entry["says"], [Place(*link) for link in LINK.findall(entry["links"])]) for entry in entries
    ]


def of_before(page: str) -> dict[str, tuple[str, str]]:
    """Map each term that a chapter before this page defines, and this page does not, to its sentence and its place.

    A term with a remark, as "trace (of a matrix)", is left out, since its word has other meanings.
    """
    order = {name: number for number, name in enumerate(chapters())}
    found = {}
    for term in terms() if page in order else ():
        before = [place for place in term.places if order.get(place.page, len(order)) < order[page]]
        if before and "(" not in term.name and page not in [place.page for place in term.places]:
            found[term.name.lower()] = (term.says, f"{before[-1].page}#{before[-1].anchor}")
    return found


class Terms(Treeprocessor):
    """Links the first use of each such term, unless the page links or explains it itself.

    In the glossary it gives each term an id instead.
    """

    def run(self, root: etree.Element) -> None:
        """Go through the page in the order in which it is read."""
        page = self.md.book.page.name
        if page == PAGE:
            for term in root.iter("dt"):
                term.set("id", slugify(term.text, "-"))
        self.left = of_before(page)
        if self.left:
            names = (re.escape(name).replace(r"\ ", r"\s+") for name in sorted(self.left, key=len, reverse=True))
            self.pattern = re.compile(rf"(?<![\w-])({'|'.join(names)})(?:e?s)?(?![\w-])", re.IGNORECASE)
            self.mark(root)

    def mark(self, element: etree.Element) -> None:
        """Link the terms in the text of an element, and of what is in it."""
        if element.tag in ("a", "em"):
            for match in self.pattern.finditer("".join(element.itertext())):
                self.take(match)
        if element.tag in INSIDE or NO_PROSE.intersection(element.get("class", "").split()):
            return
        for child in [None, *element]:
            if child is not None:
                self.mark(child)
            self.cut(element, child)

    def cut(self, parent: etree.Element, before: etree.Element | None) -> None:
        """Put links for terms into the text behind a child, or in front of the first."""
        text, at = (parent.text if before is None else before.tail) or "", 0
        place = 0 if before is None else list(parent).index(before) + 1
        for match in self.pattern.finditer(text):
            if known := self.take(match):
                says, target = known
                link = etree.Element("a", {"class": "term", "href": self.md.book.relative(target), "title": says})
                link.text, link.tail = match[0], text[match.end() :]
                ahead = text[at : match.start()]
                if before is None:
                    parent.text = ahead
                else:
                    before.tail = ahead
                parent.insert(place, link)
                before, place, at = link, place + 1, match.end()

    def take(self, match: re.Match) -> tuple[str, str] | None:
        """Return sentence and place of a term when it comes up for the first time."""
        return self.left.pop(" ".join(match[1].lower().split()), None)
