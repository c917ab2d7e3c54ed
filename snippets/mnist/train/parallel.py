"""Where to compute: the device asked for, and the other processes under torchrun."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from typing import NamedTuple

import torch
import torch.distributed as dist
from torch import Tensor


# --8<-- [start:device]
def choose(name: str) -> torch.device:
    """Return the device of a name; auto takes the accelerator, if there is one.

    Under torchrun each process takes the accelerator of its own number. Raises
    ValueError where there is none.
    """
    found = torch.accelerator.current_accelerator(check_available=True)
    found = found or torch.device("cpu")
    usable = ", ".join(dict.fromkeys(["auto", "cpu", found.type]))
    try:
        device = found if name == "auto" else torch.device(name)
    except RuntimeError:
        problem = f"--device {name}: torch knows no such name"
        raise ValueError(f"{problem}; choose from {usable}") from None
    if device.type == "cpu":
        return device
    if device.type != found.type:
        problem = f"--device {name}: torch {torch.__version__} finds none here"
        raise ValueError(f"{problem}; choose from {usable}")
    index = device.index
    if index is None:
        index = int(os.environ.get("LOCAL_RANK", 0))
    if index >= (count := torch.accelerator.device_count()):
        raise ValueError(f"--device {name}: choose a number below {count}")
    torch.accelerator.set_device_index(index)
    return torch.device(device.type, index)


def number_type(precision: str, device: torch.device) -> torch.dtype:
    """Return the type of the weights. Raises ValueError where there is none."""
    if precision == "float64" and device.type == "mps":
        remedy = "choose float32, or --device cpu"
        raise ValueError(f"--precision float64: Apple's GPUs have none; {remedy}")
    return torch.float64 if precision == "float64" else torch.float32
    # --8<-- [end:device]


def describe(device: torch.device) -> str:
    """Return the device's name as it is announced."""
    if device.type == "cpu":
        return f"cpu ({torch.get_num_threads()} threads)"
    if device.type == "cuda":
        return f"cuda ({torch.cuda.get_device_name(device)})"
    return device.type


class Group(NamedTuple):
    """This process among the others."""

    rank: int = 0
    size: int = 1

    def share(self, count: int) -> tuple[int, int]:
        """Return from where to where this process holds `count` things that are dealt out in order."""
        return self.rank * count // self.size, (self.rank + 1) * count // self.size

    def add(self, tensor: Tensor) -> Tensor:
        """Replace a tensor on the CPU by its sum over all processes, and return it."""
        if self.size > 1:
            dist.all_reduce(tensor)
        return tensor


@contextmanager
def joined() -> Iterator[Group]:
    """Join the other processes, for sums on their CPUs (gloo) and on their GPUs (nccl); leave them in the end."""
    mine = Group(int(os.environ.get("RANK", 0)), int(os.environ.get("WORLD_SIZE", 1)))
    joins = mine.size > 1 and not dist.is_initialized()
    if joins:
        dist.init_process_group(
            "cpu:gloo,cuda:nccl" if torch.cuda.is_available() else "gloo"
        )
    try:
        yield mine
    finally:
        if joins:
            dist.destroy_process_group()
