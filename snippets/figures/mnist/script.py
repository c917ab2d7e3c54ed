"""What is drawn and computed for the page *The training script*."""

from functools import cache

import torch
from matplotlib.figure import Figure
from torch import nn

from book import figure, results
from snippets.mnist.data import load_images
from snippets.mnist.script import draw, least_loss, train
from snippets.mnist.train.settings import DEFAULTS

RANK, EPOCHS, BATCHES = 20, 12, (20, 50, 200, 1000)


@cache
def trained(batch: int = BATCHES[0]) -> tuple[list[float], float]:
    """Return the losses of a dense autoencoder of 2,000 digits by epoch, and its optimum."""
    x = load_images("train")[:2000].flatten(1).to(torch.float32) / 255
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        network = nn.Sequential(nn.Linear(784, RANK, bias=False), nn.Linear(RANK, 784, bias=False)).float()
        return train(network, x, EPOCHS, 0.01, batch), least_loss(x.double(), RANK)


@results(seed=0)
def script_numbers() -> dict[str, float | int]:
    """Where the small training ends, with batches of several sizes, and the defaults of the script."""
    losses, optimum = trained()
    found: dict[str, float | int] = {"small_gap": losses[-1] / optimum - 1, "small_first": losses[0] / optimum - 1}
    found |= {f"batch_{batch}_gap": trained(batch)[0][-1] / optimum - 1 for batch in BATCHES}
    for name, kind in (("dense", "dense"), ("paper", "blocks")):
        epochs, batch, rate = DEFAULTS[kind]
        found |= {f"{name}_epochs": epochs, f"{name}_batch": batch, f"{name}_rate": rate}
    return found


@figure(
    alt="Top: a loss that falls over twelve epochs to a horizontal line, its optimum. Bottom: the gap between the two "
    "on a logarithmic axis, which falls straight to below a hundredth."
)
def recipe() -> Figure:
    """A training curve with the true optimum in it."""
    return draw(*trained())
