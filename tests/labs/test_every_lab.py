"""Every lab: its starters fail, its solutions pass, it runs by itself, and its page does not stop."""

import ast
import inspect
import subprocess
import sys

import jupytext
import pytest

from snippets.labs import check, close, given

from .reading import LABS, accepts, passes, problem, read_lab, refuses

SEEDS, FEW = 50, 5  # of the random numbers of a check; few where each takes long
DEAR = ("lie_groups-1", "lie_groups-2", "manifolds-4", "mnist-5", "linear_networks-6")  # these passed 50 as well, once
EXERCISES = [
    pytest.param(file, number, id=f"{file.stem}-{number + 1}")
    for file in LABS
    for number in range(len(read_lab(file).exercises))
]
each_lab = pytest.mark.parametrize("file", LABS, ids=[file.stem for file in LABS])
each_exercise = pytest.mark.parametrize(("file", "number"), EXERCISES)


@each_exercise
def test_starter_fails_its_check(file, number, capsys):
    lab = read_lab(file)
    starter = lab.exercises[number].starter
    assert not passes(lab, number, starter)
    printed = capsys.readouterr().out
    assert printed.startswith("Not yet: ")
    empty = [function.name for function in ast.parse(starter).body if "NotImplementedError" in ast.unparse(function)]
    assert (printed in [f"Not yet: the function {name} is still empty.\n" for name in empty]) == bool(empty)


@each_exercise
def test_solution_passes_its_check(file, number, capsys):
    lab = read_lab(file)
    passed = passes(lab, number, lab.exercises[number].solution)
    assert passed, capsys.readouterr().out


# The last exercise on MNIST draws little and trains for seconds.
@pytest.mark.parametrize(("file", "number"), [case for case in EXERCISES if case.id != "mnist-6"])
@pytest.mark.unwatched
def test_solution_passes_its_check_with_other_random_numbers(file, number):
    lab = read_lab(file)
    seeds = range(1, 1 + (FEW if f"{file.stem}-{number + 1}" in DEAR else SEEDS))
    accepts(lab, number, lab.exercises[number].solution, seeds)


# What a right answer may come as, beside a tensor: how it is made of the tensor y.
GUISES = {
    "a list": "list(y) if () < y.shape[:1] < (9_999,) else y",  # nobody makes a list of more rows
    "nested lists of numbers": "y.tolist() if y.shape[:1] < (9_999,) else y",
    "an array of NumPy": "y.detach().numpy()",
    "with gaps in memory": "torch.stack([y, y], -1)[..., 0]",
    "a parameter": "torch.nn.Parameter(y.detach().clone(), y.is_floating_point())",
    "complex without imaginary part": "y + 0j if y.is_floating_point() else y",
}
DIFFERENTIATED = ("lie_groups-2", "equivariant_networks-6")  # by the check, which asks for a tensor that it can follow
# What no right answer is: how it is made of the right one.
SPOILT = {
    "not a number": "y * torch.nan",
    "a little off": "y + 1e-4",
    "nothing": "None",
}


def disguised(code: str, guise: str) -> str:
    """Return an answer whose functions give their tensors in another guise."""
    names = [node.name for node in ast.parse(code).body if isinstance(node, ast.FunctionDef)]
    wrapped = [f"{name} = in_guise({name})" for name in names]
    return f"""{code}
def in_guise(f):
    def other(y, x):
        return ({guise}) if isinstance(y, torch.Tensor) else y
    def g(*x):
        y = f(*x)
        return tuple(other(part, x) for part in y) if isinstance(y, tuple) else other(y, x)
    return g
{chr(10).join(wrapped)}
"""


@pytest.mark.parametrize("guise", GUISES.values(), ids=GUISES)
@each_exercise
def test_a_right_answer_is_accepted_in_any_guise(file, number, guise):
    lab = read_lab(file)
    followed = f"{file.stem}-{number + 1}" in DIFFERENTIATED and guise != GUISES["with gaps in memory"]
    if not followed:
        accepts(lab, number, disguised(lab.exercises[number].solution, guise))


@pytest.mark.parametrize("spoilt", SPOILT.values(), ids=SPOILT)
@each_exercise
def test_a_right_answer_that_is_spoilt_is_refused(file, number, spoilt):
    """That holds where an answer is a tensor."""
    lab = read_lab(file)
    whole = lab.exercises[number].solution
    answer = disguised(whole, spoilt)
    if problem(lab, number, disguised(whole, "1 / 0")) is not None:
        refuses(lab, number, answer, r"\w")


# What an answer may do that is no fault of its mathematics: its result is accepted, or the check says what it did.
REMARKED = {
    "in single precision": (
        "y.to(getattr(torch, str(y.dtype)[6:].replace('64', '32').replace('128', '64')))",
        "compute in double",
    ),
    "with changes of its input": (
        "[y.clone(), [a.copy_(a.roll(1, -1)) for a in x if hasattr(a, 'roll') and a.ndim and not a.requires_grad]][0]",
        "changes its input",
    ),
}


@pytest.mark.parametrize(("guise", "says"), REMARKED.values(), ids=REMARKED)
@each_exercise
def test_a_right_answer_is_accepted_or_hears_what_it_does(file, number, guise, says, capsys):
    lab = read_lab(file)
    if not passes(lab, number, disguised(lab.exercises[number].solution, guise)):
        assert says in capsys.readouterr().out


@each_exercise
def test_solution_answers_what_the_starter_asks(file, number):
    def signatures(code: str) -> list[tuple[str, str, str | None]]:
        functions = [node for node in ast.parse(code).body if isinstance(node, ast.FunctionDef)]
        return [(f.name, ast.unparse(f.args), ast.get_docstring(f)) for f in functions]

    exercise = read_lab(file).exercises[number]
    assert signatures(exercise.solution) == signatures(exercise.starter) != []


@each_lab
def test_lab_has_enough_exercises_and_the_shared_helpers(file):
    lab = read_lab(file)
    assert 5 <= len(lab.exercises) <= 8
    for helper in (check, given, close):
        assert inspect.getsource(helper) in lab.setup + "\n"


@each_lab
def test_lab_has_a_mistake_to_spot(file):
    """An exercise whose starter is wrong code, complete and tempting."""
    lab = read_lab(file)
    headings = [cell.source.splitlines()[0] for cell in jupytext.read(file).cells if cell.source.startswith("## ")]
    spots = [number for number, heading in enumerate(headings) if "Spot the mistake" in heading]
    assert spots
    for number in spots:
        assert "NotImplementedError" not in lab.exercises[number].starter


@each_lab
def test_lines_of_code_fit_the_page(file):
    for exercise in read_lab(file).exercises:
        assert max(len(line) for cell in exercise for line in cell.splitlines()) <= 88


@each_lab
def test_lab_has_no_formula_that_would_need_a_script(file):
    markdown = [cell.source for cell in jupytext.read(file).cells if cell.cell_type == "markdown"]
    assert not [source for source in markdown if "$" in source]
    assert markdown[0].startswith("# ")


# Runs each file in a process of its own, which has torch from this one.
ALONE = """
import os, pathlib, runpy, sys, warnings, torch
for name in sys.argv[1:]:
    with warnings.catch_warnings(action="ignore"):
        child = os.fork()
    if not child:
        for stream, end in (1, ".out"), (2, ".err"):
            os.dup2(os.open(name + end, os.O_WRONLY | os.O_CREAT), stream)
        runpy.run_path(name, run_name="__main__")
        sys.exit()
    pathlib.Path(name + ".status").write_text(str(os.waitpid(child, 0)[1]))
"""


@pytest.fixture(scope="module")
def alone(tmp_path_factory):
    """Return a folder of downloaded labs, with how each of them ended and what it printed."""
    folder = tmp_path_factory.mktemp("labs")
    for file in LABS:
        (folder / file.name).write_text(file.read_text())
    command = [sys.executable, "-I", "-W", "error", "-c", ALONE, *[file.name for file in LABS]]
    subprocess.run(command, cwd=folder, check=True, timeout=120)
    return folder


@each_lab
def test_downloaded_lab_runs_by_itself_and_reports_each_exercise(file, alone):
    assert (alone / f"{file.name}.err").read_text() == ""
    assert (alone / f"{file.name}.status").read_text() == "0"
    assert (alone / f"{file.name}.out").read_text().count("Not yet: ") == len(read_lab(file).exercises)
    imports = [node for node in ast.walk(ast.parse(file.read_text())) if isinstance(node, ast.ImportFrom)]
    assert not [node.module for node in imports if node.module.split(".")[0] in ("book", "snippets")]
