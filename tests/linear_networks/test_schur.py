"""Irreducible parts: Schur's lemma, types, ranks, the nearest map, and symmetric data."""

# ruff: noqa: E741

import math
from itertools import permutations as arrangements
from itertools import product

import pytest
import torch
from torch.func import functional_call, jacrev

from snippets.linear_networks.commutant import commutant_dimension
from snippets.linear_networks.components import count_components, multiplicities
from snippets.linear_networks.groups import commutant_basis, everything, generate, mirror
from snippets.linear_networks.invariance import permutation_matrix
from snippets.linear_networks.permutations import Permutation
from snippets.linear_networks.schur import (
    KindAutoencoder,
    aligned,
    group_average,
    group_components,
    irreducibles,
    isotypic,
    kinds,
    nearest_commuting,
)

TURN = Permutation.rotation(3)
QUATERNIONS = [Permutation.from_cycles("(1 2 3 4)(5 6 7 8)"), Permutation.from_cycles("(1 5 3 7)(2 8 4 6)")]
TWICE = [Permutation(tuple(list(g.images) + [i + 8 for i in g.images])) for g in QUATERNIONS]
GROUPS = {
    "D4": [TURN, mirror(3)],
    "C4": [TURN],
    "S5": list(everything(5)),
    "C6": [Permutation.from_cycles("(1 2 3 4 5 6)")],
    "Q8": QUATERNIONS,
    "Q8 twice": TWICE,
}


def draw(*shape, seed=0):
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed))


def size(*generators):
    return int(commutant_basis(*generators).max()) + 1


@pytest.mark.claim("NN-109", "BR-09", "NN-110")
@pytest.mark.parametrize(
    ("generators", "expected"),
    [
        ((TURN, mirror(3)), [(1, 1), (1, 1), (1, 3), (2, 2)]),
        ((TURN,), [(1, 2), (1, 3), (2, 2)]),
        (everything(5), [(1, 1), (4, 1)]),
        ((Permutation.from_cycles("(1 2 3 4 5 6)"),), [(1, 1), (1, 1), (2, 1), (2, 1)]),
    ],
    ids=["D4", "C4", "S5", "C6"],
)
def test_schur_and_isotypic_decomposition(generators, expected, measured):
    kinds = isotypic(*generators)
    measured.exact(sorted((kind[0].shape[1], len(kind)) for kind in kinds), expected)
    whole = torch.cat([space for kind in kinds for space in kind], dim=1)
    measured(whole.T @ whole, torch.eye(len(whole)), atol=1e-12)
    group = generate(*generators)
    endomorphisms = 0
    for kind in kinds:
        V = kind[0]
        for g in group:
            P = permutation_matrix(g)
            measured(V @ (V.T @ P @ V), P @ V, atol=1e-11)
        characters = torch.stack([(V.T @ permutation_matrix(g) @ V).trace() for g in group])
        norm = round((characters.square().mean()).item())  # 1, 2 or 4: irreducible of real, complex, quaternionic type
        assert norm in (1, 2, 4)
        endomorphisms += len(kind) ** 2 * norm
    measured.exact(endomorphisms, size(*generators))


@pytest.mark.claim("BR-09", "NN-110")
def test_two_counts_of_the_commutant(measured):
    for n in range(2, 6):
        for images in arrangements(range(1, n + 1)):
            sigma = Permutation(images)
            squares = sum(
                d * d * sum(math.gcd(l, m) == 1 for m in range(1, l + 1)) for l, d in multiplicities(sigma).items()
            )
            measured.exact(squares, commutant_dimension(sigma))
    lines = [space.shape[1] for space in irreducibles(TURN)]
    measured.exact(sorted(lines), [1, 1, 1, 1, 1, 2, 2])


@pytest.mark.claim("NN-111")
def test_symmetric_data_make_the_dense_optimum_equivariant(measured):
    group = [permutation_matrix(g) for g in generate(TURN, mirror(3))]
    samples = draw(9, 20, seed=1)
    X = torch.cat([P @ samples for P in group], dim=1)
    values, vectors = torch.linalg.eigh(X @ X.T)
    for rank in range(1, 9):
        best = vectors[:, -rank:] @ vectors[:, -rank:].T
        if values[-rank] - values[-rank - 1] > 1e-6 * values[-1]:
            for P in group:
                measured(best @ P, P @ best, atol=1e-11)
    plain = torch.linalg.eigh(samples @ samples.T).eigenvectors[:, -3:]
    assert max((plain @ plain.T @ P - P @ plain @ plain.T).abs().max() for P in group) > 0.1


@pytest.mark.parametrize("name", GROUPS)
def test_types_by_characters(name, measured):
    """The mean square of a character is 1, 2 or 4 for real, complex and quaternionic kinds."""
    generators = GROUPS[name]
    group = generate(*generators)
    total = 0
    for kind in kinds(*generators):
        V = kind.basis[:, : kind.dimension]
        traces = torch.stack([(V.T @ permutation_matrix(g) @ V).trace() for g in group])
        measured(traces.square().mean(), kind.size, atol=1e-9)
        total += kind.size * kind.copies**2
    measured.exact(total, size(*generators))


def block(kind, M):
    """The numerical rank of the kind's block, in units of its dimension."""
    return int((torch.linalg.svdvals(kind.basis.T @ M @ kind.basis) > 1e-9).sum())


@pytest.mark.claim("NN-117")
@pytest.mark.parametrize("name", GROUPS)
def test_components_of_a_group_by_brute_force(name, measured):
    """Ranks of random commuting maps are whole units; the dimension is the rank of a differential."""
    generators = GROUPS[name]
    parts, n = kinds(*generators), generators[0].size
    for rank in range(n + 1):
        choices = product(*(range(k.copies + 1) for k in parts))
        fitting = [r for r in choices if sum(k.dimension * e for k, e in zip(parts, r, strict=True)) == rank]
        count, largest = group_components(parts, rank)
        measured.exact(count, len(fitting))
        if fitting and n <= 9:
            dimensions = [dimension_by_differential(generators, parts, r) for r in fitting[:4]]
            formula = [sum(k.size * e * (2 * k.copies - e) for k, e in zip(parts, r, strict=True)) for r in fitting]
            measured.exact(dimensions, formula[:4])
            measured.exact(largest, max(formula))
    if len(generators) == 1:
        measured.exact(
            [group_components(parts, r)[0] for r in range(n + 1)],
            [count_components(generators[0], r).real for r in range(n + 1)],
        )


def dimension_by_differential(generators, parts, ranks):
    """Move two commuting factors whose product is cut to the ranks: A E B with a fixed projection E."""
    classes = commutant_basis(*generators)
    d = int(classes.max()) + 1
    E = sum(
        (k.basis[:, : k.dimension * e] @ k.basis[:, : k.dimension * e].T for k, e in zip(parts, ranks, strict=True)),
        torch.zeros(len(classes), len(classes)),
    )

    def product_(t):
        return (t[:d][classes] @ E @ t[d:][classes]).flatten()

    J = torch.func.jacrev(product_)(draw(2 * d, seed=3))
    return int((torch.linalg.svdvals(J) > 1e-9).sum())


@pytest.mark.claim("NN-118")
@pytest.mark.parametrize("name", ["D4", "C4", "S5", "Q8"])
def test_nearest_commuting_map_is_the_best_of_all(name, measured):
    generators = GROUPS[name]
    parts, n = kinds(*generators), generators[0].size
    matrices = [permutation_matrix(g) for g in generators]
    M = draw(n, n, seed=7)
    group = [permutation_matrix(g) for g in generate(*generators)]
    mean = sum(P.T @ M @ P for P in group) / len(group)
    measured(group_average(M, generators), mean, atol=1e-12)
    for rank in range(n + 1):
        near, ranks = nearest_commuting(M, generators, rank)
        for P in matrices:
            measured(near @ P, P @ near, atol=1e-11)
        assert (
            int((torch.linalg.svdvals(near) > 1e-9).sum())
            == sum(k.dimension * r for k, r in zip(parts, ranks, strict=True))
            <= rank
        )
        best = math.inf
        for choice in product(*(range(k.copies + 1) for k in parts)):
            if sum(k.dimension * r for k, r in zip(parts, choice, strict=True)) <= rank:
                lost = (M - mean).square().sum()
                for k, r in zip(parts, choice, strict=True):
                    s = torch.linalg.svdvals(k.basis.T @ mean @ k.basis)
                    lost = lost + s[r * k.dimension :].square().sum()
                best = min(best, lost.item())
        measured((M - near).square().sum(), best, atol=1e-10)
        U, s, Vh = torch.linalg.svd(mean)
        if 0 < rank < n and s[rank - 1] - s[rank] > 1e-6:
            measured(near, U[:, :rank] * s[:rank] @ Vh[:rank], atol=1e-10)
    with pytest.raises(ValueError, match=r"shape \(2, 2\): pass"):
        group_average(torch.eye(2), generators)


def test_generators_of_two_sizes_are_refused():
    with pytest.raises(ValueError, match=r"sizes \[2, 3\] do not act on the same points"):
        group_average(torch.eye(2), [Permutation((2, 1)), Permutation((2, 3, 1))])


@pytest.mark.claim("NN-118")
@pytest.mark.parametrize("name", GROUPS)
def test_nearest_commuting_map_of_equal_singular_values(name, measured):
    """The identity and an orthogonal map of the commutant: all copies have one singular value, and none may be split."""
    generators = GROUPS[name]
    n = generators[0].size
    U, _, Vh = torch.linalg.svd(draw(size(*generators), seed=5)[commutant_basis(*generators)])
    for M in (torch.eye(n), U @ Vh):
        for rank in range(n + 1):
            near, ranks = nearest_commuting(M, generators, rank)
            for g in generators:
                P = permutation_matrix(g)
                measured(near @ P, P @ near, atol=1e-11)
            spent = sum(k.dimension * r for k, r in zip(kinds(*generators), ranks, strict=True))
            measured.exact(int(torch.linalg.matrix_rank(near, rtol=1e-9)), spent)
            measured((M - near).square().sum(), n - spent, atol=1e-10)


@pytest.mark.parametrize("name", GROUPS)
def test_aligned_copies_move_alike(name, measured):
    generators = GROUPS[name]
    for kind in aligned(kinds(*generators), generators):
        measured(kind.basis.T @ kind.basis, torch.eye(kind.basis.shape[1]), atol=1e-10)
        first = kind.basis[:, : kind.dimension]
        for g in generators:
            P = permutation_matrix(g)
            for V in kind.basis.split(kind.dimension, dim=1):
                measured(V.T @ P @ V, first.T @ P @ first, atol=1e-10)


@pytest.mark.claim("NN-117")
@pytest.mark.parametrize("name", GROUPS)
def test_the_network_of_a_component_fills_it(name, measured):
    """It commutes, has the rank of the component, and its differential the dimension of the component."""
    generators = GROUPS[name]
    found = kinds(*generators)
    for ranks in ([k.copies for k in found], [min(1, k.copies) for k in found], [k.copies // 2 for k in found]):
        torch.manual_seed(sum(ranks))
        network = KindAutoencoder(generators, ranks)
        n = generators[0].size
        M = network(torch.eye(n)).detach()
        for g in generators:
            P = permutation_matrix(g)
            measured(M @ P, P @ M, atol=1e-11)
        measured.exact(
            int(torch.linalg.matrix_rank(M)), sum(k.dimension * r for k, r in zip(found, ranks, strict=True))
        )
        dimension = sum(k.size * r * (2 * k.copies - r) for k, r in zip(found, ranks, strict=True))
        weights = {key: w.detach() for key, w in network.named_parameters()}
        outputs = jacrev(lambda w, network=network, n=n: functional_call(network, w, (torch.eye(n),)))(weights)
        J = torch.cat([d.reshape(n * n, -1) for d in outputs.values()], dim=1)
        measured.exact(int(torch.linalg.matrix_rank(J, rtol=1e-9)), dimension)
    with pytest.raises(ValueError, match="do not fit the kinds"):
        KindAutoencoder(generators, [found[0].copies + 1] + [0] * (len(found) - 1))
    with pytest.raises(ValueError, match="do not fit the kinds"):
        KindAutoencoder(generators, [])


def test_exercise_the_corners_of_a_square():
    square, diagonal = Permutation.from_cycles("(1 2 3 4)"), Permutation.from_cycles("(1 3)(2)(4)")
    plane = torch.tensor([[1.0, 0, -1, 0], [0, 1, 0, -1]]).T / 2**0.5
    for generators, numbers, dimensions in (((square,), "C", [2, 2]), ((square, diagonal), "R", [1, 2])):
        parts = kinds(*generators)
        assert [(k.dimension, k.copies, k.numbers) for k in parts] == [(1, 1, "R"), (1, 1, "R"), (2, 1, numbers)]
        assert (parts[2].basis - plane @ plane.T @ parts[2].basis).abs().max() < 1e-12
        assert sum(k.size * k.copies**2 for k in parts) == size(*generators) == {"C": 4, "R": 3}[numbers]
        assert sorted([sum(k.size for k in parts[:2]), parts[2].size]) == dimensions
        assert group_components(parts, 2) == (2, 2)
