"""The checks of the MNIST lab refuse answers that are wrong in a tempting way; the lab runs with digits and without."""

import struct
from pathlib import Path

import pytest
import torch

from snippets.labs import passes, read_lab

LAB = read_lab(Path(__file__).parents[2] / "docs" / "labs" / "mnist.py")


def changed(number, old, new):
    """Return the solution of an exercise with one mistake in it."""
    solution = LAB.exercises[number].solution
    assert old in solution
    return number, solution.replace(old, new)


ADAM = '''
def train(H, ranks, width):
    """Return a list of matrices, one for each frequency, with a loss at most 1 % above the prediction."""
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
        maps.append((d @ e).to(H.dtype))
    return maps
'''

GREEDY = '''
def best_ranks(H, total, width):
    """Return the ranks, a tuple, that use exactly `total` and have the least predicted loss."""
    w, rows, ranks = weights(width), H.shape[-1], [0] * len(H)
    order = [(float(v), j) for j, row in enumerate(torch.linalg.eigvalsh(H)) for v in row]
    for _, j in sorted(order, reverse=True):
        if w[j] <= total:
            ranks[j], total = ranks[j] + 1, total - w[j]
    return tuple(ranks)
'''

MISTAKES = {
    "moments: conjugate of the first factor": changed(0, "z @ z.mH", "z.conj() @ z.mT"),
    "moments: no conjugate": changed(0, "z @ z.mH", "z @ z.mT"),
    "moments: sum instead of mean": changed(0, " / len(x)", ""),
    "moments: not orthonormal": changed(0, ', norm="ortho"', ""),
    "moments: columns instead of rows": changed(0, "permute(2, 1, 0)", "permute(1, 2, 0)"),
    "weights: odd widths forgotten": (1, "def weights(width):\n    return [1] + [2] * (width // 2 - 1) + [1]"),
    "weights: only zero counts once": changed(1, "2 * j % width == 0", "j == 0"),
    "predict: no weights": changed(2, "w * float", "float"),
    "predict: keeps the small eigenvalues": changed(2, "v[: rows - r]", "v[r:]"),
    "predict: per picture": changed(2, " / (rows * width)", ""),
    "ranks: greedy": (3, GREEDY),
    "ranks: at most the total": changed(3, "best[total][1]", "min(best.items())[1][1]"),
    "ranks: weights forgotten in the gain": changed(3, "kept + w * sum", "kept + sum"),
    "train: one round": changed(4, "200 if r", "1 if r"),
    "train: transposed instead of adjoint": changed(4, ".mH", ".mT"),
    "train: not real": (4, ADAM.replace("STEPS", "500").replace("h if w == 2 else h.real", "h * (1 + 0j)")),
    "train: full rank": (4, "def train(H, ranks, width):\n    return [torch.eye(len(h), dtype=h.dtype) for h in H]"),
    "train: few steps of Adam": (4, ADAM.replace("STEPS", "20")),
    "reconstruct: conjugated": changed(5, "m.T", "m.mH"),
    "reconstruct: not transposed": changed(5, "m.T", "m"),
    "reconstruct: width forgotten": changed(5, "n=x.shape[-1], ", ""),
    "reconstruct: the pictures themselves": (5, "RANKS, REACH = (1,) * 15, 3.0\ndef reconstruct(x, maps):\n    return x"),
}


@pytest.mark.parametrize(("number", "answer"), MISTAKES.values(), ids=MISTAKES.keys())
def test_mistake_is_refused(number, answer, capsys):
    assert not passes(LAB, number, answer)
    assert "Not yet: " in capsys.readouterr().out


def test_adam_is_a_right_answer(capsys):
    passed = passes(LAB, 4, ADAM.replace("STEPS", "500"))
    assert passed, capsys.readouterr().out


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
    answer = LAB.exercises[5].solution.replace(
        "RANKS = (13, 10, 9, 8, 7, 5, 3, 1, 0, 0, 0, 0, 0, 0, 0)", f"RANKS = {ranks}"
    ).replace("REACH = 5.6", f"REACH = {reach}")
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
