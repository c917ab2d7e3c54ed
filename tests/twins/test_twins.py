"""Wrong twins: for important functions the version that people really write. The claim's own check, which the right one passes, refuses it."""

import contextlib
import functools
import importlib
import inspect
import itertools
import math
import sys
from collections.abc import Callable
from typing import Any, NamedTuple

import pytest
import torch
from hypothesis import Phase, settings
from torch.autograd.gradcheck import GradcheckError

from book import marked as claims
from book.measure import Measured

from .equivariant_networks import CASES, OF_CLAIMS


class Twin(NamedTuple):
    """A plausible mistake in a function, and the test of a claim that has to notice it."""

    mistake: str
    function: str
    wrong: Callable
    test: str
    claim: str


def signs_swapped(omega):
    """Turn the other way."""
    x, y, z = omega.unbind(-1)
    o = torch.zeros_like(x)
    return torch.stack([o, z, -y, -z, o, x, y, -x, o], -1).unflatten(-1, (3, 3))


def absolute_rank(vectors):
    """Count as zero what is small in the caller's unit."""
    return int((torch.linalg.svdvals(vectors) > 1e-6).sum())


def conjugate_forgotten(Z):
    """Write both copies of the imaginary part with one sign."""
    A, B = Z.real, Z.imag
    return torch.cat([torch.cat([A, B], -1), torch.cat([B, A], -1)], -2)


def unweighted_average(M, parts):
    """Sum the columns of a part instead of averaging them."""
    from snippets.linear_networks.invariance import sharing

    return M @ sharing(parts, M.dtype).T


def plain_truncation(M, parts, rank):
    """Truncate the means without the roots of the sizes as weights."""
    from snippets.linear_algebra.svd import truncate
    from snippets.linear_networks.distance import average
    from snippets.linear_networks.invariance import part_of

    means = average(M, parts)
    return truncate(means, min(rank, *means.shape[-2:]))[..., part_of(parts)]


def half_split(x, positions, frequencies, halves=False):
    """Pair entry k with entry k + d/2 where neighbours are meant, and the other way round."""
    angles = positions[..., None] * frequencies
    c, s = angles.cos(), angles.sin()
    if not halves:
        a, b = x.chunk(2, -1)
        return torch.cat([c * a - s * b, s * a + c * b], -1)
    a, b = x.unflatten(-1, (-1, 2)).unbind(-1)
    return torch.stack([c * a - s * b, s * a + c * b], -1).flatten(-2)


def summed_softmax(queries, keys, values):
    """Let the weights of a key add up to one, not those of a query."""
    from snippets.linear_algebra.dot_products import scores

    return torch.softmax(scores(queries, keys), dim=-2) @ values


def greedy(values, weights, total):
    """Take the largest singular values in turn, whatever they cost."""
    ranks, left = [0] * len(values), total
    order = sorted(((v, i) for i, row in enumerate(values) for v in row), reverse=True)
    for _, i in order:
        if weights[i] <= left:
            ranks[i], left = ranks[i] + 1, left - weights[i]
    return ranks


def uncentred(X):
    """Forget to subtract the mean."""
    return X.T @ X / len(X)


def smallest_first(X):
    """Return the eigenvectors in the order of `eigh`, the smallest eigenvalue first."""
    from snippets.linear_algebra.pca import covariance

    return tuple(torch.linalg.eigh(covariance(X)))


def rounded_shift(x, t):
    """Move by the nearest whole number of pixels."""
    return x.roll(round(t), -1)


def half_angle_forgotten(omega):
    """Turn by twice the angle: a rotor stands on both sides."""
    from snippets.lie_groups.clifford import exp_bivector

    x, y, z = omega.unbind(-1)
    o = torch.zeros_like(x)
    return exp_bivector(-torch.stack([o, o, o, z, o, -y, x, o], -1))


def full_adjoint(M):
    """Put the translation into the wrong corner."""
    from snippets.lie_groups.exponential import hat
    from snippets.lie_groups.motions import parts

    R, p = parts(M)
    return torch.cat([torch.cat([R, hat(p) @ R], -1), torch.cat([torch.zeros_like(R), R], -1)], -2)


def untranslated(xi):
    """Move by v itself, as if there were no turn on the way."""
    from snippets.lie_groups.exponential import exp_so3
    from snippets.lie_groups.motions import motion

    omega, v = xi.split(3, -1)
    return motion(exp_so3(omega), v)


def unrotated_inverse(M):
    """Undo the move with −p, without turning it back."""
    from snippets.lie_groups.motions import motion, parts

    R, p = parts(M)
    return motion(R.mT, -p)


def real_svd(M, rank):
    """Truncate real and imaginary part apart."""
    cut = RIGHT_TRUNCATE
    return torch.complex(cut(M.real, rank), cut(M.imag, rank)) if M.is_complex() else cut(M, rank)


RIGHT_TRUNCATE = inspect.unwrap(importlib.import_module("snippets.linear_algebra.svd").truncate)

SETTINGS = "_hypothesis_internal_use_settings"

TWINS = [
    Twin("inverse missing: PMP for P⁻¹MP", "linear_algebra.linear_maps.in_basis", lambda M, P: P @ M @ P,
         "linear_algebra.linear_maps::test_a_map_in_another_basis", "LA-314"),
    Twin("P on the wrong side: PMP⁻¹", "linear_algebra.linear_maps.in_basis", lambda M, P: P @ M @ torch.linalg.inv(P),
         "linear_algebra.linear_maps::test_a_map_in_another_basis", "LA-314"),
    Twin("transposed: images as rows", "linear_algebra.linear_maps.matrix_of", lambda f, n, dtype=None: torch.stack([f(e) for e in torch.eye(n, dtype=dtype)]),
         "linear_algebra.linear_maps::test_columns_are_the_images_of_the_basis", "LA-09"),
    Twin("divided by the length, not by its square", "linear_algebra.dot_products.project", lambda w, v: (w @ v) / v.norm() * v,
         "linear_algebra.dot_products::test_the_shadow_is_the_nearest_point_and_the_rest_is_perpendicular", "LA-144"),
    Twin("a length where a signed length is meant", "linear_algebra.dot_products.signed_length", lambda w, v: (w @ v).abs() / v.norm(),
         "linear_algebra.dot_products::test_dot_is_the_length_times_the_signed_length_of_the_shadow", "LA-16"),
    Twin("softmax over the queries", "linear_algebra.dot_products.attend", summed_softmax,
         "linear_algebra.dot_products::test_attention_agrees_with_torch", "LA-152"),
    Twin("an absolute threshold", "linear_algebra.span.rank", absolute_rank,
         "linear_algebra.span::test_in_span_agrees_with_solving_exactly", "LA-103"),
    Twin("a permanent: all signs plus", "linear_algebra.determinants.sign", lambda p: 1,
         "linear_algebra.determinants::test_the_determinant_obeys_the_three_rules", "LA-162"),
    Twin("the shoelace without its last edge", "linear_algebra.determinants.shoelace", lambda p: (p[:-1, 0] @ p[1:, 1] - p[:-1, 1] @ p[1:, 0]) / 2,
         "linear_algebra.determinants::test_every_polygon_scales_by_the_determinant", "LA-163"),
    Twin("the volume factor multiplied, not divided", "linear_algebra.determinants.pushed_density",
         lambda A, y: (-(torch.linalg.solve(A, y[..., None])[..., 0].square().sum(-1) + y.shape[-1] * math.log(2 * math.pi)) / 2 + torch.linalg.slogdet(A).logabsdet).exp(),
         "linear_algebra.determinants::test_change_of_variables_gives_the_gaussian_with_covariance_aat", "LA-171"),
    Twin("squares of the singular values forgotten to be rooted", "linear_algebra.svd.svd",
         lambda A: (lambda q: (A @ q[1].flip(1) / q[0].flip(0), q[0].flip(0), q[1].flip(1).T))(torch.linalg.eigh(A.T @ A)),
         "linear_algebra.svd::test_svd_multiplies_back_and_has_orthonormal_factors", "LA-202"),
    Twin("the smallest singular values kept", "linear_algebra.svd.truncate",
         lambda A, r: (lambda U, s, Vt: U[..., len(s) - r :] * s[len(s) - r :] @ Vt[len(s) - r :])(*torch.linalg.svd(A, full_matrices=False)),
         "linear_algebra.svd::test_no_matrix_of_rank_r_is_nearer_than_the_truncation", "LA-207"),
    Twin("not centred", "linear_algebra.pca.covariance", uncentred,
         "linear_algebra.pca::test_covariance_and_components", "LA-221"),
    Twin("the smallest eigenvalue first", "linear_algebra.pca.principal_components", smallest_first,
         "linear_algebra.pca::test_no_direction_has_more_variance_than_the_first", "LA-222"),
    Twin("the imaginary unit with the other sign", "linear_algebra.spectral.as_matrix", lambda z: torch.tensor([[z.real, z.imag], [z.imag, z.real]]).double(),
         "linear_algebra.spectral::test_complex_numbers_are_two_by_two_matrices", "BR-08"),
    Twin("the pole's chart with the other sign", "manifolds.circle.inverse_stereographic",
         lambda u, pole=1: torch.cat([2 * u, pole * (1 - u.square().sum(1, keepdim=True))], 1) / (u.square().sum(1, keepdim=True) + 1),
         "manifolds.circle::test_coordinates_come_back", "MF-103"),
    Twin("acos for a longitude: half of the circle", "manifolds.sphere.longitude", lambda p: (p[:, 0] / p[:, :2].norm(dim=1)).acos(),
         "manifolds.sphere::test_the_longitude_jumps_at_the_seam_and_at_the_pole", "MF-06"),
    Twin("the symmetric part for the skew one", "manifolds.tangent_space.tangent_part", lambda A, G: A @ (A.mT @ G + G.mT @ A) / 2,
         "manifolds.tangent_space::test_the_tangent_part_is_the_orthogonal_projection", "MF-176"),
    Twin("degrees for radians", "lie_groups.exponential.exp_so2",
         lambda t: (lambda a: torch.stack([torch.stack([a.cos(), -a.sin()], -1), torch.stack([a.sin(), a.cos()], -1)], -2))(torch.as_tensor(t).deg2rad()),
         "lie_groups.exponential::test_exponentials_of_skew_2x2_are_rotations", "LG-28"),
    Twin("the other sign of the cross product", "lie_groups.exponential.hat", signs_swapped,
         "lie_groups.algebra::test_hat_is_a_homomorphism", "BR-06"),
    Twin("the angle from the trace alone", "lie_groups.exponential.log_so3",
         lambda R: (lambda t, a: (t / (2 * t.sin()))[..., None] * a)(torch.arccos(((R.diagonal(dim1=-2, dim2=-1).sum(-1) - 1) / 2).clamp(-1, 1)),
             torch.stack([R[..., 2, 1] - R[..., 1, 2], R[..., 0, 2] - R[..., 2, 0], R[..., 1, 0] - R[..., 0, 1]], -1)),
         "lie_groups.exponential::test_log_is_accurate_at_every_angle", "LG-122"),
    Twin("the straight line between rotations", "lie_groups.rotation_heads.geodesic", lambda R0, R1, s: (1 - s[:, None, None]) * R0 + s[:, None, None] * R1,
         "lie_groups.rotation_heads::test_the_straight_line_leaves_the_group", "LG-30"),
    Twin("AB + BA for AB − BA", "lie_groups.algebra.lie_bracket", lambda A, B: A @ B + B @ A,
         "lie_groups.algebra::test_bracket_code_satisfies_the_identities", "LG-33"),
    Twin("gather for move", "lie_groups.actions.move", lambda s, x: tuple(x[i] for i in s),
         "lie_groups.actions::test_moving_is_a_left_action_and_gathering_a_right_one", "LG-202"),
    Twin("the inverse pose without turning the move back", "lie_groups.motions.inverse", unrotated_inverse,
         "lie_groups.motions::test_motions_multiply_as_a_semidirect_product", "LG-221"),
    Twin("v for Vv in the exponential of a twist", "lie_groups.motions.exp_se3", untranslated,
         "lie_groups.motions::test_the_exponential_of_a_twist", "LG-224"),
    Twin("the adjoint transposed by blocks", "lie_groups.motions.adjoint", full_adjoint,
         "lie_groups.motions::test_the_adjoint", "LG-226"),
    Twin("half-split pairs for interleaved ones", "lie_groups.rotary.rope", half_split,
         "lie_groups.rotary::test_rope_is_the_exponential_of_a_skew_matrix", "LG-163"),
    Twin("the rotor of twice the angle", "lie_groups.clifford.rotor_3d", half_angle_forgotten,
         "lie_groups.clifford::test_rotors_of_space_agree_with_the_matrices", "LG-192"),
    Twin("no signs for the reverse", "lie_groups.clifford.reverse", lambda a: a,
         "lie_groups.clifford::test_rotors_of_space_agree_with_the_matrices", "LG-192"),
    Twin("rounded to whole pixels", "lie_groups.fractional_shift.fractional_shift", rounded_shift,
         "lie_groups.fractional_shift::test_group_law_for_odd_n", "LG-181"),
    Twin("the other sign in the lower row", "linear_networks.complex_blocks.realify", conjugate_forgotten,
         "linear_networks.real_blocks::test_realification_is_a_ring_isomorphism_that_doubles_ranks", "NN-44"),
    Twin("flip for roll: i + j for i − j", "linear_networks.commutant.circulant",
         lambda c: c[(torch.arange(len(c))[:, None] + torch.arange(len(c))) % len(c)],
         "linear_networks.commutant::test_circulants_commute_with_the_shift_and_waves_diagonalise_them", "BR-10"),
    Twin("P transposed: the inverse permutation", "linear_networks.invariance.permutation_matrix",
         lambda sigma: torch.eye(sigma.size)[:, torch.tensor(sigma.images) - 1],
         "linear_networks.invariance::test_the_matrix_permutes_entries_and_columns", "NN-18"),
    Twin("sums for means", "linear_networks.distance.average", unweighted_average,
         "linear_networks.distance::test_nearest_invariant", "NN-35b"),
    Twin("plain for weighted truncation", "linear_networks.distance.nearest_invariant", plain_truncation,
         "linear_networks.distance::test_nearest_invariant", "NN-35b"),
    Twin("a real SVD of real and imaginary part", "linear_algebra.svd.truncate", real_svd,
         "linear_networks.equivariance::test_nearest_on_a_component_is_where_training_ends", "NN-108"),
    Twin("greedy for a knapsack", "linear_networks.knapsack.knapsack", greedy,
         "linear_networks.equivariance::test_knapsack_on_the_rotation", "NN-108"),
    Twin("lcm for gcd", "linear_networks.commutant.commutant_dimension",
         lambda sigma: sum(math.lcm(len(a), len(b)) for a in cycles(sigma) for b in cycles(sigma)),
         "linear_networks.commutant::test_commutant_of_every_permutation_of_s2_to_s6", "NN-112"),
    Twin("shift to the left", "mnist.shifts.cyclic_shift", lambda images, amounts: images.roll(-1 if not isinstance(amounts, int) else -amounts, dims=-1),
         "mnist.shifts::test_cyclic_shift_moves_right_and_comes_back", "MN-03"),
    Twin("complex eigenvectors for real ones at real frequencies forgotten: the smallest kept", "mnist.exact.top_eigenvectors",
         lambda moment, rank: torch.linalg.eigh(moment).eigenvectors[:, :rank],
         "mnist.exact::test_best_ranks_lose_least_among_named_and_random_ones", "MN-104"),
]  # fmt: skip
TWINS += [
    Twin(mistake, f"equivariant_networks.{function}", wrong, f"equivariant_networks.{test}", claim)
    for mistake, function, wrong, test, claim in OF_CLAIMS
]


def cycles(sigma):
    """Return the cycles of a permutation."""
    from snippets.linear_networks.permutations import cycle_decomposition

    return cycle_decomposition(sigma)


def test_every_twin_names_a_check_of_its_claim():
    known = {(check.node.removeprefix("tests/").replace("/test_", ".").replace("/", ".").replace(".py::", "::"), id)
             for check in claims.checks() for id in check.ids}  # fmt: skip
    assert [twin.mistake for twin in TWINS if (twin.test, twin.claim) not in known] == []
    assert len({twin.function for twin in TWINS}) >= 20


@contextlib.contextmanager
def exchanged(name: str, wrong: Callable):
    """Let a function be another one, under every name by which a module knows it."""
    module, _, attribute = name.rpartition(".")
    right = getattr(importlib.import_module(f"snippets.{module}"), attribute)
    places = [(m, key) for m in list(sys.modules.values()) if getattr(m, "__name__", "").startswith(("snippets", "tests", "twin_"))
              for key, value in list(vars(m).items()) if value is right]  # fmt: skip
    for m, key in places:
        setattr(m, key, wrong)
    try:
        yield
    finally:
        for m, key in places:
            setattr(m, key, right)


def cases(test: Callable) -> list[dict[str, Any]]:
    """Return the arguments of each case of a test, in as far as marks give them."""
    tables = []
    for mark in getattr(test, "pytestmark", []):
        if mark.name == "parametrize":
            names = (
                mark.args[0] if isinstance(mark.args[0], tuple | list) else [n.strip() for n in mark.args[0].split(",")]
            )
            rows = [row.values if hasattr(row, "marks") else row if len(names) > 1 else (row,) for row in mark.args[1]]
            tables.append([dict(zip(names, row, strict=True)) for row in rows])
    return [{k: v for part in parts for k, v in part.items()} for parts in itertools.product(*tables)]


def given_by_module(module, name: str) -> Any:
    """Return the value of a fixture: a new measurement, or what a function of the test's file makes."""
    if name == "measured":
        return Measured()
    maker = getattr(module, name)
    maker = maker._get_wrapped_function() if hasattr(maker, "_get_wrapped_function") else maker
    return maker(**{other: given_by_module(module, other) for other in inspect.signature(maker).parameters})


def run(module, test: Callable, **drawing: Any) -> None:
    """Run all cases of a test, as pytest does, but without a search for the smallest input that fails."""
    drawn = hasattr(test, "hypothesis")
    with quick(test, **drawing) if drawn else contextlib.nullcontext():
        for case in cases(test):
            names = set(inspect.signature(test).parameters) - set(case)
            wanted = {"measured"} & names if drawn else names
            test(**case, **{name: given_by_module(module, name) for name in wanted})


@contextlib.contextmanager
def quick(test: Callable, **drawing: Any):
    """Let hypothesis stop at the first input that fails, or draw otherwise than the test asks."""
    kept = getattr(test, SETTINGS, None)
    setattr(
        test,
        SETTINGS,
        settings(
            kept or settings.default, phases=(Phase.explicit, Phase.generate), report_multiple_bugs=False, **drawing
        ),
    )
    try:
        yield
    finally:
        setattr(test, SETTINGS, kept)


@functools.cache
def passes(module, function: str) -> None:
    """Run a test of the right function, so that it is not the running that fails; many inputs are tried by the test itself."""
    run(module, getattr(module, function), max_examples=10)


@pytest.mark.parametrize("twin", TWINS, ids=[f"{twin.function}-{twin.mistake}" for twin in TWINS])
@pytest.mark.unwatched
def test_the_check_of_the_claim_refuses_the_twin(twin):
    part, _, function = twin.test.partition("::")
    folder, _, name = part.rpartition(".")
    spec = f"tests.{folder}.test_{name}"
    module = importlib.import_module(spec)
    passes(module, function)
    with (
        exchanged(twin.function, twin.wrong),
        pytest.raises((AssertionError, ValueError, GradcheckError)),
    ):
        run(module, getattr(module, function))


@pytest.mark.parametrize("case", CASES, ids=[f"{case.layer}-{case.mistake}" for case in CASES])
def test_the_layer_passes_both_tests_and_its_twin_the_obvious_one(case):
    assert case.obvious(case.right) < 1e-11
    assert case.obvious(case.wrong) < 1e-11
    assert case.telling(case.right) < (1e-7 if "pushing" in case.fails else 1e-11)
    assert not case.telling(case.wrong) < 1e-3  # also where it is no number
