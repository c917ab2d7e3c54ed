"""The four networks: what they commute with, what they store, and how they compare with the book's other ones."""

import numpy as np
import pytest
import torch

from snippets.mnist.data import load_images
from snippets.mnist.exact import (
    EquivariantLinearAutoencoder,
    commutator,
    fit,
    frequency_moments,
    invariant_fit,
    load,
    top_eigenvectors,
)
from snippets.mnist.exact import loss as exact_loss
from snippets.mnist.exact import parameters as parameters_by_frequency
from snippets.mnist.ranks import RANKS, WEIGHTS
from snippets.mnist.shifts import cyclic_shift
from snippets.mnist.train.moments import loss, moments
from snippets.mnist.train.networks import (
    Constraint,
    Network,
    features,
    layout,
    parameters,
    pixels,
    random_network,
    used_units,
)
from snippets.mnist.train.optimum import optimum, spectra
from snippets.mnist.train.processes import Group

SMALL = (3, 2, 1, 0, 2, 0, 0, 1, 0, 0, 0, 0, 0, 1, 2)  # total rank 19
FORMS = {
    "dense": layout("dense", 19),
    "equivariant": layout("equivariant", 19, SMALL),
    "semi-equivariant": layout("semi-equivariant", 19, SMALL),
    "invariant": layout("invariant", 19),
}
MODELS = pytest.mark.parametrize("model", FORMS)


def some_pictures(count: int = 300) -> torch.Tensor:
    return load_images("train")[:count] / 255.0


def moments_of(model: str, x: torch.Tensor):
    return moments(model, iter(x.split(100)), len(x), Group()).of(FORMS[model])


@MODELS
def test_rank_and_symmetry_are_those_of_the_model(model):
    m = random_network(FORMS[model], 0).matrix()
    assert int(torch.linalg.matrix_rank(m)) == 19
    shifted = m.view(28, 28, 28, 28).roll(1, 3)  # M P
    if model == "invariant":
        assert torch.allclose(shifted, m.view(28, 28, 28, 28))
    elif model == "equivariant":
        assert commutator(m) < 1e-14
    else:
        assert commutator(m) > 0.1


def test_semi_equivariant_maps_commute_with_a_shift_to_both_sides():
    m = random_network(FORMS["semi-equivariant"], 0).matrix()
    m = m.view(28, 28, 28, 28)
    both_after, both_before = m.roll(1, 3) + m.roll(-1, 3), m.roll(1, 1) + m.roll(-1, 1)
    assert torch.allclose(both_after, both_before)


def test_equivariant_outputs_move_with_the_inputs():
    network, x = random_network(FORMS["equivariant"], 1), some_pictures(5)
    assert torch.allclose(network(cyclic_shift(x, 3)), cyclic_shift(network(x), 3), atol=1e-14)


@MODELS
def test_a_random_network_projects(model):
    m = random_network(FORMS[model], 3).matrix()
    if model != "invariant":
        assert torch.allclose(m, m.T)
        assert torch.allclose(m @ m, m)
    assert torch.equal(m, random_network(FORMS[model], 3).matrix())
    assert not torch.equal(m, random_network(FORMS[model], 4).matrix())


def test_parameters_are_counted_without_padding():
    paper = RANKS["paper"]
    assert parameters(layout("dense", 99)) == 155_232
    assert parameters(layout("equivariant", 99, paper)) == parameters_by_frequency(paper) == 5_544
    assert parameters(layout("semi-equivariant", 99, paper)) == 2 * 28 * 13 + 2 * 56 * 86
    assert parameters(layout("invariant", 28)) == 28 * (28 + 784)
    assert parameters(FORMS["equivariant"]) == parameters_by_frequency(SMALL)


@pytest.mark.parametrize("model", ["equivariant", "semi-equivariant"])
def test_features_keep_lengths_and_give_the_pictures_back(model):
    form, x = layout(model, 28, (1,) * 15), some_pictures(5)
    f = features(form, x)
    assert torch.allclose(f.square().sum((1, 2)), x.square().sum((1, 2)))
    assert torch.allclose(pixels(form, f), x, atol=1e-14)
    expected = np.fft.rfft(x.numpy(), norm="ortho")[:, :, 3] * 2**0.5
    assert np.allclose(f[:, 3].numpy(), np.concatenate([expected.real, expected.imag], axis=1))


def test_projections_are_orthogonal_and_keep_what_is_allowed():
    form = FORMS["equivariant"]
    keep, network = Constraint(form, torch.zeros(1)), random_network(form, 0)
    noise = torch.randn(network.encoder.shape, generator=torch.Generator().manual_seed(0))
    assert torch.equal(keep.encoder(network.encoder), network.encoder)
    assert torch.equal(keep.decoder(network.decoder), network.decoder)
    inside = keep.encoder(noise)
    assert torch.allclose(keep.encoder(inside), inside)
    assert abs(((noise - inside) * inside).sum()) < 1e-11
    assert commutator(Network(form, inside, keep.decoder(noise.mT)).matrix()) < 1e-14
    assert int(used_units(form).sum()) == 19


def test_every_allowed_direction_is_kept():
    form = layout("equivariant", 6, (1, 1, *[0] * 11, 1, 1))
    keep, directions = Constraint(form, torch.zeros(1)), torch.eye(4 * 56 * 2).view(-1, 4, 56, 2)
    rank = torch.linalg.matrix_rank(torch.stack([keep.encoder(e).flatten() for e in directions]))
    assert int(rank) == parameters(form) // 2


@pytest.mark.parametrize("ranks", [SMALL, RANKS["paper"]])
def test_the_equivariant_optimum_is_that_of_the_chapter(ranks):
    x = some_pictures()
    form = layout("equivariant", sum(w * r for w, r in zip(WEIGHTS, ranks, strict=True)), ranks)
    ours = optimum(form, moments("equivariant", iter(x.split(100)), 300, Group()).of(form))
    theirs = EquivariantLinearAutoencoder(ranks)
    load(theirs, fit(frequency_moments(load_images("train")[:300]), ranks))
    assert torch.allclose(ours(x), theirs(x), atol=1e-5)


@MODELS
def test_the_loss_of_moments_is_that_of_pictures(model):
    x, network = some_pictures(), random_network(FORMS[model], 5)
    expected = (x - network(x)).square().mean()
    assert loss(network, moments_of(model, x)) == pytest.approx(float(expected), rel=1e-10)


@MODELS
def test_no_competitor_beats_the_optimum_and_its_gradient_is_zero(model):
    x = some_pictures(200) + torch.rand(200, 28, 28, generator=torch.Generator().manual_seed(0)) / 10
    of, form = moments_of(model, x), FORMS[model]
    best = optimum(form, of)
    best.requires_grad_()
    error = (x - best(x)).square().mean()
    error.backward()
    keep = Constraint(form, best.encoder.detach())
    assert keep.encoder(best.encoder.grad).abs().max() < 1e-6
    assert keep.decoder(best.decoder.grad).abs().max() < 1e-6
    assert error.item() == pytest.approx(loss(best, of), rel=1e-6)
    generator = torch.Generator().manual_seed(1)
    for size in (1e-3, 1e-2, 1e-1, 1.0):
        e, d = (w + size * torch.randn(w.shape, generator=generator) for w in (best.encoder.detach(), best.decoder.detach()))
        assert loss(Network(form, keep.encoder(e), keep.decoder(d)), of) > loss(best, of)


def test_the_dense_optimum_is_that_of_the_singular_value_decomposition():
    x = some_pictures().flatten(1)
    u, s, v = torch.linalg.svd(x, full_matrices=False)
    expected = u[:, :19] * s[:19] @ v[:19]
    assert torch.allclose(optimum(FORMS["dense"], moments_of("dense", some_pictures())).matrix() @ x.T, expected.T, atol=1e-6)


def test_the_invariant_optimum_is_that_of_a_regression_on_the_sums_of_rows():
    x = some_pictures()
    z = x.sum(2)
    slope = torch.linalg.lstsq(z, x.flatten(1), driver="gelsd").solution
    u, s, v = torch.linalg.svd(z @ slope, full_matrices=False)
    network = optimum(FORMS["invariant"], moments_of("invariant", x))
    assert torch.allclose(network(x).flatten(1), u[:, :19] * s[:19] @ v[:19], atol=1e-6)


def test_the_larger_class_has_the_smaller_optimum():
    x = some_pictures()
    losses = {model: loss(optimum(form, moments_of(model, x)), moments_of(model, x)) for model, form in FORMS.items()}
    assert losses["dense"] < losses["semi-equivariant"] < losses["equivariant"]
    constant_rows = invariant_fit(frequency_moments(load_images("train")[:300]), 19)
    assert losses["dense"] < losses["invariant"] < exact_loss(frequency_moments(load_images("train")[:300]), constant_rows)


def test_spectra_are_those_of_the_chapter_and_of_pairs():
    x = some_pictures()
    both = {model: moments(model, iter(x.split(100)), 300, Group()) for model in ("equivariant", "semi-equivariant")}
    h = frequency_moments(load_images("train")[:300])
    assert torch.allclose(spectra(both["equivariant"]), torch.linalg.eigvalsh(h).flip(1), atol=1e-5)
    real = torch.linalg.eigvalsh(both["semi-equivariant"].inputs[4]).flip(0)
    assert torch.allclose(spectra(both["semi-equivariant"])[4], (real[::2] + real[1::2]) / 2)


def test_semi_equivariant_blocks_are_the_eigenvectors_of_real_moments():
    form = FORMS["semi-equivariant"]
    x = some_pictures()
    f = features(form, x)[:, 1]
    u = top_eigenvectors(f.T @ f / 300, 4)
    ours = optimum(form, moments_of("semi-equivariant", x)).encoder[1, :, :4]
    assert torch.allclose(u @ u.T, ours @ ours.T, atol=1e-10)
