"""Each chapter as a notebook, made from the page itself."""

import re

from book import bibliography, catalogue, depends, pages, project, record, regions
from book.catalogue import Catalogue
from book.project import BookError, chapters, nav, write_atomically

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


def notebook_file(page: str) -> str:
    """Return where a page's notebook lies, relative to the site's assets."""
    return "notebooks/" + page.rpartition(".")[0] + ".ipynb"


def key(page: str) -> str:
    """Return the key of a page's notebook in the record."""
    return f"notebook {page}"


def keys() -> list[str]:
    """List the keys of all notebooks."""
    return list(map(key, nav()))


def write_all(known: Catalogue, made: dict[str, record.Entry]) -> None:
    """Write the notebook of each chapter and lab whose text changed."""
    texts = {name: (markdown(pages.read(name), known), "md") for name in chapters()}
    texts |= {name: ((project.DOCS / name).read_text(), "py:percent") for name in nav() if name.endswith(".py")}
    for name, (text, fmt) in texts.items():
        entry, digest = made.get(key(name)), record.hash_of(text, fmt, depends.versions())
        if not (entry and entry["digest"] == digest and record.intact(entry)):
            path = project.GENERATED / notebook_file(name)
            write_atomically(path, convert(text, fmt))
            record.note(key(name), digest, files=record.hashes([path]))


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
        if name not in known.values.get(module, {}):
            raise BookError(f"docs/{page}: no number '{name}' in the results of {module}")
        return catalogue.show(known.values[module][name], match["format"])

    def citation(match: re.Match) -> str:
        up = "../" * page.count("/")
        return f"[[{bibliography.entries().get(match[1], match[1])}]]({up}{bibliography.PAGE}#{match[1]})"

    return pages.CITATION.sub(citation, pages.VALUE.sub(number, line))
