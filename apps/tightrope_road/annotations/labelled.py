"""Ground truth as a value: pictures and their labels, whatever file they were written in."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from tightrope_road.labels import COCO

CLASS_BY_NAME: Mapping[str, int] = {name: index for index, name in enumerate(COCO)}
# What other sets call a class of COCO.
_SYNONYMS = {
    "pedestrian": "person",
    "motorbike": "motorcycle",
    "bike": "bicycle",
    "aeroplane": "airplane",
    "tvmonitor": "tv",
    "sofa": "couch",
    "pottedplant": "potted plant",
    "diningtable": "dining table",
}


class Row(NamedTuple):
    """One object: its class, whether it is an ignored region, area in square pixels or NaN, left top right bottom."""

    category: int
    ignored: bool
    area: float
    box: tuple[float, ...]


@dataclass(frozen=True)
class Labels:
    """Objects of one picture.

    Attributes:
        boxes: float64 [n, 4], left, top, right, bottom.
        classes: int64 [n], COCO-80 indices; -1 for an ignored region of any class.
        ignored: bool [n]: a crowd or a region where a detection is neither right nor wrong.
        areas: float64 [n]: area of the object in square pixels, NaN where only the box is known.
        relative: boxes are shares of the picture's width and height, not pixels.
    """

    boxes: NDArray[np.float64]
    classes: NDArray[np.int64]
    ignored: NDArray[np.bool_]
    areas: NDArray[np.float64]
    relative: bool = False

    @classmethod
    def of(cls, rows: Sequence[Row], relative: bool = False) -> Labels:
        return cls(
            np.array([row.box for row in rows], np.float64).reshape(-1, 4),
            np.array([row.category for row in rows], np.int64),
            np.array([row.ignored for row in rows], np.bool_),
            np.array([row.area for row in rows], np.float64),
            relative,
        )

    def in_pixels(self, width: int, height: int) -> Labels:
        """The same for a picture of this size."""
        if not self.relative:
            return self
        return Labels(self.boxes * (width, height, width, height), self.classes, self.ignored, self.areas)


@dataclass(frozen=True)
class LabelledPicture:
    """A picture's file and its labels."""

    path: Path
    labels: Labels


@dataclass(frozen=True)
class LabelledSet:
    """Labelled pictures of one split.

    Attributes:
        format: 'COCO', 'YOLO' or 'KITTI'.
        pictures: in the order of their names.
        left_out: labels of classes that the model does not know, by name; they are not part of the truth.
    """

    format: str
    pictures: Sequence[LabelledPicture]
    left_out: Mapping[str, int] = field(default_factory=Counter)


def checked_box(values: Iterable[float]) -> tuple[float, ...]:
    """Left, top, right, bottom. Raises ValueError if they are not finite, or not in this order."""
    left, top, right, bottom = box = tuple(values)
    if not all(math.isfinite(value) for value in box) or right < left or bottom < top:
        raise ValueError(f"not a box: left {left:g}, top {top:g}, right {right:g}, bottom {bottom:g}")
    return box


def class_index(name: str) -> int | None:
    """COCO-80 index of a class by its name in some data set; None if the model does not know it."""
    plain = name.strip().lower().replace("_", " ")
    return CLASS_BY_NAME.get(_SYNONYMS.get(plain, plain))
