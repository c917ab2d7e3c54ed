"""What is drawn and computed for the page *Home*."""

import base64
from collections.abc import Callable
from functools import cache

import matplotlib.pyplot as plt
import torch
from jaxtyping import Float
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from torch import Tensor

from book import data, figure, results
from snippets.mnist.data import load_images, load_labels
from snippets.mnist.exact import frequency_moments, second_moment, top_eigenvectors
from snippets.mnist.ranks import RANKS
from snippets.mnist.shifts import cyclic_shift

Map = Callable[[Tensor], Tensor]


PIXELS = 8


@cache
def dense() -> Map:
    """Return the best autoencoder of rank 99 for ten thousand digits, as a map of pictures."""
    basis = top_eigenvectors(second_moment(load_images("train")[:10_000]), 99)
    return lambda picture: (basis @ (basis.T @ picture.flatten())).view(28, 28)


@cache
def equivariant() -> Map:
    """Return the best one that commutes with shifts, of the same rank: one projection for each frequency."""
    moments = frequency_moments(load_images("train")[:10_000])
    bases = [top_eigenvectors(moment, rank) for moment, rank in zip(moments, RANKS["paper"], strict=True)]

    def encode(picture: Tensor) -> Tensor:
        waves = torch.fft.rfft(picture, norm="ortho").T
        kept = [basis @ (basis.mH @ wave) for basis, wave in zip(bases, waves, strict=True)]
        return torch.fft.irfft(torch.stack(kept, dim=1), n=28, norm="ortho")

    return encode


def digit() -> Float[Tensor, "28 28"]:
    """Return the first test digit, a seven, with ink in [0, 1]."""
    return load_images("test")[0].to(torch.float64) / 255


def shifted(picture: Float[Tensor, "28 28"]) -> Float[Tensor, "28 28"]:
    """Move a picture to the right; what leaves comes back on the left."""
    return cyclic_shift(picture[None], PIXELS)[0]


def gap(network: Map) -> float:
    """Return the largest difference between encoding after the shift and shifting after the encoding."""
    return float((network(shifted(digit())) - shifted(network(digit()))).abs().max())


@results()
def numbers() -> dict[str, float | str]:
    """Numbers that the front page quotes."""
    return {
        "dense": gap(dense()),
        "equivariant": gap(equivariant()),
        "pixels": PIXELS,
    }


def packed(values: Float[Tensor, "..."], levels: int = 127) -> dict[str, float | str]:
    """Return numbers in a byte each, as multiples of a scale; fewer levels take less space."""
    scale = float(values.abs().max()) / levels
    small = (values / scale).round().to(torch.int8)
    return {"scale": scale, "bytes": base64.b64encode(small.numpy().tobytes()).decode()}


@data
def networks() -> dict[str, object]:
    """Return the ten digits and both networks of this page, for the playground."""
    labels = load_labels("test")
    pictures = load_images("test").to(torch.float64) / 255
    basis = top_eigenvectors(second_moment(load_images("train")[:10_000]), 99)
    moments = frequency_moments(load_images("train")[:10_000])
    waves = [top_eigenvectors(moment, rank) for moment, rank in zip(moments, RANKS["paper"], strict=True)]
    padded = [torch.cat([wave, wave.new_zeros(28, 28 - wave.shape[1])], dim=1) for wave in waves]
    return {
        "digits": [packed(pictures[int((labels == digit).nonzero()[0])]) for digit in (7, 0, 1, 2, 3, 4, 5, 6, 8, 9)],
        "names": [7, 0, 1, 2, 3, 4, 5, 6, 8, 9],
        "ranks": list(RANKS["paper"]),
        "dense": packed(basis, levels=63),
        "waves": packed(torch.view_as_real(torch.stack(padded)).movedim(-1, 0)),
    }


def show(ax: Axes, picture: Tensor, title: str) -> None:
    """Draw a picture with its name below."""
    ax.imshow(picture.numpy(), vmin=0, vmax=1)
    ax.set(xticks=[], yticks=[])
    ax.set_xlabel(title, fontsize=12, labelpad=5)
    for spine in ax.spines.values():
        spine.set(visible=True, color=plt.rcParams["grid.color"])


def between(ax: Axes, text: str, arrow: bool, color: str) -> None:
    """Write into the gap to the right of a picture, over an arrow where one is wanted."""
    ax.text(1.28, 0.62 if arrow else 0.5, text, transform=ax.transAxes, ha="center", va="center", color=color,
            fontsize=11 if arrow else 24, clip_on=False)  # fmt: skip
    if arrow:
        ends = {"xy": (1.48, 0.5), "xytext": (1.08, 0.5), "xycoords": "axes fraction", "annotation_clip": False}
        ax.annotate("", **ends, arrowprops={"arrowstyle": "->", "color": color, "shrinkA": 0, "shrinkB": 0})


def power(value: float) -> str:
    """Write a number with one or two digits, a tiny one as a multiple of a power of ten."""
    mantissa, exponent = f"{value:.0e}".split("e")
    return f"{value:.1f}" if value > 0.01 else rf"${mantissa}\cdot 10^{{{int(exponent)}}}$"


@figure(
    alt="A handwritten seven and the same seven moved right. Below, two autoencoders. For the equivariant one, "
    "encoding and then shifting gives the same picture as shifting and then encoding. For the dense one it does "
    "not: the shifted seven comes back without its bar."
)
def commuting_square() -> Figure:
    """Draw x and its shift, then for both networks the two ways to the shifted reconstruction."""
    fig, axes = plt.subplots(3, 3, figsize=(5.2, 5.5), gridspec_kw={"wspace": 0.5, "hspace": 0.42})
    fig.set_layout_engine("none")
    ink = plt.rcParams["text.color"]
    show(axes[0, 0], digit(), "$x$")
    show(axes[0, 1], shifted(digit()), "$Px$")
    between(axes[0, 0], "$P$", arrow=True, color=ink)
    axes[0, 2].axis("off")
    axes[0, 2].text(-0.05, 0.5, f"$P$ moves a picture\n{PIXELS} pixels right,\naround the edge", va="center")
    rows = ((equivariant(), "f", "equivariant", "=", "C2"), (dense(), "g", "dense", "≠", "C1"))
    for row, (network, name, kind, sign, color) in zip(axes[1:], rows, strict=True):
        show(row[0], network(digit()), f"${name}(x)$")
        show(row[1], shifted(network(digit())), f"$P\\,{name}(x)$")
        show(row[2], network(shifted(digit())), f"${name}(Px)$")
        row[0].set_ylabel(kind, fontsize=11, color=color)
        between(row[0], "$P$", arrow=True, color=ink)
        between(row[1], sign, arrow=False, color=color)
        row[2].set_title(f"they differ by {power(gap(network))}", color=color, fontsize=10.5, pad=5)
    return fig
