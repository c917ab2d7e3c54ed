"""Terms in the small book: its second chapter uses what its first one defines."""

import json
import re

import pytest
from mkdocs.commands.build import build
from mkdocs.config import load_config

from book import hooks, pages, prepare
from book.reading import glossary
from book.writing import serving
from tests.book.test_pages import render

GLOSSARY = """# Glossary

## A

action (of a group)
:   A way to move points. [A toy](../part/toy.md#actions)

affine map
:   Linear, then "moved". [A toy](../part/toy.md#affine-maps) · [Another](../reference/another.md#more)

another
:   Is defined later. [Another](../reference/another.md#more)

basis
:   Independent vectors that span the space. [A toy](../part/toy.md#bases)

unit vector
:   A vector of length one. [A toy](../part/toy.md#length)

vector
:   A column of numbers. [A toy](../part/toy.md#vectors)

vector space
:   Vectors add up in it. [A toy](../part/toy.md#spaces)
"""
ANOTHER = """# A basis

A [basis](../part/toy.md#bases) and `unit vector`, an action, an affine map.

/// details | A vector
A vector.
///

**Two unit
vectors**, a basis, a vector space, three Vectors, a vector-valued map and one unit vector more.
"""


@pytest.fixture
def two(tree, monkeypatch):
    """Give the small book a glossary, and take a page of its reference for a second chapter."""
    tree.edit("mkdocs.yml", "reference/claims.md", "reference/glossary.md, reference/another.md, reference/claims.md")
    tree.write("docs/reference/glossary.md", GLOSSARY)
    tree.write("docs/reference/another.md", ANOTHER)
    monkeypatch.setattr(glossary, "chapters", lambda: ["part/toy.md", "reference/another.md", "reference/claims.md"])
    return tree


def searched(tree):
    """Build the small book with the theme's search and return the entries of the index."""
    text = (tree.root / "mkdocs.yml").read_text()
    tree.write("mkdocs.yml", text.replace("plugins: []", "plugins: [material/search]") + f"hooks: [{hooks.__file__}]\n")
    config = load_config(str(tree.root / "mkdocs.yml"), site_dir=str(tree.root / "site"))
    config.plugins.on_startup(command="build", dirty=False)
    build(config)
    return json.loads((tree.root / "site/search/search_index.json").read_text())["docs"]


def links(html):
    """Return address, sentence and word of each linked term."""
    return re.findall(r'<a class="term" href="([^"]*)" title="([^"]*)">([^<]*)</a>', html)


def test_first_use_of_an_earlier_chapters_term_leads_to_it(two):
    """The longer term wins; what is linked already, code, headings, folds and terms with a remark stay as they are."""
    assert links(render(two, "reference/another.md")) == [
        ("../part/toy.md#length", "A vector of length one.", "unit\nvectors"),
        ("../part/toy.md#spaces", "Vectors add up in it.", "vector space"),
        ("../part/toy.md#vectors", "A column of numbers.", "Vectors"),
    ]
    assert links(render(two, "part/toy.md")) == []
    assert glossary.of_before("part/toy.md") == {}
    assert (
        glossary.of_before("reference/claims.md")["affine map"][1] == "reference/another.md#more"
    )  # the last before it
    assert set(glossary.of_before("reference/another.md")) == {"basis", "unit vector", "vector", "vector space"}
    two.edit("docs/reference/another.md", "A [basis](../part/toy.md#bases) and", "A basis and")
    html = render(two, "reference/another.md")
    assert "<p>A <a " in html
    assert "</a> and <code>unit vector</code>, an action" in html
    two.edit("docs/reference/another.md", "A basis and", "A *basis* of its own and")
    assert len(links(render(two, "reference/another.md"))) == 3


def test_a_term_can_be_led_to_and_stands_in_the_search_like_a_title(two):
    """It has an id, by which the index names it, with its sentence; on the page it stays what it was."""
    two.edit("mkdocs.yml", "  - attr_list", "  - attr_list\n  - def_list")
    index = {entry["location"]: (entry["title"], entry["text"]) for entry in searched(two)}
    html = (two.root / "site/reference/glossary/index.html").read_text()
    assert re.findall('<dt id="([^"]*)">', html) == [
        "action-of-a-group",
        "affine-map",
        "another",
        "basis",
        "unit-vector",
        "vector",
        "vector-space",
    ]
    title, text = index["reference/glossary/#unit-vector"]
    assert title == "unit vector"
    assert "A vector of length one." in text
    assert '<dt id="unit-vector">unit vector</dt>' in html


def test_a_book_without_a_glossary_has_no_terms(tree):
    assert glossary.terms() == []
    assert glossary.of_before("part/toy.md") == {}


def test_a_page_is_rendered_anew_when_a_term_that_it_uses_is_said_differently(two):
    """Others are not."""
    known = prepare.ensure()
    before = (
        serving._state(pages.read("reference/another.md"), known, ""),
        serving._state(pages.read("part/toy.md"), known, ""),
    )
    two.edit("docs/reference/glossary.md", "A vector of length one", "One that is one long")
    after = (
        serving._state(pages.read("reference/another.md"), known, ""),
        serving._state(pages.read("part/toy.md"), known, ""),
    )
    assert [old == new for old, new in zip(before, after, strict=True)] == [False, True]
