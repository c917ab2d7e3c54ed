"""The training script's page: the recipe on data whose optimum is known, and the exercises."""

import matplotlib.pyplot as plt
import pytest
import torch
from torch import nn

from book.expect import between, numbers
from snippets.mnist.script import collapse, draw, least_loss, mean_of_parts, shares, train
from snippets.mnist.train.loop import squared_error
from snippets.mnist.train.networks import build
from snippets.mnist.train.settings import DEFAULTS, Settings

test_numbers = numbers("mnist.script", {
    "small_first": between(0.2, 3.0),
    "small_gap": between(0.001, 0.03),
    "batch_20_gap": between(0.001, 0.03),
    "batch_50_gap": between(0.05, 0.5),
    "batch_200_gap": between(0.6, 1.8),
    "batch_1000_gap": between(1.5, 4.0),
    "dense_epochs": DEFAULTS["dense"][0],
    "dense_batch": DEFAULTS["dense"][1],
    "dense_rate": DEFAULTS["dense"][2],
    "paper_epochs": DEFAULTS["blocks"][0],
    "paper_batch": DEFAULTS["blocks"][1],
    "paper_rate": DEFAULTS["blocks"][2],
})  # fmt: skip


def points(count: int = 300) -> torch.Tensor:
    scales = torch.tensor([3.0, 2.0, 1.0, 0.5, 0.2, 0.1])
    return torch.randn(count, 6, generator=torch.Generator().manual_seed(1)) * scales


@pytest.mark.parametrize("rank", [1, 2, 5, 6])
def test_the_least_loss_is_that_of_the_singular_values_left_out(rank, measured):
    x = points()
    u, s, v = torch.linalg.svd(x, full_matrices=False)
    best = u[:, :rank] * s[:rank] @ v[:rank]
    measured(least_loss(x, rank), (x - best).square().mean(), atol=1e-12)


def test_the_recipe_trains_down_to_the_optimum_and_not_below():
    torch.manual_seed(0)
    x = points()
    network = nn.Sequential(nn.Linear(6, 2, bias=False), nn.Linear(2, 6, bias=False))
    losses, optimum = train(network, x, 60, 0.05, 30), least_loss(x, 2)
    assert len(losses) == 60
    with torch.no_grad():
        assert losses[-1] == pytest.approx(float((network(x) - x).square().mean()))
    assert optimum <= losses[-1] < 1.05 * optimum < losses[0]


def test_the_drawing_has_the_optimum_and_the_gap():
    figure = draw([0.4, 0.3, 0.25], 0.2)
    above, under = figure.axes
    assert list(above.lines[0].get_ydata()) == [0.4, 0.3, 0.25]
    assert list(above.lines[1].get_ydata()) == [0.2, 0.2]
    assert list(under.lines[0].get_ydata()) == pytest.approx([1.0, 0.5, 0.25])
    assert under.get_yscale() == "log"
    plt.close(figure)


@pytest.mark.parametrize("model", ["dense", "equivariant", "semi-equivariant", "invariant"])
def test_a_collapsed_network_is_the_same_map(model, measured):
    network = build(
        Settings(model=model, rank=5, ranks=None if model in ("dense", "invariant") else (1, 2))
    ).requires_grad_(False)
    x = torch.rand(7, 28, 28)
    flat = collapse(network, 5)
    assert sum(w.numel() for w in flat.parameters()) == 2 * 5 * 784
    assert all(w.dtype == torch.float64 for w in flat.parameters())
    measured(flat(x.flatten(1)).detach().view_as(x), network(x), atol=1e-12)


def test_solution_shares():
    assert shares(10, 3) == [(0, 3), (3, 6), (6, 10)]
    for count in (0, 7, 100):
        sizes = [stop - start for start, stop in shares(count, 6)]
        assert sum(sizes) == count
        assert max(sizes) - min(sizes) <= 1


def test_solution_mean(measured):
    network, x = nn.Linear(6, 6, bias=False), points(50)
    loss = (network(x) - x).square().mean()
    (whole,) = torch.autograd.grad(loss, [network.weight])
    for cuts in ([], [7], [3, 10, 11]):
        measured(mean_of_parts(network, x, cuts, squared_error), whole.flatten(), atol=1e-12)


def test_both_drawings_show_the_same_epochs():
    above, under = draw([0.4, 0.3, 0.25], 0.2).axes
    under.set_xlim(2, 3)
    assert above.get_xlim() == (2, 3)
