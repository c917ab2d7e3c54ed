"""Settings: what is filled in, what is refused, and what help says."""

import dataclasses
import json
import subprocess
import sys
from pathlib import Path
from typing import get_args

import pytest

from snippets.mnist.ranks import RANKS
from snippets.mnist.train.settings import DEFAULTS, STEPS, Settings, flag, parser


def test_the_defaults_are_the_equivariant_network_of_the_paper():
    chosen = Settings()
    assert (chosen.model, chosen.ranks, chosen.rank, chosen.shift) == ("equivariant", RANKS["paper"], 99, 5.6)
    assert (chosen.epochs, chosen.batch_size, chosen.lr) == DEFAULTS["blocks"]


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ({"model": "dense"}, (99, None)),
        ({"model": "invariant"}, (28, None)),
        ({"model": "invariant", "rank": 5}, (5, None)),
        ({"model": "semi-equivariant", "ranks": "equal"}, (99, RANKS["equal"])),
        ({"ranks": "13,10,9,8,7,5,3,1"}, (99, RANKS["paper"])),
        ({"ranks": RANKS["high-pass"]}, (99, RANKS["high-pass"])),
        ({"ranks": (5,), "rank": 5}, (5, (5, *[0] * 14))),
        ({"ranks": "13,10,9"}, (51, (13, 10, 9, *[0] * 12))),
        ({"ranks": "best"}, (99, "best")),
        ({"ranks": "best", "rank": 40}, (40, "best")),
    ],
)
def test_rank_and_ranks_are_filled_in(given, expected):
    chosen = Settings(**given)
    assert (chosen.rank, chosen.ranks) == expected


def test_what_is_given_is_kept():
    chosen = Settings(epochs=7, lr=0.5, batch_size=11)
    assert (chosen.epochs, chosen.lr, chosen.batch_size) == (7, 0.5, 11)
    edges = {"epochs": 1, "lr": 1e-9, "batch_size": 1, "seed": 2**63 - 1, "shift": 28.0, "rank": 1}
    assert edges.items() <= vars(Settings(model="dense", **edges)).items()


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"model": "cnn"}, r"--model cnn: choose from dense, equivariant"),
        ({"rank": 0}, r"--rank 0: choose from 1 to 784"),
        ({"model": "dense", "rank": 785}, r"--rank 785: choose from 1 to 784 for model dense"),
        ({"model": "invariant", "rank": 29}, r"--rank 29: choose from 1 to 28 for model invariant"),
        ({"model": "dense", "ranks": "paper"}, r"--ranks paper: model dense has none; give --rank alone"),
        ({"ranks": "13,10", "rank": 99}, r"--ranks: .* is 33, not 99; change a rank, or leave out --rank"),
        ({"ranks": "0,0"}, r"--rank 0: choose from 1 to 784"),
        ({"ranks": "paper", "rank": 98}, r"--ranks: .* is 99, not 98"),
        ({"ranks": "29,35"}, r"rank 29 at frequency 0: choose from 0 to 28"),
        ({"ranks": "1,-2"}, r"rank -2 at frequency 1: choose from 0 to 28"),
        ({"ranks": ",".join("1" * 16)}, r"16 ranks: give 15"),
        ({"ranks": "papr"}, r"--ranks papr: choose paper, equal, high-pass, best, or numbers like 13,10,9"),
        ({"shift": -1.0}, r"--shift -1.0: choose from 0 to 28$"),
        ({"shift": float("nan")}, r"--shift nan"),
        ({"batch_size": 0}, r"--batch-size 0: choose from 1 to 1e\+09"),
        ({"epochs": 0}, r"--epochs 0: choose from 1 to 1e\+09"),
        ({"lr": 0.0}, r"--lr 0.0: choose from 1e-09 to 1e\+09"),
        ({"lr": float("inf")}, r"--lr inf"),
        ({"seed": -1}, r"--seed -1: choose from 0"),
        ({"precision": "bfloat16"}, r"--precision bfloat16: torch has no complex bfloat16; take float32"),
        ({"method": "exact", "epochs": 7}, r"--epochs 7: --method exact takes no steps"),
        ({"resume": True}, r"--resume: name the folder of the run with --out"),
    ],
)
def test_bad_settings_are_named_as_on_the_command_line_with_the_remedy(given, message):
    with pytest.raises(ValueError, match=message):
        Settings(**given)


def test_settings_can_be_written_as_json_and_name_a_folder_in_one_way(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    record = json.loads(json.dumps(Settings(data=Path("./digits"), ranks=(5,), rank=5).record()))
    assert record["data"] == str(tmp_path / "digits")
    assert record["ranks"] == [5, *[0] * 14]


def test_help_has_every_setting_with_its_default_and_two_examples():
    text = parser().format_help()
    assert text.count("python -m snippets.mnist.train --") == 2
    options = text.partition("\nexamples:")[0].split("\n  --")[1:]
    said = {option.split()[0]: " ".join(option.split()) for option in options}
    assert list(said) == [flag(each.name)[2:] for each in dataclasses.fields(Settings)]
    for each in dataclasses.fields(Settings):
        kind, says, *_ = get_args(each.type)
        here = said[flag(each.name)[2:]]
        assert kind is bool or "(default: " in here
        assert each.default is None or kind is bool or here.endswith(f"(default: {each.default})")
        assert not isinstance(says, dict) or all(f"{word}: " in here for word in says)
    for values in DEFAULTS.values():
        for name, value in zip(STEPS, values, strict=True):
            assert f"{value:g}" in said[flag(name)[2:]].rpartition("default:")[2]


def test_help_and_typos_do_without_torch():
    program = "import sys; from snippets.mnist.train.__main__ import main\ntry:\n    main(sys.argv[1:])\nfinally:\n    print('torch' in sys.modules)"
    for options, status in ((["--help"], 0), (["--model", "cnn"], 2), (["--rank", "0"], 0)):
        done = subprocess.run([sys.executable, "-c", program, *options], capture_output=True, text=True)
        assert done.stdout.endswith("False\n")
        assert done.returncode == status
