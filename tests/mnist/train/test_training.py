"""Training: it comes down to the optimum, and processes, cuts and kills do not change where it ends."""

import dataclasses
import itertools
import os
import random
import signal
import socket
import time
from types import SimpleNamespace

import pytest
import torch
import torch.distributed as dist
import torch.multiprocessing as mp

from snippets.mnist.data import load_images
from snippets.mnist.train import folder as folders
from snippets.mnist.train import loop, networks, pictures
from snippets.mnist.train.folder import load
from snippets.mnist.train.loop import Epoch
from snippets.mnist.train.networks import Dense, exact_loss
from snippets.mnist.train.parallel import Group
from snippets.mnist.train.running import run

from .conftest import TRAIN, Recorder, weights, write_idx

SMALL = (3, 2, 1, 0, 2, 0, 0, 1, 0, 0, 0, 0, 0, 1, 2)
MODELS = {
    "dense": {"rank": 19},
    "equivariant": {"rank": 19, "ranks": SMALL},
    "semi-equivariant": {"rank": 19, "ranks": SMALL},
    "invariant": {"rank": 19},
}
EVERY = pytest.mark.parametrize("model", MODELS)
FORKS = pytest.mark.filterwarnings("ignore:This process.*is multi-threaded")


@EVERY
def test_the_training_comes_near_its_optimum_and_never_below(settings, model):
    steps = {"epochs": 20, "batch_size": 30} if model in ("dense", "invariant") else {"epochs": 5, "batch_size": 18}
    report = run(settings(model=model, **steps, **MODELS[model]))
    assert -1e-6 < report.result["gap"] < {"dense": 0.03, "invariant": 0.08}.get(model, 0.01)
    assert report.result["train_loss"] == pytest.approx((1 + report.result["gap"]) * report.result["optimum"])
    assert report.history[-1].train_loss == pytest.approx(report.result["train_loss"], rel=1e-5)
    assert report.history[0].gap > 3 * report.result["gap"]


def test_the_step_is_that_of_torch_on_the_mean_square_error(settings, tmp_path):
    """Written out by hand with torch.optim on the same batches, the weights are the same."""
    given = settings(model="dense", rank=5, epochs=1)
    report = run(given)
    network = networks.build(given)
    train, _ = pictures.splits(given, Group(), torch.device("cpu"))
    optimizer = torch.optim.Adam(network.parameters(), lr=given.lr, betas=(0.9, 0.95))
    schedule = torch.optim.lr_scheduler.LambdaLR(optimizer, lambda step: loop.schedule((step + 0.5) / train.steps))
    for x, _ in train.batches(0):
        optimizer.zero_grad()
        (network(x) - x).square().mean().backward()
        optimizer.step()
        schedule.step()
    ours = torch.cat([w.flatten() for w in network.parameters()]).detach().double()
    assert torch.allclose(ours, weights(report), atol=1e-6)


def test_rates_rise_for_a_moment_and_fall_to_zero():
    rates = [loop.schedule(done / 100) for done in range(101)]
    assert rates[0] == 0
    assert max(rates) == rates[5] == 1
    assert rates[52] == pytest.approx((48 / 95) ** 3)
    assert rates[-1] == 0


def test_weights_are_kept_at_the_end_of_an_epoch_that_is_the_best_so_far(settings, monkeypatch):
    """By losses that are made up, of nine steps an epoch: those between the ends do not count."""
    losses = iter([0.05] * 8 + [0.04] + [0.01] * 8 + [0.06] + [0.05] * 8 + [0.03])
    monkeypatch.setattr(loop, "LOOK_SECONDS", 0.0)
    monkeypatch.setattr(loop.Training, "standing", lambda now: Epoch(0, now.step, 0, 1.0, next(losses), 0.0, None))
    kept, recorder = [], Recorder()
    monkeypatch.setattr(folders.Folder, "save_model", lambda *_: kept.append(len(recorder.seen)))
    run(settings(epochs=3), recorder)
    assert kept == [9, 27]


@pytest.mark.parametrize(("pause", "looks"), [(0.1, [9]), (2.4, [5, 9]), (5.0, [3, 6, 9]), (11.0, [*range(1, 10)])])
def test_the_loss_is_looked_at_and_saved_each_ten_seconds_and_after_an_epoch(settings, monkeypatch, pause, looks):
    """On a clock that a step puts forward."""
    clock, saved, recorder = [0.0], [], Recorder()

    def advance(training, x, count):
        clock[0] += pause
        training.step += 1

    monkeypatch.setattr(loop, "time", SimpleNamespace(perf_counter=lambda: clock[0]))
    monkeypatch.setattr(loop.Training, "advance", advance)
    write = folders.Folder.write
    monkeypatch.setattr(
        folders.Folder,
        "write",
        lambda folder, name, content: (
            name == "last.pt" and saved.append(content["step"]),
            write(folder, name, content),
        ),
    )
    run(settings(epochs=1), recorder)
    assert [now.step for now in recorder.seen] == saved == looks
    assert [now.images for now in recorder.seen] == [100 * step for step in looks]


def test_a_file_that_would_run_code_is_not_loaded(tmp_path):
    torch.save({"model": os.system}, tmp_path / "model.pt")
    with pytest.raises(ValueError, match=r"model\.pt is damaged"):
        load(tmp_path)


def test_one_seed_gives_the_same_weights_and_another_does_not(settings):
    one, again, other = (weights(run(settings(seed=seed, epochs=1))) for seed in (0, 0, 1))
    assert torch.equal(one, again)
    assert not torch.equal(one, other)


def test_running_changes_neither_torchs_precision_nor_its_random_numbers(settings):
    before, state = torch.get_default_dtype(), torch.get_rng_state()
    run(settings(epochs=1))
    assert torch.get_default_dtype() is before
    assert torch.equal(torch.get_rng_state(), state)


def test_precisions_end_at_the_same_place(settings):
    single, double, half = (
        run(settings(model="dense", rank=19, epochs=3, batch_size=38, precision=p))
        for p in ("float32", "float64", "bfloat16")
    )
    assert single.result["train_loss"] == pytest.approx(double.result["train_loss"], rel=1e-3)
    assert half.result["train_loss"] == pytest.approx(double.result["train_loss"], rel=3e-2)
    assert half.result["train_loss"] != single.result["train_loss"]
    assert single.result["optimum"] == pytest.approx(double.result["optimum"], rel=1e-5)


def test_shards_from_disk_train_as_well(settings, monkeypatch):
    monkeypatch.setattr(pictures, "SHARD", 250)
    report = run(settings(epochs=5, batch_size=40))
    assert report.result["gap"] < 0.15
    assert report.result["optimum"] == pytest.approx(run(settings(method="exact")).result["optimum"], rel=1e-6)


def test_the_exact_method_is_the_optimum(settings):
    report = run(settings(method="exact", ranks="best"))
    assert report.result["gap"] == 0
    assert report.history == []
    assert report.result["ranks"][0] + report.result["ranks"][14] + 2 * sum(report.result["ranks"][1:14]) == 99


# --- a layer and a loss of one's own


class Half(torch.nn.Module):
    """Passes half of every picture, and has one weight."""

    def __init__(self) -> None:
        super().__init__()
        self.part = torch.nn.Parameter(torch.tensor(0.0))

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.part * x


def test_another_network_can_be_trained_and_is_not_taken_for_one_of_the_book(settings, tmp_path):
    report = run(settings(epochs=2, batch_size=10, lr=0.1, out=tmp_path / "run"), network=Half())
    with pytest.raises(ValueError, match=r"run holds a network of your own, Half: make one, and load"):
        load(tmp_path / "run")
    assert report.network.part.item() == pytest.approx(1.0, abs=1e-2)
    assert report.result["parameters"] == 1


def test_another_loss_can_be_trained(settings):
    def absolute(output, x):
        return (output - x).abs().sum()

    given = settings(model="dense", rank=5, epochs=5, batch_size=20)
    least_squares, least_absolute = run(given), run(given, error=absolute)
    x = torch.cat([x for x, _ in pictures.splits(given, Group(), torch.device("cpu"))[0].batches(0)]).double()
    with torch.no_grad():
        first, second = ((report.network(x) - x).abs().mean() for report in (least_squares, least_absolute))
    assert second < 0.9 * first
    assert least_absolute.result["train_loss"] > least_squares.result["train_loss"]


# --- what has no meaning


def test_at_full_rank_there_is_no_gap_but_a_distance_from_zero(settings):
    report = run(settings(model="dense", rank=784, epochs=1))
    assert report.result["gap"] is None
    assert report.history[-1].gap is None
    assert report.result["optimum"] < 1e-9
    assert "gap none, the optimum is 0" in str(report)


@pytest.mark.parametrize("last", [torch.nn.Linear(784, 784), torch.nn.ReLU(), torch.nn.Tanh()])
def test_a_network_that_is_not_linear_is_refused_and_leaves_no_folder(settings, tmp_path, last):
    network = torch.nn.Sequential(torch.nn.Flatten(), torch.nn.Linear(784, 784, bias=False), last)
    network.append(torch.nn.Unflatten(1, (28, 28)))
    with pytest.raises(ValueError, match=r"the network is not linear: .*snippets/mnist/script.py"):
        run(settings(model="dense", rank=5, out=tmp_path / "run"), network=network)
    assert not (tmp_path / "run").exists()


def test_a_rate_that_is_too_large_is_named_with_one_that_is_not(settings):
    with pytest.raises(ValueError, match=r"diverged at step \d+ with --lr 1e\+09: the default is 0\.005"):
        run(settings(model="dense", rank=5, lr=1e9, epochs=2))


def test_a_loss_that_runs_away_at_the_default_rate_asks_for_a_smaller_one(settings):
    with pytest.raises(ValueError, match=r"with --lr 0.005: take a tenth of it"):
        run(settings(model="dense", rank=5, epochs=1), error=lambda y, x: (y - x).sum() * float("nan"))


# --- the model in the folder


@EVERY
def test_a_run_gives_its_network_back(settings, tmp_path, model):
    report = run(settings(model=model, epochs=2, out=tmp_path / "run", **MODELS[model]))
    network = load(tmp_path / "run")
    x = load_images("test")[:5] / 255.0
    assert torch.allclose(network(x), report.network(x.double()).float(), atol=1e-5)
    assert not network(x).requires_grad


def test_best_ranks_are_in_the_model(settings, tmp_path):
    report = run(settings(method="exact", ranks="best", out=tmp_path / "run"))
    held = torch.load(tmp_path / "run" / "model.pt", weights_only=True)
    assert tuple(held["model"]["ranks"]) == report.result["ranks"]
    assert held["settings"]["shift"] == 5.6
    load(tmp_path / "run")


# --- interruptions


def press_at(step: int):
    """Press Ctrl-C when so many steps are done."""

    def tell(news: object) -> None:
        if isinstance(news, Epoch) and news.step == step:
            os.kill(os.getpid(), signal.SIGINT)

    return tell


@EVERY
@pytest.mark.usefixtures("heard")
def test_after_ctrl_c_the_same_weights_come(settings, tmp_path, monkeypatch, model):
    given = settings(model=model, epochs=2, **MODELS[model])
    whole = run(given)
    there = dataclasses.replace(given, out=tmp_path / "run")
    with monkeypatch.context() as patch:
        patch.setattr(loop, "LOOK_SECONDS", 0.0)
        with pytest.raises(KeyboardInterrupt):
            run(there, press_at(step=3))
    assert torch.load(tmp_path / "run" / "last.pt", weights_only=True)["step"] == 2
    assert not [file for file in (tmp_path / "run").iterdir() if file.name.startswith(".")]
    resumed = run(dataclasses.replace(there, resume=True))
    assert torch.equal(weights(resumed), weights(whole))
    assert [row.train_loss for row in resumed.history] == [row.train_loss for row in whole.history]


def test_a_finished_run_goes_on_with_more_epochs_and_refuses_fewer(settings, tmp_path):
    given = settings(epochs=2, out=tmp_path / "run")
    first = run(given)
    longer = run(dataclasses.replace(given, epochs=4, resume=True))
    assert [row.epoch for row in longer.history] == [1, 2, 3, 4]
    assert longer.history[:2] == first.history
    assert longer.result["gap"] < first.result["gap"]
    with pytest.raises(ValueError, match=r"--epochs 1: 4 are done; choose as many or more"):
        run(dataclasses.replace(given, epochs=1, resume=True))


def train_slowly(given) -> None:
    loop.LOOK_SECONDS = 0
    torch.set_num_threads(1)
    run(given, lambda news: time.sleep(0.02))


@FORKS
@pytest.mark.claim("MN-315", by="example")
def test_after_a_kill_at_any_moment_the_same_weights_come(settings, tmp_path):
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    given = settings(epochs=2)
    whole = weights(run(given))
    chance, ends = random.Random(0), []
    for number in range(3):
        there = dataclasses.replace(given, out=tmp_path / str(number))
        child = mp.get_context("fork").Process(target=train_slowly, args=(there,))
        child.start()
        while not (there.out / "settings.json").exists():
            time.sleep(0.005)
        time.sleep(chance.uniform(0, 1.0))
        child.kill()
        child.join()
        ends.append(child.exitcode)
        assert torch.equal(weights(run(dataclasses.replace(there, resume=True))), whole)
    torch.set_num_threads(threads)
    assert -signal.SIGKILL in ends


# --- several processes


def work(rank: int, size: int, port: str, runs: list, results) -> None:
    torch.set_num_threads(1)
    os.environ.update(RANK=str(rank), WORLD_SIZE=str(size), MASTER_ADDR="localhost", MASTER_PORT=port)
    dist.init_process_group("gloo")
    reports = [run(given) for given in runs]
    if rank == 0:
        results.put(
            [(weights(report).tolist(), report.result["optimum"], report.result["processes"]) for report in reports]
        )
    dist.destroy_process_group()


def free_port() -> str:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return str(probe.getsockname()[1])


def together(size: int, runs: list) -> list:
    """Return what so many processes find."""
    context = mp.get_context("fork")
    results, port = context.Queue(), free_port()
    children = [context.Process(target=work, args=(rank, size, port, runs, results)) for rank in range(size)]
    for child in children:
        child.start()
    found = results.get(timeout=120)
    for child in children:
        child.join(10)
        child.kill()
    return found


@FORKS
@pytest.mark.claim("MN-314", by="example")
def test_one_two_and_four_processes_agree(settings):
    runs = [
        settings(epochs=1, precision="float64"),
        settings(model="invariant", epochs=1, precision="float64"),
        settings(method="exact", model="dense", precision="float64"),
    ]
    alone = [run(given) for given in runs]
    for size in (2, 4):
        for (theirs, least, processes), ours in zip(together(size, runs), alone, strict=True):
            assert processes == size
            assert least == pytest.approx(ours.result["optimum"], rel=1e-12)
            if ours.history:
                assert torch.allclose(torch.tensor(theirs, dtype=torch.float64), weights(ours), rtol=1e-6, atol=1e-8)


def test_several_files_with_few_pictures_each(settings, digits, tmp_path):
    for number, part in enumerate(load_images("train")[:TRAIN].split(300)):
        write_idx(tmp_path / f"train-{number}-images-idx3-ubyte", part.clone())
    (tmp_path / "t10k-images-idx3-ubyte").write_bytes((digits / "t10k-images-idx3-ubyte").read_bytes())
    assert run(settings(data=tmp_path, epochs=4, batch_size=45)).result["gap"] < 0.3


def test_shares_cover_everything_once():
    for count in (0, 1, 7, 60_000):
        shares = [Group(rank, 4).share(count) for rank in range(4)]
        assert [shares[0][0], shares[-1][1]] == [0, count]
        assert all(a[1] == b[0] for a, b in itertools.pairwise(shares))


def test_an_exact_loss_of_a_network_that_passes_everything_is_zero():
    network = Dense(784)
    with torch.no_grad():
        network.encoder.weight.copy_(torch.eye(784))
        network.decoder.weight.copy_(torch.eye(784))
    assert exact_loss(network, torch.eye(784, dtype=torch.float64)) == 0
    assert folders.FREE
