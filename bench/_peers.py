"""Time one peer on the commutant of a picture shift: `python bench/_peers.py escnn 28`.

It imports nothing of the book, so that it runs in the environment of the peer. That environment needs Python 3.11 and
`pip install "numpy<2" torch==2.13.0 escnn==1.0.11 "jax[cpu]" emlp==1.0.3 six` (escnn's dependency py3nj compiles
Fortran: install gfortran first). The answer is one line of JSON: the number of basis matrices, the seconds of the first
call for this size, and the median seconds of later calls, for which escnn remembers most of its work.
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


def main(name: str, side: int) -> None:
    """Warm up with pictures of another size, then time the first call and later ones."""
    method = {"escnn": escnn, "emlp": emlp}[name]
    method(2)
    start = time.process_time()
    count = method(side)
    first = time.process_time() - start
    print(json.dumps({"count": int(count), "first": first, "later": median(lambda: method(side))}))


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]))
