"""Where to compute: the device asked for, and the other processes under torchrun."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from typing import NamedTuple

import torch
import torch.distributed as dist


# --8<-- [start:device]
def choose(name: str) -> torch.device:
    """Return the device of a name; auto takes the accelerator, if there is one.

    Under torchrun each process takes the accelerator of its own number. Raises
    ValueError where there is none.
    """
    found = torch.accelerator.current_accelerator(check_available=True)
    number = os.environ.get("LOCAL_RANK", "0")
    numbers = range(torch.accelerator.device_count())
    usable = ["cpu", *(f"{found.type}:{number}" for number in numbers)]
    wanted = name if name != "auto" else found.type if found else "cpu"
    if wanted != "cpu" and ":" not in wanted:
        wanted = f"{wanted}:{number}"
    if wanted not in usable:
        problem = f"--device {name}: torch {torch.__version__} finds none here"
        raise ValueError(f"{problem}; choose from auto, {', '.join(usable)}")
    if wanted != "cpu":
        torch.accelerator.set_device_index(int(wanted.partition(":")[2]))
    return torch.device(wanted)


def number_type(precision: str, device: torch.device) -> torch.dtype:
    """Return the type of the weights. Raises ValueError where there is none."""
    if precision == "float64" and device.type == "mps":
        remedy = "choose float32, or --device cpu"
        raise ValueError(f"--precision float64: Apple's GPUs have none; {remedy}")
    return torch.float64 if precision == "float64" else torch.float32
    # --8<-- [end:device]


def describe(device: torch.device) -> str:
    """Return the device's name as it is announced."""
    if device.type == "cuda":
        return f"cuda ({torch.cuda.get_device_name(device)})"
    return f"{device.type} ({torch.get_num_threads()} threads)"


class Group(NamedTuple):
    """This process among the others."""

    rank: int = 0
    size: int = 1

    def share(self, count: int) -> tuple[int, int]:
        """Return from where to where this process holds `count` things that are dealt out in order."""
        return self.rank * count // self.size, (self.rank + 1) * count // self.size


@contextmanager
def joined() -> Iterator[Group]:
    """Join the other processes that torchrun started, if it did, and leave them in the end."""
    mine = Group(int(os.environ.get("RANK", 0)), int(os.environ.get("WORLD_SIZE", 1)))
    joins = mine.size > 1 and not dist.is_initialized()
    if joins:
        dist.init_process_group()  # gloo for sums on CPUs, nccl on GPUs
    try:
        yield mine
    finally:
        if joins:
            dist.destroy_process_group()
