"""Characters: they count maps and parts, and Fourier coefficients multiply."""

import pytest
import torch

from snippets.equivariant_networks.characters import (
    character,
    convolve,
    fixed_pixels,
    fourier,
    from_fourier,
    inner,
    on_arrows,
    on_itself,
    on_pictures,
    projection,
    quaternion_group,
    square_table,
    symmetric_square,
)
from snippets.equivariant_networks.group_convolutions import TURNS, TURNS_AND_MIRRORS, generators, quotients
from snippets.linear_networks.groups import equivariant_classes
from snippets.linear_networks.schur import kinds

GROUPS = [TURNS, TURNS_AND_MIRRORS]
TABLE = square_table(TURNS_AND_MIRRORS)
DIMENSIONS = dict(zip(TABLE, (1, 1, 1, 1, 2), strict=True))


def representations(group):
    return [on_pictures(group, 2), on_pictures(group, 3), on_arrows(group), on_itself(group)]


def null_space_dimension(rho, other):
    """Dimension of the M with M ρ(g) = ρ′(g) M, from the equations themselves."""
    rows = [
        torch.kron(torch.eye(B.shape[0]), A.T.contiguous()) - torch.kron(B, torch.eye(A.shape[0]))
        for A, B in zip(rho, other, strict=True)
    ]
    equations = torch.cat(rows)
    return equations.shape[1] - int(torch.linalg.matrix_rank(equations, rtol=1e-9))


@pytest.mark.claim("EL-111", by="proved")
@pytest.mark.parametrize("group", GROUPS)
def test_the_matrices_multiply_like_the_moves_and_traces_ignore_the_basis(group, measured):
    table = quotients(group)
    for rho in representations(group):
        for g in range(len(group)):
            for gh in range(len(group)):
                measured.exact(rho[g] @ rho[int(table[g, gh])], rho[gh])
        S = torch.eye(rho.shape[-1]) + torch.diag(torch.ones(rho.shape[-1] - 1), 1)
        measured(character(S @ rho @ torch.linalg.inv(S)), character(rho), atol=1e-12)


@pytest.mark.claim("EL-112", by="proved")
@pytest.mark.parametrize("group", GROUPS)
def test_inner_products_are_dimensions_of_null_spaces(group, measured):
    for rho in representations(group):
        for other in representations(group):
            measured.exact(round(inner(character(rho), character(other)).item()), null_space_dimension(rho, other))


def test_fixed_pixels_are_the_traces_and_count_orbits_of_pairs():
    for side in (1, 2, 3, 4):
        chi = fixed_pixels(TURNS_AND_MIRRORS, side)
        assert torch.equal(chi, character(on_pictures(TURNS_AND_MIRRORS, side)))
        moves = generators(1, side, TURNS_AND_MIRRORS)[2:]
        assert int(equivariant_classes(moves, moves).max()) + 1 == inner(chi, chi)
    assert inner(fixed_pixels(TURNS_AND_MIRRORS, 28), fixed_pixels(TURNS_AND_MIRRORS, 28)) == (784**2 + 2 * 28**2) / 8


@pytest.mark.claim("EL-113", by="proved")
def test_the_table_is_orthonormal_and_counts_the_kinds(measured):
    rows = torch.stack(list(TABLE.values()))
    measured.exact(rows @ rows.T / 8, torch.eye(5))
    chi = character(on_pictures(TURNS_AND_MIRRORS, 3))
    counts = sorted((DIMENSIONS[name], round(inner(psi, chi).item())) for name, psi in TABLE.items() if inner(psi, chi))
    found = sorted((kind.dimension, kind.copies) for kind in kinds(*generators(1, 3, TURNS_AND_MIRRORS)[2:]))
    measured.exact(counts, found)
    turning, units = character(on_arrows(TURNS)), character(quaternion_group())
    measured.exact([inner(turning, turning).item(), inner(units, units).item()], [2.0, 4.0])
    commutant = null_space_dimension(quaternion_group(), quaternion_group())
    measured.exact(commutant, 4)


@pytest.mark.claim("EL-114", by="proved")
@pytest.mark.parametrize("side", [2, 3, 4])
def test_projections_split_the_pictures(side, measured):
    rho = on_pictures(TURNS_AND_MIRRORS, side)
    found = {name: projection(psi, rho, DIMENSIONS[name]) for name, psi in TABLE.items()}
    measured(sum(found.values()), torch.eye(side * side), atol=1e-12)
    for name, P in found.items():
        measured(P @ P, P, atol=1e-12)
        measured(P, P.T, atol=1e-12)
        copies = inner(TABLE[name], character(rho))
        measured(P.trace(), copies * DIMENSIONS[name], atol=1e-12)


@pytest.mark.parametrize("rho", [on_arrows(TURNS), quaternion_group()])
def test_projections_to_complex_and_quaternionic_kinds(rho):
    """The whole space is of one kind: the projection must be the identity, not half or a quarter of it."""
    torch.testing.assert_close(projection(character(rho), rho, rho.shape[-1]), torch.eye(rho.shape[-1]))


@pytest.mark.claim("EL-115")
def test_fourier_turns_convolutions_into_products_and_back(measured):
    group = TURNS_AND_MIRRORS
    irreducible = [TABLE[name][:, None, None] for name in list(TABLE)[:4]] + [on_arrows(group)]
    measured.exact(sum(rho.shape[-1] ** 2 for rho in irreducible), len(group))
    for _ in range(5):
        f, h = torch.randn(8), torch.randn(8)
        for rho in irreducible:
            measured(fourier(convolve(f, h, group), rho), fourier(f, rho) @ fourier(h, rho), atol=1e-12)
        measured(from_fourier([fourier(f, rho) for rho in irreducible], irreducible), f, atol=1e-13)


def test_a_layer_on_the_group_falls_into_four_numbers_and_one_block_twice(measured):
    w = torch.randn(8)
    layer = torch.stack([convolve(f, w, TURNS_AND_MIRRORS) for f in torch.eye(8)], dim=1)
    irreducible = [TABLE[name][:, None, None] for name in list(TABLE)[:4]] + [on_arrows(TURNS_AND_MIRRORS)]
    basis = torch.cat([(rho.shape[-1] / 8) ** 0.5 * rho.flatten(1).T for rho in irreducible])
    measured(basis @ basis.T, torch.eye(8), atol=1e-14)
    sizes = [fourier(w, rho) for rho in irreducible]
    expected = torch.block_diag(*sizes[:4], sizes[4].T, sizes[4].T)
    measured(basis @ layer @ basis.T, expected, atol=1e-13)


def test_missing_kinds_are_refused():
    """A real kind of type C in the place of two complex ones is the usual mistake."""
    real = [torch.ones(4, 1, 1), torch.tensor([1.0, -1, 1, -1])[:, None, None], on_arrows(TURNS)]
    with pytest.raises(ValueError, match=r"kinds of sizes \[1, 1, 2\]: pass all complex .* add up to 4"):
        from_fourier([fourier(torch.ones(4), rho) for rho in real], real)
    with pytest.raises(ValueError, match="1 coefficients: pass 4, one for each kind"):
        from_fourier([torch.eye(1)], list(torch.ones(4, 4, 1, 1)))


def test_fourier_on_turns_is_the_discrete_fourier_transform():
    turns, f = torch.arange(4), torch.randn(4)
    waves = [torch.exp(-2j * torch.pi * j * turns / 4).reshape(4, 1, 1) for j in range(4)]
    coefficients = [fourier(f.to(torch.complex128), wave) for wave in waves]
    torch.testing.assert_close(torch.stack(coefficients).flatten(), torch.fft.fft(f))
    torch.testing.assert_close(from_fourier(coefficients, waves).real, f)


def test_real_functions_have_coefficients_of_complex_kinds():
    waves = [torch.exp(-2j * torch.pi * j * torch.arange(4) / 4).reshape(4, 1, 1) for j in range(4)]
    f = torch.randn(4)
    torch.testing.assert_close(torch.stack([fourier(f, wave) for wave in waves]).flatten(), torch.fft.fft(f))
    real = convolve(f.to(torch.complex128), f, TURNS)
    torch.testing.assert_close(real.real, convolve(f, f, TURNS))


def test_convolution_is_what_commutes_with_the_group():
    """As a map of h it is ρ(f) for the group acting on itself from the left, so it commutes from the right."""
    f, h = torch.randn(8), torch.randn(8)
    torch.testing.assert_close(convolve(f, h, TURNS_AND_MIRRORS), fourier(f, on_itself(TURNS_AND_MIRRORS)) @ h)


def test_symmetric_square_is_the_trace_on_symmetric_products():
    for rho in representations(TURNS_AND_MIRRORS):
        d = rho.shape[-1]
        swap = torch.eye(d * d).reshape(d, d, d, d).transpose(0, 1).reshape(d * d, d * d)
        symmetric = (torch.eye(d * d) + swap) / 2
        traces = torch.stack([(symmetric @ torch.kron(A, A)).trace() for A in rho])
        torch.testing.assert_close(symmetric_square(rho), traces)


def test_characters_of_different_groups_are_refused():
    with pytest.raises(ValueError, match="4 and 8 elements"):
        inner(torch.ones(4), torch.ones(8))
