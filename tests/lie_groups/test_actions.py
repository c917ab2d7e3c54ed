"""Actions and representations: left and right, orbits, invariant and equivariant."""

import itertools
import math

import pytest
import sympy as sp
import torch
from hypothesis import given
from hypothesis import strategies as st

from book.expect import below, numbers
from snippets.lie_groups import actions as a
from snippets.lie_groups.algebra import skew_basis
from snippets.lie_groups.groups import compose, rotation, symmetric_group

PERMUTATIONS = st.permutations(range(5)).map(tuple)
GROUP = symmetric_group(3)
COLOURINGS = list(itertools.product((0, 1), repeat=3))


@pytest.mark.claim("LG-201", "LG-202", by="proved")
@pytest.mark.parametrize("n", [1, 2, 3, 4])
def test_moving_is_a_left_action_and_gathering_a_right_one(n, measured):
    word, unit = tuple(range(10, 10 + n)), tuple(range(n))
    for act in (a.move, a.gather):
        measured.exact(act(unit, word), word)
    for s, t in itertools.product(symmetric_group(n), repeat=2):
        measured.exact(a.move(compose(s, t), word), a.move(s, a.move(t, word)))
        measured.exact(a.gather(compose(s, t), word), a.gather(t, a.gather(s, word)))
        inverse = tuple(s.index(i) for i in range(n))
        measured.exact(a.move(s, word), a.gather(inverse, word))


@pytest.mark.claim("LG-202")
@given(PERMUTATIONS, PERMUTATIONS)
def test_the_matrix_gathers_and_its_transpose_moves(s, t):
    P, Q, x = a.permutation_matrix(s), a.permutation_matrix(t), torch.arange(5.0)
    assert torch.equal(P @ x, x[list(s)])
    assert tuple((P.T @ x).tolist()) == a.move(s, tuple(x.tolist()))
    assert torch.equal(P @ Q, a.permutation_matrix(compose(t, s)))  # the order is reversed
    assert torch.equal(P.T @ Q.T, a.permutation_matrix(compose(s, t)).T)


@pytest.mark.claim("LG-203", "LG-204", by="proved")
@pytest.mark.parametrize("n", [2, 3, 4])
def test_orbit_and_stabiliser(n, measured):
    group = symmetric_group(n)
    for x in itertools.product(range(2), repeat=n):
        there, fixed = a.orbit(group, a.move, x), a.stabiliser(group, a.move, x)
        measured.exact(len(there) * len(fixed), math.factorial(n))
        measured.exact(there, {y for y in itertools.product(range(2), repeat=n) if sum(y) == sum(x)})
        assert all(compose(g, h) in fixed for g in fixed for h in fixed)  # a subgroup
        for y in there:
            assert a.orbit(group, a.move, y) == there  # orbits are equal or apart


@pytest.mark.claim("LG-42")
@given(st.floats(0, 6.2), st.floats(0, 6.2), st.integers(-3, 3))
def test_turning_k_times_as_fast_is_a_representation(g, h, k):
    add = lambda x, y: (x + y) % math.tau  # noqa: E731
    assert a.representation_defect(lambda x: torch.block_diag(rotation(k * x), rotation(x)), add, [(g, h)]) < 1e-13
    half = a.representation_defect(lambda x: rotation(x / 2), add, [(g, h)])
    assert (half > 1) == (g + h >= math.tau)  # fails exactly where the angles pass a full turn


@pytest.mark.claim("LG-42")
def test_a_2x2_matrix_acts_on_the_plane_only(measured):
    with pytest.raises(RuntimeError):
        rotation(0.3) @ torch.randn(4)
    for rho in (lambda s: a.permutation_matrix(s).T, lambda s: torch.linalg.det(a.permutation_matrix(s))[None, None]):
        pairs = list(itertools.product(GROUP, repeat=2))
        measured(a.representation_defect(rho, compose, pairs), 0, atol=1e-14)
    assert a.representation_defect(a.permutation_matrix, compose, list(itertools.product(GROUP, repeat=2))) == 1


@pytest.mark.claim("LG-40")
def test_continuous_maps_that_no_finite_dimensional_group_holds(measured):
    measured.exact(torch.relu(torch.tensor([-2.0, -1.0])).tolist(), [0.0, 0.0])  # two points, one image: no inverse
    degrees, fields = a.bracket_degrees(6), [sp.Symbol("x") ** 2, sp.Symbol("x") ** 3]
    for k in range(6):  # the same brackets, by differentiation
        measured.exact(int(sp.degree(fields[-1])), degrees[k])
        f, g = fields[0], fields[-1]
        fields.append(sp.expand(f * sp.diff(g) - g * sp.diff(f)))


@pytest.mark.claim("LG-205", by="drawn", draws=30)
@pytest.mark.parametrize("seed", range(30))
def test_equivariant_maps_compose_to_equivariant_maps(seed, measured):
    draw = torch.Generator().manual_seed(seed)
    n = 2 + seed % 5
    shifts, x = [torch.eye(n).roll(k, 0) for k in range(n)], torch.randn(6, n, generator=draw)
    bends = [torch.relu, torch.tanh, lambda x: x**3 / 9]

    def layer():
        c, bend = torch.randn(n, generator=draw) / n, bends[int(torch.randint(3, (), generator=draw))]
        C = torch.stack([c.roll(k) for k in range(n)])
        return lambda x: bend(x @ C.T)

    layers = [layer() for _ in range(int(torch.randint(2, 6, (), generator=draw)))]

    def stack(x):
        for f in layers:
            x = f(x)
        return x

    for f in (*layers, stack):
        measured(a.equivariance_defect(f, shifts, shifts, x), 0, atol=1e-12)


@pytest.mark.claim("LG-44", "LG-205")
def test_equivariant_and_invariant_maps(measured):
    shifts, x = (
        [torch.eye(5).roll(k, 0) for k in range(5)],
        torch.randn(8, 5, generator=torch.Generator().manual_seed(0)),
    )
    difference = lambda x: x - x.roll(1, -1)  # noqa: E731
    by_hand = torch.tensor([5.0, 1, 0, 2])
    assert difference(by_hand).tolist() == [3, -4, -1, 2]
    assert difference(by_hand.roll(1)).tolist() == [2, 3, -4, -1]
    composed = lambda x: torch.relu(difference(torch.tanh(x)))  # noqa: E731
    for f in (difference, torch.relu, composed):
        measured(a.equivariance_defect(f, shifts, shifts, x), 0, atol=1e-14)
    total = lambda x: composed(x).sum(-1, keepdim=True)  # noqa: E731  an invariant last layer
    measured(a.equivariance_defect(total, shifts, [torch.eye(1)] * 5, x), 0, atol=1e-14)
    assert a.equivariance_defect(lambda x: torch.arange(5.0) * x, shifts, shifts, x) > 1
    assert a.equivariance_defect(difference, shifts, [torch.eye(5)] * 5, x) > 1  # equivariant, not invariant


def test_an_equivariance_defect_needs_a_matrix_on_both_sides():
    with pytest.raises(ValueError, match=r"1 matrices ρ′\(g\) for 2 ρ\(g\)"):
        a.equivariance_defect(torch.relu, [torch.eye(2)] * 2, [torch.eye(2)], torch.ones(1, 2))


@pytest.mark.claim("LG-206", by="proved")
def test_invariant_functions_are_functions_of_the_orbit(measured):
    invariant = 0
    for values in itertools.product((0, 1), repeat=8):  # all functions from the colourings to two values
        f = dict(zip(COLOURINGS, values, strict=True))
        same_on_orbits = all(f[y] == f[x] for x in COLOURINGS for y in a.orbit(GROUP, a.move, x))
        measured.exact(all(f[a.move(g, x)] == f[x] for g in GROUP for x in COLOURINGS), same_on_orbits)
        invariant += same_on_orbits
    measured.exact(invariant, 2**4)  # any choice on the four orbits will do


@pytest.mark.claim("LG-207")
def test_the_commutants_of_a_turn_and_of_a_shift(measured):
    plane = a.commutant_basis(rotation(torch.tensor([math.pi / 2])))
    measured.exact(len(plane), 2)
    measured(plane[:, 0, 0], plane[:, 1, 1], atol=1e-14)
    measured(plane[:, 0, 1], -plane[:, 1, 0], atol=1e-14)
    for n in (3, 4, 6):
        P = torch.eye(n).roll(1, 0)
        basis = a.commutant_basis(P[None])
        measured.exact(len(basis), n)
        measured(basis.roll((1, 1), (1, 2)), basis, atol=1e-13)  # circulant


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
@pytest.mark.parametrize("unit", [1e-11, 1e-3, 1.0, 1e8])
def test_the_unit_of_the_matrices_does_not_matter(unit, dtype, measured):
    for d, expected in ((2, 2), (3, 1), (4, 1)):
        basis = a.commutant_basis(unit * skew_basis(d).to(dtype))
        measured.exact((len(basis), basis.dtype), (expected, dtype))
    mixed = torch.stack([unit * torch.eye(3).roll(1, 0), torch.diag(torch.tensor([1.0, 2.0, 3.0]))]).to(dtype)
    measured.exact(len(a.commutant_basis(mixed)), 1)
    measured.exact(len(a.commutant_basis(torch.zeros(1, 3, 3, dtype=dtype))), 9)


@pytest.mark.claim("LG-208")
def test_averaged_networks_are_equivariant_and_averaging_projects(measured):
    moves = torch.stack([a.permutation_matrix(s).T for s in GROUP])
    signs = torch.linalg.det(moves)[:, None, None]
    torch.manual_seed(0)
    x = torch.randn(4, 3)
    for outputs in (moves, signs, torch.ones(6, 1, 1)):
        network = torch.nn.Sequential(torch.nn.Linear(3, 8), torch.nn.Tanh(), torch.nn.Linear(8, outputs.shape[-1]))
        layer = a.Averaged(network, moves, outputs)
        with torch.no_grad():
            measured(a.equivariance_defect(layer, list(moves), list(outputs), x), 0, atol=1e-14)
            assert a.equivariance_defect(network, list(moves), list(outputs), x) > 0.1
            measured(a.Averaged(layer, moves, outputs)(x), layer(x), atol=1e-14)
            assert layer(x[0]).shape == (outputs.shape[-1],)
            assert layer.float()(x.float()[None]).dtype == torch.float32
    assert {"inputs", "back"} < layer.state_dict().keys()


test_numbers = numbers("lie_groups.actions", {"before": 1.36273716, "after": below(1e-14)})


def test_solutions(measured):
    turns = [tuple((i + k) % 4 for i in range(4)) for k in range(4)]
    act = lambda g, places: frozenset(g[i] for i in places)  # noqa: E731
    for places, there, fixed in ((frozenset([0]), 4, 1), (frozenset([0, 2]), 2, 2)):
        measured.exact((len(a.orbit(turns, act, places)), len(a.stabiliser(turns, act, places))), (there, fixed))
    cycles = [tuple((i + k) % 6 for i in range(6)) for k in range(6)]
    sizes = a.orbit_sizes(cycles, a.move, list(itertools.product((0, 1), repeat=6)))
    # Burnside: the mean number of colourings that a shift leaves alone, 2 to the number of its cycles
    measured.exact(len(sizes), sum(2 ** math.gcd(k, 6) for k in range(6)) // 6)
    measured.exact((sum(sizes), sizes[:3]), (64, [1, 1, 2]))
    for h, x in itertools.product(GROUP, COLOURINGS):
        inverse = tuple(h.index(i) for i in range(3))
        conjugate = {compose(compose(h, g), inverse) for g in a.stabiliser(GROUP, a.move, x)}
        measured.exact(set(a.stabiliser(GROUP, a.move, a.move(h, x))), conjugate)
    moves = torch.stack([a.permutation_matrix(s).T for s in GROUP])
    A = torch.tensor([[9.0, 0, 0], [0, 0, 3], [3, 0, 0]])
    mean = (torch.linalg.inv(moves) @ A @ moves).mean(0)
    measured(mean, torch.ones(3, 3) + 2 * torch.eye(3), atol=1e-14)
    measured.exact(len(a.commutant_basis(moves)), 2)
