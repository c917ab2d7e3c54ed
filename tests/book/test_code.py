"""The page of code to take along: written from the table and the code, and complete."""

import ast
import html
import re

import pytest

from book import depends, project
from book.project import BookError
from book.reading import code


def test_each_entry_has_signature_words_and_promises():
    promises, modules = code.table()
    text = "\n".join(code.listing(None))
    for module, names in modules.items():
        path = project.module_path(module)
        assert f"Copy `{path.relative_to(project.ROOT)}`" in text
        defined = {getattr(node, "name", ""): node for node in ast.parse(path.read_text()).body}
        for name, promised in names.items():
            assert re.search(rf"^{name}\(", text, re.MULTILINE), name
            words = ast.get_docstring(defined[name]).split("\n\n")[0].split()
            assert " ".join(words) in html.unescape(text), name
            assert promised.split()
            assert set(promised.split()) <= set(promises)
    for target in re.findall(r"\]\(\.\./([\w/-]+\.md)\)", text):
        assert (project.DOCS / target).exists()
    assert all(
        len(line) <= 88 for line in re.findall(r"```python\n(.*?)```", text, re.DOTALL) for line in line.split("\n")
    )


def test_code_is_explained_in_its_chapter_or_else_in_the_first_that_shows_or_imports_it():
    modules = {page: project.module_of(page) for page in project.chapters()}
    assert all(code._page(module) == page for page, module in modules.items() if project.module_path(module).exists())
    assert code._page("linear_networks.permutations") == "linear-networks/invariance.md"
    assert code._page("matrix_exp") == "lie-groups/algebra.md"


@pytest.mark.parametrize(
    ("line", "written"),
    [
        ("def f(x: int = 1, *, y: str = 'a, b') -> int: ...", 'f(x: int = 1, *, y: str = "a, b") -> int'),
        (
            "class C:\n    def __init__(self, n: int): ...\n    def forward(self, x: int) -> int: ...",
            "C(n: int)\n    .forward(x: int) -> int",
        ),
        ("class C:\n    images: tuple", "C(…)"),
        ("class C:\n    def forward(self, x: int) -> int: ...", "C()\n    .forward(x: int) -> int"),
    ],
)
def test_signatures(line, written):
    assert code._signature(depends.parse_text(line, "a text").tree.body[0]) == written


def test_a_name_that_the_code_does_not_have_is_refused(monkeypatch):
    monkeypatch.setattr(code, "table", lambda: ({}, {"lie_groups.exponential": {"exp_so4": "dtype"}}))
    with pytest.raises(BookError, match=r"snippets/lie_groups/exponential.py has no 'exp_so4'; did you mean 'exp_so"):
        list(code.listing(None))


def test_a_module_that_is_not_there_is_refused_and_one_whose_chapter_is_elsewhere_left_out(monkeypatch):
    monkeypatch.setattr(code, "table", lambda: ({}, {"lie_groups.exponental": {"exp_so3": "dtype"}}))
    with pytest.raises(
        BookError, match=r"take_along.py: there is no module 'lie_groups.exponental'; did you mean 'lie_g"
    ):
        list(code.listing(None))
    monkeypatch.setattr(code, "table", lambda: ({}, {"lie_groups.exponential": {"exp_so3": "dtype"}}))
    monkeypatch.setattr(code, "chapters", lambda: ["linear-algebra/span.md"])
    assert "exp_so3" not in "\n".join(code.listing(None))


@pytest.mark.parametrize("columns", [86, 87])
def test_a_call_that_is_too_long_has_an_argument_a_line(columns):
    """Up to 86 columns, the result included, it is one line; arguments of a method are indented by four more."""
    name, shown, result = "f", "first: int, *, second: int = 2", " -> int"
    name = name * (columns - len(shown + result))
    arguments = ast.parse("def f(self, first: int, *, second: int=2): ...").body[0].args
    split = f"(\n    first: int,\n    *,\n    second: int = 2,\n){result}"
    assert code._wrapped(name, arguments, result) == name + (f"({shown}){result}" if columns == 86 else split)
    method = f"    .{name[5:]}"
    split = f"(\n        first: int,\n        *,\n        second: int = 2,\n    ){result}"
    assert code._wrapped(method, arguments, result) == method + (f"({shown}){result}" if columns == 86 else split)


def test_an_entry_has_one_heading_a_part_and_says_what_to_copy():
    lines = list(code.listing(None))
    parts = [line for line in lines if line.startswith("## ")]
    assert parts == list(dict.fromkeys(f"## {project.part_of(code._page(module))}" for module in code.table()[1]))
    copies = [line for line in lines if "Copy `" in line]
    assert "Copy `snippets/linear_networks/permutations.py`." in " ".join(copies)
    (svd,) = [line for line in copies if "Copy `snippets/linear_algebra/svd.py`" in line]
    link = "Explained in [Singular values](../linear-algebra/svd.md). "
    assert svd == f"{link}Copy `snippets/linear_algebra/svd.py`, with `snippets/shapes.py`."
    at = next(i for i, line in enumerate(lines) if line.startswith("geodesic("))
    entry = "\n".join(lines[at - 1 : at + 10])
    assert entry.startswith("```python\ngeodesic(")
    assert "*dtype, device, batch, shape, smooth*\n{ .promises }" in entry
