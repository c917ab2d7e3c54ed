"""From the cyclic shift to a one-parameter group."""

import math

import pytest
import scipy.linalg
import scipy.signal
import sympy as sp
import torch
from hypothesis import given
from hypothesis import strategies as st

from book.expect import numbers
from snippets.figures.lie_groups import fractional_shift as figures
from snippets.lie_groups import fractional_shift as f
from snippets.lie_groups.actions import commutant_basis

SIGNAL = torch.randn(9, generator=torch.Generator().manual_seed(0))


@pytest.mark.claim("BR-11")
@pytest.mark.parametrize("n", [1, 3, 7, 27])
def test_odd_shifts_have_a_real_skew_logarithm(n, measured):
    D = f.shift_generator(n)
    measured(D, scipy.linalg.logm(f.shift_matrix(n).numpy()).real, atol=1e-12)
    measured(D + D.T, torch.zeros(n, n), atol=1e-13)
    measured(scipy.linalg.expm(D.numpy()), f.shift_matrix(n), atol=1e-13)
    measured(torch.linalg.det(f.shift_matrix(n)), 1.0, atol=1e-14)
    for t in (0.3, -1.7):
        measured(f.fractional_shift(torch.eye(n), t).T, scipy.linalg.expm(t * D.numpy()), atol=1e-13)


@pytest.mark.claim("BR-11")
@pytest.mark.parametrize("n", [2, 8, 28])
def test_even_shifts_have_none(n, measured):
    measured(torch.linalg.det(f.shift_matrix(n)), -1.0, atol=1e-14)
    eigenvalues = torch.linalg.eigvals(f.shift_matrix(n))
    measured.exact(int(((eigenvalues + 1).abs() < 1e-9).sum()), 1)  # −1 stands alone
    assert abs(scipy.linalg.logm(f.shift_matrix(n).numpy()).imag).max() > 0.01
    with pytest.raises(ValueError, match=f"n = {n}: the shift has a real logarithm for odd n only"):
        f.shift_generator(n)


@pytest.mark.claim("BR-11")
def test_what_commutes_with_the_shift_commutes_with_its_logarithm(measured):
    for n in (3, 7, 13):
        P, D = commutant_basis(f.shift_matrix(n)[None]), commutant_basis(f.shift_generator(n)[None])
        measured.exact((len(P), len(D)), (n, n))
        p, d = P.flatten(1), D.flatten(1)
        measured(p.T @ p, d.T @ d, atol=1e-10)  # the same subspace


def test_the_waves_are_eigenvectors(measured):
    for n in (5, 6):
        k, F = f.waves(n)
        P = f.shift_matrix(n).to(F.dtype)
        measured((P @ F - F * torch.polar(torch.ones(n), -2 * torch.pi * k / n)).abs(), torch.zeros(n, n), atol=1e-14)
        measured((F.mH @ F - torch.eye(n)).abs(), torch.zeros(n, n), atol=1e-14)


@pytest.mark.claim("LG-181")
@given(st.floats(-9, 9), st.floats(-9, 9))
def test_group_law_for_odd_n(s, t):
    both = f.fractional_shift(f.fractional_shift(SIGNAL, s), t)
    assert (both - f.fractional_shift(SIGNAL, s + t)).abs().max() < 1e-13
    assert abs(f.fractional_shift(SIGNAL, t).norm() - SIGNAL.norm()) < 1e-13


@pytest.mark.claim("LG-181")
@pytest.mark.parametrize("n", [7, 8])
def test_whole_shifts_are_rolls(n, measured):
    x = torch.randn(3, n, generator=torch.Generator().manual_seed(1))
    for t in (-2, 0, 1, 5):
        measured(f.fractional_shift(x, float(t)), x.roll(t, -1), atol=1e-14)
    # scipy's FFT resampling splits the fastest wave in the same way: half a pixel is every other sample
    doubled = scipy.signal.resample(x.numpy(), 2 * n, axis=-1)
    measured(f.fractional_shift(x, -0.5), doubled[:, 1::2], atol=1e-13)


@pytest.mark.claim("LG-182")
@given(st.floats(-2, 2), st.floats(-2, 2))
def test_the_fastest_wave_breaks_the_law_for_even_n(s, t):
    defect = abs(math.cos(math.pi * s) * math.cos(math.pi * t) - math.cos(math.pi * (s + t)))
    assert abs(f.group_law_defect(8, s, t) - defect) < 1e-12  # |sin πs sin πt|
    assert abs(defect - abs(math.sin(math.pi * s) * math.sin(math.pi * t))) < 1e-12
    assert f.group_law_defect(7, s, t) < 1e-12


@pytest.mark.claim("LG-183")
@pytest.mark.parametrize("n", [2, 8, 28])
def test_two_even_rows_have_a_logarithm_that_mixes_them(n, measured):
    D = f.two_row_generator(n)
    measured(scipy.linalg.expm(D.numpy()), torch.block_diag(f.shift_matrix(n), f.shift_matrix(n)), atol=1e-12)
    measured(D + D.T, torch.zeros(2 * n, 2 * n), atol=1e-13)
    assert D[:n, n:].abs().max() > 0.1 / n
    with pytest.raises(ValueError, match="n = 7"):
        f.two_row_generator(7)


def test_convolutions_commute_with_every_shift_and_relu_with_whole_ones(measured):
    values = figures.numbers()
    measured([values["conv_half"], values["relu_whole"], values["odd_law"]], 0, atol=1e-13)


test_numbers = numbers("lie_groups.fractional_shift", {
    "even_law": 1.0, "relu_half": 0.659006173, "fine_1": 0.818241123, "fine_2": 0.112210422, "fine_4": 0.0273619372, "fine_8": 0.00594210682,
})  # fmt: skip


@pytest.mark.claim("LG-184")
@pytest.mark.parametrize("factor", [1, 2, 3, 8])
@pytest.mark.parametrize("n", [6, 9])
def test_finer_relu_commutes_with_finer_shifts(factor, n, measured):
    layer = f.FineReLU(factor)
    x = f.resample(torch.randn(n, generator=torch.Generator().manual_seed(0)), n)  # without the Nyquist wave
    for k in range(-1, 2 * factor):
        measured(f.shift_error(layer, x, k / factor), 0, atol=1e-14)
    assert f.shift_error(layer, x, 0.5 / factor) > 1e-4


def test_resampling_keeps_the_slow_waves(measured):
    x = torch.randn(3, 9, generator=torch.Generator().manual_seed(0))
    measured(f.resample(x, 36)[:, ::4], x, atol=1e-14)
    measured(f.resample(f.resample(x, 12), 9), x, atol=1e-14)
    measured(f.resample(x, 36), scipy.signal.resample(x.numpy(), 36, axis=-1), atol=1e-14)
    even = torch.randn(8, generator=torch.Generator().manual_seed(1))
    nyquist = (-1.0) ** torch.arange(8)
    measured(f.resample(even, 8), even - nyquist * (even @ nyquist) / 8, atol=1e-14)
    for s, t in ((0.5, 0.5), (0.3, -1.1)):  # without that wave the group law holds for every n
        slow = f.resample(even, 8)
        measured(f.fractional_shift(f.fractional_shift(slow, s), t), f.fractional_shift(slow, s + t), atol=1e-14)


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_the_precision_of_the_input_is_kept(dtype, measured):
    x = torch.randn(2, 3, 8, generator=torch.Generator().manual_seed(0), dtype=dtype)
    for y in (f.fractional_shift(x, 0.3), f.velocity(x), f.FineReLU(2)(x), f.resample(x, 5)):
        assert y.dtype == dtype
    measured(f.fractional_shift(x, 0.3), f.fractional_shift(x.double(), 0.3), atol=1e-5)
    assert f.fractional_shift(x[:0], 0.3).shape == f.FineReLU()(x[:0]).shape == (0, 3, 8)


def test_four_pixels_by_hand(measured):
    bright, r = torch.tensor([4.0, 0, 0, 0]), 2**0.5
    once = torch.tensor([1 + r, 1 + r, 1 - r, 1 - r])
    measured(f.fractional_shift(bright, 0.5), once, atol=1e-15)
    measured(f.fractional_shift(once, 0.5), torch.tensor([1.0, 3, 1, -1]), atol=1e-15)
    measured(f.fractional_shift(torch.tensor([0.0, 2, 0, -2]), 0.5), r * torch.tensor([-1.0, 1, 1, -1]), atol=1e-15)
    measured(f.fractional_shift(torch.tensor([1.0, -1, 1, -1]), 0.5), torch.zeros(4), atol=1e-15)


def test_solutions(measured):
    k, F = f.waves(5)
    X = ((F * (-2j * torch.pi * (k / 5 + torch.tensor([0.0, 1, 0, 0, -1])))) @ F.mH).real
    measured(scipy.linalg.expm(X.numpy()), f.shift_matrix(5), atol=1e-12)
    measured(X.roll((1, 1), (0, 1)), X, atol=1e-13)  # circulant
    assert X.norm() > f.shift_generator(5).norm()
    for n in (3, 7, 15):
        D = f.shift_generator(n)
        entries = [[f.generator_entry(n, i - j) for j in range(n)] for i in range(n)]
        measured(D, entries, atol=1e-13)
        x = torch.randn(n, generator=torch.Generator().manual_seed(0))
        measured(f.velocity(x), D @ x, atol=1e-13)
    j = sp.symbols("j", positive=True)
    limit = sp.limit((sp.pi / (j * sp.sin(sp.pi / j))), j, sp.oo)
    measured.exact(limit, 1)  # in the limit of many pixels the entries are ±1/j


@pytest.mark.claim("LG-185")
@given(st.integers(1, 12), st.floats(-3, 3), st.integers(0, 99))
def test_every_second_pixel_of_slow_waves_shifts_by_half_as_much(m, t, seed):
    row = torch.randn(m, generator=torch.Generator().manual_seed(seed))
    x = f.resample(row, 2 * m)  # its waves turn less than m/2 times
    assert (torch.fft.rfft(x)[(m + 1) // 2 :]).abs().max() < 1e-12
    short = f.fractional_shift(x, t)[::2] - f.fractional_shift(x[::2], t / 2)
    assert short.abs().max() < 1e-12


def test_the_square_of_a_wave_goes_astray(measured):
    j = torch.arange(8.0)
    wave = lambda turns, t=0.0: torch.cos(2 * torch.pi * turns * (j - t) / 8)  # noqa: E731
    measured(wave(3) ** 2, (1 + wave(6)) / 2, atol=1e-15)
    measured(wave(6), wave(2), atol=1e-14)
    measured(wave(6, 0.5), -wave(2, 0.5), atol=1e-14)
    assert wave(2, 0.5).abs().min() > 0.7
    measured(f.fractional_shift(wave(3), 0.5) ** 2, (1 - f.fractional_shift(wave(2), 0.5)) / 2, atol=1e-14)


def test_faster_waves_come_back_as_slow_ones():
    fastest = (-1.0) ** torch.arange(12)
    assert (fastest[::2] == 1).all()
    assert (f.fractional_shift(fastest, 1.0)[::2] + 1).abs().max() < 1e-12
    quick = torch.cos(2 * torch.pi * 4 * torch.arange(12) / 12)  # turns 4 times, more than m/2 = 3
    assert f.shrink_error(lambda x: x[..., ::2], quick) > 0.5


def test_a_blur_helps_and_keeps_constants(measured):
    blur, x = f.BlurPool(), torch.randn(3, 54, generator=torch.Generator().manual_seed(0))
    measured(blur(torch.full((2, 5, 8), 3.0)), torch.full((2, 5, 4), 3.0), atol=1e-15)
    kernel = torch.tensor([[[1.0, 4, 6, 4, 1]]]) / 16
    padded = torch.nn.functional.pad(x[:, None], (2, 2), mode="circular")
    measured(blur(x), torch.nn.functional.conv1d(padded, kernel, stride=2)[:, 0], atol=1e-14)
    for row in x:
        plain, blurred = f.shrink_error(lambda y: y[..., ::2], row), f.shrink_error(blur, row)
        assert blurred < plain / 3
