"""Training: gradients against autograd, curvatures against Hessians, flows against integration, and the digits."""

import itertools
import json
import math
import struct
from functools import cache
from types import SimpleNamespace

import pytest
import torch
from scipy.integrate import solve_ivp
from torch.func import grad, jacrev

from book.expect import between, near, numbers
from snippets.figures.mnist import training as training_figures
from snippets.mnist import experiments, recording, records
from snippets.mnist.augmentation import matrix_of
from snippets.mnist.exact import (
    EquivariantLinearAutoencoder,
    assemble,
    complex_matrices,
    experiment,
    fit,
    frequency_moments,
    loss,
    second_moment,
    spectra,
)
from snippets.mnist.experiments import adam, descent
from snippets.mnist.ranks import RANKS, WEIGHTS
from snippets.mnist.training import (
    best_network,
    block_losses,
    critical_choices,
    curvatures,
    dense_block,
    descend,
    frequency_blocks,
    gap_after,
    gradients,
    half_time,
    largest_rate,
    learned,
    optimum,
    orthonormal_network,
    random_network,
    solve_in_turn,
    step_cost,
    train_on_batches,
)

test_numbers = numbers("mnist.training", {
    "percent_dense": 3,
    "percent_paper": 2,
    "lr_dense": 0.005,
    "lr_paper": 0.06,
    "part_descent": 0.9,
    "part_momentum": 0.3,
    "rate_adam": 0.03,
    "run_dense": 0.005666851788908,
    "run_dense_gap": 0.002411678186474,
    "run_paper": 0.007692984424235,
    "run_paper_gap": 0.0005452825786971,
    "run_paper_optimum": 0.007688899668841,
    "run_paper_parameters": 5544,
    "run_equal": 0.01878200334959,
    "run_high_pass": 0.1066204322768,
    "run_best": 0.007569624928677,
    "run_semi_equivariant_optimum": 0.007686397070801,
    "run_semi_equivariant_parameters": 10360,
    "run_invariant": 0.05852765463634,
    "first_epoch_dense": 0.1129637904275,
    "first_epoch_paper": 0.02087347146701,
    "epochs_dense": 4,
    "epochs_paper": 3,
    "run_commutator_dense": 0.834314472154,
    "made_threads": 1,
    "made_torch": json.loads((records.RECORDED / "training.json").read_text())["made_by"]["torch"],
    "made_device": json.loads((records.RECORDED / "training.json").read_text())["made_by"]["device"],
    "made_command": "python -m snippets.mnist.recording",
    "batch_epochs": 4,
    "curvature_ratio": near(504.64, 0.5),
    "fading_dense": near(0.99121, 0.001),
    "fading_paper": near(0.83765, 0.0008),
    "flop_dense": near(304.88, 0.3),
    "flop_equivariant": near(0.9128, 0.0009),
    "flop_ratio": near(334, 0.3),
    "gap_constant": between(0.05, 0.4),
    "gap_descent": near(0.0585, 0.0012),
    "gap_falling": between(0.02, 0.045),
    "optimizer_steps": 600,
    "pictures_dense": near(392.81, 0.01),
    "pictures_equivariant": near(17.62, 0.01),
    "random_starts": 3,
    "staircase_late": near(0.103, 0.031),
    "start_worst": near(0.00339, 0.0017),
    "starts": 5,
    "steps_orthonormal": near(230, 23),
    "steps_random": near(353, 53),
    "steps_tiny": near(527, 53),
    "turns_dense": 6,
    "turns_equivariant": 5,
})  # fmt: skip


SMALL = (3, 2, 1, 0, 2, 0, 0, 1, 0, 0, 0, 0, 0, 1, 2)
VALUES = torch.tensor([3.0, 2.0, 1.2, 0.7, 0.2])


def seeded(seed: int = 0) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


def smooth_images(count: int = 120, seed: int = 0) -> torch.Tensor:
    noise = torch.rand(count, 28, 28, generator=seeded(seed))
    smooth = sum(noise.roll(k, dims) for k in range(4) for dims in (1, 2)) + noise.cumsum(2) / 5
    return (smooth / smooth.amax() * 255).to(torch.uint8)


@cache
def problem() -> tuple[torch.Tensor, torch.Tensor]:
    images = smooth_images()
    return images, frequency_blocks(frequency_moments(images))


def small_block(complex_: bool = False) -> torch.Tensor:
    """Return one block with the eigenvalues VALUES."""
    kind = torch.complex128 if complex_ else torch.float64
    q = torch.linalg.qr(torch.randn(5, 5, dtype=kind, generator=seeded())).Q
    return (q * VALUES @ q.mH)[None]


@cache
def found_numbers(name: str) -> dict:
    return getattr(training_figures, name)()


# --- the gradient


@pytest.mark.claim("MN-301")
def test_the_gradient_of_the_moment_is_that_of_the_pictures(measured):
    x = smooth_images(40).flatten(1) / 255.0
    e, d = torch.randn(9, 784, generator=seeded()) / 28, torch.randn(784, 9, generator=seeded(1)) / 28
    e.requires_grad_(), d.requires_grad_()
    error = (x - x @ e.T @ d.T).square().mean()
    by_pictures = torch.autograd.grad(error, (e, d))
    block = dense_block(x.T @ x / len(x))
    by_moment = gradients(block, e.detach()[None], d.detach()[None])
    measured(block_losses(block, e.detach()[None], d.detach()[None]).sum(), error.detach(), atol=1e-12)
    for mine, theirs in zip(by_moment, by_pictures, strict=True):
        measured(mine[0], theirs, atol=1e-12)


@pytest.mark.claim("MN-301")
def test_the_gradient_of_the_frequencies_is_that_of_the_module(measured):
    images, blocks = problem()
    torch.manual_seed(0)
    model = EquivariantLinearAutoencoder(SMALL)
    x = images / 255.0
    error = (model(x) - x).square().mean()
    error.backward()
    e, d = complex_matrices(model.encoder).detach().conj(), complex_matrices(model.decoder).detach().mT
    by_e, by_d = gradients(blocks, e, d)
    measured(block_losses(blocks, e, d).sum(), error.detach(), atol=1e-6)
    for j, (rank, weight) in enumerate(zip(SMALL, WEIGHTS, strict=True)):
        mine = torch.view_as_real(by_e[j, :rank].conj().resolve_conj())[..., :weight]
        measured(mine, model.encoder[j].grad, atol=1e-6)
        measured(torch.view_as_real(by_d[j, :, :rank].mT.contiguous())[..., :weight], model.decoder[j].grad, atol=1e-6)


@pytest.mark.claim("MN-302")
def test_a_step_costs_what_its_products_cost(measured):
    def counted(function) -> int:
        from torch.utils.flop_counter import FlopCounterMode

        with FlopCounterMode(display=False) as counter:
            function()
        return counter.get_total_flops()

    block, e, d = torch.rand(1, 784, 784), torch.rand(1, 99, 784), torch.rand(1, 784, 99)
    cost = step_cost(784, (99,), (1,))
    measured.exact(counted(lambda: gradients(block, e, d)), cost["moments"])
    e.requires_grad_(), d.requires_grad_()
    x = torch.rand(10, 784)
    measured.exact(counted(lambda: (x @ e[0].T @ d[0].T).square().mean().backward()), 10 * cost["picture"])
    equivariant = step_cost(28, RANKS["paper"], WEIGHTS)
    units = 13 + 4 * 43
    measured.exact(equivariant["picture"], 2 * 5 * 28 * units)
    squares = 13**2 + 4 * sum(r * r for r in RANKS["paper"][1:])
    measured.exact(equivariant["moments"], 4 * 784 * units + 8 * 28 * squares)
    measured.exact([round(cost["moments"] / cost["picture"])], [393])
    measured.exact([round(equivariant["moments"] / equivariant["picture"])], [18])


def test_unused_units_stay_zero_and_real_blocks_stay_real(measured):
    _, blocks = problem()
    start = random_network(blocks, SMALL, seeded())
    *_, (e, d) = descend(blocks, start, 30, adam(0.02))
    for j, rank in enumerate(SMALL):
        measured.exact(float(e[j, rank:].abs().sum() + d[j, :, rank:].abs().sum()), 0.0)
    measured.exact(float(e.imag[[0, 14]].abs().sum() + d.imag[[0, 14]].abs().sum()), 0.0)
    assert e.imag[1].abs().max() > 0
    assert block_losses(blocks, e, d).sum() < block_losses(blocks, *start).sum()


@pytest.mark.parametrize("dtype", [torch.float64, torch.complex128])
@pytest.mark.parametrize("scale", [1.0, 3.0])
def test_random_networks_have_entries_of_the_variance_asked_for(scale, dtype, measured):
    blocks = torch.eye(100, dtype=dtype)[None] + (1j * torch.ones(100).diag(1)[:100, :100] if dtype.is_complex else 0)
    for weights in random_network(blocks, (60,), seeded(), scale):
        measured(100 * weights.abs().square().mean() / scale**2, 1, atol=0.05)


def test_orthonormal_networks_are_projections_of_the_ranks_asked_for(measured):
    _, blocks = problem()
    e, d = orthonormal_network(blocks, SMALL, seeded())
    measured(e @ d, torch.diag_embed((torch.arange(3) < torch.tensor(SMALL)[:, None]).to(e.dtype)), atol=1e-12)
    measured.exact(torch.equal(e, d.mH), True)
    measured(d.imag[[0, 14]], torch.zeros(2, 28, 3), atol=1e-14)


def test_blocks_that_count_once_are_real_whatever_rounding_left_in_them():
    moments = frequency_moments(smooth_images(5)) + 1e-17j
    blocks = frequency_blocks(moments)
    assert not blocks.imag[[0, 14]].any()
    assert blocks.imag[1:14].any()


def test_losses_and_optima_are_those_of_the_exact_solution(measured):
    images, blocks = problem()
    moments = frequency_moments(images)
    bases = fit(moments, SMALL)
    measured(optimum(blocks, SMALL), loss(moments, bases), atol=1e-12)
    network = best_network(blocks, SMALL)
    measured(block_losses(blocks, *network).sum(), loss(moments, bases), atol=1e-12)
    measured(matrix_of(network), assemble(bases), atol=1e-10)
    block = dense_block(second_moment(images))
    e, d = best_network(block, (7,))
    measured(block_losses(block, e, d).sum(), optimum(block, (7,)), atol=1e-12)
    measured(matrix_of((e, d)), d[0] @ e[0], atol=1e-14)


# --- stairs


@pytest.mark.claim("MN-303")
@pytest.mark.parametrize("complex_", [False, True])
def test_an_eigenvector_is_learnt_on_a_logistic_curve(complex_, measured):
    block = small_block(complex_)
    values, vectors = torch.linalg.eigh(block[0])
    small = torch.tensor([3e-3, 2e-4])
    d = vectors[:, -2:].flip(1) * small.sqrt()
    kept, time = values[-2:].flip(0), 0.8

    def unpacked(flat):
        return torch.view_as_complex(flat.view(2, 5, 2, 2)) if complex_ else flat.view(2, 5, 2)

    def flow(_, flat):
        e, dd = unpacked(torch.from_numpy(flat))
        by_e, by_d = gradients(block, e.mH[None], dd[None])
        slope = -torch.stack([by_e[0].mH, by_d[0]])
        return (torch.view_as_real(slope.resolve_conj()) if complex_ else slope).flatten().numpy()

    start = torch.stack([d, d])
    flat = (torch.view_as_real(start) if complex_ else start).flatten().numpy()
    end = torch.from_numpy(solve_ivp(flow, (0, time), flat, rtol=1e-10, atol=1e-13).y[:, -1])
    e, d = unpacked(end)
    m = vectors[:, -2:].flip(1).mH @ (d @ e.mH) @ vectors[:, -2:].flip(1)
    expected = learned(kept, small, torch.tensor(time))
    assert expected[0] > 0.9 > 0.5 > expected[1] > 0.01
    measured((m - torch.diag(expected)).abs().max(), 0, atol=1e-7)


@pytest.mark.claim("MN-303")
def test_stairs_of_the_digits_come_when_predicted():
    assert -0.05 < found_numbers("staircase_numbers")["staircase_late"] < 0.15
    measured_, _ = experiments.plateaus()
    values = spectra(frequency_blocks(experiment().train_moments))[experiments.PLATEAU_FREQUENCY]
    for kept in range(4):  # every level is rested on, in this order
        level = float(values[kept:].sum())
        near = (measured_ - level).abs() < 0.02 * float(values.sum())
        assert (near.sum(0) > 20).all()
    assert (measured_.diff(dim=0) < 1e-12).all()


@pytest.mark.claim("MN-304")
@pytest.mark.parametrize("ranks", [(2, 1), (1, 1), (2, 0)])
def test_every_choice_of_eigenvectors_is_critical_and_one_is_a_minimum(ranks, measured):
    values = torch.tensor([[3.0, 2.0, 1.0], [1.5, 0.8, 0.3]])
    blocks, most = torch.diag_embed(values), max(ranks)

    def error(flat):
        e, d = flat.view(2, 2, most * 3)
        return block_losses(blocks, e.view(2, most, 3) * unit[..., None], d.view(2, 3, most) * unit[:, None]).sum()

    unit = (torch.arange(most) < torch.tensor(ranks)[:, None]).double()
    subsets = [[c for k in range(r + 1) for c in itertools.combinations(range(3), k)] for r in ranks]
    minima = pure = 0
    choices = list(itertools.product(*subsets))
    for choice in choices:
        e = torch.zeros(2, most, 3)
        for block, kept in enumerate(choice):
            e[block, range(len(kept)), list(kept)] = 1.0
        flat = torch.cat([e.flatten(), e.mT.flatten()])
        measured(grad(error)(flat), torch.zeros_like(flat), atol=1e-12)
        minima += bool(torch.linalg.eigvalsh(jacrev(grad(error))(flat)).min() > -1e-9)
        pure += all(len(kept) == r for kept, r in zip(choice, ranks, strict=True))
    measured.exact(minima, 1)
    measured.exact(critical_choices(ranks, 3), (pure, len(choices)))


def test_fading_is_the_worst_ratio_across_the_cut_of_a_block_that_is_cut():
    blocks = [torch.diag(torch.tensor(values)) for values in ([1.0, 4.0, 2.0], [9.0, 3.0, 8.0], [5.0, 5.0, 5.0])]
    assert training_figures.fading(blocks, (1, 1, 3)) == pytest.approx(8 / 9)
    assert training_figures.fading(blocks, (2, 2, 0)) == pytest.approx(1 / 2)
    found = found_numbers("descent_numbers")
    assert found["fading_paper"] < found["fading_dense"] < 1


@pytest.mark.claim("MN-304")
def test_all_starts_end_near_the_optimum():
    gaps = experiments.by_start()
    assert (gaps > 0).all()
    assert gaps[-1].max() < 0.02
    found = found_numbers("descent_numbers")
    assert found["steps_orthonormal"] < found["steps_random"] < found["steps_tiny"]
    assert found_numbers("descent_numbers")["critical_pure"] == math.prod(math.comb(28, r) for r in RANKS["paper"])


# --- speed


@pytest.mark.claim("MN-305")
@pytest.mark.parametrize("rank", [1, 2, 4])
def test_curvatures_are_the_eigenvalues_of_the_hessian(rank, measured):
    block = small_block()
    e, d = best_network(block, (rank,))

    def error(flat):
        return block_losses(block, flat[: 5 * rank].view(1, rank, 5), flat[5 * rank :].view(1, 5, rank)).sum()

    hessian = jacrev(grad(error))(torch.cat([e.flatten(), d.flatten()]))
    kept, pairs = curvatures(torch.linalg.eigvalsh(block[0]), rank)
    expected = torch.cat([torch.zeros(rank**2), kept.repeat(rank), pairs.flatten()]).sort().values
    measured(torch.linalg.eigvalsh(hessian), expected, atol=1e-10)
    measured(2 / expected.max(), largest_rate(block), atol=1e-12)


@pytest.mark.claim("MN-305")
def test_a_rate_above_the_largest_is_not_stable():
    _, blocks = problem()
    assert gap_after(blocks, SMALL, 0.98, 300) < 1e-6 < 1e-3 < gap_after(blocks, SMALL, 1.02, 300)


@pytest.mark.claim("MN-306")
@pytest.mark.parametrize("complex_", [False, True])
def test_solving_in_turn_is_subspace_iteration(complex_, measured):
    block = small_block(complex_)
    kind = block.dtype
    start = (
        torch.randn(1, 2, 5, dtype=kind, generator=seeded()),
        torch.randn(1, 5, 2, dtype=kind, generator=seeded(1)),
    )
    networks = list(solve_in_turn(block, start, 40))
    span = start[0][0].mH  # the first decoder has the span of A E*
    for k in (1, 2, 5):
        q = torch.linalg.qr(torch.linalg.matrix_power(block[0], k) @ span).Q
        decoder = networks[k][1][0]
        measured((decoder - q @ (q.mH @ decoder)).abs().max(), 0, atol=1e-12)
    gaps = torch.stack([block_losses(block, *now).sum() for now in networks]) - optimum(block, (2,))
    measured(gaps[-1], 0, atol=1e-12)
    measured((gaps[12] / gaps[11]).sqrt(), VALUES[2] / VALUES[1], atol=0.01)


@pytest.mark.claim("MN-306")
def test_each_half_of_a_turn_is_a_least_squares_solution(measured):
    _, blocks = problem()
    network = random_network(blocks, SMALL, seeded())
    _, (e, d) = solve_in_turn(blocks, network, 2)
    measured(gradients(blocks, network[0], d)[1], torch.zeros_like(d), atol=1e-12)
    measured(gradients(blocks, e, d)[0], torch.zeros_like(e), atol=1e-12)


def test_order_of_the_four_ways(measured):
    gaps = {name: float(values[-1]) for name, values in experiments.by_optimizer().items()}
    assert gaps["gradient descent"] > gaps["with momentum"] > gaps["Adam"] > gaps["solved in turn"]
    measured(gaps["solved in turn"], 0, atol=1e-10)
    assert found_numbers("step_numbers")["turns_equivariant"] <= 8
    assert found_numbers("step_numbers")["turns_dense"] <= 8


def test_plain_descent_is_gradient_descent_with_momentum_on_request(measured):
    block = small_block()
    start = random_network(block, (2,), seeded())
    first, second, third = descend(block, start, 3, descent(0.01, momentum=0.5))
    slope = gradients(block, *start)
    measured.exact(torch.equal(first[0], start[0]), True)
    measured(second[0], start[0] - 0.01 * slope[0], atol=1e-14)
    later = gradients(block, *second)
    measured(third[1], second[1] - 0.01 * (later[1] + 0.5 * slope[1]), atol=1e-14)


# --- minibatches and the table


def test_minibatches_with_a_falling_rate_end_lower_than_with_a_constant_one():
    found = found_numbers("batch_numbers")
    assert 0 < found["gap_falling"] < 0.05 < found["gap_constant"]


def test_losses_of_epochs_are_those_of_the_module(measured):
    x = smooth_images(60) / 255.0
    torch.manual_seed(0)
    model = EquivariantLinearAutoencoder(SMALL)
    *_, last = train_on_batches(model, x, 2, 0.01, seeded(), batch=25)
    with torch.no_grad():
        measured(last, (model(x) - x).square().mean(), atol=1e-14)


@pytest.mark.claim("MN-312", by="measured")
def test_recorded_trainings_end_near_their_optima():
    found = found_numbers("run_numbers")
    assert 0 < found["run_worst_gap"] < 0.003
    for name, most in (("paper", 0.00775), ("best", 0.0076), ("dense", 0.0057)):
        assert found[f"run_{name}"] <= most
        assert abs(found[f"run_{name}"] / found[f"run_{name}_optimum"] - 1) < 0.003
    assert records.record("training")["paper"]["commutator"] < 1e-12 < found["run_commutator_dense"]


@pytest.mark.claim("MN-312", by="measured")
def test_records_agree_with_the_exact_solution(measured):
    e, runs = experiment(), records.record("training")
    for name, ranks in e.ranks.items():
        measured(runs[name]["report"]["optimum_test"], loss(e.test_moments, fit(e.train_moments, ranks)), atol=1e-7)
    measured(runs["dense"]["report"]["optimum"], optimum(dense_block(e.dense_train), (99,)), atol=1e-7)


def idx(images: torch.Tensor) -> bytes:
    return struct.pack(">4I", 0x803, *images.shape) + images.numpy().tobytes()


def test_recorded_runs_hold_what_page_and_figures_need(tmp_path, monkeypatch):
    clock = itertools.count(100.0, 3.0)  # of the processor, three seconds on whenever it is looked at
    monkeypatch.setattr(recording, "time", SimpleNamespace(process_time=lambda: next(clock)))
    for split, count in (("train", 300), ("t10k", 100)):
        (tmp_path / f"{split}-images-idx3-ubyte").write_bytes(idx(smooth_images(count)))
    runs = {"dense": {"model": "dense", "epochs": 2}, "paper": {"ranks": "paper", "epochs": 1}}
    found = recording.recorded_runs(runs, data=tmp_path, batch_size=50)
    assert json.loads(json.dumps(found)) == found
    assert found["rate"] == pytest.approx(20 * 2 * 1024**3 / 3)  # twenty products
    for name, epochs in (("dense", 2), ("paper", 1)):
        assert len(found[name]["gap"]) == len(found[name]["loss"]) == epochs
        assert found[name]["processor"] == 3.0
        assert not {"out", "seconds"} & set(found[name]["report"])
    assert found["paper"]["commutator"] < 1e-6 < found["dense"]["commutator"]


# --- all components


# --- what equivariance buys


# --- exercises and bad input


def test_solution_half_time(measured):
    start, value = torch.tensor(1e-6), torch.tensor(0.3)
    measured(learned(value, start, half_time(value, start)), 0.5, atol=1e-9)


def test_a_network_takes_one_rank_for_each_block():
    with pytest.raises(ValueError, match="3 ranks for 15 blocks: give one each"):
        random_network(problem()[1], (1, 2, 3), seeded())


def test_each_block_has_a_rank():
    """A rank too few is refused, where the shorter list would leave the last blocks out."""
    blocks = torch.eye(3).expand(2, 3, 3)
    for ranks in ((1,), (1, 1, 1)):
        with pytest.raises(ValueError, match=r"argument 2 is (shorter|longer)"):
            optimum(blocks, ranks)
        with pytest.raises(ValueError, match=r"argument 2 is (shorter|longer)"):
            step_cost(3, ranks, (1, 2))
