"""What the server watches while the book is written: the sources, not what the build itself makes of them."""

import os
from collections.abc import Iterator

from mkdocs.config.defaults import MkDocsConfig
from mkdocs.livereload import LiveReloadServer
from watchdog.observers.polling import PollingObserver

from book import project

INTERVAL = 0.1  # seconds between two looks; MkDocs takes 0.5, since it looks at everything


def watch_sources(server: LiveReloadServer, config: MkDocsConfig) -> None:
    """Look often, and only where somebody writes; else each edit is followed by a second build of the same.

    A folder that is made while the book is served is watched from the next start on.
    """
    server.unwatch(config.docs_dir)
    server.unwatch(config.config_file_path)
    server.observer = PollingObserver(timeout=INTERVAL)
    server.watch(config.config_file_path)
    for top in (config.docs_dir, *config.watch):
        for folder in _folders(top):
            server.watch(folder, recursive=False)
    config.watch = []  # which MkDocs would watch next, with all that lies in it


def _folders(top: str) -> Iterator[str]:
    """Yield a folder and those in it, but for what Python and the book make."""
    for folder, inner, _ in os.walk(top):
        if folder == str(project.GENERATED) or os.path.basename(folder) == "__pycache__":
            inner.clear()
        else:
            yield folder
