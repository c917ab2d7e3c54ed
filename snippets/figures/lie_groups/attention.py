"""What is drawn and computed for the page *Attention that respects motions*."""

import matplotlib.pyplot as plt
import torch
from jaxtyping import Float
from matplotlib.figure import Figure
from torch import Tensor

from book import figure, results
from snippets.figures.lie_groups.molecules import SIZES, WAYS, Equivariant, Plain, recorded
from snippets.lie_groups.attention import VectorAttention, WrongTwin, equivariance_error
from snippets.lie_groups.exponential import exp_so3
from snippets.lie_groups.groups import rotation


def sample(channels: int, d: int, tokens: int = 5, seed: int = 0) -> Float[Tensor, "n c d"]:
    """Draw tokens for the figures and numbers."""
    return torch.randn(tokens, channels, d, generator=torch.Generator().manual_seed(seed))


def pair(d: int) -> tuple[VectorAttention, VectorAttention]:
    """Make the layer and its twin with the same weights and d channels."""
    torch.manual_seed(0)
    layer, twin = VectorAttention(d), WrongTwin(d)
    twin.load_state_dict(layer.state_dict())
    return layer, twin


@figure(
    alt="Two rows of two pictures of arrows. In each row the right picture has all inputs turned. Above, the "
    "outputs turn along and fill their hollow targets; below, those of the wrong twin miss them."
)
def rotating_tokens() -> Figure:
    """Draw inputs and outputs of the layer and of its twin, before and after a turn."""
    fig, axes = plt.subplots(2, 2, figsize=(5.4, 5.4))
    x, R = sample(2, 2, 4, seed=4), rotation(1.2)
    for row, layer, name in zip(axes, pair(2), ("equivariant", "wrong twin"), strict=True):
        with torch.no_grad():
            y, turned = layer(x), layer(x @ R.T)
            zoom = 2 / torch.stack([y, turned]).norm(dim=-1).max()
            for ax, inputs, outputs, target in ((row[0], x, y, y), (row[1], x @ R.T, turned, y @ R.T)):
                outputs, target = zoom * outputs, zoom * target
                for arrows, style in (
                    (inputs, {"color": plt.rcParams["grid.color"], "width": 0.008}),
                    (outputs, {"color": "C0" if name == "equivariant" else "C1", "width": 0.012}),
                ):
                    flat = arrows.flatten(0, 1).numpy()
                    ax.quiver(*0 * flat.T, *flat.T, angles="xy", scale_units="xy", scale=1, **style)
                ink = plt.rcParams["text.color"]
                ax.plot(*target.flatten(0, 1).T.numpy(), "o", mfc="none", color=ink, ms=9)
                for got, wanted in zip(outputs.flatten(0, 1), target.flatten(0, 1), strict=True):
                    ax.plot(*torch.stack([got, wanted]).T.numpy(), ":", color=ink, lw=1)
                ax.set(xlim=(-2.3, 2.3), ylim=(-2.3, 2.3), aspect="equal", xticks=[], yticks=[])
                ax.spines[:].set_visible(True)
        row[0].set_ylabel(name)
    axes[0, 0].set_title("inputs (grey), outputs")
    axes[0, 1].set_title("inputs turned by 69°")
    return fig


@figure(
    alt="Equivariance error against the angle of rotation on a logarithmic scale. The layer stays near 1e-16 at "
    "every angle in two and three dimensions; the twin's error is of order one, except at a full turn and, in the "
    "plane, at a half turn."
)
def error_against_angle() -> Figure:
    """Draw the equivariance error of the layer and of its twin for all angles about one axis."""
    fig, ax = plt.subplots(figsize=(5.2, 3.2))
    angles = torch.linspace(0, 360, 73)
    axis = torch.tensor([2.0, -1.0, 2.0]) / 3
    for d, marker in ((2, "-"), (3, "--")):
        for layer, colour in zip(pair(d), ("C0", "C1"), strict=True):
            turns = [rotation(t) if d == 2 else exp_so3(t * axis) for t in angles.deg2rad()]
            errors = [max(equivariance_error(layer, sample(d, d), R), 1e-17) for R in turns]
            ax.semilogy(angles, errors, colour + marker)
    for height, name, colour in ((3e-4, "wrong twin", "C1"), (2e-13, "layer", "C0")):
        ax.text(90, height, f"{name}\nplane: solid\nspace: dashed", color=colour, ha="center", va="center")
    ax.set(xlabel="angle in degrees", ylabel="relative error", xticks=[0, 90, 180, 270, 360], ylim=(3e-18, 1e2))
    return fig


@figure(
    alt="Errors of three ways to learn forces, against the number of training samples, both logarithmic. The "
    "equivariant network is lowest everywhere, the plain one highest; with turned data it lies between."
)
def learning_curves() -> Figure:
    """Draw the recorded errors of the three ways: a line through the means, a dot for each seed."""
    fig, ax = plt.subplots(figsize=(5.2, 3.4))
    names = {"equivariant": "equivariant", "turned": "plain, data turned at random", "plain": "plain"}
    places = {"equivariant": (24, 0.0125), "turned": (24, 0.145), "plain": (24, 1.9)}
    for way, colour in zip(WAYS, ("C0", "C2", "C1"), strict=True):
        errors = torch.tensor([recorded()[way][str(size)] for size in SIZES])
        ax.loglog(SIZES, errors.mean(1), color=colour)
        ax.loglog(SIZES, errors, ".", color=colour, ms=5)
        ax.text(*places[way], names[way], color=colour, va="center")
    ax.set(xlabel="training samples", ylabel="error on new samples", xticks=SIZES, xticklabels=SIZES)
    ax.set(ylim=(0.008, 3), yticks=[0.01, 0.1, 1], yticklabels=["1 %", "10 %", "100 %"])
    ax.minorticks_off()
    return fig


@results()
def forces() -> dict[str, float | int]:
    """Mean errors of three ways to learn the forces between charges, and the sizes of the two networks."""
    means = {
        f"{way}_{size}": sum(recorded()[way][str(size)]) / len(recorded()[way][str(size)])
        for way in WAYS for size in SIZES
    }  # fmt: skip
    weights = {"weights_equivariant": Equivariant(), "weights_plain": Plain()}
    return means | {name: sum(p.numel() for p in net.parameters()) for name, net in weights.items()}
