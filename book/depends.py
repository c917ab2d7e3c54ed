"""What a function depends on, read from the source text without importing anything.

A figure, a set of results, a test or a page is made anew when the text of something that it uses in
`snippets/` changed: functions, classes and constants by name, across modules, transitively.
"""

import ast
import hashlib
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cache, cached_property, lru_cache
from pathlib import Path

from book import project

LOCAL = ("snippets", "book")
READERS = ("record", "optional", "provenance")  # the functions that read recorded results, by name


@dataclass
class Statement:
    """A top-level statement, looked at once however many functions use it."""

    node: ast.stmt

    @cached_property
    def text(self) -> str:
        """Return the source without comments and layout."""
        return ast.unparse(self.node)

    @cached_property
    def names(self) -> list[str]:
        """List the names that it reads, sets or takes as arguments."""
        nodes = list(ast.walk(self.node))
        read_or_set = {node.id for node in nodes if isinstance(node, ast.Name)}
        return sorted(read_or_set | {node.arg for node in nodes if isinstance(node, ast.arg)})

    @cached_property
    def imports(self) -> list[tuple[str, str]]:
        """List what it imports by itself, as pairs of module and name."""
        inner = [child for child in ast.walk(self.node) if isinstance(child, ast.ImportFrom)]
        return [(child.module or "", alias.name) for child in inner for alias in child.names]

    @cached_property
    def calls(self) -> list[tuple[str, list[str]]]:
        """List the plain functions that it calls, each with the constants among its arguments."""
        calls = [node for node in ast.walk(self.node) if isinstance(node, ast.Call) and isinstance(node.func, ast.Name)]
        return [(call.func.id, [str(a.value) for a in call.args if isinstance(a, ast.Constant)]) for call in calls]


@dataclass
class Module:
    """One parsed file: its top-level definitions, its imports, and statements that always run."""

    definitions: dict[str, list[Statement]] = field(default_factory=dict)
    imports: dict[str, tuple[str, str | None]] = field(default_factory=dict)
    always: list[Statement] = field(default_factory=list)
    functions: dict[str, ast.FunctionDef] = field(default_factory=dict)
    lines: list[str] = field(default_factory=list)


_parsed: dict[Path, tuple[int, Module]] = {}


def parse(path: Path) -> Module:
    """Parse a file once per change of it."""
    stamp = path.stat().st_mtime_ns
    if path not in _parsed or _parsed[path][0] != stamp:
        _parsed[path] = (stamp, parse_text(path.read_text(), str(path)))
    return _parsed[path][1]


@lru_cache(maxsize=256)
def parse_text(text: str, name: str = "<page>") -> Module:
    """Sort the top-level statements of a source text."""
    module = Module(lines=text.splitlines())
    for node in ast.parse(text, filename=name).body:
        if isinstance(node, ast.FunctionDef | ast.ClassDef):
            module.definitions.setdefault(node.name, []).append(Statement(node))
            if isinstance(node, ast.FunctionDef):
                module.functions[node.name] = node
        elif isinstance(node, ast.ImportFrom):
            for alias in node.names:
                module.imports[alias.asname or alias.name] = (node.module or "", alias.name)
        elif isinstance(node, ast.Import):
            for alias in node.names:
                module.imports[alias.asname or alias.name.split(".")[0]] = (alias.name, None)
        elif isinstance(node, ast.Assign | ast.AnnAssign):
            statement = Statement(node)
            for target in ast.walk(node):
                if isinstance(target, ast.Name) and isinstance(target.ctx, ast.Store):
                    module.definitions.setdefault(target.id, []).append(statement)
        elif not (isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)) and not _is_main(node):
            module.always.append(Statement(node))
    return module


def _is_main(node: ast.stmt) -> bool:
    """Tell whether a statement is `if __name__ == "__main__": …`, which no import runs."""
    return isinstance(node, ast.If) and ast.unparse(node.test) == "__name__ == '__main__'"


@cache
def file_of(name: str) -> Path | None:
    """Find the file of a module of this project, or None for a foreign one.

    The answer is kept, so clear it (`file_of.cache_clear`) where files may have come or gone.
    """
    if name.split(".")[0] not in LOCAL:
        return None
    base = project.ROOT / name.replace(".", "/")
    for path in (base.with_suffix(".py"), base / "__init__.py"):
        if path.exists():
            return path
    return None


class _Closure:
    """Collects the source of everything reachable from some names."""

    def __init__(self) -> None:
        self.parts: dict[tuple[str, str], str] = {}

    def whole(self, module: Module, key: str) -> None:
        """Add every statement of a module."""
        for name in module.definitions:
            self.name(module, key, name)
        self.statements(module, key)

    def statements(self, module: Module, key: str) -> None:
        """Add the statements of a module that run whenever it is imported."""
        for index, statement in enumerate(module.always):
            if (key, f"#{index}") not in self.parts:
                self.statement(module, key, f"#{index}", statement)

    def name(self, module: Module, key: str, name: str) -> None:
        """Add a top-level name of a module and what it uses."""
        if (key, name) in self.parts:
            return
        if name in module.definitions:
            self.statements(module, key)
            for index, statement in enumerate(module.definitions[name]):
                self.statement(module, key, name if index == 0 else f"{name}#{index}", statement)
        elif name in module.imports:
            self.imported(*module.imports[name])

    def statement(self, module: Module, key: str, name: str, statement: Statement) -> None:
        """Add one statement and what it uses."""
        self.parts[key, name] = statement.text
        for used in statement.names:
            self.name(module, key, used)
        for source, imported in statement.imports:
            self.imported(source, imported)
        for function, constants in statement.calls:
            self.record(module, function, constants)

    def record(self, module: Module, function: str, constants: list[str]) -> None:
        """Add the recorded results that a call of `record("name")` reads, a file beside the one of `record`."""
        source, name = module.imports.get(function, ("", None))
        home = file_of(source) if name in READERS else None
        for constant in constants if home else []:
            file = home.parent / "recorded" / f"{constant}.json"
            self.parts[str(file.relative_to(project.ROOT)), ""] = file.read_text() if file.exists() else "absent"

    def imported(self, source: str, name: str | None) -> None:
        """Add a name imported from another file of the project."""
        submodule = file_of(f"{source}.{name}") if name else None
        path = submodule or file_of(source)
        if path is None:
            return
        if submodule or name is None:
            self.whole(parse(path), str(path.relative_to(project.ROOT)))
        else:
            self.name(parse(path), str(path.relative_to(project.ROOT)), name)

    def digest(self, *extra: str) -> str:
        """Hash what was collected, with further strings such as versions."""
        text = "\0".join(f"{key}\0{part}" for key, part in sorted(self.parts.items()))
        return hashlib.sha256("\0".join([text, *extra]).encode()).hexdigest()[:20]


def digest_of_function(path: Path, function: str, *extra: str) -> str:
    """Hash a top-level function of a file with everything of the project that it uses."""
    closure = _Closure()
    closure.name(parse(path), str(path.relative_to(project.ROOT)), function)
    return closure.digest(*extra)


def digest_of_text(text: str, *extra: str) -> str:
    """Hash a page's code with everything of the project that it imports."""
    closure = _Closure()
    module = parse_text(text)
    closure.whole(module, "<page>")
    for source, name in module.imports.values():
        closure.imported(source, name)
    return closure.digest(*extra)


def stale_records() -> Iterator[str]:
    """Name the recorded results whose code is no longer what made them, and the command that makes them anew."""
    for file in sorted(project.SNIPPETS.rglob("recorded/*.json")):
        made_by = project.read_json(file, {}).get("made_by", {})
        code = project.ROOT / made_by.get("snippet", "")
        if not code.is_file() or digest_of_function(code, made_by.get("function", "")) != made_by.get("hash"):
            name, command = file.relative_to(project.ROOT), made_by.get("command", "the command that makes it")
            yield f"recorded results of {name} are older than {made_by.get('snippet', 'its code')}; run {command}"
