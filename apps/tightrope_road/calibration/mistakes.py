"""The usual mistakes in a calibration, found by what cannot be true of sensors on a vehicle, and named."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from tightrope.errors import BadInputError
from tightrope_road.calibration.camera import Camera

_ROTATION_ERROR = 0.01
# No two sensors of one vehicle are farther apart, and none is that much higher than the other.
_FARTHEST_M, _HIGHEST_M = 20.0, 5.0
# Cosine between the camera's and the LiDAR's idea of 'down'.
_UPRIGHT = 0.7
_SMALLEST_FOCAL = 10.0
# A principal point is near the middle, also where the picture was cropped.
_MIDDLE = (0.2, 0.8)


def check_camera(camera: Camera, name: str) -> None:
    """Raises BadInputError if the calibration cannot be right; `name` begins the message.

    Found are matrices that are no rotation, mirrored axes, translations in millimetres or centimetres, a transform
    from the camera to the LiDAR instead of the other way round, and a projection that does not give pixels.

    Centimetres pass for metres where the sensors are less than 20 cm apart, and less than 5 cm of it in height.
    """
    if not (np.isfinite(camera.projection).all() and np.isfinite(camera.lidar_to_camera).all()):
        raise BadInputError(f"{name}: a value is not finite")
    if min(camera.focal) < _SMALLEST_FOCAL:
        raise BadInputError(
            f"{name}: the focal length is {camera.focal[0]:g}; the projection must give pixels, not normalized units"
        )
    rotation, translation = camera.lidar_to_camera[:3, :3], camera.lidar_to_camera[:3, 3]
    if np.abs(rotation @ rotation.T - np.eye(3)).max() > _ROTATION_ERROR:
        raise BadInputError(f"{name}: the LiDAR's rotation is no rotation; are its rows and columns in order?")
    if np.linalg.det(rotation) < 0:
        raise BadInputError(f"{name}: the LiDAR's rotation mirrors; is the sign of an axis wrong?")
    distance = float(np.linalg.norm(translation))
    if distance > _FARTHEST_M:
        raise BadInputError(
            f"{name}: the LiDAR is {distance:g} m away from the camera; is the translation in millimetres or "
            "centimetres?"
        )
    _check_upright(rotation, name)
    height = abs(float(rotation[:, 2] @ translation))  # along the LiDAR's z
    if height > _HIGHEST_M:
        raise BadInputError(
            f"{name}: LiDAR and camera are {height:g} m apart in height; is the translation in centimetres or "
            "millimetres?"
        )


def _check_upright(rotation: NDArray[np.float64], name: str) -> None:
    """Both sensors stand upright, so the camera's y must be the LiDAR's -z."""
    if -rotation[1, 2] >= _UPRIGHT:
        return
    if -rotation[2, 1] >= _UPRIGHT:
        raise BadInputError(
            f"{name}: the LiDAR's transform is inverse: it goes from the camera to the LiDAR, and must go the other way"
        )
    raise BadInputError(f"{name}: by the LiDAR's rotation the camera does not stand upright; are axes exchanged?")


def check_picture(camera: Camera, size: tuple[int, int], name: str) -> None:
    """Raises BadInputError if the calibration is of pictures of another size than `size` (width, height)."""
    if camera.size is not None and camera.size != size:
        raise BadInputError(
            f"{name}: the calibration is of pictures of {camera.size[0]} x {camera.size[1]}, and these have "
            f"{size[0]} x {size[1]}; were they scaled or cropped after the calibration?"
        )
    centre = camera.projection[:2, 2] / camera.projection[2, 2]
    low, high = _MIDDLE
    if not all(low <= centre[k] / size[k] <= high for k in range(2)):
        raise BadInputError(
            f"{name}: the principal point ({centre[0]:.0f}, {centre[1]:.0f}) is not near the middle of pictures of "
            f"{size[0]} x {size[1]}; were they scaled after the calibration?"
        )
