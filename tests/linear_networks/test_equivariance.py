"""Components, the nearest map, and the network of a component."""

# ruff: noqa: E731

import math
from itertools import permutations, product

import numpy as np
import pytest
import sympy
import torch

from book.expect import numbers
from snippets.figures.linear_networks.equivariance import edges
from snippets.linear_networks.commutant import (
    commutator,
)
from snippets.linear_networks.complex_blocks import realify
from snippets.linear_networks.components import (
    Eigenvalue,
    component,
    components,
    count_components,
    eigenvalues,
    multiplicities,
)
from snippets.linear_networks.cycle_waves import CycleWaves
from snippets.linear_networks.determinantal import degree
from snippets.linear_networks.equivariance import (
    EquivariantAutoencoder,
    best_ranks,
    is_singular,
    nearest_equivariant,
)
from snippets.linear_networks.function_spaces import differential_rank
from snippets.linear_networks.permutations import Permutation
from snippets.linear_networks.real_blocks import (
    assemble,
    fourier_blocks,
    projected_blocks,
    real_fourier_basis,
    reynolds,
)
from snippets.linear_networks.varieties import degree_by_slicing, normal_rank

MIXED = Permutation.from_cycles("(1 4 2 12 15 6)(7 8 9)(10 11)(3)(13 14 5)")
EVERY = [Permutation(images) for n in range(2, 6) for images in permutations(range(1, n + 1))]
SIGMA = Permutation.from_cycles("(1 3 4)(2 5)")
TURN = Permutation.rotation(3)
CYCLE = Permutation.from_cycles("(1 2 3)")


def draw(*shape, seed=0):
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed))


def brute_best(M, sigma, rank):
    """Try every rank vector of weight at most the rank."""
    spectrum = eigenvalues(sigma)
    vectors = [dict(zip(spectrum, r, strict=True)) for r in product(*(range(d + 1) for d in spectrum.values()))]
    fitting = [r for r in vectors if sum(key.weight * e for key, e in r.items()) <= rank]
    return min(torch.linalg.norm(nearest_equivariant(M, sigma, r) - M).item() for r in fitting)


@pytest.mark.unwatched
def test_best_component_by_knapsack_is_the_best_of_all(measured):
    sigma = Permutation.from_cycles("(1 2 3 4)(5 6)(7 8 9)")
    for rank, seed in product(range(10), range(3)):
        M = draw(9, 9, seed=seed)
        ranks = best_ranks(M, sigma, rank)
        assert sum(key.weight * r for key, r in ranks.items()) <= rank
        best = torch.linalg.norm(nearest_equivariant(M, sigma, ranks) - M)
        measured(best, brute_best(M, sigma, rank), atol=1e-12)


def test_nearest_on_a_component_beats_random_points_and_is_fixed(measured):
    ranks = {key: min(1, d) for key, d in eigenvalues(MIXED).items()}
    M = draw(15, 15)
    near = nearest_equivariant(M, MIXED, ranks)
    measured(commutator(near, MIXED), 0, atol=1e-13)
    measured(nearest_equivariant(near, MIXED, ranks), near, atol=1e-13)
    for seed in range(50):
        torch.manual_seed(seed)
        N = EquivariantAutoencoder(MIXED, ranks)(torch.eye(15)).T.detach()
        N *= (N * M).sum() / (N * N).sum()
        assert torch.linalg.norm(near - M) < torch.linalg.norm(N - M)


@pytest.mark.claim("NN-108")
def test_nearest_on_a_component_is_where_training_ends(measured):
    """Train the network of the component towards M with LBFGS from several starts: nothing knows of blocks."""
    sigma = Permutation.from_cycles("(1 2 3)(4 5 6)(7)")
    ranks = {Eigenvalue(1, 1): 2, Eigenvalue(3, 2): 1}
    M, ends = draw(7, 7, seed=4), []
    for seed in range(6):
        torch.manual_seed(seed)
        net = EquivariantAutoencoder(sigma, ranks)
        optimiser = torch.optim.LBFGS(
            net.parameters(), max_iter=500, tolerance_grad=1e-12, line_search_fn="strong_wolfe"
        )

        def closure(net=net, optimiser=optimiser):
            optimiser.zero_grad()
            error = (net(torch.eye(7)).T - M).square().sum()
            error.backward()
            return error

        optimiser.step(closure)
        ends.append(closure().item() ** 0.5)
    measured(min(ends), (nearest_equivariant(M, sigma, ranks) - M).norm(), atol=1e-7)


@pytest.mark.claim("NN-47")
@pytest.mark.parametrize("sigma", [TURN, Permutation.from_cycles("(1 2 3 4)(5 6)(7)")], ids=str)
def test_dimension_of_a_component_is_the_rank_of_its_network(sigma, measured):
    """Differentiate the matrix that the layer computes by its weights: no formula enters."""
    for rank in range(sigma.size + 1):
        for one in components(sigma, rank):
            torch.manual_seed(rank)
            net = EquivariantAutoencoder(sigma, one.ranks)
            names, sizes = zip(*((k, p.shape) for k, p in net.named_parameters()), strict=True) if rank else ((), ())

            def matrix(theta, net=net, names=names, sizes=sizes):
                pieces = theta.split([s.numel() for s in sizes])
                weights = {k: w.reshape(s).clone() for k, w, s in zip(names, pieces, sizes, strict=True)}
                return torch.func.functional_call(net, weights, (torch.eye(sigma.size),))

            if rank:
                measured.exact(differential_rank(matrix, draw(one.parameters, seed=rank)), one.dimension)
            else:
                measured.exact(one.dimension, 0)


@pytest.mark.claim("NN-47")
def test_degree_of_a_complex_block_by_slicing(measured):
    """The real 2×2×2 variety of complex 2×2 matrices of rank one has degree 2², that of its two conjugate factors."""
    re, im = (sympy.Matrix(2, 2, sympy.symbols(f"{name}0:4", real=True)) for name in "xy")
    equations = [sympy.expand(part) for part in sympy.expand((re + sympy.I * im).det()).as_real_imag()]
    sigma = Permutation.from_cycles("(1 2 3)(4 5 6)")
    one = component(sigma, {Eigenvalue(3, 2): 1})
    measured.exact((one.degree, one.dimension), (degree_by_slicing(equations, [*re, *im], 6), 6))


def test_edges_of_the_figure_make_an_equivariant_encoder():
    """Give every shared weight a number: the encoder then commutes with multiplication by i on each complex block."""
    blocks = [(1, 3, 1), (1, 2, 0), (2, 2, 1)]
    free = edges(blocks)
    weights = draw(1 + max(colour for *_, colour, _ in free if colour is not None))
    encoder = torch.zeros(3, 9)
    for coordinate, hidden, colour, flipped in free:
        encoder[hidden, coordinate] = 1.0 if colour is None else weights[colour] * (-1) ** flipped
    turned = torch.block_diag(torch.eye(5), realify(1j * torch.eye(2)))
    assert (
        encoder @ turned - torch.block_diag(torch.eye(1), realify(torch.tensor([[1j]]))) @ encoder
    ).abs().max() < 1e-15
    assert (encoder[:, 3:5] == 0).all()
    assert len(free) == 3 + 8


@pytest.mark.parametrize("sigma", [MIXED, Permutation.rotation(3), Permutation.shift(4, 6), Permutation((1,))], ids=str)
def test_autoencoder_has_the_parameters_ranks_and_symmetry_of_the_theory(sigma, measured):
    for one in list(components(sigma, sigma.size // 2))[:6]:
        net = EquivariantAutoencoder(sigma, one.ranks)
        M = net(torch.eye(sigma.size)).T.detach()
        measured.exact(sum(p.numel() for p in net.parameters()), one.parameters)
        measured(commutator(M, sigma), 0, atol=1e-12)
        blocks = fourier_blocks(M, sigma)
        measured.exact({k: int((torch.linalg.svdvals(b) > 1e-9).sum()) for k, b in blocks.items()}, one.ranks)


def test_autoencoder_weights_are_the_factors_of_the_blocks(measured):
    ranks = {key: min(2, d) for key, d in eigenvalues(MIXED).items()}
    net = EquivariantAutoencoder(MIXED, ranks)
    blocks = fourier_blocks(net(torch.eye(15)).T.detach(), MIXED)
    for key, block in blocks.items():
        A, B = net.decoder[str(key)].detach(), net.encoder[str(key)].detach()
        if key.weight == 2:
            A, B = torch.view_as_complex(A), torch.view_as_complex(B)
        measured(
            torch.view_as_real(A @ B) if key.weight == 2 else A @ B,
            torch.view_as_real(block) if key.weight == 2 else block,
            atol=1e-13,
        )


def test_autoencoder_learns_in_single_precision_and_any_batch_shape():
    sigma = Permutation.rotation(3)
    net = EquivariantAutoencoder(sigma, {Eigenvalue(1, 1): 1, Eigenvalue(4, 3): 1}).float()
    x = draw(2, 5, 9).float()
    y = net(x)
    assert y.shape == x.shape
    assert y.dtype == torch.float32
    y.square().sum().backward()
    assert all(p.grad is not None and p.grad.abs().max() > 0 for p in net.parameters())
    assert EquivariantAutoencoder(sigma, {})(x.double()).abs().max() == 0


def test_the_mnist_component_has_5544_parameters(measured):
    sigma = Permutation.shift(28, 28)
    by_frequency = sorted(eigenvalues(sigma), key=lambda key: (key.l - key.m) / key.l)
    ranks = dict(zip(by_frequency, (13, 10, 9, 8, 7, 5, 3, 1), strict=False))
    net = EquivariantAutoencoder(sigma, ranks)
    measured.exact(sum(p.numel() for p in net.parameters()), 5544)
    measured.exact(component(sigma, ranks).parameters, 5544)
    x = draw(3, 784)
    index = torch.tensor(sigma.images) - 1
    measured(net(x[:, index]).detach(), net(x)[:, index].detach(), atol=1e-12)


def test_forward_never_holds_an_n_by_n_matrix():
    sigma = Permutation.shift(28, 28)
    net = EquivariantAutoencoder(sigma, {Eigenvalue(1, 1): 3, Eigenvalue(28, 27): 2})
    largest = max(buffer.numel() for buffer in net.buffers())
    with torch.profiler.profile(profile_memory=True, activities=[torch.profiler.ProfilerActivity.CPU]) as seen:
        net(torch.ones(1, 784))
    assert largest <= 784
    assert max(event.self_cpu_memory_usage for event in seen.events()) < 784 * 784


def test_bad_input_is_named():
    sigma = Permutation.from_cycles("(1 2 3)")
    with pytest.raises(ValueError, match="not equivariant: M P − P M has an entry of size 2, and M one of size 3"):
        fourier_blocks(torch.diag(torch.tensor([1.0, 2.0, 3.0])), sigma)
    with pytest.raises(
        ValueError, match="a 2×2 matrix cannot commute with a permutation of 3 points: the last two sides have to be 3"
    ):
        fourier_blocks(torch.eye(2), sigma)
    with pytest.raises(ValueError, match="is not among the eigenvalues"):
        EquivariantAutoencoder(sigma, {Eigenvalue(2, 1): 1})
    with pytest.raises(ValueError, match="rank 4 is out of range"):
        best_ranks(torch.eye(3), sigma, 4)


@pytest.mark.claim("NN-45", "NN-48")
def test_small_cases_by_factoring(measured):
    a, b, c = sympy.symbols("a b c")
    determinant = sympy.Matrix([[a, b, c], [c, a, b], [b, c, a]]).det()
    second = a**2 + b**2 + c**2 - a * b - b * c - c * a
    measured.exact(sympy.expand(determinant - (a + b + c) * second), 0)
    measured.exact(sympy.expand(2 * second - (a - b) ** 2 - (b - c) ** 2 - (c - a) ** 2), 0)  # real zeros: a = b = c
    measured.exact(tuple(count_components(CYCLE, 2)), (1, 2, 3))
    measured.exact(count_components(CYCLE, 1).all_real, 1)
    measured.exact(count_components(Permutation((2, 1)), 1).all_real, 2)
    measured.exact([count_components(TURN, r).all_real for r in range(10)], [1, 2, 4, 5, 6, 6, 6, 4, 3, 1])
    measured.exact([count_components(SIGMA, r).complex for r in range(6)], [1, 4, 7, 7, 4, 1])
    measured.exact([count_components(TURN, r).complex for r in range(10)], [1, 4, 10, 17, 22, 22, 17, 10, 4, 1])


@pytest.mark.claim("NN-48")
def test_the_network_of_one_component_reaches_no_other(measured):
    """A general map of each of the five networks lies on its own component and off the four others."""
    every = list(components(TURN, 3))
    for seed, one in enumerate(every):
        torch.manual_seed(seed)
        M = EquivariantAutoencoder(TURN, one.ranks)(torch.eye(9)).T.detach()
        reached = [bool((nearest_equivariant(M, TURN, other.ranks) - M).norm() < 1e-9) for other in every]
        measured.exact(reached, [other is one for other in every])


@pytest.mark.claim("NN-46", "NN-49", "NN-50")
def test_the_component_of_the_slides(measured):
    ranks = {Eigenvalue(1, 1): 1, Eigenvalue(4, 3): 1}
    one = component(TURN, ranks)
    measured.exact((one.dimension, one.parameters, one.degree, one.ed_degree), (11, 14, 24, 6))
    measured.exact(count_components(TURN, 3)[::2], (5, 17))
    Q = real_fourier_basis(TURN)

    def build(t):
        left, right = torch.zeros(9, 3), torch.zeros(3, 9)
        left = torch.block_diag(
            t[:3].reshape(3, 1), torch.zeros(2, 0), realify(torch.complex(t[3:5], t[5:7]).reshape(2, 1))
        )
        right = torch.block_diag(
            t[7:10].reshape(1, 3), torch.zeros(0, 2), realify(torch.complex(t[10:12], t[12:14]).reshape(1, 2))
        )
        return Q @ left @ right @ Q.T

    M = build(draw(14))
    measured(commutator(M, TURN), 0, atol=1e-13)
    measured.exact(int(torch.linalg.matrix_rank(M)), 3)
    measured.exact(differential_rank(build, draw(14, seed=1)), 11)
    measured(nearest_equivariant(M, TURN, ranks), M, atol=1e-13)


@pytest.mark.claim("NN-47", "NN-55", "NN-56")
def test_dimension_and_degree_over_c(measured):
    d = multiplicities(TURN)
    blocks = [(1, d[1]), (0, d[2]), (1, d[4]), (1, d[4])]
    measured.exact(sum((2 * e - r) * r for r, e in blocks), 11)
    measured.exact(int(np.prod([degree(r, e, e) for r, e in blocks])), 24)
    factorials = 1
    for r, e in blocks:
        for i in range(e - r):
            factorials = (
                factorials
                * sympy.factorial(e + i)
                * sympy.factorial(i)
                / (sympy.factorial(r + i) * sympy.factorial(e - r + i))
            )
    measured.exact(int(factorials), 24)


@pytest.mark.claim("NN-57")
def test_singular_points_of_components(measured):
    """A line through zero is smooth there; the slides' formula holds exactly where no block is full."""
    line = lambda t: torch.stack([t[0], t[0], t[0], t[0]])
    measured.exact(differential_rank(line, torch.zeros(1)), 1)
    wrong = right = 0
    for text in ("(1 2)", "(1 2 3)", "(1 2)(3 4)", "(1 2 3)(4 5)(6)", "(1 2 3 4)(5 6)", "(1)(2)(3)"):
        sigma = Permutation.from_cycles(text)
        spectrum = eigenvalues(sigma)
        for r in product(*(range(d + 1) for d in spectrum.values())):
            ranks = dict(zip(spectrum, r, strict=True))
            lower = [s for s in product(*(range(e + 1) for e in r)) if s != r]
            claimed = set(lower)  # rank at most r − 1 within the component
            true = {s for s in lower if is_singular(dict(zip(spectrum, s, strict=True)), ranks, spectrum)}
            full = any(0 < e == d for e, d in zip(r, spectrum.values(), strict=True))
            measured.exact(claimed == true, not full)
            wrong, right = wrong + full, right + (not full)
    assert wrong > right > 0


@pytest.mark.claim("NN-57")
def test_singularity_of_one_block_by_its_equations(measured):
    """Two equal cycles, r = (1, 0): the block is a 2×2 matrix of rank one, a cone, singular at zero only."""
    measured.exact(normal_rank(torch.zeros(2, 2), 1), 0)
    measured.exact(normal_rank(torch.outer(draw(2), draw(2, seed=1)), 1), 1)
    key = Eigenvalue(1, 1)
    measured.exact(is_singular({key: 0}, {key: 1}, {key: 2}), True)
    measured.exact(is_singular({key: 1}, {key: 1}, {key: 2}), False)


@pytest.mark.claim("NN-57b")
def test_lower_rank_is_singular_over_c_but_not_over_r(measured):
    """Over C: at each lower rank vector a block is singular or several components meet; brute force on rank vectors."""
    for text in ("(1 2)", "(1 2 3)", "(1 2)(3 4)", "(1 2 3)(4 5)", "(1 2 3 4)", "(1 2 3)(4 5 6)"):
        sigma = Permutation.from_cycles(text)
        d = [e for key, e in eigenvalues(sigma).items() for _ in range(key.weight)]
        every = list(product(*(range(e + 1) for e in d)))
        for rank in range(1, sigma.size):
            top = [r for r in every if sum(r) == rank]
            for s in (s for s in every if sum(s) < rank):
                above = [r for r in top if all(a <= b for a, b in zip(s, r, strict=True))]
                singular = any(a < b < e for r in above for a, b, e in zip(s, r, d, strict=True))
                measured.exact(len(above) > 1 or singular, True)
    ranks = {k: int(torch.linalg.matrix_rank(b, tol=1e-9)) for k, b in fourier_blocks(torch.ones(3, 3), CYCLE).items()}
    measured.exact(ranks, {Eigenvalue(1, 1): 1, Eigenvalue(3, 2): 0})


@pytest.mark.claim("NN-108")
def test_knapsack_on_the_rotation(measured):
    for seed in range(10):
        U = draw(9, 9, seed=seed)
        best = nearest_equivariant(U, TURN, best_ranks(U, TURN, 3))
        measured((U - best).norm(), brute_best(U, TURN, 3), atol=1e-12)


def test_exercise_averaging_is_cutting(measured):
    U = draw(9, 9)
    measured(reynolds(U, TURN), assemble(projected_blocks(U, TURN), TURN), atol=1e-14)
    two = Permutation.from_cycles("(1 2 3)(4 5 6)")
    differing = [r for r in range(7) if count_components(two, r).real != count_components(two, r).all_real]
    measured.exact(differing, [3, 5])


def test_taking_the_largest_first_wastes_at_most_one_unit():
    for seed, r in product(range(20), range(2, 10)):
        blocks = projected_blocks(draw(9, 9, seed=seed), TURN)
        bars = [(s, key.weight) for key, Z in blocks.items() for s in torch.linalg.svdvals(Z).tolist()]
        left, greedy = r, 0.0
        for s, weight in sorted(bars, reverse=True):
            if weight <= left:
                left, greedy = left - weight, greedy + weight * s * s
        ranks = best_ranks(draw(9, 9, seed=seed), TURN, r)
        best = sum(key.weight * torch.linalg.svdvals(blocks[key])[:k].square().sum().item() for key, k in ranks.items())
        assert (r - 1) / r * best <= greedy + 1e-12 <= best + 1e-11


def test_on_the_line_of_means_the_dense_network_has_a_saddle():
    """At the nearest multiple of the mean the gradient of u, v vanishes; the Hessian has both signs."""
    target = torch.tensor([[0.95, -0.45], [-0.45, 0.95]])
    loss = lambda w: (torch.outer(w[:2], w[2:]) - target).square().sum()
    end = torch.full((4,), 0.5)  # u v = 1/4 times ones, the mean's eigenvalue 1/2
    assert torch.func.grad(loss)(end).abs().max() < 1e-15
    curvatures = torch.linalg.eigvalsh(torch.func.jacrev(torch.func.grad(loss))(end))
    assert curvatures[0] < -0.1
    assert curvatures[-1] > 0.1
    assert abs(loss(end).item() - 1.4**2) < 1e-15


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_precision_batches_and_scale(dtype, measured):
    M = draw(2, 3, 9, 9).to(dtype)
    blocks = projected_blocks(M, TURN)
    assert blocks[Eigenvalue(4, 3)].shape == (2, 3, 2, 2)
    assert assemble(blocks, TURN).dtype == dtype
    measured(assemble(blocks, TURN)[1, 2].double(), assemble(projected_blocks(M[1, 2].double(), TURN), TURN), atol=1e-5)
    assert assemble(projected_blocks(M[:0], TURN), TURN).shape == (0, 3, 9, 9)
    ranks = best_ranks(M[0, 0], TURN, 3)
    assert nearest_equivariant(M[0, 0], TURN, ranks).dtype == dtype
    for size in (1e-8, 1e8):
        assert best_ranks(size * M[0, 0], TURN, 3) == ranks
        fourier_blocks(assemble(blocks, TURN) * size, TURN)  # equivariant in any unit of measurement
        with pytest.raises(ValueError, match="not equivariant"):
            fourier_blocks(size * M, TURN)


def test_wrong_shapes_are_named():
    with pytest.raises(ValueError, match="a 4×4 matrix cannot commute with a permutation of 9 points"):
        nearest_equivariant(torch.eye(4), TURN, {})
    with pytest.raises(ValueError, match="inputs of 8 numbers: give 9"):
        EquivariantAutoencoder(TURN, {Eigenvalue(1, 1): 1})(torch.zeros(2, 8))
    with pytest.raises(ValueError, match="give a block for each of the eigenvalues"):
        assemble({}, TURN)


# by two formulas in test_components; the others from the formulas on the page, with d = 28 everywhere
RANKS = (13, 10, 9, 8, 7, 5, 3, 1)
test_numbers = numbers(
    "linear_networks.equivariance",
    {
        "mnist_real": 72_425_986_088_826,
        "mnist_dimension": sum((1 if j == 0 else 2) * r * (56 - r) for j, r in enumerate(RANKS)),
        "mnist_ed_digits": len(str(math.prod(math.comb(28, r) for r in RANKS))),
    },
)


def test_waves_need_the_coordinates_of_each_set_of_eigenvalues():
    sigma = Permutation.parse("(1 2 3 4)(5 6)")
    waves = CycleWaves(sigma, list(eigenvalues(sigma)))
    coordinates = waves.analyse(torch.randn(2, 6))
    assert torch.allclose(waves.synthesise(coordinates, 2), waves.synthesise([*coordinates], 2))
    for wrong in (coordinates[:-1], [*coordinates, coordinates[-1]]):
        with pytest.raises(ValueError, match=r"argument 2 is (shorter|longer)"):
            waves.synthesise(wrong, 2)


@pytest.mark.parametrize("sigma", ["(1 2 3 4)(5 6)", "(1 2 3 4 5 6)(7 8 9 10)", "(1 5)(2 3 4)(6 7 8 9 10)"])
def test_waves_give_back_what_they_were_asked_for(sigma):
    """Also where eigenvalues belong to cycles that share no other wave: i to those of 4 points, a sixth root to those of 6."""
    sigma = Permutation.parse(sigma)
    waves = CycleWaves(sigma, list(eigenvalues(sigma)))
    x = torch.randn(3, sigma.size, generator=torch.Generator().manual_seed(0))
    assert torch.allclose(waves.synthesise(waves.analyse(x), 3), x, atol=1e-14)


def test_ranks_that_are_left_out_are_zero():
    M = torch.randn(9, 9, generator=torch.Generator().manual_seed(5))
    assert nearest_equivariant(M, TURN, {}).abs().max() == 0
    key = next(iter(eigenvalues(TURN)))
    assert torch.equal(
        nearest_equivariant(M, TURN, {key: 1}),
        nearest_equivariant(M, TURN, {**dict.fromkeys(eigenvalues(TURN), 0), key: 1}),
    )
