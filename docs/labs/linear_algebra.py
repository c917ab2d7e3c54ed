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
# # Lab: linear algebra
#
# Seven exercises, one for each chapter from *Span and basis* to *Principal components*. Each asks for one
# function. Below it stands a check: it draws random matrices and tests the laws that the function must
# obey, so it accepts every right answer, not only ours. Until yours is right it says *Not yet* and, where it can,
# what is wrong. A solution is folded under each check.
#
# Download this page with the links above, as a notebook for Jupyter or as a script for an editor that knows
# `# %%` cells. It needs PyTorch and nothing else, not even this book.

# %% tags=["setup"]
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
# ## 1. Span
#
# The columns of a matrix span a space. Does a given vector lie in it? The columns may be dependent, there
# may be more of them than dimensions, and rounding errors around 1e-15 must not change the answer.

# %% tags=["exercise"]
def in_span(columns, x):
    """Return True where x is a linear combination of the columns."""
    raise NotImplementedError

# %% tags=["check"]
@check
def span():
    for n, k in [(3, 1), (3, 2), (5, 3), (6, 4)]:
        columns = torch.randn(n, k)
        columns = torch.cat([columns, columns @ torch.randn(k, 1), torch.zeros(n, 1)], dim=1)  # dependent
        inside = columns @ torch.randn(k + 2)
        normal = torch.linalg.svd(columns).U[:, -1]  # perpendicular to all columns
        assert in_span(columns, inside), "a combination of the columns was refused"
        assert in_span(columns, torch.zeros(n)), "zero is a combination of any columns"
        assert not in_span(columns, inside + 0.01 * normal), "a vector beside the span was accepted"
    assert in_span(torch.randn(3, 5), torch.randn(3)), "five random columns span three dimensions"

# %% [markdown] tags=["solution"]
# <details class="box-solution">
# <summary>Solution</summary>
#
# A vector of the span adds nothing to the rank. The tolerance is relative to the largest singular value;
# it has to stay clear of the rounding errors.
#
# ```python
# def in_span(columns, x):
#     """Return True where x is a linear combination of the columns."""
#     rank = torch.linalg.matrix_rank(columns, rtol=1e-9)
#     return bool(torch.linalg.matrix_rank(torch.column_stack([columns, x]), rtol=1e-9) == rank)
# ```
#
# </details>

# %% [markdown]
# ## 2. Linear maps
#
# Somebody hands you a linear map as a Python function, and you can only call it. Find its matrix. The
# columns of a matrix are the images of the basis vectors, so *n* calls are enough; a convolution layer,
# for one, turns out to be a matrix with a pattern.

# %% tags=["exercise"]
def matrix_of(f, n):
    """Return the matrix of the linear map f, which takes vectors with n entries."""
    raise NotImplementedError

# %% tags=["check"]
@check
def linear_maps():
    for m, n in [(2, 2), (3, 5), (4, 1)]:
        A = torch.randn(m, n)
        assert close(matrix_of(lambda x, A=A: A @ x, n), A), "wrong matrix for x → A x"
    A, B = torch.randn(2, 3), torch.randn(3, 4)
    product = matrix_of(lambda x: A @ (B @ x), 4)
    assert close(product, A @ B), "one map after the other is the product of their matrices"
    convolution = nn.Conv1d(1, 1, 3, padding=1, padding_mode="circular", bias=False).requires_grad_(False)
    C = matrix_of(lambda x: convolution(x[None, None])[0, 0], 7)
    x = torch.randn(7)
    assert close(C @ x, convolution(x[None, None])[0, 0]), "wrong matrix for a convolution"
    assert close(C.roll((1, 1), dims=(0, 1)), C), "a convolution has the same weights everywhere"

# %% [markdown] tags=["solution"]
# <details class="box-solution">
# <summary>Solution</summary>
#
# ```python
# def matrix_of(f, n):
#     """Return the matrix of the linear map f, which takes vectors with n entries."""
#     return torch.stack([f(basis_vector) for basis_vector in torch.eye(n)], dim=1)
# ```
#
# </details>

# %% [markdown]
# ## 3. Dot products
#
# The dot product projects onto a line. Project onto the span of several independent columns *V*. What is
# left over must be perpendicular to each of them: Vᵀ(w − Vc) = 0. Solve for the coefficients *c*.

# %% tags=["exercise"]
def project(V, w):
    """Return the point of the span of the columns of V that is nearest to w."""
    raise NotImplementedError

# %% tags=["check"]
@check
def dot_products():
    for n, k in [(2, 1), (5, 2), (6, 5), (4, 4)]:
        V, w = torch.randn(n, k), torch.randn(n)
        p = project(V, w)
        assert p.shape == w.shape, "the projection of a vector with n entries has n entries"
        assert close(V.T @ (w - p), torch.zeros(k)), "what is left over is not perpendicular to the columns"
        assert close(project(V, p), p), "a point of the span should stay where it is"
        rival = V @ torch.randn(k)
        assert (w - p).norm() <= (w - rival).norm() + 1e-12, "another point of the span is nearer"

# %% [markdown] tags=["solution"]
# <details class="box-solution">
# <summary>Solution</summary>
#
# The condition is the system VᵀV c = Vᵀw, and VᵀV is invertible because the columns are independent.
#
# ```python
# def project(V, w):
#     """Return the point of the span of the columns of V that is nearest to w."""
#     return V @ torch.linalg.solve(V.T @ V, V.T @ w)
# ```
#
# </details>

# %% [markdown]
# ## 4. Determinants
#
# The determinant measures volume, but only where there are as many edges as dimensions. Two vectors in
# space span a parallelogram, and it has an area. Find the volume for *k* edges in *n* dimensions. A hint:
# for a square matrix, det(AᵀA) = det(A)².

# %% tags=["exercise"]
def volume(edges):
    """Return the k-dimensional volume of the box whose edges are the k columns."""
    raise NotImplementedError

# %% tags=["check"]
@check
def determinants():
    for n in (1, 2, 4):
        A = torch.randn(n, n)
        for edges in (A, A * torch.tensor([-1.0] + (n - 1) * [1.0])):  # one of each orientation
            assert close(volume(edges), torch.linalg.det(A).abs()), "for a square matrix this is |det|"
    a, b = torch.randn(3), torch.randn(3)
    area = torch.linalg.cross(a, b).norm()
    assert close(volume(torch.stack([a, b], dim=1)), area), "wrong area of a parallelogram in space"
    edges = torch.randn(6, 4)
    rotation = torch.linalg.qr(torch.randn(6, 6)).Q
    assert close(volume(rotation @ edges), volume(edges)), "a rotation changed the volume"
    assert close(volume(edges * torch.tensor([1, -3, 1, 1])), 3 * volume(edges)), "one edge three times as long"
    flat = torch.cat([edges, edges.sum(1, keepdim=True)], dim=1)
    assert volume(flat) < 1e-6, "dependent edges enclose no volume (beware of the root of −1e-17)"

# %% [markdown] tags=["solution"]
# <details class="box-solution">
# <summary>Solution</summary>
#
# A rotation brings the edges into a *k*-dimensional coordinate space without changing lengths or angles,
# hence without changing AᵀA; there, det(AᵀA) is the square of the volume.
#
# ```python
# def volume(edges):
#     """Return the k-dimensional volume of the box whose edges are the k columns."""
#     return torch.linalg.det(edges.T @ edges).clamp(min=0).sqrt()
# ```
#
# </details>

# %% [markdown]
# ## 5. Eigenvectors
#
# In a basis of eigenvectors a power of a matrix is easy, and the exponent need not be whole. Compute any
# real power of a symmetric matrix with positive eigenvalues: its inverse, its root, its 2.7th power.

# %% tags=["exercise"]
def power(A, t):
    """Return the t-th power of a symmetric matrix with positive eigenvalues."""
    raise NotImplementedError

# %% tags=["check"]
@check
def eigenvectors():
    for n in (1, 2, 5):
        B = torch.randn(n, n)
        A = B @ B.T + torch.eye(n)
        assert close(power(A, 3), A @ A @ A, 1e-7), "A³ is A A A"
        assert close(power(A, -1) @ A, torch.eye(n)), "A⁻¹ A should be the identity"
        assert close(power(A, 0.5) @ power(A, 0.5), A), "the root, squared, should be A"
        assert close(power(A, 0.3) @ power(A, 0.9), power(A, 1.2)), "exponents should add"
        assert close(power(A, 0.7), power(A, 0.7).T), "a power of a symmetric matrix is symmetric"

# %% [markdown] tags=["solution"]
# <details class="box-solution">
# <summary>Solution</summary>
#
# ```python
# def power(A, t):
#     """Return the t-th power of a symmetric matrix with positive eigenvalues."""
#     eigenvalues, Q = torch.linalg.eigh(A)
#     return Q * eigenvalues**t @ Q.T
# ```
#
# </details>

# %% [markdown]
# ## 6. Singular values
#
# Find the matrix of rank at most *r* that is nearest to *A*. The check knows how near it can be without
# computing it: the squared error is the sum of the smallest eigenvalues of AᵀA.

# %% tags=["exercise"]
def nearest(A, r):
    """Return the matrix of rank at most r that is nearest to A in the Frobenius norm."""
    raise NotImplementedError

# %% tags=["check"]
@check
def singular_values():
    for m, n in [(3, 3), (6, 4), (4, 6)]:
        A = torch.randn(m, n)
        eigenvalues = torch.linalg.eigvalsh(A.T @ A)  # smallest first
        for r in range(min(m, n) + 1):
            B = nearest(A, r)
            assert B.shape == A.shape, "the approximation has the shape of the matrix"
            assert torch.linalg.matrix_rank(B, rtol=1e-9) <= r, f"rank above {r}"
            assert close(((A - B) ** 2).sum(), eigenvalues[: n - r].sum()), f"not the nearest of rank {r}"

# %% [markdown] tags=["solution"]
# <details class="box-solution">
# <summary>Solution</summary>
#
# ```python
# def nearest(A, r):
#     """Return the matrix of rank at most r that is nearest to A in the Frobenius norm."""
#     U, s, Vt = torch.linalg.svd(A, full_matrices=False)
#     return U[:, :r] * s[:r] @ Vt[:r]
# ```
#
# </details>

# %% [markdown]
# ## 7. Principal components
#
# Here is a linear autoencoder that has seen no data. Give it the best weights and biases there are,
# without a single step of training. The rows of *X* are the points; they are not centred.

# %% tags=["exercise"]
def autoencoder(X, r):
    """Return the best linear autoencoder for the rows of X with r hidden units."""
    n = X.shape[1]
    return nn.Sequential(nn.Linear(n, r), nn.Linear(r, n))

# %% tags=["check"]
@check
def principal_components():
    for count, n in [(40, 5), (6, 9)]:
        X = torch.randn(count, n) @ torch.randn(n, n) + torch.randn(n)
        eigenvalues = torch.linalg.eigvalsh(torch.cov(X.T, correction=0)).flip(0)
        for r in (1, 2, 4):
            network = autoencoder(X, r)
            assert [layer.weight.shape for layer in network] == [(r, n), (n, r)], f"{r} hidden units, please"
            loss = ((network(X) - X) ** 2).sum(1).mean()
            best = eigenvalues[r:].sum()
            assert close(loss, best), f"the loss is {loss:.4f}, and {best:.4f} is possible"

# %% [markdown] tags=["solution"]
# <details class="box-solution">
# <summary>Solution</summary>
#
# The encoder subtracts the mean and measures along the top *r* eigenvectors of the covariance; the decoder
# goes back. Both offsets fit into the biases.
#
# ```python
# def autoencoder(X, r):
#     """Return the best linear autoencoder for the rows of X with r hidden units."""
#     n, mean = X.shape[1], X.mean(0)
#     V = torch.linalg.eigh(torch.cov(X.T)).eigenvectors[:, -r:]
#     network = nn.Sequential(nn.Linear(n, r), nn.Linear(r, n))
#     network.load_state_dict({"0.weight": V.T, "0.bias": -V.T @ mean, "1.weight": V, "1.bias": mean})
#     return network
# ```
#
# </details>
