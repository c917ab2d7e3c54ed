"""Span, independence, bases and coordinates: what a set of vectors can reach, and how to address it."""

# --8<-- [start:setup]
import torch
from jaxtyping import Float
from torch import Tensor, nn

torch.set_default_dtype(torch.float64)  # the book computes in double precision
# --8<-- [end:setup]

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.figure import Figure

from book import figure, results
from snippets.linear_algebra.drawing import arrow, grid, note, plane


# --8<-- [start:combine]
def combine(
    vectors: Float[Tensor, "n k"], coefficients: Float[Tensor, " k"]
) -> Float[Tensor, " n"]:
    """Add the columns, each scaled by its coefficient: c₁v₁ + … + cₖvₖ."""
    return (coefficients * vectors).sum(dim=1)
# --8<-- [end:combine]


# --8<-- [start:in_span]
def rank(vectors: Float[Tensor, "n k"]) -> int:
    """Count the independent columns: the dimension of their span."""
    return int(torch.linalg.matrix_rank(vectors))


def in_span(vectors: Float[Tensor, "n k"], target: Float[Tensor, " n"]) -> bool:
    """Tell whether adding `target` as a column leaves the rank as it is."""
    return rank(torch.column_stack([vectors, target])) == rank(vectors)
# --8<-- [end:in_span]


# --8<-- [start:dependence]
def independent(vectors: Float[Tensor, "n k"]) -> bool:
    """Tell whether no column is a combination of the others."""
    return rank(vectors) == vectors.shape[1]


def dependence(vectors: Float[Tensor, "n k"]) -> Float[Tensor, " k"]:
    """Return coefficients, not all zero, that combine the columns to the zero vector.

    The first column that lies in the span of those before it gets the coefficient −1.
    Raises ValueError where the columns are independent.
    """
    count = vectors.shape[1]
    for k, v in enumerate(vectors.T):
        before = vectors[:, :k]
        if in_span(before, v):
            c = torch.zeros(count)
            c[:k] = torch.linalg.pinv(before) @ v  # solves before @ c = v
            c[k] = -1.0
            return c
    raise ValueError(f"the {count} columns are independent: pass dependent ones")
# --8<-- [end:dependence]


# --8<-- [start:coordinates]
def coordinates(
    basis: Float[Tensor, "n k"], v: Float[Tensor, " n"]
) -> Float[Tensor, " k"]:
    """Return the coefficients c₁ … cₙ with c₁b₁ + … + cₙbₙ = v.

    Raises ValueError where the columns are not a basis of the whole space.
    """
    n, k = basis.shape
    if k != n or rank(basis) < n:
        found = f"{k} columns of rank {rank(basis)}"
        raise ValueError(f"{found} are no basis of R^{n}: pass {n} independent ones")
    return torch.linalg.solve(basis, v)
# --8<-- [end:coordinates]


# --8<-- [start:change_of_basis]
def change_of_basis(
    old: Float[Tensor, "n n"], new: Float[Tensor, "n n"]
) -> Float[Tensor, "n n"]:
    """Return the matrix that turns coordinates in `old` into coordinates in `new`."""
    return torch.stack([coordinates(new, b) for b in old.T], dim=1)
# --8<-- [end:change_of_basis]


# --8<-- [start:bottleneck]
def straight_bottleneck(n: int, k: int) -> nn.Sequential:
    """n numbers in, k in the middle, one dense layer from there to n numbers out."""
    encoder = nn.Sequential(nn.Linear(n, 32), nn.ReLU(), nn.Linear(32, k))
    return nn.Sequential(*encoder, nn.Linear(k, n))


def bent_bottleneck(n: int, k: int) -> nn.Sequential:
    """k numbers in the middle, an activation between them and the output."""
    decoder = nn.Sequential(nn.Linear(k, 32), nn.ReLU(), nn.Linear(32, n))
    return nn.Sequential(nn.Linear(n, k), *decoder)
# --8<-- [end:bottleneck]


# --8<-- [start:solution_plane]
def third_entry(x: float, y: float) -> float:
    """Return the z with (x, y, z) in the span of (1, 0, 2) and (0, 1, −1)."""
    return 2 * x - y
# --8<-- [end:solution_plane]


# --8<-- [start:solution_basis]
def basis_from(vectors: Float[Tensor, "n k"]) -> Float[Tensor, "n r"]:
    """Keep each column that is not in the span of the columns kept before it."""
    kept = vectors[:, :0]
    for v in vectors.T:
        if not in_span(kept, v):
            kept = torch.column_stack([kept, v])
    return kept
# --8<-- [end:solution_basis]


# --8<-- [start:solution_taylor]
def powers_around(a: float) -> Float[Tensor, "3 3"]:
    """Write 1, x − a and (x − a)² in the basis 1, x, x²: one column each."""
    return torch.tensor([[1.0, -a, a * a], [0.0, 1.0, -2 * a], [0.0, 0.0, 1.0]])


def expand_around(a: float, c: Float[Tensor, " 3"]) -> Float[Tensor, " 3"]:
    """Return the coordinates of c₀ + c₁x + c₂x² in 1, x − a, (x − a)²."""
    return coordinates(powers_around(a), c)
# --8<-- [end:solution_taylor]


# --8<-- [start:solution_width]
def reachable_dimension(*widths: int) -> int:
    """Return the largest dimension that a stack of bias-free layers can reach.

    The first width is the number of inputs. The narrowest place decides.
    """
    return min(widths)
# --8<-- [end:solution_width]


@results(seed=0)
def numbers() -> dict[str, float | int]:
    """Numbers that the page quotes."""
    x, nearly = torch.randn(1000, 6), torch.tensor([[1.0, 1.0], [0.0, 0.1]])
    straight, bent = straight_bottleneck(6, 2), bent_bottleneck(6, 2)
    with torch.no_grad():
        return {
            "straight_rank": rank((straight(x) - straight[-1].bias).T),
            "bent_rank": rank((bent(x) - bent[-1].bias).T),
            "narrow_walk": coordinates(nearly, torch.tensor([0.0, 1.0]))[1].item(),
        }


@figure(
    alt="Two copies of the plane with the point (2, 3). On the square grid it is reached by two steps right "
    "and three steps up; on the slanted grid of the vectors (1, 1) and (0, 1) by two steps along the first "
    "and one along the second."
)
def two_addresses() -> Figure:
    """One point in two bases."""
    fig, axes = plt.subplots(1, 2, figsize=(5.2, 3.5))
    faint = (plt.rcParams["grid.color"],) * 2
    cases = [
        (np.eye(2), "e", "$v = 2e_1 + 3e_2$", (0, -11)),
        (np.array([[1.0, 0.0], [1.0, 1.0]]), "b", "$v = 2b_1 + 1b_2$", (9, -7)),
    ]
    for ax, (basis, letter, title, below) in zip(axes, cases, strict=True):
        plane(ax, (-0.9, 3.3), (-0.9, 4.3))
        grid(ax, lambda p, basis=basis: basis @ p, (-4, 5), (-5, 7), colors=faint, width=0.8)
        v = np.array([2.0, 3.0])
        steps = np.linalg.solve(basis, v).round().astype(int)
        corner = np.zeros(2)
        for i, offset in [(0, below), (1, (11, 0))]:
            note(ax, f"${letter}_{i + 1}$", corner + basis[:, i] / 2, offset, color=f"C{i}")
            for step in range(steps[i]):
                arrow(ax, corner + basis[:, i], corner, color=f"C{i}", width=2.4 if step == 0 else 1.3)
                corner = corner + basis[:, i]
        ax.plot(*v, "o", color=plt.rcParams["text.color"], markersize=6, zorder=5)
        note(ax, "$v$", v, (-10, 7))
        ax.set_title(title, fontsize=13)
    return fig


@figure(
    alt="Three copies of the plane with dots for many combinations. One vector reaches a line through the "
    "origin; two vectors on one line reach no more; two in different directions reach the whole plane."
)
def three_spans() -> Figure:
    """Combinations of one vector and of two."""
    fig, axes = plt.subplots(1, 3, figsize=(5.4, 2.2))
    cases = [
        ("one vector", [(2.0, 1.0)], 10),
        ("two, on one line", [(2.0, 1.0), (-1.0, -0.5)], 5),
        ("two directions", [(2.0, 1.0), (-1.0, 1.0)], 4),
    ]
    for ax, (title, vectors, parts) in zip(axes, cases, strict=True):
        plane(ax, (-3.2, 3.2), (-3.2, 3.2))
        columns = np.array(vectors).T
        steps = np.arange(-3 * parts, 3 * parts + 1) / parts
        mesh = np.stack(np.meshgrid(*[steps] * len(vectors))).reshape(len(vectors), -1)
        points = columns @ mesh
        inside = np.abs(points).max(axis=0) < 3.1
        ax.plot(*points[:, inside], "o", color="C2", markersize=2, alpha=0.5, zorder=2, rasterized=True)
        for tip, name, color in zip(vectors, ("$v$", "$w$"), ("C0", "C1"), strict=False):
            arrow(ax, tip, color=color, label=name, offset=(-2, 9) if tip[1] > 0 else (4, -11))
        ax.set_title(title, fontsize=9.5)
    return fig


@figure(
    alt="Four detours from the origin to the point (0, 1). Each goes out along a slanted vector and back "
    "along the horizontal axis; the flatter the slanted vector, the longer, up to ten steps out and ten back."
)
def narrow_bases() -> Figure:
    """Walks to one point in ever narrower bases."""
    fig, ax = plt.subplots(figsize=(5.2, 1.9))
    plane(ax, (-0.9, 10.5), (-0.3, 1.75))
    ax.set_aspect("auto")
    for count, color in [(10, "C0"), (5, "C1"), (2, "C2"), (1, "C3")]:
        out = np.arange(count + 1)
        ax.plot(out, out / count, "-o", color=color, linewidth=1.4, markersize=3.5, zorder=3)
        ax.plot([count, 0], [1, 1], color=color, linewidth=1.4, zorder=2)
        note(ax, f"{count}", (count, 1), (0, 11), color=color)
    ax.plot(0, 1, "o", color=plt.rcParams["text.color"], markersize=6, zorder=5)
    note(ax, "$(0, 1)$", (0, 1), (-2, 13))
    note(ax, "steps out, and steps back", (5, 1), (0, 30))
    return fig


@figure(
    alt="Two sheets in space, each the image of a square grid of codes. From a dense decoder the sheet is a "
    "flat plane; with an activation inside, it is folded along creases."
)
def sheets() -> Figure:
    """A flat sheet of outputs, and a folded one."""
    fig, axes = plt.subplots(1, 2, figsize=(5.4, 2.7), subplot_kw={"projection": "3d"})
    flat = np.array([[1.0, 0.0], [0.0, 1.0], [-0.4, 0.3]])
    hidden = np.array([[1.0, 0.4], [-1.0, 0.7], [0.2, -1.0], [-0.4, 1.0]])
    out = np.array([[0.9, -0.9, 0.2, 0.0], [0.0, 0.0, -1.0, 0.9], [0.6, 0.2, -0.3, 0.5]])
    decoders = [lambda z: flat @ z, lambda z: out @ np.maximum(hidden @ z, 0)]
    t, levels, ones = np.linspace(-1, 1, 41), np.linspace(-1, 1, 11), np.ones(41)
    for ax, decode, title in zip(axes, decoders, ["dense decoder", "with a ReLU inside"], strict=True):
        for level in levels:
            ax.plot(*decode(np.stack([t, level * ones])), color="C0", linewidth=1)
            ax.plot(*decode(np.stack([level * ones, t])), color="C1", linewidth=1)
        ax.set(xticks=[], yticks=[], zticks=[])
        ax.set_title(title, y=0.96)
        ax.view_init(26, -62)
        ax.set_box_aspect((1, 1, 0.7), zoom=1.05)
    return fig
