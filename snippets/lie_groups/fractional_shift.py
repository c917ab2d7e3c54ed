"""From the cyclic shift of pixels to a one-parameter group, and the mode that stands in the way."""

# --8<-- [start:setup]
import math

import torch
from jaxtyping import Complex, Float
from torch import Tensor

torch.set_default_dtype(torch.float64)  # the book computes in double precision
# --8<-- [end:setup]

import matplotlib.pyplot as plt
from matplotlib.figure import Figure

from book import figure, results


# --8<-- [start:shift]
def shift_matrix(n: int) -> Float[Tensor, "n n"]:
    """Move every pixel one place on and the last to the front: (Px)ᵢ = xᵢ₋₁."""
    return torch.eye(n).roll(1, 0)


def waves(n: int) -> tuple[Float[Tensor, " n"], Complex[Tensor, "n n"]]:
    """Return k = 0, 1, …, −1 and the unit waves exp(2πi kj/n)/√n, one a column."""
    k = torch.fft.fftfreq(n, 1 / n)
    angles = 2 * torch.pi * torch.outer(torch.arange(n, dtype=k.dtype), k) / n
    return k, torch.polar(torch.ones(n, n), angles) / n**0.5
# --8<-- [end:shift]


# --8<-- [start:generator]
def shift_generator(n: int) -> Float[Tensor, "n n"]:
    """Return a real logarithm of the shift, n odd: −2πi k/n on wave k.

    Raises ValueError for even n, where det P = −1 and no real logarithm exists.
    """
    if n < 1 or n % 2 == 0:
        raise ValueError(f"n = {n}: the shift has a real logarithm for odd n only")
    k, F = waves(n)
    return ((F * (-2j * torch.pi * k / n)) @ F.mH).real
# --8<-- [end:generator]


# --8<-- [start:fractional]
def fractional_shift(
    x: Float[Tensor, "*batch n"], t: float
) -> Float[Tensor, "*batch n"]:
    """Shift by t pixels: turn wave k by −2πkt/n; for k = n/2 multiply by cos πt."""
    n = x.shape[-1]
    phase = torch.polar(
        torch.ones(n // 2 + 1), -2 * torch.pi * t * torch.arange(n // 2 + 1.0) / n
    )
    if n % 2 == 0:
        phase.imag[-1] = 0.0
    return torch.fft.irfft(torch.fft.rfft(x) * phase, n)
# --8<-- [end:fractional]


# --8<-- [start:defect]
def group_law_defect(n: int, s: float, t: float) -> float:
    """Measure how far shifting by s, then t is from shifting by s + t."""
    one = fractional_shift(fractional_shift(torch.eye(n), s), t)
    return torch.linalg.matrix_norm(
        one - fractional_shift(torch.eye(n), s + t), 2
    ).item()
# --8<-- [end:defect]


# --8<-- [start:two_rows]
def two_row_generator(n: int) -> Float[Tensor, "m m"]:
    """Return a real logarithm of the shift of two rows of even length n.

    Raises ValueError for odd n, where each row has a logarithm of its own.
    """
    if n % 2:
        raise ValueError(f"n = {n}: this construction is for even n")
    k, F = waves(n)
    # taking the real part drops the fastest wave, which has no partner
    row = ((F * (-2j * torch.pi * k / n)) @ F.mH).real
    fastest = (-1.0) ** torch.arange(n) / n**0.5
    J = torch.tensor([[0.0, -1.0], [1.0, 0.0]])
    swap = torch.kron(J, torch.outer(fastest, fastest))
    return torch.kron(torch.eye(2), row) + torch.pi * swap
# --8<-- [end:two_rows]


# --8<-- [start:layers]
def shift_error(layer: torch.nn.Module, x: Float[Tensor, " n"], t: float) -> float:
    """Measure how far the layer is from commuting with the shift by t."""
    with torch.no_grad():
        there = layer(fractional_shift(x, t)[None, None])[0, 0]
        back = fractional_shift(layer(x[None, None])[0, 0], t)
        return (there - back).abs().max().item()
# --8<-- [end:layers]


# --8<-- [start:solution_entries]
def generator_entry(n: int, j: int) -> float:
    """Return the entry of log P that is j places below the diagonal."""
    if j % n == 0:
        return 0.0
    return (-1) ** (j + 1) * math.pi / (n * math.sin(math.pi * j / n))
# --8<-- [end:solution_entries]


# --8<-- [start:solution_inverse]
def velocity(x: Float[Tensor, "*batch n"]) -> Float[Tensor, "*batch n"]:
    """Return the rate of change of the shifted picture at t = 0."""
    n = x.shape[-1]
    return torch.fft.irfft(
        torch.fft.rfft(x) * (-2j * torch.pi * torch.arange(n // 2 + 1) / n), n
    )
# --8<-- [end:solution_inverse]


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
        "relu_whole": shift_error(torch.nn.ReLU(), x, 1.0),
    }
