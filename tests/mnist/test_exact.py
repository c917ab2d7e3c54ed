"""The exact optimum: brute force on small problems, laws on random ones, and the paper's table on the digits."""

import itertools
import math
from fractions import Fraction
from functools import cache

import numpy as np
import pytest
import torch

from book.expect import below, near, numbers
from snippets.figures.mnist import exact as exact_figures
from snippets.mnist import exact
from snippets.mnist.data import load_images
from snippets.mnist.exact import (
    EquivariantLinearAutoencoder,
    assemble,
    average_over_shifts,
    best_ranks,
    block_loss,
    commutator,
    complex_matrices,
    count_choices,
    decode,
    dense_loss,
    dimension,
    encode,
    fit,
    frequency_moments,
    gram,
    greedy_ranks,
    invariant_fit,
    load,
    loss,
    parameters,
    reconstruct,
    second_moment,
    spectra,
    top_eigenvectors,
    waves,
)
from snippets.mnist.ranks import RANKS, WEIGHTS, total_rank
from snippets.mnist.recipe import complex_truncation, notebook_blocks, real_truncation
from snippets.mnist.shifts import cyclic_shift, interpolation, random_amounts, shift

test_numbers = numbers("mnist.exact", {
    "agree": near(0.9253, 0.0009),
    "best": near(0.0075674, 8e-06),
    "better_dense": near(0.9138, 0.0009),
    "commutator": near(0.34269, 0.0003),
    "components": 72425986088826,
    "components_all": 72426340906146,
    "cyclic_best": near(0.010384, 1e-05),
    "cyclic_commutator": below(1e-12),
    "cyclic_dense": near(0.010384, 1e-05),
    "cyclic_gap": near(0.10662, 0.0001),
    "cyclic_ranks": "9, 10, 9, 8, 7, 5, 4, 2, 0, 0, 0, 0, 0, 0, 0",
    "dense": near(0.0056529, 6e-06),
    "dense_error_of_300": near(0.00015155, 2e-07),
    "dense_parameters_for_best": 123872,
    "dense_rank_3": near(0.05501, 6e-05),
    "dense_rank_for_best": 79,
    "dimension": 4717,
    "dimension_dense": 145431,
    "equal": near(0.018776, 2e-05),
    "error_of_300_equal": near(0.00049, 3e-05),
    "error_of_300_high_pass": near(0.00238, 5e-05),
    "error_of_300": near(0.00016509, 2e-07),
    "high_pass": near(0.10662, 0.0001),
    "lost": near(0.056, 6e-05),
    "paper": near(0.0076889, 8e-06),
    "parameters": 5544,
    "parameters_dense": 155232,
    "price": near(0.33867, 0.0003),
    "ratio": near(28, 0.03),
    "recipe_complex": near(0.007689, 8e-06),
    "recipe_equal": near(0.021308, 2e-05),
    "recipe_excess": near(0.085319, 9e-05),
    "recipe_high_pass": near(0.10676, 0.0001),
    "recipe_paper": near(0.0083449, 8e-06),
    "spread": near(0.0028649, 3e-06),
    "zero": near(0.10763, 0.0001),
})  # fmt: skip

SMALL = (3, 2, 1, 0, 2, 0, 0, 1, 0, 0, 0, 0, 0, 1, 2)  # total rank 19


def smooth_images(count: int = 150, seed: int = 0) -> torch.Tensor:
    """Random pictures with correlated neighbours, so that no two eigenvalues nearly coincide."""
    noise = torch.rand(count, 28, 28, generator=torch.Generator().manual_seed(seed))
    smooth = sum(noise.roll(k, dims) for k in range(4) for dims in (1, 2)) + noise.cumsum(2) / 5
    return (smooth / smooth.amax() * 255).to(torch.uint8)


def moments_in_double(images: torch.Tensor) -> torch.Tensor:
    x = np.fft.rfft(images.double().numpy() / 255, norm="ortho")
    return torch.from_numpy(np.einsum("naj,nbj->jab", x, x.conj()) / len(x))


@cache
def problem() -> tuple[torch.Tensor, torch.Tensor]:
    images = smooth_images()
    return images / 255.0, moments_in_double(images)


@cache
def table() -> dict:
    return exact_figures.table()


@cache
def sizes() -> dict:
    return exact_figures.sizes()


@cache
def samples() -> dict:
    return exact_figures.samples()


@cache
def augmented() -> dict:
    return exact_figures.augmented()


# --- the data


@pytest.mark.claim("MN-01")
def test_there_are_sixty_thousand_digits_to_train_on_and_ten_thousand_to_test(measured):
    measured.exact(tuple(load_images("train").shape), (60000, 28, 28))
    measured.exact(tuple(load_images("test").shape), (10000, 28, 28))


@pytest.mark.claim("MN-106")
def test_the_shift_of_the_data_forgets_what_leaves(measured):
    amounts = torch.tensor([0.0, 0.3, -0.7, 1.0, -1.5, 2.25, 5.0, -5.6])
    ranks = torch.linalg.matrix_rank(interpolation(amounts, 28))
    measured.exact(ranks.tolist(), [28 - int(abs(amount)) for amount in amounts.tolist()])
    images, five = problem()[0], torch.full((150,), 5.0)
    assert not torch.allclose(shift(shift(images, five), -five), images)
    measured(cyclic_shift(cyclic_shift(images, 5), -5), images, atol=0.0)


@pytest.mark.claim("MN-106")
@pytest.mark.parametrize("width", [3, 6, 9])
def test_only_multiples_of_the_identity_commute_with_the_shifts_of_a_row(width, measured):
    eye = torch.eye(width)
    left_and_right = interpolation(torch.tensor([1.0, -1.0]), width)
    equations = torch.cat([torch.kron(eye, t.contiguous()) - torch.kron(t.T.contiguous(), eye) for t in left_and_right])
    measured.exact(int(torch.linalg.matrix_rank(equations)), width**2 - 1)


# --- the Fourier transform of the rows


@pytest.mark.claim("MN-101")
def test_waves_are_numpy_s_fourier_transform(measured):
    x = torch.rand(28)
    pairs = (waves() @ x).view(15, 2)
    expected = np.fft.rfft(x.numpy()) / 28**0.5
    measured(pairs, np.stack([expected.real, expected.imag], axis=1), atol=1e-14)
    measured.exact(waves()[1].abs().max().item(), 0.0)
    measured.exact(waves()[29].abs().max().item(), 0.0)


@pytest.mark.claim("MN-101")
def test_a_cyclic_shift_turns_every_frequency(measured):
    x = torch.rand(1, 28, 28)
    turn = torch.exp(-2j * math.pi * torch.arange(15) / 28)
    measured(torch.fft.rfft(cyclic_shift(x, 1)), torch.fft.rfft(x) * turn, atol=1e-12)


@pytest.mark.claim("MN-101")
def test_the_transform_keeps_lengths(measured):
    x = torch.rand(28, 28)
    squares = torch.fft.rfft(x, norm="ortho").abs().square().sum(0)
    measured(squares @ torch.tensor(WEIGHTS, dtype=torch.float64), x.square().sum(), atol=1e-11)


@pytest.mark.claim("MN-03")
def test_the_shift_has_every_28th_root_of_unity_28_times(measured):
    traces = [float(cyclic_shift(torch.eye(784).view(784, 28, 28), k).reshape(784, 784).trace()) for k in range(28)]
    measured(np.fft.fft(traces).real / 28, np.full(28, 28.0), atol=1e-9)  # multiplicities from the characters
    measured.exact(traces[0], 784.0)


# --- second moments


@pytest.mark.parametrize("width", [1, 2, 7, 8])
def test_a_gram_matrix_is_whole(width, measured):
    x = torch.rand(5, width)
    measured(gram(x), torch.einsum("na,nb->ab", x, x), atol=1e-14)
    measured.exact(gram(x.to("meta")).shape, gram(x).shape)  # as on any device that numpy does not know


def test_second_moment_is_the_mean_outer_product(measured):
    images = smooth_images(40)
    amounts = random_amounts(40, torch.Generator().manual_seed(1))
    x = images.flatten(1) / 255.0
    measured(second_moment(images), x.T @ x / 40, atol=1e-6)
    moved = shift(images / 255.0, amounts).flatten(1)
    measured(second_moment(images, amounts), moved.T @ moved / 40, atol=1e-6)


@pytest.mark.claim("BR-15")
def test_frequency_moments_are_those_of_numpy_s_transform(measured):
    images = smooth_images(40)
    measured(frequency_moments(images), moments_in_double(images), atol=1e-5)
    assert torch.equal(frequency_moments(images), frequency_moments(images).mH)


@pytest.mark.claim("BR-15")
def test_frequency_moments_are_the_blocks_of_the_averaged_second_moment(measured):
    x, moments = problem()
    averaged = average_over_shifts(x.flatten(1).T @ x.flatten(1) / len(x))
    for j in (0, 1, 5, 13, 14):
        wave = torch.exp(-2j * math.pi * j * torch.arange(28) / 28) / 28**0.5
        block = torch.einsum("x,axby,y->ab", wave, averaged.view(28, 28, 28, 28).to(wave.dtype), wave.conj())
        measured(torch.view_as_real(block), torch.view_as_real(moments[j]), atol=1e-12)


# --- the optimum


@pytest.mark.claim("BR-15", "MN-102")
def test_equivariant_optimum_is_brute_force_pca_of_the_averaged_covariance(measured):
    x, moments = problem()
    averaged = average_over_shifts(x.flatten(1).T @ x.flatten(1) / len(x))
    projector = torch.zeros(784, 784)
    for j, (weight, rank) in enumerate(zip(WEIGHTS, SMALL, strict=True)):
        rows = waves()[2 * j : 2 * j + weight] * weight**0.5
        basis = torch.kron(torch.eye(28), rows.T.contiguous())
        top = basis @ torch.linalg.eigh(basis.T @ averaged @ basis).eigenvectors[:, 28 * weight - weight * rank :]
        projector += top @ top.T
    measured(assemble(fit(moments, SMALL)), projector, atol=1e-10)


@pytest.mark.claim("BR-15")
def test_loss_is_the_mean_squared_error_of_the_reconstructions(measured):
    x, moments = problem()
    bases = fit(moments, SMALL)
    flat = x.flatten(1)
    measured(loss(moments, bases), (x - reconstruct(x, bases)).square().mean(), atol=1e-14)
    measured(loss(moments, bases), (flat - flat @ assemble(bases).T).square().mean(), atol=1e-14)
    blocks = torch.stack([u @ u.mH for u in bases])
    measured(loss(moments, bases), block_loss(moments, blocks), atol=1e-14)


@pytest.mark.claim("BR-15", "MN-102")
def test_gradient_descent_comes_close_and_never_below(measured):
    x, moments = problem()
    ranks = (2, 1, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1)
    torch.manual_seed(0)
    model = EquivariantLinearAutoencoder(ranks)
    optimiser = torch.optim.Adam(model.parameters(), lr=0.03)
    losses = []
    for _ in range(250):
        optimiser.zero_grad()
        value = (model(x) - x).square().mean()
        value.backward()
        optimiser.step()
        losses.append(value.item())
    optimum = loss(moments, fit(moments, ranks))
    assert min(losses) >= optimum - 1e-12
    measured(losses[-1] / optimum, 1, atol=0.03)


@pytest.mark.claim("MN-102")
def test_other_bases_of_the_same_ranks_lose_more():
    _, moments = problem()
    optimum = loss(moments, fit(moments, SMALL))
    for seed in range(5):
        noise = moments_in_double(smooth_images(60, seed + 1))
        for size in (0.01, 1.0):
            assert loss(moments, fit(moments + size * noise, SMALL)) > optimum


@pytest.mark.claim("MN-103")
@pytest.mark.parametrize("ranks", [SMALL, RANKS["paper"], RANKS["equal"], RANKS["high-pass"]])
def test_the_assembled_matrix_commutes_with_the_shift_and_is_a_projection(ranks, measured):
    _, moments = problem()
    m = assemble(fit(moments, ranks))
    measured(commutator(m), 0, atol=1e-13)
    measured(m @ m, m, atol=1e-12)
    measured(m, m.T, atol=1e-12)
    measured(m.trace(), total_rank(ranks), atol=1e-10)


@pytest.mark.claim("MN-103")
def test_reconstruction_commutes_with_cyclic_shifts_and_codes_only_turn(measured):
    x, moments = problem()
    bases = fit(moments, SMALL)
    for k in (1, 5, 14, -3):
        measured(reconstruct(cyclic_shift(x, k), bases), cyclic_shift(reconstruct(x, bases), k), atol=1e-12)
        measured(encode(cyclic_shift(x, k), bases).abs(), encode(x, bases).abs(), atol=1e-12)


@pytest.mark.claim("MN-103")
def test_codes_decode_to_reconstructions_and_encode_again_to_themselves(measured):
    x, moments = problem()
    bases = fit(moments, SMALL)
    codes = encode(x, bases)
    measured.exact(tuple(codes.shape), (len(x), sum(SMALL)))
    measured(torch.view_as_real(encode(decode(codes, bases), bases)), torch.view_as_real(codes), atol=1e-12)


def test_fresh_weights_have_a_variance_of_one_over_28(measured):
    torch.manual_seed(0)
    model = EquivariantLinearAutoencoder((28,) * 15)
    assert model(torch.zeros(0, 28, 28)).shape == (0, 28, 28)
    for weights in (model.encoder, model.decoder):
        measured(28 * torch.cat([w.detach().flatten() for w in weights]).square().mean(), 1, atol=0.02)


def test_full_rank_returns_the_picture(measured):
    x, moments = problem()
    measured(reconstruct(x, fit(moments, (28,) * 15)), x, atol=1e-12)
    measured(loss(moments, fit(moments, (28,) * 15)), 0, atol=1e-14)
    measured(loss(moments, fit(moments, (0,) * 15)), x.square().mean(), atol=1e-14)


def test_dense_optimum_is_the_truncated_svd_of_the_data(measured):
    x = problem()[0].flatten(1)
    u, s, v = torch.linalg.svd(x, full_matrices=False)
    best = (u[:, :9] * s[:9]) @ v[:9]
    moment = x.T @ x / len(x)
    measured(dense_loss(moment, top_eigenvectors(moment, 9)), (x - best).square().mean(), atol=1e-14)


def test_the_two_diagnostics_know_the_shift(measured):
    p = cyclic_shift(torch.eye(784).view(784, 28, 28), 1).reshape(784, 784).T
    m = torch.rand(784, 784, generator=torch.Generator().manual_seed(0))
    measured(commutator(m), (m @ p - p @ m).norm() / m.norm(), atol=1e-12)
    averaged = average_over_shifts(m)
    measured(p @ averaged, averaged @ p, atol=1e-12)
    measured(average_over_shifts(averaged), averaged, atol=1e-12)
    measured((averaged * (m - averaged)).sum(), 0, atol=1e-8)


# --- ranks


@pytest.mark.claim("MN-06")
def test_the_paper_s_ranks_weigh_99(measured):
    measured.exact([total_rank(ranks) for ranks in RANKS.values()], [99, 99, 99])
    measured.exact(RANKS["high-pass"], RANKS["paper"][::-1])
    measured.exact(max(RANKS["equal"]) - min(RANKS["equal"]), 1)
    labels = "1/1 27/28 13/14 25/28 6/7 23/28 11/14 3/4 5/7 19/28 9/14 17/28 4/7 15/28 1/2"  # m/l in the slides' order
    measured.exact([(1 - Fraction(label)) * 28 for label in labels.split()], list(range(15)))


@pytest.mark.claim("MN-08")
def test_parameters_and_dimensions(measured):
    for ranks in RANKS.values():
        measured.exact(parameters(ranks), 5544)
        measured.exact(2 * 99 * 784 // parameters(ranks), 28)
    measured.exact(2 * (28 * 13 + 2 * 28 * (10 + 9 + 8 + 7 + 5 + 3 + 1)), 5544)
    model = EquivariantLinearAutoencoder(RANKS["paper"])
    measured.exact(sum(p.numel() for p in model.parameters()), 5544)


@pytest.mark.claim("MN-08")
@pytest.mark.parametrize("ranks", [(1, 1, *[0] * 13), (2, 0, 3, *[0] * 11, 1)])
def test_dimension_is_the_rank_of_the_derivative_of_the_parametrisation(ranks, measured):
    torch.manual_seed(0)
    model = EquivariantLinearAutoencoder(ranks)
    shapes = [p.shape for p in model.parameters()]
    start = torch.cat([p.detach().flatten() for p in model.parameters()])

    def blocks(flat: torch.Tensor) -> torch.Tensor:
        parts = [part.view(s) for part, s in zip(flat.split([s.numel() for s in shapes]), shapes, strict=True)]
        e, d = complex_matrices(parts[:15]), complex_matrices(parts[15:])
        used = [j for j, rank in enumerate(ranks) if rank]
        return torch.view_as_real(d[used].mT @ e[used].conj()).flatten()

    steps = torch.eye(len(start))
    jacobian = torch.stack([blocks(start + h) - blocks(start - h) for h in steps], 1) / 2  # of a quadratic map exactly
    measured.exact(int(torch.linalg.matrix_rank(jacobian, rtol=1e-9)), dimension(ranks))


@pytest.mark.parametrize("total", [0, 1, 5, 8, 11, 18])
@pytest.mark.parametrize("seed", range(3))
@pytest.mark.claim("MN-104")
def test_knapsack_finds_what_trying_all_rank_vectors_finds(total, seed, measured):
    generator = torch.Generator().manual_seed(seed)
    values = torch.rand(4, 3, generator=generator).sort(descending=True).values
    weights = (1, 2, 2, 1)

    def kept(ranks: tuple[int, ...]) -> float:
        return sum(w * float(v[:r].sum()) for w, v, r in zip(weights, values, ranks, strict=True))

    vectors = itertools.product(range(4), repeat=4)
    every = [r for r in vectors if sum(w * k for w, k in zip(weights, r, strict=True)) == total]
    found = best_ranks(values, total, weights)
    assert found in every
    measured(kept(found), max(map(kept, every)), atol=1e-12)


@pytest.mark.claim("MN-104")
def test_best_ranks_lose_least_among_named_and_random_ones():
    _, moments = problem()
    best = best_ranks(spectra(moments), 99)
    assert total_rank(best) == 99
    optimum = loss(moments, fit(moments, best))
    assert all(loss(moments, fit(moments, ranks)) >= optimum for ranks in RANKS.values())
    neighbours = [
        tuple(r + (i == up) - (i == down) for i, r in enumerate(best)) for up in range(1, 14) for down in range(1, 14)
    ]
    assert all(loss(moments, fit(moments, n)) >= optimum for n in neighbours if min(n) >= 0)


def test_spectra_fall_and_sum_to_the_energy(measured):
    x, moments = problem()
    values = spectra(moments)
    assert (values.diff(dim=1) <= 0).all()
    measured(values.sum(1) @ torch.tensor(WEIGHTS, dtype=torch.float64) / 784, x.square().mean(), atol=1e-12)


# --- counting components


@pytest.mark.claim("MN-05")
@pytest.mark.unwatched
def test_components_by_generating_function_and_by_inclusion_and_exclusion(measured):
    def by_hand(ones: int, twos: int, d: int, total: int) -> int:
        """Count by binomials: free solutions, minus those that overstep the multiplicities."""
        count = 0
        for i, j in itertools.product(range(ones + 1), range(twos + 1)):
            rest = total - (d + 1) * (i + 2 * j)
            free = sum(
                math.comb(h + twos - 1, twos - 1) * math.comb(rest - 2 * h + ones - 1, ones - 1)
                for h in range(rest // 2 + 1)
            )
            count += (-1) ** (i + j) * math.comb(ones, i) * math.comb(twos, j) * free
        return count

    blocks = [(weight, 28) for weight in WEIGHTS]
    measured.exact(count_choices(blocks, 99), by_hand(2, 13, 28, 99))
    measured.exact(sizes()["components"], 72_425_986_088_826)
    measured.exact(sizes()["components_smaller"], math.comb(33, 12))
    measured.exact(sizes()["components_all"], 72_425_986_088_826 + 354_817_320)
    complex_count = sum((-1) ** i * math.comb(28, i) * math.comb(99 - 29 * i + 27, 27) for i in range(4))
    measured.exact(sizes()["components_complex"], complex_count)


@pytest.mark.claim("MN-05")
@pytest.mark.parametrize(("d", "pairs", "total"), [(1, 2, 3), (2, 2, 5), (2, 2, 7), (3, 1, 7), (2, 3, 8)])
def test_all_real_components_are_those_of_full_rank_and_those_that_miss_one(d, pairs, total, measured):
    weights = (1, *[2] * pairs, 1)
    vectors = itertools.product(range(d + 1), repeat=len(weights))
    allowed = {r for r in vectors if sum(w * k for w, k in zip(weights, r, strict=True)) <= total}
    maximal = [r for r in allowed if not any((*r[:i], r[i] + 1, *r[i + 1 :]) in allowed for i in range(len(r)))]
    blocks = [(weight, d) for weight in weights]
    smaller = count_choices(blocks[1:-1], total - 1 - 2 * d) if total > 2 * d else 0
    measured.exact(len(maximal), count_choices(blocks, total) + smaller)


# --- the recipe of the notebook


@pytest.mark.claim("MN-07a")
def test_a_real_svd_of_real_and_imaginary_part_is_not_the_best_truncation(measured):
    generator = torch.Generator().manual_seed(0)
    block = torch.complex(*torch.randn(2, 28, 28, generator=generator))
    u, s, v = torch.linalg.svd(block)
    best = (block - (u[:, :5] * s[:5]) @ v[:5]).norm()
    measured((block - complex_truncation(block, 5)).norm(), best, atol=1e-12)
    cut = real_truncation(block, 5)
    measured(torch.dist(real_truncation(block, 28), block), 0, atol=1e-12)
    assert torch.linalg.matrix_rank(cut) == 5
    assert (block - cut).norm() > 1.02 * best


def test_the_recipe_gives_blocks_of_the_ranks_asked_for(measured):
    x = problem()[0].flatten(1)
    blocks = notebook_blocks(x.T @ x / len(x), SMALL)
    measured.exact([int(torch.linalg.matrix_rank(block)) for block in blocks], list(SMALL))


# --- the digits


@pytest.mark.claim("MN-02")
def test_both_maps_factor_through_99_numbers(measured):
    e = exact.experiment()
    measured.exact(tuple(e.dense[:, -99:].shape), (784, 99))
    codes = encode(e.test[:3], fit(e.train_moments, RANKS["paper"]))
    real = sum(w * r for w, r in zip(WEIGHTS, RANKS["paper"], strict=True))
    measured.exact(real, 99)
    measured.exact(codes.shape[1], 13 + 43)
    measured(codes[:, :13].imag.abs().max(), 0, atol=1e-12)


@pytest.mark.claim("MN-07a", by="measured")
def test_equivariant_loss(measured):
    measured(table()["paper"], 0.00769, atol=4e-5)
    measured(table()["recipe_paper"], 0.0083, atol=1e-4)
    measured(table()["recipe_complex"], table()["paper"], atol=2e-5)
    measured(table()["recipe_paper"] / table()["paper"] - 1, 0.09, atol=0.005)
    measured(samples()["equivariant_direct"], table()["paper"], atol=1e-8)
    assert table()["paper"] < 0.0081
    assert abs(table()["recipe_paper"] - 0.0082) < 2 * samples()["error_of_300"]


@pytest.mark.claim("MN-07b")
def test_equal_rank_loss(measured):
    measured(table()["equal"], 0.01877, atol=1e-4)
    measured(table()["recipe_equal"], 0.02133, atol=1e-4)
    assert table()["equal"] < 0.0206 < table()["recipe_equal"]


@pytest.mark.claim("MN-07c")
def test_high_pass_loss(measured):
    measured(table()["high_pass"], 0.1066, atol=5e-4)
    assert abs(table()["high_pass"] - 0.1063) < 0.001
    assert table()["recipe_high_pass"] < table()["zero"]


@pytest.mark.claim("MN-07d")
def test_dense_loss(measured):
    measured(table()["dense"], 0.00566, atol=3e-5)
    measured(table()["commutator"], 0.342, atol=2e-3)


@pytest.mark.claim("MN-07e")
def test_a_mean_over_300_pictures_strays_by_the_standard_error_of_its_row(measured):
    measured(samples()["error_of_300"], 0.0002, atol=5e-5)
    measured(samples()["error_of_300_high_pass"], 0.002, atol=5e-4)
    assert abs(table()["dense"] - 0.0057) < samples()["dense_error_of_300"]


@pytest.mark.claim("MN-104")
def test_best_component_of_the_digits(measured):
    e = exact.experiment()
    measured.exact(e.ranks["best"], (9, 10, 10, 9, 7, 5, 3, 1, *[0] * 7))
    inner = best_ranks(spectra(e.train_moments)[1:14], 98 - 2 * 28, weights=[2] * 13)  # the components of rank 98
    full = (28, *inner, 28)
    assert total_rank(full) == 98
    assert loss(e.train_moments, fit(e.train_moments, full)) > 1.5 * loss(
        e.train_moments, fit(e.train_moments, e.ranks["best"])
    )
    measured(table()["best"], 0.00757, atol=3e-5)
    measured.exact(table()["same_best"], True)
    assert table()["spread"] < 0.01


@pytest.mark.claim("MN-04")
def test_how_often_the_two_shifts_agree_on_the_digits(measured):
    measured(samples()["agree"], 0.923, atol=0.006)
    measured(samples()["lost"], 0.057, atol=0.005)


@pytest.mark.claim("BR-16")
def test_on_cyclically_shifted_digits_the_dense_optimum_is_equivariant(measured):
    measured(augmented()["cyclic_dense"], augmented()["cyclic_best"], atol=1e-7)
    measured(augmented()["cyclic_commutator"], 0, atol=1e-9)
    assert augmented()["cyclic_ranks"].startswith("9, 10, 9, 8, 7, 5, 4, 2, 0")
    assert augmented()["cyclic_paper"] > augmented()["cyclic_best"] * 1.01


@pytest.mark.claim("MN-08")
def test_sizes_of_the_digits(measured):
    numbers = sizes()
    measured.exact((numbers["parameters_dense"], numbers["parameters"], numbers["ratio"]), (155232, 5544, 28.0))
    measured.exact((numbers["dimension_dense"], numbers["dimension"], numbers["gauge"]), (145431, 4717, 827))
    gauge = sum(w * r * r for w, r in zip(WEIGHTS, RANKS["paper"], strict=True))
    measured.exact(numbers["gauge"], gauge)


# --- the module


@pytest.mark.claim("MN-105")
def test_the_module_with_the_exact_optimum_reconstructs_and_has_no_gradient(measured):
    x, moments = problem()
    bases = fit(moments, SMALL)
    model = EquivariantLinearAutoencoder(SMALL)
    load(model, bases)
    measured(model(x).detach(), reconstruct(x, bases), atol=1e-12)
    (model(x) - x).square().mean().backward()
    for parameter in model.parameters():
        measured(parameter.grad, torch.zeros_like(parameter), atol=1e-12)


@pytest.mark.claim("MN-105")
def test_the_module_is_equivariant_with_any_weights(measured):
    torch.manual_seed(1)
    model, x = EquivariantLinearAutoencoder(RANKS["paper"]), torch.rand(3, 28, 28)
    with torch.no_grad():
        for k in (1, 6, -11):
            measured(model(cyclic_shift(x, k)), cyclic_shift(model(x), k), atol=1e-12)


# --- exercises


def test_solution_invariant(measured):
    x, moments = problem()
    bases = invariant_fit(moments, 5)
    y = reconstruct(x, bases)
    measured(reconstruct(cyclic_shift(x, 9), bases), y, atol=1e-12)
    measured(y, y[:, :, :1].expand(y.shape), atol=1e-12)


def test_solution_greedy():
    values = torch.zeros(15, 28)
    values[0, :2] = torch.tensor([4.0, 0.1])
    values[1, 0] = 3.0
    assert greedy_ranks(values, 2)[:2] == (2, 0)
    assert best_ranks(values, 2)[:2] == (0, 1)
    digits = spectra(exact.experiment().train_moments)
    assert greedy_ranks(digits, 99) == best_ranks(digits, 99)


# --- bad input


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: total_rank((1,) * 14), "14 ranks: give 15"),
        (lambda: total_rank((0, 29, *[0] * 13)), "rank 29 at frequency 1: choose from 0 to 28"),
        (lambda: dimension((*[0] * 14, -1)), "rank -1 at frequency 14: choose from 0 to 28"),
        (lambda: fit(problem()[1], (30, *[0] * 14)), "rank 30 at frequency 0"),
        (lambda: EquivariantLinearAutoencoder((1, 2)), "2 ranks"),
        (lambda: notebook_blocks(torch.eye(784), (1, 2)), "2 ranks"),
        (lambda: top_eigenvectors(torch.eye(784), 785), "rank 785: choose from 0 to 784"),
        (lambda: top_eigenvectors(torch.eye(784), -1), "rank -1: choose from 0 to 784"),
        (lambda: top_eigenvectors(torch.full((3, 3), float("nan")), 1), "not finite"),
        (lambda: best_ranks(torch.ones(15, 28), 785), "total rank 785: choose from 0 to 784"),
        (lambda: best_ranks(torch.ones(15, 28), -1), "total rank -1: choose from 0 to 784"),
        (lambda: best_ranks(torch.full((15, 28), float("inf")), 9), "not finite"),
        (lambda: second_moment(torch.zeros(2, 28, 27, dtype=torch.uint8)), "28×27 pixels, expected 28×28"),
        (lambda: frequency_moments(torch.zeros(2, 14, 56, dtype=torch.uint8)), "14×56 pixels, expected 28×28"),
        (lambda: second_moment(torch.zeros(0, 28, 28, dtype=torch.uint8)), "no pictures"),
        (lambda: frequency_moments(smooth_images(2), torch.tensor([0.0, float("nan")])), "finite, got nan"),
        (lambda: count_choices([(1, 2)], -1), "total -1"),
    ],
)
def test_bad_input_is_named(call, message):
    with pytest.raises(ValueError, match=message):
        call()


def test_each_frequency_has_its_matrices():
    """Fourteen of fifteen are refused, where the shorter list would leave the last frequency out."""
    ranks, moments = RANKS["equal"], torch.eye(28, dtype=torch.complex128).expand(15, 28, 28)
    bases = fit(moments, ranks)
    model = EquivariantLinearAutoencoder(ranks)
    for wrong in (bases[:14], [*bases, bases[0]]):
        with pytest.raises(ValueError, match=r"argument [23] is (shorter|longer)"):
            exact.loss(moments, wrong)
        with pytest.raises(ValueError, match=r"argument 2 is (shorter|longer)"):
            exact.load(model, wrong)
