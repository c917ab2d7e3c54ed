"""Which singular values to keep where some cost more rank than others."""

from collections.abc import Sequence


# --8<-- [start:knapsack]
def knapsack(
    values: Sequence[Sequence[float]], weights: Sequence[int], total: int
) -> list[int]:
    """Return how many leading values of each row to keep: Σ w r ≤ total, Σ w v²
    largest.

    Row by row, it remembers the best choice for every rank spent so far.
    """
    best: dict[int, tuple[float, list[int]]] = {0: (0.0, [])}
    for weight, row in zip(weights, values, strict=True):
        grown: dict[int, tuple[float, list[int]]] = {}
        for spent, (kept, ranks) in best.items():
            for r in range(min(len(row), (total - spent) // weight) + 1):
                gain = weight * sum(v * v for v in row[:r])
                new, now = (kept + gain, [*ranks, r]), spent + weight * r
                if now not in grown or new > grown[now]:
                    grown[now] = new
        best = grown
    return max(best.values())[1]
    # --8<-- [end:knapsack]
