"""Where to compute: the device asked for, or the best there is."""

import os

import torch


def choose(name: str) -> torch.device:
    """Return the device of a name; auto takes CUDA, else MPS, else the CPU. Raises ValueError if it is not there."""
    there = {"cuda": torch.cuda.is_available(), "mps": torch.backends.mps.is_available(), "cpu": True}
    if name == "auto":
        name = next(kind for kind in ("cuda", "mps", "cpu") if there[kind])
    if not there[name]:
        usable = ", ".join(["auto", *sorted(kind for kind, here in there.items() if here)])
        raise ValueError(f"device {name}: torch {torch.__version__} finds none on this machine; choose {usable}")
    if name == "cuda":
        device = torch.device("cuda", int(os.environ.get("LOCAL_RANK", 0)))
        torch.cuda.set_device(device)
        return device
    return torch.device(name)


def describe(device: torch.device) -> str:
    """Return the device's name as it is announced."""
    if device.type == "cuda":
        return f"cuda ({torch.cuda.get_device_name(device)})"
    return f"cpu ({torch.get_num_threads()} threads)" if device.type == "cpu" else device.type


def number_type(precision: str, device: torch.device) -> torch.dtype:
    """Return the type of the weights; raises ValueError for what the device cannot do."""
    if precision == "float64" and device.type == "mps":
        raise ValueError("precision float64: Apple's GPUs have none; choose float32, or the device cpu")
    return torch.float64 if precision == "float64" else torch.float32


def wait(device: torch.device) -> None:
    """Wait until the device has done what it was given, so that clocks tell the truth."""
    if device.type == "cuda":
        torch.cuda.synchronize(device)
    if device.type == "mps":
        torch.mps.synchronize()
