"""A small book in a temporary folder, on which the build tool is tried."""

import contextlib
import functools
import importlib
import shutil
import sys
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import Future
from pathlib import Path

import pytest
import torch
from jinja2 import BytecodeCache, Environment, FileSystemLoader
from jinja2.bccache import Bucket
from mkdocs.config.config_options import Hooks
from mkdocs.theme import Theme

import snippets.figures
from book import extension, hooks, marked, npm, prepare, project, record, work
from book.reading import sheets
from book.writing import serving

TOY = '''"""A toy chapter."""

# --8<-- [start:setup]
FACTOR = 2
# --8<-- [end:setup]


# --8<-- [start:double]
def double(x: float) -> float:
    """Double x."""
    return FACTOR * x
# --8<-- [end:double]
'''

FIGURES = '''"""What the toy chapter shows."""

from matplotlib.figure import Figure

from book import figure, results
from snippets.part.toy import double


@figure(alt="A rising line")
def line() -> Figure:
    """Draw, without ticks, which would take longer than all else."""
    fig = Figure()
    axes = fig.subplots()
    axes.plot([double(0.5), double(1.0)])
    axes.set(xticks=[], yticks=[])
    return fig


@results(seed=3)
def numbers() -> dict:
    """Compute."""
    return {"two": double(1.0), "count": 12345, "word": "yes"}
'''

PAGE = """---
description: A page with front matter
---
# A toy

Two is {{ two | .1f }}, and a count {{ count }} [@somebody].

/// figure | line
The line $y=2x$.
///

/// details | Set-up
```python
--8<-- "snippets/part/toy.py:setup"
```
///

```python
--8<-- "snippets/part/toy.py:double"
```

```python
print([double(1.0), double(2.5)])
```

```output
[2.0, 5.0]
```

/// theorem | Doubling $x$ is linear
    id: LA-101

$$
2(x+y) = 2x+2y
$$
///

/// proof
By distributivity.
///

///// claim | The map is not affine only
    id: LA-01

It is linear.

//// source | false
    open: false

/// says
It says so.
///

/// counterexample
It fails.
///
////
/////

//// exercise | By hand
Double one.

/// solution
Two.
///
////

//// exercise | In code
Double two.

/// solution
Four.
///
////

/// note | The end
That is all.
///

## Why it matters for networks

It does.

## What's next

Nothing.
"""

TEST = '''"""Tests of the toy."""

import math

import pytest
from book.expect import numbers
from snippets.part.toy import double

test_numbers = numbers("part.toy", {"two": 2.0, "count": 12345})


@pytest.mark.claim("LA-101", "LA-01")
def test_doubling(measured):
    """Double."""
    measured([double(1.0), double(math.pi)], [2 + 1e-13, 2 * math.pi], atol=1e-12)
'''

SETTINGS = """
site_name: Toy
nav: [part/toy.md, {Reference: [reference/bibliography.md, reference/claims.md, reference/errata.md]}]
theme: {name: material, font: false}
plugins: []
markdown_extensions:
  - attr_list
  - pymdownx.arithmatex: {generic: true}
  - pymdownx.superfences
  - pymdownx.snippets: {check_paths: true, dedent_subsections: true, base_path: ["."]}
  - pymdownx.blocks.details
  - pymdownx.emoji: {emoji_index: !!python/name:material.extensions.emoji.twemoji ''}
  - book
"""

FILES = {
    "mkdocs.yml": SETTINGS,
    "package.json": '{"dependencies": {"katex": "0.0.0"}}',
    "requirements.txt": "",
    "theme.css": ".md-typeset{top:0}.md-gone{top:0}",
    "pyproject.toml": '[tool.pytest.ini_options]\naddopts = "--import-mode=importlib -p book.measure -p no:hypothesispytest"\nmarkers = ["claim(*ids): ids"]\n',
    "snippets/__init__.py": "",
    "snippets/part/__init__.py": "",
    "snippets/part/toy.py": TOY,
    "snippets/figures/__init__.py": "",
    "snippets/figures/part/__init__.py": "",
    "snippets/figures/part/toy.py": FIGURES,
    "tests/part/test_toy.py": TEST,
    "docs/part/toy.md": PAGE,
    "docs/reference/bibliography.md": "# Bibliography\n\n**Somebody 1999** A title.\n{ #somebody }\n",
    "docs/reference/claims.md": "# Claims\n\n/// ledger\n///\n",
    "docs/reference/errata.md": "# Errata\n\n/// errata\n///\n",
}


class Tree:
    """The small book: files to read, write and edit."""

    def __init__(self, root: Path) -> None:
        """Write all files."""
        self.root = root
        for name, text in FILES.items():
            self.write(name, text)

    def write(self, name: str, text: str) -> None:
        """Write a file."""
        path = self.root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
        project.look_again()

    def edit(self, name: str, old: str, new: str) -> None:
        """Replace a part of a file, which has to be there."""
        text = (self.root / name).read_text()
        assert old in text
        self.write(name, text.replace(old, new))

    def drop_numbers(self) -> None:
        """Let no test look at numbers: a process would import torch for them, which takes longer than all else."""
        self.edit("tests/part/test_toy.py", "from book.expect import numbers", "numbers = lambda *given: None")


class Here(contextlib.nullcontext):
    """Does the work in this process, which is quicker than to start others, with the snippets as they are now."""

    LOCK = threading.Lock()

    def submit(self, function, kind: str, *arguments: str) -> Future:
        """Do a job; tests of claims pass, with an error of 1e-13, without being run."""
        done = Future()
        with self.LOCK:
            forget_snippets()
            done.set_result(passes(arguments) if kind == "test" else function(kind, *arguments))
        return done

    def __enter__(self) -> "Here":
        """Be the pool."""
        return self


def passes(nodes: tuple[str, ...]) -> dict[str, str]:
    """Note tests as passed."""
    digests = {check.node: check.digest() for check in marked.checks()}
    for node in nodes:
        record.note(node, digests[node], error=1e-13)
    return {"said": ""}


def forget_snippets() -> None:
    """Let the small book's modules be imported anew."""
    importlib.invalidate_caches()
    for name in [name for name in sys.modules if name.startswith(("snippets.part", "snippets.figures.part"))]:
        del sys.modules[name]


class Templates(BytecodeCache):
    """Keeps the templates of the theme, which MkDocs would compile at each build."""

    KEPT: dict[str, bytes] = {}

    def load_bytecode(self, bucket: Bucket) -> None:
        """Take what was compiled, if it was."""
        if bucket.key in self.KEPT:
            bucket.bytecode_from_string(self.KEPT[bucket.key])

    def dump_bytecode(self, bucket: Bucket) -> None:
        """Keep what is compiled."""
        self.KEPT[bucket.key] = bucket.bytecode_to_string()


@functools.cache
def files_of_theme(*folders: str) -> list[str]:
    """List what MkDocs looks for at each build, among ten thousand icons that it leaves where they are."""
    return [name for name in FileSystemLoader(folders).list_templates() if not name.startswith(".icons/")]


def theme_looked_at_once(theme: Theme, get_env: Callable = Theme.get_env) -> Environment:
    """Return the theme's templates, which do not change from build to build."""
    env = get_env(theme)
    env.bytecode_cache = Templates()
    env.loader.list_templates = lambda: files_of_theme(*theme.dirs)
    return env


@pytest.fixture(scope="session")
def faces() -> Path:
    """Return the folder of the book's faces, which take longer to make than all else of a small book."""
    sheets.write()
    return project.GENERATED / "faces"


@pytest.fixture
def tree(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, faces: Path) -> Iterator[Tree]:
    """Point the build tool and `snippets` at a small book, which has its faces and is made in this process.

    Its theme has two rules; the real one's would take longer to read than all else.
    """
    small = Tree(tmp_path)
    write = sheets.write

    def write_with_faces() -> None:
        if not project.GENERATED.exists():
            shutil.copytree(faces, project.GENERATED / "faces")
        write()

    monkeypatch.setattr(sheets, "write", write_with_faces)
    monkeypatch.setattr(sheets, "_theme", lambda: [tmp_path / "theme.css"])
    monkeypatch.setenv("BOOK_ROOT", str(tmp_path))
    monkeypatch.setattr(npm, "ensure_packages", lambda: None)
    modules = npm.modules()
    monkeypatch.setattr(npm, "modules", lambda: modules)
    monkeypatch.setattr(Theme, "get_env", theme_looked_at_once)
    for name, folder in {
        "ROOT": "", "DOCS": "docs", "SNIPPETS": "snippets", "FIGURES": "snippets/figures", "TESTS": "tests",
        "CACHE": ".book", "GENERATED": "docs/assets/generated",
    }.items():  # fmt: skip
        monkeypatch.setattr(project, name, tmp_path / folder)
    monkeypatch.setattr(prepare, "_last", None)
    monkeypatch.setattr(prepare, "_announced", False)
    monkeypatch.setattr(prepare, "then", None)
    monkeypatch.setattr(prepare, "_failed", {})
    monkeypatch.setattr(extension, "rendering", None)
    monkeypatch.setattr(serving, "_shown", {})
    monkeypatch.setattr(work, "pool", lambda workers: Here())
    monkeypatch.setattr(work, "await_work", lambda: None)
    monkeypatch.setattr(snippets, "__path__", [str(tmp_path / "snippets")])
    monkeypatch.setattr(snippets.figures, "__path__", [str(tmp_path / "snippets/figures")])
    monkeypatch.setattr(sys, "dont_write_bytecode", True)  # which goes by seconds, and an edit here takes less
    load, imported = Hooks._load_hook, functools.cache(lambda: importlib.reload(hooks))
    monkeypatch.setattr(  # as a file, no line of it would be counted
        Hooks, "_load_hook", lambda option, *place: imported() if place[1] == hooks.__file__ else load(option, *place)
    )
    monkeypatch.chdir(tmp_path)
    before = torch.get_default_dtype()
    yield small
    torch.set_default_dtype(before)
    forget_snippets()
