"""Points that stand on the ground, grouped into things: connected cells of a grid seen from above.

Far away the beams of a sweep are farther apart, so the cells that count as neighbours are too.
"""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

CELL_M = 0.25
LOWEST_M, HIGHEST_M = 0.3, 3.5
"""Heights above the ground between which a point is of something that stands on the road."""
_NEAREST_M, _FARTHEST_M = 1.5, 80.0
_BANDS = ((0.0, 1), (15.0, 2), (30.0, 3), (50.0, 4))
"""From this distance on, so many cells around one are its neighbours."""
_FEWEST = 3


def standing(xyz: NDArray[np.float32], height: NDArray[np.float32]) -> NDArray[np.bool_]:
    """Which points [n, 3], of such a height [n] above the ground, are of things on the road; bool [n]."""
    distance = np.hypot(xyz[:, 0], xyz[:, 1])
    return (
        (height > LOWEST_M + 0.002 * distance)
        & (height < HIGHEST_M)
        & (distance > _NEAREST_M)
        & (distance < _FARTHEST_M)
    )


def find_clusters(xyz: NDArray[np.float32]) -> NDArray[np.int32]:
    """The number of the thing that each point [n, 3] is of, from 0; -1 for stray ones. int32 [n]."""
    if len(xyz) == 0:
        return np.empty(0, np.int32)
    size = round(2 * _FARTHEST_M / CELL_M) + 1
    cells = np.clip(((xyz[:, :2] + _FARTHEST_M) / CELL_M).astype(np.intp), 0, size - 1)
    grown = np.zeros((size, size), np.uint8)
    distance = np.hypot(xyz[:, 0], xyz[:, 1])
    for index, (begin, reach) in enumerate(_BANDS):
        end = _BANDS[index + 1][0] if index + 1 < len(_BANDS) else np.inf
        band = (distance >= begin) & (distance < end)
        if band.any():
            layer = np.zeros((size, size), np.uint8)
            layer[cells[band, 0], cells[band, 1]] = 1
            kernel = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (2 * reach + 1, 2 * reach + 1))
            grown |= cv2.dilate(layer, kernel)
    _, labels = cv2.connectedComponents(grown, connectivity=4)
    found = labels[cells[:, 0], cells[:, 1]]
    _, inverse, counts = np.unique(found, return_inverse=True, return_counts=True)
    order = np.cumsum(counts >= _FEWEST) - 1
    return np.where(counts[inverse] >= _FEWEST, order[inverse], -1).astype(np.int32)
