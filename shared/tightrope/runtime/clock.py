"""Time as a dependency: every deadline behaviour is replayed in a test without sleeping."""

from __future__ import annotations

import time
from typing import Protocol


class Clock(Protocol):
    """Monotonic time in seconds."""

    def now(self) -> float: ...


class SystemClock:
    """The machine's monotonic clock with the finest resolution it has."""

    def now(self) -> float:
        return time.perf_counter()


class WallClock:
    """Seconds since 1970 as the system said at the start, and steady from there on: for times that outlive a process.

    Where the system tells it, time that the device sleeps is counted. A step of the system's time is not.
    """

    def __init__(self) -> None:
        self._offset = time.time() - self._steady()

    def now(self) -> float:
        return self._offset + self._steady()

    def _steady(self) -> float:
        boottime = getattr(time, "CLOCK_BOOTTIME", None)  # Linux only
        return time.monotonic() if boottime is None else time.clock_gettime(boottime)


class FakeClock:
    """A clock that moves only when a test says so.

    >>> clock = FakeClock()
    >>> clock.advance(0.25)
    >>> clock.now()
    0.25
    """

    def __init__(self, start: float = 0.0) -> None:
        self._now = start

    def now(self) -> float:
        return self._now

    def advance(self, seconds: float) -> None:
        self._now += seconds
