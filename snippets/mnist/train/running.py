"""One run from beginning to end."""

import time
from collections.abc import Callable

from torch import Tensor, nn

from snippets.mnist.train import parallel
from snippets.mnist.train.folder import Folder
from snippets.mnist.train.loop import Training, squared_error
from snippets.mnist.train.networks import build, parameters
from snippets.mnist.train.optimum import best, chosen_ranks, exact_loss, second_moment
from snippets.mnist.train.pictures import splits
from snippets.mnist.train.report import Progress, Report, gap_of
from snippets.mnist.train.settings import Settings


def run(
    settings: Settings,
    progress: Progress | None = None,
    network: nn.Module | None = None,
    error: Callable[[Tensor, Tensor], Tensor] = squared_error,
) -> Report:
    """Do what the settings ask for; a network or an error of your own takes the place of theirs.

    Under torchrun every process calls this. Raises ValueError or OSError with what to do.
    """
    device, clock = parallel.choose(settings.device), time.perf_counter()
    kind, model, ranks = (
        parallel.number_type(settings.precision, device),
        settings.model,
        settings.ranks,
    )
    with parallel.joined() as group:
        progress = progress if progress and group.rank == 0 else Progress()
        folder = Folder(settings, group)
        progress.say(
            f"device {parallel.describe(device)}, {settings.precision}, processes {group.size}"
        )
        splits_of = splits(settings, group, device)
        moments = [second_moment(part, group) for part in splits_of]
        solving = time.perf_counter()
        if ranks == "best":
            ranks = chosen_ranks(model, moments[0], settings.rank)
        least = best(model, moments[0], settings.rank, ranks)
        optimum, optimum_test = (
            max(0.0, exact_loss(least, moment)) for moment in moments
        )
        solved = time.perf_counter()
        folder.begin(device, group, ranks)
        network = network or build(model, settings.rank, ranks, settings.seed)
        found = f"optimum {optimum:.6f} after {solved - clock:.1f} s"
        train, test = splits_of
        progress.say(
            f"pictures {train.count:,}, {found}, parameters {parameters(network):,}"
        )
        if settings.method == "gradient":
            network = network.to(device, kind)
            training = Training(
                settings,
                network,
                train,
                moments,
                optimum,
                folder,
                group,
                progress,
                error,
            )
            training.run()
            seen, spent = training.step * train.count / train.steps, training.seconds
            finished, history = training.step == training.steps, tuple(training.history)
            network = network.cpu().double()
        else:
            network, seen, spent, finished, history = least, train.count, 0.0, True, ()
        loss, loss_test = (exact_loss(network, moment) for moment in moments)
        report = Report(
            train_loss=loss,
            test_loss=loss_test,
            optimum=optimum,
            optimum_test=optimum_test,
            gap=gap_of(loss, optimum, float(moments[0].trace()) / 784),
            parameters=parameters(network),
            ranks=ranks,
            seconds=time.perf_counter() - clock,
            seconds_moments=solving - clock,
            seconds_optimum=solved - solving,
            seconds_training=spent,
            images_per_second=seen / (spent or solved - clock),
            device=parallel.describe(device),
            processes=group.size,
            finished=finished,
            history=history,
            network=network,
            best=least,
            out=settings.out,
        )
        folder.finish(report, test.share(0)[:6])
    return report
