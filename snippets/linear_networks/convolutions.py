"""Linear convolutional networks: composing filters is multiplying polynomials."""

# --8<-- [start:setup]
from collections.abc import Callable

import torch
from jaxtyping import Float
from torch import Tensor
from torch.func import grad, jacrev, vmap
from torch.nn.functional import pad

# --8<-- [end:setup]


# --8<-- [start:convolve]
def convolve(
    w: Float[Tensor, " k"], x: Float[Tensor, " d"], stride: int
) -> Float[Tensor, " e"]:
    """Slide a filter along x: entry i is Σ_j w_j x_{i s + j}."""
    return x.unfold(0, len(w), stride) @ w


def convolution_matrix(
    w: Float[Tensor, " k"], d: int, stride: int
) -> Float[Tensor, "e d"]:
    """Return the matrix of the same map on R^d: a row for every place."""
    if len(w) > d:
        raise ValueError(
            f"a filter of size {len(w)} does not fit into {d} inputs: "
            f"give at least {len(w)}"
        )
    units = torch.eye(d, dtype=w.dtype, device=w.device)
    return torch.stack([convolve(w, e, stride) for e in units], dim=1)
    # --8<-- [end:convolve]


# --8<-- [start:compose]
def stretch(w: Float[Tensor, " k"], stride: int) -> Float[Tensor, " n"]:
    """Return the coefficients of w(x^s): s − 1 zeros between those of w."""
    spaced = pad(w[:, None], (0, stride - 1)).flatten()
    return spaced[: len(w) * stride - stride + 1]


def multiply(p: Float[Tensor, " a"], q: Float[Tensor, " b"]) -> Float[Tensor, " c"]:
    """Multiply two polynomials, given by their coefficients from the constant on."""
    return sum(pad(a * q, (i, len(p) - 1 - i)) for i, a in enumerate(p))


def compose(
    filters: list[Float[Tensor, " _"]], strides: list[int]
) -> Float[Tensor, " k"]:
    """Return the filter of a stack: w₁(x) w₂(x^s₁) w₃(x^(s₁s₂)) …"""
    w, total = filters[0], strides[0]
    for following, stride in zip(filters[1:], strides[1:], strict=True):
        w, total = multiply(w, stretch(following, total)), total * stride
    return w
    # --8<-- [end:compose]


# --8<-- [start:architecture]
def composed(
    theta: Float[Tensor, " N"], sizes: list[int], strides: list[int]
) -> Float[Tensor, " k"]:
    """Cut the parameters into filters of these sizes and compose them: the map F."""
    return compose(list(theta.split(sizes)), strides)
    # --8<-- [end:architecture]


# --8<-- [start:discriminant]
def discriminant(c: Float[Tensor, "... 3"]) -> Float[Tensor, "..."]:
    """Discriminant of c₀ + c₁x + c₂x², negative where there are no real roots."""
    return c[..., 1] ** 2 - 4 * c[..., 0] * c[..., 2]
    # --8<-- [end:discriminant]


# --8<-- [start:factor]
def factor(
    c: Float[Tensor, " k"],
) -> tuple[Float[Tensor, "2"], Float[Tensor, "2"]]:
    """Return two filters of size two whose product is c.

    Raises ValueError where no real ones exist.
    """
    if c.shape != (3,):
        raise ValueError(f"{tuple(c.shape)} coefficients: a quadratic has three")
    if discriminant(c) < 0:
        raise ValueError(
            f"the discriminant of {c.tolist()} is {discriminant(c):.3g}: "
            "it has to be at least 0"
        )
    sign = 1.0 if c[1] >= 0 else -1.0
    q = -(c[1] + sign * discriminant(c).sqrt()) / 2
    if q == 0:  # c₁ = 0, and c₀ or c₂ is zero as well
        one, x = torch.eye(2, dtype=c.dtype)
        return (c[:2], one) if c[2] == 0 else (c[1:], x)
    return torch.stack([-q, c[2]]), torch.stack([-c[0] / q, torch.ones_like(q)])
    # --8<-- [end:factor]


# --8<-- [start:real_rooted]
def real_rooted(c: Float[Tensor, " k"]) -> bool:
    """Say whether all roots of c₀ + c₁x + … are real.

    They are the eigenvalues of its companion matrix, where the last c is not zero.
    """
    n = len(c) - 1
    companion = torch.diag(torch.ones(n - 1, dtype=c.dtype), -1)
    companion[:, -1] = -c[:-1] / c[-1]
    roots = torch.linalg.eigvals(companion)
    return bool((roots.imag.abs() < 1e-9 * roots.abs().max()).all())
    # --8<-- [end:real_rooted]


# --8<-- [start:newton]
def critical_parameters(
    loss: Callable, starts: Float[Tensor, "S N"], steps: int = 60
) -> Float[Tensor, "_ N"]:
    """Run Newton's method on ∇loss = 0 and return the points where it arrived."""
    slope, curvature = vmap(grad(loss)), vmap(jacrev(grad(loss)))
    theta = starts
    for _ in range(steps):
        inverse = torch.linalg.pinv(curvature(theta), rtol=1e-10)
        theta = theta - (inverse @ slope(theta)[:, :, None])[:, :, 0]
    return theta[slope(theta).norm(dim=1) < 1e-9]
    # --8<-- [end:newton]


# --8<-- [start:data]
def filter_loss(target: Float[Tensor, " k"], seed: int) -> Callable[[Tensor], Tensor]:
    """Squared error of a filter on random inputs; the best filter is the target."""
    draw = torch.Generator().manual_seed(seed)
    windows = torch.randn(40, len(target), generator=draw)
    return lambda c: (windows @ (c - target)).square().mean()
    # --8<-- [end:data]


# --8<-- [start:stride_one]
def stride_one_optimum(
    seed: int,
) -> tuple[Float[Tensor, ""], Float[Tensor, "3"], int]:
    """Train two filters of size two towards a random target.

    Return the target's discriminant, the best product, and the rank of dF there.
    """
    draw = torch.Generator().manual_seed(seed)
    target = torch.randn(3, generator=draw)
    error = filter_loss(target, seed)

    def F(t):
        return composed(t, [2, 2], [1, 1])

    starts = torch.randn(60, 4, generator=draw)
    found = critical_parameters(lambda t: error(F(t)), starts)
    best = min(found, key=lambda t: error(F(t)))
    singular = torch.linalg.svdvals(jacrev(F)(best))
    rank = int((singular > 1e-4 * singular[0]).sum())
    return discriminant(target), F(best), rank
    # --8<-- [end:stride_one]


# --8<-- [start:stride_two]
def stride_two_criticals(
    seed: int,
) -> tuple[Float[Tensor, "_ 5"], Float[Tensor, " _"]]:
    """Return the critical filters, not zero, of sizes 3 and 2 at stride two.

    The second answer is how regular they are: the fourth singular value of dF over
    its first, which is zero where dF has a smaller rank than four.
    """
    draw = torch.Generator().manual_seed(seed)
    error = filter_loss(torch.randn(5, generator=draw), seed)

    def F(t):
        return composed(t, [3, 2], [2, 2])

    starts = torch.randn(60, 5, generator=draw)
    found = critical_parameters(lambda t: error(F(t)), starts)
    nonzero = found[vmap(F)(found).norm(dim=1) > 1e-3]
    singular = torch.linalg.svdvals(vmap(jacrev(F))(nonzero))
    filters = vmap(F)(nonzero)
    gaps = torch.cdist(filters, filters)
    apart = [i for i in range(len(filters)) if (gaps[i, :i] > 1e-4).all()]
    return filters[apart], (singular[:, 3] / singular[:, 0])[apart]
    # --8<-- [end:stride_two]


# --8<-- [start:nearest_product]
def nearest_product(
    target: Float[Tensor, " k"], sizes: list[int], strides: list[int], starts: int = 12
) -> float:
    """Return the smallest squared distance to a target that training reaches."""
    draw, best = torch.Generator().manual_seed(0), float("inf")
    for _ in range(starts):
        theta = torch.randn(
            sum(sizes), generator=draw, dtype=target.dtype
        ).requires_grad_()
        search = torch.optim.LBFGS([theta], max_iter=300, line_search_fn="strong_wolfe")

        def error(theta=theta, search=search):
            search.zero_grad()
            loss = (composed(theta, sizes, strides) - target).square().sum()
            loss.backward()
            return loss

        search.step(error)
        best = min(best, error().item())
    return best
    # --8<-- [end:nearest_product]
