"""Where things are, in what order chapters come, and how files are written."""

import os

import pytest

from book import project

NAV = """
site_name: S
nav:
  - Home: index.md
  - One: [one/index.md, one/a-b.md, {Inner: [one/c.md]}, https://example.org]
  - reference/last.md
extra: !ENV [X, y]
"""


def test_pages_and_modules_have_their_places(tree):
    assert project.module_of("part-one/a-chapter.md") == "part_one.a_chapter"
    assert project.module_path("part_one.a_chapter") == tree.root / "snippets/part_one/a_chapter.py"
    assert project.figures_path("part_one.a_chapter") == tree.root / "snippets/figures/part_one/a_chapter.py"
    assert project.tests_path("part_one.deep.a_chapter") == tree.root / "tests/part_one/deep/test_a_chapter.py"


def test_the_nav_is_read_leaf_by_leaf_and_parts_are_its_lists(tree):
    tree.write("mkdocs.yml", NAV)
    tree.write("snippets/one/a_b.py", "")
    tree.write("snippets/one/d.py", "")
    assert project.settings() == {
        "site_name": "S",
        "nav": [
            {"Home": "index.md"},
            {"One": ["one/index.md", "one/a-b.md", {"Inner": ["one/c.md"]}, "https://example.org"]},
            "reference/last.md",
        ],
        "extra": None,
    }
    assert project.nav() == [
        "index.md", "one/index.md", "one/a-b.md", "one/c.md", "https://example.org", "reference/last.md",
    ]  # fmt: skip
    assert project.chapters() == ["one/a-b.md"]
    pages = ("one/a-b.md", "one/c.md", "index.md", "reference/last.md", "absent.md")
    assert [project.part_of(page) for page in pages] == ["One", "One", "", "", ""]


def test_what_is_no_page_is_no_chapter(tree):
    tree.write("mkdocs.yml", NAV.replace("https://example.org", "one/program.py"))
    tree.write("snippets/one/program/py.py", "")  # where the module of `one/program.py` would be
    assert project.chapters() == []


def test_the_nearest_name_is_offered_where_one_is_close():
    assert project.nearest("doubel", ["halve", "double"]) == "; did you mean 'double'?"
    assert project.nearest("doubel", []) == ""
    assert project.nearest("abcde", ["abxyz"]) == "; did you mean 'abxyz'?"  # 4 of 10 letters
    assert project.nearest("abcdef", ["abwxyz"]) == ""  # 4 of 12


def test_a_file_is_written_whole_into_a_folder_that_need_not_be_there(tmp_path):
    path = tmp_path / "a" / "b" / "c.txt"
    project.write_atomically(path, "π")
    assert path.read_text() == "π"
    project.write_atomically(path, b"\xff")
    assert path.read_bytes() == b"\xff"
    assert list(path.parent.iterdir()) == [path]


def test_nothing_is_left_of_a_file_that_could_not_be_written(tmp_path, monkeypatch):
    def fails(source, target):
        raise OSError("full")

    monkeypatch.setattr(os, "replace", fails)
    with pytest.raises(OSError, match="full"):
        project.write_atomically(tmp_path / "x", "1")
    assert list(tmp_path.iterdir()) == []


def test_a_file_is_left_alone_if_it_has_the_content(tmp_path):
    path = tmp_path / "a" / "b.txt"
    project.write_changed(path, "1")
    os.utime(path, (1, 1))
    project.write_changed(path, b"1")
    assert path.stat().st_mtime == 1
    project.write_changed(path, "2")
    assert (path.read_text(), path.stat().st_mtime > 1) == ("2", True)
