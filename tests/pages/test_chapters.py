"""Chapters as the reader meets them: their code runs, their notebooks run, and they build only on what came before."""

import ast
import functools
import json
import re

import matplotlib.pyplot as plt
import pytest
import torch

from book import catalogue, figure, lint, listings, pages, prepare, project
from book.project import chapters, nav
from book.reading import notebooks

CHAPTERS = chapters()


@pytest.fixture(autouse=True)
def same_precision_as_before():
    """Give each page the precision that a fresh interpreter has, and put back what it was."""
    before = torch.get_default_dtype()
    torch.set_default_dtype(torch.float32)
    yield
    torch.set_default_dtype(before)
    plt.close("all")


def code_cells(page):
    """Return the code of a page's notebook, as the build has made it, cell by cell; it is to be light."""
    prepare.ensure()
    text = (project.GENERATED / notebooks.notebook_file(page)).read_text()
    assert len(text.encode()) < 300_000
    return ["".join(cell["source"]) for cell in json.loads(text)["cells"] if cell["cell_type"] == "code"]


@functools.cache
def imported(code):
    """Return the names of the book's modules that a source text imports."""
    names = set()
    for node in ast.walk(ast.parse(code)):
        if isinstance(node, ast.ImportFrom):
            names.add(node.module or "")
        elif isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
    return {name for name in names if name.split(".")[0] in ("book", "snippets")}


FIGURE = re.compile(r"from snippets\.figures\.([\w.]+) import (\w+)\n_ = (\w+)\(\)")


@pytest.mark.parametrize("page", CHAPTERS)
def test_notebook_is_the_page(page):
    """Between its first cell and the figures, a notebook has the page's listings and nothing else, and it carries all
    of the book that these and what it carries import.

    So it prints what the page shows: `prepare.ensure` has run these listings and compared their outputs, and stops
    here where one differs; and a figure leaves the random numbers alone, as a test below finds.
    """
    read = pages.read(page)
    cells = code_cells(page)
    figures = [match for match in map(FIGURE.fullmatch, cells) if match]
    drawn = sorted(pages.figure_target(page, name) for _, name in read.figures)
    assert sorted((match[1], match[2]) for match in figures) == drawn
    assert all(match[2] == match[3] for match in figures)
    code = [cell.strip() for cell in cells[1:] if not FIGURE.fullmatch(cell)]
    shown = [listing.code.strip() for listing in listings.listings(read.text)]
    assert code == shown != []
    call = next(node.value for node in ast.parse(cells[0]).body if isinstance(node, ast.Expr))
    carried = {file: text for file, text in ast.literal_eval(call.args[0]).items() if file.endswith(".py")}
    modules = {file.removesuffix(".py").removesuffix("/__init__").replace("/", ".") for file in carried}
    assert set().union(*map(imported, [*cells[1:], *carried.values()])) <= modules


TRIED = [CHAPTERS[0], min(CHAPTERS, key=lambda page: len(pages.read(page).text))]


@pytest.mark.parametrize("page", TRIED)
def test_notebook_runs_and_prints_what_the_page_shows(page):
    """The first notebook and the shortest run in one fresh namespace, draw, and print the page's outputs."""
    found = [listings.Listing(code, 0) for code in code_cells(page)]
    printed = dict(zip([cell.code.strip() for cell in found], listings.run(found, page), strict=True))
    for listing in listings.listings(pages.read(page).text):
        output = printed[listing.code.strip()]
        assert listings.agree(listing.shown or "", output, listing.tolerance), (listing.code, output)


def test_nothing_is_left_to_be_finished():
    """A test expects each number that a page quotes, and shown code fits its column."""
    assert lint.unfinished() == []


def test_a_figure_leaves_the_random_numbers_alone():
    """What is drawn after a figure is what would have been drawn without it, whatever the figure draws and seeds."""

    @figure(alt="A picture of three random numbers")
    def drawn():
        torch.manual_seed(5)
        return torch.rand(3)

    torch.manual_seed(1)
    expected = torch.rand(3)
    torch.manual_seed(1)
    assert not torch.equal(drawn(), expected)
    assert torch.equal(torch.rand(3), expected)


def _imports(path):
    for name in sorted(
        {
            node.module
            for node in ast.walk(ast.parse(path.read_text()))
            if isinstance(node, ast.ImportFrom) and node.module
        }
    ):
        if name.startswith("snippets."):
            yield name.removeprefix("snippets.")


def test_the_build_tool_knows_no_chapter():
    """`book/` imports no snippet by name."""
    for path in (project.ROOT / "book").rglob("*.py"):
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
