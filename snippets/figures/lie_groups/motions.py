"""What is drawn and computed for the page *Motions*."""

import matplotlib.pyplot as plt
import torch
from jaxtyping import Float
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from torch import Tensor

from book import figure, results
from snippets.lie_groups.exponential import exp_so2
from snippets.lie_groups.motions import exp_se2, exp_se3, log_se2, log_se3, motion, register


def draw_robot(ax: Axes, pose: Float[Tensor, "3 3"], colour: str, alpha: float = 0.85) -> None:
    """Draw a box with a pointed nose at a pose of the plane."""
    outline = torch.tensor([[-0.3, -0.16, 1], [0.2, -0.16, 1], [0.38, 0.0, 1], [0.2, 0.16, 1], [-0.3, 0.16, 1]])
    ax.fill(*(outline @ pose.T)[:, :2].T.numpy(), facecolor=colour, alpha=alpha, lw=1.2, edgecolor=colour)


@figure(
    alt="Two ways from one pose of a robot to another. One drives along an arc at constant speed, turning evenly. "
    "The other moves straight while it turns, so that it slides sideways on the way."
)
def arcs() -> Figure:
    """Draw the path exp(sξ) between two poses, and the straight line with a separate turn."""
    fig, ax = plt.subplots(figsize=(5.2, 3.4))
    end = motion(exp_so2(torch.tensor(2.0)), torch.tensor([1.2, 2.0]))
    xi, faint = log_se2(end), plt.rcParams["grid.color"]
    steps = torch.linspace(0, 1, 6)
    for k, s in enumerate(steps):
        straight = motion(exp_so2(2.0 * s), s * end[:2, 2])
        straight[0, 2] += 3.2
        draw_robot(ax, exp_se2(s * xi), "C0" if k in (0, 5) else "C2")
        draw_robot(ax, straight, "C0" if k in (0, 5) else "C1")
    fine = torch.stack([exp_se2(s * xi)[:2, 2] for s in torch.linspace(0, 1, 60)])
    ax.plot(*fine.T.numpy(), color=faint, lw=1, zorder=0)
    ax.plot([3.2, 4.4], [0, 2], color=faint, lw=1, zorder=0)
    ax.text(0.9, -0.62, "one twist, followed", color="C2", ha="center")
    ax.text(4.0, -0.62, "turn and move apart", color="C1", ha="center")
    ax.set(aspect="equal", xlim=(-0.6, 5.4), ylim=(-0.8, 2.6))
    ax.axis("off")
    return fig


@figure(
    alt="Two pictures of a robot that is turned by the same small angle four times. Left it turns on the spot; right "
    "it swings along an arc around the origin of the world, which a cross marks."
)
def frames() -> Figure:
    """Draw M exp(sξ) and exp(sξ) M for a twist that only turns."""
    fig, axes = plt.subplots(1, 2, figsize=(5.4, 3.0), sharey=True)
    M, xi = motion(exp_so2(torch.tensor(0.35)), torch.tensor([1.5, 0.3])), torch.tensor([0.35, 0.0, 0.0])
    faint, ink = plt.rcParams["grid.color"], plt.rcParams["text.color"]
    arc = torch.stack([exp_se2(s * xi) @ M for s in torch.linspace(0, 4, 60)])
    axes[1].plot(*arc[:, :2, 2].T.numpy(), color=faint, lw=1, zorder=0)
    names = (r"own frame: $M\,\exp\,\xi$", r"world frame: $\exp(\xi)\,M$")
    for ax, name, colour, right in zip(axes, names, ("C2", "C1"), (True, False), strict=True):
        for k in range(5):
            step = exp_se2(k * xi)
            draw_robot(ax, M @ step if right else step @ M, "C0" if k == 0 else colour, 0.9 if k == 0 else 0.3)
        ax.plot(0, 0, "+", color=ink, ms=12, mew=1.5)
        ax.text(0.0, -0.3, "world", color=ink, ha="center", va="top")
        ax.set_title(name, color=colour)
        ax.set(aspect="equal", xlim=(-0.6, 2.3), ylim=(-0.7, 2.1))
        ax.axis("off")
    return fig


@results(seed=0)
def numbers() -> dict[str, float]:
    """Numbers that the page quotes."""
    xi = torch.randn(500, 6, generator=torch.Generator().manual_seed(0))
    xi[:, :3] *= 0.9 * torch.pi / xi[:, :3].norm(dim=1, keepdim=True)
    points = torch.randn(20, 3, generator=torch.Generator().manual_seed(1))
    moved = points @ exp_se3(xi[0])[:3, :3].T + exp_se3(xi[0])[:3, 3]
    found = [register(points, moved, steps) for steps in (4, 6, 8)]
    misses = [(M - exp_se3(xi[0])).abs().max().item() for M in found]
    return {
        "round_trip": (log_se3(exp_se3(xi)) - xi).abs().max().item(),
        "steps_4": misses[0], "steps_6": misses[1], "steps_8": misses[2],
    }  # fmt: skip
