"""Linear maps: what they respect, why each is a matrix, and which layers of a network are linear."""

# --8<-- [start:setup]
from collections.abc import Callable

import torch
from jaxtyping import Float
from torch import Tensor, nn

Map = Callable[[Tensor], Tensor]
# --8<-- [end:setup]


# --8<-- [start:linearity_gap]
def linearity_gap(
    f: Map,
    u: Float[Tensor, " n"],
    v: Float[Tensor, " n"],
    a: float = 1.0,
    b: float = 1.0,
) -> Float[Tensor, " m"]:
    """Return f(au + bv) − a f(u) − b f(v), which is always zero when f is linear."""
    return f(a * u + b * v) - a * f(u) - b * f(v)
    # --8<-- [end:linearity_gap]


# --8<-- [start:first_map]
A = torch.tensor([[1.0, 1.0], [-1.0, 2.0]]).double()


def multiply(M: Float[Tensor, "m n"], x: Float[Tensor, " n"]) -> Float[Tensor, " m"]:
    """Return Mx, entry by entry: yᵢ = mᵢ₁x₁ + … + mᵢₙxₙ."""
    return torch.stack([sum(row[j] * x[j] for j in range(len(x))) for row in M])
    # --8<-- [end:first_map]


# --8<-- [start:square_first]
def square_first(p: Float[Tensor, " 2"]) -> Float[Tensor, " 2"]:
    """Return (x², y)."""
    x, y = p
    return torch.stack([x * x, y])
    # --8<-- [end:square_first]


# --8<-- [start:twist]
def twist(p: Float[Tensor, " 2"]) -> Float[Tensor, " 2"]:
    """Return (x, y + xy)."""
    x, y = p
    return torch.stack([x, y + x * y])
    # --8<-- [end:twist]


# --8<-- [start:wobble]
def wobble(p: Float[Tensor, " 2"]) -> Float[Tensor, " 2"]:
    """Return (x + sin(2πx)/8, y)."""
    x, y = p
    return torch.stack([x + torch.sin(2 * torch.pi * x) / 8, y])
    # --8<-- [end:wobble]


# --8<-- [start:matrix_of]
def matrix_of(f: Map, n: int, dtype: torch.dtype | None = None) -> Float[Tensor, "m n"]:
    """Return the matrix of a linear map on Rⁿ: its columns are f(e₁), …, f(eₙ)."""
    return torch.stack([f(e) for e in torch.eye(n, dtype=dtype)], dim=1)
    # --8<-- [end:matrix_of]


# --8<-- [start:in_basis]
def in_basis(M: Float[Tensor, "n n"], P: Float[Tensor, "n n"]) -> Float[Tensor, "n n"]:
    """Return the matrix of x ↦ Mx in the basis of the columns of P: P⁻¹MP."""
    return torch.linalg.inv(P) @ M @ P
    # --8<-- [end:in_basis]


# --8<-- [start:homogeneous]
def homogeneous(
    weight: Float[Tensor, "m n"], bias: Float[Tensor, " m"]
) -> Float[Tensor, "m+1 n+1"]:
    """Return the matrix [[W, b], [0, 1]], which sends (x, 1) to (Wx + b, 1)."""
    last_row = torch.eye(weight.shape[1] + 1)[-1:].to(weight)
    return torch.cat([torch.column_stack([weight, bias]), last_row])


def lift(x: Float[Tensor, "*batch n"]) -> Float[Tensor, "*batch n+1"]:
    """Return (x, 1)."""
    return torch.cat([x, torch.ones_like(x[..., :1])], dim=-1)
    # --8<-- [end:homogeneous]


# --8<-- [start:convolution_matrix]
def convolution_matrix(
    kernel: Float[Tensor, " k"], n: int, circular: bool = False
) -> Float[Tensor, "n n"]:
    """Return the matrix of a 1-D convolution: row i holds the kernel around place i.

    Beyond the ends stand zeros, or, where `circular`, the other end.
    Raises ValueError where the kernel has no middle or does not fit.
    """
    if len(kernel) % 2 == 0 or len(kernel) > n:
        raise ValueError(f"kernel length {len(kernel)}: pass an odd one, at most {n}")
    matrix, reach = kernel.new_zeros(n, n), len(kernel) // 2
    for i in range(n):
        for j in range(i - reach, i + reach + 1):
            if circular or 0 <= j < n:
                matrix[i, j % n] = kernel[j - i + reach]
    return matrix


def shift_matrix(n: int) -> Float[Tensor, "n n"]:
    """Return the matrix that moves each entry one place on, the last to the front."""
    return matrix_of(lambda x: x.roll(1), n)
    # --8<-- [end:convolution_matrix]


# --8<-- [start:solution_images]
def matrix_from_images(
    inputs: Float[Tensor, "n n"], images: Float[Tensor, "m n"]
) -> Float[Tensor, "m n"]:
    """Return the matrix that sends each column of `inputs` to its image."""
    return torch.linalg.solve(inputs, images, left=False)
    # --8<-- [end:solution_images]


# --8<-- [start:solution_derivative]
def derivative(c: Float[Tensor, " n"]) -> Float[Tensor, " n"]:
    """Return c₁, 2c₂, 3c₃, …, 0: the derivative of c₀ + c₁x + c₂x² + …"""
    return torch.cat([torch.arange(1, len(c)) * c[1:], c.new_zeros(1)])
    # --8<-- [end:solution_derivative]


# --8<-- [start:solution_nonlinearity]
def nonlinearity(f: Map, n: int, trials: int = 20) -> float:
    """Return how far f is from its only possible matrix, on random vectors.

    The largest difference of f(x) and Mx, relative to their size: rounding where f is
    linear.
    """
    matrix, generator = matrix_of(f, n), torch.Generator().manual_seed(0)
    worst = 0.0
    for x in torch.randn(trials, n, generator=generator):
        image, linear = f(x), matrix @ x
        size = float(image.abs().max() + linear.abs().max()) or 1.0
        worst = max(worst, float((image - linear).abs().max()) / size)
    return worst
    # --8<-- [end:solution_nonlinearity]


# --8<-- [start:solution_fold]
def fold(dense: nn.Linear, norm: nn.BatchNorm1d) -> nn.Linear:
    """Return one dense layer that does what a dense layer and its normalisation do."""
    scale = norm.weight / torch.sqrt(norm.running_var + norm.eps)
    bias = 0.0 if dense.bias is None else dense.bias
    merged = nn.Linear(dense.in_features, dense.out_features).to(dense.weight)
    with torch.no_grad():
        merged.weight.copy_(scale[:, None] * dense.weight)
        merged.bias.copy_(scale * (bias - norm.running_mean) + norm.bias)
    return merged
    # --8<-- [end:solution_fold]
