"""Small inputs that were reported against code like this, each for a kind: what they give here."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
import torch

from snippets.lie_groups import actions, algebra, exponential, groups, motions
from snippets.linear_algebra import eigenvectors, solving
from snippets.linear_networks import function_spaces, real_blocks
from snippets.linear_networks.permutations import Permutation
from snippets.manifolds import tangent_space

ROOT = Path(__file__).parents[2]
UNCHANGED = """
import decimal, importlib, locale, logging, os, pathlib, random, signal, sys, threading, warnings
import numpy as np, sympy, torch  # which set filters of warnings of their own
torch.manual_seed(0), np.random.seed(0), random.seed(0)
def world():
    root = logging.getLogger()
    return {
        "generators": (torch.get_rng_state().tolist(), np.random.get_state()[1].tolist(), random.getstate()),
        "numbers": (torch.get_default_dtype(), torch.get_default_device(), torch.is_grad_enabled()),
        "precision": (torch.get_float32_matmul_precision(), np.geterr(), str(decimal.getcontext())),
        "threads": (torch.get_num_threads(), torch.get_num_interop_threads(), threading.active_count()),
        "printing": (vars(torch._tensor_str.PRINT_OPTS).copy(), str(np.get_printoptions()), sys.stdout, sys.stderr),
        "warnings": (list(warnings.filters), warnings.showwarning),
        "environment": dict(os.environ),
        "place": (os.getcwd(), list(sys.path), locale.setlocale(locale.LC_ALL)),
        "signals": {number: signal.getsignal(number) for number in signal.valid_signals()},
        "logging": (root.level, list(root.handlers), logging.getLoggerClass()),
        "hooks": (sys.excepthook, sys.displayhook, list(sys.meta_path), sys.gettrace(), sys.getrecursionlimit()),
    }
before = world()
for path in sorted(pathlib.Path("snippets").rglob("*.py")):
    name = ".".join(path.with_suffix("").parts).removesuffix(".__init__")
    if "figures" not in name and not name.endswith("__main__"):
        importlib.import_module(name)
for what, state in world().items():
    assert state == before[what], f"an import changed {what}: {state}, before {before[what]}"
assert "matplotlib" not in sys.modules or "snippets.mnist.script" in sys.modules, "an import loads what draws"
"""


def test_importing_changes_nothing():
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    ran = subprocess.run([sys.executable, "-c", UNCHANGED], cwd=ROOT, env=environment, capture_output=True, text=True)
    assert ran.returncode == 0, ran.stderr


LIGHT = """
import sys, torch
import snippets.equivariant_networks.points, snippets.lie_groups.exponential, snippets.linear_networks.equivariance, snippets.mnist.exact
print([name for name in ("sympy", "scipy", "matplotlib", "torch._dynamo") if name in sys.modules])
"""


def test_importing_layers_loads_little_more_than_torch():
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    ran = subprocess.run([sys.executable, "-c", LIGHT], cwd=ROOT, env=environment, capture_output=True, text=True)
    assert (ran.stdout, ran.stderr) == ("[]\n", "")


@pytest.mark.parametrize("unit", [1e-8, 1.0, 1e8])
def test_dimensions_do_not_depend_on_the_unit(unit):
    turns = torch.stack([exponential.hat(axis) for axis in torch.eye(3)])
    assert len(actions.commutant_basis(unit * turns)) == 1
    symmetric = torch.tensor([[2.0, 1.0], [1.0, 3.0]])
    top = float(torch.linalg.eigvalsh(symmetric)[-1])
    assert eigenvectors.eigenspace(unit * symmetric, unit * top).shape == (2, 1)
    assert solving.null_space(unit * torch.tensor([[1.0, 2.0, 3.0], [2.0, 4.0, 6.0]])).shape == (3, 2)
    assert tangent_space.kernel(unit * torch.tensor([[1.0, 2.0, 3.0], [2.0, 4.0, 6.0]])).shape == (3, 2)
    assert function_spaces.differential_rank(lambda t: unit * t[:2] * t[2:], torch.tensor([1.0, 2, 3, 4])) == 2
    assert function_spaces.differential_rank(lambda t: t[:2] * t[2:], unit * torch.tensor([1.0, 0, 3, 0])) == 1
    sigma = Permutation.parse("(1 2 3)")
    real_blocks.fourier_blocks(unit * torch.eye(3), sigma)
    with pytest.raises(ValueError, match="not equivariant"):
        real_blocks.fourier_blocks(unit * torch.diag(torch.tensor([1.0, 2.0, 3.0])), sigma)


def test_a_matrix_with_entries_far_apart_has_an_inverse():
    D = torch.diag(torch.tensor([1e-9, 1e9]))
    assert (groups.inverse_2x2(D) @ D - torch.eye(2)).abs().max() < 1e-12
    with pytest.raises(ValueError, match=r"ad - bc = .* from products of size"):
        groups.inverse_2x2(torch.tensor([[1.0, 1.0], [1.0, 1.0 + 1e-16]]))


def test_a_message_does_not_contradict_itself():
    """What is hardly beyond a bound is printed so that it is seen to be beyond; of a batch the wrong one is named."""
    off = torch.eye(3)
    off[0, 1] = 1.00000001e-5
    with pytest.raises(ValueError, match=r"from I by 1\.00000001e-05, more than 1e-05"):
        groups.check_orthogonal(off)
    with pytest.raises(ValueError, match=r"entry 1\.00000001e-05, more than 1e-05 of X's largest entry 1"):
        exponential.vee(exponential.hat(torch.tensor([1.0, 0, 0])) + off - torch.eye(3))
    last = torch.eye(3)
    last[2, 2] += 1.00000002e-5
    with pytest.raises(ValueError, match=r"row is 1\.0000000\d+e-05 away from 0, …, 0, 1, more than 1e-05"):
        motions.parts(last)
    with pytest.raises(ValueError, match=r"starts 1\.00000001e-09 away from the identity, more than 1e-09"):
        algebra.velocity_at_identity(lambda t: torch.eye(2) + 1.00000001e-9 * torch.eye(2).flip(0) + t)
    large, small = torch.diag(torch.tensor([1e9, 1.0 - 1e9])), torch.diag(torch.tensor([1.0, -0.9]))
    with pytest.raises(ValueError, match=r"tr X = 0\.1 where the largest entry is 1: .*take X"):
        exponential.exp_sl2(torch.stack([large, small]))
    assert torch.isfinite(exponential.exp_sl2(small - 0.05 * torch.eye(2))).all()


@pytest.mark.parametrize("X", [torch.zeros(2, 2), torch.tensor([[0.0, 1.0], [0.0, 0.0]])])
def test_the_derivative_at_a_kink_is_that_of_the_series(X):
    inside = [1, 2]  # the entries beside the diagonal: what stays in sl(2)
    J = torch.autograd.functional.jacobian(exponential.exp_sl2, X).reshape(4, 4)[:, inside]
    expected = torch.autograd.functional.jacobian(torch.linalg.matrix_exp, X).reshape(4, 4)[:, inside]
    assert (J - expected).abs().max() < 1e-12
