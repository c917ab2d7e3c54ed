"""What is marked in the source: figures, numbers and data that snippets offer, and the claims that tests check."""

import ast
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from book import depends, pages, project
from book.project import chapters, figures_path, module_of, nav

TOOLS = [Path(__file__).parent / name for name in ("measure.py", "expect.py", "work.py")]

BY = ("proved", "drawn", "measured", "example")  # the kinds of evidence, the strongest first
DRAWS = 100  # inputs that hypothesis draws where nothing is said


def offered(path: Path) -> Iterator[tuple[str, ast.FunctionDef, ast.expr]]:
    """Yield kind, function and mark of what a file marks as a figure, as results or as data."""
    for function in depends.parse(path).functions.values():
        for mark in function.decorator_list:
            kind = ast.unparse(mark.func if isinstance(mark, ast.Call) else mark)
            if kind in ("figure", "results", "data"):
                yield kind, function, mark


def used() -> set[str]:
    """Return the modules of `snippets/figures/` that the book has: those of chapters, and those that pages ask."""
    read = [pages.read(name) for name in pages.names()]
    asked = {pages.figure_target(page.name, figure)[0] for page in read for _, figure in page.figures}
    quoted = {pages.value_target(page.name, match)[0] for page in read for _, match in page.values}
    return {*map(module_of, chapters()), *asked, *quoted}


def _offered(wanted: str) -> dict[tuple[str, str], ast.expr]:
    """Map module and function to the mark of all of one kind that the book has."""
    files = ((module, figures_path(module)) for module in sorted(used()))
    found = ((module, *offer) for module, path in files if path.exists() for offer in offered(path))
    return {(module, function.name): mark for module, kind, function, mark in found if kind == wanted}


def figures() -> dict[tuple[str, str], str]:
    """Map (module, function) to the alt text of each `@figure`."""
    return {key: _alt(mark) for key, mark in _offered("figure").items()}


def _alt(call: ast.Call) -> str:
    for keyword in getattr(call, "keywords", ()):
        if keyword.arg == "alt":
            return str(ast.literal_eval(keyword.value))
    return ""


def results() -> list[tuple[str, str]]:
    """List (module, function) of each `@results`."""
    return list(_offered("results"))


def data() -> list[tuple[str, str]]:
    """List (module, function) of what playgrounds read."""
    return list(_offered("data"))


@dataclass(frozen=True)
class Check:
    """A test function that carries the ids of claims."""

    file: str
    function: str
    line: int
    ids: tuple[str, ...]
    by: str = "example"
    draws: int | None = None

    @property
    def node(self) -> str:
        """The test's name as pytest knows it."""
        return f"{self.file}::{self.function}"

    def source(self) -> str:
        """Return the text of the test function, with its decorators."""
        module = depends.parse(project.ROOT / self.file)
        function = module.functions[self.function]
        first = min([function.lineno, *[decorator.lineno for decorator in function.decorator_list]])
        return "\n".join(module.text.splitlines()[first - 1 : function.end_lineno])

    def files(self) -> list[Path]:
        """List the files that the test runs, but for what these import."""
        path = project.ROOT / self.file
        return [path, *depends.conftests(path), *TOOLS]

    def digest(self) -> str:
        """Hash the test's file with all that it uses, and the settings of pytest."""
        return depends.digest(self.files(), self.node, _settings(project.ROOT / "pyproject.toml"))


@project.once_written
def _settings(path: Path) -> str:
    """Return the settings of pytest."""
    return repr(tomllib.loads(depends.read(path))["tool"]["pytest"])


def _mark(function: ast.FunctionDef) -> tuple[tuple[str, ...], str, int | None]:
    """Return the ids that a test carries, its kind of evidence, and how many inputs it draws where that is said.

    The kind is `by` of the mark; without it a property test draws, one with the fixture `measured` measures, and any
    other is an example. The number is `draws` of the mark, or that of hypothesis.
    """
    ids, said, drawn, draws = [], {}, False, DRAWS
    for decorator in [node for node in function.decorator_list if isinstance(node, ast.Call)]:
        name = ast.unparse(decorator.func).split(".")[-1]
        given = {word.arg: word.value.value for word in decorator.keywords if isinstance(word.value, ast.Constant)}
        if name == "claim":
            ids += [ast.literal_eval(argument) for argument in decorator.args]
            said |= given
        elif name == "given":
            drawn = True
        elif name == "settings":
            draws = given.get("max_examples", draws)
    measured = any(argument.arg == "measured" for argument in function.args.args)
    by = str(said.get("by", "drawn" if drawn else "measured" if measured else "example"))
    return tuple(ids), by, (said.get("draws", draws if drawn else None) if by == "drawn" else None)


def _in_the_book(path: Path) -> bool:
    """Say whether a test belongs to a chapter of the nav, or to no chapter, in a part that the nav has."""
    page = str(path.relative_to(project.TESTS).with_suffix(".md")).replace("test_", "").replace("_", "-")
    part = page.rpartition("/")[0]
    chapter = (project.DOCS / page).exists()
    return page in nav() if chapter else not (project.DOCS / part).is_dir() or any(p.startswith(part) for p in nav())


def checks() -> list[Check]:
    """List the tests that carry a claim, but for those of chapters that are not in the nav."""
    found = []
    for path in filter(_in_the_book, sorted(project.TESTS.rglob("test_*.py"))):
        for name, function in depends.parse(path).functions.items():
            ids, by, draws = _mark(function)
            if ids:
                found.append(Check(str(path.relative_to(project.ROOT)), name, function.lineno, ids, by, draws))
    return found
