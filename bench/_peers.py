"""Time one peer on the commutant of a picture shift: `python bench/_peers.py escnn 28`.

It imports nothing of the book, so that it runs in the environment of the peer. That environment needs Python 3.11 and
`pip install "numpy<2" torch==2.13.0 escnn==1.0.11 "jax[cpu]" emlp==1.0.3 six e3nn` (escnn's dependency py3nj compiles
Fortran: install gfortran first). The answer is one line of JSON: the number of basis matrices, the seconds of the first
call for this size, and the median seconds of later calls, for which escnn remembers most of its work.

`escnn_filters` takes the order of a group, 4 or 8, for the filters of 5×5 pixels between its fields; `e3nn` takes a
largest kind, and gives all coupling coefficients up to it as well, and the harmonics of three points.
"""

import json
import statistics
import sys
import time
from collections.abc import Callable


def median(work: Callable, rounds: int = 15) -> float:
    """Return the median seconds of some rounds, after one to warm up unless that took long.

    Seconds are those of the processor, all threads together, so that what else runs on the machine does not count.
    """
    start = time.process_time()
    work()
    first = time.process_time() - start
    if first > 2:
        return first
    times = []
    for _ in range(rounds):
        start = time.process_time()
        work()
        times.append(time.process_time() - start)
    return statistics.median(times)


def escnn(side: int) -> int:
    """Let escnn expand the basis of a linear layer between copies of the regular representation, one for each row."""
    from escnn import gspaces
    from escnn.group import cyclic_group
    from escnn.nn import FieldType, Linear

    space = gspaces.no_base_space(cyclic_group(side))
    rows = FieldType(space, [space.regular_repr] * side)
    return Linear(rows, rows, bias=False, initialize=False).weights.numel()


def emlp(side: int) -> int:
    """Let emlp solve for the basis numerically."""
    import numpy as np
    from emlp.groups import Group
    from emlp.reps import V
    from emlp.reps.representation import Rep

    Rep.solcache.clear()  # it confuses groups of different sizes
    pixels = np.arange(side * side).reshape(side, side)

    class Cyclic(Group):
        discrete_generators = np.eye(side * side)[np.roll(pixels, 1, axis=1).ravel()][None]

    return (V >> V)(Cyclic()).equivariant_basis().shape[1]


def escnn_filters(order: int) -> int:
    """Let escnn build the filters of 5×5 pixels between fields on the quarter turns (4), with mirror images (8)."""
    from escnn import gspaces
    from escnn.nn import FieldType, R2Conv

    space = gspaces.rot2dOnR2(4) if order == 4 else gspaces.flipRot2dOnR2(4)
    field = FieldType(space, [space.regular_repr])
    wide = {"maximum_offset": 0, "frequencies_cutoff": lambda radius: 20.0}  # keep what its limit would leave out
    return R2Conv(field, field, 5, padding=2, bias=False, initialize=False, **wide).weights.numel()


def e3nn(top: int) -> dict:
    """Let e3nn compute the coupling coefficients of all kinds up to one, and harmonics."""
    import torch
    from e3nn import o3
    from e3nn.o3 import _wigner

    torch.set_default_dtype(torch.float64)
    kinds = range(top + 1)
    _wigner._so3_clebsch_gordan.cache_clear()
    C = {f"{a} {b} {c}": o3.wigner_3j(a, b, c)
         for a in kinds for b in kinds for c in kinds if abs(a - b) <= c <= a + b}  # fmt: skip
    p = torch.tensor(POINTS)
    Y = [o3.spherical_harmonics(kind, p, normalize=False, normalization="norm").tolist() for kind in kinds]
    return {"C": {name: x.tolist() for name, x in C.items()}, "Y": Y, "points": POINTS}


POINTS = [[0.3, -0.5, 0.8], [1.2, 0.4, -0.1], [-0.7, 0.2, 0.9]]


def main(name: str, size: int) -> None:
    """Warm up with another size, then time the first call and later ones."""
    method = {"escnn": escnn, "emlp": emlp, "escnn_filters": escnn_filters, "e3nn": e3nn}[name]
    method({"escnn_filters": 12 - size, "e3nn": 0}.get(name, 2))
    start = time.process_time()
    found = method(size)
    first = time.process_time() - start
    told = found if isinstance(found, dict) else {"count": int(found)}
    print(json.dumps({**told, "first": first, "later": median(lambda: method(size))}))


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]))
