"""What the page "Code to take along" guarantees of each function and module, held to random inputs."""

import contextlib
import copy
import importlib
import multiprocessing
import random
import re
import sys
import warnings
from concurrent.futures import ProcessPoolExecutor

import jaxtyping
import numpy as np
import pytest
import torch
from torch.utils._pytree import tree_leaves

from book.project import ROOT
from snippets.equivariant_networks import tensor_products
from snippets.take_along import PROMISES, TAKE_ALONG

from .away import Away, TwoDevices, brought, sent
from .samples import AS_TORCH, COARSE, CUTS, FUNCTIONS, LIMITS, MODULES, SHARED, SIZES, WHOLE, Function

PROMISED = {
    f"{part}.{name}": promises.split() for part, names in TAKE_ALONG.items() for name, promises in names.items()
}


def of(promise):
    """Parametrise a test by the functions and modules that promise something."""
    return pytest.mark.parametrize("name", [name for name, promises in PROMISED.items() if promise in promises])


@pytest.fixture(autouse=True)
def _as_a_reader_runs_it():
    """Take away the checks of shapes that only these tests have: what is promised holds in a program that has none."""
    jaxtyping.config.update("jaxtyping_disable", True)
    yield
    jaxtyping.config.update("jaxtyping_disable", False)


def taken(name):
    """Return the function or class of a full name."""
    module, _, attribute = name.rpartition(".")
    return getattr(importlib.import_module(f"snippets.{module}"), attribute)


def drawn(shapes, lead=(), dtype=torch.float64, seed=0):
    """Return random tensors of some shapes with the same leading axes in front."""
    draw = torch.Generator().manual_seed(seed)
    return tuple(torch.randn((*lead, *shape), generator=draw, dtype=torch.float64).to(dtype) for shape in shapes)


def made(name):
    """Return what is called, and its sample: a function as its sample calls it, or a module."""
    if name in MODULES:
        torch.manual_seed(0)
        return MODULES[name].make(taken(name)), MODULES[name]
    sample = FUNCTIONS[name]
    return lambda *x: sample.call(taken(name), *x), sample


def inputs(name, lead=(), dtype=torch.float64, seed=0):
    """Return valid inputs of a function or module."""
    sample = FUNCTIONS.get(name) or MODULES[name]
    x = drawn(sample.shapes, lead, dtype, seed)
    return sample.prepare(*x) if isinstance(sample, Function) else x


def leads(sample):
    """Return leading axes that a function or module is promised to take."""
    return [(1,), (3,)] if sample.rows else [(1,), (3,), (2, 3), (2, 1, 3)]


def tensors(found):
    """Return the tensors of a result."""
    return [x for x in tree_leaves(found) if isinstance(x, torch.Tensor)]


def agree(actual, expected, atol=1e-9):
    """Assert that two results have the same shapes, kinds of numbers and, up to rounding, entries."""
    actual, expected = ([x.detach() for x in tensors(found)] for found in (actual, expected))
    assert len(actual) == len(expected) > 0
    for x, y in zip(actual, expected, strict=True):
        assert (x.shape, x.dtype) == (y.shape, y.dtype)
        assert bool(torch.isfinite(x).all())
        assert x.numel() == 0 or float((x - y).abs().max()) <= atol * max(1.0, float(y.abs().max()))


def test_the_table_and_the_samples_name_the_same():
    assert set(PROMISED) == set(FUNCTIONS) | set(MODULES) | set(CUTS) | set(SIZES)
    assert {promise for promises in PROMISED.values() for promise in promises} == set(PROMISES)
    assert {name for name, promises in PROMISED.items() if "cut" in promises} == set(CUTS)
    assert {name for name, promises in PROMISED.items() if "size" in promises} == set(SIZES)


@of("dtype")
@pytest.mark.parametrize("default", [torch.float32, torch.float64])
def test_numbers_keep_their_kind_whatever_the_default(name, default):
    try:
        torch.set_default_dtype(default)
        f, sample = made(name)
        lead = (3,) if sample.rows else ()
        for dtype in (torch.float32, torch.float64):
            x = inputs(name, lead, dtype)
            g = f.to(dtype) if name in MODULES else f
            results = tensors(g(*x))
            assert results
            assert {y.dtype for y in results} <= {dtype, dtype.to_complex()}
    finally:
        torch.set_default_dtype(torch.float64)


@of("dtype")
def test_double_precision_is_not_lost_on_the_way(name):
    """A constant that is made in the default precision and then converted has lost its digits."""
    f, sample = made(name)
    x = inputs(name, (3,) if sample.rows else ())
    expected = f(*x)
    try:
        torch.set_default_dtype(torch.float32)
        found = f(*x)
    finally:
        torch.set_default_dtype(torch.float64)
    agree(found, expected, atol=1e-11)


@of("complex")
def test_complex_numbers_are_taken(name):
    f, sample = made(name)
    for dtype in (torch.complex64, torch.complex128):
        x = tuple(
            torch.complex(a, b).to(dtype)
            for a, b in zip(drawn(sample.shapes), drawn(sample.shapes, seed=1), strict=True)
        )
        assert all(y.dtype in (dtype, dtype.to_real()) for y in tensors(f(*x)))


@of("device")
def test_results_are_where_the_input_is(name):
    f, sample = made(name)
    x = inputs(name, (3,) if sample.rows or name in MODULES else ())
    expected = f(*x)
    with TwoDevices(), torch.no_grad():
        if name in MODULES:
            state = {key: sent(value.detach()) for key, value in f.state_dict(keep_vars=True).items()}
            found = torch.func.functional_call(f, state, tuple(map(sent, x)))
        else:
            found = f(*map(sent, x))
    assert all(isinstance(y, Away) for y in tensors(found))
    agree([brought(y) for y in tensors(found)], expected)


@of("batch")
def test_leading_axes_are_a_loop(name):
    f, sample = made(name)
    for lead in leads(sample):
        x = inputs(name, lead)
        flat = [a.flatten(0, len(lead) - 1) for a in x]
        alone = [tensors(f(*[a[i : i + 1] if sample.rows else a[i] for a in flat])) for i in range(len(flat[0]))]
        looped = [torch.cat(parts) if sample.rows else torch.stack(parts) for parts in zip(*alone, strict=True)]
        agree(f(*x), [y.unflatten(0, lead) for y in looped])


@of("batch")
def test_empty_batches_give_empty_results(name):
    f, sample = made(name)
    for lead in [(3,)] if sample.rows else [(3,), (2, 3), (2, 1, 3)]:
        x = inputs(name, lead)
        for axis in range(len(lead)):
            none = tuple(a.narrow(axis, 0, 0) for a in x)
            for y, empty in zip(tensors(f(*x)), tensors(f(*none)), strict=True):
                assert empty.shape == (*y.shape[:axis], 0, *y.shape[axis + 1 :])
                assert empty.dtype == y.dtype


@of("batch")
def test_leading_axes_that_do_not_fit_each_other_are_refused(name):
    """Each input in turn comes with another number of rows than the rest."""
    f, _ = made(name)
    x, longer = inputs(name, (2,)), inputs(name, (4,))
    if name in SHARED or len(x) == 1:
        return
    for i in range(len(x)):
        with pytest.raises(ValueError, match=r"shape .*: pass "):
            f(*x[:i], longer[i], *x[i + 1 :])


@of("shape")
def test_wrong_shapes_are_refused_by_name(name):
    f, sample = made(name)
    assert sample.refused, "no wrong shape is tried"
    for shapes in sample.refused:
        for lead in wrong_leads(name, sample, shapes):
            x = drawn(shapes, lead)
            with pytest.raises(ValueError, match=r"\w") as refusal:
                f(*x)
            said = str(refusal.value)
            sides = {str(side) for a in x for side in a.shape}
            assert any(str(tuple(a.shape)) in said for a in x) or any(side in said for side in sides), said
            assert ":" in said, f"no remedy: {said}"


def wrong_leads(name, sample, shapes):
    """Return the leading axes with which wrong shapes are tried: all, unless an axis is what they lack."""
    if sample.rows:
        return [(3,), (0,)]
    lacking = any(
        len(shape) < len(right) for shape, right in zip(shapes, map(torch.Tensor.size, inputs(name)), strict=True)
    )
    return [()] if lacking or "batch" not in PROMISED[name] else [(), (3,), (2, 3), (0,)]


@pytest.mark.parametrize("name", [*FUNCTIONS, *MODULES])
def test_it_does_not_matter_how_numbers_lie_in_memory(name):
    f, sample = made(name)
    x = inputs(name, (3,) if sample.rows else ())
    expected = f(*x)
    layouts = {
        "every second number": [torch.stack([a, 7 * a], -1)[..., 0] for a in x],
        "first axis last": [a.movedim(0, -1).contiguous().movedim(-1, 0) if a.ndim else a for a in x],
        "a parameter": [torch.nn.Parameter(a) for a in x],
    }
    for layout in layouts.values():
        agree(f(*layout), expected)
    if "batch" in PROMISED[name]:
        one = inputs(name, (1,))
        agree(f(*[a.expand(3, *a.shape[1:]) for a in one]), f(*[a.repeat(3, *[1] * (a.ndim - 1)) for a in one]))


@pytest.mark.parametrize("name", [*FUNCTIONS, *MODULES])
@pytest.mark.parametrize(("dtype", "digits"), [(torch.int64, 1e-9), (torch.float16, 2e-2), (torch.bfloat16, 1e-1)])
@pytest.mark.filterwarnings("ignore:ComplexHalf support is experimental")
def test_other_numbers_are_right_or_refused(name, dtype, digits):
    """Whole numbers, and those of 16 bits, give what the same numbers in double precision give, or are refused by type."""
    f, sample = made(name)
    draw = inputs(name, (3,) if sample.rows else ())
    if (name, dtype) in COARSE or draw[0].is_complex():
        return
    x = [(3 * a).round().to(dtype) if dtype == torch.int64 else a.to(dtype) for a in draw]
    x = WHOLE[name] if dtype == torch.int64 and name in WHOLE else x
    g = copy.deepcopy(f).to(dtype) if name in MODULES and dtype != torch.int64 else f
    try:
        found = tensors(g(*x))
    except ValueError as refusal:
        assert re.search(rf"numbers of type {dtype}: pass .*such as \w+\.(float|double)\(\)", str(refusal))  # noqa: PT017
    except RuntimeError as refusal:
        assert (name, dtype) in AS_TORCH
        assert re.search("Long|long int|dtype|'Half'|'BFloat16'", str(refusal))  # noqa: PT017
    else:
        for y, expected in zip(found, tensors(f(*[a.double() for a in x])), strict=True):
            y, expected = y.detach(), expected.detach()
            near = digits * max(1.0, float(expected.abs().nan_to_num().amax()) if expected.numel() else 0.0)
            assert torch.allclose(y.to(expected.dtype), expected, rtol=0, atol=near, equal_nan=True)


@pytest.mark.parametrize("name", [*FUNCTIONS, *MODULES])
@pytest.mark.parametrize("bad", [torch.nan, torch.inf])
def test_what_is_no_number_is_seen(name, bad):
    """NaN or infinity in one entry leaves a trace in the result, or is refused."""
    f, sample = made(name)
    x = inputs(name, (3,) if sample.rows else ())
    for i in range(len(x)):
        if x[i].numel() and not (bad == torch.inf and name in LIMITS):
            spoilt = [a.clone(memory_format=torch.contiguous_format) for a in x]
            spoilt[i].view(-1)[0] = bad
            try:
                found = tensors(f(*spoilt))
            except ValueError as refusal:
                assert str(refusal)  # noqa: PT017
            else:
                assert not all(bool(torch.isfinite(y).all()) for y in found)


@of("units")
@pytest.mark.parametrize("unit", [1e-6, 1e6])
def test_units_of_measurement_do_not_matter(name, unit):
    f, sample = made(name)
    x = inputs(name, (3,) if sample.rows else ())
    scaled = tuple(unit * a if i in sample.scaled else a for i, a in enumerate(x))
    agree(
        [unit**-sample.power * y for y in tensors(f(*scaled))],
        [y.to(torch.promote_types(y.dtype, torch.float64)) for y in tensors(f(*x))],
    )


@of("smooth")
@pytest.mark.unwatched
def test_first_and_second_derivatives_are_right(name):
    f, sample = made(name)
    lead = (2,) if sample.rows else ()
    points = [tuple(a[None] for a in point) if sample.rows else point for point in getattr(sample, "points", ())]
    for x in [inputs(name, lead), *points]:
        x = [a.detach().requires_grad_() for a in x]
        real = lambda *a: [torch.view_as_real(y) if y.is_complex() else y for y in tensors(f(*a))]  # noqa: E731
        assert torch.autograd.gradcheck(real, x, atol=1e-5, rtol=1e-5)
        assert torch.autograd.gradgradcheck(real, x, atol=1e-4, rtol=1e-4, fast_mode=True)


@pytest.mark.parametrize("name", [*FUNCTIONS, *MODULES])
def test_nothing_else_changes(name):
    f, sample = made(name)
    x = inputs(name, (3,) if sample.rows else ())
    torch.manual_seed(5)
    np.random.seed(5)
    random.seed(5)

    def world():
        generators = torch.get_rng_state().tolist(), np.random.get_state()[1].tolist(), random.getstate()
        return torch.get_default_dtype(), torch.is_grad_enabled(), torch.get_num_threads(), generators

    before, kept = world(), copy.deepcopy(x)
    f(*x)
    assert world() == before
    assert all(torch.equal(a, b) for a, b in zip(x, kept, strict=True))


@of("smooth")
def test_nothing_is_remembered_that_cannot_be_differentiated(name):
    """What was computed once and kept, in a cache, serves also if the first to ask was in inference mode."""
    f, sample = made(name)
    x = [a.detach() for a in inputs(name, (3,) if sample.rows else ())]
    for module in [module for key, module in sys.modules.items() if key.startswith("snippets.")]:
        for remembered in [value for value in vars(module).values() if hasattr(value, "cache_clear")]:
            remembered.cache_clear()
    tensor_products.KNOWN.clear()
    with contextlib.suppress(RuntimeError), torch.inference_mode():
        f(*x)  # what differentiates on its way cannot
    found = tensors(f(*[a.requires_grad_() for a in x]))
    sum(y.abs().sum() for y in found).backward()


@of("cut")
def test_a_negative_zero_is_a_zero(name):
    for x, expected in CUTS[name]:
        for seed in range(40):
            draw = torch.Generator().manual_seed(seed)
            signs = torch.randint(2, x.shape, generator=draw).to(x) * 2 - 1
            signed = torch.where(x == 0, torch.zeros_like(x).copysign(signs), x)
            assert abs(float(torch.as_tensor(last(taken(name)(signed))).flatten()[-1]) - expected) <= 1e-12


def last(found):
    """Return the number of a result, which may follow a word."""
    return found[-1] if isinstance(found, tuple) else found


@of("size")
@pytest.mark.unwatched
def test_the_largest_promised_size(name):
    assert SIZES[name](taken(name))


@of("float")
def test_a_module_changes_its_precision(name):
    f, _ = made(name)
    x = inputs(name, (3,))
    expected = f(*x)
    single = copy.deepcopy(f).float()
    assert {a.dtype for a in single.state_dict().values() if a.is_floating_point()} <= {torch.float32}
    found = tensors(single(*[a.float() for a in x]))
    assert {y.dtype for y in found} == {torch.float32}
    agree([y.double() for y in found], expected, atol=1e-4)


@of("state")
def test_a_module_can_be_stored_and_loaded(name):
    f, _ = made(name)
    x = inputs(name, (3,))
    torch.manual_seed(1)
    other = MODULES[name].make(taken(name))
    other.load_state_dict(f.state_dict())
    agree(other(*x), f(*x), atol=1e-12)


def compiled(name):
    """Return what a module gives when it is compiled, and what it gives as it is."""
    f, _ = made(name)
    x = inputs(name, (3,))
    torch._dynamo.reset()
    warnings.simplefilter("error")
    warnings.filterwarnings("ignore", "Dynamo detected a call to a `functools.lru_cache`")
    return [[y.detach() for y in tensors(g(*x))] for g in (torch.compile(f, backend="eager"), f)]


@pytest.fixture(scope="module")
def reader():
    """Start a process in which no line is counted, since the compiler would see the counting."""
    with pytest.MonkeyPatch.context() as patch:
        patch.syspath_prepend(ROOT)
        double = {"initializer": torch.set_default_dtype, "initargs": (torch.float64,)}
        with ProcessPoolExecutor(1, multiprocessing.get_context("spawn"), **double) as pool:
            yield pool


@of("compile")
def test_a_module_can_be_compiled(name, reader):
    agree(*reader.submit(compiled, name).result(), atol=1e-9)


@of("mask")
def test_what_is_masked_has_no_influence(name):
    f, sample = made(name)
    x = inputs(name, (2,))
    mask = torch.ones(2, sample.mask, dtype=torch.bool)
    agree(f(*x, mask=mask), f(*x))
    mask[:, -2:] = False
    shorter = f(*[a[:, :-2] for a in x])
    agree([y[:, :-2] for y in tensors(f(*x, mask=mask))], shorter)
    changed = [torch.cat([a[:, :-2], 100 * a[:, -2:]], 1) for a in x]
    agree([y[:, :-2] for y in tensors(f(*changed, mask=mask))], shorter)
