"""Attention and rotations."""

import pytest
import sympy as sp
import torch
from hypothesis import given
from hypothesis import strategies as st

from book.expect import between, numbers
from snippets.figures.lie_groups import attention as figures
from snippets.figures.lie_groups import molecules
from snippets.lie_groups import attention as at
from snippets.lie_groups.actions import commutant_basis
from snippets.lie_groups.algebra import skew_basis
from snippets.lie_groups.exponential import J, exp_so3
from snippets.lie_groups.groups import random_orthogonal, reflection, rotation


@pytest.fixture
def tokens():
    return torch.randn(5, 3, generator=torch.Generator().manual_seed(0))


@pytest.fixture
def weights():
    return torch.randn(3, 3, 3, generator=torch.Generator().manual_seed(1))


@pytest.mark.claim("LG-38", "LG-39")
def test_attention_against_torch(tokens, weights, measured):
    Q, K, V = (tokens @ W.T for W in weights)
    expected = torch.nn.functional.scaled_dot_product_attention(Q[None], K[None], V[None])[0]
    measured(at.attention(tokens, *weights), expected, atol=1e-13)
    measured.exact(at.scores(tokens, *weights[:2]).numel(), len(tokens) ** 2)
    bilinear = tokens @ (weights[0].T @ weights[1]) @ tokens.T / 3**0.5
    measured(at.scores(tokens, *weights[:2]), bilinear, atol=1e-13)


@pytest.mark.claim("LG-38", "LG-161")
@given(st.permutations(range(5)))
def test_attention_commutes_with_permutations(order):
    X = torch.randn(5, 3, generator=torch.Generator().manual_seed(0))
    W = torch.randn(3, 3, 3, generator=torch.Generator().manual_seed(1))
    assert (at.attention(X[order], *W) - at.attention(X, *W)[order]).abs().max() < 1e-14


@pytest.mark.claim("LG-39", "LG-46")
def test_scores_do_not_know_the_values_and_are_no_plain_dot_products(tokens, weights, measured):
    assert not torch.allclose(at.scores(tokens, *weights[:2]), tokens @ tokens.T)
    changed = [*weights[:2], 5 * weights[2]]
    measured(at.attention(tokens, *changed), 5 * at.attention(tokens, *weights), atol=1e-13)
    average = torch.softmax(at.scores(tokens, *weights[:2]), -1)
    measured(average.sum(-1), torch.ones(5), atol=1e-15)


@pytest.mark.claim("LG-45")
def test_scores_are_invariant_and_outputs_equivariant(tokens, measured):
    eye = torch.eye(3)

    def layer(x):  # other scores that stay, and other values that turn
        return torch.softmax(torch.cdist(x, x).sin(), -1) @ (x * x.norm(dim=1, keepdim=True))

    for R in at.random_rotations(3, 30):
        measured(at.scores(tokens @ R.T, eye, eye), at.scores(tokens, eye, eye), atol=1e-13)
        out = at.attention(tokens, eye, eye, eye)
        measured(at.attention(tokens @ R.T, eye, eye, eye), out @ R.T, atol=1e-13)
        measured(layer(tokens @ R.T), layer(tokens) @ R.T, atol=1e-13)
    R = exp_so3(torch.tensor([0.9, -0.7, 1.4]))
    assert (at.attention(tokens @ R.T, eye, eye, eye) - out).abs().max() > 1
    W = torch.randn(3, 3, generator=torch.Generator().manual_seed(1))
    for wrong in ((W, eye, eye), (eye, eye, W)):  # neither condition is idle
        assert (at.attention(tokens @ R.T, *wrong) - at.attention(tokens, *wrong) @ R.T).abs().max() > 0.1


@pytest.mark.claim("LG-47")
def test_dot_products_are_invariant(tokens, weights, measured):
    for Q in random_orthogonal(3, 50):
        measured((tokens @ Q.T) @ (tokens @ Q.T).T, tokens @ tokens.T, atol=1e-13)
    theta, a, b, c, d = sp.symbols("theta a b c d", real=True)
    R = sp.Matrix([[sp.cos(theta), -sp.sin(theta)], [sp.sin(theta), sp.cos(theta)]])
    measured.exact(sp.simplify((R * sp.Matrix([a, b])).dot(R * sp.Matrix([c, d]))), a * c + b * d)


@pytest.mark.claim("BR-14", "LG-162")
@pytest.mark.parametrize(("d", "dimension"), [(2, 2), (3, 1), (4, 1), (5, 1)])
def test_commutant_of_the_rotations(d, dimension, measured):
    basis = commutant_basis(skew_basis(d))
    measured.exact(len(basis), dimension)
    M = torch.einsum("k,kij->ij", torch.randn(dimension, generator=torch.Generator().manual_seed(0)), basis)
    for R in at.random_rotations(d, 20):
        measured(M @ R, R @ M, atol=1e-13)
    # the average of RMRᵀ over many rotations is the projection onto the commutant: an independent route
    A, R = torch.randn(d, d, generator=torch.Generator().manual_seed(1)), at.random_rotations(d, 20000)
    projected = torch.einsum("kij,kab,ab->ij", basis, basis, A)
    assert ((R @ A @ R.mT).mean(0) - projected).abs().max() < 0.1


@pytest.mark.claim("BR-14", "LG-162")
def test_in_the_plane_the_commutant_is_spanned_by_one_and_j(measured):
    basis = commutant_basis(J[None]).flatten(1)
    expected = torch.stack([torch.eye(2), J]).flatten(1) / 2**0.5
    measured(basis.T @ basis, expected.T @ expected, atol=1e-14)
    a, b, c, d = sp.symbols("a b c d")
    M, j = sp.Matrix([[a, b], [c, d]]), sp.Matrix([[0, -1], [1, 0]])
    measured.exact(sp.solve(list(M * j - j * M), [a, b]), {a: d, b: -c})


@pytest.mark.claim("BR-14")
def test_scores_are_invariant_exactly_for_commuting_weights(measured):
    X = torch.randn(6, 2, generator=torch.Generator().manual_seed(0))
    for theta in (0.4, 2.0):
        R, W_K = rotation(theta), torch.tensor([[0.7, -0.3], [0.3, 0.7]])
        measured(at.scores(X @ R.T, torch.eye(2), W_K), at.scores(X, torch.eye(2), W_K), atol=1e-13)
    W_Q = torch.randn(3, 3, generator=torch.Generator().manual_seed(2))  # any W_Q, with W_K = 2 W_Q⁻ᵀ
    Y, R = torch.randn(6, 3, generator=torch.Generator().manual_seed(3)), exp_so3(torch.tensor([1.0, 0.2, -2.0]))
    W_K = 2 * torch.linalg.inv(W_Q).T
    measured(at.scores(Y @ R.T, W_Q, W_K), at.scores(Y, W_Q, W_K), atol=1e-11)
    W_K = torch.diag(torch.tensor([1.0, 1.0, 1.1]))  # commutes with the turns about the third axis only
    for axis, stays in (([0, 0, 1.0], True), ([0, 1.0, 0], False), ([1.0, 0, 1.0], False)):
        R = exp_so3(torch.tensor(axis))
        change = (at.scores(Y @ R.T, torch.eye(3), W_K) - at.scores(Y, torch.eye(3), W_K)).abs().max()
        assert (change < 1e-13) == stays


@pytest.mark.claim("LG-165")
@pytest.mark.parametrize("d", [2, 3, 5])
@pytest.mark.parametrize("channels", [1, 3, 8])
def test_the_layer_is_equivariant(d, channels, measured):
    torch.manual_seed(channels)
    layer, x = at.VectorAttention(channels), figures.sample(channels, d)
    for Q in random_orthogonal(d, 20):  # reflections included
        measured(at.equivariance_error(layer, x, Q), 0, atol=1e-13)
        measured(layer.scores(x @ Q.T).detach(), layer.scores(x).detach(), atol=1e-13)
    order = torch.tensor([3, 1, 4, 0, 2])
    measured(layer(x[order]).detach(), layer(x)[order].detach(), atol=1e-14)


@pytest.mark.claim("LG-166")
@pytest.mark.parametrize("d", [2, 3])
def test_the_twin_is_caught(d):
    layer, twin = figures.pair(d)
    x = figures.sample(d, d)
    assert layer(x).shape == twin(x).shape
    for R in at.random_rotations(d, 20):
        assert at.equivariance_error(layer, x, R) < 1e-13
        assert at.equivariance_error(twin, x, R) > 1e-3


@pytest.mark.claim("LG-165")
def test_the_layer_learns():
    torch.manual_seed(0)
    x = figures.sample(3, 3, tokens=8)
    target = at.VectorAttention(3)(x).detach()  # a teacher of the same kind
    layer = at.VectorAttention(3)
    optimiser = torch.optim.Adam(layer.parameters(), lr=0.02)
    losses = []
    for _ in range(300):
        optimiser.zero_grad()
        loss = (layer(x) - target).square().mean()
        loss.backward()
        optimiser.step()
        losses.append(loss.item())
    assert losses[-1] < 0.2 * losses[0]
    assert at.equivariance_error(layer, x, exp_so3(torch.tensor([1.0, 1.0, 0.3]))) < 1e-12


def test_random_rotations_are_rotations(measured):
    for d in (2, 3, 4):
        R = at.random_rotations(d, 100)
        measured(R @ R.mT, torch.eye(d), atol=1e-13)
        measured(torch.linalg.det(R), torch.ones(100), atol=1e-13)
    angles = torch.atan2(at.random_rotations(2, 4000)[:, 1, 0], at.random_rotations(2, 4000)[:, 0, 0])
    assert abs(angles.cos().mean()) < 0.05
    assert abs((angles > 0).double().mean() - 0.5) < 0.03


def test_solutions(measured):
    torch.manual_seed(0)
    plane, x = at.PlaneAttention(3), figures.sample(3, 2)
    measured(at.equivariance_error(plane, x, rotation(0.8)), 0, atol=1e-13)
    assert at.equivariance_error(plane, x, reflection(0.8)) > 1e-3
    y, R = figures.sample(3, 3), exp_so3(torch.tensor([0.4, 2.0, -1.0]))
    measured(at.invariant_features(y @ R.T), at.invariant_features(y), atol=1e-13)
    measured(at.gate(y @ R.T), at.gate(y) @ R.T, atol=1e-13)
    assert (torch.relu(y @ R.T) - torch.relu(y) @ R.T).abs().max() > 0.1


test_numbers = numbers("lie_groups.attention", {
    "equivariant_10": between(0.03, 0.1), "turned_10": between(0.12, 0.3), "plain_10": between(1, 2),
    "equivariant_160": between(0.005, 0.02), "turned_160": between(0.04, 0.1), "plain_160": between(0.1, 0.3),
    "weights_equivariant": 2 * (3 * 33 * 32 + 32 + 64 + 33 * 8 + 64 + 41 * 32) + 64, "weights_plain": 17_347,
})  # fmt: skip


def test_the_equivariant_predictor_is_and_the_plain_one_is_not(measured):
    torch.manual_seed(0)
    charge, x, _ = (y.double() for y in molecules.samples(4, 0))
    R, away = random_orthogonal(3, 1)[0], torch.tensor([3.0, -2.0, 5.0])
    measured(molecules.samples(4, 0)[2].sum(1), torch.zeros(4, 3), atol=1e-5)  # every force has its counterforce
    equivariant, plain = molecules.Equivariant(), molecules.Plain()
    with torch.no_grad():
        measured(equivariant(charge, x @ R.T + away), equivariant(charge, x) @ R.T, atol=1e-12)
        assert (plain(charge, x @ R.T) - plain(charge, x) @ R.T).abs().max() > 1e-2


def test_the_recorded_experiment_runs_and_orders_the_three_ways(monkeypatch):
    for size in map(str, molecules.SIZES):
        equivariant, turned, plain = (molecules.recorded()[way][size] for way in molecules.WAYS)
        assert max(equivariant) < min(turned)
        assert max(turned) < min(plain)
    monkeypatch.setattr(molecules, "STEPS", 2)
    assert all(0.1 < molecules.learn(way, 10, 0) < 100 for way in molecules.WAYS)


@pytest.mark.claim("LG-167")
def test_a_fixed_rotation_is_absorbed_by_the_weights(tokens, weights, measured):
    for R in random_orthogonal(3, 10):
        measured(at.attention(tokens @ R.T, *weights), at.attention(tokens, *(W @ R for W in weights)), atol=1e-13)


@pytest.mark.claim("LG-168")
@pytest.mark.parametrize(("d", "c", "dimension"), [(2, 1, 2), (2, 2, 8), (3, 1, 1), (3, 2, 4), (3, 3, 9), (4, 2, 4)])
def test_mixing_channels_is_all_there_is(d, c, dimension, measured):
    basis = commutant_basis(torch.stack([torch.block_diag(*[X] * c) for X in skew_basis(d)]))
    measured.exact(len(basis), dimension)
    if d > 2:  # each solution is W ⊗ I
        blocks = basis.unflatten(1, (c, d)).unflatten(3, (c, d))  # basis, channel, coordinate, channel, coordinate
        W = torch.einsum("kaibi->kab", blocks) / d
        measured(torch.einsum("kab,ij->kaibj", W, torch.eye(d)), blocks, atol=1e-13)


def test_batches_and_masks(measured):
    torch.manual_seed(0)
    layer, x = at.VectorAttention(3), torch.randn(2, 4, 6, 3, 3)
    measured(layer(x).detach()[1, 2], layer(x[1, 2]).detach(), atol=1e-14)
    mask = torch.arange(6) < 4
    measured(layer(x, mask.expand(2, 4, 6)).detach()[:, :, :4], layer(x[:, :, :4]).detach(), atol=1e-14)
    assert layer.float()(x.float()).dtype == torch.float32
    assert layer(torch.zeros(0, 3, 3).float()).shape == (0, 3, 3)
    euclid = at.EuclideanAttention(4, 2)
    h, v, p = torch.randn(2, 6, 4), torch.randn(2, 6, 2, 3), torch.randn(2, 6, 3)
    whole = euclid(h, v, p, mask.expand(2, 6))
    for full, cut in zip(whole, euclid(h[:, :4], v[:, :4], p[:, :4]), strict=True):
        measured(full[:, :4].detach(), cut.detach(), atol=1e-14)
    assert {y.dtype for y in euclid.float()(h.float(), v.float(), p.float())} == {torch.float32}


@pytest.mark.claim("LG-169")
@pytest.mark.parametrize("d", [1, 2, 3, 4])
def test_the_euclidean_layer_respects_motions_and_the_other_does_not(d, measured):
    torch.manual_seed(0)
    layer, h, v, x = at.EuclideanAttention(8, 2), torch.randn(2, 5, 8), torch.randn(2, 5, 2, d), torch.randn(2, 5, d)
    with torch.no_grad():
        h1, v1 = layer(h, v, x)
        for Q in random_orthogonal(d, 10):  # reflections included
            h2, v2 = layer(h, v @ Q.T, x @ Q.T + 10 * torch.randn(d))
            measured(h2, h1, atol=1e-12)
            measured(v2, v1 @ Q.T, atol=1e-12)
        assert v1.abs().max() > 0.1
        simple = at.VectorAttention(1)
        assert (simple(x[:, :, None] + 10) - simple(x[:, :, None])).abs().max() > 0.1
    x.requires_grad_()
    sum(y.sum() for y in layer(h, v, x)).backward()
    assert x.grad.isfinite().all()


def test_solution_by_hand(measured):
    x = torch.tensor([[1.0, 0.0], [0.0, 1.0], [2.0, 0.0]])
    plain = lambda y: torch.softmax(y @ y.T, -1) @ y  # noqa: E731
    measured(plain(x @ J.T), torch.stack([-plain(x)[:, 1], plain(x)[:, 0]], 1), atol=1e-15)


@pytest.mark.parametrize("channels", [16, 64])
def test_fresh_mixes_keep_the_size_of_what_they_mix(channels):
    torch.manual_seed(0)
    layer = at.PlaneAttention(channels)
    for W in (layer.query, layer.key, layer.value, layer.turned):
        assert 0.6 < float((W.detach().square().sum() / channels).sqrt()) < 1.4


def test_numbers_attend_too():
    """With a score of zero and all points in one place, each token gets the mean value."""
    torch.manual_seed(0)
    layer = at.EuclideanAttention(5, 2)
    torch.nn.init.zeros_(layer.score.weight)
    h, v = torch.randn(4, 5), torch.randn(4, 2, 3)
    known = [layer.value(h).mean(0).expand(4, 5), layer.mix(v.mT).mT.square().sum(-1)]
    expected = h + torch.tanh(layer.update(torch.cat(known, -1)))
    torch.testing.assert_close(layer(h, v, torch.zeros(4, 3))[0], expected)


def test_scores_are_dot_products_over_the_root_of_their_length(measured):
    layer, x = at.VectorAttention(3), torch.randn(5, 3, 2, generator=torch.Generator().manual_seed(0))
    layer.query.data = layer.key.data = torch.eye(3)
    expected = torch.nn.functional.scaled_dot_product_attention(*3 * [x.flatten(1)[None]])
    layer.value.data = torch.eye(3)
    measured(layer(x).flatten(1)[None].detach(), expected, atol=1e-14)
    measured(layer.scores(x).detach(), x.flatten(1) @ x.flatten(1).T / 6**0.5, atol=1e-14)


def test_a_mix_in_the_plane_adds_the_quarter_turns(measured):
    plane = at.PlaneAttention(2)
    plane.turned.data = torch.tensor([[0.0, 3.0], [0.0, 0.0]])
    x = torch.tensor([[[1.0, 2.0], [5.0, 7.0]]])
    measured(plane.mix(2 * torch.eye(2), x).detach(), [[[2.0 - 21.0, 4.0 + 15.0], [10.0, 14.0]]], atol=0)
    measured(
        at.gate(torch.tensor([[[3.0, 4.0]]])), torch.tanh(torch.tensor(5.0)) * torch.tensor([[[3.0, 4.0]]]), atol=0
    )


def test_the_euclidean_layer_is_what_pairs_say_one_by_one(measured):
    torch.manual_seed(0)
    layer, h, v, x = at.EuclideanAttention(3, 2), torch.randn(4, 3), torch.randn(4, 2, 3), torch.randn(4, 3)
    numbers_, arrows = layer(h, v, x)
    for i in range(4):
        heard = [
            torch.tanh(layer.mine(h[i]) + layer.yours(h[j]) + layer.distance(((x[j] - x[i]) ** 2).sum().log1p()[None]))
            for j in range(4)
        ]
        weights = torch.softmax(torch.cat([layer.score(pair) for pair in heard]), 0)
        pulls = [
            w * layer.gate(pair)[:, None] * (x[j] - x[i])
            for j, (w, pair) in enumerate(zip(weights, heard, strict=True))
        ]
        arrow = layer.mix(v[i].T).T + sum(pulls)
        known = torch.cat([sum(w * layer.value(h[j]) for j, w in enumerate(weights)), arrow.square().sum(1)])
        measured(arrows[i].detach(), arrow.detach(), atol=1e-14)
        measured(numbers_[i].detach(), (h[i] + torch.tanh(layer.update(known))).detach(), atol=1e-14)
