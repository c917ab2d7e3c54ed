"""Principal components: the directions in which data varies, and why a linear autoencoder finds them."""

# --8<-- [start:setup]
import torch
from jaxtyping import Float
from torch import Tensor, nn

from snippets.mnist.data import load_images
from snippets.shapes import check_numbers

# --8<-- [end:setup]


# --8<-- [start:covariance]
def covariance(X: Float[Tensor, "count n"]) -> Float[Tensor, "n n"]:
    """Return the average of (x − x̄)(x − x̄)ᵀ over the rows x of X.

    Raises ValueError where there is no row.
    """
    check_numbers("count n", X)
    if not len(X):
        raise ValueError("no points: pass at least one row")
    centred = X - X.mean(0)
    return centred.T @ centred / len(X)
    # --8<-- [end:covariance]


# --8<-- [start:principal_components]
def principal_components(
    X: Float[Tensor, "count n"],
) -> tuple[Float[Tensor, " n"], Float[Tensor, "n n"]]:
    """Return eigenvalues and eigenvectors of the covariance, the largest first."""
    variances, directions = torch.linalg.eigh(covariance(X))
    return variances.flip(0), directions.flip(1)
    # --8<-- [end:principal_components]


# --8<-- [start:reconstruct]
def reconstruct(
    X: Float[Tensor, "count n"],
    mean: Float[Tensor, " n"],
    directions: Float[Tensor, "n r"],
) -> Float[Tensor, "count n"]:
    """Return each row's projection onto the plane through the mean along directions."""
    codes = (X - mean) @ directions
    return mean + codes @ directions.T
    # --8<-- [end:reconstruct]


# --8<-- [start:residual]
def residual(X: Float[Tensor, "count n"], Y: Float[Tensor, "count n"]) -> float:
    """Return the average squared distance between corresponding rows."""
    return ((X - Y) ** 2).sum(1).mean().item()
    # --8<-- [end:residual]


# --8<-- [start:digits]
def digits() -> Float[Tensor, "10000 784"]:
    """Return the MNIST test set, one picture a row, grey values from 0 to 1."""
    return load_images("test").flatten(1).to(torch.float64) / 255
    # --8<-- [end:digits]


# --8<-- [start:autoencoder]
def linear_autoencoder(n: int, r: int, bias: bool = True) -> nn.Sequential:
    """Return a network of n inputs, r hidden units and n outputs, all linear.

    Raises ValueError where r is not between 1 and n.
    """
    if not 1 <= r <= n:
        raise ValueError(f"{r} hidden units for {n} inputs: choose 1 to {n}")
    return nn.Sequential(nn.Linear(n, r, bias=bias), nn.Linear(r, n, bias=bias))
    # --8<-- [end:autoencoder]


# --8<-- [start:train]
def train(
    network: nn.Module, X: Float[Tensor, "count n"], steps: int = 150
) -> list[float]:
    """Minimise the average of ‖network(x) − x‖²; return its value at each step."""
    optimiser = torch.optim.LBFGS(
        network.parameters(),
        max_iter=steps,
        tolerance_change=1e-15,
        line_search_fn="strong_wolfe",
    )
    losses = []

    def loss() -> Tensor:
        optimiser.zero_grad()
        distance = ((network(X) - X) ** 2).sum(1).mean()
        distance.backward()
        losses.append(distance.item())
        return distance

    optimiser.step(loss)
    return losses
    # --8<-- [end:train]


# --8<-- [start:small_data]
def small_data(count: int = 500) -> Float[Tensor, "count 8"]:
    """Return points that spread differently along eight hidden directions."""
    generator = torch.Generator().manual_seed(3)
    spread = torch.tensor([3.0, 2.5, 2.0, 1.2, 1.0, 0.8, 0.5, 0.3])
    hidden = torch.randn(count, 8, generator=generator) * spread
    rotation = torch.linalg.qr(torch.randn(8, 8, generator=generator)).Q
    return hidden @ rotation.T + torch.randn(8, generator=generator)
    # --8<-- [end:small_data]


# --8<-- [start:fiedler]
def fiedler(points: Float[Tensor, "count d"], width: float) -> Float[Tensor, " count"]:
    """Return the second eigenvector of the Laplacian; weights exp(−distance²/2
    width²).
    """
    weights = torch.exp(-((torch.cdist(points, points) / width) ** 2) / 2)
    laplacian = weights.sum(1).diag() - weights
    return torch.linalg.eigh(laplacian).eigenvectors[:, 1]
    # --8<-- [end:fiedler]


# --8<-- [start:all_shifts]
def all_shifts(rows: Float[Tensor, "count n"]) -> Float[Tensor, "shifted n"]:
    """Return every cyclic shift of every row."""
    return torch.cat([rows.roll(k, dims=1) for k in range(rows.shape[1])])
    # --8<-- [end:all_shifts]


# --8<-- [start:solution_whiten]
def whiten(X: Float[Tensor, "count n"]) -> Float[Tensor, "count n"]:
    """Return the components of X, each divided by its standard deviation."""
    variances, directions = principal_components(X)
    if variances[-1] <= 10 * len(variances) * torch.finfo(X.dtype).eps * variances[0]:
        problem = "the data does not vary in every direction"
        raise ValueError(f"{problem}: drop the constant ones first")
    return (X - X.mean(0)) @ directions / variances.sqrt()
    # --8<-- [end:solution_whiten]


# --8<-- [start:solution_gram]
def directions_from_gram(X: Float[Tensor, "count n"], r: int) -> Float[Tensor, "n r"]:
    """Return the top r principal directions from the points' dot products.

    Raises ValueError where the centred points have a rank below r.
    """
    check_numbers("count n", X)
    centred = X - X.mean(0)
    squares, U = torch.linalg.eigh(centred @ centred.T)
    cutoff = 10 * len(X) * torch.finfo(X.dtype).eps * squares[-1]
    rank = int((squares > cutoff).sum())
    if not 0 < r <= rank:
        given = f"{r} directions from {len(X)} points that vary in {rank}"
        raise ValueError(f"{given}: choose 1 to {rank}")
    return centred.T @ U[:, -r:].flip(1) / squares[-r:].flip(0).sqrt()
    # --8<-- [end:solution_gram]


# --8<-- [start:solution_shift]
def shift_residuals(X: Float[Tensor, "count 784"], r: int) -> tuple[float, float]:
    """Residuals under the PCA of X: of X, and of X moved right by one pixel."""
    mean, V = X.mean(0), principal_components(X)[1][:, :r]
    moved = X.reshape(-1, 28, 28).roll(1, dims=2).flatten(1)
    before, after = (residual(Y, reconstruct(Y, mean, V)) for Y in (X, moved))
    return before, after
    # --8<-- [end:solution_shift]
