"""Settings that all tests share."""

import os

os.environ.setdefault("MPLBACKEND", "Agg")

pytest_plugins = ["book.measure"]
