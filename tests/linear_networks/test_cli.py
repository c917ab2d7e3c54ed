"""The command, as a researcher types it."""

import json
import subprocess
import sys

import pytest

from snippets.linear_networks.cli import main


def answer(capsys, *argv):
    assert main([*argv, "--json"]) == 0
    return json.loads(capsys.readouterr().out)


def test_the_example_of_the_slides(capsys):
    told = answer(capsys, "(1 3 4)(2 5)", "--outputs", "2", "--rank", "1")
    assert told["size"] == 5
    assert told["cycles"] == [[1, 3, 4], [2, 5]]
    assert told["order"] == 6
    assert told["multiplicities"] == {"1": 2, "2": 1, "3": 1}
    assert told["invariant"] == {"outputs": 2, "rank": 1, "dimension": 3, "degree": 2, "ed_degree": 2}
    assert told["equivariant"]["commutant_dimension"] == 7
    assert told["equivariant"]["components"][0] == {
        "ranks": {"1,1": 1, "2,1": 0, "3,2": 0}, "dimension": 3, "degree": 2, "ed_degree": 2, "parameters": 4
    }


def test_rotation_of_3x3_pictures(capsys):
    maps = answer(capsys, "rotate:3x3", "--rank", "3")["equivariant"]
    assert (maps["commutant_dimension"], maps["real_components"], maps["complex_components"]) == (21, 5, 17)
    assert len(maps["components"]) == 5
    slides = next(c for c in maps["components"] if c["ranks"] == {"1,1": 1, "2,1": 0, "4,3": 1})
    assert (slides["dimension"], slides["parameters"], slides["degree"]) == (11, 14, 24)


def test_mnist(capsys):
    told = answer(capsys, "shift:28x28", "--rank", "99")
    maps = told["equivariant"]
    assert maps["real_components"] == 72_425_986_088_826
    assert maps["all_real_components"] == 72_426_340_906_146
    assert maps["complex_components"] == 2_313_670_597_255_751_898_787_300_468
    assert maps["commutant_dimension"] == 21_952
    assert len(maps["components"]) == 20
    assert all(c["parameters"] == 5544 for c in maps["components"])


def test_large_pictures_are_counted(capsys):
    """Its integers have thousands of digits, more than Python reads unless asked to."""
    assert main(["shift:224x224", "--rank", "1000", "--json"]) == 0
    found = json.loads(capsys.readouterr().out, parse_int=str)["equivariant"]
    assert found["commutant_dimension"] == "11239424"
    assert len(found["complex_components"]) > 200


def test_the_report_for_a_person(capsys):
    assert main(["rotate:3x3", "--rank", "4"]) == 0
    text = capsys.readouterr().out
    assert "(1 7 9 3) (2 4 8 6) (5)" in text
    assert "{1 3 7 9} {2 4 6 8} {5}" in text
    assert "dimension of the commutant        21" in text
    assert main(["shift:28x28", "--rank", "99"]) == 0
    text = capsys.readouterr().out
    assert "the first 20 of 72,425,986,088,826" in text
    assert "digits)" in text
    assert main(["(1 2)(3 4)(5 6)(7 8)(9 10)(11 12)(13 14)", "--rank", "2", "--all"]) == 0
    assert "… 7 in all" in capsys.readouterr().out


def test_the_keys_of_the_answer(capsys):
    told = answer(capsys, "(1 3 4)(2 5)", "--rank", "1", "--size", "6")
    assert list(told) == ["size", "cycles", "order", "multiplicities", "invariant", "equivariant"]
    assert list(told["invariant"]) == ["outputs", "rank", "dimension", "degree", "ed_degree"]
    assert list(told["equivariant"]) == [
        "rank", "commutant_dimension", "real_components", "all_real_components", "complex_components", "components"
    ]
    assert list(told["equivariant"]["components"][0]) == ["ranks", "dimension", "degree", "ed_degree", "parameters"]
    assert (told["size"], told["invariant"]["outputs"]) == (6, 6)


def status(argv):
    """The exit status, whether the parser or the program ends the run."""
    try:
        return main(argv)
    except SystemExit as stop:
        return stop.code


@pytest.mark.parametrize(
    ("argv", "token"),
    [
        (["(1 1)", "--rank", "1"], "point 1 occurs"),
        (["(0 1)", "--rank", "1"], "0 is not one of the points"),
        (["(1 3)", "--rank", "1"], "point 2 is missing"),
        (["()", "--rank", "0"], "() is an empty cycle"),
        (["", "--rank", "0"], "''"),
        (["(1 2", "--rank", "0"], "'(1 2'"),
        (["(1 2)", "--rank", "3"], "rank 3 is out of range: choose 0 to 2"),
        (["(1 2)", "--rank", "-1"], "rank -1 is out of range: choose 0 to 2"),
        (["(1 2)", "--rank", "x"], "'x' is not a whole number"),
        (["(1 2)", "--rank", "1.5"], "'1.5' is not a whole number"),
        (["(1 2)", "--rank", "1" * 5000], "is not a whole number"),
        (["(1 2)"], "--rank"),
        (["--rank", "1"], "permutation"),
        (["(1 2)", "--rank", "1", "--outputs", "0"], "0 outputs"),
        (["(1 2)", "--rank", "1", "--line\nbreak"], "--line break"),
        (["(1 9)", "--rank", "1", "--size", "3"], "9 is not one of the points 1 to 3"),
        (["(1 2)", "--rank", "1", "--size", "0"], "0 is not allowed"),
        (["(1 2)", "--rank", "1", "--size", "999999999"], "999,999,999 points are too many: at most 4,194,304"),
        (["shift:99999x99999", "--rank", "1"], "9,999,800,001 points are too many"),
        (["SHIFT:3x3", "--rank", "1"], "'SHIFT:3x3' is not a picture symmetry"),
        (["rotate:3x4", "--rank", "1"], "'rotate:3x4' does not map"),
        (["rotate:224x224", "--rank", "1000"], "12,544,000 digits: choose a rank of at most 39"),
    ],
    ids=lambda value: str(value)[:40],
)
def test_bad_input_gets_one_line_and_status_2(argv, token, capsys):
    assert status(argv) == 2
    told = capsys.readouterr()
    assert told.out == ""
    assert told.err.startswith("error: ")
    assert told.err.count("\n") == 1
    assert token in told.err


def test_a_list_that_nobody_can_hold_is_refused(capsys):
    assert main(["shift:28x28", "--rank", "99", "--all", "--json"]) == 2
    assert "72,425,986,088,826 components" in capsys.readouterr().err


def test_the_module_offers_the_command():
    from snippets.linear_networks import __main__, cli

    assert __main__.main is cli.main


def test_as_a_module_and_into_a_closed_pipe():
    command = f"{sys.executable} -m snippets.linear_networks"
    done = subprocess.run(f"{command} shift:28x28 --rank 99 --all | head -1", shell=True, capture_output=True, text=True)
    assert done.stdout.startswith("permutation of 784 points")
    assert done.stderr == ""
    done = subprocess.run([*command.split(), "(1 2", "--rank", "1"], capture_output=True, text=True)
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.startswith("error: '(1 2'")
