"""Equivariance: the components of the maps of bounded rank, the nearest map, and the network of a component."""

# --8<-- [start:setup]
import torch
from jaxtyping import Float
from torch import Tensor, nn

from snippets.linear_algebra.svd import truncate
from snippets.linear_networks.complex_blocks import realify
from snippets.linear_networks.components import (
    Eigenvalue,
    Ranks,
    check_rank,
    check_ranks,
    eigenvalues,
)
from snippets.linear_networks.cycle_waves import CycleWaves
from snippets.linear_networks.knapsack import knapsack
from snippets.linear_networks.permutations import Permutation
from snippets.linear_networks.real_blocks import assemble, projected_blocks
from snippets.shapes import check_precision

# --8<-- [end:setup]


# --8<-- [start:nearest_equivariant]
def nearest_equivariant(
    M: Float[Tensor, "n n"], sigma: Permutation, ranks: Ranks
) -> Float[Tensor, "n n"]:
    """Return the nearest point on the component with these ranks: truncate blocks."""
    check_ranks(eigenvalues(sigma), ranks)
    blocks = projected_blocks(M, sigma)
    cut = {key: truncate(Z, ranks.get(key, 0)) for key, Z in blocks.items()}
    return assemble(cut, sigma)
    # --8<-- [end:nearest_equivariant]


# --8<-- [start:best_ranks]
def best_ranks(M: Float[Tensor, "n n"], sigma: Permutation, rank: int) -> Ranks:
    """Return the ranks of the component nearest to M: a knapsack of singular values.

    One of a real block costs one unit of rank, one of a complex block two.
    """
    check_rank(rank, sigma.size)
    blocks = projected_blocks(M, sigma)
    values = [torch.linalg.svdvals(Z).tolist() for Z in blocks.values()]
    chosen = knapsack(values, [key.weight for key in blocks], rank)
    return dict(zip(blocks, chosen, strict=True))
    # --8<-- [end:best_ranks]


# --8<-- [start:autoencoder]
class EquivariantAutoencoder(nn.Module):
    """A linear autoencoder that commutes with σ: a small one for each eigenvalue."""

    def __init__(self, sigma: Permutation, ranks: Ranks) -> None:
        """Draw d·r weights, real or complex, for the encoder and the decoder."""
        super().__init__()
        spectrum = eigenvalues(sigma)
        check_ranks(spectrum, ranks)
        self.ranks = {key: ranks[key] for key in spectrum if ranks.get(key, 0)}
        self.waves = CycleWaves(sigma, list(self.ranks))
        self.encoder, self.decoder = nn.ParameterDict(), nn.ParameterDict()
        for key, r in self.ranks.items():
            d, parts = spectrum[key], (2,) * (key.weight - 1)
            encoder, decoder = torch.randn(r, d, *parts), torch.randn(d, r, *parts)
            self.encoder[str(key)] = nn.Parameter(encoder / d**0.5)
            self.decoder[str(key)] = nn.Parameter(decoder / r**0.5)

    def forward(self, x: Float[Tensor, "*batch n"]) -> Float[Tensor, "*batch n"]:
        """Split x into waves, multiply those of each eigenvalue, add the waves up."""
        if x.shape[-1] != len(self.waves.order):
            raise ValueError(
                f"inputs of {x.shape[-1]} numbers: "
                f"give {len(self.waves.order)}, one a point"
            )
        check_precision(x)
        flat = x.reshape(-1, x.shape[-1])
        alike = zip(self.waves.alike, self.waves.analyse(flat), strict=True)
        coded = [u @ self.matrices(keys).mT for keys, u in alike]
        return self.waves.synthesise(coded, len(flat)).reshape(x.shape)

    def matrices(self, keys: list[Eigenvalue]) -> Float[Tensor, "keys d d"]:
        """Multiply decoders by encoders; complex products become real blocks."""
        decoders = [as_matrix(self.decoder[str(key)]) for key in keys]
        encoders = [as_matrix(self.encoder[str(key)]) for key in keys]
        M = torch.stack([D @ E for D, E in zip(decoders, encoders, strict=True)])
        return realify(M) if M.is_complex() else M


def as_matrix(weights: Tensor) -> Tensor:
    """Return a real matrix as it is, and pairs of numbers as complex entries."""
    return weights if weights.ndim == 2 else torch.view_as_complex(weights)
    # --8<-- [end:autoencoder]


# --8<-- [start:singular]
def is_singular(
    point: Ranks, ranks: Ranks, multiplicity: dict[Eigenvalue, int]
) -> bool:
    """Say whether a point is singular: a block that is not full has dropped."""
    return any(point[key] < r < multiplicity[key] for key, r in ranks.items())
    # --8<-- [end:singular]
