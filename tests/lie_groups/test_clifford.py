"""Clifford algebras and rotors."""

import inspect
import math

import pytest
import scipy.linalg
import torch
from hypothesis import assume, given
from hypothesis import strategies as st
from scipy.spatial.transform import Rotation

from book.expect import below, numbers
from snippets.lie_groups import clifford as c
from snippets.lie_groups.algebra import lie_bracket
from snippets.lie_groups.attention import random_rotations
from snippets.lie_groups.exponential import exp_so3, hat, log_so3, quaternion
from snippets.lie_groups.groups import rotation
from snippets.lie_groups.rotation_heads import geodesic

VECTORS = st.tuples(*3 * [st.floats(-3, 3)]).map(torch.tensor)
PAULI = torch.tensor(
    [[[1, 0], [0, 1]], [[0, 1], [1, 0]], [[0, -1j], [1j, 0]], [[1, 0], [0, -1]]], dtype=torch.complex128
)


def as_pauli(a):
    """Represent Cl(3) by 2×2 complex matrices, e_i ↦ σ_i: the independent truth."""
    s = [PAULI[0], PAULI[1], PAULI[2], PAULI[1] @ PAULI[2], PAULI[3], PAULI[1] @ PAULI[3], PAULI[2] @ PAULI[3],
         PAULI[1] @ PAULI[2] @ PAULI[3]]  # fmt: skip
    return torch.einsum("i,ijk->jk", a.to(torch.complex128), torch.stack(s))


@pytest.mark.claim("LG-191")
@pytest.mark.parametrize("n", [1, 2, 3, 4])
def test_the_relations(n, measured):
    e = c.vector(torch.eye(n))
    one = torch.eye(2**n)[0]
    for i in range(n):
        for j in range(n):
            anticommutator = c.geometric_product(e[i], e[j]) + c.geometric_product(e[j], e[i])
            measured.exact(anticommutator.tolist(), (2.0 * (i == j) * one).tolist())


@pytest.mark.claim("LG-191")
def test_the_product_is_that_of_the_pauli_matrices(measured):
    a, b, d = torch.randn(3, 8, generator=torch.Generator().manual_seed(0))
    measured((as_pauli(c.geometric_product(a, b)) - as_pauli(a) @ as_pauli(b)).abs(), torch.zeros(2, 2), atol=1e-14)
    ab_d, a_bd = c.geometric_product(c.geometric_product(a, b), d), c.geometric_product(a, c.geometric_product(b, d))
    measured(ab_d, a_bd, atol=1e-13)
    measured((as_pauli(c.reverse(a)) - as_pauli(a).mH).abs(), torch.zeros(2, 2), atol=1e-15)


@pytest.mark.claim("LG-191")
@given(VECTORS, VECTORS)
def test_product_of_vectors_is_dot_and_wedge(u, v):
    uv = c.geometric_product(c.vector(u), c.vector(v))
    assert abs(uv[0] - u @ v) < 1e-13
    cross = torch.linalg.cross(u, v)
    assert (uv[[6, 5, 3]] - cross * torch.tensor([1.0, -1.0, 1.0])).abs().max() < 1e-13


@pytest.mark.claim("LG-37", "LG-192")
@given(st.floats(-20, 20))
def test_rotors_of_the_plane_agree_with_the_matrices(theta):
    assert (c.matrix_of(c.rotor_2d(theta)) - rotation(theta)).abs().max() < 1e-13


@pytest.mark.claim("LG-37", "LG-192")
@given(VECTORS)
def test_rotors_of_space_agree_with_the_matrices(omega):
    assert (c.matrix_of(c.rotor_3d(omega)) - exp_so3(omega)).abs().max() < 1e-13


@pytest.mark.claim("LG-37", "LG-192")
def test_rotors_are_the_exponential_series_and_scipys_quaternions(measured):
    for omega in torch.randn(20, 3, generator=torch.Generator().manual_seed(1)):
        R = c.rotor_3d(omega)
        B = -torch.zeros(8).index_copy(0, torch.tensor([6, 5, 3]), omega * torch.tensor([1.0, -1, 1])) / 2
        term = total = torch.eye(8)[0]
        for k in range(1, 40):
            term = c.geometric_product(term, B) / k
            total = total + term
        measured(R, total, atol=1e-14)
        measured(
            (as_pauli(R) - torch.tensor(scipy.linalg.expm(as_pauli(B).numpy()))).abs(), torch.zeros(2, 2), atol=1e-14
        )
        x, y, z, w = Rotation.from_rotvec(omega.numpy()).as_quat()
        measured(R[[0, 6, 5, 3]], torch.tensor([w, -x, y, -z]), atol=1e-14)


@pytest.mark.claim("LG-193")
@given(st.floats(-6, 6))
def test_two_rotors_for_each_rotation(theta):
    R, again = c.rotor_2d(theta), c.rotor_2d(theta + math.tau)
    assert (R + again).abs().max() < 1e-14
    assert (c.matrix_of(R) - c.matrix_of(again)).abs().max() < 1e-14


@pytest.mark.claim("LG-193")
@pytest.mark.parametrize("n", [1, 2, 3, 4, 5])
@pytest.mark.parametrize("seed", range(3))
def test_every_rotation_has_a_rotor_and_only_its_negative_beside_it(n, seed, measured):
    M = random_rotations(n, 3, seed)[seed] if n > 1 else torch.eye(1)
    rest, R, mirrors = M.clone(), torch.eye(2**n)[0], 0
    for k in reversed(range(n)):  # bring the image of each axis back by a mirror
        a = rest[:, k] - torch.eye(n)[k]
        if a.norm() > 1e-9:
            a = a / a.norm()
            rest = rest - 2 * torch.outer(a, a @ rest)
            R, mirrors = c.geometric_product(R, c.vector(a)), mirrors + 1
    measured(rest, torch.eye(n), atol=1e-13)
    measured.exact(mirrors % 2, 0)
    measured(c.matrix_of(R), M, atol=1e-13)
    even = torch.eye(2**n)[[grade % 2 == 0 for grade in c.grades(2**n)]]
    equations = [  # an even S with S eᵢ = (M eᵢ) S turns as M does
        c.geometric_product(even, c.vector(e)) - c.geometric_product(c.vector(image), even)
        for e, image in zip(torch.eye(n), M.T, strict=True)
    ]
    measured.exact(len(even) - int(torch.linalg.matrix_rank(torch.cat(equations, -1), atol=1e-9)), 1)


@pytest.mark.claim("LG-194")
def test_bivectors_are_the_lie_algebra_of_rotations(measured):
    def bivector(w):
        return -torch.zeros(8).index_copy(0, torch.tensor([6, 5, 3]), w * torch.tensor([1.0, -1, 1])) / 2

    u, v = torch.randn(2, 3, generator=torch.Generator().manual_seed(2))
    commutator = c.geometric_product(bivector(u), bivector(v)) - c.geometric_product(bivector(v), bivector(u))
    measured(commutator, bivector(torch.linalg.cross(u, v)), atol=1e-14)
    measured(lie_bracket(hat(u), hat(v)), hat(torch.linalg.cross(u, v)), atol=1e-14)


@pytest.mark.claim("LG-194")
@pytest.mark.parametrize("n", [2, 3, 4, 5])
def test_bivectors_act_on_vectors_as_the_skew_matrices_do(n, measured):
    def commutator(a, b):
        return c.geometric_product(a, b) - c.geometric_product(b, a)

    def matrix(X):  # v ↦ Xv − vX, read off the images of e₁, …, eₙ
        images = torch.stack([commutator(X, e) for e in c.vector(torch.eye(n))])
        assert images[:, [grade != 1 for grade in c.grades(2**n)]].abs().max() < 1e-14  # a vector again
        return images[:, 2 ** torch.arange(n)].T

    bivectors = -torch.eye(2**n)[[grade == 2 for grade in c.grades(2**n)]] / 2
    skew = torch.stack([matrix(X) for X in bivectors])
    measured(skew + skew.mT, torch.zeros_like(skew), atol=1e-15)
    measured.exact(int(torch.linalg.matrix_rank(skew.flatten(1))), n * (n - 1) // 2)  # all of so(n), one-to-one
    for X, A in zip(bivectors, skew, strict=True):
        for Y, B in zip(bivectors, skew, strict=True):
            measured(matrix(commutator(X, Y)), lie_bracket(A, B), atol=1e-14)


@pytest.mark.claim("LG-195")
@given(st.floats(-3, 3), st.floats(-3, 3))
def test_two_mirrors_make_a_turn(alpha, beta):
    a, b, v = rotation(alpha)[:, 0], rotation(beta)[:, 0], torch.tensor([0.7, -0.2])
    assert (c.mirror(a, v) - (v - 2 * (a @ v) * a)).abs().max() < 1e-14
    assert (c.mirror(b, c.mirror(a, v)) - rotation(2 * (beta - alpha)) @ v).abs().max() < 1e-13


test_numbers = numbers("lie_groups.clifford", {"agreement": below(1e-14)})


def test_bad_input():
    with pytest.raises(ValueError, match="6 coefficients"):
        c.geometric_product(torch.zeros(6), torch.zeros(6))
    with pytest.raises(ValueError, match=r"shape \(8,\), \(4,\): pass \(…, m\), \(…, m\)"):
        inspect.unwrap(c.geometric_product)(torch.zeros(8), torch.zeros(4))
    for size in (1e-9, 1.0, 1e9):
        with pytest.raises(ValueError, match="off grade 2"):
            c.exp_bivector(size * torch.tensor([0.0, 0.5, 0.0, 1.0]))
    with pytest.raises(ValueError, match=r"\|a\| = 2"):
        c.mirror(torch.tensor([2.0, 0.0]), torch.tensor([1.0, 0.0]))


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_the_precision_and_the_batch_of_the_input_are_kept(dtype, measured):
    omega = torch.randn(5, 3, generator=torch.Generator().manual_seed(0), dtype=dtype)
    R = c.rotor_3d(omega)
    layer = c.GeometricProductLayer(2, 3).to(dtype)
    results = (
        R,
        c.matrix_of(R),
        c.rotor_2d(omega),
        c.reverse(R),
        c.mirror(torch.eye(3)[0].to(dtype), omega),
        c.sandwich(R, R),
        layer(R.expand(4, 2, 5, 8).mT.mT[:, :, 0]),
    )
    assert {result.dtype for result in results} == {dtype}
    measured(c.matrix_of(R), exp_so3(omega), atol=1e-5)
    assert c.matrix_of(c.rotor_3d(omega[:0])).shape == (0, 3, 3)


def test_rotors_have_gradients(measured):
    jacobian = torch.autograd.functional.jacobian
    measured(
        jacobian(c.rotor_2d, torch.tensor(0.8)),
        torch.tensor([-math.sin(0.4) / 2, 0, 0, -math.cos(0.4) / 2]),
        atol=1e-15,
    )
    for omega in (torch.zeros(3), torch.tensor([1.0, -2.0, 0.5])):
        turned = lambda w: c.matrix_of(c.rotor_3d(w))  # noqa: E731
        measured(jacobian(turned, omega), jacobian(exp_so3, omega), atol=1e-14)
        for i in range(3):
            hessians = [
                torch.autograd.functional.hessian(lambda w, f=f, i=i: f(w)[i, 0], omega) for f in (turned, exp_so3)
            ]
            measured(*hessians, atol=1e-6)


@pytest.mark.claim("LG-192")
@pytest.mark.parametrize("n", [2, 3, 4, 5])
def test_exponentials_of_bivectors_turn_in_every_dimension(n, measured):
    B = torch.zeros(2**n)
    B[[g == 2 for g in c.grades(2**n)]] = torch.randn(n * (n - 1) // 2, generator=torch.Generator().manual_seed(n))
    skew = torch.zeros(n, n)
    for i in range(n):
        for j in range(i + 1, n):  # −B/2 with B = eᵢeⱼ turns eᵢ towards eⱼ
            skew[j, i], skew[i, j] = B[2**i + 2**j], -B[2**i + 2**j]
    measured(c.matrix_of(c.exp_bivector(-B / 2)), scipy.linalg.expm(skew.numpy()), atol=1e-13)


@pytest.mark.parametrize("n", [2, 3, 4])
def test_layer_is_equivariant(n, measured):
    torch.manual_seed(0)
    layer, x = c.GeometricProductLayer(4, n), torch.randn(6, 4, 2**n)
    a, b = torch.nn.functional.normalize(torch.randn(2, n), dim=1)
    R = c.geometric_product(c.vector(b), c.vector(a))
    measured(layer(c.sandwich(R, x)).detach(), c.sandwich(R, layer(x)).detach(), atol=1e-12)
    odd = torch.tensor([(-1.0) ** g for g in c.grades(2**n)])
    image = lambda y: c.sandwich(c.vector(a), odd * y)  # noqa: E731  a mirror image
    measured(layer(image(x)).detach(), image(layer(x)).detach(), atol=1e-12)
    assert (c.sandwich(R, x) * c.sandwich(R, x) - c.sandwich(R, x * x)).abs().max() > 0.1
    assert layer(x[0]).shape == x[0].shape


@given(VECTORS, VECTORS)
def test_solution_compose(first, second):
    omega = c.compose_turns(first, second)
    assert (exp_so3(omega) - exp_so3(second) @ exp_so3(first)).abs().max() < 1e-12
    assert abs(omega.norm() - log_so3(exp_so3(second) @ exp_so3(first)).norm()) < 1e-7


def test_solution_by_hand(measured):
    e1, e2, e3 = c.vector(torch.eye(3))
    product = c.geometric_product
    measured(product(e1 + e2, e1 - e2), -2 * torch.eye(8)[3], atol=0)
    volume = product(product(e1, e2), e3)
    measured(product(volume, volume), -torch.eye(8)[0], atol=0)
    measured(product(volume, e1), torch.eye(8)[6], atol=0)
    plane = torch.zeros(16)
    plane[[3, 12]] = 1.0  # (e₁e₂ + e₃e₄)² = −2 + 2 e₁e₂e₃e₄
    measured(product(plane, plane), -2 * torch.eye(16)[0] + 2 * torch.eye(16)[15], atol=0)
    u, v = torch.tensor([[2.0, 1.0], [1.0, 2.0]])
    measured(product(c.vector(u), c.vector(v)), torch.tensor([4.0, 0, 0, 3.0]), atol=0)


@pytest.mark.claim("LG-196", by="proved")
def test_the_even_multivectors_are_the_quaternions(measured):
    one, i, j, k = c.rotor_of(torch.eye(4))
    product = c.geometric_product
    for a in (i, j, k, product(i, j)):
        measured(product(a, a), -one, atol=0)
    measured(product(product(i, j), k), -one, atol=0)
    measured(c.quaternion_of(torch.stack([one, i, j, k])), torch.eye(4), atol=0)
    even = torch.tensor([g % 2 == 0 for g in c.grades(8)])
    assert all((product(a, b)[~even] == 0).all() for a in torch.eye(8)[even] for b in torch.eye(8)[even])


@pytest.mark.claim("LG-196")
@given(VECTORS, VECTORS)
def test_rotors_are_the_quaternions_of_scipy(first, second):
    ours = c.quaternion_of(c.geometric_product(c.rotor_3d(second), c.rotor_3d(first)))
    theirs = Rotation.from_rotvec(second.numpy()) * Rotation.from_rotvec(first.numpy())
    theirs = torch.from_numpy(theirs.as_quat(scalar_first=True))
    assert min((ours - theirs).abs().max(), (ours + theirs).abs().max()) < 1e-12


@pytest.mark.claim("LG-197")
@given(VECTORS, VECTORS)
def test_half_way_is_the_normalised_sum(first, second):
    R, S = c.rotor_3d(first), c.rotor_3d(second)
    assume((R * S).sum().abs() > 1e-2)  # a half turn apart there are two short ways
    middle = c.matrix_of(c.half_way(R, S))
    path = geodesic(exp_so3(first), exp_so3(second), torch.tensor([0.5]))[0]
    assert (middle - path).abs().max() < 1e-11
    assert (c.matrix_of(c.half_way(R, -S)) - middle).abs().max() < 1e-11


@given(VECTORS, VECTORS)
def test_rotor_loss_is_the_squared_sine_of_half_the_angle(first, second):
    R, S = c.rotor_3d(first), c.rotor_3d(second)
    angle = log_so3(exp_so3(first).T @ exp_so3(second)).norm()
    assert (c.rotor_loss(R, S) - (angle / 2).sin() ** 2).abs() < 1e-12
    assert c.rotor_loss(R, -S) == c.rotor_loss(R, S)


@pytest.mark.claim("LG-198")
@pytest.mark.parametrize("seed", range(12))
def test_a_head_with_four_numbers_is_wrong_by_a_half_turn(seed, measured):
    torch.manual_seed(seed)
    net = torch.nn.Sequential(torch.nn.Linear(9, 16), torch.nn.Tanh(), torch.nn.Linear(16, 4))
    t, error = c.worst_with_four(net)
    measured(error, 180.0, atol=1e-5)
    truth = exp_so3(torch.tensor([0.0, 0.0, math.radians(t)]))
    guess = c.matrix_of(c.rotor_of(torch.nn.functional.normalize(net(truth.flatten()).detach(), dim=0)))
    measured(log_so3(guess.T @ truth).norm(), math.pi, atol=1e-7)


@pytest.mark.parametrize(("turn", "opposite"), [(3.0, 3.0 + math.pi), (-3.0, math.pi - 3.0), (0.5, 0.5 + math.pi)])
def test_four_numbers_that_stay_are_wrong_by_a_half_turn_at_the_opposite_turn(turn, opposite, measured):
    q = torch.tensor([math.cos(turn / 2), 0.0, 0.0, math.sin(turn / 2)])
    measured(c.worst_with_four(lambda _: q), [math.degrees(opposite), 180.0], atol=1e-5)


def test_four_numbers_of_the_right_turn_are_not_wrong(measured):
    measured(c.worst_with_four(lambda R: quaternion(R.view(3, 3)))[1], 0.0, atol=1e-5)


@given(VECTORS, VECTORS, VECTORS)
def test_solution_volume(u, v, w):
    expected = torch.linalg.det(torch.stack([u, v, w]))
    assert (c.volume(u, v, w) - expected).abs() < 1e-12 * (1 + u.norm() * v.norm() * w.norm())
