"""Characters: count equivariant maps, and split representations, by traces alone."""

# --8<-- [start:setup]
import torch
from jaxtyping import Float, Shaped
from torch import Tensor

from snippets.equivariant_networks.group_convolutions import Move, act, quotients
from snippets.lie_groups.exponential import J
from snippets.shapes import check_shapes

# --8<-- [end:setup]


# --8<-- [start:representations]
def on_pictures(group: list[Move], side: int) -> Float[Tensor, "order n n"]:
    """Return the matrices by which the moves act on the numbers of a picture."""
    pictures = torch.eye(side * side).reshape(-1, side, side)
    return torch.stack([act(g, pictures).flatten(1).T for g in group])


def on_arrows(group: list[Move]) -> Float[Tensor, "order 2 2"]:
    """Return the matrices by which the moves act on arrows (right, up)."""
    turn = J.to(torch.get_default_dtype())
    mirror = torch.diag(torch.tensor([-1.0, 1.0]))
    turned = [torch.linalg.matrix_power(turn, k) for _, k in group]
    return torch.stack(
        [R @ mirror if m else R for R, (m, _) in zip(turned, group, strict=True)]
    )


def on_itself(group: list[Move]) -> Float[Tensor, "order order order"]:
    """Return the matrices of the moves on functions on the group: (g·f)(h) =
    f(g⁻¹h).
    """
    return torch.eye(len(group))[quotients(group)]
    # --8<-- [end:representations]


# --8<-- [start:character]
def character(rho: Shaped[Tensor, "order d d"]) -> Shaped[Tensor, " order"]:
    """Return the trace of each matrix of a representation."""
    check_shapes("order d d", rho)
    return rho.diagonal(dim1=-2, dim2=-1).sum(-1)


def inner(
    chi: Shaped[Tensor, " order"], psi: Shaped[Tensor, " _"]
) -> Shaped[Tensor, ""]:
    """Return the mean of the products over the group, conjugate in the first."""
    if chi.shape != psi.shape:
        raise ValueError(
            f"characters on {len(chi)} and {len(psi)} elements: "
            "both belong to one group"
        )
    return (1.0 * chi.conj() * psi).mean()
    # --8<-- [end:character]


# --8<-- [start:fixed]
def fixed_pixels(group: list[Move], side: int) -> Float[Tensor, " order"]:
    """Return how many pixels each move leaves where they are."""
    places = torch.arange(side * side).reshape(side, side)
    return torch.stack([(act(g, places) == places).sum() for g in group]).to(
        torch.get_default_dtype()
    )
    # --8<-- [end:fixed]


# --8<-- [start:square_table]
def square_table(group: list[Move]) -> dict[str, Float[Tensor, " order"]]:
    """Return the irreducible characters of the turns and mirror images of a square."""
    mirrored = torch.tensor([1.0 - 2 * m for m, _ in group])
    odd = torch.tensor([1.0 - 2 * (k % 2) for _, k in group])
    return {
        "all alike": torch.ones(len(group)),
        "mirrors −1": mirrored,
        "turns −1": odd,
        "both −1": mirrored * odd,
        "arrows": character(on_arrows(group)),
    }
    # --8<-- [end:square_table]


# --8<-- [start:projection]
def projection(
    chi: Float[Tensor, " order"], rho: Float[Tensor, "order d d"], dimension: int
) -> Float[Tensor, "d d"]:
    """Return the projection to all copies of an irreducible real representation.

    chi is its character and `dimension` its dimension. The matrices are orthogonal.
    """
    check_shapes("order, order d d", chi, rho)
    weights = dimension / inner(chi, chi) * chi / len(chi)
    return torch.einsum("g,gij->ij", weights, 1.0 * rho)
    # --8<-- [end:projection]


# --8<-- [start:fourier]
def fourier(
    f: Shaped[Tensor, " order"], rho: Shaped[Tensor, "order d d"]
) -> Shaped[Tensor, "d d"]:
    """Return the Fourier coefficient Σ f(g) ρ(g) of a function on the group."""
    check_shapes("order, order d d", f, rho)
    return (f[:, None, None] * rho).sum(0)


def from_fourier(
    coefficients: list[Shaped[Tensor, "_ _"]], kinds: list[Shaped[Tensor, "order _ _"]]
) -> Shaped[Tensor, " order"]:
    """Return f(g) = Σ d tr(ρ(g)* f̂(ρ)) / |G|, over all complex irreducible kinds."""
    sizes, order, total = [rho.shape[-1] for rho in kinds], len(kinds[0]), 0
    if sum(d * d for d in sizes) != order:
        raise ValueError(
            f"kinds of sizes {sizes}: pass all complex irreducible ones, "
            f"whose squares add up to {order}"
        )
    if len(coefficients) != len(kinds):
        raise ValueError(
            f"{len(coefficients)} coefficients: pass {len(kinds)}, one for each kind"
        )
    for hat, rho in zip(coefficients, kinds, strict=True):
        check_shapes("d d, order d d", hat, rho)
        total = total + len(hat) * (rho.conj() * hat).sum((1, 2))
    return total / order


def convolve(
    f: Shaped[Tensor, " order"], w: Shaped[Tensor, " order"], group: list[Move]
) -> Shaped[Tensor, " order"]:
    """Return (f ∗ w)(g) = Σ f(k) w(k⁻¹g)."""
    check_shapes(f"{len(group)}, {len(group)}", f, w)
    return (f[:, None] * w[quotients(group)]).sum(0)
    # --8<-- [end:fourier]


# --8<-- [start:quaternions]
def quaternion_group() -> Float[Tensor, "8 4 4"]:
    """Return ±1, ±i, ±j, ±k as matrices that multiply quaternions from the left."""
    i = torch.tensor([[0.0, -1, 0, 0], [1, 0, 0, 0], [0, 0, 0, -1], [0, 0, 1, 0]])
    j = torch.tensor([[0.0, 0, -1, 0], [0, 0, 0, 1], [1, 0, 0, 0], [0, -1, 0, 0]])
    units = torch.stack([torch.eye(4), i, j, i @ j])
    return torch.cat([units, -units])
    # --8<-- [end:quaternions]


# --8<-- [start:quadratic]
def symmetric_square(rho: Float[Tensor, "order d d"]) -> Float[Tensor, " order"]:
    """Return the character on products of two coordinates: (χ(g)² + χ(g²)) / 2."""
    return (character(rho) ** 2 + character(rho @ rho)) / 2
    # --8<-- [end:quadratic]
