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
# Six exercises on the chapters from *Groups* to *Attention*, and a mistake to spot. Each asks for one
# function. Below it stands a check: it draws random matrices and tests the laws that the function must obey, so
# it accepts every right answer, not only ours. Until yours is right it says *Not yet* and what is wrong. A
# solution is folded under each check.
#
# Download this page with the links above, as a notebook for Jupyter or as a script for an editor that knows
# `# %%` cells. It needs PyTorch and nothing else, not even this book.
# %% tags=["setup"]
import math

import torch

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
            R = given(nearest_rotation(A), d, d)
            assert close(R @ R.T, torch.eye(d)), "not orthogonal"
            assert torch.linalg.det(R) > 0, "a reflection came back"
            others = torch.stack([random_rotation(d) for _ in range(100)])
            steps = torch.linalg.matrix_exp(1e-3 * (others - others.mT)) @ R
            distance = (R - A).norm() - 1e-9
            nearer = (others - A).norm(dim=(1, 2)).min() <= distance
            assert not nearer, "a random rotation is nearer"
            nearer = (steps - A).norm(dim=(1, 2)).min() <= distance
            assert not nearer, "a small turn brings it nearer"
            S = R.T @ A  # a turn by a tiny W changes the distance by the trace of W S
            assert close(S, S.T, 1e-7), "a very small turn brings it nearer"
        R = random_rotation(d)
        assert close(given(nearest_rotation(R), d, d), R), (
            "a rotation is its own nearest rotation"
        )


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
    for angle in (6.0, 3.0, 1.0, 1e-3, 1e-6, 1e-10, 0.0):
        omega = angle * torch.nn.functional.normalize(torch.randn(3), dim=0)
        R = given(turn(omega), 3, 3)
        series = torch.eye(3)
        for k in range(60, 0, -1):
            series = torch.eye(3) + hat(omega) @ series / k
        tolerance = 1e-12 if angle <= 3 else 1e-11
        assert close(R, series, tolerance), f"wrong at the angle {angle:g}"
        slope = torch.autograd.functional.jacobian(turn, omega)
        assert not slope.isnan().any(), f"the gradient is NaN at the angle {angle:g}"
        step = 1e-5 * torch.nn.functional.normalize(torch.randn(3), dim=0)
        difference = (turn(omega + step) - turn(omega - step)) / 2
        right = close(slope @ step, difference, 1e-12)
        assert right, f"the gradient is wrong at the angle {angle:g}"


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
    def found(R, S):
        return float(given(angle_between(R, S)))

    large = [math.pi - gap for gap in (1e-3, 1e-6, 1e-9)]
    for angle in (0.0, 1e-9, 1e-6, 1e-3, 1.0, 3.0, *large):
        K = hat(torch.nn.functional.normalize(torch.randn(3), dim=0))
        D = torch.eye(3) + math.sin(angle) * K
        D = D + 2 * math.sin(angle / 2) ** 2 * (K @ K)
        error = abs(found(torch.eye(3), D) - angle)
        assert error <= 1e-8 * min(angle + 1e-7, 1), f"off at the angle {angle:g}"
        R = random_rotation(3)
        error = abs(found(R, R @ D) - angle)
        assert error < 1e-10, f"off at the angle {angle:g}, seen from R"


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
# Given a basis of a Lie algebra of real matrices, of whatever kind, write all brackets in that basis. If a
# bracket is not in the span, the matrices are no basis of an algebra: raise `ValueError`.


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
    slanted = torch.eye(6) + torch.rand(6, 6).triu(1)
    units = torch.eye(9).view(3, 3, 3, 3)  # units[i, j] has a one in row i, column j
    planar = units[:2, :2, :2, :2]
    for name, basis in {
        "so(3)": hat(torch.eye(3)),
        "so(4), in a slanted basis": torch.einsum("ij,jkl->ikl", slanted, E - E.mT),
        "sl(2)": torch.stack([planar[0, 1], planar[1, 0], planar[0, 0] - planar[1, 1]]),
        "the Heisenberg algebra": torch.stack([units[0, 1], units[1, 2], units[0, 2]]),
        "the diagonal matrices": torch.stack([planar[0, 0], planar[1, 1]]),
    }.items():
        k = len(basis)
        try:
            c = given(structure_constants(basis), k, k, k)
        except ValueError as problem:
            raise AssertionError(f"{name} is an algebra and was refused") from problem
        brackets = torch.einsum("iab,jbc->ijac", basis, basis)
        brackets = brackets - brackets.transpose(0, 1)
        ours = torch.einsum("ijk,kab->ijab", c, basis)
        assert close(ours, brackets), f"these are not the brackets of {name}"
    symmetric = [planar[0, 0], planar[1, 1], planar[0, 1] + planar[1, 0]]
    for name, basis in {
        "the symmetric matrices": torch.stack(symmetric),
        "two of the three turns": hat(torch.eye(3))[:2],
        "two units": torch.stack([planar[0, 1], planar[1, 0]]),
    }.items():
        raised = None
        try:
            structure_constants(basis)
        except Exception as problem:
            raised = type(problem)
        assert raised, f"{name} were accepted, but a bracket is not in the span"
        assert raised is ValueError, f"raise ValueError, not {raised.__name__}"


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
    turns = hat(torch.eye(3))
    slanted = torch.eye(3) + torch.ones(3, 3).triu(1)
    twice = slanted @ torch.diag(torch.tensor([1.0, 1.0, 2.0])) @ slanted.inverse()
    for name, matrices, dimension in [
        ("rotations of the plane: aI + bJ", J[None], 2),
        ("rotations of space: aI", turns, 1),
        ("rotations of space, in another order: aI", turns.flip(0), 1),
        ("turns about one axis of space", turns[:1], 3),
        ("everything commutes with I", torch.eye(4)[None], 16),
        ("two planes turned alike", torch.block_diag(J, J)[None], 8),
        ("the cyclic shift of five pixels", torch.eye(5).roll(1, 0)[None], 5),
        ("a shear", torch.tensor([[[1.0, 1.0], [0.0, 1.0]]]), 2),
        ("all 2 × 2 matrices: aI", torch.eye(4).view(4, 2, 2), 1),
        ("eigenvalues 1, 1 and 2, in a slanted basis", twice[None], 5),
    ]:
        found = given(commutant_dimension(matrices))
        assert found == dimension, f"{name}: the dimension is {dimension}, not {found}"


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
# matrices, write attention whose output turns when all vectors are turned. A matrix *W* mixes the channels of token
# *i*: `W @ x[i]` is its query, key or value. The score of two tokens is the dot product of query and key over
# channels *and* coordinates, times a constant of your choice. Where c = d, a wrong index gives no error, only a wrong
# layer.


# %% tags=["exercise"]
def vector_attention(x, query, key, value):
    """Average the values by the softmax of the dot products of queries and keys."""
    raise NotImplementedError


# %% tags=["check"]
@check
def attention():
    for n, c, d in ((6, 3, 3), (4, 2, 2), (6, 4, 3), (5, 1, 5)):
        x, W = torch.randn(n, c, d), 0.2 * torch.randn(3, c, c)
        W[2] += torch.eye(c)
        R, y = random_rotation(d), given(vector_attention(x, *W), n, c, d)
        turned = given(vector_attention(x @ R.T, *W), n, c, d)
        assert close(turned, y @ R.T), "the output does not turn along"
        order = torch.randperm(n)
        swapped = given(vector_attention(x[order], *W), n, c, d)
        assert close(swapped, y[order]), "the order of the tokens matters"
        q, k, v = (torch.stack([M @ token for token in x]).flatten(1) for M in W)
        # which mean of the values is each output? They are independent: one mean
        system = torch.cat([v, torch.ones(n, 1)], dim=1).T
        goal = torch.cat([y.flatten(1), torch.ones(n, 1)], dim=1).T
        weights = torch.linalg.lstsq(system, goal).solution
        assert close(system @ weights, goal), (
            "an output is no mean of the values W @ x[i], one weight for each token"
        )
        assert weights.min() > 0, "each value should have a positive weight"
        logs, scores = weights.T.log(), q @ k.T
        logs, scores = (t - t.mean(dim=1, keepdim=True) for t in (logs, scores))
        constant = (logs * scores).sum() / (scores * scores).sum()
        assert close(logs, constant * scores, 1e-6), (
            "the weights are not the softmax of the dot products of queries and keys"
        )
        assert constant > 0, "the larger the score, the larger the weight"


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

# %% [markdown]
# ## 7. Spot the mistake
#
# Rotary positions: a transformer turns the entries of queries and keys, pair by pair, by angles that grow with the
# position, so that a score depends on the *distance* of two positions alone. This code keeps all lengths and is right
# for the first positions, and farther out the scores are wrong. Mend it.


# %% tags=["exercise"]
def place(x, position, frequencies):
    """Turn each pair (x[2i], x[2i + 1]) by position times its frequency."""
    angle = (position * frequencies).remainder(math.pi)  # large angles lose digits
    a, b = x[0::2], x[1::2]
    pairs = [a * angle.cos() - b * angle.sin(), a * angle.sin() + b * angle.cos()]
    return torch.stack(pairs, dim=-1).flatten()


# %% tags=["check"]
@check
def positions():
    for pairs in (1, 4):
        q, k = torch.randn(2, 2 * pairs)
        w = 1 + 2 * torch.rand(pairs)

        def at(x, position, w=w):
            return given(place(x, position, w), len(x))

        assert close(at(q, 0), q), "at position 0 nothing turns"
        for m, n in [(1, 2), (5, 3), (2.5, 7)]:
            assert close(at(q, m).norm(), q.norm()), "a turn keeps the length"
            assert close(at(at(q, m), n), at(q, m + n)), "turns should add up"
            score, moved = at(q, m) @ at(k, n), at(q, m + 4) @ at(k, n + 4)
            assert close(score, moved), "the score depends on more than the distance"
            exact = torch.view_as_complex(q.view(-1, 2)) * torch.exp(1j * m * w)
            turned = torch.view_as_real(exact).flatten()
            right = close(at(q, m), turned)
            assert right, "each pair (a, b) should turn from a towards b"


# %% [markdown] tags=["solution"]
# <details class="box-solution">
# <summary>Solution</summary>
#
# A turn by π is not nothing, it changes the sign of both entries. The angle may be reduced by full turns alone; or not
# at all, as `sin` and `cos` reduce it themselves.
#
# ```python
# def place(x, position, frequencies):
#     """Turn each pair (x[2i], x[2i + 1]) by position times its frequency."""
#     angle = position * frequencies
#     a, b = x[0::2], x[1::2]
#     pairs = [a * angle.cos() - b * angle.sin(), a * angle.sin() + b * angle.cos()]
#     return torch.stack(pairs, dim=-1).flatten()
# ```
#
# </details>
