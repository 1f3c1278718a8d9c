"""The state machine on a fake clock: what an input is told, and that nothing is lost uncounted."""

from __future__ import annotations

import math
from typing import Any

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from tightrope.runtime import (
    Abstain,
    Answer,
    Emit,
    KeepAll,
    Limits,
    Newest,
    Reason,
    Revise,
    StageTimes,
    State,
    Step,
    Superseded,
    Tentative,
    Unsure,
    Wait,
)
from tightrope.runtime.lane import Job
from tightrope.runtime.policies import Fixed
from tightrope.runtime.watchdog import LEFT_BEHIND

from .conftest import LIMITS, Bench, answer


def begin(bench: Bench) -> Job[Any]:
    job = bench.runner.begin()
    assert isinstance(job, Job)
    return job


def test_an_answer_says_when_it_was_captured_how_old_it_is_and_who_made_it(bench: Bench) -> None:
    captured = bench.clock.now()
    bench.clock.advance(0.02)

    emitted = bench.runner.push("x", captured)

    assert isinstance(emitted, Emit)
    assert not isinstance(emitted, Revise)
    assert (emitted.item, emitted.result) == ("x", "x")
    assert emitted.captured_at == captured
    assert emitted.age_s == pytest.approx(0.06)
    assert (emitted.rung, emitted.met, emitted.state) == ("a", True, State.OK)
    assert emitted.times.session_ms == pytest.approx(40)


def test_the_deadline_counts_from_the_capture_and_not_from_the_push(bench: Bench) -> None:
    captured = bench.clock.now()
    bench.clock.advance(0.095)

    emitted = bench.runner.push("x", captured)

    assert isinstance(emitted, Emit)
    assert emitted.rung == "b"  # 5 ms are left, so it takes the cheapest
    assert not emitted.met


def test_what_waits_is_replaced_by_what_comes_and_counted(bench: Bench) -> None:
    first = bench.runner.arrive("1", 0.0 + bench.clock.now())
    job = begin(bench)
    for name in "234":
        bench.clock.advance(0.01)
        assert isinstance(bench.runner.arrive(name, bench.clock.now()), Wait)
    bench.runner.finish(job, answer())

    assert isinstance(first, Wait)
    assert begin(bench).item == "4"
    assert bench.runner.counts.replaced == 2
    assert [(record["number"], record["by"]) for record in bench.events("replaced")] == [(1, 2), (2, 3)]


def test_an_input_from_before_another_one_is_turned_away(bench: Bench) -> None:
    now = bench.clock.now()
    bench.runner.push("new", now)

    outcome = bench.runner.push("old", now - 0.01)

    assert isinstance(outcome, Abstain)
    assert outcome.reason is Reason.order


def test_an_answer_that_is_no_longer_current_is_not_shown() -> None:
    bench = Bench(seconds=[1.0])

    outcome = bench.runner.push("x", bench.clock.now())

    assert isinstance(outcome, Abstain)
    assert outcome.reason is Reason.expired


def test_an_input_that_has_waited_too_long_is_not_even_run(bench: Bench) -> None:
    bench.runner.arrive("x", bench.clock.now())
    bench.clock.advance(2 * LIMITS.stale_s)

    outcome = bench.runner.begin()

    assert isinstance(outcome, Abstain)
    assert outcome.reason is Reason.expired
    assert bench.runner.lane.idle


def sentences(item: str) -> Answer[str]:
    """Stands when the sentence is at its end; is not sure of 'xyzzy'; has no time for 'skip'."""
    if item == "skip":
        raise Superseded
    if "xyzzy" in item:
        return Unsure(item, StageTimes(0.0, 1.0, 0.0), "what is xyzzy?")
    return (Answer if item.endswith(".") else Tentative)(item, StageTimes(0.0, 1.0, 0.0))


def test_what_may_change_revises_the_answer_before_it_and_what_is_not_sure_is_none() -> None:
    bench = Bench()
    bench.runner = type(bench.runner)(
        [Step("a", lambda: sentences, 0.01)], LIMITS, "", clock=bench.clock, telemetry=bench.telemetry
    )
    texts = ("the", "the cat.", "skip", "an xyzzy", "a dog")
    outcomes = [bench.runner.push(text, bench.clock.now()) for text in texts]

    assert [type(outcome) for outcome in outcomes] == [Revise, Emit, Wait, Abstain, Revise]
    assert [outcome.revises for outcome in outcomes if isinstance(outcome, Revise)] == [-1, 1]
    assert outcomes[3] == Abstain(3, Reason.unsure, "what is xyzzy?", "an xyzzy")
    counts = bench.runner.counts
    assert (counts.arrived, counts.answered, counts.replaced, counts.unsure) == (5, 3, 1, 1)
    assert bench.telemetry.summary(bench.clock.now()).lost == {"replaced": 1, "unsure": 1}
    assert bench.runner.state is State.OK


def test_an_error_is_told_and_the_next_input_is_answered() -> None:
    bench = Bench()
    good = bench.runner.run

    def broken(job: Job[Any]) -> Answer[Any]:
        if job.item == "bad":
            raise ValueError("no such picture\nand more")
        return good(job)

    bench.runner.run = broken  # type: ignore[method-assign]
    outcomes = [bench.runner.push(item, bench.clock.now()) for item in ("bad", "good")]

    assert isinstance(outcomes[0], Abstain)
    assert (outcomes[0].reason, outcomes[0].why) == (Reason.error, "a: no such picture")
    assert isinstance(outcomes[1], Emit)


def test_errors_in_a_row_fail_then_it_tries_again_after_a_pause_with_a_new_session() -> None:
    opened: list[str] = []
    broken = [True]

    def load() -> Any:
        opened.append("a")

        def run(item: Any) -> Answer[Any]:
            if broken[0] and item != "sample":
                raise RuntimeError("session is gone")
            return answer()

        return run

    bench = Bench()
    runner = type(bench.runner)([Step("a", load, 0.01)], LIMITS, "sample", clock=bench.clock)
    runner.prepare()
    for _ in range(3):
        bench.clock.advance(0.1)
        assert isinstance(runner.push("x", bench.clock.now()), Abstain)
    assert runner.state is State.FAILED
    assert isinstance(runner.push("x", bench.clock.now()), Wait)  # the pause

    broken[0] = False
    bench.clock.advance(LIMITS.stuck_s)

    assert isinstance(runner.push("x", bench.clock.now()), Emit)
    assert runner.state is State.DEGRADED  # it came a second after the one before
    bench.clock.advance(0.1)
    assert isinstance(runner.push("x", bench.clock.now()), Emit)
    assert runner.state is State.OK
    assert opened == ["a", "a"]


def test_a_run_that_hangs_is_abandoned_and_what_it_brings_later_is_thrown_away(bench: Bench) -> None:
    bench.runner.arrive("hangs", bench.clock.now())
    hanging = begin(bench)
    bench.clock.advance(LIMITS.stuck_s)
    assert not bench.runner.overdue()
    bench.clock.advance(0.001)
    assert bench.runner.overdue()

    abandoned = bench.runner.abandon()

    assert isinstance(abandoned, Abstain)
    assert abandoned.reason is Reason.stuck
    assert bench.runner.governor.lacks  # the session that hangs is never used again
    emitted = bench.runner.push("next", bench.clock.now())
    assert isinstance(emitted, Emit)
    assert bench.runner.finish(hanging, answer()) is None
    assert bench.runner.counts.answered == 1
    assert [record["number"] for record in bench.events("came back")] == [0]


def test_with_too_many_left_behind_nothing_begins_until_one_comes_back(bench: Bench) -> None:
    hanging = []
    for _ in range(LEFT_BEHIND):
        bench.runner.arrive("x", bench.clock.now())
        hanging.append(begin(bench))
        bench.clock.advance(2 * LIMITS.stuck_s)
        bench.runner.abandon()
        bench.runner.restock()
    bench.runner.arrive("x", bench.clock.now())

    assert bench.runner.begin() is None
    assert bench.runner.state is State.FAILED
    assert "hang" in bench.runner.look().why

    bench.runner.finish(hanging[0], answer())

    assert isinstance(bench.runner.begin(), Job)


def test_an_input_that_is_announced_and_waits_for_something_is_not_missed(bench: Bench) -> None:
    start = bench.clock.now()
    states = set()
    for index in range(10):
        captured = start + 0.1 * index
        bench.runner.announce(captured)
        bench.clock.advance(0.05 * (index % 2))  # a sweep that belongs to it comes as late as that
        bench.runner.push(index, captured)
        states.add(bench.runner.state)
        bench.clock.advance(captured + 0.1 - bench.clock.now())
        states.add(bench.runner.state)
    assert states == {State.OK}
    bench.clock.advance(0.051)
    assert bench.runner.look().why == "no input has come for 0.15 s"


def test_a_ladder_without_rungs_is_refused(bench: Bench) -> None:
    with pytest.raises(ValueError, match="at least one rung"):
        type(bench.runner)([], LIMITS, "sample")


class Machine(RuleBasedStateMachine):
    """Inputs come, runs end, fail, hang and come back late, in any order and at any time."""

    @initialize(rungs=st.integers(1, 3), stale=st.sampled_from([0.3, math.inf]), keeps=st.booleans())
    def build(self, rungs: int, stale: float, keeps: bool) -> None:
        limits = Limits(0.1, 0.1, stale, 2.0, 1.0)
        self.keeps = keeps
        queue: Any = KeepAll(5, lambda number: number % 2, 0.5) if keeps else Newest()
        self.bench = Bench([0.05, 0.02, 0.01][:rungs], limits=limits, queue=queue)
        self.hanging: list[Job[Any]] = []
        self.shown: list[float] = []
        self.pushed = 0

    @rule(seconds=st.floats(0, 0.5))
    def time_passes(self, seconds: float) -> None:
        self.bench.clock.advance(seconds)

    @rule(delay=st.floats(0, 0.2))
    def input_comes(self, delay: float) -> None:
        self.bench.runner.arrive(self.pushed, self.bench.clock.now() - delay)
        self.pushed += 1

    @rule()
    def run_begins(self) -> None:
        self.bench.runner.begin()

    @precondition(lambda self: self.bench.runner.lane.running)
    @rule(tentative=st.booleans())
    def run_ends(self, tentative: bool) -> None:
        job = self.bench.runner.lane.running
        assert job is not None
        made = (Tentative if tentative else Answer)(None, StageTimes(0.0, 1.0, 0.0))
        outcome = self.bench.runner.finish(job, made)
        if isinstance(outcome, Emit):
            assert isinstance(outcome, Revise) == tentative
            self.shown.append(outcome.captured_at)
            assert outcome.number == job.number
            assert outcome.age_s <= self.bench.runner.limits.stale_s

    @precondition(lambda self: self.bench.runner.lane.running)
    @rule()
    def run_fails(self) -> None:
        job = self.bench.runner.lane.running
        assert job is not None
        self.bench.runner.fail(job, RuntimeError("broken"))

    @precondition(lambda self: self.bench.runner.lane.running)
    @rule()
    def run_hangs(self) -> None:
        job = self.bench.runner.lane.running
        assert job is not None
        self.hanging.append(job)
        self.bench.runner.abandon()

    @precondition(lambda self: self.hanging)
    @rule(ends=st.booleans())
    def run_comes_back(self, ends: bool) -> None:
        job = self.hanging.pop()
        late = self.bench.runner.finish(job, answer()) if ends else self.bench.runner.fail(job, RuntimeError("late"))
        assert late is None

    @rule()
    def rungs_are_loaded(self) -> None:
        self.bench.runner.restock()

    @invariant()
    def nothing_is_lost_uncounted(self) -> None:
        lane, counts = self.bench.runner.lane, self.bench.runner.counts
        assert counts.arrived == self.pushed == counts.settled + len(lane.queue) + bool(lane.running)
        if self.keeps:
            assert counts.settled == counts.answered + counts.full + counts.expired
        summary = self.bench.telemetry.summary(self.bench.clock.now())
        assert summary.inputs == counts.settled
        assert summary.met + summary.late == counts.answered == len(self.shown)
        assert summary.left_behind == len(self.hanging)
        assert 0 <= summary.score <= 1 - summary.miss_rate + 1e-9

    @invariant()
    def no_answer_is_older_than_one_that_was_shown(self) -> None:
        assert self.keeps or self.shown == sorted(self.shown)

    @invariant()
    def the_state_is_true(self) -> None:
        runner = self.bench.runner
        health = runner.look()
        if health.state in (State.OK, State.DEGRADED) and self.shown:
            assert self.bench.clock.now() - self.shown[-1] <= runner.limits.stale_s
        assert health.since <= self.bench.clock.now()
        assert health.why


Machine.TestCase.settings = settings(max_examples=60, stateful_step_count=40, deadline=None)
TestMachine = Machine.TestCase


def test_the_same_run_twice_leaves_the_same_record() -> None:
    def once() -> list[Any]:
        bench = Bench(policy=Fixed(1))
        for index in range(20):
            bench.clock.advance(0.03 * (index % 5))
            bench.runner.push(index, bench.clock.now())
        return bench.records

    assert once() == once()
