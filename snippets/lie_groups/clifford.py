"""Clifford algebras: vectors that multiply, and rotors that turn."""

# --8<-- [start:setup]
from functools import cache

import torch
from jaxtyping import Float
from torch import Tensor

# --8<-- [end:setup]


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
