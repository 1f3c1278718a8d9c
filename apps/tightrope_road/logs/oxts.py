"""Poses of KITTI's raw recordings: an inertial and satellite navigation unit, a file a moment.

The projection is the raw data development kit's `latlonToMercator` and `convertOxtsToPose` (Geiger et al. 2013).
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from tightrope.errors import BadInputError

_EARTH_M = 6378137.0


def read_oxts(folder: Path) -> NDArray[np.float64]:
    """float64 [n, 4, 4], the unit (x ahead, y left, z up) to a world with z up. Raises BadInputError."""
    files = sorted(folder.glob("*.txt"))
    try:
        rows = np.array([np.array(file.read_text(encoding="ascii").split()[:6], np.float64) for file in files])
    except (OSError, ValueError) as error:
        raise BadInputError(f"{folder} is no recording of a navigation unit: {error}") from error
    if rows.ndim != 2 or rows.shape[1] != 6:
        raise BadInputError(f"{folder} has no files of latitude, longitude, altitude, roll, pitch and yaw")
    latitude, longitude, altitude = rows[:, 0], rows[:, 1], rows[:, 2]
    scale = np.cos(np.radians(latitude[0]))
    poses = np.tile(np.eye(4), (len(rows), 1, 1))
    poses[:, 0, 3] = scale * _EARTH_M * np.radians(longitude)
    poses[:, 1, 3] = scale * _EARTH_M * np.log(np.tan(np.pi * (90 + latitude) / 360))
    poses[:, 2, 3] = altitude
    for pose, (roll, pitch, yaw) in zip(poses, rows[:, 3:], strict=True):
        pose[:3, :3] = _about(2, yaw) @ _about(1, pitch) @ _about(0, roll)
    return poses


def _about(axis: int, angle: float) -> NDArray[np.float64]:
    """A rotation [3, 3] about x (0), y (1) or z (2)."""
    first, second = (axis + 1) % 3, (axis + 2) % 3
    turn = np.eye(3)
    turn[[first, second], [first, second]] = np.cos(angle)
    turn[first, second], turn[second, first] = -np.sin(angle), np.sin(angle)
    return turn
