"""Lie groups: the axioms, GL(n), O(2) and SO(2), the circle, and the determinant."""

# --8<-- [start:setup]
from collections.abc import Callable
from itertools import permutations, product

import torch
from jaxtyping import Float
from torch import Tensor

torch.set_default_dtype(torch.float64)  # the book computes in double precision
# --8<-- [end:setup]

import matplotlib.pyplot as plt
from matplotlib.axes import Axes
from matplotlib.colors import ListedColormap
from matplotlib.figure import Figure

from book import figure, results


# --8<-- [start:axioms]
def broken_axioms(elements: list, multiply: Callable) -> list[str]:
    """Name the group axioms that a finite set violates, by trying everything."""
    broken = []
    if any(multiply(a, b) not in elements for a, b in product(elements, repeat=2)):
        broken.append("closure")
    if any(
        multiply(multiply(a, b), c) != multiply(a, multiply(b, c))
        for a, b, c in product(elements, repeat=3)
    ):
        broken.append("associativity")
    neutral = [
        e
        for e in elements
        if all(multiply(e, a) == a == multiply(a, e) for a in elements)
    ]
    if not neutral:
        broken.append("identity")
    if not neutral or any(
        all(multiply(a, b) != neutral[0] for b in elements) for a in elements
    ):
        broken.append("inverses")
    return broken
# --8<-- [end:axioms]


# --8<-- [start:symmetric_group]
def compose(s: tuple[int, ...], t: tuple[int, ...]) -> tuple[int, ...]:
    """Do t first, then s: i ↦ s(t(i))."""
    return tuple(s[i] for i in t)


def symmetric_group(n: int) -> list[tuple[int, ...]]:
    """List the n! permutations of 0, …, n−1."""
    return list(permutations(range(n)))
# --8<-- [end:symmetric_group]


# --8<-- [start:jumping_sum]
def jumping_sum(x: float, y: float) -> float:
    """Add after 0 and 1 have swapped names: f(f(x) + f(y)), f the swap."""

    def swap(z: float) -> float:
        return {0.0: 1.0, 1.0: 0.0}.get(z, z)

    return swap(swap(x) + swap(y))
# --8<-- [end:jumping_sum]


# --8<-- [start:inverse]
def inverse_2x2(A: Float[Tensor, "2 2"]) -> Float[Tensor, "2 2"]:
    """Invert by the formula [[d, −b], [−c, a]] / (ad − bc).

    Raises ValueError where |ad − bc| ≤ 1e-14 · max|entry|²: A is then singular to
    working precision.
    """
    (a, b), (c, d) = A
    determinant = a * d - b * c
    if determinant.abs() <= 1e-14 * A.abs().max() ** 2:
        raise ValueError(
            f"ad - bc = {determinant:.3g}: A is not in GL(2), "
            "pass one with ad - bc ≠ 0"
        )
    return torch.stack([torch.stack([d, -b]), torch.stack([-c, a])]) / determinant
# --8<-- [end:inverse]


# --8<-- [start:nearest_singular]
def nearest_singular(
    A: Float[Tensor, "n n"],
) -> tuple[Float[Tensor, "n n"], Float[Tensor, ""]]:
    """Return the singular matrix nearest to A and its distance, σ_n."""
    U, sigma, Vh = torch.linalg.svd(A)
    return A - sigma[-1] * torch.outer(U[:, -1], Vh[-1]), sigma[-1]
# --8<-- [end:nearest_singular]


# --8<-- [start:orthogonal]
def check_orthogonal(Q: Float[Tensor, "*batch n n"], atol: float = 1e-9) -> None:
    """Raise ValueError where an entry of Q Qᵀ − I exceeds `atol`."""
    defect = (Q @ Q.mT - torch.eye(Q.shape[-1])).abs().max().item()
    if not defect <= atol:
        raise ValueError(
            f"Q Qᵀ differs from I by {defect:.3g}, more than {atol:g}: "
            "Q is not in O(n)"
        )


def rotation(theta: float | Float[Tensor, "*batch"]) -> Float[Tensor, "*batch 2 2"]:
    """Turn the plane by theta radians: [[cos θ, −sin θ], [sin θ, cos θ]]."""
    c, s = torch.as_tensor(theta).cos(), torch.as_tensor(theta).sin()
    return torch.stack([torch.stack([c, -s], -1), torch.stack([s, c], -1)], -2)


def reflection(theta: float | Float[Tensor, "*batch"]) -> Float[Tensor, "*batch 2 2"]:
    """Mirror the plane in the line at angle θ/2: [[cos θ, sin θ], [sin θ, −cos θ]]."""
    return rotation(theta) @ torch.diag(torch.tensor([1.0, -1.0]))
# --8<-- [end:orthogonal]


# --8<-- [start:split]
def angle_in_o2(Q: Float[Tensor, "2 2"]) -> tuple[str, float]:
    """Say whether Q in O(2) turns or reflects, and by which θ in (−π, π].

    Raises ValueError where Q Qᵀ differs from I by more than 1e-9.
    """
    check_orthogonal(Q)
    theta = torch.atan2(Q[1, 0], Q[0, 0]).item()
    return ("rotation", theta) if torch.linalg.det(Q) > 0 else ("reflection", theta)
# --8<-- [end:split]


# --8<-- [start:haar]
def random_orthogonal(
    n: int, count: int, seed: int = 0
) -> Float[Tensor, "count n n"]:
    """Draw from O(n), all equally likely: QR of Gaussian matrices, diag R > 0."""
    Q, R = torch.linalg.qr(
        torch.randn(count, n, n, generator=torch.Generator().manual_seed(seed))
    )
    return Q * R.diagonal(dim1=-2, dim2=-1).sign().unsqueeze(-2)
# --8<-- [end:haar]


# --8<-- [start:defining_rank]
def dimension_of_orthogonal_group(n: int) -> int:
    """Count the directions at I that keep Q Qᵀ = I to first order: n² − rank."""
    jacobian = torch.autograd.functional.jacobian(lambda Q: Q @ Q.T, torch.eye(n))
    return n * n - int(torch.linalg.matrix_rank(jacobian.reshape(n * n, n * n)))
# --8<-- [end:defining_rank]


# --8<-- [start:path]
def path_to_identity(A: Float[Tensor, "2 2"], t: float) -> Float[Tensor, "2 2"]:
    """Walk from A (t = 0) to I (t = 1): unwind and unstretch together.

    Raises ValueError where det A ≤ 0, because then there is no such path.
    """
    if torch.linalg.det(A) <= 0:
        raise ValueError(
            f"det A = {torch.linalg.det(A):.3g}: a path to I needs det A > 0"
        )
    U, sigma, Vh = torch.linalg.svd(A)
    stretch = Vh.T @ torch.diag(sigma) @ Vh
    _, theta = angle_in_o2(U @ Vh)
    return rotation((1 - t) * theta) @ ((1 - t) * stretch + t * torch.eye(2))
# --8<-- [end:path]


# --8<-- [start:depth]
def norms_through_depth(
    layers: list[torch.nn.Linear], x: Float[Tensor, " n"]
) -> Float[Tensor, " depth"]:
    """Push x through the layers; note its length after each, relative to the start."""
    lengths, start = [], x.norm()
    for layer in layers:
        x = layer(x)
        lengths.append(x.norm() / start)
    return torch.stack(lengths)
# --8<-- [end:depth]


# --8<-- [start:solution_symmetric]
def symmetric_but_not_closed() -> tuple[Float[Tensor, "2 2"], Float[Tensor, "2 2"]]:
    """Give two invertible symmetric matrices whose product is not symmetric."""
    return torch.tensor([[1.0, 1.0], [1.0, 0.0]]), torch.tensor(
        [[1.0, 0.0], [0.0, -1.0]]
    )
# --8<-- [end:solution_symmetric]


# --8<-- [start:solution_mirrors]
def two_mirrors(alpha: float, beta: float) -> Float[Tensor, "2 2"]:
    """Mirror at angle β first, then at angle α: a rotation by 2(α − β)."""
    return rotation(2 * (alpha - beta))
# --8<-- [end:solution_mirrors]


# --8<-- [start:solution_motion]
def motion(theta: float, shift: Float[Tensor, "2"]) -> Float[Tensor, "3 3"]:
    """Turn by theta, then translate: a 3×3 matrix that acts on (x, y, 1)."""
    M = torch.eye(3)
    M[:2, :2], M[:2, 2] = rotation(theta), shift
    return M


def inverse_motion(theta: float, shift: Float[Tensor, "2"]) -> Float[Tensor, "3 3"]:
    """Undo a motion: translate back, then turn back."""
    return motion(-theta, -rotation(-theta) @ shift)
# --8<-- [end:solution_motion]


GLYPH = torch.tensor(
    [[-0.5, -0.8], [-0.5, 0.8], [0.6, 0.8], [0.6, 0.45], [-0.1, 0.45], [-0.1, 0.15], [0.4, 0.15],
     [0.4, -0.18], [-0.1, -0.18], [-0.1, -0.8]]
)  # fmt: skip


def draw_letter(ax: Axes, M: Float[Tensor, "2 2"], centre: Float[Tensor, "2"], size: float, colour: str) -> None:
    """Draw the letter F as the matrix M leaves it."""
    ax.fill(*(size * GLYPH @ M.T + centre).T.numpy(), color=colour, lw=0)


@figure(
    alt="Two rings of the letter F. On the left ring the letter turns with its place, on the right ring it is "
    "mirrored as well. No position on one ring looks like any position on the other."
)
def two_circles() -> Figure:
    """Draw O(2) as what it does to the letter F: a circle of rotations and a circle of reflections."""
    fig, axes = plt.subplots(1, 2, figsize=(5.4, 3.0))
    for ax, family, name, colour in (
        (axes[0], rotation, "rotations\n$\\det=+1$", "C0"),
        (axes[1], reflection, "reflections\n$\\det=-1$", "C1"),
    ):
        ax.add_patch(plt.Circle((0, 0), 1, fill=False, color=plt.rcParams["grid.color"]))
        for theta in torch.arange(12) * torch.pi / 6:
            place = rotation(theta)[:, 0]
            draw_letter(ax, family(theta), place, 0.17, plt.rcParams["text.color"] if theta == 0 else colour)
        ax.text(0, 0, name, ha="center", va="center", color=colour)
        ax.set(xlim=(-1.25, 1.25), ylim=(-1.25, 1.25), aspect="equal")
        ax.axis("off")
    return fig


@figure(
    alt="The plane of the matrices with p on and q off the diagonal. Two crossing lines of singular matrices "
    "cut it into four wedges. Discs around sample matrices touch the lines and never cross them."
)
def gl2_slice() -> Figure:
    """Draw a plane slice of GL(2), with the largest disc around a matrix that avoids the singular ones."""
    fig, ax = plt.subplots(figsize=(4.6, 4.2))
    for sign, where, place, colour in ((">", [(2, 2), (2, -2)], (1.6, 1.0), "C0"),
                                       (">", [(-2, 2), (-2, -2)], (-1.6, 0.8), "C0"),
                                       ("<", [(2, 2), (-2, 2)], (0.8, 1.7), "C1"),
                                       ("<", [(2, -2), (-2, -2)], (1.2, -1.8), "C1")):  # fmt: skip
        ax.fill(*zip((0, 0), *where, strict=True), color=colour, alpha=0.13, lw=0)
        ax.text(*place, f"$\\det{sign}0$", color=colour, ha="center", va="center")
    for slope in (1, -1):
        ax.plot([-2, 2], [-2 * slope, 2 * slope], color=plt.rcParams["text.color"], lw=1.4)
    for p, q in ((1.0, 0.0), (0.9, 0.55), (-0.8, 0.2), (0.0, -1.0), (-0.35, 1.0), (0.22, 0.02)):
        A = torch.tensor([[p, q], [q, p]])
        radius = (nearest_singular(A)[1] / 2**0.5).item()
        colour = "C0" if torch.linalg.det(A) > 0 else "C1"
        ax.add_patch(plt.Circle((p, q), radius, color=colour, alpha=0.3, lw=0))
        ax.plot(p, q, "o", color=colour, ms=4)
    ax.annotate("$I$", (1, 0), xytext=(5, -12), textcoords="offset points")
    ax.text(-1.3, -1.2, "singular: $\\det=0$", rotation=45, ha="center", va="center")
    ax.set(xlim=(-2, 2), ylim=(-2, 2), xlabel="$p$", ylabel="$q$", aspect="equal", xticks=[-2, -1, 0, 1, 2],
           yticks=[-2, -1, 0, 1, 2])  # fmt: skip
    return fig


@figure(
    alt="A triangle in its six positions. Above, turned by 0, 120 and 240 degrees, its corners still read "
    "A, B, C anticlockwise. Below, mirrored in its three axes, they read clockwise."
)
def triangle() -> Figure:
    """Draw the six symmetries of a triangle; half of them are reflections."""
    corners = torch.stack([rotation(torch.pi / 2 + k * 2 * torch.pi / 3)[:, 0] for k in range(3)])
    fig, axes = plt.subplots(2, 3, figsize=(5.0, 3.5))
    for column in range(3):
        for row, (family, offset) in enumerate(((rotation, 0.0), (reflection, torch.pi))):
            ax, M = axes[row, column], family(offset + column * 2 * torch.pi / 3)
            moved, colour = corners @ M.T, f"C{row}"
            ax.fill(*moved.T.numpy(), color=colour, alpha=0.15, lw=0)
            ax.plot(*torch.cat([moved, moved[:1]]).T.numpy(), color=colour)
            for letter, place in zip("ABC", (1.32 * moved).tolist(), strict=True):
                ax.text(*place, letter, ha="center", va="center")
            if row:
                axis = 1.12 * rotation((offset + column * 2 * torch.pi / 3) / 2)[:, 0]
                ax.plot(*torch.stack([-axis, axis]).T.numpy(), "--", color=plt.rcParams["text.color"], lw=1)
            ax.set(xlim=(-1.5, 1.5), ylim=(-1.25, 1.65), aspect="equal")
            ax.axis("off")
    return fig


@figure(
    alt="A six by six multiplication table in six colours. Every colour occurs once in each row and column. "
    "The first three elements, the even ones, fill the upper left and lower right blocks."
)
def cayley_table() -> Figure:
    """Draw the multiplication table of the six permutations of three things, the even ones first."""
    group = sorted(symmetric_group(3), key=lambda s: (s not in [(0, 1, 2), (1, 2, 0), (2, 0, 1)], s))
    table = torch.tensor([[group.index(compose(s, t)) for t in group] for s in group])
    fig, ax = plt.subplots(figsize=(3.6, 3.5))
    ax.imshow(table.numpy(), cmap=ListedColormap([f"C{i}" for i in range(6)]), alpha=0.55)
    names = ["".join(str(i + 1) for i in s) for s in group]
    for i, j in product(range(6), repeat=2):
        ax.text(j, i, names[table[i, j]], ha="center", va="center")
    ax.axhline(2.5, color=plt.rcParams["text.color"])
    ax.axvline(2.5, color=plt.rcParams["text.color"])
    ax.set(xticks=range(6), yticks=range(6), xticklabels=names, yticklabels=names, xlabel="$t$", ylabel="$s$")
    ax.xaxis.set_ticks_position("top")
    ax.xaxis.set_label_position("top")
    return fig


@results(seed=0)
def numbers() -> dict[str, float]:
    """Numbers that the page quotes."""
    A = torch.randn(2000, 3, 3, generator=torch.Generator().manual_seed(0))
    E = torch.randn(2000, 3, 3, generator=torch.Generator().manual_seed(1))
    sigma = torch.linalg.svdvals(A)[:, -1]
    E *= (0.999 * sigma / torch.linalg.matrix_norm(E, 2))[:, None, None]
    return {
        "smallest_det": torch.linalg.det(A + E).abs().min().item(),
        "samples": 2000,
        "o2_fit": max(
            (family[kind](theta) - Q).abs().max().item()
            for family in [{"rotation": rotation, "reflection": reflection}]
            for Q in random_orthogonal(2, 500)
            for kind, theta in [angle_in_o2(Q)]
        ),
    }
