"""Savings of time in MkDocs, which loads this file as a hook; other engines build the same pages without it.

The search plugin parses each page in Python, and most of a page is formulas and coloured code, whose tags it drops:
it gets the page without them. Templates stay compiled from build to build. And while the book is served, a page
whose text and sources are as before is not rendered again.
"""

import hashlib
import re
import threading
from typing import Any

from jinja2 import Environment, FileSystemBytecodeCache
from mkdocs.config.defaults import MkDocsConfig
from mkdocs.livereload import LiveReloadServer
from mkdocs.plugins import event_priority
from mkdocs.structure.files import Files
from mkdocs.structure.nav import Navigation
from mkdocs.structure.pages import Page

from book import bibliography, pages, prepare, project, regions
from book.boxes import LEDGERS
from book.catalogue import Catalogue
from book.formulas import CLOSE, OPEN

FORMULA = rf'<(?P<tag>span|div)[^>]*>{OPEN}.*?{CLOSE}</(?P=tag)>'
HEAVY = re.compile(rf"{FORMULA}|(?<=<pre><span></span>)(?P<code><code.*?</code>)", re.DOTALL)
COLOUR = re.compile(r"</?span[^>]*>")
SPOKEN = re.compile(r"<semantics>(.*?)<annotation", re.DOTALL)
UNSEEN = re.compile(r"<[^>]*>|[\u2061-\u2064]")
PLACE = re.compile(r"<!--lifted (\d+)-->.*?<!--/lifted-->", re.DOTALL)
RENDERED = ("content", "toc", "_title_from_render", "present_anchor_ids", "links_to_anchors")

_serving = False
_lifted: dict[str, list[str]] = {}
_kept: dict[str, tuple[str, dict[str, Any]]] = {}


def on_startup(*, command: str, dirty: bool) -> None:
    """Notice whether pages will be rendered more than once."""
    global _serving
    _serving = command == "serve"


def on_serve(server: LiveReloadServer, **others: Any) -> None:
    """Look at the sources while the reader looks at the first page."""
    threading.Thread(target=prepare.read_ahead, daemon=True).start()


def on_page_content(html: str, *, page: Page, config: MkDocsConfig, files: Files) -> str:
    """Take the layout of formulas and the colours of code out of a page, down to the bare text."""
    lifted = _lifted[page.file.src_uri] = []

    def lift(match: re.Match) -> str:
        lifted.append(match[0])
        return f"<!--lifted {len(lifted) - 1}-->{_bare(match)}<!--/lifted-->"

    return HEAVY.sub(lift, html)


def _bare(match: re.Match) -> str:
    """Return what can be searched for: the text of code and of a formula in a sentence."""
    if match["code"]:
        return COLOUR.sub("", match["code"])
    return UNSEEN.sub("", SPOKEN.search(match[0])[1]) if match["tag"] == "span" else ""


@event_priority(-100)  # after the search plugin, which reads the page at this event
def on_page_context(context: dict, *, page: Page, config: MkDocsConfig, nav: Navigation) -> None:
    """Put back what was taken out."""
    lifted = _lifted.pop(page.file.src_uri, [])
    page.content = PLACE.sub(lambda match: lifted[int(match[1])], page.content)


def on_env(env: Environment, *, config: MkDocsConfig, files: Files) -> None:
    """Keep the compiled templates from build to build."""
    folder = project.CACHE / "templates"
    folder.mkdir(parents=True, exist_ok=True)
    env.bytecode_cache = FileSystemBytecodeCache(str(folder))


@event_priority(-100)  # after all that change the text
def on_page_markdown(markdown: str, *, page: Page, config: MkDocsConfig, files: Files) -> None:
    """Give a page that is as it was what it rendered to before in this process."""
    name, render = page.file.src_uri, page.render
    if not _serving or not name.endswith(".md"):
        return
    state = _state(markdown, files)

    def render_once(config: MkDocsConfig, files: Files) -> None:
        kept = _kept.get(name)
        if kept is None or kept[0] != state:
            render(config, files)
            _kept[name] = (state, {attribute: getattr(page, attribute) for attribute in RENDERED})
        else:
            vars(page).update(kept[1])
            links = page.links_to_anchors or {}
            page.links_to_anchors = {files.get_file_from_path(to.src_uri): found for to, found in links.items()}

    page.render = render_once


def _state(markdown: str, files: Files) -> str:
    """Hash all that a page is rendered from: its text, its listings, what was made, and what it may link to."""
    made = prepare.ensure()
    ledger = any(f"/// {kind}" in markdown for kind in LEDGERS)
    parts = (
        markdown,
        regions.expand(markdown),
        _hash_of(made),
        (project.ROOT / "mkdocs.yml").read_text(),
        bibliography.entries(),
        pages.claims() if ledger else None,
        sorted(file.src_uri for file in files.documentation_pages()),
    )
    return hashlib.sha256(repr(parts).encode()).hexdigest()


_hashed: tuple[Catalogue | None, str] = (None, "")


def _hash_of(made: Catalogue) -> str:
    """Hash the catalogue, once for each that is made."""
    global _hashed
    if _hashed[0] is not made:
        _hashed = (made, hashlib.sha256(repr(made).encode()).hexdigest())
    return _hashed[1]
