"""How code that readers take along says that a shape is wrong: when it is called, by name, with what would fit."""

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
