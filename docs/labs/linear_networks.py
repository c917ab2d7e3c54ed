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
# # Lab: linear networks
#
# Six exercises that end with a network for a symmetry of your own, and a mistake to spot. Each asks for one
# function. Below it stands a check: it draws random permutations and matrices and tests the laws that the
# function must obey, so it accepts every right answer, not only ours. Until yours is right it says *Not yet* and
# what is wrong. A solution is folded under each check.
#
# Download this page with the links above, as a notebook for Jupyter or as a script for an editor that knows
# `# %%` cells. It needs PyTorch and nothing else, not even this book.
#
# A permutation is a tensor of indices from zero: it sends the vector *x* to `x[sigma]`.

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


# %% tags=["setup"]
def shift_right(rows, columns):
    """Return the permutation that moves a picture one pixel to the right."""
    pixels = torch.arange(rows * columns).reshape(rows, columns)
    return pixels.roll(1, dims=1).flatten()


def powers(sigma):
    """Return all powers of a permutation."""
    found = [torch.arange(len(sigma))]
    while not torch.equal(found[-1][sigma], found[0]):
        found.append(found[-1][sigma])
    return found


def number_of_classes(sigma):
    """Count the classes of entries that agree: the mean square of the fixed points."""
    points = torch.arange(len(sigma))
    fixed = [int((power == points).sum()) for power in powers(sigma)]
    return sum(count**2 for count in fixed) // len(fixed)


EXAMPLES = [
    torch.tensor([2, 4, 3, 0, 1]),  # the cycles (1 3 4)(2 5) of the chapters
    shift_right(2, 6),
    torch.arange(9).reshape(3, 3).rot90(-1).flatten(),
]

# %% [markdown]
# ## 1. Cycles
#
# Start anywhere and follow the permutation until you are back: that is a cycle. A point that stays is a
# cycle of length one. List all cycles, each as a list of indices *i*, `sigma[i]`, `sigma[sigma[i]]`, …


# %% tags=["exercise"]
def cycles(sigma):
    """Return the cycles of a permutation as a list of lists of integers."""
    raise NotImplementedError


# %% tags=["check"]
@check
def all_cycles():
    for sigma in [*EXAMPLES, *(torch.randperm(n) for n in range(1, 9))]:
        found = cycles(sigma)
        assert found is not None, "nothing came back: is a return missing?"
        found = [[int(point) for point in cycle] for cycle in found]
        assert all(found), "a cycle has no points"
        points = sorted(point for cycle in found for point in cycle)
        assert points == list(range(len(sigma))), (
            "every point belongs to exactly one cycle, once, and fixed points do, too"
        )
        for cycle in found:
            following = [*cycle[1:], cycle[0]]
            steps = zip(cycle, following, strict=True)
            assert all(sigma[i] == j for i, j in steps), (
                f"{cycle} does not follow the permutation"
            )


# %% [markdown] tags=["solution"]
# <details class="box-solution">
# <summary>Solution</summary>
#
# Mark what has been seen.
#
# ```python
# def cycles(sigma):
#     """Return the cycles of a permutation as a list of lists of integers."""
#     images, seen, found = sigma.tolist(), set(), []
#     for start in range(len(images)):
#         cycle, point = [], start
#         while point not in seen:
#             seen.add(point)
#             cycle.append(point)
#             point = images[point]
#         if cycle:
#             found.append(cycle)
#     return found
# ```
#
# </details>

# %% [markdown]
# ## 2. The nearest invariant map
#
# A matrix *M* is invariant if `M[:, sigma]` is *M* again: its columns agree along each cycle. Find the
# invariant matrix of rank at most *r* that is nearest to a given one. One way: put the average of its cycle into
# every column, then truncate the singular value decomposition. To save work you may keep one column for each
# cycle; but a column that stands seven times in the matrix should then count seven times.


# %% tags=["exercise"]
def nearest_invariant(U, sigma, rank):
    """Return the nearest matrix to U, of this rank and equal along cycles."""
    raise NotImplementedError


# %% tags=["check"]
@check
def invariant():
    for sigma in [*EXAMPLES, torch.tensor([1, 2, 3, 4, 5, 6, 0, 8, 7, 9])]:
        for rows, rank in ((4, 1), (3, 2), (4, 4)):
            U = torch.randn(rows, len(sigma))
            M = given(nearest_invariant(U, sigma, rank), *U.shape)
            assert close(M[:, sigma], M), "the columns differ along a cycle"
            assert torch.linalg.matrix_rank(M, rtol=1e-9) <= rank, f"rank above {rank}"
            average = sum(U[:, p] for p in powers(sigma)) / len(powers(sigma))
            lost = (torch.linalg.svdvals(average)[rank:] ** 2).sum()
            least, error = ((U - average) ** 2).sum() + lost, ((U - M) ** 2).sum()
            assert error <= (U**2).sum() + 1e-8, "the zero matrix is nearer than this"
            assert close(error, least), (
                f"the squared distance is {error:.4f}, and {least:.4f} is possible"
            )


# %% [markdown] tags=["solution"]
# <details class="box-solution">
# <summary>Solution</summary>
#
# This is the short way. With the averages *u* and the sizes *s* of the cycles, the squared distance is a constant
# plus the sum of *s* |u − m|². The square root of *s*, multiplied into the columns, turns it into an ordinary
# distance.
#
# ```python
# def nearest_invariant(U, sigma, rank):
#     """Return the nearest matrix to U, of this rank and equal along cycles."""
#     parts = cycles(sigma)
#     weights = torch.tensor([float(len(part)) for part in parts]).sqrt()
#     means = torch.stack([U[:, part].mean(dim=1) for part in parts], dim=1) * weights
#     left, values, right = torch.linalg.svd(means, full_matrices=False)
#     means = left[:, :rank] * values[:rank] @ right[:rank] / weights
#     M = torch.zeros_like(U)
#     for k, part in enumerate(parts):
#         M[:, part] = means[:, [k]]
#     return M
# ```
#
# </details>

# %% [markdown]
# ## 3. Which entries are equal?
#
# A matrix *M* commutes with the permutation if `M[sigma][:, sigma]` is *M* again. So its entries agree along
# the orbits of pairs of points: `(i, j)`, `(sigma[i], sigma[j])` and so on. Number these orbits from zero, and
# return the number of the orbit of each entry.


# %% tags=["exercise"]
def classes(sigma):
    """Return the n × n numbers of the orbits of pairs, from zero."""
    raise NotImplementedError


# %% tags=["check"]
@check
def commuting():
    for sigma in [*EXAMPLES, *(torch.randperm(n) for n in range(1, 7))]:
        n, number = len(sigma), number_of_classes(sigma)
        found = given(classes(sigma), n, n)
        assert close(found, found.round()), "number the orbits by integers"
        assert sorted(found.unique().tolist()) == list(range(number)), (
            f"there are {number} orbits, numbered from 0 on"
        )
        assert torch.equal(found[sigma][:, sigma], found), (
            "a pair and its image are in different classes"
        )


# %% [markdown] tags=["solution"]
# <details class="box-solution">
# <summary>Solution</summary>
#
# Follow each pair around, as you followed points.
#
# ```python
# def classes(sigma):
#     """Return the n × n numbers of the orbits of pairs, from zero."""
#     images, n = sigma.tolist(), len(sigma)
#     found, count = torch.full((n, n), -1), 0
#     for i in range(n):
#         for j in range(n):
#             if found[i, j] < 0:
#                 while found[i, j] < 0:
#                     found[i, j] = count
#                     i, j = images[i], images[j]
#                 count += 1
#     return found
# ```
#
# </details>

# %% [markdown]
# ## 4. Waves
#
# In a basis of waves, commuting matrices fall apart into blocks. Return an orthogonal matrix whose columns
# are waves on single cycles: for a cycle of length *L* and each frequency *j* from 0 to *L*/2 a sine and a
# cosine, scaled to length one. At the frequencies 0 and *L*/2 the sine is zero: leave it out there, and mind
# the scale of the cosine.


# %% tags=["exercise"]
def waves(sigma):
    """Return an orthogonal matrix of sines and cosines on the cycles."""
    raise NotImplementedError


# %% tags=["check"]
@check
def orthogonal_waves():
    for sigma in [*EXAMPLES, *(torch.randperm(n) for n in range(1, 9))]:
        n, found = len(sigma), powers(sigma)
        Q = given(waves(sigma), n, n)
        assert close(Q.T @ Q, torch.eye(n)), "the columns are not orthonormal"
        P = torch.eye(n)[sigma]
        second = Q.T @ (P + P.T) @ Q  # each wave is an eigenvector: 2 cos of its angle
        assert close(second, second.diagonal().diag()), "a column is no wave on a cycle"
        together = torch.stack([torch.eye(n)[p] for p in found]).amax(0)  # same cycle
        for wave in Q.T:
            on = wave.abs() > 1e-9
            assert together[on][:, on].all(), "a column lives on several cycles"


# %% [markdown] tags=["solution"]
# <details class="box-solution">
# <summary>Solution</summary>
#
# The squares of cosines sum to *L*/2, except at the two frequencies without a sine, where they sum to *L*.
#
# ```python
# def waves(sigma):
#     """Return an orthogonal matrix of sines and cosines on the cycles."""
#     columns = []
#     for cycle in cycles(sigma):
#         L = len(cycle)
#         for j in range(L // 2 + 1):
#             angle = 2 * math.pi * j * torch.arange(L) / L
#             lone = 2 * j % L == 0
#             both = [torch.sin(angle), torch.cos(angle)]
#             for wave in both[1:] if lone else both:
#                 column = torch.zeros(len(sigma))
#                 column[cycle] = wave * math.sqrt((1 if lone else 2) / L)
#                 columns.append(column)
#     return torch.stack(columns, dim=1)
# ```
#
# </details>

# %% [markdown]
# ## 5. How many components?
#
# A primitive *l*-th root of unity is an eigenvalue once for each cycle whose length is a multiple of *l*; call
# the number *d*. Equivariant maps of rank *r* fall into components: choose a rank from 0 to *d* for the
# eigenvalue 1, for −1, and for each *pair* of conjugate eigenvalues, where it counts twice; the sum is *r*.
# Count the choices. For pictures of 28 × 28 pixels, shifted, and *r* = 99 there are 72,425,986,088,826, so do
# not list them: multiply polynomials.


# %% tags=["exercise"]
def count_components(sigma, rank):
    """Return in how many ways the eigenvalues can share the rank, exactly."""
    raise NotImplementedError


# %% tags=["check"]
@check
def components():
    def counted(sigma, rank):
        ways = count_components(sigma, rank)
        assert ways is not None, "nothing came back: is a return missing?"
        return ways

    turn = [counted(EXAMPLES[2], r) for r in range(10)]
    assert turn == [1, 2, 4, 5, 6, 6, 5, 4, 2, 1], "wrong for 3 × 3 rotations"
    small = [counted(EXAMPLES[0], r) for r in range(6)]
    assert small == [1, 2, 3, 3, 2, 1], "wrong for (1 3 4)(2 5)"
    assert counted(torch.arange(4), 2) == 1, "the identity has one eigenvalue"
    for sigma in [shift_right(2, 4), torch.randperm(7)]:
        ranks = range(len(sigma) + 1)
        found = [counted(sigma, r) for r in ranks]
        assert found == found[::-1], "rank r leaves n − r: as many ways for both"
    digits = shift_right(28, 28)
    assert counted(digits, 99) == 72425986088826, "wrong for MNIST at rank 99"
    assert counted(digits, 392) == 55446256670488772565, (
        "wrong for MNIST at rank 392: are all integers exact?"
    )


# %% [markdown] tags=["solution"]
# <details class="box-solution">
# <summary>Solution</summary>
#
# The coefficient of *x* to the *r* in the product of 1 + *x* + … + *x* to the *d* (with *x*² for pairs).
#
# ```python
# def count_components(sigma, rank):
#     """Return in how many ways the eigenvalues can share the rank, exactly."""
#     lengths = [len(cycle) for cycle in cycles(sigma)]
#     ways = [1] + [0] * rank
#     for l in range(1, max(lengths) + 1):
#         d = sum(n % l == 0 for n in lengths)
#         primitive = sum(math.gcd(l, m) == 1 for m in range(1, l + 1))
#         weight = 1 if l <= 2 else 2
#         for _ in range(primitive // weight if d else 0):
#             ways = [
#                 sum(ways[t - weight * k] for k in range(min(d, t // weight) + 1))
#                 for t in range(rank + 1)
#             ]
#     return ways[rank]
# ```
#
# </details>

# %% [markdown]
# ## 6. A layer for your symmetry
#
# Bring a permutation of your own, and build the general linear layer that commutes with it, as a PyTorch
# module: one weight for each class of exercise 3. Give it the parameters that it needs and no more.


# %% tags=["exercise"]
def equivariant_layer(sigma):
    """Return a module, n numbers to n, that commutes with the permutation."""
    raise NotImplementedError


# %% tags=["check"]
@check
def layer():
    for sigma in [*EXAMPLES, torch.randperm(7)]:
        module, n = equivariant_layer(sigma), len(sigma)
        assert isinstance(module, nn.Module), "return a PyTorch module"
        x = torch.randn(5, n)
        y = given(module(x), 5, n)
        assert close(module(x[:, sigma]), y[:, sigma]), (
            "it does not commute with the permutation"
        )
        weights = list(module.parameters())
        count, number = sum(w.numel() for w in weights), number_of_classes(sigma)
        assert count == number, f"{count} parameters; the general layer has {number}"
        found = powers(sigma)
        goal = torch.randn(n, n)
        goal = sum(goal[p][:, p] for p in found) / len(found)  # it commutes
        with torch.no_grad():
            for w in weights:
                w.normal_()
        search = torch.optim.LBFGS(weights, max_iter=200, line_search_fn="strong_wolfe")

        def distance(module=module, goal=goal, search=search):
            search.zero_grad()
            loss = (module(torch.eye(len(goal))).T - goal).square().sum()
            assert loss.requires_grad, "no weight can be trained"
            loss.backward()
            return loss

        search.step(distance)
        missed = float(distance().detach())
        assert missed < 1e-6, (
            f"trained towards a matrix that commutes, it ends {missed:.2g} away: "
            "is there a weight for each class, and may it be any number?"
        )


# %% [markdown] tags=["solution"]
# <details class="box-solution">
# <summary>Solution</summary>
#
# Index the weights by the classes. Replace the permutation by a symmetry of your data, and train.
#
# ```python
# def equivariant_layer(sigma):
#     """Return a module, n numbers to n, that commutes with the permutation."""
#
#     class Shared(nn.Module):
#         def __init__(self):
#             super().__init__()
#             self.register_buffer("classes", classes(sigma))
#             self.weight = nn.Parameter(torch.randn(int(self.classes.max()) + 1))
#
#         def forward(self, x):
#             return x @ self.weight[self.classes].T
#
#     return Shared()
# ```
#
# </details>

# %% [markdown]
# ## 7. Spot the mistake
#
# The nearest matrix to *M* that commutes with the permutation is the mean of all the matrices that one gets from *M* by
# moving inputs and outputs alike. This code returns another mean: it is fine where every power of the permutation is
# its own inverse, and wrong otherwise. Mend it.


# %% tags=["exercise"]
def symmetrised(M, sigma):
    """Return the nearest matrix to M that commutes with the permutation."""
    found = powers(sigma)
    return sum(M[p][:, p.argsort()] for p in found) / len(found)  # there and back


# %% tags=["check"]
@check
def nearest_that_commutes():
    swaps = torch.tensor([1, 0, 3, 2, 4])
    for sigma in [swaps, *EXAMPLES, *(torch.randperm(n) for n in range(1, 7))]:
        n, M = len(sigma), torch.randn(len(sigma), len(sigma))
        before = M.clone()
        S = given(symmetrised(M, sigma), n, n)
        assert torch.equal(M, before), "leave the given matrix as it is"
        assert close(S[sigma][:, sigma], S), "the answer does not commute"
        assert close(given(symmetrised(S, sigma), n, n), S), (
            "a matrix that commutes is itself the nearest"
        )
        rival = torch.randn(n, n)
        rival = sum(rival[p][:, p] for p in powers(sigma))
        assert close(((M - S) * rival).sum(), 0.0), "another commuting matrix is nearer"


# %% [markdown] tags=["solution"]
# <details class="box-solution">
# <summary>Solution</summary>
#
# `M[p][:, q]` has rows moved by *p* and columns by *q*. Commuting means that moving *both alike* changes nothing; with
# the inverse on one side each entry is averaged over the wrong orbit.
#
# ```python
# def symmetrised(M, sigma):
#     """Return the nearest matrix to M that commutes with the permutation."""
#     found = powers(sigma)
#     return sum(M[p][:, p] for p in found) / len(found)
# ```
#
# </details>
