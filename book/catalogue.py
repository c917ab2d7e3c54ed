"""What was made, in one file that rendering reads: figures, numbers, and the tests of each claim."""

import json
from dataclasses import dataclass, field
from decimal import ROUND_CEILING, Decimal
from pathlib import Path
from typing import Any

from book import claims, depends, marked, pages, project
from book.project import read_json, write_atomically

FORMATS = ("sci", "tex", "up", "up tex")  # beside those of Python
SUPERSCRIPT = str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹")


def catalogue_file() -> Path:
    """Return the file of the catalogue."""
    return project.CACHE / "catalogue.json"


@dataclass
class Catalogue:
    """Figures by "module:name", numbers by module and name, tests by claim, recorded results that are out of date."""

    figures: dict[str, dict] = field(default_factory=dict)
    values: dict[str, dict[str, Any]] = field(default_factory=dict)
    tests: dict[str, list[dict]] = field(default_factory=dict)
    stale: list[str] = field(default_factory=list)


def results_file(module: str) -> Path:
    """Return the file that holds the numbers of a module."""
    return project.GENERATED / "results" / (module.replace(".", "/") + ".json")


def write(state: dict) -> None:
    """Gather what rendering needs from the state, the results files and the sources.

    What is not in the state yet was written while the rest was made; it is prepared right after.
    """
    figures = {
        f"{module}:{name}": {"alt": alt, "size": state[f"figure {module}:{name}"]["size"]}
        for (module, name), alt in marked.figures().items()
        if f"figure {module}:{name}" in state
    }
    values: dict[str, dict[str, Any]] = {}
    for module, function in marked.results():
        made = read_json(results_file(module), {})
        values.setdefault(module, {}).update(made.get(function, {"values": {}})["values"])
    tests: dict[str, list[dict]] = {}
    for check in [check for check in claims.checks() if check.node in state]:
        entry = {
            "node": check.node,
            "line": check.line,
            "source": check.source(),
            "error": state[check.node]["error"],
            "by": check.by,
            "draws": check.draws,
        }
        for id in check.ids:
            tests.setdefault(id, []).append(entry)
    values["book"] = _counts(tests, figures)
    content = {"figures": figures, "values": values, "tests": tests, "stale": list(depends.stale_records())}
    write_atomically(catalogue_file(), json.dumps(content))


def _counts(tests: dict[str, list[dict]], figures: dict) -> dict[str, int]:
    """Count what the book says of itself."""
    boxes = pages.claims()
    verdicts = [box.verdict for box in boxes]
    return {
        "claims": len(boxes),
        "claims_tested": sum(box.id in tests for box in boxes),
        "claims_own": verdicts.count("own"),
        "claims_sources": len(boxes) - verdicts.count("own"),
        **{f"claims_{verdict}": verdicts.count(verdict) for verdict in pages.VERDICTS},
        "tests": len({test["node"] for found in tests.values() for test in found}),
        "figures": len(figures),
    }


def load() -> Catalogue:
    """Read the file; an absent one is an empty catalogue."""
    return Catalogue(**read_json(catalogue_file(), {}))


def show(value: Any, spec: str | None) -> str:
    """Format a number for prose: by Python's format, or by one of the book's own.

    `sci` is 1.2 × 10⁻³, `up` the next larger 2 × 10⁻³, so that "at most" is true; `tex` and `up tex` the same in a
    formula. A minus sign is one, not a hyphen.
    """
    if spec in FORMATS:
        mantissa, exponent = _rounded_up(value) if spec.startswith("up") else f"{value:.1e}".split("e")
        if spec.endswith("tex"):
            return rf"{mantissa} \times 10^{{{int(exponent)}}}"
        return f"{_minus(mantissa)} × 10{str(int(exponent)).translate(SUPERSCRIPT)}"
    if spec:
        return _minus(format(value, spec))
    if isinstance(value, bool | str):
        return str(value)
    return _minus(f"{value:,}" if isinstance(value, int) else f"{value:.4g}")


def _minus(number: str) -> str:
    return f"−{number[1:]}" if number.startswith("-") else number


def _rounded_up(value: float) -> tuple[str, int]:
    """Return mantissa and exponent of the next number that one digit can write."""
    exact = Decimal(repr(float(value)))
    if not exact:
        return "0", 0
    up = exact.quantize(Decimal(1).scaleb(exact.adjusted()), ROUND_CEILING)
    return str(int(up.scaleb(-up.adjusted()))), up.adjusted()
