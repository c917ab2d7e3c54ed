"""Time the commutant of a picture shift against other methods: `python -m bench.commutant`.

Also: growth at four sizes, the implicit form at 224×224, counting components there, and the forward pass of the
equivariant autoencoder against a dense product.

escnn and emlp need older packages than the book, so they run in a process of their own, see bench/_peers.py. Name the
Python interpreter of an environment that has them: `BENCH_PEERS=/path/to/python python -m bench.commutant`. Without it
this interpreter is tried; a peer that it lacks gets no row.
"""

import json
import os
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import scipy.linalg
import torch
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components
from sympy import QQ
from sympy.polys.matrices import DomainMatrix

from bench._peers import median
from snippets.linear_networks.commutant import CommutantLabels
from snippets.linear_networks.components import count_components, eigenvalues
from snippets.linear_networks.equivariance import EquivariantAutoencoder
from snippets.linear_networks.groups import commutant_basis
from snippets.linear_networks.invariance import permutation_matrix
from snippets.linear_networks.permutations import Permutation

SIDES = (3, 5, 10, 28)
LIMITS = {"sympy null space": 100, "dense null space": 25, "emlp": 25}
HERE = "index classes (here)"


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


def timed_here() -> dict[str, dict[int, float]]:
    """Time the methods that run in this process, each up to the size that it can do."""
    methods: dict[str, Callable[[Permutation], int]] = {
        HERE: lambda sigma: int(commutant_basis(sigma).max()) + 1,
        "union-find (scipy)": union_find,
        "sympy null space": sympy_null_space,
        "dense null space": dense_null_space,
    }
    rows: dict[str, dict[int, float]] = {name: {} for name in methods}
    for name, method in methods.items():
        for side in (side for side in SIDES if side * side <= LIMITS.get(name, 784)):
            sigma = Permutation.shift(side, side)
            assert method(sigma) == side**3
            rows[name][side] = median(lambda method=method, sigma=sigma: method(sigma))
    return rows


def peer(name: str, size: int) -> dict | None:
    """Ask a peer in a process of its own; say so and return nothing where it cannot be imported."""
    command = [os.environ.get("BENCH_PEERS", sys.executable), str(Path(__file__).with_name("_peers.py")), name]
    done = subprocess.run([*command, str(size)], capture_output=True, text=True, timeout=600)
    if done.returncode:
        problem = done.stderr.strip().splitlines()[-1]
        print(f"{name} does not run with {command[0]}, its rows are left out: {problem}")
        return None
    return json.loads(done.stdout.splitlines()[-1])


def timed_peer(name: str) -> dict[str, dict[int, float]]:
    """Time a peer for each size; return no rows where it cannot be imported."""
    rows: dict[str, dict[int, float]] = {f"{name}, first call": {}, f"{name}, later calls": {}}
    for side in (side for side in SIDES if side * side <= LIMITS.get(name, 784)):
        told = peer(name, side)
        if told is None:
            return {}
        assert told["count"] == side**3
        for row, key in zip(rows.values(), ("first", "later"), strict=True):
            row[side] = told[key]
    return rows


def commutants() -> None:
    """Print the times of every method on the shift of square pictures, and their ratios on the largest."""
    rows = timed_here() | timed_peer("escnn") | timed_peer("emlp")
    print(f"{'pixels':24}" + "".join(f"{side * side:>12}" for side in SIDES) + "   milliseconds of processor time")
    for name, times in rows.items():
        cells = [f"{1e3 * times[side]:.2f}" if side in times else "–" for side in SIDES]
        print(f"{name:24}" + "".join(f"{cell:>12}" for cell in cells))
    for name, times in rows.items():
        if name != HERE and SIDES[-1] in times:
            print(f"{SIDES[-1]}×{SIDES[-1]}: here {rows[HERE][SIDES[-1]] / times[SIDES[-1]]:.2f} of the time of {name}")


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
    """Time 256 pictures through the MNIST component and through a dense 784×784 product: the fastest of 60 each."""
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
    here, there = (1e3 * min(times[name]) for name in times)
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
