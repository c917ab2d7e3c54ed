"""From the cyclic shift of pixels to a one-parameter group, and the mode that stands in the way."""

# --8<-- [start:setup]
import math
from collections.abc import Callable

import torch
from jaxtyping import Complex, Float
from torch import Tensor

from snippets.shapes import check_precision, check_shapes

# --8<-- [end:setup]


# --8<-- [start:shift]
def shift_matrix(n: int) -> Float[Tensor, "n n"]:
    """Return P, which moves every pixel one place on and the last to the front."""
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
    """Return x shifted by t: wave k turned by −2πkt/n; for k = n/2, times cos πt."""
    check_shapes("… n", x)
    check_precision(x)
    n = x.shape[-1]
    if x.numel() == 0:  # torch.fft refuses empty batches
        return x
    angles = -2 * torch.pi * t / n * torch.arange(n // 2 + 1, dtype=torch.float64)
    phase = torch.polar(torch.ones_like(angles), angles)
    if n % 2 == 0:
        phase.imag[-1] = 0.0
    waves = torch.fft.rfft(x)
    return torch.fft.irfft(waves * phase.to(waves), n)
    # --8<-- [end:fractional]


# --8<-- [start:defect]
def group_law_defect(n: int, s: float, t: float) -> float:
    """Return the norm of (shift by s, then t) minus (shift by s + t)."""
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
    """Return the largest entry of layer(shifted x) minus the shifted layer(x)."""
    with torch.no_grad():
        there = layer(fractional_shift(x, t)[None, None])[0, 0]
        back = fractional_shift(layer(x[None, None])[0, 0], t)
        return (there - back).abs().max().item()
    # --8<-- [end:layers]


# --8<-- [start:remedy]
def resample(x: Float[Tensor, "*batch n"], m: int) -> Float[Tensor, "*batch m"]:
    """Return m samples of the slow waves of x, those that turn less than n/2 times.

    Of the waves of x, those that m samples cannot tell from slower ones are dropped.
    """
    check_shapes("… n", x)
    check_precision(x)
    n = x.shape[-1]
    if x.numel() == 0:  # torch.fft refuses empty batches
        return x.new_zeros(*x.shape[:-1], m)
    waves = torch.fft.rfft(x)[..., : (min(m, n) - 1) // 2 + 1]
    return torch.fft.irfft(waves, m) * (m / n)


class FineReLU(torch.nn.Module):
    """Apply ReLU between the pixels, too: sample finer, cut, drop the new fast
    waves.
    """

    def __init__(self, factor: int = 4):
        """Take `factor` samples a pixel."""
        super().__init__()
        self.factor = factor

    def forward(self, x: Float[Tensor, "*batch n"]) -> Float[Tensor, "*batch n"]:
        """Return the filtered ReLU."""
        check_shapes("… n", x)
        n = x.shape[-1]
        return resample(torch.relu(resample(x, self.factor * n)), n)
        # --8<-- [end:remedy]


# --8<-- [start:blur]
class BlurPool(torch.nn.Module):
    """Blur with (1, 4, 6, 4, 1)/16 round the row, then keep every second pixel."""

    def forward(self, x: Float[Tensor, "*batch n"]) -> Float[Tensor, "*batch m"]:
        """Return a row of half the length."""
        weights = {-2: 1, -1: 4, 0: 6, 1: 4, 2: 1}
        return sum(w / 16 * x.roll(k, -1) for k, w in weights.items())[..., ::2]


def shrink_error(shrink: Callable[[Tensor], Tensor], x: Float[Tensor, " n"]) -> float:
    """Return by how much a shift of x by 1 fails to shift the short row by 1/2."""
    short = shrink(x)
    miss = shrink(fractional_shift(x, 1.0)) - fractional_shift(short, 0.5)
    return (miss.norm() / short.norm()).item()
    # --8<-- [end:blur]


# --8<-- [start:solution_entries]
def generator_entry(n: int, j: int) -> float:
    """Return the entry of log P that is j places below the diagonal."""
    if j % n == 0:
        return 0.0
    return (-1) ** (j + 1) * math.pi / (n * math.sin(math.pi * j / n))
    # --8<-- [end:solution_entries]


# --8<-- [start:solution_inverse]
def velocity(x: Float[Tensor, "*batch n"]) -> Float[Tensor, "*batch n"]:
    """Return the rate of change of the shifted picture at t = 0, n odd."""
    n, waves = x.shape[-1], torch.fft.rfft(x)
    factors = -2j * torch.pi * torch.arange(n // 2 + 1) / n
    return torch.fft.irfft(waves * factors.to(waves), n)
    # --8<-- [end:solution_inverse]
