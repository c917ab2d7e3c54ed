"""Complex matrices as real ones: sums, products, action, rank, round trip, shapes."""

import pytest
import torch

from snippets.linear_networks.complex_blocks import complexify, realify


def draw(*shape, seed=0, dtype=torch.complex128):
    return torch.randn(*shape, dtype=dtype, generator=torch.Generator().manual_seed(seed))


@pytest.mark.parametrize("batch", [(), (4,), (2, 3), (0,)])
def test_it_is_a_homomorphism_that_acts_as_the_complex_matrix(batch):
    Z, W, z = draw(*batch, 3, 2), draw(*batch, 2, 5, seed=1), draw(*batch, 2, 1, seed=2)
    torch.testing.assert_close(realify(Z @ W), realify(Z) @ realify(W), atol=1e-14, rtol=0)
    torch.testing.assert_close(realify(Z.mH), realify(Z).mT, atol=0, rtol=0)
    stacked = torch.cat([z.real, z.imag], dim=-2)
    image = torch.cat([(Z @ z).real, (Z @ z).imag], dim=-2)
    torch.testing.assert_close(realify(Z) @ stacked, image, atol=1e-14, rtol=0)
    assert realify(Z).shape == (*batch, 6, 4)


def test_the_order_is_first_parts_then_second_parts():
    Z = torch.tensor([[1 + 2j, 3 + 4j]])
    assert realify(Z).tolist() == [[1, 3, -2, -4], [2, 4, 1, 3]]


@pytest.mark.parametrize("dtype", [torch.complex64, torch.complex128])
def test_there_and_back_in_the_precision_of_the_input(dtype):
    Z = draw(4, 3, 2, dtype=dtype)
    assert complexify(realify(Z)).equal(Z)
    assert complexify(realify(Z)).dtype == dtype
    assert realify(Z).dtype == Z.real.dtype


def test_complexify_is_the_orthogonal_projection():
    R = draw(6, 4).real
    rest = R - realify(complexify(R))
    for seed in range(20):
        assert (rest * realify(draw(3, 2, seed=seed))).sum().abs() < 1e-13


def test_sizes_of_zero_and_odd_sizes():
    assert realify(draw(0, 2)).shape == (0, 4)
    assert complexify(torch.zeros(4, 0)).shape == (2, 0)
    for shape in ((3, 4), (4, 3), (2, 5, 2)):
        with pytest.raises(ValueError, match=f"{shape[-2]}×{shape[-1]} matrix does not stand"):
            complexify(torch.zeros(shape))
