"""What pytest has shown on the tree as it is: the build does not run a claim's test again that has just passed."""

import json
from pathlib import Path
from typing import Any

from book import project, sources


def proofs_file() -> Path:
    """Return the file of passed tests: a line a case, which processes that run side by side append."""
    return project.CACHE / "proven.jsonl"


def forget_other_trees(tree: str) -> None:
    """Remove what was shown before the last edit, and a damaged file."""
    if {line["tree"] for line in _lines()} != {tree}:
        proofs_file().unlink(missing_ok=True)


def note(path: Path, **line: Any) -> None:
    """Append that a `case` of a `node`, one of so many `cases`, passed on a `tree`, with the `error` measured."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("a") as file:
        file.write(json.dumps(line) + "\n")


def outcomes() -> dict[str, dict]:
    """Return {node: {"passed": True, "error": …}} of the tests all of whose cases passed on this tree."""
    tree, cases = sources.state(), {}
    for line in _lines():
        if line["tree"] == tree:
            cases.setdefault((line["node"], line["cases"]), {})[line["case"]] = line["error"]
    return {
        node: {"passed": True, "error": max((error for error in errors.values() if error is not None), default=None)}
        for (node, number), errors in cases.items()
        if len(errors) == number
    }


def _lines() -> list[dict]:
    """Read the file; a damaged one counts as absent."""
    try:
        return [json.loads(line) for line in proofs_file().read_text().splitlines()]
    except (FileNotFoundError, json.JSONDecodeError):
        return []
