"""Boxes and budgets on pictures. Every function draws on a copy.

Colours are those of Okabe and Ito ('Color Universal Design', 2008), which stay apart for colour-blind eyes; a class
keeps its colour, and its name is written beside it, so nothing hangs on colour alone.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import cv2
import numpy as np

from tightrope_road.preprocess import Picture

if TYPE_CHECKING:
    from tightrope_road.detections import Detections

Colour = tuple[int, int, int]

# BGR.
ORANGE: Colour = (0, 159, 230)
SKY: Colour = (233, 180, 86)
GREEN: Colour = (115, 158, 0)
YELLOW: Colour = (66, 228, 240)
BLUE: Colour = (178, 114, 0)
VERMILLION: Colour = (0, 94, 213)
PURPLE: Colour = (167, 121, 204)
DARK: Colour = (32, 32, 32)
WHITE: Colour = (255, 255, 255)

_BY_NAME = {
    "car": SKY,
    "person": ORANGE,
    "truck": BLUE,
    "bus": PURPLE,
    "train": PURPLE,
    "bicycle": GREEN,
    "motorcycle": GREEN,
    "traffic light": YELLOW,
    "stop sign": VERMILLION,
}
_OTHERS = (SKY, ORANGE, GREEN, YELLOW, BLUE, VERMILLION, PURPLE)
_FONT = cv2.FONT_HERSHEY_SIMPLEX


def class_colour(name: str, index: int) -> Colour:
    """The BGR colour of a class: a fixed one for what matters on a road, else by its index."""
    return _BY_NAME.get(name, _OTHERS[index % len(_OTHERS)])


def draw_boxes(picture: Picture, detections: Detections) -> Picture:
    """A copy of the BGR picture, uint8 [h, w, 3], with boxes, class names and scores.

    The best are drawn last, over the others. A label that does not fit the picture is left out.
    """
    canvas = picture.copy()
    line = _line_width(canvas)
    for k in reversed(range(len(detections))):
        colour = class_colour(detections.names[int(detections.classes[k])], int(detections.classes[k]))
        left, top, right, bottom = (round(float(v)) for v in detections.boxes[k])
        # A dark line below the coloured one keeps the box readable on any ground.
        for ink, width in ((DARK, line + 2), (colour, line)):
            cv2.rectangle(canvas, (left, top), (right, bottom), ink, width, cv2.LINE_AA)
    for k in reversed(range(len(detections))):
        name = detections.names[int(detections.classes[k])]
        left, top = (round(float(v)) for v in detections.boxes[k, :2])
        text = f"{name} {detections.scores[k]:.2f}"
        draw_label(canvas, text, (left, top), class_colour(name, int(detections.classes[k])))
    return canvas


def draw_budget(picture: Picture, total_ms: float, limit_ms: float) -> Picture:
    """A copy of the BGR picture, uint8 [h, w, 3], with a slim bar at the bottom: time taken, against the limit.

    The bar's full width is 1.5 times the limit, a tick marks the limit; green within it, vermillion over it. The
    numbers are written beside it, so that the colour is not all there is.
    """
    canvas = picture.copy()
    height, width = canvas.shape[:2]
    bar = min(height, max(6, height // 60))
    top = height - bar
    met = total_ms <= limit_ms
    canvas[top:] = canvas[top:] // 4
    canvas[top:, : round(width * min(1.0, total_ms / (1.5 * limit_ms)))] = GREEN if met else VERMILLION
    tick = min(width - 1, round(width / 1.5))
    canvas[top:, tick : tick + max(2, width // 400)] = WHITE
    text = f"{total_ms:.1f} of {limit_ms:g} ms"
    draw_label(canvas, text, (0, top), GREEN if met else VERMILLION)
    return canvas


def _line_width(picture: Picture) -> int:
    height, width = picture.shape[:2]
    shorter: int = min(height, width)
    return max(1, round(shorter / 300))


def draw_label(canvas: Picture, text: str, corner: tuple[int, int], colour: Colour) -> None:
    """Text on a filled ground whose lower left corner is `corner`, moved so that it lies inside the picture."""
    height, width = canvas.shape[:2]
    scale = min(1.5, max(0.4, min(height, width) / 1100))
    thickness = max(1, round(scale * 1.6))
    (text_width, text_height), baseline = cv2.getTextSize(text, _FONT, scale, thickness)
    margin = max(2, text_height // 4)
    box_width, box_height = text_width + 2 * margin, text_height + baseline + margin
    if box_width > width or box_height > height:
        return
    left = int(np.clip(corner[0], 0, width - box_width))
    top = int(np.clip(corner[1] - box_height, 0, height - box_height))
    cv2.rectangle(canvas, (left, top), (left + box_width - 1, top + box_height - 1), colour, cv2.FILLED)
    luminance = 0.114 * colour[0] + 0.587 * colour[1] + 0.299 * colour[2]  # ITU-R BT.601
    ink = DARK if luminance > 110 else WHITE
    place = (left + margin, top + margin // 2 + text_height)
    cv2.putText(canvas, text, place, _FONT, scale, ink, thickness, cv2.LINE_AA)
