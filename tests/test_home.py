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


@pytest.mark.parametrize("n", [-2.0, 0.0, 1.5])
def test_the_bent_grid_has_straight_and_even_lines(n, measured):
    """The images of equidistant points on a grid line are equidistant points of a line."""
    steps = [-3.0, -2.0, -1.0, 0.0, 1.0, 2.0, 3.0]
    for line in ([home.bend(n, t) for t in steps], [home.bend(t, n) for t in steps]):
        points = torch.tensor(line)
        measured(points.diff(n=2, dim=0), 0.0, atol=1e-12)


def test_the_bent_grid_keeps_the_origin_and_is_not_linear(measured):
    """Zero stays, but a sum is not sent to the sum."""
    measured.exact(home.bend(0.0, 0.0), (0.0, 0.0))
    measured.exact(home_figures.numbers()["image_of_sum"], "(1, 2)")
    measured.exact(home_figures.numbers()["sum_of_images"], "(1, 1)")


def test_the_figure_is_drawn():
    """Nine places: two pictures and a legend, and three pictures for each network."""
    assert len(home_figures.commuting_square().axes) == 9


test_numbers = numbers(
    "home",
    {
        "dense": between(0.5, 2.0),  # of pixels that lie between 0 and 1: as wrong as it looks
        "equivariant": below(1e-13),
        "pixels": 8,
        "image_of_sum": "(1, 2)",
        "sum_of_images": "(1, 1)",
    },
)
