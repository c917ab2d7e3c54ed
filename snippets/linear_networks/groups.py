"""Beyond one permutation: the maps that commute with a whole group."""

# --8<-- [start:setup]
from itertools import product

import torch
from jaxtyping import Float, Int
from torch import Tensor, nn

from snippets.linear_networks.commutant import class_table
from snippets.linear_networks.permutations import Permutation, same_size

# --8<-- [end:setup]


# --8<-- [start:orbits]
def orbits(generators: list[Int[Tensor, " points"]]) -> Int[Tensor, " points"]:
    """Number the orbits: the smallest label spreads until nothing changes."""
    label = torch.arange(len(generators[0]))
    while True:
        spread = label
        for g in generators:
            spread = torch.minimum(spread, spread[g])
            spread = spread.scatter_reduce(0, g, spread, "amin")
        spread = spread[spread]
        if torch.equal(spread, label):
            return label.unique(return_inverse=True)[1]
        label = spread
# --8<-- [end:orbits]


# --8<-- [start:commutant_basis]
def commutant_basis(*generators: Permutation) -> Int[Tensor, "n n"]:
    """Return the class of each entry: equal in all maps that commute with the group.

    The indicator matrices of the classes are a basis of these maps.
    """
    n = same_size(generators)
    if len(generators) == 1:
        return class_table(*generators)
    index = [torch.tensor(sigma.images) - 1 for sigma in generators]
    pairs = [(g[:, None] * n + g[None, :]).flatten() for g in index]
    return orbits(pairs).reshape(n, n)
# --8<-- [end:commutant_basis]


# --8<-- [start:generate]
def generate(*generators: Permutation) -> set[Permutation]:
    """Return all elements of the group: multiply until nothing new comes."""
    identity = generators[0] ** 0
    found, new = {identity}, {identity}
    while new:
        new = {sigma @ g for sigma in new for g in generators} - found
        found |= new
    return found
# --8<-- [end:generate]


# --8<-- [start:layer]
class SharedLinear(nn.Module):
    """The general linear layer of a group: one weight for each orbit of pairs."""

    def __init__(self, *generators: Permutation) -> None:
        """Draw one weight for each class of entries."""
        super().__init__()
        self.register_buffer("classes", commutant_basis(*generators))
        count = int(self.classes.max()) + 1
        self.weight = nn.Parameter(torch.randn(count) / len(self.classes) ** 0.5)

    def forward(self, x: Float[Tensor, "*batch n"]) -> Float[Tensor, "*batch n"]:
        """Multiply by the matrix whose entries are their classes' weights."""
        return x @ self.weight[self.classes].T
# --8<-- [end:layer]


# --8<-- [start:isotypic]
def random_commuting(*generators: Permutation, seed: int) -> Float[Tensor, "n n"]:
    """Return a random matrix that commutes with the group."""
    classes = commutant_basis(*generators)
    draw = torch.Generator().manual_seed(seed)
    return torch.randn(int(classes.max()) + 1, generator=draw)[classes]


def irreducibles(
    *generators: Permutation, seed: int = 0
) -> list[Float[Tensor, "n d"]]:
    """Split R^n: the eigenspaces of a random symmetric commuting matrix."""
    M = random_commuting(*generators, seed=seed)
    values, vectors = torch.linalg.eigh(M + M.T)
    cuts = (torch.diff(values) > 1e-8).nonzero().flatten() + 1
    return list(vectors.tensor_split(cuts, dim=1))


def isotypic(*generators: Permutation) -> list[list[Float[Tensor, "n d"]]]:
    """Group the irreducible spaces by isomorphism: commuting matrices connect them."""
    M = random_commuting(*generators, seed=1)
    kinds: list[list[Tensor]] = []
    for space in irreducibles(*generators):
        for kind in kinds:
            if (space.T @ M @ kind[0]).abs().max() > 1e-8:
                kind.append(space)
                break
        else:
            kinds.append([space])
    return kinds
# --8<-- [end:isotypic]


# --8<-- [start:deep_sets]
class DeepSetLayer(nn.Module):
    """The general linear layer for sets: a x + b mean(x)."""

    def __init__(self) -> None:
        """Start with two weights."""
        super().__init__()
        self.own = nn.Parameter(torch.randn(()))
        self.mean = nn.Parameter(torch.randn(()))

    def forward(self, x: Float[Tensor, "*batch n"]) -> Float[Tensor, "*batch n"]:
        """Mix each member with the mean of all."""
        return self.own * x + self.mean * x.mean(dim=-1, keepdim=True)
# --8<-- [end:deep_sets]


# --8<-- [start:dihedral]
def mirror(side: int) -> Permutation:
    """Mirror a square picture left to right."""
    places = product(range(side), repeat=2)
    return Permutation(tuple(side * (row + 1) - column for row, column in places))


def everything(n: int) -> tuple[Permutation, Permutation]:
    """Two permutations that generate all of S_n: a swap and a cycle."""
    return Permutation.from_cycles("(1 2)", n), Permutation((*range(2, n + 1), 1))
# --8<-- [end:dihedral]


# --8<-- [start:solution_burnside]
def burnside(*generators: Permutation) -> float:
    """Average, over the group, the squared number of fixed points."""
    group = generate(*generators)
    fixed = [sum(g(i) == i for i in range(1, g.size + 1)) for g in group]
    return sum(count**2 for count in fixed) / len(group)
# --8<-- [end:solution_burnside]
