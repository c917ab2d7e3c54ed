"""Dot products: lengths, angles and shadows, and the scores of attention."""

# --8<-- [start:setup]
import torch
from jaxtyping import Float
from torch import Tensor, nn

torch.set_default_dtype(torch.float64)  # the book computes in double precision
# --8<-- [end:setup]

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from book import figure, results
from snippets.linear_algebra.drawing import arrow, note, plane
from snippets.linear_algebra.linear_maps import A


# --8<-- [start:dot]
def dot(v: Float[Tensor, " n"], w: Float[Tensor, " n"]) -> Float[Tensor, ""]:
    """Multiply entry by entry and add: v₁w₁ + … + vₙwₙ."""
    return (v * w).sum()


def length(v: Float[Tensor, " n"]) -> Float[Tensor, ""]:
    """Return |v| = √(v·v), as Pythagoras says."""
    return dot(v, v).sqrt()
# --8<-- [end:dot]


# --8<-- [start:project]
def project(
    w: Float[Tensor, " n"], v: Float[Tensor, " n"]
) -> Float[Tensor, " n"]:
    """Project w orthogonally onto the line through v: (v·w / v·v) v.

    Raises ValueError where v is zero, because there is no line through it.
    """
    if not v.any():
        raise ValueError("v is the zero vector: pass one with a direction")
    return dot(v, w) / dot(v, v) * v


def signed_length(
    w: Float[Tensor, " n"], v: Float[Tensor, " n"]
) -> Float[Tensor, ""]:
    """Return v·w / |v|: minus the shadow's length where it points against v."""
    return dot(v, w) / length(v)
# --8<-- [end:project]


# --8<-- [start:angle]
def cosine(v: Float[Tensor, " n"], w: Float[Tensor, " n"]) -> Float[Tensor, ""]:
    """Return cos θ = v·w / (|v||w|).

    Raises ValueError where a vector is zero, because it makes no angle.
    """
    if not (v.any() and w.any()):
        raise ValueError("a zero vector makes no angle: pass two with directions")
    return dot(v, w) / (length(v) * length(w))


def angle(v: Float[Tensor, " n"], w: Float[Tensor, " n"]) -> Float[Tensor, ""]:
    """Return the angle between two vectors in degrees, from 0 to 180."""
    return torch.rad2deg(torch.acos(cosine(v, w).clamp(-1, 1)))
# --8<-- [end:angle]


# --8<-- [start:products]
def by_rows(
    W: Float[Tensor, "m n"], x: Float[Tensor, " n"]
) -> Float[Tensor, " m"]:
    """Each entry of Wx is the dot product of one row with x."""
    return torch.stack([dot(row, x) for row in W])


def by_columns(
    W: Float[Tensor, "m n"], x: Float[Tensor, " n"]
) -> Float[Tensor, " m"]:
    """Wx is the combination of the columns with the entries of x."""
    return sum(x[j] * W[:, j] for j in range(len(x)))
# --8<-- [end:products]


# --8<-- [start:orthonormal]
def orthonormal_coordinates(
    basis: Float[Tensor, "n n"], v: Float[Tensor, " n"]
) -> Float[Tensor, " n"]:
    """Return the coordinates of v in an orthonormal basis: its dot products.

    Raises ValueError where the columns are not orthonormal.
    """
    if not torch.allclose(basis.T @ basis, torch.eye(len(v)), atol=1e-10):
        raise ValueError("the columns are not orthonormal: solve Qc = v instead")
    return basis.T @ v
# --8<-- [end:orthonormal]


# --8<-- [start:attention]
def scores(
    queries: Float[Tensor, "q d"], keys: Float[Tensor, "k d"]
) -> Float[Tensor, "q k"]:
    """Return the attention scores q·k/√d, one row for each query."""
    return queries @ keys.T / queries.shape[1] ** 0.5


def attend(
    queries: Float[Tensor, "q d"],
    keys: Float[Tensor, "k d"],
    values: Float[Tensor, "k m"],
) -> Float[Tensor, "q m"]:
    """Average the values with weights that the scores decide."""
    return torch.softmax(scores(queries, keys), dim=1) @ values
# --8<-- [end:attention]


# --8<-- [start:random_cosines]
def random_cosines(n: int, pairs: int, seed: int = 0) -> Float[Tensor, " pairs"]:
    """Return the cosines between random pairs of directions in Rⁿ."""
    v, w = torch.randn(2, pairs, n, generator=torch.Generator().manual_seed(seed))
    return nn.functional.cosine_similarity(v, w)
# --8<-- [end:random_cosines]


# --8<-- [start:solution_gram_schmidt]
def orthonormalise(vectors: Float[Tensor, "n k"]) -> Float[Tensor, "n k"]:
    """Turn independent columns into orthonormal ones with the same spans.

    Raises ValueError where a column lies in the span of those before it.
    """
    kept: list[Tensor] = []
    for v in vectors.T:
        rest = v
        for q in kept:
            rest = rest - project(rest, q)
        if length(rest) <= 1e-12 * length(v):
            i = len(kept)
            raise ValueError(f"column {i} depends on those before it: drop it")
        kept.append(rest / length(rest))
    return torch.stack(kept, dim=1)
# --8<-- [end:solution_gram_schmidt]


# --8<-- [start:solution_boundary]
def signed_distance(
    w: Float[Tensor, " n"], b: float, x: Float[Tensor, " n"]
) -> Float[Tensor, ""]:
    """Return the distance from x to w·x + b = 0, positive on w's side."""
    return (dot(w, x) + b) / length(w)
# --8<-- [end:solution_boundary]


# --8<-- [start:solution_polarise]
def dot_from_lengths(
    v: Float[Tensor, " n"], w: Float[Tensor, " n"]
) -> Float[Tensor, ""]:
    """Return v·w from two lengths alone: (|v + w|² − |v − w|²) / 4."""
    return (length(v + w) ** 2 - length(v - w) ** 2) / 4
# --8<-- [end:solution_polarise]


# --8<-- [start:solution_saturation]
def largest_weight(d: int, scaled: bool, seed: int = 0) -> float:
    """Return the largest of 16 softmax weights, averaged over random queries."""
    generator = torch.Generator().manual_seed(seed)
    queries = torch.randn(200, d, generator=generator)
    keys = torch.randn(16, d, generator=generator)
    products = scores(queries, keys) if scaled else queries @ keys.T
    return float(torch.softmax(products, dim=1).amax(dim=1).mean())
# --8<-- [end:solution_saturation]


@results(seed=0)
def numbers() -> dict[str, float]:
    """Numbers that the page quotes."""
    v, w, e = torch.tensor([1.0, 2.0]), torch.tensor([3.0, -1.0]), torch.tensor([1.0, 0.0])
    return {
        "shadow": project(w, v).norm().item(),
        "length_v": length(v).item(),
        "angle": angle(v, w).item(),
        "just_below": angle(e, torch.tensor([1.0, 100.0])).item(),
        "just_above": angle(e, torch.tensor([-1.0, 100.0])).item(),
        "within_five": (random_cosines(1000, 5_000).abs() < 0.05).double().mean().item(),
        "within_five_flat": (random_cosines(2, 5_000).abs() < 0.05).double().mean().item(),
        "scaled": largest_weight(1024, scaled=True),
        "unscaled": largest_weight(1024, scaled=False),
    }


def _shadow(ax: Axes, v: np.ndarray, w: np.ndarray, w_offset: tuple[int, int]) -> None:
    """Draw v, w and the shadow of w on the line through v."""
    ink = plt.rcParams["text.color"]
    shadow = v @ w / (v @ v) * v
    line = np.outer([-4, 4], v)
    ax.plot(*line.T, color=plt.rcParams["grid.color"], linewidth=1, zorder=1)
    ax.plot(*np.stack([w, shadow]).T, color=ink, linewidth=1, linestyle=(0, (3, 3)), zorder=2)
    arrow(ax, v, color="C0", label="$v$", offset=(-9, 2), width=2)
    arrow(ax, w, color="C1", label="$w$", offset=w_offset, width=2)
    ax.plot(*np.stack([np.zeros(2), shadow]).T, color="C2", linewidth=5, solid_capstyle="butt", zorder=5)
    along, across = -shadow / np.linalg.norm(shadow), (w - shadow) / np.linalg.norm(w - shadow)
    corner = shadow + 0.16 * np.stack([along, along + across, across])
    ax.plot(*corner.T, color=ink, linewidth=0.9, zorder=2)


@figure(
    alt="Two panels with v = (1, 2). For w = (2.5, 0.5) the shadow of w on the line through v "
    "points along v; for w = (-2.5, -0.5) it points the other way."
)
def shadows() -> Figure:
    """The shadow of w on either side of the origin."""
    fig, axes = plt.subplots(1, 2, figsize=(5.2, 2.9))
    v, w = np.array([1.0, 2.0]), np.array([2.5, 0.5])
    for ax, sign, offset in zip(axes, (1, -1), ((9, 0), (-9, 0)), strict=True):
        plane(ax, (-2.9, 2.9), (-1.9, 2.7))
        _shadow(ax, v, sign * w, offset)
        ax.set_title(rf"$v\cdot w = {v @ (sign * w):+.1f}$", fontsize=13)
        note(ax, "shadow", sign * np.array([0.33, 0.66]), (-26, 12) if sign > 0 else (26, -12), color="C2")
    return fig


@figure(
    alt="The plane with the vector v = (1, 2) and the parallel lines on which the dot product with v is -4, "
    "-2, 0, 2 and 4. The line of value zero passes through the origin, perpendicular to v; a short and a long "
    "vector end on the same line of value two."
)
def level_lines() -> Figure:
    """Lines of constant dot product with v."""
    fig, ax = plt.subplots(figsize=(4.6, 3.5))
    plane(ax, (-4.4, 4.4), (-3.1, 3.6))
    for value in (-4, -2, 0, 2, 4):
        color = "C0" if value > 0 else "C3" if value < 0 else plt.rcParams["text.color"]
        x = np.array([-7.0, 7.0])
        ax.plot(x, (value - x) / 2, color=color, linewidth=2 if value == 0 else 1.2, zorder=2)
        note(ax, f"${value:+d}$" if value else "$0$", (-2.4, (value + 2.4) / 2), (6, 7), color=color)
    arrow(ax, (1, 2), color="C0", label="$v$", offset=(8, 6), width=2.4)
    arrow(ax, (0.4, 0.8), color="C1", label="$w$", offset=(5, -17))
    arrow(ax, (4, -1), color="C1", label="$w'$", offset=(-30, -12))
    return fig


@figure(
    alt="Histograms of the cosine between two random directions in 2, 10, 100 and 1000 dimensions: from "
    "piled up at minus one and one, to an ever narrower peak at zero."
)
def crowding() -> Figure:
    """Cosines of random pairs in 2, 10, 100 and 1000 dimensions."""
    fig, axes = plt.subplots(4, 1, figsize=(5.0, 3.6), sharex=True)
    for ax, n, color in zip(axes, (2, 10, 100, 1000), ("C0", "C1", "C2", "C3"), strict=True):
        ax.hist(random_cosines(n, 5_000).numpy(), bins=np.linspace(-1, 1, 81), color=color)
        ax.set(yticks=[], xlim=(-1, 1), ylabel=f"{n}")
        ax.yaxis.label.set(rotation=0, ha="right", va="center")
        ax.spines["left"].set_visible(False)
    axes[0].set_title("dimensions", loc="left", x=-0.12, fontsize=9.5)
    axes[-1].set_xlabel("cosine of the angle")
    return fig


@figure(
    alt="Two pictures of the product of A with x = (2, 1). By rows: two lines, perpendicular to the rows "
    "of A, cross at x. By columns: twice the column (1, -1) and once (1, 2), head to tail, end at (3, 0)."
)
def rows_and_columns() -> Figure:
    """One product, read by rows and by columns."""
    fig, axes = plt.subplots(1, 2, figsize=(5.3, 2.9))
    ink = plt.rcParams["text.color"]
    for ax in axes:
        plane(ax, (-1.6, 3.6), (-2.4, 2.6))
    t, x = np.array([-5.0, 5.0]), np.array([2.0, 1.0])
    (a, b), image = A.numpy(), A.numpy() @ x
    for row, value, color in [(a, image[0], "C0"), (b, image[1], "C1")]:
        axes[0].plot(t, (value - row[0] * t) / row[1], color=color, linewidth=1.6, zorder=2)
    arrow(axes[0], a, color="C0", width=1.4, label="$r_1$", offset=(-9, 3))
    arrow(axes[0], b, color="C1", width=1.4, label="$r_2$", offset=(-9, -6))
    note(axes[0], f"$r_1\\cdot x = {image[0]:.0f}$", (1.75, -0.5), color="C0")
    note(axes[0], f"$r_2\\cdot x = {image[1]:.0f}$", (-0.8, -0.9), color="C1")
    first, second = A.numpy().T
    arrow(axes[1], first, color="C2", width=2.4)
    arrow(axes[1], 2 * first, first, color="C2", width=1.4)
    arrow(axes[1], 2 * first + second, 2 * first, color="C3", width=2.4)
    note(axes[1], "$2c_1$", first, (-12, -9), color="C2")
    note(axes[1], "$1c_2$", 2 * first + second / 2, (14, -2), color="C3")
    for ax, place, name, offset in [(axes[0], x, "$x$", (3, 12)), (axes[1], image, "$Ax$", (2, 12))]:
        ax.plot(*place, "o", color=ink, markersize=6, zorder=6)
        note(ax, name, place, offset)
    axes[0].set_title("by rows")
    axes[1].set_title("by columns")
    return fig
