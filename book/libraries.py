"""What takes a worker longest to import, in one thread and without windows: it is forked from a process that has it."""

import os

os.environ.setdefault("MPLBACKEND", "Agg")
os.environ["OMP_NUM_THREADS"] = "1"  # what is printed and measured then does not depend on the number of cores

import matplotlib.backends.backend_svg
import matplotlib.pyplot  # noqa: F401
import torch  # noqa: F401
