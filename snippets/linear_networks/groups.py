"""Beyond one permutation: the maps that commute with a whole group."""

# --8<-- [start:setup]
import torch
from jaxtyping import Float, Int
from torch import Tensor, nn

from snippets.linear_networks.equivariance import CommutantLabels
from snippets.linear_networks.permutations import Permutation, same_size

torch.set_default_dtype(torch.float64)
# --8<-- [end:setup]

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.figure import Figure

from book import figure
from snippets.linear_networks.function_spaces import diverging


# --8<-- [start:orbits]
def orbits(generators: list[Int[Tensor, " points"]]) -> Int[Tensor, " points"]:
    """Return the orbit of each point, numbered from zero: the smallest label spreads until nothing changes."""
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
    """Return the classes of entries that are equal in every map commuting with the permutations.

    The indicator matrices of the classes are a basis of these maps: the orbits on pairs of points.
    """
    n = same_size(generators)
    if len(generators) == 1:
        return CommutantLabels(*generators)(torch.arange(n)[:, None], torch.arange(n)[None, :])
    index = [torch.tensor(sigma.images) - 1 for sigma in generators]
    return orbits([(g[:, None] * n + g[None, :]).flatten() for g in index]).reshape(n, n)
# --8<-- [end:commutant_basis]


# --8<-- [start:generate]
def generate(*generators: Permutation) -> set[Permutation]:
    """Return all elements of the group: multiply by the generators until nothing new comes."""
    identity = generators[0] ** 0
    found, new = {identity}, {identity}
    while new:
        new = {sigma @ g for sigma in new for g in generators} - found
        found |= new
    return found
# --8<-- [end:generate]


# --8<-- [start:layer]
class SharedLinear(nn.Module):
    """The general linear layer that commutes with a group: one weight for each orbit of pairs."""

    def __init__(self, *generators: Permutation) -> None:
        """Draw one weight for each class of entries."""
        super().__init__()
        self.register_buffer("classes", commutant_basis(*generators))
        self.weight = nn.Parameter(torch.randn(int(self.classes.max()) + 1) / len(self.classes) ** 0.5)

    def forward(self, x: Float[Tensor, "*batch n"]) -> Float[Tensor, "*batch n"]:
        """Multiply by the matrix whose entries are the weights of their classes."""
        return x @ self.weight[self.classes].T
# --8<-- [end:layer]


# --8<-- [start:isotypic]
def irreducibles(*generators: Permutation, seed: int = 0) -> list[Float[Tensor, "n d"]]:
    """Split R^n into irreducible invariant spaces: the eigenspaces of a random symmetric commuting matrix."""
    classes = commutant_basis(*generators)
    weight = torch.randn(int(classes.max()) + 1, generator=torch.Generator().manual_seed(seed))
    M = weight[classes]
    values, vectors = torch.linalg.eigh(M + M.T)
    cuts = (torch.diff(values) > 1e-8).nonzero().flatten() + 1
    return list(vectors.tensor_split(cuts, dim=1))


def isotypic(*generators: Permutation) -> list[list[Float[Tensor, "n d"]]]:
    """Group the irreducible spaces by isomorphism: two are isomorphic if a commuting matrix connects them."""
    classes = commutant_basis(*generators)
    M = torch.randn(int(classes.max()) + 1, generator=torch.Generator().manual_seed(1))[classes]
    kinds: list[list[Tensor]] = []
    for space in irreducibles(*generators):
        home = next((kind for kind in kinds if (space.T @ M @ kind[0]).abs().max() > 1e-8), None)
        if home is None:
            kinds.append([space])
        else:
            home.append(space)
    return kinds
# --8<-- [end:isotypic]


# --8<-- [start:deep_sets]
class DeepSetLayer(nn.Module):
    """The general linear layer that commutes with all permutations of a set: a x + b mean(x)."""

    def __init__(self) -> None:
        """Start with two weights."""
        super().__init__()
        self.own, self.mean = nn.Parameter(torch.randn(())), nn.Parameter(torch.randn(()))

    def forward(self, x: Float[Tensor, "*batch n"]) -> Float[Tensor, "*batch n"]:
        """Mix each member with the mean of all."""
        return self.own * x + self.mean * x.mean(dim=-1, keepdim=True)
# --8<-- [end:deep_sets]


# --8<-- [start:dihedral]
def mirror(side: int) -> Permutation:
    """Mirror a square picture left to right."""
    return Permutation(tuple(side * row + side - column for row in range(side) for column in range(side)))


def everything(n: int) -> tuple[Permutation, Permutation]:
    """Two permutations that generate all of S_n: a swap and a cycle."""
    return Permutation.from_cycles("(1 2)", n), Permutation((*range(2, n + 1), 1))
# --8<-- [end:dihedral]


# --8<-- [start:solution_burnside]
def burnside(*generators: Permutation) -> float:
    """Average, over the group, of the squared number of fixed points: the number of orbits on pairs."""
    group = generate(*generators)
    return sum(sum(sigma(i) == i for i in range(1, sigma.size + 1)) ** 2 for sigma in group) / len(group)
# --8<-- [end:solution_burnside]


def table(ax, classes: Int[Tensor, "n n"], title: str) -> None:
    """Colour the entries of a matrix by their classes."""
    for (i, j), k in np.ndenumerate(classes.numpy()):
        ax.add_patch(
            plt.Rectangle(
                (j - 0.5, i - 0.5),
                1,
                1,
                facecolor=f"C{k % 7}",
                alpha=(0.85, 0.5, 0.25)[k // 7 % 3],
                edgecolor=plt.rcParams["axes.facecolor"],
                linewidth=1,
            )
        )
    n = len(classes)
    ax.set(xlim=(-0.5, n - 0.5), ylim=(n - 0.5, -0.5), aspect="equal", title=title)
    ax.axis("off")


@figure(
    alt="Three four by four tables coloured by equal entries: for the cycle 1 2 3 4 four diagonals, for the "
    "cycle 1 3 2 4 another pattern of four colours, "
    "and for both together only two colours, the diagonal and the rest."
)
def two_cycles() -> Figure:
    """Equal partitions, different commutants."""
    one, other = Permutation.from_cycles("(1 2 3 4)"), Permutation.from_cycles("(1 3 2 4)")
    fig, axes = plt.subplots(1, 3, figsize=(5.4, 2.1))
    for ax, generators, title in zip(
        axes, ((one,), (other,), (one, other)), ("(1 2 3 4)", "(1 3 2 4)", "both"), strict=True
    ):
        table(ax, commutant_basis(*generators), title)
    return fig


@figure(
    alt="Two nine by nine tables coloured by equal entries. With turns only there are 21 classes, with turns "
    "and mirror images 15."
)
def turns_and_mirrors() -> Figure:
    """The commutants of the rotations and of all symmetries of the square on 3×3 pictures."""
    fig, axes = plt.subplots(1, 2, figsize=(5.4, 3.0))
    turn = Permutation.rotation(3)
    for ax, generators, name in zip(axes, ((turn,), (turn, mirror(3))), ("turns", "turns and mirrors"), strict=True):
        classes = commutant_basis(*generators)
        table(ax, classes, f"{name}: {int(classes.max()) + 1} classes")
    return fig


@figure(
    alt="Rows of three by three pictures, one row for each kind of irreducible space of the symmetries of the "
    "square: three constant on orbits, then kinds "
    "that change sign under some symmetries, and planes with two pictures each."
)
def kinds() -> Figure:
    """The isotypic decomposition of 3×3 pictures under turns and mirrors."""
    found = sorted(isotypic(Permutation.rotation(3), mirror(3)), key=lambda kind: (kind[0].shape[1], -len(kind)))
    fig, axes = plt.subplots(len(found), 4, figsize=(4.4, 1.25 * len(found)))
    for line, kind in zip(axes, found, strict=True):
        vectors = torch.cat(kind, dim=1).T
        line[0].set_title(f"{len(kind)} × dimension {kind[0].shape[1]}", loc="left", fontsize=9.5)
        for k, ax in enumerate(line):
            ax.axis("off")
            if k < len(vectors):
                ax.imshow(vectors[k].reshape(3, 3).numpy(), cmap=diverging(), vmin=-1, vmax=1)
    return fig
