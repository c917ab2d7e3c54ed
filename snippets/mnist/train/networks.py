"""The four linear autoencoders, as ordinary modules with a weight called encoder and one called decoder."""

# --8<-- [start:setup]
from collections.abc import Iterable, Sequence

import torch
from jaxtyping import Float
from torch import Tensor, nn

from snippets.mnist.exact import EquivariantLinearAutoencoder, complex_matrices, load
from snippets.mnist.ranks import WEIGHTS
from snippets.mnist.train.pictures import Images

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


def equivariant(ranks: Sequence[int]) -> EquivariantLinearAutoencoder:
    """Return the chapter's module as a projection: orthonormal rows in the encoder, their conjugates in the decoder."""
    network = EquivariantLinearAutoencoder(ranks)
    drawn = zip(complex_matrices(network.encoder), ranks, strict=True)
    load(network, [torch.linalg.qr(e[:rank].T).Q for e, rank in drawn])
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
