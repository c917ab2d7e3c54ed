"""The commands of an author: check a chapter, record what it prints, begin one, find a free number; and prepare all."""

import argparse
import os
import sys

from book import prepare
from book.project import BookError
from book.writing import author


def main(arguments: list[str] | None = None) -> int:
    """Run a command and return its exit status."""
    os.environ.setdefault("MPLBACKEND", "Agg")
    parser = argparse.ArgumentParser(prog="python -m book", description=__doc__)
    commands = parser.add_subparsers(metavar="command", required=True)
    for name, do, argument, said in (
        ("prepare", prepare.ensure, None, "draw, compute and check whatever changed"),
        ("record", author.record, "pages", "write what the listings of pages print"),
        ("format", author.format_all, None, "lay out all code"),
        ("check", author.check, "chapter", "say all that is wrong with a chapter, as linear-algebra/span"),
        ("new", author.new, "chapter", "write the four files of a chapter, with an example that passes"),
        ("ids", author.ids, "prefix", "list the numbers of claims that are taken, as of LA, and the next free one"),
    ):
        command = commands.add_parser(name, help=said)
        command.set_defaults(do=do)
        if argument:
            command.add_argument("given", metavar=argument, nargs="+" if argument == "pages" else None)
    options = parser.parse_args(arguments)
    try:
        done = options.do(options.given) if "given" in options else options.do()
    except BookError as error:
        print(error, file=sys.stderr)
        return 1
    return 1 if done is False else 0


if __name__ == "__main__":
    sys.exit(main())
