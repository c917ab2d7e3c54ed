"""The command: what it prints, what it writes, and one line for everything that cannot be done."""

import errno
import json
import os
import re
import resource
import signal
import subprocess
import sys
import xml.etree.ElementTree as ET
from pathlib import Path

import pytest
import torch

from snippets.mnist.train import checkpoints, cli, devices, folders, gradients, loop
from snippets.mnist.train.cli import main
from snippets.mnist.train.folders import default_path, revision
from snippets.mnist.train.networks import layout
from snippets.mnist.train.progress import Bar, Lines, watch
from snippets.mnist.train.report import Epoch
from snippets.mnist.train.settings import Settings

KEYS = ["train_loss", "test_loss", "optimum", "gap", "parameters", "seconds", "device"]


@pytest.fixture
def command(digits, tmp_path):
    """Run the command on the few digits."""

    def call(*options: str) -> int:
        return main(["--data", str(digits), "--device", "cpu", "--out", str(tmp_path / "run"), *options])

    return call


@pytest.fixture
def run_folder(tmp_path) -> Path:
    return tmp_path / "run"


def error(capsys) -> str:
    """Return the one line that was printed."""
    out, err = capsys.readouterr()
    assert out == ""
    lines = [line for line in err.splitlines() if not line.startswith(("device ", "pictures ", "step "))]
    assert len(lines) == 1, err
    assert "Traceback" not in err
    return lines[0]


# --- what it prints


@pytest.mark.parametrize("method", ["exact", "gradient", "gram"])
def test_json_is_one_object_with_the_promised_keys(command, capsys, method):
    assert command("--model", "equivariant", "--ranks", "paper", "--method", method, "--json") == 0
    out, err = capsys.readouterr()
    found = json.loads(out)
    assert out.count("\n") == 1
    assert set(KEYS) <= set(found)
    assert (found["parameters"], found["ranks"][:3]) == (5544, [13, 10, 9])
    assert found["device"].startswith("cpu")
    assert found["gap"] == pytest.approx(found["train_loss"] / found["optimum"] - 1)
    assert err.startswith("device cpu")


def test_without_json_two_lines_for_a_person(command, capsys, run_folder):
    assert command("--model", "dense", "--rank", "5", "--method", "exact") == 0
    first, second = capsys.readouterr().out.splitlines()
    assert re.fullmatch(r"train 0\.\d{6}  test 0\.\d{6}  optimum 0\.\d{6}  gap 0\.000%", first)
    assert second.startswith("7,840 parameters, ")
    assert second.endswith(str(run_folder))


def test_lines_where_there_is_no_terminal(command, capsys):
    assert command("--epochs", "3", "--batch-size", "100") == 0
    err = capsys.readouterr().err
    steps = [line for line in err.splitlines() if line.startswith("step")]
    assert [line.split()[1] for line in steps] == ["9/27", "18/27", "27/27"]
    assert re.search(r"loss 0\.\d+  gap \d+\.\d{3}%  test 0\.\d+  [\d,]+ images/s", steps[-1])
    assert "\r" not in err
    assert "\x1b" not in err


def test_many_steps_give_about_thirty_lines(command, capsys):
    assert command("--method", "gram", "--epochs", "300") == 0
    lines = [line for line in capsys.readouterr().err.splitlines() if line.startswith("step")]
    assert 20 <= len(lines) <= 40
    assert lines[-1].startswith("step    300/300")


class Terminal(list):
    """Remembers what is drawn."""

    def write(self, text: str) -> None:
        self.append(text)

    def flush(self) -> None:
        pass

    def isatty(self) -> bool:
        return True


def test_a_bar_on_a_terminal():
    stream = Terminal()
    bar = watch(stream)
    assert isinstance(bar, Bar)
    bar.say("device cpu")
    bar.start(10, 4)
    bar.moved(Epoch(1, 10, 1000, 0.5, 0.0125, 0.012, 0.034), ended=True)
    bar.stop()
    drawn = "".join(stream)
    assert drawn.startswith("device cpu\n")
    assert "4/10" in drawn
    assert "10/10" in drawn
    assert "loss 0.012500, gap 3.400%, 2,000 images/s" in drawn
    assert type(watch()) is Lines


# --- what it writes


def test_the_folder_of_a_run(command, run_folder, drawings):
    assert command("--epochs", "3", "--seed", "4") == 0
    assert {file.name for file in run_folder.iterdir()} == {
        "settings.json", "history.csv", "last.pt", "best.pt", "report.json",
        "curves-light.svg", "curves-dark.svg", "reconstructions-light.svg", "reconstructions-dark.svg",
    }
    held = json.loads((run_folder / "settings.json").read_text())
    assert held["settings"]["seed"] == 4
    assert held["versions"]["torch"] == torch.__version__
    assert held["device"].startswith("cpu")
    assert {"git", "machine", "threads", "processes", "started", "command"} <= set(held)
    rows = (run_folder / "history.csv").read_text().splitlines()
    assert rows[0] == "epoch,step,images,seconds,train_loss,test_loss,gap"
    assert [row.split(",")[0] for row in rows[1:]] == ["1", "2", "3"]
    for mode in ("light", "dark"):
        for name in ("curves", "reconstructions"):
            assert ET.parse(run_folder / f"{name}-{mode}.svg").getroot().tag.endswith("svg")
    last, best = (torch.load(run_folder / name, weights_only=True) for name in ("last.pt", "best.pt"))
    assert torch.equal(last["network"]["encoder"], best["encoder"])


def test_the_exact_method_writes_its_weights(command, run_folder, drawings):
    assert command("--method", "exact", "--model", "dense", "--rank", "5") == 0
    assert not (run_folder / "last.pt").exists()
    assert (run_folder / "reconstructions-dark.svg").exists()
    assert not (run_folder / "curves-light.svg").exists()
    assert torch.load(run_folder / "best.pt", weights_only=True)["encoder"].shape == layout("dense", 5).shapes[0]


def test_a_folder_in_runs_unless_told(digits, monkeypatch, tmp_path, capsys):
    monkeypatch.setattr(folders, "ROOT", tmp_path)
    assert main(["--data", str(digits), "--method", "exact"]) == 0
    (folder,) = (tmp_path / "runs").iterdir()
    assert re.fullmatch(r"equivariant-exact-\d{8}-\d{6}-\d{3}", folder.name)
    assert default_path(Settings(model="dense")).name.startswith("dense-gradient-")


def test_the_revision_is_that_of_git(monkeypatch, tmp_path):
    monkeypatch.setattr(folders, "ROOT", tmp_path)
    assert revision() is None
    git = ["git", "-C", str(tmp_path), "-c", "user.name=a", "-c", "user.email=a@b"]
    subprocess.run([*git, "init", "-q"], check=True)
    subprocess.run([*git, "commit", "-q", "--allow-empty", "-m", "one"], check=True)
    assert re.fullmatch(r"[0-9a-f]{40}", revision())

    def missing(*_, **__):
        raise FileNotFoundError

    monkeypatch.setattr(subprocess, "run", missing)
    assert revision() is None


# --- what cannot be done


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["--model", "cnn"], "argument --model: invalid choice: 'cnn'"),
        (["--rank", "x"], "argument --rank: invalid int value: 'x'"),
        (["--nonsense"], "unrecognized arguments: --nonsense"),
    ],
)
def test_unknown_options(capsys, options, message):
    with pytest.raises(SystemExit) as stopped:
        main(options)
    assert stopped.value.code == 2
    assert error(capsys).startswith(f"error: {message}")


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["--ranks", "13,10"], "ranks 13,10: .*not 99; change a rank, or give rank 33"),
        (["--ranks", "30,30"], "rank 30 at frequency 0: choose from 0 to 28"),
        (["--epochs", "0"], "epochs 0: choose 1 or more"),
        (["--data", "/nowhere"], "/nowhere/train-images-idx3-ubyte does not exist.*npm ci"),
        (["--out", "/dev/null/run"], "/dev/null/run could not be made: Not a directory; name another folder"),
        (["--resume"], "holds no run to resume: leave out --resume"),
    ],
)
def test_bad_input_is_one_line_and_status_2(command, capsys, options, message):
    assert command(*options) == 2
    assert re.search(f"^error: .*{message}", error(capsys))


def test_a_damaged_file_of_data(command, digits, tmp_path, capsys):
    for file in digits.iterdir():
        (tmp_path / file.name).write_bytes(file.read_bytes()[:-1])
    assert command("--data", str(tmp_path)) == 2
    assert re.search("train-images-idx3-ubyte is damaged: 705615 bytes.*npm ci", error(capsys))


@pytest.mark.parametrize("name", ["cuda", "mps"])
def test_a_device_that_is_not_there(command, capsys, monkeypatch, name):
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    monkeypatch.setattr(torch.backends.mps, "is_available", lambda: False)
    assert command("--device", name) == 2
    assert re.search(f"error: device {name}: torch .* finds none on this machine; choose auto, cpu", error(capsys))


def test_a_folder_is_not_written_over(command, run_folder, capsys):
    assert command("--epochs", "2") == 0
    before = {file: file.read_bytes() for file in run_folder.iterdir()}
    capsys.readouterr()
    assert command("--epochs", "2") == 2
    assert "holds a run already: continue it with --resume" in error(capsys)
    assert command("--epochs", "3", "--resume") == 2
    assert "holds another run, with epochs 2, not 3: resume with its settings" in error(capsys)
    assert {file: file.read_bytes() for file in run_folder.iterdir()} == before


def test_a_finished_run_resumes_to_itself(command, run_folder, capsys):
    assert command("--epochs", "2", "--json") == 0
    first = json.loads(capsys.readouterr().out)
    assert command("--epochs", "2", "--json", "--resume") == 0
    again = json.loads(capsys.readouterr().out)
    assert again["train_loss"] == first["train_loss"]
    assert again["seconds_training"] == pytest.approx(first["seconds_training"], abs=0.5)


def test_a_damaged_checkpoint(command, run_folder, capsys):
    assert command("--epochs", "2") == 0
    content = (run_folder / "last.pt").read_bytes()
    for damaged in (content[:1000], b"", b"no checkpoint"):
        (run_folder / "last.pt").write_bytes(damaged)
        capsys.readouterr()
        assert command("--epochs", "2", "--resume") == 2
        assert re.search(r"last.pt is damaged \(.+\); delete it and start the run again", error(capsys))


def test_a_full_disk_leaves_the_old_checkpoint(command, run_folder, capsys, monkeypatch):
    whole = []
    real = checkpoints.save

    def fill(file: Path, state: dict) -> None:
        if file.name == "last.pt" and file.exists():
            whole.append(file.read_bytes())
            size, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
            resource.setrlimit(resource.RLIMIT_FSIZE, (4096, hard))
            try:
                real(file, state)
            finally:
                resource.setrlimit(resource.RLIMIT_FSIZE, (size, hard))
        real(file, state)

    monkeypatch.setattr(checkpoints, "save", fill)
    assert command("--epochs", "4") == 2
    assert re.search(r"last\.pt could not be written: File too large; .*Make room, or name another folder", error(capsys))
    assert (run_folder / "last.pt").read_bytes() == whole[0]
    assert [file.name for file in run_folder.iterdir() if file.name.startswith(".")] == []
    monkeypatch.undo()
    assert command("--epochs", "4", "--resume") == 0


@pytest.mark.parametrize("call", ["fsync", "replace"])
def test_a_write_that_fails_leaves_the_old_file_and_no_other(tmp_path, monkeypatch, call):
    (tmp_path / "file").write_text("old")

    def full(*_: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(os, call, full)
    with pytest.raises(OSError, match="No space left on device; what was there before is whole"):
        checkpoints.write(tmp_path / "file", "new")
    assert [(file.name, file.read_text()) for file in tmp_path.iterdir()] == [("file", "old")]


def test_errors_of_torch_that_are_not_of_the_disk_are_told_as_well(tmp_path, monkeypatch):
    def broken(*_: object) -> None:
        raise RuntimeError("the writer broke")

    monkeypatch.setattr(torch, "save", broken)
    with pytest.raises(OSError, match="could not be written: the writer broke"):
        checkpoints.save(tmp_path / "file", {})
    assert list(tmp_path.iterdir()) == []


def test_ctrl_c_ends_with_130_and_says_how_to_continue(command, run_folder, capsys, monkeypatch):
    monkeypatch.setattr(loop, "SHOW_SECONDS", 0.0)
    real = Lines.moved
    monkeypatch.setattr(Lines, "moved", lambda self, now, ended: (
        real(self, now, ended=ended), os.kill(os.getpid(), signal.SIGINT) if now.step == 3 else None
    ))
    assert command("--epochs", "4", "--batch-size", "100") == 130
    assert re.search(r"stopped; continue with the same command and --out \S+/run --resume", capsys.readouterr().err)
    assert command("--epochs", "4", "--batch-size", "100", "--resume") == 0


def test_ctrl_c_before_training(command, capsys, monkeypatch):
    def interrupt(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(cli, "run", interrupt)
    assert command() == 130
    assert "stopped; what the last checkpoint holds is kept" in capsys.readouterr().err


def test_only_the_first_process_speaks(command, capsys, monkeypatch):
    monkeypatch.setenv("RANK", "1")
    assert command("--data", "/nowhere") == 2
    assert capsys.readouterr().err == ""
    monkeypatch.setattr(cli, "run", lambda *_: type("Report", (), {"finished": False}))
    assert command() == 130


def test_a_compiler_is_asked_once_and_its_absence_named(command, run_folder, capsys, monkeypatch):
    asked = []
    monkeypatch.setattr(torch, "compile", lambda function, dynamic: asked.append(function) or function)
    gradients._compiled.cache_clear()
    assert command("--epochs", "2", "--compile") == 0
    assert asked == [gradients.of_batch]
    capsys.readouterr()

    def fail(*_: object) -> None:
        raise RuntimeError("no C++ compiler found\nand more")

    monkeypatch.setattr(torch, "compile", lambda function, dynamic: fail)
    gradients._compiled.cache_clear()
    assert command("--compile", "--out", str(run_folder) + "2") == 2
    assert error(capsys) == "error: compile: torch could not (no C++ compiler found); leave out --compile"
    gradients._compiled.cache_clear()


# --- devices


def test_devices_are_chosen_in_order(monkeypatch):
    there = {"cuda": True, "mps": True}
    monkeypatch.setattr(torch.cuda, "is_available", lambda: there["cuda"])
    monkeypatch.setattr(torch.backends.mps, "is_available", lambda: there["mps"])
    used = []
    monkeypatch.setattr(torch.cuda, "set_device", used.append)
    monkeypatch.setattr(torch.cuda, "get_device_name", lambda device: "a GPU")
    monkeypatch.setenv("LOCAL_RANK", "2")
    assert devices.choose("auto") == torch.device("cuda", 2)
    assert used == [torch.device("cuda", 2)]
    there["cuda"] = False
    assert devices.choose("auto") == torch.device("mps")
    there["mps"] = False
    assert devices.choose("auto") == torch.device("cpu")
    assert devices.describe(torch.device("cuda", 0)) == "cuda (a GPU)"
    assert devices.describe(torch.device("mps")) == "mps"


def test_precision_and_clocks_of_devices(monkeypatch):
    with pytest.raises(ValueError, match="precision float64: Apple's GPUs have none; choose float32, or the device cpu"):
        devices.number_type("float64", torch.device("mps"))
    assert devices.number_type("bfloat16", torch.device("mps")) == torch.float32
    waited = []
    monkeypatch.setattr(torch.cuda, "synchronize", waited.append)
    monkeypatch.setattr(torch.mps, "synchronize", lambda: waited.append("mps"))
    for name in ("cuda", "mps", "cpu"):
        devices.wait(torch.device(name))
    assert waited == [torch.device("cuda"), "mps"]


# --- as a reader runs it


def test_under_torchrun_two_processes_give_one_answer(digits, tmp_path, capsys):
    options = ["--data", str(digits), "--device", "cpu", "--json", "--epochs", "2", "--batch-size", "100"]
    assert main([*options, "--out", str(tmp_path / "one")]) == 0
    one = json.loads(capsys.readouterr().out)
    torchrun = [sys.executable, "-m", "torch.distributed.run", "--standalone", "--nproc-per-node", "2"]
    start = [*torchrun, "-m", "snippets.mnist.train", *options, "--out", str(tmp_path / "two")]
    done = subprocess.run(start, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    two = json.loads(done.stdout)
    assert (one["processes"], two["processes"]) == (1, 2)
    for key in ("train_loss", "test_loss", "optimum"):
        assert one[key] == pytest.approx(two[key], rel=1e-5)


def test_the_module_offers_the_command():
    from snippets.mnist.train import __main__

    assert __main__.main is main
