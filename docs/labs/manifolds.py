# ---
# jupyter:
#   jupytext:
#     text_representation:
#       extension: .py
#       format_name: percent
#   kernelspec:
#     display_name: Python 3
#     language: python
#     name: python3
# ---

# %% [markdown]
# # Lab: manifolds
#
# Seven exercises along the chapters from *The circle* to *Tangent spaces*. Each asks for one function.
# Below it stands a check: it draws random points and tests the laws that the function must obey, so it
# accepts every right answer, not only ours. Until yours is right it says *Not yet* and, where it can, what is wrong.
# A solution is folded under each check.
#
# Download this page with the links above, as a notebook for Jupyter or as a script for an editor that knows
# `# %%` cells. It needs PyTorch and nothing else, not even this book.

# %% tags=["setup"]
import math

import torch
from torch import nn

torch.set_default_dtype(torch.float64)

# %% [markdown]
# These two helpers run the checks. You need not read them.

# %% tags=["setup"]
def check(test):
    """Run a test and report what came of it; an unfinished exercise stops nothing."""
    torch.manual_seed(0)
    try:
        test()
    except NotImplementedError:
        print("Not yet: the function is still empty.")
    except AssertionError as problem:
        print(f"Not yet: {problem}.")
    except Exception as problem:
        print(f"Not yet: {type(problem).__name__}: {problem}")
    else:
        print("Correct.")
        return True
    return False


def close(actual, expected, tolerance=1e-8):
    """Say whether two tensors agree in shape and, up to rounding, in entries."""
    return actual.shape == expected.shape and bool(
        (actual - expected).abs().max() <= tolerance
    )

# %% [markdown]
# ## 1. The mean of angles
#
# The mean of 350° and 10° is 0°, not 180°. Average angles on the circle: put them there as points, take the
# mean of the points, and read off its direction. A tensor of angles goes in, one angle between −π and π comes
# out. Turning all angles must turn the mean by the same amount, across every seam.

# %% tags=["exercise"]
def mean_angle(angles):
    """Return the direction of the mean of the points (cos θ, sin θ), from −π to π."""
    raise NotImplementedError

# %% tags=["check"]
@check
def circle():
    assert close(mean_angle(torch.tensor([6.2, 0.2])), torch.tensor(3.2 - math.pi)), (
        "6.2 and 0.2 meet near 0"
    )
    for spread in (0.1, 1.0):
        angles = spread * torch.randn(20)
        mean, turn = mean_angle(angles), 10 * torch.randn(())
        assert -math.pi <= mean <= math.pi, f"{mean:.3f} is not between −π and π"
        turned = mean_angle(angles + turn)
        assert close((turned - mean - turn).cos(), torch.ones(())), (
            "turning the angles must turn the mean"
        )
        assert close(mean_angle(-angles), -mean), (
            "mirrored angles have the mirrored mean"
        )

# %% [markdown] tags=["solution"]
# <details class="box-solution">
# <summary>Solution</summary>
#
# ```python
# def mean_angle(angles):
#     """Return the direction of the mean of the points (cos θ, sin θ), from −π to π."""
#     return torch.atan2(angles.sin().mean(), angles.cos().mean())
# ```
#
# </details>

# %% [markdown]
# ## 2. A chart of the sphere, from the other pole
#
# Project the sphere from its south pole: a ray from (0, …, 0, −1) through the point meets the plane where the
# last coordinate is zero. Write the projection and its inverse for a batch of points, in any dimension.

# %% tags=["exercise"]
def from_south(p):
    """Return coordinates, shape (k, n), of points of the sphere, shape (k, n + 1)."""
    raise NotImplementedError


def to_sphere(u):
    """Return the points with the given coordinates."""
    raise NotImplementedError

# %% tags=["check"]
@check
def charts():
    for n in (1, 2, 4):
        p = nn.functional.normalize(torch.randn(30, n + 1))
        u, pole = from_south(p), torch.eye(n + 1)[-1]
        assert u.shape == (30, n), f"a point of {n + 1} entries has {n} coordinates"
        foot = torch.cat([u, torch.zeros(30, 1)], dim=1)
        along = (p[:, -1:] + 1) * (foot - (-pole))
        assert close(along, p + pole), "pole, point and foot are not on one line"
        x = 3 * torch.randn(30, n)
        assert close(to_sphere(x).norm(dim=1), torch.ones(30)), (
            "the inverse leaves the sphere"
        )
        assert close(from_south(to_sphere(x)), x), "coordinates do not come back"
        assert close(to_sphere(u), p), "points do not come back"

# %% [markdown] tags=["solution"]
# <details class="box-solution">
# <summary>Solution</summary>
#
# ```python
# def from_south(p):
#     """Return coordinates, shape (k, n), of points of the sphere, shape (k, n + 1)."""
#     return p[:, :-1] / (1 + p[:, -1:])
#
#
# def to_sphere(u):
#     """Return the points with the given coordinates."""
#     s = u.square().sum(dim=1, keepdim=True)
#     return torch.cat([2 * u, 1 - s], dim=1) / (1 + s)
# ```
#
# </details>

# %% [markdown]
# ## 3. Is it a chart?
#
# A chart must be one-to-one. You get a function *chi*, from points of the unit circle, shape (k, 2), to
# coordinates, shape (k, 1), and a batch of points. Find two of the points that are far apart, at least 0.1, and
# have the same coordinate, up to 1e-9. Return them as a tensor of shape (2, 2), or None where there are none.

# %% tags=["exercise"]
def collision(chi, points):
    """Return two points, 0.1 or more apart, with equal coordinates, or None."""
    raise NotImplementedError

# %% tags=["check"]
@check
def injective():
    theta = 2 * math.pi * torch.arange(360) / 360 + 0.001
    points = torch.stack([theta.cos(), theta.sin()], dim=1)
    charts = {
        "arctan(y/x)": (lambda p: torch.atan(p[:, 1:] / p[:, :1]), False),
        "x": (lambda p: p[:, :1].round(decimals=3), False),
        "x / (1 − y)": (lambda p: p[:, :1] / (1 - p[:, 1:]), True),
        "atan2(y, x)": (lambda p: torch.atan2(p[:, 1:], p[:, :1]), True),
    }
    for name, (chi, one_to_one) in charts.items():
        found = collision(chi, points)
        if one_to_one:
            assert found is None, f"{name} is one-to-one, there is no such pair"
        else:
            assert found is not None, f"{name} gives different points one coordinate"
            assert (found[0] - found[1]).norm() >= 0.1, (
                f"the points found for {name} are too close"
            )
            assert close(*chi(found), tolerance=1e-9), (
                f"the points found for {name} differ in the chart"
            )

# %% [markdown] tags=["solution"]
# <details class="box-solution">
# <summary>Solution</summary>
#
# All pairs at once: *cdist* compares each row with each other row.
#
# ```python
# def collision(chi, points):
#     """Return two points, 0.1 or more apart, with equal coordinates, or None."""
#     x = chi(points)
#     same = (x - x.T).abs() <= 1e-9
#     pairs = (same & (torch.cdist(points, points) >= 0.1)).nonzero()
#     return points[pairs[0]] if len(pairs) else None
# ```
#
# </details>

# %% [markdown]
# ## 4. Even points on a sphere
#
# Draw *k* points from the unit sphere of a given dimension *n* (in n + 1 coordinates), uniform by area. The
# check looks at the second and fourth moments of the coordinates. Two uniform angles would not pass.

# %% tags=["exercise"]
def even_points(k, n):
    """Return k points of the n-sphere, shape (k, n + 1), uniform by area."""
    raise NotImplementedError

# %% tags=["check"]
@check
def even():
    for n in (1, 2, 5):
        p = even_points(200_000, n)
        assert p.shape == (200_000, n + 1), (
            f"shape {tuple(p.shape)}, expected (200000, {n + 1})"
        )
        assert close(p.norm(dim=1), torch.ones(len(p))), (
            "some points are not on the sphere"
        )
        second = p.T @ p / len(p)
        assert close(second, torch.eye(n + 1) / (n + 1), 0.01), (
            "the points prefer a direction"
        )
        fourth = (p**4).mean(dim=0)
        assert close(fourth, torch.full((n + 1,), 3 / ((n + 1) * (n + 3))), 0.01), (
            "the points crowd somewhere"
        )

# %% [markdown] tags=["solution"]
# <details class="box-solution">
# <summary>Solution</summary>
#
# A Gaussian has no preferred direction.
#
# ```python
# def even_points(k, n):
#     """Return k points of the n-sphere, shape (k, n + 1), uniform by area."""
#     return nn.functional.normalize(torch.randn(k, n + 1))
# ```
#
# </details>

# %% [markdown]
# ## 5. The short way round a torus
#
# Two points of the torus are given by pairs of angles, in any range. Return the pair of turns that leads from
# the first to the second the short way: both between −π and π. Then a distance on the torus is the length of
# that pair.

# %% tags=["exercise"]
def turn_to(a, b):
    """Return the turns from a to b, from −π to π; a and b have shape (k, 2)."""
    raise NotImplementedError

# %% tags=["check"]
@check
def torus():
    a, b = 20 * torch.randn(500, 2), 20 * torch.randn(500, 2)
    turn = turn_to(a, b)
    assert turn.shape == a.shape, (
        f"shape {tuple(turn.shape)}, expected {tuple(a.shape)}"
    )
    assert turn.abs().max() <= math.pi, "a turn is longer than half a circle"
    assert close((a + turn - b).cos(), torch.ones(500, 2)), "they do not lead to b"
    assert close((a + turn - b).sin(), torch.zeros(500, 2)), (
        "the turns do not lead to b"
    )

# %% [markdown] tags=["solution"]
# <details class="box-solution">
# <summary>Solution</summary>
#
# ```python
# def turn_to(a, b):
#     """Return the turns from a to b, from −π to π; a and b have shape (k, 2)."""
#     return (b - a + math.pi).remainder(2 * math.pi) - math.pi
# ```
#
# </details>

# %% [markdown]
# ## 6. The dimension of a level set
#
# *F* maps vectors with n entries to vectors with m entries. Return an orthonormal basis, shape (n, n − m), of
# the tangent space at *x* of the level set of *F* through *x*, and raise ValueError where *x* is a critical point.

# %% tags=["exercise"]
def tangent_basis(F, x):
    """Return an orthonormal basis of ker dF at x; ValueError where dF is not onto."""
    raise NotImplementedError

# %% tags=["check"]
@check
def level_sets():
    def gram(a):
        A = a.reshape(3, 3)
        return (A @ A.T)[tuple(torch.triu_indices(3, 3))]

    def cone(p):
        return (p[0] ** 2 + p[1] ** 2 - p[2] ** 2)[None]

    rotation = torch.linalg.qr(torch.randn(3, 3)).Q.flatten()
    for F, x, dimension in (
        (gram, rotation, 3),
        (cone, torch.tensor([3.0, 4.0, 5.0]), 2),
    ):
        basis = tangent_basis(F, x)
        assert basis.shape == (len(x), dimension), (
            f"shape {tuple(basis.shape)}, expected {(len(x), dimension)}"
        )
        assert close(basis.T @ basis, torch.eye(dimension)), (
            "the basis is not orthonormal"
        )
        step = 1e-4 * basis
        change = torch.stack([F(x + d) - F(x) for d in step.T])
        assert change.abs().max() < 1e-7, "F changes to first order along the basis"
    try:
        tangent_basis(cone, torch.zeros(3))
    except ValueError:
        return
    raise AssertionError("the tip of the cone is a critical point: raise ValueError")

# %% [markdown] tags=["solution"]
# <details class="box-solution">
# <summary>Solution</summary>
#
# ```python
# def tangent_basis(F, x):
#     """Return an orthonormal basis of ker dF at x; ValueError where dF is not onto."""
#     J = torch.autograd.functional.jacobian(F, x)
#     if torch.linalg.matrix_rank(J, atol=1e-9) < len(J):
#         raise ValueError(f"{x.tolist()} is a critical point")
#     return torch.linalg.svd(J).Vh[len(J) :].T
# ```
#
# </details>

# %% [markdown]
# ## 7. A step that stays orthogonal
#
# *W* is an orthogonal matrix and *G* the gradient of a loss at *W*. Make a step of descent that ends on an
# orthogonal matrix again, and that to first order goes along the part of −*G* that is tangent to the orthogonal
# matrices. The check then trains with it.

# %% tags=["exercise"]
def orthogonal_step(W, G, rate):
    """Return an orthogonal matrix, one step of gradient descent from W."""
    raise NotImplementedError

# %% tags=["check"]
@check
def steps():
    for n in (2, 5):
        W, G = torch.linalg.qr(torch.randn(n, n)).Q, torch.randn(n, n)
        moved = orthogonal_step(W, G, 0.1)
        assert close(moved @ moved.T, torch.eye(n)), (
            "the step leaves the orthogonal matrices"
        )
        M = W.T @ G
        tangent = W @ (M - M.T) / 2
        direction = (orthogonal_step(W, G, 1e-6) - W) / 1e-6
        assert close(direction, -tangent, 1e-4), (
            "the step does not start along the tangent part of −G"
        )
    target = torch.linalg.matrix_exp(torch.tensor([[0.0, -2.0], [2.0, 0.0]]))
    W = torch.eye(2)
    for _ in range(200):
        W = orthogonal_step(W, 2 * (W - target), 0.1)
    assert close(W, target, 1e-6), "descent does not arrive at a rotation"

# %% [markdown] tags=["solution"]
# <details class="box-solution">
# <summary>Solution</summary>
#
# ```python
# def orthogonal_step(W, G, rate):
#     """Return an orthogonal matrix, one step of gradient descent from W."""
#     M = W.T @ G
#     U, _, Vh = torch.linalg.svd(W - rate * W @ (M - M.T) / 2)
#     return U @ Vh
# ```
#
# </details>
