"""KITTI's calibration files: of objects and tracking (one file), and of the raw recordings (a file a pair of sensors).

The chain, Geiger et al., 'Vision meets Robotics: The KITTI Dataset', IJRR 2013, eq. 8: a LiDAR point X has the pixel
P2 * R0_rect * Tr_velo_to_cam * X.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from tightrope.errors import BadInputError
from tightrope.reading import read_text
from tightrope_road.calibration.camera import Camera, rigid
from tightrope_road.calibration.mistakes import check_camera

Values = NDArray[np.float64]

# What the object and the tracking benchmark call the same.
_RECTIFIED = ("R0_rect", "R_rect")
_LIDAR = ("Tr_velo_to_cam", "Tr_velo_cam")
_RAW = ("calib_cam_to_cam.txt", "calib_velo_to_cam.txt")


def read_calibration(path: Path, camera: int = 2) -> Camera:
    """Read a calibration.

    Args:
        path: a file of KITTI's object or tracking benchmark, or the folder of a raw recording's date.
        camera: which one, 0 to 3; 2 is the left colour camera.

    Raises:
        BadInputError: missing, malformed, or a mistake that `check_camera` finds.
    """
    found = _raw(path, camera) if path.is_dir() else _of_benchmark(path, camera)
    check_camera(found, str(path))
    return found


def _of_benchmark(path: Path, camera: int) -> Camera:
    values = read_matrices(path)
    projection = _matrix(values, (f"P{camera}",), (3, 4), path)
    rectified = rigid(_matrix(values, _RECTIFIED, (3, 3), path))
    lidar = _matrix(values, _LIDAR, (3, 4), path)
    return Camera(projection, rectified @ rigid(lidar[:, :3], lidar[:, 3]))


def _raw(folder: Path, camera: int) -> Camera:
    cameras, lidar = (folder / name for name in _RAW)
    between = read_matrices(cameras)
    projection = _matrix(between, (f"P_rect_{camera:02d}",), (3, 4), cameras)
    rectified = rigid(_matrix(between, ("R_rect_00",), (3, 3), cameras))
    size = between.get(f"S_rect_{camera:02d}")
    told = (round(size[0]), round(size[1])) if size is not None and size.size == 2 else None
    return Camera(projection, rectified @ read_rigid(lidar), told)


def read_matrices(path: Path) -> Mapping[str, Values]:
    """Lines 'name: numbers' as float64 [n]; lines of anything else, such as a date, are left out.

    Raises:
        BadInputError: the file cannot be read.
    """
    found: dict[str, Values] = {}
    for line in read_text(path).splitlines():
        name, _, numbers = line.partition(":") if ":" in line else line.partition(" ")
        try:
            found[name.strip()] = np.array(numbers.split(), np.float64)
        except ValueError:
            continue
    return found


def read_rigid(path: Path) -> NDArray[np.float64]:
    """The float64 [4, 4] of a raw recording's file of a pair of sensors. Raises BadInputError."""
    seen = read_matrices(path)
    return rigid(_matrix(seen, ("R",), (3, 3), path), _matrix(seen, ("T",), (3, 1), path)[:, 0])


def _matrix(values: Mapping[str, Values], names: tuple[str, ...], shape: tuple[int, int], path: Path) -> Values:
    for name in names:
        if name in values:
            if values[name].size != shape[0] * shape[1]:
                raise BadInputError(f"{path}: {name} has {values[name].size} numbers instead of {shape[0] * shape[1]}")
            return values[name].reshape(shape)
    raise BadInputError(f"{path} has no {' or '.join(names)}")
