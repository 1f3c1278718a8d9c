"""One thing as one picture and one sweep show it: a value."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

import numpy as np
from numpy.typing import NDArray

from tightrope_road.lidar.boxes import FlatBox


class Seen(str, Enum):
    """Which sensors an observation is from."""

    both = "camera+lidar"
    camera = "camera"
    lidar = "lidar"


@dataclass(frozen=True)
class Place:
    """Where a thing is, in the camera's frame (x to the right, z ahead, metres), seen from above.

    Attributes:
        centre: float64 [2], x and z of the middle of its box, the part that no beam reaches included.
        y: of the middle of its points, metres; down is positive.
        gap_m: distance to its nearest point.
        error_m: standard deviation of the distance.
        box: its rectangle, in (x, z); None where only a distance is known.
        points: how many LiDAR points it is from; 0: guessed from the height of the camera's box.
    """

    centre: NDArray[np.float64]
    y: float
    gap_m: float
    error_m: float
    box: FlatBox | None
    points: int

    @property
    def distance_m(self) -> float:
        """To the middle of its box, level."""
        return float(np.hypot(*self.centre))


@dataclass(frozen=True)
class Observation:
    """One thing.

    Attributes:
        kind: class name, or 'unknown obstacle' where the camera has no name for it.
        score: of the camera's box, 0 to 1; 0 without one.
        box: float64 [4], left, top, right, bottom in pixels: the camera's, or that of the points, clipped.
        seen: by which sensors.
        place: None where neither points nor size tell.
        aside: degrees by which the points are to the right of the box; None where that cannot be told.
    """

    kind: str
    score: float
    box: NDArray[np.float64]
    seen: Seen
    place: Place | None
    aside: float | None = None


UNKNOWN = "unknown obstacle"
