"""While the book is served: the last site that could be built stays, and says on each page what is wrong now."""

import html
import logging
import sys
import traceback
from collections.abc import Callable, Iterable

from mkdocs.exceptions import Abort, MkDocsException
from mkdocs.livereload import LiveReloadServer

LOOKS = (
    "position: fixed; inset: auto 0 0; z-index: 9; box-sizing: border-box; max-height: 45vh; overflow: auto; "
    "padding: 0.8em 1.2em; background: #8f1d14; color: #fff; font: 15px/1.45 monospace; white-space: pre-wrap; "
    "overflow-wrap: anywhere"
)
BANNER = f'<div role="alert" tabindex="0" style="{LOOKS}"><b>{{}}</b>\n{{}}</div>'
FAILED = "The last build failed; this page is as it was before:"
COMPLAINS = "The last build complains:"


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


def tell(server: LiveReloadServer) -> None:
    """Let the server go on after a build that fails, reload the pages, and put what was complained of on them.

    MkDocs would answer no request until the next build that passes.
    """
    build, answer, banner = server.builder, server.get_app(), ""

    def builder() -> None:
        nonlocal banner
        ear, head = Ear(), COMPLAINS
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
