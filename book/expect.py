"""What a test expects of the numbers that its page quotes."""

import time
from collections.abc import Callable
from functools import cache
from typing import Any

import pytest
import torch

Value = float | int | str | bool
START = time.time_ns()


def between(low: float, high: float) -> Any:
    """Accept the numbers from `low` to `high`."""
    return pytest.approx((low + high) / 2, abs=(high - low) / 2)


def below(high: float) -> Any:
    """Accept the numbers from zero to `high`: errors, which have no sign."""
    return between(0.0, high)


def near(value: float, tolerance: float) -> Any:
    """Accept the numbers within `tolerance` of `value`."""
    return pytest.approx(value, abs=tolerance)


@cache
def computed(module: str) -> dict[str, Value]:
    """Return all numbers of a page, as `snippets/figures/` computes them now; the module as in `linear_algebra.svd`.

    What the record has of them, made from the same, is not computed again; what is computed here is noted, so that the
    build need not, unless somebody has edited meanwhile what it is computed with.
    """
    from book import depends, marked, prepare, project, record, work

    functions = [function for home, function in marked.results() if home == module]
    if not functions:
        raise LookupError(f"snippets.figures.{module} has no @results function")
    made, before, state, values = record.entries(), torch.get_default_dtype(), torch.get_rng_state(), {}
    try:
        for function in functions:
            job = prepare.job("results", module, function)
            known = record.fresh(made, job.key, job.digest)
            answer = made[job.key] if known else work.compute(module, function)
            if not known and depends.older([project.figures_path(module)], START):
                prepare.keep(job, answer)
            values |= answer["values"]
        return values
    finally:
        torch.set_default_dtype(before)
        torch.set_rng_state(state)


def numbers(module: str, expected: dict[str, Any]) -> Callable:
    """Return a test with one case a number: each must be equal to what stands in the table beside its name.

    An int, a string or a boolean is compared exactly, a float within a relative 1e-6; `near`, `between` and `below`
    say more. Bind it to a name that pytest collects: `test_numbers = numbers("linear_algebra.svd", {…})`.
    """

    @pytest.mark.parametrize("name", expected)
    def check(name: str) -> None:
        """A number that the page quotes is what it should be."""
        values, wanted = computed(module), expected[name]
        assert name in values, f"snippets.figures.{module} computes no number '{name}'"
        assert (pytest.approx(wanted, rel=1e-6) if type(wanted) is float else wanted) == values[name], values[name]

    return check
