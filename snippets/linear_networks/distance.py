"""Distance: the nearest map of bounded rank, and how many critical points there are to search."""

# --8<-- [start:setup]
from itertools import combinations

import sympy
import torch
from jaxtyping import Float
from torch import Tensor

from snippets.linear_networks.invariance import part_of, sharing
from snippets.linear_networks.permutations import (
    Partition,
    Permutation,
    partition,
)
from snippets.linear_networks.varieties import count_solutions

torch.set_default_dtype(torch.float64)
# --8<-- [end:setup]

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.figure import Figure

from book import figure, results


# --8<-- [start:truncate]
def truncate(M: Tensor, rank: int) -> Tensor:
    """Return the nearest matrix of rank at most r: keep the largest singular values."""
    if not 0 <= rank <= min(M.shape):
        raise ValueError(
            f"rank {rank} is out of range: choose 0 to {min(M.shape)}"
        )
    U, s, Vh = torch.linalg.svd(M, full_matrices=False)
    return U[:, :rank] * s[:rank] @ Vh[:rank]
# --8<-- [end:truncate]


# --8<-- [start:nearest_invariant]
def average(M: Float[Tensor, "m n"], parts: Partition) -> Float[Tensor, "m k"]:
    """Return the mean column of each part: ψ of the nearest invariant matrix."""
    E = sharing(parts)
    return M @ E.T / E.sum(dim=1)


def nearest_invariant(
    M: Float[Tensor, "m n"], parts: Partition, rank: int
) -> Float[Tensor, "m n"]:
    """Average each part's columns; truncate, weighted by the roots of the sizes."""
    weights = sharing(parts).sum(dim=1).sqrt()
    means = average(M, parts) * weights
    return (truncate(means, min(rank, *means.shape)) / weights)[:, part_of(parts)]
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
    zero: bool = False,
) -> int:
    """Count the critical points of ‖a bᵀ X − Y‖² over matrices a bᵀ of rank one.

    Without inputs X is the identity. The first entry of b is 1, to fix the gauge.
    Weights multiply the squared entries. With `zero`, a = 0 is counted too.
    """
    Y = sympy.Matrix(target)
    X = sympy.Matrix(inputs) if inputs else sympy.eye(Y.shape[1])
    W = sympy.Matrix(weights) if weights else sympy.ones(*Y.shape)
    a = sympy.symbols(f"a0:{Y.shape[0]}")
    b = (1, *sympy.symbols(f"b1:{X.shape[0]}"))
    error = sympy.Matrix(a) * sympy.Matrix([b]) * X - Y
    loss = sum(w * e**2 for w, e in zip(W, error, strict=True))
    unknowns, t = [*a, *b[1:]], sympy.Symbol("t")
    slopes = [loss.diff(v) for v in unknowns]
    if zero:
        return count_solutions(slopes, unknowns)
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


def feet(u: np.ndarray, half_axes: np.ndarray) -> np.ndarray:
    """Return the points of an ellipse where the line to u is normal to it."""
    theta = np.linspace(0, 2 * np.pi, 20_001) + 1e-4
    point = half_axes * np.stack([np.cos(theta), np.sin(theta)], axis=1)
    tangent = half_axes * np.stack([-np.sin(theta), np.cos(theta)], axis=1)
    slope = ((point - u) * tangent).sum(axis=1)
    return point[:-1][slope[1:] * slope[:-1] < 0]


@figure(
    alt="An ellipse with a four-cornered curve inside it, its evolute. From a point inside the evolute four "
    "normals lead to the "
    "ellipse, from a point outside only two."
)
def ellipse() -> Figure:
    """Real critical points of the distance to an ellipse."""
    fig, axes = plt.subplots(2, 1, figsize=(4.6, 5.6))
    axes_of, theta = np.array([2.0, 1.2]), np.linspace(0, 2 * np.pi, 400)
    a, b = axes_of
    for ax, u, title in zip(axes, ((0.35, 0.25), (1.0, 0.55)), ("inside: four", "outside: two"), strict=True):
        ax.plot(a * np.cos(theta), b * np.sin(theta), color="C0", linewidth=2.2)
        ax.plot(
            (a * a - b * b) / a * np.cos(theta) ** 3,
            (b * b - a * a) / b * np.sin(theta) ** 3,
            color=plt.rcParams["grid.color"],
            linewidth=1.4,
        )
        found = feet(np.array(u), axes_of)
        for point in found:
            ax.plot(*zip(u, point, strict=True), color="C1", linewidth=1.2)
        ax.plot(*found.T, "o", color="C1", markersize=6)
        ax.plot(*u, "*", color="C2", markersize=12)
        ax.set(aspect="equal", title=f"{title} real critical points")
        ax.axis("off")
    return fig


@figure(
    alt="For thirty random matrices two dots each: the distance to the plain truncation of the average and to "
    "the weighted one. "
    "The weighted one is never above, and clearly below for several."
)
def weighted_gain() -> Figure:
    """How much the weights of the truncation gain."""
    fig, ax = plt.subplots(figsize=(5.0, 3.3))
    parts = partition(Permutation.from_cycles("(1 2 3 4 5 6 7)(8 9)(10)"))
    plain, weighted = zip(
        *(two_distances(torch.randn(4, 10, generator=torch.Generator().manual_seed(k)), parts) for k in range(30)),
        strict=True,
    )
    order = np.argsort(plain)
    ax.plot(np.array(plain)[order], "o", color="C1", label="average, then truncate")
    ax.plot(np.array(weighted)[order], "o", color="C0", label="average, then truncate with weights")
    for k, i in enumerate(order):
        ax.plot([k, k], [plain[i], weighted[i]], color=plt.rcParams["grid.color"], zorder=0)
    ax.set(xlabel="thirty random matrices, sorted", ylabel="distance", xticks=[])
    ax.legend(loc="upper left")
    return fig


def two_distances(M: Float[Tensor, "m n"], parts: Partition) -> tuple[float, float]:
    """Return the distances of M to its unweighted and to its weighted invariant truncation of rank one."""
    plain = truncate(average(M, parts), 1)[:, part_of(parts)]
    return (M - plain).norm().item(), (M - nearest_invariant(M, parts, 1)).norm().item()


@results(seed=0)
def numbers() -> dict[str, float | int]:
    """Numbers that the page quotes."""
    parts = partition(Permutation.from_cycles("(1 2 3 4 5 6 7)(8 9)(10)"))
    pairs = [two_distances(torch.randn(4, 10, generator=torch.Generator().manual_seed(k)), parts) for k in range(30)]
    return {"gain": max(plain / weighted - 1 for plain, weighted in pairs), "wins": sum(w < p for p, w in pairs)}
