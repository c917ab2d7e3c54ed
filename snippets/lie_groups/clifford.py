"""Clifford algebras: vectors that multiply, and rotors that turn."""

# --8<-- [start:setup]
import math
from collections.abc import Callable
from functools import cache

import torch
from jaxtyping import Float
from torch import Tensor

from snippets.lie_groups.exponential import exp_so3
from snippets.matrix_exp import matrix_exp  # torch 2.13 errs for a single matrix
from snippets.shapes import check_batches, check_shapes

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
    """Return the products of the 2ⁿ blades: table[a, b, c] is c's part in ab."""
    table = torch.zeros(2**n, 2**n, 2**n, dtype=torch.float64)
    for a in range(2**n):
        for b in range(2**n):
            # a vector that occurs twice squares to 1 and drops out: exclusive or
            table[a, b, a ^ b] = reorder_sign(a, b)
    return table
    # --8<-- [end:table]


# --8<-- [start:product]
def dimension(m: int) -> int:
    """Return the n for which there are m = 2ⁿ blades."""
    n = m.bit_length() - 1
    if m < 1 or 2**n != m:
        raise ValueError(f"{m} coefficients: a multivector of Rⁿ has 2ⁿ of them")
    return n


def geometric_product(
    a: Float[Tensor, "*#batch m"], b: Float[Tensor, "*#batch m"]
) -> Float[Tensor, "*batch m"]:
    """Return ab, for multivectors given by their coefficients on the 2ⁿ blades."""
    check_batches("… m, … m", a, b)
    table = product_table(dimension(a.shape[-1])).to(a, copy=True)
    return torch.einsum("...i,...j,ijk->...k", a, b, table)


def vector(v: Float[Tensor, "*batch n"]) -> Float[Tensor, "*batch m"]:
    """Return a vector of Rⁿ as a multivector, on the blades e₁, …, eₙ."""
    check_shapes("… n", v)
    n = v.shape[-1]
    places = 2 ** torch.arange(n, device=v.device)
    return v.new_zeros(*v.shape[:-1], 2**n).index_copy(-1, places, v)
    # --8<-- [end:product]


# --8<-- [start:parts]
def grades(m: int) -> list[int]:
    """Return how many vectors each of the m blades multiplies."""
    return [blade.bit_count() for blade in range(m)]


def reverse(a: Float[Tensor, "*batch m"]) -> Float[Tensor, "*batch m"]:
    """Return a with every product backwards: grades 2 and 3 change sign."""
    dimension(a.shape[-1])
    signs = [(-1.0) ** (g * (g - 1) // 2) for g in grades(a.shape[-1])]
    return a * torch.tensor(signs).to(a)
    # --8<-- [end:parts]


# --8<-- [start:mirror]
def mirror(
    a: Float[Tensor, " n"], v: Float[Tensor, "*batch n"]
) -> Float[Tensor, "*batch n"]:
    """Return −ava, the reflection of v in the mirror across the unit vector a.

    Raises ValueError where |a| differs from 1 by more than 1e-5.
    """
    if not (a.norm() - 1).abs() <= 1e-5:
        raise ValueError(f"|a| = {a.norm():.6g}: a mirror is given by a unit vector")
    A = vector(a)
    image = -geometric_product(geometric_product(A, vector(v)), A)
    return image[..., 2 ** torch.arange(v.shape[-1])]
    # --8<-- [end:mirror]


# --8<-- [start:exp_bivector]
def exp_bivector(B: Float[Tensor, "*batch m"]) -> Float[Tensor, "*batch m"]:
    """Return exp B; in the plane and in space that is cos |B| + (sin |B|/|B|) B.

    Raises ValueError where a coefficient off grade 2 exceeds 1e-5 of the largest.
    """
    n, off = dimension(m := B.shape[-1]), [g != 2 for g in grades(B.shape[-1])]
    if (B[..., off].abs() > 1e-5 * B.abs().sum(-1, keepdim=True)).any():
        stray = B[..., off].abs().max().item()
        raise ValueError(f"B has a coefficient {stray:.3g} off grade 2: no bivector")
    one = torch.eye(m)[0].to(B)
    if n > 3:  # B² need not be a number: exponentiate x ↦ Bx
        times_B = geometric_product(B[..., None, :], torch.eye(m).to(B)).mT
        return matrix_exp(times_B)[..., 0]
    size = (B.square().sum(-1, keepdim=True) + 1e-18).sqrt()  # never 0
    return size.cos() * one + size.sin() / size * B
    # --8<-- [end:exp_bivector]


# --8<-- [start:rotor]
def rotor_2d(theta: float | Float[Tensor, "*batch"]) -> Float[Tensor, "*batch 4"]:
    """Return exp(−θ/2 e₁e₂)."""
    theta = torch.as_tensor(theta)[..., None]
    return exp_bivector(-theta / 2 * torch.eye(4)[3].to(theta))


def rotor_3d(omega: Float[Tensor, "*batch 3"]) -> Float[Tensor, "*batch 8"]:
    """Return exp(−B/2) with B = ω₁ e₂e₃ + ω₂ e₃e₁ + ω₃ e₁e₂, the plane across ω."""
    check_shapes("… 3", omega)
    x, y, z = omega.unbind(-1)
    o = torch.zeros_like(x)
    return exp_bivector(-torch.stack([o, o, o, z, o, -y, x, o], -1) / 2)


def sandwich(
    R: Float[Tensor, "*#batch m"], a: Float[Tensor, "*#batch m"]
) -> Float[Tensor, "*batch m"]:
    """Return R a R̃, what a rotor makes of a multivector."""
    return geometric_product(geometric_product(R, a), reverse(R))


def matrix_of(R: Float[Tensor, "*batch m"]) -> Float[Tensor, "*batch n n"]:
    """Return the rotation matrix of a rotor: column i is where eᵢ goes."""
    n = dimension(R.shape[-1])
    images = sandwich(R[..., None, :], vector(torch.eye(n).to(R)))
    return images[..., 2 ** torch.arange(n)].mT
    # --8<-- [end:rotor]


# --8<-- [start:quaternions]
# 1, i = e₃e₂, j = e₁e₃ and k = e₂e₁ among the eight blades
PLACES, SIGNS = [0, 6, 5, 3], [1.0, -1.0, 1.0, -1.0]


def quaternion_of(R: Float[Tensor, "*batch 8"]) -> Float[Tensor, "*batch 4"]:
    """Return a, b, c, d of the even multivector R = a + bi + cj + dk."""
    return R[..., PLACES] * torch.tensor(SIGNS).to(R)


def rotor_of(q: Float[Tensor, "*batch 4"]) -> Float[Tensor, "*batch 8"]:
    """Return a + bi + cj + dk as a multivector of space."""
    R = q.new_zeros(*q.shape[:-1], 8)
    R[..., PLACES] = q * torch.tensor(SIGNS).to(q)
    return R
    # --8<-- [end:quaternions]


# --8<-- [start:half_way]
def half_way(
    R: Float[Tensor, "*batch m"], S: Float[Tensor, "*batch m"]
) -> Float[Tensor, "*batch m"]:
    """Return the rotor half way from R to S, or to −S if that is nearer."""
    near = (R * S).sum(-1, keepdim=True) >= 0
    return torch.nn.functional.normalize(R + torch.where(near, S, -S), dim=-1)
    # --8<-- [end:half_way]


# --8<-- [start:loss]
def rotor_loss(
    R: Float[Tensor, "*batch m"], S: Float[Tensor, "*batch m"]
) -> Float[Tensor, "*batch"]:
    """Return 1 − (R·S)² = sin²(e/2) for unit rotors, e the angle between the turns."""
    return 1 - (R * S).sum(-1).square()
    # --8<-- [end:loss]


# --8<-- [start:four]
def worst_with_four(head: Callable[[Tensor], Tensor]) -> tuple[float, float]:
    """Return the t at which a head R ↦ q misses the turn by t most, and by how much.

    Both are in degrees. Bisection finds the sign change of cos(e/2) on [0, 2π].
    """

    def cosine(t: float) -> float:
        R = exp_so3(torch.tensor([0.0, 0.0, t]))
        q = torch.nn.functional.normalize(head(R.flatten()), dim=0)
        return (q[0] * math.cos(t / 2) + q[3] * math.sin(t / 2)).item()

    low, high = 0.0, 2 * math.pi
    for _ in range(60):
        middle = (low + high) / 2
        same = (cosine(low) > 0) == (cosine(middle) > 0)
        low, high = (middle, high) if same else (low, middle)
    return math.degrees(low), math.degrees(2 * math.acos(min(1, abs(cosine(low)))))
    # --8<-- [end:four]


# --8<-- [start:layer]
class GeometricProductLayer(torch.nn.Module):
    """Mix the channels twice, one mix for each grade, and multiply the mixes."""

    def __init__(self, channels: int, n: int):
        """Draw the mixes of the n + 1 grades of Rⁿ."""
        super().__init__()
        self.grades = grades(2**n)
        self.left, self.right = (
            torch.nn.Parameter(torch.randn(n + 1, channels, channels) / channels**0.5)
            for _ in range(2)
        )

    def forward(self, x: Float[Tensor, "*batch c m"]) -> Float[Tensor, "*batch c m"]:
        """Return the products, channel by channel."""
        check_shapes(f"… {self.left.shape[-1]} {len(self.grades)}", x)
        left, right = (
            torch.einsum("mcd,...dm->...cm", W[self.grades], x)
            for W in (self.left, self.right)
        )
        return geometric_product(left, right)
        # --8<-- [end:layer]


# --8<-- [start:solution_compose]
def compose_turns(
    first: Float[Tensor, "3"], second: Float[Tensor, "3"]
) -> Float[Tensor, "3"]:
    """Return the one turn that equals two in a row, from the product of their
    rotors.
    """
    R = geometric_product(rotor_3d(second), rotor_3d(first))
    R = R if R[0] >= 0 else -R
    axis = quaternion_of(R)[1:]
    angle = 2 * torch.atan2(axis.norm(), R[0])
    return angle * torch.nn.functional.normalize(axis, dim=0)
    # --8<-- [end:solution_compose]


# --8<-- [start:solution_volume]
def volume(
    u: Float[Tensor, "*#batch 3"],
    v: Float[Tensor, "*#batch 3"],
    w: Float[Tensor, "*#batch 3"],
) -> Float[Tensor, "*batch"]:
    """Return the coefficient of e₁e₂e₃ in uvw."""
    u, v, w = vector(u), vector(v), vector(w)
    return geometric_product(geometric_product(u, v), w)[..., 7]
    # --8<-- [end:solution_volume]
