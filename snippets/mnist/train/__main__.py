"""`python -m snippets.mnist.train`, alone or under torchrun."""

import sys

from snippets.mnist.train.cli import main

if __name__ == "__main__":
    sys.exit(main())
