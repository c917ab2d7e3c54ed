"""The figures and numbers that snippets offer, read from their source; and pages that ask for others."""

import ast

from book import depends, pages, project
from book.project import chapters, figures_path, module_of, nearest


def _decorated(decorator: str) -> dict[tuple[str, str], ast.Call]:
    found = {}
    for path in sorted(project.FIGURES.rglob("*.py")):
        module = str(path.relative_to(project.FIGURES).with_suffix("")).replace("/", ".")
        for name, function in depends.parse(path).functions.items():
            for call in function.decorator_list:
                if isinstance(call, ast.Call) and ast.unparse(call.func) == decorator:
                    found[module, name] = call
    return found


def figures() -> dict[tuple[str, str], str]:
    """Map (module, function) to the alt text of each `@figure` of the book's chapters, and of those that pages show."""
    own, shown = set(map(module_of, chapters())), _shown()
    return {key: _alt(call) for key, call in _decorated("figure").items() if key[0] in own or key in shown}


def _shown() -> set[tuple[str, str]]:
    return {pages.figure_target(name, figure) for name in pages.names() for _, figure in pages.read(name).figures}


def _alt(call: ast.Call) -> str:
    for keyword in call.keywords:
        if keyword.arg == "alt":
            return str(ast.literal_eval(keyword.value))
    return ""


def results() -> list[tuple[str, str]]:
    """List (module, function) of each `@results` of the book's chapters, and of modules whose numbers pages quote."""
    quoted = {pages.value_target(name, match)[0] for name in pages.names() for _, match in pages.read(name).values}
    own = quoted | set(map(module_of, chapters()))
    return [key for key in _decorated("results") if key[0] in own]


def lint() -> list[str]:
    """Check that figures have alt text and are shown, and that pages ask only for figures that exist."""
    known, shown = figures(), _shown()
    errors = [
        f"{figures_path(module).relative_to(project.ROOT)}: figure '{name}' has no alt text: say what it shows"
        for (module, name), alt in known.items()
        if not alt.strip()
    ]
    for name in pages.names():
        page = pages.read(name)
        for line, figure in page.figures:
            target = pages.figure_target(name, figure)
            if target not in known:
                near = nearest(target[1], [function for module, function in known if module == target[0]])
                errors.append(f"{page.where(line)}: snippets.figures.{target[0]} draws no figure '{target[1]}'{near}")
    errors += [
        f"{figures_path(module).relative_to(project.ROOT)}: no page shows figure '{name}': show it or delete it"
        for module, name in known
        if (module, name) not in shown
    ]
    return errors
