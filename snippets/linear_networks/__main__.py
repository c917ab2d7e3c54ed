"""Run the toolbox on a permutation: `python -m snippets.linear_networks "(1 3 4)(2 5)" --rank 1`."""

from snippets.linear_networks.cli import main

if __name__ == "__main__":  # pragma: no cover
    raise SystemExit(main())
