"""Products of features that are features again: Clebsch–Gordan coefficients as a null space."""

# --8<-- [start:setup]
from collections.abc import Iterable

import torch
from jaxtyping import Float
from torch import Tensor, nn

from snippets.equivariant_networks.rotations import check_kinds, velocities
from snippets.shapes import check_batches, check_shapes

# --8<-- [end:setup]


# --8<-- [start:equations]
def equations(l1: int, l2: int, l3: int) -> Float[Tensor, "rows unknowns"]:
    """Return the matrix of the linear equations for the entries of C."""
    X1, X2, X3 = (velocities(l) for l in (l1, l2, l3))
    I1, I2, I3 = (torch.eye(2 * l + 1, dtype=torch.float64) for l in (l1, l2, l3))
    return torch.cat(
        [
            torch.kron(c, torch.kron(I1, I2))
            + torch.kron(I3, torch.kron(a, I2) + torch.kron(I1, b))  # as X is skew
            for a, b, c in zip(X1, X2, X3, strict=True)
        ]
    )
    # --8<-- [end:equations]


# --8<-- [start:coupling]
KNOWN: dict[tuple[int, int, int], Tensor] = {}  # in double precision, found once


def coupling(
    l1: int, l2: int, l3: int, dtype: torch.dtype | None = None
) -> Float[Tensor, "d3 d1 d2"]:
    """Return the C with D₃ C(f, g) = C(D₁f, D₂g), where C(f, g)ₖ = Σ Cₖᵢⱼ fᵢ gⱼ.

    C solves X₃C − C(X₁ ⊗ I + I ⊗ X₂) = 0 for the velocities about all three axes. Its
    rows have length one, and the first entry that is not zero is positive. Raises
    ValueError where zero is the only solution.
    """
    if l1 < 0 or l2 < 0:
        raise ValueError(f"a product of kinds {l1} and {l2}: take kinds 0, 1, 2, …")
    if not abs(l1 - l2) <= l3 <= l1 + l2:
        raise ValueError(
            f"no product of kinds {l1} and {l2} is of kind {l3}: "
            f"take one from {abs(l1 - l2)} to {l1 + l2}"
        )
    if (l1, l2, l3) not in KNOWN:
        KNOWN[l1, l2, l3] = solved(l1, l2, l3)
    return KNOWN[l1, l2, l3].to(dtype or torch.get_default_dtype(), copy=True)


def solved(l1: int, l2: int, l3: int) -> Float[Tensor, "d3 d1 d2"]:
    """Return the coefficients in double precision, by an eigenvector."""
    M = equations(l1, l2, l3)
    C = torch.linalg.eigh(M.T @ M).eigenvectors[:, 0]
    first = C[(C.abs() > 1e-6).nonzero()[0, 0]]
    C = C * first.sign() * (2 * l3 + 1) ** 0.5
    C[C.abs() < 1e-12] = 0
    return C.reshape(2 * l3 + 1, 2 * l1 + 1, 2 * l2 + 1)
    # --8<-- [end:coupling]


# --8<-- [start:multiply]
def multiply(
    f: Float[Tensor, "*batch d1"], g: Float[Tensor, "*batch d2"], l3: int
) -> Float[Tensor, "*batch d3"]:
    """Return the part of kind l₃ of the products of two features."""
    l1, l2 = (f.shape[-1] - 1) // 2, (g.shape[-1] - 1) // 2
    check_batches(f"… {2 * l1 + 1}, … {2 * l2 + 1}", f, g)
    f, g = 1.0 * f, 1.0 * g  # so that whole numbers will do
    C = coupling(l1, l2, l3, f.dtype).to(f)
    return torch.einsum("kij,...i,...j->...k", C, f, g)
    # --8<-- [end:multiply]


# --8<-- [start:grow]
def solid_harmonics(
    top: int, p: Float[Tensor, "*batch 3"]
) -> list[Float[Tensor, "*batch _"]]:
    """Return the harmonics 0, …, top of points: polynomials, of length |p|ˡ."""
    check_shapes("… 3", p)
    p = 1.0 * p  # so that whole numbers will do
    arrow = p[..., [1, 2, 0]]
    found = [torch.ones_like(p[..., :1])]
    for l in range(1, top + 1):
        C = coupling(l - 1, 1, l, p.dtype)
        at_pole = C[l, l - 1, 1]  # there only the middle is not zero
        found.append(multiply(found[-1], arrow, l) / at_pole)
    return found
    # --8<-- [end:grow]


# --8<-- [start:layer]
class TensorProduct(nn.Module):
    """Multiply features by those of a direction, with a weight for every path."""

    def __init__(self, few: list[int], many: list[int], top: int) -> None:
        """Take channels of the kinds 0, 1, … before and after, and harmonics up
        to top.
        """
        super().__init__()
        self.top, self.few, self.many = top, few, many
        sources, targets = ([l for l, n in enumerate(c) if n] for c in (few, many))
        self.paths = [
            (a, b, c)
            for a in sources
            for b in range(top + 1)
            for c in targets
            if abs(a - b) <= c <= a + b and (a + b + c) % 2 == 0
        ]
        self.weights = nn.ParameterList(
            torch.randn(many[c], few[a]) / few[a] ** 0.5 for a, _, c in self.paths
        )
        for kind in set(targets) - {c for *_, c in self.paths}:
            raise ValueError(
                f"no path leads to kind {kind} with harmonics up to {top}: "
                f"take them up to {min(abs(a - kind) for a in sources)}"
            )
        for path in self.paths:  # now, so that torch.compile finds them
            coupling(*path)
        solid_harmonics(top, torch.zeros(3))

    def path_weights(self, p: Float[Tensor, "*batch 3"]) -> Iterable[Tensor]:
        """Return for each path the matrix that mixes channels: here constants."""
        return self.weights

    def forward(
        self, features: list[Tensor], p: Float[Tensor, "*batch 3"]
    ) -> list[Tensor]:
        """Return features (*batch, channels, 2l + 1) from features and a vector."""
        check_kinds(self.few, features, p)
        Y = solid_harmonics(self.top, p)
        out = [
            p.new_zeros(*p.shape[:-1], n, 2 * l + 1) for l, n in enumerate(self.many)
        ]
        for W, (a, b, c) in zip(self.path_weights(p), self.paths, strict=True):
            product = multiply(
                features[a], Y[b][..., None, :].expand(*features[a].shape[:-1], -1), c
            )
            out[c] = out[c] + W @ product
        return out
        # --8<-- [end:layer]


# --8<-- [start:solution_energy]
def quadrupole(points: Float[Tensor, "*batch n 3"]) -> Float[Tensor, "*batch 5"]:
    """Return the part of kind 2 of a cloud: the sum over its points, from their
    middle.
    """
    check_shapes("… n 3", points)
    points = 1.0 * points  # so that whole numbers will do
    centred = points - points.mean(dim=-2, keepdim=True)
    return solid_harmonics(2, centred)[2].sum(dim=-2)
    # --8<-- [end:solution_energy]
