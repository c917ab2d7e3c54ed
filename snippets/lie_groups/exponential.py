"""The exponential: its series, SO(2), SO(3) and back, and what it misses."""

# --8<-- [start:setup]
import torch
from jaxtyping import Float
from torch import Tensor

from snippets.lie_groups.groups import rotation

torch.set_default_dtype(torch.float64)  # the book computes in double precision

J = torch.tensor([[0.0, -1.0], [1.0, 0.0]])
# --8<-- [end:setup]

import matplotlib.pyplot as plt
from matplotlib import patheffects
from matplotlib.figure import Figure

from book import figure, results
from snippets.lie_groups.groups import draw_letter, random_orthogonal


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


@figure(
    alt="Two panels of arrows laid end to end. Left, the terms of the series for a turn by two radians spiral "
    "into the point on the unit circle. Right, with the printed powers the chain ends far from the circle."
)
def spiral() -> Figure:
    """Draw the terms Gᵏ/k! acting on (1, 0), end to end, with the right and the printed powers."""
    fig, axes = plt.subplots(1, 2, figsize=(5.4, 3.1), sharey=True)
    theta, arc = 2.0, torch.linspace(0, 2 * torch.pi, 200)
    eye = torch.eye(2)
    right = partial_sums(theta * J, 12)[:, :, 0]
    wrong = torch.cumsum(torch.stack(
        [eye, theta * J, -(theta**2) / 2 * eye, -theta / 6 * theta * J, theta**2 / 24 * eye]), 0)[:, :, 0]  # fmt: skip
    panels = ((axes[0], right, "right powers", "C0"), (axes[1], wrong, "powers as printed", "C1"))
    for ax, chain, name, colour in panels:
        ax.plot(arc.cos(), arc.sin(), color=plt.rcParams["grid.color"], lw=1.2)
        chain = torch.cat([torch.zeros(1, 2), chain])
        ax.quiver(*chain[:-1].T.numpy(), *chain.diff(dim=0).T.numpy(), angles="xy", scale_units="xy", scale=1,
                  color=colour, width=0.014, headwidth=4, headlength=5)  # fmt: skip
        ax.plot(*rotation(theta)[:, 0], "o", mfc="none", color=plt.rcParams["text.color"], ms=9)
        ax.set(title=name, aspect="equal", xlim=(-1.5, 1.25), ylim=(-1.15, 2.25))
        ax.set(xticks=[-1, 0, 1], yticks=[-1, 0, 1, 2])
    return fig


def log_errors(angles: Float[Tensor, " n"], log) -> list[float]:
    """Measure |log(R) − ω| for turns about one fixed axis, with R rounded from 40 digits."""
    import mpmath

    mpmath.mp.dps = 40
    axis, errors = torch.tensor([2.0, -1.0, 2.0]) / 3, []
    for angle in angles.tolist():
        n = mpmath.matrix([mpmath.mpf(2) / 3, mpmath.mpf(-1) / 3, mpmath.mpf(2) / 3])
        K = mpmath.matrix([[0, -n[2], n[1]], [n[2], 0, -n[0]], [-n[1], n[0], 0]])
        exact = mpmath.eye(3) + mpmath.sin(angle) * K + (1 - mpmath.cos(angle)) * K * K
        R = torch.tensor([[float(exact[i, j]) for j in range(3)] for i in range(3)])
        errors.append(((log(R) - angle * axis).norm() / angle).item())
    return errors


@figure(
    alt="Two panels of relative error against angle on logarithmic axes. The textbook formula rises to order one "
    "for tiny angles and close to a half turn; the quaternion route stays at rounding level everywhere."
)
def log_accuracy() -> Figure:
    """Draw the error of two logarithms near 0 and near π."""
    fig, axes = plt.subplots(1, 2, figsize=(5.4, 3.0), sharey=True)
    gaps = torch.logspace(-10, 0, 41)
    for ax, angles, label in (
        (axes[0], gaps, "angle $\\theta$"),
        (axes[1], torch.pi - gaps, "distance to the cut, $\\pi-\\theta$"),
    ):
        for log, name, style in ((textbook_log, "textbook", "C1o-"), (log_so3, "here", "C0o-")):
            errors = torch.tensor(log_errors(angles, log)).nan_to_num(1.0, 1.0, 1.0).clamp(1e-17, 10)
            ax.loglog(gaps, errors, style, ms=3, lw=1.2, label=name)
        ax.set(xlabel=label, xticks=[1e-9, 1e-6, 1e-3], ylim=(3e-18, 20))
        ax.grid(True)
    axes[0].set_ylabel("relative error of $\\log R$")
    axes[0].legend(loc="upper right")
    return fig


@figure(
    alt="The letter F on its way to a turn by 150 degrees, in seven steps. Above it turns rigidly. Below, on "
    "the straight line between the matrices, it shrinks to a quarter of its size half way and grows again."
)
def interpolation() -> Figure:
    """Draw the geodesic and the straight line between two rotations as what they do to the letter F."""
    fig, axes = plt.subplots(2, 1, figsize=(5.4, 2.9))
    theta = torch.tensor(150.0).deg2rad()
    steps = torch.linspace(0, 1, 7)
    for ax, name, colour in ((axes[0], "inside the group", "C0"), (axes[1], "straight line", "C1")):
        for k, s in enumerate(steps):
            A = rotation(s * theta) if colour == "C0" else (1 - s) * torch.eye(2) + s * rotation(theta)
            draw_letter(ax, A, torch.tensor([2.3 * k, 0.0]), 1.0, colour)
            ax.text(2.3 * k, -1.75, f"{torch.linalg.det(A):.2f}", ha="center", va="center")
        ax.set(xlim=(-1.2, 15), ylim=(-2.1, 1.2), aspect="equal")
        ax.set_title(name + "; below each letter, $\\det$", loc="left", color=colour)
        ax.axis("off")
    return fig


@figure(
    alt="The plane of trace and determinant. Exponentials of random real matrices fill only the part above the "
    "axis and to the right of the left branch of the parabola. A reflection and diag(-2, -1/2) lie outside."
)
def missed() -> Figure:
    """Draw where exponentials of 2×2 matrices fall in the plane of trace and determinant."""
    fig, ax = plt.subplots(figsize=(5.2, 3.5))
    X = 1.6 * torch.randn(6000, 2, 2, generator=torch.Generator().manual_seed(0))
    E = torch.linalg.matrix_exp(X)
    ax.plot(E.diagonal(dim1=1, dim2=2).sum(1), torch.linalg.det(E), ".", ms=2, color="C0", alpha=0.5, rasterized=True)
    root = torch.linspace(0, 2.5, 100)
    corner = torch.tensor([[-5.0], [0.0]])
    ax.fill(*torch.cat([torch.stack([-2 * root, root**2]), corner], 1).numpy(), color="C1", alpha=0.15)
    ax.fill([-5, 4, 4, -5], [0, 0, -1.6, -1.6], color="C1", alpha=0.15, lw=0)
    ax.plot(-2 * root, root**2, color="C1")
    ax.axhline(0, color="C1")
    ax.text(-4.9, 0.32, "two different negative\neigenvalues", color="C1", va="center", fontsize=9)
    ax.text(3.9, -1.25, "negative determinant", color="C1", ha="right", va="center", fontsize=9)
    for place, name, offset, side in (
        ((2, 1), "$I$", (7, -4), "left"),
        ((-2, 1), "$-I$", (-5, -14), "right"),
        ((-2.5, 1), "$\\mathrm{diag}(-2,-1/2)$", (-6, 7), "right"),
        ((0, -1), "a reflection", (7, -4), "left"),
    ):
        ax.plot(*place, "o", color=plt.rcParams["text.color"], ms=5)
        rim = [patheffects.withStroke(linewidth=3, foreground=plt.rcParams["axes.facecolor"])]
        rim = rim if name == "$I$" else []  # a rim of paper, for the one that lies among the dots
        ax.annotate(name, place, xytext=offset, textcoords="offset points", ha=side, path_effects=rim)
    ax.set(xlim=(-5, 4), ylim=(-1.6, 2.6), xlabel="trace", ylabel="determinant")
    return fig


@results(seed=0)
def numbers() -> dict[str, float]:
    """Numbers that the page quotes."""
    generator = torch.Generator().manual_seed(0)
    X = torch.randn(20000, 2, 2, generator=generator) * 3
    X = X - X.diagonal(dim1=1, dim2=2).mean(1)[:, None, None] * torch.eye(2)
    R = random_orthogonal(3, 2)
    R = R * torch.linalg.det(R).sign()[:, None, None]
    line = torch.stack([(1 - s) * R[0] + s * R[1] for s in (0.25, 0.5, 0.75)])
    path = geodesic(R[0], R[1], torch.linspace(0, 1, 21))
    angles = torch.logspace(-3, 0, 61)
    omega = angles[:, None] * torch.tensor([2.0, -1.0, 2.0]) / 3
    misses = torch.stack([(torch.linalg.matrix_exp(hat(w)) - exp_so3(w)).abs().max() for w in omega])
    return {
        "smallest_trace": torch.linalg.matrix_exp(X).diagonal(dim1=1, dim2=2).sum(1).min().item(),
        "line_det_quarter": torch.linalg.det(line)[0].item(),
        "line_det_half": torch.linalg.det(line)[1].item(),
        "angle_apart": log_so3(R[0].T @ R[1]).norm().item(),
        "torch_matrix_exp": misses.max().item(),
        "torch_matrix_exp_angle": angles[misses.argmax()].item(),
        "geodesic_error": (path @ path.mT - torch.eye(3)).abs().max().item(),
    }
