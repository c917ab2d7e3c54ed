"""The best network of each kind, and the exact loss of any: both from the second moment of the pictures alone."""

# --8<-- [start:setup]
from collections.abc import Iterable, Sequence

import torch
from jaxtyping import Complex, Float
from torch import Tensor, nn

from snippets.mnist.exact import best_ranks, fit, load, top_eigenvectors
from snippets.mnist.ranks import WEIGHTS
from snippets.mnist.train.networks import SemiEquivariant, build, coordinates
from snippets.mnist.train.parallel import Group

# --8<-- [end:setup]


# --8<-- [start:second_moment]
def second_moment(
    pictures: Iterable[Float[Tensor, "n 28 28"]], group: Group
) -> Float[Tensor, "784 784"]:
    """Return the mean of x xᵀ over the pictures of all processes, in float64."""
    total = torch.zeros(784 * 784 + 1, dtype=torch.float64)
    for x in pictures:
        for some in x.flatten(1).split(7500):
            total[:-1] += (some.T @ some).cpu().double().flatten()
        total[-1] += len(x)
    group.add(total)
    return (total[:-1] / total[-1]).view(784, 784)
    # --8<-- [end:second_moment]


# --8<-- [start:loss]
@torch.no_grad()
def exact_loss(network: nn.Module, moment: Float[Tensor, "784 784"]) -> float:
    """Return tr (I − M) S (I − M)ᵀ / 784 of a linear network M.

    Its matrix is what it makes of the 784 pictures with one pixel of ink.
    """
    like = next(network.parameters())
    pixels = torch.eye(784, dtype=like.dtype, device=like.device).view(784, 28, 28)
    rest = (pixels - network(pixels)).view(784, 784).cpu().double()
    return float((rest * (moment @ rest)).sum() / 784)
    # --8<-- [end:loss]


# --8<-- [start:moments]
def frequency_moments(moment: Float[Tensor, "784 784"]) -> Complex[Tensor, "15 28 28"]:
    """Return the means H_j of x̂_j x̂_j*: the Fourier transform of S in both places."""
    whole = torch.fft.fftn(moment.view(28, 28, 28, 28), norm="ortho", dim=(1, 3))
    return torch.stack([whole[:, j, :, -j] for j in range(15)])


@torch.no_grad()
def best(
    model: str, moment: Float[Tensor, "784 784"], rank: int, ranks: Sequence[int] | None
) -> nn.Module:
    """Return the network with the smallest loss, in float64."""
    network = build(model, rank, ranks, 0).double()
    if model == "equivariant":
        load(network, fit(frequency_moments(moment), ranks))
    elif model == "dense":
        network.encoder.weight.copy_(top_eigenvectors(moment, rank).T)
        network.decoder.weight.copy_(network.encoder.weight.T)
    else:
        solve = project if model == "semi-equivariant" else regress
        solve(network, moment)
    return network
    # --8<-- [end:moments]


def real_moments(moment: Float[Tensor, "784 784"]) -> Float[Tensor, "15 56 56"]:
    """Return the second moments of the 56 real coordinates of every frequency."""
    p = coordinates().double().view(15, 2, 28)
    blocks = torch.einsum("jsk,akbl,jtl->jsatb", p, moment.view(28, 28, 28, 28), p)
    return blocks.reshape(15, 56, 56)


def project(network: SemiEquivariant, moment: Float[Tensor, "784 784"]) -> None:
    """Put in the leading eigenvectors of every frequency."""
    for e, d, block in zip(
        network.encoder, network.decoder, real_moments(moment), strict=True
    ):
        units, size = e.shape
        d.copy_(e.copy_(top_eigenvectors(block[:size, :size], units).T))


def regress(network: nn.Module, moment: Float[Tensor, "784 784"]) -> None:
    """Put in the best D E of a rank that predicts the pictures x from the sums z of their rows.

    With Z = mean z zᵀ and C = mean z xᵀ it is the truncated SVD of Z^(−½) C, times Z^(−½) (Eckart–Young).
    Sums that never vary are left out.
    """
    cross, rank = (
        moment.view(28, 28, 784).sum(1) / 28**0.5,
        network.encoder.out_features,
    )
    values, vectors = torch.linalg.eigh(cross.view(28, 28, 28).sum(2) / 28**0.5)
    kept = values > 1e-12 * values[-1]
    root = (vectors[:, kept] / values[kept].sqrt()) @ vectors[:, kept].T
    u, s, v = torch.linalg.svd(root @ cross, full_matrices=False)
    network.encoder.weight.copy_((root @ u[:, :rank]).T)
    network.decoder.weight.copy_((s[:rank, None] * v[:rank]).T)


def chosen_ranks(
    model: str, moment: Float[Tensor, "784 784"], rank: int
) -> tuple[int, ...]:
    """Return the ranks with the least loss."""
    if model == "equivariant":
        values = torch.linalg.eigvalsh(frequency_moments(moment)).flip(1)
    else:
        single = torch.linalg.eigvalsh(real_moments(moment)).flip(1)
        # a unit of rank takes two eigenvectors where a frequency counts twice
        pairs, once = single.view(15, 28, 2).mean(2), torch.tensor(WEIGHTS) == 1
        values = torch.where(once[:, None], single[:, :28], pairs)
    return best_ranks(values, rank)
