"""What lets a page fit any screen: long lines, tables, raised signs, rooms, the one style sheet and its faces."""

import re
from xml.etree import ElementTree as etree

import pytest
from fontTools.ttLib import TTFont
from markdown import Markdown

from book import chart, project, screen, sheets


def test_long_lines_are_marked_with_their_indentation():
    """Only what is longer than a phone is wide, tags and entities not counted, is marked; no character changes."""
    short = "<span>x</span> = 1 &lt; " + "y" * 20
    long = '    <span class="k">return</span> ' + "z" * 40
    wrapped = screen.wrap(f"{short}\n{long}\n")
    assert wrapped == f'{short}\n<span class="code-line" style="--in:4">{long}</span>\n'


def test_signs_are_raised_in_words_alone():
    """Powers of ten and the transposition are raised; attributes, and small digits elsewhere, stay as they are."""
    html = '<p title="10⁻³">2 × 10⁻¹² of x² and AᵀA</p>'
    assert screen.raise_signs(html) == '<p title="10⁻³">2 × 10<sup>−12</sup> of x² and A<sup>T</sup>A</p>'


def test_tables_scroll_in_a_frame_that_keys_reach():
    markdown = Markdown(extensions=["tables"])
    markdown.treeprocessors.register(screen.Tables(), "tables-frame", 1)
    html = markdown.convert("| a | b |\n| - | - |\n| 1 | 2 |\n\nwords")
    assert '<div aria-label="Table" class="table-frame" role="group" tabindex="0"><table>' in html.replace("\n", "")
    assert html.endswith("<p>words</p>")


@pytest.fixture
def generated(tmp_path, monkeypatch):
    """Write the style sheets into a folder of their own."""
    monkeypatch.setattr(project, "GENERATED", tmp_path)
    sheets.write()
    return tmp_path


def test_one_sheet_has_all_rules_and_only_faces_that_are_there(generated):
    """The theme's rules, KaTeX's, the book's and the playgrounds'; every address in it is a file; a second time nothing is written."""
    text = (generated / "site.css").read_text()
    for rule in (".md-header", ".katex ", ".md-typeset .box ", "play-ground", "@media print", "[data-room]"):
        assert rule in text, rule
    assert "sourceMappingURL" not in text
    assert "data-md-color-switching" not in text
    for address in re.findall(r"url\(((?:faces|katex)/[^)]*)\)", text):
        assert address.startswith("katex/") or (generated / address).is_file(), address
    times = {path: path.stat().st_mtime_ns for path in generated.rglob("*") if path.is_file()}
    sheets.write()
    assert times == {path: path.stat().st_mtime_ns for path in generated.rglob("*") if path.is_file()}


@pytest.mark.parametrize("name", sheets.CORE)
def test_a_face_that_is_split_loses_no_sign(generated, name):
    """The first part has the signs in use, its rule and that of the rest have all that the face has, each once."""
    packages = sheets.npm.modules()
    places = [packages / "katex" / "dist" / "fonts", packages / "@fontsource" / sheets.TEXT / "files"]
    path = next(file for folder in places if (file := folder / f"{name}.woff2").exists())
    whole = set(TTFont(path).getBestCmap())
    core = set(TTFont(generated / "faces" / f"{name}.woff2").getBestCmap())
    ranges = [
        re.search(
            rf"@font-face ?\{{[^}}]*{place}{name}[^}}]*unicode-range:([^}}]*)\}}", (generated / "book.css").read_text()
        )[1]
        for place in ("faces/", "(?:fonts|whole)/")
    ]
    first, rest = ({sign for part in text.split(",") for sign in _signs(part)} for text in ranges)
    assert first <= core
    assert first | rest == whole
    assert not first & rest
    assert (generated / "faces" / f"{name}.woff2").stat().st_size < path.stat().st_size * 0.8


def _signs(part):
    start, _, end = part.removeprefix("U+").partition("-")
    return range(int(start, 16), int(end or start, 16) + 1)


def test_a_listing_and_what_it_prints_stand_in_one_frame():
    """Code that follows code has a frame of its own, and so has an output that follows none."""
    rooms, root = screen.Rooms(Markdown()), etree.Element("div")
    rooms.aside = ['<div class="python"><pre>', '<div class="output"><pre>']
    code, output = "\x02wzxhzdk:0\x03", "\x02wzxhzdk:1\x03"
    for text in (output, code, code, output, "words", output):
        etree.SubElement(root, "p").text = text
    rooms.frame_listings(root)
    assert [len(block) for block in root] == [1, 1, 2, 0, 1]


def test_a_display_takes_the_height_of_its_rows():
    """What is put aside is weighed: a displayed matrix by its rows, words by their letters."""
    rooms = screen.Rooms(Markdown())
    rooms.aside = ["<mtr></mtr><mtr></mtr>"]
    letters, lines, pixels = rooms.text("ab \x02wzxhzdk:0\x03", True)
    assert (letters, lines, pixels) == (2, 0, 80)


def test_a_link_names_a_page_without_formulas():
    assert chart.short("linear-algebra/dot-products.md") == "Dot products"
