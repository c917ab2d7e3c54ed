"""Second moments: all that a linear autoencoder can know of the pictures, however many there are."""

from collections.abc import Iterable
from functools import lru_cache
from typing import NamedTuple

import torch
from jaxtyping import Float
from torch import Tensor

from snippets.mnist.train.networks import Layout, Network, weighted_waves
from snippets.mnist.train.processes import Group

PAIRED = [*range(2, 28), 0, 28]  # the waves of the frequencies 1 … 13, two each; those of 0 and 14, which have no sine
STRIPS = 4  # of 196 pixels; the dense moment is symmetric, and products above its diagonal strips are enough


class Moments(NamedTuple):
    """Means over the pictures of zᵀz and zᵀt for the encoders' inputs z and the targets t, and of ‖x‖²."""

    inputs: Float[Tensor, "blocks d d"]
    cross: Float[Tensor, "blocks d o"]
    energy: float

    def of(self, form: Layout) -> "Moments":
        """Return the moments of the frequencies that have a block."""
        if not form.frequencies:
            return self
        used = self.inputs[list(form.frequencies)]
        return Moments(used, used, self.energy)


def moments(model: str, chunks: Iterable[Float[Tensor, "n 28 28"]], count: int, group: Group) -> Moments:
    """Add up the chunks of all processes; sums within a chunk in its precision, over chunks in float64.

    Where the inputs are all of the picture in orthonormal coordinates, the mean of ‖x‖² is the trace of their moment.
    """
    blocks, inputs, outputs = {"dense": (1, 784, 784), "invariant": (1, 28, 784)}.get(model, (15, 56, 56))
    total = torch.zeros(blocks * inputs * (inputs + outputs) + 1, dtype=torch.float64)
    first, second = total[:-1].split([blocks * inputs * inputs, blocks * inputs * outputs])
    first, second = first.view(blocks, inputs, inputs), second.view(blocks, inputs, outputs)
    for x in chunks:
        SUMS[model](x, first, second)
        if model == "invariant":
            total[-1] += float(x.flatten().dot(x.flatten()))
    group.add(total)
    total /= count
    if model == "invariant":
        return Moments(first, second, float(total[-1]))
    if model == "equivariant":
        first = real_forms(first)
    return Moments(first, first, float(first.diagonal(dim1=1, dim2=2).sum()))


def add_dense(x: Float[Tensor, "n 28 28"], total: Float[Tensor, "1 784 784"], _: Tensor) -> None:
    """Add xᵀx of flattened pictures."""
    flat, width = x.reshape(len(x), 784), 784 // STRIPS
    for start in range(0, 784, width):
        strip = (flat[:, start : start + width].T @ flat[:, start:]).to(total)
        total[0, start : start + width, start:] += strip
        total[0, start + width :, start : start + width] += strip[:, width:].T


@lru_cache(maxsize=1)
def room(columns: int, dtype: torch.dtype, device: torch.device) -> Tensor:
    """Return memory for 28 rows, the same for all chunks of one size: taking it anew costs as much as the sums."""
    return torch.empty(28, columns, dtype=dtype, device=device)


def add_frequencies(x: Float[Tensor, "n 28 28"], total: Float[Tensor, "15 56 56"], _: Tensor) -> None:
    """Add w_j (Re x̂_j Re x̂_j* + Im x̂_j Im x̂_j*) and w_j Im x̂_j Re x̂_j*, of which `real_forms` makes the rest."""
    used = weighted_waves(range(15))[PAIRED].to(x)
    parts = torch.mm(used, x.reshape(-1, 28).T, out=room(28 * len(x), x.dtype, x.device)).view(28, len(x), 28)
    squares = (parts.mT @ parts).to(total)
    total[1:14, :28, :28] += squares[:26:2] + squares[1:26:2]
    total[::14, :28, :28] += squares[26:]
    total[1:14, 28:, :28] += (parts[1:26:2].mT @ parts[:26:2]).to(total)


def real_forms(total: Float[Tensor, "15 56 56"]) -> Float[Tensor, "15 56 56"]:
    """Return [[A, −B], [B, A]] of w_j mean x̂_j x̂_j* / 2 = A + iB; where w_j is 1, the moment in the corner alone."""
    a, b = total[:, :28, :28] / 2, (total[:, 28:, :28] - total[:, 28:, :28].mT) / 2
    forms = torch.cat([torch.cat([a, -b], dim=2), torch.cat([b, a], dim=2)], dim=1)
    for j in (0, 14):
        forms[j] = torch.nn.functional.pad(total[j, :28, :28], (0, 28, 0, 28))
    return forms


def add_blocks(x: Float[Tensor, "n 28 28"], total: Float[Tensor, "15 56 56"], _: Tensor) -> None:
    """Add fᵀf of the 56 real coordinates of every frequency."""
    both = (weighted_waves(range(15)).to(x) @ x.reshape(-1, 28).T).view(15, 2, -1, 28)
    f = both.transpose(1, 2).reshape(15, -1, 56)
    total += (f.mT @ f).to(total)


def add_rows(x: Float[Tensor, "n 28 28"], total: Float[Tensor, "1 28 28"], cross: Float[Tensor, "1 28 784"]) -> None:
    """Add zᵀz and zᵀx of the sums z of rows, divided by √28."""
    z = x.sum(2) / 28**0.5
    total[0] += (z.T @ z).to(total)
    cross[0] += (z.T @ x.reshape(len(x), 784)).to(cross)


SUMS = {"dense": add_dense, "equivariant": add_frequencies, "semi-equivariant": add_blocks, "invariant": add_rows}


@torch.no_grad()
def loss(network: Network, moments: Moments) -> float:
    """Return the squared error per pixel, (mean of ‖x‖² − 2 tr Dᵀ Eᵀ C + tr Eᵀ S E D Dᵀ) / 784, in float64."""
    e, d = network.encoder.cpu().double(), network.decoder.cpu().double()
    coded = e.mT @ moments.inputs @ e
    gain = 2 * (d * (e.mT @ moments.cross)).sum() - (coded * (d @ d.mT)).sum()
    return float(moments.energy - gain) / 784
