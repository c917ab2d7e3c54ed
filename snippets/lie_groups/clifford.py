"""Clifford algebras: vectors that multiply, and rotors that turn."""

# --8<-- [start:setup]
from functools import cache

import torch
from jaxtyping import Float
from torch import Tensor

from snippets.lie_groups.exponential import exp_so3
from snippets.lie_groups.groups import rotation

torch.set_default_dtype(torch.float64)  # the book computes in double precision
# --8<-- [end:setup]

import matplotlib.pyplot as plt
from matplotlib.figure import Figure

from book import figure, results


# --8<-- [start:table]
def reorder_sign(a: int, b: int) -> int:
    """Return +1 if an even number of swaps sorts blade a, then b; else −1."""
    swaps = 0
    while a := a >> 1:
        swaps += (a & b).bit_count()
    return -1 if swaps % 2 else 1


@cache
def product_table(n: int) -> Float[Tensor, "m m m"]:
    """Tabulate the products of the 2ⁿ blades: table[a, b, c] is c's part in ab."""
    table = torch.zeros(2**n, 2**n, 2**n)
    for a in range(2**n):
        for b in range(2**n):
            # a vector that occurs twice squares to 1 and drops out: exclusive or
            table[a, b, a ^ b] = reorder_sign(a, b)
    return table


def geometric_product(
    a: Float[Tensor, "*batch m"], b: Float[Tensor, "*batch m"]
) -> Float[Tensor, "*batch m"]:
    """Multiply two multivectors, given by their coefficients on the 2ⁿ blades."""
    return torch.einsum(
        "...i,...j,ijk->...k", a, b, product_table(a.shape[-1].bit_length() - 1)
    )
# --8<-- [end:table]


# --8<-- [start:parts]
def grades(m: int) -> list[int]:
    """List how many vectors each of the m blades multiplies."""
    return [blade.bit_count() for blade in range(m)]


def vector(v: Float[Tensor, "*batch n"]) -> Float[Tensor, "*batch m"]:
    """Place a vector of Rⁿ on the blades e₁, …, eₙ."""
    n = v.shape[-1]
    return torch.zeros(*v.shape[:-1], 2**n).index_copy(-1, 2 ** torch.arange(n), v)


def reverse(a: Float[Tensor, "*batch m"]) -> Float[Tensor, "*batch m"]:
    """Write every product backwards: grades 2 and 3 change sign."""
    signs = [(-1.0) ** (g * (g - 1) // 2) for g in grades(a.shape[-1])]
    return a * torch.tensor(signs)
# --8<-- [end:parts]


# --8<-- [start:exp_bivector]
def exp_bivector(B: Float[Tensor, "*batch m"]) -> Float[Tensor, "*batch m"]:
    """Exponentiate a bivector of the plane or of space: cos |B| + (sin |B|/|B|) B.

    Raises ValueError where a coefficient off grade 2 exceeds 1e-12, or where n > 3,
    because there B² need not be the number −|B|².
    """
    m = B.shape[-1]
    if m not in (4, 8):
        raise ValueError(
            f"{m} coefficients: only the plane (4) and space (8) have this closed form"
        )
    stray = B[..., [g != 2 for g in grades(m)]].abs().max().item()
    if not stray <= 1e-12:
        raise ValueError(
            f"B has a coefficient {stray:.3g} off grade 2: it is no bivector"
        )
    size = B.norm(dim=-1, keepdim=True)
    one = torch.eye(m)[0]
    return size.cos() * one + torch.sinc(size / torch.pi) * B
# --8<-- [end:exp_bivector]


# --8<-- [start:rotor]
def rotor_2d(theta: float) -> Float[Tensor, "4"]:
    """Return exp(−θ/2 e₁e₂)."""
    return exp_bivector(torch.tensor([0.0, 0.0, 0.0, -theta / 2]))


def rotor_3d(omega: Float[Tensor, "3"]) -> Float[Tensor, "8"]:
    """Return exp(−B/2) with B = ω₁ e₂e₃ + ω₂ e₃e₁ + ω₃ e₁e₂, the plane across ω."""
    B = torch.zeros(8).index_copy(
        0, torch.tensor([6, 5, 3]), omega * torch.tensor([1.0, -1.0, 1.0])
    )
    return exp_bivector(-B / 2)


def sandwich(
    R: Float[Tensor, " m"], a: Float[Tensor, "*batch m"]
) -> Float[Tensor, "*batch m"]:
    """Act by a rotor: R a R̃."""
    R = R.expand(a.shape)
    return geometric_product(geometric_product(R, a), reverse(R))


def matrix_of(R: Float[Tensor, " m"]) -> Float[Tensor, "n n"]:
    """Read the rotation matrix off: column i is where eᵢ goes."""
    n = len(R).bit_length() - 1
    return sandwich(R, vector(torch.eye(n)))[:, 2 ** torch.arange(n)].T
# --8<-- [end:rotor]


# --8<-- [start:mirror]
def mirror(a: Float[Tensor, " n"], v: Float[Tensor, " n"]) -> Float[Tensor, " n"]:
    """Reflect v in the mirror across the unit vector a: −a v a.

    Raises ValueError where |a| differs from 1 by more than 1e-9.
    """
    if not (a.norm() - 1).abs() <= 1e-9:
        raise ValueError(f"|a| = {a.norm():.6g}: a mirror is given by a unit vector")
    A = vector(a)
    image = -geometric_product(geometric_product(A, vector(v)), A)
    return image[2 ** torch.arange(len(v))]
# --8<-- [end:mirror]


# --8<-- [start:layer]
class GeometricProductLayer(torch.nn.Module):
    """Mix the channels twice and multiply the mixes: rotors pass through."""

    def __init__(self, channels: int):
        """Draw the two mixes."""
        super().__init__()
        self.left, self.right = (
            torch.nn.Linear(channels, channels, bias=False) for _ in range(2)
        )

    def forward(self, x: Float[Tensor, "batch c m"]) -> Float[Tensor, "batch c m"]:
        """Multiply channel by channel."""
        return geometric_product(self.left(x.mT).mT, self.right(x.mT).mT)
# --8<-- [end:layer]


# --8<-- [start:solution_compose]
def compose_turns(
    first: Float[Tensor, "3"], second: Float[Tensor, "3"]
) -> Float[Tensor, "3"]:
    """Find the one turn that equals two in a row, from the product of their rotors."""
    R = geometric_product(rotor_3d(second), rotor_3d(first))
    R = R if R[0] >= 0 else -R
    axis = -R[[6, 5, 3]] * torch.tensor([1.0, -1.0, 1.0])
    angle = 2 * torch.atan2(axis.norm(), R[0])
    return angle * torch.nn.functional.normalize(axis, dim=0)
# --8<-- [end:solution_compose]


# --8<-- [start:solution_double]
def double_turn(n_turns: float) -> Float[Tensor, "8"]:
    """Return the rotor after so many full turns about the third axis."""
    return rotor_3d(torch.tensor([0.0, 0.0, 2 * torch.pi * n_turns]))
# --8<-- [end:solution_double]


@figure(
    alt="Two curves over two full turns. The matrix entry, a cosine, repeats after one turn. The scalar part of "
    "the rotor is at minus one after one turn and back at one only after two."
)
def double_cover() -> Figure:
    """Draw a matrix entry and a rotor coefficient over two full turns."""
    fig, ax = plt.subplots(figsize=(5.2, 2.8))
    theta = torch.linspace(0, 4 * torch.pi, 200)
    ax.plot(theta, theta.cos(), "C1", label="matrix: upper left entry")
    ax.plot(theta, torch.stack([rotor_2d(t)[0] for t in theta.tolist()]), "C0", label="rotor: scalar part")
    for turns in (1, 2):
        ax.axvline(2 * torch.pi * turns, color=plt.rcParams["grid.color"], lw=1)
    ax.set(xticks=[2 * torch.pi * k for k in range(3)], xticklabels=["0", "one turn", "two turns"], yticks=[-1, 0, 1])
    ax.legend(loc="lower center", bbox_to_anchor=(0.5, 1.0), ncols=2)
    return fig


@figure(
    alt="Two mirror lines at 35 degrees to each other. A flag is reflected in the first, then in the second; the "
    "result is the flag turned by 70 degrees."
)
def mirrors() -> Figure:
    """Draw two reflections, one after the other, as a turn by twice the angle between the mirrors."""
    fig, ax = plt.subplots(figsize=(4.4, 3.6))
    alpha, beta = torch.tensor(50.0).deg2rad(), torch.tensor(85.0).deg2rad()
    flag = torch.tensor([[0.0, 0.0], [1.5, 0.0], [1.5, 0.4], [1.1, 0.2], [1.1, 0.0]]) @ rotation(0.5).T
    shapes = [flag]
    for angle in (alpha, beta):
        line, normal = rotation(angle)[:, 0], rotation(angle)[:, 1]
        ax.plot(*torch.stack([-0.3 * line, 1.9 * line]).T.numpy(), "--", color=plt.rcParams["text.color"], lw=1)
        shapes.append(torch.stack([mirror(normal, v) for v in shapes[-1]]))
    names = ("start", "one mirror", "two mirrors")
    for shape, colour, alpha_, name in zip(shapes, ("C0", "C6", "C1"), (1, 0.6, 1), names, strict=True):
        ax.plot(*shape.T.numpy(), color=colour, alpha=alpha_)
        ax.fill(*shape[1:].T.numpy(), color=colour, alpha=0.4 * alpha_, lw=0)
        ax.text(*(1.22 * shape[1]).tolist(), name, color=colour, ha="center", va="center")
    ax.set(xlim=(-1.5, 2.0), ylim=(-0.4, 2.15), aspect="equal")
    ax.axis("off")
    return fig


@results(seed=0)
def numbers() -> dict[str, float]:
    """Numbers that the page quotes."""
    omega = torch.randn(200, 3, generator=torch.Generator().manual_seed(0))
    return {"agreement": max((matrix_of(rotor_3d(w)) - exp_so3(w)).abs().max().item() for w in omega)}
