"""Time exp and log of SO(3) on 100,000 rotations against SciPy: `python -m bench.so3`.

Both sides start from the same array and end with a contiguous one. The contestants take turns in one process, once
with one thread and once with all; each row shows the fastest and the median turn, the median of the ratios to SciPy's
turn in the same round, and the processor time that a turn takes in all threads together. The floor is what no program
avoids: to read three numbers and write nine for each rotation, and to take one sine and one cosine.

Memory is kept by the process while it is free. Else the C library gives it back to the kernel after some turns and not
after others, and what a turn then costs, up to twice as much for either side, is chance.
"""

import math
import statistics
import time
from collections.abc import Callable

import torch
from scipy.spatial.transform import Rotation

from snippets.lie_groups.exponential import exp_so3, log_so3

COUNT, ROUNDS = 100_000, 61
LARGE = 24 * 2**20  # bytes; more than any block of a turn, less than the 32 MiB up to which glibc adapts


def keep_memory() -> None:
    """Free a large block: glibc then serves blocks up to its size from memory that it keeps."""
    torch.empty(LARGE, dtype=torch.uint8)


def alternate(contestants: dict[str, Callable], rounds: int = ROUNDS) -> dict[str, list[tuple[float, float]]]:
    """Run all in turn, after one warm-up round, and return (seconds, processor seconds) of each turn."""
    times: dict[str, list[tuple[float, float]]] = {name: [] for name in contestants}
    for turn in range(rounds + 1):
        for name, work in contestants.items():
            start, busy = time.perf_counter(), time.process_time()
            work()
            if turn:
                times[name].append((time.perf_counter() - start, time.process_time() - busy))
    return times


def rotation_vectors(count: int = COUNT) -> torch.Tensor:
    """Draw axes uniformly and angles uniformly in [0, π)."""
    generator = torch.Generator().manual_seed(0)
    axes = torch.nn.functional.normalize(torch.randn(count, 3, generator=generator), dim=1)
    return axes * torch.rand(count, 1, generator=generator) * math.pi


def floor(omega: torch.Tensor) -> Callable:
    """Read every entry of omega, write nine numbers for each rotation, take one sine and one cosine."""
    out, angle = omega.new_empty(len(omega), 9), omega[:, 0].contiguous()
    room = torch.empty_like(angle)
    return lambda: (omega.sum(), torch.sin(angle, out=room), torch.cos(angle, out=room), out.fill_(0.0))


def contests() -> dict[str, dict[str, Callable]]:
    """List who competes, on the same input."""
    omega = rotation_vectors()
    R = exp_so3(omega)
    vectors, matrices = omega.numpy(), R.numpy()
    return {
        "exp": {
            "scipy": lambda: Rotation.from_rotvec(vectors).as_matrix(),
            "here": lambda: exp_so3(omega).contiguous(),
            "floor": floor(omega),
        },
        "log": {
            "scipy": lambda: Rotation.from_matrix(matrices).as_rotvec(),
            "here": lambda: log_so3(R).contiguous(),
            "scipy, input unchecked": lambda: Rotation.from_matrix(matrices, assume_valid=True).as_rotvec(),
        },
    }


def report(name: str, times: dict[str, list[tuple[float, float]]]) -> None:
    """Print one line for each contestant."""
    for who, turns in times.items():
        wall, busy = zip(*turns, strict=True)
        ratio = statistics.median(mine / theirs for (mine, _), (theirs, _) in zip(turns, times["scipy"], strict=True))
        print(
            f"{name}  {who:24} fastest {1e3 * min(wall):7.2f} ms   median {1e3 * statistics.median(wall):7.2f} ms   "
            f"{ratio:5.2f} × scipy   processor {1e3 * statistics.mean(busy):7.2f} ms"
        )


def main() -> None:
    """Print the tables for one thread and for all."""
    keep_memory()
    for threads in sorted({1, torch.get_num_threads()}):
        torch.set_num_threads(threads)
        print(f"{COUNT} rotations, {ROUNDS} alternating rounds, {threads} thread{'s' * (threads > 1)} for torch")
        for name, contestants in contests().items():
            report(name, alternate(contestants))


if __name__ == "__main__":
    main()
