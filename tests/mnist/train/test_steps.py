"""What a step costs: counted by hand, measured against a clock of our own, recorded by device."""

import functools
import itertools
import time

import matplotlib.pyplot as plt
import pytest
import torch

from snippets.figures.mnist import steps as steps_figures
from snippets.mnist import records, steps
from snippets.mnist.ranks import RANKS, WEIGHTS
from snippets.mnist.train.processes import Group
from snippets.mnist.train.running import prepare

CPU = torch.device("cpu")


@pytest.fixture
def training(settings):
    def make(**values):
        chosen = settings(**values)
        return steps.training_of(prepare(chosen, Group(), CPU), chosen, CPU)

    return make


@pytest.fixture
def folder(tmp_path, monkeypatch):
    monkeypatch.setattr(records, "RECORDED", tmp_path)
    return tmp_path


def test_operations_of_a_dense_step_are_those_of_its_five_products(training):
    one = training(model="dense")
    count, d, r = 100, 784, 99
    products = 3 * 2 * count * d * r + 2 * count * r * r  # z E, c D, cᵀ(z − c D) and cᵀc
    assert steps.work(one, next(steps.endless(one))).operations == products + 2 * d * r * r  # and D Dᵀ


def test_operations_of_an_equivariant_step_count_the_blocks_as_they_are_padded(training):
    one = training(ranks="paper")
    blocks, r = sum(rank > 0 for rank in RANKS["paper"]), 2 * max(RANKS["paper"])
    products = 3 * 2 * 100 * 56 * r + 2 * 100 * r * r + 2 * 56 * r * r
    assert steps.work(one, next(steps.endless(one))).operations == blocks * products
    assert len(WEIGHTS) > blocks


def test_bytes_of_a_step_are_its_pictures_once_and_what_it_changes_twice(training):
    one = training(model="dense")
    weights, codes = 2 * 784 * 99, 99 * 99
    assert steps.work(one, next(steps.endless(one))).bytes == 4 * (100 * 784 + 2 * (weights + codes))


def test_calls_do_not_depend_on_the_batch_and_views_are_none(training):
    few, many = (steps.work(one, next(steps.endless(one))) for one in (training(batch_size=100), training(batch_size=300)))
    assert few.calls == many.calls > 20
    with steps.Calls() as calls:
        assert torch.ones(4).view(2, 2).T.shape == (2, 2)
    assert calls.number == 1


def test_floors_are_work_over_limits():
    floors = steps.floors(steps.Work(600, 80, 5), steps.Limits(rate=300.0, bandwidth=20.0, call=0.5))
    assert floors == {"arithmetic": 2.0, "memory": 4.0, "calls": 2.5}


def test_seconds_are_the_median_turn_without_the_warming_up(monkeypatch):
    clock = itertools.accumulate([0.0, 9.0, 1.0, 3.0, 1.0, 6.0, 1.0, 30.0, 1.0, 12.0])  # a turn lasts 9, 3, 6, 30, 12
    monkeypatch.setattr(time, "perf_counter", functools.partial(next, clock))
    called = []
    assert steps.seconds_of(lambda: called.append(1), 3, CPU) == 9.0 / 3
    assert len(called) == 1 + 3 * steps.TURNS


def test_limits_know_the_operations_and_bytes_of_what_they_time(monkeypatch):
    def one_second(task, times, device):
        task()
        return 1.0

    monkeypatch.setattr(steps, "seconds_of", one_second)
    assert steps.limits(CPU, size=8) == (2.0 * 8**3, 2.0 * 4 * 16 * 8**2, 1.0)


def test_batches_never_end(training):
    one = training(batch_size=300)
    assert sum(1 for _ in itertools.islice(steps.endless(one), 10)) == 10 > one.task.batches.steps


def test_where_nothing_compiles_there_is_no_time(settings, monkeypatch, capsys):
    def fails(*_):
        raise ValueError("compile: torch could not (no compiler); leave out --compile")

    monkeypatch.setattr(steps, "step_seconds", fails)
    chosen = settings(compile=True)
    assert steps.compiled_seconds(prepare(chosen, Group(), CPU), chosen, CPU) is None
    assert "no compiler" in capsys.readouterr().out


@pytest.fixture
def measured_steps(settings, monkeypatch):
    """Measure on few digits, in the time of a test, without the compiler."""
    monkeypatch.setattr(steps, "Settings", lambda **values: settings(**values))
    monkeypatch.setattr(steps, "limits", lambda device: steps.Limits(1e9, 1e9, 1e-6))
    monkeypatch.setattr(steps, "compiled_seconds", lambda *_: None)
    monkeypatch.setattr(steps, "TURNS", 1)
    told = []
    return steps.steps("cpu", (100, 300), told.append), told


def test_a_row_for_every_network_and_size_with_its_time_and_its_end(measured_steps):
    found, told = measured_steps
    assert told == found["rows"]
    assert [(row["model"], row["batch"]) for row in told] == list(itertools.product(steps.MODELS, (100, 300)))
    assert all(row["step"] > 0 and row["gap"] > 0 and row["training"] > 0 for row in told)
    assert told[0]["gap"] != told[1]["gap"]


def test_the_table_puts_every_number_under_its_head(measured_steps):
    row = {
        "model": "dense", "batch": 125, "step": 0.004, "compiled": 0.005, "training": 6.0, "gap": 0.07,
        "floors": {"memory": 0.002, "calls": 0.003, "arithmetic": 0.001},
    }  # fmt: skip
    heads, line = steps.table({"rows": [row]}).splitlines()
    for head, text in zip(steps.HEADS, ("125", "1.000", "2.000", "3.000", "4.000", "5.000", "6.00 s", "7.0000%"), strict=True):
        assert heads.rindex(head) + len(head) == line.rindex(text) + len(text)
    assert len(steps.table(measured_steps[0]).splitlines()) == 5


def test_the_fastest_is_sought_among_those_that_end_close():
    row = {"model": "dense", "batch": 1, "gap": 0.004, "training": 5.0}
    rows = [row, row | {"batch": 2, "training": 4.0}, row | {"batch": 3, "training": 1.0, "gap": 0.006}]
    assert steps_figures.fastest([*rows, row | {"model": "equivariant", "training": 0.1}], "dense")["batch"] == 2


def test_a_device_that_is_not_there_is_refused(capsys, monkeypatch):
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    with pytest.raises(SystemExit) as stopped:
        steps.main(["--device", "cuda"])
    assert stopped.value.code == 2
    assert "device cuda: torch" in capsys.readouterr().err


@pytest.mark.parametrize(("name", "file"), [("cpu", "steps"), ("cuda", "steps_gpu")])
def test_a_record_for_the_cpu_and_one_for_a_gpu(name, file, folder, monkeypatch, capsys, measured_steps):
    def measured(asked, tell):
        assert asked == name
        tell(measured_steps[0]["rows"][0])
        return measured_steps[0]

    monkeypatch.setattr(steps, "steps", functools.wraps(steps.steps)(measured))
    monkeypatch.setattr(steps.devices, "choose", lambda asked: torch.device(asked))
    monkeypatch.setattr(steps, "device_name", lambda device: f"a {device}")
    monkeypatch.setattr(torch, "set_num_threads", lambda count: None)
    steps.main(["--device", name])
    assert records.record(file) == measured_steps[0]
    assert records.provenance(file)["made_device"] == f"a {name}"
    assert records.provenance(file)["made_command"].endswith({"cpu": "steps", "cuda": "--device cuda"}[name])
    assert "dense" in capsys.readouterr().out


def test_the_page_shows_a_gpu_where_there_is_a_record_of_one(folder):
    records.write("steps", {"rows": [1]}, steps.steps, (0,), device="a CPU")
    assert steps.on_devices() == {"a CPU": {"rows": [1]}}
    records.write("steps_gpu", {"rows": [2]}, steps.steps, (0,), device="a GPU")
    assert steps.on_devices() == {"a CPU": {"rows": [1]}, "a GPU": {"rows": [2]}}


def test_what_the_page_says_of_the_recorded_steps():
    found = steps_figures.step_numbers()
    for model, run in (("dense", "dense"), ("equivariant", "paper")):  # the same runs as the table's, recorded apart
        assert found[f"step_{model}_gap"] == pytest.approx(records.record("training")[run]["report"]["gap"], rel=1e-3)
        assert found[f"step_{model}_seconds"] >= found[f"step_{model}_best_seconds"]
        assert found[f"step_{model}_gap"] < 0.005 < 0.01 < found[f"step_{model}_largest_gap"]
        assert found[f"step_{model}_over_floor"] > 1
    assert found["steps_made_threads"] == 1


def test_the_figure_shows_both_networks_above_their_floors():
    fig = steps_figures.batch_sizes()
    (top, bottom), lines = fig.axes, fig.axes[0].lines
    for measured, floor in (lines[:2], lines[2:]):
        assert (measured.get_ydata() > floor.get_ydata()).all()
    assert [text.get_text() for text in bottom.get_legend().get_texts()] == list(steps.MODELS)
    assert top.get_ylabel() == "microseconds a picture"
    plt.close(fig)
