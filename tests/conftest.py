"""Settings that all tests share."""

import os

from hypothesis import settings

os.environ.setdefault("MPLBACKEND", "Agg")

# The same examples on every machine, as a reader's build runs these tests too; and no limit that a busy machine would miss.
settings.register_profile("book", deadline=None, derandomize=True, database=None)
settings.load_profile("book")

pytest_plugins = ["book.measure"]
