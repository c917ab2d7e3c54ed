"""Steerable filters: convolutions in the plane that respect turns by every angle."""

# --8<-- [start:setup]
from collections.abc import Callable

import torch
from jaxtyping import Float
from torch import Tensor, nn
from torch.nn.functional import affine_grid, conv2d, grid_sample

from snippets.equivariant_networks.group_convolutions import check_middle
from snippets.lie_groups.exponential import J, exp_so2
from snippets.linear_algebra.solving import null_space
from snippets.linear_networks.complex_blocks import complexify, realify
from snippets.shapes import check_shapes

# --8<-- [end:setup]


# --8<-- [start:turning]
def turning(m: int, theta: Float[Tensor, "*angles"]) -> Float[Tensor, "*angles d d"]:
    """Return the matrix by which a turn acts on values of frequency m: 1×1 for
    m = 0.
    """
    if m < 0:
        raise ValueError(f"frequency {m}: −m and m are the same kind, so take {-m}")
    if m == 0:
        return torch.ones_like(theta)[..., None, None]
    return exp_so2(m * theta)
    # --8<-- [end:turning]


# --8<-- [start:on_ring]
def on_ring(
    W: Float[Tensor, "*batch dout din"],
    m_in: int,
    m_out: int,
    phi: Float[Tensor, "*angles"],
) -> Float[Tensor, "... dout din"]:
    """Return the filter at the angles φ of a ring, from its matrix W at the angle 0."""
    check_shapes(f"… {1 + (m_out > 0)} {1 + (m_in > 0)}", W)
    out, back = turning(m_out, phi), turning(m_in, -phi)
    W = 1.0 * W.reshape(*W.shape[:-2], *[1] * phi.ndim, *W.shape[-2:])
    return out @ W @ back
    # --8<-- [end:on_ring]


# --8<-- [start:null_space]
def velocity(m: int) -> Float[Tensor, "d d"]:
    """Return the derivative of `turning` at the angle 0."""
    return m * J.to(torch.get_default_dtype()) if m else torch.zeros(1, 1)


def harmonic_filters(
    m_in: int, m_out: int, top: int
) -> Float[Tensor, "count waves dout din"]:
    """Return all filters on a ring made of waves 1, cos φ, sin φ, …, sin(top φ).

    The coefficients of a filter solve K′ = X K − K Y, where X and Y are the velocities
    of the two turnings at the identity: a null space.
    """
    X, Y = velocity(m_out), velocity(m_in)
    derivative = torch.block_diag(*[velocity(k).T for k in range(top + 1)])
    one, eye_o, eye_i = torch.eye(2 * top + 1), torch.eye(len(X)), torch.eye(len(Y))
    equations = (
        torch.kron(derivative, torch.kron(eye_o, eye_i))
        - torch.kron(one, torch.kron(X, eye_i))
        + torch.kron(one, torch.kron(eye_o, Y.T.contiguous()))
    )
    return null_space(equations).T.reshape(-1, 2 * top + 1, len(X), len(Y))
    # --8<-- [end:null_space]


# --8<-- [start:layer]
class SteerableConvolution(nn.Module):
    """A convolution between fields of given frequencies, turned by any angle."""

    def __init__(self, m_in: int, m_out: int, few: int, many: int, size: int) -> None:
        """Draw, for each ring of the filter, a matrix for each pair of channels."""
        super().__init__()
        check_middle(size)
        self.m_in, self.m_out = m_in, m_out
        half = size // 2
        y, x = torch.meshgrid(*[torch.arange(-half, half + 1.0)] * 2, indexing="ij")
        radius, rings = torch.hypot(x, y), torch.arange(half + 1.0)
        profile = torch.exp(-((radius - rings[:, None, None]) ** 2) / 0.72)
        profile[int(m_in == m_out) :, half, half] = 0  # the middle has no angle
        self.register_buffer("profile", profile)
        self.register_buffer("phi", torch.atan2(-y, x))
        numbers = [len(turning(m, torch.zeros(()))) for m in (m_out, m_in)]
        W = torch.randn(half + 1, many, few, *numbers)
        self.weight = nn.Parameter(W / (few * size * size) ** 0.5)

    def kernel(self) -> Float[Tensor, "out in size size"]:
        """Return the filter, sampled at the pixels."""
        W = self.weight
        if self.m_in == self.m_out != 0:
            W = W.clone()
            W[0] = realify(complexify(W[0]))  # aI + bJ, which commutes with turns
        K = on_ring(W, self.m_in, self.m_out, self.phi)
        K = torch.einsum("rxy,rmfxyoi->mofixy", self.profile, K)
        return K.flatten(2, 3).flatten(0, 1)

    def forward(
        self, f: Float[Tensor, "batch in n n"]
    ) -> Float[Tensor, "batch out n n"]:
        """Convolve; a field of frequency m ≥ 1 has two numbers a pixel and channel."""
        K = self.kernel()
        check_shapes(f"batch {K.shape[1]} h w", f)
        return conv2d(f, K, padding=self.profile.shape[-1] // 2)
        # --8<-- [end:layer]


# --8<-- [start:turn_field]
def turn_field(
    f: Float[Tensor, "batch numbers n n"], m: int, quarters: int | float
) -> Float[Tensor, "batch numbers n n"]:
    """Return a field of frequency m, turned to the left: places and values.

    In a quarter turn pixels go to pixels. By other angles they go to places between
    pixels, and the values there are interpolated.
    """
    f = 1.0 * f  # so that whole numbers will do
    theta = f.new_full((), quarters * torch.pi / 2)
    rho = turning(m, theta)
    if f.ndim != 4 or f.shape[1] % len(rho):
        raise ValueError(
            f"shape {tuple(f.shape)}: pass (batch, {len(rho)} × channels, n, n)"
        )
    read_at = torch.cat([turning(1, theta), f.new_zeros(2, 1)], dim=1)
    places = affine_grid(read_at[None], [1, *f.shape[1:]], align_corners=False)
    places = places.expand(len(f), -1, -1, -1)
    values = grid_sample(f, places, align_corners=False).unflatten(1, (-1, len(rho)))
    return torch.einsum("oi,bcixy->bcoxy", rho, values).flatten(1, 2)
    # --8<-- [end:turn_field]


# --8<-- [start:plane]
def blobs(seed: int, count: int = 12) -> Callable[[Tensor], Tensor]:
    """Return a smooth picture on the plane: a sum of bumps at random places."""
    draw = torch.Generator().manual_seed(seed)
    places = 3 * torch.randn(count, 2, generator=draw)
    heights = torch.randn(count, generator=draw)
    return lambda p: heights @ torch.exp(-(((p - places[:, None]) ** 2).sum(-1)) / 2)


def angle_error(m: int, theta: float, spacing: float, seed: int = 0) -> float:
    """Return the relative error of a ring filter of frequency m under a turn by θ.

    The filter is sampled on a grid; picture and answers are known at every point.
    """
    ticks = spacing * torch.arange(-round(4 / spacing), round(4 / spacing) + 1)
    q = torch.cartesian_prod(ticks, ticks)
    radius, phi = q.norm(dim=1), torch.atan2(q[:, 1], q[:, 0])
    bump = torch.exp(-((radius - 1.2) ** 2) / 0.18)
    bump[radius == 0] *= m == 0
    K = bump[:, None] * on_ring(torch.eye(1 + (m > 0), 1), 0, m, phi)[..., 0]
    picture = blobs(seed)
    g = turning(1, torch.tensor(theta))
    p = 2 * torch.randn(60, 2, generator=torch.Generator().manual_seed(seed + 1))
    moved, answer = (
        torch.stack([picture(x + q @ turn) for x in p @ g]) @ K
        for turn in (g, torch.eye(2))
    )
    expected = answer @ turning(m, torch.tensor(theta)).T
    return ((moved - expected).norm() / expected.norm()).item()
    # --8<-- [end:plane]


# --8<-- [start:gate]
class Gate(nn.Module):
    """Scale each arrow by a function of its length; the direction stays."""

    def __init__(self, channels: int) -> None:
        """Start with a threshold of zero for each channel."""
        super().__init__()
        self.threshold = nn.Parameter(torch.zeros(channels, 1, 1, 1))

    def forward(
        self, f: Float[Tensor, "batch numbers n n"]
    ) -> Float[Tensor, "batch numbers n n"]:
        """Multiply by sigmoid(|v|² − threshold), which is smooth also where v = 0."""
        c = len(self.threshold)
        if f.ndim != 4 or f.shape[1] not in (c, 2 * c):
            raise ValueError(
                f"shape {tuple(f.shape)}: pass (batch, {c} or {2 * c}, n, n)"
            )
        v = f.unflatten(1, (c, -1))
        squared = v.square().sum(dim=2, keepdim=True)
        return (v * torch.sigmoid(squared - self.threshold)).flatten(1, 2)
        # --8<-- [end:gate]


# --8<-- [start:frequencies]
class SteerableLayer(nn.Module):
    """The steerable convolution of several frequencies: a filter for each pair."""

    def __init__(self, few: list[int], many: list[int], size: int) -> None:
        """Take the numbers of channels of the frequencies 0, 1, … before and after."""
        super().__init__()
        self.filters = nn.ModuleList(
            nn.ModuleList(
                SteerableConvolution(m_in, m_out, channels, wanted, size)
                for m_in, channels in enumerate(few)
            )
            for m_out, wanted in enumerate(many)
        )
        self.bias = nn.Parameter(torch.zeros(many[0], 1, 1))

    def forward(self, fields: list[Tensor]) -> list[Tensor]:
        """Take and return for each frequency a field (batch, numbers, n, n)."""
        if len(fields) != len(self.filters[0]):
            raise ValueError(
                f"{len(fields)} fields: pass {len(self.filters[0])}, "
                "one for each frequency 0, 1, …"
            )
        sides = [f"batch c{m} h w" for m in range(len(fields))]
        check_shapes(", ".join(sides), *fields)  # the channels, each filter checks
        sums = [
            sum(convolve(f) for convolve, f in zip(row, fields, strict=True))
            for row in self.filters
        ]
        return [sums[0] + self.bias, *sums[1:]]
        # --8<-- [end:frequencies]


# --8<-- [start:network]
class TurnNetwork(nn.Module):
    """From a picture to numbers that no turn changes, by way of fields that turn."""

    def __init__(self, channels: int, answers: int, size: int = 7) -> None:
        """Build three layers, with frequencies 0, 1 and 2 in between."""
        super().__init__()
        fields = [channels] * 3
        self.layers = nn.ModuleList(
            SteerableLayer(few, fields, size) for few in ([1], fields)
        )
        self.gates = nn.ModuleList(
            nn.ModuleList(Gate(channels) for _ in fields) for _ in self.layers
        )
        self.last = SteerableLayer(fields, [channels], size)
        self.answer = nn.Linear(channels, answers)

    def forward(
        self, x: Float[Tensor, "batch 1 n n"]
    ) -> Float[Tensor, "batch answers"]:
        """Return scores from the mean over all pixels."""
        fields = [x]
        for layer, gates in zip(self.layers, self.gates, strict=True):
            fields = [gate(f) for gate, f in zip(gates, layer(fields), strict=True)]
        (numbers,) = self.last(fields)
        return self.answer(torch.relu(numbers).mean(dim=(2, 3)))
        # --8<-- [end:network]


# --8<-- [start:solution_mirror]
def mirror_filters(m_in: int, m_out: int) -> int:
    """Return how many ring filters also respect the mirror image in the x-axis."""
    signs = torch.tensor([1.0, -1.0])
    M = torch.outer(signs[: 1 + (m_out > 0)], signs[: 1 + (m_in > 0)]).flatten().diag()
    return int(torch.linalg.matrix_rank(torch.eye(len(M)) + M))
    # --8<-- [end:solution_mirror]
