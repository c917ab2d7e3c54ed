"""Which recorded results are older than the code that made them.

A record takes minutes to make, so it does not depend on whole files: the function that made it counts, and the
functions, classes and constants that this names, across modules.
"""

import ast
import hashlib
import json
from collections.abc import Iterator
from functools import cache
from pathlib import Path

from book import depends, project


class _Reached:
    """Collects the definitions that can be reached from a name."""

    def __init__(self) -> None:
        self.parts: dict[tuple[str, str], str] = {}

    def name(self, path: Path, name: str) -> None:
        """Add a top-level name of a file, with what it uses and what runs whenever the file is imported."""
        file = str(path.relative_to(project.ROOT))
        definitions, imports, always = _sorted(depends.parse(path))
        if (file, name) in self.parts:
            return
        if name in definitions:
            for index, statement in enumerate(always):
                self.statement(path, f"#{index}", statement)
            for index, statement in enumerate(definitions[name]):
                self.statement(path, name if index == 0 else f"{name}#{index}", statement)
        elif name in imports:
            self.imported(*imports[name])

    def statement(self, path: Path, label: str, statement: ast.stmt) -> None:
        """Add one statement and what it uses."""
        key = (str(path.relative_to(project.ROOT)), label)
        if key in self.parts:
            return
        self.parts[key] = ast.unparse(statement)
        nodes = list(ast.walk(statement))
        names = {node.id for node in nodes if isinstance(node, ast.Name)}
        for name in sorted(names | {node.arg for node in nodes if isinstance(node, ast.arg)}):
            self.name(path, name)
        for node in nodes:
            if isinstance(node, ast.ImportFrom):
                for alias in node.names:
                    self.imported(node.module or "", alias.name)

    def imported(self, source: str, name: str | None) -> None:
        """Add a name imported from another file of the project, or the whole of a module."""
        submodule = depends.file_of(f"{source}.{name}") if name else None
        path = submodule or depends.file_of(source)
        if path is not None and (submodule or name is None):
            definitions, _, always = _sorted(depends.parse(path))
            for each in definitions:
                self.name(path, each)
            for index, statement in enumerate(always):
                self.statement(path, f"#{index}", statement)
        elif path is not None:
            self.name(path, name)


Definitions = dict[str, list[ast.stmt]]
Imports = dict[str, tuple[str, str | None]]


@cache
def _sorted(module: depends.Module) -> tuple[Definitions, Imports, list[ast.stmt]]:
    """Sort the top-level statements of a file: what defines names, what imports them, and what always runs."""
    definitions: Definitions = {}
    imports: Imports = {}
    always: list[ast.stmt] = []
    for node in module.tree.body:
        if isinstance(node, ast.FunctionDef | ast.ClassDef):
            definitions.setdefault(node.name, []).append(node)
        elif isinstance(node, ast.ImportFrom):
            imports |= {alias.asname or alias.name: (node.module or "", alias.name) for alias in node.names}
        elif isinstance(node, ast.Import):
            imports |= {alias.asname or alias.name.split(".")[0]: (alias.name, None) for alias in node.names}
        elif isinstance(node, ast.Assign | ast.AnnAssign):
            for target in ast.walk(node):
                if isinstance(target, ast.Name) and isinstance(target.ctx, ast.Store):
                    definitions.setdefault(target.id, []).append(node)
        elif not (isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)) and not _is_main(node):
            always.append(node)
    return definitions, imports, always


def _is_main(node: ast.stmt) -> bool:
    """Tell whether a statement is `if __name__ == "__main__": …`, which no import runs."""
    return isinstance(node, ast.If) and ast.unparse(node.test) == "__name__ == '__main__'"


def digest_of_function(path: Path, function: str) -> str:
    """Hash a top-level function of a file with everything of the project that it uses."""
    reached = _Reached()
    reached.name(path, function)
    text = "\0".join(f"{key}\0{part}" for key, part in sorted(reached.parts.items()))
    return hashlib.sha256(text.encode()).hexdigest()[:20]


def stale() -> Iterator[str]:
    """Name the recorded results whose code is no longer what made them, and the command that makes them anew."""
    for file in sorted(project.SNIPPETS.rglob("recorded/*.json")):
        try:
            made_by = json.loads(file.read_text())["made_by"]
        except (ValueError, KeyError, TypeError):
            made_by = {}
        code = project.ROOT / made_by.get("snippet", "")
        if not code.is_file() or digest_of_function(code, made_by.get("function", "")) != made_by.get("hash"):
            name, command = file.relative_to(project.ROOT), made_by.get("command", "the command that makes it")
            yield f"recorded results of {name} are older than {made_by.get('snippet', 'its code')}; run {command}"
