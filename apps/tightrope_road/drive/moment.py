"""A picture and the sweep that belongs to it, if one does."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from tightrope_road.calibration import Camera
from tightrope_road.drive.sweeps import Usual
from tightrope_road.lidar import PointCloud
from tightrope_road.logs.log import Shot, Sweep
from tightrope_road.logs.trajectory import Trajectory
from tightrope_road.preprocess import Picture

TOLERANCE_S = 0.05
"""At 30 m/s a pair that is this far apart is off by 1.5 m; with poses that is taken out, for what stands still."""
_AFTER_S = 1e-6
_KEPT = 4
_DARK, _FLAT = 12.0, 4.0
"""Mean and standard deviation of grey levels below which a picture shows nothing."""


@dataclass(frozen=True)
class Moment:
    """What is perceived at once.

    Attributes:
        shot: the picture.
        points: of the sweep, moved to the moment of the picture where poses are known; None: camera only.
        camera: None without a calibration.
        no_lidar: why there are no points; empty if there are.
        no_camera: why the picture tells nothing; empty if it does.
        weak_lidar: why there are points, but fewer than usual; empty if there are as many, or none.
        apart_s: picture minus sweep; 0 without points.
    """

    shot: Shot
    points: PointCloud | None = None
    camera: Camera | None = None
    no_lidar: str = ""
    no_camera: str = ""
    apart_s: float = 0.0
    weak_lidar: str = ""


class Pairing:
    """Joins pictures and sweeps by the times of their capture, never by the order in which they come.

    A picture waits for the sweep of its moment until that can no longer come: a later sweep or picture is there, or
    the tolerance has passed.

    Args:
        tolerance_s: largest difference of a pair.
        trajectory: of the camera; None: nothing is compensated.
        camera: of the pictures that have none of their own; None: no sweep is ever used.
        turned: by how many degrees the LiDAR is not where the calibration has it.
    """

    def __init__(
        self, tolerance_s: float, trajectory: Trajectory | None, camera: Camera | None, turned: float = 0.0
    ) -> None:
        self._tolerance_s, self._trajectory, self._camera = tolerance_s, trajectory, camera
        self._turned = turned
        self._usual = Usual()
        self._sweeps: deque[tuple[Sweep, str]] = deque(maxlen=_KEPT)
        self._waiting: Shot | None = None
        self._before: Picture | None = None

    def sweep(self, sweep: Sweep) -> Iterator[Moment]:
        """A sweep came; gives the picture that waited for it."""
        self._sweeps.append((sweep, self._usual.judge(sweep.points)))
        if self._waiting is not None and sweep.captured_at >= self._waiting.captured_at:
            yield from self.flush()

    def shot(self, shot: Shot) -> Iterator[Moment]:
        """A picture came; gives what need not wait any more."""
        yield from self.flush()
        self._waiting = shot
        if self._camera is None or any(sweep.captured_at >= shot.captured_at for sweep, _ in self._sweeps):
            yield from self.flush()

    @property
    def due_at(self) -> float:
        """When `until` has something to give, unless a sweep or a picture comes before; infinite: never."""
        return np.inf if self._waiting is None else self._waiting.captured_at + self._tolerance_s + _AFTER_S

    def until(self, now: float) -> Iterator[Moment]:
        """Time has passed; gives the picture whose sweep is not within the tolerance any more."""
        if now >= self.due_at:
            yield from self.flush()

    def flush(self) -> Iterator[Moment]:
        """The picture that waits, with the sweep that there is."""
        shot, self._waiting = self._waiting, None
        if shot is not None:
            no_camera = unusable(shot.picture, self._before)
            self._before = shot.picture
            yield replace(self._joined(shot), no_camera=no_camera)

    def _joined(self, shot: Shot) -> Moment:
        camera = shot.camera or self._camera
        if camera is None:
            return Moment(shot)
        camera = camera.turned(self._turned) if self._turned else camera
        alone = Moment(shot, camera=camera)
        if not self._sweeps:
            return replace(alone, no_lidar="no sweep has come")
        sweep, weak = min(self._sweeps, key=lambda one: abs(one[0].captured_at - shot.captured_at))
        apart = shot.captured_at - sweep.captured_at
        if abs(apart) > self._tolerance_s:
            side = "older" if apart > 0 else "younger"
            return replace(alone, no_lidar=f"the nearest sweep is {abs(apart) * 1e3:.0f} ms {side} than the picture")
        if not len(sweep.points):
            return replace(alone, no_lidar="the sweep has no points")
        points = self._moved(sweep, shot.captured_at, camera)
        return replace(alone, points=points, apart_s=apart, weak_lidar=weak)

    def _moved(self, sweep: Sweep, at_s: float, camera: Camera) -> PointCloud:
        """The points where they would be at another moment if they stand still."""
        moved = self._trajectory.between(sweep.captured_at, at_s) if self._trajectory else None
        if moved is None or sweep.captured_at == at_s:
            return sweep.points
        lidar = camera.lidar_to_camera
        return sweep.points.moved(np.linalg.inv(lidar) @ moved @ lidar)


def unusable(picture: Picture, before: Picture | None) -> str:
    """Why a picture shows nothing of this moment: it is dark, flat, or the very one before; empty if it does."""
    sparse: NDArray[np.uint8] = picture[::8, ::8]
    if before is not None and before.shape == picture.shape and np.array_equal(sparse, before[::8, ::8]):
        return "the camera gives the same picture again"
    if float(sparse.mean()) < _DARK and float(sparse.std()) < _FLAT:
        return "the picture is dark"
    return "the picture is without contrast" if float(sparse.std()) < 1.0 else ""
