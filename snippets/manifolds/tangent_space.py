"""Tangent spaces: velocities, differentials, level sets, and a gradient step that stays on a manifold."""

# --8<-- [start:setup]
import math
from collections.abc import Callable

import torch
from jaxtyping import Float
from torch import Tensor, nn

from snippets.shapes import check_batches, check_numbers

# --8<-- [end:setup]


# --8<-- [start:velocity]
def velocity(curve: Callable[[Tensor], Tensor], t: float) -> Float[Tensor, " n"]:
    """Return the derivative of a curve t ↦ (x₁, …, xₙ) at time t."""
    return torch.autograd.functional.jacobian(curve, torch.tensor(t))
    # --8<-- [end:velocity]


# --8<-- [start:differential]
def differential(
    F: Callable[[Tensor], Tensor], x: Float[Tensor, " n"]
) -> Float[Tensor, "m n"]:
    """Return dF at x, the matrix of partial derivatives."""
    return torch.autograd.functional.jacobian(F, x)
    # --8<-- [end:differential]


# --8<-- [start:kernel]
def relative_threshold(J: Float[Tensor, "m n"]) -> float:
    """Return the share of the largest singular value that still counts as zero."""
    return 10 * max(J.shape) * torch.finfo(J.dtype).eps


def kernel(J: Float[Tensor, "m n"]) -> Float[Tensor, "n k"]:
    """Return an orthonormal basis of the null space of J, by the SVD."""
    check_numbers("m n", J)
    rank = int(torch.linalg.matrix_rank(J, rtol=relative_threshold(J)))
    return torch.linalg.svd(J).Vh[rank:].T
    # --8<-- [end:kernel]


# --8<-- [start:tangent]
def tangent_space(
    F: Callable[[Tensor], Tensor], x: Float[Tensor, " n"]
) -> Float[Tensor, "n k"]:
    """Return an orthonormal basis of the tangent space at x of the level set of F.

    Raises ValueError where dF is not onto, because the theorem is silent there.
    """
    J = differential(F, x)
    tangent = kernel(J)
    rank = J.shape[1] - tangent.shape[1]
    if rank < len(J):
        raise ValueError(
            f"dF has rank {rank} at {x.tolist()}, not {len(J)}: "
            "choose a regular point of F"
        )
    return tangent
    # --8<-- [end:tangent]


# --8<-- [start:equations]
def sphere_equation(p: Float[Tensor, " n"]) -> Float[Tensor, "1"]:
    """Return x₁² + … + xₙ²; the unit sphere is its level set at 1."""
    return p.square().sum()[None]


def cone_equation(p: Float[Tensor, "3"]) -> Float[Tensor, "1"]:
    """Return x² + y² − z²; the double cone is its level set at 0."""
    return (p[0] ** 2 + p[1] ** 2 - p[2] ** 2)[None]


def node_equation(p: Float[Tensor, "2"]) -> Float[Tensor, "1"]:
    """Return y² − x² − x³, whose level set at 0 crosses itself."""
    return (p[1] ** 2 - p[0] ** 2 - p[0] ** 3)[None]
    # --8<-- [end:equations]


# --8<-- [start:orthogonality]
def gram_entries(a: Float[Tensor, " n2"]) -> Float[Tensor, " m"]:
    """List AAᵀ on and above the diagonal, for A given row by row."""
    n = math.isqrt(len(a))
    A = a.reshape(n, n)
    rows, columns = torch.triu_indices(n, n)
    return (A @ A.T)[rows, columns]


def random_orthogonal(n: int, generator: torch.Generator) -> Float[Tensor, "n n"]:
    """Return an orthogonal matrix, from the QR decomposition of a random one."""
    return torch.linalg.qr(torch.randn(n, n, generator=generator)).Q
    # --8<-- [end:orthogonality]


# --8<-- [start:product]
def product_map(m: int, r: int, n: int) -> Callable[[Tensor], Tensor]:
    """Return (A, B) ↦ AB for m × r and r × n matrices, all written row by row."""
    return lambda x: (x[: m * r].reshape(m, r) @ x[m * r :].reshape(r, n)).flatten()


def factors(
    m: int, r: int, n: int, rank: int, generator: torch.Generator
) -> Float[Tensor, " k"]:
    """Return random A and B, flattened, both of the given rank."""

    def of_rank(rows: int, columns: int) -> Float[Tensor, "a b"]:
        left, right = (
            torch.randn(*shape, generator=generator)
            for shape in ((rows, rank), (rank, columns))
        )
        return left @ right

    return torch.cat([of_rank(m, r).flatten(), of_rank(r, n).flatten()])
    # --8<-- [end:product]


# --8<-- [start:step]
def tangent_part(
    A: Float[Tensor, "*batch n n"], G: Float[Tensor, "*batch n n"]
) -> Float[Tensor, "*batch n n"]:
    """Return A times the skew part of AᵀG: the part of G tangent to O(n) at A."""
    check_batches("… n n, … n n", A, G)
    M = A.mT @ G
    return A @ (M - M.mT) / 2


def retract(M: Float[Tensor, "*batch n n"]) -> Float[Tensor, "*batch n n"]:
    """Return the orthogonal matrix nearest to M: UVᵀ, where M = UΣVᵀ."""
    check_numbers("… n n", M)
    U, _, Vh = torch.linalg.svd(M)
    return U @ Vh


def orthogonal_step(layer: nn.Linear, rate: float) -> None:
    """Make one step of gradient descent on a layer's weight without leaving O(n)."""
    with torch.no_grad():
        W, G = layer.weight, layer.weight.grad
        W.copy_(retract(W - rate * tangent_part(W, G)))
    # --8<-- [end:step]


# --8<-- [start:train]
def departure_from_orthogonal(W: Float[Tensor, "n n"]) -> float:
    """Return the Frobenius norm of WᵀW − I."""
    return (W.T @ W - torch.eye(len(W)).to(W)).norm().item()


def rotation(n: int, generator: torch.Generator) -> Float[Tensor, "n n"]:
    """Return a random orthogonal matrix of determinant 1."""
    Q = random_orthogonal(n, generator)
    return Q * torch.cat([torch.linalg.det(Q)[None], torch.ones(n - 1)])


def plain_step(layer: nn.Linear, rate: float) -> None:
    """Make one step of gradient descent among all matrices."""
    with torch.no_grad():
        layer.weight -= rate * layer.weight.grad


def recover(
    n: int, steps: int, step: Callable[[nn.Linear, float], None]
) -> tuple[list, list, float]:
    """Learn a rotation; return losses, norms of WᵀW − I, and the final error."""
    generator = torch.Generator().manual_seed(0)
    hidden, x = rotation(n, generator), torch.randn(4 * n, n, generator=generator)
    y = x @ hidden.T + 0.3 * torch.randn(4 * n, n, generator=generator)
    layer, losses, departures = nn.Linear(n, n, bias=False), [], []
    layer.weight.data = torch.eye(n)
    for _ in range(steps):
        layer.zero_grad()
        loss = (layer(x) - y).square().mean()
        loss.backward()
        losses.append(loss.item())
        departures.append(departure_from_orthogonal(layer.weight.detach()))
        step(layer, 2.0)
    return losses, departures, (layer.weight.detach() - hidden).norm().item()
    # --8<-- [end:train]


# --8<-- [start:solution_special_linear]
def determinant(a: Float[Tensor, " n2"]) -> Float[Tensor, "1"]:
    """Return det A for A given row by row."""
    n = math.isqrt(len(a))
    return torch.linalg.det(a.reshape(n, n))[None]
    # --8<-- [end:solution_special_linear]


# --8<-- [start:solution_stiefel]
def frame_entries(k: int) -> Callable[[Tensor], Tensor]:
    """Map A, of k columns, to AᵀA on and above the diagonal."""
    rows, columns = torch.triu_indices(k, k)
    return lambda a: (a.reshape(-1, k).T @ a.reshape(-1, k))[rows, columns]
    # --8<-- [end:solution_stiefel]


# --8<-- [start:solution_eigenvector]
def climb(
    S: Float[Tensor, "n n"], x: Float[Tensor, " n"], steps: int = 500
) -> Float[Tensor, " n"]:
    """Follow the gradient of xᵀSx along the unit sphere."""
    rate = 0.5 / S.norm()
    for _ in range(steps):
        gradient = 2 * S @ x
        x = x + rate * (gradient - (gradient @ x) * x)
        x = x / x.norm()
    return x
    # --8<-- [end:solution_eigenvector]
