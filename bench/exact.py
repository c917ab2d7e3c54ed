"""What the exact optimum costs: equivariant against dense, and each against the arithmetic it needs.

Run `python -m bench exact`; about half a minute. Times are the processor's, so that a busy machine changes them little.
"""

import resource
import sys
import time
from collections.abc import Callable
from statistics import median

import torch

from snippets.mnist.data import load_images
from snippets.mnist.exact import (
    EquivariantLinearAutoencoder,
    fit,
    frequency_moments,
    second_moment,
    top_eigenvectors,
)
from snippets.mnist.ranks import RANKS
from snippets.mnist.recording import matrix_rate
from snippets.mnist.script import collapse
from snippets.mnist.train.networks import Dense

RUNS = 7
# Multiplications and additions that the second moments need for a picture: half of 784 × 784 entries; and the 28 real
# waves, then three real products of 28 × 28 entries at 13 frequencies (Re Reᵀ, Im Imᵀ, Im Reᵀ) and one at two.
OPERATIONS = {"dense": 784**2, "equivariant": 2 * 28 * 784 + (13 * 3 + 2) * 2 * 28**2}


def seconds(task: Callable[[], object]) -> float:
    """Return the processor's seconds that the task takes, over all threads."""
    start = time.process_time()
    task()
    return time.process_time() - start


def peak_memory() -> float:
    """Return the largest memory of this process so far, in MiB."""
    unit = 2**20 if sys.platform == "darwin" else 2**10
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / unit


def forward_passes() -> None:
    """Time the networks on batches of 256 pictures, in turn: as trained, multiplied out, and dense."""
    x = load_images("test")[:256] / 255.0
    equivariant, flat = EquivariantLinearAutoencoder(RANKS["paper"]), x.flatten(1)
    collapsed, dense = collapse(equivariant, 99), Dense(99)
    tasks = {"equivariant": lambda: equivariant(x), "collapsed": lambda: collapsed(flat), "dense": lambda: dense(x)}
    times: dict[str, list[float]] = {name: [] for name in tasks}
    with torch.no_grad():
        for _ in range(50):
            for name, task in tasks.items():
                times[name].append(seconds(task))
    took = {name: 1000 * median(found) for name, found in times.items()}
    print("forward pass of 256 pictures: " + ", ".join(f"{name} {each:.2f} ms" for name, each in took.items()))
    for name in ("equivariant", "collapsed"):
        print(f"  {name} / dense: {took[name] / took['dense']:.2f} (goal 1)")


def main() -> None:
    """Time both fits in turn and print one table."""
    images = load_images("train")
    ranks = RANKS["paper"]
    loaded = peak_memory()
    tasks = {
        "equivariant": lambda: fit(frequency_moments(images), ranks),
        "dense": lambda: top_eigenvectors(second_moment(images), 99),
    }
    count = len(images)
    work = {name: count * each for name, each in OPERATIONS.items()}
    times: dict[str, list[float]] = {name: [] for name in tasks}
    peaks = {}
    for _ in range(RUNS):
        for name, task in tasks.items():
            times[name].append(seconds(task))
            peaks.setdefault(name, peak_memory())
    rate = matrix_rate(2048, 5)
    print(f"{count} pictures in memory as bytes, {torch.get_num_threads()} threads, {RUNS} alternating runs, medians")
    print(f"matrix rate {rate / 1e9:.0f} GFLOP/s (single precision, 2048 × 2048, by the processor's seconds)\n")
    print(f"{'fit':<12}{'seconds':>9}{'best':>8}{'worst':>8}{'floor':>8}{'× floor':>9}{'peak MiB':>10}")
    for name in tasks:
        floor, middle = work[name] / rate, median(times[name])
        print(
            f"{name:<12}{middle:>9.3f}{min(times[name]):>8.3f}{max(times[name]):>8.3f}"
            f"{floor:>8.3f}{middle / floor:>9.1f}{peaks[name]:>10.0f}"
        )
    ratios = sorted(a / b for a, b in zip(times["equivariant"], times["dense"], strict=True))
    print(f"\nequivariant / dense: {median(ratios):.2f} ({ratios[0]:.2f} to {ratios[-1]:.2f}); ", end="")
    print(f"by arithmetic alone {work['equivariant'] / work['dense']:.2f}")
    print(f"memory with the pictures loaded, before any fit: {loaded:.0f} MiB")
    forward_passes()


if __name__ == "__main__":
    main()
