"""Horizontal shifts of pictures: the paper's continuous ones, which lose what leaves, and cyclic ones."""

from collections.abc import Iterator

import torch
from jaxtyping import Float, Int, Shaped, UInt8
from torch import Tensor

from snippets.shapes import check_shapes

# --8<-- [start:random_amounts]
REACH = 0.2 * 28  # the paper shifts by up to a fifth of the width


def random_amounts(
    count: int, generator: torch.Generator, reach: float = REACH
) -> Float[Tensor, " count"]:
    """Draw shifts in pixels, uniform in (−reach, reach); positive is to the right."""
    uniform = torch.rand(count, generator=generator, dtype=torch.float64)
    return reach * (2 * uniform - 1)
    # --8<-- [end:random_amounts]


# --8<-- [start:shift]
def interpolation(
    amounts: Float[Tensor, " count"], width: int
) -> Float[Tensor, "count width width"]:
    """Return the matrices T of the shifts: picture @ T is picture moved right.

    T[k, x] = max(0, 1 − |s − k|), where pixel x looks at s = x − amount, or at
    the edge if s is outside.
    """
    if not amounts.isfinite().all():
        bad = amounts[~amounts.isfinite()][0].item()
        raise ValueError(f"shifts must be finite, got {bad}")
    pixels = torch.arange(width).to(amounts)
    source = (pixels - amounts[:, None]).clamp(0, width - 1)
    return (1 - (source[:, None, :] - pixels[:, None]).abs()).relu()


def shift(
    images: Shaped[Tensor, "count height width"], amounts: Float[Tensor, " count"]
) -> Float[Tensor, "count height width"]:
    """Move each picture right by its own amount; edge pixels fill the free space."""
    check_shapes("count h w, count", images, amounts)
    return images.to(amounts.dtype) @ interpolation(amounts, images.shape[-1])
    # --8<-- [end:shift]


# --8<-- [start:cyclic_shift]
def cyclic_shift(
    images: Shaped[Tensor, "count height width"], amounts: int | Int[Tensor, " count"]
) -> Shaped[Tensor, "count height width"]:
    """Move each picture right by whole pixels; what leaves comes back on the left."""
    check_shapes("count h w", images)
    if isinstance(amounts, int):
        return images.roll(amounts, dims=-1)
    width = images.shape[-1]
    places = torch.arange(width, device=amounts.device)
    source = (places - amounts[:, None]) % width
    return images.gather(-1, source[:, None, :].expand(images.shape))
    # --8<-- [end:cyclic_shift]


# --8<-- [start:pictures]
def pictures(
    images: UInt8[Tensor, "count height width"],
    amounts: Float[Tensor, " shifts"] | None = None,
    chunk: int = 4000,
) -> Iterator[Float[Tensor, "chunk height width"]]:
    """Yield the pictures in float32, ink in [0, 1], in chunks, shifted if asked."""
    if images.shape[1:] != (28, 28):
        height, width = images.shape[1:]
        raise ValueError(f"pictures of {height}×{width} pixels, expected 28×28")
    if len(images) == 0:
        raise ValueError("no pictures: give at least one")
    if amounts is not None and len(amounts) != len(images):
        given = f"{len(amounts)} shifts for {len(images)} pictures"
        raise ValueError(f"{given}: give one for each")
    for start in range(0, len(images), chunk):
        some = slice(start, start + chunk)
        ink = images[some].to(torch.float32).div_(255)
        yield ink if amounts is None else shift(ink, amounts[some].to(torch.float32))
    # --8<-- [end:pictures]
