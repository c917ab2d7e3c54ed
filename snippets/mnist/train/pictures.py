"""The pictures of a run: read shard by shard, moved on the device, dealt into batches that a resumed run repeats."""

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from typing import NamedTuple

import torch
from jaxtyping import Float, Shaped
from torch import Tensor

from snippets.mnist.data import image_files
from snippets.mnist.idx import Idx
from snippets.mnist.shifts import cyclic_shift, random_amounts, shift
from snippets.mnist.train.parallel import Group, number_type
from snippets.mnist.train.settings import Settings

SHARD = 65_536  # pictures read and shuffled together; all of MNIST is one shard
CHUNK = 500  # pictures moved by one batched product


class Shard(NamedTuple):
    """Some neighbours in a file, and by how much each of them is moved."""

    file: Idx
    start: int
    amounts: Shaped[Tensor, " n"]


# --8<-- [start:amounts]
Images = Float[Tensor, "n 28 28"]


def draw_shifts(
    settings: Settings, n: int, random: torch.Generator
) -> Shaped[Tensor, " n"]:
    """Draw shifts: real ones in (−shift, shift), or whole ones in [−shift, shift]."""
    if settings.shift_kind == "continuous":
        return random_amounts(n, random, settings.shift)
    reach = int(settings.shift)
    low, high = (0, 27) if reach >= 14 else (-reach, reach)  # around the circle once
    return torch.randint(low, high + 1, (n,), generator=random)


def moved(images: Tensor, by: Shaped[Tensor, " n"], dtype: torch.dtype) -> Images:
    """Return the shifted pictures, ink in [0, 1], on the device on which they are."""
    move = cyclic_shift
    if by.is_floating_point():
        move, by = shift, by.to(dtype)
    with images.device:  # what `shift` makes is made there, too
        result = torch.empty(images.shape, dtype=dtype)
        parts = (each.split(CHUNK) for each in (result, images, by.to(images.device)))
        for to, some, a in zip(*parts, strict=True):
            to.copy_(move(some.to(dtype) / 255, a))
    return result
    # --8<-- [end:amounts]


# --8<-- [start:pictures]
@dataclass
class Pictures:
    """One split of the data, of which this process holds its share of one shard."""

    shards: list[Shard]
    settings: Settings
    group: Group
    device: torch.device
    held: tuple[int, Tensor] | None = None

    def __post_init__(self) -> None:
        """Count the pictures, and the steps of an epoch; nothing is read yet."""
        self.count = sum(len(shard.amounts) for shard in self.shards)
        self.steps = sum(self.pieces(shard) for shard in self.shards)

    def pieces(self, shard: Shard) -> int:
        """Return the number of batches of nearly equal size that a shard makes."""
        return -(-len(shard.amounts) // self.settings.batch_size)

    def share(self, index: int) -> Images:
        """Return this process's share of a shard, read and moved if it is not held."""
        if self.held is None or self.held[0] != index:
            self.held = None  # so that two are never held at once
            file, start, by = self.shards[index]
            low, high = self.group.share(len(by))
            images = file.read(start + low, start + high).to(self.device)
            dtype = number_type(self.settings.precision, self.device)
            self.held = index, moved(images, by[low:high], dtype)
        return self.held[1]

    def __iter__(self) -> Iterator[Images]:
        """Yield this process's pictures, shard by shard."""
        return (self.share(index) for index in range(len(self.shards)))

    def batches(self, epoch: int, skip: int = 0) -> Iterator[tuple[Images, int]]:
        """Yield this process's part of each batch after the first ones, and the size
        of the whole. The order follows from seed, epoch and shard.
        """
        seed, shards = self.settings.seed, len(self.shards)
        turn = torch.randperm(shards, generator=generator_of(seed, epoch))
        for index in turn.tolist():
            shard, generator = self.shards[index], generator_of(seed, epoch, index)
            low, high = self.group.share(len(shard.amounts))
            order = torch.randperm(len(shard.amounts), generator=generator)
            for chosen in order.tensor_split(self.pieces(shard))[skip:]:
                mine = chosen[(chosen >= low) & (chosen < high)] - low
                yield self.share(index)[mine.to(self.device)], len(chosen)
            skip = max(0, skip - self.pieces(shard))
        # --8<-- [end:pictures]


def generator_of(*numbers: int) -> torch.Generator:
    """Return random numbers that depend on these integers alone."""
    digest = hashlib.sha256(repr(numbers).encode()).digest()
    return torch.Generator().manual_seed(int.from_bytes(digest[:8], "big") >> 1)


def splits(settings: Settings, group: Group, device: torch.device) -> list[Pictures]:
    """Return both splits in shards. Each picture is moved once, by a draw that depends on seed and place alone."""
    generator, both = torch.Generator().manual_seed(settings.seed), []
    for split in ("train", "test"):
        shards = []
        for file in image_files(split, settings.data):
            for start in range(0, file.shape[0], SHARD):
                by = draw_shifts(settings, min(SHARD, file.shape[0] - start), generator)
                shards.append(Shard(file, start, by))
        both.append(Pictures(shards, settings, group, device))
    return both
