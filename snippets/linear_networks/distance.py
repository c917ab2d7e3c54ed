"""Distance: the nearest map of bounded rank, and how many critical points there are to search."""

# --8<-- [start:setup]
from itertools import combinations

import sympy
import torch
from jaxtyping import Float
from torch import Tensor

from snippets.linear_algebra.svd import truncate
from snippets.linear_networks.invariance import check_columns, part_of, sharing
from snippets.linear_networks.permutations import Partition
from snippets.linear_networks.varieties import count_solutions

# --8<-- [end:setup]


# --8<-- [start:nearest_invariant]
def average(
    M: Float[Tensor, "*batch m n"], parts: Partition
) -> Float[Tensor, "*batch m k"]:
    """Return the mean column of each part: ψ of the nearest invariant matrix."""
    E = sharing(parts, M.dtype).to(M.device)
    check_columns(M, E.shape[1])
    return M @ E.T / E.sum(dim=1)


def nearest_invariant(
    M: Float[Tensor, "*batch m n"], parts: Partition, rank: int
) -> Float[Tensor, "*batch m n"]:
    """Return the nearest invariant map of rank at most r: average in place, truncate.

    One column is kept for each part; the root of the size of the part is its weight.
    """
    weights = sharing(parts, M.dtype).to(M.device).sum(dim=1).sqrt()
    means = average(M, parts) * weights
    cut = truncate(means, min(rank, *means.shape[-2:])) / weights
    return cut[..., part_of(parts)]
    # --8<-- [end:nearest_invariant]


# --8<-- [start:critical_on_curve]
def critical_on_curve(
    f: sympy.Expr, x: sympy.Symbol, y: sympy.Symbol, u: tuple[int, int]
) -> int:
    """Count the critical points of the distance from u to the curve f = 0.

    There the gradient of f is parallel to the line to u. Singular points are left
    out: the new unknown t is one over a random combination of the derivatives.
    """
    t, fx, fy = sympy.Symbol("t"), f.diff(x), f.diff(y)
    parallel = (x - u[0]) * fy - (y - u[1]) * fx
    smooth = t * (3 * fx + 7 * fy) - 1
    return count_solutions([f, parallel, smooth], [x, y, t])
    # --8<-- [end:critical_on_curve]


# --8<-- [start:critical_rank_one]
def critical_rank_one(
    target: list[list[int]],
    *,
    inputs: list[list[int]] | None = None,
    weights: list[list[int]] | None = None,
    form: list[list[int]] | None = None,
) -> int:
    """Count the critical points of ‖a bᵀ X − Y‖² over matrices a bᵀ of rank one.

    Without inputs X is the identity. The first entry of b is 1, to fix the gauge.
    Weights multiply the squared entries; a form is a matrix G, for eᵀ G e with the
    entries e of the error, row by row. The new unknown t is one over a random
    combination of the entries of a: where a = 0 there is none.
    """
    Y = sympy.Matrix(target)
    X = sympy.Matrix(inputs) if inputs else sympy.eye(Y.shape[1])
    W = sympy.Matrix(weights) if weights else sympy.ones(*Y.shape)
    a = sympy.symbols(f"a0:{Y.shape[0]}")
    b = (1, *sympy.symbols(f"b1:{X.shape[0]}"))
    error = sympy.Matrix(list(sympy.Matrix(a) * sympy.Matrix([b]) * X - Y))
    G = sympy.Matrix(form) if form else sympy.diag(*W)
    loss = sympy.expand((error.T * G * error)[0])
    unknowns, t = [*a, *b[1:]], sympy.Symbol("t")
    slopes = [loss.diff(v) for v in unknowns]
    nonzero = t * sum((2 * i + 3) * entry for i, entry in enumerate(a)) - 1
    return count_solutions([*slopes, nonzero], [*unknowns, t])
    # --8<-- [end:critical_rank_one]


# --8<-- [start:ellipse]
def real_critical(
    u: Float[Tensor, "2"], half_axes: Float[Tensor, "2"], samples: int = 20_000
) -> int:
    """Count sign changes of the derivative of the distance from u to an ellipse."""
    theta = torch.linspace(0, 2 * torch.pi, samples + 1) + 1e-4
    point = half_axes * torch.stack([theta.cos(), theta.sin()], dim=1)
    tangent = half_axes * torch.stack([-theta.sin(), theta.cos()], dim=1)
    slope = ((point - u) * tangent).sum(dim=1)
    return int((slope[1:] * slope[:-1] < 0).sum())
    # --8<-- [end:ellipse]


# --8<-- [start:critical_matrices]
def critical_matrices(
    target: Float[Tensor, "m n"], rank: int
) -> list[Float[Tensor, "m n"]]:
    """Return the critical points on the matrices of rank r: any r singular values."""
    U, s, Vh = torch.linalg.svd(target, full_matrices=False)
    kept = combinations(range(len(s)), rank)
    return [U[:, list(k)] * s[list(k)] @ Vh[list(k)] for k in kept]
    # --8<-- [end:critical_matrices]


# --8<-- [start:solution_parabola]
def parabola_degree() -> int:
    """ED degree of the parabola y = x²."""
    x, y = sympy.symbols("x y")
    return critical_on_curve(y - x**2, x, y, (5, 11))
    # --8<-- [end:solution_parabola]
