"""Make what is named, or all: `python -m press pdf epub offline parts`. Reads `site/`, writes `dist/`."""

import sys
import time

from book import project
from press import edition, epub, offline, paper, parts, shelf

MAKERS = {"offline": offline.make, "epub": epub.make, "parts": parts.make, "pdf": paper.make}


def main(names: list[str]) -> int:
    """Make the editions; what is missing for one stops it in a line that says what to do."""
    unknown = [name for name in names if name not in MAKERS]
    if unknown:
        print(f"press: there is no edition '{unknown[0]}'; there are {', '.join(MAKERS)}", file=sys.stderr)
        return 2
    try:
        for name in names or MAKERS:
            start = time.perf_counter()
            made = MAKERS[name]()
            size = made.stat().st_size / 1e6
            where = made.relative_to(project.ROOT)
            print(f"{where}   {size:.1f} MB, {time.perf_counter() - start:.0f} s", flush=True)
        shelf.fill()
    except (edition.MissingError, OSError) as error:
        print(f"press: {error}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
