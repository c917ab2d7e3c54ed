"""Lists that belong together are as long as each other: a call with one that is too short or too long is refused."""

import jaxtyping
import pytest
import torch

from snippets.lie_groups.algebra import velocity_at_identity
from snippets.linear_algebra.span import combine
from snippets.linear_networks.components import eigenvalues
from snippets.linear_networks.convolutions import compose
from snippets.linear_networks.cycle_waves import CycleWaves
from snippets.linear_networks.knapsack import fillings, knapsack
from snippets.linear_networks.permutations import Permutation
from snippets.mnist.components import better, distribution, loss_of
from snippets.mnist.exact import EquivariantLinearAutoencoder, fit, load, loss
from snippets.mnist.train.networks import SemiEquivariant
from snippets.mnist.train.pictures import CHUNK, moved
from snippets.mnist.training import optimum, step_cost

ONE = torch.ones(1)
SQUARES = torch.eye(2).expand(3, 2, 2)
BASES = [torch.ones(28, 1, dtype=torch.complex128)] * 15
MOMENTS = torch.eye(28, dtype=torch.complex128).expand(15, 28, 28)
SIGMA = Permutation.from_cycles("(1 2 3)(4)")
WAVES = CycleWaves(SIGMA, list(eigenvalues(SIGMA)))
COORDINATES = WAVES.analyse(torch.ones(1, 4))
TWO = torch.tensor([[0.0, 1.0], [0.0, 1.0]])

CALLS = {
    "linear_algebra.span.": (lambda few: combine(torch.eye(2), torch.ones(few)), 2),
    "linear_networks.knapsack.": (lambda few: fillings([[1.0]] * 2, [1] * few, 1), 2),
    "linear_networks.knapsack.values": (lambda few: knapsack([[1.0]] * few, [1] * 2, 1), 2),
    "linear_networks.convolutions.": (lambda few: compose([ONE] * 2, [1] * few), 2),
    "linear_networks.cycle_waves.": (lambda few: WAVES.synthesise((COORDINATES * 2)[:few], 1), len(COORDINATES)),
    "mnist.training.": (lambda few: optimum(SQUARES, [1] * few), 3),
    "mnist.training.costs": (lambda few: step_cost(28, [1] * few, [1, 2]), 2),
    "mnist.components.": (lambda few: loss_of(TWO, [1] * few), 2),
    "mnist.components.bins": (lambda few: distribution(TWO, 1, 1.0, [1] * few), 2),
    "mnist.components.better": (lambda few: list(better(TWO, 1, 5.0, [1] * few)), 2),
    "mnist.exact.loss": (lambda few: loss(MOMENTS, (BASES * 2)[:few]), 15),
    "mnist.exact.fit": (lambda few: fit(MOMENTS[:1].expand(few, 28, 28), [1] * 15), 15),
    "mnist.exact.load": (lambda few: load(EquivariantLinearAutoencoder([1] * 15), (BASES * 2)[:few]), 15),
    "mnist.train.networks.": (lambda few: SemiEquivariant([1] * few), 15),
    "mnist.train.pictures.": (
        lambda few: moved(torch.zeros(CHUNK + 1, 28, 28), torch.zeros(CHUNK * (few - 1) + 1, dtype=torch.int64), torch.float32),
        2,
    ),
}  # fmt: skip


@pytest.fixture(autouse=True)
def _as_a_reader_runs_it():
    """Take away the checks of shapes that only these tests have."""
    jaxtyping.config.update("jaxtyping_disable", True)
    yield
    jaxtyping.config.update("jaxtyping_disable", False)


@pytest.mark.parametrize("name", CALLS)
def test_lists_of_other_lengths_are_refused(name):
    call, right = CALLS[name]
    call(right)
    for wrong in (right - 1, right + 1):
        with pytest.raises((ValueError, RuntimeError, IndexError), match=r"\w"):
            call(wrong)


def test_a_curve_that_stands_still_is_told_from_one_that_autograd_does_not_see():
    """lie_groups.algebra: a derivative of zero is returned only where the curve depends on t."""
    assert velocity_at_identity(lambda t: torch.eye(2) + 0 * t).abs().max() == 0
    with pytest.raises(ValueError, match="does not depend on t in a way that autograd sees"):
        velocity_at_identity(lambda t: torch.eye(2))
