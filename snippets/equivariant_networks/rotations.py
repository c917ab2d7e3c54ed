"""What else turns in space: the irreducible representations of the rotations."""

# --8<-- [start:setup]
import math

import torch
from jaxtyping import Complex, Float
from torch import Tensor, nn
from torch.nn.functional import normalize, silu

from snippets.linear_algebra.solving import null_space
from snippets.matrix_exp import matrix_exp
from snippets.shapes import check_batches, check_shapes

# --8<-- [end:setup]


# --8<-- [start:traceless]
def traceless(v: Float[Tensor, "*batch 3"]) -> Float[Tensor, "*batch 3 3"]:
    """Return vvᵀ minus its trace, spread evenly: a symmetric matrix of trace zero."""
    check_shapes("… 3", v)
    length = v.square().sum(-1)[..., None, None]
    return v[..., :, None] * v[..., None, :] - length / 3 * torch.eye(3).to(v)
    # --8<-- [end:traceless]


# --8<-- [start:five]
def five_numbers(T: Float[Tensor, "*batch 3 3"]) -> Float[Tensor, "*batch 5"]:
    """Return the part of kind 2 of a matrix: five numbers.

    For a symmetric matrix of trace zero they are all of it, and their length is
    √(3/2) times its length, so 1 for a unit vector's `traceless`.
    """
    check_shapes("… 3 3", T)
    (xx, xy, xz), (_, yy, yz), (_, _, zz) = (
        row.unbind(-1) for row in ((T + T.mT) / 2).unbind(-2)
    )
    s = math.sqrt(3)
    parts = (s * xy, s * yz, zz - (xx + yy) / 2, s * xz, s / 2 * (xx - yy))
    return torch.stack(parts, dim=-1)
    # --8<-- [end:five]


# --8<-- [start:ladder]
def ladder(l: int) -> Complex[Tensor, "3 d d"]:
    """Return J₁, J₂, J₃ for the numbers m = −l, …, l: J₃ is diagonal, and
    J₁ + iJ₂ raises m by one.
    """
    if l < 0:
        raise ValueError(f"l = {l}: take 0, 1, 2, …")
    m = torch.arange(-l, l + 1, dtype=torch.float64)
    up = torch.diag((l * (l + 1) - m[:-1] * m[1:]).sqrt(), -1).to(torch.complex128)
    return torch.stack([(up + up.mH) / 2, (up - up.mH) / 2j, m.diag().to(up.dtype)])
    # --8<-- [end:ladder]


# --8<-- [start:real]
def real_basis(l: int) -> Complex[Tensor, "d d"]:
    """Return the unitary U whose conjugate takes the numbers m = −l, …, l to sines
    (m < 0) and cosines (m > 0).
    """
    U = torch.zeros(2 * l + 1, 2 * l + 1, dtype=torch.complex128)
    U[l, l] = 1
    for m in range(1, l + 1):
        sign = (-1) ** m
        U[l + m, l + m], U[l + m, l - m] = sign / math.sqrt(2), 1 / math.sqrt(2)
        U[l - m, l + m], U[l - m, l - m] = -1j * sign / math.sqrt(2), 1j / math.sqrt(2)
    return U


def velocities(l: int) -> Float[Tensor, "3 d d"]:
    """Return the real skew matrices of the turns about x, y, z, in double precision."""
    J, U = ladder(l), real_basis(l)
    return (-1j * (U.conj() @ J @ U.T)).real
    # --8<-- [end:real]


# --8<-- [start:wigner]
def wigner(l: int, omega: Float[Tensor, "*batch 3"]) -> Float[Tensor, "*batch d d"]:
    """Return D(R) for the turn R by |ω| about ω: the exponential of its velocity."""
    check_shapes("… 3", omega)
    omega = 1.0 * omega  # so that whole numbers will do
    X = torch.einsum("...a,aij->...ij", omega, velocities(l).to(omega))
    return matrix_exp(X)
    # --8<-- [end:wigner]


# --8<-- [start:harmonics]
def harmonics(l: int, p: Float[Tensor, "*batch 3"]) -> Float[Tensor, "*batch d"]:
    """Return the value at the direction of p of the field on the sphere of kind l.

    A half turn about the axis midway between the north pole and p brings the pole to
    p; it turns the value along. In the south Y(p) = (−1)ˡ Y(−p). The gradient is right
    at the poles, too; at p = 0, which has no direction, there is none.
    """
    check_shapes("… 3", p)
    p = 1.0 * p  # so that whole numbers will do
    south = p[..., 2:] < 0
    upper = torch.where(south, -p, p)
    north = normalize(upper, dim=-1, eps=torch.finfo(p.dtype).tiny)
    midway = normalize(north + torch.tensor([0.0, 0.0, 1.0]).to(p), dim=-1)
    Y = wigner(l, torch.pi * midway)[..., l]
    return torch.where(south, (-1) ** l * Y, Y)
    # --8<-- [end:harmonics]


# --8<-- [start:trace]
def rotation_character(
    l: int, theta: Float[Tensor, "*batch"]
) -> Float[Tensor, "*batch"]:
    """Return the trace of a turn by θ: 1 + 2 cos θ + … + 2 cos lθ."""
    if l < 0:
        raise ValueError(f"l = {l}: take 0, 1, 2, …")
    k = torch.arange(1, l + 1).to(theta)
    return 1 + 2 * torch.cos(theta[..., None] * k).sum(-1)


def rotation_inner(
    chi: Float[Tensor, " n"], psi: Float[Tensor, " n"]
) -> Float[Tensor, ""]:
    """Return the mean of χψ over all rotations, from values at n angles (j + ½)π/n.

    Turns by θ are as many as 1 − cos θ says.
    """
    check_shapes("n, n", chi, psi)
    n = len(chi)
    theta = (torch.arange(n).to(chi) + 0.5) * torch.pi / n
    return (chi * psi * (1 - torch.cos(theta))).mean()
    # --8<-- [end:trace]


# --8<-- [start:check]
def check_kinds(channels: list[int], features: list[Tensor], *p: Tensor) -> None:
    """Raise ValueError unless there are channels of 2l + 1 numbers for l = 0, 1, …,
    and vectors p of space to go with them.
    """
    if len(features) != len(channels):
        raise ValueError(
            f"{len(features)} kinds of features: pass {len(channels)}, "
            f"with {channels} channels"
        )
    sides = [f"… {n} {2 * l + 1}" for l, n in enumerate(channels)]
    check_batches(", ".join([*sides, *["… 3"] * len(p)]), *features, *p)
    # --8<-- [end:check]


# --8<-- [start:layer]
class KindLinear(nn.Module):
    """The general equivariant linear layer: it mixes channels of one kind."""

    def __init__(self, few: list[int], many: list[int]) -> None:
        """Take the numbers of channels of the kinds l = 0, 1, 2, … before and after."""
        super().__init__()
        if len(few) != len(many):
            raise ValueError(
                f"{len(few)} kinds before and {len(many)} after: give a number, "
                "which may be 0, for each"
            )
        self.weights = nn.ParameterList(
            torch.randn(n, m) / max(m, 1) ** 0.5 for m, n in zip(few, many, strict=True)
        )
        self.bias = nn.Parameter(torch.zeros(many[0], 1))

    def forward(self, features: list[Tensor]) -> list[Tensor]:
        """Take and return for each l a tensor (*batch, channels, 2l + 1)."""
        check_kinds([W.shape[1] for W in self.weights], features)
        mixed = [W @ f for W, f in zip(self.weights, features, strict=True)]
        return [mixed[0] + self.bias, *mixed[1:]]
        # --8<-- [end:layer]


# --8<-- [start:gate]
class KindGate(nn.Module):
    """The step between two layers: numbers go through SiLU, and every channel of
    another kind is scaled by a number of its own.
    """

    def __init__(self, channels: list[int]) -> None:
        """Take the numbers of channels of the kinds l = 0, 1, … that come out.

        One number more for each channel with l ≥ 1 has to come in: `taken` says so.
        """
        super().__init__()
        self.channels = channels
        self.taken = [sum(channels), *channels[1:]]

    def forward(self, features: list[Tensor]) -> list[Tensor]:
        """Take and return for each l a tensor (*batch, channels, 2l + 1)."""
        check_kinds(self.taken, features)
        numbers, *others = features
        kept, *switches = numbers.split(self.channels, dim=-2)
        return [
            silu(kept),
            *(f * torch.sigmoid(s) for f, s in zip(others, switches, strict=True)),
        ]
        # --8<-- [end:gate]


# --8<-- [start:solution_shell]
def shell_filters(l_in: int, l_out: int) -> int:
    """Return how many filters on a sphere take kind l_in to kind l_out."""
    X, Y = velocities(l_out)[2], velocities(l_in)[2]
    equations = torch.kron(X, torch.eye(len(Y))) - torch.kron(
        torch.eye(len(X)), Y.T.contiguous()
    )
    return null_space(equations).shape[1]
    # --8<-- [end:solution_shell]
