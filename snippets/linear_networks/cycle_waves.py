"""The waves of some eigenvalues, applied to batches without an n×n matrix."""

from itertools import groupby

import torch
from jaxtyping import Float
from torch import Tensor, nn

from snippets.linear_networks.components import Eigenvalue
from snippets.linear_networks.permutations import Permutation, cycle_decomposition
from snippets.linear_networks.real_blocks import cycle_vectors


class CycleWaves(nn.Module):
    """The columns of Q_σ that belong to some eigenvalues, as one small table for each length of cycle.

    Eigenvalues that the same cycles have, with waves of as many parts, are served together (`alike`). Their coordinates
    are one tensor, of shape (eigenvalues, batch, parts × cycles).
    """

    def __init__(self, sigma: Permutation, keys: list[Eigenvalue]) -> None:
        """Tabulate the waves; a table has as many rows as the cycle has points and a column a part of a wave."""
        super().__init__()
        cycles = sorted(cycle_decomposition(sigma), key=len, reverse=True)
        self.lengths = sorted({len(cycle) for cycle in cycles}, reverse=True)
        self.counts = [sum(len(cycle) == n for cycle in cycles) for n in self.lengths]
        self.alike = [
            list(same) for _, same in groupby(sorted(keys, key=self.kind), self.kind)
        ]
        order = torch.tensor([point for cycle in cycles for point in cycle]) - 1
        self.in_order = order.equal(torch.arange(sigma.size))
        self.register_buffer("order", order)
        self.register_buffer("back", order.argsort())
        for n in self.lengths:
            waves = [
                cycle_vectors(n, key.frequency(n))
                for keys in self.alike
                for key in keys
                if n % key.l == 0
            ]
            self.register_buffer(
                f"table_{n}", torch.cat([torch.empty(n, 0), *waves], dim=1)
            )

    def kind(self, key: Eigenvalue) -> tuple[int, list[bool]]:
        """Return how many parts a wave of an eigenvalue has, and which lengths of cycles have it."""
        return key.weight, [n % key.l == 0 for n in self.lengths]

    def present(self, n: int) -> list[tuple[int, list[Eigenvalue]]]:
        """Return the sets of alike eigenvalues that a cycle of n points has, with their numbers."""
        return [(i, keys) for i, keys in enumerate(self.alike) if n % keys[0].l == 0]

    def analyse(self, x: Float[Tensor, "batch n"]) -> list[Float[Tensor, "_ batch _"]]:
        """Return the coordinates of x."""
        found: list[list[Tensor]] = [[] for _ in self.alike]
        sizes = [n * count for n, count in zip(self.lengths, self.counts, strict=True)]
        sorted_by_cycle = x if self.in_order else x.index_select(1, self.order)
        for n, here in zip(
            self.lengths, sorted_by_cycle.split(sizes, dim=1), strict=True
        ):
            waves, present = (
                self.get_buffer(f"table_{n}").T @ here.unflatten(1, (-1, n)).mT,
                self.present(n),
            )
            parts = waves.split(
                [keys[0].weight * len(keys) for _, keys in present], dim=1
            )
            for (i, keys), part in zip(present, parts, strict=True):
                found[i].append(part.unflatten(1, (len(keys), -1)))
        return [torch.cat(parts, dim=3).flatten(2).transpose(0, 1) for parts in found]

    def synthesise(
        self, coordinates: list[Float[Tensor, "_ batch _"]], batch: int
    ) -> Float[Tensor, "batch n"]:
        """Return the vectors that have these coordinates and no others."""
        both = zip(coordinates, self.alike, strict=True)
        rest = [
            u.transpose(0, 1).unflatten(2, (keys[0].weight, -1)) for u, keys in both
        ]
        found = []
        for n, count in zip(self.lengths, self.counts, strict=True):
            table = self.get_buffer(f"table_{n}")
            waves = [table.new_empty(batch, 0, count)]
            for i, _ in self.present(n):
                here, rest[i] = rest[i].tensor_split([count], dim=3)
                waves.append(here.flatten(1, 2))
            found.append((torch.cat(waves, dim=1).mT @ table.T).flatten(1))
        sorted_by_cycle = torch.cat(found, dim=1)
        return (
            sorted_by_cycle
            if self.in_order
            else sorted_by_cycle.index_select(1, self.back)
        )
