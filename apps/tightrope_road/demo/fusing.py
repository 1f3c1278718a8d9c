"""The bundled drive with its LiDAR: what `tightrope road drive sample` does, a frame at a time for the page."""

from __future__ import annotations

from dataclasses import replace
from functools import lru_cache

import cv2
import numpy as np

from tightrope.demo.cockpit import Cockpit
from tightrope.demo.session import Session
from tightrope.runtime import Answer, Clock, Limits, State, SystemClock
from tightrope_road.demo.seeing import Wanted, drive_frames, opened, sure_enough
from tightrope_road.drive.moment import Moment
from tightrope_road.drive.perceive import combine
from tightrope_road.drive.scene import Scene
from tightrope_road.frames import Frame
from tightrope_road.lidar import PointCloud, read_points
from tightrope_road.logs import Log, Shot, open_log
from tightrope_road.preprocess import Picture
from tightrope_road.tracking import Obstacle, Tracker
from tightrope_road.workload import SAMPLE


class Fused:
    """Tracks of one play of the drive. Frames must come in the order of their time; some may be missing."""

    def __init__(self, clock: Clock | None = None) -> None:
        self._tracker, self._round = Tracker(), 0
        self._clock = clock or SystemClock()

    def scene(self, frame: Frame, cockpit: Cockpit, session: Session) -> Scene:
        """What camera and LiDAR see together in a frame of the drive, which is played over and over.

        Fusion and tracking are postprocessing: on the session's meter, and slowed down with the detector.
        """
        turn, index = divmod(frame.index, drive_frames())
        if turn != self._round:
            self._tracker.forget()
            self._round = turn
        log = bundled()
        moment = Moment(Shot(frame.seconds, frame.index, frame.name, frame.picture), sweep(index), log.camera)
        assert log.trajectory is not None
        ego = replace(log.trajectory.ego(index * log.period_s), at_s=frame.seconds)
        wanted, rung, governed = Wanted(), session.rung, session.pilot is not None
        detect = opened(wanted, cockpit, session)
        limits = Limits.every(log.period_s, cockpit.budget(session).latency_ms / 1e3)
        name = cockpit.artifact(session).manifest.name

        def run() -> Answer[tuple[Obstacle, ...]]:
            seen = detect(frame.picture)
            begun = self._clock.now()
            told = self._tracker.update(combine(sure_enough(seen.result, wanted.score), moment), ego)
            more_ms = (self._clock.now() - begun) * 1e3
            return Answer(told, replace(seen.times, postprocess_ms=seen.times.postprocess_ms + more_ms))

        answer = cockpit.timed(session, run)
        age_s = answer.times.total_ms / 1e3
        state, why = judged(age_s, limits, rung if governed else 0)
        obstacles = () if state is State.STALE else answer.result
        met, times = age_s <= limits.deadline_s, answer.times.to_dict()
        return Scene(moment, obstacles, state, why, frame.seconds + age_s, name, met, times)


def judged(age_s: float, limits: Limits, rung: int) -> tuple[State, str]:
    """The state of a play whose newest answer took that long, by the rules of a drive.

    Args:
        age_s: the wait for other people's runs is no part of it, as on a device of one's own.
        limits: of the profile that judges.
        rung: that the governor has chosen; 0: the best, or the person's own choice.
    """
    if age_s > limits.stale_s:
        return State.STALE, f"the newest answer is {age_s:.2f} s old"
    if age_s > limits.deadline_s:
        return State.DEGRADED, f"the last answer was {(age_s - limits.deadline_s) * 1e3:.1f} ms late"
    return (State.DEGRADED, f"answers come from rung {rung}, not from the best") if rung else (State.OK, "")


@lru_cache(maxsize=1)
def bundled() -> Log:
    """The drive as a log: its calibration and its poses."""
    return open_log(str(SAMPLE.parent))


@lru_cache(maxsize=64)
def sweep(index: int) -> PointCloud:
    """The LiDAR's sweep of a frame of the bundled drive."""
    return read_points(SAMPLE.parent / "velodyne" / f"{index:06d}.bin")


def beside(scene: Scene, width: int) -> Picture:
    """Picture and bird's-eye view side by side, `width` pixels across at the most."""
    drawn = scene.draw()
    scale = min(1.0, width / drawn.shape[1])
    size = round(drawn.shape[1] * scale), round(drawn.shape[0] * scale)
    return np.asarray(cv2.resize(drawn, size, interpolation=cv2.INTER_AREA), np.uint8)


def in_words(scene: Scene) -> str:
    """The nearest things with their distances, in a line; before them the state, where it is not OK."""
    near = [str(one) for one in scene.confirmed if one.place is not None and one.kind != "unknown obstacle"]
    things = ", ".join(near[:5]) or ("nothing is shown" if scene.state is State.STALE else "nothing yet")
    return things if scene.state is State.OK else f"{scene.state.value} ({scene.why}): {things}"
