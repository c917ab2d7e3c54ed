"""Chapters as the reader meets them: their code runs, their notebooks run, and they build only on what came before."""

import ast
import json

import matplotlib.pyplot as plt
import pytest
import torch

from book import catalogue, lint, listings, notebooks, pages, prepare, project
from book.project import chapters, nav

CHAPTERS = chapters()


@pytest.fixture(autouse=True)
def same_precision_as_before():
    """Give each page the precision that a fresh interpreter has, and put back what it was."""
    before = torch.get_default_dtype()
    torch.set_default_dtype(torch.float32)
    yield
    torch.set_default_dtype(before)
    plt.close("all")


@pytest.mark.parametrize("page", CHAPTERS)
def test_notebook_runs_and_prints_what_the_page_shows(page):
    """The notebook has every listing of the page, runs in one fresh namespace, draws, and prints the page's outputs."""
    read = pages.read(page)
    cells = json.loads(notebooks.convert(notebooks.markdown(read, prepare.ensure())))["cells"]
    found = [listings.Listing("".join(cell["source"]), 0) for cell in cells if cell["cell_type"] == "code"]
    printed = dict(zip([cell.code.strip() for cell in found], listings.run(found, page), strict=True))
    shown = listings.listings(read.text)
    assert shown, "a chapter has code"
    for listing in shown:
        output = printed[listing.code.strip()]
        assert listings.agree(listing.shown or "", output, listing.tolerance), (listing.code, output)


def test_nothing_is_left_to_be_finished():
    """A test expects each number that a page quotes, and shown code fits its column."""
    assert lint.unfinished() == []


def _imports(path):
    for name in sorted({node.module for node in ast.walk(ast.parse(path.read_text())) if isinstance(node, ast.ImportFrom) and node.module}):
        if name.startswith("snippets."):
            yield name.removeprefix("snippets.")


def test_the_build_tool_knows_no_chapter():
    """`book/` imports no snippet by name."""
    for path in (project.ROOT / "book").glob("*.py"):
        assert not list(_imports(path)), path


def test_every_page_of_the_nav_exists():
    """The nav names files that are there."""
    for name in nav():
        assert (project.DOCS / name).exists(), name


def test_numbers_on_pages_have_a_results_file():
    """Every quoted number's module has a results file that says what made it."""
    prepare.ensure()
    for name in pages.names():
        for _, match in pages.read(name).values:
            module, _ = pages.value_target(name, match)
            if module != "book":
                made = json.loads(catalogue.results_file(module).read_text())
                assert all(part["made_by"]["hash"] for part in made.values())
