"""Groups: orbits of pairs, layers between two actions, deep sets, and signs."""

import math
from itertools import permutations as arrangements
from itertools import product

import numpy as np
import pytest
import torch

from snippets.linear_networks.commutant import commutant_dimension
from snippets.linear_networks.groups import (
    DeepSetLayer,
    SharedLinear,
    burnside,
    commutant_basis,
    equivariant_classes,
    everything,
    generate,
    group_order,
    mirror,
    on_pairs,
    signed_classes,
)
from snippets.linear_networks.invariance import permutation_matrix
from snippets.linear_networks.permutations import Permutation, common_coarsening

TURN = Permutation.rotation(3)


def draw(*shape, seed=0):
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed))


def size(*generators):
    return int(commutant_basis(*generators).max()) + 1


def nullity(*generators):
    """Dimension of the commutant by the n² × n² system, for small n."""
    n, one = generators[0].size, np.eye(generators[0].size)
    matrices = [permutation_matrix(g).numpy() for g in generators]
    return n * n - int(np.linalg.matrix_rank(np.concatenate([np.kron(P, one) - np.kron(one, P.T) for P in matrices])))


@pytest.mark.claim("NN-39b", "BR-13")
def test_commutants_of_groups(measured):
    one, other = Permutation.from_cycles("(1 2 3 4)"), Permutation.from_cycles("(1 3 2 4)")
    measured.exact([size(one), size(other), size(one, other)], [4, 4, 2])
    measured.exact(common_coarsening(one), common_coarsening(other))
    cases = [(Permutation.from_cycles("(1 2 3)"),), everything(3), (TURN,), (TURN, mirror(3)), (one, other)]
    measured.exact([size(*g) for g in cases], [3, 2, 21, 15, 2])
    even = [Permutation.from_cycles("(1 2 3)(4)"), Permutation.from_cycles("(1)(2 3 4)")]
    assert (len(generate(*even)), len(generate(*everything(4)))) == (12, 24)
    for fine, coarse, sizes in (
        (cases[0], cases[1], (3, 2)),
        (cases[2], cases[3], (21, 15)),
        (even, everything(4), (2, 2)),
    ):
        measured.exact(common_coarsening(*fine), common_coarsening(*coarse))
        measured.exact((size(*fine), size(*coarse)), sizes)
    for generators in cases:
        measured.exact(size(*generators), nullity(*generators))
        classes = commutant_basis(*generators)
        for k in range(size(*generators)):
            M = (classes == k).double()
            for g in generators:
                P = permutation_matrix(g)
                measured.exact(M @ P, P @ M)


@pytest.mark.unwatched
def test_random_pairs_of_generators_agree_with_the_null_space():
    choose = np.random.default_rng(0)
    for _ in range(60):
        n = int(choose.integers(2, 7))
        generators = [Permutation(tuple(int(i) + 1 for i in choose.permutation(n))) for _ in range(2)]
        assert size(*generators) == nullity(*generators) == round(burnside(*generators))


def test_many_passes_are_not_cut_short():
    """A long chain of swaps: the labels have to travel."""
    n = 40
    chain = [Permutation.from_cycles(f"({i} {i + 1})", n) for i in range(1, n)]
    assert size(*chain) == 2


def test_layers_commute_with_the_group(measured):
    layer, x = SharedLinear([TURN, mirror(3)]), draw(2, 1, 9)
    for g in generate(TURN, mirror(3)):
        index = torch.tensor(g.images) - 1
        measured(layer(x[..., index]).detach(), layer(x)[..., index].detach(), atol=1e-13)
    measured.exact(layer.weight.numel(), 15)
    deep = DeepSetLayer()
    general = SharedLinear(everything(6))
    with torch.no_grad():
        general.weight.copy_(torch.stack([deep.own + deep.mean / 6, deep.mean / 6]).view(1, 1, 2))
    measured(general(draw(3, 1, 6)).detach(), deep(draw(3, 1, 6)).detach(), atol=1e-14)


def test_sizes_must_agree():
    with pytest.raises(ValueError, match="sizes"):
        commutant_basis(Permutation((2, 1)), Permutation((1, 3, 2)))


def test_weights_can_be_counted_at_one_output_of_each_orbit():
    choose = np.random.default_rng(4)
    for _ in range(20):
        n = int(choose.integers(2, 6))
        generators = [Permutation(tuple(int(i) + 1 for i in choose.permutation(n))) for _ in range(2)]
        group = generate(*generators)
        outputs = [part[0] for part in common_coarsening(*generators)]
        counts = [len(common_coarsening(*(g for g in group if g(o) == o))) for o in outputs]
        assert sum(counts) == size(*generators)


def test_exercises():
    assert burnside(TURN, mirror(3)) == 15
    right, down = Permutation.shift(4, 4), Permutation.shift(4, 4, right=0, down=1)
    assert (size(right), size(right, down)) == (64, 16)
    assert len(generate(*everything(5))) == 120
    bell = [len(set(map(pattern, arrangements_with_repetition(n)))) for n in (3, 4, 5)]
    assert [size(*on_pairs(n)) for n in (3, 4, 5)] == bell == [14, 15, 15]


def pattern(quadruple):
    """Which of the four entries are equal."""
    return tuple(quadruple.index(entry) for entry in quadruple)


def arrangements_with_repetition(n):
    return product(range(n), repeat=4)


@pytest.mark.claim("NN-39b", by="proved")
def test_no_permutation_has_the_commutant_of_all(measured):
    for n in range(3, 6):
        measured.exact(size(*everything(n)), 2)
        smallest = min(commutant_dimension(Permutation(images)) for images in arrangements(range(1, n + 1)))
        measured.exact(smallest, n)


CUBE = (
    [Permutation.from_cycles("(1 2 3 4)(5 6 7 8)"), Permutation.from_cycles("(1 5 6 2)(4 8 7 3)")],
    [Permutation.from_cycles("(1)(2 3 4 5)(6)"), Permutation.from_cycles("(1 5 6 3)(2)(4)")],
)


@pytest.mark.claim("NN-115")
def test_maps_between_two_actions_are_the_null_space(measured):
    """Random pairs of actions of one cyclic group, and the cube: the classes solve M P = Q M, and all of it."""
    choose = np.random.default_rng(1)
    cases = [CUBE]
    for _ in range(40):
        n, m = choose.integers(1, 6, size=2)
        inputs, outputs = (
            [Permutation(tuple(int(i) + 1 for i in choose.permutation(k))) for _ in range(2)] for k in (n, m)
        )
        cases.append((inputs, outputs))
    for inputs, outputs in cases:
        classes = equivariant_classes(inputs, outputs)
        m, n = classes.shape
        pairs = [
            (permutation_matrix(h).numpy(), permutation_matrix(g).numpy()) for h, g in zip(inputs, outputs, strict=True)
        ]
        system = np.concatenate([np.kron(Q, np.eye(n)) - np.kron(np.eye(m), P.T) for P, Q in pairs])
        measured.exact(int(classes.max()) + 1, m * n - int(np.linalg.matrix_rank(system)))
        M = draw(int(classes.max()) + 1)[classes]
        for P, Q in pairs:
            measured(M @ torch.tensor(P), torch.tensor(Q) @ M, atol=0)


def test_layers_between_two_actions_with_channels_and_bias(measured):
    layer = SharedLinear(*CUBE, channels=(2, 3))
    with torch.no_grad():
        layer.bias.normal_(generator=torch.Generator().manual_seed(0))
    x = draw(4, 2, 8)
    for h, g in zip(*CUBE, strict=True):
        h, g = torch.tensor(h.images) - 1, torch.tensor(g.images) - 1
        measured(layer(x[..., h]).detach(), layer(x)[..., g].detach(), atol=1e-13)
    assert layer(x).shape == (4, 3, 6)
    assert layer.bias.shape == (3, 1)
    assert layer.float()(x.float()).dtype == torch.float32
    assert layer(torch.zeros(0, 2, 8)).shape == (0, 3, 6)
    twin = SharedLinear(*CUBE, channels=(2, 3))
    twin.load_state_dict(layer.state_dict())
    measured(twin.double()(x).detach(), layer.double()(x).detach(), atol=0)


@pytest.mark.claim("NN-116")
def test_signed_classes_are_the_null_space(measured):
    choose = np.random.default_rng(2)
    zeros = 0
    for _ in range(60):
        n = int(choose.integers(1, 6))
        generators = [
            (Permutation(tuple(int(i) + 1 for i in choose.permutation(n))), choose.choice([-1, 1], size=n).tolist())
            for _ in range(int(choose.integers(1, 3)))
        ]
        matrices = [np.diag(s) @ permutation_matrix(g).numpy() for g, s in generators]
        system = np.concatenate([np.kron(P, np.eye(n)) - np.kron(np.eye(n), P.T) for P in matrices])
        classes, sign = signed_classes(generators)
        free = classes[sign != 0].unique()
        measured.exact(len(free), n * n - int(np.linalg.matrix_rank(system)))
        M = draw(n * n)[classes] * sign
        for P in matrices:
            measured(M @ torch.tensor(P), torch.tensor(P) @ M, atol=0)
        zeros += int((sign == 0).sum())
    assert zeros > 0
    with pytest.raises(ValueError, match=r"signs \[1, 2\]: give 2 numbers, each 1 or −1"):
        signed_classes([(Permutation((2, 1)), [1, 2])])


def test_group_orders_without_a_list():
    assert group_order(*everything(30)) == math.factorial(30)
    choose = np.random.default_rng(3)
    for _ in range(20):
        n = int(choose.integers(1, 6))
        generators = [Permutation(tuple(int(i) + 1 for i in choose.permutation(n))) for _ in range(2)]
        assert group_order(*generators) == len(generate(*generators))
    with pytest.raises(ValueError, match="1 permutations of the inputs and 2 of the outputs"):
        equivariant_classes(CUBE[0][:1], CUBE[1])
