"""The code of a page: what is a listing, when two outputs agree, and what is said where they do not."""

import pytest

from book import listings, pages
from book.listings import Listing
from book.project import BookError

PAGE = """# T

```python
x = 1
```

```text
no code
```

```json
{"no": code}
```

```python
print(x)
```

```{.output tolerance=1e-3}
1
```

```python
print(2)
```

```{.output tolerance="magnitude"}
2
```

```python
print(3)
```

```output
3
```
"""


def test_an_output_belongs_to_the_listing_above_it_with_its_tolerance():
    found = listings.listings(PAGE)
    assert [(one.code, one.shown, one.tolerance) for one in found] == [
        ("x = 1\n", "", 1e-6),
        ("print(x)\n", "1\n", 1e-3),
        ("print(2)\n", "2\n", "magnitude"),
        ("print(3)\n", "3\n", 1e-6),
    ]


@pytest.mark.parametrize(
    ("word", "right"),
    [("magnitude", True), ("1e-3", True), (".5", True), ("-2", True), ("1e-3x", False), ("", False), ("small", False)],
)
def test_a_tolerance_is_a_number_or_the_word_magnitude(word, right):
    assert listings.is_tolerance(word) is right


def test_a_function_of_a_listing_has_its_source():
    """Tracebacks and `inspect` show the lines of the page."""
    code = "import inspect\n\ndef f():\n    return 1\n\nprint(inspect.getsource(f), end='')\n"
    assert listings.run([Listing("a = 0\n"), Listing(code)], "x.md") == ["", "def f():\n    return 1\n"]


def test_listings_share_their_names_and_are_no_program():
    found = [Listing("a = 2\nprint(a)\n"), Listing("print(a * 2, __name__)\n")]
    assert listings.run(found, "x.md") == ["2\n", "4 __page__\n"]


@pytest.mark.parametrize(
    ("shown", "printed", "tolerance", "expected"),
    [
        ("1e-16", "1e-15", "magnitude", True),
        ("1e-16", "-1e-15", "magnitude", True),
        ("-1e-16", "1e-15", "magnitude", True),
        ("1e-16", "1.1e-15", "magnitude", False),
        ("0.0", "1e-15", "magnitude", True),
        ("0.0", "2e-15", "magnitude", False),
        ("1e-12", "1e-11", "magnitude", True),
        ("1e-12", "2e-11", "magnitude", False),
        ("1e-12", "1e-17", "magnitude", True),
        ("1000.0", "1000.9", 1e-3, True),
        ("1000.0", "1002.0", 1e-3, False),
        ("0.5", "0.5009", 1e-3, True),
        ("0.5", "0.5011", 1e-3, False),
        ("10", "10.005", 1e-3, True),
        ("1000", "1001", 1e-1, False),
        ("1e3", "1001", 1e-1, True),
        ("1E3", "1001", 1e-1, True),
        ("1001", "1E3", 1e-1, True),
        ("x 1.0 y", "x 1.0 z", 1e-1, False),
        ("1.0 2.0", "1.0 2.5", 1e-3, False),
        ("1.5 2.0", "1.0 2.0", 1e-3, False),
        ("a\n\n", "a", 1e-6, True),
        ("", "", 1e-6, True),
        ("", "1", 1e-6, False),
    ],
)
def test_numbers_agree_within_the_tolerance(shown, printed, tolerance, expected):
    """Relative above one and absolute below; numbers without a point or an exponent have to be the same."""
    assert listings.agree(shown, printed, tolerance) is expected


def test_every_listing_that_prints_something_else_is_described():
    text = "```python\nx = 1\nprint(x)\n```\n\n```output\n1\n```\n\n```python\nx = 2\nx\nprint(x)\n```\n\n```output\n3\n\n```\n\n```python\nprint()\n```\n"
    assert listings.check(text, "no/page.md") == [
        "docs/no/page.md: listing 2 ('print(x)') prints\n2\nbut the page shows\n3\n"
        "Correct the code, or run 'python -m book record docs/no/page.md' if the new output is right."
    ]


def test_what_raises_is_named_with_the_line_that_called_it():
    raises = "def f(x):\n    return 1 / x\n\n\ny = 2\nf(y - 2)\n"
    text = f"```python\n{raises}```\n\n```python\nprint('unreached')\n```\n"
    assert listings.check(text, "no/page.md") == [
        "docs/no/page.md: listing 1 raises ZeroDivisionError at 'return 1 / x': division by zero"
    ]
    text = "```python\nprint('more')\n```\n\n```python\nimport json\njson.loads('{')\n```\n"
    first, second = listings.check(text, "no/page.md")
    assert first.startswith("docs/no/page.md: listing 1 ('print('more')') prints\nmore\nbut")
    assert second.startswith("docs/no/page.md: listing 2 raises JSONDecodeError at 'json.loads('{')': ")


def test_a_listing_that_is_no_python_is_named_by_its_line(tree):
    page = pages.parse("part/x.md", "# T\n\n```python\nx = 1\nx = = 2\n```\n")
    with pytest.raises(BookError, match=r"^docs/part/x.md:5: invalid syntax: x = = 2$"):
        listings.modules(page)
    right = pages.parse("part/x.md", "# T\n\n```python\nx = 1\n```\n")
    assert [module.text for module in listings.modules(right)] == ["x = 1\n"]


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("```python\nprint(1)\n```\n\n\n\n```output\n2\n3\n```\nEnd.\n", "```python\nprint(1)\n```\n\n```output\n1\n```\nEnd.\n"),
        ("```python\nprint(1)\n```", "```python\nprint(1)\n```\n\n```output\n1\n```\n"),
        ("````python\nprint(1)\n````\n", "````python\nprint(1)\n````\n\n```output\n1\n```\n"),
        ("```python\nx = 1\n```\n\n\nEnd.\n", "```python\nx = 1\n```\n\n\nEnd.\n"),
        ("```python\nx = 1\n```\n\n````output\n2\n```\n````\nEnd.\n", "```python\nx = 1\n```\nEnd.\n"),
        ("- a\n\n  ```python\n  print('b')\n  print()\n  print('c')\n  ```\n", "- a\n\n  ```python\n  print('b')\n  print()\n  print('c')\n  ```\n\n  ```output\n  b\n\n  c\n  ```\n"),
        ("```python\nprint(1)\n```\n\n```text\n2\n```\n", "```python\nprint(1)\n```\n\n```output\n1\n```\n\n```text\n2\n```\n"),
        ("```json\na\n```\n\n```python\nprint(1)\n```\n", "```json\na\n```\n\n```python\nprint(1)\n```\n\n```output\n1\n```\n"),
        ("```python\nprint(1)\n```\nWords.\n```output\n2\n```\n", "```python\nprint(1)\n```\n\n```output\n1\n```\nWords.\n```output\n2\n```\n"),
        ("```text\na\n```\n\n```python\nprint(1)\n```\n", "```text\na\n```\n\n```python\nprint(1)\n```\n\n```output\n1\n```\n"),
    ],
)  # fmt: skip
def test_outputs_are_written_below_their_listings(before, after):
    assert listings.record(before, "no/page.md") == after
    assert listings.record(after, "no/page.md") == after
