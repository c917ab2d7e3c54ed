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
    first = (
        int(os.environ.get("RANK", 0)) == 0
    )  # of the processes under torchrun, one speaks
    try:
        settings = Settings(**options)
        if first:
            first_line = f"{settings.model}, rank {settings.rank}, {settings.method}; loading torch"
            print(first_line, file=sys.stderr, flush=True)
        return carry_out(settings, shown, first)
    except (ValueError, OSError, RuntimeError) as error:
        if first:
            print(
                "error: " + "; ".join(str(error).splitlines() or [repr(error)]),
                file=sys.stderr,
            )
        return 2
    except KeyboardInterrupt:
        print("\nstopped; what the last checkpoint holds is kept", file=sys.stderr)
        return STOPPED


def carry_out(settings: Settings, shown: set[str], first: bool) -> int:
    """Run and print the result."""
    import dataclasses

    from snippets.mnist.train.folder import default_path, table
    from snippets.mnist.train.progress import Tell
    from snippets.mnist.train.running import run

    if settings.out is None:
        settings = dataclasses.replace(settings, out=default_path(settings))
    report = run(settings, Tell() if first else None)
    if first:
        if "json" in shown:
            print(report.json())
        if "csv" in shown:
            print(table(report.history), end="")
        if not shown:
            print(report.summary())
        if not report.finished:
            print(
                f"stopped; continue with the same command and --out {report.out} --resume",
                file=sys.stderr,
            )
    return 0 if report.finished else STOPPED


if __name__ == "__main__":
    sys.exit(main())
