"""The pictures: the same ones for any cut into shards and processes, read from disk as they are needed."""

import dataclasses
import subprocess
import sys

import pytest
import torch

from snippets.mnist.data import load_images
from snippets.mnist.exact import second_moment as exact_moment
from snippets.mnist.shifts import cyclic_shift, random_amounts, shift
from snippets.mnist.train import pictures
from snippets.mnist.train.networks import second_moment
from snippets.mnist.train.parallel import Group
from snippets.mnist.train.pictures import draw_shifts, splits
from snippets.mnist.train.settings import Settings

from .conftest import TEST, TRAIN, write_idx

CPU, ALONE = torch.device("cpu"), Group()


def all_of(given, split: int = 0, group: Group = ALONE) -> torch.Tensor:
    return torch.cat(list(splits(given, group, CPU)[split]))


def test_they_are_those_of_the_exact_chapter(settings):
    generator = torch.Generator().manual_seed(3)
    for split, (name, count) in enumerate((("train", TRAIN), ("test", TEST))):
        expected = shift(load_images(name)[:count] / 255.0, random_amounts(count, generator))
        assert torch.allclose(all_of(settings(seed=3), split).double(), expected.double(), atol=1e-6)


def test_the_books_own_digits_are_taken_without_a_folder(monkeypatch):
    monkeypatch.delenv("MNIST_DIR", raising=False)
    assert [part.count for part in splits(Settings(), ALONE, CPU)] == [60_000, 10_000]


@pytest.mark.parametrize("kind", ["continuous", "cyclic"])
def test_shards_files_and_processes_do_not_change_them(settings, digits, tmp_path, monkeypatch, kind):
    whole = all_of(settings(shift_kind=kind))
    for number, part in enumerate(load_images("train")[:TRAIN].split(350)):
        write_idx(tmp_path / f"train-{number}-images-idx3-ubyte", part.clone())
    (tmp_path / "t10k-images-idx3-ubyte").write_bytes((digits / "t10k-images-idx3-ubyte").read_bytes())
    monkeypatch.setattr(pictures, "SHARD", 200)
    cut = settings(shift_kind=kind, data=tmp_path)
    assert [len(shard.amounts) for shard in splits(cut, ALONE, CPU)[0].shards] == [200, 150, 200, 150, 200]
    assert torch.equal(all_of(cut), whole)
    shared = [list(splits(cut, Group(rank, 3), CPU)[0]) for rank in range(3)]
    assert torch.equal(torch.cat([part for parts in zip(*shared, strict=True) for part in parts]), whole)


@pytest.mark.parametrize(
    ("reach", "expected"),
    [(5.6, range(-5, 6)), (0.0, [0]), (13.9, range(-13, 14)), (14.0, range(28)), (28.0, range(28))],
)
def test_cyclic_shifts_are_whole(settings, reach, expected):
    given = settings(shift_kind="cyclic", shift=reach)
    assert sorted(set(draw_shifts(given, 3000, torch.Generator().manual_seed(0)).tolist())) == list(expected)
    by = draw_shifts(given, TRAIN, torch.Generator().manual_seed(0))
    assert torch.allclose(all_of(given), cyclic_shift(load_images("train")[:TRAIN], by) / 255.0)


def test_without_a_shift_they_are_the_digits(settings):
    assert torch.allclose(all_of(settings(shift=0.0, precision="float64")), load_images("train")[:TRAIN].double() / 255)


def test_batches_are_of_nearly_equal_size_and_hold_every_picture_once(settings):
    given = settings(batch_size=130)
    train, _ = splits(given, ALONE, CPU)
    batches = [x for x, _ in train.batches(0)]
    assert [len(x) for x in batches] == [129] * 4 + [128] * 3 == [count for _, count in train.batches(0)]
    assert train.steps == 7
    ink = [x.sum((1, 2)).sort().values for x in (torch.cat(batches), all_of(given))]
    assert torch.equal(*ink)


def test_batches_can_be_left_out_and_every_epoch_has_its_own_order(settings, monkeypatch):
    monkeypatch.setattr(pictures, "SHARD", 250)
    train, _ = splits(settings(), ALONE, CPU)
    whole, rest = ([x for x, _ in train.batches(1, skip)] for skip in (0, 4))
    assert all(torch.equal(a, b) for a, b in zip(whole[4:], rest, strict=True))
    assert not torch.equal(whole[0], next(train.batches(2))[0])


def test_processes_share_every_batch(settings):
    alone = [x for x, _ in splits(settings(), ALONE, CPU)[0].batches(0)]
    parts = [list(splits(settings(), Group(rank, 3), CPU)[0].batches(0)) for rank in range(3)]
    for whole, shared in zip(alone, zip(*parts, strict=True), strict=True):
        assert {count for _, count in shared} == {len(whole)}
        together = torch.cat([x for x, _ in shared])
        assert torch.equal(together.sum((1, 2)).sort().values, whole.sum((1, 2)).sort().values)


def test_more_processes_than_pictures(settings):
    parts = [splits(settings(), Group(rank, 3), CPU)[0] for rank in range(3)]
    for part in parts:
        part.shards = [part.shards[0]._replace(amounts=part.shards[0].amounts[:2])]
    assert [len(part.share(0)) for part in parts] == [0, 1, 1]


def test_the_moment_is_that_of_the_exact_chapter(settings):
    by = random_amounts(TRAIN, torch.Generator().manual_seed(0), 5.6)
    ours = second_moment(splits(settings(), ALONE, CPU)[0])
    assert ours.dtype == torch.float64
    assert torch.allclose(ours.float(), exact_moment(load_images("train")[:TRAIN], by).float(), atol=1e-6)


def test_a_missing_folder_is_named(tmp_path):
    with pytest.raises(
        FileNotFoundError, match=r"train-images-idx3-ubyte does not exist, nor train-images\.idx3-ubyte"
    ):
        splits(Settings(data=tmp_path / "nothing"), ALONE, CPU)


STREAM = """
import sys
from pathlib import Path
from bench.training import peak
from snippets.mnist.train import pictures
from snippets.mnist.train.running import run
from snippets.mnist.train.settings import Settings
pictures.SHARD = 2000
peaks = []
for name in ("small", "small", "large"):
    report = run(Settings(data=Path(sys.argv[1]) / name, epochs=1, device="cpu", batch_size=1000))
    assert report.result["finished"]
    peaks.append(peak())
print(*peaks)
"""


def test_memory_does_not_grow_with_the_number_of_pictures(tmp_path):
    images = load_images("train")[:4000]
    for name, times in (("small", 3), ("large", 20)):
        (tmp_path / name).mkdir()
        write_idx(tmp_path / name / "train-images-idx3-ubyte", images.repeat(times, 1, 1))
        write_idx(tmp_path / name / "t10k-images-idx3-ubyte", images[:100].clone())
    done = subprocess.run([sys.executable, "-c", STREAM, str(tmp_path)], capture_output=True, text=True, check=True)
    _, small, large = map(float, done.stdout.split())  # the first run fills caches
    assert large - small < 30, "68,000 pictures more are 51 MiB as bytes and 203 MiB in single precision"


def test_settings_of_a_resumed_run_draw_the_same(settings):
    again = dataclasses.replace(settings(), epochs=9)
    assert torch.equal(all_of(settings()), all_of(again))
