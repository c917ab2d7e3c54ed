"""What the commands of the book share; it needs no torch, so that a mistake is answered at once."""

import argparse
from typing import NoReturn


class OneLineParser(argparse.ArgumentParser):
    """A parser whose complaints fit on one line."""

    def error(self, message: str) -> NoReturn:
        """Print the complaint and leave with status 2."""
        self.exit(
            2, f"error: {' '.join(message.split())}; --help says what is allowed\n"
        )
