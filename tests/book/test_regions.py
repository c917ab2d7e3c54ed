"""Regions of the snippets: where they begin and end, what is embedded, and what is wrong with a marker."""

import pytest

from book import pages, regions

CODE = """a = 0
# --8<-- [start:outer]
def f():
    # --8<-- [start:inner]
    x = 1

    return x
    # --8<-- [end:inner]


b = 2
# --8<-- [end:outer]
"""
FAULTS = """# --8<-- [start:one]
# --8<-- [end:two]
# --8<-- [start:one]
# --8<-- [start:open]
# --8<-- [end:one]
# --8<-- [start:one]
#--8<-- [start:near]
x = 1
# 8< - [end:near]
# --8<-- [start:last]
# --8<-- [end:last]
"""


@pytest.fixture
def code(tree):
    tree.write("snippets/part/code.py", CODE)
    return tree.root / "snippets/part/code.py"


def test_regions_are_the_lines_between_their_markers(code):
    assert regions.regions(code) == ({"inner": (5, 7), "outer": (3, 11)}, [])
    assert regions.region_text("snippets/part/code.py", "inner") == "x = 1\n\nreturn x"
    assert regions.region_text("snippets/part/code.py", "outer") == "def f():\n    x = 1\n\n    return x\n\n\nb = 2"
    assert regions.region_text("snippets/part/code.py", None).splitlines()[:2] == ["a = 0", "def f():"]


def test_every_marker_that_does_not_fit_is_named_by_its_line(tree):
    tree.write("snippets/part/faults.py", FAULTS)
    found, problems = regions.regions(tree.root / "snippets/part/faults.py")
    where = "snippets/part/faults.py"
    assert found == {"one": (2, 4), "last": (11, 10)}
    assert problems == [
        f"{where}:2: region 'two' ends but never starts",
        f"{where}:3: region 'one' stands twice in this file: rename one",
        f"{where}:6: region 'one' stands twice in this file: rename one",
        f"{where}:7: a region marker reads '# --8<-- [start:name]', not '#--8<-- [start:near]'",
        f"{where}:9: a region marker reads '# --8<-- [start:name]', not '# 8< - [end:near]'",
        f"{where}:4: region 'open' has no end: add '# --8<-- [end:open]'",
    ]


@pytest.mark.parametrize(
    ("file", "name", "said"),
    [
        ("snippets/part/code.py", "inner", None),
        ("snippets/part/code.py", None, None),
        ("snippets/part/code.py", "iner", "'snippets/part/code.py' has no region 'iner'; did you mean 'inner'?"),
        ("snippets/part/coed.py", None, "there is no file 'snippets/part/coed.py'; did you mean 'snippets/part/code.py'?"),
        ("snippets/part", None, "there is no file 'snippets/part'; did you mean 'snippets/part/toy.py'?"),
    ],
)  # fmt: skip
def test_what_cannot_be_embedded_says_why(code, file, name, said):
    assert regions.problem_with(file, name) == said


def test_a_region_with_a_broken_marker_says_which(tree):
    tree.write("snippets/part/faults.py", FAULTS)
    assert regions.problem_with("snippets/part/faults.py", "open").endswith(
        "region 'open' has no end: add '# --8<-- [end:open]'"
    )
    assert regions.problem_with("snippets/part/faults.py", "one") is None
    tree.write("snippets/part/faults.py", "# --8<-- [end:odd]\n# --8<-- [start:odd]\n")
    assert regions.problem_with("snippets/part/faults.py", "odd").endswith("1: region 'odd' ends but never starts")


def test_regions_stand_in_the_place_of_the_lines_that_name_them(code):
    text = '- a\n\n  --8<-- "snippets/part/code.py:inner"\n\n--8<-- "snippets/part/code.py:none"\n--8<-- "no.py"\nend'
    assert regions.expand(text) == (
        '- a\n\n  x = 1\n\n  return x\n\n--8<-- "snippets/part/code.py:none"\n--8<-- "no.py"\nend\n'
    )


def test_embeddings_are_found_with_their_places(tree):
    (page,) = [page for page in pages.written() if page.name == "part/toy.md"]
    found = [(where, embed["file"], embed["name"]) for where, embed in regions.embeddings([page])]
    lines = (tree.root / "docs/part/toy.md").read_text().splitlines()
    first, second = [number for number, line in enumerate(lines, start=1) if "--8<--" in line]
    assert found == [
        (f"docs/part/toy.md:{first}", "snippets/part/toy.py", "setup"),
        (f"docs/part/toy.md:{second}", "snippets/part/toy.py", "double"),
    ]
    assert list(regions.embeddings([])) == []
    tree.edit("mkdocs.yml", "nav: [part/toy.md", "nav: [part/absent.md, part/toy.txt, part/toy.md")
    tree.write("docs/part/toy.txt", '--8<-- "snippets/part/toy.py:setup"\n')
    assert len(list(regions.embeddings(map(pages.read, pages.names())))) == 2
    assert len(list(regions.embeddings(pages.written()))) == 2
