"""What is drawn and computed of all components, for the page *All components*."""

import matplotlib.pyplot as plt
import torch
from matplotlib.figure import Figure

from book import figure, results
from snippets.mnist.components import COMPONENT_BIN, count_below, distribution, loss_of, sampled, shares
from snippets.mnist.exact import dimension, experiment


@results(seed=0)
def component_numbers() -> dict[str, float | int]:
    """Where the components of the table stand among all components."""
    rows, named = shares(), experiment().ranks
    counts = distribution(rows, 99, COMPONENT_BIN)
    below = counts.cumsum(0) / counts.sum()
    named_losses = {name: loss_of(rows, ranks) for name, ranks in named.items()}
    share_of = {name: float(below[int(value / COMPONENT_BIN)]) for name, value in named_losses.items()}
    losses, dimensions = sampled()
    others = [shares(seed) for seed in (1, 2)]
    return {
        **{f"better_{i}": count_below(o, loss_of(o, named["paper"]) * (1 - 1e-12)) for i, o in enumerate(others, 1)},
        "all_counted": int(counts.sum()),
        "better_than_paper": count_below(rows, named_losses["paper"] * (1 - 1e-12)),
        "better_than_best": count_below(rows, named_losses["best"] * (1 - 1e-12)),
        "within_one_percent": count_below(rows, 1.01 * named_losses["best"]),
        "sampled": len(losses),
        "share_above_equal": 1 - share_of["equal"],
        "share_above_high_pass": 1 - share_of["high-pass"],
        "median_component": COMPONENT_BIN * int((below < 0.5).sum()),
        "dimension_correlation": float(torch.corrcoef(torch.tensor([losses, list(map(float, dimensions))]))[0, 1]),
        "dimension_least": min(dimensions),
        "dimension_most": max(dimensions),
    }


@figure(
    alt="Top: a histogram of the test losses of all components, a hill around 0.03, a lower one around 0.055 and a "
    "faint one around 0.085; marks for the best ranks and the slides' at the extreme left, equal ranks on the left "
    "slope, high-pass at the far right. Bottom: dimension against loss for 1,500 random components, a cloud without a "
    "clear direction."
)
def every_component() -> Figure:
    """All losses that the 72,425,986,088,826 components reach."""
    rows, named = shares(), experiment().ranks
    counts = distribution(rows, 99, COMPONENT_BIN)
    coarse = 100
    counts = torch.cat([counts, torch.zeros(-len(counts) % coarse)]).view(-1, coarse).sum(1)
    edges = COMPONENT_BIN * coarse * torch.arange(len(counts) + 1)
    fig, (top, bottom) = plt.subplots(2, 1, figsize=(5.2, 5.0), sharex=True)
    top.stairs(counts / counts.sum(), edges, fill=True, color="C0", alpha=0.6)
    heights = {"best": 0.98, "equal": 0.92, "high-pass": 0.5}
    for name, height in heights.items():
        label = "best and slides'" if name == "best" else name  # one line: they differ by less than its width
        value = loss_of(rows, named[name])
        top.axvline(value, ymax=height, color="C1", lw=1.4)
        side = "right" if name == "high-pass" else "left"
        place = {"transform": top.get_xaxis_transform(), "ha": side, "va": "top"}
        top.text(value, height, f" {label} ", color="C1", fontsize=8, **place)
    top.set(ylabel="share of all components", yticks=[], ylim=(0, 1.3 * float(counts.max() / counts.sum())))
    losses, dimensions = sampled()
    bottom.plot(losses, dimensions, ".", ms=2.5, color="C0", alpha=0.6, rasterized=True)
    for ranks in named.values():
        bottom.plot(loss_of(rows, ranks), dimension(ranks), "o", color="C1", ms=6)
    bottom.set(xlabel="test loss of the component's optimum", ylabel="dimension", xlim=(0, 0.11))
    return fig
