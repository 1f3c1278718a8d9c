"""Which format a data set has, by how its folders are named."""

from __future__ import annotations

from pathlib import Path

from tightrope.errors import BadInputError, nearest
from tightrope_road.annotations.coco import read_coco
from tightrope_road.annotations.kitti import read_kitti
from tightrope_road.annotations.labelled import LabelledSet
from tightrope_road.annotations.yolo import read_yolo

_LAYOUTS = "a COCO .json, annotations/*.json, images/ with labels/ (YOLO), or image_2/ with label_2/ (KITTI)"
_USUAL_SPLITS = ("val", "val2017", "valid", "validation", "test")


def read_labels(data: Path, split: str | None = None) -> LabelledSet:
    """Read a labelled set: a COCO JSON file, or a folder laid out as COCO, YOLO or KITTI do it.

    Args:
        data: the file or folder.
        split: which part, by the name of its folder or file ('val2017', 'train'); None: the only one, else the
            usual name of a validation split.

    Raises:
        BadInputError: nothing that is known, no such split, or malformed labels.
    """
    if data.is_file():
        return read_coco(data)
    if not data.is_dir():
        raise BadInputError(f"{data} does not exist")
    if files := sorted(data.glob("annotations/*.json")):
        names = {file.stem.removeprefix("instances_"): file for file in files}
        return read_coco(names[_choose(list(names), split, data)])
    if (labels := data / "label_2").is_dir():
        for folder in ("image_2", "image_02", "images"):
            if (data / folder).is_dir():
                return read_kitti(data / folder, labels)
        raise BadInputError(f"{data} has label_2/, but no image_2/ or image_02/ beside it")
    if (data / "images").is_dir() and (data / "labels").is_dir():
        splits = sorted(p.name for p in (data / "images").iterdir() if p.is_dir())
        part = _choose(splits, split, data) if splits else ""
        return read_yolo(data, data / "images" / part, data / "labels" / part)
    raise BadInputError(f"{data} is not a labelled set that is known; wanted {_LAYOUTS}")


def _choose(splits: list[str], wanted: str | None, data: Path) -> str:
    if wanted is not None:
        if wanted not in splits:
            raise BadInputError(f"{data} has no split {wanted!r}{nearest(wanted, splits)}")
        return wanted
    usual = [name for name in _USUAL_SPLITS if name in splits]
    if len(splits) == 1 or usual:
        return usual[0] if usual else splits[0]
    raise BadInputError(f"{data} has several splits; choose one with --split: {', '.join(splits)}")
