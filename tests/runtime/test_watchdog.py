"""States, and the reasons that are given for them."""

from __future__ import annotations

import math

import numpy as np

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
    watchdog.arrived(0.15)
    watchdog.arrived(0.2)
    watchdog.answered(0.2, 0.25, rung=1)
    degraded = watchdog.look(0.25)
    assert (degraded.state, degraded.since) == (State.DEGRADED, 0.15)
    assert "rung 1" in degraded.why
    watchdog.arrived(0.3)
    watchdog.answered(0.3, 0.35, rung=0)
    assert watchdog.look(0.35).state is State.OK


def test_one_input_that_does_not_come_is_told_within_a_period_and_until_the_answer_to_a_punctual_one() -> None:
    watchdog = Watchdog(LIMITS)
    changes = [State.OK]
    told_at = 0.0
    for tick in range(40):  # twice a period
        now, index = 0.05 * tick, tick // 2
        if tick % 2 == 0 and index != 10:
            watchdog.arrived(now)
        elif tick % 2 and index != 10:
            watchdog.answered(0.05 * (tick - 1), now, rung=0)
        state = watchdog.look(now + 1e-3).state
        if state is not changes[-1]:
            changes.append(state)
            told_at = told_at or now
    assert changes == [State.OK, State.DEGRADED, State.OK]
    assert 1.0 < told_at <= 1.1


def test_a_late_input_is_told_even_if_nobody_looked_before_it_came() -> None:
    watchdog = Watchdog(LIMITS)
    watchdog.arrived(0.0)
    watchdog.answered(0.0, 0.05, rung=0)
    watchdog.arrived(0.2)
    watchdog.answered(0.2, 0.25, rung=0)
    assert watchdog.look(0.25).why == "an input came 0.20 s after the one before it"
    watchdog.arrived(0.3)
    watchdog.answered(0.3, 0.35, rung=0)
    assert watchdog.look(0.35).state is State.OK


def test_a_camera_that_jitters_by_a_fifth_of_a_period_is_not_blamed() -> None:
    watchdog = Watchdog(LIMITS)
    random = np.random.default_rng(0)
    events: list[tuple[float, float | None]] = []
    for index in range(500):
        captured = 0.1 * index + random.uniform(0, 0.02)
        events += [(captured, None), (captured + random.uniform(0.05, 0.0999), captured)]
    # Whenever anything happens somebody looks, and a moment before that.
    states = set()
    for now, captured_at in sorted(events, key=lambda event: event[0]):
        states.add(watchdog.look(now - 1e-9).state)
        if captured_at is None:
            watchdog.arrived(now)
        else:
            watchdog.answered(captured_at, now, rung=0)
        states.add(watchdog.look(now).state)
    assert states == {State.OK}


def test_without_a_known_period_nothing_is_overdue() -> None:
    watchdog = Watchdog(Limits(0.1, 0.1, 10.0, 20.0, 1.0))
    for captured in (0.0, 0.5, 3.0):
        watchdog.arrived(captured)
        watchdog.answered(captured, captured + 0.05, rung=0)
        assert watchdog.look(captured + 0.4).state is State.OK


def test_silence_and_slowness_both_make_it_stale_then_failed_and_are_told_apart() -> None:
    silent, slow = Watchdog(LIMITS), Watchdog(LIMITS)
    for watchdog in (silent, slow):
        watchdog.arrived(0.0)
        watchdog.answered(0.0, 0.05, rung=0)
    for index in range(1, 40):
        slow.arrived(0.1 * index)

    assert [watchdog.look(0.151).state for watchdog in (silent, slow)] == [State.DEGRADED, State.OK]
    assert silent.look(0.151).why == "no input has come for 0.15 s"
    assert slow.look(0.201).why == "an answer is 1.0 ms overdue"
    assert slow.look(0.2).state is State.OK  # at its deadline it may still come
    assert [watchdog.look(0.31).state for watchdog in (silent, slow)] == [State.STALE, State.STALE]
    assert silent.look(0.31).why == "no input has come for 0.31 s"
    assert [watchdog.look(3.9).state for watchdog in (silent, slow)] == [State.FAILED, State.FAILED]
    assert slow.look(3.9).why == "inputs come, and the newest answer is 3.90 s old"

    slow.arrived(3.9 + 1e-6)
    slow.answered(3.9, 3.95, rung=0)
    assert slow.look(3.95).state is State.OK


def test_an_answer_that_never_comes_is_stale_too() -> None:
    watchdog = Watchdog(LIMITS)
    assert watchdog.look(100.0).state is State.OK  # nothing was asked of it
    watchdog.arrived(100.0)
    assert watchdog.look(100.1).state is State.OK
    watchdog.arrived(100.1)
    assert watchdog.look(100.2).state is State.DEGRADED
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

    watchdog.arrived(now - 0.1)
    watchdog.arrived(now)
    watchdog.answered(now, now + 0.01, rung=0)
    watchdog.fault(now + 0.02, "once more")
    assert watchdog.may_start(now + 0.02)
    assert watchdog.look(now + 0.02).state is State.OK


def test_limits_come_from_the_budget() -> None:
    vehicle = Limits.of(Budget(latency_ms=40, percentile=99, period_ms=50))
    assert (vehicle.deadline_s, vehicle.period_s, vehicle.misses) == (0.05, 0.05, 0.01)
    handheld = Limits.of(Budget(latency_ms=2000, percentile=90))
    assert (handheld.deadline_s, handheld.misses) == (2.0, 0.1)
    assert (handheld.stuck_s, handheld.longest_pause_s, handheld.overdue_s) == (math.inf, 0.0, math.inf)
    watchdog = Watchdog(handheld)
    watchdog.arrived(0.0)
    watchdog.answered(0.0, 1.0, rung=0)
    assert watchdog.look(3600.0).state is State.OK  # what was found in a document stays found
