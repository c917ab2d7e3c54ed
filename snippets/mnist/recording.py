"""Recorded runs of the training script: where they end, and what they cost."""

import time
from typing import Any

import torch

from snippets.mnist.exact import commutator
from snippets.mnist.records import digest, write
from snippets.mnist.train.networks import matrix
from snippets.mnist.train.running import Report, run
from snippets.mnist.train.settings import Settings

RUNS: dict[str, dict[str, Any]] = {
    "dense": {"model": "dense"},
    "paper": {"ranks": "paper"},
    "equal": {"ranks": "equal"},
    "high-pass": {"ranks": "high-pass"},
    "best": {"ranks": "best"},
    "semi-equivariant": {"model": "semi-equivariant"},
    "invariant": {"model": "invariant"},
}


def recorded_runs(
    runs: dict[str, dict[str, Any]] = RUNS, **common: Any
) -> dict[str, Any]:
    """Train, and return for each run its report, its history, its commutator, and the processor's seconds."""
    found: dict[str, Any] = {"rate": matrix_rate()}
    for name, options in runs.items():
        begin = time.process_time()
        report = run(Settings(**options, **common))
        found[name] = {
            "report": plain(report),
            "processor": time.process_time() - begin,
        }
        found[name] |= {
            "loss": [row.train_loss for row in report.history],
            "gap": [row.gap for row in report.history],
        }
        found[name]["commutator"] = commutator(matrix(report.network))
        print(name, found[name]["report"]["gap"], found[name]["processor"], flush=True)
    return found


def plain(report: Report) -> dict[str, Any]:
    """Return what the page prints of a report, without the seconds on the wall, which tell of the neighbours."""
    return {
        key: value
        for key, value in report.result.items()
        if key not in ("out", "ranks", "images_per_second")
        and not key.startswith("seconds")
    }


def matrix_rate(size: int = 1024, times: int = 20) -> float:
    """Measure how many operations products of single-precision matrices do in a second of the processor."""
    a = torch.rand(size, size, dtype=torch.float32)
    begin = time.process_time()
    for _ in range(times):
        a = (a @ a).clamp_(max=1.0)
    return 2.0 * size**3 * times / (time.process_time() - begin)


if __name__ == "__main__":
    torch.set_num_threads(1)
    code = digest(recorded_runs)
    print(write("training", recorded_runs(), recorded_runs, (0,), code=code))
