"""A drive at true speed: a thread delivers what the sensors gave when they gave it, another one answers."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterable, Iterator

from tightrope.interrupt import Stop
from tightrope.runtime import Abstain, Answer, Emit, LiveRunner, Runner
from tightrope_road.drive.delivery import Delivery, Stalls
from tightrope_road.drive.moment import Moment, Pairing
from tightrope_road.drive.outcome import Reporter
from tightrope_road.drive.perceive import Perceive, Perception
from tightrope_road.drive.scene import Notice
from tightrope_road.drive.timeline import Timeline
from tightrope_road.logs.log import Broken, Shot

_POLL_S = 0.02
_LEAD_S = 0.2
"""Time before the first event, in which the first picture is read."""


def with_faults(perceive: Perceive, stalls: Stalls) -> Perceive:
    """The same, slower and failing where the faults say so."""

    def run(moment: Moment) -> Answer[Perception]:
        if extra := stalls.seconds():
            time.sleep(extra)
        if stalls.fails():
            raise RuntimeError("a fault on purpose")
        return perceive(moment)

    return run


class TrueSpeed:
    """Drives a runner through a log at the log's own speed.

    Args:
        runner: on the system's clock.
        timeline: is started when the rungs are loaded.
        pairing: makes moments of events.
        reporter: is told what happens.
    """

    def __init__(
        self, runner: Runner[Moment, Perception], timeline: Timeline, pairing: Pairing, reporter: Reporter
    ) -> None:
        self._runner, self._timeline, self._pairing, self._reporter = runner, timeline, pairing, reporter
        self._lock = threading.Lock()
        self._error: Exception | None = None

    def run(self, deliveries: Iterable[Delivery], stop: Stop) -> None:
        """Until the log ends, `stop` is set, or nobody wants more."""
        with LiveRunner(self._runner) as live:
            self._timeline.start(_LEAD_S)
            feeder = threading.Thread(target=self._feed, args=(deliveries, live, stop), name="sensors", daemon=True)
            feeder.start()
            while not stop.is_set() and self._reporter.wanted and (outcome := live.pull(_POLL_S)) is not None:
                health = live.health
                with self._lock:
                    if isinstance(outcome, Emit | Abstain):
                        self._reporter.outcome(outcome, health)
                    self._reporter.health(health)
            live.close()
        feeder.join(timeout=1.0)
        if self._error is not None:
            raise self._error

    def _feed(self, deliveries: Iterable[Delivery], live: LiveRunner[Moment, Perception], stop: Stop) -> None:
        try:
            for delivery in deliveries:
                if not self._wait(delivery.arrives_at, live, stop):
                    return
                for moment in self._moments(delivery, live):
                    self._push(moment, live)
            for moment in self._pairing.flush():
                self._push(moment, live)
        except Exception as error:  # raised again where the answers are taken
            self._error = error
        finally:
            live.close()

    def _wait(self, until: float, live: LiveRunner[Moment, Perception], stop: Stop) -> bool:
        """Wait for that time of the log; a picture whose sweep does not come is not kept waiting. False: the end."""
        while (now := self._timeline.now()) < until:
            if stop.wait(max(0.0, min(until, self._pairing.due_at) - now)) or not self._reporter.wanted:
                return False
            for moment in self._pairing.until(self._timeline.now()):
                self._push(moment, live)
        return self._reporter.wanted and not stop.is_set()

    def _moments(self, delivery: Delivery, live: LiveRunner[Moment, Perception]) -> Iterator[Moment]:
        event = delivery.event
        if isinstance(event, Broken):
            with self._lock:
                self._reporter.tell(Notice(delivery.arrives_at, live.health.state, event.why))
        elif isinstance(event, Shot):
            live.announce(event.captured_at + self._timeline.offset_s)
            yield from self._pairing.shot(event)
        else:
            yield from self._pairing.sweep(event)
        yield from self._pairing.until(delivery.arrives_at)

    def _push(self, moment: Moment, live: LiveRunner[Moment, Perception]) -> None:
        with self._lock:
            self._reporter.arrived(self._runner.counts.arrived, moment)
            outcome = live.push(moment, moment.shot.captured_at + self._timeline.offset_s)
            if isinstance(outcome, Abstain):
                self._reporter.outcome(outcome, live.health)
