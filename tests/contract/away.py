"""A second device for machines that have one: tensors that say `meta` and carry their numbers on the CPU.

A tensor of real `meta` has no numbers, so nothing that looks at its input could run there. These follow the rules of a GPU: mixed
with a tensor of the CPU (of more than one number) they raise, and what is made "on the device of the input" is made there.
"""

import torch
from torch.overrides import TorchFunctionMode
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils._pytree import tree_leaves, tree_map

ELSEWHERE = torch.device("meta")
MIXES = ("_to_copy", "copy_", "index", "index_put", "index_put_")  # what a GPU takes from the CPU


class Away(torch.Tensor):
    """A tensor on the second device."""

    @staticmethod
    def __new__(cls, here):
        form = {"strides": here.stride(), "storage_offset": here.storage_offset(), "dtype": here.dtype}
        away = torch.Tensor._make_wrapper_subclass(cls, here.size(), **form, device=ELSEWHERE)
        away.here = here
        return away

    def __repr__(self):
        return f"Away({self.here})"

    @classmethod
    def __torch_dispatch__(cls, operation, types, args=(), kwargs=None):
        return _run(operation, args, kwargs or {})


class TwoDevices(TorchFunctionMode):
    """Where this is on, `meta` is the second device."""

    def __enter__(self):
        self.dispatch = _Dispatch()
        self.dispatch.__enter__()
        return super().__enter__()

    def __exit__(self, *error):
        super().__exit__(*error)
        self.dispatch.__exit__(*error)

    def __torch_function__(self, function, types, args=(), kwargs=None):
        """See to what torch leaves out on `meta`, where there are no numbers: tensors from lists, and lists from tensors."""
        kwargs = kwargs or {}
        if function is torch.tensor and kwargs.get("device") == ELSEWHERE:
            return sent(torch.tensor(*args, **{**kwargs, "device": torch.device("cpu")}))
        if function is torch.Tensor.tolist:
            return brought(args[0]).tolist()
        if function in (torch.Tensor.__getitem__, torch.Tensor.__setitem__):
            index = args[1] if isinstance(args[1], tuple) else (args[1],)
            index = tuple(
                torch.tensor(i if len(i) else [], dtype=None if len(i) else torch.long)
                if isinstance(i, list | range)
                else i
                for i in index
            )
            args = (args[0], index if len(index) > 1 else index[0], *args[2:])
        return function(*args, **kwargs)


class _Dispatch(TorchDispatchMode):
    def __torch_dispatch__(self, operation, types, args=(), kwargs=None):
        return _run(operation, args, kwargs or {})


def _run(operation, args, kwargs):
    tensors = [x for x in tree_leaves((args, kwargs)) if isinstance(x, torch.Tensor)]
    away = any(isinstance(x, Away) for x in tensors)
    here = any(not isinstance(x, Away) and x.ndim for x in tensors)
    name = operation.overloadpacket.__name__
    if away and here and name not in MIXES:
        raise RuntimeError(f"{name} meets tensors on two devices")
    if kwargs.get("device") is not None:
        away = torch.device(kwargs["device"]) == ELSEWHERE
        kwargs = {**kwargs, "device": torch.device("cpu")}
    found = operation(*tree_map(brought, args), **tree_map(brought, kwargs))
    if operation._schema.is_mutable and found.shape == args[0].shape:
        return args[0]
    return tree_map(sent, found) if away else found


def sent(x):
    """Return a tensor on the second device."""
    return Away(x) if isinstance(x, torch.Tensor) and not isinstance(x, Away) else x


def brought(x):
    """Return a tensor on the CPU."""
    return x.here if isinstance(x, Away) else x
