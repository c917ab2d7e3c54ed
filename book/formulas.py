"""Formulas become KaTeX's HTML and MathML while the site is built; no script reaches the reader for them."""

import atexit
import contextlib
import json
import sqlite3
import subprocess
import threading
from functools import cache
from pathlib import Path

from book import npm, project, record
from book.project import BookError

HERE = Path(__file__).parent
OPTIONS = (HERE / "katex.mjs", HERE / "macros.json")
OPEN, CLOSE = "<!--formula-->", "<!--/formula-->"  # so that a formula's end is found without parsing HTML
LIMIT = 30  # seconds for an answer


class FormulaError(ValueError):
    """A formula that KaTeX cannot read; the message is KaTeX's."""


class Typesetter:
    """One Node process, started at the first formula that the cache does not have."""

    def __init__(self, path: Path) -> None:
        """Open the cache at `path`."""
        path.parent.mkdir(parents=True, exist_ok=True)
        self.path, self.lock = path, threading.Lock()
        self.process: subprocess.Popen[str] | None = None
        self.options: list[int] = []  # the times of the options' files
        self.salt = ""
        self.cache: sqlite3.Connection | None = None

    def __call__(self, tex: str, display: bool) -> str:
        """Return the HTML of a formula; raises FormulaError where KaTeX cannot parse it."""
        with self.lock:
            self._look_at_options()
            key = record.hash_of(self.salt, str(display), tex)
            html = self._cached("select html from formula where key = ?", key)
            if html is None:
                html = self._ask(tex, display)
                self._cached("insert or replace into formula values (?, ?)", key, html)
        return html

    def _look_at_options(self) -> None:
        """Hash what, besides the formula, decides the result; end a process that was started with other options."""
        times = [path.stat().st_mtime_ns for path in OPTIONS]
        if times != self.options:
            self.close()
            self.options = times
            self.salt = record.hash_of(npm.installed("katex"), *(path.read_bytes() for path in OPTIONS))

    def _cached(self, query: str, *values: str) -> str | None:
        """Ask the cache; a damaged one is removed, and one that cannot be used, as the disk is full, goes unused."""
        try:
            if self.cache is None:
                self._open()
            row = self.cache.execute(query, values).fetchone()
        except sqlite3.OperationalError:
            row = None
        except sqlite3.DatabaseError:
            self.cache.close()
            self.cache, row = None, None
            self.path.unlink(missing_ok=True)
        return row[0] if row else None

    def _open(self) -> None:
        """Open the cache. It need not wait for the disk at each formula: what a power failure damages is made anew."""
        self.cache = sqlite3.connect(self.path, check_same_thread=False, isolation_level=None, timeout=30)
        self.cache.execute("pragma synchronous = off")
        self.cache.execute("create table if not exists formula (key text primary key, html text)")

    def _ask(self, tex: str, display: bool) -> str:
        command = self._start()
        limit = threading.Timer(LIMIT, self.process.kill)
        limit.start()
        try:
            self.process.stdin.write(json.dumps({"tex": tex, "display": display}) + "\n")
            self.process.stdin.flush()
            line = self.process.stdout.readline()
            answer = json.loads(line)
            failed, html = answer.get("error"), answer.get("html", "")
        except (OSError, ValueError, AttributeError) as error:
            self.process.kill()
            self.close()
            within = f"within {LIMIT} seconds " if not limit.is_alive() else ""
            raise BookError(f"Node ({command}) gave no answer {within}that can be read: {error}") from error
        finally:
            limit.cancel()
        if failed:
            raise FormulaError(failed)
        return html

    def _start(self) -> str:
        """Start Node where it does not run; return its command."""
        command = [*npm.node(), str(HERE / "katex.mjs")] if self.process is None else self.process.args
        if self.process is None:
            npm.ensure_packages()
            try:
                self.process = subprocess.Popen(
                    command, cwd=project.ROOT, text=True, stdin=subprocess.PIPE, stdout=subprocess.PIPE
                )
            except OSError as error:
                raise BookError(f"Node ({command[0]}) cannot be started: {error}") from error
            atexit.register(self.close)
        return command[0]

    def close(self) -> None:
        """End the Node process."""
        if self.process:
            with contextlib.suppress(OSError):
                self.process.stdin.close()
            try:
                self.process.wait(timeout=5)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait()
            self.process.stdout.close()
            self.process = None


@cache
def typesetter() -> Typesetter:
    """Return the one typesetter of this process."""
    return Typesetter(project.CACHE / "formulas.sqlite")
