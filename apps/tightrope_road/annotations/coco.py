"""COCO JSON: the 'instances' files, as cocodataset.org, 'Data format', describes them."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from tightrope.errors import BadInputError
from tightrope.reading import read_text
from tightrope_road.annotations.labelled import LabelledPicture, LabelledSet, Labels, Row, checked_box, class_index

# COCO's files number 80 classes from 1 to 90, with gaps where classes were given up.
_GIVEN_UP = {12, 26, 29, 30, 45, 66, 68, 69, 71, 83}
CATEGORY_IDS = tuple(number for number in range(1, 91) if number not in _GIVEN_UP)


def read_coco(file: Path) -> LabelledSet:
    """Read one annotation file; its pictures lie beside it, or in images/ or a folder named like the split.

    Raises:
        BadInputError: not JSON, not COCO's structure, or the pictures are not there.
    """
    text = read_text(file)
    try:
        content = json.loads(text)
        names = {c["id"]: str(c["name"]) for c in content["categories"]}
        images = {i["id"]: str(i["file_name"]) for i in content["images"]}
        rows: dict[Any, list[Row]] = {key: [] for key in images}
        left_out: Counter[str] = Counter()
        for annotation in content["annotations"]:
            name = names[annotation["category_id"]]
            index = class_index(name)
            if index is None:
                left_out[name] += 1
            else:
                rows[annotation["image_id"]].append(_row(annotation, index))
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise BadInputError(f"{file} is not COCO JSON with images, annotations and categories: {error!r}") from error
    folder = _picture_folder(file, list(images.values()))
    pictures = [LabelledPicture(folder / name, Labels.of(rows[key])) for key, name in images.items()]
    return LabelledSet("COCO", sorted(pictures, key=lambda p: p.path), left_out)


def _row(annotation: Mapping[str, Any], index: int) -> Row:
    left, top, width, height = (float(value) for value in annotation["bbox"])
    # COCO's size classes go by the area of the mask, which is smaller than the box.
    area = float(annotation.get("area", width * height))
    box = checked_box((left, top, left + width, top + height))
    return Row(index, bool(annotation.get("iscrowd", 0)), area, box)


def _picture_folder(file: Path, names: list[str]) -> Path:
    """Where the pictures are, tried in the order in which people lay them out."""
    if not names:
        raise BadInputError(f"{file} names no pictures")
    split = file.stem.removeprefix("instances_")
    root = file.parent.parent
    tried = [
        file.parent,
        file.parent / "images",
        root / "images" / split,
        root / split,
        root / "images",
        file.parent / split,
    ]
    for folder in tried:
        if (folder / names[0]).is_file():
            return folder
    raise BadInputError(f"the pictures of {file} are not there: no {names[0]} in {tried[0]}, {tried[2]} or {tried[3]}")
