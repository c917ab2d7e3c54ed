"""Beyond one permutation: the maps that commute with a whole group."""

# --8<-- [start:setup]
from collections.abc import Sequence
from itertools import product

import torch
from jaxtyping import Float, Int
from torch import Tensor, nn

from snippets.linear_networks.commutant import class_table
from snippets.linear_networks.permutations import Permutation, same_size
from snippets.shapes import check_shapes

# --8<-- [end:setup]


# --8<-- [start:orbits]
def orbits(generators: Sequence[Int[Tensor, " points"]]) -> Int[Tensor, " points"]:
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


# --8<-- [start:equivariant_classes]
def equivariant_classes(
    inputs: Sequence[Permutation], outputs: Sequence[Permutation]
) -> Int[Tensor, "m n"]:
    """Return the class of each entry: equal in all equivariant maps from R^n to R^m.

    The k-th generator of the group moves the n inputs by inputs[k], the m outputs by
    outputs[k]. The indicator matrices of the classes are a basis of the maps.
    """
    if len(inputs) != len(outputs):
        raise ValueError(
            f"{len(inputs)} permutations of the inputs and "
            f"{len(outputs)} of the outputs: "
            "give one of each for every generator"
        )
    n, m = same_size(inputs), same_size(outputs)
    index = [
        (torch.tensor(g.images) - 1, torch.tensor(h.images) - 1)
        for g, h in zip(outputs, inputs, strict=True)
    ]
    pairs = [(g[:, None] * n + h[None, :]).flatten() for g, h in index]
    return orbits(pairs).reshape(m, n)


def commutant_basis(*generators: Permutation) -> Int[Tensor, "n n"]:
    """Return the classes of the maps that commute with the group."""
    if len(generators) == 1:
        return class_table(*generators)
    return equivariant_classes(generators, generators)
    # --8<-- [end:equivariant_classes]


# --8<-- [start:group_order]
def group_order(*generators: Permutation) -> int:
    """Return the number of elements, by a chain of stabilisers and without a list."""
    from sympy.combinatorics import Permutation as Images
    from sympy.combinatorics import PermutationGroup

    same_size(generators)
    return int(
        PermutationGroup(
            [Images([i - 1 for i in g.images]) for g in generators]
        ).order()
    )
    # --8<-- [end:group_order]


# --8<-- [start:generate]
def generate(*generators: Permutation) -> set[Permutation]:
    """Return all elements of a small group: multiply until nothing new comes."""
    identity = generators[0] ** 0
    found, new = {identity}, {identity}
    while new:
        new = {sigma @ g for sigma in new for g in generators} - found
        found |= new
    return found
    # --8<-- [end:generate]


# --8<-- [start:layer]
class SharedLinear(nn.Module):
    """The general equivariant layer: a weight for each orbit of pairs and two
    channels.
    """

    def __init__(
        self,
        inputs: Sequence[Permutation],
        outputs: Sequence[Permutation] | None = None,
        channels: tuple[int, int] = (1, 1),
    ) -> None:
        """Draw the weights, and a bias of zero for each orbit of outputs."""
        super().__init__()
        outputs = inputs if outputs is None else outputs
        classes = equivariant_classes(inputs, outputs)
        points = orbits([torch.tensor(g.images) - 1 for g in outputs])
        self.register_buffer("classes", classes)
        self.register_buffer("points", points)
        few, many = channels
        scale = (few * classes.shape[1]) ** -0.5
        self.weight = nn.Parameter(
            scale * torch.randn(many, few, int(classes.max()) + 1)
        )
        self.bias = nn.Parameter(torch.zeros(many, int(points.max()) + 1))

    def forward(
        self, x: Float[Tensor, "*batch few n"]
    ) -> Float[Tensor, "*batch many m"]:
        """Multiply by the matrices whose entries are their classes' weights."""
        check_shapes(f"… {self.weight.shape[1]} {self.classes.shape[1]}", x)
        matrices = self.weight[:, :, self.classes]
        return (
            torch.einsum("oimn,...in->...om", matrices, x) + self.bias[:, self.points]
        )
        # --8<-- [end:layer]


# --8<-- [start:signed]
def signed_classes(
    generators: Sequence[tuple[Permutation, Sequence[int]]],
) -> tuple[Int[Tensor, "n n"], Int[Tensor, "n n"]]:
    """Return classes and signs of the maps that commute with signed permutations.

    A generator (σ, s) maps x to (s_i x_σ(i)). Every pair is followed with both signs;
    where an orbit meets its own negative the entry has to be zero, and so is its sign.
    """
    n = same_size([sigma for sigma, _ in generators])
    moves = []
    for sigma, signs in generators:
        g, s = torch.tensor(sigma.images) - 1, torch.tensor(signs)
        if s.shape != (n,) or not bool((s.abs() == 1).all()):
            raise ValueError(f"signs {list(signs)}: give {n} numbers, each 1 or −1")
        pair = (g[:, None] * n + g[None, :]).flatten()
        flip = ((s[:, None] * s[None, :]) < 0).flatten()
        plus, minus = pair + n * n * flip, pair + n * n * ~flip
        moves.append(torch.cat([plus, minus]))
    plus, minus = orbits(moves).split(n * n)
    sign = torch.sign(minus - plus)
    names = torch.minimum(plus, minus)
    names[sign == 0] = -1
    kept = names.unique()
    kept = kept[kept >= 0]
    classes = torch.searchsorted(kept, names).clamp(max=max(len(kept) - 1, 0))
    return classes.reshape(n, n), sign.reshape(n, n)
    # --8<-- [end:signed]


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
        check_shapes("… n", x)
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


# --8<-- [start:solution_graphs]
def on_pairs(n: int) -> list[Permutation]:
    """Return how the permutations that generate S_n move the pairs of nodes."""
    pairs = list(product(range(1, n + 1), repeat=2))
    return [
        Permutation(tuple(pairs.index((g(i), g(j))) + 1 for i, j in pairs))
        for g in everything(n)
    ]
    # --8<-- [end:solution_graphs]
