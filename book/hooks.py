"""Savings of time in MkDocs, which loads this file as a hook; other engines build the same pages without it.

The search plugin parses each page in Python, and most of a page is formulas and coloured code, whose tags it drops:
it gets the page without them. The labs run while pages are rendered. Templates stay compiled from build to build. And
while the book is served, a page whose text and sources are as before is not rendered again; one that stands among the
same pages as before is not put into its template and not searched again.
"""

import hashlib
import re
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from jinja2 import ChoiceLoader, DictLoader, Environment, FileSystemBytecodeCache
from mkdocs.config.defaults import MkDocsConfig
from mkdocs.livereload import LiveReloadServer
from mkdocs.plugins import event_priority
from mkdocs.structure.files import Files
from mkdocs.structure.nav import Navigation
from mkdocs.structure.pages import Page

from book import bibliography, labs, prepare, project, regions
from book.boxes import LEDGERS, shown_in_ledgers
from book.catalogue import Catalogue
from book.formulas import CLOSE, OPEN
from book.watching import watch_sources

FORMULA = rf"<(?P<tag>span|div)[^>]*>{OPEN}.*?{CLOSE}</(?P=tag)>"
HEAVY = re.compile(rf"{FORMULA}|(?<=<pre><span></span>)(?P<code><code.*?</code>)", re.DOTALL)
COLOUR = re.compile(r"</?span[^>]*>")
SPOKEN = re.compile(r"<semantics>(.*?)<annotation", re.DOTALL)
UNSEEN = re.compile(r"<[^>]*>|[\u2061-\u2064]")
PLACE = re.compile(r"<!--lifted (\d+)-->.*?<!--/lifted-->", re.DOTALL)
FINISHED = "finished.html"  # the template of a page that is as it was
RENDERED = ("content", "toc", "_title_from_render", "present_anchor_ids", "links_to_anchors")

_serving = False
_shared = ""  # the hash of what every page may show
_lifted: dict[str, list[str]] = {}
_bared: dict[str, tuple[str, str, list[str]]] = {}  # what each page was, what is left of it, and what was taken out
_kept: dict[str, tuple[str, dict[str, Any]]] = {}
_finished: dict[str, "Finished"] = {}


@dataclass
class Finished:
    """A page as it was written: the hash of all that it shows, its entries in the search index, its HTML."""

    state: str
    entries: list[dict[str, str]] = field(default_factory=list)
    html: str = ""


def on_startup(*, command: str, dirty: bool) -> None:
    """Notice whether pages will be rendered more than once."""
    global _serving
    _serving = command == "serve"


def on_serve(server: LiveReloadServer, *, config: MkDocsConfig, builder: Callable) -> None:
    """Watch the sources, and look at them while the reader looks at the first page."""
    watch_sources(server, config)
    threading.Thread(target=prepare.read_ahead, daemon=True).start()


def on_nav(nav: Navigation, *, config: MkDocsConfig, files: Files) -> None:
    """Begin to run the labs, and look once at what all pages share."""
    global _shared
    labs.begin(config, files)
    if _serving:
        _shared = _hash_of_shared(files)


@event_priority(-100)  # when the plugin that renders labs has seen the page
def on_pre_page(page: Page, *, config: MkDocsConfig, files: Files) -> None:
    """Wait for a lab whose turn has come."""
    labs.failed(page.file.src_uri)


def on_page_content(html: str, *, page: Page, config: MkDocsConfig, files: Files) -> str:
    """Take the layout of formulas and the colours of code out of a page, down to the bare text."""
    name = page.file.src_uri
    if _bared.get(name, ("",))[0] != html:
        lifted: list[str] = []

        def lift(match: re.Match) -> str:
            lifted.append(match[0])
            return f"<!--lifted {len(lifted) - 1}-->{_bare(match)}<!--/lifted-->"

        _bared[name] = (html, HEAVY.sub(lift, html), lifted)
    _, bare, _lifted[name] = _bared[name]
    return bare


def _bare(match: re.Match) -> str:
    """Return what can be searched for: the text of code and of a formula in a sentence."""
    if match["code"]:
        return COLOUR.sub("", match["code"])
    return UNSEEN.sub("", SPOKEN.search(match[0])[1]) if match["tag"] == "span" else ""


def on_env(env: Environment, *, config: MkDocsConfig, files: Files) -> None:
    """Keep the compiled templates from build to build, and while serving the pages that are as they were."""
    folder = project.CACHE / "templates"
    folder.mkdir(parents=True, exist_ok=True)
    env.bytecode_cache = FileSystemBytecodeCache(str(folder))
    if _serving:
        env.loader = ChoiceLoader([DictLoader({FINISHED: "{{ page.finished.html }}"}), env.loader])
        _keep_finished([file.page for file in files.documentation_pages()], config)


def _keep_finished(all_pages: list[Page], config: MkDocsConfig) -> None:
    """Give each page that shows what it showed before, among the same others, to a template that repeats it."""
    shell = (
        config.site_url,
        (project.ROOT / "mkdocs.yml").read_text(),
        sorted((str(file), file.stat().st_mtime_ns) for file in (project.ROOT / "overrides").rglob("*.html")),
        [(page.url, page.title, page.meta) for page in all_pages],
    )
    shell_hash = _hash(repr(shell))
    for page in all_pages:
        name = page.file.src_uri
        state = _hash(shell_hash, page.content or "", *_lifted.get(name, []))
        if name in _finished and _finished[name].state == state and _finished[name].html:
            page.finished = _finished[name]
            page.meta = {**page.meta, "template": FINISHED}
            page.content = ""
        else:
            _finished[name] = Finished(state)


@event_priority(-100)  # after the search plugin, which reads the page at this event
def on_page_context(context: dict, *, page: Page, config: MkDocsConfig, nav: Navigation) -> None:
    """Put back what was taken out, and into the search index what a page that is as it was has there."""
    name = page.file.src_uri
    lifted = _lifted.pop(name, [])
    page.content = PLACE.sub(lambda match: lifted[int(match[1])], page.content)
    if _serving and "material/search" in config.plugins:
        entries = config.plugins["material/search"].search_index.entries
        if hasattr(page, "finished"):
            entries += page.finished.entries
        else:
            _finished[name].entries = [entry for entry in entries if entry["location"].split("#")[0] == page.url]


def on_post_page(output: str, *, page: Page, config: MkDocsConfig) -> None:
    """Note how a page was written."""
    if _serving:
        _finished[page.file.src_uri].html = output


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
    ledger = any(f"/// {kind}" in markdown for kind in LEDGERS)
    return _hash(markdown, regions.expand(markdown), _shared, repr(shown_in_ledgers() if ledger else None))


def _hash_of_shared(files: Files) -> str:
    """Hash what every page may show: what was made, the settings, the bibliography, and which pages there are."""
    made = prepare.ensure()
    settings = (project.ROOT / "mkdocs.yml").read_text()
    names = sorted(file.src_uri for file in files.documentation_pages())
    return _hash(_hash_of(made), settings, repr(bibliography.entries()), *names)


_hashed: tuple[Catalogue | None, str] = (None, "")


def _hash_of(made: Catalogue) -> str:
    """Hash the catalogue, once for each that is made."""
    global _hashed
    if _hashed[0] is not made:
        _hashed = (made, _hash(repr(made)))
    return _hashed[1]


def _hash(*texts: str) -> str:
    return hashlib.sha256("\0".join(texts).encode()).hexdigest()
