"""A complex matrix as a real one of twice the size: the one convention of the book."""

import torch
from jaxtyping import Complex, Float
from torch import Tensor

from snippets.shapes import check_precision, check_shapes


# --8<-- [start:realify]
def realify(Z: Complex[Tensor, "*batch a b"]) -> Float[Tensor, "*batch 2*a 2*b"]:
    """Return [[A, −B], [B, A]] for Z = A + iB: it acts on (Re z, Im z) as Z
    does on z.
    """
    check_shapes("… a b", Z)
    A, B = Z.real, Z.imag
    above, below = torch.cat([A, -B], dim=-1), torch.cat([B, A], dim=-1)
    return torch.cat([above, below], dim=-2)


def complexify(R: Float[Tensor, "*batch p q"]) -> Complex[Tensor, "*batch a b"]:
    """Return the Z whose realify(Z) is nearest to R: average the two copies of A and of
    B.
    """
    check_shapes("… p q", R)
    check_precision(R)
    a, odd_rows = divmod(R.shape[-2], 2)
    b, odd_columns = divmod(R.shape[-1], 2)
    if odd_rows or odd_columns:
        raise ValueError(
            f"a {R.shape[-2]}×{R.shape[-1]} matrix does not stand for a complex one: "
            "both sides have to be even"
        )
    A = (R[..., :a, :b] + R[..., a:, b:]) / 2
    B = (R[..., a:, :b] - R[..., :a, b:]) / 2
    return torch.complex(A, B)
    # --8<-- [end:realify]
