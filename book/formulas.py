"""Formulas become KaTeX's HTML and MathML while the site is built; no script reaches the reader for them."""

import atexit
import hashlib
import json
import sqlite3
import subprocess
import threading
from functools import cache
from pathlib import Path

from book import npm, project

HERE = Path(__file__).parent
OPEN, CLOSE = "<!--formula-->", "<!--/formula-->"  # so that a formula's end is found without parsing HTML


class FormulaError(ValueError):
    """A formula that KaTeX cannot read; the message is KaTeX's."""


@cache
def _salt() -> str:
    """Hash what, besides the formula, decides the result: KaTeX's version, the options and the macros."""
    version = json.loads((npm.modules() / "katex" / "package.json").read_text())["version"]
    options = (HERE / "katex.mjs").read_text() + (HERE / "macros.json").read_text()
    return hashlib.sha256((version + options).encode()).hexdigest()


class Typesetter:
    """One Node process, started at the first formula that the cache does not have."""

    def __init__(self, path: Path) -> None:
        """Open the cache at `path`."""
        path.parent.mkdir(parents=True, exist_ok=True)
        self.lock = threading.Lock()
        self.process: subprocess.Popen[str] | None = None
        self.cache = sqlite3.connect(path, check_same_thread=False, isolation_level=None, timeout=30)
        self.cache.execute("create table if not exists formula (key text primary key, html text)")

    def __call__(self, tex: str, display: bool) -> str:
        """Return the HTML of a formula; raises FormulaError where KaTeX cannot parse it."""
        key = hashlib.sha256(f"{_salt()}\0{display}\0{tex}".encode()).hexdigest()
        with self.lock:
            row = self.cache.execute("select html from formula where key = ?", (key,)).fetchone()
            if row:
                return row[0]
            html = self._ask(tex, display)
            self.cache.execute("insert or replace into formula values (?, ?)", (key, html))
        return html

    def _ask(self, tex: str, display: bool) -> str:
        if self.process is None or self.process.poll() is not None:
            self.process = subprocess.Popen(
                [*npm.node(), str(HERE / "katex.mjs")],
                cwd=project.ROOT,
                text=True,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
            )
            atexit.register(self.close)
        self.process.stdin.write(json.dumps({"tex": tex, "display": display}) + "\n")
        self.process.stdin.flush()
        answer = json.loads(self.process.stdout.readline())
        if "error" in answer:
            raise FormulaError(answer["error"])
        return answer["html"]

    def close(self) -> None:
        """End the Node process."""
        if self.process:
            self.process.stdin.close()
            self.process.wait(timeout=10)
            self.process.stdout.close()
            self.process = None


@cache
def typesetter() -> Typesetter:
    """Return the one typesetter of this process."""
    return Typesetter(project.CACHE / "formulas.sqlite")
