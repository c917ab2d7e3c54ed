"""The mathematics of the playgrounds, in Node, against the snippets that the chapters show."""

import functools
import json
import subprocess
import threading
from pathlib import Path
from subprocess import PIPE

import numpy
import pytest
import scipy.stats
import torch
from sympy.combinatorics import Permutation as Combinatorial
from sympy.combinatorics import PermutationGroup

from book import npm
from snippets.equivariant_networks.group_convolutions import (
    TURNS,
    TURNS_AND_MIRRORS,
    GroupConvolution,
    act,
    act_on_field,
    defect,
    letter_f,
    quotients,
)
from snippets.figures.home import packed
from snippets.lie_groups.exponential import exp_so3
from snippets.linear_algebra.determinants import det2
from snippets.linear_algebra.dot_products import angle, signed_length
from snippets.linear_algebra.eigenvectors import power
from snippets.linear_algebra.pca import reconstruct as reconstruct_from
from snippets.linear_algebra.pca import residual
from snippets.linear_algebra.span import coordinates
from snippets.linear_algebra.svd import svd
from snippets.linear_networks.groups import commutant_basis
from snippets.linear_networks.permutations import Permutation, cycle_decomposition
from snippets.manifolds.circle import stereographic
from snippets.manifolds.sphere import uniform_on_sphere
from snippets.manifolds.torus import missed_by_two
from snippets.mnist.exact import RANKS, parameters, reconstruct, total_rank
from snippets.mnist.shifts import cyclic_shift

HERE = Path(__file__).parent
DRAWS = 200


@functools.cache
def node():
    """Return the process that answers all tests, as a start takes longer than an answer."""
    return subprocess.Popen([*npm.node(), str(HERE / "call.mjs")], stdin=PIPE, stdout=PIPE, text=True)


@pytest.fixture(scope="module", autouse=True)
def _end_of_node():
    yield
    with node() as process:
        process.kill()
    node.cache_clear()


def ask(calls):
    """Return what Node answers to a list of [module, function, arguments], within a minute."""
    limit = threading.Timer(60, node().kill)
    limit.start()
    try:
        print(json.dumps(calls), file=node().stdin, flush=True)
        found = json.loads(node().stdout.readline())
    finally:
        limit.cancel()
    assert isinstance(found, list), found["error"]
    return found


def answers(module, function, arguments):
    """Return Node's answers to one function for a list of argument lists, as a tensor."""
    return torch.tensor(ask([[module, function, values] for values in arguments]), dtype=torch.float64)


def agree(found, expected):
    """Assert a relative error below 1e-9."""
    assert found.shape == expected.shape
    scale = max([1.0, *expected.abs().flatten().tolist()])
    assert torch.allclose(found.double(), expected.double(), rtol=0, atol=1e-9 * scale), (found - expected).abs().max()


@pytest.fixture
def draw():
    return torch.Generator().manual_seed(0)


@pytest.fixture
def matrices(draw):
    special = torch.tensor(
        [
            [[1, 1], [0, 1]],
            [[0, 1], [1, 0]],
            [[2, 4], [1, 2]],
            [[0, -1], [1, 0]],
            [[3, 0], [0, 3]],
            [[0, 0], [0, 0]],
            [[-2, 0], [0, 1]],
        ]
    )
    return torch.cat([torch.randn(DRAWS, 2, 2, generator=draw) * 2, special.double()])


def flat(matrices):
    return [[matrix.flatten().tolist()] for matrix in matrices]


def test_area_is_the_determinant(matrices):
    agree(answers("plane", "determinant", flat(matrices)), torch.stack([det2(M) for M in matrices]))


def test_powers_are_powers(matrices):
    found = answers("plane", "power", [[*values, 5] for values in flat(matrices)]).view(-1, 2, 2)
    agree(found, torch.linalg.matrix_power(matrices, 5))
    diagonalisable = torch.linalg.cond(torch.linalg.eig(matrices[:DRAWS]).eigenvectors) < 100
    for M, mine in zip(matrices[:DRAWS][diagonalisable], found[:DRAWS][diagonalisable], strict=True):
        agree(mine, power(M, 5))


def test_eigenvalues_are_torch_s(matrices):
    found = torch.view_as_complex(answers("plane", "eigenvalues", flat(matrices)))
    expected = torch.linalg.eigvals(matrices)
    apart = lambda a, b: (a - b).abs().sum(1)  # noqa: E731
    assert (
        torch.minimum(apart(found, expected), apart(found, expected.flip(1))).max() < 1e-7
    )  # a double root is known to half the digits


def test_eigenvectors_keep_their_line(matrices):
    found = torch.view_as_complex(answers("plane", "eigenvalues", flat(matrices)))
    real = found.imag.abs().amax(1) == 0
    for k in range(2):
        values = found.real[real, k]
        v = answers(
            "plane",
            "eigenvector",
            [[M.flatten().tolist(), float(x)] for M, x in zip(matrices[real], values, strict=True)],
        )
        assert ((matrices[real] @ v[:, :, None])[..., 0] - values[:, None] * v).abs().max() < 1e-9
        assert (v.norm(dim=1) - 1).abs().max() < 1e-12


def test_three_steps_make_the_matrix_again(matrices):
    for M, found in zip(matrices, ask([["plane", "svd", values] for values in flat(matrices)]), strict=True):
        sigma = torch.tensor(found["sigma"], dtype=torch.float64)
        agree(sigma, torch.linalg.svdvals(M))
        agree(sigma[: len(svd(M)[1])], svd(M)[1])
        turn = lambda a: torch.linalg.matrix_exp(a * torch.tensor([[0.0, -1.0], [1.0, 0.0]]))  # noqa: E731
        product = (
            turn(found["beta"]) @ torch.diag(torch.tensor([sigma[0], found["flip"] * sigma[1]])) @ turn(-found["alpha"])
        )
        assert (product - M).abs().max() < 1e-9


def test_rank_of_the_special_matrices(matrices):
    found = answers("plane", "rank", flat(matrices))
    assert torch.equal(found, torch.linalg.matrix_rank(matrices).double())


def test_way_from_the_identity(matrices):
    found = answers("plane", "blend", [[*values, 0.3] for values in flat(matrices)]).view(-1, 2, 2)
    agree(found, 0.7 * torch.eye(2) + 0.3 * matrices)


def test_steps_along_two_arrows(matrices, draw):
    targets = torch.randn(DRAWS, 2, generator=draw)
    found = answers(
        "plane", "coordinates", [[M.flatten().tolist(), t.tolist()] for M, t in zip(matrices, targets, strict=False)]
    )
    expected = torch.stack([coordinates(M, t) for M, t in zip(matrices, targets, strict=False)])
    assert ((found - expected).abs() / torch.linalg.cond(matrices[:DRAWS])[:, None]).max() < 1e-9


def test_small_steps_are_powers_of_one_matrix():
    for theta, n in [(3.0, 1), (2.0, 7), (6.28, 50)]:
        step = torch.eye(2) + theta / n * torch.tensor([[0.0, -1.0], [1.0, 0.0]])
        found = torch.tensor(ask([["exponential", "steps", [theta, n]]])[0], dtype=torch.float64)
        agree(found, torch.stack([torch.linalg.matrix_power(step, k)[:, 0] for k in range(n + 1)]))


def test_rotations_are_those_of_the_chapter(draw):
    omega = torch.cat(
        [3 * torch.randn(DRAWS, 3, generator=draw), 1e-6 * torch.randn(20, 3, generator=draw), torch.zeros(1, 3)]
    )
    agree(answers("exponential", "rotation", [[w.tolist()] for w in omega]), exp_so3(omega))


def test_leaving_the_ball_changes_no_rotation(draw):
    omega = 4 * torch.randn(DRAWS, 3, generator=draw)
    inside = answers("exponential", "into_ball", [[w.tolist()] for w in omega])
    assert inside.norm(dim=1).max() <= torch.pi + 1e-12
    agree(exp_so3(inside), exp_so3(omega))


def test_half_turns_belong_to_two_opposite_points_of_the_ball(draw):
    axes = torch.nn.functional.normalize(torch.cat([torch.randn(20, 3, generator=draw), torch.eye(3), -torch.eye(3)]))
    half = 2 * axes[:, :, None] * axes[:, None, :] - torch.eye(3)
    for sign in (1, -1):
        agree(answers("exponential", "rotation", [[(sign * torch.pi * n).tolist()] for n in axes]), half)
    assert ask([["exponential", "into_ball", [[0, 0, 0]]]]) == [[0, 0, 0]]


def test_a_head_with_one_number_is_wrong_by_half_a_turn_somewhere(draw):
    errors = []
    heights = [(180 + 120 * torch.randn(8, generator=draw, dtype=torch.float64)).tolist() for _ in range(100)]
    for h, found in zip(heights, ask([["circle", "opposite", [h]] for h in heights]), strict=True):
        assert found
        errors += [[h, angle] for angle in found]
    assert (answers("circle", "error", errors) - 180).abs().max() < 1e-9
    line = list(range(0, 360, 45))
    constant = [180] * 8
    agree(answers("circle", "mean_error", [[constant], [line]]), torch.tensor([90, 11.25]))
    agree(answers("circle", "error", [[line, 100], [constant, 350]]), torch.tensor([0.0, 170.0]))
    angles = (torch.rand(DRAWS, generator=draw, dtype=torch.float64) * 720 - 360).tolist()
    numpy_heights = numpy.interp(numpy.mod(angles, 360), numpy.arange(0, 361, 45), [*heights[0], heights[0][0]])
    agree(answers("circle", "height", [[heights[0], a] for a in angles]), torch.tensor(numpy_heights))


def test_points_that_two_charts_of_the_torus_miss():
    for first, second in [(0.3, 1.9), (-2.0, 2.5)]:
        found = torch.tensor(ask([["torus", "missed", [[[first, first], [second, second]]]]])[0], dtype=torch.float64)
        expected = missed_by_two(first, second)
        turned = lambda p: torch.view_as_real(torch.polar(torch.ones_like(p), p)).flatten(1)  # noqa: E731
        apart = torch.cdist(turned(found), turned(expected.double()))
        assert len(found) == len(expected) == 2
        assert apart.amin(1).max() < 1e-7


def test_three_charts_cover_the_torus_unless_their_lines_meet():
    assert ask([["torus", "missed", [[[0, 1], [2, 3], [-1, -2]]]]]) == [[]]
    assert ask([["torus", "missed", [[[0, 1], [2, 3], [0, 3]]]]])[0] == [[0, 3]]
    assert ask([["torus", "missed", [[[0, 1]]]]]) == ["line"]
    assert ask([["torus", "missed", [[[0, 1], [2, 1]]]]]) == ["line"]


def test_normals_of_an_ellipse(draw):
    a, b = 2.6, 1.5
    points = (1.2 * torch.randn(60, 2, generator=draw)).tolist()
    for u, found in zip(points, map(sorted, ask([["ellipse", "critical", [a, b, u]] for u in points])), strict=True):
        # with z = exp(it) the condition is a polynomial of degree four; its roots on the circle are the feet
        c, p, q = (b * b - a * a) / 4j, a * u[0] / 2j, b * u[1] / 2
        roots = numpy.roots([c, p - q, 0, -p - q, -c])
        expected = sorted(numpy.angle(roots[numpy.abs(numpy.abs(roots) - 1) < 1e-7]))
        assert len(found) == len(expected)
        assert numpy.allclose(found, expected, atol=1e-9)


def test_nearest_point_minima_and_evolute_of_an_ellipse(draw):
    """Against the distances to twenty thousand points; on the evolute slope and bend vanish together."""
    a, b = 2.6, 1.5
    t = torch.linspace(-torch.pi, torch.pi, 20_001)[:-1]
    curve = torch.stack([a * t.cos(), b * t.sin()], dim=1)
    points = 1.2 * torch.randn(30, 2, generator=draw)
    found = ask([["ellipse", name, [a, b, u]] for name in ("critical", "nearest") for u in points.tolist()])
    feet, best = found[:30], torch.tensor(found[30:])
    bends = iter(
        ask([["ellipse", "bend", [a, b, u, s]] for u, some in zip(points.tolist(), feet, strict=True) for s in some])
    )
    for u, some, nearest in zip(points, feet, best, strict=True):
        far = (curve - u).norm(dim=1)
        minima = ((far < far.roll(1)) & (far < far.roll(-1))).sum()
        assert sum(next(bends) > 0 for _ in some) == minima
        assert abs((torch.stack([a * nearest.cos(), b * nearest.sin()]) - u).norm() - far.min()) < 1e-4
    some = t[::1000].tolist()
    centres = ask([["ellipse", "evolute", [a, b, s]] for s in some])
    for name in ("slope", "bend"):
        assert answers("ellipse", name, [[a, b, u, s] for u, s in zip(centres, some, strict=True)]).abs().max() < 1e-9


def test_normals_from_points_of_the_axes():
    """Four from the centre and from inside the cusps of the evolute at (a² − b²)/a and (b² − a²)/b, two beyond them."""
    a, b = 2.6, 1.5
    right, up = (a * a - b * b) / a, (a * a - b * b) / b
    inside = [[0, 0], [0.99 * right, 0], [-0.99 * right, 0], [0, 0.99 * up], [0, -0.99 * up]]
    outside = [[1.01 * right, 0], [-3.3, 0], [0, 1.01 * up], [0, -3.3]]
    found = ask([["ellipse", "critical", [a, b, u]] for u in inside + outside])
    assert [len(feet) for feet in found] == [4] * len(inside) + [2] * len(outside)
    agree(torch.tensor(sorted(found[0]), dtype=torch.float64), torch.tensor([-1, 0, 1, 2]) * torch.pi / 2)


def test_digits_from_a_few_numbers(draw):
    """The picture at a code is what the chapter reconstructs from it; the nearest points are those of all distances."""
    mean, directions = torch.randn(40, generator=draw), torch.linalg.qr(torch.randn(40, 4, generator=draw)).Q
    codes = 3 * torch.randn(20, 4, generator=draw)
    for r in (2, 4):
        found = answers("digits", "combine", [[mean.tolist(), directions.T.tolist(), c[:r].tolist()] for c in codes])
        expected = mean + codes[:, :r] @ directions[:, :r].T
        agree(found, expected)
        agree(reconstruct_from(found + codes[:, 3:] * directions[:, 3] * (r < 4), mean, directions[:, :r]), found)
    points = torch.randn(50, 2, generator=draw)
    nearest = ask([["digits", "nearest", [points.tolist(), c[:2].tolist(), 5]] for c in codes])
    assert torch.equal(torch.tensor(nearest), torch.cdist(codes[:, :2], points).argsort(1)[:, :5])


def test_the_loop_of_a_robot_is_a_product_of_motions():
    def motion(length, angle):
        return torch.linalg.matrix_exp(
            torch.tensor([[0.0, -angle, length], [angle, 0.0, 0.0], [0.0, 0.0, 0.0]], dtype=torch.float64)
        )

    for t in (0.1, 0.7, 1.2):
        for first, moves in (
            ("drive", [(t, 0), (0, t), (-t, 0), (0, -t)]),
            ("turn", [(0, t), (t, 0), (0, -t), (-t, 0)]),
        ):
            pose = torch.eye(3, dtype=torch.float64)
            for found, move in zip(ask([["motions", "loop", [t, first]]])[0][1:], moves, strict=True):
                pose = pose @ motion(*move)
                agree(torch.tensor(found[:2], dtype=torch.float64), pose[:2, 2])


def test_descent_follows_the_gradient(draw):
    starts = torch.randn(20, 2, generator=draw, dtype=torch.float64)
    walks = ask([["valley", "descend", [*start.tolist(), 0.7, 0.01, 50]] for start in starts])
    for start, walk in zip(starts, walks, strict=True):
        point, points = start.clone(), [start.tolist()]
        for _ in range(50):
            weights = point.clone().requires_grad_()
            (slope,) = torch.autograd.grad((weights.prod() - 0.7) ** 2, weights)
            point = point - 0.01 * slope
            points.append(point.tolist())
        agree(torch.tensor(walk, dtype=torch.float64), torch.tensor(points, dtype=torch.float64))


def test_shadows_and_angles(draw):
    pairs = torch.randn(DRAWS, 2, 2, generator=draw)
    arguments = [pair.tolist() for pair in pairs]
    agree(answers("dot", "signed_length", arguments), torch.stack([signed_length(w, v) for v, w in pairs]))
    assert (answers("dot", "angle", arguments) - torch.stack([angle(v, w) for v, w in pairs])).abs().max() < 1e-7


def test_density_of_cosines_is_that_of_the_beta_distribution():
    cosines = numpy.linspace(-0.95, 0.95, 39)
    for n in (2, 3, 4, 17, 512):
        found = answers("dot", "cosine_density", [[n, c] for c in cosines.tolist()])
        expected = scipy.stats.beta.pdf((cosines + 1) / 2, (n - 1) / 2, (n - 1) / 2) / 2
        assert numpy.allclose(found.numpy(), expected, rtol=1e-9, atol=1e-12)


def test_a_line_leaves_over_between_the_two_eigenvalues():
    points = torch.tensor(ask([["cloud", "cloud", [60]]])[0], dtype=torch.float64)
    centred = points - points.mean(0)
    covariance = torch.tensor(ask([["cloud", "covariance", [points.tolist()]]])[0], dtype=torch.float64).view(2, 2)
    agree(covariance, centred.T @ centred / len(points))
    angles = torch.linspace(0, 3.1, 25).tolist()
    for angle_, left in zip(angles, ask([["cloud", "residual", [points.tolist(), a]] for a in angles]), strict=True):
        axis = torch.tensor([[numpy.cos(angle_)], [numpy.sin(angle_)]], dtype=torch.float64)
        assert abs(left - residual(points, points.mean(0) + centred @ axis @ axis.T)) < 1e-9
        low, high = torch.linalg.eigvalsh(covariance).tolist()
        assert low - 1e-12 <= left <= high + 1e-12


@pytest.mark.parametrize(
    "cycles",
    [["(1 3 4)(2 5)"], ["(1 2 3)"], ["(1 2 3 4)", "(1 3)"], ["(1 2)(3 4)", "(1 3)(2 4)"], ["(1 2 3 4 5)", "(1 2)"]],
)
def test_permutations_and_their_classes(cycles):
    n = max(int(point) for text in cycles for point in text if point.isdigit())
    generators = [Permutation.from_cycles(text, n) for text in cycles]
    images = ask([["permutations", "parse", [text, n]] for text in cycles])
    group = PermutationGroup([Combinatorial(image) for image in images])
    orders, orbits, classes = ask(
        [["permutations", name, [images, n]] for name in ("order", "orbits", "entry_classes")]
    )
    assert orders == group.order()
    assert len(set(orbits)) == len(group.orbits()) + n - len(set().union(*group.orbits()))
    found, expected = torch.tensor(classes), commutant_basis(*generators).flatten()
    assert torch.equal(found[:, None] == found, expected[:, None] == expected)
    written = [
        "".join(f"({' '.join(map(str, cycle))})" for cycle in cycle_decomposition(sigma)) for sigma in generators
    ]
    assert [
        "".join(f"({' '.join(map(str, cycle))})" for cycle in found)
        for found in ask([["permutations", "cycles", [image]] for image in images])
    ] == written


def test_stereographic_maps_and_angles(draw):
    points = uniform_on_sphere(DRAWS, draw)
    for pole in (1, -1):
        found = answers("sphere", "stereographic", [[p.tolist(), pole] for p in points])
        agree(found, stereographic(points, pole))
    there_and_back = answers(
        "sphere", "point", [[a] for a in answers("sphere", "angles", [[p.tolist()] for p in points]).tolist()]
    )
    agree(there_and_back, points)


def test_attention_among_points(draw):
    points = torch.randn(5, 2, generator=draw)
    mix = torch.tensor([[0.2, 1.1], [-0.4, 0.9]])

    def attend(x, queries):
        return (0.8 * queries @ x.T).softmax(1) @ x

    agree(torch.tensor(ask([["attention", "layer", [points.tolist(), 0.8]]])[0]), attend(points, points))
    agree(
        torch.tensor(ask([["attention", "twin", [points.tolist(), 0.8, mix.flatten().tolist()]]])[0]),
        attend(points, points @ mix.T),
    )
    mean = points.mean(0)
    agree(
        torch.tensor(ask([["attention", "centred", [points.tolist(), 0.8]]])[0]),
        attend(points - mean, points - mean) + mean,
    )
    moved = torch.tensor(ask([["attention", "move", [points.tolist(), 0.6, [1, 2]]]])[0])
    turn = torch.linalg.matrix_exp(0.6 * torch.tensor([[0.0, -1.0], [1.0, 0.0]]))
    agree(moved, points @ turn.T + torch.tensor([1.0, 2.0]))


@pytest.fixture
def picture(draw):
    return torch.rand(28, 28, generator=draw)


def as_columns(waves):
    """Write complex bases as the browser reads them: for each frequency the real and the imaginary parts, row by row."""
    return [[part.flatten().tolist() for part in (basis.real, basis.imag)] for basis in waves]


def test_waves_of_a_picture_are_torch_s_and_lead_back(picture):
    found, back = ask([["waves", "waves", [picture.flatten().tolist()]]])[0], None
    expected = torch.fft.rfft(picture, norm="ortho").T
    agree(torch.tensor(found, dtype=torch.float64), torch.stack([expected.real, expected.imag], dim=1))
    back = torch.tensor(ask([["waves", "picture_of", [found]]])[0], dtype=torch.float64)
    agree(back, picture.flatten())


def test_shifts_move_to_the_right_and_around(picture):
    found = answers("waves", "shift", [[picture.flatten().tolist(), by] for by in (0, 1, 8, 27)]).view(-1, 28, 28)
    agree(found, torch.stack([cyclic_shift(picture[None], by)[0] for by in (0, 1, 8, 27)]))


def test_both_networks_are_those_of_the_chapter(picture, draw):
    ranks = RANKS["paper"]
    bases = [torch.linalg.qr(torch.complex(*torch.randn(2, 28, 28, generator=draw)))[0] for _ in ranks]
    found = torch.tensor(
        ask([["waves", "equivariant", [picture.flatten().tolist(), as_columns(bases), ranks]]])[0], dtype=torch.float64
    )
    expected = reconstruct(picture[None], [basis[:, :rank] for basis, rank in zip(bases, ranks, strict=True)])[0]
    agree(found, expected.flatten())
    basis = torch.linalg.qr(torch.randn(784, 5, generator=draw))[0]
    found = torch.tensor(
        ask([["waves", "dense", [picture.flatten().tolist(), basis.flatten().tolist(), 5]]])[0], dtype=torch.float64
    )
    agree(found, basis @ (basis.T @ picture.flatten()))


def test_rank_weights_and_loss_of_a_choice(draw):
    gains = torch.rand(15, 28, generator=draw)
    for ranks in RANKS.values():
        found = ask(
            [
                ["waves", "total", [ranks]],
                ["waves", "weights", [ranks]],
                ["waves", "loss", [ranks, 9.0, gains.tolist()]],
            ]
        )
        assert found[:2] == [total_rank(ranks), parameters(ranks)]
        assert abs(found[2] - (9 - sum(float(row[:rank].sum()) for row, rank in zip(gains, ranks, strict=True)))) < 1e-9


def test_bytes_become_numbers_again(draw):
    values = torch.randn(2 * 15 * 28 * 28, generator=draw)
    found = torch.tensor(ask([["waves", "unpacked", [packed(values)]]])[0], dtype=torch.float64)
    assert (found - values).abs().max() <= packed(values)["scale"] / 2 + 1e-12
    bases = torch.tensor(ask([["waves", "bases_of", [packed(values)]]])[0], dtype=torch.float64)
    assert torch.equal(bases, found.view(2, 15, 784).movedim(0, 1))


GROUPS = {"turns": TURNS, "mirrors": TURNS_AND_MIRRORS}


def layers(w, group):
    """Return the three layers of the playground as the chapter has them: lifting, turned by g⁻¹, and one plain filter."""
    kinds = {name: GroupConvolution(1, 1, 3, group, lift=True) for name in ("lifting", "backwards")}
    kinds["one"] = GroupConvolution(1, 1, 3, TURNS[:1], lift=True)
    for layer in kinds.values():
        layer.weight.data[:] = w
    undone = quotients(group)[:, 0].tolist()  # g⁻¹e
    kinds["backwards"].filters = lambda: torch.stack([act(group[number], w) for number in undone])[:, None]
    return kinds


def move_answer(kind, number, group):
    """Return how an answer is moved: the map of one filter is only turned, a field is passed on, too."""
    return lambda f: act(group[number], f) if kind == "one" else act_on_field(number, f, group)


@pytest.fixture(params=GROUPS)
def group(request):
    return request.param


def numbers(values):
    """Return nested lists as one tensor."""
    return torch.tensor(values, dtype=torch.float64)


def test_moves_of_pictures_and_fields_are_those_of_the_chapter(group, draw):
    moves = GROUPS[group]
    for n in (3, 4, 9):
        x, f = torch.randn(n, n, generator=draw), torch.randn(len(moves), n, n, generator=draw)
        turned = numbers(ask([["fields", "act", [g, x.flatten().tolist()]] for g in moves]))
        assert torch.equal(turned.view(-1, n, n), torch.stack([act(g, x) for g in moves]))
        moved = numbers(ask([["fields", "move_field", [g, f.flatten(1).tolist(), group]] for g in moves]))
        expected = torch.stack([act_on_field(number, f, moves) for number in range(len(moves))])
        assert torch.equal(moved.view_as(expected), expected)
    assert ask([["fields", "quotients", [g, group]] for g in moves]) == quotients(moves).tolist()
    undone = ask([["fields", "inverse", [g]] for g in moves])
    for g, back in zip(moves, undone, strict=True):
        assert torch.equal(act(tuple(back), act(g, x)), x)


def test_fields_and_errors_are_those_of_the_three_layers(group, draw):
    moves = GROUPS[group]
    some = (torch.rand(9, 9, generator=draw) > 0.5).double()
    for picture in (letter_f(), torch.randn(9, 9, generator=draw), some):
        x, w = picture[None, None], torch.randn(3, 3, generator=draw)
        given = [w.flatten().tolist(), picture.flatten().tolist()]
        for kind, layer in layers(w, moves).items():

            def average(y, layer=layer):
                return layer(y).relu().mean(dim=(2, 3, 4))

            cases = [(lambda y, g=g: act(g, y), move_answer(kind, number, moves)) for number, g in enumerate(moves)]
            errors = [defect(layer, x, move, answer) for move, answer in cases]
            averages = [defect(average, x, move, lambda y: y) for move, _ in cases]
            found, *both = ask(
                [["fields", "field", [kind, *given, group]]]
                + [["fields", name, [kind, *given, g, group]] for name in ("defect", "average_defect") for g in moves]
            )
            with torch.no_grad():
                agree(numbers(found).view(1, 1, -1, 9, 9), layer(x))
            agree(numbers(both), numbers(errors + averages))


def test_the_layer_turned_backwards_is_refused_except_at_the_half_turn(group, draw):
    """It is wrong at every other move, and its average at none; the lifting layer is wrong at none."""
    moves = GROUPS[group]
    given = [torch.randn(9, generator=draw).tolist(), letter_f().flatten().tolist()]

    def errors(name, kind):
        return answers("fields", name, [[kind, *given, g, group] for g in moves])

    assert errors("defect", "lifting").max() < 1e-12
    right = [g in ((False, 0), (False, 2)) for g in moves]
    backwards = errors("defect", "backwards")
    assert (backwards < 1e-12).tolist() == right
    assert (backwards > 0.1).tolist() == [not is_right for is_right in right]
    assert errors("defect", "one")[1:].min() > 0.1
    for kind in ("lifting", "backwards"):
        assert errors("average_defect", kind).max() < 1e-12


def test_maps_go_where_the_chapter_sends_them(group, draw):
    """Map h of the moved field is the map g⁻¹h, in cycles and in the drawing, too; backwards it is the map hg."""
    moves = GROUPS[group]
    table = quotients(moves)
    product = table[table[:, 0]]  # row h and column g: the number of hg
    given = [torch.randn(9, generator=draw).tolist(), letter_f().flatten().tolist()]
    for kind, expected in (
        ("lifting", table.tolist()),
        ("backwards", product.T.tolist()),
        ("one", [[0], *([[-1]] * (len(moves) - 1))]),
    ):
        assert ask([["fields", "sources", [kind, *given, g, group]] for g in moves]) == expected
    written = []
    for row in table:
        cycles = cycle_decomposition(Permutation(tuple((row.argsort() + 1).tolist())))
        moving = [[point - 1 for point in cycle] for cycle in cycles if len(cycle) > 1]
        written.append("".join(f"({' '.join(map(str, cycle))})" for cycle in moving) or "nowhere")
    assert ask([["fields", "cycles", [row]] for row in table.tolist()]) == written
    there = numbers(ask([["fields", "places", [group]]])[0])
    assert torch.pdist(there).min() > 0.9, "two maps in one place"
    calls = [[[mirrored, 90 * k], point] for mirrored, k in moves for point in there.tolist()]
    carried = answers("fields", "carry", calls).view(len(moves), -1, 2)
    agree(torch.stack([points[row] for points, row in zip(carried, table, strict=True)]), there.expand_as(carried))


def test_maps_that_are_alike_are_each_named_once():
    """A filter that a mirror image leaves alone makes pairs of equal maps; backwards they still are a permutation."""
    given = [[1, 1, 0, 1, 0, -1, 0, -1, -1], letter_f().flatten().tolist()]
    calls = [["backwards", *given, g, "mirrors"] for g in TURNS_AND_MIRRORS]
    assert [sorted(found) for found in ask([["fields", "sources", call] for call in calls])] == [list(range(8))] * 8


def test_letters_have_the_symmetries_that_they_are_there_for():
    kept = {"F": [0], "S": [0, 2], "A": [0, 4], "plus": list(range(8))}
    for letter, found in zip(kept, ask([["fields", "pixels", [letter]] for letter in kept]), strict=True):
        x = torch.tensor(found).view(9, 9)
        assert [k for k, g in enumerate(TURNS_AND_MIRRORS) if torch.equal(act(g, x), x)] == kept[letter]
        assert ask([["fields", "pixels", ["".join(map(str, found))]]]) == [found]
        assert letter != "F" or torch.equal(x.double(), letter_f())
