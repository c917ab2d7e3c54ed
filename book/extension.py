"""The Python-Markdown extension that MkDocs and Zensical load: it prepares the book and renders its pages."""

import html
import itertools
import posixpath
import re
import xml.etree.ElementTree as etree

from markdown import Markdown
from markdown.postprocessors import Postprocessor
from markdown.preprocessors import Preprocessor
from markdown.treeprocessors import Treeprocessor
from markdown.util import AtomicString
from pymdownx.blocks import BlocksExtension

from book import boxes, catalogue, formulas, ledger, listings, pages, prepare
from book.formulas import CLOSE, OPEN, Formula
from book.project import BookError, chapters, nav
from book.reading import chart, glossary, notebooks, screen

OUTPUT_FENCE = re.compile(r"^(\s*)(`{3,})\s*(\S.*)$")
MADE = ("errata", "code", "chapters")  # blocks for what is made of all other pages
rendering: str | None = None  # the page, as the hooks know it
INLINE = ("span", "arithmatex")  # how arithmatex marks a formula in a sentence
EMPHASIS = ("em", "strong", "a")
BEFORE = re.compile(r"(?:[(\[“‘]+|\w+-)$")
AFTER = re.compile(r"[^\s\x02]{1,3}(?=\s|$)|[,.;:!?)\]]+|-\w+")  # \x02 begins what Markdown has put aside


class Source(Preprocessor):
    """Sees the page as it was written: learns which it is, and puts in numbers, citations and tools."""

    def run(self, lines: list[str]) -> list[str]:
        """Rewrite the page line by line; the number of lines stays what it is up to the tools."""
        self.md.book.known = known = prepare.ensure()
        page = self.md.book.page = pages.parse(self.name(), "\n".join(lines))
        if page.name not in nav():
            outside = page.name == pages.UNKNOWN
            return lines if outside else [line for line in lines if line.startswith("# ")][:1]
        lines = _without_options(lines, page)
        if page.name in known.bodies:
            at = _place(page)
            lines[at : at + 2] = known.bodies[page.name]
        outside = {number for number, _ in pages.unfenced(lines)}
        rewritten = [
            catalogue.substitute(line, page.name, known) if number in outside else _output(line)
            for number, line in enumerate(lines, start=1)
        ]
        return _with_tools(rewritten, page, self.md.book)

    def name(self) -> str:
        """Return the name of the page: MkDocs told the hooks, and Zensical keeps it here."""
        if "rendering_context" in self.md.preprocessors:
            return self.md.preprocessors["rendering_context"].page.path
        return rendering or pages.UNKNOWN


def _place(page: pages.Page) -> int:
    """Return the index of the line at which the body belongs that is made of all other pages."""
    for block in page.blocks:
        if block.kind in MADE:
            return block.line - 1
    blocks = " or ".join(f"'/// {kind}'" for kind in MADE)
    raise BookError(f"docs/{page.name}: there is no place for what is made of all pages: write the block {blocks}")


def _without_options(lines: list[str], page: pages.Page) -> list[str]:
    """Put the line of its head in the place of a box's options, which are read only once, by `pages`.

    What was garbled in the copy of a source is left out: it stands on the page of errata alone.
    """
    heads = {block.line + 1: f"    at: {block.line}" for block in page.blocks if block.first > block.line + 1}
    garbled = [box.aside for box in page.blocks if box.aside and box.aside.verdict == "damaged"]
    left_out = {number for aside in garbled for number in range(aside.line, aside.last + 1)}
    instead = dict.fromkeys(page.taken, "") | heads | dict.fromkeys(left_out, "")
    return [instead.get(number, line) for number, line in enumerate(lines, start=1)]


def _output(line: str) -> str:
    """Turn the head of an output fence into one that every highlighter knows."""
    fence = OUTPUT_FENCE.match(line)
    if fence and listings.OUTPUT.match(fence[3].strip()):
        return f"{fence[1]}{fence[2]} {{ .text .output }}"
    return line


def _with_tools(lines: list[str], page: pages.Page, context: boxes.Context) -> list[str]:
    """Put the notebook's link and the count of claims under the title of a chapter."""
    title = next((index for index, line in enumerate(lines) if line.startswith("# ")), None)
    if title is None or page.name not in chapters():
        return lines
    path = context.relative(f"{boxes.GENERATED}/{notebooks.notebook_file(page.name)}")
    name = posixpath.basename(path)
    count = sum(1 for box in page.blocks if box.id)
    claims = context.relative(ledger.page_of(page.name)) if count else ""
    tools = [
        f'[Notebook]({path}){{ .chapter-tool .chapter-notebook download="{name}" }}',
        f"[{count} claims, each with its test]({claims}){{ .chapter-tool .chapter-claims }}" if count else "",
    ]
    needs = ", ".join(
        f"[{chart.short(name)}]({context.relative(name)})" for name in context.known.needs.get(page.name, [])
    )
    return [
        *lines[: title + 1],
        "",
        " ".join(filter(None, tools)) + (f' <span class="chapter-needs">Builds on {needs}</span>' if needs else ""),
        "{ .chapter-tools }",
        "",
        *lines[title + 1 :],
    ]


def hold_punctuation(root: etree.Element) -> None:
    """Keep what stands at a formula without a space on the formula's line: browsers break a line around any formula."""
    for parent in list(root.iter()):
        for place, element in enumerate(parent):
            last = parent[place - 1] if place else None
            text = (parent.text if last is None else last.tail) or ""
            before = BEFORE.search(text) if _at_edge(element, 0) else None
            after = AFTER.match(element.tail or "") if _at_edge(element, -1) else None
            if not (before or after):
                continue
            held = parent[place] = etree.Element("span", {"class": "formula-held"})
            held.append(element)
            if before:
                held.text, text = before[0], text[: before.start()]
                if last is None:
                    parent.text = text
                else:
                    last.tail = text
            end = after.end() if after else 0
            held.tail, element.tail = (element.tail or "")[end:], (element.tail or "")[:end]


def _at_edge(element: etree.Element, end: int) -> bool:
    """Say whether an element is a formula, or emphasis or a link that begins (0) or ends (-1) with one."""
    if (element.tag, element.get("class")) == INLINE:
        return True
    if element.tag not in EMPHASIS or not len(element):
        return False
    beyond = element[end].tail if end else element.text
    return not beyond and _at_edge(element[end], end)


def with_end(formula: str) -> str:
    """Mark the last of the parts between which KaTeX lets a formula break; no line may break behind it."""
    start, end = formula.rindex('<span class="base">'), formula.rindex("</span></span>")
    return f'{formula[:start]}<span class="formula-end">{formula[start:end]}</span>{formula[end:]}'


class Formulas(Treeprocessor):
    """Replaces what arithmatex marked by KaTeX's HTML."""

    def run(self, root: etree.Element) -> None:
        """Typeset every formula of the page; name file, line and formula of those that cannot be read."""
        found: dict[etree.Element, Formula] = {}
        for element in root.iter():
            if element.get("class") == "arithmatex" and element.text:
                display = element.tag == "div"
                tex = html.unescape(element.text.strip()[2:-2]).strip() if display else element.text[2:-2]
                found[element] = (tex, display)
        made, problems = formulas.typeset(list(found.values())), []
        for element, (tex, display) in found.items():
            answer = made[tex, display]
            if "error" in answer:
                problems.append(f"{self.where(tex)}: {answer['error']}\n    {tex}")
                continue
            rendered = answer["html"] if display else with_end(answer["html"])
            element.text = AtomicString(self.md.htmlStash.store(OPEN + rendered + CLOSE))
            element.set("data-search-exclude", "")
            if display:
                element.attrib.update({"tabindex": "0", "role": "group", "aria-label": "Formula"})
        hold_punctuation(root)
        if problems:
            raise BookError("\n".join(["formulas that KaTeX cannot read:", *problems]))

    def where(self, tex: str) -> str:
        """Find the line of a formula, by its first line, in the page as it was written."""
        page = self.md.book.page
        if page.name == pages.UNKNOWN:
            return pages.UNKNOWN
        first = tex.strip().splitlines()[0].strip()
        for number, line in enumerate(page.text.splitlines(), start=1):
            if first in catalogue.substitute(line, page.name, self.md.book.known):
                return page.where(number)
        return f"docs/{page.name}"


CODE = re.compile(r"<span></span><code>(.*?)(</code></pre>)", re.DOTALL)
TAB_STOP = '<span></span><code tabindex="0">'
PLAIN = re.compile(r'<span class="(?:n|o|w|sa)">([^<]*)</span>')  # names and operators have the colour of the ink
LONG_NAME = re.compile(r"<code>[^<\s]{12,}</code>")
LISTING = re.compile("<pre>(?=<span></span><code>)")
PRINTED = re.compile(r'class="[^"]*\boutput\b')
COPY = '<button class="copy" type="button" aria-label="Copy this code"></button>'
JOINT = re.compile(r"(?<=[._])(?=[A-Za-z])")


class Code(Postprocessor):
    """Fits code to narrow screens: the keyboard reaches listings, which scroll sideways, and long names may break."""

    def run(self, text: str) -> str:
        """Give each listing a tab stop, an id and, unless it is what another prints, a button that copies it.

        Behind the dots of names such as torch.linalg.matrix_rank a line may break.
        """
        number = itertools.count(1)

        def listing(match: re.Match) -> str:
            around = match.string[match.string.rindex("<", 0, match.start()) : match.start()]
            return f'{"" if PRINTED.search(around) else COPY}<pre id="code-{next(number)}">'

        text = screen.raise_signs(LISTING.sub(listing, text))
        text = CODE.sub(lambda code: TAB_STOP + screen.wrap(PLAIN.sub(r"\1", code[1])) + code[2], text)
        return LONG_NAME.sub(lambda name: JOINT.sub("<wbr>", name[0]), text)


class Book(BlocksExtension):
    """All of the above."""

    def extendMarkdown(self, md: Markdown) -> None:
        """Register what renders a page."""
        md.book = boxes.Context()
        super().extendMarkdown(md)
        md.preprocessors.register(Source(md), "book-source", 40)
        md.treeprocessors.register(Formulas(md), "book-formulas", 12)
        md.treeprocessors.register(screen.Tables(), "book-tables", 11)
        md.treeprocessors.register(screen.Rooms(md), "book-rooms", 10)
        md.treeprocessors.register(glossary.Terms(md), "book-terms", 6)
        md.postprocessors.register(Code(md), "book-code", 5)

    def extendMarkdownBlocks(self, md: Markdown, block_mgr: object) -> None:
        """Register the boxes."""
        for block in boxes.blocks():
            block_mgr.register(block, self.getConfigs())
