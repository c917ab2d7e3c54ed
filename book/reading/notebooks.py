"""Each chapter as a notebook, made from the page itself."""

import ast
import functools
import re
import sys

from book import catalogue, depends, listings, pages, project, record, regions
from book.catalogue import Catalogue
from book.project import chapters, nav

FOLDER = "equivariance-code"  # beside the notebook, where its first code cell puts what the chapter builds on
DISTRIBUTIONS = {"mpl_toolkits": "matplotlib"}  # packages that pip knows under another name than Python
TOOL = ("__init__", "style")  # of the build tool only what draws; the rest is absent from a notebook
ABSENT = '''"""Stands in for a part of the book's build tool, which is in its repository alone."""


def __getattr__(name):
    """Return a function that says so when it is called."""
    if name.startswith("__"):
        raise AttributeError(name)

    def absent(*arguments, **named):
        raise RuntimeError(f"{__name__}.{name} is in the repository of the book alone")

    return absent
'''

SETUP = """A chapter of *Equivariance from First Principles*. It needs Python 3.11 or newer and these packages{made}:

    pip install {packages}

The folded cell below has all that the chapter takes from earlier ones and from the book's figures. It puts it into the
folder `{folder}` beside this notebook; in a clone of the book it takes the book's own files instead.

```python jupyter={{"source_hidden": true}} cellView="form"
# @title What this chapter builds on: run this cell first
def unpack(files, packages):
    import importlib.util, pathlib, sys

    missing = [name for name in packages if importlib.util.find_spec(name) is None]
    if missing:
        raise ModuleNotFoundError("this chapter needs: %pip install " + " ".join(missing))
    here = pathlib.Path.cwd()
    wanted = ("snippets/figures", "book/style.py")
    clones = [at for at in (here, *here.parents) if all((at / name).exists() for name in wanted)]
    root = clones[0] if clones else here / "{folder}"
    for name, text in () if clones else files.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(text, encoding="utf-8")
    if str(root) not in sys.path:
        sys.path.insert(0, str(root))
    importlib.invalidate_caches()
    if "torch" in packages:
        import torch

        torch.set_default_dtype(torch.float64)  # as the book draws its figures
    if "matplotlib" in packages:
        import matplotlib
        from book.style import style

        matplotlib.rcParams.update(style("light"))


unpack(
    {{
{files}
    }},
    {names},
)
```
"""


def notebook_file(page: str) -> str:
    """Return where a page's notebook lies, relative to the site's assets."""
    return "notebooks/" + page.rpartition(".")[0] + ".ipynb"


def write_all(known: Catalogue, made: dict[str, record.Entry]) -> None:
    """Write the notebook of each chapter and lab whose text changed."""
    tool = depends.read(depends.TOOL / "reading/notebooks.py")
    texts = {name: (markdown(pages.read(name), known), "md") for name in chapters()}
    texts |= {name: ((project.DOCS / name).read_text(), "py:percent") for name in nav() if name.endswith(".py")}
    for name, (text, fmt) in texts.items():
        digest, path = record.hash_of(text, fmt, depends.versions(), tool), project.GENERATED / notebook_file(name)
        record.write(made, f"notebook {name}", digest, path, functools.partial(convert, text, fmt))


def convert(text: str, fmt: str = "md") -> str:
    """Turn Markdown with Python fences, or a script in percent format, into the JSON of a notebook."""
    import jupytext
    import nbformat

    notebook = jupytext.reads(text, fmt=fmt)
    notebook.metadata["kernelspec"] = {"display_name": "Python 3", "language": "python", "name": "python3"}
    notebook.metadata.get("jupytext", {}).pop("cell_metadata_filter", None)  # a set, in another order at each start
    for index, cell in enumerate(notebook.cells):
        cell["id"] = f"cell-{index}"
    return nbformat.writes(notebook, split_lines=False) + "\n"  # a string a cell is a tenth shorter than one a line


def markdown(page: pages.Page, known: Catalogue) -> str:
    """Rewrite a page for a notebook: code embedded, boxes as headings, figures as calls, outputs left to the reader."""
    lines = regions.expand(page.bare).splitlines()
    outputs = [range(fence.line, fence.last + 1) for fence in pages.fences(lines) if "output" in fence.info]
    shown = [line for number, line in enumerate(lines, start=1) if not any(number in output for output in outputs)]
    return "\n".join([setup(page), *(part for line in shown for part in _rewrite(line, page, known))]) + "\n"


def setup(page: pages.Page) -> str:
    """Return the cells that come first: what to install, and the files that the page's code and figures import."""
    code = listings.modules(page)
    targets = {f"snippets.figures.{pages.figure_target(page.name, name)[0]}" for _, name in page.figures}
    drawn = filter(None, map(depends.file_of, targets))
    used = depends.closure({file for module in code for file in module.imports} | set(drawn))
    used |= {folder / "__init__.py" for file in used for folder in file.parents if (folder / "__init__.py").is_file()}
    taken = {file: depends.parse(file) for file in sorted(used) if file.is_relative_to(project.SNIPPETS)}
    modules = [*code, *taken.values()]
    named = {name for module in modules for name in _arguments(module)}
    recorded = {path for file in taken for path in file.parent.glob("recorded/*.json") if path.stem in named}
    imported = {name for module in modules for _, name, _ in module.imported}
    texts = {
        **{f"{name.replace('.', '/')}.py": ABSENT for name in imported if name.startswith("book.")},
        **{f"book/{name}.py": depends.read(depends.TOOL / f"{name}.py") for name in TOOL},
        **{str(file.relative_to(project.ROOT)): depends.read(file) for file in {*taken, *recorded}},
    }
    tops = {name.split(".")[0] for name in imported} - {"book", "snippets", *sys.stdlib_module_names}
    names = sorted({DISTRIBUTIONS.get(name, name) for name in tops})
    made_with = [line for line in depends.versions().splitlines() if line.split(" ")[0] in names]
    return SETUP.format(
        made=f" (it was made with {', '.join(made_with)})" if made_with else "",
        packages=" ".join(names),
        folder=FOLDER,
        files="\n".join(f"{name!r}: {_literal(text)}," for name, text in sorted(texts.items())),
        names=names,
    )


@functools.cache
def _arguments(module: depends.Module) -> set[object]:
    """Return the literals that a source text calls functions with: a recorded result is read by its name."""
    calls = (node for node in ast.walk(module.tree) if isinstance(node, ast.Call))
    return {part.value for call in calls for part in call.args if isinstance(part, ast.Constant)}


def _literal(text: str) -> str:
    """Write a text as a reader of the cell can read it, unless that would end the string or the cell."""
    plain = not any(sign in text for sign in ("'''", "```", "\r")) and not text.endswith(("'", "\\"))
    return f"r'''{text}'''" if plain else repr(text)


def _rewrite(line: str, page: pages.Page, known: Catalogue) -> list[str]:
    head = pages.HEAD.match(line)
    if head and head[2] == "figure":
        module, function = pages.figure_target(page.name, head[3])
        return ["```python", f"from snippets.figures.{module} import {function}", f"_ = {function}()", "```"]
    if head:
        title = f": {head[3]}" if head[3] else ""
        return [f"**{head[2].capitalize()}{title}**"]
    if re.match(r"^/{3,}\s*$", line):
        return [""]
    return [catalogue.substitute(line, page.name, known)]
