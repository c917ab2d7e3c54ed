"""Settings that all tests share."""

import os

os.environ.setdefault("MPLBACKEND", "Agg")
os.environ.setdefault("OMP_NUM_THREADS", "1")  # tests run side by side, as the build's workers do; read at the import

import pytest
import torch
from hypothesis import settings

torch.set_num_threads(1)  # also where a plugin has imported torch before

# The same examples on every machine, as a reader's build runs these tests too; and no limit that a busy machine would miss.
settings.register_profile("book", deadline=None, derandomize=True, database=None)
settings.load_profile("book")

torch.set_default_dtype(torch.float64)  # the book computes in double precision, as each page says for itself

pytest_plugins = ["book.measure"]


LAST = ["tests/test_figures.py", "tests/pages/test_chapters.py", "tests/pages/test_site.py"]


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Put last what asks for the built book: the build does not run the tests of claims again that passed before."""
    items.sort(key=lambda item: next((1 + at for at, file in enumerate(LAST) if item.nodeid.startswith(file)), 0))
