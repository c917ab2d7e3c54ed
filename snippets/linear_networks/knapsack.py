"""Which singular values to keep where some cost more rank than others."""

from collections.abc import Sequence


# --8<-- [start:knapsack]
def fillings(
    gains: Sequence[Sequence[float]], weights: Sequence[int], total: int
) -> dict[int, tuple[float, list[int]]]:
    """Return, for every rank up to a total, the best choice that spends it.

    That is what it keeps, Σ w g, and how many leading values of each row. Row by row,
    only the best choice for every rank spent so far is remembered.
    """
    best: dict[int, tuple[float, list[int]]] = {0: (0.0, [])}
    for weight, row in zip(weights, gains, strict=True):
        grown: dict[int, tuple[float, list[int]]] = {}
        for spent, (kept, ranks) in best.items():
            for r in range(min(len(row), (total - spent) // weight) + 1):
                new = (kept + weight * sum(row[:r]), [*ranks, r])
                now = spent + weight * r
                grown[now] = max(new, grown.get(now, new))
        best = grown
    return best


def knapsack(
    values: Sequence[Sequence[float]], weights: Sequence[int], total: int
) -> list[int]:
    """Return how many leading values of each row to keep: Σ w r ≤ total, Σ w v²
    largest.
    """
    squares = [[v * v for v in row] for row in values]
    return max(fillings(squares, weights, total).values())[1]
    # --8<-- [end:knapsack]
