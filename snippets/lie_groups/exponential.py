"""The exponential: small steps, its series, SO(2), SO(3) and back, and what it misses."""

# --8<-- [start:setup]
import math

import torch
from jaxtyping import Float
from torch import Tensor

from snippets.lie_groups.groups import check_rotation
from snippets.shapes import check_shapes, digits

# --8<-- [end:setup]


# --8<-- [start:compounded]
J = torch.tensor([[0.0, -1.0], [1.0, 0.0]], dtype=torch.float64)


def compounded(G: Float[Tensor, "n n"], steps: int) -> Float[Tensor, "n n"]:
    """Return (I + G/n)ⁿ: n equal steps, each along the velocity at its start."""
    step = torch.eye(len(G)).to(G) + G / steps
    return torch.linalg.matrix_power(step, steps)
    # --8<-- [end:compounded]


# --8<-- [start:partial_sum]
def partial_sums(G: Float[Tensor, "n n"], terms: int) -> Float[Tensor, "terms n n"]:
    """Return I, I + G, I + G + G²/2!, …: the first `terms` partial sums of exp G."""
    term = torch.eye(len(G)).to(G)
    sums = [term]
    for k in range(1, terms):
        term = term @ G / k
        sums.append(sums[-1] + term)
    return torch.stack(sums)
    # --8<-- [end:partial_sum]


# --8<-- [start:misprinted]
def misprinted_sum(theta: float) -> Float[Tensor, "2 2"]:
    """Return the sum up to G⁴/4! with the powers G³ = −θG and G⁴ = θ²I."""
    G, eye = theta * J, torch.eye(2).to(J)
    return eye + G - theta**2 * eye / 2 - theta * G / 6 + theta**2 * eye / 24
    # --8<-- [end:misprinted]


# --8<-- [start:so2]
def exp_so2(theta: float | Float[Tensor, "*batch"]) -> Float[Tensor, "*batch 2 2"]:
    """Return exp(θJ) in closed form: cos θ I + sin θ J."""
    theta = torch.as_tensor(theta)[..., None, None]
    c, s = theta.cos(), theta.sin()
    return c * torch.eye(2).to(c) + s * J.to(s)
    # --8<-- [end:so2]


# --8<-- [start:log_so2]
def log_so2(R: Float[Tensor, "*batch 2 2"]) -> Float[Tensor, "*batch"]:
    """Return the angle of R in (−π, π]; at the cut, R = −I, it is π."""
    check_shapes("… 2 2", R)
    check_rotation(R)
    s = R[..., 1, 0] - R[..., 0, 1] + 0.0  # + 0.0 makes a zero of −0
    return torch.atan2(s, R[..., 0, 0] + R[..., 1, 1])
    # --8<-- [end:log_so2]


# --8<-- [start:hat]
def hat(omega: Float[Tensor, "*batch 3"]) -> Float[Tensor, "*batch 3 3"]:
    """Return ω × as a skew matrix: hat(ω) v = ω × v."""
    if omega.shape[-1:] != (3,):
        raise ValueError(f"shape {tuple(omega.shape)}: the last axis must be 3")
    x, y, z = omega.unbind(-1)
    o = torch.zeros_like(x)
    return torch.stack([o, -z, y, z, o, -x, -y, x, o], -1).unflatten(-1, (3, 3))
    # --8<-- [end:hat]


# --8<-- [start:vee]
def vee(
    X: Float[Tensor, "*batch 3 3"], rtol: float = 1e-5
) -> Float[Tensor, "*batch 3"]:
    """Return the ω with hat(ω) = X.

    Raises ValueError where an entry of X + Xᵀ exceeds `rtol` times the largest of X.
    """
    if X.shape[-2:] != (3, 3):
        raise ValueError(f"shape {tuple(X.shape)}: pass 3 × 3 matrices")
    size, defect = (A.abs().max().item() if A.numel() else 0.0 for A in (X, X + X.mT))
    if not defect <= rtol * size < float("inf"):
        raise ValueError(
            f"X + Xᵀ has an entry {digits(defect, rtol * size)}, "
            f"more than {rtol:g} of X's largest entry {size:.3g}: X is not skew"
        )
    return torch.stack([X[..., 2, 1], X[..., 0, 2], X[..., 1, 0]], -1)
    # --8<-- [end:vee]


# --8<-- [start:rodrigues]
def rodrigues(omega: Float[Tensor, "3"]) -> Float[Tensor, "3 3"]:
    """Return the turn by |ω| about ω, by the formula as it stands."""
    theta, K = omega.norm(), hat(omega)
    a, b = theta.sin() / theta, (1 - theta.cos()) / theta**2
    return torch.eye(3).to(K) + a * K + b * (K @ K)
    # --8<-- [end:rodrigues]


# --8<-- [start:exp_so3]
def exp_so3(omega: Float[Tensor, "*batch 3"]) -> Float[Tensor, "*batch 3 3"]:
    """Return the turn by |ω| about ω: I + cos(h) K + K²/2, K = hat(sin(h)/h ω)."""
    h = (omega.square().sum(-1, keepdim=True) / 4 + 1e-18).sqrt()  # |ω|/2, never 0
    K = hat(h.sin() / h * omega)
    return torch.eye(3).to(K) + h.cos().unsqueeze(-1) * K + K @ K / 2
    # --8<-- [end:exp_so3]


# --8<-- [start:quaternion]
def quaternion_table(R: Float[Tensor, "*batch 3 3"]) -> Float[Tensor, "*batch 4 4"]:
    """Return 4 q qᵀ for the unit quaternion q of R; every entry is affine in R."""
    check_shapes("… 3 3", R)
    (xx, xy, xz), (yx, yy, yz), (zx, zy, zz) = (row.unbind(-1) for row in R.unbind(-2))
    rows = [
        [1 + xx + yy + zz, zy - yz, xz - zx, yx - xy],
        [zy - yz, 1 + xx - yy - zz, xy + yx, xz + zx],
        [xz - zx, xy + yx, 1 - xx + yy - zz, yz + zy],
        [yx - xy, xz + zx, yz + zy, 1 - xx - yy + zz],
    ]
    return torch.stack([torch.stack(row, -1) for row in rows], -2)


def quaternion(R: Float[Tensor, "*batch 3 3"]) -> Float[Tensor, "*batch 4"]:
    """Return the unit quaternion (cos θ/2, sin θ/2 n) of R with cos θ/2 ≥ 0."""
    table = 1.0 * quaternion_table(R)  # so that whole numbers will do
    # the row that belongs to the largest component loses no digits
    longest = table.diagonal(dim1=-2, dim2=-1).argmax(-1)[..., None, None]
    q = table.take_along_dim(longest, -2).squeeze(-2)
    q = q / q.norm(dim=-1, keepdim=True)
    return torch.where(q[..., :1] < 0, -q, q)
    # --8<-- [end:quaternion]


# --8<-- [start:log_so3]
def log_so3(R: Float[Tensor, "*batch 3 3"]) -> Float[Tensor, "*batch 3"]:
    """Return the ω with exp(hat ω) = R and |ω| ≤ π, accurate up to the half turn.

    At an exact half turn ω and −ω both fit: the one whose component of largest
    absolute value is positive comes back. Raises ValueError where R is no rotation.
    """
    if R.shape[-2:] != (3, 3):
        raise ValueError(f"shape {tuple(R.shape)}: pass 3 × 3 matrices")
    check_rotation(R)
    w, v = quaternion(R).split([1, 3], -1)
    sine = (v.square().sum(-1, keepdim=True) + 1e-18).sqrt()
    return 2 * torch.atan2(sine, w) / sine * v
    # --8<-- [end:log_so3]


# --8<-- [start:textbook_log]
def textbook_log(R: Float[Tensor, "3 3"]) -> Float[Tensor, "3"]:
    """Return θ from the trace times the axis from R − Rᵀ: poor near 0 and near π."""
    theta = torch.arccos(((R.trace() - 1) / 2).clamp(-1, 1))
    axis = torch.stack([R[2, 1] - R[1, 2], R[0, 2] - R[2, 0], R[1, 0] - R[0, 1]])
    return theta / (2 * theta.sin()) * axis
    # --8<-- [end:textbook_log]


# --8<-- [start:sl2]
def exp_sl2(X: Float[Tensor, "*batch 2 2"]) -> Float[Tensor, "*batch 2 2"]:
    """Return exp X for a traceless X, for which X² = δI with δ = −det X.

    Raises ValueError where |tr X| exceeds 1e-5 of the largest entry.
    """
    check_shapes("… 2 2", X)
    (a, b), (c, d) = (row.unbind(-1) for row in X.unbind(-2))
    off = (a + d).abs() > 1e-5 * (size := X.abs().amax((-2, -1)))
    if off.any():
        trace, size = (a + d)[off][0], size[off][0]
        raise ValueError(
            f"tr X = {trace:.3g} where the largest entry is {size:.3g}: "
            "X is not in sl(2), take X − tr X I/2"
        )
    delta = (b * c - a * d)[..., None, None]
    small = delta.abs() < 1e-3  # there the square root has a kink, the series none
    root = torch.where(small, 1.0, delta.abs()).sqrt()
    up = torch.where(delta > 0, root, 0.0)  # what is not used must not overflow
    C = torch.where(delta > 0, up.cosh(), root.cos())
    S = torch.where(delta > 0, up.sinh(), root.sin()) / root
    C = torch.where(small, 1 + delta / 2 + delta**2 / 24 + delta**3 / 720, C)
    S = torch.where(small, 1 + delta / 6 + delta**2 / 120 + delta**3 / 5040, S)
    return C * torch.eye(2).to(X) + S * X
    # --8<-- [end:sl2]


# --8<-- [start:solution_hyperbolic]
def boost(t: float) -> Float[Tensor, "2 2"]:
    """Return exp(t [[0, 1], [1, 0]]) = [[cosh t, sinh t], [sinh t, cosh t]]."""
    c, s = torch.tensor(t).cosh(), torch.tensor(t).sinh()
    return torch.stack([torch.stack([c, s]), torch.stack([s, c])])
    # --8<-- [end:solution_hyperbolic]


# --8<-- [start:solution_squaring]
def exp_by_squaring(G: Float[Tensor, "n n"]) -> Float[Tensor, "n n"]:
    """Return exp G = exp(G/2ᵏ)^(2ᵏ), with eighteen terms of the series for G/2ᵏ."""
    size = torch.linalg.matrix_norm(G, 2).item()
    k = max(0, math.ceil(math.log2(size))) if size else 0
    E = partial_sums(G / 2**k, 18)[-1]
    for _ in range(k):
        E = E @ E
    return E
    # --8<-- [end:solution_squaring]


# --8<-- [start:solution_diagonal]
def real_log_of_diagonal(a: float, d: float) -> Float[Tensor, "2 2"]:
    """Return a real X with exp X = diag(a, d); ValueError where there is none."""
    if a > 0 and d > 0:
        return torch.diag(torch.tensor([a, d]).log())
    if a == d < 0:
        return torch.tensor(-a).log() * torch.eye(2) + torch.pi * J
    raise ValueError(
        f"diag({a:g}, {d:g}) has no real logarithm: "
        "its negative eigenvalues do not pair up"
    )
    # --8<-- [end:solution_diagonal]
