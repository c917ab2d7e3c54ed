"""The commands of an author: check a chapter, record what it prints, begin one, find a free number; and prepare all."""

import argparse
import os
import sys
from pathlib import Path

from book import author, listings, pages, prepare, project
from book.project import BookError, write_atomically


def record(paths: list[Path]) -> None:
    """Run pages and write their outputs into them."""
    for path in paths:
        name = str(path.resolve().relative_to(project.DOCS))
        body = listings.record(pages.read(name).text, name)
        write_atomically(path, pages.FRONT_MATTER.match(path.read_text())[0] + body)


def main(arguments: list[str] | None = None) -> int:
    """Run a command and return its exit status."""
    os.environ.setdefault("MPLBACKEND", "Agg")
    parser = argparse.ArgumentParser(prog="python -m book", description=__doc__)
    commands = parser.add_subparsers(dest="command", required=True)
    commands.add_parser("prepare", help="draw, compute and check whatever changed")
    recorder = commands.add_parser("record", help="write what the listings of pages print")
    recorder.add_argument("pages", nargs="+", type=Path)
    commands.add_parser("format", help="lay out all code")
    for name, argument, said in (
        ("check", "chapter", "say all that is wrong with a chapter, as linear-algebra/span"),
        ("new", "chapter", "write the four files of a chapter, with an example that passes"),
        ("ids", "prefix", "list the numbers of claims that are taken, as of LA, and the next free one"),
    ):
        commands.add_parser(name, help=said).add_argument(argument)
    options = parser.parse_args(arguments)
    try:
        return _run(options)
    except BookError as error:
        print(error, file=sys.stderr)
        return 1


def _run(options: argparse.Namespace) -> int:
    if options.command == "record":
        record(options.pages)
    elif options.command == "check":
        return 0 if author.check(options.chapter) else 1
    elif options.command == "new":
        for path in author.new(options.chapter):
            print(f"wrote {path.relative_to(project.ROOT)}")
    elif options.command == "format":
        author.format_all()
    elif options.command == "ids":
        print(author.ids(options.prefix))
    else:
        prepare.ensure()
    return 0


if __name__ == "__main__":
    sys.exit(main())
