"""What symmetry buys: inputs that no rotation changes, networks of equal size, and what was recorded."""

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
    three_body,
    turned,
    turning_network,
)
from snippets.mnist.records import command_of, provenance, record

MADE = provenance("symmetry")
test_numbers = numbers(
    "equivariant_networks.what_it_buys",
    {
        # an error of 1 is that of the mean; more examples leave less of it
        "distances_30": between(0.8, 0.95),
        "distances_100": between(0.65, 0.76),
        "distances_300": between(0.5, 0.62),
        "distances_1000": between(0.4, 0.46),
        "distances_3000": between(0.25, 0.39),
        "coordinates_30": between(1.0, 1.1),
        "coordinates_100": between(1.1, 1.25),
        "coordinates_300": between(1.0, 1.08),
        "coordinates_1000": between(0.9, 0.95),
        "coordinates_3000": between(0.81, 0.86),
        "augmented_30": between(0.91, 0.94),
        "augmented_100": between(0.94, 0.96),
        "augmented_300": between(0.8, 0.85),
        "augmented_1000": between(0.82, 0.84),
        "augmented_3000": between(0.79, 0.815),
        # a guess is right for 10 per cent; some digits look the same upside down
        "group_0": between(76, 80),
        "group_90": between(76, 80),
        "group_180": between(76, 80),
        "group_270": between(76, 80),
        "group_least": between(72, 77),
        "group_most": between(80, 85),
        "plain_0": between(88, 92),
        "plain_ahead": between(11.5, 12.5),  # per cent: 90.3 − 78.4
        "plain_90": between(7, 9),
        "plain_180": between(40, 44),
        "plain_270": between(9.1, 12),
        "plain_augmented_0": between(66, 67.5),
        "plain_augmented_90": between(66, 67.5),
        "plain_augmented_180": between(67.5, 68.5),
        "plain_augmented_270": between(63, 65.5),
        # filters of 5×5 and 3×3, a filter for each of four differences of positions, biases, and a linear layer to ten
        "weights_group": 8 * 25 + 8 + 16 * 8 * 4 * 9 + 16 + 16 * 16 * 4 * 9 + 16 + 170,
        "weights_plain": 16 * 25 + 16 + 34 * 16 * 9 + 34 + 34 * 34 * 9 + 34 + 350,
        "made_seeds": 3,
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
        total += (1 + 3 * c[0] * c[1] * c[2]) / (q[0] * q[1] * q[2]) ** 1.5
    torch.testing.assert_close(three_body(x), total)


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
    network = fit(x, y, distances, augment=False, steps=60)
    with torch.no_grad():
        assert (network(x) - y).square().mean() < 0.8


@pytest.mark.parametrize("augment", [False, True])
def test_only_augmentation_shows_turned_examples(augment):
    torch.manual_seed(0)
    x, seen = torch.randn(5, 4, 3), []

    def see(points):
        seen.append(points)
        return coordinates(points)

    fit(x, three_body(x), see, augment=augment, steps=2)
    nearest = torch.cdist(seen[-1].flatten(1), x.flatten(1)).amin(1)
    assert (nearest > 1e-6).all() == augment
    shapes = torch.cdist(distances(seen[-1]), distances(x)).amin(1)
    assert shapes.max() < 1e-6


@pytest.mark.parametrize("augment", [False, True])
def test_only_augmentation_turns_digits_a_quarter_more_each_step(augment):
    torch.manual_seed(0)
    x, seen = torch.rand(1, 14, 14).repeat(3, 1, 1), []

    class Watched(torch.nn.Linear):
        def forward(self, pictures):
            seen.append(pictures[0, 0])
            return super().forward(pictures.flatten(1))

    fit_digits(Watched(196, 10), x, torch.zeros(3, dtype=torch.long), augment, steps=4)
    assert [torch.equal(picture, x[0]) for picture in seen] == [True, not augment, not augment, not augment]
    for k, picture in enumerate(seen):
        assert torch.equal(picture, x[0].rot90(k if augment else 0))


def test_the_turning_network_turns_and_the_plain_one_does_not(measured):
    torch.manual_seed(0)
    x = torch.rand(3, 1, 14, 14)
    group, plain = turning_network(), plain_network()
    for g in TURNS:
        measured(group(act(g, x)).detach(), group(x).detach(), atol=1e-13)
    assert (plain(act(TURNS[1], x)) - plain(x)).abs().max() > 1e-5


@pytest.mark.claim("EL-161", by="measured")
def test_recorded_rows_are_in_the_order_that_the_page_says():
    made = record("symmetry")
    mean = lambda values: sum(values) / len(values)  # noqa: E731
    gaps = []
    for count in trials.COUNTS:
        errors = [mean(made["energies"][f"{name}/{count}"]) for name in ("distances", "augmented", "coordinates")]
        assert errors == sorted(errors)
        gaps.append(errors[1] - errors[0])
    assert gaps == sorted(gaps)
    for group, plain in zip(made["digits"]["group"], made["digits"]["plain"], strict=True):
        assert max(group) - min(group) < 0.002
        assert plain[0] > group[0] > max(plain[1:])


@pytest.fixture
def single():
    """The precision in which the trials ran."""
    torch.set_default_dtype(torch.float32)
    yield
    torch.set_default_dtype(torch.float64)


def test_trials_run_as_they_were_recorded(monkeypatch, single):
    """A short run of both experiments has the shape of the record."""
    monkeypatch.setattr(trials, "DIGITS", 32)
    monkeypatch.setattr(trials, "TESTED", 16)
    errors = trials.energies(counts=(8,), seeds=range(1), steps=2)
    assert set(errors) == {f"{name}/8" for name in trials.INPUTS}
    found = trials.digits(seeds=range(1), steps=2)
    before = torch.random.get_rng_state()
    monkeypatch.setattr(trials, "energies", lambda: {"drawn": torch.randn(3)})
    monkeypatch.setattr(trials, "digits", lambda: found)
    assert trials.trials()["digits"] is found
    assert torch.equal(torch.random.get_rng_state(), before)
    assert {name: len(runs[0]) for name, runs in found.items()} == dict.fromkeys(trials.NETWORKS, 4)
