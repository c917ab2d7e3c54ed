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


def digest_of_function(path: Path, function: str) -> str:
    """Hash a top-level function of a file with everything of the project that it uses."""
    return _digest(path, function, depends.digest([path]))


@cache
def _digest(path: Path, function: str, files: str) -> str:
    """Hash it once for each state of the files, of which the hash is given."""
    text = "\0".join(f"{key}\0{part}" for key, part in sorted(_reached(path, function).items()))
    return hashlib.sha256(text.encode()).hexdigest()[:20]


def _reached(path: Path, function: str) -> dict[tuple[str, str], str]:
    """Map file and label of each statement to its text: what a function uses, and what runs when these are imported."""
    found: dict[tuple[str, str], str] = {}
    waiting: list[tuple[Path, str | None]] = [(path, function)]  # names of files, or all that is in a file
    while waiting:
        path, name = waiting.pop()
        file, (definitions, imports, always) = str(path.relative_to(project.ROOT)), _sorted(depends.parse(path))
        wanted = {name: definitions.get(name, [])} if name else definitions
        if name in imports and name not in definitions:
            waiting += _imported(*imports[name])
        if name is None or name in definitions:
            wanted = {"": always, **wanted}
        for label, statements in wanted.items():
            for index, statement in enumerate(statements):
                key = (file, f"{label}#{index}" if index or not label else label)
                if key not in found:
                    found[key] = ast.unparse(statement)
                    waiting += _used(path, statement)
    return found


def _used(path: Path, statement: ast.stmt) -> Iterator[tuple[Path, str | None]]:
    """Yield the names that a statement of a file uses, and what it imports itself."""
    for node in ast.walk(statement):
        if isinstance(node, ast.Name | ast.arg):
            yield path, node.id if isinstance(node, ast.Name) else node.arg
        elif isinstance(node, ast.ImportFrom):
            for alias in node.names:
                yield from _imported(node.module or "", alias.name)


def _imported(source: str, name: str | None) -> Iterator[tuple[Path, str | None]]:
    """Yield a name that is imported from another file of the project, or the whole of a module."""
    if whole := depends.file_of(f"{source}.{name}" if name else source):
        yield whole, None
    elif file := depends.file_of(source):
        yield file, name


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
