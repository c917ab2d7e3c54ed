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
from snippets.mnist.train.progress import Watch
from snippets.mnist.train.report import Report, gap_of
from snippets.mnist.train.settings import Settings


def run(
    settings: Settings,
    watch: Watch | None = None,
    network: nn.Module | None = None,
    error: Callable[[Tensor, Tensor], Tensor] = squared_error,
) -> Report:
    """Do what the settings ask for; a network or an error of your own takes the place of theirs.

    Under torchrun every process calls this. Raises ValueError or OSError with what to do.
    """
    device, clock = parallel.choose(settings.device), time.perf_counter()
    kind = parallel.number_type(settings.precision, device)
    with parallel.joined(device) as group:
        watch = watch if watch is not None and group.rank == 0 else Watch()
        folder = Folder(settings, group)
        watch.say(
            f"device {parallel.describe(device)}, {settings.precision}, processes {group.size}"
        )
        train, test = splits(settings, group, device)
        moments = tuple(second_moment(part, group) for part in (train, test))
        solving = time.perf_counter()
        ranks = (
            chosen_ranks(settings.model, moments[0], settings.rank)
            if settings.ranks == "best"
            else settings.ranks
        )
        least = best(settings.model, moments[0], settings.rank, ranks)
        optimum, solved = max(0.0, exact_loss(least, moments[0])), time.perf_counter()
        folder.begin(device, group, ranks)
        network = network or build(settings.model, settings.rank, ranks, settings.seed)
        watch.say(
            f"pictures {train.count:,}, optimum {optimum:.6f} after {solved - clock:.1f} s, "
            f"parameters {parameters(network):,}"
        )
        training = None
        if settings.method == "gradient":
            network = network.to(device, kind)
            training = Training(
                settings, network, train, moments, optimum, folder, group, watch, error
            )
            training.run()
        network = network.cpu().double() if training else least
        spent = training.elapsed() if training else 0.0
        seen = training.step * train.count / train.steps if training else train.count
        loss = exact_loss(network, moments[0])
        report = Report(
            train_loss=loss,
            test_loss=exact_loss(network, moments[1]),
            optimum=optimum,
            optimum_test=exact_loss(least, moments[1]),
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
            finished=training is None or training.step == training.steps,
            history=tuple(training.history) if training else (),
            network=network,
            best=least,
            out=settings.out,
        )
        folder.finish(report, test.share(0)[:6])
    return report
