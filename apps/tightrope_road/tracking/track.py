"""One track: what is known of one thing from all that was seen of it."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field, replace

import numpy as np
from numpy.typing import NDArray

from tightrope_road.fusion.observation import UNKNOWN, Observation, Place
from tightrope_road.tracking.ego import Ego
from tightrope_road.tracking.motion import Motion

Flat = NDArray[np.float64]

_BOX_ERROR, _BOX_SPEED, _BOX_ACCELERATION = 0.05, 1.0, 2.0
"""Of a box: shares of its height; a second, and a root second."""
_FIRST_SPEED_MPS = 8.0
_ACCELERATION = 2.0
"""Metres a second in a root second: what a car in traffic does to its speed."""


@dataclass
class Track:
    """A thing that is followed.

    Attributes:
        born, last: when it was seen first and last, seconds.
        now: the moment that `box` and `ground` are of.
        box: centre, width and height in pixels.
        ground: on the ground in the world's frame; None before a place was known.
        newest: what was seen of it last.
        measured: the last place that was measured by points; None before there was one.
        hits: how often it was seen.
        number: its identity, once it is confirmed.
    """

    born: float
    last: float
    now: float
    box: Motion
    ground: Motion | None
    newest: Observation
    measured: Place | None = None
    hits: int = 1
    number: int | None = None
    kinds: Counter[str] = field(default_factory=Counter)

    @classmethod
    def of(cls, seen: Observation, ego: Ego) -> Track:
        """The first time."""
        state = _measures(seen.box)
        error = np.full(4, state[3])
        box = Motion.at(state, (_BOX_ERROR * error) ** 2, (_BOX_SPEED * error) ** 2)
        track = cls(ego.at_s, ego.at_s, ego.at_s, box, None, seen)
        track._locate(seen, ego)
        track.kinds[seen.kind] += 1
        return track

    def predict(self, at_s: float) -> None:
        """Carry it on to a later moment."""
        seconds = at_s - self.now
        height = max(1.0, float(self.box.place[3]))
        self.box = self.box.after(seconds, np.full(4, (_BOX_ACCELERATION * height) ** 2))
        if self.ground is not None:
            self.ground = self.ground.after(seconds, np.full(2, _ACCELERATION**2))
        self.now = at_s

    def see(self, seen: Observation, ego: Ego) -> None:
        """It was seen at the moment to which it is predicted."""
        state = _measures(seen.box)
        self.box = self.box.seen(state, np.full(4, (_BOX_ERROR * state[3]) ** 2))
        self._locate(seen, ego)
        # What only the LiDAR saw has no name and no score: those of the camera stay.
        self.newest = seen if seen.kind != UNKNOWN else replace(seen, kind=self.kind, score=self.newest.score)
        self.last = ego.at_s
        self.hits += 1
        if seen.kind != UNKNOWN:
            self.kinds[seen.kind] += 1

    @property
    def kind(self) -> str:
        """What it was most often taken for."""
        named = [name for name, _ in self.kinds.most_common() if name != UNKNOWN]
        return named[0] if named else UNKNOWN

    def edges(self) -> Flat:
        """Its box now, left, top, right, bottom."""
        x, y, width, height = self.box.place
        return np.array([x - width / 2, y - height / 2, x + width / 2, y + height / 2])

    def place(self, ego: Ego) -> Place | None:
        """Where it is now: as measured, if it was measured now; else carried on, or guessed by its size."""
        seen, measured = self.newest.place, self.measured
        if measured is None or self.ground is None:
            return seen
        if self.last == self.now and seen is measured:
            return measured
        centre = ego.to_camera(self.ground.place)
        shift = float(np.hypot(*centre) - measured.distance_m)
        error = float(np.sqrt(self.ground.covariance[:, 0, 0].max()))
        box = None if measured.box is None else replace(measured.box, centre=centre)
        return replace(measured, centre=centre, gap_m=max(0.0, measured.gap_m + shift), error_m=error, box=box)

    def _locate(self, seen: Observation, ego: Ego) -> None:
        if seen.place is None or seen.place.points == 0:
            return
        self.measured = seen.place
        centre = ego.to_world(seen.place.centre)
        variance = np.full(2, seen.place.error_m**2 + _PLACE_ERROR_M**2)
        if self.ground is None:
            self.ground = Motion.at(centre, variance, np.full(2, _FIRST_SPEED_MPS**2))
        else:
            self.ground = self.ground.seen(centre, variance)


_PLACE_ERROR_M = 0.15


def _measures(box: Flat) -> Flat:
    """Centre, width and height of left, top, right, bottom."""
    extent = np.maximum(box[2:] - box[:2], 1.0)
    return np.concatenate([(box[:2] + box[2:]) / 2, extent])
