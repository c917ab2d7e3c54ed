"""The checks of the linear networks lab refuse answers that are wrong in a tempting way."""

from pathlib import Path

import pytest

from snippets.labs import passes, read_lab

LAB = read_lab(Path(__file__).parents[2] / "docs" / "labs" / "linear_networks.py")


def changed(number, old, new):
    """Return the solution of an exercise with one mistake in it."""
    solution = LAB.exercises[number].solution
    assert old in solution
    return number, solution.replace(old, new)


MISTAKES = {
    "cycles: fixed points forgotten": changed(0, "if cycle:", "if len(cycle) > 1:"),
    "cycles: backwards": changed(0, "found.append(cycle)", "found.append(cycle[::-1])"),
    "nearest: no weights": changed(1, ".sqrt()", ".pow(0)"),
    "nearest: wrong weights": changed(1, ".sqrt()", ""),
    "nearest: no truncation": changed(1, "left[:, :rank] * values[:rank] @ right[:rank]", "left * values @ right"),
    "nearest: the smallest kept": changed(
        1,
        "left[:, :rank] * values[:rank] @ right[:rank]",
        "left[:, -rank:] * values[-rank:] @ right[-rank:]",
    ),
    "nearest: zero": changed(1, "    return M", "    return 0 * M"),
    "classes: rows instead of pairs": changed(2, "i, j = images[i], images[j]", "i, j = images[i], j"),
    "waves: last cosine too long": changed(3, "(1 if lone else 2)", "(1 if j == 0 else 2)"),
    "waves: sines left out": changed(3, "[torch.sin(angle), torch.cos(angle)]", "[torch.cos(angle), torch.cos(angle)]"),
    "waves: spread over several cycles": (
        3,
        "def waves(sigma):\n    P = torch.eye(len(sigma))[sigma]\n    return torch.linalg.eigh(P + P.T)[1]",
    ),
    "components: pairs counted once": changed(4, "weight = 1 if l <= 2 else 2", "weight = 1"),
    "layer: a dense one": (5, "def equivariant_layer(sigma):\n    return nn.Linear(len(sigma), len(sigma), bias=False)"),
    "layer: a single weight": changed(5, "self.weight[self.classes]", "(0 * self.weight[self.classes] + self.weight[0])"),
}


@pytest.mark.parametrize(("number", "answer"), MISTAKES.values(), ids=MISTAKES.keys())
def test_mistake_is_refused(number, answer, capsys):
    assert not passes(LAB, number, answer)
    assert capsys.readouterr().out.startswith("Not yet: ")


def test_layer_may_start_at_zero():
    assert passes(LAB, *changed(5, "torch.randn(", "torch.zeros("))
