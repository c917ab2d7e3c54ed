"""The mathematics of the playgrounds, in Node, against the snippets that the chapters show."""

import json
import subprocess
from pathlib import Path

import pytest
import torch

from book import npm
from snippets.linear_algebra.determinants import det2
from snippets.linear_algebra.eigenvectors import power
from snippets.linear_algebra.svd import svd

HERE = Path(__file__).parent
DRAWS = 200


def ask(calls):
    """Return what Node answers to a list of [module, function, arguments]."""
    command = [*npm.node(), str(HERE / "call.mjs")]
    return json.loads(subprocess.run(command, input=json.dumps(calls), capture_output=True, text=True, check=True, timeout=60).stdout)


def answers(module, function, arguments):
    """Return Node's answers to one function for a list of argument lists, as a tensor."""
    return torch.tensor(ask([[module, function, values] for values in arguments]), dtype=torch.float64)


def agree(found, expected):
    """Assert a relative error below 1e-9."""
    scale = expected.abs().amax().clamp(min=1)
    assert (found - expected).abs().amax() < 1e-9 * scale


@pytest.fixture
def draw():
    return torch.Generator().manual_seed(0)


@pytest.fixture
def matrices(draw):
    special = torch.tensor([[[1, 1], [0, 1]], [[0, 1], [1, 0]], [[2, 4], [1, 2]], [[0, -1], [1, 0]], [[3, 0], [0, 3]], [[0, 0], [0, 0]], [[-2, 0], [0, 1]]])
    return torch.cat([torch.randn(DRAWS, 2, 2, generator=draw) * 2, special.double()])


def flat(matrices):
    return [[matrix.flatten().tolist()] for matrix in matrices]


def test_area_is_the_determinant(matrices):
    agree(answers("plane", "determinant", flat(matrices)), torch.stack([det2(M) for M in matrices]))


def test_powers_are_powers(matrices):
    found = answers("plane", "power", [[*values, 5] for values in flat(matrices)]).view(-1, 2, 2)
    agree(found, torch.linalg.matrix_power(matrices, 5))
    diagonalisable = torch.linalg.cond(torch.linalg.eig(matrices[:DRAWS]).eigenvectors) < 100
    for M, mine in zip(matrices[:DRAWS][diagonalisable], found[:DRAWS][diagonalisable], strict=True):
        agree(mine, power(M, 5))


def test_eigenvalues_are_torch_s(matrices):
    found = torch.view_as_complex(answers("plane", "eigenvalues", flat(matrices)))
    expected = torch.linalg.eigvals(matrices)
    apart = lambda a, b: (a - b).abs().sum(1)  # noqa: E731
    assert torch.minimum(apart(found, expected), apart(found, expected.flip(1))).max() < 1e-7  # a double root is known to half the digits


def test_eigenvectors_keep_their_line(matrices):
    found = torch.view_as_complex(answers("plane", "eigenvalues", flat(matrices)))
    real = found.imag.abs().amax(1) == 0
    for k in range(2):
        values = found.real[real, k]
        v = answers("plane", "eigenvector", [[M.flatten().tolist(), float(x)] for M, x in zip(matrices[real], values, strict=True)])
        assert ((matrices[real] @ v[:, :, None])[..., 0] - values[:, None] * v).abs().max() < 1e-9
        assert (v.norm(dim=1) - 1).abs().max() < 1e-12


def test_three_steps_make_the_matrix_again(matrices):
    for M, found in zip(matrices, ask([["plane", "svd", values] for values in flat(matrices)]), strict=True):
        sigma = torch.tensor(found["sigma"], dtype=torch.float64)
        agree(sigma, torch.linalg.svdvals(M))
        agree(sigma[: len(svd(M)[1])], svd(M)[1])
        turn = lambda a: torch.linalg.matrix_exp(a * torch.tensor([[0.0, -1.0], [1.0, 0.0]]))  # noqa: E731
        product = turn(found["beta"]) @ torch.diag(torch.tensor([sigma[0], found["flip"] * sigma[1]])) @ turn(-found["alpha"])
        assert (product - M).abs().max() < 1e-9


def test_rank_of_the_special_matrices(matrices):
    found = answers("plane", "rank", flat(matrices))
    assert torch.equal(found, torch.linalg.matrix_rank(matrices).double())


def test_way_from_the_identity(matrices):
    found = answers("plane", "blend", [[*values, 0.3] for values in flat(matrices)]).view(-1, 2, 2)
    agree(found, 0.7 * torch.eye(2) + 0.3 * matrices)
