"""The drawings of a run's folder, light and dark: the curve with its optimum, and some pictures."""

import io
from collections.abc import Iterator

import torch
from jaxtyping import Float
from matplotlib import rc_context
from matplotlib.figure import Figure
from torch import Tensor

from snippets.mnist.train.report import Report

MODES = {
    "light": {},
    "dark": {
        "figure.facecolor": "0.13",
        "axes.facecolor": "0.13",
        "savefig.facecolor": "0.13",
        "text.color": "0.85",
        "axes.labelcolor": "0.85",
        "axes.edgecolor": "0.6",
        "xtick.color": "0.85",
        "ytick.color": "0.85",
    },
}


def curves(report: Report) -> Figure:
    """Draw the losses with the optimum as a line, and below them the gap to it."""
    figure = Figure(figsize=(5.2, 4.6))
    losses, gaps = figure.subplots(2, 1, sharex=True)
    seen = [row.images / 1000 for row in report.history]
    losses.plot(
        seen, [row.train_loss for row in report.history], "C0.-", label="training"
    )
    losses.plot(seen, [row.test_loss for row in report.history], "C1.-", label="test")
    losses.axhline(report.optimum, color="C0", ls="--", lw=1, label="optimum, training")
    losses.axhline(
        report.optimum_test, color="C1", ls="--", lw=1, label="the same network, test"
    )
    losses.set(ylabel="loss per pixel")
    losses.legend(loc="lower center", bbox_to_anchor=(0.5, 1), ncols=2)
    # a gap is a difference of nearly equal numbers, and means nothing below the rounding of the weights
    above = [
        max(row.train_loss - report.optimum if row.gap is None else row.gap, 1e-9)
        for row in report.history
    ]
    gaps.plot(seen, above, "C0.-")
    gaps.set(
        xlabel="pictures seen, in thousands", ylabel="gap to the optimum", yscale="log"
    )
    gaps.grid(alpha=0.5)
    return figure


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
    for line, (name, row) in zip(
        figure.subplots(len(rows), len(samples), squeeze=False),
        rows.items(),
        strict=True,
    ):
        for ax, picture in zip(line, row, strict=True):
            ax.imshow(picture.numpy(), vmin=0, vmax=1, cmap="gray_r")
            ax.set(xticks=[], yticks=[])
        line[0].set_ylabel(name)
    return figure


def drawings(
    samples: Float[Tensor, "n 28 28"], report: Report
) -> Iterator[tuple[str, str]]:
    """Yield the name and the text of each drawing as SVG, without a date."""
    for mode, colours in MODES.items():
        with rc_context({"svg.hashsalt": "run", **colours}):
            figures = {"reconstructions": reconstructions(samples, report)}
            if report.history:
                figures["curves"] = curves(report)
            for name, figure in figures.items():
                text = io.StringIO()
                figure.savefig(text, format="svg", metadata={"Date": None})
                yield f"{name}-{mode}.svg", text.getvalue()
