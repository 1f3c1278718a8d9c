"""Lines of text to paragraphs in the order in which a person reads them.

Everything is measured in the frame of the page: turned so that its lines run from left to right. Fragments side by
side become one row; rows that follow closely, in letters of one size on one ground, become a paragraph; a list's items
stay apart. Paragraphs are ordered by cutting the page along its gaps (XY-cut: Nagy & Seth, ICPR 1984).
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from statistics import median
from typing import Any

import numpy as np

from tightrope_translate.image.boxes import Box, page_angle
from tightrope_translate.image.ink import Colours, alike
from tightrope_translate.image.lines import Line

SAME_SIZE = 1.24
"""Letters of one paragraph differ in height by no more than this ratio."""
LEADING = 1.75
"""Rows of one paragraph are no farther apart, from middle to middle, than this many heights of a row."""
GAP = 0.9
"""Fragments of one row are no farther apart than this many heights."""


@dataclass(frozen=True)
class Row:
    """A line in the frame of the page."""

    line: Line
    colours: Colours
    pieces: tuple[tuple[Line, Colours], ...]
    """What the detector found of it, one by one."""
    left: float
    top: float
    right: float
    bottom: float

    @property
    def height(self) -> float:
        return self.bottom - self.top

    @property
    def middle(self) -> float:
        return (self.top + self.bottom) / 2


@dataclass(frozen=True)
class Paragraph:
    """Rows that belong together."""

    text: str
    """The rows in one; a word that was broken at a hyphen is whole again."""
    confidence: float
    """Of its least certain row."""
    rows: tuple[Row, ...]
    box: Box
    """Around all rows."""
    centred: bool
    """Whether its rows, and those of the list that it is an item of, stand in the middle."""

    @property
    def colours(self) -> Colours:
        """Those of its widest row."""
        return max(self.rows, key=lambda row: row.right - row.left).colours

    def to_dict(self) -> dict[str, Any]:
        lines = [row.line.to_dict() for row in self.rows]
        return {"text": self.text, "confidence": round(self.confidence, 4), "lines": lines}


def paragraphs_of(lines: Sequence[Line], colours: Sequence[Colours]) -> list[Paragraph]:
    """Group the lines of a picture; `colours` has one entry a line."""
    if not lines:
        return []
    angle = _angle(lines)
    rows = _merged([_row(line, each, angle) for line, each in zip(lines, colours, strict=True)], angle)
    blocks = _blocks(rows)
    return [_paragraph(item, angle, _centred(block)) for block in _ordered(blocks) for item in _items(block)]


def joined(texts: Sequence[str]) -> str:
    """Lines to one text.

    >>> joined(["Bitte Fuß-", "gänger beachten,", "Ein- und", "Ausfahrt"])
    'Bitte Fußgänger beachten, Ein- und Ausfahrt'
    """
    text = ""
    for line in texts:
        broken = re.search(r"\w-$", text) and line[:1].islower() and not re.match(r"(und|oder|and|or|bis)\b", line)
        text = text[:-1] + line if broken else f"{text} {line}".strip()
    return text


def continues(text: str, following: str) -> bool:
    """Whether a line goes on in the next, as far as the letters tell; if not they are items of a list."""
    if following[:1].islower() or text.endswith((",", "-", "&", "/", "+")):
        return True
    if re.search(r"\d\s*(€|\$|£|%|km|m)?$", text):
        return False
    if text.isupper() and following.isupper():
        return True
    return any(word[0].islower() for word in re.findall(r"\b[^\W\d]\w+", text)) or text.endswith((".", "!", "?"))


def _paragraph(rows: Sequence[Row], angle: float, centred: bool) -> Paragraph:
    text = joined([row.line.text for row in rows])
    confidence = min(row.line.confidence for row in rows)
    return Paragraph(text, confidence, tuple(rows), _around(rows, angle), centred)


def _angle(lines: Sequence[Line]) -> float:
    """Of the page, in the half circle into which most lines point."""
    angle = page_angle([line.box for line in lines])
    ahead = sum(np.cos(np.radians(line.box.angle - angle)) * line.box.width for line in lines)
    return angle if ahead >= 0 else angle + 180


def _row(line: Line, colours: Colours, angle: float) -> Row:
    x, y = _to_page(line.box.x, line.box.y, angle)
    width, height = line.box.width, line.box.height
    if abs(np.cos(np.radians(line.box.angle - angle))) < 0.5:  # text that runs across the page
        width, height = height, width
    return Row(line, colours, ((line, colours),), x - width / 2, y - height / 2, x + width / 2, y + height / 2)


def _to_page(x: float, y: float, angle: float) -> tuple[float, float]:
    cos, sin = np.cos(np.radians(angle)), np.sin(np.radians(angle))
    return float(cos * x + sin * y), float(-sin * x + cos * y)


def _around(rows: Sequence[Row], angle: float) -> Box:
    left, right = min(row.left for row in rows), max(row.right for row in rows)
    top, bottom = min(row.top for row in rows), max(row.bottom for row in rows)
    x, y = _to_page((left + right) / 2, (top + bottom) / 2, -angle)
    return Box(x, y, right - left, bottom - top, angle)


def _merged(rows: list[Row], angle: float) -> list[Row]:
    """Fragments side by side as one row each."""
    done: list[Row] = []
    for row in sorted(rows, key=lambda one: one.left):
        mate = next((one for one in reversed(done) if _beside(one, row)), None)
        if mate is None:
            done.append(row)
        else:
            done[done.index(mate)] = _together(mate, row, angle)
    return done


def _beside(one: Row, other: Row) -> bool:
    shared = min(one.bottom, other.bottom) - max(one.top, other.top)
    lower, higher = sorted((one.height, other.height))
    near = -0.5 * lower < other.left - one.right < GAP * lower
    return near and shared > 0.6 * lower and higher < 2 * lower and alike(one.colours, other.colours)


def _together(one: Row, other: Row, angle: float) -> Row:
    counts = len(one.line.text), len(other.line.text)
    confidence = (one.line.confidence * counts[0] + other.line.confidence * counts[1]) / sum(counts)
    line = Line(f"{one.line.text} {other.line.text}", confidence, _around([one, other], angle))
    wider = max(one, other, key=lambda row: row.right - row.left)
    top, bottom = min(one.top, other.top), max(one.bottom, other.bottom)
    return Row(line, wider.colours, (*one.pieces, *other.pieces), one.left, top, max(one.right, other.right), bottom)


def _blocks(rows: Sequence[Row]) -> list[list[Row]]:
    """Rows that follow one another closely and look alike."""
    blocks: list[list[Row]] = []
    for row in sorted(rows, key=lambda one: one.middle):
        home = next((block for block in blocks if _follows(block, row)), None)
        if home is None:
            blocks.append([row])
        else:
            home.append(row)
    return blocks


def _follows(block: Sequence[Row], row: Row) -> bool:
    last = block[-1]
    size = median(one.height for one in block)
    shared = min(last.right, row.right) - max(last.left, row.left)
    return (
        0.5 * row.height < row.middle - last.middle < LEADING * (size + row.height) / 2
        and max(size, row.height) < SAME_SIZE * min(size, row.height)
        and shared > 0.3 * min(last.right - last.left, row.right - row.left)
        and alike(last.colours, row.colours)
    )


def _items(block: Sequence[Row]) -> list[list[Row]]:
    items = [[block[0]]]
    for row in block[1:]:
        if continues(items[-1][-1].line.text, row.line.text):
            items[-1].append(row)
        else:
            items.append([row])
    return items


def _centred(block: Sequence[Row]) -> bool:
    """Whether rows stand in the middle rather than begin alike; a single one does."""
    lefts = [row.left for row in block]
    middles = [(row.left + row.right) / 2 for row in block]
    return max(middles) - min(middles) <= max(lefts) - min(lefts)


def _ordered(blocks: list[list[Row]]) -> list[list[Row]]:
    """Cut the page along its widest gaps, first into bands from top to bottom, then into columns."""
    for first, last in (("top", "bottom"), ("left", "right")):
        parts = _cut(blocks, first, last)
        if len(parts) > 1:
            return [block for part in parts for block in _ordered(part)]
    return sorted(blocks, key=lambda block: (block[0].top, block[0].left))


def _cut(blocks: list[list[Row]], first: str, last: str) -> list[list[list[Row]]]:
    """Split where nothing lies across; `first` and `last` name the ends of a row along the axis."""
    spans = sorted(
        ((min(getattr(r, first) for r in block), max(getattr(r, last) for r in block), block) for block in blocks),
        key=lambda span: span[:2],
    )
    parts: list[list[list[Row]]] = []
    end = -np.inf
    for start, stop, block in spans:
        # Boxes are grown a little, so neighbours may touch.
        slack = 0.2 * median(row.height for row in block)
        if start > end - slack or not parts:
            parts.append([])
        parts[-1].append(block)
        end = max(end, stop)
    return parts
