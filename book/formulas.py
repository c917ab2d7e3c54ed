"""Formulas become KaTeX's HTML and MathML while the site is built; no script reaches the reader for them."""

import json
import sqlite3
import subprocess
from contextlib import closing
from pathlib import Path

from book import npm, project, record
from book.project import BookError

HERE = Path(__file__).parent
OPTIONS = (HERE / "katex.mjs", HERE / "macros.json")
OPEN, CLOSE = "<!--formula-->", "<!--/formula-->"  # so that a formula's end is found without parsing HTML
CACHE = project.CACHE / "formulas.sqlite"
LIMIT = 30  # seconds for the formulas of a page

Formula = tuple[str, bool]  # in TeX, and whether it is displayed


def typeset(wanted: list[Formula]) -> dict[Formula, dict[str, str]]:
    """Return of each formula the `html`, or the `error` for which KaTeX cannot read it.

    A damaged cache is made anew; one that cannot be used, as the disk is full, goes unused.
    """
    try:
        return _typeset(wanted, CACHE)
    except sqlite3.OperationalError:
        return _typeset(wanted, ":memory:")
    except sqlite3.DatabaseError:
        CACHE.unlink()
        return _typeset(wanted, CACHE)


def _typeset(wanted: list[Formula], cache: Path | str) -> dict[Formula, dict[str, str]]:
    """Take what the cache has, and ask Node for the rest."""
    options = record.hash_of(npm.installed("katex"), *(path.read_bytes() for path in OPTIONS))
    keys = {formula: record.hash_of(options, *map(str, formula)) for formula in wanted}
    CACHE.parent.mkdir(exist_ok=True)
    with closing(sqlite3.connect(cache, timeout=30)) as known, known:
        known.execute("create table if not exists formula (key text primary key, html text)")
        look = "select html from formula where key = ?"
        found = {formula: {"html": html} for formula, key in keys.items() for (html,) in known.execute(look, [key])}
        new = _ask([formula for formula in keys if formula not in found])
        made = [(keys[formula], answer["html"]) for formula, answer in new.items() if "html" in answer]
        known.executemany("insert or replace into formula values (?, ?)", made)
    return found | new


def _ask(wanted: list[Formula]) -> dict[Formula, dict[str, str]]:
    """Let Node typeset formulas."""
    if not wanted:
        return {}
    npm.ensure_packages()
    command = [*npm.node(), str(HERE / "katex.mjs")]
    try:
        done = subprocess.run(
            command, cwd=project.ROOT, input=json.dumps(wanted), stdout=subprocess.PIPE, text=True, timeout=LIMIT
        )
        return dict(zip(wanted, json.loads(done.stdout), strict=True))
    except (OSError, ValueError, TypeError, subprocess.TimeoutExpired) as error:
        raise BookError(f"Node ({command[0]}) gave no answer that can be read: {error}") from error
