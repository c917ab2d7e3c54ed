"""Networks for points in space: energies that no motion changes, and forces that turn along."""

# --8<-- [start:setup]
import torch
from jaxtyping import Bool, Float, Int
from torch import Tensor, nn

from snippets.equivariant_networks.tensor_products import TensorProduct
from snippets.lie_groups.exponential import exp_so3
from snippets.shapes import check_batches

# --8<-- [end:setup]


# --8<-- [start:bumps]
def bumps(
    r: Float[Tensor, "*batch 3"], centres: Float[Tensor, " count"]
) -> Float[Tensor, "*batch count"]:
    """Return the length of r as numbers that a network can read: exp(−(|r| − c)²).

    At r = 0 the root has no derivative, hence the 10⁻¹² under it; 16 bits may need
    more.
    """
    r = 1.0 * r  # so that whole numbers will do
    least = max(1e-12, torch.finfo(r.dtype).tiny)
    distance = r.square().sum(-1, keepdim=True).add(least).sqrt()
    return torch.exp(-((distance - centres) ** 2))
    # --8<-- [end:bumps]


# --8<-- [start:layer]
class PointLayer(nn.Module):
    """Pass messages between points: numbers from numbers and distances, arrows along
    the differences of positions and along the arrows of the others.
    """

    def __init__(self, channels: int, places: int = 8) -> None:
        """Build one small network for all pairs, which sees a distance as `places`
        bumps.
        """
        super().__init__()
        self.register_buffer("centres", torch.linspace(0, 4, places))
        sizes = 4 * channels + places, 4 * channels, 3 * channels
        self.message = nn.Sequential(
            nn.Linear(sizes[0], sizes[1]), nn.SiLU(), nn.Linear(sizes[1], sizes[2])
        )
        self.update = nn.Linear(2 * channels, channels)

    def forward(
        self,
        x: Float[Tensor, "*batch n 3"],
        s: Float[Tensor, "*batch n channels"],
        v: Float[Tensor, "*batch n channels 3"],
        pair: Float[Tensor, "*batch n n"],
    ) -> tuple[
        Float[Tensor, "*batch n channels"], Float[Tensor, "*batch n channels 3"]
    ]:
        """Return new numbers s and arrows v; `pair` is 1 where j may speak to i."""
        c = self.update.out_features
        check_batches(f"… n 3, … n {c}, … n {c} 3, … n n", x, s, v, pair)
        r = x[..., None, :, :] - x[..., :, None, :]  # from i to j
        far = bumps(r, self.centres)
        along = torch.einsum("...icx,...ijx->...ijc", v, r)
        back = torch.einsum("...jcx,...ijx->...ijc", v, r)
        here = s[..., :, None, :].expand(*along.shape)
        there = s[..., None, :, :].expand(*along.shape)
        m = self.message(torch.cat([here, there, far, along, back], dim=-1))
        number, to_point, to_arrow = (m * pair[..., None]).chunk(3, dim=-1)
        v = (
            v
            + torch.einsum("...ijc,...ijx->...icx", to_point, r)
            + torch.einsum("...ijc,...jcx->...icx", to_arrow, v)
        )
        lengths = v.square().sum(-1)
        return s + number.sum(-2) + self.update(torch.cat([s, lengths], dim=-1)), v
        # --8<-- [end:layer]


# --8<-- [start:energy]
class Energy(nn.Module):
    """The energy of a cloud of points with types; its negative gradient are forces."""

    def __init__(self, types: int, channels: int = 16, layers: int = 2) -> None:
        """Take the number of types of points."""
        super().__init__()
        self.start = nn.Embedding(types, channels)
        self.layers = nn.ModuleList(PointLayer(channels) for _ in range(layers))
        self.answer = nn.Sequential(
            nn.Linear(channels, channels), nn.SiLU(), nn.Linear(channels, 1)
        )

    def forward(
        self,
        x: Float[Tensor, "*batch n 3"],
        types: Int[Tensor, "..."],
        there: Bool[Tensor, "..."] | None = None,
    ) -> Float[Tensor, "*batch"]:
        """Return the energy of the points that are there; the others are padding."""
        there = torch.ones_like(types, dtype=torch.bool) if there is None else there
        if not x.shape == (*types.shape, 3) == (*there.shape, 3):
            raise ValueError(
                f"positions of shape {tuple(x.shape)}, types of shape "
                f"{tuple(types.shape)} and marks of shape {tuple(there.shape)}: "
                "give one type for each point, and a mark or none"
            )
        x, types = x.where(there[..., None], 0), types.where(there, 0)
        present = there.to(x)
        pair = present[..., :, None] * present[..., None, :]
        pair = pair * (1 - torch.eye(x.shape[-2]).to(x))
        try:
            s = self.start(types)
        except IndexError as error:
            known = self.start.num_embeddings
            raise ValueError(
                f"types from {types.min()} to {types.max()}: take 0 to {known - 1}, "
                "or build Energy for more types"
            ) from error
        v = torch.zeros(*s.shape, 3).to(x)
        for layer in self.layers:
            s, v = layer(x, s, v, pair)
        return (self.answer(s)[..., 0] * present).sum(-1)


def forces(
    energy: Energy,
    x: Float[Tensor, "*batch n 3"],
    types: Int[Tensor, "..."],
    there: Bool[Tensor, "*batch n"] | None = None,
) -> Float[Tensor, "*batch n 3"]:
    """Return minus the gradient of the energy."""
    with torch.enable_grad():
        x = x if x.requires_grad else x.detach().requires_grad_()
        total = energy(x, types, there).sum()
        (gradient,) = torch.autograd.grad(total, x, create_graph=True)
    return -gradient
    # --8<-- [end:energy]


# --8<-- [start:motion]
def motion(seed: int) -> tuple[Float[Tensor, "3 3"], Float[Tensor, "3"]]:
    """Return a random rotation, or one with an inversion, and a translation."""
    draw = torch.Generator().manual_seed(seed)
    omega, t = 2 * torch.randn(2, 3, generator=draw)
    return (-1) ** seed * exp_so3(omega), t
    # --8<-- [end:motion]


# --8<-- [start:radial]
class RadialProduct(TensorProduct):
    """A tensor product in which a path counts by a function of the distance."""

    def __init__(self, few: list[int], many: list[int], top: int) -> None:
        """Build the radial network: from a distance to one factor for each path."""
        super().__init__(few, many, top)
        self.register_buffer("centres", torch.linspace(0, 4, 8))
        self.radial = nn.Sequential(
            nn.Linear(8, 32), nn.SiLU(), nn.Linear(32, len(self.paths))
        )

    def path_weights(self, p: Float[Tensor, "*batch 3"]) -> list[Tensor]:
        """Return for each path its matrix, times its factor at the distance |p|."""
        factors = self.radial(bumps(p, self.centres)).unbind(-1)
        return [
            factor[..., None, None] * W
            for factor, W in zip(factors, self.weights, strict=True)
        ]
        # --8<-- [end:radial]


# --8<-- [start:solution_torque]
def torque(
    x: Float[Tensor, "*batch n 3"], F: Float[Tensor, "*batch n 3"]
) -> Float[Tensor, "*batch 3"]:
    """Return the sum of x × F."""
    check_batches("… n 3, … n 3", x, F)
    return torch.linalg.cross(x, F).sum(-2)
    # --8<-- [end:solution_torque]
