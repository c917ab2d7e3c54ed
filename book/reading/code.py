"""The page of code to take along, written from the table in `snippets/take_along.py` and the code itself."""

import ast
import re
from collections.abc import Iterator

from book import depends, ledger, pages, project, regions
from book.catalogue import Catalogue
from book.project import BookError, chapters, module_of, module_path, nearest, part_of

PAGE = "reference/code.md"
TABLE = "snippets/take_along.py"
SPECIAL = re.compile(r"[\\`*_{}\[\]<>$~^|&]")  # what Markdown would read


def table() -> tuple[dict[str, str], dict[str, dict[str, str]]]:
    """Read what is promised in words, and which function of which module promises what."""
    found = {}
    for node in depends.parse(project.ROOT / TABLE).tree.body:
        if isinstance(node, ast.Assign):
            found[node.targets[0].id] = ast.literal_eval(node.value)
    return found["PROMISES"], found["TAKE_ALONG"]


def listing(known: Catalogue) -> Iterator[str]:
    """Yield the lines of the page's body: the promises, then the code, chapter by chapter."""
    promises, modules = table()
    yield from ("| promise | what it says |", "| --- | --- |")
    yield from (f"| *{name}* | {words} |" for name, words in promises.items())
    part = ""
    for module, names in modules.items():
        if not module_path(module).exists():
            raise BookError(f"{TABLE}: there is no module '{module}'{nearest(module, map(module_of, chapters()))}")
        page = _page(module)
        if page is None:  # its chapter is not in the nav
            continue
        if part_of(page) != part:
            part = part_of(page)
            yield from ("", f"## {part}")
        yield from ("", f"### {ledger.title(page)}: `{module.rpartition('.')[2]}.py`", "", _origin(module, page))
        for name, promised in names.items():
            yield from _entry(module, name, promised)


def _page(module: str) -> str | None:
    """Return the chapter of a module, or the first one that shows some of its code or whose code imports it."""
    path = module_path(module)
    file = str(path.relative_to(project.ROOT))
    ways = (
        lambda page: module_of(page) == module,
        lambda page: any(embed["file"] == file for _, embed in regions.embeddings([pages.read(page)])),
        lambda page: path in depends.parse(module_path(module_of(page))).imports,
    )
    return next((page for belongs in ways for page in chapters() if belongs(page)), None)


def _origin(module: str, page: str) -> str:
    """Say in which files the code is, and where it is explained."""
    path = module_path(module)
    needed = sorted(depends.closure([path]) - {path})
    others = [f"`{file.relative_to(project.ROOT)}`" for file in needed if file.name != "__init__.py"]
    link = f"[{ledger.title(page)}]({ledger.moved(page, PAGE)})"
    return f"Explained in {link}. Copy `{path.relative_to(project.ROOT)}`" + (
        f", with {', '.join(others)}." if others else "."
    )


def _entry(module: str, name: str, promised: str) -> Iterator[str]:
    """Yield the signature of a function or class, its first sentence, and what is promised."""
    path = module_path(module)
    nodes = {node.name: node for node in depends.parse(path).tree.body if hasattr(node, "name")}
    if name not in nodes:
        raise BookError(f"{TABLE}: {path.relative_to(project.ROOT)} has no '{name}'{nearest(name, nodes)}")
    words = " ".join((ast.get_docstring(nodes[name]) or "").split("\n\n")[0].split())
    yield from ("", "```python", _signature(nodes[name]), "```", "")
    yield from (
        SPECIAL.sub(lambda sign: f"&#{ord(sign[0])};", words),
        "",
        f"*{', '.join(promised.split())}*",
        "{ .promises }",
    )


def _signature(node: ast.FunctionDef | ast.ClassDef) -> str:
    """Return how something is called, without a default that says nothing."""
    if isinstance(node, ast.FunctionDef):
        result = f" -> {ast.unparse(node.returns)}" if node.returns else ""
        return _wrapped(node.name, node.args, result)
    methods = {method.name: method for method in node.body if isinstance(method, ast.FunctionDef)}
    lines = (
        [_wrapped(node.name, methods["__init__"].args, "")]
        if "__init__" in methods
        else [node.name + ("()" if "forward" in methods else "(…)")]
    )
    if "forward" in methods:
        forward = methods["forward"]
        lines.append(_wrapped("    .forward", forward.args, f" -> {ast.unparse(forward.returns)}"))
    return "\n".join(lines)


def _wrapped(name: str, arguments: ast.arguments, result: str) -> str:
    """Write a call on one line, or, where it is too long, an argument a line."""
    shown = ast.unparse(arguments).removeprefix("self, ").removeprefix("self").replace("'", '"')
    shown = re.sub(r"(: [^,]*?)=", r"\1 = ", shown)
    result = result.replace("'", '"')
    if len(name + shown + result) <= 86:
        return f"{name}({shown}){result}"
    indent = " " * (len(name) - len(name.lstrip()) + 4)
    split = re.split(r", (?=[\w*]+:|\*, )", shown)
    return "\n".join([f"{name}(", *(f"{indent}{argument}," for argument in split), f"{indent[4:]}){result}"])
