"""A LiDAR sweep as a value."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from tightrope.errors import BadInputError

MAX_POINTS = 20_000_000
# Of a laser that sees at most some 300 m; in millimetres or centimetres half of all returns lie beyond.
_FARTHEST_M = 500.0


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
            BadInputError: points are there but none is finite, or they lie so far away that the unit is wrong.
        """
        with np.errstate(over="ignore", invalid="ignore"):
            places = np.ascontiguousarray(xyz, np.float32)
            strengths = np.zeros(len(places), np.float32) if intensity is None else np.asarray(intensity, np.float32)
        finite = np.isfinite(places).all(axis=1)
        if len(places) and not finite.any():
            raise BadInputError(f"{name} has no finite point among its {len(places)}")
        cloud = cls(places[finite], np.nan_to_num(strengths[finite]), int(len(places) - finite.sum()))
        far = float(np.median(np.abs(cloud.xyz.astype(np.float64)).max(axis=1))) if len(cloud) else 0.0
        if far > _FARTHEST_M:
            raise BadInputError(f"{name}: half of its points are beyond {far:.0f} m; is its unit not the metre?")
        return cloud

    def where(self, chosen: NDArray[np.bool_]) -> PointCloud:
        """Only the chosen points; bool [n]."""
        return replace(self, xyz=self.xyz[chosen], intensity=self.intensity[chosen])

    def moved(self, transform: NDArray[np.float64]) -> PointCloud:
        """The same in another frame; float64 [4, 4] from this one to it."""
        return replace(self, xyz=(self.xyz @ transform[:3, :3].T + transform[:3, 3]).astype(np.float32))
