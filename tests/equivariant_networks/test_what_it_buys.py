"""What symmetry buys: inputs that no rotation changes, networks of equal size, and what was recorded."""

import inspect
import itertools

import pytest
import torch

from book.expect import between, numbers
from snippets.equivariant_networks import trials
from snippets.equivariant_networks.group_convolutions import TURNS, act
from snippets.equivariant_networks.what_it_buys import (
    coordinates,
    distances,
    fit,
    fit_digits,
    plain_network,
    rotated,
    three_body,
    turned,
    turned_or_mirrored,
    turning_network,
)
from snippets.mnist.records import command_of, provenance, record

MADE = provenance("symmetry")
test_numbers = numbers(
    "equivariant_networks.what_it_buys",
    {
        # an error of 1 is that of the mean; more examples leave less of it
        "distances_30": between(0.456, 0.464),
        "distances_100": between(0.35, 0.364),
        "distances_300": between(0.245, 0.255),
        "distances_1000": between(0.165, 0.175),
        "distances_3000": between(0.145, 0.153),
        "coordinates_30": between(1.503, 1.511),
        "coordinates_100": between(0.856, 0.864),
        "coordinates_300": between(0.475, 0.483),
        "coordinates_1000": between(0.375, 0.385),
        "coordinates_3000": between(0.355, 0.365),
        "augmented_30": between(0.547, 0.555),
        "augmented_100": between(0.395, 0.405),
        "augmented_300": between(0.321, 0.329),
        "augmented_1000": between(0.273, 0.281),
        "augmented_3000": between(0.25, 0.258),
        # the longer training helps who never sees an example twice, and more who need not turn it
        "longer_distances": between(0.041, 0.049),
        "longer_augmented": between(0.21, 0.22),
        "longer_coordinates": between(0.355, 0.363),
        "rate_coordinates_least": 0.0003,
        "rate_coordinates_most": 0.03,
        "longer_width": 192,
        "longer_steps": 6000,
        # exactly alike at quarter turns, unprotected between them
        "group_0": between(87.8, 88.2),
        "group_45": between(43.1, 43.5),
        "group_90": between(87.8, 88.2),
        "group_180": between(87.8, 88.2),
        "group_all": between(65.5, 66),
        # some digits look the same upside down; at a quarter a guess is right for 10 per cent
        "plain_0": between(94, 94.5),
        "plain_45": between(29.6, 30),
        "plain_90": between(11.17, 11.27),
        "plain_180": between(44, 44.4),
        "plain_all": between(33.8, 34.2),
        "group_turned_0": between(88, 88.5),
        "group_turned_45": between(89.3, 89.7),
        "group_turned_90": between(88, 88.5),
        "group_turned_180": between(88, 88.5),
        "group_turned_all": between(88.7, 89.1),
        "plain_turned_0": between(84.7, 85.1),
        "plain_turned_45": between(86.5, 86.9),
        "plain_turned_90": between(85, 85.4),
        "plain_turned_180": between(84.8, 85.2),
        "plain_turned_all": between(85.7, 86),
        "plain_ahead": between(6.11, 6.21),  # points: 94.12 − 87.96
        "turned_ahead": between(2.98, 3.08),  # 88.91 − 85.88
        "others_group": between(89.2, 89.7),
        "others_plain": between(93.7, 94.1),
        # filters of 5×5 and 3×3, a filter for each of four differences of positions, biases, two weights a channel of each
        # batch normalisation, and a linear layer to ten
        "weights_group": 8 * 25 + 8 + 16 * 8 * 4 * 9 + 16 + 16 * 16 * 4 * 9 + 16 + 2 * (8 + 16 + 16) + 170,
        "weights_plain": 16 * 25 + 16 + 34 * 16 * 9 + 34 + 34 * 34 * 9 + 34 + 2 * (16 + 34 + 34) + 350,
        "plain_channels": 34,  # beside 16 channels of four maps each
        "made_seeds": 5,
        "made_device": MADE["made_device"],
        "made_torch": MADE["made_torch"],
        "made_command": command_of("symmetry"),
    },
)


def test_the_energy_is_one_of_three_bodies(measured):
    """No motion changes it; it is symmetric in the points; and it is no sum over pairs: some mixed derivative is not 0."""
    x = torch.randn(6, 4, 3)
    measured(three_body(turned(x) + 3), three_body(x), atol=1e-11)
    measured(three_body(x[:, [2, 0, 3, 1]]), three_body(x), atol=1e-11)
    d = distances(x)
    assert (three_body(x) - three_body(1.2 * x)).abs().min() > 1e-6
    equal_pairs = torch.tensor([[0, 0, 0], [1, 0, 0], [2, 0, 0], [0, 9, 9.0]])
    bent = torch.tensor([[0, 0, 0], [1, 0, 0], [0.5, 0.866, 0], [0, 9, 9.0]])
    assert three_body(equal_pairs) < 0.5 * three_body(bent)
    assert d.shape == (6, 6)


def test_three_body_is_the_sum_over_triangles():
    x, total = torch.randn(4, 3), 0.0
    for i, j, k in itertools.combinations(range(4), 3):
        s = [x[j] - x[i], x[k] - x[j], x[i] - x[k]]
        q = [v @ v + 0.5 for v in s]
        c = [-(s[n] @ s[n - 1]) / (q[n] * q[n - 1]).sqrt() for n in range(3)]
        total += (1 + 3 * c[0] * c[1] * c[2]) / ((q[0] + 4) * (q[1] + 4) * (q[2] + 4)) ** 1.5
    torch.testing.assert_close(three_body(x), total)


@pytest.mark.parametrize(
    ("third", "numerator"), [((0.5, 0.75**0.5, 0), 11 / 8), ((0.0, 1.0, 0.0), 1.0), ((2.0, 0.0, 0.0), -2.0)]
)
def test_a_large_triangle_contributes_what_the_formula_says(third, numerator):
    """Equal sides, a right angle, a line; the fourth point is far away."""
    corners = torch.tensor([(0.0, 0, 0), (1.0, 0, 0), third])
    volume = (corners - corners.roll(1, 0)).norm(dim=1).prod() ** 3
    x = 1000 * torch.cat([corners, torch.tensor([[0.0, 0.0, 1e4]])])
    assert (three_body(x) * 1e27 * volume).item() == pytest.approx(numerator, abs=1e-4)


def test_turning_is_by_random_rotations(measured):
    x = torch.randn(4000, 4, 3)
    y = turned(x)
    measured(distances(y), distances(x), atol=1e-12)
    measured(torch.linalg.det(y[:, 1:] - y[:, :1]), torch.linalg.det(x[:, 1:] - x[:, :1]), atol=1e-10)
    arrow = turned(torch.eye(3)[2].expand(20_000, 4, 3))[:, 0]
    assert arrow.mean(0).abs().max() < 0.03
    assert ((arrow.T @ arrow) / len(arrow) - torch.eye(3) / 3).abs().max() < 0.02


def test_coordinates_lose_translations_only():
    x = torch.randn(5, 4, 3)
    torch.testing.assert_close(coordinates(x + 7), coordinates(x))
    assert (coordinates(turned(x)) - coordinates(x)).abs().max() > 0.1


def test_the_body_learns_from_distances():
    torch.manual_seed(0)
    x = torch.randn(200, 4, 3)
    y = three_body(x)
    y = (y - y.mean()) / y.std()
    network = fit(x, y, distances, augment=False, rate=2e-3, steps=60)
    with torch.no_grad():
        assert (network(x) - y).square().mean() < 0.8


def test_half_of_the_moved_examples_are_mirror_images(measured):
    x = torch.randn(4000, 4, 3)
    y = turned_or_mirrored(x)
    measured(distances(y), distances(x), atol=1e-12)
    hand = torch.linalg.det(y[:, 1:] - y[:, :1]) / torch.linalg.det(x[:, 1:] - x[:, :1])
    measured(hand.abs(), torch.ones(4000), atol=1e-6)
    assert 0.46 < (hand < 0).double().mean() < 0.54


@pytest.mark.parametrize("augment", [False, True])
def test_only_augmentation_shows_moved_examples(augment):
    torch.manual_seed(0)
    x, seen = torch.randn(5, 4, 3), []

    def see(points):
        seen.append(points)
        return coordinates(points)

    fit(x, three_body(x), see, augment=augment, rate=1e-3, steps=2)
    nearest = torch.cdist(seen[-1].flatten(1), x.flatten(1)).amin(1)
    assert (nearest > 1e-6).all() == augment
    shapes = torch.cdist(distances(seen[-1]), distances(x)).amin(1)
    assert shapes.max() < 1e-6


def test_pictures_are_turned_to_the_left_and_between_pixels():
    """By quarters exactly; a spot half-way up on the right goes, by 45°, to the upper right, and keeps most of its ink."""
    x = torch.rand(4, 14, 14)
    for k in range(4):
        torch.testing.assert_close(rotated(x, torch.full((4,), k * torch.pi / 2)), torch.rot90(x, k, (1, 2)))
    spot = torch.zeros(1, 13, 13)
    spot[0, 5:8, 10:13] = 1
    moved = rotated(spot, torch.tensor([torch.pi / 4]))[0]
    rows, columns = torch.meshgrid(torch.arange(13.0), torch.arange(13.0), indexing="ij")
    middle = [(moved * place).sum() / moved.sum() - 6 for place in (rows, columns)]
    torch.testing.assert_close(torch.stack(middle), 5 * torch.tensor([-(0.5**0.5), 0.5**0.5]), atol=0.05, rtol=0)
    assert moved.sum() == pytest.approx(9, rel=0.05)


@pytest.mark.parametrize("augment", [False, True])
def test_only_augmentation_turns_digits_each_by_an_angle_of_its_own(augment):
    torch.manual_seed(0)
    picture, seen = torch.zeros(14, 14), []
    picture[6:8, 9:13] = 1

    class Watched(torch.nn.Linear):
        def forward(self, pictures):
            seen.append(pictures[:, 0])
            return super().forward(pictures.flatten(1))

    fit_digits(Watched(196, 10), picture.repeat(3, 1, 1), torch.zeros(3, dtype=torch.long), augment, 1e-3, steps=2)
    same = [(pictures == picture).all(dim=(1, 2)) for pictures in seen]
    assert all(all(row) != augment and any(row) != augment for row in same)
    grid = torch.arange(14.0) - 6.5
    across, up = ((seen[0] * way).sum((1, 2)) for way in (grid, -grid[:, None]))
    quadrants = set(zip((across > 0).tolist(), (up > 0).tolist(), strict=True))
    assert len(quadrants) == (4 if augment else 1)


def test_the_turning_network_turns_and_the_plain_one_does_not(measured):
    torch.manual_seed(0)
    x = torch.rand(3, 1, 14, 14)
    group, plain = turning_network().eval(), plain_network().eval()
    for g in TURNS:
        measured(group(act(g, x)).detach(), group(x).detach(), atol=1e-13)
    assert (plain(act(TURNS[1], x)) - plain(x)).abs().max() > 1e-5


def mean(values):
    return sum(values) / len(values)


@pytest.mark.claim("EL-161", by="measured")
def test_recorded_rows_are_in_the_order_that_the_page_says():
    made, leads = record("symmetry"), []
    for count in trials.COUNTS:
        errors = [
            mean(made["energies"]["errors"][f"{name}/{count}"]) for name in ("distances", "augmented", "coordinates")
        ]
        assert errors == sorted(errors)
        leads.append(1 - errors[0] / errors[1])  # as a share of the error of the augmented
    assert leads[1] == min(leads) == pytest.approx(0.1, abs=0.02)
    assert leads[1:] == sorted(leads[1:])
    assert leads[0] == pytest.approx(1 / 6, abs=0.02)
    assert leads[-1] == pytest.approx(0.4, abs=0.02)
    longer = {name: mean(runs) for name, runs in made["energies"]["longer"].items()}
    assert longer["distances"] == pytest.approx(longer["augmented"] / 5, rel=0.1)
    read = {
        name: [mean(runs) for runs in zip(*rows, strict=True)] for name, rows in made["digits"]["accuracies"].items()
    }
    assert read["plain"][0] > read["group"][0]
    assert all(group > plain for group, plain in zip(read["group turned"], read["plain turned"], strict=True))


def test_the_record_bears_out_what_the_text_reads_off():
    made = record("symmetry")
    longer = {name: mean(runs) for name, runs in made["energies"]["longer"].items()}
    before = {name: mean(made["energies"]["errors"][f"{name}/3000"]) for name in longer}
    assert longer["distances"] < before["distances"] / 3
    assert longer["augmented"] == pytest.approx(0.85 * before["augmented"], rel=0.02)
    assert longer["coordinates"] == pytest.approx(before["coordinates"], rel=0.01)
    for count in trials.COUNTS[1:]:  # with 30 examples plain coordinates do worse than the mean
        assert mean(made["energies"]["errors"][f"coordinates/{count}"]) < 1
    few = made["energies"]["errors"]["coordinates/30"]
    assert sum(error > 1 for error in few) > len(few) / 2
    assert mean(few) > 1
    rates = made["energies"]["rates"]
    assert (len(trials.RATES), trials.RATES[0], trials.RATES[-1]) == (6, 0.0001, 0.03)
    largest = {key for key, rate in rates.items() if rate == max(trials.RATES)}
    assert largest == {f"augmented/{count}" for count in (30, 300, 1000, 3000)} | {"coordinates/100"}
    assert min(rates.values()) > min(trials.RATES)
    for run in made["digits"]["accuracies"]["group"]:
        assert max(run[::2]) - min(run[::2]) < 0.002  # quarter turns; rounding decides at most a few digits
    upright = [mean([row[0] for row in made["digits"]["accuracies"][name]]) for name in ("plain", "group")]
    others = [mean(made["digits"]["others"][name]) for name in ("plain", "group")]
    assert others[0] - others[1] > (upright[0] - upright[1]) / 2  # sixes and nines are the smaller part
    assert (len(trials.DIGIT_RATES), trials.DIGIT_RATES[0], trials.DIGIT_RATES[-1]) == (5, 0.01, 0.16)
    assert all(rate in trials.DIGIT_RATES[1:-1] for rate in made["digits"]["rates"].values())  # inside what was tried


@pytest.fixture
def single():
    """The precision in which the trials ran."""
    torch.set_default_dtype(torch.float32)
    yield
    torch.set_default_dtype(torch.float64)


def test_trials_run_as_they_were_recorded(monkeypatch, single):
    """A short run of both experiments has the shape of the record."""
    for name, value in {
        "DIGITS": 32,
        "DIGITS_VALIDATED": 16,
        "DIGITS_TESTED": 16,
        "VALIDATED": 16,
        "TESTED": 16,
    }.items():
        monkeypatch.setattr(trials, name, value)
    monkeypatch.setattr(trials, "LONGER", {"steps": 3, "width": 4})
    made = record("symmetry")
    run = {
        "energies": trials.energies(counts=(8,), seeds=range(2), steps=2, rates=(1e-3, 2e-3)),
        "digits": trials.digits(seeds=range(2), steps=2, rates=(1e-3, 2e-3)),
    }
    assert {key.split("/")[0] for key in made["energies"]["errors"]} == set(trials.INPUTS)
    assert set(run["energies"]["errors"]) == {f"{name}/8" for name in trials.INPUTS}
    for kept in (run, made):
        seeds = 2 if kept is run else len(trials.SEEDS)
        assert {len(runs) for part in ("errors", "longer") for runs in kept["energies"][part].values()} == {seeds}
        assert {len(runs) for part in ("accuracies", "others") for runs in kept["digits"][part].values()} == {seeds}
        assert {len(row) for runs in kept["digits"]["accuracies"].values() for row in runs} == {len(trials.ANGLES)}
        assert set(kept["digits"]["accuracies"]) == set(kept["digits"]["rates"]) == set(trials.NETWORKS)
        assert set(kept["energies"]["longer"]) == set(trials.INPUTS)
    before = torch.random.get_rng_state()
    monkeypatch.setattr(trials, "energies", lambda: {"drawn": torch.randn(3)})
    monkeypatch.setattr(trials, "digits", lambda: run["digits"])
    assert trials.trials()["digits"] is run["digits"]
    assert torch.equal(torch.random.get_rng_state(), before)


def test_the_rate_is_chosen_where_the_error_is_least_and_on_other_examples(monkeypatch, single):
    """Rates are compared with the seed that no recorded run has; of the runs that are tested none sees that seed."""
    assert trials.best({1.0: 0.5, 2.0: 0.1, 3.0: 0.2}) == 2.0
    assert trials.TRIED not in trials.SEEDS
    learned, asked = [], []

    def fit(x, y, see, augment, rate, *more):
        learned.append((x[0, 0, 0].item(), rate))
        return lambda points: rate * torch.ones(len(points))

    monkeypatch.setattr(trials, "fit", fit)
    monkeypatch.setattr(trials, "turned", lambda x: asked.append(x) or x)
    trials.energies(counts=(4,), seeds=range(1), steps=1, rates=(0.1, 0.2))
    points = {seed: trials.four_points(seed)[0] for seed in (0, trials.TRIED)}
    chosen = [rate for place, rate in learned if place == points[trials.TRIED][0, 0, 0].item()]
    assert sorted(set(chosen)) == [0.1, 0.2]
    assert {place for place, _ in learned} == {x[0, 0, 0].item() for x in points.values()}
    assert torch.equal(asked[0], points[trials.TRIED][-trials.TESTED - trials.VALIDATED : -trials.TESTED])
    assert torch.equal(asked[2], points[0][-trials.TESTED :])
    assert max(trials.COUNTS) + len(asked[0]) + len(asked[2]) == len(points[0])
    assert {rate for _, rate in learned} in ({0.1, 0.2, 0.1 / 3}, {0.1, 0.2, 0.2 / 3})  # a third for the wider network


def test_the_trials_are_as_large_as_the_page_says():
    """Rates in steps of about three or of two; as many steps for the digits as for the energies; more for the longer runs."""
    usual = inspect.signature(fit).parameters
    assert (usual["steps"].default, usual["width"].default) == (1500, 96)
    assert trials.LONGER == {"steps": 4 * 1500, "width": 2 * 96}
    for run in (trials.energies, trials.digits, fit_digits):
        assert inspect.signature(run).parameters["steps"].default == 1500
    assert inspect.signature(trials.energy_error).parameters["width"].default == 96
    assert (max(trials.COUNTS), trials.VALIDATED, trials.TESTED) == (3000, 2000, 4000)
    assert (trials.DIGITS, trials.DIGITS_VALIDATED, trials.DIGITS_TESTED) == (1000, 2000, 2000)
    steps = [high / low for rates in (trials.RATES, trials.DIGIT_RATES) for low, high in itertools.pairwise(rates)]
    assert steps == pytest.approx([3, 10 / 3] * 2 + [3] + [2] * 4)
    tried = {*trials.RATES, *trials.DIGIT_RATES}
    assert all({*record("symmetry")[part]["rates"].values()} < tried for part in ("energies", "digits"))


def test_the_accuracy_is_the_share_of_digits_read_at_each_angle():
    """A network that sees on which side the ink is reads two of three upright, and the third turned by half."""
    x, labels = torch.zeros(3, 14, 14), torch.tensor([0, 1, 0])
    x[0, 5:9, :3] = x[1, 5:9, -3:] = x[2, 5:9, -3:] = 1
    sides = lambda pictures: torch.stack([pictures[:, 0, :, :7].sum((1, 2)), pictures[:, 0, :, 7:].sum((1, 2))], 1)  # noqa: E731
    network = torch.nn.Identity()
    network.forward = sides
    assert trials.accuracies(network, x, labels, (0, 180, 360)) == pytest.approx([2 / 3, 1 / 3, 2 / 3])


def test_networks_learn_what_their_names_say():
    """Two kinds of network, and those called turned are shown turned digits and judged at all angles."""
    assert {name: augment for name, (_, augment) in trials.NETWORKS.items()} == {
        "group": False,
        "plain": False,
        "group turned": True,
        "plain turned": True,
    }
    for name in ("group", "plain"):
        assert trials.NETWORKS[name][0] is trials.NETWORKS[f"{name} turned"][0]
