"""What is drawn and computed for the page *Beyond linear*."""

import matplotlib.pyplot as plt
import torch
from matplotlib.figure import Figure
from torch import Tensor, nn

from book import figure, results
from snippets.mnist.data import load_images, load_labels
from snippets.mnist.nonlinear import (
    NETWORKS,
    ShiftEquivariant,
    circular_cnn,
    equivariant,
    symmetry_error,
)
from snippets.mnist.shifts import cyclic_shift, pictures, random_amounts


@results(seed=0)
def errors() -> dict[str, float]:
    """How far layers and networks are from the symmetry, on test digits, in double precision."""
    x = load_images("test")[:200] / 255.0
    convolution = {mode: nn.Conv2d(1, 8, 3, padding=1, padding_mode=mode) for mode in ("circular", "zeros")}
    plane, networks = x[:, None], {name: network() for name, network in NETWORKS.items()}
    found = {
        "layer": symmetry_error(ShiftEquivariant(28, 11), x),
        **{f"whole_{name}": symmetry_error(network, x, by=5, out_by=0) for name, network in networks.items()},
        "circular": symmetry_error(convolution["circular"], plane, by=10),
        "zeros": symmetry_error(convolution["zeros"], plane, by=10),
        "zeros_by_2": symmetry_error(convolution["zeros"], plane, by=2),
        "pool_by_1": symmetry_error(nn.MaxPool2d(2), plane, by=1, out_by=0),
        "pool_by_2": symmetry_error(nn.MaxPool2d(2), plane, by=2, out_by=1),
    }
    drawn = [nn.Conv2d(1, 8, 3, padding=1) for _ in range(20)]
    by_10 = [symmetry_error(convolution, plane, by=10) for convolution in drawn]
    by_2 = [symmetry_error(convolution, plane, by=2) for convolution in drawn]
    return found | {"zeros_least": min(by_10), "zeros_most": max(by_10), "zeros_most_by_2": max(by_2)}


@results(seed=0)
def row_sums() -> dict[str, float]:
    """The best logistic regression on the 28 row sums of the shifted digits: its accuracy on the test digits."""
    generator = torch.Generator().manual_seed(0)
    sums = {}
    for split in ("train", "test"):
        images = load_images(split)
        chunks = pictures(images, random_amounts(len(images), generator))
        sums[split] = torch.cat([x.sum(-1) for x in chunks]).double()
    model, labels = nn.Linear(28, 10), load_labels("train").long()
    optimizer = torch.optim.LBFGS(model.parameters(), max_iter=60, line_search_fn="strong_wolfe")

    def loss() -> Tensor:
        optimizer.zero_grad()
        value = nn.functional.cross_entropy(model(sums["train"]), labels)
        value.backward()
        return value

    optimizer.step(loss)
    right = model(sums["test"]).argmax(1) == load_labels("test")
    return {"row_sums": round(float(right.double().mean()), 6)}


@figure(
    alt="Two rows. Above: a digit, two layers of features drawn as stripes, and a column of means. Below: the "
    "digit moved around by nine columns; both layers are moved by nine columns too, and the means are the same."
)
def layers() -> Figure:
    """A digit and its shift on their way through an untrained network."""
    torch.manual_seed(0)
    network = equivariant()
    image = load_images("test")[490:491] / 255.0
    fig, axes = plt.subplots(2, 4, figsize=(5.4, 3.1), width_ratios=[1, 1, 1, 0.35])
    for line, x in zip(axes, (image, cyclic_shift(image, 9)), strict=True):
        with torch.no_grad():
            first, second = network[:2](x), network[:4](x)
        mean = second.mean(-1, keepdim=True)
        for ax, picture in zip(line, (x, first, second, mean.expand(-1, -1, 4)), strict=True):
            ax.imshow(picture[0].numpy(), vmin=0, vmax=float(picture.max()), aspect="auto")
            ax.set(xticks=[], yticks=[])
    for ax, title in zip(axes[0], ("a digit", "first layer", "second", "mean"), strict=True):
        ax.set_title(title)
    axes[0, 0].set_ylabel("as it is")
    axes[1, 0].set_ylabel("moved by 9")
    return fig


@results()
def sizes() -> dict[str, int]:
    """How many numbers the head of the circular CNN sees."""
    return {"channels": circular_cnn()[-1].in_features}
