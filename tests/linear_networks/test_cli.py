"""The command, as a researcher types it."""

import errno
import importlib
import io
import json
import math
import os
import re
import shlex
import signal
import subprocess
import sys
from functools import partial
from itertools import product
from pathlib import Path
from types import SimpleNamespace

import mpmath
import numpy as np
import pytest
import torch

from snippets.command import shortened
from snippets.linear_networks import cli, group_report, report
from snippets.linear_networks.cli import main, say
from snippets.linear_networks.components import Eigenvalue
from snippets.linear_networks.equivariance import nearest_equivariant
from snippets.linear_networks.groups import mirror
from snippets.linear_networks.permutations import Permutation
from snippets.linear_networks.schur import group_average, kinds

TOLD = Path(__file__).parent / "told"
QUESTIONS = {
    "slides": ("(1 3 4)(2 5)", "--rank", "1", "--outputs", "2"),
    "rank-0": ("(1 2)", "--rank", "0"),
    "many": ("shift:7x26", "--rank", "9"),
    "group": ("(1 2 3)", "(1 2)", "--rank", "2"),
}


@pytest.mark.parametrize("name", QUESTIONS)
def test_what_is_told_stands_to_the_letter(capsys, name):
    """Where it is to change, run this file with REWRITE=1, and read the difference."""
    assert main(QUESTIONS[name]) == 0
    told, kept = capsys.readouterr().out, TOLD / f"{name}.txt"
    if "REWRITE" in os.environ:
        kept.write_text(told)
    assert told == kept.read_text()


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
        "ranks": {"1,1": 1, "2,1": 0, "3,2": 0},
        "dimension": 3,
        "degree": 2,
        "ed_degree": 2,
        "parameters": 4,
    }


def test_rotation_of_3x3_pictures(capsys):
    maps = answer(capsys, "rotate:3x3", "--rank", "3")["equivariant"]
    assert (maps["commutant_dimension"], maps["real_components"], maps["complex_components"]) == (21, 5, 17)
    assert len(maps["components"]) == 5
    slides = next(c for c in maps["components"] if c["ranks"] == {"1,1": 1, "2,1": 0, "4,3": 1})
    assert (slides["dimension"], slides["parameters"], slides["degree"]) == (11, 14, 24)


@pytest.mark.unwatched
def test_mnist(capsys):
    told = answer(capsys, "shift:28x28", "--rank", "99")
    maps = told["equivariant"]
    assert maps["real_components"] == 72_425_986_088_826
    assert maps["all_real_components"] == 72_426_340_906_146
    assert maps["complex_components"] == 2_313_670_597_255_751_898_787_300_468
    assert maps["commutant_dimension"] == 21_952
    assert len(maps["components"]) == 20
    assert all(c["parameters"] == 5544 for c in maps["components"])


@pytest.mark.unwatched
def test_large_pictures_are_counted(capsys):
    """Its integers have thousands of digits, more than Python reads unless asked to."""
    assert main(["shift:224x224", "--rank", "1000", "--json"]) == 0
    found = json.loads(capsys.readouterr().out, parse_int=str)["equivariant"]
    assert found["commutant_dimension"] == "11239424"
    assert len(found["complex_components"]) > 200


@pytest.mark.unwatched
def test_the_report_for_a_person(capsys):
    assert main(["rotate:3x3", "--rank", "4"]) == 0
    text = capsys.readouterr().out
    assert "(1 7 9 3) (2 4 8 6) (5)" in text
    assert "{1 3 7 9} {2 4 6 8} {5}" in text
    assert "dimension of the commutant        21" in text
    assert main(["shift:28x28", "--rank", "99"]) == 0
    text = capsys.readouterr().out
    assert "20 of 72,425,986,088,826: those of largest and of smallest dimension" in text
    assert "digits)" in text
    assert main(["(1 2)(3 4)(5 6)(7 8)(9 10)(11 12)(13 14)", "--rank", "2", "--all"]) == 0
    assert "… 7 in all" in capsys.readouterr().out


def test_the_keys_of_the_answer(capsys):
    told = answer(capsys, "(1 3 4)(2 5)", "--rank", "1", "--size", "6")
    assert list(told) == ["size", "cycles", "order", "multiplicities", "invariant", "equivariant"]
    assert list(told["invariant"]) == ["outputs", "rank", "dimension", "degree", "ed_degree"]
    assert list(told["equivariant"]) == [
        "rank",
        "commutant_dimension",
        "real_components",
        "all_real_components",
        "complex_components",
        "components",
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
        (["(1 2)", "--rank", "1", "--size", "999999999"], "999,999,999 points are too many: at most 1,048,576"),
        (["shift:99999x99999", "--rank", "1"], "9,999,800,001 points are too many"),
        (["SHIFT:3x3", "--rank", "1"], "'SHIFT:3x3' is not a picture symmetry"),
        (["rotate:3x4", "--rank", "1"], "'rotate:3x4' does not map"),
        (
            ["(1)", "--size", "9999", "--rank", "5000"],
            "rank 5000 is too large to count components: choose at most 4472",
        ),
        pytest.param(
            ["shift:1000x1000", "--rank", "500", "--sort", "largest"], "use --sort first", marks=pytest.mark.unwatched
        ),
        (["shift:28x28", "--rank", "99", "--all", "--sort", "largest"], "cannot sort 72,425,986,088,826 components"),
        (["(1 2)", "--ranks", "1,2,3"], "3 ranks for 2 eigenvalues"),
        (["(1 2)", "--ranks", "2"], "rank 2 at the eigenvalue (1, 1) is out of range: 0 to 1"),
        (["(1 2)", "--ranks", "x"], "'x' does not read as ranks"),
        (["(1 2)", "--ranks", "1,1=a"], "'1,1=a' does not read as ranks"),
        (["(1 2)", "--ranks", "1", "--rank", "2"], "add up to 1, not to --rank 2"),
        (["(1 2)", "--near", "nowhere.npy", "--rank", "1"], "nowhere.npy cannot be read: No such file"),
        (["(1 2)", "(2 3)", "--rank", "1", "--ranks", "1"], "--ranks is for a single permutation"),
        (["shift:2x2", "shift:3x3", "--rank", "1"], "does not fit"),
        (["shift:50x50", "mirror:50x50", "--rank", "1"], "2,500 points are too many for a group"),
        (["(134)(25)", "--rank", "1"], "error: write (1 3 4)(2 5), with blanks"),
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
    done = subprocess.run(
        f"{command} shift:28x28 --rank 99 --all | head -1", shell=True, capture_output=True, text=True
    )
    assert done.stdout.startswith("permutation of 784 points")
    assert done.stderr == ""
    done = subprocess.run([*command.split(), "(1 2", "--rank", "1"], capture_output=True, text=True)
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.startswith("error: '(1 2'")


@pytest.mark.unwatched
def test_long_cycles_need_no_recursion(capsys):
    told = answer(capsys, "shift:1x1024", "--rank", "3", "--all")["equivariant"]
    assert told["real_components"] == len(told["components"]) == 2 * 511
    assert {c["dimension"] for c in told["components"]} == {3}
    assert answer(capsys, "shift:1x4096", "--rank", "4096")["equivariant"]["real_components"] == 1


@pytest.mark.parametrize("d", [500, pytest.param(1000, marks=pytest.mark.unwatched)])
def test_large_inputs_are_answered_by_size(capsys, d):
    """A degree of up to 86,641 digits is given by its logarithm, which mpmath confirms; it is the sum over the blocks."""
    r = d // 2
    told = answer(capsys, f"shift:{d}x{d}", "--rank", str(r), "--sort", "first")["equivariant"]["components"][0]
    assert told["degree"] is None
    assert told["ranks"]["1,1"] == r
    exact = sum(mpmath.log10(mpmath.binomial(d + i, r) / mpmath.binomial(r + i, r)) for i in range(d - r))
    assert told["log10_degree"] == pytest.approx(float(exact), rel=1e-9)
    assert told["log10_ed_degree"] == pytest.approx(float(mpmath.log10(mpmath.binomial(d, r))), rel=1e-9)
    maps = answer(capsys, "(1)", "--size", "100000", "--rank", "5")["invariant"]
    assert maps["degree"] is None
    assert maps["dimension"] == 5 * (200_000 - 5)
    factors = (math.log10((100_000 + i - k) / (5 + i - k)) for i in range(99_995) for k in range(5))
    assert maps["log10_degree"] == pytest.approx(math.fsum(factors), rel=1e-9)


def test_a_long_number_of_critical_points_is_answered_by_size():
    """70,000 over 35,000 has more digits than anyone reads; mpmath confirms how many."""
    told = report.invariant(70_000, 35_000, 70_000)
    assert told["ed_degree"] is told["degree"] is None
    with mpmath.workdps(30):
        choose = (mpmath.loggamma(70_001) - 2 * mpmath.loggamma(35_001)) / mpmath.log(10)
    assert told["log10_ed_degree"] == pytest.approx(float(choose), rel=1e-12)


def test_one_component_can_be_named_in_two_ways(capsys):
    slides = answer(capsys, "shift:28x28", "--ranks", "13,10,9,8,7,5,3,1")
    labels = "1,1=13 28,27=10 14,13=9 28,25=8 7,6=7 28,23=5 14,11=3 4,3=1"
    assert answer(capsys, "shift:28x28", "--ranks", labels) == slides
    (one,) = slides["equivariant"]["components"]
    assert slides["equivariant"]["rank"] == 99
    assert (one["dimension"], one["parameters"], len(str(one["ed_degree"]))) == (4717, 5544, 45)


@pytest.mark.parametrize(("text", "rank"), [("rotate:3x3", 3), ("(1 2 3 4)(5 6)(7 8 9)(10)", 5), ("shift:4x6", 7)])
def test_sorted_lists_are_those_of_the_whole_list(text, rank, capsys):
    every = answer(capsys, text, "--rank", str(rank), "--all")["equivariant"]["components"]
    for order, sign in (("largest", -1), ("smallest", 1)):
        dimensions = sorted((c["dimension"] for c in every), key=lambda d: sign * d)
        shown = answer(capsys, text, "--rank", str(rank), "--sort", order)["equivariant"]["components"]
        assert [c["dimension"] for c in shown] == dimensions[:20]
        assert all(c in every for c in shown)
        whole = answer(capsys, text, "--rank", str(rank), "--sort", order, "--all")["equivariant"]["components"]
        assert [c["dimension"] for c in whole] == dimensions


@pytest.mark.unwatched
def test_by_default_both_ends_are_shown(capsys):
    shown = answer(capsys, "shift:28x28", "--rank", "99")["equivariant"]["components"]
    dimensions = [c["dimension"] for c in shown]
    even = max(56 * 99 - a * a - b * b - 2 * sum(c * c for c in rest) for a, b, rest in evenly(99))
    assert dimensions[:10] == [even] * 10
    assert dimensions[10] == min(dimensions) == fewest(99)


def fewest(total):
    """The concave sum is smallest at a corner: whole blocks filled, and at most one of them in part."""

    def size(r):
        return r * (56 - r)

    corners = [(a, b, (total - a - b) // 2) for a in range(29) for b in range(29) if (total - a - b) % 2 == 0]
    return min(size(a) + size(b) + 2 * (c // 28 * size(28) + size(c % 28)) for a, b, c in corners)


def evenly(total):
    """Ranks of the fifteen blocks as equal as they can be: squares are smallest there."""
    for a in range(2, 6):
        for b in range(2, 6):
            pairs, odd = divmod(total - a - b, 2)
            if not odd:
                low, more = divmod(pairs, 13)
                yield a, b, [low + 1] * more + [low] * (13 - more)


def test_the_map_of_a_group_nearest_to_a_matrix(tmp_path, capsys):
    """Its distance is the least over all ways to spend the rank, by truncating each kind in a basis of its own."""
    M, group = np.random.default_rng(3).normal(size=(9, 9)), [Permutation.rotation(3), mirror(3)]
    np.save(tmp_path / "m.npy", M)
    command = ["rotate:3x3", "mirror:3x3", "--near", str(tmp_path / "m.npy"), "--rank"]
    average = group_average(torch.tensor(M), group)
    blocks = [(k, torch.linalg.svdvals(k.basis.T @ average @ k.basis)[:: k.dimension]) for k in kinds(*group)]
    for rank in range(10):
        found = answer(capsys, *command, str(rank))["equivariant"]["nearest"]
        most = 0.0
        for ranks in product(*(range(k.copies + 1) for k, _ in blocks)):
            if sum(k.dimension * r for (k, _), r in zip(blocks, ranks, strict=True)) <= rank:
                saved = [k.dimension * (s[:r] ** 2).sum() for (k, s), r in zip(blocks, ranks, strict=True)]
                most = max(most, float(sum(saved)))
        assert found["distance"] ** 2 == pytest.approx((M**2).sum() - most)
        assert sum(k.dimension * r for (k, _), r in zip(blocks, found["ranks"], strict=True)) <= rank
    assert main([*command, "4"]) == 0
    assert "nearest map: ranks" in capsys.readouterr().out
    assert status(["rotate:3x3", "(1 2)", "--near", str(tmp_path / "none.npy"), "--rank", "1"]) == 2
    assert status(["rotate:18x18", "mirror:18x18", "--near", str(tmp_path / "m.npy"), "--rank", "1"]) == 2
    assert status(["(1 2)", "(2 3)", "--near", str(tmp_path / "m.npy"), "--rank", "1"]) == 2


def test_the_component_nearest_to_a_matrix(tmp_path, capsys):
    M = np.random.default_rng(0).normal(size=(9, 9))
    np.save(tmp_path / "m.npy", M)
    np.savetxt(tmp_path / "m.csv", M, delimiter=",")
    (found,) = answer(capsys, "rotate:3x3", "--rank", "3", "--near", str(tmp_path / "m.npy"))["equivariant"][
        "components"
    ]
    every = answer(capsys, "rotate:3x3", "--rank", "3")["equivariant"]["components"]
    assert found in every
    assert main(["rotate:3x3", "--rank", "3", "--near", str(tmp_path / "m.csv")]) == 0
    distance = float(capsys.readouterr().out.rsplit("at distance", 1)[1])
    keys = [Eigenvalue(1, 1), Eigenvalue(2, 1), Eigenvalue(4, 3)]
    turn, rest = Permutation.rotation(3), []
    for c in every:
        near = nearest_equivariant(torch.tensor(M), turn, dict(zip(keys, c["ranks"].values(), strict=True)))
        rest.append(np.linalg.norm(M - near.numpy()))
    assert distance == pytest.approx(min(rest), rel=1e-5)
    assert status(["(1 2)", "--rank", "1", "--near", str(tmp_path / "m.npy")]) == 2
    assert "9×9" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("m.txt", "0 2\n1 0\n"),
        ("m.csv", "0,2\n1, 0\n"),
        ("M.CSV", "0;2\r\n1;0\r\n"),
        ("m.txt", "\ufeff0 2\n\n1 0"),
        ("m.dat", "# two rows\n0\t2  # the first\n1e0\t0.0\n"),
        ("a folder/m ü.txt", " 0 2 \n 1 0 "),
    ],
)
def test_a_matrix_is_read_as_others_write_it(name, text, tmp_path, capsys):
    path = tmp_path / name
    path.parent.mkdir(exist_ok=True)
    path.write_text(text, encoding="utf-8")
    assert main(["(1 2)", "--rank", "1", "--near", str(path)]) == 0
    assert "at distance 1.65831" in capsys.readouterr().out  # √(5 − 9/4)


@pytest.mark.parametrize("kind", ["<f4", "<f8", ">f8", "<i4", "u1"])
def test_a_matrix_of_other_numbers_is_read(kind, tmp_path, capsys):
    np.save(tmp_path / "m.npy", np.array([[0, 2], [1, 0]], dtype=kind, order="F"))
    assert main(["(1 2)", "--rank", "1", "--near", str(tmp_path / "m.npy")]) == 0
    assert "at distance 1.65831" in capsys.readouterr().out


NO_MATRIX = {
    "words.txt": b"1 two\n3 4\n",
    "ragged.txt": b"1 2\n3\n",
    "empty.txt": b"",
    "empty.npy": b"",
    "comment.txt": b"# nothing\n",
    "binary.txt": bytes(range(256)),
    "not really.npy": b"1 2\n3 4\n",
}
ARRAYS = {
    "complex": np.eye(2) * 1j,
    "words": np.array([["a", "b"], ["c", "d"]]),
    "objects": np.array([[{}, 1], [2, 3]], dtype=object),
    "cube": np.zeros((2, 2, 2)),
    "no rows": np.zeros((0, 2)),
}


def test_what_is_no_matrix_is_named(tmp_path, capsys):
    files = {name: tmp_path / name for name in NO_MATRIX}
    for name, body in NO_MATRIX.items():
        files[name].write_bytes(body)
    for name, array in ARRAYS.items():
        np.save(tmp_path / f"{name}.npy", array)
        files[name] = tmp_path / f"{name}.npy"
    np.savez(tmp_path / "archive.npz", np.eye(2))
    for path in [*files.values(), tmp_path / "archive.npz"]:
        for permutations in (["(1 2)"], ["(1 2)", "(1 2)"]):
            assert main([*permutations, "--rank", "1", "--near", str(path)]) == 2
            told = capsys.readouterr()
            assert told.out == ""
            assert told.err == (
                f"error: {path} holds no matrix of real numbers: write a row a line, or save it with numpy.save as .npy\n"
            )
    for bad in (np.nan, np.inf):
        np.save(tmp_path / "m.npy", np.array([[1, bad], [0, 1]]))
        assert main(["(1 2)", "--rank", "1", "--near", str(tmp_path / "m.npy")]) == 2
        assert capsys.readouterr().err == f"error: {tmp_path / 'm.npy'} holds NaN or infinity: give finite numbers\n"
    assert main(["(1 2)", "--rank", "1", "--near", str(tmp_path)]) == 2
    assert "cannot be read: Is a directory" in capsys.readouterr().err


def test_several_permutations_generate_a_group(capsys):
    told = answer(capsys, "rotate:3x3", "mirror:3x3", "--rank", "3")
    assert (told["order"], told["equivariant"]["commutant_dimension"]) == (8, 15)
    kinds = [(k["dimension"], k["copies"], k["numbers"]) for k in told["equivariant"]["kinds"]]
    assert kinds == [(1, 3, "R"), (1, 1, "R"), (1, 1, "R"), (2, 2, "R")]
    assert told["equivariant"]["real_components"] == sum(
        a + b + c + 2 * d == 3 for a, b, c, d in product(range(4), range(2), range(2), range(3))
    )
    assert answer(capsys, "(1 2)", "(2 3)", "--rank", "1")["order"] == 6
    assert answer(capsys, "(1 2)", "(1 2 3 4 5 6 7 8 9 10 11 12)", "--rank", "1")["order"] == 479_001_600
    quaternions = answer(capsys, "(1 2 3 4)(5 6 7 8)", "(1 5 3 7)(2 8 4 6)", "--rank", "4")["equivariant"]["kinds"]
    assert quaternions[-1] == {"dimension": 4, "copies": 1, "numbers": "H"}
    assert main(["shift:20x20", "mirror:20x20", "--rank", "4"]) == 0
    assert "kinds are listed for at most 300 points" in capsys.readouterr().out
    assert main(["rotate:3x3", "mirror:3x3", "--rank", "3"]) == 0
    assert "blocks over" in capsys.readouterr().out


@pytest.mark.parametrize("text", [" shift:3x3", "shift:3x3 ", "shift: 3 x 3", "shift:3×3"])
def test_blanks_do_not_matter(text, capsys):
    assert answer(capsys, text, "--rank", "1") == answer(capsys, "shift:3x3", "--rank", "1")


def test_any_terminal_gets_the_whole_report():
    command = [sys.executable, "-m", "snippets.linear_networks"]
    for encoding in ("cp1252", "ascii", "latin-1"):
        done = subprocess.run(
            [*command, "shift:3x9", "--rank", "2"], capture_output=True, env=os.environ | {"PYTHONIOENCODING": encoding}
        )
        assert done.returncode == 0
        text = done.stdout.decode(encoding)
        assert "R^27 -> R^27" in text
        assert text.rstrip().splitlines()[-1].startswith("  ")
        bad = subprocess.run(
            [*command, "π", "--rank", "2"], capture_output=True, env=os.environ | {"PYTHONIOENCODING": encoding}
        )
        assert (bad.returncode, bad.stdout) == (2, b"")


def test_an_interrupt_ends_with_a_line(capsys, monkeypatch):
    def stop(_):
        raise KeyboardInterrupt

    monkeypatch.setattr("snippets.linear_networks.cli.run", stop)
    assert main(["(1 2)", "--rank", "1"]) == 130
    assert capsys.readouterr().err == "interrupted\n"


COMMAND = [sys.executable, "-m", "snippets.linear_networks"]
BUFFERED = {name: value for name, value in os.environ.items() if name != "PYTHONUNBUFFERED"}  # as usual


@pytest.mark.parametrize("how", [["--all"], ["--all", "--sort", "first"]], ids=" ".join)
def test_ctrl_c_ends_a_list_with_a_line(how):
    """The signal of Ctrl-C reaches a process that has begun a list of 72 billion components."""
    with subprocess.Popen(
        [*COMMAND, "shift:28x28", "--rank", "99", *how],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        preexec_fn=partial(signal.signal, signal.SIGINT, signal.SIG_DFL),  # which a shell's `&` has switched off
    ) as running:
        try:
            assert any("r_" in running.stdout.readline() for _ in range(60)), "no component came"
            running.send_signal(signal.SIGINT)
            out, err = running.communicate(timeout=60)
        finally:
            running.kill()
    assert running.returncode == 130
    assert err == "interrupted\n"
    assert "Traceback" not in out


def test_ctrl_c_before_the_command_has_begun(monkeypatch, capsys):
    monkeypatch.delitem(sys.modules, "snippets.linear_networks.__main__", raising=False)
    monkeypatch.delitem(sys.modules, "snippets.linear_networks.cli")

    def find_spec(name, *_):
        if name == "snippets.linear_networks.cli":
            raise KeyboardInterrupt

    monkeypatch.setattr(sys, "meta_path", [SimpleNamespace(find_spec=find_spec), *sys.meta_path])
    with pytest.raises(SystemExit) as stop:
        importlib.import_module("snippets.linear_networks.__main__")
    assert stop.value.code == 130
    assert capsys.readouterr().err == "interrupted\n"


@pytest.mark.parametrize("answer", ["(1 2)", "shift:28x28"])
@pytest.mark.parametrize(
    ("where", "status", "told"),
    [
        (">&-", 2, "error: standard output cannot be written: it is closed\n"),
        (">/dev/full", 2, "error: standard output cannot be written: No space left on device\n"),
        ("2>&-", 0, ""),
        (">/dev/full 2>&-", 2, ""),
        (">/dev/full 2>/dev/full", 2, ""),
    ],
)
def test_where_nothing_can_be_written_the_status_says_so(answer, where, status, told):
    line = f"{shlex.join([*COMMAND, answer, '--rank', '1'])} {where}"
    done = subprocess.run(line, shell=True, capture_output=True, text=True, env=BUFFERED)
    assert (done.returncode, done.stderr) == (status, told)


@pytest.mark.parametrize("where", ["2>&-", "2>/dev/full"])
def test_a_complaint_that_nobody_hears_is_a_status(where):
    line = f"{shlex.join([*COMMAND, '(1 3', '--rank', '1'])} {where}"
    assert subprocess.run(line, shell=True, env=BUFFERED).returncode == 2


def test_a_complaint_is_tried_once(monkeypatch):
    """Python would try again when it ends, and take another status."""

    class Full(io.StringIO):
        def write(self, text):
            raise OSError(errno.ENOSPC, "no space")

    monkeypatch.setattr(sys, "stderr", Full())
    assert main(["(1 3", "--rank", "1"]) == 2
    assert sys.stderr is None


def test_a_broken_pipe_is_the_end(monkeypatch, capsys):
    """`head` has enough: that is no mistake, and nothing is said, not even when Python closes its files."""

    class Gone(io.StringIO):
        def write(self, text):
            raise BrokenPipeError

    for gone, status in ((Gone(), 0), (None, 2)):
        monkeypatch.setattr(sys, "stdout", gone)
        assert main(["(1 2)", "--rank", "1"]) == status
    assert capsys.readouterr().err == "error: standard output cannot be written: it is closed\n"


@pytest.mark.parametrize("place", ["(1 2", "--rank", "--near", "--junk"])
def test_a_complaint_does_not_repeat_pages(place, capsys):
    long = "9" * 20_000
    argv = [place + long, "--rank", "1"] if place == "(1 2" else ["(1 2)", "--rank", "1", f"{place}={long}"]
    assert status(argv) == 2
    told = capsys.readouterr().err
    assert told.count("\n") == 1
    assert len(told) < 500
    assert " … " in told


def test_plain_letters_where_there_are_no_others():
    stream = io.TextIOWrapper(io.BytesIO(), encoding="ascii")
    say("R^3 → R^3 · …", stream)
    stream.flush()
    assert stream.buffer.getvalue() == b"R^3 -> R^3 * ...\n"


@pytest.mark.unwatched
def test_long_degrees_for_a_person(capsys):
    assert main(["shift:1000x1000", "--rank", "500"]) == 0
    text = capsys.readouterr().out
    assert "about 10^86,641 · about 10^302" in text
    assert "… the first 20 of" in text


@pytest.mark.parametrize("count", [11, 12, 13])
def test_a_long_list_of_eigenvalues_is_cut_at_twelve(count, capsys):
    """On a cycle of n points there are as many real eigenvalues as n // 2 + 1; of more than twelve it says how many."""
    assert main([f"shift:1x{2 * (count - 1)}", "--rank", "1"]) == 0
    (line,) = [line for line in capsys.readouterr().out.splitlines() if line.startswith("eigenvalues")]
    assert (f"… {count} in all" in line) == (count > 12)
    assert line.count(": ") == min(count, 12)


@pytest.mark.parametrize("count", [5, 6, 7])
def test_a_long_list_of_cycles_is_cut_at_six(count, capsys):
    assert main([f"shift:{count}x2", "--rank", "1"]) == 0
    for line in capsys.readouterr().out.splitlines()[1:3]:
        assert (f"… {count} in all" in line) == (count > 6)
        assert len([sign for sign in line if sign in "({"]) == min(count, 6)


@pytest.mark.parametrize("length", [7, 8, 9])
def test_a_long_cycle_is_cut_at_eight_points(length, capsys):
    assert main([f"shift:1x{length}", "--rank", "1"]) == 0
    for line in capsys.readouterr().out.splitlines()[1:3]:
        shown = re.split(r"[({]", line)[1][:-1].split()
        assert shown[8:] == (["…"] if length > 8 else [])
        assert len(set(shown[:8]) & set("123456789")) == min(length, 8)


@pytest.mark.parametrize("count", [20, 21])
@pytest.mark.parametrize("order", [(), ("--sort", "first"), ("--sort", "smallest")])
def test_twenty_components_are_shown_without_a_note(count, order, capsys):
    """On a cycle of an odd number of points the maps of rank two are those of one wave."""
    assert main([f"shift:1x{2 * count + 1}", "--rank", "2", *order]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert sum("=" in line for line in lines[-21:]) == 20
    assert ("see --sort, --ranks, --near and --all" in lines[-1]) == (count > 20)


def test_twenty_components_come_in_one_order_and_not_from_both_ends(capsys):
    dimensions = [
        one["dimension"]
        for one in answer(capsys, "(1 2 3 4 5 6 7 8 9 10)", "--size", "12", "--rank", "5")["equivariant"]["components"]
    ]
    assert len(dimensions) == 20
    assert dimensions == sorted(dimensions, reverse=True) != dimensions[:1] * 20


def test_a_number_of_more_than_thirty_digits_is_given_by_its_size():
    assert report.abbreviated(10**30 - 1) == "999" + 9 * ",999"
    assert report.abbreviated(10**30) == "1.00e30 (31 digits)"
    assert report.abbreviated(123456 * 10**30) == "1.23e35 (36 digits)"
    assert report.abbreviated(None, 1234.6) == "about 10^1,235"


def test_what_just_fits_is_taken(capsys):
    assert answer(capsys, "(1 2)", "--rank", "1", "--outputs", "1")["invariant"]["outputs"] == 1
    both = answer(capsys, "(1 2)", "--ranks", "1,1")
    assert both["equivariant"]["components"][0]["ranks"] == {"1,1": 1, "2,1": 1}
    assert answer(capsys, "(1 2)", "--ranks", "1,1", "--rank", "2") == both


@pytest.mark.parametrize("how", [["--all", "--json"], ["--all", "--sort", "largest"]], ids=" ".join)
def test_as_long_a_list_as_is_allowed_is_made(how, monkeypatch, capsys):
    monkeypatch.setattr(cli, "LARGEST_LIST", 20)
    assert [main([f"shift:1x{points}", "--rank", "2", *how]) for points in (41, 43)] == [0, 2]
    assert "21 components" in capsys.readouterr().err


def test_as_much_work_as_is_allowed_is_done(monkeypatch, capsys):
    """Of 21 eigenvalues each may get one unit of a rank of two, in each of 20 lists: 840 steps."""
    question = ["shift:1x41", "--rank", "2"]
    for most, status_ in ((840, 0), (839, 2)):
        monkeypatch.setattr(cli, "MOST_WORK", most)
        assert main([*question, "--sort", "largest"]) == status_
    assert "about 840 steps" in capsys.readouterr().err
    question[0] = "shift:1x43"  # of 21 components ten from each end, or the first twenty
    for most, note in ((880, "those of largest and of smallest"), (879, "the first 20 of 21")):
        monkeypatch.setattr(cli, "MOST_WORK", most)
        assert main(question) == 0
        assert note in capsys.readouterr().out
    for most, status_ in ((4, 0), (3, 2)):
        monkeypatch.setattr(cli, "MOST_WORK", most)
        assert main([*question, "--sort", "first"]) == status_
    assert "rank 2 is too large to count components: choose at most 1" in capsys.readouterr().err


def test_as_many_points_of_a_group_as_are_allowed(monkeypatch, tmp_path, capsys):
    np.save(tmp_path / "m.npy", np.eye(9))
    question = ["rotate:3x3", "mirror:3x3", "--rank", "1"]
    for most, status_ in ((9, 0), (8, 2)):
        monkeypatch.setattr(group_report, "MOST_FOR_KINDS", most)
        assert main([*question, "--near", str(tmp_path / "m.npy")]) == status_
        assert ("9 points are too many for --near with a group: at most 8" in capsys.readouterr().err) == (most == 8)
        assert ("kinds" in answer(capsys, *question)["equivariant"]) == (most == 9)
        monkeypatch.setattr(group_report, "MOST_POINTS", most)
        assert main(question) == status_


def test_a_line_that_is_too_long_loses_its_middle():
    assert shortened(400 * "a") == 400 * "a"
    assert shortened(201 * "a" + 200 * "b") == 200 * "a" + " … " + 200 * "b"
