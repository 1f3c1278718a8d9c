"""Queues: which of the inputs that wait runs next, and whether one of them may be lost.

>>> lane = Lane(KeepAll(limit=100, rank=lambda study: 0 if study.urgent else 1, patience_s=600.0))   # doctest: +SKIP

`Newest` is for streams, where the next picture says more than the last one. `KeepAll` is for work that somebody waits
for. A policy of your own has the members of `Queue`. Pure as the lane is: who drives it says what time it is.
"""

from __future__ import annotations

import heapq
from collections.abc import Callable
from typing import TYPE_CHECKING, Generic, Protocol, TypeVar

from tightrope.runtime.outcome import Reason

if TYPE_CHECKING:
    from tightrope.runtime.lane import Job

Input = TypeVar("Input")


class Queue(Protocol[Input]):
    """What waits.

    Attributes:
        unread: so many outcomes wait for whoever reads them; None: all do.
    """

    unread: int | None

    @property
    def next(self) -> Job[Input] | None:
        """What runs next; None: nothing waits."""

    def __len__(self) -> int:
        """How many wait."""

    def put(self, job: Job[Input]) -> tuple[Job[Input], Reason] | None:
        """An input comes. Returns the one that has no place here any more, perhaps itself, and why."""

    def again(self, job: Job[Input]) -> bool:
        """Its run gave no answer. Whether it waits again."""

    def take(self) -> Job[Input]:
        """Remove and return `next`. Something must wait."""


class Newest(Generic[Input]):
    """One place: what comes takes it, unless it was captured before what came earlier.

    The rule is MLPerf's for multi-stream, where a query that arrives while one is running is dropped and counted, with
    one place to wait.
    """

    unread: int | None = 1

    def __init__(self) -> None:
        self.next: Job[Input] | None = None
        self._newest = float("-inf")

    def __len__(self) -> int:
        return self.next is not None

    def put(self, job: Job[Input]) -> tuple[Job[Input], Reason] | None:
        if job.captured_at < self._newest:
            return job, Reason.order
        self._newest = job.captured_at
        before, self.next = self.next, job
        return None if before is None else (before, Reason.replaced)

    def again(self, job: Job[Input]) -> bool:
        return False

    def take(self) -> Job[Input]:
        job, self.next = self.next, None
        if job is None:
            raise RuntimeError("nothing waits")
        return job


class KeepAll(Generic[Input]):
    """Every input waits until it is answered; the one that is due first runs next.

    An input is due `patience_s` after its capture for each rank that it has, and once more for each of its runs that
    failed. So rank 0 goes before rank 1, each in the order of capture, and nothing starves: what comes later than
    `patience_s` after an input of rank 1 waits behind it, whatever its own rank. What breaks each run holds nothing up.

    That is the earliest-deadline-first order (Liu and Layland 1973), with deadlines that only order and are not held.

    Args:
        limit: so many may wait; what comes then is refused. One that was taken in is never lost.
        rank: 0 for what goes first, 1, 2, ... for the others.
        patience_s: seconds by which a rank puts off.
    """

    unread: int | None = None

    def __init__(self, limit: int, rank: Callable[[Input], int], patience_s: float) -> None:
        self._limit, self._rank, self._patience_s = limit, rank, patience_s
        self._heap: list[tuple[float, int, Job[Input]]] = []

    @property
    def next(self) -> Job[Input] | None:
        return self._heap[0][2] if self._heap else None

    def __len__(self) -> int:
        return len(self._heap)

    def put(self, job: Job[Input]) -> tuple[Job[Input], Reason] | None:
        if len(self._heap) >= self._limit:
            return job, Reason.full
        self._push(job)
        return None

    def again(self, job: Job[Input]) -> bool:
        self._push(job)
        return True

    def take(self) -> Job[Input]:
        return heapq.heappop(self._heap)[2]

    def _push(self, job: Job[Input]) -> None:
        due = job.captured_at + self._patience_s * (self._rank(job.item) + job.failed)
        heapq.heappush(self._heap, (due, job.number, job))
