"""What was made, in one file that rendering reads: figures, numbers, and the tests of each claim."""

import json
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from book import claims, depends, marked, pages, project
from book.project import read_json, write_atomically

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
    """Format a number for prose: by Python's format, or `sci` (1.2 × 10⁻³) and `tex` (the same in a formula)."""
    if spec in ("sci", "tex"):
        mantissa, exponent = f"{value:.1e}".split("e")
        if spec == "tex":
            return rf"{mantissa} \times 10^{{{int(exponent)}}}"
        return f"{mantissa} × 10{str(int(exponent)).translate(SUPERSCRIPT)}"
    if spec:
        return format(value, spec)
    if isinstance(value, bool | str):
        return str(value)
    return f"{value:,}" if isinstance(value, int) else f"{value:.4g}"
