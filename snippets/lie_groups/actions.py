"""Actions and representations: one group that moves many things, and maps that respect it."""

# --8<-- [start:setup]
from collections.abc import Callable, Hashable

import torch
from jaxtyping import Float
from torch import Tensor

from snippets.shapes import check_numbers, check_shapes

# --8<-- [end:setup]


# --8<-- [start:two_ways]
def move(s: tuple[int, ...], x: tuple) -> tuple:
    """Return x with the content of place i moved to place s(i)."""
    moved = list(x)
    for i, content in enumerate(x):
        moved[s[i]] = content
    return tuple(moved)


def gather(s: tuple[int, ...], x: tuple) -> tuple:
    """Return x with, at place i, what was at place s(i): x[s] for tensors."""
    return tuple(x[i] for i in s)
    # --8<-- [end:two_ways]


# --8<-- [start:orbit]
def orbit(group: list, act: Callable, x: Hashable) -> set:
    """Return all g·x."""
    return {act(g, x) for g in group}


def stabiliser(group: list, act: Callable, x: Hashable) -> list:
    """Return the g with g·x = x."""
    return [g for g in group if act(g, x) == x]
    # --8<-- [end:orbit]


# --8<-- [start:permutation_matrix]
def permutation_matrix(s: tuple[int, ...]) -> Float[Tensor, "n n"]:
    """Return P with (Px)ᵢ = x at s(i): row i has its 1 in column s(i)."""
    return torch.eye(len(s))[list(s)]
    # --8<-- [end:permutation_matrix]


# --8<-- [start:representation]
def representation_defect(
    rho: Callable, multiply: Callable, pairs: list[tuple]
) -> float:
    """Return the largest entry of ρ(gh) − ρ(g)ρ(h) over some pairs g, h."""
    return max(
        (rho(multiply(g, h)) - rho(g) @ rho(h)).abs().max().item() for g, h in pairs
    )
    # --8<-- [end:representation]


# --8<-- [start:brackets]
def bracket_degrees(count: int) -> list[int]:
    """Return the degrees of x³, then brackets with x²: [xᵃ, xᵇ] = (b − a) xᵃ⁺ᵇ⁻¹."""
    degrees = [3]
    while len(degrees) < count:
        degrees.append(2 + degrees[-1] - 1)
    return degrees
    # --8<-- [end:brackets]


# --8<-- [start:defect]
def equivariance_defect(
    f: Callable,
    inputs: list[Tensor],
    outputs: list[Tensor],
    x: Float[Tensor, "count d"],
) -> float:
    """Return the largest entry of f(ρ(g)x) − ρ′(g)f(x), over rows x and matrices."""
    if len(inputs) != len(outputs):
        raise ValueError(f"{len(outputs)} matrices ρ′(g) for {len(inputs)} ρ(g)")
    return max(
        (f(x @ A.T) - f(x) @ B.T).abs().max().item()
        for A, B in zip(inputs, outputs, strict=True)
    )
    # --8<-- [end:defect]


# --8<-- [start:commutant]
def commutant_basis(
    matrices: Float[Tensor, "count d d"],
) -> Float[Tensor, "dim d d"]:
    """Return an orthonormal basis of the M with MX = XM for each of the matrices X.

    Row by row, XM − MX is (X ⊗ I − I ⊗ Xᵀ) times the entries of M; these equations
    hold where their matrix has singular value 0, up to rounding.
    """
    check_numbers("count d d", matrices)
    d = matrices.shape[-1]
    size = matrices.abs().amax((1, 2), keepdim=True)
    X = (matrices / size.clamp(min=torch.finfo(matrices.dtype).tiny)).contiguous()
    eye = torch.eye(d).to(X)
    equations = torch.cat(
        [torch.kron(A, eye) - torch.kron(eye, A.T.contiguous()) for A in X]
    )
    _, sigma, Vh = torch.linalg.svd(equations)
    zero = 100 * d * torch.finfo(X.dtype).eps
    return Vh[int((sigma > zero).sum()) :].reshape(-1, d, d)
    # --8<-- [end:commutant]


# --8<-- [start:layer]
class Averaged(torch.nn.Module):
    """Make any network equivariant under a finite group, by averaging over it."""

    def __init__(
        self,
        network: torch.nn.Module,
        inputs: Float[Tensor, "order d d"],
        outputs: Float[Tensor, "order m m"],
    ):
        """Keep the network, and the matrices of all group elements on both sides."""
        super().__init__()
        self.network = network
        self.register_buffer("inputs", inputs)
        self.register_buffer("back", torch.linalg.inv(outputs))

    def forward(self, x: Float[Tensor, "*batch d"]) -> Float[Tensor, "*batch m"]:
        """Return the mean of ρ′(g)⁻¹ network(ρ(g)x) over all g."""
        check_shapes(f"… {self.inputs.shape[-1]}", x)
        turned = torch.einsum("gij,...j->g...i", self.inputs, x)
        answers = self.network(turned)
        return torch.einsum("gij,g...j->...i", self.back, answers) / len(self.back)
        # --8<-- [end:layer]


# --8<-- [start:solution_orbits]
def orbit_sizes(group: list, act: Callable, points: list) -> list[int]:
    """Return the sizes of all orbits, sorted."""
    return sorted(len(o) for o in {frozenset(orbit(group, act, x)) for x in points})
    # --8<-- [end:solution_orbits]
