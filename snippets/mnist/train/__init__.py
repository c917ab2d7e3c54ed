"""A trainer of linear autoencoders that knows the optimum: `python -m snippets.mnist.train --help`."""

from snippets.mnist.train.report import Epoch, Report
from snippets.mnist.train.running import run
from snippets.mnist.train.settings import Settings

__all__ = ["Epoch", "Report", "Settings", "run"]
