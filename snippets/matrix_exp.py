"""The exponential of a matrix, exact to rounding also where it is a single one."""

import torch
from jaxtyping import Shaped
from torch import Tensor

from snippets.shapes import check_shapes


def matrix_exp(X: Shaped[Tensor, "*batch m n"]) -> Shaped[Tensor, "*batch m n"]:
    """Return exp X.

    For a single matrix PyTorch 2.13 has a wrong coefficient (its issue 196592), and is 10⁻¹⁰ off in double precision,
    3·10⁻⁵ in single. For two it has the right one, so a matrix that is alone is given twice. In 16 bits it gives NaN,
    so the work is done in 32.
    """
    check_shapes("… n n", X)
    if X.dtype in (torch.float16, torch.bfloat16):
        return matrix_exp(X.float()).to(X)
    X = 1.0 * X  # so that whole numbers will do
    if X.shape[:-2].numel() > 1:
        return torch.linalg.matrix_exp(X)
    return torch.linalg.matrix_exp(torch.stack([X, X]))[0]
