"""Pages as Markdown: regions, outputs, dependencies, formulas, boxes, notebooks."""

import html as markup
import json
import re
import subprocess
import sys
import xml.etree.ElementTree as etree
from types import SimpleNamespace

import markdown
import pytest

from book import (
    catalogue,
    expect,
    extension,
    figure,
    formulas,
    ledger,
    listings,
    marked,
    npm,
    pages,
    prepare,
    project,
    record,
    recorded,
    regions,
    work,
)
from book.__main__ import main
from book.measure import Measured
from book.project import BookError

EXTENSIONS = [
    "attr_list",
    "pymdownx.superfences",
    "pymdownx.arithmatex",
    "pymdownx.snippets",
    "pymdownx.blocks.details",
    "book",
]
SETTINGS = {
    "pymdownx.arithmatex": {"generic": True},
    "pymdownx.snippets": {"check_paths": True, "dedent_subsections": True},
}


def render(tree, name: str) -> str:
    """Render a page of the small book, without its front matter, as MkDocs does."""
    text = (tree.root / "docs" / name).read_text()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(extension, "rendering", name)
        return markdown.markdown(pages.FRONT_MATTER.sub("", text), extensions=EXTENSIONS, extension_configs=SETTINGS)


def test_page_shows_what_was_made(tree):
    """Numbers, citation, figure in two versions, code, output, formula, marks and tools are on the page."""
    html = render(tree, "part/toy.md")
    assert "Two is 2.0, and a count 12,345" in html
    assert '<a href="../reference/bibliography.md#somebody">[Somebody 1999]</a>' in html
    for mode in ("light", "dark"):
        assert f'src="../assets/generated/figures/part/toy/line.{mode}.svg#only-{mode}"' in html
    assert html.count('alt="A rising line"') == 2
    assert 'class="text output highlight"' in html or 'class="output highlight"' in html
    assert '<span class="katex-display">' in html
    assert 'tabindex="0"' in html
    assert 'href="../reference/claims.md#LA-101"' in html
    assert "✓ measured 1 × 10<sup>−13</sup> · LA-01" in html
    assert "notebooks/part/toy.ipynb" in html
    assert "2 claims, each with its test" in html
    assert "<summary>Proof</summary>" in html
    for leftover in ("--8<--", "///", "{{", "[@", "\\(", "$$"):
        assert leftover not in html


def test_ledger_lists_claims_with_tests_and_errors(tree):
    """The claims page has a closed row a claim, with its evidence, its test's source and what became of the source."""
    html = render(tree, "reference/claims.md")
    assert html.count('id="LA-101"') == 1
    assert html.count('class="ledger-row"') == 2
    assert "<details open" not in html
    assert 'data-evidence="measured"' in html
    assert "✓ measured 1 × 10<sup>−13</sup>" in html
    assert "def test_doubling(measured)" in html
    assert "verdict-false" in html


def test_spans_of_code_stay_where_they_give_a_colour(tree):
    """Names and operators have the colour of the ink without one; the text of the code is what it was."""
    html = render(tree, "part/toy.md")
    code = next(part for part in re.findall("<code tabindex[^>]*>(.*?)</code>", html, re.DOTALL) if "return" in part)
    assert {"k", "nf", "p"} <= set(re.findall('<span class="([a-z0-9]+)">', code))
    assert not {"n", "o", "w", "sa"} & set(re.findall('<span class="([a-z0-9]+)">', html))
    assert "return FACTOR * x" in markup.unescape(re.sub("<[^>]*>", "", code))


def test_numbers_lead_to_the_ledger_of_their_part(tree):
    """A mark and a number lead to the page with the rows of the part; the other part's page has none of them."""
    tree.edit("mkdocs.yml", "part/toy.md, ", "{A part: [part/toy.md]}, ")
    tree.edit("mkdocs.yml", "reference/claims.md", "reference/claims.md, reference/other.md, reference/rows.md")
    tree.write("docs/reference/claims.md", "# Claims\n\n/// numbers\n///\n")
    tree.write("docs/reference/rows.md", "# Rows\n\n/// ledger | A part\n///\n")
    tree.write("docs/reference/other.md", "# Others\n\n/// ledger | Another\n///\n")
    assert '<a class="claim-number" href="rows.md#LA-101" id="LA-101">LA-101</a>' in render(tree, "reference/claims.md")
    assert 'href="../reference/rows.md#LA-101"' in render(tree, "part/toy.md")
    assert '<a class="chapter-tool chapter-claims" href="../reference/rows.md">2 claims' in render(tree, "part/toy.md")
    rows = render(tree, "reference/rows.md")
    assert rows.count('class="ledger-row"') == 2
    assert "<h2" not in rows
    assert "ledger-row" not in render(tree, "reference/other.md")
    tree.edit("docs/reference/rows.md", "A part", "A pert")
    with pytest.raises(
        BookError, match=r"no page lists the claims of 'A part': write the block '/// ledger \| A part'"
    ):
        render(tree, "part/toy.md")


def test_errata_are_shown_in_full_and_closed(tree):
    """A case has the true title, the verdict and its place in the summary; what the source says and what is true inside."""
    text = (tree.root / "docs/part/toy.md").read_text()
    aside = "//// claim | So\n    id: LA-01\n\nTruly [so](#a-toy).\n\n/// source | imprecise\n\n/// says\nNot so.\n///\n\nFor a reason.\n///\n////\n"
    aside = (
        aside.replace("/// source | imprecise", "///+ source | imprecise")
        .replace("////", "/////")
        .replace("///+", "////")
        .replace("reason.\n///", "reason.\n////")
    )
    start, end = text.index("///// claim"), text.index("//// exercise")
    for case, said in ((text[start:end], "The map is not affine only"), (aside, "So")):
        tree.write("docs/part/toy.md", text[:start] + case + "\n" + text[end:])
        html = render(tree, "reference/errata.md")
        assert html.count("<details") == 1
        summary = html[html.index("<summary>") : html.index("</summary>")]
        assert said in summary
        assert "A toy · LA-01" in summary
        assert html.index("The source says") < html.index("What is true")
    assert "verdict-imprecise" in html
    assert "For a reason." in html
    assert '<a href="../part/toy.md#a-toy">so</a>' in html


@pytest.mark.parametrize(("number", "said"), [("twos", "did you mean 'two'?"), ("two | .2q", "does not fit two = 2.0")])
def test_a_number_that_is_not_there_is_named_with_its_line_where_the_errata_quote_it(tree, number, said):
    """The page of errata, which is made of all chapters, is made only when these are right."""
    tree.edit("docs/part/toy.md", "It says so.", f"It says {{{{ {number} }}}}.")
    lines = (tree.root / "docs/part/toy.md").read_text().splitlines()
    (line,) = [at for at, text in enumerate(lines, start=1) if number in text]
    with pytest.raises(BookError, match=f"docs/part/toy.md:{line}: .*{re.escape(said)}"):
        prepare.ensure()


def test_what_is_made_of_all_pages_stands_in_its_place_and_nowhere_else(tree):
    """Not where a listing shows how to ask for it; a page that has lost the place says so."""
    sample = "```text\n/// errata\n///\n```\n"
    tree.edit("docs/part/toy.md", "/// note", f"{sample}\n/// note")
    tree.edit("docs/reference/errata.md", "/// errata", f"{sample}\n/// errata")
    for page, count in (("part/toy.md", 0), ("reference/errata.md", 1)):
        html = render(tree, page)
        assert "/// errata\n///" in html, page
        assert html.count("erratum-case") == count
    tree.edit("docs/reference/errata.md", "\n/// errata\n///\n", "\nNothing.\n")
    with pytest.raises(
        BookError,
        match=r"docs/reference/errata.md: there is no place for what is made of all pages: write the block '/// errata'",
    ):
        render(tree, "reference/errata.md")


def test_what_a_source_says_is_closed_in_a_chapter_or_open_as_a_mistake(tree):
    html = render(tree, "part/toy.md")
    assert html.index("<summary>The source says otherwise</summary>") < html.index("It fails.")
    tree.edit("docs/part/toy.md", "open: false", "open: true")
    html = render(tree, "part/toy.md")
    assert html.index(">A tempting mistake</p>") < html.index("It fails.")
    assert "The source says otherwise" not in html


def test_ledger_and_errata_are_sorted_by_parts_and_show_figures_of_the_page(tree):
    tree.edit("mkdocs.yml", "part/toy.md, ", "{A part: [part/toy.md]}, ")
    tree.edit("docs/part/toy.md", "It is linear.", "It is linear.\n\n/// figure | line\nA line.\n///")
    for page, heading in (("reference/claims.md", "<h2>A part</h2>"), ("reference/errata.md", "<h2>A part</h2>")):
        html = render(tree, page)
        assert heading in html
    assert 'src="../assets/generated/figures/part/toy/line.light.svg#only-light"' in html


def test_page_that_is_not_of_the_book_is_left_alone(tree):
    """Text that is no page of the book passes through."""
    html = markdown.markdown("# Title\n\n{{ two }} $x$", extensions=EXTENSIONS, extension_configs=SETTINGS)
    assert "{{ two }}" in html
    assert "katex" in html


@pytest.mark.parametrize("blank", ["", "\n", "\n\n"])
def test_what_is_damaged_is_left_out_and_nothing_else(tree, blank):
    """The engine takes away blank lines behind the front matter; what stands after the block stays on the page."""
    source = "/// source | damaged\nGarbled.\n///\n"
    box = f"//// claim | Whole\n    id: LA-02\n\nTruth.\n\n{source}////\n\nAfter it.\n"
    tree.write("docs/part/toy.md", f"---\ndescription: A page\n---\n{blank}# A toy\n\n{box}")
    page = pages.read("part/toy.md")
    kept = extension._without_options(page.text.strip().splitlines(), page)
    assert [line for line in kept if line] == [
        "# A toy",
        "//// claim | Whole",
        f"    at: {page.blocks[0].line}",
        "Truth.",
        "////",
        "After it.",
    ]


FORMULA = '<span class="arithmatex">{}</span>'


@pytest.mark.parametrize(
    ("written", "held"),
    [
        ("With [n], the [n]-th of [m] say.", ["n,", "n-th"]),
        ("Or ([k]) and, with words, (so [k]) too.", ["(k)", "k)"]),
        ("<em>Say</em> ([k] or <em>l</em> ([m]", ["(k", "(m"]),
        ("A non-[G] map, [G].", ["non-G", "G."]),
        ("The <em>map [f]</em>, <strong>[g]</strong>; <a>to <em>[h]</em></a>.", ["map f,", "g;", "to h."]),
        ("Not <em>[f] of it</em>, <b>[g]</b>, <em></em>, but (<em>[f] of it</em>", ["(f of it"]),
        ('<code class="arithmatex">c</code>, [l] and [m]', []),
    ],
)
def test_what_stands_at_a_formula_stays_on_its_line(written, held):
    """Punctuation and endings share an unbreakable span with the formula; words and further formulas do not."""
    marked = re.sub(r"\[(\w)\]", lambda match: FORMULA.format(match[1]), written)
    root = etree.fromstring(f"<p>{marked}</p>")
    before = "".join(root.itertext())
    extension.hold_punctuation(root)
    assert [span_text(span) for span in root.iter("span") if span.get("class") == "formula-held"] == held
    assert "".join(root.itertext()) == before


def span_text(span):
    """Return the text in an element, not what follows it."""
    return "".join(span.itertext())


def test_long_name_may_break_behind_its_dots():
    """Breaks are offered in long inline code, never in short code or in lines, and its text stays what it was."""
    text = "<code>torch.linalg.matrix_rank</code>, <code>x.norm()</code>, <code>import torch.linalg</code>"
    broken = extension.Code().run(text)
    assert "<code>torch.<wbr>linalg.<wbr>matrix_<wbr>rank</code>" in broken
    assert broken.replace("<wbr>", "") == text
    assert broken.count("<wbr>") == 3


def test_formula_that_does_not_parse_names_file_line_and_formula(tree):
    """A formula stops the build by file, line and text."""
    tree.edit("docs/part/toy.md", "$y=2x$", r"$y=\frac{2x$")
    tree.edit("docs/part/toy.md", "2(x+y) = 2x+2y", r"2(x+y) = \doubled")
    with pytest.raises(BookError) as caught:
        render(tree, "part/toy.md")
    assert "docs/part/toy.md:9: KaTeX parse error" in str(caught.value)
    assert r"\frac{2x" in str(caught.value)
    assert "docs/part/toy.md:34: KaTeX parse error: Undefined control sequence: \\doubled" in str(caught.value)
    with pytest.raises(BookError, match="a page: KaTeX"):
        markdown.markdown(r"$\nothing$", extensions=EXTENSIONS, extension_configs=SETTINGS)


def test_formula_that_comes_from_another_page_names_the_page(tree):
    """A title with a formula that cannot be read is also shown by the ledger, which has no line for it."""
    tree.edit("docs/part/toy.md", "Doubling $x$ is", r"Doubling $\frac{x$ is")
    with pytest.raises(BookError, match=r"docs/reference/claims\.md: KaTeX"):
        render(tree, "reference/claims.md")


def test_formula_of_a_substituted_number_is_found(tree):
    """The line of a formula is found also where a number was put in; else the page alone is named."""
    tree.edit("docs/part/toy.md", "$y=2x$", r"$y={{ two | .1f }}\frac{x$")
    with pytest.raises(BookError, match=r"docs/part/toy\.md:9"):
        render(tree, "part/toy.md")
    tree.edit("docs/part/toy.md", r"$y={{ two | .1f }}\frac{x$", "$y=\n\\frac{x$")
    with pytest.raises(BookError, match=r"docs/part/toy\.md:9"):
        render(tree, "part/toy.md")


def typeset(tex):
    """Typeset one formula."""
    return formulas.typeset([(tex, False)])[tex, False]["html"]


@pytest.fixture
def cache(tree, monkeypatch):
    """Return the file of a cache of formulas that is still empty."""
    monkeypatch.setattr(formulas, "CACHE", tree.root / "cache" / "formulas.sqlite")
    return formulas.CACHE


@pytest.fixture
def asked(cache, monkeypatch):
    """List the formulas that Node is asked for."""
    asked, ask = [], formulas._ask
    monkeypatch.setattr(formulas, "_ask", lambda wanted: asked.extend(wanted) or ask(wanted))
    return asked


def test_formulas_come_from_the_cache(asked):
    """A formula is typeset once, displayed and in a sentence; one that cannot be read is asked for again."""
    wanted = [("x^2", False), ("x^2", True), ("\\frac{", False)]
    first = formulas.typeset(wanted)
    assert asked == wanted
    assert first["x^2", False] != first["x^2", True]
    assert "KaTeX parse error" in first["\\frac{", False]["error"]
    assert formulas.typeset(wanted) == first
    assert asked == [*wanted, wanted[-1]]


NODES = {
    "dies": "raise SystemExit",
    "prints garbage": "print('Segmentation fault', flush=True)",
    "answers too little": "print('[]')",
    "answers something else": "print('5')",
    "hangs": "import time; time.sleep(60)",
}


@pytest.mark.parametrize("program", NODES.values(), ids=NODES)
def test_a_node_that_does_not_answer_is_named(tree, cache, monkeypatch, program):
    """One that dies, hangs or answers something else costs one line and no time; the next page asks another."""
    (tree.root / "node.py").write_text(program)
    monkeypatch.setattr(npm, "node", lambda: [sys.executable, str(tree.root / "node.py")])
    monkeypatch.setattr(formulas, "LIMIT", 1)
    with pytest.raises(BookError, match=rf"^Node \({sys.executable}\) gave no answer that can be read: [^\n]*$"):
        typeset("x^2")
    monkeypatch.setattr(npm, "node", lambda: ["a-command-that-is-not-there"])
    with pytest.raises(BookError, match=r"^Node \(a-command-that-is-not-there\) gave no answer .*No such file"):
        typeset("x^2")
    monkeypatch.undo()
    assert "katex" in typeset("x^2")


def test_what_node_needs_is_looked_for_before_it_is_started(cache, monkeypatch):
    """A package that was damaged since the last build is fetched, or named."""

    def fails():
        raise BookError("the build needs katex")

    monkeypatch.setattr(npm, "ensure_packages", fails)
    with pytest.raises(BookError, match="the build needs katex"):
        typeset("x^2")


@pytest.mark.parametrize(
    "damage",
    [lambda data: data[:5000], lambda data: b"\xff" * len(data), lambda data: data[:4096] + b"\0" * (len(data) - 4096)],
)
def test_a_damaged_cache_of_formulas_is_made_anew(cache, asked, damage):
    html = typeset("x^2")
    cache.write_bytes(damage(cache.read_bytes()))
    asked.clear()
    assert [typeset("x^2"), typeset("x^2")] == [html, html]
    assert asked == [("x^2", False)]


def test_a_cache_of_formulas_that_cannot_be_written_goes_unused(cache, asked):
    cache.mkdir(parents=True)
    assert typeset("x^2") == typeset("x^2")
    assert asked == [("x^2", False)] * 2


def test_an_edit_of_the_macros_is_seen(tree, asked, monkeypatch):
    """Formulas are typeset anew."""
    macros = tree.root / "macros.json"
    monkeypatch.setattr(formulas, "OPTIONS", (macros,))
    for text in ("{}", '{"R": "x"}', "{}"):
        macros.write_text(text)
        typeset("x")
    assert asked == [("x", False)] * 2


def test_the_name_of_a_page_comes_from_the_engine_not_from_its_text(tree, monkeypatch):
    """An edit while a page is rendered mixes nothing up; a number that the edit asks for is named where it is missing."""
    text = (tree.root / "docs/part/toy.md").read_text()
    monkeypatch.setattr(extension, "rendering", "part/toy.md")
    newer = pages.FRONT_MATTER.sub("", text).replace("{{ count }}", "{{ newer }}")
    with pytest.raises(BookError, match=r"docs/part/toy\.md: no number 'newer' in the results of part\.toy"):
        markdown.markdown(newer, extensions=EXTENSIONS, extension_configs=SETTINGS)
    newer = newer.replace("{{ newer }}", "").replace("figure | line", "figure | newer")
    with pytest.raises(BookError, match=r"part/toy\.md: snippets\.figures\.part\.toy draws no figure 'newer'"):
        markdown.markdown(newer, extensions=EXTENSIONS, extension_configs=SETTINGS)
    monkeypatch.setattr(extension, "rendering", None)
    md = markdown.Markdown(extensions=EXTENSIONS, extension_configs=SETTINGS)
    told = SimpleNamespace(page=SimpleNamespace(path="part/toy.md"), run=lambda lines: lines)
    md.preprocessors.register(told, "rendering_context", 0)
    assert "· LA-101" in md.convert(newer.replace("figure | newer", "figure | line"))


def test_loose_ends_are_reported_by_the_page(tree):
    """An error of the preparation appears when the page is rendered, where MkDocs prints it without a trace."""
    tree.edit("docs/part/toy.md", "id: LA-101", "id: LA-111")
    with pytest.raises(BookError, match="LA-111"):
        render(tree, "part/toy.md")


def test_what_cannot_be_embedded_is_named(tree):
    """A missing file, a missing region and a region without end are told apart, with the nearest name."""
    problem = regions.problem_with("snippets/part/toi.py", "double")
    assert problem == "there is no file 'snippets/part/toi.py'; did you mean 'snippets/part/toy.py'?"
    problem = regions.problem_with("snippets/part/toy.py", "duoble")
    assert problem == "'snippets/part/toy.py' has no region 'duoble'; did you mean 'double'?"
    tree.edit("snippets/part/toy.py", "# --8<-- [end:double]", "")
    assert "has no end" in regions.problem_with("snippets/part/toy.py", "double")
    line = '--8<-- "snippets/part/toy.py:duoble"\n'
    assert regions.expand(line) == line


def test_unknown_region_stops_the_build(tree):
    """An embedding that cannot be resolved stops the page."""
    tree.edit("docs/part/toy.md", "```python\nprint", '```python\n--8<-- "snippets/part/toy.py:duoble"\nprint')
    with pytest.raises(BookError, match=r"toy\.md:23: .*'duoble'; did you mean 'double'"):
        render(tree, "part/toy.md")


def test_region_text_is_dedented_and_free_of_markers(tree):
    """A region inside a function loses its indentation and inner markers."""
    tree.write(
        "snippets/part/inner.py",
        "def f():\n    # --8<-- [start:a]\n    x = 1\n    # --8<-- [start:b]\n    y = 2\n    # --8<-- [end:b]\n    # --8<-- [end:a]\n",
    )
    assert regions.region_text("snippets/part/inner.py", "a") == "x = 1\ny = 2"
    assert regions.region_text("snippets/part/inner.py", None).startswith("def f():")


@pytest.mark.parametrize(
    ("shown", "printed", "tolerance", "expected"),
    [
        ("a b", "a b\n", 1e-6, True),
        ("a  b 1", "a b 1", 1e-6, True),
        ("a b", "a c", 1e-6, False),
        ("3 cycles", "4 cycles", 1e-6, False),
        ("3", "3.0", 1e-6, True),
        ("0.1234567", "0.1234568", 1e-6, True),
        ("0.1234", "0.1235", 1e-6, False),
        ("0.1234", "0.1235", 1e-3, True),
        ("1e-16", "3e-16", "magnitude", True),
        ("1e-16", "3e-15", "magnitude", False),
        ("0.0", "2e-16", "magnitude", True),
        ("1.0 2.0", "1.0", 1e-6, False),
        # what another processor prints, where rounding leaves another sign, or so little that all is written with exponents
        (
            "([[ 1.0000,  0.0000],\n [ 0.0000, -1.0000]])",
            "([[ 1.0e+00,  0.0e+00],\n [-5.6e-17, -1.0e+00]])",
            1e-6,
            True,
        ),
        ("(0., 1.)", "(-0., 1.)", 1e-6, True),
        ("([1.0000, 0.1000])", "([-1.0000, 0.1000])", 1e-6, False),
        ("ab 1", "a b 1", 1e-6, False),
    ],
)
def test_outputs_are_compared_exactly_where_exact(shown, printed, tolerance, expected):
    """Words and integers exactly, floats within the tolerance, rounding errors by magnitude."""
    assert listings.agree(shown, printed, tolerance) is expected


def test_page_that_prints_something_else_is_described(tree):
    """A difference names page, listing, what is printed, what is shown, and the command that records it."""
    text = "```python\nprint(2)\n```\n\n```output\n3\n```\n\n```python\nprint('unseen')\n```\n"
    first, second = listings.check(text, "part/x.md")
    assert first.startswith("docs/part/x.md: listing 1 ('print(2)') prints\n2\nbut the page shows\n3\n")
    assert "python -m book record docs/part/x.md" in first
    assert "prints\nunseen\nbut the page shows\n\n" in second


def test_a_listing_that_raises_names_its_line(tree):
    """An error and a difference name the line of the page on which the listing begins; what comes after is not run."""
    others = "```json\n{}\n```\n```text\nwords\n```\n"
    tree.edit("docs/part/toy.md", "/// details | Set-up", f"{others}/// details | Set-up")
    tree.edit("docs/part/toy.md", "print([double(1.0), double(2.5)])", "print(1)\nfor n in (1, 0):\n    double(1 / n)")
    (problem,) = listings.check(regions.expand(pages.read("part/toy.md").text), "part/toy.md")
    assert problem == ("docs/part/toy.md:28: listing 3 raises ZeroDivisionError at 'double(1 / n)': division by zero")


def test_record_writes_what_listings_print(tree):
    """Recording adds, replaces and removes outputs, and keeps tolerance and front matter."""
    tree.write(
        "docs/part/other.md",
        "---\ntitle: x\n---\n# Other\n\n```python\nprint(1 / 3)\n```\n\n```{.output tolerance=1e-3}\n9\n```\n\n"
        "```python\nprint('new')\n```\n\n```python\nx = 1\n```\n\n```output\nold\n```\n\nEnd.\n\n```python\nprint('last')\n```\n",
    )
    tree.write("docs/part/bare.md", "```python\nprint(1)\n```\n")
    assert main(["record", *(str(tree.root / f"docs/part/{name}.md") for name in ("bare", "other"))]) == 0
    assert (tree.root / "docs/part/bare.md").read_text() == "```python\nprint(1)\n```\n\n```output\n1\n```\n"
    text = (tree.root / "docs/part/other.md").read_text()
    assert text == (
        "---\ntitle: x\n---\n# Other\n\n```python\nprint(1 / 3)\n```\n\n```{.output tolerance=1e-3}\n0.3333333333333333\n```\n\n"
        "```python\nprint('new')\n```\n\n```output\nnew\n```\n\n```python\nx = 1\n```\n\nEnd.\n\n"
        "```python\nprint('last')\n```\n\n```output\nlast\n```\n"
    )
    assert listings.check(text, "part/other.md") == []
    with pytest.raises(BookError, match="a fence of code has no end"):
        listings.record("````text\n```python\n```\n", "part/other.md")


@pytest.mark.parametrize(
    ("number", "verdict"), [("LA-101", "own"), ("LA-100", "true"), ("LA-7b", "true"), ("BR-07", "own")]
)
def test_a_claim_is_the_books_own_from_101_on_and_between_the_texts(tree, number, verdict):
    tree.edit("docs/part/toy.md", "id: LA-101", f"id: {number}")
    assert [box.verdict for box in pages.claims() if box.id == number] == [verdict]


@pytest.mark.parametrize(
    ("shown", "printed", "stays"),
    [
        ("rest 1e-16", "rest 3e-16", True),
        ("rest 1e-16", "rest 3e-13", False),  # more than the page allows
        ("rest 1e-16", "rest  1e-16", False),  # the same, laid out anew
        ("[ 0.0000, 1.0000]", "[-5.6e-17, 1.0e+00]", True),
        ("[ 0.0000, 1.0000]", "[ 0.000, 1.000]", False),  # with fewer digits
    ],
)
def test_record_keeps_what_differs_by_rounding(tree, shown, printed, stays):
    """On another processor a page that is right stays as it is."""
    page = (
        "1. x\n\n    ```python\n    print('{}')\n    ```\n\n    ```{{.output tolerance=magnitude}}\n    {}\n    ```\n"
    )
    text = page.format(printed, shown)
    assert (listings.record(text, "part/x.md") == text) == stays
    if not stays:
        assert listings.record(text, "part/x.md") == page.format(printed, printed)


def test_record_names_the_listing_that_prints_something_else_each_time(tree):
    text = "```python\nimport random\n```\n\n```python\nx = 1\nx\nprint('at random', random.random())\n```\n"
    with pytest.raises(
        BookError,
        match=r"docs/part/x\.md: listing 2 \('print\(.*'\) prints\nat random 0\..*\nand, run again,\nat random 0\..*\nSeed",
    ):
        listings.record(text, "part/x.md")


def test_record_leaves_other_fences_alone(tree):
    """Code in another language is neither run nor given an output."""
    text = "```text\nprint(1)\n```\n\n```python\nx = 1\n```\n"
    assert listings.record(text, "part/x.md") == text


def test_commands_report_and_exit(tree, capsys):
    """`prepare` makes everything; a loose end is printed and exits with 1."""
    assert main(["prepare"]) == 0
    tree.edit("docs/part/toy.md", "id: LA-101", "id: LA-111")
    assert main(["prepare"]) == 1
    assert "claim 'LA-111' has no test" in capsys.readouterr().err


def test_digest_of_recorded_code_follows_names_across_files(tree):
    """A function depends on what it names, in its own file, in others, and at import; not on its neighbours."""
    base = tree.root / "snippets/part"
    tree.write(
        "snippets/part/base.py",
        '"""Words."""\nimport sys\nif sys.platform == "x":\n    pass\nsys.getsizeof(0)\nA: int = 1\nB = 2\n'
        "def f(): return A\nclass C: pass\nif __name__ == '__main__':\n    print(B)\n",
    )
    tree.write(
        "snippets/part/user.py",
        "import snippets.part.base as whole\nimport snippets.part.base\nimport math\nfrom snippets.part import base\nfrom snippets.part.base import f as first\n"
        "from os import sep\nfrom snippets.part import effect\n"
        "def g(): return first()\ndef h(): return whole.B\ndef k():\n    from snippets.part.base import C\n    return C, base, sep\n"
        "def c(B=math.pi):\n    from snippets.part.base import C\n    return C\ndef m(): return snippets.part.base.B, effect\n",
    )

    tree.write("snippets/part/effect.py", "print(1)\n")

    def digests():
        return {name: recorded.digest_of_function(base / "user.py", name) for name in "ghkcm"}

    assert len(digests()["g"]) == len(record.hash_of()) == 20
    for old, new, changed in (
        ('"""Words."""', '"""Other words."""', ""),
        ("print(1)", "print(2)", "m"),
        ("print(B)", "print(A)", ""),
        ("    pass", "    A", "ghkcm"),
        ("sys.getsizeof(0)", "sys.getsizeof(1)", "ghkcm"),
        ("B = 2", "B = 3", "hkm"),
        ("A: int = 1", "A: int = 9", "ghkcm"),
        ("class C: pass", "class C: x = 1", "hkcm"),
    ):
        before = digests()
        tree.edit(f"snippets/part/{'effect' if old == 'print(1)' else 'base'}.py", old, new)
        assert "".join(name for name in "ghkcm" if digests()[name] != before[name]) == changed, old


def test_a_figure_is_drawn_where_there_is_no_torch(monkeypatch):
    monkeypatch.delitem(sys.modules, "torch")
    assert figure(alt="One")(lambda: 1)() == 1


def test_numbers_of_a_page_that_computes_none_are_asked_in_vain(tree):
    for module in ("part.toi", "part.toz"):
        with pytest.raises(LookupError, match=f"^snippets.figures.{module} has no @results function$"):
            expect.computed(module)


@pytest.mark.parametrize(
    ("expected", "good", "bad"),
    [
        (expect.between(1, 3), (1, 2.5, 3), (0.999, 3.001, float("nan"), "2")),
        (expect.below(1e-12), (0, 1e-12), (-1e-15, 1.001e-12, 1.0)),
        (expect.near(100.0, 0.5), (99.5, 100, 100.5), (99.4, 100.6)),
    ],
)
def test_bounds_of_numbers_are_kept(expected, good, bad):
    """Bounds count as inside, and nothing beyond them does, however near in proportion."""
    assert [expected == value for value in (*good, *bad)] == [True] * len(good) + [False] * len(bad)


def test_figure_needs_alt_text():
    """An empty description is refused."""
    with pytest.raises(ValueError, match="alt is empty"):
        figure(alt=" ")


def test_measured_asserts_and_remembers_the_largest_error():
    """Errors above the tolerance, not-a-number and inequality fail; the largest error is kept."""
    measured = Measured()
    measured([1.0, 2.0], [1.0, 2.0 + 1e-9], atol=1e-6)
    measured(1.0, 1.0, atol=1e-6)
    assert measured.error == pytest.approx(1e-9, rel=1e-3)
    with pytest.raises(AssertionError, match="exceeds"):
        measured(1.0, 1.1, atol=1e-3)
    with pytest.raises(AssertionError, match="exceeds"):
        measured(float("nan"), 1.0, atol=1e-3)
    with pytest.raises(AssertionError, match="not equal"):
        measured.exact([1, 2], [1, 3])
    measured.exact(2, 2)


def evidence_of(by="example", error=None, draws=None):
    """Return what the catalogue says of one test."""
    return {"by": by, "error": error, "draws": draws}


@pytest.mark.parametrize(
    ("tests", "said"),
    [
        ([], "proof in the text"),
        ([evidence_of()], "example"),
        ([evidence_of(error=3e-9)], "example"),
        ([evidence_of("measured", 2.49e-15), evidence_of()], "measured 3 × 10⁻¹⁵"),
        ([evidence_of("measured", 0.0)], "measured, exact"),
        ([evidence_of("measured")], "measured"),
        ([evidence_of("drawn", 1e-9, 1000), evidence_of("drawn", None, 50)], "1,000 inputs drawn"),
        ([evidence_of("drawn")], "inputs drawn"),
        ([evidence_of("proved", 1e-9)], "proved"),
        ([evidence_of("measured", 1e-9), evidence_of("measured", 3e-8)], "measured 3 × 10⁻⁸"),
        ([evidence_of("example"), evidence_of("drawn", None, 9), evidence_of("proved")], "proved"),
    ],
)
def test_mark_says_what_kind_of_evidence_there_is(tests, said):
    """The strongest kind among the tests of a claim, with the number of draws or the largest error."""
    assert ledger.words(tests) == said


MARKS = """
import pytest
from hypothesis import given, settings
MARK = pytest.mark.claim

@pytest.mark.also("B-1", by="proved")
@pytest.mark.claim("A-1")
def test_a(a, z): ...

@pytest.mark.zone(1)
@pytest.mark.claim("A-1", "A-2")
def test_b(measured): ...

@settings(max_examples=20)
@given(x=0)
@pytest.mark.claim("A-1")
def test_c(x, measured): ...

@given(x=0)
@pytest.mark.claim("A-1")
def test_d(x): ...

@pytest.mark.claim("A-1", by="proved")
def test_e(measured): ...

@pytest.mark.claim("A-1", by="drawn", draws=7)
def test_f(): ...

@pytest.mark.other(max_examples=3)
@given(x=0)
@pytest.mark.tries(max_examples=3)
@pytest.mark.claim("A-1")
def test_g(x): ...

@given(x=0)
@pytest.mark.claim("A-1", by="proved")
def test_h(x): ...
"""


def test_kind_of_evidence_is_read_from_the_test(tree):
    """Without `by` a property test draws, one that measures measures, any other is an example."""
    tree.write("tests/test_marks.py", MARKS)
    found = [(check.by, check.draws) for check in marked.checks() if check.file == "tests/test_marks.py"]
    assert found == [
        ("example", None), ("measured", None), ("drawn", 20), ("drawn", 100), ("proved", None), ("drawn", 7),
        ("drawn", 100), ("proved", None),
    ]  # fmt: skip
    assert next(check.ids for check in marked.checks() if check.function == "test_a") == ("A-1",)
    assert next(check.ids for check in marked.checks() if check.function == "test_b") == ("A-1", "A-2")


def test_claims_are_written_for_programs(tree):
    """One entry a claim, in JSON and in CSV, and nothing is written where nothing changed."""
    test = {"node": "tests/part/test_toy.py::test_doubling", **evidence_of("measured", 1e-13)}
    known = catalogue.Catalogue(tests={"LA-101": [test]})
    tree.edit("docs/part/toy.md", "The map is not", "The map x → y is not")
    ledger.write_files(known)
    assert "The map x → y" in (project.GENERATED / "claims.json").read_text()
    assert (project.GENERATED / "claims.json").read_text().startswith('[\n {\n  "id": "LA-101",\n')
    first, second = json.loads((project.GENERATED / "claims.json").read_text())
    assert first == {
        "id": "LA-101", "title": "Doubling $x$ is linear", "page": "part/toy/#LA-101", "verdict": "own",
        "evidence": "measured", "error": 1e-13, "tests": [test["node"]],
    }  # fmt: skip
    assert (second["verdict"], second["evidence"], second["error"]) == ("false", "proof", None)
    head, row, second_row = (project.GENERATED / "claims.csv").read_text().splitlines()
    assert head == "id,title,page,verdict,evidence,error,tests"
    assert row.startswith("LA-101,Doubling $x$ is linear,part/toy/#LA-101,own,measured,1e-13,tests/part/")
    stamp = (project.GENERATED / "claims.csv").stat().st_mtime_ns
    ledger.write_files(known)
    assert (project.GENERATED / "claims.csv").stat().st_mtime_ns == stamp
    tree.edit("docs/part/toy.md", "    id: LA-101\n", "")
    ledger.write_files(known)
    assert (project.GENERATED / "claims.csv").read_text() == f"{head}\n{second_row}\n"


def test_citations_are_labelled_by_the_bold_words(tree):
    """A key is shown as the bold words of its entry."""
    assert pages.bibliography() == {"somebody": "Somebody 1999"}


class TestNpm:
    """The packages from npm."""

    @pytest.fixture
    def empty(self, tmp_path, monkeypatch):
        """Give a project without packages."""
        (tmp_path / "package.json").write_text('{"dependencies": {"katex": "1.2.3"}}')
        monkeypatch.setattr(project, "ROOT", tmp_path)
        monkeypatch.setattr(npm, "modules", lambda: tmp_path / "node_modules")
        return tmp_path

    def test_failure_says_what_was_needed_and_which_command_mends_it(self, empty, monkeypatch, capsys):
        """Without network the build names the packages, npm's words, and the remedy."""
        monkeypatch.setattr(npm, "npm", lambda: [sys.executable, "-c", "import sys; sys.exit('no network')"])
        with pytest.raises(BookError, match=r"needs katex@1\.2\.3 .*\nno network\n.*run 'npm ci'"):
            npm.ensure_packages()
        assert "fetching katex@1.2.3 with 'npm ci'" in capsys.readouterr().out

    def test_packages_of_the_wanted_version_are_left_alone(self, empty, monkeypatch):
        """Nothing runs where everything is there."""
        (empty / "node_modules/katex").mkdir(parents=True)
        (empty / "node_modules/katex/package.json").write_text('{"version": "1.2.3"}')
        monkeypatch.setattr(npm, "npm", lambda: pytest.fail("npm was run"))
        npm.ensure_packages()

    def test_installation_succeeds(self, empty, monkeypatch):
        """A run that ends well is enough."""
        monkeypatch.setattr(npm, "npm", lambda: [sys.executable, "-c", "pass"])
        npm.ensure_packages()

    def test_node_and_npm_come_from_pypi(self, monkeypatch):
        """They work; where they are absent the build says how to get them."""
        for command in (npm.node(), npm.npm()):
            done = subprocess.run([*command, "--version"], capture_output=True, text=True, check=True)
            assert re.match(r"v?\d+\.\d+", done.stdout)
        monkeypatch.setattr(npm.importlib.util, "find_spec", lambda name: None)
        with pytest.raises(BookError, match="pip install -r requirements"):
            npm.node()

    @pytest.mark.parametrize("damage", [b"", b"\xff", b"[]", b'{"name": "katex"}'])
    def test_a_damaged_package_counts_as_absent(self, empty, damage):
        (empty / "node_modules/katex").mkdir(parents=True)
        (empty / "node_modules/katex/package.json").write_bytes(damage)
        assert npm.installed("katex") == ""


def test_page_outside_the_nav_shows_its_title_alone(tree):
    """A chapter in the making is not checked, and so not shown."""
    tree.write("docs/part/later.md", "# Later\n\n{{ nothing }}\n\n/// figure | none\n///\n")
    assert render(tree, "part/later.md") == "<h1>Later</h1>"


def test_figures_lose_the_digits_that_nobody_sees():
    """Coordinates of paths are rounded to hundredths; everything else stays."""
    assert work.compact('<path d="M 1.23456 -0.5" x="1.23456"/>') == '<path d="M 1.23 -0.5" x="1.23456"/>'
