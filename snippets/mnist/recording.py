"""Recorded runs of the trainer: where they end, and where their time goes."""

import cProfile
import os
import pstats
import time
from typing import Any

import torch

from snippets.mnist.exact import commutator
from snippets.mnist.records import write
from snippets.mnist.train.report import Report
from snippets.mnist.train.running import run
from snippets.mnist.train.settings import Settings

RUNS: dict[str, dict[str, Any]] = {
    "dense": {"model": "dense"},
    "paper": {"ranks": "paper"},
    "equal": {"ranks": "equal"},
    "high-pass": {"ranks": "high-pass"},
    "best": {"ranks": "best"},
    "semi-equivariant": {"model": "semi-equivariant"},
    "invariant": {"model": "invariant"},
    "gram": {"ranks": "paper", "method": "gram"},
    "dense, scaled": {"model": "dense", "epochs": 10},
    "equivariant, scaled": {"ranks": "paper", "epochs": 10},
    "dense, Adam": {"model": "dense", "optimizer": "adam", "epochs": 10},
    "equivariant, Adam": {"ranks": "paper", "optimizer": "adam", "epochs": 10},
}


PROFILED = ("dense", "paper")


PARTS = ("prepare", "load", "batch", "of_batch", "step", "look")  # functions of the trainer


def recorded_runs(runs: dict[str, dict[str, Any]] = RUNS, **common: Any) -> dict[str, Any]:
    """Train, and return for each run its report, its losses by epoch, and for some where the time went."""
    found: dict[str, Any] = {"rate": matrix_rate()}
    for name, options in runs.items():
        report, seconds = profiled(Settings(**options, **common))
        left_out = ("out", "ranks")
        found[name] = {
            "report": {key: value for key, value in report.record().items() if key not in left_out},
            "loss": [row.train_loss for row in report.history],
            "gap": [row.gap for row in report.history],
            "commutator": commutator(report.network.matrix()),
        }
        if name in PROFILED:
            found[name] |= {"spent": seconds, "floor": operations(report) / found["rate"]}
    return found


def profiled(settings: Settings) -> tuple[Report, dict[str, float]]:
    """Run the trainer and return the report, and the processor's seconds in each of its parts and in all."""
    profile, begin = cProfile.Profile(time.process_time), time.process_time()
    report = profile.runcall(run, settings)
    seconds = dict.fromkeys(PARTS, 0.0) | {"all": time.process_time() - begin}
    for (file, _, name), (_, _, _, cumulative, _) in pstats.Stats(profile).stats.items():
        if name in PARTS and f"{os.sep}train{os.sep}" in file:
            seconds[name] += cumulative
    return report, seconds


def operations(report: Report) -> float:
    """Count those of the matrix products of a scaled descent: codes, outputs, two products of codes."""
    (blocks, inputs, units), (_, _, outputs) = report.network.form.shapes
    return report.history[-1].images * blocks * 2.0 * units * (inputs + 2 * outputs + units)


def matrix_rate(size: int = 1024, times: int = 20) -> float:
    """Measure how many operations products of single-precision matrices do in a second of the processor."""
    a = torch.rand(size, size, dtype=torch.float32)
    begin = time.process_time()
    for _ in range(times):
        a = (a @ a).clamp_(max=1.0)
    return 2.0 * size**3 * times / (time.process_time() - begin)


if __name__ == "__main__":
    torch.set_num_threads(1)
    print(write("training", recorded_runs(), recorded_runs, (0,)))
