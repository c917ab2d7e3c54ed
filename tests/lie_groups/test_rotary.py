"""Rotary positions."""

import pytest
import sympy as sp
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from snippets.lie_groups import rotary
from snippets.lie_groups.exponential import J, hat
from snippets.lie_groups.groups import random_orthogonal

FREQUENCIES = torch.tensor([1.0, 0.3, 0.05])


@pytest.mark.claim("LG-43", "LG-164")
@settings(max_examples=40)
@given(st.integers(-50, 50), st.integers(-50, 50), st.integers(-50, 50))
def test_only_the_difference_of_positions_counts(m, n, shift):
    q, k = torch.randn(2, 1, 6, generator=torch.Generator().manual_seed(0))
    place = lambda x, p: rotary.rope(x, torch.tensor([float(p)]), FREQUENCIES)[0]  # noqa: E731
    assert abs(place(q, m) @ place(k, n) - place(q, m + shift) @ place(k, n + shift)) < 1e-12
    assert abs(place(q, m) @ place(k, n) - q[0] @ place(k, n - m)) < 1e-12


@pytest.mark.claim("LG-163")
def test_rope_is_the_exponential_of_a_skew_matrix(measured):
    x, positions = torch.randn(7, 6, generator=torch.Generator().manual_seed(0)), torch.arange(7.0) - 2
    G = rotary.rope_generator(FREQUENCIES)
    measured(G + G.T, torch.zeros(6, 6), atol=0)
    expected = torch.stack([torch.linalg.matrix_exp(p * G) @ v for p, v in zip(positions, x, strict=True)])
    measured(rotary.rope(x, positions, FREQUENCIES), expected, atol=1e-10)
    as_complex = torch.view_as_complex(x.unflatten(-1, (3, 2)).contiguous())
    turned = as_complex * torch.polar(torch.ones(7, 3), positions[:, None] * FREQUENCIES)
    measured(rotary.rope(x, positions, FREQUENCIES), torch.view_as_real(turned).flatten(1), atol=1e-14)
    with pytest.raises(ValueError, match="d = 6 but 2 frequencies"):
        rotary.rope(x, positions, FREQUENCIES[:2])


@pytest.mark.claim("LG-170")
def test_the_two_pairings_differ_by_a_permutation(measured):
    x, frequencies = torch.randn(3, 5, 8, generator=torch.Generator().manual_seed(0)), rotary.standard_frequencies(8)
    order = torch.tensor([0, 2, 4, 6, 1, 3, 5, 7])
    neighbours, halves = (
        rotary.rope(x[..., o], torch.arange(5), frequencies, halves=h) for o, h in ((slice(None), False), (order, True))
    )
    measured(halves, neighbours[..., order], atol=0)
    assert (rotary.rope(x, torch.arange(5), frequencies, halves=True) - neighbours).abs().max() > 1
    measured(frequencies, torch.tensor([1.0, 0.1, 0.01, 0.001]), atol=1e-15)
    with pytest.raises(ValueError, match="d = 7"):
        rotary.standard_frequencies(7)


@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16, torch.float64])
def test_rope_keeps_its_digits_at_long_positions(dtype):
    frequencies = rotary.standard_frequencies(64)
    q, k = torch.randn(2, 1, 64, generator=torch.Generator().manual_seed(0)).to(dtype)
    near, far = (
        rotary.rope(q, torch.tensor([p]), frequencies) @ rotary.rope(k, torch.tensor([p + 5]), frequencies).mT
        for p in (0, 10**8)
    )
    assert near.dtype == dtype
    assert (near - far).abs().item() < max(100 * torch.finfo(dtype).eps, 1e-6)


@pytest.mark.claim("LG-229")
@pytest.mark.parametrize("seed", range(5))
def test_powers_of_orthogonal_matrices_leave_the_difference_in_the_score_and_others_do_not(seed, measured):
    Q = random_orthogonal(4, 1, seed)[0]
    power = torch.linalg.matrix_power
    for m in range(4):
        for n in range(4):
            measured(power(Q, m).T @ power(Q, n), power(Q, n - m), atol=1e-13)
    A = torch.randn(4, 4, generator=torch.Generator().manual_seed(seed))
    assert (A.T @ A - torch.eye(4)).abs().max() > 0.1  # the score at 1 and 1 is not that at 0 and 0
    jump = {0: torch.eye(4), 1: Q, 2: random_orthogonal(4, 1, seed + 10)[0]}  # orthogonal, but no powers
    assert (jump[1].T @ jump[2] - jump[0].T @ jump[1]).abs().max() > 0.1


@pytest.mark.claim("LG-229")
def test_in_the_plane_the_equations_leave_orthogonal_matrices_and_their_powers(measured):
    a, b, c, d, *second = sp.symbols("a b c d e f g h", real=True)
    T1, T2 = sp.Matrix([[a, b], [c, d]]), sp.Matrix(2, 2, second)
    equations = [*(T1.T * T1 - sp.eye(2)), *(T1.T * T2 - T1)]
    square = sp.groebner(equations, *second, a, b, c, d)
    measured.exact([square.reduce(sp.expand(entry))[1] for entry in T2 - T1 * T1], [0] * 4)


@pytest.mark.claim("LG-229")
def test_other_matrices_for_keys_leave_differences_that_fade(measured):
    q, k = torch.randn(2, 4, generator=torch.Generator().manual_seed(0))
    power = torch.linalg.matrix_power
    for A in (torch.randn(4, 4, generator=torch.Generator().manual_seed(1)), 0.99 * random_orthogonal(4, 1, 2)[0]):
        for m, n in ((3, 1), (2, 2), (1, 3)):
            score = (power(A, m) @ q) @ (power(torch.linalg.inv(A).T, n) @ k)
            measured(score, q @ power(A.T, m - n) @ k, atol=1e-10)
    measured(torch.linalg.svdvals(power(A.T, 10)), torch.full((4,), 0.99**10), atol=1e-13)


@pytest.mark.claim("LG-230")
@pytest.mark.parametrize("by", [1, 50, 1000])
def test_a_head_sees_the_order_and_not_the_beginning(by, measured):
    torch.manual_seed(by)
    head, x, here = rotary.RotaryAttention(8), torch.randn(2, 6, 8), torch.arange(6)
    with torch.no_grad():
        y = head(x, here)
        measured(head(x, here + by), y, atol=1e-11)
        assert (head(x[:, [1, 0, 2, 3, 4, 5]], here) - y)[:, -1].abs().max() > 1e-4
        measured(head(x[:, :4], here[:4]), y[:, :4], atol=1e-14)  # later tokens have no say
        still, swapped = (head(z, 0 * here)[:, -1] for z in (x, x[:, [1, 0, 2, 3, 4, 5]]))
        measured(swapped, still, atol=1e-14)  # without the turns the order is lost on the last token
        q, k = (rotary.rope(W(x), here, rotary.standard_frequencies(8)) for W in (head.query, head.key))
        table = (q @ k.mT / 8**0.5).masked_fill(torch.ones(6, 6).triu(1).bool(), -torch.inf)
        measured(torch.softmax(table, -1) @ head.value(x), y, atol=1e-13)
    with pytest.raises(ValueError, match="shape"):
        head(x, here[:4])


def test_a_cast_of_the_head_leaves_the_speeds_alone(measured):
    torch.manual_seed(0)
    head, x = rotary.RotaryAttention(16).float(), 2 * torch.randn(6, 16).float()
    places = torch.tensor([0, 1, 2, 10**7, 10**7 + 1, 10**7 + 2])  # far apart: each digit of a speed counts
    with torch.no_grad():
        measured(head(x, places).double(), head.double()(x.double(), places), atol=1e-5)
    exact, rounded = rotary.standard_frequencies(16), rotary.standard_frequencies(16).half()
    assert ((exact - rounded.double()) * 1e6).abs().max() > 1  # what a stored copy would have lost


def test_one_word_at_a_time_is_the_whole_text(measured):
    torch.manual_seed(1)
    head, words = rotary.RotaryAttention(8), torch.randn(7, 8)
    with torch.no_grad():
        measured(rotary.word_by_word(head, words), head(words, torch.arange(7)), atol=1e-13)


def test_a_turned_key_is_found_five_places_back(measured):
    speeds, back = rotary.standard_frequencies(128), torch.arange(200)
    q = torch.randn(1, 128, generator=torch.Generator().manual_seed(0))
    for ahead in (0, 5):
        k = rotary.rope(q, torch.tensor([ahead]), speeds)
        scores = rotary.rope(q, 1000 + 0 * back[:1], speeds) @ rotary.rope(k.expand(200, -1), 1000 - back, speeds).T
        assert scores.argmax() == ahead
        measured(scores.max(), q.square().sum(), atol=1e-11)


def test_turned_values_and_places_in_a_picture(measured):
    q, k, v = torch.randn(3, 5, 6, generator=torch.Generator().manual_seed(0))
    here = rotary.turned_values(q, k, v, torch.arange(5), FREQUENCIES)
    measured(rotary.turned_values(q, k, v, torch.arange(5) + 7, FREQUENCIES), here, atol=1e-12)
    same = rotary.turned_values(q, k, v, torch.zeros(5), FREQUENCIES)
    measured(same, torch.softmax(q @ k.T / 6**0.5, -1) @ v, atol=1e-13)
    G, H = torch.block_diag(J, torch.zeros(2, 2)), torch.block_diag(torch.zeros(2, 2), J)
    places = [((0, 0), (1, 2)), ((3, -1), (4, 1))]
    first, second = rotary.grid_scores(G, H, q[0, :4], k[0, :4], places)
    measured(first, second, atol=1e-12)
    turned = rotary.rope(k[:1, :4], torch.tensor([1]), torch.tensor([1.0, 2.0]))[0]
    measured(first, float(q[0, :4] @ turned), atol=1e-12)
    first, second = rotary.grid_scores(hat(torch.eye(3)[0]), hat(torch.eye(3)[1]), q[0, :3], k[0, :3], places)
    assert abs(first - second) > 1e-2
