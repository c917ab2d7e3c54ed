"""Tests of the chapter on linear maps."""

import itertools

import numpy as np
import pytest
import scipy.linalg
import sympy
import torch
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from torch import nn

from book import expect
from snippets.linear_algebra.linear_maps import (
    A,
    convolution_matrix,
    derivative,
    fold,
    homogeneous,
    in_basis,
    lift,
    linearity_gap,
    matrix_from_images,
    matrix_of,
    multiply,
    nonlinearity,
    shift_matrix,
    square_first,
    twist,
    wobble,
)
from snippets.linear_algebra.span import coordinates, rank

numbers = st.floats(-100, 100)


def tensors(*shape: int) -> st.SearchStrategy[torch.Tensor]:
    """Tensors of moderate numbers."""
    return arrays("float64", shape, elements=numbers).map(torch.tensor)


@pytest.fixture(autouse=True)
def _seed():
    torch.manual_seed(0)


@pytest.mark.claim("LA-121", "LA-08")
@given(tensors(2), tensors(2), numbers, numbers)
def test_a_matrix_respects_sums_and_multiples(u, v, a, b):
    assert torch.allclose(linearity_gap(lambda x: multiply(A, x), u, v, a, b), torch.zeros(2), atol=1e-9)


@pytest.mark.claim("LA-08", by="proved")
def test_a_matrix_respects_sums_and_multiples_symbolically(measured):
    matrix = sympy.Matrix([[1, 1], [-1, 2]])
    u, v = (sympy.Matrix(sympy.symbols(f"{letter}:2")) for letter in "uv")
    a, b = sympy.symbols("a b")
    measured.exact(sympy.expand(matrix * (a * u + b * v) - a * matrix * u - b * matrix * v), sympy.zeros(2, 1))


@pytest.mark.claim("LA-05")
def test_squaring_an_entry_is_a_function_but_not_linear(measured):
    e = torch.tensor([1.0, 0.0])
    measured.exact(square_first(2 * e).tolist(), [4.0, 0.0])
    measured.exact((2 * square_first(e)).tolist(), [2.0, 0.0])


@pytest.mark.claim("LA-122")
@given(tensors(3), tensors(3), st.floats(0, 100))
def test_relu_respects_positive_multiples_but_not_sums(u, v, a):
    zero = torch.zeros(3)
    assert torch.allclose(linearity_gap(torch.relu, u, zero, a=a, b=0.0), zero, atol=1e-9)
    assert torch.equal(linearity_gap(torch.relu, u, -u), -u.abs())
    assert (linearity_gap(torch.relu, u, v) <= 1e-12).all()


@pytest.mark.claim("LA-07", by="proved")
def test_zero_goes_to_zero(measured):
    f, v = sympy.Function("f"), sympy.Symbol("v")
    homogeneity = f(0 * v) - 0 * f(v)  # what the rule for multiples says at c = 0 is zero
    measured.exact(homogeneity, f(0))
    matrix = sympy.Matrix(2, 3, sympy.symbols("m:6"))
    measured.exact(matrix * sympy.zeros(3, 1), sympy.zeros(2, 1))
    measured.exact(multiply(A, torch.zeros(2)).tolist(), [0.0, 0.0])


def evenly_spaced(points: list[torch.Tensor]) -> bool:
    """Tell whether the steps between neighbours are all the same."""
    steps = torch.stack(points).diff(dim=0)
    return torch.allclose(steps, steps[:1].expand_as(steps))


@pytest.mark.claim("LA-06")
def test_twist_has_both_grid_properties_and_is_not_linear(measured):
    for n in range(-4, 5):
        on_row = [twist(torch.tensor([x, float(n)])) for x in torch.linspace(-3, 3, 13)]
        on_column = [twist(torch.tensor([float(n), y])) for y in torch.linspace(-3, 3, 13)]
        assert evenly_spaced(on_row)
        assert evenly_spaced(on_column)
    measured.exact(twist(torch.zeros(2)).tolist(), [0.0, 0.0])
    e1, e2 = torch.eye(2)
    measured.exact(twist(e1 + e2).tolist(), [1.0, 2.0])
    measured.exact((twist(e1) + twist(e2)).tolist(), [1.0, 1.0])


@pytest.mark.claim("LA-06")
def test_twist_of_a_grid_line_symbolically(measured):
    x, y, n = sympy.symbols("x y n")
    image = sympy.Matrix([x, y + x * y])
    measured.exact(image.subs(y, n).diff(x, 2), sympy.zeros(2, 1))
    measured.exact(image.subs(x, n).diff(y, 2), sympy.zeros(2, 1))
    measured.exact(image.subs(y, x).diff(x, 2), sympy.Matrix([0, 2]))


@pytest.mark.claim("LA-06")
@given(st.integers(-5, 5), numbers)
def test_wobble_keeps_each_integer_grid_line_and_is_not_linear(n, t):
    assert torch.allclose(wobble(torch.tensor([float(n), t])), torch.tensor([float(n), t]), atol=1e-12)
    assert wobble(torch.tensor([t, float(n)]))[1] == n
    assert wobble(torch.tensor([0.25, t])).tolist() == [0.375, t]
    assert linearity_gap(wobble, *torch.full((2, 2), 0.125)).norm() > 0.01


@pytest.mark.claim("LA-06")
def test_a_singular_map_squashes_grid_lines(measured):
    flat = torch.tensor([[1.0, 0.0], [0.0, 0.0]])
    column = torch.stack([torch.full((5,), 2.0), torch.arange(5.0)])
    measured.exact(rank((flat @ column).diff(dim=1)), 0)


@pytest.mark.claim("LA-123")
@given(tensors(3, 2), tensors(2), tensors(2), st.floats(-3, 3))
def test_linear_maps_keep_every_straight_walk(matrix, p, q, t):
    between = (1 - t) * p + t * q
    assert torch.allclose(matrix @ between, (1 - t) * (matrix @ p) + t * (matrix @ q), atol=1e-7)


@pytest.mark.claim("LA-123")
def test_walks_and_the_origin_give_sums_and_multiples(measured):
    f = dict(zip("0uv", sympy.symbols("f0 fu fv"), strict=True))
    t = sympy.Symbol("t")
    multiple = ((1 - t) * f["0"] + t * f["u"]).subs(f["0"], 0)
    middle = (f["u"] + f["v"]) / 2
    measured.exact(multiple, t * f["u"])
    measured.exact(sympy.expand(2 * middle), f["u"] + f["v"])
    p, q = torch.zeros(2), torch.ones(2)
    measured.exact(torch.equal(twist((p + q) / 2), (twist(p) + twist(q)) / 2), False)


@pytest.mark.claim("LA-09")
@given(tensors(3, 4))
def test_columns_are_the_images_of_the_basis(matrix):
    for j, e in enumerate(torch.eye(4)):
        assert torch.equal(multiply(matrix, e), matrix[:, j])
    assert torch.equal(matrix_of(lambda x: multiply(matrix, x), 4), matrix)


@pytest.mark.claim("LA-09", "LA-10", "LA-11")
def test_worked_columns(measured):
    measured.exact(multiply(A, torch.tensor([1.0, 0.0])).tolist(), [1.0, -1.0])
    measured.exact(multiply(A, torch.tensor([0.0, 1.0])).tolist(), [1.0, 2.0])


@given(tensors(3, 4), tensors(4))
def test_multiplying_by_hand_agrees_with_torch(matrix, x):
    assert torch.allclose(multiply(matrix, x), matrix @ x, atol=1e-9)


@pytest.mark.claim("LA-124")
@settings(deadline=None)  # the first call of jacrev is slow
@given(tensors(3, 4), tensors(4))
def test_a_linear_map_has_one_matrix(matrix, x):
    f = lambda v: matrix @ v.flip(0) + v.sum()  # noqa: E731
    found = matrix_of(f, 4)
    assert torch.allclose(found @ x, f(x), atol=1e-8)
    assert torch.allclose(found, torch.func.jacrev(f)(x))
    assert torch.equal(matrix_of(lambda v: matrix @ v, 4), matrix)


@pytest.mark.claim("LA-125")
@given(tensors(2, 3), tensors(3, 4))
def test_composition_is_the_matrix_product(second, first):
    composed = matrix_of(lambda x: multiply(second, multiply(first, x)), 4)
    assert torch.allclose(composed, second @ first, atol=1e-8)


@pytest.mark.claim("LA-125")
def test_order_matters(measured):
    turn, shear = torch.tensor([[0.0, -1.0], [1.0, 0.0]]), torch.tensor([[1.0, 1.0], [0.0, 1.0]])
    after = lambda second, first: matrix_of(lambda x: multiply(second, multiply(first, x)), 2)  # noqa: E731
    measured.exact(after(turn, shear).tolist(), [[0.0, -1.0], [1.0, 1.0]])
    measured.exact(after(shear, turn).tolist(), [[1.0, -1.0], [1.0, 0.0]])


@pytest.mark.claim("LA-314", by="proved")
def test_the_mirror_of_the_page_in_both_bases(measured):
    P, D = sympy.Matrix([[2, -1], [1, 2]]), sympy.diag(1, -1)
    mirror = P * D * P.inv()
    measured.exact(mirror, sympy.Matrix([[3, 4], [4, -3]]) / 5)
    measured.exact(P.inv() * mirror * P, D)
    measured.exact(mirror * sympy.Matrix([1, 3]), sympy.Matrix([3, -1]))
    measured.exact(mirror * sympy.Matrix([2, 1]), sympy.Matrix([2, 1]))  # on the mirror
    measured.exact(mirror * sympy.Matrix([-1, 2]), sympy.Matrix([1, -2]))  # perpendicular to it


@pytest.mark.claim("LA-314")
@given(tensors(3, 3), tensors(3, 3), tensors(3))
def test_a_map_in_another_basis(matrix, basis, x):
    singular = torch.linalg.svdvals(basis)
    assume(singular[-1] > 1e-2 * singular[0])
    new = in_basis(matrix, basis)
    image = coordinates(basis, matrix @ x)
    assert torch.allclose(new @ coordinates(basis, x), image, atol=1e-7 * (1 + image.abs().max()))


@pytest.mark.claim("LA-13")
def test_a_layer_with_a_bias_is_not_linear(measured):
    layer = nn.Linear(4, 3)
    with torch.no_grad():
        u, v = torch.randn(2, 4)
        measured(layer(torch.zeros(4)), layer.bias, atol=0.0)
        measured(linearity_gap(layer, u, v), -layer.bias, atol=1e-14)
        measured(linearity_gap(nn.Linear(4, 3, bias=False), u, v), 0.0, atol=1e-14)


@pytest.mark.claim("LA-126")
@given(tensors(3, 4), tensors(3), tensors(4))
def test_a_layer_is_linear_one_dimension_up(weight, bias, x):
    assert torch.allclose(homogeneous(weight, bias) @ lift(x), lift(weight @ x + bias), atol=1e-8)


@pytest.mark.claim("LA-127")
@given(tensors(3, 4), tensors(3), tensors(2, 3), tensors(2))
def test_composing_layers_multiplies_their_matrices(weight1, bias1, weight2, bias2):
    product = homogeneous(weight2, bias2) @ homogeneous(weight1, bias1)
    assert torch.allclose(product, homogeneous(weight2 @ weight1, weight2 @ bias1 + bias2), atol=1e-6)


@pytest.mark.claim("LA-12", "LA-128")
@pytest.mark.parametrize("circular", [False, True])
def test_a_convolution_layer_is_a_matrix(circular, measured):
    layer = nn.Conv1d(1, 1, 5, padding="same", padding_mode="circular" if circular else "zeros", bias=False)
    x = torch.randn(12)
    with torch.no_grad():
        matrix = convolution_matrix(layer.weight[0, 0], 12, circular)
        measured(matrix @ x, layer(x[None])[0], atol=1e-12)


@pytest.mark.claim("LA-12")
def test_attention_with_fixed_weights_is_a_matrix(measured):
    q, k, v, w = torch.randn(4, 5, 3)
    weights = torch.softmax(q @ k.T / 3**0.5, dim=1)
    measured(nn.functional.scaled_dot_product_attention(q, k, v), weights @ v, atol=1e-12)
    gap = nn.functional.scaled_dot_product_attention(q, k, v + w) - weights @ v - weights @ w
    measured(gap, 0.0, atol=1e-12)


@pytest.mark.claim("LA-128")
def test_zero_padding_gives_a_toeplitz_and_wrapping_a_circulant_matrix(measured):
    kernel = torch.tensor([3.0, 5.0, 7.0])
    toeplitz = scipy.linalg.toeplitz([5, 3, 0, 0, 0], [5, 7, 0, 0, 0])
    measured.exact(convolution_matrix(kernel, 5).tolist(), toeplitz.tolist())
    circulant = scipy.linalg.circulant([5, 3, 0, 0, 7])
    measured.exact(convolution_matrix(kernel, 5, circular=True).tolist(), circulant.tolist())


@pytest.mark.parametrize("length", [2, 7])
def test_a_kernel_needs_a_middle_and_room(length):
    with pytest.raises(ValueError, match="kernel length"):
        convolution_matrix(torch.ones(length), 5)


@pytest.mark.claim("LA-129")
@given(tensors(3), st.integers(3, 9))
def test_circular_convolution_commutes_with_the_shift(kernel, n):
    wrapped, shift = convolution_matrix(kernel, n, circular=True), shift_matrix(n)
    assert torch.equal(wrapped @ shift, shift @ wrapped)


@pytest.mark.claim("LA-129")
def test_zero_padding_commutes_away_from_the_ends_only(measured):
    padded, shift = convolution_matrix(torch.tensor([3.0, 5.0, 7.0]), 8), shift_matrix(8)
    gap = padded @ shift - shift @ padded
    measured.exact(bool(gap.any()), True)
    measured.exact(bool(gap[2:-1].any()), False)
    measured.exact(shift.tolist(), np.roll(np.eye(8), 1, axis=0).tolist())


@pytest.mark.claim("LA-130", by="drawn", draws=30)
@pytest.mark.parametrize("seed", range(30))
def test_every_stack_of_linear_layers_is_one_layer(seed, measured):
    torch.manual_seed(seed)
    widths = [int(w) for w in torch.randint(1, 9, (2 + seed % 5,))]
    deep = nn.Sequential(*[nn.Linear(a, b, bias=seed % 2 == 0) for a, b in itertools.pairwise(widths)])
    with torch.no_grad():
        start = deep(torch.zeros(widths[0]))
        M = matrix_of(lambda x: deep(x) - start, widths[0])
        x = torch.randn(5, widths[0])
        measured(deep(x), x @ M.T + start, atol=1e-12)
    assert (torch.linalg.svdvals(M)[min(widths) :] < 1e-12).all()


@pytest.mark.claim("LA-130")
def test_a_stack_of_linear_layers_is_one_matrix(measured):
    deep = nn.Sequential(*[nn.Linear(a, b, bias=False) for a, b in [(8, 6), (6, 3), (3, 8)]])
    product = deep[2].weight @ deep[1].weight @ deep[0].weight
    x = torch.randn(8)
    with torch.no_grad():
        measured(deep(x), product @ x, atol=1e-12)
    measured.exact(rank(product), 3)


def test_solution_images():
    inputs, images = torch.tensor([[1.0, 1.0], [1.0, -1.0]]), torch.tensor([[2.0, 0.0], [1.0, 3.0]])
    assert torch.allclose(matrix_from_images(inputs, images), torch.tensor([[1.0, 1.0], [2.0, -1.0]]))


def test_solution_derivative():
    x = sympy.Symbol("x")
    c = torch.tensor([5.0, -1.0, 4.0, 2.0])
    exact = sympy.Poly(sum(int(a) * x**k for k, a in enumerate(c)), x).diff(x)
    assert derivative(c).tolist() == [*map(float, exact.all_coeffs()[::-1]), 0.0]
    D = matrix_of(derivative, 4)
    assert torch.equal(torch.linalg.matrix_power(D, 4), torch.zeros(4, 4))
    assert torch.linalg.matrix_power(D, 3).any()


@pytest.mark.parametrize(
    ("f", "linear"),
    [
        (lambda x: x.cumsum(0), True),
        (lambda x: x.flip(0), True),
        (lambda x: x - x.mean(), True),
        (lambda x: x.sort().values, False),
        (lambda x: torch.softmax(x, 0), False),
        (lambda x: nn.functional.layer_norm(x, (6,)), False),
        (lambda x: nn.functional.avg_pool1d(x[None], 2)[0], True),
        (lambda x: nn.functional.max_pool1d(x[None], 2)[0], False),
        (nn.Linear(6, 4).requires_grad_(False), False),
    ],
)
def test_solution_nonlinearity(f, linear):
    assert (nonlinearity(f, 6) < 1e-12) == linear
    for unit in (1e-15, 1e15):  # the unit of the outputs must not matter
        assert (nonlinearity(lambda x, unit=unit: unit * f(x), 6) < 1e-12) == linear


def test_the_zero_map_is_linear():
    assert nonlinearity(torch.zeros_like, 3) == 0.0


@pytest.mark.parametrize("bias", [True, False])
def test_solution_fold(bias):
    dense, norm = nn.Linear(5, 3, bias=bias), nn.BatchNorm1d(3)
    x = torch.randn(40, 5)
    with torch.no_grad():
        norm.weight.uniform_(0.5, 2)
        norm.bias.uniform_(-1, 1)
        norm(dense(x))
        norm.eval()
        torch.testing.assert_close(fold(dense, norm)(x), norm(dense(x)), rtol=0, atol=1e-12)


def test_solution_commutes_with_all():
    M = sympy.Matrix(3, 3, sympy.symbols("m:9"))
    bases = [sympy.diag(2, 1, 1), sympy.diag(1, 2, 1), sympy.Matrix([[0, 1, 0], [1, 0, 0], [0, 0, 1]]),
             sympy.Matrix([[0, 0, 1], [0, 1, 0], [1, 0, 0]])]  # fmt: skip
    found = sympy.solve([entry for P in bases for entry in M * P - P * M], list(M), dict=True)[0]
    assert M.subs(found) == M[2, 2] * sympy.eye(3)


def test_single_precision_and_batches_are_followed():
    single = A.float()
    layer = nn.Linear(3, 2).float()
    assert matrix_of(nn.Linear(3, 2, bias=False).float(), 3, torch.float32).dtype == torch.float32
    assert in_basis(single, single).dtype == torch.float32
    assert homogeneous(layer.weight, layer.bias).dtype == lift(torch.ones(3).float()).dtype == torch.float32
    assert lift(torch.zeros(4, 0, 2)).shape == (4, 0, 3)
    assert convolution_matrix(torch.ones(3).float(), 5).dtype == torch.float32
    assert fold(layer, nn.BatchNorm1d(2).float().eval()).weight.dtype == torch.float32
    assert derivative(torch.ones(3).float()).dtype == torch.float32


test_numbers = expect.numbers(
    "linear_algebra.linear_maps",
    {"deep_rank": 3, "dense_parameters": 100 * 100, "convolution_parameters": 3},
)
