"""The drawings of a run's folder, light and dark, in the style of the book."""

import io
from collections.abc import Callable, Iterator

import matplotlib
import torch
from jaxtyping import Float
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from torch import Tensor

from book.style import MODES, style
from snippets.mnist.train.report import Report


def drawn(figure: Callable[[], Figure]) -> Iterator[tuple[str, str]]:
    """Yield both versions of a figure as SVG, without a date."""
    for mode in MODES:
        with matplotlib.rc_context(style(mode)):
            text = io.StringIO()
            figure().savefig(text, format="svg", metadata={"Date": None})
            yield mode, text.getvalue()


def curves(report: Report) -> Figure:
    """Draw the losses, and below them the gap to the optimum, against the pictures seen."""
    figure = Figure(figsize=(5.2, 4.6))
    losses, gaps = figure.subplots(2, 1, sharex=True)
    seen = [row.images / 1000 for row in report.history]
    losses.plot(seen, [row.train_loss for row in report.history], "C0.-", label="training")
    losses.plot(seen, [row.test_loss for row in report.history], "C1.-", label="test")
    losses.axhline(report.optimum, color="C0", ls="--", lw=1, label="optimum, training")
    losses.axhline(report.optimum_test, color="C1", ls="--", lw=1, label="the same network, test")
    falls = report.history[0].train_loss / report.history[-1].test_loss
    losses.set(ylabel="loss per pixel", yscale="log" if falls > 3 else "linear")
    losses.legend(loc="lower center", bbox_to_anchor=(0.5, 1), ncols=2)
    # a gap is a difference of nearly equal numbers, so it means nothing below the rounding of the weights
    gaps.plot(seen, [max(row.gap, 1e-9) for row in report.history], "C0.-")
    gaps.set(xlabel="pictures seen, in thousands", ylabel="gap to the optimum", yscale="log")
    gaps.grid(alpha=0.5)
    figure.align_ylabels()
    return figure


def show(ax: Axes, picture: Float[Tensor, "28 28"]) -> None:
    """Show one picture without ticks."""
    ax.imshow(picture.numpy(), vmin=0, vmax=1)
    ax.set(xticks=[], yticks=[])
    for spine in ax.spines.values():
        spine.set(visible=True, color=matplotlib.rcParams["grid.color"])


@torch.no_grad()
def reconstructions(samples: Float[Tensor, "n 28 28"], report: Report) -> Figure:
    """Draw shifted test pictures, what the network makes of them, and what the optimum does."""
    samples = samples.double().cpu()
    rows = {"input": samples, "output": report.network(samples), "optimum": report.best(samples)}
    if not report.history:
        del rows["output"]
    figure = Figure(figsize=(5.4, len(rows)))
    for line, (name, row) in zip(figure.subplots(len(rows), len(samples), squeeze=False), rows.items(), strict=True):
        for ax, picture in zip(line, row, strict=True):
            show(ax, picture)
        line[0].set_ylabel(name)
    return figure
