"""Span, independence, bases and coordinates: what a list of vectors can reach, and in how many ways."""

# --8<-- [start:setup]
import torch
from jaxtyping import Float
from torch import Tensor, nn

# --8<-- [end:setup]


# --8<-- [start:combine]
def combine(
    vectors: Float[Tensor, "n k"], coefficients: Float[Tensor, " k"]
) -> Float[Tensor, " n"]:
    """Return c₁v₁ + … + cₖvₖ, where v₁, …, vₖ are the columns."""
    total = vectors.new_zeros(len(vectors))
    for c, v in zip(coefficients, vectors.T, strict=True):
        total = total + c * v
    return total
    # --8<-- [end:combine]


# --8<-- [start:rank]
def rank(vectors: Float[Tensor, "n k"]) -> int:
    """Return the largest number of independent columns."""
    return int(torch.linalg.matrix_rank(in_one_unit(vectors)))
    # --8<-- [end:rank]


# --8<-- [start:independent]
def in_one_unit(vectors: Float[Tensor, "n k"]) -> Float[Tensor, "n k"]:
    """Return each column divided by the largest absolute value of its entries."""
    size = vectors.abs().amax(dim=0)
    return vectors / torch.where(size > 0, size, 1.0)


def independent(vectors: Float[Tensor, "n k"]) -> bool:
    """Return whether only the coefficients zero combine the columns to zero."""
    return rank(vectors) == vectors.shape[1]
    # --8<-- [end:independent]


# --8<-- [start:in_span]
def in_span(vectors: Float[Tensor, "n k"], target: Float[Tensor, " n"]) -> bool:
    """Return whether one more column, `target`, leaves the rank as it is."""
    return rank(torch.column_stack([vectors, target])) == rank(vectors)
    # --8<-- [end:in_span]


# --8<-- [start:dependence]
def dependence(vectors: Float[Tensor, "n k"]) -> Float[Tensor, " k"]:
    """Return coefficients, not all zero, that combine the columns to zero.

    The first column that depends on those before it gets the coefficient −1.
    Raises ValueError where the columns are independent.
    """
    count = vectors.shape[1]
    for k, v in enumerate(vectors.T):
        before = vectors[:, :k]
        if in_span(before, v):
            c = vectors.new_zeros(count)
            c[:k] = torch.linalg.pinv(before) @ v  # coefficients with before @ c = v
            c[k] = -1.0
            return c
    raise ValueError(f"the {count} columns are independent: pass dependent ones")
    # --8<-- [end:dependence]


# --8<-- [start:coordinates]
def coordinates(
    basis: Float[Tensor, "n k"], v: Float[Tensor, " n"]
) -> Float[Tensor, " k"]:
    """Return the c with c₁b₁ + … + cₙbₙ = v, where b₁, …, bₙ are the columns.

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
def flat_bottleneck(n: int, k: int) -> nn.Sequential:
    """Return n → 32 → k → n, with a ReLU before the narrow place only."""
    encoder = nn.Sequential(nn.Linear(n, 32), nn.ReLU(), nn.Linear(32, k))
    return nn.Sequential(*encoder, nn.Linear(k, n))
    # --8<-- [end:bottleneck]


# --8<-- [start:bent_bottleneck]
def bent_bottleneck(n: int, k: int) -> nn.Sequential:
    """Return n → k → 32 → n, with a ReLU after the narrow place only."""
    decoder = nn.Sequential(nn.Linear(k, 32), nn.ReLU(), nn.Linear(32, n))
    return nn.Sequential(nn.Linear(n, k), *decoder)
    # --8<-- [end:bent_bottleneck]


# --8<-- [start:solution_basis]
def basis_from(vectors: Float[Tensor, "n k"]) -> Float[Tensor, "n r"]:
    """Return each column that is not in the span of the columns kept before it."""
    kept = vectors[:, :0]
    for v in vectors.T:
        if not in_span(kept, v):
            kept = torch.column_stack([kept, v])
    return kept
    # --8<-- [end:solution_basis]


# --8<-- [start:solution_taylor]
def powers_around(a: float) -> Float[Tensor, "3 3"]:
    """Return 1, x − a and (x − a)² in the basis 1, x, x²: one column each."""
    return torch.tensor([[1.0, -a, a * a], [0.0, 1.0, -2 * a], [0.0, 0.0, 1.0]])


def expand_around(a: float, c: Float[Tensor, " 3"]) -> Float[Tensor, " 3"]:
    """Return the coordinates of c₀ + c₁x + c₂x² in 1, x − a, (x − a)²."""
    return coordinates(powers_around(a).to(c), c)
    # --8<-- [end:solution_taylor]
