"""Each chapter as a notebook, made from the page itself."""

import hashlib
import json
import re
from pathlib import Path

from book import bibliography, catalogue, pages, project, regions, sources
from book.catalogue import Catalogue
from book.project import chapters, nav, read_json, write_atomically

SETUP = """```python
# This notebook is a chapter of "Equivariance from First Principles". Its figures, and what it takes from earlier
# chapters, come from the book's package `snippets`: open it in a clone of the book, or install the clone with pip.
import importlib.util, pathlib, sys
root = next((p for p in [pathlib.Path.cwd(), *pathlib.Path.cwd().parents] if (p / "snippets").is_dir()), None)
if root is not None: sys.path.insert(0, str(root))
if importlib.util.find_spec("snippets") is None:
    raise ModuleNotFoundError("no package 'snippets': open this notebook in a clone of the book")
```
"""

_texts: dict[str, tuple[int | None, str]] = {}


def stamps_file() -> Path:
    """Return the file that remembers from which text each notebook was made."""
    return project.CACHE / "notebooks.json"


def notebook_file(page: str) -> str:
    """Return where a page's notebook lies, relative to the site's assets."""
    return "notebooks/" + page.rpartition(".")[0] + ".ipynb"


def write_all(known: Catalogue) -> None:
    """Write the notebook of each chapter and lab whose text changed."""
    stamps = read_json(stamps_file(), {})
    made_of = repr((known, bibliography.entries(), sources.code()))
    texts = {name: (_text(pages.read(name), made_of, known), "md") for name in chapters()}
    texts |= {name: ((project.DOCS / name).read_text(), "py:percent") for name in nav() if name.endswith(".py")}
    for name, (text, fmt) in texts.items():
        stamp = hashlib.sha256(text.encode()).hexdigest()
        path = project.GENERATED / notebook_file(name)
        if stamps.get(name) != stamp or not path.exists():
            write_atomically(path, convert(text, fmt))
            stamps[name] = stamp
    write_atomically(stamps_file(), json.dumps(stamps))


def _text(page: pages.Page, made_of: str, known: Catalogue) -> str:
    """Return the Markdown of a page's notebook, rewritten once for each state of what it is made of."""
    state = hash((page.text, made_of))
    if _texts.get(page.name, (None, ""))[0] != state:
        _texts[page.name] = (state, markdown(page, known))
    return _texts[page.name][1]


def convert(text: str, fmt: str = "md") -> str:
    """Turn Markdown with Python fences, or a script in percent format, into the JSON of a notebook."""
    import jupytext
    import nbformat

    notebook = jupytext.reads(text, fmt=fmt)
    notebook.metadata["kernelspec"] = {"display_name": "Python 3", "language": "python", "name": "python3"}
    for index, cell in enumerate(notebook.cells):
        cell["id"] = f"cell-{index}"
    return nbformat.writes(notebook, version=4) + "\n"


def markdown(page: pages.Page, known: Catalogue) -> str:
    """Rewrite a page for a notebook: code embedded, boxes as headings, figures as calls, outputs left to the reader."""
    lines, skip = [SETUP], None
    for line in regions.expand(page.bare).splitlines():
        fence = pages.FENCE.match(line)
        if skip is not None:
            skip = None if fence and fence[1] == skip and not fence[2] else skip
        elif fence and "output" in fence[2]:
            skip = fence[1]
        else:
            lines += _rewrite(line, page, known)
    return "\n".join(lines) + "\n"


def _rewrite(line: str, page: pages.Page, known: Catalogue) -> list[str]:
    head = pages.HEAD.match(line)
    if head and head[2] == "figure":
        module, function = pages.figure_target(page.name, head[3] or "")
        return ["```python", f"from snippets.figures.{module} import {function}", f"_ = {function}()", "```"]
    if head:
        title = f": {head[3]}" if head[3] else ""
        return [f"**{head[2].capitalize()}{title}**"]
    if re.match(r"^/{3,}\s*$", line):
        return [""]
    return [substitute(line, page.name, known)]


def substitute(line: str, page: str, known: Catalogue) -> str:
    """Put numbers and citations into a line."""

    def number(match: re.Match) -> str:
        module, name = pages.value_target(page, match)
        return catalogue.show(known.values[module][name], match["format"])

    def citation(match: re.Match) -> str:
        up = "../" * page.count("/")
        return f"[[{bibliography.entries()[match[1]]}]]({up}{bibliography.PAGE}#{match[1]})"

    return pages.CITATION.sub(citation, pages.VALUE.sub(number, line))
