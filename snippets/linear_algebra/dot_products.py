"""Dot products: lengths, angles and shadows, and the scores of attention."""

# --8<-- [start:setup]
import torch
from jaxtyping import Float
from torch import Tensor, nn

from snippets.shapes import check_batches, check_numbers, check_shapes

# --8<-- [end:setup]


# --8<-- [start:length]
def length(v: Float[Tensor, "*batch n"]) -> Float[Tensor, "*batch"]:
    """Return the norm ‖v‖ = √(v₁² + … + vₙ²)."""
    return (v * v).sum(dim=-1).sqrt()
    # --8<-- [end:length]


# --8<-- [start:dot]
def dot(
    v: Float[Tensor, "*batch n"], w: Float[Tensor, "*batch n"]
) -> Float[Tensor, "*batch"]:
    """Return v₁w₁ + … + vₙwₙ."""
    return (v * w).sum(dim=-1)
    # --8<-- [end:dot]


# --8<-- [start:project]
def project(w: Float[Tensor, " n"], v: Float[Tensor, " n"]) -> Float[Tensor, " n"]:
    """Return the point of the line through v that is nearest to w.

    Raises ValueError where v is zero, because there is no line through it.
    """
    check_shapes("n, n", w, v)
    if not v.any():
        raise ValueError("v is the zero vector: pass one with a direction")
    u = v / v.abs().max()  # v·v could be too large or too small for a float
    return dot(u, w) / dot(u, u) * u
    # --8<-- [end:project]


# --8<-- [start:signed_length]
def signed_length(w: Float[Tensor, " n"], v: Float[Tensor, " n"]) -> Float[Tensor, ""]:
    """Return v·w / ‖v‖: minus the shadow's length where it points against v."""
    return dot(v, w) / length(v)
    # --8<-- [end:signed_length]


# --8<-- [start:angle]
def cosine(v: Float[Tensor, " n"], w: Float[Tensor, " n"]) -> Float[Tensor, ""]:
    """Return cos θ = v·w / (‖v‖‖w‖), between −1 and 1.

    Raises ValueError where a vector is zero, because it makes no angle.
    """
    check_shapes("n, n", v, w)
    if not (v.any() and w.any()):
        raise ValueError("a zero vector makes no angle: pass two with directions")
    v, w = v / v.abs().max(), w / w.abs().max()
    return (dot(v, w) / (length(v) * length(w))).clamp(-1, 1)


def angle(v: Float[Tensor, " n"], w: Float[Tensor, " n"]) -> Float[Tensor, ""]:
    """Return the angle between two vectors in degrees, from 0 to 180."""
    return torch.rad2deg(torch.acos(cosine(v, w)))
    # --8<-- [end:angle]


# --8<-- [start:products]
def by_rows(W: Float[Tensor, "m n"], x: Float[Tensor, " n"]) -> Float[Tensor, " m"]:
    """Return Wx: each entry is the dot product of one row with x."""
    return torch.stack([dot(row, x) for row in W])


def by_columns(W: Float[Tensor, "m n"], x: Float[Tensor, " n"]) -> Float[Tensor, " m"]:
    """Return Wx: the combination of the columns with the entries of x."""
    return sum(x[j] * W[:, j] for j in range(len(x)))
    # --8<-- [end:products]


# --8<-- [start:orthonormal]
def orthonormal_coordinates(
    basis: Float[Tensor, "n n"], v: Float[Tensor, " n"]
) -> Float[Tensor, " n"]:
    """Return the coordinates of v in an orthonormal basis: its dot products.

    Raises ValueError where the columns are not orthonormal.
    """
    error = basis.T @ basis - torch.eye(len(v), dtype=v.dtype, device=v.device)
    if error.abs().max() > 1e3 * torch.finfo(v.dtype).eps:
        raise ValueError("the columns are not orthonormal: solve Qc = v instead")
    return basis.T @ v
    # --8<-- [end:orthonormal]


# --8<-- [start:attention]
def scores(
    queries: Float[Tensor, "*batch q d"], keys: Float[Tensor, "*batch k d"]
) -> Float[Tensor, "*batch q k"]:
    """Return the attention scores q·k/√d, one row for each query."""
    return queries @ keys.mT / queries.shape[-1] ** 0.5


def attend(
    queries: Float[Tensor, "*batch q d"],
    keys: Float[Tensor, "*batch k d"],
    values: Float[Tensor, "*batch k m"],
) -> Float[Tensor, "*batch q m"]:
    """Return averages of the values, weighted by the softmax of the scores."""
    check_batches("… q d, … k d, … k m", queries, keys, values)
    values = 1.0 * values  # so that whole numbers will do
    return torch.softmax(scores(queries, keys), dim=-1) @ values
    # --8<-- [end:attention]


# --8<-- [start:random_cosines]
def random_cosines(n: int, pairs: int, seed: int = 0) -> Float[Tensor, " pairs"]:
    """Return the cosines between random pairs of directions in Rⁿ."""
    v, w = torch.randn(2, pairs, n, generator=torch.Generator().manual_seed(seed))
    return nn.functional.cosine_similarity(v, w)
    # --8<-- [end:random_cosines]


# --8<-- [start:solution_gram_schmidt]
def orthonormalise(vectors: Float[Tensor, "n k"]) -> Float[Tensor, "n k"]:
    """Return orthonormal columns with the same spans as independent ones.

    Raises ValueError where a column lies in the span of those before it.
    """
    check_numbers("n k", vectors)
    kept: list[Tensor] = []
    for v in vectors.T:
        rest = v
        for q in kept:
            rest = rest - project(rest, q)
        if length(rest) <= 1e3 * torch.finfo(v.dtype).eps * length(v):
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
    """Return v·w from two lengths alone: (‖v + w‖² − ‖v − w‖²) / 4."""
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
