"""What the command tells about one permutation: invariant maps, equivariant maps, their components."""

# ruff: noqa: E741 (l is the letter of the field)

from collections.abc import Iterable, Iterator, Sequence
from math import gcd
from typing import Any

from snippets.linear_networks import determinantal
from snippets.linear_networks.components import (
    Component,
    Eigenvalue,
    count_components,
    eigenvalues,
    multiplicities,
)
from snippets.linear_networks.permutations import (
    Permutation,
    cycle_decomposition,
    partition,
)

DIGITS = 20_000.0  # longer integers are given by their size


def invariant(outputs: int, rank: int, parts: int) -> dict[str, Any]:
    """Describe the invariant maps: outputs×k matrices of bounded rank, with k the number of cycles or orbits."""
    shape = (rank, outputs, parts)
    r, least = determinantal.bounded(*shape), min(outputs, parts)
    told = {
        "outputs": outputs,
        "rank": rank,
        "dimension": determinantal.dimension(*shape),
        "degree": determinantal.degree(*shape)
        if determinantal.log10_degree(*shape) <= DIGITS
        else None,
        "ed_degree": determinantal.ed_degree(*shape)
        if determinantal.log10_comb(least, r) <= DIGITS
        else None,
    }
    if told["degree"] is None:
        told["log10_degree"] = determinantal.log10_degree(*shape)
    if told["ed_degree"] is None:
        told["log10_ed_degree"] = determinantal.log10_comb(least, r)
    return told


def sizes(one: Component) -> dict[str, float]:
    """Return the logarithms of the degrees of a component whose integers are too long."""
    if one.degree is not None:
        return {}
    return {"log10_degree": one.log10_degree, "log10_ed_degree": one.log10_ed_degree}


def row(one: Component) -> dict[str, Any]:
    """Write a component with its ranks keyed as in "28,27"."""
    plain = {
        name: value
        for name, value in one._asdict().items()
        if not name.startswith("log10")
    }
    return plain | {"ranks": {str(key): r for key, r in one.ranks.items()}} | sizes(one)


def equivariant(sigma: Permutation, rank: int) -> dict[str, Any]:
    """Describe the equivariant maps, without the list of components."""
    counts = count_components(sigma, rank)
    spectrum = multiplicities(sigma)
    return {
        "rank": rank,
        "commutant_dimension": sum(d * d * primitive(l) for l, d in spectrum.items()),
        "real_components": counts.real,
        "all_real_components": counts.all_real,
        "complex_components": counts.complex,
    }


def primitive(l: int) -> int:
    """Count the primitive l-th roots of unity."""
    return sum(gcd(l, m) == 1 for m in range(1, l + 1))


def report(sigma: Permutation, outputs: int, rank: int) -> dict[str, Any]:
    """Collect what the command prints, except the components."""
    return {
        "size": sigma.size,
        "cycles": cycle_decomposition(sigma),
        "order": sigma.order,
        "multiplicities": {str(l): d for l, d in multiplicities(sigma).items()},
        "invariant": invariant(outputs, rank, len(cycle_decomposition(sigma))),
        "equivariant": equivariant(sigma, rank),
    }


def abbreviated(
    value: int | None, log10: float | None = None, longest: int = 30
) -> str:
    """Write an integer in full, or by its size where it has more digits than fit a line."""
    if value is None:
        return f"about 10^{log10:,.0f}"
    if value < 10**longest:
        return f"{value:,}"
    text = str(value)
    return f"{text[0]}.{text[1:3]}e{len(text) - 1} ({len(text):,} digits)"


def brief(parts: Sequence[Sequence[int]], brackets: str) -> str:
    """Write cycles or sets, the first ones only where there are many."""
    shown = [
        brackets[0]
        + " ".join(map(str, part[:8]))
        + " …" * (len(part) > 8)
        + brackets[1]
        for part in parts[:6]
    ]
    return " ".join(shown) + f" … {len(parts)} in all" * (len(parts) > 6)


def by_turn(sigma: Permutation) -> dict[Eigenvalue, int]:
    """Return the eigenvalues of the real list with their multiplicities, the slowest wave first."""
    return dict(
        sorted(
            eigenvalues(sigma).items(),
            key=lambda item: (item[0].l - item[0].m) / item[0].l,
        )
    )


def spectrum_line(sigma: Permutation) -> str:
    """List the eigenvalues of the real list, slowest wave first: turn of its wave from point to point, multiplicity."""
    listed = list(by_turn(sigma).items())
    shown = [
        f"{key.l - key.m}/{key.l}: {d}" if key.l > 1 else f"0: {d}"
        for key, d in listed[:12]
    ]
    return ", ".join(shown) + f", … {len(listed)} in all" * (len(listed) > 12)


def invariant_lines(told: dict[str, Any], parts: int, size: int) -> Iterator[str]:
    """Write what is said of the invariant maps."""
    rank, outputs = told["rank"], told["outputs"]
    yield f"\ninvariant maps R^{size} → R^{outputs} of rank at most {rank}"
    yield f"  dimension  {told['dimension']:,}"
    yield f"  degree     {abbreviated(told['degree'], told.get('log10_degree'))}"
    yield f"  ED degree  {abbreviated(told['ed_degree'], told.get('log10_ed_degree'))}"
    yield f"  parameters {determinantal.bounded(rank, outputs, parts) * (outputs + parts):,}"


def head_lines(sigma: Permutation, told: dict[str, Any]) -> Iterator[str]:
    """Write the report for a person, up to the list of components."""
    maps, rank = told["equivariant"], told["equivariant"]["rank"]
    yield f"permutation of {sigma.size} points, order {abbreviated(sigma.order)}"
    yield f"cycles       {brief(told['cycles'], '()')}"
    yield f"partition    {brief(partition(sigma), '{}')}"
    yield f"eigenvalues  {spectrum_line(sigma)}  (turns of the wave a point, and multiplicity)"
    yield from invariant_lines(told["invariant"], len(told["cycles"]), sigma.size)
    yield f"\nequivariant maps R^{sigma.size} → R^{sigma.size} of rank at most {rank}"
    yield f"  dimension of the commutant        {maps['commutant_dimension']:,}"
    yield f"  real components with rank {rank:<8}{abbreviated(maps['real_components'])}"
    yield f"  all real components               {abbreviated(maps['all_real_components'])}"
    yield f"  complex components                {abbreviated(maps['complex_components'])}"


def component_lines(listed: Iterable[Component]) -> Iterator[str]:
    """Write components, one a line."""
    yield "\n  dimension  parameters  degree · ED degree · ranks r_l,m that are not zero"
    for one in listed:
        ranks = " ".join(f"r_{key}={r}" for key, r in one.ranks.items() if r) or "none"
        degrees = f"{abbreviated(one.degree, one.log10_degree)} · {abbreviated(one.ed_degree, one.log10_ed_degree)}"
        yield f"  {one.dimension:>9,}  {one.parameters:>10,}  {degrees} · {ranks}"
