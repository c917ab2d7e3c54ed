"""One process among others, and a run that ended before it had written anything."""

import dataclasses

import torch
import torch.distributed as dist

from snippets.mnist.train import parallel
from snippets.mnist.train.networks import second_moment
from snippets.mnist.train.running import run

from .conftest import weights


def test_a_process_joins_the_others_sums_with_them_and_leaves(monkeypatch, tmp_path):
    """Over gloo, with one who is there, so that a sum is the number itself."""
    begin, alone = dist.init_process_group, {"init_method": f"file://{tmp_path}/store", "rank": 0, "world_size": 1}
    monkeypatch.setattr(dist, "init_process_group", lambda: begin(**alone))
    monkeypatch.setenv("RANK", "1")
    monkeypatch.setenv("WORLD_SIZE", "2")
    x = torch.rand(7, 28, 28, dtype=torch.float64)
    with parallel.joined() as group:
        assert (group.rank, group.size, dist.get_backend_config()) == (1, 2, "cpu:gloo")
        shared = second_moment([x])
    assert torch.equal(shared, second_moment([x]))
    assert not dist.is_initialized()


def test_a_run_that_ended_before_its_first_checkpoint_begins_anew(settings, tmp_path):
    given = settings(epochs=1, out=tmp_path / "run")
    first = run(given)
    (tmp_path / "run" / "last.pt").unlink()
    again = run(dataclasses.replace(given, resume=True))
    assert torch.equal(weights(again), weights(first))
    assert len(again.history) == 1
