"""The irreducible parts of a permutation group's action, and the maps of bounded rank that commute with it."""

# --8<-- [start:setup]
from collections.abc import Sequence
from typing import NamedTuple

import torch
from jaxtyping import Float
from torch import Tensor, nn

from snippets.linear_networks.components import ways
from snippets.linear_networks.groups import commutant_basis, equivariant_classes
from snippets.linear_networks.knapsack import knapsack
from snippets.linear_networks.permutations import Permutation
from snippets.shapes import check_numbers

# --8<-- [end:setup]


# --8<-- [start:isotypic]
def random_commuting(*generators: Permutation, seed: int) -> Float[Tensor, "n n"]:
    """Return a random matrix that commutes with the group."""
    classes = commutant_basis(*generators)
    draw = torch.Generator().manual_seed(seed)
    count = int(classes.max()) + 1
    return torch.randn(count, generator=draw, dtype=torch.float64)[classes]


def irreducibles(*generators: Permutation, seed: int = 0) -> list[Float[Tensor, "n d"]]:
    """Split R^n: the eigenspaces of a random symmetric commuting matrix."""
    M = random_commuting(*generators, seed=seed)
    values, vectors = torch.linalg.eigh(M + M.T)
    size = values.abs().max()
    cuts = (torch.diff(values) > 1e-9 * size).nonzero().flatten() + 1
    return list(vectors.tensor_split(cuts, dim=1))


def isotypic(*generators: Permutation) -> list[list[Float[Tensor, "n d"]]]:
    """Group the irreducible spaces by isomorphism: commuting matrices connect them."""
    M = random_commuting(*generators, seed=1)
    size = torch.linalg.matrix_norm(M, 2)
    kinds: list[list[Tensor]] = []
    for space in irreducibles(*generators):
        for kind in kinds:
            if (space.T @ M @ kind[0]).abs().max() > 1e-9 * size:
                kind.append(space)
                break
        else:
            kinds.append([space])
    return kinds
    # --8<-- [end:isotypic]


# --8<-- [start:kinds]
class Kind(NamedTuple):
    """An irreducible kind: its dimension, how often it occurs, and its numbers."""

    dimension: int
    copies: int
    numbers: str
    basis: Float[Tensor, "n columns"]

    @property
    def size(self) -> int:
        """Real dimension of its numbers: 1 for R, 2 for C, 4 for H, the quaternions."""
        return {"R": 1, "C": 2, "H": 4}[self.numbers]


def kinds(*generators: Permutation) -> list[Kind]:
    """Return the kinds, with the numbers that their blocks consist of."""
    matrices = [random_commuting(*generators, seed=seed) for seed in range(2, 8)]
    found = []
    for spaces in isotypic(*generators):
        V = spaces[0]
        inside = torch.stack([(V.T @ M @ V).flatten() for M in matrices])
        size = int(torch.linalg.matrix_rank(inside, rtol=1e-9))
        numbers = {1: "R", 2: "C", 4: "H"}[size]
        found.append(Kind(V.shape[1], len(spaces), numbers, torch.cat(spaces, dim=1)))
    return sorted(found, key=lambda kind: (kind.dimension, -kind.copies))
    # --8<-- [end:kinds]


# --8<-- [start:truncate_copies]
def truncate_copies(
    B: Float[Tensor, "d d"], S: Float[Tensor, "d d"], k: int
) -> Float[Tensor, "d d"]:
    """Return B with its k largest singular values only; S decides among equal ones.

    B and S commute with a group, and S is symmetric and random. So its eigenspaces,
    within the vectors of one singular value, are single copies.
    """
    _, s, Vh = torch.linalg.svd(B)
    rounding = 1e3 * torch.finfo(s.dtype).eps * s[0]
    cuts = (s[:-1] - s[1:] > rounding).nonzero().flatten().tolist()
    equal = Vh.T.tensor_split([cut + 1 for cut in cuts], dim=1)
    copies = [E @ torch.linalg.eigh(E.T @ S @ E).eigenvectors for E in equal]
    V = torch.cat(copies, dim=1)[:, :k]
    return B @ V @ V.T
    # --8<-- [end:truncate_copies]


# --8<-- [start:nearest]
def nearest_commuting(
    M: Float[Tensor, "n n"], generators: list[Permutation], rank: int
) -> tuple[Float[Tensor, "n n"], list[int]]:
    """Return the nearest map of rank at most r that commutes with a group, and its
    ranks.

    Average M, then cut the block of each kind. A unit of rank there costs as many
    dimensions as the kind has, because each singular value occurs that often.
    """
    averaged, S = group_average(M, generators), random_commuting(*generators, seed=8)
    S = (S + S.T).to(M)
    parts = [kind._replace(basis=kind.basis.to(M)) for kind in kinds(*generators)]
    blocks = [kind.basis.T @ averaged @ kind.basis for kind in parts]
    values = [
        torch.linalg.svdvals(B)[:: kind.dimension].tolist()
        for B, kind in zip(blocks, parts, strict=True)
    ]
    ranks = knapsack(values, [kind.dimension for kind in parts], rank)
    near = torch.zeros_like(averaged)
    for kind, r, B in zip(parts, ranks, blocks, strict=True):
        V, k = kind.basis, r * kind.dimension
        near += V @ truncate_copies(B, V.T @ S @ V, k) @ V.T
    return near, ranks
    # --8<-- [end:nearest]


# --8<-- [start:average]
def group_average(
    M: Float[Tensor, "m n"], generators: list[Permutation]
) -> Float[Tensor, "m n"]:
    """Return the nearest map that commutes with the group: the mean over each class."""
    check_numbers(f"{generators[0].size} {generators[0].size}", M)
    classes = equivariant_classes(generators, generators).flatten().to(M.device)
    sums = M.new_zeros(int(classes.max()) + 1).index_add(0, classes, M.flatten())
    return (sums / classes.bincount())[classes].reshape(M.shape)
    # --8<-- [end:average]


# --8<-- [start:group_components]
def group_components(parts: list[Kind], rank: int) -> tuple[int, int]:
    """Count the components with a map of this rank, and give their largest dimension.

    A component is a choice of ranks r ≤ copies with Σ dimension · r = rank.
    """
    count = ways([(kind.dimension, kind.copies) for kind in parts], rank)[rank]
    best = {0: 0}
    for kind in parts:
        grown: dict[int, int] = {}
        for spent, size in best.items():
            for r in range(kind.copies + 1):
                now = spent + kind.dimension * r
                gain = kind.size * r * (2 * kind.copies - r)
                if now <= rank:
                    grown[now] = max(grown.get(now, 0), size + gain)
        best = grown
    return count, best.get(rank, 0)
    # --8<-- [end:group_components]


# --8<-- [start:aligned]
def aligned(parts: list[Kind], generators: Sequence[Permutation]) -> list[Kind]:
    """Return the kinds in bases in which the group acts alike on all copies."""
    M = random_commuting(*generators, seed=1)
    found = []
    for kind in parts:
        copies = kind.basis.split(kind.dimension, dim=1)
        moved = [V.T @ M @ copies[0] for V in copies]
        scaled = [
            V @ B * (kind.dimension**0.5 / B.norm())
            for V, B in zip(copies, moved, strict=True)
        ]
        found.append(kind._replace(basis=torch.cat(scaled, dim=1)))
    return found


def scalars(
    kind: Kind, generators: Sequence[Permutation]
) -> Float[Tensor, "numbers k k"]:
    """Return a basis of the commuting maps of one copy to itself: of R, C or H."""
    k = kind.dimension
    V = kind.basis[:, :k]
    found = [random_commuting(*generators, seed=seed) for seed in range(2, 8)]
    inside = torch.stack([(V.T @ M @ V).flatten() for M in found])
    rows = torch.linalg.svd(inside, full_matrices=False).Vh
    return k**0.5 * rows[: kind.size].unflatten(1, (k, k))
    # --8<-- [end:aligned]


# --8<-- [start:autoencoder]
class KindAutoencoder(nn.Module):
    """A linear autoencoder that commutes with a group; a rank for each of its kinds."""

    def __init__(self, generators: Sequence[Permutation], ranks: Sequence[int]) -> None:
        """Draw a matrix of numbers of R, C or H for each kind, there and back."""
        super().__init__()
        parts = aligned(kinds(*generators), generators)
        check_kind_ranks(parts, ranks)
        self.copies = [kind.copies for kind in parts]
        self.encoder, self.decoder = nn.ParameterList(), nn.ParameterList()
        for i, (kind, rank) in enumerate(zip(parts, ranks, strict=True)):
            self.register_buffer(f"basis_{i}", kind.basis)
            self.register_buffer(f"scalars_{i}", scalars(kind, generators))
            self.encoder.append(torch.randn(kind.size, rank, kind.copies))
            self.decoder.append(torch.randn(kind.size, kind.copies, rank))

    def forward(self, x: Float[Tensor, "*batch n"]) -> Float[Tensor, "*batch n"]:
        """Mix the copies of each kind: encode, decode, add up."""
        total = torch.zeros_like(x)
        for i, m in enumerate(self.copies):
            basis, J = self.get_buffer(f"basis_{i}"), self.get_buffer(f"scalars_{i}")
            z = (x @ basis).unflatten(-1, (m, -1))
            for weights in (self.encoder[i], self.decoder[i]):
                z = torch.einsum("sab,sij,...bj->...ai", weights, J, z)
            total = total + z.flatten(-2) @ basis.T
        return total
        # --8<-- [end:autoencoder]


def check_kind_ranks(parts: list[Kind], ranks: Sequence[int]) -> None:
    """Raise ValueError unless there is a rank from 0 to its copies for each kind."""
    copies = [kind.copies for kind in parts]
    fits = len(ranks) == len(copies)
    if not fits or not all(0 <= r <= m for r, m in zip(ranks, copies, strict=True)):
        raise ValueError(
            f"ranks {list(ranks)} do not fit the kinds: give {len(copies)} numbers, at most {copies}"
        )
