"""The boxes of the book as Markdown blocks: claims, what sources say of them, exercises, figures, and the ledger."""

import html
import posixpath
import xml.etree.ElementTree as etree
from dataclasses import dataclass, field
from typing import Any

from markdown.util import AtomicString
from pymdownx.blocks.block import Block, type_integer, type_string

from book import ledger, pages
from book.catalogue import Catalogue
from book.ledger import EVIDENCE_WORDS, VERDICT_WORDS
from book.project import BookError, part_of

GENERATED = "assets/generated"
PLAYGROUNDS = "playgrounds"
LISTING = '<div class="language-text highlight"><pre><span></span><code>{}\n</code></pre></div>'


@dataclass
class Context:
    """What is known of the page that is rendered, as `book` of the Markdown instance: the page and the catalogue."""

    page: pages.Page | None = None
    known: Catalogue = field(default_factory=Catalogue)

    def box(self, line: int) -> pages.Box:
        """Return the block whose head is on a line of the page as it was written; one without options has no line."""
        return next((block for block in self.page.blocks if block.line == line), pages.Box("", 0, "", ""))

    def relative(self, target: str) -> str:
        """Return the path to a file of `docs/`, seen from this page."""
        return ledger.moved(target, self.page.name)

    def served(self, target: str) -> str:
        """Return the path to a file of the site, seen from this page's address, which engines do not do."""
        return posixpath.relpath(target, self.page.name.removesuffix(".md").removesuffix("index"))


def child(parent: etree.Element, tag: str, css: str = "", text: str = "", **attributes: str) -> etree.Element:
    """Append an element whose text is Markdown."""
    element = etree.SubElement(parent, tag, {**({"class": css} if css else {}), **attributes})
    element.text = text
    return element


class Box(Block):
    """A box with a kind, a title and, where it claims something, an id and its mark."""

    ARGUMENT = None
    OPTIONS = {"at": (0, type_integer)}

    def on_create(self, parent: etree.Element) -> etree.Element:
        """Open the box with its title line."""
        written = self.md.book.box(self.options["at"])
        box = etree.SubElement(parent, "div", {"class": f"box box-{self.NAME}"})
        if written.id:
            box.set("id", written.id)
        title = child(box, "p", "box-title")
        kind = child(title, "span", "box-kind", self.NAME.capitalize())
        kind.tail = " "
        child(title, "span", "box-name", self.argument or "").tail = " "
        if written.id:
            self.mark(title, written)
        return box

    def mark(self, title: etree.Element, written: pages.Box) -> None:
        """Append the link to the test of a claim."""
        id = written.id
        tests = self.md.book.known.tests.get(id, [])
        tick = "✓ " if tests else ""
        child(
            title,
            "a",
            f"box-mark evidence-{ledger.evidence(tests)}",
            f"{tick}{ledger.words(tests)} · {id}",
            href=f"{self.md.book.relative(ledger.page_of(written.page))}#{id}",
            title=f"{id}: see the test that checks this" if tests else f"{id}: no program can test this",
        )


class Folded(Block):
    """A box that opens on demand: a proof or a solution."""

    ARGUMENT = None
    CSS = ""

    def on_create(self, parent: etree.Element) -> etree.Element:
        """Open the folded box with its summary."""
        details = etree.SubElement(parent, "details", {"class": self.CSS})
        child(details, "summary", text=self.argument or self.NAME.capitalize())
        return details


class Part(Block):
    """A part of what a source says: its words, what happens, and what is true."""

    ARGUMENT = False
    HEADING = ""

    def on_create(self, parent: etree.Element) -> etree.Element:
        """Open the part with its heading."""
        part = etree.SubElement(parent, "div", {"class": f"erratum-{self.NAME}"})
        child(part, "p", "erratum-part", self.HEADING)
        return part


class Source(Block):
    """What a source says where it is not so: closed behind one line, or open as a mistake that a reader might make."""

    NAME = "source"
    ARGUMENT = True
    OPTIONS = {"at": (0, type_integer)}

    def on_create(self, parent: etree.Element) -> etree.Element:
        """Open the aside."""
        if self.md.book.box(self.options["at"]).open:
            box = etree.SubElement(parent, "div", {"class": "box-mistake"})
            child(box, "p", "box-mistake-title", "A tempting mistake")
            return box
        details = etree.SubElement(parent, "details", {"class": "box-source"})
        child(details, "summary", text="The source says otherwise")
        return details


class Case(Block):
    """An erratum on the page of all errata: the true statement, its place, and what the source says, closed."""

    NAME = "case"
    ARGUMENT = True
    OPTIONS = {"of": ("", type_string), "page": ("", type_string)}

    def on_create(self, parent: etree.Element) -> etree.Element:
        """Open the case with its title, its verdict and its place in the book."""
        box = next(box for box in pages.read(self.options["page"]).blocks if box.id == self.options["of"])
        case = etree.SubElement(parent, "details", {"class": "ledger-row erratum-case", "id": box.id})
        case.attrib.update({"data-verdict": VERDICT_WORDS[box.verdict], "data-part": part_of(box.page)})
        summary = child(case, "summary")
        child(summary, "span", "box-name", self.argument).tail = " "
        child(summary, "span", f"box-verdict verdict-{box.verdict}", VERDICT_WORDS[box.verdict]).tail = " "
        child(summary, "span", "ledger-place", f"{ledger.title(box.page)} · {box.id}")
        place = child(case, "p", "ledger-links")
        child(place, "a", "", "Read it in the chapter", href=f"{self.md.book.relative(box.page)}#{box.id}")
        return case


class Figure(Block):
    """A figure that a snippet draws, in both versions, with a caption.

    With the option `play: linear-map?mode=eigen` it is what stands in the place of that playground until it is opened.
    """

    NAME = "figure"
    ARGUMENT = True
    OPTIONS = {"at": (0, type_integer)}

    def on_create(self, parent: etree.Element) -> etree.Element:
        """Place the images; sizes are known, so that nothing moves while they load."""
        module, name = pages.figure_target(self.md.book.page.name, self.argument)
        entry = self.md.book.known.figures.get(f"{module}:{name}")
        if entry is None:
            raise BookError(f"{self.md.book.page.name}: snippets.figures.{module} draws no figure '{name}'")
        width, height = entry["size"]
        figure = etree.SubElement(parent, "figure", {"class": "book-figure", "id": f"figure-{name}"})
        play = self.md.book.box(self.options["at"]).options.get("play")
        room = self.playground(figure, play, name) if play else figure
        for mode in ("light", "dark"):
            source = self.md.book.relative(f"{GENERATED}/figures/{module.replace('.', '/')}/{name}.{mode}.svg")
            attributes = {"src": f"{source}#only-{mode}", "alt": entry["alt"], "loading": "lazy"}
            etree.SubElement(room, "img", {**attributes, "width": str(width), "height": str(height)})
        etree.SubElement(figure, "figcaption")
        return figure

    def playground(self, figure: etree.Element, play: str, name: str) -> etree.Element:
        """Open the room of a playground, with the script that loads it when it comes into view."""
        play, _, given = play.partition("?")
        etree.SubElement(figure, "script", {"type": "module", "src": self.md.book.served(f"{PLAYGROUNDS}/page.js")})
        return etree.SubElement(figure, "play-ground", {"data-play": play, "data-key": name, "data-given": given})

    def on_add(self, block: etree.Element) -> etree.Element:
        """Put the text into the caption."""
        return block[-1]


class Ledger(Block):
    """The claims of a part, or all: one closed list a chapter, one closed row a claim."""

    NAME = "ledger"
    ARGUMENT = None

    def on_create(self, parent: etree.Element) -> etree.Element:
        """Write the chapters, and where no part is named, a heading for each part."""
        boxes = [box for box in pages.claims() if self.argument in (None, part_of(box.page))]
        child(parent, "div", "ledger-filters")  # the room for what a script puts there, so that nothing moves
        whole = child(parent, "div", "ledger-list")
        for part, chapters in ledger.by_part(boxes).items():
            if part and not self.argument:
                child(whole, "h2", text=part)
            for page, rows in chapters.items():
                chapter = child(whole, "details", "ledger-chapter")
                summary = child(chapter, "summary", text=f"{ledger.title(page)} ")
                child(summary, "span", "ledger-count", f"{len(rows)} claims" if len(rows) > 1 else "1 claim")
                for box in rows:
                    self.row(chapter, box)
        return whole

    def row(self, chapter: etree.Element, box: pages.Box) -> None:
        """Write one claim: number, statement and evidence; inside, how the source fared, and the tests."""
        tests = self.md.book.known.tests.get(box.id, [])
        row = child(chapter, "details", "ledger-row", id=box.id)
        kind, verdict = ledger.evidence(tests), box.verdict
        row.attrib.update({"data-evidence": EVIDENCE_WORDS[kind], "data-part": part_of(box.page)})
        row.set("data-verdict", VERDICT_WORDS[verdict])
        summary = child(row, "summary")
        child(summary, "span", "ledger-id", box.id).tail = " "
        child(summary, "span", "box-name", box.title).tail = " "
        child(summary, "span", f"ledger-evidence evidence-{kind}", ("✓ " if tests else "") + ledger.words(tests))
        links = child(row, "p", "ledger-links")
        link = child(links, "a", "", "Read it in the chapter", href=f"{self.md.book.relative(box.page)}#{box.id}")
        link.tail = " "
        if verdict != "own":
            link.tail = " · in the source: "
            child(links, "span", f"box-verdict verdict-{verdict}", VERDICT_WORDS[verdict])
        for test in tests:
            self.test(row, test)

    def test(self, row: etree.Element, test: dict) -> None:
        """Write one test: where it stands, what kind of evidence it is, and its code."""
        head = child(row, "p", "ledger-file")
        node = child(head, "code")
        node.text, node.tail = AtomicString(test["node"]), f": {ledger.words([test])}"
        code = LISTING.format(html.escape(test["source"], quote=False))
        child(row, "div").text = AtomicString(self.md.htmlStash.store(code))


class Numbers(Block):
    """The numbers of all claims, chapter by chapter, each of which leads to its row."""

    NAME = "numbers"
    ARGUMENT = False

    def on_create(self, parent: etree.Element) -> etree.Element:
        """Write the parts, each of which leads to the page that has its rows, and in them the chapters."""
        whole = child(parent, "div", "claim-numbers")
        for part, chapters in ledger.by_part(pages.claims()).items():
            rows = self.md.book.relative(ledger.page_of(next(iter(chapters))))
            child(child(whole, "h2"), "a", text=part, href=rows)
            listed = child(whole, "ul")
            for page, boxes in chapters.items():
                chapter = child(listed, "li", text=f"{ledger.title(page)}: ")
                for box in boxes:
                    child(chapter, "a", "claim-number", box.id, id=box.id, href=f"{rows}#{box.id}").tail = " "
        return whole


def blocks() -> list[type[Block]]:
    """Make the block classes."""
    named: dict[str, tuple[type[Block], dict[str, Any]]] = {
        **{kind: (Box, {}) for kind in ("definition", "theorem", "claim", "example", "note", "exercise")},
        "proof": (Folded, {"CSS": "box box-proof"}),
        "solution": (Folded, {"CSS": "box-solution"}),
        "says": (Part, {"HEADING": "The source says"}),
        "counterexample": (Part, {"HEADING": "What happens"}),
        "truth": (Part, {"HEADING": "What is true"}),
    }
    made = [type(name.capitalize(), (base,), {"NAME": name, **extra}) for name, (base, extra) in named.items()]
    return [*made, Figure, Ledger, Numbers, Source, Case]
