"""The tracker: ByteTrack's two stages on boxes and places, in seconds instead of frames.

After Zhang et al., 'ByteTrack: Multi-Object Tracking by Associating Every Detection Box', ECCV 2022: sure boxes first,
then the unsure ones with what is left, which only carry tracks on and never begin one. Where places are known they
count as much as the overlap of boxes; at last what only the LiDAR sees is joined by place alone.

    tracker = Tracker()
    for observations, ego in moments:
        obstacles = tracker.update(observations, ego)
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from tightrope_road.boxes import overlap
from tightrope_road.fusion.collision import Collision
from tightrope_road.fusion.observation import Observation, Place, Seen
from tightrope_road.tracking.assignment import assign
from tightrope_road.tracking.ego import Ego
from tightrope_road.tracking.obstacle import Obstacle, Status
from tightrope_road.tracking.track import Track

_HALF_WIDTH_M = 1.0
"""Of a vehicle."""
_KNOWN_SPEED_MPS = 3.0
"""Largest standard deviation of a speed that is told."""


@dataclass(frozen=True)
class TrackerOptions:
    """What decides when a track begins and ends.

    Attributes:
        sure: score from which on a box is of the first stage.
        birth: score from which on a box may begin a track.
        hits: so often it must have been seen before it has an identity.
        coast_s: longest time that a track is carried on without being seen; shorter for a tentative one.
        reach_m: distance between a predicted and a seen place at which they have nothing in common.
        least, least_unsure, least_near: smallest affinity in the first, the second and the third stage.
    """

    sure: float = 0.4
    birth: float = 0.45
    hits: int = 3
    coast_s: float = 0.6
    reach_m: float = 4.0
    least: float = 0.2
    least_unsure: float = 0.4
    least_near: float = 0.5


class Tracker:
    """Follows things. Moments must be given in the order of their time."""

    def __init__(self, options: TrackerOptions | None = None) -> None:
        self.options = options or TrackerOptions()
        self._tracks: list[Track] = []
        self._given = 0
        self._now = -np.inf

    def update(self, observations: Sequence[Observation], ego: Ego) -> tuple[Obstacle, ...]:
        """Take what was seen at a moment; give what is there: seen now, or coasting."""
        if ego.at_s < self._now:
            raise ValueError(f"a moment at {ego.at_s} s after one at {self._now} s")
        self._now = ego.at_s
        for track in self._tracks:
            track.predict(ego.at_s)
        self._begin(self._associate(observations, ego), ego)
        self._tracks = [track for track in self._tracks if self._lives(track)]
        for track in self._tracks:
            if track.number is None and track.hits >= self.options.hits:
                self._given += 1
                track.number = self._given
        return tuple(self._told(track, ego) for track in self._tracks)

    def coast(self, ego: Ego) -> tuple[Obstacle, ...]:
        """What would be there at a moment without a picture, all of it coasting. Changes nothing.

        Nothing at a moment before the newest: that one is told already.
        """
        if ego.at_s < self._now:
            return ()
        later = [Track(**vars(track)) for track in self._tracks]
        for track in later:
            track.predict(ego.at_s)
        return tuple(self._told(track, ego) for track in later if self._lives(track))

    def forget(self) -> None:
        """Drop all tracks, as after a time without a current answer; identities are never given twice."""
        self._tracks = []

    def _associate(self, observations: Sequence[Observation], ego: Ego) -> list[Observation]:
        """Join in three stages; returns what is joined with no track."""
        options = self.options
        camera = [one for one in observations if one.seen is not Seen.lidar]
        sure = [one for one in camera if one.score >= options.sure]
        unsure = [one for one in camera if one.score < options.sure]
        lidar = [one for one in observations if one.seen is Seen.lidar]
        waiting = list(self._tracks)
        alone: list[Observation] = []
        for seen, least, by_box in (
            (sure, options.least, True),
            (unsure, options.least_unsure, True),
            (lidar, 0.5, False),
        ):
            affinity = self._affinity(waiting, seen, ego, by_box)
            pairs = assign(affinity, least)
            for row, column in pairs:
                waiting[row].see(seen[column], ego)
            taken = {column for _, column in pairs}
            alone += [one for column, one in enumerate(seen) if column not in taken]
            waiting = [track for row, track in enumerate(waiting) if row not in {row for row, _ in pairs}]
        return alone

    def _affinity(
        self, tracks: Sequence[Track], seen: Sequence[Observation], ego: Ego, by_box: bool
    ) -> NDArray[np.float64]:
        """[tracks, seen], 0 to 1: overlap of the boxes and nearness of the places, or the one that is known."""
        if not tracks or not seen:
            return np.zeros((len(tracks), len(seen)))
        boxes = overlap(np.array([track.edges() for track in tracks]), np.array([one.box for one in seen]))
        near = np.full(boxes.shape, np.nan)
        places = [one.place.centre if one.place and one.place.points else np.full(2, np.nan) for one in seen]
        for row, track in enumerate(tracks):
            if track.ground is not None:
                away = np.array(places) - ego.to_camera(track.ground.place)
                near[row] = np.maximum(0.0, 1 - np.hypot(*away.T) / self.options.reach_m)
        if not by_box:
            return np.asarray(np.nan_to_num(near), np.float64)
        both = np.where(near > 0, (boxes + near) / 2, 0.0)
        return np.asarray(np.where(np.isnan(near), boxes, both), np.float64)

    def _begin(self, alone: Sequence[Observation], ego: Ego) -> None:
        for seen in alone:
            if seen.seen is Seen.lidar or seen.score >= self.options.birth:
                self._tracks.append(Track.of(seen, ego))

    def _lives(self, track: Track) -> bool:
        unseen = track.now - track.last
        return unseen <= (self.options.coast_s if track.number is not None else self.options.coast_s / 4)

    def _told(self, track: Track, ego: Ego) -> Obstacle:
        unseen = ego.at_s - track.last
        status = Status.tentative if track.number is None else Status.tracked
        place = track.place(ego)
        velocity, error = _velocity(track, ego)
        return Obstacle(
            number=track.number,
            kind=track.kind,
            status=Status.coasting if unseen > 0 else status,
            score=track.newest.score,
            box=track.newest.box if unseen == 0 else track.edges(),
            seen=track.newest.seen,
            age_s=ego.at_s - track.born,
            unseen_s=unseen,
            place=place,
            velocity=velocity,
            speed_mps=_speed(track, ego) if velocity is not None else None,
            collision=_collision(place, velocity, error),
        )


def _velocity(track: Track, ego: Ego) -> tuple[NDArray[np.float64] | None, float]:
    """Relative to the camera, with its standard deviation; None while it is hardly known."""
    if track.ground is None:
        return None, np.inf
    error = float(np.sqrt(track.ground.covariance[:, 1, 1].max()))
    if error > _KNOWN_SPEED_MPS:
        return None, error
    return ego.relative(track.ground.speed), error


def _speed(track: Track, ego: Ego) -> float | None:
    if track.ground is None or ego.velocity is None:
        return None
    return float(np.hypot(*track.ground.speed))


def _collision(place: Place | None, velocity: NDArray[np.float64] | None, error: float) -> Collision | None:
    """None also where both pass each other."""
    if place is None or velocity is None:
        return None
    speed = float(np.hypot(*velocity))
    beside = abs(float(place.centre[0] * velocity[1] - place.centre[1] * velocity[0])) / max(1e-6, speed)
    reach = _HALF_WIDTH_M + (place.box.width / 2 if place.box else _HALF_WIDTH_M)
    if beside > reach:
        return None
    closing = -float(velocity @ place.centre) / max(1e-6, place.distance_m)
    return Collision.of(place.gap_m, closing, place.error_m, error)
