"""A line of text as a rotated rectangle, in the direction in which it is read.

box = Box(100, 50, width=120, height=20, angle=0)
box.corners()                # [[40, 40], [160, 40], [160, 60], [40, 60]]
box.turned().angle           # 180: the same rectangle, read the other way
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

import cv2
import numpy as np
from numpy.typing import NDArray

from tightrope_translate.image.pictures import Picture

LONG = 2.0
"""From this ratio of its sides on, a rectangle tells by itself in which direction its text runs."""


@dataclass(frozen=True)
class Box:
    """Centre, width along the text, height across it, in pixels; the angle of reading in degrees, clockwise."""

    x: float
    y: float
    width: float
    height: float
    angle: float

    def corners(self) -> NDArray[np.float32]:
        """float32 [4, 2]: where the text has its upper left, upper right, lower right and lower left."""
        cos, sin = math.cos(math.radians(self.angle)), math.sin(math.radians(self.angle))
        along = np.array([cos, sin]) * self.width / 2
        across = np.array([-sin, cos]) * self.height / 2
        centre = np.array([self.x, self.y])
        corners = [centre - along - across, centre + along - across, centre + along + across, centre - along + across]
        return np.array(corners, np.float32)

    def turned(self) -> Box:
        """The same rectangle, read upside down."""
        return replace(self, angle=_wrapped(self.angle + 180))

    def scaled(self, factor: float) -> Box:
        """In a picture `factor` times as large."""
        return Box(self.x * factor, self.y * factor, self.width * factor, self.height * factor, self.angle)


def strip(picture: Picture, box: Box, height: int) -> Picture:
    """What lies in `box`, laid flat: uint8 [height, width in proportion, 3]."""
    width = max(1, round(box.width / max(box.height, 1.0) * height))
    shrink = max(1.0, box.height / height)
    # Warped at the picture's own scale and then averaged down: a warp alone would skip pixels of large letters.
    size = (max(1, round(width * shrink)), max(1, round(height * shrink)))
    target = np.array([[0, 0], [size[0], 0], [size[0], size[1]]], np.float32)
    matrix = cv2.getAffineTransform(box.corners()[:3], target)
    flat = cv2.warpAffine(picture, matrix, size, flags=cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
    return cv2.resize(flat, (width, height), interpolation=cv2.INTER_AREA) if shrink > 1 else flat


def in_reading_direction(boxes: Sequence[Box]) -> list[Box]:
    """The boxes, each with one of its four sides taken as its direction; upside down is not known yet.

    A long box runs along its long side. A short one ('WC') runs as most of the text of the picture does. All point
    into the same half of the circle as the page does.
    """
    page = page_angle(boxes)
    return [_directed(box, page) for box in boxes]


def page_angle(boxes: Sequence[Box]) -> float:
    """Direction in degrees, over -90 up to 90, of most of the text; long boxes count by their length."""
    long = [each for each in map(_lengthwise, boxes) if each.width >= LONG * each.height]
    if not long:
        return 0.0
    angles = np.array([each.angle for each in long])
    weights = np.array([each.width for each in long])
    apart = np.abs((angles[:, None] - angles[None] + 90) % 180 - 90)
    best = int(np.argmax((apart < 15) @ weights))
    near = apart[best] < 15
    # The mean of directions that are the same after half a turn: that of the doubled angles.
    doubled = np.exp(2j * np.radians(angles[near])) @ weights[near]
    return float(np.degrees(np.angle(doubled)) / 2)


def _lengthwise(box: Box) -> Box:
    """The same rectangle with its width along the long side, its angle over -90 up to 90."""
    if box.width < box.height:
        box = replace(box, width=box.height, height=box.width, angle=box.angle + 90)
    return replace(box, angle=-((90 - box.angle) % 180 - 90))


def _directed(box: Box, page: float) -> Box:
    long = _lengthwise(box)
    sides = [0, 180] if long.width >= LONG * long.height else [0, 90, 180, 270]
    turn = min(sides, key=lambda side: abs(_wrapped(long.angle + side - page)))
    if turn % 180 == 90:
        long = replace(long, width=long.height, height=long.width)
    return replace(long, angle=_wrapped(long.angle + turn))


def _wrapped(angle: float) -> float:
    """The same direction, from -180 up to but not including 180."""
    return (angle + 180) % 360 - 180
