"""Symmetry or data: what an equivariant network is worth where pictures are few or shifted further."""

# --8<-- [start:setup]
import math
from collections.abc import Iterator, Sequence

import torch
from jaxtyping import Float, UInt8
from torch import Tensor

from snippets.mnist.exact import second_moment
from snippets.mnist.shifts import REACH, cyclic_shift
from snippets.mnist.training import Network

# --8<-- [end:setup]


# --8<-- [start:far_amounts]
def far_amounts(
    count: int, generator: torch.Generator, near: float = REACH, far: float = 14.0
) -> Float[Tensor, " count"]:
    """Draw shifts to either side that the training pictures never made."""
    uniform = 2 * torch.rand(count, generator=generator) - 1
    return uniform.sign() * near + uniform * (far - near)
    # --8<-- [end:far_amounts]


# --8<-- [start:augmented_moments]
def augmented_moments(
    images: UInt8[Tensor, "count 28 28"],
    shifts: Sequence[int],
    generator: torch.Generator,
) -> Iterator[Float[Tensor, "784 784"]]:
    """Yield the second moment with that many cyclic shifts of each picture.

    The shifts of a picture are drawn without repetition; the numbers must rise.
    """
    order = torch.rand(len(images), 28, generator=generator).argsort(1)
    total, done = torch.zeros(784, 784), 0
    for number in shifts:
        for column in range(done, number):
            total += second_moment(cyclic_shift(images, order[:, column]))
        done = number
        yield total / done
    # --8<-- [end:augmented_moments]


# --8<-- [start:matrix_of]
def matrix_of(network: Network) -> Float[Tensor, "784 784"]:
    """Return the matrix that a network multiplies pictures with."""
    encoder, decoder = network
    maps = decoder @ encoder
    if len(maps) == 1:
        return maps[0]
    pictures = torch.eye(784, dtype=maps.real.dtype).view(784, 28, 28)
    waves = torch.fft.rfft(pictures, norm="ortho")
    turned = torch.einsum("jab,nbj->naj", maps, waves)
    return torch.fft.irfft(turned, n=28, norm="ortho").reshape(784, 784).T
    # --8<-- [end:matrix_of]


# --8<-- [start:solution_enough]
def shifts_needed(part: float) -> int:
    """Return the least k with (28 − k) / 27k ≤ part²."""
    return math.ceil(28 / (1 + 27 * part**2))
    # --8<-- [end:solution_enough]
