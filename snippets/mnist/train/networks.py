"""The four linear autoencoders in one form: small autoencoders side by side, on pixels or on frequencies.

A picture x becomes features f, one vector for each block, by a fixed map that keeps lengths; block j then has an
encoder E_j and a decoder D_j, and acts as f_j ↦ f_j E_j D_j (rows, as in a batch).

dense            one block, the 784 pixels; E is 784 × r, D is r × 784.
equivariant      M P = P M for the cyclic shift P. A block for each frequency, √w_j (Re x̂_j, Im x̂_j) with w_j = 1 for
                 the frequencies 0 and 14 and 2 otherwise; E_j and D_j are the real forms [[A, −B], [B, A]] of complex
                 matrices, real ones for 0 and 14.
semi-equivariant The same blocks, but any real matrices of rank w_j r_j in them: no real form is imposed. These are
                 the maps that keep every frequency to itself: they commute with P + P⁻¹, not with P. So called in the
                 notebook of Kohn, Sattelberger and Shahverdi (README: "without enforcing the realization format").
invariant        M P = M. The encoder shares its weights along each row of the picture, so it sees the 28 sums of rows,
                 divided by √28; the decoder is dense, r × 784. Rank at most 28. (Slides: weight sharing on the encoder,
                 "fully-connected dense decoder".)
"""

from collections.abc import Sequence
from functools import cache
from typing import NamedTuple

import torch
from jaxtyping import Bool, Float, Shaped
from torch import Tensor, nn

from snippets.mnist.exact import waves
from snippets.mnist.ranks import WEIGHTS


class Layout(NamedTuple):
    """Which blocks a network has: their ranks, and their frequencies where they have one."""

    model: str
    ranks: tuple[int, ...]
    frequencies: tuple[int, ...] = ()

    @property
    def doubled(self) -> tuple[bool, ...]:
        """Tell for each block whether its frequency counts twice."""
        return tuple(WEIGHTS[j] == 2 for j in self.frequencies) or (False,)

    @property
    def units(self) -> tuple[int, ...]:
        """Return the real rank of each block: twice its rank where the frequency counts twice."""
        return tuple(r * (1 + two) for r, two in zip(self.ranks, self.doubled, strict=True))

    @property
    def shapes(self) -> tuple[tuple[int, int, int], tuple[int, int, int]]:
        """Return the shapes of encoder and decoder, padded to the largest block."""
        blocks, largest = len(self.ranks), max(self.units)
        if self.model == "equivariant":
            largest = 2 * max(self.ranks)
        inputs = {"dense": 784, "invariant": 28}.get(self.model, 56)
        return (blocks, inputs, largest), (blocks, largest, 56 if self.frequencies else 784)


def layout(model: str, rank: int, ranks: Sequence[int] | None = None) -> Layout:
    """Return the layout of a model; frequencies of rank 0 get no block."""
    if ranks is None:
        return Layout(model, (rank,))
    used = tuple(j for j, r in enumerate(ranks) if r)
    return Layout(model, tuple(ranks[j] for j in used), used)


def parameters(form: Layout) -> int:
    """Count the real numbers that the network stores; padding is not counted."""
    if form.model == "equivariant":
        return sum(2 * 28 * units for units in form.units)
    if form.model == "semi-equivariant":
        return sum(2 * 28 * (1 + two) * units for two, units in zip(form.doubled, form.units, strict=True))
    (_, inputs, _), (_, _, outputs) = form.shapes
    return form.ranks[0] * (inputs + outputs)


@cache
def weighted_waves(frequencies: Sequence[int]) -> Float[Tensor, "rows 28"]:
    """Return the rows √w_j cos(2πjk/28)/√28 and −√w_j sin(2πjk/28)/√28 of the frequencies j."""
    pairs = waves().view(15, 2, 28) * torch.tensor(WEIGHTS, dtype=torch.float64).sqrt()[:, None, None]
    return pairs[list(frequencies)].flatten(0, 1)


def features(form: Layout, x: Float[Tensor, "n 28 28"]) -> Float[Tensor, "n blocks d"]:
    """Return what the blocks see of the pictures; for the invariant network the pixels, too."""
    if not form.frequencies:
        return x.reshape(len(x), 1, 784)
    return (weighted_waves(form.frequencies).to(x) @ x.mT).view(len(x), len(form.frequencies), 56)


def inputs(form: Layout, f: Float[Tensor, "blocks n d"]) -> Float[Tensor, "blocks n inputs"]:
    """Return what the encoders see of the features."""
    return f.unflatten(2, (28, 28)).sum(3) / 28**0.5 if form.model == "invariant" else f


def pixels(form: Layout, f: Float[Tensor, "n blocks d"]) -> Float[Tensor, "n 28 28"]:
    """Return the pictures that have these features, and nothing at the frequencies without a block."""
    if not form.frequencies:
        return f.view(len(f), 28, 28)
    return (weighted_waves(form.frequencies).to(f).T @ f.reshape(len(f), -1, 28)).mT


def used_units(form: Layout) -> Bool[Tensor, "blocks 1 units"]:
    """Mark the columns of the encoders that are not padding."""
    width = form.shapes[0][2]
    column = torch.arange(width)
    if form.model != "equivariant":
        return (column < torch.tensor(form.units)[:, None])[:, None]
    half = width // 2
    within = column % half < torch.tensor(form.ranks)[:, None]
    return (within & ((column < half) | torch.tensor(form.doubled)[:, None]))[:, None]


class Constraint:
    """The linear space in which encoders and decoders live, and the orthogonal projections to it."""

    def __init__(self, form: Layout, like: Tensor) -> None:
        """Note the padding, and the blocks that are real, on the device of a tensor."""
        self.units = used_units(form).to(like)
        self.equivariant = form.model == "equivariant"
        self.doubled = torch.tensor(form.doubled).to(like)[:, None, None]

    def encoder(self, m: Float[Tensor, "blocks d units"]) -> Float[Tensor, "blocks d units"]:
        """Project encoders, or gradients with respect to them."""
        return self.real_form(m) * self.units

    def decoder(self, m: Float[Tensor, "blocks units d"]) -> Float[Tensor, "blocks units d"]:
        """Project decoders, or gradients with respect to them."""
        return self.real_form(m) * self.units.mT

    def real_form(self, m: Float[Tensor, "blocks a b"]) -> Float[Tensor, "blocks a b"]:
        """Return the nearest [[A, −B], [B, A]], or [[A, 0], [0, 0]] in blocks that are real."""
        if not self.equivariant:
            return m
        (p, q), (s, t) = (half.chunk(2, dim=2) for half in m.chunk(2, dim=1))
        a = torch.where(self.doubled > 0, (p + t) / 2, p)
        b = self.doubled * (s - q) / 2
        return torch.cat([torch.cat([a, -b], dim=2), torch.cat([b, self.doubled * a], dim=2)], dim=1)


class Network(nn.Module):
    """The encoders and decoders of a network. Gradients are written out elsewhere, so autograd does not watch them."""

    def __init__(
        self, form: Layout, encoder: Float[Tensor, "blocks d units"], decoder: Float[Tensor, "blocks units o"]
    ) -> None:
        """Take the weights as they are."""
        super().__init__()
        self.form = form
        self.encoder, self.decoder = (nn.Parameter(w, requires_grad=False) for w in (encoder, decoder))

    def forward(self, x: Float[Tensor, "n 28 28"]) -> Float[Tensor, "n 28 28"]:
        """Return the reconstructions."""
        f = features(self.form, x.to(self.encoder)).transpose(0, 1)
        out = inputs(self.form, f) @ self.encoder @ self.decoder
        return pixels(self.form, out.transpose(0, 1).contiguous())

    @torch.no_grad()
    def matrix(self) -> Float[Tensor, "784 784"]:
        """Return M, which acts on flattened pictures: x ↦ M x."""
        return self(torch.eye(784).view(784, 28, 28)).reshape(784, 784).T


def random_network(form: Layout, seed: int) -> Network:
    """Return a network that projects onto random subspaces, in float64: D = Eᵀ with orthonormal columns."""
    generator = torch.Generator().manual_seed(seed)
    e, d = (torch.zeros(shape, dtype=torch.float64) for shape in form.shapes)
    for j, (rank, units, two) in enumerate(zip(form.ranks, form.units, form.doubled, strict=True)):
        size = 28 * (1 + two) if form.frequencies else d.shape[2]
        if form.model == "equivariant":
            z = torch.randn(2, 28, rank, dtype=torch.float64, generator=generator)
            e[j] = real_form(torch.linalg.qr(torch.complex(z[0], two * z[1])).Q, form, two)
        else:
            noise = torch.randn(size, units, dtype=torch.float64, generator=generator)
            d[j, :units, :size] = torch.linalg.qr(noise).Q.T
    if form.model == "equivariant":
        return Network(form, e, e.mT.clone())
    return Network(form, (inputs(form, d) if form.model == "invariant" else d).mT.clone(), d)


def real_form(u: Shaped[Tensor, "28 r"], form: Layout, two: bool) -> Float[Tensor, "56 units"]:
    """Return [[A, −B], [B, A]] of U = A + iB, padded with zero columns; only A in the corner for a real block."""
    half = form.shapes[0][2] // 2
    out = torch.zeros(56, 2 * half, dtype=torch.float64)
    out[:28, : u.shape[1]] = u.real
    if two:
        out[28:, : u.shape[1]], out[:28, half : half + u.shape[1]] = u.imag, -u.imag
        out[28:, half : half + u.shape[1]] = u.real
    return out
