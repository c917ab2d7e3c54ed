"""The exponential: its series, SO(2), SO(3) and back, and what it misses."""

# --8<-- [start:setup]
import torch
from jaxtyping import Float
from torch import Tensor

J = torch.tensor([[0.0, -1.0], [1.0, 0.0]])
# --8<-- [end:setup]


# --8<-- [start:partial_sum]
def partial_sums(G: Float[Tensor, "n n"], terms: int) -> Float[Tensor, "terms n n"]:
    """List I, I + G, I + G + G²/2!, …: the first `terms` partial sums of exp G."""
    term, sums = torch.eye(len(G)), [torch.eye(len(G))]
    for k in range(1, terms):
        term = term @ G / k
        sums.append(sums[-1] + term)
    return torch.stack(sums)
# --8<-- [end:partial_sum]


# --8<-- [start:misprinted]
def misprinted_sum(theta: float) -> Float[Tensor, "2 2"]:
    """Add up to G⁴/4! with the powers as printed: G³ = −θG and G⁴ = θ²I."""
    G, eye = theta * J, torch.eye(2)
    return eye + G - theta**2 * eye / 2 - theta * G / 6 + theta**2 * eye / 24
# --8<-- [end:misprinted]


# --8<-- [start:so2]
def exp_so2(theta: float | Float[Tensor, "*batch"]) -> Float[Tensor, "*batch 2 2"]:
    """Exponentiate θJ in closed form: cos θ I + sin θ J."""
    theta = torch.as_tensor(theta)[..., None, None]
    return theta.cos() * torch.eye(2) + theta.sin() * J


def log_so2(R: Float[Tensor, "*batch 2 2"]) -> Float[Tensor, "*batch"]:
    """Return the angle of R in (−π, π]; at the cut, R = −I, it is π."""
    check_rotation(R)
    return torch.atan2(R[..., 1, 0] - R[..., 0, 1], R[..., 0, 0] + R[..., 1, 1])
# --8<-- [end:so2]


# --8<-- [start:check]
def check_rotation(R: Float[Tensor, "*batch n n"], atol: float = 1e-6) -> None:
    """Raise ValueError where an entry of R Rᵀ − I exceeds `atol`, or det R < 0."""
    defects = (R @ R.mT - torch.eye(R.shape[-1])).abs()
    defect = defects.amax() if R.numel() else torch.tensor(0.0)
    if not defect <= atol:
        raise ValueError(
            f"R Rᵀ differs from I by {defect.item():.3g}, more than {atol:g}: "
            "R is not in SO(n)"
        )
    if (torch.linalg.det(R.detach()) < 0).any():
        raise ValueError("det R = -1: R is a reflection, pass a rotation")
# --8<-- [end:check]


# --8<-- [start:hat]
def hat(omega: Float[Tensor, "*batch 3"]) -> Float[Tensor, "*batch 3 3"]:
    """Write ω × as a skew matrix: hat(ω) v = ω × v."""
    x, y, z = omega.unbind(-1)
    o = torch.zeros_like(x)
    return torch.stack([o, -z, y, z, o, -x, -y, x, o], -1).unflatten(-1, (3, 3))


def vee(
    X: Float[Tensor, "*batch 3 3"], atol: float = 1e-9
) -> Float[Tensor, "*batch 3"]:
    """Undo hat. Raises ValueError where an entry of X + Xᵀ exceeds `atol`."""
    defect = (X + X.mT).abs().max().item()
    if not defect <= atol:
        raise ValueError(
            f"X + Xᵀ has an entry {defect:.3g}, more than {atol:g}: X is not skew"
        )
    return torch.stack([X[..., 2, 1], X[..., 0, 2], X[..., 1, 0]], -1)
# --8<-- [end:hat]


# --8<-- [start:rodrigues]
def rodrigues(omega: Float[Tensor, "3"]) -> Float[Tensor, "3 3"]:
    """Turn by θ = |ω| about ω, K = hat(ω), by the formula as it stands."""
    theta, K = omega.norm(), hat(omega)
    a, b = theta.sin() / theta, (1 - theta.cos()) / theta**2
    return torch.eye(3) + a * K + b * (K @ K)
# --8<-- [end:rodrigues]


# --8<-- [start:exp_so3]
L = hat(torch.eye(3))  # L[0], L[1], L[2]: generators of the turns about the axes
M = L.roll(1, 0)
# ten rows of nine entries: I, then those of hat(u) = Σ uᵢ Lᵢ, then those of
# hat(u)²/2 = Σ uᵢ² Lᵢ²/2 + Σ uᵢ uᵢ₋₁ (Lᵢ Lᵢ₋₁ + Lᵢ₋₁ Lᵢ)/2
GENERATORS = torch.cat([torch.eye(3)[None], L, L @ L / 2, (L @ M + M @ L) / 2])
GENERATORS = GENERATORS.flatten(1)


def exp_so3(omega: Float[Tensor, "*batch 3"]) -> Float[Tensor, "*batch 3 3"]:
    """Turn by θ = |ω| about ω: Rodrigues' formula, accurate and smooth for every ω.

    With c = cos(θ/2) and u = sin(θ/2)/(θ/2) ω it reads I + c hat(u) + hat(u)²/2:
    nothing cancels for small θ.
    """
    v = omega.reshape(-1, 3)
    # 1e-18 keeps √ off its kink at 0; c and s change by less than they are rounded
    half = (v.square() @ torch.full((3,), 0.25) + 1e-18).sqrt()
    c, s = half.cos(), half.sin() / half
    x, y, z = (s * component for component in v.unbind(-1))
    one = torch.ones_like(c)
    monomials = torch.stack(
        [one, c * x, c * y, c * z, x * x, y * y, z * z, x * z, y * x, z * y]
    )
    return (monomials.T @ GENERATORS).reshape(*omega.shape, 3)
# --8<-- [end:exp_so3]


# --8<-- [start:quaternion]
def quaternion_table(R: Float[Tensor, "*batch 3 3"]) -> Float[Tensor, "*batch 4 4"]:
    """Return 4 q qᵀ for the unit quaternion q of R; every entry is affine in R."""
    (xx, xy, xz), (yx, yy, yz), (zx, zy, zz) = (row.unbind(-1) for row in R.unbind(-2))
    rows = [
        [1 + xx + yy + zz, zy - yz, xz - zx, yx - xy],
        [zy - yz, 1 + xx - yy - zz, xy + yx, xz + zx],
        [xz - zx, xy + yx, 1 - xx + yy - zz, yz + zy],
        [yx - xy, xz + zx, yz + zy, 1 - xx - yy + zz],
    ]
    return torch.stack([torch.stack(row, -1) for row in rows], -2)
# --8<-- [end:quaternion]


# --8<-- [start:log_so3]
# the linear part of quaternion_table, so that a batch costs one matrix product
TABLE = (quaternion_table(torch.eye(9).reshape(9, 3, 3)) - torch.eye(4)).flatten(1)


def log_so3(R: Float[Tensor, "*batch 3 3"]) -> Float[Tensor, "*batch 3"]:
    """Return the ω with exp(hat ω) = R and |ω| ≤ π, accurate up to the half turn.

    At the cut, an exact half turn, ω and −ω both fit: the one whose component
    of largest absolute value is positive comes back.
    Raises ValueError where R Rᵀ differs from I by more than 1e-6, or det R < 0.
    """
    check_rotation(R)
    table = R.reshape(-1, 9) @ TABLE + torch.eye(4).flatten()
    # the row of the largest of 4w², 4x², 4y², 4z²
    longest = table[:, ::5].max(-1).indices
    q = table.reshape(-1, 4, 4)[torch.arange(len(table)), longest]
    q = torch.where(q[:, :1] < 0, -q, q)
    q = q / q.norm(dim=-1, keepdim=True)
    w, v = q[:, :1], q[:, 1:]
    sine = (v.square().sum(-1, keepdim=True) + 1e-18).sqrt()
    return (2 * torch.atan2(sine, w) / sine * v).reshape(R.shape[:-1])
# --8<-- [end:log_so3]


# --8<-- [start:textbook_log]
def textbook_log(R: Float[Tensor, "3 3"]) -> Float[Tensor, "3"]:
    """Read θ off the trace, the axis off R − Rᵀ: poor near 0 and near π."""
    theta = torch.arccos(((R.trace() - 1) / 2).clamp(-1, 1))
    axis = torch.stack([R[2, 1] - R[1, 2], R[0, 2] - R[2, 0], R[1, 0] - R[0, 1]])
    return theta / (2 * theta.sin()) * axis
# --8<-- [end:textbook_log]


# --8<-- [start:sl2]
def exp_sl2(X: Float[Tensor, "2 2"]) -> Float[Tensor, "2 2"]:
    """Exponentiate a traceless X, for which X² = δI with δ = −det X.

    Raises ValueError where |tr X| exceeds 1e-12.
    """
    if not X.trace().abs() <= 1e-12:
        raise ValueError(
            f"tr X = {X.trace().item():.3g}: X is not in sl(2), "
            "its trace must be 0 to 1e-12"
        )
    delta = -torch.linalg.det(X)
    root = delta.abs().sqrt()
    if delta < 0:
        return root.cos() * torch.eye(2) + torch.sinc(root / torch.pi) * X
    slope = root.sinh() / root if root > 0 else 1.0
    return root.cosh() * torch.eye(2) + slope * X
# --8<-- [end:sl2]


# --8<-- [start:geodesic]
def geodesic(
    R0: Float[Tensor, "3 3"],
    R1: Float[Tensor, "3 3"],
    s: Float[Tensor, " steps"],
) -> Float[Tensor, "steps 3 3"]:
    """Walk from R0 (s = 0) to R1 (s = 1) inside SO(3): R0 exp(s log(R0ᵀ R1))."""
    return R0 @ exp_so3(s[:, None] * log_so3(R0.T @ R1))
# --8<-- [end:geodesic]


# --8<-- [start:head]
class RotationHead(torch.nn.Module):
    """Turn features into a rotation: a linear map to R³, then the exponential."""

    def __init__(self, features: int):
        """Start at the identity rotation, which is where careless code returns NaN."""
        super().__init__()
        self.linear = torch.nn.Linear(features, 3)
        torch.nn.init.zeros_(self.linear.weight)
        torch.nn.init.zeros_(self.linear.bias)

    def forward(
        self, x: Float[Tensor, "*batch features"]
    ) -> Float[Tensor, "*batch 3 3"]:
        """Predict one rotation for each input."""
        return exp_so3(self.linear(x))
# --8<-- [end:head]


# --8<-- [start:align]
def align(
    P: Float[Tensor, "points 3"], target: Float[Tensor, "points 3"], steps: int = 200
) -> Float[Tensor, "3 3"]:
    """Find the rotation that carries P to the target by gradient descent."""
    head, x = RotationHead(1), torch.ones(1)
    optimiser = torch.optim.Adam(head.parameters(), lr=0.1)
    for _ in range(steps):
        optimiser.zero_grad()
        (P @ head(x).T - target).square().mean().backward()
        optimiser.step()
    return head(x).detach()
# --8<-- [end:align]


# --8<-- [start:solution_hyperbolic]
def boost(t: float) -> Float[Tensor, "2 2"]:
    """Exponentiate t [[0, 1], [1, 0]]: [[cosh t, sinh t], [sinh t, cosh t]]."""
    c, s = torch.tensor(t).cosh(), torch.tensor(t).sinh()
    return torch.stack([torch.stack([c, s]), torch.stack([s, c])])
# --8<-- [end:solution_hyperbolic]


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


# --8<-- [start:solution_mean]
def mean_rotation(
    R: Float[Tensor, "count 3 3"], steps: int = 20
) -> Float[Tensor, "3 3"]:
    """Average rotations: see them from a guess, average the logs, step there."""
    guess = R[0]
    for _ in range(steps):
        guess = guess @ exp_so3(log_so3(guess.T @ R).mean(0))
    return guess
# --8<-- [end:solution_mean]
