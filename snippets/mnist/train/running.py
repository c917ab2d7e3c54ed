"""One run from beginning to end."""

import dataclasses
import time
from collections.abc import Callable
from typing import Any, NamedTuple

from torch import Tensor, nn

from snippets.mnist.train import networks
from snippets.mnist.train.folder import Folder
from snippets.mnist.train.loop import Epoch, Training, gap_of, gap_text, squared_error
from snippets.mnist.train.networks import exact_loss, second_moment
from snippets.mnist.train.parallel import choose, describe, joined, number_type
from snippets.mnist.train.pictures import splits
from snippets.mnist.train.settings import Settings


class Report(NamedTuple):
    """What a run found. Losses are squared errors per pixel on the shifted pictures, from exact second moments."""

    result: dict[str, Any]  # as JSON can hold it
    history: list[Epoch]
    network: nn.Module  # on the CPU, in float64
    best: nn.Module  # the optimum

    def __str__(self) -> str:
        """Return two lines for a person."""
        losses = "train {train_loss:.6f}  test {test_loss:.6f}  optimum {optimum:.6f}  "
        spent = "\n{parameters:,} parameters, {seconds:.1f} s on {device}"
        where = "; {out}" if self.result["out"] else ""
        text = losses + gap_text(self.result["gap"]) + spent + where
        return text.format(**self.result)


def run(
    settings: Settings,
    tell: Callable[[object], None] = lambda news: None,
    network: nn.Module | None = None,
    error: Callable[[Tensor, Tensor], Tensor] = squared_error,
) -> Report:
    """Return the report of a run; a network or an error of your own takes the place of that of the settings.

    `tell`, for instance `print`, gets two lines, then an `Epoch` after every epoch and every ten seconds.
    Under torchrun every process calls this. Raises ValueError or OSError with what to do.
    """
    begin, device = time.perf_counter(), choose(settings.device)
    dtype = number_type(settings.precision, device)
    with joined() as group:
        folder = Folder(settings, group)
        where = f"device {describe(device)}, {settings.precision}"
        tell(f"{where}, processes {group.size}")
        train, test = splits(settings, group, device)
        moments = [second_moment(part) for part in (train, test)]
        read = time.perf_counter()
        if settings.ranks == "best":
            ranks = networks.chosen_ranks(settings, moments[0])
            settings = dataclasses.replace(settings, ranks=ranks)
        best = networks.best(settings, moments[0])
        optimum, optimum_test = (max(0.0, exact_loss(best, s)) for s in moments)
        solved = time.perf_counter()
        network = (network or networks.build(settings)).to(device, dtype)
        if not networks.is_linear(network):
            loss = (
                "a second moment says nothing of its loss, nor has it a known optimum"
            )
            remedy = "train it with `train` of snippets/mnist/script.py"
            raise ValueError(f"the network is not linear: {loss}; {remedy}")
        parameters = sum(weights.numel() for weights in network.parameters())
        found = f"{train.count:,} pictures, {parameters:,} parameters"
        tell(f"{found}, optimum {optimum:.6f} after {solved - begin:.1f} s")
        folder.begin(device, group)
        if settings.method == "gradient":
            state = settings, network, train, moments, optimum
            history = Training(*state, folder, tell, error).run()
        else:
            network, history = best, []
            folder.save_model(best, settings)
        network = network.cpu().double()
        loss, loss_test = (exact_loss(network, moment) for moment in moments)
        trained = history[-1].seconds if history else 0.0
        seen = history[-1].images if history else train.count
        result = {
            "train_loss": loss,
            "test_loss": loss_test,
            "optimum": optimum,  # the smallest possible train_loss
            "optimum_test": optimum_test,  # the test loss of the network that has it
            "gap": gap_of(loss, optimum, float(moments[0].trace()) / 784),
            "parameters": parameters,
            "ranks": settings.ranks,
            "seconds": time.perf_counter() - begin,  # of everything
            "seconds_moments": read - begin,
            "seconds_optimum": solved - read,
            "seconds_training": trained,
            "images_per_second": seen / (trained or solved - begin),
            "device": describe(device),
            "processes": group.size,
            "finished": True,
            "out": settings.out and str(settings.out),
        }
        folder.write("report.json", result)
        report = Report(result, history, network, best)
        if folder.writes:  # imported here, as matplotlib takes a second
            from snippets.mnist.train.drawings import drawings

            drawings(folder, report, test.share(0)[:6].double().cpu())
    return report
