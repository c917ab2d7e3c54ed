"""The command that tells what a permutation's invariant and equivariant linear maps look like."""

# ruff: noqa: E741 (l is the letter of the slides)

import argparse
import json
import os
import re
import sys
from collections.abc import Iterator, Sequence
from itertools import islice
from math import gcd
from typing import Any, NoReturn

from snippets.linear_networks import determinantal
from snippets.linear_networks.components import (
    Component,
    check_rank,
    components,
    count_components,
    multiplicities,
)
from snippets.linear_networks.permutations import (
    Permutation,
    cycle_decomposition,
    partition,
)

SHOWN = 20
LARGEST_LIST = 1_000_000
LARGEST_DEGREE = 500_000  # rank times cycles, roughly its number of digits


class OneLineParser(argparse.ArgumentParser):
    """A parser whose complaints fit on one line."""

    def error(self, message: str) -> NoReturn:
        """Print the complaint and leave with status 2."""
        self.exit(2, f"error: {' '.join(message.split())}; --help says what is allowed\n")


def whole(text: str) -> int:
    """Read a whole number."""
    if not re.fullmatch(r"-?[0-9]{1,9}", text):
        raise argparse.ArgumentTypeError(f"{text!r} is not a whole number of at most nine digits")
    return int(text)


def arguments(argv: Sequence[str] | None) -> argparse.Namespace:
    """Read the command line."""
    parser = OneLineParser(prog="python -m snippets.linear_networks", description=__doc__)
    parser.add_argument("permutation", help="'(1 3 4)(2 5)', '3 5 4 1 2', shift:28x28 or rotate:3x3")
    parser.add_argument("--rank", type=whole, required=True, help="bound on the rank, 0 to the number of points")
    parser.add_argument("--outputs", type=whole, help="rows of the invariant maps (default: the number of points)")
    parser.add_argument("--size", type=whole, help="number of points; those not mentioned stay fixed")
    parser.add_argument("--json", action="store_true", help="print one JSON object")
    parser.add_argument("--all", action="store_true", help=f"list all components, not the first {SHOWN}")
    options = parser.parse_args(argv)
    options.sigma = Permutation.parse(options.permutation, options.size)
    check_rank(options.rank, options.sigma.size)
    options.outputs = options.sigma.size if options.outputs is None else options.outputs
    if options.outputs < 1:
        raise ValueError(f"{options.outputs} outputs are not possible: choose at least 1")
    check_degree(options.rank, len(partition(options.sigma)))
    return options


def check_degree(rank: int, cycles: int) -> None:
    """Raise ValueError where exact degrees would have too many digits to compute them."""
    if rank * cycles > LARGEST_DEGREE:
        raise ValueError(
            f"rank {rank} with {cycles:,} cycles makes degrees of up to about {rank * cycles:,} digits: "
            f"choose a rank of at most {LARGEST_DEGREE // cycles}"
        )


def invariant(sigma: Permutation, outputs: int, rank: int) -> dict[str, int]:
    """Describe the invariant maps: outputs×k matrices of bounded rank, with k the number of cycles."""
    shape = (rank, outputs, len(partition(sigma)))
    return {
        "outputs": outputs,
        "rank": rank,
        "dimension": determinantal.dimension(*shape),
        "degree": determinantal.degree(*shape),
        "ed_degree": determinantal.ed_degree(*shape),
    }


def row(one: Component) -> dict[str, Any]:
    """Write a component with its ranks keyed as in "28,27"."""
    return one._asdict() | {"ranks": {str(key): r for key, r in one.ranks.items()}}


def equivariant(sigma: Permutation, rank: int) -> dict[str, Any]:
    """Describe the equivariant maps, without the list of components."""
    counts = count_components(sigma, rank)
    spectrum = multiplicities(sigma)
    return {
        "rank": rank,
        "commutant_dimension": sum(d * d * primitive(l) for l, d in spectrum.items()),
        "real_components": counts.real,
        "all_real_components": counts.all_real,
        "complex_components": counts.complex,
    }


def primitive(l: int) -> int:
    """Count the primitive l-th roots of unity."""
    return sum(gcd(l, m) == 1 for m in range(1, l + 1))


def report(sigma: Permutation, outputs: int, rank: int) -> dict[str, Any]:
    """Collect what the command prints, except the components."""
    return {
        "size": sigma.size,
        "cycles": cycle_decomposition(sigma),
        "order": sigma.order,
        "multiplicities": {str(l): d for l, d in multiplicities(sigma).items()},
        "invariant": invariant(sigma, outputs, rank),
        "equivariant": equivariant(sigma, rank),
    }


def abbreviated(value: int, longest: int = 30) -> str:
    """Write an integer in full, or by its size where it has more digits than fit a line."""
    text = str(value)
    short = f"{text[0]}.{text[1:3]}e{len(text) - 1} ({len(text):,} digits)"
    return f"{value:,}" if len(text) <= longest else short


def brief(parts: Sequence[Sequence[int]], brackets: str) -> str:
    """Write cycles or sets, the first ones only where there are many."""
    shown = [brackets[0] + " ".join(map(str, part[:8])) + " …" * (len(part) > 8) + brackets[1] for part in parts[:6]]
    return " ".join(shown) + f" … {len(parts)} in all" * (len(parts) > 6)


def lines(sigma: Permutation, told: dict[str, Any], listed: Iterator[Component]) -> Iterator[str]:
    """Write the report for a person."""
    maps, rank = told["equivariant"], told["equivariant"]["rank"]
    yield f"permutation of {sigma.size} points, order {sigma.order:,}"
    yield f"cycles       {brief(told['cycles'], '()')}"
    yield f"partition    {brief(partition(sigma), '{}')}"
    yield (
        "eigenvalues  "
        + ", ".join(f"exp(2πi/{l}): {d}" for l, d in told["multiplicities"].items())
        + "  (multiplicity of each primitive root)"
    )
    yield f"\ninvariant maps R^{sigma.size} → R^{told['invariant']['outputs']} of rank at most {rank}"
    for name in ("dimension", "degree", "ed_degree"):
        yield f"  {name.replace('ed_', 'ED '):<11}{abbreviated(told['invariant'][name])}"
    r = determinantal.bounded(rank, told["invariant"]["outputs"], len(told["cycles"]))
    yield f"  parameters {r * (told['invariant']['outputs'] + len(told['cycles'])):,}"
    yield f"\nequivariant maps R^{sigma.size} → R^{sigma.size} of rank at most {rank}"
    yield f"  dimension of the commutant        {maps['commutant_dimension']:,}"
    yield f"  real components with rank {rank:<8}{maps['real_components']:,}"
    yield f"  all real components               {maps['all_real_components']:,}"
    yield f"  complex components                {maps['complex_components']:,}"
    yield "\n  dimension  parameters  degree · ED degree · ranks r_l,m that are not zero"
    for one in listed:
        ranks = " ".join(f"r_{key}={r}" for key, r in one.ranks.items() if r) or "none"
        sizes = f"{abbreviated(one.degree)} · {abbreviated(one.ed_degree)}"
        yield f"  {one.dimension:>9,}  {one.parameters:>10,}  {sizes} · {ranks}"


def run(options: argparse.Namespace) -> Iterator[str]:
    """Yield the lines of the answer."""
    sigma, rank = options.sigma, options.rank
    told = report(sigma, options.outputs, rank)
    found = told["equivariant"]["real_components"]
    listed = components(sigma, rank) if options.all else islice(components(sigma, rank), SHOWN)
    if options.json:
        if options.all and found > LARGEST_LIST:
            raise ValueError(f"--all would list {found:,} components, more than {LARGEST_LIST:,}: leave it out")
        told["equivariant"]["components"] = [row(one) for one in listed]
        yield json.dumps(told)
        return
    yield from lines(sigma, told, listed)
    if found > SHOWN and not options.all:
        yield f"  … the first {SHOWN} of {found:,}; --all lists them all"


def main(argv: Sequence[str] | None = None) -> int:
    """Print the answer; return 0, or 2 with one line on standard error where the input is not right."""
    sys.set_int_max_str_digits(0)
    try:
        for line in run(arguments(argv)):
            print(line)
        sys.stdout.flush()
    except ValueError as error:
        print(f"error: {error}", file=sys.stderr)
        return 2
    except BrokenPipeError:  # pragma: no cover  (happens in a process of its own)
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    return 0
