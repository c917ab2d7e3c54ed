"""The build tool of the book. Figures take `figure` and `results` from here; everything else serves the build."""

import functools
import sys
from collections.abc import Callable
from typing import Any, TypeVar

__all__ = ["data", "figure", "results"]

Function = TypeVar("Function", bound=Callable)


def figure(*, alt: str) -> Callable[[Function], Function]:
    """Mark a function without arguments that returns a matplotlib figure.

    `alt` describes the picture to a reader who does not see it. The build reads it, and the
    function's dependencies, from the source text, so it has to be a literal string. Drawing leaves the
    random numbers that follow as they were: a notebook prints what the page shows, which draws nothing.
    """
    if not alt.strip():
        raise ValueError("alt is empty: describe what the figure shows")

    def mark(function: Function) -> Function:
        @functools.wraps(function)
        def draw() -> Any:
            torch = sys.modules.get("torch")
            if torch is None:
                return function()
            with torch.random.fork_rng(devices=[]):
                return function()

        draw.alt = alt
        return draw

    return mark


def results(*, seed: int = 0) -> Callable[[Function], Function]:
    """Mark a function without arguments that returns the numbers its page quotes, by name.

    The build calls it after `torch.manual_seed(seed)` and keeps what it returns (numbers, strings
    and booleans) together with the seed, the versions and the hash of the code that made it.
    """

    def mark(function: Function) -> Function:
        function.seed = seed
        return function

    return mark


def data(function: Function) -> Function:
    """Mark a function without arguments that returns what a playground reads: numbers, strings, lists, dicts.

    The build writes it to `assets/generated/data/<module>/<function>.json`.
    """
    return function
