"""How code that readers take along says that an input is wrong: when it is called, by name, with what would fit."""

from itertools import zip_longest

import torch
from torch import Tensor


def check_shapes(wanted: str, *given: Tensor) -> None:
    """Raise ValueError unless tensors have shapes such as "… n n, … n".

    The sides of a tensor are numbers, or letters that stand for one number each; behind … any axes may come first.
    """
    sizes: dict[str, int] = {}
    forms = [form.split() for form in wanted.split(",")]
    if len(given) != len(forms):
        raise ValueError(
            f"number of tensors {len(given)}: pass {len(forms)}, one for each of {wanted}"
        )
    for form, tensor in zip(forms, given, strict=True):
        sides = [side for side in form if side != "…"]
        found = tensor.shape[max(0, tensor.ndim - len(sides)) :]
        axes = len(found) == len(sides) and (tensor.ndim == len(sides) or "…" in form)
        pairs = list(zip(sides, found, strict=False))
        if not axes or any(
            n != (int(side) if side.isdigit() else sizes.setdefault(side, n))
            for side, n in pairs
        ):
            shapes = ", ".join(str(tuple(tensor.shape)) for tensor in given)
            fitting = ", ".join(f"({', '.join(form)})" for form in forms)
            raise ValueError(f"shape {shapes}: pass {fitting}")


def check_batches(wanted: str, *given: Tensor) -> None:
    """Check shapes, and raise ValueError unless the axes that come first are the same for all, or 1, or absent."""
    check_shapes(wanted, *given)
    forms = [form.split() for form in wanted.split(",")]
    leading = [
        tensor.shape[: tensor.ndim - len(form) + 1] if "…" in form else ()
        for form, tensor in zip(forms, given, strict=True)
    ]
    for lengths in zip_longest(*[axes[::-1] for axes in leading], fillvalue=1):
        if len({n for n in lengths if n != 1}) > 1:
            shapes = ", ".join(str(tuple(tensor.shape)) for tensor in given)
            fitting = ", ".join(f"({', '.join(form)})" for form in forms)
            raise ValueError(f"shape {shapes}: pass {fitting}, with one … for all")


def digits(value: float, bound: float) -> str:
    """Return a value to three digits, or to as many as tell on which side of a bound it lies."""
    short = f"{value:.3g}"
    sides = [(x > bound, x < bound) for x in (float(short), value)]
    return short if sides[0] == sides[1] else repr(value)


def check_precision(*given: Tensor) -> None:
    """Raise ValueError where numbers have 16 bits, of which PyTorch makes neither waves nor a decomposition."""
    for tensor in given:
        if tensor.dtype in (torch.float16, torch.bfloat16):
            raise ValueError(
                f"numbers of type {tensor.dtype}: pass single or double precision, such as x.float()"
            )


def check_numbers(wanted: str, *given: Tensor) -> None:
    """Check shapes, and raise ValueError unless all numbers are finite, in single or double precision."""
    check_shapes(wanted, *given)
    check_precision(*given)
    for tensor in given:
        if not (tensor.is_floating_point() or tensor.is_complex()):
            raise ValueError(
                f"whole numbers of type {tensor.dtype}: pass {wanted} in floating point, such as A.double()"
            )
        if not bool(torch.isfinite(tensor).all()):
            raise ValueError(
                "NaN or infinity among the entries: pass numbers that are finite"
            )
