"""Permutations of the points 1, …, n: notation, cycles, partitions, and the symmetries of pictures."""

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from math import lcm

Partition = tuple[tuple[int, ...], ...]
MOST_POINTS = 1_048_576  # a picture of 1024×1024 pixels


@dataclass(frozen=True)
class Permutation:
    """A permutation σ of the points 1, …, n, stored as the tuple (σ(1), …, σ(n))."""

    images: tuple[int, ...]

    def __post_init__(self) -> None:
        """Raise ValueError unless every point occurs exactly once."""
        n = len(self.images)
        if not n:
            raise ValueError("the permutation is empty: give at least one point")
        for point, count in Counter(self.images).items():
            if not 1 <= point <= n:
                raise ValueError(f"{point} is not one of the points 1 to {n}")
            if count > 1:
                raise ValueError(
                    f"{point} occurs {count} times: every point from 1 to {n} occurs once"
                )

    @property
    def size(self) -> int:
        """The number n of points."""
        return len(self.images)

    @property
    def order(self) -> int:
        """The smallest positive power of σ that is the identity."""
        return lcm(*map(len, cycle_decomposition(self)))

    def __call__(self, point: int) -> int:
        """Return σ(point)."""
        if not 1 <= point <= self.size:
            raise ValueError(f"{point} is not one of the points 1 to {self.size}")
        return self.images[point - 1]

    def __matmul__(self, other: "Permutation") -> "Permutation":
        """Compose: (σ @ τ)(i) = σ(τ(i))."""
        same_size((self, other))
        return Permutation(tuple(self.images[i - 1] for i in other.images))

    def __pow__(self, exponent: int) -> "Permutation":
        """Return σ applied `exponent` times; negative exponents go backwards."""
        images = list(self.images)
        for cycle in cycle_decomposition(self):
            for position, point in enumerate(cycle):
                images[point - 1] = cycle[(position + exponent) % len(cycle)]
        return Permutation(tuple(images))

    def __str__(self) -> str:
        """Write σ in cycles, fixed points included, so that the size can be read off."""
        return "".join(
            f"({' '.join(map(str, cycle))})" for cycle in cycle_decomposition(self)
        )

    @classmethod
    def from_cycles(cls, text: str, size: int | None = None) -> "Permutation":
        """Read "(1 3 4)(2 5)"; without a size every point up to the largest must be mentioned."""
        if not re.fullmatch(r"\s*(\([^()]*\)\s*)+", text):
            raise ValueError(
                f"{text!r} is not a product of cycles such as '(1 3 4)(2 5)'"
            )
        cycles = [_points(cycle) for cycle in re.findall(r"\(([^()]*)\)", text)]
        mentioned = Counter(point for cycle in cycles for point in cycle)
        n = max(mentioned) if size is None else size
        if size is None:
            _check_gaps(mentioned, n, cycles)
        _check_cycles(mentioned, n)
        images = list(range(1, n + 1))
        for cycle in cycles:
            for point, image in zip(cycle, cycle[1:] + cycle[:1], strict=True):
                images[point - 1] = image
        return cls(tuple(images))

    @classmethod
    def from_one_line(cls, text: str) -> "Permutation":
        """Read "3 5 4 1 2", that is σ(1) σ(2) … σ(n)."""
        return cls(tuple(_points(text)))

    @classmethod
    def shift(
        cls, rows: int, columns: int, *, down: int = 0, right: int = 1
    ) -> "Permutation":
        """Move a picture cyclically; its pixels are numbered row by row."""
        _positive(rows, columns)
        places = ((row, column) for row in range(rows) for column in range(columns))
        return cls(
            tuple(
                (i - down) % rows * columns + (j - right) % columns + 1
                for i, j in places
            )
        )

    @classmethod
    def rotation(cls, side: int) -> "Permutation":
        """Rotate a square picture clockwise by 90 degrees; its pixels are numbered row by row."""
        _positive(side)
        places = ((row, column) for row in range(side) for column in range(side))
        return cls(
            tuple((side - 1 - column) * side + row + 1 for row, column in places)
        )

    @classmethod
    def mirror(cls, rows: int, columns: int) -> "Permutation":
        """Mirror a picture left to right; its pixels are numbered row by row."""
        _positive(rows, columns)
        places = ((row, column) for row in range(rows) for column in range(columns))
        return cls(tuple(columns * (row + 1) - column for row, column in places))

    @classmethod
    def parse(cls, text: str, size: int | None = None) -> "Permutation":
        """Read cycles, "3 5 4 1 2", `shift:28x28`, `rotate:3x3` or `mirror:3x4`, with or without blanks around it."""
        text = text.strip()
        if ":" in text or text.startswith(("shift", "rotate", "mirror")):
            sigma = _picture(text)
        elif "(" in text or ")" in text or not text:
            return cls.from_cycles(text, size)
        else:
            sigma = cls.from_one_line(text)
        if size not in (None, sigma.size):
            raise ValueError(
                f"size {size} does not fit {text!r}, which permutes {sigma.size} points"
            )
        return sigma


def _points(text: str) -> list[int]:
    tokens = text.replace(",", " ").split()
    for token in tokens:
        if not re.fullmatch(r"[0-9]{1,9}", token):
            raise ValueError(
                f"{token!r} is not a point: points are the whole numbers 1, 2, 3, …"
            )
    if not tokens:
        raise ValueError(
            "() is an empty cycle: for the identity write (1) and give a size"
        )
    return [int(token) for token in tokens]


def _check_gaps(mentioned: Counter, n: int, cycles: list[list[int]]) -> None:
    """Raise ValueError where a point is missing; say first how it was probably meant."""
    missing = next((point for point in range(1, n + 1) if point not in mentioned), None)
    if missing is None or not all(mentioned):
        return
    digits = [list("".join(map(str, cycle))) for cycle in cycles]
    listed = sorted(digit for cycle in digits for digit in cycle)
    if listed == [str(i + 1) for i in range(len(listed))]:
        meant = "".join(f"({' '.join(cycle)})" for cycle in digits)
        raise ValueError(
            f"write {meant}, with blanks: as it stands it names the point {n} but not {missing}"
        )
    raise ValueError(
        f"point {missing} is missing: write ({missing}) if it is fixed, or give the size {n}"
    )


def _check_cycles(mentioned: Counter, n: int) -> None:
    if n < 1:
        raise ValueError(f"{n} is not allowed: points and sizes start at 1")
    _check_size(n)
    for point, count in mentioned.items():
        if not 1 <= point <= n:
            raise ValueError(f"{point} is not one of the points 1 to {n}")
        if count > 1:
            raise ValueError(
                f"point {point} occurs {count} times: cycles must be disjoint"
            )


def _positive(*sides: int) -> None:
    for side in sides:
        if side < 1:
            raise ValueError(f"a picture cannot have the side {side}: sides start at 1")
    _check_size(sides[0] * sides[-1])


def _check_size(points: int) -> None:
    if points > MOST_POINTS:
        raise ValueError(f"{points:,} points are too many: at most {MOST_POINTS:,}")


def _picture(text: str) -> Permutation:
    found = re.fullmatch(
        r"(shift|rotate|mirror)\s*:\s*([0-9]{1,7})\s*[x×]\s*([0-9]{1,7})", text
    )
    if not found:
        raise ValueError(
            f"{text!r} is not a picture symmetry such as 'shift:28x28', 'rotate:3x3' or 'mirror:3x4'"
        )
    rows, columns = int(found[2]), int(found[3])
    if found[1] == "shift":
        return Permutation.shift(rows, columns)
    if found[1] == "mirror":
        return Permutation.mirror(rows, columns)
    if rows != columns:
        raise ValueError(
            f"{text!r} does not map a {rows}x{columns} picture to itself: rotate a square one"
        )
    return Permutation.rotation(rows)


def same_size(permutations: Sequence[Permutation]) -> int:
    """Return the common number of points; raise ValueError where they differ."""
    sizes = sorted({sigma.size for sigma in permutations})
    if not sizes:
        raise ValueError(
            "no permutation is given: the identity is Permutation((1, 2, …, n))"
        )
    if len(sizes) != 1:
        raise ValueError(
            f"permutations of the sizes {sizes} do not act on the same points: pass one size"
        )
    return sizes[0]


# --8<-- [start:cycle_decomposition]
@lru_cache(maxsize=8)  # asked for again and again
def cycle_decomposition(sigma: Permutation) -> Partition:
    """Return the disjoint cycles of σ; a fixed point is a cycle of length one."""
    cycles, seen = [], set()
    for start in range(1, sigma.size + 1):
        cycle, point = [], start
        while point not in seen:
            seen.add(point)
            cycle.append(point)
            point = sigma.images[point - 1]
        if cycle:
            cycles.append(tuple(cycle))
    return tuple(cycles)


def partition(sigma: Permutation) -> Partition:
    """Return the sets of points that σ's cycles run through, each sorted."""
    return tuple(tuple(sorted(cycle)) for cycle in cycle_decomposition(sigma))
    # --8<-- [end:cycle_decomposition]


# --8<-- [start:common_coarsening]
def common_coarsening(*permutations: Permutation) -> Partition:
    """Return the finest partition into unions of cycles of every permutation."""
    part = {point: {point} for point in range(1, same_size(permutations) + 1)}
    for sigma in permutations:
        for point, image in enumerate(sigma.images, start=1):
            small, large = sorted((part[point], part[image]), key=len)
            if small is not large:
                large |= small
                part.update(dict.fromkeys(small, large))
    return tuple(sorted({tuple(sorted(members)) for members in part.values()}))


def witness(parts: Partition) -> Permutation:
    """Return one permutation whose cycles are the parts given."""
    cycles = (f"({' '.join(map(str, part))})" for part in parts)
    return Permutation.from_cycles("".join(cycles))
    # --8<-- [end:common_coarsening]
