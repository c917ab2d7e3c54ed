"""The recipe of the authors' notebook, with each of its steps solved exactly."""

from collections.abc import Callable, Sequence

import torch
from jaxtyping import Complex, Float
from torch import Tensor

from snippets.linear_networks.complex_blocks import complexify
from snippets.mnist.exact import top_eigenvectors, waves
from snippets.mnist.ranks import WEIGHTS, total_rank


# --8<-- [start:truncations]
def real_truncation(block: Complex[Tensor, "n n"], rank: int) -> Complex[Tensor, "n n"]:
    """Cut to a rank by the real SVD of both parts side by side."""
    side_by_side = torch.cat([block.mH.real, block.mH.imag], dim=1)
    u = torch.linalg.svd(side_by_side).U[:, :rank]
    return block @ (u @ u.T).to(block.dtype)


def complex_truncation(
    block: Complex[Tensor, "n n"], rank: int
) -> Complex[Tensor, "n n"]:
    """Cut a complex matrix to a rank by its own SVD: the nearest one."""
    u = torch.linalg.svd(block).U[:, :rank]
    return u @ u.mH @ block
    # --8<-- [end:truncations]


# --8<-- [start:notebook_blocks]
def notebook_blocks(
    moment: Float[Tensor, "784 784"],
    ranks: Sequence[int],
    cut: Callable[[Tensor, int], Tensor] = real_truncation,
) -> Complex[Tensor, "15 28 28"]:
    """Return the M_j of the notebook's recipe, each step solved exactly."""
    total_rank(ranks)
    blocks = torch.zeros(15, 28, 28, dtype=torch.complex128)
    by_columns = moment.view(28, 28, 28, 28).permute(1, 0, 3, 2)
    by_columns = by_columns.reshape(784, 784)
    for j, (weight, rank) in enumerate(zip(WEIGHTS, ranks, strict=True)):
        pair = weight**0.5 * waves()[2 * j : 2 * j + 2].T.contiguous()
        basis = torch.kron(pair, torch.eye(28))
        cov = basis.T @ by_columns @ basis
        if weight == 1:
            u = top_eigenvectors(cov[:28, :28], rank)
            blocks[j] = (u @ u.T).to(blocks.dtype)
        else:
            u = top_eigenvectors(cov, 2 * rank)
            blocks[j] = cut(complexify(u @ u.T), rank)
    return blocks
    # --8<-- [end:notebook_blocks]
