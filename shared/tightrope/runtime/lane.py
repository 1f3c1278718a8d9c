"""The lane: at most one input runs, and a queue says which one is next.

>>> lane = Lane()
>>> first = lane.arrive("a", captured_at=0.0, now=0.0)
>>> running = lane.start(rung=0, model=None, now=0.0)
>>> second, third = lane.arrive("b", 0.1, 0.1), lane.arrive("c", 0.2, 0.2)
>>> lane.waiting.item, lane.counts.replaced
('c', 1)

Pure: no clock, no thread, no lock. Who drives it says what time it is.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict, dataclass, replace
from typing import Any, Generic, TypeVar

from tightrope.runtime.outcome import Reason
from tightrope.runtime.queues import Newest, Queue

Input = TypeVar("Input")


@dataclass(frozen=True)
class Job(Generic[Input]):
    """One input on its way. Times in seconds; what follows `failed` counts once it runs.

    Attributes:
        failed: so many of its runs gave no answer, and it waits again.
        rung: index of the rung that runs it, 0 the best.
        model: that rung's pipeline, kept here so that a rung may be taken off the shelf while it runs.
    """

    number: int
    item: Input
    captured_at: float
    arrived_at: float
    failed: int = 0
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
    full: int = 0
    expired: int = 0
    unsure: int = 0
    errors: int = 0
    stuck: int = 0

    @property
    def settled(self) -> int:
        return sum(int(count) for count in asdict(self).values()) - self.arrived

    def lose(self, reason: Reason) -> None:
        """One more gets no answer."""
        field = {Reason.order: "out_of_order", Reason.error: "errors"}.get(reason, reason.name)
        setattr(self, field, getattr(self, field) + 1)


class Lane(Generic[Input]):
    """The one running and those waiting.

    Args:
        queue: says what waits and what is next; None: `Newest()`.

    Attributes:
        running: the one that runs.
        counts: where all inputs went.
    """

    def __init__(self, queue: Queue[Input] | None = None) -> None:
        self.queue: Queue[Input] = Newest() if queue is None else queue
        self.running: Job[Input] | None = None
        self.counts = Counts()

    @property
    def waiting(self) -> Job[Input] | None:
        """The next one to run."""
        return self.queue.next

    @property
    def idle(self) -> bool:
        return self.waiting is None and self.running is None

    def arrive(
        self, item: Input, captured_at: float, now: float
    ) -> tuple[Job[Input], tuple[Job[Input], Reason] | None]:
        """Let an input wait. Returns it, and the one that has lost its place by that, perhaps itself, and why."""
        job = Job(self.counts.arrived, item, captured_at, now)
        self.counts.arrived += 1
        if (lost := self.queue.put(job)) is not None:
            self.counts.lose(lost[1])
        return job, lost

    def start(self, rung: int, model: Callable[[Input], Any] | None, now: float) -> Job[Input]:
        """Run what is next. There must be something that waits, and nothing that runs."""
        if self.waiting is None or self.running is not None:
            raise RuntimeError("a run starts when something waits and nothing runs")
        self.running = replace(self.queue.take(), rung=rung, model=model, started_at=now)
        return self.running

    def expire(self) -> Job[Input]:
        """Give up what is next because it is too old."""
        job = self.queue.take()
        self.counts.lose(Reason.expired)
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
        else:
            self.counts.lose(reason)
        return True

    def retry(self, job: Job[Input]) -> bool:
        """The run of `job`, the one that runs, gave no answer. Whether it waits again, by the queue's rule."""
        if not self.queue.again(replace(job, failed=job.failed + 1, rung=-1, model=None)):
            return False
        self.running = None
        return True
