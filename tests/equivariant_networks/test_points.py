"""Points in space: motions, orders and padding change no energy, and forces are its gradient."""

import pytest
import torch

from snippets.equivariant_networks.points import (
    Energy,
    PointLayer,
    RadialProduct,
    bumps,
    forces,
    motion,
    torque,
)
from snippets.equivariant_networks.rotations import wigner
from snippets.equivariant_networks.tensor_products import multiply
from snippets.lie_groups.exponential import exp_so3


def cloud(count=2, n=6, seed=0):
    draw = torch.Generator().manual_seed(seed)
    return 2 * torch.rand(count, n, 3, generator=draw), torch.randint(3, (count, n), generator=draw)


def network(seed=0):
    torch.manual_seed(seed)
    return Energy(types=3, channels=8)


@pytest.mark.claim("EL-151")
def test_numbers_stay_and_arrows_turn_along(measured):
    torch.manual_seed(0)
    layer, (x, _) = PointLayer(5), cloud()
    s, v, pair = torch.randn(2, 6, 5), torch.randn(2, 6, 5, 3), 1 - torch.eye(6).expand(2, 6, 6)
    numbers, arrows = layer(x, s, v, pair)
    for seed in range(6):
        R, t = motion(seed)
        moved_numbers, moved_arrows = layer(x @ R.T + t, s, v @ R.T, pair)
        measured(moved_numbers.detach(), numbers.detach(), atol=1e-11)
        measured(moved_arrows.detach(), (arrows @ R.T).detach(), atol=1e-11)
    order = torch.randperm(6)
    numbers_again, arrows_again = layer(x[:, order], s[:, order], v[:, order], pair)
    measured(numbers_again.detach(), numbers[:, order].detach(), atol=1e-11)
    measured(arrows_again.detach(), arrows[:, order].detach(), atol=1e-11)


@pytest.mark.claim("EL-152")
def test_forces_are_a_gradient_and_add_up_to_zero(measured):
    energy, (x, types) = network(), cloud()
    F = forces(energy, x, types).detach()
    assert F.abs().max() > 1e-3
    for seed in range(4):
        R, t = motion(seed)
        measured(energy(x @ R.T + t, types).detach(), energy(x, types).detach(), atol=1e-11)
        measured(forces(energy, x @ R.T + t, types).detach(), F @ R.T, atol=1e-10)
    measured(F.sum(-2), torch.zeros(2, 3), atol=1e-11)
    measured(torque(x, F), torch.zeros(2, 3), atol=1e-11)
    one = x[0].clone().requires_grad_()
    assert torch.autograd.gradcheck(lambda x: energy(x, types[0]), one)
    assert torch.autograd.gradgradcheck(lambda x: energy(x, types[0]), one, atol=1e-4)


def test_bumps_are_heights_at_the_distance_and_smooth_at_zero(measured):
    r, centres = torch.randn(5, 3), torch.linspace(0, 4, 8)
    measured(bumps(r, centres), torch.exp(-((r.norm(dim=-1, keepdim=True) - centres) ** 2)), atol=1e-11)
    zero = torch.zeros(3, requires_grad=True)
    bumps(zero, centres).sum().backward()
    assert torch.equal(zero.grad, torch.zeros(3))


def test_the_steps_of_the_layer_are_paths_of_a_tensor_product(measured):
    """(0,1,1), (1,0,1) and (1,1,0): up to one factor each they are s r, v and v · r."""
    yzx, s, v, r = [1, 2, 0], torch.randn(6, 1), torch.randn(6, 3), torch.randn(6, 3)
    one = torch.ones(6, 1)
    for product, expected in (
        (multiply(s, r[:, yzx], 1), s * r[:, yzx]),
        (multiply(v[:, yzx], one, 1), v[:, yzx]),
        (multiply(v[:, yzx], r[:, yzx], 0), (v * r).sum(-1, keepdim=True)),
    ):
        factor = (product * expected).sum() / expected.square().sum()
        assert factor.abs() > 0.1
        measured(product, factor * expected, atol=1e-13)


def test_radial_networks_weigh_paths_by_the_distance_alone(measured):
    """The layer turns along and is inverted along; a path counts by its factor, which no motion changes."""
    torch.manual_seed(0)
    layer, w, p = RadialProduct([2, 3, 1], [3, 2, 2], top=2), torch.tensor([0.4, -0.7, 1.1]), torch.randn(5, 3)
    f = [torch.randn(5, n, 2 * l + 1) for l, n in enumerate((2, 3, 1))]
    out = layer(f, p)
    turned = layer([x @ wigner(l, w).T for l, x in enumerate(f)], p @ exp_so3(w).T)
    inverted = layer([(-1) ** l * x for l, x in enumerate(f)], -p)
    for l, y in enumerate(out):
        measured(turned[l].detach(), (y @ wigner(l, w).T).detach(), atol=1e-11)
        measured(inverted[l].detach(), ((-1) ** l * y).detach(), atol=1e-11)
    factors = layer.radial(bumps(p, layer.centres))
    for k, (W, found) in enumerate(zip(layer.weights, layer.path_weights(p), strict=True)):
        measured(found.detach(), (factors[:, k, None, None] * W).detach(), atol=0)
    assert (layer.path_weights(p)[0] - layer.path_weights(2 * p)[0]).abs().max() > 1e-3


def test_padding_is_not_seen():
    energy, (x, types) = network(), cloud(n=4)
    there = (torch.arange(7) < 4).expand(2, 7)
    padded = torch.cat([x, 30 * torch.randn(2, 3, 3)], dim=1)
    padded_types = torch.cat([types, types[:, :3]], dim=1)
    torch.testing.assert_close(energy(padded, padded_types, there), energy(x, types))
    F = forces(energy, padded, padded_types, there)
    torch.testing.assert_close(F[:, :4], forces(energy, x, types))
    assert not F[:, 4:].any()


def test_padding_may_hold_anything():
    """Numbers that are none, and types that do not exist."""
    energy, (x, types) = network(), cloud(n=4)
    there = (torch.arange(6) < 4).expand(2, 6)
    padded = torch.cat([x, torch.full((2, 2, 3), torch.nan)], dim=1)
    padded_types = torch.cat([types, torch.full((2, 2), -1)], dim=1)
    torch.testing.assert_close(energy(padded, padded_types, there), energy(x, types))
    torch.testing.assert_close(forces(energy, padded, padded_types, there)[:, :4], forces(energy, x, types))


def test_forces_are_had_without_gradients_around_and_can_be_differentiated():
    energy, (x, types) = network(), cloud(count=1, n=3)
    expected = forces(energy, x, types).detach()
    with torch.no_grad():
        assert torch.equal(forces(energy, x, types), expected)
    hessian = torch.autograd.functional.hessian(lambda x: energy(x, types).sum(), x)
    torch.testing.assert_close(torch.autograd.functional.jacobian(lambda x: forces(energy, x, types), x), -hessian)


def test_coinciding_points_have_finite_forces():
    energy, (x, types) = network(), cloud()
    x[:, 1] = x[:, 0]
    assert forces(energy, x, types).isfinite().all()


def test_the_network_tells_different_clouds_apart():
    energy, (x, types) = network(), cloud()
    stretched = x * torch.tensor([1.0, 1.0, 1.3])
    assert (energy(stretched, types) - energy(x, types)).abs().min() > 1e-4
    assert (energy(x, types.roll(1, 1)) - energy(x, types)).abs().max() > 1e-4


def test_precision_and_empty_batches():
    energy, (x, types) = network().float(), cloud()
    assert energy(x.float(), types).dtype == torch.float32
    assert energy(x[:0].float(), types[:0]).shape == (0,)


def test_types_must_fit_the_positions():
    with pytest.raises(ValueError, match="give one type for each point"):
        network()(torch.randn(2, 5, 3), torch.zeros(2, 4, dtype=torch.long))
    with pytest.raises(ValueError, match=r"marks of shape \(2, 4\)"):
        network()(torch.randn(2, 5, 3), torch.zeros(2, 5, dtype=torch.long), torch.ones(2, 4, dtype=torch.bool))


@pytest.mark.parametrize("wrong", [3, -1])
def test_types_that_do_not_exist_are_refused(wrong):
    x, types = cloud()
    types[1, 2] = wrong
    low, high = sorted((wrong, 0 if wrong > 0 else 2))
    with pytest.raises(ValueError, match=f"^types from {low} to {high}: take 0 to 2, or build Energy for more types$"):
        network()(x, types)


def test_messages_are_what_pairs_say_one_by_one():
    """The layer against a loop over pairs: who speaks to whom, and which way the difference points."""
    torch.manual_seed(0)
    layer, (x, _) = PointLayer(3), cloud(count=1, n=4)
    s, v, pair = torch.randn(1, 4, 3), torch.randn(1, 4, 3, 3), torch.rand(1, 4, 4)
    numbers, arrows = layer(x, s, v, pair)
    for i in range(4):
        number, arrow = torch.zeros(3), v[0, i]
        for j in range(4):
            r = x[0, j] - x[0, i]
            bumps = torch.exp(-((torch.sqrt(r @ r + 1e-12) - layer.centres) ** 2))
            said = pair[0, i, j] * layer.message(torch.cat([s[0, i], s[0, j], bumps, v[0, i] @ r, v[0, j] @ r]))
            number = number + said[:3]
            arrow = arrow + said[3:6, None] * r + said[6:, None] * v[0, j]
        number = number + s[0, i] + layer.update(torch.cat([s[0, i], arrow.square().sum(-1)]))
        torch.testing.assert_close(numbers[0, i], number)
        torch.testing.assert_close(arrows[0, i], arrow)


def test_a_point_says_nothing_to_itself():
    """A single point has the energy of its type, and nothing of the message network in it."""
    energy = network()
    x, types = torch.zeros(1, 1, 3), torch.tensor([[1]])
    before = energy(x, types)
    for layer in energy.layers:
        torch.nn.init.normal_(layer.message[2].bias)
    torch.testing.assert_close(energy(x, types), before)
