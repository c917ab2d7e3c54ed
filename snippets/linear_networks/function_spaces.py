"""Function spaces: what a network can compute, and where its training can stop."""

# --8<-- [start:setup]
from collections.abc import Callable
from itertools import combinations, pairwise

import torch
from jaxtyping import Float
from torch import Tensor
from torch.func import grad, jacrev, vmap

from snippets.shapes import check_numbers

# --8<-- [end:setup]


Widths = tuple[int, ...]


# --8<-- [start:network]
def layers(theta: Float[Tensor, " N"], widths: tuple[int, ...]) -> list[Tensor]:
    """Cut the parameters θ into the weight matrices of a network of these widths."""
    shapes = [(b, a) for a, b in pairwise(widths)]
    sizes = [b * a for b, a in shapes]
    if len(theta) != sum(sizes):
        raise ValueError(
            f"widths {widths} take {sum(sizes)} parameters, not {len(theta)}"
        )
    return [w.reshape(s) for w, s in zip(theta.split(sizes), shapes, strict=True)]


def realised(
    theta: Float[Tensor, " N"], widths: tuple[int, ...]
) -> Float[Tensor, "out in"]:
    """Return F(θ) = M_L ⋯ M_1, the one matrix that the network computes."""
    M, *later = layers(theta, widths)
    for factor in later:
        M = factor @ M
    return M
    # --8<-- [end:network]


# --8<-- [start:loss]
def loss(
    M: Float[Tensor, "out in"], X: Float[Tensor, "in S"], Y: Float[Tensor, "out S"]
) -> Float[Tensor, ""]:
    """Squared error of M on S samples, the columns of X and Y: ‖M X − Y‖²."""
    return (M @ X - Y).square().sum()
    # --8<-- [end:loss]


# --8<-- [start:differential_rank]
def differential_rank(F: Callable[[Tensor], Tensor], theta: Float[Tensor, " N"]) -> int:
    """Rank of dF at θ: in how many directions F(θ) moves, to first order.

    What is 10⁻⁹ times smaller than dF at a random point of θ's size counts as zero.
    """
    check_numbers("N", theta)
    draw = torch.Generator().manual_seed(0)
    random = torch.randn(len(theta), generator=draw).to(theta)
    s, general = (
        torch.linalg.svdvals(jacrev(F)(x).reshape(-1, len(theta)))
        for x in (theta, theta.norm() / random.norm() * random)
    )
    return int((s > 1e-9 * torch.maximum(s[:1], general[:1])).sum())
    # --8<-- [end:differential_rank]


# --8<-- [start:gauge]
def change_basis(
    theta: Float[Tensor, " N"], T: Float[Tensor, "r r"], widths: tuple[int, ...]
) -> Float[Tensor, " N"]:
    """Move along the fibre: (M_1, M_2) becomes (T M_1, M_2 T⁻¹)."""
    first, second = layers(theta, widths)
    return torch.cat([(T @ first).flatten(), (second @ T.inverse()).flatten()])
    # --8<-- [end:gauge]


# --8<-- [start:critical_points]
def critical_points(
    X: Float[Tensor, "n S"], Y: Float[Tensor, "m S"], rank: int
) -> dict[tuple[int, ...], Tensor]:
    """Return one θ over each critical matrix of the widths (n, r, m).

    Its key says which singular values of Y Xᵀ C^(-1/2) it keeps, where C = X Xᵀ.
    """
    variances, axes = torch.linalg.eigh(X @ X.T)
    whiten = axes / variances.sqrt() @ axes.T  # C^(-1/2)
    U, s, Vh = torch.linalg.svd(Y @ X.T @ whiten, full_matrices=False)
    found = {}
    for size in range(rank + 1):
        for kept in map(list, combinations(range(len(s)), size)):
            first, second = torch.zeros(rank, len(X)), torch.zeros(len(Y), rank)
            root = torch.diag(s[kept].sqrt())
            first[:size] = root @ Vh[kept] @ whiten
            second[:, :size] = U[:, kept] @ root
            theta = torch.cat([first.flatten(), second.flatten()])
            found[tuple(i + 1 for i in kept)] = theta
    return found


def hessian_signs(
    f: Callable[[Tensor], Tensor], theta: Float[Tensor, " N"]
) -> tuple[int, int, int]:
    """Count the negative, zero and positive eigenvalues of f's Hessian at θ."""
    values = torch.linalg.eigvalsh(jacrev(grad(f))(theta))
    small = 1e-8 * values.abs().max()
    negative, positive = int((values < -small).sum()), int((values > small).sum())
    return negative, len(theta) - negative - positive, positive
    # --8<-- [end:critical_points]


# --8<-- [start:descend]
def descend(
    f: Callable[[Tensor], Tensor],
    starts: Float[Tensor, "S N"],
    rate: float,
    steps: int,
) -> Float[Tensor, "S N"]:
    """Run gradient descent from many starts at once."""
    slope = vmap(grad(f))
    for _ in range(steps):
        starts = starts - rate * slope(starts)
    return starts
    # --8<-- [end:descend]


# --8<-- [start:example]
draw = torch.Generator().manual_seed(16)
spread = torch.tensor([[1.3], [1.0], [0.9], [0.7]])
X = spread * torch.randn(4, 12, generator=draw)
Y = torch.randn(3, 4, generator=draw) @ X
Y += 0.3 * torch.randn(3, 12, generator=draw)


def example_loss(theta: Float[Tensor, " N"]) -> Float[Tensor, ""]:
    """Loss of the network 4 → 2 → 3 on twelve samples."""
    return loss(realised(theta, (4, 2, 3)), X, Y)
    # --8<-- [end:example]


def starts(count: int) -> Float[Tensor, "count 14"]:
    """Random starts near zero, where a network is usually initialised."""
    return 0.3 * torch.randn(count, 14, generator=torch.Generator().manual_seed(1))


# --8<-- [start:solution_fibre]
def balance(theta: Float[Tensor, " N"], widths: tuple[int, ...]) -> Float[Tensor, " N"]:
    """Return a point of the same fibre with M_1 M_1ᵀ = M_2ᵀ M_2."""
    r = widths[1]
    U, s, Vh = torch.linalg.svd(realised(theta, widths), full_matrices=False)
    root = torch.diag(s[:r].sqrt())
    return torch.cat([(root @ Vh[:r]).flatten(), (U[:, :r] @ root).flatten()])
    # --8<-- [end:solution_fibre]


# --8<-- [start:solution_deep]
def deep_dimension(widths: tuple[int, ...]) -> int:
    """Dimension of a linear network's function space: the bottleneck decides."""
    r = min(widths)
    return r * (widths[0] + widths[-1] - r)
    # --8<-- [end:solution_deep]
