"""What the build says, it says at once: whoever waits for it, or reads it through a pipe, sees how far it is."""

import ast
import inspect
import re

import pytest

from book import __main__ as commands
from book import npm, prepare
from book.writing import author

LONG = {part.__name__: inspect.getsource(part) for part in (npm, prepare, author.check)}


@pytest.mark.parametrize("name", LONG)
def test_what_is_said_before_something_long_is_not_held_back(name):
    calls = [node for node in ast.walk(ast.parse(LONG[name])) if isinstance(node, ast.Call)]
    printed = [ast.unparse(call) for call in calls if ast.unparse(call.func) == "print"]
    assert printed
    assert [call for call in printed if "flush=True" not in call] == []


def test_a_command_is_named_or_the_commands_are_shown(capsys):
    for arguments in ([], ["chekc"], ["check"], ["record"], ["check", "a", "b"]):
        with pytest.raises(SystemExit) as end:
            commands.main(arguments)
        assert end.value.code == 2
        assert capsys.readouterr().err.startswith("usage: python -m book")
    with pytest.raises(SystemExit):
        commands.main(["--help"])
    said = capsys.readouterr().out
    assert re.findall(r"^    (\w+)", said, re.MULTILINE) == ["prepare", "record", "format", "check", "new", "ids"]


@pytest.mark.parametrize(("good", "status"), [(True, 0), (False, 1)])
def test_a_command_ends_with_its_status(monkeypatch, capsys, good, status):
    monkeypatch.setattr(author, "check", lambda chapter: good if chapter == "part/toy" else None)
    monkeypatch.setattr(author, "ids", lambda prefix: print(f"{prefix}-1 is free"))
    monkeypatch.setattr(prepare, "ensure", lambda: None)
    assert commands.main(["check", "part/toy"]) == status
    assert commands.main(["ids", "LA"]) == commands.main(["prepare"]) == 0
    assert capsys.readouterr().out == "LA-1 is free\n"
