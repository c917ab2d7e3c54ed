"""Lie groups: the axioms, GL(n), O(2) and SO(2), the circle, and the determinant."""

# --8<-- [start:setup]
from collections.abc import Callable
from itertools import permutations, product

import torch
from jaxtyping import Float
from torch import Tensor

from snippets.shapes import check_numbers, check_precision, digits

# --8<-- [end:setup]


# --8<-- [start:axioms]
def broken_axioms(elements: list, multiply: Callable) -> list[str]:
    """Return the names of the group axioms that a finite set violates."""
    broken = []
    if any(multiply(a, b) not in elements for a, b in product(elements, repeat=2)):
        broken.append("closure")
    if any(
        multiply(multiply(a, b), c) != multiply(a, multiply(b, c))
        for a, b, c in product(elements, repeat=3)
    ):
        broken.append("associativity")
    neutral = [
        e
        for e in elements
        if all(multiply(e, a) == a == multiply(a, e) for a in elements)
    ]
    if not neutral:
        broken.append("identity")
    if not neutral or any(
        not any(multiply(a, b) == neutral[0] == multiply(b, a) for b in elements)
        for a in elements
    ):
        broken.append("inverses")
    return broken
    # --8<-- [end:axioms]


# --8<-- [start:symmetric_group]
def compose(s: tuple[int, ...], t: tuple[int, ...]) -> tuple[int, ...]:
    """Return st, first t, then s: i ↦ s(t(i))."""
    return tuple(s[i] for i in t)


def symmetric_group(n: int) -> list[tuple[int, ...]]:
    """Return the n! rearrangements of 0, …, n−1, each as its list of images."""
    return list(permutations(range(n)))
    # --8<-- [end:symmetric_group]


# --8<-- [start:jumping_sum]
def jumping_sum(x: float, y: float) -> float:
    """Return f(f(x) + f(y)), where f exchanges 0 and 1 and keeps all else."""

    def swap(z: float) -> float:
        return {0.0: 1.0, 1.0: 0.0}.get(z, z)

    return swap(swap(x) + swap(y))
    # --8<-- [end:jumping_sum]


# --8<-- [start:inverse]
def inverse_2x2(A: Float[Tensor, "2 2"]) -> Float[Tensor, "2 2"]:
    """Return [[d, −b], [−c, a]] / (ad − bc).

    Raises ValueError where ad − bc is a rounding error of the two products.
    """
    check_numbers("2 2", A)
    (a, b), (c, d) = A
    determinant = a * d - b * c
    scale = (a * d).abs() + (b * c).abs()
    if determinant.abs() <= 8 * torch.finfo(A.dtype).eps * scale:
        raise ValueError(
            f"ad - bc = {determinant:.3g} from products of size {scale:.3g}: "
            "A is not in GL(2) to working precision"
        )
    return torch.stack([torch.stack([d, -b]), torch.stack([-c, a])]) / determinant
    # --8<-- [end:inverse]


# --8<-- [start:nearest_singular]
def nearest_singular(
    A: Float[Tensor, "n n"],
) -> tuple[Float[Tensor, "n n"], Float[Tensor, ""]]:
    """Return the singular matrix nearest to A and its distance, σ_n."""
    U, sigma, Vh = torch.linalg.svd(A)
    return A - sigma[-1] * torch.outer(U[:, -1], Vh[-1]), sigma[-1]
    # --8<-- [end:nearest_singular]


# --8<-- [start:orthogonal]
def rotation(theta: float | Float[Tensor, "*batch"]) -> Float[Tensor, "*batch 2 2"]:
    """Return the turn of the plane by θ, [[cos θ, −sin θ], [sin θ, cos θ]]."""
    c, s = torch.as_tensor(theta).cos(), torch.as_tensor(theta).sin()
    return torch.stack([torch.stack([c, -s], -1), torch.stack([s, c], -1)], -2)


def reflection(theta: float | Float[Tensor, "*batch"]) -> Float[Tensor, "*batch 2 2"]:
    """Return the mirror at angle θ/2, [[cos θ, sin θ], [sin θ, −cos θ]]."""
    R = rotation(theta)
    return R * torch.tensor([1.0, -1.0]).to(R)
    # --8<-- [end:orthogonal]


# --8<-- [start:check]
def check_orthogonal(Q: Float[Tensor, "*batch n n"], atol: float = 1e-5) -> None:
    """Raise ValueError where an entry of Q Qᵀ − I exceeds `atol`.

    The default lets pass what single precision rounds.
    """
    if Q.ndim < 2 or Q.shape[-1] != Q.shape[-2]:
        raise ValueError(f"shape {tuple(Q.shape)}: pass square matrices")
    check_precision(Q)
    defects = (Q @ Q.mT - torch.eye(Q.shape[-1]).to(Q)).abs()
    defect = defects.max().item() if Q.numel() else 0.0
    if not defect <= atol:
        raise ValueError(
            f"Q Qᵀ differs from I by {digits(defect, atol)}, more than {atol:g}: "
            "Q is not in O(n)"
        )


def check_rotation(R: Float[Tensor, "*batch n n"], atol: float = 1e-5) -> None:
    """Raise ValueError where R is not orthogonal (to `atol`), or det R < 0."""
    check_orthogonal(R, atol)
    if (torch.linalg.det(1.0 * R.detach()) < 0).any():
        raise ValueError("det R = -1: R is a reflection, pass a rotation")
    # --8<-- [end:check]


# --8<-- [start:split]
def angle_in_o2(Q: Float[Tensor, "2 2"]) -> tuple[str, float]:
    """Return the kind of Q in O(2) and its θ in (−π, π].

    Raises ValueError where Q is not orthogonal.
    """
    check_orthogonal(Q)
    theta = torch.atan2(Q[1, 0] + 0.0, Q[0, 0]).item()  # + 0.0 makes a zero of −0
    return (
        ("rotation", theta) if torch.linalg.det(1.0 * Q) > 0 else ("reflection", theta)
    )
    # --8<-- [end:split]


# --8<-- [start:haar]
def random_orthogonal(n: int, count: int, seed: int = 0) -> Float[Tensor, "count n n"]:
    """Return draws from O(n), all equally likely: QR of Gaussian matrices, diag
    R > 0.
    """
    Q, R = torch.linalg.qr(
        torch.randn(count, n, n, generator=torch.Generator().manual_seed(seed))
    )
    return Q * R.diagonal(dim1=-2, dim2=-1).sign().unsqueeze(-2)
    # --8<-- [end:haar]


# --8<-- [start:defining_rank]
def dimension_of_orthogonal_group(n: int) -> int:
    """Return n² − rank, the directions at I that keep Q Qᵀ = I to first order."""
    jacobian = torch.autograd.functional.jacobian(lambda Q: Q @ Q.T, torch.eye(n))
    return n * n - int(torch.linalg.matrix_rank(jacobian.reshape(n * n, n * n)))
    # --8<-- [end:defining_rank]


# --8<-- [start:path]
def path_to_identity(A: Float[Tensor, "2 2"], t: float) -> Float[Tensor, "2 2"]:
    """Return a point on a path from A (t = 0) to I (t = 1): unwind and unstretch.

    Raises ValueError where det A ≤ 0, because then there is no such path.
    """
    if torch.linalg.det(A) <= 0:
        raise ValueError(
            f"det A = {torch.linalg.det(A):.3g}: a path to I needs det A > 0"
        )
    U, sigma, Vh = torch.linalg.svd(A)
    stretch = Vh.T @ torch.diag(sigma) @ Vh
    _, theta = angle_in_o2(U @ Vh)
    turn = rotation(torch.tensor((1 - t) * theta).to(A))
    return turn @ ((1 - t) * stretch + t * torch.eye(2).to(A))
    # --8<-- [end:path]


# --8<-- [start:depth]
def norms_through_depth(
    layers: list[torch.nn.Linear], x: Float[Tensor, " n"]
) -> Float[Tensor, " depth"]:
    """Return the length of x after each layer, relative to the start."""
    lengths, start = [], x.norm()
    for layer in layers:
        x = layer(x)
        lengths.append(x.norm() / start)
    return torch.stack(lengths)
    # --8<-- [end:depth]


# --8<-- [start:solution_symmetric]
def symmetric_but_not_closed() -> tuple[Float[Tensor, "2 2"], Float[Tensor, "2 2"]]:
    """Return two invertible symmetric matrices whose product is not symmetric."""
    return torch.tensor([[1.0, 1.0], [1.0, 0.0]]), torch.tensor(
        [[1.0, 0.0], [0.0, -1.0]]
    )
    # --8<-- [end:solution_symmetric]


# --8<-- [start:solution_mirrors]
def two_mirrors(alpha: float, beta: float) -> Float[Tensor, "2 2"]:
    """Return the mirror at angle β followed by that at α: a turn by 2(α − β)."""
    return rotation(2 * (alpha - beta))
    # --8<-- [end:solution_mirrors]
