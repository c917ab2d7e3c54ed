"""The drawings of a run's folder: some pictures, and the curve with its optimum."""

import io

import matplotlib
import torch
from matplotlib.figure import Figure

from snippets.mnist.script import draw
from snippets.mnist.train.folder import Folder
from snippets.mnist.train.pictures import Images
from snippets.mnist.train.running import Report


@torch.no_grad()
def drawings(folder: Folder, report: Report, x: Images) -> None:
    """Draw pictures, what the network and the optimum make of them, and the losses; equal runs, in the same bytes."""
    rows = {"input": x, "output": report.network(x), "optimum": report.best(x)}
    tiles = torch.cat([row.movedim(0, 1).flatten(1) for row in rows.values()])
    figure = Figure(figsize=(5.4, 2.4))
    ax = figure.subplots()
    ax.imshow(tiles.numpy(), vmin=0, vmax=1, cmap="gray_r")
    ax.set(xticks=[], yticks=range(14, len(tiles), 28), yticklabels=rows)
    figures = {"reconstructions.svg": figure}
    losses = [row.train_loss for row in report.history if row.gap is not None]
    if losses:
        figures["curves.svg"] = draw(losses, report.result["optimum"])
    look = {"format": "svg", "bbox_inches": "tight", "metadata": {"Date": None}}
    with matplotlib.rc_context({"svg.hashsalt": "run"}):
        for name, figure in figures.items():
            figure.savefig(text := io.StringIO(), **look)
            folder.write(name, text.getvalue())
