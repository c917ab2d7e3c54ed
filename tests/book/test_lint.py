"""What is refused before anything is made: each fault by file, line, name and remedy."""

import re

import pytest

from book import lint, pages
from book.catalogue import Catalogue, show


def found(tree, file, old, new):
    """Plant a fault and return what the build would say."""
    tree.edit(file, old, new)
    return "\n".join(lint.loose_ends() + lint.unfinished())


def test_the_small_book_has_no_loose_end(tree):
    assert lint.loose_ends() + lint.unfinished() == []


PAGE, SNIPPET, DRAWN, TEST = (
    "docs/part/toy.md",
    "snippets/part/toy.py",
    "snippets/figures/part/toy.py",
    "tests/part/test_toy.py",
)

FAULTS = {
    "a claim's id on the page": (
        PAGE,
        "id: LA-101",
        "id: LA-111",
        [
            r"docs/part/toy.md:30: claim 'LA-111' has no test.*did you mean 'LA-101'",
            "names claim 'LA-101', which no page makes",
        ],
    ),
    "a claim's id on a test": (TEST, '"LA-101"', '"LA-102"', ["claim 'LA-101' has no test"]),
    "an id twice": (
        PAGE,
        "id: LA-01\n",
        "id: LA-101\n",
        [r"docs/part/toy.md:42: claim 'LA-101' is made twice, first on docs/part/toy.md:30"],
    ),
    "a region that no page shows": (
        PAGE,
        ':double"',
        ':setup"',
        [r"snippets/part/toy.py:\d+: no page shows region 'double'"],
    ),
    "a region twice": (SNIPPET, "start:double", "start:setup", ["region 'setup' stands twice", "never starts"]),
    "a misspelt marker": (SNIPPET, "# --8<-- [end:double]", "#--8<--[end:double]", ["a region marker reads"]),
    "an unknown figure": (PAGE, "figure | line", "figure | lines", [r"docs/part/toy.md:8: .*did you mean 'line'"]),
    "a figure that no page shows": (
        PAGE,
        "/// figure | line\nThe line $y=2x$.\n///",
        "",
        [rf"{DRAWN}:\d+: no page shows figure 'line'"],
    ),
    "a figure without the word alt": (DRAWN, '@figure(alt="A rising line")', "@figure()", ["has no alt text"]),
    "a number with a slip in it": (
        PAGE,
        "{{ count }}",
        "{{ count | d}}",
        [r"docs/part/toy.md:6: '{{ count | d}}' asks for no number"],
    ),
    "an unknown citation": (PAGE, "[@somebody]", "[@sombody]", [r"docs/part/toy.md:6: no entry 'sombody'.*'somebody'"]),
    "an unknown box": (PAGE, "/// theorem", "/// theorm", ["there is no box 'theorm'; did you mean 'theorem'"]),
    "a box without end": (PAGE, "///\n////", "////", ["closes no box"]),
    "a box that swallows the rest": (
        PAGE,
        "It fails.\n///\n////\n/////",
        "It fails.",
        ["box 'counterexample' has no end"],
    ),
    "a box in a box of its own size": (PAGE, "//// source", "///// source", ["needs fewer slashes"]),
    "an option indented by two": (
        PAGE,
        "    open: false",
        "  open: false",
        [r"docs/part/toy.md:48: option 'open' is to be indented by four"],
    ),
    "an option at the margin": (
        PAGE,
        "    id: LA-101",
        "id: LA-101",
        [r"docs/part/toy.md:31: option 'id' is to be indented by four"],
    ),
    "an option indented by a tab": (PAGE, "    id: LA-101", "\tid: LA-101", ["option 'id' is to be indented by four"]),
    "an option misspelt": (
        PAGE,
        "    open:",
        "    opne:",
        [r"docs/part/toy.md:48: 'source' has no option 'opne'; did you mean 'open'"],
    ),
    "an id misspelt": (
        PAGE,
        "    id: LA-101",
        "    ids: LA-101",
        [r"docs/part/toy.md:31: 'theorem' has no option 'ids'; did you mean 'id'"],
    ),
    "an unknown verdict": (
        PAGE,
        "    id: LA-101",
        "    id: LA-101\n    verdict: false",
        [r"docs/part/toy.md:32: verdict 'false' is none: write 'true', or the block 'source'"],
    ),
    "an id that is none": (PAGE, "id: LA-101", "id: la 101", ["id 'la 101' is none: write two capital letters"]),
    "an option twice": (
        PAGE,
        "    id: LA-101",
        "    id: LA-101\n    id: LA-101",
        [r"docs/part/toy.md:32: option 'id' stands twice"],
    ),
    "text where options stand": (
        PAGE,
        "    id: LA-101",
        "    some words",
        [r"docs/part/toy.md:31: 'some words' is no option"],
    ),
    "an option of a block that has none": (
        PAGE,
        "/// note | The end",
        "/// note | The end\n    open: true",
        ["'note' has no option 'open'; it has none"],
    ),
    "a theorem without id": (
        PAGE,
        "    id: LA-101\n",
        "",
        [r"docs/part/toy.md:30: the theorem 'Doubling \$x\$ is linear' has no id"],
    ),
    "a heading with a formula": (PAGE, "# A toy", "# A $y$", [r"docs/part/toy.md:4: a heading has a formula"]),
    "one exercise alone": (
        PAGE,
        "//// exercise | In code\nDouble two.\n\n/// solution\nFour.\n///\n////",
        "",
        ["the chapter has 1 exercises: 2 to 6 are wanted"],
    ),
    "an exercise without solution": (
        PAGE,
        "/// solution\nFour.\n///\n",
        "",
        [r"docs/part/toy.md:\d+: exercise 'In code' has 0 solutions in it: write one"],
    ),
    "a solution outside": (
        PAGE,
        "/// solution\nFour.\n///\n////",
        "////\n\n/// solution\nFour.\n///",
        ["a solution stands in no exercise"],
    ),
    "a set-up that is not folded": (
        PAGE,
        '/// details | Set-up\n```python\n--8<-- "snippets/part/toy.py:setup"\n```\n///',
        '```python\n--8<-- "snippets/part/toy.py:setup"\n```',
        [r"docs/part/toy.md:12: the first listing is not folded"],
    ),
    "a wide listing": (
        PAGE,
        "print([double(1.0), double(2.5)])",
        "print([double(1.0), double(2.5)])" + " " * 60 + "# far",
        [r"docs/part/toy.md:23: shown code is 98 columns wide: wrap it at 88"],
    ),
    "a wide snippet": (
        SNIPPET,
        "return FACTOR * x",
        "return FACTOR * x" + " " * 70 + "# far",
        [r"snippets/part/toy.py:\d+: shown code is 96 columns wide"],
    ),
    "a snippet that draws": (
        SNIPPET,
        "FACTOR = 2",
        "FACTOR = 2\nimport matplotlib.pyplot",
        [r"snippets/part/toy.py:5: a snippet imports 'matplotlib.pyplot'"],
    ),
    "a snippet that imports figures": (
        SNIPPET,
        "FACTOR = 2",
        "from snippets.figures.part.toy import line\nFACTOR = 2",
        [r"snippets/part/toy.py:4: a snippet imports from figures"],
    ),
    "a bare mark": (DRAWN, '@figure(alt="A rising line")', "@figure", ["figure 'line' has no alt text: say what"]),
    "a test that asserts nothing": (
        TEST,
        "    measured([",
        "    print([",
        [r"tests/part/test_toy.py:\d+: 'test_doubling' carries LA-101, LA-01 and asserts nothing"],
    ),
    "a test that asserts a constant": (TEST, "    measured(", "    assert True\n    print(", ["asserts nothing"]),
    "a number that no test expects": (
        TEST,
        '"count": 12345',
        '"coutn": 12345',
        [
            r"docs/part/toy.md:6: no test expects the number 'count': enter it into numbers\(\"part.toy\", …\) in tests/part/test_toy.py; did you mean 'coutn'"
        ],
    ),
    "an output below no code": (
        PAGE,
        "```output",
        "```output\n1\n```\n\n```output",
        [r"docs/part/toy.md:30: an output stands below no code"],
    ),
    "a fence without end": (
        PAGE,
        "[2.0, 5.0]\n```",
        "[2.0, 5.0]",
        [r"docs/part/toy.md:26: a fence of code has no end"],
    ),
    "an output below another language": (
        PAGE,
        "```output",
        "```json\n{}\n```\n\n```output",
        [r"docs/part/toy.md:30: an output stands below no code"],
    ),
    "an output below words": (
        PAGE,
        "```output",
        "```text\n{}\n```\n\n```output",
        [r"docs/part/toy.md:30: an output stands below no code"],
    ),
    "a misspelt output": (
        PAGE,
        "```output",
        "```outputs",
        [r"docs/part/toy.md:26: 'outputs' is no output: write 'output'"],
    ),
    "a tolerance that is none": (
        PAGE,
        "```output",
        "```{.output tolerance=small}",
        [r"docs/part/toy.md:26: tolerance 'small' is no number: write one, or magnitude"],
    ),
    "an unknown kind of evidence": (
        TEST,
        '"LA-01")',
        '"LA-01", by="prooved")',
        [r"tests/part/test_toy.py:\d+: 'test_doubling' gives evidence by 'prooved': write .*did you mean 'proved'"],
    ),
    "no word on networks": (
        PAGE,
        "## Why it matters",
        "## Why",
        [r"docs/part/toy.md:1: the chapter has no section 'Why it matters"],
    ),
    "nothing next": (PAGE, "## What's next", "## The end", ["the chapter has no section 'What's next'"]),
    "an indented head": (PAGE, "/// note", " /// note", ["begins or ends a block: take the spaces"]),
}


@pytest.mark.parametrize(("file", "old", "new", "messages"), FAULTS.values(), ids=FAULTS)
def test_faults_are_caught_by_name(tree, file, old, new, messages):
    said = found(tree, file, old, new)
    for message in messages:
        assert re.search(message, said, re.DOTALL), said


def test_options_that_are_refused_are_read_all_the_same(tree):
    """So the page is not silent about the rest, and no default slips in."""
    tree.edit(PAGE, "    open: false", "  open: true")
    (source,) = [block for block in pages.read("part/toy.md").blocks if block.kind == "source"]
    assert (source.open, source.verdict, source.first) == (True, "false", 46)


def test_a_text_that_looks_like_an_option_is_text(tree):
    tree.edit(PAGE, "By distributivity.", "Hence: by distributivity.\n\n    code: here")
    assert lint.loose_ends() == []


ASIDE = """//// claim | It is so
    id: LA-01

/// source | imprecise
It says otherwise.
///
////
"""


@pytest.fixture
def aside(tree):
    """Give the toy a shorter aside."""
    text = (tree.root / PAGE).read_text()
    start, end = text.index("///// claim"), text.index("//// exercise")
    tree.write(PAGE, text[:start] + ASIDE + "\n" + text[end:])
    return tree


def test_an_aside_gives_its_box_the_verdict(aside):
    assert lint.loose_ends() == []
    box = next(box for box in pages.claims() if box.id == "LA-01")
    assert (box.kind, box.verdict, box.aside.open) == ("claim", "imprecise", False)


ASIDES = {
    "no verdict": (
        "/// source | imprecise",
        "/// source",
        "docs/part/toy.md:43: 'source | ' has no verdict: write false or imprecise",
    ),
    "an unknown verdict": (
        "source | imprecise",
        "source | flase",
        "'source | flase' has no verdict: write .*did you mean 'false'",
    ),
    "two verdicts": (
        "    id: LA-01",
        "    id: LA-01\n    verdict: true",
        "docs/part/toy.md:42: claim 'LA-01' has a 'source', which has the verdict",
    ),
    "outside": ("////\n", "", "'source' stands in no box with an id"),
    "twice": ("////\n", "/// source | false\nAnd this.\n///\n////\n", "'source' stands twice in claim 'LA-01'"),
    "open and damaged": (
        "source | imprecise",
        "source | damaged\n    open: true",
        "what is damaged is not shown in the chapter",
    ),
    "neither open nor closed": (
        "source | imprecise",
        "source | imprecise\n    open: yes",
        "docs/part/toy.md:46: open 'yes' is none: write true or false",
    ),
}


@pytest.mark.parametrize(("old", "new", "message"), ASIDES.values(), ids=ASIDES)
def test_asides_that_are_none_are_refused(aside, old, new, message):
    changed = (
        ASIDE.replace("//// claim | It is so\n    id: LA-01\n\n", "").replace("////\n", "")
        if old == "////\n" and not new
        else ASIDE.replace(old, new)
    )
    aside.edit(PAGE, ASIDE, changed)
    said = "\n".join(lint.loose_ends())
    assert re.search(message, said), said


@pytest.mark.parametrize(("verdict", "shown"), [("damaged", "false"), ("imprecise", "true")])
def test_an_aside_is_open_or_damaged(aside, verdict, shown):
    aside.edit(PAGE, "source | imprecise", f"source | {verdict}\n    open: {shown}")
    assert lint.loose_ends() == []


FOLDED = """///// claim | It is so
    id: LA-01

//// details | More
/// source | imprecise
It says otherwise.
///
////
/////
"""


def test_an_aside_may_stand_in_a_fold_of_its_box(aside):
    aside.edit(PAGE, ASIDE, FOLDED)
    assert lint.loose_ends() == []
    assert next(box for box in pages.claims() if box.id == "LA-01").verdict == "imprecise"


def test_a_solution_may_stand_in_the_exercise_behind_another_block_and_only_once(aside):
    """A solution in another block of an exercise is none of the exercise's own."""
    aside.edit(PAGE, "/// solution\nTwo.\n///", "/// details | More\n///\n\n/// solution\nTwo.\n///")
    assert lint.loose_ends() == []
    aside.edit(PAGE, "/// solution\nFour.\n///", "/// solution\nFour.\n///\n\n/// solution\nFive.\n///")
    assert [line.partition(": ")[2] for line in lint.loose_ends()] == [
        "exercise 'In code' has 2 solutions in it: write one"
    ]


def test_two_mistakes_may_stand_open(aside):
    boxes = [ASIDE.replace("LA-01", f"LA-0{n}").replace("imprecise", "false\n    open: true") for n in (1, 2, 3)]
    aside.edit(PAGE, ASIDE, "\n".join(boxes))
    said = [line for line in lint.loose_ends() if "stand open" in line]
    assert said == ["docs/part/toy.md:63: 2 mistakes stand open on this page already: leave out 'open: true'"]


def test_a_later_chapter_is_not_imported(tree):
    for name in ("docs/part/next.md", "snippets/part/next.py", "tests/part/test_next.py"):
        tree.write(name, '"""Next."""\n' if name.endswith("py") else "# Next\n")
    tree.edit("mkdocs.yml", "nav: [part/toy.md", "nav: [part/toy.md, part/next.md")
    said = found(tree, SNIPPET, "FACTOR = 2", "FACTOR = 2\nfrom snippets.part import next")
    assert "snippets/part/toy.py:5: 'part.toy' imports 'part.next', a later chapter" in said
    tree.edit(SNIPPET, "\nfrom snippets.part import next", "")
    tree.write("snippets/part/next.py", "from snippets.part.toy import double\n")
    assert "later chapter" not in "\n".join(lint.loose_ends())
    tree.edit(SNIPPET, "FACTOR = 2", "import math\nimport snippets.part.next\nFACTOR = 2")  # whatever it imports before
    assert "snippets/part/toy.py:5: 'part.toy' imports 'part.next', a later chapter" in "\n".join(lint.loose_ends())


def test_figures_import_from_figures_but_not_from_a_later_chapter(tree):
    for name in ("docs/part/next.md", "snippets/part/next.py", "tests/part/test_next.py"):
        tree.write(name, '"""Next."""\n' if name.endswith("py") else "# Next\n")
    tree.edit("mkdocs.yml", "nav: [part/toy.md", "nav: [part/toy.md, part/next.md")
    tree.edit(
        DRAWN,
        "from snippets.part.toy",
        "import snippets.figures.part.toy\nfrom snippets.part.next import x\nfrom snippets.part.toy",
    )
    assert [line for line in lint.loose_ends() if "import" in line] == [
        "snippets/figures/part/toy.py:7: 'part.toy' imports 'part.next', a later chapter: move what both use there"
    ]


@pytest.mark.parametrize(("columns", "fits"), [(88, True), (89, False)])
def test_code_may_fill_its_column(tree, columns, fits):
    """The first and the last line of a region count, too."""
    for file, line in (
        (PAGE, "print([double(1.0), double(2.5)])"),
        (SNIPPET, "def double(x: float) -> float:"),
        (SNIPPET, '    """Double x."""'),
        (SNIPPET, "    return FACTOR * x"),
    ):
        tree.edit(file, line, f"{line}  # ".ljust(columns, "#"))
    wide = ["snippets/part/toy.py:9", "snippets/part/toy.py:10", "snippets/part/toy.py:11", "docs/part/toy.md:23"]
    said = [f"{where}: shown code is {columns} columns wide: wrap it at 88" for where in wide]
    assert lint.unfinished() == ([] if fits else said)


def test_a_whole_file_that_is_shown_fits_its_column(tree):
    tree.write("snippets/part/wide.py", "x = 1" + " " * 90 + "#\ny = 2\nz = 3" + " " * 90 + "#\n")
    tree.edit(
        PAGE,
        '--8<-- "snippets/part/toy.py:double"',
        '--8<-- "snippets/part/toy.py:double"\n--8<-- "snippets/part/wide.py"',
    )
    assert [line.partition(": ")[0] for line in lint.unfinished()] == [
        "snippets/part/wide.py:1",
        "snippets/part/wide.py:3",
    ]


@pytest.mark.parametrize(("count", "fits"), [(0, False), (1, False), (2, True), (6, True), (7, False)])
def test_a_chapter_has_two_to_six_exercises(tree, count, fits):
    text = (tree.root / PAGE).read_text()
    start, end = text.index("//// exercise"), text.index("/// note")
    one = "//// exercise | Again\nDo.\n\n/// solution\nDone.\n///\n////\n\n"
    tree.write(PAGE, text[:start] + count * one + text[end:])
    first = text[:start].count("\n") + 1 if count else 4
    said = f"docs/part/toy.md:{first}: the chapter has {count} exercises: 2 to 6 are wanted"
    assert lint.loose_ends() == ([] if fits else [said])


def test_each_part_that_a_chapter_lacks_is_named(tree):
    tree.write(PAGE, "# A toy\n\n## Why this matters\n\n## What’s next\n")
    said = [line for line in lint.loose_ends() if line.startswith("docs/part/toy.md")]
    assert said == [
        "docs/part/toy.md:1: the chapter has 0 exercises: 2 to 6 are wanted",
        "docs/part/toy.md:1: the chapter has no figure: every chapter has one",
        "docs/part/toy.md:1: the chapter has no code: every chapter has one",
    ]


@pytest.mark.parametrize("body", ["assert True", "print(x)", "inner(1)", "test_doubling(1)", "one(1)"])
def test_what_counts_as_no_assertion(tree, body):
    """A constant, a call of what asserts nothing, or of itself, however long the round."""
    text = (tree.root / TEST).read_text()
    head = text[: text.index("    measured([")]
    others = ("inner(x):\n    print(x)", "one(x):\n    two(x)", "two(x):\n    one(x)")
    tree.write(TEST, f"{head}    {body}\n" + "".join(f"\n\ndef {other}\n" for other in others))
    assert ["asserts nothing" in line for line in lint.loose_ends()] == [True]


def test_a_file_that_belongs_to_no_chapter_is_named(tree):
    tree.write("tests/part/test_tow.py", "")
    tree.write("snippets/figures/part/tou.py", "@figure(alt='a')\ndef f(): pass\n")
    tree.edit("mkdocs.yml", "nav: [part/toy.md", "nav: [part/toy.md, part/bare.md")
    tree.write("docs/part/bare.md", "# Bare\n")
    said = "\n".join(lint.loose_ends())
    assert "tests/part/test_tow.py:1: no chapter and no module has this name; did you mean 'part.toy'" in said
    assert "snippets/figures/part/tou.py:1: no chapter has this name, and no page shows what it draws" in said
    assert "docs/part/bare.md:1: the chapter has no snippets/part/bare.py" in said
    assert "docs/part/bare.md:1: the chapter has no tests/part/test_bare.py" in said


def test_a_test_may_stand_beside_a_module_without_a_page_and_anywhere_outside_of_the_parts(tree):
    tree.write("snippets/part/helper.py", "")
    tree.edit(SNIPPET, "FACTOR = 2", "import snippets.part.helper\nFACTOR = 2")
    for name in ("part/test_helper", "other/test_free", "test_top"):
        tree.write(f"tests/{name}.py", "")
    assert lint.loose_ends() == []


def test_a_page_outside_the_nav_keeps_what_it_shows_from_being_superfluous(tree):
    """A book of one part out of several is whole; what no page at all shows, or claims, is named still."""
    tree.edit(SNIPPET, "FACTOR = 2", "FACTOR = 2\n\n# --8<-- [start:more]\nMORE = 3\n# --8<-- [end:more]")
    tree.edit(DRAWN, "@figure", '@figure(alt="another line")\ndef other():\n    return None\n\n\n@figure')
    tree.edit(TEST, '"LA-101", ', '"LA-101", "LA-202", ')
    superfluous = [
        "snippets/part/toy.py:6: no page shows region 'more': embed it or take its markers out",
        "tests/part/test_toy.py:13: 'test_doubling' names claim 'LA-202', which no page makes; did you mean 'LA-01'?",
        "snippets/figures/part/toy.py:10: no page shows figure 'other': show it or delete it",
    ]
    assert lint.loose_ends() == superfluous
    text = "# Elsewhere\n\n/// claim | More\n    id: LA-202\n///\n\n/// figure | part.toy:other\n///\n"
    tree.write("docs/elsewhere/next.md", f'{text}\n--8<-- "snippets/part/toy.py:more"\n')
    assert lint.loose_ends() == []
    tree.edit("docs/elsewhere/next.md", "toy.py:more", "toy.py:mode")
    assert lint.loose_ends() == superfluous[:1]


def test_listings_are_those_in_python(tree):
    """What other fences hold is neither folded nor wrapped."""
    for language in ("json", "text"):
        tree.edit(PAGE, "/// details | Set-up", f"```{language}\n{'x' * 99}\n```\n\n/// details | Set-up")
    assert lint.loose_ends() + lint.unfinished() == []


def test_a_figure_is_looked_for_among_those_of_its_module(tree):
    for name in ("tox", "toz"):
        tree.write(f"snippets/figures/part/{name}.py", f"@figure(alt='a')\ndef lines_{name}(): pass\n")
        tree.edit(PAGE, "/// note", f"/// figure | part.{name}:lines_{name}\n///\n\n/// note")
    tree.edit(PAGE, "figure | line\n", "figure | lines_to\n")
    said = [line for line in lint.loose_ends() if "lines_to'" in line]
    assert said == [
        "docs/part/toy.md:8: snippets.figures.part.toy draws no figure 'lines_to'; did you mean 'line'?",
    ]


def test_a_command_may_draw(tree):
    for name in ("__init__", "__main__", "drawings"):
        tree.write(f"snippets/part/command/{name}.py", "import matplotlib\n")
    assert lint.loose_ends() == []


@pytest.mark.parametrize(
    "body",
    [
        "assert x",
        "with pytest.raises(ValueError): f()",
        "torch.testing.assert_close(a, b)",
        "measured.exact(1, 1)",
        "helper(measured)",
        "inner(1)",
    ],
)
def test_what_counts_as_an_assertion(tree, body):
    text = (tree.root / TEST).read_text()
    head = text[: text.index("    measured([")]
    tree.write(TEST, f"{head}    {body}\n\n\ndef inner(x):\n    assert x\n")
    assert lint.loose_ends() == []


VALUES = {"part.toy": {"two": 2.0, "count": 12345, "word": "yes"}, "book": {"claims": 2}}


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        (
            "{{ count }}",
            "{{ cuont }}",
            "docs/part/toy.md:6: no number 'cuont' in the results of part.toy; did you mean 'count'?",
        ),
        (
            "{{ count }}",
            "{{ part.tov/count }}",
            "docs/part/toy.md:6: no results of 'part.tov'; did you mean 'part.toy'?",
        ),
        (
            "{{ count }}",
            "{{ count | .3g% }}",
            "docs/part/toy.md:6: format '.3g%' does not fit count = 12345: write one of Python's, as '.3f', or sci, tex, up, up tex",
        ),
        ("{{ count }}", "{{ word | .3f }}", "docs/part/toy.md:6: format '.3f' does not fit word = 'yes'"),
        ("{{ count }}", "{{ word | sci }}", "docs/part/toy.md:6: format 'sci' does not fit word = 'yes'"),
    ],
)
def test_numbers_are_there_and_their_formats_fit(tree, old, new, message):
    known = Catalogue(values=VALUES)
    assert lint.numbers(known) == []
    tree.edit(PAGE, old, new)
    assert message in "\n".join(lint.numbers(known))


def test_a_page_whose_figures_compute_nothing_is_told_so(tree):
    said = "\n".join(lint.numbers(Catalogue(values={"book": {}})))
    assert (
        "docs/part/toy.md:6: snippets/figures/part/toy.py computes no numbers: add an @results function that returns 'two'"
        in said
    )


@pytest.mark.parametrize(
    ("value", "spec", "shown"),
    [
        (2.49e-15, "up", "3 × 10⁻¹⁵"),
        (2e-15, "up", "2 × 10⁻¹⁵"),
        (9.5e-3, "up tex", r"1 \times 10^{-2}"),
        (0.0, "up", "0 × 10⁰"),
        (-1.25, ".1f", "−1.2"),
        (-3e-7, "sci", "−3.0 × 10⁻⁷"),
        (-12345, None, "−12,345"),
    ],
)
def test_bounds_are_rounded_up_and_minus_is_no_hyphen(value, spec, shown):
    assert show(value, spec) == shown
