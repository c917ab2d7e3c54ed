"""The command. It reads the options before torch is imported, so that help, typos and the first line come at once."""

import os
import sys
from collections.abc import Sequence

from snippets.mnist.train.settings import Settings, parser

STOPPED = 130  # what a shell expects of a program that Ctrl-C ended


def main(argv: Sequence[str] | None = None) -> int:
    """Run, and return the exit status: 0, 2 for what cannot be done, 130 after Ctrl-C."""
    options = vars(parser().parse_args(argv))
    shown = {name for name in ("json", "csv") if options.pop(name, False)}
    # of the processes under torchrun, one speaks
    stream = sys.stderr if os.environ.get("RANK", "0") == "0" else None
    try:
        settings = Settings(**options)
        if stream:
            first = f"{settings.model}, rank {settings.rank}, {settings.method}"
            print(f"{first}; loading torch", file=stream, flush=True)
        return carry_out(settings, shown, stream)
    except (ValueError, OSError, RuntimeError) as error:
        reason = "; ".join(str(error).splitlines() or [repr(error)])
        if stream:
            print(f"error: {reason}", file=stream)
        return 2
    except KeyboardInterrupt:
        print("\nstopped; what the last checkpoint holds is kept", file=sys.stderr)
        return STOPPED


def carry_out(settings: Settings, shown: set[str], stream: object) -> int:
    """Run and print the result."""
    from snippets.mnist.train.folder import with_folder
    from snippets.mnist.train.report import Progress, table
    from snippets.mnist.train.running import run

    report = run(with_folder(settings), Progress(stream))
    if stream:
        if "json" in shown:
            print(report.json())
        if "csv" in shown:
            print(table(report.history), end="")
        if not shown:
            print(report.summary())
        if not report.finished:
            there = f"--out {report.out} --resume"
            print(f"stopped; continue with the same command and {there}", file=stream)
    return 0 if report.finished else STOPPED


if __name__ == "__main__":
    sys.exit(main())
