"""Answers of the runner, one after the other, become scenes: the only part of a drive that remembers."""

from __future__ import annotations

from tightrope.runtime import Emit, Health, State
from tightrope_road.drive.moment import Moment
from tightrope_road.drive.perceive import Perception
from tightrope_road.drive.scene import Scene, worse
from tightrope_road.drive.timeline import Timeline
from tightrope_road.fusion.alignment import Alignment
from tightrope_road.logs.trajectory import Trajectory
from tightrope_road.tracking import Tracker
from tightrope_road.tracking.ego import Ego


class Follower:
    """Tracks what the runner's answers show.

    Args:
        trajectory: of the camera; None: speeds are relative to it.
        timeline: of the log and the runner.
    """

    def __init__(self, trajectory: Trajectory | None, timeline: Timeline) -> None:
        self._trajectory, self._timeline = trajectory, timeline
        self._tracker = Tracker()
        self._alignment = Alignment()

    def answered(self, emitted: Emit[Perception], health: Health) -> Scene:
        """A run has an answer."""
        moment: Moment = emitted.item
        obstacles = self._tracker.update(emitted.result, self._ego(moment.shot.captured_at))
        # What is left of a damaged sweep is not as wide as the thing it is of, and its middle is elsewhere.
        if not moment.weak_lidar:
            self._alignment.see(emitted.result)
        state, why = _with_sensors(health, moment, self._alignment.why)
        if state in (State.STALE, State.FAILED):
            obstacles = ()
        return Scene(
            moment,
            obstacles,
            state,
            why,
            emitted.finished_at - self._timeline.offset_s,
            emitted.rung,
            emitted.met,
            emitted.times.to_dict(),
        )

    def unanswered(self, moment: Moment, why: str, health: Health) -> Scene:
        """A picture gets no answer: what is known is carried on to its moment, and marked so."""
        state = worse(health.state, State.DEGRADED)
        stale = state in (State.STALE, State.FAILED)
        obstacles = () if stale else self._tracker.coast(self._ego(moment.shot.captured_at))
        return Scene(moment, obstacles, state, why, self._timeline.now())

    def lost(self) -> None:
        """There is no current answer any more."""
        self._tracker.forget()

    def _ego(self, at_s: float) -> Ego:
        return Ego.still(at_s) if self._trajectory is None else self._trajectory.ego(at_s)


def _with_sensors(health: Health, moment: Moment, crooked: str) -> tuple[State, str]:
    """The state of the runner, or a worse one: a sensor tells nothing of this moment, or little, or looks elsewhere."""
    missing = "; ".join(why for why in (moment.no_camera, moment.no_lidar) if why)
    blind = bool(moment.no_camera) and moment.points is None
    if missing and not blind:
        missing = f"{'LiDAR' if moment.no_camera else 'camera'} only: {missing}"
    found = "; ".join(filter(None, (missing, moment.weak_lidar))) or crooked
    if not found:
        return health.state, health.why
    state = worse(health.state, State.STALE if blind else State.DEGRADED)
    return state, found if health.state is State.OK else f"{health.why}; {found}"
