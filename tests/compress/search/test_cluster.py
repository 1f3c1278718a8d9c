"""A search on Ray tries what a search here tries, finds the same of it, and survives the loss of a worker."""

from __future__ import annotations

import json
import os
import signal
import threading
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from typer.testing import CliRunner

pytest.importorskip("ray")

import torch

from tightrope.budget import Budget
from tightrope.cli.main import app
from tightrope.compress.scores import MeanScores
from tightrope.compress.search import Search, Space, Trial, front
from tightrope.compress.search.cluster import Cluster
from tightrope.compress.task import Model, Split
from tightrope.errors import ConfigError

from ..nets import Chain, Likeness
from .test_search import MINE, SPACE

COUNT = 5


class Watched(Likeness):
    """Leaves the id of each process that scores it in a folder; the first one waits to be killed."""

    def __init__(self, folder: Path, patient: bool = False) -> None:
        super().__init__(Chain, (1, 3, 12, 12))
        self.folder, self.patient = folder, patient

    def evaluate(self, model: Model, split: Split = "held-out") -> MeanScores:
        first = not any(self.folder.iterdir())
        (self.folder / str(os.getpid())).touch()
        if self.patient and first:
            time.sleep(60)
        return super().evaluate(model, split)


@pytest.fixture(scope="module", autouse=True)
def one_thread() -> Iterator[None]:
    before = torch.get_num_threads()
    torch.set_num_threads(1)  # a worker a core
    yield
    torch.set_num_threads(before)


@pytest.fixture
def search(tmp_path: Path) -> Search:
    (tmp_path / "seen").mkdir()
    (tmp_path / "space.toml").write_text(SPACE)
    budget = Budget(latency_ms=1000, percentile=90, keep=0.5)
    space = Space.load(tmp_path / "space.toml")
    return Search(Watched(tmp_path / "seen"), space, tmp_path / "here", budget, 0.5, progress=lambda step: None)


def told(trials: list[Trial]) -> list[object]:
    """All of a trial that is not a time."""
    return [(t.number, t.settings, t.recipe, t.state, t.shares, t.work, t.bytes) for t in trials]


def front_by_work(trials: list[Trial]) -> list[int]:
    """The front, with work for time: two measured times of what is equally fast come in any order, here as there."""
    return [t.number for t in front([replace(t, ratio=t.work) for t in trials])]


def test_the_same_seed_gives_what_it_gives_here_although_a_worker_is_lost(search: Search, tmp_path: Path) -> None:
    here = search.run(minutes=5, count=COUNT)
    assert {file.name for file in (tmp_path / "seen").iterdir()} == {str(os.getpid())}
    seen = tmp_path / "elsewhere"
    seen.mkdir()
    killed: list[int] = []

    def kill_the_first() -> None:
        end = time.monotonic() + 120
        while not killed and time.monotonic() < end:
            killed.extend(int(file.name) for file in list(seen.iterdir())[:1])
            time.sleep(0.02)
        if killed:
            os.kill(killed[0], signal.SIGKILL)

    killer = threading.Thread(target=kill_the_first)
    with Cluster(lambda: Watched(seen, patient=True), cpus=2) as engine:
        killer.start()
        there = replace(search, folder=tmp_path / "there", engine=engine).run(minutes=5, count=COUNT)
        killer.join()
    processes = {int(file.name) for file in seen.iterdir()}
    assert killed
    assert processes - set(killed), "another process scored what the killed one had begun"
    assert os.getpid() not in processes, "nothing is scored in this one"
    assert told(there) == told(here)
    assert front_by_work(there) == front_by_work(here)
    assert all(trial.ratio is not None for trial in there if trial.state == "measured")
    goes_on = replace(search, folder=tmp_path / "there").run(minutes=5, count=COUNT + 1)
    assert told(goes_on[:COUNT]) == told(here), "an engine goes on where another one ended"


def test_a_trial_too_wide_for_every_machine_is_refused(tmp_path: Path) -> None:
    torch.set_num_threads(2)
    try:
        with pytest.raises(ConfigError, match="OMP_NUM_THREADS=1"), Cluster(lambda: Watched(tmp_path), cpus=1):
            pass
    finally:
        torch.set_num_threads(1)


def test_the_command_searches_on_ray(tmp_path: Path) -> None:
    (tmp_path / "space.toml").write_text(SPACE)
    (tmp_path / "mine.py").write_text(MINE)
    command = ["search", f"{tmp_path / 'mine.py'}:Mine", "--space", str(tmp_path / "space.toml"), "--trials", "2"]
    command += ["--out", str(tmp_path / "out"), "--p90", "1000", "--keep", "0.5", "--rungs", "1", "--json"]
    with pytest.raises(ConfigError, match="--engine ray"):
        CliRunner().invoke(app, [*command, "--address", "127.0.0.1:1"], catch_exceptions=False)
    for address in ("127.0.0.1:1", "nonsense"):
        with pytest.raises(ConfigError, match=f"no Ray cluster at {address}"):
            CliRunner().invoke(app, [*command, "--engine", "ray", "--address", address], catch_exceptions=False)
    done = CliRunner().invoke(app, [*command, "--engine", "ray"], catch_exceptions=False)
    found = json.loads(done.stdout)
    assert len(found["trials"]) == 2
    assert len(found["rungs"]) == 1
