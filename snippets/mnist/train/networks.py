"""The four linear autoencoders, as ordinary modules with a weight called encoder and one called decoder."""

# --8<-- [start:setup]
from collections.abc import Sequence

import torch
from jaxtyping import Float
from torch import Tensor, nn

from snippets.mnist.exact import (
    EquivariantLinearAutoencoder,
    complex_matrices,
    load,
    waves,
)
from snippets.mnist.ranks import WEIGHTS

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

    def forward(self, x: Float[Tensor, "n 28 28"]) -> Float[Tensor, "n 28 28"]:
        """Return the reconstructions."""
        return self.decoder(self.encoder(self.seen(x))).view(x.shape)

    def seen(self, x: Float[Tensor, "n 28 28"]) -> Float[Tensor, "n inputs"]:
        """Return what the encoder sees: all pixels."""
        return x.flatten(1)


class Invariant(Dense):
    """M P = M: the encoder sees the 28 sums of rows; the decoder is dense."""

    inputs = 28

    def seen(self, x: Float[Tensor, "n 28 28"]) -> Float[Tensor, "n 28"]:
        """Return the sums of the rows, of length one for a row of length one."""
        return x.sum(2) / 28**0.5
        # --8<-- [end:modules]


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
        self.register_buffer("waves", coordinates(), persistent=False)

    def forward(self, x: Float[Tensor, "n 28 28"]) -> Float[Tensor, "n 28 28"]:
        """Return the reconstructions."""
        f = (self.waves @ x.reshape(-1, 28).T).view(15, 2, len(x), 28)
        f = f.transpose(1, 2).reshape(15, len(x), 56)
        y = f @ padded(self.encoder).mT @ padded(self.decoder)
        y = y.view(15, len(x), 2, 28).transpose(1, 2).reshape(30, -1)
        return (self.waves.T @ y).T.view(x.shape)


def coordinates() -> Float[Tensor, "30 28"]:
    """Return the rows of `waves`, times √2 where a frequency counts twice: with them, lengths are kept."""
    double = torch.tensor(WEIGHTS, dtype=torch.float64).sqrt().repeat_interleave(2)
    return waves() * double.to(waves())[:, None]


def padded(weights: nn.ParameterList) -> Float[Tensor, "15 units 56"]:
    """Stack matrices of 28 or 56 columns, filled up with zeros."""
    wide = [nn.functional.pad(w, (0, 56 - w.shape[1])) for w in weights]
    return nn.utils.rnn.pad_sequence(wide, batch_first=True)


def build(model: str, rank: int, ranks: Sequence[int] | None, seed: int) -> nn.Module:
    """Return a network that projects onto a random subspace, the same for every device and number of processes."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        if model == "equivariant":
            return projection(EquivariantLinearAutoencoder(ranks))
        if model == "semi-equivariant":
            return SemiEquivariant(ranks)
        return Dense(rank) if model == "dense" else Invariant(rank)


def projection(network: EquivariantLinearAutoencoder) -> EquivariantLinearAutoencoder:
    """Return the network with its encoder's rows made orthonormal, and its decoder the encoder's transpose."""
    drawn = complex_matrices(network.encoder)
    load(
        network,
        [
            torch.linalg.qr(u.mT[:, : len(e)]).Q
            for e, u in zip(network.encoder, drawn, strict=True)
        ],
    )
    return network


def parameters(network: nn.Module) -> int:
    """Count the real numbers that the network stores."""
    return sum(weights.numel() for weights in network.parameters())
