"""The browser in which pages are tested: Chromium's headless shell, which works less, or else Chromium or Chrome."""

import os
import shutil

import pytest

from press import paper

CHROMIUM = shutil.which("chromium-headless-shell") or paper.chromium()
FLAGS = ["--headless", "--disable-quic", "--no-first-run", *paper.FLAGS]
# The shell says that a mouse which nobody has moved is in the corner; Chromium says nothing.
UNMOVED = """addEventListener("pointermove", (event) => {
  if (event.clientX === 0 && event.clientY === 0) event.stopImmediatePropagation();
}, true)"""

needed = pytest.mark.skipif(
    CHROMIUM is None and not os.environ.get("CI"),
    reason="no Chromium on this machine: install it (Debian: apt-get install chromium-headless-shell) to test pages in it",
)
