"""KITTI object labels: a line an object, 15 columns (16 with a score), as the object development kit's readme says.

Type, truncated, occluded, alpha, left, top, right, bottom, height, width, length, x, y, z, rotation_y, score.

KITTI's types as classes: Car and Van are cars; Pedestrian and Person_sitting people; Tram is a train; Cyclist is a
bicycle, although its box holds the rider as well, so that AP on bicycles is lower than boxes of bicycles alone would
give. DontCare and Misc are regions where a detection is neither right nor wrong.
"""

from __future__ import annotations

from collections import Counter
from pathlib import Path

from tightrope.errors import BadInputError
from tightrope_road.annotations.labelled import LabelledPicture, LabelledSet, Labels, Row, checked_box, class_index
from tightrope_road.annotations.lines import read_lines
from tightrope_road.pictures import SUFFIXES

_CLASSES = {
    "Van": "car",
    "Person_sitting": "person",
    "Cyclist": "bicycle",
    "Tram": "train",
}
_TYPES = {"person": "Pedestrian", "bicycle": "Cyclist", "train": "Tram"}
_IGNORED = frozenset(("DontCare", "Misc"))
_COLUMNS = (15, 16)


def kitti_type(name: str) -> str:
    """How KITTI would write a class: 'Car', 'Pedestrian', 'Traffic_light'. Without blanks, which part columns."""
    return _TYPES.get(name, name.capitalize().replace(" ", "_"))


def read_kitti(pictures: Path, labels: Path) -> LabelledSet:
    """Read the pictures of one folder that have a label file in the other.

    Raises:
        BadInputError: no picture has labels, or a label file is malformed; names the line.
    """
    files = sorted(p for p in pictures.iterdir() if p.suffix.lower() in SUFFIXES)
    left_out: Counter[str] = Counter()
    found = [
        LabelledPicture(file, read_kitti_labels(labels / f"{file.stem}.txt", left_out))
        for file in files
        if (labels / f"{file.stem}.txt").is_file()
    ]
    if not found:
        raise BadInputError(f"no picture in {pictures} has a label file of the same name in {labels}")
    return LabelledSet("KITTI", found, left_out)


def read_kitti_labels(file: Path, left_out: Counter[str]) -> Labels:
    """Read one label file; counts what the model does not know in `left_out`. Raises BadInputError."""

    def parse(columns: list[str]) -> Row | None:
        if len(columns) not in _COLUMNS:
            raise ValueError(f"{len(columns)} columns instead of 15")
        kind, box = columns[0], checked_box(float(value) for value in columns[4:8])
        if kind in _IGNORED:
            return Row(-1, True, float("nan"), box)
        index = class_index(_CLASSES.get(kind, kind))
        if index is None:
            left_out[kind] += 1
            return None
        return Row(index, False, float("nan"), box)

    return Labels.of(read_lines(file, parse))
