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
    check_partition(parts)
    return torch.tensor([label[point] for point in sorted(label)])


def collapse(
    M: Float[Tensor, "*batch m n"], parts: Partition
) -> Float[Tensor, "*batch m k"]:
    """Return one column of each part: the map ψ.

    Raises ValueError for a matrix that is not invariant.
    """
    part, first = part_of(parts), torch.tensor([part[0] - 1 for part in parts])
    check_columns(M, len(part))
    miss = M[..., first][..., part] - M
    gap, size = (x.abs().amax() if x.numel() else x.sum() for x in (miss, M))
    if gap > 1e-5 * size:
        raise ValueError(
            f"the matrix is not invariant: columns of one part "
            f"differ by {gap.item():.3g}; "
            "average it over the parts first"
        )
    return M[..., first]
    # --8<-- [end:parts]


# --8<-- [start:sharing]
def sharing(parts: Partition, dtype: torch.dtype | None = None) -> Float[Tensor, "k n"]:
    """Return E, whose column j is e_i for the part A_i of j; ψ(M) E is M."""
    return torch.eye(len(parts), dtype=dtype)[:, part_of(parts)]
    # --8<-- [end:sharing]


def check_partition(parts: Partition) -> None:
    """Raise ValueError unless every point from 1 to n stands in exactly one part."""
    points = sorted(point for part in parts for point in part)
    if points and points[0] < 1:
        raise ValueError(
            f"{parts} is no partition: {points[0]} is no point, as they start at 1"
        )
    for wanted, point in zip(range(1, len(points) + 1), points, strict=True):
        if point != wanted:
            problem = (
                f"{point} occurs twice" if point < wanted else f"{wanted} is missing"
            )
            raise ValueError(
                f"{parts} is no partition of the points 1 to {max(points)}: {problem}"
            )


def check_columns(M: Tensor, n: int) -> None:
    """Raise ValueError unless M has a column for every point."""
    if M.ndim < 2 or M.shape[-1] != n:
        raise ValueError(
            f"a matrix of shape {tuple(M.shape)} does not fit {n} points: it needs {n} columns"
        )


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
        if x.shape[-1] != len(self.part):
            raise ValueError(f"inputs of {x.shape[-1]} numbers: give {len(self.part)}")
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


def rotation_in_order(order: list[tuple[int, int]], side: int) -> Float[Tensor, "n n"]:
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
