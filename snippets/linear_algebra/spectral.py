"""The spectral theorem: complex pairs as turns, perpendicular eigenvectors, bowls, and the largest learning rate."""

# --8<-- [start:setup]
import math

import torch
from jaxtyping import Complex, Float
from torch import Tensor, nn

# --8<-- [end:setup]


# --8<-- [start:as_matrix]
def as_matrix(z: complex) -> Float[Tensor, "2 2"]:
    """Return the matrix of z = a + bi: turn by its angle, scale by its modulus."""
    return torch.tensor([[z.real, -z.imag], [z.imag, z.real]], dtype=torch.float64)
    # --8<-- [end:as_matrix]


# --8<-- [start:rotation_scaling]
def rotation_scaling(A: Float[Tensor, "2 2"]) -> tuple[complex, Float[Tensor, "2 2"]]:
    """Return z = a + bi and a P with P⁻¹AP = as_matrix(z) and det P > 0.

    The columns of P are the real and the imaginary part of an eigenvector of a − bi.
    Raises ValueError where the eigenvalues of A are real.
    """
    eigenvalues, vectors = torch.linalg.eig(A)
    if not eigenvalues.imag.any():
        values = eigenvalues.real.tolist()
        raise ValueError(f"the eigenvalues {values} are real: use eigenbasis")
    bases = torch.stack([vectors.real, vectors.imag], dim=2).unbind(dim=1)
    i = int(torch.stack([torch.linalg.det(P) for P in bases]).argmax())
    return complex(eigenvalues[i].conj()), bases[i]
    # --8<-- [end:rotation_scaling]


# --8<-- [start:rayleigh]
def rayleigh(
    S: Float[Tensor, "n n"], x: Float[Tensor, "*batch n"]
) -> Float[Tensor, "*batch"]:
    """Return the stretch of the symmetric S along x: xᵀSx / xᵀx."""
    return (x @ S * x).sum(-1) / x.square().sum(-1)
    # --8<-- [end:rayleigh]


# --8<-- [start:definite]
def definiteness(S: Float[Tensor, "n n"]) -> str:
    """Say which kind of landscape xᵀSx is; raises ValueError if S is not symmetric.

    Eigenvalues below rounding error, relative to the largest, count as zero.
    """
    size = S.abs().max()
    tolerance = 10 * len(S) * torch.finfo(S.dtype).eps * size
    if (S - S.T).abs().max() > tolerance:
        raise ValueError("the matrix is not symmetric: take (S + Sᵀ)/2")
    smallest, largest = torch.linalg.eigvalsh(S)[[0, -1]]
    if smallest > tolerance:
        return "positive definite: a bowl"
    if smallest >= -tolerance:
        return "positive semidefinite: flat somewhere"
    if largest > tolerance:
        return "indefinite: a saddle"
    definite = largest < -tolerance
    return "negative definite: a hill" if definite else "negative semidefinite: a ridge"
    # --8<-- [end:definite]


# --8<-- [start:shift]
def shift(n: int) -> Float[Tensor, "n n"]:
    """Return the cyclic shift: entry k moves to place k + 1, the last one to 0."""
    return torch.eye(n).roll(1, dims=0)


def fourier_modes(n: int) -> Complex[Tensor, "n n"]:
    """Return the waves (1, ζʲ, ζ²ʲ, …) with ζ = exp(2πi/n) as columns."""
    k = torch.arange(n)
    return torch.exp(2j * math.pi * torch.outer(k, k) / n)
    # --8<-- [end:shift]


# --8<-- [start:learning_rate]
def largest_rate(X: Float[Tensor, "count n"]) -> float:
    """Return 2/λ for the Hessian 2XᵀX/N of the loss w ↦ ‖Xw − y‖²/N."""
    return 2 / float(torch.linalg.eigvalsh(2 * X.T @ X / len(X))[-1])


def train(
    layer: nn.Linear,
    X: Float[Tensor, "count n"],
    y: Float[Tensor, "count m"],
    rate: float,
    steps: int = 300,
) -> float:
    """Return the loss after gradient descent on all points at once."""
    optimiser = torch.optim.SGD(layer.parameters(), lr=rate)
    for _ in range(steps):
        optimiser.zero_grad()
        nn.functional.mse_loss(layer(X), y).backward()
        optimiser.step()
    return nn.functional.mse_loss(layer(X), y).item()
    # --8<-- [end:learning_rate]


# --8<-- [start:curvature]
def largest_curvature(
    loss: Float[Tensor, ""], parameters: list[nn.Parameter], steps: int = 100
) -> Float[Tensor, ""]:
    """Return the eigenvalue of largest modulus of the Hessian, which is never built.

    By power iteration; Hv is the derivative of g·v, with the gradient g.
    """

    def derivative(y: Float[Tensor, ""]) -> Float[Tensor, " n"]:
        parts = torch.autograd.grad(y, parameters, create_graph=True)
        return torch.cat([part.flatten() for part in parts])

    gradient = derivative(loss)
    v = torch.ones_like(gradient)
    for _ in range(steps):
        v = v / v.norm()
        curved = derivative(gradient @ v).detach()
        eigenvalue, v = v @ curved, curved
    return eigenvalue
    # --8<-- [end:curvature]
