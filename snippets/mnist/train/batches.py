"""Which pictures make which step: the same for any number of processes, and for a run that was interrupted."""

import hashlib
from collections.abc import Iterator
from typing import NamedTuple

import torch
from jaxtyping import Float, Int
from torch import Tensor

from snippets.mnist.train.networks import Layout, features
from snippets.mnist.train.pictures import Shard, chunks
from snippets.mnist.train.processes import Group
from snippets.mnist.train.settings import Settings


class Batch(NamedTuple):
    """This process's part of a batch."""

    features: Float[Tensor, "blocks n d"]
    count: int  # pictures of the batch in all processes


def generator(*numbers: int) -> torch.Generator:
    """Return random numbers that depend on these integers alone."""
    digest = hashlib.sha256(repr(numbers).encode()).digest()
    return torch.Generator().manual_seed(int.from_bytes(digest[:8], "big") >> 1)


def pieces(count: int, batch_size: int) -> int:
    """Return into how many batches of nearly equal size so many pictures are dealt."""
    return -(-count // batch_size)


class Batches:
    """The batches of every epoch: shards in random order, and within a shard its pictures in random order."""

    def __init__(
        self, shards: list[Shard], form: Layout, settings: Settings, group: Group, device: torch.device
    ) -> None:
        """Remember where the pictures are; nothing is read yet."""
        self.shards, self.form, self.settings, self.group, self.device = shards, form, settings, group, device
        self.held: tuple[int, Tensor] | None = None
        self.steps = sum(pieces(shard.count, settings.batch_size) for shard in shards)
        self.count = sum(shard.count for shard in shards)

    def epoch(self, number: int, skip: int) -> Iterator[Batch]:
        """Yield the batches of an epoch but for the first ones."""
        seed = self.settings.seed
        for index in torch.randperm(len(self.shards), generator=generator(seed, number)).tolist():
            here = pieces(self.shards[index].count, self.settings.batch_size)
            order = torch.randperm(self.shards[index].count, generator=generator(seed, number, index))
            for indices in order.tensor_split(here)[skip:]:
                yield self.batch(index, indices)
            skip = max(0, skip - here)

    def batch(self, index: int, indices: Int[Tensor, " n"]) -> Batch:
        """Take the pictures of a batch that this process holds."""
        low, high = self.group.share(self.shards[index].count)
        mine = indices[(indices >= low) & (indices < high)] - low
        return Batch(self.hold(index)[mine.to(self.device)].transpose(0, 1), len(indices))

    def hold(self, index: int) -> Float[Tensor, "n blocks d"]:
        """Return the features of this process's share of a shard; the last one is kept on the device."""
        if self.held is None or self.held[0] != index:
            self.held = None  # so that two shards are never held at once
            self.held = (index, self.load(self.shards[index]))
        return self.held[1]

    def load(self, shard: Shard) -> Float[Tensor, "n blocks d"]:
        """Read, shift and transform the pictures."""
        low, high = self.group.share(shard.count)
        kind = {"bfloat16": torch.bfloat16, "float64": torch.float64}.get(self.settings.precision, torch.float32)
        (blocks, _, _), (_, _, width) = self.form.shapes
        held = torch.empty(high - low, blocks, width, dtype=kind, device=self.device)
        start = 0
        for x in chunks(shard, self.settings, self.group, self.device):
            held[start : start + len(x)] = features(self.form, x)
            start += len(x)
        return held
