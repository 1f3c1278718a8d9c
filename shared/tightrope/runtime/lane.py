"""The lane: at most one input runs and at most one waits, the newest. What waits is replaced by what comes.

>>> lane = Lane()
>>> first = lane.arrive("a", captured_at=0.0, now=0.0)
>>> running = lane.start(rung=0, model=None, now=0.0)
>>> second, third = lane.arrive("b", 0.1, 0.1), lane.arrive("c", 0.2, 0.2)
>>> lane.waiting.item, lane.counts.replaced
('c', 1)

Pure: no clock, no thread, no lock. Who drives it says what time it is. The rule is MLPerf's for multi-stream, where a
query that arrives while one is running is dropped and counted, with one place to wait.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any, Generic, TypeVar

from tightrope.runtime.outcome import Reason

Input = TypeVar("Input")


@dataclass(frozen=True)
class Job(Generic[Input]):
    """One input on its way. Times in seconds; what follows `arrived_at` counts once it runs.

    Attributes:
        rung: index of the rung that runs it, 0 the best.
        model: that rung's pipeline, kept here so that a rung may be taken off the shelf while it runs.
    """

    number: int
    item: Input
    captured_at: float
    arrived_at: float
    rung: int = -1
    model: Callable[[Input], Any] | None = None
    started_at: float = 0.0


@dataclass
class Counts:
    """Where the inputs went: every one that arrived is in exactly one of the others, or still in the lane."""

    arrived: int = 0
    answered: int = 0
    replaced: int = 0
    out_of_order: int = 0
    expired: int = 0
    errors: int = 0
    stuck: int = 0

    @property
    def settled(self) -> int:
        return self.answered + self.replaced + self.out_of_order + self.expired + self.errors + self.stuck


class Lane(Generic[Input]):
    """The one running and the one waiting.

    Attributes:
        waiting, running: the two places.
        counts: where all inputs went.
        shown_at: capture time of the newest answer that was given, seconds; -inf before the first.
    """

    def __init__(self) -> None:
        self.waiting: Job[Input] | None = None
        self.running: Job[Input] | None = None
        self.counts = Counts()
        self.shown_at = float("-inf")
        self._newest = float("-inf")

    @property
    def idle(self) -> bool:
        return self.waiting is None and self.running is None

    def arrive(self, item: Input, captured_at: float, now: float) -> tuple[Job[Input] | None, Job[Input] | None]:
        """Let an input wait. Returns (it, the one that it replaced); (None, None) if a later one came before it."""
        number = self.counts.arrived
        self.counts.arrived += 1
        if captured_at < self._newest:
            self.counts.out_of_order += 1
            return None, None
        self._newest = captured_at
        replaced, self.waiting = self.waiting, Job(number, item, captured_at, now)
        self.counts.replaced += replaced is not None
        return self.waiting, replaced

    def start(self, rung: int, model: Callable[[Input], Any] | None, now: float) -> Job[Input]:
        """Run what waits. There must be something that waits, and nothing that runs."""
        if self.waiting is None or self.running is not None:
            raise RuntimeError("a run starts when something waits and nothing runs")
        self.running, self.waiting = replace(self.waiting, rung=rung, model=model, started_at=now), None
        return self.running

    def expire(self) -> Job[Input]:
        """Give up what waits because it is too old."""
        if self.waiting is None:
            raise RuntimeError("nothing waits")
        job, self.waiting = self.waiting, None
        self.counts.expired += 1
        return job

    def settle(self, job: Job[Input], reason: Reason | None = None) -> bool:
        """The run of `job` is over: with an answer to be given, or for a reason that there is none.

        False, and nothing is counted, if the job is not the one that runs: it was abandoned, counted then, and comes
        back late.
        """
        if self.running is not job:
            return False
        self.running = None
        if reason is None:
            self.counts.answered += 1
            self.shown_at = job.captured_at
        else:
            field = {Reason.expired: "expired", Reason.error: "errors", Reason.stuck: "stuck"}[reason]
            setattr(self.counts, field, getattr(self.counts, field) + 1)
        return True
