"""What is drawn and computed for the page *Steerable filters*."""

import math

import matplotlib.pyplot as plt
import torch
from matplotlib.figure import Figure
from torch.nn.functional import pad

from book import figure, results
from snippets.equivariant_networks.steerable_filters import (
    SteerableConvolution,
    angle_error,
    on_ring,
    turn_field,
    turning,
)
from snippets.figures.equivariant_networks.group_convolutions import show
from snippets.mnist.data import load_images


@figure(
    alt="The digit 2, upright and turned by 45 degrees. Around its strokes stand arrows, at right angles to the "
    "strokes. In the second picture each arrow has moved with the digit and is turned by 45 degrees."
)
def arrows() -> Figure:
    """The answers of a layer from brightness to arrows to a digit, and to the digit turned."""
    layer = SteerableConvolution(0, 1, 1, 1, size=5)
    torch.nn.init.zeros_(layer.weight)
    with torch.no_grad():
        layer.weight[1, 0, 0, 0] = 1.0  # on the ring of radius 1 arrows point outwards: the slope
    digit = pad(load_images("test")[1:2, None] / 255.0, [2, 2, 2, 2])
    fig, axes = plt.subplots(1, 2, figsize=(5.6, 2.9))
    for ax, quarters in zip(axes, (0.0, 0.5), strict=True):
        picture = turn_field(digit, 0, quarters)
        slope = layer(picture).detach()[0]
        show(ax, picture[0, 0], ("upright", "turned by 45°")[quarters > 0], top=2.5)
        rows, columns = torch.cartesian_prod(torch.arange(1, 32, 2), torch.arange(1, 32, 2)).T
        right, up = slope[:, rows, columns]
        kept = torch.hypot(right, up) > 0.9
        ax.quiver(
            columns[kept],
            rows[kept],
            right[kept],
            up[kept],
            color=plt.rcParams["text.color"],
            scale=1.0,
            scale_units="x",
            width=0.008,
        )
        ax.set(xlim=(4, 30), ylim=(27.5, 4.5))
    return fig


@figure(
    alt="Three rings of twelve arrows. In the first the arrows point away from the middle, in the second they go "
    "around it, and in the third they do both at once, as in a spiral."
)
def rings() -> Figure:
    """The filters on a ring from brightness to arrows, for three choices of W."""
    phi = 2 * torch.pi * torch.arange(12) / 12
    x, y = turning(1, phi)[:, :, 0].T
    fig, axes = plt.subplots(1, 3, figsize=(5.6, 2.1))
    for ax, W in zip(axes, ((1.0, 0.0), (0.0, 1.0), (1.0, 1.0)), strict=True):
        arrows = on_ring(torch.tensor(W)[:, None], 0, 1, phi)[..., 0]
        colors = ["C1"] + [plt.rcParams["text.color"]] * 11
        ax.quiver(x, y, *arrows.T, color=colors, angles="xy", scale=1.9, scale_units="xy", width=0.013)
        ax.set(xlim=(-1.75, 1.75), ylim=(-1.75, 1.75), aspect="equal")
        ax.set_title(f"W = ({W[0]:.0f}, {W[1]:.0f})", fontsize=9.5)
        ax.axis("off")
    return fig


@figure(
    alt="Four ring-shaped filters. The first is positive all around; the others change between positive and negative "
    "once, twice and three times on the way around."
)
def filters() -> Figure:
    """The first component of the filters from frequency 0 to 0, 1, 2 and 3."""
    y, x = torch.meshgrid(torch.linspace(2, -2, 81), torch.linspace(-2, 2, 81), indexing="ij")
    bump = torch.exp(-((torch.hypot(x, y) - 1.1) ** 2) / 0.2)
    fig, axes = plt.subplots(1, 4, figsize=(5.6, 1.7))
    for m, ax in enumerate(axes):
        wave = on_ring(torch.eye(1 + (m > 0), 1), 0, m, torch.atan2(y, x))[..., 0, 0]
        show(ax, bump * wave, f"0 to {m}", top=1.0)
    return fig


@figure(
    alt="Error against the angle from 0 to 180 degrees for three filters. All are zero at multiples of 90 degrees and "
    "largest at 45; the filter of frequency 2 errs most, that of frequency 0 least."
)
def angles() -> Figure:
    """How far a filter on a coarse grid is from respecting a turn."""
    degrees = torch.arange(0, 181, 7.5)
    fig, ax = plt.subplots(figsize=(5.0, 2.7))
    for m in range(3):
        errors = [angle_error(m, math.radians(d), 1.0) for d in degrees.tolist()]
        ax.plot(degrees, errors, color=f"C{m}")
        ax.annotate(
            f"0 to {m}", (45, max(errors)), xytext=(0, 3), textcoords="offset points", ha="center", color=f"C{m}"
        )
    ax.set(xlabel="angle in degrees", ylabel="relative error", xticks=range(0, 181, 45), ylim=(0, None))
    ax.margins(y=0.2)
    return fig


@results(seed=0)
def steerable_numbers() -> dict[str, float]:
    """The error at 45° of the filter of frequency 2, on two grids."""
    return {"coarse": angle_error(2, math.pi / 4, 1.0), "fine": angle_error(2, math.pi / 4, 0.5)}
