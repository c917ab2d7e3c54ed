"""What is drawn for the page *Rotations of features*."""

import matplotlib.pyplot as plt
import torch
from matplotlib.figure import Figure

from book import figure
from snippets.equivariant_networks.rotations import harmonics
from snippets.figures.linear_networks.function_spaces import diverging


@figure(
    alt="A triangle of discs that stand for the front of a sphere. The top one is of one colour. In the rows below the "
    "colours alternate: two halves for l equals 1, and more stripes, sectors and patches for l equals 2 and 3."
)
def spheres() -> Figure:
    """The harmonics l = 0 to 3 with m = 0 to l, on the half of the sphere that one sees from x."""
    z, y = torch.meshgrid(torch.linspace(1, -1, 61), torch.linspace(-1, 1, 61), indexing="ij")
    x = (1 - y**2 - z**2).clamp(min=0).sqrt()
    fig, axes = plt.subplots(4, 4, figsize=(4.8, 4.9))
    for l, row in enumerate(axes):
        values = harmonics(l, torch.stack([x, y, z], -1))
        for m, ax in enumerate(row):
            ax.axis("off")
            if m <= l:
                edge = plt.Circle((0, 0), 1, fill=False, color=plt.rcParams["text.color"], linewidth=0.8)
                ax.add_patch(edge)
                seen = ax.imshow(
                    values[..., l + m].numpy(),
                    cmap=diverging(),
                    vmin=-1,
                    vmax=1,
                    interpolation="none",
                    extent=(-1, 1, -1, 1),
                )
                seen.set_clip_path(edge)
                ax.set(xlim=(-1.03, 1.03), ylim=(-1.03, 1.03))
                ax.set_title(f"l = {l}, m = {m}", fontsize=9)
    return fig
