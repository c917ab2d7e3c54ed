"""The figures and numbers that snippets offer, read from their source; and pages that ask for others."""

import ast

from book import depends, pages, project
from book.project import chapters, figures_path, module_of


def _decorated(decorator: str) -> dict[tuple[str, str], ast.Call]:
    found = {}
    for path in sorted(project.FIGURES.rglob("*.py")):
        module = str(path.relative_to(project.FIGURES).with_suffix("")).replace("/", ".")
        for name, function in depends.parse(path).functions.items():
            for call in function.decorator_list:
                if ast.unparse(call.func if isinstance(call, ast.Call) else call) == decorator:
                    found[module, name] = call
    return found


def figures() -> dict[tuple[str, str], str]:
    """Map (module, function) to the alt text of each `@figure` of the book's chapters, and of those that pages show."""
    own, shown = set(map(module_of, chapters())), _shown()
    return {key: _alt(call) for key, call in _decorated("figure").items() if key[0] in own or key in shown}


def _shown() -> set[tuple[str, str]]:
    return {pages.figure_target(name, figure) for name in pages.names() for _, figure in pages.read(name).figures}


def line(module: str, name: str) -> int:
    """Return the line of a figure's or a result's function."""
    return depends.parse(figures_path(module)).functions[name].lineno


def _alt(call: ast.Call) -> str:
    for keyword in getattr(call, "keywords", ()):
        if keyword.arg == "alt":
            return str(ast.literal_eval(keyword.value))
    return ""


def results() -> list[tuple[str, str]]:
    """List (module, function) of each `@results` of the book's chapters, and of modules whose numbers pages quote."""
    quoted = {pages.value_target(name, match)[0] for name in pages.names() for _, match in pages.read(name).values}
    own = quoted | set(map(module_of, chapters()))
    return [key for key in _decorated("results") if key[0] in own]


def data() -> list[tuple[str, str]]:
    """List (module, function) of what playgrounds read."""
    return sorted(_decorated("data"))
