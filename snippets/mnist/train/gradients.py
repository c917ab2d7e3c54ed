"""Gradients of the squared error, written out: of a batch of pictures, or of second moments."""

from collections.abc import Callable
from typing import NamedTuple

import torch
from jaxtyping import Float
from torch import Tensor

from snippets.mnist.train.moments import Moments
from snippets.mnist.train.networks import Layout, Network, inputs


class Gradients(NamedTuple):
    """Half the gradient of the mean of ‖t − z E D‖² over pictures, and the moments that scale it."""

    encoder: Float[Tensor, "blocks d units"]  # −zᵀ (t − z E D) Dᵀ
    decoder: Float[Tensor, "blocks units o"]  # −(z E)ᵀ (t − z E D)
    codes: Float[Tensor, "blocks units units"]  # (z E)ᵀ (z E)
    inputs: Float[Tensor, "blocks d d"]  # zᵀ z, of the invariant network alone


def of_batch(form: Layout, f: Tensor, e: Tensor, d: Tensor, with_encoder: bool) -> tuple[Tensor, ...]:
    """Return the sums over the features f of a batch; the products are taken in the type of f."""
    z, e, d = inputs(form, f), e.to(f.dtype), d.to(f.dtype)
    codes = z @ e
    rest = f - codes @ d
    wide = [z.mT @ z] if form.model == "invariant" else []
    if with_encoder or wide:
        return -(z.mT @ (rest @ d.mT)), -(codes.mT @ rest), codes.mT @ codes, *wide
    return -(codes.mT @ rest), codes.mT @ codes


def of_moments(moments: Moments, network: Network) -> Gradients:
    """Return the means over all pictures, at a cost that does not depend on their number."""
    e, d = network.encoder, network.decoder
    coded = moments.inputs @ e
    codes, square = e.mT @ coded, d @ d.mT
    gradient = coded @ square - moments.cross @ d.mT
    return Gradients(gradient, codes @ d - e.mT @ moments.cross, codes, moments.inputs)


class BatchGradients:
    """Gradients of batches, averaged over all processes."""

    def __init__(self, form: Layout, compiled: bool, with_encoder: bool) -> None:
        """Compile the arithmetic if asked."""
        self.form = form
        self.with_encoder = with_encoder or form.model == "invariant"
        self.sums: Callable[..., tuple[Tensor, ...]] = torch.compile(of_batch, dynamic=False) if compiled else of_batch

    def __call__(self, f: Tensor, network: Network) -> list[Tensor]:
        """Return the sums over this process's part of the batch."""
        with torch.no_grad():
            found = self.sums(self.form, f, network.encoder.detach(), network.decoder.detach(), self.with_encoder)
        return [part.to(network.encoder.dtype) for part in found]

    def gradients(self, sums: list[Tensor], count: int) -> Gradients:
        """Divide the sums by the number of pictures; what was not needed is empty."""
        parts = [part / count for part in sums]
        nothing = parts[0].new_empty(len(parts[0]), 0, 0)
        if not self.with_encoder:
            parts = [nothing, *parts]
        return Gradients(*parts, *([nothing] if len(parts) < 4 else []))
