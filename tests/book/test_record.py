"""The record of what was made: what counts as made, what as touched, and what is dropped."""

import json

import pytest

from book import project, record


def test_the_last_entry_of_a_key_counts_and_damaged_ones_do_not(tree):
    assert record.entries() == {}
    record.note("a", "1", x=1)
    record.note("b", "2")
    record.note("a", "3", x=2)
    with record.file().open("ab") as file:
        file.write(b'{"key": "c", "digest": 1}\n{"key": 2, "digest": "4"}\n["key"]\n{"key": "d"}\n{"key": "b", "dig')
    record.note("e", "5")
    assert record.file() == tree.root / ".book" / "record.jsonl"
    assert record.entries() == {
        "a": {"key": "a", "digest": "3", "x": 2},
        "b": {"key": "b", "digest": "2"},
        "e": {"key": "e", "digest": "5"},
    }


def test_what_was_measured_first_with_the_same_code_counts(tree):
    """Two processes may run it at once, and differ by rounding; a failure between, or other code, makes it count anew."""
    counted = []
    for digest, made in (("1", {"error": 9e-16}), ("1", {"error": 5e-16}), ("", {"message": "no"}), ("", {"message": "not"}),
                         ("1", {"error": 4e-16}), ("1", {"error": None}), ("2", {"error": None}), ("2", {"files": {}}), ("2", {"files": {"a": "b"}})):  # fmt: skip
        record.note("a", digest, **made)
        counted.append({key: value for key, value in record.entries()["a"].items() if key not in ("key", "digest")})
    first, again = {"error": 9e-16}, {"error": 4e-16}
    failed, new = [{"message": "no"}, {"message": "not"}], {"error": None}
    assert counted == [first, first, *failed, again, again, new, {"files": {}}, {"files": {"a": "b"}}]


@pytest.mark.parametrize(("notes", "dropped"), [(1004, False), (1005, True)])
def test_old_entries_are_dropped_when_there_are_many(tree, notes, dropped):
    """One entry counts, so there may be 1000 lines more than four."""
    line = json.dumps({"key": "a", "digest": "1"}) + "\n"
    project.write_atomically(record.file(), line * notes)
    record.shorten()
    assert list(record.entries()) == ["a"]
    assert len(record.file().read_text().splitlines()) == (1 if dropped else notes)


def test_hashes_tell_where_a_text_ends():
    texts = [("ab", "c"), ("a", "bc"), ("abc",), ("abc", ""), (b"ab", b"d")]
    assert len({record.hash_of(*parts) for parts in texts}) == len(texts)
    assert record.hash_of("π") == record.hash_of("π".encode())
    assert len(record.hash_of()) == 20


def test_a_thing_is_fresh_while_its_source_and_its_files_are_what_they_were(tree):
    tree.write("made/a.txt", "1")
    tree.write("made/b.txt", "2")
    files = record.hashes([tree.root / "made/a.txt", tree.root / "made/b.txt"])
    assert list(files) == ["made/a.txt", "made/b.txt"]
    made = {"x": {"digest": "d", "files": files}, "y": {"digest": "e"}}
    assert record.fresh(made, "x", "d")
    assert record.fresh(made, "y", "e")
    assert not record.fresh(made, "x", "e")
    assert not record.fresh(made, "z", "d")
    assert record.touched(made) == []
    tree.write("made/a.txt", "3")
    assert not record.fresh(made, "x", "d")
    assert not record.fresh(made, "x", "e")
    assert record.touched(made) == ["made/a.txt"]
    (tree.root / "made/a.txt").unlink()
    assert not record.fresh(made, "x", "d")
    assert record.touched(made) == []


def test_a_file_is_written_and_noted_unless_it_is_fresh(tree):
    path = tree.root / "made" / "c.txt"
    record.write(record.entries(), "c", "1", path, lambda: "first")
    record.write(record.entries(), "c", "1", path, lambda: pytest.fail("is there already"))
    assert path.read_text() == "first"
    record.write(record.entries(), "c", "2", path, lambda: "second")
    assert path.read_text() == "second"
    assert record.fresh(record.entries(), "c", "2")
