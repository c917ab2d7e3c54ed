"""The pytest side of claims: a fixture that measures, and a report of what each test measured."""

import math
from collections.abc import Generator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from book import claims


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
        equal = actual == expected
        if not (equal if isinstance(equal, bool) else bool(np.all(np.asarray(equal)))):
            raise AssertionError(f"not equal\nactual   {actual}\nexpected {expected}")
        self.error = self.error or 0.0


@pytest.fixture
def measured(request: pytest.FixtureRequest) -> Measured:
    """Assert closeness and record the error: `measured(actual, expected, atol=1e-12)`."""
    measurement = Measured()
    request.node.measured = measurement
    return measurement


def pytest_addoption(parser: pytest.Parser) -> None:
    """Offer the report that the build reads."""
    parser.addoption("--claims-report", type=Path, help="write what the tests measured to this JSON file")


class _Report:
    """Gathers outcome and largest error by test function; the cases of a parametrised test count as one."""

    def __init__(self, path: Path) -> None:
        self.path, self.outcomes = path, {}

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_makereport(self, item: pytest.Item, call: pytest.CallInfo) -> Generator[None, Any, Any]:
        """Note the outcome of each phase of a test."""
        report = yield
        node = item.nodeid.split("[")[0]
        entry = self.outcomes.setdefault(node, {"passed": True, "error": None, "message": ""})
        if not report.passed:
            entry["passed"], entry["message"] = False, report.longreprtext
        error = getattr(getattr(item, "measured", None), "error", None)
        if error is not None:
            entry["error"] = max(error, entry["error"] or 0.0)
        return report

    def pytest_sessionfinish(self) -> None:
        """Write the report."""
        claims.write_report(self.path, self.outcomes)


def pytest_configure(config: pytest.Config) -> None:
    """Gather the report where one is asked for."""
    if config.getoption("--claims-report"):
        config.pluginmanager.register(_Report(config.getoption("--claims-report")))
