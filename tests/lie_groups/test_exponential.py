"""The exponential: small steps, series, SO(2), SO(3) and back, and what it misses."""

import inspect
import math

import mpmath
import numpy as np
import pytest
import scipy.linalg
import sympy as sp
import torch
from hypothesis import given
from hypothesis import strategies as st
from scipy.spatial.transform import Rotation

from book.expect import near, numbers
from snippets.figures.lie_groups import exponential as figures
from snippets.lie_groups import exponential as e
from snippets.lie_groups.groups import reflection, rotation

THETA = sp.symbols("theta", real=True)
G = THETA * sp.Matrix([[0, -1], [1, 0]])
ANGLES = [1e-10, 1e-9, 1e-8, 1e-7, 1e-6, 1e-5, 1e-4, 1e-3, 0.1, 1.0, 2.0, 3.0]
ANGLES += [math.pi - gap for gap in (1e-2, 1e-4, 1e-6, 1e-7, 1e-8)]


def exact_rotation(omega):
    """Exponentiate with 40 digits and round once: the independent truth."""
    with mpmath.workdps(40):
        x, y, z = (mpmath.mpf(float(c)) for c in omega)
        K = mpmath.matrix([[0, -z, y], [z, 0, -x], [-y, x, 0]])
        theta = mpmath.sqrt(x * x + y * y + z * z)
        R = mpmath.eye(3) + mpmath.sin(theta) / theta * K + (1 - mpmath.cos(theta)) / theta**2 * K * K
        return torch.tensor([[float(R[i, j]) for j in range(3)] for i in range(3)])


@pytest.fixture
def directions():
    v = torch.randn(25, 3, generator=torch.Generator().manual_seed(2))
    v = torch.cat([v, torch.eye(3), -torch.eye(3), torch.tensor([[1.0, 1, 1], [1.0, -1, 0]])])
    return v / v.norm(dim=1, keepdim=True)


@pytest.fixture
def rotation_vectors(directions):
    return torch.cat([angle * directions for angle in ANGLES])


@pytest.mark.claim("LG-27", by="proved")
def test_powers_of_the_generator(measured):
    measured.exact(sp.simplify(G**2 + THETA**2 * sp.eye(2)), sp.zeros(2))
    measured.exact(sp.simplify(G**3 + THETA**2 * G), sp.zeros(2))
    measured.exact(sp.simplify(G**4 - THETA**4 * sp.eye(2)), sp.zeros(2))
    measured.exact(set(sp.solve(-THETA - (-(THETA**2)), THETA)), {0, 1})  # where −θG = −θ²G
    measured.exact(set(sp.solve(THETA**2 - THETA**4, THETA)), {-1, 0, 1})


@pytest.mark.claim("LG-27")
def test_misprinted_powers_miss_the_rotation(measured):
    wrong, right = e.misprinted_sum(2.0), e.partial_sums(2 * e.J, 5)[-1]
    measured(wrong[0], torch.tensor([1 - 2 + 4 / 24, -2 + 4 / 6]), atol=1e-15)
    measured(right[0], torch.tensor([1 - 2 + 16 / 24, -2 + 8 / 6]), atol=1e-15)
    assert (wrong - rotation(2.0)).abs().max() > 0.4
    assert (right - rotation(2.0)).abs().max() < 0.26


@pytest.mark.claim("LG-26", "LG-121")
@pytest.mark.parametrize("n", [1, 2, 4, 7])
def test_partial_sums_converge_as_fast_as_claimed(n, measured):
    A = torch.randn(n, n, generator=torch.Generator().manual_seed(n)) / n**0.5
    sums, truth = e.partial_sums(A, 60), torch.tensor(scipy.linalg.expm(A.numpy()))
    norm = torch.linalg.matrix_norm(A, 2).item()
    for terms in (1, 3, 8, 20, 40):
        bound = norm**terms / math.factorial(terms) * math.exp(norm)
        assert torch.linalg.matrix_norm(sums[terms - 1] - truth, 2) <= bound + 1e-12
        steps = torch.linalg.matrix_norm(e.compounded(A, terms) - truth, 2)
        assert steps <= norm**2 / (2 * terms) * math.exp(norm) + 1e-12
    measured(sums[-1], truth, atol=1e-11)
    measured(e.compounded(A, 2**20), truth, atol=1e-4)


@pytest.mark.claim("LG-126", by="drawn")
@given(st.floats(-3, 3), st.floats(-3, 3))
def test_exponents_of_one_matrix_add(s, t):
    G = torch.tensor([[0.3, -1.0, 0.2], [0.5, 0.1, 0.4], [0.0, 0.7, -0.6]])
    product = torch.linalg.matrix_exp(s * G) @ torch.linalg.matrix_exp(t * G)
    assert (product - torch.linalg.matrix_exp((s + t) * G)).abs().max() < 1e-9 * math.exp(2 * (abs(s) + abs(t)))
    inverse = torch.linalg.matrix_exp(-t * G) @ torch.linalg.matrix_exp(t * G)
    assert (inverse - torch.eye(3)).abs().max() < 1e-9 * math.exp(4 * abs(t))


@pytest.mark.claim("LG-126")
def test_a_curve_that_adds_its_times_is_an_exponential(measured):
    t = sp.symbols("t")
    for curve in (
        sp.Matrix([[1, t], [0, 1]]),
        sp.Matrix([[sp.cos(t), -sp.sin(t)], [sp.sin(t), sp.cos(t)]]),
        sp.diag(sp.exp(t), 1),
    ):
        generator = curve.diff(t).subs(t, 0)
        difference = (t * generator).exp() - curve
        measured.exact(difference.applyfunc(lambda x: sp.simplify(x.rewrite(sp.exp))), sp.zeros(2))


@pytest.mark.claim("LG-28", by="proved")
def test_even_and_odd_parts_are_cosine_and_sine(measured):
    partial = sum((G**k / sp.factorial(k) for k in range(20)), sp.zeros(2))
    c = sp.series(sp.cos(THETA), THETA, 0, 20).removeO()
    s = sp.series(sp.sin(THETA), THETA, 0, 20).removeO()
    measured.exact((partial - sp.Matrix([[c, -s], [s, c]])).applyfunc(sp.expand), sp.zeros(2))


@pytest.mark.claim("LG-21", "LG-22", "LG-28")
def test_exponentials_of_skew_2x2_are_rotations(measured):
    theta = 40 * torch.rand(1000, generator=torch.Generator().manual_seed(0)) - 20
    measured(e.exp_so2(theta), rotation(theta), atol=1e-15)
    measured(e.exp_so2(theta), torch.linalg.matrix_exp(theta[:, None, None] * e.J), atol=1e-12)
    few = torch.linspace(0, 0.1, 10)
    measured(torch.linalg.matrix_exp(few[:, None, None] * e.J) @ torch.tensor([1.0, 0.0]),
             torch.stack([few.cos(), few.sin()], 1), atol=1e-15)  # fmt: skip


@pytest.mark.claim("LG-29")
@given(st.floats(-50, 50))
def test_exp_is_onto_so2_with_period_two_pi(theta):
    R = e.exp_so2(theta)
    assert (e.exp_so2(theta + math.tau) - R).abs().max() < 1e-13
    angle = e.log_so2(R).item()
    assert -math.pi <= angle <= math.pi
    assert (e.exp_so2(angle) - R).abs().max() < 1e-14


def test_log_so2_at_the_cut():
    for corner in (0.0, -0.0):  # a signed zero chooses no side
        assert e.log_so2(torch.tensor([[-1.0, -corner], [corner, -1.0]])).item() == math.pi
    assert torch.equal(e.log_so2(torch.eye(2).expand(4, 2, 2)), torch.zeros(4))


@pytest.mark.claim("LG-25", by="proved")
def test_generators_of_other_groups_are_not_skew(measured):
    measured.exact(G + G.T, sp.zeros(2))
    measured.exact(sp.Matrix([[0, 1], [0, 0]]).exp(), sp.Matrix([[1, 1], [0, 1]]))  # a shear
    measured.exact(
        sp.Matrix([[0, THETA], [THETA, 0]]).exp().applyfunc(lambda x: sp.simplify(x.rewrite(sp.exp))).det().simplify(),
        1,
    )


@pytest.mark.claim("BR-04")
def test_rodrigues_agrees_with_matrix_exp(directions, measured):
    omega = torch.cat([directions * angle for angle in (0.5, 1.0, 3.0, 9.0)])
    expected = torch.linalg.matrix_exp(e.hat(omega))
    measured(e.exp_so3(omega), expected, atol=1e-13)
    measured(torch.stack([e.rodrigues(w) for w in omega]), expected, atol=1e-13)
    measured(e.exp_so3(omega), Rotation.from_rotvec(omega.numpy()).as_matrix(), atol=1e-13)


@pytest.mark.claim("BR-04")
def test_rodrigues_is_an_identity(measured):
    x, y, z = sp.symbols("x y z", real=True)
    K, square = sp.Matrix([[0, -z, y], [z, 0, -x], [-y, x, 0]]), x**2 + y**2 + z**2
    measured.exact((K**3 + square * K).applyfunc(sp.expand), sp.zeros(3))  # so every power is K or K²


@pytest.mark.claim("LG-122")
def test_exp_is_accurate_at_every_angle(rotation_vectors, measured):
    exact = torch.stack([exact_rotation(w) for w in rotation_vectors])
    R = e.exp_so3(rotation_vectors)
    measured(R, exact, atol=1e-14)
    off = torch.stack([torch.stack([M[2, 1] - M[1, 2], M[0, 2] - M[2, 0], M[1, 0] - M[0, 1]]) for M in R])
    truth = torch.stack([torch.stack([M[2, 1] - M[1, 2], M[0, 2] - M[2, 0], M[1, 0] - M[0, 1]]) for M in exact])
    small = rotation_vectors.norm(dim=1) < 0.5
    assert ((off - truth).norm(dim=1) / truth.norm(dim=1))[small].max() < 1e-12  # relative, even at 1e-10


@pytest.mark.claim("LG-122")
def test_log_is_accurate_at_every_angle(rotation_vectors, measured):
    omega = e.log_so3(torch.stack([exact_rotation(w) for w in rotation_vectors]))
    measured(omega, rotation_vectors, atol=1e-12)
    assert ((omega - rotation_vectors).norm(dim=1) / rotation_vectors.norm(dim=1)).max() < 1e-12


@pytest.mark.claim("LG-122")
def test_log_agrees_with_scipy(directions, measured):
    R = e.exp_so3(directions * torch.linspace(0.1, 3.1, len(directions))[:, None])
    measured(e.log_so3(R), Rotation.from_matrix(R.numpy()).as_rotvec(), atol=1e-13)
    measured(e.hat(e.log_so3(R))[0], scipy.linalg.logm(R[0].numpy()).real, atol=1e-12)


@pytest.mark.claim("LG-122")
@given(st.tuples(*3 * [st.floats(-1, 1)]), st.floats(0, math.pi - 1e-8))
def test_round_trip(v, angle):
    v = torch.tensor(v)
    if v.norm() < 1e-3:
        return
    omega = angle * v / v.norm()
    assert (e.log_so3(e.exp_so3(omega)) - omega).abs().max() < 1e-12


@pytest.mark.claim("LG-122")
def test_the_documented_value_at_the_cut(directions, measured):
    half_turns = 2 * directions[:, :, None] * directions[:, None] - torch.eye(3)
    omega = e.log_so3(half_turns)
    measured(omega.norm(dim=1), torch.full((len(omega),), math.pi), atol=1e-14)
    measured(e.exp_so3(omega), half_turns, atol=1e-14)
    measured(e.log_so3(torch.diag(torch.tensor([-1.0, -1.0, 1.0]))), torch.tensor([0, 0, math.pi]), atol=0)
    exact = e.log_so3(torch.tensor([[-1.0, 0, 0], [0, -0.28, -0.96], [0, -0.96, 0.28]]))  # axis (0, 0.6, −0.8)
    measured(exact, math.pi * torch.tensor([0, -0.6, 0.8]), atol=1e-15)


def test_shapes():
    for shape in [(3,), (0, 3), (2, 5, 3)]:
        omega = torch.rand(shape)
        R = e.exp_so3(omega)
        assert R.shape == (*shape, 3)
        assert e.log_so3(R).shape == e.vee(e.hat(omega)).shape == shape
        assert torch.allclose(e.log_so3(R), omega, atol=1e-14)
    assert e.exp_sl2(torch.zeros(0, 2, 2)).shape == (0, 2, 2)


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_the_precision_of_the_input_is_kept(dtype):
    omega = torch.randn(5, 3, generator=torch.Generator().manual_seed(0), dtype=dtype)
    R = e.exp_so3(omega)
    results = [R, e.log_so3(R), e.hat(omega), e.vee(e.hat(omega)), e.rodrigues(omega[0]), e.exp_so2(omega), e.log_so2(e.exp_so2(omega)),
               e.compounded(R[0], 3), e.partial_sums(R[0], 3), e.exp_sl2(torch.zeros(2, 2, dtype=dtype))]  # fmt: skip
    assert {result.dtype for result in results} == {dtype}
    tolerance = 20 * torch.finfo(dtype).eps
    assert (e.log_so3(R) - omega).abs().max() < tolerance
    assert (R - exact_rotations(omega.double())).abs().max() < tolerance
    assert e.log_so3(torch.eye(3, dtype=dtype)).abs().max() == 0


def exact_rotations(omega):
    return torch.stack([exact_rotation(w) for w in omega])


@pytest.mark.parametrize("call", [
    lambda: inspect.unwrap(e.hat)(torch.randn(3, 4)),
    lambda: inspect.unwrap(e.vee)(torch.randn(3, 4)), lambda: inspect.unwrap(e.log_so3)(torch.eye(2)),
])  # fmt: skip
def test_a_wrong_shape_is_refused(call):
    with pytest.raises(ValueError, match="shape"):
        call()


def test_a_default_precision_chosen_elsewhere_changes_nothing():
    torch.set_default_dtype(torch.float32)
    try:
        assert e.J.dtype == torch.float64
        omega = torch.tensor([0.1, 0.2, 0.3], dtype=torch.float64)
        assert (e.log_so3(e.exp_so3(omega)) - omega).abs().max() < 1e-15
    finally:
        torch.set_default_dtype(torch.float64)


@pytest.mark.claim("LG-123")
def test_gradients_are_finite_and_right_at_the_identity(measured):
    zero = torch.zeros(3)
    jacobian = torch.autograd.functional.jacobian(e.exp_so3, zero)
    measured(jacobian.movedim(-1, 0), e.hat(torch.eye(3)), atol=0)
    there_and_back = torch.autograd.functional.jacobian(lambda w: e.log_so3(e.exp_so3(w)), zero)
    measured(there_and_back, torch.eye(3), atol=1e-15)
    curvature = torch.autograd.functional.hessian(lambda w: e.exp_so3(w).trace(), zero)
    measured(curvature, -2 * torch.eye(3), atol=1e-14)  # trace = 1 + 2 cos θ
    naive = zero.clone().requires_grad_()
    e.rodrigues(naive).sum().backward()
    assert naive.grad.isnan().any()


@pytest.mark.claim("LG-123")
@pytest.mark.parametrize("angle", [1e-12, 1e-9, 1e-6, 1e-3, 1.0, 3.0, math.pi - 1e-3])
def test_gradients_along_the_way(angle, directions, measured):
    omega = (angle * directions[:4]).requires_grad_()
    there_and_back = [torch.autograd.functional.jacobian(lambda w: e.log_so3(e.exp_so3(w)), w) for w in omega]
    measured(torch.stack(there_and_back), torch.eye(3), atol=1e-11)
    if angle >= 1e-3:
        assert torch.autograd.gradcheck(e.exp_so3, omega)


@pytest.mark.claim("LG-123")
@pytest.mark.parametrize("size", [0.0, 1e-12, 1e-9, 1e-7, 1e-5])
def test_second_derivatives_near_the_identity(size, directions, measured):
    w, v = size * directions[0], directions[1]  # exp to fifth order differs from exp by less than rounding

    def series(w):
        return (e.partial_sums(e.hat(w), 6)[-1] @ v)[0]

    hessian = torch.autograd.functional.hessian
    measured(hessian(lambda w: (e.exp_so3(w) @ v)[0], w), hessian(series, w), atol=1e-6)
    for axis in range(3):
        curved = hessian(lambda w, axis=axis: e.log_so3(e.exp_so3(w))[axis], w)
        measured(curved, torch.zeros(3, 3), atol=1e-6)


@pytest.mark.claim("LG-124")
@given(st.lists(st.floats(-3, 3), min_size=4, max_size=4))
def test_determinant_of_an_exponential(entries):
    X = torch.tensor(entries).reshape(2, 2)
    expected = X.trace().exp()
    assert abs(torch.linalg.det(torch.linalg.matrix_exp(X)) - expected) <= 1e-9 * max(
        1.0, torch.linalg.matrix_exp(X).abs().max() ** 2
    )


@pytest.mark.claim("LG-124")
def test_determinant_of_an_exponential_in_higher_dimension(measured):
    X = torch.randn(100, 4, 4, generator=torch.Generator().manual_seed(1)) / 2
    traces = X.diagonal(dim1=1, dim2=2).sum(1)
    measured(torch.linalg.det(torch.linalg.matrix_exp(X)) / traces.exp(), torch.ones(100), atol=1e-11)


@pytest.mark.claim("LG-41")
def test_trace_of_an_exponential_of_sl2(measured):
    X = 3 * torch.randn(2000, 2, 2, generator=torch.Generator().manual_seed(4))
    X = X - X.diagonal(dim1=1, dim2=2).mean(1)[:, None, None] * torch.eye(2)
    E = torch.linalg.matrix_exp(X)
    for traceless, expected in zip(X[:300], E[:300], strict=True):
        measured(e.exp_sl2(traceless) / expected.norm(), expected / expected.norm(), atol=1e-12)
    measured(e.exp_sl2(torch.tensor([[0.0, 1.0], [0.0, 0.0]])), torch.tensor([[1.0, 1.0], [0.0, 1.0]]), atol=0)
    measured(e.exp_sl2(X[:300]), torch.stack([e.exp_sl2(x) for x in X[:300]]), atol=1e-9)
    assert (E.diagonal(dim1=1, dim2=2).sum(1) >= -2 - 1e-9).all()


@pytest.mark.parametrize("size", [0.0, 1e-9, 1e-3, 0.03, 0.032, 1.0, 5.0])
def test_exp_sl2_has_the_derivatives_of_the_series(size):
    directions = [[[0.0, 1], [0, 0]], [[1.0, 0], [0, -1]], [[0.0, -1], [1, 0]], [[0.3, 2], [-1, -0.3]]]
    for X in size * torch.tensor(directions):
        H = torch.tensor([[0.4, -1.0], [0.7, -0.4]])
        jvp = torch.autograd.functional.jvp
        expected = jvp(torch.linalg.matrix_exp, X, H)[1]
        assert (jvp(e.exp_sl2, X, H)[1] - expected).abs().max() < 1e-11 * expected.abs().max()


@pytest.mark.claim("LG-41")
def test_a_matrix_of_sl2_that_is_no_exponential_but_a_product_of_two(measured):
    A = np.diag([-2.0, -0.5])
    measured(np.abs(scipy.linalg.logm(A).imag).max(), math.pi, atol=1e-14)
    half_turn, squeeze = e.exp_sl2(torch.pi * e.J), e.exp_sl2(torch.diag(torch.tensor([2.0, 0.5]).log()))
    measured(half_turn @ squeeze, torch.tensor(A), atol=1e-14)
    with pytest.raises(ValueError, match="tr X = 2"):
        e.exp_sl2(torch.eye(2))


@pytest.mark.claim("LG-127")
def test_exp_stretches_by_the_chord_over_the_arc(directions, measured):
    for theta in (1e-6, 0.3, 2.0, math.pi, 5.0, math.tau, 8.0):
        chord = math.sin(theta / 2) / (theta / 2)
        for n in directions[:4]:
            D = torch.autograd.functional.jacobian(e.exp_so3, theta * n)
            velocities = torch.einsum("ijk,lj->kil", D, e.exp_so3(theta * n))  # dR Rᵀ = hat of a velocity
            V = (
                e.vee(velocities, rtol=1e-4)
                if theta != math.tau
                else torch.stack([velocities[:, 2, 1], velocities[:, 0, 2], velocities[:, 1, 0]], -1)
            )
            measured(n @ V, n, atol=1e-12)
            measured(torch.linalg.svdvals(V), sorted([1.0, abs(chord), abs(chord)], reverse=True), atol=1e-12)


test_numbers = numbers("lie_groups.exponential", {
    "smallest_trace": near(-1.99999998, 1e-8),
    "thousand_steps_miss": 0.00200199911,
    "thousand_steps_bound": 0.0147781122,
    "ten_terms_miss": 0.000278351122,
    "ten_terms_bound": 0.00208509520,
})  # fmt: skip


@pytest.mark.parametrize(("bad", "message"), [
    (1.1 * torch.eye(3), r"differs from I by 0.21, more than 1e-05"),
    (-torch.eye(3), "det R = -1: R is a reflection"),
    (torch.full((3, 3), torch.nan), "differs from I by nan"),
    (torch.stack([torch.eye(3), torch.diag(torch.tensor([1.0, 1, -1]))]), "reflection"),
])  # fmt: skip
def test_matrix_outside_so3_is_refused(bad, message):
    with pytest.raises(ValueError, match=message):
        e.log_so3(bad)


def test_reflection_has_no_angle():
    with pytest.raises(ValueError, match="reflection"):
        e.log_so2(reflection(0.4))


def test_hat_and_vee(directions):
    assert torch.equal(e.vee(e.hat(directions)), directions)
    v = torch.tensor([0.3, -2.0, 0.7])
    assert torch.allclose(e.hat(directions) @ v, torch.linalg.cross(directions, v.expand_as(directions)), atol=1e-15)
    for size in (1e-12, 1.0, 1e12):  # the unit of measurement does not matter
        assert torch.equal(e.vee(e.hat(size * v)), size * v)
        with pytest.raises(ValueError, match="X is not skew"):
            e.vee(size * torch.eye(3))


def test_textbook_log_is_right_in_the_middle_and_poor_at_the_ends(measured):
    omega = torch.tensor([0.6, -0.3, 1.1])
    measured(e.textbook_log(e.exp_so3(omega)), omega, atol=1e-14)
    for angle, bound in ((1e-9, 0.5), (math.pi - 1e-7, 1e-5)):
        assert not figures.log_errors(torch.tensor([angle]), e.textbook_log)[0] < bound
        assert figures.log_errors(torch.tensor([angle]), e.log_so3)[0] < 1e-14


def test_solutions(measured):
    N = torch.diag(torch.ones(2), 1)
    measured(torch.linalg.matrix_exp(2 * N), torch.eye(3) + 2 * N + 2 * N @ N, atol=1e-15)
    measured(e.compounded(2 * N, 4), torch.eye(3) + 2 * N + 1.5 * N @ N, atol=1e-15)
    about_x, about_z = e.exp_so3(torch.pi / 2 * torch.eye(3)[[0, 2]])
    third = 2 * torch.pi / 3 / 3**0.5
    measured(e.log_so3(about_z @ about_x), third * torch.ones(3), atol=1e-14)
    measured(e.log_so3(about_x @ about_z), third * torch.tensor([1.0, -1, 1]), atol=1e-14)
    for t in (-1.5, 0.0, 0.8):
        measured(e.boost(t), torch.linalg.matrix_exp(torch.tensor([[0.0, t], [t, 0.0]])), atol=1e-14)
    for a, d in ((2.0, 0.5), (-3.0, -3.0)):
        measured(torch.linalg.matrix_exp(e.real_log_of_diagonal(a, d)), torch.diag(torch.tensor([a, d])), atol=1e-14)
    for a, d in ((-2.0, -0.5), (1.0, -1.0), (-1.0, 1.0), (0.0, 1.0), (1.0, 0.0), (0.0, 0.0)):
        with pytest.raises(ValueError, match="no real logarithm"):
            e.real_log_of_diagonal(a, d)


@pytest.mark.parametrize("size", [0.0, 1e-9, 0.7, 1.0, 40.0])
def test_solution_exp_by_squaring(size, measured):
    measured(e.exp_by_squaring(size * e.J), rotation(size), atol=1e-13)
    A = torch.randn(4, 4, generator=torch.Generator().manual_seed(3))
    G = size * A / torch.linalg.matrix_norm(A, 2)
    truth = torch.tensor(scipy.linalg.expm(G.numpy()))
    measured(e.exp_by_squaring(G) / truth.norm(), truth / truth.norm(), atol=1e-12)
    assert (e.partial_sums(40 * e.J, 200)[-1] - rotation(40.0)).abs().max() > 0.01
    assert (e.partial_sums(e.J, 15)[-1] - rotation(1.0)).abs().max() > 5e-13


@pytest.mark.parametrize(("size", "halvings"), [(0.3, 0), (1.0, 0), (2.0, 1), (2.1, 2)])
def test_squaring_halves_until_the_size_is_at_most_one_and_takes_eighteen_terms(size, halvings):
    """A shift of twenty places shows the powers one by one: the highest is the 17th, doubled by each squaring."""
    found = e.exp_by_squaring(size * torch.eye(40).roll(1, 0).tril())
    torch.testing.assert_close(found.diagonal(-1), torch.full((39,), size))
    reached = 17 * 2**halvings
    assert found.diagonal(-min(39, reached)).min() > 0
    assert reached >= 39 or not found.tril(-reached - 1).any()
