"""What a caller gets who says nothing: the defaults of all functions and classes of the snippets, module by module.

Pages, labs and notebooks call them so. Where a default is to change, run this file with REWRITE=1, and read the difference.
"""

import ast
import json
import os
from collections.abc import Iterator
from pathlib import Path

import pytest

HERE = Path(__file__).parent
SNIPPETS = HERE.parent.parent / "snippets"
KEPT = HERE / "defaults.json"
FILES = {
    ".".join(path.relative_to(SNIPPETS).with_suffix("").parts) + ".": path
    for path in sorted(SNIPPETS.rglob("*.py"))
    if "figures" not in path.parts
}


def defaults(body: list[ast.stmt], owner: str = "") -> Iterator[tuple[str, str]]:
    """Yield the defaults of functions, and of the fields of classes, by name and argument, as they are written."""
    for node in body:
        if isinstance(node, ast.ClassDef):
            yield from defaults(node.body, f"{node.name}.")
        elif isinstance(node, ast.AnnAssign) and owner and node.value:
            yield f"{owner}{node.target.id}", ast.unparse(node.value)
        elif isinstance(node, ast.FunctionDef):
            given = node.args
            places = [*given.posonlyargs, *given.args][-len(given.defaults) :] if given.defaults else []
            named = zip([*places, *given.kwonlyargs], [*given.defaults, *given.kw_defaults], strict=True)
            yield from ((f"{owner}{node.name}({at.arg})", ast.unparse(value)) for at, value in named if value)


@pytest.mark.parametrize("name", FILES)
def test_what_is_not_said_is_as_ever(name):
    kept, found = json.loads(KEPT.read_text()), dict(defaults(ast.parse(FILES[name].read_text()).body))
    if "REWRITE" in os.environ:
        kept = {key: value for key, value in {**kept, name: found}.items() if value}
        KEPT.write_text(json.dumps(dict(sorted(kept.items())), indent=1, ensure_ascii=False) + "\n")
    assert found == kept.get(name, {})
