"""Symmetry or size: what the networks cost, and what the recorded runs say."""

import json
from functools import cache
from types import SimpleNamespace

import pytest
import torch

from book.expect import numbers
from snippets.figures.mnist import accuracies as accuracies_figures
from snippets.figures.mnist.accuracies import mean_and_spread
from snippets.mnist import accuracies, records, sizes
from snippets.mnist.accuracies import STEPS
from snippets.mnist.data import load_images
from snippets.mnist.nonlinear import (
    NETWORKS,
    cnn,
    dense,
    equivariant,
    multiplications,
    size,
)
from snippets.mnist.shifts import cyclic_shift, shift

test_numbers = numbers("mnist.accuracies", {
    "cnn_60_own": 91.5633333,
    "cnn_60_parameters": 99586,
    "cnn_7_own": 88.0533333,
    "cnn_7_parameters": 5066,
    "cnn_anywhere_around": 92.7366667,
    "cnn_anywhere_around_spread": 0.415491677,
    "cnn_anywhere_turned": 3.83666667,
    "cnn_nearby_10000_own": 97.3833333,
    "cnn_nearby_10000_own_spread": 0.105987421,
    "cnn_nearby_1000_own": 94.84,
    "cnn_nearby_1000_own_spread": 0.186815417,
    "cnn_nearby_100_own": 79.42,
    "cnn_nearby_100_own_spread": 3.52526595,
    "cnn_nearby_60000_beyond": 68.22,
    "cnn_nearby_60000_own": 98.53,
    "cnn_nearby_60000_own_spread": 0.04,
    "cnn_once_10000_own": 96.7966667,
    "cnn_once_10000_own_spread": 0.155026879,
    "cnn_once_1000_around": 56.66,
    "cnn_once_1000_around_spread": 2.52442073,
    "cnn_once_1000_beyond": 45.0966667,
    "cnn_once_1000_beyond_spread": 4.74902446,
    "cnn_once_1000_own": 91.21,
    "cnn_once_1000_own_spread": 0.410731056,
    "cnn_once_1000_still": 92.2966667,
    "cnn_once_100_own": 60.5266667,
    "cnn_once_100_own_spread": 3.57598005,
    "cnn_once_60000_own": 98.48,
    "cnn_once_60000_own_spread": 0.0435889894,
    "dense_120_multiplications": 99800,
    "dense_120_own": 81.5966667,
    "dense_6_own": 66.9866667,
    "dense_anywhere_around": 79.2666667,
    "dense_anywhere_around_spread": 0.680612469,
    "dense_anywhere_turned": 9.89666667,
    "dense_nearby_10000_own": 89.9166667,
    "dense_nearby_10000_own_spread": 0.248260616,
    "dense_nearby_1000_own": 85.2033333,
    "dense_nearby_1000_own_spread": 1.17517375,
    "dense_nearby_100_own": 69.1833333,
    "dense_nearby_100_own_spread": 2.07644729,
    "dense_nearby_60000_own": 92.82,
    "dense_nearby_60000_own_spread": 0.257099203,
    "dense_once_10000_own": 89.08,
    "dense_once_10000_own_spread": 0.0953939201,
    "dense_once_1000_around": 44.52,
    "dense_once_1000_beyond": 27.6466667,
    "dense_once_1000_own": 78.1066667,
    "dense_once_1000_own_spread": 1.40215311,
    "dense_once_1000_still": 79.2033333,
    "dense_once_100_own": 48.2866667,
    "dense_once_100_own_spread": 1.12757853,
    "dense_once_60000_own": 92.3866667,
    "dense_once_60000_own_spread": 0.302379453,
    "equivariant_30_own": 91.7566667,
    "equivariant_4_multiplications": 131852,
    "equivariant_4_own": 78.0733333,
    "equivariant_anywhere_around": 90.19,
    "equivariant_anywhere_around_spread": 0.530188646,
    "equivariant_anywhere_turned": 0.0,
    "equivariant_nearby_10000_own": 94.1066667,
    "equivariant_nearby_10000_own_spread": 0.174737899,
    "equivariant_nearby_1000_own": 89.6966667,
    "equivariant_nearby_1000_own_spread": 0.741911944,
    "equivariant_nearby_100_own": 71.66,
    "equivariant_nearby_100_own_spread": 2.04501834,
    "equivariant_nearby_60000_beyond": 88.86,
    "equivariant_nearby_60000_own": 96.5466667,
    "equivariant_nearby_60000_own_spread": 0.179257729,
    "equivariant_once_10000_own": 94.2366667,
    "equivariant_once_10000_own_spread": 0.525579046,
    "equivariant_once_1000_around": 89.3633333,
    "equivariant_once_1000_beyond": 81.4466667,
    "equivariant_once_1000_changed": 0.816666667,
    "equivariant_once_1000_own": 89.31,
    "equivariant_once_1000_own_spread": 1.44405679,
    "equivariant_once_1000_still": 89.3633333,
    "equivariant_once_100_own": 70.4933333,
    "equivariant_once_100_own_spread": 2.49107072,
    "equivariant_once_60000_own": 96.6266667,
    "equivariant_once_60000_own_spread": 0.364737348,
    "equivariant_rate_0001_own": 85.2233333,
    "equivariant_rate_001_own": 90.2433333,
    "large_anywhere_around": 92.19,
    "large_anywhere_around_spread": 0.115325626,
    "large_anywhere_turned": 3.70333333,
    "large_nearby_10000_own": 96.6033333,
    "large_nearby_10000_own_spread": 0.0896288644,
    "large_nearby_1000_own": 92.3866667,
    "large_nearby_1000_own_spread": 0.0550757055,
    "large_nearby_100_own": 74.2333333,
    "large_nearby_100_own_spread": 1.25324911,
    "large_nearby_60000_own": 97.91,
    "large_nearby_60000_own_spread": 0.0818535277,
    "large_once_10000_own": 94.6333333,
    "large_once_10000_own_spread": 0.21825062,
    "large_once_1000_around": 48.4766667,
    "large_once_1000_beyond": 32.2466667,
    "large_once_1000_own": 84.4066667,
    "large_once_1000_own_spread": 1.37172641,
    "large_once_1000_still": 85.1633333,
    "large_once_100_own": 53.5033333,
    "large_once_100_own_spread": 1.78489029,
    "large_once_60000_own": 97.54,
    "large_once_60000_own_spread": 0.104403065,
    "large_rate_0001_own": 82.71,
    "large_rate_001_own": 85.5533333,
    "made_command": "python -m snippets.mnist.accuracies",
    "made_device": "CPU (x86_64)",
    "made_python": "3.11.7",
    "made_seeds": 3,
    "made_threads": 1,
    "made_torch": "2.13.0+cpu",
    "multiplications_dense": 21032,
    "multiplications_equivariant": 578198,
    "multiplications_large": 468224,
    "parameters_equivariant": 21086,
    "parameters_large": 468874,
    "parameters_wide": 468870,
    "rate": 0.003,
    "size_ratio": 22.2362705,
    "step_cnn": 37.99,
    "step_dense": 0.85,
    "step_equivariant": 5.09,
    "step_large": 5.6,
    "step_wide": 35.939998626708984,
    "sizes_command": "python -m snippets.mnist.sizes",
    "sizes_runs": 18,
    "steps_100": 250,
    "steps_1000": 500,
    "steps_10000": 1000,
    "steps_60000": 2400,
    "units": 1400,
    "units_dense": 44,
    "wide_anywhere_around": 92.8433333,
    "wide_anywhere_around_spread": 0.0945163125,
    "wide_anywhere_turned": 0.0,
    "wide_once_1000_around": 92.9333333,
    "wide_once_1000_beyond": 86.4666667,
    "wide_once_1000_still": 92.9333333,
    "wide_once_100_own": 76.2433333,
    "wide_once_100_own_spread": 2.44651453,
    "wide_once_1000_own": 92.8633333,
    "wide_once_1000_own_spread": 0.260832002,
    "wide_once_10000_own": 97.24,
    "wide_once_10000_own_spread": 0.01,
    "wide_once_60000_own": 98.59,
    "wide_once_60000_own_spread": 0.0871779789,
    "wide_nearby_100_own": 74.3333333,
    "wide_nearby_100_own_spread": 1.76386885,
    "wide_nearby_1000_own": 92.93,
    "wide_nearby_1000_own_spread": 0.0871779789,
    "wide_nearby_10000_own": 97.2733333,
    "wide_nearby_10000_own_spread": 0.168621865,
    "wide_nearby_60000_own": 98.6133333,
    "wide_nearby_60000_own_spread": 0.183393929,
    "runs": 153,
    "minutes": 35.443891666666666,
})  # fmt: skip


@pytest.mark.claim("MN-207")
def test_three_networks_have_equally_many_parameters(measured):
    measured.exact([size(NETWORKS[name]()) for name in ("equivariant", "dense", "cnn")], [21_086] * 3)
    by_hand = (28 * 11 * 28 + 11) + (11 * 39 * 28 + 39) + (39 * 10 + 10)
    measured.exact(by_hand, 785 * 26 + 27 * 18 + 19 * 10)
    measured.exact(by_hand, 21_086)
    measured.exact(size(NETWORKS["large"]()), 785 * 512 + 513 * 128 + 129 * 10)
    measured.exact(size(NETWORKS["wide"]()), size(NETWORKS["large"]()) - 4)


@pytest.mark.claim("MN-207")
def test_a_shared_weight_is_used_in_every_column(measured):
    measured.exact(multiplications(equivariant()), 28 * (28 * 28 * 11 + 28 * 11 * 39) + 390)
    measured.exact(multiplications(dense()), 784 * 26 + 26 * 18 + 18 * 10)
    measured.exact(multiplications(cnn()), 784 * 9 * 18 + 196 * 9 * 18 * 32 + 49 * 32 * 10)


def test_by_the_clock_the_equivariant_networks_cost_what_the_ones_do_that_they_are_compared_with():
    """The small one about as much as the large dense one, the large one about as much as the CNN; and with 1,000
    digits every run of theirs is ahead."""
    costs = accuracies_figures.costs()
    for ours, other in (("equivariant", "large"), ("wide", "cnn")):
        assert 0.85 < costs[f"step_{ours}"] / costs[f"step_{other}"] < 1.15
        assert min(runs_of(f"{ours}/once/1000")) > max(runs_of(f"{other}/once/1000"))


@cache
def recorded() -> dict:
    return accuracies_figures.accuracies()


def runs_of(key: str, which: str = "own") -> list[float]:
    """What each seed reached, in per cent."""
    return [100 * value for value in records.record("nonlinear")[key][which]]


def test_mean_and_spread(measured):
    measured(mean_and_spread([1.0, 2.0, 6.0]), (3.0, 7**0.5), atol=1e-12)


def test_every_run_is_in_the_record():
    record = records.record("nonlinear")
    keys = [key for key, _ in accuracies.runs()]
    assert set(record) == set(keys)
    assert all(len(values) == keys.count(key) for key, run in record.items() for values in run.values())


@pytest.mark.parametrize(("count", "seed"), [(100, 2), (1_000, 1)])
def test_a_recorded_run_is_what_the_code_measures(count, seed, measured, monkeypatch):
    torch.manual_seed(5)
    clock = iter([100.0, 101.0])  # of the processor, before and after the training
    monkeypatch.setattr(accuracies, "time", SimpleNamespace(process_time=lambda: next(clock)))
    run = accuracies.measure("dense", count, seed)
    recorded = records.record("nonlinear")[f"dense/once/{count}"]
    assert set(run) == set(recorded)
    for name in set(run) - {"step_ms"}:
        measured(run[name], recorded[name][seed], atol=0.03)
    assert run["step_ms"] == round(1000 / STEPS[count], 2)


def test_pictures_are_moved_by_each_distance_to_either_side():
    """In turn by 0, 2, …, 14 pixels, cyclically or as the data are: one half to the left, the other to the right."""
    images = load_images("test")[:300]
    for name, move in (("around_by", cyclic_shift), ("own_by", lambda x, d: shift(x, torch.full((len(x),), float(d))))):
        for distance, moved in zip(range(0, 15, 2), accuracies.distance_sets()[name], strict=True):
            left, right = (
                (moved[:300] - move(images / 255.0, d)).abs().amax((1, 2)) < 1e-5 for d in (-distance, distance)
            )
            assert len(moved) == 2000
            assert (left | right).all()
            opposite = 14 if name == "around_by" else 0  # where both ways lead
            assert distance in (0, opposite) or 0.4 < right.double().mean() < 0.6


def test_pictures_to_test_on_are_moved_as_it_is_said():
    sets, columns = accuracies.test_sets(), torch.arange(28.0)
    still = sets["still"]
    assert torch.equal(still, load_images("test").float() / 255)
    moves = torch.stack([(sets["around"][:500] == cyclic_shift(still[:500], k)).all(2).all(1) for k in range(28)])
    assert moves.any(0).all()
    assert moves.any(1).all()
    centre = {name: (x.sum(1) * columns).sum(1) / x.sum((1, 2)) for name, x in sets.items()}
    for name, low, high in (
        ("own", 0.0, 5.6),
        ("beyond", 4.0, 11.2),
    ):  # ink that leaves brings the centre back a little
        by = centre[name] - centre["still"]
        assert (by.abs() <= high + 0.01).all()
        assert (by.abs() >= low).double().mean() > 0.95
        assert 0.47 < (by > 0).double().mean() < 0.53
        assert by.abs().quantile(0.99) > 0.85 * high


def test_every_run_of_another_size_is_in_its_record():
    record = records.record("sizes")
    keys = [key for key, _ in sizes.runs()]
    assert set(record) == set(keys)
    assert all(len(values) == keys.count(key) for key, run in record.items() for values in run.values())


@pytest.mark.parametrize(("move", "times"), [("once", 1), ("nearby", 2)])
def test_a_network_of_another_size_is_trained_like_those_of_the_page(move, times, measured):
    run = sizes.measure("dense", (120, 44), 1_000, seed=0, move=move, times=times)
    recorded = records.record("sizes")["dense/120/44"]
    assert set(run) == set(recorded)
    if move == "once":
        measured(run["own"], recorded["own"][0], atol=0.03)
    else:
        assert run["own"] > recorded["own"][0]  # longer, and with new shifts


def test_the_networks_of_the_page_are_of_the_families():
    for name, (family, widths) in sizes.PAGE.items():
        assert [p.shape for p in sizes.FAMILIES[family](*widths).parameters()] == [
            p.shape for p in NETWORKS[name]().parameters()
        ]


@pytest.mark.claim("MN-217")
def test_with_few_digits_the_equivariant_network_beats_the_dense_one_at_each_size():
    rows = accuracies_figures.by_parameters()
    for (m, work, errors), (n, _, others) in zip(rows["equivariant"], rows["dense"], strict=True):
        assert abs(m / n - 1) < 0.02
        assert max(errors) < min(others)
        assert work > 25 * m
    assert max(rows["equivariant"][1][2]) < min(rows["dense"][-1][2])  # and one with 22 times its parameters
    measured_cnn = [sum(errors) / len(errors) for _, _, errors in rows["cnn"]]
    means = [sum(errors) / len(errors) for _, _, errors in rows["equivariant"]]
    assert measured_cnn[0] < means[0] - 5
    assert measured_cnn[1] < means[1]
    assert measured_cnn[2] >= means[2]
    assert abs(measured_cnn[2] - measured_cnn[1]) < 1  # a larger CNN gains little
    assert rows["equivariant"][0][1] > rows["dense"][2][1]  # more work,
    assert min(rows["equivariant"][0][2]) > max(rows["dense"][2][2])  # and more errors
    assert rows["equivariant"][1][1] < 1.3 * rows["dense"][3][1]  # about as much work, and fewer errors


def test_the_experiment_resumes_and_writes_its_record(tmp_path, monkeypatch, measured):
    done = []

    def measure(network: str, count: int, seed: int, move: str = "once", rate: float = 3e-3) -> dict:
        if len(done) == 100:
            raise KeyboardInterrupt
        done.append((network, count, seed, move, rate))
        return {"own": count / 100_000 + seed}

    monkeypatch.setattr(accuracies, "measure", measure)
    monkeypatch.setattr(accuracies.records, "digest", lambda function: "abc")
    monkeypatch.setattr(accuracies, "ROOT", tmp_path)
    monkeypatch.setattr(records, "ROOT", tmp_path)
    monkeypatch.setattr(accuracies.records, "RECORDED", tmp_path / "recorded")
    monkeypatch.setattr(accuracies.records, "_source", lambda function: tmp_path / "code.py")
    with pytest.raises(KeyboardInterrupt):
        accuracies.experiment()
    assert len(json.loads((tmp_path / ".cache/mnist/nonlinear-abc.json").read_text())) == 100
    assert not (tmp_path / "recorded").exists()
    done.append("resumed")
    accuracies.experiment()
    assert len(done) == len(list(accuracies.runs())) + 1
    measured.exact(len({run for run in done if run != "resumed"}), len(done) - 1)
    values = records.record("nonlinear")
    measured.exact(values["cnn/once/10000"]["own"], [0.1, 1.1, 2.1])
    measured.exact(len(values["large/rate/0.01"]["own"]), 3)


@pytest.mark.claim("MN-210")
def test_shown_once_the_equivariant_network_beats_dense_ones_on_few_digits():
    for count in (100, 1_000):
        worst = min(runs_of(f"equivariant/once/{count}"))
        assert worst > max(runs_of(f"dense/once/{count}") + runs_of(f"large/once/{count}"))
    for count in STEPS:
        assert min(runs_of(f"equivariant/once/{count}")) > max(runs_of(f"dense/once/{count}"))


@pytest.mark.claim("MN-211")
def test_with_all_digits_the_large_dense_network_and_the_cnn_are_better():
    for move in ("once", "nearby"):
        best = max(runs_of(f"equivariant/{move}/60000"))
        assert min(runs_of(f"large/{move}/60000") + runs_of(f"cnn/{move}/60000")) > best


@pytest.mark.claim("MN-212")
def test_with_new_shifts_every_run_of_the_large_dense_network_beats_every_run_of_the_small_equivariant_one():
    assert recorded()["large_nearby_100_own"] > recorded()["large_once_100_own"] + 15
    for count in STEPS:
        assert min(runs_of(f"large/nearby/{count}")) > max(runs_of(f"equivariant/nearby/{count}"))
        assert abs(recorded()[f"equivariant_nearby_{count}_own"] - recorded()[f"equivariant_once_{count}_own"]) < 1.5
    assert min(runs_of("large/nearby/100")) < max(runs_of("equivariant/nearby/100")) + 0.5  # by little


@pytest.mark.claim("MN-213")
def test_with_new_shifts_the_cnn_is_the_best_at_every_size():
    for count in STEPS:
        others = [run for name in ("equivariant", "dense", "large") for run in runs_of(f"{name}/nearby/{count}")]
        assert min(runs_of(f"cnn/nearby/{count}")) > max(others)
    assert min(runs_of("cnn/nearby/1000")) > max(runs_of("wide/nearby/1000"))
    for count in (10_000, 60_000):
        apart = recorded()[f"wide_nearby_{count}_own"] - recorded()[f"cnn_nearby_{count}_own"]
        assert abs(apart) < 0.2
        assert max(runs_of(f"wide/nearby/{count}")) > min(runs_of(f"cnn/nearby/{count}"))


@pytest.mark.claim("MN-214")
def test_beyond_the_training_the_equivariant_network_leads_and_cyclic_shifts_change_nothing(measured):
    for move in ("once", "nearby"):
        for count in STEPS:
            for which in ("beyond", "around"):
                best = max(max(runs_of(f"{name}/{move}/{count}", which)) for name in ("dense", "large", "cnn"))
                assert min(runs_of(f"equivariant/{move}/{count}", which)) > best + 10
            measured.exact(max(runs_of(f"equivariant/{move}/{count}", "turned")), 0.0)
            measured.exact(max(runs_of(f"wide/{move}/{count}", "turned")), 0.0)
            assert max(runs_of(f"equivariant/{move}/{count}", "changed")) > 0


@pytest.mark.claim("MN-215")
def test_at_equal_size_the_equivariant_network_beats_the_dense_one():
    assert min(runs_of("equivariant/anywhere", "around")) > max(runs_of("dense/anywhere", "around"))
    assert min(runs_of("wide/anywhere", "around")) > max(runs_of("large/anywhere", "around"))
    for move in ("once", "nearby"):
        for count in STEPS:
            for ours, theirs in (("equivariant", "dense"), ("wide", "large")):
                runs, others = runs_of(f"{ours}/{move}/{count}"), runs_of(f"{theirs}/{move}/{count}")
                assert sum(runs) > sum(others)
                assert (min(runs) > max(others)) == ((move, count) != ("nearby", 100))
    for name in ("large", "cnn"):
        assert 3.5 < recorded()[f"{name}_anywhere_turned"] < 4
    assert abs(recorded()["cnn_anywhere_around"] - recorded()["wide_anywhere_around"]) < 0.2


@pytest.mark.claim("MN-216")
def test_with_all_digits_the_large_equivariant_network_is_level_with_the_cnn():
    wide = runs_of("wide/once/60000")
    assert min(wide) > max(runs_of("large/once/60000")) + 0.5
    assert max(abs(ours - cnn) for ours in wide for cnn in runs_of("cnn/once/60000")) < 0.3
    for count in (1_000, 10_000, 60_000):
        assert min(runs_of(f"wide/once/{count}")) > max(runs_of(f"cnn/once/{count}"))  # behind nobody


def test_how_far_runs_stray_beyond_the_training():
    spreads = {
        (name, which): recorded()[f"{name}_once_1000_{which}_spread"]
        for name in accuracies.LABELS
        for which in ("still", "own", "around", "beyond")
    }
    assert max(spreads, key=spreads.get) == ("cnn", "beyond")
    del spreads["cnn", "beyond"]
    assert max(spreads, key=spreads.get) == ("cnn", "around")


def test_other_rates_leave_the_order_as_it_is():
    for rate in accuracies.OTHER_RATES:
        equivariant, large, small = (runs_of(f"{name}/rate/{rate:g}") for name in ("equivariant", "large", "dense"))
        assert min(equivariant) > max(large)
        assert min(large) > max(small)


def test_costs_come_from_networks_and_record(measured):
    costs = accuracies_figures.costs()
    measured.exact(costs["parameters_large"], 468_874)
    assert costs["step_dense"] < costs["step_equivariant"] < costs["step_cnn"]
    assert costs["steps_60000"] == STEPS[60_000]
    assert costs["multiplications_wide"] > 10 * costs["multiplications_cnn"]
    assert 0.5 < costs["step_wide"] / costs["step_cnn"] < 2
    measured.exact((costs["units"], costs["units_dense"]), (28 * (11 + 39), 26 + 18))
    made = records.record("nonlinear")
    seconds = [
        ms / 1000 * STEPS[settings["count"]]
        for key, settings in accuracies.runs()
        for ms in [made[key]["step_ms"][settings["seed"]]]
    ]
    measured(costs["minutes"], sum(seconds) / 60, atol=1e-9)
