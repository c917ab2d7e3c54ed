"""Dimension, degree and Euclidean distance degree of the matrices of bounded rank, in exact integers."""

# --8<-- [start:setup]
from functools import cache
from math import comb, fsum, lgamma, log, prod

# --8<-- [end:setup]


# --8<-- [start:dimension]
def bounded(rank: int, rows: int, columns: int) -> int:
    """Return min(rank, rows, columns); raise ValueError for impossible sizes."""
    if rows < 1 or columns < 1:
        raise ValueError(
            f"a {rows}x{columns} matrix has no entries: rows and columns start at 1"
        )
    if rank < 0:
        raise ValueError(f"rank {rank} is negative: ranks start at 0")
    return min(rank, rows, columns)


def dimension(rank: int, rows: int, columns: int) -> int:
    """Dimension of the matrices of rank at most r: r (rows + columns − r)."""
    r = bounded(rank, rows, columns)
    return r * (rows + columns - r)
    # --8<-- [end:dimension]


# --8<-- [start:degree]
@cache
def degree(rank: int, rows: int, columns: int) -> int:
    """Degree of it: ∏ C(rows + i, r) / C(r + i, r) over 0 ≤ i < columns − r.

    Source: Harris, Algebraic Geometry, Example 19.10.
    """
    r = bounded(rank, rows, columns)
    s = columns - r
    if r < s:  # the same quotient, as a shorter product
        over = prod(comb(rows + s - i, s) for i in range(1, r + 1))
        return over // prod(comb(columns - i, s) for i in range(1, r + 1))
    over = prod(comb(rows + i, r) for i in range(s))
    return over // prod(comb(r + i, r) for i in range(s))
    # --8<-- [end:degree]


# --8<-- [start:ed_degree]
def ed_degree(rank: int, rows: int, columns: int) -> int:
    """Critical points of the distance to it: choose r singular values to keep."""
    return comb(min(rows, columns), bounded(rank, rows, columns))
    # --8<-- [end:ed_degree]


def log10_comb(n: int, k: int) -> float:
    """Return the decimal logarithm of C(n, k)."""
    return (lgamma(n + 1) - lgamma(k + 1) - lgamma(n - k + 1)) / log(10)


@cache
def log10_degree(rank: int, rows: int, columns: int) -> float:
    """Return the decimal logarithm of the degree, also where it has too many digits to be written down."""
    r = bounded(rank, rows, columns)
    s = columns - r
    if r < s:
        return fsum(
            log10_comb(rows + s - i, s) - log10_comb(columns - i, s)
            for i in range(1, r + 1)
        )
    return fsum(log10_comb(rows + i, r) - log10_comb(r + i, r) for i in range(s))
