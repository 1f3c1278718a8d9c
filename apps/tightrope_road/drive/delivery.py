"""The events of a log as they reach the app: on a good day when they were captured, on a bad one later, or never."""

from __future__ import annotations

import heapq
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field, replace

import numpy as np

from tightrope_road.drive.faults import Faults
from tightrope_road.lidar import PointCloud
from tightrope_road.logs.log import Event, Shot, Sweep

_EVERY_S = 2.0
"""How often what is called 'every two seconds' happens; the first time after one of them."""
_GOOD_S = 1.0
"""So long sweeps are good, before they are damaged: a damage is a change."""


@dataclass(frozen=True, order=True)
class Delivery:
    """An event and when it comes, seconds of the log; in the order of coming."""

    arrives_at: float
    order: int
    event: Event = field(compare=False)


def deliver(events: Iterable[Event], faults: Faults) -> Iterator[Delivery]:
    """Every event with its time of coming, in that order. Reads ahead only as far as an event may be late."""
    change = _Changes(faults)
    waiting: list[Delivery] = []
    for order, event in enumerate(events):
        if (changed := change(event)) is not None:
            heapq.heappush(waiting, Delivery(event.captured_at + change.delay(event), order, changed))
        # Nothing that is still to be read can come before what was captured now.
        while waiting and waiting[0].arrives_at <= event.captured_at:
            yield heapq.heappop(waiting)
    while waiting:
        yield heapq.heappop(waiting)


class _Changes:
    """What the faults do to an event."""

    def __init__(self, faults: Faults) -> None:
        self._faults = faults
        self._random = np.random.default_rng(faults.seed)
        self._start: float | None = None
        self._frozen: Shot | None = None

    def delay(self, event: Event) -> float:
        late = {Shot: "camera-late", Sweep: "lidar-stale"}.get(type(event))
        jitter = self._faults["jitter"] * float(self._random.random()) if self._faults["jitter"] else 0.0
        return jitter + (self._faults[late] if late else 0.0)

    def __call__(self, event: Event) -> Event | None:
        self._start = event.captured_at if self._start is None else self._start
        if isinstance(event, Shot):
            return None if self._happens("drop-camera") else self._picture(event)
        if isinstance(event, Sweep):
            return None if self._happens("drop-lidar") else self._sweep(event)
        return event

    def _picture(self, shot: Shot) -> Shot:
        if self._now(shot, "freeze-camera"):
            self._frozen = self._frozen or shot
            return replace(shot, picture=self._frozen.picture)
        self._frozen = None
        return replace(shot, picture=np.zeros_like(shot.picture)) if self._now(shot, "dark-camera") else shot

    def _sweep(self, sweep: Sweep) -> Sweep:
        points = sweep.points
        lost = max(self._faults["lidar-nan"], self._faults["lidar-sparse"])
        if lost and self._since(sweep) >= _GOOD_S:
            kept = self._random.random(len(points)) >= lost
            # What is not a number never leaves a reader: it is counted there, as here.
            dropped = points.dropped + int(np.sum(~kept)) * bool(self._faults["lidar-nan"])
            points = PointCloud(points.xyz[kept], points.intensity[kept], dropped)
        return Sweep(sweep.captured_at + self._faults["lidar-skew"], points)

    def _happens(self, kind: str) -> bool:
        return self._faults[kind] > 0 and float(self._random.random()) < self._faults[kind]

    def _now(self, shot: Shot, kind: str) -> bool:
        """Whether a fault that comes every two seconds is there at this moment."""
        return begins(self._since(shot)) < self._faults[kind]

    def _since(self, event: Event) -> float:
        """Seconds between the captures of the first event and this one."""
        assert self._start is not None
        return event.captured_at - self._start


def begins(since_s: float) -> float:
    """Seconds since the newest begin of what happens every two seconds; infinite before the first."""
    return (since_s - _EVERY_S / 2) % _EVERY_S if since_s >= _EVERY_S / 2 else np.inf


class Stalls:
    """How much longer each run takes, and which ones fail.

    Args:
        faults: stall, hang and error.
        now: seconds since the start; negative before it, when nothing goes wrong.
    """

    def __init__(self, faults: Faults, now: Callable[[], float]) -> None:
        self._faults, self._now = faults, now
        self._random = np.random.default_rng(faults.seed + 1)
        self._slowed = -1

    def seconds(self) -> float:
        """What the run that begins now takes on top."""
        extra, now = max(self._faults["stall"], self._faults["hang"]), self._now()
        if not extra or now < _EVERY_S / 2:
            return 0.0
        turn = int((now + _EVERY_S / 2) // _EVERY_S)
        if turn == self._slowed:
            return 0.0
        self._slowed = turn
        return extra

    def fails(self) -> bool:
        """Whether it raises an error."""
        return self._now() >= 0 and self._faults["error"] > 0 and float(self._random.random()) < self._faults["error"]
