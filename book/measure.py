"""The pytest side of claims: a fixture that measures, a report of what each test measured, a note of what passed."""

import math
from collections import Counter
from collections.abc import Generator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from book import claims, proven, sources


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


def _node(item: pytest.Item) -> str:
    return item.nodeid.split("[")[0]


def _error(item: pytest.Item) -> float | None:
    return getattr(getattr(item, "measured", None), "error", None)


class _Report:
    """Gathers outcome and largest error by test function; the cases of a parametrised test count as one."""

    def __init__(self, path: Path) -> None:
        self.path, self.outcomes = path, {}

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_makereport(self, item: pytest.Item, call: pytest.CallInfo) -> Generator[None, Any, Any]:
        """Note the outcome of each phase of a test."""
        report = yield
        node = _node(item)
        entry = self.outcomes.setdefault(node, {"passed": True, "error": None, "message": ""})
        if not report.passed:
            entry["passed"], entry["message"] = False, report.longreprtext
        error = _error(item)
        if error is not None:
            entry["error"] = max(error, entry["error"] or 0.0)
        return report

    def pytest_sessionfinish(self) -> None:
        """Write the report."""
        claims.write_report(self.path, self.outcomes)


class _Witness:
    """Notes each test of a claim that passes, so that the build need not run it again on the same tree."""

    def __init__(self, path: Path, tree: str) -> None:
        self.path, self.tree = path, tree
        self.cases: Counter[str] = Counter()
        self.failed: set[str] = set()

    @pytest.hookimpl(tryfirst=True)
    def pytest_collection_modifyitems(self, items: list[pytest.Item]) -> None:
        """Count the cases of each test before any is deselected."""
        self.cases.update(map(_node, items))

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_makereport(self, item: pytest.Item, call: pytest.CallInfo) -> Generator[None, Any, Any]:
        """Note a case whose every phase passed."""
        report = yield
        if not report.passed:
            self.failed.add(item.nodeid)
        elif report.when == "teardown" and item.nodeid not in self.failed and item.get_closest_marker("claim"):
            node = _node(item)
            line = {"node": node, "case": item.nodeid, "cases": self.cases[node], "error": _error(item)}
            proven.note(self.path, tree=self.tree, **line)
        return report


def pytest_configure(config: pytest.Config) -> None:
    """Gather the report where one is asked for, else what passes, but for single cases named one by one."""
    if config.getoption("--claims-report"):
        config.pluginmanager.register(_Report(config.getoption("--claims-report")))
    elif not any("[" in argument for argument in config.args):
        tree = sources.state()
        if not hasattr(config, "workerinput"):  # the process that starts the others, or the only one
            proven.forget_other_trees(tree)
        config.pluginmanager.register(_Witness(proven.proofs_file(), tree))
