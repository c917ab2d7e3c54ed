"""Where things are, in what order the chapters come, and how the build complains."""

import difflib
import os
from collections.abc import Callable, Iterable
from functools import cache, wraps
from pathlib import Path
from typing import Any, TypeVar

import yaml
from mkdocs.exceptions import BuildError

ROOT = Path(os.environ.get("BOOK_ROOT", Path(__file__).resolve().parent.parent))
DOCS = ROOT / "docs"
SNIPPETS = ROOT / "snippets"
FIGURES = SNIPPETS / "figures"
TESTS = ROOT / "tests"
CACHE = ROOT / ".book"
GENERATED = DOCS / "assets" / "generated"

Result = TypeVar("Result")


class BookError(BuildError):
    """What stops the build: a message of one or more lines, each with file, line and remedy."""


def once_written(read: Callable[[Path], Result]) -> Callable[[Path], Result]:
    """Return a function of a file that is computed once for each time that the file is written."""
    kept = cache(lambda path, *written: read(path))

    @wraps(read)
    def look(path: Path) -> Result:
        stat = path.stat()
        return kept(path, stat.st_mtime_ns, stat.st_size)

    return look


_forget: list[Callable[[], None]] = []


def once_a_build(look: Callable[..., Result]) -> Callable[..., Result]:
    """Return a function that is computed once for the same arguments, until the next build looks again."""
    kept = cache(lambda root, *given: look(*given))
    _forget.append(kept.cache_clear)
    return wraps(look)(lambda *given: kept(ROOT, *given))


def look_again() -> None:
    """Forget what files there were and what they import."""
    for forget in _forget:
        forget()


def nearest(name: str, known: Iterable[str]) -> str:
    """Return a hint that names the closest known name, or nothing where none is close."""
    close = difflib.get_close_matches(name, list(known), cutoff=0.4)
    return f"; did you mean '{close[0]}'?" if close else ""


def write_atomically(path: Path, content: str | bytes) -> None:
    """Write a file so that a reader sees the old one or the new one, never a part."""
    path.parent.mkdir(parents=True, exist_ok=True)
    partial = path.with_name(f".{path.name}.{os.getpid()}.partial")
    data = content.encode() if isinstance(content, str) else content
    try:
        partial.write_bytes(data)
        os.replace(partial, path)
    finally:
        partial.unlink(missing_ok=True)


def write_changed(path: Path, content: str | bytes) -> None:
    """Write a file atomically, unless it has this content already."""
    data = content.encode() if isinstance(content, str) else content
    if not path.is_file() or path.read_bytes() != data:
        write_atomically(path, data)


def module_of(page: str) -> str:
    """Map a page to its snippet module: linear-algebra/span.md to linear_algebra.span."""
    return page.removesuffix(".md").replace("-", "_").replace("/", ".")


def module_path(module: str) -> Path:
    """Return the file of a module given without the prefix `snippets.`."""
    return SNIPPETS / (module.replace(".", "/") + ".py")


def figures_path(module: str) -> Path:
    """Return the file that draws and computes for the page of a module given without the prefix `snippets.`."""
    return FIGURES / (module.replace(".", "/") + ".py")


def tests_path(module: str) -> Path:
    """Return the file that tests a module given without the prefix `snippets.`."""
    folder, _, name = module.rpartition(".")
    return TESTS / folder.replace(".", "/") / f"test_{name}.py"


def dotted(path: Path, folder: Path) -> str:
    """Return the dotted name of a Python file, seen from a folder."""
    return ".".join(path.relative_to(folder).with_suffix("").parts)


class _Loader(yaml.SafeLoader):
    """Reads mkdocs.yml without running the Python objects that it names."""


_Loader.add_multi_constructor("", lambda loader, suffix, node: None)


@once_written
def _settings(path: Path) -> dict[str, Any]:
    return yaml.load(path.read_text(), Loader=_Loader)


def settings() -> dict[str, Any]:
    """Return what `mkdocs.yml` says; what it names in Python or takes from the environment is None."""
    return _settings(ROOT / "mkdocs.yml")


def _leaves(entry: Any) -> Iterable[str]:
    if isinstance(entry, str):
        yield entry
    else:
        for part in entry.values() if isinstance(entry, dict) else entry:
            yield from _leaves(part)


@once_written
def _parts(path: Path) -> dict[str, str]:
    """Map each file of the nav, in its order, to the name of its part."""
    entries = [entry if isinstance(entry, dict) else {"": entry} for entry in _settings(path)["nav"]]
    named = [(part if isinstance(inner, list) else "", inner) for entry in entries for part, inner in entry.items()]
    return {page: part for part, inner in named for page in _leaves(inner)}


def nav() -> list[str]:
    """List the files of the book in reading order, as `mkdocs.yml` has them."""
    return list(_parts(ROOT / "mkdocs.yml"))


def part_of(page: str) -> str:
    """Return the name of the part in which a page stands, as `mkdocs.yml` has it; none for a page outside of parts."""
    return _parts(ROOT / "mkdocs.yml").get(page, "")


@once_a_build
def chapters() -> list[str]:
    """List the pages that have a snippet module, in reading order."""
    return [page for page in nav() if page.endswith(".md") and module_path(module_of(page)).exists()]
