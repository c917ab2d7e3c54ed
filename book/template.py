"""The four files of a new chapter, with an example that passes: replace it piece by piece."""

PAGE = """---
description: What the chapter is about, in one sentence
---

# @TITLE@

How long is a vector that is twice another? One paragraph with a question that a reader really has.

/// figure | arrows
The vector $v=(2,1)$ and its double.
///

/// details | Set-up
```python
--8<-- "snippets/@FILE@.py:setup"

torch.set_default_dtype(torch.float64)  # the book computes in double precision
```
///

## The idea

//// definition | The double of a vector is its sum with itself
    id: @DEFINITION@

$2v = v + v$; in code:

```python
--8<-- "snippets/@FILE@.py:double"
```
////

```python
print(double(torch.tensor([2.0, 1.0])))
```

```output
tensor([4., 2.])
```

//// claim | Doubling a vector doubles its length
    id: @CLAIM@

$\\|2v\\| = 2\\,\\|v\\|$. The arrow above grows by a factor of {{ factor | .1f }}.
////

/// proof
$\\|2v\\|^2 = \\sum_i (2v_i)^2 = 4\\,\\|v\\|^2$.
///

## Why it matters for networks

A layer without bias doubles its output with its input.

```python
layer = torch.nn.Linear(2, 3, bias=False)
v = torch.tensor([2.0, 1.0])
print((layer(double(v)) - double(layer(v))).abs().max().item())
```

```{.output tolerance=magnitude}
0.0
```

## Exercises

//// exercise | By hand
Double $(1, -3)$.

/// solution
$(2, -6)$.
///
////

//// exercise | In code
Write `halve`, which undoes `double`.

/// solution
```python
def halve(v):
    return v / 2


print(halve(double(torch.tensor([2.0, 1.0]))))
```

```output
tensor([2., 1.])
```
///
////

## What's next

One sentence that leads on.
"""

SNIPPET = '''"""@TITLE@: one sentence."""

# --8<-- [start:setup]
import torch
from jaxtyping import Float
from torch import Tensor
# --8<-- [end:setup]


# --8<-- [start:double]
def double(v: Float[Tensor, "*batch n"]) -> Float[Tensor, "*batch n"]:
    """Return 2v = v + v."""
    return v + v
# --8<-- [end:double]
'''

FIGURES = '''"""What the chapter @TITLE@ draws and computes."""

import matplotlib.pyplot as plt
import torch
from matplotlib.figure import Figure

from book import figure, results
from snippets.@MODULE@ import double


@figure(alt="Two arrows from the origin in one direction; the one to 2v is twice as long as the one to v.")
def arrows() -> Figure:
    """Draw a vector and its double."""
    fig, ax = plt.subplots(figsize=(4.2, 2.4))
    v = torch.tensor([2.0, 1.0])
    for name, (x, y), colour in (("2v", double(v).tolist(), "C1"), ("v", v.tolist(), "C0")):
        ax.annotate("", (x, y), (0, 0), arrowprops={"arrowstyle": "->", "color": colour, "lw": 1.8})
        ax.annotate(name, (x, y), (4, 0), textcoords="offset points", color=colour)
    ax.set(xlim=(-0.3, 4.6), ylim=(-0.3, 2.4), aspect="equal")
    return fig


@results(seed=0)
def numbers() -> dict[str, float]:
    """Return what the page quotes."""
    v = torch.tensor([2.0, 1.0])
    return {"factor": (double(v).norm() / v.norm()).item()}
'''

TEST = '''"""@TITLE@: the double of a vector."""

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from book.expect import numbers
from snippets.@MODULE@ import double

test_numbers = numbers("@MODULE@", {"factor": 2.0})


@pytest.mark.claim("@DEFINITION@")
def test_double_is_the_sum_with_itself(measured):
    measured.exact(double(torch.tensor([2.0, 1.0])), torch.tensor([4.0, 2.0]))


@pytest.mark.claim("@CLAIM@")
@given(st.lists(st.floats(-1e3, 1e3), min_size=1, max_size=5))
def test_doubling_doubles_the_length(entries):
    v = torch.tensor(entries)
    assert torch.isclose(double(v).norm(), 2 * v.norm(), rtol=1e-12, atol=1e-12)
'''
