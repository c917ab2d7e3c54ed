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
from types import SimpleNamespace

import pytest
import torch
from matplotlib.axes import Axes

from snippets.mnist.data import ROOT
from snippets.mnist.train import folder as folders
from snippets.mnist.train import loop, parallel, running
from snippets.mnist.train.__main__ import main
from snippets.mnist.train.folder import Folder, revision
from snippets.mnist.train.settings import Settings, parser

from .conftest import TRAIN

KEYS = ["train_loss", "test_loss", "optimum", "optimum_test", "gap", "parameters", "ranks", "seconds",
        "seconds_moments", "seconds_optimum", "seconds_training", "images_per_second", "device", "processes",
        "finished", "out"]  # fmt: skip


@pytest.fixture
def command(digits, tmp_path):
    """Run the command on the few digits."""

    def call(*options: str) -> int:
        steps = () if "exact" in options else ("--batch-size", "100")
        return main(["--data", str(digits), "--device", "cpu", "--out", str(tmp_path / "run"), *steps, *options])

    return call


@pytest.fixture
def run_folder(tmp_path) -> Path:
    return tmp_path / "run"


def error(capsys) -> str:
    """Return the one line that was printed."""
    out, err = capsys.readouterr()
    assert out == ""
    lines = [
        line for line in err.splitlines() if not re.match("(device|epoch|[0-9,]+ pictures,) |.* loading torch$|$", line)
    ]
    assert len(lines) == 1, err
    return lines[0]


# --- what it prints


@pytest.mark.parametrize("method", ["exact", "gradient"])
def test_json_is_one_object_with_the_promised_keys(command, capsys, method):
    epochs = ("--epochs", "1") if method == "gradient" else ()
    assert command("--model", "equivariant", "--ranks", "paper", "--method", method, "--json", *epochs) == 0
    out, err = capsys.readouterr()
    found = json.loads(out)
    assert out.count("\n") == 1
    assert sorted(found) == sorted(KEYS)
    assert (found["parameters"], found["ranks"][:3]) == (5544, [13, 10, 9])
    assert found["gap"] == pytest.approx(found["train_loss"] / found["optimum"] - 1)
    parts = [found[f"seconds_{part}"] for part in ("moments", "optimum", "training")]
    assert 0 < sum(parts) < found["seconds"]
    assert min(parts[:2]) > 0
    assert (parts[2] > 0) == (method == "gradient")
    assert found["images_per_second"] == pytest.approx(TRAIN / (parts[2] or sum(parts)))
    assert err.startswith(f"equivariant, rank 99, {method}; loading torch\ndevice cpu")


def test_csv_is_the_history(command, capsys, run_folder):
    assert command("--epochs", "2", "--csv") == 0
    out = capsys.readouterr().out
    assert out.splitlines()[0] == "epoch,step,images,seconds,train_loss,test_loss,gap"
    assert [row.split(",")[0] for row in out.splitlines()[1:]] == ["1", "2"]
    assert out == (run_folder / "history.csv").read_text()


def test_without_json_two_lines_for_a_person(command, capsys, run_folder):
    assert command("--model", "dense", "--rank", "5", "--method", "exact") == 0
    first, second = capsys.readouterr().out.splitlines()
    assert re.fullmatch(r"train 0\.\d{6}  test 0\.\d{6}  optimum 0\.\d{6}  gap 0\.000%", first)
    assert second.startswith("7,840 parameters, ")
    assert second.endswith(str(run_folder))


def test_a_line_an_epoch(command, capsys):
    assert command("--epochs", "2") == 0
    lines = [line for line in capsys.readouterr().err.splitlines() if line.startswith("epoch")]
    assert [line.split()[:4] for line in lines] == [["epoch", "1", "step", "9"], ["epoch", "2", "step", "18"]]
    assert re.search(r"loss 0\.\d+  gap \d+\.\d{3}%  test 0\.\d+  [\d,]+ images/s$", lines[-1])


def test_the_first_line_comes_before_torch(digits, tmp_path):
    """At the first line torch has not been imported, which is what takes seconds."""
    program = (
        "import sys\nfrom snippets.mnist.train.__main__ import main\n"
        "class First:\n    def write(self, text):\n        sys.stdout.write(f\"{text.strip()}|{'torch' in sys.modules}\")\n"
        "        sys.exit(0)\n    def flush(self): pass\n"
        "sys.stderr = First()\nmain(['--model', 'dense'])\n"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True)
    assert done.stdout == "dense, rank 99, gradient; loading torch|False"


# --- what it writes


def test_the_folder_of_a_run(command, run_folder, drawn):
    assert command("--epochs", "2", "--seed", "4") == 0
    assert {file.name for file in run_folder.iterdir()} == set(folders.NAMES)
    told = (run_folder / "settings.json").read_text()
    assert told.startswith('{\n  "settings": {\n    "')  # for people, too
    assert told.endswith("\n}\n")
    held = json.loads(told)
    assert held["settings"]["seed"] == 4
    assert held["versions"]["torch"].split("+")[0] == torch.__version__.split("+")[0]
    assert {"git", "machine", "threads", "processes", "started", "command", "device"} <= set(held)
    for name in ("curves", "reconstructions"):
        assert ET.parse(run_folder / f"{name}.svg").getroot().tag.endswith("svg")
    last, model = (torch.load(run_folder / name, weights_only=True) for name in ("last.pt", "model.pt"))
    assert torch.equal(last["network"]["encoder.0"], model["weights"]["encoder.0"])


def test_the_exact_method_writes_its_weights(command, run_folder, drawn, monkeypatch):
    shown, imshow = [], Axes.imshow
    monkeypatch.setattr(Axes, "imshow", lambda ax, x, **how: shown.append((x.shape, how)) or imshow(ax, x, **how))
    assert command("--method", "exact", "--model", "dense", "--rank", "5") == 0
    assert not (run_folder / "last.pt").exists()
    assert (run_folder / "reconstructions.svg").exists()
    assert not (run_folder / "curves.svg").exists()
    assert shown == [((3 * 28, 6 * 28), {"vmin": 0, "vmax": 1, "cmap": "gray_r"})]  # three rows of six pictures
    assert torch.load(run_folder / "model.pt", weights_only=True)["weights"]["encoder.weight"].shape == (5, 784)


def test_a_folder_in_runs_unless_told(digits, monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)
    assert main(["--data", str(digits), "--method", "exact"]) == 0
    (folder,) = (tmp_path / "runs").iterdir()
    assert re.fullmatch(r"equivariant-exact-\d{8}-\d{6}-\d{6}", folder.name)


def test_two_equal_runs_draw_the_same_bytes(command, tmp_path, drawn):
    for name in ("one", "other"):
        assert command("--epochs", "2", "--out", str(tmp_path / name)) == 0
    for name in ("reconstructions.svg", "curves.svg"):
        assert (tmp_path / "one" / name).read_bytes() == (tmp_path / "other" / name).read_bytes()


def test_the_revision_is_that_of_git(monkeypatch, tmp_path):
    monkeypatch.setattr(folders, "ROOT", tmp_path)
    assert revision() is None
    git = ["git", "-C", str(tmp_path), "-c", "user.name=a", "-c", "user.email=a@b"]
    subprocess.run([*git, "init", "-q"], check=True)
    subprocess.run([*git, "commit", "-q", "--allow-empty", "-m", "one"], check=True)
    assert re.fullmatch(r"[0-9a-f]{40}", revision())
    monkeypatch.setenv("PATH", "")
    assert revision() is None


# --- what cannot be done


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["--model", "cnn"], "argument --model: invalid choice: 'cnn'"),
        (["--rank", "x"], "argument --rank: invalid int value: 'x'"),
        (["--nonsense"], "unrecognized arguments: --nonsense"),
        (["--out", ""], "argument --out: a blank names no folder"),
        (["--data", " "], "argument --data: a blank names no folder"),
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
        (["--ranks", "13,10", "--rank", "99"], "--ranks: .*not 99; change a rank, or leave out --rank"),
        (["--epochs", "0"], "--epochs 0: choose from 1 to 1e\\+09"),
        (["--data", "/nowhere"], "/nowhere/train-images-idx3-ubyte does not exist.*npm ci"),
        (
            ["--out", "/dev/null/run"],
            "/dev/null/run/settings.json could not be written: Not a directory.* Name a folder with --out that can be made",
        ),
        (["--seed", str(2**63)], f"--seed {2**63}: choose from 0 to {2**63 - 1}$"),
        (["--ranks", ""], "--ranks : choose paper"),
        (["--out", __file__], "test_cli.py is there already: .*name another --out"),
        (["--resume"], "holds no run: leave out --resume"),
        (["--device", "nonsense"], "--device nonsense: torch .* finds none here; choose from auto, cpu"),
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


def test_a_failed_start_blocks_nothing(command, run_folder, capsys):
    assert command("--data", "/typo") == 2
    assert not run_folder.exists()
    assert command("--epochs", "1") == 0


def test_files_of_the_user_are_not_written_over(command, run_folder, capsys):
    run_folder.mkdir()
    (run_folder / "history.csv").write_text("mine")
    assert command("--epochs", "1") == 2
    assert "history.csv is there already: continue that run with --resume, or name another --out" in error(capsys)
    assert [(file.name, file.read_text()) for file in run_folder.iterdir()] == [("history.csv", "mine")]
    (run_folder / "history.csv").rename(run_folder / "notes.csv")
    assert command("--epochs", "1") == 0
    assert (run_folder / "notes.csv").read_text() == "mine"


def test_a_folder_is_what_it_is_however_it_is_spelled(command, digits, capsys, monkeypatch, tmp_path):
    assert command("--epochs", "1") == 0
    monkeypatch.chdir(digits.parent)
    (tmp_path / "link").symlink_to(digits)
    for spelling in (
        digits.name,
        f"./{digits.name}/",
        f"../{digits.parent.name}/{digits.name}",
        str(tmp_path / "link"),
    ):
        assert command("--epochs", "1", "--resume", "--data", spelling) == 0


def test_a_folder_of_another_run_is_refused(command, run_folder, capsys):
    assert command("--epochs", "1") == 0
    before = {file: file.read_bytes() for file in run_folder.iterdir()}
    capsys.readouterr()
    assert command("--epochs", "1") == 2
    assert "settings.json is there already: continue that run with --resume" in error(capsys)
    assert command("--seed", "1", "--resume") == 2
    assert "holds another run, with seed 0, not 1: use its settings, or name another --out" in error(capsys)
    assert {file: file.read_bytes() for file in run_folder.iterdir()} == before


def test_a_finished_run_resumes_to_itself(command, capsys):
    assert command("--epochs", "2", "--json") == 0
    first = json.loads(capsys.readouterr().out)
    assert command("--epochs", "2", "--json", "--resume") == 0
    assert json.loads(capsys.readouterr().out)["train_loss"] == first["train_loss"]


@pytest.mark.parametrize("damaged", ["{", "", "[]", "{}", None])
def test_damaged_settings(command, run_folder, capsys, damaged):
    (run_folder / "settings.json").mkdir(parents=True)
    if damaged is not None:
        (run_folder / "settings.json").rmdir()
        (run_folder / "settings.json").write_text(damaged)
    assert command("--epochs", "1", "--resume") == 2
    assert re.search(r"settings.json is damaged \(.+\): delete the folder and start the run again", error(capsys))


def test_the_home_folder_and_blanks_are_read(monkeypatch, tmp_path):
    monkeypatch.setenv("HOME", str(tmp_path))
    options = parser().parse_args(["--out", "~/run", "--data", "~", "--ranks", " equal "])
    settings = Settings(**vars(options))
    assert (settings.out, settings.data) == (tmp_path / "run", tmp_path)
    assert settings.ranks == Settings(ranks="equal").ranks
    assert Settings(ranks=" best ").ranks == "best"


def test_a_damaged_checkpoint(command, run_folder, capsys):
    assert command("--epochs", "1") == 0
    content = (run_folder / "last.pt").read_bytes()
    for damaged in (content[:1000], b"", b"no checkpoint"):
        (run_folder / "last.pt").write_bytes(damaged)
        capsys.readouterr()
        assert command("--epochs", "1", "--resume") == 2
        assert re.search(r"last.pt is damaged \(.+\); delete the folder and start the run again", error(capsys))


def test_a_full_disk_leaves_the_old_checkpoint_and_the_remedies_work(
    command, run_folder, tmp_path, capsys, monkeypatch
):
    whole = []
    real = Folder.write

    def fill(self, name, content) -> None:
        if name == "last.pt" and content["step"] > 9:
            whole.append((self.path / "last.pt").read_bytes())
            size, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
            resource.setrlimit(resource.RLIMIT_FSIZE, (4096, hard))
            try:
                real(self, name, content)
            finally:
                resource.setrlimit(resource.RLIMIT_FSIZE, (size, hard))
        real(self, name, content)

    monkeypatch.setattr(Folder, "write", fill)
    assert command("--epochs", "3") == 2
    assert re.search(r"last\.pt could not be written: File too large; .*Make room and --resume; or copy", error(capsys))
    assert (run_folder / "last.pt").read_bytes() == whole[0]
    assert [file.name for file in run_folder.iterdir() if file.name.startswith(".")] == []
    monkeypatch.undo()
    copied = tmp_path / "copy"
    subprocess.run(["cp", "-r", str(run_folder), str(copied)], check=True)
    assert command("--epochs", "3", "--resume") == 0
    assert command("--epochs", "3", "--out", str(copied), "--resume") == 0
    for name in ("encoder.0", "decoder.3"):
        one, other = (torch.load(f / "model.pt", weights_only=True)["weights"][name] for f in (run_folder, copied))
        assert torch.equal(one, other)


@pytest.mark.parametrize("call", ["fsync", "replace"])
def test_a_write_that_fails_leaves_the_old_file_and_no_other(tmp_path, monkeypatch, call):
    folder = Folder(Settings(out=tmp_path), parallel.Group())
    (tmp_path / "report.json").write_text("old")

    def full(*_: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(os, call, full)
    with pytest.raises(OSError, match="No space left on device; what was there before is whole"):
        folder.write("report.json", "new")
    assert [(file.name, file.read_text()) for file in tmp_path.iterdir()] == [("report.json", "old")]


def test_errors_of_torch_are_one_line_as_well(command, capsys, monkeypatch):
    def broken(*_: object, **__: object) -> None:
        raise RuntimeError("CUDA error: an illegal memory access\nwas encountered")

    monkeypatch.setattr(running, "run", broken)
    assert command() == 2
    assert error(capsys) == "error: CUDA error: an illegal memory access; was encountered"


@pytest.mark.usefixtures("heard")
def test_ctrl_c_ends_with_130_and_says_how_to_continue(command, capsys, monkeypatch, run_folder):
    real = loop.Training.look

    def look(training, ended) -> None:
        real(training, ended)
        os.kill(os.getpid(), signal.SIGINT)

    monkeypatch.setattr(loop.Training, "look", look)
    assert command("--epochs", "2") == 130
    assert re.search(r"stopped; continue with the same command and --out \S+/run --resume", capsys.readouterr().err)
    monkeypatch.undo()
    assert command("--epochs", "2", "--resume") == 0
    assert [row[0] for row in (run_folder / "history.csv").read_text().splitlines()] == ["e", "1", "2"]


def test_ctrl_c_before_training(command, capsys, monkeypatch):
    def interrupt(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(running, "splits", interrupt)
    assert command() == 130
    assert capsys.readouterr().err.endswith("stopped; nothing was begun\n")


def test_only_the_first_process_speaks(command, capsys, monkeypatch):
    monkeypatch.setenv("RANK", "1")
    assert command("--ranks", "1") == 2
    monkeypatch.setattr(running, "run", lambda *_: SimpleNamespace(result={}, history=[]))
    assert command() == 0
    assert "".join(capsys.readouterr()) == ""


def test_compiling_is_left_to_torch(command, capsys, monkeypatch):
    asked = []
    monkeypatch.setattr(torch, "compile", lambda network: asked.append(network) or network)
    assert command("--epochs", "1", "--compile") == 0
    assert len(asked) == 1


# --- devices, of which only the CPU is here


@pytest.fixture
def accelerator(monkeypatch):
    """Say that there is one, or none."""

    def there_is(kind: str | None, count: int = 4) -> list:
        used: list = []
        monkeypatch.setattr(
            torch.accelerator, "current_accelerator", lambda check_available: kind and torch.device(kind)
        )
        monkeypatch.setattr(torch.accelerator, "device_count", lambda: count if kind else 0)
        monkeypatch.setattr(torch.accelerator, "set_device_index", used.append)
        return used

    return there_is


def test_the_accelerator_is_taken_where_there_is_one(accelerator, monkeypatch):
    accelerator(None)
    assert parallel.choose("auto") == torch.device("cpu")
    used = accelerator("cuda")
    assert parallel.choose("auto") == torch.device("cuda", 0)
    assert parallel.choose("cuda:3") == torch.device("cuda", 3)
    monkeypatch.setenv("LOCAL_RANK", "2")
    assert parallel.choose("cuda") == torch.device("cuda", 2)
    assert used == [0, 3, 2]
    assert parallel.choose("cpu") == torch.device("cpu")
    accelerator("mps", 1)
    monkeypatch.delenv("LOCAL_RANK")
    assert parallel.choose("auto") == torch.device("mps", 0)


@pytest.mark.parametrize(
    ("kind", "name", "message"),
    [
        (None, "cuda", r"--device cuda: torch .* finds none here; choose from auto, cpu$"),
        (None, "mps", r"--device mps: torch .* finds none here; choose from auto, cpu"),
        ("cuda", "mps", r"--device mps: .*; choose from auto, cpu, cuda:0, cuda:1, cuda:2, cuda:3$"),
        ("cuda", "cuda:4", r"--device cuda:4: .*; choose from auto, cpu, cuda:0"),
        ("cuda", "meta", r"--device meta: .*; choose from auto, cpu, cuda:0"),
    ],
)
def test_a_device_that_is_not_there(accelerator, kind, name, message):
    accelerator(kind)
    with pytest.raises(ValueError, match=message):
        parallel.choose(name)


def test_precision_and_names_of_devices(monkeypatch):
    with pytest.raises(
        ValueError, match="--precision float64: Apple's GPUs have none; choose float32, or --device cpu"
    ):
        parallel.number_type("float64", torch.device("mps"))
    assert parallel.number_type("bfloat16", torch.device("mps")) == torch.float32
    monkeypatch.setattr(torch.cuda, "get_device_name", lambda device: "a GPU")
    assert parallel.describe(torch.device("cuda", 0)) == "cuda (a GPU)"
    assert parallel.describe(torch.device("mps")).startswith("mps (")


# --- as a reader runs it


def test_under_torchrun_two_processes_give_one_answer(digits, tmp_path, capsys):
    options = ["--data", str(digits), "--device", "cpu", "--json", "--epochs", "1", "--batch-size", "100"]
    assert main([*options, "--out", str(tmp_path / "one")]) == 0
    one = json.loads(capsys.readouterr().out)
    torchrun = [sys.executable, "-m", "torch.distributed.run", "--standalone", "--nproc-per-node", "2"]
    start = [*torchrun, "-m", "snippets.mnist.train", *options, "--out", str(tmp_path / "two")]
    done = subprocess.run(start, capture_output=True, text=True, cwd=ROOT)
    assert done.returncode == 0, done.stderr
    two = json.loads(done.stdout)
    assert (one["processes"], two["processes"]) == (1, 2)
    for key in ("train_loss", "test_loss", "optimum"):
        assert one[key] == pytest.approx(two[key], rel=1e-5)
