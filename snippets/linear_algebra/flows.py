"""Flows: how an invertible network changes a density, and how it learns to."""

# --8<-- [start:setup]
import torch
from jaxtyping import Float
from torch import Tensor, nn

from snippets.linear_algebra.determinants import log_gaussian

# --8<-- [end:setup]


# --8<-- [start:coupling]
class Coupling(nn.Module):
    """Keep one half of the coordinates; let it scale and shift the other half."""

    def __init__(self, kept: int, n: int = 2, hidden: int = 16) -> None:
        """Keep the first half (0) or the second half (1) of n coordinates."""
        super().__init__()
        if n % 2:
            raise ValueError(f"{n} coordinates have no half: pass an even number")
        self.kept = kept
        self.net = nn.Sequential(
            nn.Linear(n // 2, hidden),
            nn.Tanh(),
            nn.Linear(hidden, n),
        )

    def forward(
        self,
        z: Float[Tensor, "k n"],
    ) -> tuple[Float[Tensor, "k n"], Float[Tensor, " k"]]:
        """Return the image of z, and log |det| of the Jacobian there."""
        kept, other, log_scale, shift = self._parts(z)
        moved = other * log_scale.exp() + shift
        return self._join(kept, moved), log_scale.sum(dim=1)

    def inverse(
        self,
        y: Float[Tensor, "k n"],
    ) -> tuple[Float[Tensor, "k n"], Float[Tensor, " k"]]:
        """Return the z with forward(z) = y, and forward's log |det| there."""
        kept, other, log_scale, shift = self._parts(y)
        moved = (other - shift) * (-log_scale).exp()
        return self._join(kept, moved), log_scale.sum(dim=1)

    def _parts(self, z: Float[Tensor, "k n"]) -> tuple[Tensor, ...]:
        """Return both halves of z, and how the kept one scales and shifts the other."""
        halves = z.chunk(2, dim=1)
        kept, other = halves[self.kept], halves[1 - self.kept]
        return kept, other, *self.net(kept).chunk(2, dim=1)

    def _join(self, kept: Tensor, moved: Tensor) -> Float[Tensor, "k n"]:
        """Return both halves in their places."""
        return torch.cat([moved, kept] if self.kept else [kept, moved], dim=1)
        # --8<-- [end:coupling]


# --8<-- [start:flow]
class Flow(nn.Module):
    """Coupling layers one after the other, alternating the kept half."""

    def __init__(self, depth: int, n: int = 2) -> None:
        """Stack depth layers on n coordinates."""
        super().__init__()
        self.layers = nn.ModuleList(Coupling(i % 2, n) for i in range(depth))

    def forward(self, z: Float[Tensor, "k n"]) -> Float[Tensor, "k n"]:
        """Turn noise into data."""
        for layer in self.layers:
            z, _ = layer(z)
        return z

    def log_prob(self, y: Float[Tensor, "k n"]) -> Float[Tensor, " k"]:
        """Return the noise's log-density minus the log-determinants on the way."""
        total = y.new_zeros(len(y))
        for layer in reversed(self.layers):
            y, log_det = layer.inverse(y)
            total = total + log_det
        return log_gaussian(y) - total
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
    """Return the log-density at x of mean + Lz, where LLᵀ is the covariance."""
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
