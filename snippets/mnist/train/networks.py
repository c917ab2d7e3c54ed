"""The four linear autoencoders, the optimum of each, and the exact loss of any, from the pictures' second moment."""

# --8<-- [start:setup]
from collections.abc import Iterable, Sequence

import torch
import torch.distributed as dist
from jaxtyping import Complex, Float
from torch import Tensor, nn

from snippets.mnist import exact
from snippets.mnist.ranks import WEIGHTS
from snippets.mnist.train.pictures import Images
from snippets.mnist.train.settings import Settings

Moment = Float[Tensor, "784 784"]
# --8<-- [end:setup]


# --8<-- [start:modules]
class Dense(nn.Module):
    """Any map of rank r: x ↦ D E x."""

    inputs = 784

    def __init__(self, rank: int) -> None:
        """Begin with a random orthonormal decoder, and its transpose as encoder."""
        super().__init__()
        self.encoder = nn.Linear(self.inputs, rank, bias=False)
        self.decoder = nn.Linear(rank, 784, bias=False)
        rows = nn.init.orthogonal_(self.decoder.weight).detach().T
        self.encoder.weight.data.copy_(self.seen(rows.reshape(-1, 28, 28)))

    def forward(self, x: Images) -> Images:
        """Return the reconstructions."""
        return self.decoder(self.encoder(self.seen(x))).view(x.shape)

    def seen(self, x: Images) -> Float[Tensor, "n inputs"]:
        """Return what the encoder sees: all pixels."""
        return x.flatten(1)


class Invariant(Dense):
    """M P = M: the encoder sees the 28 sums of rows; the decoder is dense."""

    inputs = 28

    def seen(self, x: Images) -> Float[Tensor, "n 28"]:
        """Return the sums of the rows, of length one for a row of length one."""
        return x.sum(2) / 28**0.5
        # --8<-- [end:modules]


def equivariant(ranks: Sequence[int]) -> nn.Module:
    """Return the chapter's module as a projection: orthonormal rows in the encoder, their conjugates in the decoder."""
    network = exact.EquivariantLinearAutoencoder(ranks)
    drawn = zip(exact.complex_matrices(network.encoder), ranks, strict=True)
    exact.load(network, [torch.linalg.qr(e[:rank].T).Q for e, rank in drawn])
    return network


class SemiEquivariant(nn.Module):
    """Keeps each frequency to itself, by real matrices that need not be [[A, −B], [B, A]].

    They commute with P + P⁻¹, not with P; so called in the notebook of Kohn, Sattelberger and Shahverdi.
    """

    def __init__(self, ranks: Sequence[int]) -> None:
        """Make w_j r_j × 28 w_j weights in both factors of every frequency."""
        super().__init__()
        shapes = [(w * r, 28 * w) for r, w in zip(ranks, WEIGHTS, strict=True)]
        rows = [nn.init.orthogonal_(torch.empty(s)) for s in shapes]
        self.encoder = nn.ParameterList(rows)
        self.decoder = nn.ParameterList(e.clone() for e in rows)

    def forward(self, x: Images) -> Images:
        """Return the reconstructions."""
        codes = real_parts(x) @ padded(self.encoder).mT
        y = (codes @ padded(self.decoder)).to(x.dtype).permute(1, 2, 0)
        return torch.fft.irfft(torch.complex(*y.split(28, 1)), n=28, norm="ortho")


def real_parts(x: Images) -> Float[Tensor, "15 n 56"]:
    """Return the real parts of each frequency, then the imaginary ones."""
    waves = torch.view_as_real(torch.fft.rfft(x, norm="ortho"))
    return waves.permute(2, 0, 3, 1).flatten(2)


def padded(weights: Iterable[Tensor]) -> Float[Tensor, "15 units 56"]:
    """Stack matrices of 28 or 56 columns, filled up with zeros."""
    wide = [nn.functional.pad(w, (0, 56 - w.shape[1])) for w in weights]
    return nn.utils.rnn.pad_sequence(wide, batch_first=True)


# --8<-- [start:second_moment]
def second_moment(pictures: Iterable[Images]) -> Moment:
    """Return the mean of x xᵀ over the pictures of all processes, in float64."""
    total = torch.zeros(784 * 784 + 1, dtype=torch.float64)
    for x in pictures:
        for some in x.flatten(1).split(7500):
            total[:-1] += exact.gram(some).cpu().double().flatten()
        total[-1] += len(x)
    if dist.is_initialized():
        dist.all_reduce(total)
    return (total[:-1] / total[-1]).view(784, 784)
    # --8<-- [end:second_moment]


# --8<-- [start:loss]
@torch.no_grad()
def matrix(network: nn.Module) -> Float[Tensor, "784 784"]:
    """Return M of x ↦ M x: column k is made of the picture with ink in pixel k only."""
    pixels = torch.eye(784).to(next(network.parameters())).view(784, 28, 28)
    return network(pixels).view(784, 784).T


def exact_loss(network: nn.Module, moment: Moment) -> float:
    """Return tr (I − M) S (I − M)ᵀ / 784 of a linear network M."""
    rest = torch.eye(784, dtype=torch.float64) - matrix(network).cpu().double()
    return float((rest * (rest @ moment)).sum() / 784)
    # --8<-- [end:loss]


@torch.no_grad()
def is_linear(network: nn.Module) -> bool:
    """Return whether f(x − 2y) = f(x) − 2 f(y), for two pictures x and y."""
    weights = next(network.parameters())
    x, y = torch.linspace(-1, 1, 2 * 784).to(weights).view(2, 1, 28, 28)
    expected = network(x) - 2 * network(y)
    return bool((network(x - 2 * y) - expected).norm() <= 1e-3 * expected.norm())


# --8<-- [start:moments]
def frequency_moments(moment: Moment) -> Complex[Tensor, "15 28 28"]:
    """Return the means H_j of x̂_j x̂_j*: the Fourier transform of S in both places."""
    whole = torch.fft.fftn(moment.view(28, 28, 28, 28), norm="ortho", dim=(1, 3))
    return torch.stack([whole[:, j, :, -j] for j in range(15)])


def solve_dense(network: Dense, moment: Moment) -> None:
    """Put in the leading eigenvectors of S."""
    v = exact.top_eigenvectors(moment, network.decoder.in_features)
    network.decoder.weight.copy_(v)
    network.encoder.weight.copy_(v.T)


def solve_equivariant(network: nn.Module, moment: Moment) -> None:
    """Put in the leading eigenvectors of every H_j."""
    exact.load(
        network, exact.fit(frequency_moments(moment), [len(e) for e in network.encoder])
    )
    # --8<-- [end:moments]


def real_moments(moment: Moment) -> Float[Tensor, "15 56 56"]:
    """Return the second moments of real and imaginary parts together."""
    parts = real_parts(torch.eye(784).to(moment).view(784, 28, 28))
    return parts.mT @ moment @ parts


def solve_semi_equivariant(network: SemiEquivariant, moment: Moment) -> None:
    """Put in the leading eigenvectors of these."""
    blocks = real_moments(moment)
    for e, d, block in zip(network.encoder, network.decoder, blocks, strict=True):
        size = e.shape[1]
        d.copy_(e.copy_(exact.top_eigenvectors(block[:size, :size], len(e)).T))


def solve_invariant(network: Invariant, moment: Moment) -> None:
    """Put in the leading part of the least-squares map from the sums z of rows to the pictures."""
    cross = moment.view(28, 28, 784).sum(1) / 28**0.5  # the mean of z xᵀ
    sums = cross.view(28, 28, 28).sum(2) / 28**0.5  # the mean of z zᵀ
    slope = torch.linalg.pinv(sums, rtol=1e-12, hermitian=True) @ cross
    v = exact.top_eigenvectors(cross.T @ slope, network.decoder.in_features)
    network.decoder.weight.copy_(v)
    network.encoder.weight.copy_((slope @ v).T)


# --8<-- [start:models]
MODELS = {  # what makes the network, and what puts its optimum in
    "dense": (Dense, solve_dense),
    "equivariant": (equivariant, solve_equivariant),
    "semi-equivariant": (SemiEquivariant, solve_semi_equivariant),
    "invariant": (Invariant, solve_invariant),
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
    return exact.best_ranks(values, settings.rank)
