"""Labs: the two helpers that every lab notebook carries, and how a lab is read and run."""

import re
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import torch

FENCE = re.compile(r"```python\n(.*?)```", re.DOTALL)


def check(test):
    """Run a test and report what came of it; an unfinished exercise stops nothing."""
    torch.manual_seed(0)
    try:
        test()
    except NotImplementedError:
        print("Not yet: the function is still empty.")
    except AssertionError as problem:
        print(f"Not yet: {problem}.")
    except Exception as problem:
        print(f"Not yet: {type(problem).__name__}: {problem}")
    else:
        print("Correct.")
        return True
    return False


def close(actual, expected, tolerance=1e-8):
    """Say whether two tensors agree in shape and, up to rounding, in entries."""
    return actual.shape == expected.shape and bool(
        (actual - expected).abs().max() <= tolerance
    )


class Exercise(NamedTuple):
    """The code of one exercise: what the reader is given, what judges it, and the hidden answer."""

    starter: str
    check: str
    solution: str


class Lab(NamedTuple):
    """A lab notebook: the cells that come first, and its exercises."""

    setup: str
    exercises: list[Exercise]


def read_lab(file: Path) -> Lab:
    """Read a percent-format notebook whose cells are tagged setup, exercise, check and solution.

    A solution is a Markdown cell, folded on the page, with one Python fence. Raises ValueError where a
    code cell has no tag or where the tags do not come as exercise, check, solution.
    """
    import jupytext

    cells = [(_tag(cell), cell.source) for cell in jupytext.read(file).cells]
    setup = [source for tag, source in cells if tag == "setup"]
    steps = [(tag, source) for tag, source in cells if tag in ("exercise", "check", "solution")]
    tags = [tag for tag, _ in steps]
    if tags != ["exercise", "check", "solution"] * (len(tags) // 3):
        raise ValueError(f"{file}: the tags are {tags}, expected exercise, check, solution for each exercise")
    sources = [_solution(source) if tag == "solution" else source for tag, source in steps]
    return Lab("\n".join(setup), [Exercise(*sources[i : i + 3]) for i in range(0, len(sources), 3)])


def _tag(cell) -> str:
    """Return the tag of a cell; a Markdown cell need not have one."""
    tags = cell.metadata.get("tags", [])
    if cell.cell_type == "code" and len(tags) != 1:
        raise ValueError(f"a code cell has the tags {tags}, expected one of them:\n{cell.source}")
    return tags[0] if tags else "text"


def _solution(source: str) -> str:
    """Return the code of a folded solution."""
    found = FENCE.findall(source)
    if len(found) != 1 or not source.startswith("<details"):
        raise ValueError(f"a solution is <details> around one ```python fence, this is not:\n{source}")
    return found[0]


def passes(lab: Lab, number: int, answer: str) -> bool:
    """Run the setup, the solutions of the exercises before, and an answer; say whether its check passes."""
    verdicts: list[bool] = []

    def recorded(test: Callable[[], None]) -> None:
        verdicts.append(check(test))

    namespace: dict = {"__name__": "lab"}
    for code in (lab.setup, *(exercise.solution for exercise in lab.exercises[:number]), answer):
        exec(code, namespace)
    namespace["check"] = recorded
    exec(lab.exercises[number].check, namespace)
    return bool(verdicts) and all(verdicts)
