"""Training: every method reaches the optimum, and processes, cuts and kills do not change where it ends."""

import dataclasses
import itertools
import os
import random
import signal
import time

import pytest
import torch
import torch.distributed as dist
import torch.multiprocessing as mp

from snippets.mnist.train import loop, pictures, run
from snippets.mnist.train.batches import pieces
from snippets.mnist.train.gradients import of_batch, of_moments
from snippets.mnist.train.moments import moments
from snippets.mnist.train.networks import Network, features, inputs, layout, random_network
from snippets.mnist.train.optimizers import rate
from snippets.mnist.train.processes import Group, group
from snippets.mnist.train.progress import Watch
from snippets.mnist.train.stopping import Stopping

from .conftest import TRAIN, Recorder, weights, write_idx

SMALL = (3, 2, 1, 0, 2, 0, 0, 1, 0, 0, 0, 0, 0, 1, 2)
MODELS = {
    "dense": {"rank": 19}, "equivariant": {"rank": 19, "ranks": SMALL},
    "semi-equivariant": {"rank": 19, "ranks": SMALL}, "invariant": {"rank": 19},
}
EVERY = pytest.mark.parametrize("model", MODELS)
FORKS = pytest.mark.filterwarnings("ignore:This process.*is multi-threaded")


@EVERY
@pytest.mark.parametrize("method", ["gradient", "gram"])
def test_the_scaled_descent_comes_within_half_a_percent_of_the_optimum(settings, model, method):
    report = run(settings(model=model, method=method, epochs={"gradient": 30, "gram": 100}[method], **MODELS[model]))
    assert 0 <= report.gap < 0.005
    assert report.train_loss == pytest.approx((1 + report.gap) * report.optimum)
    assert report.history[-1].train_loss == report.train_loss
    assert report.history[0].gap > report.gap


@pytest.mark.parametrize("model", ["dense", "equivariant"])
@pytest.mark.parametrize(("optimizer", "lr", "gap"), [("adam", 0.01, 0.05), ("sgd", 0.005, 0.35)])
@pytest.mark.parametrize("method", ["gradient", "gram"])
def test_the_others_come_nearer_more_slowly(settings, model, optimizer, lr, gap, method):
    epochs = {"gradient": 40, "gram": 400}[method]
    report = run(settings(model=model, method=method, optimizer=optimizer, lr=lr, epochs=epochs, batch_size=60, **MODELS[model]))
    assert 0 <= report.gap < gap


@pytest.mark.parametrize("model", ["equivariant", "semi-equivariant"])
def test_the_best_ranks_beat_those_of_the_paper(settings, model):
    best, paper = (run(settings(model=model, method="exact", ranks=ranks)) for ranks in ("best", "paper"))
    assert best.optimum < paper.optimum
    assert best.gap == paper.gap == 0.0
    assert best.ranks[0] + best.ranks[14] + 2 * sum(best.ranks[1:14]) == 99


@EVERY
def test_gradients_are_those_of_autograd(model):
    form = layout(model, 19, MODELS[model].get("ranks"))
    x = torch.rand(30, 28, 28, generator=torch.Generator().manual_seed(0))
    network = random_network(form, 0)
    network.decoder.mul_(0.9)
    f = features(form, x).transpose(0, 1)
    e, d = (w.detach().clone().requires_grad_() for w in (network.encoder, network.decoder))
    ((f - inputs(form, f) @ e @ d).square().sum() / 60).backward()
    with torch.no_grad():
        sums = of_batch(form, f, e, d, True)
        from_moments = of_moments(moments(model, iter([x]), 30, Group()).of(form), Network(form, e.detach(), d.detach()))
    assert torch.allclose(sums.encoder / 30, e.grad)
    assert torch.allclose(sums.decoder / 30, d.grad)
    if model != "equivariant":  # whose moments keep only what an equivariant map can see
        assert torch.allclose(from_moments.encoder, e.grad)
        assert torch.allclose(from_moments.decoder, d.grad)
        assert torch.allclose(from_moments.codes, sums.codes / 30)


def test_one_seed_gives_the_same_weights_and_another_does_not(settings):
    one, again, other = (weights(run(settings(seed=seed, epochs=2))) for seed in (0, 0, 1))
    assert torch.equal(one, again)
    assert not torch.equal(one, other)


def test_precisions_end_at_the_same_place(settings):
    single, double, half = (run(settings(epochs=10, precision=p)) for p in ("float32", "float64", "bfloat16"))
    assert single.train_loss == pytest.approx(double.train_loss, rel=1e-4)
    assert half.train_loss == pytest.approx(double.train_loss, rel=1e-2)
    assert single.optimum == pytest.approx(double.optimum, rel=1e-5)


def test_batches_are_of_nearly_equal_size_and_hold_every_picture_once(settings, monkeypatch):
    seen = []
    real = loop.of_batch
    monkeypatch.setattr(loop, "of_batch", lambda form, f, *rest: seen.append(f) or real(form, f, *rest))
    run(settings(model="dense", rank=5, epochs=1, batch_size=130, shift=0.0))
    assert [f.shape[1] for f in seen] == [129] * 4 + [128] * 3
    given = settings(model="dense", rank=5, shift=0.0)
    shards, _ = pictures.splits(given)
    expected = torch.cat(list(pictures.chunks(shards[0], given, Group(), torch.device("cpu"))))
    assert torch.allclose(torch.cat(seen, dim=1).sum((0, 2)).sort().values, expected.sum((1, 2)).sort().values, rtol=1e-5)
    assert pieces(900, 130) == 7


def test_shards_from_disk_train_as_well(settings, digits, monkeypatch):
    monkeypatch.setattr(pictures, "SHARD", 250)
    report = run(settings(epochs=20))
    assert report.gap < 0.01
    assert report.optimum == pytest.approx(run(settings(method="exact")).optimum, rel=1e-6)


def test_the_cost_of_a_step_on_moments_does_not_depend_on_the_number_of_pictures(settings, monkeypatch):
    read = []
    real = pictures.File.read
    monkeypatch.setattr(pictures.File, "read", lambda self, *span: read.append(span) or real(self, *span))
    run(settings(method="gram", epochs=3))
    few = len(read)
    run(settings(method="gram", epochs=30))
    assert len(read) == 2 * few


def test_a_rate_that_is_too_large_is_named(settings):
    with pytest.raises(ValueError, match=r"diverged at step \d+: choose an lr below 5.0"):
        run(settings(model="dense", rank=5, optimizer="sgd", lr=5.0, epochs=20))


def test_rates_fall_to_zero():
    assert rate("scaled", "gram", 1.0, 99, 100) == 1.0
    assert rate("scaled", "gradient", 0.3, 0, 100) == 0.3
    assert rate("adam", "gradient", 1.0, 0, 100) == pytest.approx(0.2)
    assert rate("adam", "gram", 1.0, 50, 100) == pytest.approx(0.5)


# --- interruptions


class Pressing(Recorder):
    """Presses Ctrl-C when some steps are done."""

    def __init__(self, step: int, times: int = 1) -> None:
        super().__init__()
        self.step, self.times = step, times

    def moved(self, now, *, ended: bool) -> None:
        super().moved(now, ended=ended)
        while now.step >= self.step and self.times:
            self.times -= 1
            os.kill(os.getpid(), signal.SIGINT)
            time.sleep(0.01)  # or two signals may be told as one


@pytest.mark.parametrize(("method", "optimizer"), [("gradient", "scaled"), ("gradient", "adam"), ("gram", "scaled"), ("gram", "sgd")])
def test_ctrl_c_leaves_a_checkpoint_from_which_the_same_weights_come(settings, tmp_path, monkeypatch, method, optimizer):
    monkeypatch.setattr(loop, "SHOW_SECONDS", 0.0)
    given = settings(method=method, optimizer=optimizer, epochs=4)
    whole = run(given)
    there = dataclasses.replace(given, out=tmp_path / "run")
    stopped = run(there, Pressing(step=2))
    assert not stopped.finished
    assert (tmp_path / "run" / "last.pt").exists()
    resumed = run(dataclasses.replace(there, resume=True))
    assert resumed.finished
    assert torch.equal(weights(resumed), weights(whole))
    assert [row.train_loss for row in resumed.history] == [row.train_loss for row in whole.history]


def test_a_second_ctrl_c_interrupts_at_once(settings, monkeypatch):
    monkeypatch.setattr(loop, "SHOW_SECONDS", 0.0)
    before = signal.getsignal(signal.SIGINT)
    with pytest.raises(KeyboardInterrupt):
        run(settings(epochs=4), Pressing(step=2, times=2))
    assert signal.getsignal(signal.SIGINT) is before


def test_outside_of_the_main_thread_nothing_is_listened_to():
    import threading

    seen = []
    thread = threading.Thread(target=lambda: seen.append(Stopping().__enter__().before))
    thread.start()
    thread.join()
    assert seen == [{}]


def test_ctrl_c_after_the_last_step_changes_nothing(settings):
    assert run(settings(method="gram", epochs=5), Pressing(step=5)).finished


class Dawdling(Watch):
    """Gives the killer time."""

    def moved(self, now, *, ended: bool) -> None:
        time.sleep(0.02)


def train_slowly(given) -> None:
    loop.SHOW_SECONDS = loop.SAVE_SECONDS = 0.0
    torch.set_num_threads(1)
    run(given, Dawdling())


@FORKS
def test_after_a_kill_at_any_moment_the_same_weights_come(settings, tmp_path):
    given = settings(epochs=4)
    whole = weights(run(given))
    chance, ends = random.Random(0), []
    for number in range(5):
        there = dataclasses.replace(given, out=tmp_path / str(number))
        child = mp.get_context("fork").Process(target=train_slowly, args=(there,))
        child.start()
        while not (there.out / "settings.json").exists():
            time.sleep(0.005)
        time.sleep(chance.uniform(0, 1.5))
        child.kill()
        child.join()
        ends.append(child.exitcode)
        assert torch.equal(weights(run(dataclasses.replace(there, resume=True))), whole)
    assert set(ends) <= {0, -signal.SIGKILL}
    assert -signal.SIGKILL in ends


# --- several processes


def work(rank: int, size: int, store: str, runs: list, results) -> None:
    torch.set_num_threads(1)
    os.environ.update(RANK=str(rank), WORLD_SIZE=str(size), MASTER_ADDR="localhost", MASTER_PORT=store)
    dist.init_process_group("gloo")
    reports = [run(given) for given in runs]
    if rank == 0:
        results.put([(weights(report).tolist(), report.optimum, report.processes) for report in reports])
    dist.destroy_process_group()


def free_port() -> str:
    import socket

    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return str(probe.getsockname()[1])


@FORKS
def test_one_two_and_four_processes_agree(settings):
    runs = [
        settings(epochs=2, precision="float64"), settings(model="invariant", epochs=1, precision="float64"),
        settings(method="gram", epochs=3, precision="float64"), settings(method="exact", model="dense", precision="float64"),
    ]
    alone = [run(given) for given in runs]
    for size in (2, 4):
        context = mp.get_context("fork")
        results, port = context.Queue(), free_port()
        children = [context.Process(target=work, args=(rank, size, port, runs, results)) for rank in range(size)]
        for child in children:
            child.start()
        found = results.get(timeout=60)
        for child in children:
            child.join(10)
            child.kill()
        for (theirs, optimum, processes), ours in zip(found, alone, strict=True):
            assert processes == size
            assert optimum == pytest.approx(ours.optimum, rel=1e-12)
            if ours.history:
                assert torch.allclose(torch.tensor(theirs), weights(ours), rtol=1e-6, atol=1e-8)


class Joined:
    """Lets one process take itself for two, so that what it sends comes back as it was."""

    def __init__(self, monkeypatch, tmp_path) -> None:
        self.backends = []
        real = dist.init_process_group

        def alone(backend: str) -> None:
            self.backends.append(backend)
            real("gloo", init_method=f"file://{tmp_path}/store", rank=0, world_size=1)

        monkeypatch.setenv("WORLD_SIZE", "2")
        monkeypatch.setattr(dist, "init_process_group", alone)


def test_gradients_and_wishes_travel_in_one_message(settings, tmp_path, monkeypatch):
    Joined(monkeypatch, tmp_path)
    monkeypatch.setattr(loop, "SHOW_SECONDS", 0.0)
    monkeypatch.setattr(Group, "share", lambda self, count: (0, count))
    given = settings(epochs=1, model="invariant", rank=5, out=tmp_path / "run")
    report = run(given, Pressing(step=3))
    assert not report.finished
    assert report.processes == 2
    assert not dist.is_initialized()
    monkeypatch.delenv("WORLD_SIZE")
    assert run(dataclasses.replace(given, resume=True)).gap == run(settings(epochs=1, model="invariant", rank=5)).gap


def test_gpus_talk_by_nccl(tmp_path, monkeypatch):
    joined = Joined(monkeypatch, tmp_path)
    monkeypatch.setattr(dist, "get_backend", lambda: "nccl")
    monkeypatch.setattr(torch.cuda, "current_device", lambda: 0)
    moved = []
    with group(torch.device("cuda", 0)) as mine:
        assert mine == Group(0, 2)
        tensor = torch.ones(3, dtype=torch.float32)
        monkeypatch.setattr(torch.Tensor, "to", lambda self, place: moved.append(place) or self.clone())
        mine.add(tensor)
    assert joined.backends == ["nccl"]
    assert moved == ["cuda:0"]
    assert tensor.tolist() == [1, 1, 1]


def test_shares_cover_everything_once():
    for count in (0, 1, 7, 60_000):
        shares = [Group(rank, 4).share(count) for rank in range(4)]
        assert shares[0][0] == 0
        assert shares[-1][1] == count
        assert all(a[1] == b[0] for a, b in itertools.pairwise(shares))


def test_several_files_with_few_pictures_each(settings, digits, tmp_path):
    from snippets.mnist.data import load_images

    for number, part in enumerate(load_images("train")[:TRAIN].split(300)):
        write_idx(tmp_path / f"train-{number}-images-idx3-ubyte", part.clone())
    (tmp_path / "t10k-images-idx3-ubyte").write_bytes((digits / "t10k-images-idx3-ubyte").read_bytes())
    assert run(settings(data=tmp_path, epochs=10)).gap < 0.02
