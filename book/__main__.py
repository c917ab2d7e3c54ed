"""`python -m book record PAGE…` writes what listings print into pages; `python -m book prepare` makes what is stale."""

import argparse
import os
import sys
from pathlib import Path

from book import listings, pages, prepare, project
from book.project import BookError, write_atomically


def record(paths: list[Path]) -> None:
    """Run pages and write their outputs into them."""
    for path in paths:
        name = str(path.resolve().relative_to(project.DOCS))
        body = listings.record(pages.read(name).text, name)
        whole = path.read_text()
        front = pages.FRONT_MATTER.match(whole)
        write_atomically(path, (front[0] if front else "") + body)


def main(arguments: list[str] | None = None) -> int:
    """Run a command and return its exit status."""
    os.environ.setdefault("MPLBACKEND", "Agg")
    parser = argparse.ArgumentParser(prog="python -m book", description=__doc__)
    commands = parser.add_subparsers(dest="command", required=True)
    commands.add_parser("prepare", help="draw, compute and check whatever changed")
    recorder = commands.add_parser("record", help="write what the listings of pages print")
    recorder.add_argument("pages", nargs="+", type=Path)
    options = parser.parse_args(arguments)
    try:
        if options.command == "record":
            record(options.pages)
        else:
            prepare.ensure()
    except BookError as error:
        print(error, file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
