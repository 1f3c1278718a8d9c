"""What one person has chosen on a tab, and what it has cost since: one Session a browser, never shared.

>>> session = Session(rung=1, profile="vehicle")
>>> session.meter.add(StageTimes(3.0, 12.0, 1.0), limit_ms=50)
>>> session.meter.last.total_ms, session.meter.runs, session.meter.missed
(16.0, 1, 0)
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from tightrope.demo.autopilot import Autopilot
from tightrope.measure.statistics import Quantile
from tightrope.runtime.clock import Clock
from tightrope.runtime.pipeline import StageTimes

_REMEMBERED = 1000


@dataclass
class Meter:
    """Stage times of a session.

    Attributes:
        runs: how many there were.
        missed: how many took longer than the limit.
        times: the last 1,000 of them.
        work_ms: of the last 1,000 frames of a stream, what the server took with decoding and drawing.
    """

    runs: int = 0
    missed: int = 0
    times: deque[StageTimes] = field(default_factory=lambda: deque(maxlen=_REMEMBERED))
    work_ms: deque[float] = field(default_factory=lambda: deque(maxlen=_REMEMBERED))

    def add(self, times: StageTimes, limit_ms: float) -> None:
        self.runs += 1
        self.missed += times.total_ms > limit_ms
        self.times.append(times)

    @property
    def last(self) -> StageTimes:
        """Raises IndexError if nothing was run yet."""
        return self.times[-1]

    def total_ms(self, percentile: float) -> float:
        """The whole pipeline's milliseconds at that percentile of the last runs; at least one is needed."""
        return Quantile.of([times.total_ms for times in self.times], percentile).value

    @contextmanager
    def work(self, clock: Clock) -> Iterator[None]:
        """Add what the block takes to `work_ms`, the wait for other people's runs included."""
        start = clock.now()
        yield
        self.work_ms.append((clock.now() - start) * 1e3)


@dataclass
class Session:
    """One person's choices on one tab.

    Attributes:
        rung: place of the artifact on the demo's ladder, 0 the most accurate.
        profile: name of the device profile whose budget judges.
        rivals: programs that take the same core while something is measured; 0: none.
        pilot: chooses the rung after each run; None: the person does.
        why: what the pilot said of its last choice.
        meter: what was run since the last choice.
    """

    rung: int
    profile: str
    rivals: int = 0
    pilot: Autopilot | None = None
    why: str = ""
    meter: Meter = field(default_factory=Meter)

    def choose(self, rung: int, profile: str, rivals: int) -> None:
        """Take over these choices; the figures of other ones are forgotten."""
        if (rung, profile, rivals) != (self.rung, self.profile, self.rivals):
            self.rung, self.profile, self.rivals = rung, profile, rivals
            self.meter = Meter()

    def took(self, times: StageTimes, limit_ms: float) -> None:
        """Add a run; the pilot, if there is one, then says which rung is next."""
        self.meter.add(times, limit_ms)
        if self.pilot is not None:
            choice = self.pilot.next(self.rung, times.total_ms / 1e3)
            self.rung, self.why = choice.rung, choice.why
