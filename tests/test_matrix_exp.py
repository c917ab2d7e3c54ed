"""The exponential of a matrix is exact where PyTorch's own, of a single matrix, is not."""

import math

import pytest
import scipy.linalg
import torch
from hypothesis import given
from hypothesis import strategies as st

from snippets.lie_groups.algebra import Exponential
from snippets.lie_groups.exponential import exp_so2, hat
from snippets.matrix_exp import matrix_exp

J = torch.tensor([[0.0, -1.0], [1.0, 0.0]])


@pytest.mark.parametrize(("dtype", "theta", "atol"), [(torch.float64, 0.04, 1e-15), (torch.float32, 0.5, 2e-7)])
@pytest.mark.parametrize("lead", [(), (1,), (3,)])
def test_turns_have_their_cosine_and_sine(dtype, theta, atol, lead):
    expected = torch.tensor([[math.cos(theta), -math.sin(theta)], [math.sin(theta), math.cos(theta)]], dtype=dtype)
    E = matrix_exp((theta * J).to(dtype).expand(*lead, 2, 2))
    assert E.shape == (*lead, 2, 2)
    assert E.dtype == dtype
    assert (E - expected).abs().max() <= atol


@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16])
def test_in_sixteen_bits_it_is_right_to_their_last_digit(dtype):
    """PyTorch's own gives NaN there."""
    X = 3 * torch.randn(5, 3, 3, generator=torch.Generator().manual_seed(0)).to(dtype)
    E = matrix_exp(X)
    assert E.dtype == dtype
    assert torch.allclose(E.double(), torch.linalg.matrix_exp(X.double()), rtol=torch.finfo(dtype).eps, atol=1e-3)


def test_matrices_of_all_sizes_are_exact_side_by_side():
    """PyTorch sorts a batch by the norms, and each size has a polynomial of its own."""
    theta = torch.tensor([1e-5, 0.04, 0.2, 1.0, 30.0])
    assert (matrix_exp(theta[:, None, None] * J) - exp_so2(theta)).abs().max() < 1e-14


@given(st.floats(-12, 12))
def test_every_size_agrees_with_scipy(exponent):
    X = math.exp(exponent) * torch.tensor([[0.1, -0.7, 0.2], [0.6, -0.3, 0.0], [-0.5, 0.1, 0.2]])
    X = X - X.T if exponent > 3 else X
    expected = torch.from_numpy(scipy.linalg.expm(X.numpy()))
    torch.testing.assert_close(
        matrix_exp(X), expected, rtol=0, atol=1e-15 * (1 + 30 * X.abs().max().item()) * expected.abs().max().item()
    )


def test_the_derivative_is_exact_too():
    """d/dθ exp(θJ) = J exp(θJ), by autograd, of all entries and of a sum."""
    for theta in torch.tensor([0.0005, 0.004, 0.04, 0.2]):
        speed = torch.autograd.functional.jacobian(lambda t: matrix_exp(t * J), theta)
        assert (speed - J @ exp_so2(theta)).abs().max() < 1e-14
        one = theta.clone().requires_grad_()
        weights = torch.tensor([[0.3, -1.0], [0.2, 0.7]])
        (slope,) = torch.autograd.grad((weights * matrix_exp(one * J)).sum(), one)
        assert abs(slope - (weights * (J @ exp_so2(theta))).sum()) < 1e-14


def test_a_layer_of_rotations_stays_orthogonal_in_single_precision():
    X = 0.2 * hat(torch.tensor([1.0, -0.5, 2.0]))
    W = Exponential()(X.float())
    assert (W @ W.T - torch.eye(3)).abs().max() < 5e-7


def test_what_is_not_square_is_refused():
    with pytest.raises(ValueError, match=r"shape \(2, 3\): pass \(…, n, n\)"):
        matrix_exp(torch.zeros(2, 3))
