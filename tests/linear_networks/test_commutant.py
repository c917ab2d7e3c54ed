"""The commutant of a permutation: classes of equal entries, circulants and waves."""

# ruff: noqa: E731

from itertools import permutations

import numpy as np
import pytest
import torch
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

from book.expect import numbers
from snippets.linear_networks.commutant import (
    CommutantLabels,
    circulant,
    class_table,
    commutant_dimension,
    commutator,
    wave,
)
from snippets.linear_networks.groups import commutant_basis
from snippets.linear_networks.invariance import permutation_matrix
from snippets.linear_networks.permutations import Permutation, cycle_decomposition

MIXED = Permutation.from_cycles("(1 4 2 12 15 6)(7 8 9)(10 11)(3)(13 14 5)")
EVERY = [Permutation(images) for n in range(2, 6) for images in permutations(range(1, n + 1))]
SIGMA = Permutation.from_cycles("(1 3 4)(2 5)")
TURN = Permutation.rotation(3)
CYCLE = Permutation.from_cycles("(1 2 3)")


def draw(*shape, seed=0):
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed))


def classes_by_graph(n, generators):
    """Union-find on the pairs, by scipy."""
    index = torch.arange(n * n).reshape(n, n)
    edges = [index[np.ix_(g, g)].flatten() for g in (np.array(s.images) - 1 for s in generators)]
    rows = torch.cat([index.flatten()] * len(edges))
    graph = coo_array((np.ones(len(rows)), (rows, torch.cat(edges))), shape=(n * n, n * n))
    return connected_components(graph, directed=False)


@pytest.mark.claim("NN-39", "NN-112", by="proved")
@pytest.mark.unwatched
def test_commutant_of_every_permutation_of_s2_to_s6(measured):
    for sigma in [*EVERY, *map(Permutation, permutations(range(1, 7)))]:
        P, one = permutation_matrix(sigma).numpy(), np.eye(sigma.size)
        system = np.kron(P, one) - np.kron(one, P.T)
        measured.exact(commutant_dimension(sigma), sigma.size**2 - int(np.linalg.matrix_rank(system)))
        labels = commutant_basis(sigma)
        for k in range(commutant_dimension(sigma)):
            measured.exact(commutator((labels == k).double(), sigma), torch.zeros(sigma.size, sigma.size))


@pytest.mark.parametrize(
    "sigma", [MIXED, Permutation.shift(6, 4), Permutation.shift(20, 2), Permutation.rotation(5)], ids=str
)
def test_classes_agree_with_union_find(sigma):
    count, oracle = classes_by_graph(sigma.size, [sigma])
    labels = commutant_basis(sigma).flatten()
    i = torch.arange(sigma.size)
    assert torch.equal(labels, CommutantLabels(sigma)(i[:, None], i[None, :]).flatten())
    assert labels.max() + 1 == count == commutant_dimension(sigma) == CommutantLabels(sigma).dimension
    assert len({(int(a), int(b)) for a, b in zip(labels, oracle, strict=True)}) == count


def test_labels_of_large_pictures_need_no_table():
    labels = CommutantLabels(Permutation.shift(224, 224))
    assert labels.dimension == 11_239_424
    i = torch.randint(50_176, (1000,), generator=torch.Generator().manual_seed(0))
    move = lambda p: p // 224 * 224 + (p + 1) % 224
    assert torch.equal(labels(i, i.flip(0)), labels(move(i), move(i.flip(0))))


@pytest.mark.claim("NN-40")
def test_pictures_and_scenes(measured):
    voxels = torch.arange(27).reshape(3, 3, 3)
    turn = Permutation(tuple((voxels.rot90(-1, (1, 2)).flatten() + 1).tolist()))
    measured.exact((turn.size, turn.order), (27, 4))
    measured.exact((Permutation.rotation(4).size, Permutation.rotation(4).order), (16, 4))


@pytest.mark.claim("BR-10", "NN-59", "NN-60")
@pytest.mark.parametrize("n", range(3, 13))
def test_circulants_commute_with_the_shift_and_waves_diagonalise_them(n, measured):
    shift = Permutation((*range(2, n + 1), 1))
    C = circulant(draw(n, seed=n))
    measured(commutator(C, shift), 0, atol=0)
    measured.exact(commutant_dimension(shift), n)  # so the n circulants are all
    x = draw(n, seed=n + 1)
    by_fft = torch.fft.ifft(torch.fft.fft(C[:, 0]) * torch.fft.fft(x)).real
    measured(C @ x, by_fft, atol=1e-12)
    V = torch.stack([wave(n, j) for j in range(n)], dim=1)
    D = V.conj().T @ C.to(V.dtype) @ V / n
    measured(torch.view_as_real(D - torch.diag(torch.diag(D))), 0, atol=1e-12)
    for j in range(1, n):
        measured(torch.view_as_real(wave(n, n - j)), torch.view_as_real(wave(n, j).conj().resolve_conj()), atol=1e-12)


@pytest.mark.claim("NN-113")
def test_waves_on_cycles_are_eigenvectors_of_every_permutation_of_s2_to_s5(measured):
    for sigma in EVERY:
        P, T, values = permutation_matrix(sigma).to(torch.complex128), [], []
        for cycle in cycle_decomposition(sigma):
            for j in range(len(cycle)):
                column = torch.zeros(sigma.size, dtype=torch.complex128)
                column[torch.tensor(cycle) - 1] = wave(len(cycle), j)
                T.append(column)
                values.append(wave(len(cycle), j)[1] if len(cycle) > 1 else torch.tensor(1 + 0j))
        T, values = torch.stack(T, dim=1), torch.stack(values)
        measured((P @ T - T * values).abs(), 0, atol=1e-14)
        measured.exact(int(torch.linalg.matrix_rank(T)), sigma.size)


test_numbers = numbers("linear_networks.commutant", {"mnist_entries": 614_656, "mnist_commutant": 21_952})


def test_the_table_of_classes_takes_four_bytes_an_entry():
    table = class_table(Permutation.shift(4, 6))
    assert table.element_size() == 4
    assert torch.equal(table.long(), commutant_basis(Permutation.shift(4, 6)))
