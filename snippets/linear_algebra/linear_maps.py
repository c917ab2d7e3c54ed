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
    """Apply a matrix entry by entry: yᵢ = mᵢ₁x₁ + … + mᵢₙxₙ."""
    return torch.stack([sum(row[j] * x[j] for j in range(len(x))) for row in M])
# --8<-- [end:first_map]


# --8<-- [start:impostors]
def square_first(p: Float[Tensor, " 2"]) -> Float[Tensor, " 2"]:
    """Map (x, y) to (x², y)."""
    x, y = p
    return torch.stack([x * x, y])


def twist(p: Float[Tensor, " 2"]) -> Float[Tensor, " 2"]:
    """Map (x, y) to (x, y + xy): every grid line stays straight."""
    x, y = p
    return torch.stack([x, y + x * y])


def wobble(p: Float[Tensor, " 2"]) -> Float[Tensor, " 2"]:
    """Map (x, y) to (x + sin(2πx)/8, y): every grid line goes to itself."""
    x, y = p
    return torch.stack([x + torch.sin(2 * torch.pi * x) / 8, y])
# --8<-- [end:impostors]


# --8<-- [start:matrix_of]
def matrix_of(f: Map, n: int) -> Float[Tensor, "m n"]:
    """Return the matrix of a linear map on Rⁿ: its columns are f(e₁) … f(eₙ)."""
    return torch.stack([f(e) for e in torch.eye(n)], dim=1)
# --8<-- [end:matrix_of]


# --8<-- [start:homogeneous]
def homogeneous(
    weight: Float[Tensor, "m n"], bias: Float[Tensor, " m"]
) -> Float[Tensor, "m+1 n+1"]:
    """Return the matrix [[W, b], [0, 1]], which sends (x, 1) to (Wx + b, 1)."""
    last_row = torch.eye(weight.shape[1] + 1)[-1:]
    return torch.cat([torch.column_stack([weight, bias]), last_row])


def lift(x: Float[Tensor, " n"]) -> Float[Tensor, " n+1"]:
    """Append the coordinate 1."""
    return torch.cat([x, torch.ones(1)])
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
    matrix, reach = torch.zeros(n, n), len(kernel) // 2
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
    return images @ torch.linalg.inv(inputs)
# --8<-- [end:solution_images]


# --8<-- [start:solution_derivative]
def derivative(c: Float[Tensor, " n"]) -> Float[Tensor, " n"]:
    """Differentiate c₀ + c₁x + c₂x² + …: return c₁, 2c₂, 3c₃, …, 0."""
    return torch.cat([torch.arange(1.0, len(c)) * c[1:], torch.zeros(1)])
# --8<-- [end:solution_derivative]


# --8<-- [start:solution_is_linear]
def is_linear(f: Map, n: int, trials: int = 20) -> bool:
    """Compare f with the only matrix that it could be, on random vectors."""
    matrix, generator = matrix_of(f, n), torch.Generator().manual_seed(0)
    samples = torch.randn(trials, n, generator=generator)
    return all(torch.allclose(f(x), matrix @ x, atol=1e-9) for x in samples)
# --8<-- [end:solution_is_linear]


# --8<-- [start:solution_fold]
def fold(dense: nn.Linear, norm: nn.BatchNorm1d) -> nn.Linear:
    """Merge a dense layer and the normalisation after it into one dense layer."""
    scale = norm.weight / torch.sqrt(norm.running_var + norm.eps)
    merged = nn.Linear(dense.in_features, dense.out_features)
    with torch.no_grad():
        merged.weight.copy_(scale[:, None] * dense.weight)
        merged.bias.copy_(scale * (dense.bias - norm.running_mean) + norm.bias)
    return merged
# --8<-- [end:solution_fold]
