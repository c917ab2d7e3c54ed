"""What was made, in one file that rendering reads: figures, numbers, and the tests of each claim."""

import json
import re
from dataclasses import dataclass, field
from decimal import ROUND_CEILING, Decimal
from pathlib import Path
from typing import Any

from book import depends, listings, marked, pages, project, record, recorded
from book.project import BookError, chapters, module_of, module_path, write_atomically

FORMATS = ("sci", "tex", "up", "up tex")  # beside those of Python
SUPERSCRIPT = str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹")


def catalogue_file() -> Path:
    """Return the file of the catalogue."""
    return project.CACHE / "catalogue.json"


@dataclass
class Catalogue:
    """Figures by "module:name", numbers by module and name, tests by claim, what chapters build on, old records.

    Bodies are lines of Markdown for the pages that are made of all others.
    """

    figures: dict[str, dict] = field(default_factory=dict)
    values: dict[str, dict[str, Any]] = field(default_factory=dict)
    tests: dict[str, list[dict]] = field(default_factory=dict)
    needs: dict[str, list[str]] = field(default_factory=dict)
    stale: list[str] = field(default_factory=list)
    bodies: dict[str, list[str]] = field(default_factory=dict)


def results_file(module: str) -> Path:
    """Return the file that holds the numbers of a module."""
    return project.GENERATED / "results" / (module.replace(".", "/") + ".json")


def gather(made: dict[str, record.Entry]) -> Catalogue:
    """Gather what rendering needs from the record and the sources.

    What is not in the record was written while the rest was made; it is made right after.
    """
    known = Catalogue(needs={page: needed(page) for page in chapters()}, stale=list(recorded.stale()))
    for (module, name), alt in marked.figures().items():
        if entry := made.get(f"figure {module}:{name}"):
            known.figures[f"{module}:{name}"] = {"alt": alt, "size": entry["size"]}
    known.values = numbers(made)
    for check in [check for check in marked.checks() if check.node in made]:
        error, source = made[check.node].get("error"), check.source()
        entry = {"node": check.node, "source": source, "error": error, "by": check.by, "draws": check.draws}
        for id in check.ids:
            known.tests.setdefault(id, []).append(entry)
    known.values["book"] = _counts(known)
    return known


def needed(page: str) -> list[str]:
    """List the chapters from which a chapter imports, in its module or on its page, in reading order."""
    modules = (depends.parse(module_path(module_of(page))), *listings.modules(pages.read(page)))
    used = {file for module in modules for file in module.imports}
    return [name for name in chapters() if name != page and module_path(module_of(name)) in used]


def numbers(made: dict[str, record.Entry]) -> dict[str, dict[str, Any]]:
    """Return the numbers of each module by name."""
    found: dict[str, dict[str, Any]] = {}
    for module, function in marked.results():
        found.setdefault(module, {}).update(made.get(f"results {module}:{function}", {}).get("values", {}))
    return found


def _counts(known: Catalogue) -> dict[str, int]:
    """Count what the book says of itself."""
    boxes = pages.claims()
    verdicts = [box.verdict for box in boxes]
    return {
        "claims": len(boxes),
        "claims_tested": sum(box.id in known.tests for box in boxes),
        "claims_own": verdicts.count("own"),
        "claims_sources": len(boxes) - verdicts.count("own"),
        **{f"claims_{verdict}": verdicts.count(verdict) for verdict in pages.VERDICTS},
        "tests": len({test["node"] for found in known.tests.values() for test in found}),
        "figures": len(known.figures),
    }


def save(tree: str, known: Catalogue) -> None:
    """Write the catalogue of a tree."""
    write_atomically(catalogue_file(), json.dumps({"tree": tree, "made": vars(known)}))


def load(tree: str) -> Catalogue | None:
    """Read the catalogue of a tree; one that is absent, damaged or of another tree is gathered anew."""
    try:
        content = json.loads(catalogue_file().read_bytes())
        return Catalogue(**content["made"]) if content["tree"] == tree else None
    except (OSError, ValueError, KeyError, TypeError):
        return None


def substitute(line: str, page: str, known: Catalogue) -> str:
    """Put numbers and citations into a line."""

    def number(match: re.Match) -> str:
        module, name = pages.value_target(page, match)
        if name not in known.values.get(module, {}):
            raise BookError(f"docs/{page}: no number '{name}' in the results of {module}")
        return show(known.values[module][name], match["format"])

    def citation(match: re.Match) -> str:
        up = "../" * page.count("/")
        return f"[[{pages.bibliography().get(match[1], match[1])}]]({up}{pages.BIBLIOGRAPHY}#{match[1]})"

    return pages.CITATION.sub(citation, pages.VALUE.sub(number, line))


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
