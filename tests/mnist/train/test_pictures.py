"""The pictures: the same ones for any cut into shards and processes, read from disk as they are needed."""

import gzip
import struct
import subprocess
import sys

import pytest
import torch

from snippets.mnist.data import load_images
from snippets.mnist.exact import second_moment
from snippets.mnist.shifts import cyclic_shift, random_amounts, shift
from snippets.mnist.train import pictures
from snippets.mnist.train.moments import moments
from snippets.mnist.train.pictures import File, Memory, chunks, size, splits
from snippets.mnist.train.processes import Group
from snippets.mnist.train.settings import Settings

from .conftest import TEST, TRAIN, write_idx

CPU = torch.device("cpu")


ALONE = Group()


def all_of(shards, settings, group=ALONE) -> torch.Tensor:
    return torch.cat([x for shard in shards for x in chunks(shard, settings, group, CPU, 130)])


def test_they_are_those_of_the_exact_chapter(settings):
    train, test = splits(settings(seed=3))
    generator = torch.Generator().manual_seed(3)
    for split, shards, count in (("train", train, TRAIN), ("test", test, TEST)):
        expected = shift(load_images(split)[:count] / 255.0, random_amounts(count, generator))
        assert torch.allclose(all_of(shards, settings(seed=3)).double(), expected, atol=1e-6)


def test_the_books_own_digits_are_taken_without_a_folder(monkeypatch):
    monkeypatch.delenv("MNIST_DIR", raising=False)
    train, test = splits(Settings())
    assert (size(train), size(test)) == (60_000, 10_000)
    assert isinstance(train[0].source, Memory)


def test_the_variable_names_a_folder(digits, monkeypatch):
    monkeypatch.setenv("MNIST_DIR", str(digits))
    train, _ = splits(Settings())
    assert train[0].source == File(digits / "train-images-idx3-ubyte", TRAIN)


@pytest.mark.parametrize("kind", ["continuous", "cyclic"])
def test_shards_files_and_processes_do_not_change_them(settings, digits, tmp_path, monkeypatch, kind):
    whole = all_of(splits(settings(shift_kind=kind))[0], settings(shift_kind=kind))
    images = load_images("train")[:TRAIN]
    for number, part in enumerate(images.split(350)):
        write_idx(tmp_path / f"train-{number}-images-idx3-ubyte", part.clone())
    (tmp_path / "t10k-images-idx3-ubyte").write_bytes((digits / "t10k-images-idx3-ubyte").read_bytes())
    monkeypatch.setattr(pictures, "SHARD", 200)
    cut = settings(shift_kind=kind, data=tmp_path)
    shards = splits(cut)[0]
    assert [shard.count for shard in shards] == [200, 150, 200, 150, 200]
    assert torch.equal(all_of(shards, cut), whole)
    shares = [[all_of([shard], cut, Group(rank, 3)) for rank in range(3)] for shard in shards]
    assert torch.equal(torch.cat([part for parts in shares for part in parts]), whole)


@pytest.mark.parametrize(("reach", "expected"), [(5.6, range(-5, 6)), (0.0, [0]), (14.0, range(28)), (28.0, range(28))])
def test_cyclic_shifts_are_whole(settings, reach, expected):
    given = settings(shift_kind="cyclic", shift=reach)
    drawn = pictures.draw(given, 3000, torch.Generator().manual_seed(0))
    assert sorted(set(drawn.tolist())) == list(expected)
    shards, _ = splits(given)
    amounts = pictures.draw(given, TRAIN, torch.Generator().manual_seed(0))
    assert torch.allclose(all_of(shards, given).double(), cyclic_shift(load_images("train")[:TRAIN], amounts) / 255.0)


def test_without_a_shift_they_are_the_digits(settings):
    given = settings(shift=0.0, precision="float64")
    assert torch.allclose(all_of(splits(given)[0], given), load_images("train")[:TRAIN] / 255.0)


def test_more_processes_than_pictures(settings):
    given = settings()
    shard = splits(given)[0][0]._replace(count=2)
    assert [len(list(chunks(shard, given, Group(rank, 3), CPU))) for rank in range(3)] == [0, 1, 1]


def test_moments_are_those_of_the_exact_chapter(settings):
    shards, _ = splits(settings())
    amounts = random_amounts(TRAIN, torch.Generator().manual_seed(0), 5.6)
    ours = moments("dense", chunks(shards[0], settings(), Group(), CPU), TRAIN, Group())
    assert torch.allclose(ours.inputs[0], second_moment(load_images("train")[:TRAIN], amounts), atol=1e-6)
    assert ours.energy == pytest.approx(float(ours.inputs[0].trace()), rel=1e-6)


@pytest.mark.parametrize(
    ("damage", "message"),
    [
        (lambda c: c[:-1], r"is damaged: 705615 bytes, expected 705616 by its header \(900, 28, 28\)"),
        (lambda c: c[:9], "is damaged: its header is 00000803"),
        (lambda c: b"<html>" + c, "its header is 3c68746d"),
        (lambda c: c[:4] + struct.pack(">3I", 0, 28, 28), "0 pictures of 28×28 pixels"),
        (lambda c: c[:4] + struct.pack(">3I", 900, 14, 56) + c[16:], "900 pictures of 14×56 pixels, expected some of 28×28"),
    ],
)
def test_damaged_files_are_named(digits, tmp_path, damage, message):
    for file in digits.iterdir():
        (tmp_path / file.name).write_bytes(file.read_bytes())
    file = tmp_path / "train-images-idx3-ubyte"
    file.write_bytes(damage(file.read_bytes()))
    with pytest.raises(ValueError, match=f"train-images-idx3-ubyte.*{message}.*npm ci"):
        splits(Settings(data=tmp_path))


def test_a_file_that_shrinks_is_noticed(digits, tmp_path):
    file = tmp_path / "train-images-idx3-ubyte"
    file.write_bytes((digits / file.name).read_bytes())
    source = File(file, TRAIN)
    file.write_bytes(file.read_bytes()[:20_000])
    with pytest.raises(ValueError, match="became shorter"):
        source.read(0, TRAIN)


def test_a_missing_folder_and_packed_files(digits, tmp_path):
    with pytest.raises(FileNotFoundError, match="train-images-idx3-ubyte does not exist"):
        splits(Settings(data=tmp_path / "nothing"))
    for file in digits.iterdir():
        (tmp_path / f"{file.name}.gz").write_bytes(gzip.compress(file.read_bytes(), mtime=0))
    train, test = splits(Settings(data=tmp_path))
    assert (size(train), size(test)) == (TRAIN, TEST)
    assert torch.equal(all_of(train, Settings(data=tmp_path)), all_of(splits(Settings(data=digits))[0], Settings()))


STREAM = """
import sys
from pathlib import Path
from bench.training import peak
from snippets.mnist.train import Settings, pictures, run
pictures.SHARD = 2000
folder = Path(sys.argv[1])
peaks = []
for name in ("small", "large"):
    report = run(Settings(data=folder / name, method="gradient", epochs=1, model="equivariant", device="cpu"))
    assert name == "small" or report.gap < 0.01, report
    peaks.append(peak())
print(*peaks)
"""


def test_memory_does_not_grow_with_the_number_of_pictures(tmp_path):
    images = load_images("train")[:4000]
    for name, times in (("small", 5), ("large", 40)):
        (tmp_path / name).mkdir()
        write_idx(tmp_path / name / "train-images-idx3-ubyte", images.repeat(times, 1, 1))
        write_idx(tmp_path / name / "t10k-images-idx3-ubyte", images[:100].clone())
    done = subprocess.run([sys.executable, "-c", STREAM, str(tmp_path)], capture_output=True, text=True, check=True)
    small, large = map(float, done.stdout.split())
    assert large - small < 50, "140,000 pictures more are 105 MiB as bytes and 480 MiB as features"
