"""The real basis: orthogonal, and every commuting map is a list of blocks in it."""

# ruff: noqa: E731

from itertools import combinations, permutations

import pytest
import sympy
import torch

from snippets.linear_algebra.svd import truncate
from snippets.linear_networks.commutant import (
    circulant,
    commutant_dimension,
    commutator,
    wave,
)
from snippets.linear_networks.complex_blocks import complexify, realify
from snippets.linear_networks.components import (
    eigenvalues,
    multiplicities,
)
from snippets.linear_networks.invariance import permutation_matrix
from snippets.linear_networks.permutations import Permutation, cycle_decomposition
from snippets.linear_networks.real_blocks import (
    assemble,
    cycle_vectors,
    fourier_blocks,
    projected_blocks,
    real_fourier_basis,
    reynolds,
)
from snippets.linear_networks.varieties import count_solutions

MIXED = Permutation.from_cycles("(1 4 2 12 15 6)(7 8 9)(10 11)(3)(13 14 5)")
EVERY = [Permutation(images) for n in range(2, 6) for images in permutations(range(1, n + 1))]
SIGMA = Permutation.from_cycles("(1 3 4)(2 5)")
TURN = Permutation.rotation(3)
CYCLE = Permutation.from_cycles("(1 2 3)")


def draw(*shape, seed=0):
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed))


def averaged(M, sigma):
    """Average P^k M P^-k over the powers of σ."""
    P, total = permutation_matrix(sigma), torch.zeros_like(M)
    for k in range(sigma.order):
        power = torch.linalg.matrix_power(P, k)
        total += power @ M @ power.T / sigma.order
    return total


@pytest.mark.claim("NN-114")
@pytest.mark.parametrize("sigma", [*EVERY[::7], MIXED, Permutation.shift(28, 28)], ids=lambda s: str(s)[:30])
def test_fourier_basis_is_orthogonal_and_block_diagonalises(sigma, measured):
    Q, P = real_fourier_basis(sigma), permutation_matrix(sigma)
    measured(Q.T @ Q, torch.eye(sigma.size), atol=1e-13)
    turns = {
        key: torch.polar(torch.tensor(1.0), torch.tensor(2 * torch.pi * (key.l - key.m) / key.l))
        for key in eigenvalues(sigma)
    }
    expected = [
        turns[key].real * torch.eye(d) if key.weight == 1 else realify(turns[key] * torch.eye(d))
        for key, d in eigenvalues(sigma).items()
    ]
    measured(Q.T @ P @ Q, torch.block_diag(*expected), atol=1e-13)
    blocks = {
        k: draw(d, d) if k.weight == 1 else torch.complex(draw(d, d), draw(d, d, seed=1))
        for k, d in eigenvalues(sigma).items()
    }
    M = assemble(blocks, sigma)
    measured(commutator(M, sigma), 0, atol=1e-11)
    for key, block in fourier_blocks(M, sigma).items():
        measured((block - blocks[key]).abs(), 0, atol=1e-11)
    measured.exact(sum(k.weight * d * d for k, d in eigenvalues(sigma).items()), commutant_dimension(sigma))


def test_projection_is_the_average_over_the_powers(measured):
    M = draw(MIXED.size, MIXED.size)
    measured(assemble(projected_blocks(M, MIXED), MIXED), averaged(M, MIXED), atol=1e-12)


@pytest.mark.claim("NN-44")
def test_realification_is_a_ring_isomorphism_that_doubles_ranks(measured):
    Z, W = (torch.complex(draw(3, 4, seed=s), draw(3, 4, seed=s + 9)) for s in (1, 2))
    V = torch.complex(draw(4, 2, seed=3), draw(4, 2, seed=4))
    measured(realify(Z + W), realify(Z) + realify(W), atol=1e-14)
    measured(realify(Z @ V), realify(Z) @ realify(V), atol=1e-14)
    measured(realify(Z.mH), realify(Z).T, atol=0)
    measured(complexify(realify(Z)), Z, atol=0)
    measured.exact(int(torch.linalg.matrix_rank(realify(truncate(Z, 2)))), 4)


@pytest.mark.claim("NN-41", "NN-58", "NN-58b", "NN-58c", "NN-58d", "NN-58e")
def test_stepwise_diagonalisation_exactly(measured):
    z = sympy.exp(2 * sympy.pi * sympy.I / 3)
    P = sympy.Matrix(permutation_matrix(SIGMA).int().tolist())
    printed = sympy.Matrix([[0, 0, 1, 0, 0], [1, 0, 0, 0, 0], [0, 1, 0, 0, 0], [0, 0, 0, 0, 1], [0, 0, 0, 1, 0]])
    works = [o for o in permutations(range(5)) if P.extract(list(o), list(o)) == printed]
    measured.exact((len(works), works[0]), (6, (0, 3, 2, 1, 4)))
    assert P.extract([0, 2, 3, 1, 4], [0, 2, 3, 1, 4]) == printed.T
    V = lambda *nodes: sympy.Matrix(len(nodes), len(nodes), lambda i, j: nodes[j] ** i)
    measured.exact(sympy.simplify(V(1, z, z**3).det()), 0)
    measured.exact(sympy.simplify(sympy.expand_complex(V(1, z, z**2).det()) + 3 * sympy.sqrt(3) * sympy.I), 0)
    clean = lambda M: M.applyfunc(lambda e: sympy.simplify(sympy.expand_complex(e)))
    block = printed[:3, :3]
    conjugated = lambda T: clean(T.inv() * block * T)
    measured.exact(conjugated(V(1, z, z**2)), clean(sympy.diag(1, z**2, z)))
    measured.exact(conjugated(V(1, z**2, z)), clean(sympy.diag(1, z, z**2)))
    measured.exact(
        clean(sympy.Matrix([z, z**2])).applyfunc(lambda e: sympy.simplify(sympy.expand(e**3))), sympy.ones(2, 1)
    )
    measured.exact(multiplicities(SIGMA), {1: 2, 2: 1, 3: 1})


@pytest.mark.claim("NN-41")
def test_blocks_in_the_order_of_the_cycles_are_cyclic_shifts(measured):
    """Backwards along each cycle the block moves every basis vector to the next; forwards it is transposed."""
    shift = lambda n: torch.eye(n).roll(1, 0)
    for sigma in [*EVERY, MIXED, TURN]:
        P, cycles = permutation_matrix(sigma), cycle_decomposition(sigma)
        backwards = torch.tensor([point - 1 for first, *rest in cycles for point in (first, *rest[::-1])])
        forwards = torch.tensor([point - 1 for cycle in cycles for point in cycle])
        blocks = torch.block_diag(*(shift(len(cycle)) for cycle in cycles))
        measured(P[backwards][:, backwards], blocks, atol=0)
        measured(P[forwards][:, forwards], blocks.T, atol=0)


@pytest.mark.claim("NN-61", "NN-61b", "NN-62")
@pytest.mark.parametrize("n", range(3, 13))
def test_real_waves(n, measured):
    v = lambda j: wave(n, j)
    printed = (v(1) - v(-1)) / torch.sqrt(torch.tensor(2j * n))
    assert printed.imag.abs().max() > 0.1
    corrected = (v(1) - v(-1)) / ((2 * n) ** 0.5 * 1j)
    measured(corrected.imag, 0, atol=1e-14)
    measured(corrected.real, cycle_vectors(n, 1)[:, 0], atol=1e-14)
    half = ((v(n // 2) + v(-(n // 2))) / (2 * n) ** 0.5).real
    measured(half @ half, 2 if n % 2 == 0 else 1, atol=1e-12)
    W = torch.cat([cycle_vectors(n, j) for j in range(n // 2 + 1)], dim=1)
    measured(W.T @ W, torch.eye(n), atol=1e-13)
    C = circulant(draw(n, seed=n))
    value = (v(1).conj() @ C.to(v(1).dtype) @ v(1)) / n
    block = torch.tensor([[value.real, -value.imag], [value.imag, value.real]])
    sine_cosine = cycle_vectors(n, 1)
    measured(sine_cosine.T @ C @ sine_cosine, block, atol=1e-12)
    measured(sine_cosine.flip(1).T @ C @ sine_cosine.flip(1), block.T, atol=1e-12)


@pytest.mark.claim("NN-43")
def test_rotation_in_the_real_basis(measured):
    Q, J = real_fourier_basis(TURN), torch.tensor([[0.0, -1.0], [1.0, 0.0]])
    measured(Q.T @ Q, torch.eye(9), atol=1e-15)
    measured(
        Q.T @ permutation_matrix(TURN) @ Q,
        torch.block_diag(torch.eye(3), -torch.eye(2), torch.kron(J, torch.eye(2))),
        atol=1e-15,
    )
    measured.exact(commutant_dimension(TURN), 21)


@pytest.mark.claim("NN-42", "NN-47")
def test_ed_degree_of_a_complex_block_by_counting(measured):
    """Z = a bᵀ and its conjugate W = c dᵀ as independent unknowns; the real form pairs Z with W, the standard one does not."""
    a0, a1, b, c0, c1, d, t = sympy.symbols("a0 a1 b c0 c1 d t")
    Z, W = sympy.Matrix([a0, a1]) * sympy.Matrix([[1, b]]), sympy.Matrix([c0, c1]) * sympy.Matrix([[1, d]])
    U, V = sympy.Matrix([[3, -7], [5, 13]]), sympy.Matrix([[2, 9], [-4, 17]])
    unknowns = [a0, a1, b, c0, c1, d]
    nonzero = t * (3 * a0 + 5 * a1) * (7 * c0 + 2 * c1) - 1
    hermitian = sum(e * f for e, f in zip(Z - U, W - V, strict=True))
    standard = sum(e**2 for e in Z - U) + sum(f**2 for f in W - V)
    count = lambda q: count_solutions([*[q.diff(v) for v in unknowns], nonzero], [*unknowns, t])
    measured.exact((count(hermitian), count(standard)), (2, 4))


@pytest.mark.claim("NN-42", "NN-47")
@pytest.mark.parametrize("r", [1, 2])
def test_projections_that_commute_are_the_critical_points_of_a_complex_block(r, measured):
    """The proof's C(3, r) pairs, Z = U Yᵀ and W = V Y, satisfy its four equations; another projection does not."""
    U, V = (torch.complex(draw(3, 3, seed=s), draw(3, 3, seed=s + 1)) for s in (0, 2))
    vectors = torch.linalg.eig(U.T @ V).eigenvectors

    def misses(basis, kept):
        Y = basis @ torch.diag(torch.tensor([float(i in kept) for i in range(3)])).to(basis) @ torch.linalg.inv(basis)
        Z, W = U @ Y.T, V @ Y
        assert torch.linalg.matrix_rank(Z) == torch.linalg.matrix_rank(W) == r
        return torch.stack([(W - V) @ Z.T, Z.T @ (W - V), (Z - U) @ W.T, W.T @ (Z - U)])

    choices = list(combinations(range(3), r))
    measured.exact(len(choices), 3)
    for kept in choices:
        measured(misses(vectors, kept).abs(), torch.zeros(4, 3, 3), atol=1e-12)
    assert misses(torch.complex(draw(3, 3, seed=4), draw(3, 3, seed=5)), choices[0]).abs().max() > 0.1


@pytest.mark.claim("NN-64")
def test_conditions_in_any_basis(measured):
    P, T = permutation_matrix(SIGMA), draw(5, 5) + 3 * torch.eye(5)
    similar = lambda A: torch.linalg.inv(T) @ A @ T
    M = reynolds(draw(5, 5, seed=1), SIGMA)
    measured(similar(M) @ similar(P), similar(P) @ similar(M), atol=1e-12)
    N = draw(5, 2) @ torch.eye(2)[:, [0, 1, 0, 0, 1]]
    measured(similar(N) @ similar(P), similar(N), atol=1e-12)
    measured(N @ T @ similar(P), N @ T, atol=1e-12)
    other = draw(5, 5, seed=2)
    assert (similar(other) @ similar(P) - similar(P) @ similar(other)).abs().max() > 0.1
    assert (other @ T @ similar(P) - other @ T).abs().max() > 0.1
