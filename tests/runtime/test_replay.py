"""Recorded timing traces against a fake clock: what the governor does when a device is busy, grows hot or stalls."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tightrope.errors import BadInputError
from tightrope.runtime import Emit, Limits, State
from tightrope.runtime.policies import Fixed, Hysteresis, Oracle, Policy
from tightrope.runtime.replay import Replay, TimingTrace, replay

from .conftest import TRACES

PERIOD = 0.05
NAMES = sorted(path.stem for path in TRACES.glob("*.csv"))


def load(name: str) -> TimingTrace:
    """A recorded trace, without the rung that never holds 50 ms."""
    trace = TimingTrace.load(TRACES / f"{name}.csv", PERIOD)
    first = int(trace.seconds[:, 0].min() > PERIOD)
    return TimingTrace(trace.rungs[first:], trace.seconds[:, first:], PERIOD, trace.notes)


def run(trace: TimingTrace, policy: Policy | None = None) -> Replay:
    return replay(trace, policy, qualities=[0.95**index for index in range(len(trace.rungs))])


def share(result: Replay, rung: str, begin: float = 0.0, end: float = math.inf) -> float:
    """Share of the answers between two times that this rung made."""
    made = [
        outcome.rung for outcome in result.outcomes if isinstance(outcome, Emit) and begin <= outcome.captured_at < end
    ]
    return made.count(rung) / len(made)


@pytest.mark.parametrize("name", NAMES)
def test_the_governor_misses_far_less_than_the_best_rung_and_scores_no_more_than_the_oracle(name: str) -> None:
    trace = load(name)
    governed, best, oracle = run(trace), run(trace, Fixed(0)), run(trace, Oracle(trace.at))

    # Every change of the load costs the first input or two that meet it; these traces change within seconds.
    assert governed.summary.miss_rate <= 0.02 + oracle.summary.miss_rate
    assert governed.summary.miss_rate <= best.summary.miss_rate
    assert governed.summary.score <= oracle.summary.score + 1e-9
    assert oracle.summary.miss_rate <= best.summary.miss_rate


@pytest.mark.parametrize("name", NAMES)
def test_a_replay_is_the_same_every_time_and_loses_nothing(name: str) -> None:
    trace = load(name)
    first, second = run(trace), run(trace)

    assert first.records == second.records
    assert first.summary.inputs == len(trace.seconds)
    captured = [outcome.captured_at for outcome in first.outcomes if isinstance(outcome, Emit)]
    assert captured == sorted(captured)


def test_on_a_steady_device_the_best_rung_answers() -> None:
    trace = load("steady")
    result = run(trace)
    assert share(result, trace.rungs[0]) > 0.99
    assert result.summary.miss_rate <= 0.01


@settings(max_examples=40, deadline=None)
@given(st.lists(st.tuples(st.integers(101, 250), st.floats(1.3, 1.8)), max_size=4), st.integers(10, 60))
def test_strays_far_apart_cost_one_late_answer_and_one_of_the_rung_below_each(
    strays: list[tuple[int, float]], first: int
) -> None:
    seconds = np.full((first + sum(gap for gap, _ in strays) + 20, 2), (0.04, 0.015))
    row = first
    for gap, slowdown in strays:
        seconds[row] *= slowdown
        row += gap
    result = run(TimingTrace(("a", "b"), seconds, PERIOD))

    answers = [outcome for outcome in result.outcomes if isinstance(outcome, Emit)]
    assert [answer.met for answer in answers].count(False) == len(strays)
    assert [answer.rung for answer in answers].count("b") == len(strays)
    assert len(answers) == len(seconds)


def test_it_leaves_a_rung_when_neighbours_come_and_returns_when_they_are_gone() -> None:
    """Of 300 rows none has hogs until 60, two until 120, none until 180, one until 240, none until the end."""
    trace = load("contention")
    result, fixed = run(trace), run(trace, Fixed(0))

    assert fixed.summary.miss_rate > 0.25
    assert result.summary.score > max(run(trace, Fixed(rung)).summary.score for rung in (0, 1))
    assert share(result, trace.rungs[0], 0, 60 * PERIOD) > 0.9
    assert share(result, trace.rungs[0], 62 * PERIOD, 120 * PERIOD) == 0
    state = {record["state"] for record in result.records if record["event"] == "state" and record["t"] > 1}
    assert State.DEGRADED.value in state


def test_of_the_shipped_rungs_it_misses_no_more_than_one_in_a_hundred_where_the_best_misses_every_fifth() -> None:
    """Of 600 rows a fifth has two hogs and a fifth has one; the best rung never holds with two."""
    trace = load("shipped-contention")
    result, fixed = run(trace), run(trace, Fixed(0))

    assert result.summary.miss_rate <= 0.01
    assert fixed.summary.miss_rate > 0.2
    assert result.summary.score > fixed.summary.score


def test_it_steps_down_as_the_device_grows_hot() -> None:
    trace = load("thermal")
    result = run(trace)
    level = {name: index for index, name in enumerate(trace.rungs)}
    rungs = [
        level[o.rung]
        for o in result.outcomes
        if isinstance(o, Emit) and o.captured_at < 0.6 * len(trace.seconds) * PERIOD
    ]

    cool, hot = np.mean(rungs[:30]), np.mean(rungs[-30:])
    assert cool < 0.5
    assert hot >= 1
    assert run(trace, Fixed(0)).summary.miss_rate > 0.25


def test_a_stall_is_reported_within_a_period_and_forgotten_soon() -> None:
    trace = load("stall")
    result = run(trace)
    middle = len(trace.seconds) // 2 * PERIOD
    changes = [record for record in result.records if record["event"] == "state"]
    start = next(record["t"] for record in result.records if record["event"] == "arrived")
    stale = next(record["t"] - start for record in changes if record["state"] == State.STALE.value)
    newest = max(o.captured_at for o in result.outcomes if isinstance(o, Emit) and o.captured_at < middle)

    assert stale - newest <= Limits.every(PERIOD).stale_s + PERIOD + 1e-6
    assert share(result, trace.rungs[0], middle + 30 * PERIOD) > 0.95
    late = [o for o in result.outcomes if isinstance(o, Emit) and o.age_s > Limits.every(PERIOD).stale_s]
    assert late == []


def test_a_run_that_hangs_for_long_is_abandoned_in_a_replay_too() -> None:
    seconds = np.full((100, 2), (0.02, 0.01))
    seconds[50] = 3.0
    result = replay(TimingTrace(("a", "b"), seconds, PERIOD))

    assert result.summary.lost["stuck"] == 1
    assert result.summary.left_behind == 0
    assert [record["event"] for record in result.records].count("came back") == 1
    states = [record["state"] for record in result.records if record["event"] == "state"]
    assert State.STALE.value in states
    assert result.outcomes[-1].number == 99


@settings(max_examples=60, deadline=None)
@given(
    st.lists(st.lists(st.floats(0.001, 2.0), min_size=2, max_size=2), min_size=1, max_size=60),
    st.sampled_from([0, 1, 2]),
)
def test_whatever_the_times_every_input_is_accounted_for(rows: list[list[float]], which: int) -> None:
    trace = TimingTrace(("a", "b"), np.array(rows), PERIOD)
    policy: Any = (Fixed(0), Hysteresis(), Oracle(trace.at))[which]
    result = replay(trace, policy)

    assert result.summary.inputs == len(rows)
    emitted = [outcome for outcome in result.outcomes if isinstance(outcome, Emit)]
    assert [e.captured_at for e in emitted] == sorted(e.captured_at for e in emitted)
    assert sum(e.met for e in emitted) == result.summary.met


def test_a_trace_is_read_back_as_it_was_written(tmp_path: Path) -> None:
    trace = TimingTrace(("a", "b"), np.array([[0.04, 0.01], [0.05, 0.012]]), PERIOD, ("how", "when"))
    (tmp_path / "trace.csv").write_text(trace.to_csv())
    again = TimingTrace.load(tmp_path / "trace.csv", PERIOD)

    assert (again.rungs, again.notes) == (trace.rungs, trace.notes)
    np.testing.assert_allclose(again.seconds, trace.seconds)


@pytest.mark.parametrize("text", ["", "a,b\n", "a,b\n1\n", "a,b\n1,x\n", "a\n0\n", "a\n-1\n", "a\nnan\n"])
def test_something_else_is_no_trace(tmp_path: Path, text: str) -> None:
    (tmp_path / "trace.csv").write_text(text)
    with pytest.raises(BadInputError, match=r"(not|needs).* (timing trace|in every row)"):
        TimingTrace.load(tmp_path / "trace.csv")
