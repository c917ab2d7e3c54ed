"""Time the commutant of a picture shift against other methods: `python -m bench.commutant`.

Also: growth at four sizes, the implicit form at 224×224, counting components there, and the forward pass of the
equivariant autoencoder against a dense product. escnn and emlp are used where they are installed.
"""

import importlib.util
import statistics
import time
from collections.abc import Callable

import numpy as np
import scipy.linalg
import torch
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components
from sympy import QQ
from sympy.polys.matrices import DomainMatrix

from snippets.linear_networks.components import count_components, eigenvalues
from snippets.linear_networks.equivariance import CommutantLabels, EquivariantAutoencoder
from snippets.linear_networks.groups import commutant_basis
from snippets.linear_networks.invariance import permutation_matrix
from snippets.linear_networks.permutations import Permutation

LIMITS = {"sympy null space": 100, "dense null space": 25, "emlp": 25}


def median(work: Callable, rounds: int = 5) -> float:
    """Return the median seconds of some rounds, after one to warm up unless that took long."""
    start = time.perf_counter()
    work()
    first = time.perf_counter() - start
    if first > 2:
        return first
    times = []
    for _ in range(rounds):
        start = time.perf_counter()
        work()
        times.append(time.perf_counter() - start)
    return statistics.median(times)


def union_find(sigma: Permutation) -> int:
    """Count the orbits on pairs with scipy's connected components."""
    n, p = sigma.size, np.array(sigma.images) - 1
    pairs = np.arange(n * n)
    moved = (p[:, None] * n + p[None, :]).ravel()
    graph = coo_array((np.ones(n * n, dtype=np.int8), (pairs, moved)), shape=(n * n, n * n))
    return connected_components(graph, directed=False)[0]


def sympy_null_space(sigma: Permutation) -> int:
    """Solve M P = P M exactly, with sparse matrices over the integers."""
    n, p = sigma.size, [i - 1 for i in sigma.images]
    entries: dict[int, dict[int, int]] = {}
    for i, j in ((i, j) for i in range(n) for j in range(n) if (p[i], p[j]) != (i, j)):
        entries[i * n + j] = {i * n + j: QQ(1), p[i] * n + p[j]: QQ(-1)}
    return n * n - DomainMatrix(entries, (n * n, n * n), QQ).rank()


def dense_null_space(sigma: Permutation) -> int:
    """Solve M P = P M in floating point, as n² equations."""
    P, one = permutation_matrix(sigma).numpy(), np.eye(sigma.size)
    return scipy.linalg.null_space(np.kron(P, one) - np.kron(one, P.T)).shape[1]


def escnn(sigma: Permutation) -> int:
    """Let escnn expand the basis of a linear layer between copies of the regular representation, one for each row."""
    from escnn import gspaces
    from escnn.group import cyclic_group
    from escnn.nn import FieldType, Linear

    space = gspaces.no_base_space(cyclic_group(sigma.order))
    rows = FieldType(space, [space.regular_repr] * (sigma.size // sigma.order))
    return Linear(rows, rows, bias=False, initialize=False).weights.numel()


def emlp(sigma: Permutation) -> int:
    """Let emlp solve for the basis numerically."""
    from emlp.groups import Group
    from emlp.reps import V

    class Cyclic(Group):
        discrete_generators = permutation_matrix(sigma).numpy()[None]

    return (V >> V)(Cyclic()).equivariant_basis().shape[1]


def methods() -> dict[str, Callable[[Permutation], int]]:
    """Return the contestants; the optional ones only where they are installed."""
    found = {
        "index classes (here)": lambda sigma: int(commutant_basis(sigma).max()) + 1,
        "union-find (scipy)": union_find,
        "sympy null space": sympy_null_space,
        "dense null space": dense_null_space,
    }
    for name, optional in (("escnn", escnn), ("emlp", emlp)):
        if importlib.util.find_spec(name):
            found[name] = optional
        else:
            print(f"{name} is not installed: its row is left out")
    return found


def commutants() -> None:
    """Time every method on the shift of square pictures, each up to the size that it can do."""
    contestants = methods()
    print(f"{'pixels':24}" + "".join(f"{side * side:>12}" for side in (3, 5, 10, 28)) + "   milliseconds")
    for name, method in contestants.items():
        cells = []
        for side in (3, 5, 10, 28):
            sigma = Permutation.shift(side, side)
            if sigma.size > LIMITS.get(name, 784):
                cells.append("–")
                continue
            assert method(sigma) == side**3
            cells.append(f"{1e3 * median(lambda method=method, sigma=sigma: method(sigma)):.2f}")
        print(f"{name:24}" + "".join(f"{cell:>12}" for cell in cells))


def growth() -> None:
    """Show that the time for a pair does not grow with the picture."""
    for side in (14, 28, 42, 56):
        sigma = Permutation.shift(side, side)
        seconds, pairs = median(lambda sigma=sigma: commutant_basis(sigma), rounds=3), sigma.size**2
        print(f"{side:3}×{side:<3} {pairs:>12,} pairs  {1e3 * seconds:9.1f} ms  {1e9 * seconds / pairs:6.1f} ns a pair")


def large() -> None:
    """Serve a picture whose table of pairs would take 20 GB."""
    sigma = Permutation.shift(224, 224)
    i = torch.randint(sigma.size, (100_000,), generator=torch.Generator().manual_seed(0))
    labels = CommutantLabels(sigma)
    print(f"224×224 implicit, dimension {labels.dimension:,}")
    print(f"  set up                      {1e3 * median(lambda: CommutantLabels(sigma)):8.1f} ms")
    print(f"  100,000 classes             {1e3 * median(lambda: labels(i, i.flip(0))):8.1f} ms")
    print(f"  components of rank 1000     {1e3 * median(lambda: count_components(sigma, 1000)):8.1f} ms")


def forward(dtype: torch.dtype) -> None:
    """Time a batch of 256 pictures through the MNIST component and through a dense 784×784 product."""
    sigma = Permutation.shift(28, 28)
    by_frequency = sorted(eigenvalues(sigma), key=lambda key: (key.l - key.m) / key.l)
    network = EquivariantAutoencoder(sigma, dict(zip(by_frequency, (13, 10, 9, 8, 7, 5, 3, 1), strict=False)))
    network, x, dense = network.to(dtype), torch.rand(256, 784, dtype=dtype), torch.rand(784, 784, dtype=dtype)
    times: dict[str, list[float]] = {"equivariant": [], "dense": []}
    with torch.no_grad():
        for turn in range(61):
            for name, work in (("equivariant", lambda: network(x)), ("dense", lambda: x @ dense)):
                start = time.perf_counter()
                work()
                if turn:
                    times[name].append(time.perf_counter() - start)
    here, there = (1e3 * statistics.median(times[name]) for name in times)
    print(f"forward, batch 256, {dtype}: {here:.2f} ms equivariant, {there:.2f} ms dense, ratio {here / there:.2f}")


def main() -> None:
    """Print all measurements."""
    print(f"{torch.get_num_threads()} threads for torch")
    commutants()
    growth()
    large()
    forward(torch.float32)
    forward(torch.float64)


if __name__ == "__main__":
    main()
