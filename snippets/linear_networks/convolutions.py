"""Linear convolutional networks: composing filters is multiplying polynomials."""

# --8<-- [start:setup]
from collections.abc import Callable

import torch
from jaxtyping import Float
from torch import Tensor
from torch.func import grad, jacrev, vmap
from torch.nn.functional import pad

torch.set_default_dtype(torch.float64)
# --8<-- [end:setup]

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.figure import Figure

from book import figure, results
from snippets.linear_networks.function_spaces import diverging


# --8<-- [start:convolve]
def convolve(
    w: Float[Tensor, " k"], x: Float[Tensor, " d"], stride: int
) -> Float[Tensor, " e"]:
    """Slide a filter along x: entry i is Σ_j w_j x_{i s + j}."""
    return x.unfold(0, len(w), stride) @ w


def convolution_matrix(
    w: Float[Tensor, " k"], d: int, stride: int
) -> Float[Tensor, "e d"]:
    """Return the matrix of the same map on R^d: a row for every place."""
    if len(w) > d:
        raise ValueError(
            f"a filter of size {len(w)} does not fit into {d} inputs: "
            f"give at least {len(w)}"
        )
    return torch.stack([convolve(w, e, stride) for e in torch.eye(d)], dim=1)
# --8<-- [end:convolve]


# --8<-- [start:compose]
def stretch(w: Float[Tensor, " k"], stride: int) -> Float[Tensor, " n"]:
    """Return the coefficients of w(x^s): s − 1 zeros between those of w."""
    spaced = pad(w[:, None], (0, stride - 1)).flatten()
    return spaced[: len(w) * stride - stride + 1]


def multiply(
    p: Float[Tensor, " a"], q: Float[Tensor, " b"]
) -> Float[Tensor, " c"]:
    """Multiply two polynomials, given by their coefficients from the constant on."""
    return sum(pad(a * q, (i, len(p) - 1 - i)) for i, a in enumerate(p))


def compose(
    filters: list[Float[Tensor, " _"]], strides: list[int]
) -> Float[Tensor, " k"]:
    """Return the filter of a stack: w₁(x) w₂(x^s₁) w₃(x^(s₁s₂)) …"""
    w, total = filters[0], strides[0]
    for following, stride in zip(filters[1:], strides[1:], strict=True):
        w, total = multiply(w, stretch(following, total)), total * stride
    return w
# --8<-- [end:compose]


# --8<-- [start:architecture]
def composed(
    theta: Float[Tensor, " N"], sizes: list[int], strides: list[int]
) -> Float[Tensor, " k"]:
    """Cut the parameters into filters of these sizes and compose them: the map F."""
    return compose(list(theta.split(sizes)), strides)
# --8<-- [end:architecture]


# --8<-- [start:quadratics]
def discriminant(c: Float[Tensor, "... 3"]) -> Float[Tensor, "..."]:
    """Discriminant of c₀ + c₁x + c₂x², negative where there are no real roots."""
    return c[..., 1] ** 2 - 4 * c[..., 0] * c[..., 2]


def factor(
    c: Float[Tensor, "3"],
) -> tuple[Float[Tensor, "2"], Float[Tensor, "2"]]:
    """Return two filters of size two whose product is c.

    Raises ValueError where no real ones exist.
    """
    if discriminant(c) < 0:
        raise ValueError(
            f"the discriminant of {c.tolist()} is {discriminant(c):.3g}: "
            "it has to be at least 0"
        )
    sign = 1.0 if c[1] >= 0 else -1.0
    q = -(c[1] + sign * discriminant(c).sqrt()) / 2
    if q == 0:  # c₁ = 0, and c₀ or c₂ is zero as well
        one, x = torch.tensor([1.0, 0.0]), torch.tensor([0.0, 1.0])
        return (c[:2], one) if c[2] == 0 else (c[1:], x)
    return torch.stack([-q, c[2]]), torch.stack([-c[0] / q, torch.tensor(1.0)])
# --8<-- [end:quadratics]


# --8<-- [start:real_rooted]
def real_rooted(c: Float[Tensor, " k"]) -> bool:
    """Say whether all roots of c₀ + c₁x + … are real.

    They are the eigenvalues of its companion matrix, where the last c is not zero.
    """
    n = len(c) - 1
    companion = torch.diag(torch.ones(n - 1), -1)
    companion[:, -1] = -c[:-1] / c[-1]
    return bool((torch.linalg.eigvals(companion).imag.abs() < 1e-9).all())
# --8<-- [end:real_rooted]


# --8<-- [start:newton]
def critical_parameters(
    loss: Callable, starts: Float[Tensor, "S N"], steps: int = 60
) -> Float[Tensor, "_ N"]:
    """Run Newton's method on ∇loss = 0 and return the points where it arrived."""
    slope, curvature = vmap(grad(loss)), vmap(jacrev(grad(loss)))
    theta = starts
    for _ in range(steps):
        inverse = torch.linalg.pinv(curvature(theta), rtol=1e-10)
        theta = theta - (inverse @ slope(theta)[:, :, None])[:, :, 0]
    return theta[slope(theta).norm(dim=1) < 1e-9]
# --8<-- [end:newton]


# --8<-- [start:data]
def filter_loss(
    target: Float[Tensor, " k"], seed: int
) -> Callable[[Tensor], Tensor]:
    """Squared error of a filter on random inputs; the best filter is the target."""
    draw = torch.Generator().manual_seed(seed)
    windows = torch.randn(40, len(target), generator=draw)
    return lambda c: (windows @ (c - target)).square().mean()
# --8<-- [end:data]


# --8<-- [start:solution_fibre]
def splittings(roots: list[float]) -> list[tuple[list[float], list[float]]]:
    """Return the ways to give one of the roots to a filter of size two."""
    return [([root], roots[:i] + roots[i + 1 :]) for i, root in enumerate(roots)]
# --8<-- [end:solution_fibre]


@figure(
    alt="Two banded matrices and their product. The first has three coloured weights a row, moving by two "
    "columns a row; the "
    "second two weights a row; the product five weights a row, moving by two."
)
def bands() -> Figure:
    """Two convolutions as matrices, and the convolution that they compose to."""
    first, second = torch.tensor([1.0, 0.55, -0.7]), torch.tensor([0.8, -1.0])
    W1, W2 = convolution_matrix(first, 9, 2), convolution_matrix(second, 4, 1)
    fig, axes = plt.subplots(3, 1, figsize=(4.2, 5.2), height_ratios=[4, 3, 3])
    named = [
        (W1, "$W_1$: filter size 3, stride 2"),
        (W2, "$W_2$: filter size 2, stride 1"),
        (W2 @ W1, "$W_2W_1$: filter size 5, stride 2"),
    ]
    for ax, (W, title) in zip(axes, named, strict=True):
        ax.imshow(W.numpy(), cmap=diverging(), vmin=-1.3, vmax=1.3)
        for (i, j), value in np.ndenumerate(W.numpy()):
            if value:
                ax.text(j, i, f"{value:.2g}".replace("-", "−"), ha="center", va="center", fontsize=7.5)
        ax.set(title=title, xticks=np.arange(-0.5, W.shape[1]), yticks=np.arange(-0.5, W.shape[0]), xlim=(-0.5, 8.5))
        ax.grid(True)
        ax.tick_params(length=0, labelbottom=False, labelleft=False)
        for side in ax.spines.values():
            side.set_visible(False)
    return fig


def descent(target: Tensor, start: Tensor, steps: int = 3000, rate: float = 0.01) -> Float[Tensor, "steps 2"]:
    """Train (x + a)(x + b) towards x² + βx + γ and return the path of (a + b, ab)."""
    path, theta = [], start
    for _ in range(steps):
        path.append(torch.stack([theta.sum(), theta.prod()]))
        theta = theta - 2 * rate * ((theta.sum() - target[0]) + (theta.prod() - target[1]) * theta.flip(0))
    return torch.stack(path)


@figure(
    alt="The plane of the quadratics x squared plus beta x plus gamma. Products of two linear factors fill the "
    "region "
    "below the parabola gamma = beta squared over 4. Training towards a target above it ends on the parabola."
)
def quadratics() -> Figure:
    """What two filters of size two reach, and where training ends when the target lies outside."""
    fig, ax = plt.subplots(figsize=(5.0, 3.9))
    beta = torch.linspace(-4, 4, 200)
    ax.fill_between(beta, beta**2 / 4, -4, color="C0", alpha=0.16, linewidth=0)
    ax.plot(beta, beta**2 / 4, color="C0")
    ab = 1.6 * torch.randn(500, 2, generator=torch.Generator().manual_seed(0))
    ax.plot(ab.sum(1), ab.prod(1), ".", color="C0", markersize=3, alpha=0.6, rasterized=True)
    target = torch.tensor([0.6, 2.6])
    for start in ((-2.2, 1.0), (1.7, -0.4), (-0.3, -1.4), (2.6, 0.9)):
        path = descent(target, torch.tensor(start))
        ax.plot(path[:, 0], path[:, 1], color="C1")
        ax.plot(*path[0], "o", color="C1", markersize=4.5)
        ax.plot(*path[-1], "s", color="C1", markersize=6, zorder=5)
    ax.plot(*target, "*", color="C2", markersize=13)
    ax.annotate("target, no real roots", target, xytext=(0, 10), textcoords="offset points", ha="center", color="C2")
    ax.annotate("real roots", (-3.3, -2.5), color="C0", bbox=plain())
    ax.set(xlim=(-4, 4), ylim=(-3.2, 3.6), xlabel=r"$\beta$", ylabel=r"$\gamma$")
    return fig


def plain() -> dict[str, object]:
    """Return the box of a label that stands among dots."""
    return {"facecolor": plt.rcParams["axes.facecolor"], "edgecolor": "none", "pad": 2}


@figure(
    alt="The plane of the cubics x cubed plus p x plus q. Those with three real roots fill the inside of a "
    "curve with a "
    "cusp at the origin that opens to the left; random products of three filters lie inside."
)
def cubics() -> Figure:
    """What three filters of size two reach: the cubics with three real roots."""
    fig, ax = plt.subplots(figsize=(5.0, 3.4))
    p = -torch.linspace(0, 4, 300)
    edge = torch.sqrt(-4 * p**3 / 27)
    ax.fill_between(p, -edge, edge, color="C0", alpha=0.16, linewidth=0)
    for sign in (1, -1):
        ax.plot(p, sign * edge, color="C0")
    roots = 1.1 * torch.randn(600, 3, generator=torch.Generator().manual_seed(1))
    roots -= roots.mean(1, keepdim=True)
    linear = roots[:, 0] * roots[:, 1] + roots[:, 0] * roots[:, 2] + roots[:, 1] * roots[:, 2]
    ax.plot(linear, -roots.prod(1), ".", color="C0", markersize=3, alpha=0.6, rasterized=True)
    ax.axhline(0, color=plt.rcParams["grid.color"], linewidth=0.8, zorder=0)
    ax.axvline(0, color=plt.rcParams["grid.color"], linewidth=0.8, zorder=0)
    ax.annotate("three real roots", (-3.85, 0.25), color="C0", bbox=plain())
    ax.annotate("one real root", (0.35, 1.6))
    ax.set(xlim=(-4, 2), ylim=(-3, 3), xlabel="$p$", ylabel="$q$")
    return fig


@figure(
    alt="A saddle-shaped surface in space, ruled by two families of straight lines: the filters of size four "
    "that two "
    "filters of size two with stride two reach, drawn for first coefficient one."
)
def stride_two() -> Figure:
    """The function space at stride two: c₀c₃ = c₁c₂, in the slice c₀ = 1."""
    fig = plt.figure(figsize=(4.6, 3.9))
    ax = fig.add_subplot(projection="3d")
    u, v = np.meshgrid(np.linspace(-1.5, 1.5, 25), np.linspace(-1.5, 1.5, 25))
    ax.plot_surface(u, v, u * v, color="C0", alpha=0.35, linewidth=0, rasterized=True)
    for t in np.linspace(-1.5, 1.5, 9):
        line = np.array([-1.5, 1.5])
        ax.plot(line, [t, t], line * t, color="C0", linewidth=1)
        ax.plot([t, t], line, line * t, color="C1", linewidth=1)
    ax.set(xlabel="$c_1$", ylabel="$c_2$", xticks=[-1, 0, 1], yticks=[-1, 0, 1], zticks=[-2, 0, 2])
    ax.set_zlabel("$c_3$", labelpad=0)
    ax.view_init(24, -62)
    ax.set_box_aspect(None, zoom=0.85)
    return fig


# --8<-- [start:stride_one]
def stride_one_optimum(
    seed: int,
) -> tuple[Float[Tensor, ""], Float[Tensor, "3"], int]:
    """Train two filters of size two towards a random target.

    Return the target's discriminant, the best product, and the rank of dF there.
    """
    draw = torch.Generator().manual_seed(seed)
    target = torch.randn(3, generator=draw)
    error = filter_loss(target, seed)

    def F(t):
        return composed(t, [2, 2], [1, 1])

    starts = torch.randn(60, 4, generator=draw)
    found = critical_parameters(lambda t: error(F(t)), starts)
    best = min(found, key=lambda t: error(F(t)))
    singular = torch.linalg.svdvals(jacrev(F)(best))
    rank = int((singular > 1e-4 * singular[0]).sum())
    return discriminant(target), F(best), rank
# --8<-- [end:stride_one]


# --8<-- [start:stride_two]
def stride_two_criticals(
    seed: int,
) -> tuple[Float[Tensor, "_ 5"], Float[Tensor, " _"]]:
    """Return the critical filters, not zero, of sizes 3 and 2 at stride two.

    The second answer is how regular they are: the fourth singular value of dF over
    its first, which is zero where dF has a smaller rank than four.
    """
    draw = torch.Generator().manual_seed(seed)
    error = filter_loss(torch.randn(5, generator=draw), seed)

    def F(t):
        return composed(t, [3, 2], [2, 2])

    starts = torch.randn(60, 5, generator=draw)
    found = critical_parameters(lambda t: error(F(t)), starts)
    nonzero = found[vmap(F)(found).norm(dim=1) > 1e-3]
    singular = torch.linalg.svdvals(vmap(jacrev(F))(nonzero))
    filters = vmap(F)(nonzero)
    gaps = torch.cdist(filters, filters)
    apart = [i for i in range(len(filters)) if (gaps[i, :i] > 1e-4).all()]
    return filters[apart], (singular[:, 3] / singular[:, 0])[apart]
# --8<-- [end:stride_two]


@results(seed=0)
def numbers() -> dict[str, float | int]:
    """Numbers that the page quotes."""
    quadratic = torch.randn(400_000, 3)
    p = torch.randn(8_000, 4)
    strided = [stride_two_criticals(seed) for seed in range(4)]
    return {
        "strided_filters": sum(len(filters) for filters, _ in strided),
        "least_regular": min(ratios.min().item() for _, ratios in strided),
        "quadratics": (discriminant(quadratic) >= 0).double().mean().item(),
        "cubics": sum(real_rooted(c) for c in p) / len(p),
    }
