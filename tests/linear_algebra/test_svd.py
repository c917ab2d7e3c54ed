"""Tests of the chapter on singular values."""

import math

import numpy as np
import pytest
import scipy.linalg
import sympy
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import nn

from book.expect import near, numbers
from snippets.figures.linear_algebra import svd as chapter_figures
from snippets.figures.linear_algebra.svd import fit_adapter
from snippets.linear_algebra.svd import Adapter, best_of_tied, compress, polar, pseudo_inverse, rank_for, svd, truncate

SHAPES = [(2, 2), (5, 3), (3, 5), (6, 6), (1, 4)]
sides, seeds = st.integers(1, 6), st.integers(0, 2**31)


def gaussian(*shape: int, seed: int = 0) -> torch.Tensor:
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed))


def of_rank(m: int, n: int, r: int, seed: int = 0) -> torch.Tensor:
    return gaussian(m, r, seed=seed) @ gaussian(r, n, seed=seed + 1)


@pytest.mark.claim("LA-201", "LA-202")
@pytest.mark.parametrize("shape", SHAPES)
def test_svd_multiplies_back_and_has_orthonormal_factors(shape, measured):
    A = gaussian(*shape, seed=1)
    U, s, Vt = svd(A)
    measured(U * s @ Vt, A, atol=1e-12)
    measured(U.T @ U, torch.eye(len(s)), atol=1e-10)
    measured(Vt @ Vt.T, torch.eye(len(s)), atol=1e-12)
    measured(s, scipy.linalg.svdvals(A.numpy()), atol=1e-12)


@pytest.mark.claim("LA-202")
def test_singular_values_of_the_page_exactly(measured):
    A = sympy.Matrix([[2, 0], [sympy.Rational(3, 2), sympy.Rational(5, 2)]])
    exact = sorted((float(sympy.sqrt(value)) for value in (A.T * A).eigenvals()), reverse=True)
    measured(svd(chapter_figures.A_PAGE)[1], exact, atol=1e-14)
    measured(exact, [math.sqrt(10), math.sqrt(2.5)], atol=1e-14)
    U, _, Vt = svd(chapter_figures.A_PAGE)
    measured(Vt.abs(), math.sqrt(0.5), atol=1e-14)
    measured(U.abs(), torch.tensor([[1.0, 2.0], [2.0, 1.0]]) / math.sqrt(5), atol=1e-14)


@pytest.mark.claim("LA-202")
@pytest.mark.parametrize("r", [0, 1, 2, 3])
def test_svd_keeps_as_many_values_as_the_rank(r, measured):
    U, s, Vt = svd(of_rank(5, 4, r))
    measured.exact([len(s), U.shape[1], Vt.shape[0]], [r, r, r])


@pytest.mark.claim("LA-203")
@pytest.mark.parametrize("shape", SHAPES)
def test_the_unit_sphere_lands_between_the_smallest_and_the_largest_half_axis(shape, measured):
    A = gaussian(*shape, seed=2)
    s = torch.linalg.svdvals(A)
    x = gaussian(shape[1], 2000)
    lengths = (A @ (x / x.norm(dim=0))).norm(dim=0)
    smallest = s[-1] if shape[0] >= shape[1] else 0.0
    assert lengths.max() <= s[0] + 1e-12
    assert lengths.min() >= smallest - 1e-12
    U, s, Vt = svd(A)
    measured(A @ Vt.T, U * s, atol=1e-12)


@pytest.mark.claim("LA-203")
def test_points_of_the_circle_satisfy_the_equation_of_the_ellipse(measured):
    U, s, _ = svd(chapter_figures.A_PAGE)
    angles = torch.linspace(0, 2 * math.pi, 50)
    along = U.T @ chapter_figures.A_PAGE @ torch.stack([angles.cos(), angles.sin()])
    measured(((along / s[:, None]) ** 2).sum(0), 1.0, atol=1e-13)


def test_an_error_grows_by_the_condition_number_at_worst(measured):
    A = chapter_figures.A_PAGE
    U, s, _ = svd(A)
    measured(s[0] / s[1], 2.0, atol=1e-14)
    right, error = U[:, :1], U[:, 1:]

    def growth(b, e):
        x, dx = torch.linalg.solve(A, b), torch.linalg.solve(A, e)
        return (dx.norm(dim=0) / x.norm(dim=0)) / (e.norm(dim=0) / b.norm(dim=0))

    measured(growth(right, error), 2.0, atol=1e-13)  # the worst case is attained
    assert growth(gaussian(2, 500), gaussian(2, 500, seed=1)).max() <= 2 + 1e-12
    s = torch.linalg.svdvals(torch.diag(torch.tensor([1e6, 1e-6])))
    measured((s[0] / s[1]).log10(), 12.0, atol=1e-12)


@pytest.mark.claim("LA-204")
@settings(max_examples=30)
@given(m=sides, n=sides, r=sides, seed=seeds)
def test_rank_and_subspaces_from_the_singular_values(m, n, r, seed):
    r = min(m, n, r)
    A = of_rank(m, n, r, seed)
    exact = sympy.Matrix((A * 8).round().int().tolist())  # integers, so that sympy's rank is exact
    A = torch.tensor(np.array(exact.tolist(), dtype=float)).reshape(m, n)
    U, s, Vt = torch.linalg.svd(A)
    rank = int((s > 1e-9 * max(s[0].item(), 1)).sum())
    assert rank == exact.rank()
    assert (A @ Vt[rank:].T).abs().sum() < 1e-8 * (1 + s[0])
    assert (U[:, rank:].T @ A).abs().sum() < 1e-8 * (1 + s[0])


@pytest.mark.claim("LA-205")
@pytest.mark.parametrize("shape", SHAPES)
def test_matrix_is_the_sum_of_its_terms_of_rank_one(shape, measured):
    A = gaussian(*shape, seed=3)
    U, s, Vt = svd(A)
    terms = [s[i] * torch.outer(U[:, i], Vt[i]) for i in range(len(s))]
    assert all(torch.linalg.matrix_rank(term) == 1 for term in terms)
    measured(sum(terms), A, atol=1e-12)


@pytest.mark.claim("LA-205")
def test_terms_of_the_page(measured):
    A = chapter_figures.A_PAGE
    first = torch.tensor([[1.0, 1.0], [2.0, 2.0]])
    measured(truncate(A, 1), first, atol=1e-14)
    measured(A - truncate(A, 1), torch.tensor([[1.0, -1.0], [-0.5, 0.5]]), atol=1e-14)
    measured([(A - first).norm(), torch.linalg.matrix_norm(A - first, 2)], math.sqrt(2.5), atol=1e-14)
    measured((A**2).sum(), 12.5, atol=0)


@pytest.mark.claim("LA-206")
@pytest.mark.parametrize("shape", SHAPES)
def test_norms_are_functions_of_the_singular_values(shape, measured):
    A = gaussian(*shape, seed=4)
    s = svd(A)[1]
    measured(s[0], scipy.linalg.norm(A.numpy(), 2), atol=1e-12)
    measured((s**2).sum().sqrt(), scipy.linalg.norm(A.numpy()), atol=1e-12)


@pytest.mark.claim("LA-207")
@settings(max_examples=60)
@given(m=sides, n=sides, r=sides, seed=seeds)
def test_no_matrix_of_rank_r_is_nearer_than_the_truncation(m, n, r, seed):
    r = min(m, n, r)
    A = gaussian(m, n, seed=seed)
    s = torch.linalg.svdvals(A)
    frobenius, spectral = (s[r:] ** 2).sum().sqrt(), s[r:].max() if r < len(s) else torch.tensor(0.0)
    B = truncate(A, r)
    assert torch.linalg.matrix_rank(B) <= r
    assert abs((A - B).norm() - frobenius) < 1e-10
    assert abs(torch.linalg.matrix_norm(A - B, 2) - spectral) < 1e-10
    for rival in (of_rank(m, n, r, seed + 2), B + 1e-3 * of_rank(m, n, r, seed + 4)):
        # a rival at its best scale, and one beside the truncation cut back to rank r
        U, _, Vt = torch.linalg.svd(rival, full_matrices=False)
        rival = U[:, :r] @ torch.diag(torch.diagonal(U[:, :r].T @ A @ Vt[:r].T)) @ Vt[:r]
        assert (A - rival).norm() >= frobenius - 1e-10
        assert torch.linalg.matrix_norm(A - rival, 2) >= spectral - 1e-10


@pytest.mark.claim("LA-207")
@pytest.mark.parametrize("seed", range(5))
def test_descent_over_factors_does_not_get_below_the_truncation(seed, measured):
    A = gaussian(6, 5, seed=10)
    floor = (torch.linalg.svdvals(A)[2:] ** 2).sum()
    left, right = gaussian(6, 2, seed=seed).requires_grad_(), gaussian(2, 5, seed=seed + 50).requires_grad_()
    optimiser = torch.optim.LBFGS([left, right], max_iter=300, line_search_fn="strong_wolfe", tolerance_change=1e-14)

    def loss():
        optimiser.zero_grad()
        value = ((A - left @ right) ** 2).sum()
        value.backward()
        return value

    optimiser.step(loss)
    reached = ((A - left @ right) ** 2).sum().item()
    assert reached >= floor - 1e-12
    measured(reached, floor, atol=1e-7)


@pytest.mark.claim("LA-208")
@pytest.mark.parametrize("theta", np.linspace(0, math.pi, 9))
def test_a_tie_has_a_circle_of_best_approximations(theta, measured):
    B = best_of_tied(float(theta))
    assert torch.linalg.matrix_rank(B) == 1
    measured((torch.eye(2) - B).norm(), 1.0, atol=1e-14)


@settings(max_examples=60)
@given(angles=st.tuples(st.floats(0, 7), st.floats(0, 7)), sigma=st.floats(0.01, 5))
def test_solution_no_other_matrix_of_rank_one_is_as_near_to_the_identity(angles, sigma):
    p, q = (torch.tensor([math.cos(angle), math.sin(angle)]) for angle in angles)
    squared = ((torch.eye(2) - sigma * torch.outer(p, q)) ** 2).sum().item()
    expected = 1 + (sigma - 1) ** 2 + 2 * sigma * (1 - (p @ q).item())
    assert math.isclose(squared, expected, abs_tol=1e-12)


@pytest.mark.claim("LA-208", by="drawn", draws=40)
@pytest.mark.parametrize("seed", range(40))
def test_with_a_gap_every_other_matrix_of_that_rank_is_farther(seed):
    draw = torch.Generator().manual_seed(seed)
    m, n = (int(side) for side in torch.randint(2, 6, (2,), generator=draw))
    A, r = torch.randn(m, n, generator=draw), int(torch.randint(1, min(m, n), (), generator=draw))
    U, s, Vt = torch.linalg.svd(A, full_matrices=False)
    left, right, gap = U[:, :r] * s[:r], Vt[:r], float(s[r - 1] - s[r])
    for size in (1e-3, 1e-1, 10.0):
        B = (left + size * torch.randn(m, r, generator=draw)) @ (right + size * torch.randn(r, n, generator=draw))
        apart = float((B - truncate(A, r)).square().sum())
        excess = float((A - B).square().sum() - (A - truncate(A, r)).square().sum())
        assert excess > 0.5 * (gap / float(s[r - 1])) * apart * 0.5


@pytest.mark.claim("LA-208")
@settings(max_examples=80)
@given(sides, sides, st.integers(1, 5), seeds, st.floats(-3, 1))
def test_every_other_matrix_of_that_rank_pays_for_its_distance(m, n, r, seed, size):
    A, r = gaussian(m, n, seed=seed), min(r, m, n)
    s = torch.cat([torch.linalg.svdvals(A), torch.zeros(1)])
    best = truncate(A, r)
    near = truncate(best + 10**size * gaussian(m, n, seed=seed + 1), r)  # a rival close by, or far away
    for B in (near, of_rank(m, n, r, seed + 2), 2 * best):
        floor = (A - best).square().sum() + (1 - s[r] / s[r - 1]) * (B - best).square().sum()
        assert (A - B).square().sum() >= floor * (1 - 1e-12)


@pytest.mark.claim("LA-208")
def test_the_price_of_a_rival_is_sharp(measured):
    A = torch.diag(torch.tensor([2.0, 1.5]))
    turned = truncate(A + 1e-4 * torch.tensor([[0.0, 1.0], [1.0, 0.0]]), 1)  # nearest to A after a little noise
    best = truncate(A, 1)
    price = ((A - turned).square().sum() - (A - best).square().sum()) / (turned - best).square().sum()
    measured(price, 1 - 1.5 / 2.0, atol=1e-3)


@pytest.mark.claim("LA-209")
@pytest.mark.parametrize("t", [1.0, 2.0, 3.0, 4.5, 5.0])
def test_spectral_norm_has_many_minimisers_without_a_tie(t, measured):
    A, B = torch.diag(torch.tensor([3.0, 2.0, 1.0])), torch.diag(torch.tensor([t, 0.0, 0.0]))
    measured(torch.linalg.matrix_norm(A - B, 2), torch.linalg.svdvals(A)[1], atol=1e-14)


@pytest.mark.claim("LA-210")
@pytest.mark.parametrize(("m", "n", "r"), [(4, 4, 4), (6, 3, 3), (3, 6, 3), (5, 4, 2), (3, 3, 0)])
def test_penrose_conditions(m, n, r, measured):
    A = of_rank(m, n, r)
    P = pseudo_inverse(A)
    measured(A @ P @ A, A, atol=1e-11)
    measured(P @ A @ P, P, atol=1e-11)
    measured((A @ P).T, A @ P, atol=1e-12)
    measured((P @ A).T, P @ A, atol=1e-12)
    measured(P, scipy.linalg.pinv(A.numpy()), atol=1e-10)


@pytest.mark.claim("LA-211")
@pytest.mark.parametrize(("m", "n", "r"), [(6, 3, 3), (3, 6, 3), (5, 4, 2)])
def test_pseudo_inverse_gives_the_shortest_least_squares_solution(m, n, r, measured):
    A, b = of_rank(m, n, r), gaussian(m, seed=5)
    x = pseudo_inverse(A) @ b
    measured(x, scipy.linalg.lstsq(A.numpy(), b.numpy())[0], atol=1e-11)
    measured(A.T @ (A @ x - b), 0.0, atol=1e-11)
    null_space = torch.tensor(scipy.linalg.null_space(A.numpy()))
    measured(null_space.T @ x, 0.0, atol=1e-11)


@pytest.mark.claim("LA-212")
@pytest.mark.parametrize("seed", range(10))
def test_gram_matrix_loses_small_singular_values(measured, seed):
    left, right = (torch.linalg.qr(gaussian(2, 2, seed=seed + k)).Q for k in (6, 60))

    def errors(small):
        M = left @ torch.diag(torch.tensor([1.0, small])) @ right
        by_gram = torch.linalg.eigvalsh(M.T @ M)[0].abs().sqrt()
        return [abs(found.item() / small - 1) for found in (by_gram, torch.linalg.svdvals(M)[1])]

    for small in (1e-3, 1e-5, 1e-7):  # the square of the value is off by about 1e-16
        assert errors(small)[0] < 10 * 1e-16 / small**2
    assert errors(1e-10)[0] > 0.9
    measured([errors(small)[1] * small for small in (1e-4, 1e-8, 1e-10)], 0.0, atol=1e-15)


@pytest.mark.claim("LA-213")
@pytest.mark.parametrize("bias", [True, False])
@pytest.mark.parametrize("r", [1, 3, 5])
def test_bottleneck_is_the_nearest_one_and_its_worst_error_is_the_next_singular_value(bias, r, measured):
    torch.manual_seed(r)
    layer = nn.Linear(8, 5, bias=bias)
    bottleneck = compress(layer, r)
    weight = bottleneck[1].weight @ bottleneck[0].weight
    measured(weight.detach(), truncate(layer.weight.detach(), r), atol=1e-14)
    s = torch.linalg.svdvals(layer.weight.detach())
    worst = s[r] if r < len(s) else torch.tensor(0.0)
    x = gaussian(2000, 8)
    x = torch.cat([x / x.norm(dim=1, keepdim=True), torch.linalg.svd(layer.weight.detach()).Vh])
    errors = (bottleneck(x) - layer(x)).norm(dim=1).detach()
    measured(errors.max(), worst, atol=1e-12)


@pytest.mark.claim("LA-213")
@settings(max_examples=60)
@given(m=sides, n=sides, r=sides, seed=seeds, size=st.floats(0, 2))
def test_no_other_bottleneck_has_a_smaller_worst_case(m, n, r, seed, size):
    W, B, gap = gaussian(m, n, seed=seed), of_rank(m, n, r, seed + 1), size * gaussian(m, seed=seed + 3)
    if seed % 2:
        B = truncate(W + 0.1 * B, min(m, n, r))
    x = torch.linalg.svd(W - B).Vh[0]
    worst = max((gap + sign * (W - B) @ x).norm() for sign in (1, -1))
    values = torch.linalg.svdvals(W)
    assert worst >= (values[r] if r < len(values) else 0) - 1e-12


@pytest.mark.claim("LA-214")
def test_adapter_starts_as_the_layer_and_changes_it_by_a_low_rank(measured):
    layer, wanted = chapter_figures.adapter_task()
    before = layer.weight.detach().clone()
    adapter, x = Adapter(layer, 3), gaussian(10, 16)
    measured(adapter(x).detach(), layer(x).detach(), atol=0)
    fit_adapter(adapter, wanted)
    measured.exact(torch.equal(layer.weight, before), True)
    change = (adapter(torch.eye(16)) - layer(torch.eye(16))).detach().T
    measured.exact(int(torch.linalg.matrix_rank(change, rtol=1e-12)), 3)
    trainable = sum(p.numel() for p in adapter.parameters() if p.requires_grad)
    measured.exact(trainable, 3 * (12 + 16))


@pytest.mark.claim("LA-214")
@pytest.mark.parametrize("r", [1, 2, 3, 5, 8])
def test_trained_adapter_reaches_the_discarded_singular_values(r, measured):
    torch.manual_seed(r)
    layer, wanted = chapter_figures.adapter_task()
    s = scipy.linalg.svdvals((wanted - layer.weight.detach()).numpy())
    measured(fit_adapter(Adapter(layer, r), wanted), (s[r:] ** 2).sum(), atol=1e-6)


@pytest.mark.claim("LA-202")
@settings(max_examples=30)
@given(n=sides, seed=seeds)
def test_polar_decomposition(n, seed):
    A = gaussian(n, n, seed=seed)
    Q, S = polar(A)
    assert torch.allclose(Q @ S, A, atol=1e-12)
    assert torch.allclose(Q.T @ Q, torch.eye(n), atol=1e-12)
    assert torch.allclose(S, S.T, atol=1e-12)
    assert torch.linalg.eigvalsh(S).min() > -1e-12
    oracle = scipy.linalg.polar(A.numpy())
    assert np.allclose(S, oracle[1], atol=1e-10)


@settings(max_examples=30)
@given(m=sides, n=sides, share=st.floats(0.01, 1.0), seed=seeds)
def test_rank_for_is_the_smallest_that_keeps_the_share(m, n, share, seed):
    A = gaussian(m, n, seed=seed)
    r = rank_for(A, share)
    kept = [(truncate(A, k) ** 2).sum() / (A**2).sum() for k in range(min(m, n) + 1)]
    assert kept[r] >= share - 1e-12
    assert r == 0 or kept[r - 1] < share + 1e-12


@pytest.mark.parametrize("r", [-1, 4])
def test_rank_out_of_range_is_named(r):
    with pytest.raises(ValueError, match="choose 0 to 3"):
        truncate(gaussian(3, 5), r)
    with pytest.raises(ValueError, match="choose 1 to 3"):
        compress(nn.Linear(5, 3), r)


@pytest.mark.parametrize("share", [-0.5, 0.0, 1.5])
def test_share_out_of_range_is_named(share):
    with pytest.raises(ValueError, match=f"share {share}: choose a number above 0 and at most 1"):
        rank_for(gaussian(2, 2), share)
    assert rank_for(gaussian(2, 2), 1.0) == 2


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_dtype_is_followed_and_batches_are_taken(dtype):
    A = gaussian(2, 3, 5, 4).to(dtype)
    B = truncate(A, 2)
    assert (B.dtype, B.shape) == (dtype, A.shape)
    torch.testing.assert_close(B[1, 2], truncate(A[1, 2], 2))
    assert truncate(torch.empty(0, 3, 2), 1).shape == (0, 3, 2)
    U, s, Vt = svd(A[0, 0])
    assert U.dtype == s.dtype == Vt.dtype == pseudo_inverse(A[0, 0]).dtype == dtype
    tolerance = {torch.float32: 1e-4, torch.float64: 1e-12}[dtype]
    torch.testing.assert_close(pseudo_inverse(A[0, 0]) @ A[0, 0], torch.eye(4, dtype=dtype), rtol=0, atol=tolerance)
    layer = nn.Linear(6, 4).to(dtype)
    assert Adapter(layer, 2)(torch.ones(2, 3, 6, dtype=dtype)).dtype == dtype
    assert compress(layer, 2)(torch.ones(0, 6, dtype=dtype)).dtype == dtype


@pytest.mark.parametrize("scale", [1e-20, 1.0, 1e20])
def test_ranks_do_not_depend_on_the_unit(scale):
    A = scale * of_rank(5, 4, 2)
    assert len(svd(A)[1]) == 2
    torch.testing.assert_close(A @ pseudo_inverse(A) @ A / scale, A / scale, rtol=0, atol=1e-11)
    assert rank_for(A, 0.999999) == 2
    assert len(svd(0 * A)[1]) == 0
    assert not pseudo_inverse(0 * A).any()


@pytest.mark.parametrize("r", [-1, 0, 5])
def test_an_adapter_of_no_rank_is_refused(r):
    with pytest.raises(ValueError, match=f"rank {r}: choose 1 to 4"):
        Adapter(nn.Linear(6, 4), r)


test_numbers = numbers(
    "linear_algebra.svd",
    {
        "digit_rank": 15,
        "digit_kept_4": 0.864477498,
        "digit_kept_8": 0.992212625,
        "adapter_floor": near(1.2451281, 1e-6),
        "adapter_trained": near(1.2451281, 1e-6),
        "lora_full": 2**24,
        "lora_rank_8": 2**16,
        "lora_ratio": 2**8,
    },
)


@settings(max_examples=60)
@given(sides, sides, seeds, st.floats(-3, 1))
def test_solution_noise_moves_no_singular_value_far(m, n, seed, size):
    A, noise = gaussian(m, n, seed=seed), 10**size * gaussian(m, n, seed=seed + 1)
    moved = (torch.linalg.svdvals(A + noise) - torch.linalg.svdvals(A)).abs().max()
    assert moved <= torch.linalg.matrix_norm(noise, 2) * (1 + 1e-12)
    both = torch.linalg.svdvals(A + A)  # noise that is A itself: the bound is attained
    assert torch.isclose((both - torch.linalg.svdvals(A)).max(), torch.linalg.matrix_norm(A, 2))
