"""Lie algebras: tangent space at the identity, bracket, structure constants, homomorphisms, BCH."""

# --8<-- [start:setup]
from collections.abc import Callable

import torch
from jaxtyping import Complex, Float
from torch import Tensor

from snippets.lie_groups.exponential import hat
from snippets.matrix_exp import matrix_exp  # torch 2.13 errs for a single matrix
from snippets.shapes import check_batches, digits

# --8<-- [end:setup]


# --8<-- [start:velocity]
def velocity_at_identity(curve: Callable[[Tensor], Tensor]) -> Tensor:
    """Return the derivative at t = 0 of a curve of real or complex matrices.

    Raises ValueError where it does not start at I, or where autograd cannot follow it.
    """
    zero = torch.tensor(0.0)
    start = curve(zero)
    miss = (start - torch.eye(len(start))).abs().max().item()
    if not miss <= 1e-9:
        raise ValueError(
            f"the curve starts {digits(miss, 1e-9)} away from the identity, "
            "more than 1e-09: shift t so that it starts there"
        )
    try:
        speed = torch.autograd.functional.jacobian(
            lambda t: torch.view_as_real(curve(t) + 0j), zero, strict=True
        )
    except RuntimeError as error:
        raise ValueError(
            "the curve does not depend on t in a way that autograd sees: build it "
            "with torch.stack, which keeps derivatives, not with torch.tensor"
        ) from error
    speed = torch.view_as_complex(speed)
    return speed if start.is_complex() else speed.real
    # --8<-- [end:velocity]


# --8<-- [start:bracket]
def lie_bracket(A: Tensor, B: Tensor) -> Tensor:
    """Return [A, B] = AB − BA."""
    check_batches("… n n, … n n", A, B)
    return A @ B - B @ A
    # --8<-- [end:bracket]


# --8<-- [start:coordinates]
def coordinates(X: Tensor, basis: Tensor, rtol: float = 1e-9) -> Float[Tensor, " dim"]:
    """Return the real coefficients of X in a basis of matrices.

    Raises ValueError where an entry of X is missed by more than `rtol` times the
    largest entry of X, or where the basis is dependent.
    """
    columns = torch.view_as_real(basis + 0j).flatten(1).T
    columns = columns / columns.norm(dim=0)
    if torch.linalg.matrix_rank(columns) < len(basis):
        raise ValueError(f"the {len(basis)} matrices are dependent: no basis")
    target = torch.view_as_real(X + 0j).flatten()
    c = torch.linalg.lstsq(columns, target).solution
    miss, size = ((y.abs().max().item()) for y in (columns @ c - target, target))
    if not miss <= rtol * size:
        raise ValueError(
            f"X is {miss:.3g} away from the span of the basis; its largest entry "
            f"is {size:.3g}"
        )
    return c / torch.view_as_real(basis + 0j).flatten(1).norm(dim=1)
    # --8<-- [end:coordinates]


# --8<-- [start:structure_constants]
def structure_constants(basis: Tensor) -> Float[Tensor, "dim dim dim"]:
    """Return c with [Bᵢ, Bⱼ] = Σₖ c[i, j, k] Bₖ.

    Raises ValueError where a bracket leaves the span.
    """
    rows = [[coordinates(lie_bracket(A, B), basis) for B in basis] for A in basis]
    return torch.stack([torch.stack(row) for row in rows])
    # --8<-- [end:structure_constants]


# --8<-- [start:skew_basis]
def skew_basis(n: int) -> Float[Tensor, "dim n n"]:
    """Return n(n−1)/2 matrices, 1 below, −1 above the diagonal: a basis of so(n)."""
    i, j = torch.tril_indices(n, n, -1)
    E = torch.zeros(len(i), n, n)
    E[torch.arange(len(i)), i, j] = 1.0
    return E - E.mT
    # --8<-- [end:skew_basis]


# --8<-- [start:su2]
def su2_basis() -> Complex[Tensor, "3 2 2"]:
    """Return −i/2 times the Pauli matrices; the sign gives [u₁, u₂] = u₃."""
    pauli = torch.tensor(
        [[[0, 1], [1, 0]], [[0, -1j], [1j, 0]], [[1, 0], [0, -1]]],
        dtype=torch.complex128,
    )
    return -0.5j * pauli
    # --8<-- [end:su2]


# --8<-- [start:ad]
def ad(A: Tensor, basis: Tensor) -> Float[Tensor, "dim dim"]:
    """Return the matrix of B ↦ [A, B]: column j is [A, Bⱼ] in the basis."""
    return torch.stack([coordinates(lie_bracket(A, B), basis) for B in basis], 1)


def homomorphism_defect(
    phi: Callable, bracket: Callable, target: Callable, A: Tensor, B: Tensor
) -> float:
    """Return the largest entry of φ([A, B]) − [φ(A), φ(B)]."""
    return (phi(bracket(A, B)) - target(phi(A), phi(B))).abs().max().item()
    # --8<-- [end:ad]


# --8<-- [start:loop]
def loop(
    A: Float[Tensor, "n n"], B: Float[Tensor, "n n"], t: float
) -> Float[Tensor, "n n"]:
    """Return exp(tA) exp(tB) exp(−tA) exp(−tB): moves in the mover's own frame."""
    forth, over = matrix_exp(t * A), matrix_exp(t * B)
    return forth @ over @ torch.linalg.inv(forth) @ torch.linalg.inv(over)
    # --8<-- [end:loop]


# --8<-- [start:bch]
def bch(
    A: Float[Tensor, "n n"], B: Float[Tensor, "n n"], order: int
) -> Float[Tensor, "n n"]:
    """Return log(exp A exp B) up to the given order in A and B, 1 to 4.

    A + B + [A, B]/2 + ([A, [A, B]] + [B, [B, A]])/12 − [B, [A, [A, B]]]/24.
    """
    if order not in (1, 2, 3, 4):
        raise ValueError(f"order {order}: only 1, 2, 3 and 4 are written down here")
    C = lie_bracket(A, B)
    terms = [
        A + B,
        C / 2,
        lie_bracket(A - B, C) / 12,
        -lie_bracket(B, lie_bracket(A, C)) / 24,
    ]
    return sum(terms[:order])
    # --8<-- [end:bch]


# --8<-- [start:layer]
class Skew(torch.nn.Module):
    """Keep the skew part of a square matrix: a coordinate map onto so(n)."""

    def forward(self, X: Float[Tensor, "n n"]) -> Float[Tensor, "n n"]:
        """Return what is below the diagonal, mirrored with the opposite sign."""
        return X.tril(-1) - X.tril(-1).mT


class Exponential(torch.nn.Module):
    """Carry the algebra to the group."""

    def forward(self, X: Float[Tensor, "n n"]) -> Float[Tensor, "n n"]:
        """Return exp X."""
        return matrix_exp(X)


def rotation_layer(n: int) -> torch.nn.Linear:
    """Return a linear layer whose weight, exp of a skew matrix, is always in SO(n)."""
    layer = torch.nn.Linear(n, n, bias=False)
    for step in (Skew(), Exponential()):
        torch.nn.utils.parametrize.register_parametrization(
            layer, "weight", step, unsafe=True
        )
    return layer
    # --8<-- [end:layer]


# --8<-- [start:train]
def fit(
    layer: torch.nn.Linear,
    x: Float[Tensor, "batch n"],
    y: Float[Tensor, "batch n"],
    steps: int,
) -> list[float]:
    """Train by Adam; return the largest entry of W Wᵀ − I after each step."""
    optimiser, defects = torch.optim.Adam(layer.parameters(), lr=0.05), []
    for _ in range(steps):
        optimiser.zero_grad()
        (layer(x) - y).square().mean().backward()
        optimiser.step()
        W = layer.weight.detach()
        defects.append((W @ W.T - torch.eye(len(W)).to(W)).abs().max().item())
    return defects
    # --8<-- [end:train]


# --8<-- [start:solution_sl2]
def sl2_basis() -> Float[Tensor, "3 2 2"]:
    """Return H, E, F with [H, E] = 2E, [H, F] = −2F, [E, F] = H."""
    return torch.tensor(
        [[[1.0, 0.0], [0.0, -1.0]], [[0.0, 1.0], [0.0, 0.0]], [[0.0, 0.0], [1.0, 0.0]]]
    )
    # --8<-- [end:solution_sl2]


# --8<-- [start:solution_heisenberg]
def heisenberg(x: float, y: float, z: float) -> Float[Tensor, "3 3"]:
    """Return xX + yY + zZ, where [X, Y] = Z and Z commutes with both."""
    return torch.tensor([[0.0, x, z], [0.0, 0.0, y], [0.0, 0.0, 0.0]])


def heisenberg_product(
    a: tuple[float, float, float], b: tuple[float, float, float]
) -> tuple[float, float, float]:
    """Return log(exp a exp b), where BCH stops after the bracket."""
    return a[0] + b[0], a[1] + b[1], a[2] + b[2] + (a[0] * b[1] - a[1] * b[0]) / 2
    # --8<-- [end:solution_heisenberg]


# --8<-- [start:solution_killing]
def killing_form(basis: Float[Tensor, "dim n n"]) -> Float[Tensor, "dim dim"]:
    """Return tr(ad Bᵢ ad Bⱼ), straight from the structure constants."""
    c = structure_constants(basis)
    return torch.einsum("ikl,jlk->ij", c, c)
    # --8<-- [end:solution_killing]


# --8<-- [start:bch_residual]
def bch_residual(size: float, order: int) -> float:
    """Return the largest entry of exp(bch) − exp A exp B, for two turns of a size."""
    A = hat(size * torch.tensor([1.0, 0.0, 0.0]))
    B = hat(size * torch.tensor([0.6, 0.0, 0.8]))
    product = matrix_exp(A) @ matrix_exp(B)
    return (matrix_exp(bch(A, B, order)) - product).abs().max().item()
    # --8<-- [end:bch_residual]
