"""How weights follow gradients: a descent that scales itself, Adam, and gradient descent with momentum."""

from typing import Any

import torch
from jaxtyping import Float
from torch import Tensor

from snippets.mnist.train.gradients import Gradients
from snippets.mnist.train.networks import Constraint, Network

MEMORY = 0.9  # of the running moments of the codes
DAMPING = 1e-4  # of a moment, relative to the mean of its diagonal
WARM_UP = 0.05  # the part of the steps in which Adam and gradient descent speed up


def damped(m: Float[Tensor, "blocks n n"], used: Tensor, damping: float) -> Float[Tensor, "blocks n n"]:
    """Add a little of the identity, relative to the mean of the diagonal, and ones where units are padding."""
    mean = m.diagonal(dim1=1, dim2=2).sum(1) / used.sum(2)[:, 0].clamp(min=1)
    small = torch.finfo(m.dtype).tiny
    return m + torch.diag_embed(used[:, 0] * (damping * mean[:, None] + small) + (1 - used[:, 0]))


class Scaled:
    """Scaled gradient descent (Tong, Ma and Chi 2021): each factor's gradient is divided by the other's moment.

    With codes c = z E the steps are D ← D − η (cᵀc)⁻¹ ∂D and E ← E − η (zᵀz)⁻¹ ∂E (D Dᵀ)⁻¹. The second one is
    E ← E + η ((zᵀz)⁻¹ zᵀt D⁺ − E), so where targets are the inputs it is E ← E + η (D⁺ − E), whatever the batch.
    No direction is slow because its variance is small.
    """

    def __init__(self, network: Network, memory: float) -> None:
        """Start without a memory of codes."""
        self.network, self.memory = network, memory
        self.constraint = Constraint(network.form, network.encoder.detach())
        self.moments: dict[str, Tensor] = {}

    def remembered(self, name: str, new: Tensor) -> Tensor:
        """Return the running mean of a moment."""
        old = self.moments.get(name, new)
        self.moments[name] = torch.lerp(new, old, self.memory)
        return self.moments[name]

    @torch.no_grad()
    def step(self, gradients: Gradients, rate: float) -> None:
        """Take one step with the decoder, then one with the encoder."""
        e, d, keep = self.network.encoder, self.network.decoder, self.constraint
        codes = damped(keep.real_form(self.remembered("codes", gradients.codes)), keep.units, DAMPING)
        d.copy_(keep.decoder(d - rate * torch.linalg.solve(codes, keep.decoder(gradients.decoder))))
        target = torch.linalg.solve(damped(d @ d.mT, keep.units, 1e-7), d).mT
        if self.network.form.model == "invariant":
            target = self.regression(gradients) @ target
        e.copy_(keep.encoder(torch.lerp(e, target, rate)))

    def regression(self, gradients: Gradients) -> Tensor:
        """Return (zᵀz)⁻¹ zᵀt, which would be the identity if targets were the inputs."""
        z, cross = self.remembered("inputs", gradients.inputs), self.remembered("cross", gradients.cross)
        return torch.linalg.solve(damped(z, torch.ones_like(z[:, :1]), 1e-7), cross)

    def state(self) -> dict[str, Any]:
        """Return the running moments."""
        return dict(self.moments)

    def restore(self, state: dict[str, Any]) -> None:
        """Continue with these running moments."""
        self.moments = {name: m.to(self.network.encoder) for name, m in state.items()}


class FirstOrder:
    """An optimizer of torch, fed with the projected gradients."""

    def __init__(self, network: Network, kind: str) -> None:
        """Make Adam, or gradient descent with Nesterov's momentum."""
        self.network = network
        self.constraint = Constraint(network.form, network.encoder.detach())
        if kind == "adam":
            self.inner: torch.optim.Optimizer = torch.optim.Adam(network.parameters(), lr=0.0)
        else:
            self.inner = torch.optim.SGD(network.parameters(), lr=0.0, momentum=0.9, nesterov=True)

    def step(self, gradients: Gradients, rate: float) -> None:
        """Take one step."""
        self.network.encoder.grad = self.constraint.encoder(gradients.encoder)
        self.network.decoder.grad = self.constraint.decoder(gradients.decoder)
        for group in self.inner.param_groups:
            group["lr"] = rate
        self.inner.step()

    def state(self) -> dict[str, Any]:
        """Return what torch's optimizer remembers."""
        return self.inner.state_dict()

    def restore(self, state: dict[str, Any]) -> None:
        """Continue from there."""
        self.inner.load_state_dict(state)


def optimizer(kind: str, network: Network, method: str) -> Scaled | FirstOrder:
    """Return the optimizer of a name; exact moments need no memory of earlier ones."""
    if kind == "scaled":
        return Scaled(network, MEMORY if method == "gradient" else 0.0)
    return FirstOrder(network, kind)


def rate(kind: str, method: str, lr: float, step: int, steps: int) -> float:
    """Return the rate of a step: it falls to zero in a straight line, except where nothing is random or uneven."""
    if (kind, method) == ("scaled", "gram"):
        return lr
    warm = 1.0 if kind == "scaled" else min(1.0, (step + 1) / (WARM_UP * steps))
    return lr * warm * (1 - step / steps)
