"""What training costs: the exact table from raw files, gradient descent to within 1 % of the optimum, and streaming.

Run `python -m bench training`; about four minutes, most of them the recipe of the authors' notebook, which is
reimplemented here. Times are the processor's, so that a busy machine changes them little. scikit-learn is compared
with where it is installed; the book needs it for nothing else.
"""

import contextlib
import importlib.util
import json
import os
import struct
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from statistics import median
from typing import Any

import torch

from bench.exact import OPERATIONS, peak_memory
from snippets.linear_networks.complex_blocks import complexify
from snippets.mnist.data import load_images
from snippets.mnist.exact import block_loss, frequency_moments, spectra, waves
from snippets.mnist.ranks import RANKS, WEIGHTS
from snippets.mnist.recipe import real_truncation
from snippets.mnist.recording import matrix_rate
from snippets.mnist.shifts import random_amounts
from snippets.mnist.train import loop
from snippets.mnist.train.networks import Dense, best, exact_loss, second_moment
from snippets.mnist.train.parallel import Group
from snippets.mnist.train.pictures import splits
from snippets.mnist.train.running import run
from snippets.mnist.train.settings import Settings

RUNS = 5
ROWS = ("paper", "equal", "high-pass", "dense")
FLOPS = {name: 60_000 * each for name, each in OPERATIONS.items()}
EPOCHS = (45, 25, 25, 25, 25, 25, 25, 25)  # of the notebook's eight blocks; 15 of its dense network
LOOK, PLAIN = 3000, 40  # pictures between two looks at the loss; epochs that a plain loop is given
ADVANCE = loop.Training.advance
TIMES = 20  # copies of the digits in the set that is streamed
CPU = torch.device("cpu")


def timed(task: Callable[[], Any]) -> tuple[float, Any]:
    """Return the processor's seconds that a task takes, over all threads, and its result."""
    start = time.process_time()
    result = task()
    return time.process_time() - start, result


def peak() -> float:
    """Return the largest memory of this process so far, in MiB, without that of the process that started it."""
    status = Path("/proc/self/status")  # Linux counts the memory before exec to getrusage
    if status.exists():
        return next(int(line.split()[1]) for line in status.read_text().splitlines() if line.startswith("VmHWM")) / 1024
    return peak_memory()


def child(call: str, *arguments: str) -> dict[str, Any]:
    """Call a function of this module in a process of its own, so that its memory is its own."""
    program = f"import sys, json; from bench import training; print(json.dumps(training.{call}(*sys.argv[1:])))"
    done = subprocess.run([sys.executable, "-c", program, *arguments], capture_output=True, text=True, check=False)
    if done.returncode:
        raise SystemExit(f"{call} failed:\n{done.stderr}")
    return json.loads(done.stdout.splitlines()[-1])


# --- the exact table


def table_rows() -> dict[str, Any]:
    """Read the files, draw the shifts and solve for all four rows of the table."""
    before, start = peak(), time.process_time()
    train, test = (second_moment(part) for part in splits(Settings(device="cpu"), Group(), CPU))
    losses = {}
    for name in ROWS:
        settings = Settings(model="dense") if name == "dense" else Settings(ranks=name)
        losses[name] = exact_loss(best(settings, train), test)
    return {"losses": losses, "seconds": time.process_time() - start, "before": before, "peak": peak()}


def table() -> None:
    """Print the table of losses with what it costs."""
    found = child("table_rows")
    text = ", ".join(f"{name} {found['losses'][name]:.5f}" for name in ROWS)
    print(f"all four rows, exact, from the IDX files, shifts drawn: {found['seconds']:.1f} s (goal 10 s)")
    print(f"  peak memory {found['peak']:.0f} MiB (goal 1536 MiB), {found['before']:.0f} MiB of it the packages")
    print(f"  test losses: {text}")


# --- fits against their floor and against scikit-learn


def solve(model: str, x: torch.Tensor | None = None) -> torch.nn.Module:
    """Return the optimum from shifted pictures in memory, or else from the file of training pictures."""
    pictures = splits(Settings(model=model), Group(), CPU)[0] if x is None else x.split(7500)
    return best(Settings(model=model), second_moment(pictures))


def rivals(x: torch.Tensor) -> dict[str, Callable[[], Any]]:
    """Return scikit-learn's fits of the same pictures, or nothing where it is not installed."""
    if importlib.util.find_spec("sklearn") is None:
        print("scikit-learn is not installed, so it is not compared with (pip install scikit-learn)")
        return {}
    from sklearn.decomposition import PCA, IncrementalPCA

    flat = x.flatten(1).numpy()
    return {
        "sklearn PCA": lambda: PCA(99).fit(flat),
        "sklearn IncrementalPCA": lambda: IncrementalPCA(99, batch_size=2000).fit(flat),
    }


def shifted_pictures() -> torch.Tensor:
    """Return all shifted training pictures in memory, in single precision."""
    return torch.cat(list(splits(Settings(), Group(), CPU)[0]))


def fits() -> None:
    """Time fits in turn: ours with and without reading and shifting, and scikit-learn's."""
    x = shifted_pictures()
    tasks: dict[str, Callable[[], Any]] = {
        "dense": lambda: solve("dense", x),
        "equivariant": lambda: solve("equivariant", x),
        "dense, from the file": lambda: solve("dense"),
        "equivariant, from the file": lambda: solve("equivariant"),
    } | rivals(x)
    times: dict[str, list[float]] = {name: [] for name in tasks}
    rates = []
    for turn in range(RUNS):
        rates.append(matrix_rate())
        for name, task in tasks.items():
            if turn == 0 or "Incremental" not in name:
                times[name].append(timed(task)[0])
    rate = median(rates)
    print(f"matrix rate {rate / 1e9:.0f} GFLOP/s; pictures in memory, {RUNS} alternating runs, medians")
    for name, found in times.items():
        floor = FLOPS["dense"] / rate  # one second moment serves all models
        note = f"{median(found) / floor:6.1f} × floor"
        if "sklearn" in name:
            note = f"{median(found) / median(times['dense']):6.1f} × dense"
        print(f"  {name:<28}{median(found):7.3f} s  best {min(found):.3f}  {note}")


# --- gradient descent against the recipe of the notebook


class ArrivedError(Exception):
    """Ends a training that is no longer of interest."""


class Arrival:
    """Notes when a training first came within 1 % of the optimum; its clock stops for looks at the loss."""

    seconds: float | None = None

    def __init__(self, until: bool = False) -> None:
        """Look every few thousand pictures; on request end the training when it has arrived."""
        self.until, self.looking, advance = until, 0.0, ADVANCE

        def watched(training: loop.Training, x: torch.Tensor, count: int) -> None:
            advance(training, x, count)
            if self.seconds is None and training.step % (LOOK // training.settings.batch_size) == 0:
                self.look(training)

        loop.Training.advance = watched

    def __call__(self, news: object) -> None:
        """Start the clock of the processor, at what is told last before the first epoch."""
        if not isinstance(news, loop.Epoch):
            self.begin = time.process_time()

    def look(self, training: loop.Training) -> None:
        """Compare with the optimum, and leave out what that took."""
        spent = time.process_time() - self.begin - self.looking
        seconds, loss = timed(lambda: exact_loss(training.network, training.moments[0]))
        self.looking += seconds
        if loss < 1.01 * training.optimum:
            self.seconds = spent
            if self.until:
                raise ArrivedError


def plain(model: str) -> float | None:
    """Return the seconds to within 1 % of the same network by a plain loop: Adam, batch and rate as in the notebook."""
    arrival, usual = Arrival(until=True), (loop.optimizer_of, loop.schedule)
    loop.optimizer_of, loop.schedule = lambda network, _: torch.optim.Adam(network.parameters(), lr=1e-3), lambda _: 1.0
    with contextlib.suppress(ArrivedError):
        run(Settings(model=model, device="cpu", batch_size=256, lr=1e-3, epochs=PLAIN), arrival)
    loop.optimizer_of, loop.schedule = usual
    return arrival.seconds


def descents() -> dict[str, float]:
    """Train with every default and print when and where it ends; return the seconds to within 1 %."""
    arrivals = {}
    cases = [
        ("equivariant", {}),
        ("dense", {}),
        ("equivariant", {"ranks": "best"}),
        ("semi-equivariant", {}),
        ("invariant", {}),
        ("dense", {"precision": "bfloat16"}),
    ]
    heads = f"{'1 % after':>10}{'ends after':>12}{'gap':>9}{'test loss':>11}{'images/s':>11}"
    print(f"{'gradient descent':<44}{heads}")
    for model, values in cases:
        arrival = Arrival()
        report = run(Settings(model=model, device="cpu", **values), arrival)
        found = report.result
        name = " ".join([model, *map(str, values.values())])
        arrivals[name] = arrival.seconds
        reached = "never" if arrival.seconds is None else f"{arrival.seconds:.2f} s"
        print(f"  {name:<42}{reached:>10}{found['seconds_training']:>10.1f} s{found['gap']:>9.3%}", end="")
        print(f"{found['test_loss']:>11.6f}{found['images_per_second']:>11,.0f}", flush=True)
    return arrivals


def autoencoder(data: torch.Tensor, rank: int, epochs: int) -> tuple[torch.Tensor, torch.Tensor]:
    """Train one dense linear autoencoder as the notebook does: Glorot's weights, Adam, batches of 256."""
    width = data.shape[1]
    layers = torch.nn.Linear(width, rank, False), torch.nn.Linear(rank, width, False)
    network = torch.nn.Sequential(*layers).float()
    for layer in layers:
        torch.nn.init.xavier_uniform_(layer.weight)
    adam = torch.optim.Adam(network.parameters(), lr=1e-3, eps=1e-7)
    for _ in range(epochs):
        for batch in torch.randperm(len(data)).split(256):
            x = data[batch]
            adam.zero_grad()
            torch.nn.functional.mse_loss(network(x), x).backward()
            adam.step()
    return layers[0].weight.detach().T.double(), layers[1].weight.detach().T.double()


def recipe_blocks(x: torch.Tensor) -> torch.Tensor:
    """Train one block after the other, average onto the complex matrices, cut back by the real SVD."""
    blocks = torch.zeros(15, 28, 28, dtype=torch.complex128)
    for j, (rank, epochs) in enumerate(zip(RANKS["paper"], EPOCHS, strict=False)):
        pair = WEIGHTS[j] ** 0.5 * waves()[2 * j : 2 * j + 1 + (j > 0)]
        e, d = autoencoder((pair.to(x) @ x.mT).flatten(1), rank * WEIGHTS[j], epochs)
        m = (e @ d).T
        blocks[j] = m if j == 0 else real_truncation(complexify(m), rank)
    return blocks


def recipe(arrivals: dict[str, float]) -> None:
    """Run the notebook's recipe and print how long it takes and where it ends."""
    torch.manual_seed(0)
    x = shifted_pictures()
    train, test = load_images("train"), load_images("test")
    generator = torch.Generator().manual_seed(0)
    a, b = random_amounts(len(train), generator, 5.6), random_amounts(len(test), generator, 5.6)
    h, held = frequency_moments(train, a), frequency_moments(test, b)
    seconds_dense, (e, d) = timed(lambda: autoencoder(x.flatten(1), 99, 15))
    moments = [second_moment(part) for part in splits(Settings(), Group(), CPU)]
    trained, least = Dense(99).double(), best(Settings(model="dense"), moments[0])
    with torch.no_grad():
        trained.encoder.weight.copy_(e.T)
        trained.decoder.weight.copy_(d.T)
    gap = exact_loss(trained, moments[0]) / exact_loss(least, moments[0]) - 1
    tested = exact_loss(trained, moments[1])
    print(f"the recipe, dense: {seconds_dense:.1f} s, ends at gap {gap:.1%}, test {tested:.6f}")
    seconds, blocks = timed(lambda: recipe_blocks(x))
    values = spectra(h)
    floor = sum(w * float(v[r:].sum()) for w, v, r in zip(WEIGHTS, values, RANKS["paper"], strict=True)) / 784
    ends = f"ends at gap {block_loss(h, blocks) / floor - 1:.1%}, test {block_loss(held, blocks):.6f}"
    print(f"the recipe, eight blocks and real truncation: {seconds:.1f} s, {ends}", flush=True)
    for name, theirs in (("equivariant", seconds), ("dense", seconds_dense)):
        if arrivals[name]:
            both = (seconds + seconds_dense) / arrivals[name]
            part = theirs / arrivals[name]
            print(f"  {name}: 1 % after {arrivals[name]:.2f} s; its part of the recipe takes {part:.0f} ×", end="")
            print(f" as long, the whole {both:.1f} × (goal 10 ×), and neither ends within 1 %")
    for name, goal in (("equivariant", 5), ("dense", 1)):
        took = plain(name)
        found = f"after {took:.1f} s, {took / arrivals[name]:.1f} ×" if took else f"not in {PLAIN} epochs"
        print(f"  {name}, a plain loop at the notebook's batch and rate: 1 % {found} (goal {goal} ×)", flush=True)


# --- streaming


def stream(folder: str, method: str) -> dict[str, Any]:
    """Fit the pictures in a folder and return the memory of it."""
    once = {} if method == "exact" else {"epochs": 1}
    found = run(Settings(data=Path(folder), method=method, device="cpu", **once)).result
    return {"peak": peak(), "seconds": found["seconds"], "gap": found["gap"], "rate": found["images_per_second"]}


def streaming() -> None:
    """Compare the memory for the digits and for many times as many pictures."""
    images = load_images("train")
    with tempfile.TemporaryDirectory() as name:
        for times in (1, TIMES):
            folder = Path(name) / str(times)
            folder.mkdir()
            with (folder / "train-images-idx3-ubyte").open("wb") as file:
                file.write(bytes([0, 0, 8, 3]) + struct.pack(">3I", times * len(images), 28, 28))
                for _ in range(times):
                    file.write(images.numpy().tobytes())
            header = bytes([0, 0, 8, 3]) + struct.pack(">3I", 1000, 28, 28)
            (folder / "t10k-images-idx3-ubyte").write_bytes(header + images[:1000].numpy().tobytes())
        for method in ("exact", "gradient"):
            one, many = (child("stream", str(Path(name) / str(times)), method) for times in (1, TIMES))
            ratio = many["peak"] / one["peak"]
            print(f"streaming, {method}: {len(images):,} pictures {one['peak']:.0f} MiB, ", end="")
            print(f"{TIMES * len(images):,} pictures {many['peak']:.0f} MiB, {ratio:.2f} ×; ", end="")
            print(f"{many['seconds']:.0f} s, gap {many['gap']:.3%}")


def main() -> None:
    """Print all measurements."""
    print(f"{torch.get_num_threads()} threads for torch, {os.cpu_count()} cores, load {os.getloadavg()[0]:.1f}")
    table()
    fits()
    recipe(descents())
    streaming()


if __name__ == "__main__":
    main()
