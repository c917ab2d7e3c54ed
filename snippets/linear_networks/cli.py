"""The command that tells what the invariant and equivariant linear maps of a permutation, or of a group, look like."""

import argparse
import errno
import json
import re
import sys
from collections.abc import Iterator, Sequence
from itertools import chain, islice
from pathlib import Path

from snippets.command import OneLineParser, shortened
from snippets.linear_networks.components import (
    Component,
    Eigenvalue,
    Ranks,
    check_rank,
    check_ranks,
    components,
    count_components,
    describe,
    eigenvalues,
    extreme_components,
)
from snippets.linear_networks.permutations import Permutation, same_size
from snippets.linear_networks.report import (
    DIGITS,
    abbreviated,
    by_turn,
    component_lines,
    head_lines,
    report,
    row,
)

SHOWN = 20
LARGEST_LIST = 1_000_000
MOST_WORK = 20_000_000  # steps; a few seconds
PLAIN = str.maketrans(
    {
        "π": "pi",
        "→": "->",
        "·": "*",
        "…": "...",
        "≤": "<=",
        "×": "x",
        "−": "-",
        "²": "^2",
        "–": "-",
    }
)


def whole(text: str) -> int:
    """Read a whole number."""
    if not re.fullmatch(r"\s*-?[0-9]{1,9}\s*", text):
        raise argparse.ArgumentTypeError(
            f"{text!r} is not a whole number of at most nine digits"
        )
    return int(text)


def arguments(argv: Sequence[str] | None) -> argparse.Namespace:
    """Read the command line."""
    parser = OneLineParser(
        prog="python -m snippets.linear_networks", description=__doc__
    )
    add = parser.add_argument
    add(
        "permutation",
        nargs="+",
        help="'(1 3 4)(2 5)', '3 5 4 1 2', shift:28x28, rotate:3x3 or mirror:3x4; several generate a group",
    )
    add("--rank", type=whole, help="bound on the rank, 0 to the number of points")
    add(
        "--ranks",
        help="one component: a rank for each eigenvalue, slowest wave first, '13,10,9,8,7,5,3,1', or '1,1=13 28,27=10'",
    )
    add(
        "--near",
        type=Path,
        metavar="FILE",
        help="the component nearest to the matrix in a .npy or text file",
    )
    add(
        "--sort",
        choices=("largest", "smallest", "first"),
        help="which components come first (default: both ends)",
    )
    add(
        "--outputs",
        type=whole,
        help="rows of the invariant maps (default: the number of points)",
    )
    add("--size", type=whole, help="number of points; those not mentioned stay fixed")
    add("--json", action="store_true", help="print one JSON object")
    add(
        "--all", action="store_true", help=f"list all components, not the first {SHOWN}"
    )
    options = parser.parse_args(argv)
    options.generators = read_generators(options.permutation, options.size)
    options.sigma = options.generators[0]
    check(options, same_size(options.generators))
    return options


def read_generators(texts: list[str], size: int | None) -> list[Permutation]:
    """Read permutations of the same points; of several, each leaves fixed what only the others mention."""
    if len(texts) > 1 and size is None:
        whole_ones = [Permutation.parse(text).size for text in texts if "(" not in text]
        points = [
            int(point)
            for text in texts
            if "(" in text
            for point in re.findall(r"[0-9]{1,9}", text)
        ]
        size = max(whole_ones + points, default=None)
    return [Permutation.parse(text, size) for text in texts]


def check(options: argparse.Namespace, size: int) -> None:
    """Complete the options, and raise ValueError where they do not fit the permutation or each other."""
    if options.ranks is not None and len(options.generators) == 1:
        options.ranks = read_ranks(options.ranks, options.sigma)
        total = sum(key.weight * r for key, r in options.ranks.items())
        if options.rank not in (None, total):
            raise ValueError(
                f"the ranks of --ranks add up to {total}, not to --rank {options.rank}: leave --rank out"
            )
        options.rank = total
    if options.rank is None:
        raise ValueError(
            f"--rank is missing: choose 0 to {size}, or name one component with --ranks"
        )
    check_rank(options.rank, size)
    options.outputs = size if options.outputs is None else options.outputs
    if options.outputs < 1:
        raise ValueError(
            f"{options.outputs} outputs are not possible: choose at least 1"
        )
    if len(options.generators) > 1:
        only = [
            name for name in ("ranks", "sort") if getattr(options, name) is not None
        ]
        if only:
            raise ValueError(
                f"--{only[0]} is for a single permutation; a group gets its kinds and counts"
            )
    elif options.rank**2 > MOST_WORK:
        raise ValueError(
            f"rank {options.rank} is too large to count components: choose at most {int(MOST_WORK**0.5)}"
        )


def read_ranks(text: str, sigma: Permutation) -> Ranks:
    """Read a component: '13,10,9', by the slowest waves, or '1,1=13 28,27=10', by labels."""
    spectrum = by_turn(sigma)
    if "=" in text:
        pairs = re.findall(r"(\S+?)=(\S+)", text)
        if not pairs or not all(
            re.fullmatch(r"[0-9]+,[0-9]+", key) and re.fullmatch(r"[0-9]+", r)
            for key, r in pairs
        ):
            raise ValueError(
                f"{text!r} does not read as ranks such as '1,1=13 28,27=10'"
            )
        ranks = {Eigenvalue(*map(int, key.split(","))): int(r) for key, r in pairs}
    else:
        numbers = text.replace(",", " ").split()
        if not numbers or not all(re.fullmatch(r"[0-9]{1,9}", r) for r in numbers):
            raise ValueError(f"{text!r} does not read as ranks such as '13,10,9'")
        if len(numbers) > len(spectrum):
            raise ValueError(
                f"{len(numbers)} ranks for {len(spectrum)} eigenvalues: give at most {len(spectrum)}"
            )
        ranks = dict(zip(spectrum, map(int, numbers), strict=False))
    check_ranks(spectrum, ranks)
    return ranks


def read_matrix(path: Path):
    """Return the matrix in a file as a tensor; raise ValueError where there is none."""
    import numpy as np
    import torch

    try:
        read = np.atleast_2d(
            np.load(path) if path.suffix.lower() == ".npy" else numbers(path)
        )
    except OSError as problem:
        raise ValueError(
            f"{path} cannot be read: {problem.strerror or problem}"
        ) from None
    except (ValueError, EOFError):
        read = np.array([[]])
    if read.ndim != 2 or not read.size or read.dtype.kind not in "fiub":
        raise ValueError(
            f"{path} holds no matrix of real numbers: write a row a line, or save it with numpy.save as .npy"
        )
    if not np.isfinite(read).all():
        raise ValueError(f"{path} holds NaN or infinity: give finite numbers")
    return torch.as_tensor(read.astype(np.float64))


def numbers(path: Path) -> list[list[float]]:
    """Return the numbers in a text, row by row, between blanks, commas or semicolons; # begins a comment."""
    rows = path.read_text(encoding="utf-8-sig").splitlines()
    cells = [re.split(r"[\s,;]+", row.split("#")[0].strip()) for row in rows]
    return [[float(cell) for cell in row] for row in cells if row != [""]]


def near_ranks(path: Path, sigma: Permutation, rank: int) -> tuple[Ranks, float]:
    """Return the ranks of the component nearest to a matrix in a file, and the distance to it."""
    from snippets.linear_networks.equivariance import best_ranks, nearest_equivariant

    M = read_matrix(path)
    ranks = best_ranks(M, sigma, rank)
    return ranks, float((M - nearest_equivariant(M, sigma, ranks)).norm())


def listed(options: argparse.Namespace) -> tuple[Iterator[Component], str]:
    """Return the components to list, and what to say below them."""
    sigma, rank = options.sigma, options.rank
    spectrum = eigenvalues(sigma)
    found = count_components(sigma, rank).real
    if options.near is not None:
        ranks, distance = near_ranks(options.near, sigma, rank)
        return iter(
            [describe(spectrum, ranks, DIGITS)]
        ), f"the nearest component, at distance {distance:.6g}"
    if options.ranks is not None:
        return iter([describe(spectrum, options.ranks, DIGITS)]), ""
    work = sum(min(d, rank) * rank for d in spectrum.values()) * SHOWN
    if options.sort not in (None, "first") and work > MOST_WORK:
        raise ValueError(
            f"to sort so many components takes too long (about {work:,} steps): use --sort first"
        )
    order = options.sort or (
        "first" if options.all or work > MOST_WORK else "both ends"
    )
    if options.all:
        return every_component(sigma, rank, order, found), ""
    if order == "first":
        chosen, note = (
            islice(components(sigma, rank, DIGITS), SHOWN),
            f"the first {SHOWN} of {abbreviated(found)}",
        )
    elif order == "both ends" and found > SHOWN:
        ends = [
            extreme_components(sigma, rank, SHOWN // 2, smallest=low, digits=DIGITS)
            for low in (False, True)
        ]
        chosen, note = (
            chain(*ends),
            f"{SHOWN} of {abbreviated(found)}: those of largest and of smallest dimension",
        )
    else:
        low = order == "smallest"
        chosen = extreme_components(sigma, rank, SHOWN, smallest=low, digits=DIGITS)
        note = f"{SHOWN} of {abbreviated(found)}, {order} dimension first"
    return (
        chosen,
        f"{note}; see --sort, --ranks, --near and --all" if found > SHOWN else "",
    )


def every_component(
    sigma: Permutation, rank: int, order: str, found: int
) -> Iterator[Component]:
    """Return all components, as they come or sorted by dimension."""
    if order == "first":
        return components(sigma, rank, DIGITS)
    if found > LARGEST_LIST:
        raise ValueError(
            f"--all cannot sort {found:,} components, only {LARGEST_LIST:,}: use --sort first"
        )
    return iter(
        sorted(
            components(sigma, rank, DIGITS),
            key=lambda one: one.dimension,
            reverse=order == "largest",
        )
    )


def run(options: argparse.Namespace) -> Iterator[str]:
    """Yield the lines of the answer."""
    if len(options.generators) > 1:
        from snippets.linear_networks.group_report import group_lines, group_report

        near = None if options.near is None else read_matrix(options.near)
        told = group_report(options.generators, options.outputs, options.rank, near)
        yield from [json.dumps(told)] if options.json else group_lines(told)
        return
    sigma = options.sigma
    told = report(sigma, options.outputs, options.rank)
    found = told["equivariant"]["real_components"]
    if options.json and options.all and found > LARGEST_LIST:
        raise ValueError(
            f"--all would list {found:,} components, more than {LARGEST_LIST:,}: leave it out"
        )
    chosen, note = listed(options)
    if options.json:
        told["equivariant"]["components"] = [row(one) for one in chosen]
        yield json.dumps(told)
        return
    yield from head_lines(sigma, told)
    yield from component_lines(chosen)
    if note:
        yield f"  … {note}"


def say(line: str, stream) -> None:
    """Print a line, in plain letters where the terminal has no others."""
    if stream is None:
        raise OSError(errno.EBADF, "it is closed")
    try:
        line.encode(stream.encoding or "utf-8")
    except UnicodeEncodeError:
        line = line.translate(PLAIN).encode("ascii", "replace").decode()
    print(line, file=stream)


def complain(line: str) -> None:
    """Print a line of bounded length on standard error; where that is impossible, the status has to do."""
    try:
        say(shortened(line), sys.stderr)
    except OSError:
        sys.stderr = None  # else Python tries once more


def main(argv: Sequence[str] | None = None) -> int:
    """Print the answer; return 0, 2 with one line on standard error for bad input, or 130 after an interrupt."""
    sys.set_int_max_str_digits(0)
    try:
        for line in run(arguments(argv)):
            say(line, sys.stdout)
        sys.stdout.flush()
    except ValueError as error:
        complain(f"error: {error}")
        return 2
    except KeyboardInterrupt:
        complain("interrupted")
        return 130
    except OSError as problem:  # the pipe is closed, or the disk is full
        sys.stdout = None  # else Python tries once more
        if isinstance(problem, BrokenPipeError):
            return 0
        complain(f"error: standard output cannot be written: {problem.strerror}")
        return 2
    return 0
