"""Whether camera and LiDAR still look the same way: a mount that was knocked shows as points beside their boxes."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable

import numpy as np
from numpy.typing import NDArray

from tightrope_road.calibration.camera import Camera
from tightrope_road.fusion.frustum import sides
from tightrope_road.fusion.observation import Observation
from tightrope_road.fusion.standing import Standing

WORST_DEG = 0.4
_SURE = 0.3
_ALIKE = (0.6, 1.5)
"""Between these ratios of widths, points and box are of the same thing, whole."""
_FEWEST = 12
_WINDOW, _ENOUGH = 80, 40


def aside(
    scene: Standing, group: NDArray[np.intp], box: NDArray[np.float64], camera: Camera, width: int
) -> float | None:
    """Degrees by which the points of a thing are to the right of its box.

    None: the picture cuts the thing, its points are few, or not as wide as the box, such as where two things touch.
    """
    if len(group) < _FEWEST:
        return None
    low, high = sides(scene, group, width)
    edge = 0.02 * width
    whole = box[0] > edge and box[2] < width - edge and low > edge and high < width - edge
    if not whole or not _ALIKE[0] < (high - low) / (box[2] - box[0]) < _ALIKE[1]:
        return None
    shift = (low + high - box[0] - box[2]) / 2
    return float(np.degrees(np.arctan(shift / camera.focal[0])))


class Alignment:
    """The median of what the last observations say."""

    def __init__(self) -> None:
        self._window: deque[float] = deque(maxlen=_WINDOW)

    def see(self, observations: Iterable[Observation]) -> None:
        """Take what was seen at one moment."""
        self._window.extend(one.aside for one in observations if one.aside is not None and one.score >= _SURE)

    @property
    def degrees(self) -> float | None:
        """How far they are apart; None before enough was seen."""
        return float(np.median(self._window)) if len(self._window) >= _ENOUGH else None

    @property
    def why(self) -> str:
        """A complaint in words; empty where there is none."""
        off = self.degrees
        if off is None or abs(off) < WORST_DEG:
            return ""
        return f"camera and LiDAR disagree by {abs(off):.1f} degrees: check the calibration"
