"""Tests of what the labs share."""

import runpy

import pytest
import torch

from snippets import labs
from snippets.labs import check, close, given

from .reading import passes, read_lab, refuses

GOOD = """# %% [markdown]
# # A lab

# %% tags=["setup"]
from snippets.labs import check

# %% tags=["exercise"]
def double(x):
    raise NotImplementedError

# %% tags=["check"]
@check
def doubling():
    assert double(3) == 6, "twice three is six"

# %% [markdown] tags=["solution"]
# <details class="box-solution">
# <summary>Solution</summary>
#
# ```python
# def double(x):
#     return 2 * x
# ```
#
# </details>
"""


@pytest.fixture
def lab(tmp_path):
    def write(text: str):
        file = tmp_path / "lab.py"
        file.write_text(text)
        return read_lab(file)

    return write


def test_check_accepts_a_test_that_passes(capsys):
    assert check(lambda: None) is True
    assert capsys.readouterr().out == "Correct.\n"


@pytest.mark.parametrize(
    ("problem", "said"),
    [
        (NotImplementedError(), "the function test is still empty."),
        (NotImplementedError("only 3D"), "NotImplementedError: only 3D"),
        (AssertionError("too long"), "too long."),
        (ZeroDivisionError("oh"), "ZeroDivisionError: oh"),
    ],
)
def test_check_reports_what_went_wrong(problem, said, capsys):
    def test():
        raise problem

    assert check(test) is False
    assert capsys.readouterr().out == f"Not yet: {said}\n"


def test_what_others_leave_empty_is_not_the_readers(capsys):
    check(lambda: torch.distributions.Distribution(validate_args=False).rsample())
    assert "empty" not in capsys.readouterr().out


def test_check_draws_the_same_numbers_each_time():
    drawn = []
    for _ in range(2):
        check(lambda: drawn.append(torch.randn(3)))
    assert torch.equal(*drawn)


def tried(answer, test, capsys):
    """Return what the check of a test prints about an answer."""
    names = {"check": check, "given": given, "torch": torch}
    exec(answer, names)
    exec(f"@check\n{test}", names)
    return capsys.readouterr().out, names


@pytest.mark.parametrize(
    "body", ["x *= 2\n    return x", "return x.numpy().__imul__(2)", "x[1] = 0.0\n    return 3 * x"]
)
def test_an_input_that_is_changed_is_named_where_an_answer_is_wrong(body, capsys):
    test = """def doubling():
    x = torch.ones(2)
    assert (given(double(x), 2) == 2 * x).all(), "not twice as much"
"""
    said, names = tried(f"def double(x):\n    {body}", test, capsys)
    assert said == "Not yet: not twice as much. (double changes its input: work on a copy of it.)\n"
    assert names["double"].__name__ == "double"


@pytest.mark.parametrize(
    "change", ["x.append(0)", "x.pop()", "x[0] = 7", "x[1] = 7.0", "x[2][0] = 7.0", "x[2].zero_()"]
)
def test_a_list_that_is_changed_is_named(change, capsys):
    test = """def lists():
    x = [1, 2.0, torch.ones(2), len]
    change(x)
    assert x == 0, "no"
"""
    said, _ = tried(f"def change(x):\n    {change}", test, capsys)
    assert said == "Not yet: no. (change changes its input: work on a copy of it.)\n"


def test_what_keeps_its_input_or_is_right_hears_no_remark(capsys):
    test = """def keeping():
    x = [torch.ones(2), 3, None, len]

    def inner():
        return twice(x, other=x)

    assert inner() == 5, "no"
"""
    assert tried("def twice(x, other): return [y for y in x]", test, capsys)[0] == "Not yet: no.\n"
    assert tried("def twice(x, other): x[0] *= 2; return 5", test, capsys)[0] == "Correct.\n"


@pytest.mark.parametrize("kind", [torch.float32, torch.float16, torch.complex64])
def test_single_precision_is_named_where_an_answer_is_wrong(kind, capsys):
    test = """def third():
    assert abs(given(one(3)) - 1 / 3) < 1e-12, "not a third"
"""
    said, _ = tried(f"def one(n): return torch.tensor(1 / n, dtype={kind})", test, capsys)
    assert said == f"Not yet: not a third. (The answer is {kind}: compute in double.)\n"
    assert tried("def one(n): return torch.tensor(1 / n, dtype=torch.float64)", test, capsys)[0] == "Correct.\n"


@pytest.mark.parametrize(
    ("other", "expected"),
    [
        (torch.ones(2), True),
        (torch.ones(2) + 1e-10, True),
        (torch.ones(2) + 1e-6, False),
        (torch.ones(2, 1), False),
        (torch.tensor([1.0, float("nan")]), False),
        ([1, 1.0], True),
        (torch.ones(2) + 0j, True),
        (torch.ones(2) + 1j, False),
        (torch.ones(2).numpy(), True),
    ],
)
def test_close(other, expected):
    assert close(torch.ones(2), other) is expected
    assert close(other, torch.ones(2)) is expected


def test_close_of_nothing_and_of_numbers():
    assert close(torch.zeros(0), torch.zeros(0))
    assert not close(torch.zeros(0), torch.zeros(1))
    assert close(2.0, torch.tensor(2.0))


@pytest.mark.parametrize(
    "answer",
    [
        torch.ones(2),
        torch.ones(2, requires_grad=True),
        [1, 1],
        (torch.tensor(1.0), 1),
        torch.ones(2).numpy(),
        torch.ones(2) + 0j,
        torch.ones(2, dtype=torch.float32),
        torch.ones(2, dtype=torch.complex64).numpy(),
        (1.0 for _ in range(2)),
        map(torch.tensor, [1.0, 1.0]),
        [torch.ones(2, requires_grad=True)[0], 1.0],
    ],
)
def test_an_answer_may_come_as_anything_that_is_a_tensor_of_real_numbers(answer):
    found = given(answer, 2)
    assert (found == 1).all()
    assert not found.is_complex()
    assert not found.requires_grad


def test_lists_of_lists_of_tensors_are_one_tensor():
    rows = [[torch.ones(2), torch.zeros(2)], (torch.zeros(2).numpy(), [1.0, 2.0])]
    assert given(rows, 2, 2, 2).tolist() == [[[1, 1], [0, 0]], [[0, 0], [1, 2]]]
    assert given([], 0).shape == (0,)


def test_an_answer_is_a_copy():
    """A function may give one buffer again and again."""
    buffer = torch.zeros(2)
    first = given(buffer, 2)
    buffer += 1
    assert (first == 0).all()


def test_a_complex_answer_stays_complex_and_a_number_has_no_shape():
    assert given(torch.ones(2) * 1j, 2).is_complex()
    assert float(given(1.5)) == 1.5


@pytest.mark.parametrize(
    ("answer", "says"),
    [
        (None, "nothing came back: is a return missing?"),
        (torch.ones(3), r"the answer has the shape \(3,\), not \(2,\)"),
        (1.0, r"the answer has the shape \(\), not \(2,\)"),
        ([[1.0, 2.0]], r"the answer has the shape \(1, 2\), not \(2,\)"),
        ({1, 2}, "the answer, of type set, does not make a tensor: "),
        ("12", "the answer, of type str, does not make a tensor: "),
        ([torch.ones(2), torch.ones(3)], "the answer, of type list, does not make a tensor: .*equal size"),
    ],
)
def test_what_no_answer_can_be_is_named(answer, says):
    with pytest.raises(AssertionError, match=says):
        given(answer, 2)


@pytest.mark.parametrize("default", [torch.float32, torch.float64])
def test_importing_the_helpers_changes_no_precision(default):
    before = torch.get_default_dtype()
    try:
        torch.set_default_dtype(default)
        runpy.run_path(labs.__file__)
        assert torch.get_default_dtype() == default
    finally:
        torch.set_default_dtype(before)


def test_lab_is_read_and_judged(lab):
    good = lab(GOOD)
    assert len(good.exercises) == 1
    assert passes(good, 0, good.exercises[0].solution)
    assert not passes(good, 0, good.exercises[0].starter)
    assert not passes(good, 0, "def double(x):\n    return x**2")


def test_an_answer_is_refused_by_the_check_in_its_own_words(lab):
    good = lab(GOOD)
    refuses(good, 0, "def double(x):\n    return x**2", "twice three")
    with pytest.raises(AssertionError, match="but with the words: twice three"):
        refuses(good, 0, "def double(x):\n    return x**2", "something else")
    with pytest.raises(AssertionError, match="was accepted"):
        refuses(good, 0, "def double(x):\n    return x + x", "")
    with pytest.raises(NameError):
        refuses(good, 0, "def double(x):\n    return y", "")
    with pytest.raises(AssertionError, match="of the answer itself"):
        refuses(good, 0, "def double(x):\n    assert x == 4, 'four'", "four")


def test_check_that_checks_nothing_does_not_pass(lab):
    empty = lab(GOOD.replace("@check\n", ""))
    assert not passes(empty, 0, empty.exercises[0].solution)


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ('tags=["exercise"]', "", "a code cell has the tags"),
        ('tags=["check"]', 'tags=["setup"]', "expected exercise, check, solution"),
        ("```python", "```", "one ```python fence"),
        ('<details class="box-solution">', "<div>", "a solution is <details>"),
    ],
)
def test_malformed_lab_is_refused(lab, old, new, message):
    with pytest.raises(ValueError, match=message):
        lab(GOOD.replace(old, new))
