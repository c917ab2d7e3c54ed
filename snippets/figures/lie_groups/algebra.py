"""What is drawn and computed for the page *The Lie algebra*."""

import matplotlib.pyplot as plt
import torch
from jaxtyping import Float
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from torch import Tensor

from book import figure, results
from snippets.lie_groups.algebra import bch_residual, fit, loop, rotation_layer, skew_basis
from snippets.lie_groups.exponential import J
from snippets.matrix_exp import matrix_exp


@figure(
    alt="A circle in the plane of the matrices aI + bJ. At the identity a vertical tangent line stands. Ticks "
    "on the line are joined to the points of the circle to which the exponential wraps them."
)
def tangent_line() -> Figure:
    """Draw SO(2) with its tangent line at I, and how exp wraps the line onto the circle."""
    fig, ax = plt.subplots(figsize=(4.4, 4.2))
    arc = torch.linspace(0, 2 * torch.pi, 200)
    ax.plot(arc.cos(), arc.sin(), color="C0")
    ax.plot([1, 1], [-2.1, 2.1], color="C1")
    for t in torch.arange(-2, 2.1, 0.25):
        start, end = (1.0, t.item()), (t.cos().item(), t.sin().item())
        bend = {"connectionstyle": f"arc3,rad={0.28 if t > 0 else -0.28}", "shrinkA": 2, "shrinkB": 2}
        look = {"arrowstyle": "-|>", "color": plt.rcParams["grid.color"], "lw": 1.1}
        ax.annotate("", end, start, arrowprops=bend | look)
        ax.plot(*start, "o", color="C1", ms=4)
        ax.plot(*end, "o", color="C0", ms=4)
    ax.text(1.12, 1.2, "$I+tJ$", color="C1")
    ax.text(-0.55, -0.35, "$\\exp(tJ)$", color="C0", ha="center")
    ax.annotate("$I$", (1, 0), xytext=(7, -4), textcoords="offset points")
    ax.set(xlim=(-1.35, 1.75), ylim=(-2.2, 2.2), aspect="equal")
    ax.set(xlabel="coefficient of $I$", ylabel="coefficient of $J$")
    ax.set(xticks=[-1, 0, 1], yticks=[-2, -1, 0, 1, 2])
    return fig


def draw_robot(ax: Axes, pose: Float[Tensor, "3 3"], colour: str, alpha: float) -> None:
    """Draw a robot at a pose of the plane: a box with a pointed nose."""
    outline = torch.tensor([[-0.3, -0.16, 1], [0.2, -0.16, 1], [0.38, 0.0, 1], [0.2, 0.16, 1], [-0.3, 0.16, 1]])
    ax.fill(*(outline @ pose.T)[:, :2].T.numpy(), facecolor=colour, alpha=alpha, lw=1.2, edgecolor=colour)


@figure(
    alt="Above, a robot drives, turns, drives back and turns back: it ends with its old heading, displaced "
    "to its right and a little forwards. Below, six such loops carry it into a gap between two others."
)
def parking() -> Figure:
    """Draw the bracket of driving and turning: moving sideways."""
    drive, turn = torch.zeros(3, 3), torch.zeros(3, 3)
    drive[0, 2], turn[:2, :2] = 1.0, J
    fig, axes = plt.subplots(2, 1, figsize=(5.4, 3.9), height_ratios=[1, 1.6])
    pose, ink = torch.eye(3), plt.rcParams["grid.color"]
    moves = [("start", torch.zeros(3, 3)), ("drive", drive), ("turn", turn), ("back", -drive), ("turn back", -turn)]
    for k, (name, X) in enumerate(moves):
        pose = pose @ matrix_exp(0.6 * X)
        place = torch.eye(3)
        place[0, 2] = 1.75 * k
        draw_robot(axes[0], place, ink, 0.45)
        draw_robot(axes[0], place @ pose, "C1" if k == 4 else "C0", 0.85)
        axes[0].text(1.75 * k + 0.2, -0.85, name, ha="center", va="center")
    pose = torch.eye(3)
    for k in range(7):
        draw_robot(axes[1], pose, "C1" if k == 6 else "C0", 0.9 if k == 6 else 0.12 + 0.05 * k)
        end, pose = pose, pose @ loop(drive, turn, 0.38)
    for side in (-0.95, 0.95):
        draw_robot(axes[1], end + torch.tensor([[0.0, 0, side], [0, 0, 0], [0, 0, 0]]), ink, 0.8)
    for ax in axes:
        ax.set(aspect="equal")
        ax.axis("off")
    return fig


@figure(
    alt="The difference between exp of the formula and exp A exp B, against the size of A and B, on logarithmic axes: "
    "straight lines of slope two, three, four and five for the sum alone and with one, two and three bracket terms."
)
def bch_orders() -> Figure:
    """Draw what the formula leaves after each order."""
    fig, ax = plt.subplots(figsize=(5.0, 3.6))
    sizes = torch.logspace(-2.5, 0, 11)
    marks = {1: "$A+B$", 2: "$+\\frac{1}{2}[A,B]$", 3: "+ order 3", 4: "+ order 4"}
    for order, name in marks.items():
        errors = [bch_residual(size, order) for size in sizes.tolist()]
        ax.loglog(sizes, errors, f"C{order - 1}o-", ms=3.5, lw=1.3)
        style = {"textcoords": "offset points", "color": f"C{order - 1}", "va": "center", "ha": "right"}
        ax.annotate(name, (sizes[0], errors[0]), (-7, 0), **style)
    ax.set(xlabel="size of $A$ and $B$", ylabel="largest entry of the difference", xlim=(2e-4, 1.5), ylim=(1e-16, 3))
    ax.set(xticks=[1e-3, 1e-2, 1e-1, 1])
    ax.grid(True)
    return fig


@results(seed=0)
def numbers() -> dict[str, float]:
    """Numbers that the page quotes."""
    x = torch.randn(64, 4, generator=torch.Generator().manual_seed(0))
    target = matrix_exp(skew_basis(4).sum(0))
    torch.manual_seed(0)
    turning, free = rotation_layer(4), torch.nn.Linear(4, 4, bias=False)
    free.weight.data.copy_(turning.weight)  # both start at the same rotation
    defects = {name: fit(layer, x, x @ target.T, 500) for name, layer in (("group", turning), ("free", free))}
    return {
        "slope_1": slope(1), "slope_2": slope(2), "slope_3": slope(3), "slope_4": slope(4),
        "free_worst": max(defects["free"]), "group_worst": max(defects["group"]),
        "free_miss": (free.weight - target).abs().max().item(),
        "group_miss": (turning.weight - target).abs().max().item(),
    }  # fmt: skip


def slope(order: int) -> float:
    """Measure the order of the residual between the sizes 0.1 and 0.01."""
    return float(torch.log10(torch.tensor(bch_residual(0.1, order) / bch_residual(0.01, order))))
