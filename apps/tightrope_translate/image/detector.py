"""Where there is text in a picture: a segmentation network, and rectangles around what it marks.

Differentiable binarization (Liao et al., AAAI 2020), as PP-OCR uses it: the network gives for every pixel how likely
it belongs to the shrunken core of a line; the cores are framed by their smallest rectangles, which are grown again.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from tightrope_translate.image.boxes import Box
from tightrope_translate.image.pictures import Picture

SIDE = 960
"""Longest side, in pixels, of what the network sees; its time grows with the square of it."""
LIKELY = 0.3
SCORE = 0.5
GROWTH = 1.6
MAX_BOXES = 300
_LEAST = 3  # pixels across a core
_STRIDE = 32


class Detector:
    """Calls like a function: a picture to the boxes of its lines, not yet in reading direction.

    Args:
        session: float32 [1, 3, h, w] in -1..1 to probabilities [1, 1, h, w]; h and w are multiples of 32.
        side: longest side of what the session sees, in pixels.
    """

    def __init__(self, session: Callable[[NDArray[Any]], Sequence[NDArray[Any]]], side: int = SIDE) -> None:
        self._session, self._side = session, side

    def __call__(self, picture: Picture) -> list[Box]:
        height, width = picture.shape[:2]
        scale = min(1.0, self._side / max(height, width))
        size = tuple(max(_STRIDE, round(extent * scale / _STRIDE) * _STRIDE) for extent in (width, height))
        small = cv2.resize(picture, size, interpolation=cv2.INTER_AREA if scale < 1 else cv2.INTER_LINEAR)
        likely = self._session(as_input(small))[0][0, 0]
        return _boxes(likely, width / size[0], height / size[1])


def as_input(picture: Picture) -> NDArray[np.float32]:
    """uint8 [h, w, 3] to float32 [1, 3, h, w] in -1..1, as the networks of PP-OCR take it."""
    return np.ascontiguousarray((picture.astype(np.float32) / 127.5 - 1).transpose(2, 0, 1)[None])


def _boxes(likely: NDArray[np.float32], across: float, down: float) -> list[Box]:
    """Rectangles around the marked areas; `across` and `down` scale to the picture."""
    mask = cv2.dilate((likely > LIKELY).astype(np.uint8), np.ones((2, 2), np.uint8))
    contours, _ = cv2.findContours(mask, cv2.RETR_LIST, cv2.CHAIN_APPROX_SIMPLE)
    found: list[tuple[float, Box]] = []
    for contour in contours:
        rectangle = cv2.minAreaRect(contour)
        if min(rectangle[1]) < _LEAST:
            continue
        score = _score(likely, rectangle)
        if score >= SCORE:
            found.append((score, _grown(rectangle, across, down)))
    found.sort(key=lambda pair: -pair[0] * pair[1].width * pair[1].height)
    return [box for _, box in found[:MAX_BOXES]]


def _score(likely: NDArray[np.float32], rectangle: Any) -> float:
    """Mean likelihood inside a rectangle."""
    left, top, width, height = cv2.boundingRect(cv2.boxPoints(rectangle))
    left, top = max(0, left), max(0, top)
    part = likely[top : top + height, left : left + width]
    inside = np.zeros(part.shape, np.uint8)
    corners = cv2.boxPoints(rectangle) - (left, top)
    cv2.fillPoly(inside, [np.round(corners).astype(np.int32)], 1)
    return float(cv2.mean(part, inside)[0])


def _grown(rectangle: Any, across: float, down: float) -> Box:
    """Undo the shrinking: every side moves out by area * GROWTH / perimeter (section 3.4 of the paper)."""
    (x, y), (width, height), angle = rectangle
    outwards = 2 * width * height * GROWTH / (2 * (width + height))
    # The picture was scaled alike in both directions but for rounding to the stride; the mean is near enough.
    scale = (across + down) / 2
    return Box(x * across, y * down, (width + outwards) * scale, (height + outwards) * scale, angle)
