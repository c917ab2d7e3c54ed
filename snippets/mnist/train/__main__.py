"""The command. It reads the options before torch is imported, so that help, typos and the first line come at once."""

import json
import os
import sys
from collections.abc import Sequence
from typing import Any

from snippets.mnist.train.settings import Settings, parser

STOPPED = 130  # what a shell expects of a program that Ctrl-C ended


def main(argv: Sequence[str] | None = None) -> int:
    """Run, and return the exit status: 0, 2 for what cannot be done, 130 after Ctrl-C."""
    options = vars(parser().parse_args(argv))
    try:
        return carry_out(options)
    except (ValueError, OSError, RuntimeError) as error:
        say(f"error: {'; '.join(str(error).splitlines() or [repr(error)])}")
        return 2
    except KeyboardInterrupt:
        say("\nstopped; what the last checkpoint holds is kept")
        return STOPPED


def say(text: str, file: Any = None) -> None:
    """Print, in the first of the processes that torchrun starts."""
    if os.environ.get("RANK", "0") == "0":
        print(text, file=file or sys.stderr, flush=True)


def carry_out(options: dict[str, Any]) -> int:
    """Run, print the result, and return the exit status."""
    shown = {name for name in ("json", "csv") if options.pop(name, False)}
    settings = Settings(**options)
    say(f"{settings.model}, rank {settings.rank}, {settings.method}; loading torch")

    from snippets.mnist.train.folder import new_folder
    from snippets.mnist.train.report import Progress, table
    from snippets.mnist.train.running import run

    settings.out = settings.out or new_folder(settings)
    report = run(settings, Progress(sys.stderr))
    if "json" in shown:
        say(json.dumps(report.record()), sys.stdout)
    if "csv" in shown:
        say(table(report.history).rstrip("\n"), sys.stdout)
    if not shown:
        say(report.summary(), sys.stdout)
    if not report.finished:
        there = f"--out {report.out} --resume"
        say(f"stopped; continue with the same command and {there}")
    return 0 if report.finished else STOPPED


if __name__ == "__main__":
    sys.exit(main())
