"""The best network of each kind, from second moments alone: eigenvectors, no training."""

from collections.abc import Sequence

import torch
from jaxtyping import Complex, Float
from torch import Tensor

from snippets.mnist.exact import best_ranks, top_eigenvectors
from snippets.mnist.train.moments import Moments
from snippets.mnist.train.networks import Layout, Network, layout, real_form
from snippets.mnist.train.settings import Settings, rank_vector


def optimum(form: Layout, moments: Moments) -> Network:
    """Return the network with the smallest loss, in float64; `moments` are those of its blocks."""
    if form.model == "invariant":
        return reduced_rank_regression(form, moments)
    e = torch.zeros(form.shapes[0], dtype=torch.float64)
    for j, (rank, units, two) in enumerate(zip(form.ranks, form.units, form.doubled, strict=True)):
        if form.model == "equivariant":
            h = hermitian(moments.inputs[j])
            e[j] = real_form(top_eigenvectors(h if two else h.real, rank), form, two)
        else:
            e[j, :, :units] = top_eigenvectors(moments.inputs[j], units)
    return Network(form, e, e.mT.clone())


def hermitian(moment: Float[Tensor, "56 56"]) -> Complex[Tensor, "28 28"]:
    """Return A + iB of the real form [[A, −B], [B, A]]."""
    return torch.complex(moment[:28, :28], moment[28:, :28].contiguous())


def reduced_rank_regression(form: Layout, moments: Moments) -> Network:
    """Return the best D Eᵀ of a rank that predicts the pictures x from the sums z of their rows.

    With S = mean z zᵀ and C = mean z xᵀ the loss is ‖x‖² − ‖S^(−½) C‖² + ‖S^(−½) C − S^½ E D‖², so E D is the best
    approximation of S^(−½) C by its singular vectors (Eckart–Young), times S^(−½). Sums that never vary are left out.
    """
    values, vectors = torch.linalg.eigh(moments.inputs[0])
    kept = values > 1e-12 * values[-1]
    root = (vectors[:, kept] / values[kept].sqrt()) @ vectors[:, kept].T
    u, s, v = torch.linalg.svd(root @ moments.cross[0], full_matrices=False)
    rank = form.ranks[0]
    return Network(form, (root @ u[:, :rank])[None], (s[:rank, None] * v[:rank])[None])


def spectra(moments: Moments) -> Float[Tensor, "15 28"]:
    """Return what each unit of rank at each frequency keeps, largest first: w_j times it leaves the loss."""
    values = torch.linalg.eigvalsh(moments.inputs).flip(1)
    pairs = values.view(15, 28, 2).mean(2)  # the equivariant network has every eigenvalue twice
    return torch.cat([values[:1, :28], pairs[1:-1], values[-1:, :28]])


def chosen_layout(settings: Settings, moments: Moments) -> tuple[Layout, tuple[int, ...] | None]:
    """Return the layout and all 15 ranks, the best ones where these are asked for."""
    ranks: Sequence[int] | None = None
    if settings.ranks == "best":
        ranks = best_ranks(spectra(moments), settings.rank)
    elif settings.ranks is not None:
        ranks = rank_vector(settings.ranks)
    return layout(settings.model, settings.rank, ranks), ranks
