"""Where the camera was at every moment, from poses at some."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from tightrope.errors import BadInputError
from tightrope_road.tracking.ego import Ego

Poses = NDArray[np.float64]

_SLOPE_S = 0.15
"""Half of the time over which a velocity is a difference."""


@dataclass(frozen=True)
class Trajectory:
    """Poses of the camera (x right, y down, z ahead) in the frame of the first one.

    Attributes:
        times: float64 [n], seconds, ascending.
        poses: float64 [n, 4, 4], camera to world; the first is the identity.
    """

    times: NDArray[np.float64]
    poses: Poses

    @classmethod
    def of(cls, times: NDArray[np.float64], poses: Poses, name: str) -> Trajectory:
        """From poses in any world. Raises BadInputError if they are not finite, or times do not ascend."""
        if len(times) != len(poses) or not len(times):
            raise BadInputError(f"{name}: {len(poses)} poses and {len(times)} times")
        if not (np.isfinite(poses).all() and np.isfinite(times).all()):
            raise BadInputError(f"{name}: a pose or its time is not finite")
        if (np.diff(times) <= 0).any():
            raise BadInputError(f"{name}: the times of the poses do not ascend")
        return cls(times, np.linalg.inv(poses[0]) @ poses)

    def pose(self, at_s: float) -> Poses | None:
        """float64 [4, 4] at a moment, between two poses by interpolation; None beyond the ends by more than a step."""
        step = float(np.median(np.diff(self.times))) if len(self.times) > 1 else 0.05
        if not self.times[0] - step <= at_s <= self.times[-1] + step:
            return None
        if len(self.times) == 1:
            return np.asarray(self.poses[0], np.float64)
        # Beyond an end the last two poses go on.
        upper = int(np.clip(np.searchsorted(self.times, at_s), 1, len(self.times) - 1))
        before, after = self.poses[upper - 1], self.poses[upper]
        share = (at_s - self.times[upper - 1]) / (self.times[upper] - self.times[upper - 1])
        pose = np.eye(4)
        pose[:3, 3] = before[:3, 3] + share * (after[:3, 3] - before[:3, 3])
        pose[:3, :3] = before[:3, :3] @ _turned(before[:3, :3].T @ after[:3, :3], share)
        return pose

    def between(self, begin_s: float, end_s: float) -> Poses | None:
        """The camera's frame at `begin_s` to that at `end_s`, float64 [4, 4]; None where a pose is missing."""
        begin, end = self.pose(begin_s), self.pose(end_s)
        return None if begin is None or end is None else np.linalg.inv(end) @ begin

    def ego(self, at_s: float) -> Ego:
        """The camera seen from above; where no pose is known it stays at the last one, its motion not known."""
        pose = self.pose(at_s)
        if pose is None or len(self.times) < 2:
            nearest = self.poses[0 if at_s < self.times[0] else -1]
            return Ego(at_s, nearest[[0, 2], 3], _seen_from_above(nearest), None)
        begin, end = max(self.times[0], at_s - _SLOPE_S), min(self.times[-1], at_s + _SLOPE_S)
        first, last = self.pose(begin), self.pose(end)
        known = first is not None and last is not None and end > begin
        velocity = (last[[0, 2], 3] - first[[0, 2], 3]) / (end - begin) if known else None
        return Ego(at_s, pose[[0, 2], 3], _seen_from_above(pose), velocity)


def _seen_from_above(pose: Poses) -> Poses:
    """The turn about the vertical, float64 [2, 2]."""
    flat = pose[np.ix_([0, 2], [0, 2])]
    return np.asarray(flat / np.sqrt(abs(np.linalg.det(flat))), np.float64)


def read_poses(path: Path) -> Poses:
    """KITTI odometry's poses, a row of 12 numbers each: float64 [n, 4, 4]. Raises BadInputError."""
    try:
        rows = np.loadtxt(path, dtype=np.float64, ndmin=2)
    except OSError as error:
        raise BadInputError(f"cannot read {path}: {error.strerror or error}") from error
    except ValueError as error:
        raise BadInputError(f"{path} is no list of poses: {error}") from error
    if rows.size == 0 or rows.shape[1] != 12:
        raise BadInputError(f"{path} has {rows.shape[1] if rows.size else 0} numbers in a row instead of 12")
    poses = np.tile(np.eye(4), (len(rows), 1, 1))
    poses[:, :3] = rows.reshape(-1, 3, 4)
    return poses


def _turned(rotation: NDArray[np.float64], share: float) -> NDArray[np.float64]:
    """A share of a rotation [3, 3], by Rodrigues' formula."""
    import cv2

    vector, _ = cv2.Rodrigues(rotation)
    return np.asarray(cv2.Rodrigues(vector * share)[0], np.float64)
