"""Tests of what the labs share."""

import pytest
import torch

from snippets.labs import check, close, passes, read_lab

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
        (NotImplementedError(), "the function is still empty."),
        (AssertionError("too long"), "too long."),
        (ZeroDivisionError("oh"), "ZeroDivisionError: oh"),
    ],
)
def test_check_reports_what_went_wrong(problem, said, capsys):
    def test():
        raise problem

    assert check(test) is False
    assert capsys.readouterr().out == f"Not yet: {said}\n"


def test_check_draws_the_same_numbers_each_time():
    drawn = []
    for _ in range(2):
        check(lambda: drawn.append(torch.randn(3)))
    assert torch.equal(*drawn)


@pytest.mark.parametrize(
    ("other", "expected"),
    [
        (torch.ones(2), True),
        (torch.ones(2) + 1e-10, True),
        (torch.ones(2) + 1e-6, False),
        (torch.ones(2, 1), False),
        (torch.tensor([1.0, float("nan")]), False),
    ],
)
def test_close(other, expected):
    assert close(torch.ones(2), other) is expected


def test_lab_is_read_and_judged(lab):
    good = lab(GOOD)
    assert len(good.exercises) == 1
    assert passes(good, 0, good.exercises[0].solution)
    assert not passes(good, 0, good.exercises[0].starter)
    assert not passes(good, 0, "def double(x):\n    return x**2")


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
