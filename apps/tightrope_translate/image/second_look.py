"""A second look at the lines that the reader is unsure of, in the photograph as it was taken.

    lines = reader.look(picture)
    lines = SecondLook(reader).look(lines, picture, photograph, until=clock.now() + 0.5)

What is small in the picture that is worked on has more pixels in the photograph. The neighbourhood of a doubtful line
is cut out of that, enlarged, its brightness spread evenly (CLAHE; Zuiderveld 1994), and read once more. The detector
looks again, too: it takes a board with letters that are too small for it for one line, or two lines for one. The surer
reading wins.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace

import cv2
import numpy as np

from tightrope.runtime.clock import Clock, SystemClock
from tightrope_translate.image.boxes import Box
from tightrope_translate.image.enhance import brightened
from tightrope_translate.image.lines import Line
from tightrope_translate.image.pictures import Picture
from tightrope_translate.image.reader import READABLE, Reader, readable

SURE = 0.9
"""A line that was read with at least this confidence is left as it is, unless it is small."""
SMALL = 13.0
"""Boxes lower than that many pixels are looked at again in any case: their letters have 7 pixels at most."""
MOST = 6
"""Lines of a picture that get a second look, the least certain first."""
HEIGHT, LONGEST, ENLARGED = 112, 960, 4.0
"""A line is enlarged to that many pixels, if its length stays within that many, and never more than so many times."""
MARGIN = 0.25
"""Of the height, around the box."""
_SHORTER = 0.75  # a reading with fewer of the letters that were readable before has lost some


class SecondLook:
    """Replaces lines by surer readings of them.

    Args:
        reader: reads the pieces.
        clock: says when the time is up.
        sure: see SURE.
        most: see MOST.
    """

    def __init__(self, reader: Reader, clock: Clock | None = None, sure: float = SURE, most: int = MOST) -> None:
        self._reader, self._now = reader, (clock or SystemClock()).now
        self._sure, self._most = sure, most

    def look(
        self, lines: Sequence[Line], picture: Picture, photograph: Picture | None = None, until: float = math.inf
    ) -> list[Line]:
        """All lines, the doubtful ones as they are read best.

        Args:
            lines: what the first look found in `picture`, unreadable ones too.
            picture: BGR, uint8 [h, w, 3]; the lines' boxes are in its pixels.
            photograph: the same at its own resolution, where it has more.
            until: seconds on the clock at which no second look may be going on any more, as far as those before tell.
        """
        source = picture if photograph is None else photograph
        known = list(lines)
        doubts = sorted((line for line in lines if self._doubtful(line)), key=lambda line: line.confidence)
        longest = 0.0
        for line in doubts[: self._most]:
            start = self._now()
            if start + longest >= until:
                break
            at = known.index(line)
            others = [one for k, one in enumerate(known) if k != at and one.confidence >= READABLE]
            known[at : at + 1] = self._surer(line, others, source, source.shape[1] / picture.shape[1])
            longest = max(longest, self._now() - start)
        return known

    def _doubtful(self, line: Line) -> bool:
        return line.confidence < self._sure or line.box.height < SMALL

    def _surer(self, line: Line, others: Sequence[Line], source: Picture, scale: float) -> list[Line]:
        """The line, or what is read in its place."""
        box = line.box
        zoom = min(ENLARGED, HEIGHT / max(box.height, 1.0), LONGEST / max(box.width, 1.0))
        margin = 2 * MARGIN * box.height
        around = replace(box, width=box.width + margin, height=box.height + margin)
        flat = even(brightened(patch(source, around.scaled(scale), zoom / scale)))
        centre = (flat.shape[1] - 1) / 2, (flat.shape[0] - 1) / 2
        whole = self._reader.line(flat, Box(*centre, box.width * zoom, box.height * zoom, 0.0))
        best, confidence = [line], line.confidence
        if whole.confidence > confidence and _keeps(line, whole.text):
            best, confidence = [replace(whole, box=_placed(whole.box, centre, zoom, box))], whole.confidence
        found = [replace(one, box=_placed(one.box, centre, zoom, box)) for one in readable(self._reader.look(flat))]
        inside = [one for one in found if _within(one.box, box) and not any(_within(one.box, o.box) for o in others)]
        letters = sum(len(one.text) for one in inside)
        mean = sum(one.confidence * len(one.text) for one in inside) / max(letters, 1)
        return inside if mean > confidence and _keeps(line, "".join(one.text for one in inside)) else best


def patch(source: Picture, box: Box, zoom: float) -> Picture:
    """What lies in `box`, laid flat and `zoom` times as large: uint8 [h, w, 3]. Beyond the rim the rim goes on."""
    size = max(1, round(box.width * zoom)), max(1, round(box.height * zoom))
    corners = box.corners()
    low = np.clip(np.floor(corners.min(0)).astype(int) - 2, 0, (source.shape[1] - 1, source.shape[0] - 1))
    high = np.maximum(low + 1, np.ceil(corners.max(0)).astype(int) + 3)
    piece = np.ascontiguousarray(source[low[1] : high[1], low[0] : high[0]])
    corners = corners - low.astype(np.float32)
    if zoom < 1:  # averaged down first: a warp alone would skip pixels
        piece = cv2.resize(piece, None, fx=zoom, fy=zoom, interpolation=cv2.INTER_AREA)
        corners = corners * np.float32(zoom)
    target = np.array([[0, 0], [size[0], 0], [size[0], size[1]]], np.float32)
    matrix = cv2.getAffineTransform(corners[:3].astype(np.float32), target)
    flat = cv2.warpAffine(piece, matrix, size, flags=cv2.INTER_CUBIC, borderMode=cv2.BORDER_REPLICATE)
    return np.asarray(flat, np.uint8)


def even(picture: Picture) -> Picture:
    """BGR, uint8 [h, w, 3], with its brightness spread evenly, tile by tile."""
    lightness, *colour = cv2.split(cv2.cvtColor(picture, cv2.COLOR_BGR2LAB))
    spread = cv2.createCLAHE(2.0, (4, 2)).apply(lightness)
    return np.asarray(cv2.cvtColor(cv2.merge([spread, *colour]), cv2.COLOR_LAB2BGR), np.uint8)


def _keeps(line: Line, text: str) -> bool:
    """Whether a reading has the letters that were readable before."""
    return bool(text) and (line.confidence < READABLE or len(text) >= _SHORTER * len(line.text))


def _placed(box: Box, centre: tuple[float, float], zoom: float, home: Box) -> Box:
    """A box of the enlarged piece, whose middle is `centre` and shows that of `home`, in the picture."""
    cos, sin = math.cos(math.radians(home.angle)), math.sin(math.radians(home.angle))
    across, down = (box.x - centre[0]) / zoom, (box.y - centre[1]) / zoom
    x, y = home.x + cos * across - sin * down, home.y + sin * across + cos * down
    angle = (box.angle + home.angle + 180) % 360 - 180
    return Box(x, y, box.width / zoom, box.height / zoom, angle)


def _within(box: Box, other: Box) -> bool:
    """Whether the middle of a box lies in another."""
    cos, sin = math.cos(math.radians(other.angle)), math.sin(math.radians(other.angle))
    x, y = box.x - other.x, box.y - other.y
    return abs(cos * x + sin * y) <= other.width / 2 and abs(-sin * x + cos * y) <= other.height / 2
