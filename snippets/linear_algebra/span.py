"""Span, independence, bases and coordinates: what a set of vectors can reach, and how to address it."""

# --8<-- [start:setup]
import torch
from jaxtyping import Float
from torch import Tensor, nn

# --8<-- [end:setup]


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
