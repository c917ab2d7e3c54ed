"""Forces between charges, learned by attention that respects motions and by attention that does not."""

import torch
from jaxtyping import Float
from torch import Tensor

from snippets.lie_groups.attention import EuclideanAttention, random_rotations

Sample = tuple[Float[Tensor, "count n"], Float[Tensor, "count n 3"], Float[Tensor, "count n 3"]]


def samples(count: int, seed: int, n: int = 5) -> Sample:
    """Draw charges ±1, positions, and the forces between them, softened near 0."""
    generator = torch.Generator().manual_seed(seed)
    charge = torch.randint(2, (count, n), generator=generator).float() * 2 - 1
    x = torch.randn(count, n, 3, generator=generator, dtype=torch.float32)
    apart = x[:, :, None] - x[:, None]
    strength = charge[:, :, None] * charge[:, None] / (apart.square().sum(-1) + 0.5) ** 1.5
    return charge.to(x), x, (strength.to(x)[..., None] * apart).sum(2)


class Equivariant(torch.nn.Module):
    """Predict one vector for each charge by two layers of Euclidean attention."""

    def __init__(self, features: int = 32, channels: int = 8):
        """Draw an embedding and two layers."""
        super().__init__()
        self.embed, self.channels = torch.nn.Linear(1, features), channels
        self.layers = torch.nn.ModuleList(EuclideanAttention(features, channels) for _ in range(2))

    def forward(self, charge: Float[Tensor, "b n"], x: Float[Tensor, "b n 3"]) -> Float[Tensor, "b n 3"]:
        """Return the first channel."""
        h, v = self.embed(charge[..., None]), x.new_zeros(*x.shape[:2], self.channels, 3)
        for layer in self.layers:
            h, v = layer(h, v, x)
        return v[..., 0, :]


class Plain(torch.nn.Module):
    """Predict one vector for each charge by an ordinary transformer of two layers on centred positions."""

    def __init__(self, features: int = 32):
        """Draw an embedding, two layers and a last linear map."""
        super().__init__()
        layers = [torch.nn.TransformerEncoderLayer(features, 4, 64, 0.0, batch_first=True) for _ in range(2)]
        self.net = torch.nn.Sequential(torch.nn.Linear(4, features), *layers, torch.nn.Linear(features, 3))

    def forward(self, charge: Float[Tensor, "b n"], x: Float[Tensor, "b n 3"]) -> Float[Tensor, "b n 3"]:
        """Return three numbers for each token."""
        return self.net(torch.cat([charge[..., None], x - x.mean(1, keepdim=True)], -1))


def relative_error(model: torch.nn.Module, size: int, augment: bool, steps: int) -> float:
    """Train on `size` samples; return the squared error on 500 others, relative to predicting 0."""
    charge, x, force = samples(size, 0)
    turns = random_rotations(3, 64 * steps if augment else 1, 1).float()
    optimiser = torch.optim.Adam(model.parameters(), lr=3e-3)
    picks = torch.Generator().manual_seed(2)
    for step in range(steps):
        batch = torch.randint(size, (64,), generator=picks)
        R = turns[64 * step : 64 * (step + 1)] if augment else torch.eye(3).float().expand(64, 3, 3)
        optimiser.zero_grad()
        loss = (model(charge[batch], x[batch] @ R.mT) - force[batch] @ R.mT).square().mean()
        loss.backward()
        optimiser.step()
    charge, x, force = samples(500, 3)
    with torch.no_grad():
        return ((model(charge, x) - force).square().mean() / force.square().mean()).item()


def compare(steps: int = 800) -> dict[str, float]:
    """Return the errors of three ways to learn from 10, 40 and 160 samples."""
    found = {}
    for size in (10, 80):
        for name, make, augment in (("motion", Equivariant, False), ("turned", Plain, True), ("plain", Plain, False)):
            torch.manual_seed(0)
            found[f"{name}_{size}"] = relative_error(make().float(), size, augment, steps)
    return found
