"""A picture to its lines of text.

reader = Reader.load()
for line in reader.read(picture):
    print(line.text, line.confidence)
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import cv2
import numpy as np

from tightrope_translate.image.boxes import Box, in_reading_direction, strip
from tightrope_translate.image.detector import SIDE, Detector, as_input
from tightrope_translate.image.lines import Line
from tightrope_translate.image.models import Models
from tightrope_translate.image.pictures import Picture
from tightrope_translate.image.recognizer import HEIGHT, MAX_WIDTH, Recognizer
from tightrope_translate.image.stages import Stages

READABLE = 0.5
"""Below this confidence a line is taken for no text at all."""
DOUBTFUL = 0.8
"""Below this confidence a line is tried upside down, too."""
VOTERS = 12
_CLASSIFIER = (192, 48)


class Reader:
    """Detector, classifier and recognizer, in the order in which they are needed."""

    def __init__(self, models: Models, side: int = SIDE) -> None:
        self._detector = Detector(models.detect, side)
        self._classify = models.classify
        self._recognizer = Recognizer(models.recognize, models.characters)

    @classmethod
    def load(cls, folder: Path | None = None, threads: int = 1, side: int = SIDE) -> Reader:
        """Open the models. Raises MissingExtraError, ArtifactError."""
        return cls(Models.load(folder, threads), side)

    def read(self, picture: Picture, stages: Stages | None = None) -> list[Line]:
        """The readable lines of a BGR picture, uint8 [h, w, 3], in no particular order."""
        return readable(self.look(picture, stages))

    def look(self, picture: Picture, stages: Stages | None = None) -> list[Line]:
        """Everything that the detector frames in a BGR picture, uint8 [h, w, 3], readable or not."""
        stages = stages or Stages()
        with stages("detect"):
            boxes = in_reading_direction(self._detector(picture))
        with stages("classify"):
            if self._upside_down(picture, boxes):
                boxes = [box.turned() for box in boxes]
        with stages("recognize"):
            return [self.line(picture, box) for box in boxes]

    def _upside_down(self, picture: Picture, boxes: Sequence[Box]) -> bool:
        """The vote of the longest lines: a picture is held in one way."""
        voters = sorted(boxes, key=lambda box: -box.width)[:VOTERS]
        if not voters:
            return False
        strips = np.concatenate([_for_classifier(strip(picture, box, HEIGHT)) for box in voters])
        upright, upside_down = self._classify(strips)[0].sum(0)
        return bool(upside_down > upright)

    def line(self, picture: Picture, box: Box) -> Line:
        """What stands in `box`, in its direction or upside down."""
        line = self._recognize(picture, box)
        if line.confidence >= DOUBTFUL:
            return line
        return max(line, self._recognize(picture, box.turned()), key=lambda one: one.confidence)

    def _recognize(self, picture: Picture, box: Box) -> Line:
        flat = strip(picture, box, HEIGHT)
        if flat.shape[1] > MAX_WIDTH:
            flat = cv2.resize(flat, (MAX_WIDTH, HEIGHT), interpolation=cv2.INTER_AREA)
        return Line(*self._recognizer(flat), box)


def readable(lines: Sequence[Line]) -> list[Line]:
    """Those of the lines that are text."""
    return [line for line in lines if line.confidence >= READABLE and line.text]


def _for_classifier(flat: Picture) -> Any:
    """Squeezed into the classifier's size, or padded with grey: float32 [1, 3, 48, 192]."""
    width = min(flat.shape[1], _CLASSIFIER[0])
    small = cv2.resize(flat, (width, _CLASSIFIER[1]), interpolation=cv2.INTER_AREA)
    padded = np.zeros((1, 3, _CLASSIFIER[1], _CLASSIFIER[0]), np.float32)
    padded[..., :width] = as_input(small)
    return padded
