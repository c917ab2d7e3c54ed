"""Beyond linear: the same weight sharing under ReLU, against dense networks and a CNN, on shifted digits."""

# --8<-- [start:setup]
from collections.abc import Callable

import torch
from jaxtyping import Float, Int
from torch import Tensor, nn

from snippets.mnist.shifts import cyclic_shift, random_amounts, shift
from snippets.shapes import check_precision, check_shapes

# --8<-- [end:setup]


# --8<-- [start:layer]
class ShiftEquivariant(nn.Module):
    """The general affine layer that commutes with the cyclic shift of the columns.

    y[o, t] = bias[o] + Σ weight[o, i, s] x[i, t − s], computed frequency by frequency.
    """

    def __init__(self, channels: int, out: int, width: int = 28) -> None:
        """Draw the weights so that ReLU keeps the size of what passes through."""
        super().__init__()
        scale = (2 / (channels * width)) ** 0.5
        self.weight = nn.Parameter(scale * torch.randn(out, channels, width))
        self.bias = nn.Parameter(torch.zeros(out))

    def forward(
        self, x: Float[Tensor, "count channels width"]
    ) -> Float[Tensor, "count out width"]:
        """Multiply each frequency of the input by a matrix of its own."""
        _, channels, width = self.weight.shape
        check_shapes(f"count {channels} {width}", x)
        check_precision(x)
        if len(x) == 0:  # torch.fft refuses empty batches
            return x.new_zeros(0, len(self.bias), width)
        x_hat = torch.fft.rfft(x).permute(2, 0, 1)
        matrices = torch.fft.rfft(self.weight).permute(2, 1, 0)
        y_hat = (x_hat @ matrices).permute(1, 2, 0)
        return torch.fft.irfft(y_hat, n=x.shape[-1]) + self.bias[:, None]
        # --8<-- [end:layer]


# --8<-- [start:equivariant]
def equivariant(first: int = 11, second: int = 39) -> nn.Sequential:
    """Return a classifier that does not notice cyclic shifts: rows are its channels."""
    return nn.Sequential(
        ShiftEquivariant(28, first),
        nn.ReLU(),
        ShiftEquivariant(first, second),
        nn.ReLU(),
        nn.AdaptiveAvgPool1d(1),  # the mean over all columns
        nn.Flatten(),
        nn.Linear(second, 10),
    )
    # --8<-- [end:equivariant]


# --8<-- [start:others]
def dense(first: int = 26, second: int = 18) -> nn.Sequential:
    """Return an ordinary classifier: every unit sees every pixel by its own weight."""
    return nn.Sequential(
        nn.Flatten(),
        nn.Linear(784, first),
        nn.ReLU(),
        nn.Linear(first, second),
        nn.ReLU(),
        nn.Linear(second, 10),
    )


def cnn(first: int = 18, second: int = 32) -> nn.Sequential:
    """Return an ordinary small CNN: 3×3 kernels, zeros at the edge, pooling by two."""
    return nn.Sequential(
        nn.Unflatten(1, (1, 28)),
        nn.Conv2d(1, first, 3, padding=1),
        nn.ReLU(),
        nn.MaxPool2d(2),
        nn.Conv2d(first, second, 3, padding=1),
        nn.ReLU(),
        nn.MaxPool2d(2),
        nn.Flatten(),
        nn.Linear(second * 49, 10),
    )


NETWORKS = {
    "equivariant": equivariant,
    "dense": dense,
    "large": lambda: dense(512, 128),
    "cnn": cnn,
    "wide": lambda: equivariant(70, 210),
}


def size(network: nn.Module) -> int:
    """Return the number of parameters."""
    return sum(weights.numel() for weights in network.parameters())
    # --8<-- [end:others]


# --8<-- [start:symmetry_error]
@torch.no_grad()
def symmetry_error(
    f: Callable[[Tensor], Tensor],
    x: Float[Tensor, "count ..."],
    by: int = 1,
    out_by: int | None = None,
) -> float:
    """Return ‖f(Px) − Qf(x)‖ / ‖f(x)‖, where P shifts cyclically by `by` columns.

    Q shifts the output, by as many columns or by `out_by`; 0 tests invariance.
    """
    y = f(x)
    expected = y.roll(by if out_by is None else out_by, dims=-1)
    return float((f(x.roll(by, dims=-1)) - expected).norm() / y.norm())
    # --8<-- [end:symmetry_error]


# --8<-- [start:train]
def train(
    network: nn.Module,
    images: Float[Tensor, "count 28 28"],
    labels: Int[Tensor, " labels"],
    steps: int,
    generator: torch.Generator,
    move: Callable[[Tensor, torch.Generator], Tensor] | None = None,
    rate: float = 3e-3,
) -> None:
    """Lower the cross-entropy by Adam on batches of 128, at a rate that falls to 0.

    With `move` the pictures of each batch are moved anew.
    """
    if len(images) != len(labels) or len(images) == 0:
        given = f"{len(images)} pictures and {len(labels)} labels"
        raise ValueError(f"{given}: give one label for each, and at least one")
    optimizer = torch.optim.Adam(network.parameters(), lr=rate)
    schedule = torch.optim.lr_scheduler.LinearLR(optimizer, 1, 0, steps)
    for _ in range(steps):
        some = torch.randint(len(images), (128,), generator=generator)
        x = move(images[some], generator) if move else images[some]
        optimizer.zero_grad()
        nn.functional.cross_entropy(network(x), labels[some]).backward()
        optimizer.step()
        schedule.step()


@torch.no_grad()
def classes(
    network: nn.Module, images: Float[Tensor, "count 28 28"]
) -> Int[Tensor, " count"]:
    """Return the class of the largest output for each picture."""
    return torch.cat([network(some).argmax(1) for some in images.split(100)])
    # --8<-- [end:train]


# --8<-- [start:moves]
def nearby(
    x: Float[Tensor, "count 28 28"], generator: torch.Generator
) -> Float[Tensor, "count 28 28"]:
    """Shift each picture as the data are shifted, by up to 5.6 pixels."""
    return shift(x, random_amounts(len(x), generator).to(x.dtype))


def anywhere(
    x: Float[Tensor, "count 28 28"], generator: torch.Generator
) -> Float[Tensor, "count 28 28"]:
    """Shift each picture cyclically by any number of columns."""
    return cyclic_shift(x, torch.randint(28, (len(x),), generator=generator))
    # --8<-- [end:moves]


# --8<-- [start:solution_symmetrised]
class Symmetrised(nn.Module):
    """The mean of a network's outputs over all 28 cyclic shifts of its input."""

    def __init__(self, network: nn.Module) -> None:
        """Take any network on pictures."""
        super().__init__()
        self.network = network

    def forward(
        self, x: Float[Tensor, "count 28 28"]
    ) -> Float[Tensor, "count classes"]:
        """Run the network 28 times."""
        return torch.stack([self.network(x.roll(k, -1)) for k in range(28)]).mean(0)
        # --8<-- [end:solution_symmetrised]


# --8<-- [start:solution_circular_cnn]
def circular_cnn(first: int = 18, second: int = 32) -> nn.Sequential:
    """Return a CNN that does not notice cyclic shifts, horizontal or vertical."""
    return nn.Sequential(
        nn.Unflatten(1, (1, 28)),
        nn.Conv2d(1, first, 3, padding=1, padding_mode="circular"),
        nn.ReLU(),
        nn.Conv2d(first, second, 3, padding=1, padding_mode="circular"),
        nn.ReLU(),
        nn.AdaptiveAvgPool2d(1),
        nn.Flatten(),
        nn.Linear(second, 10),
    )
    # --8<-- [end:solution_circular_cnn]


# --8<-- [start:solution_odd]
def signed_power(x: Float[Tensor, "..."]) -> Float[Tensor, "..."]:
    """Return sign(x) √|x|, an odd function of each entry."""
    return x.sign() * x.abs().sqrt()
    # --8<-- [end:solution_odd]


# --8<-- [start:multiplications]
def multiplications(network: nn.Sequential) -> int:
    """Count the multiplications for one picture, with every convolution done
    plainly.
    """
    total, x = 0, torch.zeros(1, 28, 28)
    for layer in network:
        x = layer(x)
        if hasattr(layer, "weight"):
            places = 1 if isinstance(layer, nn.Linear) else x[0, 0].numel()
            total += layer.weight.numel() * places
    return total
    # --8<-- [end:multiplications]
