"""The best network of each kind, and the exact loss of any: both from the second moment of the pictures alone."""

# --8<-- [start:setup]
from collections.abc import Iterable

import torch
import torch.distributed as dist
from jaxtyping import Complex, Float
from torch import Tensor, nn

from snippets.mnist.exact import best_ranks, fit, load, top_eigenvectors
from snippets.mnist.train import networks
from snippets.mnist.train.pictures import Images
from snippets.mnist.train.settings import Settings

Moment = Float[Tensor, "784 784"]
# --8<-- [end:setup]


# --8<-- [start:second_moment]
def second_moment(pictures: Iterable[Images]) -> Moment:
    """Return the mean of x xᵀ over the pictures of all processes, in float64."""
    total = torch.zeros(784 * 784 + 1, dtype=torch.float64)
    for x in pictures:
        for some in x.flatten(1).split(7500):
            total[:-1] += (some.T @ some).cpu().double().flatten()
        total[-1] += len(x)
    if dist.is_initialized():
        dist.all_reduce(total)
    return (total[:-1] / total[-1]).view(784, 784)
    # --8<-- [end:second_moment]


# --8<-- [start:loss]
@torch.no_grad()
def exact_loss(network: nn.Module, moment: Moment) -> float:
    """Return tr (I − M) S (I − M)ᵀ / 784 of a linear network M.

    Its matrix is what it makes of the 784 pictures with one pixel of ink.
    """
    like = next(network.parameters())
    pixels = torch.eye(784, dtype=like.dtype, device=like.device).view(784, 28, 28)
    rest = (pixels - network(pixels)).view(784, 784).cpu().double()
    return float((rest * (moment @ rest)).sum() / 784)
    # --8<-- [end:loss]


# --8<-- [start:moments]
def frequency_moments(moment: Moment) -> Complex[Tensor, "15 28 28"]:
    """Return the means H_j of x̂_j x̂_j*: the Fourier transform of S in both places."""
    whole = torch.fft.fftn(moment.view(28, 28, 28, 28), norm="ortho", dim=(1, 3))
    return torch.stack([whole[:, j, :, -j] for j in range(15)])


def solve_dense(network: networks.Dense, moment: Moment) -> None:
    """Put in the leading eigenvectors of S."""
    v = top_eigenvectors(moment, network.decoder.in_features)
    network.decoder.weight.copy_(v)
    network.encoder.weight.copy_(v.T)


def solve_equivariant(network: nn.Module, moment: Moment) -> None:
    """Put in the leading eigenvectors of every H_j."""
    load(network, fit(frequency_moments(moment), [len(e) for e in network.encoder]))
    # --8<-- [end:moments]


def real_moments(moment: Moment) -> Float[Tensor, "15 56 56"]:
    """Return the second moments of real and imaginary parts together."""
    parts = networks.real_parts(torch.eye(784).to(moment).view(784, 28, 28))
    return parts.mT @ moment @ parts


def solve_semi_equivariant(network: networks.SemiEquivariant, moment: Moment) -> None:
    """Put in the leading eigenvectors of these."""
    blocks = real_moments(moment)
    for e, d, block in zip(network.encoder, network.decoder, blocks, strict=True):
        size = e.shape[1]
        d.copy_(e.copy_(top_eigenvectors(block[:size, :size], len(e)).T))


def solve_invariant(network: networks.Invariant, moment: Moment) -> None:
    """Put in the leading part of the least-squares map from the sums z of rows to the pictures."""
    cross = moment.view(28, 28, 784).sum(1) / 28**0.5  # the mean of z xᵀ
    sums = cross.view(28, 28, 28).sum(2) / 28**0.5  # the mean of z zᵀ
    slope = torch.linalg.pinv(sums, rtol=1e-12, hermitian=True) @ cross
    v = top_eigenvectors(cross.T @ slope, network.decoder.in_features)
    network.decoder.weight.copy_(v)
    network.encoder.weight.copy_((slope @ v).T)


# --8<-- [start:models]
MODELS = {  # what makes the network, and what puts its optimum in
    "dense": (networks.Dense, solve_dense),
    "equivariant": (networks.equivariant, solve_equivariant),
    "semi-equivariant": (networks.SemiEquivariant, solve_semi_equivariant),
    "invariant": (networks.Invariant, solve_invariant),
}


def build(settings: Settings) -> nn.Module:
    """Return a new network, the same for every device and number of processes."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(settings.seed)
        return MODELS[settings.model][0](settings.ranks or settings.rank)


@torch.no_grad()
def best(settings: Settings, moment: Moment) -> nn.Module:
    """Return the network with the smallest loss, in float64."""
    network = build(settings).double()
    MODELS[settings.model][1](network, moment)
    return network
    # --8<-- [end:models]


def chosen_ranks(settings: Settings, moment: Moment) -> tuple[int, ...]:
    """Return the ranks with the least loss."""
    if settings.model == "equivariant":
        values = torch.linalg.eigvalsh(frequency_moments(moment)).flip(1)
    else:  # a unit of rank takes two eigenvectors where a frequency counts twice
        single = torch.linalg.eigvalsh(real_moments(moment)).flip(1)
        values = single.view(15, 28, 2).sum(2)
        values[[0, 14]] = single[[0, 14], :28]
    return best_ranks(values, settings.rank)
