"""Solving: elimination, the null space, the inverse and least squares."""

# --8<-- [start:setup]
import torch
from jaxtyping import Float
from torch import Tensor, nn

from snippets.shapes import check_numbers

# --8<-- [end:setup]


# --8<-- [start:row_reduce]
def row_reduce(
    A: Float[Tensor, "m n"], atol: float | None = None
) -> tuple[Float[Tensor, "m n"], list[int]]:
    """Return the reduced row echelon form of A and its pivot columns.

    Entries up to atol count as zero; without it, what rounding can make of zero.
    """
    check_numbers("m n", A)
    atol = rounding(A) if atol is None else atol
    R, pivots = A.clone(), []
    for column in range(A.shape[1]):
        row = len(pivots)
        if row == len(A):
            break
        best = row + int(R[row:, column].abs().argmax())
        if R[best, column].abs() <= atol:
            continue  # no pivot in this column
        R[[row, best]] = R[[best, row]]  # swap
        R[row] /= R[row, column].clone()  # scale
        others = torch.arange(len(A), device=A.device) != row
        R[others] -= torch.outer(R[others, column], R[row])  # subtract
        pivots.append(column)
    return R + 0.0, pivots  # no −0
    # --8<-- [end:row_reduce]


# --8<-- [start:rounding]
def largest(A: Float[Tensor, "..."]) -> float:
    """Return the largest absolute value of an entry, or 1 where all are zero."""
    return (A.abs().max().item() if A.numel() else 0.0) or 1.0


def rounding(A: Float[Tensor, "m n"]) -> float:
    """Return the size up to which an entry may be a zero with a rounding error."""
    return 10 * max(A.shape) * torch.finfo(A.dtype).eps * largest(A)
    # --8<-- [end:rounding]


# --8<-- [start:solve]
def solve(A: Float[Tensor, "m n"], b: Float[Tensor, " m"]) -> Float[Tensor, " n"]:
    """Return the solution of Ax = b in which all free unknowns are zero.

    Raises ValueError where there is no solution.
    """
    check_numbers("m n, m", A, b)
    n, unit = A.shape[1], largest(b) / largest(A)  # units must not matter
    R, pivots = row_reduce(torch.column_stack([A, b / unit]))
    if n in pivots:
        raise ValueError("b is no combination of the columns: try least_squares")
    x = A.new_zeros(n)
    x[pivots] = unit * R[: len(pivots), n]
    return x
    # --8<-- [end:solve]


# --8<-- [start:null_space]
def null_space(
    A: Float[Tensor, "m n"], atol: float | None = None
) -> Float[Tensor, "n d"]:
    """Return a basis of {x : Ax = 0} in columns, one for each free unknown."""
    R, pivots = row_reduce(A, atol)
    free = [column for column in range(A.shape[1]) if column not in pivots]
    N = A.new_zeros(A.shape[1], len(free))
    N[free, range(len(free))] = 1.0
    N[pivots] -= R[: len(pivots), free]
    return N
    # --8<-- [end:null_space]


# --8<-- [start:inverse]
def inverse(A: Float[Tensor, "n n"]) -> Float[Tensor, "n n"]:
    """Return A⁻¹: reduce A beside the identity.

    Raises ValueError where A has no inverse.
    """
    check_numbers("n n", A)
    n, unit = len(A), largest(A)
    eye = torch.eye(n, dtype=A.dtype, device=A.device)
    R, pivots = row_reduce(torch.cat([A / unit, eye], dim=1))
    if pivots != list(range(n)):
        found = sum(column < n for column in pivots)
        raise ValueError(f"{found} of {n} columns have pivots: A has no inverse")
    return R[:, n:] / unit
    # --8<-- [end:inverse]


# --8<-- [start:least_squares]
def least_squares(
    A: Float[Tensor, "m n"], b: Float[Tensor, " m"]
) -> Float[Tensor, " n"]:
    """Return an x that makes ‖Ax − b‖ smallest: a solution of AᵀAx = Aᵀb."""
    check_numbers("m n, m", A, b)
    return solve(A.T @ A, A.T @ b)
    # --8<-- [end:least_squares]


# --8<-- [start:fit_head]
def fit_head(
    features: Float[Tensor, "count k"], targets: Float[Tensor, "count m"]
) -> nn.Linear:
    """Return the dense layer whose outputs miss the targets by the least squares."""
    A = torch.cat([features, torch.ones_like(features[:, :1])], dim=1)
    solution = torch.linalg.pinv(A) @ targets  # works for dependent features, too
    head = nn.Linear(features.shape[1], targets.shape[1]).to(features)
    with torch.no_grad():
        head.weight.copy_(solution[:-1].T)
        head.bias.copy_(solution[-1])
    return head
    # --8<-- [end:fit_head]


# --8<-- [start:solution_blind]
def invisible_change(layer: nn.Linear, seed: int = 0) -> Float[Tensor, " n"]:
    """Return a vector of length 1 that can be added to any input unnoticed.

    Raises ValueError where the layer notices every change.
    """
    weight = layer.weight.detach()
    N = null_space(weight)
    if N.shape[1] == 0:
        raise ValueError(f"rank {weight.shape[1]} notices all: pass fewer outputs")
    generator = torch.Generator().manual_seed(seed)
    direction = N @ torch.randn(N.shape[1], generator=generator).to(N)
    return direction / direction.norm()
    # --8<-- [end:solution_blind]


# --8<-- [start:solution_ridge]
def ridge(
    A: Float[Tensor, "m n"], b: Float[Tensor, " m"], weight_decay: float
) -> Float[Tensor, " n"]:
    """Return the x that makes ‖Ax − b‖² + weight_decay · ‖x‖² smallest."""
    eye = torch.eye(A.shape[1], dtype=A.dtype, device=A.device)
    return torch.linalg.solve(A.T @ A + weight_decay * eye, A.T @ b)
    # --8<-- [end:solution_ridge]
