"""The pages of a small book and a figure, to the letter: what a refactoring of the tool has to leave as it is.

Formulas are left out, which KaTeX writes. Where something is to look otherwise, run this file with REWRITE=1, and read the difference.
"""

import io
import os
import re
from pathlib import Path

import markdown
import matplotlib.pyplot as plt
import pytest

from book import boxes, extension, ledger, marked, pages
from book.formulas import CLOSE, OPEN
from book.reading import chart, glossary, notebooks, screen
from book.style import style
from book.work import compact
from tests.book.test_pages import EXTENSIONS, SETTINGS

LETTERS = Path(__file__).parent / "letters"
SHAPES = re.compile(r"<defs>.*?</defs>\s*|<metadata>.*?</metadata>\s*|(?<=base64,)[^\"]*| id=\"image\w+\"", re.DOTALL)
FORMULA = re.compile(f"{OPEN}.*?{CLOSE}", re.DOTALL)
TOOLS = (
    boxes,
    chart,
    extension,
    glossary,
    ledger,
    marked,
    notebooks,
    pages,
    screen,
)  # a change of one of them may show here
NAV = """nav:
  - index.md
  - A part: [part/toy.md, part/rich.md]
  - Reference & more: [reference/bibliography.md, reference/claims.md, reference/numbers.md, reference/errata.md, reference/glossary.md]
"""
GLOSSARY = """# Glossary

vector
:   A column of "numbers". [A toy](../part/toy.md#a-toy)

formula
:   What is typeset. [A toy](../part/toy.md#other) · [A toy](../part/toy.md#a-toy)

code
:   What runs. [A toy](../part/toy.md#other) · [All](../part/rich.md#code)
"""
TESTS = """import pytest
from hypothesis import given

@given(x=0)
@pytest.mark.claim("BR-01")
def test_a(x):
    assert x < 1 & 2

@pytest.mark.claim("BR-01", "LA-02", "LA-03")
def test_b():
    assert 1
    assert test_a
"""
PAGES = {
    "index.md": "# Home\n\n/// chapters\n///\n\nEnd.\n",
    "part/rich.md": (LETTERS / "rich.md").read_text(),
    "reference/numbers.md": "# Numbers\n\n/// numbers\n///\n",
    "reference/errata.md": "# Errata\n\nAll of them.\n\n/// errata\n///\n",
    "reference/glossary.md": GLOSSARY,
}


@pytest.fixture
def whole(tree):
    """Make the small book a larger one: two parts, a page that has everything, and each kind of page about the others."""
    text = (tree.root / "mkdocs.yml").read_text()
    tree.write("mkdocs.yml", re.sub(r"nav: .*\n", NAV, text))
    tree.write(
        "snippets/part/rich.py",
        '"""Builds on the toy."""\n\nfrom snippets.part.toy import double\n\nfour = double(2.0)\n',
    )
    tree.write("tests/part/test_rich.py", TESTS)
    for name, page in PAGES.items():
        tree.write(f"docs/{name}", page)
    return tree


def rendered(tree, name):
    """Return the HTML of a page without its formulas."""
    text = pages.FRONT_MATTER.sub("", (tree.root / "docs" / name).read_text())
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(extension, "rendering", name)
        shown = markdown.markdown(text, extensions=[*EXTENSIONS, "tables", "def_list"], extension_configs=SETTINGS)
    return FORMULA.sub("", shown) + "\n"


def is_kept(shown, name):
    """Compare a text with the one that is kept, or keep it."""
    if "REWRITE" in os.environ:
        (LETTERS / name).write_text(shown)
    return shown == (LETTERS / name).read_text()


def test_pages_are_rendered_to_the_letter(whole):
    for name in ("part/toy.md", "reference/claims.md", *PAGES):
        assert is_kept(rendered(whole, name), f"{name.removesuffix('.md').replace('/', '-')}.html"), name


def test_a_figure_is_drawn_to_the_letter_and_zero_has_the_colour_of_the_paper():
    """Without the shapes of its letters and of its image."""
    with plt.rc_context(style("light")):
        figure = plt.figure()
        flat, deep = figure.add_subplot(1, 2, 1), figure.add_subplot(1, 2, 2, projection="3d")
        flat.plot([1, 2], label="a")
        flat.imshow([[0.0, 1.0]], extent=(0, 1, 1, 1.5))
        flat.set(title="t", xlabel="x", ylabel="y", xticks=[0], yticks=[1])
        flat.text(0.1, 1.4, "w")
        flat.legend()
        flat.grid()
        deep.plot([0, 1], [0, 1], [0, 1])
        deep.set(xticks=[], yticks=[], zticks=[])
        figure.savefig(svg := io.StringIO(), format="svg", metadata={"Date": None, "Creator": None})
        plt.close(figure)
    assert is_kept(SHAPES.sub("", compact(svg.getvalue())), "figure.svg")
    assert [plt.get_cmap(style(mode)["image.cmap"])(0.0)[:3] for mode in ("light", "dark")] == [(1, 1, 1), (0, 0, 0)]
