"""What the commands of the book share; it needs no torch, so that a mistake is answered at once."""

import argparse
from typing import NoReturn

LONGEST_LINE = 400  # of a complaint, which may repeat what was typed


def shortened(line: str) -> str:
    """Return a line of bounded length: what is too long loses its middle."""
    half = LONGEST_LINE // 2
    return line if len(line) <= LONGEST_LINE else f"{line[:half]} … {line[-half:]}"


class OneLineParser(argparse.ArgumentParser):
    """A parser whose complaints fit on one line."""

    def error(self, message: str) -> NoReturn:
        """Print the complaint and leave with status 2."""
        complaint = shortened(" ".join(message.split()))
        self.exit(2, f"error: {complaint}; --help says what is allowed\n")
