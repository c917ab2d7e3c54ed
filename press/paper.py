"""The book as one PDF: Chromium prints all chapters as one page, with the style that a chapter has on paper."""

import functools
import http.server
import posixpath
import shutil
import threading
from pathlib import Path
from typing import Any

from book import project
from book.formulas import CLOSE, OPEN
from press import edition
from press.edition import NAME, Chapter, MissingError, escape

QUIET = ("gpu", "background-networking", "component-update", "sync")
FLAGS = ["--no-sandbox", *(f"--disable-{name}" for name in QUIET)]
STYLE = """
@page { size: A4; margin: 18mm 16mm 20mm; }
.part, .chapter, .contents { break-before: page; }
.cover { padding-top: 70mm; }
.cover h1 { font-size: 30pt; }
.part { padding-top: 60mm; }
.contents ol { list-style: none; margin: 0; padding: 0; }
.contents li { margin: 0.25em 0; }
.contents .number { display: inline-block; min-width: 2.6em; }
.contents a { text-decoration: none; }
.number { color: var(--ink-soft); }
"""
LIMIT = 1_800_000  # milliseconds; some hundred pages take a minute or two
LOADED = "document.fonts.ready.then(() => Promise.all([...document.images].map((image) => image.decode())))"
FOOT = (
    '<div style="width: 100%; font: 8pt serif; text-align: center; color: #333"><span class="pageNumber"></span></div>'
)
BROWSERS = ("chromium", "chromium-browser", "google-chrome", "chromium-headless-shell")


def chromium() -> str | None:
    """Return the command of Chromium, or of Chrome, where the machine has one."""
    return next(filter(None, map(shutil.which, BROWSERS)), None)


def make() -> Path:
    """Write the PDF."""
    command = chromium()
    if not command:
        raise MissingError(
            "the PDF needs Chromium: install it (Debian: 'apt-get install chromium'), then run 'make dist' again"
        )
    from playwright.sync_api import sync_playwright

    with sync_playwright() as driver:
        browser = driver.chromium.launch(executable_path=command, args=FLAGS)
        content = printed(whole(), browser)
        browser.close()
    return edition.write(edition.DIST / f"{NAME}.pdf", content)


def printed(whole: str, browser: Any) -> bytes:
    """Let a browser print a page that takes its style sheet and pictures from the site."""
    page = whole.encode()

    class Handler(http.server.SimpleHTTPRequestHandler):
        def log_message(self, *args: object) -> None:
            """Say nothing."""

        def do_GET(self) -> None:
            """Answer with the whole book, or with a file of the site."""
            if self.path != "/whole":
                super().do_GET()
                return
            self.send_response(200)
            self.send_header("Content-Type", "text/html; charset=utf-8")
            self.send_header("Content-Length", str(len(page)))
            self.end_headers()
            self.wfile.write(page)

    handler = functools.partial(Handler, directory=edition.SITE)
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        tab = browser.new_page()
        tab.set_default_timeout(LIMIT)
        tab.goto(f"http://127.0.0.1:{server.server_address[1]}/whole", wait_until="load")
        tab.evaluate(LOADED)
        head = {"display_header_footer": True, "header_template": "<span></span>", "footer_template": FOOT}
        content = tab.pdf(prefer_css_page_size=True, outline=True, tagged=True, **head)
        tab.close()
        server.shutdown()
    return content


def whole() -> str:
    """Return all chapters as one page."""
    chapters = edition.chapters()
    for chapter in chapters:
        for part in chapter.body.select("[id]"):
            part["id"] = f"{chapter.slug}--{part['id']}"
        for anchor in chapter.body.select("a[href^='#']"):
            anchor["href"] = f"#{chapter.slug}--{anchor['href'][1:]}"
        for image, path in edition.pictures(chapter):
            image["src"] = "/" + posixpath.relpath(path, edition.SITE)
    edition.link(chapters, _address)
    name = escape(project.settings()["site_name"])
    parts = "".join(_part(part, chapters) for part in dict.fromkeys(chapter.part for chapter in chapters))
    cover = f'<section class="cover"><h1>{name}</h1><p>{project.settings()["copyright"]}</p></section>'
    return (
        f'<!doctype html><html lang="en"><head><meta charset="utf-8"><title>{name}</title>'
        '<link rel="stylesheet" href="/assets/generated/site.css">'
        f'<style>{STYLE}</style></head><body data-md-color-scheme="default"><div class="md-content">'
        f'<article class="md-typeset">{cover}{_contents(chapters)}{parts}</article></div></body></html>'
    )


def _address(chapter: Chapter, inside: str) -> str:
    """Return the anchor of a chapter or of something in it; one of the chapter itself has its prefix already."""
    prefix = f"{chapter.slug}--"
    return f"#{inside}" if inside.startswith(prefix) else f"#{prefix}{inside}" if inside else f"#{chapter.slug}"


def _contents(chapters: list[Chapter]) -> str:
    lines, part = [], ""
    for chapter in chapters:
        if chapter.part != part:
            part = chapter.part
            lines.append(f"<li><strong>{escape(part)}</strong></li>")
        number = f'<span class="number">{chapter.number}</span>'
        lines.append(f'<li><a href="#{chapter.slug}">{number} {escape(chapter.title)}</a></li>')
    return f'<section class="contents"><h2>Contents</h2><ol>{"".join(lines)}</ol></section>'


def _part(part: str, chapters: list[Chapter]) -> str:
    found = [chapter for chapter in chapters if chapter.part == part]
    inside = "".join(
        f'<section class="chapter" id="{chapter.slug}">{_numbered(chapter)}</section>' for chapter in found
    )
    return f'<section class="part"><h1>{escape(part)}</h1></section>{inside}'


def _numbered(chapter: Chapter) -> str:
    if chapter.number:
        chapter.body.h1.insert(0, f"{chapter.number} ")
    return chapter.html(lambda formula: f"{OPEN}{formula}{CLOSE}")
