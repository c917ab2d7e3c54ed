"""Run the toolbox on a permutation: `python -m snippets.linear_networks "(1 3 4)(2 5)" --rank 1`."""

import sys

try:
    from snippets.linear_networks.cli import main
except KeyboardInterrupt:
    print("interrupted", file=sys.stderr)
    sys.exit(130)

if __name__ == "__main__":
    sys.exit(main())
