"""Training: how gradient descent comes down to an optimum that is known, and how fast."""

# --8<-- [start:setup]
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from math import comb, prod

import torch
from jaxtyping import Float, Shaped
from torch import Tensor, nn

from snippets.mnist.ranks import WEIGHTS

# --8<-- [end:setup]


# --8<-- [start:blocks]
def dense_block(moment: Float[Tensor, "n n"]) -> Float[Tensor, "1 n n"]:
    """Return A = S / 784 as a stack of one block."""
    return moment[None] / 784


def frequency_blocks(moments: Shaped[Tensor, "15 28 28"]) -> Shaped[Tensor, "15 28 28"]:
    """Return A_j = w_j H_j / 784, where the first and the last block are real."""
    blocks = moments * torch.tensor(WEIGHTS)[:, None, None] / 784
    blocks[[0, 14]] = blocks[[0, 14]].real.to(blocks.dtype)
    return blocks
    # --8<-- [end:blocks]


# --8<-- [start:block_losses]
def block_losses(
    blocks: Shaped[Tensor, "b n n"],
    encoder: Shaped[Tensor, "b r n"],
    decoder: Shaped[Tensor, "b n r"],
) -> Float[Tensor, " b"]:
    """Return tr (I − DE) A (I − DE)* of each block; the loss is their sum."""
    coded = encoder @ blocks
    trace = blocks.diagonal(dim1=1, dim2=2).sum(1)
    passed = (coded * decoder.mT).sum((1, 2))
    square = (decoder.mH @ decoder * (coded @ encoder.mH).mT).sum((1, 2))
    return (trace - 2 * passed + square).real
    # --8<-- [end:block_losses]


# --8<-- [start:gradients]
def gradients(
    blocks: Shaped[Tensor, "b n n"],
    encoder: Shaped[Tensor, "b r n"],
    decoder: Shaped[Tensor, "b n r"],
) -> tuple[Shaped[Tensor, "b r n"], Shaped[Tensor, "b n r"]]:
    """Return −2 D* (I − DE) A and −2 (I − DE) A E*, multiplied out."""
    coded = encoder @ blocks
    by_encoder = decoder.mH @ decoder @ coded - decoder.mH @ blocks
    by_decoder = decoder @ (coded @ encoder.mH) - coded.mH
    return 2 * by_encoder, 2 * by_decoder
    # --8<-- [end:gradients]


# --8<-- [start:random_network]
Network = tuple[Tensor, Tensor]


def random_network(
    blocks: Shaped[Tensor, "b n n"],
    ranks: Sequence[int],
    generator: torch.Generator,
    scale: float = 1.0,
) -> Network:
    """Draw encoder and decoder with entries of variance scale² / n.

    A block with fewer units than another has zeros in their place. Weights are real
    where the block is.
    """
    if len(ranks) != len(blocks):
        raise ValueError(f"{len(ranks)} ranks for {len(blocks)} blocks: give one each")
    b, n, _ = blocks.shape
    draw = partial(torch.randn, b, max(ranks), n, dtype=blocks.dtype)
    unit = torch.arange(max(ranks)) < torch.tensor(ranks)[:, None]
    both = [draw(generator=generator) * unit[..., None] * scale / n**0.5 for _ in "ED"]
    if blocks.is_complex():
        for weights in both:
            weights.imag[blocks.imag.abs().amax((1, 2)) == 0] = 0.0
    return both[0], both[1].mT.contiguous()
    # --8<-- [end:random_network]


# --8<-- [start:descend]
def descend(
    blocks: Shaped[Tensor, "b n n"],
    network: Network,
    steps: int,
    optimizer: Callable[[list[Tensor]], torch.optim.Optimizer],
) -> Iterator[Network]:
    """Train on the blocks and yield the network before each step."""
    weights = [part.clone() for part in network]
    train = optimizer(weights)
    for _ in range(steps):
        yield weights[0].clone(), weights[1].clone()
        weights[0].grad, weights[1].grad = gradients(blocks, *weights)
        train.step()
    # --8<-- [end:descend]


# --8<-- [start:optimum]
def optimum(blocks: Shaped[Tensor, "b n n"], ranks: Sequence[int]) -> float:
    """Return the least loss with these ranks: the sum of the eigenvalues left out."""
    values = torch.linalg.eigvalsh(blocks).flip(-1)
    return sum(float(row[rank:].sum()) for row, rank in zip(values, ranks, strict=True))
    # --8<-- [end:optimum]


# --8<-- [start:largest_rate]
def largest_rate(blocks: Shaped[Tensor, "b n n"]) -> float:
    """Return 1 / (2 λ), λ the largest eigenvalue: longer steps are not stable."""
    return 1 / (2 * float(torch.linalg.eigvalsh(blocks).max()))
    # --8<-- [end:largest_rate]


# --8<-- [start:in_turn]
def solve_in_turn(
    blocks: Shaped[Tensor, "b n n"], network: Network, steps: int
) -> Iterator[Network]:
    """Yield the network, then replace the decoder by the best one for this encoder,
    D = A E* (E A E*)⁻¹, and the encoder by the best one for that, E = D⁺."""
    encoder, decoder = network
    for _ in range(steps):
        yield encoder, decoder
        coded = encoder @ blocks
        decoder = coded.mH @ torch.linalg.pinv(coded @ encoder.mH, hermitian=True)
        encoder = torch.linalg.pinv(decoder)
    # --8<-- [end:in_turn]


# --8<-- [start:learned]
def learned(
    eigenvalue: Float[Tensor, "..."],
    start: Float[Tensor, "..."],
    time: Float[Tensor, "..."],
) -> Float[Tensor, "..."]:
    """Return the share m of an eigenvector that the network passes.

    It solves m' = 4λ m (1 − m), and is `start` at time 0.
    """
    return 1 / (1 + (1 / start - 1) * torch.exp(-4 * eigenvalue * time))
    # --8<-- [end:learned]


# --8<-- [start:curvatures]
def curvatures(
    eigenvalues: Float[Tensor, " n"], rank: int
) -> tuple[Float[Tensor, " rank"], Float[Tensor, "2 rank rest"]]:
    """Return the second derivatives at the balanced optimum, without the zeros.

    First 4 λ_j for the kept ones, each of which occurs `rank` times. Then, for
    each kept λ and each κ left out, λ + κ ± √((λ − κ)² + 4κ²).
    """
    ordered = eigenvalues.sort(descending=True).values
    kept, out = ordered[:rank], ordered[rank:]
    total, root = kept[:, None] + out, ((kept[:, None] - out) ** 2 + 4 * out**2).sqrt()
    return 4 * kept, torch.stack([total + root, total - root])
    # --8<-- [end:curvatures]


# --8<-- [start:critical]
def critical_choices(ranks: Sequence[int], n: int = 28) -> tuple[int, int]:
    """Count the critical maps of a component: of its full ranks, and all of them."""
    pure = prod(comb(n, rank) for rank in ranks)
    every = prod(sum(comb(n, k) for k in range(rank + 1)) for rank in ranks)
    return pure, every
    # --8<-- [end:critical]


# --8<-- [start:on_batches]
def train_on_batches(
    model: nn.Module,
    pictures: Float[Tensor, "count 28 28"],
    epochs: int,
    rate: float,
    generator: torch.Generator,
    batch: int = 256,
    end: float = 0.0,
) -> Iterator[float]:
    """Train with Adam and yield the loss of each epoch.

    The rate falls along a line, at the end to this part of itself.
    """
    optimizer = torch.optim.Adam(model.parameters(), lr=rate)
    steps = epochs * -(-len(pictures) // batch)
    decay = torch.optim.lr_scheduler.LinearLR(optimizer, 1.0, end, total_iters=steps)
    for _ in range(epochs):
        order = torch.randperm(len(pictures), generator=generator)
        for x in pictures[order].split(batch):
            optimizer.zero_grad()
            (model(x) - x).square().mean().backward()
            optimizer.step()
            decay.step()
        with torch.no_grad():
            yield float((model(pictures) - pictures).square().mean())
    # --8<-- [end:on_batches]


# --8<-- [start:step_cost]
def step_cost(n: int, ranks: Sequence[int], weights: Sequence[int]) -> dict[str, int]:
    """Return the floating-point operations of a step, on the moments or per picture.

    On moments there are two products with an n × n matrix and four with r × r ones,
    on a picture five with weights. A complex product takes four real ones.
    """
    cost = {"moments": 0, "picture": 0}
    for rank, weight in zip(ranks, weights, strict=True):
        cost["moments"] += weight**2 * (4 * n**2 * rank + 8 * n * rank**2)
        cost["picture"] += weight**2 * 10 * n * rank
    return cost
    # --8<-- [end:step_cost]


# --8<-- [start:orthonormal]
def orthonormal_network(
    blocks: Shaped[Tensor, "b n n"], ranks: Sequence[int], generator: torch.Generator
) -> Network:
    """Return projections onto random subspaces: orthonormal columns, and D = E*."""
    decoder = random_network(blocks, ranks, generator)[1]
    used = decoder.abs().sum(1, keepdim=True) > 0
    decoder = torch.linalg.qr(decoder).Q * used
    return decoder.mH.clone(), decoder
    # --8<-- [end:orthonormal]


# --8<-- [start:solution_half_time]
def half_time(
    eigenvalue: Float[Tensor, ""], start: Float[Tensor, ""]
) -> Float[Tensor, ""]:
    """Return when half of an eigenvector is learnt: ln(1/m_0 − 1) / 4λ."""
    return (1 / start - 1).log() / (4 * eigenvalue)
    # --8<-- [end:solution_half_time]


# --8<-- [start:solution_rates]
def gap_after(
    blocks: Shaped[Tensor, "b n n"], ranks: Sequence[int], part: float, steps: int
) -> float:
    """Return the gap after plain steps at a part of the largest rate, from a start
    that is the optimum up to 10⁻⁶."""
    network = random_network(blocks, ranks, torch.Generator().manual_seed(0), 1e-6)
    for weights, best in zip(network, best_network(blocks, ranks), strict=True):
        weights += best
    plain = partial(torch.optim.SGD, lr=part * largest_rate(blocks))
    *_, last = descend(blocks, network, steps, plain)
    return float(block_losses(blocks, *last).sum()) / optimum(blocks, ranks) - 1


def best_network(blocks: Shaped[Tensor, "b n n"], ranks: Sequence[int]) -> Network:
    """Return the leading eigenvectors of each block as decoder and as encoder."""
    vectors = torch.linalg.eigh(blocks).eigenvectors.flip(2)[:, :, : max(ranks)]
    unit = torch.arange(max(ranks)) < torch.tensor(ranks)[:, None]
    decoder = vectors * unit[:, None]
    return decoder.mH.clone(), decoder
    # --8<-- [end:solution_rates]
