"""Pages as they are read: fences, blocks with their options, what stands in what, numbers, citations and names."""

import pytest

from book import pages

FENCED = """a
```python
b
```
c
~~~~ text
```
~~~
x
~~~~~
d
  ````
e
```` no end
f
  `````
g
"""


def test_what_is_in_a_fence_is_told_from_the_text():
    """A fence ends with one that is as long or longer and says nothing."""
    assert [(number, line) for number, line in pages.unfenced(FENCED.splitlines())] == [
        (1, "a"), (5, "c"), (11, "d"), (17, "g"),
    ]  # fmt: skip
    found = list(pages.fences(FENCED.splitlines()))
    assert [(fence.line, fence.info, fence.body, fence.last, fence.closed) for fence in found] == [
        (2, "python", ["b"], 4, True),
        (6, "text", ["```", "~~~", "x"], 10, True),
        (12, "", ["e", "```` no end", "f"], 16, True),
    ]
    assert found[1].code == "```\n~~~\nx\n"
    (endless,) = pages.fences(["```", "never ends"])
    assert (endless.last, endless.closed) == (2, False)


BLOCKS = """# T

//// theorem | A title
    id: LA-7
    verdict: true

Words {{ a }} and {{ b/c | .2f }} [@key-1].

/// details | More

///// figure | f
///// proof | P
/////
/////
///

/// source | FALSE
    open: true

It says [@two].
///
////

```text
{{ none }} [@none]
/// note
```
/// note
///
"""


def test_blocks_stand_in_each_other_and_have_their_lines(tree):
    page = pages.parse("part/x.md", BLOCKS, offset=5)
    found = [(box.kind, box.title, box.line, box.first, box.last) for box in page.blocks]
    assert found == [
        ("theorem", "A title", 3, 6, 22),
        ("details", "More", 9, 10, 15),
        ("figure", "f", 11, 12, 14),
        ("proof", "P", 12, 13, 13),
        ("source", "FALSE", 17, 19, 21),
        ("note", "", 28, 29, 29),
    ]
    theorem, details, figure, proof, source, note = page.blocks
    assert [box.around for box in page.blocks] == [None, theorem, details, figure, theorem, None]
    assert theorem.aside is source
    assert (proof.holder(), figure.holder(), note.holder()) == (theorem, theorem, None)
    assert (theorem.id, theorem.verdict, theorem.open, source.open, source.verdict) == (
        "LA-7",
        "false",
        False,
        True,
        "false",
    )
    assert page.figures == [(11, "f")]
    assert [(line, match["module"], match["name"], match["format"]) for line, match in page.values] == [
        (7, None, "a", None), (7, "b", "c", ".2f"),
    ]  # fmt: skip
    assert page.citations == [(7, "key-1"), (20, "two")]
    assert page.taken == {4, 5, 18}
    assert page.bare.splitlines()[:4] == ["# T", "", "//// theorem | A title", ""]
    assert list(page.around(13)) == [theorem, details, figure]
    assert list(page.around(3)) == list(page.around(22)) == []
    assert list(page.around(4)) == list(page.around(7)) == [theorem]
    assert (page.where(3), page.name) == ("docs/part/x.md:8", "part/x.md")
    assert page.problems == [
        (11, "'figure' stands in 'details' and needs fewer slashes than it"),
        (12, "'proof' stands in 'figure' and needs fewer slashes than it"),
    ]


@pytest.mark.parametrize(
    ("options", "read", "first", "problems"),
    [
        ("    id: LA-1\n\nText", {"id": "LA-1"}, 3, []),
        ("    id:  LA-1  \nText", {"id": "LA-1"}, 3, []),
        ("Text: more", {}, 2, []),
        ("\n    id: LA-1", {}, 2, []),
        ("    id: LA-1\n    id: LA-2", {"id": "LA-1"}, 4, ["option 'id' stands twice: keep one"]),
        ("    other: 1", {}, 3, ["'claim' has no option 'other'; it knows id, verdict, proof"]),
        ("    idd: LA-1", {}, 3, ["'claim' has no option 'idd'; did you mean 'id'?"]),
        ("id: LA-1", {"id": "LA-1"}, 3, ["option 'id' is to be indented by four spaces, under the head of 'claim'"]),
        ("  id: LA-1", {"id": "LA-1"}, 3, ["option 'id' is to be indented by four spaces, under the head of 'claim'"]),
        (
            "     id: LA-1",
            {"id": "LA-1"},
            3,
            ["option 'id' is to be indented by four spaces, under the head of 'claim'"],
        ),
        ("    some words", {}, 3, ["'some words' is no option 'key: value': leave a line empty before text"]),
        ("\tsome words", {}, 3, ["'some words' is no option 'key: value': leave a line empty before text"]),
        ("    id:", {"id": ""}, 3, None),
    ],
)
def test_options_are_read_up_to_the_first_line_that_is_none(options, read, first, problems):
    page = pages.parse("x.md", f"/// claim | C\n{options}\n///\n", offset=0)
    (box,) = page.blocks
    assert (box.options, box.first) == (read, first)
    said = [problem for _, problem in page.problems]
    assert said == problems if problems is not None else said[0].startswith("id '' is none: write two capital letters")
    assert all(2 <= line <= 3 for line, _ in page.problems)


@pytest.mark.parametrize(
    ("text", "problems"),
    [
        ("/// note\n////\n", [(2, "'////' closes no box: count the slashes")]),
        ("///\n", [(1, "'///' closes no box: count the slashes")]),
        ("/// note\nText\n", [(1, "box 'note' has no end")]),
        ("/// details\n///\n", []),
        (" /// note\n", [(1, "'/// note' begins or ends a block: take the spaces before it away")]),
        ("    /// note\n", []),
        ("/// nota\n///\n", [(1, "there is no box 'nota'; did you mean 'note'?")]),
        ("//// note\n/// details\n///\n////\n", []),
        ("//// note\n///\n", [(2, "'///' closes no box: count the slashes")]),
        (
            "///// exercise\n//// note\n//// proof\n////\n////\n/////\n",
            [(3, "'proof' stands in 'note' and needs fewer slashes than it")],
        ),
    ],
)
def test_heads_and_ends_that_do_not_fit_are_named(text, problems):
    assert pages.parse("x.md", text, offset=0).problems == problems


def test_no_other_block_of_a_box_is_its_aside():
    parts = ("/// details\n///\n", "/// source | false\n///\n", "/// truth\n///\n")
    box, *_ = pages.parse("x.md", "//// claim | C\n    id: LA-1\n\n" + "\n".join(parts) + "////\n", 0).blocks
    assert box.aside.kind == "source"


def test_pages_are_the_files_of_the_nav_that_are_there(tree):
    assert pages.names() == ["part/toy.md", "reference/bibliography.md", "reference/claims.md", "reference/errata.md"]
    tree.edit("mkdocs.yml", "nav: [part/toy.md", "nav: [part/absent.md, part/toy.txt, part/toy.md")
    tree.write("docs/part/toy.txt", "")
    assert pages.names()[0] == "part/toy.md"


def test_lines_are_counted_from_the_top_of_the_file(tree):
    front = (tree.root / "docs/part/toy.md").read_text().partition("# A toy")[0].count("\n")
    text = pages.read("part/toy.md").text
    assert pages.read("part/toy.md").offset == pages.parse("part/toy.md", text).offset == front == 3
    assert pages.parse("part/toy.md", text, offset=1).offset == 1
    assert pages.parse("part/none.md", text).offset == 0


def test_targets_are_of_the_pages_own_module_if_they_name_none(tree):
    (_, count), *_ = pages.parse("x.md", "{{ n }}", 0).values
    (_, other), *_ = pages.parse("x.md", "{{ a.b/n }}", 0).values
    assert pages.value_target("part/a-b.md", count) == ("part.a_b", "n")
    assert pages.value_target("part/a-b.md", other) == ("a.b", "n")
    assert pages.figure_target("part/a-b.md", "f") == ("part.a_b", "f")
    assert pages.figure_target("part/a-b.md", "c.d:f") == ("c.d", "f")


def test_the_bibliography_has_a_label_for_each_key(tree):
    tree.write(
        "docs/reference/bibliography.md",
        "# Bibliography {#top}\n\n**One 1999** A title.\n{ #one }\n\nUnbold, after it.\n{ #two .x }\n\n**Three** Short. {: #three }\n",
    )
    assert pages.bibliography() == {"one": "One 1999", "two": "One 1999", "three": "Three"}
    tree.write("docs/reference/bibliography.md", "Nobody.\n{ #none }\n")
    assert pages.bibliography() == {"none": "none"}


@pytest.mark.parametrize(
    ("id", "verdict"),
    [("LA-101", "own"), ("LA-100", "true"), ("LA-99b", "true"), ("BR-01", "own"), ("LA-1000", "own"), (None, "own")],
)
def test_a_claim_above_100_is_the_books_own(id, verdict):
    option = f"    id: {id}\n" if id else ""
    (box,) = pages.parse("x.md", f"/// claim | C\n{option}\nText.\n///\n", 0).blocks
    assert (box.id, box.verdict) == (id, verdict)
