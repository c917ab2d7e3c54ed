"""What is drawn and computed for the page *Rotations from a network*."""

from functools import cache

import matplotlib.pyplot as plt
import torch
from jaxtyping import Float
from matplotlib.figure import Figure
from torch import Tensor

from book import figure, results
from snippets.figures.lie_groups.groups import draw_letter
from snippets.lie_groups.exponential import exp_so3, log_so3
from snippets.lie_groups.groups import random_orthogonal, rotation
from snippets.lie_groups.rotation_heads import RotationHead


def any_rotations(count: int, generator: torch.Generator) -> Float[Tensor, "count 3 3"]:
    """Draw rotations of space in single precision, all equally likely: Gaussian quaternions, normalised."""
    q = torch.nn.functional.normalize(torch.randn(count, 4, generator=generator, dtype=torch.float32), dim=1)
    v = q[:, 1:]
    return exp_so3(2 * torch.atan2(v.norm(dim=1), q[:, 0])[:, None] * torch.nn.functional.normalize(v, dim=1))


@cache
def copied(numbers: int) -> tuple[Float[Tensor, "count"], Float[Tensor, "count"]]:
    """Train a network to copy rotations; return the angles of 5000 new ones and its errors, in degrees."""
    torch.manual_seed(0)
    generator = torch.Generator().manual_seed(0)
    layers = [torch.nn.Linear(9, 64), torch.nn.ReLU(), torch.nn.Linear(64, 64), torch.nn.ReLU()]
    net = torch.nn.Sequential(*layers, RotationHead(64, numbers)).float()
    optimiser = torch.optim.Adam(net.parameters(), lr=2e-3)
    for _ in range(1000):
        optimiser.zero_grad()
        R = any_rotations(64, generator)
        (net(R.flatten(1)) - R).square().sum((1, 2)).mean().backward()
        optimiser.step()
    R = any_rotations(5000, generator)
    apart = log_so3(net(R.flatten(1)).detach().mT @ R).norm(dim=1).rad2deg()
    return log_so3(R).norm(dim=1).rad2deg(), apart


@figure(
    alt="Errors of two heads on 5000 rotations against the angle of the rotation. With three numbers they shoot up to "
    "180 degrees near the half turn; with six numbers they stay at a few degrees."
)
def heads_by_angle() -> Figure:
    """Draw the error of the heads with three and with six numbers against the angle of the rotation."""
    fig, ax = plt.subplots(figsize=(5.2, 3.2))
    for numbers, colour in ((3, "C1"), (6, "C0")):
        ax.plot(*copied(numbers), ".", ms=2, color=colour, alpha=0.6, rasterized=True)
    ax.text(146, 110, "three numbers", color="C1", ha="right")
    ax.text(146, 92, "six numbers", color="C0", ha="right")
    ax.set(xlabel="angle of the rotation, degrees", ylabel="error, degrees", xlim=(0, 182), ylim=(-3, 185))
    ax.set(xticks=[0, 60, 120, 180], yticks=[0, 60, 120, 180])
    return fig


@figure(
    alt="The letter F on its way to a turn by 150 degrees, in seven steps. Above it turns rigidly. Below, on "
    "the straight line between the matrices, it shrinks to a quarter of its size half way and grows again."
)
def interpolation() -> Figure:
    """Draw the geodesic and the straight line between two rotations as what they do to the letter F."""
    fig, axes = plt.subplots(2, 1, figsize=(5.4, 2.9))
    theta = torch.tensor(150.0).deg2rad()
    steps = torch.linspace(0, 1, 7)
    for ax, name, colour in ((axes[0], "inside the group", "C0"), (axes[1], "straight line", "C1")):
        for k, s in enumerate(steps):
            A = rotation(s * theta) if colour == "C0" else (1 - s) * torch.eye(2) + s * rotation(theta)
            draw_letter(ax, A, torch.tensor([2.3 * k, 0.0]), 1.0, colour)
            ax.text(2.3 * k, -1.75, f"{torch.linalg.det(A):.2f}", ha="center", va="center")
        ax.set(xlim=(-1.2, 15), ylim=(-2.1, 1.2), aspect="equal")
        ax.set_title(name + "; below each letter, $\\det$", loc="left", color=colour)
        ax.axis("off")
    return fig


@results(seed=0)
def numbers() -> dict[str, float]:
    """What lies half way on the straight line between two rotations, and their angle."""
    R = random_orthogonal(3, 2)
    R = R * torch.linalg.det(R).sign()[:, None, None]
    return {
        "line_det_half": torch.linalg.det(R.mean(0)).item(),
        "angle_apart": log_so3(R[0].T @ R[1]).norm().item(),
    }


@results(seed=0)
def heads() -> dict[str, float]:
    """Errors in degrees of two networks that copy a rotation, with three and with six numbers."""
    found = {}
    for numbers in (3, 6):
        _, apart = copied(numbers)
        found |= {f"median_{numbers}": apart.median().item(), f"worst_{numbers}": apart.max().item()}
    return found
