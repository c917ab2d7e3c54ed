"""The layout of the code: the formatter's, and markers of regions where the formatter leaves them."""

import ast
import re
import subprocess
import sys

from book import project
from book.project import BookError, write_atomically

END = re.compile(r"^# --8<-- \[end:[\w-]+\]\s*$")


def format_all() -> None:
    """Lay out all code of the book anew."""
    for path in sorted(project.SNIPPETS.rglob("*.py")):
        text = path.read_text()
        if (tidied := with_markers(text)) != text:
            write_atomically(path, tidied)
    for command in (["check", "--fix", "--quiet"], ["format"]):
        done = subprocess.run([sys.executable, "-m", "ruff", *command, "."], cwd=project.ROOT, text=True)
        if done.returncode:
            raise BookError("ruff has more to say than it can mend by itself; see above")


def with_markers(text: str) -> str:
    """Indent each marker that ends a region behind a function as the function's body is.

    At the margin the formatter would set it off by two empty lines.
    """
    bodies = dict(_bodies(ast.parse(text)))
    lines, kept, indent = text.splitlines(), [], ""
    for number, line in enumerate(lines, start=1):
        if indent and END.match(line):
            while not kept[-1].strip():
                kept.pop()
            line = indent + line
        elif line.strip() and not line.lstrip().startswith("# --8<-- [end:"):
            indent = bodies.get(number, "")
        kept.append(line)
    return "\n".join(kept) + "\n"


def _bodies(module: ast.Module) -> list[tuple[int, str]]:
    """List the last line of each function or class, with the indentation of the body that ends there."""
    found = []
    for node in module.body:
        while isinstance(node, ast.ClassDef) and isinstance(node.body[-1], ast.FunctionDef | ast.ClassDef):
            node = node.body[-1]
        if isinstance(node, ast.FunctionDef | ast.ClassDef):
            found.append((node.end_lineno, " " * node.body[0].col_offset))
    return found
