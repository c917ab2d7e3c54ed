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
# # Lab: equivariant layers
#
# Six exercises along the chapters from *Group convolutions* to *Points in space*, and a mistake to spot. Each
# asks for one function. Below it stands a check: it draws random inputs and tests the laws that the function
# must obey, so it accepts every right answer, not only ours. Until yours is right it says *Not yet* and what is
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
# ## 1. Count the weights of a layer
#
# A symmetry of your own: each of its generators rearranges the *n* inputs, and the *m* outputs. A rearrangement
# is a tensor of places, and `x[g]` is the rearranged `x`. How many weights does the general linear layer have
# that commutes with all generators? (Entries of its matrix must be equal along the orbits of pairs.)


# %% tags=["exercise"]
def count_weights(inputs, outputs):
    """Return the number of free weights; inputs and outputs are lists of tensors."""
    raise NotImplementedError


# %% tags=["check"]
@check
def counts():
    def free(inputs, outputs):
        """Count by linear algebra: the null space of M P − Q M."""
        n, m = len(inputs[0]), len(outputs[0])
        rows = [
            torch.kron(torch.eye(m), torch.eye(n)[g].T.contiguous())
            - torch.kron(torch.eye(m)[h].contiguous(), torch.eye(n))
            for g, h in zip(inputs, outputs, strict=True)
        ]
        return n * m - int(torch.linalg.matrix_rank(torch.cat(rows)))

    cycle, swap = torch.tensor([1, 2, 3, 0]), torch.tensor([1, 0, 2, 3])
    still = torch.tensor([0])
    examples = {
        "the shifts of four points": ([cycle], [cycle]),
        "all orders of four points": ([cycle, swap], [cycle, swap]),
        "one output that stays": ([cycle], [still]),
        "two different actions": ([cycle], [torch.tensor([1, 0])]),
    }
    for name, (inputs, outputs) in examples.items():
        found, right = given(count_weights(inputs, outputs)), free(inputs, outputs)
        assert close(found, right), f"for {name} it is {right}, not {found:g}"
    for _ in range(20):
        n, m = torch.randint(1, 6, (2,)).tolist()
        inputs = [torch.randperm(n) for _ in range(2)]
        outputs = [torch.randperm(m) for _ in range(2)]
        found, right = given(count_weights(inputs, outputs)), free(inputs, outputs)
        assert close(found, right), f"for a random case it is {right}, not {found:g}"


# %% [markdown] tags=["solution"]
# <details class="box-solution">
# <summary>Solution</summary>
#
# Give each pair a label of its own, and let the smaller label win along each generator until nothing changes.
#
# ```python
# def count_weights(inputs, outputs):
#     """Return the number of free weights; inputs and outputs are lists of tensors."""
#     n, m = len(inputs[0]), len(outputs[0])
#     label = torch.arange(m * n).reshape(m, n)
#     while True:
#         before = label.clone()
#         for g, h in zip(inputs, outputs, strict=True):
#             smaller = torch.minimum(label, label[h][:, g])
#             label[h[:, None], g] = torch.minimum(smaller, label[h][:, g])
#             label = torch.minimum(label, label[h][:, g])
#         if torch.equal(label, before):
#             return len(label.unique())
# ```
#
# </details>

# %% [markdown]
# ## 2. Lift a picture
#
# One filter, read in its four positions: map *k* of the answer is the picture convolved with the filter that
# was turned *k* quarters to the left, as `torch.rot90` turns. Pad with zeros, so that the size stays. Turning
# the picture by a quarter must turn all four maps and pass each on to the next place.


# %% tags=["exercise"]
def lift(x, w):
    """Return the maps (batch, 4, n, n) of pictures (batch, n, n) under a 3×3 filter."""
    raise NotImplementedError


# %% tags=["check"]
@check
def lifting():
    for n in (5, 8):
        x, w = torch.randn(2, n, n), torch.randn(3, 3)
        y = given(lift(x, w), 2, 4, n, n)
        plain = nn.functional.conv2d(x[:, None], w[None, None], padding=1)[:, 0]
        assert close(y[:, 0], plain), (
            "map 0 is not the picture convolved with the filter"
        )
        turned = given(lift(x.rot90(1, (-2, -1)), w), 2, 4, n, n)
        expected = y.rot90(1, (-2, -1)).roll(1, dims=1)
        assert close(turned, expected), "turning the picture does not pass the maps on"


# %% [markdown] tags=["solution"]
# <details class="box-solution">
# <summary>Solution</summary>
#
# ```python
# def lift(x, w):
#     """Return the maps (batch, 4, n, n) of pictures (batch, n, n) under a 3×3 filter."""
#     filters = torch.stack([w.rot90(k, (-2, -1)) for k in range(4)])[:, None]
#     return nn.functional.conv2d(x[:, None], filters, padding=1)
# ```
#
# </details>

# %% [markdown]
# ## 3. From maps to maps
#
# The next layer has a filter for each *difference* of positions: map *k* of the answer reads map *j* with the
# filter number *j* − *k* (from 0 to 3, around the circle), turned *k* quarters to the left.


# %% tags=["exercise"]
def group_convolution(f, w):
    """Return maps (batch, 4, n, n) from maps of this shape and filters (4, 3, 3)."""
    raise NotImplementedError


# %% tags=["check"]
@check
def group():
    def move(f, quarters):
        return f.rot90(quarters, (-2, -1)).roll(quarters, dims=1)

    for batch, n in ((2, 6), (1, 7)):
        f, w = torch.randn(batch, 4, n, n), torch.randn(4, 3, 3)
        y = given(group_convolution(f, w), *f.shape)
        plain = nn.functional.conv2d(f, w[None], padding=1)[:, 0]
        assert close(y[:, 0], plain), "map 0 does not read map j with filter j, upright"
        for quarters in (1, 2, 3):
            moved = given(group_convolution(move(f, quarters), w), *f.shape)
            name = f"a turn by {90 * quarters}°"
            along = close(moved, move(y, quarters))
            assert along, f"{name} does not turn the answer along"


# %% [markdown] tags=["solution"]
# <details class="box-solution">
# <summary>Solution</summary>
#
# ```python
# def group_convolution(f, w):
#     """Return maps (batch, 4, n, n) from maps of this shape and filters (4, 3, 3)."""
#     filters = [w.roll(k, dims=0).rot90(k, (-2, -1)) for k in range(4)]
#     return nn.functional.conv2d(f, torch.stack(filters), padding=1)
# ```
#
# </details>

# %% [markdown]
# ## 4. How often is it in there?
#
# A finite group acts by matrices, one for each element, in a stack of the shape (order, d, d). Its character is
# the trace of each. Return how many independent vectors no element moves, from the traces alone.


# %% tags=["exercise"]
def count_invariants(rho):
    """Return the dimension of the vectors that all matrices leave alone."""
    raise NotImplementedError


# %% tags=["check"]
@check
def invariants():
    turn = torch.tensor([[0.0, -1.0], [1.0, 0.0]])
    turns = torch.stack([torch.linalg.matrix_power(turn, k) for k in range(4)])
    shifts = torch.stack([torch.eye(5).roll(k, 0) for k in range(5)])
    both = torch.stack([torch.block_diag(turns[k], torch.eye(3)) for k in range(4)])
    signs = torch.stack([torch.eye(3), torch.diag(torch.tensor([1.0, -1.0, -1.0]))])
    for name, rho, right in (
        ("quarter turns of the plane", turns, 0),
        ("shifts of five points", shifts, 1),
        ("turns beside three numbers that stay", both, 3),
        ("two signs", signs, 1),
        ("nothing but the identity", torch.eye(4)[None], 4),
    ):
        found = given(count_invariants(rho))
        assert close(found, right), f"for {name} it is {right}, not {found:g}"
        S = torch.randn(rho.shape[-1], rho.shape[-1])
        other = S @ rho @ torch.linalg.inv(S)
        assert close(given(count_invariants(other)), right, 1e-6), (
            f"for {name} in another basis the answer changes"
        )


# %% [markdown] tags=["solution"]
# <details class="box-solution">
# <summary>Solution</summary>
#
# The mean of all matrices is the projection to the invariant vectors, and the trace of a projection is the
# dimension of its image.
#
# ```python
# def count_invariants(rho):
#     """Return the dimension of the vectors that all matrices leave alone."""
#     return rho.diagonal(dim1=-2, dim2=-1).sum(-1).mean()
# ```
#
# </details>

# %% [markdown]
# ## 5. Multiply two arrows, three times
#
# The nine products of the coordinates of two arrows fall apart into kinds: a number, an arrow, and a symmetric
# matrix of trace zero. Return all three for a batch. Turning both arrows by *R* must leave the number alone,
# turn the arrow by *R*, and the matrix *T* to *R T* transposed *R*. None of them may be zero.


# %% tags=["exercise"]
def products(f, g):
    """Return shapes (k,), (k, 3) and (k, 3, 3) for arrows of the shape (k, 3)."""
    raise NotImplementedError


# %% tags=["check"]
@check
def kinds():
    f, g, h = torch.randn(3, 20, 3)
    A = torch.randn(3, 3)
    R = torch.linalg.matrix_exp(A - A.T)

    def parts(f, g):
        k, found = len(f), products(f, g)
        assert found is not None, "nothing came back: is a return missing?"
        assert len(found) == 3, "return three parts: a number, an arrow and a matrix"
        number, arrow, matrix = found
        return given(number, k), given(arrow, k, 3), given(matrix, k, 3, 3)

    number, arrow, matrix = parts(f, g)
    turned = parts(f @ R.T, g @ R.T)
    assert close(turned[0], number), "the number changes when both arrows turn"
    assert close(turned[1], arrow @ R.T), "the arrow does not turn along"
    assert close(turned[2], R @ matrix @ R.T), "the matrix does not turn along"
    assert close(matrix, matrix.mT), "the matrix is not symmetric"
    trace = matrix.diagonal(dim1=-2, dim2=-1).sum(-1)
    assert close(trace, torch.zeros(20)), "the trace of the matrix is not zero"
    for k, name in enumerate(("number", "arrow", "matrix")):
        part, other, first = parts(f, g)[k], parts(f, h)[k], parts(h, g)[k]
        assert part.abs().max() > 1e-3, f"the {name} is zero"
        total = parts(f, 2 * g + h)[k]
        assert close(total, 2 * part + other), f"the {name} is not linear in g"
        total = parts(2 * f + h, g)[k]
        assert close(total, 2 * part + first), f"the {name} is not linear in f"
        few = parts(f[:7], g[:7])[k]
        assert close(few, part[:7]), f"the {name} of a pair depends on other pairs"


# %% [markdown] tags=["solution"]
# <details class="box-solution">
# <summary>Solution</summary>
#
# ```python
# def products(f, g):
#     """Return shapes (k,), (k, 3) and (k, 3, 3) for arrows of the shape (k, 3)."""
#     dot = (f * g).sum(-1)
#     outer = f[:, :, None] * g[:, None, :]
#     symmetric = (outer + outer.mT) / 2
#     traceless = symmetric - dot[:, None, None] / 3 * torch.eye(3)
#     return dot, torch.linalg.cross(f, g), traceless
# ```
#
# </details>

# %% [markdown]
# ## 6. An arrow for each point
#
# Write a layer for *n* points in space with a number *s* at each: it returns an arrow for each point. Motions
# of space (turns, inversions, translations) must turn the arrows along, and renumbering the points must renumber
# them. Points that coincide must not break it, and its arrows must depend on the numbers *s*.


# %% tags=["exercise"]
def arrows(x, s):
    """Return arrows (n, 3) for positions x of the shape (n, 3) and numbers s (n,)."""
    raise NotImplementedError


# %% tags=["check"]
@check
def points():
    for n in (9, 6):
        x, s, A = torch.randn(n, 3), torch.randn(n), torch.randn(3, 3)
        R, t = torch.linalg.matrix_exp(A - A.T), 3 * torch.randn(3)
        v = given(arrows(x, s), n, 3)
        assert v.isfinite().all(), (
            "the arrows are not finite (a point has distance zero from itself)"
        )
        assert close(given(arrows(x + t, s), n, 3), v), (
            "a translation changes the arrows"
        )
        assert close(given(arrows(x @ R.T, s), n, 3), v @ R.T), (
            "the arrows do not turn along"
        )
        assert close(given(arrows(-x, s), n, 3), -v), (
            "an inversion does not turn them around"
        )
        order = torch.randperm(n)
        renumbered = given(arrows(x[order], s[order]), n, 3)
        assert close(renumbered, v[order]), (
            "renumbering the points does not renumber the arrows"
        )
        assert v.abs().max() > 1e-3, "all arrows are zero"
        other = given(arrows(x, torch.randn(n)), n, 3)
        assert not close(other, v, 1e-3), "the arrows do not depend on the numbers"
    x[1] = x[0]
    x.requires_grad_()
    v = torch.as_tensor(arrows(x, s))
    assert v.isfinite().all(), "points that coincide give no finite arrow"
    if v.requires_grad:
        (gradient,) = torch.autograd.grad(v.square().sum(), x)
        assert gradient.isfinite().all(), (
            "at coinciding points the gradient is not finite"
        )


# %% [markdown] tags=["solution"]
# <details class="box-solution">
# <summary>Solution</summary>
#
# Differences of positions, times numbers that no motion changes. Squared lengths are smooth at zero.
#
# ```python
# def arrows(x, s):
#     """Return arrows (n, 3) for positions x of the shape (n, 3) and numbers s (n,)."""
#     r = x[None, :, :] - x[:, None, :]
#     weights = s[None, :] * torch.exp(-r.square().sum(-1))
#     return (weights[..., None] * r).sum(1)
# ```
#
# </details>

# %% [markdown]
# ## 7. Spot the mistake
#
# Values that turn twice as fast as the plane, such as the directions of strokes, stand in the two channels of a
# field. Turning the picture by a quarter to the left turns places and values. The program below passes a test
# with half a turn. What is wrong with it?


# %% tags=["exercise"]
def turn_strokes(f, quarters):
    """Return the field f (2, n, n), whose values turn twice as fast, turned left."""
    angle = torch.tensor(quarters * math.pi / 2)
    rho = torch.stack(
        [
            torch.stack([angle.cos(), -angle.sin()]),
            torch.stack([angle.sin(), angle.cos()]),
        ]
    )
    moved = f.rot90(quarters, (-2, -1))
    return torch.einsum("ij,jxy->ixy", rho @ rho.T, moved)


# %% tags=["check"]
@check
def strokes():
    def field(x, y):
        """The second derivatives (f_xx − f_yy, 2 f_xy) of a bump beside the middle."""
        u, v = x - 0.7, y + 0.3
        return torch.stack([u**2 - v**2, 2 * u * v]) * torch.exp(-(u**2) - v**2)

    for n in (21, 8):
        ticks = torch.linspace(-2, 2, n)
        y, x = torch.meshgrid(-ticks, ticks, indexing="ij")
        f = field(x, y)
        for quarters in (1, 2, 3):
            angle = quarters * math.pi / 2
            c, s = math.cos(angle), math.sin(angle)
            u, v = field(c * x + s * y, -s * x + c * y)
            c, s = math.cos(2 * angle), math.sin(2 * angle)
            expected = torch.stack([c * u - s * v, s * u + c * v])
            found = given(turn_strokes(f, quarters), 2, n, n)
            assert close(found, expected), f"a turn by {90 * quarters}° goes wrong"


# %% [markdown] tags=["solution"]
# <details class="box-solution">
# <summary>Solution</summary>
#
# `rho @ rho.T` is the identity: the values are moved, and not turned. Twice as fast is the *square* of the
# matrix, `rho @ rho`. After half a turn both are the identity, so only a quarter turn shows it.
#
# ```python
# def turn_strokes(f, quarters):
#     """Return the field f (2, n, n), whose values turn twice as fast, turned left."""
#     angle = torch.tensor(quarters * math.pi / 2)
#     c, s = angle.cos(), angle.sin()
#     rho = torch.stack([torch.stack([c, -s]), torch.stack([s, c])])
#     moved = f.rot90(quarters, (-2, -1))
#     return torch.einsum("ij,jxy->ixy", rho @ rho, moved)
# ```
#
# </details>
