"""Function spaces: what a network can compute, and where its training can stop."""

# --8<-- [start:setup]
from collections.abc import Callable
from itertools import combinations, pairwise

import torch
from jaxtyping import Float
from torch import Tensor
from torch.func import grad, jacrev, vmap

torch.set_default_dtype(torch.float64)
# --8<-- [end:setup]

import matplotlib.pyplot as plt
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from book import figure, results

Widths = tuple[int, ...]
WIDTHS = (4, 2, 3)


# --8<-- [start:network]
def layers(theta: Float[Tensor, " N"], widths: tuple[int, ...]) -> list[Tensor]:
    """Cut the parameters θ into the weight matrices of a network of these widths."""
    shapes = [(b, a) for a, b in pairwise(widths)]
    sizes = [b * a for b, a in shapes]
    if len(theta) != sum(sizes):
        raise ValueError(
            f"widths {widths} take {sum(sizes)} parameters, not {len(theta)}"
        )
    return [w.reshape(s) for w, s in zip(theta.split(sizes), shapes, strict=True)]


def realised(
    theta: Float[Tensor, " N"], widths: tuple[int, ...]
) -> Float[Tensor, "out in"]:
    """Return F(θ) = M_L ⋯ M_1, the one matrix that the network computes."""
    M, *later = layers(theta, widths)
    for factor in later:
        M = factor @ M
    return M
# --8<-- [end:network]


# --8<-- [start:loss]
def loss(
    M: Float[Tensor, "out in"], X: Float[Tensor, "in S"], Y: Float[Tensor, "out S"]
) -> Float[Tensor, ""]:
    """Squared error of M on S samples, the columns of X and Y: ‖M X − Y‖²."""
    return (M @ X - Y).square().sum()
# --8<-- [end:loss]


# --8<-- [start:differential_rank]
def differential_rank(
    F: Callable[[Tensor], Tensor], theta: Float[Tensor, " N"]
) -> int:
    """Rank of dF at θ: in how many directions F(θ) moves, to first order."""
    J = jacrev(F)(theta).reshape(-1, len(theta))
    s = torch.linalg.svdvals(J)
    return int((s > 1e-9 * max(1.0, s.max().item())).sum())
# --8<-- [end:differential_rank]


# --8<-- [start:gauge]
def change_basis(
    theta: Float[Tensor, " N"], T: Float[Tensor, "r r"], widths: tuple[int, ...]
) -> Float[Tensor, " N"]:
    """Move along the fibre: (M_1, M_2) becomes (T M_1, M_2 T⁻¹)."""
    first, second = layers(theta, widths)
    return torch.cat([(T @ first).flatten(), (second @ T.inverse()).flatten()])
# --8<-- [end:gauge]


# --8<-- [start:critical_points]
def critical_points(
    X: Float[Tensor, "n S"], Y: Float[Tensor, "m S"], rank: int
) -> dict[tuple[int, ...], Tensor]:
    """Return one θ over each critical matrix of the widths (n, r, m).

    Its key says which singular values of Y Xᵀ C^(-1/2) it keeps, where C = X Xᵀ.
    """
    variances, axes = torch.linalg.eigh(X @ X.T)
    whiten = axes / variances.sqrt() @ axes.T  # C^(-1/2)
    U, s, Vh = torch.linalg.svd(Y @ X.T @ whiten, full_matrices=False)
    found = {}
    for size in range(rank + 1):
        for kept in map(list, combinations(range(len(s)), size)):
            first, second = torch.zeros(rank, len(X)), torch.zeros(len(Y), rank)
            root = torch.diag(s[kept].sqrt())
            first[:size] = root @ Vh[kept] @ whiten
            second[:, :size] = U[:, kept] @ root
            theta = torch.cat([first.flatten(), second.flatten()])
            found[tuple(i + 1 for i in kept)] = theta
    return found


def hessian_signs(
    f: Callable[[Tensor], Tensor], theta: Float[Tensor, " N"]
) -> tuple[int, int, int]:
    """Count the negative, zero and positive eigenvalues of f's Hessian at θ."""
    values = torch.linalg.eigvalsh(jacrev(grad(f))(theta))
    small = 1e-8 * values.abs().max()
    negative, positive = int((values < -small).sum()), int((values > small).sum())
    return negative, len(theta) - negative - positive, positive
# --8<-- [end:critical_points]


# --8<-- [start:descend]
def descend(
    f: Callable[[Tensor], Tensor],
    starts: Float[Tensor, "S N"],
    rate: float,
    steps: int,
) -> Float[Tensor, "S N"]:
    """Run gradient descent from many starts at once."""
    slope = vmap(grad(f))
    for _ in range(steps):
        starts = starts - rate * slope(starts)
    return starts
# --8<-- [end:descend]


# --8<-- [start:example]
draw = torch.Generator().manual_seed(16)
spread = torch.tensor([[1.3], [1.0], [0.9], [0.7]])
X = spread * torch.randn(4, 12, generator=draw)
Y = torch.randn(3, 4, generator=draw) @ X
Y += 0.3 * torch.randn(3, 12, generator=draw)


def example_loss(theta: Float[Tensor, " N"]) -> Float[Tensor, ""]:
    """Loss of the network 4 → 2 → 3 on twelve samples."""
    return loss(realised(theta, (4, 2, 3)), X, Y)
# --8<-- [end:example]


def starts(count: int) -> Float[Tensor, "count 14"]:
    """Random starts near zero, where a network is usually initialised."""
    return 0.3 * torch.randn(count, 14, generator=torch.Generator().manual_seed(1))


# --8<-- [start:solution_fibre]
def balance(
    theta: Float[Tensor, " N"], widths: tuple[int, ...]
) -> Float[Tensor, " N"]:
    """Return a point of the same fibre with M_1 M_1ᵀ = M_2ᵀ M_2."""
    r = widths[1]
    U, s, Vh = torch.linalg.svd(realised(theta, widths), full_matrices=False)
    root = torch.diag(s[:r].sqrt())
    return torch.cat([(root @ Vh[:r]).flatten(), (U[:, :r] @ root).flatten()])
# --8<-- [end:solution_fibre]


# --8<-- [start:solution_deep]
def deep_dimension(widths: tuple[int, ...]) -> int:
    """Dimension of a linear network's function space: the bottleneck decides."""
    r = min(widths)
    return r * (widths[0] + widths[-1] - r)
# --8<-- [end:solution_deep]


def column(ax: Axes, x: float, count: int, label: str) -> list[tuple[float, float]]:
    """Draw one layer of neurons and return their places."""
    places = [(x, (count - 1) / 2 - k) for k in range(count)]
    ax.scatter(*zip(*places, strict=True), s=150, color=plt.rcParams["text.color"], zorder=3)
    ax.text(x, -2.35, label, ha="center", va="top")
    return places


@figure(
    alt="A network with four inputs, two hidden and three output neurons, and below it the same map as a product: "
    "a three by two matrix times a two by four matrix gives a three by four matrix of rank two."
)
def two_layers() -> Figure:
    """The network of the example and the matrix that it realises."""
    fig, (top, bottom) = plt.subplots(2, 1, figsize=(5.0, 4.9), height_ratios=[1.25, 1])
    theta = torch.randn(14, generator=torch.Generator().manual_seed(5))
    first, second = layers(theta, WIDTHS)
    nodes = [column(top, 2.4 * k, w, rf"$\mathbb{{R}}^{w}$") for k, w in enumerate(WIDTHS)]
    for matrix, left, right in ((first, nodes[0], nodes[1]), (second, nodes[1], nodes[2])):
        for i, end in enumerate(right):
            for j, start in enumerate(left):
                weight = matrix[i, j].item()
                top.plot(
                    *zip(start, end, strict=True),
                    color="C0" if weight > 0 else "C1",
                    linewidth=0.6 + 1.7 * abs(weight),
                    zorder=1,
                )
    top.text(1.2, 1.75, "$M_1$", ha="center")
    top.text(3.6, 1.75, "$M_2$", ha="center")
    top.set(xlim=(-0.6, 5.4), ylim=(-2.9, 2.2))
    top.axis("off")
    placed = [(second, 0.0, "$M_2$"), (first, 3.4, "$M_1$"), (second @ first, 9.0, "$M$")]
    for matrix, x, name in placed:
        m, n = matrix.shape
        bottom.imshow(matrix.numpy(), extent=(x, x + n, -m / 2, m / 2), cmap=diverging(), vmin=-3, vmax=3)
        bottom.text(x + n / 2, -1.75, f"{name}: {m}×{n}", ha="center", va="top")
    bottom.text(2.7, 0, "·", ha="center", va="center", fontsize=18)
    bottom.text(8.2, 0, "=", ha="center", va="center", fontsize=16)
    bottom.set(xlim=(-0.3, 13.3), ylim=(-2.6, 1.8))
    bottom.axis("off")
    return fig


def diverging():
    """Colours from C1 (negative) through the paper to C0 (positive)."""
    from matplotlib.colors import LinearSegmentedColormap, to_rgb

    cycle = plt.rcParams["axes.prop_cycle"].by_key()["color"]
    return LinearSegmentedColormap.from_list(
        "signs", [to_rgb(cycle[1]), to_rgb(plt.rcParams["axes.facecolor"]), to_rgb(cycle[0])]
    )


@figure(
    alt="Level lines of the loss (ab minus 1) squared over the plane of the two weights: two valleys along the "
    "hyperbola ab = 1, a saddle at the origin, and paths of gradient descent that bend away from the saddle "
    "into a valley."
)
def fibres() -> Figure:
    """The loss of the smallest network, one weight after another."""
    fig, ax = plt.subplots(figsize=(4.9, 4.5))
    a, b = torch.meshgrid(*[torch.linspace(-2.6, 2.6, 300)] * 2, indexing="xy")
    ax.contour(
        a,
        b,
        ((a * b - 1) ** 2).sqrt(),
        levels=[0.25, 0.5, 0.75, 1, 1.5, 2, 3, 4, 5],
        linewidths=0.8,
        colors=[plt.rcParams["grid.color"]],
    )
    half = torch.linspace(0.38, 2.6, 200)
    for sign in (1, -1):
        ax.plot(sign * half, sign / half, color="C2", linewidth=3, label="$ab=1$: zero loss" if sign == 1 else None)
    for start in ((-2.3, 2.0), (-1.1, 1.4), (0.3, -0.2), (1.9, -2.2), (2.4, 2.2), (-0.5, -2.3), (-1.6, 1.35)):
        path = torch.stack(follow(lambda t: (t.prod() - 1) ** 2, torch.tensor(start)))
        ax.plot(path[:, 0], path[:, 1], color="C0", linewidth=1.5)
        ax.plot(*start, "o", color="C0", markersize=5)
    ax.plot(0, 0, "X", color="C1", markersize=10, label="saddle", zorder=5)
    ax.set(xlim=(-2.6, 2.6), ylim=(-2.6, 2.6), xlabel="first weight $a$", ylabel="second weight $b$", aspect="equal")
    ax.legend(loc="lower center", bbox_to_anchor=(0.5, 1.0), ncols=2)
    return fig


def follow(f: Callable[[Tensor], Tensor], theta: Tensor, rate: float = 0.02, steps: int = 500) -> list[Tensor]:
    """Return the path of gradient descent."""
    path = [theta]
    for _ in range(steps):
        path.append(path[-1] - rate * grad(f)(path[-1]))
    return path


def trajectories(count: int, steps: int) -> Float[Tensor, "steps count"]:
    """Losses along gradient descent from small random starts."""
    theta, seen = 0.01 * starts(count), []
    value = vmap(example_loss)
    for _ in range(steps):
        seen.append(value(theta))
        theta = theta - 0.004 * vmap(grad(example_loss))(theta)
    return torch.stack(seen)


@figure(
    alt="Loss against steps of gradient descent from several small random starts: every curve rests for a while "
    "near a "
    "horizontal line, the loss of a spurious critical point, and then falls; all end on the lowest line, the "
    "global minimum."
)
def ladder() -> Figure:
    """The seven critical values, and descents that rest on some of them."""
    fig, ax = plt.subplots(figsize=(5.2, 3.9))
    for kept, theta in critical_points(X, Y, 2).items():
        pure = len(kept) == 2
        value = example_loss(theta).item()
        ax.axhline(value, color="C2" if pure else "C1", linewidth=1.1, linestyle="-" if pure else (0, (4, 3)), zorder=1)
        name = "{" + ",".join(map(str, kept)) + "}" if kept else "$M=0$"
        ax.annotate(
            name,
            (1.01, value),
            xycoords=("axes fraction", "data"),
            va="center",
            fontsize=8.5,
            color="C2" if pure else "C1",
            annotation_clip=False,
        )
    curves = trajectories(6, 420)
    ax.plot(curves.numpy(), color="C0", linewidth=1.3, alpha=0.85)
    ax.plot([], [], color="C2", label="pure")
    ax.plot([], [], color="C1", linestyle=(0, (4, 3)), label="spurious")
    ax.set(xlabel="step of gradient descent", ylabel="loss", xlim=(0, 420))
    ax.legend(loc="lower right", bbox_to_anchor=(1.0, 1.0), ncols=2, borderaxespad=0.3)
    return fig


@results(seed=0)
def numbers() -> dict[str, float | int]:
    """Numbers that the page quotes."""
    points = critical_points(X, Y, 2)
    pure = [theta for kept, theta in points.items() if len(kept) == 2]
    slopes = [grad(lambda M: loss(M, X, Y))(realised(theta, WIDTHS)).norm().item() for theta in pure]
    ends = vmap(example_loss)(descend(example_loss, starts(20), 0.004, 1500))
    least = min(example_loss(theta).item() for theta in points.values())
    return {
        "least": least,
        "reached": int(((ends - least).abs() < 1e-6).sum()),
        "smallest_slope": min(slopes),
        "largest_slope": max(slopes),
    }
