"""The same state machine with threads: runs that are held up by the test, never by the clock."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest

from tightrope.errors import OutputError
from tightrope.runtime import Abstain, Answer, Emit, Limits, LiveRunner, Reason, Runner, State, Step, Telemetry, Wait
from tightrope.runtime.clock import SystemClock
from tightrope.runtime.telemetry import Record

from .conftest import answer

PATIENCE = 30.0
# No answer of these tests is ever late or stale, however busy the machine is.
CALM = Limits(1000.0, 0.02, 1000.0, 1000.0, 1000.0)


class Gate:
    """A pipeline that lets a run through when the test says so."""

    def __init__(self) -> None:
        self.entered = threading.Semaphore(0)
        self.opened = threading.Semaphore(0)
        self.loads = 0

    def load(self) -> Any:
        self.loads += 1
        return self

    def __call__(self, item: Any) -> Answer[Any]:
        if item != "sample":
            self.entered.release()
            if not self.opened.acquire(timeout=PATIENCE):
                raise TimeoutError
        if item == "bad":
            raise ValueError("bad picture")
        return answer(item)


@contextmanager
def live(
    gate: Gate, limits: Limits = CALM, write: Any = None
) -> Iterator[tuple[LiveRunner[Any, Any], Runner[Any, Any]]]:
    clock = SystemClock()
    steps = [Step("a", gate.load, 0.01)]
    telemetry = Telemetry(steps, limits, clock.now(), write)
    runner: Runner[Any, Any] = Runner(steps, limits, "sample", clock=clock, telemetry=telemetry)
    with LiveRunner(runner) as running:
        yield running, runner


def now() -> float:
    return SystemClock().now()


def test_while_one_runs_the_newest_of_those_that_come_waits() -> None:
    gate = Gate()
    with live(gate) as (running, runner):
        assert isinstance(running.push("1", now()), Wait)
        assert gate.entered.acquire(timeout=PATIENCE)
        for name in "234":
            running.push(name, now())
        running.close()
        gate.opened.release(2)
        outcomes = list(running)

    assert [outcome.result for outcome in outcomes if isinstance(outcome, Emit)][-1] == "4"
    assert runner.counts.answered == 2
    assert runner.counts.replaced == 2
    assert runner.counts.settled == 4


def test_answers_that_nobody_reads_give_way_to_newer_ones_and_are_counted() -> None:
    gate = Gate()
    with live(gate) as (running, runner):
        for name in "123":
            running.push(name, now())
            assert gate.entered.acquire(timeout=PATIENCE)
            gate.opened.release()
            while runner.counts.answered < int(name):
                threading.Event().wait(0.001)
        newest = running.pull(PATIENCE)
        nothing = running.pull(0.0)

    assert isinstance(newest, Emit)
    assert newest.result == "3"
    assert isinstance(nothing, Wait)
    assert runner.telemetry.unread == 2


def test_a_run_that_hangs_is_reported_left_behind_and_replaced() -> None:
    gate = Gate()
    impatient = Limits(1000.0, 0.02, 1000.0, 1000.0, 0.1)
    with live(gate, impatient) as (running, runner):
        running.push("hangs", now())
        assert gate.entered.acquire(timeout=PATIENCE)
        abandoned = running.pull(PATIENCE)
        assert isinstance(abandoned, Abstain)
        assert abandoned.reason is Reason.stuck

        gate.opened.release(2)  # the one that hangs, and the next
        running.push("next", now())
        emitted = running.pull(PATIENCE)
        while isinstance(emitted, Abstain):  # on a very busy machine the next one hangs too
            running.push("next", now())
            gate.opened.release()
            emitted = running.pull(PATIENCE)

    assert isinstance(emitted, Emit)
    assert emitted.result == "next"
    assert gate.loads >= 2  # its session was not used again
    assert runner.counts.stuck >= 1


def test_an_error_in_a_run_does_not_end_the_thread() -> None:
    gate = Gate()
    with live(gate) as (running, _):
        gate.opened.release(2)
        running.push("bad", now())
        assert isinstance(running.pull(PATIENCE), Abstain)
        running.push("good", now())
        assert isinstance(running.pull(PATIENCE), Emit)


def test_silence_is_noticed_without_anybody_asking() -> None:
    stale = threading.Event()

    def write(record: Record) -> None:
        if record["event"] == "state" and record["state"] == State.STALE.value:
            stale.set()

    gate = Gate()
    gate.opened.release()
    with live(gate, Limits(0.02, 0.02, 0.1, 1000.0, 1000.0), write) as (running, _):
        running.push("only", now())
        assert stale.wait(PATIENCE)
        assert "no input has come" in running.health.why


def test_a_full_disk_under_the_telemetry_reaches_who_pulls() -> None:
    def write(record: Record) -> None:
        if record["event"] == "answer":
            raise OutputError("disk full")

    gate = Gate()
    gate.opened.release()
    with live(gate, write=write) as (running, _):
        running.push("x", now())
        with pytest.raises(OutputError, match="disk full"):
            running.pull(PATIENCE)


def test_after_the_end_there_is_nothing_and_no_thread() -> None:
    gate = Gate()
    with live(gate) as (running, _):
        running.close()
        assert running.pull(PATIENCE) is None
        assert list(running) == []
    names = [thread.name for thread in threading.enumerate() if thread.name.startswith("tightrope runner")]
    assert names == []


def test_closing_while_too_many_hang_ends_all_the_same() -> None:
    gate = Gate()
    with live(gate, Limits(1000.0, 0.02, 1000.0, 1000.0, 0.05)) as (running, runner):
        while runner.counts.stuck < 2:
            running.push("hangs", now())
            running.pull(0.05)
        running.push("waits", now())
        running.close()
        outcomes = list(running)
    gate.opened.release(10)

    assert not any(isinstance(outcome, Emit) for outcome in outcomes)
    assert running.health.state is State.FAILED
