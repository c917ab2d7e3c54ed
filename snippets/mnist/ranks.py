"""Vectors of ranks, one for each frequency; nothing here needs torch, so a command line can check them at once."""

from collections.abc import Sequence

# --8<-- [start:ranks]
WEIGHTS = (1, *[2] * 13, 1)  # frequencies 1 … 13 count twice

RANKS = {
    "paper": (13, 10, 9, 8, 7, 5, 3, 1, 0, 0, 0, 0, 0, 0, 0),
    "equal": (4, 4, 4, 4, 4, 4, 4, 4, 3, 3, 3, 3, 3, 3, 3),
    "high-pass": (0, 0, 0, 0, 0, 0, 0, 1, 3, 5, 7, 8, 9, 10, 13),
}


def total_rank(ranks: Sequence[int]) -> int:
    """Return r_0 + r_14 + 2 (r_1 + … + r_13) for 15 ranks from 0 to 28."""
    if len(ranks) != 15:
        raise ValueError(f"{len(ranks)} ranks: give 15, one for each frequency 0 … 14")
    for frequency, rank in enumerate(ranks):
        if not 0 <= rank <= 28:
            where = f"rank {rank} at frequency {frequency}"
            raise ValueError(f"{where}: choose from 0 to 28")
    return sum(weight * rank for weight, rank in zip(WEIGHTS, ranks, strict=True))
    # --8<-- [end:ranks]
