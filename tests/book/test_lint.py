"""What is refused before anything is made: each fault by file, line, name and remedy."""

import re

import pytest

from book import lint, pages


def found(tree, file, old, new):
    """Plant a fault and return what the build would say."""
    tree.edit(file, old, new)
    return "\n".join(lint.loose_ends())


def test_the_small_book_has_no_loose_end(tree):
    assert lint.loose_ends() == []


PAGE, SNIPPET, DRAWN, TEST = "docs/part/toy.md", "snippets/part/toy.py", "snippets/figures/part/toy.py", "tests/part/test_toy.py"

FAULTS = {
    "an end marker": (SNIPPET, "# --8<-- [end:double]", "", [r"snippets/part/toy.py:\d+: region 'double' has no end"]),
    "a claim's id on the page": (
        PAGE,
        "id: LA-101",
        "id: LA-111",
        [r"docs/part/toy.md:28: claim 'LA-111' has no test.*did you mean 'LA-101'", "names claim 'LA-101', which no page makes"],
    ),
    "a claim's id on a test": (TEST, '"LA-101"', '"LA-102"', ["claim 'LA-101' has no test"]),
    "an id twice": (PAGE, "id: LA-01\n", "id: LA-101\n", [r"docs/part/toy.md:40: claim 'LA-101' is made twice, first on docs/part/toy.md:28"]),
    "a region that no page shows": (PAGE, ':double"', ':setup"', [r"snippets/part/toy.py:\d+: no page shows region 'double'"]),
    "a region twice": (SNIPPET, "start:double", "start:setup", ["region 'setup' stands twice", "never starts"]),
    "a misspelt marker": (SNIPPET, "# --8<-- [end:double]", "#--8<--[end:double]", ["a region marker reads"]),
    "an unknown figure": (PAGE, "figure | line", "figure | lines", [r"docs/part/toy.md:8: .*did you mean 'line'"]),
    "a figure that no page shows": (PAGE, "/// figure | line\nThe line $y=2x$.\n///", "", [rf"{DRAWN}:\d+: no page shows figure 'line'"]),
    "a figure without alt text": (DRAWN, '@figure(alt="A rising line")', '@figure(alt="")', [rf"{DRAWN}:\d+: figure 'line' has no alt text"]),
    "a figure without the word alt": (DRAWN, '@figure(alt="A rising line")', "@figure()", ["has no alt text"]),
    "a number with a slip in it": (PAGE, "{{ count }}", "{{ count | d}}", [r"docs/part/toy.md:6: '{{ count | d}}' asks for no number"]),
    "an unknown citation": (PAGE, "[@somebody]", "[@sombody]", [r"docs/part/toy.md:6: no entry 'sombody'.*'somebody'"]),
    "an unknown box": (PAGE, "/// theorem", "/// theorm", ["there is no box 'theorm'; did you mean 'theorem'"]),
    "a box without end": (PAGE, "///\n////", "////", ["closes no box"]),
    "a box that swallows the rest": (PAGE, "It is linear.\n///\n////", "It is linear.", ["box 'truth' has no end"]),
    "a box in a box of its own size": (PAGE, "//// erratum", "/// erratum", ["needs fewer slashes"]),
    "an erratum without truth": (PAGE, "/// truth", "/// says", ["lacks its part 'truth'"]),
    "an erratum without verdict": (PAGE, "    verdict: false\n", "", [r"docs/part/toy.md:40: the erratum lacks 'verdict: false"]),
    "an option indented by two": (PAGE, "    verdict: false", "  verdict: false", [r"docs/part/toy.md:42: option 'verdict' is to be indented by four"]),
    "an option at the margin": (PAGE, "    id: LA-101", "id: LA-101", [r"docs/part/toy.md:29: option 'id' is to be indented by four"]),
    "an option indented by a tab": (PAGE, "    id: LA-101", "\tid: LA-101", ["option 'id' is to be indented by four"]),
    "an option misspelt": (PAGE, "    verdict:", "    verdikt:", [r"docs/part/toy.md:42: 'erratum' has no option 'verdikt'; did you mean 'verdict'"]),
    "an id misspelt": (PAGE, "    id: LA-101", "    ids: LA-101", [r"docs/part/toy.md:29: 'theorem' has no option 'ids'; did you mean 'id'"]),
    "an unknown verdict": (PAGE, "verdict: false", "verdict: flase", [r"docs/part/toy.md:42: verdict 'flase' is none: write true or.*'false'"]),
    "an id that is none": (PAGE, "id: LA-101", "id: la 101", ["id 'la 101' is none: write two capital letters"]),
    "an option twice": (PAGE, "    id: LA-101", "    id: LA-101\n    id: LA-101", [r"docs/part/toy.md:30: option 'id' stands twice"]),
    "text where options stand": (PAGE, "    id: LA-101", "    some words", [r"docs/part/toy.md:29: 'some words' is no option"]),
    "an option of a block that has none": (PAGE, "/// note | The end", "/// note | The end\n    open: true", ["'note' has no option 'open'; it has none"]),
    "an indented head": (PAGE, "/// note", " /// note", ["begins or ends a block: take the spaces"]),
}


@pytest.mark.parametrize(("file", "old", "new", "messages"), FAULTS.values(), ids=FAULTS)
def test_faults_are_caught_by_name(tree, file, old, new, messages):
    said = found(tree, file, old, new)
    for message in messages:
        assert re.search(message, said, re.DOTALL), said


def test_options_that_are_refused_are_read_all_the_same(tree):
    """So the page is not silent about the rest, and no default slips in."""
    tree.edit(PAGE, "    verdict: false", "  verdict: false")
    (erratum,) = [box for box in pages.read("part/toy.md").boxes if box.kind == "erratum"]
    assert (erratum.id, erratum.verdict, erratum.first) == ("LA-01", "false", 40)


def test_a_text_that_looks_like_an_option_is_text(tree):
    tree.edit(PAGE, "By distributivity.", "Hence: by distributivity.\n\n    code: here")
    assert lint.loose_ends() == []
