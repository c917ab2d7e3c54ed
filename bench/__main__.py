"""Run every measurement, or those that are named: `python -m bench build exact`."""

import importlib
import sys
from pathlib import Path

NAMES = sorted(path.stem for path in Path(__file__).parent.glob("[a-z]*.py"))


def main(names: list[str]) -> int:
    """Run the measurements by name; an unknown one is refused before any runs."""
    unknown = [name for name in names if name not in NAMES]
    if unknown:
        print(f"bench: no measurement '{unknown[0]}'; there are {', '.join(NAMES)}", file=sys.stderr)
        return 2
    for name in names or NAMES:
        print(f"\n== {name} ==", flush=True)
        importlib.import_module(f"bench.{name}").main()
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
