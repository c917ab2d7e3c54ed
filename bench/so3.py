"""Time exp and log of SO(3) on 100,000 rotations against SciPy: `python -m bench.so3`.

The contestants take turns in one process; each row shows the median, and its ratio to SciPy's.
"""

import math
import statistics
import time
from collections.abc import Callable

import torch
from scipy.spatial.transform import Rotation

from snippets.lie_groups.exponential import exp_so3, log_so3

COUNT, ROUNDS = 100_000, 31


def alternate(contestants: dict[str, Callable], rounds: int = ROUNDS) -> dict[str, float]:
    """Run all in turn, after one warm-up round, and return the median seconds of each."""
    times: dict[str, list[float]] = {name: [] for name in contestants}
    for turn in range(rounds + 1):
        for name, work in contestants.items():
            start = time.perf_counter()
            work()
            if turn:
                times[name].append(time.perf_counter() - start)
    return {name: statistics.median(values) for name, values in times.items()}


def rotation_vectors(count: int = COUNT) -> torch.Tensor:
    """Draw axes uniformly and angles uniformly in [0, π)."""
    generator = torch.Generator().manual_seed(0)
    axes = torch.nn.functional.normalize(torch.randn(count, 3, generator=generator), dim=1)
    return axes * torch.rand(count, 1, generator=generator) * math.pi


def main() -> None:
    """Print one line for each contestant."""
    omega = rotation_vectors()
    R = exp_so3(omega)
    vectors, matrices = omega.numpy(), R.numpy()
    rows = {
        "exp": {
            "scipy": lambda: Rotation.from_rotvec(vectors).as_matrix(),
            "here": lambda: exp_so3(omega),
        },
        "log": {
            "scipy": lambda: Rotation.from_matrix(matrices).as_rotvec(),
            "here": lambda: log_so3(R),
            "scipy, input unchecked": lambda: Rotation.from_matrix(matrices, assume_valid=True).as_rotvec(),
        },
    }
    print(f"{COUNT} rotations, median of {ROUNDS} alternating rounds, {torch.get_num_threads()} threads for torch")
    for name, contestants in rows.items():
        medians = alternate(contestants)
        for who, seconds in medians.items():
            print(f"{name}  {who:24} {1e3 * seconds:8.2f} ms   {seconds / medians['scipy']:.2f} × scipy")


if __name__ == "__main__":
    main()
