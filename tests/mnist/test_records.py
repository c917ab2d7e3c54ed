"""Recorded results: written whole, read back, refused by name where something is missing."""

import json
import os

import pytest
import torch

from book import project, recorded
from snippets.mnist import records
from snippets.mnist.shifts import cyclic_shift

VALUES = {"dense": {"100": [0.5, 0.25]}, "count": 3}


@pytest.fixture
def folder(tmp_path, monkeypatch):
    monkeypatch.setattr(records, "RECORDED", tmp_path / "recorded")
    return tmp_path / "recorded"


def test_what_is_written_is_read(folder):
    file = records.write("toy", VALUES, cyclic_shift, (0, 1, 2))
    assert file == folder / "toy.json"
    assert records.record("toy") == VALUES
    made_by = json.loads(file.read_text())["made_by"]
    assert tuple(made_by) == tuple(sorted(records.MADE_BY))
    assert made_by["snippet"] == "snippets/mnist/shifts.py"
    assert made_by["function"] == "cyclic_shift"
    assert made_by["hash"] == recorded.digest_of_function(project.SNIPPETS / "mnist" / "shifts.py", "cyclic_shift")
    assert made_by["command"] == "python -m snippets.mnist.toy"


def test_a_digest_from_before_the_run_is_kept(folder):
    records.write("toy", VALUES, cyclic_shift, (0,), code="abc")
    assert records.provenance("toy")["made_hash"] == "abc"


def test_provenance_is_a_flat_set_of_results(folder):
    records.write("toy", VALUES, cyclic_shift, (0, 1, 2), command="make toy", device="an H200")
    made = records.provenance("toy")
    assert made["made_seeds"] == 3
    assert made["made_device"] == "an H200"
    assert made["made_command"] == "make toy"
    assert made["made_torch"] == torch.__version__
    assert made["made_hash"] == records.digest(cyclic_shift)
    assert made["made_threads"] == torch.get_num_threads()
    assert all(isinstance(value, int | str) for value in made.values())


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (None, "does not exist"),
        ("", "is no record"),
        ('{"values": {', "is no record"),
        ("[1, 2]", "is no record"),
        ('{"values": {}}', "is no record"),
        ('{"made_by": {}}', "lacks values, command, snippet"),
        ('{"values": {}, "made_by": {"command": "x"}}', "lacks snippet, function, hash"),
    ],
)
def test_what_is_no_record_is_refused_with_file_and_command(folder, content, message):
    if content is not None:
        folder.mkdir()
        (folder / "toy.json").write_text(content)
    with pytest.raises((FileNotFoundError, ValueError), match=message) as caught:
        records.record("toy")
    assert str(folder / "toy.json") in str(caught.value)
    assert "python -m snippets.mnist.toy" in str(caught.value)


def test_what_json_cannot_hold_leaves_the_old_record(folder, monkeypatch):
    records.write("toy", VALUES, cyclic_shift, (0,))
    with pytest.raises(ValueError, match="JSON"):
        records.write("toy", {"loss": float("nan")}, cyclic_shift, (0,))
    monkeypatch.setattr(os, "replace", lambda *_: (_ for _ in ()).throw(OSError("disk full")))
    with pytest.raises(OSError, match="disk full"):
        records.write("toy", {"other": 1}, cyclic_shift, (0,))
    assert records.record("toy") == VALUES
    assert [file.name for file in folder.iterdir()] == ["toy.json"]


def test_devices_have_names(monkeypatch):
    assert records.device_name().startswith("CPU (")
    monkeypatch.setattr(torch.cuda, "get_device_name", lambda device: f"card {torch.device(device).index}")
    assert records.device_name("cuda:1") == "card 1"
