"""What symmetry buys: the same network body with and without it, on few and on many examples."""

# --8<-- [start:setup]
from collections.abc import Callable

import torch
from jaxtyping import Float, Int
from torch import Tensor, nn
from torch.nn.functional import affine_grid, grid_sample

from snippets.equivariant_networks.group_convolutions import TURNS, GroupConvolution
from snippets.lie_groups.exponential import exp_so3

# --8<-- [end:setup]


# --8<-- [start:three_body]
def three_body(x: Float[Tensor, "*batch 4 3"]) -> Float[Tensor, "*batch"]:
    """Return an energy of four points that depends on the angles of all triangles."""
    energy = torch.zeros_like(x[..., 0, 0])
    for corners in ((0, 1, 2), (0, 1, 3), (0, 2, 3), (1, 2, 3)):
        a, b, c = (x[..., k, :] for k in corners)
        sides = [b - a, c - b, a - c]
        squared = [side.square().sum(-1) + 0.5 for side in sides]  # + 0.5: no 0 / 0
        cosines = [
            -(sides[k] * sides[k - 1]).sum(-1) / (squared[k] * squared[k - 1]).sqrt()
            for k in range(3)
        ]
        # + 4: points that nearly meet would outweigh all other examples
        size = (squared[0] + 4) * (squared[1] + 4) * (squared[2] + 4)
        energy = energy + (1 + 3 * cosines[0] * cosines[1] * cosines[2]) / size**1.5
    return energy
    # --8<-- [end:three_body]


# --8<-- [start:inputs]
def distances(x: Float[Tensor, "batch 4 3"]) -> Float[Tensor, "batch 6"]:
    """Return the six distances between four points: no motion changes them."""
    i, j = torch.triu_indices(4, 4, 1)
    return (x[:, i] - x[:, j]).norm(dim=-1)


def coordinates(x: Float[Tensor, "batch 4 3"]) -> Float[Tensor, "batch 12"]:
    """Return all coordinates, from the middle of the points."""
    return (x - x.mean(dim=1, keepdim=True)).flatten(1)
    # --8<-- [end:inputs]


# --8<-- [start:turned]
def turned(x: Float[Tensor, "batch 4 3"]) -> Float[Tensor, "batch 4 3"]:
    """Return each example turned by a rotation of its own, drawn uniformly."""
    q = torch.nn.functional.normalize(torch.randn(len(x), 4).to(x), dim=-1)
    half = torch.atan2(q[:, :3].norm(dim=-1), q[:, 3])
    axis = torch.nn.functional.normalize(q[:, :3], dim=-1)
    return x @ exp_so3(2 * half[:, None] * axis).mT


def turned_or_mirrored(x: Float[Tensor, "batch 4 3"]) -> Float[Tensor, "batch 4 3"]:
    """Return each example turned, and mirrored with probability one half."""
    return turned(x) * (1 - 2 * torch.randint(2, (len(x), 1, 1))).to(x)
    # --8<-- [end:turned]


# --8<-- [start:body]
def body(inputs: int, width: int = 96) -> nn.Sequential:
    """Return the network that all inputs share, apart from its first layer."""
    return nn.Sequential(
        nn.Linear(inputs, width),
        nn.SiLU(),
        nn.Linear(width, width),
        nn.SiLU(),
        nn.Linear(width, width),
        nn.SiLU(),
        nn.Linear(width, 1),
    )


def fit(
    x: Float[Tensor, "n 4 3"],
    y: Float[Tensor, " n"],
    see: Callable,
    augment: bool,
    rate: float,
    steps: int = 1500,
    width: int = 96,
) -> Callable:
    """Return a trained network; with `augment` each step moves its examples anew."""
    network = body(see(x[:1]).shape[1], width)
    optimiser = torch.optim.Adam(network.parameters(), lr=rate)
    schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimiser, steps)
    for _ in range(steps):
        batch = torch.randint(len(x), (128,))
        points = turned_or_mirrored(x[batch]) if augment else x[batch]
        loss = (network(see(points))[:, 0] - y[batch]).square().mean()
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
        schedule.step()
    return lambda points: network(see(points))[:, 0]
    # --8<-- [end:body]


# --8<-- [start:digits]
def turning_network(width: int = 8) -> nn.Sequential:
    """Return a classifier of digits whose answer no quarter turn changes."""
    return nn.Sequential(
        GroupConvolution(1, width, 5, TURNS, lift=True),
        nn.BatchNorm3d(width),
        nn.ReLU(),
        nn.MaxPool3d((1, 2, 2)),
        GroupConvolution(width, 2 * width, 3, TURNS),
        nn.BatchNorm3d(2 * width),
        nn.ReLU(),
        GroupConvolution(2 * width, 2 * width, 3, TURNS),
        nn.BatchNorm3d(2 * width),
        nn.ReLU(),
        Mean(),
        nn.Linear(2 * width, 10),
    )
    # --8<-- [end:digits]


# --8<-- [start:plain]
def plain_network(width: int = 8, wide: int = 34) -> nn.Sequential:
    """Return the same with plain convolutions, and about as many weights."""
    return nn.Sequential(
        nn.Conv2d(1, 2 * width, 5, padding=2),
        nn.BatchNorm2d(2 * width),
        nn.ReLU(),
        nn.MaxPool2d(2),
        nn.Conv2d(2 * width, wide, 3, padding=1),
        nn.BatchNorm2d(wide),
        nn.ReLU(),
        nn.Conv2d(wide, wide, 3, padding=1),
        nn.BatchNorm2d(wide),
        nn.ReLU(),
        Mean(),
        nn.Linear(wide, 10),
    )


class Mean(nn.Module):
    """Average over all but the channels."""

    def forward(
        self, x: Float[Tensor, "batch channels *rest"]
    ) -> Float[Tensor, "batch channels"]:
        """Return one number for each channel."""
        return x.flatten(2).mean(dim=2)
        # --8<-- [end:plain]


# --8<-- [start:rotated]
def rotated(
    x: Float[Tensor, "batch n n"], angles: Float[Tensor, " batch"]
) -> Float[Tensor, "batch n n"]:
    """Return each picture turned left by an angle of its own, in radians.

    Between pixels it is interpolated linearly; what comes in from outside is 0.
    """
    c, s = angles.cos(), angles.sin()
    zero = torch.zeros_like(c)
    # where each pixel of the answer is read, with y pointing down
    places = torch.stack([c, -s, zero, s, c, zero], dim=-1).unflatten(-1, (2, 3))
    grid = affine_grid(places, (len(x), 1, *x.shape[1:]), align_corners=False)
    return grid_sample(x[:, None], grid, align_corners=False)[:, 0]
    # --8<-- [end:rotated]


# --8<-- [start:classify]
def fit_digits(
    network: nn.Module,
    x: Float[Tensor, "n 14 14"],
    labels: Int[Tensor, " n"],
    augment: bool,
    rate: float,
    steps: int = 1500,
) -> nn.Module:
    """Return the network, trained; with `augment` each step turns its pictures anew."""
    optimiser = torch.optim.Adam(network.parameters(), lr=rate)
    schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimiser, steps)
    for _ in range(steps):
        batch = torch.randint(len(x), (64,))
        turns = 2 * torch.pi * torch.rand(64).to(x)
        pictures = rotated(x[batch], turns) if augment else x[batch]
        loss = nn.functional.cross_entropy(network(pictures[:, None]), labels[batch])
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
        schedule.step()
    return network.eval()
    # --8<-- [end:classify]
