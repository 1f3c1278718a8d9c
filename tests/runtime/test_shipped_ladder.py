"""The whole way: the shipped detectors as a ladder, loaded, warmed, run, and within the memory that they may take."""

from __future__ import annotations

from typing import Any

import pytest

from tightrope.app import find_app
from tightrope.ladder import Ladder
from tightrope.models import artifact_names, open_artifact
from tightrope.runtime import Emit, Limits, LiveRunner, Runner, Step, SystemClock
from tightrope.runtime.policies import Fixed

LIMITS = Limits.every(120.0)  # long enough for the busiest machine


@pytest.fixture(scope="module")
def ladder() -> Ladder:
    return Ladder.of([open_artifact("road", name) for name in artifact_names("road")])


@pytest.fixture(scope="module")
def pictures() -> Any:
    road = find_app("road")
    return road.open(open_artifact("road", artifact_names("road")[0]), 1).samples


def steps_of(ladder: Ladder) -> tuple[Step[Any, Any], ...]:
    road = find_app("road")
    return ladder.steps(lambda artifact: road.open(artifact, 1).pipeline)


def test_quality_is_that_of_the_gate_relative_to_the_best(ladder: Ladder) -> None:
    steps = steps_of(ladder)
    metric = next(iter(ladder.rungs[0].scores))

    assert [step.name for step in steps] == [rung.name for rung in ladder.rungs]
    assert max(step.quality for step in steps) == 1.0
    assert all(
        step.quality / steps[0].quality == pytest.approx(rung.scores[metric] / ladder.rungs[0].scores[metric])
        for step, rung in zip(steps, ladder.rungs, strict=True)
    )
    assert all(step.peak_bytes > 20_000_000 for step in steps)


def test_only_rungs_that_can_meet_the_deadline_are_taken(ladder: Ladder) -> None:
    limit = ladder.rungs[1].latency_ms
    assert ladder.within(limit).rungs == ladder.rungs[1:]
    assert ladder.within(0.001).rungs == ladder.rungs[-1:]
    assert Ladder(()).within(1.0).steps(lambda artifact: None) == ()  # type: ignore[arg-type, return-value]


def test_each_rung_answers_with_its_own_model(ladder: Ladder, pictures: Any) -> None:
    steps = steps_of(ladder)
    for index, step in enumerate(steps):
        runner: Runner[Any, Any] = Runner(steps, LIMITS, pictures[0], Fixed(index))
        runner.prepare()
        emitted = runner.push(pictures[0], runner.clock.now())
        assert isinstance(emitted, Emit)
        assert emitted.rung == step.name
        assert len(emitted.result) > 0
        assert emitted.times.session_ms > 0


def test_a_live_run_answers_the_newest_picture(ladder: Ladder, pictures: Any) -> None:
    clock = SystemClock()
    runner: Runner[Any, Any] = Runner(steps_of(ladder), LIMITS, pictures[0], clock=clock)
    with LiveRunner(runner) as live:
        for picture in pictures:
            live.push(picture, clock.now())
        live.close()
        answers = [outcome for outcome in live if isinstance(outcome, Emit)]

    assert answers[-1].item is pictures[-1]
    assert runner.counts.settled == len(pictures)
    assert runner.counts.answered == len(answers) + runner.telemetry.unread


def test_a_memory_limit_keeps_rungs_off_the_shelf(ladder: Ladder, pictures: Any) -> None:
    runner: Runner[Any, Any] = Runner(steps_of(ladder), LIMITS, pictures[0], memory_bytes=1)
    runner.prepare()
    assert runner.governor.shelf.ready == (0,)
