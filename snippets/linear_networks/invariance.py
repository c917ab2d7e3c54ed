"""Invariance: equal columns, one shared weight a cycle."""

# --8<-- [start:setup]
import torch
from jaxtyping import Float, Int
from torch import Tensor, nn

from snippets.linear_networks.permutations import (
    Partition,
    Permutation,
)

# --8<-- [end:setup]


# --8<-- [start:permutation_matrix]
def permutation_matrix(sigma: Permutation) -> Float[Tensor, "n n"]:
    """Return P with (P x)_i = x_σ(i): row i has its 1 in column σ(i)."""
    return torch.eye(sigma.size)[torch.tensor(sigma.images) - 1]
# --8<-- [end:permutation_matrix]


# --8<-- [start:parts]
def part_of(parts: Partition) -> Int[Tensor, " n"]:
    """Return the number of each point's part, counted from zero."""
    label = {point: k for k, part in enumerate(parts) for point in part}
    return torch.tensor([label[point] for point in sorted(label)])


def collapse(M: Float[Tensor, "m n"], parts: Partition) -> Float[Tensor, "m k"]:
    """Keep one column of each part: the map ψ.

    Raises ValueError for a matrix that is not invariant.
    """
    first = torch.tensor([part[0] - 1 for part in parts])
    if not torch.allclose(M[:, first][:, part_of(parts)], M):
        raise ValueError(
            "the matrix is not invariant: average it over the parts first"
        )
    return M[:, first]


def sharing(parts: Partition) -> Float[Tensor, "k n"]:
    """Return E, whose column j is e_i for the part A_i of j; ψ(M) E is M."""
    return torch.eye(len(parts))[:, part_of(parts)]
# --8<-- [end:parts]


# --8<-- [start:autoencoder]
class InvariantAutoencoder(nn.Module):
    """A linear autoencoder blind to a partition: sum each part, encode, decode."""

    def __init__(self, parts: Partition, rank: int, outputs: int) -> None:
        """Draw the rank·k shared encoder weights and outputs·rank decoder weights."""
        super().__init__()
        k = len(parts)
        if not 0 <= rank <= min(outputs, k):
            raise ValueError(
                f"rank {rank} is out of range: choose 0 to {min(outputs, k)}"
            )
        self.register_buffer("part", part_of(parts))
        self.encoder = nn.Parameter(torch.randn(rank, k) / k**0.5)
        scale = max(rank, 1) ** 0.5
        self.decoder = nn.Parameter(torch.randn(outputs, rank) / scale)

    def forward(self, x: Float[Tensor, "*batch n"]) -> Float[Tensor, "*batch m"]:
        """Map x to A B x, where the columns of B within a part are equal."""
        sums = x.new_zeros(*x.shape[:-1], self.encoder.shape[1])
        sums = sums.index_add(-1, self.part, x)
        return sums @ self.encoder.T @ self.decoder.T
# --8<-- [end:autoencoder]


# --8<-- [start:zero_based]
def indices(sigma: Permutation) -> Int[Tensor, " n"]:
    """Return the images counted from zero, so that `x[indices(sigma)]` is P x."""
    return torch.tensor(sigma.images) - 1
# --8<-- [end:zero_based]


# --8<-- [start:pixel_order]
def orbit_order(side: int, *, printed: bool = False) -> list[tuple[int, int]]:
    """List the pixels (row, column) of a picture of even side, orbit by orbit.

    Each orbit is listed clockwise; with `printed`, the last one as the slides do it.
    """
    order = []
    for ring in range(side // 2):
        for step in range(side - 1 - 2 * ring):
            pixel = (1 + ring, 1 + ring + step)
            for _ in range(4):
                order.append(pixel)
                pixel = (pixel[1], side + 1 - pixel[0])
    return order[:-2] + order[:-3:-1] if printed else order


def rotation_in_order(
    order: list[tuple[int, int]], side: int
) -> Float[Tensor, "n n"]:
    """Return the matrix of the clockwise rotation for pixels listed in this order."""
    listed = [(row - 1) * side + column - 1 for row, column in order]
    return permutation_matrix(Permutation.rotation(side))[listed][:, listed]
# --8<-- [end:pixel_order]


# --8<-- [start:factors]
def shared_factors(
    M: Float[Tensor, "m n"], parts: Partition, rank: int
) -> tuple[Tensor, Tensor]:
    """Factor an invariant matrix into a dense decoder and a shared encoder."""
    U, s, Vh = torch.linalg.svd(collapse(M, parts), full_matrices=False)
    return U[:, :rank] * s[:rank], Vh[:rank] @ sharing(parts)
# --8<-- [end:factors]


# --8<-- [start:solution_odd]
def rotation_orbits(side: int) -> int:
    """Number of orbits of the rotation on a picture of any side."""
    return (side * side + 3) // 4
# --8<-- [end:solution_odd]
