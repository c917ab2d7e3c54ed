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
# Seven exercises along the chapters from *The circle* to *Tangent spaces*, and a mistake to spot. Each asks
# for one function. Below it stands a check: it draws random points and tests the laws that the function must
# obey, so it accepts every right answer, not only ours. Until yours is right it says *Not yet* and what is
# wrong. A solution is folded under each check.
#
# Download this page with the links above, as a notebook for Jupyter or as a script for an editor that knows
# `# %%` cells. It needs PyTorch and nothing else, not even this book.

# %% tags=["setup"]
import math

import torch
from torch import nn

torch.set_default_dtype(torch.float64)

# %% [markdown]
# These helpers run the checks. You need not read them.


# %% tags=["setup"]
def check(test):
    """Run a test and report what came of it; an unfinished exercise stops nothing."""
    torch.manual_seed(0)
    given.remarks, names = set(), test.__globals__
    tried = {name: names[name] for name in mentioned(test.__code__) if name in names}
    tried = {name: f for name, f in tried.items() if type(f) is type(mentioned)}
    names.update({name: watched(f) for name, f in tried.items()})
    try:
        test()
    except AssertionError as problem:
        print(f"Not yet: {problem}.", *sorted(given.remarks))
    except Exception as problem:
        where = problem.__traceback__
        while where.tb_next:
            where = where.tb_next
        ours = where.tb_frame.f_globals is test.__globals__
        if isinstance(problem, NotImplementedError) and ours and not problem.args:
            name = where.tb_frame.f_code.co_name
            print(f"Not yet: the function {name} is still empty.")
        else:
            kind = type(problem).__name__
            print(f"Not yet: {kind}: {problem}", *sorted(given.remarks))
    else:
        print("Correct.")
        return True
    finally:
        names.update(tried)
    return False


def mentioned(code):
    """Return the names that the code of a test mentions."""
    inner = [mentioned(part) for part in code.co_consts if hasattr(part, "co_names")]
    return set(code.co_names).union(*inner) - {"given", "close"}


def watched(function):
    """Return the function, with a remark should it change what it is given."""

    def call(*inputs, **more):
        def parts():
            lists = [x if isinstance(x, list | tuple) else [x] for x in inputs]
            return [y for x in lists for y in x]

        before = [y.clone() if isinstance(y, torch.Tensor) else y for y in parts()]
        answer = function(*inputs, **more)
        same = len(before) == len(parts()) and all(
            x is y or torch.equal(torch.as_tensor(x), torch.as_tensor(y))
            for x, y in zip(before, parts(), strict=True)
        )
        if not same:
            name = function.__name__
            given.remarks.add(f"({name} changes its input: work on a copy of it.)")
        return answer

    return call


def given(answer, *shape):
    """Return an answer as a tensor of this shape, or say what is wrong with it."""
    assert answer is not None, "nothing came back: is a return missing?"
    try:
        answer = tensor_of(answer).detach().to("cpu", copy=True)
    except (TypeError, ValueError, RuntimeError) as problem:
        kind = type(answer).__name__
        wrong = f"the answer, of type {kind}, does not make a tensor: {problem}"
        raise AssertionError(wrong) from problem
    found = tuple(answer.shape)
    assert found == shape, f"the answer has the shape {found}, not {shape}"
    if answer.is_floating_point() or answer.is_complex():
        double = answer.to(torch.promote_types(answer.dtype, torch.float64))
        if double.dtype != answer.dtype:
            given.remarks.add(f"(The answer is {answer.dtype}: compute in double.)")
        answer = double
    real = not answer.is_complex() or close(answer.imag, torch.zeros(shape))
    return answer.real if real else answer


def tensor_of(answer):
    """Return a tensor of numbers, or of lists of them, or of what gives them in turn."""
    answer = list(answer) if hasattr(answer, "__next__") else answer
    if isinstance(answer, list | tuple) and any(hasattr(x, "__len__") for x in answer):
        return torch.stack([tensor_of(part) for part in answer])
    return torch.as_tensor(answer)


given.remarks = set()


def close(actual, expected, tolerance=1e-8):
    """Say whether two tensors agree in shape and, up to rounding, in entries."""
    actual, expected = torch.as_tensor(actual), torch.as_tensor(expected)
    return actual.shape == expected.shape and bool(
        ((actual - expected).abs() <= tolerance).all()
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
    def mean(angles):
        return given(mean_angle(angles))

    seam = mean(torch.tensor([6.2, 0.2]))
    assert close(seam, 3.2 - math.pi), "6.2 and 0.2 meet near 0"
    for spread in (0.1, 1.0, 3.0):
        angles = spread * torch.randn(20) + 10 * torch.randn(())
        middle = mean(angles)
        assert -math.pi <= middle <= math.pi, f"{middle:.3f} is not between −π and π"
        beside, along = (angles - middle).sin().sum(), (angles - middle).cos().sum()
        assert close(beside, 0.0), "the mean of the points lies in another direction"
        assert along > 0, "the mean of the points lies in the opposite direction"


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
    for k, n in ((30, 1), (1, 2), (20, 4)):
        p = nn.functional.normalize(torch.randn(k, n + 1))
        u, pole = given(from_south(p), k, n), torch.eye(n + 1)[-1]
        foot = torch.cat([u, torch.zeros(k, 1)], dim=1)
        along = (p[:, -1:] + 1) * (foot - (-pole))
        assert close(along, p + pole), "pole, point and foot are not on one line"
        x = 3 * torch.randn(k, n)
        back = given(to_sphere(x), k, n + 1)
        assert close(back.norm(dim=1), torch.ones(k)), "the inverse leaves the sphere"
        again = given(from_south(back), k, n)
        assert close(again, x), "coordinates do not come back"
        again = given(to_sphere(u), k, n + 1)
        assert close(again, p), "points do not come back"


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
    theta = 2 * math.pi * (torch.arange(360) + 0.5) / 360
    points = torch.stack([theta.cos(), theta.sin()], dim=1)

    def folded(degrees):
        """Count angles up to a point, and back to it on a second arc as long."""
        turn = degrees * math.pi / 180

        def chi(p):
            angle = torch.atan2(p[:, 1:], p[:, :1]).remainder(2 * math.pi)
            return torch.where(angle < 2 * turn, (angle - turn).abs(), angle)

        return chi

    charts = {
        "arctan(y/x)": (lambda p: torch.atan(p[:, 1:] / p[:, :1]), False),
        "x, rounded": (lambda p: p[:, :1].round(decimals=3), False),
        "x + y / 10¹¹": (lambda p: p[:, :1] + 1e-11 * p[:, 1:], False),
        "x + y / 10⁶": (lambda p: p[:, :1] + 1e-6 * p[:, 1:], True),
        "x / (1 − y)": (lambda p: p[:, :1] / (1 - p[:, 1:]), True),
        "atan2(y, x)": (lambda p: torch.atan2(p[:, 1:], p[:, :1]), True),
        "an angle that goes back by 10 degrees": (folded(10), False),
        "an angle that goes back by 2 degrees": (folded(2), True),
    }
    for name, (chi, tells_apart) in charts.items():
        found = collision(chi, points)
        if tells_apart:
            assert found is None, (
                f"{name} tells far points apart: there is no such pair"
            )
            continue
        assert found is not None, f"{name} gives different points one coordinate"
        found = given(found, 2, 2)
        nearest = (points - found[:, None]).abs().amax(dim=2).amin(dim=1)
        assert nearest.max() < 1e-12, f"for {name}: not among the given points"
        assert (found[0] - found[1]).norm() >= 0.1, f"for {name}: too close"
        assert close(*chi(found), tolerance=1e-9), f"for {name}: two coordinates differ"


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
# check looks along many directions, at the means of the powers of a coordinate. Two uniform angles would not pass.


# %% tags=["exercise"]
def even_points(k, n):
    """Return k points of the n-sphere, shape (k, n + 1), uniform by area."""
    raise NotImplementedError


# %% tags=["check"]
@check
def even():
    for n in (1, 2, 5):
        k, d = 200_000, n + 1
        given(even_points(3, n), 3, d)
        p = given(even_points(k, n), k, d)
        assert close(p.norm(dim=1), torch.ones(k), 1e-6), (
            "some points are not on the sphere"
        )
        directions = [*torch.eye(d), nn.functional.normalize(torch.randn(d), dim=0)]
        for t in (p @ direction for direction in directions):
            assert t.mean().abs() < 0.02, "the points prefer a direction"
            expected = 1.0  # the mean of t², then of t⁴, t⁶, t⁸
            for m in (1, 2, 3, 4):
                expected *= (2 * m - 1) / (n + 2 * m - 1)
                off = abs((t ** (2 * m)).mean() / expected - 1)
                how = "prefer a direction" if m == 1 else "crowd somewhere"
                assert off < 0.05, f"the points {how}"


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
    for k in (500, 1):
        a, b = 20 * torch.randn(k, 2), 20 * torch.randn(k, 2)
        turn = given(turn_to(a, b), k, 2)
        assert turn.abs().max() <= math.pi + 1e-9, "a turn is longer than half a circle"
        off = a + turn - b
        assert close(off.cos(), torch.ones(k, 2)), "the turns do not lead to b"
        assert close(off.sin(), torch.zeros(k, 2)), "the turns do not lead to b"


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

    def circle(p):
        return torch.stack([p @ p, p[0]])

    rotation = torch.linalg.qr(torch.randn(3, 3)).Q.flatten()
    for name, F, x, k in (
        ("a rotation", gram, rotation, 3),
        ("(3, 4, 5) on the cone", cone, torch.tensor([3.0, 4.0, 5.0]), 2),
        ("a point of a circle", circle, torch.tensor([0.6, 0.8, 0.0]), 1),
    ):
        try:
            basis = given(tangent_basis(F, x), len(x), k)
        except ValueError as problem:
            raise AssertionError(f"{name} is a regular point") from problem
        assert close(basis.T @ basis, torch.eye(k)), "the basis is not orthonormal"
        change = torch.stack([F(x + d) - F(x) for d in 1e-4 * basis.T])
        assert change.abs().max() < 1e-7, "F changes to first order along the basis"
        slope = torch.autograd.functional.jacobian(F, x) @ basis
        flat = close(slope, torch.zeros(slope.shape), 1e-7)
        assert flat, "F changes, if little, to first order along the basis"
    for name, F, x in (
        ("the tip of the cone", cone, torch.zeros(3)),
        ("a point with two gradients on one line", circle, torch.eye(3)[0]),
    ):
        raised = None
        try:
            tangent_basis(F, x)
        except NotImplementedError:
            raise
        except Exception as problem:
            raised = type(problem)
        assert raised, f"{name} is critical: raise ValueError"
        assert raised is ValueError, f"raise ValueError, not {raised.__name__}"


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
        moved = given(orthogonal_step(W, G, 0.1), n, n)
        assert close(moved @ moved.T, torch.eye(n)), (
            "the step leaves the orthogonal matrices"
        )
        M = W.T @ G
        tangent = W @ (M - M.T) / 2
        direction = (given(orthogonal_step(W, G, 1e-6), n, n) - W) / 1e-6
        assert close(direction, -tangent, 1e-4), (
            "the step does not start along the tangent part of −G"
        )
    target = torch.linalg.matrix_exp(torch.tensor([[0.0, -2.0], [2.0, 0.0]]))
    W = torch.eye(2)
    for _ in range(200):
        W = given(orthogonal_step(W, 2 * (W - target), 0.1), 2, 2)
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

# %% [markdown]
# ## 8. Spot the mistake
#
# A program draws points of the unit sphere by their latitude and longitude, each even over its range. On the
# map it looks right, and on the globe it is wrong. Mend it; Archimedes knew how much area lies between two heights.


# %% tags=["exercise"]
def even_on_globe(k):
    """Return k points of the unit sphere in space, shape (k, 3), uniform by area."""
    theta = math.pi * torch.rand(k)  # from the north pole
    phi = 2 * math.pi * torch.rand(k)  # eastwards
    r = theta.sin()
    return torch.stack([r * phi.cos(), r * phi.sin(), theta.cos()], dim=1)


# %% tags=["check"]
@check
def globe():
    k = 100_000
    given(even_on_globe(3), 3, 3)
    p = given(even_on_globe(k), k, 3)
    assert close(p.norm(dim=1), torch.ones(k), 1e-6), (
        "some points are not on the sphere"
    )
    bands = torch.histc(p[:, 2].clamp(-1, 1), 10, -1, 1) / k  # ten bands of equal area
    where = "at the poles" if bands[[0, -1]].max() > 0.11 else "somewhere"
    assert close(bands, torch.full((10,), 0.1), 0.01), f"the points crowd {where}"
    sectors = torch.histc(torch.atan2(p[:, 1], p[:, 0]), 10, -math.pi, math.pi) / k
    assert close(sectors, torch.full((10,), 0.1), 0.01), "some longitudes are preferred"
    east, high = torch.atan2(p[:, 1], p[:, 0]) / math.pi, p[:, 2]
    fields = torch.stack([east, high], 1).add(1).mul(5).long().clamp(0, 9)
    fields = (10 * fields[:, 0] + fields[:, 1]).bincount(minlength=100) / k
    even = close(fields, torch.full((100,), 0.01), 0.002)
    assert even, "each height prefers a longitude: draw the two apart from each other"


# %% [markdown] tags=["solution"]
# <details class="box-solution">
# <summary>Solution</summary>
#
# Near the poles the parallels are short, and yet they got as many points as the equator. The area between two
# heights is proportional to their difference (Archimedes), so it is the height that must be even.
#
# ```python
# def even_on_globe(k):
#     """Return k points of the unit sphere in space, shape (k, 3), uniform by area."""
#     z = 2 * torch.rand(k) - 1
#     phi = 2 * math.pi * torch.rand(k)  # eastwards
#     r = (1 - z**2).sqrt()
#     return torch.stack([r * phi.cos(), r * phi.sin(), z], dim=1)
# ```
#
# </details>
