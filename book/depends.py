"""What a thing is made from: the text of each project file that it imports, directly or not, and the library versions.

A figure, a set of numbers, a page's outputs or a test is made anew when one of these changed. Nothing is imported to
find out. Recorded results that lie beside such a file, in `recorded/`, count too.
"""

import ast
import re
import sys
import warnings
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache, cached_property
from importlib.metadata import PackageNotFoundError, version
from itertools import accumulate
from pathlib import Path

from book import project, record
from book.project import BookError

TOOL = Path(__file__).parent
FOLLOWED = ("snippets", "tests")  # whose imports are followed; of the tool the files that are imported by name count
DOTTED = re.compile(r"[a-z_]\w*(\.\w+)+")
REQUIREMENT = re.compile(r"^([\w.-]+)==", re.MULTILINE)


@dataclass(eq=False)
class Module:
    """One parsed file, or the code of a page."""

    text: str
    tree: ast.Module
    path: Path | None = None

    @cached_property
    def digest(self) -> str:
        """Hash the text."""
        return record.hash_of(self.text)

    @cached_property
    def functions(self) -> dict[str, ast.FunctionDef]:
        """Map its functions by name."""
        return {node.name: node for node in self.tree.body if isinstance(node, ast.FunctionDef)}

    @cached_property
    def imported(self) -> list[tuple[int, str, str]]:
        """List line, full name of the module, and name of what is imported from it, wherever in it that stands."""
        found = []
        for node in ast.walk(self.tree):
            if isinstance(node, ast.Import):
                found += [(node.lineno, alias.name, "") for alias in node.names]
            elif isinstance(node, ast.ImportFrom):
                package = self.path.relative_to(project.ROOT).parts[: -node.level] if self.path else ()
                whole = ".".join([*package, *([node.module] if node.module else [])])
                found += [(node.lineno, whole, alias.name) for alias in node.names]
        return found

    @property
    def imports(self) -> set[Path]:
        """Find the files of the project that it imports or names: import_module("…"), numbers("…")."""
        return _found(self)

    @cached_property
    def names(self) -> set[str]:
        """Return the dotted names in it that may be those of modules."""
        texts = {node.value for node in ast.walk(self.tree) if isinstance(node, ast.Constant)}
        names = {text for text in texts if isinstance(text, str) and DOTTED.fullmatch(text)}
        names |= {f"snippets.figures.{name}" for name in names}
        return names | {f"{module}.{name}" for _, module, name in self.imported}


def file_of(name: str) -> Path | None:
    """Find the file of a module of this project, given by its dotted name."""
    base = project.ROOT.joinpath(*name.split("."))
    return next((path for path in (base.with_suffix(".py"), base / "__init__.py") if path.is_file()), None)


@project.once_a_build
def _files(name: str) -> list[Path]:
    """List the files that the import of a dotted name runs: the packages on the way, and the module."""
    parts = name.strip(".").split(".")
    dotted = accumulate(parts, "{}.{}".format) if (project.ROOT / parts[0]).exists() else ()
    return [file for file in map(file_of, dotted) if file]


@project.once_a_build
def _found(module: Module) -> set[Path]:
    return {file for name in module.names for file in _files(name)}


@project.once_written
def parse(path: Path) -> Module:
    """Parse a file."""
    return parse_text(read(path), str(path.relative_to(project.ROOT)), path)


@project.once_written
def read(path: Path) -> str:
    """Return the text of a source file."""
    try:
        return path.read_text(encoding="utf-8")
    except UnicodeDecodeError as error:
        raise BookError(f"{path.relative_to(project.ROOT)}: not a text in UTF-8 ({error})") from error


def parse_text(text: str, name: str, path: Path | None = None) -> Module:
    """Parse a source text; one that is no Python is reported with its line."""
    try:
        with warnings.catch_warnings(action="ignore"):
            tree = ast.parse(text, filename=name)
    except SyntaxError as error:
        raise BookError(f"{name}:{error.lineno}: {error.msg}: {(error.text or '').strip()}") from error
    return Module(text, tree, path)


def closure(files: Iterable[Path]) -> set[Path]:
    """Return files and all that they import, directly or not."""
    return set().union(*map(_closure, files))


@project.once_a_build
def _closure(file: Path) -> set[Path]:
    found: set[Path] = set()
    waiting = [file]
    while waiting:
        path = waiting.pop()
        if path not in found:
            found.add(path)
            if _followed(path):
                waiting += parse(path).imports
    return found


def older(files: Iterable[Path], moment: int) -> bool:
    """Tell whether files and all that they import were written before a moment, in nanoseconds."""
    return all(path.stat().st_mtime_ns < moment for path in closure(files))


def digest(files: Iterable[Path], *extra: str) -> str:
    """Hash the closure of files, the versions of the libraries, and further texts."""
    used = closure(files)
    records = {file for folder in {path.parent for path in used} for file in folder.glob("recorded/*.json")}
    return record.hash_of(versions(), *sorted(map(_part, used | records)), *extra)


def _followed(path: Path) -> bool:
    return path.is_relative_to(project.ROOT) and path.relative_to(project.ROOT).parts[0] in FOLLOWED


@project.once_written
def _part(path: Path) -> str:
    if _followed(path) and path.suffix == ".py":
        return f"{path.relative_to(project.ROOT)} {parse(path).digest}"
    return f"{path.parent.name}/{path.name} {record.hash_of(path.read_bytes())}"


def conftests(test: Path) -> list[Path]:
    """List the files whose fixtures a test may use without importing them."""
    folders = [folder for folder in test.parents if folder.is_relative_to(project.TESTS)]
    return [folder / "conftest.py" for folder in folders if (folder / "conftest.py").is_file()]


def versions() -> str:
    """Name the versions of Python and of every library that `requirements.txt` pins."""
    pinned = REQUIREMENT.findall(read(project.ROOT / "requirements.txt"))
    return "\n".join([sys.version, *(f"{name} {_version(name)}" for name in pinned)])


@cache
def _version(name: str) -> str:
    try:
        return version(name)
    except PackageNotFoundError:
        return "absent"
