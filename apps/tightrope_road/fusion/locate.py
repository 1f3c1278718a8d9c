"""Where the thing in one of the camera's boxes is: by the points behind it, else by its size."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from tightrope_road.calibration.camera import Camera
from tightrope_road.fusion.frustum import inside, nearest_thing
from tightrope_road.fusion.observation import Place
from tightrope_road.fusion.sizes import SIZES, Size, usual_size
from tightrope_road.fusion.standing import Standing
from tightrope_road.lidar.boxes import Usual, bounds, fit_box

Flat = NDArray[np.float64]

_LIDAR_ERROR_M = 0.05
_UNSEEN = 0.08
"""Standard deviation of a usual length, as a share: the error of a centre that is completed by it."""
_DISTANCE_BY_SIZE = 0.1
_STRAY = 0.02
_AT_EDGE = 0.02
"""Share of the picture's measures from its edge within which it cuts a box."""
_END_OF_SWEEP = np.radians(2.5)


def expected_distance(box: Flat, kind: str, camera: Camera, size: tuple[int, int]) -> float | None:
    """At what distance such a thing looks as high as its box, metres; None: not known, or the picture cuts it."""
    if kind not in SIZES or box[1] <= _AT_EDGE * size[1] or box[3] >= (1 - _AT_EDGE) * size[1]:
        return None
    depth = camera.focal[1] * SIZES[kind].height / max(1.0, float(box[3] - box[1]))
    _, direction = camera.ray((float(box[0] + box[2]) / 2, float(box[1] + box[3]) / 2))
    return float(depth * np.hypot(direction[0], 1.0))


def by_size(box: Flat, kind: str, camera: Camera, size: tuple[int, int]) -> Place | None:
    """Where a thing is by its height in the picture alone."""
    distance = expected_distance(box, kind, camera, size)
    if distance is None:
        return None
    start, direction = camera.ray((float(box[0] + box[2]) / 2, float(box[1] + box[3]) / 2))
    level = np.hypot(direction[0], 1.0)
    place = start + direction * distance / level
    error = distance * float(np.hypot(SIZES[kind].spread, _DISTANCE_BY_SIZE))
    gap = max(0.0, distance - SIZES[kind].width / 2)
    return Place(place[[0, 2]], float(place[1]), gap, error, None, 0)


def locate(
    box: Flat, kind: str, scene: Standing, camera: Camera, size: tuple[int, int]
) -> tuple[Place | None, NDArray[np.intp]]:
    """The place of the thing in a box, and which points are of it."""
    nothing = None, np.empty(0, np.intp)
    if box[2] - box[0] < 1 or box[3] - box[1] < 1:
        return nothing
    expected = expected_distance(box, kind, camera, size)
    chosen = nearest_thing(scene, box, size[0], expected, SIZES.get(kind))
    if chosen is None:
        return nothing
    height = None if expected is None else float(np.median(scene.distance[chosen])) * _metres(box, camera)
    usual = usual_size(kind, height)
    edge = _AT_EDGE * size[0]
    side = -1 if box[0] <= edge else 1 if box[2] >= size[0] - edge else 0
    cut = False
    if usual:
        chosen = _whole(chosen, scene, box, side, usual)
        end = float((side * scene.bearing[chosen]).max())
        cut = bool(side) and side * scene.ends[side > 0] - end < _END_OF_SWEEP
    return place_of(scene, chosen, usual, cut), chosen


def _metres(box: Flat, camera: Camera) -> float:
    """Height of a box at one metre's distance."""
    return float(box[3] - box[1]) / camera.focal[1]


def _whole(chosen: NDArray[np.intp], scene: Standing, box: Flat, side: int, size: Size) -> NDArray[np.intp]:
    """With those points of the same cluster that lie near the edge of the box, or beyond the side of the picture.

    Args:
        side: which side of the picture cuts the box: -1 left, 1 right, 0 none.
    """
    numbers, counts = np.unique(scene.thing[chosen], return_counts=True)
    number = numbers[np.argmax(counts)]
    if number < 0:
        return chosen
    middle = np.median(scene.places[chosen][:, [0, 2]], axis=0)
    same = scene.members(number)
    same = same[np.hypot(*(scene.places[same][:, [0, 2]] - middle).T) < size.length]
    wanted = inside(scene.pixels[same], box, 0.0)
    if side:
        wanted |= side * scene.bearing[same] > (side * scene.bearing[chosen]).max()
    return np.union1d(chosen, same[wanted])


def place_of(scene: Standing, chosen: NDArray[np.intp], size: Size | None, cut: bool = False) -> Place:
    """The place of a thing by its points.

    Args:
        chosen: indices of the points.
        size: that such things usually have; None: the thing ends where its points do.
        cut: it reaches out of what the sensors see, on the side that is nearer to them.
    """
    flat = scene.places[chosen][:, [0, 2]]
    usual = Usual(size.length, size.width, size.length * (1 - size.length_spread)) if size else None
    # The camera looks along the road more often than not: there lies one of the usual directions.
    fitted = fit_box(flat, usual, np.pi / 2, cut)
    nearest = float(bounds(scene.distance[chosen][:, None], _STRAY)[0][0])
    nearest = min(nearest, fitted.gap()) if cut else nearest
    unseen = max(0.0, float(np.hypot(*fitted.centre)) - nearest)
    return Place(
        fitted.centre,
        float(np.median(scene.places[chosen, 1])),
        nearest,
        float(np.hypot(_LIDAR_ERROR_M, _UNSEEN * unseen)),
        fitted,
        len(chosen),
    )
