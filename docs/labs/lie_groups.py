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
# # Lab: Lie groups
#
# Six exercises on the chapters from *Groups* to *Attention*. Each asks for one function. Below it stands a
# check: it draws random matrices and tests the laws that the function must obey, so it accepts every right
# answer, not only ours. Until yours is right it says *Not yet* and, where it can, what is wrong. A solution is folded
# under each check.
#
# Download this page with the links above, as a notebook for Jupyter or as a script for an editor that knows
# `# %%` cells. It needs PyTorch and nothing else, not even this book.
# %% tags=["setup"]
import math

import torch

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

# %% tags=["setup"]
def hat(omega):
    """Write ω × as a skew matrix."""
    x, y, z = omega.unbind(-1)
    o = torch.zeros_like(x)
    return torch.stack([o, -z, y, z, o, -x, -y, x, o], -1).unflatten(-1, (3, 3))


def random_rotation(d):
    """Draw a rotation: exp of a random skew matrix."""
    X = torch.randn(d, d)
    return torch.linalg.matrix_exp(X - X.T)

# %% [markdown]
# ## 1. Back into the group
#
# A rotation that has been multiplied many times drifts away from the group by rounding errors. Bring it back:
# find the *nearest* rotation to a given invertible matrix. Beware of reflections, which are orthogonal, too.

# %% tags=["exercise"]
def nearest_rotation(A):
    """Return the rotation R with the smallest sum of squared entries of R - A."""
    raise NotImplementedError

# %% tags=["check"]
@check
def groups():
    for d in (2, 3, 4):
        B = torch.randn(d, d)
        for A in (B, B[[1, 0, *range(2, d)]]):  # both signs of the determinant
            R = nearest_rotation(A)
            assert close(R @ R.T, torch.eye(d)), "not orthogonal"
            assert torch.linalg.det(R) > 0, "a reflection came back"
            others = torch.stack([random_rotation(d) for _ in range(100)])
            steps = torch.linalg.matrix_exp(1e-3 * (others - others.mT)) @ R
            assert (others - A).norm(dim=(1, 2)).min() > (R - A).norm() - 1e-9, (
                "a random rotation is nearer"
            )
            assert (steps - A).norm(dim=(1, 2)).min() > (R - A).norm() - 1e-9, (
                "a small turn brings it nearer"
            )
        R = random_rotation(d)
        assert close(nearest_rotation(R), R), "a rotation is its own nearest rotation"

# %% [markdown] tags=["solution"]
# <details class="box-solution">
# <summary>Solution</summary>
#
# Replace the singular values by ones, and if that gives a reflection, flip the direction that costs least: the
# one with the smallest singular value.
#
# ```python
# def nearest_rotation(A):
#     """Return the rotation R with the smallest sum of squared entries of R - A."""
#     U, _, Vh = torch.linalg.svd(A)
#     signs = torch.ones(len(A))
#     signs[-1] = torch.linalg.det(U @ Vh).sign()
#     return U * signs @ Vh
# ```
#
# </details>

# %% [markdown]
# ## 2. An exponential to start from
#
# Networks start at zero. Write the exponential of `hat(omega)` by Rodrigues' formula so that its value *and its
# gradient* are right at zero and for the tiniest angles, where the formula as it stands divides 0 by 0.

# %% tags=["exercise"]
def turn(omega):
    """Return exp(hat(omega)) for a vector omega with three entries."""
    raise NotImplementedError

# %% tags=["check"]
@check
def exponential():
    for angle in (3.0, 1.0, 1e-3, 1e-6, 1e-10, 0.0):
        omega = angle * torch.nn.functional.normalize(torch.randn(3), dim=0)
        R = turn(omega)
        series = torch.eye(3)
        for k in range(40, 0, -1):
            series = torch.eye(3) + hat(omega) @ series / k
        assert close(R, series, 1e-12), f"wrong at the angle {angle:g}"
        slope = torch.autograd.functional.jacobian(turn, omega)
        assert not slope.isnan().any(), f"the gradient is NaN at the angle {angle:g}"
        step = 1e-5 * torch.nn.functional.normalize(torch.randn(3), dim=0)
        difference = (turn(omega + step) - turn(omega - step)) / 2
        assert close(slope @ step, difference, 1e-12), (
            f"the gradient is wrong at the angle {angle:g}"
        )

# %% [markdown] tags=["solution"]
# <details class="box-solution">
# <summary>Solution</summary>
#
# Half angles avoid the cancelling difference, and a tiny number under the root keeps it away from its kink.
#
# ```python
# def turn(omega):
#     """Return exp(hat(omega)) for a vector omega with three entries."""
#     half = (omega @ omega + 1e-40).sqrt() / 2
#     s = half.sin() / half
#     K = hat(omega)
#     return torch.eye(3) + s * half.cos() * K + s**2 / 2 * (K @ K)
# ```
#
# </details>

# %% [markdown]
# ## 3. How far apart?
#
# By which angle do two rotations of space differ? The trace tells, in theory: it is 1 + 2 cos θ. In practice,
# arccos loses half of the digits near 0 and near π. Keep eight digits of small angles, too.

# %% tags=["exercise"]
def angle_between(R, S):
    """Return the angle in [0, π] of the rotation that leads from R to S."""
    raise NotImplementedError

# %% tags=["check"]
@check
def logarithm():
    large = [math.pi - gap for gap in (1e-3, 1e-6, 1e-9)]
    for angle in (0.0, 1e-9, 1e-6, 1e-3, 1.0, 3.0, *large):
        omega = angle * torch.tensor([2.0, -1.0, 2.0]) / 3
        K = hat(omega / max(angle, 1e-300))
        D = torch.eye(3) + math.sin(angle) * K
        D = D + 2 * math.sin(angle / 2) ** 2 * (K @ K)
        error = abs(float(angle_between(torch.eye(3), D)) - angle)
        assert error <= 1e-8 * min(angle + 1e-7, 1), f"off at the angle {angle:g}"
        R = random_rotation(3)
        assert abs(float(angle_between(R, R @ D)) - angle) < 1e-10, (
            f"off at the angle {angle:g}, seen from R"
        )

# %% [markdown] tags=["solution"]
# <details class="box-solution">
# <summary>Solution</summary>
#
# The skew part of the difference knows sin θ and is good near 0 and π; the trace knows cos θ and is good in the
# middle. `atan2` uses both.
#
# ```python
# def angle_between(R, S):
#     """Return the angle in [0, π] of the rotation that leads from R to S."""
#     D = R.T @ S
#     axis = torch.stack([D[2, 1] - D[1, 2], D[0, 2] - D[2, 0], D[1, 0] - D[0, 1]])
#     return torch.atan2(axis.norm(), D.trace() - 1)
# ```
#
# </details>

# %% [markdown]
# ## 4. A table of brackets
#
# Given a basis of a Lie algebra of real matrices, write all brackets in that basis. If a bracket is not in the span,
# the matrices are no basis of an algebra: raise `ValueError`.

# %% tags=["exercise"]
def structure_constants(basis):
    """Return c with [B_i, B_j] = sum over k of c[i, j, k] B_k."""
    raise NotImplementedError

# %% tags=["check"]
@check
def algebra():
    i, j = torch.tril_indices(4, 4, -1)
    E = torch.zeros(6, 4, 4)
    E[torch.arange(6), i, j] = 1.0
    # a basis that is not orthogonal
    so4 = torch.einsum("ij,jkl->ikl", torch.randn(6, 6), E - E.mT)
    for basis in (hat(torch.eye(3)), so4):
        c = structure_constants(basis)
        brackets = torch.einsum("iab,jbc->ijac", basis, basis)
        brackets = brackets - brackets.transpose(0, 1)
        assert close(torch.einsum("ijk,kab->ijab", c, basis), brackets), (
            "these are not the brackets"
        )
    symmetric = torch.tensor(
        [[[1.0, 0.0], [0.0, 0.0]], [[0.0, 1.0], [1.0, 0.0]], [[0.0, 0.0], [0.0, 1.0]]]
    )
    try:
        structure_constants(symmetric)
    except ValueError:
        return
    raise AssertionError("the symmetric matrices were accepted")

# %% [markdown] tags=["solution"]
# <details class="box-solution">
# <summary>Solution</summary>
#
# Solve for the coefficients by least squares, and look at what is left.
#
# ```python
# def structure_constants(basis):
#     """Return c with [B_i, B_j] = sum over k of c[i, j, k] B_k."""
#     products = torch.einsum("iab,jbc->ijac", basis, basis)
#     brackets = (products - products.transpose(0, 1)).flatten(2)
#     c = brackets @ torch.linalg.pinv(basis.flatten(1))
#     if (c @ basis.flatten(1) - brackets).abs().max() > 1e-9:
#         raise ValueError("a bracket is not in the span of the basis")
#     return c
# ```
#
# </details>

# %% [markdown]
# ## 5. What commutes?
#
# Attention scores are invariant under a group if the product of the query and key weights commutes with it. How many
# independent matrices commute with all the given ones?

# %% tags=["exercise"]
def commutant_dimension(matrices):
    """Return the dimension of the space of all M with M X = X M for each given X."""
    raise NotImplementedError

# %% tags=["check"]
@check
def commutant():
    J = torch.tensor([[0.0, -1.0], [1.0, 0.0]])
    assert commutant_dimension(J[None]) == 2, "rotations of the plane: aI + bJ"
    assert commutant_dimension(hat(torch.eye(3))) == 1, "rotations of space: aI"
    assert commutant_dimension(hat(torch.eye(3))[:1]) == 3, (
        "turns about one axis of space"
    )
    assert commutant_dimension(torch.eye(4)[None]) == 16, "everything commutes with I"
    assert commutant_dimension(torch.block_diag(J, J)[None]) == 8, (
        "two planes turned alike"
    )
    assert commutant_dimension(torch.eye(5).roll(1, 0)[None]) == 5, (
        "the cyclic shift of five pixels"
    )
    shear = torch.tensor([[[1.0, 1.0], [0.0, 1.0]]])
    assert commutant_dimension(shear) == 2, "a shear"

# %% [markdown] tags=["solution"]
# <details class="box-solution">
# <summary>Solution</summary>
#
# XM - MX = 0 is linear in the entries of M: with the Kronecker product it is a matrix, and the answer is the
# dimension of its null space.
#
# ```python
# def commutant_dimension(matrices):
#     """Return the dimension of the space of all M with M X = X M for each given X."""
#     d = matrices.shape[-1]
#     I = torch.eye(d)
#     rows = [
#         torch.kron(X.contiguous(), I) - torch.kron(I, X.T.contiguous())
#         for X in matrices
#     ]
#     return d * d - int(torch.linalg.matrix_rank(torch.cat(rows)))
# ```
#
# </details>

# %% [markdown]
# ## 6. Attention that turns along
#
# Each of *n* tokens carries *c* vectors of *d* coordinates: `x` has the shape (n, c, d). Given three c×c
# matrices, write attention whose output turns when all vectors are turned. Where c = d, a wrong index gives no
# error, only a wrong layer.

# %% tags=["exercise"]
def vector_attention(x, query, key, value):
    """Average the values by the softmax of the dot products of queries and keys."""
    raise NotImplementedError

# %% tags=["check"]
@check
def attention():
    for c, d in ((3, 3), (2, 2), (4, 3), (1, 5)):
        x, W = torch.randn(6, c, d), torch.randn(3, c, c)
        R, y = random_rotation(d), vector_attention(x, *W)
        assert y.shape == x.shape, "the output should have the shape of x"
        assert close(vector_attention(x @ R.T, *W), y @ R.T), (
            "the output does not turn along"
        )
        order = torch.randperm(6)
        assert close(vector_attention(x[order], *W), y[order]), (
            "the order of the tokens matters"
        )
        assert close(vector_attention(x, W[0], W[1], 2 * W[2]), 2 * y), (
            "the output is not linear in the values"
        )
        zero = torch.zeros(c, c)
        mean = torch.einsum("ce,ned->cd", W[2], x) / 6
        averaged = vector_attention(x, zero, W[1], W[2])
        assert close(averaged, mean.expand(6, c, d)), (
            "equal scores should average the values"
        )
        assert not close(vector_attention(x, -W[0], W[1], W[2]), y), (
            "the queries have no influence"
        )
        assert close(vector_attention(x, 2 * W[0], W[1] / 2, W[2]), y), (
            "only the product of queries and keys matters"
        )
        values = torch.einsum("ce,ned->ncd", W[2], x)
        low, high = values.amin(0) - 1e-9, values.amax(0) + 1e-9
        assert ((low <= y) & (y <= high)).all(), "each output should be an average"
        if c > 1:
            asks, answers, z = torch.zeros(c, c), torch.zeros(c, c), x.clone()
            asks[0, 0], answers[0, 1] = 1.0, 1.0
            z[0, 0] = 0.0  # the first token asks nothing
            first = vector_attention(z, asks, answers, W[2])[0]
            assert close(first, torch.einsum("ce,ned->cd", W[2], z) / 6), (
                "a query of zero should average all values"
            )

# %% [markdown] tags=["solution"]
# <details class="box-solution">
# <summary>Solution</summary>
#
# Mix the channels, never the coordinates. The scores sum over both.
#
# ```python
# def vector_attention(x, query, key, value):
#     """Average the values by the softmax of the dot products of queries and keys."""
#     q, k, v = (torch.einsum("ce,ned->ncd", W, x) for W in (query, key, value))
#     scores = torch.einsum("icd,jcd->ij", q, k) / (x.shape[1] * x.shape[2]) ** 0.5
#     return torch.einsum("ij,jcd->icd", torch.softmax(scores, -1), v)
# ```
#
# </details>
