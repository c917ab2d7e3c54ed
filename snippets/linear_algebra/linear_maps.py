"""Linear maps: what they respect, why each is a matrix, and which layers of a network are linear."""

# --8<-- [start:setup]
from collections.abc import Callable

import torch
from jaxtyping import Float
from torch import Tensor, nn

torch.set_default_dtype(torch.float64)  # the book computes in double precision

Map = Callable[[Tensor], Tensor]
# --8<-- [end:setup]

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.figure import Figure

from book import figure, results
from snippets.linear_algebra.drawing import arrow, grid, note, plane
from snippets.linear_algebra.span import rank


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
A = torch.tensor([[1.0, 1.0], [-1.0, 2.0]])


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


@results(seed=0)
def numbers() -> dict[str, float | int]:
    """Numbers that the page quotes."""
    layer = nn.Linear(4, 3)
    u, v = torch.randn(4), torch.randn(4)
    deep = nn.Sequential(*[nn.Linear(a, b, bias=False) for a, b in [(8, 6), (6, 3), (3, 8)]])
    with torch.no_grad():
        return {
            "image_of_zero": layer(torch.zeros(4)).norm().item(),
            "additivity": linearity_gap(layer, u, v).norm().item(),
            "bias": layer.bias.norm().item(),
            "deep_rank": rank(matrix_of(deep, 8)),
            "dense_parameters": 100 * 100,
            "convolution_parameters": nn.Conv1d(1, 1, 3, bias=False).weight.numel(),
        }


@figure(
    alt="Left, the square grid with e1 and e2. Right, its image under the matrix with rows 1, 1 and -1, 2: "
    "a grid of parallelograms, with the images of e1 at (1, -1) and of e2 at (1, 2)."
)
def grid_moves() -> Figure:
    """The grid before and after A."""
    fig, axes = plt.subplots(1, 2, figsize=(5.4, 2.9))
    matrices, names = [np.eye(2), A.numpy()], [("$e_1$", "$e_2$"), ("$Ae_1$", "$Ae_2$")]
    for ax, matrix, (first, second) in zip(axes, matrices, names, strict=True):
        plane(ax, (-2.6, 2.6), (-2.6, 2.6))
        grid(ax, lambda p, matrix=matrix: matrix @ p, (-5, 5), (-5, 5), colors=("C0", "C1"), width=0.6)
        square = matrix @ np.array([[0, 1, 1, 0], [0, 0, 1, 1]])
        ax.fill(*square, color="C4", alpha=0.35, linewidth=0, zorder=1)
        arrow(ax, matrix[:, 0], color="C0", label=first, offset=(4, -12), width=2.6)
        arrow(ax, matrix[:, 1], color="C1", label=second, offset=(-13, 3), width=2.6)
    axes[0].set_title("before")
    axes[1].set_title("after $A$")
    return fig


@figure(
    alt="Three images of a grid. Under a matrix, horizontal and vertical lines stay parallel and the "
    "diagonal stays straight. Under the twist, grid lines fan out but stay straight, and the diagonal becomes a "
    "parabola. Under the wobble the integer grid is unchanged but the diagonal waves."
)
def impostors() -> Figure:
    """A grid and its diagonal under a linear map and under two impostors."""
    fig, axes = plt.subplots(1, 3, figsize=(5.4, 2.5))
    maps = [
        ("linear", lambda p: np.array([[1.0, 0.3], [0.5, 1.0]]) @ p, (-0.4, 3.2), (-0.4, 4)),
        ("twist", lambda p: np.stack([p[0], p[1] + p[0] * p[1]]), (-0.3, 2.3), (-0.5, 6.6)),
        ("wobble", lambda p: np.stack([p[0] + np.sin(2 * np.pi * p[0]) / 8, p[1]]), (-0.3, 2.4), (-0.3, 2.4)),
    ]
    t = np.linspace(0, 2, 201)
    for ax, (title, f, x, y) in zip(axes, maps, strict=True):
        plane(ax, x, y)
        ax.set_aspect("auto")
        grid(ax, f, (0, 2), (0, 2))
        ax.plot(*f(np.stack([t, t])), color="C2", linewidth=2.6, zorder=3)
        ax.plot(0, 0, "o", color=plt.rcParams["text.color"], markersize=5, zorder=4)
        ax.set_title(title)
    return fig


@figure(
    alt="A slanted grid: a shear that leaves the horizontal axis alone moves the line at height one to the "
    "right by 1.5, so the points on that line, which stand for the numbers x, are all translated."
)
def shear_translates() -> Figure:
    """A shear of the plane that translates the line at height one."""
    fig, ax = plt.subplots(figsize=(5.2, 2.7))
    plane(ax, (-2.8, 5.2), (-0.35, 1.95))
    ax.set_aspect("auto")
    shear = np.array([[1.0, 1.5], [0.0, 1.0]])
    faint = (plt.rcParams["grid.color"],) * 2
    grid(ax, lambda p: shear @ p, (-7, 7), (-1, 2), colors=faint, width=0.8)
    ax.axhline(1, color=plt.rcParams["text.color"], linewidth=1, zorder=2)
    for x in (-2, -1, 0, 1, 2, 3):
        ax.plot(x, 1, "o", color="C0", markersize=5, zorder=3)
        note(ax, f"{x}", (x, 1), (9 if x == 0 else 0, -11), color="C0")
        bend = {"arrowstyle": "-|>", "connectionstyle": "arc3,rad=-0.32", "color": "C1", "linewidth": 1.1}
        ax.annotate("", xy=(x + 1.5, 1.02), xytext=(x, 1.02), arrowprops=bend, zorder=4)
    arrow(ax, (1.5, 1), color="C1", width=2.6)
    arrow(ax, (0, 1), color="C0", width=2.6)
    arrow(ax, (1, 0), color="C0", width=2.6, label="$e_1$", offset=(6, -9))
    note(ax, r"$x\mapsto x + 1.5$", (1.25, 1), (0, 34), color="C1")
    note(ax, "height 1", (4.6, 1), (0, -11))
    return fig


@figure(
    alt="Three matrices as pictures. Dense: every entry different. Convolution with zero padding: the same "
    "three values along the diagonal band. Circular convolution: the band also wraps into the two corners."
)
def three_layers() -> Figure:
    """The matrices of three layers."""
    fig, axes = plt.subplots(1, 3, figsize=(5.4, 2.1))
    kernel = torch.tensor([0.25, 1.0, 0.55])
    dense = torch.rand(9, 9, generator=torch.Generator().manual_seed(3))
    matrices = [dense, convolution_matrix(kernel, 9), convolution_matrix(kernel, 9, circular=True)]
    for ax, matrix, title in zip(axes, matrices, ["dense", "zero padding", "circular"], strict=True):
        ax.imshow(matrix.numpy(), vmin=0, vmax=1)
        ax.set(xticks=[], yticks=[])
        for side in ax.spines.values():
            side.set_visible(True)
        ax.set_title(title)
    return fig
