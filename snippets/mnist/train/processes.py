"""Several processes under torchrun: who this one is, and sums over all of them."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, NamedTuple

import torch
import torch.distributed as dist
from torch import Tensor


class Group(NamedTuple):
    """This process among the others."""

    rank: int = 0
    size: int = 1

    def share(self, count: int) -> tuple[int, int]:
        """Return from where to where this process holds `count` things that are dealt out in order."""
        return self.rank * count // self.size, (self.rank + 1) * count // self.size

    def add(self, tensor: Tensor) -> None:
        """Replace the tensor by its sum over all processes."""
        if self.size > 1:
            place = f"cuda:{torch.cuda.current_device()}" if dist.get_backend() == "nccl" else "cpu"
            moved = tensor.to(place)
            dist.all_reduce(moved)
            if moved is not tensor:
                tensor.copy_(moved)

    def tell(self, value: Any) -> Any:
        """Return what the first process has for the value."""
        if self.size == 1:
            return value
        values = [value]
        dist.broadcast_object_list(values, src=0)
        return values[0]


def wanted() -> Group:
    """Read who this process is from what torchrun set."""
    return Group(int(os.environ.get("RANK", 0)), int(os.environ.get("WORLD_SIZE", 1)))


@contextmanager
def group(device: torch.device) -> Iterator[Group]:
    """Join the other processes, with nccl between GPUs and gloo otherwise; leave them in the end.

    One who has joined them before, to run several trainings, stays with them.
    """
    mine = wanted()
    if mine.size == 1 or dist.is_initialized():
        yield mine
        return
    dist.init_process_group("nccl" if device.type == "cuda" else "gloo")
    try:
        yield mine
    finally:
        dist.destroy_process_group()
