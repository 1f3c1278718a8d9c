"""Where the camera looks and where the LiDAR sits: calibration as a value, its files, and the usual mistakes in it."""

from __future__ import annotations

from tightrope_road.calibration.camera import Camera
from tightrope_road.calibration.kitti import read_calibration
from tightrope_road.calibration.mistakes import check_camera, check_picture

__all__ = ["Camera", "check_camera", "check_picture", "read_calibration"]
