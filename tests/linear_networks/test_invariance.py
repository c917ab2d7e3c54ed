"""Invariance: equal columns, the collapse, shared encoders, and rotated pictures."""

# ruff: noqa: B023, E731

from itertools import permutations as arrangements

import numpy as np
import pytest
import sympy
import torch

from book.expect import numbers
from snippets.linear_networks.determinantal import degree, dimension
from snippets.linear_networks.function_spaces import differential_rank
from snippets.linear_networks.invariance import (
    InvariantAutoencoder,
    check_columns,
    collapse,
    indices,
    orbit_order,
    part_of,
    permutation_matrix,
    rotation_in_order,
    rotation_orbits,
    shared_factors,
    sharing,
)
from snippets.linear_networks.permutations import (
    Permutation,
    common_coarsening,
    cycle_decomposition,
    partition,
    witness,
)
from snippets.linear_networks.varieties import minors

SIGMA = Permutation.from_cycles("(1 3 4)(2 5)")
PARTS = partition(SIGMA)
EVERY = [Permutation(images) for n in range(2, 6) for images in arrangements(range(1, n + 1))]


def draw(*shape, seed=0):
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed))


@pytest.mark.claim("NN-18")
def test_the_matrix_permutes_entries_and_columns(measured):
    for sigma in EVERY:
        P, x = permutation_matrix(sigma), draw(sigma.size)
        measured.exact(P @ x, torch.stack([x[sigma(i) - 1] for i in range(1, sigma.size + 1)]))
        measured.exact(P @ x, x[indices(sigma)])
        for i in range(1, sigma.size + 1):
            measured.exact(P[:, sigma(i) - 1], torch.eye(sigma.size)[i - 1])


@pytest.mark.claim("NN-19", "NN-20")
def test_fixed_points_are_cycles_and_partitions_do_not_decide(measured):
    measured.exact(len(partition(Permutation.rotation(3))), 3)
    eta = Permutation.from_cycles("(1 4 3)(2 5)")
    measured.exact(SIGMA.images, (3, 5, 4, 1, 2))
    measured.exact((partition(eta), eta), (PARTS, SIGMA**-1))
    one, other = Permutation.from_cycles("(1 2 3 4)"), Permutation.from_cycles("(1 3 2 4)")
    measured.exact(partition(one), partition(other))
    assert other not in [one**k for k in range(4)]
    for sigma in EVERY:
        covered = sorted(point for cycle in cycle_decomposition(sigma) for point in cycle)
        measured.exact(covered, list(range(1, sigma.size + 1)))


@pytest.mark.claim("NN-21", "NN-22")
def test_invariant_matrices_of_every_permutation_of_s2_to_s5(measured):
    for sigma in EVERY:
        P, k, n = permutation_matrix(sigma), len(partition(sigma)), sigma.size
        measured.exact(n - int(np.linalg.matrix_rank((P - torch.eye(n)).numpy())), k)
        M = draw(3, k) @ sharing(partition(sigma))
        measured.exact(M @ P, M)
        assert torch.linalg.matrix_rank(M) <= min(3, k)


@pytest.mark.claim("NN-28", "NN-28b", "NN-28c")
def test_the_example_exactly(measured):
    unknown = sympy.Matrix(2, 5, lambda i, j: sympy.Symbol(f"m{i}{j}"))
    P = sympy.Matrix(permutation_matrix(SIGMA).int().tolist())
    solved = sympy.solve(list(unknown * P - unknown), list(unknown), dict=True)[0]
    M = unknown.subs(solved)
    for same in ((0, 2, 3), (1, 4)):
        for j in same:
            measured.exact(M[:, j], M[:, same[0]])
    measured.exact(len(M.free_symbols), 4)
    a, b, la = 2.0, -3.0, 0.5
    row = torch.tensor([1, la, 1, 1, la])
    measured.exact(collapse(torch.stack([a * row, b * row]), PARTS), torch.tensor([[a, a * la], [b, b * la]]))
    measured.exact((dimension(1, 2, 2), degree(1, 2, 2)), (3, 2))
    edge = torch.tensor([[0.0, 3, 0, 0, 3], [0.0, 4, 0, 0, 4]])
    measured.exact(torch.linalg.det(collapse(edge, PARTS)), torch.tensor(0.0))


@pytest.mark.claim("NN-27", "NN-29")
def test_the_collapse_is_an_isomorphism_and_no_isometry(measured):
    sizes = torch.tensor([3.0, 2.0])
    for rank in (0, 1, 2):
        for seed in range(50):
            C = draw(4, rank, seed=seed) @ draw(rank, 2, seed=seed + 90)
            M = C @ sharing(PARTS)
            measured(collapse(M, PARTS), C, atol=0)
            measured(collapse(M, PARTS) @ sharing(PARTS), M, atol=0)
            measured.exact(int(torch.linalg.matrix_rank(M, tol=1e-9)), rank)
            measured(M.square().sum(), (C.square() * sizes).sum(), atol=1e-12)
    assert (M.norm() - C.norm()).abs() > 0.1


@pytest.mark.claim("NN-23", "NN-24", "NN-24b", "NN-25")
@pytest.mark.parametrize("side", [2, 4, 6, 8])
def test_rotation_in_the_order_of_the_orbits(side, measured):
    picture = torch.arange(side * side).reshape(side, side)
    turned = picture.flatten()[indices(Permutation.rotation(side))].reshape(side, side)
    measured.exact(turned[0], picture[:, 0].flip(0))
    measured.exact(turned[-1], picture[:, -1].flip(0))
    block = torch.eye(4)[[3, 0, 1, 2]]
    R = rotation_in_order(orbit_order(side), side)
    measured.exact(R, torch.kron(torch.eye(side * side // 4), block))
    printed = rotation_in_order(orbit_order(side, printed=True), side)
    assert not torch.equal(printed[-4:, -4:], block)
    measured.exact(printed[:-4, :-4], R[:-4, :-4])
    measured.exact(len(partition(Permutation.rotation(side))), side * side // 4)
    M = draw(3, side * side // 4).repeat_interleave(4, dim=1)
    measured.exact(M @ R, M)


@pytest.mark.claim("NN-26")
def test_groups_reduce_to_a_witness_that_may_lie_outside(measured):
    a, b = Permutation.from_cycles("(1 2)(3 4)"), Permutation.from_cycles("(1 3)(2 4)")
    klein = [a**0, a, b, a @ b]
    found = witness(common_coarsening(a, b))
    measured.exact(len(cycle_decomposition(found)), 1)
    assert found not in klein
    for sigma in EVERY[-120::11]:
        for tau in EVERY[-120::7]:
            eye = np.eye(5)
            both = np.concatenate([permutation_matrix(s).numpy().T - eye for s in (sigma, tau)])
            k = 5 - int(np.linalg.matrix_rank(both))
            measured.exact(len(common_coarsening(sigma, tau)), k)


@pytest.mark.claim("NN-31", "NN-32", "NN-34")
def test_factors_of_full_rank_share_the_encoder(measured):
    P = permutation_matrix(SIGMA)
    for seed in range(200):
        M = draw(5, 2, seed=seed) @ sharing(PARTS)
        T = draw(2, 2, seed=seed + 500) + 2 * torch.eye(2)
        U, s, Vh = torch.linalg.svd(M)  # a factorisation that knows nothing of the parts
        A, B = U[:, :2] * s[:2] @ torch.linalg.inv(T), T @ Vh[:2]
        measured(A @ B, M, atol=1e-9)
        measured(B @ P, B, atol=1e-9)
        shared = torch.linalg.lstsq(A, collapse(M, PARTS)).solution
        measured(shared @ sharing(PARTS), B, atol=1e-8)
    A, B = torch.tensor([[1.0, 0.0]]), torch.tensor([[1.0, 1.0], [5.0, 7.0]])
    measured.exact(A @ B, torch.ones(1, 2))


@pytest.mark.claim("NN-33", "NN-52", "NN-27b")
def test_one_autoencoder_reaches_every_invariant_map(measured):
    for rank, parameters, dim in ((2, 14, 10), (1, 7, 6)):
        net = InvariantAutoencoder(PARTS, rank, 5)
        measured.exact(sum(p.numel() for p in net.parameters()), parameters)
        measured.exact(dimension(rank, 5, 2), dim)
        F = lambda t: t[: 5 * rank].reshape(5, rank) @ t[5 * rank :].reshape(rank, 2) @ sharing(PARTS)
        measured.exact(differential_rank(F, draw(7 * rank)), dim)
        target = draw(5, rank, seed=1) @ draw(rank, 2, seed=2) @ sharing(PARTS)
        measured(torch.matmul(*shared_factors(target, PARTS, 9)), target, atol=1e-12)  # more than it has
        A, B = shared_factors(target, PARTS, rank)
        with torch.no_grad():
            net.decoder.copy_(A)
            net.encoder.copy_(B[:, :2])
        measured(net(torch.eye(5)).T.detach(), target, atol=1e-12)
        x = draw(3, 2, 5)
        measured(net(x[..., indices(SIGMA)]).detach(), net(x).detach(), atol=1e-12)


@pytest.mark.claim("NN-52c", "NN-27b")
@pytest.mark.parametrize(("m", "r"), [(3, 2), (2, 1), (4, 3)])
def test_singular_points_by_the_equations_of_the_invariant_maps(m, r, measured):
    """The minors of the whole m×n matrix, as functions of its k free columns, without the theorem on ψ."""
    parts = partition(Permutation.from_cycles("(1 3 4)(2 5)(6)(7 8)"))
    E, k = sharing(parts), len(parts)
    for rank in range(r + 1):
        columns = draw(m, rank, seed=rank) @ draw(rank, k, seed=9)
        equations = lambda t: minors(t.reshape(m, k) @ E, r + 1)
        codimension = m * k - dimension(r, m, k)
        measured.exact(differential_rank(equations, columns.flatten()), codimension if rank == r else 0)


def test_bad_input_is_named():
    with pytest.raises(ValueError, match="not invariant"):
        collapse(torch.arange(10.0).reshape(2, 5), PARTS)
    for size in (1e-12, 1e12):
        with pytest.raises(ValueError, match="not invariant: columns of one part differ"):
            collapse(size * torch.arange(10.0).reshape(2, 5), PARTS)
        collapse(size * draw(3, 2) @ sharing(PARTS), PARTS)
    with pytest.raises(ValueError, match=r"shape \(2, 4\) does not fit 5 points"):
        collapse(torch.zeros(2, 4), PARTS)
    for shape in ((5,), (5, 4), ()):
        with pytest.raises(ValueError, match="does not fit 5 points: it needs 5 columns"):
            check_columns(torch.zeros(shape), 5)
    with pytest.raises(ValueError, match="inputs of 4 numbers: give 5"):
        InvariantAutoencoder(PARTS, 2, 5)(torch.zeros(3, 4))
    for wrong, problem in (
        (((1, 2), (2, 3)), "2 occurs twice"),
        (((1, 2), (4,)), "3 is missing"),
        (((0, 1),), "0 is no point"),
    ):
        with pytest.raises(ValueError, match=problem):
            part_of(wrong)
    half = InvariantAutoencoder(PARTS, 2, 5).float()
    assert half(torch.zeros(0, 5, dtype=torch.float32)).shape == (0, 5)
    assert collapse((draw(4, 3, 2) @ sharing(PARTS)).float(), PARTS).dtype == torch.float32
    with pytest.raises(ValueError, match="rank 3 is out of range: choose 0 to 2"):
        InvariantAutoencoder(PARTS, 3, 5)
    assert part_of(PARTS).tolist() == [0, 1, 0, 0, 1]


def test_exercises():
    assert all(rotation_orbits(p) == len(partition(Permutation.rotation(p))) for p in range(1, 20))
    for side, parts in ((3, 3), (4, 3)):  # the mirror joins the two orbits on the sides of the even picture only
        pixels = torch.arange(1, side * side + 1).reshape(side, side)
        mirror = Permutation(tuple(pixels.flip(1).flatten().tolist()))
        assert len(common_coarsening(Permutation.rotation(side), mirror)) == parts


# of (1 3 1 1 3; 2 4 2 2 4): two columns, which occur three times and twice
test_numbers = numbers("linear_networks.invariance", {"norm": 65, "unweighted": 30})
