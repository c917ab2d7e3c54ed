"""The maps that commute with a permutation: classes of equal entries, circulants and waves."""

# --8<-- [start:setup]
import math

import torch
from jaxtyping import Complex, Float, Int
from torch import Tensor

from snippets.linear_networks.permutations import Permutation, cycle_decomposition
from snippets.shapes import check_shapes

# --8<-- [end:setup]


# --8<-- [start:dimension]
def commutant_dimension(sigma: Permutation) -> int:
    """Sum gcd(a, b) over the pairs of cycle lengths a, b."""
    lengths = torch.tensor([len(cycle) for cycle in cycle_decomposition(sigma)])
    return int(torch.gcd(lengths[:, None], lengths[None, :]).sum())
    # --8<-- [end:dimension]


# --8<-- [start:commutant]
class CommutantLabels:
    """The classes of equal entries in a map that commutes with σ, without a table."""

    def __init__(self, sigma: Permutation) -> None:
        """Note each point's cycle and place there; number the pairs' classes."""
        cycles = cycle_decomposition(sigma)
        lengths = torch.tensor([len(cycle) for cycle in cycles])
        points = torch.tensor([point for cycle in cycles for point in cycle]) - 1
        self.cycle, self.place = torch.empty_like(points), torch.empty_like(points)
        self.cycle[points] = torch.repeat_interleave(lengths)
        self.place[points] = torch.cat([torch.arange(length) for length in lengths])
        self.gcd = torch.gcd(lengths[:, None], lengths[None, :])
        self.first = self.gcd.flatten().cumsum(0).view_as(self.gcd) - self.gcd
        self.dimension = int(self.gcd.sum())

    def __call__(
        self, i: Int[Tensor, "*#shape"], j: Int[Tensor, "*#shape"]
    ) -> Int[Tensor, "*shape"]:
        """Return the class of the entry (i, j); all three count from zero."""
        a, b = self.cycle[i], self.cycle[j]
        return self.first[a, b] + (self.place[i] - self.place[j]) % self.gcd[a, b]
        # --8<-- [end:commutant]


def class_table(sigma: Permutation) -> Int[Tensor, "n n"]:
    """Return the classes of all entries at once, in 32 bits where they fit: to fill the table is most of the work.

    A row is that of its cycle (the first class for each column) plus that of its place in the cycle (the steps), so
    cycles of one length are served by one sum.
    """
    labels = CommutantLabels(sigma)
    fits = labels.dimension < 2**31
    first = labels.first.index_select(1, labels.cycle).to(
        torch.int32 if fits else torch.int64
    )
    lengths, by_length = labels.gcd.diagonal(), []
    for n in lengths.unique().tolist():
        cycles = (lengths == n).nonzero().flatten()
        steps = (torch.arange(n)[:, None] - labels.place) % labels.gcd[cycles[0]][
            labels.cycle
        ]
        by_length.append(
            (first.index_select(0, cycles)[:, None, :] + steps.to(first.dtype)).flatten(
                0, 1
            )
        )
    table = torch.cat(by_length) if len(by_length) > 1 else by_length[0]
    order = lengths.argsort(stable=True)
    start = torch.empty_like(lengths).index_copy_(
        0, order, lengths[order].cumsum(0) - lengths[order]
    )
    row = start[labels.cycle] + labels.place
    return table if row.equal(torch.arange(sigma.size)) else table.index_select(0, row)


def check_square(M: Tensor, sigma: Permutation) -> None:
    """Raise ValueError unless M is one n×n matrix, or a batch of them."""
    if M.shape[-2:] != (sigma.size, sigma.size):
        shape = "×".join(map(str, M.shape))
        raise ValueError(
            f"a {shape} matrix cannot commute with a permutation of {sigma.size} points: "
            f"the last two sides have to be {sigma.size}"
        )


# --8<-- [start:commutator]
def commutator(
    M: Float[Tensor, "*batch n n"], sigma: Permutation
) -> Float[Tensor, "*batch n n"]:
    """Return M P − P M, which is zero exactly for equivariant maps.

    Column σ(j) of M P is column j of M, and row i of P M is row σ(i) of M.
    """
    check_square(M, sigma)
    index = torch.tensor(sigma.images, device=M.device) - 1
    return M[..., :, torch.argsort(index)] - M[..., index, :]
    # --8<-- [end:commutator]


# --8<-- [start:circulant]
def circulant(c: Float[Tensor, "*batch n"]) -> Float[Tensor, "*batch n n"]:
    """Return the matrix whose entry (i, j) is c at i − j, counted cyclically."""
    check_shapes("… n", c)
    i = torch.arange(c.shape[-1], device=c.device)
    return c[..., (i[:, None] - i[None, :]) % len(i)]
    # --8<-- [end:circulant]


# --8<-- [start:wave]
def wave(n: int, j: int) -> Complex[Tensor, " n"]:
    """Return v_j = (1, ζʲ, ζ²ʲ, …) for ζ = exp(2πi/n)."""
    return torch.polar(torch.ones(n), 2 * math.pi * j * torch.arange(n) / n)
    # --8<-- [end:wave]
