"""The pictures of a run: bytes in memory or on disk, read and shifted shard by shard, on the device."""

import math
import os
import struct
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import torch
from jaxtyping import Float, Shaped, UInt8
from torch import Tensor

from snippets.mnist.data import load_images
from snippets.mnist.idx import REMEDY
from snippets.mnist.shifts import cyclic_shift, random_amounts, shift
from snippets.mnist.train.processes import Group
from snippets.mnist.train.settings import Settings

SHARD = 65_536  # pictures read and shuffled together; all of MNIST is one shard
CHUNK = 500  # pictures shifted by one batched product
HEADER = 16


class File(NamedTuple):
    """An IDX file of 28×28 pictures on disk."""

    path: Path
    count: int

    def read(self, start: int, stop: int) -> UInt8[Tensor, "n 28 28"]:
        """Read some of the pictures, and no more of the file than those."""
        content = bytearray(784 * (stop - start))
        with self.path.open("rb") as stream:
            stream.seek(HEADER + 784 * start)
            if stream.readinto(content) != len(content):
                raise ValueError(f"{self.path} became shorter while it was read; {REMEDY}")
        return torch.frombuffer(content, dtype=torch.uint8).view(-1, 28, 28) if content else empty()


class Memory(NamedTuple):
    """Pictures in memory."""

    images: UInt8[Tensor, "count 28 28"]

    @property
    def count(self) -> int:
        """Return how many there are."""
        return len(self.images)

    def read(self, start: int, stop: int) -> UInt8[Tensor, "n 28 28"]:
        """Return some of the pictures."""
        return self.images[start:stop]


class Shard(NamedTuple):
    """Some neighbours in a file, with the state of the random numbers that shift them."""

    source: File | Memory
    start: int
    count: int
    state: UInt8[Tensor, " bytes"]


def empty() -> UInt8[Tensor, "0 28 28"]:
    """Return no pictures."""
    return torch.empty(0, 28, 28, dtype=torch.uint8)


def sources(split: str, folder: Path | None) -> list[File | Memory]:
    """Find the files of a split: all of that name in a folder, which may be many, or those of the book."""
    folder = folder or (Path(os.environ["MNIST_DIR"]) if os.environ.get("MNIST_DIR") else None)
    prefix = {"train": "train", "test": "t10k"}[split]
    files = sorted(folder.glob(f"{prefix}*-images-idx3-ubyte")) if folder else []
    return [File(file, checked_count(file)) for file in files] or [Memory(load_images(split, folder))]


def checked_count(file: Path) -> int:
    """Read the header of an IDX file and return how many pictures it holds; raises ValueError if it is damaged."""
    with file.open("rb") as stream:
        header = stream.read(HEADER)
    if len(header) < HEADER or header[:4] != bytes([0, 0, 8, 3]):
        raise ValueError(f"{file} is damaged: its header is {header[:4].hex()}…, expected 00000803 and sizes; {REMEDY}")
    shape = struct.unpack(">3I", header[4:])
    if shape[1:] != (28, 28) or shape[0] == 0:
        found = f"{shape[0]} pictures of {shape[1]}×{shape[2]} pixels"
        raise ValueError(f"{file}: {found}, expected some of 28×28; {REMEDY}")
    size, expected = file.stat().st_size, HEADER + math.prod(shape)
    if size != expected:
        raise ValueError(f"{file} is damaged: {size} bytes, expected {expected} by its header {shape}; {REMEDY}")
    return shape[0]


def draw(settings: Settings, count: int, generator: torch.Generator) -> Shaped[Tensor, " count"]:
    """Draw shifts: real numbers in (−shift, shift), or whole ones of the circle in [−shift, shift]."""
    if settings.shift_kind == "continuous":
        return random_amounts(count, generator, settings.shift)
    reach = int(settings.shift)
    low, high = (0, 27) if reach >= 14 else (-reach, reach)
    return torch.randint(low, high + 1, (count,), generator=generator)


def splits(settings: Settings) -> tuple[list[Shard], list[Shard]]:
    """Cut both splits into shards. Each picture is shifted once, by a draw that depends on seed and place alone."""
    generator = torch.Generator().manual_seed(settings.seed)
    both: list[list[Shard]] = []
    for split in ("train", "test"):
        shards = []
        for source in sources(split, settings.data):
            for start in range(0, source.count, SHARD):
                shards.append(Shard(source, start, min(SHARD, source.count - start), generator.get_state()))
                draw(settings, shards[-1].count, generator)
        both.append(shards)
    return both[0], both[1]


def size(shards: list[Shard]) -> int:
    """Return how many pictures there are."""
    return sum(shard.count for shard in shards)


def moved(
    images: UInt8[Tensor, "n 28 28"], amounts: Shaped[Tensor, " n"], dtype: torch.dtype
) -> Float[Tensor, "n 28 28"]:
    """Return the shifted pictures, ink in [0, 1], on the device on which they are."""
    ink = images.to(dtype).div_(255)
    with images.device:
        return shift(ink, amounts.to(dtype)) if amounts.is_floating_point() else cyclic_shift(ink, amounts)


def chunks(
    shard: Shard, settings: Settings, group: Group, device: torch.device, chunk: int = CHUNK
) -> Iterator[Float[Tensor, "n 28 28"]]:
    """Yield this process's share of a shard, shifted, in chunks."""
    low, high = group.share(shard.count)
    generator = torch.Generator()
    generator.set_state(shard.state)
    amounts = draw(settings, shard.count, generator)[low:high]
    images = shard.source.read(shard.start + low, shard.start + high).to(device)
    dtype = torch.float64 if settings.precision == "float64" else torch.float32
    amounts = (amounts.to(dtype) if amounts.is_floating_point() else amounts).to(device)
    for start in range(0, len(images), chunk):
        some, by = (part[start : start + chunk].split(CHUNK) for part in (images, amounts))
        yield torch.cat([moved(*part, dtype) for part in zip(some, by, strict=True)])
