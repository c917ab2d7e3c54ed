"""The chapters as the site has them, without what only a screen can do: what a PDF and an EPUB are made from."""

import html
import posixpath
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from bs4 import BeautifulSoup, Tag

from book import project
from book.formulas import CLOSE, OPEN
from book.project import nav, part_of

SITE, DIST = project.ROOT / "site", project.ROOT / "dist"
NAME = "equivariance-from-first-principles"
LEFT_OUT = ("labs/", "reference/claims", "reference/errata", "reference/building", "reference/trainer")
FORMULA = re.compile(f"{OPEN}(.*?){CLOSE}", re.DOTALL)
WORDS = ["p", "ul", "ol", "table", "figure"]  # what a fold has beside its code, if it says something
ARTICLE = re.compile(r"<article[^>]*>(.*?)</article>", re.DOTALL)
HELD = re.compile("\ue000(\\d+)\ue001")
FOREIGN = re.compile(r"^[a-z]+:|^//")


class MissingError(ValueError):
    """Something that is needed is not there; the message says what, and which command mends it."""


@dataclass
class Chapter:
    """A page of the book: its address in the site, its title, its part, and what it holds, with its formulas aside."""

    address: str
    title: str
    part: str
    body: Tag
    formulas: list[str]
    number: str = ""

    @property
    def slug(self) -> str:
        """Return a name that can begin an id or a file."""
        return self.address.strip("/").replace("/", "--") or "home"

    def html(self, formula: Callable[[str], str]) -> str:
        """Return what it holds, each formula as the edition wants it."""
        whole = self.body.decode_contents(formatter="minimal")
        return HELD.sub(lambda held: formula(self.formulas[int(held[1])]), whole)


def root_of_site() -> str:
    """Return the address at which the site was built, unless it is one of this machine."""
    found = re.search(r'<link rel="canonical" href="([^"]*)"', (SITE / "index.html").read_text())
    return "" if not found or "127.0.0.1" in found[1] or "localhost" in found[1] else found[1]


def chapters() -> list[Chapter]:
    """Read the pages of the edition, chapters numbered part by part."""
    if not (SITE / "index.html").exists():
        raise MissingError("there is no site to make it from: run 'make build' first")
    found, parts = [], []
    for name in nav():
        if name.endswith(".md") and not name.startswith((*LEFT_OUT, "index")):
            chapter = _read(name)
            if chapter.part not in parts:
                parts.append(chapter.part)
            if chapter.part != "Reference":
                before = sum(other.part == chapter.part for other in found)
                chapter.number = f"{len(parts)}.{before + 1}"
            found.append(chapter)
    return found


def _read(name: str) -> Chapter:
    address = name.removesuffix(".md") + "/"
    file = SITE / address / "index.html"
    if not file.exists():
        raise MissingError(f"{file.relative_to(project.ROOT)} is not there: the site is old; run 'make build'")
    formulas: list[str] = []

    def hold(formula: re.Match) -> str:
        formulas.append(formula[1])
        return f"\ue000{len(formulas) - 1}\ue001"

    body = BeautifulSoup(FORMULA.sub(hold, ARTICLE.search(file.read_text())[1]), "html.parser")
    _strip(body)
    title = body.h1.get_text().strip()
    return Chapter(address, title, part_of(name), body, formulas)


def _strip(body: Tag) -> None:
    """Take away what only a screen has, and open what is folded, but for folds of nothing but code."""
    for part in body.select("script, link, .headerlink, .copy, .chapter-tools, img[src$='#only-dark']"):
        part.decompose()
    for room in body.select("play-ground"):
        room.unwrap()
    for image in body.select("img"):
        image["src"] = image["src"].partition("#")[0]
        del image["loading"]
    for attribute in ("data-search-exclude", "data-room", "tabindex", "role", "aria-label"):
        for part in body.select(f"[{attribute}]"):
            del part[attribute]
    for part in body.select("[style^='--']"):
        del part["style"]
    for fold in reversed(body.select("details")):
        dull = not fold.get("class") and not fold.find(WORDS)
        for inner in fold.find_all(recursive=False) if dull else ():
            if inner.name != "summary":
                inner.decompose()
        if fold.summary:
            fold.summary.name = "p"
            fold.p["class"] = "summary"
            if dull:
                fold.p.append(" (this code is in the chapter’s notebook)")
        fold.name = "div"
        fold.attrs.pop("open", None)


def link(all_chapters: list[Chapter], address: Callable[[Chapter, str], str]) -> None:
    """Lead links between chapters to where these are now, others to the site, or nowhere where it has no address."""
    known, site = {chapter.address: chapter for chapter in all_chapters}, root_of_site()
    for chapter in all_chapters:
        anchors = {part["id"] for part in chapter.body.select("[id]")}
        for anchor in chapter.body.select("a[href]"):
            path, _, inside = anchor["href"].partition("#")
            if FOREIGN.match(anchor["href"]):
                continue
            target = posixpath.normpath(posixpath.join(chapter.address, path)) + "/" if path else chapter.address
            if target in known and (target != chapter.address or not inside or inside in anchors):
                anchor["href"] = address(known[target], inside)
            elif site:
                anchor["href"] = posixpath.join(site, target.rstrip("/")) + ("#" + inside if inside else "")
            else:
                anchor.name = "span"
                del anchor["href"]


def pictures(chapter: Chapter) -> Iterator[tuple[Tag, Path]]:
    """Yield the pictures of a chapter with their files."""
    for image in chapter.body.select("img"):
        yield image, Path(posixpath.normpath(posixpath.join(str(SITE / chapter.address), image["src"])))


def mathml(formula: str) -> str:
    """Return the MathML of a formula."""
    return re.search(r"<math.*?</math>", formula, re.DOTALL)[0]


def escape(text: str) -> str:
    """Escape a text for HTML."""
    return html.escape(text, quote=False)


def write(path: Path, content: bytes) -> Path:
    """Write a file of the edition."""
    path.parent.mkdir(parents=True, exist_ok=True)
    project.write_atomically(path, content)
    return path
