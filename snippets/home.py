"""The front page: one question, two networks, and a layer that is not what its name says."""

import torch
from torch import nn


# --8<-- [start:not_linear]
def image_of_zero(layer: nn.Linear) -> torch.Tensor:
    """Return where a layer sends the zero vector; a linear map leaves it where
    it is.
    """
    return layer(torch.zeros(layer.in_features, dtype=layer.weight.dtype))
    # --8<-- [end:not_linear]
