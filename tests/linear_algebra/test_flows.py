"""Flows against autograd, distributions that are known, and sums over grids."""

import math

import pytest
import scipy.stats
import torch

import snippets.figures.linear_algebra.flows as drawn
import snippets.linear_algebra.flows as page
from book.expect import near, numbers
from snippets.linear_algebra.determinants import log_gaussian, square_grid


def random(*shape, seed=0):
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed))


@pytest.mark.claim("LA-312")
def test_the_exponential_of_noise_is_log_normal(measured):
    y = torch.linspace(0.01, 30, 500)
    density = (log_gaussian(y.log()[:, None]) - y.log()).exp()
    measured(density, torch.tensor(scipy.stats.lognorm(1).pdf(y.numpy())), atol=1e-14)


@pytest.mark.claim("LA-312")
def test_a_bent_density_counts_samples(measured):
    torch.manual_seed(3)
    layer = page.Coupling(kept=0)
    with torch.no_grad():
        samples, _ = layer(random(200_000, 2, seed=4))
        points, cell = square_grid(1.0, 60)
        z, log_det = layer.inverse(points)
        expected = ((log_gaussian(z) - log_det).exp()).sum() * cell
    measured((samples.abs() <= 1).all(1).double().mean(), expected, atol=4e-3)


@pytest.mark.claim("LA-172")
@pytest.mark.parametrize("kept", [0, 1])
def test_log_scale_is_the_log_determinant_of_the_jacobian(measured, kept):
    torch.manual_seed(kept)
    layer, z = page.Coupling(kept), random(5, 2)
    y, log_scale = layer(z)
    for i in range(5):
        jacobian = torch.autograd.functional.jacobian(lambda x: layer(x[None])[0][0], z[i])
        measured(log_scale[i].detach(), torch.linalg.slogdet(jacobian).logabsdet, atol=1e-12)
    back, again = layer.inverse(y)
    measured(back.detach(), z, atol=1e-12)
    measured(again.detach(), log_scale.detach(), atol=1e-12)
    measured.exact(y[:, kept].tolist(), z[:, kept].tolist())


@pytest.mark.claim("LA-172")
@pytest.mark.parametrize("kept", [0, 1])
def test_half_of_six_coordinates_moves_the_other_half(measured, kept):
    torch.manual_seed(kept)
    layer, z = page.Coupling(kept, n=6), random(3, 6)
    y, log_det = layer(z)
    for i in range(3):
        jacobian = torch.autograd.functional.jacobian(lambda x: layer(x[None])[0][0], z[i])
        measured(log_det[i].detach(), torch.linalg.slogdet(jacobian).logabsdet, atol=1e-12)
    back, again = layer.inverse(y)
    measured(back.detach(), z, atol=1e-12)
    measured(again.detach(), log_det.detach(), atol=1e-12)
    half = slice(3 * kept, 3 * kept + 3)
    measured.exact(y[:, half].tolist(), z[:, half].tolist())


def test_an_odd_number_of_coordinates_has_no_half():
    with pytest.raises(ValueError, match="3 coordinates have no half"):
        page.Coupling(kept=0, n=3)


def test_the_crescent_is_a_coupling_and_its_density_has_the_entropy_of_the_page(measured):
    """Taken back to the noise, its points have the density of the page, whose mean negative logarithm is the entropy."""
    x, y = page.crescent(200_000).T
    noise = torch.stack([x, (y + 1 - x**2) / 0.4], dim=1)
    measured(noise, torch.randn(2, 200_000, generator=torch.Generator().manual_seed(0)).T, atol=1e-12)
    entropy = scipy.stats.multivariate_normal(cov=1.0, mean=[0, 0]).entropy() + math.log(0.4)
    assert abs((math.log(0.4) - log_gaussian(noise)).mean() - entropy) < 0.01
    assert math.isclose(entropy, 1 + math.log(2 * math.pi) + math.log(0.4))


@pytest.mark.claim("LA-172")
def test_the_flow_is_a_density_before_and_after_training(measured):
    torch.manual_seed(0)
    points, cell = square_grid(24.0, 320)
    for flow, atol in ((page.Flow(depth=3), 1e-4), (drawn.trained(), 1e-3)):
        with torch.no_grad():
            measured(flow.log_prob(points).exp().sum() * cell, 1.0, atol=atol)


@pytest.mark.claim("LA-172")
@pytest.mark.parametrize("n", [2, 4])
def test_log_prob_follows_the_whole_jacobian(measured, n):
    torch.manual_seed(0)
    flow, z = page.Flow(3, n), random(4, n)
    y = flow(z).detach()
    for i in range(4):
        jacobian = torch.autograd.functional.jacobian(lambda x: flow(x[None])[0], z[i])
        expected = log_gaussian(z[i]) - torch.linalg.slogdet(jacobian).logabsdet
        measured(flow.log_prob(y)[i].detach(), expected, atol=1e-10)


def test_training_comes_close_to_the_entropy():
    flow = drawn.trained()
    with torch.no_grad():
        loss = -flow.log_prob(page.crescent(4000, seed=9)).mean()
    entropy = math.log(2 * math.pi * math.e) + math.log(0.4)
    assert entropy - 0.05 < loss < entropy + 0.2


@pytest.mark.claim("LA-313")
def test_without_the_log_determinant_training_cheats():
    torch.manual_seed(0)
    flow, data = page.Flow(depth=4), page.crescent(400)
    optimiser = torch.optim.Adam(flow.parameters(), lr=0.02)
    for _ in range(80):
        optimiser.zero_grad()
        z = data
        for layer in reversed(flow.layers):
            z, _ = layer.inverse(z)
        loss = -log_gaussian(z).mean()
        loss.backward()
        optimiser.step()
    assert math.log(2 * math.pi) < loss < math.log(2 * math.pi) + 0.01
    assert loss < math.log(2 * math.pi * math.e) + math.log(0.4)  # below the entropy of the data
    assert z.norm(dim=1).mean() < 0.1
    assert -flow.log_prob(data).mean() > 5


def test_solution_gaussian(measured):
    M = random(5, 5, seed=4)
    covariance, mean, x = M @ M.T + torch.eye(5), random(5, seed=5), random(9, 5, seed=6)
    reference = torch.distributions.MultivariateNormal(mean, covariance_matrix=covariance).log_prob(x)
    measured(page.gaussian_log_density(x, mean, covariance), reference, atol=1e-10)
    big = 0.01 * torch.eye(300)
    expected = -150 * math.log(2 * math.pi * 0.01)
    measured(page.gaussian_log_density(torch.zeros(1, 300), torch.zeros(300), big), expected, atol=1e-9)
    # In 1000 dimensions even the density of the standard normal distribution underflows, at its very peak.
    wide = page.gaussian_log_density(torch.zeros(1, 1000), torch.zeros(1000), torch.eye(1000))
    measured(wide, -500 * math.log(2 * math.pi), atol=1e-9)
    measured.exact(float(log_gaussian(torch.zeros(1000)).exp()), 0.0)


def test_solution_planar(measured):
    z, u, w = random(6, 4), random(4, seed=1), random(4, seed=2)
    y, log_det = page.planar(z, u, w)
    for i in range(6):
        jacobian = torch.autograd.functional.jacobian(lambda x: page.planar(x[None], u, w)[0][0], z[i])
        measured(log_det[i], torch.linalg.slogdet(jacobian).logabsdet, atol=1e-12)
    measured(y[0], z[0] + u * torch.tanh(w @ z[0]), atol=1e-15)


def test_a_flow_follows_precision_batch_and_state(measured):
    torch.manual_seed(0)
    flow, other = page.Flow(depth=3), page.Flow(depth=3)
    other.load_state_dict(flow.state_dict())
    y = random(5, 2)
    measured(other.log_prob(y).detach(), flow.log_prob(y).detach(), atol=0.0)
    assert flow.log_prob(y[:0]).shape == (0,)
    assert flow.float().log_prob(y.float()).dtype == torch.float32
    assert page.fit(page.crescent(20).float(), steps=1).log_prob(y.float()).dtype == torch.float32


def test_solution_square(measured):
    y = torch.linspace(0.05, 0.95, 10)
    z = y.sqrt().requires_grad_()
    slope = torch.autograd.grad((z**2).sum(), z)[0]
    measured(1 / slope, 1 / (2 * y.sqrt()), atol=1e-14)
    measured(y.sqrt(), torch.tensor(scipy.stats.beta(0.5, 1).cdf(y.numpy())), atol=1e-12)


test_numbers = numbers(
    "linear_algebra.flows",
    {
        "flow_mass": near(0.998285, 1e-5),
        "flow_parameters": 4 * (16 + 16 + 32 + 2),
        "noise_floor": math.log(2 * math.pi),
    },
)
