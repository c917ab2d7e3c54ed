"""One run from beginning to end."""

import time
from collections.abc import Callable

from torch import Tensor, nn

from snippets.mnist.train.folder import Folder
from snippets.mnist.train.loop import Training, squared_error
from snippets.mnist.train.networks import build, parameters
from snippets.mnist.train.optimum import best, chosen_ranks, exact_loss, second_moment
from snippets.mnist.train.parallel import choose, describe, joined, number_type
from snippets.mnist.train.pictures import splits
from snippets.mnist.train.report import Progress, Report, gap_of
from snippets.mnist.train.settings import Settings


def run(
    settings: Settings,
    progress: Progress | None = None,
    network: nn.Module | None = None,
    error: Callable[[Tensor, Tensor], Tensor] = squared_error,
) -> Report:
    """Return the report of a run; a network or an error of your own takes the place of that of the settings.

    Under torchrun every process calls this. Raises ValueError or OSError with what to do.
    """
    start, device = time.perf_counter(), choose(settings.device)
    model, rank, ranks = settings.model, settings.rank, settings.ranks
    dtype = number_type(settings.precision, device)
    with joined() as group:
        progress = progress if progress and group.rank == 0 else Progress()
        folder = Folder(settings, group)
        where = f"device {describe(device)}, {settings.precision}"
        progress.say(f"{where}, processes {group.size}")

        train, test = splits(settings, group, device)
        moments = [second_moment(part, group) for part in (train, test)]
        seconds_moments = time.perf_counter() - start
        if ranks == "best":
            ranks = chosen_ranks(model, moments[0], rank)
        least = best(model, moments[0], rank, ranks)
        optimum, optimum_test = (max(0.0, exact_loss(least, s)) for s in moments)
        seconds = time.perf_counter() - start
        folder.begin(device, group, ranks)
        network = network or build(model, rank, ranks, settings.seed)
        found = f"pictures {train.count:,}, optimum {optimum:.6f} after {seconds:.1f} s"
        progress.say(f"{found}, parameters {parameters(network):,}")

        history, finished, seen, spent = (), True, train.count, 0.0
        if settings.method == "gradient":
            network = network.to(device, dtype)
            training = Training(
                settings, network, train, moments, optimum, folder, progress, error
            )
            training.run()
            history, finished = tuple(training.history), training.step == training.steps
            seen, spent = training.step * train.count / train.steps, training.seconds()
        network = network.cpu().double() if settings.method == "gradient" else least
        loss, loss_test = (exact_loss(network, moment) for moment in moments)
        report = Report(
            train_loss=loss,
            test_loss=loss_test,
            optimum=optimum,
            optimum_test=optimum_test,
            gap=gap_of(loss, optimum, float(moments[0].trace()) / 784),
            parameters=parameters(network),
            ranks=ranks,
            seconds=time.perf_counter() - start,
            seconds_moments=seconds_moments,
            seconds_optimum=seconds - seconds_moments,
            seconds_training=spent,
            images_per_second=seen / (spent or seconds),
            device=describe(device),
            processes=group.size,
            finished=finished,
            out=settings.out,
            history=history,
            network=network,
            best=least,
        )
        folder.finish(report, test.share(0)[:6])
    return report
