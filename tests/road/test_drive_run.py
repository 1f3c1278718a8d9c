"""What runs a drive: the core that it stays on, the moment that its rungs are warmed with, and who is told."""

from __future__ import annotations

import os
import threading
from types import SimpleNamespace
from typing import Any

import pytest

from tightrope.runtime import Answer, Step
from tightrope_road.drive.faults import Faults
from tightrope_road.drive.moment import Moment
from tightrope_road.drive.outcome import Reporter, Told
from tightrope_road.drive.perceive import Perception
from tightrope_road.drive.run import Plan, drive
from tightrope_road.logs import Sweep

from .test_drive_faults import Rounds, labelled, scenes, without


@pytest.mark.skipif(not hasattr(os, "sched_getaffinity"), reason="needs Linux")
def test_a_drive_shares_its_core_with_the_hogs_and_is_let_go_afterwards() -> None:
    allowed = os.sched_getaffinity(0)
    cores: list[set[int]] = []
    perceive = labelled()

    def run(moment: Moment) -> Answer[Perception]:
        cores.append(os.sched_getaffinity(0))
        return perceive(moment)

    plan = Plan((Step("labels", lambda: run, 0.01),), true_speed=True, faults=Faults.parse("hog=1"))
    drive(Rounds(1.0), plan, lambda _: True, threading.Event())

    assert len(cores) > 4  # the sample, and some pictures at least
    assert all(core == {min(allowed)} for core in cores)
    assert os.sched_getaffinity(0) == allowed


@pytest.mark.parametrize("sweeps", [True, False])
def test_rungs_are_warmed_with_a_moment_of_the_log_that_has_points_and_it_is_not_lost(sweeps: bool) -> None:
    warmed: list[Moment] = []
    perceive = labelled()

    def run(moment: Moment) -> Answer[Perception]:
        warmed.append(moment)
        return perceive(moment)

    log = Rounds(1.0) if sweeps else without(Sweep, 0.0, 6.0)
    told: list[Told] = []
    plan = Plan((Step("labels", lambda: run, 0.01),), max_frames=5)
    drive(log, plan, lambda one: not told.append(one), threading.Event())  # type: ignore[func-returns-value]

    assert (warmed[0].points is not None) == sweeps
    assert warmed[0].shot.name == ("000000" if sweeps else "sample")
    assert [one.moment.shot.number for one in scenes(told)] == [0, 1, 2, 3, 4]


def test_pictures_that_no_run_may_take_are_told_of_and_let_go() -> None:
    told: list[Any] = []
    follower: Any = SimpleNamespace(unanswered=lambda moment, why, health: (moment, why))
    reporter = Reporter(follower, lambda one: told.append(one) or True, SimpleNamespace())  # type: ignore[func-returns-value, arg-type]

    for number in range(1000):
        reporter.arrived(number, number)  # type: ignore[arg-type]
    assert len(told) >= 950

    reporter.end()
    assert [moment for moment, _ in told] == list(range(1000))
