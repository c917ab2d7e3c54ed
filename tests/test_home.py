"""The front page keeps its word: one network commutes with the shift, the other does not."""

import pytest
import torch

from book.expect import below, between, numbers
from snippets import home
from snippets.figures import home as home_figures


def test_the_equivariant_network_commutes_with_every_shift(measured):
    """Encoding and shifting may be swapped, for any number of pixels."""
    network, picture = home_figures.equivariant(), home_figures.digit()
    for pixels in (1, 8, 27):
        measured(network(picture.roll(pixels, -1)), network(picture).roll(pixels, -1), atol=1e-12)


def test_the_dense_network_does_not():
    """For the dense network the order matters, and visibly so."""
    assert home_figures.gap(home_figures.dense()) > 0.5


@pytest.mark.parametrize("network", [home_figures.dense, home_figures.equivariant])
def test_both_networks_are_projections_of_rank_99(network, measured):
    """Each is an idempotent matrix of trace 99, so neither keeps more than the other."""
    pictures = torch.eye(784).view(-1, 28, 28)
    matrix = torch.stack([network()(picture).flatten() for picture in pictures], dim=1)
    measured(matrix @ matrix, matrix, atol=1e-12)
    measured(matrix.trace(), 99.0, atol=1e-9)


def test_shifted_moves_right_and_wraps():
    """The first column lands eight columns further right, the last eight come back on the left."""
    picture = torch.arange(784.0).view(28, 28)
    assert torch.equal(home_figures.shifted(picture)[:, home_figures.PIXELS], picture[:, 0])
    assert torch.equal(home_figures.shifted(picture)[:, 0], picture[:, -home_figures.PIXELS])


def test_a_linear_layer_of_torch_moves_zero_by_its_bias(measured):
    """The image of zero is the bias, and zero where there is none."""
    layer = torch.nn.Linear(5, 3)
    measured.exact(home.image_of_zero(layer), layer.bias)
    assert layer.bias.abs().min() > 0
    measured.exact(home.image_of_zero(torch.nn.Linear(5, 3, bias=False)), torch.zeros(3))


test_numbers = numbers(
    "home",
    {
        "dense": between(0.5, 2.0),  # of pixels that lie between 0 and 1: as wrong as it looks
        "equivariant": below(1e-13),
        "pixels": 8,
    },
)
