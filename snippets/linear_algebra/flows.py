"""Flows: how an invertible network changes a density, and how it learns to."""

# --8<-- [start:setup]

import torch
from jaxtyping import Float
from torch import Tensor, nn

from snippets.linear_algebra.determinants import log_gaussian

# --8<-- [end:setup]


# --8<-- [start:coupling]
class Coupling(nn.Module):
    """Keep one coordinate; let it decide how to scale and shift the other."""

    def __init__(self, kept: int, hidden: int = 16) -> None:
        """Keep coordinate 0 or 1."""
        super().__init__()
        self.kept = kept
        self.net = nn.Sequential(
            nn.Linear(1, hidden),
            nn.Tanh(),
            nn.Linear(hidden, 2),
        )

    def forward(
        self,
        z: Float[Tensor, "k 2"],
    ) -> tuple[Float[Tensor, "k 2"], Float[Tensor, " k"]]:
        """Return the image of z, and log |det| of the Jacobian there."""
        kept, other = z[:, self.kept], z[:, 1 - self.kept]
        log_scale, shift = self.net(kept[:, None]).T
        moved = other * log_scale.exp() + shift
        pair = [moved, kept] if self.kept else [kept, moved]
        return torch.stack(pair, dim=1), log_scale

    def inverse(
        self,
        y: Float[Tensor, "k 2"],
    ) -> tuple[Float[Tensor, "k 2"], Float[Tensor, " k"]]:
        """Return the z with forward(z) = y, and forward's log |det| there."""
        kept, other = y[:, self.kept], y[:, 1 - self.kept]
        log_scale, shift = self.net(kept[:, None]).T
        moved = (other - shift) * (-log_scale).exp()
        pair = [moved, kept] if self.kept else [kept, moved]
        return torch.stack(pair, dim=1), log_scale
        # --8<-- [end:coupling]


# --8<-- [start:flow]
class Flow(nn.Module):
    """Coupling layers one after the other, alternating the kept coordinate."""

    def __init__(self, depth: int) -> None:
        """Stack depth layers."""
        super().__init__()
        self.layers = nn.ModuleList(Coupling(kept=i % 2) for i in range(depth))

    def forward(self, z: Float[Tensor, "k 2"]) -> Float[Tensor, "k 2"]:
        """Turn noise into data."""
        for layer in self.layers:
            z, _ = layer(z)
        return z

    def log_prob(self, y: Float[Tensor, "k 2"]) -> Float[Tensor, " k"]:
        """Return the noise's log-density minus the log-determinants on the way."""
        log_det = y.new_zeros(len(y))
        for layer in reversed(self.layers):
            y, log_scale = layer.inverse(y)
            log_det = log_det + log_scale
        return log_gaussian(y) - log_det
        # --8<-- [end:flow]


# --8<-- [start:crescent]
def crescent(count: int, seed: int = 0) -> Float[Tensor, "k 2"]:
    """Return points scattered around the parabola y = x² − 1."""
    x, noise = torch.randn(2, count, generator=torch.Generator().manual_seed(seed))
    return torch.stack([x, x**2 - 1 + 0.4 * noise], dim=1)


def fit(data: Float[Tensor, "k 2"], steps: int = 250, seed: int = 0) -> Flow:
    """Return a flow that makes the data likely: Adam on the mean of −log p."""
    torch.manual_seed(seed)
    flow = Flow(depth=4).to(data)
    optimiser = torch.optim.Adam(flow.parameters(), lr=0.02)
    for _ in range(steps):
        optimiser.zero_grad()
        loss = -flow.log_prob(data).mean()
        loss.backward()
        optimiser.step()
    return flow
    # --8<-- [end:crescent]


# --8<-- [start:solution_gaussian]
def gaussian_log_density(
    x: Float[Tensor, "k n"],
    mean: Float[Tensor, " n"],
    covariance: Float[Tensor, "n n"],
) -> Float[Tensor, " k"]:
    """Return the log-density of N(mean, covariance): x = mean + Lz, LLᵀ =
    covariance.
    """
    L = torch.linalg.cholesky(covariance)
    z = torch.linalg.solve_triangular(L, (x - mean).T, upper=False).T
    return log_gaussian(z) - L.diagonal().log().sum()
    # --8<-- [end:solution_gaussian]


# --8<-- [start:solution_planar]
def planar(
    z: Float[Tensor, "k n"],
    u: Float[Tensor, " n"],
    w: Float[Tensor, " n"],
) -> tuple[Float[Tensor, "k n"], Float[Tensor, " k"]]:
    """Return z + u tanh(w·z), and log |det(I + tanh′(w·z) u wᵀ)|."""
    step = torch.tanh(z @ w)
    det = 1 + (1 - step**2) * (w @ u)
    return z + torch.outer(step, u), det.abs().log()
    # --8<-- [end:solution_planar]
