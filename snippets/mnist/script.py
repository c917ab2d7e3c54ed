"""The training script: the optimum drawn into a curve of your own, and what the exercises ask."""

# --8<-- [start:setup]
from collections.abc import Callable

import torch
from jaxtyping import Float
from matplotlib.figure import Figure
from torch import Tensor, nn

from snippets.mnist.train.networks import matrix
from snippets.mnist.train.parallel import Group

# --8<-- [end:setup]


# --8<-- [start:recipe]
def least_loss(x: Float[Tensor, "n d"], rank: int) -> float:
    """Return the least mean square error of any linear autoencoder of this rank."""
    values = torch.linalg.eigvalsh(x.T @ x / len(x))
    return float(values[: x.shape[1] - rank].sum() / x.shape[1])


def train(
    network: nn.Module, x: Float[Tensor, "n d"], epochs: int, lr: float, batch: int
) -> list[float]:
    """Train with Adam and a falling rate; return the loss on all of x by epoch."""
    optimizer = torch.optim.Adam(network.parameters(), lr=lr)
    steps = epochs * -(-len(x) // batch)
    decay = torch.optim.lr_scheduler.LinearLR(optimizer, 1.0, 0.0, total_iters=steps)
    losses = []
    for _ in range(epochs):
        for some in x[torch.randperm(len(x))].split(batch):
            optimizer.zero_grad()
            (network(some) - some).square().mean().backward()
            optimizer.step()
            decay.step()
        with torch.no_grad():
            losses.append(float((network(x) - x).square().mean()))
    return losses


def draw(losses: list[float], optimum: float) -> Figure:
    """Draw the curve with its optimum, and below it how far there is to go."""
    figure = Figure(figsize=(5.2, 4.2))
    above, below = figure.subplots(2, 1, sharex=True)
    epochs = range(1, len(losses) + 1)
    above.plot(epochs, losses, "C0.-")
    above.axhline(optimum, color="C1")
    above.annotate(
        "optimum", (1, optimum), xytext=(0, 4), textcoords="offset points", color="C1"
    )
    below.semilogy(epochs, [loss / optimum - 1 for loss in losses], "C0.-")
    above.set(ylabel="loss")
    below.set(xlabel="epoch", ylabel="loss / optimum − 1")
    below.grid(alpha=0.5)
    return figure
    # --8<-- [end:recipe]


# --8<-- [start:collapse]
@torch.no_grad()
def collapse(network: nn.Module, rank: int) -> nn.Sequential:
    """Return a linear network of this rank as two dense layers on flat pictures."""
    u, s, v = torch.linalg.svd(matrix(network))
    encoder = nn.Linear(784, rank, bias=False).to(u)
    decoder = nn.Linear(rank, 784, bias=False).to(u)
    encoder.weight.copy_(s[:rank, None] * v[:rank])
    decoder.weight.copy_(u[:, :rank])
    return nn.Sequential(encoder, decoder)
    # --8<-- [end:collapse]


# --8<-- [start:solution_shares]
def shares(count: int, size: int) -> list[tuple[int, int]]:
    """Return from where to where each process holds the pictures."""
    return [Group(rank, size).share(count) for rank in range(size)]
    # --8<-- [end:solution_shares]


# --8<-- [start:solution_mean]
def mean_of_parts(
    network: nn.Module, x: Float[Tensor, "n d"], cuts: list[int], error: Callable
) -> Float[Tensor, " weights"]:
    """Return the mean over the parts of the gradients that the processes compute."""
    found = []
    for part in x.tensor_split(cuts):
        network.zero_grad()
        (error(network(part), part) * (len(cuts) + 1) / x.numel()).backward()
        found.append(torch.cat([w.grad.flatten() for w in network.parameters()]))
    return torch.stack(found).mean(0)
    # --8<-- [end:solution_mean]
