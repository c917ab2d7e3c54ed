"""What is drawn and computed for the page *Principal components*."""

import functools
import math

import matplotlib.pyplot as plt
import torch
from jaxtyping import Float
from matplotlib.colors import LinearSegmentedColormap
from matplotlib.figure import Figure
from torch import Tensor

from book import data, figure, results
from snippets.figures.home import packed
from snippets.linear_algebra.pca import (
    digits,
    fiedler,
    linear_autoencoder,
    principal_components,
    reconstruct,
    shift_residuals,
    small_data,
    train,
)
from snippets.mnist.data import load_labels


@functools.cache
def _mnist() -> tuple[Float[Tensor, "10000 784"], Float[Tensor, " 784"], Float[Tensor, "784 784"]]:
    """The test set, its variances and its directions, each with its largest entry positive."""
    X = digits()
    variances, directions = principal_components(X)
    strongest = directions.gather(0, directions.abs().argmax(0, keepdim=True))
    return X, variances, directions * strongest.sign()


def cloud(count: int = 250) -> Float[Tensor, "count 2"]:
    """Points in the plane that spread along one slanted direction."""
    noise = torch.randn(count, 2, generator=torch.Generator().manual_seed(4))
    return noise @ torch.tensor([[1.5, 0.9], [-0.28, 0.47]]) + torch.tensor([1.0, 0.5])


def rings(count: int = 120) -> Float[Tensor, "total 2"]:
    """Two noisy circles with one centre."""
    generator = torch.Generator().manual_seed(5)
    angles = torch.linspace(0, 2 * math.pi, count + 1)[:-1]
    circle = torch.stack([angles.cos(), angles.sin()], dim=1)
    points = torch.cat([circle, 2.2 * circle])
    return points + 0.09 * torch.randn(points.shape, generator=generator)


def signed() -> LinearSegmentedColormap:
    """Negative, paper, positive: a colour map in the colours of the style."""
    return LinearSegmentedColormap.from_list("signed", ["C1", plt.rcParams["axes.facecolor"], "C0"])


@figure(
    alt="A slanted cloud of points with its mean. A long arrow from the mean points along the cloud, a short "
    "one across it. Thin lines join the points to their projections on the long axis."
)
def axes_of_a_cloud() -> Figure:
    """The principal directions of points in the plane."""
    X = cloud()
    variances, V = principal_components(X)
    V = V * V[0].sign()
    mean, projected = X.mean(0), reconstruct(X, X.mean(0), V[:, :1])
    fig, ax = plt.subplots(figsize=(5.2, 3.2))
    ax.axline(mean.tolist(), (mean + V[:, 0]).tolist(), color=plt.rcParams["grid.color"], lw=1, zorder=0)
    for x, y in zip(X[:90], projected[:90], strict=True):
        ax.plot(*torch.stack([x, y], 1), color="C6", lw=0.7, alpha=0.6)
    ax.plot(*X[:90].T, "o", color="C0", ms=3)
    for i, colour in enumerate(("C1", "C2")):
        tip = mean + 2 * variances[i].sqrt() * V[:, i]
        arrow = {"arrowstyle": "-|>", "color": colour, "lw": 2.4, "shrinkA": 0, "shrinkB": 0}
        ax.annotate("", tip.tolist(), mean.tolist(), arrowprops=arrow)
        x, y = (tip + 0.28 * V[:, i]).tolist()
        ax.text(x, y, f"$v_{i + 1}$", color=colour, size=14, ha="center", va="center")
    ax.plot(*mean, "o", color=plt.rcParams["text.color"], ms=5)
    ax.set_aspect("equal")
    ax.axis("off")
    return fig


@data
def plane(count: int = 160) -> dict[str, object]:
    """Return what the playground of digits needs: mean, four directions, and the places of digits in the first two."""
    X, _, V = _mnist()
    return {
        "mean": packed(X.mean(0)),
        "directions": [packed(v) for v in V[:, :4].T],
        "points": [[round(x, 2) for x in row] for row in ((X[:count] - X.mean(0)) @ V[:, :2]).tolist()],
        "labels": load_labels("test")[:count].tolist(),
    }


@figure(
    alt="Ten small pictures: the mean of the MNIST digits, a blur, and the first nine principal directions, "
    "which show strokes in two colours: ring against bar, one slant against the other, then finer patterns."
)
def eigendigits() -> Figure:
    """The mean and the first nine principal directions of MNIST."""
    X, variances, V = _mnist()
    fig, axes = plt.subplots(2, 5, figsize=(5.6, 2.7))
    pictures = [X.mean(0), *V[:, :9].T]
    share = (variances / variances.sum()).tolist()
    for i, (ax, picture) in enumerate(zip(axes.flat, pictures, strict=True)):
        size = picture.abs().max()
        ax.imshow(picture.view(28, 28).numpy(), cmap=signed(), vmin=-size, vmax=size)
        ax.set_title("mean" if i == 0 else f"$v_{i}$: {100 * share[i - 1]:.1f} %", size=10)
        ax.set(xticks=[], yticks=[])
        ax.spines[:].set(visible=True, color=plt.rcParams["grid.color"])
    return fig


@figure(
    alt="Digits, each printed at its first two principal components. Ones crowd on the left, zeros lie on the "
    "right, fours, sevens and nines are mixed at the bottom."
)
def digits_in_a_plane() -> Figure:
    """Where digits lie in the plane of the first two components."""
    found = plane()
    fig, ax = plt.subplots(figsize=(5.2, 4.0))
    for (x, y), label in zip(found["points"], found["labels"], strict=True):
        ax.text(x, y, str(label), color={0: "C0", 1: "C1"}.get(label), size=10, ha="center", va="center")
    ax.axhline(0, color=plt.rcParams["grid.color"], zorder=0)
    ax.axvline(0, color=plt.rcParams["grid.color"], zorder=0)
    ax.set(xlabel="along $v_1$", ylabel="along $v_2$", xlim=(-5.5, 8), ylim=(-5.5, 5.5))
    ax.set_aspect("equal")
    return fig


@figure(
    alt="Five handwritten digits, each rebuilt from 2, 10, 50 and 99 principal components and in the "
    "original. From 2 numbers they are blurs, from 10 most can be guessed, from 50 they can be read, from 99 "
    "they are nearly sharp."
)
def reconstructions() -> Figure:
    """Digits from a handful of numbers."""
    X, _, V = _mnist()
    chosen, ranks = [0, 1, 2, 4, 18], (2, 10, 50, 99)
    mean = X.mean(0)
    rows = [reconstruct(X[chosen], mean, V[:, :r]) for r in ranks] + [X[chosen]]
    fig, axes = plt.subplots(5, 5, figsize=(4.6, 4.6))
    for row, pictures, name in zip(axes, rows, [*map(str, ranks), "784"], strict=True):
        row[0].set_ylabel(name, rotation=0, ha="right", va="center")
        for ax, picture in zip(row, pictures, strict=True):
            ax.imshow(picture.view(28, 28).numpy(), vmin=0, vmax=1)
            ax.set(xticks=[], yticks=[])
            ax.spines[:].set(visible=True, color=plt.rcParams["grid.color"])
    fig.supylabel("numbers kept")
    return fig


@figure(
    alt="The share of the variance kept against the number of components, a curve that rises steeply and then "
    "flattens. Dots on it: 2 components keep 18 per cent, 10 keep 50, 50 keep 83, 99 keep 92, 149 keep 95."
)
def share_kept() -> Figure:
    """How much of the variance of MNIST the first components keep."""
    _, variances, _ = _mnist()
    share = 100 * torch.cat([torch.zeros(1), variances.cumsum(0) / variances.sum()])
    fig, ax = plt.subplots(figsize=(5.2, 2.9))
    ax.plot(share[:251], color="C0")
    for r in (2, 10, 50, 99, int((share < 95).sum())):
        ax.plot(r, share[r], "o", color="C1", ms=6)
        ax.annotate(f"{r}: {share[r]:.0f} %", (r, share[r]), xytext=(7, -12), textcoords="offset points", size=10)
    ax.set(xlabel="components kept", ylabel="variance kept (%)", xlim=(0, 250), ylim=(0, 104))
    return fig


@figure(
    alt="Excess loss over the sum of discarded eigenvalues during training, on a logarithmic scale, for "
    "eight random starts. Every curve falls below a hundred-millionth within eighty evaluations."
)
def starts() -> Figure:
    """A linear autoencoder from eight starts: all reach the loss of PCA."""
    X = small_data()
    floor = principal_components(X)[0][3:].sum().item()
    fig, ax = plt.subplots(figsize=(5.2, 2.9))
    with torch.random.fork_rng():
        for seed in range(8):
            torch.manual_seed(seed)
            losses = torch.tensor(train(linear_autoencoder(8, 3), X)).cummin(0).values
            ax.semilogy((losses - floor).clamp(min=1e-9), color="C0", alpha=0.6, lw=1.4)
    ax.axhline(1e-9, color=plt.rcParams["grid.color"], zorder=0)
    ax.set(xlabel="evaluations of the loss", ylabel="loss − PCA", xlim=(0, 80), ylim=(1e-8, 50))
    return fig


@figure(
    alt="Two rings of points, one inside the other, in two panels. Coloured by the first principal "
    "component, two halves of both rings differ. Coloured by the second eigenvector of the graph Laplacian, "
    "inner and outer ring differ."
)
def clusters() -> Figure:
    """Two eigenvectors of the same points: PCA halves them, the graph Laplacian separates the rings."""
    points = rings()
    first = (points - points.mean(0)) @ principal_components(points)[1][:, 0]
    fig, axes = plt.subplots(1, 2, figsize=(5.4, 2.8))
    panels = ((first, "covariance"), (fiedler(points, 0.3), "Laplacian"))
    for ax, (values, name) in zip(axes, panels, strict=True):
        inner = values.sign() == values[0].sign()
        ax.plot(*points[inner].T, "o", color="C0", ms=4)
        ax.plot(*points[~inner].T, "s", color="C1", ms=3.4)
        ax.set_title(f"eigenvector of the {name}")
        ax.set_aspect("equal")
        ax.axis("off")
    return fig


@results(seed=0)
def numbers() -> dict[str, float | int]:
    """Numbers that the page quotes."""
    X, variances, V = _mnist()
    share = variances.cumsum(0) / variances.sum()
    mean, uncentred = X.mean(0), torch.linalg.eigh(X.T @ X / len(X))
    small = small_data()
    reached = [train(linear_autoencoder(8, 3), small)[-1] for _ in range(20)]
    labels = load_labels("test")
    codes = (X - mean) @ V[:, 0]
    still, moved = shift_residuals(X, 10)
    return {
        "kept_2": share[1].item(),
        "kept_10": share[9].item(),
        "kept_50": share[49].item(),
        "kept_99": share[98].item(),
        "for_95": int((share < 0.95).sum()) + 1,
        "constant_pixels": int((X.std(0) == 0).sum()),
        "code_0": codes[labels == 0].mean().item(),
        "code_1": codes[labels == 1].mean().item(),
        "uncentred_10": uncentred.eigenvalues[:-10].sum().item(),
        "cosine_mean": (uncentred.eigenvectors[:, -1] @ mean / mean.norm()).abs().item(),
        "small_floor": principal_components(small)[0][3:].sum().item(),
        "small_worst": max(reached),
        "shift_more": moved / still - 1,
        "pixel_loss_99": variances[99:].sum().item() / 784,
    }
