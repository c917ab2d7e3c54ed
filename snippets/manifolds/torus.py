"""The torus: two angles, how many charts they need, even samples, and the shifts of an image."""

# --8<-- [start:setup]
import math

import torch
from jaxtyping import Bool, Float
from torch import Tensor, nn

from snippets.manifolds.atlas import Atlas, Chart
from snippets.shapes import check_shapes

# --8<-- [end:setup]


# --8<-- [start:torus]
def tube(angles: Float[Tensor, "k 2"], R: float, r: float) -> Float[Tensor, "k 3"]:
    """Return ((R + r cos θ) cos φ, (R + r cos θ) sin φ, r sin θ) for any two radii."""
    check_shapes("k 2", angles)
    theta, phi = angles.unbind(dim=1)
    distance = R + r * theta.cos()
    return torch.stack(
        [distance * phi.cos(), distance * phi.sin(), r * theta.sin()], dim=1
    )


def torus(
    angles: Float[Tensor, "k 2"], R: float = 2.0, r: float = 1.0
) -> Float[Tensor, "k 3"]:
    """Return the points of the ring. Raises ValueError unless R > r > 0."""
    if not R > r > 0:
        raise ValueError(f"R = {R}, r = {r}: the surface is a torus only for R > r > 0")
    return tube(angles, R, r)
    # --8<-- [end:torus]


# --8<-- [start:torus_angles]
def torus_angles(p: Float[Tensor, "k 3"], R: float = 2.0) -> Float[Tensor, "k 2"]:
    """Return θ and φ in [0, 2π), the inverse of `torus` for every r < R."""
    check_shapes("k 3", p)
    theta = torch.atan2(p[:, 2], (1.0 * p[:, :2]).norm(dim=1) - R)
    angles = torch.stack([theta, torch.atan2(p[:, 1], p[:, 0])], dim=1)
    angles = angles.remainder(2 * math.pi)
    closed = angles >= 2 * math.pi  # by rounding
    return torch.where(closed, angles - 2 * math.pi, angles)
    # --8<-- [end:torus_angles]


# --8<-- [start:squares]
MARGIN = 1e-9  # a point this close to the cut counts as being on it


def square_chart(cut: float) -> Chart:
    """Return the chart by both angles, each strictly between cut and cut + 2π."""

    def coordinates(p: Float[Tensor, "k 3"]) -> Float[Tensor, "k 2"]:
        return (torus_angles(p) - cut).remainder(2 * math.pi) + cut

    def inside(x: Float[Tensor, "k 2"]) -> Bool[Tensor, " k"]:
        return ((x > cut + MARGIN) & (x < cut + 2 * math.pi - MARGIN)).all(1)

    return Chart(
        f"angles from {cut:.3g}",
        lambda p: inside(coordinates(p)),
        inside,
        coordinates,
        torus,
    )


def squares(k: int) -> Atlas:
    """Return k square charts, with cuts spread evenly over the circle."""
    return Atlas(
        f"{k} squares", tuple(square_chart(2 * math.pi * i / k) for i in range(k))
    )


def torus_grid(m: int) -> Float[Tensor, "n 3"]:
    """Return the m·m points of the torus whose angles are multiples of 2π/m."""
    turns = 2 * math.pi * torch.arange(m, dtype=torch.float64) / m
    return torus(torch.cartesian_prod(turns, turns))
    # --8<-- [end:squares]


# --8<-- [start:annuli]
def annulus_chart(cut: float) -> Chart:
    """Return the chart that cuts only θ: eᵗ (cos φ, sin φ) with t = θ − cut."""

    def tube_angle(p: Float[Tensor, "k 3"]) -> Float[Tensor, " k"]:
        return (torus_angles(p)[:, 0] - cut).remainder(2 * math.pi)

    def coordinates(p: Float[Tensor, "k 3"]) -> Float[Tensor, "k 2"]:
        direction = p[:, :2] / p[:, :2].norm(dim=1, keepdim=True)
        return tube_angle(p).exp()[:, None] * direction

    def point(x: Float[Tensor, "k 2"]) -> Float[Tensor, "k 3"]:
        return torus(
            torch.stack(
                [x.norm(dim=1).log() + cut, torch.atan2(x[:, 1], x[:, 0])], dim=1
            )
        )

    def inside(x: Float[Tensor, "k 2"]) -> Bool[Tensor, " k"]:
        t = x.norm(dim=1).log()
        return (t > MARGIN) & (t < 2 * math.pi - MARGIN)

    return Chart(
        f"ring cut at {cut:.3g}",
        lambda p: inside(coordinates(p)),
        inside,
        coordinates,
        point,
    )


ANNULI = Atlas("two rings", (annulus_chart(0.0), annulus_chart(math.pi)))
# --8<-- [end:annuli]


# --8<-- [start:even]
def kepler(mean: Float[Tensor, " k"], e: float) -> Float[Tensor, " k"]:
    """Solve θ + e sin θ = mean for θ, by bisection.

    Raises ValueError unless 0 ≤ e < 1, where there is one solution.
    """
    if not 0 <= e < 1:
        raise ValueError(
            f"e = {e}: choose 0 ≤ e < 1, or there may be several solutions"
        )
    low, high = mean - 1, mean + 1
    for _ in range(60):
        middle = (low + high) / 2
        below = middle + e * middle.sin() < mean
        low, high = torch.where(below, middle, low), torch.where(below, high, middle)
    return (low + high) / 2


def uniform_on_torus(
    k: int, R: float, r: float, generator: torch.Generator
) -> Float[Tensor, "k 2"]:
    """Return the angles of k points, uniform by area on the torus in space."""
    theta, phi = 2 * math.pi * torch.rand(2, k, generator=generator)
    return torch.stack([kepler(theta, r / R), phi], dim=1)


def uniform_in_angles(k: int, generator: torch.Generator) -> Float[Tensor, "k 2"]:
    """Return k pairs of uniform angles; on the torus they crowd at the hole."""
    return 2 * math.pi * torch.rand(k, 2, generator=generator)
    # --8<-- [end:even]


# --8<-- [start:shift]
def shift(
    image: Float[Tensor, "*batch h w"], down: int, right: int
) -> Float[Tensor, "*batch h w"]:
    """Move an image: what leaves at one edge comes in at the opposite one."""
    check_shapes("… h w", image)
    return image.roll((down, right), dims=(-2, -1))


def shift_matrix(h: int, w: int, down: int, right: int) -> Float[Tensor, "n n"]:
    """Return the matrix of the shift on images that are flattened row by row."""
    pixels = torch.eye(h * w).reshape(h * w, h, w)
    return shift(pixels, down, right).reshape(h * w, h * w).T.contiguous()


def commutant_dimension(matrices: list[Float[Tensor, "n n"]]) -> int:
    """Return the dimension of the space of all X with XM = MX for every M."""
    n = len(matrices[0])
    one = torch.eye(n).to(matrices[0])
    equations = [
        torch.kron(one, m.T.contiguous()) - torch.kron(m, one) for m in matrices
    ]
    return n * n - int(torch.linalg.matrix_rank(torch.cat(equations)))
    # --8<-- [end:shift]


# --8<-- [start:torus_conv]
class TorusConv(nn.Module):
    """A convolution on the torus: circular padding, so that no edge is left."""

    def __init__(self, channels_in: int, channels_out: int, size: int) -> None:
        """Set up the filter; size, its side in pixels, is odd: it has a centre."""
        super().__init__()
        self.filter = nn.Conv2d(
            channels_in, channels_out, size, padding="same", padding_mode="circular"
        )

    def forward(self, x: Float[Tensor, "b c h w"]) -> Float[Tensor, "b o h w"]:
        """Filter every image of the batch."""
        check_shapes(f"b {self.filter.in_channels} h w", x)
        return self.filter(x)
        # --8<-- [end:torus_conv]


# --8<-- [start:onto_torus]
class OntoTorus(nn.Module):
    """Ends a network on a torus: divides each pair of outputs by its length."""

    def forward(self, x: Float[Tensor, "*batch n"]) -> Float[Tensor, "*batch k 2"]:
        """Return (cos, sin) of k = n/2 angles; raises ValueError at a pair (0, 0)."""
        if x.shape[-1] % 2:
            raise ValueError(f"{x.shape[-1]} outputs: give two for each angle")
        pairs = 1.0 * x.unflatten(-1, (-1, 2))  # so that whole numbers will do
        length = pairs.norm(dim=-1, keepdim=True)
        if (length == 0).any():
            raise ValueError("a pair of outputs is (0, 0), which has no angle")
        return pairs / length
        # --8<-- [end:onto_torus]


# --8<-- [start:two_miss]
def missed_by_two(first_cut: float, second_cut: float) -> Float[Tensor, "2 2"]:
    """Return the angles of two points that both squares miss."""
    return torch.tensor([[first_cut, second_cut], [second_cut, first_cut]])
    # --8<-- [end:two_miss]


# --8<-- [start:solution_diagonal]
def diagonal_shift(h: int, w: int) -> tuple[int, int]:
    """Return the order of the shift by (1, 1), and how many X commute with it."""
    M = shift_matrix(h, w, 1, 1)
    power, steps = M, 1
    while not torch.equal(power, torch.eye(h * w)):
        power, steps = power @ M, steps + 1
    return steps, commutant_dimension([M])
    # --8<-- [end:solution_diagonal]


# --8<-- [start:solution_clifford]
def flat_torus(angles: Float[Tensor, "k 2"]) -> Float[Tensor, "k 4"]:
    """Return (cos θ, sin θ, cos φ, sin φ), a torus in four dimensions."""
    return torch.cat([angles.cos(), angles.sin()], dim=1)[:, [0, 2, 1, 3]]
    # --8<-- [end:solution_clifford]


# --8<-- [start:solution_zero_padding]
def commuting_gap(
    layer: nn.Module, x: Float[Tensor, "b c h w"]
) -> Float[Tensor, "b o h w"]:
    """Return what is left of shifting by (1, 1) before minus after the layer."""
    return layer(shift(x, 1, 1)) - shift(layer(x), 1, 1)
    # --8<-- [end:solution_zero_padding]
