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
# Seven exercises, one for each chapter from *Span and basis* to *Principal components*, and a mistake to
# spot. Each asks for one function. Below it stands a check: it draws random matrices and tests the laws that
# the function must obey, so it accepts every right answer, not only ours. Until yours is right it says
# *Not yet* and what is wrong. A solution is folded under each check.
#
# Download this page with the links above, as a notebook for Jupyter or as a script for an editor that knows
# `# %%` cells. It needs PyTorch and nothing else, not even this book.

# %% tags=["setup"]
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
    def accepted(columns, x):
        answer = given(in_span(columns, x))
        assert answer in (0, 1), f"return True or False, not {answer:g}"
        return answer

    for n, k in [(3, 1), (3, 2), (5, 3), (6, 4)]:
        free = torch.randn(n, k)
        columns = torch.cat([free, free @ torch.randn(k, 1), torch.zeros(n, 1)], dim=1)
        columns = columns[:, torch.randperm(k + 2)]  # dependent, in any order
        inside = columns @ torch.randn(k + 2)
        normal = torch.linalg.svd(columns).U[:, -1]  # perpendicular to all columns
        assert accepted(columns, inside), "a combination of the columns was refused"
        zero = accepted(columns, torch.zeros(n))
        assert zero, "zero is a combination of any columns"
        beside = accepted(columns, inside + 0.01 * normal)
        assert not beside, "a vector beside the span was accepted"
    assert accepted(torch.randn(3, 5), torch.randn(3)), (
        "five random columns span three dimensions"
    )


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
#     both = torch.column_stack([columns, x])
#     before, after = (torch.linalg.matrix_rank(M, rtol=1e-9) for M in (columns, both))
#     return bool(before == after)
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
    def taking(n, f):
        """Refuse what is not one vector with n entries."""

        def linear(x):
            assert x.shape == (n,), (
                f"the map takes one vector of {n} entries, not the shape {[*x.shape]}"
            )
            return f(x)

        return linear

    for m, n in [(2, 2), (3, 5), (4, 1)]:
        A = torch.randn(m, n)
        found = given(matrix_of(taking(n, lambda x, A=A: A @ x), n), m, n)
        assert close(found, A), "wrong matrix for x → A x"
    same = given(matrix_of(taking(3, lambda x: x), 3), 3, 3)
    assert close(same, torch.eye(3)), "wrong matrix for x → x, which returns its input"
    A, B = torch.randn(2, 3), torch.randn(3, 4)
    product = given(matrix_of(taking(4, lambda x: A @ (B @ x)), 4), 2, 4)
    assert close(product, A @ B), "one map after the other is the product of both"
    layer = nn.Conv1d(1, 1, 3, padding=1, padding_mode="circular", bias=False)
    layer.requires_grad_(False)

    def convolution(x):
        return layer(x[None, None])[0, 0]

    C, x = given(matrix_of(taking(7, convolution), 7), 7, 7), torch.randn(7)
    assert close(C @ x, convolution(x)), "wrong matrix for a convolution"


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
        slanted = torch.eye(k) + torch.rand(k, k).triu()
        V, w = torch.linalg.qr(torch.randn(n, k)).Q @ slanted, torch.randn(n)
        p = given(project(V, w), n)
        assert p.isfinite().all(), "the answer is not finite"
        c = torch.linalg.lstsq(V, p[:, None]).solution[:, 0]
        assert close(V @ c, p), "the answer is not in the span of the columns"
        assert close(V.T @ (w - p), torch.zeros(k)), (
            "what is left over is not perpendicular to the columns"
        )
        again = given(project(V, p), n)
        assert close(again, p), "a point of the span should stay where it is"


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
    def measured(edges):
        return given(volume(edges))

    for n in (1, 2, 4):
        A = torch.randn(n, n)
        mirror = torch.tensor([-1.0] + (n - 1) * [1.0])
        for edges in (A, A * mirror):  # one of each orientation
            assert close(measured(edges), torch.linalg.det(A).abs()), (
                "for a square matrix this is |det|"
            )
    a, b = torch.randn(3), torch.randn(3)
    area = torch.linalg.cross(a, b).norm()
    assert close(measured(torch.stack([a, b], dim=1)), area), (
        "wrong area of a parallelogram in space"
    )
    edges = torch.randn(6, 4)
    rotation = torch.linalg.qr(torch.randn(6, 6)).Q
    assert close(measured(rotation @ edges), measured(edges)), (
        "a rotation changed the volume"
    )
    longer = edges * torch.tensor([1.0, -3.0, 1.0, 1.0])
    assert close(measured(longer), 3 * measured(edges)), "one edge three times as long"
    for _ in range(30):
        edges = torch.randn(6, 4)
        flat = measured(torch.cat([edges, edges.sum(1, keepdim=True)], dim=1))
        assert not flat.isnan(), "NaN for dependent edges: beware of the root of −1e-17"
        assert 0 <= flat < 1e-3, "dependent edges enclose no volume"


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

        def to_the(t, A=A, n=n):
            return given(power(A, t), n, n)

        s, t = torch.rand(2).tolist()
        assert close(to_the(3), A @ A @ A, 1e-7), "A³ is A A A"
        assert close(to_the(1), A), "A¹ is A"
        assert close(to_the(-1) @ A, torch.eye(n)), "A⁻¹ A should be the identity"
        assert close(to_the(0.5) @ to_the(0.5), A), "the root, squared, should be A"
        for whole, a, b in [(1.2, 0.3, 0.9), (s + t, s, t), (-s, t, -s - t)]:
            assert close(to_the(a) @ to_the(b), to_the(whole)), "exponents should add"
        root = to_the(t)
        assert close(root, root.T), "a power of a symmetric matrix is symmetric"
        assert torch.linalg.eigvalsh(root).min() > 0, (
            "a power of a positive eigenvalue is positive"
        )


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
    """Return the matrix of rank at most r nearest to A in the Frobenius norm."""
    raise NotImplementedError


# %% tags=["check"]
@check
def singular_values():
    for m, n in [(3, 3), (6, 4), (4, 6)]:
        A = torch.randn(m, n)
        eigenvalues = torch.linalg.eigvalsh(A.T @ A)  # smallest first
        for r in range(min(m, n) + 1):
            B = given(nearest(A, r), m, n)
            assert B.isfinite().all(), "the answer is not finite"
            hint = "" if r else " (with r = 0, A[:, -r:] is all of A)"
            assert torch.linalg.matrix_rank(B, rtol=1e-9) <= r, f"rank above {r}{hint}"
            error, least = ((A - B) ** 2).sum(), eigenvalues[: n - r].sum()
            assert close(error, least), (
                f"the squared error is {error:.4f}; rank {r} allows {least:.4f}"
            )


# %% [markdown] tags=["solution"]
# <details class="box-solution">
# <summary>Solution</summary>
#
# ```python
# def nearest(A, r):
#     """Return the matrix of rank at most r nearest to A in the Frobenius norm."""
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
            assert isinstance(network, nn.Module), "return a PyTorch module"
            found = [tuple(w.shape) for w in network.parameters() if w.dim() == 2]
            assert found == [(r, n), (n, r)], (
                f"the weights are {found}, but {r} hidden units have {[(r, n), (n, r)]}"
            )
            Y, origin = given(network(X), count, n), network(torch.zeros(n))
            Z = X.roll(1, 0)
            assert close(network(X + Z), Y + network(Z) - origin), "this is not linear"
            linear = network(torch.eye(n)) - origin
            assert torch.linalg.matrix_rank(linear, rtol=1e-9) <= r, (
                f"the rank is above {r}: something goes round the hidden units"
            )
            loss, best = ((Y - X) ** 2).sum(1).mean(), eigenvalues[r:].sum()
            assert close(loss, best), (
                f"the loss is {loss:.4f}, and {best:.4f} is possible"
            )


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
#     encoder = {"0.weight": V.T, "0.bias": -V.T @ mean}
#     network.load_state_dict({**encoder, "1.weight": V, "1.bias": mean})
#     return network
# ```
#
# </details>

# %% [markdown]
# ## 8. Spot the mistake
#
# Somebody projects onto the columns one by one and adds up what comes. For a single column that is right,
# and for perpendicular columns, too, as the first line of the check shows. Why is it wrong in general? Mend
# the function; this time solve no system.


# %% tags=["exercise"]
def project_in_turn(V, w):
    """Return the point of the span of the columns of V that is nearest to w."""
    p = torch.zeros_like(w)
    for v in V.T:
        p = p + (v @ w) / (v @ v) * v
    return p


# %% tags=["check"]
@check
def in_turn():
    V = torch.linalg.qr(torch.randn(6, 3)).Q * torch.tensor([1.0, 2.0, 3.0])
    w = torch.randn(6)
    left = w - given(project_in_turn(V, w), 6)
    assert close(V.T @ left, torch.zeros(3)), "wrong already for perpendicular columns"
    for n, k in [(2, 2), (5, 2), (6, 5)]:
        slanted = torch.eye(k) + torch.rand(k, k).triu()
        V, w = torch.linalg.qr(torch.randn(n, k)).Q @ slanted, torch.randn(n)
        before = V.clone(), w.clone()
        p = given(project_in_turn(V, w), n)
        assert close(V, before[0]), "leave V as it is"
        assert close(w, before[1]), "leave w as it is"
        c = torch.linalg.lstsq(V, p[:, None]).solution[:, 0]
        assert close(V @ c, p), "the answer is not in the span of the columns"
        assert close(V.T @ (w - p), torch.zeros(k)), (
            "slanted columns share a part, and here it is counted twice"
        )


# %% [markdown] tags=["solution"]
# <details class="box-solution">
# <summary>Solution</summary>
#
# What two columns have in common is added once for each of them. So take from every column what it shares with
# those before (Gram–Schmidt); what is left of the columns is perpendicular and spans the same space.
#
# ```python
# def project_in_turn(V, w):
#     """Return the point of the span of the columns of V that is nearest to w."""
#     p, done = torch.zeros_like(w), []
#     for v in V.T:
#         for u in done:
#             v = v - (u @ v) / (u @ u) * u
#         p = p + (v @ w) / (v @ v) * v
#         done.append(v)
#     return p
# ```
#
# </details>
