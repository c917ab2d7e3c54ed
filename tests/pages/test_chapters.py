"""Chapters as the reader meets them: their code runs, their notebooks run, and they build only on what came before."""

import ast
import json
import re

import matplotlib.pyplot as plt
import pytest
import torch

from book import catalogue, depends, listings, notebooks, pages, prepare, project
from book.project import chapters, module_of, module_path, nav

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


@pytest.mark.parametrize("page", CHAPTERS)
def test_one_name_three_places(page):
    """A chapter has a snippet module and a test file of its name."""
    assert module_path(module_of(page)).exists()
    folder, _, name = module_of(page).rpartition(".")
    assert (project.TESTS / folder / f"test_{name}.py").exists()


@pytest.mark.parametrize("page", CHAPTERS)
def test_chapter_has_what_a_chapter_has(page):
    """Figures, claims, exercises with solutions, the word on networks, and what comes next."""
    read = pages.read(page)
    kinds = [box.kind for box in read.boxes]
    assert read.figures
    assert any(box.id for box in read.boxes)
    assert 2 <= kinds.count("exercise") <= 6
    assert kinds.count("solution") == kinds.count("exercise")
    assert re.search(r"^## Why (it|this) matters", read.text, re.MULTILINE)
    assert re.search(r"^## What.s next", read.text, re.MULTILINE)


def _imports(path):
    for name in sorted({node.module for node in ast.walk(ast.parse(path.read_text())) if isinstance(node, ast.ImportFrom) and node.module}):
        if name.startswith("snippets."):
            yield name.removeprefix("snippets.")


def test_imports_only_go_back():
    """A snippet imports from chapters before its own, and from modules that have no page."""
    order = {module_of(page): index for index, page in enumerate(CHAPTERS)}
    for module, index in order.items():
        for imported in _imports(module_path(module)):
            assert order.get(imported, -1) < index, f"{module} imports {imported}, a later chapter"


def test_the_build_tool_knows_no_chapter():
    """`book/` imports no snippet by name."""
    for path in (project.ROOT / "book").glob("*.py"):
        assert not list(_imports(path)), path


def test_no_heading_has_a_formula():
    """The table of contents would show it raw."""
    for name in pages.names():
        for number, line in pages.unfenced(pages.read(name).text.splitlines()):
            assert not (line.startswith("#") and "$" in line), f"{name}:{number}"


def test_every_source_claim_that_is_wrong_has_its_erratum():
    """A verdict other than true stands on an erratum, and every erratum has such a verdict."""
    for box in pages.claims():
        wrong = box.verdict in ("false", "imprecise", "damaged")
        assert wrong == (box.kind == "erratum" or box.aside is not None), f"{box.page}:{box.line} {box.id}"


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


def test_source_is_parsed_once_per_change():
    """Parsing is cached by the time of the file."""
    path = module_path(module_of(CHAPTERS[0]))
    assert depends.parse(path) is depends.parse(path)
