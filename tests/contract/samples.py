"""Inputs for each function and module of the table: of which shapes, how made valid, and what must be refused."""

from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cache
from typing import Any

import torch

from snippets.equivariant_networks import characters
from snippets.equivariant_networks.group_convolutions import TURNS, TURNS_AND_MIRRORS
from snippets.equivariant_networks.points import Energy
from snippets.lie_groups import exponential, motions
from snippets.linear_networks.invariance import part_of
from snippets.linear_networks.permutations import Permutation

Shape = tuple[int, ...]
SIGMA = Permutation.parse("(1 3 4)(2 5)(6)")
PARTS = ((1, 3, 4), (2, 5), (6,))


def same(*x):
    """Return the tensors as they are."""
    return x


@dataclass
class Function:
    """How a function is called: the shapes of its tensors without leading axes, and the call itself."""

    shapes: tuple[Shape, ...]
    call: Callable = lambda f, *x: f(*x)
    prepare: Callable = same  # makes random numbers valid inputs
    refused: tuple[tuple[Shape, ...], ...] = ()  # shapes of wrong inputs
    power: float | None = None  # f(s x) = s^power f(x) …
    scaled: tuple[int, ...] = (0,)  # … where these inputs are scaled
    points: tuple[tuple[Any, ...], ...] = ()  # where derivatives must be right, beside a random point
    rows: bool = False  # takes one leading axis, the rows


@dataclass
class Module:
    """How a module is made, and the shapes of what it takes without leading axes."""

    make: Callable
    shapes: tuple[Shape, ...]
    refused: tuple[tuple[Shape, ...], ...] = ()
    rows: bool = False
    mask: int | None = None  # the number of tokens
    extra: dict = field(default_factory=dict)


def turns(*x):
    """Return rotations for vectors of R³."""
    return tuple(exponential.exp_so3(w) for w in x)


def plane_turns(*x):
    """Return rotations of the plane for angles."""
    return tuple(exponential.exp_so2(t) for t in x)


def poses(*x):
    """Return motions of space for twists, which are kept away from half turns."""
    return tuple(motions.exp_se3(0.4 * xi) for xi in x)


def unit(*x):
    """Return vectors of length one."""
    return tuple(v / v.norm(dim=-1, keepdim=True) for v in x)


def largest_eigenvalue(A):
    """Return the largest eigenvalue of a symmetric matrix, and of what is none the number 1."""
    whole = A.shape == (4, 4) and bool(torch.isfinite(A).all())
    return float(torch.linalg.eigvalsh(A.detach().double())[-1]) if whole else 1.0


def skew(X):
    """Return a skew matrix."""
    return (X - X.mT,)


def traceless(X):
    """Return a matrix of trace 0."""
    return (X - torch.diag_embed(torch.stack([trace := X.diagonal(dim1=-2, dim2=-1).sum(-1), 0 * trace], -1)),)


def bivector(B):
    """Keep the parts of grade 2 of a multivector of R³."""
    return (B * torch.tensor([0, 0, 0, 1, 0, 1, 1, 0]).to(B),)


def on_torus(x):
    """Return points on the torus in space."""
    from snippets.manifolds.torus import torus

    return (torus(x),)


def equivariant(M):
    """Return a map that commutes with the permutation of the samples."""
    from snippets.linear_networks.real_blocks import assemble, projected_blocks

    return (assemble(projected_blocks(M, SIGMA), SIGMA),)


def invariant(M):
    """Return a map with equal columns in each part."""
    return (M[..., [part[0] - 1 for part in PARTS]][..., part_of(PARTS)],)


z3, z2 = torch.zeros(3, dtype=torch.float64), torch.zeros((), dtype=torch.float64)
e3 = torch.eye(3, dtype=torch.float64)
e2 = torch.eye(2, dtype=torch.float64)
e4 = torch.eye(4, dtype=torch.float64)

SQUARE = [psi[:, None, None] for psi in list(characters.square_table(TURNS_AND_MIRRORS).values())[:4]]
SQUARE.append(characters.on_arrows(TURNS_AND_MIRRORS))

FUNCTIONS: dict[str, Function] = {
    # linear algebra
    "linear_algebra.dot_products.project": Function(((4,), (4,)), refused=(((4,), (3,)),), power=1),
    "linear_algebra.dot_products.cosine": Function(((4,), (4,)), refused=(((4,), (3,)),), power=0),
    "linear_algebra.dot_products.attend": Function(
        ((2, 4), (5, 4), (5, 3)), refused=(((2, 4), (5, 3), (5, 3)), ((2, 4), (5, 4), (6, 3)))
    ),
    "linear_algebra.dot_products.orthonormalise": Function(((4, 3),), power=0, refused=(((4,),),)),
    "linear_algebra.solving.row_reduce": Function(
        ((3, 4),), lambda f, x: f(x)[0], power=0, refused=(((4,),), ((2, 3, 4),))
    ),
    "linear_algebra.solving.null_space": Function(((3, 5),), power=0, refused=(((4,),), ((2, 3, 4),))),
    "linear_algebra.solving.solve": Function(((4, 4), (4,)), power=-1, refused=(((4, 4), (3,)), ((4,), (4,)))),
    "linear_algebra.solving.inverse": Function(((4, 4),), power=-1, refused=(((3, 4),), ((4,),))),
    "linear_algebra.solving.least_squares": Function(
        ((6, 3), (6,)), power=1, scaled=(1,), refused=(((6, 3), (5,)), ((6,), (6,)))
    ),
    "linear_algebra.eigenvectors.eigenspace": Function(
        ((4, 4),),
        lambda f, A: f(A, largest_eigenvalue(A)),
        prepare=lambda A: (A + A.mT,),
        power=0,
        refused=(((3, 4),), ((4,),)),
    ),
    "linear_algebra.svd.svd": Function(((5, 3),), lambda f, x: f(x)[1], power=1, refused=(((4,),),)),
    "linear_algebra.svd.truncate": Function(((4, 3),), lambda f, x: f(x, 2), power=1, refused=(((4,),),)),
    "linear_algebra.svd.pseudo_inverse": Function(((5, 3),), power=-1, refused=(((4,),),)),
    "linear_algebra.svd.polar": Function(((3, 3),), lambda f, x: f(x)[0], power=0, refused=(((3, 4),), ((4,),))),
    "linear_algebra.pca.covariance": Function(((7, 3),), power=2, refused=(((4,),),)),
    "linear_algebra.pca.principal_components": Function(((7, 3),), lambda f, x: f(x)[0], power=2, refused=(((4,),),)),
    "linear_algebra.pca.whiten": Function(((7, 3),), lambda f, x: f(x) @ f(x).mT, power=0, refused=(((4,),),)),
    "linear_algebra.pca.directions_from_gram": Function(
        ((7, 3),), lambda f, x: f(x, 2) @ f(x, 2).mT, power=0, refused=(((4,),),)
    ),
    # manifolds
    "manifolds.circle.stereographic": Function(((4,),), prepare=unit, refused=(((),),), rows=True),
    "manifolds.circle.inverse_stereographic": Function(((3,),), refused=(((),),), points=((z3,),), rows=True),
    "manifolds.circle.on_the_circle": Function(((),), rows=True),
    "manifolds.circle.angle": Function(((2,),), power=0, refused=(((3,),), ((1,),)), rows=True),
    "manifolds.sphere.longitude": Function(((3,),), power=0, refused=(((2,),), ((4,),)), rows=True),
    "manifolds.torus.torus": Function(((2,),), refused=(((3,),), ((1,),)), rows=True),
    "manifolds.torus.torus_angles": Function(((2,),), prepare=on_torus, refused=(((2,),), ((4,),)), rows=True),
    "manifolds.torus.shift": Function(((4, 5),), lambda f, x: f(x, 1, 2), power=1, refused=(((4,),),)),
    "manifolds.tangent_space.kernel": Function(((2, 4),), lambda f, x: f(x) @ f(x).mT, power=0, refused=(((4,),),)),
    "manifolds.tangent_space.tangent_part": Function(
        ((3, 3), (3, 3)),
        prepare=lambda A, G: (groups_of(A), G),
        power=1,
        scaled=(1,),
        refused=(((3, 3), (4, 4)), ((3,), (3,))),
    ),
    "manifolds.tangent_space.retract": Function(((3, 3),), power=0, refused=(((4,),),), points=((e3,),)),
    # Lie groups
    "lie_groups.groups.rotation": Function(((),), points=((z2,),)),
    "lie_groups.groups.reflection": Function(((),), points=((z2,),)),
    "lie_groups.groups.inverse_2x2": Function(((2, 2),), power=-1, refused=(((3, 3),), ((2,),)), points=((e2,),)),
    "lie_groups.actions.commutant_basis": Function(
        ((3, 3),), lambda f, x: projector(f(x[None])), prepare=skew, power=0, refused=(((3, 4),),)
    ),
    "lie_groups.exponential.exp_so2": Function(((),), points=((z2,),)),
    "lie_groups.exponential.log_so2": Function(
        ((),), prepare=plane_turns, refused=(((3, 3),), ((2,),)), points=((e2,),)
    ),
    "lie_groups.exponential.hat": Function(((3,),), power=1, refused=(((4,),), ((),))),
    "lie_groups.exponential.vee": Function(((3, 3),), prepare=skew, power=1, refused=(((3, 4),), ((3,),))),
    "lie_groups.exponential.exp_so3": Function(
        ((3,),), refused=(((4,),), ((),)), points=((z3,), (torch.pi * e3[0],), (1e-6 * e3[1],))
    ),
    "lie_groups.exponential.quaternion": Function(((3,),), prepare=turns, refused=(((3, 4),), ((2, 2),))),
    "lie_groups.exponential.log_so3": Function(
        ((3,),), prepare=turns, refused=(((2, 2),), ((3,),)), points=((e3,), (exponential.exp_so3(3.1 * e3[2]),))
    ),
    "lie_groups.exponential.exp_sl2": Function(
        ((2, 2),),
        lambda f, X: f(traceless(X)[0] if X.shape[-2:] == (2, 2) else X),
        refused=(((3, 3),), ((2,),)),
        points=((torch.zeros_like(e2),), (torch.tensor([[0.0, 1], [0, 0]]).double(),)),
    ),
    "lie_groups.rotation_heads.geodesic": Function(
        ((3,), (3,)),
        lambda f, A, B: f(A, B, torch.linspace(0, 1, 4, dtype=torch.float64).to(1.0 * A)),
        prepare=turns,
        refused=(((2, 2), (2, 2)), ((3,), (3,))),
    ),
    "manifolds.sphere_numbers.angle_between": Function(
        ((3,), (3,)), prepare=unit, power=0, scaled=(0, 1), refused=(((3,), (2,)),)
    ),
    "lie_groups.rotation_heads.nearest_rotation": Function(((3, 3),), power=0, refused=(((2, 2),), ((3, 2),))),
    "lie_groups.rotation_heads.from_six": Function(((6,),), power=0, refused=(((5,),), ((),))),
    "lie_groups.algebra.lie_bracket": Function(((3, 3), (3, 3)), power=1, refused=(((3, 3), (4, 4)), ((3, 4), (3, 4)))),
    "lie_groups.algebra.bch": Function(((3, 3), (3, 3)), lambda f, A, B: f(A, B, 4), refused=(((3, 3), (4, 4)),)),
    "lie_groups.motions.motion": Function(((3, 3), (3,)), refused=(((2, 2), (3,)), ((3,), (3,)))),
    "lie_groups.motions.inverse": Function(((6,),), prepare=poses, refused=(((3, 4),), ((4,),))),
    "lie_groups.motions.exp_se3": Function(
        ((6,),), refused=(((5,),), ((7,),), ((),)), points=((torch.zeros(6).double(),),)
    ),
    "lie_groups.motions.log_se3": Function(((6,),), prepare=poses, refused=(((3, 3),), ((4,),)), points=((e4,),)),
    "lie_groups.motions.exp_se2": Function(((3,),), refused=(((4,),), ((),)), points=((z3,),)),
    "lie_groups.motions.log_se2": Function(
        ((3,),), prepare=lambda x: (motions.exp_se2(x),), refused=(((4, 4),), ((3,),)), points=((e3,),)
    ),
    "lie_groups.motions.adjoint": Function(((6,),), prepare=poses, refused=(((3, 3),), ((4,),))),
    "lie_groups.rotary.rope": Function(
        ((5, 4),),
        lambda f, x: f(
            x, torch.arange(x.shape[-2], device=x.device), torch.tensor([1.0, 0.1], dtype=torch.float64).to(1.0 * x)
        ),
        power=1,
        refused=(((5, 6),),),
    ),
    "lie_groups.clifford.vector": Function(((3,),), power=1, refused=(((),),)),
    "lie_groups.clifford.geometric_product": Function(((8,), (8,)), power=1, refused=(((8,), (4,)), ((7,), (7,)))),
    "lie_groups.clifford.reverse": Function(((8,),), power=1, refused=(((7,),),)),
    "lie_groups.clifford.exp_bivector": Function(
        ((8,),),
        lambda f, B: f(bivector(B)[0] if B.shape[-1] == 8 else B),
        refused=(((7,),),),
        points=((torch.zeros(8).double(),),),
    ),
    "lie_groups.clifford.rotor_2d": Function(((),), points=((z2,),)),
    "lie_groups.clifford.rotor_3d": Function(((3,),), refused=(((4,),), ((),)), points=((z3,),)),
    "lie_groups.clifford.sandwich": Function(((8,), (8,)), power=2, refused=(((8,), (4,)),)),
    "lie_groups.clifford.matrix_of": Function(((8,),), power=2, refused=(((7,),),)),
    "lie_groups.fractional_shift.fractional_shift": Function(
        ((6,),), lambda f, x: f(x, 0.3), power=1, refused=(((),),)
    ),
    "lie_groups.fractional_shift.resample": Function(((6,),), lambda f, x: f(x, 9), power=1, refused=(((),),)),
    # linear networks
    "linear_networks.commutant.commutator": Function(
        ((6, 6),), lambda f, M: f(M, SIGMA), power=1, refused=(((5, 5),), ((6,),))
    ),
    "linear_networks.commutant.circulant": Function(((5,),), power=1, refused=(((),),)),
    "linear_networks.complex_blocks.realify": Function(
        ((3, 2),), prepare=lambda x: (torch.complex(x, x.flip(-1)),), power=1, refused=(((3,),),)
    ),
    "linear_networks.complex_blocks.complexify": Function(((4, 2),), power=1, refused=(((3, 4),), ((4,),))),
    "linear_networks.real_blocks.projected_blocks": Function(
        ((6, 6),), lambda f, M: list(f(M, SIGMA).values()), power=1, refused=(((5, 5),), ((6,),))
    ),
    "linear_networks.real_blocks.fourier_blocks": Function(
        ((6, 6),), lambda f, M: list(f(M, SIGMA).values()), prepare=equivariant, power=1, refused=(((5, 5),), ((6,),))
    ),
    "linear_networks.invariance.collapse": Function(
        ((3, 6),), lambda f, M: f(M, PARTS), prepare=invariant, power=1, refused=(((3, 5),), ((6,),))
    ),
    "linear_networks.distance.average": Function(
        ((3, 6),), lambda f, M: f(M, PARTS), power=1, refused=(((3, 5),), ((6,),))
    ),
    "linear_networks.distance.nearest_invariant": Function(
        ((3, 6),), lambda f, M: f(M, PARTS, 1), power=1, refused=(((3, 5),), ((6,),))
    ),
    "linear_networks.equivariance.nearest_equivariant": Function(
        ((6, 6),), lambda f, M: f(M, SIGMA, ranks_of()), power=1, refused=(((5, 5),), ((6,),))
    ),
    "linear_networks.schur.group_average": Function(
        ((6, 6),), lambda f, M: f(M, [SIGMA]), power=1, refused=(((5, 5),), ((6,),))
    ),
    "linear_networks.schur.nearest_commuting": Function(
        ((6, 6),), lambda f, M: f(M, [SIGMA], 2)[0], power=1, refused=(((5, 5),), ((6,),))
    ),
    "linear_networks.function_spaces.differential_rank": Function(
        ((4,),), lambda f, x: x.new_tensor(f(lambda t: t[:2] * t[2:], x)), power=0, refused=(((2, 4),),)
    ),
    # equivariant networks
    "matrix_exp.matrix_exp": Function(
        ((3, 3),), refused=(((3, 4),), ((3,),)), points=((torch.zeros_like(e3),), (0.01 * e3,))
    ),
    "equivariant_networks.group_convolutions.act": Function(((4, 4),), lambda f, x: f((True, 1), x), power=1),
    "equivariant_networks.group_convolutions.act_on_field": Function(
        ((8, 3, 3),),
        lambda f, x: f(5, x, TURNS_AND_MIRRORS),
        power=1,
        refused=(((4, 3, 3),), ((8, 3, 4),), ((3, 3),)),
    ),
    "equivariant_networks.characters.character": Function(((8, 3, 3),), power=1, refused=(((8, 3, 4),), ((3, 3),))),
    "equivariant_networks.characters.inner": Function(((8,), (8,)), power=1, refused=(((8,), (4,)),)),
    "equivariant_networks.characters.projection": Function(
        ((8, 2, 2),),
        lambda f, rho: f(SQUARE[-1].diagonal(dim1=1, dim2=2).sum(1).to(rho), rho, 2),
        power=1,
        refused=(((4, 2, 2),), ((8, 2, 3),)),
    ),
    "equivariant_networks.characters.fourier": Function(
        ((8,),), lambda f, x: [f(x, rho.to(x)) for rho in SQUARE], power=1, refused=(((7,),),)
    ),
    "equivariant_networks.characters.from_fourier": Function(
        ((1, 1), (1, 1), (1, 1), (1, 1), (2, 2)),
        lambda f, *hats: f(list(hats), [rho.to(hats[0]) for rho in SQUARE]),
        power=1,
        scaled=(0, 1, 2, 3, 4),
        refused=(((1, 1),) * 5, ((2, 2), (1, 1), (1, 1), (1, 1), (2, 2))),
    ),
    "equivariant_networks.characters.convolve": Function(
        ((8,), (8,)),
        lambda f, x, y: f(x, y, TURNS_AND_MIRRORS),
        power=1,
        refused=(((8,), (9,)), ((4,), (4,))),
    ),
    "equivariant_networks.steerable_filters.turning": Function(
        ((),), lambda f, t: [f(m, t) for m in range(3)], points=((z2,),)
    ),
    "equivariant_networks.steerable_filters.on_ring": Function(
        ((2, 2),),
        lambda f, W: f(W, 1, 2, torch.tensor([0.0, 0.7, 3.0], dtype=torch.float64).to(1.0 * W)),
        power=1,
        refused=(((1, 2),), ((3, 2),), ((2,),)),
    ),
    "equivariant_networks.steerable_filters.turn_field": Function(
        ((4, 3, 3),), lambda f, x: f(x, 2, 1), power=1, refused=(((3, 3, 3),), ((4, 3),)), rows=True
    ),
    "equivariant_networks.rotations.traceless": Function(((3,),), power=2, refused=(((4,),), ((1,),), ((),))),
    "equivariant_networks.rotations.wigner": Function(
        ((3,),),
        lambda f, w: [f(kind, w) for kind in range(4)],
        refused=(((4,),), ((),)),
        points=((z3,), (0.01 * e3[1],)),
    ),
    "equivariant_networks.rotations.harmonics": Function(
        ((3,),),
        lambda f, p: [f(kind, p) for kind in range(4)],
        power=0,
        refused=(((4,),), ((2,),), ((),)),
        points=((e3[2],), (-e3[2],)),
    ),
    "equivariant_networks.rotations.rotation_character": Function(
        ((),), lambda f, t: [f(kind, t) for kind in range(4)], points=((z2,),)
    ),
    "equivariant_networks.rotations.rotation_inner": Function(
        ((9,), (9,)), power=1, refused=(((9,), (8,)), ((9,), (1,)))
    ),
    "equivariant_networks.tensor_products.multiply": Function(
        ((3,), (5,)),
        lambda f, x, y: [f(x, y, kind) for kind in (1, 2, 3)],
        power=1,
        refused=(((4,), (5,)), ((3,), (6,))),
    ),
    "equivariant_networks.tensor_products.solid_harmonics": Function(
        ((3,),),
        lambda f, p: f(3, p)[2],
        power=2,
        refused=(((4,),), ((2,),), ((),)),
        points=((z3,), (e3[2],), (-e3[2],)),
    ),
    "equivariant_networks.tensor_products.quadrupole": Function(((4, 3),), power=2, refused=(((4, 2),), ((),))),
    "equivariant_networks.points.torque": Function(
        ((4, 3), (4, 3)), power=1, refused=(((4, 3), (5, 3)), ((4, 2), (4, 2)), ((3,), (3,)))
    ),
    # MNIST
    "mnist.shifts.shift": Function(((4, 6), ()), power=1, refused=(((6,), ()), ((4, 6), (2,))), rows=True),
    "mnist.shifts.cyclic_shift": Function(((4, 6),), lambda f, x: f(x, 2), power=1, refused=(((),),), rows=True),
}


def projector(basis):
    """Return the projection onto a span, which no choice of its basis changes."""
    flat = basis.flatten(1)
    return flat.mT @ flat


def groups_of(A):
    """Return orthogonal matrices."""
    return torch.linalg.qr(A).Q


def ranks_of():
    """Return ranks for the permutation of the samples."""
    from snippets.linear_networks.components import eigenvalues

    return dict(zip(eigenvalues(SIGMA), (2, 1, 1), strict=True))


def _later(name: str) -> Any:
    import importlib

    module, _, attribute = name.rpartition(".")
    return getattr(importlib.import_module(f"snippets.{module}"), attribute)


def thirds():
    """Return the three cyclic shifts of three entries."""
    return torch.stack([torch.eye(3).roll(k, 0) for k in range(3)])


class Kinds(torch.nn.Module):
    """A layer that takes the features of each kind as one list."""

    def __init__(self, layer):
        super().__init__()
        self.layer = layer

    def forward(self, *features):
        return self.layer(list(features[:3]), *features[3:])


class Cloud(torch.nn.Module):
    """What takes a cloud of points with their types: a module, or a function of the energy."""

    def __init__(self, energy, of=None):
        super().__init__()
        self.energy, self.of = energy, of

    def forward(self, x, mask=None):
        types = torch.arange(x.shape[-2], device=x.device).remainder(3).expand(x.shape[:-1])
        if self.of is not None:
            return self.of(self.energy, x, types, mask)
        return self.energy(x, types, mask)[..., None].expand(x.shape[:-1])  # beside each point, as masks are tried


class Pairs(torch.nn.Module):
    """A layer that is told which pairs speak to each other."""

    def __init__(self, layer):
        super().__init__()
        self.layer = layer

    def forward(self, x, s, v, mask=None):
        there = torch.ones_like(x[..., 0]) if mask is None else mask.to(x)
        return self.layer(x, s, v, there[..., :, None] * there[..., None, :])


class InOrder(torch.nn.Module):
    """A head whose tokens stand one after the other."""

    def __init__(self, head):
        super().__init__()
        self.head = head

    def forward(self, x):
        return self.head(x, torch.arange(x.shape[-2] if x.dim() > 1 else 1, device=x.device))


def energy(c):
    """Return a small network for points of three types."""
    return c(types=3, channels=2, layers=1)


MODULES: dict[str, Module] = {
    "linear_algebra.svd.Adapter": Module(lambda c: c(torch.nn.Linear(4, 5), 2), ((4,),), refused=(((3,),),)),
    "manifolds.sphere.OntoSphere": Module(lambda c: c(), ((3,),), refused=(((),),)),
    "manifolds.torus.TorusConv": Module(lambda c: c(2, 3, 3), ((2, 5, 6),), refused=(((3, 5, 6),),), rows=True),
    "manifolds.torus.OntoTorus": Module(lambda c: c(), ((6,),), refused=(((5,),),)),
    "lie_groups.actions.Averaged": Module(
        lambda c: c(torch.nn.Linear(3, 3), thirds(), thirds()), ((3,),), refused=(((4,),),)
    ),
    "lie_groups.rotation_heads.RotationHead": Module(lambda c: c(4), ((4,),), refused=(((5,),),)),
    "lie_groups.motions.PoseRefinement": Module(
        lambda c: c(torch.nn.Sequential(torch.nn.Linear(16, 6), torch.nn.Tanh())), ((4, 4),), refused=(((3, 4),),)
    ),
    "lie_groups.attention.VectorAttention": Module(
        lambda c: c(3), ((5, 3, 2),), refused=(((5, 4, 2),), ((3, 2),)), mask=5
    ),
    "lie_groups.attention.PlaneAttention": Module(lambda c: c(3), ((5, 3, 2),), refused=(((5, 3, 3),),), mask=5),
    "lie_groups.attention.EuclideanAttention": Module(
        lambda c: c(4, 3), ((5, 4), (5, 3, 2), (5, 2)), refused=(((5, 3), (5, 3, 2), (5, 2)),), mask=5
    ),
    "lie_groups.rotary.RotaryAttention": Module(lambda c: InOrder(c(4)), ((5, 4),), refused=(((5, 3),), ((4,),))),
    "lie_groups.clifford.GeometricProductLayer": Module(lambda c: c(3, 2), ((3, 4),), refused=(((3, 8),), ((2, 4),))),
    "lie_groups.fractional_shift.FineReLU": Module(lambda c: c(), ((6,),), refused=(((),),)),
    "linear_networks.invariance.InvariantAutoencoder": Module(lambda c: c(PARTS, 2, 4), ((6,),), refused=(((5,),),)),
    "linear_networks.equivariance.EquivariantAutoencoder": Module(
        lambda c: c(SIGMA, ranks_of()), ((6,),), refused=(((5,),),)
    ),
    "linear_networks.groups.SharedLinear": Module(
        lambda c: c([SIGMA], channels=(2, 3)), ((2, 6),), refused=(((2, 5),), ((3, 6),), ((6,),))
    ),
    "linear_networks.groups.DeepSetLayer": Module(lambda c: c(), ((6,),), refused=(((),),)),
    "equivariant_networks.group_convolutions.GroupConvolution": Module(
        lambda c: c(2, 3, 3, TURNS),
        ((2, 4, 4, 4),),
        refused=(((3, 4, 4, 4),), ((2, 8, 4, 4),), ((2, 4, 4, 5),), ((2, 4, 4),)),
        rows=True,
    ),
    "equivariant_networks.group_convolutions.TurnInvariant": Module(
        lambda c: c(2, 3, TURNS_AND_MIRRORS).eval(),
        ((1, 6, 6),),
        refused=(((2, 6, 6),), ((1, 6, 8),), ((1, 7, 7),)),
        rows=True,
    ),
    "equivariant_networks.steerable_filters.SteerableConvolution": Module(
        lambda c: c(1, 2, 2, 1, 3), ((4, 4, 5),), refused=(((2, 4, 4),), ((4, 4),)), rows=True
    ),
    "equivariant_networks.steerable_filters.Gate": Module(
        lambda c: c(2), ((4, 3, 3),), refused=(((3, 3, 3),), ((6, 3, 3),), ((4, 3),)), rows=True
    ),
    "equivariant_networks.steerable_filters.TurnNetwork": Module(
        lambda c: c(2, 3, 3), ((1, 5, 5),), refused=(((2, 5, 5),),), rows=True
    ),
    "equivariant_networks.rotations.KindLinear": Module(
        lambda c: Kinds(c([2, 1, 0], [1, 2, 1])),
        ((2, 1), (1, 3), (0, 5)),
        refused=(((2, 1), (1, 4), (0, 5)), ((3, 1), (1, 3), (0, 5))),
    ),
    "equivariant_networks.rotations.KindGate": Module(
        lambda c: Kinds(c([1, 2, 1])),
        ((4, 1), (2, 3), (1, 5)),
        refused=(((3, 1), (2, 3), (1, 5)), ((4, 1), (1, 3), (1, 5))),
    ),
    "equivariant_networks.steerable_filters.SteerableLayer": Module(
        lambda c: Kinds(c([1, 2, 1], [2, 1, 1], 3)),
        ((1, 4, 4), (4, 4, 4), (2, 4, 4)),
        refused=(((2, 4, 4), (4, 4, 4), (2, 4, 4)), ((1, 4, 4), (2, 4, 4), (2, 4, 4))),
        rows=True,
    ),
    "equivariant_networks.points.RadialProduct": Module(
        lambda c: Kinds(c([2, 1, 1], [1, 2, 0, 0, 0], 1)),
        ((2, 1), (1, 3), (1, 5), (3,)),
        refused=(((3, 1), (1, 3), (1, 5), (3,)), ((2, 1), (1, 3), (1, 5), (4,))),
    ),
    "equivariant_networks.tensor_products.TensorProduct": Module(
        lambda c: Kinds(c([2, 1, 1], [1, 2, 0, 0, 0], 1)),
        ((2, 1), (1, 3), (1, 5), (3,)),
        refused=(
            ((2, 1), (1, 4), (1, 5), (3,)),
            ((3, 1), (1, 3), (1, 5), (3,)),
            ((2, 1), (1, 3), (1, 5), (4,)),
        ),
    ),
    "equivariant_networks.points.PointLayer": Module(
        lambda c: Pairs(c(2, 3)),
        ((5, 3), (5, 2), (5, 2, 3)),
        refused=(
            ((5, 2), (5, 2), (5, 2, 2)),
            ((5, 3), (4, 2), (5, 2, 3)),
            ((5, 3), (5, 3), (5, 2, 3)),
        ),
        mask=5,
    ),
    "equivariant_networks.points.Energy": Module(
        lambda c: Cloud(energy(c)), ((5, 3),), refused=(((5, 2),), ((5, 4),)), mask=5
    ),
    "equivariant_networks.points.forces": Module(
        lambda f: Cloud(energy(Energy), f), ((5, 3),), refused=(((5, 2),), ((5, 4),)), mask=5
    ),
    "mnist.nonlinear.ShiftEquivariant": Module(
        lambda c: c(2, 3, 8), ((2, 8),), refused=(((2, 7),), ((3, 8),)), rows=True
    ),
    "mnist.exact.EquivariantLinearAutoencoder": Module(
        lambda c: c((2, *[1] * 13, 0)), ((28, 28),), refused=(((27, 28),), ((28, 27),)), rows=True
    ),
}


# Where a value jumps: inputs that hold zeros of either sign, and the last number of the result.
HALF = torch.diag(torch.tensor([-1.0, -1.0, 1.0], dtype=torch.float64))
CUTS = {
    "manifolds.circle.angle": [(torch.tensor([[1.0, 0]]), 0.0), (torch.tensor([[-1.0, 0]]), torch.pi)],
    "manifolds.sphere.longitude": [(torch.tensor([[1.0, 0, 0]]), 0.0), (torch.tensor([[-1.0, 0, 0]]), torch.pi)],
    "manifolds.torus.torus_angles": [(torch.tensor([[3.0, 0, 0]]), 0.0), (torch.tensor([[-1.0, 0, 0]]), torch.pi)],
    "lie_groups.groups.angle_in_o2": [(-e2, torch.pi), (e2, 0.0), (torch.diag(torch.tensor([-1.0, 1.0])), torch.pi)],
    "lie_groups.exponential.log_so2": [(-e2, torch.pi), (e2, 0.0)],
    "lie_groups.exponential.log_so3": [(HALF, torch.pi), (e3, 0.0)],
    "lie_groups.motions.log_se2": [(e3, 0.0)],
    "lie_groups.motions.log_se3": [(e4, 0.0)],
}

shifts = cache(Permutation.shift)


def far_positions(rope):
    """Say whether positions up to a million keep their digits in single precision."""
    x, w = (
        torch.randn(2, 64, generator=torch.Generator().manual_seed(0)),
        torch.tensor([10.0 ** (-k / 8) for k in range(32)]),
    )
    at = torch.tensor([3.0, 1e6])
    return bool((rope(x.float(), at, w) - rope(x, at, w)).abs().max() < 1e-5)


SIZES = {
    "linear_networks.permutations.Permutation": lambda f: (
        f.parse("shift:1024x1024") == shifts(1024, 1024) and shifts(1024, 1024).order == 1024
    ),
    "linear_networks.permutations.cycle_decomposition": lambda f: [*map(len, f(shifts(1, 2**20)))] == [2**20],
    "linear_networks.permutations.partition": lambda f: [*map(len, f(shifts(1, 2**20)))] == [2**20],
    "linear_networks.permutations.common_coarsening": lambda f: (
        {*map(len, f(*(shifts(2**16 // 4, 4, right=step) for step in (1, 2))))} == {4}
    ),
    "linear_networks.commutant.commutant_dimension": lambda f: f(shifts(1024, 1024)) == 1024**3,
    "linear_networks.components.eigenvalues": lambda f: len(f(shifts(1024, 1024))) == 513,
    "linear_networks.components.count_components": lambda f: f(Permutation.shift(1000, 1000), 10).real > 10**10,
    "linear_networks.groups.equivariant_classes": lambda f: (
        int(f([Permutation.shift(28, 28)], [Permutation.shift(28, 28)]).max()) + 1 == 28 * 784
    ),
    "lie_groups.rotary.rope": far_positions,
    "mnist.data.load_images": lambda f: f("train").shape == (60_000, 28, 28),
    "mnist.data.load_labels": lambda f: f("train").bincount().tolist()[:3] == [5923, 6742, 5958],
}


# Where an input has leading axes of its own.
SHARED = {"mnist.shifts.shift"}

# Where a coordinate that is infinite has a limit, or a vector of length one is taken for granted.
LIMITS = {
    "manifolds.circle.angle",
    "manifolds.sphere.longitude",
    "manifolds.torus.torus_angles",
    "manifolds.sphere_numbers.angle_between",
}

# Where 16 bits are too few: a point that is to lie on the sphere is off it by rounding.
COARSE = {
    ("manifolds.circle.stereographic", torch.float16),
    ("manifolds.circle.stereographic", torch.bfloat16),
}
# What refuses whole numbers as torch's own layers do: all modules that have weights. And 16 bits on the CPU alone, where
# torch has no average of them over space.
AS_TORCH = {(name, torch.int64) for name in MODULES} | {
    ("equivariant_networks.group_convolutions.TurnInvariant", torch.float16),
    ("equivariant_networks.group_convolutions.TurnInvariant", torch.bfloat16),
}
# Inputs of whole numbers, for those to which random ones do not fit.
QUARTER = torch.tensor([[0, -1, 0], [1, 0, 0], [0, 0, 1]])
POSE = torch.tensor([[0, -1, 0, 2], [1, 0, 0, -3], [0, 0, 1, 5], [0, 0, 0, 1]])
WHOLE = {
    "manifolds.circle.stereographic": (torch.tensor([[0, 1, 0], [-1, 0, 0]]),),
    "lie_groups.exponential.log_so2": (QUARTER[:2, :2],),
    "lie_groups.exponential.log_so3": (QUARTER,),
    "lie_groups.rotation_heads.geodesic": (QUARTER, QUARTER.T),
    "lie_groups.motions.inverse": (POSE,),
    "lie_groups.motions.log_se3": (POSE,),
    "lie_groups.motions.log_se2": (torch.tensor([[0, -1, 4], [1, 0, 7], [0, 0, 1]]),),
    "lie_groups.motions.adjoint": (POSE,),
}
