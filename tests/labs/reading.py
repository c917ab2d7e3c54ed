"""How the tests read a lab, run its cells, and judge an answer."""

import re
from collections.abc import Callable, Iterable
from functools import cache
from pathlib import Path
from typing import NamedTuple

import jupytext
import pytest
import torch

FOLDER = Path(__file__).parents[2] / "docs" / "labs"
LABS = sorted(FOLDER.glob("*.py"))
FENCE = re.compile(r"```python\n(.*?)```", re.DOTALL)


class Exercise(NamedTuple):
    """The code of one exercise: what the reader is given, what judges it, and the hidden answer."""

    starter: str
    check: str
    solution: str


class Lab(NamedTuple):
    """A lab notebook: the cells that come first, and its exercises."""

    setup: str
    exercises: list[Exercise]

    def changed(self, number: int, *pairs: str) -> str:
        """Return the solution of an exercise with parts of it replaced: old, new, old, new, …"""
        solution = self.exercises[number].solution
        for old, new in zip(pairs[::2], pairs[1::2], strict=True):
            assert old in solution, f"the solution has no {old!r}"
            solution = solution.replace(old, new)
        return solution


@cache
def read_lab(file: Path) -> Lab:
    """Read a percent-format notebook whose cells are tagged setup, exercise, check and solution.

    A solution is a Markdown cell, folded on the page, with one Python fence. Raises ValueError where a
    code cell has no tag or where the tags do not come as exercise, check, solution.
    """
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


compiled = cache(compile)


def _ready(lab: Lab, number: int, answer: str) -> dict:
    """Return a namespace with the setup, the solutions of the exercises before, and an answer."""
    namespace: dict = {"__name__": "lab"}
    for exercise in [lab.setup, *(exercise.solution for exercise in lab.exercises[:number])]:
        exec(compiled(exercise, "the lab", "exec"), namespace)
    exec(compile(answer, "the answer", "exec"), namespace)
    return namespace


def passes(lab: Lab, number: int, answer: str) -> bool:
    """Judge an answer as the lab does, which prints its verdict."""
    namespace, verdicts = _ready(lab, number, answer), []
    check = namespace["check"]
    namespace["check"] = lambda test: verdicts.append(check(test))
    exec(compiled(lab.exercises[number].check, "the check", "exec"), namespace)
    return bool(verdicts) and all(verdicts)


def problems(lab: Lab, number: int, answer: str, seeds: Iterable[int]) -> dict[int, Exception | None]:
    """Return what a check raises at an answer, if anything, by the seed of its random numbers."""
    namespace, found = _ready(lab, number, answer), []

    def judge(test) -> None:
        found.append({seed: raised_by(test, seed) for seed in seeds})

    namespace["check"] = judge
    exec(compiled(lab.exercises[number].check, "the check", "exec"), namespace)
    (only,) = found
    return only


def raised_by(test: Callable, seed: int) -> Exception | None:
    """Return what a test raises with a seed, if anything."""
    torch.manual_seed(seed)
    try:
        test()
    except Exception as raised:
        return raised
    return None


def problem(lab: Lab, number: int, answer: str) -> Exception | None:
    """Return what a check raises at an answer, if anything."""
    return problems(lab, number, answer, [0])[0]


def accepts(lab: Lab, number: int, answer: str, seeds: Iterable[int] = (0,)) -> None:
    """Fail where the check refuses an answer."""
    for seed, raised in problems(lab, number, answer, seeds).items():
        if raised is not None:
            pytest.fail(f"a right answer was refused, with the seed {seed}: {type(raised).__name__}: {raised}")


def refuses(lab: Lab, number: int, answer: str, says: str) -> None:
    """Fail where the check accepts an answer, or where anything but an assertion of its own refuses it in these words."""
    raised = problem(lab, number, answer)
    assert raised is not None, "a wrong answer was accepted"
    if type(raised) is not AssertionError:
        raise raised
    where = raised.__traceback__
    while where.tb_next:
        where = where.tb_next
    assert where.tb_frame.f_code.co_filename != "the answer", "an assertion of the answer itself"
    assert re.search(says, str(raised)), f"refused, but with the words: {raised}"


def judged(lab: Lab, wrong: dict[str, tuple], right: dict[str, tuple]) -> tuple[Callable, Callable]:
    """Return two tests with one case an answer: each wrong one is refused in its words, each right one accepted."""

    @pytest.mark.parametrize(("number", "answer", "says"), wrong.values(), ids=wrong)
    def refused(number, answer, says):
        refuses(lab, number, answer, says)

    @pytest.mark.parametrize(("number", "answer"), right.values(), ids=right)
    def accepted(number, answer):
        accepts(lab, number, answer)

    return refused, accepted
