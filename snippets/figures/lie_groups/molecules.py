"""Forces between charges, learned by attention that respects motions and by attention that does not."""

import json
import platform
from pathlib import Path

import torch
from jaxtyping import Float
from torch import Tensor

from book import project
from book.recorded import digest_of_function
from snippets.lie_groups.attention import EuclideanAttention, random_rotations

STEPS, SEEDS = 500, (0, 1, 2)
SIZES = (10, 20, 40, 80, 160)
WAYS = ("equivariant", "turned", "plain")  # "turned": a plain network on data turned at random
RECORD = Path(__file__).parent / "recorded" / "forces.json"

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


def relative_error(model: torch.nn.Module, size: int, augment: bool, seed: int) -> float:
    """Train for 500 steps on `size` samples; return the squared error on 500 others, relative to predicting 0."""
    charge, x, force = samples(size, 4 * seed)
    turns = random_rotations(3, 64 * STEPS if augment else 1, 4 * seed + 1).float()
    optimiser = torch.optim.Adam(model.parameters(), lr=3e-3)
    picks = torch.Generator().manual_seed(4 * seed + 2)
    for step in range(STEPS):
        batch = torch.randint(size, (64,), generator=picks)
        R = turns[64 * step : 64 * (step + 1)] if augment else torch.eye(3).float().expand(64, 3, 3)
        optimiser.zero_grad()
        loss = (model(charge[batch], x[batch] @ R.mT) - force[batch] @ R.mT).square().mean()
        loss.backward()
        optimiser.step()
    charge, x, force = samples(500, 4 * seed + 3)
    with torch.no_grad():
        return ((model(charge, x) - force).square().mean() / force.square().mean()).item()


def learn(way: str, size: int, seed: int) -> float:
    """Return the error of one of three ways to learn the forces from `size` samples."""
    torch.manual_seed(seed)
    model = (Equivariant() if way == "equivariant" else Plain()).float()
    return relative_error(model, size, way == "turned", seed)


def experiment() -> None:
    """Make the record `forces`, about ten minutes of one core."""
    torch.set_num_threads(1)
    source, code = Path(__file__).resolve(), digest_of_function(Path(__file__).resolve(), "learn")
    values = {way: {str(size): [round(learn(way, size, s), 6) for s in SEEDS] for size in SIZES} for way in WAYS}
    made_by = {
        "command": "python -m snippets.figures.lie_groups.molecules",
        "snippet": str(source.relative_to(project.ROOT)),
        "function": "learn",
        "hash": code,
        "device": f"CPU ({platform.machine()})",
        "torch": torch.__version__,
        "seeds": list(SEEDS),
        "threads": 1,
    }
    RECORD.parent.mkdir(exist_ok=True)
    RECORD.write_text(json.dumps({"values": values, "made_by": made_by}, indent=1, sort_keys=True) + "\n")


def recorded() -> dict[str, dict[str, list[float]]]:
    """Return the recorded errors, by way, number of samples and seed."""
    return json.loads(RECORD.read_text())["values"]


if __name__ == "__main__":
    experiment()
