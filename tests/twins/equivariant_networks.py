"""Wrong twins of equivariant layers: each passes an obvious test, and fails the one that counts.

`python -m tests.twins` prints the errors of each layer beside those of its twin.
"""

import inspect
from collections.abc import Callable
from typing import NamedTuple

import torch
from torch import nn
from torch.nn.functional import conv2d, pad

from snippets.equivariant_networks import characters, group_convolutions, rotations, steerable_filters, tensor_products
from snippets.equivariant_networks.characters import on_arrows, square_table
from snippets.equivariant_networks.group_convolutions import (
    TURNS,
    TURNS_AND_MIRRORS,
    GroupConvolution,
    act,
    act_on_field,
    defect,
)
from snippets.equivariant_networks.points import Energy, PointLayer, forces, motion
from snippets.equivariant_networks.rotations import KindLinear
from snippets.equivariant_networks.steerable_filters import Gate, SteerableConvolution, turn_field, turning
from snippets.equivariant_networks.tensor_products import TensorProduct
from snippets.lie_groups.exponential import exp_so3, log_so3

convolve, fourier, from_fourier, inner, projection = (
    inspect.unwrap(getattr(characters, name)) for name in ("convolve", "fourier", "from_fourier", "inner", "projection")
)
quotients = inspect.unwrap(group_convolutions.quotients)
wigner, harmonics = inspect.unwrap(rotations.wigner), inspect.unwrap(rotations.harmonics)
on_ring = inspect.unwrap(steerable_filters.on_ring)
coupling, multiply = inspect.unwrap(tensor_products.coupling), inspect.unwrap(tensor_products.multiply)


# The twins.


def inverse(g):
    """Return the move that undoes a move: a mirror image undoes itself."""
    mirrored, quarters = g
    return g if mirrored else (False, -quarters % 4)


class ProductForQuotient(GroupConvolution):
    """Map g reads map h with the filter gh: for quarter turns, roll(−k) for roll(k)."""

    def filters(self):
        w, products = self.weight, self.quotients.argsort(1)
        moved = [act(g, w if self.lift else w[:, :, products[number]]) for number, g in enumerate(self.group)]
        return torch.stack(moved, dim=1).flatten(2, 3).flatten(0, 1)


class Backwards(GroupConvolution):
    """The filter stands in all positions, but in the order of the inverse moves."""

    def filters(self):
        w = self.weight
        moved = [
            act(inverse(g), w if self.lift else w[:, :, self.quotients[number]]) for number, g in enumerate(self.group)
        ]
        return torch.stack(moved, dim=1).flatten(2, 3).flatten(0, 1)


class NeverTurned(GroupConvolution):
    """The filters are shared by all maps, and none is turned."""

    def filters(self):
        w = self.weight
        moved = [w if self.lift else w[:, :, self.quotients[number]] for number in range(len(self.group))]
        return torch.stack(moved, dim=1).flatten(2, 3).flatten(0, 1)


class BiasForEachMap(GroupConvolution):
    """Each position of a filter has a bias of its own."""

    def forward(self, x):
        around = [self.weight.shape[-1] // 2] * 4
        x = pad(x if self.lift else x.flatten(1, 2), around, mode="circular" if self.circular else "constant")
        y = conv2d(x, self.filters())
        return y.unflatten(1, (-1, len(self.group))) + torch.linspace(-1, 1, len(self.group))[:, None, None]


class GateOnComponents(Gate):
    """Each number is gated by its own square, not by the length of its arrow."""

    def forward(self, f):
        v = f.unflatten(1, (len(self.threshold), -1))
        return (v * torch.sigmoid(v.square() - self.threshold)).flatten(1, 2)


class MiddleNotZero(SteerableConvolution):
    """The pixel in the middle, which has no angle, keeps the angle 0."""

    def __init__(self, *sizes):
        super().__init__(*sizes)
        half = self.profile.shape[-1] // 2
        self.profile[:, half, half] = torch.exp(-(torch.arange(half + 1.0) ** 2) / 0.72)


class RowsUpwards(SteerableConvolution):
    """Angles are measured as if the rows of a picture were numbered upwards."""

    def __init__(self, *sizes):
        super().__init__(*sizes)
        self.phi.neg_()


class BiasOnArrows(KindLinear):
    """Every kind has a bias, on its middle number."""

    def forward(self, features):
        return [y + 0.5 * torch.eye(y.shape[-1])[y.shape[-1] // 2] for y in super().forward(features)]


class EveryPath(TensorProduct):
    """All products are taken, whatever their parity."""

    def __init__(self, few, many, top):
        super().__init__(few, many, top)
        every = [(a, b, c) for a in range(len(few)) for b in range(top + 1) for c in range(len(many))]
        self.paths = [(a, b, c) for a, b, c in every if abs(a - b) <= c <= a + b]
        self.weights = nn.ParameterList(torch.randn(many[c], few[a]) for a, _, c in self.paths)


class Positions(PointLayer):
    """The positions of the points are taken for arrows."""

    def forward(self, x, s, v, pair):
        return super().forward(x, s, v + x[..., None, :], pair)


class PositionsFromTheMiddle(PointLayer):
    """The positions from the middle of all points are taken for arrows, padding included."""

    def forward(self, x, s, v, pair):
        return super().forward(x, s, v + (x - x.mean(-2, keepdim=True))[..., None, :], pair)


class OtherDistance(PointLayer):
    """The layer, with a distance that a twin computes."""

    def forward(self, x, s, v, pair):
        r = x[..., None, :, :] - x[..., :, None, :]
        bumps = torch.exp(-((self.distance(r.square().sum(-1))[..., None] - self.centres) ** 2))
        along = torch.einsum("...icx,...ijx->...ijc", v, r)
        back = torch.einsum("...jcx,...ijx->...ijc", v, r)
        here, there = s[..., :, None, :].expand(*along.shape), s[..., None, :, :].expand(*along.shape)
        m = self.message(torch.cat([here, there, bumps, along, back], dim=-1)) * pair[..., None]
        number, to_point, to_arrow = m.chunk(3, dim=-1)
        v = v + torch.einsum("...ijc,...ijx->...icx", to_point, r) + torch.einsum("...ijc,...jcx->...icx", to_arrow, v)
        return s + number.sum(-2) + self.update(torch.cat([s, v.square().sum(-1)], dim=-1)), v


class DistanceDetached(OtherDistance):
    """No derivative is taken of the distance."""

    def distance(self, squared):
        return squared.add(1e-12).sqrt().detach()


class RootOfZero(OtherDistance):
    """A point is at distance 0 from itself, where a root has no derivative."""

    def distance(self, squared):
        return squared.sqrt()


class OnlyTheSumMasked(Energy):
    """Padding adds no energy, and yet it speaks to the others."""

    def forward(self, x, types, there=None):
        pair = 1 - torch.eye(x.shape[-2])
        s = self.start(types)
        v = torch.zeros(*s.shape, 3)
        for layer in self.layers:
            s, v = layer(x, s, v, pair.expand(*x.shape[:-1], -1))
        return (self.answer(s)[..., 0] * (1 if there is None else there)).sum(-1)


def not_turned_back(W, m_in, m_out, phi):
    """Turn the answers along with the ring, and the inputs not back."""
    return turning(m_out, phi) @ W.reshape(*W.shape[:-2], *[1] * phi.ndim, *W.shape[-2:])


def first_row_negative(l1, l2, l3, dtype=None):
    """Return coefficients whose first row has the other sign."""
    C = coupling(l1, l2, l3, dtype)
    C[0] *= -1 if l3 else 1
    return C


def undivided(chi, rho, dimension):
    """Project without asking for the type of the kind."""
    return torch.einsum("g,gij->ij", dimension * chi / len(chi), rho)


# What is measured: the error of a layer, of the right one or of its twin, in a test that sees nothing and in one that does.


def seeded(make: Callable, *arguments):
    """Make a layer with the same random weights each time."""
    torch.manual_seed(0)
    return make(*arguments)


def on_field(make, quarters, lift=False):
    """Return the error under a number of quarter turns."""
    layer = seeded(make, 2, 3, 3, TURNS, lift)
    x = torch.randn(2, 2, 9, 9) if lift else torch.randn(2, 2, 4, 9, 9)
    before = (lambda x: act(TURNS[quarters], x)) if lift else (lambda x: act_on_field(quarters, x, TURNS))
    return defect(layer, x, before, lambda y: act_on_field(quarters, y, TURNS))


def of_the_average(make):
    """Return the error of the mean over maps and pixels under a quarter turn."""
    layer = seeded(make, 2, 3, 3, TURNS, True)
    return defect(lambda x: layer(x).relu().mean((2, 3, 4)), torch.randn(2, 2, 9, 9), lambda x: act(TURNS[1], x), same)


def under_a_shift(make):
    """Return the error under a shift, with edges that are glued."""
    layer, shift = seeded(make, 2, 3, 3, TURNS, True, True), lambda x: x.roll((3, 1), (-2, -1))
    return defect(layer, torch.randn(2, 2, 9, 9), shift, shift)


def same(y):
    """Return what is given."""
    return y


def normalised(make, move, move_field):
    """Return the error of a lift and a normalisation with the means and variances of twenty batches."""
    lift, norm, x = seeded(GroupConvolution, 1, 3, 3, TURNS, True, True), make(), torch.rand(8, 1, 12, 12) ** 4
    for _ in range(20):
        norm(lift(x))
    norm.eval()
    return defect(lambda x: norm(lift(x)), x, move, move_field)


class NormOfEachMap(nn.BatchNorm2d):
    """Each map of a channel has a mean and a variance of its own."""

    def forward(self, f):
        return super().forward(f.flatten(1, 2)).unflatten(1, (3, 4))


def gated(make, angle):
    """Return the error of a gate under turns of its arrows by an angle."""
    gate, rho, v = seeded(make, 3), turning(1, torch.tensor(angle)), torch.randn(2, 6, 4, 4)
    turn = lambda f: torch.einsum("oi,bcixy->bcoxy", rho, f.unflatten(1, (-1, 2))).flatten(1, 2)  # noqa: E731
    return defect(gate, v, turn, turn)


def steered(make, m, quarters):
    """Return the error of a layer from pictures to a frequency under quarter turns."""
    layer, x = seeded(make, 0, m, 2, 3, 5), torch.randn(2, 2, 8, 8)
    return defect(layer, x, lambda x: turn_field(x, 0, quarters), lambda y: turn_field(y, m, quarters))


def ring(make, m_in, m_out):
    """Return how far a filter on a ring is from its condition."""
    phi, theta = torch.linspace(0, 6, 9), torch.tensor(0.8)
    W = seeded(torch.randn, 1 + (m_out > 0), 1 + (m_in > 0))
    moved = turning(m_out, theta) @ make(W, m_in, m_out, phi) @ turning(m_in, -theta)
    return relative(make(W, m_in, m_out, phi + theta), moved)


def relative(found, expected):
    """Return the length of a difference relative to what is expected."""
    return ((found - expected).norm() / expected.norm()).item()


V, W = torch.tensor([0.4, -0.7, 1.1]), torch.tensor([-0.3, 0.9, 0.5])
P = torch.nn.functional.normalize(torch.tensor([[0.3, -0.5, 0.8], [0.9, 0.1, -0.2]]), dim=1)
HALF_TURNS = torch.pi * torch.eye(3)
X, TYPES = torch.randn(2, 5, 3, generator=torch.Generator().manual_seed(0)), torch.arange(5).remainder(3).expand(2, 5)


def product_of(make, l1, l2, l3, omegas):
    """Return by how much a product of two features does not turn along."""
    torch.manual_seed(0)
    f, g, C = torch.randn(2 * l1 + 1), torch.randn(2 * l2 + 1), make(l1, l2, l3)
    times = lambda f, g: torch.einsum("kij,i,j->k", C, f, g)  # noqa: E731
    return max(relative(times(wigner(l1, w) @ f, wigner(l2, w) @ g), wigner(l3, w) @ times(f, g)) for w in omegas)


def by_kinds(layer, features, move, *more):
    """Return the largest error over the kinds; `move` takes a feature and its kind."""
    moved = layer([move(f, l) for l, f in enumerate(features)], *[b for _, b in more])
    answer = layer(features, *[a for a, _ in more])
    return max(relative(y.detach(), move(x, l).detach()) for l, (x, y) in enumerate(zip(answer, moved, strict=True)))


def mixed(make, omega):
    """Return the error of a linear layer of kinds under a turn."""
    features = [torch.randn(2, 3, 2 * l + 1) for l in range(2)]
    return by_kinds(seeded(make, [3, 3], [2, 2]), features, lambda f, l: f @ wigner(l, omega).T)


def multiplied(make, inverted):
    """Return the error of a layer of products under an inversion, or under a turn."""
    layer, features, p = seeded(make, [2, 2], [2, 2], 2), [torch.randn(5, 2, 2 * l + 1) for l in range(2)], P[:1]
    p = p.expand(5, 3)
    if inverted:
        return by_kinds(layer, features, lambda f, l: (-1) ** l * f, (p, -p))
    return by_kinds(layer, features, lambda f, l: f @ wigner(l, V).T, (p, p @ exp_so3(V).T))


def network(make=PointLayer, kind=Energy):
    """Return an energy whose layers are of a class."""
    energy = seeded(kind, 3, 4, 2)
    if make is not PointLayer:
        for k, layer in enumerate(energy.layers):
            energy.layers[k] = make(4)
            energy.layers[k].load_state_dict(layer.state_dict())
    return energy


def moved_energy(energy, R, t):
    """Return the relative change of energies under a motion."""
    return relative(energy(X @ R.T + t, TYPES).detach(), energy(X, TYPES).detach())


def padded_energy(energy):
    """Return the relative change of energies where three points of padding are added."""
    there = torch.arange(8).expand(2, 8) < 5
    padded = energy(torch.cat([X, X[:, :3] + 1], 1), torch.cat([TYPES, TYPES[:, :3]], 1), there)
    return relative(padded.detach(), energy(X, TYPES).detach())


def turned_forces(energy):
    """Return by how much the forces do not turn along."""
    R, t = motion(2)
    return relative(forces(energy, X @ R.T + t, TYPES).detach(), forces(energy, X, TYPES).detach() @ R.T)


def pushed_forces(energy):
    """Return how far the forces are from differences of energies."""
    found, F = torch.zeros_like(X), forces(energy, X, TYPES).detach()
    for i in range(5):
        for k in range(3):
            up, down = X.clone(), X.clone()
            up[:, i, k] += 1e-5
            down[:, i, k] -= 1e-5
            found[:, i, k] = -(energy(up, TYPES) - energy(down, TYPES)).detach() / 2e-5
    return relative(F, found)


def products_of_waves(make, group, kinds):
    """Return how far the coefficients of a convolution are from products of coefficients."""
    f, h = seeded(torch.randn, 2, len(group))
    pairs = [(fourier(make(f, h, group), rho), fourier(f, rho) @ fourier(h, rho)) for rho in kinds]
    return max(relative(a, b) for a, b in pairs)


def there_and_back(make, kinds):
    """Return how far a function is from the one that its coefficients give back."""
    f = seeded(torch.randn, len(kinds[0]))
    return relative(make([fourier(f, rho) for rho in kinds], kinds).to(torch.complex128), f.to(torch.complex128))


def twice(make, rho):
    """Return how far a projection to all of a representation is from the identity."""
    return relative(make(rho.diagonal(dim1=1, dim2=2).sum(1), rho, rho.shape[-1]), torch.eye(rho.shape[-1]))


SQUARE = [psi[:, None, None] for psi in list(square_table(TURNS_AND_MIRRORS).values())[:4]]
SQUARE.append(on_arrows(TURNS_AND_MIRRORS))
WAVES = [torch.exp(-0.5j * torch.pi * j * torch.arange(4)).reshape(4, 1, 1) for j in range(4)]
QUARTER = (lambda x: act(TURNS[1], x)), (lambda f: act_on_field(1, f, TURNS))
SHIFT = (lambda x: x.roll((3, 1), (-2, -1)),) * 2


class Case(NamedTuple):
    """A layer and its twin, with the test that both pass and the one that tells them apart."""

    layer: str
    mistake: str
    right: Callable
    wrong: Callable
    passes: str
    obvious: Callable
    fails: str
    telling: Callable


CASES = [
    Case("GroupConvolution", "gh for g⁻¹h", GroupConvolution, ProductForQuotient,
         "half turn", lambda f: on_field(f, 2), "quarter turn", lambda f: on_field(f, 1)),
    Case("GroupConvolution, lift", "turned the other way", GroupConvolution, Backwards,
         "invariant average", of_the_average, "quarter turn", lambda f: on_field(f, 1, lift=True)),
    Case("GroupConvolution, lift", "shared, but not turned", GroupConvolution, NeverTurned,
         "shift", under_a_shift, "quarter turn", lambda f: on_field(f, 1, lift=True)),
    Case("GroupConvolution, lift", "a bias for each map", GroupConvolution, BiasForEachMap,
         "shift", under_a_shift, "quarter turn", lambda f: on_field(f, 1, lift=True)),
    Case("BatchNorm3d on fields", "a mean for each map", lambda: nn.BatchNorm3d(3), lambda: NormOfEachMap(12),
         "shift", lambda f: normalised(f, *SHIFT), "quarter turn", lambda f: normalised(f, *QUARTER)),
    Case("convolve", "factors exchanged", convolve, lambda f, h, group: convolve(h, f, group),
         "turns alone", lambda f: products_of_waves(f, TURNS, [on_arrows(TURNS)]), "turns and mirror images", lambda f: products_of_waves(f, TURNS_AND_MIRRORS, SQUARE)),
    Case("projection", "not divided by ⟨χ, χ⟩", projection, undivided,
         "type R", lambda f: twice(f, on_arrows(TURNS_AND_MIRRORS)), "type C", lambda f: twice(f, on_arrows(TURNS))),
    Case("inner", "no conjugate", inner, lambda chi, psi: (chi * psi).mean(),
         "real characters", lambda f: abs(f(SQUARE[1].flatten(), SQUARE[1].flatten()).item() - 1), "complex ones", lambda f: abs(f(WAVES[1].flatten(), WAVES[1].flatten()).item() - 1)),
    Case("from_fourier", "no conjugate", from_fourier, lambda hats, kinds: from_fourier(hats, [rho.conj() for rho in kinds]),
         "real kinds", lambda f: there_and_back(f, SQUARE), "complex ones", lambda f: there_and_back(f, WAVES)),
    Case("on_ring", "inputs not turned back", on_ring, not_turned_back,
         "from pictures", lambda f: ring(f, 0, 2), "from arrows", lambda f: ring(f, 1, 2)),
    Case("SteerableConvolution", "the middle not zero", SteerableConvolution, MiddleNotZero,
         "half turn, m = 2", lambda f: steered(f, 2, 2), "quarter turn, m = 2", lambda f: steered(f, 2, 1)),
    Case("SteerableConvolution", "rows upwards", SteerableConvolution, RowsUpwards,
         "half turn", lambda f: steered(f, 1, 2), "quarter turn", lambda f: steered(f, 1, 1)),
    Case("Gate", "components, not lengths", Gate, GateOnComponents,
         "quarter turn", lambda f: gated(f, torch.pi / 2), "turn by 40°", lambda f: gated(f, 0.7)),
    Case("wigner", "transposed", wigner, lambda l, omega: wigner(l, -omega),
         "half turns", lambda f: max(relative(f(2, w) @ f(2, w), torch.eye(5)) for w in HALF_TURNS), "product of two turns", lambda f: relative(f(2, V) @ f(2, W), f(2, log_so3(exp_so3(V) @ exp_so3(W))))),
    Case("harmonics", "another axis", harmonics, lambda l, p: harmonics(l, p[..., [2, 0, 1]]),
         "inversion", lambda f: relative(f(2, -P), f(2, P)), "rotation", lambda f: relative(f(2, P @ exp_so3(V).T), f(2, P) @ wigner(2, V).T)),
    Case("KindLinear", "a bias on arrows", KindLinear, BiasOnArrows,
         "turn about z", lambda f: mixed(f, torch.tensor([0, 0, 0.7])), "any turn", lambda f: mixed(f, V)),
    Case("coupling", "a sign in one row", coupling, first_row_negative,
         "half turns", lambda f: product_of(f, 1, 2, 2, HALF_TURNS), "any turn", lambda f: product_of(f, 1, 2, 2, [V])),
    Case("TensorProduct", "every parity", TensorProduct, EveryPath,
         "rotation", lambda f: multiplied(f, inverted=False), "inversion", lambda f: multiplied(f, inverted=True)),
    Case("PointLayer", "positions as arrows", PointLayer, Positions,
         "rotation", lambda f: moved_energy(network(f), motion(2)[0], 0), "translation", lambda f: moved_energy(network(f), torch.eye(3), 1.0)),
    Case("PointLayer", "from the middle, with padding", PointLayer, PositionsFromTheMiddle,
         "motion", lambda f: moved_energy(network(f), *motion(2)), "padding", lambda f: padded_energy(network(f))),
    Case("PointLayer", "the distance detached", PointLayer, DistanceDetached,
         "forces turn along", lambda f: turned_forces(network(f)), "forces by pushing", lambda f: pushed_forces(network(f))),
    Case("PointLayer", "the root of zero", PointLayer, RootOfZero,
         "motion", lambda f: moved_energy(network(f), *motion(2)), "forces by pushing", lambda f: pushed_forces(network(f))),
    Case("Energy", "only the sum is masked", Energy, OnlyTheSumMasked,
         "motion", lambda f: moved_energy(network(kind=f), *motion(2)), "padding", lambda f: padded_energy(network(kind=f))),
]  # fmt: skip

# The twins of what claims speak of: the mistake, the function, the twin, the test and the claim.
OF_CLAIMS = [
    ("gh for g⁻¹h", "group_convolutions.GroupConvolution", ProductForQuotient,
     "group_convolutions::test_layers_answer_a_moved_picture_with_the_moved_field", "EL-102"),
    ("the lift turned the other way", "group_convolutions.GroupConvolution", Backwards,
     "group_convolutions::test_lifting_uses_one_free_filter_in_every_position", "EL-103"),
    ("filters shared, but not turned", "group_convolutions.GroupConvolution", NeverTurned,
     "group_convolutions::test_group_convolutions_are_all_equivariant_maps", "EL-104"),
    ("the products gh for g⁻¹h", "group_convolutions.quotients", lambda group: quotients(group).argsort(1),
     "group_convolutions::test_layers_answer_a_moved_picture_with_the_moved_field", "EL-102"),
    ("the pictures moved, the maps not", "group_convolutions.act_on_field", lambda number, f, group: act(group[number], f),
     "group_convolutions::test_layers_answer_a_moved_picture_with_the_moved_field", "EL-102"),
    ("the stride divides the width", "group_convolutions.strided_widths", lambda size, stride, widths: [n for n in widths if n % stride == 0],
     "group_convolutions::test_a_stride_must_read_both_edges_alike", "EL-105"),
    ("factors exchanged", "characters.convolve", lambda f, h, group: convolve(h, f, group),
     "characters::test_fourier_turns_convolutions_into_products_and_back", "EL-115"),
    ("inputs not turned back", "steerable_filters.on_ring", not_turned_back,
     "steerable_filters::test_a_ring_filter_satisfies_the_condition", "EL-123"),
    ("transposed", "rotations.wigner", lambda l, omega: wigner(l, -omega),
     "rotations::test_wigner_matrices_multiply_like_rotations", "EL-132"),
    ("another axis", "rotations.harmonics", lambda l, p: harmonics(l, p[..., [2, 0, 1]]),
     "rotations::test_harmonics_turn_with_the_sphere", "EL-133"),
    ("a sign in one row", "tensor_products.coupling", first_row_negative,
     "tensor_products::test_products_turn_like_features", "EL-141"),
    ("factors exchanged", "tensor_products.multiply", lambda f, g, l3: multiply(g, f, l3),
     "tensor_products::test_dot_and_cross_products", "EL-143"),
    ("positions as arrows", "points.PointLayer", Positions,
     "points::test_numbers_stay_and_arrows_turn_along", "EL-151"),
    ("the distance detached", "points.PointLayer", DistanceDetached,
     "points::test_forces_are_a_gradient_and_add_up_to_zero", "EL-152"),
]  # fmt: skip


def main() -> None:
    """Print the table."""
    print(f"{'':54}both pass{'':13}layer    twin   only the layer passes    layer    twin")
    for case in CASES:
        numbers = [test(f) for test in (case.obvious, case.telling) for f in (case.right, case.wrong)]
        cells = [f"{value:8.0e}" if value < 1e-3 else f"{value:8.3f}" for value in numbers]
        print(
            f"{case.layer:23}{case.mistake:31}{case.passes:18}{cells[0]}{cells[1]}   {case.fails:22}{cells[2]}{cells[3]}"
        )
