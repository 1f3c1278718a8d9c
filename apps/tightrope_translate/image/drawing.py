"""A translation in the place of a paragraph: the old letters painted out, the new ones in their colour.

drawn = draw(picture, [(paragraph, "Ausgang")])       # a copy
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from statistics import median

import cv2
import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw

from tightrope_translate.image.boxes import Box, strip
from tightrope_translate.image.fonts import LEADING, fitted
from tightrope_translate.image.ink import Colours
from tightrope_translate.image.layout import Paragraph
from tightrope_translate.image.lines import Line
from tightrope_translate.image.pictures import Picture

BOLD = 0.3
"""From this share of ink in a line's box on, letters are taken for bold."""
_SIZE = 0.78  # of the font, in heights of a line's box, which the detector draws with some room
_INKED = 0.25  # on the way from ground to ink, so that soft edges count as letters
_EDGE = 0.09  # around letters, in heights of the line: what else they left on the picture
_INDENT = 0.15  # of the first letter, in sizes of the font: the detector leaves that much room
_SLACK = 1.08  # a translation may be this much wider than what it replaces


def draw(picture: Picture, texts: Iterable[tuple[Paragraph, str]]) -> Picture:
    """A copy of the BGR picture, uint8 [h, w, 3], with each paragraph replaced by the text beside it."""
    canvas = picture.copy()
    texts = list(texts)
    for paragraph, _ in texts:
        for row in paragraph.rows:
            for line, colours in row.pieces:
                _erase(canvas, line, colours)
    for paragraph, text in texts:
        _write(canvas, paragraph, text)
    return canvas


def _erase(canvas: Picture, line: Line, colours: Colours) -> None:
    """Paint the letters of a line over with the ground around them, so that shades and edges of the sign stay."""
    height = max(4, round(line.box.height))
    flat = strip(canvas, line.box, height).astype(np.float32)
    ground = np.array(colours.ground, np.float32)
    axis = np.array(colours.letters, np.float32) - ground
    inked = (flat - ground) @ axis / max(1.0, float(axis @ axis))  # 0 where ground is, 1 in the middle of a letter
    reach = max(3, round(_EDGE * height)) | 1
    letters = cv2.dilate((inked > _INKED).astype(np.float32), np.ones((reach, reach), np.uint8))
    plain = (1 - letters)[..., None] + 1e-3 * (np.abs(flat - ground).max(2, keepdims=True) < 60)
    around = (height | 1, height | 1)
    weight = cv2.blur(plain[..., 0], around, borderType=cv2.BORDER_REPLICATE)[..., None]
    fill = cv2.blur(flat * plain, around, borderType=cv2.BORDER_REPLICATE) / np.maximum(weight, 1e-6)
    fill = np.where(weight > 0.02, fill, ground)
    _lay(canvas, line.box, fill.astype(np.float32), cv2.blur(letters, (3, 3)))


def _write(canvas: Picture, paragraph: Paragraph, text: str) -> None:
    box = _wider(paragraph.box, paragraph.centred)
    size = max(1, round(median(row.height for row in paragraph.rows) * _SIZE))
    height = max(box.height, size * LEADING)
    face, lines = fitted(text, box.width, height, size, paragraph.colours.coverage > BOLD)
    letters = Image.new("L", (max(1, round(box.width)), max(1, round(height))))
    pen = ImageDraw.Draw(letters)
    top = (height - len(lines) * face.size * LEADING) / 2
    for number, line in enumerate(lines):
        room = max(0.0, box.width - face.getlength(line))
        left = room / 2 if paragraph.centred else min(room, _INDENT * size)
        pen.text((left, top + (number + 0.5) * face.size * LEADING), line, font=face, fill=255, anchor="lm")
    alpha = np.asarray(letters, np.float32) / 255
    ink = np.broadcast_to(np.array(paragraph.colours.ink, np.float32), (*alpha.shape, 3))
    _lay(canvas, replace(box, height=height), ink, alpha)


def _wider(box: Box, centred: bool) -> Box:
    """With some more room: on both sides, or where lines begin alike on the right."""
    more = (_SLACK - 1) * box.width
    shift = 0.0 if centred else more / 2
    turn = np.radians(box.angle)
    return replace(
        box, x=box.x + shift * float(np.cos(turn)), y=box.y + shift * float(np.sin(turn)), width=box.width + more
    )


def _lay(canvas: Picture, box: Box, colours: NDArray[np.float32], alpha: NDArray[np.float32]) -> None:
    """Blend a flat patch [h, w, 3], by its opacity [h, w] of 0 to 1, into the canvas where `box` is."""
    height, width = alpha.shape
    corners = box.corners()
    left, top = np.floor(corners.min(0)).astype(int).clip(0)
    right, bottom = np.minimum(np.ceil(corners.max(0)).astype(int) + 1, (canvas.shape[1], canvas.shape[0]))
    if left >= right or top >= bottom:
        return
    source = np.array([[0, 0], [width, 0], [width, height]], np.float32)
    matrix = cv2.getAffineTransform(source, corners[:3] - np.array([left, top], np.float32))
    size = (int(right - left), int(bottom - top))
    laid = cv2.warpAffine(np.ascontiguousarray(colours), matrix, size, borderMode=cv2.BORDER_REPLICATE)
    weight = cv2.warpAffine(alpha, matrix, size)[..., None]
    part = canvas[top:bottom, left:right]
    part[:] = np.round(part * (1 - weight) + laid * weight).astype(np.uint8)
