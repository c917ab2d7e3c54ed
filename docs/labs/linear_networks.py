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
# Six exercises that end with a network for a symmetry of your own. Each asks for one function. Below it
# stands a check: it draws random permutations and matrices and tests the laws that the function must obey,
# so it accepts every right answer, not only ours. Until yours is right it says *Not yet* and, where it can, what is
# wrong. A solution is folded under each check.
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
def shift_right(rows, columns):
    """Return the permutation that moves a picture one pixel to the right, cyclically."""
    return torch.arange(rows * columns).reshape(rows, columns).roll(1, dims=1).flatten()


def powers(sigma):
    """Return all powers of a permutation."""
    found = [torch.arange(len(sigma))]
    while not torch.equal(found[-1][sigma], found[0]):
        found.append(found[-1][sigma])
    return found


EXAMPLES = [torch.tensor([2, 4, 3, 0, 1]), shift_right(2, 6), torch.arange(9).reshape(3, 3).rot90(-1).flatten()]

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
        points = sorted(point for cycle in found for point in cycle)
        assert points == list(range(len(sigma))), "every point belongs to exactly one cycle, fixed points too"
        for cycle in found:
            following = [*cycle[1:], cycle[0]]
            steps = zip(cycle, following, strict=True)
            assert all(sigma[i] == j for i, j in steps), "a cycle does not follow the permutation"

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
# invariant matrix of rank at most *r* that is nearest to a given one. Averaging the columns and truncating
# the singular value decomposition is almost right. A column that stands seven times in the matrix should
# count seven times.

# %% tags=["exercise"]
def nearest_invariant(U, sigma, rank):
    """Return the nearest matrix to U with columns equal along cycles and with bounded rank."""
    raise NotImplementedError

# %% tags=["check"]
@check
def invariant():
    for sigma in [*EXAMPLES, torch.tensor([1, 2, 3, 4, 5, 6, 0, 8, 7, 9])]:
        for rank in (1, 2):
            U = torch.randn(4, len(sigma))
            M = nearest_invariant(U, sigma, rank)
            assert M.shape == U.shape, "the answer has the shape of U"
            assert close(M[:, sigma], M), "the columns differ along a cycle"
            assert torch.linalg.matrix_rank(M, rtol=1e-9) <= rank, "the rank is too large"
            left, values, right = torch.linalg.svd(M, full_matrices=False)
            left, right = left[:, :rank], right[:rank]
            orbit = sum((U - M)[:, p] for p in powers(sigma)) / len(powers(sigma))  # the invariant part of the error
            assert (left.T @ orbit).abs().max() < 1e-8, "another matrix is nearer: weigh the columns"
            assert (orbit @ right.T).abs().max() < 1e-8, "another matrix is nearer: weigh the columns"
            largest_left = torch.linalg.matrix_norm(orbit, 2)
            assert largest_left <= values[rank - 1] + 1e-8, "keep the largest singular values"
            assert ((U - M) ** 2).sum() <= (U**2).sum(), "zero is nearer than this"

# %% [markdown] tags=["solution"]
# <details class="box-solution">
# <summary>Solution</summary>
#
# With the averages *u* and the sizes *s* of the cycles, the squared distance is a constant plus the sum of
# *s* |u − m|². The square root of *s*, multiplied into the columns, turns it into an ordinary distance.
#
# ```python
# def nearest_invariant(U, sigma, rank):
#     """Return the nearest matrix to U with columns equal along cycles and with bounded rank."""
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
    """Return an n × n tensor of integers: the orbit of each pair of points, numbered from zero."""
    raise NotImplementedError

# %% tags=["check"]
@check
def commuting():
    for sigma in [*EXAMPLES, *(torch.randperm(n) for n in range(1, 7))]:
        found, n = classes(sigma), len(sigma)
        lengths = [len(cycle) for cycle in cycles(sigma)]
        number = sum(math.gcd(a, b) for a in lengths for b in lengths)
        assert found.shape == (n, n), "one class for each entry of an n × n matrix"
        assert sorted(found.unique().tolist()) == list(range(number)), f"there are {number} orbits, from 0 on"
        assert torch.equal(found[sigma][:, sigma], found), "a pair and its image are in different classes"

# %% [markdown] tags=["solution"]
# <details class="box-solution">
# <summary>Solution</summary>
#
# Follow each pair around, as you followed points.
#
# ```python
# def classes(sigma):
#     """Return an n × n tensor of integers: the orbit of each pair of points, numbered from zero."""
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
    """Return an orthogonal n × n matrix whose columns are sines and cosines on the cycles."""
    raise NotImplementedError

# %% tags=["check"]
@check
def orthogonal_waves():
    for sigma in [*EXAMPLES, *(torch.randperm(n) for n in range(1, 9))]:
        Q, n = waves(sigma), len(sigma)
        assert Q.shape == (n, n), "as many waves as points"
        assert close(Q.T @ Q, torch.eye(n)), "the columns are not orthonormal"
        P = torch.eye(n)[sigma]
        second = Q.T @ (P + P.T) @ Q  # each wave is an eigenvector: 2 cos of its angle
        assert close(second, torch.diag(torch.diag(second))), "a column is no wave on a cycle"
        assert all(len({(i in cycle) for i in q.abs().gt(1e-9).nonzero().flatten().tolist()}) <= 1
                   for q in Q.T for cycle in cycles(sigma)), "a column lives on several cycles"

# %% [markdown] tags=["solution"]
# <details class="box-solution">
# <summary>Solution</summary>
#
# The squares of cosines sum to *L*/2, except at the two frequencies without a sine, where they sum to *L*.
#
# ```python
# def waves(sigma):
#     """Return an orthogonal n × n matrix whose columns are sines and cosines on the cycles."""
#     columns = []
#     for cycle in cycles(sigma):
#         L = len(cycle)
#         for j in range(L // 2 + 1):
#             angle = 2 * math.pi * j * torch.arange(L) / L
#             lone = 2 * j % L == 0
#             for wave in [torch.cos(angle)] if lone else [torch.sin(angle), torch.cos(angle)]:
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
    """Return the number of ways to distribute the rank over the eigenvalues, as an exact integer."""
    raise NotImplementedError

# %% tags=["check"]
@check
def components():
    turn = EXAMPLES[2]
    assert [count_components(turn, r) for r in range(10)] == [1, 2, 4, 5, 6, 6, 5, 4, 2, 1], "wrong for 3 × 3 rotations"
    assert [count_components(EXAMPLES[0], r) for r in range(6)] == [1, 2, 3, 3, 2, 1], "wrong for (1 3 4)(2 5)"
    assert count_components(torch.arange(4), 2) == 1, "the identity has one eigenvalue"
    assert count_components(shift_right(28, 28), 99) == 72425986088826, "wrong for MNIST: are all integers exact?"

# %% [markdown] tags=["solution"]
# <details class="box-solution">
# <summary>Solution</summary>
#
# The coefficient of *x* to the *r* in the product of 1 + *x* + … + *x* to the *d* (with *x*² for pairs).
#
# ```python
# def count_components(sigma, rank):
#     """Return the number of ways to distribute the rank over the eigenvalues, as an exact integer."""
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
    """Return a module from n numbers to n numbers that commutes with the permutation."""
    raise NotImplementedError

# %% tags=["check"]
@check
def layer():
    for sigma in [*EXAMPLES, torch.randperm(7)]:
        module, n = equivariant_layer(sigma), len(sigma)
        assert isinstance(module, nn.Module), "return a PyTorch module"
        x = torch.randn(5, n)
        assert module(x).shape == x.shape, "a batch of n numbers in, a batch of n numbers out"
        assert close(module(x[:, sigma]), module(x)[:, sigma]), "it does not commute with the permutation"
        count = sum(weights.numel() for weights in module.parameters())
        number = int(classes(sigma).max()) + 1
        assert count == number, f"it has {count} parameters, the general layer has {number}"
        with torch.no_grad():
            for weights in module.parameters():
                weights.normal_()
        M = module(torch.eye(n))
        assert len(M.detach().round(decimals=9).unique()) == number, "two classes always get the same weight"
        M.square().sum().backward()
        assert all(weights.grad is not None for weights in module.parameters()), "a weight cannot be trained"

# %% [markdown] tags=["solution"]
# <details class="box-solution">
# <summary>Solution</summary>
#
# Index the weights by the classes. Replace the permutation by a symmetry of your data, and train.
#
# ```python
# def equivariant_layer(sigma):
#     """Return a module from n numbers to n numbers that commutes with the permutation."""
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
