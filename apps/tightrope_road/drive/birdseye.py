"""The street from above: the camera at the bottom, points, boxes, and where everything is going."""

from __future__ import annotations

from typing import TYPE_CHECKING

import cv2
import numpy as np
from numpy.typing import NDArray

from tightrope_road.drawing import WHITE, Colour
from tightrope_road.preprocess import Picture
from tightrope_road.tracking import Obstacle, Status

if TYPE_CHECKING:
    from tightrope_road.drive.scene import Scene

AHEAD_M = 45.0
_BEHIND_M = 2.0
_ASPECT = 0.75
_GROUND, _RING, _POINT = (40, 38, 36), (75, 72, 70), (130, 125, 120)
_AHEAD_S = 1.0


def bird_eye(scene: Scene, height: int) -> Picture:
    """BGR uint8 [height, 3/4 height, 3]; 45 m ahead, an arc every 10 m; lines show where a thing is in a second."""
    from tightrope_road.drive.drawing import obstacle_colour

    canvas = np.full((height, round(height * _ASPECT), 3), _GROUND, np.uint8)
    scale = height / (AHEAD_M + _BEHIND_M)
    for far in range(10, int(AHEAD_M) + 10, 10):
        cv2.circle(canvas, _pixel(np.zeros(2), canvas, scale), round(far * scale), _RING, 1, cv2.LINE_AA)
        place = _pixel(np.array([0.0, far]), canvas, scale)
        cv2.putText(canvas, f"{far}", place, cv2.FONT_HERSHEY_SIMPLEX, 0.35, _POINT, 1, cv2.LINE_AA)
    moment = scene.moment
    if moment.points is not None and moment.camera is not None:
        _points(canvas, moment.camera.to_camera(moment.points.xyz)[:, [0, 2]], scale)
    for one in scene.obstacles:
        if one.place is not None:
            _obstacle(canvas, one, obstacle_colour(one), scale)
    cv2.drawMarker(canvas, _pixel(np.zeros(2), canvas, scale), WHITE, cv2.MARKER_TRIANGLE_UP, 10, 2)
    return canvas


def _points(canvas: Picture, places: NDArray[np.float64], scale: float) -> None:
    columns = np.round(canvas.shape[1] / 2 + places[:, 0] * scale).astype(int)
    rows = np.round(canvas.shape[0] - 1 - (places[:, 1] + _BEHIND_M) * scale).astype(int)
    inside = (columns >= 0) & (columns < canvas.shape[1]) & (rows >= 0) & (rows < canvas.shape[0])
    canvas[rows[inside], columns[inside]] = _POINT


def _obstacle(canvas: Picture, one: Obstacle, colour: Colour, scale: float) -> None:
    assert one.place is not None
    thickness = 1 if one.status is Status.coasting or one.number is None else 2
    middle = _pixel(one.place.centre, canvas, scale)
    if one.place.box is None:
        cv2.circle(canvas, middle, 3, colour, thickness, cv2.LINE_AA)
    else:
        corners = np.array([_pixel(corner, canvas, scale) for corner in one.place.box.corners()], np.int32)
        cv2.polylines(canvas, [corners], True, colour, thickness, cv2.LINE_AA)
    if one.velocity is not None and one.number is not None:
        cv2.line(
            canvas, middle, _pixel(one.place.centre + one.velocity * _AHEAD_S, canvas, scale), colour, 1, cv2.LINE_AA
        )


def _pixel(place: NDArray[np.float64], canvas: Picture, scale: float) -> tuple[int, int]:
    x = canvas.shape[1] / 2 + place[0] * scale
    y = canvas.shape[0] - 1 - (place[1] + _BEHIND_M) * scale
    return round(float(np.clip(x, -1e4, 1e4))), round(float(np.clip(y, -1e4, 1e4)))
