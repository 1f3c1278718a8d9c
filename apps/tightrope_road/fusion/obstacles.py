"""What stands on the road and has no box of the camera: obstacles without a name."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from tightrope_road.fusion.locate import place_of
from tightrope_road.fusion.observation import UNKNOWN, Observation, Seen
from tightrope_road.fusion.standing import Standing

_RANGE_M = 40.0
_FEWEST = 8
_LARGEST_M = 12.0


def obstacles(scene: Standing, free: NDArray[np.bool_], size: tuple[int, int]) -> list[Observation]:
    """Things on the road in the picture, within 40 m, that no box of the camera took; the nearest first.

    Args:
        free: bool [n], which points are of no box; a cluster of which one has a part is left to that one.
        size: of the picture, (width, height).
    """
    width, height = size
    x, y = scene.pixels[:, 0], scene.pixels[:, 1]
    visible = (x >= 0) & (x < width) & (y >= 0) & (y < height) & (scene.distance < _RANGE_M)
    found = []
    for number in np.unique(scene.thing[visible & free & (scene.thing >= 0)]):
        whole = scene.members(number)
        # A cluster of which a camera's box took a part is that thing's other side.
        if not free[whole].all():
            continue
        chosen = whole[visible[whole]]
        if len(chosen) < _FEWEST:
            continue
        place = place_of(scene, chosen, None)
        if place.box is None or max(place.box.length, place.box.width) > _LARGEST_M:
            continue
        pixels = scene.pixels[chosen]
        corners = np.concatenate([pixels.min(axis=0), pixels.max(axis=0)])
        found.append(Observation(UNKNOWN, 0.0, corners, Seen.lidar, place))
    return sorted(found, key=lambda one: one.place.gap_m if one.place else np.inf)
