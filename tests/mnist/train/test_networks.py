"""The four networks: what they commute with, what they store, their optima, and their exact losses."""

import pytest
import torch

from snippets.mnist import exact
from snippets.mnist.data import load_images
from snippets.mnist.exact import commutator, fit, invariant_fit
from snippets.mnist.ranks import RANKS
from snippets.mnist.shifts import cyclic_shift
from snippets.mnist.train import networks
from snippets.mnist.train.networks import exact_loss, frequency_moments, real_moments, real_parts, second_moment
from snippets.mnist.train.settings import Settings

SMALL = (3, 2, 1, 0, 2, 0, 0, 1, 0, 0, 0, 0, 0, 1, 2)  # total rank 19
MODELS = {"dense": None, "equivariant": SMALL, "semi-equivariant": SMALL, "invariant": None}
EVERY = pytest.mark.parametrize("model", MODELS)


@pytest.fixture(autouse=True)
def double_precision(single_precision):
    torch.set_default_dtype(torch.float64)


def some_pictures(count: int = 300) -> torch.Tensor:
    return load_images("train")[:count] / 255.0


def moment_of(x: torch.Tensor) -> torch.Tensor:
    return second_moment(x.split(100))


def build(model: str, rank: int, ranks: tuple[int, ...] | None, seed: int) -> torch.nn.Module:
    return networks.build(Settings(model=model, rank=rank, ranks=ranks, seed=seed))


def best(model: str, moment: torch.Tensor, rank: int, ranks: tuple[int, ...] | None) -> torch.nn.Module:
    return networks.best(Settings(model=model, rank=rank, ranks=ranks), moment)


def parameters(network: torch.nn.Module) -> int:
    return sum(weights.numel() for weights in network.parameters())


def matrix(network: torch.nn.Module) -> torch.Tensor:
    with torch.no_grad():
        return network(torch.eye(784).view(784, 28, 28)).reshape(784, 784).T


@EVERY
def test_rank_and_symmetry_are_those_of_the_model(model):
    m = matrix(build(model, 19, MODELS[model], 0))
    assert int(torch.linalg.matrix_rank(m)) == 19
    shifted = m.view(28, 28, 28, 28).roll(1, 3)  # M P
    if model == "invariant":
        assert torch.allclose(shifted, m.view(28, 28, 28, 28))
    elif model == "equivariant":
        assert commutator(m) < 1e-14
    else:
        assert commutator(m) > 0.1


def test_semi_equivariant_maps_commute_with_a_shift_to_both_sides():
    m = matrix(build("semi-equivariant", 19, SMALL, 0)).view(28, 28, 28, 28)
    assert torch.allclose(m.roll(1, 3) + m.roll(-1, 3), m.roll(1, 1) + m.roll(-1, 1))


def test_equivariant_outputs_move_with_the_inputs():
    network, x = build("equivariant", 19, SMALL, 1), some_pictures(5)
    assert torch.allclose(network(cyclic_shift(x, 3)), cyclic_shift(network(x), 3), atol=1e-14)


@EVERY
def test_a_new_network_projects_and_follows_from_the_seed(model):
    before = torch.get_rng_state()
    m = matrix(build(model, 19, MODELS[model], 3))
    assert torch.equal(torch.get_rng_state(), before)
    if model != "invariant":
        assert torch.allclose(m, m.T)
        assert torch.allclose(m @ m, m)
    assert torch.equal(m, matrix(build(model, 19, MODELS[model], 3)))
    assert not torch.equal(m, matrix(build(model, 19, MODELS[model], 4)))


def test_parameters_are_counted_without_padding():
    paper = RANKS["paper"]
    assert parameters(build("dense", 99, None, 0)) == 155_232
    assert parameters(build("equivariant", 99, paper, 0)) == exact.parameters(paper) == 5_544
    assert parameters(build("semi-equivariant", 99, paper, 0)) == 2 * 28 * 13 + 2 * 56 * 86
    assert parameters(build("invariant", 28, None, 0)) == 28 * (28 + 784)


def test_real_parts_are_those_of_the_waves_and_keep_lengths():
    x = some_pictures(5)
    parts = real_parts(x)
    waves = torch.fft.rfft(x, norm="ortho")
    assert torch.equal(parts[3], torch.cat([waves.real[:, :, 3], waves.imag[:, :, 3]], dim=1))
    weights = torch.tensor(exact.WEIGHTS)[:, None]
    assert torch.allclose((weights * parts.square().sum(2)).sum(0), x.square().sum((1, 2)))


@EVERY
@pytest.mark.claim("MN-313")
@pytest.mark.parametrize("scale", [1.0, 0.3])
def test_the_exact_loss_is_that_of_the_pictures(model, scale, measured):
    x, network = some_pictures(), build(model, 19, MODELS[model], 5)
    with torch.no_grad():
        for weights in network.parameters():
            weights.mul_(scale)
        measured(exact_loss(network, moment_of(x)), (x - network(x)).square().mean(), atol=1e-12)


def test_frequency_moments_are_those_of_the_chapter():
    images = load_images("train")[:300]
    assert torch.allclose(frequency_moments(moment_of(some_pictures())), exact.frequency_moments(images), atol=1e-5)


@EVERY
def test_no_competitor_beats_the_optimum_and_its_gradient_is_zero(model):
    x = some_pictures(200) + torch.rand(200, 28, 28, generator=torch.Generator().manual_seed(0)) / 10
    moment = moment_of(x)
    network = best(model, moment, 19, MODELS[model])
    error = (x - network(x)).square().mean()
    error.backward()
    assert max(w.grad.abs().max() for w in network.parameters() if w.numel()) < 1e-6
    least = exact_loss(network, moment)
    assert error.item() == pytest.approx(least, rel=1e-6)
    generator, start = torch.Generator().manual_seed(1), [w.detach().clone() for w in network.parameters()]
    for size in (1e-3, 1e-2, 1e-1, 1.0):
        with torch.no_grad():
            for w, s in zip(network.parameters(), start, strict=True):
                w.copy_(s + size * torch.randn(s.shape, generator=generator))
        assert exact_loss(network, moment) > least


@pytest.mark.parametrize("ranks", [SMALL, RANKS["paper"]])
def test_the_equivariant_optimum_is_that_of_the_chapter(ranks):
    x = some_pictures()
    ours = best("equivariant", moment_of(x), exact.total_rank(ranks), ranks)
    h = exact.frequency_moments(load_images("train")[:300])
    assert exact_loss(ours, moment_of(x)) == pytest.approx(exact.loss(h, fit(h, ranks)), rel=1e-6)


def test_the_dense_optimum_is_that_of_the_singular_value_decomposition():
    x = some_pictures().flatten(1)
    u, s, v = torch.linalg.svd(x, full_matrices=False)
    found = best("dense", moment_of(some_pictures()), 19, None)(some_pictures()).flatten(1)
    assert torch.allclose(found, u[:, :19] * s[:19] @ v[:19], atol=1e-6)


def test_the_invariant_optimum_is_that_of_a_regression_on_the_sums_of_rows():
    x = some_pictures()
    z = x.sum(2)
    slope = torch.linalg.lstsq(z, x.flatten(1), driver="gelsd").solution
    u, s, v = torch.linalg.svd(z @ slope, full_matrices=False)
    found = best("invariant", moment_of(x), 19, None)(x).flatten(1)
    assert torch.allclose(found, u[:, :19] * s[:19] @ v[:19], atol=1e-6)


def test_the_larger_class_has_the_smaller_optimum():
    moment = moment_of(some_pictures())
    losses = {model: exact_loss(best(model, moment, 19, ranks), moment) for model, ranks in MODELS.items()}
    assert losses["dense"] < losses["semi-equivariant"] < losses["equivariant"]
    h = exact.frequency_moments(load_images("train")[:300])
    assert losses["dense"] < losses["invariant"] < exact.loss(h, invariant_fit(h, 19))


@pytest.mark.parametrize("model", ["equivariant", "semi-equivariant"])
def test_chosen_ranks_beat_those_of_the_paper(model):
    moment = moment_of(some_pictures())
    ranks = networks.chosen_ranks(Settings(model=model), moment)
    assert exact.total_rank(ranks) == 99
    chosen, paper = (exact_loss(best(model, moment, 99, r), moment) for r in (ranks, RANKS["paper"]))
    assert chosen < paper


def test_real_moments_are_means_of_products():
    x = some_pictures(50)
    f = real_parts(x)[4]
    assert torch.allclose(real_moments(moment_of(x))[4], f.T @ f / 50, atol=1e-12)
