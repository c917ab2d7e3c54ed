"""What MkDocs tells the book: when a build begins and ends, when it is served, which page is rendered.

MkDocs loads this file as a hook; other engines build the same pages without it.
"""

import contextlib
import gc
import logging
import os
import re
import shutil
from collections.abc import Callable
from pathlib import Path

from mkdocs.config.defaults import MkDocsConfig
from mkdocs.exceptions import Abort
from mkdocs.livereload import LiveReloadServer
from mkdocs.structure.files import Files
from mkdocs.structure.pages import Page
from mkdocs.utils import CountHandler

from book import extension, prepare, project
from book.reading import policy, purge, search
from book.writing import serving

NOISE = (
    re.compile(  # what the converter of labs puts around code for a button that the book has its own of, and pilcrows
        r'<div class="zeroclipboard-container">.*?</clipboard-copy>\s*</div>'
        r'|<div class="clipboard-copy-txt"[^>]*>.*?</div>|<a class="anchor-link"[^>]*>¶</a>',
        re.DOTALL,
    )
)
LAB = re.compile(r'(?<=<div class="highlight-ipynb hl-python highlight">)')

_serving: bool
_dirty: bool  # both are known from `on_startup`
_site = ""  # where the site is to be
_building = contextlib.ExitStack()  # from the beginning of a build to its end


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
    """Let the server look at what is written by hand, and say on the pages what is wrong."""
    serving.begin(server, config)


def on_files(files: Files, *, config: MkDocsConfig) -> None:
    """With `--dirty`, let also those pages be rendered that show something which changed elsewhere."""
    if _dirty:
        serving.let_change(files)


def on_page_markdown(markdown: str, *, page: Page, config: MkDocsConfig, files: Files) -> None:
    """Tell the extension which page is rendered next."""
    extension.rendering = page.file.src_uri


def on_page_content(html: str, *, page: Page, config: MkDocsConfig, files: Files) -> str:
    """Give the search plugin, which parses in Python, what it can use: no layout of formulas, no colours of code."""
    extension.rendering = None
    if page.file.src_uri.endswith(".py"):
        html = LAB.sub(extension.COPY, NOISE.sub("", html))
    return search.lifted(page.file.src_uri, html)


def on_page_context(context: dict, *, page: Page, config: MkDocsConfig, nav: object) -> None:
    """Put back what was taken out: hooks run after plugins, and the search plugin reads the page at this event."""
    page.content = search.whole(page.file.src_uri, page.content)


def on_post_page(output: str, *, page: Page, config: MkDocsConfig) -> str:
    """Let the page say what it may load; while serving, MkDocs adds a script of its own."""
    return output if _serving else policy.finished(output)


def on_post_template(output: str, *, template_name: str, config: MkDocsConfig) -> str:
    """The same for the page that stands for those which are not there."""
    return on_post_page(output, page=None, config=config) if template_name == "404.html" else output
