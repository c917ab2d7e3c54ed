"""The drawings of a run's folder: the curve with its optimum, and some pictures."""

import io

import torch
from jaxtyping import Float
from matplotlib.figure import Figure
from torch import Tensor

from snippets.mnist.script import draw
from snippets.mnist.train.report import Report


@torch.no_grad()
def reconstructions(samples: Float[Tensor, "n 28 28"], report: Report) -> Figure:
    """Draw shifted test pictures, what the network makes of them, and what the optimum does."""
    samples = samples.double().cpu()
    rows = {"input": samples}
    if report.history:
        rows["output"] = report.network(samples)
    rows["optimum"] = report.best(samples)
    figure = Figure(figsize=(5.4, 0.8 * len(rows)))
    ax = figure.subplots()
    tiles = torch.cat([row.movedim(0, 1).flatten(1) for row in rows.values()])
    ax.imshow(tiles.numpy(), vmin=0, vmax=1, cmap="gray_r")
    ax.set(xticks=[], yticks=range(14, len(tiles), 28), yticklabels=rows)
    return figure


def drawings(samples: Float[Tensor, "n 28 28"], report: Report) -> dict[str, str]:
    """Return each drawing as SVG, by the name of its file."""
    figures = {"reconstructions.svg": reconstructions(samples, report)}
    if report.history and report.gap is not None:
        losses = [row.train_loss for row in report.history]
        figures["curves.svg"] = draw(losses, report.optimum)
    texts = {name: io.StringIO() for name in figures}
    for name, figure in figures.items():
        figure.savefig(texts[name], format="svg", bbox_inches="tight")
    return {name: text.getvalue() for name, text in texts.items()}
