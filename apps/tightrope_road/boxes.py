"""Boxes in pictures: how much they overlap."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray


def overlap(first: NDArray[np.float64], second: NDArray[np.float64]) -> NDArray[np.float64]:
    """Intersection over union of every box of `first` [n, 4] with every one of `second` [m, 4]: float64 [n, m].

    Boxes are left, top, right, bottom; an empty one overlaps nothing.
    """
    low = np.maximum(first[:, None, :2], second[None, :, :2])
    high = np.minimum(first[:, None, 2:], second[None, :, 2:])
    common = np.prod(np.maximum(0.0, high - low), axis=2)
    areas = [np.prod(np.maximum(0.0, boxes[:, 2:] - boxes[:, :2]), axis=1) for boxes in (first, second)]
    union = areas[0][:, None] + areas[1][None, :] - common
    return np.divide(common, union, out=np.zeros_like(common), where=union > 0)
