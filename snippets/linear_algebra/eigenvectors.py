"""Eigenvectors: the directions that a map keeps, and what happens when it is applied again and again."""

# --8<-- [start:setup]
import math

import torch
from jaxtyping import Complex, Float
from torch import Tensor, nn
from torch.nn.utils.parametrizations import orthogonal

from snippets.linear_algebra.determinants import null_space

# --8<-- [end:setup]


# --8<-- [start:maps]
first = torch.tensor([[1.0, 1.0], [-1.0, 2.0]])
A = torch.tensor([[1.0, 0.0], [-1.0, 2.0]])
shear = torch.tensor([[1.0, 1.0], [0.0, 1.0]])
clockwise = torch.tensor([[0.0, 1.0], [-1.0, 0.0]])
symmetric = torch.tensor([[2.0, 1.0], [1.0, 2.0]])
# --8<-- [end:maps]


# --8<-- [start:characteristic_polynomial]
def characteristic_polynomial(A: Float[Tensor, "n n"]) -> Float[Tensor, " n+1"]:
    """Coefficients of det(λI − A), highest power first (Faddeev and Le Verrier)."""
    n = len(A)
    coefficients, M = [torch.ones(())], torch.eye(n)
    for k in range(1, n + 1):
        coefficients.append(-(A @ M).trace() / k)
        M = A @ M + coefficients[-1] * torch.eye(n)
    return torch.stack(coefficients)
# --8<-- [end:characteristic_polynomial]


# --8<-- [start:eigenspace]
def eigenspace(
    A: Float[Tensor, "n n"],
    eigenvalue: float,
    atol: float = 1e-10,
) -> Float[Tensor, "n d"]:
    """Columns form a basis of ker(A − λI); none if λ is not an eigenvalue."""
    return null_space(A - eigenvalue * torch.eye(len(A)), atol)
# --8<-- [end:eigenspace]


# --8<-- [start:eigenbasis]
def eigenbasis(
    A: Float[Tensor, "n n"],
) -> tuple[Complex[Tensor, " n"], Complex[Tensor, "n n"]]:
    """Eigenvalues, and a P with eigenvectors as columns: P⁻¹AP is diagonal.

    Raises ValueError where the eigenvectors of A, complex ones included,
    do not form a basis.
    """
    eigenvalues, P = torch.linalg.eig(A)
    found = int(torch.linalg.matrix_rank(P, rtol=1e-7))
    if found < len(A):
        missing = f"{found} independent eigenvector(s), not {len(A)}"
        raise ValueError(f"{missing}: no eigenbasis")
    return eigenvalues, P
# --8<-- [end:eigenbasis]


# --8<-- [start:power]
def power(A: Float[Tensor, "n n"], k: int) -> Float[Tensor, "n n"]:
    """A multiplied by itself k times, as P Dᵏ P⁻¹ in a basis of eigenvectors."""
    eigenvalues, P = eigenbasis(A)
    return (P @ torch.diag(eigenvalues**k) @ torch.linalg.inv(P)).real
# --8<-- [end:power]


# --8<-- [start:power_iteration]
def power_iteration(
    A: Float[Tensor, "n n"],
    x: Float[Tensor, " n"],
    steps: int,
) -> list[Float[Tensor, " n"]]:
    """Directions of x, Ax, A²x, …: apply A, rescale to length one, repeat."""
    directions = [x / x.norm()]
    for _ in range(steps):
        y = A @ directions[-1]
        directions.append(y / y.norm())
    return directions
# --8<-- [end:power_iteration]


# --8<-- [start:as_matrix]
def as_matrix(z: complex) -> Float[Tensor, "2 2"]:
    """Multiplication by a + bi: turn by its angle, scale by its modulus."""
    return torch.tensor([[z.real, -z.imag], [z.imag, z.real]])
# --8<-- [end:as_matrix]


# --8<-- [start:rotation_scaling]
def rotation_scaling(A: Float[Tensor, "2 2"]) -> tuple[complex, Float[Tensor, "2 2"]]:
    """An eigenvalue λ = a − bi, b > 0, and a P with P⁻¹AP = as_matrix(a + bi).

    The columns of P are the real and the imaginary part of an eigenvector of λ.
    Raises ValueError where the eigenvalues of A are real.
    """
    eigenvalues, vectors = torch.linalg.eig(A)
    if not eigenvalues.imag.any():
        values = eigenvalues.real.tolist()
        raise ValueError(f"the eigenvalues {values} are real: use eigenbasis")
    i = int(eigenvalues.imag.argmin())
    v = vectors[:, i]
    return complex(eigenvalues[i]), torch.stack([v.real, v.imag], dim=1)
# --8<-- [end:rotation_scaling]


# --8<-- [start:rayleigh]
def rayleigh(S: Float[Tensor, "n n"], x: Float[Tensor, " n"]) -> Float[Tensor, ""]:
    """Stretch of the symmetric S along x: xᵀSx / xᵀx."""
    return x @ S @ x / (x @ x)
# --8<-- [end:rayleigh]


# --8<-- [start:spectral_radius]
def spectral_radius(A: Float[Tensor, "n n"]) -> Float[Tensor, ""]:
    """Largest modulus of an eigenvalue of A."""
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


def gradient_norms(net: LinearRecurrence, horizons: list[int]) -> list[float]:
    """Length of the gradient of the summed last state with respect to the first."""
    norms = []
    for steps in horizons:
        h = torch.zeros(net.step.in_features, requires_grad=True)
        (gradient,) = torch.autograd.grad(net(h, steps).sum(), h)
        norms.append(float(gradient.norm()))
    return norms
# --8<-- [end:recurrence]


# --8<-- [start:with_radius]
def with_radius(net: LinearRecurrence, radius: float) -> LinearRecurrence:
    """Rescale the weight so that its spectral radius is the given one."""
    with torch.no_grad():
        net.step.weight *= radius / spectral_radius(net.step.weight)
    return net
# --8<-- [end:with_radius]


# --8<-- [start:recurrences]
def recurrences(features: int = 32) -> dict[str, LinearRecurrence]:
    """One random network with two spectral radii, and with an orthogonal weight."""
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
    """Matrix of the orthogonal projection onto the line through v: v vᵀ / v·v."""
    return torch.outer(v, v) / (v @ v)
# --8<-- [end:solution_projection]


# --8<-- [start:solution_fibonacci]
def fibonacci(k: int) -> float:
    """k-th Fibonacci number by its closed form (φᵏ − (1 − φ)ᵏ) / √5."""
    phi = (1 + math.sqrt(5)) / 2
    return (phi**k - (1 - phi) ** k) / math.sqrt(5)
# --8<-- [end:solution_fibonacci]


# --8<-- [start:solution_shift]
def shift(n: int) -> Float[Tensor, "n n"]:
    """Cyclic shift: entry k moves to place k + 1, the last one to place 0."""
    return torch.eye(n).roll(1, dims=0)


def fourier_modes(n: int) -> Complex[Tensor, "n n"]:
    """Columns are the waves (1, ζʲ, ζ²ʲ, …) with ζ = exp(2πi/n)."""
    k = torch.arange(n)
    return torch.exp(2j * math.pi * torch.outer(k, k) / n)
# --8<-- [end:solution_shift]


# --8<-- [start:solution_norm]
def largest_stretch(layer: nn.Linear, steps: int = 200, seed: int = 0) -> float:
    """Largest stretch ‖Wx‖ / ‖x‖ of a layer, by power iteration on WᵀW."""
    W = layer.weight.detach()
    start = torch.randn(W.shape[1], generator=torch.Generator().manual_seed(seed))
    v = power_iteration(W.T @ W, start, steps)[-1]
    return float(rayleigh(W.T @ W, v).sqrt())
# --8<-- [end:solution_norm]
