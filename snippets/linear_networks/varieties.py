"""Varieties: zero sets of polynomials, their dimension, degree and singular points."""

# --8<-- [start:setup]
from itertools import combinations, product

import sympy
import torch
from jaxtyping import Float
from torch import Tensor

from snippets.linear_networks.function_spaces import differential_rank

# --8<-- [end:setup]


# --8<-- [start:minors]
def minors(M: Float[Tensor, "m n"], size: int) -> Float[Tensor, " count"]:
    """Return the determinants of all square submatrices of a size."""
    rows = list(combinations(range(M.shape[0]), size))
    columns = list(combinations(range(M.shape[1]), size))
    chosen = [M[list(r)][:, list(c)] for r, c in product(rows, columns)]
    return torch.stack([torch.linalg.det(square) for square in chosen])
    # --8<-- [end:minors]


# --8<-- [start:codimension]
def normal_rank(M: Float[Tensor, "m n"], rank: int) -> int:
    """Rank, at M, of the differentials of the equations of {rank ≤ r}."""

    def equations(entries):
        return minors(entries.reshape(M.shape), rank + 1)

    return differential_rank(equations, M.flatten())
    # --8<-- [end:codimension]


# --8<-- [start:count_solutions]
def count_solutions(
    equations: list[sympy.Expr], unknowns: list[sympy.Symbol], prime: int = 32003
) -> int:
    """Count the complex solutions, with multiplicity, of polynomial equations.

    The coefficients are integers, and the Gröbner basis is computed modulo a large
    prime: except for unlucky coefficients the count is the same.
    """
    basis = sympy.groebner(equations, *unknowns, modulus=prime, order="grevlex")
    leading = [p.monoms(order="grevlex")[0] for p in basis.polys]
    powers = [[m[i] for m in leading if sum(m) == m[i]] for i in range(len(unknowns))]
    if not all(powers):
        raise ValueError("there are infinitely many solutions: add equations")

    def divides(lead, monomial):
        return all(a <= b for a, b in zip(lead, monomial, strict=True))

    box = product(*(range(min(p)) for p in powers))
    return sum(not any(divides(lead, m) for lead in leading) for m in box)
    # --8<-- [end:count_solutions]


# --8<-- [start:slice]
def degree_by_slicing(
    equations: list[sympy.Expr],
    unknowns: list[sympy.Symbol],
    dimension: int,
    seed: int = 0,
) -> int:
    """Degree of a variety: count its points where random linear equations hold.

    There are as many of these equations as the variety has dimensions.
    """
    draw = torch.Generator().manual_seed(seed)
    shape = (dimension, len(unknowns) + 1)
    rows = torch.randint(-500, 500, shape, generator=draw).tolist()
    terms = [zip(row, [*unknowns, 1], strict=True) for row in rows]
    cuts = [sum(a * x for a, x in pairs) for pairs in terms]
    return count_solutions([*equations, *cuts], unknowns)
    # --8<-- [end:slice]


# --8<-- [start:symbolic_minors]
def symbolic_minors(
    m: int, n: int, rank: int
) -> tuple[list[sympy.Expr], list[sympy.Symbol]]:
    """Return the equations of the m×n matrices of bounded rank and their unknowns."""
    M = sympy.Matrix(m, n, lambda i, j: sympy.Symbol(f"x{i}{j}"))
    k = rank + 1
    chosen = product(combinations(range(m), k), combinations(range(n), k))
    return [M.extract(list(r), list(c)).det() for r, c in chosen], list(M)
    # --8<-- [end:symbolic_minors]


def coin_model(s: Float[Tensor, "..."]) -> Float[Tensor, "... 3"]:
    """Toss a coin, and after heads once more: probabilities of the three outcomes."""
    return torch.stack([s * s, s * (1 - s), 1 - s], dim=-1)


def maximum_likelihood(u: Float[Tensor, "3"]) -> Float[Tensor, ""]:
    """Estimate s from counts: heads over tosses."""
    return (2 * u[0] + u[1]) / (2 * u[0] + 2 * u[1] + u[2])


# --8<-- [start:elliptope]
def elliptope(x, y, z):
    """Determinant of the matrix with ones on the diagonal and x, y, z beside it."""
    return 1 + 2 * x * y * z - x**2 - y**2 - z**2
    # --8<-- [end:elliptope]


# --8<-- [start:solution_cone]
def cone_equations() -> tuple[list[sympy.Expr], list[sympy.Symbol]]:
    """The symmetric 2×2 matrices ((a, b), (b, c)) of rank at most one."""
    a, b, c = sympy.symbols("a b c")
    return [a * c - b**2], [a, b, c]
    # --8<-- [end:solution_cone]


# --8<-- [start:solution_two_rows]
def two_row_slice(n: int, seed: int = 0) -> sympy.Poly:
    """Return the polynomial in t: where the rows v and t v meet a random plane."""
    draw, t = torch.Generator().manual_seed(seed), sympy.Symbol("t")
    p, q = torch.randint(-9, 10, (2, n + 1, n + 1), generator=draw).tolist()
    left = t * sympy.Matrix(q)[:, :n] + sympy.Matrix(p)[:, :n]
    return sympy.Poly(left.row_join(sympy.Matrix(p)[:, n]).det(), t)
    # --8<-- [end:solution_two_rows]
