"""The digits: what is read, where it is looked for, and what happens to damaged files."""

import gzip
import hashlib
import os
import struct
import threading
from collections.abc import Iterator
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import jaxtyping
import pytest
import torch

from snippets.mnist import data
from snippets.mnist.data import load_images, load_labels

# The sums that mirrors and libraries have published for the unpacked files since MNIST appeared.
MD5 = {
    "train-images-idx3-ubyte": "6bbc9ace898e44ae57da46a324031adb",
    "train-labels-idx1-ubyte": "a25bea736e30d166cdddb491f175f624",
    "t10k-images-idx3-ubyte": "2646ac647ad5339dbf082846283269ea",
    "t10k-labels-idx1-ubyte": "27ae3e4e09519cfbb04c329615203637",
}
NAME = "t10k-images-idx3-ubyte"
LABELS = "t10k-labels-idx1-ubyte"


def idx(entries: torch.Tensor) -> bytes:
    header = bytes([0, 0, 8, entries.ndim]) + struct.pack(f">{entries.ndim}I", *entries.shape)
    return header + entries.numpy().tobytes()


@pytest.fixture(autouse=True)
def no_folder_of_the_user(monkeypatch):
    monkeypatch.delenv("MNIST_DIR", raising=False)


@pytest.fixture
def small() -> torch.Tensor:
    return torch.randint(0, 256, (5, 28, 28), generator=torch.Generator().manual_seed(0), dtype=torch.uint8)


class Handler(SimpleHTTPRequestHandler):
    """Serves a folder; what is in `cut` is announced longer than it is, and of what is in `mute` no length is told."""

    def log_message(self, *args: object) -> None:
        pass

    def send_header(self, keyword: str, value: str) -> None:
        if keyword == "Content-Length" and "/cut/" in self.path:
            value = str(int(value) + 1000)
        if keyword != "Content-Length" or "/mute/" not in self.path:
            super().send_header(keyword, value)


@pytest.fixture
def mirror(tmp_path, monkeypatch, small) -> Iterator[Path]:
    """Serve a folder on this machine as the only mirror, and look for nothing in the npm package."""
    folder = tmp_path / "mirror"
    folder.mkdir()
    server = ThreadingHTTPServer(("127.0.0.1", 0), partial(Handler, directory=str(folder)))
    thread = threading.Thread(target=partial(server.serve_forever, poll_interval=0.01))
    thread.start()
    monkeypatch.setattr(data, "MIRRORS", (f"http://127.0.0.1:{server.server_port}/",))
    monkeypatch.setattr(data, "PACKAGE", tmp_path / "nothing")
    monkeypatch.setattr(data, "CACHE", tmp_path / "cache")
    monkeypatch.setitem(data.SHA256, NAME, hashlib.sha256(idx(small)).hexdigest())
    yield folder
    server.shutdown()
    thread.join()
    server.server_close()


def cached_files(tmp_path: Path) -> list[str]:
    return sorted(file.name for file in (tmp_path / "cache").glob("*")) + sorted(
        file.name for file in (tmp_path / "cache").glob(".*")
    )


@pytest.mark.claim("MN-01")
def test_there_are_sixty_thousand_digits_to_train_on_and_ten_thousand_to_test(measured):
    measured.exact(tuple(load_images("train").shape), (60000, 28, 28))
    measured.exact(tuple(load_images("test").shape), (10000, 28, 28))
    digits = [5923, 6742, 5958, 6131, 5842, 5421, 5918, 6265, 5851, 5949]
    measured.exact(load_labels("train").bincount().tolist(), digits)
    measured.exact(load_labels("test")[:10].tolist(), [7, 2, 1, 0, 4, 1, 4, 9, 5, 9])


@pytest.mark.claim("MN-01")
def test_the_checksums_are_those_of_the_canonical_files():
    for name, md5 in MD5.items():
        content = (data.PACKAGE / name).read_bytes()
        assert hashlib.md5(content).hexdigest() == md5
        assert hashlib.sha256(content).hexdigest() == data.SHA256[name]


def test_a_folder_given_comes_before_all_else(tmp_path, small, monkeypatch):
    (tmp_path / NAME).write_bytes(idx(small))
    (tmp_path / LABELS).write_bytes(idx(torch.arange(5, dtype=torch.uint8)))
    assert torch.equal(load_images("test", tmp_path), small)
    monkeypatch.setenv("MNIST_DIR", str(tmp_path))
    assert torch.equal(load_images("test"), small)
    assert load_labels("test").tolist() == [0, 1, 2, 3, 4]


def test_packed_files_in_the_folder_are_read(tmp_path, small):
    (tmp_path / f"{NAME}.gz").write_bytes(gzip.compress(idx(small), mtime=0))
    assert torch.equal(load_images("test", tmp_path), small)


@pytest.mark.parametrize("name", ["t10k-images.idx3-ubyte", "t10k-images.idx3-ubyte.gz"])
def test_files_are_found_as_other_tools_name_them(tmp_path, small, name):
    content = gzip.compress(idx(small), mtime=0) if name.endswith(".gz") else idx(small)
    (tmp_path / name).write_bytes(content)
    assert torch.equal(load_images("test", tmp_path), small)


def test_several_files_of_one_split_are_read_in_order(tmp_path, small):
    for number, part in enumerate(small.split(2)):
        (tmp_path / f"t10k-{number}-images-idx3-ubyte").write_bytes(idx(part.clone()))
    assert torch.equal(load_images("test", tmp_path), small)


def test_of_a_plain_file_only_what_is_asked_for_is_read(tmp_path, small):
    (tmp_path / NAME).write_bytes(idx(small))
    (file,) = data.image_files("test", tmp_path)
    assert torch.equal(file.read(1, 3), small[1:3])
    assert file.read(2, 2).shape == (0, 28, 28)
    (tmp_path / NAME).write_bytes(idx(small)[:2000])
    assert torch.equal(file.read(0, 2), small[:2])
    with pytest.raises(ValueError, match="became shorter"):
        file.read(0, 5)


def test_a_missing_file_is_named_with_the_remedy(tmp_path):
    with pytest.raises(
        FileNotFoundError, match=rf"{NAME} does not exist, nor t10k-images\.idx3-ubyte, .*\.gz.*npm ci.*MNIST_DIR"
    ):
        load_images("test", tmp_path)


@pytest.mark.parametrize(
    ("damage", "message"),
    [
        (lambda c: c[:-1], r"3935 bytes, expected 3936 by its header \(5, 28, 28\)"),
        (lambda c: c + b"\0", "3937 bytes, expected 3936"),
        (lambda c: c[:9], "9 bytes, expected a header of 16"),
        (lambda c: b"", "magic number is , expected 00000803"),
        (lambda c: b"\0\0\x08\x01" + c[4:], "magic number is 00000801, expected 00000803"),
        (lambda c: b"<html>", "magic number is 3c68746d, expected 00000803"),
        (lambda c: c[:4] + struct.pack(">3I", 0, 28, 28), "no entries"),
        (lambda c: c[:4] + struct.pack(">3I", 4, 35, 28) + c[16:], "pictures of 35×28 pixels, expected 28×28"),
    ],
)
def test_a_damaged_file_is_named_with_what_was_expected_and_found(tmp_path, small, damage, message):
    (tmp_path / NAME).write_bytes(damage(idx(small)))
    with pytest.raises(ValueError, match=f"{NAME}.*{message}.*npm ci"):
        load_images("test", tmp_path)


def test_labels_are_not_read_from_pictures(tmp_path, small):
    (tmp_path / LABELS).write_bytes(idx(small))
    with pytest.raises(ValueError, match="magic number is 00000803, expected 00000801"):
        load_labels("test", tmp_path)


def test_a_label_that_is_no_digit_is_named_with_its_place(tmp_path):
    (tmp_path / LABELS).write_bytes(idx(torch.tensor([9, 0, 10, 255], dtype=torch.uint8)))
    with pytest.raises(ValueError, match=f"{LABELS}: label 10 at place 2, expected 0 … 9; .*npm ci"):
        load_labels("test", tmp_path)


@pytest.mark.parametrize("split", ["trian", "t10k", "Train", "", None])
@pytest.mark.parametrize("load", [load_images, load_labels])
def test_a_split_that_there_is_not_is_refused_with_those_that_there_are(load, split, tmp_path, monkeypatch):
    monkeypatch.setattr(jaxtyping.config, "jaxtyping_disable", True)  # as in a program that checks no types
    for folder in (None, tmp_path):
        with pytest.raises(ValueError, match=rf"no split {split!r}: pass 'train' or 'test'"):
            load(split, folder)


def test_a_folder_with_the_name_of_a_file_is_passed_over(tmp_path, small):
    """So some archives unpack: a folder beside the file, which has the other name, or in its place."""
    (tmp_path / NAME).mkdir()
    with pytest.raises(FileNotFoundError, match=f"{NAME} is a folder: .*npm ci.*MNIST_DIR"):
        load_images("test", tmp_path)
    (tmp_path / "t10k-images.idx3-ubyte").write_bytes(idx(small))
    assert torch.equal(load_images("test", tmp_path), small)


@pytest.mark.parametrize("packed", [b"no gzip at all", gzip.compress(bytes(4000), mtime=0)[:-9]])
def test_a_damaged_packed_file_is_named(tmp_path, packed):
    (tmp_path / f"{NAME}.gz").write_bytes(packed)
    with pytest.raises(ValueError, match=rf"{NAME}\.gz is damaged"):
        load_images("test", tmp_path)


def test_a_flipped_bit_in_the_package_is_noticed(tmp_path, monkeypatch):
    content = bytearray((data.PACKAGE / LABELS).read_bytes())
    content[5000] ^= 1
    (tmp_path / LABELS).write_bytes(content)
    monkeypatch.setattr(data, "PACKAGE", tmp_path)
    with pytest.raises(ValueError, match=rf"{LABELS} is damaged: SHA-256 is .*expected {data.SHA256[LABELS]}"):
        load_labels("test")


def test_a_mirror_is_asked_once_and_the_file_kept(tmp_path, mirror, small):
    (mirror / f"{NAME}.gz").write_bytes(gzip.compress(idx(small), mtime=0))
    assert torch.equal(load_images("test"), small)
    (mirror / f"{NAME}.gz").unlink()
    assert torch.equal(load_images("test"), small)
    assert cached_files(tmp_path) == [NAME]


def test_a_damaged_file_in_the_cache_is_fetched_anew(tmp_path, mirror, small):
    (mirror / f"{NAME}.gz").write_bytes(gzip.compress(idx(small), mtime=0))
    (tmp_path / "cache").mkdir()
    (tmp_path / "cache" / NAME).write_bytes(idx(small)[:-7])
    assert torch.equal(load_images("test"), small)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (None, "404"),
        (b"<html>an error page</html>", "Not a gzipped file"),
        (gzip.compress(bytes(3000), mtime=0)[:-9], "end-of-stream"),
        (gzip.compress(b"another file", mtime=0), "SHA-256 is .* expected"),
    ],
)
def test_what_a_mirror_gives_wrongly_is_not_kept(tmp_path, mirror, content, message):
    if content is not None:
        (mirror / f"{NAME}.gz").write_bytes(content)
    with pytest.raises(ConnectionError, match=rf"(?s){NAME} is not here.*npm ci.*127\.0\.0\.1.*{message}"):
        load_images("test")
    assert cached_files(tmp_path) == []


def test_the_next_mirror_is_asked(tmp_path, mirror, small, monkeypatch):
    (mirror / "good").mkdir()
    (mirror / "good" / f"{NAME}.gz").write_bytes(gzip.compress(idx(small), mtime=0))
    monkeypatch.setattr(data, "MIRRORS", (*data.MIRRORS, f"{data.MIRRORS[0]}good/"))
    assert torch.equal(load_images("test"), small)


def test_a_mirror_need_not_tell_how_long_a_file_is(mirror, small, monkeypatch):
    (mirror / "mute").mkdir()
    (mirror / "mute" / f"{NAME}.gz").write_bytes(gzip.compress(idx(small), mtime=0))
    monkeypatch.setattr(data, "MIRRORS", (f"{data.MIRRORS[0]}mute/",))
    assert torch.equal(load_images("test"), small)


def test_a_connection_that_breaks_off_leaves_nothing(tmp_path, mirror, small, monkeypatch):
    (mirror / "cut").mkdir()
    (mirror / "cut" / f"{NAME}.gz").write_bytes(gzip.compress(idx(small), mtime=0))
    monkeypatch.setattr(data, "MIRRORS", (f"{data.MIRRORS[0]}cut/",))
    with pytest.raises(ConnectionError, match="the connection ended after"):
        load_images("test")
    assert cached_files(tmp_path) == []


def test_an_interrupted_write_leaves_the_old_file_and_nothing_else(tmp_path, mirror, small, monkeypatch):
    (mirror / f"{NAME}.gz").write_bytes(gzip.compress(idx(small), mtime=0))
    (tmp_path / "cache").mkdir()
    (tmp_path / "cache" / NAME).write_bytes(b"old")

    def interrupt(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(os, "replace", interrupt)
    with pytest.raises(KeyboardInterrupt):
        load_images("test")
    assert cached_files(tmp_path) == [NAME]
    assert (tmp_path / "cache" / NAME).read_bytes() == b"old"


def test_the_file_appears_under_its_name_only_when_complete(tmp_path, monkeypatch):
    seen = []
    replace = os.replace

    def watch(source: str, target: Path) -> None:
        seen.append((Path(source).read_bytes(), target.exists()))
        replace(source, target)

    monkeypatch.setattr(os, "replace", watch)
    data.write_atomically(tmp_path / "folder" / "file", b"all of it")
    assert seen == [(b"all of it", False)]
    assert (tmp_path / "folder" / "file").read_bytes() == b"all of it"


def test_a_download_shows_how_far_it_is(mirror, small, capsys):
    """The bar has the file's name and, as the mirror tells its size, a share."""
    packed = gzip.compress(idx(small), mtime=0)
    (mirror / f"{NAME}.gz").write_bytes(packed)
    load_images("test")
    shown = capsys.readouterr().err
    assert f"\r{NAME}.gz: " in shown
    assert "100%" in shown
    assert f"{len(packed) / 1000:.2f}k/{len(packed) / 1000:.2f}k" in shown
