"""Eigenvectors: the directions that a map keeps, and what happens when it is applied again and again."""

# --8<-- [start:setup]
import math

import torch
from jaxtyping import Complex, Float
from torch import Tensor, nn
from torch.nn.utils.parametrizations import orthogonal

from snippets.linear_algebra.solving import null_space
from snippets.shapes import check_numbers

# --8<-- [end:setup]


# --8<-- [start:maps]
A = torch.tensor([[1.0, 0.0], [-1.0, 2.0]]).double()
B = torch.tensor([[1.0, 1.0], [-1.0, 2.0]]).double()
shear = torch.tensor([[1.0, 1.0], [0.0, 1.0]]).double()
clockwise = torch.tensor([[0.0, 1.0], [-1.0, 0.0]]).double()
symmetric = torch.tensor([[2.0, 1.0], [1.0, 2.0]]).double()
# --8<-- [end:maps]


# --8<-- [start:characteristic_polynomial]
def characteristic_polynomial(A: Float[Tensor, "n n"]) -> Float[Tensor, " n+1"]:
    """Return the coefficients of det(λI − A), highest power first.

    By the recursion of Faddeev and Le Verrier.
    """
    n, one = len(A), torch.eye(len(A)).to(A)
    coefficients, M = [one.new_ones(())], one
    for k in range(1, n + 1):
        coefficients.append(-(A @ M).trace() / k)
        M = A @ M + coefficients[-1] * one
    return torch.stack(coefficients)
    # --8<-- [end:characteristic_polynomial]


# --8<-- [start:eigenspace]
def eigenspace(A: Float[Tensor, "n n"], eigenvalue: float) -> Float[Tensor, "n d"]:
    """Return a basis of ker(A − λI) as columns; none if λ is not an eigenvalue.

    What is 10⁻¹⁰ times smaller than A counts as zero.
    """
    check_numbers("n n", A)
    M = A.double() - eigenvalue * torch.eye(len(A)).to(A).double()
    size = max(A.abs().max().item(), abs(eigenvalue))
    return null_space(M / size if size else M, 1e-10).to(A)
    # --8<-- [end:eigenspace]


# --8<-- [start:eigenbasis]
def eigenbasis(
    A: Float[Tensor, "n n"],
) -> tuple[Complex[Tensor, " n"], Complex[Tensor, "n n"]]:
    """Return the eigenvalues and a P with eigenvectors as columns: P⁻¹AP is diagonal.

    Raises ValueError where the eigenvectors of A, complex ones included,
    do not form a basis.
    """
    eigenvalues, P = torch.linalg.eig(A)
    found = int(torch.linalg.matrix_rank(P, rtol=torch.finfo(A.dtype).eps ** 0.45))
    if found < len(A):
        missing = f"{found} independent eigenvector(s), not {len(A)}"
        raise ValueError(f"{missing}: no eigenbasis")
    return eigenvalues, P
    # --8<-- [end:eigenbasis]


# --8<-- [start:power]
def power(A: Float[Tensor, "n n"], k: int) -> Float[Tensor, "n n"]:
    """Return A multiplied by itself k times, as P Dᵏ P⁻¹ in a basis of eigenvectors."""
    eigenvalues, P = eigenbasis(A)
    return (P @ torch.diag(eigenvalues**k) @ torch.linalg.inv(P)).real
    # --8<-- [end:power]


# --8<-- [start:power_iteration]
def power_iteration(
    A: Float[Tensor, "n n"],
    x: Float[Tensor, " n"],
    steps: int,
) -> list[Float[Tensor, " n"]]:
    """Return the directions of x, Ax, A²x, …: apply A, rescale to length one, repeat.

    Raises ValueError where a vector is 0 and has no direction.
    """
    directions = []
    for k in range(steps + 1):
        y = A @ directions[-1] if k else x
        if not y.any():
            raise ValueError(f"after {k} steps the vector is 0: start elsewhere")
        directions.append(y / y.norm())
    return directions
    # --8<-- [end:power_iteration]


# --8<-- [start:spectral_radius]
def spectral_radius(A: Float[Tensor, "n n"]) -> Float[Tensor, ""]:
    """Return the largest modulus of an eigenvalue of A."""
    return torch.linalg.eigvals(A).abs().max()
    # --8<-- [end:spectral_radius]


# --8<-- [start:recurrence]
class LinearRecurrence(nn.Module):
    """The bare recurrent network: the state h becomes W h, once for each step."""

    def __init__(self, features: int) -> None:
        """Start with a random W."""
        super().__init__()
        self.step = nn.Linear(features, features, bias=False)

    def forward(
        self, h: Float[Tensor, "*batch n"], steps: int
    ) -> Float[Tensor, "*batch n"]:
        """Return the state after that many steps."""
        for _ in range(steps):
            h = self.step(h)
        return h
        # --8<-- [end:recurrence]


# --8<-- [start:recurrences]
def gradient_norms(net: LinearRecurrence, horizons: list[int]) -> list[float]:
    """Return the length of the gradient of the summed last state by the first."""
    norms, W = [], net.step.weight
    for steps in horizons:
        h = W.new_zeros(W.shape[1], requires_grad=True)
        (gradient,) = torch.autograd.grad(net(h, steps).sum(), h)
        norms.append(float(gradient.norm()))
    return norms


def with_radius(net: LinearRecurrence, radius: float) -> LinearRecurrence:
    """Rescale the weight so that its spectral radius is the given one."""
    with torch.no_grad():
        net.step.weight *= radius / spectral_radius(net.step.weight)
    return net


def recurrences(features: int = 32) -> dict[str, LinearRecurrence]:
    """Return a random network with two spectral radii, and with an orthogonal
    weight.
    """
    nets = {}
    for name in ("ρ = 1.1", "orthogonal", "ρ = 0.9"):
        torch.manual_seed(0)
        nets[name] = LinearRecurrence(features)
    with_radius(nets["ρ = 1.1"], 1.1)
    orthogonal(nets["orthogonal"].step)
    with_radius(nets["ρ = 0.9"], 0.9)
    return nets
    # --8<-- [end:recurrences]


# --8<-- [start:solution_projection]
def onto_line(v: Float[Tensor, " n"]) -> Float[Tensor, "n n"]:
    """Return the matrix of the projection onto the line through v: v vᵀ / v·v."""
    return torch.outer(v, v) / (v @ v)
    # --8<-- [end:solution_projection]


# --8<-- [start:solution_fibonacci]
def fibonacci(k: int) -> float:
    """Return the k-th Fibonacci number by its closed form (φᵏ − (1 − φ)ᵏ) / √5."""
    phi = (1 + math.sqrt(5)) / 2
    return (phi**k - (1 - phi) ** k) / math.sqrt(5)
    # --8<-- [end:solution_fibonacci]


# --8<-- [start:solution_norm]
def largest_stretch(layer: nn.Linear, steps: int = 200, seed: int = 0) -> float:
    """Return the largest ‖Wx‖ / ‖x‖ of a layer, by power iteration on WᵀW."""
    W = layer.weight.detach()
    start = torch.randn(W.shape[1], generator=torch.Generator().manual_seed(seed))
    v = power_iteration(W.T @ W, start.to(W), steps)[-1]
    return float((W @ v).norm())
    # --8<-- [end:solution_norm]
