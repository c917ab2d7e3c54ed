"""What is drawn and computed for the page *Singular values*."""

import math

import matplotlib.pyplot as plt
import torch
from jaxtyping import Float
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from torch import Tensor, nn

from book import figure, results
from snippets.linear_algebra.svd import Adapter, svd, truncate
from snippets.mnist.data import load_images


def fit_adapter(adapter: Adapter, wanted: Float[Tensor, "m n"], steps: int = 100) -> float:
    """Train the adapter until its weight is near the wanted one; return the squared distance left."""
    trainable = [p for p in adapter.parameters() if p.requires_grad]
    optimiser = torch.optim.LBFGS(trainable, max_iter=steps, line_search_fn="strong_wolfe")

    def loss() -> Tensor:
        optimiser.zero_grad()
        change = adapter.up.weight @ adapter.down.weight
        distance = ((adapter.layer.weight + change - wanted) ** 2).sum()
        distance.backward()
        return distance

    optimiser.step(loss)
    return loss().item()


def digit(index: int = 0) -> Float[Tensor, "28 28"]:
    """One picture of the MNIST test set, with grey values from 0 to 1."""
    return load_images("test")[index].to(torch.float64) / 255


A_PAGE = torch.tensor([[2.0, 0.0], [1.5, 2.5]], dtype=torch.float64)


def _arrows(ax: Axes, columns: Float[Tensor, "2 2"], names: tuple[str, str]) -> None:
    for (x, y), colour, name in zip(columns.T.tolist(), ("C0", "C1"), names, strict=True):
        arrow = {"arrowstyle": "-|>", "color": colour, "lw": 2, "shrinkB": 0}
        ax.annotate("", (x, y), (0, 0), arrowprops=arrow)
        long = len(name) > 10
        beyond = 1 + (0.15 if long else 0.55) / math.hypot(x, y)
        side = "center" if not long else "left" if x > 0 else "right"
        ax.text(beyond * x, beyond * y, name, color=colour, ha=side, va="center", size=13)


@figure(
    alt="Four panels. A circle with perpendicular arrows v1 and v2; turned so that they lie on the axes; stretched "
    "along the axes to an ellipse; turned again, so that its half-axes are sigma1 u1 and sigma2 u2."
)
def three_steps() -> Figure:
    """Draw the unit circle after none, one, two and three of the steps of the decomposition."""
    U, s, Vt = svd(A_PAGE)
    if torch.linalg.det(Vt) < 0:  # choose signs for which both steps turn
        Vt, U = Vt * torch.tensor([[1.0], [-1.0]]), U * torch.tensor([1.0, -1.0])
    if Vt[0, 0] < 0:
        Vt, U = -Vt, -U
    t = torch.linspace(0, 2 * math.pi, 200, dtype=torch.float64)
    circle = torch.stack([t.cos(), t.sin()])
    one = torch.eye(2).double()
    stages = (
        (one, "the circle", ("$v_1$", "$v_2$")),
        (Vt, "turned: $V^Tx$", ("", "")),
        (s.diag() @ Vt, r"stretched: $\mathrm{diag}(\sigma)\,V^Tx$", (r"$\sigma_1$", r"$\sigma_2$")),
        (U @ s.diag() @ Vt, r"turned: $Ax=U\,\mathrm{diag}(\sigma)\,V^Tx$", (r"$\sigma_1u_1$", r"$\sigma_2u_2$")),
    )
    fig, axes = plt.subplots(2, 2, figsize=(5.2, 5.0), sharex=True, sharey=True)
    for ax, (M, title, names) in zip(axes.flat, stages, strict=True):
        shape = M @ circle
        ax.axhline(0, color=plt.rcParams["grid.color"], lw=1, zorder=0)
        ax.axvline(0, color=plt.rcParams["grid.color"], lw=1, zorder=0)
        ax.fill(*shape, color="C2", alpha=0.12, lw=0)
        ax.plot(*shape, color="C2")
        _arrows(ax, M @ Vt.T, names)
        ax.set(title=title, xlim=(-3.9, 3.9), ylim=(-3.6, 3.6), aspect="equal")
        ax.axis("off")
    return fig


@figure(
    alt="Two panels. A circle with the perpendicular arrows v1 and v2 and, in grey, the standard basis; an ellipse "
    "whose half-axes are sigma1 u1 and sigma2 u2, with the grey images of the standard basis at a slant."
)
def before_and_after() -> Figure:
    """Draw the singular vectors and the standard basis, before and after the matrix."""
    V = svd(A_PAGE)[2].T
    V = V * V[1].sign()  # both second entries positive, as on the page
    t = torch.linspace(0, 2 * math.pi, 200, dtype=torch.float64)
    circle = torch.stack([t.cos(), t.sin()])
    fig, axes = plt.subplots(1, 2, figsize=(5.4, 2.9), sharex=True, sharey=True)
    for ax, M, title, names in (
        (axes[0], torch.eye(2).double(), "before", ("$v_1$", "$v_2$")),
        (axes[1], A_PAGE, "after $A$", (r"$\sigma_1u_1$", r"$\sigma_2u_2$")),
    ):
        shape = M @ circle
        ax.fill(*shape, color="C2", alpha=0.12, lw=0)
        ax.plot(*shape, color="C2")
        for x, y in M.T.tolist():
            ax.annotate("", (x, y), (0, 0), arrowprops={"arrowstyle": "-|>", "color": "C6", "lw": 1.2, "shrinkB": 0})
        _arrows(ax, M @ V, names)
        ax.set(title=title, xlim=(-2.6, 2.9), ylim=(-3.2, 3.6), aspect="equal")
        ax.axis("off")
    return fig


@figure(
    alt="A handwritten seven of 28 by 28 pixels at ranks 1, 2, 4 and 8 and complete. At rank 1 it is a plaid "
    "of bars, at rank 4 it can be read, at rank 8 it looks like the original."
)
def ranks() -> Figure:
    """One picture at four ranks."""
    picture = digit()
    full = int(torch.linalg.matrix_rank(picture))
    fig, axes = plt.subplots(1, 5, figsize=(5.6, 1.5))
    for ax, r in zip(axes, (1, 2, 4, 8, full), strict=True):
        ax.imshow(truncate(picture, r).numpy(), vmin=0, vmax=1)
        ax.set_title(f"rank {r}")
        ax.set(xticks=[], yticks=[])
        ax.spines[:].set(visible=True, color=plt.rcParams["grid.color"])
    return fig


@figure(
    alt="Error of the rank-1 approximation that keeps one direction, against the angle of that direction. "
    "For singular values 2 and 0.5 a deep valley at angle 0, for 2 and 1.5 a shallow one, for 2 and 2 a "
    "flat line."
)
def tie() -> Figure:
    """The valley of rank-1 approximations flattens as two singular values meet."""
    fig, ax = plt.subplots(figsize=(5.2, 2.9))
    angles = torch.linspace(-math.pi / 2, math.pi / 2, 181)
    directions = torch.stack([angles.cos(), angles.sin()])
    for colour, second in zip(("C0", "C2", "C1"), (0.5, 1.5, 2.0), strict=True):
        A = torch.diag(torch.tensor([2.0, second]))
        left = (A**2).sum() - ((A @ directions) ** 2).sum(0)
        ax.plot(angles.rad2deg(), left.sqrt(), color=colour)
        ax.text(0, second - 0.07, rf"$\sigma_2={second:g}$", color=colour, ha="center", va="top", size=12)
    ax.set(xlabel="angle of the direction that is kept", ylabel=r"error $\|A-B\|_F$")
    ax.set_xticks([-90, -45, 0, 45, 90], ["−90°", "−45°", "0°", "45°", "90°"])
    ax.set(ylim=(0, 2.4), xlim=(-92, 92))
    return fig


@figure(
    alt="Squared distance to a wanted change of weights against the rank of the adapter. The trained "
    "adapters lie on the curve of discarded squared singular values, which falls to zero at rank 8."
)
def adapters() -> Figure:
    """Trained adapters on the curve that no adapter can beat."""
    layer, wanted = adapter_task()
    s = torch.linalg.svdvals(wanted - layer.weight.detach())
    ranks = range(1, 9)
    with torch.random.fork_rng():
        torch.manual_seed(0)
        trained = [fit_adapter(Adapter(layer, r), wanted) for r in ranks]
    fig, ax = plt.subplots(figsize=(5.2, 2.9))
    ax.plot([0, *ranks], [(s[r:] ** 2).sum() for r in [0, *ranks]], color="C0", label="the bound of the theorem")
    ax.plot(ranks, trained, "o", color="C1", label="trained adapter")
    ax.set(xlabel="rank of the adapter", ylabel="squared distance left", ylim=(0, None))
    ax.legend()
    return fig


def adapter_task() -> tuple[nn.Linear, Float[Tensor, "12 16"]]:
    """A pretrained layer of 12×16 weights, and the weights that a new task would like: a change of rank 8."""
    generator = torch.Generator().manual_seed(7)
    layer = nn.Linear(16, 12)
    with torch.no_grad():
        layer.weight.copy_(torch.randn(12, 16, generator=generator) / 4)
        layer.bias.zero_()
    left, right = torch.randn(12, 8, generator=generator), torch.randn(8, 16, generator=generator)
    return layer, layer.weight.detach() + left * 0.85 ** torch.arange(8) @ right / 8


@results(seed=0)
def numbers() -> dict[str, float | int]:
    """Numbers that the page quotes."""
    picture = digit()
    s = torch.linalg.svdvals(picture)
    layer, wanted = adapter_task()
    change = torch.linalg.svdvals(wanted - layer.weight.detach())
    return {
        "digit_rank": int(torch.linalg.matrix_rank(picture)),
        "digit_kept_4": (1 - (s[4:] ** 2).sum() / (s**2).sum()).item(),
        "digit_kept_8": (1 - (s[8:] ** 2).sum() / (s**2).sum()).item(),
        "adapter_floor": (change[3:] ** 2).sum().item(),
        "adapter_trained": fit_adapter(Adapter(layer, 3), wanted),
        "lora_full": 4096 * 4096,
        "lora_rank_8": 2 * 8 * 4096,
        "lora_ratio": 4096 * 4096 // (2 * 8 * 4096),
    }
