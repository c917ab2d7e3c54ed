"""Horizontal shifts against scipy, and the laws that the cyclic ones obey."""

import numpy as np
import pytest
import scipy.ndimage
import torch

from snippets.mnist.shifts import REACH, cyclic_shift, interpolation, pictures, random_amounts, shift


def random_images(count: int = 6, seed: int = 0) -> torch.Tensor:
    return torch.randint(0, 256, (count, 28, 28), generator=torch.Generator().manual_seed(seed), dtype=torch.uint8)


@pytest.mark.claim("MN-04")
def test_the_paper_s_shift_is_scipy_s_linear_one_with_the_nearest_edge(measured):
    images = random_images(40).double()
    amounts = random_amounts(40, torch.Generator().manual_seed(1))
    amounts[:6] = torch.tensor([0.0, 1.0, -2.0, 5.6, -5.6, 27.5])
    expected = np.stack(
        [
            scipy.ndimage.shift(image, (0, amount), order=1, mode="nearest")
            for image, amount in zip(images.numpy(), amounts.numpy(), strict=True)
        ]
    )
    measured(shift(images, amounts), expected, atol=1e-10)


def test_shift_on_a_picture_by_hand(measured):
    row = torch.tensor([[[10.0, 20.0, 40.0]]])
    measured(shift(row, torch.tensor([0.5])), [[[10.0, 15.0, 30.0]]], atol=1e-12)
    measured(shift(row, torch.tensor([-1.0])), [[[20.0, 40.0, 40.0]]], atol=1e-12)


def test_the_weights_of_every_new_pixel_sum_to_one(measured):
    matrices = interpolation(random_amounts(50, torch.Generator().manual_seed(2)), 28)
    measured(matrices.sum(1), torch.ones(50, 28), atol=1e-12)
    assert matrices.min() >= 0


@pytest.mark.claim("MN-04")
def test_amounts_are_uniform_seeded_and_at_most_a_fifth_of_the_width(measured):
    amounts = random_amounts(100_000, torch.Generator().manual_seed(3))
    assert amounts.abs().max() <= 5.6 == pytest.approx(REACH)
    measured(amounts.mean(), 0, atol=0.04)
    measured(amounts.std(), 5.6 / 3**0.5, atol=0.02)
    assert torch.equal(amounts, random_amounts(100_000, torch.Generator().manual_seed(3)))
    assert not torch.equal(amounts, random_amounts(100_000, torch.Generator().manual_seed(4)))


@pytest.mark.claim("MN-03")
def test_cyclic_shift_moves_right_and_comes_back(measured):
    images = random_images()
    measured.exact(bool((cyclic_shift(images, 1)[:, :, 1:] == images[:, :, :-1]).all()), True)
    measured.exact(bool((cyclic_shift(images, 1)[:, :, 0] == images[:, :, -1]).all()), True)
    measured.exact(bool((cyclic_shift(images, 28) == images).all()), True)


def test_each_picture_may_have_its_own_cyclic_shift():
    images, amounts = random_images(), torch.tensor([0, 1, -1, 27, 28, -57])
    each = torch.cat([cyclic_shift(images[i : i + 1], int(k)) for i, k in enumerate(amounts)])
    assert torch.equal(cyclic_shift(images, amounts), each)


def test_both_shifts_agree_where_nothing_leaves():
    images = random_images()
    images[:, :, :7] = images[:, :, -7:] = 0
    amounts = torch.tensor([-6.0, -3.0, 0.0, 1.0, 4.0, 6.0])
    assert torch.equal(shift(images, amounts), cyclic_shift(images, amounts.long()).double())


def test_pictures_come_in_chunks_between_zero_and_one(measured):
    images = random_images(7)
    chunks = list(pictures(images, chunk=3))
    assert [len(chunk) for chunk in chunks] == [3, 3, 1]
    assert all(chunk.dtype == torch.float32 for chunk in chunks)
    measured(torch.cat(chunks), images / 255.0, atol=1e-7)


def test_pictures_are_shifted_where_amounts_are_given(measured):
    images, amounts = random_images(7), random_amounts(7, torch.Generator().manual_seed(5))
    measured(torch.cat(list(pictures(images, amounts, chunk=3))), shift(images / 255.0, amounts), atol=1e-5)


def test_pictures_are_not_changed():
    images = random_images(4)
    before = images.clone()
    list(pictures(images))
    assert torch.equal(images, before)


@pytest.mark.parametrize("value", [float("nan"), float("inf")])
def test_shifts_have_to_be_finite(value):
    with pytest.raises(ValueError, match=f"finite, got {value}"):
        shift(torch.zeros(2, 28, 28), torch.tensor([0.0, value]))


def test_pictures_have_to_be_28_by_28_with_one_shift_each():
    with pytest.raises(ValueError, match="27×28 pixels, expected 28×28"):
        next(pictures(torch.zeros(2, 27, 28, dtype=torch.uint8)))
    with pytest.raises(ValueError, match="3 shifts for 2 pictures"):
        next(pictures(torch.zeros(2, 28, 28, dtype=torch.uint8), torch.zeros(3)))
