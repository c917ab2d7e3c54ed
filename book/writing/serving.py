"""While the book is served: what is watched, what an edit renders again, and on each page what is wrong now."""

import contextlib
import html
import logging
import os
import sys
import traceback
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

from mkdocs.config.defaults import MkDocsConfig
from mkdocs.exceptions import Abort, MkDocsException
from mkdocs.livereload import LiveReloadServer
from mkdocs.structure.files import Files

from book import catalogue, extension, formulas, pages, prepare, project, record, regions, work
from book.catalogue import Catalogue
from book.reading import glossary

LOOKS = (
    "position: fixed; inset: auto 0 0; z-index: 9; box-sizing: border-box; max-height: 45vh; overflow: auto; "
    "padding: 0.8em 1.2em; background: #8f1d14; color: #fff; font: 15px/1.45 monospace; white-space: pre-wrap; "
    "overflow-wrap: anywhere"
)
BANNER = f'<div role="alert" tabindex="0" style="{LOOKS}"><b>{{}}</b>\n{{}}</div>'
FAILED = "The last build failed; this page is as it was before:"
SAYS = "The last build says:"
OF_ALL = ("ledger", "numbers", *extension.MADE)  # blocks that look at all pages

_shown: dict[str, str] = {}  # the hash of what each page was rendered from


class Ear(logging.Handler):
    """Listens to what a build complains of; the server, which works beside it, complains of requests."""

    def __init__(self) -> None:
        """Hear warnings and errors."""
        super().__init__(logging.WARNING)
        self.heard: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        """Note a complaint."""
        said = record.getMessage()
        if record.name != "mkdocs.livereload" and not said.startswith("A 'dirty' build"):  # which is always said
            self.heard.append(said)


def tell(server: LiveReloadServer, before: str = "") -> None:
    """Let the server go on after a build that fails, reload the pages, and put what was complained of on them.

    MkDocs would answer no request until the next build that passes. What is watched is not built anew when it is as it
    was built before.
    """
    build, answer, banner = server.builder, server.get_app(), ""

    def builder() -> None:
        nonlocal banner, before
        before, last = _seen(server), before
        if before == last:
            return
        ear, head = Ear(), SAYS
        logging.getLogger("mkdocs").addHandler(ear)
        try:
            build()
        except Exception as error:
            head = FAILED
            if isinstance(error, MkDocsException):  # which needs no trace
                print(error, file=sys.stderr)
            else:
                traceback.print_exc()
            if not (isinstance(error, Abort) and ear.heard):
                ear.heard.append(str(error) or type(error).__name__)
        finally:
            logging.getLogger("mkdocs").removeHandler(ear)
        said = html.escape("\n".join(dict.fromkeys(ear.heard)))
        banner = BANNER.format(head, said) if said else ""

    def app(environ: dict, start_response: Callable) -> Iterable[bytes]:
        begun: list = []
        parts = answer(environ, lambda status, headers: begun.extend((status, headers)))
        status, headers = begun
        if banner and ("Content-Type", "text/html") in headers:
            body = b"".join(parts).replace(b"</body>", f"{banner}</body>".encode(), 1)
            parts = [body]
            headers = [("Content-Type", "text/html"), ("Content-Length", str(len(body)))]
        start_response(status, headers)
        return parts

    server.builder = builder
    server.set_app(app)


def _seen(server: LiveReloadServer) -> str:
    """Hash names and times of the files that are watched, but for bytecode, which a run of the tests leaves behind."""
    files = []
    for watch in (emitter.watch for emitter in server.observer.emitters):
        for path in [Path(watch.path), *Path(watch.path).glob("**/*" if watch.is_recursive else "*")]:
            with contextlib.suppress(OSError):  # an editor's own, which comes and goes
                if "__pycache__" not in path.parts and not path.is_dir():
                    files.append(f"{path} {path.stat().st_mtime_ns}")
    return record.hash_of(*sorted(files))


def begin(server: LiveReloadServer, config: MkDocsConfig) -> None:
    """Watch what is written by hand, say on the pages what is wrong, and be ready for work."""
    watch(server, Path(config.docs_dir))
    for path in config.watch:
        server.watch(path)
    tell(server, _seen(server))
    work.await_work()


def watch(server: LiveReloadServer, docs: Path) -> None:
    """Watch what is written by hand, since what the build makes would be followed by a second build of the same."""
    done = project.CACHE / "tested" / "done"
    done.parent.mkdir(exist_ok=True)
    prepare.then = done.touch
    server.watch(str(done.parent))
    server.unwatch(str(docs))
    for path, recursive in _by_hand(docs):
        server.watch(str(path), recursive=recursive)


def _by_hand(folder: Path) -> Iterator[tuple[Path, bool]]:
    """Yield a folder and whether all in it is written by hand; else also the folders in it."""
    inside = project.GENERATED.is_relative_to(folder)
    yield folder, not inside
    for inner in sorted(folder.iterdir()) if inside else ():
        if inner.is_dir() and inner != project.GENERATED:
            yield from _by_hand(inner)


def let_change(files: Files) -> None:
    """Let also those pages be rendered that show something which changed elsewhere."""
    known = prepare.ensure()
    whole = repr((known, pages.claims()))
    for file in files.documentation_pages():
        if file.src_uri in pages.names():
            state = _state(pages.read(file.src_uri), known, whole)
            page = Path(file.abs_dest_path)
            if _shown.get(file.src_uri) != state and page.exists():
                os.utime(page, (0, 0))  # older than its source; it stays for the case that this build fails
            _shown[file.src_uri] = state


def _state(page: pages.Page, known: Catalogue, whole: str) -> str:
    """Hash all that a page shows, which may be the whole book."""
    text = "\n".join(catalogue.substitute(line, page.name, known) for line in regions.expand(page.text).splitlines())
    own = known.needs.get(page.name), [known.tests.get(box.id) for box in page.blocks if box.id]
    drawn = [known.figures.get(":".join(pages.figure_target(page.name, name))) for _, name in page.figures]
    others = whole if any(f"/// {kind}" in text for kind in OF_ALL) else ""
    words = " ".join(text.lower().split())
    terms = [(name, said) for name, said in glossary.of_before(page.name).items() if name in words]
    return record.hash_of(text, repr((own, drawn, terms)), others, *(path.read_bytes() for path in formulas.OPTIONS))
