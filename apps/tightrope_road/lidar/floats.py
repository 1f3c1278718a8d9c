"""Bare float32 records: KITTI's x, y, z, reflectance, and nuScenes' with the number of the ring as a fifth."""

from __future__ import annotations

import numpy as np

from tightrope.errors import BadInputError
from tightrope_road.lidar.points import PointCloud

_LAYOUTS = {4: "KITTI's x, y, z, reflectance", 5: "nuScenes' x, y, z, intensity, ring"}
# A file that is none of these has exponents at random: some are infinite, most are absurd.
_MOST_UNUSABLE = 0.5


def read_floats(data: bytes, columns: int, name: str) -> PointCloud:
    """Points from records of `columns` little-endian float32.

    Raises:
        BadInputError: the size is not that of whole records, most values are not finite, or a strength is negative;
            names the other layout where that one would fit.
    """
    record = 4 * columns
    if len(data) % record:
        fitting = [words for other, words in _LAYOUTS.items() if other != columns and len(data) % (4 * other) == 0]
        hint = f"; it would fit {fitting[0]}" if fitting else "; is it truncated?"
        raise BadInputError(
            f"{name} has {len(data)} bytes, no whole number of {record}-byte points ({_LAYOUTS[columns]}){hint}"
        )
    rows = np.frombuffer(data, "<f4").reshape(-1, columns)
    unusable = 1 - np.isfinite(rows[:, :4]).all(axis=1).mean()
    if unusable > _MOST_UNUSABLE:
        raise BadInputError(f"{name}: {unusable:.0%} of its points are not finite; is it {_LAYOUTS[columns]}?")
    if (rows[:, 3] < 0).any():
        raise BadInputError(f"{name} has negative strengths of return; is it {_LAYOUTS[columns]}, as its name says?")
    return PointCloud.of(rows[:, :3], rows[:, 3], name)
