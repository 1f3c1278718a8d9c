"""A camera as a value: LiDAR points to its frame, and its frame to pixels."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

Points = NDArray[np.float64]


@dataclass(frozen=True)
class Camera:
    """A pinhole camera without distortion, and where the LiDAR lies to it.

    The camera's frame: x to the right, y down, z ahead, metres. In KITTI it is the rectified frame of camera 0, in
    which the labels are; its P2 also holds the few centimetres to the colour camera.

    Attributes:
        projection: float64 [3, 4], homogeneous metres of the camera's frame to homogeneous pixels: KITTI's P2.
        lidar_to_camera: float64 [4, 4]: KITTI's R0_rect * Tr_velo_to_cam.
        size: width and height of the pictures that it is of, pixels; None: the calibration does not say.
    """

    projection: NDArray[np.float64]
    lidar_to_camera: NDArray[np.float64]
    size: tuple[int, int] | None = None

    def to_camera(self, points: NDArray[np.floating]) -> Points:
        """LiDAR points [n, 3] in the camera's frame, float64 [n, 3]."""
        return np.asarray(points, np.float64) @ self.lidar_to_camera[:3, :3].T + self.lidar_to_camera[:3, 3]

    def project(self, points: Points) -> tuple[Points, NDArray[np.intp]]:
        """Pixels of what lies in front of the camera.

        Points at z <= 0 are left out before the division: behind the camera they would land in the picture, mirrored.

        Args:
            points: float64 [n, 3] in the camera's frame.

        Returns:
            pixels float64 [m, 2] (x, y; also outside the picture), and the indices [m] of the points that they are of.
        """
        homogeneous = points @ self.projection[:, :3].T + self.projection[:, 3]
        ahead = np.flatnonzero((points[:, 2] > 0) & (homogeneous[:, 2] > 1e-6))
        kept = homogeneous[ahead]
        return kept[:, :2] / kept[:, 2:], ahead

    def ray(self, pixel: tuple[float, float]) -> tuple[Points, Points]:
        """The line of sight of a pixel: a point of it, and its direction with z = 1, in the camera's frame."""
        direction = self._inverse @ np.array([*pixel, 1.0])
        return self._centre, direction / direction[2]

    def turned(self, degrees: float) -> Camera:
        """The same with the LiDAR turned about the vertical, as by a knock against its mount."""
        angle = np.radians(degrees)
        turn = np.eye(4)
        turn[:2, :2] = [[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]]
        return replace(self, lidar_to_camera=self.lidar_to_camera @ turn)

    @property
    def focal(self) -> tuple[float, float]:
        """Pixels, across and down."""
        return float(self.projection[0, 0]), float(self.projection[1, 1])

    @cached_property
    def _inverse(self) -> NDArray[np.float64]:
        return np.asarray(np.linalg.inv(self.projection[:, :3]), np.float64)

    @cached_property
    def _centre(self) -> Points:
        return -self._inverse @ self.projection[:, 3]


def rigid(rotation: NDArray[np.floating], translation: NDArray[np.floating] | None = None) -> NDArray[np.float64]:
    """A float64 [4, 4] from a rotation [3, 3] and a translation [3]."""
    matrix = np.eye(4)
    matrix[:3, :3] = rotation
    if translation is not None:
        matrix[:3, 3] = translation
    return matrix
