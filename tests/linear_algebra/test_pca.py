"""Tests of the chapter on principal components."""

import math

import numpy as np
import pytest
import scipy.linalg
import sympy
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from book.expect import between, computed, near, numbers
from snippets.figures.linear_algebra import pca as chapter_figures
from snippets.linear_algebra import pca as chapter
from snippets.linear_algebra.pca import (
    all_shifts,
    covariance,
    directions_from_gram,
    fiedler,
    linear_autoencoder,
    principal_components,
    reconstruct,
    residual,
    shift_residuals,
    small_data,
    train,
    whiten,
)
from snippets.mnist.data import load_images

seeds = st.integers(0, 2**31)


def points(count: int, n: int, seed: int = 0) -> torch.Tensor:
    generator = torch.Generator().manual_seed(seed)
    mixing = torch.randn(n, n, generator=generator)
    return torch.randn(count, n, generator=generator) @ mixing + 3 * torch.randn(n, generator=generator)


def plane(n: int, r: int, seed: int) -> torch.Tensor:
    return torch.linalg.qr(torch.randn(n, r, generator=torch.Generator().manual_seed(seed))).Q


@pytest.fixture(scope="module")
def quoted():
    return computed("linear_algebra.pca")


@pytest.mark.claim("LA-221")
def test_covariance_and_components(measured):
    X = points(40, 5)
    measured(covariance(X), np.cov(X.numpy(), rowvar=False, bias=True), atol=1e-12)
    variances, V = principal_components(X)
    measured(V.T @ V, torch.eye(5), atol=1e-13)
    measured(covariance(X) @ V, V * variances, atol=1e-12)
    assert (variances.diff() <= 0).all()


@pytest.mark.claim("LA-221")
def test_components_of_four_points_exactly(measured):
    rows = sympy.Matrix([[5, 2], [-1, 0], [3, 4], [1, -2]])
    centred = rows - sympy.ones(4, 1) * (sympy.ones(1, 4) * rows / 4)
    exact = centred.T * centred / 4
    measured.exact(exact, sympy.Matrix([[5, 3], [3, 5]]))
    measured.exact(exact.eigenvals(), {8: 1, 2: 1})
    X = torch.tensor(np.array(rows.tolist(), dtype=float))
    variances, V = principal_components(X)
    measured(variances, [8.0, 2.0], atol=1e-14)
    measured(V[:, 0].abs(), math.sqrt(0.5), atol=1e-14)
    measured(np.cov(X.numpy(), rowvar=False), 4 / 3 * covariance(X), atol=1e-14)


@pytest.mark.claim("LA-222")
@settings(max_examples=40)
@given(n=st.integers(1, 6), seed=seeds)
def test_no_direction_has_more_variance_than_the_first(n, seed):
    X = points(30, n, seed)
    variances, V = principal_components(X)
    u = plane(n, 1, seed + 1)[:, 0]
    spread = (X @ u).var(correction=0)
    assert torch.isclose(spread, u @ covariance(X) @ u, atol=1e-10)
    assert spread <= variances[0] + 1e-10
    assert torch.isclose((X @ V[:, 0]).var(correction=0), variances[0], atol=1e-10)
    assert spread >= variances[-1] - 1e-10
    assert torch.isclose((X @ V[:, -1]).var(correction=0), variances[-1], atol=1e-10)


@pytest.mark.claim("LA-223")
@settings(max_examples=40)
@given(n=st.integers(2, 6), r=st.integers(1, 6), seed=seeds)
def test_residual_is_what_is_discarded_and_no_plane_is_nearer(n, r, seed):
    r = min(r, n)
    X = points(30, n, seed)
    variances, V = principal_components(X)
    best = residual(X, reconstruct(X, X.mean(0), V[:, :r]))
    assert abs(best - variances[r:].sum()) < 1e-9
    near = torch.linalg.qr(V[:, :r] + 1e-2 * plane(n, r, seed + 2)).Q
    for rival in (plane(n, r, seed + 1), near):
        through = X.mean(0) + 0.1 * torch.randn(n, generator=torch.Generator().manual_seed(seed))
        assert residual(X, reconstruct(X, X.mean(0), rival)) >= best - 1e-9
        assert residual(X, reconstruct(X, through, V[:, :r])) >= best - 1e-9


@pytest.mark.claim("LA-41")
@pytest.mark.parametrize("r", [1, 10, 99])
def test_mnist_residual_is_the_sum_of_discarded_eigenvalues(r, measured):
    X, variances, V = chapter_figures._mnist()
    measured(residual(X, reconstruct(X, X.mean(0), V[:, :r])), variances[r:].sum(), atol=1e-10)


@pytest.mark.claim("LA-41")
def test_mnist_eigenvalues_against_scipy(measured):
    X, variances, _ = chapter_figures._mnist()
    oracle = scipy.linalg.eigvalsh(np.cov(X.numpy(), rowvar=False, bias=True), subset_by_index=[774, 783])
    measured(variances[:10], oracle[::-1], atol=1e-11)
    measured(variances[:10].sum() / variances.sum(), 0.49706, atol=5e-6)
    measured(variances[10:].sum(), 26.57967, atol=5e-6)


@pytest.mark.claim("LA-224")
@pytest.mark.parametrize("count", [4, 20])
def test_components_are_singular_vectors_of_the_centred_data(count, measured):
    X = points(count, 6, seed=9)
    _, s, Vt = torch.linalg.svd(X - X.mean(0), full_matrices=False)
    variances, V = principal_components(X)
    measured(variances[: len(s)], s**2 / count, atol=1e-12)
    top = min(count - 1, 6)
    measured((Vt[:top] @ V[:, :top]).abs(), torch.eye(top), atol=1e-7)


@pytest.mark.claim("LA-225")
@settings(max_examples=40)
@given(n=st.integers(2, 6), seed=seeds)
def test_not_centring_costs_at_most_one_component(n, seed):
    X = points(25, n, seed)
    centred = principal_components(X)[0]
    plain = torch.linalg.eigvalsh(X.T @ X / len(X)).flip(0)
    for r in range(n):
        assert centred[r:].sum() <= plain[r:].sum() + 1e-9
        assert plain[r + 1 :].sum() <= centred[r:].sum() + 1e-9


@pytest.mark.claim("LA-225")
def test_four_points_without_centring_exactly(measured):
    rows = sympy.Matrix([[5, 2], [-1, 0], [3, 4], [1, -2]])
    plain = rows.T * rows / 4
    measured.exact(plain, sympy.Matrix([[9, 5], [5, 6]]))
    root = sympy.sqrt(109)
    measured.exact(plain.eigenvals(), {(15 + root) / 2: 1, (15 - root) / 2: 1})
    X = torch.tensor(np.array(rows.tolist(), dtype=float))
    angles = torch.linspace(0, math.pi, 20001)
    u = torch.stack([angles.cos(), angles.sin()])
    left = ((X**2).sum() - (X @ u).square().sum(0)).min() / 4  # the best of many lines through the origin
    measured(left, (15 - math.sqrt(109)) / 2, atol=1e-6)
    measured(residual(X, X.mean(0).expand_as(X)), 10.0, atol=1e-14)


@pytest.mark.claim("LA-225")
def test_first_uncentred_direction_of_mnist_is_nearly_the_mean(quoted, measured):
    X, variances, _ = chapter_figures._mnist()
    values, vectors = scipy.linalg.eigh((X.T @ X / len(X)).numpy())
    mean = X.mean(0).numpy()
    measured(quoted["cosine_mean"], abs(vectors[:, -1] @ mean) / np.linalg.norm(mean), atol=1e-10)
    measured(quoted["uncentred_10"], values[:-10].sum(), atol=1e-9)
    assert quoted["cosine_mean"] > 0.999
    assert variances[10:].sum() < quoted["uncentred_10"] < variances[9:].sum()


@pytest.mark.claim("BR-07")
@pytest.mark.parametrize("seed", range(20))
def test_trained_autoencoder_reaches_the_truncated_svd(seed, measured):
    torch.manual_seed(seed)
    X = small_data()
    s = scipy.linalg.svdvals((X - X.mean(0)).numpy())
    reached = train(linear_autoencoder(8, 3), X)[-1]
    assert reached >= (s[3:] ** 2).sum() / len(X) - 1e-12
    measured(reached, (s[3:] ** 2).sum() / len(X), atol=1e-8)


@pytest.mark.claim("BR-07")
def test_the_loss_of_four_points_has_many_minima_and_is_not_convex(measured):
    four = torch.tensor([[5.0, 2.0], [-1.0, 0.0], [3.0, 4.0], [1.0, -2.0]])

    def loss(scale, factor):  # E, a and D of the page: E and a scaled, D by another factor
        hidden = scale * (four @ torch.tensor([[1.0], [1.0]]) - 3)
        return residual(four, hidden @ (factor * torch.tensor([[0.5, 0.5]])) + torch.tensor([2.0, 1.0]))

    for pair in ((1.0, 1.0), (2.0, 0.5), (-1.0, -1.0)):
        measured(loss(*pair), 2.0, atol=1e-12)
    measured(loss(0.0, 0.0), 10.0, atol=1e-12)  # half-way between (1, 1) and (-1, -1)


@pytest.mark.claim("BR-07")
@settings(max_examples=40)
@given(n=st.integers(2, 6), r=st.integers(1, 5), seed=seeds)
def test_no_affine_map_through_a_bottleneck_beats_pca(n, r, seed):
    r = min(r, n)
    X = points(30, n, seed)
    floor = principal_components(X)[0][r:].sum().item()
    generator = torch.Generator().manual_seed(seed + 1)
    encoder = torch.randn(n, r, generator=generator)
    codes = torch.cat([X @ encoder, torch.ones(len(X), 1)], dim=1)
    # for that encoder, the best decoder and the best bias there are
    decoder = torch.tensor(scipy.linalg.lstsq(codes.numpy(), X.numpy())[0])
    assert residual(X, codes @ decoder) >= floor - 1e-9


@pytest.mark.claim("LA-226")
def test_biases_centre_the_data(measured):
    torch.manual_seed(0)
    X = small_data()
    plain = torch.linalg.eigvalsh(X.T @ X / len(X)).flip(0)
    measured(train(linear_autoencoder(8, 3), X)[-1], principal_components(X)[0][3:].sum(), atol=1e-8)
    measured(train(linear_autoencoder(8, 3, bias=False), X)[-1], plain[3:].sum(), atol=1e-8)
    assert plain[3:].sum() > 1.1 * principal_components(X)[0][3:].sum()


@pytest.mark.claim("LA-227")
@pytest.mark.parametrize("seed", range(3))
def test_product_is_the_projection_but_the_units_are_not_the_components(seed, measured):
    torch.manual_seed(seed)
    X = small_data()
    network = linear_autoencoder(8, 3)
    train(network, X)
    encoder, decoder = network[0].weight.detach(), network[1].weight.detach()
    V = principal_components(X)[1][:, :3]
    measured(decoder @ encoder, V @ V.T, atol=1e-4)
    cosines = (encoder / encoder.norm(dim=1, keepdim=True) @ V).abs()
    assert cosines.max() < 0.999
    assert torch.linalg.norm(encoder @ (torch.eye(8) - V @ V.T)) < 1e-3 * encoder.norm()
    G = torch.randn(3, 3)
    measured(decoder @ G.inverse() @ (G @ encoder), decoder @ encoder, atol=1e-10)


@pytest.mark.claim("LA-42")
def test_laplacian_separates_rings_that_the_covariance_halves(measured):
    X = chapter_figures.rings()
    signs = fiedler(X, 0.3).sign()
    measured.exact((signs[:120] == signs[0]).all() & (signs[120:] == -signs[0]).all(), True)
    first = (X - X.mean(0)) @ principal_components(X)[1][:, 0]
    assert 40 < (first[:120] > 0).sum() < 80
    assert 40 < (first[120:] > 0).sum() < 80


@pytest.mark.claim("LA-42")
def test_fiedler_vector_of_a_path_is_a_cosine(measured):
    vector = fiedler(torch.arange(9.0).double()[:, None], 0.3)  # so narrow that only neighbours count
    expected = torch.cos(math.pi * (torch.arange(9) + 0.5) / 9)
    measured(vector.abs() / vector.norm(), expected.abs() / expected.norm(), atol=1e-6)


@pytest.mark.claim("LA-42")
def test_covariance_of_all_shifts_is_circulant_with_fourier_eigenvectors(measured):
    rows = load_images("test")[:50, 14].double() / 255
    C = covariance(all_shifts(rows))
    measured(C, scipy.linalg.circulant(C[:, 0].numpy()), atol=1e-13)
    positions = torch.arange(28)
    for k in range(15):
        for wave in (torch.cos, torch.sin):
            f = wave(2 * math.pi * k * positions / 28)
            value = torch.fft.fft(C[0]).real[k]
            measured(C @ f, value * f, atol=1e-11)


def test_whitened_data_has_the_identity_as_covariance(measured):
    measured(covariance(whiten(points(50, 4))), torch.eye(4), atol=1e-11)
    with pytest.raises(ValueError, match="drop the constant ones"):
        whiten(torch.ones(5, 2))


@pytest.mark.parametrize(("count", "n", "r"), [(5, 40, 4), (20, 8, 8), (6, 6, 3)])
def test_directions_from_dot_products(count, n, r, measured):
    X = points(count, n, seed=11)
    V = directions_from_gram(X, r)
    measured(V.T @ V, torch.eye(r), atol=1e-8)
    oracle = principal_components(X)[1][:, :r]
    measured(V @ V.T, oracle @ oracle.T, atol=1e-7)


@pytest.mark.parametrize(
    ("count", "n", "r", "rank"), [(5, 40, -1, 4), (5, 40, 0, 4), (5, 40, 5, 4), (10, 3, 5, 3), (3, 3, 3, 2)]
)
def test_directions_from_dot_products_stop_at_the_rank(count, n, r, rank):
    with pytest.raises(ValueError, match=f"choose 1 to {rank}"):
        directions_from_gram(points(count, n), r)
    for scale in (1e-9, 1e9):
        V = directions_from_gram(scale * points(count, n), rank)
        torch.testing.assert_close(V.T @ V, torch.eye(rank), rtol=0, atol=1e-6)


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_dtype_is_followed(dtype):
    X = points(20, 3).to(dtype)
    for result in (covariance(X), *principal_components(X), whiten(X), directions_from_gram(X, 2), fiedler(X, 1.0)):
        assert result.dtype == dtype
    assert covariance(X[:1]).abs().max() == 0
    with pytest.raises(ValueError, match="no points"):
        covariance(X[:0])


def test_shifted_digits_are_reconstructed_worse(quoted, measured):
    X, variances, V = chapter_figures._mnist()
    still, moved = shift_residuals(X, 10)
    measured(still, variances[10:].sum(), atol=1e-10)
    rolled = np.roll(X.numpy().reshape(-1, 28, 28), 1, axis=2).reshape(-1, 784) - X.mean(0).numpy()
    lost = rolled - rolled @ V[:, :10].numpy() @ V[:, :10].numpy().T
    measured(moved, (lost**2).sum(1).mean(), atol=1e-10)
    measured(quoted["shift_more"], moved / still - 1, atol=1e-9)
    assert moved > 1.1 * still


@pytest.mark.parametrize("r", [-1, 0, 9])
def test_bottleneck_out_of_range_is_named(r):
    with pytest.raises(ValueError, match="choose 1 to 8"):
        linear_autoencoder(8, r)


def test_shares_and_counts_against_numpy(measured, quoted):
    ink = chapter.digits().numpy()
    measured.exact(quoted["constant_pixels"], int((ink.max(0) == ink.min(0)).sum()))
    variances = np.linalg.svd(ink - ink.mean(0), compute_uv=False) ** 2
    share = variances.cumsum() / variances.sum()
    measured([quoted[f"kept_{r}"] for r in (2, 10, 50, 99)], share[[1, 9, 49, 98]], atol=1e-12)
    measured.exact(quoted["for_95"], int((share < 0.95).sum()) + 1)


test_numbers = numbers(
    "linear_algebra.pca",
    {
        "kept_2": near(0.17592, 5e-5),
        "kept_10": near(0.49706, 5e-6),
        "kept_50": near(0.83163, 5e-5),
        "kept_99": near(0.91741, 5e-5),
        "for_95": 149,
        "constant_pixels": 116,
        "code_0": near(3.9246, 1e-4),
        "code_1": near(-3.3106, 1e-4),
        "cosine_mean": between(0.999, 1),
        "small_floor": near(3.5073972, 1e-6),
        "small_worst": near(3.5073972, 1e-6),
        "shift_more": near(0.12324, 5e-5),
        "pixel_loss_99": near(0.0055675, 5e-7),
    },
)
