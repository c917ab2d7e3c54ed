"""Rotary positions: turns of queries and keys that leave the difference of two positions in the score."""

# --8<-- [start:setup]
import torch
from jaxtyping import Float, Int
from torch import Tensor, nn

from snippets.lie_groups.exponential import J
from snippets.shapes import check_shapes

# --8<-- [end:setup]


# --8<-- [start:rope]
def standard_frequencies(d: int, base: float = 10_000.0) -> Float[Tensor, " pairs"]:
    """Return base^(−2k/d) for the d/2 pairs of entries, k = 0, 1, …"""
    if d % 2:
        raise ValueError(f"d = {d}: the entries are taken in pairs, so d must be even")
    return base ** (-torch.arange(0, d, 2, dtype=torch.float64) / d)


def rope_generator(frequencies: Float[Tensor, " pairs"]) -> Float[Tensor, "d d"]:
    """Return the skew matrix with the blocks ω₁J, ω₂J, … on its diagonal."""
    return torch.block_diag(*[omega * J.to(omega) for omega in frequencies])


def rope(
    x: Float[Tensor, "*batch n d"],
    positions: Tensor,
    frequencies: Float[Tensor, " pairs"],
    halves: bool = False,
) -> Float[Tensor, "*batch n d"]:
    """Return x with the vector at position p turned by exp(pG), pair by pair.

    A pair is two neighbours, or, with `halves`, entry k of each half.
    Raises ValueError where d is not twice the number of frequencies.
    """
    if x.shape[-1] != 2 * len(frequencies):
        raise ValueError(
            f"d = {x.shape[-1]} but {len(frequencies)} frequencies: "
            "d must be twice their number"
        )
    # in double precision: a large angle in single precision has no digits left
    angles = positions.double()[..., None] * frequencies.double()
    x = 1.0 * x  # so that whole numbers will do
    c, s = angles.cos().to(x), angles.sin().to(x)
    if halves:
        a, b = x.chunk(2, -1)
        return torch.cat([c * a - s * b, s * a + c * b], -1)
    a, b = x.unflatten(-1, (-1, 2)).unbind(-1)
    return torch.stack([c * a - s * b, s * a + c * b], -1).flatten(-2)
    # --8<-- [end:rope]


# --8<-- [start:head]
class RotaryAttention(nn.Module):
    """Let each token attend to itself and to those before it, with rotary positions."""

    def __init__(self, d: int) -> None:
        """Draw the weights of queries, keys and values; d is even."""
        super().__init__()
        self.query, self.key, self.value = (
            nn.Linear(d, d, bias=False) for _ in range(3)
        )

    def forward(
        self, x: Float[Tensor, "*batch n d"], positions: Int[Tensor, " places"]
    ) -> Float[Tensor, "*batch n d"]:
        """Return averages of the values; only queries and keys are turned."""
        check_shapes(f"… n {self.query.in_features}, n", x, positions)
        # made anew: a stored copy would be rounded when the weights are cast
        frequencies = standard_frequencies(x.shape[-1]).to(x.device)
        q = rope(self.query(x), positions, frequencies)
        k = rope(self.key(x), positions, frequencies)
        attend = nn.functional.scaled_dot_product_attention
        return attend(q, k, self.value(x), is_causal=True)
        # --8<-- [end:head]


# --8<-- [start:solution_cache]
def word_by_word(
    head: RotaryAttention, words: Float[Tensor, "n d"]
) -> Float[Tensor, "n d"]:
    """Return what the head returns, one word at a time; keys are turned once."""
    d = words.shape[-1]
    frequencies, keys, values, outputs = standard_frequencies(d), [], [], []
    for p, word in enumerate(words.split(1)):
        here = torch.tensor([p])
        keys.append(rope(head.key(word), here, frequencies))
        values.append(head.value(word))
        q = rope(head.query(word), here, frequencies)
        weights = torch.softmax(q @ torch.cat(keys).T / d**0.5, -1)
        outputs.append(weights @ torch.cat(values))
    return torch.cat(outputs)
    # --8<-- [end:solution_cache]


# --8<-- [start:solution_values]
def turned_values(
    q: Float[Tensor, "n d"],
    k: Float[Tensor, "n d"],
    v: Float[Tensor, "n d"],
    positions: Tensor,
    frequencies: Float[Tensor, " pairs"],
) -> Float[Tensor, "n d"]:
    """Return attention whose values are turned, too, and the outputs turned back."""
    q, k, v = (rope(y, positions, frequencies) for y in (q, k, v))
    weights = torch.softmax(q @ k.T / q.shape[-1] ** 0.5, -1)
    return rope(weights @ v, -positions, frequencies)
    # --8<-- [end:solution_values]


# --8<-- [start:solution_grid]
def grid_scores(
    G: Float[Tensor, "d d"],
    H: Float[Tensor, "d d"],
    q: Float[Tensor, " d"],
    k: Float[Tensor, " d"],
    places: list[tuple[tuple[int, int], tuple[int, int]]],
) -> list[float]:
    """Return the scores of a query and a key at places (row, column) of a picture."""
    exp = torch.linalg.matrix_exp
    return [
        float((exp(a * G) @ exp(b * H) @ q) @ (exp(c * G) @ exp(d * H) @ k))
        for (a, b), (c, d) in places
    ]
    # --8<-- [end:solution_grid]
