"""What is drawn for the page *Points in space*."""

import math

import matplotlib.pyplot as plt
import torch
from matplotlib.figure import Figure

from book import figure
from snippets.equivariant_networks.points import Energy, forces
from snippets.lie_groups.exponential import exp_so3


@figure(
    alt="Two clouds of seven points with an arrow at each. The right one is the left one, turned by 70 degrees, and "
    "its arrows are turned by the same angle. The same energy is written above both."
)
def forces_turn() -> Figure:
    """The forces on a cloud in a plane, and on the turned cloud."""
    torch.manual_seed(68)  # one whose forces are all long enough to be seen
    energy, types = Energy(types=3), torch.tensor([0, 1, 2, 0, 1, 2, 0])
    x = torch.tensor([[0, 0], [1.1, 0.2], [0.6, 1.1], [-0.8, 0.9], [-1.2, -0.3], [0.3, -1.2], [1.6, -0.9]])
    x = torch.cat([x, torch.zeros(7, 1)], dim=1).double()
    R = exp_so3(torch.tensor([0.0, 0.0, math.radians(70)]))
    fig, axes = plt.subplots(1, 2, figsize=(5.4, 2.8))
    for ax, name, cloud in zip(axes, ("a cloud", "turned by 70°"), (x, x @ R.T), strict=True):
        F = forces(energy, cloud, types).detach()
        F = F / F.norm(dim=1).max()
        ink = plt.rcParams["text.color"]
        ax.quiver(*cloud[:, :2].T, *F[:, :2].T, scale=1.1, scale_units="xy", angles="xy", width=0.009, color=ink)
        ax.set_title(f"{name}: E = {energy(cloud, types).item():.3f}", fontsize=9)
        ax.scatter(*cloud[:, :2].T, c=[f"C{k}" for k in types.tolist()], s=70, zorder=3)
        ax.set(xlim=(-2.1, 2.1), ylim=(-1.9, 1.9), aspect="equal")
        ax.axis("off")
    return fig
