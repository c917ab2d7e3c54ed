"""Gradients of the squared error, written out: of a batch of pictures, or of second moments."""

from collections.abc import Callable
from functools import cache
from typing import NamedTuple

import torch
from jaxtyping import Float
from torch import Tensor

from snippets.mnist.train.moments import Moments
from snippets.mnist.train.networks import Layout, Network, inputs


class Gradients(NamedTuple):
    """Half the gradient of the mean of ‖t − z E D‖² over pictures, and the moments that scale it.

    Adam and gradient descent need the gradient of the encoder; the scaled descent needs, for the invariant network,
    the moments of the inputs with themselves and with the targets. What is not needed is None.
    """

    decoder: Float[Tensor, "blocks units o"]  # −(z E)ᵀ (t − z E D)
    codes: Float[Tensor, "blocks units units"]  # (z E)ᵀ (z E)
    encoder: Float[Tensor, "blocks d units"] | None = None  # −zᵀ (t − z E D) Dᵀ
    inputs: Float[Tensor, "blocks d d"] | None = None  # zᵀ z
    cross: Float[Tensor, "blocks d o"] | None = None  # zᵀ t


def of_batch(form: Layout, f: Tensor, e: Tensor, d: Tensor, first_order: bool) -> Gradients:
    """Return the sums over the features f of a batch; the products are taken in the type of f."""
    z, e, d = inputs(form, f), e.to(f.dtype), d.to(f.dtype)
    codes = z @ e
    rest = f - codes @ d
    sums = Gradients(-(codes.mT @ rest), codes.mT @ codes)
    if first_order:
        return sums._replace(encoder=-(z.mT @ (rest @ d.mT)))
    return sums._replace(inputs=z.mT @ z, cross=z.mT @ f) if form.model == "invariant" else sums


def of_moments(moments: Moments, network: Network) -> Gradients:
    """Return the means over all pictures, at a cost that does not depend on their number."""
    e, d = network.encoder, network.decoder
    coded = moments.inputs @ e
    codes = e.mT @ coded
    gradient = coded @ (d @ d.mT) - moments.cross @ d.mT
    return Gradients(codes @ d - e.mT @ moments.cross, codes, gradient, moments.inputs, moments.cross)


def compiled(form: Layout, f: Tensor, e: Tensor, d: Tensor, first_order: bool) -> Gradients:
    """Do the same by compiled code; raises ValueError where there is no compiler."""
    try:
        return _compiled()(form, f, e, d, first_order)
    except RuntimeError as error:
        reason = str(error).strip().splitlines()[0]
        raise ValueError(f"compile: torch could not ({reason}); leave out --compile") from error


@cache
def _compiled() -> Callable[..., Gradients]:
    return torch.compile(of_batch, dynamic=False)


def each(gradients: Gradients, change: Callable[[Tensor], Tensor]) -> Gradients:
    """Change every part that is there."""
    return Gradients(*(None if part is None else change(part) for part in gradients))
