"""What the command tells about a group that several permutations generate."""

from collections.abc import Iterator
from typing import Any

from torch import Tensor

from snippets.linear_networks.groups import commutant_basis, group_order
from snippets.linear_networks.permutations import Permutation, common_coarsening
from snippets.linear_networks.report import (
    abbreviated,
    brief,
    invariant,
    invariant_lines,
)
from snippets.linear_networks.schur import group_components, kinds, nearest_commuting

MOST_POINTS = 2_000  # the commutant is a table of the pairs
MOST_FOR_KINDS = 300  # the kinds come from eigenvectors


def group_report(
    generators: list[Permutation], outputs: int, rank: int, near: Tensor | None = None
) -> dict[str, Any]:
    """Collect what the command prints about a group, and the map nearest to a matrix.

    Raises ValueError for too many points.
    """
    n = generators[0].size
    if n > MOST_POINTS:
        raise ValueError(
            f"{n:,} points are too many for a group: at most {MOST_POINTS:,}"
        )
    if near is not None and n > MOST_FOR_KINDS:
        raise ValueError(
            f"{n:,} points are too many for --near with a group: at most {MOST_FOR_KINDS}"
        )
    parts = common_coarsening(*generators)
    maps: dict[str, Any] = {
        "rank": rank,
        "commutant_dimension": int(commutant_basis(*generators).max()) + 1,
    }
    if n <= MOST_FOR_KINDS:
        found = kinds(*generators)
        count, dimension = group_components(found, rank)
        maps["kinds"] = [
            {
                "dimension": kind.dimension,
                "copies": kind.copies,
                "numbers": kind.numbers,
            }
            for kind in found
        ]
        maps |= {"real_components": count, "largest_dimension": dimension}
    if near is not None:
        nearest, ranks = nearest_commuting(near, generators, rank)
        distance = float((near - nearest).norm())
        maps["nearest"] = {"ranks": ranks, "distance": distance}
    return {
        "size": n,
        "generators": [str(g) for g in generators],
        "order": group_order(*generators),
        "orbits": parts,
        "invariant": invariant(outputs, rank, len(parts)),
        "equivariant": maps,
    }


def group_lines(told: dict[str, Any]) -> Iterator[str]:
    """Write the report for a person."""
    maps, size = told["equivariant"], told["size"]
    yield f"group of permutations of {size} points, order {abbreviated(told['order'])}"
    yield f"orbits       {brief(told['orbits'], '{}')}"
    yield from invariant_lines(told["invariant"], len(told["orbits"]), size)
    yield f"\nequivariant maps R^{size} → R^{size} of rank at most {maps['rank']}"
    yield f"  dimension of the commutant        {maps['commutant_dimension']:,}"
    if "kinds" not in maps:
        yield f"  kinds are listed for at most {MOST_FOR_KINDS} points"
        return
    yield f"  real components with rank {maps['rank']:<8}{abbreviated(maps['real_components'])}"
    yield f"  largest dimension of one of them  {maps['largest_dimension']:,}"
    yield "\n  kind: dimension  copies  blocks over"
    for kind in maps["kinds"]:
        yield f"  {kind['dimension']:>15}  {kind['copies']:>6}  {kind['numbers']}"
    if "nearest" in maps:
        ranks = ", ".join(map(str, maps["nearest"]["ranks"]))
        yield f"\n  nearest map: ranks {ranks} at these kinds, at distance {maps['nearest']['distance']:.6g}"
