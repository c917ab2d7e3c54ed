"""The sphere in numbers: even samples, the angle between two directions, and what rounding does at the poles."""

import math

import numpy as np
import pytest
import scipy.stats
import sympy as sp
import torch
from hypothesis import given
from hypothesis import strategies as st

from book.expect import between, near, numbers
from snippets.manifolds.sphere import longitude, spherical, spiral_on_sphere, uniform_on_sphere
from snippets.manifolds.sphere_numbers import (
    angle_between,
    normalised_gaussians,
    round_trip,
    stable_round_trip,
    uniform_in_angles,
)

P = sp.symbols("phi", real=True)

test_numbers = numbers(
    "manifolds.sphere_numbers",
    {
        "seeds": 20_000,
        "phi_fails": between(5, 25),
        "phi_fails_south": between(4, 20),
        "generic_seeds": 1000,
        "generic_fails": between(70, 140),
        "double_fails": 0,
        "stable_fails": 0,
        "nan_share": between(0.15, 0.22),
        "cap_area": 1 - math.sqrt(3) / 2,
        "cap_even": near(1 - math.sqrt(3) / 2, 0.0015),
        "cap_uneven": near(1 / 3, 0.0015),
    },
)


@given(st.floats(0, 6.28), st.floats(1e-5, 3.1415))
def test_solution_stable_round_trip(theta, phi):
    angles = torch.tensor([theta], dtype=torch.float32), torch.tensor([phi], dtype=torch.float32)
    back = stable_round_trip(*angles)
    torch.testing.assert_close(back[1], angles[1], rtol=1e-5, atol=1e-6)
    turn = (back[0] - angles[0]).double().cos()
    torch.testing.assert_close(turn, torch.ones(1), rtol=0, atol=1e-9)


def test_solution_stable_round_trip_survives_where_the_plain_one_fails():
    angles = torch.tensor([1.0], dtype=torch.float32), torch.tensor([1e-4], dtype=torch.float32)
    assert not torch.isclose(round_trip(*angles)[1], angles[1], rtol=1e-2)
    assert torch.isclose(stable_round_trip(*angles)[1], angles[1], rtol=1e-5)


def test_solution_normalised_gaussians_are_uniform():
    z = normalised_gaussians(20_000, 3, torch.Generator().manual_seed(0))[:, 2]
    assert scipy.stats.kstest(z.numpy(), scipy.stats.uniform(-1, 2).cdf).pvalue > 0.001


@pytest.mark.claim("MF-04", "MF-04b", by="example")
def test_a_lattice_shell_is_beside_the_sphere_and_keeps_no_pole_to_remove(measured):
    axis = np.linspace(-1, 1, 50, dtype=np.float32)
    x, y, z = (a.ravel().astype(float) for a in np.meshgrid(axis, axis, axis))
    square = x * x + y * y + z * z
    near = np.abs(square - 1) < 1e-2
    measured.exact([int(near.sum()), int((square[near] == 1).sum())], [1800, 0])
    top = near & (np.abs(z - 1) <= 1e-2)
    measured.exact([int(top.sum()), int((x[top] ** 2 + y[top] ** 2 == 0).sum())], [16, 0])
    measured(uniform_on_sphere(10**4, torch.Generator().manual_seed(0)).norm(dim=1), 1.0, atol=1e-14)


@pytest.mark.claim("MF-10", "BR-20", by="measured")
def test_the_single_precision_round_trip_fails_for_some_seeds(measured):
    theta, phi = torch.tensor([[1.0, 1.0, 1.0], [1e-2, 3e-4, 1e-4]], dtype=torch.float32)
    back = round_trip(theta, phi)[1]
    measured(back[0], 1e-2, atol=1e-5)
    assert back[1] > 1.5 * 3e-4
    assert back[2].isnan()
    below_one = np.nextafter(np.float32(1), np.float32(0))
    measured(1 - below_one, 2**-24, atol=0.0)
    measured(math.acos(below_one), math.sqrt(2**-23), atol=1e-10)
    for centre in (0.01, math.pi - 0.01):  # both poles, and the size that the claim gives
        exact = centre + 1e-3 * torch.rand(1000, generator=torch.Generator().manual_seed(0))
        error = (exact.cos().float().double().acos() - exact).abs()
        assert 0.9 * 2**-25 < (error * exact.sin()).max() < 1.01 * 2**-25
    high = 1 - 0.01 * torch.rand(10**5, generator=torch.Generator().manual_seed(1), dtype=torch.float32)
    for z in (high, -high):  # an angle made from such a height gives the height back
        measured.exact(int((z.acos().cos() != z).sum()), 0)


@pytest.mark.claim("MF-13")
def test_the_height_of_a_uniform_point_is_uniform(measured):
    p = uniform_on_sphere(20_000, torch.Generator().manual_seed(1))
    assert scipy.stats.kstest(p[:, 2].numpy(), scipy.stats.uniform(-1, 2).cdf).pvalue > 0.001
    assert scipy.stats.kstest(longitude(p).numpy(), scipy.stats.uniform(0, 2 * math.pi).cdf).pvalue > 0.001
    q = uniform_in_angles(20_000, torch.Generator().manual_seed(1))
    assert scipy.stats.kstest(q[:, 2].numpy(), scipy.stats.uniform(-1, 2).cdf).pvalue < 1e-9
    for angle, end in ((longitude(q), 2 * math.pi), (q[:, 2].acos(), math.pi)):
        assert scipy.stats.kstest(angle.numpy(), scipy.stats.uniform(0, end).cdf).pvalue > 0.001
    low, high = sp.symbols("a b")  # the zone between two heights has the area 2π(b − a)
    zone = sp.integrate(2 * sp.pi * sp.sin(P), (P, sp.acos(high), sp.acos(low)))
    measured.exact(sp.simplify(zone - 2 * sp.pi * (high - low)), sp.Integer(0))


@pytest.mark.claim("MF-191")
@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_the_angle_between_directions_keeps_its_digits(dtype, measured):
    eps = torch.finfo(dtype).eps
    w = torch.tensor([0.0, 1.0, 0.0], dtype=dtype)
    angles = torch.logspace(-15, 0, 200, dtype=dtype)
    p = torch.tensor([1.0, 0.0, 0.0], dtype=dtype)
    q = angles.cos()[:, None] * p + angles.sin()[:, None] * w
    assert ((angle_between(p.expand_as(q), q) - angles).abs() / angles).max() < 4 * eps
    forgotten = angles < 0.5 * eps**0.5  # there the cosine is rounded to 1
    assert forgotten.any()
    measured.exact((q @ p)[forgotten].acos().unique().tolist(), [0.0])
    off = (q @ p).acos() - angles  # elsewhere the arccosine is off by rounding over the sine
    assert (off.abs() * angles.sin()).max() < 4 * eps
    p, w = torch.tensor([[2.0, 1.0, 2.0], [-2.0, 2.0, 1.0]], dtype=dtype) / 3  # rounded, and so is the angle
    q = angles.cos()[:, None] * p + angles.sin()[:, None] * w
    measured(angle_between(p.expand_as(q), q), angles, atol=4 * eps)
    opposite = angle_between(p, -p)
    measured(opposite, math.pi, atol=4 * eps)


@pytest.mark.claim("MF-191")
def test_the_derivative_of_the_angle(measured):
    p = torch.tensor([2.0, 1.0, 2.0]) / 3
    same = p.clone().requires_grad_()
    (found,) = torch.autograd.grad(angle_between(same, p), same)
    measured(found, torch.zeros(3), atol=0)
    q = (torch.tensor([-2.0, 2.0, 1.0]) / 3).requires_grad_()
    at = p + 1e-8 * q.detach()
    moved = at.clone().requires_grad_()
    (found,) = torch.autograd.grad(angle_between(moved, p), moved)
    measured(found, q.detach(), atol=1e-7)  # one radian for each unit of length, along the way
    (naive,) = torch.autograd.grad((same * p).sum().clamp(max=1).acos(), same)
    assert not naive.isfinite().all()


@pytest.mark.claim("MF-191")
def test_clamping_mends_the_value_and_not_the_gradient(measured):
    x = torch.randn(1000, 3, generator=torch.Generator().manual_seed(0))
    x = x[x.norm(dim=1) > 0.1].requires_grad_()
    q = x / x.norm(dim=1, keepdim=True)
    product = (q * q.detach()).sum(1)
    measured.exact(product.acos().isnan().tolist(), (product > 1).tolist())
    clamped = product.clamp(max=1).acos()
    assert clamped.isfinite().all()
    (slope,) = torch.autograd.grad(clamped.sum(), x)
    one, above = product == 1, product > 1
    assert min(one.sum(), above.sum()) > 100
    assert slope[one].isnan().all()
    measured(slope[above], torch.zeros_like(slope[above]), atol=0)


@given(st.lists(st.floats(-3, 3), min_size=3, max_size=3), st.floats(0, 3.1))
def test_the_angle_agrees_with_the_dot_product(v, angle):
    v = torch.tensor(v)
    if v.norm() < 1e-3:
        return
    p = v / v.norm()
    w = torch.linalg.cross(p, torch.eye(3)[p.abs().argmin()])
    q = math.cos(angle) * p + math.sin(angle) * w / w.norm()
    assert abs(angle_between(p, q).item() - angle) < 1e-14
    assert abs(math.cos(angle_between(p, q).item()) - float(p @ q)) < 1e-14


def test_solution_shares():
    p = uniform_on_sphere(10**5, torch.Generator().manual_seed(2))
    assert abs((p[:, 2] > math.cos(math.pi / 3)).double().mean() - 1 / 4) < 0.005
    assert abs((p[:, 2].abs() < 0.5).double().mean() - 1 / 2) < 0.005


def test_solution_spiral_is_even():
    for k in (100, 1000):
        p = spiral_on_sphere(k)
        torch.testing.assert_close(p[:, 2], 1 - (2 * torch.arange(k) + 1) / k, rtol=0, atol=1e-12)
        apart = torch.cdist(p, p) + 9 * torch.eye(k)
        assert apart.min(dim=1).values.min() > 2.8 / math.sqrt(k)  # each has a disc of its own
        assert torch.cdist(uniform_on_sphere(10**4, torch.Generator().manual_seed(0)), p).min(dim=1).values.max() < (
            3.2 / math.sqrt(k)
        )  # and no gap is large


def test_solution_spiral_averages_better_than_random_points():
    w = torch.tensor([1.0, 2.0, 2.0]) / 3
    error = {k: abs((spiral_on_sphere(k) @ w).exp().mean().item() - math.sinh(1)) for k in (100, 1000, 10_000)}
    assert error[100] > 10 * error[1000] > 100 * error[10_000]
    seeds = [uniform_on_sphere(1000, torch.Generator().manual_seed(s)) for s in range(50)]
    random = torch.stack([(p @ w).exp().mean() - math.sinh(1) for p in seeds]).square().mean().sqrt()
    assert 0.01 < random < 0.03
    assert error[1000] < 1e-4


@pytest.mark.claim("BR-20")
def test_the_angle_from_the_pole_by_two_legs_keeps_its_digits(measured):
    phi = torch.logspace(-5, 0.49, 200, dtype=torch.float32)
    p = spherical(torch.ones_like(phi), phi)
    measured(torch.atan2(p[:, :2].norm(dim=1), p[:, 2]) / phi, torch.ones(200, dtype=torch.float32), atol=1e-6)
    assert ((p[:, 2].acos() - phi).abs() > 0.1 * phi).any()
