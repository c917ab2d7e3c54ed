"""What a run tells while it works: a bar on a terminal, plain lines anywhere else."""

import sys
from typing import Any

from tqdm import tqdm

from snippets.mnist.train.report import Epoch, gap_text


class Watch:
    """Is told what happens, and tells nobody."""

    def say(self, line: str) -> None:
        """Hear a line."""

    def start(self, steps: int, done: int) -> None:
        """Hear that training starts, of so many steps in all, some of which an earlier run did."""

    def moved(self, now: Epoch, *, ended: bool) -> None:
        """Hear where the weights stand; `ended` where it is the end of an epoch."""


class Tell(Watch):
    """Writes to standard error: a bar with loss, gap and speed on a terminal, else a line an epoch."""

    def __init__(self, stream: Any = None) -> None:
        """Write to standard error unless told otherwise."""
        self.stream = sys.stderr if stream is None else stream
        self.bar: tqdm | None = None

    def say(self, line: str) -> None:
        """Write the line."""
        print(line, file=self.stream, flush=True)

    def start(self, steps: int, done: int) -> None:
        """Draw the empty bar."""
        self.steps = steps
        if self.stream.isatty():
            self.bar = tqdm(
                total=steps,
                initial=done,
                file=self.stream,
                unit="step",
                dynamic_ncols=True,
            )

    def moved(self, now: Epoch, *, ended: bool) -> None:
        """Draw the bar anew, or write a line at the end of an epoch."""
        speed = f"{now.images / max(now.seconds, 1e-9):,.0f} images/s"
        gap = gap_text(now.train_loss, now.gap)
        if self.bar:
            self.bar.set_postfix_str(
                f"loss {now.train_loss:.6f}, {gap}, {speed}", refresh=False
            )
            self.bar.update(now.step - self.bar.n)
            if now.step == self.steps:
                self.bar.close()
        elif ended:
            self.say(
                f"epoch {now.epoch:>3}  step {now.step:>6}/{self.steps}  loss {now.train_loss:.6f}  {gap}  "
                f"test {now.test_loss:.6f}  {speed}"
            )
