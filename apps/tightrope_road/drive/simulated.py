"""A drive as fast as possible: the log's time moves from event to event, and nobody sleeps.

Every run is really done when it begins. By the log's clock it ends at once, as on a computer that is infinitely fast,
or after the time that it took on this machine. Deadlines, stalls, hanging runs and the states are the runner's own.
"""

from __future__ import annotations

import heapq
import math
from collections.abc import Iterable
from dataclasses import dataclass, field

from tightrope.interrupt import Stop
from tightrope.runtime import Abstain, Answer, Emit, FakeClock, Runner, Wait
from tightrope.runtime.lane import Job
from tightrope_road.drive.delivery import Delivery, Stalls
from tightrope_road.drive.moment import Moment, Pairing
from tightrope_road.drive.outcome import Reporter
from tightrope_road.drive.perceive import Perception
from tightrope_road.drive.scene import Notice
from tightrope_road.logs.log import Broken, Shot


@dataclass(order=True)
class _End:
    """A run that has been done, and ends at this time of the log."""

    at: float
    number: int
    job: Job[Moment] = field(compare=False)
    result: Answer[Perception] | Exception = field(compare=False)


class Simulation:
    """Drives a runner along a log.

    Args:
        runner: on `clock`, its rungs prepared; nobody else may drive it meanwhile.
        clock: moves with the log.
        pairing: makes moments of events.
        reporter: is told what happens.
        stalls: what makes runs longer, or fail.
        counts_time: whether a run takes on the log's clock what it took on this machine; else no time at all.
    """

    def __init__(
        self,
        runner: Runner[Moment, Perception],
        clock: FakeClock,
        pairing: Pairing,
        reporter: Reporter,
        stalls: Stalls,
        counts_time: bool,
    ) -> None:
        self._runner, self._clock, self._pairing, self._reporter = runner, clock, pairing, reporter
        self._stalls, self._counts_time = stalls, counts_time
        self._ends: list[_End] = []
        self._tick = runner.limits.period_s / 2

    def run(self, deliveries: Iterable[Delivery], stop: Stop) -> None:
        """Until the log ends, `stop` is set, or nobody wants more."""
        for delivery in deliveries:
            self._until(delivery.arrives_at)
            self._take(delivery)
            if stop.is_set() or not self._reporter.wanted:
                return
        for moment in self._pairing.flush():
            self._arrive(moment)
        while self._ends or self._runner.lane.running is not None:
            self._until(self._clock.now() + self._tick)

    def _take(self, delivery: Delivery) -> None:
        event = delivery.event
        if isinstance(event, Broken):
            self._reporter.tell(Notice(delivery.arrives_at, self._runner.state, event.why))
            return
        if isinstance(event, Shot):
            self._runner.announce(event.captured_at)
        for moment in self._pairing.shot(event) if isinstance(event, Shot) else self._pairing.sweep(event):
            self._arrive(moment)

    def _until(self, at: float) -> None:
        """Let everything happen up to that time of the log, looking at the state twice a period."""
        while self._clock.now() < at:
            ends = self._ends[0].at if self._ends else math.inf
            due = max(self._pairing.due_at, self._clock.now())
            following = min(at, self._clock.now() + self._tick, ends, self._stuck_at(), due)
            self._clock.advance(max(0.0, following - self._clock.now()))
            self._happen()
        self._happen()

    def _happen(self) -> None:
        """What is due now."""
        now = self._clock.now()
        while self._ends and self._ends[0].at <= now + 1e-9:
            end = heapq.heappop(self._ends)
            if isinstance(end.result, Exception):
                self._note(self._runner.fail(end.job, end.result))
            else:
                self._note(self._runner.finish(end.job, end.result))
        if self._runner.overdue():
            self._note(self._runner.abandon())
        self._begin()
        for moment in self._pairing.until(now):
            self._arrive(moment)
        self._reporter.health(self._runner.look())

    def _stuck_at(self) -> float:
        running = self._runner.lane.running
        return running.started_at + self._runner.limits.stuck_s + 1e-6 if running else math.inf

    def _arrive(self, moment: Moment) -> None:
        number = self._runner.counts.arrived
        self._reporter.arrived(number, moment)
        self._note(self._runner.arrive(moment, moment.shot.captured_at))
        self._begin()
        if self._ends and self._ends[0].at <= self._clock.now():
            self._happen()

    def _begin(self) -> None:
        if self._runner.lacks:
            self._runner.restock()
        begun = self._runner.begin()
        if not isinstance(begun, Job):
            self._note(begun)
            return
        extra = self._stalls.seconds()
        try:
            if self._stalls.fails():
                raise RuntimeError("a fault on purpose")
            result: Answer[Perception] | Exception = self._runner.run(begun)
        except Exception as error:
            result = error
        taken = result.times.total_ms / 1e3 if self._counts_time and isinstance(result, Answer) else 0.0
        heapq.heappush(self._ends, _End(self._clock.now() + taken + extra, begun.number, begun, result))

    def _note(self, outcome: Emit[Perception] | Abstain | Wait | None) -> None:
        if isinstance(outcome, Emit | Abstain):
            self._reporter.outcome(outcome, self._runner.look())
