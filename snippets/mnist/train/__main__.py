"""The command. It reads the options before torch is imported, so that help, typos and the first line come at once."""

import json
import os
import sys
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

from snippets.mnist.train.settings import Settings, parser


def main(argv: Sequence[str] | None = None) -> int:
    """Run, and return the exit status: 0, 2 for what cannot be done, 130 after Ctrl-C."""
    options = vars(parser().parse_args(argv))
    try:
        settings = Settings(**options)
        carry_out(settings)
    except (ValueError, OSError, RuntimeError) as error:
        say(f"error: {'; '.join(str(error).splitlines() or [repr(error)])}")
        return 2
    except KeyboardInterrupt:
        begun = (settings.out / "settings.json").exists()
        goes_on = f"continue with the same command and --out {settings.out} --resume"
        say(f"\nstopped; {goes_on if begun else 'nothing was begun'}")
        return 130  # what a shell expects of a program that Ctrl-C ended
    return 0


def carry_out(settings: Settings) -> None:
    """Run, and print the result as it was asked for."""
    name = f"{settings.model}-{settings.method}-{datetime.now():%Y%m%d-%H%M%S-%f}"
    settings.out = settings.out or Path("runs") / name
    say(f"{settings.model}, rank {settings.rank}, {settings.method}; loading torch")

    from snippets.mnist.train.loop import table
    from snippets.mnist.train.running import run

    report = run(settings, say)
    asked = [json.dumps(report.result)] if settings.json else []
    asked += [table(report.history).rstrip()] if settings.csv else []
    say("\n".join(asked) or report, sys.stdout)


def say(news: object, file: Any = None) -> None:
    """Print, in the first of the processes that torchrun starts."""
    if os.environ.get("RANK", "0") == "0":
        print(news, file=file or sys.stderr, flush=True)


if __name__ == "__main__":
    sys.exit(main())
