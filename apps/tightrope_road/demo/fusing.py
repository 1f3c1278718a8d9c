"""The bundled drive with its LiDAR: what `tightrope road drive sample` does, a frame at a time for the page."""

from __future__ import annotations

from dataclasses import replace
from functools import lru_cache

import cv2
import numpy as np

from tightrope.runtime import State
from tightrope_road.demo.seeing import drive_frames
from tightrope_road.detections import Detections
from tightrope_road.drive.moment import Moment
from tightrope_road.drive.perceive import combine
from tightrope_road.drive.scene import Scene
from tightrope_road.frames import Frame
from tightrope_road.lidar import PointCloud, read_points
from tightrope_road.logs import Log, Shot, open_log
from tightrope_road.preprocess import Picture
from tightrope_road.tracking import Tracker
from tightrope_road.workload import SAMPLE


class Fused:
    """Tracks of one play of the drive. Frames must come in the order of their time; some may be missing."""

    def __init__(self) -> None:
        self._tracker, self._round = Tracker(), 0

    def scene(self, frame: Frame, detections: Detections) -> Scene:
        """What camera and LiDAR see together in a frame of the drive, which is played over and over."""
        turn, index = divmod(frame.index, drive_frames())
        if turn != self._round:
            self._tracker.forget()
            self._round = turn
        log = bundled()
        moment = Moment(Shot(frame.seconds, frame.index, frame.name, frame.picture), sweep(index), log.camera)
        assert log.trajectory is not None
        ego = replace(log.trajectory.ego(index * log.period_s), at_s=frame.seconds)
        obstacles = self._tracker.update(combine(detections, moment), ego)
        return Scene(moment, obstacles, State.OK, "", frame.seconds, "demo")


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
    """The nearest things with their distances, in a line."""
    near = [str(one) for one in scene.confirmed if one.place is not None and one.kind != "unknown obstacle"]
    return ", ".join(near[:5]) or "nothing yet"
