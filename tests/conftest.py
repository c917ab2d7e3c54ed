"""Settings that all tests share."""

import functools
import gc
import os
import sys
from collections.abc import Callable, Iterator
from types import CodeType
from typing import Any

gc.disable()  # until the tests begin: nothing goes away before, and to look for it takes half of the time of collecting them
os.environ.setdefault("MPLBACKEND", "Agg")
os.environ.setdefault("OMP_NUM_THREADS", "1")  # tests run side by side, as the build's workers do; read at the import

import jaxtyping
import pytest
import torch
from hypothesis import settings
from hypothesis.internal.conjecture import providers
from jaxtyping._import_hook import _JaxtypingLoader
from xdist.scheduler import LoadScopeScheduling

torch.set_num_threads(1)  # also where a plugin has imported torch before

# The same examples on every machine, as a reader's build runs these tests too; and no limit that a busy machine would miss.
settings.register_profile("book", deadline=None, derandomize=True, database=None)
settings.load_profile("book")
# Hypothesis takes numbers from the modules that a process happens to have imported, which depend on the tests before.
providers._get_local_constants = lambda: providers._local_constants

torch.set_default_dtype(torch.float64)  # the book computes in double precision, as each page says for itself

pytest_plugins = ["book.measure"]

check_shapes_of = jaxtyping.jaxtyped


def outer_functions_only(**settings: Any) -> Callable:
    """Check shapes as ever, but not in functions inside functions: the check is compiled when one is defined, at each call."""
    check = check_shapes_of(**settings)
    return lambda defined: defined if "<locals>" in defined.__qualname__ else check(defined)


jaxtyping.jaxtyped = outer_functions_only  # by this name the import hook finds it


def compiled(loader: _JaxtypingLoader, name: str) -> CodeType:
    """Compile a watched module, without its bytecode: that is of the module unwatched, and others read it as such.

    The loader itself keeps the two apart, but not for the counter of lines, which asks it for the code alone.
    """
    path = loader.get_filename(name)
    return loader.source_to_code(loader.get_data(path), path)


_JaxtypingLoader.get_code = compiled


@pytest.hookimpl(wrapper=True)
def pytest_runtestloop() -> Iterator[Any]:
    """Look for what has gone away seldom, and not among what was there before; what tests start counts no lines."""
    gc.freeze()
    gc.set_threshold(50_000, 10, 10)
    gc.enable()
    with pytest.MonkeyPatch.context() as patch:
        patch.delenv("SLIPCOVER_ENABLED", raising=False)
        return (yield)


WATCHED = 10  # examples of a property


@pytest.hookimpl(trylast=True)
def pytest_configure() -> None:
    """Let lines be counted in what the import hook makes of the snippets: its finder asks those behind it."""
    sys.meta_path.sort(key=lambda finder: type(finder).__name__ != "SlipcoverMetaPathFinder")


@pytest.hookimpl(wrapper=True)
def pytest_runtest_call(item: pytest.Item) -> Iterator[None]:
    """Check shapes while a test runs, but not to its end where it tries very many cases.

    Of a property the first examples are watched, of a test that is marked `unwatched` none: it takes much of the
    time of code that is Python alone, and finds nothing in the thousandth case.
    """
    property_test = getattr(getattr(item, "obj", None), "hypothesis", None)
    before = jaxtyping.config.jaxtyping_disable
    with pytest.MonkeyPatch.context() as patch:
        if property_test is not None:
            patch.setattr(property_test, "inner_test", until_enough(property_test.inner_test, stop_checking))
        elif item.get_closest_marker("unwatched"):
            stop_checking()
        try:
            return (yield)
        finally:
            jaxtyping.config.update("jaxtyping_disable", before)


def stop_checking() -> None:
    """Check no shapes."""
    jaxtyping.config.update("jaxtyping_disable", True)


def until_enough(test: Callable, stop: Callable) -> Callable:
    """Return a test that calls `stop` after so many examples."""
    examples = 0

    @functools.wraps(test)
    def counted(*args: Any, **kwargs: Any) -> None:
        nonlocal examples
        examples += 1
        if examples == WATCHED + 1:
            stop()
        test(*args, **kwargs)

    return counted


# In what order files are tested. The claims come first, the longest files before the others: the build, which is asked for next,
# runs no test again that has passed. While it works on one core there is what needs no build; what a browser shows comes last,
# with three long files in which there is nothing to wait for.
ORDER = [
    "tests/mnist/train/test_training",
    "tests/mnist/test_training",
    "tests/mnist/test_exact",
    "tests/mnist/train/test_networks",
    "tests/mnist/test_",
    "tests/",
    "tests/pages/test_site.py::test_zensical",
    "tests/test_figures",
    "tests/pages/test_chapters",
    "tests/pages/test_parts",
    "tests/mnist/train/",
    "tests/book",
    "tests/labs",
    "tests/playgrounds/test_maths",
    "tests/labs/test_every_lab",
    "tests/playgrounds/test_browser.py::test_on_a_wide_page",
    "tests/mnist/train/test_cli",
    "tests/playgrounds/test_browser",
    "tests/contract/test_contract",
    "tests/pages/test_site",
    "tests/pages/test_site.py::test_page",
]
BROWSER = ("tests/playgrounds/test_browser", "tests/pages/test_site")


def place(item: pytest.Item) -> int:
    """Return where in the order a test stands: at the longest of the names with which its own begins."""
    return ORDER.index(max((name for name in ORDER if item.nodeid.startswith(name)), key=len, default="tests/"))


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Put the files in order."""
    items.sort(key=place)


class ByFile(LoadScopeScheduling):
    """Gives each process one file after the other, and of those that wait for a browser one test after the other."""

    def _split_scope(self, nodeid: str) -> str:
        """Name what one process is to do: a file shares its fixtures and the numbers of its chapter."""
        return nodeid if nodeid.startswith(BROWSER) else nodeid.split("::")[0]


def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> ByFile:
    """Deal out the tests in the order above, where several processes run them."""
    config.option.loadscopereorder = False
    return ByFile(config, log)
