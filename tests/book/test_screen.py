"""What lets a page fit any screen: long lines, tables, raised signs, rooms, the one style sheet and its faces."""

import re
import string
from xml.etree import ElementTree as etree

import pytest
from fontTools.ttLib import TTFont
from markdown import Markdown

from book import project
from book.reading import chart, screen, sheets


def test_long_lines_are_marked_with_their_indentation():
    """Only what is longer than a phone is wide, tags and entities not counted, is marked; no character changes."""
    short = "<span>x</span> = 1 &lt; " + "y" * 20
    long = '    <span class="k">return</span> ' + "z" * 40
    wrapped = screen.wrap(f"{short}\n{long}\n")
    assert wrapped == f'{short}\n<span class="code-line" style="--in:4">{long}</span>\n'
    assert '"--in:30"' in screen.wrap(" " * 30 + "x" * 10)


def test_signs_are_raised_in_words_alone():
    """Powers of ten and the transposition are raised; attributes, and small digits elsewhere, stay as they are."""
    html = '<p title="10⁻³">2 × 10⁻¹² of x² and AᵀA</p>'
    assert screen.raise_signs(html) == '<p title="10⁻³">2 × 10<sup>−12</sup> of x² and A<sup>T</sup>A</p>'


def test_tables_scroll_in_a_frame_that_keys_reach():
    markdown = Markdown(extensions=["tables"])
    markdown.treeprocessors.register(screen.Tables(), "tables-frame", 1)
    html = markdown.convert("| a | b |\n| - | - |\n| 1 | 2 |\n\nwords")
    assert '<div aria-label="Table" class="table-frame" role="group" tabindex="0"><table>' in html.replace("\n", "")
    assert html.count("table-frame") == 1
    assert html.endswith("<p>words</p>")


@pytest.fixture(scope="module")
def generated(tmp_path_factory):
    """Write the style sheets into a folder of their own, once: to make faces takes seconds."""
    folder = tmp_path_factory.mktemp("generated")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(project, "GENERATED", folder)
        sheets.write()
        yield folder


def test_one_sheet_has_all_rules_and_only_faces_that_are_there(generated):
    """The theme's rules, KaTeX's, the book's and the playgrounds'; every address in it is a file; a second time nothing is written."""
    text = (generated / "site.css").read_text()
    for rule in (".md-header", ".katex ", ".md-typeset .box ", "play-ground", "@media print", "[data-room]"):
        assert rule in text, rule
    assert "sourceMappingURL" not in text
    assert "data-md-color-switching" not in text
    for address in re.findall(r"url\(((?:faces|katex)/[^)]*)\)", text):
        assert address.startswith("katex/") or (generated / address).is_file(), address
    swapped = [rule for rule in re.findall(r"@font-face[^}]*", text) if "swap" in rule]
    first = ("latin-400-italic", "latin-400-normal", "latin-700-normal")  # the bold italic may stay away for a page
    assert {name for rule in swapped for name in re.findall(r"stix-two-text-([\w-]+)", rule)} == set(first)
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
    letters = {"KaTeX_Math-Italic": string.ascii_letters, "KaTeX_AMS-Regular": string.ascii_uppercase}
    signs = string.printable[:94] if name.startswith(sheets.TEXT) else letters.get(name, "")
    assert not signs or {chr(sign) for sign in first if 32 < sign < 127} == set(signs)
    assert first | rest == whole
    assert not first & rest
    assert (generated / "faces" / f"{name}.woff2").stat().st_size < path.stat().st_size * 0.8
    made = TTFont(generated / "faces" / f"{name}.woff2")
    assert made["head"].modified == TTFont(path)["head"].modified  # else another file each time
    assert not {"fpgm", "prep", "cvt "} & set(made.keys())  # of no use on today's screens


@pytest.mark.parametrize("damage", ["a face gone", "its mark gone", "another mark", "none"])
def test_a_face_is_made_anew_unless_it_is_there_with_its_mark(generated, damage):
    face, mark = (generated / "faces" / f"KaTeX_AMS-Regular.{end}" for end in ("woff2", "made"))
    before = face.read_bytes(), mark.read_text(), face.stat().st_mtime_ns
    if damage == "another mark":
        mark.write_text("")
    elif damage != "none":
        (face if damage == "a face gone" else mark).unlink()
    list(sheets._katex("KaTeX_AMS-Regular", "@font-face{src:}"))
    assert (face.read_bytes(), mark.read_text()) == before[:2]
    assert (face.stat().st_mtime_ns == before[2]) == (damage == "none")


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
    for tag, text in (("ol", code), ("ul", code), ("p", "\x02amp\x03"), ("p", code)):
        etree.SubElement(root, tag).text = text
    etree.SubElement(root[-1], "b")
    rooms.frame_listings(root)
    assert [len(block) for block in root] == [1, 1, 2, 0, 1, 0, 0, 0, 1]
    frames = ["listing", "listing", "listing", None, "listing", None, None, None, None]
    assert [block.get("class") for block in root] == frames


def test_a_display_takes_the_height_of_its_rows():
    """What is put aside is weighed: a displayed matrix by its rows, words by their letters."""
    rooms = screen.Rooms(Markdown())
    rooms.aside = ["<mtr></mtr><mtr></mtr>"]
    letters, lines, pixels = rooms.text("ab \x02wzxhzdk:0\x03", True)
    assert (letters, lines, pixels) == (2, 0, 80)


def test_a_link_names_a_page_without_formulas():
    assert chart.short("linear-algebra/dot-products.md") == "Dot products"


@pytest.mark.parametrize(
    ("html", "room"),
    [
        ("<p>four</p>", (4 + 20, 0, 16, 1)),
        ("<p>  four <b>five5</b> six </p>", (4 + 5 + 3 + 20, 0, 16, 2)),
        ("<blockquote><p>x</p><p>y</p></blockquote>", (2 + 40, 0, 32, 3)),
        ("<ul><li>one</li><li>two</li></ul>", (6 + 40, 0, 32, 3)),
        ("<div class='box note'><p>x</p></div>", (1 + 20, 0, 24 + 16, 2)),
        ("<div class='other'><p>x</p></div>", (1 + 20, 0, 16, 2)),
        ("<details class='box'><summary>see</summary><p>folded</p></details>", (3 + 20, 0, 24 + 16, 3)),
        ("<div><details><summary>see</summary><p>folded</p></details>and on</div>", (3 + 20 + 6, 0, 16, 4)),
        ("<p><img src='a.svg#only-light' height='120'/><img src='a.svg#only-dark' height='120'/></p>", (20, 0, 136, 3)),
        ("<p><img src='a.svg'/></p>", (20, 0, 16, 2)),
        ("<p>[wzxhzdk:0] and [amp]</p>", (3 + 20, 2, 44 + 16, 1 + 2)),
        ("<p><b>x</b>[wzxhzdk:0]</p>", (1 + 20, 2, 44 + 16, 2 + 2)),
        ("<p>so [wzxhzdk:1].</p>", (4 + 2 + 20, 0, 16, 1 + 2)),
        ("<div class='arithmatex'>[wzxhzdk:2]</div>", (0, 0, 40 + 3 * 20, 1 + 1)),
        ("<span class='arithmatex'>[wzxhzdk:2]</span>", (1, 0, 0, 1 + 1)),
        ("<div class='other'>[wzxhzdk:2]</div>", (1, 0, 0, 1 + 1)),
    ],
)
def test_a_block_takes_the_room_of_what_shows_in_it(html, room):
    """Letters with half a line for each paragraph, lines of code, pixels, and the number of elements."""
    rooms = screen.Rooms(Markdown())
    rooms.aside = [
        "<pre><span>a</span>\n<span>b</span>\n</pre>",
        f"<math><mi>x</mi></math>{screen.DRAWN}<span>x²</span></span>",
        f"<mtr></mtr><mtr></mtr><mtr></mtr>{screen.DRAWN}y</span>",
    ]
    part = etree.fromstring(html)
    for element in part.iter():  # Markdown's marks of what is put aside are no letters of XML
        element.text = (element.text or "").replace("[", "\x02").replace("]", "\x03")
        element.tail = (element.tail or "").replace("[", "\x02").replace("]", "\x03")
    assert rooms.measure(part) == room


@pytest.mark.parametrize("elements", [14, 15, 40])
def test_only_blocks_of_many_elements_get_a_room(elements):
    """Below the first screen paragraphs, lists, boxes and figures with an image do; tables, the tools and others do not."""
    rooms, inside = screen.Rooms(Markdown()), "<b>x</b>" * (elements - 1)
    enough = elements >= 15
    given = {f"<{tag}>{inside}</{tag}>": enough for tag in ("p", "ul", "ol", "div", "details")} | {
        f"<figure><img/>{inside[: -len('<b>x</b>')]}</figure>": enough,
        f"<figure>{inside}</figure>": False,
        f"<table>{inside}</table>": False,
        f"<div class='chapter-tools'>{inside}</div>": False,
    }
    for html, wanted in given.items():
        screenful = f"<p><img height='{screen.SCREEN}'/></p>"
        root = etree.fromstring(f"<div>{html}{screenful}{html}</div>")
        rooms.run(root)
        assert root[0].get("data-room") is None, html
        assert (root[2].get("data-room") == "") == wanted, html
        letters, lines, pixels, _ = rooms.measure(root[2])
        style = f"--letters:{letters};--lines:{lines};--pixels:{pixels}" if wanted else None
        assert root[2].get("style") == style


@pytest.mark.parametrize(
    ("above", "late"),
    [
        ("<img height='1200'/>", False),
        ("<img height='1201'/>", True),
        ("x" * 1000 + "<img height='914'/>", False),
        ("x" * 1000 + "<img height='916'/>", True),
        ("[wzxhzdk:0]<img height='1116'/>", False),
        ("[wzxhzdk:0]<img height='1117'/>", True),
    ],
)
def test_the_first_screen_is_1200_pixels_high(above, late):
    """A letter takes 0.285 of them, as the style sheet has it, two lines of code 40 and their frame 44."""
    rooms = screen.Rooms(Markdown())
    rooms.md.htmlStash.rawHtmlBlocks = ["<pre>a\nb\n</pre>"]
    marked = above.replace("[", "\x02").replace("]", "\x03")
    root = etree.fromstring(f"<div><div>{above.replace('[wzxhzdk:0]', '')}</div><p>{'<b>x</b>' * 14}</p></div>")
    root[0].text = marked.partition("<")[0]
    rooms.run(root)
    assert (root[1].get("data-room") is not None) == late
    assert f"--letter, {screen.LETTER}px" in (project.DOCS / "assets" / "css" / "page.css").read_text()


@pytest.mark.parametrize(("columns", "wrapped"), [(38, False), (39, True)])
def test_a_line_is_long_beyond_what_a_phone_has(columns, wrapped):
    assert ("code-line" in screen.wrap("x" * columns)) == wrapped


def test_a_table_in_a_frame_gets_no_second_one():
    root = etree.fromstring("<div><table/>tail</div>")
    screen.Tables(Markdown()).run(root)
    once = etree.tostring(root)
    screen.Tables(Markdown()).run(root)
    assert etree.tostring(root) == once
    assert root[0].tail == "tail"
    assert root[0][0].tail is None


def test_the_books_own_sheets_begin_with_its_colours_and_end_with_paper():
    names = [str(path.relative_to(project.DOCS)) for path in sheets.own()]
    assert names[:2] == ["assets/css/colours.css", "assets/css/page.css"]
    assert [name for name in names if "playgrounds/" in name] == names[-2:-1]
    assert names[-1] == "assets/css/print.css"
    assert len(names) == len(set(names)) == len(list((project.DOCS / "assets" / "css").glob("*.css"))) + 1
