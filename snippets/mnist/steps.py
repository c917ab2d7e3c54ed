"""What a step of the trainer costs on a device, beside the time that its arithmetic, its bytes and its calls need."""

import argparse
import time
from collections.abc import Callable, Iterable, Iterator
from itertools import chain, count, islice
from statistics import median
from typing import Any, NamedTuple

import torch
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils.flop_counter import FlopCounterMode

from snippets.mnist.records import (
    device_name,
    digest,
    optional,
    provenance,
    record,
    write,
)
from snippets.mnist.train import devices
from snippets.mnist.train.batches import Batch
from snippets.mnist.train.folders import Folder
from snippets.mnist.train.loop import Training
from snippets.mnist.train.processes import Group
from snippets.mnist.train.progress import Watch
from snippets.mnist.train.running import Problem, begin, prepare, run
from snippets.mnist.train.settings import Settings

MODELS = ("dense", "equivariant")
SIZES = (125, 250, 500, 1000, 2000, 4000)  # pictures in a batch; all divide 60,000
TURNS = 5
ENDLESS = 100_000  # epochs, so that the rate does not fall to zero while steps are timed


# --- what the device can do


class Limits(NamedTuple):
    """What a device reaches at best: operations and bytes a second, and the seconds of a call that does nothing."""

    rate: float
    bandwidth: float
    call: float


def seconds_of(task: Callable[[], Any], times: int, device: torch.device) -> float:
    """Return the median seconds of a task, over some turns of so many calls, after one that warms up."""
    task()
    found = []
    for _ in range(TURNS):
        devices.wait(device)
        begin = time.perf_counter()
        for _ in range(times):
            task()
        devices.wait(device)
        found.append((time.perf_counter() - begin) / times)
    return median(found)


def limits(device: torch.device, size: int | None = None) -> Limits:
    """Measure products of single-precision matrices, copies, and calls on one number."""
    size = size or (1024 if device.type == "cpu" else 8192)
    a, out = torch.rand(2, size, size, dtype=torch.float32, device=device)
    long = torch.zeros(16 * size**2, dtype=torch.float32, device=device)  # 64 MiB on a CPU, more than its caches hold
    copy, one = torch.empty_like(long), torch.zeros((), device=device)
    return Limits(
        rate=2.0 * size**3 / seconds_of(lambda: torch.mm(a, a, out=out), 4, device),
        bandwidth=2.0 * long.nbytes / seconds_of(lambda: copy.copy_(long), 2, device),
        call=seconds_of(lambda: one.add_(1.0), 1000, device),
    )


# --- what a step needs


class Work(NamedTuple):
    """Of one step: operations of its matrix products, bytes that must move, calls of operators that are no views."""

    operations: int
    bytes: int
    calls: int


class Calls(TorchDispatchMode):
    """Counts the operators that torch calls, but for those that only look at memory in another way."""

    number = 0

    def __torch_dispatch__(self, func: Any, types: Any, args: tuple = (), kwargs: dict | None = None) -> Any:
        """Count one and call it."""
        self.number += not func.is_view
        return func(*args, **kwargs or {})


# --8<-- [start:work]
def work(training: Training, batch: Batch) -> Work:
    """Take a step and count.

    At least, each picture of the batch is read once, and whatever the step changes
    is read and written once: weights, and the optimizer's running means.
    """
    with FlopCounterMode(display=False) as products, Calls() as calls:
        training.advance(batch, False)
    changed = [*training.task.network.parameters(), *training.optimizer.moments.values()]
    moved = batch.features.nbytes + 2 * sum(tensor.nbytes for tensor in changed)
    return Work(products.get_total_flops(), moved, calls.number)


def floors(work: Work, limits: Limits) -> dict[str, float]:
    """Return the seconds that each kind of work needs at the device's best."""
    return {
        "arithmetic": work.operations / limits.rate,
        "memory": work.bytes / limits.bandwidth,
        "calls": work.calls * limits.call,
    }
# --8<-- [end:work]


# --- measuring


def training_of(problem: Problem, settings: Settings, device: torch.device) -> Training:
    """Return a training that writes nothing and tells nobody."""
    return begin(problem, settings, Group(), device, Folder(settings, device, Group()), Watch())


def endless(training: Training) -> Iterator[Batch]:
    """Yield batches for ever."""
    return chain.from_iterable(training.task.batches.epoch(epoch, 0) for epoch in count())


def step_seconds(training: Training, device: torch.device) -> float:
    """Return the seconds of a step, taking its batch included, the first ones not."""
    batches, steps = endless(training), max(5, 10_000 // training.task.settings.batch_size)

    def some() -> None:
        for batch in islice(batches, steps):
            training.advance(batch, False)

    return seconds_of(some, 1, device) / steps


def compiled_seconds(problem: Problem, settings: Settings, device: torch.device) -> float | None:
    """Return the seconds of a step whose gradients are compiled, or None where torch finds no compiler."""
    torch.compiler.reset()  # it gives up on a function that it has compiled for eight shapes
    try:
        return step_seconds(training_of(problem, settings, device), device)
    except ValueError as error:
        print(f"not compiled: {error}")
        return None


def steps(name: str, sizes: tuple[int, ...] = SIZES, tell: Callable[[dict], None] = lambda row: None) -> dict[str, Any]:
    """Measure steps of all sizes for both networks on a device, and where three epochs of them end."""
    device = devices.choose(name)
    best = limits(device)
    rows = []
    for model in MODELS:
        problem = prepare(Settings(model=model), Group(), device)
        for size in sizes:
            common = {"model": model, "batch_size": size, "device": name}
            settings = Settings(**common, epochs=ENDLESS)
            training = training_of(problem, settings, device)
            report = run(Settings(**common))
            rows.append({
                "model": model, "batch": size, "step": step_seconds(training, device),
                "compiled": compiled_seconds(problem, Settings(**common, epochs=ENDLESS, compile=True), device),
                "floors": floors(work(training, next(endless(training))), best),
                "gap": report.gap, "training": report.seconds_training,
            })
            tell(rows[-1])
    return {"limits": best._asdict(), "rows": rows}


# --- for the page


HEADS = ("batch", "arithmetic", "memory", "calls", "step", "compiled", "3 epochs", "gap")
WIDTHS = (6, 11, 8, 8, 9, 10, 10, 9)


def cells(name: str, texts: Iterable[str]) -> str:
    """Write a row of the table."""
    return f"{name:<11}" + "".join(f"{text:>{width}}" for text, width in zip(texts, WIDTHS, strict=True))


def line(row: dict[str, Any]) -> str:
    """Write what was measured as a row of the table; times of a step in milliseconds."""
    times = [*(row["floors"][kind] for kind in HEADS[1:4]), row["step"], row["compiled"]]
    shown = ["" if seconds is None else f"{1000 * seconds:.3f}" for seconds in times]
    return cells(row["model"], [str(row["batch"]), *shown, f"{row['training']:.2f} s", f"{row['gap']:.4%}"])


def heading() -> str:
    """Write the heads of the table."""
    return cells("ms a step", HEADS)


def table(found: dict[str, Any]) -> str:
    """Write a record as a table."""
    return "\n".join([heading(), *map(line, found["rows"])])


def on_devices() -> dict[str, dict[str, Any]]:
    """Return the record of a CPU, and that of a GPU where one was made, by the name of the device."""
    found = {provenance("steps")["made_device"]: record("steps")}
    if gpu := optional("steps_gpu"):
        found[provenance("steps_gpu")["made_device"]] = gpu
    return found


def main(arguments: list[str] | None = None) -> None:
    """Measure, print the table, and write the record; that of a GPU beside that of the CPU."""
    parser = argparse.ArgumentParser(prog="python -m snippets.mnist.steps", description=__doc__)
    parser.add_argument("--device", default="cpu", choices=("cpu", "cuda", "mps"))
    name, code = parser.parse_args(arguments).device, digest(steps)
    try:
        device = devices.choose(name)
    except ValueError as error:
        parser.error(str(error))
    if name == "cpu":
        torch.set_num_threads(1)
    print(heading(), flush=True)
    found = steps(name, tell=lambda row: print(line(row), flush=True))
    command = "python -m snippets.mnist.steps" + (f" --device {name}" if name != "cpu" else "")
    kind = "steps" if name == "cpu" else "steps_gpu"
    print(write(kind, found, steps, (0,), command=command, device=device_name(device), code=code))


if __name__ == "__main__":
    main()
