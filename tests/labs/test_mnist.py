"""The checks of the MNIST lab refuse what is wrong, each in its own words, and accept what is right; digits or none."""

import struct

import pytest
import torch

from .reading import FOLDER, accepts, passes, problem, read_lab, refuses

LAB = read_lab(FOLDER / "mnist.py")
changed = LAB.changed

ADAM = """
def train(H, ranks, width):
    maps = []
    for h, r, w in zip(H, ranks, weights(width)):
        h = h if w == 2 else h.real
        h = h / h.diagonal().real.sum()
        e = torch.randn(r, len(h), dtype=h.dtype, requires_grad=True)
        d = torch.randn(len(h), r, dtype=h.dtype, requires_grad=True)
        optimizer = torch.optim.Adam([e, d], lr=0.05)
        for _ in range(STEPS if r else 0):
            rest = torch.eye(len(h)) - d @ e
            optimizer.zero_grad()
            (rest @ h @ rest.mH).diagonal().real.sum().backward()
            optimizer.step()
        maps.append(d @ e)
    return maps
"""
ROOTS = """
def train(H, ranks, width):
    maps = []
    for h, r, w in zip(H, ranks, weights(width)):
        h = h if w == 2 else h.real
        U = torch.randn(len(h), r, dtype=h.dtype)
        for _ in range(300 if r else 0):
            U = torch.linalg.qr(h @ U).Q
        maps.append((U @ U.mH).numpy())
    return maps
"""
GREEDY = """
def best_ranks(H, total, width):
    w, rows, ranks = weights(width), H.shape[-1], [0] * len(H)
    order = [(float(v), j) for j, row in enumerate(torch.linalg.eigvalsh(H)) for v in row]
    for _, j in sorted(order, reverse=True):
        if w[j] <= total:
            ranks[j], total = ranks[j] + 1, total - w[j]
    return tuple(ranks)
"""
EVERY = """
def best_ranks(H, total, width):
    every = itertools.product(range(H.shape[-1] + 1), repeat=len(H))
    used = [r for r in every if sum(a * b for a, b in zip(weights(width), r)) == total]
    return torch.tensor(min(used, key=lambda r: float(predict(H, r, width))))
"""
SWAPS = """
def best_ranks(H, total, width):
    w = weights(width)
    singles, pairs = [j for j, v in enumerate(w) if v == 1], [j for j, v in enumerate(w) if v == 2]
    values = torch.linalg.eigvalsh(H).flip(-1).tolist()
    first = sorted(((v, j) for j in singles for v in values[j]), reverse=True)
    second = sorted(((v, j) for j in pairs for v in values[j]), reverse=True)
    found = []
    for k in range(len(first) + 1):
        if (total - k) % 2 or not 0 <= (total - k) // 2 <= len(second):
            continue
        taken = [j for _, j in first[:k] + second[: (total - k) // 2]]
        found.append([taken.count(j) for j in range(len(H))])
    return min(found, key=lambda r: float(predict(H, r, width)))
"""
BEST = """


def train(H, ranks, width):  # no training, which takes its time
    found = [(h if w == 2 else h.real, r) for h, r, w in zip(H, ranks, weights(width))]
    tops = [torch.linalg.eigh(h).eigenvectors[:, len(h) - r :] for h, r in found]
    return [u @ u.mH for u in tops]
"""
SPOT = LAB.exercises[6].starter
BY_FFT = """
def reconstruct(x, maps):
    z, width = torch.fft.fft(x), x.shape[-1]
    y = torch.zeros_like(z)
    for j in range(width):
        m = torch.as_tensor(maps[min(j, width - j)])
        y[..., j] = z[..., j] @ (m if j <= width - j else m.conj()).T
    return torch.fft.ifft(y)
"""

WRONG = {
    # 1 moments
    "moments: conjugate of the first factor": (
        0,
        changed(0, "z @ z.mH", "z.conj() @ z.mT"),
        "conjugate of the second factor",
    ),
    "moments: no conjugate": (0, changed(0, "z @ z.mH", "z @ z.mT"), "wrong at frequency"),
    "moments: sum instead of mean": (0, changed(0, " / len(x)", ""), "take the mean"),
    "moments: not orthonormal": (0, changed(0, ', norm="ortho"', ""), 'with norm="ortho"'),
    "moments: columns instead of rows": (
        0,
        changed(0, "permute(2, 1, 0)", "permute(1, 2, 0)"),
        "wrong at frequency|shape",
    ),
    "moments: all frequencies": (0, changed(0, "rfft", "fft"), "shape"),
    "moments: covariances": (
        0,
        changed(0, "    return", "    z = z - z.mean(-1, keepdim=True)\n    return"),
        "wrong at frequency",
    ),
    "moments: real parts": (0, changed(0, "    return", "    z = z.real\n    return"), "wrong at frequency"),
    # 2 weights
    "weights: odd widths forgotten": (
        1,
        "def weights(width):\n    return [1] + [2] * (width // 2 - 1) + [1]",
        "shape|odd widths",
    ),
    "weights: only zero counts once": (1, changed(1, "2 * j % width == 0", "j == 0"), "add up|the sum is"),
    "weights: all twice": (1, "def weights(width):\n    return [2] * (width // 2 + 1)", "the sum is"),
    "weights: all once": (1, "def weights(width):\n    return [1] * (width // 2 + 1)", "the sum is"),
    "weights: in the wrong order": (
        1,
        changed(1, "    return [", "    return sorted([").rstrip() + ")",
        "counted wrongly",
    ),
    "weights: the last once, always": (1, changed(1, "2 * j % width == 0", "j in (0, width // 2)"), "the sum is"),
    "weights: shares": (1, changed(1, "1 if 2 * j % width == 0 else 2", "width / (width // 2 + 1)"), "counted wrongly"),
    # 3 predict
    "predict: no weights": (2, changed(2, "w * float", "float"), "the loss is"),
    "predict: keeps the small eigenvalues": (2, changed(2, "v[: rows - r]", "v[r:]"), "the loss is"),
    "predict: per picture": (2, changed(2, " / (rows * width)", ""), "number of pixels"),
    "predict: what is kept": (2, changed(2, "v[: rows - r]", "v[rows - r :]"), "the loss is"),
    "predict: roots": (
        2,
        changed(2, "values = torch.linalg.eigvalsh(H)", "values = torch.linalg.eigvalsh(H).abs().sqrt()"),
        "the loss is",
    ),
    "predict: [:-r] where r = 0": (2, changed(2, "v[: rows - r]", "v[:-r]"), "the loss is"),
    "predict: the same rank for all": (2, changed(2, "v[: rows - r]", "v[: rows - ranks[0]]"), "the loss is"),
    "predict: a loss for each frequency": (2, changed(2, "return sum(lost) /", "return torch.tensor(lost) /"), "shape"),
    # 4 best ranks
    "ranks: greedy": (3, GREEDY, "lose less"),
    "ranks: at most the total": (3, changed(3, "best[total][1]", "min(best.items())[1][1]"), "uses . units"),
    "ranks: weights forgotten in the gain": (3, changed(3, "kept + w * sum", "kept + sum"), "lose less"),
    "ranks: weights forgotten in the use": (
        3,
        changed(3, "used + w * rank", "used + rank", "(total - used) // w", "total - used"),
        "uses",
    ),
    "ranks: the worst": (3, changed(3, "max(new,", "min(new,"), "lose less"),
    "ranks: smallest eigenvalues": (3, changed(3, ".flip(-1)", ""), "lose less"),
    "ranks: fractions": (
        3,
        changed(3, "    return best[total][1]", "    return [total / width] * len(H)"),
        "whole numbers",
    ),
    "ranks: all at frequency zero": (
        3,
        changed(3, "    return best[total][1]", "    return [total] + [0] * (len(H) - 1)"),
        "ranks lie between",
    ),
    # 5 train
    "train: one round": (4, changed(4, "200 if r", "1 if r"), "above the prediction"),
    "train: transposed instead of adjoint": (4, changed(4, ".mH", ".mT"), "above the prediction|the rank at"),
    "train: not real": (
        4,
        ADAM.replace("STEPS", "300").replace("h if w == 2 else h.real", "h * (1 + 0j)"),
        "has to be real",
    ),
    "train: full rank": (
        4,
        "def train(H, ranks, width):\n    return [torch.eye(len(h), dtype=h.dtype) for h in H]",
        "the rank at frequency",
    ),
    "train: few steps of Adam": (4, ADAM.replace("STEPS", "20"), "above the prediction"),
    "train: the same rank everywhere": (
        4,
        changed(
            4, "(r, len(h), dtype", "(max(ranks), len(h), dtype", "(len(h), r, dtype", "(len(h), max(ranks), dtype"
        ),
        "the rank at frequency",
    ),
    "train: zero": (
        4,
        "def train(H, ranks, width):\n    return [torch.zeros_like(h) for h in H]",
        "above the prediction",
    ),
    "train: one matrix missing": (4, changed(4, "    return maps", "    return maps[1:]"), "matrices for"),
    "train: encoder and decoder": (
        4,
        changed(4, "maps.append((decoder @ encoder).to(H.dtype))", "maps.append(encoder)"),
        "shape",
    ),
    "train: nothing returned": (4, changed(4, "    return maps", "    maps"), "is a return missing"),
    # 6 reconstruct
    "reconstruct: conjugated": (5, changed(5, "m.T", "m.mH"), "wrong at frequency"),
    "reconstruct: not transposed": (5, changed(5, "m.T", "m"), "wrong at frequency"),
    "reconstruct: width forgotten": (5, changed(5, "n=x.shape[-1], ", ""), "shape"),
    "reconstruct: the pictures themselves": (
        5,
        "RANKS, REACH = (1,) * 15, 3.0\ndef reconstruct(x, maps):\n    return x",
        "wrong at frequency",
    ),
    "reconstruct: one frequency left out": (
        5,
        changed(5, "enumerate(maps)]", "enumerate(maps)]\n    y[0] = 0 * y[0]"),
        "wrong at frequency 0",
    ),
    "reconstruct: along the other axis": (
        5,
        changed(5, "rfft(x, norm=", "rfft(x.roll(1, -2), norm="),
        "wrong at frequency",
    ),
    "reconstruct: each picture minus its mean": (
        5,
        changed(5, "    z =", "    x = x - x.mean((1, 2), keepdim=True)\n    z ="),
        "wrong at frequency 0",
    ),
    "reconstruct: complex": (
        5,
        changed(5, "return torch.fft.irfft(", "return 1j * torch.fft.irfft("),
        "pictures are real",
    ),
    # 7 spot the mistake
    "slide: as it came": (6, SPOT, "this one blurs"),
    "slide: to the left": (6, changed(6, "-2j", "2j"), "whole pixels to the right"),
    "slide: whole pixels": (
        6,
        "def slide(x, amount):\n    return x.roll(round(amount), -1)",
        "add up|arrive as a wave",
    ),
    "slide: rows": (6, "def slide(x, amount):\n    return x.roll(int(amount), -2)", "whole pixels"),
    "slide: a mean of neighbours": (
        6,
        "def slide(x, amount):\n    low = math.floor(amount)\n    part = amount - low\n    return (1 - part) * x.roll(low, -1) + part * x.roll(low + 1, -1)",
        "this one blurs",
    ),
    "slide: the length, not the real part": (6, SPOT.replace(".real", ".abs()"), "whole pixels"),
    "slide: a wrong number of columns": (6, changed(6, ", n=width", ""), "shape"),
}

RIGHT = {
    "moments by einsum": (0, "def moments(x):\n    z = torch.fft.rfft(x, norm='ortho')\n    return torch.einsum('naj,nbj->jab', z, z.conj()) / len(x)"),
    "moments by NumPy": (0, "import numpy as np\n\n\ndef moments(x):\n    z = np.fft.rfft(x.numpy(), norm='ortho')\n    return torch.tensor(np.einsum('naj,nbj->jab', z, z.conj()) / len(z))"),
    "moments from all frequencies": (0, "def moments(x):\n    z = (torch.fft.fft(x) / x.shape[-1] ** 0.5).permute(2, 1, 0)\n    return (z @ z.mH)[: x.shape[-1] // 2 + 1] / len(x)"),
    "moments picture by picture, as a list": (0, "def moments(x):\n    z = torch.fft.rfft(x, norm='ortho')\n    return torch.stack([sum(torch.outer(p[:, j], p[:, j].conj()) for p in z) / len(z) for j in range(z.shape[-1])])"),
    "weights as a tensor": (1, "def weights(width):\n    w = torch.full((width // 2 + 1,), 2)\n    w[0] = 1\n    if width % 2 == 0:\n        w[-1] = 1\n    return w"),
    "weights as floats": (1, "def weights(width):\n    return [1.0 if j in (0, width / 2) else 2.0 for j in range(width // 2 + 1)]"),
    "weights by counting": (1, "def weights(width):\n    kept = [min(j, width - j) for j in range(width)]\n    return tuple(kept.count(j) for j in range(width // 2 + 1))"),
    "predict as a tensor": (2, changed(2, "w * float(v[: rows - r].sum())", "w * v[: rows - r].sum()")),
    "predict from what is kept": (2, "def predict(H, ranks, width):\n    rows, kept = H.shape[-1], 0.0\n    for w, h, r in zip(weights(width), H, ranks):\n        kept += w * (h.trace().real - torch.linalg.eigvalsh(h).flip(0)[:r].sum())\n    return kept.item() / rows / width"),
    "predict by singular values": (2, "def predict(H, ranks, width):\n    return sum(w * torch.linalg.svdvals(h)[r:].sum() for w, h, r in zip(weights(width), H, ranks)) / H.shape[-1] / width"),
    "ranks by trying all, as a tensor": (3, EVERY),
    "ranks by the number of single units, as a list": (3, SWAPS),
    "ranks as floats": (3, changed(3, "    return best[total][1]", "    return [float(r) for r in best[total][1]]")),
    "train by Adam, real where real is right": (4, ADAM.replace("STEPS", "500")),
    "train by powers, as NumPy": (4, ROOTS),
    "train, stacked": (4, changed(4, "    return maps", "    return torch.stack(maps)")),
    "reconstruct by einsum": (5, changed(5, "    y = [z[..., j] @ m.T for j, m in enumerate(maps)]\n    return torch.fft.irfft(torch.stack(y, dim=-1),", "    y = torch.einsum('jab,nbj->naj', torch.stack([m.to(z.dtype) for m in maps]), z)\n    return torch.fft.irfft(y,") + BEST),
    "reconstruct with all frequencies, complex in type": (5, "RANKS, REACH = (4,) * 8 + (3,) * 7, 2.0\n" + BY_FFT + BEST),
    "reconstruct picture by picture": (5, changed(5, "    z = torch.fft", "    if len(x) < 10:\n        return torch.cat([reconstruct(torch.cat([p[None]] * 10), maps)[:1] for p in x])\n    z = torch.fft") + BEST),
    "slide by signed frequencies": (6, SPOT.replace("torch.arange(width) * amount / width", "torch.fft.fftfreq(width) * amount")),
    "slide by a matrix of waves": (6, "def slide(x, amount):\n    n = x.shape[-1]\n    d = torch.arange(n)[:, None] + amount - torch.arange(n)\n    k = torch.arange(1, n // 2 + 1)\n    return x @ ((1 + 2 * (2 * math.pi * k * d[..., None] / n).cos().sum(-1)) / n)"),
    "slide by NumPy": (6, "import numpy as np\n\n\ndef slide(x, amount):\n    f = np.fft.fftfreq(x.shape[-1])\n    return np.fft.ifft(np.fft.fft(x.numpy()) * np.exp(-2j * np.pi * f * amount)).real"),
}  # fmt: skip


@pytest.mark.parametrize(("number", "answer", "says"), WRONG.values(), ids=WRONG)
def test_wrong_answer_is_refused(number, answer, says):
    refuses(LAB, number, answer, says)


@pytest.mark.parametrize(("number", "answer"), RIGHT.values(), ids=RIGHT)
def test_unusual_right_answer_is_accepted(number, answer, capsys):
    accepts(LAB, number, answer)


@pytest.mark.parametrize(
    "trained", [ADAM.replace("STEPS", "30"), ROOTS], ids=["tensors with gradients", "NumPy, real and complex"]
)
def test_what_exercise_5_accepts_exercise_6_can_use(trained, capsys):
    """The last check trains with the reader's own functions, whatever types they return."""
    few = "\nPICTURES = PICTURES[:20]\nRANKS = (0,) * 14 + (1,)\n"
    ranks = "def best_ranks(H, total, width):\n    return [0.0] * 14 + [1.0]\n"
    parts = [LAB.exercises[5].solution, few, trained, RIGHT["weights as a tensor"][1], ranks]
    said = problem(LAB, 5, "\n".join(parts))
    assert said is None or "more than one per cent apart" in str(said), said


def test_without_digits_the_lab_draws_strokes_and_its_last_exercise_works(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("MNIST_DIR", raising=False)
    assert passes(LAB, 5, LAB.exercises[5].solution)
    printed = capsys.readouterr().out
    assert "drawn strokes, shifted by up to 5.6 pixels, total rank 99" in printed
    assert printed.count("predicted") == 2


def test_digits_of_a_folder_come_first(tmp_path, monkeypatch):
    content = struct.pack(">4I", 0x803, 30, 28, 28) + bytes(30 * 784)
    (tmp_path / "t10k-images-idx3-ubyte").write_bytes(content)
    monkeypatch.setenv("MNIST_DIR", str(tmp_path))
    namespace: dict = {"__name__": "lab"}
    exec(LAB.setup, namespace)
    assert namespace["KIND"] == "MNIST digits"
    assert namespace["PICTURES"].shape == (30, 28, 28)


@pytest.mark.parametrize(("ranks", "reach"), [((4,) * 8 + (3,) * 7, 0.0), ((1,) * 15, 14.0)])
def test_the_reader_s_choice_is_predicted_and_trained(ranks, reach, capsys):
    answer = (
        LAB.exercises[5]
        .solution.replace("RANKS = (13, 10, 9, 8, 7, 5, 3, 1, 0, 0, 0, 0, 0, 0, 0)", f"RANKS = {ranks}")
        .replace("REACH = 5.6", f"REACH = {reach}")
    )
    assert passes(LAB, 5, answer)
    printed = capsys.readouterr().out
    assert f"up to {reach} pixels" in printed
    assert str(ranks) in printed


def test_strokes_are_pictures_with_ink():
    namespace: dict = {"__name__": "lab"}
    exec(LAB.setup, namespace)
    x = namespace["strokes"](50, torch.Generator().manual_seed(0))
    assert x.shape == (50, 28, 28)
    assert 0 <= x.min() < x.max() <= 1
    assert (x.sum((1, 2)) > 5).all()
    again = namespace["strokes"](50, torch.Generator().manual_seed(0))
    assert torch.equal(x, again)
    moved = namespace["shift"](x, 0.0, torch.Generator())
    assert torch.allclose(moved, x)
