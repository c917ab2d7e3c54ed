"""Ctrl-C as a wish, not an accident: the step in progress is finished, and a checkpoint written."""

import signal
import threading
from types import FrameType, TracebackType


class Stopping:
    """Within this context Ctrl-C and SIGTERM only set `asked`; a second one interrupts at once."""

    def __init__(self) -> None:
        """Nothing is asked yet."""
        self.asked = False
        self.before: dict[signal.Signals, object] = {}

    def __enter__(self) -> "Stopping":
        """Listen, if this is the thread that signals reach."""
        if threading.current_thread() is threading.main_thread():
            for number in (signal.SIGINT, signal.SIGTERM):
                self.before[number] = signal.signal(number, self.ask)
        return self

    def ask(self, number: int, frame: FrameType | None) -> None:
        """Note the wish."""
        if self.asked:
            raise KeyboardInterrupt
        self.asked = True

    def __exit__(self, kind: type | None, error: BaseException | None, trace: TracebackType | None) -> None:
        """Listen as before."""
        for number, handler in self.before.items():
            signal.signal(number, handler)  # type: ignore[arg-type]
