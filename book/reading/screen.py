"""What lets a page come fast and fit any screen: rooms for what is out of sight, tables that scroll, powers of ten."""

import html
import re
import xml.etree.ElementTree as etree

from markdown.treeprocessors import Treeprocessor

STASHED = re.compile("\x02(?:wzxhzdk:(\\d+)|amp)\x03")
TAG = re.compile(r"<[^>]*>")
DRAWN = '<span class="katex-html" aria-hidden="true">'
TAGS = ("p", "ul", "ol", "div", "details")  # and a figure, unless a playground is in it
AT_ONCE = ("chapter-tools", "ledger-list")  # of closed rows there is little to lay out
SCREEN = 1200  # pixels; what begins above is laid out at once, as it would move what follows if its room were wrong
LETTER, LINE = 0.285, 20  # pixels of height, on a wide screen; the style sheet has them, too
FEWEST = 15  # elements; a block with fewer is laid out at once
MARGIN = 24  # pixels between two blocks of a box


class Rooms(Treeprocessor):
    """Marks the blocks of a page that a browser may leave out until they come near, with the room that they will take.

    The room is what the style sheet makes of three numbers: letters of running text, lines of code, and pixels of what
    is as high on any screen. The page is then as long before as after, and nothing jumps.
    """

    def run(self, root: etree.Element) -> None:
        """Mark the blocks that stand in the page itself."""
        self.aside = self.md.htmlStash.rawHtmlBlocks
        self.frame_listings(root)
        above = 0.0
        for block in root:
            letters, lines, pixels, elements = self.measure(block)
            late = (block.tag in TAGS or block.find("img") is not None) and block.get("class") not in AT_ONCE
            if late and elements >= FEWEST and above > SCREEN:
                block.set("data-room", "")
                block.set("style", f"--letters:{letters};--lines:{lines};--pixels:{pixels}")
            above += LETTER * letters + LINE * lines + pixels

    def frame_listings(self, root: etree.Element) -> None:
        """Put each listing and what it prints into a frame: Markdown has but a mark of it, which takes no class."""
        framed: list[etree.Element] = []
        for block in root:
            mark = STASHED.fullmatch(block.text or "") if block.tag == "p" and not len(block) else None
            kept = self.aside[int(mark[1])] if mark and mark[1] else ""
            if "<pre" not in kept:
                framed.append(block)
            elif "output" in kept[: kept.index("<pre")] and framed and framed[-1].get("class") == "listing":
                framed[-1].append(block)
            else:
                framed.append(etree.Element("div", {"class": "listing"}))
                framed[-1].append(block)
        root[:] = framed

    def measure(self, block: etree.Element) -> tuple[int, int, int, int]:
        """Return letters, lines of code, pixels and elements of a block; of a closed one only the summary counts."""
        folded = block.tag == "details"
        seen = block[:1] if folded else [block]
        letters, lines, pixels = 0, 0, MARGIN if block.get("class", "").startswith("box") else 0
        for element in (inner for part in seen for inner in self.shown(part)):
            for text in (element.text, element.tail if element is not block else ""):
                a, b, c = self.text(text or "", display=element.get("class") == "arithmatex" and element.tag == "div")
                letters, lines, pixels = letters + a, lines + b, pixels + c
            if element.tag in ("p", "li", "tr", "summary"):
                letters, pixels = letters + 20, pixels + 16  # half a line is empty; and a margin
            elif element.tag == "img" and "only-dark" not in element.get("src", ""):
                pixels += int(element.get("height", 0))
        return letters, lines, pixels, sum(self.weight(inner) for inner in block.iter())

    def shown(self, part: etree.Element) -> list[etree.Element]:
        """List an element and those in it, without the contents of folded ones."""
        found = [part]
        for inner in part[:1] if part.tag == "details" else part:
            found += self.shown(inner)
        return found

    def text(self, text: str, display: bool) -> tuple[int, int, int]:
        """Return letters, lines and pixels of a text, in which code and formulas are put aside."""
        letters = len(STASHED.sub("", text).strip())
        lines = pixels = 0
        for match in STASHED.finditer(text):
            kept = self.aside[int(match[1])] if match[1] else ""
            if "<pre" in kept:
                lines, pixels = lines + kept.count("\n"), pixels + 44
            elif display:
                pixels += 40 + 20 * kept.count("<mtr>")
            else:
                letters += len(TAG.sub("", kept.partition(DRAWN)[2]))
        return letters, lines, pixels

    def weight(self, element: etree.Element) -> int:
        """Count an element and those of code and formulas that are put aside in it."""
        texts = (match[1] for match in STASHED.finditer((element.text or "") + (element.tail or "")) if match[1])
        blocks = (self.aside[int(number)] for number in texts)
        return 1 + sum(kept.count("<span") for kept in blocks)


LONG = 38  # columns, which a phone has in a box


def wrap(code: str) -> str:
    """Mark the lines of a listing that a phone has to break, with the columns by which they are indented."""
    lines = code.split("\n")
    for number, line in enumerate(lines):
        text = html.unescape(TAG.sub("", line))
        if len(text) > LONG:
            indent = len(text) - len(text.lstrip())
            lines[number] = f'<span class="code-line" style="--in:{indent}">{line}</span>'
    return "\n".join(lines)


class Tables(Treeprocessor):
    """Puts each table into a frame in which it scrolls, by finger or key."""

    def run(self, root: etree.Element) -> None:
        """Frame the tables."""
        for parent in list(root.iter()):
            for place, table in enumerate(parent):
                if table.tag == "table" and parent.get("class") != "table-frame":
                    frame = etree.Element("div", {"class": "table-frame"})
                    frame.attrib.update({"tabindex": "0", "role": "group", "aria-label": "Table"})
                    frame.append(table)
                    frame.tail, table.tail = table.tail, None
                    parent[place] = frame


RAISED = re.compile(r"(?<=10)[⁻⁰¹²³⁴-⁹]+|ᵀ")
WORDS = re.compile(r"(?<=>)[^<>]*(?:10[⁻⁰¹²³⁴-⁹]|ᵀ)[^<>]*(?=<)")
PLAIN = str.maketrans("⁻⁰¹²³⁴⁵⁶⁷⁸⁹ᵀ", "−0123456789T")


def raise_signs(page: str) -> str:
    """Raise what Unicode has as small signs, of which faces have some and lack others: the ᵀ, and powers of ten."""
    raised = lambda sign: f"<sup>{sign[0].translate(PLAIN)}</sup>"  # noqa: E731
    return WORDS.sub(lambda words: RAISED.sub(raised, words[0]), page)
