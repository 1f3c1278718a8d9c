"""A search asks for the same recipes again, goes on after a kill, spares what is hopeless, and ends in artifacts."""

from __future__ import annotations

import json
from collections.abc import Callable
from copy import copy
from dataclasses import replace
from pathlib import Path

import pytest
from typer.testing import CliRunner

from tightrope.artifact import Artifact
from tightrope.budget import Budget
from tightrope.cli.main import app
from tightrope.compress.candidate import Candidate
from tightrope.compress.registry import Pass
from tightrope.compress.registry import run_pass as run_really
from tightrope.compress.search import Search, Space, Trial, choose_rungs, front
from tightrope.compress.search.sampler import Sampler
from tightrope.compress.search.search import TRIALS
from tightrope.compress.task import Task
from tightrope.errors import BudgetNotMetError, ConfigError

from ..nets import Likeness

SPACE = """
name = "chain"
[[passes]]
method = "export"
[[passes]]
method = "clean"
[[passes]]
method = "quantize-static"
optional = true
calibration = { choice = ["mse", "minmax", "percentile"] }
inputs = { low = 1, high = 4 }
per_channel = { choice = [true, false] }
rounding = "nearest"
"""
COUNT = 8
EXPORT, CLEAN = {"method": "export"}, {"method": "clean", "optional": True}


@pytest.fixture
def search(task_of: Callable[[str], Likeness], tmp_path: Path) -> Search:
    (tmp_path / "space.toml").write_text(SPACE)
    budget = Budget(latency_ms=1000, percentile=90, keep=0.5)
    space = Space.load(tmp_path / "space.toml")
    return Search(task_of("chain"), space, tmp_path / "out", budget, floor=0.5, progress=lambda step: None)


def test_it_goes_on_where_a_kill_ended_it(search: Search, tmp_path: Path) -> None:
    whole = search.run(minutes=5, count=COUNT)
    assert [trial.number for trial in whole] == list(range(COUNT))
    halves = replace(search, folder=tmp_path / "halves")
    halves.run(minutes=5, count=COUNT // 2)
    with (halves.folder / TRIALS).open("a") as file:
        file.write('{"number": 4, "sett')  # as a kill leaves it
    again = replace(halves).run(minutes=5, count=COUNT)
    assert [trial.settings for trial in again] == [trial.settings for trial in whole]
    assert [trial.shares for trial in again] == [trial.shares for trial in whole]
    stored = [json.loads(line) for line in (halves.folder / TRIALS).read_text().splitlines()]
    assert [line["number"] for line in stored] == list(range(COUNT))
    other = replace(search, folder=tmp_path / "other", seed=1).run(minutes=5, count=COUNT)
    assert [trial.settings for trial in other] != [trial.settings for trial in whole]


def test_a_batch_is_proposed_without_knowing_what_becomes_of_it(search: Search, tmp_path: Path) -> None:
    """However it was cut, in whatever order it would have ended: that is what lets a batch be tried at once."""
    tellings = {
        name: [told(n, (n * factor) % 7 / 7) for n in range(12)] for name, factor in {"one": 1, "another": 3}.items()
    }
    settings = {name: proposals(search.space, trials) for name, trials in tellings.items()}
    assert settings["one"][:12] == settings["another"][:12], "the first are drawn at random, and batch by batch"
    assert settings["one"][12:] != settings["another"][12:]


def proposals(space: Space, told_of: list[Trial]) -> list[dict[str, object]]:
    sampler = Sampler(space, seed=0, batch=4)
    asked = []
    for trial in [*told_of, *[None] * 4]:
        asked.append(sampler.ask()[0])
        if trial is not None:
            sampler.tell(trial)
    return asked


def told(number: int, share: float) -> Trial:
    return Trial(number, {}, {}, "dropped", shares={"likeness": share}, work=1000.0 + number)


def test_another_space_is_not_mixed_into_it(search: Search) -> None:
    search.run(minutes=5, count=2)
    other = replace(search, space=Space.parse({"name": "s", "passes": [EXPORT, CLEAN]}, "s"))
    with pytest.raises(ConfigError, match="folder of its own"):
        other.run(minutes=5, count=3)


def test_no_minutes_no_trial(search: Search) -> None:
    assert search.run(minutes=0) == []


def test_what_is_predicted_to_be_too_slow_is_neither_scored_nor_measured(search: Search) -> None:
    hurried = replace(search, budget=Budget(latency_ms=1e-6, percentile=90, keep=0.5))
    before = search.task.evaluations  # type: ignore[attr-defined]
    trials = hurried.run(minutes=5, count=3)
    assert {trial.state for trial in trials} <= {"dropped", "repeated"}
    assert all("over the budget" in trial.why for trial in trials if trial.state == "dropped")
    assert search.task.evaluations == before  # type: ignore[attr-defined]


def test_what_keeps_too_little_is_not_measured(search: Search) -> None:
    trials = replace(search, floor=1.5).run(minutes=5, count=3)
    dropped = [trial for trial in trials if trial.state == "dropped"]
    assert dropped
    assert all(trial.ratio is None and "under 150.0%" in trial.why for trial in dropped)


def test_a_pass_that_fails_is_a_trial_with_a_reason(search: Search) -> None:
    text = {"name": "s", "passes": [{"method": "export", "tolerance": {"choice": [1e-3, 1e-12]}}]}
    trials = replace(search, space=Space.parse(text, "s")).run(minutes=5, count=6)
    reasons = {trial.recipe["passes"][0]["tolerance"]: trial.why for trial in trials if trial.state == "failed"}
    assert list(reasons) == [1e-12]
    assert "differs from torch" in reasons[1e-12]


def test_what_a_library_raises_does_not_end_it(search: Search, monkeypatch: pytest.MonkeyPatch) -> None:
    def run_pass(step: Pass, candidate: Candidate, task: Task) -> Candidate:
        if step.method != "export":  # the reference is made, and no candidate
            raise RuntimeError("out of memory\nat line 3")
        return run_really(step, candidate, task)

    monkeypatch.setattr("tightrope.compress.search.builder.run_pass", run_pass)
    trials = search.run(minutes=5, count=2)
    assert (trials[0].state, trials[0].why) == ("failed", "RuntimeError: out of memory")
    assert len(trials) == 2


def test_the_metrics_of_the_gate_are_checked(search: Search) -> None:
    task = copy(search.task)
    task.gate_metrics = ("likenes",)
    (trial,) = replace(search, task=task).run(minutes=5, count=1)
    assert (trial.state, "no metric 'likenes'" in trial.why) == ("failed", True)


def test_the_front_betters_all_others(search: Search) -> None:
    trials = search.run(minutes=5, count=COUNT)
    measured = [trial for trial in trials if trial.state == "measured"]
    best = front(trials)
    assert best
    for one in best:
        assert not any(other.share > one.share and other.ratio < one.ratio for other in measured)  # type: ignore[operator]
    assert all(any(b.share >= one.share and b.ratio <= one.ratio for b in best) for one in measured)  # type: ignore[operator]
    few = choose_rungs(trials, 2)
    assert len(few) == min(2, len(best))
    assert few[0] == best[0]


def test_the_command_ends_in_artifacts_and_a_story(tmp_path: Path) -> None:
    (tmp_path / "space.toml").write_text(SPACE)
    (tmp_path / "mine.py").write_text(MINE)
    command = ["search", f"{tmp_path / 'mine.py'}:Mine", "--space", str(tmp_path / "space.toml"), "--trials", "6"]
    command += ["--out", str(tmp_path / "out"), "--p90", "1000", "--rungs", "2"]
    done = CliRunner().invoke(app, [*command, "--keep", "0.5", "--json"], catch_exceptions=False)
    found = json.loads(done.stdout)
    assert len(found["trials"]) == 6
    assert 1 <= len(found["rungs"]) <= 2
    for rung in found["rungs"]:
        manifest = Artifact.load(Path(rung)).manifest
        assert manifest.evidence["gate"]["passed"]
        assert manifest.evidence["pipeline"]["total"]["n"] > 0
    page = (tmp_path / "out" / "search.md").read_text()
    assert page.count("\n| ") == 6 + 1
    assert "on the front" in page
    hurried = [*command[:-3], "0.000001", "--keep", "0.5", "--out", str(tmp_path / "hurried")]
    with pytest.raises(BudgetNotMetError, match="no recipe of 6 fits: predicted"):
        CliRunner().invoke(app, hurried, catch_exceptions=False)


MINE = '''
"""A chain of convolutions, judged by how close it stays to itself."""
from compress.nets import Chain, Likeness

class Mine(Likeness):
    def __init__(self):
        super().__init__(Chain, (1, 3, 12, 12))
'''
