"""States, and the reasons that are given for them."""

from __future__ import annotations

import math

from tightrope.budget import Budget
from tightrope.runtime import Limits, State
from tightrope.runtime.watchdog import FAULTS_IN_A_ROW, Watchdog

LIMITS = Limits.every(0.1)


def test_every_deadline_met_never_looks_stale() -> None:
    """Answers are captured every period and take nearly the deadline."""
    watchdog = Watchdog(LIMITS)
    states = set()
    for index in range(50):
        captured = 0.1 * index
        watchdog.arrived(captured)
        states.add(watchdog.look(captured + 0.09).state)
        watchdog.answered(captured, captured + 0.0999, rung=0)
        states.add(watchdog.look(captured + 0.0999).state)
    assert states == {State.OK}


def test_a_late_answer_or_a_lower_rung_is_degraded_until_the_next() -> None:
    watchdog = Watchdog(LIMITS)
    watchdog.arrived(0.0)
    watchdog.answered(0.0, 0.15, rung=0)
    assert watchdog.look(0.15).why == "the last answer was 50.0 ms late"
    watchdog.answered(0.2, 0.25, rung=1)
    degraded = watchdog.look(0.25)
    assert (degraded.state, degraded.since) == (State.DEGRADED, 0.15)
    assert "rung 1" in degraded.why
    watchdog.answered(0.3, 0.35, rung=0)
    assert watchdog.look(0.35).state is State.OK


def test_silence_and_slowness_both_make_it_stale_then_failed_and_are_told_apart() -> None:
    silent, slow = Watchdog(LIMITS), Watchdog(LIMITS)
    for watchdog in (silent, slow):
        watchdog.arrived(0.0)
        watchdog.answered(0.0, 0.05, rung=0)
    for index in range(1, 40):
        slow.arrived(0.1 * index)

    assert [watchdog.look(0.31).state for watchdog in (silent, slow)] == [State.STALE, State.STALE]
    assert silent.look(0.31).why == "no input has come for 0.31 s"
    assert [watchdog.look(3.9).state for watchdog in (silent, slow)] == [State.FAILED, State.FAILED]
    assert slow.look(3.9).why == "inputs come, and the newest answer is 3.90 s old"

    slow.answered(3.9, 3.95, rung=0)
    assert slow.look(3.95).state is State.OK


def test_an_answer_that_never_comes_is_stale_too() -> None:
    watchdog = Watchdog(LIMITS)
    assert watchdog.look(100.0).state is State.OK  # nothing was asked of it
    watchdog.arrived(100.0)
    assert watchdog.look(100.2).state is State.OK
    watchdog.arrived(100.3)
    assert watchdog.look(100.35).state is State.STALE
    assert "no answer yet" in watchdog.look(100.35).why


def test_faults_in_a_row_fail_and_every_further_one_doubles_the_pause() -> None:
    watchdog = Watchdog(LIMITS)
    watchdog.arrived(0.0)
    now, pauses = 0.0, []
    for index in range(FAULTS_IN_A_ROW + 8):
        watchdog.fault(now, f"error {index}")
        until = now
        while not watchdog.may_start(until):
            until += 0.25
        pauses.append(until - now)
        now = until
    assert pauses[:2] == [0, 0]
    assert pauses[2:6] == [1, 2, 4, 8]
    assert max(pauses) == 30
    assert watchdog.look(now).state is State.FAILED
    assert "the last one: error 10" in watchdog.look(now).why

    watchdog.answered(now, now + 0.01, rung=0)
    watchdog.fault(now + 0.02, "once more")
    assert watchdog.may_start(now + 0.02)
    assert watchdog.look(now + 0.02).state is State.OK


def test_limits_come_from_the_budget() -> None:
    vehicle = Limits.of(Budget(latency_ms=40, percentile=99, period_ms=50))
    assert (vehicle.deadline_s, vehicle.period_s, vehicle.misses) == (0.05, 0.05, 0.01)
    handheld = Limits.of(Budget(latency_ms=2000, percentile=90))
    assert (handheld.deadline_s, handheld.misses) == (2.0, 0.1)
    assert (handheld.stuck_s, handheld.longest_pause_s) == (math.inf, 0.0)
    watchdog = Watchdog(handheld)
    watchdog.arrived(0.0)
    watchdog.answered(0.0, 1.0, rung=0)
    assert watchdog.look(3600.0).state is State.OK  # what was found in a document stays found
