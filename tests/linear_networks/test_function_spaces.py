"""Function spaces: fibres, gauge, and the critical points of two layers."""

# ruff: noqa: E731, RUF059

import pytest
import torch
from torch import nn
from torch.func import grad, jacrev, vmap

from book.expect import near, numbers
from snippets.linear_networks.function_spaces import (
    X,
    Y,
    balance,
    change_basis,
    critical_points,
    deep_dimension,
    descend,
    differential_rank,
    example_loss,
    hessian_signs,
    layers,
    loss,
    realised,
    starts,
)

WIDTHS = (4, 2, 3)


def F(theta):
    return realised(theta, WIDTHS)


def draw(*shape, seed=0):
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed))


@pytest.mark.claim("NN-02", "NN-03")
def test_a_network_is_the_composition_of_its_layers(measured):
    network = nn.Sequential(nn.Linear(4, 5), nn.ReLU(), nn.Linear(5, 3), nn.Tanh())
    x = draw(7, 4)
    by_hand = torch.tanh(
        (x @ network[0].weight.T + network[0].bias).clamp(min=0) @ network[2].weight.T + network[2].bias
    )
    measured(network(x).detach(), by_hand.detach(), atol=1e-14)
    measured.exact(sum(p.numel() for p in network.parameters()), 4 * 5 + 5 + 5 * 3 + 3)
    theta = draw(14)
    x = draw(6, 4)
    for layer in layers(theta, WIDTHS):
        x = x @ layer.T
    measured(draw(6, 4) @ F(theta).T, x, atol=1e-13)


@pytest.mark.claim("NN-04", "NN-05", "NN-06")
def test_loss_of_the_weights_is_the_loss_of_the_function(measured):
    for seed in range(20):
        theta = draw(14, seed=seed)
        by_sample = sum((F(theta) @ x - y).square().sum() for x, y in zip(X.T, Y.T, strict=True))
        measured(example_loss(theta), by_sample, atol=1e-9)
        measured(example_loss(theta), torch.linalg.matrix_norm(F(theta) @ X - Y) ** 2, atol=1e-9)
        chain = grad(lambda M: loss(M, X, Y))(F(theta)).flatten() @ jacrev(F)(theta).reshape(12, 14)
        measured(grad(example_loss)(theta), chain, atol=1e-9)


@pytest.mark.claim("NN-14", "NN-101")
def test_dimensions_of_parameters_function_space_and_fibre(measured):
    theta = draw(14)
    measured.exact((len(theta), differential_rank(F, theta)), (14, 10))
    target = draw(3, 2, seed=1) @ draw(2, 4, seed=2)
    U, s, Vh = torch.linalg.svd(target)
    reached = torch.cat([(s[:2].sqrt()[:, None] * Vh[:2]).flatten(), (U[:, :2] * s[:2].sqrt()).flatten()])
    measured(F(reached), target, atol=1e-13)
    J = jacrev(F)(theta).reshape(12, 14)
    gauge = jacrev(lambda t: change_basis(theta, torch.eye(2) + t.reshape(2, 2), WIDTHS))(torch.zeros(4))
    measured.exact(int(torch.linalg.matrix_rank(gauge)), 4)
    measured(J @ gauge, 0, atol=1e-12)


@pytest.mark.claim("NN-30")
def test_fibres_of_multiplication(measured):
    for seed in range(50):
        A, B, T = draw(4, 2, seed=seed), draw(2, 5, seed=seed + 50), draw(2, 2, seed=seed + 100) + 3 * torch.eye(2)
        C, D = A @ torch.linalg.inv(T), T @ B
        measured(C @ D, A @ B, atol=1e-10)
        found = torch.linalg.lstsq(C, A).solution
        measured(found, T, atol=1e-10)
        measured(found @ B, D, atol=1e-10)
    kernels = []
    for rank in (2, 1, 0):
        theta = torch.zeros(18)
        theta[: 5 * rank] = draw(5 * rank)
        second = torch.zeros(4, 2)
        second[:, :rank] = draw(4, rank, seed=1)
        theta[10:] = second.flatten()
        kernels.append(18 - differential_rank(lambda t: realised(t, (5, 2, 4)), theta))
    measured.exact(kernels, [4, 10, 18])


@pytest.mark.claim("NN-07", "NN-103")
def test_three_pure_and_four_spurious_critical_points(measured):
    points = critical_points(X, Y, 2)
    measured.exact(sorted(map(len, points)), [0, 1, 1, 1, 2, 2, 2])
    for kept, theta in points.items():
        measured(grad(example_loss)(theta), 0, atol=1e-9)
        measured.exact(int(torch.linalg.matrix_rank(F(theta), tol=1e-8)), len(kept))
        G = grad(lambda M: loss(M, X, Y))(F(theta))
        assert G.norm() > 1
        if len(kept) == 2:  # smooth point: the gradient is normal to the tangent space, the image of dF
            measured(G.flatten() @ jacrev(F)(theta).reshape(12, 14), 0, atol=1e-9)
    negative = {kept: hessian_signs(example_loss, theta)[0] for kept, theta in points.items()}
    measured.exact(negative, {(): 6, (1,): 2, (2,): 3, (3,): 4, (1, 2): 0, (1, 3): 1, (2, 3): 2})
    zero = {kept: hessian_signs(example_loss, theta)[1] for kept, theta in points.items() if len(kept) == 2}
    measured.exact(set(zero.values()), {4})


@pytest.mark.claim("NN-103")
def test_newton_finds_no_other_critical_matrix(measured):
    """Newton's method from random starts, with no use of the singular value decomposition."""
    known = torch.stack([F(theta) for theta in critical_points(X, Y, 2).values()])
    hessian = vmap(jacrev(grad(example_loss)))
    theta = draw(300, 14, seed=3)
    for _ in range(60):
        theta = theta - torch.einsum(
            "sij,sj->si", torch.linalg.pinv(hessian(theta), rtol=1e-10), vmap(grad(example_loss))(theta)
        )
    done = theta[vmap(grad(example_loss))(theta).norm(dim=1) < 1e-9]
    gaps = torch.cdist(vmap(F)(done).flatten(1), known.flatten(1))
    assert len(done) > 100
    measured(gaps.min(dim=1).values, 0, atol=1e-5)
    assert len(gaps.argmin(dim=1).unique()) >= 6
    lowest = torch.linalg.eigvalsh(hessian(done))[:, 0]
    minimum = gaps.argmin(dim=1) == list(critical_points(X, Y, 2)).index((1, 2))
    assert (lowest[~minimum] < -1e-5).all()  # every other one, wherever it lies on its fibre, is a strict saddle
    assert (lowest[minimum] > -1e-8).all()


@pytest.mark.claim("NN-102")
def test_the_smallest_network(measured):
    f = lambda t: (t.prod() - 1) ** 2
    measured(grad(f)(torch.zeros(2)), 0, atol=0)
    measured.exact(hessian_signs(f, torch.zeros(2)), (1, 0, 1))
    measured(grad(lambda p: (p - 1) ** 2)(torch.tensor(0.0)), -2, atol=0)


@pytest.mark.claim("NN-104")
def test_every_start_reaches_the_global_minimum(measured):
    ends = vmap(example_loss)(descend(example_loss, starts(20), 0.004, 1500))
    best = torch.linalg.lstsq(X.T, Y.T).solution.T
    U, s, _ = torch.linalg.svd(best @ X, full_matrices=False)
    optimum = (best @ X - Y).square().sum() + s[2] ** 2
    measured(ends, optimum, atol=1e-8)


def test_exercises(measured):
    theta = draw(14)
    first, second = layers(balance(theta, WIDTHS), WIDTHS)
    measured(second @ first, F(theta), atol=1e-13)
    measured(first @ first.T, second.T @ second, atol=1e-13)
    widths = (5, 3, 2, 4, 6)
    measured.exact(deep_dimension(widths), differential_rank(lambda t: realised(t, widths), draw(53)))
    signs = [
        hessian_signs(lambda t: loss(realised(t, (4, 3, 3)), X, Y), t)[0] for t in critical_points(X, Y, 3).values()
    ]
    measured.exact(sorted(signs)[0], 0)
    assert sum(n > 0 for n in signs) == 7


def test_wrong_number_of_parameters_is_named():
    with pytest.raises(ValueError, match=r"widths \(4, 2, 3\) take 14 parameters, not 13"):
        layers(torch.zeros(13), WIDTHS)


test_numbers = numbers(
    "linear_networks.function_spaces",
    {
        "least": near(18.259525, 1e-5),
        "reached": 20,
        "smallest_slope": near(23.9655, 1e-3),
        "largest_slope": near(53.7247, 1e-3),
    },
)
