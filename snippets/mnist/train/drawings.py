"""The drawings of a run's folder: the curve with its optimum, and some pictures."""

import io
from collections.abc import Iterator

import torch
from jaxtyping import Float
from matplotlib import rc_context
from matplotlib.figure import Figure
from torch import Tensor

from snippets.mnist.script import draw
from snippets.mnist.train.report import Report


@torch.no_grad()
def reconstructions(samples: Float[Tensor, "n 28 28"], report: Report) -> Figure:
    """Draw shifted test pictures, what the network makes of them, and what the optimum does."""
    samples = samples.double().cpu()
    rows = {
        "input": samples,
        "output": report.network(samples),
        "optimum": report.best(samples),
    }
    if not report.history:
        del rows["output"]
    figure = Figure(figsize=(5.4, len(rows)))
    lines = figure.subplots(len(rows), len(samples), squeeze=False)
    for line, (name, row) in zip(lines, rows.items(), strict=True):
        for ax, picture in zip(line, row, strict=True):
            ax.imshow(picture.numpy(), vmin=0, vmax=1, cmap="gray_r")
            ax.set(xticks=[], yticks=[])
        line[0].set_ylabel(name)
    return figure


def drawings(
    samples: Float[Tensor, "n 28 28"], report: Report
) -> Iterator[tuple[str, str]]:
    """Yield the name and the text of each drawing as SVG, without a date."""
    figures = {"reconstructions": reconstructions(samples, report)}
    if report.history and report.gap is not None:
        figures["curves"] = draw(
            [row.train_loss for row in report.history], report.optimum
        )
    with rc_context({"svg.hashsalt": "run"}):
        for name, figure in figures.items():
            text = io.StringIO()
            figure.savefig(text, format="svg", metadata={"Date": None})
            yield f"{name}.svg", text.getvalue()
