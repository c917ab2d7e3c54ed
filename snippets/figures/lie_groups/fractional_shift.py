"""What is drawn and computed for the page *Shifting by half a pixel*."""

import matplotlib.pyplot as plt
import torch
from jaxtyping import Float
from matplotlib.figure import Figure
from torch import Tensor

from book import figure, results
from snippets.lie_groups.fractional_shift import FineReLU, fractional_shift, group_law_defect, shift_error


@figure(
    alt="Eigenvalues of the shift on the unit circle for seven and eight pixels. For seven they pair up above and "
    "below the axis, each reached from 1 by a short arc. For eight one stands alone at -1, between two arcs."
)
def eigenvalues() -> Figure:
    """Draw the eigenvalues of the shift for odd and even n, with the arcs that the fractional shift follows."""
    fig, axes = plt.subplots(1, 2, figsize=(5.4, 2.9))
    arc = torch.linspace(0, 2 * torch.pi, 200)
    for ax, n in zip(axes, (7, 8), strict=True):
        ax.plot(arc.cos(), arc.sin(), color=plt.rcParams["grid.color"], lw=1)
        for k in range(-((n - 1) // 2), (n - 1) // 2 + 1):
            along = torch.linspace(0, 1, 80)
            way, radius = 2 * torch.pi * k / n * along, 1 + 0.11 * abs(k) * (1 - (2 * along - 1) ** 8)
            ax.plot(radius * way.cos(), radius * way.sin(), color="C0", lw=1.2)
            ax.plot(way[-1].cos(), way[-1].sin(), "o", color="C0", ms=6)
        if n == 8:
            ax.plot(-1, 0, "o", color="C1", ms=8)
            ax.text(-0.85, 0, "up or down?", color="C1", va="center")
        ax.set(title=f"$n={n}$", aspect="equal", xlim=(-1.5, 1.5), ylim=(-1.5, 1.5))
        ax.axis("off")
    return fig


@figure(
    alt="Seven pixels with a bright one, shifted by 0, a quarter, a half, three quarters and 1. In between, the "
    "brightness follows a smooth wave through the pixels, with small ripples; at 1 it is a single pixel again."
)
def between_pixels() -> Figure:
    """Draw the fractional shifts of a single bright pixel, with the wave that they sample."""
    fig, axes = plt.subplots(5, 1, figsize=(5.0, 5.2), sharex=True, sharey=True)
    n, fine = 7, torch.linspace(-0.5, 6.5, 300)
    x = torch.eye(n)[2]
    for ax, t in zip(axes, (0.0, 0.25, 0.5, 0.75, 1.0), strict=True):
        k = torch.arange(1, (n - 1) // 2 + 1)
        wave = (1 + 2 * torch.cos(2 * torch.pi * k[:, None] * (fine - 2 - t) / n).sum(0)) / n
        ax.plot(fine, wave, color=plt.rcParams["grid.color"], lw=1.3)
        ax.vlines(torch.arange(n), 0, fractional_shift(x, t), color="C0", lw=2.5)
        ax.plot(torch.arange(n), fractional_shift(x, t), "o", color="C0", ms=5)
        ax.axhline(0, color=plt.rcParams["text.color"], lw=0.6)
        ax.text(6.6, 0.6, f"$t={t:g}$", ha="right", va="center")
        ax.set(yticks=[0, 1], ylim=(-0.35, 1.15))
    axes[-1].set(xticks=range(n), xlabel="pixel")
    return fig


@figure(
    alt="Four small bar charts of the waves of four pixels: constant, cosine, sine, and the Nyquist wave, whose bars "
    "alternate between 1 and -1. Thin curves show the cosine and the sine between the pixels."
)
def four_waves() -> Figure:
    """Draw the four real waves of four pixels."""
    fig, axes = plt.subplots(2, 2, figsize=(4.8, 3.2), sharex=True, sharey=True)
    fine, pixels = torch.linspace(-0.4, 3.4, 200), torch.arange(4.0)
    for ax, (name, wave, colour) in zip(axes.flat, (
        ("constant", lambda j: 0 * j + 1, "C0"), ("cosine", lambda j: (torch.pi * j / 2).cos(), "C0"),
        ("sine", lambda j: (torch.pi * j / 2).sin(), "C0"), ("Nyquist", lambda j: (torch.pi * j).cos(), "C1")),
        strict=True,
    ):  # fmt: skip
        ax.plot(fine, wave(fine), color=plt.rcParams["grid.color"], lw=1.2)
        ax.bar(pixels.tolist(), wave(pixels).tolist(), width=0.3, color=colour)
        ax.axhline(0, color=plt.rcParams["text.color"], lw=0.6)
        ax.set(title=name, xticks=range(4), yticks=[-1, 0, 1], ylim=(-1.25, 1.25))
    return fig


@figure(
    alt="Two pictures of eight pixels with a wave that turns six times and one that turns twice. Left they meet at all "
    "pixels. Right both are shifted by half a pixel, and at each pixel their values are opposite."
)
def alias() -> Figure:
    """Draw a fast wave and its alias on eight pixels, before and after half a shift."""
    fig, axes = plt.subplots(1, 2, figsize=(5.6, 2.6), sharey=True)
    fine, pixels = torch.linspace(-0.4, 7.4, 400), torch.arange(8.0)
    for ax, t, title in zip(axes, (0.0, 0.5), ("as it is", "shifted by half a pixel"), strict=True):
        for turns, colour, size in ((6, "C1", 7), (2, "C0", 4)):
            wave = lambda j, turns=turns, t=t: (2 * torch.pi * turns * (j - t) / 8).cos()  # noqa: E731
            ax.plot(fine, wave(fine), color=colour, lw=1, alpha=0.7)
            ax.plot(pixels, wave(pixels), "o", color=colour, ms=size)
        ax.axhline(0, color=plt.rcParams["text.color"], lw=0.6)
        ax.set(title=title, xticks=range(8), xlabel="pixel", yticks=[-1, 0, 1], ylim=(-1.2, 1.75))
    axes[0].text(3.5, 1.3, "6 turns", color="C1", ha="right")
    axes[0].text(4.2, 1.3, "2 turns", color="C0", ha="left")
    return fig


def worst_shift_error(layer: torch.nn.Module, x: Float[Tensor, " n"]) -> float:
    """Return the largest shift error over a hundred fractions of a pixel."""
    return max(shift_error(layer, x, t / 100) for t in range(100))


@results(seed=0)
def numbers() -> dict[str, float]:
    """Numbers that the page quotes."""
    x = torch.randn(27, generator=torch.Generator().manual_seed(0))
    torch.manual_seed(0)
    convolution = torch.nn.Conv1d(1, 1, 5, padding=2, padding_mode="circular", bias=False)
    return {
        "odd_law": group_law_defect(27, 0.4, 0.35),
        "even_law": group_law_defect(28, 0.5, 0.5),
        "conv_half": shift_error(convolution, x, 0.5),
        "relu_half": shift_error(torch.nn.ReLU(), x, 0.5),
        "fine_1": worst_shift_error(FineReLU(1), x), "fine_2": worst_shift_error(FineReLU(2), x),
        "fine_4": worst_shift_error(FineReLU(4), x), "fine_8": worst_shift_error(FineReLU(8), x),
        "relu_whole": shift_error(torch.nn.ReLU(), x, 1.0),
    }  # fmt: skip
