"""A LiDAR sweep as a value."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from tightrope.errors import BadInputError

MAX_POINTS = 20_000_000
# A laser sees at most some 300 m, so that even a handful of points cannot lie here on the median.
_FARTHEST_M = 500.0
# In metres half of a sweep's returns are within some 6 to 15 m, on a road as in a garage: the sensor is on a car, and
# its lower beams meet the road. The limits leave ten times that, and are for sweeps that are enough of a sample.
_FAR_M, _NEAR_M = 150.0, 0.5
_ENOUGH = 100
# Between the same sweep in centimetres (600 to 1,500 on the median) and in millimetres; in kilometres and in something
# that nobody measures in, but that a division by 100 or a normalization gives.
_MILLIMETRES, _KILOMETRES = 3000.0, 0.08


@dataclass(frozen=True)
class PointCloud:
    """Points of one sweep in the sensor's frame, z up.

    Attributes:
        xyz: float32 [n, 3], metres, finite.
        intensity: float32 [n], as the file has it; zeros where it has none.
        dropped: points of the file that are left out, because a coordinate is not finite.
    """

    xyz: NDArray[np.float32]
    intensity: NDArray[np.float32]
    dropped: int = 0

    def __len__(self) -> int:
        return len(self.xyz)

    @classmethod
    def of(cls, xyz: NDArray[np.floating], intensity: NDArray[np.floating] | None, name: str) -> PointCloud:
        """Leave out what is not finite, and judge the rest.

        Args:
            xyz: [n, 3], metres.
            intensity: [n], or None.
            name: begins the message of an error.

        Raises:
            BadInputError: points are there but none is finite, or they lie so far away, or so near, that the unit is
                wrong.
        """
        with np.errstate(over="ignore", invalid="ignore"):
            places = np.ascontiguousarray(xyz, np.float32)
            strengths = np.zeros(len(places), np.float32) if intensity is None else np.asarray(intensity, np.float32)
        finite = np.isfinite(places).all(axis=1)
        if len(places) and not finite.any():
            raise BadInputError(f"{name} has no finite point among its {len(places)}")
        cloud = cls(places[finite], np.nan_to_num(strengths[finite]), int(len(places) - finite.sum()))
        if mistake := _wrong_unit(cloud.xyz):
            raise BadInputError(f"{name}: {mistake}")
        return cloud

    def where(self, chosen: NDArray[np.bool_]) -> PointCloud:
        """Only the chosen points; bool [n]."""
        return replace(self, xyz=self.xyz[chosen], intensity=self.intensity[chosen])

    def moved(self, transform: NDArray[np.float64]) -> PointCloud:
        """The same in another frame; float64 [4, 4] from this one to it."""
        return replace(self, xyz=(self.xyz @ transform[:3, :3].T + transform[:3, 3]).astype(np.float32))


def _wrong_unit(xyz: NDArray[np.float32]) -> str:
    """What shows that coordinates are not metres, and which unit is likely; empty if nothing does.

    Few far points prove nothing, and neither do few near ones, such as those of the roof that carries the sensor: the
    median judges what is too far, the nearest 90% what is too near. In a scene that is much nearer than a street
    centimetres can pass for metres.
    """
    ranges = np.linalg.norm(xyz.astype(np.float64), axis=1)
    ranges = ranges[ranges > 0]  # some sensors write the origin where nothing came back
    if not len(ranges):
        return ""
    median, most = (float(value) for value in np.percentile(ranges, [50, 90]))
    enough = len(ranges) >= _ENOUGH
    if median > (_FAR_M if enough else _FARTHEST_M):
        unit = "millimetre" if median > _MILLIMETRES else "centimetre"
        return f"half of its points are beyond {median:.0f} m; its unit is not the metre, but likely the {unit}"
    if enough and most < _NEAR_M:
        unit = "but likely the kilometre" if most < _KILOMETRES else "or it was divided by 100 or normalized"
        covered = "if nothing covers the sensor"
        return f"90% of its points are within {most:.2g} m; {covered}, its unit is not the metre, {unit}"
    return ""
