"""What MkDocs tells the book: when a build begins and ends, which page is rendered, what to watch, what to search.

MkDocs loads this file as a hook; other engines build the same pages without it.
"""

import base64
import contextlib
import gc
import hashlib
import logging
import os
import re
import shutil
import unicodedata
from collections.abc import Callable, Iterator
from pathlib import Path

from mkdocs.config.defaults import MkDocsConfig
from mkdocs.exceptions import Abort
from mkdocs.livereload import LiveReloadServer
from mkdocs.structure.files import Files
from mkdocs.structure.pages import Page
from mkdocs.utils import CountHandler

from book import extension, formulas, glossary, notebooks, pages, prepare, project, purge, record, regions, serving
from book.catalogue import Catalogue
from book.formulas import CLOSE, OPEN

FORMULA = rf"<(?P<tag>span|div)[^>]*>{OPEN}.*?{CLOSE}</(?P=tag)>"
HEAVY = re.compile(rf"{FORMULA}|(?<=<span></span>)(?P<code><code.*?</code>)|<dt(?P<term> id=[^<]*)</dt>", re.DOTALL)
COLOUR = re.compile(r"</?span[^>]*>")
SPOKEN = re.compile(r"<semantics>(.*?)<annotation", re.DOTALL)
STYLED = re.compile(r'<mi mathvariant="(script|fraktur|double-struck)">([A-Za-z])</mi>')
UNSEEN = re.compile(r"<[^>]*>|[\u2061-\u2064]")
NOISE = (
    re.compile(  # what the converter of labs puts around code for a button that the book has its own of, and pilcrows
        r'<div class="zeroclipboard-container">.*?</clipboard-copy>\s*</div>'
        r'|<div class="clipboard-copy-txt"[^>]*>.*?</div>|<a class="anchor-link"[^>]*>¶</a>',
        re.DOTALL,
    )
)
LAB = re.compile(r'(?<=<div class="highlight-ipynb hl-python highlight">)')
SCRIPT = re.compile(r"<script(?![^>]*\b(?:src|type)=)[^>]*>(.*?)</script>", re.DOTALL)
POLICY = (
    "default-src 'self'; script-src 'self'{}; style-src 'self' 'unsafe-inline'; img-src 'self' data:; "
    "object-src 'none'; base-uri 'self'; form-action 'self'"
)
ARTICLE = re.compile(r"<article.*</article>", re.DOTALL)
INDENT = re.compile(r"\n\s+")
PLACE = re.compile(r"<!--lifted (\d+)-->.*?<!--/lifted-->", re.DOTALL)

OF_ALL = ("ledger", "numbers", "errata", "chapters")  # blocks that look at all pages

_serving: bool
_dirty: bool  # both are known from `on_startup`
_site = ""  # where the site is to be
_building = contextlib.ExitStack()  # from the beginning of a build to its end
_lifted: dict[str, list[str]] = {}
_shown: dict[str, str] = {}  # the hash of what each page was rendered from


def on_startup(*, command: str, dirty: bool) -> None:
    """Notice whether the site is only served, and whether pages that are as they were are to stay."""
    global _serving, _dirty
    _serving, _dirty = command == "serve", dirty
    if _serving:
        gc.set_threshold(50_000, 20, 20)  # what was parsed stays; to look through it can take half a second of an edit


def on_config(config: MkDocsConfig) -> None:
    """Refuse an address of the repository that is none, before links are made of it."""
    address = config.extra.get("repository") or ""
    if address and not re.fullmatch(r"https?://[\w.-]+(/[\w.~-]+)+/?", address):
        raise Abort(f"REPOSITORY '{address}' is no address: write https://github.com/owner/name, or leave it empty")


def on_pre_build(*, config: MkDocsConfig) -> None:
    """Prepare the book; then build beside the last site, which stays until the new one is whole."""
    global _site
    if not _serving:
        for folder in (Path(config.site_dir), Path(config.site_dir).parent):
            if folder.exists() and not os.access(folder, os.W_OK):
                raise Abort(f"Error: the site is not built: the folder {folder} is read-only: let it be written to")
    prepare.begin()
    if not _serving:
        _building.enter_context(prepare.locked("writing the site", "site-lock"))
        _site, config.site_dir = config.site_dir, str(project.CACHE / "site")
        _building.callback(setattr, config, "site_dir", _site)


def on_post_build(*, config: MkDocsConfig) -> None:
    """Put the new site in the place of the last, unless warnings are to stop the build."""
    counters = [handler for handler in logging.getLogger("mkdocs").handlers if isinstance(handler, CountHandler)]
    if not _serving and not any(counter.get_counts() for counter in counters):
        new, old = config.site_dir, project.CACHE / "site-before"
        purge.purge(Path(new))
        for path in (Path(new), *Path(new).rglob("*")):  # a web server is another user
            path.chmod(path.stat().st_mode | (0o555 if path.is_dir() else 0o444))
        shutil.rmtree(old, ignore_errors=True)
        if Path(_site).exists():
            shutil.move(_site, old)
        shutil.move(new, _site)
        shutil.rmtree(old, ignore_errors=True)
    _building.close()


def on_build_error(*, error: Exception) -> None:
    """Let go of the site, and say in one line what else would be a trace: a full disk, a page with a syntax error."""
    _building.close()
    if isinstance(error, OSError | SyntaxError):
        raise Abort(f"Error: the site is not built: {error}")


def on_serve(server: LiveReloadServer, *, config: MkDocsConfig, builder: Callable) -> None:
    """Watch what is written by hand, since what the build makes would be followed by a second build of the same.

    What is wrong stands on the pages.
    """
    serving.tell(server)
    done = project.CACHE / "tested" / "done"
    done.parent.mkdir(exist_ok=True)
    prepare.then = done.touch
    server.watch(str(done.parent))
    server.unwatch(config.docs_dir)
    for path, recursive in _by_hand(Path(config.docs_dir)):
        server.watch(str(path), recursive=recursive)


def _by_hand(folder: Path) -> Iterator[tuple[Path, bool]]:
    """Yield a folder and whether all in it is written by hand; else also the folders in it."""
    inside = project.GENERATED.is_relative_to(folder)
    yield folder, not inside
    for inner in sorted(folder.iterdir()) if inside else ():
        if inner.is_dir() and inner != project.GENERATED:
            yield from _by_hand(inner)


def on_files(files: Files, *, config: MkDocsConfig) -> None:
    """With `--dirty`, let also those pages be rendered that show something which changed elsewhere."""
    for file in files.documentation_pages() if _dirty else ():
        if file.src_uri in pages.names():
            state = _state(pages.read(file.src_uri), prepare.ensure())
            page = Path(file.abs_dest_path)
            if _shown.get(file.src_uri) != state and page.exists():
                os.utime(page, (0, 0))  # older than its source; it stays for the case that this build fails
            _shown[file.src_uri] = state


def _state(page: pages.Page, known: Catalogue) -> str:
    """Hash all that a page shows."""
    text = "\n".join(notebooks.substitute(line, page.name, known) for line in regions.expand(page.text).splitlines())
    own = known.needs.get(page.name), [known.tests.get(box.id) for box in page.blocks if box.id]
    drawn = [known.figures.get(":".join(pages.figure_target(page.name, name))) for _, name in page.figures]
    others = repr((known, pages.claims())) if any(f"/// {kind}" in text for kind in OF_ALL) else ""
    words = " ".join(text.lower().split())
    terms = [(name, said) for name, said in glossary.of_before(page.name).items() if name in words]
    return record.hash_of(text, repr((own, drawn, terms)), others, *(path.read_bytes() for path in formulas.OPTIONS))


def on_page_markdown(markdown: str, *, page: Page, config: MkDocsConfig, files: Files) -> None:
    """Tell the extension which page is rendered next."""
    extension.rendering = page.file.src_uri


def on_page_content(html: str, *, page: Page, config: MkDocsConfig, files: Files) -> str:
    """Give the search plugin, which parses in Python, what it can use: no layout of formulas, no colours of code."""
    extension.rendering = None
    if page.file.src_uri.endswith(".py"):
        html = LAB.sub(extension.COPY, NOISE.sub("", html))
    lifted = _lifted[page.file.src_uri] = []

    def lift(match: re.Match) -> str:
        lifted.append(match[0])
        return f"<!--lifted {len(lifted) - 1}-->{_bare(match)}<!--/lifted-->"

    return HEAVY.sub(lift, html)


def _bare(match: re.Match) -> str:
    """Return what can be searched for: the text of code and of a formula in a sentence."""
    if match["term"]:  # of the glossary: it stands in the index like the title of a section
        return f"<h3{match['term']}</h3>"
    if match["code"]:
        return COLOUR.sub("", match["code"])
    if match["tag"] != "span":
        return ""
    plain = SPOKEN.search(match[0])[1]
    signs = (plain, STYLED.sub(_styled, plain))  # ℰ is found as E and as ℰ
    return " ".join(dict.fromkeys(UNSEEN.sub("", text) for text in signs))


def _styled(letter: re.Match) -> str:
    """Return the sign for a letter in a style of its own, 𝔰 or ℰ."""
    style, name = letter[1].upper(), f"{'CAPITAL' if letter[2].isupper() else 'SMALL'} {letter[2].upper()}"
    for sign in (f"{style.replace('FRAKTUR', 'BLACK-LETTER')} {name}", f"MATHEMATICAL {style} {name}"):
        with contextlib.suppress(KeyError):
            return unicodedata.lookup(sign)
    return letter[2]


def on_page_context(context: dict, *, page: Page, config: MkDocsConfig, nav: object) -> None:
    """Put back what was taken out: hooks run after plugins, and the search plugin reads the page at this event."""
    lifted = _lifted.pop(page.file.src_uri, [])
    page.content = PLACE.sub(lambda match: lifted[int(match[1])], page.content)


def policy(page: str) -> str:
    """Return the Content-Security-Policy of a page: nothing from elsewhere, and of scripts in it those alone.

    Formulas have their measures in style attributes, so styles may stand in the page.
    """
    scripts = dict.fromkeys(SCRIPT.findall(page))
    digests = (base64.b64encode(hashlib.sha256(script.encode()).digest()).decode() for script in scripts)
    return POLICY.format("".join(f" 'sha256-{digest}'" for digest in digests))


def without_indents(page: str) -> str:
    """Return a page without the blanks and empty lines of the theme's templates, which stand around its article."""
    article = ARTICLE.search(page)
    if not article:
        return page
    before, after = (INDENT.sub("\n", part) for part in (page[: article.start()], page[article.end() :]))
    return before + article[0] + after


def on_post_page(output: str, *, page: Page, config: MkDocsConfig) -> str:
    """Let the page say what it may load; while serving, MkDocs adds a script of its own."""
    if _serving:
        return output
    output = without_indents(output)
    meta = f'<meta http-equiv="Content-Security-Policy" content="{policy(output)}">'
    return output.replace("<head>", f"<head>\n{meta}", 1)


def on_post_template(output: str, *, template_name: str, config: MkDocsConfig) -> str:
    """The same for the page that stands for those which are not there."""
    return on_post_page(output, page=None, config=config) if template_name == "404.html" else output
