"""A real orthogonal basis in which every map that commutes with a permutation is a list of blocks."""

# --8<-- [start:setup]
import math

import torch
from jaxtyping import Float
from torch import Tensor

from snippets.linear_networks.commutant import check_square, commutator
from snippets.linear_networks.complex_blocks import complexify, realify
from snippets.linear_networks.components import Eigenvalue, eigenvalues
from snippets.linear_networks.invariance import permutation_matrix
from snippets.linear_networks.permutations import Permutation, cycle_decomposition
from snippets.shapes import check_numbers, check_precision

# --8<-- [end:setup]


# --8<-- [start:cycle_basis]
def cycle_vectors(
    n: int, j: int, dtype: torch.dtype | None = None
) -> Float[Tensor, "n columns"]:
    """Return (sin, cos) of frequency j on a cycle of n points, of length one.

    Where the sine is zero, at j = 0 and j = n/2, it is left out.
    """
    angle = (
        2 * math.pi * j * torch.arange(n, dtype=dtype or torch.get_default_dtype()) / n
    )
    if 2 * j % n == 0:
        return torch.cos(angle)[:, None] / math.sqrt(n)
    pair = torch.stack([torch.sin(angle), torch.cos(angle)], dim=1)
    return pair * math.sqrt(2 / n)
    # --8<-- [end:cycle_basis]


# --8<-- [start:real_fourier_basis]
def real_fourier_basis(
    sigma: Permutation, dtype: torch.dtype | None = None
) -> Float[Tensor, "n n"]:
    """Return the orthogonal Q_σ whose columns are waves on single cycles.

    They are grouped by eigenvalue. A pair of conjugate ones has first the sines of all
    its cycles, then their cosines.
    """
    longest_first = sorted(cycle_decomposition(sigma), key=len, reverse=True)
    columns = []
    for key in eigenvalues(sigma):
        own = [cycle for cycle in longest_first if len(cycle) % key.l == 0]
        waves = [cycle_vectors(len(c), key.frequency(len(c)), dtype) for c in own]
        for part in range(key.weight):
            for cycle, wave in zip(own, waves, strict=True):
                column = wave.new_zeros(sigma.size)
                column[torch.tensor(cycle) - 1] = wave[:, part]
                columns.append(column)
    return torch.stack(columns, dim=1)
    # --8<-- [end:real_fourier_basis]


# --8<-- [start:projected_blocks]
Blocks = dict[Eigenvalue, Tensor]


def projected_blocks(M: Float[Tensor, "*batch n n"], sigma: Permutation) -> Blocks:
    """Return the blocks, real or complex, of the nearest equivariant map to M."""
    check_square(M, sigma)
    check_precision(M)
    M = 1.0 * M  # so that whole numbers will do
    Q = real_fourier_basis(sigma, M.dtype).to(M.device)
    B, blocks, start = Q.T @ M @ Q, {}, 0
    for key, d in eigenvalues(sigma).items():
        stop = start + key.weight * d
        block = B[..., start:stop, start:stop]
        blocks[key] = block if key.weight == 1 else complexify(block)
        start = stop
    return blocks
    # --8<-- [end:projected_blocks]


# --8<-- [start:assemble]
def assemble(blocks: Blocks, sigma: Permutation) -> Float[Tensor, "*batch n n"]:
    """Return the equivariant matrix that has these blocks."""
    spectrum = eigenvalues(sigma)
    if list(blocks) != list(spectrum):
        raise ValueError(
            f"give a block for each of the eigenvalues {[tuple(k) for k in spectrum]}"
        )
    real = [realify(Z) if Z.is_complex() else Z for Z in blocks.values()]
    first = real[0]
    B = first.new_zeros(*first.shape[:-2], sigma.size, sigma.size)
    start = 0
    for block in real:
        stop = start + block.shape[-1]
        B[..., start:stop, start:stop] = block
        start = stop
    Q = real_fourier_basis(sigma, B.dtype).to(B.device)
    return Q @ B @ Q.T
    # --8<-- [end:assemble]


# --8<-- [start:fourier_blocks]
def fourier_blocks(M: Float[Tensor, "*batch n n"], sigma: Permutation) -> Blocks:
    """Return the blocks of an equivariant map; raise ValueError for any other."""
    check_numbers("… m n", M)
    miss = commutator(M, sigma)
    gap, size = (x.abs().amax() if x.numel() else x.sum() for x in (miss, M))
    if gap > 64 * torch.finfo(M.dtype).eps * sigma.size * size:
        raise ValueError(
            "the matrix is not equivariant: M P − P M has an entry of size "
            f"{gap.item():.3g}, and M one of size {size.item():.3g}"
        )
    return projected_blocks(M, sigma)
    # --8<-- [end:fourier_blocks]


# --8<-- [start:solution_reynolds]
def reynolds(M: Float[Tensor, "n n"], sigma: Permutation) -> Float[Tensor, "n n"]:
    """Average P⁻ᵏ M Pᵏ over the powers of σ."""
    P = permutation_matrix(sigma)
    powers = [torch.linalg.matrix_power(P, k) for k in range(sigma.order)]
    return sum(power.T @ M @ power for power in powers) / len(powers)
    # --8<-- [end:solution_reynolds]
