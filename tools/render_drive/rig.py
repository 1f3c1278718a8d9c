"""The ego car's sensors: one camera and one LiDAR, their calibration, and the frames of reference between them.

Four right-handed frames, all in metres:

- world: x along the street, y to its left, z up, z = 0 on the asphalt;
- velo: the LiDAR on the roof; x ahead, y left, z up; it moves with the ego car;
- rect: KITTI's rectified reference camera; x right, y down, z ahead, and level with the car;
- image: pixels, (0, 0) is the centre of the top left pixel, as KITTI has it.

`p_image ~ P2 @ R0_rect @ Tr_velo_to_cam @ p_velo`. The image camera sits 6 cm left of the reference camera
and `R0_rect` is a small rotation, as in the real KITTI rig, so that a reader that forgets either is off by some pixels.
"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]

WIDTH, HEIGHT = 640, 360
FOCAL = 430.0  # pixels; 73 degrees across
CENTRE = ((WIDTH - 1) / 2, (HEIGHT - 1) / 2)
BASELINE = 0.06  # metres, image camera left of the reference camera
LIDAR_HEIGHT = 1.73
CAMERA_IN_VELO = np.array([0.27, 0.0, -0.08])  # the reference camera; 1.65 m above the road
NEAR = 0.3  # metres: what is closer to the image plane than this is not projected

# rect axes in velo axes: x right = -y, y down = -z, z ahead = x
VELO_TO_RECT_AXES = np.array([[0.0, -1.0, 0.0], [0.0, 0.0, -1.0], [1.0, 0.0, 0.0]])


def _rotation(roll: float, pitch: float, yaw: float) -> Array:
    """Return Rz(yaw) @ Ry(pitch) @ Rx(roll), (3, 3); angles in degrees."""
    a, b, c = (math.radians(v) for v in (roll, pitch, yaw))
    rx = np.array([[1, 0, 0], [0, math.cos(a), -math.sin(a)], [0, math.sin(a), math.cos(a)]])
    ry = np.array([[math.cos(b), 0, math.sin(b)], [0, 1, 0], [-math.sin(b), 0, math.cos(b)]])
    rz = np.array([[math.cos(c), -math.sin(c), 0], [math.sin(c), math.cos(c), 0], [0, 0, 1]])
    return rz @ ry @ rx


P2 = np.array([[FOCAL, 0, CENTRE[0], FOCAL * BASELINE], [0, FOCAL, CENTRE[1], 0], [0, 0, 1, 0]])
R0_RECT = _rotation(0.2, -0.3, 0.15)
VELO_TO_RECT = np.eye(4)
VELO_TO_RECT[:3, :3] = VELO_TO_RECT_AXES
VELO_TO_RECT[:3, 3] = -VELO_TO_RECT_AXES @ CAMERA_IN_VELO


def calibration() -> str:
    """Return the text of `calib.txt`: the keys P2, R0_rect and Tr_velo_to_cam in KITTI's format."""
    unrectify = np.eye(4)
    unrectify[:3, :3] = R0_RECT.T
    velo_to_cam = (unrectify @ VELO_TO_RECT)[:3]
    rows = {"P2": P2, "R0_rect": R0_RECT, "Tr_velo_to_cam": velo_to_cam}
    return "".join(f"{key}: {' '.join(f'{v:.12e}' for v in m.ravel())}\n" for key, m in rows.items())


def velo_to_world(x: float, y: float, yaw: float) -> Array:
    """Return the (4, 4) pose of the LiDAR when the ego car is at (x, y) metres, turned left by yaw radians."""
    pose = np.eye(4)
    pose[:3, :3] = _rotation(0, 0, math.degrees(yaw))
    pose[:3, 3] = (x, y, LIDAR_HEIGHT)
    return pose


def rect_to_world(velo: Array) -> Array:
    """Return the (4, 4) pose of the rectified reference camera for a LiDAR pose."""
    return velo @ np.linalg.inv(VELO_TO_RECT)


def project(points: Array) -> Array:
    """Project (n, 3) rect points that lie ahead of the camera to (n, 2) pixels."""
    image = points @ P2[:, :3].T + P2[:, 3]
    return image[:, :2] / image[:, 2:]


def pixel_directions(u: Array, v: Array) -> Array:
    """Return (n, 3) rect directions with z = 1 of the rays through n pixels of the image camera."""
    return np.stack([(u - CENTRE[0]) / FOCAL, (v - CENTRE[1]) / FOCAL, np.ones_like(u, dtype=float)], axis=1)


IMAGE_CAMERA_IN_RECT = np.array([-BASELINE, 0.0, 0.0])
