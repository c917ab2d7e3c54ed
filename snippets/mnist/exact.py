"""The exact optimum: the best linear autoencoder of a given rank, dense and equivariant, without training."""

# --8<-- [start:setup]
from collections.abc import Iterable, Sequence
from functools import cache
from typing import NamedTuple

import torch
from jaxtyping import Complex, Float, Shaped, UInt8
from torch import Tensor, nn
from torch.nn.utils.rnn import pad_sequence

from snippets.linear_networks.knapsack import fillings
from snippets.mnist.data import load_images
from snippets.mnist.ranks import RANKS, WEIGHTS, total_rank
from snippets.mnist.shifts import pictures, random_amounts, shift
from snippets.shapes import check_precision, check_shapes

# --8<-- [end:setup]


# --8<-- [start:waves]
def waves() -> Float[Tensor, "30 28"]:
    """Return the rows cos(2πjk/28)/√28 and −sin(2πjk/28)/√28 for j = 0 … 14."""
    return torch.view_as_real(torch.fft.rfft(torch.eye(28), norm="ortho")).flatten(1).T
    # --8<-- [end:waves]


# --8<-- [start:sizes]
def parameters(ranks: Sequence[int]) -> int:
    """Return how many real numbers the network stores: 2·28 for each of its units."""
    return 2 * 28 * total_rank(ranks)


def dimension(ranks: Sequence[int]) -> int:
    """Return the dimension of the component: r (56 − r) over all 28 frequencies."""
    total_rank(ranks)
    return sum(w * r * (56 - r) for w, r in zip(WEIGHTS, ranks, strict=True))
    # --8<-- [end:sizes]


# --8<-- [start:count_choices]
def count_choices(blocks: Sequence[tuple[int, int]], total: int) -> int:
    """Count the 0 ≤ r_j ≤ d_j with Σ w_j r_j = total, for blocks (w_j, d_j).

    It is the coefficient of z^total in the product of the polynomials
    1 + z^w + z^2w + … + z^dw.
    """
    if total < 0:
        raise ValueError(f"total {total}: choose 0 or more")
    ways = [1] + [0] * total
    for weight, size in blocks:
        steps = range(0, weight * size + 1, weight)
        ways = [sum(ways[n - s] for s in steps if s <= n) for n in range(total + 1)]
    return ways[total]
    # --8<-- [end:count_choices]


# --8<-- [start:second_moment]
def gram(x: Float[Tensor, "n d"]) -> Float[Tensor, "d d"]:
    """Return xᵀ x, on a CPU by numpy, which sees the symmetry and computes half."""
    if x.device.type != "cpu":
        return x.T @ x
    return torch.from_numpy(x.numpy().T @ x.numpy())


def second_moment(
    images: UInt8[Tensor, "count height width"],
    amounts: Float[Tensor, " count"] | None = None,
) -> Float[Tensor, "784 784"]:
    """Return S, the mean of x xᵀ over the (shifted) pictures x, not centred."""
    total = torch.zeros(784, 784)
    for x in pictures(images, amounts):
        total += gram(x.reshape(-1, 784))
    return total / len(images)
    # --8<-- [end:second_moment]


# --8<-- [start:top_eigenvectors]
def top_eigenvectors(
    moment: Shaped[Tensor, "n n"], rank: int
) -> Shaped[Tensor, "n rank"]:
    """Return orthonormal eigenvectors for the largest eigenvalues of M = M*."""
    if not 0 <= rank <= len(moment):
        raise ValueError(f"rank {rank}: choose from 0 to {len(moment)}")
    if not moment.isfinite().all():
        raise ValueError("the moment is not finite: look for nan in the pictures")
    return torch.linalg.eigh(moment).eigenvectors[:, len(moment) - rank :]
    # --8<-- [end:top_eigenvectors]


# --8<-- [start:dense_loss]
def dense_loss(
    moment: Float[Tensor, "784 784"], basis: Float[Tensor, "784 rank"]
) -> float:
    """Return the squared error per pixel of x ↦ B Bᵀ x: (tr S − tr Bᵀ S B) / 784."""
    return float((moment.trace() - (basis * (moment @ basis)).sum()) / 784)
    # --8<-- [end:dense_loss]


# --8<-- [start:frequency_moments]
def frequency_moments(
    images: UInt8[Tensor, "count height width"],
    amounts: Float[Tensor, " count"] | None = None,
) -> Complex[Tensor, "15 28 28"]:
    """Return H_j, the mean of x̂_j x̂_j*, for the frequencies j = 0 … 14."""
    w = waves().to(torch.float32)
    total = torch.zeros(15, 28, 28, dtype=torch.complex128)
    for x in pictures(images, amounts, 500):  # few enough to stay in the cache
        both = (w @ x.reshape(-1, 28).T).view(15, 2 * len(x), 28)
        real, imaginary = both.view(15, 2, -1, 28).unbind(1)
        cross = imaginary.mT @ real
        total += torch.complex(both.mT @ both, cross - cross.mT)
    return total / len(images)
    # --8<-- [end:frequency_moments]


# --8<-- [start:fit]
Bases = list[Complex[Tensor, "28 _"]]


def fit(moments: Complex[Tensor, "15 28 28"], ranks: Sequence[int]) -> Bases:
    """Return U_j, the r_j leading eigenvectors of H_j: the best map of these ranks."""
    total_rank(ranks)
    return [
        top_eigenvectors(h if weight == 2 else h.real, rank).to(moments.dtype)
        for h, weight, rank in zip(moments, WEIGHTS, ranks, strict=True)
    ]


def loss(moments: Complex[Tensor, "15 28 28"], bases: Bases) -> float:
    """Return the squared error per pixel: Σ_j w_j (tr H_j − tr U_j* H_j U_j) / 784."""
    error = 0.0
    for w, h, u in zip(WEIGHTS, moments, bases, strict=True):
        error += w * float((h.trace() - (u.conj() * (h @ u)).sum()).real)
    return error / 784
    # --8<-- [end:fit]


# --8<-- [start:reconstruct]
def encode(
    images: Float[Tensor, "count 28 28"], bases: Bases
) -> Complex[Tensor, "count code"]:
    """Return the codes U_j* x̂_j of all frequencies, side by side."""
    x = torch.fft.rfft(images, norm="ortho")
    return torch.cat([x[:, :, j] @ u.conj() for j, u in enumerate(bases)], dim=1)


def decode(
    codes: Complex[Tensor, "count code"], bases: Bases
) -> Float[Tensor, "count 28 28"]:
    """Return the pictures whose frequency vectors are U_j times the codes."""
    parts = codes.split([u.shape[1] for u in bases], dim=1)
    x = torch.stack([c @ u.T for c, u in zip(parts, bases, strict=True)], dim=-1)
    return torch.fft.irfft(x, n=28, norm="ortho")


def reconstruct(
    images: Float[Tensor, "count 28 28"], bases: Bases
) -> Float[Tensor, "count 28 28"]:
    """Return what the equivariant autoencoder makes of the pictures."""
    return decode(encode(images, bases), bases)
    # --8<-- [end:reconstruct]


# --8<-- [start:assemble]
def assemble(bases: Bases) -> Float[Tensor, "784 784"]:
    """Return the matrix M of the autoencoder, which acts on flattened pictures."""
    return reconstruct(torch.eye(784).view(784, 28, 28), bases).view(784, 784).T
    # --8<-- [end:assemble]


# --8<-- [start:best_ranks]
def spectra(moments: Complex[Tensor, "15 28 28"]) -> Float[Tensor, "15 28"]:
    """Return the eigenvalues of every H_j, largest first."""
    return torch.linalg.eigvalsh(moments).flip(-1)


def best_ranks(
    values: Float[Tensor, "blocks d"], total: int, weights: Sequence[int] = WEIGHTS
) -> tuple[int, ...]:
    """Return the ranks with Σ w_j r_j = total that keep most of Σ w_j λ_ji."""
    if not values.isfinite().all():
        raise ValueError("eigenvalues are not finite: look for nan in the pictures")
    best = fillings(values.tolist(), weights, total)
    if total not in best:
        most = values.shape[1] * sum(weights)
        raise ValueError(f"total rank {total}: choose from 0 to {most}")
    return tuple(best[total][1])
    # --8<-- [end:best_ranks]


# --8<-- [start:block_loss]
def block_loss(
    moments: Complex[Tensor, "15 28 28"], blocks: Complex[Tensor, "15 28 28"]
) -> float:
    """Return the squared error per pixel: Σ_j w_j tr (I−M_j) H_j (I−M_j)* / 784."""
    rest = torch.eye(28) - blocks
    errors = torch.einsum("jab,jbc,jac->j", rest, moments, rest.conj()).real
    return float(errors @ torch.tensor(WEIGHTS, dtype=errors.dtype) / 784)
    # --8<-- [end:block_loss]


# --8<-- [start:average_over_shifts]
def average_over_shifts(matrix: Float[Tensor, "784 784"]) -> Float[Tensor, "784 784"]:
    """Return the mean of Pᵏ M P⁻ᵏ over all k: the nearest equivariant matrix to M."""
    m = matrix.view(28, 28, 28, 28)
    return (sum(m.roll((k, k), dims=(1, 3)) for k in range(28)) / 28).view(784, 784)
    # --8<-- [end:average_over_shifts]


# --8<-- [start:commutator]
def commutator(matrix: Float[Tensor, "784 784"]) -> float:
    """Return ‖MP − PM‖ / ‖M‖ for the cyclic shift P: 0 for an equivariant M."""
    m = matrix.view(28, 28, 28, 28)
    return float((m.roll(-1, dims=3) - m.roll(1, dims=1)).norm() / m.norm())
    # --8<-- [end:commutator]


# --8<-- [start:module]
class EquivariantLinearAutoencoder(nn.Module):
    """x ↦ D E x, where E and D multiply each frequency by a matrix of its own."""

    def __init__(self, ranks: Sequence[int]) -> None:
        """Draw random weights, for each frequency r_j × 28 in both factors."""
        super().__init__()
        total_rank(ranks)
        shapes = [(r, 28, weight) for r, weight in zip(ranks, WEIGHTS, strict=True)]
        self.encoder = nn.ParameterList(torch.randn(s) / 28**0.5 for s in shapes)
        self.decoder = nn.ParameterList(torch.randn(s) / 28**0.5 for s in shapes)

    def forward(
        self, images: Float[Tensor, "count 28 28"]
    ) -> Float[Tensor, "count 28 28"]:
        """Return the reconstructions, all frequencies in one batched product."""
        check_shapes("count 28 28", images)
        check_precision(images)
        if len(images) == 0:  # torch.fft refuses empty batches
            return images
        x = torch.fft.rfft(images, norm="ortho").permute(2, 0, 1)
        e, d = complex_matrices(self.encoder), complex_matrices(self.decoder)
        y = x @ e.mH @ d
        return torch.fft.irfft(y.permute(1, 2, 0), n=28, norm="ortho")


def complex_matrices(weights: Iterable[Tensor]) -> Complex[Tensor, "15 rank 28"]:
    """Read the last axis as real and imaginary part; fill up with rows of zeros."""
    both = [nn.functional.pad(w, (0, 2 - w.shape[-1])) for w in weights]
    return torch.view_as_complex(pad_sequence(both, batch_first=True))
    # --8<-- [end:module]


# --8<-- [start:load]
@torch.no_grad()
def load(model: EquivariantLinearAutoencoder, bases: Bases) -> None:
    """Put an exact optimum into the module: the columns of U_j as rows."""
    for weights in (model.encoder, model.decoder):
        for weight, u in zip(weights, bases, strict=True):
            weight.copy_(
                torch.view_as_real(u.mT.resolve_conj())[..., : weight.shape[-1]]
            )
    # --8<-- [end:load]


# --8<-- [start:solution_invariant]
def invariant_fit(moments: Complex[Tensor, "15 28 28"], rank: int) -> Bases:
    """Return the best network whose output is the same for all cyclic shifts."""
    return fit(moments, (rank, *[0] * 14))
    # --8<-- [end:solution_invariant]


# --8<-- [start:solution_greedy]
def greedy_ranks(values: Float[Tensor, "15 28"], total: int) -> tuple[int, ...]:
    """Take the largest eigenvalues in turn, skipping what does not fit."""
    ranks = [0] * 15
    for index in values.flatten().argsort(descending=True).tolist():
        if WEIGHTS[index // 28] + total_rank(ranks) <= total:
            ranks[index // 28] += 1
    return tuple(ranks)
    # --8<-- [end:solution_greedy]


# --8<-- [start:experiment]
class Experiment(NamedTuple):
    """The shifted pictures of one seed as second moments, with the exact solutions."""

    test: Float[Tensor, "count 28 28"]
    dense_train: Float[Tensor, "784 784"]
    dense_test: Float[Tensor, "784 784"]
    train_moments: Complex[Tensor, "15 28 28"]
    test_moments: Complex[Tensor, "15 28 28"]
    dense: Float[Tensor, "784 784"]
    ranks: dict[str, tuple[int, ...]]


@cache
def experiment(seed: int = 0) -> Experiment:
    """Shift all 70,000 digits as the paper does, each once, and solve for rank 99."""
    generator = torch.Generator().manual_seed(seed)
    train, test = load_images("train"), load_images("test")
    a, b = random_amounts(len(train), generator), random_amounts(len(test), generator)
    moments = frequency_moments(train, a)
    dense = second_moment(train, a)
    return Experiment(
        test=shift(test / 255.0, b),
        dense_train=dense,
        dense_test=second_moment(test, b),
        train_moments=moments,
        test_moments=frequency_moments(test, b),
        dense=top_eigenvectors(dense, 784),
        ranks=RANKS | {"best": best_ranks(spectra(moments), 99)},
    )
    # --8<-- [end:experiment]
