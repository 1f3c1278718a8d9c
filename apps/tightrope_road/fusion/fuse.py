"""Camera boxes and a sweep of the same moment: what is where.

    observations = fuse(detections, sweep.points, camera)

Without a sweep (None) the camera's boxes keep a distance by their size, marked as seen by the camera alone.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from tightrope_road.boxes import overlap
from tightrope_road.calibration.camera import Camera
from tightrope_road.detections import Detections
from tightrope_road.fusion.alignment import aside
from tightrope_road.fusion.locate import by_size, locate
from tightrope_road.fusion.observation import Observation, Place, Seen
from tightrope_road.fusion.obstacles import obstacles
from tightrope_road.fusion.standing import stand
from tightrope_road.labels import COCO, VEHICLES
from tightrope_road.lidar.points import PointCloud

Flat = NDArray[np.float64]

_VEHICLES = frozenset(COCO[index] for index in VEHICLES)
_OVERLAPPING = 0.3


def fuse(detections: Detections, points: PointCloud | None, camera: Camera) -> tuple[Observation, ...]:
    """What the camera and the LiDAR see together.

    Args:
        detections: of the picture.
        points: the sweep in the LiDAR's frame, moved to the moment of the picture; None: there is none.
        camera: projection, and where the LiDAR is.

    Returns:
        an observation a box, the best first, then the things that only the LiDAR sees, the nearest first.
    """
    boxes = detections.boxes.astype(np.float64)
    kinds = [detections.names[int(index)] for index in detections.classes]
    scene = None if points is None else stand(points, camera)
    places: list[Place | None] = [None] * len(boxes)
    chosen = [np.empty(0, np.intp)] * len(boxes)
    twice: set[int] = set()
    if scene is not None:
        for index, (box, kind) in enumerate(zip(boxes, kinds, strict=True)):
            places[index], chosen[index] = locate(box, kind, scene, camera, detections.size)
        twice = _twice(boxes, kinds, chosen)
        free = np.ones(len(scene.distance), np.bool_)
        free[np.concatenate([np.empty(0, np.intp), *chosen])] = False
    found = [
        Observation(
            kind,
            float(score),
            box,
            Seen.both if place is not None else Seen.camera,
            place or by_size(box, kind, camera, detections.size),
            aside(scene, chosen[index], box, camera, detections.size[0]) if scene and place else None,
        )
        for index, (box, kind, score, place) in enumerate(zip(boxes, kinds, detections.scores, places, strict=True))
        if index not in twice
    ]
    return (*found, *(obstacles(scene, free, detections.size) if scene is not None else ()))


def by_camera(detections: Detections) -> tuple[Observation, ...]:
    """Observations of a camera without a calibration: boxes without a place."""
    return tuple(
        Observation(detections.names[int(index)], float(score), box, Seen.camera, None)
        for box, index, score in zip(
            detections.boxes.astype(np.float64), detections.classes, detections.scores, strict=True
        )
    )


def _twice(boxes: Flat, kinds: list[str], chosen: list[NDArray[np.intp]]) -> set[int]:
    """Boxes of a thing that a better box is of: where suppression by overlap alone must hesitate, points decide."""
    found: set[int] = set()
    overlaps = overlap(boxes, boxes)
    for index in range(len(boxes)):
        for better in range(index):
            alike = kinds[index] == kinds[better] or {kinds[index], kinds[better]} <= _VEHICLES
            if better in found or not alike or overlaps[index, better] < _OVERLAPPING or not len(chosen[index]):
                continue
            common = len(np.intersect1d(chosen[index], chosen[better], assume_unique=True))
            if common > 0.5 * min(len(chosen[index]), len(chosen[better])):
                found.add(index)
                break
    return found
