"""The pytest plugin of the book: a fixture that measures, and a note in the record of each claim's test that passed."""

import contextlib
import math
import time
from collections import Counter
from collections.abc import Generator
from functools import cached_property
from typing import Any

import numpy as np
import pytest

from book import depends, marked, record
from book.project import BookError


class Measured:
    """Collects the largest error that one test saw."""

    def __init__(self) -> None:
        """Start with no measurement."""
        self.error: float | None = None

    def __call__(self, actual: Any, expected: Any, *, atol: float) -> None:
        """Assert |actual − expected| ≤ atol elementwise, after broadcasting, and keep the largest difference."""
        actual, expected = np.asarray(actual), np.asarray(expected)
        error = float(np.max(np.abs(actual - expected), initial=0.0))
        if not math.isfinite(error) or error > atol:
            raise AssertionError(f"error {error:.3g} exceeds {atol:.3g}\nactual   {actual}\nexpected {expected}")
        self.error = max(error, self.error or 0.0)

    def exact(self, actual: Any, expected: Any) -> None:
        """Assert equality, for integers, symbols and booleans."""
        if not np.all(np.asarray(actual == expected)):
            raise AssertionError(f"not equal\nactual   {actual}\nexpected {expected}")
        self.error = self.error or 0.0


@pytest.fixture
def measured(request: pytest.FixtureRequest) -> Measured:
    """Assert closeness and record the error: `measured(actual, expected, atol=1e-12)`."""
    measurement = Measured()
    request.node.measured = measurement
    return measurement


_cases: Counter[str] = Counter()  # of each test in this process


def _node(name: str) -> str:
    return name.split("[")[0]


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Count the cases of each test before any is deselected."""
    _cases.clear()
    _cases.update(_node(item.nodeid) for item in items)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item, call: pytest.CallInfo) -> Generator[None, Any, Any]:
    """Let the report of a claim's test carry, from process to process, what it measured."""
    report = yield
    if item.get_closest_marker("claim"):
        error = getattr(getattr(item, "measured", None), "error", None)
        report.claim = {"cases": _cases[_node(item.nodeid)], "error": error}
    return report


def pytest_configure(config: pytest.Config) -> None:
    """Take notes in the process that starts the others, or the only one, unless single cases are asked for."""
    single = any("[" in argument for argument in config.args) or config.getoption("lf", False)
    if not hasattr(config, "workerinput") and not single:
        config.pluginmanager.register(Witness())


class Witness:
    """Notes the claim tests that passed in all their cases, and those that failed, so that the build knows."""

    def __init__(self) -> None:
        """Start with nothing seen."""
        self.start = time.time_ns()
        self.passed: dict[str, dict[str, float | None]] = {}
        self.failed: set[str] = set()

    @cached_property
    def checks(self) -> dict[str, marked.Check]:
        """Return the tests of claims by name."""
        return {check.node: check for check in marked.checks()}

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Note a test when the last of its cases has passed, or when one has not."""
        node, claim = _node(report.nodeid), getattr(report, "claim", None)
        if claim is None or node in self.failed:
            return
        # Where nothing can be noted, the build runs the test itself.
        with contextlib.suppress(OSError, BookError):
            if not report.passed:
                self.failed.add(node)
                record.note(node, "", message=report.longreprtext)
            elif report.when == "teardown":
                errors = self.passed.setdefault(node, {})
                errors[report.nodeid] = claim["error"]
                if len(errors) == claim["cases"] and node in self.checks:
                    self._note(self.checks[node], [error for error in errors.values() if error is not None])

    def _note(self, check: marked.Check, errors: list[float]) -> None:
        """Note that a test passed, unless somebody has edited meanwhile what it ran."""
        if depends.older(check.files(), self.start):
            record.note(check.node, check.digest(), ids=check.ids, error=max(errors, default=None))
