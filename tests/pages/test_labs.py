"""Every lab: its starters fail, its solutions pass, it runs by itself, and its page does not stop."""

import ast
import inspect
import subprocess
import sys
from pathlib import Path

import jupytext
import pytest

from snippets.labs import check, close, passes, read_lab

LABS = sorted((Path(__file__).parents[2] / "docs" / "labs").glob("*.py"))
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
    assert not passes(lab, number, lab.exercises[number].starter)
    assert capsys.readouterr().out.startswith("Not yet: ")


@each_exercise
def test_solution_passes_its_check(file, number, capsys):
    lab = read_lab(file)
    passed = passes(lab, number, lab.exercises[number].solution)
    assert passed, capsys.readouterr().out


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
    for helper in (check, close):
        assert inspect.getsource(helper) in lab.setup + "\n"


@each_lab
def test_lab_has_no_formula_that_would_need_a_script(file):
    markdown = [cell.source for cell in jupytext.read(file).cells if cell.cell_type == "markdown"]
    assert not [source for source in markdown if "$" in source]
    assert markdown[0].startswith("# ")


@each_lab
def test_downloaded_lab_runs_by_itself_and_reports_each_exercise(file, tmp_path):
    (tmp_path / file.name).write_text(file.read_text())
    command = [sys.executable, "-I", "-W", "error", file.name]
    ran = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, timeout=120)
    assert ran.returncode == 0, ran.stderr
    assert ran.stdout.count("Not yet: ") == len(read_lab(file).exercises)
    imports = [node for node in ast.walk(ast.parse(file.read_text())) if isinstance(node, ast.ImportFrom)]
    assert not [node.module for node in imports if node.module.split(".")[0] in ("book", "snippets")]
