"""Groups: orbits on pairs, Schur's lemma, deep sets, and symmetric data."""

# ruff: noqa: E741


import math
from itertools import permutations as arrangements

import numpy as np
import pytest
import torch

from snippets.linear_networks.commutant import commutant_dimension
from snippets.linear_networks.components import multiplicities
from snippets.linear_networks.groups import (
    DeepSetLayer,
    SharedLinear,
    burnside,
    commutant_basis,
    everything,
    generate,
    mirror,
)
from snippets.linear_networks.invariance import permutation_matrix
from snippets.linear_networks.permutations import Permutation, common_coarsening
from snippets.linear_networks.schur import irreducibles, isotypic

TURN = Permutation.rotation(3)


def draw(*shape, seed=0):
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed))


def size(*generators):
    return int(commutant_basis(*generators).max()) + 1


def nullity(*generators):
    """Dimension of the commutant by the n² × n² system, for small n."""
    n, one = generators[0].size, np.eye(generators[0].size)
    matrices = [permutation_matrix(g).numpy() for g in generators]
    return n * n - int(np.linalg.matrix_rank(np.concatenate([np.kron(P, one) - np.kron(one, P.T) for P in matrices])))


@pytest.mark.claim("NN-39b", "BR-13")
def test_commutants_of_groups(measured):
    one, other = Permutation.from_cycles("(1 2 3 4)"), Permutation.from_cycles("(1 3 2 4)")
    measured.exact([size(one), size(other), size(one, other)], [4, 4, 2])
    measured.exact(common_coarsening(one), common_coarsening(other))
    cases = [(Permutation.from_cycles("(1 2 3)"),), everything(3), (TURN,), (TURN, mirror(3)), (one, other)]
    measured.exact([size(*g) for g in cases], [3, 2, 21, 15, 2])
    for generators in cases:
        measured.exact(size(*generators), nullity(*generators))
        classes = commutant_basis(*generators)
        for k in range(size(*generators)):
            M = (classes == k).double()
            for g in generators:
                P = permutation_matrix(g)
                measured.exact(M @ P, P @ M)


def test_random_pairs_of_generators_agree_with_the_null_space():
    choose = np.random.default_rng(0)
    for _ in range(60):
        n = int(choose.integers(2, 7))
        generators = [Permutation(tuple(int(i) + 1 for i in choose.permutation(n))) for _ in range(2)]
        assert size(*generators) == nullity(*generators) == round(burnside(*generators))


def test_many_passes_are_not_cut_short():
    """A long chain of swaps: the labels have to travel."""
    n = 40
    chain = [Permutation.from_cycles(f"({i} {i + 1})", n) for i in range(1, n)]
    assert size(*chain) == 2


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
            squares = sum(d * d * sum(math.gcd(l, m) == 1 for m in range(1, l + 1)) for l, d in multiplicities(sigma).items())
            measured.exact(squares, commutant_dimension(sigma))
    lines = [space.shape[1] for space in irreducibles(TURN)]
    measured.exact(sorted(lines), [1, 1, 1, 1, 1, 2, 2])


def test_layers_commute_with_the_group(measured):
    layer, x = SharedLinear([TURN, mirror(3)]), draw(2, 1, 9)
    for g in generate(TURN, mirror(3)):
        index = torch.tensor(g.images) - 1
        measured(layer(x[..., index]).detach(), layer(x)[..., index].detach(), atol=1e-13)
    measured.exact(layer.weight.numel(), 15)
    deep = DeepSetLayer()
    general = SharedLinear(everything(6))
    with torch.no_grad():
        general.weight.copy_(torch.stack([deep.own + deep.mean / 6, deep.mean / 6]).view(1, 1, 2))
    measured(general(draw(3, 1, 6)).detach(), deep(draw(3, 1, 6)).detach(), atol=1e-14)


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


def test_sizes_must_agree():
    with pytest.raises(ValueError, match="sizes"):
        commutant_basis(Permutation((2, 1)), Permutation((1, 3, 2)))


def test_exercises():
    assert burnside(TURN, mirror(3)) == 15
    right, down = Permutation.shift(4, 4), Permutation.shift(4, 4, right=0, down=1)
    assert (size(right), size(right, down)) == (64, 16)
    assert len(generate(*everything(5))) == 120
