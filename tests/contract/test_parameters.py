"""Which numbers a layer learns: their shapes, so that none has a bias of which it does not speak."""

import pytest
import torch
from torch import nn

from snippets.equivariant_networks.group_convolutions import TURNS, GroupConvolution
from snippets.equivariant_networks.points import Energy, RadialProduct
from snippets.equivariant_networks.rotations import KindLinear
from snippets.equivariant_networks.steerable_filters import SteerableConvolution
from snippets.equivariant_networks.tensor_products import TensorProduct
from snippets.lie_groups.attention import EuclideanAttention
from snippets.lie_groups.clifford import GeometricProductLayer
from snippets.lie_groups.rotary import RotaryAttention
from snippets.linear_algebra.eigenvectors import LinearRecurrence
from snippets.linear_algebra.flows import Coupling
from snippets.linear_algebra.pca import linear_autoencoder
from snippets.linear_algebra.span import bent_bottleneck, flat_bottleneck
from snippets.linear_algebra.svd import Adapter, compress
from snippets.linear_networks.groups import SharedLinear
from snippets.linear_networks.invariance import InvariantAutoencoder
from snippets.linear_networks.permutations import Permutation
from snippets.mnist.script import collapse
from snippets.mnist.train.networks import Dense

LEARNT = {
    "lie_groups.rotary.RotaryAttention": (lambda: RotaryAttention(8), 3 * [(8, 8)]),
    "lie_groups.attention.EuclideanAttention": (
        lambda: EuclideanAttention(2, 3),
        [
            *3 * [(2, 2), (2,)],  # value, mine and yours
            (1, 2),  # a score
            *[(2, 1), (2,)],  # the distance
            *[(3, 2), (3,)],  # the gate
            (3, 3),  # a mix of vectors, which has to leave zero where it is
            *[(2, 5), (2,)],  # the update
        ],
    ),
    "linear_algebra.eigenvectors.LinearRecurrence": (lambda: LinearRecurrence(4), [(4, 4)]),
    "linear_algebra.svd.Adapter": (lambda: Adapter(nn.Linear(4, 3), 2), [(2, 4), (3, 2)]),
    "linear_algebra.svd.compress": (lambda: compress(nn.Linear(4, 3), 2), [(2, 4), (3, 2), (3,)]),
    "linear_algebra.svd.compress.bare": (lambda: compress(nn.Linear(4, 3, bias=False), 2), [(2, 4), (3, 2)]),
    "linear_algebra.pca.linear_autoencoder": (lambda: linear_autoencoder(4, 2), [(2, 4), (2,), (4, 2), (4,)]),
    "linear_algebra.pca.linear_autoencoder.bare": (lambda: linear_autoencoder(4, 2, bias=False), [(2, 4), (4, 2)]),
    "linear_algebra.flows.Coupling": (lambda: Coupling(0, n=6), [(16, 3), (16,), (6, 16), (6,)]),
    "linear_algebra.span.flat_bottleneck": (
        lambda: flat_bottleneck(5, 2), [(32, 5), (32,), (2, 32), (2,), (5, 2), (5,)],
    ),
    "linear_algebra.span.bent_bottleneck": (
        lambda: bent_bottleneck(5, 2), [(2, 5), (2,), (32, 2), (32,), (5, 32), (5,)],
    ),
    "equivariant_networks.points.Energy": (
        lambda: Energy(3),
        [
            (3, 16),  # the types
            *2 * [(64, 72), (64,), (48, 64), (48,), (16, 32), (16,)],  # a message of pairs at eight distances, an update
            *[(16, 16), (16,), (1, 16), (1,)],  # the answer
        ],
    ),
    "equivariant_networks.points.RadialProduct": (
        lambda: RadialProduct([2], [3], top=0), [(32, 8), (32,), (1, 32), (1,), (3, 2)],
    ),
    "mnist.train.networks.Dense": (lambda: Dense(3), [(3, 784), (784, 3)]),
    "mnist.script.collapse": (lambda: collapse(Dense(3), 3), [(3, 784), (784, 3)]),
}  # fmt: skip


@pytest.mark.parametrize("name", LEARNT)
def test_a_layer_learns_what_it_says_and_nothing_else(name):
    make, shapes = LEARNT[name]
    learnt = [tuple(parameter.shape) for parameter in make().parameters() if parameter.requires_grad]
    assert sorted(learnt) == sorted(shapes)


TURN = [Permutation.rotation(2)]
SINGLE = tuple((i,) for i in range(1, 61))

# By name: a layer, and how many numbers each of its weights adds up, in their order.
FRESH = {
    "lie_groups.clifford.GeometricProductLayer": (lambda: GeometricProductLayer(40, 3), [40, 40]),
    "linear_networks.groups.SharedLinear": (lambda: SharedLinear(TURN, channels=(30, 40)), [30 * 4]),
    "linear_networks.invariance.InvariantAutoencoder": (lambda: InvariantAutoencoder(SINGLE, 50, 70), [60, 50]),
    "equivariant_networks.rotations.KindLinear": (lambda: KindLinear([40, 50], [60, 70]), [40, 50]),
    "equivariant_networks.tensor_products.TensorProduct": (lambda: TensorProduct([40, 50], [60, 70], 1), [40, 40, 50, 50]),
    "equivariant_networks.group_convolutions.GroupConvolution": (
        lambda: GroupConvolution(20, 30, 3, TURNS), [20 * 4 * 9],
    ),
    "equivariant_networks.group_convolutions.GroupConvolution.lift": (
        lambda: GroupConvolution(20, 30, 3, TURNS, lift=True), [20 * 9],
    ),
    "equivariant_networks.steerable_filters.SteerableConvolution": (
        lambda: SteerableConvolution(1, 1, 20, 30, 5), [20 * 25],
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", FRESH)
def test_fresh_weights_keep_the_size_of_what_they_add_up(name):
    torch.manual_seed(0)
    make, added = FRESH[name]
    weights = [w.detach() for key, w in make().named_parameters() if not key.endswith("bias")]
    sizes = [float(n * w.square().mean()) for n, w in zip(added, weights, strict=True)]
    assert sizes == pytest.approx(len(sizes) * [1.0], abs=0.06)
