"""Motions: SE(2), SE(3), exponential and logarithm, plus and minus."""

import math

import numpy as np
import pytest
import scipy.linalg
import sympy as sp
import torch
from hypothesis import given
from hypothesis import strategies as st

from book.expect import below, near, numbers
from snippets.lie_groups import motions as m
from snippets.lie_groups.algebra import lie_bracket
from snippets.lie_groups.exponential import exp_so3, hat
from snippets.lie_groups.groups import rotation

TWISTS = st.tuples(*6 * [st.floats(-1.7, 1.7)]).map(torch.tensor)


def random_twists(count, seed=0, angle=2.5):
    xi = torch.randn(count, 6, generator=torch.Generator().manual_seed(seed))
    xi[:, :3] *= (
        angle
        * torch.rand(count, 1, generator=torch.Generator().manual_seed(seed + 1))
        / xi[:, :3].norm(dim=1, keepdim=True)
    )
    return xi


def matrix(xi):
    return m.twist_matrix(xi[..., :3], xi[..., 3:])


@pytest.mark.claim("LG-221")
@given(TWISTS, TWISTS)
def test_motions_multiply_as_a_semidirect_product(a, b):
    R, S, p, q = exp_so3(a[:3]), exp_so3(b[:3]), a[3:], b[3:]
    product = m.motion(R, p) @ m.motion(S, q)
    assert (product - m.motion(R @ S, R @ q + p)).abs().max() < 1e-14
    assert (m.inverse(product) @ product - torch.eye(4)).abs().max() < 1e-13
    x = torch.tensor([0.3, -1.0, 2.0])
    assert ((product @ torch.cat([x, torch.ones(1)]))[:3] - (R @ (S @ x + q) + p)).abs().max() < 1e-13


@pytest.mark.claim("LG-221")
def test_dimension(measured):
    for n, dimension in ((2, 3), (3, 6)):
        basis = [m.twist_matrix(*x.split([dimension - n, n])).flatten() for x in torch.eye(dimension)]
        measured.exact(int(torch.linalg.matrix_rank(torch.stack(basis))), n * (n - 1) // 2 + n)


@pytest.mark.claim("LG-222")
def test_translations_are_normal_and_turns_are_not(measured):
    for xi in random_twists(20):
        M, q = m.exp_se3(xi), torch.tensor([0.5, -2.0, 1.0])
        R, p = m.parts(M)
        T = m.motion(torch.eye(3), q)
        measured(M @ T @ m.inverse(M), m.motion(torch.eye(3), R @ q), atol=1e-13)
        S = M @ m.motion(exp_so3(q), torch.zeros(3)) @ m.inverse(M)
        measured(S @ torch.cat([p, torch.ones(1)]), torch.cat([p, torch.ones(1)]), atol=1e-13)
        assert S[:3, 3].norm() > 1e-3


@pytest.mark.claim("LG-223", by="proved")
def test_the_bracket_of_twists(measured):
    w, v, x, y = (sp.Matrix(sp.symbols(f"{s}0:3")) for s in "wvxy")
    cross = lambda a: sp.Matrix([[0, -a[2], a[1]], [a[2], 0, -a[0]], [-a[1], a[0], 0]])  # noqa: E731
    twist = lambda a, b: sp.Matrix(sp.BlockMatrix([[cross(a), b], [sp.zeros(1, 3), sp.zeros(1, 1)]]))  # noqa: E731
    bracket = twist(w, v) * twist(x, y) - twist(x, y) * twist(w, v)
    expected = twist(w.cross(x), w.cross(y) - x.cross(v))
    measured.exact((bracket - expected).applyfunc(sp.expand), sp.zeros(4))
    j = sp.Matrix([[0, -1], [1, 0]])  # and in the plane
    flat = lambda a, b: sp.Matrix([[0, -a, b[0]], [a, 0, b[1]], [0, 0, 0]])  # noqa: E731
    p, q = v[:2, :], y[:2, :]
    bracket = flat(w[0], p) * flat(x[0], q) - flat(x[0], q) * flat(w[0], p)
    measured.exact((bracket - flat(0, w[0] * j * q - x[0] * j * p)).applyfunc(sp.expand), sp.zeros(3))


@pytest.mark.claim("LG-223")
def test_velocities_of_curves_of_motions_are_twists(measured):
    for xi, eta in zip(random_twists(5), random_twists(5, 7), strict=True):
        curve = lambda t, xi=xi, eta=eta: m.exp_se3(t * xi) @ m.exp_se3(t.sin() * eta)  # noqa: E731
        measured(torch.autograd.functional.jacobian(curve, torch.tensor(0.0)), matrix(xi + eta), atol=1e-14)
    measured(
        m.twist_matrix(torch.tensor([2.0]), torch.tensor([3.0, 4.0])),
        torch.tensor([[0.0, -2, 3], [2, 0, 4], [0, 0, 0]]),
        atol=0,
    )


@pytest.mark.claim("LG-224")
@pytest.mark.parametrize("angle", [0.0, 1e-12, 1e-6, 0.1, 0.2236, 0.2237, 1.0, 3.0, math.pi, 6.0])
def test_the_exponential_of_a_twist(angle, measured):
    for n in torch.nn.functional.normalize(torch.randn(5, 3, generator=torch.Generator().manual_seed(0)), dim=1):
        xi = torch.cat([angle * n, torch.tensor([0.3, -1.0, 2.0])])
        measured(m.exp_se3(xi), scipy.linalg.expm(matrix(xi).numpy()), atol=1e-13)
        nodes, weights = map(torch.from_numpy, np.polynomial.legendre.leggauss(24))  # the average, by Gauss's rule
        turns = exp_so3((nodes[:, None] + 1) / 2 * xi[:3])
        measured(m.average_turn(xi[:3]), torch.einsum("s,sij->ij", weights / 2, turns), atol=1e-13)
        half, V = exp_so3(xi[:3] / 2), m.average_turn(xi[:3])  # the axis stays; across it, a half turn and a chord
        across = torch.eye(3) - torch.outer(n, n)
        shrunk = math.sin(angle / 2) / (angle / 2) if angle else 1.0
        measured(V @ n, n, atol=1e-13)
        measured(V @ across, shrunk * half @ across, atol=1e-13)
    flat = torch.tensor([angle, 1.0, -0.5])
    measured(m.exp_se2(flat), scipy.linalg.expm(m.twist_matrix(flat[:1], flat[1:]).numpy()), atol=1e-13)


@pytest.mark.claim("LG-225")
@given(TWISTS, TWISTS)
def test_plus_undoes_minus(a, b):
    M, N = m.exp_se3(a), m.exp_se3(b)
    assert (m.plus(M, m.minus(N, M)) - N).abs().max() < 1e-12
    if a[:3].norm() < 3.1:
        assert (m.minus(m.plus(N, a), N) - a).abs().max() < 1e-11
        assert (m.log_se3(M) - a).abs().max() < 1e-12


@pytest.mark.claim("LG-226")
@given(TWISTS, TWISTS)
def test_the_adjoint(a, b):
    M = m.exp_se3(a)
    assert (M @ m.exp_se3(b) @ m.inverse(M) - m.exp_se3(m.adjoint(M) @ b)).abs().max() < 1e-12
    assert (m.adjoint(M @ m.exp_se3(b)) - m.adjoint(M) @ m.adjoint(m.exp_se3(b))).abs().max() < 1e-12
    assert (M @ m.exp_se3(b) - m.exp_se3(m.adjoint(M) @ b) @ M).abs().max() < 1e-12
    rate = torch.autograd.functional.jacobian(lambda t: m.adjoint(m.exp_se3(t * a)) @ b, torch.tensor(0.0))
    assert (matrix(rate) - lie_bracket(matrix(a), matrix(b))).abs().max() < 1e-12


def test_logarithm_in_the_plane(measured):
    xi = torch.tensor([[0.0, 1.0, 2.0], [1e-9, 0.3, -1.0], [3.0, 1.0, 0.0], [math.pi, 0.5, 0.5], [-2.0, 0.0, 1.0]])
    measured(m.log_se2(m.exp_se2(xi)), xi, atol=1e-13)


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_the_precision_and_the_batch_of_the_input_are_kept(dtype, measured):
    xi = random_twists(6).to(dtype).reshape(2, 3, 6)
    M = m.exp_se3(xi)
    results = (
        M,
        m.log_se3(M),
        m.inverse(M),
        m.adjoint(M),
        m.plus(M, xi),
        m.minus(M, M[0, 0]),
        m.exp_se2(xi[..., :3]),
        m.log_se2(m.exp_se2(xi[..., :3])),
    )
    assert {result.dtype for result in results} == {dtype}
    measured(m.log_se3(M), xi, atol=1e-5 if dtype == torch.float32 else 1e-13)
    measured(m.minus(M, M), torch.zeros(2, 3, 6), atol=1e-5)
    assert m.log_se3(m.exp_se3(xi[:0])).shape == (0, 3, 6)
    assert m.minus(M, M[:, :1]).shape == (2, 3, 6)


@pytest.mark.parametrize("size", [0.0, 1e-9, 1e-4, 0.2236, 1.0, 3.0])
def test_derivatives_are_those_of_the_series(size, measured):
    xi = torch.tensor([0.6, 0.0, 0.8, 0.3, -1.0, 2.0])
    xi[:3] *= size
    jacobian = torch.autograd.functional.jacobian
    exact = lambda x: torch.linalg.matrix_exp(matrix(x))  # noqa: E731
    measured(jacobian(m.exp_se3, xi), jacobian(exact, xi), atol=1e-11)
    measured(jacobian(lambda x: m.log_se3(m.exp_se3(x)), xi), torch.eye(6), atol=1e-11)
    hessian = torch.autograd.functional.hessian(lambda x: m.exp_se3(x)[0, 3], xi)
    assert hessian.isfinite().all()


def test_a_matrix_that_is_no_motion_is_refused():
    with pytest.raises(ValueError, match="last row is 1 away"):
        m.parts(torch.eye(4) + torch.diag(torch.tensor([0.0, 0, 0, 1.0])))
    with pytest.raises(ValueError, match="not in O"):
        m.log_se3(m.motion(2 * torch.eye(3), torch.zeros(3)))


def test_refinement_stays_in_the_group(measured):
    torch.manual_seed(0)
    refine = m.PoseRefinement(torch.nn.Linear(16, 6))
    R, _ = m.parts(refine(m.exp_se3(random_twists(4))).detach())
    measured(R @ R.mT, torch.eye(3), atol=1e-13)
    refine(torch.eye(4).expand(2, 4, 4)).sum().backward()
    assert all(p.grad.isfinite().all() for p in refine.parameters())
    assert refine.float()(torch.eye(4).float()).dtype == torch.float32


test_numbers = numbers("lie_groups.motions", {
    "round_trip": below(1e-13), "steps_4": 0.115322239, "steps_6": near(3.583e-7, 1e-9), "steps_8": below(1e-13),
})  # fmt: skip


@given(TWISTS)
def test_registration(xi):
    points = torch.randn(8, 3, generator=torch.Generator().manual_seed(0))
    M = m.exp_se3(xi * 0.8)
    assert (m.register(points, points @ M[:3, :3].T + M[:3, 3]) - M).abs().max() < 1e-9


def test_solutions(measured):
    quarter = rotation(torch.tensor(math.pi / 2))
    M = m.motion(quarter, torch.tensor([1.0, 0.0]))
    centre = torch.tensor([0.5, 0.5, 1.0])
    measured(M @ centre, centre, atol=1e-15)
    measured(torch.linalg.matrix_power(M, 2), m.motion(quarter @ quarter, torch.tensor([1.0, 1.0])), atol=1e-15)
    for xi in random_twists(10):  # a screw: a point of the line c + Rω moves along ω
        omega, v = xi.split(3)
        c = torch.linalg.cross(omega, v) / (omega @ omega)
        moved = (m.exp_se3(xi) @ torch.cat([c, torch.ones(1)]))[:3] - c
        measured(torch.linalg.cross(moved, omega), torch.zeros(3), atol=1e-12)
        measured(hat(omega) @ c + v, omega * (omega @ v) / (omega @ omega), atol=1e-12)


@pytest.mark.claim("LG-227", by="proved")
def test_a_turn_seen_from_far_away_tends_to_a_translation():
    k = sp.symbols("k", positive=True)
    turn = sp.Matrix([[sp.cos(1 / k), -sp.sin(1 / k), 0], [sp.sin(1 / k), sp.cos(1 / k), 0], [0, 0, 1]])
    away = sp.Matrix([[1, 0, k], [0, 1, 0], [0, 0, 1]])
    limit = lambda A: A.applyfunc(lambda entry: sp.limit(entry, k, sp.oo))  # noqa: E731
    assert limit(turn) == sp.eye(3)
    assert limit(away * turn * away.inv()) == sp.Matrix([[1, 0, 0], [0, 1, -1], [0, 0, 1]])


@pytest.mark.claim("LG-228")
@given(TWISTS, TWISTS, TWISTS)
def test_the_loss_of_points_splits_and_ignores_the_world(a, b, c):
    points = torch.randn(30, 3, generator=torch.Generator().manual_seed(0))
    points -= points.mean(0)
    M, N, L = (m.exp_se3(xi) for xi in (a, b, c))
    (R, p), (S, q) = m.parts(M), m.parts(N)
    C = points.T @ points / len(points)
    loss = m.point_loss(M, N, points)
    assert abs(loss - (p - q).square().sum() - ((R - S) @ C @ (R - S).T).trace()) < 1e-12
    assert abs(m.point_loss(L @ M, L @ N, points) - loss) < 1e-11
    assert abs(m.point_loss(M, N, 2 * points) - (p - q).square().sum() - 4 * (loss - (p - q).square().sum())) < 1e-11
    assert m.point_loss(torch.stack([M, N]), torch.stack([N, N]), points).shape == (2,)


def test_refinement_corrects_in_the_frame_of_the_pose():
    torch.manual_seed(0)
    network, M = torch.nn.Linear(16, 6), m.exp_se3(torch.randn(2, 6))
    expected = M
    for _ in range(3):
        expected = expected @ m.exp_se3(network(expected.flatten(-2)))
    torch.testing.assert_close(m.PoseRefinement(network)(M), expected)
