"""The checks of the linear networks lab refuse what is wrong, each in its own words, and accept what is right."""

import pytest

from .reading import FOLDER, judged, problem, read_lab

LAB = read_lab(FOLDER / "linear_networks.py")
changed = LAB.changed

KEPT = "left[:, :rank] * values[:rank] @ right[:rank]"
IN_PLACE = """
def nearest_invariant(U, sigma, rank):
    average = sum(U[:, p] for p in powers(sigma)) / len(powers(sigma))
    u, s, v = torch.linalg.svd(average, full_matrices=False)
    return u[:, :rank] * s[:rank] @ v[:rank]
"""
TRUNCATED_FIRST = """
def nearest_invariant(U, sigma, rank):
    u, s, v = torch.linalg.svd(U, full_matrices=False)
    U = u[:, :rank] * s[:rank] @ v[:rank]
    return sum(U[:, p] for p in powers(sigma)) / len(powers(sigma))
"""
PROJECTED = """
def nearest_invariant(U, sigma, rank):
    average = sum(U[:, p] for p in powers(sigma)) / len(powers(sigma))
    u = torch.linalg.eigh(average @ average.T).eigenvectors[:, len(U) - rank :]
    return (u @ (u.T @ average)).numpy()
"""
BY_UNION = """
def classes(sigma):
    images, n = sigma.tolist(), len(sigma)
    label = {(i, j): i * n + j for i in range(n) for j in range(n)}
    for _ in range(n * n):
        for i, j in list(label):
            low = min(label[i, j], label[images[i], images[j]])
            label[i, j] = label[images[i], images[j]] = low
    names = {old: new for new, old in enumerate(sorted(set(label.values())))}
    return [[names[label[i, j]] for j in range(n)] for i in range(n)]
"""
BY_POWERS = """
def classes(sigma):
    n = len(sigma)
    ids = torch.arange(n * n).view(n, n)
    least = torch.stack([ids[p][:, p] for p in powers(sigma)]).amin(0)
    return torch.unique(least, return_inverse=True)[1]
"""
BY_LIST = """
import itertools


def count_components(sigma, rank):
    lengths = [len(cycle) for cycle in cycles(sigma)]
    if len(sigma) > 100:
        return right(sigma, rank)
    pools = []
    for l in range(1, max(lengths) + 1):
        d = sum(n % l == 0 for n in lengths)
        primitive = sum(math.gcd(l, m) == 1 for m in range(1, l + 1))
        weight = 1 if l <= 2 else 2
        pools += [[weight * k for k in range(d + 1)]] * (primitive // weight if d else 0)
    return sum(sum(choice) == rank for choice in itertools.product(*pools))
"""
BY_FREQUENCIES = """
from functools import lru_cache


def count_components(sigma, rank):
    lengths = [len(cycle) for cycle in cycles(sigma)]
    turns = {}
    for n in lengths:
        for j in range(n // 2 + 1):
            g = math.gcd(j, n)
            turns[j // g, n // g] = turns.get((j // g, n // g), 0) + 1
    found = [(1 if n <= 2 else 2, d) for (_, n), d in turns.items()]

    @lru_cache(maxsize=None)
    def ways(at, left):
        if at == len(found):
            return int(left == 0)
        w, d = found[at]
        return sum(ways(at + 1, left - w * k) for k in range(min(d, left // w) + 1))

    return ways(0, rank)
"""
MODULE = """
def equivariant_layer(sigma):
    table = torch.as_tensor(classes(sigma))

    class Layer(nn.Module):
        def __init__(self):
            super().__init__()
            {weights}

        def forward(self, x):
            {forward}

    return Layer()
"""


def module(weights, forward):
    """Return a layer with weights and a forward pass of its own."""
    return MODULE.format(weights=weights, forward=forward)


SPOT = LAB.exercises[6].starter
GOOD = LAB.exercises[4].solution.replace("def count_components", "def right")

WRONG = {
    "components: nothing returned": (4, "def count_components(sigma, rank):\n    pass", "is a return missing"),
    # 1 cycles
    "cycles: fixed points forgotten": (0, changed(0, "if cycle:", "if len(cycle) > 1:"), "fixed points"),
    "cycles: backwards": (0, changed(0, "found.append(cycle)", "found.append(cycle[::-1])"), "does not follow"),
    "cycles: closed": (
        0,
        changed(0, "found.append(cycle)", "found.append([*cycle, start])"),
        "exactly one cycle, once",
    ),
    "cycles: counted from one": (0, changed(0, "cycle.append(point)", "cycle.append(point + 1)"), "exactly one cycle"),
    "cycles: from every start": (
        0,
        changed(0, "cycle, point = [], start", "cycle, point = [], start\n        seen.clear()"),
        "exactly one cycle, once",
    ),
    "cycles: empty ones": (0, changed(0, "if cycle:", "if True:"), "has no points"),
    "cycles: sorted": (0, changed(0, "found.append(cycle)", "found.append(sorted(cycle))"), "does not follow"),
    "cycles: all in one": (0, "def cycles(sigma):\n    return [sigma.tolist()]", "does not follow"),
    "cycles: nothing returned": (0, changed(0, "    return found", "    found"), "is a return missing"),
    # 2 nearest
    "nearest: no weights": (1, changed(1, ".sqrt()", ".pow(0)"), "is possible"),
    "nearest: wrong weights": (1, changed(1, ".sqrt()", ""), "is possible"),
    "nearest: no truncation": (1, changed(1, KEPT, "left * values @ right"), "rank above 1"),
    "nearest: the smallest kept": (
        1,
        changed(1, KEPT, "left[:, -rank:] * values[-rank:] @ right[-rank:]"),
        "is possible",
    ),
    "nearest: zero": (1, changed(1, "    return M", "    return 0 * M"), "is possible"),
    "nearest: too large": (1, changed(1, "    return M", "    return 9 * M"), "the zero matrix is nearer"),
    "nearest: truncated before the average": (1, TRUNCATED_FIRST, "is possible"),
    "nearest: the first column of each cycle": (
        1,
        changed(1, "U[:, part].mean(dim=1)", "U[:, part[0]]"),
        "zero matrix is nearer|is possible",
    ),
    "nearest: the average of all columns": (
        1,
        "def nearest_invariant(U, sigma, rank):\n    return U.mean(1, keepdim=True).expand(U.shape)",
        "is possible",
    ),
    "nearest: truncated alone": (
        1,
        TRUNCATED_FIRST.replace("return sum(U[:, p] for p in powers(sigma)) / len(powers(sigma))", "return U"),
        "differ along a cycle",
    ),
    # 3 classes
    "classes: rows instead of pairs": (2, changed(2, "i, j = images[i], images[j]", "i, j = images[i], j"), "orbits"),
    "classes: one step only": (
        2,
        "def classes(sigma):\n    n = len(sigma)\n    return torch.arange(n * n).view(n, n)",
        "orbits",
    ),
    "classes: numbered from one": (2, changed(2, "    return found", "    return found + 1"), "numbered from 0 on"),
    "classes: with gaps": (2, changed(2, "    return found", "    return 2 * found"), "numbered from 0 on"),
    "classes: symmetric": (
        2,
        changed(
            2, "    return found", "    return torch.unique(torch.minimum(found, found.T), return_inverse=True)[1]"
        ),
        "orbits",
    ),
    "classes: pairs of cycles": (
        2,
        "def classes(sigma):\n    at = {p: k for k, c in enumerate(cycles(sigma)) for p in c}\n    n, m = len(sigma), len(cycles(sigma))\n    return torch.tensor([[at[i] * m + at[j] for j in range(n)] for i in range(n)])",
        "orbits",
    ),
    "classes: inputs forth, outputs back": (
        2,
        changed(2, "i, j = images[i], images[j]", "i, j = images[i], images.index(j)"),
        "different classes|orbits",
    ),
    "classes: a column of labels": (2, changed(2, "    return found", "    return found.flatten()"), "shape"),
    # 4 waves
    "waves: last cosine too long": (3, changed(3, "(1 if lone else 2)", "(1 if j == 0 else 2)"), "not orthonormal"),
    "waves: sines left out": (
        3,
        changed(3, "[torch.sin(angle), torch.cos(angle)]", "[torch.cos(angle), torch.cos(angle)]"),
        "not orthonormal",
    ),
    "waves: spread over several cycles": (
        3,
        "def waves(sigma):\n    P = torch.eye(len(sigma))[sigma]\n    return torch.linalg.eigh(P + P.T)[1]",
        "several cycles",
    ),
    "waves: the identity": (3, "def waves(sigma):\n    return torch.eye(len(sigma))", "no wave"),
    "waves: in the order of the points": (3, changed(3, "column[cycle] =", "column[sorted(cycle)] ="), "no wave"),
    "waves: all on one cycle": (
        3,
        "def waves(sigma):\n    n = len(sigma)\n    t = torch.arange(n) * 2 * math.pi / n\n    rows = [t.cos() * 0 + 1] + [f(j * t) for j in range(1, (n + 1) // 2) for f in (torch.sin, torch.cos)] + [(n // 2 * t).cos()] * (n % 2 == 0)\n    return torch.stack([r / r.norm() for r in rows], 1)",
        "no wave",
    ),
    "waves: not scaled": (3, changed(3, "wave * math.sqrt((1 if lone else 2) / L)", "wave"), "not orthonormal"),
    "waves: the sine of zero kept": (3, changed(3, "both[1:] if lone else both", "both"), "shape"),
    # 5 components
    "components: pairs counted once": (4, changed(4, "weight = 1 if l <= 2 else 2", "weight = 1"), "wrong for"),
    "components: −1 a pair": (4, changed(4, "l <= 2", "l <= 1"), "wrong for"),
    "components: each cycle by itself": (
        4,
        changed(4, "d = sum(n % l == 0 for n in lengths)", "d = lengths.count(l)"),
        "wrong for|as many ways",
    ),
    "components: up to the rank": (4, changed(4, "    return ways[rank]", "    return sum(ways)"), "wrong for"),
    "components: rounded": (
        4,
        changed(4, "    return ways[rank]", "    return int(float(ways[rank]))"),
        "are all integers exact",
    ),
    "components: 64 bits": (
        4,
        changed(4, "    return ways[rank]", "    return (ways[rank] + 2**63) % 2**64 - 2**63"),
        "are all integers exact",
    ),
    "components: never zero": (
        4,
        changed(4, "range(min(d, t // weight) + 1)", "range(1, min(d, t // weight) + 1)"),
        "wrong for",
    ),
    "components: one": (4, "def count_components(sigma, rank):\n    return 1", "wrong for"),
    # 6 layer
    "layer: a dense one": (
        5,
        "def equivariant_layer(sigma):\n    return nn.Linear(len(sigma), len(sigma), bias=False)",
        "does not commute",
    ),
    "layer: a single weight": (
        5,
        changed(5, "self.weight[self.classes]", "(0 * self.weight[self.classes] + self.weight[0])"),
        "ends .* away",
    ),
    "layer: squared weights": (
        5,
        changed(5, "self.weight[self.classes]", "self.weight[self.classes].square()"),
        "may it be any number",
    ),
    "layer: positive weights": (
        5,
        changed(5, "self.weight[self.classes]", "self.weight[self.classes].exp()"),
        "may it be any number",
    ),
    "layer: bounded weights": (
        5,
        changed(5, "self.weight[self.classes]", "self.weight[self.classes].tanh()"),
        "may it be any number",
    ),
    "layer: frozen": (
        5,
        changed(5, "self.weight[self.classes]", "self.weight.detach()[self.classes]"),
        "no weight can be trained",
    ),
    "layer: with a bias": (
        5,
        changed(
            5,
            "            self.weight =",
            "            self.bias = nn.Parameter(torch.zeros(()))\n            self.weight =",
            ".T\n",
            ".T + self.bias\n",
        ),
        "parameters; the general layer has",
    ),
    "layer: invariant": (
        5,
        changed(
            5,
            "return x @ self.weight[self.classes].T",
            "return (x.mean(1, keepdim=True) * self.weight.sum()).expand(x.shape)",
        ),
        "ends .* away",
    ),
    "layer: a matrix": (
        5,
        "def equivariant_layer(sigma):\n    return torch.eye(len(sigma))",
        "return a PyTorch module",
    ),
    "layer: spare weights": (5, changed(5, "max()) + 1)", "max()) + 2)"), "parameters; the general layer has"),
    # 7 spot the mistake
    "symmetrised: as it came": (6, SPOT, "does not commute"),
    "symmetrised: inputs only": (6, changed(6, "M[p][:, p]", "M[:, p]"), "does not commute"),
    "symmetrised: outputs only": (6, changed(6, "M[p][:, p]", "M[p]"), "does not commute"),
    "symmetrised: the sum": (6, changed(6, " / len(found)", ""), "itself the nearest"),
    "symmetrised: invariant to both": (
        6,
        "def symmetrised(M, sigma):\n    found = powers(sigma)\n    return sum(M[p][:, q] for p in found for q in found) / len(found) ** 2",
        "itself the nearest|is nearer",
    ),
    "symmetrised: there and half way": (
        6,
        "def symmetrised(M, sigma):\n    return (M + M[sigma][:, sigma]) / 2",
        "does not commute",
    ),
    "symmetrised: the identity": (6, "def symmetrised(M, sigma):\n    return torch.eye(len(M))", "nearest|nearer"),
    "symmetrised: symmetric, too": (
        6,
        changed(6, "    return sum(", "    M = (M + M.T) / 2\n    return sum("),
        "itself the nearest|is nearer",
    ),
    "symmetrised: overwritten": (
        6,
        changed(6, "    return sum", "    M *= 1.5\n    return sum"),
        "leave the given matrix",
    ),
}

RIGHT = {
    "cycles given one after the other": (0, changed(0, "return found", "yield from map(torch.tensor, found)")),
    "cycles as tensors": (0, changed(0, "found.append(cycle)", "found.append(torch.tensor(cycle))")),
    "cycles by powers": (0, "def cycles(sigma):\n    found, images = set(), [p.tolist() for p in powers(sigma)]\n    for i in range(len(sigma)):\n        orbit = list(dict.fromkeys(p[i] for p in images))\n        k = orbit.index(min(orbit))\n        found.add(tuple(orbit[k:] + orbit[:k]))\n    return found"),
    "cycles from their ends": (0, changed(0, "range(len(images))", "reversed(range(len(images)))")),
    "nearest, averaged in place": (1, IN_PLACE),
    "nearest by projection, as NumPy": (1, PROJECTED),
    "nearest on the columns of waves": (1, "def nearest_invariant(U, sigma, rank):\n    basis = torch.stack([torch.eye(len(sigma))[:, c].sum(1) / len(c) ** 0.5 for c in cycles(sigma)], 1)\n    u, s, v = torch.linalg.svd(U @ basis, full_matrices=False)\n    return u[:, :rank] * s[:rank] @ v[:rank] @ basis.T"),
    "classes by union, as a list": (2, BY_UNION),
    "classes by powers": (2, BY_POWERS),
    "classes as floats, other numbers": (2, changed(2, "    return found", "    return (found.max() - found).double()")),
    "waves shifted in phase": (3, changed(3, "else both", "else [torch.sin(angle + 1), torch.cos(angle + 1)]")),
    "waves in another order and sign": (3, changed(3, "torch.stack(columns, dim=1)", "-torch.stack(columns[::-1], dim=1)")),
    "waves by eigenvectors on each cycle": (3, "def waves(sigma):\n    Q, at = torch.zeros(len(sigma), len(sigma)), 0\n    for c in cycles(sigma):\n        P = torch.eye(len(c)).roll(1, 0)\n        Q[c, at : at + len(c)] = torch.linalg.eigh(P + P.T).eigenvectors\n        at += len(c)\n    return Q"),
    "components one by one": (4, GOOD + BY_LIST),
    "components by the frequencies of each cycle": (4, BY_FREQUENCIES),
    "components by SymPy": (4, "import sympy\n\n\ndef count_components(sigma, rank):\n    x, product = sympy.Symbol('x'), sympy.Poly(1, sympy.Symbol('x'))\n    lengths = [len(cycle) for cycle in cycles(sigma)]\n    for l in range(1, max(lengths) + 1):\n        d, w = sum(n % l == 0 for n in lengths), 1 if l <= 2 else 2\n        factor = sympy.Poly(sum(x ** (w * k) for k in range(d + 1)), x)\n        product *= factor ** (int(sympy.totient(l)) // w)\n    return product.coeff_monomial(x**rank)"),
    "layer that starts at zero": (5, changed(5, "torch.randn(", "torch.zeros(")),
    "layer of one parameter for each class": (5, module("self.w = nn.ParameterList([nn.Parameter(torch.randn(())) for _ in range(int(table.max()) + 1)])", "return x @ torch.stack(list(self.w))[table].T")),
    "layer of basis matrices": (5, module("self.basis = nn.functional.one_hot(table).double()\n            self.w = nn.Parameter(torch.zeros(self.basis.shape[-1]))", "return x @ (self.basis @ self.w).T")),
    "layer in another basis": (5, module("k = int(table.max()) + 1\n            self.mix = torch.eye(k) + torch.ones(k, k).triu(1) / k\n            self.w = nn.Parameter(torch.randn(k))", "return x @ (self.mix @ self.w)[table].T")),
    "symmetrised by classes": (6, "def symmetrised(M, sigma):\n    table = torch.as_tensor(classes(sigma))\n    sums = torch.zeros(int(table.max()) + 1).index_add(0, table.flatten(), M.flatten())\n    return (sums / table.flatten().bincount())[table]"),
    "symmetrised with inverses on both sides": (6, SPOT.replace("M[p]", "M[p.argsort()]")),
    "symmetrised with permutation matrices": (6, "def symmetrised(M, sigma):\n    P = torch.eye(len(M))[sigma]\n    found = [torch.linalg.matrix_power(P, k) for k in range(len(powers(sigma)))]\n    return torch.stack([p @ M @ p.T for p in found]).mean(0)"),
}  # fmt: skip


test_wrong_answer_is_refused, test_unusual_right_answer_is_accepted = judged(LAB, WRONG, RIGHT)


@pytest.mark.parametrize("number", [1, 2, 3, 4, 5, 6])
def test_checks_stand_by_themselves(number):
    """A right answer passes although the exercises before are empty, where it does not use them itself."""
    alone = {1: IN_PLACE, 2: BY_POWERS, 3: None, 4: None, 5: None, 6: LAB.exercises[6].solution}[number]
    if alone is None:
        alone = LAB.exercises[number].solution + "\n" + LAB.exercises[0].solution + "\n" + LAB.exercises[2].solution
    empty = "".join(exercise.starter + "\n" for exercise in LAB.exercises[:number])
    assert problem(LAB, number, empty + alone) is None
