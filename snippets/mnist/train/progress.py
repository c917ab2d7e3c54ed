"""What a run tells while it works: a bar on a terminal, plain lines anywhere else."""

import sys
from typing import Any

from tqdm import tqdm

from snippets.mnist.train.report import Epoch


class Watch:
    """Is told what happens, and tells nobody."""

    def say(self, line: str) -> None:
        """Hear a line."""

    def start(self, steps: int, done: int) -> None:
        """Hear that training starts, of so many steps in all, some of which an earlier run did."""

    def moved(self, now: Epoch, *, ended: bool) -> None:
        """Hear where the weights stand; `ended` where it is the end of an epoch."""

    def stop(self) -> None:
        """Hear that training is over."""


def speed(now: Epoch) -> str:
    """Write the pictures a second."""
    return f"{now.images / max(now.seconds, 1e-9):,.0f} images/s"


class Lines(Watch):
    """Writes a line at the end of each epoch, at most about thirty in all."""

    def __init__(self, stream: Any = None) -> None:
        """Write to standard error unless told otherwise."""
        self.stream = sys.stderr if stream is None else stream
        self.every, self.steps, self.shown = 1.0, 0, -1.0

    def say(self, line: str) -> None:
        """Write the line."""
        print(line, file=self.stream, flush=True)

    def start(self, steps: int, done: int) -> None:
        """Remember how long it will take."""
        self.steps, self.every, self.shown = steps, steps / 30, float(done)

    def moved(self, now: Epoch, *, ended: bool) -> None:
        """Write where the weights stand, unless a line was just written."""
        if ended and (now.step - self.shown >= self.every or now.step == self.steps):
            self.shown = now.step
            self.say(
                f"step {now.step:>6}/{self.steps}  loss {now.train_loss:.6f}  gap {now.gap:.3%}  "
                f"test {now.test_loss:.6f}  {speed(now)}"
            )


class Bar(Lines):
    """Draws a bar with the loss, the gap to the optimum and the speed."""

    def start(self, steps: int, done: int) -> None:
        """Draw the empty bar."""
        self.bar = tqdm(total=steps, initial=done, file=self.stream, unit="step", dynamic_ncols=True)

    def moved(self, now: Epoch, *, ended: bool) -> None:
        """Draw the bar anew."""
        self.bar.set_postfix_str(f"loss {now.train_loss:.6f}, gap {now.gap:.3%}, {speed(now)}", refresh=False)
        self.bar.update(now.step - self.bar.n)

    def stop(self) -> None:
        """Leave the bar as it is."""
        self.bar.close()


def watch(stream: Any = None) -> Lines:
    """Return a bar for a terminal and lines for anything else."""
    stream = sys.stderr if stream is None else stream
    return Bar(stream) if stream.isatty() else Lines(stream)
