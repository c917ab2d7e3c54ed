"""Rotations from a network: heads with three and with six numbers, paths, means and the nearest rotation."""

import math

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from scipy.spatial.transform import Rotation

from book.expect import between, numbers
from snippets.figures.lie_groups import rotation_heads as figures
from snippets.lie_groups import exponential as e
from snippets.lie_groups import rotation_heads as h

test_numbers = numbers("lie_groups.rotation_heads", {
    "line_det_half": 0.290513709, "angle_apart": 2.00310983,
    "median_3": between(2, 15), "worst_3": between(170, 180.001), "median_6": between(0.3, 3), "worst_6": between(3, 20),
})  # fmt: skip


@pytest.mark.claim("LG-30", "LG-125")
@given(st.floats(0.01, 3.13), st.floats(0, 1))
def test_the_straight_line_leaves_the_group(theta, s):
    R0, R1 = e.exp_so3(torch.tensor([0.3, -0.2, 0.9])), e.exp_so3(torch.tensor([0.3, -0.2, 0.9]))
    R1 = R1 @ e.exp_so3(theta * torch.tensor([0.6, 0.0, 0.8]))
    line = (1 - s) * R0 + s * R1
    assert abs(torch.linalg.det(line) - (1 - 4 * s * (1 - s) * math.sin(theta / 2) ** 2)) < 1e-13
    point = h.geodesic(R0, R1, torch.tensor([0.0, s, 1.0]))
    assert (point @ point.mT - torch.eye(3)).abs().max() < 1e-14
    assert (point[0] - R0).abs().max() < 1e-14
    assert (point[2] - R1).abs().max() < 1e-14
    assert abs(e.log_so3(R0.T @ point[1]).norm() - s * theta) < 1e-12


@pytest.mark.claim("LG-30")
def test_numbers_of_the_walk(measured):
    values = figures.numbers()
    measured(values["line_det_half"], math.cos(values["angle_apart"] / 2) ** 2, atol=1e-13)


@pytest.mark.claim("LG-128")
@pytest.mark.parametrize("seed", range(12))
def test_three_numbers_are_wrong_by_a_half_turn_on_every_axis(seed, measured):
    torch.manual_seed(seed)
    net = torch.nn.Sequential(torch.nn.Linear(9, 16), torch.nn.Tanh(), torch.nn.Linear(16, 3))
    with torch.no_grad():
        net[-1].weight *= 10 ** (seed % 3)
        t, error = h.worst_on_the_loop(net)
        R = e.exp_so3(torch.tensor([0.0, 0.0, math.radians(t)]))
        apart = e.log_so3(e.exp_so3(net(R.flatten())).T @ R).norm()
    measured(error, 180.0, atol=1e-5)
    measured(apart, math.pi, atol=1e-7)


@pytest.mark.claim("LG-128")
@pytest.mark.parametrize(("turn", "opposite"), [(3.0, 3.0 + math.pi), (-3.0, math.pi - 3.0), (0.5, 0.5 + math.pi)])
def test_who_always_answers_one_turn_is_wrong_by_a_half_turn_at_the_opposite_one(turn, opposite, measured):
    answer = torch.tensor([0.0, 0.0, turn])
    measured(h.worst_on_the_loop(lambda _: answer), [math.degrees(opposite), 180.0], atol=1e-5)


@pytest.mark.claim("LG-128")
def test_the_logarithm_is_never_wrong_but_jumps_at_the_half_turn(measured):
    measured(h.worst_on_the_loop(lambda R: e.log_so3(R.view(3, 3))), [180.0, 0.0], atol=1e-5)


@pytest.mark.claim("LG-128")
def test_the_product_of_two_quaternions_is_the_cosine_of_half_the_angle(measured):
    R, S = e.exp_so3(torch.randn(2, 200, 3, generator=torch.Generator().manual_seed(0)))
    square = (e.quaternion(R) * e.quaternion(S)).sum(1).square()
    trace = (R * S).sum((1, 2))
    measured((e.quaternion_table(R) * e.quaternion_table(S)).sum((1, 2)), 4 + 4 * trace, atol=1e-12)
    measured(16 * square, 4 + 4 * trace, atol=1e-12)
    measured(square, (e.log_so3(R.mT @ S).norm(dim=1) / 2).cos().square(), atol=1e-12)


@pytest.mark.claim("LG-251")
def test_six_numbers_reach_every_rotation_by_its_own_columns(measured):
    R = figures.any_rotations(200, torch.Generator().manual_seed(0)).double()
    measured(h.from_six(R.mT[:, :2].flatten(1)), R, atol=1e-6)
    a = torch.randn(200, 6, generator=torch.Generator().manual_seed(1))
    S = h.from_six(a)
    measured(S @ S.mT, torch.eye(3), atol=1e-14)
    measured(torch.linalg.det(S), torch.ones(200), atol=1e-14)
    assert torch.autograd.gradcheck(h.from_six, a[:3].requires_grad_())
    for count in (3, 6):
        head = h.RotationHead(5, count)
        measured(head(torch.randn(2, 4, 5)).detach(), torch.eye(3), atol=0)
        assert head.state_dict().keys() == {"linear.weight", "linear.bias"}
    with pytest.raises(ValueError, match="4 numbers"):
        h.RotationHead(5, 4)


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_the_precision_of_the_input_is_kept(dtype):
    six = torch.randn(6, generator=torch.Generator().manual_seed(0), dtype=dtype)
    head = h.RotationHead(4).to(dtype)
    R = torch.eye(3, dtype=dtype)
    results = [
        h.from_six(six),
        head(torch.zeros(2, 4, dtype=dtype)),
        h.nearest_rotation(R),
        h.geodesic(R, R, torch.ones(1, dtype=dtype)),
    ]
    assert {result.dtype for result in results} == {dtype}


@pytest.mark.parametrize("seed", range(5))
def test_solution_four_numbers_change_their_sign_against_the_input(seed, measured):
    torch.manual_seed(seed)
    net = torch.nn.Sequential(torch.nn.Linear(9, 16), torch.nn.Tanh(), torch.nn.Linear(16, 4))
    low, high = 0.0, math.tau

    def answer(t):
        q = torch.nn.functional.normalize(net(e.exp_so3(torch.tensor([0.0, 0.0, t])).flatten()).detach(), dim=0)
        return q, (q[0] * math.cos(t / 2) + q[3] * math.sin(t / 2)).item()

    measured(answer(0.0)[1], -answer(math.tau)[1], atol=1e-14)
    for _ in range(60):
        middle = (low + high) / 2
        low, high = (low, middle) if answer(low)[1] * answer(middle)[1] <= 0 else (middle, high)
    w, v = answer(low)[0].split([1, 3])
    said = e.exp_so3(2 * torch.atan2(v.norm(), w) * v / v.norm())
    measured((said.T @ e.exp_so3(torch.tensor([0.0, 0.0, low]))).trace(), -1.0, atol=1e-12)  # a half turn apart


def test_solution_mean(measured):
    R = e.exp_so3(0.6 * torch.randn(8, 3, generator=torch.Generator().manual_seed(0)))
    mean = h.mean_rotation(R)
    measured(e.log_so3(mean.T @ R).mean(0), torch.zeros(3), atol=1e-14)
    S = e.exp_so3(torch.tensor([2.0, 0.1, -1.0]))
    measured(h.mean_rotation(S @ R), S @ mean, atol=1e-13)  # turning everything turns the mean
    one = 2 * torch.pi / 3 * torch.tensor([0.0, 0.0, 1.0])
    thirds = e.exp_so3(torch.stack([0 * one, one, -one]))  # spread widely: each of the three is a mean
    for i in range(3):
        measured(h.mean_rotation(thirds.roll(-i, 0)), thirds[i], atol=1e-14)
    generator = torch.Generator().manual_seed(1)
    axes = torch.nn.functional.normalize(torch.randn(8, 3, generator=generator))
    near = e.exp_so3(0.9 * torch.pi / 2 * torch.rand(8, 1, generator=generator) * axes)
    for i in range(8):  # all within 90 degrees: one mean, wherever the search begins
        measured(h.mean_rotation(near.roll(-i, 0), 200), h.mean_rotation(near, 200), atol=1e-12)


def test_solution_distance(measured):
    R, S = e.exp_so3(torch.randn(2, 50, 3, generator=torch.Generator().manual_seed(0)))
    theta = e.log_so3(R.mT @ S).norm(dim=1)
    measured((R - S).square().sum((1, 2)), 4 - 4 * theta.cos(), atol=1e-13)


def test_solution_nearest(measured):
    generator = torch.Generator().manual_seed(0)
    M = torch.randn(40, 3, 3, generator=generator)
    assert {-1.0, 1.0} == set(torch.linalg.det(M).sign().tolist())
    R = h.nearest_rotation(M)
    measured(R.mT @ R, torch.eye(3), atol=1e-13)
    measured(torch.linalg.det(R), 1.0, atol=1e-13)
    others = e.exp_so3(2 * torch.randn(2000, 1, 3, generator=generator))
    assert ((others - M).norm(dim=(2, 3)) >= (R - M).norm(dim=(1, 2)) - 1e-12).all()
    for A, found in zip(M, R, strict=True):  # Kabsch's algorithm is an independent oracle
        best = Rotation.align_vectors(A.numpy().T, torch.eye(3).numpy())[0].as_matrix()
        measured(found, torch.tensor(best), atol=1e-7)


def test_the_gradient_of_the_nearest_rotation_loses_its_digits_near_a_rotation(measured):
    generator = torch.Generator().manual_seed(0)
    R = e.exp_so3(torch.randn(3, generator=generator))
    E, C = torch.randn(2, 3, 3, generator=generator)

    def miss(M: torch.Tensor) -> torch.Tensor:
        M = M.clone().requires_grad_()
        (found,) = torch.autograd.grad((h.nearest_rotation(M) * C).sum(), M)
        U, sizes, Vt = torch.linalg.svd(M.detach())
        turn = U.T @ C @ Vt.T
        exact = U @ ((turn - turn.T) / (sizes[:, None] + sizes)) @ Vt  # with sums in place of differences
        return (found - exact).abs().max()

    measured(miss(R + 0.1 * E), 0, atol=1e-12)
    assert miss(R + 1e-12 * E) > 1e-6
    assert miss(torch.eye(3)).isnan()
