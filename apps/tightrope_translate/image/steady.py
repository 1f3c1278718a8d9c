"""Overlays that hold still: what one frame after the other says is matched and smoothed.

steady = Steady()
for frame in frames:
    paragraphs = steady.update(paragraphs_of(...))

A paragraph that is found again where it was moves only part of the way, so that a detector's jitter does not show;
where its letters differ a little, those of the more certain reading stay; one that is missed is kept for a while.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from difflib import SequenceMatcher

import numpy as np

from tightrope_translate.image.boxes import Box
from tightrope_translate.image.layout import Paragraph

FOLLOW = 0.3
"""Share of the way to where it was found that a paragraph moves in a frame."""
JUMP = 0.5
"""A paragraph that is found farther from where it was than this many heights has moved: it is followed at once."""
ALIKE = 0.75
"""Readings at least so similar (0 to 1) are readings of the same text."""
PATIENCE = 2
"""Frames for which a paragraph that is not found is kept."""


@dataclass(frozen=True)
class _Tracked:
    paragraph: Paragraph
    missed: int = 0


class Steady:
    """Remembers the paragraphs of the frames before."""

    def __init__(self) -> None:
        self._tracked: list[_Tracked] = []

    def update(self, found: Sequence[Paragraph]) -> list[Paragraph]:
        """The paragraphs to show for a frame in which these were found."""
        left = list(self._tracked)
        fresh = []
        for paragraph in found:
            before = next((one for one in left if _same(one.paragraph, paragraph)), None)
            if before is None:
                fresh.append(_Tracked(paragraph))
            else:
                left.remove(before)
                fresh.append(_Tracked(_smoothed(before.paragraph, paragraph)))
        kept = [replace(one, missed=one.missed + 1) for one in left if one.missed < PATIENCE]
        shown = [one for one in kept if not any(_over(one.paragraph, other.paragraph) for other in fresh)]
        self._tracked = fresh + shown
        return [one.paragraph for one in self._tracked]


def _apart(one: Box, other: Box) -> float:
    return float(np.hypot(one.x - other.x, one.y - other.y))


def _same(one: Paragraph, other: Paragraph) -> bool:
    near = _apart(one.box, other.box) < max(one.box.height, 0.5 * one.box.width)
    return near and SequenceMatcher(None, one.text, other.text, autojunk=False).ratio() >= ALIKE


def _over(one: Paragraph, other: Paragraph) -> bool:
    """Whether the middle of one lies in the other."""
    (left, top), (right, bottom) = other.box.corners().min(0), other.box.corners().max(0)
    return bool(left <= one.box.x <= right and top <= one.box.y <= bottom)


def _smoothed(before: Paragraph, now: Paragraph) -> Paragraph:
    size = min(row.height for row in before.rows)
    moved = _apart(before.box, now.box) > JUMP * size
    share = 1.0 if moved else FOLLOW
    turn = (now.box.angle - before.box.angle + 180) % 360 - 180
    places = (old + share * (new - old) for old, new in zip(_places(before.box), _places(now.box), strict=True))
    box = Box(*places, angle=before.box.angle + share * turn)
    # The letters that must be painted over are always those of this frame.
    best = max(now, before, key=lambda one: one.confidence)
    return replace(now, box=box, text=best.text, confidence=best.confidence)


def _places(box: Box) -> tuple[float, float, float, float]:
    return box.x, box.y, box.width, box.height
